//! Carrying out what was agreed to, batch by batch: one look before it, the
//! orders in flight together, one look after it, and a record of each order.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use smbwho::{ClientKey, Closing, Error, Server};
use tokio::time::sleep;

use super::pace::{BATCH, FRESH_FOR, Pace};
use super::{Done, Ending, Prepared, look};
use crate::audit::{Act, Audit, Value};
use crate::rows::Outcome;
use crate::seen::Window;
use crate::stop::Stop;

/// Between two batches others have their turn.
const OTHERS_TURN: Duration = Duration::from_millis(10);

/// Orders that were agreed to, on their way to the server.
pub(crate) struct Orders<'a> {
    pub(crate) server: &'a Server,
    pub(crate) audit: &'a Audit,
    /// Whether the orders in flight are to be the last.
    pub(crate) stop: &'a Stop,
}

impl Orders<'_> {
    /// Gives one batch of orders after the other.
    pub(crate) async fn carry_out<E: Ending>(
        &self,
        ending: &E,
        prepared: &Prepared<E::Row>,
    ) -> Done {
        let mut run = Run {
            orders: self,
            ending,
            agreed: prepared.looked,
            left: prepared.chosen.orders.iter().cloned().collect(),
            pace: Pace::default(),
            closed: HashSet::new(),
            done: prepared.skipped::<E>(),
        };
        while !run.left.is_empty() && !self.stop.is_asked() {
            if run.batch().await.is_break() {
                break;
            }
            if !run.left.is_empty() {
                sleep(OTHERS_TURN).await;
            }
        }
        let Run { left, mut done, .. } = run;
        if !left.is_empty() {
            done.interrupted = self.stop.by();
        }
        for rows in left {
            done.take::<E>(&rows, Outcome::NotTried, None);
        }
        done
    }
}

/// Orders of one kind, from the first batch to the last.
pub(super) struct Run<'a, E: Ending> {
    pub(super) orders: &'a Orders<'a>,
    pub(super) ending: &'a E,
    /// When the rows were as they were agreed to.
    agreed: Window,
    /// What each order ends, of those that are not given yet.
    left: VecDeque<Vec<E::Row>>,
    pace: Pace,
    /// Clients of whom an order of this run ended something.
    pub(super) closed: HashSet<ClientKey>,
    pub(super) done: Done,
}

/// Orders that are given on one look.
struct Batch<E: Ending> {
    looked: Window,
    ready: VecDeque<Request<E>>,
    given: Vec<Request<E>>,
}

/// An order whose rows are still as they were agreed to.
pub(super) struct Request<E: Ending> {
    pub(super) key: E::Key,
    /// What it ends, as it was agreed to.
    pub(super) rows: Vec<E::Row>,
    /// The same rows in the look before.
    pub(super) before: Vec<E::Row>,
    /// What the server said. Of one that was given `None` means that the answer
    /// was not waited for.
    pub(super) said: Option<Result<Closing, Error>>,
}

/// Rows of one look, by the orders that end them.
pub(super) struct Look<E: Ending> {
    pub(super) rows: HashMap<E::Key, Vec<E::Row>>,
    pub(super) at: Window,
}

/// What follows after some orders.
enum Next {
    /// More of the same batch.
    Flight,
    /// The look that ends the batch.
    Conclusion,
    /// The same, and no other batch.
    End,
}

