//! An Active Directory domain controller: Kerberos and domain groups for real.
//!
//! It runs in namespaces of its own (network, mounts, processes, host name), so
//! that it may have ports 88 and 445, its own `/etc/hosts` and its own winbindd
//! without anything outside noticing. Clients therefore run inside too:
//! [`AdDc::inside`] and [`AdDc::run_test_inside`]. Namespaces take root.

mod door;
mod setup;

pub use door::Door;

use crate::guard::{Guard, Service};
use crate::{LabError, tools};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Includes the ten seconds or so that samba takes on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(90);
const INSIDE: &str = "SMBWHO_LAB_INSIDE";
const KDC_PORT: u16 = 88;
const LDAP_PORT: u16 = 389;
const SMB_PORT: u16 = 445;

/// Describes a domain.
#[derive(Debug, Clone)]
pub struct AdDcBuilder {
    globals: Vec<(String, String)>,
    pub(crate) users: Vec<(String, String)>,
    pub(crate) accounts: Vec<String>,
    pub(crate) locals: Vec<(String, String)>,
    pub(crate) groups: Vec<(String, Vec<String>)>,
}

/// A running domain controller, gone when dropped.
#[derive(Debug)]
pub struct AdDc {
    guard: Guard,
    root: PathBuf,
    init: u32,
}

impl AdDcBuilder {
    /// Sets a global parameter of the controller's smb.conf.
    #[must_use]
    pub fn global(mut self, name: &str, value: &str) -> Self {
        self.globals.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a domain user. Any password will do.
    #[must_use]
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.users.push((name.to_owned(), password.to_owned()));
        self
    }

    /// Adds a domain user without a password, who cannot sign in: a thousand of
    /// these take no longer than ten with one.
    #[must_use]
    pub fn account(mut self, name: &str) -> Self {
        self.accounts.push(name.to_owned());
        self
    }

    /// Adds a domain user who is a member of Domain Admins.
    #[must_use]
    pub fn admin(self, name: &str, password: &str) -> Self {
        self.user(name, password).group("Domain Admins", &[name])
    }

    /// Puts members, users or groups, into a group, which is made when there
    /// is none of this name. Groups are handled in the order given.
    #[must_use]
    pub fn group(mut self, name: &str, members: &[&str]) -> Self {
        let members = members.iter().map(|&member| member.to_owned()).collect();
        self.groups.push((name.to_owned(), members));
        self
    }

    /// Adds a domain-local group, which [`group`](Self::group) can put members
    /// into.
    #[must_use]
    pub fn local_group(mut self, name: &str, description: &str) -> Self {
        self.locals.push((name.to_owned(), description.to_owned()));
        self
    }

    /// Provisions the domain and starts its controller; about ten seconds.
    ///
    /// # Errors
    /// [`LabError::NotAllowed`] without the right to make namespaces, what is
    /// missing on the machine, or what failed.
    pub fn start(self) -> Result<AdDc, LabError> {
        may_make_namespaces()?;
        let samba = tools::find("samba", "samba-ad-dc")?;
        let root = tempfile::Builder::new()
            .prefix("smbwho-lab-ad-")
            .tempdir()
            .map_err(LabError::io(std::env::temp_dir()))?;
        let service = Service {
            command: namespace_command(&samba, root.path())?,
            env: Vec::new(),
            output: root.path().join("samba.out"),
        };
        let mut guard = Guard::watch(root.path(), &[service])?;
        // From here on the guard removes the folder, whatever happens.
        let root = root.keep();
        setup::provision(&root, &self)?;
        guard.launch()?;
        let mut dc = AdDc {
            guard,
            root,
            init: 0,
        };
        dc.wait_until_ready()?;
        Ok(dc)
    }
}

impl AdDc {
    /// The Kerberos realm.
    pub const REALM: &str = "LAB.TEST";
    /// The domain's short name.
    pub const DOMAIN: &str = "LABAD";
    /// The controller's name, which resolves inside.
    pub const HOST: &str = "dc1.lab.test";
    /// Its address, inside.
    pub const ADDRESS: &str = "127.0.0.1";
    /// The password of `Administrator`.
    pub const ADMINISTRATOR_PASSWORD: &str = "Lab.Adm1n.pass";

    /// Begins to describe a domain.
    #[must_use]
    pub fn builder() -> AdDcBuilder {
        AdDcBuilder {
            globals: Vec::new(),
            users: Vec::new(),
            accounts: Vec::new(),
            locals: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// A command that runs inside, in this process's working directory, with
    /// `KRB5_CONFIG` naming the domain and a credentials cache of the lab's.
    #[must_use]
    pub fn inside(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &self.init.to_string()])
            // The root too, lest entering the mounts lead out of a chroot.
            .args(["--net", "--mount", "--pid", "--uts", "--root"])
            // Wherever the caller is, entering leads to the root folder.
            .args(["/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh"])
            .arg(std::env::current_dir().unwrap_or_else(|_| "/".into()))
            .arg(program)
            .env("KRB5_CONFIG", self.krb5_conf())
            .env("KRB5CCNAME", self.root.join("ccache"))
            .env("SMB_CONF_PATH", self.conf());
        command
    }

