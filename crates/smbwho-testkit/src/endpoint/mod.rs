//! Answers of our own behind a real smbd.
//!
//! smbd does SMB, all of it, and hands the pipe `srvsvc` to a Unix socket in
//! its folder. An [`Endpoint`] listens there in place of samba-dcerpcd and
//! answers each call as the test says: at levels Samba does not have, page by
//! page, a hundred thousand sessions at once, late, broken, or not at all.

mod action;
mod encode;
mod file_replies;
mod file_server;
mod files;
mod impacket;
mod pdu;
mod serve;
mod sessions;
mod workload;

pub use action::{Action, Bind, Hint, Order, Reply};
pub use encode::{LabSession, SessionReply, Text};
pub use file_server::FileServer;
pub use files::{ByClient, FileRequest, FileService, LabFile};
pub use impacket::ImpacketServer;
pub use sessions::{SessionRequest, SessionService};
pub use workload::{ServerKind, Workload};

use crate::samba::{Rpc, Samba, SambaBuilder};
use crate::{LabError, samba::Held};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The pipe an endpoint stands behind where nothing else is said.
const PIPE: &str = "srvsvc";

/// One call as it arrived, its fragments joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The pipe it came over.
    pub pipe: &'static str,
    /// Which opening of that pipe it came over, counted from 0.
    pub connection: usize,
    /// The call's number in its interface.
    pub opnum: u16,
    /// The id the client gave the call.
    pub call_id: u32,
    /// The presentation context the client named.
    pub context_id: u16,
    /// How many request fragments it came in.
    pub fragments: usize,
    /// The arguments, in NDR.
    pub stub: Vec<u8>,
}

/// What an endpoint does, beside answering calls.
#[derive(Debug, Clone)]
pub(crate) struct Manners {
    pub(crate) bind: Bind,
    pub(crate) max_fragment: u16,
    pub(crate) pipes: Vec<&'static str>,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            bind: Bind::Accept,
            max_fragment: 4280,
            pipes: vec![PIPE],
        }
    }
}

type Answer = dyn Fn(&Request) -> Action + Send + Sync;

pub(crate) struct Shared {
    pub(crate) answer: Box<Answer>,
    pub(crate) manners: Manners,
    pub(crate) requests: Mutex<Vec<Request>>,
    pub(crate) stop: AtomicBool,
}

impl Shared {
    fn new(
        manners: Manners,
        answer: impl Fn(&Request) -> Action + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            answer: Box::new(answer),
            manners,
            requests: Mutex::default(),
            stop: AtomicBool::new(false),
        })
    }

    fn requests(&self) -> Vec<Request> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Describes an endpoint.
#[derive(Debug, Clone)]
pub struct EndpointBuilder {
    samba: SambaBuilder,
    manners: Manners,
}

/// A running endpoint with the smbd before it; both end when dropped.
pub struct Endpoint {
    samba: Samba,
    sockets: Vec<PathBuf>,
    shared: Arc<Shared>,
}

impl EndpointBuilder {
    /// Builds the smbd in front from this description; its accounts are the
    /// ones clients sign in with.
    #[must_use]
    pub fn samba(mut self, samba: SambaBuilder) -> Self {
        self.samba = samba;
        self
    }

    /// How a bind is answered; accepted where nothing is said.
    #[must_use]
    pub fn bind(mut self, bind: Bind) -> Self {
        self.manners.bind = bind;
        self
    }

    /// The largest fragment the endpoint claims to take and send, in bytes
    /// with the header: 4280 where nothing is said.
    #[must_use]
    pub fn max_fragment(mut self, bytes: u16) -> Self {
        self.manners.max_fragment = bytes;
        self
    }

    /// Stands behind this pipe too, `wkssvc` for instance: [`Request::pipe`]
    /// tells them apart.
    #[must_use]
    pub fn pipe(mut self, name: &'static str) -> Self {
        self.manners.pipes.push(name);
        self
    }

    /// Starts smbd and the endpoint, which answers every call with `answer`.
    ///
    /// # Errors
    /// As [`SambaBuilder::start`], and when the socket cannot be made.
    pub fn start(
        self,
        answer: impl Fn(&Request) -> Action + Send + Sync + 'static,
    ) -> Result<Endpoint, LabError> {
        let samba = self.samba.rpc(Rpc::None).start()?;
        let pipes = self.manners.pipes.clone();
        let shared = Shared::new(self.manners, answer);
        let mut sockets = Vec::new();
        for pipe in pipes {
            let socket = samba.pipe_socket(pipe);
            let listener = UnixListener::bind(&socket).map_err(LabError::io(&socket))?;
            let for_thread = Arc::clone(&shared);
            std::thread::spawn(move || serve::accept(&listener, pipe, &for_thread));
            sockets.push(socket);
        }
        Ok(Endpoint {
            samba,
            sockets,
            shared,
        })
    }

    /// Starts an endpoint that serves open files.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn serve_files(self, service: FileService) -> Result<Endpoint, LabError> {
        self.start(move |request| service.answer(request))
    }

    /// Starts an endpoint that is this file server.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn serve_as(self, server: &Arc<FileServer>) -> Result<Endpoint, LabError> {
        let server = Arc::clone(server);
        self.start(move |request| server.answer(request))
    }

    /// Starts an endpoint that serves sessions.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn serve(self, service: SessionService) -> Result<Endpoint, LabError> {
        self.start(move |request| service.answer(request))
    }
}

impl Endpoint {
    /// The user of an endpoint whose smbd was not described.
    pub const USER: &str = "root";
    /// That user's password.
    pub const PASSWORD: &str = "endpoint";

    /// Begins to describe an endpoint.
    #[must_use]
    pub fn builder() -> EndpointBuilder {
        EndpointBuilder {
            samba: Samba::builder().admin(Self::USER, Self::PASSWORD),
            manners: Manners::default(),
        }
    }

    /// The smbd in front.
    #[must_use]
    pub fn samba(&self) -> &Samba {
        &self.samba
    }

    /// Its address: `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        self.samba.address()
    }

    /// Its TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.samba.port()
    }

    /// Every call that has arrived, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests()
    }

    /// The NetrSessionEnum calls among them, decoded.
    ///
    /// # Panics
    /// When one of them is not a well-formed request.
    #[must_use]
    pub fn session_requests(&self) -> Vec<SessionRequest> {
        self.requests()
            .iter()
            .filter(|request| request.opnum == SessionRequest::OPNUM)
            .map(|request| {
                SessionRequest::decode(&request.stub).expect("a NetrSessionEnum request")
            })
            .collect()
    }

    /// The NetrFileEnum calls among them, decoded.
    #[must_use]
    pub fn file_requests(&self) -> Vec<FileRequest> {
        self.requests()
            .iter()
            .filter_map(FileRequest::decode)
            .collect()
    }

    /// As [`Samba::hold_session`].
    ///
    /// # Errors
    /// As there.
    pub fn hold_session(&self, user: &str, password: &str) -> Result<Held, LabError> {
        self.samba.hold_session(user, password)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        // Wakes the threads that accept. The others see their streams end
        // when smbd goes.
        for socket in &self.sockets {
            let _ = std::os::unix::net::UnixStream::connect(socket);
        }
    }
}
