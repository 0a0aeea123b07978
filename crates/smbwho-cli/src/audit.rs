//! The audit log: who changed what on which server, and what came of it.
//!
//! JSON lines, appended and never read, in `smbwho/audit.jsonl` of the folder
//! for state, or where `SMBWHO_AUDIT_LOG` or the configuration's `audit_log`
//! says. Every act has two lines: `attempt` before it is made, its outcome
//! after. What cannot be recorded is not done.
//!
//! A line is one write at the end of the file, under a lock. Where the line
//! before was cut short (a full disk, a machine that stopped) a new one is
//! begun first, so that nothing but the torn line is lost.

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use smbwho::{Code, Login, user_file};

use crate::config::Config;
use crate::credentials::{Sources, System};
use crate::output::escape;

/// The outcome of the line that stands before an act.
const ATTEMPT: &str = "attempt";

/// A lock is waited for this long to write one line. Beyond that it is written
/// all the same: one write at the end of a file rarely mixes with another.
const LOCKED_WITHIN: Duration = Duration::from_secs(2);
/// An order of somebody else is waited for this long.
const TURN_WITHIN: Duration = Duration::from_secs(60);
/// Between two looks at the lock.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The log, open for one run of the program.
#[derive(Debug)]
pub(crate) struct Audit {
    file: File,
    /// Whether its lock is held over a whole order.
    held: AtomicBool,
    /// Whether the file ends in the middle of a line, where that cannot be read.
    torn: AtomicBool,
    path: PathBuf,
    /// The user of this computer.
    user: Option<String>,
    /// As whom the servers see us.
    login: String,
    now: fn() -> String,
}

/// One change to one server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act<'a> {
    /// The server, as it was given.
    pub(crate) server: &'a str,
    /// The command: `close session`, `share remove`.
    pub(crate) action: &'a str,
    /// What it is done to, field by field, in the names that rows have.
    pub(crate) target: &'a [(&'a str, Value<'a>)],
}

/// One field of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Not known, or not said.
    Null,
    /// Text, hostile or not.
    Text(&'a str),
    /// A number.
    Number(u64),
}

impl<'a> Value<'a> {
    /// Text that may be missing.
    pub(crate) fn text<S: AsRef<str>>(text: &'a Option<S>) -> Self {
        text.as_ref()
            .map_or(Value::Null, |text| Value::Text(text.as_ref()))
    }
}

impl Audit {
    /// Opens the log, making it and its folder if they are missing; only their
    /// owner can read them.
    ///
    /// # Errors
    ///
    /// A message for the user: nothing may be done then.
    pub(crate) fn open(config: &Config, login: &Login) -> Result<Self, String> {
        let path = path(config)?;
        let file = open(&path).map_err(|error| unwritable(&path, &error))?;
        Ok(Self {
            file,
            held: AtomicBool::new(false),
            torn: AtomicBool::new(true),
            path,
            user: System.system_user().or_else(|| {
                ["USERNAME", "USER", "LOGNAME"]
                    .into_iter()
                    .find_map(|name| System.variable(name))
            }),
            login: login_name(login),
            now,
        })
    }

    /// Records that this is about to be tried.
    ///
    /// # Errors
    ///
    /// A message for the user: the act must not be made then.
    pub(crate) fn attempt(&self, act: &Act<'_>) -> Result<(), String> {
        let recorded = self.attempts(std::slice::from_ref(act));
        recorded.map_err(|(_, message)| message)
    }

