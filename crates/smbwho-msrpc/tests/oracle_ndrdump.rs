//! Samba's `ndrdump` (Debian package samba-testsuite) reads what we encode, prints the same values,
//! and encodes them to the same bytes again.
#![allow(missing_docs, reason = "tests")]

mod common;
#[path = "common/oracle.rs"]
mod programs;

use common::{Row, encode_reply, request, units};
use smbwho_msrpc::srvsvc::session::{NetrSessionEnum, SessionLevel};
use smbwho_rpc::Call;

/// What ndrdump prints for a stub, having taken it whole and encoded it back to the same bytes.
fn ndrdump(direction: &str, stub: &[u8]) -> String {
    programs::ndrdump("srvsvc", 12, direction, stub, None).unwrap_or_else(|text| panic!("{text}"))
}

/// The values printed under a name, in order.
fn values<'t>(dump: &'t str, name: &str) -> Vec<&'t str> {
    dump.lines()
        .filter_map(|line| line.trim().split_once(':'))
        .filter(|(found, value)| found.trim() == name && value.trim() != "*")
        .map(|(_, value)| value.trim())
        .collect()
}

fn people() -> Vec<Row> {
    let row = |client: &str, user: Option<&str>, numbers: [u32; 4]| Row {
        cname: units(client),
        username: user.and_then(units),
        num_opens: numbers[0],
        time: numbers[1],
        idle_time: numbers[2],
        user_flags: numbers[3],
        cltype_name: units("Linux"),
        transport: None,
    };
    vec![
        row("\\\\10.0.0.1", Some("alice"), [1, 20, 300, 1]),
        row("[2001:db8::1]", None, [4, 50, 600, 0]),
        row("", Some("𝒜lice 😀"), [7, 80, 900, 2]),
    ]
}

#[test]
fn replies_that_we_encoded() {
    let all = people();
    for level in SessionLevel::ALL {
        let dump = ndrdump("out", &encode_reply(level, &all, 9, Some(7), 0));
        let number = level.number();
        assert_eq!(
            values(&dump, "level"),
            [format!("0x{number:08x} ({number})")]
        );
        assert_eq!(
            values(&dump, "client"),
            ["'\\\\10.0.0.1'", "'[2001:db8::1]'", "''"]
        );
        assert_eq!(values(&dump, "totalentries"), ["0x00000009 (9)"]);
        assert_eq!(values(&dump, "resume_handle"), ["0x00000007 (7)"]);
        assert_eq!(values(&dump, "result"), ["WERR_OK"]);
        if level == SessionLevel::L0 {
            continue;
        }
        assert_eq!(values(&dump, "user"), ["'alice'", "NULL", "'𝒜lice 😀'"]);
        let times = ["0x00000014 (20)", "0x00000032 (50)", "0x00000050 (80)"];
        assert_eq!(values(&dump, "time"), times);
        let idle = ["0x0000012c (300)", "0x00000258 (600)", "0x00000384 (900)"];
        assert_eq!(values(&dump, "idle_time"), idle);
        if level == SessionLevel::L10 {
            continue;
        }
        let opens = ["0x00000001 (1)", "0x00000004 (4)", "0x00000007 (7)"];
        assert_eq!(values(&dump, "num_open"), opens);
        let flags = ["0x00000001 (1)", "0x00000000 (0)", "0x00000002 (2)"];
        assert_eq!(values(&dump, "user_flags"), flags);
        if level == SessionLevel::L1 {
            continue;
        }
        assert_eq!(values(&dump, "client_type"), ["'Linux'"; 3]);
        if level == SessionLevel::L502 {
            assert_eq!(values(&dump, "transport"), ["NULL"; 3]);
        }
    }
}

#[test]
fn an_empty_reply_and_an_error() {
    for level in SessionLevel::ALL {
        let dump = ndrdump("out", &encode_reply(level, &[], 0, None, 5));
        assert_eq!(values(&dump, "result"), ["WERR_ACCESS_DENIED"]);
        assert_eq!(values(&dump, "resume_handle"), ["NULL"]);
    }
}

#[test]
fn requests_that_we_encoded() {
    for level in SessionLevel::ALL {
        let plain = ndrdump("in", &request(level).encode().unwrap());
        for name in ["server_unc", "client", "user", "array"] {
            assert_eq!(values(&plain, name), ["NULL"], "{name}");
        }
        let number = level.number();
        assert_eq!(
            values(&plain, "level"),
            [format!("0x{number:08x} ({number})")]
        );
        assert_eq!(values(&plain, "max_buffer"), ["0xffffffff (4294967295)"]);
        assert_eq!(values(&plain, "resume_handle"), ["0x00000000 (0)"]);

        let call = NetrSessionEnum {
            server_name: Some("\\\\srv"),
            client_name: Some("\\\\10.0.0.1"),
            user_name: Some("𝒜lice"),
            preferred_maximum_length: 65_536,
            resume_handle: None,
            ..request(level)
        };
        let full = ndrdump("in", &call.encode().unwrap());
        assert_eq!(values(&full, "server_unc"), ["'\\\\srv'"]);
        assert_eq!(values(&full, "client"), ["'\\\\10.0.0.1'"]);
        assert_eq!(values(&full, "user"), ["'𝒜lice'"]);
        assert_eq!(values(&full, "max_buffer"), ["0x00010000 (65536)"]);
        assert_eq!(values(&full, "resume_handle"), ["NULL"]);
    }
}

#[test]
fn the_judge_can_say_no() {
    let mut stub = encode_reply(SessionLevel::L0, &people(), 3, None, 0);
    stub.push(0);
    assert!(
        std::panic::catch_unwind(|| ndrdump("out", &stub)).is_err(),
        "a byte too many"
    );
    stub.truncate(stub.len() - 2);
    assert!(
        std::panic::catch_unwind(|| ndrdump("out", &stub)).is_err(),
        "a byte too few"
    );
}
