//! `smbwho close session` and `smbwho close file`: ending by force what others
//! have on a server.
//!
//! One way for both, here and in the grid of `smbwho browse`. Look at
//! everything the server has; choose; show what will end and what else may
//! fall; ask ([`Prepared`]). Then, one order after another ([`Orders`]): look
//! again and leave alone what is not as it was agreed to, record the attempt,
//! give the order, look until it is gone, record what came of it.
//!
//! One order may end more than one row, where a server cannot tell rows apart:
//! it is given only when all of them were chosen.

pub(crate) mod files;
mod own;
pub(crate) mod sessions;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use smbwho::{Closing, Error, ErrorKind, Server};
use tokio::time::{Instant, sleep};

use super::consent::{self, Answer, ConsentArgs, Plan};
use crate::args::{CloseWhat, RowArgs};
use crate::audit::{Act, Audit, Value};
use crate::exit::Exit;
use crate::output::{self, Format};
use crate::problem::Problem;
use crate::report::Report;
use crate::rows::{Closed, Column, Outcome, Row};

/// Refuses a command line that would end everything, or less than it shows.
///
/// # Errors
///
/// A message for the user.
pub(crate) fn check(what: &CloseWhat, rows: &RowArgs) -> Result<(), String> {
    if rows.limit.is_some() {
        return Err(
            "--limit cuts what is printed, and says nothing of what to end; choose by --user, \
             --client, --idle-over or --active-over"
                .to_owned(),
        );
    }
    match what {
        CloseWhat::Session { server, .. } => {
            let names = rows.user.is_some() || rows.client.is_some();
            if names || rows.idle_over.is_some() || rows.active_over.is_some() {
                return Ok(());
            }
            Err(format!(
                "nothing says which sessions: `close session {server}` alone would end all of \
                 them. Choose with --user, --client, --idle-over or --active-over; if you mean \
                 all, say --user '*'"
            ))
        }
        CloseWhat::File {
            server, id, path, ..
        } => {
            if rows.client.is_some() || rows.idle_over.is_some() || rows.active_over.is_some() {
                return Err(
                    "open files have neither client nor times of their own; choose by --id, \
                     --path or --user, or end the session"
                        .to_owned(),
                );
            }
            if id.is_some() || path.is_some() || rows.user.is_some() {
                files::Filter::new(*id, path.as_deref(), rows).map(|_| ())
            } else {
                Err(format!(
                    "nothing says which files: `close file {server}` alone would close all of \
                     them. Choose with --id, --path or --user; if you mean all, say --user '*'"
                ))
            }
        }
    }
}

/// The columns that a table has without being told.
pub(crate) fn columns(what: &CloseWhat, format: Format) -> Vec<&'static Column<Closed>> {
    let mut columns = output::default_columns(format, false, false);
    if format == Format::Table {
        let empty: &[&str] = match what {
            CloseWhat::Session { .. } => &["what", "id", "path"],
            CloseWhat::File { .. } => &["what", "client", "active_secs"],
        };
        columns.retain(|column: &&Column<Closed>| !empty.contains(&column.name));
    }
    columns
}

/// How long a thing may take to be gone after the server took the order.
/// Samba answers first and ends the connection's process then.
const GONE_WITHIN: Duration = Duration::from_secs(5);
/// The wait before the second look; it doubles from look to look.
const FIRST_WAIT: Duration = Duration::from_millis(20);

/// Something that can be ended.
pub(crate) trait Ending {
    /// One of them, as the server lists it.
    type Row: Clone;
    /// The command, for the audit log.
    const ACTION: &'static str;
    /// One of them, and several, for people.
    const NAMES: [&'static str; 2];

    /// Everything of this kind that the server has now.
    async fn look(&self, server: &Server) -> Result<Vec<Self::Row>, Error>;

    /// Whether the order to end `chosen` ends `other` too.
    fn falls_with(chosen: &Self::Row, other: &Self::Row) -> bool;

    /// Whether `now` holds nothing but what `before` held, perhaps less.
    fn is_unchanged(before: &[Self::Row], now: &[Self::Row]) -> bool;

    /// What is left after the order, when `now` falls under it still.
    fn left(before: &[Self::Row], now: &[Self::Row]) -> Left;

    /// Gives the order.
    async fn end(&self, server: &Server, row: &Self::Row) -> Result<Closing, Error>;

    /// The row of the answer.
    fn closed(row: &Self::Row, outcome: Outcome) -> Closed;

    /// The row in one line of a plan.
    fn line(row: &Self::Row) -> String;

    /// The target of an order in the audit log, which ends these rows.
    fn target(rows: &[Self::Row]) -> Vec<(&'static str, Value<'_>)>;
}

/// What is left of something that was to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Nothing,
    Itself,
    Successor,
}

