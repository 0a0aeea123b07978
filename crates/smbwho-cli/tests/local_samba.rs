//! No server named: this computer, asked through a real smbstatus beside a
//! real smbd. Where smbstatus must fail in ways it cannot be made to, a shell
//! script stands in its place, and the test says so.

mod common;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use common::{Ran, Smbwho};
use serde_json::{Value, json};
use smbwho_testkit::Samba;
use smbwho_testkit::python::oracle_python;

const ADMIN: &str = "adm-secret";

fn samba() -> Samba {
    Samba::builder()
        .admin("root", ADMIN)
        .user("alice", "a")
        .user("bob", "b")
        .start()
        .expect("a Samba")
}

/// The program on the computer of this lab: with its users and smb.conf.
fn here(samba: &Samba, arguments: &[&str]) -> Ran {
    here_under(samba, &[], arguments)
}

/// The same, as a child of another program.
fn here_under(samba: &Samba, outer: &[&str], arguments: &[&str]) -> Ran {
    let mut program = Smbwho::under(outer, arguments);
    let tool = samba.tool("smbstatus").expect("smbstatus");
    for (name, value) in tool.get_envs() {
        program.command().env(name, value.expect("a value"));
    }
    program.run()
}

/// The program where this script is smbstatus.
fn instead(script: &str, arguments: &[&str]) -> Ran {
    let mut program = Smbwho::new(arguments).file("bin/smbstatus", "");
    let path = program.folder().join("bin/smbstatus");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, executable).expect("executable");
    let folder = path.parent().expect("a folder").display().to_string();
    let rest = std::env::var("PATH").unwrap_or_default();
    program.command().env("PATH", format!("{folder}:{rest}"));
    program.run()
}

fn rows(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    ran.json()["rows"].as_array().expect("rows").clone()
}

fn of<'a>(rows: &'a [Value], user: &str) -> &'a Value {
    let mut of = rows.iter().filter(|row| row["user"] == user);
    let row = of.next().unwrap_or_else(|| panic!("{user} in {rows:?}"));
    assert!(of.next().is_none(), "one of {user}");
    row
}

