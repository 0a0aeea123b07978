//! Closing many: how often the server is asked, and what is reported and
//! recorded when it refuses, fails or hangs up in the middle, or somebody
//! interrupts. All servers here are endpoints that close what they are reported to.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{Ran, Smbwho};
use serde_json::Value;
use smbwho_testkit::{
    Action, Endpoint, FileRequest, FileService, LabFile, LabSession, SessionRequest, SessionService,
};

const FILE_CLOSE: u16 = 11;
const SESSION_DEL: u16 = 13;
const ACCESS_DENIED: u32 = 5;
const FILE_ID_NOT_FOUND: u32 = 2314;
/// Orders on one look.
const BATCH: usize = 128;
/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What becomes of an order.
#[derive(Clone, Copy)]
enum Deed {
    Close,
    /// It closes, and takes its time.
    CloseAfter(Duration),
    Refuse,
    Fault,
    Drop,
}

/// A server with files that are open until closed. `deed` says what becomes of
/// each order, counted from 1.
fn file_server(
    files: Vec<LabFile>,
    deed: impl Fn(usize) -> Deed + Send + Sync + 'static,
) -> Endpoint {
    let open = Mutex::new(files);
    let orders = Mutex::new(0);
    let start = Endpoint::builder().start(move |request| {
        if request.opnum != FILE_CLOSE {
            let files = open.lock().expect("not poisoned").clone();
            return FileService::new(files, SessionService::new(vec![])).answer(request);
        }
        let order = {
            let mut orders = orders.lock().expect("not poisoned");
            *orders += 1;
            *orders
        };
        match deed(order) {
            Deed::Close => {}
            Deed::CloseAfter(time) => std::thread::sleep(time),
            Deed::Refuse => return Action::reply(ACCESS_DENIED.to_le_bytes().to_vec()),
            Deed::Fault => return Action::Fault(5),
            Deed::Drop => return Action::Drop,
        }
        let id = request.stub.last_chunk().expect("an id");
        let id = u32::from_le_bytes(*id);
        let mut open = open.lock().expect("not poisoned");
        let before = open.len();
        open.retain(|file| file.id != id);
        let status = if open.len() < before {
            0
        } else {
            FILE_ID_NOT_FOUND
        };
        Action::reply(status.to_le_bytes().to_vec())
    });
    start.expect("an endpoint")
}

/// So many files, of which the first are alice's.
fn files(all: u32, alices: u32) -> Vec<LabFile> {
    let file = |number: u32| {
        let user = if number < alices { "alice" } else { "bob" };
        LabFile::new(
            1000 + number,
            &format!(r"D:\data\{number}.txt"),
            user,
            r"\\ws1",
        )
    };
    (0..all).map(file).collect()
}

/// Where a run is recorded.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("audit.jsonl")
    }

    fn start(&self, endpoint: &Endpoint, what: &str, arguments: &[&str]) -> Child {
        let address = endpoint.address();
        let mut words = vec!["close", what, &address, "-U", Endpoint::USER];
        words.extend(["--yes", "-o", "json", "--timeout", "60s"]);
        words.extend(arguments);
        let mut smbwho = Smbwho::new(&words)
            .password(Endpoint::PASSWORD)
            .env("SMBWHO_AUDIT_LOG", self.log().to_str().expect("UTF-8"));
        let command = smbwho
            .command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().expect("it starts")
    }

    fn close(&self, endpoint: &Endpoint, what: &str, arguments: &[&str]) -> Ran {
        ended(self.start(endpoint, what, arguments))
    }

    /// How many attempts are recorded, and the outcomes.
    fn recorded(&self) -> (usize, Vec<String>) {
        recorded(&self.log())
    }
}

fn ended(child: Child) -> Ran {
    Ran::from(child.wait_with_output().expect("it ends"))
}

fn recorded(log: &Path) -> (usize, Vec<String>) {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let outcome = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("a JSON line");
        line["outcome"].as_str().expect("text").to_owned()
    };
    let (attempts, outcomes): (Vec<_>, Vec<_>) = text
        .lines()
        .map(outcome)
        .partition(|word| word == "attempt");
    (attempts.len(), outcomes)
}

fn outcomes(ran: &Ran) -> Vec<String> {
    let document = ran.json();
    let rows = document["rows"].as_array().expect("rows").iter();
    rows.map(|row| row["outcome"].as_str().expect("text").to_owned())
        .collect()
}

fn count(words: &[String], word: &str) -> usize {
    words.iter().filter(|one| *one == word).count()
}

