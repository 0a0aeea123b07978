//! The folder of a standalone server, and its smb.conf.

use super::{Account, SambaBuilder};
use crate::{LabError, tools};
use std::ffi::OsString;
use std::fmt::Write;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where things are, and the variables that make Samba see the lab's users.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) root: PathBuf,
    pub(super) env: Vec<(&'static str, OsString)>,
}

const FOLDERS: &[(&str, u32)] = &[
    ("private", 0o700),
    ("lock", 0o755),
    ("state", 0o755),
    ("cache", 0o755),
    ("pid", 0o755),
    ("logs", 0o755),
    ("pipes", 0o755),
    ("pipes/np", 0o700),
    ("shares", 0o755),
    ("bin", 0o755),
];

/// Samba calls it as: conf, name, path, remark, connections allowed (0: no limit).
const ADD_SHARE: &str = "#!/bin/sh\n\
    net -s \"$1\" conf addshare \"$2\" \"$3\" writeable=y guest_ok=n \"$4\" && \\\n\
    exec net -s \"$1\" conf setparm \"$2\" \"max connections\" \"$5\"\n";
const CHANGE_SHARE: &str = "#!/bin/sh\n\
    net -s \"$1\" conf setparm \"$2\" path \"$3\" && \\\n\
    net -s \"$1\" conf setparm \"$2\" comment \"$4\" && \\\n\
    exec net -s \"$1\" conf setparm \"$2\" \"max connections\" \"$5\"\n";
const DELETE_SHARE: &str = "#!/bin/sh\nexec net -s \"$1\" conf delshare \"$2\"\n";

impl Layout {
    pub(super) fn create(root: &Path, accounts: &[Account]) -> Result<Self, LabError> {
        // smbd walks to a share as the user, who must get through the root.
        set_mode(root, 0o755)?;
        for &(name, mode) in FOLDERS {
            let folder = root.join(name);
            fs::create_dir(&folder).map_err(LabError::io(&folder))?;
            set_mode(&folder, mode)?;
        }
        for (name, text) in [
            ("bin/add-share", ADD_SHARE),
            ("bin/change-share", CHANGE_SHARE),
            ("bin/delete-share", DELETE_SHARE),
        ] {
            write(&root.join(name), text)?;
            set_mode(&root.join(name), 0o755)?;
        }
        write(&root.join("passwd"), &super::accounts::passwd(accounts))?;
        write(&root.join("group"), &super::accounts::group(accounts))?;
        let env = wrapper_env(root)?;
        Ok(Self {
            root: root.to_owned(),
            env,
        })
    }

    pub(super) fn conf(&self) -> PathBuf {
        self.root.join("smb.conf")
    }

    pub(super) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    pub(super) fn pipes(&self) -> PathBuf {
        self.root.join("pipes/np")
    }

    pub(super) fn share(&self, name: &str) -> PathBuf {
        self.root.join("shares").join(name)
    }

    pub(super) fn log(&self) -> String {
        read_lossy(&self.logs().join("log.samba"))
    }

    /// Everything the servers printed or logged.
    pub(super) fn output(&self) -> String {
        ["rpcd.out", "log.samba", "smbd.out"]
            .map(|name| read_lossy(&self.logs().join(name)))
            .join("\n")
    }

    /// A tool of Samba that sees this lab.
    pub(super) fn tool(&self, program: &str, package: &'static str) -> Result<Command, LabError> {
        let mut command = Command::new(tools::find(program, package)?);
        command
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .env("SMB_CONF_PATH", self.conf());
        Ok(command)
    }

