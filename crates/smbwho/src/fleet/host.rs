//! One server's part in a fleet.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use smbwho_smb::{Address, LockoutGuard, Step};
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::debug;

use super::{Event, Fleet, retry};
use crate::error::ErrorKind;
use crate::{Error, Page, Server};

/// A server that is being asked.
pub(super) struct Host<Q, S> {
    fleet: Arc<Fleet>,
    question: Arc<Q>,
    address: Address,
    stage: Stage<S>,
    /// When its time is over; set when its turn comes.
    deadline: Option<Instant>,
    /// Tries that failed.
    tried: u32,
    /// Rows have been passed on: another try would tell them twice.
    told: bool,
}

enum Stage<S> {
    /// To be connected to, not before this time.
    Waiting(Option<Instant>),
    Asking(Pin<Box<S>>),
    /// All is told but that it is all.
    Over,
    Gone,
}

impl<T, S, Q> Host<Q, S>
where
    S: Stream<Item = Result<Page<T>, Error>>,
    Q: Fn(Server) -> S,
{
    pub(super) fn new(fleet: Arc<Fleet>, question: Arc<Q>, address: Address) -> Self {
        Self {
            fleet,
            question,
            address,
            stage: Stage::Waiting(None),
            deadline: None,
            tried: 0,
            told: false,
        }
    }

    /// What happens next.
    pub(super) async fn next(&mut self) -> Option<Event<T>> {
        if self.deadline.is_none() {
            self.deadline = self.fleet.total.map(|total| Instant::now() + total);
        }
        let deadline = self.deadline;
        loop {
            match &mut self.stage {
                Stage::Waiting(not_before) => {
                    let not_before = *not_before;
                    let connecting = connect(&self.fleet, &self.address, not_before);
                    match within(deadline, connecting).await {
                        Some(Ok(server)) => {
                            self.stage = Stage::Asking(Box::pin((self.question)(server)));
                        }
                        Some(Err(error)) if self.tries_again(&error) => {}
                        Some(Err(error)) => return Some(self.over(error)),
                        None => return Some(self.out_of_time(Step::Connect)),
                    }
                }
                Stage::Asking(pages) => match within(deadline, pages.next()).await {
                    Some(Some(Ok(page))) => {
                        self.told = true;
                        return Some(Event::Page(page));
                    }
                    Some(Some(Err(error))) if self.tries_again(&error) => {}
                    // Other parts of the answer may follow.
                    Some(Some(Err(error))) => {
                        self.told = true;
                        return Some(Event::Failed(Box::new(error)));
                    }
                    Some(None) => self.stage = Stage::Over,
                    None => return Some(self.out_of_time(Step::Call)),
                },
                Stage::Over => {
                    self.stage = Stage::Gone;
                    return Some(Event::Done);
                }
                Stage::Gone => return None,
            }
        }
    }

    /// Whether this failure leads to another try; then it is prepared.
    fn tries_again(&mut self, error: &Error) -> bool {
        let again = self.tried < self.fleet.retries && !self.told && error.is_transient();
        if again {
            let pause = retry::pause(self.tried);
            debug!(server = %self.address, %error, ?pause, "asking again");
            self.tried += 1;
            self.stage = Stage::Waiting(Some(Instant::now() + pause));
        }
        again
    }

    fn over(&mut self, error: Error) -> Event<T> {
        self.stage = Stage::Over;
        Event::Failed(Box::new(error))
    }

    fn out_of_time(&mut self, step: Step) -> Event<T> {
        let limit = self.fleet.total.unwrap_or_default();
        let kind = ErrorKind::OutOfTime { step, limit };
        let error = Error::new(&self.address.to_string(), kind);
        self.over(error)
    }
}

/// Connects to a server when it is time, unless the account is not to be shown to
/// any more of them.
async fn connect(
    fleet: &Fleet,
    address: &Address,
    not_before: Option<Instant>,
) -> Result<Server, Error> {
    if let Some(time) = not_before {
        sleep_until(time).await;
    }
    let Fleet { login, options, .. } = fleet;
    let held_back = options.guard.as_ref().and_then(LockoutGuard::held_back);
    if let Some(error) = held_back {
        return Err(Error::new(&address.to_string(), ErrorKind::Smb(error)));
    }
    Server::connect_with(address, login, options).await
}

/// What comes of `work` before the deadline.
async fn within<F: Future>(deadline: Option<Instant>, work: F) -> Option<F::Output> {
    match deadline {
        Some(deadline) => timeout_at(deadline, work).await.ok(),
        None => Some(work.await),
    }
}
