use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use smbwho::{Connection, Level, Session, Share};

use super::*;
use crate::live::Use;
use crate::seen::Window;

fn watch<T: Live>(servers: &[&str], filter: &str, lines: Lines) -> Watch<T, Vec<u8>> {
    let name = |&name: &&str| match name.split_once('/') {
        Some((cluster, node)) => Named {
            server: cluster.into(),
            node: Some(node.into()),
        },
        None => Named {
            server: name.into(),
            node: None,
        },
    };
    let names = servers.iter().map(name).collect();
    Watch::new(names, false, Filter::parse(filter), lines, Vec::new())
}

/// What is printed about an answer.
fn printed<T: Live>(
    watch: &mut Watch<T, Vec<u8>>,
    server: usize,
    rows: Option<Rows>,
    health: Health,
    secs: u32,
) -> String {
    let answer = Answer {
        server,
        question: 1,
        rows,
        reason: None,
        health,
        seen: Window::within(Duration::ZERO),
    };
    let taken = watch.answer(answer, Tenths(10 * secs));
    taken.expect("a Vec takes everything");
    String::from_utf8(std::mem::take(&mut watch.out)).expect("UTF-8")
}

fn values(text: &str) -> Vec<Value> {
    let value = |line: &str| serde_json::from_str(line).expect("JSON");
    text.lines().map(value).collect()
}

fn session(user: &str, opens: u32, active: u64) -> Session {
    let mut session = Session::unknown(Level::L1);
    session.client = Some("ws1".into());
    session.user = Some(user.into());
    session.opens = Some(opens);
    session.active = Some(Duration::from_secs(active));
    session
}

fn failed(message: &str) -> Health {
    let mut problem = Problem::interrupted("fs1");
    message.clone_into(&mut problem.message);
    Health::Failed(problem, Instant::now())
}

#[test]
fn what_comes_changes_and_goes_is_told_once() {
    let mut watch = watch::<Session>(&["fs1"], "", Lines::Json);
    let sessions = |rows: &[(&str, u32, u64)]| {
        let session = |&(user, opens, active): &(&str, u32, u64)| session(user, opens, active);
        Some(Rows::Sessions(rows.iter().map(session).collect()))
    };
    let rows = sessions(&[("alice", 0, 60), ("bob", 1, 60)]);
    let text = printed(&mut watch, 0, rows, Health::Good, 0);
    let events = values(&text);
    assert_eq!(events.len(), 2, "{text}");
    let first = &events[0];
    assert_eq!(first["schema"], "smbwho/1");
    assert_eq!(
        (&first["event"], &first["kind"], &first["initial"]),
        (&json!("appeared"), &json!("sessions"), &json!(true))
    );
    assert_eq!(first["row"]["user"], "alice");
    assert_eq!(first["row"]["idle_secs"], Value::Null);
    // What only this computer's own Samba tells is not there to be unknown.
    assert_eq!(first["row"].get("dialect"), None);

    let rows = sessions(&[("alice", 0, 70), ("bob", 1, 70)]);
    assert_eq!(printed(&mut watch, 0, rows, Health::Good, 10), "");

    let rows = sessions(&[("bob", 2, 80), ("carol", 0, 1)]);
    let events = values(&printed(&mut watch, 0, rows, Health::Good, 20));
    let told: Vec<(&Value, &Value)> = events
        .iter()
        .map(|event| (&event["event"], &event["row"]["user"]))
        .collect();
    let expected = json!([["gone", "alice"], ["appeared", "carol"], ["changed", "bob"]]);
    assert_eq!(json!(told), expected);
    assert_eq!(events[0]["row"]["active_secs"], 80, "as old as it became");
    assert_eq!(events[1]["initial"], false);
    assert_eq!(events[2]["was"], json!({"opens": 1}));
    assert_eq!(events[2]["row"]["opens"], 2);
}

