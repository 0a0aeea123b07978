//! What Samba cannot answer: the levels it lacks, pages, refusals of each
//! kind, names of every kind. An RPC endpoint of our own stands behind a real
//! smbd.

mod common;

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use common::{at, connect, endpoint, row, serving, told};
use futures::{StreamExt, pin_mut};
use smbwho::{ErrorKind, Level, Name, Server};
use smbwho_testkit::{
    Action, Endpoint, LabSession, LockstepLine, RewritingLine, SessionReply, SessionRequest,
    SessionService,
};

const ACCESS_DENIED: u32 = 5;
const BAD_STUB_DATA: u32 = 0x6f7;

#[tokio::test]
async fn the_ladder_starts_at_the_top() {
    let endpoint = serving(SessionService::numbered(3));
    let server = at(&endpoint).await;
    let sessions = server
        .sessions()
        .collect()
        .await
        .expect("sessions")
        .complete()
        .expect("all");
    assert_eq!(sessions.len(), 3);
    for (number, session) in sessions.iter().enumerate() {
        let expected = LabSession::numbered(number as u32);
        assert_eq!(told(session), row(&expected));
        assert_eq!(session.level, Some(Level::L502));
        assert_eq!(session.client_type.as_deref(), Some("LabOS"));
        assert_eq!(session.transport.as_deref(), Some(r"\Device\LabTransport"));
    }
    // Two more levels are asked for in the same flight, and little of each.
    let asked = endpoint.session_requests();
    assert_eq!((asked[0].level, asked[0].preferred), (502, u32::MAX));
    assert!(asked.len() <= 3 && asked[1..].iter().all(|r| r.preferred == 1 << 20));
}

#[tokio::test]
async fn the_ladder_steps_down_to_each_level_and_remembers() {
    for (refused, answering, flights) in [
        (&[502][..], Level::L2, &[502, 2, 1][..]),
        (&[502, 2], Level::L1, &[502, 2, 1]),
        (&[502, 2, 1], Level::L10, &[502, 2, 1, 10, 0]),
        (&[502, 2, 1, 10], Level::L0, &[502, 2, 1, 10, 0]),
    ] {
        let service = refused
            .iter()
            .fold(SessionService::numbered(2), |service, &level| {
                service.refuse(level, ACCESS_DENIED)
            });
        let endpoint = serving(service);
        let server = at(&endpoint).await;
        for round in 1..=2 {
            let sessions = server.sessions().collect().await.expect("sessions").rows;
            assert!(
                sessions
                    .iter()
                    .all(|session| session.level == Some(answering)),
                "round {round}"
            );
            assert_eq!(sessions.len(), 2);
        }
        let asked: Vec<u32> = endpoint
            .session_requests()
            .iter()
            .map(|asked| asked.level)
            .collect();
        // What is behind the level that was granted is given up, and may never
        // have been looked at.
        assert!(asked.len() <= flights.len() + 1, "{asked:?}");
        let times = |level: u32| asked.iter().filter(|asked| **asked == level).count();
        assert!(
            refused.iter().all(|level| times(*level) == 1),
            "the second round starts where the first one ended: {asked:?}"
        );
        assert_eq!(times(answering.number()), 2, "{asked:?}");
    }
}

#[tokio::test]
async fn every_level_by_name_tells_what_it_has() {
    let endpoint = serving(SessionService::numbered(2));
    let server = at(&endpoint).await;
    for level in Level::LADDER {
        let sessions = server
            .sessions()
            .level(level)
            .collect()
            .await
            .expect("sessions")
            .rows;
        let session = &sessions[1];
        assert_eq!(session.level, Some(level));
        assert_eq!(session.client.as_deref(), Some("10.0.1"));
        assert_eq!(session.user.is_some(), level != Level::L0);
        assert_eq!(session.active.is_some(), level != Level::L0);
        assert_eq!(session.idle.is_some(), level != Level::L0);
        let opens = matches!(level, Level::L1 | Level::L2 | Level::L502);
        assert_eq!(session.opens.is_some(), opens);
        assert_eq!(session.flags.is_some(), opens);
        assert_eq!(
            session.client_type.is_some(),
            matches!(level, Level::L2 | Level::L502)
        );
        assert_eq!(session.transport.is_some(), level == Level::L502);
    }
}

