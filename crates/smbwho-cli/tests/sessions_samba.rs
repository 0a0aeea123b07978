//! The program against a real Samba with people connected.

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{PROGRAM, Ran, Smbwho, dead_port};
use smbwho_testkit::{Held, Samba, Stranger};

const ADMIN: &str = "adm-secret";

/// A server with alice, bob and carol connected.
fn office() -> (Samba, [Held; 3]) {
    let samba = Samba::builder()
        .admin("root", ADMIN)
        .user("alice", "a")
        .user("bob", "b")
        .user("carol", "c")
        .start()
        .expect("a Samba");
    let held = [("alice", "a"), ("bob", "b"), ("carol", "c")]
        .map(|(user, password)| samba.hold_session(user, password).expect("connected"));
    (samba, held)
}

fn as_root(arguments: &[&str]) -> Smbwho {
    Smbwho::new(arguments).password(ADMIN).env("USER", "root")
}

fn users(ran: &Ran) -> Vec<String> {
    let document = ran.json();
    let rows = document["rows"].as_array().expect("rows");
    let mut users: Vec<String> = rows
        .iter()
        .map(|row| row["user"].as_str().expect("a user").to_owned())
        .collect();
    users.sort();
    users
}

/// The server speaks SMB 3.0 and encrypts for whoever wants it; a wrong password
/// would be refused.
#[test]
fn what_the_connection_must_be_is_said_by_options_or_configuration() {
    let samba = Samba::builder()
        .admin("root", ADMIN)
        .global("server max protocol", "SMB3_00")
        .start()
        .expect("a Samba");
    let address = samba.address();
    let info = |options: &[&str]| {
        let arguments = [&["info", &address, "-U", "root", "-o", "json"], options].concat();
        as_root(&arguments).run()
    };
    let ran = info(&["--min-protocol", "smb3_00"]);
    assert_eq!(ran.json()["rows"][0]["encryption"], "none");
    let ran = info(&["--client-protection", "encrypt"]);
    assert_eq!(ran.json()["rows"][0]["encryption"], "AES-128-CCM");

    for option in ["--min-protocol=3.0.2", "--min-protocol=SMB3"] {
        let ran = Smbwho::new(&["sessions", &address, "-U", "root", option])
            .password("wrong")
            .run();
        assert_eq!(ran.code, Some(2), "{}", ran.seen());
        assert!(ran.stderr.contains("negotiate"), "{}", ran.seen());
        assert!(ran.stderr.contains("SMB 3.0 at most"), "{}", ran.seen());
    }
    let ran = Smbwho::new(&["sessions", &address, "-N"])
        .file("my.toml", "client_protection = 'sign'")
        .env("SMBWHO_CONFIG", "my.toml")
        .run();
    assert_eq!(ran.code, Some(2), "{}", ran.seen());
    assert!(ran.stderr.contains("signing is required"), "{}", ran.seen());
}

#[test]
fn everybody_is_named_in_every_format() {
    let (samba, _held) = office();
    let address = samba.address();

    let ran = as_root(&["sessions", &address, "-U", "root", "-o", "json"]).run();
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(0), ""),
        "{}",
        ran.seen()
    );
    assert_eq!(users(&ran), ["alice", "bob", "carol", "root"]);
    let document = ran.json();
    assert_eq!(document["schema"], "smbwho/1");
    assert_eq!(document["errors"], serde_json::json!([]));
    for row in document["rows"].as_array().expect("rows") {
        assert_eq!(row["server"], address);
        assert_eq!(row["level"], 1);
        assert_eq!(
            row["idle_secs"],
            serde_json::Value::Null,
            "Samba keeps no idle time"
        );
        assert!(row["active_secs"].is_u64() && row["opens"].is_u64() && row["guest"] == false);
        assert_eq!(row["transport"], serde_json::Value::Null);
    }

    for format in ["table", "wide", "jsonl", "csv", "tsv"] {
        let ran = as_root(&[&address, "-o", format]).run();
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (Some(0), ""),
            "{}",
            ran.seen()
        );
        for user in ["alice", "bob", "carol", "root"] {
            assert!(ran.stdout.contains(user), "{user} in {}", ran.stdout);
        }
        let header = usize::from(format != "jsonl");
        assert_eq!(ran.stdout.lines().count(), 4 + header, "{}", ran.stdout);
        assert!(!ran.stdout.contains('\u{1b}'), "no colour in a pipe");
    }
}