    /// Records that these are about to be tried together.
    ///
    /// # Errors
    ///
    /// How many have a record all the same, which lacks its outcome, and a
    /// message for the user: none of the acts must be made then.
    pub(crate) fn attempts(&self, acts: &[Act<'_>]) -> Result<(), (usize, String)> {
        let failed = |recorded, error| (recorded, unwritable(&self.path, &error));
        for (recorded, act) in acts.iter().enumerate() {
            let written = self.write(act, ATTEMPT, None);
            written.map_err(|error| failed(recorded, error))?;
        }
        let synced = self.file.sync_data();
        synced.map_err(|error| failed(acts.len(), error))
    }

    /// Records what came of it.
    ///
    /// # Errors
    ///
    /// A message for the user. It has happened by now; nothing more should.
    pub(crate) fn outcome(
        &self,
        act: &Act<'_>,
        outcome: &str,
        code: Option<Code>,
    ) -> Result<(), String> {
        self.write(act, outcome, code).map_err(|error| {
            format!(
                "{}: the outcome could not be recorded: {error}",
                self.path.display()
            )
        })
    }

    /// Waits until nobody else who writes to this log is in the middle of an
    /// order, so that of two who end the same things one finds them gone. Where
    /// there are no locks, or somebody takes too long, nobody is waited for.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        let until = Instant::now() + TURN_WITHIN;
        let locked = loop {
            match self.file.try_lock() {
                Ok(()) => break true,
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                Err(error) => {
                    tracing::debug!(%error, "the audit log is not locked");
                    break false;
                }
            }
        };
        self.held.store(locked, Ordering::Relaxed);
        Turn { audit: self }
    }

    fn write(&self, act: &Act<'_>, outcome: &str, code: Option<Code>) -> io::Result<()> {
        let mut line = self.line(act, outcome, code);
        line.push('\n');
        let lock = !self.held.load(Ordering::Relaxed) && self.lock_for_a_line();
        let written = self.append(line);
        if lock {
            // It goes with the file at the latest.
            let _ = self.file.unlock();
        }
        written
    }

    fn lock_for_a_line(&self) -> bool {
        let until = Instant::now() + LOCKED_WITHIN;
        loop {
            match self.file.try_lock() {
                Ok(()) => return true,
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    thread::sleep(LOOK_EVERY);
                }
                Err(_) => return false,
            }
        }
    }

    /// Writes a line in one piece, on a line of its own.
    fn append(&self, mut line: String) -> io::Result<()> {
        let unread = |_| self.torn.load(Ordering::Relaxed);
        if self.is_torn().unwrap_or_else(unread) {
            line.insert(0, '\n');
        }
        // One write, so that lines of several programs do not mix.
        let written = loop {
            match (&self.file).write(line.as_bytes()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => break written,
            }
        };
        let whole = matches!(written, Ok(length) if length == line.len());
        self.torn.store(!whole, Ordering::Relaxed);
        if written? < line.len() {
            return Err(io::Error::new(
                io::ErrorKind::WriteZero,
                "the line was cut short (is the disk full?)",
            ));
        }
        Ok(())
    }

    /// Whether the file ends in the middle of a line.
    fn is_torn(&self) -> io::Result<bool> {
        let mut file = &self.file;
        if file.seek(SeekFrom::End(0))? == 0 {
            return Ok(false);
        }
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        Ok(last != *b"\n")
    }

    fn line(&self, act: &Act<'_>, outcome: &str, code: Option<Code>) -> String {
        let mut line = String::from("{");
        field(&mut line, "when", Value::Text(&(self.now)()));
        field(&mut line, "user", Value::text(&self.user));
        field(&mut line, "login", Value::Text(&self.login));
        field(&mut line, "server", Value::Text(act.server));
        field(&mut line, "action", Value::Text(act.action));
        line.push_str(",\"target\":{");
        for (name, value) in act.target {
            field(&mut line, name, *value);
        }
        line.push('}');
        field(&mut line, "outcome", Value::Text(outcome));
        let number = code.and_then(|code| u64::try_from(code.number()).ok());
        field(&mut line, "code", number.map_or(Value::Null, Value::Number));
        let name = code.and_then(Code::name);
        field(&mut line, "name", Value::text(&name));
        line.push('}');
        line
    }
}

