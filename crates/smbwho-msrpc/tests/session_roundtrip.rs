//! decode ∘ encode is the identity; and a hundred thousand sessions are all there.
#![allow(missing_docs, reason = "tests")]

mod common;

use common::{Row, at_level, decode, encode_reply, rows};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use smbwho_msrpc::srvsvc::session::{NetrSessionEnum, NetrSessionEnumRequest, SessionLevel};
use smbwho_rpc::Call;

fn level() -> impl Strategy<Value = SessionLevel> {
    prop::sample::select(SessionLevel::ALL.to_vec())
}

/// Any units at all: unpaired surrogates, NUL, nothing.
fn text() -> impl Strategy<Value = Option<Vec<u16>>> {
    option::of(vec(any::<u16>(), 0..20))
}

fn row() -> impl Strategy<Value = Row> {
    (text(), text(), any::<[u32; 4]>(), text(), text()).prop_map(
        |(cname, username, [num_opens, time, idle_time, user_flags], cltype_name, transport)| Row {
            cname,
            username,
            num_opens,
            time,
            idle_time,
            user_flags,
            cltype_name,
            transport,
        },
    )
}

proptest! {
    #[test]
    fn replies(
        level in level(),
        all in vec(row(), 0..20),
        total in any::<u32>(),
        resume in option::of(any::<u32>()),
        status in any::<u32>(),
    ) {
        let stub = encode_reply(level, &all, total, resume, status);
        let reply = decode(level, &stub).unwrap();
        prop_assert_eq!(reply.total_entries, total);
        prop_assert_eq!(reply.resume_handle, resume);
        prop_assert_eq!(reply.status, status);
        let expected: Vec<Row> = all.iter().map(|row| at_level(row, level)).collect();
        prop_assert_eq!(rows(&reply), expected);
        // What was decoded encodes to the same bytes.
        prop_assert_eq!(reply.to_stub().unwrap(), stub);
    }

    #[test]
    fn requests(
        level in level(),
        names in any::<[Option<String>; 3]>(),
        preferred_maximum_length in any::<u32>(),
        resume_handle in option::of(any::<u32>()),
    ) {
        prop_assume!(names.iter().flatten().all(|name| !name.contains('\0')));
        let [server_name, client_name, user_name] = &names;
        let call = NetrSessionEnum {
            server_name: server_name.as_deref(),
            client_name: client_name.as_deref(),
            user_name: user_name.as_deref(),
            level,
            preferred_maximum_length,
            resume_handle,
        };
        let stub = call.encode().unwrap();
        let request = NetrSessionEnumRequest::from_stub(&stub).unwrap();
        prop_assert_eq!(request.server_name.map(|n| n.to_string_lossy()), names[0].clone());
        prop_assert_eq!(request.client_name.map(|n| n.to_string_lossy()), names[1].clone());
        prop_assert_eq!(request.user_name.map(|n| n.to_string_lossy()), names[2].clone());
        prop_assert_eq!(request.level, level.number());
        prop_assert_eq!(request.preferred_maximum_length, preferred_maximum_length);
        prop_assert_eq!(request.resume_handle, resume_handle);
        prop_assert_eq!(request.to_stub().unwrap(), stub);
    }

    #[test]
    fn any_bytes_are_answered(level in level(), stub in vec(any::<u8>(), 0..300)) {
        let _ = decode(level, &stub);
        let _ = NetrSessionEnumRequest::from_stub(&stub);
    }
}

#[test]
fn a_hundred_thousand_sessions_are_all_there_once_each() {
    let all: Vec<Row> = (0..100_000u32)
        .map(|n| Row {
            cname: Some(format!("\\\\host-{n}").encode_utf16().collect()),
            username: Some(format!("user{n}").encode_utf16().collect()),
            time: n,
            ..Row::default()
        })
        .collect();
    let stub = encode_reply(SessionLevel::L10, &all, 100_000, Some(0), 0);
    let reply = decode(SessionLevel::L10, &stub).unwrap();
    assert_eq!(reply.sessions.len(), 100_000);
    assert_eq!(rows(&reply), all);
}
