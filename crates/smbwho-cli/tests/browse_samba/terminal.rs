//! A terminal of 80 by 24 with a shell in it, in a tmux of the test's own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::PROGRAM;

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Terminal {
    folder: tempfile::TempDir,
}

impl Terminal {
    pub(crate) fn open() -> Self {
        let terminal = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        let size = ["-x", "80", "-y", "24"];
        let shell = "cd; PS1='$ ' exec bash --norc --noprofile -i";
        terminal.tmux(&[&["new-session", "-d"], &size[..], &[shell]].concat());
        terminal.line("export SMBWHO_PASSWORD=adm");
        // What programs copy is the clipboard.
        terminal.tmux(&["set-option", "-s", "set-clipboard", "on"]);
        let log = terminal.audit_log();
        terminal.line(&format!("export SMBWHO_AUDIT_LOG={}; clear", log.display()));
        terminal
    }

    pub(crate) fn audit_log(&self) -> PathBuf {
        self.folder.path().join("audit.jsonl")
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        // Only what is wanted from the machine's surroundings.
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .env("HOME", self.folder.path())
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .arg("-u")
            .arg("-S")
            .arg(self.folder.path().join("socket"))
            .args(["-f", "/dev/null"])
            .args(arguments);
        let output = command.output().expect("tmux runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Types a line.
    pub(crate) fn line(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.keys(&["Enter"]);
    }

    /// Presses keys, by tmux's names for them.
    pub(crate) fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Runs smbwho.
    pub(crate) fn start(&self, arguments: &str) {
        self.line(&format!("clear; {PROGRAM} {arguments}"));
    }

    pub(crate) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// The same with the codes of its styles.
    pub(crate) fn styled(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-e"])
    }

    /// Clicks on a place of the screen, counted from 1.
    pub(crate) fn click(&self, column: usize, line: usize) {
        for how in ['M', 'm'] {
            self.tmux(&[
                "send-keys",
                "-l",
                &format!("\u{1b}[<0;{column};{line}{how}"),
            ]);
        }
    }

    pub(crate) fn resize(&self, columns: usize, lines: usize) {
        let (columns, lines) = (columns.to_string(), lines.to_string());
        self.tmux(&["resize-window", "-x", &columns, "-y", &lines]);
    }

    /// What was copied last.
    pub(crate) fn clipboard(&self) -> String {
        self.tmux(&["show-buffer"])
    }

    /// The home and first folder of the shell.
    pub(crate) fn home(&self) -> &Path {
        self.folder.path()
    }

    /// Ends the terminal under whatever runs in it.
    pub(crate) fn close(&self) {
        self.tmux(&["kill-server"]);
    }

    /// Waits until the screen is as it should be, and gives it back.
    pub(crate) fn wait(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return screen;
            }
            assert!(Instant::now() < until, "no {what}:\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The process that the shell runs.
    pub(crate) fn program(&self) -> String {
        let shell = self.tmux(&["display-message", "-p", "#{pane_pid}"]);
        let shell = shell.trim();
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children"));
        let children = children.expect("the shell's children");
        children.trim().to_owned()
    }

    /// Sends a signal to it.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .arg(signal)
            .args(self.program().split_whitespace())
            .status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits until the shell has the terminal again, as it was, after the
    /// program ended with this code.
    pub(crate) fn is_back(&self, code: i32) {
        // What is typed before would be the program's.
        self.wait("prompt", |screen| screen.trim_end().ends_with('$'));
        self.line("echo code=$?; stty -a | grep -o -E -- '-?(icanon|echo) '; echo end");
        let seen = self.wait("shell", |screen| screen.contains("\nend"));
        assert!(seen.contains(&format!("\ncode={code}")), "{code}:\n{seen}");
        assert!(
            seen.contains("\nicanon") && seen.contains("\necho"),
            "{seen}"
        );
        self.line("clear");
        self.wait("clear screen", |screen| !screen.contains("code="));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = Command::new("tmux")
            .arg("-S")
            .arg(self.folder.path().join("socket"))
            .arg("kill-server")
            .output();
    }
}
