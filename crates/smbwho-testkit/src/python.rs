//! The Python with the other implementations (impacket, smbprotocol), which
//! `test.sh` sets up.

use crate::LabError;
use std::path::{Path, PathBuf};

/// Names the interpreter to use.
pub const ORACLE_PYTHON: &str = "SMBWHO_ORACLE_PYTHON";

/// The interpreter: what the variable [`ORACLE_PYTHON`] says, or else the one
/// `test.sh` leaves in `target/oracle-venv`.
///
/// # Errors
/// [`LabError::NoOracle`] when neither is there.
pub fn oracle_python() -> Result<PathBuf, LabError> {
    let python = match std::env::var_os(ORACLE_PYTHON) {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/oracle-venv/bin/python"),
    };
    if python.is_file() {
        return Ok(python);
    }
    Err(LabError::NoOracle { python })
}
