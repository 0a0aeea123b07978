//! This computer, asked directly, where it is no Windows: its Samba through
//! `smbstatus`, which tells root only, and its logon sessions through `loginctl`.

mod error;
mod logind;
mod program;
mod rows;
mod status;

use std::time::Duration;

pub use error::LocalError;

use crate::error::ErrorKind;
use crate::{Error, Logon, Server};
use status::Status;

/// What is known of this computer before it is asked.
pub(crate) struct Local {
    name: String,
    /// How long a program may take to answer.
    limit: Duration,
}

/// What came of a question: rows, and why these are not all or lack something.
pub(crate) struct Told<R> {
    pub(crate) rows: Vec<R>,
    pub(crate) missing: Option<Error>,
}

impl<R> From<Vec<R>> for Told<R> {
    fn from(rows: Vec<R>) -> Self {
        let missing = None;
        Self { rows, missing }
    }
}

impl Local {
    pub(crate) fn new(limit: Duration) -> Self {
        let name = own_name().unwrap_or_else(|| "localhost".to_owned());
        Self { name, limit }
    }

    /// The computer's own name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// All that `smbstatus` tells: sessions, their connections to shares, the
    /// files that are open.
    pub(crate) async fn samba(&self, server: &Server) -> Result<Status, Error> {
        self.smbstatus(&["--json"])
            .await
            .map_err(|error| server.error(ErrorKind::Local(error)))
    }

    /// The sessions and no more.
    ///
    /// Samba 4.17 and others end in a panic over open files with a right that
    /// its JSON has no name for (WRITE_OWNER); the sessions can still be had.
    pub(crate) async fn samba_sessions(&self, server: &Server) -> Result<Status, Error> {
        self.smbstatus(&["--json", "--processes"])
            .await
            .map_err(|error| server.error(ErrorKind::Local(error)))
    }

    /// Who is logged on.
    pub(crate) async fn logons(&self, server: &Server) -> Result<Vec<Logon>, Error> {
        logind::sessions(self.limit)
            .await
            .map_err(|error| server.error(ErrorKind::Local(error)))
    }

    async fn smbstatus(&self, arguments: &[&str]) -> Result<Status, LocalError> {
        let program = program::find("smbstatus").ok_or(LocalError::NoSamba)?;
        let json = program::run(&program, arguments, self.limit).await?;
        let status = Status::read(&json);
        let status = status.map_err(|error| LocalError::Unreadable(error.to_string()))?;
        // smbstatus says of a server that does not run that nobody is connected.
        if status.is_empty() && program::runs("smbd") == Some(false) {
            return Err(LocalError::NotRunning);
        }
        Ok(status)
    }
}

/// Whether it was the program that failed, and not that there is none to ask.
pub(crate) fn is_failure(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Local(LocalError::Failed { .. }))
}

#[cfg(unix)]
fn own_name() -> Option<String> {
    let system = rustix::system::uname();
    let name = system.nodename().to_str().ok()?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(not(unix))]
fn own_name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}
