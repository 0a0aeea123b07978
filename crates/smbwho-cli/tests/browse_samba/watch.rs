//! `smbwho watch`: an event a line.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;
use smbwho_testkit::{Cut, CutLine, Direction};

use crate::common::{Smbwho, dead_port};
use crate::{hold, samba};

/// The command line that follows a server's sessions, as JSON lines.
fn every_second(server: &str) -> [&str; 8] {
    [
        "watch",
        server,
        "-U",
        "root",
        "--interval",
        "1s",
        "-o",
        "jsonl",
    ]
}

#[test]
fn watch_prints_an_event_a_line() {
    let samba = samba();
    let address = samba.address();
    let arguments = every_second(&address);
    let mut smbwho = Smbwho::new(&arguments).password("adm");
    let mut child = smbwho
        .command()
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = |event: &str, user: &str| -> Value {
        loop {
            let line = lines.next().expect("a line").expect("read");
            let value: Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!(value["schema"], "smbwho/1");
            assert_eq!(value["kind"], "sessions");
            if value["event"] == event && value["row"]["user"] == user {
                return value;
            }
        }
    };
    assert_eq!(next("appeared", "root")["initial"], true);
    let alice = hold(&samba, "alice");
    let appeared = next("appeared", "alice");
    assert_eq!(appeared["initial"], false);
    assert_eq!(appeared["row"]["server"], address.as_str());
    assert_eq!(appeared["row"]["client"], "127.0.0.1");
    drop(alice);
    next("gone", "alice");
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));

    // Whoever reads may have had enough.
    let mut child = smbwho
        .command()
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("a pipe"))
        .read_line(&mut first)
        .expect("a line");
    let _alice = hold(&samba, "alice");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn watch_tells_a_failure_once() {
    let (_port, dead) = dead_port();
    let dead = format!("127.0.0.1:{dead}");
    let arguments = every_second(&dead);
    let mut smbwho = Smbwho::under(&["timeout", "-s", "INT", "4"], &arguments).password("adm");
    let output = smbwho.command().output().expect("it ran");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 1, "{text}");
    assert_eq!(lines[0]["event"], "error");
    assert_eq!(lines[0]["error"]["server"], dead.as_str());
    assert_eq!(lines[0]["error"]["step"], "connect");
}

#[test]
fn watch_ends_where_every_server_refuses_the_account() {
    let samba = samba();
    let address = samba.address();
    let ran = Smbwho::new(&["watch", &address, "-U", "root", "-o", "jsonl"])
        .password("wrong")
        .run();
    assert_eq!(ran.code, Some(2), "{}", ran.seen());
    let error: Value = serde_json::from_str(&ran.stdout).expect("one line");
    assert_eq!(error["event"], "error");
    assert_eq!(error["error"]["step"], "sign-in");
}

/// A server that hangs up on a wrong password refuses it as well: what counts is
/// how often it was shown one.
#[test]
fn watch_never_sends_a_password_again_that_was_not_answered() {
    let samba = samba();
    let line = |bytes| {
        CutLine::to(samba.address(), Direction::ToClient, bytes, Cut::Close).expect("a port")
    };
    let follow = |line: &CutLine| {
        let arguments = ["watch", &line.address(), "-U", "root", "--interval", "1s"];
        Smbwho::new(&arguments).password("wrong").run()
    };
    let whole = line(u64::MAX);
    assert_eq!(follow(&whole).code, Some(2));
    let cut = line(whole.bytes(Direction::ToClient) - 1);
    let ran = follow(&cut);
    assert_eq!(
        (ran.code, cut.connections()),
        (Some(2), 1),
        "{}",
        ran.seen()
    );
    assert!(ran.stdout.contains("while signing in"), "{}", ran.seen());
}

/// The next event may be hours away.
#[cfg(unix)]
#[test]
fn watch_ends_when_nobody_reads_it_any_more() {
    let (_port, dead) = dead_port();
    let dead = format!("127.0.0.1:{dead}");
    let arguments = ["watch", &dead, "-U", "root", "--interval", "10h"];
    // Killed after a minute if it does not end by itself.
    let mut smbwho = Smbwho::under(&["timeout", "-s", "KILL", "60"], &arguments).password("adm");
    let mut child = smbwho
        .command()
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("a pipe"))
        .read_line(&mut first)
        .expect("a line");
    assert!(first.contains("nothing listens"), "{first}");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
