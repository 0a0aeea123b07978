//! Running a program of this computer for what it prints: bounded in time, size
//! and memory, and gone when nobody waits for it any more.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use super::LocalError;

/// Folders that hold servers' programs but are not on everybody's PATH.
const MORE_FOLDERS: [&str; 6] = [
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/local/samba/bin",
    "/opt/samba/bin",
];

/// What a program may print.
#[derive(Clone, Copy)]
pub(super) struct Expected {
    /// Standard output beyond which it is no longer listened to, in bytes.
    pub(super) max: usize,
    /// Memory that it may take for itself, in bytes. Beyond that its next
    /// allocation fails (on Linux; elsewhere nothing bounds it).
    pub(super) memory: u64,
    /// Whether this can be the beginning of it. Asked once, of the first
    /// [`BEGINNING`] bytes, so that what is nothing of the kind fills no memory.
    pub(super) begins: fn(&[u8]) -> bool,
}

/// So much is read before it is looked at.
const BEGINNING: usize = 64 << 10;

/// What is kept of standard error.
const MAX_COMPLAINT: u64 = 64 << 10;

/// What a program is told of our environment: where things are, how to find the
/// computer's Samba and its system bus, and the variables of the wrappers
/// (cwrap.org) under which Samba is run for tests. Nothing else: passwords, and
/// whatever else is secret there, are no business of theirs.
const ENVIRONMENT: [&str; 13] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "SMB_CONF_PATH",
    "CTDB_SOCKET",
    "CTDB_BASE",
    "WINBINDD_SOCKET_DIR",
    "SELFTEST_WINBINDD_SOCKET_DIR",
    "DBUS_SYSTEM_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "SYSTEMROOT",
];
const ENVIRONMENT_OF_WRAPPERS: [&str; 4] = [
    "NSS_WRAPPER_",
    "UID_WRAPPER",
    "SOCKET_WRAPPER_",
    "RESOLV_WRAPPER_",
];

/// What a program that went well printed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) stdout: Vec<u8>,
    /// Of standard error the beginning.
    pub(super) complaint: String,
}

/// Where a program is. Relative folders on PATH are passed over: this runs as
/// root.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(MORE_FOLDERS.iter().map(PathBuf::from))
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// Whether a process of this name runs; `None` where the system has no list of
/// them to look at.
pub(super) fn runs(name: &str) -> Option<bool> {
    let mut processes = std::fs::read_dir("/proc").ok()?.flatten().peekable();
    processes.peek()?;
    let is_it = |process: std::fs::DirEntry| {
        let told = std::fs::read_to_string(process.path().join("comm"));
        told.is_ok_and(|told| is_named(told.trim_end(), name))
    };
    Some(processes.any(is_it))
}

/// Newer versions of Samba put more behind their name: `smbd: main`,
/// `smbd[10.0.0.7]`.
fn is_named(told: &str, name: &str) -> bool {
    let rest = told.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '[']))
}

/// What of our environment is passed on.
fn environment() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| {
        name.to_str().is_some_and(|name| {
            let of_wrapper = |prefix: &&str| name.starts_with(*prefix);
            ENVIRONMENT.contains(&name) || ENVIRONMENT_OF_WRAPPERS.iter().any(of_wrapper)
        })
    })
}

/// What the program prints.
pub(super) async fn run(
    program: &Path,
    arguments: &[&str],
    limit: Duration,
    expected: Expected,
) -> Result<Output, LocalError> {
    let name = program.display().to_string();
    let not_run = |error: std::io::Error| LocalError::NotRun {
        program: name.clone(),
        why: error.to_string(),
    };
    let mut command = Command::new(program);
    // With all that it starts it is ended, should it not end by itself.
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command
        .args(arguments)
        .env_clear()
        .envs(environment())
        // What it says is looked at: in English, and in one time zone.
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(not_run)?;
    let mut group = Group::of(&child);
    group.bound_memory(expected.memory);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let answer = async {
        let said = async {
            let output = read(stdout, expected).await.map_err(not_run)?;
            let output = output.map_err(|excess| match excess {
                Excess::TooLong => LocalError::TooLong {
                    program: name.clone(),
                    limit: expected.max as u64,
                },
                Excess::Unexpected => LocalError::Unexpected {
                    program: name.clone(),
                },
            })?;
            Ok((output, child.wait().await.map_err(not_run)?))
        };
        let complaint = async { Ok::<_, LocalError>(complaint(stderr).await) };
        // Whoever prints too much is not waited for.
        tokio::try_join!(said, complaint)
    };
    let Ok(answer) = tokio::time::timeout(limit, answer).await else {
        let program = name;
        return Err(LocalError::TimedOut { program, limit });
    };
    let ((output, status), complaint) = answer?;
    group.ended();
    if status.success() {
        return Ok(Output {
            stdout: output,
            complaint,
        });
    }
    Err(failure(name, status, &complaint, &output))
}

