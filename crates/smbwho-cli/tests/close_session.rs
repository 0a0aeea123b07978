//! `close session`: real sessions on a real Samba are ended, or must not be.
//! Tests whose names say that they end something change the server.

mod common;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{PROGRAM, Ran, Smbwho};
use serde_json::{Value, json};
use smbwho_testkit::{Action, Endpoint, Held, LabSession, Samba, SessionRequest, SessionService};

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with an administrator, people, and a place for the audit log.
struct Office {
    samba: Samba,
    folder: tempfile::TempDir,
}

impl Office {
    fn new() -> Self {
        let samba = Samba::builder()
            .admin("root", "adm")
            .admin("lister", "l")
            .user("alice", "a")
            .user("bob", "b")
            .start()
            .expect("a Samba");
        Self {
            samba,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn hold(&self, user: &str) -> Held {
        self.samba
            .hold_session(user, &user[..1])
            .expect("connected")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("audit.jsonl")
    }

    fn close(&self, arguments: &[&str]) -> Ran {
        self.prepared(arguments).run()
    }

    /// Without a terminal, whatever the tests run in.
    fn prepared(&self, arguments: &[&str]) -> Smbwho {
        let address = self.samba.address();
        let mut words = vec!["close", "session", address.as_str(), "-U", "root"];
        words.extend(arguments);
        self.surroundings(Smbwho::under(&["setsid", "-w"], &words))
    }

    fn surroundings(&self, smbwho: Smbwho) -> Smbwho {
        smbwho
            .password("adm")
            .env("SMBWHO_AUDIT_LOG", self.log().to_str().expect("UTF-8"))
    }

    /// Users with a session now, as root sees them, without root's own.
    fn users(&self) -> Vec<String> {
        let ran = Smbwho::new(&[&self.samba.address(), "-U", "root", "-o", "json"])
            .password("adm")
            .run();
        let mut users: Vec<String> = ran.json()["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| row["user"].as_str().expect("a user").to_owned())
            .filter(|user| user != "root")
            .collect();
        users.sort();
        users
    }
}

fn outcomes(ran: &Ran) -> Vec<(String, String)> {
    let document = ran.json();
    assert_eq!(document["kind"], "closed", "{}", ran.seen());
    let mut outcomes: Vec<_> = document["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
            (text("user"), text("outcome"))
        })
        .collect();
    outcomes.sort();
    outcomes
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |&(user, outcome): &(&str, &str)| (user.to_owned(), outcome.to_owned());
    expected.iter().map(owned).collect()
}

fn ends(held: &mut Held) -> bool {
    let until = Instant::now() + PATIENCE;
    while held.is_alive() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    !held.is_alive()
}

fn audit(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = |line: &str| serde_json::from_str(line).expect("a JSON line");
    text.lines().map(line).collect()
}

#[test]
fn a_session_ends_and_its_client_notices() {
    let office = Office::new();
    let mut alice = office.hold("alice");
    let mut bob = office.hold("bob");

    let ran = office.close(&["--user", "alice", "--yes", "-o", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    assert_eq!(outcomes(&ran), pairs(&[("alice", "gone")]));
    assert!(
        ran.stderr.contains("Will end 1 session on"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("bob from"),
        "what else may fall: {}",
        ran.stderr
    );
    assert!(ends(&mut alice), "alice's client notices");
    assert!(bob.is_alive(), "bob's connection is another one");
    assert_eq!(office.users(), ["bob"]);

    let row = &ran.json()["rows"][0];
    assert_eq!(
        (
            &row["server"],
            &row["what"],
            &row["id"],
            &row["path"],
            &row["message"]
        ),
        (
            &json!(office.samba.address()),
            &json!("session"),
            &Value::Null,
            &Value::Null,
            &Value::Null
        )
    );

    let lines = audit(&office.log());
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, outcome) in lines.iter().zip(["attempt", "gone"]) {
        let mut line = line.clone();
        let when = line["when"].take();
        assert_eq!(when.as_str().map(str::len), Some(24), "{when}");
        let active = line["target"]["active_secs"].take();
        assert!(active.is_u64(), "{active}");
        let expected = json!({
            "when": null, "user": line["user"], "login": "root",
            "server": office.samba.address(), "action": "close session",
            "target": {
                "client": row["client"], "user": "alice", "sessions": 1, "active_secs": null,
            },
            "outcome": outcome, "code": null, "name": null,
        });
        assert_eq!(line, expected);
        assert!(line["user"].is_string(), "the local user is named");
    }
}

#[test]
fn a_dry_run_ends_nothing() {
    let office = Office::new();
    let mut alice = office.hold("alice");
    let ran = office.close(&["--user", "*", "--dry-run", "--yes", "-o", "json"]);
    // As it would end: root's own is left out.
    assert_eq!(ran.code, Some(1), "{}", ran.seen());
    assert_eq!(
        outcomes(&ran),
        pairs(&[("alice", "would_end"), ("root", "skipped")])
    );
    assert!(alice.is_alive());
    assert_eq!(office.users(), ["alice"]);
    assert!(
        !office.log().exists(),
        "nothing happened, so nothing is recorded"
    );
}

#[test]
fn without_a_terminal_and_yes_nothing_ends() {
    let office = Office::new();
    let mut alice = office.hold("alice");
    // What comes through a pipe is no consent.
    let ran = office
        .prepared(&["--user", "alice"])
        .run_with_input("yes\n");
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(2), ""),
        "{}",
        ran.seen()
    );
    assert!(
        ran.stderr.contains("alice from"),
        "the plan is shown: {}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("no terminal to ask on") && ran.stderr.contains("--yes"),
        "{}",
        ran.stderr
    );
    assert!(alice.is_alive());
    assert_eq!(
        (office.users(), audit(&office.log())),
        (vec!["alice".to_owned()], vec![])
    );
}

#[test]
fn a_bare_command_is_refused_before_anybody_is_asked() {
    for (arguments, why) in [
        (
            &["close", "session", "fs1", "--yes"][..],
            "would end all of them",
        ),
        (
            &["close", "session", "fs1", "--user", "x", "--limit", "1"],
            "--limit",
        ),
        (
            &["close", "session", "@all", "--user", "x", "--yes"],
            "several servers",
        ),
    ] {
        let ran = Smbwho::new(arguments)
            .password("x")
            .env("SMBWHO_CONFIG", "config.toml")
            .file("config.toml", "[groups]\nall = [\"fs1\", \"fs2\"]\n")
            .run();
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{}",
            ran.seen()
        );
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
}

#[test]
fn what_cannot_be_recorded_is_not_ended() {
    let office = Office::new();
    let mut alice = office.hold("alice");
    let folder = office.folder.path().to_str().expect("UTF-8");
    let fifo = format!("{folder}/fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("mkfifo runs").success());
    for (log, code) in [
        (folder, 2),
        ("/dev/full", 2),
        ("/dev/null", 2),
        (fifo.as_str(), 2),
    ] {
        let ran = office
            .prepared(&["--user", "alice", "--yes"])
            .env("SMBWHO_AUDIT_LOG", log)
            .run();
        assert_eq!(ran.code, Some(code), "{}", ran.seen());
        assert!(ran.stderr.contains("audit log"), "{}", ran.stderr);
        assert!(alice.is_alive());
        assert_eq!(office.users(), ["alice"]);
    }
}

#[test]
fn an_account_without_the_right_ends_nothing_and_is_told_what_it_takes() {
    let office = Office::new();
    let mut alice = office.hold("alice");
    // One may list on Samba and not end; the other may not even list.
    for (user, password, call) in [
        ("lister", "l", "NetrSessionDel"),
        ("bob", "b", "NetrSessionEnum"),
    ] {
        let address = office.samba.address();
        let words = [
            "close", "session", &address, "-U", user, "--user", "alice", "--yes",
        ];
        let ran = office
            .surroundings(Smbwho::new(&words))
            .password(password)
            .run();
        assert_eq!(ran.code, Some(2), "{}", ran.seen());
        for part in [call, "ERROR_ACCESS_DENIED 5", "  try: "] {
            assert!(ran.stderr.contains(part), "{part}: {}", ran.seen());
        }
        assert!(alice.is_alive());
        assert_eq!(office.users(), ["alice"]);
    }
    let lines = audit(&office.log());
    let told: Vec<_> = lines
        .iter()
        .map(|line| (&line["outcome"], &line["code"]))
        .collect();
    let (attempt, refused) = (json!("attempt"), json!("refused"));
    assert_eq!(told, [(&attempt, &Value::Null), (&refused, &json!(5))]);
    assert_eq!(lines[1]["login"], "lister");
}

#[test]
fn its_own_session_is_never_ended() {
    let office = Office::new();
    let _alice = office.hold("alice");
    let ran = office.close(&["--user", "root", "--yes", "-o", "json"]);
    assert_eq!(ran.code, Some(2), "{}", ran.seen());
    assert_eq!(outcomes(&ran), pairs(&[("root", "skipped")]));
    let message = ran.json()["rows"][0]["message"].clone();
    assert!(
        message
            .as_str()
            .is_some_and(|m| m.contains("smbwho itself")),
        "{message}"
    );
    assert!(audit(&office.log()).is_empty());

    let ran = office.close(&["--user", "nobody", "--yes"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), ""),
        "{}",
        ran.seen()
    );
    assert!(ran.stderr.contains("nothing to end"), "{}", ran.stderr);
}

#[test]
fn several_sessions_of_one_user_end_together() {
    let office = Office::new();
    let mut all = [
        office.hold("alice"),
        office.hold("alice"),
        office.hold("bob"),
    ];
    let ran = office.close(&["--client", r"\\127.0.0.*", "--yes", "-q", "-o", "json"]);
    // Root's own is left out, so not all that was chosen has ended.
    assert_eq!(ran.code, Some(1), "{}", ran.seen());
    let expected = [
        ("alice", "gone"),
        ("alice", "gone"),
        ("bob", "gone"),
        ("root", "skipped"),
    ];
    assert_eq!(outcomes(&ran), pairs(&expected));
    assert_eq!(ran.stderr, "", "quiet, and agreed to beforehand");
    assert!(all.iter_mut().all(ends));
    assert_eq!(office.users(), Vec::<String>::new());
    assert_eq!(
        audit(&office.log()).len(),
        4,
        "one order for both of alice's"
    );
}

/// In a terminal of its own, where this is typed.
fn typing(office: &Office, typed: &str, arguments: &str) -> Ran {
    let address = office.samba.address();
    let line = format!("{PROGRAM} close session {address} -U root {arguments}");
    office
        .surroundings(Smbwho::words(&["script", "-qefc", &line, "/dev/null"]))
        .run_with_input(typed)
}

#[test]
fn on_a_terminal_the_number_must_be_typed_to_end_sessions() {
    let office = Office::new();
    let mut all = [office.hold("alice"), office.hold("bob")];
    for typed in ["yes\n", "\n", "1\n"] {
        // Root's own is chosen too, and left alone: two are to end.
        let ran = typing(&office, typed, "--client 127.0.0.1");
        assert!(
            ran.stdout.contains("Type 2 to end 2 sessions on"),
            "{}",
            ran.seen()
        );
        assert!(ran.stdout.contains("nothing was done"), "{}", ran.seen());
        assert_eq!(ran.code, Some(2), "{}", ran.seen());
    }
    let ran = typing(&office, "no\n", "--user alice");
    assert!(
        ran.stdout.contains("Type yes to end 1 session on"),
        "{}",
        ran.seen()
    );
    assert!(ran.stdout.contains("nothing was done"), "{}", ran.seen());
    assert!(all.iter_mut().all(Held::is_alive));
    assert_eq!(office.users(), ["alice", "bob"]);

    let ran = typing(&office, "yes\n", "--user alice");
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    assert!(ran.stdout.contains("gone"), "{}", ran.seen());
    assert!(ends(&mut all[0]));
    assert_eq!(office.users(), ["bob"]);
}

/// Answers NetrSessionEnum from what `sessions` says of each look, counted
/// from 1, and NetrSessionDel with success. The ages are those of the first
/// look, and grow with the time.
fn scripted(sessions: impl Fn(usize) -> Vec<LabSession> + Send + Sync + 'static) -> Endpoint {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    let began = std::sync::OnceLock::new();
    Endpoint::builder()
        .start(move |request| {
            if request.opnum == SESSION_DEL {
                return Action::reply(vec![0; 4]);
            }
            // The first look asks at poorer levels in the same flight.
            let asked = SessionRequest::decode(&request.stub).expect("NetrSessionEnum");
            let richest = usize::from(asked.level == 502);
            let look = looks.fetch_add(richest, std::sync::atomic::Ordering::Relaxed) + richest;
            let mut sessions = sessions(look);
            grown(&mut sessions, *began.get_or_init(Instant::now));
            SessionService::new(sessions).answer(request)
        })
        .expect("an endpoint")
}

const SESSION_DEL: u16 = 13;

/// Sessions as old as they are now, of ages as they were then.
fn grown(sessions: &mut [LabSession], then: Instant) {
    let passed = u32::try_from(then.elapsed().as_secs()).expect("not long");
    for session in sessions {
        session.active_secs += passed;
    }
}

fn aged(user: &str, secs: u32) -> LabSession {
    LabSession {
        active_secs: secs,
        ..LabSession::new(r"\\ws1", user)
    }
}

fn close_at(endpoint: &Endpoint, arguments: &[&str]) -> Ran {
    let address = endpoint.address();
    let mut words = vec!["close", "session", &address, "-U", Endpoint::USER, "--yes"];
    words.extend(["-o", "json", "--timeout", "60s"]);
    words.extend(arguments);
    Smbwho::new(&words).password(Endpoint::PASSWORD).run()
}

fn orders(endpoint: &Endpoint) -> usize {
    let requests = endpoint.requests();
    requests.iter().filter(|r| r.opnum == SESSION_DEL).count()
}

#[test]
fn a_row_that_changed_in_between_is_left_alone() {
    // Another session of the same name: younger than the one agreed to, or one
    // more of it.
    for changed in [
        vec![aged("alice", 5)],
        // Older than the one shown was, and yet another: it began meanwhile, or
        // was not shown.
        vec![aged("alice", 894)],
        vec![aged("alice", 906)],
        vec![aged("alice", 900), aged("alice", 2)],
    ] {
        let endpoint = scripted(move |look| match look {
            1 => vec![aged("alice", 900)],
            _ => changed.clone(),
        });
        let ran = close_at(&endpoint, &["--user", "alice"]);
        assert_eq!(ran.code, Some(2), "{}", ran.seen());
        assert_eq!(outcomes(&ran), pairs(&[("alice", "changed")]));
        assert_eq!(orders(&endpoint), 0, "no order was given");
        let message = ran.json()["rows"][0]["message"].to_string();
        assert!(message.contains("not shown"), "{message}");
    }
}

#[test]
fn of_several_that_were_agreed_to_those_that_went_are_told_apart() {
    let endpoint = scripted(move |look| match look {
        1 => vec![aged("alice", 900), aged("alice", 50)],
        2 => vec![aged("alice", 50)],
        _ => vec![],
    });
    let ran = close_at(&endpoint, &["--user", "alice"]);
    let rows = ran.json()["rows"].clone();
    let became = |row: &Value| (row["active_secs"].clone(), row["outcome"].clone());
    let mut became: Vec<_> = rows.as_array().expect("rows").iter().map(became).collect();
    became.sort_by_key(|(age, _)| age.as_u64());
    let told = [
        (json!(50), json!("gone")),
        (json!(900), json!("already_gone")),
    ];
    assert_eq!(became, told, "{}", ran.seen());
    assert_eq!((ran.code, orders(&endpoint)), (Some(0), 1));
}

/// Sessions of these users, each of which ends a while after the order.
fn slow(users: &[&str], takes: Duration) -> Endpoint {
    const NOT_FOUND: u32 = 2312;
    let began = Instant::now();
    let named = |user: &&str| LabSession {
        active_secs: 500,
        ..LabSession::new(&format!(r"\\pc-{user}"), user)
    };
    let there: Vec<LabSession> = users.iter().map(named).collect();
    let there = std::sync::Mutex::new(there);
    Endpoint::builder()
        .start(move |request| {
            let held = || there.lock().expect("not poisoned");
            if request.opnum != SESSION_DEL {
                let mut sessions = held().clone();
                grown(&mut sessions, began);
                return SessionService::new(sessions).answer(request);
            }
            std::thread::sleep(takes);
            let ends = |session: &LabSession| {
                let user = session.user.as_deref().expect("a user");
                let bytes: Vec<u8> = user.iter().flat_map(|unit| unit.to_le_bytes()).collect();
                let mut parts = request.stub.windows(bytes.len());
                parts.any(|part| part == bytes)
            };
            let mut there = held();
            let before = there.len();
            there.retain(|session| !ends(session));
            let status = if there.len() < before { 0 } else { NOT_FOUND };
            Action::reply(status.to_le_bytes().to_vec())
        })
        .expect("an endpoint")
}

/// The outcomes in an audit log: attempts, and what became of them.
fn recorded(log: &Path) -> (usize, Vec<String>) {
    let lines = audit(log);
    let outcome = |line: &Value| line["outcome"].as_str().expect("text").to_owned();
    let outcomes = lines.iter().map(outcome);
    let (attempts, outcomes): (Vec<_>, Vec<_>) = outcomes.partition(|word| word == "attempt");
    (attempts.len(), outcomes)
}

fn started(endpoint: &Endpoint, log: &Path) -> std::process::Child {
    let address = endpoint.address();
    let words = [
        "close",
        "session",
        &address,
        "-U",
        Endpoint::USER,
        "--user",
        "*",
        "--yes",
        "-o",
        "json",
        "--timeout",
        "60s",
    ];
    let mut smbwho = Smbwho::new(&words)
        .password(Endpoint::PASSWORD)
        .env("SMBWHO_AUDIT_LOG", log.to_str().expect("UTF-8"));
    let piped = smbwho.command().stdout(std::process::Stdio::piped());
    let piped = piped.stderr(std::process::Stdio::piped());
    piped.spawn().expect("it starts")
}

#[test]
fn whatever_signal_ends_it_the_outcome_is_recorded_and_told() {
    let users = ["alice", "bob", "carol"];
    for (signals, code, outcome) in [
        (&["INT"][..], 130, "gone"),
        (&["TERM"], 143, "gone"),
        (&["HUP"], 129, "gone"),
        // Who closes a terminal says so more than once.
        (&["HUP", "TERM", "HUP"], 129, "gone"),
        (&["INT", "INT"], 130, "unknown"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("audit.jsonl");
        let endpoint = slow(&users, Duration::from_millis(1500));
        let child = started(&endpoint, &log);
        let until = Instant::now() + PATIENCE;
        while orders(&endpoint) == 0 {
            assert!(Instant::now() < until, "no order");
            std::thread::sleep(Duration::from_millis(10));
        }
        for signal in signals {
            let signal = format!("-{signal}");
            let sent = std::process::Command::new("kill")
                .args([&signal, &child.id().to_string()])
                .status();
            assert!(sent.expect("kill runs").success());
            std::thread::sleep(Duration::from_millis(100));
        }
        let ran = Ran::from(child.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, Some(code), "{signals:?}: {}", ran.seen());
        let mut words: Vec<String> = outcomes(&ran).into_iter().map(|(_, word)| word).collect();
        words.sort();
        let mut expected = [outcome, "not_tried", "not_tried"];
        expected.sort_unstable();
        assert_eq!(words, expected, "{signals:?}: {}", ran.seen());
        assert_eq!(recorded(&log), (1, vec![outcome.to_owned()]), "{signals:?}");
    }
}

#[test]
fn two_who_end_the_same_at_once_end_each_once_and_say_what_is_true() {
    let users = ["alice", "bob", "carol"];
    let endpoint = slow(&users, Duration::from_millis(300));
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("audit.jsonl");
    let both = [started(&endpoint, &log), started(&endpoint, &log)];
    let mut seen = Vec::new();
    for child in both {
        let ran = Ran::from(child.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, Some(0), "{}", ran.seen());
        // One that came late may have found fewer.
        seen.extend(outcomes(&ran));
    }
    for user in users {
        let of = seen.iter().filter(|(one, _)| one == user);
        let words: Vec<&str> = of.map(|(_, word)| word.as_str()).collect();
        let gone = words.iter().filter(|word| **word == "gone").count();
        let already = words.iter().filter(|word| **word == "already_gone").count();
        assert_eq!((gone, gone + already), (1, words.len()), "{seen:?}");
    }
    assert_eq!(orders(&endpoint), users.len(), "each order once");
    let (attempts, outcomes) = recorded(&log);
    assert_eq!((attempts, outcomes), (3, vec!["gone".to_owned(); 3]));
}

#[test]
fn what_went_came_back_or_stayed_is_told_apart() {
    for (before, after, code, outcome, given) in [
        (vec![], vec![], 0, "already_gone", 0),
        (vec![aged("alice", 900)], vec![], 0, "gone", 1),
        (
            vec![aged("alice", 900)],
            vec![aged("alice", 1)],
            0,
            "came_back",
            1,
        ),
        (
            vec![aged("alice", 900)],
            vec![aged("alice", 900)],
            2,
            "still_there",
            1,
        ),
    ] {
        let endpoint = scripted(move |look| match look {
            1 => vec![aged("alice", 900)],
            2 => before.clone(),
            _ => after.clone(),
        });
        let ran = close_at(&endpoint, &["--user", "alice"]);
        assert_eq!(
            outcomes(&ran),
            pairs(&[("alice", outcome)]),
            "{}",
            ran.seen()
        );
        assert_eq!(
            (ran.code, orders(&endpoint)),
            (Some(code), given),
            "{}",
            ran.seen()
        );
    }
}

#[test]
fn what_cannot_be_told_apart_from_a_session_not_chosen_is_left_alone() {
    let idle = |secs: u32, idle: u32| LabSession {
        idle_secs: idle,
        ..aged("alice", secs)
    };
    let endpoint = scripted(move |_| vec![idle(9000, 8000), idle(7000, 3)]);
    let ran = close_at(&endpoint, &["--idle-over", "1h"]);
    assert_eq!(
        (ran.code, orders(&endpoint)),
        (Some(2), 0),
        "{}",
        ran.seen()
    );
    assert_eq!(outcomes(&ran), pairs(&[("alice", "skipped")]));
    let message = ran.json()["rows"][0]["message"].to_string();
    assert!(message.contains("not chosen: alice from ws1"), "{message}");
}

#[test]
fn names_go_back_to_the_last_unit() {
    let lone = vec![0x61, 0xd800, 0x62];
    let user = lone.clone();
    let endpoint = scripted(move |look| {
        let mut session = aged("", 900);
        session.user = Some(user.clone());
        if look > 2 { vec![] } else { vec![session] }
    });
    let ran = close_at(&endpoint, &["--client", "ws1"]);
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    let requests = endpoint.requests();
    let order = requests.iter().find(|r| r.opnum == 13).expect("an order");
    let holds = |units: &[u16]| {
        let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        order
            .stub
            .windows(bytes.len())
            .any(|window| window == bytes)
    };
    assert!(
        holds(&[lone.as_slice(), &[0]].concat()),
        "{:x?}",
        order.stub
    );
    let client: Vec<u16> = "\\\\ws1\0".encode_utf16().collect();
    assert!(
        holds(&client),
        "with the backslashes Windows wants: {:x?}",
        order.stub
    );
}
