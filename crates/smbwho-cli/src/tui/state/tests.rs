//! Keys and answers go in; what is shown and asked comes out.

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEventKind};
use smbwho::{Level, Session};

use super::*;
use crate::live::Rows;
use crate::problem::Cause;
use crate::rows::{Closed, Outcome as Came};
use crate::seen::Window;

fn session(user: &str, client: &str) -> Session {
    let mut session = Session::unknown(Level::L1);
    session.client = Some(client.into());
    session.user = Some(user.into());
    session.opens = Some(1);
    session.active = Some(Duration::from_secs(60));
    session
}

fn failed(secs: u64) -> Health {
    let mut problem = Problem::interrupted("fs2");
    problem.step = Some("connect");
    "nobody listens".clone_into(&mut problem.message);
    Health::Failed(
        problem,
        std::time::Instant::now() + Duration::from_secs(secs),
    )
}

fn state(servers: &[&str]) -> State {
    let servers = servers.iter().map(|&name| name.into()).collect();
    State::new(servers, Subject::Sessions, Start::default()).expect("a state")
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
    settle(state);
}

fn settle(state: &mut State) {
    while state.is_busy() {
        state.grid().work(grid::SLICE);
    }
}

fn people(users: &[&str]) -> Option<Rows> {
    Some(Rows::Sessions(
        users.iter().map(|user| session(user, "ws1")).collect(),
    ))
}

fn press(state: &mut State, keys: &str) -> Option<Effect> {
    let mut effect = None;
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\x1b' => KeyCode::Esc,
            '\x08' => KeyCode::Backspace,
            '\t' => KeyCode::Tab,
            c => KeyCode::Char(c),
        };
        let now = state.now;
        effect = state.update(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), now);
        settle(state);
    }
    effect
}

fn shown(state: &mut State) -> Vec<String> {
    let page = state.page();
    let line = |line: &grid::PageLine| {
        let words: Vec<&str> = line.text.split_whitespace().collect();
        format!("{}{}", line.mark, words.join(" "))
            .trim()
            .to_owned()
    };
    page.lines.iter().map(line).collect()
}

#[test]
fn a_filter_works_while_it_is_typed_and_escape_undoes_it() {
    let mut state = state(&["fs1"]);
    answer(
        &mut state,
        0,
        people(&["alice", "albert", "bob"]),
        Health::Good,
        0,
    );
    press(&mut state, "/al");
    assert_eq!(shown(&mut state).len(), 2);
    press(&mut state, "i");
    assert_eq!(shown(&mut state), ["ws1 alice 1 1m 00s -"]);
    press(&mut state, "\x08\n");
    assert_eq!(shown(&mut state).len(), 2);
    press(&mut state, "/xx\x1b");
    assert_eq!(shown(&mut state).len(), 2, "as before");
    press(&mut state, "\x1b");
    assert_eq!(shown(&mut state).len(), 3);
}

#[test]
fn enter_goes_down_and_escape_comes_back_to_the_same_place() {
    let mut state = state(&["fs1", "fs2"]);
    answer(&mut state, 1, people(&["alice", "bob"]), Health::Good, 0);
    press(&mut state, "j");
    let Some(Effect::Ask(question)) = press(&mut state, "\n") else {
        panic!("the files are asked for");
    };
    assert_eq!(question.subject, Subject::Files);
    assert_eq!(question.scope.server, Some(1));
    assert_eq!(question.scope.user.as_deref(), Some("bob"));
    assert_eq!(question.scope.client.as_deref(), Some("ws1"));
    assert!(question.concerns(1) && !question.concerns(0));
    assert_eq!(state.here().title, "bob from ws1");
    let Some(Effect::Ask(back)) = press(&mut state, "\x1b") else {
        panic!("the sessions are asked for");
    };
    assert_eq!((back.subject, back.number), (Subject::Sessions, 1));
    let page = state.page();
    assert!(page.lines[1].cursor);
}

#[test]
fn a_late_answer_to_another_question_changes_nothing() {
    let mut state = state(&["fs1"]);
    let question = state.question().number;
    press(&mut state, "3");
    let late = Answer {
        server: 0,
        question,
        rows: people(&["alice"]),
        reason: None,
        health: Health::Good,
        seen: Window::within(Duration::ZERO),
    };
    state.update(Event::Answer(late), Tenths(0));
    assert_eq!(shown(&mut state).len(), 0);
}

