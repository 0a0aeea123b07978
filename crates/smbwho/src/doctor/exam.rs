//! Trying out calls and writing down what came of them.

use smbwho_rpc::Interface;
use smbwho_rpc::ndr::NdrError;
use smbwho_smb::{CallOutcome, Prepared, SmbErrorKind};

use super::probe::Probe;
use super::{Check, Outcome};
use crate::backend::Backend;
use crate::conversation::Conversation;
use crate::error::{ErrorKind, Refusal};
use crate::{Error, Server};

/// Failures after which an interface is not asked further.
const MAX_FAILURES: usize = 3;

/// How a reply says no.
type Refuses<'a> = dyn Fn(&[u8]) -> Result<Option<Refusal>, NdrError> + Send + Sync + 'a;

/// A call to be tried. Whether it is granted shows in the first fragment of the reply, and no
/// more of it is read: a server may send a whole list, whatever length is asked for.
pub(super) struct Look<'a> {
    subject: &'static str,
    level: Option<u32>,
    takes: &'static str,
    call: Result<Prepared, Error>,
    name: &'static str,
    refusal: Box<Refuses<'a>>,
}

impl<'a> Look<'a> {
    pub(super) fn at<C: Probe + Send + Sync + 'a>(
        server: &Server,
        subject: &'static str,
        level: Option<u32>,
        takes: &'static str,
        call: C,
    ) -> Self {
        Self {
            subject,
            level,
            takes,
            call: server.prepare(&call).map(Prepared::first_fragment),
            name: C::NAME,
            refusal: Box::new(move |stub| Ok(C::refusal(&call.decode(stub)?))),
        }
    }

    /// What came of it, and the stub of a reply that says it went well.
    fn judge(
        &self,
        server: &Server,
        outcome: Result<CallOutcome, Error>,
    ) -> (Outcome, Option<Vec<u8>>) {
        let call = self.name;
        let declined = |refusal| server.error(ErrorKind::Declined { call, refusal });
        let stub = match outcome {
            Ok(CallOutcome::Reply(stub)) => stub,
            // No refusal is as long as that.
            Ok(CallOutcome::Begun) => return (Outcome::Allowed, None),
            Err(error) => {
                let refusal = error.refusal();
                return (Outcome::of(refusal.map_or(error, declined)), None);
            }
        };
        match (self.refusal)(&stub) {
            Ok(None) => (Outcome::Allowed, Some(stub)),
            Ok(Some(refusal)) => (Outcome::of(declined(refusal)), None),
            Err(error) => {
                let kind = ErrorKind::Malformed { call, error };
                (Outcome::Failed(server.error(kind)), None)
            }
        }
    }

    fn check(&self, outcome: Outcome) -> Check {
        Check {
            subject: self.subject,
            call: self.name,
            level: self.level,
            outcome,
            takes: self.takes,
        }
    }
}

/// A failure of the way to the server, after which the same may befall the
/// next call too.
fn is_failure(outcome: &Result<CallOutcome, Error>) -> bool {
    let error = outcome.as_ref().err();
    error
        .is_some_and(|error| matches!(error.kind(), ErrorKind::Smb(_)) && error.refusal().is_none())
}

fn is_timeout(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Smb(smb) if matches!(smb.kind, SmbErrorKind::TimedOut))
}

/// The calls of one interface, none of which needs what another brings.
pub(super) struct Exam<'a> {
    server: &'a Server,
    looks: Vec<Look<'a>>,
}

impl<'a> Exam<'a> {
    pub(super) fn new(server: &'a Server) -> Self {
        Self {
            server,
            looks: Vec::new(),
        }
    }

