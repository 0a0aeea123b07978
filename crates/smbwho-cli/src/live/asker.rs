//! One task a server: connects, asks, waits, asks again.
//!
//! A task does one thing at a time, so there is never more than one request of
//! ours in flight to a server. A server that fails is tried again by itself
//! after waits that double. One that refused the sign-in is not: every try
//! counts towards locking the account.

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smbwho::kerberos::KerberosError;
use smbwho::{Address, ConnectOptions, Error, ErrorKind, Login, Server, SmbErrorKind, Step};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::question::{Question, Rows};
use crate::problem::{Cause, Problem};
use crate::seen::Window;

/// No server that failed waits longer than this, or than the interval.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Answers and works that wait to be taken.
const WAITING: usize = 64;

/// Whom to ask, and how.
#[derive(Clone)]
pub(crate) struct Asking {
    pub(crate) servers: Vec<Address>,
    /// The cluster of each of them, where it is a node of one.
    pub(crate) clusters: Vec<Option<Arc<str>>>,
    /// This computer, where it is the one that is asked, without a connection.
    pub(crate) here: Option<Server>,
    pub(crate) login: Arc<Login>,
    pub(crate) options: ConnectOptions,
    pub(crate) jobs: NonZeroUsize,
    /// Between two answers of one server.
    pub(crate) interval: Duration,
}

/// A server as its rows name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// The server, or the cluster.
    pub(crate) server: Arc<str>,
    /// The node, where it is a cluster.
    pub(crate) node: Option<Arc<str>>,
}

impl Named {
    /// Both in one: `fs (node1)`.
    pub(crate) fn title(&self) -> Arc<str> {
        match &self.node {
            Some(node) => format!("{} ({node})", self.server).into(),
            None => Arc::clone(&self.server),
        }
    }
}

impl Asking {
    /// The servers as their rows name them.
    pub(crate) fn names(&self) -> Vec<Named> {
        let servers = self.servers.iter().zip(&self.clusters);
        let name = |(address, cluster): (&Address, &Option<Arc<str>>)| {
            let address: Arc<str> = address.to_string().into();
            match cluster {
                Some(cluster) => Named {
                    server: Arc::clone(cluster),
                    node: Some(address),
                },
                None => Named {
                    server: address,
                    node: None,
                },
            }
        };
        servers.map(name).collect()
    }
}

/// What one server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) server: usize,
    /// The number of the question.
    pub(crate) question: u64,
    pub(crate) rows: Option<Rows>,
    /// Why there are no rows where others say that there are.
    pub(crate) reason: Option<String>,
    pub(crate) health: Health,
    /// When it was asked and had answered: it may wait to be taken.
    pub(crate) seen: Window,
}

/// How it stands with a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Health {
    /// It was asked, and has not answered yet.
    Asked,
    /// It answered in full.
    Good,
    /// It failed, perhaps after some rows, and is tried again then.
    Failed(Problem, Instant),
    /// It refused the sign-in, and is not tried again by itself.
    Stopped(Problem),
}

impl Health {
    pub(crate) fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Asked | Self::Good => None,
            Self::Failed(problem, _) | Self::Stopped(problem) => Some(problem),
        }
    }

    /// Whether it answered in full, or as much of it as is kept: what is not there is not to be
    /// kept from before.
    pub(crate) fn replaces(&self) -> bool {
        let problem = self.problem();
        *self == Self::Good || problem.is_some_and(|problem| problem.cause == Cause::TooLong)
    }

    /// The word for it, for a server that has answered before or has not.
    pub(crate) fn word(&self, answered: bool) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Good => "ok",
            Self::Failed(problem, _) | Self::Stopped(problem) if problem.cause.is_refusal() => {
                "refused"
            }
            Self::Failed(problem, _) if problem.cause == Cause::TooLong => "cut",
            Self::Failed(..) if answered => "stale",
            Self::Failed(..) => "failed",
            Self::Stopped(_) => "stopped",
        }
    }
}

/// Something else to be done on the connection to a server, given that and
/// the moment when it began.
pub(crate) type Job = Box<
    dyn FnOnce(Result<(Server, Instant), Error>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send,
>;

/// As whom servers are signed in to, and how.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) login: Arc<Login>,
    pub(crate) options: ConnectOptions,
}

