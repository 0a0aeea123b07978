//! What the screen shows and how it changes: no terminal, no sockets, no
//! clock. Events go in, and what is to be done about them comes out.

mod actions;
mod answers;
mod dialogs;
mod mouse;

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyEvent, KeyEventKind, MouseEvent};
use smbwho::Secret;
use zeroize::Zeroizing;

use super::closing::Ready;
use super::grid::{self, Grid};
use crate::commands::close::Done;
use crate::commands::consent::Plan;
use crate::live::{Answer, Health, Question, Scope, Subject, Tenths, Victim};
use crate::problem::Problem;

/// How long a message stays.
const TOLD_FOR: Duration = Duration::from_secs(8);
/// Lines that are not rows: path, heads, totals, keys.
const AROUND: u16 = 4;

/// What happened.
pub(crate) enum Event {
    Key(KeyEvent),
    Mouse(MouseEvent),
    /// The terminal has so many columns and lines.
    Resize(u16, u16),
    Answer(Answer),
    /// A server was looked at for what is to be ended there.
    Looked(usize, Result<Ready, Problem>),
    /// The orders were given.
    Ended(Done),
    /// Nothing but time.
    Tick,
}

/// What is to be done.
pub(crate) enum Effect {
    /// Ask this from now on.
    Ask(Question),
    /// Look at a server for what was selected there.
    /// They may be less old than they are said to be, by the time given.
    Look(usize, Vec<Victim>, Duration),
    /// Give the orders that were agreed to.
    End(usize, Ready),
    /// Stop after the orders in flight.
    StopEnding,
    /// Put this on the clipboard.
    Copy(String),
    /// Write what is shown to this file.
    Export(String),
    /// Sign in again, with this password or the one there is, and ask.
    SignIn(Option<Secret>, Question),
    Suspend,
    Quit,
    /// Quit, as on Ctrl-C.
    Interrupt,
}

/// A grid on the way to where the user is.
pub(crate) struct Place {
    /// For the path line: the row that was entered.
    pub(crate) title: String,
    pub(crate) scope: Scope,
    pub(crate) grid: Box<dyn Grid>,
    /// How much there is here, as the row that was entered says.
    pub(crate) count: Option<u32>,
    /// Why the server lists nothing, where it is known to have something.
    pub(crate) reason: Option<String>,
    number: u64,
}

/// A server, as it is told about.
pub(crate) struct ServerState {
    pub(crate) name: Arc<str>,
    pub(crate) health: Health,
    answered: Option<Tenths>,
    answers: u64,
    sessions: Option<u64>,
    files: Option<u64>,
}

impl ServerState {
    /// Whether it has ever told anything.
    pub(crate) fn has_answered(&self) -> bool {
        self.answered.is_some()
    }
}

/// What the keyboard goes to.
pub(crate) enum Mode {
    Grid,
    /// Typing the filter; Esc goes back to this one.
    Filter(String),
    Help(usize),
    Columns(usize),
    Export(String),
    /// Typing the password.
    Password(Zeroizing<String>),
    /// Looking at the server; whether only to show.
    Looking {
        dry: bool,
    },
    Plan(Box<Agreeing>),
    Ending,
    Result(Box<Outcome>),
}

/// The question before something is ended.
pub(crate) struct Agreeing {
    pub(crate) server: usize,
    pub(crate) plan: Plan,
    pub(crate) ready: Ready,
    pub(crate) typed: String,
    pub(crate) from: usize,
}

/// What came of ending, or would come of it.
pub(crate) struct Outcome {
    pub(crate) title: &'static str,
    pub(crate) lines: Vec<String>,
    pub(crate) from: usize,
}

/// Everything that is shown.
pub(crate) struct State {
    /// From the top to where the user is; never empty.
    pub(crate) places: Vec<Place>,
    pub(crate) servers: Vec<ServerState>,
    pub(crate) mode: Mode,
    pub(crate) message: Option<(String, Tenths)>,
    pub(crate) now: Tenths,
    pub(crate) size: (u16, u16),
    /// Whose password may be asked for again.
    pub(crate) account: Option<String>,
    /// How often all servers that are asked have answered.
    pub(crate) rounds: u64,
    answered_this_round: Vec<bool>,
    questions: u64,
    urged: u64,
    /// The server whose things are being ended.
    ending: usize,
    clicked: Option<(u16, Tenths)>,
    /// What the arguments say: held against every grid that has such columns.
    pub(crate) start: Start,
}

/// How a grid begins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Start {
    pub(crate) filter: String,
    pub(crate) sort: Option<String>,
    pub(crate) reverse: bool,
    pub(crate) columns: Option<Vec<String>>,
}

