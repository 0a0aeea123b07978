//! One server, ready to be asked: connected and signed in, or this computer.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smbwho_rpc::{Call, Interface};
use smbwho_smb::{Address, CallOutcome, Facts, Login, Options, Prepared, SmbError};

use crate::backend::Backend;
use crate::error::ErrorKind;
use crate::files::KeptLists;
use crate::line::{Came, Line, Taken};
use crate::local::Local;
use crate::native;
use crate::sessions::SessionsQuery;
use crate::{Error, Level, ShareLevel};

/// Calls in flight at most where they change the server, whatever the pipe carried before: what
/// has left cannot be taken back.
const CHANGES_AHEAD: usize = 32;

/// A connection to one server, signed in as one account; or this computer,
/// asked directly ([`Server::local`]).
///
/// Clones share the connection. Calls may run side by side; each takes a pipe
/// of its own from a pool and gives it back. Dropping a call's future at any
/// time is safe: its pipe is given up, the connection stays good. The
/// connection ends when the last clone is dropped.
///
/// A connection that was dropped between calls is built again, with the same
/// login, once for each call that finds it gone. Calls that only read are then
/// made again; one that changes the server never is.
///
/// ```no_run
/// use smbwho::{Address, Login, Secret, Server};
///
/// # async fn example() -> Result<(), smbwho::Error> {
/// let address: Address = "fs1.example.com".parse().expect("a server's name");
/// let login = Login::Ntlm {
///     domain: "EXAMPLE".into(),
///     user: "admin".into(),
///     password: Secret::new("…"),
/// };
/// let server = Server::connect(&address, &login).await?;
/// for session in server.sessions().collect().await?.rows {
///     println!("{:?} from {:?}", session.user, session.client);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Server {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    unc_name: String,
    backend: Backend,
    learnt: Mutex<Learnt>,
    kept_lists: Mutex<KeptLists>,
}

/// The server's name as calls carry it.
fn unc_name(address: &Address) -> String {
    format!(r"\\{}", address.host)
}

/// What earlier answers taught about this server, so that it is not asked
/// twice.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Learnt {
    /// The session level at which the ladder found its footing.
    pub(crate) session_level: Option<Level>,
    /// The share level at which the ladder found its footing.
    pub(crate) share_level: Option<ShareLevel>,
    /// Whether the server keeps the time since a session was last used.
    pub(crate) keeps_idle: Option<bool>,
    /// Whether the server lists open files by client.
    pub(crate) lists_by_client: Option<bool>,
}

impl Server {
    /// Connects to the server and signs in, with the default time limits.
    ///
    /// # Errors
    ///
    /// Any step up to the sign-in can fail; [`Error::step`] says which.
    pub async fn connect(address: &Address, login: &Login) -> Result<Self, Error> {
        Self::connect_with(address, login, &Options::default()).await
    }

    /// Connects to the server and signs in.
    ///
    /// # Errors
    ///
    /// As [`Server::connect`].
    pub async fn connect_with(
        address: &Address,
        login: &Login,
        options: &Options,
    ) -> Result<Self, Error> {
        let name = address.to_string();
        if let Login::CurrentUser = login {
            return native::as_current_user(address, options)
                .map(|native| Self::new(name.clone(), unc_name(address), Backend::Native(native)))
                .map_err(|why| Error::new(&name, ErrorKind::NotAsCurrentUser { why }));
        }
        match Line::connect(address, login, options).await {
            Ok(line) => Ok(Self::new(
                name,
                unc_name(address),
                Backend::Remote(Box::new(line)),
            )),
            Err(error) => Err(Error::new(&name, ErrorKind::Smb(error))),
        }
    }

