//! A port outside that leads into a controller's network.

use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// A port of 127.0.0.1 behind which a port of the controller lies, so that
/// clients and lines need not run inside. Opened by [`AdDc::door`](super::AdDc::door).
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    closed: Arc<AtomicBool>,
}

impl Door {
    /// `network` is the file of the network's namespace.
    pub(super) fn to(network: File, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let closed = Arc::new(AtomicBool::new(false));
        let for_thread = Arc::clone(&closed);
        // This thread alone is inside; what it listens on was made outside.
        thread::spawn(move || {
            setns(&network, CloneFlags::CLONE_NEWNET)?;
            for client in listener.incoming() {
                if for_thread.load(Ordering::Relaxed) {
                    break;
                }
                let server = TcpStream::connect(("127.0.0.1", port));
                if let (Ok(client), Ok(server)) = (client, server) {
                    carry(client, server)?;
                }
            }
            io::Result::Ok(())
        });
        Ok(Self { address, closed })
    }

    /// Where clients connect: `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The port clients connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

fn carry(client: TcpStream, server: TcpStream) -> io::Result<()> {
    for end in [&client, &server] {
        // Small messages must not wait for one another's acknowledgement.
        end.set_nodelay(true)?;
    }
    for (from, to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
        thread::spawn(move || {
            let _ = io::copy(&mut &from, &mut &to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}
