//! Whole screens of 80 by 24, drawn from states.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use insta::assert_snapshot;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use smbwho::{
    Connection, ConnectionLevel, FileLevel, Level, Logon, LogonLevel, MaxUses, OpenFile,
    Permissions, Session, Share, ShareKind, ShareLevel,
};

use super::*;
use crate::commands::close::Done;
use crate::live::{Answer, Rows, Subject, Tenths, Use};
use crate::problem::{Cause, Problem};
use crate::seen::Window;
use crate::tui::closing::Ready;
use crate::tui::state::{Event, Start};

fn session(user: &str, client: &str, opens: Option<u32>, idle: Option<u64>) -> Session {
    let mut session = Session::unknown(Level::L502);
    session.client = Some(client.into());
    session.user = Some(user.into());
    session.opens = opens;
    session.active = Some(Duration::from_secs(3_700));
    session.idle = idle.map(Duration::from_secs);
    session
}

fn state(servers: &[&str], subject: Subject) -> State {
    let servers: Vec<Arc<str>> = servers.iter().map(|&name| name.into()).collect();
    State::new(servers, subject, Start::default()).expect("a state")
}

fn answer(state: &mut State, server: usize, rows: Option<Rows>, health: Health, secs: u32) {
    let answer = Answer {
        server,
        question: state.question().number,
        rows,
        reason: None,
        health,
        seen: Window::within(Duration::ZERO),
    };
    state.update(Event::Answer(answer), Tenths(secs * 10));
}

fn press(state: &mut State, keys: &str) {
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            c => KeyCode::Char(c),
        };
        let now = state.now;
        state.update(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), now);
    }
}

const DARK: Palette = Palette {
    colour: true,
    light: false,
};
const LIGHT: Palette = Palette {
    light: true,
    ..DARK
};
const PLAIN: Palette = Palette {
    colour: false,
    ..DARK
};

fn drawn(state: &mut State, palette: Palette) -> Terminal<TestBackend> {
    while state.is_busy() {
        state.grid().work(1000);
    }
    let (width, height) = state.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    let draw = |frame: &mut Frame<'_>| super::draw(frame, state, palette);
    terminal.draw(draw).expect("drawn");
    terminal
}

