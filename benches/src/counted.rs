//! A line on which SMB requests are counted.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// A TCP line to a server that counts what its clients send: messages, and the requests in them
/// (a chain is one message of several, [MS-SMB2] 2.2.1 `NextCommand`).
#[derive(Debug)]
pub struct CountedLine {
    port: u16,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    messages: AtomicU64,
}

impl CountedLine {
    /// Opens a line to `server` that lives as long as the process.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn to(server: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let counts = Arc::new(Counts::default());
        let (server, shared) = (server.to_owned(), Arc::clone(&counts));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (server, counts) = (server.clone(), Arc::clone(&shared));
                // An error means that one end is gone, and so is the other.
                thread::spawn(move || connect(client, &server, &counts));
            }
        });
        Ok(Self { port, counts })
    }

    /// Where clients connect, at 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Requests and messages since this was asked last.
    #[must_use]
    pub fn take(&self) -> (u64, u64) {
        let requests = self.counts.requests.swap(0, Ordering::Relaxed);
        (requests, self.counts.messages.swap(0, Ordering::Relaxed))
    }
}

fn connect(mut client: TcpStream, server: &str, counts: &Counts) -> io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let carried = carry(&mut client, &mut server, counts);
    let _ = server.shutdown(Shutdown::Both);
    carried
}

/// Message by message: four bytes of length, then the message.
fn carry(client: &mut TcpStream, server: &mut TcpStream, counts: &Counts) -> io::Result<()> {
    let mut message = Vec::new();
    loop {
        let mut length = [0; 4];
        client.read_exact(&mut length)?;
        message.resize(u32::from_be_bytes(length) as usize & 0xff_ffff, 0);
        client.read_exact(&mut message)?;
        // Counted first: whoever has the answer must find the request counted.
        counts.messages.fetch_add(1, Ordering::Relaxed);
        counts
            .requests
            .fetch_add(requests(&message), Ordering::Relaxed);
        server.write_all(&length)?;
        server.write_all(&message)?;
    }
}

/// Requests in one message: each header says where the next begins, the last 0.
fn requests(message: &[u8]) -> u64 {
    let (mut count, mut at) = (1, 0);
    while let Some(next) = message.get(at + 20..).and_then(|rest| rest.first_chunk()) {
        match u32::from_le_bytes(*next) {
            0 => break,
            next => at += next as usize,
        }
        count += 1;
    }
    count
}