    /// This computer, asked without a connection and without a password.
    /// Nothing is asked yet.
    ///
    /// Its Samba tells root who is connected ([`Server::sessions`]), what is
    /// open ([`Server::files`]) and who uses which share
    /// ([`Server::connections_to`], [`Server::connections_from`]). What cannot
    /// be asked in this way fails with [`ErrorKind::NeedsConnection`].
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), smbwho::Error> {
    /// for session in smbwho::Server::local().sessions().collect().await?.rows {
    ///     let address = session.smb.and_then(|smb| smb.address);
    ///     println!("{:?} from {:?}", session.user, address);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn local() -> Self {
        Self::local_with(&Options::default())
    }

    /// As [`Server::local`]; a question may take as long as
    /// [`reply_timeout`](Options::reply_timeout) says.
    pub fn local_with(options: &Options) -> Self {
        if let Some(native) = native::here(options) {
            let name = native::HERE.to_owned();
            return Self::new(name, String::new(), Backend::Native(native));
        }
        let local = Local::new(options.reply_timeout);
        Self::new(
            local.name().to_owned(),
            String::new(),
            Backend::Local(local),
        )
    }

    pub(crate) fn new(name: String, unc_name: String, backend: Backend) -> Self {
        Self {
            shared: Arc::new(Shared {
                name,
                unc_name,
                backend,
                learnt: Mutex::default(),
                kept_lists: Mutex::default(),
            }),
        }
    }

    /// The server's address as it was given, with the port when it is not
    /// 445; this computer's own name when it is asked directly.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// What the connection is: dialect, signing, encryption, as they were
    /// agreed when it was first made. `None` where the server is asked without
    /// one.
    pub fn facts(&self) -> Option<&Facts> {
        match &self.shared.backend {
            Backend::Remote(line) => Some(line.facts()),
            Backend::Native(_) | Backend::Local(_) => None,
        }
    }

    /// How the server is asked.
    pub(crate) fn backend(&self) -> &Backend {
        &self.shared.backend
    }

    /// The connection that calls of this interface go over.
    fn line(&self, interface: &'static Interface) -> Result<&Line, Error> {
        match &self.shared.backend {
            Backend::Remote(line) => Ok(line),
            Backend::Native(_) | Backend::Local(_) => Err(self.needs_connection(interface.name)),
        }
    }

    /// Says of a call, or of an interface, that it is made over SMB only.
    pub(crate) fn needs_connection(&self, what: &'static str) -> Error {
        self.error(ErrorKind::NeedsConnection { what })
    }

    /// Who is connected to the server ([MS-SRVS] 3.1.4.5, NetrSessionEnum).
    pub fn sessions(&self) -> SessionsQuery {
        SessionsQuery::new(self.clone())
    }

    /// The server's name as calls carry it: `\\\\fs1`, without a port; empty for
    /// this computer.
    pub(crate) fn unc_name(&self) -> &str {
        &self.shared.unc_name
    }

    /// Whether calls can be in flight together. Where each is made to its end
    /// before the next, none is worth making in case it is needed.
    pub(crate) fn asks_together(&self) -> bool {
        !matches!(self.backend(), Backend::Native(_))
    }

    /// Makes one call that may change the server, once, and gives back the
    /// reply's stub.
    pub(crate) async fn call<C: Call>(&self, call: &C) -> Result<Vec<u8>, Error> {
        if let Backend::Native(native) = self.backend() {
            let call = self.prepare(call)?;
            return native.call(&call).await.map_err(|kind| self.error(kind));
        }
        let mut taken = self.take_pipe(C::INTERFACE).await?;
        let reply = taken.pipe.call(call).await;
        // Not reached when the caller drops this future: the pipe goes with
        // it, since what it carries next would be the rest of this reply.
        taken.give_back();
        reply.map_err(|error| self.error(ErrorKind::Smb(error)))
    }

    /// Makes calls of one interface that may change the server, each once, in
    /// flight together as far as the server takes them so, and hands on the
    /// outcome of each that was sent. Once `answer` breaks off, what is not
    /// sent yet is not sent; what is, is waited for.
    ///
    /// # Errors
    ///
    /// When there is no pipe to make them on: nothing was sent then.
    pub(crate) async fn change_all(
        &self,
        calls: &[Prepared],
        mut answer: impl FnMut(usize, Result<Vec<u8>, Error>) -> ControlFlow<()> + Send,
    ) -> Result<(), Error> {
        let Some(first) = calls.first() else {
            return Ok(());
        };
        if let Backend::Native(native) = self.backend() {
            for (index, call) in calls.iter().enumerate() {
                let outcome = native.call(call).await.map_err(|kind| self.error(kind));
                if answer(index, outcome).is_break() {
                    break;
                }
            }
            return Ok(());
        }
        let mut pooled = self.take_pipe(first.interface()).await?;
        pooled.pipe.set_calls_ahead(CHANGES_AHEAD);
        let error = |error| self.error(ErrorKind::Smb(error));
        let mut replies = pooled.pipe.calls(calls).map_err(error)?;
        let mut unanswered: Vec<bool> = vec![true; calls.len()];
        let mut failure = error(SmbError::unanswered());
        while let Some(reply) = replies.next().await {
            unanswered[reply.index] = false;
            let outcome = reply.outcome.map_err(error).map(CallOutcome::into_stub);
            if let Err(error) = &outcome {
                failure = error.clone();
            }
            if answer(reply.index, outcome).is_break() {
                let withdrawn = replies.withdraw();
                withdrawn
                    .iter()
                    .for_each(|&index| unanswered[index] = false);
            }
        }
        // Not reached when the caller drops this future: the pipe goes with it.
        let withdrawn = replies.withdraw();
        withdrawn
            .iter()
            .for_each(|&index| unanswered[index] = false);
        drop(replies);
        pooled.give_back();
        for (index, _) in unanswered.iter().enumerate().filter(|(_, waits)| **waits) {
            // These were sent, and the pipe ended.
            let _ = answer(index, Err(failure.clone()));
        }
        Ok(())
    }

    /// Makes one call that only reads, and gives back the reply's stub. It is
    /// made again if the connection was dropped since the call before.
    pub(crate) async fn read<C: Call>(&self, call: &C) -> Result<Vec<u8>, Error> {
        let mut outcome = Err(ErrorKind::Smb(SmbError::unanswered()));
        self.read_all(&[self.prepare(call)?], |came| {
            outcome = came.outcome;
            ControlFlow::Break(())
        })
        .await?;
        outcome.map_err(|kind| self.error(kind))
    }

    /// Makes calls of one interface that only read, in flight together as far
    /// as the server takes them so, and hands on each reply as it comes, until
    /// `take` has enough. After an outcome that is neither a reply nor a fault
    /// nothing more comes.
    ///
    /// # Errors
    ///
    /// When there is no pipe to make them on.
    pub(crate) async fn read_all(
        &self,
        calls: &[Prepared],
        mut take: impl FnMut(Came) -> ControlFlow<()> + Send,
    ) -> Result<(), Error> {
        let Some(first) = calls.first() else {
            return Ok(());
        };
        if let Backend::Native(native) = self.backend() {
            // Each is a call to the end: the next only if it is needed.
            for (index, call) in calls.iter().enumerate() {
                let came = native.ask(index, call).await;
                let goes_on = came.outcome.is_ok();
                if take(came).is_break() || !goes_on {
                    break;
                }
            }
            return Ok(());
        }
        let line = self.line(first.interface())?;
        // Boxed: it holds all of connecting again.
        let read = Box::pin(line.read_all(calls, take)).await;
        read.map_err(|error| self.error(ErrorKind::Smb(error)))
    }

    /// Encodes a call.
    pub(crate) fn prepare<C: Call>(&self, call: &C) -> Result<Prepared, Error> {
        Prepared::of(call).map_err(|error| self.error(ErrorKind::Smb(error)))
    }

    /// A pipe that was kept, or else a new one.
    pub(crate) async fn take_pipe(&self, interface: &'static Interface) -> Result<Taken, Error> {
        let taken = Box::pin(self.line(interface)?.take(interface)).await;
        taken.map_err(|error| self.error(ErrorKind::Smb(error)))
    }

    /// A pipe that was not used before.
    pub(crate) async fn take_new_pipe(
        &self,
        interface: &'static Interface,
    ) -> Result<Taken, Error> {
        let taken = Box::pin(self.line(interface)?.take_new(interface)).await;
        taken.map_err(|error| self.error(ErrorKind::Smb(error)))
    }

    pub(crate) fn learnt(&self) -> Learnt {
        *self
            .shared
            .learnt
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn learn(&self, lesson: impl FnOnce(&mut Learnt)) {
        lesson(
            &mut self
                .shared
                .learnt
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// What the server listed for its clients when it was asked last.
    pub(crate) fn kept_lists(&self) -> MutexGuard<'_, KeptLists> {
        let kept = self.shared.kept_lists.lock();
        kept.unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(&self.shared.name, kind)
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("name", &self.shared.name)
            .finish_non_exhaustive()
    }
}
