//! Replies of every shape over the pipe of a real smbd.

mod common;

use std::time::{Duration, Instant};

use common::{Any, SRVSVC, patient, pattern};
use smbwho_rpc::ProtocolError;
use smbwho_smb::{
    CallOutcome, Options, Prepared, ReplyBudget, RpcPipe, SmbError, SmbErrorKind, SmbSession, Step,
};
use smbwho_testkit::{Action, Bind, Endpoint, Hint, LockstepLine, Order, Reply, Request};

async fn connect(endpoint: &Endpoint, options: Options) -> SmbSession {
    let address = endpoint.address().parse().unwrap();
    let login = common::login(Endpoint::USER, Endpoint::PASSWORD);
    SmbSession::connect(&address, &login, &options)
        .await
        .unwrap()
}

fn endpoint(answer: impl Fn(&Request) -> Action + Send + Sync + 'static) -> Endpoint {
    Endpoint::builder().start(answer).unwrap()
}

/// The first byte of the request chooses the reply.
fn chosen(request: &Request) -> u8 {
    request.stub.first().copied().unwrap_or_default()
}

#[tokio::test]
async fn long_replies_come_whole() {
    let stub = pattern(400_000);
    let sent = stub.clone();
    let endpoint = endpoint(move |request| {
        let reply = Reply::new(sent.clone());
        match chosen(request) {
            0 => reply,
            // More fragments than reads may be in flight.
            1 => reply.fragment(200),
            2 => reply.hint(Hint::Zero),
            3 => reply.hint(Hint::Fixed(4096)),
            // Several PDUs in one message, longer than a read.
            4 => reply.joined(3),
            _ => reply.fragment(1000).joined(7),
        }
        .into()
    });
    let session = connect(&endpoint, patient()).await;
    for shape in 0..6 {
        let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
        let reply = pipe.call(&Any(vec![shape; 4])).await;
        let reply = reply.unwrap_or_else(|error| panic!("shape {shape}: {error}"));
        assert!(reply == stub, "shape {shape}: not what was sent");
        if shape < 4 {
            assert!(pipe.is_usable(), "shape {shape}");
            let again = pipe.call(&Any(vec![shape; 4])).await.unwrap();
            assert!(again == stub, "shape {shape}, again");
        }
    }
}

#[tokio::test]
async fn long_requests_go_whole() {
    let endpoint = endpoint(|request| Action::reply(request.stub.clone()));
    let session = connect(&endpoint, patient()).await;
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    for length in [0, 1, 4000, 4256, 4257, 20_000, 100_001] {
        let stub = pattern(length);
        assert!(
            pipe.call(&Any(stub.clone())).await.unwrap() == stub,
            "{length}"
        );
    }
    assert!(
        endpoint
            .requests()
            .iter()
            .any(|request| request.fragments > 4)
    );
}

