//! What this account may ask of a server: every reading call, level by level.

mod checks;
mod probe;
mod takes;

use std::time::Instant;

use smbwho_rpc::{Call, Interface};
use smbwho_smb::{Facts, RpcPipe, SmbErrorKind, Step};

use crate::backend::Backend;
use crate::error::{ErrorKind, Refusal};
use crate::{Error, Name, Server, ServerInfo};
use probe::Probe;

/// What came of a look at a server. Made by [`Server::doctor`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// What the connection is: dialect, signing, encryption. `None` where
    /// there is none.
    pub facts: Option<Facts>,
    /// What the server tells of itself; the error when it tells nothing.
    pub info: Result<ServerInfo, Error>,
    /// For whom the server takes the account that signed in (LsarGetUserName).
    pub account: Option<AccountName>,
    /// Every call and level that was tried, in the order of trying.
    pub checks: Vec<Check>,
}

/// An account as a server names it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountName {
    /// The domain, or the computer, whose account it is.
    pub domain: Option<Name>,
    /// The account.
    pub user: Name,
}

/// One call at one level, and what the server made of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Check {
    /// What was asked for, as people say it: `sessions`.
    pub subject: &'static str,
    /// The remote procedure: `NetrSessionEnum`.
    pub call: &'static str,
    /// The level, for calls that have levels.
    pub level: Option<u32>,
    /// What came of it.
    pub outcome: Outcome,
    /// Whom servers usually grant this.
    pub takes: &'static str,
}

/// What came of one [`Check`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outcome {
    /// The server answered.
    Allowed,
    /// The server denies this account access.
    Refused(Error),
    /// The server has no such level, call or interface.
    NotThere(Error),
    /// It answered with another error, or not at all.
    Failed(Error),
    /// Not tried, because the pipe was given up after failures before.
    NotAsked,
}

impl Outcome {
    /// Whether the account may ask this; `None` where that did not show.
    pub fn allowed(&self) -> Option<bool> {
        match self {
            Outcome::Allowed => Some(true),
            Outcome::Refused(_) | Outcome::NotThere(_) => Some(false),
            Outcome::Failed(_) | Outcome::NotAsked => None,
        }
    }

    /// The error, where there is one.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Outcome::Refused(error) | Outcome::NotThere(error) | Outcome::Failed(error) => {
                Some(error)
            }
            Outcome::Allowed | Outcome::NotAsked => None,
        }
    }

    fn of(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Declined { refusal: why, .. } if why.is_access_denied() => {
                Outcome::Refused(error)
            }
            ErrorKind::Declined { refusal: why, .. }
                if why.is_unknown_level() || why.is_unknown_call() =>
            {
                Outcome::NotThere(error)
            }
            ErrorKind::Smb(smb) => match smb.kind {
                SmbErrorKind::AccessDenied => Outcome::Refused(error),
                SmbErrorKind::ShareNotFound | SmbErrorKind::PipeNotFound { .. } => {
                    Outcome::NotThere(error)
                }
                _ => Outcome::Failed(error),
            },
            // Windows' own calls are not all there are.
            ErrorKind::NeedsConnection { .. } => Outcome::NotAsked,
            _ => Outcome::Failed(error),
        }
    }
}

impl Server {
    /// Tries everything that can be asked of a server without changing it,
    /// level by level, and says what it allows this account.
    ///
    /// The calls go one after the other, over one pipe for each interface.
    /// Lists are asked for with a small preferred length; a server may send
    /// more. An interface that fails three times, or does not answer in time,
    /// is not asked further.
    pub async fn doctor(&self) -> Diagnosis {
        let info = self.info().await;
        let mut exam = Exam {
            server: self.clone(),
            pipe: None,
            trouble: None,
            account: None,
            checks: Vec::new(),
        };
        exam.srvsvc().await;
        exam.wkssvc().await;
        exam.samr().await;
        exam.lsarpc().await;
        exam.put_back();
        Diagnosis {
            facts: self.facts().cloned(),
            info,
            account: exam.account,
            checks: exam.checks,
        }
    }
}

/// Failures after which an interface is not asked further.
const MAX_FAILURES: usize = 3;

