//! Following what servers tell: ask again and again, and say what is
//! different. `smbwho browse` shows it, `smbwho watch` prints it.
//!
//! ```text
//! Question ─→ asker: one task a server ─→ Answer ─→ Store: which rows are
//!             connects, asks, waits                 new, changed, gone
//! ```

mod asker;
mod kinds;
mod question;
mod store;

pub(crate) use asker::{Answer, Asker, Asking, Credentials, Health, Job, Named};
pub(crate) use kinds::{Drill, Host, Live, Use, Victim};
pub(crate) use question::{Question, Rows, Scope, Subject};
pub(crate) use store::{Mark, Moment, Slot, Store, Tenths};