#[tokio::test]
async fn a_fault_leaves_the_pipe_usable() {
    let endpoint = endpoint(|request| match chosen(request) {
        0 => Action::Fault(0x1c01_0002),
        _ => Action::reply(vec![1, 2, 3, 4]),
    });
    let session = connect(&endpoint, patient()).await;
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    let error = pipe.call(&Any(vec![0; 4])).await.unwrap_err();
    assert_eq!((error.step, error.fault()), (Step::Call, Some(0x1c01_0002)));
    assert!(pipe.is_usable());
    assert_eq!(pipe.call(&Any(vec![1; 4])).await.unwrap(), [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_pipe_that_breaks_in_the_middle() {
    let endpoint = endpoint(|request| match chosen(request) {
        0 => Reply::new(pattern(100_000)).drop_after(3).into(),
        1 => Action::Drop,
        _ => Action::reply(vec![0; 4]),
    });
    let session = connect(&endpoint, patient()).await;
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    let error = pipe.call(&Any(vec![0; 4])).await.unwrap_err();
    assert_eq!(error.step, Step::Call);
    let SmbErrorKind::PipeBroken { received } = error.kind else {
        panic!("{error:?}");
    };
    assert!(received > 10_000 && received < 20_000, "{received}");
    assert!(!pipe.is_usable());
    let again = pipe.call(&Any(vec![2; 4])).await.unwrap_err();
    assert_eq!(again.kind, SmbErrorKind::PipeUnusable);

    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    let error = pipe.call(&Any(vec![1; 4])).await.unwrap_err();
    assert!(
        matches!(error.kind, SmbErrorKind::PipeBroken { .. }),
        "{error:?}"
    );

    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    assert!(pipe.call(&Any(vec![2; 4])).await.is_ok());
}

#[tokio::test]
async fn silence_and_trickle_are_bounded() {
    let endpoint = endpoint(|request| match chosen(request) {
        0 => Action::Silence,
        1 => Reply::new(pattern(100_000)).silence_after(3).into(),
        2 => Reply::new(pattern(100_000))
            .trickle(Duration::from_millis(400))
            .into(),
        _ => Action::reply(vec![0; 4]),
    });
    let options = Options {
        reply_timeout: Duration::from_secs(1),
        call_timeout: Duration::from_secs(3),
        ..patient()
    };
    let session = connect(&endpoint, options).await;
    for (shape, at_least) in [(0, 1), (1, 1), (2, 3)] {
        let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
        let started = Instant::now();
        let error = pipe.call(&Any(vec![shape; 4])).await.unwrap_err();
        let waited = started.elapsed();
        assert_eq!(
            (error.step, error.kind),
            (Step::Call, SmbErrorKind::TimedOut)
        );
        assert!(
            waited >= Duration::from_secs(at_least),
            "{shape}: {waited:?}"
        );
        assert!(!pipe.is_usable());
    }
    // The session has not suffered.
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    assert!(pipe.call(&Any(vec![9; 4])).await.is_ok());
}

#[tokio::test]
async fn binds_that_fail() {
    for (bind, expected) in [
        (Bind::Nak(4), Some("BindNak")),
        (Bind::Reject(1), Some("BindRejected")),
        (Bind::Silence, None),
        (Bind::Drop, None),
    ] {
        let shown = format!("{bind:?}");
        let silent = bind == Bind::Silence;
        let endpoint = Endpoint::builder()
            .bind(bind)
            .start(|_| Action::Silence)
            .unwrap();
        let options = Options {
            reply_timeout: Duration::from_secs(2),
            ..patient()
        };
        let session = connect(&endpoint, options).await;
        let error = session.open_pipe(&SRVSVC).await.unwrap_err();
        match (expected, &error.kind) {
            (Some(name), SmbErrorKind::Rpc(error)) => {
                assert!(format!("{error:?}").starts_with(name), "{shown}: {error:?}");
            }
            (None, SmbErrorKind::TimedOut) if silent => {}
            (None, SmbErrorKind::PipeBroken { .. }) if !silent => {}
            _ => panic!("{shown}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn order_is_proved_or_not_relied_on() {
    let stub = pattern(60_000);
    let sent = stub.clone();
    let endpoint = endpoint(move |request| {
        let reply = Reply::new(sent.clone());
        match chosen(request) {
            0 => reply.order(Order::Swapped(3, 4)),
            _ => reply,
        }
        .into()
    });
    let session = connect(&endpoint, patient()).await;
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    let error = pipe.call(&Any(vec![0; 4])).await.unwrap_err();
    let SmbErrorKind::Rpc(protocol) = &error.kind else {
        panic!("{error:?}");
    };
    assert!(
        matches!(**protocol, ProtocolError::OutOfOrder { .. }),
        "{error:?}"
    );
    assert!(!pipe.is_usable());
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    assert!(pipe.call(&Any(vec![1; 4])).await.unwrap() == stub);
}

#[tokio::test]
async fn a_reply_over_the_limit() {
    let endpoint = endpoint(|_| Action::reply(pattern(100_000)));
    let options = Options {
        max_reply: 50_000,
        ..patient()
    };
    let session = connect(&endpoint, options).await;
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    let error = pipe.call(&Any(vec![0; 4])).await.unwrap_err();
    let SmbErrorKind::Rpc(protocol) = &error.kind else {
        panic!("{error:?}");
    };
    assert_eq!(**protocol, ProtocolError::ReplyTooLarge { limit: 50_000 });
}

/// Ends of pipes that smbd holds to the endpoint's socket.
fn open_at_the_server(endpoint: &Endpoint) -> usize {
    let path = endpoint.samba().pipe_socket("srvsvc");
    let path = path.to_str().unwrap();
    let table = std::fs::read_to_string("/proc/net/unix").unwrap();
    // State 03 is connected ([proc_net_unix]).
    table
        .lines()
        .filter(|line| line.ends_with(path) && line.contains(" 03 "))
        .count()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}");
}

#[tokio::test]
async fn a_dropped_call_costs_its_pipe_and_nothing_else() {
    let stub = pattern(300_000);
    let sent = stub.clone();
    let endpoint = endpoint(move |request| match chosen(request) {
        0 => Reply::new(sent.clone()).silence_after(20).into(),
        _ => Action::reply(sent.clone()),
    });
    let session = connect(&endpoint, patient()).await;
    for _ in 0..5 {
        let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
        // Dropped while some 50 reads are in flight.
        let call = Any(vec![0; 4]);
        let dropped = tokio::time::timeout(Duration::from_millis(300), pipe.call(&call));
        assert!(dropped.await.is_err());
        assert!(!pipe.is_usable());
        let error = pipe.call(&Any(vec![1; 4])).await.unwrap_err();
        assert_eq!(error.kind, SmbErrorKind::PipeUnusable);
        drop(pipe);
        let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
        assert!(pipe.call(&Any(vec![1; 4])).await.unwrap() == stub);
        pipe.close().await;
    }
    until("handles are left at the server", || {
        open_at_the_server(&endpoint) == 0
    })
    .await;
    assert!(session.is_connected());
}

#[tokio::test]
async fn an_opening_that_is_dropped_leaves_no_handle() {
    let endpoint = endpoint(|_| Action::reply(vec![0; 4]));
    let session = connect(&endpoint, patient()).await;
    for micros in [0, 50, 200, 500, 1000, 2000, 5000] {
        let opening = session.open_pipe(&SRVSVC);
        let _ = tokio::time::timeout(Duration::from_micros(micros), opening).await;
    }
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    assert!(pipe.call(&Any(vec![0; 4])).await.is_ok());
    until("handles are left at the server", || {
        open_at_the_server(&endpoint) == 1
    })
    .await;
    drop(pipe);
    until("the pipe is left at the server", || {
        open_at_the_server(&endpoint) == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipes_work_side_by_side() {
    // Each pipe's reply tells which request it answers.
    let endpoint = endpoint(|request| {
        let seed = usize::from(chosen(request));
        let mut stub = pattern(20_000 * (seed + 1));
        stub[0] = seed as u8;
        Action::reply(stub)
    });
    let session = connect(&endpoint, patient()).await;
    let calls = (0..10_u8).map(|seed| {
        let session = session.clone();
        tokio::spawn(async move {
            let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
            for _ in 0..3 {
                let reply = pipe.call(&Any(vec![seed; 4])).await.unwrap();
                let mut expected = pattern(20_000 * (usize::from(seed) + 1));
                expected[0] = seed;
                assert!(reply == expected, "pipe {seed}");
            }
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
}

/// What came of calls in flight together, in the order they were made.
async fn together(pipe: &mut RpcPipe, chosen: &[u8]) -> Vec<Result<Vec<u8>, SmbError>> {
    let calls = chosen.iter().map(|first| Any(vec![*first; 4]));
    let calls: Vec<Prepared> = calls.map(|call| Prepared::of(&call).unwrap()).collect();
    let mut replies = pipe.calls(&calls).unwrap();
    let mut came = Vec::new();
    while let Some(reply) = replies.next().await {
        let outcome = reply.outcome.map(|outcome| match outcome {
            CallOutcome::Reply(stub) => stub,
            CallOutcome::Begun => panic!("whole replies were wanted"),
        });
        came.push((reply.index, outcome));
    }
    came.sort_by_key(|(index, _)| *index);
    came.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Short and long replies and faults, each to its own call.
#[tokio::test]
async fn calls_in_flight_together() {
    let long = pattern(100_000);
    let sent = long.clone();
    let endpoint = endpoint(move |request| match chosen(request) {
        0 => Action::reply(sent.clone()),
        1 => Action::Fault(0x1c01_0002),
        other => Action::reply(vec![other; 8]),
    });
    let session = connect(&endpoint, patient()).await;
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    for _ in 0..3 {
        let came = together(&mut pipe, &[7, 0, 1, 0, 8, 9]).await;
        assert_eq!(came.len(), 6);
        assert_eq!(came[0].as_ref().unwrap(), &[7; 8]);
        assert!(came[1].as_ref().unwrap() == &long && came[3].as_ref().unwrap() == &long);
        assert_eq!(came[2].as_ref().unwrap_err().fault(), Some(0x1c01_0002));
        assert_eq!(came[4].as_ref().unwrap(), &[8; 8]);
        assert_eq!(came[5].as_ref().unwrap(), &[9; 8]);
        assert!(pipe.is_usable());
    }
    // More than may be in flight.
    let many: Vec<u8> = (2..=200).collect();
    let came = together(&mut pipe, &many).await;
    for (first, reply) in many.iter().zip(came) {
        assert_eq!(reply.unwrap(), [*first; 8]);
    }
}

/// Of a reply of which only the first fragment is wanted no more is read, and the others in
/// flight are answered.
#[tokio::test]
async fn no_more_than_the_first_fragment_is_read_where_no_more_is_wanted() {
    let endpoint = endpoint(|request| match chosen(request) {
        0 => Action::reply(pattern(2_000_000)),
        other => Action::reply(vec![other; 8]),
    });
    let line = LockstepLine::to(endpoint.address()).unwrap();
    let address = line.address().parse().unwrap();
    let login = common::login(Endpoint::USER, Endpoint::PASSWORD);
    let options = patient();
    let session = SmbSession::connect(&address, &login, &options);
    let session = session.await.unwrap();
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    let short = Prepared::of(&Any(vec![5; 4])).unwrap();
    let long = Prepared::of(&Any(vec![0; 4])).unwrap().first_fragment();
    let calls = [short.clone(), long, short.first_fragment()];
    let mut replies = pipe.calls(&calls[..2]).unwrap();
    let reply = replies.next().await.unwrap();
    assert_eq!(reply.outcome.unwrap(), CallOutcome::Reply(vec![5; 8]));
    let begun = replies.next().await.unwrap();
    assert_eq!(begun.index, 1);
    assert_eq!(begun.outcome.unwrap(), CallOutcome::Begun);
    assert!(replies.next().await.is_none());
    drop(replies);
    assert!(!pipe.is_usable(), "the rest would be read by the next call");
    const READ: u16 = 8;
    let reads = line.flights().concat();
    assert!(!reads.contains(&READ), "{reads:?}");
    // A reply that is one fragment is whole, and the pipe as good as before.
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    let mut replies = pipe.calls(&calls[2..]).unwrap();
    let reply = replies.next().await.unwrap();
    assert_eq!(reply.outcome.unwrap(), CallOutcome::Reply(vec![5; 8]));
    drop(replies);
    assert!(pipe.is_usable());
}

/// Long replies of several servers that share a budget come one after the other, each whole.
#[tokio::test]
async fn long_replies_that_share_a_budget_all_come() {
    let stub = pattern(1_000_000);
    let sent = stub.clone();
    let endpoint = endpoint(move |_| Action::reply(sent.clone()));
    let options = Options {
        reply_budget: ReplyBudget::new(1_200_000),
        ..patient()
    };
    let session = connect(&endpoint, options).await;
    let calls = (0..6).map(async |_| {
        let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
        pipe.call(&Any(vec![1; 4])).await.unwrap() == stub
    });
    assert_eq!(futures::future::join_all(calls).await, [true; 6]);
}

/// Given up with replies outstanding, the pipe is of no more use.
#[tokio::test]
async fn replies_that_are_not_awaited_cost_the_pipe() {
    let endpoint = endpoint(|request| Action::reply(request.stub.clone()));
    let session = connect(&endpoint, patient()).await;
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    let calls = [4, 5].map(|first| Prepared::of(&Any(vec![first; 4])).unwrap());
    let mut replies = pipe.calls(&calls).unwrap();
    assert_eq!(replies.next().await.unwrap().index, 0);
    drop(replies);
    assert!(!pipe.is_usable());
    let error = pipe.call(&Any(vec![6; 4])).await.unwrap_err();
    assert_eq!(error.kind, SmbErrorKind::PipeUnusable);
}

/// What cannot be proved with several calls in flight is not believed, and the
/// next pipe of the session carries one call at a time.
#[tokio::test]
async fn order_is_proved_with_calls_in_flight_too() {
    let stub = pattern(60_000);
    let sent = stub.clone();
    for hint in [
        Hint::Zero,
        Hint::Fixed(4096),
        Hint::Off(100),
        Hint::Off(-100),
    ] {
        let sent = sent.clone();
        let endpoint = endpoint(move |_| Reply::new(sent.clone()).hint(hint).into());
        let session = connect(&endpoint, patient()).await;
        let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
        let came = together(&mut pipe, &[1, 2]).await;
        let error = came[0].as_ref().err();
        if let Some(error) = error {
            assert!(error.is_due_to_haste(), "{hint:?}: {error:?}");
            assert!(!pipe.is_usable(), "{hint:?}");
        } else {
            // A hint that is too large by as much each time still falls.
            assert_eq!(hint, Hint::Off(100));
            assert!(came[0].as_ref().unwrap() == &stub, "{hint:?}");
            continue;
        }
        let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
        let came = together(&mut pipe, &[1, 2]).await;
        for reply in came {
            assert!(reply.unwrap() == stub, "{hint:?}: not what was sent");
        }
    }
}

/// Fewer fragments than the first promised, and more.
#[tokio::test]
async fn fragments_that_were_not_promised() {
    let endpoint = endpoint(|request| {
        let reply = Reply::new(pattern(60_000));
        match chosen(request) {
            // Less is announced than comes, and more.
            0 => reply.hint(Hint::Off(-8000)).into(),
            1 => reply.hint(Hint::Off(8000)).into(),
            _ => Action::reply(vec![0; 4]),
        }
    });
    let options = Options {
        reply_timeout: Duration::from_secs(3),
        ..patient()
    };
    for shape in [0, 1] {
        let session = connect(&endpoint, options.clone()).await;
        let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
        let reply = pipe.call(&Any(vec![shape; 4])).await;
        // Never a part of it for the whole.
        match reply {
            Ok(stub) => assert!(stub == pattern(60_000), "shape {shape}"),
            Err(error) => {
                assert!(matches!(error.kind, SmbErrorKind::Rpc(_)), "{error:?}");
                assert!(!pipe.is_usable());
            }
        }
        let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
        assert!(pipe.call(&Any(vec![9; 4])).await.is_ok());
    }
}

/// An idle connection is asked for a sign of life; one whose line has gone
/// silent is noticed to be dead.
#[tokio::test]
async fn an_idle_connection_is_kept_or_found_dead() {
    use smbwho_testkit::{Cut, CutLine, Direction, SlowLine};
    let endpoint = endpoint(|_| Action::reply(vec![0; 4]));
    let login = common::login(Endpoint::USER, Endpoint::PASSWORD);
    let options = Options {
        keep_alive: Some(Duration::from_millis(100)),
        reply_timeout: Duration::from_secs(2),
        ..patient()
    };
    let line = SlowLine::to(endpoint.address(), Duration::ZERO).unwrap();
    let address = line.address().parse().unwrap();
    let session = SmbSession::connect(&address, &login, &options)
        .await
        .unwrap();
    let before = line.bytes(Direction::ToClient);
    until("nothing was asked", || {
        line.bytes(Direction::ToClient) > before
    })
    .await;
    assert!(session.is_connected());

    // Carries the sign-in, and then nothing more.
    let carried = line.bytes(Direction::ToServer);
    drop(session);
    let bytes = carried - carried % 4;
    let line = CutLine::to(endpoint.address(), Direction::ToServer, bytes, Cut::Stall).unwrap();
    let address = line.address().parse().unwrap();
    let session = SmbSession::connect(&address, &login, &options)
        .await
        .unwrap();
    until("nobody noticed", || !session.is_connected()).await;
}

/// Of many calls those that did not leave yet are taken back; what left is answered, and the
/// pipe is as good as before.
#[tokio::test]
async fn calls_that_did_not_leave_are_taken_back() {
    const CALLS: usize = 100;
    let endpoint = endpoint(|request| Action::reply(request.stub.clone()));
    let session = connect(&endpoint, patient()).await;
    let mut pipe = session.open_pipe(&SRVSVC).await.unwrap();
    let call = |number: u8| Prepared::of(&Any(vec![number; 4])).unwrap();
    let calls: Vec<Prepared> = (0..CALLS as u8).map(call).collect();
    let mut replies = pipe.calls(&calls).unwrap();
    let first = replies.next().await.unwrap();
    assert_eq!(first.outcome.unwrap(), CallOutcome::Reply(vec![0; 4]));
    let withdrawn = replies.withdraw();
    assert!(withdrawn.len() > CALLS / 2, "{withdrawn:?}");
    assert!(replies.withdraw().is_empty());
    let mut answered = vec![0];
    while let Some(reply) = replies.next().await {
        reply.outcome.unwrap();
        answered.push(reply.index);
    }
    drop(replies);
    answered.extend(&withdrawn);
    assert_eq!(answered, (0..CALLS).collect::<Vec<_>>());
    assert_eq!(endpoint.requests().len(), CALLS - withdrawn.len());
    assert_eq!(pipe.call(&Any(vec![7; 4])).await.unwrap(), [7; 4]);
}