#[tokio::test]
async fn an_idle_time_of_zero_is_believed_where_idle_times_are_kept() {
    let fresh = || vec![LabSession::new(r"\\ws1", "alice")];
    let windows = serving(SessionService::new(fresh()));
    let samba_like = serving(SessionService::new(fresh()).only_levels(&[0, 1]));
    let unprivileged = serving(
        [502, 2, 1]
            .into_iter()
            .fold(SessionService::new(fresh()), |service, level| {
                service.refuse(level, ACCESS_DENIED)
            }),
    );
    let idle = async |endpoint, level: Option<Level>| {
        let server = at(endpoint).await;
        let query = server.sessions();
        let query = if let Some(level) = level {
            query.level(level)
        } else {
            query
        };
        query.collect().await.expect("sessions").rows[0].idle
    };
    let zero = Some(std::time::Duration::ZERO);
    assert_eq!(idle(&windows, None).await, zero);
    assert_eq!(idle(&windows, Some(Level::L1)).await, zero);
    assert_eq!(idle(&windows, Some(Level::L10)).await, zero);
    assert_eq!(idle(&unprivileged, None).await, zero);
    assert_eq!(idle(&samba_like, None).await, None);
    assert_eq!(idle(&samba_like, Some(Level::L1)).await, None);
}

/// A long reply is read once; its rows are given out in parts, as if they were all there.
#[tokio::test]
async fn a_long_reply_comes_in_parts() {
    let idle_at_the_end = |idle_secs| {
        let mut sessions: Vec<_> = (0..3_000).map(LabSession::numbered).collect();
        sessions
            .iter_mut()
            .for_each(|session| session.idle_secs = 0);
        sessions[2_999].idle_secs = idle_secs;
        serving(SessionService::new(sessions).only_levels(&[0, 1]))
    };
    for idle_secs in [0, 7] {
        let endpoint = idle_at_the_end(idle_secs);
        let server = at(&endpoint).await;
        let pages: Vec<_> = server.sessions().pages().collect().await;
        let asked = endpoint.session_requests().len();
        let parts: Vec<_> = pages
            .into_iter()
            .map(|page| page.expect("rows").rows)
            .collect();
        assert!(parts.len() > 3 && parts.iter().all(|rows| rows.len() < 1_000));
        let rows = parts.concat();
        // Whether idle times are kept was known before the first row was told.
        let zero = (idle_secs > 0).then_some(std::time::Duration::ZERO);
        assert!(rows[..2_999].iter().all(|row| row.idle == zero));
        assert_eq!(rows[2_999].idle.is_some(), idle_secs > 0);
        let whole = server.sessions().collect().await.expect("sessions");
        assert_eq!(whole.complete().expect("all"), rows);
        assert!(asked <= 3, "{asked}");
    }
}

#[tokio::test]
async fn filters_hold_in_every_part() {
    let endpoint = serving(SessionService::numbered(3_000));
    let server = at(&endpoint).await;
    let query = server.sessions().user("USER00*7");
    let pages: Vec<_> = query.clone().pages().collect().await;
    let parts = pages.into_iter().map(|page| page.expect("rows").rows);
    let rows: Vec<_> = parts.flatten().collect();
    assert_eq!(rows.len(), 300);
    assert_eq!(query.collect().await.expect("sessions").rows, rows);
}