/// What the first look brought: the orders to give, each with the rows that it
/// ends, and the rows left alone with the reason.
pub(crate) struct Chosen<R> {
    pub(crate) orders: Vec<Vec<R>>,
    pub(crate) skipped: Vec<(R, String)>,
}

/// Why rows that were chosen are left alone.
pub(crate) struct Reasons {
    /// For what is our own.
    pub(crate) own: &'static str,
    /// For what cannot be ended without something not chosen.
    pub(crate) mixed: &'static str,
    /// For what the order cannot name.
    pub(crate) nameless: &'static str,
}

/// Makes orders of the rows that are chosen.
pub(crate) fn choose<E: Ending>(
    all: &[E::Row],
    chosen: &[bool],
    own: &[bool],
    named: impl Fn(&E::Row) -> bool,
    reasons: &Reasons,
) -> Chosen<E::Row> {
    let mut result = Chosen {
        orders: Vec::new(),
        skipped: Vec::new(),
    };
    let mut done = vec![false; all.len()];
    for (index, row) in all.iter().enumerate() {
        if !chosen[index] || done[index] {
            continue;
        }
        if !named(row) {
            done[index] = true;
            let why = reasons.nameless.to_owned();
            result.skipped.push((row.clone(), why));
            continue;
        }
        let group: Vec<usize> = (0..all.len())
            .filter(|&other| other == index || E::falls_with(row, &all[other]))
            .collect();
        let rows = |only: &[bool]| -> Vec<E::Row> {
            let kept = group.iter().filter(|&&member| only[member]);
            kept.map(|&member| all[member].clone()).collect()
        };
        let why = if group.iter().any(|&member| own[member]) {
            Some(reasons.own.to_owned())
        } else {
            let other = group.iter().find(|&&member| !chosen[member]);
            other.map(|&other| format!("{}: {}", reasons.mixed, E::line(&all[other])))
        };
        match why {
            None => result.orders.push(rows(chosen)),
            Some(why) => {
                let rows = rows(chosen).into_iter();
                result.skipped.extend(rows.map(|row| (row, why.clone())));
            }
        }
        group.iter().for_each(|&member| done[member] = true);
    }
    result
}

/// What came of it all.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) rows: Vec<Closed>,
    pub(crate) problems: Vec<Problem>,
    /// What the user must hear besides: of the audit log.
    pub(crate) messages: Vec<String>,
    /// The user pressed Ctrl-C.
    pub(crate) interrupted: bool,
}

impl Done {
    fn take<E: Ending>(&mut self, rows: &[E::Row], outcome: Outcome, message: Option<&str>) {
        let closed = |row: &E::Row| Closed {
            message: message.map(str::to_owned),
            ..E::closed(row, outcome)
        };
        self.rows.extend(rows.iter().map(closed));
    }

    /// The rows, as the sinks take them.
    pub(crate) fn rows_of(&self, server: &str) -> Vec<Row<Closed>> {
        let server: Arc<str> = server.into();
        let rows = self.rows.iter().cloned();
        rows.map(|data| Row {
            node: None,
            server: Arc::clone(&server),
            data,
        })
        .collect()
    }

    /// A server that could not even be looked at.
    pub(crate) fn failed(error: Error) -> Self {
        Self {
            problems: vec![Problem::from(error)],
            ..Self::default()
        }
    }

