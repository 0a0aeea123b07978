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
