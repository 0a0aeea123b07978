//! Two lists of one interface over one pipe: the first requests of both go out together.

use std::sync::{Mutex, MutexGuard, PoisonError};

use smbwho_smb::Prepared;

use super::{Batch, Listing, Pager};
use crate::Error;
use crate::line::Came;

/// Requests that go out beside those of a list.
pub(crate) trait Beside: Send + Sync {
    /// The requests; none when they were made already.
    fn prepare(&self) -> Result<Vec<Prepared>, Error>;

    /// Keeps what came of one of them, by its number among them.
    fn keep(&self, came: Came);

    /// Whether no more needs to come.
    fn is_enough(&self) -> bool;
}

/// A list whose first requests are made [beside](Beside) those of another.
pub(crate) struct Ahead<L: Listing>(Mutex<Option<State<L>>>);

struct State<L: Listing> {
    pager: Pager<L>,
    batch: Batch<L::Row>,
}

impl<L: Listing> Ahead<L> {
    pub(crate) fn of(pager: Pager<L>) -> Self {
        let batch = pager.requests();
        Self(Mutex::new(Some(State { pager, batch })))
    }

    /// The list with what came of its first requests, to be read from there; where too little
    /// came they are made again. `None` the second time.
    pub(crate) fn take(&self) -> Option<Pager<L>> {
        let State { mut pager, batch } = self.state().take()?;
        if pager.is_enough(&batch) {
            pager.first = Some(batch);
        }
        Some(pager)
    }

    fn state(&self) -> MutexGuard<'_, Option<State<L>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: Listing> Beside for Ahead<L> {
    fn prepare(&self) -> Result<Vec<Prepared>, Error> {
        match &*self.state() {
            Some(State { pager, batch }) if !pager.is_enough(batch) => pager.prepare(batch),
            _ => Ok(Vec::new()),
        }
    }

    fn keep(&self, came: Came) {
        if let Some(State { pager, batch }) = &mut *self.state() {
            pager.keep(batch, came);
        }
    }

    fn is_enough(&self) -> bool {
        let state = self.state();
        let enough = |State { pager, batch }: &State<L>| pager.is_enough(batch);
        state.as_ref().is_none_or(enough)
    }
}
