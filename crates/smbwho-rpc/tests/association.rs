//! The conversation, with a server played by the test.
#![allow(missing_docs, reason = "tests")]

mod common;

use common::{ack, bound, fragments, response};
use smbwho_rpc::pdu::{
    BindAck, BindNak, BindResult, FIRST_FRAGMENT, Fault, HEADER_LEN, Header, LAST_FRAGMENT,
    PduError, PduType, Request, Response,
};
use smbwho_rpc::{Association, CallId, Config, Event, NDR20, ProtocolError, SyntaxId, Uuid};

const BOTH: u8 = FIRST_FRAGMENT | LAST_FRAGMENT;

#[test]
fn bind_and_first_call_go_out_together() {
    let mut association = Association::new(&common::SRVSVC, Config::default());
    assert_eq!(association.reads_wanted(), 0);
    let call = association.call(12, b"stub");
    let bind = association.poll_transmit().unwrap();
    let request = association.poll_transmit().unwrap();
    assert!(association.poll_transmit().is_none());
    assert!(bind.expects_reply && request.expects_reply);
    assert_eq!(
        (bind.bytes[2], request.bytes[2]),
        (PduType::BIND.0, PduType::REQUEST.0)
    );
    assert_eq!(association.reads_wanted(), 2);

    association.handle_input(&ack().encode(1)).unwrap();
    assert_eq!(association.reads_wanted(), 1);
    assert_eq!(association.poll_event(), Some(Event::Bound));
    association
        .handle_input(&response(call, b"reply", 5, BOTH))
        .unwrap();
    let reply = Event::Reply {
        call_id: call,
        stub: b"reply".to_vec(),
    };
    assert_eq!(association.poll_event(), Some(reply));
    assert_eq!(association.poll_event(), None);
    assert_eq!(association.reads_wanted(), 0);
}

#[test]
fn of_a_reply_only_its_beginning_may_be_wanted() {
    let config = Config {
        max_calls_in_flight: 3,
        ..Config::default()
    };
    let (mut association, first) = bound(config);
    let second = association.call(13, b"second");
    association.want_first_fragment(second);
    association.poll_transmit().unwrap();
    assert_eq!(association.reads_wanted(), 2);
    association
        .handle_input(&response(first, b"1", 1, BOTH))
        .unwrap();
    let long = fragments(second, &[7; 10_000], 1000);
    association.handle_input(&long[0]).unwrap();
    let events: Vec<Event> = std::iter::from_fn(|| association.poll_event()).collect();
    let begun = Event::Begun { call_id: second };
    assert_eq!(events[1..], [begun]);
    assert_eq!(association.reads_wanted(), 0, "nothing more is asked for");
    assert!(!association.is_idle(), "there is more of it");

    // One of a single fragment is whole.
    let (mut association, first) = bound(config);
    let second = association.call(13, b"second");
    association.want_first_fragment(second);
    association.poll_transmit().unwrap();
    for call in [first, second] {
        association
            .handle_input(&response(call, b"1", 1, BOTH))
            .unwrap();
    }
    assert!(association.is_idle());
}

#[test]
fn a_call_that_the_pipe_does_not_carry_leaves_the_others() {
    let config = Config {
        max_calls_in_flight: 2,
        ..Config::default()
    };
    let (mut association, first) = bound(config);
    let second = association.call(13, b"second");
    association.poll_transmit().unwrap();
    assert!(association.give_up(first));
    assert!(!association.give_up(first), "it is gone");
    assert_eq!(association.reads_wanted(), 1);
    association
        .handle_input(&fragments(second, &[7; 2000], 1000)[0])
        .unwrap();
    assert!(!association.give_up(second), "its reply has begun");
    assert_eq!(association.expected(), 2000);
}

