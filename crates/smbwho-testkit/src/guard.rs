//! Servers that end when their owner does.
//!
//! A small shell starts the servers, each in a session of its own, and reads
//! its standard input, which only the owner holds open. When the owner drops
//! it, or is killed, the shell sees the end of the file, kills the servers
//! with all they have forked, and removes the lab's folder. There is one way
//! to stop, and it is the one that always runs.

use crate::{LabError, tools};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

const STOPPED_WITHIN: Duration = Duration::from_secs(10);

/// One server to run: it must stay in the foreground.
pub(crate) struct Service {
    /// Program and arguments.
    pub(crate) command: Vec<OsString>,
    /// Variables it sees beside the owner's.
    pub(crate) env: Vec<(&'static str, OsString)>,
    /// Where both its streams go.
    pub(crate) output: PathBuf,
}

impl Service {
    /// Starts it again whenever it ends by itself and without an error.
    ///
    /// samba-dcerpcd with `--np-helper` ends when nobody has connected for ten seconds, since
    /// smbd would start it again. (Without that option it would listen on TCP ports, of which
    /// the machine has one set.)
    pub(crate) fn started_again(mut self) -> Self {
        let shell = [
            "/bin/sh",
            "-c",
            r#"while "$@"; do :; done"#,
            "started-again",
        ];
        self.command
            .splice(0..0, shell.map(OsString::from))
            .for_each(drop);
        self
    }
}

/// Running servers and the folder they live in; dropping it ends both.
#[derive(Debug)]
pub(crate) struct Guard {
    shell: Child,
    owner: Option<ChildStdin>,
    pids: Vec<u32>,
}

impl Guard {
    /// Watches over `folder` from now on; the services wait for
    /// [`launch`](Self::launch).
    pub(crate) fn watch(folder: &Path, services: &[Service]) -> Result<Self, LabError> {
        tools::find("setsid", "util-linux")?;
        let mut words: Vec<OsString> = vec![folder.into()];
        let script = script(services, &mut words);
        let mut shell = Command::new("/bin/sh")
            .arg("-c")
            .arg(script)
            .arg("smbwho-lab")
            .args(words)
            // Ctrl-C in a terminal is for the owner; the shell must outlive it.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(LabError::io("/bin/sh"))?;
        let owner = shell.stdin.take();
        Ok(Self {
            shell,
            owner,
            pids: Vec::new(),
        })
    }

    /// Starts the services.
    pub(crate) fn launch(&mut self) -> Result<(), LabError> {
        if let Some(owner) = &mut self.owner {
            owner.write_all(b"go\n").map_err(LabError::io("/bin/sh"))?;
        }
        let mut line = String::new();
        if let Some(stdout) = self.shell.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(LabError::io("/bin/sh"))?;
        }
        self.pids = line
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok())
            .collect();
        Ok(())
    }

    /// The process id of each service, in the order they were given.
    pub(crate) fn pids(&self) -> &[u32] {
        &self.pids
    }

    /// Is every service still there? (A zombie is not.)
    pub(crate) fn all_running(&self) -> bool {
        self.pids.iter().all(|&pid| tools::is_running(pid))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.owner.take());
        // The shell only kills and removes one folder; still, no test shall
        // hang on it.
        tools::wait_until(STOPPED_WITHIN, || {
            !matches!(self.shell.try_wait(), Ok(None))
        });
    }
}

/// The shell's program; its arguments are pushed to `words`, the folder being
/// the first already, so that no name needs quoting.
fn script(services: &[Service], words: &mut Vec<OsString>) -> String {
    let mut reference = |word: OsString| {
        words.push(word);
        format!("\"${{{}}}\"", words.len())
    };
    let mut text = String::from(
        "trap '' HUP INT\n\
         if read -r go; then\n",
    );
    for service in services {
        let output = reference(service.output.clone().into());
        let mut line = String::from("setsid env");
        for (name, value) in &service.env {
            let mut pair = OsString::from(name);
            pair.push("=");
            pair.push(value);
            line = line + " " + &reference(pair);
        }
        for word in &service.command {
            line = line + " " + &reference(word.clone());
        }
        // A child of a shell without job control leads no group, so setsid
        // execs in place: $! is the server, and the number of its group.
        // (dash's kill takes no `--` before a group.)
        text += &format!("{line} </dev/null >{output} 2>&1 & pids=\"$pids $!\"\n");
    }
    text += "trap '' TERM\n\
             echo $pids; exec >/dev/null\n\
             cat\n\
             fi\n\
             for pid in $pids; do kill -KILL -$pid; done\n\
             wait\n\
             rm -rf -- \"$1\" || { sleep 0.2; rm -rf -- \"$1\"; }\n";
    text
}
