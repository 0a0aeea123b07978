//! The order in which rows are printed, and how many of them.

use std::cmp::Ordering;

use super::{Cell, Column, Row};

/// `--sort`, `--reverse` and `--limit`.
pub(crate) struct Order<T: 'static> {
    /// The column to sort by; without one rows stay as they came.
    pub(crate) by: Option<&'static Column<T>>,
    /// Largest first, or last row first.
    pub(crate) reverse: bool,
    /// At most so many rows.
    pub(crate) limit: Option<usize>,
}

impl<T> Order<T> {
    /// Whether a row can be printed before all of them are there.
    pub(crate) fn streams(&self) -> bool {
        self.by.is_none() && !self.reverse
    }

    /// Puts all rows in order and cuts them at the limit. Rows whose cell is
    /// unknown come last in either direction; equal rows keep their order.
    pub(crate) fn arrange(&self, rows: &mut Vec<Row<T>>) {
        match self.by {
            Some(column) => {
                rows.sort_by(|a, b| compare((column.cell)(a), (column.cell)(b), self.reverse));
            }
            None if self.reverse => rows.reverse(),
            None => {}
        }
        if let Some(limit) = self.limit {
            rows.truncate(limit);
        }
    }
}

/// The order of two cells of one column. Unknown comes last in either
/// direction.
pub(crate) fn compare(a: Cell<'_>, b: Cell<'_>, reverse: bool) -> Ordering {
    match (a == Cell::Unknown, b == Cell::Unknown) {
        (false, false) if reverse => b.compare_known(a),
        (false, false) => a.compare_known(b),
        (a_unknown, b_unknown) => a_unknown.cmp(&b_unknown),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use smbwho::{Level, Session};

    use super::super::find;
    use super::*;

    fn row(user: &str, idle: Option<u64>) -> Row<Session> {
        let mut session = Session::unknown(Level::L10);
        session.user = Some(user.into());
        session.idle = idle.map(Duration::from_secs);
        Row {
            node: None,
            server: "fs1".into(),
            data: session,
        }
    }

    fn sorted(by: &str, reverse: bool, limit: Option<usize>) -> Vec<String> {
        let mut rows = vec![
            row("bob", Some(9)),
            row("Alice", None),
            row("carol", Some(10)),
        ];
        let by = Some(find::<Session>(by).expect("a column"));
        Order { by, reverse, limit }.arrange(&mut rows);
        rows.into_iter()
            .map(|row| row.data.user.expect("set").to_string())
            .collect()
    }

    #[test]
    fn text_without_case_and_times_by_value() {
        assert_eq!(sorted("user", false, None), ["Alice", "bob", "carol"]);
        assert_eq!(sorted("idle", false, None), ["bob", "carol", "Alice"]);
    }

    #[test]
    fn unknown_comes_last_in_either_direction() {
        assert_eq!(sorted("idle", true, None), ["carol", "bob", "Alice"]);
    }

    #[test]
    fn the_limit_cuts_after_sorting() {
        assert_eq!(sorted("user", true, Some(1)), ["carol"]);
    }
}
