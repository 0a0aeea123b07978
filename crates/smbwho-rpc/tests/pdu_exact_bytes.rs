//! PDUs to their exact bytes, written by hand from \[C706\] 12.6, and back.
#![allow(missing_docs, reason = "tests")]

use proptest::prelude::*;
use smbwho_rpc::pdu::{
    Bind, BindAck, BindNak, BindResult, FIRST_FRAGMENT, Fault, HEADER_LEN, Header, LAST_FRAGMENT,
    PduError, PduType, Request, Response,
};
use smbwho_rpc::{NDR20, SyntaxId, Uuid};

const SRVSVC: SyntaxId = SyntaxId {
    uuid: Uuid::new(0x4b32_4fc8, 0x1670, 0x01d3, 0x1278, 0x5a47_bf6e_e188),
    major: 3,
    minor: 0,
};

/// Header and body of a whole PDU.
fn split(pdu: &[u8]) -> (Header, &[u8]) {
    let header = Header::decode(pdu.first_chunk().unwrap()).unwrap();
    assert_eq!(usize::from(header.length), pdu.len());
    (header, &pdu[HEADER_LEN..])
}

#[test]
fn bind() {
    #[rustfmt::skip]
    let bytes = [
        5, 0, 11, 3, 0x10, 0, 0, 0, 72, 0, 0, 0, 1, 0, 0, 0, // header
        0xd0, 0x16, 0xd0, 0x16, 0, 0, 0, 0, // 5840 both ways, a new group
        1, 0, 0, 0, 0, 0, 1, 0, // one context, number 0, one transfer syntax
        0xc8, 0x4f, 0x32, 0x4b, 0x70, 0x16, 0xd3, 0x01,
        0x12, 0x78, 0x5a, 0x47, 0xbf, 0x6e, 0xe1, 0x88, 3, 0, 0, 0,
        0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11,
        0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2, 0, 0, 0,
    ];
    let bind = Bind::new(SRVSVC, 5840);
    assert_eq!(bind.encode(1), bytes);
    assert_eq!(Bind::decode(split(&bytes).1), Ok(bind));
}

#[test]
fn bind_ack() {
    #[rustfmt::skip]
    let bytes = [
        5, 0, 12, 3, 0x10, 0, 0, 0, 68, 0, 0, 0, 1, 0, 0, 0,
        0xb8, 0x10, 0xb8, 0x10, 0xf0, 0x53, 0, 0, // 4280 both ways, the group
        13, 0, b'\\', b'P', b'I', b'P', b'E', b'\\', b's', b'r', b'v', b's', b'v', b'c', 0,
        0, // padding to 40
        1, 0, 0, 0, 0, 0, 0, 0, // one result: acceptance
        0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11,
        0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2, 0, 0, 0,
    ];
    // The address above is 13 bytes: its end, 26 + 13, is padded by one.
    assert_eq!(bytes.len(), 68);
    let ack = BindAck {
        max_transmit: 4280,
        max_receive: 4280,
        group: 0x53f0,
        address: b"\\PIPE\\srvsvc\0".to_vec(),
        result: BindResult {
            result: 0,
            reason: 0,
            transfer: NDR20,
        },
    };
    assert_eq!(ack.encode(1), bytes);
    assert_eq!(BindAck::decode(split(&bytes).1), Ok(ack));
}

#[test]
fn bind_nak_and_fault() {
    let bytes = [
        5, 0, 13, 3, 0x10, 0, 0, 0, 21, 0, 0, 0, 1, 0, 0, 0, 4, 0, 1, 5, 0,
    ];
    assert_eq!(BindNak { reason: 4 }.encode(1), bytes);
    assert_eq!(BindNak::decode(split(&bytes).1), Ok(BindNak { reason: 4 }));

    #[rustfmt::skip]
    let bytes = [
        5, 0, 3, 3, 0x10, 0, 0, 0, 32, 0, 0, 0, 9, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x1c, 0, 0, 0, 0,
    ];
    assert_eq!(
        Fault {
            status: 0x1c01_0002
        }
        .encode(9),
        bytes
    );
    assert_eq!(
        Fault::decode(split(&bytes).1),
        Ok(Fault {
            status: 0x1c01_0002
        })
    );
}

#[test]
fn request_and_response() {
    #[rustfmt::skip]
    let bytes = [
        5, 0, 0, 3, 0x10, 0, 0, 0, 26, 0, 0, 0, 2, 0, 0, 0,
        2, 0, 0, 0, 0, 0, 12, 0, 0xab, 0xcd,
    ];
    let request = Request {
        alloc_hint: 2,
        context_id: 0,
        opnum: 12,
        stub: &[0xab, 0xcd],
    };
    assert_eq!(request.encode(2, FIRST_FRAGMENT | LAST_FRAGMENT), bytes);
    assert_eq!(Request::decode(split(&bytes).1), Ok(request));

    #[rustfmt::skip]
    let bytes = [
        5, 0, 2, 2, 0x10, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0,
        1, 0, 0, 0, 0, 0, 0, 0, 0xab,
    ];
    let response = Response {
        alloc_hint: 1,
        context_id: 0,
        cancel_count: 0,
        stub: &[0xab],
    };
    assert_eq!(response.encode(2, LAST_FRAGMENT), bytes);
    assert_eq!(Response::decode(split(&bytes).1), Ok(response));
}

