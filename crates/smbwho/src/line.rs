//! The connection to one server: what is kept between calls, and built again
//! when it is gone.
//!
//! A connection that has been idle may have been dropped without anybody
//! noticing: by the server, by a firewall, by a restart in between. What was
//! kept and turns out to be gone is built again, once for each call, and a
//! call that only reads is then made again. A call that changes a server is
//! made once, whatever became of it.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use smbwho_rpc::Interface;
use smbwho_smb::{
    Address, CallOutcome, ClientProtection, Facts, Login, Options, Prepared, RpcPipe, SmbError,
    SmbErrorKind, SmbSession,
};
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::JoinHandle;
use tracing::{Instrument as _, debug};

use crate::error::ErrorKind;

/// Calls in flight at most where they only read, and may be made again: a page of accounts, with
/// as many handles to close as to open.
pub(crate) const READS_AHEAD: usize = 256;

/// Pipes that may end at one call after another before the others are not made.
const MAX_PIPES_ENDED: usize = 3;

/// A connection to one server that is built again when it has gone.
pub(crate) struct Line {
    address: Address,
    login: Login,
    options: Options,
    facts: Facts,
    /// What was agreed to once IPC$ alone had demanded encryption: all of every
    /// connection is encrypted from there on.
    encrypted: OnceLock<Facts>,
    /// That is being tried, or was found to help.
    encrypts: AtomicBool,
    /// The server ends connections over a chain of requests that begins with
    /// the share's: it gets that one alone, over every connection.
    tree_alone: AtomicBool,
    state: AsyncMutex<State>,
}

enum State {
    Up(Arc<Link>),
    /// The connection is being built again, in a task of its own: whoever waits
    /// for it may go away in the middle, and the next one must not sign in
    /// beside it.
    Connecting {
        task: JoinHandle<Result<SmbSession, SmbError>>,
        before: Arc<Link>,
    },
    /// When the connection was built again the account was refused, or its
    /// password left in doubt. It is not tried any more: every attempt counts
    /// towards locking the account.
    Refused(SmbError),
}

/// One TCP connection with its session.
struct Link {
    session: SmbSession,
    /// A call was answered over it: what fails now may have been dropped since.
    used: AtomicBool,
    /// Pipes that are bound and idle.
    idle: Mutex<Vec<(&'static Interface, RpcPipe)>>,
}

/// A pipe for one call or several.
pub(crate) struct Taken {
    pub(crate) pipe: RpcPipe,
    interface: &'static Interface,
    link: Arc<Link>,
    /// It was open before: the server may have closed it since.
    kept: bool,
}

/// One of several replies.
pub(crate) struct Came {
    /// Which call, counted from 0 in the order they were given.
    pub(crate) index: usize,
    pub(crate) outcome: Result<Vec<u8>, ErrorKind>,
    /// The reply is longer than the one fragment of it that was wanted; there is no stub then.
    pub(crate) begun: bool,
    /// When the calls were sent, and how long the reply took.
    pub(crate) sent: SystemTime,
    pub(crate) took: Duration,
}

impl Line {
    /// What bounds lists that do not come to an end.
    pub(crate) fn list_budget(&self) -> &smbwho_smb::ListBudget {
        &self.options.list_budget
    }

    /// What bounds replies.
    pub(crate) fn reply_budget(&self) -> &smbwho_smb::ReplyBudget {
        &self.options.reply_budget
    }

    pub(crate) async fn connect(
        address: &Address,
        login: &Login,
        options: &Options,
    ) -> Result<Self, SmbError> {
        let session = SmbSession::connect(address, login, options).await?;
        Ok(Self {
            address: address.clone(),
            login: login.clone(),
            options: options.clone(),
            facts: session.facts().clone(),
            encrypted: OnceLock::new(),
            encrypts: AtomicBool::new(false),
            tree_alone: AtomicBool::new(false),
            state: AsyncMutex::new(State::Up(Link::new(session))),
        })
    }

    /// What was agreed with the server when the connection was first made, or
    /// first encrypted.
    pub(crate) fn facts(&self) -> &Facts {
        self.encrypted.get().unwrap_or(&self.facts)
    }

    /// The session as it stands, built again if it is known to be gone.
    pub(crate) async fn session(&self) -> Result<SmbSession, SmbError> {
        Ok(self.link(None).await?.session.clone())
    }

