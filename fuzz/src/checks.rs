//! One function per fuzz target: it takes any bytes, and panics if something that must hold does
//! not.

use smbwho_msrpc::srvsvc::Enumerated;
use smbwho_msrpc::srvsvc::session::{
    NetrSessionEnum, NetrSessionEnumReply, NetrSessionEnumRequest, SessionEnumUnion, SessionInfo,
    SessionInfo0, SessionInfo1, SessionInfo2, SessionInfo10, SessionInfo502, SessionLevel,
};
use smbwho_msrpc::types::SecurityDescriptor;
use smbwho_rpc::ndr::{NdrError, wchar_t};
use smbwho_rpc::pdu::{
    Bind, BindAck, BindNak, BindResult, Fault, HEADER_LEN, Header, Request, Response,
};
use smbwho_rpc::{
    Association, Call, CallId, Config, Event, Interface, NDR20, ProtocolError, SyntaxId, Uuid,
    ndr_params, ndr_struct,
};

#[path = "replies.rs"]
mod replies;

pub use replies::{REPLIES, reply_any};

/// What a target does with an input.
pub type Check = fn(&[u8]);

/// Every target by its name.
pub const ALL: [(&str, Check); 7] = [
    ("pdu", pdu),
    ("association", association),
    ("session_enum_reply", session_enum_reply),
    ("session_enum_request", session_enum_request),
    ("ndr_types", ndr_types),
    ("reply_any", reply_any),
    ("sddl", sddl),
];

/// SDDL as people write it; what was read can be written, or is said to have no words.
pub fn sddl(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(descriptor) = SecurityDescriptor::from_sddl(&text, None)
        && let Ok(written) = descriptor.to_sddl()
    {
        assert!(written.is_ascii(), "{written}");
    }
}

/// The first byte chooses the PDU, the rest is its body, and if long enough also a header. What is
/// decoded, encoded and decoded again is the same.
pub fn pdu(data: &[u8]) {
    let Some((kind, body)) = data.split_first() else {
        return;
    };
    if let Some(bytes) = body.first_chunk::<HEADER_LEN>()
        && let Ok(header) = Header::decode(bytes)
    {
        assert!(usize::from(header.length) >= HEADER_LEN);
        assert_eq!(Header::decode(&header.encode()), Ok(header));
    }
    // Longer ones cannot come: a length field has 16 bits.
    let body = body.get(..60_000).unwrap_or(body);
    fn again(pdu: &[u8]) -> &[u8] {
        let header = Header::decode(pdu.first_chunk().unwrap()).unwrap();
        assert_eq!(usize::from(header.length), pdu.len());
        &pdu[HEADER_LEN..]
    }
    match kind % 6 {
        0 => {
            if let Ok(value) = Response::decode(body) {
                assert_eq!(Response::decode(again(&value.encode(1, 3))), Ok(value));
            }
        }
        1 => {
            if let Ok(value) = BindAck::decode(body) {
                assert!(value.address.len() <= body.len());
                assert_eq!(BindAck::decode(again(&value.encode(1))), Ok(value));
            }
        }
        2 => {
            if let Ok(value) = Fault::decode(body) {
                assert_eq!(Fault::decode(again(&value.encode(1))), Ok(value));
            }
        }
        3 => {
            if let Ok(value) = BindNak::decode(body) {
                assert_eq!(BindNak::decode(again(&value.encode(1))), Ok(value));
            }
        }
        4 => {
            if let Ok(value) = Request::decode(body) {
                assert_eq!(Request::decode(again(&value.encode(1, 3))), Ok(value));
            }
        }
        _ => {
            if let Ok(value) = Bind::decode(body) {
                assert_eq!(Bind::decode(again(&value.encode(1))), Ok(value));
            }
        }
    }
}

static INTERFACE: Interface = Interface {
    name: "fuzz",
    syntax: SyntaxId {
        uuid: Uuid::from_wire([7; 16]),
        major: 1,
        minor: 0,
    },
};

/// The input is a script of what the server sends; then the same bytes are fed at once, and cut
/// as the script says. What comes of it must be the same.
pub fn association(data: &[u8]) {
    let mut script = Script { rest: data };
    let config = Config {
        max_fragment: 1432 + u16::from(script.byte()),
        max_reply: 64 << 10,
        max_reads_in_flight: usize::from(script.byte() % 40),
        max_calls_in_flight: 1,
    };
    let cut = usize::from(script.byte()) + 1;
    let (call, server) = script.server();
    let run = |cut: usize| {
        let mut association = Association::new(&INTERFACE, config);
        association.poll_transmit().unwrap();
        assert_eq!(association.call(3, b"stub"), call);
        association.poll_transmit().unwrap();
        feed(&mut association, &server, cut, &config)
    };
    assert_eq!(run(usize::MAX), run(cut));
}

