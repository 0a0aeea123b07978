//! The real grid in a real terminal (tmux), against a real Samba whose clients
//! come and go. Tests whose names say that they end something change the
//! server.

mod common;
#[path = "browse_samba/terminal.rs"]
mod terminal;
#[path = "browse_samba/using.rs"]
mod using;
#[path = "browse_samba/watch.rs"]
mod watch;

use std::process::Command;

use common::{Smbwho, dead_port};
use serde_json::Value;
use smbwho_testkit::{Held, Samba};
use terminal::Terminal;

fn samba() -> Samba {
    let samba = Samba::builder()
        .admin("root", "adm")
        .user("alice", "a")
        .user("bob", "b");
    samba.start().expect("a Samba")
}

fn hold(samba: &Samba, user: &str) -> Held {
    samba.hold_session(user, &user[..1]).expect("connected")
}

fn browse(samba: &Samba, more: &str) -> Terminal {
    let terminal = Terminal::open();
    terminal.start(&format!(
        "browse {} -U root --interval 1s {more}",
        samba.address()
    ));
    terminal.wait("the first answer", |screen| screen.contains(" live  #"));
    terminal
}

/// How often the servers have answered, as the first line says.
fn rounds(screen: &str) -> u64 {
    let line = screen.lines().next().unwrap_or_default();
    let number = line
        .rsplit('#')
        .next()
        .and_then(|number| number.trim().parse().ok());
    number.unwrap_or_else(|| panic!("no number of answers in {line:?}"))
}

/// The line of this user, if there is one.
fn line_of<'a>(screen: &'a str, user: &str) -> Option<&'a str> {
    screen
        .lines()
        .find(|line| line.split_whitespace().any(|word| word == user))
}

#[test]
fn clients_that_come_and_go_are_seen_within_two_answers() {
    let samba = samba();
    let terminal = browse(&samba, "");
    let before = terminal.screen();
    assert!(line_of(&before, "alice").is_none(), "{before}");

    let alice = hold(&samba, "alice");
    // The answer that is under way may not know of her; the next one must.
    let from = rounds(&terminal.screen());
    let seen = terminal.wait("alice", |s| {
        line_of(s, "alice").is_some() || rounds(s) > from + 2
    });
    let line = line_of(&seen, "alice").unwrap_or_else(|| panic!("not seen in time:\n{seen}"));
    assert!(line.starts_with(" +"), "she is marked as new: {line:?}");

    drop(alice);
    let ended = |s: &str| line_of(s, "alice").is_none_or(|line| line.starts_with(" -"));
    let log_off = terminal.wait("smbd to notice", |s| {
        let users = samba
            .tool("smbstatus")
            .expect("smbstatus")
            .arg("-p")
            .output();
        let users = users.expect("smbstatus runs").stdout;
        ended(s) || !String::from_utf8_lossy(&users).contains("alice")
    });
    let from = rounds(&log_off);
    let seen = terminal.wait("her end", |s| ended(s) || rounds(s) > from + 2);
    assert!(ended(&seen), "not seen in time:\n{seen}");
}

