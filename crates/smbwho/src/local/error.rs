//! Why this computer could not tell of itself.

use std::time::Duration;

use thiserror::Error;

/// What went wrong between us and a program or service of this computer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LocalError {
    /// There is no `smbstatus`.
    #[error("there is no smbstatus on this computer, so no Samba either")]
    NoSamba,
    /// There is a Samba, and its server does not run.
    #[error("Samba is installed on this computer, but no smbd runs")]
    NotRunning,
    /// There is no logind, or it does not run.
    #[error("there is no systemd-logind on this computer that keeps logon sessions")]
    NoLogind,
    /// `smbstatus` tells root only.
    #[error("smbstatus tells only root who is connected to this computer")]
    NotRoot,
    /// `smbstatus` is too old to write JSON, or was built without it, and its
    /// text cannot be read either.
    #[error("this computer's smbstatus cannot write JSON: {said}")]
    NoJson {
        /// What it said instead.
        said: String,
    },
    /// `smbstatus` complained of something, so that its answer may lack rows.
    #[error("smbstatus complained, and what it reports may be incomplete: {said}")]
    Complained {
        /// The first line that it said about it.
        said: String,
    },
    /// `smbstatus` tells of no files, and not why.
    #[error("smbstatus does not report which files are open")]
    NoFiles,
    /// Paths are looked for, and some of the names on disk are no UTF-8.
    #[error("{} not UTF-8, and cannot be compared with what is looked for", names_are(*count))]
    NotUtf8 {
        /// How many.
        count: usize,
    },
    /// `loginctl` answers about other sessions than it was asked about.
    #[error("loginctl does not say which session is which: {what}")]
    MixedUp {
        /// What is wrong with its answer.
        what: String,
    },
    /// Levels belong to calls, and none is made.
    #[error("this computer tells all it knows at once and has no levels")]
    NoLevels,
    /// The program cannot be started.
    #[error("cannot run {program}: {why}")]
    NotRun {
        /// The program.
        program: String,
        /// What the system said.
        why: String,
    },
    /// The program failed.
    #[error("{program} failed ({status}): {said}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: String,
        /// The first line that it said about it.
        said: String,
    },
    /// The program did not end in time.
    #[error("{program} did not end within {} s", limit.as_secs())]
    TimedOut {
        /// The program.
        program: String,
        /// The time it had.
        limit: Duration,
    },
    /// The program says more than anybody could mean.
    #[error("{program} says more than {} MiB", limit >> 20)]
    TooLong {
        /// The program.
        program: String,
        /// How much was taken, in bytes.
        limit: u64,
    },
    /// The program says something else than it should, and without end.
    #[error("{program} prints something that is none of its lists")]
    Unexpected {
        /// The program.
        program: String,
    },
    /// What the program says is not what was expected.
    #[error("cannot read what smbstatus says: {0}")]
    Unreadable(String),
}

fn names_are(count: usize) -> String {
    match count {
        1 => "the name of an open file is".to_owned(),
        _ => format!("the names of {count} open files are"),
    }
}

impl LocalError {
    /// What to try.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::NoSamba => {
                "Name the server to ask, as in `smbwho SERVER -U USER`; --help has more."
            }
            Self::NotRunning => {
                "Start it (systemctl start smbd), or name the server to ask, as in \
                 `smbwho SERVER -U USER`."
            }
            Self::NoLogind => {
                "`who` lists those at terminals. To ask a server, name it, as in \
                 `smbwho logons SERVER -U USER`."
            }
            Self::NotRoot => {
                "Run it as root (sudo smbwho), or ask this computer as any other server: \
                 `smbwho localhost -U USER`."
            }
            Self::NoJson { .. } => {
                "Samba has it since 4.17, where it is built with Jansson. Ask this computer as any other server: \
                 `smbwho localhost -U USER`."
            }
            Self::NotUtf8 { .. } => "List all with `smbwho files`, and look for the name there.",
            Self::MixedUp { .. } => "Run `loginctl list-sessions` to see them.",
            Self::NoLevels => "Leave --level out.",
            Self::TimedOut { .. } => "Allow it more time with --timeout.",
            Self::NotRun { .. }
            | Self::Failed { .. }
            | Self::TooLong { .. }
            | Self::Unexpected { .. }
            | Self::Complained { .. }
            | Self::NoFiles
            | Self::Unreadable(_) => {
                "Look at what `smbstatus` says, or ask this computer as any other server: \
                 `smbwho localhost -U USER`."
            }
        }
    }
}
