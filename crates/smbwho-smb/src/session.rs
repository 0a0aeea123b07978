//! One connection, negotiated and signed in.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use smb2::client::Connection;
use smb2::msg::close::CloseRequest;
use smb2::types::{Command, FileId, TreeId};
use smbwho_auth::negotiate::{Cipher, Signing};
use smbwho_rpc::Interface;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, debug, debug_span};

use crate::commands::Commands;
use crate::connect::connect;
use crate::error::{SmbError, SmbErrorKind, Step};
use crate::guard::PasswordSent;
use crate::negotiate::{Negotiated, negotiate};
use crate::open;
use crate::pipe::RpcPipe;
use crate::require;
use crate::sign_in::sign_in;
use crate::wire::Wire;
use crate::{Address, ClientProtection, Login, NtStatus, Options, keep_alive, kerberos};

/// How often a pipe is opened again that a server failed for want of resources while requests of
/// other pipes waited there, and after what pause.
const CROWDED_TRIES: u32 = 5;
const CROWDED_PAUSE: Duration = Duration::from_millis(50);

/// What was agreed with the server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// The address that answered.
    pub peer: SocketAddr,
    /// The dialect: `2.0.2`, `2.1`, `3.0`, `3.0.2` or `3.1.1`.
    pub dialect: &'static str,
    /// How messages are signed: `HMAC-SHA256`, `AES-128-CMAC`,
    /// `AES-128-GMAC`. `None` for an anonymous session, which has no key.
    pub signing: Option<&'static str>,
    /// How messages are encrypted: `AES-128-CCM`, `AES-128-GCM`, `AES-256-CCM`,
    /// `AES-256-GCM`. `None` when the server did not ask for it.
    pub encryption: Option<&'static str>,
}

impl Facts {
    /// Whether sessions of this dialect can be encrypted, where there is a key.
    #[must_use]
    pub fn can_encrypt(&self) -> bool {
        self.dialect.starts_with('3') && self.signing.is_some()
    }
}

/// A connection to one server, signed in, over which pipes are opened.
///
/// Clones share the connection, and pipes of one session work side by side.
/// It ends when the last clone and the last pipe are gone: the TCP connection
/// is closed without a LOGOFF, whose answer would cost a round trip, and the
/// server releases everything the connection held ([MS-SMB2] 3.3.7.1).
#[derive(Clone)]
pub struct SmbSession {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) connection: Connection,
    pub(crate) wire: Arc<Wire>,
    pub(crate) facts: Facts,
    pub(crate) options: Options,
    /// The server as it stands in `\\server\IPC$`.
    pub(crate) unc: String,
    /// Whether the server takes related requests in one message, until it
    /// shows that it does not.
    pub(crate) chains: AtomicBool,
    /// Whether TREE_CONNECT has to go in a message of its own.
    pub(crate) tree_alone: AtomicBool,
    /// Whether something was opened in the tree of `IPC$`.
    pub(crate) tree_used: AtomicBool,
    /// Whether the server is still to be asked if it meant what was
    /// negotiated.
    pub(crate) unvalidated: AtomicBool,
    /// The most bytes the server takes or gives in one request.
    pub(crate) max_size: u32,
    /// Whether several reads may be in flight on one pipe, until an answer shows
    /// that the server's fragments cannot be proved to be in order.
    pub(crate) reads_ahead: AtomicBool,
    /// Whether several calls may be in flight on one pipe, until the server
    /// refuses that or something went wrong with it.
    pub(crate) calls_ahead: AtomicBool,
    /// The requests in flight on all pipes.
    pub(crate) commands: Arc<Commands>,
    /// The tree of `IPC$`, once connected.
    tree: Mutex<Option<TreeId>>,
    /// Handles whose pipes were dropped where nothing could be sent.
    orphans: Mutex<Vec<(TreeId, FileId)>>,
}

impl SmbSession {
    /// Connects, negotiates and signs in.
    ///
    /// Every address of a name is tried, staggered. A session other than an
    /// anonymous one is signed, and encrypted if the server asks for it.
    ///
    /// # Errors
    ///
    /// [`SmbError::step`] is `Name`, `Connect`, `Negotiate` or `SignIn`.
    pub async fn connect(
        address: &Address,
        login: &Login,
        options: &Options,
    ) -> Result<Self, SmbError> {
        let span = debug_span!("smb", server = %address);
        Self::establish(address, login, options)
            .instrument(span)
            .await
    }

    /// Whether several calls may be in flight on one pipe, as far as the server has shown: it
    /// may refuse a second one while the first is under way, as Windows does.
    #[must_use]
    pub fn takes_calls_together(&self) -> bool {
        self.shared.calls_ahead.load(Ordering::Relaxed)
    }

