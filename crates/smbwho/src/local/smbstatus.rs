//! Asking `smbstatus`: for its JSON where it has one, and for what it prints
//! for people where that is all there is, or has more.
//!
//! - Samba before 4.17, and one that was built without Jansson, has no JSON.
//! - The JSON of 4.17 to 4.22 ends in a panic while anybody holds a file with
//!   full control: it has no name for one of these rights.
//! - A name that is not UTF-8 cannot stand in JSON: what has one is dropped,
//!   with a complaint on standard error. So whatever it complains of is a reason
//!   to look at the text as well.

use std::hash::Hash;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::program::{Expected, Output};
use super::status::{OpenFile, Section, Status};
use super::text::Lines;
use super::{LocalError, program, text};

/// Complaints that have nothing to do with what was asked: of smb.conf, of the
/// number of files that may be open, and that there is nothing yet.
const HARMLESS: [&str; 11] = [
    "gnoring unknown parameter",
    "nknown parameter encountered",
    "WARNING: The ",
    "deprecated",
    "rlimit_max",
    "minimum Windows limit",
    "No locked files",
    "not initialised",
    "This is normal if an SMB client has never connected",
    "Can't find include file",
    "invoked oom-killer",
];

/// An open file takes about a kilobyte.
const EXPECTED: Expected = Expected {
    max: 256 << 20,
    begins: |beginning| {
        beginning.trim_ascii_start().starts_with(b"{") || text::has_header(beginning)
    },
};

/// The program, and the time that is left for it.
pub(super) struct Smbstatus {
    program: PathBuf,
    limit: Duration,
    began: Instant,
}

/// What came of it, and why it may not be all.
pub(super) struct Report {
    pub(super) status: Status,
    pub(super) missing: Option<LocalError>,
}

impl Smbstatus {
    pub(super) fn new(program: PathBuf, limit: Duration) -> Self {
        let began = Instant::now();
        Self {
            program,
            limit,
            began,
        }
    }

    /// Sessions, their connections to shares, and the files that are open.
    ///
    /// # Errors
    ///
    /// When not even the sessions can be had. When only the files cannot,
    /// [`Status::open_files`] is `None`, and the report says why.
    pub(super) async fn everything(&self) -> Result<Report, LocalError> {
        const ALL: [Section; 3] = [Section::Sessions, Section::Shares, Section::Files];
        match self.json(None).await {
            Ok((status, None)) => Ok(Report {
                status,
                missing: None,
            }),
            Ok((status, Some(complaint))) => Ok(self.completed(status, &ALL, complaint).await),
            Err(error) => self.one_by_one(&ALL, error).await,
        }
    }

    /// Sessions and their connections to shares, whatever files are open.
    ///
    /// # Errors
    ///
    /// When one of both cannot be had.
    pub(super) async fn connections(&self) -> Result<Report, LocalError> {
        const BOTH: [Section; 2] = [Section::Sessions, Section::Shares];
        let mut whole = Status::default();
        let mut complaint = None;
        for section in BOTH {
            match self.json(Some(section)).await {
                Ok((status, complained)) => {
                    whole.take(section, status);
                    complaint = complaint.or(complained);
                }
                Err(error) => return self.one_by_one(&BOTH, error).await,
            }
        }
        match complaint {
            None => Ok(Report {
                status: whole,
                missing: None,
            }),
            Some(complaint) => Ok(self.completed(whole, &BOTH, complaint).await),
        }
    }

    /// Each section by itself, as JSON where there is one, else as text.
    /// `error` is why: what is told where the text is no better.
    async fn one_by_one(
        &self,
        sections: &[Section],
        error: LocalError,
    ) -> Result<Report, LocalError> {
        if !has_another_form(&error) {
            return Err(error);
        }
        tracing::debug!(%error, "asking smbstatus for each part");
        let has_json = matches!(error, LocalError::Failed { .. });
        let mut whole = Status::default();
        let mut missing = None;
        for &section in sections {
            let json = match section {
                // These are what its JSON fails over.
                Section::Sessions | Section::Shares if has_json => {
                    self.json(Some(section)).await.ok()
                }
                _ => None,
            };
            if let Some((status, complaint)) = json {
                let Report {
                    status,
                    missing: why,
                } = match complaint {
                    None => Report {
                        status,
                        missing: None,
                    },
                    Some(complaint) => self.completed(status, &[section], complaint).await,
                };
                whole.take(section, status);
                missing = missing.or(why);
                continue;
            }
            match (self.text(section).await, section) {
                (Ok(report), _) => {
                    whole.take(section, report.status);
                    missing = missing.or(report.missing);
                }
                (Err(why), Section::Files) => {
                    tracing::debug!(error = %why, "nor has its text the files");
                    missing = Some(error.clone());
                }
                (Err(why), _) if has_another_form(&why) => return Err(error),
                (Err(why), _) => return Err(why),
            }
        }
        whole.link();
        Ok(Report {
            status: whole,
            missing,
        })
    }