    pub(super) fn write_conf(&self, wanted: &SambaBuilder, port: u16) -> Result<(), LabError> {
        let at = |name: &str| self.root.join(name).display().to_string();
        let mut interfaces = String::from("lo");
        for number in 2..=wanted.addresses {
            let [high, low] = number.to_be_bytes();
            let _ = write!(interfaces, " 127.0.{high}.{low}/8");
        }
        let own: &[(&str, String)] = &[
            ("server role", "standalone server".into()),
            ("workgroup", "LAB".into()),
            ("netbios name", "SMBWHOLAB".into()),
            ("private dir", at("private")),
            ("lock directory", at("lock")),
            ("state directory", at("state")),
            ("cache directory", at("cache")),
            ("pid directory", at("pid")),
            ("ncalrpc dir", at("pipes")),
            ("log file", at("logs/log.samba")),
            ("log level", "3".into()),
            ("max log size", "0".into()),
            ("smb ports", port.to_string()),
            ("interfaces", interfaces),
            ("bind interfaces only", "yes".into()),
            ("disable netbios", "yes".into()),
            ("load printers", "no".into()),
            ("printcap name", "/dev/null".into()),
            ("disable spoolss", "yes".into()),
            ("usershare max shares", "0".into()),
            // Started on demand, samba-dcerpcd does not find smbd again here.
            ("rpc start on demand helpers", "no".into()),
            // The endpoint mapper has one port a machine; two labs need none.
            ("rpc_server:epmapper", "disabled".into()),
            // With its last worker gone, samba-dcerpcd ends too, and until it is
            // back a lab that was left alone for a minute answers no calls.
            ("rpcd_classic:idle_seconds", "86400".into()),
            ("rpcd_lsad:idle_seconds", "86400".into()),
            ("add share command", at("bin/add-share")),
            ("change share command", at("bin/change-share")),
            ("delete share command", at("bin/delete-share")),
        ];
        let mut text = String::from("[global]\n");
        for (name, value) in own {
            let _ = writeln!(text, "\t{name} = {value}");
        }
        for (name, value) in &wanted.globals {
            let _ = writeln!(text, "\t{name} = {value}");
        }
        // Shares made by `net conf` and by the share commands live there.
        text += "\tinclude = registry\n";
        let data = (String::from("data"), Vec::new());
        for (name, parameters) in std::iter::once(&data).chain(&wanted.shares) {
            let folder = self.share(name);
            fs::create_dir_all(&folder).map_err(LabError::io(&folder))?;
            set_mode(&folder, 0o777)?;
            let path = folder.display();
            let _ = write!(text, "[{name}]\n\tpath = {path}\n\tread only = no\n");
            for (name, value) in parameters {
                let _ = writeln!(text, "\t{name} = {value}");
            }
        }
        write(&self.conf(), &text)
    }
}

/// With nss_wrapper the lab's users exist for its own processes only, and with
/// uid_wrapper nobody needs to be root.
fn wrapper_env(root: &Path) -> Result<Vec<(&'static str, OsString)>, LabError> {
    let mut preload = tools::find_library("libnss_wrapper.so", "libnss-wrapper")?.into_os_string();
    let mut env: Vec<(&'static str, OsString)> = vec![
        ("NSS_WRAPPER_PASSWD", root.join("passwd").into()),
        ("NSS_WRAPPER_GROUP", root.join("group").into()),
        // A winbindd that happens to run on this machine must not be asked.
        (
            "SELFTEST_WINBINDD_SOCKET_DIR",
            root.join("no-winbindd").into(),
        ),
    ];
    if !tools::is_root() {
        preload.push(" ");
        preload.push(tools::find_library("libuid_wrapper.so", "libuid-wrapper")?);
        env.push(("UID_WRAPPER", "1".into()));
        env.push(("UID_WRAPPER_ROOT", "1".into()));
    }
    env.push(("LD_PRELOAD", preload));
    Ok(env)
}

fn read_lossy(path: &Path) -> String {
    fs::read(path).map_or_else(
        |_| String::new(),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}

fn write(path: &Path, text: &str) -> Result<(), LabError> {
    fs::write(path, text).map_err(LabError::io(path))
}

fn set_mode(path: &Path, mode: u32) -> Result<(), LabError> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(LabError::io(path))
}
