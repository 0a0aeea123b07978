//! The loop: owns the terminal, the keyboard, the signals and the tasks.
//!
//! Keys are heard before anything else, and drawn at once; what servers answer
//! is drawn some twenty times a second at most. In between an order that is
//! being made goes on in slices.

mod effects;
mod signals;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, EventStream};
use futures::StreamExt as _;
use smbwho::{ConnectOptions, Login};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep, sleep_until, timeout};

use super::grid::SLICE;
use super::screen::{self, Screen};
use super::state::{Effect, Event, Mode, Start, State};
use super::view::{self, Palette};
use crate::commands::close::Done;
use crate::config::Config;
use crate::exit::Exit;
use crate::live::{Asker, Asking, Named, Subject, Tenths};
use crate::report::Report;
use crate::stop::Stop;
use signals::{Signal, Signals};

/// Between two drawings that no key asked for.
const DRAW_EVERY: Duration = Duration::from_millis(50);
/// Times count on this often.
const TICK: Duration = Duration::from_secs(1);
/// Orders in flight are waited for this long when the program must end.
const LAST_ORDER: Duration = Duration::from_secs(60);
/// What became of it is recorded within this.
const RECORDED_WITHIN: Duration = Duration::from_secs(5);

/// What the command line says.
pub(crate) struct Browsing {
    pub(crate) asking: Asking,
    pub(crate) config: Arc<Config>,
    pub(crate) subject: Subject,
    pub(crate) start: Start,
    pub(crate) limit: Option<usize>,
    pub(crate) colour: bool,
    /// Columns of the terminal, where standard output is one.
    pub(crate) width: Option<usize>,
}

impl Browsing {
    /// The state before anybody has answered.
    pub(super) fn state(&self) -> Result<State, String> {
        let names = self.asking.names();
        State::new(
            names.iter().map(Named::title).collect(),
            self.subject,
            self.start.clone(),
        )
    }

    pub(super) fn asker(&self, state: &State) -> Asker {
        Asker::start(self.asking.clone(), state.question())
    }

    /// Whose password may be asked for again: where one is what proves it.
    fn account(&self) -> Option<String> {
        match &*self.asking.login {
            Login::Ntlm { domain, user, .. } if domain.is_empty() => Some(user.clone()),
            Login::Ntlm { domain, user, .. } => Some(format!("{domain}\\{user}")),
            Login::Kerberos(login) if login.has_password() => login.account(),
            _ => None,
        }
    }
}

/// Everything that the loop owns.
struct Loop {
    state: State,
    asker: Asker,
    screen: Screen,
    palette: Palette,
    began: Instant,
    login: Arc<Login>,
    options: ConnectOptions,
    config: Arc<Config>,
    /// What jobs on connections have to say.
    news: mpsc::UnboundedSender<Event>,
    /// Whether the orders in flight are to be the last.
    stop: Stop,
}

/// Shows the grid until the user has had enough.
///
/// # Errors
///
/// A message for the user: when there is no terminal to draw on, or the
/// arguments do not fit the view.
pub(crate) async fn run(browsing: Browsing, report: Report) -> Result<Exit, String> {
    let mut state = browsing.state()?;
    state.account = browsing.account();
    let mut signals = Signals::listen().map_err(no_terminal)?;
    let asker = browsing.asker(&state);
    let (news, mut told) = mpsc::unbounded_channel();
    let mut this = Loop {
        asker,
        palette: Palette {
            colour: browsing.colour,
            // Before the keyboard is read: the terminal answers among the keys.
            light: browsing.colour && screen::is_light(),
        },
        screen: Screen::take().map_err(no_terminal)?,
        began: Instant::now(),
        login: browsing.asking.login,
        options: browsing.asking.options,
        config: browsing.config,
        news,
        stop: Stop::new(),
        state,
    };
    let outcome = this.follow(&mut signals, &mut told).await;
    // Also where the terminal is gone: what is under way is recorded.
    let exit = *outcome.as_ref().unwrap_or(&Exit::HungUp);
    let done = this.finish(exit, &mut signals, &mut told).await;
    drop(this);
    if let Some(done) = done {
        let lines = super::state::lines(&done);
        lines.iter().for_each(|line| report.line(line));
    }
    outcome
}

fn no_terminal(error: io::Error) -> String {
    format!("cannot use the terminal: {error}")
}

