//! This computer, asked directly, where it is no Windows: its Samba through
//! `smbstatus`, which tells root only, and its logon sessions through `loginctl`.

mod error;
mod logind;
mod merge;
mod path;
mod program;
mod rows;
mod smbstatus;
mod status;
mod text;

use std::time::Duration;

pub use error::LocalError;
pub(crate) use path::{Found, Resolved, SharedFolders, resolve};

use crate::error::ErrorKind;
use crate::{Error, Logon, Server};
use smbstatus::{Report, Smbstatus};
use status::Section;
pub(crate) use status::Status;

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

    /// Sessions, their connections to shares where these can be had, and, where wanted, the
    /// files that are open, of which there are the most; and why that may not be all. Where
    /// the files are not known, what went wrong says why.
    pub(crate) async fn samba(
        &self,
        server: &Server,
        with_files: bool,
    ) -> Result<(Status, Option<Error>), Error> {
        let sections = match with_files {
            true => &Section::ALL[..],
            false => &[Section::Sessions, Section::Shares],
        };
        self.report(server, sections, &[Section::Sessions]).await
    }

    /// Connections of sessions to shares.
    pub(crate) async fn samba_connections(
        &self,
        server: &Server,
    ) -> Result<(Status, Option<Error>), Error> {
        const BOTH: [Section; 2] = [Section::Sessions, Section::Shares];
        self.report(server, &BOTH, &BOTH).await
    }

    /// The folders that this computer's Samba shares.
    pub(crate) async fn shared_folders(&self) -> Result<SharedFolders, LocalError> {
        let program = program::find("testparm").ok_or(LocalError::NoSamba)?;
        let expected = program::Expected {
            max: 16 << 20,
            memory: 256 << 20,
            begins: |beginning| !beginning.contains(&0),
        };
        let text = program::run(&program, &["-s"], self.limit, expected).await?;
        let text = text.stdout;
        Ok(SharedFolders::read(&String::from_utf8_lossy(&text)))
    }

    /// Who is logged on.
    pub(crate) async fn logons(&self, server: &Server) -> Result<Vec<Logon>, Error> {
        logind::sessions(self.limit)
            .await
            .map_err(|error| server.error(ErrorKind::Local(error)))
    }

    async fn report(
        &self,
        server: &Server,
        sections: &[Section],
        required: &[Section],
    ) -> Result<(Status, Option<Error>), Error> {
        let failed = |error| server.error(ErrorKind::Local(error));
        let program = program::find("smbstatus").ok_or_else(|| failed(LocalError::NoSamba))?;
        let smbstatus = Smbstatus::new(program, self.limit);
        let report = smbstatus.report(sections, required).await;
        let Report { status, missing } = report.map_err(failed)?;
        // smbstatus says of a server that does not run that nobody is connected.
        if status.is_empty() && program::runs("smbd") == Some(false) {
            return Err(failed(LocalError::NotRunning));
        }
        Ok((status, missing.map(failed)))
    }
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

/// What other programs of this computer print, for fuzzing. No stable interface.
#[doc(hidden)]
pub mod fuzz {
    use super::status::Status;
    use super::text;

    /// smbstatus' JSON, and the rows made of it.
    pub fn smbstatus_json(bytes: &[u8]) {
        let Ok(status) = Status::read(bytes, None) else {
            return;
        };
        let (sessions, files) = (status.sessions(), status.files());
        assert!(sessions.len() <= bytes.len(), "a session takes bytes");
        assert!(files.is_none_or(|files| files.len() <= bytes.len()));
        status.connections("share");
    }

    /// smbstatus' text, and the rows made of it.
    pub fn smbstatus_text(bytes: &[u8]) {
        let mut status = Status {
            timestamp: Some("2026-11-30T00:00:00Z".to_owned()),
            sessions: text::sessions(bytes).map_or_else(Vec::new, |lines| lines.rows),
            tcons: text::tcons(bytes).map_or_else(Vec::new, |lines| lines.rows),
            open_files: text::files(bytes, "").map(|lines| lines.rows),
        };
        status.link();
        let rows = status.sessions();
        assert_eq!(rows.len(), status.sessions.len(), "a row a session");
        status.files();
    }

    /// What loginctl shows of sessions.
    pub fn loginctl(text: &str) {
        super::logind::fuzz(text);
    }
}