    pub(super) fn add<C: Probe + Send + Sync + 'a>(
        &mut self,
        subject: &'static str,
        level: Option<u32>,
        takes: &'static str,
        call: C,
    ) {
        let look = Look::at(self.server, subject, level, takes, call);
        self.looks.push(look);
    }

    /// Makes all calls at once, and after a failure those that are left one by
    /// one.
    pub(super) async fn run(self) -> Vec<Check> {
        let mut outcomes: Vec<Option<Outcome>> = self.looks.iter().map(|_| None).collect();
        let mut failures = 0;
        while failures < MAX_FAILURES {
            let left = (0..outcomes.len()).filter(|&index| outcomes[index].is_none());
            // Windows' own calls each wait for a server that is not there.
            let one_by_one = failures > 0 || matches!(self.server.backend(), Backend::Native(_));
            let most = if one_by_one { 1 } else { usize::MAX };
            let asked: Vec<usize> = left.take(most).collect();
            if asked.is_empty() {
                break;
            }
            let calls: Result<Vec<Prepared>, Error> = asked
                .iter()
                .map(|&index| self.looks[index].call.clone())
                .collect();
            let Ok(calls) = calls else { break };
            let mut answers = self.server.ask_together(&calls).await;
            let mut any = false;
            for (place, &index) in asked.iter().enumerate() {
                let Some(answer) = answers.take_if_any(place) else {
                    continue;
                };
                any = true;
                let answer = answer.map(|answer| match answer.begun {
                    true => CallOutcome::Begun,
                    false => CallOutcome::Reply(answer.stub),
                });
                if let Err(error) = &answer
                    && matches!(error.kind(), ErrorKind::Unreached { .. })
                {
                    shut(&mut outcomes, error);
                    continue;
                }
                if is_failure(&answer) {
                    let late = answer.as_ref().err().is_some_and(is_timeout);
                    failures += if late { MAX_FAILURES } else { 1 };
                }
                outcomes[index] = Some(self.looks[index].judge(self.server, answer).0);
            }
            if !any {
                // There is no pipe: it is the same for every call.
                shut(&mut outcomes, answers.broken());
                break;
            }
        }
        let looks = self.looks.iter().zip(outcomes);
        looks
            .map(|(look, outcome)| look.check(outcome.unwrap_or(Outcome::NotAsked)))
            .collect()
    }
}

/// Said once is enough, unless it tells what may be asked.
fn shut(outcomes: &mut [Option<Outcome>], error: &Error) {
    let left = outcomes.iter_mut().filter(|outcome| outcome.is_none());
    for (number, outcome) in left.enumerate() {
        *outcome = Some(match Outcome::of(error.clone()) {
            Outcome::Failed(_) if number > 0 => Outcome::NotAsked,
            told => told,
        });
    }
}

/// Calls of which later ones need what earlier ones brought: handles, over one
/// pipe. The server frees them when the pipe is closed.
pub(super) struct Interview {
    server: Server,
    talk: Result<Conversation, Error>,
    failed: bool,
    pub(super) checks: Vec<Check>,
}

impl Interview {
    pub(super) async fn open(server: &Server, interface: &'static Interface) -> Self {
        Self {
            server: server.clone(),
            talk: server.conversation(interface).await,
            failed: false,
            checks: Vec::new(),
        }
    }

    /// Makes calls in flight together and writes down what came of each.
    /// `Some` is the stub of a reply that says it went well.
    pub(super) async fn look(&mut self, looks: &[Look<'_>]) -> Vec<Option<Vec<u8>>> {
        let mut outcomes: Vec<Option<Outcome>> = looks.iter().map(|_| None).collect();
        let mut stubs: Vec<Option<Vec<u8>>> = looks.iter().map(|_| None).collect();
        let calls = looks.iter().map(|look| look.call.clone());
        match (&mut self.talk, calls.collect::<Result<Vec<_>, _>>()) {
            (Ok(talk), Ok(calls)) if !self.failed => {
                let came = talk.calls(&calls).await;
                for (place, outcome) in came.into_iter().enumerate() {
                    // There is no pipe any more after a reply that was only begun.
                    self.failed |=
                        is_failure(&outcome) || matches!(outcome, Ok(CallOutcome::Begun));
                    let Some(look) = looks.get(place) else { break };
                    let (told, stub) = look.judge(&self.server, outcome);
                    outcomes[place] = Some(told);
                    stubs[place] = stub;
                }
            }
            (Err(error), _) if !self.failed => {
                self.failed = true;
                shut(&mut outcomes, error);
            }
            (Err(error), _) => {
                let outcome = Outcome::of(error.clone());
                if !matches!(outcome, Outcome::Failed(_)) {
                    shut(&mut outcomes, error);
                }
            }
            _ => {}
        }
        let checks = looks.iter().zip(outcomes);
        self.checks
            .extend(checks.map(|(look, outcome)| look.check(outcome.unwrap_or(Outcome::NotAsked))));
        stubs
    }
}