#[test]
fn rows_are_chosen_sorted_and_cut() {
    let (samba, _held) = office();
    let address = samba.address();
    let ran = as_root(&[&address, "--user", "*A*", "-o", "json"]).run();
    assert_eq!(users(&ran), ["alice", "carol"]);
    let ran = as_root(&[
        &address,
        "--sort",
        "user",
        "--reverse",
        "--limit",
        "2",
        "--columns",
        "user",
        "-o",
        "csv",
    ])
    .run();
    assert_eq!(ran.stdout, "user\nroot\ncarol\n", "{}", ran.seen());
    let ran = as_root(&[&address, "--user", "nobody"]).run();
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "No sessions found.\n")
    );

    let ran = as_root(&[&address, "--idle-over", "0s"]).run();
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "No sessions found.\n")
    );
    assert!(
        ran.stderr.starts_with("smbwho: note: left out 4 sessions"),
        "{}",
        ran.stderr
    );
    let ran = as_root(&[&address, "--active-over", "1d"]).run();
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.as_str()),
        ("No sessions found.\n", "")
    );

    // What Samba does not have cannot be asked for.
    let ran = as_root(&[&address, "--level", "502"]).run();
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains(": call: "), "{}", ran.stderr);
    assert!(
        ran.stderr.matches("ERROR_INVALID_LEVEL 124").count() == 1,
        "{}",
        ran.stderr
    );
}

#[test]
fn one_dead_server_does_not_end_the_run() {
    let (samba, _held) = office();
    let (_kept, port) = dead_port();
    let (live, dead) = (samba.address(), format!("127.0.0.1:{port}"));
    let ran = as_root(&[&dead, &live, "-o", "json"]).run();
    assert_eq!(ran.code, Some(1), "{}", ran.seen());
    assert_eq!(users(&ran).len(), 4);
    assert_eq!(ran.json()["errors"][0]["server"], dead);
    assert!(
        ran.stderr
            .starts_with(&format!("smbwho: {dead}: connect: ")),
        "{}",
        ran.stderr
    );

    let table = as_root(&[&dead, &live]).run();
    assert!(table.stdout.starts_with("SERVER "), "{}", table.stdout);
}

#[test]
fn those_who_may_not_are_told_why() {
    let (samba, _held) = office();
    let address = samba.address();
    let line = |ran: &Ran| ran.stderr.lines().next().unwrap_or_default().to_owned();

    let wrong = Smbwho::new(&[&address, "-U", "alice"])
        .password("wr0ng-secret")
        .run();
    assert_eq!(
        (wrong.code, wrong.stdout.as_str()),
        (Some(2), ""),
        "{}",
        wrong.seen()
    );
    assert!(
        line(&wrong).starts_with(&format!("smbwho: {address}: sign-in: ")),
        "{}",
        wrong.stderr
    );
    assert!(
        line(&wrong).ends_with("(STATUS_LOGON_FAILURE 0xC000006D)"),
        "{}",
        wrong.stderr
    );
    assert!(!wrong.stderr.contains("wr0ng-secret"));

    for ran in [
        Smbwho::new(&[&address, "-U", "alice"]).password("a").run(),
        Smbwho::new(&[&address, "-N"]).run(),
    ] {
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{}",
            ran.seen()
        );
        assert!(line(&ran).contains("ACCESS_DENIED"), "{}", ran.stderr);
    }
    let alice = Smbwho::new(&[&address, "-U", "alice"]).password("a").run();
    assert!(
        line(&alice).contains("ERROR_ACCESS_DENIED 5"),
        "{}",
        alice.stderr
    );
    assert!(
        alice.stderr.contains("  try: ") && alice.stderr.contains("Builtin"),
        "{}",
        alice.stderr
    );
}

#[test]
fn passwords_come_from_a_file_or_standard_input() {
    let (samba, _held) = office();
    let address = samba.address();
    let auth = format!("username = root\npassword = {ADMIN}\n");
    let smbwho = Smbwho::new(&[&address, "-A", "auth", "-o", "json"]).file("auth", &auth);
    assert_eq!(users(&smbwho.run()).len(), 4);
    let smbwho = Smbwho::new(&[&address, "-U", "root", "--password-stdin", "-o", "json"]);
    assert_eq!(
        users(&smbwho.run_with_input(&format!("{ADMIN}\nmore\n"))).len(),
        4
    );
}

