//! Replays what real servers sent (`captures/`, whose README says which).
#![allow(missing_docs, reason = "tests")]

mod common;
mod windows;

use common::{Row, decode, request, rows, units};
use smbwho_msrpc::srvsvc::SRVSVC;
use smbwho_msrpc::srvsvc::session::{NetrSessionEnumReply, SessionLevel};
use smbwho_rpc::{Association, Call, Config, Event};

fn capture(name: &str) -> Vec<u8> {
    let path = format!("{}/../../captures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Has the conversation with the recorded server, its answer cut as given. What we send must be
/// what was sent then.
fn replay(level: SessionLevel, answer: &str, cut: usize) -> Vec<u8> {
    let name = format!("srvsvc-NetrSessionEnum-level{}", level.number());
    let mut association = Association::new(&SRVSVC, Config::default());
    let call_id = association.call(12, &request(level).encode().unwrap());
    assert_eq!(
        association.poll_transmit().unwrap().bytes,
        capture("srvsvc-bind-in")
    );
    assert_eq!(
        association.poll_transmit().unwrap().bytes,
        capture(&format!("{name}-in"))
    );
    association
        .handle_input(&capture("srvsvc-bind-out"))
        .unwrap();
    assert_eq!(association.poll_event(), Some(Event::Bound));
    assert_eq!(association.max_receive_fragment(), 5840);
    for part in capture(&format!("{name}{answer}-out")).chunks(cut) {
        association.handle_input(part).unwrap();
    }
    assert_eq!(association.reads_wanted(), 0);
    let Some(Event::Reply {
        call_id: answered,
        stub,
    }) = association.poll_event()
    else {
        panic!()
    };
    assert_eq!(answered, call_id);
    stub
}

fn check(level: SessionLevel, answer: &str, status: u32, test: impl Fn(&NetrSessionEnumReply<'_>)) {
    for cut in [1, 100, usize::MAX] {
        let stub = replay(level, answer, cut);
        let reply = decode(level, &stub).unwrap();
        assert_eq!((reply.level, reply.status), (level.number(), status));
        test(&reply);
    }
}

#[test]
fn samba_level_0() {
    check(SessionLevel::L0, "", 0, |reply| {
        let row = Row {
            cname: units("127.0.0.1"),
            ..Row::default()
        };
        assert_eq!(rows(reply), [row.clone(), row.clone(), row]);
        assert_eq!((reply.total_entries, reply.resume_handle), (3, Some(3)));
    });
}

#[test]
fn samba_level_1() {
    check(SessionLevel::L1, "", 0, |reply| {
        let row = |user: &str, time| Row {
            cname: units("127.0.0.1"),
            username: units(user),
            time,
            ..Row::default()
        };
        assert_eq!(
            rows(reply),
            [row("alice", 2), row("root", u32::MAX), row("bob", 2)]
        );
        assert_eq!((reply.total_entries, reply.resume_handle), (3, Some(3)));
    });
}

#[test]
fn samba_levels_it_does_not_know() {
    for level in [SessionLevel::L2, SessionLevel::L10, SessionLevel::L502] {
        check(level, "", 124, |reply| assert!(reply.sessions.is_empty()));
    }
}

#[test]
fn samba_denied() {
    check(SessionLevel::L1, "-denied", 5, |reply| {
        assert!(reply.sessions.is_empty())
    });
}

#[test]
fn samba_two_fragments() {
    check(SessionLevel::L1, "-many", 0, |reply| {
        let rows = rows(reply);
        assert_eq!((rows.len(), reply.total_entries), (73, 73));
        let named = |user| {
            rows.iter()
                .filter(|row| row.username == units(user))
                .count()
        };
        assert_eq!((named("alice"), named("bob"), named("root")), (71, 1, 1));
    });
}
