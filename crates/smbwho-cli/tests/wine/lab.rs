//! Running the program under Wine, with the DLLs of `lab/windows` in place of
//! Wine's own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// The folder with the program and the DLLs.
pub(crate) fn folder() -> PathBuf {
    let folder = std::env::var_os("SMBWHO_WINDOWS_LAB");
    PathBuf::from(folder.expect("run these with scripts/windows.sh test"))
}

/// A command line, and the file server that the DLLs play.
pub(crate) struct Run {
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    folder: tempfile::TempDir,
}

/// A run of `smbwho` with these arguments.
pub(crate) fn smbwho(arguments: &[&str]) -> Run {
    Run {
        arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
        variables: Vec::new(),
        folder: tempfile::tempdir().expect("a temporary folder"),
    }
}

/// A path as a program under Wine has it: `/` is drive Z.
pub(crate) fn windows_path(path: &Path) -> String {
    let path = path.to_str().expect("UTF-8");
    format!("Z:{}", path.replace('/', r"\"))
}

impl Run {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("calls")
    }

    /// The command that runs it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("wine");
        command
            .arg(folder().join("smbwho.exe"))
            .args(&self.arguments)
            .env_clear()
            .current_dir(self.folder.path());
        for name in ["PATH", "HOME", "WINEPREFIX", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let audit = self.folder.path().join("audit.jsonl");
        command
            .env("LC_ALL", "C.UTF-8")
            .env("WINEDEBUG", "-all")
            .env(
                "WINEDLLOVERRIDES",
                "netapi32,secur32,bcryptprimitives=n;mscoree,mshtml=",
            )
            .env("SMBWHO_LAB_LOG", windows_path(&self.log()))
            .env("SMBWHO_AUDIT_LOG", windows_path(&audit))
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(self) -> Ran {
        let output = self.command().output().expect("wine starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Ran {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            log: std::fs::read_to_string(self.log()).unwrap_or_default(),
        }
    }

    /// Runs it in a terminal until `done` is satisfied with the screen, and
    /// types `keys` as soon as `ready` is. What is on the screen at the end.
    pub(crate) fn on_screen(
        self,
        ready: impl Fn(&str) -> bool,
        keys: &[&str],
        done: impl Fn(&str) -> bool,
    ) -> String {
        let terminal = Terminal::start(&self);
        terminal.wait(&ready);
        if !keys.is_empty() {
            terminal.tmux(&[&["send-keys", "-t", "0"], keys].concat());
        }
        terminal.wait(&done)
    }
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    log: String,
}

impl Ran {
    /// The answer of `-o json`.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The rows of `-o json`.
    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<Value> {
        let rows = self.json()["rows"].as_array().cloned();
        rows.unwrap_or_else(|| panic!("rows in {self:?}"))
    }

    /// The field of every row.
    #[track_caller]
    pub(crate) fn column(&self, name: &str) -> Vec<Value> {
        self.rows().iter().map(|row| row[name].clone()).collect()
    }

    /// The lines of the calls of this function.
    pub(crate) fn calls(&self, function: &str) -> Vec<&str> {
        let own = format!("{function} ");
        let calls = self.log.lines().filter(|line| line.starts_with(&own));
        calls.map(|line| &line[own.len()..]).collect()
    }

    /// Every buffer that this DLL handed out was freed, and once; so many
    /// there were.
    #[track_caller]
    pub(crate) fn assert_freed_once(&self, dll: &str) -> u32 {
        let begin = format!("{dll}: handed out ");
        let line = self.log.lines().find_map(|line| line.strip_prefix(&begin));
        let line = line.unwrap_or_else(|| panic!("no count of {dll}: {self:?}"));
        let (count, rest) = line.split_once(", ").expect("a count");
        let clean = format!("freed {count}, missed 0, doubled 0, foreign 0");
        assert_eq!(rest, clean, "buffers of {dll}: {self:?}");
        count.parse().expect("a number")
    }

    /// As [`assert_freed_once`](Self::assert_freed_once) for netapi32, which
    /// must have handed out some; and a good end.
    #[track_caller]
    pub(crate) fn assert_good(&self) {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert!(self.assert_freed_once("netapi32") > 0, "{self:?}");
        self.assert_freed_once("secur32");
    }
}

/// A terminal of tmux's with one program in it; ended when dropped.
struct Terminal {
    socket: String,
}

impl Terminal {
    fn start(run: &Run) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let this = Self {
            socket: format!("smbwho-wine-{}-{number}", std::process::id()),
        };
        let quote = |text: &std::ffi::OsStr| {
            let text = text.to_str().expect("UTF-8").replace('\'', r"'\''");
            format!("'{text}'")
        };
        let command = run.command();
        let mut words = vec!["env -i".to_owned(), "TERM=xterm-256color".to_owned()];
        words.extend(
            command
                .get_envs()
                .filter_map(|(name, value)| Some(format!("{}={}", name.to_str()?, quote(value?)))),
        );
        words.push(quote(command.get_program()));
        words.extend(command.get_args().map(quote));
        let line = format!("{}; echo ended with $?; exec sleep 600", words.join(" "));
        this.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "120",
            "-y",
            "40",
            &line,
        ]);
        this
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut tmux = Command::new("tmux");
        tmux.args(["-L", &self.socket]).args(arguments);
        // Without a locale of UTF-8 it shows no other letters.
        let output = tmux.env("LC_ALL", "C.UTF-8").output().expect("tmux starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The screen, as soon as it is as wanted.
    fn wait(&self, wanted: &impl Fn(&str) -> bool) -> String {
        let begun = std::time::Instant::now();
        loop {
            let screen = self.tmux(&["capture-pane", "-p", "-e", "-t", "0"]);
            if wanted(&screen) {
                return screen;
            }
            assert!(
                begun.elapsed() < std::time::Duration::from_secs(120),
                "not what was waited for:\n{screen}"
            );
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}
