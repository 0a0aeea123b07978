//! The calls of Windows themselves.
//!
//! ```text
//! functions   the table of functions, the system's or a test's
//! buffer      what the system allocated: bounded reading, freed once
//! records     how each structure is read
//! calls       how each call of netapi32 is made
//! network     which call answers what, at which level
//! accounts    names and SIDs
//! logons      logon sessions
//! ```

mod accounts;
mod buffer;
mod calls;
mod functions;
mod logons;
mod network;
mod records;
#[cfg(test)]
mod tests;

use functions::Functions;

/// The calls through a table of functions.
pub(crate) struct Calls {
    functions: Functions,
}

/// The calls of this system.
#[cfg(windows)]
pub fn system() -> Option<&'static dyn crate::Network> {
    static CALLS: Calls = Calls {
        functions: Functions::SYSTEM,
    };
    Some(&CALLS)
}
