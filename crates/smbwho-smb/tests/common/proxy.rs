//! A proxy that sees SMB messages go by.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// What may be done to a message of the server, by its number from 0.
pub type Tamper = dyn Fn(usize, &mut Vec<u8>) + Send + Sync;

/// A running proxy for one connection after the other.
pub struct Proxy {
    /// Where to connect.
    pub address: String,
    flights: Arc<AtomicUsize>,
    commands: Arc<Mutex<Vec<u16>>>,
}

impl Proxy {
    /// Starts a proxy before `server`.
    pub async fn start(
        server: String,
        tamper: impl Fn(usize, &mut Vec<u8>) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap().to_string(),
            flights: Arc::default(),
            commands: Arc::default(),
        };
        let flights = Arc::clone(&proxy.flights);
        let commands = Arc::clone(&proxy.commands);
        let tamper: Arc<Tamper> = Arc::new(tamper);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                // Set when the server has spoken since the client did.
                let turn = Arc::new(AtomicUsize::new(1));
                tokio::spawn(up(
                    from_client,
                    to_server,
                    Arc::clone(&turn),
                    Arc::clone(&flights),
                    Arc::clone(&commands),
                ));
                tokio::spawn(down(from_server, to_client, turn, Arc::clone(&tamper)));
            }
        });
        proxy
    }

    /// How often the client sent something after having heard the server: the
    /// round trips, without that of TCP.
    pub fn flights(&self) -> usize {
        self.flights.load(Ordering::SeqCst)
    }

    /// The command of every message the client sent (of the first in a chain).
    pub fn commands(&self) -> Vec<u16> {
        self.commands.lock().unwrap().clone()
    }
}

async fn message(from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let mut message = vec![0; 4];
    from.read_exact(&mut message).await.ok()?;
    let length = u32::from_be_bytes(message[..4].try_into().unwrap()) as usize;
    message.resize(4 + length, 0);
    from.read_exact(&mut message[4..]).await.ok()?;
    Some(message)
}

async fn up(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    turn: Arc<AtomicUsize>,
    flights: Arc<AtomicUsize>,
    commands: Arc<Mutex<Vec<u16>>>,
) {
    while let Some(message) = message(&mut from).await {
        if turn.swap(0, Ordering::SeqCst) == 1 {
            flights.fetch_add(1, Ordering::SeqCst);
        }
        let command = u16::from_le_bytes([message[4 + 12], message[4 + 13]]);
        commands.lock().unwrap().push(command);
        if to.write_all(&message).await.is_err() {
            return;
        }
    }
}

async fn down(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    turn: Arc<AtomicUsize>,
    tamper: Arc<Tamper>,
) {
    let mut number = 0;
    while let Some(mut message) = message(&mut from).await {
        tamper(number, &mut message);
        number += 1;
        turn.store(1, Ordering::SeqCst);
        if to.write_all(&message).await.is_err() {
            return;
        }
    }
}
