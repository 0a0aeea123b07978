//! Running the real program, away from whatever the machine has set up.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_smbwho");

/// The program in an environment of nothing but what a test gives it: no
/// configuration of the user, no password, no Kerberos.
pub(crate) struct Smbwho {
    command: Command,
    home: tempfile::TempDir,
}

impl Smbwho {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        Self::under(&[], arguments)
    }

    /// As a child of another program, `setsid` for example.
    pub(crate) fn under(outer: &[&str], arguments: &[&str]) -> Self {
        Self::words(&[outer, &[PROGRAM], arguments].concat())
    }

    /// Any program, in the same environment.
    pub(crate) fn words(words: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env_clear();
        for (name, value) in std::env::vars_os() {
            // What the program is run and measured by may stay.
            let keep = ["PATH", "LLVM_PROFILE_FILE", "SystemRoot", "TMPDIR"];
            if keep.iter().any(|kept| name == *kept) {
                command.env(name, value);
            }
        }
        command
            .env("HOME", home.path())
            .current_dir(home.path())
            .stdin(Stdio::null());
        Self { command, home }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Signs in with this password.
    pub(crate) fn password(self, password: &str) -> Self {
        self.env("SMBWHO_PASSWORD", password)
    }

    /// The folder in which it runs, which is its home too.
    pub(crate) fn folder(&self) -> &Path {
        self.home.path()
    }

    /// Puts a file into that folder.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.folder().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
        self
    }

    /// Has this shell script stand in the place of another program, which it
    /// finds first on PATH.
    #[cfg(unix)]
    pub(crate) fn stand_in(mut self, program: &str, script: &str) -> Self {
        let file = format!("bin/{program}");
        self = self.file(&file, &format!("#!/bin/sh\n{script}\n"));
        let path = self.folder().join(file);
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&path, executable).expect("executable");
        let folder = path.parent().expect("a folder").display().to_string();
        let rest = std::env::var("PATH").unwrap_or_default();
        self.env("PATH", &format!("{folder}:{rest}"))
    }

    pub(crate) fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    pub(crate) fn run(mut self) -> Ran {
        Ran::from(self.command.output().expect("the program starts"))
    }

    /// Runs with this on standard input.
    pub(crate) fn run_with_input(mut self, input: &str) -> Ran {
        let piped = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the program starts");
        // It may end without reading.
        let _ = child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(input.as_bytes());
        Ran::from(child.wait_with_output().expect("the program ends"))
    }
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Ran {
    /// Everything a script or a person sees, for a snapshot.
    pub(crate) fn seen(&self) -> String {
        let code = self
            .code
            .map_or("ended by a signal".to_owned(), |code| code.to_string());
        format!(
            "exit: {code}\n--- stdout\n{}--- stderr\n{}",
            self.stdout, self.stderr
        )
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.seen()))
    }
}

/// A port of 127.0.0.1 where nothing listens.
pub(crate) fn dead_port() -> (std::net::TcpListener, u16) {
    // Bound on another loopback address, so that nobody else takes the number,
    // while 127.0.0.1 refuses.
    let listener = std::net::TcpListener::bind("127.0.0.2:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}
