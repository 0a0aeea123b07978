//! `close file`: files held open on a real Samba are closed, or must not be.
//! Tests whose names say that they close something change the server.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Ran, Smbwho};
use serde_json::{Value, json};
use smbwho_testkit::{Action, Endpoint, FileService, LabFile, Samba, SessionService};

struct Office {
    samba: Samba,
    folder: tempfile::TempDir,
}

impl Office {
    fn new() -> Self {
        let samba = Samba::builder()
            .admin("root", "adm")
            .user("alice", "a")
            .user("bob", "b")
            .start()
            .expect("a Samba");
        Self {
            samba,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn close_as(&self, user: &str, password: &str, arguments: &[&str]) -> Ran {
        let address = self.samba.address();
        let mut words = vec!["close", "file", address.as_str(), "-U", user, "-o", "json"];
        words.extend(arguments);
        let log = self.folder.path().join("audit.jsonl");
        Smbwho::under(&["setsid", "-w"], &words)
            .password(password)
            .env("SMBWHO_AUDIT_LOG", log.to_str().expect("UTF-8"))
            .run()
    }

    fn close(&self, arguments: &[&str]) -> Ran {
        self.close_as("root", "adm", arguments)
    }

    fn audit(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.folder.path().join("audit.jsonl"));
        let line = |line: &str| serde_json::from_str(line).expect("a JSON line");
        log.unwrap_or_default().lines().map(line).collect()
    }

    /// The path as Samba tells it.
    fn told(&self, file: &str) -> String {
        let path = self.samba.share_folder("data").join(file);
        format!("C:{}", path.to_str().expect("UTF-8").replace('/', "\\"))
    }
}

fn rows(ran: &Ran) -> Vec<Value> {
    ran.json()["rows"].as_array().expect("rows").clone()
}

#[test]
fn a_file_is_closed_by_path_and_its_client_notices() {
    let office = Office::new();
    let costs = office
        .samba
        .hold_file("alice", "a", "costs.txt")
        .expect("held");
    let plans = office
        .samba
        .hold_file("bob", "b", "plans.txt")
        .expect("held");
    let told = office.told("costs.txt");

    let ran = office.close(&["--path", &told, "--yes"]);
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    let closed = rows(&ran);
    assert_eq!(closed.len(), 1, "{}", ran.seen());
    let id = closed[0]["id"].as_u64().expect("a number");
    let mut expected = json!({
        "server": office.samba.address(), "what": "file", "id": id, "path": told,
        "client": null, "user": "alice", "active_secs": null, "outcome": "gone",
        "message": null,
    });
    assert_eq!(closed[0], expected);
    assert!(ran.stderr.contains("open by alice"), "{}", ran.stderr);
    let said = costs.finish(b"lost").expect("it ends");
    assert!(said.contains("NT_STATUS_FILE_CLOSED"), "{said}");

    let lines = office.audit();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, outcome) in lines.iter().zip(["attempt", "gone"]) {
        let target = json!({ "id": id, "path": told, "user": "alice", "files": 1 });
        assert_eq!(line["target"], target);
        assert_eq!(line["action"], "close file");
        assert_eq!(line["outcome"], outcome);
    }

    // By number and user, as a person would go on.
    let ran = office.close(&["--user", "BOB", "--dry-run"]);
    let id = rows(&ran)[0]["id"].as_u64().expect("a number").to_string();
    expected = json!("would_end");
    assert_eq!(rows(&ran)[0]["outcome"], expected, "{}", ran.seen());
    let ran = office.close(&["--id", &id, "--user", "alice", "--yes"]);
    assert_eq!(
        (ran.code, rows(&ran).len()),
        (Some(0), 0),
        "bob's is not alice's"
    );
    let ran = office.close(&["--id", &id, "--yes"]);
    assert_eq!(
        (ran.code, &rows(&ran)[0]["outcome"]),
        (Some(0), &json!("gone")),
        "{}",
        ran.seen()
    );
    assert!(
        plans
            .finish(b"lost")
            .expect("it ends")
            .contains("NT_STATUS_FILE_CLOSED")
    );
}

