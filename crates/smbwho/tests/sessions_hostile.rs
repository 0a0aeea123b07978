//! Servers that lie, stop, or never end: a clear error or a partial answer,
//! within the time limit. An RPC endpoint of our own behind a real smbd.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::{at, endpoint, impatient, serving};
use futures::StreamExt as _;
use smbwho::{
    ConnectOptions, Error, ErrorKind, ListBudget, Login, Rows, Secret, Server, Session,
    SmbErrorKind,
};
use smbwho_testkit::{
    Action, Bind, Endpoint, LabSession, Order, Reply, Request, SessionReply, SessionRequest,
    SessionService,
};

/// A well-formed level 502 reply of so many sessions.
fn stub(sessions: u32) -> Vec<u8> {
    let sessions: Vec<LabSession> = (0..sessions).map(LabSession::numbered).collect();
    SessionReply {
        level: 502,
        sessions: Some(&sessions),
        total: 0,
        resume: None,
        status: 0,
    }
    .encode()
}

fn answering(action: impl Fn(&Request) -> Action + Send + Sync + 'static) -> Endpoint {
    endpoint().start(action).expect("an endpoint")
}

async fn ask(endpoint: &Endpoint) -> Result<Rows<Session>, Error> {
    let began = Instant::now();
    let answer = impatient(endpoint).await.sessions().collect().await;
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "took {:?}",
        began.elapsed()
    );
    answer
}

async fn fails(endpoint: &Endpoint) -> Error {
    let error = ask(endpoint).await.expect_err("no good answer");
    assert!(error.hint().is_some(), "no hint: {error}");
    error
}

fn malformed(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Malformed { .. })
}