/// Everything that came of it. Checks what holds at every moment.
fn feed(
    association: &mut Association,
    server: &[u8],
    cut: usize,
    config: &Config,
) -> (Vec<Event>, Option<ProtocolError>) {
    let mut events = Vec::new();
    for part in server.chunks(cut) {
        let result = association.handle_input(part);
        assert!(association.reads_wanted() <= config.max_reads_in_flight.max(1) + 1);
        while let Some(event) = association.poll_event() {
            if let Event::Reply { stub, .. } = &event {
                assert!(stub.len() <= config.max_reply && stub.len() <= server.len());
            }
            events.push(event);
        }
        if let Err(error) = result {
            assert_eq!(association.handle_input(part), Err(error.clone()));
            assert_eq!(association.reads_wanted(), 0);
            assert!(association.poll_transmit().is_none() && association.poll_event().is_none());
            return (events, Some(error));
        }
    }
    (events, None)
}

/// Bytes that say what a server sends.
struct Script<'a> {
    rest: &'a [u8],
}

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else {
            return 0;
        };
        self.rest = rest;
        *first
    }

    /// The call that will be waiting, and what the server sends: a sequence of PDUs, mostly well
    /// made, with raw bytes between.
    fn server(&mut self) -> (CallId, Vec<u8>) {
        let call = CallId(2);
        let mut out = Vec::new();
        // What the hint of the next fragment would be, if it fell as it should.
        let mut left = 0u32;
        while !self.rest.is_empty() && out.len() < 20_000 {
            let kind = self.byte();
            let id = if kind & 0x80 == 0 {
                call.0
            } else {
                u32::from(self.byte())
            };
            match kind % 8 {
                0 | 1 => {
                    let result = BindResult {
                        result: 0,
                        reason: 0,
                        transfer: NDR20,
                    };
                    let max = 1432 + u16::from(self.byte()) * 16;
                    let address = vec![b'x'; usize::from(self.byte() % 9)];
                    let ack = BindAck {
                        max_transmit: max,
                        max_receive: max,
                        group: 1,
                        address,
                        result,
                    };
                    out.extend(ack.encode(if kind & 0x80 == 0 { 1 } else { id }));
                }
                2..=4 => {
                    let flags = self.byte() & 3;
                    let size = usize::from(self.byte()) * 8;
                    if flags & 1 != 0 {
                        left = u32::from(self.byte()) * 512;
                    }
                    let alloc_hint = if kind & 0x40 == 0 {
                        left
                    } else {
                        u32::from(self.byte()) * 64
                    };
                    left = left.saturating_sub(size as u32);
                    let stub = vec![kind; size];
                    let part = Response {
                        alloc_hint,
                        context_id: 0,
                        cancel_count: 0,
                        stub: &stub,
                    };
                    out.extend(part.encode(id, flags));
                }
                5 => out.extend(
                    Fault {
                        status: u32::from(self.byte()),
                    }
                    .encode(id),
                ),
                6 => {
                    let flags = self.byte();
                    let [length, high, code] = [self.byte(), self.byte(), self.byte()];
                    let length = u16::from_le_bytes([length, high & 7]).max(16);
                    let kind = smbwho_rpc::pdu::PduType(code);
                    out.extend(
                        Header {
                            kind,
                            flags,
                            length,
                            call_id: id,
                        }
                        .encode(),
                    );
                }
                _ => {
                    let count = usize::from(self.byte()).min(self.rest.len());
                    let (raw, rest) = self.rest.split_at(count);
                    out.extend_from_slice(raw);
                    self.rest = rest;
                }
            }
        }
        (call, out)
    }
}

/// Rows made in one pass, a row being what is shown of an entry. Those made in parts are the same.
fn made<'a, T: SessionInfo<'a> + std::fmt::Debug>(
    stub: &'a [u8],
) -> Result<Enumerated<String>, NdrError> {
    let whole = NetrSessionEnum::decode_rows(stub, shown::<T>)?;
    let mut parts = Vec::new();
    if let Some(mut remaining) = NetrSessionEnum::sessions::<T>(stub)? {
        while !remaining.is_empty() {
            parts.extend(NetrSessionEnum::decode_next(
                stub,
                &mut remaining,
                3,
                shown::<T>,
            )?);
        }
    }
    assert_eq!(parts, whole.rows);
    Ok(whole)
}

