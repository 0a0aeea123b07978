//! What stands in for the calls where they are not.

use crate::Network;

/// The calls of this system: none, it is not Windows.
pub fn system() -> Option<&'static dyn Network> {
    None
}