    async fn establish(
        address: &Address,
        login: &Login,
        options: &Options,
    ) -> Result<Self, SmbError> {
        if let Login::Kerberos(_) = login {
            // Known without asking anybody.
            kerberos::refuse_bare(&address.host.unc()).map_err(|error| {
                SmbError::new(Step::SignIn, SmbErrorKind::Kerberos(Box::new(error)))
            })?;
        }
        require::check_login(login, options)?;
        let (stream, peer) = connect(address, options.connect_timeout).await?;
        let unc = address.host.unc();
        let deadline = Instant::now() + options.sign_in_timeout;
        let late = |step| move |_| SmbError::new(step, SmbErrorKind::TimedOut);

        let mut negotiated = timeout_at(deadline, negotiate(stream, &unc))
            .await
            .map_err(late(Step::Negotiate))??;
        let wire = Arc::clone(&negotiated.wire);
        let handshake = wire.handshake();
        require::check_negotiated(&negotiated.agreed, &handshake, options)?;
        negotiated.encrypt = options.protection == Some(ClientProtection::Encrypt);
        let password = PasswordSent::default();
        // Others may have to be heard first; that costs this server no time.
        let began = Instant::now();
        let pass = match &options.guard {
            Some(guard) => Some(guard.enter(login, &password).await?),
            None => None,
        };
        let deadline = deadline + began.elapsed();
        let signing_in = sign_in(&mut negotiated, address, login, options, &password);
        let signed_in = timeout_at(deadline, signing_in)
            .await
            .unwrap_or_else(|late_by| Err(late(Step::SignIn)(late_by)))
            .map_err(|error| wire.explain(error))
            .map_err(|error| match password.is_open() {
                true => error.with_password_sent(),
                false => error,
            });
        if let Some(pass) = pass {
            pass.report(&signed_in);
        }
        let established = signed_in?;

        let Negotiated {
            connection, agreed, ..
        } = negotiated;
        let facts = Facts {
            peer,
            dialect: agreed.dialect.as_str(),
            signing: established.signing.map(Signing::as_str),
            encryption: established.cipher.map(Cipher::as_str),
        };
        debug!(?facts, "session is up");
        let shared = Arc::new(Shared {
            connection,
            wire,
            facts,
            options: options.clone(),
            unc,
            chains: AtomicBool::new(true),
            tree_alone: AtomicBool::new(false),
            tree_used: AtomicBool::new(false),
            // Without a key an answer proves nothing.
            unvalidated: AtomicBool::new(
                established.signing.is_some() && handshake.wants_validation(),
            ),
            max_size: handshake.max_size().unwrap_or(u32::MAX),
            reads_ahead: AtomicBool::new(true),
            calls_ahead: AtomicBool::new(true),
            commands: Arc::default(),
            tree: Mutex::default(),
            orphans: Mutex::default(),
        });
        keep_alive::start(&shared);
        Ok(Self { shared })
    }

    /// What was agreed with the server.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.shared.facts
    }

    /// Whether the connection still stands, as far as is known without asking.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        !self.shared.connection.is_disconnected()
    }

    /// From here on connects to `IPC$` in a message of its own, for servers
    /// that end the connection over one that goes on with other requests
    /// ([`SmbError::is_due_to_compounding`]). Costs a round trip.
    pub fn connect_tree_alone(&self) {
        self.shared.tree_alone.store(true, Ordering::Relaxed);
    }

    /// Opens the interface's pipe and binds to it, in one round trip where the
    /// server allows it.
    ///
    /// A server that does not take the requests in one message is asked one by
    /// one, from then on for the life of the session.
    ///
    /// # Errors
    ///
    /// [`SmbError::step`] is `Share`, `Pipe` or `Bind`.
    pub async fn open_pipe(&self, interface: &'static Interface) -> Result<RpcPipe, SmbError> {
        self.shared.close_orphans();
        let mut opened = self.open_once(interface).await;
        for _ in 0..CROWDED_TRIES {
            // Requests of other pipes left no room for this one.
            let crowded = opened.as_ref().err().is_some_and(|error| {
                error.status() == Some(NtStatus::INSUFFICIENT_RESOURCES)
                    && self.shared.commands.any()
            });
            if !crowded {
                break;
            }
            tokio::time::sleep(CROWDED_PAUSE).await;
            opened = self.open_once(interface).await;
        }
        opened
    }

    async fn open_once(&self, interface: &'static Interface) -> Result<RpcPipe, SmbError> {
        // A task of its own: if the caller goes away in the middle, the pipe
        // is opened all the same and closed by being dropped, so that no
        // handle is left at the server.
        let opening = tokio::spawn(
            open::open(Arc::clone(&self.shared), interface)
                .instrument(debug_span!("pipe", pipe = interface.name)),
        );
        match opening.await {
            Ok(opened) => opened,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is going down.
                Err(_) => Err(SmbError::new(Step::Pipe, SmbErrorKind::Disconnected)),
            },
        }
    }
}

impl std::fmt::Debug for SmbSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmbSession")
            .field("server", &self.shared.unc)
            .field("facts", &self.shared.facts)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// The same error, with what this side knows of its reason. A message that
    /// is not signed as it must be ends the connection.
    pub(crate) fn explain(&self, error: SmbError) -> SmbError {
        if error.kind == SmbErrorKind::SignatureInvalid {
            self.connection.mark_dead();
        }
        self.wire.explain(error)
    }

    pub(crate) fn tree(&self) -> Option<TreeId> {
        *self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_tree(&self, tree: TreeId) {
        *self.tree.lock().unwrap_or_else(PoisonError::into_inner) = Some(tree);
    }

    /// Closes a handle without anybody waiting for it.
    pub(crate) fn close_later(&self, tree: TreeId, file: FileId) {
        if self.connection.is_disconnected() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            self.orphans().push((tree, file));
            return;
        };
        let connection = self.connection.clone();
        let limit = self.options.reply_timeout;
        runtime.spawn(async move {
            let request = CloseRequest {
                flags: 0,
                file_id: file,
            };
            let closing = connection.execute(Command::Close, &request, Some(tree));
            // The connection lives on while this waits, so not for ever.
            match tokio::time::timeout(limit, closing).await {
                Ok(Ok(_)) => debug!("pipe closed"),
                Ok(Err(error)) => debug!(%error, "pipe not closed"),
                Err(_) => debug!("pipe not closed in time"),
            }
        });
    }

    fn close_orphans(&self) {
        let orphans = std::mem::take(&mut *self.orphans());
        for (tree, file) in orphans {
            self.close_later(tree, file);
        }
    }

    fn orphans(&self) -> std::sync::MutexGuard<'_, Vec<(TreeId, FileId)>> {
        self.orphans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