/// The first byte chooses the level asked for, the rest is the reply's stub.
pub fn session_enum_reply(data: &[u8]) {
    let Some((level, stub)) = data.split_first() else {
        return;
    };
    let level = SessionLevel::ALL[usize::from(*level) % SessionLevel::ALL.len()];
    let call = NetrSessionEnum {
        server_name: None,
        client_name: None,
        user_name: None,
        level,
        preferred_maximum_length: u32::MAX,
        resume_handle: None,
    };
    let in_one_pass = match level {
        SessionLevel::L0 => made::<SessionInfo0<'_>>(stub),
        SessionLevel::L1 => made::<SessionInfo1<'_>>(stub),
        SessionLevel::L2 => made::<SessionInfo2<'_>>(stub),
        SessionLevel::L10 => made::<SessionInfo10<'_>>(stub),
        SessionLevel::L502 => made::<SessionInfo502<'_>>(stub),
    };
    let reply = match call.decode(stub) {
        Ok(reply) => reply,
        Err(error) => {
            check_error(&in_one_pass.unwrap_err(), stub);
            return check_error(&error, stub);
        }
    };
    assert_eq!(reply.level, level.number());
    let made = in_one_pass.unwrap();
    let rest = (made.total_entries, made.resume_handle, made.status);
    assert_eq!(
        rest,
        (reply.total_entries, reply.resume_handle, reply.status)
    );
    let views = match reply.sessions {
        SessionEnumUnion::Level0(c) => c.map_or(vec![], |c| c.entries().map(shown).collect()),
        SessionEnumUnion::Level1(c) => c.map_or(vec![], |c| c.entries().map(shown).collect()),
        SessionEnumUnion::Level2(c) => c.map_or(vec![], |c| c.entries().map(shown).collect()),
        SessionEnumUnion::Level10(c) => c.map_or(vec![], |c| c.entries().map(shown).collect()),
        SessionEnumUnion::Level502(c) => c.map_or(vec![], |c| c.entries().map(shown).collect()),
    };
    assert_eq!(made.rows, views);
    let seen = views.len();
    assert_eq!(seen, reply.sessions.len());
    // At least a pointer for each.
    assert!(seen * 4 <= stub.len());
    let encoded = reply.to_stub().unwrap();
    assert_eq!(call.decode(&encoded), Ok(reply));
    assert_eq!(NetrSessionEnumReply::from_stub(&encoded), Ok(reply));
}

/// All there is of a value.
fn shown<T: std::fmt::Debug>(value: T) -> String {
    format!("{value:?}")
}

/// Uses every text of a value.
fn touch_debug(value: impl std::fmt::Debug) {
    assert!(!format!("{value:?}").is_empty());
}

/// A request's stub, as the lab reads it.
pub fn session_enum_request(stub: &[u8]) {
    match NetrSessionEnumRequest::from_stub(stub) {
        Ok(request) => {
            let encoded = request.to_stub().unwrap();
            assert_eq!(NetrSessionEnumRequest::from_stub(&encoded), Ok(request));
        }
        Err(error) => check_error(&error, stub),
    }
}

/// An error says where, and not beyond the next alignment behind the end.
fn check_error(error: &NdrError, stub: &[u8]) {
    assert!(error.offset() <= stub.len() + 8);
    assert!(!error.to_string().is_empty());
}

ndr_struct! {
    /// Numbers of all sizes.
    pub struct Mixed { a: u8, b: u16, c: u64, d: u32, e: u8 }
}

ndr_struct! {
    /// A counted string.
    pub struct Counted<'a> {
        length: u16,
        maximum_length: u16,
        [size_is(maximum_length / 2), length_is(length / 2), unique] buffer: u16,
    }
}

ndr_struct! {
    /// All that can be declared, in an array.
    pub struct Element<'a> {
        id: u8,
        mixed: Mixed,
        name: Counted<'a>,
        [string, unique] comment: wchar_t,
        count: u32,
        [size_is(count), unique] inner: Mixed,
        [unique] more: Counted<'a>,
    }
}

ndr_params! {
    /// A stub of it.
    pub struct Types<'a> {
        [string] path: wchar_t,
        first: Element<'a>,
        count: u16,
        [size_is(count), unique] elements: Element<'a>,
        [unique] number: u64,
        status: u32,
    }
}

/// Everything the macros can declare.
pub fn ndr_types(stub: &[u8]) {
    match Types::from_stub(stub) {
        Ok(types) => {
            touch_debug(types);
            let encoded = types.to_stub().unwrap();
            assert_eq!(Types::from_stub(&encoded), Ok(types));
        }
        Err(error) => check_error(&error, stub),
    }
}
