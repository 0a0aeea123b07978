//! Carrying out what was agreed to: one order after another, each with a look
//! before and after, and a record of both.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use smbwho::{Error, ErrorKind, Server};
use tokio::time::{Instant, sleep};

use super::{Done, Ending, Left, Prepared};
use crate::audit::{Act, Audit};
use crate::problem::Problem;
use crate::rows::Outcome;

/// How long a thing may take to be gone after the server took the order.
/// Samba answers first and ends the connection's process then.
const GONE_WITHIN: Duration = Duration::from_secs(5);
/// The wait before the second look; it doubles from look to look.
const FIRST_WAIT: Duration = Duration::from_millis(20);

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