    /// A pipe that was kept, or else a new one. Nothing that changes the
    /// server is repeated here.
    pub(crate) async fn take(&self, interface: &'static Interface) -> Result<Taken, SmbError> {
        self.take_pipe(interface, true).await
    }

    /// A pipe that was not used before.
    pub(crate) async fn take_new(&self, interface: &'static Interface) -> Result<Taken, SmbError> {
        self.take_pipe(interface, false).await
    }

    async fn take_pipe(
        &self,
        interface: &'static Interface,
        may_be_kept: bool,
    ) -> Result<Taken, SmbError> {
        let link = self.link(None).await?;
        if may_be_kept && let Some(pipe) = link.take_idle(interface) {
            return Ok(Taken {
                pipe,
                interface,
                link,
                kept: true,
            });
        }
        let (pipe, link) = match link.session.open_pipe(interface).await {
            Ok(pipe) => (pipe, link),
            Err(error) if link.used.load(Ordering::Relaxed) && is_of_connection(&error) => {
                debug!(%error, "the connection was dropped; building it again");
                let link = self.link(Some(&link)).await?;
                (link.session.open_pipe(interface).await?, link)
            }
            Err(error) if error.is_due_to_compounding() => {
                debug!(%error, "the chain may be to blame; connecting again without it");
                self.open_otherwise(interface, &link, &self.tree_alone)
                    .await?
            }
            // Encrypted in part is harder to get right than as a whole ([MS-SMB2]
            // 3.2.4.1.8 has it either way).
            Err(error) if error.wants_encryption() && self.facts.can_encrypt() => {
                debug!(%error, "IPC$ demands encryption; connecting again, encrypted");
                let (pipe, link) = self
                    .open_otherwise(interface, &link, &self.encrypts)
                    .await?;
                let _ = self.encrypted.set(link.session.facts().clone());
                (pipe, link)
            }
            Err(error) => return Err(error),
        };
        Ok(Taken {
            pipe,
            interface,
            link,
            kept: false,
        })
    }

    /// A pipe over a new connection that is made otherwise, as all others will
    /// be from then on if that was it. The account was taken before, so signing
    /// in once more does not bring it nearer to being locked.
    async fn open_otherwise(
        &self,
        interface: &'static Interface,
        lost: &Arc<Link>,
        otherwise: &AtomicBool,
    ) -> Result<(RpcPipe, Arc<Link>), SmbError> {
        otherwise.store(true, Ordering::Relaxed);
        let opened = async {
            let link = self.link(Some(lost)).await?;
            let pipe = link.session.open_pipe(interface).await?;
            Ok((pipe, link))
        };
        let opened = opened.await;
        if opened.is_err() {
            otherwise.store(false, Ordering::Relaxed);
        }
        opened
    }

    /// The connection as it stands, built again if it is known to be down or
    /// to be `lost`.
    async fn link(&self, lost: Option<&Arc<Link>>) -> Result<Arc<Link>, SmbError> {
        // Whoever finds it lost waits here for the one who builds it again.
        let mut state = self.state.lock().await;
        match &*state {
            State::Refused(error) => return Err(error.clone()),
            State::Up(link)
                if link.session.is_connected()
                    && !lost.is_some_and(|lost| Arc::ptr_eq(link, lost)) =>
            {
                return Ok(Arc::clone(link));
            }
            State::Up(link) => {
                *state = State::Connecting {
                    before: Arc::clone(link),
                    task: self.connect_again(),
                };
            }
            State::Connecting { .. } => {}
        }
        let State::Connecting { task, before } = &mut *state else {
            return Err(SmbError::unanswered());
        };
        let outcome = match task.await {
            Ok(outcome) => outcome,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime that it was begun on is gone.
                Err(_) => Err(SmbError::unanswered()),
            },
        };
        match outcome {
            Ok(session) => {
                if self.tree_alone.load(Ordering::Relaxed) {
                    session.connect_tree_alone();
                }
                let link = Link::new(session);
                *state = State::Up(Arc::clone(&link));
                Ok(link)
            }
            Err(error) => {
                *state = if error.counts_against_account() {
                    State::Refused(error.clone())
                } else {
                    State::Up(Arc::clone(before))
                };
                Err(error)
            }
        }
    }

