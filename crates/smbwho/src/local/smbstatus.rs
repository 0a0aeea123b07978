//! Asking `smbstatus`: for its text, whose cost grows with the rows, and then for
//! its JSON, which has more, where it is known to be small.
//!
//! - For every row of its JSON smbstatus copies all rows before it, and keeps the
//!   copies: 5,000 sessions with 18,000 open files take 22 GB and a minute and a half
//!   (4.17; later versions are written so, too). The text of these takes a
//!   quarter of a second.
//! - Samba before 4.17, and one that was built without Jansson, has no JSON.
//! - The JSON of 4.17 to 4.22 ends in a panic while anybody holds a file with
//!   full control: it has no name for one of these rights.
//! - A name that is not UTF-8 cannot stand in JSON: what has one is dropped,
//!   with a complaint on standard error. So whatever it complains of is a reason
//!   to add what the text has.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::program::{Expected, Output};
use super::status::{Section, Status};
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

/// Rows of one section up to which its JSON is asked for. It takes some 90 bytes times
/// the square of them (measured): 22 MiB.
const MAX_JSON_ROWS: usize = 500;

/// An open file takes about 200 bytes, and of smbstatus' memory a kilobyte.
const TEXT: Expected = Expected {
    max: 256 << 20,
    memory: 1 << 30,
    begins: text::has_header,
};

