//! Replays the fuzzers' seeds, and every input that once failed, without a fuzzer.
#![allow(missing_docs, reason = "tests")]

mod calls;
#[allow(unreachable_pub, dead_code, reason = "shared with the fuzz targets")]
#[path = "../../../fuzz/src/checks.rs"]
mod checks;
mod common;

use std::fs;
use std::path::{Path, PathBuf};

use checks::ALL;
use common::{Row, encode_reply, request, units};
use smbwho_msrpc::srvsvc::session::{NetrSessionEnum, SessionLevel};
use smbwho_rpc::Call;
use smbwho_rpc::pdu::{Bind, BindAck, BindNak, BindResult, Fault, HEADER_LEN, Request, Response};
use smbwho_rpc::{NDR20, SyntaxId, Uuid};

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The inputs in a folder, which may be missing.
fn inputs(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn saved_inputs_pass() {
    let mut replayed = 0;
    for (target, check) in ALL {
        for kind in ["seeds", "regressions"] {
            for path in inputs(&fuzz_folder().join(kind).join(target)) {
                let bytes = fs::read(&path).unwrap();
                let passed = std::panic::catch_unwind(|| check(&bytes)).is_ok();
                assert!(passed, "{} fails, see above", path.display());
                replayed += 1;
            }
        }
    }
    assert!(replayed >= 20, "only {replayed} inputs were found");
}

#[test]
fn every_folder_belongs_to_a_target() {
    for kind in ["seeds", "regressions"] {
        for path in inputs(&fuzz_folder().join(kind)) {
            let name = path.file_name().unwrap().to_str().unwrap();
            // Of another crate, which replays it.
            let elsewhere =
                name.starts_with('.') || ["auth", "kerberos", "local", "program"].contains(&name);
            assert!(
                elsewhere || ALL.iter().any(|(target, _)| *target == name),
                "{name}"
            );
        }
    }
}

#[test]
fn seeds_are_up_to_date() {
    for (name, bytes) in seeds() {
        let path = fuzz_folder().join("seeds").join(name);
        if std::env::var_os("SMBWHO_WRITE_SEEDS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &bytes).unwrap();
        }
        let found = fs::read(&path).unwrap_or_default();
        assert_eq!(found, bytes, "{} is out of date", path.display());
    }
}

/// Small good inputs, by target and name.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    let mut add = |name: &str, first: Option<u8>, bytes: &[u8]| {
        seeds.push((
            name.to_owned(),
            first.into_iter().chain(bytes.iter().copied()).collect(),
        ));
    };
    let rows = [
        Row {
            cname: units("\\\\a"),
            username: units("bé😀"),
            cltype_name: units(""),
            ..Row::default()
        },
        Row {
            transport: Some(vec![0xd800]),
            time: 9,
            ..Row::default()
        },
    ];
    for (n, level) in SessionLevel::ALL.into_iter().enumerate() {
        let number = level.number();
        let reply = encode_reply(level, &rows, 2, Some(3), 234);
        add(
            &format!("session_enum_reply/level_{number}"),
            Some(n as u8),
            &reply,
        );
        let call = NetrSessionEnum {
            user_name: Some("ü"),
            ..request(level)
        };
        add(
            &format!("session_enum_request/level_{number}"),
            None,
            &call.encode().unwrap(),
        );
    }
    let denied = [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0,
    ];
    add("session_enum_reply/denied", Some(0), &denied);
    let sddl = b"O:BAG:S-1-5-32-544D:PAI(A;OICI;FA;;;BA)(D;;0x1200a9;;;AU)S:(ML;;NW;;;HI)";
    add("sddl/all_parts", None, sddl);

    let body = |pdu: Vec<u8>| pdu[HEADER_LEN..].to_vec();
    let response = Response {
        alloc_hint: 2,
        context_id: 0,
        cancel_count: 0,
        stub: &[1, 2],
    };
    add("pdu/response", Some(0), &body(response.encode(1, 3)));
    let result = BindResult {
        result: 0,
        reason: 0,
        transfer: NDR20,
    };
    let address = b"\\pipe\\x\0".to_vec();
    let ack = BindAck {
        max_transmit: 4280,
        max_receive: 4280,
        group: 1,
        address,
        result,
    };
    add("pdu/bind_ack", Some(1), &body(ack.encode(1)));
    add("pdu/fault", Some(2), &body(Fault { status: 5 }.encode(1)));
    add(
        "pdu/bind_nak",
        Some(3),
        &body(BindNak { reason: 4 }.encode(1)),
    );
    let call = Request {
        alloc_hint: 2,
        context_id: 0,
        opnum: 12,
        stub: &[1, 2],
    };
    add("pdu/request", Some(4), &body(call.encode(1, 3)));
    let syntax = SyntaxId {
        uuid: Uuid::from_wire([7; 16]),
        major: 3,
        minor: 0,
    };
    add(
        "pdu/bind",
        Some(5),
        &body(Bind::new(syntax, 4280).encode(1)),
    );
    add("pdu/header", Some(0), &response.encode(1, 3));

    // A script: settings; a bind_ack; fragments of a reply of 1024, 512 and 512 bytes.
    let good = [0, 32, 99, 0, 90, 5, 2, 1, 128, 4, 2, 0, 64, 2, 2, 64];
    add("association/reply", None, &good);
    add(
        "association/fault",
        None,
        &[0, 32, 7, 0, 90, 5, 2, 1, 128, 4, 5, 5],
    );
    add(
        "association/hints_that_do_not_fall",
        None,
        &[
            0, 1, 50, 0, 90, 5, 0x42, 1, 64, 4, 0, 0x42, 0, 64, 0, 0x42, 2, 64, 0,
        ],
    );
    add(
        "association/raw",
        None,
        &[
            0, 32, 3, 7, 16, 5, 0, 12, 3, 16, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0,
        ],
    );

    let name = [2, 0, 2, 0, 0, 0, 2, 0];
    let varying = [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, b'n', 0, 0, 0];
    let mut types = vec![1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    types.extend([1, 0, 0, 0, 0, 0, 0, 0]); // id
    types.extend([0; 24]); // mixed, padded
    types.extend(name);
    types.extend([0; 16]); // comment, count, inner, more
    types.extend(varying);
    types.extend([0; 8]); // elements, number; the count lies in the padding before
    types.extend([9, 0, 0, 0]);
    // A seed that is refused at once would teach the fuzzer little.
    assert_eq!(
        checks::Types::from_stub(&types).map(|types| types.status),
        Ok(9)
    );
    add("ndr_types/one", None, &types);

    // For each call that the fuzzer knows, the first reply of the table that it accepts.
    let replies: Vec<Vec<u8>> = calls::all().into_iter().map(|case| case.reply).collect();
    for (n, decode) in checks::REPLIES.iter().enumerate() {
        let reply = replies
            .iter()
            .max_by_key(|reply| (decode(reply), reply.len()));
        let reply = reply.filter(|reply| decode(reply));
        let reply = reply.unwrap_or_else(|| panic!("no reply for call {n} of the fuzzer"));
        add(&format!("reply_any/call_{n}"), Some(n as u8), reply);
    }
    seeds
}
