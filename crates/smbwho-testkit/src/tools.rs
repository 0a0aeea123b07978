//! The machine's programs: where they are, and how a lab runs them.

use crate::LabError;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Folders that hold servers but are not on every user's PATH.
const MORE_FOLDERS: &[&str] = &[
    "/usr/sbin",
    "/sbin",
    "/usr/local/sbin",
    "/usr/local/samba/sbin",
];

/// Folders that may hold samba-dcerpcd, by distribution.
const LIBEXEC: &[&str] = &[
    "/usr/libexec/samba",
    "/usr/lib/samba",
    "/usr/lib/samba/samba",
    "/usr/lib64/samba",
    "/usr/local/samba/libexec/samba",
];

/// Finds a program on PATH or in the folders for servers.
///
/// # Errors
/// [`LabError::Missing`] naming the Debian package to install.
pub fn find(program: &str, package: &'static str) -> Result<PathBuf, LabError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(MORE_FOLDERS.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| LabError::Missing {
            what: program.to_owned(),
            package,
        })
}

/// Finds Samba's server for RPC.
pub(crate) fn find_dcerpcd() -> Result<PathBuf, LabError> {
    LIBEXEC
        .iter()
        .map(|folder| Path::new(folder).join("samba-dcerpcd"))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| LabError::Missing {
            what: "samba-dcerpcd".to_owned(),
            package: "samba",
        })
}

/// Finds a library to preload, such as `libnss_wrapper.so`.
pub(crate) fn find_library(name: &str, package: &'static str) -> Result<PathBuf, LabError> {
    let roots = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib"].map(PathBuf::from);
    let below = roots
        .iter()
        .filter_map(|root| std::fs::read_dir(root).ok())
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().contains("-linux-"))
        .map(|entry| entry.path());
    roots
        .iter()
        .cloned()
        .chain(below)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| LabError::Missing {
            what: name.to_owned(),
            package,
        })
}

/// Is this process root?
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

/// Runs a command to its end and gives its standard output.
pub(crate) fn run(command: &mut Command) -> Result<String, LabError> {
    run_with_input(command, "")
}

/// The same, with text on its standard input.
pub(crate) fn run_with_input(command: &mut Command, input: &str) -> Result<String, LabError> {
    let line = command_line(command);
    let program = PathBuf::from(command.get_program());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(LabError::io(&program))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A tool that ends without reading its input is judged by its status.
        let _ = stdin.write_all(input.as_bytes());
    }
    let done = child.wait_with_output().map_err(LabError::io(&program))?;
    let stdout = String::from_utf8_lossy(&done.stdout).into_owned();
    if done.status.success() {
        return Ok(stdout);
    }
    Err(LabError::Tool {
        command: line,
        status: done.status.to_string(),
        output: stdout + &String::from_utf8_lossy(&done.stderr),
    })
}

fn command_line(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Asks `ready` again and again until it says yes or the time is over.
pub(crate) fn wait_until(limit: Duration, mut ready: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if ready() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The last lines of a text, for error messages.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Does a process run? (A zombie does not.)
#[must_use]
pub fn is_running(pid: u32) -> bool {
    // "PID (name) STATE …"; the name may hold anything, so look from its end.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit(')')
            .next()
            .and_then(|rest| rest.trim_start().chars().next())
            .is_some_and(|state| !matches!(state, 'Z' | 'X'))
    })
}