    /// Scripts rely on it: 0 when all that was chosen has ended (or would),
    /// 1 when some has, 2 when nothing has.
    pub(crate) fn exit(&self) -> Exit {
        let good = self.rows.iter().filter(|row| row.outcome.is_good()).count();
        if self.interrupted {
            Exit::Interrupted
        } else if good == self.rows.len() && self.problems.is_empty() {
            Exit::Success
        } else if good > 0 {
            Exit::Partial
        } else {
            Exit::Failure
        }
    }
}

/// What was looked at and chosen, before anybody agreed to it.
pub(crate) struct Prepared<R> {
    pub(crate) chosen: Chosen<R>,
    /// What it brings besides.
    pub(crate) besides: Vec<String>,
}

impl<R: Clone> Prepared<R> {
    /// What the user must agree to.
    pub(crate) fn plan<E: Ending<Row = R>>(&self, server: &str) -> Plan {
        let things: Vec<String> = self.chosen.orders.iter().flatten().map(E::line).collect();
        let names = E::NAMES[usize::from(things.len() != 1)];
        Plan {
            what: format!("end {} {names} on {server}", things.len()),
            things,
            besides: self.besides.clone(),
        }
    }

    /// What is known without ending anything: the rows left alone.
    pub(crate) fn skipped<E: Ending<Row = R>>(&self) -> Done {
        let mut done = Done::default();
        for (row, why) in &self.chosen.skipped {
            let row = std::slice::from_ref(row);
            done.take::<E>(row, Outcome::Skipped, Some(why));
        }
        done
    }

    /// What would come of it.
    pub(crate) fn dry_run<E: Ending<Row = R>>(&self) -> Done {
        let mut done = self.skipped::<E>();
        for rows in &self.chosen.orders {
            done.take::<E>(rows, Outcome::WouldEnd, None);
        }
        done
    }
}

/// How a command goes from what is prepared to what was ended.
pub(crate) struct Way<'a> {
    pub(crate) server: &'a Server,
    pub(crate) consent: ConsentArgs,
    /// Opens the audit log.
    pub(crate) audit: &'a dyn Fn() -> Result<Audit, String>,
    pub(crate) report: Report,
}

impl Way<'_> {
    /// Asks, and ends what was chosen.
    ///
    /// # Errors
    ///
    /// A message for the user; nothing was done then.
    pub(crate) async fn go<E: Ending>(
        &self,
        ending: &E,
        prepared: Result<Prepared<E::Row>, Error>,
    ) -> Result<Done, String> {
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return Ok(self.told(Done::failed(error))),
        };
        if self.consent.dry_run {
            let besides = prepared.besides.iter();
            besides.for_each(|line| self.report.note(line));
            return Ok(prepared.dry_run::<E>());
        }
        if prepared.chosen.orders.is_empty() {
            return Ok(prepared.skipped::<E>());
        }
        let audit = (self.audit)()?;
        // Nothing has begun: the system's own way of ending stays until here.
        let plan = prepared.plan::<E>(self.server.name());
        match consent::ask(&plan, self.consent, self.report)? {
            Answer::Go => {}
            Answer::No | Answer::DryRun => return Err("nothing was done".to_owned()),
        }
        let orders = Orders {
            server: self.server,
            audit: &audit,
            stop: &stop_on_interrupt(),
        };
        Ok(self.told(orders.carry_out(ending, &prepared).await))
    }

    /// Tells what went wrong.
    fn told(&self, done: Done) -> Done {
        let (messages, problems) = (done.messages.iter(), done.problems.iter());
        messages.for_each(|message| self.report.error(message));
        problems.for_each(|problem| self.report.problem(problem));
        done
    }
}

/// Orders that were agreed to, on their way to the server.
pub(crate) struct Orders<'a> {
    pub(crate) server: &'a Server,
    pub(crate) audit: &'a Audit,
    /// Set when the order under way is to be the last.
    pub(crate) stop: &'a AtomicBool,
}