#[tokio::test]
async fn a_server_that_faults_on_a_level_it_lacks_is_asked_for_less() {
    let service = SessionService::numbered(1);
    let endpoint = endpoint()
        .start(move |request| {
            let level = request.stub[12..].chunks(4).find_map(|word| {
                let word = u32::from_le_bytes(word.try_into().ok()?);
                (word == 502).then_some(word)
            });
            match level {
                Some(_) => Action::Fault(BAD_STUB_DATA),
                None => service.answer(request),
            }
        })
        .expect("an endpoint");
    let sessions = at(&endpoint)
        .await
        .sessions()
        .collect()
        .await
        .expect("sessions")
        .rows;
    assert_eq!(sessions[0].level, Some(Level::L2));
}

#[tokio::test]
async fn refused_at_every_level_names_each() {
    let service = [502, 2, 1, 10, 0]
        .into_iter()
        .fold(SessionService::numbered(1), |service, level| {
            service.refuse(level, ACCESS_DENIED)
        });
    let endpoint = serving(service);
    let error = at(&endpoint)
        .await
        .sessions()
        .collect()
        .await
        .expect_err("refused");
    let ErrorKind::Refused { refused, .. } = error.kind() else {
        panic!("{error}")
    };
    let levels: Vec<u32> = refused.iter().map(|(level, _)| *level).collect();
    assert_eq!(levels, [502, 2, 1, 10, 0]);
    assert_eq!(error.code().map(|code| code.number()), Some(5));
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("SrvsvcSessionInfo"))
    );
}

/// Servers say in many words that they do not know a level, or what else keeps them from it.
#[tokio::test]
async fn every_refusal_of_a_level_leads_to_the_next() {
    const INVALID_FUNCTION: u32 = 1;
    const NOT_SUPPORTED: u32 = 50;
    const INVALID_PARAMETER: u32 = 87;
    const SERVER_NOT_STARTED: u32 = 2114;
    for status in [
        INVALID_PARAMETER,
        NOT_SUPPORTED,
        INVALID_FUNCTION,
        SERVER_NOT_STARTED,
        0xdead_beef,
    ] {
        let endpoint = serving(SessionService::numbered(1).refuse(502, status));
        let sessions = at(&endpoint).await.sessions().collect().await;
        let sessions = sessions.expect("sessions").rows;
        assert_eq!(sessions[0].level, Some(Level::L2), "{status}");
        let error = at(&endpoint).await.sessions().level(Level::L502).collect();
        let error = error.await.expect_err("refused");
        let code = error.code().map(|code| code.number());
        assert_eq!(code, Some(status.into()), "a level by name is that level");
    }
}

#[tokio::test]
async fn what_each_level_was_refused_with_is_told_when_none_is_left() {
    let service = [(502, 87), (2, 0xdead), (1, 2114), (10, 124), (0, 50)]
        .into_iter()
        .fold(SessionService::numbered(1), |service, (level, status)| {
            service.refuse(level, status)
        });
    let error = at(&serving(service)).await.sessions().collect().await;
    let error = error.expect_err("refused").to_string();
    for said in [
        "level 502: ",
        "level 2: 57005",
        "level 1: ",
        "level 10: ",
        "level 0: ",
    ] {
        assert!(error.contains(said), "{said}: {error}");
    }
}

