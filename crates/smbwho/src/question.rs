//! Questions with one answer: no list, no pages.

use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use futures::future::join_all;
use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::Call;
use smbwho_rpc::ndr::NdrErrorKind;
use smbwho_smb::{Prepared, SmbError};
use tracing::debug;

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
    /// Asks at every level at once, and takes the first that is granted. What was not answered
    /// because the pipe ended at a level before is asked again on another.
    pub(crate) async fn ask_at_levels<Q: Question + Sync>(
        &self,
        questions: impl IntoIterator<Item = (u32, Q)>,
    ) -> Result<Q::Told, Error> {
        let questions: Vec<(u32, Q)> = questions.into_iter().collect();
        let calls = questions.iter().map(|(_, question)| self.prepare(question));
        let calls = calls.collect::<Result<Vec<_>, Error>>()?;
        let together = self.asks_together();
        let mut tried = Levels::default();
        loop {
            let from = tried.refused.len();
            let mut answers = self.unanswered(calls.len() - from);
            let asked = self.read_all(&calls[from..], |came| {
                let granted = came.outcome.as_deref().is_ok_and(|stub| {
                    let level = questions.get(from + came.index);
                    level.is_some_and(|level| grants(&questions, level, stub))
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
            let told = self.take_granted(&questions, &mut tried, |level| {
                answers.take_if_any(level - from)
            })?;
            if let Some(told) = told {
                return Ok(told);
            }
            if tried.refused.len() == questions.len() {
                return Err(tried.error(self, Q::NAME));
            }
            if tried.refused.len() == from {
                return Err(answers.broken);
            }
        }
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
        let mut tried = Levels::default();
        let told = self.take_granted(questions, &mut tried, |level| Some(answer(level)))?;
        told.ok_or_else(|| tried.error(self, Q::NAME))
    }

    /// Goes down the levels from where `tried` stands: the answer of the first that is granted,
    /// or `None` where they end, or an answer is missing.
    fn take_granted<Q: Question>(
        &self,
        questions: &[(u32, Q)],
        tried: &mut Levels,
        mut answer: impl FnMut(usize) -> Option<Result<Answered, Error>>,
    ) -> Result<Option<Q::Told>, Error> {
        for (index, (level, question)) in questions.iter().enumerate().skip(tried.refused.len()) {
            let Some(answer) = answer(index) else {
                return Ok(None);
            };
            let outcome = answer.map(|answer| answer.stub);
            let outcome = match outcome {
                Ok(stub) if question.decode(&stub).is_err() => {
                    let other = other_level(questions, question, &stub);
                    self.judge(other.unwrap_or(question), Ok(stub))
                }
                outcome => self.judge(question, outcome),
            };
            match outcome {
                Ok(Ok(told)) => return Ok(Some(told)),
                Ok(Err(refusal)) => tried.refused.push((*level, refusal)),
                Err(error) if error.is_malformed() => tried.fail(*level, Refusal::Malformed, error),
                Err(error) if error.ends_pipe_only() => tried.fail(*level, Refusal::Broken, error),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
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
                return match error.refusal() {
                    Some(refusal) => Ok(Err(refusal)),
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

/// Levels that were tried without success.
#[derive(Default)]
pub(crate) struct Levels {
    pub(crate) refused: Vec<(u32, Refusal)>,
    /// The first that the server did not refuse in words.
    failure: Option<Error>,
}

impl Levels {
    pub(crate) fn fail(&mut self, level: u32, why: Refusal, error: Error) {
        debug!(level, %error, "no answer at this level");
        self.refused.push((level, why));
        self.failure.get_or_insert(error);
    }

    /// What all of them said; what went wrong where not one said anything.
    pub(crate) fn error(self, server: &Server, call: &'static str) -> Error {
        let Self { refused, failure } = self;
        match failure {
            Some(failure) if !refused.iter().any(|(_, why)| why.is_said()) => failure,
            _ => server.error(ErrorKind::Refused { call, refused }),
        }
    }
}

/// Whether a reply to the question at this level answers it.
fn grants<Q: Question>(questions: &[(u32, Q)], (_, question): &(u32, Q), stub: &[u8]) -> bool {
    let granted = |question: &Q| {
        let reply = question.decode(stub).ok();
        reply.is_some_and(|reply| Q::read(reply).1.is_some())
    };
    granted(question) || other_level(questions, question, stub).is_some_and(granted)
}

/// The question that a reply answers, where it is of another level than was asked for and that
/// is one of ours: some servers have one level only, and answer with it whatever is asked.
fn other_level<'q, Q: Question>(
    questions: &'q [(u32, Q)],
    question: &Q,
    stub: &[u8],
) -> Option<&'q Q> {
    let NdrErrorKind::WrongLevel { answered, .. } = *question.decode(stub).err()?.kind() else {
        return None;
    };
    let other = questions.iter().find(|(level, _)| *level == answered);
    other.map(|(_, question)| question)
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
    /// The reply is longer than the one fragment of it that was wanted; there is no stub then.
    pub(crate) begun: bool,
    /// When the question was sent, and how long the reply took.
    pub(crate) sent: SystemTime,
    pub(crate) took: Duration,
}

impl Answers {
    fn keep(&mut self, came: Came, server: &Server) {
        let Some(place) = self.places.get_mut(came.index) else {
            return;
        };
        let (begun, sent, took) = (came.begun, came.sent, came.took);
        let outcome = came.outcome.map_err(|kind| server.error(kind));
        if let Err(error) = &outcome
            && !matches!(error.refusal(), Some(Refusal::Fault(_)))
        {
            self.broken = error.clone();
        }
        *place = Some(outcome.map(|stub| Answered {
            stub,
            begun,
            sent,
            took,
        }));
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