#[test]
fn a_refused_password_is_typed_again_or_tried_again() {
    let mut state = state(&["fs1", "fs2"]);
    let mut problem = Problem::interrupted("fs2");
    problem.cause = Cause::Account;
    answer(&mut state, 0, people(&["alice"]), Health::Good, 0);
    answer(&mut state, 1, None, Health::Stopped(problem), 0);
    // Nobody's password: it is asked again as it is.
    assert!(matches!(press(&mut state, "r"), Some(Effect::Ask(_))));
    state.account = Some("ann".to_owned());
    assert!(press(&mut state, "rnever mind\x1b").is_none());
    assert!(matches!(state.mode, Mode::Grid));
    let urged = state.question().urged;
    let Some(Effect::SignIn(Some(password), question)) = press(&mut state, "rq x\x08y\n") else {
        panic!("it signs in");
    };
    assert_eq!((password.expose(), question.urged), ("q y", urged + 1));
    let again = press(&mut state, "r\n");
    assert!(matches!(again, Some(Effect::SignIn(None, _))));
}

#[test]
fn servers_go_stale_and_come_back() {
    let mut state = state(&["fs1", "fs2"]);
    answer(&mut state, 0, people(&["alice"]), Health::Good, 0);
    answer(&mut state, 1, people(&["bob"]), Health::Good, 0);
    answer(&mut state, 1, None, failed(9), 5);
    assert_eq!(
        shown(&mut state),
        ["fs1 ws1 alice 1 1m 05s -", "!fs2 ws1 bob 1 1m 05s -"]
    );
    let trouble = state
        .troubles()
        .next()
        .map(|(server, problem)| (server.name.to_string(), told(problem)));
    assert_eq!(
        trouble,
        Some(("fs2".to_owned(), "connect: nobody listens".to_owned()))
    );
    press(&mut state, "6");
    assert_eq!(
        shown(&mut state),
        [
            "fs1 ok 1 - 5s -",
            "!fs2 stale 1 - 5s connect: nobody listens"
        ]
    );
    answer(
        &mut state,
        1,
        Some(Rows::Counts(Some(3), Some(2))),
        Health::Good,
        6,
    );
    assert_eq!(shown(&mut state)[1], "fs2 ok 3 2 0s -");
}

#[test]
fn nothing_ends_before_it_is_typed() {
    let mut state = state(&["fs1"]);
    answer(&mut state, 0, people(&["alice", "bob"]), Health::Good, 0);
    for typed in ["y\n", "\n", "1\n", "yes\x1b"] {
        let Some(Effect::Look(0, victims, _)) = press(&mut state, "x") else {
            panic!("it looks first");
        };
        assert_eq!(victims.len(), 1);
        let ready = Ready::one(session("alice", "ws1"));
        state.update(Event::Looked(0, Ok(ready)), Tenths(0));
        assert!(matches!(state.mode, Mode::Plan(_)));
        assert!(press(&mut state, typed).is_none(), "{typed:?}");
        assert!(state.is_grid());
    }
    press(&mut state, "x");
    state.update(
        Event::Looked(0, Ok(Ready::one(session("alice", "ws1")))),
        Tenths(0),
    );
    assert!(matches!(
        press(&mut state, "yes\n"),
        Some(Effect::End(0, _))
    ));
    let done = Done {
        rows: vec![Closed {
            what: "session",
            client: Some("ws1".into()),
            user: Some("alice\u{1b}".into()),
            id: None,
            path: None,
            active: None,
            outcome: Came::AlreadyGone,
            message: None,
        }],
        ..Done::default()
    };
    state.update(Event::Ended(done), Tenths(0));
    let Mode::Result(outcome) = &state.mode else {
        panic!("the result is shown");
    };
    assert_eq!(outcome.lines, [r"already gone: alice\u{1b} from ws1"]);
}

#[test]
fn a_dry_run_ends_nothing() {
    let mut state = state(&["fs1"]);
    answer(&mut state, 0, people(&["alice"]), Health::Good, 0);
    assert!(matches!(press(&mut state, "X"), Some(Effect::Look(0, ..))));
    state.update(
        Event::Looked(0, Ok(Ready::one(session("alice", "ws1")))),
        Tenths(0),
    );
    let Mode::Result(outcome) = &state.mode else {
        panic!("what would end is shown");
    };
    assert_eq!(
        outcome.lines,
        ["would end: alice from ws1", "Note: bob may fall too"]
    );
}