/// The tasks.
pub(crate) struct Asker {
    tasks: JoinSet<()>,
    credentials: watch::Sender<Credentials>,
    question: watch::Sender<Question>,
    answers: mpsc::Receiver<Answer>,
    jobs: Vec<mpsc::Sender<Job>>,
}

impl Asker {
    /// Begins to ask. Runs on the current tokio runtime.
    pub(crate) fn start(asking: Asking, question: Question) -> Self {
        let (question, asked) = watch::channel(question);
        let (credentials, signs_in) = watch::channel(Credentials {
            login: asking.login,
            options: asking.options,
        });
        let (answer, answers) = mpsc::channel(WAITING);
        let mut tasks = JoinSet::new();
        let mut jobs = Vec::new();
        let Asking {
            servers,
            here,
            jobs: side_by_side,
            interval,
            ..
        } = asking;
        let permits = Arc::new(Semaphore::new(
            side_by_side.get().min(Semaphore::MAX_PERMITS),
        ));
        for (number, address) in servers.into_iter().enumerate() {
            let (job, waiting) = mpsc::channel(1);
            jobs.push(job);
            let follower = Follower {
                number,
                address,
                credentials: signs_in.clone(),
                permits: Arc::clone(&permits),
                interval,
                here: here.clone(),
                connection: None,
                answer: answer.clone(),
            };
            tasks.spawn(follower.follow(asked.clone(), waiting));
        }
        Self {
            tasks,
            credentials,
            question,
            answers,
            jobs,
        }
    }

    /// Asks something else from now on.
    pub(crate) fn ask(&self, question: Question) {
        self.question.send_replace(question);
    }

    /// Signs in so from now on, where there is no connection yet or it broke.
    pub(crate) fn sign_in(&self, credentials: Credentials) {
        self.credentials.send_replace(credentials);
    }

    /// Has a job done on the connection to a server, between two questions.
    pub(crate) fn employ(&self, server: usize, job: Job) -> Result<(), &'static str> {
        let sent = self.jobs.get(server).map(|jobs| jobs.try_send(job));
        match sent {
            Some(Ok(())) => Ok(()),
            _ => Err("the server is still busy with what came before"),
        }
    }

    /// The next answer. Ends with a task that panicked.
    pub(crate) async fn next(&mut self) -> Option<Answer> {
        loop {
            tokio::select! {
                answer = self.answers.recv() => return answer,
                Some(Err(failed)) = self.tasks.join_next() => {
                    if let Ok(panic) = failed.try_into_panic() {
                        std::panic::resume_unwind(panic);
                    }
                }
            }
        }
    }
}

/// One server and the way to it.
struct Follower {
    number: usize,
    address: Address,
    credentials: watch::Receiver<Credentials>,
    permits: Arc<Semaphore>,
    interval: Duration,
    here: Option<Server>,
    connection: Option<(Server, Instant)>,
    answer: mpsc::Sender<Answer>,
}

