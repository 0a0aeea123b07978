//! Somebody on the line, who reads and changes what goes by.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Direction;

/// What is done to each message: which way it goes, its number from 0 on that
/// way of its connection, and its bytes without the four of its length.
type Rewrite = dyn Fn(Direction, usize, &mut Vec<u8>) + Send + Sync;

/// A line on which SMB messages are read and may be changed. It ends, with its
/// connections, when dropped.
pub struct RewritingLine {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    rewrite: Box<Rewrite>,
    connections: AtomicUsize,
    /// What reached the client.
    to_client: Mutex<Vec<u8>>,
    ends: Mutex<Vec<TcpStream>>,
    stop: AtomicBool,
}

impl RewritingLine {
    /// Opens a line to `server` on which `rewrite` sees every message.
    ///
    /// # Errors
    /// When the address means nothing or no port can be had.
    pub fn to(
        server: impl ToSocketAddrs,
        rewrite: impl Fn(Direction, usize, &mut Vec<u8>) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let server = server
            .to_socket_addrs()?
            .next()
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            rewrite: Box::new(rewrite),
            connections: AtomicUsize::new(0),
            to_client: Mutex::default(),
            ends: Mutex::default(),
            stop: AtomicBool::new(false),
        });
        let for_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if for_thread.stop.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(client) = client else { return };
                for_thread.connections.fetch_add(1, Ordering::Relaxed);
                // An error means that one end is gone, and so is the other.
                let _ = join(client, server, &for_thread);
            }
        });
        Ok(Self { address, shared })
    }

    /// A line to a real server that makes a fake ksmbd of it, in one respect:
    /// where a message begins with TREE_CONNECT and goes on with other
    /// requests, its answer is cut off in the middle of the second, and says
    /// that there is more.
    ///
    /// # Errors
    /// As [`to`](Self::to).
    pub fn fake_ksmbd(server: impl ToSocketAddrs) -> io::Result<Self> {
        const TREE_CONNECT: [u8; 2] = [3, 0];
        Self::to(server, |direction, _, message| {
            let next = message.get(20..24).and_then(|next| next.try_into().ok());
            let next = next.map_or(0, u32::from_le_bytes) as usize;
            let tree_first = message.get(12..14) == Some(&TREE_CONNECT);
            if direction == Direction::ToClient && tree_first && next > 0 {
                message.truncate(next + 32);
            }
        })
    }

    /// Where clients connect: `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Whether this text reached the client in the clear, in UTF-16.
    #[must_use]
    pub fn showed_client(&self, text: &str) -> bool {
        let wanted: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let shown = lock(&self.shared.to_client);
        shown.windows(wanted.len()).any(|part| part == wanted)
    }

    /// Cuts every connection there is. New ones may be made.
    pub fn cut(&self) {
        for end in lock(&self.shared.ends).drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

impl std::fmt::Debug for RewritingLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RewritingLine")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for RewritingLine {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        self.cut();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn join(client: TcpStream, server: SocketAddr, shared: &Arc<Shared>) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    for end in [&client, &server] {
        end.set_nodelay(true)?;
        lock(&shared.ends).push(end.try_clone()?);
    }
    for (from, to, direction) in [
        (
            client.try_clone()?,
            server.try_clone()?,
            Direction::ToServer,
        ),
        (server, client, Direction::ToClient),
    ] {
        let shared = Arc::clone(shared);
        std::thread::spawn(move || carry(from, to, direction, &shared));
    }
    Ok(())
}

fn carry(mut from: TcpStream, mut to: TcpStream, direction: Direction, shared: &Shared) {
    let mut number = 0;
    while let Ok(mut message) = message(&mut from) {
        (shared.rewrite)(direction, number, &mut message);
        number += 1;
        if direction == Direction::ToClient {
            lock(&shared.to_client).extend_from_slice(&message);
        }
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let mut framed = length.to_be_bytes().to_vec();
        framed.append(&mut message);
        if to.write_all(&framed).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// One message without its four bytes of length.
fn message(from: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut message = vec![0; u32::from_be_bytes(length) as usize & 0x00ff_ffff];
    from.read_exact(&mut message)?;
    Ok(message)
}