    /// Adds what the text has and the JSON, which came with a complaint, lacks.
    async fn completed(
        &self,
        mut status: Status,
        sections: &[Section],
        complaint: String,
    ) -> Report {
        tracing::debug!(complaint, "smbstatus complained, asking for its text too");
        let mut missing = None;
        for &section in sections {
            match self.text(section).await {
                Ok(mut report) => {
                    report.status.link_to(&status);
                    status.absorb(report.status);
                    missing = missing.or(report.missing);
                }
                Err(error) => {
                    tracing::debug!(%error, "its text cannot be had");
                    let said = complaint.clone();
                    missing = Some(LocalError::Complained { said });
                }
            }
        }
        status.link();
        Report { status, missing }
    }

    /// The JSON of one section, or with `None` of all, and what was complained
    /// of, where that may mean that something lacks.
    async fn json(&self, only: Option<Section>) -> Result<(Status, Option<String>), LocalError> {
        let arguments = ["--json"].into_iter().chain(only.map(Section::option));
        let Output { stdout, complaint } = self.run(&arguments.collect::<Vec<_>>()).await?;
        let status = Status::read(&stdout, only).map_err(|error| {
            let said = program::first_line(&complaint).map(str::to_owned);
            let is_json = stdout.trim_ascii_start().starts_with(b"{");
            match said {
                _ if is_json => LocalError::Unreadable(error.to_string()),
                Some(said) if !stdout.is_empty() || said.to_lowercase().contains("json") => {
                    LocalError::NoJson { said }
                }
                Some(said) => LocalError::Unreadable(said),
                None if text::sessions(&stdout).is_some() => LocalError::NoJson {
                    said: "it printed text".to_owned(),
                },
                None => LocalError::Unreadable(error.to_string()),
            }
        })?;
        Ok((status, serious(&complaint)))
    }

    /// What is printed for people of one section.
    async fn text(&self, section: Section) -> Result<Report, LocalError> {
        let Output { stdout, complaint } = self.run(&[section.option()]).await?;
        let mut status = Status {
            timestamp: Some(jiff::Timestamp::now().to_string()),
            ..Status::default()
        };
        let unread = match section {
            Section::Sessions => text::sessions(&stdout).map(|lines| {
                let Lines { rows, unread } = lines;
                status.sessions = rows;
                unread
            }),
            Section::Shares => text::tcons(&stdout).map(|lines| {
                let Lines { rows, unread } = lines;
                status.tcons = rows;
                unread
            }),
            Section::Files => text::files(&stdout, &complaint).map(|lines| {
                let Lines { rows, unread } = lines;
                status.open_files = Some(rows);
                unread
            }),
        };
        let said = || serious(&complaint);
        let missing = match unread {
            None => {
                let said = said().unwrap_or_else(|| "a list without its header".to_owned());
                return Err(LocalError::Unreadable(said));
            }
            Some(0) => complaint
                .contains("truncated")
                .then(|| LocalError::Complained {
                    said: said().unwrap_or_default(),
                }),
            Some(1) => Some(LocalError::Unreadable("a line of its text".to_owned())),
            Some(lines) => Some(LocalError::Unreadable(format!("{lines} lines of its text"))),
        };
        Ok(Report { status, missing })
    }

    async fn run(&self, arguments: &[&str]) -> Result<Output, LocalError> {
        let left = self.limit.saturating_sub(self.began.elapsed());
        let output = program::run(&self.program, arguments, left, EXPECTED).await;
        output.map_err(|error| match error {
            LocalError::TimedOut { program, .. } => LocalError::TimedOut {
                program,
                limit: self.limit,
            },
            other => other,
        })
    }
}

