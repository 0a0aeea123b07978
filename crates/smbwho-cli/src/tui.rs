//! `smbwho browse`: the grid, alive.
//!
//! ```text
//! terminal, signals ─┐                        ┌─→ view: draws what State shows
//! live::Asker ───────┼─ Event ─→ State.update ┤
//! jobs that end ─────┘   (pure: no terminal)  └─→ Effect: ask, end, copy, quit
//! ```
//!
//! `state` decides, `grid` keeps rows in order, `view` draws, `keys` says which
//! key does what, `closing` ends things; `run` is the loop that owns the
//! terminal (`screen`) and the tasks, `once` prints the grid and ends.

mod closing;
pub(crate) mod filter;
mod grid;
mod keys;
mod once;
mod run;
mod screen;
mod state;
mod view;

pub(crate) use filter::Filter;
pub(crate) use once::once;
pub(crate) use run::{Browsing, run};
pub(crate) use state::Start;
