//! The files of a domain controller, and the people in its domain.

use super::{AdDc, AdDcBuilder};
use crate::{LabError, tools};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Fills the directory in one go: samba-tool takes a second for each change.
/// Arguments: smb.conf, then lines "user NAME PASSWORD", "account NAME", "local NAME
/// DESCRIPTION" and "group NAME MEMBER…" on standard input, tab-separated.
const FILL: &str = r#"
import sys
import ldb
from samba.auth import system_session
from samba.dsdb import GTYPE_SECURITY_DOMAIN_LOCAL_GROUP
from samba.param import LoadParm
from samba.samdb import SamDB

lp = LoadParm()
lp.load(sys.argv[1])
db = SamDB(url=lp.samdb_url(), session_info=system_session(), lp=lp)
db.set_pwdProperties('0')
db.set_minPwdLength('0')
db.set_minPwdAge('0')
db.transaction_start()
# What was made here need not be looked for.
made = {}
def at(name):
    made[name] = 'CN=%s,CN=Users,%s' % (name, db.domain_dn())
    return made[name]
for line in sys.stdin:
    kind, name, *rest = line.rstrip('\n').split('\t')
    if kind == 'user':
        db.newuser(name, rest[0])
        at(name)
    elif kind == 'account':
        db.add({'dn': at(name), 'objectClass': 'user', 'sAMAccountName': name})
    elif kind == 'local':
        db.newgroup(name, grouptype=GTYPE_SECURITY_DOMAIN_LOCAL_GROUP, description=rest[0])
        at(name)
    else:
        if name not in made and not db.search(expression='(&(objectClass=group)(sAMAccountName=%s))' % name):
            db.newgroup(name)
            at(name)
        if rest and name in made and all(member in made for member in rest):
            change = ldb.Message(ldb.Dn(db, made[name]))
            members = [made[member] for member in dict.fromkeys(rest)]
            change['member'] = ldb.MessageElement(members, ldb.FLAG_MOD_ADD, 'member')
            db.modify(change)
        else:
            db.add_remove_group_members(name, rest, add_members_operation=True)
db.transaction_commit()
"#;

pub(super) fn conf(root: &Path) -> PathBuf {
    root.join("dc/etc/smb.conf")
}

pub(super) fn provision(root: &Path, wanted: &AdDcBuilder) -> Result<(), LabError> {
    let password = AdDc::ADMINISTRATOR_PASSWORD;
    write(&root.join("administrator"), &login_file(password))?;
    write(
        &root.join("hosts"),
        "127.0.0.1 dc1.lab.test dc1 localhost\n",
    )?;
    // Nobody answers there, and says so at once: names come from hosts.
    write(&root.join("resolv.conf"), "nameserver 127.0.0.1\n")?;
    write(&root.join("krb5.conf"), &krb5_conf())?;
    // The machine's own smb.conf must not decide anything here.
    let base = root.join("base.conf");
    write(&base, "[global]\n")?;

    let mut provision = Command::new(tools::find("samba-tool", "samba-common-bin")?);
    provision
        .args([
            "domain",
            "provision",
            "--server-role=dc",
            "--dns-backend=NONE",
        ])
        .arg(format!("--realm={}", AdDc::REALM))
        .arg(format!("--domain={}", AdDc::DOMAIN))
        .args(["--host-name=dc1", "--host-ip=127.0.0.1"])
        // Of a domain that lives for a minute; it guards nothing.
        .arg(format!("--adminpass={password}"))
        .arg(format!("--targetdir={}", root.join("dc").display()))
        .arg(format!("--configfile={}", base.display()));
    tools::run(&mut provision)?;
    extend_conf(root, wanted)?;

    // The system's own Python is the one that has Samba's modules.
    let mut fill = Command::new("/usr/bin/python3");
    fill.args(["-c", FILL]).arg(conf(root));
    tools::run_with_input(&mut fill, &people(wanted))?;
    Ok(())
}

fn people(wanted: &AdDcBuilder) -> String {
    let mut lines = String::new();
    for (name, password) in &wanted.users {
        let _ = writeln!(lines, "user\t{name}\t{password}");
    }
    for name in &wanted.accounts {
        let _ = writeln!(lines, "account\t{name}");
    }
    for (name, description) in &wanted.locals {
        let _ = writeln!(lines, "local\t{name}\t{description}");
    }
    for (name, members) in &wanted.groups {
        let _ = writeln!(lines, "group\t{name}\t{}", members.join("\t"));
    }
    lines
}

fn extend_conf(root: &Path, wanted: &AdDcBuilder) -> Result<(), LabError> {
    let path = conf(root);
    let made = fs::read_to_string(&path).map_err(LabError::io(&path))?;
    let data = root.join("data");
    fs::create_dir(&data).map_err(LabError::io(&data))?;
    for folder in ["pid", "ncalrpc"] {
        let folder = root.join(folder);
        fs::create_dir(&folder).map_err(LabError::io(&folder))?;
    }
    let at = |name: &str| root.join(name).display().to_string();
    let own = [
        ("interfaces", "lo".to_owned()),
        ("bind interfaces only", "yes".to_owned()),
        ("disable netbios", "yes".to_owned()),
        ("pid directory", at("pid")),
        ("ncalrpc dir", at("ncalrpc")),
        (
            "winbindd socket directory",
            "/run/samba/winbindd".to_owned(),
        ),
        ("log level", "1".to_owned()),
    ];
    let mut global = String::from("[global]\n");
    for (name, value) in own.iter().map(|(name, value)| (*name, value)) {
        let _ = writeln!(global, "\t{name} = {value}");
    }
    for (name, value) in &wanted.globals {
        let _ = writeln!(global, "\t{name} = {value}");
    }
    let shares = format!("\n[data]\n\tpath = {}\n\tread only = no\n", data.display());
    write(&path, &(made.replacen("[global]\n", &global, 1) + &shares))
}

fn krb5_conf() -> String {
    let (realm, host) = (AdDc::REALM, AdDc::HOST);
    let domain = realm.to_lowercase();
    format!(
        "[libdefaults]\n\
         \tdefault_realm = {realm}\n\
         \tdns_lookup_realm = false\n\
         \tdns_lookup_kdc = false\n\
         \trdns = false\n\
         [realms]\n\
         \t{realm} = {{\n\
         \t\tkdc = {host}\n\
         \t\tadmin_server = {host}\n\
         \t}}\n\
         [domain_realm]\n\
         \t.{domain} = {realm}\n\
         \t{domain} = {realm}\n"
    )
}

fn login_file(password: &str) -> String {
    let domain = AdDc::DOMAIN;
    format!("username = Administrator\npassword = {password}\ndomain = {domain}\n")
}

fn write(path: &Path, text: &str) -> Result<(), LabError> {
    fs::write(path, text).map_err(LabError::io(path))
}