#[test]
fn the_loudest_log_tells_no_secret() {
    let (samba, _held) = office();
    for format in ["text", "json"] {
        let ran = as_root(&[
            &samba.address(),
            "-vvvv",
            "--log-format",
            format,
            "-o",
            "json",
        ])
        .run();
        assert_eq!(ran.code, Some(0));
        assert!(
            ran.stderr.contains("smb2"),
            "the SMB crate is heard too: {}",
            ran.stderr
        );
        assert!(!ran.stderr.contains(ADMIN), "{}", ran.stderr);
        // The NT hash of the password, which is as good as it.
        for hash in ["51ef8df1", "51EF8DF1", "81, 239, 141, 241"] {
            assert!(!ran.stderr.contains(hash));
        }
        if format == "json" {
            for line in ran.stderr.lines() {
                serde_json::from_str::<serde_json::Value>(line).expect("JSON lines");
            }
        }
    }
}

#[test]
fn ctrl_c_prints_what_came() {
    let (samba, _held) = office();
    let stuck = Stranger::silent().expect("a listener");
    let (live, dead) = (samba.address(), stuck.address());
    let mut smbwho = as_root(&[&dead, &live, "-o", "json", "--timeout", "60s", "-v"]);
    let piped = smbwho
        .command()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the program starts");
    // The silent server has been dialled, and the other had time to answer.
    let end = Instant::now() + Duration::from_secs(20);
    while stuck.connections() == 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(3));
    let pid = child.id().to_string();
    let sent = Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .expect("kill");
    assert!(sent.success());
    let mut stdout = String::new();
    child
        .stdout
        .take()
        .expect("a pipe")
        .read_to_string(&mut stdout)
        .expect("UTF-8");
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .expect("a pipe")
        .read_to_string(&mut stderr)
        .expect("UTF-8");
    let code = child.wait().expect("it ends").code();
    let ran = Ran {
        code,
        stdout,
        stderr,
    };
    assert_eq!(ran.code, Some(130), "{}", ran.seen());
    assert_eq!(users(&ran).len(), 4);
    assert_eq!(ran.json()["errors"][0]["server"], dead);
    assert!(
        ran.stderr.contains("interrupted: 1 of 2 servers"),
        "{}",
        ran.stderr
    );
}

/// Runs on a terminal of its own, where the password is typed once the prompt
/// stands there. Gives back what the terminal showed.
fn on_a_terminal(arguments: &str, typed: &str) -> (Option<i32>, String) {
    let line = format!("stty cols 40 rows 20; exec {PROGRAM} {arguments}");
    let mut smbwho =
        Smbwho::words(&["script", "-qec", &line, "/dev/null"]).env("TERM", "xterm-256color");
    let command = smbwho.command();
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    let mut child = piped.spawn().expect("script starts");
    let mut shown = Vec::new();
    let mut screen = BufReader::new(child.stdout.take().expect("a pipe"));
    while !shown.ends_with(b": ") {
        let seen = screen.fill_buf().expect("readable").to_vec();
        assert!(
            !seen.is_empty(),
            "ended with {:?}",
            String::from_utf8_lossy(&shown)
        );
        screen.consume(seen.len());
        shown.extend(seen);
    }
    // The prompt stands there a moment before the echo is switched off.
    std::thread::sleep(Duration::from_millis(500));
    let mut keyboard = child.stdin.take().expect("a pipe");
    keyboard
        .write_all(format!("{typed}\r").as_bytes())
        .expect("typed");
    screen.read_to_end(&mut shown).expect("readable");
    drop(keyboard);
    let code = child.wait().expect("it ends").code();
    (code, String::from_utf8(shown).expect("UTF-8"))
}

#[test]
fn a_person_at_a_terminal_is_asked_and_sees_a_table() {
    let (samba, _held) = office();
    let (code, shown) = on_a_terminal(&format!("{} -U root", samba.address()), ADMIN);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("Password for root: "), "{shown}");
    assert!(
        !shown.contains(ADMIN),
        "what is typed is not shown: {shown}"
    );
    assert!(
        shown.contains("\u{1b}[1mCLIENT"),
        "a header in bold: {shown:?}"
    );
    let table = shown.lines().filter(|line| line.contains("127.0.0.1 "));
    assert!(table.clone().count() == 4, "{shown}");
    assert!(
        shown.contains("alice") && shown.contains("4 sessions on 1 server"),
        "{shown}"
    );
}
