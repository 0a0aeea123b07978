//! The client side of one association (C706 chapters 9 and 12): the state machine.

mod error;
mod reply;
mod types;

use std::collections::VecDeque;

pub use error::{ProtocolError, nak_reason_name, result_name, result_reason_name};
use reply::Reply;
pub use types::{CallId, Config, Event, Transmit};

use crate::pdu::{
    Bind, BindAck, BindNak, FIRST_FRAGMENT, Fault, HEADER_LEN, Header, LAST_FRAGMENT, PduError,
    PduType, REQUEST_LEN, Request, Response,
};
use crate::{Interface, NDR20};

/// The fragment that every implementation must be able to receive (MustRecvFragSize,
/// [C706 12.6.3.1]), in bytes.
pub const MUST_RECEIVE_FRAGMENT: u16 = 1432;

/// The presentation context offered: there is only one.
const CONTEXT_ID: u16 = 0;

/// The bind's call id. Calls count on from there.
const BIND_CALL_ID: u32 = 1;

/// The client side of one association on one pipe. It does no I/O: the owner moves the bytes.
///
/// The [crate documentation](crate) shows the order of calls.
pub struct Association {
    interface: &'static Interface,
    config: Config,
    phase: Phase,
    next_call_id: u32,
    queue: VecDeque<Outgoing>,
    /// The calls under way, in the order they were sent.
    calls: VecDeque<Current>,
    /// The longest fragment the server sends and takes.
    receives: u16,
    sends: u16,
    /// The beginning of a PDU whose end has not come yet.
    input: Vec<u8>,
    events: VecDeque<Event>,
    failed: Option<ProtocolError>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The bind has not been handed out.
    New,
    /// It has, and its answer has not come.
    Binding,
    Bound,
}

/// A call waiting for its turn.
struct Outgoing {
    call_id: u32,
    opnum: u16,
    stub: Vec<u8>,
    /// Whether only the first fragment of its reply is wanted.
    first_fragment_only: bool,
}

/// A call under way.
struct Current {
    call: Outgoing,
    /// Stub bytes handed out; `None` when all of them are.
    sent: Option<usize>,
    /// Whether it was sent while another was under way.
    behind_another: bool,
    reply: Reply,
}

impl Association {
    /// An association that will bind to `interface`.
    #[must_use]
    pub fn new(interface: &'static Interface, config: Config) -> Self {
        let max_fragment = config.max_fragment.max(MUST_RECEIVE_FRAGMENT);
        Self {
            interface,
            config: Config {
                max_fragment,
                ..config
            },
            phase: Phase::New,
            next_call_id: BIND_CALL_ID.wrapping_add(1),
            queue: VecDeque::new(),
            calls: VecDeque::new(),
            receives: max_fragment,
            // Until the server has said what it takes.
            sends: MUST_RECEIVE_FRAGMENT,
            input: Vec::new(),
            events: VecDeque::new(),
            failed: None,
        }
    }

    /// Queues a call. May be done at any time; calls are sent in the order they are queued, at
    /// most [`Config::max_calls_in_flight`] at a time.
    pub fn call(&mut self, opnum: u16, stub: &[u8]) -> CallId {
        let call_id = self.next_call_id;
        // Four thousand million calls on: not zero, not the bind's.
        self.next_call_id = call_id
            .checked_add(1)
            .unwrap_or(BIND_CALL_ID.wrapping_add(1));
        self.queue.push_back(Outgoing {
            call_id,
            opnum,
            stub: stub.to_vec(),
            first_fragment_only: false,
        });
        CallId(call_id)
    }

    /// Wants no more of the reply to a waiting call than its first fragment. Where that is not
    /// the whole reply, [`Event::Begun`] comes in place of it, and nothing further is asked for:
    /// the association is not [idle](Self::is_idle) any more from then on, and of no use.
    pub fn want_first_fragment(&mut self, call_id: CallId) {
        let waiting = self.queue.iter_mut().find(|call| call.call_id == call_id.0);
        if let Some(call) = waiting {
            call.first_fragment_only = true;
        }
    }

    /// Takes back the calls of which nothing is sent, in the order they would have gone. Those
    /// that were [handed back](Self::hand_back) are among them. After an error of
    /// [`handle_input`](Self::handle_input) it says which calls never left.
    pub fn withdraw(&mut self) -> Vec<CallId> {
        let queue = self.queue.drain(..);
        queue.map(|call| CallId(call.call_id)).collect()
    }

