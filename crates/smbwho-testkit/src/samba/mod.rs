//! A standalone Samba server: a real smbd with users of its own.

mod accounts;
mod conf;
mod held;

pub use accounts::{Account, AccountState};
pub use held::Held;

use crate::guard::{Guard, Service};
use crate::ports::Port;
use crate::{LabError, tools};
use conf::Layout;
use std::ffi::OsString;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Generous: a loaded machine starts smbd in seconds, an idle one in 0.1 s.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Who answers on smbd's pipes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rpc {
    /// samba-dcerpcd, as on every Samba server.
    #[default]
    Samba,
    /// Nobody: opening a pipe fails. A test may listen on
    /// [`Samba::pipe_socket`] itself.
    None,
}

/// What a [`Samba`] shall be like.
#[derive(Debug, Clone, Default)]
pub struct SambaBuilder {
    globals: Vec<(String, String)>,
    shares: Vec<(String, Vec<(String, String)>)>,
    accounts: Vec<Account>,
    rpc: Rpc,
    addresses: u16,
}

/// A running smbd, gone when dropped.
#[derive(Debug)]
pub struct Samba {
    guard: Guard,
    layout: Layout,
    port: Port,
}

impl SambaBuilder {
    /// Sets a global parameter of smb.conf, after and over the lab's own.
    #[must_use]
    pub fn global(mut self, name: &str, value: &str) -> Self {
        self.globals.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a share with the given parameters and a folder of its own. There
    /// is always a writable share `data`.
    #[must_use]
    pub fn share(mut self, name: &str, parameters: &[(&str, &str)]) -> Self {
        let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        self.shares
            .push((name.to_owned(), parameters.iter().map(own).collect()));
        self
    }

    /// Adds a user who is no administrator.
    #[must_use]
    pub fn user(self, name: &str, password: &str) -> Self {
        self.account(Account::new(name, password))
    }

    /// Adds a member of Builtin\Administrators, whom Samba lets list sessions.
    #[must_use]
    pub fn admin(self, name: &str, password: &str) -> Self {
        self.account(Account::new(name, password).administrator())
    }

    /// Adds an account in whatever state.
    #[must_use]
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }

    /// Chooses who answers on the pipes.
    #[must_use]
    pub fn rpc(mut self, rpc: Rpc) -> Self {
        self.rpc = rpc;
        self
    }

    /// Answers on the first `count` addresses from 127.0.0.1 on, as that many
    /// hosts.
    #[must_use]
    pub fn addresses(mut self, count: u16) -> Self {
        self.addresses = count;
        self
    }

    /// Starts the server and waits until it accepts connections.
    ///
    /// # Errors
    /// What is missing on the machine, which of Samba's tools failed, or the
    /// end of smbd's log when it does not get ready.
    pub fn start(self) -> Result<Samba, LabError> {
        let smbd = tools::find("smbd", "samba")?;
        let port = Port::reserve();
        let folder = tempfile::Builder::new()
            .prefix("smbwho-lab-")
            .tempdir()
            .map_err(LabError::io(std::env::temp_dir()))?;
        let layout = Layout::create(folder.path(), &self.accounts)?;
        layout.write_conf(&self, port.number())?;

        let mut services = vec![layout.service(&smbd, &[], "smbd")];
        if self.rpc == Rpc::Samba {
            let dcerpcd = tools::find_dcerpcd()?;
            let rpcd = layout.service(&dcerpcd, &["--libexec-rpcds", "--np-helper"], "rpcd");
            services.push(rpcd.started_again());
        }
        let mut guard = Guard::watch(folder.path(), &services)?;
        // From here on the guard removes the folder, whatever happens.
        let _ = folder.keep();

        accounts::create(&layout, &self.accounts)?;
        guard.launch()?;
        let samba = Samba {
            guard,
            layout,
            port,
        };
        samba.wait_until_ready(self.rpc)?;
        Ok(samba)
    }
}