impl Loop {
    /// Shows what there is until the user, or a signal, ends it.
    async fn follow(
        &mut self,
        signals: &mut Signals,
        told: &mut mpsc::UnboundedReceiver<Event>,
    ) -> Result<Exit, String> {
        let mut input = EventStream::new();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut draw_at = Some(Instant::now());
        let mut drawn = Instant::now();
        loop {
            let busy = self.state.is_busy();
            if busy {
                self.state.grid().work(SLICE);
            }
            let wait = async {
                match draw_at {
                    // A slice has been worked: the rest waits for the keyboard only.
                    _ if busy => tokio::task::yield_now().await,
                    Some(when) => sleep_until(when.into()).await,
                    None => std::future::pending().await,
                }
            };
            let (event, at_once) = tokio::select! {
                biased;
                signal = signals.next() => match signal {
                    #[cfg(unix)]
                    Signal::Continued => {
                        self.screen.leave();
                        self.screen.enter().map_err(no_terminal)?;
                        (None, true)
                    }
                    #[cfg(unix)]
                    Signal::Suspends => {
                        input = self.suspend(input, signals).await.map_err(no_terminal)?;
                        (None, true)
                    }
                    Signal::Ends(exit) => return Ok(exit),
                },
                event = input.next() => match event {
                    Some(Ok(Input::Key(key))) => (Some(Event::Key(key)), true),
                    Some(Ok(Input::Mouse(mouse))) => (Some(Event::Mouse(mouse)), true),
                    Some(Ok(Input::Resize(width, height))) => (Some(Event::Resize(width, height)), true),
                    Some(Ok(_)) => (None, false),
                    // The terminal is gone.
                    Some(Err(_)) | None => return Ok(Exit::HungUp),
                },
                Some(event) = told.recv() => (Some(event), true),
                Some(answer) = self.asker.next() => (Some(Event::Answer(answer)), false),
                _ = tick.tick() => (Some(Event::Tick), false),
                () = wait => (None, false),
            };
            let happened = event.is_some() || at_once;
            if let Some(event) = event {
                let now = self.now();
                match self.state.update(event, now) {
                    Some(Effect::Quit) => return Ok(Exit::Success),
                    Some(Effect::Interrupt) => return Ok(Exit::Interrupted),
                    Some(Effect::Suspend) => {
                        input = self.suspend(input, signals).await.map_err(no_terminal)?;
                    }
                    Some(effect) => self.carry_out(effect),
                    None => {}
                }
            }
            if happened || busy {
                let when = if at_once {
                    Instant::now()
                } else {
                    drawn + DRAW_EVERY
                };
                draw_at = Some(draw_at.map_or(when, |earlier| earlier.min(when)));
            }
            if draw_at.is_some_and(|when| when <= Instant::now()) {
                self.draw().map_err(no_terminal)?;
                drawn = Instant::now();
                draw_at = None;
            }
        }
    }

    fn now(&self) -> Tenths {
        Tenths::of(self.began.elapsed())
    }

    fn draw(&mut self) -> io::Result<()> {
        #[cfg(debug_assertions)]
        panic_if_told();
        if self.screen.is_lost() {
            return Err(io::Error::other("a part of the program failed"));
        }
        self.state.now = self.now();
        let (state, palette) = (&mut self.state, self.palette);
        self.screen.draw(|frame| view::draw(frame, state, palette))
    }

    /// Gives the terminal to the shell until it continues the program.
    async fn suspend(
        &mut self,
        input: EventStream,
        signals: &mut Signals,
    ) -> io::Result<EventStream> {
        // Its thread reads from the terminal that is given back.
        drop(input);
        self.screen.leave();
        signals.suspend().await;
        self.screen.enter()?;
        Ok(EventStream::new())
    }

    /// Waits for the orders in flight, if there are any: they come to their end and are
    /// recorded. What became of all of them.
    async fn finish(
        &mut self,
        exit: Exit,
        signals: &mut Signals,
        told: &mut mpsc::UnboundedReceiver<Event>,
    ) -> Option<Done> {
        if !matches!(self.state.mode, Mode::Ending) {
            return None;
        }
        self.screen.leave();
        self.stop.after_this(exit);
        let mut ended = async || loop {
            match told.recv().await {
                Some(Event::Ended(done)) => return Some(done),
                Some(_) => {}
                None => return None,
            }
        };
        let again =
            async { while !matches!(signals.next().await, Signal::Ends(Exit::Interrupted)) {} };
        tokio::select! {
            biased;
            done = ended() => return done,
            () = again => {}
            () = sleep(LAST_ORDER) => {}
        }
        self.stop.at_once();
        timeout(RECORDED_WITHIN, ended()).await.ok().flatten()
    }
}

/// Tests see that a panic gives the terminal back.
#[cfg(debug_assertions)]
fn panic_if_told() {
    assert!(
        std::env::var_os("SMBWHO_TEST_PANIC").is_none(),
        "a panic that a test asked for"
    );
}
