//! Whatever is pressed, clicked, answered and resized, in whatever order: the
//! grid goes on, and draws within its screen.
//!
//! `SMBWHO_RANDOM_SECS` has it go on for so long with one seed after another;
//! else there are a few seeds of so many steps. A failure names the seed.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use smbwho::{
    Connection, ConnectionLevel, FileLevel, Level, Logon, LogonLevel, Name, OpenFile, Session,
    Share, ShareLevel,
};

use super::*;
use crate::live::{Rows, Use};
use crate::problem::Cause;
use crate::seen::Window;
use crate::tui::view::{self, Palette};

const SEEDS: u64 = 6;
const STEPS: u32 = 2_500;

/// xorshift64*: as good as this takes, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % most.max(1)
    }

    fn small(&mut self, most: u16) -> u16 {
        u16::try_from(self.below(u64::from(most) + 1)).expect("small")
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let at = self.below(all.len() as u64);
        &all[usize::try_from(at).expect("small")]
    }

    fn maybe<T>(&mut self, value: T) -> Option<T> {
        (!self.one_in(5)).then_some(value)
    }

    fn number(&mut self) -> u32 {
        let edges = [0, 1, 9, 10, 1_000, u32::MAX - 1, u32::MAX];
        if self.one_in(4) {
            *self.of(&edges)
        } else {
            u32::try_from(self.below(100)).expect("small")
        }
    }

    fn span(&mut self) -> Duration {
        Duration::from_secs(self.number().into())
    }

    fn name(&mut self) -> Name {
        let names = [
            "",
            "alice",
            "ALICE",
            "bob",
            r"LAB\carol",
            "山田太郎",
            "e\u{301}ve",
            "\u{202e}evil",
            "\u{1b}[2J",
            "a b",
            "ｗｉｄｅ",
            "👩\u{200d}👩\u{200d}👧",
            "\u{200b}\u{200d}",
            "\t\n",
            "ß",
        ];
        if self.one_in(12) {
            let long = self.below(300);
            return Name::from(
                "長い"
                    .repeat(usize::try_from(long).expect("small"))
                    .as_str(),
            );
        }
        if self.one_in(3) {
            return Name::from(format!("user{}", self.below(60)).as_str());
        }
        Name::from(*self.of(&names))
    }

    fn rows(&mut self, subject: Subject) -> Rows {
        let most = *self.of(&[0, 1, 3, 30, 200]);
        let many = self.below(most + 1);
        match subject {
            Subject::Sessions => Rows::Sessions((0..many).map(|_| self.session()).collect()),
            Subject::Files => Rows::Files((0..many).map(|_| self.file()).collect()),
            Subject::Shares => Rows::Shares((0..many).map(|_| self.share()).collect()),
            Subject::Connections => {
                Rows::Connections((0..many).map(|_| self.connection()).collect())
            }
            Subject::Logons => Rows::Logons((0..many).map(|_| self.logon()).collect()),
            Subject::Servers => {
                let counts = [self.number(), self.number()].map(u64::from);
                Rows::Counts(self.maybe(counts[0]), self.maybe(counts[1]))
            }
        }
    }

    fn session(&mut self) -> Session {
        let mut row = Session::unknown(Level::L502);
        row.client = self.maybe(()).map(|()| self.name());
        row.user = self.maybe(()).map(|()| self.name());
        row.opens = self.maybe(()).map(|()| self.number());
        row.active = self.maybe(()).map(|()| self.span());
        row.idle = self.maybe(()).map(|()| self.span());
        row
    }

    fn file(&mut self) -> OpenFile {
        let mut row = OpenFile::unknown(self.number(), FileLevel::L3);
        row.path = self.maybe(()).map(|()| self.name());
        row.user = self.maybe(()).map(|()| self.name());
        row.locks = self.maybe(()).map(|()| self.number());
        row
    }

    fn share(&mut self) -> Share {
        let mut row = Share::unknown(ShareLevel::L2);
        row.name = self.maybe(()).map(|()| self.name());
        row.remark = self.maybe(()).map(|()| self.name());
        row.current_uses = self.maybe(()).map(|()| self.number());
        row
    }

    fn connection(&mut self) -> Use {
        let mut connection = Connection::unknown(ConnectionLevel::L1);
        connection.user = self.maybe(()).map(|()| self.name());
        connection.name = self.maybe(()).map(|()| self.name());
        connection.opens = self.maybe(()).map(|()| self.number());
        connection.active = self.maybe(()).map(|()| self.span());
        Use {
            share: self.name(),
            connection,
        }
    }

    fn logon(&mut self) -> Logon {
        let mut row = Logon::unknown(LogonLevel::L1);
        row.user = self.maybe(()).map(|()| self.name());
        row
    }

    fn health(&mut self) -> Health {
        let mut problem = Problem::interrupted(&self.name());
        problem.message = self.name().to_string().repeat(20);
        problem.step = self.maybe("sign-in");
        problem.cause = *self.of(&[
            Cause::NoAnswer,
            Cause::Refused,
            Cause::Account,
            Cause::PasswordInDoubt,
            Cause::TooLong,
        ]);
        match self.below(6) {
            0 => Health::Failed(problem, Instant::now() + self.span() / 2),
            1 => Health::Stopped(problem),
            2 => Health::Asked,
            _ => Health::Good,
        }
    }

    fn key(&mut self) -> KeyEvent {
        let keys = [
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::PageUp,
            KeyCode::PageDown,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::Enter,
            KeyCode::Esc,
            KeyCode::Backspace,
            KeyCode::Tab,
            KeyCode::Insert,
            KeyCode::Delete,
            KeyCode::F(1),
            KeyCode::F(5),
            KeyCode::Null,
        ];
        let signs: Vec<char> = "jkhlGgsscxXyernaqa*/?!<>+-= 123456JKyes0123山\"&|:()"
            .chars()
            .collect();
        let code = if self.one_in(3) {
            *self.of(&keys)
        } else {
            KeyCode::Char(*self.of(&signs))
        };
        let modifiers = match self.below(20) {
            0 => KeyModifiers::CONTROL,
            1 => KeyModifiers::ALT | KeyModifiers::SHIFT,
            _ => KeyModifiers::NONE,
        };
        KeyEvent::new(code, modifiers)
    }

    fn mouse(&mut self) -> MouseEvent {
        let kinds = [
            MouseEventKind::ScrollUp,
            MouseEventKind::ScrollDown,
            MouseEventKind::Down(MouseButton::Left),
            MouseEventKind::Down(MouseButton::Right),
            MouseEventKind::Moved,
        ];
        let most = *self.of(&[3, 30, 200, u16::MAX]);
        MouseEvent {
            kind: *self.of(&kinds),
            column: self.small(most),
            row: self.small(most),
            modifiers: KeyModifiers::NONE,
        }
    }

    fn size(&mut self) -> (u16, u16) {
        let sizes = [
            (0, 0),
            (0, 24),
            (80, 0),
            (1, 1),
            (2, 2),
            (10, 4),
            (9, 4),
            (10, 3),
            (80, 5),
            (80, 24),
            (80, 24),
            (132, 43),
            (300, 100),
            (1, 100),
            (300, 1),
        ];
        if self.one_in(3) {
            return (self.small(40), self.small(20));
        }
        *self.of(&sizes)
    }
}