/// A look at a server, under way.
struct Exam {
    server: Server,
    /// The pipe in use. Handles live only on the pipe they were made on.
    pipe: Option<(&'static Interface, RpcPipe)>,
    /// What is wrong with the interface that was asked last.
    trouble: Option<Trouble>,
    account: Option<AccountName>,
    checks: Vec<Check>,
}

struct Trouble {
    interface: &'static Interface,
    failures: usize,
    /// The pipe could not be opened: it is the same for every call.
    shut: Option<Error>,
}

impl Exam {
    /// Makes one call and writes down what came of it. `Some` is the stub of a
    /// reply that says it went well.
    async fn check<C: Probe>(
        &mut self,
        subject: &'static str,
        level: Option<u32>,
        takes: &'static str,
        call: &C,
    ) -> Option<Vec<u8>> {
        let begun = Instant::now();
        let (outcome, stub) = self.try_out(call).await;
        tracing::debug!(call = C::NAME, level, took = ?begun.elapsed(), "tried");
        self.checks.push(Check {
            subject,
            call: C::NAME,
            level,
            outcome,
            takes,
        });
        stub
    }

    async fn try_out<C: Probe>(&mut self, call: &C) -> (Outcome, Option<Vec<u8>>) {
        let same = self
            .trouble
            .as_ref()
            .filter(|trouble| trouble.interface.syntax == C::INTERFACE.syntax);
        match same {
            Some(Trouble {
                shut: Some(error), ..
            }) => {
                // Said once is enough, unless it tells what may be asked.
                let outcome = match Outcome::of(error.clone()) {
                    Outcome::Failed(_) => Outcome::NotAsked,
                    told => told,
                };
                return (outcome, None);
            }
            Some(trouble) if trouble.failures >= MAX_FAILURES => return (Outcome::NotAsked, None),
            _ => {}
        }
        let stub = match self.make(call).await {
            Ok(stub) => stub,
            Err(error) => {
                self.write_down(C::INTERFACE, &error);
                return (Outcome::of(error), None);
            }
        };
        let refused = match call.decode(&stub) {
            Ok(reply) => C::refusal(&reply),
            Err(error) => {
                let kind = ErrorKind::Malformed {
                    call: C::NAME,
                    error,
                };
                return (Outcome::Failed(self.server.error(kind)), None);
            }
        };
        match refused {
            None => (Outcome::Allowed, Some(stub)),
            Some(refusal) => {
                let kind = ErrorKind::Declined {
                    call: C::NAME,
                    refusal,
                };
                (Outcome::of(self.server.error(kind)), None)
            }
        }
    }

    /// Makes a call on the pipe of its interface. Makes a fault a refusal.
    async fn make<C: Call>(&mut self, call: &C) -> Result<Vec<u8>, Error> {
        if let Backend::Native(_) = self.server.backend() {
            return self.server.call(call).await;
        }
        let fits = |pipe: &(&'static Interface, RpcPipe)| {
            pipe.0.syntax == C::INTERFACE.syntax && pipe.1.is_usable()
        };
        let mut pipe = match self.pipe.take_if(|pipe| fits(pipe)) {
            Some((_, pipe)) => pipe,
            None => {
                self.put_back();
                self.server.take_pipe(C::INTERFACE).await?
            }
        };
        let reply = pipe.call(call).await;
        self.pipe = Some((C::INTERFACE, pipe));
        reply.map_err(|error| match error.fault() {
            Some(status) => {
                let refusal = Refusal::Fault(crate::FaultStatus(status));
                self.server.error(ErrorKind::Declined {
                    call: C::NAME,
                    refusal,
                })
            }
            None => self.server.error(ErrorKind::Smb(error)),
        })
    }

    /// Remembers a failure that may befall the next call too.
    fn write_down(&mut self, interface: &'static Interface, error: &Error) {
        let (timed_out, shut) = match error.kind() {
            ErrorKind::Smb(smb) => {
                let pipe = matches!(smb.step, Step::Share | Step::Pipe | Step::Bind);
                (matches!(smb.kind, SmbErrorKind::TimedOut), pipe)
            }
            ErrorKind::Unreached { .. } => (false, true),
            _ => return,
        };
        let mut trouble = match self.trouble.take() {
            Some(trouble) if trouble.interface.syntax == interface.syntax => trouble,
            _ => Trouble {
                interface,
                failures: 0,
                shut: None,
            },
        };
        trouble.failures += 1;
        if timed_out {
            trouble.failures = MAX_FAILURES;
        }
        if shut {
            trouble.shut = Some(error.clone());
        }
        self.trouble = Some(trouble);
    }

    /// Gives the pipe in use back to the server's pool.
    fn put_back(&mut self) {
        if let Some((interface, pipe)) = self.pipe.take() {
            self.server.give_back(interface, pipe);
        }
    }
}