#[test]
fn a_failure_is_told_when_it_is_another_and_ends_nothing() {
    let mut watch = watch::<Session>(&["fs1"], "", Lines::Json);
    let rows = || Some(Rows::Sessions(vec![session("alice", 0, 60)]));
    printed(&mut watch, 0, rows(), Health::Good, 0);
    let events = values(&printed(&mut watch, 0, None, failed("gone quiet"), 5));
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["event"], "error");
    assert_eq!(events[0]["error"]["server"], "fs1");
    assert_eq!(events[0]["error"]["message"], "gone quiet");
    assert_eq!(printed(&mut watch, 0, None, failed("gone quiet"), 10), "");
    let other = printed(&mut watch, 0, None, failed("refused"), 15);
    assert_eq!(values(&other).len(), 1);
    let mut later = session("alice", 0, 80);
    later.active = Some(Duration::from_secs(80));
    let back = Some(Rows::Sessions(vec![later]));
    assert_eq!(printed(&mut watch, 0, back, Health::Good, 20), "");
    assert_eq!(
        values(&printed(&mut watch, 0, None, failed("refused"), 25)).len(),
        1
    );
}

/// A parser keeps one of two fields of one name, and drops the other unseen.
#[test]
fn no_field_stands_twice_in_one_object() {
    fn names_of(line: &str) -> Vec<String> {
        let mut names = Vec::new();
        let mut depth = 0;
        let mut text = line.char_indices().peekable();
        let mut name = None;
        while let Some((at, c)) = text.next() {
            match c {
                '{' | '[' => depth += 1,
                '}' | ']' => depth -= 1,
                '"' => {
                    let end = at + 1 + line[at + 1..].find('"').expect("closed");
                    name = Some(format!("{depth} {}", &line[at + 1..end]));
                    while text.next_if(|(next, _)| *next <= end).is_some() {}
                }
                ':' => names.extend(name.take()),
                _ => name = None,
            }
        }
        names
    }
    let mut share = Share::unknown(smbwho::ShareLevel::L2);
    share.name = Some("data".into());
    let mut watch = watch::<Share>(&["fs1"], "", Lines::Json);
    let shares = printed(
        &mut watch,
        0,
        Some(Rows::Shares(vec![share])),
        Health::Good,
        0,
    );
    let mut watch = self::watch::<Use>(&["fs1"], "", Lines::Json);
    let rows = vec![Use {
        share: "data".into(),
        connection: Connection::unknown(smbwho::ConnectionLevel::L1),
    }];
    let uses = printed(
        &mut watch,
        0,
        Some(Rows::Connections(rows)),
        Health::Good,
        0,
    );
    for (kind, line) in [("shares", &shares), ("connections", &uses)] {
        let event: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(event["kind"], kind);
        let names = names_of(line);
        let different: BTreeSet<&String> = names.iter().collect();
        assert_eq!(names.len(), different.len(), "{line}");
    }
}

#[test]
fn servers_are_rows_whether_they_answer_or_not() {
    let mut watch = watch::<Host>(&["fs1"], "", Lines::Json);
    let none = values(&printed(&mut watch, 0, None, failed("refused"), 0));
    assert_eq!(none[0]["row"]["state"], "failed");
    assert_eq!(none[0]["row"]["sessions"], Value::Null);
    assert_eq!(none[0]["row"]["answers"], Value::Null, "not counted here");
    assert_eq!(none[1]["event"], "error");
    let counts = || Some(Rows::Counts(Some(3), None));
    let good = values(&printed(&mut watch, 0, counts(), Health::Good, 5));
    assert_eq!(good[0]["event"], "changed");
    assert_eq!(good[0]["was"]["state"], "failed");
    assert_eq!(
        (&good[0]["row"]["state"], &good[0]["row"]["sessions"]),
        (&json!("ok"), &json!(3))
    );
    assert_eq!(printed(&mut watch, 0, counts(), Health::Good, 10), "");
    let stale = values(&printed(&mut watch, 0, None, failed("gone quiet"), 15));
    assert_eq!(stale[0]["row"]["state"], "stale");
}

