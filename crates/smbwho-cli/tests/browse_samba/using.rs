//! What people do in the grid: with keys, with the mouse, at any size.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use smbwho_testkit::{
    Cut, CutLine, Direction, Endpoint, LabSession, SessionRequest, SessionService,
};

use crate::terminal::Terminal;
use crate::{browse, hold, line_of, rounds, samba};

#[test]
fn rows_are_filtered_sorted_copied_exported_and_entered() {
    let samba = samba();
    let _people = [
        hold(&samba, "alice"),
        hold(&samba, "bob"),
        samba.hold_file("alice", "a", "budget.xlsx").expect("open"),
    ];
    let terminal = browse(&samba, "");
    terminal.wait("what is open", |s| s.contains("opens 1"));

    // A click on a head sorts by it.
    let place = |screen: &str, word: &str| {
        let heads = screen.lines().nth(1).unwrap_or_default();
        heads.find(word).expect("a head") + 1
    };
    let seen = terminal.screen();
    terminal.click(place(&seen, "OPENS"), 2);
    terminal.click(place(&seen, "OPENS"), 2);
    let seen = terminal.wait("the other order", |s| s.contains("↓OPENS"));
    let first = seen.lines().nth(2).unwrap_or_default();
    assert!(first.contains("alice"), "{seen}");

    terminal.keys(&["/"]);
    terminal.keys(&["user:bob", "Enter"]);
    terminal.wait("bob alone", |s| s.contains("1 of 4 sessions"));
    terminal.keys(&["y"]);
    terminal.wait("the copy", |s| s.contains("Copied 1 row"));
    let copied = terminal.clipboard();
    assert!(copied.starts_with("127.0.0.1\tbob\t0\t"), "{copied:?}");

    terminal.keys(&["e", "C-u"]);
    terminal.keys(&["people.json", "Enter"]);
    terminal.wait("the export", |s| s.contains("1 rows written"));
    let text = std::fs::read_to_string(terminal.home().join("people.json")).expect("a file");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["schema"], "smbwho/1");
    assert_eq!(document["rows"][0]["user"], "bob");
    // What is there already is kept.
    terminal.keys(&["e", "C-u"]);
    terminal.keys(&["people.json", "Enter"]);
    terminal.wait("a refusal", |s| s.contains("people.json: File exists"));

    // Esc leaves the filter; Enter goes down to the files of a session, and
    // Esc comes back.
    terminal.keys(&["Escape"]);
    terminal.wait("all", |s| s.contains("4 sessions"));
    terminal.keys(&["Home", "Enter"]);
    let files = terminal.wait("her files", |s| s.contains("budget.xlsx"));
    let path = files.lines().next().unwrap_or_default();
    assert!(
        path.contains("› sessions › alice from 127.0.0.1 › files"),
        "{path}"
    );
    terminal.keys(&["Escape"]);
    terminal.wait("the sessions", |s| line_of(s, "bob").is_some());

    // A share, and who uses it.
    terminal.keys(&["3"]);
    terminal.wait("shares", |s| line_of(s, "data").is_some());
    terminal.keys(&["/"]);
    terminal.keys(&["name=data", "Enter", "Enter"]);
    terminal.wait("its users", |s| {
        s.contains("› data › connections") && s.contains(" live ")
    });
    terminal.keys(&["6"]);
    terminal.wait("servers", |s| s.contains("› servers") && s.contains(" ok "));
}