/// One of those who use it, and the server's answers to what they do.
struct User {
    dice: Dice,
    state: State,
    terminal: Terminal<TestBackend>,
    now: u32,
    questions: Vec<Question>,
    /// A server that is looked at, or whose things are being ended.
    looking: Option<usize>,
    ending: bool,
}

impl User {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let names = ["fs1", "fs2.example.com", "\u{202e}3"];
        let servers = usize::try_from(1 + dice.below(3)).expect("small");
        let names = names.iter().take(servers).map(|&name| name.into());
        let subject = *dice.of(&Subject::ALL);
        let mut state = State::new(names.collect(), subject, Start::default()).expect("a state");
        state.account = dice.maybe("LAB\\\u{1b}adm".to_owned());
        Self {
            questions: vec![state.question()],
            state,
            terminal: Terminal::new(TestBackend::new(80, 24)).expect("a terminal"),
            now: 0,
            looking: None,
            ending: false,
            dice,
        }
    }

    fn event(&mut self) -> Event {
        if let Some(server) = self.looking.filter(|_| self.dice.one_in(2)) {
            self.looking = None;
            let row = self.dice.session();
            let looked = match self.dice.below(3) {
                0 => Err(Problem::interrupted("fs1")),
                _ => Ok(Ready::one(row)),
            };
            return Event::Looked(server, looked);
        }
        if self.ending && self.dice.one_in(3) {
            self.ending = false;
            let mut done = Done::default();
            for _ in 0..self.dice.below(40) {
                done.messages.push(self.dice.name().to_string());
            }
            return Event::Ended(done);
        }
        match self.dice.below(20) {
            0..=10 => Event::Key(self.dice.key()),
            11 | 12 => Event::Mouse(self.dice.mouse()),
            13 => {
                let (width, height) = self.dice.size();
                Event::Resize(width, height)
            }
            14 => Event::Tick,
            _ => {
                // To what is asked now, or what was asked before.
                let question = match self.dice.below(4) {
                    0 => self.dice.of(&self.questions).clone(),
                    _ => self.state.question(),
                };
                let subject = match self.dice.below(20) {
                    0 => *self.dice.of(&Subject::ALL),
                    _ => question.subject,
                };
                let rows = self.dice.rows(subject);
                let reason = self.dice.name().to_string();
                Event::Answer(Answer {
                    // One more than there are.
                    server: usize::from(self.dice.small(3)),
                    question: question.number,
                    rows: self.dice.maybe(rows),
                    reason: self.dice.maybe(reason),
                    health: self.dice.health(),
                    seen: Window::within(Duration::from_millis(self.dice.below(4_000))),
                })
            }
        }
    }

    fn step(&mut self) {
        let leap = *self.dice.of(&[0, 0, 1, 5, 20, 150]);
        self.now = self.now.saturating_add(leap);
        let event = self.event();
        match self.state.update(event, Tenths(self.now)) {
            Some(Effect::Ask(question) | Effect::SignIn(_, question)) => {
                self.questions.push(question);
                let old = self.questions.len().saturating_sub(20);
                self.questions.drain(..old);
            }
            Some(Effect::Look(server, ..)) => self.looking = Some(server),
            Some(Effect::End(..)) => self.ending = true,
            _ => {}
        }
        if self.dice.one_in(2) {
            self.state.grid().work(usize::from(self.dice.small(50)));
        }
        if self.dice.one_in(4) {
            // The terminal changes its size, and nobody has said so yet.
            let (width, height) = self.dice.size();
            self.terminal.backend_mut().resize(width, height);
        }
        if self.dice.one_in(2) {
            self.draw();
        }
    }

    fn draw(&mut self) {
        let palette = Palette {
            colour: true,
            light: self.dice.one_in(2),
        };
        self.state.now = Tenths(self.now);
        let state = &mut self.state;
        let drawn = self
            .terminal
            .draw(|frame| view::draw(frame, state, palette));
        drawn.expect("drawn");
        let area = self.terminal.backend().buffer().area;
        assert_eq!(self.state.size, (area.width, area.height));
        let page = self.state.page();
        assert!(page.from + page.lines.len() <= page.of);
        assert!(page.lines.iter().filter(|line| line.cursor).count() <= 1);
    }
}

#[test]
fn whatever_happens_it_goes_on() {
    let secs = std::env::var("SMBWHO_RANDOM_SECS").ok();
    let secs: Option<u64> = secs.and_then(|secs| secs.parse().ok());
    let until = secs.map(|secs| Instant::now() + Duration::from_secs(secs));
    let mut steps = 0_u64;
    let mut seed = 0;
    while until.map_or(seed < SEEDS, |until| Instant::now() < until) {
        seed += 1;
        let went_on = std::panic::catch_unwind(|| {
            let mut user = User::new(seed);
            for _ in 0..STEPS {
                user.step();
            }
        });
        assert!(went_on.is_ok(), "seed {seed}");
        steps += u64::from(STEPS);
    }
    #[expect(clippy::print_stderr, reason = "seen with --nocapture")]
    {
        eprintln!("{steps} steps of {seed} seeds");
    }
}
