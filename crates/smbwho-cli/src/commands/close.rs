//! `smbwho close session` and `smbwho close file`: ending by force what others
//! have on a server.
//!
//! One way for both, here and in the grid of `smbwho browse`. Look at
//! everything the server has; choose; show what will end and what else may
//! fall; ask ([`Prepared`]). Then, one batch of orders after another
//! ([`Orders`]): look again and leave alone what is not as it was agreed to,
//! record the attempts, give the orders, look until all is gone, record what
//! came of each.
//!
//! One order may end more than one row, where a server cannot tell rows apart:
//! it is given only when all of them were chosen.

mod conclusion;
pub(crate) mod files;
mod orders;
mod own;
mod pace;
mod prepared;
pub(crate) mod sessions;
mod whose;

use std::cmp::Ordering;
use std::hash::Hash;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use smbwho::{ClientKey, Closing, Error, Server};

use super::consent::{self, Answer, ConsentArgs};
use crate::args::{CloseWhat, RowArgs};
use crate::audit::{Audit, Value};
use crate::exit::Exit;
use crate::output::{self, Format};
use crate::problem::Problem;
use crate::report::Report;
use crate::rows::{Closed, Column, Outcome, Row};
use crate::seen::{Pairs, Passed, Window};
use crate::stop::Stop;

pub(crate) use orders::Orders;
#[cfg(test)]
pub(crate) use prepared::Chosen;
pub(crate) use prepared::{Prepared, Reasons, choose};

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

/// Something that can be ended.
pub(crate) trait Ending {
    /// One of them, as the server lists it.
    type Row: Clone + Send;
    /// What an order names. It ends all rows of one key: a server cannot tell
    /// them apart.
    type Key: Clone + Eq + Hash + Send;
    /// The command, for the audit log.
    const ACTION: &'static str;
    /// One of them, and several, for people.
    const NAMES: [&'static str; 2];
    /// Why it is left alone where another is there than was agreed to.
    const CHANGED: &'static str;
    /// What becomes of it where another of its kind is there afterwards.
    const REPLACED: Outcome;

    /// Everything of this kind that the server has now. All of it: a filter
    /// would leave it to the server what is shown, and what is hidden would be
    /// taken for gone.
    async fn look(&self, server: &Server) -> Result<Vec<Self::Row>, Error>;

    /// The key of a row.
    fn key(row: &Self::Row) -> Self::Key;

    /// The client with whose connection the row may end, where a server ends
    /// that as a whole.
    fn client(row: &Self::Row) -> Option<ClientKey>;

    /// The order in which rows of one key and look are held against those of
    /// another look.
    fn order(one: &Self::Row, other: &Self::Row) -> Ordering;

    /// Holds a row of before against one of now that has its key, in that
    /// order; equal where it is the same, as far as a server tells.
    fn compare(before: &Self::Row, now: &Self::Row, passed: Passed) -> Ordering;

    /// Which rows of before are which of now. All have one key.
    fn pairs(before: &[Self::Row], now: &[Self::Row], passed: Passed) -> Pairs {
        let compare = |before: &Self::Row, now: &Self::Row| Self::compare(before, now, passed);
        Pairs::of(before, now, Self::order, compare)
    }

    /// The same of rows that have any keys.
    fn pairs_by_key(before: &[Self::Row], now: &[Self::Row], passed: Passed) -> Pairs {
        let compare = |before: &Self::Row, now: &Self::Row| Self::compare(before, now, passed);
        Pairs::by_key(before, now, Self::key, Self::order, compare)
    }

    /// Whether the server said that there was no such thing any more, and can
    /// be believed.
    fn was_gone(said: Closing) -> bool;

    /// Gives the orders that end these rows, each of another key, in flight
    /// together: see [`Server::close_sessions`].
    async fn end(
        &self,
        server: &Server,
        rows: &[Self::Row],
        answer: impl FnMut(usize, Result<Closing, Error>) -> ControlFlow<()> + Send,
    ) -> Result<(), Error>;

    /// The row of the answer.
    fn closed(row: &Self::Row, outcome: Outcome) -> Closed;

    /// The row in one line of a plan.
    fn line(row: &Self::Row) -> String;

    /// The target of an order in the audit log, which ends these rows.
    fn target(rows: &[Self::Row]) -> Vec<(&'static str, Value<'_>)>;
}

/// Everything of a kind that the server has, and when it was asked.
async fn look<E: Ending>(ending: &E, server: &Server) -> Result<(Vec<E::Row>, Window), Error> {
    let asked = Instant::now();
    let rows = ending.look(server).await?;
    Ok((rows, Window::since(asked)))
}

/// What came of it all.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) rows: Vec<Closed>,
    pub(crate) problems: Vec<Problem>,
    /// What the user must hear besides: of the audit log.
    pub(crate) messages: Vec<String>,
    /// What ended it early: a signal, or a key.
    pub(crate) interrupted: Option<Exit>,
}

impl Done {
    fn take<E: Ending>(&mut self, rows: &[E::Row], outcome: Outcome, message: Option<&str>) {
        let closed = |row: &E::Row| Closed {
            message: message.map(str::to_owned),
            ..E::closed(row, outcome)
        };
        self.rows.extend(rows.iter().map(closed));
    }

    /// Takes note of what went wrong, once for all orders it befell.
    fn problem(&mut self, error: Error) {
        let problem = Problem::from(error);
        let same =
            |known: &Problem| (known.code, &known.message) == (problem.code, &problem.message);
        if !self.problems.iter().any(same) {
            self.problems.push(problem);
        }
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
        if let Some(exit) = self.interrupted {
            exit
        } else if good == self.rows.len() && self.problems.is_empty() {
            Exit::Success
        } else if good > 0 {
            Exit::Partial
        } else {
            Exit::Failure
        }
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
            stop: &Stop::on_signals(),
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
