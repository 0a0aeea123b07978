//! `logons`, `info` and `doctor` against a real Samba.

mod common;

use common::{Ran, Smbwho};
use smbwho_testkit::Samba;

fn office() -> Samba {
    Samba::builder()
        .admin("root", "adm")
        .user("alice", "a")
        // What a server says of itself is hostile text.
        .global("server string", "\u{1b}[31mLab, =1+1")
        .start()
        .expect("a Samba")
}

fn as_root(arguments: &[&str]) -> Ran {
    Smbwho::new(arguments)
        .password("adm")
        .env("USER", "root")
        .run()
}

fn as_alice(arguments: &[&str]) -> Ran {
    Smbwho::new(arguments)
        .password("a")
        .env("USER", "alice")
        .run()
}

#[test]
fn info_is_a_block_for_people_and_fields_for_programs() {
    let samba = office();
    let address = samba.address();
    let ran = as_root(&["info", &address]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(0), ""),
        "{}",
        ran.seen()
    );
    let line = |header: &str| {
        let found = ran
            .stdout
            .lines()
            .find_map(|line| line.strip_prefix(header));
        found
            .unwrap_or_else(|| panic!("no {header} in {}", ran.stdout))
            .trim()
            .to_owned()
    };
    assert_eq!(line("Server  "), address);
    assert_eq!(line("Version"), "6.1");
    assert_eq!(line("Clock skew (s)"), "0");
    assert_eq!(line("Disks"), "C:");
    assert_eq!(line("SMB dialect"), "3.1.1");
    assert!(line("Refused").contains("NetrServerStatisticsGet"));
    assert!(
        !ran.stdout.contains('\u{1b}'),
        "made visible: {}",
        ran.stdout
    );
    assert!(
        !ran.stdout.contains("Up for"),
        "what is not told is left out"
    );

    let document = as_root(&["info", &address, "-o", "json"]).json();
    assert_eq!(
        (&document["kind"], &document["errors"]),
        (&"info".into(), &serde_json::json!([]))
    );
    let row = &document["rows"][0];
    assert_eq!(row["server"], address);
    assert_eq!(row["comment"], "\u{1b}[31mLab, =1+1");
    assert!(
        row["type"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|name| name == "server")
    );
    assert!(row["type_raw"].is_u64() && row["clock_skew_secs"] == 0);
    assert_eq!(row["disks"], serde_json::json!(["C:"]));
    assert!(row["time"].as_str().expect("a time").ends_with('Z'));
    for unknown in ["uptime_secs", "bytes_sent", "statistics_since"] {
        assert_eq!(row[unknown], serde_json::Value::Null, "{unknown}");
    }
    assert_eq!(row["refused"].as_array().expect("a list").len(), 1);
}

#[test]
fn doctor_tells_an_ordinary_user_what_is_refused() {
    let samba = office();
    let address = samba.address();
    let ran = as_alice(&["doctor", &address]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(0), ""),
        "{}",
        ran.seen()
    );
    let header = ran.stdout.lines().next().expect("a header");
    for title in ["CHECK", "RESULT", "CODE", "WHAT IT TAKES"] {
        assert!(header.contains(title), "{header}");
    }
    assert!(!ran.stdout.contains('\u{1b}'), "{}", ran.stdout);

    let look = |ran: &Ran, check: &str, level: u32| {
        let document = ran.json();
        let rows = document["rows"].as_array().expect("rows").clone();
        let found = rows
            .into_iter()
            .find(|row| row["check"] == check && row["level"] == level);
        found.unwrap_or_else(|| panic!("no {check} {level}: {}", ran.stdout))
    };
    let alice = as_alice(&["doctor", &address, "-o", "json"]);
    let refused = look(&alice, "sessions", 1);
    assert_eq!(refused["allowed"], false);
    assert_eq!(
        (&refused["code"], &refused["name"]),
        (&5.into(), &"ERROR_ACCESS_DENIED".into())
    );
    assert_eq!(refused["result"], "refused");
    assert!(
        refused["takes"]
            .as_str()
            .expect("text")
            .contains("Administrators")
    );
    assert_eq!(look(&alice, "shares", 1)["allowed"], true);
    let root = as_root(&["doctor", &address, "-o", "json"]);
    assert_eq!(look(&root, "sessions", 1)["allowed"], true);
    let lacking = look(&root, "sessions", 502);
    assert_eq!(
        (&lacking["result"], &lacking["code"]),
        (&"not there".into(), &124.into())
    );

    let document = alice.json();
    let facts = document["rows"].as_array().expect("rows");
    let fact = |check: &str| facts.iter().find(|row| row["check"] == check).expect(check);
    assert_eq!(fact("SMB dialect")["result"], "3.1.1");
    assert!(
        fact("signed in as")["result"]
            .as_str()
            .expect("text")
            .ends_with("\\alice")
    );
    assert_eq!(fact("clock skew")["result"], "none");
    assert_eq!(fact("clock skew")["allowed"], serde_json::Value::Null);
}

#[test]
fn doctor_fails_only_where_nobody_could_sign_in() {
    let samba = office();
    let ran = Smbwho::new(&["doctor", &samba.address(), "-U", "alice"])
        .password("wrong")
        .run();
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(2), ""),
        "{}",
        ran.seen()
    );
    assert!(ran.stderr.contains("sign-in"), "{}", ran.stderr);
}

#[test]
fn logons_are_refused_to_others_with_a_reason() {
    let samba = office();
    let address = samba.address();
    let ran = as_alice(&["logons", &address]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(2), ""),
        "{}",
        ran.seen()
    );
    assert!(
        ran.stderr.contains("ERROR_ACCESS_DENIED 5"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("  try: Who is logged on is told to members"),
        "{}",
        ran.stderr
    );

    let document = as_root(&["logons", &address, "-o", "json"]).json();
    assert_eq!(
        (&document["kind"], &document["errors"]),
        (&"logons".into(), &serde_json::json!([]))
    );
}

#[test]
fn what_means_nothing_here_is_refused_before_anybody_is_asked() {
    for (arguments, reason) in [
        (&["info"][..], "no server is named"),
        (
            &["logons", "fs1", "--idle-over", "1h"],
            "--idle-over chooses sessions, not logons",
        ),
        (
            &["logons", "fs1", "--client", "x"],
            "--client chooses sessions, not logons",
        ),
        (
            &["logons", "fs1", "--level", "502"],
            "there is no such level of logons",
        ),
        (
            &["info", "fs1", "--user", "x"],
            "--user means nothing to info",
        ),
        (
            &["doctor", "fs1", "--level", "1"],
            "--level means nothing to doctor",
        ),
        (&["doctor", "@many"], "doctor looks at one server"),
    ] {
        let ran = Smbwho::new(arguments)
            .file("many", "fs1\nfs2\n")
            .password("x")
            .run();
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}"
        );
        assert!(ran.stderr.contains(reason), "{arguments:?}: {}", ran.stderr);
    }
}