impl Orders<'_> {
    /// Gives one order after the other.
    pub(crate) async fn carry_out<E: Ending>(
        &self,
        ending: &E,
        prepared: &Prepared<E::Row>,
    ) -> Done {
        let mut done = prepared.skipped::<E>();
        let mut orders = prepared.chosen.orders.iter();
        for rows in orders.by_ref() {
            if self.stop.load(Ordering::Relaxed) {
                done.interrupted = true;
                done.take::<E>(rows, Outcome::NotTried, None);
                break;
            }
            if !self.one(ending, rows, &mut done).await {
                break;
            }
        }
        for rows in orders {
            done.take::<E>(rows, Outcome::NotTried, None);
        }
        done
    }

    /// Gives one order; whether to go on to the next.
    async fn one<E: Ending>(&self, ending: &E, agreed: &[E::Row], done: &mut Done) -> bool {
        let before = match self.under(ending, agreed).await {
            Ok(rows) => rows,
            Err(error) => {
                done.take::<E>(agreed, Outcome::NotTried, None);
                done.problems.push(Problem::from(error));
                return false;
            }
        };
        if before.is_empty() {
            done.take::<E>(agreed, Outcome::AlreadyGone, None);
            return true;
        }
        if !E::is_unchanged(agreed, &before) {
            let message = "it changed since it was shown, and was left alone";
            done.take::<E>(agreed, Outcome::Changed, Some(message));
            return true;
        }
        let target = E::target(agreed);
        let act = Act {
            server: self.server.name(),
            action: E::ACTION,
            target: &target,
        };
        if let Err(message) = self.audit.attempt(&act) {
            done.messages.push(message);
            done.take::<E>(
                agreed,
                Outcome::NotTried,
                Some("the audit log cannot be written"),
            );
            return false;
        }
        let (outcome, error) = match ending.end(self.server, &agreed[0]).await {
            Ok(_) => match self.wait(ending, agreed, &before).await {
                Ok(outcome) => (outcome, None),
                Err(error) => (Outcome::Unknown, Some(error)),
            },
            Err(error) if matches!(error.kind(), ErrorKind::Declined { .. }) => {
                // Samba says access denied of a session that is gone, too.
                match self.under(ending, agreed).await {
                    Ok(rows) if rows.is_empty() => (Outcome::AlreadyGone, None),
                    _ => (Outcome::Refused, Some(error)),
                }
            }
            Err(error) => (Outcome::Unknown, Some(error)),
        };
        let code = error.as_ref().and_then(Error::code);
        let recorded = self.audit.outcome(&act, outcome.word(), code);
        let message = error.as_ref().map(|error| error.message().to_string());
        done.take::<E>(agreed, outcome, message.as_deref());
        // What is refused for one is refused for all, and hammering on does not
        // help; what broke the connection breaks the next order too.
        let go_on = error.is_none() && recorded.is_ok();
        done.messages.extend(recorded.err());
        done.problems.extend(error.map(Problem::from));
        go_on
    }

    /// What falls under an order now.
    async fn under<E: Ending>(&self, ending: &E, agreed: &[E::Row]) -> Result<Vec<E::Row>, Error> {
        let mut rows = ending.look(self.server).await?;
        rows.retain(|row| E::falls_with(&agreed[0], row));
        Ok(rows)
    }

    /// Looks until it is gone, or was to be long enough.
    async fn wait<E: Ending>(
        &self,
        ending: &E,
        agreed: &[E::Row],
        before: &[E::Row],
    ) -> Result<Outcome, Error> {
        let until = Instant::now() + GONE_WITHIN;
        let mut pause = FIRST_WAIT;
        loop {
            let now = self.under(ending, agreed).await?;
            match E::left(before, &now) {
                Left::Nothing => return Ok(Outcome::Gone),
                Left::Successor => return Ok(Outcome::CameBack),
                Left::Itself if Instant::now() >= until => return Ok(Outcome::StillThere),
                Left::Itself => sleep(pause).await,
            }
            pause *= 2;
        }
    }
}

/// Ctrl-C lets the order under way come to its end and be recorded; pressed
/// once more, it ends the program at once.
fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&stop);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            set.store(true, Ordering::Relaxed);
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(Exit::Interrupted.number().into());
        }
    });
    stop
}