#[test]
fn any_size_will_do_and_no_colour_is_no_colour() {
    let service = SessionService::new(vec![
        LabSession::new("\\\\10.0.0.7", "山田太郎"),
        LabSession::new("\\\\10.0.0.8", "e\u{301}ve"),
        LabSession::new("\\\\10.0.0.9", "\u{1b}[31mred"),
    ]);
    let endpoint = Endpoint::builder().serve(service).expect("an endpoint");
    let terminal = Terminal::open();
    terminal.line("export SMBWHO_PASSWORD=endpoint NO_COLOR=1; clear");
    let arguments = format!("browse {} -U root --interval 1s", endpoint.address());
    terminal.start(&arguments);
    let seen = terminal.wait("people", |s| s.contains("3 sessions"));
    // The column behind wide and combining characters is where its head is.
    let places: Vec<usize> = seen
        .lines()
        .skip(1)
        .take(4)
        .map(|line| {
            use unicode_width::UnicodeWidthStr as _;
            line.trim_end().width()
        })
        .collect();
    assert_eq!(places, [places[0]; 4], "{seen}");
    assert!(seen.contains("\\u{1b}[31mred"), "{seen}");
    let styled = terminal.styled();
    for part in styled.split("\u{1b}[").skip(1) {
        let codes = part.split('m').next().unwrap_or_default();
        // 39 and 49 are the terminal's own.
        let coloured = |code: &str| {
            !matches!(code, "39" | "49")
                && matches!(
                    code.as_bytes(),
                    [b'3' | b'4' | b'9', _, ..] | [b'1', b'0', _]
                )
        };
        assert!(!codes.split(';').any(coloured), "{codes:?} in {styled}");
    }
    for (columns, lines) in [(132, 43), (40, 8), (12, 5), (80, 24)] {
        terminal.resize(columns, lines);
        let seen = terminal.wait("the new size", |s| {
            let keys = s.lines().nth(lines - 1);
            s.lines().count() == lines && keys.is_some_and(|keys| keys.starts_with("? help"))
        });
        assert!(
            seen.lines().all(|line| line.chars().count() <= columns),
            "{seen}"
        );
    }
    terminal.keys(&["q"]);
    terminal.is_back(0);

    // On a light background cyan is hard to read.
    terminal.line("unset NO_COLOR; export COLORFGBG='0;15'; clear");
    terminal.start(&arguments);
    terminal.wait("people", |s| s.contains("3 sessions"));
    let styled = terminal.styled();
    assert!(styled.contains("38;5;4m"), "{styled}");
    assert!(!styled.contains("38;5;6m"), "{styled}");
    terminal.keys(&["q"]);
    terminal.is_back(0);

    // In colour, and in those of the terminal alone.
    terminal.line("unset COLORFGBG; clear");
    terminal.start(&arguments);
    terminal.wait("people", |s| s.contains("3 sessions"));
    assert!(
        terminal.styled().contains("38;5;6m"),
        "{}",
        terminal.styled()
    );
    // The terminal itself goes away.
    let pid = terminal.program();
    terminal.close();
    let gone = || !std::path::Path::new(&format!("/proc/{pid}")).exists();
    let until = std::time::Instant::now() + Duration::from_secs(30);
    while !gone() {
        assert!(
            std::time::Instant::now() < until,
            "it lives on without a terminal"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_slow_server_is_never_asked_twice_at_once() {
    let (now, most, asked) = (
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    let counts = Arc::new((now, most, asked));
    let service = SessionService::numbered(3).only_levels(&[0, 1]);
    let seen = Arc::clone(&counts);
    let endpoint = Endpoint::builder().start(move |request| {
        let (now, most, asked) = &*seen;
        let slow = SessionRequest::decode(&request.stub).is_ok_and(|asked| asked.level == 1);
        if slow {
            asked.fetch_add(1, Ordering::SeqCst);
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Three times as long as between two answers.
            std::thread::sleep(Duration::from_secs(3));
            now.fetch_sub(1, Ordering::SeqCst);
        }
        service.answer(request)
    });
    let endpoint = endpoint.expect("an endpoint");
    let terminal = Terminal::open();
    terminal.line("export SMBWHO_PASSWORD=endpoint; clear");
    terminal.start(&format!(
        "browse {} -U root --interval 1s",
        endpoint.address()
    ));
    terminal.wait("the first answer", |s| s.contains("3 sessions"));
    let from = rounds(&terminal.screen());
    // Whoever is impatient, too.
    terminal.wait("two more", |s| {
        terminal.keys(&["r"]);
        rounds(s) >= from + 2
    });
    let (_, most, asked) = &*counts;
    assert_eq!(most.load(Ordering::SeqCst), 1);
    assert!(asked.load(Ordering::SeqCst) >= 3);
}

/// In the middle of what ends a session, whoever ends the program waits until
/// it is known what became of it.
#[test]
fn a_signal_in_the_middle_of_an_order_leaves_its_outcome_in_the_log() {
    const SESSION_DEL: u16 = 13;
    for (signal, code) in [("-TERM", 143), ("-HUP", 129), ("-INT", 130)] {
        let began = std::time::Instant::now();
        let there = std::sync::atomic::AtomicBool::new(true);
        let endpoint = Endpoint::builder().start(move |request| {
            if request.opnum == SESSION_DEL {
                std::thread::sleep(Duration::from_millis(1500));
                there.store(false, Ordering::SeqCst);
                return smbwho_testkit::Action::reply(vec![0; 4]);
            }
            let mut rows = Vec::new();
            if there.load(Ordering::SeqCst) {
                let age = u32::try_from(began.elapsed().as_secs()).expect("not long");
                rows.push(LabSession {
                    active_secs: 500 + age,
                    ..LabSession::new("\\\\ws1", "alice")
                });
            }
            SessionService::new(rows).answer(request)
        });
        let endpoint = endpoint.expect("an endpoint");
        let terminal = Terminal::open();
        terminal.line("export SMBWHO_PASSWORD=endpoint; clear");
        let arguments = format!("browse {} -U root --interval 1s", endpoint.address());
        terminal.start(&arguments);
        terminal.wait("alice", |s| line_of(s, "alice").is_some());
        terminal.keys(&["x"]);
        terminal.wait("the question", |s| s.contains("Type yes to end 1 session"));
        terminal.keys(&["y", "e", "s", "Enter"]);
        let ordered = || endpoint.requests().iter().any(|r| r.opnum == SESSION_DEL);
        terminal.wait("the order", |_| ordered());
        terminal.signal(signal);
        terminal.wait("what was done", |s| s.contains("gone: alice from ws1"));
        terminal.is_back(code);
        let log = std::fs::read_to_string(terminal.audit_log()).expect("an audit log");
        let outcome = |line: &str| {
            let line: Value = serde_json::from_str(line).expect("JSON");
            line["outcome"].as_str().expect("text").to_owned()
        };
        let outcomes: Vec<String> = log.lines().map(outcome).collect();
        assert_eq!(outcomes, ["attempt", "gone"], "{signal}");
    }
}

#[test]
fn a_server_that_refuses_one_question_is_asked_the_next_at_once() {
    // It knows sessions alone.
    let service = SessionService::numbered(3);
    let endpoint = Endpoint::builder().serve(service).expect("an endpoint");
    let terminal = Terminal::open();
    terminal.line("export SMBWHO_PASSWORD=endpoint; clear");
    // Whoever waits for the next time waits for ever.
    let arguments = format!("browse {} -U root --interval 1h", endpoint.address());
    terminal.start(&arguments);
    terminal.wait("sessions", |s| s.contains("3 sessions"));
    terminal.keys(&["2"]);
    terminal.wait("a refusal", |s| {
        s.contains("› files") && s.contains("not known: 1 refused (")
    });
    terminal.keys(&["!"]);
    terminal.wait("the reason", |s| s.contains("What is wrong with servers"));
    terminal.keys(&["q"]);
    terminal.keys(&["1"]);
    terminal.wait("sessions", |s| s.contains("3 sessions"));
}

/// A server that hangs up on a wrong password may have counted it: it is shown no other
/// without somebody typing it.
#[test]
fn a_password_that_was_not_answered_is_asked_for_before_it_is_sent_again() {
    let samba = samba();
    let ask = |address: &str| {
        let terminal = Terminal::open();
        terminal.line("export SMBWHO_PASSWORD=wrong; clear");
        terminal.start(&format!("browse {address} -U root --interval 1s"));
        terminal
    };
    let line = |bytes| {
        CutLine::to(samba.address(), Direction::ToClient, bytes, Cut::Close).expect("a port")
    };
    let whole = line(u64::MAX);
    ask(&whole.address()).wait("the refusal", |s| s.contains("! 1 refused"));
    let cut = line(whole.bytes(Direction::ToClient) - 1);
    let terminal = ask(&cut.address());
    let stopped = terminal.wait("the hang-up", |s| s.contains("! 1 not answering"));
    assert!(stopped.contains("r asks for the password"), "{stopped}");
    terminal.keys(&["r"]);
    terminal.wait("the question", |s| s.contains("Password for root:"));
    terminal.keys(&["Escape"]);
    terminal.wait("the grid", |s| !s.contains("Password for root:"));
    assert_eq!(cut.connections(), 1);
}