impl State {
    /// The state before anybody has answered.
    ///
    /// # Errors
    ///
    /// When the subject has no such columns.
    pub(crate) fn new(
        servers: Vec<Arc<str>>,
        subject: Subject,
        start: Start,
    ) -> Result<Self, String> {
        let server = |name| ServerState {
            name,
            health: Health::Asked,
            answered: None,
            answers: 0,
            sessions: None,
            files: None,
        };
        let mut state = Self {
            answered_this_round: vec![false; servers.len()],
            servers: servers.into_iter().map(server).collect(),
            places: Vec::new(),
            mode: Mode::Grid,
            message: None,
            now: Tenths::default(),
            size: (80, 24),
            account: None,
            rounds: 0,
            questions: 0,
            urged: 0,
            ending: 0,
            clicked: None,
            start,
        };
        let place = state.place(subject, Scope::default(), String::new());
        state.places.push(place);
        let start = state.start.clone();
        let grid = state.grid();
        if let Some(columns) = &start.columns {
            grid.choose_columns(columns)?;
        }
        if let Some(sort) = &start.sort {
            grid.sort_by(sort, start.reverse)?;
        }
        grid.filter(&start.filter);
        if let Some(wrong) = grid.filter_wrong() {
            return Err(wrong.to_owned());
        }
        Ok(state)
    }

    fn place(&mut self, subject: Subject, scope: Scope, title: String) -> Place {
        self.questions += 1;
        let several = self.servers.len() > 1 && scope.server.is_none();
        let mut place = Place {
            title,
            grid: grid::of(subject, several),
            scope,
            count: None,
            reason: None,
            number: self.questions,
        };
        if subject == Subject::Servers {
            for server in 0..self.servers.len() {
                self.tell_host(&mut *place.grid, server);
            }
        }
        place
    }

    /// What is asked now.
    pub(crate) fn question(&self) -> Question {
        let place = self.here();
        Question {
            number: place.number,
            subject: place.grid.subject(),
            scope: place.scope.clone(),
            urged: self.urged,
        }
    }

    pub(crate) fn here(&self) -> &Place {
        &self.places[self.places.len() - 1]
    }

    pub(crate) fn grid(&mut self) -> &mut dyn Grid {
        let last = self.places.len() - 1;
        &mut *self.places[last].grid
    }

    /// Lines for rows.
    pub(crate) fn height(&self) -> usize {
        let around = usize::from(AROUND) + super::view::trouble(self).len();
        usize::from(self.size.1).saturating_sub(around).max(1)
    }

    /// The servers that are asked here.
    pub(crate) fn asked(&self) -> impl Iterator<Item = &ServerState> {
        let only = self.here().scope.server;
        let servers = self.servers.iter().enumerate();
        let asked = servers.filter(move |(number, _)| only.is_none_or(|only| only == *number));
        asked.map(|(_, server)| server)
    }

    /// Those of them that do not answer, and what is wrong with them.
    pub(crate) fn troubles(&self) -> impl Iterator<Item = (&ServerState, &Problem)> {
        self.asked().filter_map(|s| Some((s, s.health.problem()?)))
    }

    /// Whether a server waits for another password.
    pub(crate) fn wants_password(&self) -> bool {
        let waits = |server: &ServerState| match &server.health {
            Health::Stopped(problem) => problem.cause.wants_password(),
            _ => false,
        };
        self.account.is_some() && self.asked().any(waits)
    }

    /// Which servers do not answer.
    pub(crate) fn stale(&self) -> Vec<bool> {
        let servers = self.servers.iter();
        servers
            .map(|server| server.health.problem().is_some())
            .collect()
    }

    /// Whether there is something to do without anything happening.
    pub(crate) fn is_busy(&self) -> bool {
        self.here().grid.is_busy()
    }

    pub(crate) fn say(&mut self, message: impl Into<String>) {
        self.message = Some((message.into(), self.now));
    }

    /// Takes an event, which happened at `now`.
    pub(crate) fn update(&mut self, event: Event, now: Tenths) -> Option<Effect> {
        self.now = now;
        match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => None,
            Event::Key(key) => {
                self.message = None;
                self.key(key)
            }
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Resize(width, height) => {
                self.size = (width, height);
                None
            }
            Event::Answer(answer) => {
                self.answer(answer);
                None
            }
            Event::Looked(server, looked) => {
                self.looked(server, looked);
                None
            }
            Event::Ended(done) => {
                self.ended(&done);
                None
            }
            Event::Tick => {
                if self
                    .message
                    .as_ref()
                    .is_some_and(|(_, told)| now.since(*told) >= TOLD_FOR)
                {
                    self.message = None;
                }
                self.grid().expire(now);
                None
            }
        }
    }

    pub(super) fn is_grid(&self) -> bool {
        matches!(self.mode, Mode::Grid)
    }

    /// What is on the screen.
    pub(crate) fn page(&mut self) -> grid::Page {
        let (height, now, stale) = (self.height(), self.now, self.stale());
        let width = usize::from(self.size.0).saturating_sub(super::view::AROUND);
        self.grid().page(width, height, now, &stale)
    }
}

/// A failure in one line, without the server's name.
pub(crate) fn told(problem: &Problem) -> String {
    let line = problem.line();
    let rest = line.strip_prefix(problem.server.as_str());
    rest.and_then(|rest| rest.strip_prefix(": "))
        .unwrap_or(&line)
        .to_owned()
}

pub(crate) use dialogs::lines;

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;