impl Follower {
    async fn follow(mut self, mut asked: watch::Receiver<Question>, mut jobs: mpsc::Receiver<Job>) {
        let mut failures = 0_u32;
        // Whether it was the way there that failed, not one question.
        let mut unreachable = false;
        let mut due: Option<Instant> = Some(Instant::now());
        let mut last = (0, 0);
        loop {
            let question = asked.borrow_and_update().clone();
            let urged = last.1 != question.urged;
            // Another question is asked at once, but not a server that fails.
            if urged || (last.0 != question.number && !unreachable && due.is_some()) {
                due = Some(Instant::now());
                failures = if unreachable { failures } else { 0 };
            }
            last = (question.number, question.urged);
            let when = due.filter(|_| question.concerns(self.number));
            let wait = async {
                match when {
                    Some(when) => sleep_until(when.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                changed = asked.changed() => match changed {
                    Ok(()) => {}
                    Err(_) => return,
                },
                Some(job) = jobs.recv() => {
                    let server = self.connection().await;
                    job(server).await;
                    // What it did shows at once.
                    due = due.map(|_| Instant::now());
                }
                () = wait => {
                    let (mut rows, mut error, mut seen) = self.ask(&question).await;
                    // Signed in as before; by now there is another password.
                    if error.as_ref().is_some_and(is_final) && self.is_outdated() {
                        (rows, error, seen) = self.ask(&question).await;
                    }
                    let unlisted = |error: &mut Error| {
                        matches!(error.kind(), ErrorKind::OpensNotListed { .. })
                    };
                    let reason = error.take_if(unlisted);
                    let reason = reason.map(|reason| reason.message().to_string());
                    unreachable = error.as_ref().is_some_and(is_of_the_way);
                    let health = match error {
                        None => {
                            failures = 0;
                            due = Some(Instant::now() + self.interval);
                            Health::Good
                        }
                        Some(error) if is_final(&error) => {
                            due = None;
                            Health::Stopped(Problem::from(error))
                        }
                        Some(error) => {
                            failures = failures.saturating_add(1);
                            let when = Instant::now() + wait_after(self.interval, failures);
                            due = Some(when);
                            Health::Failed(Problem::from(error), when)
                        }
                    };
                    let answer = Answer {
                        server: self.number,
                        question: question.number,
                        rows,
                        reason,
                        health,
                        seen,
                    };
                    if self.answer.send(answer).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn ask(&mut self, question: &Question) -> (Option<Rows>, Option<Error>, Window) {
        // The semaphore is never closed.
        let _permit = Arc::clone(&self.permits).acquire_owned().await;
        let server = match self.connection().await {
            Ok((server, _)) => server,
            Err(error) => return (None, Some(error), Window::within(Duration::ZERO)),
        };
        let asked = Instant::now();
        let (rows, error) = question.ask(&server).await;
        let seen = Window::since(asked);
        if error.as_ref().is_some_and(is_of_the_way) {
            // The way there is in doubt: the next time it is made anew.
            self.connection = None;
        }
        (rows, error, seen)
    }

    fn is_outdated(&self) -> bool {
        self.credentials.has_changed().unwrap_or(false)
    }

    async fn connection(&mut self) -> Result<(Server, Instant), Error> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let began = Instant::now();
        if let Some(here) = &self.here {
            return Ok((here.clone(), began));
        }
        let Credentials { login, options } = self.credentials.borrow_and_update().clone();
        let server = Server::connect_with(&self.address, &login, &options).await?;
        Ok(self.connection.insert((server, began)).clone())
    }
}

/// The interval, doubled with every failure in a row.
fn wait_after(interval: Duration, failures: u32) -> Duration {
    let longest = LONGEST_WAIT.max(interval);
    let factor = 2_u32.saturating_pow(failures.saturating_sub(1));
    interval.saturating_mul(factor).min(longest)
}

/// Whether the way to the server failed, rather than what it was asked.
fn is_of_the_way(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Smb(_))
}

/// Whether trying again is for a person to decide: the account was refused, or
/// nobody said what came of its password, and every further try may count
/// towards locking it.
fn is_final(error: &Error) -> bool {
    use SmbErrorKind as K;
    let ErrorKind::Smb(smb) = error.kind() else {
        return false;
    };
    match &smb.kind {
        // Whoever changes messages would be shown the sign-in again and again.
        K::NegotiationAltered { .. } | K::Unexpected(_) | K::SignatureInvalid => true,
        _ if error.step() != Step::SignIn => false,
        _ if smb.counts_against_account() => true,
        K::TimedOut
        | K::Disconnected
        | K::NoLogonServers
        | K::ServerBusy
        | K::SessionGone
        | K::ConnectFailed
        | K::TooManyFiles
        | K::Refused
        | K::Unreachable
        | K::NameNotFound
        | K::Malformed(_) => false,
        // A ticket that is missing may come with the next kinit.
        K::Kerberos(error) => matches!(
            **error,
            KerberosError::Kdc(_) | KerberosError::PasswordUnanswered { .. }
        ),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_minute() {
        let five = Duration::from_secs(5);
        let waits: Vec<u64> = (1..8).map(|n| wait_after(five, n).as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 60, 60, 60]);
        let hour = Duration::from_secs(3600);
        assert_eq!(wait_after(hour, 1), hour);
        assert_eq!(wait_after(hour, u32::MAX), hour);
    }
}