#[test]
fn a_session_that_is_ended_in_the_grid_is_asked_for_ended_and_recorded() {
    let samba = samba();
    let mut alice = hold(&samba, "alice");
    let terminal = browse(&samba, "--user alice");
    terminal.wait("alice", |s| s.contains("1 of 2 sessions"));
    terminal.keys(&["x"]);
    let asked = terminal.wait("the question", |s| s.contains("Type yes to end 1 session"));
    assert!(asked.contains("alice from 127.0.0.1"), "{asked}");
    terminal.keys(&["n", "o", "Enter"]);
    terminal.wait("nothing", |s| s.contains("Nothing was done"));
    assert!(alice.is_alive());
    terminal.keys(&["x"]);
    terminal.wait("the question", |s| s.contains("Type yes to end 1 session"));
    terminal.keys(&["y", "e", "s", "Enter"]);
    terminal.wait("the result", |s| s.contains("gone: alice from 127.0.0.1"));
    let log = std::fs::read_to_string(terminal.audit_log()).expect("an audit log");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let outcomes: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["attempt", "gone"]);
    assert_eq!(lines[0]["target"]["user"], "alice");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while alice.is_alive() {
        assert!(
            std::time::Instant::now() < until,
            "her client does not notice"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Nothing is drawn beyond a screen that becomes smaller in the middle of it.
#[test]
fn a_pane_that_is_split_and_joined_while_it_is_used_is_drawn_on() {
    let samba = samba();
    let terminal = browse(&samba, "");
    for lines in [40, 8, 40, 1, 30, 3, 24].into_iter().cycle().take(42) {
        terminal.resize(100, lines);
        terminal.keys(&["j", "?", "j", "Escape"]);
    }
    terminal.resize(80, 24);
    let from = rounds(&terminal.wait("the grid", |s| s.contains(" live  #")));
    terminal.wait("another answer", |s| {
        s.contains(" live  #") && rounds(s) > from
    });
    terminal.keys(&["q"]);
    terminal.is_back(0);
}

#[test]
fn a_refused_password_is_asked_for_again_and_not_shown() {
    let samba = samba();
    let terminal = Terminal::open();
    terminal.line("export SMBWHO_PASSWORD=wrong; clear");
    terminal.start(&format!("browse {} -U root --interval 1s", samba.address()));
    let refused = terminal.wait("the refusal", |s| s.contains("! 1 refused"));
    assert!(!refused.contains("not answering"), "{refused}");
    assert!(refused.contains("r asks for the password"), "{refused}");
    assert!(refused.contains("STATUS_LOGON_FAILURE"), "{refused}");
    terminal.keys(&["6"]);
    let servers = terminal.wait("the servers", |s| s.contains("› servers"));
    let address = samba.address();
    let line = line_of(&servers, &address).unwrap_or_default();
    assert!(
        line.split_whitespace().any(|word| word == "refused"),
        "{servers}"
    );
    terminal.keys(&["1", "r"]);
    terminal.wait("the question", |s| s.contains("Password for root:"));
    terminal.keys(&["a", "d", "m"]);
    let typed = terminal.screen();
    assert!(!typed.contains("adm"), "{typed}");
    terminal.keys(&["Enter"]);
    terminal.wait("an answer", |s| {
        s.contains(" live  #") && line_of(s, "root").is_some()
    });
}

#[test]
fn a_server_that_stops_goes_stale_and_comes_back() {
    let samba = samba();
    let terminal = browse(&samba, "--timeout 1s");
    let signal = |name: &str| {
        for pid in samba.pids() {
            // The lab's services have process groups of their own.
            let sent = Command::new("kill")
                .args([name, "--", &format!("-{pid}")])
                .status();
            assert!(sent.expect("kill runs").success());
        }
    };
    signal("-STOP");
    let stale = terminal.wait("a stale server", |s| s.contains("! 1 not answering"));
    assert!(stale.contains("again in"), "{stale}");
    assert!(
        line_of(&stale, "root").is_some(),
        "what was told stays in sight:\n{stale}"
    );
    signal("-CONT");
    terminal.wait("its return", |s| s.contains("live"));
}

#[test]
fn the_terminal_is_given_back_however_the_program_ends() {
    let samba = samba();
    let terminal = browse(&samba, "");
    let stops: [&dyn Fn(); 2] = [&|| terminal.keys(&["C-z"]), &|| terminal.signal("-TSTP")];
    for stop in stops {
        stop();
        terminal.wait("the shell", |s| {
            s.contains("Stopped") && !s.contains("live")
        });
        terminal.line("stty -a | grep -o -E -- '-?(icanon|echo) '; echo stopped");
        let shell = terminal.wait("stty", |s| s.contains("\nstopped"));
        assert!(
            !shell.contains("\n-icanon") && !shell.contains("\n-echo"),
            "{shell}"
        );
        terminal.line("clear; fg");
        terminal.wait("the grid", |s| s.contains("live") && s.contains("root"));
    }
    terminal.keys(&["q"]);
    terminal.is_back(0);

    let again = format!("browse {} -U root --interval 1s", samba.address());
    let ends: [(&str, i32, &dyn Fn()); 4] = [
        ("Ctrl-C", 130, &|| terminal.keys(&["C-c"])),
        ("hang-up", 129, &|| terminal.signal("-HUP")),
        ("termination", 143, &|| terminal.signal("-TERM")),
        ("interrupt", 130, &|| terminal.signal("-INT")),
    ];
    for (name, code, end) in ends {
        terminal.start(&again);
        terminal.wait(name, |s| s.contains("live"));
        end();
        terminal.is_back(code);
    }
    if cfg!(debug_assertions) {
        terminal.line("export SMBWHO_TEST_PANIC=1");
        terminal.start(&again);
        terminal.wait("the panic's message", |s| {
            s.contains("a panic that a test asked for")
        });
        terminal.is_back(101);
    }
}

#[test]
fn once_prints_the_view_without_a_terminal() {
    let samba = samba();
    let _alice = hold(&samba, "alice");
    let address = samba.address();
    let ran = Smbwho::new(&["browse", &address, "-U", "root", "--once"])
        .password("adm")
        .run();
    assert_eq!(ran.code, Some(0), "{}", ran.seen());
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], format!("smbwho {address} › sessions"));
    assert!(lines[1].starts_with("CLIENT"), "{}", ran.seen());
    assert!(line_of(&ran.stdout, "alice").is_some());
    assert!(
        lines[lines.len() - 1].starts_with("2 sessions · opens "),
        "{}",
        ran.seen()
    );

    let (_port, dead) = dead_port();
    let dead = format!("127.0.0.1:{dead}");
    let servers = [
        "browse", &address, &dead, "-U", "root", "--once", "--kind", "servers",
    ];
    let ran = Smbwho::new(&servers).password("adm").run();
    assert_eq!(ran.code, Some(1), "{}", ran.seen());
    assert!(
        ran.stderr.contains(&dead) && ran.stdout.contains("failed"),
        "{}",
        ran.seen()
    );

    let ran = Smbwho::new(&["browse", &address, "-U", "root"])
        .password("adm")
        .run();
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--once"), "{}", ran.seen());
}
