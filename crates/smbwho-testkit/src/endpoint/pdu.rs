//! The few PDUs an endpoint reads and writes (\[C706\] 12.6), written apart from
//! the project's own codec so that the two check each other.

pub(crate) const REQUEST: u8 = 0;
pub(crate) const RESPONSE: u8 = 2;
pub(crate) const FAULT: u8 = 3;
pub(crate) const BIND: u8 = 11;
pub(crate) const BIND_ACK: u8 = 12;
pub(crate) const BIND_NAK: u8 = 13;
pub(crate) const ALTER: u8 = 14;
pub(crate) const ALTER_RESP: u8 = 15;

pub(crate) const FIRST: u8 = 1;
pub(crate) const LAST: u8 = 2;

/// Header, alloc_hint, context id, cancel count and a reserved byte.
pub(crate) const RESPONSE_HEADER: usize = 24;

/// 8a885d04-1ceb-11c9-9fe8-08002b104860 version 2.0, as on the wire.
const NDR: [u8; 20] = [
    0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60,
    2, 0, 0, 0,
];

/// A PDU as received.
#[derive(Debug)]
pub(crate) struct Pdu<'a> {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) call_id: u32,
    pub(crate) body: &'a [u8],
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

impl<'a> Pdu<'a> {
    /// Cuts the first PDU off `bytes`; `None` when it is not one.
    pub(crate) fn cut(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let length = usize::from(u16_at(bytes, 8)?);
        let body = bytes.get(16..length)?;
        // Version 5, little-endian integers, no authentication.
        if bytes[0] != 5 || bytes[4] & 0xf0 != 0x10 || u16_at(bytes, 10)? != 0 {
            return None;
        }
        let pdu = Self {
            kind: bytes[2],
            flags: bytes[3],
            call_id: u32_at(bytes, 12)?,
            body,
        };
        Some((pdu, &bytes[length..]))
    }
}

/// Builds a PDU.
///
/// # Panics
/// When it would be longer than its length field can say.
pub(crate) fn build(kind: u8, flags: u8, call_id: u32, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(16 + body.len()).expect("a PDU of at most 65535 bytes");
    let mut bytes = vec![5, 0, kind, flags, 0x10, 0, 0, 0];
    bytes.extend(length.to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(call_id.to_le_bytes());
    bytes.extend(body);
    bytes
}

/// A fault (\[C706\] 12.6.4.7).
pub(crate) fn fault(call_id: u32, context: u16, status: u32) -> Vec<u8> {
    let mut body = 0u32.to_le_bytes().to_vec();
    body.extend(context.to_le_bytes());
    body.extend([0, 0]);
    body.extend(status.to_le_bytes());
    body.extend([0; 4]);
    build(FAULT, FIRST | LAST, call_id, &body)
}

/// A bind_nak (\[C706\] 12.6.4.5).
pub(crate) fn bind_nak(call_id: u32, reason: u16) -> Vec<u8> {
    let mut body = reason.to_le_bytes().to_vec();
    // One version is spoken: 5.0.
    body.extend([1, 5, 0]);
    build(BIND_NAK, FIRST | LAST, call_id, &body)
}

/// Answers a bind or alter_context with one result for each of its contexts;
/// `reject` refuses them all. `None` when the bind makes no sense.
pub(crate) fn bind_ack(bind: &Pdu<'_>, max_fragment: u16, reject: Option<u16>) -> Option<Vec<u8>> {
    let size = max_fragment.min(u16_at(bind.body, 2)?);
    let contexts = *bind.body.get(8)?;
    let mut results = vec![contexts, 0, 0, 0];
    let mut at = 12;
    for _ in 0..contexts {
        let transfers = usize::from(*bind.body.get(at + 2)?);
        let syntaxes = bind.body.get(at + 24..at + 24 + 20 * transfers)?;
        let ndr = syntaxes.chunks(20).any(|syntax| syntax == NDR);
        let (result, reason, syntax) = match reject {
            Some(reason) => (2, reason, [0; 20]),
            None if ndr => (0u16, 0u16, NDR),
            None => (2, 2, [0; 20]),
        };
        results.extend(result.to_le_bytes());
        results.extend(reason.to_le_bytes());
        results.extend(syntax);
        at += 24 + 20 * transfers;
    }
    let (kind, name): (_, &[u8]) = match bind.kind {
        ALTER => (ALTER_RESP, b""),
        _ => (BIND_ACK, b"\\PIPE\\srvsvc\0"),
    };
    let mut body = size.to_le_bytes().to_vec();
    body.extend(size.to_le_bytes());
    body.extend(0x53f0u32.to_le_bytes());
    body.extend((name.len() as u16).to_le_bytes());
    body.extend(name);
    while body.len() % 4 != 0 {
        body.push(0);
    }
    body.extend(results);
    Some(build(kind, FIRST | LAST, bind.call_id, &body))
}