/// What a server without level 502 may do with a request at that level.
#[tokio::test]
async fn a_level_that_is_not_answered_leads_to_the_next() {
    let sessions = [LabSession::new("ws", "alice")];
    let reply = |level: u32, total: u32, sessions: &[LabSession], status: u32| {
        let reply = SessionReply {
            level,
            sessions: Some(sessions),
            total,
            resume: Some(0),
            status,
        };
        Action::reply(reply.encode())
    };
    let service = SessionService::numbered(3);
    for (what, action) in [
        ("a fault without a name", Action::Fault(0x1234_5678)),
        ("a fault for the call", Action::Fault(0x0000_06e4)),
        ("a reply of nothing", Action::reply(Vec::new())),
        ("a reply that cannot be read", Action::reply(vec![0xff; 64])),
        ("a level that nobody knows", reply(77, 1, &[], 0)),
        (
            "a success that counts and sends none",
            reply(502, 3, &[], 0),
        ),
        ("more announced and none sent", reply(502, 3, &[], 234)),
        ("the pipe closed", Action::Drop),
        ("no PDU", Action::Raw(vec![vec![0xff; 100]])),
    ] {
        let service = service.clone();
        let endpoint = endpoint().start(move |request| {
            match SessionRequest::decode(&request.stub).map(|asked| asked.level) {
                Ok(502) => action.clone(),
                _ => service.answer(request),
            }
        });
        let endpoint = endpoint.expect("an endpoint");
        let server = at(&endpoint).await;
        for _ in 0..2 {
            let told = server.sessions().collect().await;
            let told = told.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(told.missing.is_none(), "{what}");
            assert_eq!(told.rows.len(), 3, "{what}");
            assert_eq!(told.rows[0].level, Some(Level::L2), "{what}");
        }
        let named = server.sessions().level(Level::L502).collect().await;
        named.map(|told| told.rows).expect_err(what);
    }
    // A server that has one level, and answers with it whatever is asked.
    let one = reply(10, 1, &sessions, 0);
    let endpoint = endpoint().start(move |_| one.clone()).expect("an endpoint");
    let server = at(&endpoint).await;
    for _ in 0..2 {
        let told = server.sessions().collect().await.expect("sessions").rows;
        assert_eq!(told[0].level, Some(Level::L10));
        assert_eq!(told[0].user.as_deref(), Some("alice"));
    }
    let named = server.sessions().level(Level::L502).collect().await;
    let error = named.expect_err("another level than was asked for");
    assert!(
        matches!(error.kind(), ErrorKind::Malformed { .. }),
        "{error}"
    );
}

/// Whether a server keeps idle times is looked up at level 502; of a list that comes without end
/// or limit in reply no more than the beginning is read.
#[tokio::test]
async fn a_level_by_name_reads_nothing_of_another() {
    let fresh = |count: u32| -> Vec<LabSession> {
        let sessions = (0..count).map(|number| LabSession::new("ws", &format!("user{number}")));
        sessions.collect()
    };
    let (few, many) = (fresh(5), fresh(20_000));
    let endpoint = endpoint().start(move |request| {
        let asked = SessionRequest::decode(&request.stub).expect("a request");
        let sessions = if asked.level == 502 { &many } else { &few };
        let reply = SessionReply {
            level: asked.level,
            sessions: Some(sessions),
            total: 5,
            resume: Some(0),
            status: 0,
        };
        Action::reply(reply.encode())
    });
    let endpoint = endpoint.expect("an endpoint");
    let line = LockstepLine::to(endpoint.address()).expect("a line");
    let server = connect(&line.address(), Endpoint::USER, Endpoint::PASSWORD).await;
    let server = server.expect("signs in");
    let zero = Some(std::time::Duration::ZERO);
    for level in [Level::L1, Level::L10] {
        let told = server.sessions().level(level).collect().await;
        let told = told.expect("sessions").rows;
        assert_eq!((told.len(), told[0].idle), (5, zero), "it has level 502");
    }
    const READ: u16 = 8;
    let reads = line.flights().concat();
    assert!(!reads.contains(&READ), "{reads:?}");
}

#[tokio::test]
async fn a_hundred_thousand_in_one_reply() {
    all_there_once_each(SessionService::numbered(100_000), 1).await;
}

#[tokio::test]
async fn a_hundred_thousand_in_pages_of_a_thousand() {
    all_there_once_each(SessionService::numbered(100_000).page(1000), 100).await;
}

