//! No server named, and many are connected to this one: what is asked of
//! smbstatus, and what is shown where it cannot answer in one of its ways. A shell
//! script stands in its place, which prints as many rows as a test wants.

#![cfg(unix)]

mod common;

use std::fmt::Write as _;

use common::{Ran, Smbwho};
use serde_json::{Value, json};

/// What smbstatus has to tell: sessions, each of an smbd of its own and connected to one
/// share, and files of theirs in turns.
#[derive(Clone, Copy)]
struct Size {
    sessions: usize,
    files: usize,
}

const SMALL: Size = Size {
    sessions: 20,
    files: 40,
};
const LARGE: Size = Size {
    sessions: 1_200,
    files: 4_800,
};

impl Size {
    fn processes(self) -> String {
        let mut text =
            "\nSamba version 4.17.12-Debian\nPID     Username     Group        Machine   \
                        Protocol Version  Encryption           Signing\n-----------\n"
                .to_owned();
        for n in 0..self.sessions {
            let (pid, user) = (1000 + n, format!("u{n}"));
            let _ = writeln!(
                text,
                "{pid:<7} {user:<12} {:<12} 10.0.0.1 (ipv4:10.0.0.1:{n})   SMB3_11   {:<20} AES-128-GMAC",
                "staff", "-"
            );
        }
        text + "\n"
    }

    fn shares(self) -> String {
        let mut text = "\nService      pid     Machine       Connected at                     \
                        Encryption   Signing\n-----------\n"
            .to_owned();
        for n in 0..self.sessions {
            let pid = 1000 + n;
            let _ = writeln!(
                text,
                "data         {pid:<7} 10.0.0.1      Mon Nov 30 05:01:02 2026 UTC     -   AES-128-GMAC"
            );
        }
        text + "\n"
    }

    fn locks(self) -> String {
        if self.files == 0 {
            return "No locked files\n".to_owned();
        }
        let mut text =
            "\nLocked files:\nPid          User(ID)   DenyMode   Access      R/W        \
                        Oplock           SharePath   Name   Time\n-----------\n"
                .to_owned();
        for n in 0..self.files {
            let pid = 1000 + n % self.sessions;
            let _ = writeln!(
                text,
                "{pid:<12} 0          DENY_NONE  0x120089    RDONLY     LEASE(RH)        /srv/data   \
                 f {n}.txt   Mon Nov 30 05:01:01 2026"
            );
        }
        text + "\n"
    }

    fn json(self) -> Value {
        let id = |n: usize| {
            let pid = (1000 + n % self.sessions).to_string();
            json!({"pid": pid, "vnn": "4294967295", "unique_id": format!("9{n}")})
        };
        let session = |n: usize| {
            let (number, user) = (n.to_string(), format!("u{n}"));
            let session = json!({"session_id": number, "server_id": id(n), "uid": n,
                "username": user, "remote_machine": "10.0.0.1", "session_dialect": "SMB3_11",
                "auth_time": "2026-11-30T05:00:00+00:00"});
            (number, session)
        };
        let tcon = |n: usize| {
            let number = n.to_string();
            let tcon = json!({"service": "data", "server_id": id(n), "tcon_id": number,
                "session_id": number, "machine": "10.0.0.1",
                "connected_at": "2026-11-30T05:01:02+00:00"});
            (number, tcon)
        };
        let file = |n: usize| {
            let open = json!({"server_id": id(n % self.sessions), "uid": 0,
                "share_file_id": n.to_string(), "access_mask": {"hex": "0x00120089"},
                "sharemode": {"hex": "0x00000007"}});
            let name = format!("f {n}.txt");
            let file = json!({"service_path": "/srv/data", "filename": name, "opens": {"1": open}});
            (n.to_string(), file)
        };
        json!({
            "timestamp": "2026-11-30T05:02:02+00:00",
            "sessions": (0..self.sessions).map(session).collect::<serde_json::Map<_, _>>(),
            "tcons": (0..self.sessions).map(tcon).collect::<serde_json::Map<_, _>>(),
            "open_files": (0..self.files).map(file).collect::<serde_json::Map<_, _>>(),
        })
    }
}

/// What came of the program, and how it called smbstatus.
struct Asked {
    ran: Ran,
    calls: Vec<String>,
}