fn screen(state: &mut State) -> String {
    let shown = drawn(state, DARK).backend().to_string();
    // Without the quotation marks, the blanks before them, and the note on
    // places behind wide characters.
    let line = |line: &str| {
        let text = line.split("\" Hidden by").next().unwrap_or(line);
        text.trim_matches('"').trim_end().to_owned()
    };
    shown.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Two servers, people on them, one of whom came and one went.
fn office() -> State {
    let mut state = state(&["fs1", "fs2.example.com"], Subject::Sessions);
    let first = vec![
        session("alice", "10.0.0.7", Some(3), Some(45)),
        session("bob", "ws17", Some(0), Some(7_300)),
        session("山田太郎", "[fe80::1]", Some(12), None),
    ];
    let second = vec![session("carol", "ws18", None, Some(5))];
    answer(
        &mut state,
        0,
        Some(Rows::Sessions(first.clone())),
        Health::Good,
        0,
    );
    answer(&mut state, 1, Some(Rows::Sessions(second)), Health::Good, 0);
    let mut later = first;
    later.remove(1);
    for row in &mut later {
        row.active = row.active.map(|age| age + Duration::from_secs(5));
    }
    later.push(session(
        "e\u{301}ve\u{202e}\u{1b}[2J",
        "ws19",
        Some(1),
        Some(0),
    ));
    answer(&mut state, 0, Some(Rows::Sessions(later)), Health::Good, 5);
    state
}

fn refused() -> Problem {
    Problem {
        step: Some("connect"),
        message: "nothing listens on that port".to_owned(),
        ..Problem::interrupted("fs2.example.com")
    }
}

#[test]
fn sessions() {
    let mut state = office();
    press(&mut state, "jj j");
    assert_snapshot!(screen(&mut state));
}

#[test]
fn a_server_that_does_not_answer() {
    let mut state = office();
    let then = Instant::now() + Duration::from_millis(10_900);
    answer(&mut state, 1, None, Health::Failed(refused(), then), 10);
    assert_snapshot!(screen(&mut state));
}

#[test]
fn servers() {
    let mut state = office();
    answer(&mut state, 1, None, Health::Stopped(refused()), 10);
    press(&mut state, "6");
    assert_snapshot!(screen(&mut state));
}

#[test]
fn files_of_a_session() {
    let mut state = office();
    press(&mut state, "\n");
    let mut file = OpenFile::unknown(9_001_u32, FileLevel::L3);
    file.path = Some(r"C:\data\a very long folder name\another one below it\budget.xlsx".into());
    file.user = Some("alice".into());
    file.permissions = Some(Permissions(3));
    file.locks = Some(2);
    file.client = Some("10.0.0.7".into());
    answer(
        &mut state,
        0,
        Some(Rows::Files(vec![file])),
        Health::Good,
        6,
    );
    assert_snapshot!(screen(&mut state));
}

#[test]
fn shares() {
    let mut state = office();
    press(&mut state, "3");
    let mut data = Share::unknown(ShareLevel::L2);
    data.name = Some("data".into());
    data.kind = Some(ShareKind(ShareKind::DISK));
    data.remark = Some("Töpfe und Pfannen".into());
    data.max_uses = Some(MaxUses::Limit(10));
    data.current_uses = Some(7);
    data.path = Some(r"D:\somewhere\far\below\in\a\folder\of\its\own\data".into());
    let mut pipes = Share::unknown(ShareLevel::L2);
    pipes.name = Some("IPC$".into());
    pipes.current_uses = Some(1);
    let rows = Some(Rows::Shares(vec![data, pipes]));
    answer(&mut state, 0, rows, Health::Good, 6);
    assert_snapshot!(screen(&mut state));
}

#[test]
fn users_of_a_share() {
    let mut state = state(&["fs1"], Subject::Shares);
    let mut data = Share::unknown(ShareLevel::L1);
    data.name = Some("data".into());
    answer(
        &mut state,
        0,
        Some(Rows::Shares(vec![data])),
        Health::Good,
        0,
    );
    press(&mut state, "\n");
    let mut connection = Connection::unknown(ConnectionLevel::L1);
    connection.user = Some("alice".into());
    connection.name = Some("ws17".into());
    connection.opens = Some(2);
    connection.active = Some(Duration::from_secs(90));
    let share = "data".into();
    let rows = vec![Use { share, connection }];
    answer(
        &mut state,
        0,
        Some(Rows::Connections(rows)),
        Health::Good,
        1,
    );
    assert_snapshot!(screen(&mut state));
}

#[test]
fn logons() {
    let mut state = state(&["fs1"], Subject::Logons);
    let mut logon = Logon::unknown(LogonLevel::L1);
    logon.user = Some("alice".into());
    logon.domain = Some("EXAMPLE".into());
    logon.logon_server = Some("DC1".into());
    answer(
        &mut state,
        0,
        Some(Rows::Logons(vec![logon])),
        Health::Good,
        0,
    );
    assert_snapshot!(screen(&mut state));
}

#[test]
fn what_was_done() {
    let mut state = office();
    press(&mut state, "x");
    let victim = session("alice", "10.0.0.7", Some(3), Some(45));
    state.update(Event::Looked(0, Ok(Ready::one(victim))), Tenths(60));
    press(&mut state, "yes\n");
    let done = Done {
        messages: vec!["a word of the audit log's".to_owned()],
        problems: vec![refused()],
        ..Done::default()
    };
    state.update(Event::Ended(done), Tenths(61));
    assert_snapshot!(screen(&mut state));
}

#[test]
fn an_export_being_named() {
    let mut state = office();
    press(&mut state, "e");
    assert_snapshot!(screen(&mut state));
}

#[test]
fn a_filter_being_typed() {
    let mut state = office();
    press(&mut state, "/idle>1m");
    assert_snapshot!(screen(&mut state));
    press(&mut state, "x");
    assert!(screen(&mut state).contains("expected a span of time"));
}

#[test]
fn grouped_by_user() {
    let mut state = office();
    press(&mut state, "gg");
    assert_snapshot!(screen(&mut state));
}

#[test]
fn help() {
    let mut state = office();
    press(&mut state, "?");
    assert_snapshot!(screen(&mut state));
}

#[test]
fn columns() {
    let mut state = office();
    press(&mut state, "c");
    assert_snapshot!(screen(&mut state));
}

#[test]
fn the_question_before_something_ends() {
    let mut state = office();
    press(&mut state, "x");
    let victim = session("alice", "10.0.0.7\u{1b}", Some(3), Some(45));
    state.update(Event::Looked(0, Ok(Ready::one(victim))), Tenths(60));
    press(&mut state, "ye");
    assert_snapshot!(screen(&mut state));
}

#[test]
fn nothing_yet() {
    let mut state = state(&["fs1"], Subject::Shares);
    assert_snapshot!(screen(&mut state));
}

#[test]
fn nobody_says_that_there_is_nothing_before_a_server_does() {
    let mut state = state(&["fs1", "fs2.example.com"], Subject::Sessions);
    let seen = screen(&mut state);
    assert!(seen.contains("asking …") && seen.contains("nothing told yet"));
    let then = Instant::now() + Duration::from_secs(10);
    let mut problem = refused();
    problem.hint = Some("Is the server up?".to_owned());
    answer(&mut state, 1, None, Health::Failed(problem, then), 1);
    answer(&mut state, 0, None, Health::Stopped(refused()), 1);
    let seen = screen(&mut state);
    assert!(
        seen.contains("not known: 2 not answering (connect: "),
        "{seen}"
    );
    assert!(seen.contains("nothing told yet"));
    assert!(!seen.contains("no sessions") && !seen.contains("0 sessions"));
    assert!(seen.contains("! 2 not answering") && seen.contains("and 1 more: !"));
    press(&mut state, "!");
    let seen = screen(&mut state);
    assert!(seen.contains("try: Is the server up?"), "{seen}");
    press(&mut state, "q");
    let nobody = Some(Rows::Sessions(Vec::new()));
    answer(&mut state, 1, nobody, Health::Good, 2);
    let seen = screen(&mut state);
    assert!(seen.contains("no sessions") && seen.contains("0 sessions"));
}

#[test]
fn an_empty_view_says_why_it_is_empty() {
    let mut state = office();
    press(&mut state, "/nobody\n");
    assert!(screen(&mut state).contains("the filter hides all 4 sessions"));
    // A session that has files open, and no files.
    let mut state = office();
    press(&mut state, "\n");
    let none = || Some(Rows::Files(Vec::new()));
    answer(&mut state, 0, none(), Health::Good, 6);
    let seen = screen(&mut state);
    assert!(
        seen.contains("no files of it are told, though it has 3"),
        "{seen}"
    );
    // Where the server says more, that is the reason.
    let told = Answer {
        server: 0,
        question: state.question().number,
        rows: none(),
        reason: Some("alice has 3 open".to_owned()),
        health: Health::Good,
        seen: Window::within(Duration::ZERO),
    };
    state.update(Event::Answer(told), Tenths(70));
    let seen = screen(&mut state);
    assert!(seen.contains("no files: alice has 3 open"), "{seen}");
    // One says no, the other has none.
    let mut state = office();
    press(&mut state, "2");
    answer(&mut state, 0, none(), Health::Good, 6);
    assert!(screen(&mut state).contains(" no files\n"));
    let mut problem = refused();
    problem.cause = Cause::Refused;
    let then = Instant::now() + Duration::from_secs(10);
    answer(&mut state, 1, None, Health::Failed(problem, then), 7);
    let seen = screen(&mut state);
    assert!(seen.contains("no files known: 1 refused"), "{seen}");
    assert!(
        seen.contains("! 1 refused") && !seen.contains("not answering"),
        "{seen}"
    );
    answer(&mut state, 0, None, Health::Failed(refused(), then), 8);
    assert!(screen(&mut state).contains("! 1 refused, 1 not answering"));
}

#[test]
fn a_password_that_is_typed_is_not_shown() {
    let mut state = office();
    state.account = Some("LAB\\a\u{1b}nn".to_owned());
    let mut problem = refused();
    problem.cause = Cause::Account;
    answer(&mut state, 1, None, Health::Stopped(problem), 10);
    assert!(screen(&mut state).contains("refused; r asks for the password"));
    press(&mut state, "rhunter2");
    let seen = screen(&mut state);
    assert!(seen.contains("Password for LAB\\a\\u{1b}nn: "), "{seen}");
    assert!(!seen.contains("hunter"));
    // Nobody said what came of it: it may have been counted as well.
    let mut state = office();
    state.account = Some("ann".to_owned());
    let mut problem = refused();
    problem.cause = Cause::PasswordInDoubt;
    answer(&mut state, 1, None, Health::Stopped(problem), 10);
    let seen = screen(&mut state);
    assert!(seen.contains("stopped; r asks for the password"), "{seen}");
    assert!(seen.contains("! 1 not answering"), "{seen}");
    press(&mut state, "r");
    assert!(screen(&mut state).contains("Password for ann: "));
}

#[test]
fn a_long_failure_is_told_in_whole_lines_without_hiding_the_totals() {
    let mut state = office();
    let mut problem = refused();
    problem.message = "what went wrong is a long story ".repeat(20);
    let then = Instant::now() + Duration::from_secs(10);
    answer(&mut state, 1, None, Health::Failed(problem, then), 10);
    let seen = screen(&mut state);
    let lines: Vec<&str> = seen.lines().collect();
    assert!(
        lines[19].starts_with("! fs2.example.com (again in"),
        "{seen}"
    );
    assert!(lines[21].ends_with(" … (!)"), "{seen}");
    assert!(lines[22].starts_with("4 sessions"), "{seen}");
}

#[test]
fn without_colour_signs_say_the_same() {
    let mut state = office();
    let coloured = screen(&mut state);
    let plain = drawn(&mut state, PLAIN);
    let cells = plain.backend().buffer().content();
    assert!(
        cells
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    let text = plain.backend().to_string();
    for line in coloured.lines() {
        assert!(text.contains(line), "{line}");
    }
}

#[test]
fn colours_are_the_terminals_own() {
    use Color::{Blue, Cyan, Green, Magenta, Red, Reset, Yellow};
    let mut state = office();
    let then = Instant::now() + Duration::from_secs(10);
    answer(&mut state, 1, None, Health::Failed(refused(), then), 10);
    let looks = [
        (DARK, &[Green, Cyan, Yellow, Red, Reset][..]),
        (LIGHT, &[Blue, Magenta, Red, Reset][..]),
    ];
    for (palette, colours) in looks {
        let terminal = drawn(&mut state, palette);
        let cells = terminal.backend().buffer().content();
        for cell in cells {
            let own = colours.contains(&cell.fg) && cell.bg == Reset;
            assert!(own, "{palette:?}: {cell:?}");
        }
        for colour in colours {
            let used = cells.iter().any(|cell| cell.fg == *colour);
            assert!(used, "{palette:?}: {colour}");
        }
    }
}

#[test]
fn no_size_is_too_small_to_draw_on() {
    for (width, height) in [(1, 1), (9, 30), (10, 4), (20, 5), (200, 3), (33, 9)] {
        for keys in ["", "?", "c", "/a", "x"] {
            let mut state = office();
            state.update(Event::Resize(width, height), Tenths(60));
            press(&mut state, keys);
            screen(&mut state);
        }
    }
}