impl Samba {
    /// Begins to describe a server.
    #[must_use]
    pub fn builder() -> SambaBuilder {
        SambaBuilder::default()
    }

    /// The TCP port smbd listens on, at 127.0.0.1 and ::1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The server as `smbwho` takes it: `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// The lab's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.layout.root
    }

    /// The server's smb.conf.
    #[must_use]
    pub fn conf(&self) -> PathBuf {
        self.layout.conf()
    }

    /// The folder behind a share.
    #[must_use]
    pub fn share_folder(&self, share: &str) -> PathBuf {
        self.layout.share(share)
    }

    /// The Unix socket to which smbd hands a pipe.
    #[must_use]
    pub fn pipe_socket(&self, pipe: &str) -> PathBuf {
        self.layout.pipes().join(pipe)
    }

    /// The process ids of smbd and, where it runs, samba-dcerpcd.
    #[must_use]
    pub fn pids(&self) -> &[u32] {
        self.guard.pids()
    }

    /// What smbd has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.layout.log()
    }

    /// A command that sees this server's users and configuration: `smbstatus`,
    /// `net`, `pdbedit`.
    ///
    /// # Errors
    /// [`LabError::Missing`] when the program is not installed.
    pub fn tool(&self, program: &str) -> Result<Command, LabError> {
        self.layout.tool(program, "samba-common-bin")
    }

    /// Connects a user to the share `data` and stays connected.
    ///
    /// # Errors
    /// When smbclient is missing, or does not get in.
    pub fn hold_session(&self, user: &str, password: &str) -> Result<Held, LabError> {
        Held::session(&self.layout, self.port(), user, password)
    }

    /// Connects a user who keeps a file of the share `data` open for writing.
    /// `path` is relative to the share.
    ///
    /// # Errors
    /// When smbclient is missing, or cannot open the file.
    pub fn hold_file(&self, user: &str, password: &str, path: &str) -> Result<Held, LabError> {
        Held::file(&self.layout, self.port(), user, password, path, "127.0.0.1")
    }

    /// As [`hold_file`](Self::hold_file), over IPv6: to the server another
    /// client, whose address is `::1`.
    ///
    /// # Errors
    /// As there.
    pub fn hold_file_over_ipv6(
        &self,
        user: &str,
        password: &str,
        path: &str,
    ) -> Result<Held, LabError> {
        Held::file(&self.layout, self.port(), user, password, path, "::1")
    }

    fn wait_until_ready(&self, rpc: Rpc) -> Result<(), LabError> {
        // samba-dcerpcd asks its workers one by one which pipes are theirs.
        let pipes = ["srvsvc", "wkssvc", "samr", "lsarpc"].map(|pipe| self.pipe_socket(pipe));
        let ready = || {
            let pipes = rpc == Rpc::None || pipes.iter().all(|pipe| pipe.exists());
            pipes && TcpStream::connect(("127.0.0.1", self.port())).is_ok()
        };
        let mut died = false;
        let done = tools::wait_until(READY_WITHIN, || {
            died = !self.guard.all_running();
            died || ready()
        });
        if done && !died {
            return Ok(());
        }
        let what = if died { "a server that ended" } else { "smbd" };
        Err(LabError::NotReady {
            what: what.to_owned(),
            after: READY_WITHIN,
            log: tools::tail(&self.layout.output(), 30),
        })
    }
}

impl Layout {
    fn service(&self, program: &Path, more: &[&str], name: &str) -> Service {
        let mut command: Vec<OsString> = vec![program.into()];
        command.extend(["-F", "--no-process-group", "-s"].map(OsString::from));
        command.push(self.conf().into());
        command.push("-l".into());
        command.push(self.logs().into());
        command.extend(more.iter().map(OsString::from));
        Service {
            command,
            env: self.env.clone(),
            output: self.logs().join(format!("{name}.out")),
        }
    }
}