#[test]
fn a_look_that_comes_after_the_user_went_on_asks_nothing() {
    let mut state = state(&["fs1"]);
    answer(&mut state, 0, people(&["alice"]), Health::Good, 0);
    press(&mut state, "x\x1b");
    state.update(
        Event::Looked(0, Ok(Ready::one(session("alice", "ws1")))),
        Tenths(0),
    );
    assert!(state.is_grid());
}

#[test]
fn things_end_on_one_server_at_a_time() {
    let mut state = state(&["fs1", "fs2"]);
    answer(&mut state, 0, people(&["alice"]), Health::Good, 0);
    answer(&mut state, 1, people(&["bob"]), Health::Good, 0);
    assert!(press(&mut state, "ax").is_none());
    assert!(
        state
            .message
            .as_ref()
            .is_some_and(|(text, _)| text.contains("one server at a time"))
    );
    press(&mut state, "n");
    press(&mut state, "3");
    assert!(press(&mut state, "x").is_none(), "shares are not closed");
}

#[test]
fn copies_are_tab_separated_and_harmless() {
    let mut state = state(&["fs1"]);
    answer(
        &mut state,
        0,
        people(&["ev\u{1b}e", "zoe"]),
        Health::Good,
        0,
    );
    let Some(Effect::Copy(text)) = press(&mut state, "y") else {
        panic!("something is copied");
    };
    assert_eq!(text, "ws1\tev\\u{1b}e\t1\t60\t\n");
    let Some(Effect::Copy(text)) = press(&mut state, "ay") else {
        panic!("something is copied");
    };
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn a_click_on_a_head_sorts_and_on_a_row_moves_the_cursor() {
    let mut state = state(&["fs1"]);
    answer(
        &mut state,
        0,
        people(&["alice", "bob", "carol"]),
        Health::Good,
        0,
    );
    state.page();
    let click = |state: &mut State, column, row| {
        let mouse = MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column,
            row,
            modifiers: KeyModifiers::NONE,
        };
        let now = state.now;
        let effect = state.update(Event::Mouse(mouse), now);
        settle(state);
        effect
    };
    assert!(shown(&mut state)[0].contains("alice"));
    // USER begins behind CLIENT, its arrow's place, and the gap.
    click(&mut state, 13, 1);
    assert!(shown(&mut state)[0].contains("carol"));
    click(&mut state, 5, 3);
    assert!(state.page().lines[1].cursor);
    assert!(
        matches!(click(&mut state, 5, 3), Some(Effect::Ask(_))),
        "twice opens"
    );
}

#[test]
fn control_c_ends_the_program_and_agrees_to_nothing() {
    let control_c = || KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let mut state = state(&["fs1"]);
    answer(&mut state, 0, people(&["alice"]), Health::Good, 0);
    press(&mut state, "x");
    state.update(
        Event::Looked(0, Ok(Ready::one(session("alice", "ws1")))),
        Tenths(0),
    );
    press(&mut state, "yes");
    assert!(state.update(Event::Key(control_c()), Tenths(0)).is_none());
    assert!(state.is_grid());
    let effect = state.update(Event::Key(control_c()), Tenths(0));
    assert!(matches!(effect, Some(Effect::Interrupt)));
}

#[test]
fn rounds_count_the_answers_of_all_that_answer() {
    let mut state = state(&["fs1", "fs2"]);
    answer(&mut state, 0, people(&["alice"]), Health::Good, 0);
    assert_eq!(state.rounds, 0);
    answer(&mut state, 1, None, failed(5), 0);
    assert_eq!(state.rounds, 1);
    answer(&mut state, 0, people(&["alice"]), Health::Good, 5);
    assert_eq!(state.rounds, 2);
}

#[test]
fn arguments_that_do_not_fit_the_view_are_refused() {
    let with = |start| State::new(vec!["fs1".into()], Subject::Shares, start).err();
    let start = Start {
        columns: Some(vec!["idle".to_owned()]),
        ..Start::default()
    };
    assert!(with(start).is_some_and(|message| message.contains("no column 'idle'")));
    let start = Start {
        filter: "user=\"al ice\"".to_owned(),
        ..Start::default()
    };
    assert!(with(start).is_some_and(|message| message.contains("no column 'user'")));
}