    /// Takes note that the pipe refused to carry a call, which was sent and will not be answered.
    /// False if there is no such call, or if its reply has begun.
    pub fn give_up(&mut self, call_id: CallId) -> bool {
        let refused = self.calls.iter().position(|current| {
            current.call.call_id == call_id.0
                && current.sent.is_none()
                && !current.reply.has_begun()
        });
        refused.and_then(|index| self.calls.remove(index)).is_some()
    }

    /// The next PDU to send, if there is one now.
    ///
    /// The bind comes first. The first call follows at once, so that an owner who can have two
    /// requests under way saves a round trip; one who cannot waits for [`Event::Bound`] before
    /// polling again. Once bound, further calls follow without waiting, as far as
    /// [`Config::max_calls_in_flight`] allows. A request of several fragments goes alone.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        if self.failed.is_some() {
            return None;
        }
        if self.phase == Phase::New {
            self.phase = Phase::Binding;
            let bind = Bind::new(self.interface.syntax, self.config.max_fragment);
            return Some(Transmit {
                bytes: bind.encode(BIND_CALL_ID),
                call_id: None,
                expects_reply: true,
            });
        }
        // All fragments but the last end on a multiple of 8, which suits any server's unmarshaller.
        let room = usize::from(self.sends).saturating_sub(REQUEST_LEN) & !7;
        if self.calls.back().is_none_or(|call| call.sent.is_none()) {
            let call = self.take_next(room)?;
            self.calls.push_back(Current {
                behind_another: !self.calls.is_empty(),
                call,
                sent: Some(0),
                reply: Reply::default(),
            });
        }
        let current = self.calls.back_mut()?;
        let sent = current.sent?;
        let rest = current.call.stub.get(sent..).unwrap_or_default();
        let (stub, is_last) = match rest.split_at_checked(room) {
            Some((stub, tail)) if !tail.is_empty() => (stub, false),
            _ => (rest, true),
        };
        let request = Request {
            alloc_hint: u32::try_from(rest.len()).unwrap_or(u32::MAX),
            context_id: CONTEXT_ID,
            opnum: current.call.opnum,
            stub,
        };
        let mut flags = 0;
        if sent == 0 {
            flags |= FIRST_FRAGMENT;
        }
        if is_last {
            flags |= LAST_FRAGMENT;
        }
        let bytes = request.encode(current.call.call_id, flags);
        current.sent = (!is_last).then(|| sent.saturating_add(stub.len()));
        Some(Transmit {
            bytes,
            call_id: Some(CallId(current.call.call_id)),
            expects_reply: is_last,
        })
    }

    /// The next call of the queue, if it may be sent now.
    fn take_next(&mut self, room: usize) -> Option<Outgoing> {
        let may_go = |next: &Outgoing| {
            self.calls.is_empty()
                || self.phase == Phase::Bound
                    && self.calls.len() < self.config.max_calls_in_flight
                    && next.stub.len() <= room
                    && self.calls.iter().all(|call| call.call.stub.len() <= room)
        };
        self.queue
            .front()
            .is_some_and(may_go)
            .then(|| self.queue.pop_front())?
    }

    /// Takes a call back that the pipe refused to carry because another was under way, to be sent
    /// again when its turn comes; from here on one call goes at a time. False if no other call
    /// was under way when this one was sent, or if its reply has begun.
    pub fn hand_back(&mut self, call_id: CallId) -> bool {
        let refused = self.calls.iter().position(|current| {
            current.call.call_id == call_id.0
                && current.behind_another
                && current.sent.is_none()
                && !current.reply.has_begun()
        });
        let Some(current) = refused.and_then(|index| self.calls.remove(index)) else {
            return false;
        };
        self.config.max_calls_in_flight = 1;
        let behind = self
            .queue
            .iter()
            .position(|waiting| waiting.call_id > current.call.call_id);
        let place = behind.unwrap_or(self.queue.len());
        self.queue.insert(place, current.call);
        true
    }

    /// How many calls may be under way from now on: see [`Config::max_calls_in_flight`].
    pub fn set_max_calls_in_flight(&mut self, calls: usize) {
        self.config.max_calls_in_flight = calls;
    }

    /// Whether no call is under way or waiting.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.queue.is_empty() && self.input.is_empty()
    }

    /// Takes what a read brought: any number of PDUs, cut anywhere. PDUs are told apart by their
    /// length field, never by read boundaries.
    ///
    /// # Errors
    /// What the server did wrong. The association has ended then, and says the same again.
    pub fn handle_input(&mut self, bytes: &[u8]) -> Result<(), ProtocolError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.split_input(bytes);
        if let Err(error) = &result {
            self.failed = Some(error.clone());
            self.calls.clear();
            self.input = Vec::new();
        }
        result
    }

    /// How many reads are surely needed for what is still to come: 0 when nothing is outstanding,
    /// at least 1 while an answer is. A TRANSCEIVE under way counts as one of them.
    ///
    /// So the owner may have this many reads under way at a time, and feed their results in the
    /// order the reads were sent. It rises above 1 when the first fragment of a long reply says
    /// how much is to follow; servers cut all fragments of a reply but the last to one length.
    #[must_use]
    pub fn reads_wanted(&self) -> usize {
        if self.failed.is_some() {
            return 0;
        }
        let bind = usize::from(self.phase == Phase::Binding);
        let sent = self.calls.iter().filter(|call| call.sent.is_none());
        let replies = sent.map(|call| match call.call.first_fragment_only {
            true => usize::from(!call.reply.has_begun()),
            false => call.reply.reads_wanted(),
        });
        let most = self.config.max_reads_in_flight.max(self.calls.len());
        let replies = replies.fold(0, usize::saturating_add).min(most);
        bind.saturating_add(replies)
    }

    /// Bytes that the replies under way hold and, by what the server announced, will hold; of one
    /// whose length is not known any more, as much as a reply may be long once it is longer than
    /// a few fragments. 0 when nothing has come of any.
    #[must_use]
    pub fn expected(&self) -> usize {
        let replies = self
            .calls
            .iter()
            .filter(|call| !call.call.first_fragment_only);
        let expected = replies.map(|call| call.reply.expected(self.config.max_reply));
        expected.fold(0, usize::saturating_add)
    }

    /// What has happened, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The longest PDU the server may send, in bytes: a read of this size takes any.
    #[must_use]
    pub fn max_receive_fragment(&self) -> u16 {
        self.receives
    }

    /// Cuts the input into PDUs. Whole ones are handled where they lie; only an incomplete one is
    /// kept, so at most one fragment is.
    fn split_input(&mut self, mut bytes: &[u8]) -> Result<(), ProtocolError> {
        while !bytes.is_empty() {
            if self.input.is_empty() {
                let Some(header) = self.header(bytes)? else {
                    self.input.extend_from_slice(bytes);
                    return Ok(());
                };
                let Some((pdu, rest)) = bytes.split_at_checked(usize::from(header.length)) else {
                    self.input.extend_from_slice(bytes);
                    return Ok(());
                };
                self.handle_pdu(&header, pdu)?;
                bytes = rest;
            } else {
                let whole = self
                    .header(&self.input)?
                    .map(|header| usize::from(header.length));
                let missing = whole.unwrap_or(HEADER_LEN).saturating_sub(self.input.len());
                let (part, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
                self.input.extend_from_slice(part);
                bytes = rest;
                if let Some(header) = self.header(&self.input)?
                    && self.input.len() == usize::from(header.length)
                {
                    let mut pdu = std::mem::take(&mut self.input);
                    self.handle_pdu(&header, &pdu)?;
                    pdu.clear();
                    self.input = pdu;
                }
            }
        }
        Ok(())
    }

    /// The header at the start of `bytes`, if it is there; checked before the rest is awaited.
    fn header(&self, bytes: &[u8]) -> Result<Option<Header>, PduError> {
        let Some(bytes) = bytes.first_chunk() else {
            return Ok(None);
        };
        let header = Header::decode(bytes)?;
        if header.length > self.receives {
            let (length, max) = (header.length, self.receives);
            return Err(PduError::Length {
                length,
                min: HEADER_LEN as u16,
                max,
            });
        }
        Ok(Some(header))
    }

    fn handle_pdu(&mut self, header: &Header, pdu: &[u8]) -> Result<(), ProtocolError> {
        let body = pdu.get(HEADER_LEN..).unwrap_or_default();
        match (self.phase, header.kind) {
            // A wish, not an order: whoever owns the pipe closes it soon anyway.
            (_, PduType::SHUTDOWN) => Ok(()),
            (Phase::Binding, PduType::BIND_ACK) => self.bind_ack(header, &BindAck::decode(body)?),
            (Phase::Binding, PduType::BIND_NAK) => {
                expect_call(BIND_CALL_ID, header)?;
                let reason = BindNak::decode(body)?.reason;
                Err(ProtocolError::BindNak {
                    interface: self.interface.name,
                    reason,
                })
            }
            (Phase::Binding, PduType::FAULT) => {
                expect_call(BIND_CALL_ID, header)?;
                let status = Fault::decode(body)?.status;
                Err(ProtocolError::BindFault {
                    interface: self.interface.name,
                    status,
                })
            }
            (Phase::Bound, PduType::RESPONSE) => self.response(header, &Response::decode(body)?),
            (Phase::Bound, PduType::FAULT) => self.fault(header, Fault::decode(body)?),
            (phase, kind) => Err(ProtocolError::UnexpectedPdu {
                kind,
                waiting_for: match phase {
                    Phase::Binding => "a bind_ack",
                    Phase::Bound if !self.calls.is_empty() => "a response",
                    _ => "nothing",
                },
            }),
        }
    }

    fn bind_ack(&mut self, header: &Header, ack: &BindAck) -> Result<(), ProtocolError> {
        expect_call(BIND_CALL_ID, header)?;
        let interface = self.interface.name;
        let answer = ack.result;
        if !answer.is_accepted() {
            let (result, reason) = (answer.result, answer.reason);
            return Err(ProtocolError::BindRejected {
                interface,
                result,
                reason,
            });
        }
        if answer.transfer != NDR20 {
            return Err(ProtocolError::TransferSyntax { interface });
        }
        // Less than everyone must be able to take is as good as not told.
        let max = self.config.max_fragment;
        self.sends = ack.max_receive.clamp(MUST_RECEIVE_FRAGMENT, max);
        if ack.max_transmit >= MUST_RECEIVE_FRAGMENT {
            self.receives = ack.max_transmit.min(max);
        }
        self.phase = Phase::Bound;
        self.events.push_back(Event::Bound);
        Ok(())
    }

    fn response(&mut self, header: &Header, part: &Response<'_>) -> Result<(), ProtocolError> {
        let index = self.call_of(header, |call| call.sent.is_none())?;
        if part.context_id != CONTEXT_ID {
            return Err(ProtocolError::WrongContext {
                found: part.context_id,
            });
        }
        let together = self.calls.len() > 1;
        // The limit holds for all replies under way, this one included.
        let held = self.calls.iter().map(|call| call.reply.held());
        let held = held.fold(0, usize::saturating_add);
        let Some(current) = self.calls.get_mut(index) else {
            return Ok(());
        };
        let begins = !current.reply.has_begun();
        let whole = current
            .reply
            .add(header, part, &self.config, held, together)?;
        if whole.is_none() && begins && current.call.first_fragment_only {
            let call_id = CallId(header.call_id);
            self.events.push_back(Event::Begun { call_id });
        }
        if let Some(stub) = whole {
            self.calls.remove(index);
            self.events.push_back(Event::Reply {
                call_id: CallId(header.call_id),
                stub,
            });
        }
        Ok(())
    }

    /// A server may give a call up at any time, before all of it has been sent or after part of
    /// its reply has come.
    fn fault(&mut self, header: &Header, fault: Fault) -> Result<(), ProtocolError> {
        let index = self.call_of(header, |_| true)?;
        self.calls.remove(index);
        let call_id = CallId(header.call_id);
        self.events.push_back(Event::Fault {
            call_id,
            status: fault.status,
        });
        Ok(())
    }

    /// Which of the calls under way is answered.
    fn call_of(
        &self,
        header: &Header,
        may_be: impl Fn(&Current) -> bool,
    ) -> Result<usize, ProtocolError> {
        let mut expected = None;
        for (index, current) in self.calls.iter().enumerate() {
            if !may_be(current) {
                continue;
            }
            if current.call.call_id == header.call_id {
                return Ok(index);
            }
            expected = expected.or(Some(current.call.call_id));
        }
        Err(match expected {
            Some(expected) => ProtocolError::WrongCallId {
                expected,
                found: header.call_id,
            },
            None => ProtocolError::UnexpectedPdu {
                kind: header.kind,
                waiting_for: "nothing",
            },
        })
    }
}

fn expect_call(expected: u32, header: &Header) -> Result<(), ProtocolError> {
    if header.call_id == expected {
        return Ok(());
    }
    Err(ProtocolError::WrongCallId {
        expected,
        found: header.call_id,
    })
}
