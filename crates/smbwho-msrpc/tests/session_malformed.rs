//! Replies that are wrong, and replies that only look so.
#![allow(missing_docs, reason = "tests")]

mod common;

use common::{Row, decode, encode_reply, hex, rows, units};
use smbwho_msrpc::srvsvc::session::SessionLevel;
use smbwho_rpc::ndr::{Culprit, MAX_STRING_UNITS, NdrErrorKind};

fn two() -> Vec<Row> {
    let row = |client: &str, user: &str| Row {
        cname: units(client),
        username: units(user),
        num_opens: 3,
        time: 100,
        idle_time: 7,
        user_flags: 0,
        cltype_name: units(""),
        transport: None,
    };
    vec![
        row("\\\\10.0.0.1", "alice"),
        row("\\\\[2001:db8::1]", "børge"),
    ]
}

/// The error of a stub with the bytes at `at` replaced.
fn with(level: SessionLevel, at: usize, bytes: &[u8]) -> (NdrErrorKind, &'static str) {
    let mut stub = encode_reply(level, &two(), 2, None, 0);
    stub[at..at + bytes.len()].copy_from_slice(bytes);
    let error = decode(level, &stub).expect_err("it is malformed");
    assert_eq!(error.culprit(), Culprit::Peer);
    assert!(
        error
            .to_string()
            .starts_with("malformed RPC data from the server")
    );
    (error.kind().clone(), error.field())
}

#[test]
fn a_stub_cut_anywhere_is_refused_at_every_level() {
    for level in SessionLevel::ALL {
        let stub = encode_reply(level, &two(), 2, Some(1), 0);
        assert!(decode(level, &stub).is_ok());
        for cut in 0..stub.len() {
            let error = decode(level, &stub[..cut]).expect_err("it is cut");
            let is_cut = matches!(
                error.kind(),
                NdrErrorKind::Truncated { .. } | NdrErrorKind::CountTooLarge { .. }
            );
            assert!(is_cut, "level {level:?} cut at {cut}: {error:?}");
            assert!(error.offset() <= stub.len());
        }
    }
}

#[test]
fn any_single_byte_may_be_anything() {
    for level in SessionLevel::ALL {
        let stub = encode_reply(level, &two(), 2, Some(1), 0);
        for at in 0..stub.len() {
            for value in [0, 1, 2, 0x7f, 0x80, 0xff] {
                let mut stub = stub.clone();
                stub[at] = value;
                if let Ok(reply) = decode(level, &stub) {
                    assert_eq!(rows(&reply).len(), reply.sessions.len());
                }
            }
        }
    }
}

#[test]
fn bytes_behind_the_status_are_refused() {
    let mut stub = encode_reply(SessionLevel::L10, &two(), 2, None, 0);
    stub.push(0);
    let error = decode(SessionLevel::L10, &stub).unwrap_err();
    assert_eq!(*error.kind(), NdrErrorKind::TrailingBytes { count: 1 });
}

// Where things lie: level 0, discriminant 4, container 8, entries read 12, buffer 16,
// conformance 20, fixed parts from 24.

#[test]
fn counts_beyond_the_stub_are_refused_before_anything_is_made() {
    for level in SessionLevel::ALL {
        let (kind, field) = with(level, 20, &u32::MAX.to_le_bytes());
        let NdrErrorKind::CountTooLarge {
            count: u32::MAX, ..
        } = kind
        else {
            panic!("{kind:?}")
        };
        assert_eq!(field, "Container.buffer");
        let (kind, _) = with(level, 20, &0x0800_0000u32.to_le_bytes());
        assert!(
            matches!(kind, NdrErrorKind::CountTooLarge { .. }),
            "{kind:?}"
        );
    }
}

#[test]
fn entries_read_must_be_the_conformance() {
    let (kind, field) = with(SessionLevel::L1, 12, &3u32.to_le_bytes());
    assert_eq!(
        kind,
        NdrErrorKind::CountMismatch {
            declared: 3,
            found: 2
        }
    );
    assert_eq!(field, "Container.buffer");
    let (kind, _) = with(SessionLevel::L1, 12, &u32::MAX.to_le_bytes());
    assert_eq!(
        kind,
        NdrErrorKind::CountMismatch {
            declared: u64::from(u32::MAX),
            found: 2
        }
    );
}

#[test]
fn level_and_discriminant_must_agree() {
    let (kind, field) = with(SessionLevel::L1, 0, &2u32.to_le_bytes());
    assert_eq!(
        kind,
        NdrErrorKind::DiscriminantMismatch {
            declared: 2,
            found: 1
        }
    );
    assert_eq!(field, "NetrSessionEnumReply.sessions");
    let (kind, _) = with(SessionLevel::L1, 4, &3u32.to_le_bytes());
    assert_eq!(kind, NdrErrorKind::UnknownDiscriminant { found: 3 });
}

#[test]
fn another_level_than_asked_for_is_refused() {
    let stub = encode_reply(SessionLevel::L1, &two(), 2, None, 0);
    let error = decode(SessionLevel::L502, &stub).unwrap_err();
    assert_eq!(
        *error.kind(),
        NdrErrorKind::WrongLevel {
            asked: 502,
            answered: 1
        }
    );
}

