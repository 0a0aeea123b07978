//! Questions with one answer: no list, no pages.

use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use futures::future::join_all;
use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::Call;
use smbwho_smb::{Prepared, SmbError};

use crate::backend::Backend;
use crate::error::{ErrorKind, Refusal};
use crate::line::Came;
use crate::{Error, Server};

/// A call that asks one thing and returns a Win32 status.
pub(crate) trait Question: Call {
    /// The answer, as the library gives it out.
    type Told;

    /// The reply's status, and the answer if there is one.
    fn read(reply: Self::Reply<'_>) -> (Win32Status, Option<Self::Told>);
}

impl Server {
    /// Asks at every level at once, and takes the first that is neither
    /// unknown to the server nor refused.
    pub(crate) async fn ask_at_levels<Q: Question + Sync>(
        &self,
        questions: impl IntoIterator<Item = (u32, Q)>,
    ) -> Result<Q::Told, Error> {
        let questions: Vec<(u32, Q)> = questions.into_iter().collect();
        let calls = questions.iter().map(|(_, question)| self.prepare(question));
        let calls = calls.collect::<Result<Vec<_>, Error>>()?;
        let mut answers = self.unanswered(calls.len());
        let together = self.asks_together();
        let asked = self.read_all(&calls, |came| {
            let granted = questions.get(came.index).is_some_and(|(_, question)| {
                let stub = came.outcome.as_deref().ok();
                let reply = stub.and_then(|stub| question.decode(stub).ok());
                reply.is_some_and(|reply| Q::read(reply).1.is_some())
            });
            answers.keep(came, self);
            // What is in flight costs nothing to await; what is not need not
            // be asked.
            match granted && !together {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        asked.await?;
        self.first_granted(&questions, |index| answers.take(index))
    }

    /// Asks several questions of one interface, in flight together.
    pub(crate) async fn ask_together(&self, calls: &[Prepared]) -> Answers {
        let mut answers = self.unanswered(calls.len());
        if let Backend::Native(native) = self.backend() {
            let calls = calls.iter().enumerate();
            let asking = calls.map(|(index, call)| native.ask(index, call));
            for came in join_all(asking).await {
                answers.keep(came, self);
            }
            return answers;
        }
        let asked = self.read_all(calls, |came| {
            answers.keep(came, self);
            ControlFlow::Continue(())
        });
        if let Err(error) = asked.await {
            answers.broken = error;
        }
        answers
    }

    fn unanswered(&self, count: usize) -> Answers {
        let mut places = Vec::new();
        places.resize_with(count, || None);
        let broken = self.error(ErrorKind::Smb(SmbError::unanswered()));
        Answers { places, broken }
    }

    /// The answer of the first level that is granted.
    pub(crate) fn first_granted<Q: Question>(
        &self,
        questions: &[(u32, Q)],
        mut answer: impl FnMut(usize) -> Result<Answered, Error>,
    ) -> Result<Q::Told, Error> {
        let mut refused = Vec::new();
        for (index, (level, question)) in questions.iter().enumerate() {
            match self.judge(question, answer(index).map(|answer| answer.stub))? {
                Ok(told) => return Ok(told),
                Err(why) => {
                    refused.push((*level, why));
                    if !why.is_of_the_level() {
                        break;
                    }
                }
            }
        }
        let call = Q::NAME;
        Err(self.error(ErrorKind::Refused { call, refused }))
    }

    /// What one question's outcome says.
    pub(crate) fn told<Q: Question>(
        &self,
        question: &Q,
        answer: Result<Vec<u8>, Error>,
    ) -> Result<Q::Told, Error> {
        self.judge(question, answer)?.map_err(|refusal| {
            self.error(ErrorKind::Declined {
                call: Q::NAME,
                refusal,
            })
        })
    }

    /// What a question's outcome says; the inner error is the server's own
    /// refusal.
    fn judge<Q: Question>(
        &self,
        question: &Q,
        outcome: Result<Vec<u8>, Error>,
    ) -> Result<Result<Q::Told, Refusal>, Error> {
        let stub = match outcome {
            Ok(stub) => stub,
            Err(error) => {
                return match error.rpc_fault() {
                    Some(fault) => Ok(Err(Refusal::Fault(fault))),
                    None => Err(error),
                };
            }
        };
        let reply = question.decode(&stub).map_err(|error| {
            let call = Q::NAME;
            self.error(ErrorKind::Malformed { call, error })
        })?;
        let (status, told) = Q::read(reply);
        // Where a call went well the answer is there: decoding looks to it.
        Ok(told.ok_or(Refusal::Status(status)))
    }
}

/// What came of several questions, by their number.
pub(crate) struct Answers {
    places: Vec<Option<Result<Answered, Error>>>,
    /// Why some were not answered.
    broken: Error,
}

/// One reply, and when it came.
pub(crate) struct Answered {
    pub(crate) stub: Vec<u8>,
    /// When the question was sent, and how long the reply took.
    pub(crate) sent: SystemTime,
    pub(crate) took: Duration,
}

impl Answers {
    fn keep(&mut self, came: Came, server: &Server) {
        let Some(place) = self.places.get_mut(came.index) else {
            return;
        };
        let (sent, took) = (came.sent, came.took);
        let outcome = came.outcome.map_err(|kind| server.error(kind));
        if let Err(error) = &outcome
            && error.rpc_fault().is_none()
        {
            self.broken = error.clone();
        }
        *place = Some(outcome.map(|stub| Answered { stub, sent, took }));
    }

    /// The answer to one question; what broke the pipe if there is none.
    pub(crate) fn take(&mut self, index: usize) -> Result<Answered, Error> {
        self.take_if_any(index)
            .unwrap_or_else(|| Err(self.broken.clone()))
    }

    /// The answer to one question, or what broke the pipe at it; `None` if it
    /// was not answered because of another.
    pub(crate) fn take_if_any(&mut self, index: usize) -> Option<Result<Answered, Error>> {
        self.places.get_mut(index).and_then(Option::take)
    }

    /// Why questions were not answered.
    pub(crate) fn broken(&self) -> &Error {
        &self.broken
    }
}
