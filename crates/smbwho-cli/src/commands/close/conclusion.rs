//! Looking what came of the orders of a batch, until it is so.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::time::Duration;

use smbwho::{ClientKey, Closing, Error, ErrorKind};
use tokio::time::{Instant, sleep};

use super::Ending;
use super::orders::{Request, Run};
use crate::rows::Outcome;
use crate::seen::{Pairs, Window};

/// How long a thing may take to be gone after the server took the order.
/// Samba answers first and ends the connection's process then.
const GONE_WITHIN: Duration = Duration::from_secs(5);
/// The wait before the second look; it doubles from look to look.
const FIRST_WAIT: Duration = Duration::from_millis(20);

const INTERRUPTED: &str = "interrupted before it was known what became of it";

/// What the look after says of each order.
enum LookAfter {
    /// Which of its rows are left, and what is there besides.
    Pairs(Vec<Pairs>),
    /// It was not waited for.
    Interrupted,
    /// It failed.
    Failed(Error),
}

/// What became of the rows of one order, and why.
struct Conclusion {
    outcomes: Vec<Outcome>,
    error: Option<Error>,
    message: Option<&'static str>,
}

impl<E: Ending> Run<'_, E> {
    /// Looks what became of these orders, given on the look at `looked`, and
    /// records it; whether to go on.
    pub(super) async fn conclude(
        &mut self,
        given: Vec<Request<E>>,
        looked: Window,
    ) -> ControlFlow<()> {
        let mut go_on = ControlFlow::Continue(());
        if given.is_empty() {
            return go_on;
        }
        let seen = self.watch(&given, looked).await;
        if let LookAfter::Pairs(pairs) = &seen {
            let ended = given.iter().zip(pairs).filter(|(request, pairs)| {
                matches!(request.said, Some(Ok(Closing::Taken))) && !is_left(pairs)
            });
            let clients = ended.filter_map(|(request, _)| E::client(&request.rows[0]));
            self.closed.extend(clients);
        }
        for (index, request) in given.iter().enumerate() {
            let conclusion = self.conclusion(request, &seen, index);
            let worst = conclusion.outcomes.iter().copied();
            let worst = worst.min_by_key(|one| one.is_good());
            let worst = worst.unwrap_or(Outcome::Unknown);
            let error = conclusion.error.as_ref();
            let recorded = self.record(&request.rows, worst, error);
            let words = error.map(|error| error.message().to_string());
            let message = words.as_deref().or(conclusion.message);
            for (row, outcome) in request.rows.iter().zip(&conclusion.outcomes) {
                let row = std::slice::from_ref(row);
                self.done.take::<E>(row, *outcome, message);
            }
            if conclusion.message.is_some() {
                self.done.interrupted = self.orders.stop.by();
            }
            if conclusion.error.is_some() || conclusion.message.is_some() || recorded.is_break() {
                go_on = ControlFlow::Break(());
            }
            if let Some(error) = conclusion.error {
                self.done.problem(error);
            }
        }
        go_on
    }

    /// Looks until all that the server took is gone, or was to be long enough.
    async fn watch(&self, given: &[Request<E>], looked: Window) -> LookAfter {
        if given.iter().any(|request| request.said.is_none()) {
            return LookAfter::Interrupted;
        }
        let is_answered = |request: &&Request<E>| match &request.said {
            Some(Ok(_)) => true,
            Some(Err(error)) => is_declined(error),
            None => false,
        };
        let answered: Vec<&Request<E>> = given.iter().filter(is_answered).collect();
        if answered.is_empty() {
            return LookAfter::Pairs(given.iter().map(|_| Pairs::default()).collect());
        }
        let stop = self.orders.stop;
        let until = Instant::now() + GONE_WITHIN;
        let mut pause = FIRST_WAIT;
        loop {
            let keys = answered.iter().map(|request| request.key.clone()).collect();
            let now = tokio::select! {
                biased;
                now = self.look_at(keys) => now,
                () = stop.now() => return LookAfter::Interrupted,
            };
            let now = match now {
                Ok(now) => now,
                Err(error) => return LookAfter::Failed(error),
            };
            let passed = looked.until(now.at);
            let pairs = given.iter().map(|request| {
                let there = now.rows.get(&request.key).map_or(&[][..], Vec::as_slice);
                E::pairs(&request.before, there, passed)
            });
            let pairs: Vec<Pairs> = pairs.collect();
            if !self.is_awaited(given, &pairs) || Instant::now() >= until {
                return LookAfter::Pairs(pairs);
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = stop.now() => return LookAfter::Interrupted,
            }
            pause *= 2;
        }
    }

    /// Whether something is left of what the server took the order for, or of
    /// what goes with it.
    fn is_awaited(&self, given: &[Request<E>], pairs: &[Pairs]) -> bool {
        let taken = given.iter().filter(|one| matches!(one.said, Some(Ok(_))));
        let clients: HashSet<ClientKey> = taken
            .filter_map(|request| E::client(&request.rows[0]))
            .collect();
        let mut left = given.iter().zip(pairs).filter(|(_, pairs)| is_left(pairs));
        left.any(|(request, _)| match &request.said {
            Some(Ok(_)) => true,
            Some(Err(error)) if is_declined(error) => {
                E::client(&request.rows[0]).is_some_and(|client| clients.contains(&client))
            }
            _ => false,
        })
    }

    fn conclusion(&self, request: &Request<E>, seen: &LookAfter, index: usize) -> Conclusion {
        let all = |outcome, error| Conclusion {
            outcomes: vec![outcome; request.rows.len()],
            error,
            message: None,
        };
        let (pairs, said) = match (seen, &request.said) {
            (LookAfter::Interrupted, _) | (_, None) => {
                return Conclusion {
                    message: Some(INTERRUPTED),
                    ..all(Outcome::Unknown, None)
                };
            }
            (_, Some(Err(error))) if !is_declined(error) => {
                return all(Outcome::Unknown, Some(error.clone()));
            }
            (LookAfter::Failed(_), Some(Err(refusal))) => {
                return all(Outcome::Refused, Some(refusal.clone()));
            }
            (LookAfter::Failed(error), Some(Ok(_))) => {
                return all(Outcome::Unknown, Some(error.clone()));
            }
            (LookAfter::Pairs(pairs), Some(said)) => (&pairs[index], said),
        };
        let gone = match pairs.new.is_empty() {
            true => Outcome::Gone,
            false => E::REPLACED,
        };
        // Samba says access denied of a session that is gone, too.
        let was_gone = match said {
            Ok(closing) => gone == Outcome::Gone && E::was_gone(*closing),
            Err(_) => true,
        };
        let gone = match was_gone && !self.went_with_another(&request.rows[0]) {
            true => Outcome::AlreadyGone,
            false => gone,
        };
        let left = match said {
            Ok(_) => Outcome::StillThere,
            Err(_) => Outcome::Refused,
        };
        let outcome = |found: &Option<usize>| if found.is_some() { left } else { gone };
        Conclusion {
            outcomes: pairs.found.iter().map(outcome).collect(),
            error: said.as_ref().err().filter(|_| is_left(pairs)).cloned(),
            message: None,
        }
    }
}

fn is_left(pairs: &Pairs) -> bool {
    pairs.found.iter().any(Option::is_some)
}

fn is_declined(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Declined { .. })
}