fn requests(endpoint: &Endpoint, opnum: u16) -> usize {
    let requests = endpoint.requests();
    requests.iter().filter(|one| one.opnum == opnum).count()
}

fn lists(endpoint: &Endpoint) -> usize {
    endpoint.file_requests().len()
}

#[test]
fn five_hundred_of_5000_files_are_closed_with_a_few_lists() {
    let endpoint = file_server(files(5000, 500), |_| Deed::Close);
    let desk = Desk::new();
    let ran = desk.close(&endpoint, "file", &["--user", "alice"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(outcomes(&ran), vec!["gone"; 500]);
    assert_eq!(requests(&endpoint, FILE_CLOSE), 500, "each once");
    assert_eq!(desk.recorded(), (500, vec!["gone".to_owned(); 500]));
    assert!(lists(&endpoint) <= 12, "{} lists", lists(&endpoint));
}

#[test]
fn a_batch_takes_one_list_before_and_one_after() {
    for orders in [0, 1, 2, BATCH, BATCH + 1] {
        let alices = u32::try_from(orders).expect("few");
        let endpoint = file_server(files(alices + 3, alices), |_| Deed::Close);
        let ran = Desk::new().close(&endpoint, "file", &["--user", "alice"]);
        assert_eq!(outcomes(&ran), vec!["gone"; orders], "{}", ran.stderr);
        let expected = 1 + 2 * orders.div_ceil(BATCH);
        assert_eq!(lists(&endpoint), expected, "{orders} orders");
    }
}

#[test]
fn sessions_take_as_few() {
    let sessions = |number: u32| {
        let user = if number < 200 { "alice" } else { "bob" };
        LabSession::new(&format!(r"\\ws{number}"), user)
    };
    let endpoint = session_server((0..1000).map(sessions).collect(), Falls::Alone);
    let desk = Desk::new();
    let ran = desk.close(&endpoint, "session", &["--user", "alice"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(outcomes(&ran), vec!["gone"; 200]);
    assert_eq!(requests(&endpoint, SESSION_DEL), 200, "each once");
    let lists = endpoint.session_requests();
    let lists = lists.iter().filter(|asked| asked.level == 502).count();
    assert_eq!(lists, 1 + 2 * 200_usize.div_ceil(BATCH));
}

#[test]
fn what_is_refused_or_fails_in_the_middle_is_reported_of_its_order_alone() {
    for deed in [Deed::Refuse, Deed::Fault] {
        let endpoint = file_server(files(200, 200), move |order| match order {
            10 => deed,
            _ => Deed::Close,
        });
        let desk = Desk::new();
        let ran = desk.close(&endpoint, "file", &["--user", "alice"]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        let reported = outcomes(&ran);
        let sent = requests(&endpoint, FILE_CLOSE);
        assert!(sent < 200, "what is refused for one is refused for all");
        assert_eq!(count(&reported, "refused"), 1, "{reported:?}");
        assert_eq!(count(&reported, "gone"), sent - 1, "{reported:?}");
        assert_eq!(count(&reported, "not_tried"), 200 - sent, "{reported:?}");
        let errors = ran.json()["errors"].clone();
        assert_eq!(errors.as_array().map(Vec::len), Some(1), "{errors}");
        assert_eq!(errors[0]["code"], 5, "{errors}");
        let (attempts, recorded) = desk.recorded();
        assert_eq!(attempts, recorded.len());
        assert_eq!(count(&recorded, "gone"), sent - 1);
        assert_eq!(count(&recorded, "refused"), 1);
    }
}

#[test]
fn the_first_that_is_refused_is_the_last_that_is_sent() {
    let endpoint = file_server(files(200, 200), |_| Deed::Refuse);
    let desk = Desk::new();
    let ran = desk.close(&endpoint, "file", &["--user", "alice"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert_eq!(requests(&endpoint, FILE_CLOSE), 1);
    let reported = outcomes(&ran);
    let expected = (count(&reported, "refused"), count(&reported, "not_tried"));
    assert_eq!(expected, (1, 199), "{reported:?}");
    assert_eq!(desk.recorded(), (1, vec!["refused".to_owned()]));
}

#[test]
fn when_the_pipe_ends_in_the_middle_what_was_not_answered_is_unknown() {
    let endpoint = file_server(files(200, 200), |order| match order {
        10 => Deed::Drop,
        _ => Deed::Close,
    });
    let desk = Desk::new();
    let ran = desk.close(&endpoint, "file", &["--user", "alice"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let reported = outcomes(&ran);
    let (gone, unknown) = (count(&reported, "gone"), count(&reported, "unknown"));
    // smbd may lose answers with the pipe.
    assert!(
        (1..=9).contains(&gone),
        "those that were answered: {reported:?}"
    );
    assert!(unknown >= 1, "{reported:?}");
    assert!(count(&reported, "not_tried") > 0, "{reported:?}");
    assert_eq!(
        gone + unknown + count(&reported, "not_tried"),
        200,
        "{reported:?}"
    );
    let document = ran.json();
    let rows = document["rows"].as_array().expect("rows").iter();
    let silent = rows.filter(|row| row["outcome"] == "unknown" && row["message"].is_null());
    assert_eq!(silent.count(), 0, "each says why");
    let (attempts, recorded) = desk.recorded();
    assert_eq!(attempts, recorded.len());
    assert_eq!(count(&recorded, "unknown"), unknown);
    assert_eq!(count(&recorded, "gone"), gone);
}

#[test]
fn a_number_that_is_another_file_by_now_spoils_no_batch() {
    let looks = Mutex::new(0);
    let files = files(40, 40);
    let open = Arc::new(Mutex::new(files));
    let endpoint = Endpoint::builder().start(move |request| {
        let mut open = open.lock().expect("not poisoned");
        if request.opnum == FILE_CLOSE {
            let id = u32::from_le_bytes(*request.stub.last_chunk().expect("an id"));
            open.retain(|file| file.id != id);
            return Action::reply(vec![0; 4]);
        }
        let mut looks = looks.lock().expect("not poisoned");
        *looks += 1;
        if *looks == 2 {
            open[20].path = LabFile::new(0, r"D:\other.txt", "alice", "").path;
        }
        FileService::new(open.clone(), SessionService::new(vec![])).answer(request)
    });
    let endpoint = endpoint.expect("an endpoint");
    let ran = Desk::new().close(&endpoint, "file", &["--user", "alice"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let reported = outcomes(&ran);
    assert_eq!(
        (count(&reported, "gone"), count(&reported, "changed")),
        (39, 1)
    );
    let ids = endpoint
        .requests()
        .into_iter()
        .filter(|one| one.opnum == FILE_CLOSE);
    let ids: Vec<u32> = ids
        .map(|one| u32::from_le_bytes(*one.stub.last_chunk().expect("an id")))
        .collect();
    assert!(!ids.contains(&1020), "{ids:?}");
}

fn wait_for_orders(endpoint: &Endpoint, orders: usize) {
    let until = Instant::now() + PATIENCE;
    while requests(endpoint, FILE_CLOSE) < orders {
        assert!(Instant::now() < until, "no orders");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

#[test]
fn a_signal_lets_what_is_in_flight_be_the_last() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let endpoint = file_server(files(200, 200), |order| match order {
            1 => Deed::Close,
            _ => Deed::CloseAfter(Duration::from_millis(50)),
        });
        let desk = Desk::new();
        let child = desk.start(&endpoint, "file", &["--user", "alice"]);
        wait_for_orders(&endpoint, 4);
        signal(&child, name);
        let ran = ended(child);
        assert_eq!(ran.code, Some(code), "{name}: {}", ran.stderr);
        let reported = outcomes(&ran);
        let sent = requests(&endpoint, FILE_CLOSE);
        assert!(sent < 200, "{name}: {sent}");
        assert_eq!(count(&reported, "gone"), sent, "{name}: {reported:?}");
        assert_eq!(
            count(&reported, "not_tried"),
            200 - sent,
            "{name}: {reported:?}"
        );
        let (attempts, recorded) = desk.recorded();
        assert_eq!(attempts, recorded.len(), "{name}: {recorded:?}");
        assert_eq!(count(&recorded, "gone"), sent, "{name}");
    }
}

#[test]
fn a_second_interrupt_leaves_what_is_in_flight_unknown() {
    let endpoint = file_server(files(200, 200), |order| match order {
        1 => Deed::Close,
        _ => Deed::CloseAfter(Duration::from_millis(500)),
    });
    let desk = Desk::new();
    let child = desk.start(&endpoint, "file", &["--user", "alice"]);
    wait_for_orders(&endpoint, 3);
    signal(&child, "INT");
    std::thread::sleep(Duration::from_millis(100));
    signal(&child, "INT");
    let ran = ended(child);
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    let reported = outcomes(&ran);
    let unknown = count(&reported, "unknown");
    assert!(unknown >= 2, "{reported:?}");
    assert_eq!(unknown + count(&reported, "not_tried"), 200, "{reported:?}");
    let (attempts, recorded) = desk.recorded();
    assert_eq!(attempts, recorded.len(), "{recorded:?}");
    assert_eq!(count(&recorded, "unknown"), unknown);
}

#[test]
fn two_who_close_the_same_300_files_close_each_once() {
    let endpoint = file_server(files(300, 300), |_| Deed::Close);
    let desk = Desk::new();
    let both = [(); 2].map(|()| desk.start(&endpoint, "file", &["--user", "alice"]));
    let mut reported = Vec::new();
    for child in both {
        let ran = ended(child);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        reported.extend(outcomes(&ran));
    }
    assert_eq!(count(&reported, "gone"), 300);
    assert_eq!(count(&reported, "already_gone"), reported.len() - 300);
    assert_eq!(requests(&endpoint, FILE_CLOSE), 300, "each once");
    assert_eq!(desk.recorded(), (300, vec!["gone".to_owned(); 300]));
}

/// What else ends with a session.
#[derive(Clone, Copy, PartialEq)]
enum Falls {
    Alone,
    /// All of its client, as on Samba, which says of a session that is gone
    /// that access is denied.
    WithClient,
}

/// A server of sessions that are there until ended, and grow older.
fn session_server(sessions: Vec<LabSession>, falls: Falls) -> Endpoint {
    let there = Mutex::new(sessions);
    let began = Instant::now();
    let start = Endpoint::builder().start(move |request| {
        let mut there = there.lock().expect("not poisoned");
        if request.opnum != SESSION_DEL {
            let mut sessions = there.clone();
            let age = u32::try_from(began.elapsed().as_secs()).expect("not long");
            sessions
                .iter_mut()
                .for_each(|session| session.active_secs += 900 + age);
            return SessionService::new(sessions).answer(request);
        }
        let names = |session: &LabSession| {
            let holds = |name: &Option<Vec<u16>>| {
                let units = name.iter().flatten().chain([&0]);
                let bytes: Vec<u8> = units.flat_map(|unit| unit.to_le_bytes()).collect();
                request.stub.windows(bytes.len()).any(|part| part == bytes)
            };
            holds(&session.client) && holds(&session.user)
        };
        let Some(named) = there.iter().find(|session| names(session)).cloned() else {
            return Action::reply(ACCESS_DENIED.to_le_bytes().to_vec());
        };
        there.retain(|session| match falls {
            Falls::Alone => !names(session),
            Falls::WithClient => session.client != named.client,
        });
        Action::reply(vec![0; 4])
    });
    start.expect("an endpoint")
}

#[test]
fn sessions_that_go_with_another_of_their_client_are_closed_too() {
    for count in [3, 300] {
        let mut sessions: Vec<LabSession> = (0..count)
            .map(|number| LabSession::new(r"\\ws1", &format!("user{number}")))
            .collect();
        sessions.push(LabSession::new(r"\\ws2", "user0"));
        let endpoint = session_server(sessions, Falls::WithClient);
        let desk = Desk::new();
        let ran = desk.close(&endpoint, "session", &["--user", "user*"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(outcomes(&ran), vec!["gone"; count + 1]);
        let (attempts, recorded) = desk.recorded();
        assert_eq!(recorded, vec!["gone"; attempts]);
    }
}

#[test]
fn sessions_that_were_gone_before_are_not_said_to_be_closed() {
    // Of another client, and of the same where nothing was closed.
    let looks = Mutex::new(0);
    let endpoint = Endpoint::builder().start(move |request| {
        if request.opnum == SESSION_DEL {
            return Action::reply(vec![0; 4]);
        }
        let asked = SessionRequest::decode(&request.stub).expect("NetrSessionEnum");
        let mut looks = looks.lock().expect("not poisoned");
        *looks += usize::from(asked.level == 502);
        let session = |user: &str| LabSession::new(&format!(r"\\pc-{user}"), user);
        let users: &[&str] = match *looks {
            1 => &["alice", "bob"],
            2 => &["alice"],
            _ => &[],
        };
        SessionService::new(users.iter().map(|user| session(user)).collect()).answer(request)
    });
    let endpoint = endpoint.expect("an endpoint");
    let ran = Desk::new().close(&endpoint, "session", &["--user", "*"]);
    let mut reported = outcomes(&ran);
    reported.sort();
    assert_eq!(reported, ["already_gone", "gone"], "{}", ran.stderr);
}

#[test]
fn every_list_is_the_whole_list() {
    let endpoint = file_server(files(20, 5), |_| Deed::Close);
    let ran = Desk::new().close(&endpoint, "file", &["--user", "alice"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let whole = |asked: &FileRequest| asked.user.is_none() && asked.base_path.is_none();
    assert!(endpoint.file_requests().iter().all(whole));
}
