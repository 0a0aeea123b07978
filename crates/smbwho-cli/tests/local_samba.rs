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
    stand_in(script, arguments).run()
}

fn stand_in(script: &str, arguments: &[&str]) -> Smbwho {
    Smbwho::new(arguments).stand_in("smbstatus", script)
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
    assert!(
        mine["share_mode"].is_array() && mine["oplock"].is_string(),
        "{mine}"
    );
    let opened: jiff::Timestamp = mine["opened_at"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("RFC 3339");
    let age = jiff::Timestamp::now().duration_since(opened).as_secs();
    assert!((0..600).contains(&age), "{age} s old");
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
fn paths_of_this_computer_are_followed_through_links() {
    use std::os::unix::fs::symlink;

    let samba = samba();
    let _alice = samba.hold_file("alice", "a", "costs.txt").expect("open");
    let folder = samba.share_folder("data");
    std::fs::write(folder.join("free.txt"), "").expect("written");
    let other = tempfile::tempdir().expect("a folder");
    symlink(&folder, other.path().join("by")).expect("a link");
    std::fs::write(other.path().join("own.txt"), "").expect("written");
    let by = |path: &str| other.path().join(path).display().to_string();
    let drive = format!("C:{}", folder.join("costs.txt").display()).replace('/', r"\");
    for path in [
        by("by/costs.txt"),
        by("by/COSTS.TXT"),
        by("by/../data/costs.txt"),
        format!("file://{}", by("by/costs.txt")),
        format!("'{}'", by("by/costs.txt")),
        drive,
    ] {
        let found = rows(&here(&samba, &["who-has", &path, "-o", "json"]));
        assert_eq!(
            (found.len(), &found[0]["user"]),
            (1, &json!("alice")),
            "{path}"
        );
    }
    let free = here(&samba, &["who-has", &by("by/free.txt")]);
    assert_eq!(
        (free.code, free.stdout.as_str()),
        (Some(0), "Nobody has it open.\n"),
        "{}",
        free.seen()
    );
    for (path, expected) in [
        (by("by/fre.txt"), "no such file or folder"),
        (by("own.txt"), "no share of this server"),
        (
            "file:///mnt/data/d 1.txt".to_owned(),
            "no share of this server",
        ),
        (r"Z:\d 1.txt".to_owned(), r"\\server\share\path"),
    ] {
        let ran = here(&samba, &["who-has", &path]);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{}",
            ran.seen()
        );
        assert!(ran.stderr.contains(expected), "{path}: {}", ran.seen());
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

/// A client of root's with a file open for these rights.
fn hold(samba: &Samba, name: &str, rights: u32) -> Child {
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
Open(tree, sys.argv[3]).create(ImpersonationLevel.Impersonation, int(sys.argv[4]),
    FileAttributes.FILE_ATTRIBUTE_NORMAL, 7, CreateDisposition.FILE_OPEN_IF, 0)
print("open", flush=True)
sys.stdin.read()
"#;
    let mut child = Command::new(oracle_python().expect("smbprotocol"))
        .args(["-c", SCRIPT, &samba.port().to_string(), ADMIN, name])
        .arg(rights.to_string())
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
fn all_is_shown_though_smbstatus_panics_over_a_file() {
    let samba = samba();
    let _alice = samba.hold_session("alice", "a").expect("a session");
    // Samba 4.17's smbstatus ends in a panic over it: its JSON has no name for
    // WRITE_OWNER.
    let mut client = hold(&samba, "all.txt", 0x1f01ff);
    let ran = here(&samba, &["-o", "json"]);
    let files = here(&samba, &["files", "-o", "json"]);
    let who_has = here(&samba, &["who-has", "all.txt", "-o", "json"]);
    let connections = here(&samba, &["connections", "--share", "data", "-o", "json"]);
    let has_json = here_smbstatus(&samba, "--locks").contains("open_files");
    // With its standard input closed it ends.
    drop(client.stdin.take());
    client.wait().expect("it ends");
    let all = rows(&ran);
    assert_eq!(of(&all, "alice")["dialect"], "3.1.1");
    assert_eq!(of(&all, "alice")["opens"], 0);
    assert_eq!(of(&all, "root")["opens"], 1);
    let all = rows(&files);
    let path = samba.share_folder("data").join("all.txt");
    let file = of(&all, "root");
    assert_eq!(file["path"].as_str(), path.to_str());
    assert_eq!(file["client"], "127.0.0.1");
    assert!(file["opened_at"].is_string(), "{file}");
    let permissions = file["permissions"].to_string();
    assert!(permissions.contains("delete"), "{permissions}");
    assert_eq!(rows(&who_has).len(), 1);
    assert_eq!(of(&rows(&connections), "root")["name"], "127.0.0.1");
    // The number stands in the JSON only, which this smbstatus has none of.
    assert_eq!(file["id"].is_null(), !has_json, "{file}");
}

/// What the real smbstatus says in JSON.
fn here_smbstatus(samba: &Samba, option: &str) -> String {
    let mut tool = samba.tool("smbstatus").expect("smbstatus");
    let output = tool.args(["--json", option]).output().expect("it runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The program where the real smbstatus has no JSON, or fails at it as this
/// script has it.
fn without_json(samba: &Samba, script: &str, arguments: &[&str]) -> Ran {
    let real = samba.tool("smbstatus").expect("smbstatus");
    let path = real.get_program().to_str().expect("UTF-8").to_owned();
    let which = format!("command -v {path}");
    let found = Command::new("sh").args(["-c", &which]).output();
    let found = String::from_utf8(found.expect("a shell").stdout).expect("UTF-8");
    let found = found.trim();
    let script = format!("case \"$*\" in *json*) {script};; *) exec {found} \"$@\";; esac");
    let mut program = stand_in(&script, arguments);
    for (name, value) in real.get_envs() {
        program.command().env(name, value.expect("a value"));
    }
    program.run()
}

#[test]
fn a_smbstatus_without_json_tells_all_the_same() {
    let samba = samba();
    let _alice = samba.hold_session("alice", "a").expect("a session");
    let _bob = samba.hold_file("bob", "b", "plans.doc").expect("open");
    // 4.17 without Jansson, 4.14 or so, and 4.13, which takes no notice.
    for script in [
        "echo 'JSON support not available, please install lib Jansson' >&2",
        "echo 'Invalid option --json: unknown option' >&2; exit 1",
        "echo; echo Samba version 4.13.13-Debian",
    ] {
        let sessions = rows(&without_json(&samba, script, &["-o", "json"]));
        let bob = of(&sessions, "bob");
        assert_eq!((sessions.len(), &bob["opens"]), (2, &json!(1)), "{script}");
        assert_eq!(bob["client"], "127.0.0.1");
        assert_eq!(bob["dialect"], "3.1.1");
        let address = bob["address"].as_str().expect("an address");
        assert!(address.starts_with("127.0.0.1:"), "{address}");
        assert!(
            bob["active_secs"].as_u64().is_some_and(|secs| secs < 600),
            "{bob}"
        );
        assert_eq!(of(&sessions, "alice")["opens"], 0, "{script}");
        let files = rows(&without_json(&samba, script, &["files", "-o", "json"]));
        let file = of(&files, "bob");
        let path = samba.share_folder("data").join("plans.doc");
        assert_eq!(file["path"].as_str(), path.to_str());
        assert_eq!(
            (&file["id"], &file["share_mode"]),
            (&Value::Null, &Value::Null)
        );
        let share = ["connections", "--share", "data", "-o", "json"];
        let connections = rows(&without_json(&samba, script, &share));
        assert_eq!(of(&connections, "alice")["name"], "127.0.0.1", "{script}");
    }
    // The real one, with nothing open.
    drop(_bob);
    let script = "echo 'JSON support not available' >&2";
    let files = without_json(&samba, script, &["files", "-o", "json"]);
    assert_eq!(rows(&files), [Value::Null; 0], "{}", files.seen());
}

#[test]
fn a_file_that_json_drops_is_told_all_the_same() {
    let samba = Samba::builder()
        .admin("root", ADMIN)
        .user("alice", "a")
        .global("unix charset", "ISO8859-1");
    let samba = samba.start().expect("a Samba");
    // On the disk its name is not UTF-8.
    let mut odd = hold(&samba, "über.txt", 0x12019f);
    let _plain = samba.hold_file("alice", "a", "plain.txt").expect("open");
    let files = rows(&here(&samba, &["files", "-o", "json"]));
    let mut names: Vec<_> = files
        .iter()
        .filter_map(|row| row["path"].as_str()?.rsplit('/').next())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["plain.txt", "\u{fffd}ber.txt"], "{files:?}");
    let of_root = of(&files, "root")["path"].as_str().expect("a path");
    assert!(of_root.ends_with("\u{fffd}ber.txt"), "{of_root}");
    // What the JSON has is not told twice, and keeps its number.
    assert!(of(&files, "alice")["id"].is_u64(), "{files:?}");
    // Who looks for a name is told that not all can be compared with it.
    let looked = here(&samba, &["who-has", "über.txt", "-o", "json"]);
    drop(odd.stdin.take());
    odd.wait().expect("it ends");
    assert_eq!(looked.code, Some(1), "{}", looked.seen());
    let error = looked.json()["errors"][0]["message"].to_string();
    assert!(error.contains("not UTF-8"), "{error}");
}

#[test]
fn what_smbstatus_complains_of_is_passed_on() {
    let session = r#"{"session_id": "1", "server_id": {"pid": "1"}, "username": "alice"}"#;
    let json = format!(r#"echo '{{"sessions": {{"1": {session}}}, "tcons": {{}}}}'"#);
    // Its text cannot be had: the rows may not be all.
    let script = format!("{json}; echo 'Unable to add string' >&2");
    let ran = instead(&script, &["-o", "json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.seen());
    let document = ran.json();
    assert_eq!(document["rows"][0]["user"], "alice");
    let error = document["errors"][0]["message"].to_string();
    assert!(error.contains("Unable to add string"), "{error}");
    // What it says of smb.conf means nothing.
    let script = format!("{json}; echo 'Ignoring unknown parameter \"x\"' >&2");
    let ran = instead(&script, &["-o", "json"]);
    assert_eq!(rows(&ran)[0]["user"], "alice");
    // Without any JSON or text its own words are the reason.
    let jansson = "echo 'JSON support not available, please install lib Jansson' >&2";
    for arguments in [
        &["sessions"][..],
        &["files"],
        &["connections", "--share", "x"],
    ] {
        let ran = instead(jansson, arguments);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{}",
            ran.seen()
        );
        assert!(
            ran.stderr.contains("please install lib Jansson"),
            "{}",
            ran.seen()
        );
    }
}

#[test]
fn secrets_are_not_for_the_programs_that_are_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let written = folder.path().join("environment");
    let script = format!("env >{}; exit 1", written.display());
    let mut program = stand_in(&script, &["-o", "json"]);
    for (name, value) in [
        ("SMBWHO_PASSWORD", "geheim"),
        ("PASSWD", "geheim"),
        ("AWS_SECRET_ACCESS_KEY", "geheim"),
        ("SMB_CONF_PATH", "/nonexistent"),
    ] {
        program.command().env(name, value);
    }
    program.run();
    let environment = std::fs::read_to_string(written).expect("it was run");
    assert!(!environment.contains("geheim"), "{environment}");
    assert!(
        environment.contains("SMB_CONF_PATH=/nonexistent"),
        "{environment}"
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
    // Not listened to for long.
    let ran = instead("exec cat /dev/zero", &["-o", "json"]);
    let error = ran.json()["errors"][0]["message"].to_string();
    assert!(
        ran.code == Some(2) && error.contains("none of its lists"),
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