#[test]
fn a_reply_of_unknown_length_is_expected_to_be_as_long_as_any_once_it_is_long() {
    let (mut association, call) = bound(Config::default());
    assert_eq!(association.expected(), 0);
    let first = response(call, &[0; 4000], 0, FIRST_FRAGMENT);
    association.handle_input(&first).unwrap();
    assert_eq!(association.expected(), 4000);
    for _ in 0..40 {
        let more = response(call, &[0; 4000], 0, 0);
        association.handle_input(&more).unwrap();
    }
    assert_eq!(association.expected(), Config::default().max_reply);
}

#[test]
fn calls_are_answered_one_at_a_time_in_order() {
    let (mut association, first) = bound(Config::default());
    let second = association.call(13, b"second");
    assert!(
        association.poll_transmit().is_none(),
        "the first is not answered yet"
    );
    association
        .handle_input(&response(first, b"", 0, BOTH))
        .unwrap();
    let request = association.poll_transmit().unwrap();
    let opnum = Request::decode(&request.bytes[HEADER_LEN..]).unwrap().opnum;
    assert_eq!(opnum, 13);
    association
        .handle_input(&response(second, b"2", 1, BOTH))
        .unwrap();
    let ids: Vec<CallId> = std::iter::from_fn(|| association.poll_event())
        .map(|event| match event {
            Event::Reply { call_id, .. } => call_id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids, [first, second]);
}

#[test]
fn long_requests_are_cut() {
    let stub: Vec<u8> = (0..10_000u32).map(|n| n as u8).collect();
    for early in [true, false] {
        let mut association = Association::new(&common::SRVSVC, Config::default());
        association.poll_transmit().unwrap();
        if !early {
            association.handle_input(&ack().encode(1)).unwrap();
        }
        let call = association.call(9, &stub);
        let mut sent = Vec::new();
        let mut count = 0;
        loop {
            let transmit = association.poll_transmit().unwrap();
            let header = Header::decode(transmit.bytes.first_chunk().unwrap()).unwrap();
            let request = Request::decode(&transmit.bytes[HEADER_LEN..]).unwrap();
            assert!(transmit.bytes.len() <= if early { 1432 } else { 4280 });
            assert_eq!(header.is_first(), sent.is_empty());
            assert_eq!(header.is_last(), transmit.expects_reply);
            assert_eq!(header.call_id, call.0);
            assert_eq!(request.opnum, 9);
            assert_eq!(request.alloc_hint as usize, stub.len() - sent.len());
            sent.extend_from_slice(request.stub);
            count += 1;
            if transmit.expects_reply {
                break;
            }
            assert!(request.stub.len().is_multiple_of(8));
        }
        assert_eq!(sent, stub);
        assert_eq!(count, if early { 8 } else { 3 });
        assert!(association.poll_transmit().is_none());
    }
}

#[test]
fn pdus_are_told_apart_by_length_not_by_reads() {
    let stub: Vec<u8> = (0..20_000u32).map(|n| (n * 7) as u8).collect();
    for chunk in [
        1,
        2,
        15,
        16,
        17,
        23,
        24,
        25,
        4279,
        4280,
        4281,
        9000,
        usize::MAX,
    ] {
        let (mut association, call) = bound(Config::default());
        let bytes = fragments(call, &stub, 4256).concat();
        for part in bytes.chunks(chunk) {
            association.handle_input(part).unwrap();
        }
        let reply = Event::Reply {
            call_id: call,
            stub: stub.clone(),
        };
        assert_eq!(association.poll_event(), Some(reply));
    }
}

#[test]
fn reads_are_asked_for_ahead_and_never_too_many() {
    let (mut association, call) = bound(Config::default());
    let stub = vec![7; 4256 * 92 + 2136];
    let all = fragments(call, &stub, 4256);
    assert_eq!(all.len(), 93);
    assert_eq!(association.reads_wanted(), 1);
    for (n, fragment) in all.iter().enumerate() {
        association.handle_input(fragment).unwrap();
        let left = all.len() - n - 1;
        assert_eq!(association.reads_wanted(), left.min(32), "after {n}");
    }
    assert!(matches!(
        association.poll_event(),
        Some(Event::Reply { .. })
    ));
}

#[test]
fn the_window_is_a_setting() {
    for (limit, expected) in [(0, 1), (1, 1), (5, 5), (1000, 19)] {
        let config = Config {
            max_reads_in_flight: limit,
            ..Config::default()
        };
        let (mut association, call) = bound(config);
        let all = fragments(call, &vec![7; 4256 * 20], 4256);
        association.handle_input(&all[0]).unwrap();
        assert_eq!(association.reads_wanted(), expected);
    }
}

#[test]
fn whatever_the_server_cuts_to_the_reads_are_as_many_as_the_fragments() {
    for size in [1, 999, 1000, 4248, 4256] {
        for length in [size * 20, size * 20 + 1, size * 21 - 1] {
            let (mut association, call) = bound(Config::default());
            let all = fragments(call, &vec![7; length], size);
            for (n, fragment) in all.iter().enumerate() {
                association.handle_input(fragment).unwrap();
                assert_eq!(association.reads_wanted(), all.len() - n - 1);
            }
        }
    }
}

#[test]
fn a_fragment_longer_than_the_first_is_an_error_with_reads_under_way() {
    for (window, is_error) in [(32, true), (1, false)] {
        let config = Config {
            max_reads_in_flight: window,
            ..Config::default()
        };
        let (mut association, call) = bound(config);
        association
            .handle_input(&response(call, &[1; 100], 300, FIRST_FRAGMENT))
            .unwrap();
        let result = association.handle_input(&response(call, &[1; 200], 200, LAST_FRAGMENT));
        let error = ProtocolError::LongerFragment {
            first: 100,
            found: 200,
        };
        assert_eq!(result, if is_error { Err(error) } else { Ok(()) });
    }
}

#[test]
fn without_hints_it_reads_one_by_one() {
    let (mut association, call) = bound(Config::default());
    association
        .handle_input(&response(call, &[1; 100], 0, FIRST_FRAGMENT))
        .unwrap();
    assert_eq!(association.reads_wanted(), 1);
    association
        .handle_input(&response(call, &[2; 100], 0, 0))
        .unwrap();
    assert_eq!(association.reads_wanted(), 1);
    association
        .handle_input(&response(call, &[3; 100], 0, LAST_FRAGMENT))
        .unwrap();
    let Some(Event::Reply { stub, .. }) = association.poll_event() else {
        panic!()
    };
    assert_eq!(stub, [[1; 100], [2; 100], [3; 100]].concat());
}

#[test]
fn hints_that_do_not_fall_are_no_harm_while_one_read_is_under_way() {
    // The whole length every time; or each fragment's own.
    for hints in [
        [300, 300, 300],
        [100, 100, 100],
        [301, 200, 100],
        [u32::MAX - 9, 1, 2],
    ] {
        let config = Config {
            max_reads_in_flight: 1,
            max_reply: usize::MAX,
            ..Config::default()
        };
        let (mut association, call) = bound(config);
        let flags = [FIRST_FRAGMENT, 0, LAST_FRAGMENT];
        for (hint, flags) in hints.into_iter().zip(flags) {
            association
                .handle_input(&response(call, &[1; 100], hint, flags))
                .unwrap();
            assert!(association.reads_wanted() <= 1);
        }
        assert!(matches!(
            association.poll_event(),
            Some(Event::Reply { .. })
        ));
    }
}

/// A megabyte is reserved on the server's word, and beyond that as much as has come.
#[test]
fn a_long_reply_takes_no_more_room_than_it_has_bytes() {
    for length in [1 << 10, 1 << 20, (1 << 20) + 100_000, 5 << 20] {
        let (mut association, call) = bound(Config::default());
        let stub = vec![7; length];
        for fragment in fragments(call, &stub, 4256) {
            association.handle_input(&fragment).unwrap();
        }
        let Some(Event::Reply { stub, .. }) = association.poll_event() else {
            panic!("no reply of {length} bytes");
        };
        assert_eq!((stub.len(), stub.capacity()), (length, length));
    }
}

#[test]
fn fragments_out_of_order_are_an_error_not_wrong_data() {
    let (mut association, call) = bound(Config::default());
    let mut all = fragments(call, &vec![7; 4256 * 4], 4256);
    all.swap(1, 2);
    association.handle_input(&all[0]).unwrap();
    assert_eq!(association.reads_wanted(), 3);
    let error = association.handle_input(&all[1]).unwrap_err();
    assert_eq!(
        error,
        ProtocolError::OutOfOrder {
            expected: 3 * 4256,
            found: 2 * 4256
        }
    );
    assert!(error.is_due_to_read_ahead());
    assert_eq!(association.handle_input(&all[2]), Err(error));
    assert_eq!(association.reads_wanted(), 0);
    assert_eq!(association.poll_event(), None);
}

#[test]
fn a_reply_that_ends_early_with_reads_under_way_is_an_error() {
    let (mut association, call) = bound(Config::default());
    association
        .handle_input(&response(call, &[1; 4256], 4256 * 3, FIRST_FRAGMENT))
        .unwrap();
    assert_eq!(association.reads_wanted(), 2);
    let last = response(call, &[1; 100], 4256 * 2, LAST_FRAGMENT);
    let error = association.handle_input(&last).unwrap_err();
    assert_eq!(
        error,
        ProtocolError::EndsEarly {
            missing: 4256 * 2 - 100
        }
    );
    assert!(error.is_due_to_read_ahead());
}

#[test]
fn faults_end_the_call_and_not_the_association() {
    let (mut association, call) = bound(Config::default());
    association
        .handle_input(
            &Fault {
                status: 0x1c01_0002,
            }
            .encode(call.0),
        )
        .unwrap();
    let fault = Event::Fault {
        call_id: call,
        status: 0x1c01_0002,
    };
    assert_eq!(association.poll_event(), Some(fault));
    assert_eq!(association.reads_wanted(), 0);
    // In the middle of a reply.
    let call = association.call(12, b"");
    association.poll_transmit().unwrap();
    association
        .handle_input(&response(call, &[1; 9], 18, FIRST_FRAGMENT))
        .unwrap();
    association
        .handle_input(&Fault { status: 5 }.encode(call.0))
        .unwrap();
    assert_eq!(
        association.poll_event(),
        Some(Event::Fault {
            call_id: call,
            status: 5
        })
    );
    // Before all of the request is sent.
    let call = association.call(12, &[0; 9000]);
    association.poll_transmit().unwrap();
    association
        .handle_input(&Fault { status: 6 }.encode(call.0))
        .unwrap();
    assert_eq!(
        association.poll_event(),
        Some(Event::Fault {
            call_id: call,
            status: 6
        })
    );
    assert!(association.poll_transmit().is_none());
}

#[test]
fn refusals_of_the_bind_carry_their_reasons() {
    let refused = |bytes: &[u8]| {
        let mut association = Association::new(&common::SRVSVC, Config::default());
        association.poll_transmit().unwrap();
        let error = association.handle_input(bytes).unwrap_err();
        assert_eq!(association.poll_event(), None);
        error
    };
    let none = SyntaxId {
        uuid: Uuid::from_wire([0; 16]),
        major: 0,
        minor: 0,
    };
    let rejection = |result, reason, transfer| {
        BindAck {
            result: BindResult {
                result,
                reason,
                transfer,
            },
            ..ack()
        }
        .encode(1)
    };
    let error = refused(&rejection(2, 1, none));
    assert_eq!(
        error,
        ProtocolError::BindRejected {
            interface: "srvsvc",
            result: 2,
            reason: 1
        }
    );
    let text = "the server refused the interface srvsvc: provider rejection (2), \
                abstract syntax not supported (1)";
    assert_eq!(error.to_string(), text);
    let error = refused(&rejection(0, 0, none));
    assert_eq!(
        error,
        ProtocolError::TransferSyntax {
            interface: "srvsvc"
        }
    );
    let error = refused(&BindNak { reason: 4 }.encode(1));
    assert_eq!(
        error,
        ProtocolError::BindNak {
            interface: "srvsvc",
            reason: 4
        }
    );
    assert!(
        error
            .to_string()
            .contains("protocol version not supported (4)")
    );
    let error = refused(&Fault { status: 5 }.encode(1));
    assert_eq!(
        error,
        ProtocolError::BindFault {
            interface: "srvsvc",
            status: 5
        }
    );
    let error = refused(&ack().encode(2));
    assert_eq!(
        error,
        ProtocolError::WrongCallId {
            expected: 1,
            found: 2
        }
    );
    let error = refused(&response(CallId(1), b"", 0, BOTH));
    let kind = PduType::RESPONSE;
    assert_eq!(
        error,
        ProtocolError::UnexpectedPdu {
            kind,
            waiting_for: "a bind_ack"
        }
    );
}

/// The error of one message sent as the answer to a call.
fn broken(make: impl FnOnce(CallId) -> Vec<u8>) -> ProtocolError {
    let (mut association, call) = bound(Config::default());
    let error = association.handle_input(&make(call)).unwrap_err();
    assert_eq!(association.handle_input(b""), Err(error.clone()));
    assert!(association.poll_transmit().is_none());
    error
}

#[test]
fn breaches_of_the_protocol_are_named() {
    let error = broken(|call| response(CallId(call.0 + 1), b"x", 1, BOTH));
    assert_eq!(
        error,
        ProtocolError::WrongCallId {
            expected: 2,
            found: 3
        }
    );
    let error = broken(|call| response(call, b"x", 1, LAST_FRAGMENT));
    assert_eq!(error, ProtocolError::FragmentFlags { first: false });
    let error = broken(|call| response(call, b"x", 3, FIRST_FRAGMENT).repeat(2));
    assert_eq!(error, ProtocolError::FragmentFlags { first: true });
    let error = broken(|call| response(call, b"", 3, FIRST_FRAGMENT));
    assert_eq!(error, ProtocolError::EmptyFragment);
    let error = broken(|call| {
        Response {
            alloc_hint: 1,
            context_id: 1,
            cancel_count: 0,
            stub: b"x",
        }
        .encode(call.0, BOTH)
    });
    assert_eq!(error, ProtocolError::WrongContext { found: 1 });
    let error = broken(|_| ack().encode(1));
    let kind = PduType::BIND_ACK;
    assert_eq!(
        error,
        ProtocolError::UnexpectedPdu {
            kind,
            waiting_for: "a response"
        }
    );
    let error = broken(|call| response(call, b"x", 1, BOTH).repeat(2));
    let kind = PduType::RESPONSE;
    assert_eq!(
        error,
        ProtocolError::UnexpectedPdu {
            kind,
            waiting_for: "nothing"
        }
    );
    let error = broken(|call| response(call, &[0; 4257], 4257, BOTH));
    let length = PduError::Length {
        length: 4281,
        min: 16,
        max: 4280,
    };
    assert_eq!(error, ProtocolError::Pdu(length));
    let error = broken(|call| {
        let mut bytes = response(call, b"x", 1, BOTH);
        bytes[4] = 0;
        bytes
    });
    assert_eq!(
        error,
        ProtocolError::Pdu(PduError::BigEndian { drep: [0; 4] })
    );
}

#[test]
fn a_bad_header_is_seen_before_its_body_comes() {
    let error = broken(|_| vec![5, 0, 2, 3, 0x10, 0, 0, 0, 0xff, 0xff, 0, 0, 2, 0, 0, 0]);
    let length = PduError::Length {
        length: 0xffff,
        min: 16,
        max: 4280,
    };
    assert_eq!(error, ProtocolError::Pdu(length));
}

#[test]
fn a_reply_beyond_the_limit_is_refused_as_soon_as_it_is_known() {
    let config = Config {
        max_reply: 10_000,
        ..Config::default()
    };
    let too_large = ProtocolError::ReplyTooLarge { limit: 10_000 };
    let (mut association, call) = bound(config);
    let announced = response(call, &[1; 100], 10_001, FIRST_FRAGMENT);
    assert_eq!(association.handle_input(&announced), Err(too_large.clone()));

    // Without hints: when one byte too many comes, in the last fragment or before.
    for (length, flags, expected) in [
        (2000, LAST_FRAGMENT, Ok(())),
        (2001, LAST_FRAGMENT, Err(too_large.clone())),
        (2001, 0, Err(too_large)),
    ] {
        let (mut association, call) = bound(config);
        for first in [FIRST_FRAGMENT, 0] {
            let part = response(call, &[1; 4000], 0, first);
            assert_eq!(association.handle_input(&part), Ok(()));
        }
        let part = response(call, &vec![1; length], 0, flags);
        assert_eq!(association.handle_input(&part), expected);
    }
}

#[test]
fn a_shutdown_is_only_a_wish() {
    let (mut association, call) = bound(Config::default());
    let shutdown = Header {
        kind: PduType::SHUTDOWN,
        flags: 3,
        length: 16,
        call_id: 0,
    };
    association.handle_input(&shutdown.encode()).unwrap();
    association
        .handle_input(&response(call, b"x", 1, BOTH))
        .unwrap();
    assert!(matches!(
        association.poll_event(),
        Some(Event::Reply { .. })
    ));
}

#[test]
fn odd_fragment_sizes_in_the_bind_ack_are_taken_with_care() {
    for (max_transmit, max_receive) in [(0, 0), (1, 1), (1431, 1431), (u16::MAX, u16::MAX)] {
        let mut association = Association::new(&common::SRVSVC, Config::default());
        association.poll_transmit().unwrap();
        let ack = BindAck {
            max_transmit,
            max_receive,
            result: BindResult {
                result: 0,
                reason: 0,
                transfer: NDR20,
            },
            ..ack()
        };
        association.handle_input(&ack.encode(1)).unwrap();
        assert_eq!(association.max_receive_fragment(), 5840);
        association.call(1, &[0; 9000]);
        let length = association.poll_transmit().unwrap().bytes.len();
        assert_eq!(length, if max_receive == u16::MAX { 5840 } else { 1432 });
    }
}

#[test]
fn a_server_may_take_more_than_the_client_offers() {
    let config = Config {
        max_fragment: 100,
        ..Config::default()
    };
    let association = Association::new(&common::SRVSVC, config);
    assert_eq!(association.max_receive_fragment(), 1432);
}

#[test]
fn calls_that_did_not_leave_are_taken_back() {
    let config = Config {
        max_calls_in_flight: 2,
        ..Config::default()
    };
    let (mut association, first) = bound(config);
    let second = association.call(13, b"second");
    let third = association.call(13, b"third");
    association.poll_transmit().unwrap();
    assert!(association.poll_transmit().is_none(), "two are under way");
    // Refused for another's sake, it has not left either.
    assert!(association.hand_back(second));
    assert_eq!(association.withdraw(), [second, third]);
    assert_eq!(association.withdraw(), []);
    association
        .handle_input(&response(first, b"1", 1, BOTH))
        .unwrap();
    assert!(association.is_idle());
    assert!(association.poll_transmit().is_none());
}

#[test]
fn what_did_not_leave_is_known_when_the_association_ends() {
    let (mut association, _) = bound(Config::default());
    let second = association.call(13, b"second");
    association.handle_input(&[0xff; 16]).unwrap_err();
    assert_eq!(association.withdraw(), [second]);
}