impl<E: Ending> Run<'_, E> {
    /// Looks, gives as many orders as may be given on that look, and looks what
    /// came of them; whether to go on to the next batch.
    async fn batch(&mut self) -> ControlFlow<()> {
        let Orders { audit, stop, .. } = *self.orders;
        // Of two who end the same things at once one finds them gone.
        let _turn = tokio::select! {
            turn = audit.turn() => turn,
            () = stop.asked() => return ControlFlow::Break(()),
        };
        let keys = self.left.iter().map(|rows| E::key(&rows[0])).collect();
        let now = tokio::select! {
            now = self.look_at(keys) => now,
            () = stop.now() => return ControlFlow::Break(()),
        };
        let mut batch = match now {
            Ok(now) => self.check(now),
            Err(error) => {
                self.done.problem(error);
                return ControlFlow::Break(());
            }
        };
        let mut next = Next::Flight;
        while let Next::Flight = next {
            let age = batch.looked.ago();
            let count = self.pace.next(age).min(batch.ready.len());
            if count == 0 || stop.is_asked() {
                break;
            }
            next = self.give(&mut batch, count).await;
        }
        let unused = batch.ready.into_iter().rev();
        unused.for_each(|request| self.left.push_front(request.rows));
        let concluded = self.conclude(batch.given, batch.looked).await;
        match next {
            Next::End => ControlFlow::Break(()),
            Next::Flight | Next::Conclusion => concluded,
        }
    }

    /// What is there now under these orders.
    pub(super) async fn look_at(&self, keys: Vec<E::Key>) -> Result<Look<E>, Error> {
        let (all, at) = look(self.ending, self.orders.server).await?;
        let mut rows: HashMap<E::Key, Vec<E::Row>> =
            keys.into_iter().map(|key| (key, Vec::new())).collect();
        for row in all {
            if let Some(under) = rows.get_mut(&E::key(&row)) {
                under.push(row);
            }
        }
        Ok(Look { rows, at })
    }

    /// Takes a batch of orders whose rows are as they were agreed to. With those
    /// whose rows are gone, or others by now, it is done.
    fn check(&mut self, mut now: Look<E>) -> Batch<E> {
        let passed = self.agreed.until(now.at);
        let mut ready = VecDeque::new();
        while ready.len() < BATCH
            && let Some(agreed) = self.left.pop_front()
        {
            let key = E::key(&agreed[0]);
            let there = now.rows.remove(&key).unwrap_or_default();
            let pairs = E::pairs(&agreed, &there, passed);
            if !pairs.new.is_empty() {
                self.done
                    .take::<E>(&agreed, Outcome::Changed, Some(E::CHANGED));
                continue;
            }
            let mut request = Request {
                key,
                rows: Vec::new(),
                before: Vec::new(),
                said: None,
            };
            for (row, found) in agreed.into_iter().zip(&pairs.found) {
                match found {
                    Some(place) => {
                        request.rows.push(row);
                        request.before.push(there[*place].clone());
                    }
                    None => {
                        let outcome = match self.went_with_another(&row) {
                            true => Outcome::Gone,
                            false => Outcome::AlreadyGone,
                        };
                        self.done.take::<E>(&[row], outcome, None);
                    }
                }
            }
            if !request.rows.is_empty() {
                ready.push_back(request);
            }
        }
        Batch {
            looked: now.at,
            ready,
            given: Vec::new(),
        }
    }

    /// Whether a row that is gone went with another of its client, as far as a
    /// server tells.
    pub(super) fn went_with_another(&self, row: &E::Row) -> bool {
        E::client(row).is_some_and(|client| self.closed.contains(&client))
    }

    /// Records the attempts of so many orders, sends them in flight together,
    /// and waits for what the server says to each. What is not sent is ready
    /// again afterwards, and its record says so.
    async fn give(&mut self, batch: &mut Batch<E>, count: usize) -> Next {
        let Orders { stop, .. } = *self.orders;
        let mut flight: Vec<Request<E>> = batch.ready.drain(..count).collect();
        if let Err((recorded, message)) = self.record_attempts(&flight) {
            self.done.messages.push(message);
            for (index, request) in flight.iter().enumerate() {
                if index < recorded {
                    // Where that fails too it is said, and nothing follows.
                    let _ = self.record(&request.rows, Outcome::NotTried, None);
                }
                let why = "the audit log cannot be written";
                self.done
                    .take::<E>(&request.rows, Outcome::NotTried, Some(why));
            }
            return Next::End;
        }
        let firsts: Vec<E::Row> = flight.iter().map(|one| one.rows[0].clone()).collect();
        let (began, looked) = (Instant::now(), batch.looked);
        let mut next = Next::Flight;
        let answer = |index: usize, said: Result<Closing, Error>| {
            // What is refused for one is refused for all, and what broke the
            // connection breaks the next order too.
            let failed = said.is_err();
            if failed {
                next = Next::Conclusion;
            }
            flight[index].said = Some(said);
            match failed || stop.is_asked() || looked.ago() >= FRESH_FOR {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let sent = tokio::select! {
            biased;
            sent = self.ending.end(self.orders.server, &firsts, answer) => sent,
            () = stop.now() => {
                // Some of them may not be sent; nobody can say which.
                batch.given.append(&mut flight);
                return Next::End;
            }
        };
        if let Err(error) = sent {
            self.done.problem(error);
            next = Next::End;
        }
        let answered = flight.iter().filter(|request| request.said.is_some());
        let answered = answered.count();
        if flight.iter().any(|one| matches!(one.said, Some(Ok(_)))) {
            self.pace.record(answered, began.elapsed());
        }
        let (given, unsent): (Vec<_>, Vec<_>) =
            flight.into_iter().partition(|one| one.said.is_some());
        batch.given.extend(given);
        for request in unsent.into_iter().rev() {
            let recorded = self.record(&request.rows, Outcome::NotTried, None);
            if recorded.is_break() {
                next = Next::End;
            }
            batch.ready.push_front(request);
        }
        next
    }

    /// Records that these are about to be sent, or how many were recorded
    /// before that failed, and why.
    fn record_attempts(&self, flight: &[Request<E>]) -> Result<(), (usize, String)> {
        let targets: Vec<_> = flight.iter().map(|one| E::target(&one.rows)).collect();
        let acts: Vec<Act<'_>> = targets.iter().map(|target| self.act(target)).collect();
        self.orders.audit.attempts(&acts)
    }

    /// Records what came of an order; whether that was possible.
    pub(super) fn record(
        &mut self,
        rows: &[E::Row],
        outcome: Outcome,
        error: Option<&Error>,
    ) -> ControlFlow<()> {
        let target = E::target(rows);
        let act = self.act(&target);
        let code = error.and_then(Error::code);
        match self.orders.audit.outcome(&act, outcome.word(), code) {
            Ok(()) => ControlFlow::Continue(()),
            Err(message) => {
                if !self.done.messages.contains(&message) {
                    self.done.messages.push(message);
                }
                ControlFlow::Break(())
            }
        }
    }

    fn act<'a>(&'a self, target: &'a [(&'a str, Value<'a>)]) -> Act<'a> {
        Act {
            server: self.orders.server.name(),
            action: E::ACTION,
            target,
        }
    }
}
