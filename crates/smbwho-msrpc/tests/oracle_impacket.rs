//! Impacket encodes and we decode, at every level; we encode and Impacket decodes.
//!
//! The oracle is `smbwho-testkit/oracles/impacket_srvs.py`, run by the interpreter named in
//! `SMBWHO_ORACLE_PYTHON` (default `python3`), which must have the package `impacket`. Its pointers
//! are random numbers and its padding is 0xab, which is just as good.
#![allow(missing_docs, reason = "tests")]

mod common;
#[path = "common/oracle.rs"]
mod programs;

use common::{Row, at_level, decode, encode_reply, hex, request, rows, units};
use serde_json::{Value, json};
use smbwho_msrpc::srvsvc::session::{NetrSessionEnum, SessionLevel};
use smbwho_rpc::Call;

/// Runs the oracle once over all jobs.
fn oracle(jobs: &Value) -> Vec<Value> {
    programs::impacket("impacket_srvs.py", jobs)
}

fn text(text: &Option<Vec<u16>>) -> Value {
    text.as_ref().map_or(Value::Null, |units| {
        json!(String::from_utf16(units).unwrap())
    })
}

fn session(row: &Row) -> Value {
    json!({
        "cname": text(&row.cname),
        "username": text(&row.username),
        "num_opens": row.num_opens,
        "time": row.time,
        "idle_time": row.idle_time,
        "user_flags": row.user_flags,
        "cltype_name": text(&row.cltype_name),
        "transport": text(&row.transport),
    })
}

/// Names of every kind that Impacket can write.
fn people() -> Vec<Row> {
    let row = |cname, username, cltype_name, transport, numbers: [u32; 4]| Row {
        cname,
        username,
        num_opens: numbers[0],
        time: numbers[1],
        idle_time: numbers[2],
        user_flags: numbers[3],
        cltype_name,
        transport,
    };
    let max = u32::MAX;
    vec![
        row(
            units("\\\\10.0.0.1"),
            units("alice"),
            units("Windows"),
            units("\\Device\\NetBT"),
            [3, 60, 5, 0],
        ),
        row(
            units("[2001:db8::1]"),
            units("bob"),
            units(""),
            None,
            [max, max, max, max],
        ),
        row(None, None, None, None, [0, 0, 0, 1]),
        row(units(""), units(""), None, units(""), [1, 2, 3, 2]),
        row(
            units("книга"),
            units("𝒜lice 😀"),
            units("日本"),
            units("t"),
            [0, 1, 0, 3],
        ),
        row(
            units("a\u{202e}b\u{1b}[31m"),
            units("=1+1"),
            None,
            None,
            [7, 7, 7, 7],
        ),
    ]
}

fn job(level: SessionLevel, container: &str, all: &[Row], status: u32) -> Value {
    json!({
        "do": "encode_reply",
        "level": level.number(),
        "container": container,
        "sessions": all.iter().map(session).collect::<Vec<_>>(),
        "total_entries": all.len(),
        "resume_handle": if status == 0 { json!(0x0102_0304u32) } else { Value::Null },
        "status": status,
    })
}

#[test]
fn replies_that_impacket_encoded() {
    let all = people();
    let mut jobs = Vec::new();
    let mut expected = Vec::new();
    for level in SessionLevel::ALL {
        for (container, people, status) in [
            ("full", &all[..], 0),
            ("full", &all[..1], 234),
            ("full", &[][..], 0),
            ("null_buffer", &[][..], 0),
            ("null", &[][..], 5),
        ] {
            jobs.push(job(level, container, people, status));
            expected.push((level, people, status));
        }
    }
    let answers = oracle(&Value::Array(jobs));
    assert_eq!(answers.len(), 25);
    for (answer, (level, people, status)) in answers.iter().zip(expected) {
        let stub = hex(answer.as_str().unwrap());
        let reply = decode(level, &stub).unwrap();
        let people: Vec<Row> = people.iter().map(|row| at_level(row, level)).collect();
        assert_eq!(rows(&reply), people);
        assert_eq!(
            (reply.total_entries as usize, reply.status),
            (people.len(), status)
        );
        assert_eq!(reply.resume_handle, (status == 0).then_some(0x0102_0304));
    }
}

#[test]
fn replies_that_we_encoded() {
    let all = people();
    let jobs = SessionLevel::ALL.map(|level| {
        let stub = encode_reply(level, &all, 9, Some(7), 234);
        let digits: String = stub.iter().map(|byte| format!("{byte:02x}")).collect();
        json!({"do": "decode_reply", "stub": digits})
    });
    let answers = oracle(&json!(jobs));
    for (answer, level) in answers.iter().zip(SessionLevel::ALL) {
        assert_eq!(answer["level"], level.number());
        assert_eq!(answer["total_entries"], 9);
        assert_eq!(answer["resume_handle"], 7);
        assert_eq!(answer["status"], 234);
        let sessions = answer["sessions"].as_array().unwrap();
        assert_eq!(sessions.len(), all.len());
        for (found, row) in sessions.iter().zip(&all) {
            let expected = session(row);
            for (field, value) in found.as_object().unwrap() {
                assert_eq!(*value, expected[field], "{field} at {level:?}");
            }
        }
    }
}

#[test]
fn requests_that_we_encoded() {
    let calls: Vec<NetrSessionEnum<'_>> = SessionLevel::ALL
        .into_iter()
        .flat_map(|level| {
            let plain = request(level);
            [
                plain,
                NetrSessionEnum {
                    resume_handle: None,
                    ..plain
                },
                NetrSessionEnum {
                    server_name: Some("\\\\srv"),
                    client_name: Some("\\\\10.0.0.1"),
                    user_name: Some("𝒜lice"),
                    preferred_maximum_length: 65_536,
                    resume_handle: Some(0xffff_fffe),
                    ..plain
                },
            ]
        })
        .collect();
    let jobs: Vec<Value> = calls
        .iter()
        .map(|call| {
            let stub = call.encode().unwrap();
            let digits: String = stub.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({"do": "decode_request", "stub": digits})
        })
        .collect();
    let answers = oracle(&json!(jobs));
    assert_eq!(answers.len(), calls.len());
    for (answer, call) in answers.iter().zip(&calls) {
        let expected = json!({
            "server_name": call.server_name,
            "client_name": call.client_name,
            "user_name": call.user_name,
            "level": call.level.number(),
            "discriminant": call.level.number(),
            "entries_read": 0,
            "buffer_is_null": true,
            "preferred_maximum_length": call.preferred_maximum_length,
            // Impacket's LPLONG is signed.
            "resume_handle": call.resume_handle.map(|handle| handle as i32),
        });
        assert_eq!(*answer, expected);
    }
}
