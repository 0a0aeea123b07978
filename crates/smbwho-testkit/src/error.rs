//! What can go wrong while a lab is being set up.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a lab did not start, or a lab's own tool failed.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A program or library of the machine is not there.
    #[error("{what} is not installed; on Debian: apt-get install {package}")]
    Missing {
        /// What was looked for.
        what: String,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// A tool of the lab ran and failed.
    #[error("`{command}` failed ({status}):\n{output}")]
    Tool {
        /// The command line, as a person would type it.
        command: String,
        /// Its exit status in words.
        status: String,
        /// What it printed on both streams.
        output: String,
    },
    /// A server or a client did not become ready in time.
    #[error("{what} was not ready after {after:?}:\n{log}")]
    NotReady {
        /// Who was waited for.
        what: String,
        /// How long was waited.
        after: Duration,
        /// The end of its log.
        log: String,
    },
    /// The Python that has the other implementations is not there.
    #[error("{python} is not there; ./test.sh makes it, or set {variable}", python = python.display(), variable = crate::python::ORACLE_PYTHON)]
    NoOracle {
        /// Where it was looked for.
        python: PathBuf,
    },
    /// The lab needs a right this process lacks.
    #[error("{what} needs {needs}")]
    NotAllowed {
        /// What was tried.
        what: &'static str,
        /// What it takes.
        needs: &'static str,
    },
    /// The file system or a socket refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file, folder or socket.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl LabError {
    /// For `map_err`: an I/O error with the path it happened on.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
