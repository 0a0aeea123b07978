//! impacket's SMB server in front of an endpoint: a server that is not Samba,
//! and that cannot take every chain of requests.

use super::{Action, Manners, Request, Shared, serve};
use crate::guard::{Guard, Service};
use crate::ports::Port;
use crate::{LabError, python, tools};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Python takes a second to import it, and more on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Arguments: the port to listen on, the endpoint's port, user, password.
const SERVER: &str = r"
import sys
from impacket.ntlm import compute_lmhash, compute_nthash
from impacket.smbserver import SimpleSMBServer

port, pipe, user, password = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
server = SimpleSMBServer('127.0.0.1', port)
server.setSMB2Support(True)
server.addCredential(user, 0, compute_lmhash(password).hex(), compute_nthash(password).hex())
server.registerNamedPipe('srvsvc', ('127.0.0.1', pipe))
server.start()
";

/// A running smbserver of impacket whose pipe `srvsvc` an endpoint answers;
/// gone when dropped.
pub struct ImpacketServer {
    guard: Guard,
    port: Port,
    endpoint: SocketAddr,
    output: PathBuf,
    shared: Arc<Shared>,
}

impl ImpacketServer {
    /// The one user.
    pub const USER: &str = "root";
    /// Their password.
    pub const PASSWORD: &str = "endpoint";

    /// Starts the server; `answer` answers every call.
    ///
    /// # Errors
    /// [`LabError::NoOracle`] without impacket's Python, or what did not start.
    pub fn start(
        answer: impl Fn(&Request) -> Action + Send + Sync + 'static,
    ) -> Result<Self, LabError> {
        let python = python::oracle_python()?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(LabError::io("127.0.0.1"))?;
        let endpoint = listener.local_addr().map_err(LabError::io("127.0.0.1"))?;
        let shared = Shared::new(Manners::default(), answer);
        let for_thread = Arc::clone(&shared);
        std::thread::spawn(move || serve::accept_tcp(&listener, super::PIPE, &for_thread));

        let port = Port::reserve();
        let folder = tempfile::Builder::new()
            .prefix("smbwho-lab-")
            .tempdir()
            .map_err(LabError::io(std::env::temp_dir()))?;
        let output = folder.path().join("smbserver.out");
        let service = Service {
            command: vec![
                python.into(),
                "-c".into(),
                SERVER.into(),
                port.number().to_string().into(),
                endpoint.port().to_string().into(),
                Self::USER.into(),
                Self::PASSWORD.into(),
            ],
            env: Vec::new(),
            output: output.clone(),
        };
        let mut guard = Guard::watch(folder.path(), &[service])?;
        // From here on the guard removes the folder.
        let _ = folder.keep();
        guard.launch()?;
        let server = Self {
            guard,
            port,
            endpoint,
            output,
            shared,
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Its address: `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// Its TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Every call that has arrived, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests()
    }

    /// What the server has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read(&self.output).map_or_else(
            |_| String::new(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    fn wait_until_ready(&self) -> Result<(), LabError> {
        let port = self.port();
        tools::wait_until(READY_WITHIN, || {
            !self.guard.all_running() || TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        if self.guard.all_running() && TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        Err(LabError::NotReady {
            what: "impacket's smbserver".to_owned(),
            after: READY_WITHIN,
            log: tools::tail(&self.log(), 20),
        })
    }
}

impl Drop for ImpacketServer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.endpoint);
    }
}
