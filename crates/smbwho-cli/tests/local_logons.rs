//! `smbwho logons` with no server named: a real systemd-logind with a session
//! in it, on a bus of its own (tests/logind/stage.sh).

mod common;

use std::os::unix::fs::MetadataExt as _;

use common::{PROGRAM, Ran, Smbwho};
use serde_json::{Value, json};

const STAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/logind/stage.sh");

/// Mount namespaces take root.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").expect("ourselves").uid() == 0
}

/// The program where logind has a session of the user nobody, who came by
/// sshd.
fn on_stage(arguments: &[&str]) -> Ran {
    let stage = ["unshare", "--mount", STAGE, PROGRAM, "logons"];
    Smbwho::words(&[&stage, arguments].concat()).run()
}

#[test]
fn the_sessions_of_logind_are_shown() {
    if !is_root() {
        return;
    }
    let ran = on_stage(&["-o", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    let document = ran.json();
    let [row] = &document["rows"].as_array().expect("rows")[..] else {
        panic!("{}", ran.seen())
    };
    let told = ["user", "logon_type", "auth_package", "source"].map(|field| &row[field]);
    assert_eq!(
        told,
        [
            &json!("nobody"),
            &json!("remote-tty"),
            &json!("sshd"),
            &json!("logind")
        ]
    );
    assert!(
        row["session_id"].as_str().is_some_and(|id| !id.is_empty()),
        "{row}"
    );
    let began: jiff::Timestamp = row["logon_time"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("RFC 3339");
    let age = jiff::Timestamp::now().duration_since(began).as_secs();
    assert!((0..600).contains(&age), "{age} s old");
    for untold in ["domain", "logon_server", "upn", "sid"] {
        assert_eq!(row[untold], Value::Null, "{untold}");
    }
}

#[test]
fn logons_are_chosen_by_user() {
    if !is_root() {
        return;
    }
    let ran = on_stage(&["--user", "somebody", "-o", "json"]);
    assert_eq!(
        (ran.code, &ran.json()["rows"]),
        (Some(0), &json!([])),
        "{}",
        ran.seen()
    );
}

#[test]
fn without_logind_it_says_so() {
    if !is_root() {
        return;
    }
    // Nothing of systemd is to be seen in an empty /run.
    let script = "mount -t tmpfs none /run && exec \"$0\" logons";
    let ran = Smbwho::words(&["unshare", "--mount", "sh", "-c", script, PROGRAM]).run();
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(2), ""),
        "{}",
        ran.seen()
    );
    assert!(ran.stderr.contains("no systemd-logind"), "{}", ran.seen());
    let ran = Smbwho::new(&["logons", "--level", "1"]).run();
    assert!(
        ran.code == Some(2) && ran.stderr.contains("Leave --level out"),
        "{}",
        ran.seen()
    );
}

/// The program where loginctl lists these sessions and shows this of them.
/// `$shown` is the folder with what is shown of each, by its number.
fn instead(list: &[&str], show: &str, shown: &[(&str, &str)]) -> Ran {
    let lines: String = list
        .iter()
        .map(|id| format!("{id} 1000 x seat0 -\\n"))
        .collect();
    let script = format!(
        "shown=$(dirname \"$0\")/shown\ncase \"$*\" in *list-sessions*) printf '{lines}';; \
         *) shift; while [ \"$1\" != -- ]; do shift; done; shift; {show};; esac"
    );
    let mut program = Smbwho::new(&["logons", "-o", "json"]).stand_in("loginctl", &script);
    for (id, block) in shown {
        program = program.file(&format!("bin/shown/{id}"), block);
    }
    program.run()
}

fn session(id: &str, user: &str, class: &str) -> String {
    format!(
        "Id={id}\nName={user}\nTimestamp=Wed 2026-11-25 04:00:00 UTC\nRemote=no\n\
         Service=sshd\nType=tty\nClass={class}\nState=active\n"
    )
}

#[test]
fn service_managers_and_login_screens_are_nobody() {
    let sessions = [
        ("1", session("1", "alice", "user")),
        ("2", session("2", "alice", "manager")),
        ("3", session("3", "root", "user-early")),
        ("4", session("4", "root", "manager-early")),
        ("5", session("5", "bob", "user-light")),
        ("6", session("6", "carol", "background-light")),
        ("c1", session("c1", "gdm", "greeter")),
    ];
    let shown: Vec<_> = sessions
        .iter()
        .map(|(id, block)| (*id, block.as_str()))
        .collect();
    // One is on the list twice.
    let ids = ["1", "2", "1", "3", "4", "5", "6", "c1"];
    let show = "for id; do cat \"$shown/$id\"; echo; done";
    let ran = instead(&ids, show, &shown);
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    let document = ran.json();
    let rows = document["rows"].as_array().expect("rows");
    let told: Vec<_> = rows
        .iter()
        .map(|row| ["user", "logon_type", "session_id"].map(|field| row[field].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            [Some("alice"), Some("tty"), Some("1")],
            [Some("root"), Some("tty"), Some("3")],
            [Some("bob"), Some("tty"), Some("5")],
            [Some("carol"), Some("background"), Some("6")],
        ]
    );
}

#[test]
fn a_loginctl_that_shows_the_first_for_each_is_asked_one_by_one() {
    let (alice, bob) = (session("1", "alice", "user"), session("2", "bob", "user"));
    let shown = [("1", alice.as_str()), ("2", bob.as_str())];
    // systemd 232.
    let show = "for id; do cat \"$shown/$1\"; echo; done";
    let ran = instead(&["1", "2"], show, &shown);
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    let document = ran.json();
    let users: Vec<_> = document["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["user"].as_str())
        .collect();
    assert_eq!(users, [Some("alice"), Some("bob")]);
    // One that does so even then tells nothing.
    let show = "cat \"$shown/1\"; echo; cat \"$shown/1\"";
    let ran = instead(&["1", "2"], show, &shown);
    assert_eq!(ran.code, Some(2), "{}", ran.seen());
    assert_eq!(ran.json()["rows"], json!([]));
    let error = ran.json()["errors"][0]["message"].to_string();
    assert!(error.contains("session 1 more than once"), "{error}");
}
