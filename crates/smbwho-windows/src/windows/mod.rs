//! The calls of Windows themselves.
//!
//! ```text
//! functions   the table of functions, the system's or a test's
//! buffer      what the system allocated: bounded reading, freed once
//! records     how each structure is read
//! calls       the trait's calls of netapi32
//! accounts    names and SIDs
//! logons      logon sessions
//! ```

mod accounts;
mod buffer;
mod calls;
mod functions;
mod logons;
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
