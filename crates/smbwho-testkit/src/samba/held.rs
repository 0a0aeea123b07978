//! Real clients that stay connected.

use super::conf::Layout;
use crate::{LabError, tools};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const CONNECTED_WITHIN: Duration = Duration::from_secs(20);

/// A client that stays connected until dropped. It also ends when this process
/// does: its standard input comes from here.
#[derive(Debug)]
pub struct Held {
    client: Child,
    input: Option<ChildStdin>,
    /// Where it prints.
    output: PathBuf,
}

impl Held {
    pub(super) fn session(
        layout: &Layout,
        port: u16,
        user: &str,
        password: &str,
    ) -> Result<Self, LabError> {
        let own = OwnFiles::new(layout)?;
        own.write_login(user, password)?;
        let mut held = Self::spawn(&mut own.smbclient("127.0.0.1", port, None)?, &own)?;
        // smbclient reads commands once it is in; this one leaves a sign.
        let sign = own.path("ready");
        let line = format!("!touch '{}'\n", sign.display());
        if let Some(input) = &mut held.input {
            // Refused? Then the sign is missing, and the log says why.
            let _ = input.write_all(line.as_bytes());
        }
        held.wait_for(|| sign.exists(), &own, user)
    }

    pub(super) fn file(
        layout: &Layout,
        port: u16,
        user: &str,
        password: &str,
        path: &str,
        host: &str,
    ) -> Result<Self, LabError> {
        let own = OwnFiles::new(layout)?;
        own.write_login(user, password)?;
        let target = layout.share("data").join(path);
        // `put -` copies standard input, which does not end, into the file.
        let put = format!("put - \"{}\"", path.replace('/', "\\"));
        let held = Self::spawn(&mut own.smbclient(host, port, Some(&put))?, &own)?;
        held.wait_for(|| target.exists(), &own, user)
    }

    /// The client's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.client.id()
    }

    /// Is the client still connected, as far as its process tells?
    pub fn is_alive(&mut self) -> bool {
        matches!(self.client.try_wait(), Ok(None))
    }

    /// Lets the client come to its end: one that holds a file writes what it
    /// was given and closes it. What it printed is returned.
    ///
    /// # Errors
    /// When it does not end.
    pub fn finish(mut self, input: &[u8]) -> Result<String, LabError> {
        if let Some(mut pipe) = self.input.take() {
            // It may have ended before.
            let _ = pipe.write_all(input);
        }
        let ended = tools::wait_until(CONNECTED_WITHIN, || !self.is_alive());
        let said = said(&self.output);
        if ended {
            return Ok(said);
        }
        Err(LabError::NotReady {
            what: "the end of smbclient".to_owned(),
            after: CONNECTED_WITHIN,
            log: tools::tail(&said, 20),
        })
    }

    fn spawn(command: &mut Command, own: &OwnFiles) -> Result<Self, LabError> {
        let mut client = command.spawn().map_err(LabError::io("smbclient"))?;
        let input = client.stdin.take();
        Ok(Self {
            client,
            input,
            output: own.path("output"),
        })
    }

    fn wait_for(
        mut self,
        ready: impl Fn() -> bool,
        own: &OwnFiles,
        user: &str,
    ) -> Result<Self, LabError> {
        let mut ended = false;
        tools::wait_until(CONNECTED_WITHIN, || {
            ended = !self.is_alive();
            ended || ready()
        });
        if ready() && !ended {
            return Ok(self);
        }
        Err(LabError::NotReady {
            what: format!("smbclient of {user}"),
            after: CONNECTED_WITHIN,
            log: tools::tail(&own.said(), 20),
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.input.take());
        // By its own handle; an error means it has ended already.
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
}

/// The files of one client, in the lab's folder.
struct OwnFiles {
    folder: PathBuf,
}

impl OwnFiles {
    fn new(layout: &Layout) -> Result<Self, LabError> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = layout.root.join(format!("client-{number}"));
        fs::create_dir(&folder).map_err(LabError::io(&folder))?;
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The password goes through a file, as it should anywhere.
    fn write_login(&self, user: &str, password: &str) -> Result<(), LabError> {
        let path = self.path("login");
        let text = format!("username = {user}\npassword = {password}\ndomain = LAB\n");
        fs::write(&path, text).map_err(LabError::io(&path))
    }

    fn smbclient(&self, host: &str, port: u16, script: Option<&str>) -> Result<Command, LabError> {
        let path = self.path("output");
        let output = File::create(&path).map_err(LabError::io(&path))?;
        let errors = output.try_clone().map_err(LabError::io(&path))?;
        let mut command = Command::new(tools::find("smbclient", "smbclient")?);
        command
            .arg(format!("//{host}/data"))
            .args(["-p", &port.to_string(), "-A"])
            .arg(self.path("login"))
            // The machine's own smb.conf must not decide anything here.
            .args(["-s", "/dev/null", "-t", "600"]);
        if let Some(script) = script {
            command.args(["-c", script]);
        }
        command
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .current_dir(&self.folder);
        Ok(command)
    }

    fn said(&self) -> String {
        said(&self.path("output"))
    }
}

fn said(output: &Path) -> String {
    fs::read(output).map_or_else(
        |_| String::new(),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}