/// Whether the text may tell what the JSON could not.
fn has_another_form(error: &LocalError) -> bool {
    matches!(
        error,
        LocalError::NoJson { .. } | LocalError::Unreadable(_) | LocalError::Failed { .. }
    )
}

/// The first line of a complaint that may mean that something lacks.
fn serious(complaint: &str) -> Option<String> {
    let is_harmless = |line: &&str| HARMLESS.iter().any(|words| line.contains(words));
    let mut lines = complaint.lines().filter(|line| !is_harmless(line));
    lines.find_map(program::first_line).map(str::to_owned)
}

impl Status {
    /// Takes one section of another.
    fn take(&mut self, section: Section, from: Status) {
        match section {
            Section::Sessions => self.sessions = from.sessions,
            Section::Shares => self.tcons = from.tcons,
            Section::Files => self.open_files = from.open_files,
        }
        // The last of them: nothing was there after it was asked.
        self.timestamp = from.timestamp.or_else(|| self.timestamp.take());
    }

    /// Adds what another has and this one lacks. What both have is the same
    /// where all that the text tells is.
    fn absorb(&mut self, other: Status) {
        absorb(&mut self.sessions, other.sessions, |session| {
            (
                session.server_id.clone(),
                session.hostname.clone(),
                session.username.clone(),
            )
        });
        absorb(&mut self.tcons, other.tcons, |tcon| {
            let at = tcon.connected_at.as_deref().and_then(seconds);
            (tcon.server_id.clone(), tcon.service.clone(), at)
        });
        if let (Some(known), Some(files)) = (&mut self.open_files, other.open_files) {
            let key = |file: &OpenFile| {
                let opens = file.opens().iter().map(|open| {
                    let mask = open.access_mask.as_ref().and_then(|mask| mask.bits());
                    let at = open.opened_at.as_deref().and_then(seconds);
                    (open.server_id.clone(), open.uid, mask, at)
                });
                let path = (file.service_path.clone(), file.filename.clone());
                opens
                    .map(move |open| (path.clone(), open))
                    .collect::<Vec<_>>()
            };
            let mut counts = std::collections::HashMap::<_, usize>::new();
            for open in known.iter().flat_map(key) {
                *counts.entry(open).or_default() += 1;
            }
            // The text has one open a line.
            known.extend(files.into_iter().filter(|file| {
                let same = key(file).pop().and_then(|open| counts.get_mut(&open));
                match same {
                    Some(left) if *left > 0 => {
                        *left -= 1;
                        false
                    }
                    _ => true,
                }
            }));
        }
    }
}

/// Adds those of `more` that are not there yet, each as often as it is there.
fn absorb<T, K: Eq + Hash>(known: &mut Vec<T>, more: Vec<T>, key: impl Fn(&T) -> K) {
    let mut counts = std::collections::HashMap::<K, usize>::new();
    for row in known.iter() {
        *counts.entry(key(row)).or_default() += 1;
    }
    known.extend(
        more.into_iter()
            .filter(|row| match counts.get_mut(&key(row)) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    false
                }
                _ => true,
            }),
    );
}

/// The whole seconds of a moment: text has no more.
fn seconds(moment: &str) -> Option<i64> {
    let moment: jiff::Timestamp = moment.parse().ok()?;
    Some(moment.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_of_smb_conf_are_no_reason_to_ask_again() {
        for harmless in [
            "",
            "\n\n",
            "Ignoring unknown parameter \"no such thing\"\n",
            "rlimit_max: increasing rlimit_max (1024) to minimum Windows limit (16384)\n",
            "WARNING: The \"syslog\" option is deprecated\nNo locked files\n",
            "/run/lock/locking.tdb not initialised\nThis is normal if an SMB client has never \
             connected to your server.\n",
        ] {
            assert_eq!(serious(harmless), None, "{harmless}");
        }
        let mixed = "No locked files\n  Unable to add string [filename]\nmore\n";
        assert_eq!(
            serious(mixed).as_deref(),
            Some("Unable to add string [filename]")
        );
    }
}
