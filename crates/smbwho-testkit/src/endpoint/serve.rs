//! One thread for each opening of the pipe.

use super::action::{Action, Bind, End, Hint, Order, Reply};
use super::pdu::{self, Pdu};
use super::{Request, Shared};
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// smbd's introduction holds the client's token; groups make it long.
const MAX_INTRODUCTION: u32 = 1 << 20;

pub(crate) fn accept(listener: &UnixListener, pipe: &'static str, shared: &Arc<Shared>) {
    for (number, stream) in listener.incoming().enumerate() {
        if shared.stop.load(Ordering::Relaxed) {
            return;
        }
        let Ok(stream) = stream else { return };
        let shared = Arc::clone(shared);
        // An error means that the client is gone, as many tests want it.
        std::thread::spawn(move || {
            let stream = introduced(stream)?;
            Connection::new(stream, Framing::Length, pipe, number, &shared).run()
        });
    }
}

/// The same for servers that carry a pipe's bytes over TCP as they are.
pub(crate) fn accept_tcp(listener: &TcpListener, pipe: &'static str, shared: &Arc<Shared>) {
    for (number, stream) in listener.incoming().enumerate() {
        if shared.stop.load(Ordering::Relaxed) {
            return;
        }
        let Ok(stream) = stream else { return };
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            stream.set_nodelay(true)?;
            Connection::new(stream, Framing::None, pipe, number, &shared).run()
        });
    }
}

/// How messages are told apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// Each has its length before it, as smbd wants it.
    Length,
    /// By what the PDUs say of their length.
    None,
}

struct Connection<'a, S> {
    stream: S,
    framing: Framing,
    pipe: &'static str,
    number: usize,
    shared: &'a Shared,
    /// Largest fragment either side takes.
    max_fragment: u16,
    /// The fragments of a request so far.
    partial: Option<Request>,
}

/// Whether the pipe stays open.
type Open = io::Result<bool>;

/// Reads smbd's introduction, which is not of interest, and returns it.
fn introduced(mut stream: UnixStream) -> io::Result<UnixStream> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length).min(MAX_INTRODUCTION);
    let mut introduction = vec![0; length as usize];
    stream.read_exact(&mut introduction)?;
    // Magic, then the level, which has risen with Samba's versions.
    let level = introduction.get(4..8).ok_or(io::ErrorKind::InvalidData)?;
    let mut answer = 32u32.to_be_bytes().to_vec();
    answer.extend(b"NPAM");
    answer.extend(level);
    answer.extend(level);
    // A pipe in message mode, its state, and its size.
    answer.extend(2u16.to_le_bytes());
    answer.extend(0x05ffu16.to_le_bytes());
    answer.extend([0; 4]);
    answer.extend(4096u64.to_le_bytes());
    answer.extend(0u32.to_le_bytes());
    stream.write_all(&answer)?;
    Ok(stream)
}

impl<'a, S: Read + Write> Connection<'a, S> {
    fn new(
        stream: S,
        framing: Framing,
        pipe: &'static str,
        number: usize,
        shared: &'a Shared,
    ) -> Self {
        Self {
            stream,
            framing,
            pipe,
            number,
            shared,
            max_fragment: shared.manners.max_fragment,
            partial: None,
        }
    }

    fn run(mut self) -> io::Result<()> {
        loop {
            let message = self.receive()?;
            let mut rest = message.as_slice();
            while !rest.is_empty() {
                let (pdu, after) = Pdu::cut(rest).ok_or(io::ErrorKind::InvalidData)?;
                if !self.handle(&pdu)? {
                    return Ok(());
                }
                rest = after;
            }
        }
    }

    fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut message = match self.framing {
            Framing::Length => {
                let mut length = [0; 2];
                self.stream.read_exact(&mut length)?;
                vec![0; usize::from(u16::from_le_bytes(length))]
            }
            Framing::None => {
                let mut header = vec![0; 16];
                self.stream.read_exact(&mut header)?;
                let length = pdu::u16_at(&header, 8).unwrap_or(0).max(16);
                header.resize(usize::from(length), 0);
                self.stream.read_exact(&mut header[16..])?;
                return Ok(header);
            }
        };
        self.stream.read_exact(&mut message)?;
        Ok(message)
    }

    fn handle(&mut self, pdu: &Pdu<'_>) -> Open {
        match pdu.kind {
            pdu::BIND | pdu::ALTER => self.bind(pdu),
            pdu::REQUEST => match self.gather(pdu)? {
                Some(request) => self.call(&request),
                None => Ok(true),
            },
            _ => Ok(false),
        }
    }

    fn bind(&mut self, bind: &Pdu<'_>) -> Open {
        let manners = &self.shared.manners;
        let reject = match &manners.bind {
            Bind::Accept => None,
            Bind::Reject(reason) => Some(*reason),
            Bind::Nak(reason) => {
                self.send(&pdu::bind_nak(bind.call_id, *reason))?;
                return Ok(true);
            }
            Bind::Raw(messages) => return self.send_all(messages),
            Bind::Silence => return Ok(true),
            Bind::Drop => return Ok(false),
        };
        let theirs = pdu::u16_at(bind.body, 2).ok_or(io::ErrorKind::InvalidData)?;
        self.max_fragment = theirs.min(manners.max_fragment);
        let ack = pdu::bind_ack(bind, manners.max_fragment, reject);
        self.send(&ack.ok_or(io::ErrorKind::InvalidData)?)?;
        Ok(true)
    }

    /// Joins the fragments of a request; `None` until the last has come.
    fn gather(&mut self, pdu: &Pdu<'_>) -> io::Result<Option<Request>> {
        let (Some(context_id), Some(opnum), Some(stub)) = (
            pdu::u16_at(pdu.body, 4),
            pdu::u16_at(pdu.body, 6),
            pdu.body.get(8..),
        ) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let mut request = match self.partial.take() {
            Some(partial) if pdu.flags & pdu::FIRST == 0 => partial,
            _ => Request {
                pipe: self.pipe,
                connection: self.number,
                opnum,
                call_id: pdu.call_id,
                context_id,
                fragments: 0,
                stub: Vec::new(),
            },
        };
        request.stub.extend(stub);
        request.fragments += 1;
        if pdu.flags & pdu::LAST == 0 {
            self.partial = Some(request);
            return Ok(None);
        }
        Ok(Some(request))
    }

    fn call(&mut self, request: &Request) -> Open {
        self.shared
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request.clone());
        match (self.shared.answer)(request) {
            Action::Reply(reply) => self.reply(request, &reply),
            Action::Raw(messages) => self.send_all(&messages),
            Action::Fault(status) => {
                self.send(&pdu::fault(request.call_id, request.context_id, status))?;
                Ok(true)
            }
            Action::Silence => Ok(true),
            Action::Drop => Ok(false),
        }
    }

    fn reply(&mut self, request: &Request, reply: &Reply) -> Open {
        let usual = usize::from(self.max_fragment).saturating_sub(pdu::RESPONSE_HEADER);
        let size = reply.fragment.unwrap_or(usual).max(1);
        let mut pieces: Vec<(usize, &[u8])> = reply
            .stub
            .chunks(size)
            .enumerate()
            .map(|(index, piece)| (index * size, piece))
            .collect();
        if pieces.is_empty() {
            pieces.push((0, &[]));
        }
        if let Order::Swapped(one, other) = reply.order
            && one.max(other) < pieces.len()
        {
            pieces.swap(one, other);
        }
        let (wanted, end) = match reply.stop_after {
            Some((fragments, end)) => (fragments, Some(end)),
            None => (pieces.len(), None),
        };
        for group in pieces[..wanted.min(pieces.len())].chunks(reply.joined) {
            std::thread::sleep(reply.delay);
            let message: Vec<u8> = group
                .iter()
                .flat_map(|&(offset, piece)| response(request, reply, offset, piece))
                .collect();
            self.send(&message)?;
        }
        Ok(end != Some(End::Drop))
    }

    fn send_all(&mut self, messages: &[Vec<u8>]) -> Open {
        for message in messages {
            self.send(message)?;
        }
        Ok(true)
    }

    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        if self.framing == Framing::None {
            return self.stream.write_all(message);
        }
        let length = u16::try_from(message.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend(message);
        self.stream.write_all(&bytes)
    }
}

fn response(request: &Request, reply: &Reply, offset: usize, piece: &[u8]) -> Vec<u8> {
    let left = (reply.stub.len() - offset) as u32;
    let hint = match reply.hint {
        Hint::Falling => left,
        Hint::Zero => 0,
        Hint::Fixed(number) => number,
        Hint::Off(by) => left.wrapping_add_signed(by),
    };
    let mut flags = 0;
    if offset == 0 {
        flags |= pdu::FIRST;
    }
    if offset + piece.len() == reply.stub.len() {
        flags |= pdu::LAST;
    }
    let mut body = hint.to_le_bytes().to_vec();
    body.extend(request.context_id.to_le_bytes());
    body.extend([0, 0]);
    body.extend(piece);
    let call_id = request.call_id.wrapping_add(reply.call_id_offset);
    pdu::build(pdu::RESPONSE, flags, call_id, &body)
}