#[test]
fn nothing_is_closed_without_consent_right_or_filter() {
    let office = Office::new();
    let costs = office
        .samba
        .hold_file("alice", "a", "costs.txt")
        .expect("held");
    let told = office.told("costs.txt");
    for (arguments, code, says) in [
        (
            &["--path", told.as_str()][..],
            Some(2),
            "no terminal to ask on",
        ),
        (&["--path", &told, "--dry-run", "--yes"], Some(0), ""),
        (&["--yes"], Some(2), "would close all of them"),
        (&["--path", "costs.txt", "--yes"], Some(2), "the whole path"),
        (&["--path", r"\\fs1\data", "--yes"], Some(2), "--path"),
        (
            &["--client", "ws1", "--yes"],
            Some(2),
            "neither client nor times",
        ),
        (&["--id", "7", "--yes"], Some(0), ""),
    ] {
        let ran = office.close(arguments);
        assert_eq!(ran.code, code, "{}", ran.seen());
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
    }
    assert!(office.audit().is_empty());

    let ran = office.close_as("bob", "b", &["--path", &told, "--yes"]);
    assert_eq!((ran.code, rows(&ran).len()), (Some(2), 0), "{}", ran.seen());
    assert!(ran.stderr.contains("  try: "), "{}", ran.stderr);
    assert_eq!(ran.json()["errors"][0]["code"], 5, "{}", ran.seen());
    assert!(office.audit().is_empty());

    let said = costs.finish(b"kept").expect("it ends");
    assert!(!said.contains("NT_STATUS"), "{said}");
    let kept = std::fs::read_to_string(office.samba.share_folder("data").join("costs.txt"));
    assert_eq!(kept.expect("a file"), "kept");
}

/// Answers NetrFileEnum from what `files` says of each look, counted from 1,
/// and NetrFileClose with this status.
fn scripted(
    status: u32,
    files: impl Fn(usize) -> Vec<LabFile> + Send + Sync + 'static,
) -> Endpoint {
    let looks = AtomicUsize::new(0);
    Endpoint::builder()
        .start(move |request| {
            if request.opnum == FILE_CLOSE {
                return Action::reply(status.to_le_bytes().to_vec());
            }
            let look = looks.fetch_add(1, Ordering::Relaxed) + 1;
            FileService::new(files(look), SessionService::new(vec![])).answer(request)
        })
        .expect("an endpoint")
}

const FILE_CLOSE: u16 = 11;
/// Beyond what fits a signed number.
const ID: u32 = 0xf000_0001;

fn open(path: &str, user: &str) -> LabFile {
    LabFile::new(ID, path, user, r"\\ws1")
}

fn close_at(endpoint: &Endpoint, arguments: &[&str]) -> (Ran, usize) {
    let address = endpoint.address();
    let mut words = vec!["close", "file", &address, "-U", Endpoint::USER, "--yes"];
    words.extend(["-o", "json", "--timeout", "60s"]);
    words.extend(arguments);
    let ran = Smbwho::new(&words).password(Endpoint::PASSWORD).run();
    let requests = endpoint.requests();
    let orders = requests
        .iter()
        .filter(|request| request.opnum == FILE_CLOSE);
    (ran, orders.count())
}

#[test]
fn a_number_that_means_another_file_by_now_is_left_alone() {
    for changed in [
        vec![open(r"D:\other.txt", "alice")],
        vec![open(r"D:\costs.txt", "bob")],
        vec![open(r"D:\costs.txt", "alice"), open(r"D:\other.txt", "bob")],
    ] {
        let endpoint = scripted(0, move |look| match look {
            1 => vec![open(r"D:\costs.txt", "alice")],
            _ => changed.clone(),
        });
        let (ran, orders) = close_at(&endpoint, &["--id", &ID.to_string()]);
        assert_eq!((ran.code, orders), (Some(2), 0), "{}", ran.seen());
        assert_eq!(rows(&ran)[0]["outcome"], "changed");
    }
}

#[test]
fn what_became_of_a_file_is_looked_up() {
    for (status, after, code, outcome) in [
        (0, vec![], 0, "gone"),
        (0, vec![open(r"D:\costs.txt", "alice")], 2, "still_there"),
        // The number is used again.
        (0, vec![open(r"D:\other.txt", "bob")], 0, "gone"),
        // Some versions of Samba say of what they closed that it is not there.
        (2, vec![], 0, "gone"),
        (5, vec![open(r"D:\costs.txt", "alice")], 2, "refused"),
    ] {
        let endpoint = scripted(status, move |look| match look {
            1 | 2 => vec![open(r"D:\costs.txt", "alice")],
            _ => after.clone(),
        });
        let (ran, orders) = close_at(&endpoint, &["--user", "alice"]);
        assert_eq!((ran.code, orders), (Some(code), 1), "{}", ran.seen());
        assert_eq!(
            (&rows(&ran)[0]["outcome"], &rows(&ran)[0]["id"]),
            (&json!(outcome), &json!(ID))
        );
    }
}

#[test]
fn a_number_shared_with_a_file_not_chosen_closes_neither() {
    let both = || vec![open(r"D:\costs.txt", "alice"), open(r"D:\plans.txt", "bob")];
    let endpoint = scripted(0, move |_| both());
    let (ran, orders) = close_at(&endpoint, &["--user", "alice"]);
    assert_eq!((ran.code, orders), (Some(2), 0), "{}", ran.seen());
    assert_eq!(rows(&ran)[0]["outcome"], "skipped");
    let message = rows(&ran)[0]["message"].to_string();
    assert!(message.contains("plans.txt"), "{message}");
}