/// However many parts a reply is given out in, no more replies are asked for.
async fn all_there_once_each(service: SessionService, replies: usize) {
    let endpoint = serving(service);
    let server = at(&endpoint).await;
    let stream = server.sessions().pages();
    pin_mut!(stream);
    let mut users: HashSet<Name> = HashSet::new();
    while let Some(page) = stream.next().await {
        for session in page.expect("a page").rows {
            assert!(
                users.insert(session.user.expect("a user")),
                "one came twice"
            );
        }
    }
    let asked = endpoint.session_requests();
    let asked = asked.iter().filter(|asked| asked.level == 502).count();
    assert_eq!((users.len(), asked), (100_000, replies));
    assert!(users.contains(&Name::from("user099999")));
}

#[tokio::test]
async fn small_pages_by_preferred_length() {
    let endpoint = serving(SessionService::numbered(500));
    let server = at(&endpoint).await;
    let sessions = server
        .sessions()
        .page_bytes(4096)
        .collect()
        .await
        .expect("sessions");
    assert_eq!(sessions.complete().expect("all").len(), 500);
    assert!(endpoint.session_requests().len() > 5);
}

#[tokio::test]
async fn a_preferred_length_too_small_for_one_is_enlarged() {
    let endpoint = serving(SessionService::numbered(500));
    let server = at(&endpoint).await;
    let sessions = server
        .sessions()
        .page_bytes(8)
        .collect()
        .await
        .expect("sessions");
    assert_eq!(sessions.complete().expect("all").len(), 500);
    let asked: Vec<u32> = endpoint
        .session_requests()
        .iter()
        .filter(|asked| asked.level == 502)
        .map(|asked| asked.preferred)
        .collect();
    assert_eq!(asked[..2], [8, 65536]);
}

#[tokio::test]
async fn no_filter_is_left_to_a_server_that_compares_letter_by_letter() {
    let service = SessionService::new(vec![
        LabSession::new(r"\10.0.0.7", r"LABAD\ann"),
        LabSession::new(r"\[::ffff:10.0.0.7]", "ann@lab.test"),
        LabSession::new(r"\[fe80::1%4]", "Ann"),
        LabSession::new(r"\127.0.0.1", "bob"),
    ]);
    let endpoint = serving(service);
    let server = at(&endpoint).await;
    let count = async |user: &str, client: &str| {
        let query = server.sessions().user(user).client(client);
        query.collect().await.expect("sessions").rows.len()
    };
    for (user, client, expected) in [
        ("ann", "*", 3),
        (r"labad\ANN", "*", 3),
        ("ann@lab.test", "*", 3),
        (r"OTHER\ann", "*", 2),
        ("an?", "*", 3),
        ("*", "10.0.0.7", 2),
        ("*", "::ffff:10.0.0.7", 2),
        ("*", r"\fe80::1", 1),
        ("*", "localhost", 1),
        ("*", &"x".repeat(2000), 0),
    ] {
        assert_eq!(count(user, client).await, expected, "{user} {client}");
    }
    let asked = endpoint.session_requests();
    let asked = asked.iter().map(|asked| (&asked.client, &asked.user));
    assert!(asked.clone().count() > 0 && asked.into_iter().all(|sent| sent == (&None, &None)));
}

#[tokio::test]
async fn names_near_the_one_asked_for_are_kept() {
    let service = SessionService::new(vec![
        LabSession::new(r"\ws1", r"LABAD\ann"),
        LabSession::new(r"\ws2", "bob"),
    ]);
    let endpoint = serving(service);
    let server = at(&endpoint).await;
    let user = smbwho::UserFilter::new("anne");
    let query = server.sessions().user(user.clone());
    assert!(query.collect().await.expect("nobody").rows.is_empty());
    assert_eq!(user.near(), [r"LABAD\ann"]);
}

