//! NetrSessionEnum to its exact bytes, written by hand from [MS-SRVS] 2.2.4.11 to 2.2.4.21.
#![allow(missing_docs, reason = "tests")]

mod common;

use common::{Row, at_level, decode, encode_reply, hex, request, rows, units};
use smbwho_msrpc::srvsvc::session::{
    NetrSessionEnum, NetrSessionEnumRequest, SessionInfo0, SessionInfo1, SessionInfo2,
    SessionInfo10, SessionInfo502, SessionLevel,
};
use smbwho_rpc::Call;
use smbwho_rpc::ndr::Wire;

#[test]
fn fixed_parts_have_their_sizes() {
    assert_eq!(SessionInfo0::SIZE, 4);
    assert_eq!(SessionInfo1::SIZE, 24);
    assert_eq!(SessionInfo2::SIZE, 28);
    assert_eq!(SessionInfo10::SIZE, 16);
    assert_eq!(SessionInfo502::SIZE, 32);
}

#[test]
fn the_call_has_its_numbers() {
    assert_eq!(NetrSessionEnum::OPNUM, 12);
    assert_eq!(NetrSessionEnum::INTERFACE.name, "srvsvc");
    let syntax = NetrSessionEnum::INTERFACE.syntax;
    assert_eq!(
        syntax.to_string(),
        "4b324fc8-1670-01d3-1278-5a47bf6ee188 v3.0"
    );
}

#[test]
fn levels_have_their_numbers() {
    let numbers = SessionLevel::ALL.map(SessionLevel::number);
    assert_eq!(numbers, [0, 1, 2, 10, 502]);
    for number in 0..600 {
        let level = SessionLevel::from_number(number);
        assert_eq!(level.is_some(), numbers.contains(&number));
        assert!(level.is_none_or(|level| level.number() == number));
    }
}

#[test]
fn a_request_with_everything() {
    let call = NetrSessionEnum {
        server_name: Some("s"),
        client_name: Some("\\\\c"),
        user_name: Some(""),
        level: SessionLevel::L502,
        preferred_maximum_length: 0x1_0000,
        resume_handle: Some(7),
    };
    let bytes = hex(
        "00000200 02000000 00000000 02000000 7300 0000       // server name
         04000200 04000000 00000000 04000000 5c005c0063000000 // client name
         08000200 01000000 00000000 01000000 0000 0000       // user name, padding
         f6010000 f6010000 0c000200                          // level, discriminant, container
         00000000 00000000                                   // its count and its null buffer
         00000100                                            // preferred maximum length
         10000200 07000000                                   // resume handle",
    );
    assert_eq!(call.encode().unwrap(), bytes);
    let request = NetrSessionEnumRequest::from_stub(&bytes).unwrap();
    assert_eq!(request.client_name.unwrap(), "\\\\c");
    assert!(request.user_name.unwrap().is_empty());
    assert_eq!((request.level, request.resume_handle), (502, Some(7)));
}

#[test]
fn a_request_with_nothing() {
    for (level, number) in [
        (SessionLevel::L0, "00000000"),
        (SessionLevel::L10, "0a000000"),
    ] {
        let call = NetrSessionEnum {
            resume_handle: None,
            ..request(level)
        };
        let bytes = hex(&format!(
            "00000000 00000000 00000000 {number} {number} 00000200 00000000 00000000 ffffffff 00000000"
        ));
        assert_eq!(call.encode().unwrap(), bytes);
    }
}

#[test]
fn a_name_that_holds_nul_is_the_callers_fault() {
    let call = NetrSessionEnum {
        user_name: Some("a\0b"),
        ..request(SessionLevel::L0)
    };
    let error = call.encode().unwrap_err();
    assert_eq!(error.culprit(), smbwho_rpc::ndr::Culprit::Caller);
    assert_eq!(error.field(), "UserName");
}

/// One session: client "c", user "u", 1 open, 2 s, 3 s idle, flags 1, client type "t", transport
/// null.
fn one() -> Row {
    Row {
        cname: units("c"),
        username: units("u"),
        num_opens: 1,
        time: 2,
        idle_time: 3,
        user_flags: 1,
        cltype_name: units("t"),
        transport: None,
    }
}

/// The stub at `level` with these fixed parts and texts is what is encoded, and decodes to the row.
fn check(level: SessionLevel, fixed: &str, texts: &str) {
    let number: String = level
        .number()
        .to_le_bytes()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let bytes = hex(&format!(
        "{number} {number} 00000200  // level, discriminant, container
         01000000 04000200 01000000  // entries read, buffer, conformance
         {fixed} {texts}
         05000000 ID000200 09000000 ea000000 // total entries, resume handle, status",
    )
    .replace(
        "ID",
        &format!("{:02x}", 8 + 4 * texts.matches("02000000 00000000").count()),
    ));
    assert_eq!(encode_reply(level, &[one()], 5, Some(9), 234), bytes);

    let reply = decode(level, &bytes).unwrap();
    assert_eq!(rows(&reply), [at_level(&one(), level)]);
    assert_eq!((reply.level, reply.total_entries), (level.number(), 5));
    assert_eq!((reply.resume_handle, reply.status), (Some(9), 234));
}

const C: &str = "02000000 00000000 02000000 63000000";
const U: &str = "02000000 00000000 02000000 75000000";
const T: &str = "02000000 00000000 02000000 74000000";

#[test]
fn level_0() {
    check(SessionLevel::L0, "08000200", C);
}

#[test]
fn level_1() {
    let fixed = "08000200 0c000200 01000000 02000000 03000000 01000000";
    check(SessionLevel::L1, fixed, &format!("{C}{U}"));
}

#[test]
fn level_2() {
    let fixed = "08000200 0c000200 01000000 02000000 03000000 01000000 10000200";
    check(SessionLevel::L2, fixed, &format!("{C}{U}{T}"));
}

#[test]
fn level_10() {
    check(
        SessionLevel::L10,
        "08000200 0c000200 02000000 03000000",
        &format!("{C}{U}"),
    );
}

#[test]
fn level_502() {
    let fixed = "08000200 0c000200 01000000 02000000 03000000 01000000 10000200 00000000";
    check(SessionLevel::L502, fixed, &format!("{C}{U}{T}"));
}
