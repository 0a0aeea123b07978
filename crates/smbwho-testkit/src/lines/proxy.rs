//! TCP proxies on 127.0.0.1.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

const CHUNK: usize = 64 * 1024;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// What happens when a [`CutLine`] has carried its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Both ends are closed.
    Close,
    /// Nothing more is carried that way; both ends stay open.
    Stall,
}

/// A line that takes a fixed time each way.
///
/// With it elapsed time counts round trips, whatever else the machine does:
/// 100 ms each way make 0.2 s a round trip.
#[derive(Debug)]
pub struct SlowLine(Proxy);

/// A line that breaks after so many bytes.
#[derive(Debug)]
pub struct CutLine(Proxy);

impl SlowLine {
    /// Opens a line to `server` that holds every byte for `delay`, each way,
    /// the opening of the connection included.
    ///
    /// # Errors
    /// When the address means nothing or no port can be had.
    pub fn to(server: impl ToSocketAddrs, delay: Duration) -> io::Result<Self> {
        Proxy::open(server, Rule { delay, cut: None }).map(Self)
    }
}

impl CutLine {
    /// Opens a line to `server` that carries `bytes` one way, and is then cut.
    /// Each connection counts for itself.
    ///
    /// # Errors
    /// When the address means nothing or no port can be had.
    pub fn to(
        server: impl ToSocketAddrs,
        direction: Direction,
        bytes: u64,
        cut: Cut,
    ) -> io::Result<Self> {
        let rule = Rule {
            delay: Duration::ZERO,
            cut: Some((direction, bytes, cut)),
        };
        Proxy::open(server, rule).map(Self)
    }
}

impl std::ops::Deref for SlowLine {
    type Target = Proxy;
    fn deref(&self) -> &Proxy {
        &self.0
    }
}

impl std::ops::Deref for CutLine {
    type Target = Proxy;
    fn deref(&self) -> &Proxy {
        &self.0
    }
}

#[derive(Debug, Clone, Copy)]
struct Rule {
    delay: Duration,
    cut: Option<(Direction, u64, Cut)>,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    to_server: AtomicU64,
    to_client: AtomicU64,
    stop: AtomicBool,
    /// Both ends of every connection, to be closed with the proxy.
    ends: Mutex<Vec<TcpStream>>,
}

/// What all lines can tell. It ends, with its connections, when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    counts: Arc<Counts>,
}

impl Proxy {
    fn open(server: impl ToSocketAddrs, rule: Rule) -> io::Result<Self> {
        let server = server
            .to_socket_addrs()?
            .next()
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if shared.stop.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(client) = client else { return };
                shared.connections.fetch_add(1, Ordering::Relaxed);
                let shared = Arc::clone(&shared);
                // An error means that one end is gone, and so is the other.
                std::thread::spawn(move || connect(client, server, rule, &shared));
            }
        });
        Ok(Self { address, counts })
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

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::Relaxed)
    }

    /// Bytes that have arrived one way so far, over all connections.
    #[must_use]
    pub fn bytes(&self, direction: Direction) -> u64 {
        self.counts.of(direction).load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.counts.stop.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        for end in self.counts.ends().iter() {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

impl Counts {
    fn of(&self, direction: Direction) -> &AtomicU64 {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }

    fn ends(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(
    client: TcpStream,
    server: SocketAddr,
    rule: Rule,
    counts: &Arc<Counts>,
) -> io::Result<()> {
    // A client behind a real line waits for SYN and SYN-ACK; here the kernel
    // has accepted already, so its first bytes pay for them.
    std::thread::sleep(2 * rule.delay);
    let server = TcpStream::connect(server)?;
    for end in [&client, &server] {
        // Small messages must not wait for one another's acknowledgement.
        end.set_nodelay(true)?;
        counts.ends().push(end.try_clone()?);
    }
    let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
    let shared = Arc::clone(counts);
    std::thread::spawn(move || {
        carry(from_client, to_server, Direction::ToServer, rule, &shared);
    });
    carry(server, client, Direction::ToClient, rule, counts);
    Ok(())
}

/// Reads at once and writes later, so that a delay is a length of the line and
/// not a limit to what it carries.
fn carry(mut from: TcpStream, to: TcpStream, way: Direction, rule: Rule, counts: &Arc<Counts>) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    let Ok(writer) = to.try_clone() else { return };
    let counts_of_writer = Arc::clone(counts);
    let cut = rule.cut.filter(|(direction, ..)| *direction == way);
    let writing = std::thread::spawn(move || {
        let stalled = write_late(&receiver, writer, way, cut, &counts_of_writer);
        // Whoever still reads here shall not block on a full queue: it has no
        // bound, and ends with its stream.
        drop(receiver);
        stalled
    });
    let mut chunk = vec![0; CHUNK];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        if sender
            .send((Instant::now() + rule.delay, chunk[..count].to_vec()))
            .is_err()
        {
            break;
        }
    }
    drop(sender);
    if !writing.join().unwrap_or(false) {
        // The end of the file travels as the bytes do.
        let _ = to.shutdown(Shutdown::Write);
    }
}

/// Writes what comes when its time has come; says whether the line stalled.
fn write_late(
    receiver: &mpsc::Receiver<(Instant, Vec<u8>)>,
    mut to: TcpStream,
    way: Direction,
    cut: Option<(Direction, u64, Cut)>,
    counts: &Counts,
) -> bool {
    let mut left = cut.map_or(u64::MAX, |(_, bytes, _)| bytes);
    for (due, bytes) in receiver {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        // Counted first: whoever has received a byte must find it counted.
        counts.of(way).fetch_add(count as u64, Ordering::Relaxed);
        if to.write_all(&bytes[..count]).is_err() {
            return false;
        }
        left -= count as u64;
        let Some((_, _, cut)) = cut else { continue };
        if left > 0 {
            continue;
        }
        if cut == Cut::Stall {
            return true;
        }
        let _ = to.shutdown(Shutdown::Both);
        return false;
    }
    false
}