#[test]
fn sessions_are_shown_without_a_password_with_what_only_samba_knows() {
    let samba = samba();
    let _alice = samba.hold_session("alice", "a").expect("a session");
    let _bob = samba.hold_file("bob", "b", "plans.doc").expect("open");
    let ran = here(&samba, &["-o", "json"]);
    let all = rows(&ran);
    assert_eq!((all.len(), ran.stderr.as_str()), (2, ""));
    let alice = of(&all, "alice");
    assert_eq!(alice["client"], "127.0.0.1");
    assert_eq!(
        (&alice["opens"], &of(&all, "bob")["opens"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(
        (&alice["dialect"], &alice["cipher"]),
        (&json!("3.1.1"), &json!("none"))
    );
    assert_eq!(alice["signing"], "partial(AES-128-GMAC)");
    let address = alice["address"].as_str().expect("an address");
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    assert!(alice["active_secs"].as_u64().is_some_and(|secs| secs < 600));
    for untold in ["idle_secs", "guest", "client_type", "transport", "level"] {
        assert_eq!(alice[untold], Value::Null, "{untold}");
    }
    // The same people as over SMB.
    let over_smb = Smbwho::new(&[
        &samba.address(),
        "-U",
        "root",
        "--user",
        "?*b*",
        "-o",
        "json",
    ]);
    let over_smb = rows(&over_smb.password(ADMIN).run());
    assert_eq!(of(&over_smb, "bob")["client"], "127.0.0.1");
    assert_eq!(
        of(&over_smb, "bob")["address"],
        Value::Null,
        "no level tells it"
    );
}

#[test]
fn encryption_is_told() {
    let samba = Samba::builder()
        .user("alice", "a")
        .global("server smb encrypt", "required");
    let samba = samba.start().expect("a Samba");
    let _alice = samba.hold_session("alice", "a").expect("a session");
    let all = rows(&here(&samba, &["sessions", "-o", "json"]));
    assert_eq!(of(&all, "alice")["cipher"], "AES-128-GCM");
}

#[test]
fn filters_and_order_hold_here_too() {
    let samba = samba();
    let _held =
        ["alice", "bob"].map(|user| samba.hold_session(user, &user[..1]).expect("a session"));
    let users = |arguments: &[&str]| {
        let ran = here(
            &samba,
            &[
                arguments,
                &["-o", "tsv", "--no-header", "--columns", "user"],
            ]
            .concat(),
        );
        assert_eq!(ran.code, Some(0), "{}", ran.seen());
        (ran.stdout, ran.stderr)
    };
    let quiet = |users: &str| (users.to_owned(), String::new());
    assert_eq!(
        users(&["--sort", "user", "--reverse"]),
        quiet("bob\nalice\n")
    );
    assert_eq!(users(&["--user", "AL*"]), quiet("alice\n"));
    assert_eq!(users(&["--client", "192.0.2.*"]), quiet(""));
    assert_eq!(users(&["--sort", "user", "--limit", "1"]), quiet("alice\n"));
    assert_eq!(users(&["--active-over", "1h"]), quiet(""));
    let (nobody, note) = users(&["--idle-over", "1s"]);
    assert!(
        nobody.is_empty() && note.contains("left out 2 sessions"),
        "{note}"
    );
    let wide = here(&samba, &["-o", "wide"]);
    assert!(
        wide.stdout.contains("ADDRESS") && wide.stdout.contains("3.1.1"),
        "{}",
        wide.seen()
    );
    let table = here(&samba, &[]);
    assert!(!table.stdout.contains("ADDRESS") && table.stdout.contains("alice"));
}

#[test]
fn files_can_be_closed_by_the_numbers_they_have_here() {
    let samba = samba();
    let _alice = samba.hold_file("alice", "a", "costs.txt").expect("open");
    let _bob = samba.hold_file("bob", "b", "plans.doc").expect("open");
    let all = rows(&here(&samba, &["files", "-o", "json"]));
    let path = samba.share_folder("data").join("costs.txt");
    let mine = of(&all, "alice");
    assert_eq!(mine["path"].as_str(), path.to_str());
    assert_eq!(
        (&mine["client"], &mine["locks"]),
        (&json!("127.0.0.1"), &Value::Null)
    );
    let permissions = mine["permissions"].to_string();
    assert!(permissions.contains(r#""read","write""#), "{permissions}");
    let over_smb = Smbwho::new(&["files", &samba.address(), "-U", "root", "-o", "json"]);
    let over_smb = rows(&over_smb.password(ADMIN).run());
    for user in ["alice", "bob"] {
        assert_eq!(of(&all, user)["id"], of(&over_smb, user)["id"], "{user}");
    }
    let path = path.to_str().expect("UTF-8");
    for arguments in [
        &["who-has", path][..],
        &["who-has", "COSTS.txt"],
        &["files", "--path", path],
        &["files", "--client", "127.0.0.1", "--user", "alice"],
    ] {
        let ran = here(&samba, &[arguments, &["-o", "json"]].concat());
        let found = rows(&ran);
        assert_eq!(
            (found.len(), &found[0]["id"]),
            (1, &mine["id"]),
            "{arguments:?}"
        );
    }
}

#[test]
fn connections_are_real_here() {
    let samba = samba();
    let _alice = samba.hold_session("alice", "a").expect("a session");
    let _bob = samba.hold_session("bob", "b").expect("a session");
    let to = rows(&here(
        &samba,
        &["connections", "--share", "DATA", "-o", "json"],
    ));
    assert_eq!(
        (to.len(), &of(&to, "alice")["name"]),
        (2, &json!("127.0.0.1"))
    );
    let from = rows(&here(
        &samba,
        &[
            "connections",
            "--client",
            "127.0.0.1",
            "--user",
            "bob",
            "-o",
            "json",
        ],
    ));
    assert_eq!((from.len(), &of(&from, "bob")["name"]), (1, &json!("data")));
}

/// A client with a file open for everything there is. Samba 4.17's smbstatus
/// ends in a panic over it: its JSON has no name for WRITE_OWNER.
fn hold_everything(samba: &Samba) -> Child {
    const SCRIPT: &str = r#"
import sys, uuid
from smbprotocol.connection import Connection
from smbprotocol.session import Session
from smbprotocol.tree import TreeConnect
from smbprotocol.open import *
connection = Connection(uuid.uuid4(), "127.0.0.1", int(sys.argv[1]))
connection.connect()
session = Session(connection, "root", sys.argv[2])
session.connect()
tree = TreeConnect(session, r"\\127.0.0.1\data")
tree.connect()
Open(tree, "all.txt").create(ImpersonationLevel.Impersonation, 0x1f01ff,
    FileAttributes.FILE_ATTRIBUTE_NORMAL, 7, CreateDisposition.FILE_OPEN_IF, 0)
print("open", flush=True)
sys.stdin.read()
"#;
    let mut child = Command::new(oracle_python().expect("smbprotocol"))
        .args(["-c", SCRIPT, &samba.port().to_string(), ADMIN])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python");
    let mut line = String::new();
    let said = child.stdout.take().expect("a pipe");
    BufReader::new(said).read_line(&mut line).expect("a line");
    assert_eq!(line, "open\n");
    child
}

#[test]
fn sessions_are_shown_though_smbstatus_panics_over_a_file() {
    let samba = samba();
    let _alice = samba.hold_session("alice", "a").expect("a session");
    let mut client = hold_everything(&samba);
    let ran = here(&samba, &["-o", "json"]);
    // With its standard input closed it ends.
    drop(client.stdin.take());
    client.wait().expect("it ends");
    let document = ran.json();
    let all = document["rows"].as_array().expect("rows");
    assert_eq!(of(all, "alice")["dialect"], "3.1.1", "{}", ran.seen());
    if ran.code == Some(0) {
        // A Samba that was mended.
        assert_eq!(of(all, "root")["opens"], 1);
        return;
    }
    assert_eq!(ran.code, Some(1), "{}", ran.seen());
    assert_eq!(of(all, "alice")["opens"], Value::Null);
    let error = document["errors"][0]["message"].as_str().expect("an error");
    assert!(
        error.contains("smbstatus") && error.contains("PANIC"),
        "{error}"
    );
}

#[test]
fn without_rights_or_samba_it_says_what_to_do_instead() {
    // What the real one says to anybody but root.
    let not_root = "echo 'smbstatus only works as root!' >&2; exit 1";
    let ran = instead(not_root, &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    for word in ["only root", "sudo smbwho", "smbwho localhost -U"] {
        assert!(ran.stderr.contains(word), "{}", ran.seen());
    }
    let ran = instead(
        "echo 'Invalid option --json: unknown option' >&2; exit 1",
        &["files"],
    );
    assert!(
        ran.code == Some(2) && ran.stderr.contains("since 4.17"),
        "{}",
        ran.seen()
    );
    let ran = instead("exec sleep 600", &["--timeout", "1s"]);
    assert!(
        ran.code == Some(2) && ran.stderr.contains("--timeout"),
        "{}",
        ran.seen()
    );
    for nonsense in [
        "",
        "echo {}",
        "echo '{\"sessions\": 7}'",
        "head -c 100 /dev/zero",
    ] {
        let ran = instead(nonsense, &["-o", "json"]);
        let error = ran.json()["errors"][0]["message"].to_string();
        assert!(
            ran.code == Some(2) && error.contains("cannot read"),
            "{}",
            ran.seen()
        );
    }
}

#[test]
fn names_are_hostile_here_too() {
    let session = r#"{"session_id": "1", "server_id": {"pid": "1"}, "username": "=cmd|x",
        "remote_machine": "\u001b[2J\u202e\u0000ws", "session_dialect": "\u001b]0;x\u0007"}"#;
    let script = format!(
        r#"cat <<'END'
{{"timestamp": "x", "sessions": {{"1": {session}}}}}
END"#
    );
    for arguments in [&["-o", "wide"][..], &["--color", "always"], &["-o", "json"]] {
        let ran = instead(&script, arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.seen());
        let raw = ran.stdout.contains(['\u{7}', '\0']) || ran.stdout.contains("\u{1b}[2J");
        assert!(!raw, "{arguments:?}: {:?}", ran.stdout);
    }
    let csv = instead(&script, &["-o", "csv", "--columns", "user"]);
    assert_eq!(csv.stdout, "user\n'=cmd|x\n");
}

#[test]
fn a_samba_that_does_not_run_is_not_one_without_sessions() {
    let us = std::fs::metadata("/proc/self").expect("ourselves");
    // It takes root to have a list of processes of one's own.
    if std::os::unix::fs::MetadataExt::uid(&us) != 0 {
        return;
    }
    let samba = Samba::builder().start().expect("a Samba");
    let empty = here(&samba, &[]);
    assert_eq!(
        (empty.code, empty.stdout.as_str()),
        (Some(0), "No sessions found.\n")
    );
    // Where no smbd is to be seen.
    let alone = ["unshare", "--pid", "--fork", "--mount-proc"];
    let ran = here_under(&samba, &alone, &[]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(2), ""),
        "{}",
        ran.seen()
    );
    assert!(ran.stderr.contains("no smbd runs"), "{}", ran.seen());
}

#[test]
fn what_this_computer_does_not_tell_and_logins_are_refused() {
    for (arguments, reason) in [
        (&["shares"][..], "localhost -U USER"),
        (&["groups"], "localhost -U USER"),
        (&["info"], "localhost -U USER"),
        (&["-U", "alice"], "--login is for a server"),
        (&["files", "-k"], "--kerberos is for a server"),
    ] {
        let ran = Smbwho::new(arguments).run();
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}"
        );
        assert!(ran.stderr.contains(reason), "{}", ran.seen());
    }
    let ran = instead("echo unreached", &["--level", "1"]);
    assert!(
        ran.code == Some(2) && ran.stderr.contains("Leave --level out"),
        "{}",
        ran.seen()
    );
}