/// The program beside a smbstatus that tells of so many. `first` may do something else with
/// some words: it is the beginning of a shell's `case`.
fn ask(size: Size, first: &str, arguments: &[&str]) -> Asked {
    let text = [size.processes(), size.shares(), size.locks()];
    let all = text.concat();
    let [processes, shares, locks] = text;
    // Of more nobody asks for it.
    let json = match size.sessions + size.files < 1000 {
        true => size.json().to_string(),
        false => String::new(),
    };
    let script = format!(
        r#"cd "${{0%/*}}/.."
echo "$*" >>calls
case "$*" in
{first}
'') cat all ;;
--processes) cat processes ;;
--shares) cat shares ;;
--locks) cat locks ;;
--json*) cat json ;;
*) exit 1 ;;
esac"#
    );
    let mut program = Smbwho::new(arguments)
        .stand_in("smbstatus", &script)
        .file("all", &all)
        .file("processes", &processes)
        .file("shares", &shares)
        .file("locks", &locks)
        .file("json", &json)
        .file("calls", "");
    let calls = program.folder().join("calls");
    let output = program.command().output().expect("the program starts");
    let calls = std::fs::read_to_string(calls).expect("it was called");
    Asked {
        ran: Ran::from(output),
        calls: calls.lines().map(str::to_owned).collect(),
    }
}

impl Asked {
    fn rows(&self) -> Vec<Value> {
        assert_eq!(self.ran.code, Some(0), "{}", self.ran.seen());
        let lines = self.ran.stdout.lines();
        let row = |line| serde_json::from_str(line).expect("JSON");
        lines.map(row).collect()
    }

    fn opens(&self) -> u64 {
        let rows = self.rows();
        let opens = rows.iter().map(|row| row["opens"].as_u64());
        opens.map(|opens| opens.expect("known")).sum()
    }
}

const JSONL: [&str; 2] = ["-o", "jsonl"];

#[test]
fn of_many_rows_the_json_is_not_asked_for() {
    let few = ask(SMALL, "", &JSONL);
    assert_eq!(few.calls, ["", "--json"]);
    assert_eq!((few.rows().len(), few.opens()), (20, 40));
    assert!(few.rows()[0]["auth_time"].is_string());
    // As often for half of them, and no more.
    let half = Size {
        sessions: LARGE.sessions / 2,
        files: LARGE.files / 2,
    };
    for size in [half, LARGE] {
        let many = ask(size, "", &JSONL);
        assert_eq!(many.calls, [""]);
        let rows = many.rows();
        assert_eq!(rows.len(), size.sessions);
        assert_eq!(many.opens(), size.files as u64);
        let row = &rows[7];
        for (field, known) in [
            ("user", json!("u7")),
            ("client", json!("10.0.0.1")),
            ("dialect", json!("3.1.1")),
            ("cipher", json!("none")),
            ("signing", json!("AES-128-GMAC")),
            ("address", json!("10.0.0.1:7")),
            ("auth_time", Value::Null),
            ("channels", Value::Null),
        ] {
            assert_eq!(row[field], known, "{field}");
        }
        assert!(row["active_secs"].is_u64(), "{row}");
        let files = ask(size, "", &[&["files"], &JSONL[..]].concat());
        assert_eq!(files.calls, [""]);
        assert_eq!(files.rows().len(), size.files);
        let file = &files.rows()[7];
        for (field, known) in [
            ("path", json!("/srv/data/f 7.txt")),
            ("user", json!("u7")),
            ("client", json!("10.0.0.1")),
            ("opened_at", json!("2026-11-30T05:01:01Z")),
            ("oplock", json!("lease(RH)")),
            ("id", Value::Null),
            ("share_mode", Value::Null),
        ] {
            assert_eq!(file[field], known, "{field}");
        }
        let connections = ["connections", "--share", "data"];
        let connections = ask(size, "", &[&connections, &JSONL[..]].concat());
        assert_eq!(connections.calls, ["--processes", "--shares"]);
        assert_eq!(connections.rows().len(), size.sessions);
    }
}

#[test]
fn files_are_counted_only_where_that_is_shown() {
    let columns = |columns: &'static str| [&JSONL[..], &["--columns", columns]].concat();
    let without = ask(LARGE, "", &columns("user,active"));
    assert_eq!(without.calls, ["--processes", "--shares"]);
    assert_eq!(without.rows().len(), LARGE.sessions);
    assert_eq!(ask(LARGE, "", &columns("user,opens")).calls, [""]);
    let sorted = [&columns("user")[..], &["--sort", "opens"]].concat();
    assert_eq!(ask(LARGE, "", &sorted).calls, [""]);
}

#[test]
fn what_is_small_is_told_in_full_beside_what_is_not() {
    let size = Size {
        sessions: 600,
        files: 3,
    };
    let files = ask(size, "", &[&["files"], &JSONL[..]].concat());
    assert_eq!(files.calls, ["", "--json --locks"]);
    let rows = files.rows();
    assert!(rows.iter().all(|row| row["id"].is_u64()), "{rows:?}");
    assert_eq!((&rows[2]["user"], rows.len()), (&json!("u2"), 3));
    // Processes of text and of JSON are the same ones.
    assert_eq!(ask(size, "", &JSONL).opens(), 3);
    let size = Size {
        sessions: 3,
        files: 600,
    };
    let sessions = ask(size, "", &JSONL);
    assert_eq!(
        sessions.calls,
        ["", "--json --processes", "--json --shares"]
    );
    assert_eq!((sessions.rows().len(), sessions.opens()), (3, 600));
    assert!(sessions.rows()[0]["auth_time"].is_string());
}

