//! Carrying out what was agreed to: one order after another, each with a look
//! before and after, and a record of both.

use std::time::Duration;

use smbwho::{Error, ErrorKind, Server};
use tokio::time::{Instant, sleep};

use super::{Done, Ending, Prepared, look};
use crate::audit::{Act, Audit};
use crate::problem::Problem;
use crate::rows::Outcome;
use crate::seen::Window;
use crate::stop::Stop;

/// How long a thing may take to be gone after the server took the order.
/// Samba answers first and ends the connection's process then.
const GONE_WITHIN: Duration = Duration::from_secs(5);
/// The wait before the second look; it doubles from look to look.
const FIRST_WAIT: Duration = Duration::from_millis(20);
/// Between two orders others have their turn.
const OTHERS_TURN: Duration = Duration::from_millis(10);

/// Orders that were agreed to, on their way to the server.
pub(crate) struct Orders<'a> {
    pub(crate) server: &'a Server,
    pub(crate) audit: &'a Audit,
    /// Whether the order under way is to be the last.
    pub(crate) stop: &'a Stop,
}

/// Rows under an order, and when they were looked at.
struct Look<R> {
    rows: Vec<R>,
    at: Window,
}

/// What became of each row of an order, and the error that stopped it.
struct Ended {
    outcomes: Vec<Outcome>,
    error: Option<Error>,
    message: Option<&'static str>,
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
        while !self.stop.is_asked()
            && let Some(rows) = orders.next()
        {
            let agreed = Look {
                rows: rows.clone(),
                at: prepared.looked,
            };
            if !self.one(ending, &agreed, &mut done).await {
                break;
            }
            if orders.len() > 0 {
                sleep(OTHERS_TURN).await;
            }
        }
        if orders.len() > 0 {
            done.interrupted = self.stop.by();
        }
        for rows in orders {
            done.take::<E>(rows, Outcome::NotTried, None);
        }
        done
    }

    /// Gives one order; whether to go on to the next.
    async fn one<E: Ending>(&self, ending: &E, agreed: &Look<E::Row>, done: &mut Done) -> bool {
        // Of two who end the same things at once one finds them gone.
        let turn = tokio::select! {
            turn = self.audit.turn() => turn,
            () = self.stop.now() => {
                done.take::<E>(&agreed.rows, Outcome::NotTried, None);
                done.interrupted = self.stop.by();
                return false;
            }
        };
        let before = match self.under(ending, &agreed.rows[0]).await {
            Ok(before) => before,
            Err(error) => {
                done.take::<E>(&agreed.rows, Outcome::NotTried, None);
                done.problems.push(Problem::from(error));
                return false;
            }
        };
        let pairs = E::pairs(&agreed.rows, &before.rows, agreed.at.until(before.at));
        if !pairs.new.is_empty() {
            done.take::<E>(&agreed.rows, Outcome::Changed, Some(E::CHANGED));
            return true;
        }
        let is_there = |there: bool| {
            let rows = agreed.rows.iter().zip(&pairs.found);
            let wanted = rows.filter(move |(_, found)| found.is_some() == there);
            wanted.map(|(row, _)| row.clone()).collect::<Vec<E::Row>>()
        };
        done.take::<E>(&is_there(false), Outcome::AlreadyGone, None);
        let rows = is_there(true);
        if rows.is_empty() {
            return true;
        }
        let found = pairs.found.iter().flatten();
        let before = Look {
            rows: found.map(|&at| before.rows[at].clone()).collect(),
            at: before.at,
        };
        let target = E::target(&rows);
        let act = Act {
            server: self.server.name(),
            action: E::ACTION,
            target: &target,
        };
        if let Err(message) = self.audit.attempt(&act) {
            done.messages.push(message);
            let why = "the audit log cannot be written";
            done.take::<E>(&rows, Outcome::NotTried, Some(why));
            return false;
        }
        let ended = tokio::select! {
            biased;
            ended = self.end(ending, &rows, &before) => ended,
            () = self.stop.now() => Ended {
                outcomes: vec![Outcome::Unknown; rows.len()],
                error: None,
                message: Some("interrupted before it was known what became of it"),
            },
        };
        let code = ended.error.as_ref().and_then(Error::code);
        let worst = ended
            .outcomes
            .iter()
            .copied()
            .min_by_key(|one| one.is_good());
        let word = worst.unwrap_or(Outcome::Unknown).word();
        let recorded = self.audit.outcome(&act, word, code);
        drop(turn);
        let error = ended
            .error
            .as_ref()
            .map(|error| error.message().to_string());
        let message = error.as_deref().or(ended.message);
        for (row, outcome) in rows.iter().zip(&ended.outcomes) {
            done.take::<E>(std::slice::from_ref(row), *outcome, message);
        }
        // What is refused for one is refused for all, and hammering on does not
        // help; what broke the connection breaks the next order too.
        if ended.message.is_some() {
            done.interrupted = self.stop.by();
        }
        let go_on = ended.error.is_none() && ended.message.is_none() && recorded.is_ok();
        done.messages.extend(recorded.err());
        done.problems.extend(ended.error.map(Problem::from));
        go_on
    }

    /// Gives the order that ends these rows, and looks what comes of it.
    async fn end<E: Ending>(&self, ending: &E, rows: &[E::Row], before: &Look<E::Row>) -> Ended {
        let all = |outcome, error| Ended {
            outcomes: vec![outcome; rows.len()],
            error,
            message: None,
        };
        match ending.end(self.server, &rows[0]).await {
            Ok(said) => match self.wait(ending, rows, before).await {
                Ok(outcomes) => {
                    let was_gone = E::was_gone(said);
                    let truly = |outcome| match outcome {
                        Outcome::Gone if was_gone => Outcome::AlreadyGone,
                        outcome => outcome,
                    };
                    Ended {
                        outcomes: outcomes.into_iter().map(truly).collect(),
                        error: None,
                        message: None,
                    }
                }
                Err(error) => all(Outcome::Unknown, Some(error)),
            },
            Err(error) if matches!(error.kind(), ErrorKind::Declined { .. }) => {
                // Samba says access denied of a session that is gone, too.
                match self.under(ending, &rows[0]).await {
                    Ok(now) if now.rows.is_empty() => all(Outcome::AlreadyGone, None),
                    _ => all(Outcome::Refused, Some(error)),
                }
            }
            Err(error) => all(Outcome::Unknown, Some(error)),
        }
    }

    /// What falls under an order now.
    async fn under<E: Ending>(&self, ending: &E, order: &E::Row) -> Result<Look<E::Row>, Error> {
        let (mut rows, at) = look(ending, self.server).await?;
        rows.retain(|row| E::falls_with(order, row));
        Ok(Look { rows, at })
    }

    /// Looks until they are gone, or were to be long enough; what became of
    /// each. `before` holds the same rows, as they were a moment ago.
    async fn wait<E: Ending>(
        &self,
        ending: &E,
        rows: &[E::Row],
        before: &Look<E::Row>,
    ) -> Result<Vec<Outcome>, Error> {
        let until = Instant::now() + GONE_WITHIN;
        let mut pause = FIRST_WAIT;
        loop {
            let now = self.under(ending, &rows[0]).await?;
            let pairs = E::pairs(&before.rows, &now.rows, before.at.until(now.at));
            let is_left = pairs.found.iter().any(Option::is_some);
            if is_left && Instant::now() < until {
                sleep(pause).await;
                pause *= 2;
                continue;
            }
            let gone = if pairs.new.is_empty() {
                Outcome::Gone
            } else {
                E::REPLACED
            };
            let outcome = |found: &Option<usize>| match found {
                Some(_) => Outcome::StillThere,
                None => gone,
            };
            return Ok(pairs.found.iter().map(outcome).collect());
        }
    }
}