/// An open file takes about a kilobyte. The memory bounds what is asked for though the text
/// could not say how much it is.
const JSON: Expected = Expected {
    max: 16 << 20,
    memory: 128 << 20,
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
#[derive(Default)]
pub(super) struct Report {
    pub(super) status: Status,
    pub(super) missing: Option<LocalError>,
}

/// The text of a section, or why there is none.
type Text = (Section, Result<Report, LocalError>);

/// What there is as JSON.
#[derive(Default)]
struct Json {
    status: Status,
    sections: Vec<Section>,
    /// What was complained of, where that may mean that something lacks.
    complaint: Option<String>,
    /// Why there is not more.
    error: Option<LocalError>,
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

    /// What is known of these sections.
    ///
    /// # Errors
    ///
    /// When one that is required cannot be had. Without another the report says why.
    pub(super) async fn report(
        &self,
        sections: &[Section],
        required: &[Section],
    ) -> Result<Report, LocalError> {
        let texts = self.texts(sections).await?;
        let json = self.json(&texts).await;
        let has_json_files = json.sections.contains(&Section::Files);
        let mut report = combined(texts, json, required)?;
        if report.status.lacks_names_of_opens() {
            self.name_users(&mut report.status, has_json_files).await;
        }
        Ok(report)
    }

    /// Asks for the files once more, with the names of their users. They have numbers, which
    /// the text of sessions lacks; and looking up a name for each open takes a while.
    async fn name_users(&self, status: &mut Status, as_json: bool) {
        let mut arguments = vec![Section::Files.option(), "--resolve-uids"];
        let named = if as_json {
            arguments.insert(0, "--json");
            let output = self.run(&arguments, JSON, self.left()).await.ok();
            output.and_then(|output| Status::read(&output.stdout, Some(Section::Files)).ok())
        } else {
            let output = self.run(&arguments, TEXT, self.left()).await.ok();
            let text = output.map(|output| read_text(&output, Section::Files));
            text.and_then(|text| Some(text.ok()?.status))
        };
        match named {
            Some(named) => {
                status.take(Section::Files, named);
                status.link();
            }
            None => tracing::debug!("smbstatus does not tell the users of open files by name"),
        }
    }

    /// The text of each section: all at once where all are wanted, and by itself where that
    /// fails or takes too long.
    async fn texts(&self, sections: &[Section]) -> Result<Vec<Text>, LocalError> {
        if sections == Section::ALL {
            // What is left is enough for the sessions, of which there are the least.
            match self.run(&[], TEXT, self.left() * 2 / 3).await {
                Ok(output) => {
                    let of = |section| (section, read_text(&output, section));
                    return Ok(Section::ALL.map(of).into());
                }
                Err(error) if is_final(&error) => return Err(error),
                Err(error) => tracing::debug!(%error, "asking smbstatus for each part"),
            }
        }
        let mut texts = Vec::new();
        for &section in sections {
            let output = self.run(&[section.option()], TEXT, self.left()).await;
            texts.push(match output {
                Ok(output) => (section, read_text(&output, section)),
                Err(error) if is_final(&error) => return Err(error),
                Err(error) => (section, Err(error)),
            });
        }
        Ok(texts)
    }

    /// The JSON of those sections that are small, or of which the text does not say so.
    async fn json(&self, texts: &[Text]) -> Json {
        let mut json = Json::default();
        let mut wanted = Vec::new();
        let mut total = 0;
        for (section, text) in texts {
            let rows = match text {
                Ok(text) => text.status.rows(*section),
                // It would be no faster or shorter.
                Err(LocalError::TimedOut { .. } | LocalError::TooLong { .. }) => usize::MAX,
                Err(_) => 0,
            };
            total = usize::saturating_add(total, rows);
            match rows <= MAX_JSON_ROWS {
                true => wanted.push(*section),
                false => tracing::info!(
                    ?section,
                    rows,
                    "too long for smbstatus' JSON: what its text does not tell stays unknown"
                ),
            }
        }
        if wanted == Section::ALL && total <= MAX_JSON_ROWS {
            match self.section_json(None, self.left() / 2).await {
                Ok((status, complaint)) => {
                    let sections = wanted;
                    return Json {
                        status,
                        sections,
                        complaint,
                        error: None,
                    };
                }
                Err(error) => {
                    tracing::debug!(%error, "no JSON of all");
                    let has_parts =
                        !matches!(error, LocalError::NoJson { .. } | LocalError::Unreadable(_));
                    json.error = Some(error);
                    if !has_parts {
                        return json;
                    }
                    // They are what it fails over.
                    wanted.retain(|section| *section != Section::Files);
                }
            }
        }
        for section in wanted {
            match self.section_json(Some(section), self.left()).await {
                Ok((status, complaint)) => {
                    json.status.take(section, status);
                    json.sections.push(section);
                    json.complaint = json.complaint.or(complaint);
                }
                Err(error) => {
                    tracing::debug!(%error, ?section, "no JSON");
                    json.error = json.error.or(Some(error));
                }
            }
        }
        json
    }

    /// The JSON of one section, or with `None` of all, and what was complained
    /// of, where that may mean that something lacks.
    async fn section_json(
        &self,
        only: Option<Section>,
        within: Duration,
    ) -> Result<(Status, Option<String>), LocalError> {
        let arguments = ["--json"].into_iter().chain(only.map(Section::option));
        let arguments: Vec<_> = arguments.collect();
        let Output { stdout, complaint } = self.run(&arguments, JSON, within).await?;
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

    fn left(&self) -> Duration {
        self.limit.saturating_sub(self.began.elapsed())
    }

    async fn run(
        &self,
        arguments: &[&str],
        expected: Expected,
        within: Duration,
    ) -> Result<Output, LocalError> {
        let output = program::run(&self.program, arguments, within, expected).await;
        output.map_err(|error| match error {
            LocalError::TimedOut { program, .. } => LocalError::TimedOut {
                program,
                limit: self.limit,
            },
            other => other,
        })
    }
}

/// Whether it fails whatever is asked for.
fn is_final(error: &LocalError) -> bool {
    matches!(error, LocalError::NotRoot | LocalError::NotRun { .. })
}

/// One section of what is printed for people.
fn read_text(output: &Output, section: Section) -> Result<Report, LocalError> {
    let Output { stdout, complaint } = output;
    let mut status = Status {
        timestamp: Some(jiff::Timestamp::now().to_string()),
        ..Status::default()
    };
    let unread = match section {
        Section::Sessions => text::sessions(stdout).map(|lines| {
            let Lines { rows, unread } = lines;
            status.sessions = rows;
            unread
        }),
        Section::Shares => text::tcons(stdout).map(|lines| {
            let Lines { rows, unread } = lines;
            status.tcons = rows;
            unread
        }),
        Section::Files => text::files(stdout, complaint).map(|lines| {
            let Lines { rows, unread } = lines;
            status.open_files = Some(rows);
            unread
        }),
    };
    let said = || serious(complaint);
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

/// One report of both: what came as JSON, with what its text has besides where it complained,
/// and the text of the rest.
fn combined(texts: Vec<Text>, json: Json, required: &[Section]) -> Result<Report, LocalError> {
    let mut whole = Report {
        status: json.status,
        missing: None,
    };
    for (section, text) in texts {
        let is_json = json.sections.contains(&section);
        let missing = match (is_json, text, &json.complaint) {
            (true, _, None) => None,
            (true, Ok(mut text), Some(_)) => {
                text.status.link_to(&whole.status);
                whole.status.absorb(text.status);
                text.missing
            }
            (true, Err(error), Some(said)) => {
                tracing::debug!(%error, "its text cannot be had");
                let said = said.clone();
                Some(LocalError::Complained { said })
            }
            (false, Ok(text), _) => {
                whole.status.take(section, text.status);
                text.missing
            }
            (false, Err(text), _) => {
                let error = reason(text, json.error.as_ref());
                if required.contains(&section) {
                    return Err(error);
                }
                Some(error)
            }
        };
        whole.missing = whole.missing.or(missing);
    }
    whole.status.link();
    Ok(whole)
}

/// Why there is neither text nor JSON. That a text is none says little.
fn reason(text: LocalError, json: Option<&LocalError>) -> LocalError {
    match (&text, json) {
        (LocalError::Unreadable(_) | LocalError::Unexpected { .. }, Some(json)) => json.clone(),
        _ => text,
    }
}

/// The first line of a complaint that may mean that something lacks.
fn serious(complaint: &str) -> Option<String> {
    let is_harmless = |line: &&str| HARMLESS.iter().any(|words| line.contains(words));
    let mut lines = complaint.lines().filter(|line| !is_harmless(line));
    lines.find_map(program::first_line).map(str::to_owned)
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
