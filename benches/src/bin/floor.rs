//! The least that a program can do which asks as smbwho does: it sends the same messages, each by
//! itself, receives as many bytes, looks at none of them, and writes as many as smbwho prints.
//!
//! `floor record ADDRESS FOLDER` stands between smbwho and a server once and keeps what they say;
//! `floor serve FOLDER` says the server's part to whoever connects, until its standard input ends;
//! `floor ask FOLDER PORT BYTES` is the program. The first two tell their port in a line.
//!
//! Only what `ask` does is measured, so nothing here is linked that it does not need.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What is read and written at a time.
const RECEIVED_AT_ONCE: usize = 16 * 1024;
const WRITTEN_AT_ONCE: usize = 64 * 1024;

/// In the recording, before four bytes of length: a message of the client, which follows, or so
/// many bytes of the server, which are in a file of their own.
const CLIENT: u8 = b'C';
const SERVER: u8 = b'S';

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["record", server, folder] => record(server, Path::new(folder))?,
        ["serve", folder] => serve(Path::new(folder))?,
        ["ask", folder, port, bytes] => ask(Path::new(folder), port.parse()?, bytes.parse()?)?,
        _ => return Err("record ADDRESS FOLDER, serve FOLDER, or ask FOLDER PORT BYTES".into()),
    }
    Ok(())
}

/// What was said, in its order.
struct Recording {
    events: BufWriter<File>,
    answers: BufWriter<File>,
}

impl Recording {
    fn client(&mut self, message: &[u8]) -> io::Result<()> {
        self.event(CLIENT, message.len())?;
        self.events.write_all(message)
    }

    fn server(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.event(SERVER, bytes.len())?;
        self.answers.write_all(bytes)
    }

    fn event(&mut self, who: u8, length: usize) -> io::Result<()> {
        let length = u32::try_from(length).map_err(io::Error::other)?;
        self.events.write_all(&[who])?;
        self.events.write_all(&length.to_le_bytes())
    }
}

fn record(server: &str, folder: &Path) -> io::Result<()> {
    let mut client = listen()?.accept()?.0;
    let mut server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let recording = Arc::new(Mutex::new(Recording {
        events: BufWriter::new(File::create(folder.join("events"))?),
        answers: BufWriter::new(File::create(folder.join("answers"))?),
    }));
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    let shared = Arc::clone(&recording);
    let answering = thread::spawn(move || {
        let mut bytes = vec![0; WRITTEN_AT_ONCE];
        loop {
            let count = from_server.read(&mut bytes)?;
            if count == 0 {
                return to_client.shutdown(Shutdown::Both);
            }
            // Kept before it is passed on: what it brings about stands behind it.
            locked(&shared).server(&bytes[..count])?;
            to_client.write_all(&bytes[..count])?;
        }
    });
    // An error is the end of the client, too.
    let _ = carry_messages(&mut client, &mut server, &recording);
    server.shutdown(Shutdown::Write)?;
    // The client may have gone before the last word of the server.
    let _ = answering.join();
    let mut recording = locked(&recording);
    recording.events.flush()?;
    recording.answers.flush()
}

/// Message by message: four bytes of length, then the message.
fn carry_messages(
    client: &mut TcpStream,
    server: &mut TcpStream,
    recording: &Mutex<Recording>,
) -> io::Result<()> {
    loop {
        let mut length = [0; 4];
        client.read_exact(&mut length)?;
        let mut message = length.to_vec();
        message.resize(4 + (u32::from_be_bytes(length) as usize & 0xff_ffff), 0);
        client.read_exact(&mut message[4..])?;
        locked(recording).client(&message)?;
        server.write_all(&message)?;
    }
}

fn locked(recording: &Mutex<Recording>) -> std::sync::MutexGuard<'_, Recording> {
    recording.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Listens, and tells the port.
fn listen() -> io::Result<TcpListener> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    writeln!(io::stdout(), "{}", listener.local_addr()?.port())?;
    Ok(listener)
}

fn serve(folder: &Path) -> io::Result<()> {
    let answers = std::fs::read(folder.join("answers"))?;
    let listener = listen()?;
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    for client in listener.incoming() {
        // One that goes in the middle is the client's affair.
        let _ = answer(client?, &mut events(folder)?, &answers);
    }
    Ok(())
}

fn answer(mut client: TcpStream, events: &mut impl Read, answers: &[u8]) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut rest = answers;
    let mut message = Vec::new();
    while let Some((who, length)) = event(events)? {
        if who == CLIENT {
            message.resize(length, 0);
            events.read_exact(&mut message)?;
            client.read_exact(&mut message)?;
        } else {
            let (part, after) = rest.split_at(length);
            client.write_all(part)?;
            rest = after;
        }
    }
    Ok(())
}

fn ask(folder: &Path, port: u16, bytes: usize) -> io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    server.set_nodelay(true)?;
    let mut events = events(folder)?;
    let mut message = Vec::new();
    let mut buffer = vec![0; RECEIVED_AT_ONCE];
    let (mut due, mut received) = (0, 0);
    while let Some((who, length)) = event(&mut events)? {
        if who == SERVER {
            due += length;
            continue;
        }
        while received < due {
            received += receive(&mut server, &mut buffer)?;
        }
        message.resize(length, 0);
        events.read_exact(&mut message)?;
        server.write_all(&message)?;
    }
    while received < due {
        received += receive(&mut server, &mut buffer)?;
    }
    let block = vec![b'.'; WRITTEN_AT_ONCE];
    let mut left = bytes;
    let mut out = io::stdout().lock();
    while left > 0 {
        let part = &block[..left.min(block.len())];
        out.write_all(part)?;
        left -= part.len();
    }
    Ok(())
}

fn receive(server: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    match server.read(buffer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => Ok(count),
    }
}

fn events(folder: &Path) -> io::Result<BufReader<File>> {
    Ok(BufReader::new(File::open(folder.join("events"))?))
}

/// Who says how much next; `None` at the end.
fn event(events: &mut impl Read) -> io::Result<Option<(u8, usize)>> {
    let mut head = [0; 5];
    match events.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let [who, length @ ..] = head;
    Ok(Some((who, u32::from_le_bytes(length) as usize)))
}