/// The time in which nobody else gives an order.
#[must_use]
pub(crate) struct Turn<'a> {
    audit: &'a Audit,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.audit.held.swap(false, Ordering::Relaxed) {
            // It goes with the file at the latest.
            let _ = self.audit.file.unlock();
        }
    }
}

fn field(line: &mut String, name: &str, value: Value<'_>) {
    if !line.ends_with('{') {
        line.push(',');
    }
    escape::write_json(line, name);
    line.push(':');
    match value {
        Value::Null => line.push_str("null"),
        Value::Text(text) => escape::write_json(line, text),
        // Writing to a String cannot fail.
        Value::Number(number) => {
            let _ = write!(line, "{number}");
        }
    }
}

/// The moment, as RFC 3339 in UTC.
fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

/// The account as people write it.
fn login_name(login: &Login) -> String {
    match login {
        Login::Anonymous => "(anonymous)".to_owned(),
        Login::Ntlm { domain, user, .. } if domain.is_empty() => user.clone(),
        Login::Ntlm { domain, user, .. } => format!("{domain}\\{user}"),
        Login::Kerberos(login) => login.account().unwrap_or_else(|| "(kerberos)".to_owned()),
        Login::CurrentUser => {
            let variable = |name| std::env::var(name).unwrap_or_default();
            format!("{}\\{}", variable("USERDOMAIN"), variable("USERNAME"))
        }
        _ => "(unknown)".to_owned(),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> String {
    format!(
        "nothing was done: the audit log {} cannot be written: {error}. Every change is recorded \
         before it is made; name another file in SMBWHO_AUDIT_LOG, or as audit_log in the \
         configuration",
        path.display()
    )
}

fn path(config: &Config) -> Result<PathBuf, String> {
    let said = env::var_os("SMBWHO_AUDIT_LOG").filter(|path| !path.is_empty());
    said.map(PathBuf::from)
        .or_else(|| config.audit_log.clone())
        .or_else(|| default_folder().map(|folder| folder.join("smbwho").join("audit.jsonl")))
        .ok_or_else(|| {
            "nothing was done: there is no folder for the audit log; name a file in \
             SMBWHO_AUDIT_LOG"
                .to_owned()
        })
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        make_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // How it ends is read, where it may be.
    match user_file::open(path, options.clone().read(true)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            user_file::open(path, &options)
        }
        opened => opened,
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The folder in which programs keep what is theirs from run to run.
#[cfg(windows)]
fn default_folder() -> Option<PathBuf> {
    env::var_os("LOCALAPPDATA").map(PathBuf::from)
}

/// The folder in which programs keep what is theirs from run to run.
#[cfg(target_os = "macos")]
fn default_folder() -> Option<PathBuf> {
    env::home_dir().map(|home| home.join("Library").join("Application Support"))
}

/// The folder in which programs keep what is theirs from run to run (XDG base
/// directories: a relative `XDG_STATE_HOME` does not count).
#[cfg(not(any(windows, target_os = "macos")))]
fn default_folder() -> Option<PathBuf> {
    let set = env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    set.filter(|path| path.is_absolute())
        .or_else(|| env::home_dir().map(|home| home.join(".local").join("state")))
}

#[cfg(test)]
mod tests {
    use smbwho::Win32Status;

    use super::*;

    fn at(path: &Path) -> Audit {
        Audit {
            file: open(path).expect("a log"),
            held: AtomicBool::new(false),
            torn: AtomicBool::new(true),
            path: path.to_owned(),
            user: Some("carol".to_owned()),
            login: r"LAB\adm".to_owned(),
            now: || "2026-01-02T03:04:05.678Z".to_owned(),
        }
    }

    const ACT: Act<'static> = Act {
        server: "fs1",
        action: "close file",
        target: &[
            ("id", Value::Number(4_000_000_000)),
            ("path", Value::Text("C:\\a\"\u{202e}\n")),
            ("user", Value::Null),
        ],
    };

    #[test]
    fn an_act_leaves_these_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep").join("er").join("audit.jsonl");
        let audit = at(&path);
        audit.attempt(&ACT).expect("written");
        let code = Code::Win32(Win32Status::ERROR_ACCESS_DENIED);
        at(&path)
            .outcome(&ACT, "refused", Some(code))
            .expect("written");
        let both = r#"{"when":"2026-01-02T03:04:05.678Z","user":"carol","login":"LAB\\adm","server":"fs1","action":"close file","target":{"id":4000000000,"path":"C:\\a\"\u202e\n","user":null},"#;
        assert_eq!(
            fs::read_to_string(&path).expect("read"),
            format!(
                "{both}\"outcome\":\"attempt\",\"code\":null,\"name\":null}}\n\
                 {both}\"outcome\":\"refused\",\"code\":5,\"name\":\"ERROR_ACCESS_DENIED\"}}\n"
            )
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode();
            assert_eq!(mode(&path) & 0o777, 0o600);
            assert_eq!(mode(path.parent().expect("a folder")) & 0o777, 0o700);
        }
    }

    #[test]
    fn moments_are_rfc_3339() {
        let now = now();
        assert!(now.parse::<jiff::Timestamp>().is_ok(), "{now}");
        assert_eq!((now.len(), now.ends_with('Z')), (24, true), "{now}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_forbids_the_act() {
        let folder = tempfile::tempdir().expect("a folder");
        let full = OpenOptions::new().append(true).open("/dev/full");
        let audit = Audit {
            file: full.expect("Linux has it"),
            ..at(&folder.path().join("audit.jsonl"))
        };
        let message = audit.attempt(&ACT).unwrap_err();
        assert!(message.starts_with("nothing was done"), "{message}");
        let (recorded, again) = audit.attempts(&[ACT, ACT]).unwrap_err();
        assert_eq!((recorded, again), (0, message));
    }

    #[test]
    fn what_is_no_file_is_no_log() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(open(folder.path()).is_err());
        #[cfg(unix)]
        for device in ["/dev/null", "/dev/tty"] {
            assert!(open(Path::new(device)).is_err(), "{device}");
        }
    }

    fn lines(path: &Path) -> Vec<Result<serde_json::Value, String>> {
        let text = fs::read_to_string(path).expect("read");
        let read = |line: &str| serde_json::from_str(line).map_err(|_| line.to_owned());
        text.lines().map(read).collect()
    }

    #[test]
    fn a_torn_line_spoils_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        for torn in ["{\"when\":\"torn", "\0\0\0", "x"] {
            fs::write(&path, torn).expect("written");
            let audit = at(&path);
            audit.attempt(&ACT).expect("written");
            // Somebody else's line is cut in between.
            let mut other = OpenOptions::new().append(true).open(&path).expect("there");
            other.write_all(b"{\"wh").expect("written");
            audit.outcome(&ACT, "gone", None).expect("written");
            let lines = lines(&path);
            let whole = lines.iter().filter_map(|line| line.as_ref().ok());
            let outcomes: Vec<_> = whole.map(|line| line["outcome"].clone()).collect();
            assert_eq!(outcomes, ["attempt", "gone"], "{torn:?}: {lines:?}");
            assert_eq!(lines.len(), 4, "{torn:?}: {lines:?}");
        }
    }

    #[test]
    fn lines_of_several_writers_do_not_mix() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        let text = "x".repeat(9000);
        let writes = || {
            let audit = at(&path);
            for _ in 0..50 {
                audit
                    .outcome(
                        &Act {
                            server: &text,
                            ..ACT
                        },
                        "gone",
                        None,
                    )
                    .expect("written");
            }
        };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(writes);
            }
        });
        let lines = lines(&path);
        assert_eq!(lines.len(), 200);
        assert!(lines.iter().all(Result::is_ok));
    }
}