#[tokio::test]
async fn a_count_of_four_milliards() {
    let mut stub = stub(2);
    // EntriesRead, then the conformance count: bytes 12 and 20.
    stub[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    stub[20..24].copy_from_slice(&u32::MAX.to_le_bytes());
    let endpoint = answering(move |_| Action::reply(stub.clone()));
    let error = fails(&endpoint).await;
    assert!(malformed(&error), "{error}");
}

#[tokio::test]
async fn a_reply_cut_anywhere() {
    let whole = stub(3);
    let length = whole.len();
    let cut = std::sync::Arc::new(AtomicUsize::new(0));
    let at_byte = std::sync::Arc::clone(&cut);
    let endpoint =
        answering(move |_| Action::reply(whole[..at_byte.load(Ordering::SeqCst)].to_vec()));
    let server = impatient(&endpoint).await;
    for byte in 0..length {
        cut.store(byte, Ordering::SeqCst);
        let error = server.sessions().collect().await.expect_err("cut");
        assert!(malformed(&error), "cut at {byte}: {error}");
    }
}

/// Rows of a long reply are given out in parts, but none before the last was found good.
#[tokio::test]
async fn a_long_reply_that_is_bad_at_its_end_gives_no_row() {
    let mut whole = stub(3_000);
    whole.truncate(whole.len() - 20);
    let endpoint = answering(move |_| Action::reply(whole.clone()));
    let server = impatient(&endpoint).await;
    let pages = server.sessions().pages().collect::<Vec<_>>().await;
    let error = match &pages[..] {
        [Err(error)] => error,
        other => panic!("{other:?}"),
    };
    assert!(malformed(error), "{error}");
}

#[tokio::test]
async fn another_level_than_was_asked() {
    let sessions = [LabSession::new("ws", "alice")];
    let stub = SessionReply {
        level: 10,
        sessions: Some(&sessions),
        total: 1,
        resume: None,
        status: 0,
    }
    .encode();
    let endpoint = answering(move |_| Action::reply(stub.clone()));
    // It is what it is, and only that.
    let told = ask(&endpoint).await.expect("a level of ours").rows;
    assert_eq!(told[0].level, Some(smbwho::Level::L10));
    let asked = impatient(&endpoint).await;
    let asked = asked.sessions().level(smbwho::Level::L1).collect().await;
    let error = asked.expect_err("not what was asked for");
    assert!(malformed(&error), "{error}");
}

#[tokio::test]
async fn string_lengths_that_cannot_be() {
    let whole = stub(1);
    let client: Vec<u8> = r"\\10.0.0"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let text = whole
        .windows(client.len())
        .position(|w| w == client)
        .expect("the client");
    // Before the text: maximum count, offset, actual count.
    for (field, value) in [(12, 0), (12, 3), (8, 1), (4, 0), (4, 9_999), (4, u32::MAX)] {
        let mut stub = whole.clone();
        stub[text - field..text - field + 4].copy_from_slice(&u32::to_le_bytes(value));
        let endpoint = answering(move |_| Action::reply(stub.clone()));
        let error = fails(&endpoint).await;
        assert!(malformed(&error), "{field} {value}: {error}");
    }
}

#[tokio::test]
async fn the_answer_to_another_call() {
    let endpoint = answering(|_| Action::Reply(Reply::new(stub(1)).wrong_call_id(7)));
    let error = fails(&endpoint).await;
    assert!(matches!(smb(&error), SmbErrorKind::Rpc(_)), "{error}");
}

#[tokio::test]
async fn the_pipe_closed_in_the_middle() {
    let endpoint = answering(|_| Action::Reply(Reply::new(stub(2000)).drop_after(3)));
    let error = fails(&endpoint).await;
    assert!(
        matches!(smb(&error), SmbErrorKind::PipeBroken { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn silence_from_the_start_and_in_the_middle() {
    let endpoint = answering(|_| Action::Silence);
    let error = fails(&endpoint).await;
    assert!(matches!(smb(&error), SmbErrorKind::TimedOut), "{error}");
    let endpoint = answering(|_| Action::Reply(Reply::new(stub(2000)).silence_after(3)));
    let error = fails(&endpoint).await;
    assert!(matches!(smb(&error), SmbErrorKind::TimedOut), "{error}");
    let endpoint = self::endpoint()
        .bind(Bind::Silence)
        .start(|_| Action::Drop)
        .expect("endpoint");
    let error = fails(&endpoint).await;
    assert!(matches!(smb(&error), SmbErrorKind::TimedOut), "{error}");
}

#[tokio::test]
async fn fragments_out_of_order() {
    let endpoint = answering(|_| Action::Reply(Reply::new(stub(2000)).order(Order::Swapped(2, 5))));
    let error = fails(&endpoint).await;
    assert!(matches!(smb(&error), SmbErrorKind::Rpc(_)), "{error}");
}

#[tokio::test]
async fn garbage_instead_of_a_reply() {
    let endpoint = answering(|_| Action::Raw(vec![vec![0xff; 4000]]));
    let error = fails(&endpoint).await;
    assert!(matches!(smb(&error), SmbErrorKind::Rpc(_)), "{error}");
}

#[tokio::test]
async fn a_bind_refused() {
    let endpoint = endpoint()
        .bind(Bind::Reject(1))
        .start(|_| Action::Drop)
        .expect("an endpoint");
    let error = fails(&endpoint).await;
    assert!(matches!(smb(&error), SmbErrorKind::Rpc(_)), "{error}");
    assert_eq!(error.step().as_str(), "bind");
}

#[tokio::test]
async fn a_resume_handle_that_never_moves() {
    let endpoint = serving(SessionService::numbered(50).stuck().page(10));
    let answer = ask(&endpoint).await.expect("rows");
    // The first page; the second one is the same and brings nothing new.
    let error = answer.missing.expect("an end");
    assert!(matches!(error.kind(), ErrorKind::Stalled { .. }), "{error}");
    assert_eq!(answer.rows.len(), 10, "once each");
    let richest = endpoint.session_requests();
    let richest = richest.iter().filter(|asked| asked.level == 502);
    assert!(richest.count() <= 2);
}

#[tokio::test]
async fn resume_handles_that_go_in_a_circle() {
    let turn = AtomicUsize::new(0);
    let endpoint = answering(move |_| {
        let handle = [10, 20, 30][turn.fetch_add(1, Ordering::SeqCst) % 3];
        let sessions = [LabSession::new("ws", "alice")];
        let reply = SessionReply {
            level: 502,
            sessions: Some(&sessions),
            total: 99,
            resume: Some(handle),
            status: 234,
        };
        Action::reply(reply.encode())
    });
    let answer = ask(&endpoint).await.expect("rows");
    assert!(matches!(
        answer.missing.expect("an end").kind(),
        ErrorKind::Stalled { .. }
    ));
    // Every page is the same but for its handle, which is part of it.
    assert_eq!(endpoint.requests().len(), 4);
}

#[tokio::test]
async fn more_announced_and_none_sent() {
    let endpoint = answering(|_| {
        let reply = SessionReply {
            level: 502,
            sessions: Some(&[]),
            total: 9,
            resume: Some(5),
            status: 234,
        };
        Action::reply(reply.encode())
    });
    // At no level it is an answer: nobody is told that there are no sessions.
    let error = ask(&endpoint).await.expect_err("no answer");
    assert!(matches!(error.kind(), ErrorKind::Refused { .. }), "{error}");
}

/// Pages without end, each of 300 names of 30,000 letters.
fn without_end() -> Endpoint {
    let long = "u".repeat(30_000);
    let page: Vec<LabSession> = (0..300)
        .map(|number| LabSession::new("ws", &format!("{long}{number}")))
        .collect();
    let turn = AtomicUsize::new(0);
    answering(move |_| {
        let handle = u32::try_from(turn.fetch_add(1, Ordering::SeqCst)).expect("few") + 1;
        let reply = SessionReply {
            level: 1,
            sessions: Some(&page),
            total: u32::MAX,
            resume: Some(handle),
            status: 234,
        };
        Action::reply(reply.encode())
    })
}

#[tokio::test]
async fn more_bytes_than_any_list_has() {
    let endpoint = without_end();
    let server = at(&endpoint).await;
    let sessions = server.sessions().level(smbwho::Level::L1);
    let answer = sessions.collect().await.expect("what came");
    let error = answer.missing.expect("an end");
    assert!(matches!(error.kind(), ErrorKind::Stalled { .. }), "{error}");
    assert!(
        error.to_string().contains("more than any server holds"),
        "{error}"
    );
    // 96 MiB by 60 kB.
    assert!(
        (1_500..2_400).contains(&answer.rows.len()),
        "{}",
        answer.rows.len()
    );
}

/// Where other lists without end are under way, each has its part of what one may have.
#[tokio::test]
async fn lists_without_end_share_what_one_may_have() {
    let endpoint = without_end();
    let options = ConnectOptions {
        list_budget: ListBudget::new(32 << 20),
        ..ConnectOptions::default()
    };
    // Another list has its half already.
    assert!(options.list_budget.may_go_on("another server", 16 << 20));
    let address = endpoint.address().parse().expect("an address");
    let login = Login::ntlm("", Endpoint::USER, Secret::new(Endpoint::PASSWORD));
    let server = Server::connect_with(&address, &login, &options).await;
    let server = server.expect("signs in");
    let sessions = server.sessions().level(smbwho::Level::L1);
    let answer = sessions.collect().await.expect("what came");
    assert!(answer.missing.is_some());
    // 16 MiB by 60 kB, and no page more.
    assert!(
        (200..=600).contains(&answer.rows.len()),
        "{}",
        answer.rows.len()
    );
}

/// Lists that do come to an end are kept whole by a table, whoever sends them: of several only so
/// much together, and what there is of each.
#[tokio::test]
async fn lists_that_end_are_cut_where_all_are_kept() {
    let service = SessionService::numbered(3_000);
    let endpoint = answering(move |request| service.answer(request));
    let kept = ListBudget::kept(256 << 10);
    // Others have it all; this one gets the least, at some 260 bytes a row.
    for other in ["one", "another"] {
        assert_eq!(kept.room(other, 0, 256 << 10), 128 << 10);
    }
    let options = ConnectOptions {
        list_budget: kept,
        ..ConnectOptions::default()
    };
    let address = endpoint.address().parse().expect("an address");
    let login = Login::ntlm("", Endpoint::USER, Secret::new(Endpoint::PASSWORD));
    let server = Server::connect_with(&address, &login, &options).await;
    let server = server.expect("signs in");
    // Asked again, as a table that is followed is, it has as much as before.
    for _ in 0..2 {
        let sessions = server.sessions().level(smbwho::Level::L1);
        let answer = sessions.collect().await.expect("what came");
        assert!(
            (300..700).contains(&answer.rows.len()),
            "{}",
            answer.rows.len()
        );
        let error = answer.missing.expect("that they are not all");
        let rows = answer.rows.len();
        assert!(
            matches!(error.kind(), ErrorKind::TooLong { rows: kept, .. } if *kept == rows),
            "{error}"
        );
    }
}

/// Rows of four bytes on the wire would take a hundred times that here.
#[tokio::test]
async fn more_rows_in_a_reply_than_there_is_room_for() {
    let mut stub = Vec::new();
    let count = 3_000_000_u32;
    for long in [0, 0, 0x2_0000, count, 0x2_0004, count] {
        stub.extend_from_slice(&u32::to_le_bytes(long));
    }
    stub.resize(stub.len() + 4 * count as usize, 0);
    for long in [count, 0x2_0008, 0, 0_u32] {
        stub.extend_from_slice(&long.to_le_bytes());
    }
    let endpoint = answering(move |_| Action::reply(stub.clone()));
    let server = at(&endpoint).await;
    let told = server.sessions().level(smbwho::Level::L0).collect().await;
    let error = told.map(|told| told.rows.len()).expect_err("too many");
    assert!(matches!(error.kind(), ErrorKind::Stalled { .. }), "{error}");
}

#[tokio::test]
async fn a_failure_after_the_first_page_keeps_its_rows() {
    let service = SessionService::numbered(100).page(10);
    let endpoint = answering(move |request| {
        let asked = SessionRequest::decode(&request.stub).expect("a request");
        if asked.resume == Some(30) {
            Action::Drop
        } else {
            service.answer(request)
        }
    });
    let answer = ask(&endpoint).await.expect("rows");
    assert_eq!(answer.rows.len(), 30);
    assert!(answer.missing.is_some());
    assert!(answer.complete().is_err());
}

#[tokio::test]
async fn after_a_failure_the_server_can_be_asked_again() {
    let calls = AtomicUsize::new(0);
    let service = SessionService::numbered(5);
    let endpoint = answering(move |request| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => Action::Drop,
        1 => Action::Reply(Reply::new(stub(1)).wrong_call_id(1)),
        2 => Action::Fault(0x1c01_0014),
        _ => service.answer(request),
    });
    let server = at(&endpoint).await;
    // One call at a time, each over a pipe that is new.
    let sessions = || server.sessions().level(smbwho::Level::L502);
    for _ in 0..3 {
        sessions().collect().await.expect_err("a failure");
    }
    assert_eq!(sessions().collect().await.expect("sessions").rows.len(), 5);
}

fn smb(error: &Error) -> &SmbErrorKind {
    match error.kind() {
        ErrorKind::Smb(error) => &error.kind,
        other => panic!("{other:?}"),
    }
}