    fn connect_again(&self) -> JoinHandle<Result<SmbSession, SmbError>> {
        let (address, login) = (self.address.clone(), self.login.clone());
        let mut options = self.options.clone();
        if self.encrypts.load(Ordering::Relaxed) {
            options.protection = Some(ClientProtection::Encrypt);
        }
        let connecting = async move { SmbSession::connect(&address, &login, &options).await };
        tokio::spawn(connecting.in_current_span())
    }

    /// Makes calls of one interface that only read, in flight together: see
    /// [`Server::read_all`](crate::Server::read_all).
    ///
    /// # Errors
    ///
    /// When there is no pipe to make them on.
    pub(crate) async fn read_all(
        &self,
        calls: &[Prepared],
        mut take: impl FnMut(Came) -> ControlFlow<()> + Send,
    ) -> Result<(), SmbError> {
        let Some(interface) = calls.first().map(Prepared::interface) else {
            return Ok(());
        };
        let mut left: Vec<usize> = (0..calls.len()).collect();
        let mut taken = self.take(interface).await?;
        let mut may_repeat = true;
        let mut ended = 0;
        loop {
            let asked = left.clone();
            let these: Vec<Prepared> = asked.iter().map(|&index| calls[index].clone()).collect();
            taken.pipe.set_calls_ahead(READS_AHEAD);
            let mut replies = taken.pipe.calls(&these)?;
            let mut again = false;
            while let Some(reply) = replies.next().await {
                if let Err(error) = &reply.outcome
                    && may_repeat
                    && (error.is_due_to_haste() || taken.kept && error.is_lost())
                {
                    debug!(%error, "asking again over a new pipe");
                    may_repeat = false;
                    again = true;
                    break;
                }
                let Some(&index) = asked.get(reply.index) else {
                    continue;
                };
                left.retain(|&waiting| waiting != index);
                let begun = matches!(reply.outcome, Ok(CallOutcome::Begun));
                let ends_pipe = reply.outcome.as_ref().err();
                let ends_pipe = ends_pipe.is_some_and(SmbError::ends_pipe_only);
                let outcome = reply.outcome.map(|outcome| match outcome {
                    CallOutcome::Reply(stub) => stub,
                    CallOutcome::Begun => Vec::new(),
                });
                let came = Came {
                    index,
                    outcome: outcome.map_err(ErrorKind::Smb),
                    begun,
                    sent: reply.sent,
                    took: reply.took,
                };
                if take(came).is_break() {
                    break;
                }
                ended += usize::from(ends_pipe);
                // The others had no part in it.
                if (begun || ends_pipe && ended < MAX_PIPES_ENDED) && !left.is_empty() {
                    again = true;
                    break;
                }
            }
            drop(replies);
            taken.give_back();
            if !again {
                return Ok(());
            }
            taken = self.take_new(interface).await?;
        }
    }
}

impl Link {
    fn new(session: SmbSession) -> Arc<Self> {
        Arc::new(Self {
            session,
            used: AtomicBool::new(false),
            idle: Mutex::default(),
        })
    }

    fn take_idle(&self, interface: &'static Interface) -> Option<RpcPipe> {
        let mut idle = self.idle();
        idle.retain(|(_, pipe)| pipe.is_usable());
        let found = idle
            .iter()
            .position(|(bound, _)| bound.syntax == interface.syntax)?;
        Some(idle.swap_remove(found).1)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(&'static Interface, RpcPipe)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Keeps the pipe for the next call, if it is fit for one.
    pub(crate) fn give_back(self) {
        if self.pipe.is_usable() {
            self.link.used.store(true, Ordering::Relaxed);
            self.link.idle().push((self.interface, self.pipe));
        }
    }

    /// Whether this error of the first call on it may only mean that it was
    /// kept for too long.
    pub(crate) fn was_kept_too_long(&self, error: &SmbError) -> bool {
        self.kept && error.is_lost()
    }

    /// To be said when a call was answered: from here on a loss is no longer
    /// one between calls.
    pub(crate) fn has_answered(&mut self) {
        self.kept = false;
    }
}

/// Whether the whole connection is gone, not only a pipe.
fn is_of_connection(error: &SmbError) -> bool {
    matches!(
        error.kind,
        SmbErrorKind::Disconnected | SmbErrorKind::SessionGone
    )
}