/// At level 0 with two sessions the first text begins at 32: max 32, offset 36, actual 40.
const TEXT: usize = 32;

#[test]
fn string_counts_are_checked() {
    let (kind, field) = with(SessionLevel::L0, TEXT + 4, &1u32.to_le_bytes());
    assert_eq!(kind, NdrErrorKind::Offset { offset: 1 });
    assert_eq!(field, "SessionInfo0.cname");
    let (kind, _) = with(SessionLevel::L0, TEXT, &10u32.to_le_bytes());
    assert_eq!(
        kind,
        NdrErrorKind::ActualOverMax {
            actual: 11,
            max: 10
        }
    );
    let (kind, _) = with(SessionLevel::L0, TEXT + 8, &10u32.to_le_bytes());
    assert_eq!(kind, NdrErrorKind::NotTerminated);
    let (kind, _) = with(SessionLevel::L0, TEXT + 8, &0u32.to_le_bytes());
    assert_eq!(kind, NdrErrorKind::NotTerminated);
    let mut huge = [0xff; 12];
    huge[4..8].fill(0);
    let (kind, _) = with(SessionLevel::L0, TEXT, &huge);
    let (units, limit) = (u32::MAX as usize, MAX_STRING_UNITS);
    assert_eq!(kind, NdrErrorKind::StringTooLong { units, limit });
    let (kind, _) = with(SessionLevel::L0, TEXT, &hex("00000100 00000000 00000100"));
    assert!(
        matches!(
            kind,
            NdrErrorKind::Truncated {
                needed: 131_072,
                ..
            }
        ),
        "{kind:?}"
    );
}

#[test]
fn a_maximum_above_the_actual_count_is_legal() {
    let mut stub = encode_reply(SessionLevel::L0, &two(), 2, None, 0);
    stub[TEXT..TEXT + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let reply = decode(SessionLevel::L0, &stub).unwrap();
    assert_eq!(rows(&reply)[0].cname, units("\\\\10.0.0.1"));
}

#[test]
fn padding_may_be_anything() {
    let row = Row {
        cname: units(""),
        ..Row::default()
    };
    let stub = encode_reply(SessionLevel::L0, std::slice::from_ref(&row), 1, None, 0);
    // One text of a single unit: 28 to 42; padding at 42 and 43.
    let mut padded = stub.clone();
    padded[42..44].fill(0xee);
    assert_ne!(stub, padded);
    assert_eq!(rows(&decode(SessionLevel::L0, &padded).unwrap()), [row]);
}

#[test]
fn one_unpaired_surrogate_does_not_cost_the_reply() {
    let lone = Row {
        cname: Some(vec![0x63, 0xd800, 0x64]),
        ..Row::default()
    };
    let nul = Row {
        cname: Some(vec![0x63, 0, 0x64]),
        ..Row::default()
    };
    let all = [lone, nul, two()[0].clone()];
    let stub = encode_reply(SessionLevel::L0, &all, 3, None, 0);
    let reply = decode(SessionLevel::L0, &stub).unwrap();
    let found = rows(&reply);
    assert_eq!(found[0].cname, Some(vec![0x63, 0xd800, 0x64]));
    assert_eq!(found[1].cname, Some(vec![0x63, 0, 0x64]));
    assert_eq!(found[2].cname, all[2].cname);
}

/// Level 10, and then: container …, total entries 0, no resume handle, status.
fn level_10(middle: &str, status: u32) -> Vec<u8> {
    let mut stub = hex(&format!("0a000000 0a000000 {middle} 00000000 00000000"));
    stub.extend(status.to_le_bytes());
    stub
}

#[test]
fn an_error_status_may_come_with_a_null_container() {
    for status in [5, 124, 2123, 0xdead_beef] {
        let stub = level_10("00000000", status);
        let reply = decode(SessionLevel::L10, &stub).unwrap();
        assert_eq!((reply.status, reply.sessions.len()), (status, 0));
    }
    for status in [0, 234] {
        let error = decode(SessionLevel::L10, &level_10("00000000", status)).unwrap_err();
        assert_eq!(*error.kind(), NdrErrorKind::MissingReferent);
    }
}

#[test]
fn a_null_buffer_is_an_empty_list() {
    for status in [0, 5, 234] {
        let stub = level_10("01000000 00000000 00000000", status);
        let reply = decode(SessionLevel::L10, &stub).unwrap();
        assert!(reply.sessions.is_empty());
        assert!(rows(&reply).is_empty());
    }
}

#[test]
fn a_null_buffer_with_entries_is_refused_unless_the_call_failed() {
    let stub = level_10("01000000 05000000 00000000", 5);
    let reply = decode(SessionLevel::L10, &stub).unwrap();
    assert!(rows(&reply).is_empty());
    for status in [0, 234] {
        let stub = level_10("01000000 05000000 00000000", status);
        let error = decode(SessionLevel::L10, &stub).unwrap_err();
        assert_eq!(*error.kind(), NdrErrorKind::MissingElements { count: 5 });
    }
}

#[test]
fn a_buffer_without_entries_is_an_empty_list() {
    let stub = level_10("01000000 00000000 01000000 00000000", 0);
    let reply = decode(SessionLevel::L10, &stub).unwrap();
    assert!(reply.sessions.is_empty());
}