#[tokio::test]
async fn not_found_with_a_filter_is_nobody() {
    const CLIENT_NAME_NOT_FOUND: u32 = 2312;
    const USER_NOT_FOUND: u32 = 2221;
    let refusing = |status| {
        let service = SessionService::numbered(1);
        serving(
            [502, 2, 1, 10, 0]
                .into_iter()
                .fold(service, |s, level| s.refuse(level, status)),
        )
    };
    // Which of the two comes has nothing to do with what was asked for.
    for status in [CLIENT_NAME_NOT_FOUND, USER_NOT_FOUND] {
        let endpoint = refusing(status);
        let server = at(&endpoint).await;
        let by_client = server.sessions().client("10.9.9.9").collect().await;
        assert!(by_client.expect("nobody").rows.is_empty(), "{status}");
        let by_user = server.sessions().user("zoe").collect().await;
        assert!(by_user.expect("nobody").rows.is_empty(), "{status}");
        assert!(server.sessions().collect().await.is_err(), "{status}");
    }
}

#[tokio::test]
async fn users_cannot_be_chosen_at_a_level_without_users() {
    let endpoint = serving(SessionService::numbered(1));
    let server = at(&endpoint).await;
    let query = server.sessions().level(Level::L0).user("alice");
    let error = query.collect().await.expect_err("no users there");
    assert!(
        matches!(error.kind(), ErrorKind::LevelTellsNoUser),
        "{error}"
    );
    assert!(endpoint.session_requests().is_empty());
}

#[tokio::test]
async fn every_name_survives() {
    let wide = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
    let names = [
        Some(wide("")),
        Some(wide("Zoë Ångström")),
        Some(wide("日本語 🦀")),
        Some(vec![0x61, 0xd83e, 0x62]),
        Some(vec![0xdfff]),
        Some(wide("\u{202e}evil\u{1b}[31m\r\n")),
        Some(wide(&"x".repeat(5000))),
        None,
    ];
    let sessions = names.iter().map(|name| LabSession {
        client: name.clone(),
        user: name.clone(),
        ..LabSession::default()
    });
    let endpoint = serving(SessionService::new(sessions.collect()));
    let rows = at(&endpoint)
        .await
        .sessions()
        .collect()
        .await
        .expect("sessions")
        .rows;
    assert_eq!(rows.len(), names.len());
    for (row, name) in rows.iter().zip(&names) {
        assert_eq!(row.user.as_ref().map(Name::to_utf16), *name);
        assert_eq!(row.client.as_ref().map(Name::to_utf16), *name);
    }
}

#[tokio::test]
async fn nobody_connected_is_an_empty_answer() {
    let endpoint = serving(SessionService::new(Vec::new()));
    let sessions = at(&endpoint)
        .await
        .sessions()
        .collect()
        .await
        .expect("an answer");
    assert!(sessions.rows.is_empty() && sessions.missing.is_none());
}

/// Client editions of Windows let 64 requests of a connection wait and fail those beyond: what
/// they failed is read later, and from then on fewer wait.
#[tokio::test]
async fn reads_too_many_for_the_server_are_made_up_for() {
    let service = SessionService::numbered(5000);
    let endpoint = endpoint().start(move |request| {
        let Action::Reply(reply) = service.answer(request) else {
            panic!("a reply");
        };
        reply.trickle(std::time::Duration::from_millis(1)).into()
    });
    let endpoint = endpoint.expect("an endpoint");
    let (line, failed) = RewritingLine::limiting_reads(endpoint.address(), 64).expect("a line");
    let address = line.address().parse().expect("an address");
    let options = common::options();
    let server = Server::connect_with(&address, &smbwho::Login::Anonymous, &options).await;
    let server = server.expect("signs in");
    let ask = async || {
        let sessions = server.sessions().level(Level::L502).collect().await;
        let rows = sessions
            .expect("sessions")
            .complete()
            .expect("all")
            .into_iter();
        let users: HashSet<Name> = rows.filter_map(|session| session.user).collect();
        (users.len(), failed.load(Ordering::Relaxed))
    };
    let (users, failed) = ask().await;
    assert!(
        users == 5000 && failed > 0,
        "{users} users, {failed} failed"
    );
    assert_eq!(ask().await, (5000, failed), "once is enough");
    assert_eq!(line.connections(), 1);
}