/// The processes of a program that runs: ended when nobody waits any more.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    fn of(child: &tokio::process::Child) -> Self {
        #[cfg(unix)]
        let leader = child.id().and_then(|id| {
            let id = i32::try_from(id).ok()?;
            rustix::process::Pid::from_raw(id)
        });
        #[cfg(not(unix))]
        let _ = child;
        Self {
            #[cfg(unix)]
            leader,
        }
    }

    /// Set from outside, as soon as it runs: only what it takes later counts
    /// against it, which is all that matters.
    fn bound_memory(&self, bytes: u64) {
        #[cfg(target_os = "linux")]
        if let Some(leader) = self.leader {
            use rustix::process::{Resource, Rlimit, prlimit};
            let (current, maximum) = (Some(bytes), Some(bytes));
            // One that has ended already needs none.
            let _ = prlimit(Some(leader), Resource::Data, Rlimit { current, maximum });
        }
        #[cfg(not(target_os = "linux"))]
        let _ = bytes;
    }

    /// The program ended by itself, and its number may be another's by now.
    fn ended(&mut self) {
        #[cfg(unix)]
        {
            self.leader = None;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader {
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

/// Why a program is not listened to any more.
enum Excess {
    TooLong,
    Unexpected,
}

/// Reads to the end, or until it is too much.
async fn read(
    pipe: Option<impl AsyncRead + Unpin>,
    expected: Expected,
) -> std::io::Result<Result<Vec<u8>, Excess>> {
    let mut output = Vec::new();
    let Some(mut pipe) = pipe else {
        return Ok(Ok(output));
    };
    let mut is_looked_at = false;
    loop {
        output.reserve(BEGINNING);
        if pipe.read_buf(&mut output).await? == 0 {
            return Ok(Ok(output));
        }
        if output.len() > expected.max {
            return Ok(Err(Excess::TooLong));
        }
        if !is_looked_at && output.len() >= BEGINNING {
            is_looked_at = true;
            if !(expected.begins)(&output) {
                return Ok(Err(Excess::Unexpected));
            }
        }
    }
}

/// The beginning of what the program complains of; all of it is read, so that
/// the program gets rid of it.
async fn complaint(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut pipe) = pipe else {
        return String::new();
    };
    let mut text = Vec::new();
    let _ = (&mut pipe).take(MAX_COMPLAINT).read_to_end(&mut text).await;
    let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&text).into_owned()
}

fn failure(program: String, status: ExitStatus, complaint: &str, output: &[u8]) -> LocalError {
    // Before 4.17 smbstatus complained on standard output.
    let beginning = output.get(..MAX_COMPLAINT as usize).unwrap_or(output);
    let beginning = String::from_utf8_lossy(beginning);
    let whole = [complaint, &beginning];
    if whole.iter().any(|text| text.contains("only works as root")) {
        return LocalError::NotRoot;
    }
    let said = first_line(complaint).or_else(|| first_line(&beginning));
    let said = said.unwrap_or("no reason").to_owned();
    if complaint.contains("--json") && complaint.contains("unknown option") {
        return LocalError::NoJson { said };
    }
    LocalError::Failed {
        program,
        status: status.to_string(),
        said,
    }
}

/// The first line with something on it, of a length that people read.
pub(super) fn first_line(text: &str) -> Option<&str> {
    const LONGEST: usize = 400;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(&line[..line.floor_char_boundary(LONGEST)])
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);
    const MEMORY: u64 = 64 << 20;

    async fn shell(script: &str, limit: Duration, max: usize) -> Result<Output, LocalError> {
        let begins = |beginning: &[u8]| !beginning.contains(&0);
        let memory = MEMORY;
        let expected = Expected {
            max,
            memory,
            begins,
        };
        run(Path::new("/bin/sh"), &["-c", script], limit, expected).await
    }

    fn printed(output: Result<Output, LocalError>) -> (String, String) {
        let output = output.expect("it went well");
        let stdout = String::from_utf8(output.stdout).expect("text");
        (stdout, output.complaint)
    }

    #[tokio::test]
    async fn what_it_prints_is_the_answer() {
        let output = shell("printf yes; echo no >&2", LONG, 100).await;
        assert_eq!(printed(output), ("yes".to_owned(), "no\n".to_owned()));
    }

    #[tokio::test]
    async fn one_that_complains_without_end_is_heard_out() {
        let script = "yes complaint | head -c 1000000 >&2; printf done";
        let (stdout, complaint) = printed(shell(script, LONG, 100).await);
        assert_eq!((stdout.as_str(), complaint.len()), ("done", 64 << 10));
    }

    #[tokio::test]
    async fn one_that_prints_without_end_is_ended() {
        let error = shell("yes", LONG, 1000).await.expect_err("too much");
        assert!(
            matches!(error, LocalError::TooLong { limit: 1000, .. }),
            "{error}"
        );
        // Even where it does not heed that nobody listens.
        let deaf = "trap '' PIPE; while :; do echo yes; done 2>/dev/null";
        let error = shell(deaf, LONG, 1000).await.expect_err("too much");
        assert!(matches!(error, LocalError::TooLong { .. }), "{error}");
        let nonsense = shell("cat /dev/zero", LONG, usize::MAX).await;
        let error = nonsense.expect_err("not what is read here");
        assert!(matches!(error, LocalError::Unexpected { .. }), "{error}");
    }

    #[tokio::test]
    async fn one_that_does_not_end_is_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let pid = folder.path().join("pid");
        // What it started ends with it.
        let script = format!("sleep 600 & echo $! > {}; wait", pid.display());
        let error = shell(&script, Duration::from_millis(500), 100).await;
        assert!(
            matches!(error, Err(LocalError::TimedOut { .. })),
            "{error:?}"
        );
        let pid = std::fs::read_to_string(pid).expect("it began");
        let began = Instant::now();
        while Path::new("/proc").join(pid.trim()).exists() {
            assert!(began.elapsed() < LONG, "it still runs");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn one_that_takes_too_much_memory_fails() {
        // It may begin before the limit is there.
        let script = "until [ \"$(ulimit -d)\" != unlimited ]; do :; done; ulimit -d; ulimit -Hd";
        let kib = MEMORY >> 10;
        let (limits, _) = printed(shell(script, LONG, 100).await);
        assert_eq!(limits, format!("{kib}\n{kib}\n"));
        let grow = "until [ \"$(ulimit -d)\" != unlimited ]; do :; done; \
                    awk 'BEGIN { s = \"x\"; while (length(s) < 1e9) s = s s; print length(s) }'";
        let error = shell(grow, LONG, 100).await.expect_err("it has no memory");
        assert!(matches!(error, LocalError::Failed { .. }), "{error}");
    }

    #[tokio::test]
    async fn failures_say_why() {
        let root = "echo 'smbstatus only works as root!' >&2; exit 1";
        assert_eq!(shell(root, LONG, 100).await, Err(LocalError::NotRoot));
        let old = "printf '\\nInvalid option --json: unknown option\\n' >&2; exit 1";
        let said = "Invalid option --json: unknown option".to_owned();
        assert_eq!(
            shell(old, LONG, 100).await,
            Err(LocalError::NoJson { said })
        );
        let root = "echo 'smbstatus only works as root!'; exit 1";
        assert_eq!(shell(root, LONG, 100).await, Err(LocalError::NotRoot));
        let error = shell("echo >&2; echo ' PANIC: x' >&2; kill -ABRT $$", LONG, 100).await;
        let error = error.expect_err("a failure").to_string();
        assert!(
            error.contains("signal: 6") && error.ends_with("PANIC: x"),
            "{error}"
        );
        let expected = Expected {
            max: 100,
            memory: MEMORY,
            begins: |_| true,
        };
        let nothing = run(Path::new("/nonexistent"), &[], LONG, expected).await;
        assert!(matches!(nothing, Err(LocalError::NotRun { .. })));
    }

    #[test]
    fn processes_are_seen_by_their_names() {
        let own = std::fs::read_to_string("/proc/self/comm").expect("a name");
        assert_eq!(runs(own.trim_end()), Some(true));
        assert_eq!(runs("no-such-process"), Some(false));
        for (told, is) in [
            ("smbd", true),
            ("smbd[10.0.0.7]", true),
            ("smbd: main", true),
            ("smbd2", false),
            ("smb", false),
            ("", false),
        ] {
            assert_eq!(is_named(told, "smbd"), is, "{told}");
        }
    }

    #[tokio::test]
    async fn a_program_is_told_little_of_the_environment() {
        let told = printed(shell("env", LONG, 1 << 20).await).0;
        let names = told.lines().filter_map(|line| line.split_once('='));
        for (name, _) in names {
            let known = ENVIRONMENT.contains(&name)
                || ["LC_ALL", "TZ", "PWD", "SHLVL", "_"].contains(&name)
                || ENVIRONMENT_OF_WRAPPERS
                    .iter()
                    .any(|of| name.starts_with(of));
            assert!(known, "{name}");
        }
        // Cargo sets this for tests.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    }

    #[test]
    fn only_files_in_absolute_folders_are_found() {
        let sh = find("sh").expect("a shell");
        assert!(sh.is_absolute());
        let mode = sh.metadata().expect("a file").permissions().mode();
        assert!(mode & 0o111 != 0);
        assert_eq!(find("no-such-program-at-all"), None);
    }
}