#[test]
fn lines_for_people_say_who_and_where() {
    let mut watch = watch::<Session>(&["fs1", "fs2"], "user:a*", Lines::ForPeople);
    let rows = vec![session("al\u{1b}ice", 0, 60), session("bob", 0, 60)];
    let text = printed(&mut watch, 1, Some(Rows::Sessions(rows)), Health::Good, 0);
    let (moment, rest) = text.split_once(' ').expect("a time first");
    assert!(moment.ends_with('Z'), "{text}");
    assert_eq!(
        rest,
        "+ fs2: client ws1, user al\\u{1b}ice, opens 0, active 1m 00s\n"
    );
    let rows = vec![session("al\u{1b}ice", 4, 70)];
    let text = printed(&mut watch, 1, Some(Rows::Sessions(rows)), Health::Good, 10);
    assert!(
        text.contains(" ~ fs2: ") && text.contains("opens 0 → 4"),
        "{text}"
    );
    let text = printed(&mut watch, 0, None, failed("gone quiet"), 10);
    assert!(text.contains(" ! fs1: gone quiet"), "{text}");
}

/// What the nodes of a cluster report alike appears with the first of them and is gone with the
/// last; what one node reports is its own.
#[test]
fn what_several_nodes_report_is_told_once() {
    let mut watch = watch::<Session>(&["fs/n1", "fs/n2"], "", Lines::Json);
    let mut tell = |node, sessions: &[(&str, u32, u64)], health, secs| {
        let session = |&(user, opens, active): &(&str, u32, u64)| session(user, opens, active);
        let rows = Rows::Sessions(sessions.iter().map(session).collect());
        let text = printed(&mut watch, node, Some(rows), health, secs);
        let tell = |event: Value| {
            if event["event"] == "error" {
                return "error".to_owned();
            }
            let row = &event["row"];
            let part = |value: &Value| value.as_str().expect("text").to_owned();
            format!(
                "{} {} {}",
                part(&event["event"]),
                part(&row["user"]),
                part(&row["node"])
            )
        };
        values(&text).into_iter().map(tell).collect::<Vec<_>>()
    };
    let both = [("ann", 0, 60), ("bob", 0, 30)];
    assert_eq!(
        tell(0, &both, Health::Good, 0),
        ["appeared ann n1", "appeared bob n1"]
    );
    // Bob began anew on the second; carol is there alone.
    let second = [("ann", 0, 61), ("bob", 0, 5), ("carol", 0, 9)];
    assert_eq!(
        tell(1, &second, Health::Good, 1),
        ["appeared bob n2", "appeared carol n2"]
    );
    assert_eq!(
        tell(0, &[("ann", 2, 70), ("bob", 0, 40)], Health::Good, 10),
        ["changed ann n1"]
    );
    let second = [("ann", 2, 71), ("bob", 0, 15), ("carol", 0, 19)];
    assert!(
        tell(1, &second, Health::Good, 11).is_empty(),
        "told already"
    );
    assert!(tell(0, &[("bob", 0, 50)], Health::Good, 20).is_empty());
    assert_eq!(
        tell(1, &[("bob", 0, 25)], Health::Good, 21),
        ["gone ann n2", "gone carol n2"]
    );
    // A node that does not answer keeps nothing alive, and says nothing twice.
    let both = [("bob", 0, 60), ("dora", 0, 1)];
    assert_eq!(tell(0, &both, Health::Good, 30), ["appeared dora n1"]);
    assert!(tell(1, &[("bob", 0, 35), ("dora", 0, 2)], Health::Good, 31).is_empty());
    assert_eq!(
        tell(1, &[("bob", 0, 45)], failed("gone quiet"), 41),
        ["error"]
    );
    assert_eq!(
        tell(0, &[("bob", 0, 72)], Health::Good, 42),
        ["gone dora n1"]
    );
    assert!(tell(1, &[("bob", 0, 55)], Health::Good, 51).is_empty());
}

/// Of lists that are longer than is kept, what is not kept any more is not said to be gone.
#[test]
fn what_is_cut_short_is_neither_kept_nor_gone() {
    let mut watch = watch::<Session>(&["fs1"], "", Lines::Json);
    let two = vec![session("ann", 0, 60), session("bob", 0, 60)];
    printed(&mut watch, 0, Some(Rows::Sessions(two)), Health::Good, 0);
    let mut problem = Problem::interrupted("fs1");
    problem.cause = crate::problem::Cause::TooLong;
    let cut = Health::Failed(problem, Instant::now());
    let one = vec![session("ann", 0, 70)];
    let events = values(&printed(&mut watch, 0, Some(Rows::Sessions(one)), cut, 10));
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["event"], "error");
    assert_eq!(watch.store.living(), 1);
}
