//! What a question is answered with: rows, whole or page by page.

use crate::Error;

/// Every row that could be had.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Rows<T> {
    /// The rows, in the server's order.
    pub rows: Vec<T>,
    /// Why these are not all: what stopped the reading after the first rows
    /// had come. `None` when the answer is complete.
    pub missing: Option<Error>,
}

impl<T> Rows<T> {
    /// The rows, if they are all.
    ///
    /// # Errors
    ///
    /// What stopped the reading, when rows are missing.
    pub fn complete(self) -> Result<Vec<T>, Error> {
        match self.missing {
            None => Ok(self.rows),
            Some(error) => Err(error),
        }
    }
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            missing: None,
        }
    }
}

/// The rows of one reply, or some of them where it is long.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page<T> {
    /// The rows, in the server's order. May be none when filters took them.
    pub rows: Vec<T>,
    /// About how many bytes they take.
    pub bytes: usize,
}

/// Rows whose names are short.
impl<T> From<Vec<T>> for Page<T> {
    fn from(rows: Vec<T>) -> Self {
        let bytes = size_of::<T>().saturating_mul(rows.len());
        Self { rows, bytes }
    }
}
