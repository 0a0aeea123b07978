//! A line that counts round trips, whatever else the machine does.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// How long a client may take, after it has heard the server, to send all that
/// follows from it, where nothing else is said.
const QUIET: Duration = Duration::from_millis(250);

/// `STATUS_PENDING`: the answer is still to come.
const PENDING: u32 = 0x0000_0103;

/// `SMB2_CANCEL` ([MS-SMB2] 2.2.30), which is not answered.
const CANCEL: u16 = 12;

/// A line over which client and server take turns: what the client sends
/// before it has heard the server again is one flight. The answers to it are
/// held until all of them are there, and delivered together, as they come over
/// a line that is long beside what the server takes to answer.
///
/// Messages are told apart by their headers, so the session must not be
/// encrypted. The TCP handshake is not counted.
#[derive(Debug)]
pub struct LockstepLine {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// The commands of each flight, of every request in a chain.
    flights: Mutex<Vec<Vec<u16>>>,
    ends: Mutex<Vec<TcpStream>>,
    connections: Mutex<usize>,
    stop: AtomicBool,
    /// How long a client may take to send all of a flight.
    quiet: Duration,
}

enum Heard {
    Client(Vec<u8>),
    Server(Vec<u8>),
    End,
}

impl LockstepLine {
    /// Opens a line to `server`.
    ///
    /// # Errors
    /// When the address means nothing or no port can be had.
    pub fn to(server: impl ToSocketAddrs) -> io::Result<Self> {
        Self::with_quiet(server, QUIET)
    }

    /// Opens a line to `server` on which a flight is over when nothing more of
    /// it came for so long: every round trip takes that time, and a client that
    /// takes longer to go on is counted another.
    ///
    /// # Errors
    /// As [`to`](Self::to).
    pub fn with_quiet(server: impl ToSocketAddrs, quiet: Duration) -> io::Result<Self> {
        let server = server
            .to_socket_addrs()?
            .next()
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            quiet,
            ..Shared::default()
        });
        let for_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if for_thread.stop.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(client) = client else { return };
                *lock(&for_thread.connections) += 1;
                let shared = Arc::clone(&for_thread);
                // An error means that one end is gone, and so is the other.
                std::thread::spawn(move || carry(client, server, &shared));
            }
        });
        Ok(Self { address, shared })
    }

    /// Where clients connect: `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The flights that were answered so far, over all connections: the
    /// commands of each.
    #[must_use]
    pub fn flights(&self) -> Vec<Vec<u16>> {
        lock(&self.shared.flights).clone()
    }

    /// Round trips so far, without those of TCP.
    #[must_use]
    pub fn round_trips(&self) -> usize {
        lock(&self.shared.flights).len()
    }

    /// The port clients connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        *lock(&self.shared.connections)
    }

    /// Cuts every connection there is. New ones may be made.
    pub fn cut(&self) {
        for end in lock(&self.shared.ends).drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for LockstepLine {
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

fn carry(mut client: TcpStream, server: SocketAddr, shared: &Shared) -> io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    let (sender, heard) = mpsc::channel();
    for end in [&client, &server] {
        end.set_nodelay(true)?;
        lock(&shared.ends).push(end.try_clone()?);
    }
    listen(client.try_clone()?, sender.clone(), Heard::Client);
    listen(server.try_clone()?, sender, Heard::Server);
    let outcome = take_turns(&mut client, &mut server, &heard, shared);
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
    outcome
}

fn listen(mut from: TcpStream, to: mpsc::Sender<Heard>, wrap: fn(Vec<u8>) -> Heard) {
    std::thread::spawn(move || {
        while let Ok(message) = message(&mut from) {
            if to.send(wrap(message)).is_err() {
                return;
            }
        }
        let _ = to.send(Heard::End);
    });
}

/// One message with its four bytes of length.
fn message(from: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut message = vec![0; 4];
    from.read_exact(&mut message)?;
    let length = u32::from_be_bytes([0, message[1], message[2], message[3]]);
    message.resize(4 + length as usize, 0);
    from.read_exact(&mut message[4..])?;
    Ok(message)
}

fn take_turns(
    client: &mut TcpStream,
    server: &mut TcpStream,
    heard: &mpsc::Receiver<Heard>,
    shared: &Shared,
) -> io::Result<()> {
    loop {
        let mut flight = Vec::new();
        let mut answers = Vec::new();
        let mut outstanding = 0;
        let mut quiet = false;
        while !(quiet && outstanding == 0 && !flight.is_empty()) {
            let next = match quiet || flight.is_empty() {
                true => heard
                    .recv()
                    .map_err(|_| mpsc::RecvTimeoutError::Disconnected),
                false => heard.recv_timeout(shared.quiet),
            };
            match next {
                Ok(Heard::Client(message)) => {
                    for (command, _) in parts(&message) {
                        flight.push(command);
                        outstanding += usize::from(command != CANCEL);
                    }
                    server.write_all(&message)?;
                }
                Ok(Heard::Server(message)) => {
                    let whole = parts(&message).filter(|(_, status)| *status != PENDING);
                    outstanding = outstanding.saturating_sub(whole.count());
                    answers.extend(message);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => quiet = true,
                Ok(Heard::End) | Err(mpsc::RecvTimeoutError::Disconnected) => {
                    // What the server said last is still the client's to hear.
                    return client.write_all(&answers);
                }
            }
        }
        lock(&shared.flights).push(flight);
        client.write_all(&answers)?;
    }
}

/// Command and status of every part of a chain ([MS-SMB2] 2.2.1).
fn parts(message: &[u8]) -> impl Iterator<Item = (u16, u32)> {
    let mut rest = message.get(4..);
    std::iter::from_fn(move || {
        let header = rest?.get(..64)?;
        let status = u32::from_le_bytes(header[8..12].try_into().ok()?);
        let command = u16::from_le_bytes(header[12..14].try_into().ok()?);
        let next = u32::from_le_bytes(header[20..24].try_into().ok()?) as usize;
        rest = match next {
            0 => None,
            next => rest?.get(next..),
        };
        Some((command, status))
    })
}
