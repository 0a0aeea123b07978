//! Running a program of this computer for what it prints: bounded in time and
//! size, and gone when nobody waits for it any more.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
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

/// Standard output beyond which a program is no longer listened to. An open
/// file takes `smbstatus` about a kilobyte.
const MAX_OUTPUT: u64 = 512 << 20;

/// What is kept of standard error.
const MAX_COMPLAINT: u64 = 64 << 10;

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
        told.is_ok_and(|told| told.trim_end() == name)
    };
    Some(processes.any(is_it))
}

/// What the program prints.
pub(super) async fn run(
    program: &Path,
    arguments: &[&str],
    limit: Duration,
) -> Result<Vec<u8>, LocalError> {
    run_up_to(program, arguments, limit, MAX_OUTPUT).await
}

async fn run_up_to(
    program: &Path,
    arguments: &[&str],
    limit: Duration,
    max_output: u64,
) -> Result<Vec<u8>, LocalError> {
    let name = program.display().to_string();
    let not_run = |error: std::io::Error| LocalError::NotRun {
        program: name.clone(),
        why: error.to_string(),
    };
    let mut child = Command::new(program)
        .args(arguments)
        // What it says is looked at: in English, and in one time zone.
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(not_run)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let answer = async {
        let said = async {
            let output = read_up_to(stdout, max_output).await?;
            Ok::<_, std::io::Error>((output, child.wait().await?))
        };
        let (said, complaint) = tokio::join!(said, complaint(stderr));
        let (output, status) = said.map_err(not_run)?;
        Ok((output, status, complaint))
    };
    let Ok(answer) = tokio::time::timeout(limit, answer).await else {
        let program = name;
        return Err(LocalError::TimedOut { program, limit });
    };
    let (output, status, complaint) = answer?;
    if output.len() as u64 > max_output {
        let (program, limit) = (name, max_output);
        return Err(LocalError::TooLong { program, limit });
    }
    if status.success() {
        return Ok(output);
    }
    Err(failure(name, status, &complaint))
}

/// Reads to the end, and no more than one byte more than `limit`; then the
/// pipe is closed, and the program with it.
async fn read_up_to(pipe: Option<impl AsyncRead + Unpin>, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut output = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(limit + 1).read_to_end(&mut output).await?;
    }
    Ok(output)
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

fn failure(program: String, status: ExitStatus, complaint: &str) -> LocalError {
    if complaint.contains("only works as root") {
        return LocalError::NotRoot;
    }
    if complaint.contains("--json") && complaint.contains("unknown option") {
        return LocalError::NoJson;
    }
    let mut lines = complaint.lines().map(str::trim);
    let said = lines.find(|line| !line.is_empty()).unwrap_or("no reason");
    LocalError::Failed {
        program,
        status: status.to_string(),
        said: said.to_owned(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    async fn shell(script: &str, limit: Duration, max: u64) -> Result<Vec<u8>, LocalError> {
        run_up_to(Path::new("/bin/sh"), &["-c", script], limit, max).await
    }

    #[tokio::test]
    async fn what_it_prints_is_the_answer() {
        assert_eq!(
            shell("printf yes; echo no >&2", LONG, 100).await,
            Ok(b"yes".to_vec())
        );
    }

    #[tokio::test]
    async fn one_that_complains_without_end_is_heard_out() {
        let script = "yes complaint | head -c 1000000 >&2; printf done";
        assert_eq!(shell(script, LONG, 100).await, Ok(b"done".to_vec()));
    }

    #[tokio::test]
    async fn one_that_prints_without_end_is_ended() {
        let error = shell("yes", LONG, 1000).await.expect_err("too much");
        assert!(
            matches!(error, LocalError::TooLong { limit: 1000, .. }),
            "{error}"
        );
    }

    #[tokio::test]
    async fn one_that_does_not_end_is_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let pid = folder.path().join("pid");
        let script = format!("echo $$ > {}; exec sleep 600", pid.display());
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

    #[tokio::test]
    async fn failures_say_why() {
        let root = "echo 'smbstatus only works as root!' >&2; exit 1";
        assert_eq!(shell(root, LONG, 100).await, Err(LocalError::NotRoot));
        let old = "printf '\\nInvalid option --json: unknown option\\n' >&2; exit 1";
        assert_eq!(shell(old, LONG, 100).await, Err(LocalError::NoJson));
        let error = shell("echo >&2; echo ' PANIC: x' >&2; kill -ABRT $$", LONG, 100).await;
        let error = error.expect_err("a failure").to_string();
        assert!(
            error.contains("signal: 6") && error.ends_with("PANIC: x"),
            "{error}"
        );
        let nothing = run(Path::new("/nonexistent"), &[], LONG).await;
        assert!(matches!(nothing, Err(LocalError::NotRun { .. })));
    }

    #[test]
    fn processes_are_seen_by_their_names() {
        let own = std::fs::read_to_string("/proc/self/comm").expect("a name");
        assert_eq!(runs(own.trim_end()), Some(true));
        assert_eq!(runs("no-such-process"), Some(false));
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
