//! A server's side of the conversation.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use smbwho_rpc::pdu::{BindAck, BindResult, FIRST_FRAGMENT, LAST_FRAGMENT, Response};
use smbwho_rpc::{Association, CallId, Config, Event, Interface, NDR20, SyntaxId, Uuid};

pub static SRVSVC: Interface = Interface {
    name: "srvsvc",
    syntax: SyntaxId {
        uuid: Uuid::new(0x4b32_4fc8, 0x1670, 0x01d3, 0x1278, 0x5a47_bf6e_e188),
        major: 3,
        minor: 0,
    },
};

/// What smbd answers to a bind.
pub fn ack() -> BindAck {
    BindAck {
        max_transmit: 4280,
        max_receive: 4280,
        group: 0x53f0,
        address: b"\\pipe\\srvsvc\0".to_vec(),
        result: BindResult {
            result: 0,
            reason: 0,
            transfer: NDR20,
        },
    }
}

/// An association with one call sent and not answered.
pub fn bound(config: Config) -> (Association, CallId) {
    let mut association = Association::new(&SRVSVC, config);
    association.poll_transmit().unwrap();
    association.handle_input(&ack().encode(1)).unwrap();
    assert_eq!(association.poll_event(), Some(Event::Bound));
    let call = association.call(12, b"request");
    association.poll_transmit().unwrap();
    (association, call)
}

/// One fragment of a reply.
pub fn response(call: CallId, stub: &[u8], alloc_hint: u32, flags: u8) -> Vec<u8> {
    Response {
        alloc_hint,
        context_id: 0,
        cancel_count: 0,
        stub,
    }
    .encode(call.0, flags)
}

/// A reply cut as smbd cuts it: hints fall by what each fragment brings.
pub fn fragments(call: CallId, stub: &[u8], size: usize) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    let mut rest = stub;
    loop {
        let (part, tail) = rest.split_at(size.min(rest.len()));
        let mut flags = 0;
        if all.is_empty() {
            flags |= FIRST_FRAGMENT;
        }
        if tail.is_empty() {
            flags |= LAST_FRAGMENT;
        }
        all.push(response(call, part, rest.len() as u32, flags));
        if tail.is_empty() {
            return all;
        }
        rest = tail;
    }
}
