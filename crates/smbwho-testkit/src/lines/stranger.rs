//! Listeners that are no servers of files.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

const HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    Content-Length: 12\r\nConnection: close\r\n\r\nBad request\n";

#[derive(Debug, Clone)]
enum Kind {
    Silent,
    Http,
    Says(Vec<u8>),
    Closes,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    connections: AtomicU64,
    ends: Mutex<Vec<TcpStream>>,
}

/// Something on a port that is not what a client hopes for; gone when dropped.
#[derive(Debug)]
pub struct Stranger {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Stranger {
    /// Accepts, reads, and never says a word.
    ///
    /// # Errors
    /// When no port can be had; likewise below.
    pub fn silent() -> io::Result<Self> {
        Self::listen(Kind::Silent)
    }

    /// Takes whatever comes for a bad HTTP request.
    ///
    /// # Errors
    /// As [`silent`](Self::silent).
    pub fn http() -> io::Result<Self> {
        Self::listen(Kind::Http)
    }

    /// Answers whatever comes with these bytes, then reads on.
    ///
    /// # Errors
    /// As [`silent`](Self::silent).
    pub fn says(bytes: &[u8]) -> io::Result<Self> {
        Self::listen(Kind::Says(bytes.to_vec()))
    }

    /// Answers with bytes that look like nothing, the same each time.
    ///
    /// # Errors
    /// As [`silent`](Self::silent).
    pub fn garbage() -> io::Result<Self> {
        let mut state: u32 = 0x2545_f491;
        let noise = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[0]
        });
        Self::says(&noise.take(4096).collect::<Vec<_>>())
    }

    /// Accepts and closes, after the first bytes, as a server does that speaks
    /// only an older dialect.
    ///
    /// # Errors
    /// As [`silent`](Self::silent).
    pub fn closes() -> io::Result<Self> {
        Self::listen(Kind::Closes)
    }

    fn listen(kind: Kind) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let for_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if for_thread.stop.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { return };
                for_thread.connections.fetch_add(1, Ordering::Relaxed);
                if let Ok(end) = stream.try_clone() {
                    for_thread.ends().push(end);
                }
                let kind = kind.clone();
                // An error means that the client has gone.
                std::thread::spawn(move || talk(stream, &kind));
            }
        });
        Ok(Self { address, shared })
    }

    /// Where it listens: `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn ends(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        for end in self.shared.ends().iter() {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

fn talk(mut stream: TcpStream, kind: &Kind) -> io::Result<()> {
    let mut heard = [0; 4096];
    while stream.read(&mut heard)? > 0 {
        match kind {
            Kind::Silent => {}
            Kind::Says(bytes) => stream.write_all(bytes)?,
            Kind::Http => {
                stream.write_all(HTTP)?;
                return stream.shutdown(Shutdown::Both);
            }
            Kind::Closes => return stream.shutdown(Shutdown::Both),
        }
    }
    Ok(())
}
