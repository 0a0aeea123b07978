//! Somebody on the line, who reads and changes what goes by.

use std::collections::HashSet;
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

    /// A line to a real server that takes so many reads at a time, as client
    /// editions of Windows do ([MS-SMB2] 3.3.4.2): those beyond are failed with
    /// STATUS_INSUFFICIENT_RESOURCES. It counts them. For sessions without a
    /// key, that is anonymous ones: what is failed here is not signed.
    ///
    /// # Errors
    /// As [`to`](Self::to).
    pub fn limiting_reads(
        server: impl ToSocketAddrs,
        limit: usize,
    ) -> io::Result<(Self, Arc<AtomicUsize>)> {
        let failed = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&failed);
        let reads = Mutex::new(Reads::default());
        let line = Self::to(server, move |direction, _, message| {
            let mut reads = lock(&reads);
            if direction == Direction::ToServer && reads.refuse(message, limit) {
                count.fetch_add(1, Ordering::Relaxed);
            } else if direction == Direction::ToClient {
                reads.answer(message);
            }
        })?;
        Ok((line, failed))
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

/// The reads under way, by their message numbers.
#[derive(Default)]
struct Reads {
    waiting: HashSet<[u8; 8]>,
    refused: HashSet<[u8; 8]>,
}

const HEADER: usize = 64;
const READ: [u8; 2] = [8, 0];
const ECHO: [u8; 2] = [13, 0];
const PENDING: [u8; 4] = 0x0000_0103_u32.to_le_bytes();
const INSUFFICIENT_RESOURCES: [u8; 4] = 0xc000_009a_u32.to_le_bytes();

impl Reads {
    /// Whether a message is a read too many. Then the server gets an echo under
    /// its number, so that it counts numbers and credits as the client does.
    fn refuse(&mut self, message: &mut Vec<u8>, limit: usize) -> bool {
        let Some(number) = single(message, READ) else {
            return false;
        };
        if self.waiting.len() < limit {
            self.waiting.insert(number);
            return false;
        }
        self.refused.insert(number);
        message.truncate(HEADER);
        message[12..14].copy_from_slice(&ECHO);
        message.extend([4, 0, 0, 0]);
        true
    }

    /// Takes note of an answer, and makes that of such an echo the refusal.
    fn answer(&mut self, message: &mut Vec<u8>) {
        if let Some(number) = single(message, READ)
            && message[8..12] != PENDING
        {
            self.waiting.remove(&number);
        }
        if let Some(number) = single(message, ECHO)
            && self.refused.remove(&number)
        {
            message.truncate(HEADER);
            message[8..12].copy_from_slice(&INSUFFICIENT_RESOURCES);
            message[12..14].copy_from_slice(&READ);
            // An error without data ([MS-SMB2] 2.2.2).
            message.extend([9, 0, 0, 0, 0, 0, 0, 0, 0]);
        }
    }
}

/// The number of a message that is this command and nothing else.
fn single(message: &[u8], command: [u8; 2]) -> Option<[u8; 8]> {
    let header = message.first_chunk::<HEADER>()?;
    let is_it = header[..4] == *b"\xfeSMB" && header[12..14] == command && header[20..24] == [0; 4];
    header[24..32].try_into().ok().filter(|_| is_it)
}