/// Every way in which the JSON can fail costs what only the JSON has.
#[test]
fn without_json_the_text_is_shown() {
    let endless =
        "--json*) while :; do echo '{'; head -c 1000000 /dev/zero | tr '\\0' ' '; done ;;";
    let hungry = "--json*) exec awk 'BEGIN { s = \"x\"; while (1) s = s s }' ;;";
    let slow = "--json*) exec sleep 600 ;;";
    for (first, limit) in [(endless, "60s"), (hungry, "60s"), (slow, "2s")] {
        let arguments = [&JSONL[..], &["--timeout", limit]].concat();
        let sessions = ask(SMALL, first, &arguments);
        assert_eq!((sessions.rows().len(), sessions.opens()), (20, 40));
        assert!(sessions.rows()[0]["auth_time"].is_null());
        let files = ask(SMALL, first, &[&["files"], &arguments[..]].concat());
        assert_eq!(files.rows().len(), 40, "{first}");
    }
}

/// Each part is asked for by itself where all at once is too much.
#[test]
fn parts_are_shown_where_all_is_too_much() {
    let arguments = [&JSONL[..], &["--timeout", "8s"]].concat();
    for first in [
        "'') exec sleep 600 ;;",
        "'') exec cat /dev/zero ;;",
        "'') kill -ABRT $$ ;;",
    ] {
        let asked = ask(LARGE, first, &arguments);
        assert_eq!(asked.calls, ["", "--processes", "--shares", "--locks"]);
        assert_eq!(asked.rows().len(), LARGE.sessions, "{first}");
        assert_eq!(asked.opens(), LARGE.files as u64);
    }
    // What cannot be had at all is unknown, and that is said.
    let no_locks = "''|*--locks*) exec sleep 600 ;;";
    let asked = ask(LARGE, no_locks, &arguments);
    assert_eq!(asked.ran.code, Some(1), "{}", asked.ran.seen());
    assert!(asked.ran.stderr.contains("did not end within 8 s"));
    let rows: Vec<&str> = asked.ran.stdout.lines().collect();
    assert_eq!(rows.len(), LARGE.sessions);
    assert!(rows.iter().all(|row| row.contains(r#""opens":null"#)));
}

#[test]
fn sessions_are_shown_without_their_connections_to_shares() {
    let first = "''|*--shares*) exit 3 ;;";
    let arguments = [&JSONL[..], &["--columns", "user,active"]].concat();
    let asked = ask(SMALL, first, &arguments);
    assert_eq!(asked.ran.code, Some(1), "{}", asked.ran.seen());
    assert!(asked.ran.stderr.contains("exit status: 3"));
    assert_eq!(asked.ran.stdout.lines().count(), SMALL.sessions);
    let connections = ["connections", "--share", "data"];
    let asked = ask(SMALL, first, &[&connections, &JSONL[..]].concat());
    assert_eq!(asked.ran.code, Some(2), "{}", asked.ran.seen());
}

/// Two users of one smbd, as the sessions of a terminal server are, or those of a client and of
/// its computer account.
#[test]
fn users_of_one_smbd_have_their_own_files() {
    let size = Size {
        sessions: 600,
        files: 600,
    };
    // u0 and u1 are both of process 1000; the files there are u1's.
    let both = "sed 's/^1001 /1000 /'";
    let named = "sed -E 's/^1001 /1000 /;s/^(1000 +)0 /\\1u1/'";
    let first = format!(
        "'') {both} all ;;\n--processes) {both} processes ;;\n\
         '--locks --resolve-uids') {named} locks ;;"
    );
    let asked = ask(size, &first, &JSONL);
    assert_eq!(asked.calls, ["", "--locks --resolve-uids"]);
    let rows = asked.rows();
    let opens = |rows: &[Value], user: &str| {
        let row = rows.iter().find(|row| row["user"] == user);
        row.expect("a row")["opens"].clone()
    };
    assert_eq!(opens(&rows, "u0"), 0);
    assert_eq!(opens(&rows, "u1"), 2);
    assert_eq!(opens(&rows, "u2"), 1);
    let files = ask(size, &first, &[&["files"], &JSONL[..]].concat()).rows();
    let users = files.iter().filter(|row| row["user"] == "u1").count();
    assert_eq!(users, 2);
    // Without the names nobody can say.
    let first = format!("'') {both} all ;;");
    let rows = ask(size, &first, &JSONL).rows();
    for user in ["u0", "u1"] {
        assert_eq!(opens(&rows, user), Value::Null, "{user}");
    }
    assert_eq!(opens(&rows, "u2"), 1);
}