    /// Runs one test of the calling test binary again, inside, and gives its
    /// output. The test asks [`AdDc::is_inside`] which of the two it is.
    ///
    /// # Errors
    /// [`LabError::Tool`] with the output when the test fails inside.
    pub fn run_test_inside(&self, test: &str) -> Result<String, LabError> {
        let program = std::env::current_exe().map_err(LabError::io("/proc/self/exe"))?;
        let mut command = self.inside(program);
        command
            .args(["--exact", test, "--nocapture"])
            .env(INSIDE, "1");
        tools::run(&mut command)
    }

    /// Does this process run inside a domain controller's namespaces, by
    /// [`run_test_inside`](Self::run_test_inside)?
    #[must_use]
    pub fn is_inside() -> bool {
        std::env::var_os(INSIDE).is_some()
    }

    /// Opens a port outside that leads to SMB inside, over which NTLM works:
    /// for clients that count or delay what they send.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn door(&self) -> Result<Door, LabError> {
        let path = format!("/proc/{}/ns/net", self.init);
        let network = fs::File::open(&path).map_err(LabError::io(&path))?;
        Door::to(network, SMB_PORT).map_err(LabError::io(&path))
    }

    /// A krb5.conf that finds the realm's KDC.
    #[must_use]
    pub fn krb5_conf(&self) -> PathBuf {
        self.root.join("krb5.conf")
    }

    /// The controller's smb.conf.
    #[must_use]
    pub fn conf(&self) -> PathBuf {
        setup::conf(&self.root)
    }

    /// The lab's folder, visible inside and outside.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.root
    }

    /// What samba has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(self.root.join("samba.out")).map_or_else(
            |_| String::new(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// The process ids of the lab's own processes, outermost first.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        let mut pids = self.guard.pids().to_vec();
        pids.push(self.init);
        pids
    }

    fn wait_until_ready(&mut self) -> Result<(), LabError> {
        let outer = self.guard.pids().first().copied().unwrap_or(0);
        let mut refusal = String::new();
        let signed_in = tools::wait_until(READY_WITHIN, || {
            if !self.guard.all_running() {
                return true;
            }
            self.init = child_of(outer).unwrap_or(0);
            self.init != 0
                && [KDC_PORT, LDAP_PORT, SMB_PORT]
                    .iter()
                    .all(|&port| listens(self.init, port))
                && self
                    .administrator_gets_in()
                    .map_err(|error| refusal = error.to_string())
                    .is_ok()
        });
        if signed_in && self.guard.all_running() {
            return Ok(());
        }
        Err(LabError::NotReady {
            what: "the domain controller".to_owned(),
            after: READY_WITHIN,
            log: tools::tail(&self.log(), 40) + "\n" + &refusal,
        })
    }

    fn administrator_gets_in(&self) -> Result<(), LabError> {
        let mut smbclient = self.inside("smbclient");
        smbclient
            .args(["-s", "/dev/null", "-A"])
            .arg(self.root.join("administrator"))
            .args(["-L", Self::ADDRESS]);
        tools::run(&mut smbclient).map(drop)
    }
}

fn may_make_namespaces() -> Result<(), LabError> {
    let unshare = tools::find("unshare", "util-linux")?;
    tools::find("nsenter", "util-linux")?;
    tools::find("smbclient", "smbclient")?;
    let mut trial = Command::new(unshare);
    trial.args(["--net", "--mount", "--pid", "--uts", "--fork", "true"]);
    tools::run(&mut trial)
        .map(drop)
        .map_err(|_| LabError::NotAllowed {
            what: "a domain controller in network and mount namespaces of its own",
            needs: "root (CAP_SYS_ADMIN and CAP_NET_ADMIN)",
        })
}

/// The first process inside is a shell that arranges the place and becomes
/// samba; when it is killed, the kernel ends all the others inside.
fn namespace_command(samba: &Path, root: &Path) -> Result<Vec<std::ffi::OsString>, LabError> {
    let script = "set -e\n\
        hostname dc1 2>/dev/null || true\n\
        \"$2\" link set lo up\n\
        mount -t tmpfs -o mode=755 tmpfs /run\n\
        mkdir -p /run/samba\n\
        mount --bind \"$1/hosts\" /etc/hosts\n\
        mount --bind \"$1/resolv.conf\" /etc/resolv.conf\n\
        exec \"$3\" -s \"$1/dc/etc/smb.conf\" -F --no-process-group --debug-stdout\n";
    let ip = tools::find("ip", "iproute2")?;
    let words = [
        "unshare",
        "--net",
        "--mount",
        "--pid",
        "--uts",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "/bin/sh",
        "-c",
        script,
        "sh",
    ];
    let mut command: Vec<_> = words.iter().map(std::ffi::OsString::from).collect();
    command.extend([root.into(), ip.into(), samba.into()]);
    Ok(command)
}

/// The only child of a process.
fn child_of(pid: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// Does anything listen on a TCP port in the network of this process?
fn listens(pid: u32, port: u16) -> bool {
    let wanted = format!(":{port:04X}");
    let Ok(table) = fs::read_to_string(format!("/proc/{pid}/net/tcp")) else {
        return false;
    };
    table.lines().skip(1).any(|line| {
        // "sl local_address rem_address st …"; 0A is LISTEN.
        let mut words = line.split_whitespace().skip(1);
        let local = words.next().unwrap_or_default();
        local.ends_with(&wanted) && words.nth(1) == Some("0A")
    })
}