#[test]
fn a_body_cut_anywhere_says_what_is_missing() {
    let ack = BindAck {
        max_transmit: 1,
        max_receive: 1,
        group: 1,
        address: vec![0; 5],
        result: BindResult {
            result: 0,
            reason: 0,
            transfer: NDR20,
        },
    }
    .encode(1);
    let response = Response {
        alloc_hint: 0,
        context_id: 0,
        cancel_count: 0,
        stub: &[],
    };
    let response = response.encode(1, 0);
    let fault = &Fault { status: 1 }.encode(1)[..28];
    for cut in HEADER_LEN..ack.len() {
        let error = BindAck::decode(&ack[HEADER_LEN..cut]).unwrap_err();
        assert!(matches!(
            error,
            PduError::Short {
                pdu: "bind_ack",
                ..
            }
        ));
    }
    for cut in HEADER_LEN..response.len() {
        assert!(Response::decode(&response[HEADER_LEN..cut]).is_err());
    }
    for cut in HEADER_LEN..fault.len() {
        assert!(Fault::decode(&fault[HEADER_LEN..cut]).is_err());
    }
    assert!(Fault::decode(&fault[HEADER_LEN..]).is_ok());
    assert!(BindNak::decode(&[4]).is_err());
}

#[test]
fn headers_are_checked() {
    let good = [5, 0, 2, 3, 0x10, 0, 0, 0, 24, 0, 0, 0, 7, 0, 0, 0];
    let with = |at: usize, value: u8| {
        let mut bytes = good;
        bytes[at] = value;
        Header::decode(&bytes)
    };
    let header = Header {
        kind: PduType::RESPONSE,
        flags: FIRST_FRAGMENT | LAST_FRAGMENT,
        length: 24,
        call_id: 7,
    };
    assert_eq!(Header::decode(&good), Ok(header));
    assert_eq!(header.encode(), good);
    assert_eq!(with(0, 4), Err(PduError::Version { major: 4, minor: 0 }));
    assert_eq!(with(1, 2), Err(PduError::Version { major: 5, minor: 2 }));
    assert!(with(1, 1).is_ok());
    assert_eq!(with(4, 0), Err(PduError::BigEndian { drep: [0; 4] }));
    assert_eq!(
        with(8, 15),
        Err(PduError::Length {
            length: 15,
            min: 16,
            max: u16::MAX
        })
    );
    assert_eq!(with(10, 16), Err(PduError::Authentication { length: 16 }));
    assert_eq!(with(2, 99).unwrap().kind.name(), "unknown");
}

proptest! {
    #[test]
    fn headers_come_back(kind: u8, flags: u8, length in 16u16.., call_id: u32) {
        let header = Header { kind: PduType(kind), flags, length, call_id };
        prop_assert_eq!(Header::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn bodies_come_back(
        numbers: (u32, u16, u8, u16, u32),
        uuid: [u8; 16],
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let (alloc_hint, context_id, cancel_count, opnum, call_id) = numbers;
        let request = Request { alloc_hint, context_id, opnum, stub: &bytes };
        let pdu = request.encode(call_id, 3);
        prop_assert_eq!(Request::decode(split(&pdu).1), Ok(request));
        let response = Response { alloc_hint, context_id, cancel_count, stub: &bytes };
        let pdu = response.encode(call_id, 3);
        prop_assert_eq!(Response::decode(split(&pdu).1), Ok(response));
        let fault = Fault { status: alloc_hint };
        prop_assert_eq!(Fault::decode(split(&fault.encode(call_id)).1), Ok(fault));
        let nak = BindNak { reason: opnum };
        prop_assert_eq!(BindNak::decode(split(&nak.encode(call_id)).1), Ok(nak));
        let syntax = SyntaxId { uuid: Uuid::from_wire(uuid), major: opnum, minor: context_id };
        let bind = Bind::new(syntax, opnum);
        prop_assert_eq!(Bind::decode(split(&bind.encode(call_id)).1), Ok(bind));
        let ack = BindAck {
            max_transmit: opnum,
            max_receive: context_id,
            group: alloc_hint,
            address: bytes.clone(),
            result: BindResult { result: opnum, reason: context_id, transfer: syntax },
        };
        prop_assert_eq!(BindAck::decode(split(&ack.encode(call_id)).1), Ok(ack));
    }
}
