//! The program against a server that sends what no Samba sends.

mod common;

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use common::{Ran, Smbwho};
use smbwho_testkit::{Endpoint, LabSession, SessionService};

fn ask(endpoint: &Endpoint, arguments: &[&str]) -> Smbwho {
    let address = endpoint.address();
    let mut words = vec![address.as_str(), "-U", Endpoint::USER];
    words.extend(arguments);
    Smbwho::new(&words).password(Endpoint::PASSWORD)
}

fn serve(service: SessionService) -> Endpoint {
    Endpoint::builder().serve(service).expect("an endpoint")
}

#[test]
fn every_level_reads_as_it_was_told() {
    let endpoint = serve(SessionService::numbered(3));
    let row = |level: &str| {
        let ran = ask(
            &endpoint,
            &["--level", level, "-o", "json", "--sort", "client"],
        )
        .run();
        assert_eq!(ran.code, Some(0), "{}", ran.seen());
        ran.json()["rows"][2].clone()
    };
    let richest = row("502");
    assert_eq!(row("auto"), richest);
    let mut expected = serde_json::json!({
        "server": endpoint.address(), "client": "10.0.2", "user": "user000002", "opens": 2,
        "active_secs": 100_002, "idle_secs": 2, "guest": false, "no_encryption": true,
        "client_type": "LabOS", "transport": "\\Device\\LabTransport", "level": 502,
    });
    assert_eq!(richest, expected);
    for (level, untold) in [
        (2, &["transport"][..]),
        (1, &["transport", "client_type"]),
        (
            10,
            &[
                "transport",
                "client_type",
                "opens",
                "guest",
                "no_encryption",
            ],
        ),
        (
            0,
            &[
                "transport",
                "client_type",
                "opens",
                "guest",
                "no_encryption",
                "user",
                "active_secs",
                "idle_secs",
            ],
        ),
    ] {
        let told = row(&level.to_string());
        for field in untold {
            expected[field] = serde_json::Value::Null;
        }
        expected["level"] = level.into();
        assert_eq!(told, expected, "level {level}");
        if level == 1 {
            continue;
        }
        for field in ["opens", "guest", "no_encryption"] {
            expected[field] = richest[field].clone();
        }
    }
}

/// Names that would do harm on a terminal or in a spreadsheet.
fn villains() -> Endpoint {
    let mut lone = LabSession::new(r"\\ws1", "");
    lone.user = Some(vec![0x61, 0xd800, 0x62]);
    serve(SessionService::new(vec![
        LabSession::new(r"\\ws2", "\u{1b}]0;owned\u{7}\u{1b}[2J"),
        LabSession::new("\\\\\u{202e}exe.ws3", "=cmd|'/c calc'!A1"),
        LabSession::new(r"\\ws4", "line\nbreak\ttab"),
        lone,
    ]))
}

#[test]
fn names_do_no_harm() {
    let endpoint = villains();
    for format in ["table", "wide", "json", "jsonl"] {
        let ran = ask(&endpoint, &["-o", format]).run();
        assert_eq!(ran.code, Some(0), "{}", ran.seen());
        let harmful = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!ran.stdout.contains(harmful), "{format}: {:?}", ran.stdout);
    }
    let ran = ask(
        &endpoint,
        &["--columns", "user", "--no-header", "--sort", "client"],
    )
    .run();
    assert!(
        ran.stdout.contains(r"\u{1b}]0;owned\u{7}\u{1b}[2J"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains(r"a\u{d800}b"),
        "the row is not lost: {}",
        ran.stdout
    );

    let ran = ask(&endpoint, &["-o", "csv", "--columns", "user"]).run();
    assert!(
        ran.stdout.contains("\n'=cmd|'/c calc'!A1\n"),
        "{}",
        ran.stdout
    );
    let ran = ask(&endpoint, &["-o", "tsv", "--columns", "user"]).run();
    assert!(
        ran.stdout.contains("\nline\\nbreak\\ttab\n"),
        "{:?}",
        ran.stdout
    );
    let ran = ask(&endpoint, &["-o", "json", "--user", "line*"]).run();
    assert_eq!(ran.json()["rows"][0]["user"], "line\nbreak\ttab");
}

#[test]
fn rows_before_a_failure_are_kept() {
    let endpoint = serve(SessionService::numbered(5).page(2).stuck());
    let ran = ask(&endpoint, &["-o", "jsonl", "--level", "10"]).run();
    assert_eq!(ran.code, Some(1), "{}", ran.seen());
    for user in ["user000000", "user000001"] {
        assert!(ran.stdout.contains(user), "{}", ran.seen());
    }
    let error: serde_json::Value = serde_json::from_str(ran.stderr.trim()).expect("a JSON line");
    assert_eq!(error["step"], "call");
}

#[test]
fn many_pages_are_all_there_once() {
    let endpoint = serve(SessionService::numbered(2_500).page(100));
    let ran: Ran = ask(
        &endpoint,
        &["-o", "csv", "--columns", "user", "--no-header"],
    )
    .run();
    let mut users: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(users.len(), 2_500);
    users.sort_unstable();
    users.dedup();
    assert_eq!(users.len(), 2_500);
}

#[test]
fn a_reader_that_has_had_enough_is_no_failure() {
    let endpoint = serve(SessionService::numbered(20_000).page(500));
    for format in ["jsonl", "csv", "tsv", "json", "table"] {
        let mut smbwho = ask(&endpoint, &["-o", format]);
        let piped = smbwho
            .command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the program starts");
        let mut first = String::new();
        BufReader::with_capacity(64, child.stdout.take().expect("a pipe"))
            .read_line(&mut first)
            .expect("a line");
        assert!(!first.is_empty());
        let ended = child.wait_with_output().expect("it ends");
        assert_eq!(ended.status.code(), Some(0), "{format}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{format}");
    }
}

#[test]
fn the_limit_ends_the_asking() {
    let endpoint = serve(SessionService::numbered(20_000).page(500));
    let ran = ask(&endpoint, &["-o", "jsonl", "--limit", "3", "--level", "10"]).run();
    assert_eq!(
        (ran.code, ran.stdout.lines().count()),
        (Some(0), 3),
        "{}",
        ran.stderr
    );
    assert!(
        endpoint.session_requests().len() < 5,
        "{}",
        endpoint.session_requests().len()
    );
}
