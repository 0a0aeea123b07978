//! What Samba does not tell of itself: counters, a clock that is off, times of
//! a zone, hostile names, refusals of one part. An RPC endpoint of our own
//! stands behind a real smbd.

mod common;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::{at, connect, endpoint, impatient};
use smbwho::{ErrorKind, IdleLimit, LogonLevel, Outcome, Server};
use smbwho_msrpc::srvsvc::Container;
use smbwho_msrpc::srvsvc::server::{
    NetrServerGetInfoReply, NetrServerGetInfoRequest, ServerInfo, ServerInfo100, ServerInfo102,
};
use smbwho_msrpc::srvsvc::statistics::{NetrServerStatisticsGetReply, StatServer0};
use smbwho_msrpc::srvsvc::time::{NetrRemoteTODReply, TimeOfDayInfo};
use smbwho_msrpc::types::WString;
use smbwho_msrpc::wkssvc::user::{
    NetrWkstaUserEnumReply, WkstaUserEnumUnion, WkstaUserInfo0, WkstaUserInfo1,
};
use smbwho_testkit::{Action, Endpoint, LockstepLine, Request, SessionRequest, SessionService};

const ACCESS_DENIED: u32 = 5;
const INVALID_LEVEL: u32 = 124;
const MORE_DATA: u32 = 234;
const OP_RNG_ERROR: u32 = 0x1c01_0002;

const GET_INFO: u16 = 21;
const DISKS: u16 = 23;
const STATISTICS: u16 = 24;
const TIME: u16 = 28;

fn serving(answer: impl Fn(&Request) -> Action + Send + Sync + 'static) -> Endpoint {
    endpoint()
        .pipe("wkssvc")
        .start(answer)
        .expect("an endpoint")
}

/// The last four bytes of a question about one thing: its level.
fn level(request: &Request) -> u32 {
    u32::from_le_bytes(*request.stub.last_chunk().expect("a level"))
}

fn text(text: &str) -> WString {
    WString::new(text).expect("text")
}

fn denied_server(level: u32, status: u32) -> Action {
    let info = match level {
        102 => ServerInfo::Level102(None),
        101 => ServerInfo::Level101(None),
        _ => ServerInfo::Level100(None),
    };
    Action::reply(
        NetrServerGetInfoReply { info, status }
            .to_stub()
            .expect("a reply"),
    )
}

fn server_100(name: &str) -> Action {
    let name = text(name);
    let info = ServerInfo::Level100(Some(ServerInfo100 {
        platform_id: 500,
        name: Some(name.as_wstr()),
    }));
    Action::reply(
        NetrServerGetInfoReply { info, status: 0 }
            .to_stub()
            .expect("a reply"),
    )
}

fn server_102(name: &str, comment: &[u16]) -> Action {
    let (name, comment) = (text(name), WString::new(comment).expect("units"));
    let info = ServerInfo::Level102(Some(ServerInfo102 {
        platform_id: 500,
        name: Some(name.as_wstr()),
        version_major: 0xffff_fffa,
        version_minor: 0,
        kind: 0x0000_9003 | 0x0800_0000,
        comment: Some(comment.as_wstr()),
        users: u32::MAX,
        disc: 15,
        hidden: 1,
        announce: 240,
        anndelta: 3000,
        licenses: 0,
        userpath: None,
    }));
    Action::reply(
        NetrServerGetInfoReply { info, status: 0 }
            .to_stub()
            .expect("a reply"),
    )
}

/// A clock that is off by so many seconds, with hundredths, in Berlin in
/// winter.
fn time(off: i64) -> Action {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let secs = i64::try_from(now.as_secs()).expect("fits") + off;
    let time = TimeOfDayInfo {
        elapsedt: u32::try_from(secs).expect("before 2106"),
        msecs: 77,
        hours: 1,
        mins: 2,
        secs: 3,
        hunds: now.subsec_millis() / 10,
        timezone: -60,
        tinterval: 156,
        day: 4,
        month: 5,
        year: 2006,
        weekday: 6,
    };
    let reply = NetrRemoteTODReply {
        time: Some(time),
        status: 0,
    };
    Action::reply(reply.to_stub().expect("a reply"))
}

fn statistics(start: u32) -> Action {
    let info = StatServer0 {
        start,
        fopens: 7,
        devopens: 0,
        jobsqueued: 0,
        sopens: 8,
        stimedout: 9,
        serrorout: 10,
        pwerrors: 11,
        permerrors: 12,
        syserrors: 13,
        bytessent_low: 1,
        bytessent_high: 2,
        bytesrcvd_low: 3,
        bytesrcvd_high: 4,
        avresponse: 14,
        reqbufneed: 0,
        bigbufneed: 0,
    };
    let reply = NetrServerStatisticsGetReply {
        info: Some(info),
        status: 0,
    };
    Action::reply(reply.to_stub().expect("a reply"))
}

#[tokio::test]
async fn a_windows_like_server_tells_everything() {
    let start = SystemTime::now() - Duration::from_secs(86_400);
    let start = start
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs() as u32;
    let endpoint = serving(move |request| match (request.pipe, request.opnum) {
        ("srvsvc", GET_INFO) => server_102("FS1", &[0x61, 0xd800, 0x1b]),
        ("srvsvc", TIME) => time(300),
        ("srvsvc", STATISTICS) => statistics(start),
        _ => Action::Fault(OP_RNG_ERROR),
    });
    let info = at(&endpoint).await.info().await.expect("what it is");
    assert_eq!(info.name.as_deref(), Some("FS1"));
    // Or Windows would give it back for its own.
    let asked = endpoint.requests();
    let asked = asked
        .iter()
        .filter(|r| r.pipe == "srvsvc" && r.opnum == GET_INFO);
    let sent = asked.map(|r| NetrServerGetInfoRequest::from_stub(&r.stub).expect("a request"));
    let names: Vec<bool> = sent.map(|sent| sent.server_name.is_none()).collect();
    assert_eq!(names, [true; 3]);
    assert_eq!(info.comment.as_deref(), Some("a\\u{d800}\u{1b}"));
    assert_eq!(
        info.version.expect("a version").to_string(),
        "10.0",
        "the lower four bits"
    );
    assert_eq!(
        info.kind.expect("kind").names(),
        ["workstation", "server", "nt", "server_nt", "0x8000000"]
    );
    assert_eq!(info.max_users, Some(u32::MAX));
    assert_eq!(
        info.idle_limit,
        Some(IdleLimit::After(Duration::from_secs(900)))
    );
    assert_eq!(info.hidden, Some(true));

    let clock = info.clock.expect("its clock");
    let off = (clock.skew.millis - 300_000).unsigned_abs();
    let uncertain = clock.skew.uncertainty + Duration::from_millis(10);
    assert!(u128::from(off) <= uncertain.as_millis(), "{clock:?}");
    assert!(!clock.skew.is_within_uncertainty());
    assert_eq!(clock.utc_offset_minutes, Some(60));

    let counters = info.statistics.expect("counters");
    assert_eq!((counters.files_opened, counters.sessions_begun), (7, 8));
    assert_eq!(
        (counters.sessions_timed_out, counters.sessions_failed),
        (9, 10)
    );
    assert_eq!(
        (counters.password_errors, counters.permission_errors),
        (11, 12)
    );
    assert_eq!(counters.bytes_sent, 2 << 32 | 1);
    assert_eq!(counters.bytes_received, 4 << 32 | 3);
    assert_eq!(counters.average_response, Duration::from_millis(14));
    // By its own clock, which is five minutes ahead.
    let up = info.uptime().expect("uptime").as_secs();
    assert!((86_700..86_700 + 600).contains(&up), "{up}");
    assert_eq!(
        info.missing.len(),
        2,
        "disks and workstation: {:?}",
        info.missing
    );
    assert!(info.missing.iter().all(smbwho::Error::is_refusal));
}

#[tokio::test]
async fn a_clock_behind_is_negative_and_a_slow_reply_no_skew() {
    let endpoint = serving(|request| match (request.pipe, request.opnum) {
        ("srvsvc", GET_INFO) => server_100("FS1"),
        ("srvsvc", TIME) => time(-90),
        _ => Action::Fault(OP_RNG_ERROR),
    });
    let clock = at(&endpoint)
        .await
        .info()
        .await
        .expect("info")
        .clock
        .expect("its clock");
    let off = (clock.skew.millis + 90_000).unsigned_abs();
    assert!(
        u128::from(off) <= clock.skew.uncertainty.as_millis() + 10,
        "{clock:?}"
    );
}

#[tokio::test]
async fn levels_step_down_and_what_is_refused_is_kept() {
    let endpoint = serving(|request| match (request.pipe, request.opnum) {
        ("srvsvc", GET_INFO) => match level(request) {
            102 => denied_server(102, ACCESS_DENIED),
            101 => denied_server(101, INVALID_LEVEL),
            _ => server_100("OLD"),
        },
        ("srvsvc", TIME) => time(0),
        ("srvsvc", DISKS) => Action::reply(vec![0xff; 8]),
        _ => Action::Fault(ACCESS_DENIED),
    });
    let info = at(&endpoint).await.info().await.expect("what it is");
    assert_eq!(
        (info.name.as_deref(), info.server_level),
        (Some("OLD"), Some(100))
    );
    assert_eq!(
        (info.version, info.kind, &info.comment),
        (None, None, &None)
    );
    assert!(info.clock.is_some());
    let [disks, statistics, workstation] = &info.missing[..] else {
        panic!("{:?}", info.missing)
    };
    assert!(matches!(disks.kind(), ErrorKind::Malformed { .. }) && !disks.is_refusal());
    for refused in [statistics, workstation] {
        assert_eq!(
            refused.code().map(|code| code.number()),
            Some(5),
            "{refused}"
        );
    }
}

/// Every way not to answer at a level leads to the next, and what ends a pipe costs no other
/// part of the answer.
#[tokio::test]
async fn whatever_befalls_a_level_the_others_are_told() {
    for (what, action) in [
        ("another status", denied_server(102, 87)),
        ("a fault without a name", Action::Fault(0x1234_5678)),
        ("the pipe closed", Action::Drop),
        ("a reply that cannot be read", Action::reply(vec![0xff; 8])),
        ("another level", server_100("OLD")),
    ] {
        let endpoint = serving(move |request| match (request.pipe, request.opnum) {
            ("srvsvc", GET_INFO) => match level(request) {
                102 => action.clone(),
                101 => denied_server(101, INVALID_LEVEL),
                _ => server_100("OLD"),
            },
            ("srvsvc", TIME) => time(0),
            ("srvsvc", STATISTICS) => statistics(1_000_000_000),
            _ => Action::Fault(OP_RNG_ERROR),
        });
        let info = at(&endpoint).await.info().await.expect("what it is");
        assert_eq!(
            (info.name.as_deref(), info.server_level),
            (Some("OLD"), Some(100)),
            "{what}"
        );
        assert!(info.clock.is_some() && info.statistics.is_some(), "{what}");
    }
}

#[tokio::test]
async fn where_nothing_is_told_it_is_an_error() {
    let endpoint = serving(|_| Action::Fault(ACCESS_DENIED));
    let error = at(&endpoint).await.info().await.expect_err("nothing");
    assert_eq!(error.code().map(|code| code.number()), Some(5));
    assert!(error.to_string().contains("NetrServerGetInfo"), "{error}");
}

/// Whoever is logged on, at the level asked for; `page` users a reply.
fn logged_on(users: &[&str], status: u32, resume: Option<u32>, level: u32) -> Action {
    let names: Vec<WString> = users.iter().map(|user| text(user)).collect();
    let (domain, server) = (text("LAB"), text("DC1"));
    let zero: Vec<WkstaUserInfo0<'_>> = names
        .iter()
        .map(|name| WkstaUserInfo0 {
            username: Some(name.as_wstr()),
        })
        .collect();
    let one: Vec<WkstaUserInfo1<'_>> = names
        .iter()
        .map(|name| WkstaUserInfo1 {
            username: Some(name.as_wstr()),
            logon_domain: Some(domain.as_wstr()),
            oth_domains: None,
            logon_server: Some(server.as_wstr()),
        })
        .collect();
    let users = match level {
        0 => WkstaUserEnumUnion::Level0(Some(Container::of(&zero).expect("few"))),
        _ => WkstaUserEnumUnion::Level1(Some(Container::of(&one).expect("few"))),
    };
    let reply = NetrWkstaUserEnumReply {
        level,
        users,
        total_entries: names.len() as u32,
        resume_handle: resume,
        status,
    };
    Action::reply(reply.to_stub().expect("a reply"))
}

#[tokio::test]
async fn logged_on_users_come_page_by_page_and_are_chosen_by_name() {
    let endpoint = serving(|request| {
        assert_eq!((request.pipe, request.opnum), ("wkssvc", 2));
        match *request.stub.last_chunk::<4>().expect("a handle") {
            [0, 0, 0, 0] => logged_on(&["alice", "FS1$"], MORE_DATA, Some(9), 1),
            _ => logged_on(&["bob", "\u{1b}[2Jalien"], 0, Some(0), 1),
        }
    });
    let server = at(&endpoint).await;
    let logons = server
        .logons()
        .collect()
        .await
        .expect("logons")
        .complete()
        .expect("all");
    let users: Vec<&str> = logons
        .iter()
        .filter_map(|logon| logon.user.as_deref())
        .collect();
    assert_eq!(users, ["alice", "FS1$", "bob", "\u{1b}[2Jalien"]);
    assert_eq!(logons[0].domain.as_deref(), Some("LAB"));
    assert_eq!(logons[0].logon_server.as_deref(), Some("DC1"));
    assert_eq!(logons[0].other_domains, None);
    assert_eq!(
        (logons[0].level, logons[0].source.as_str()),
        (Some(LogonLevel::L1), "wkssvc")
    );
    let chosen = server
        .logons()
        .user("AL*")
        .collect()
        .await
        .expect("logons")
        .rows;
    assert_eq!(chosen.len(), 1);
}

#[tokio::test]
async fn logons_step_down_to_names_alone() {
    let endpoint = serving(|request| {
        // The level stands behind the server's name; only level 1 has a 1 there.
        let wide = request
            .stub
            .windows(8)
            .any(|pair| pair == [1, 0, 0, 0, 1, 0, 0, 0]);
        if wide {
            let users = WkstaUserEnumUnion::Level1(None);
            let reply = NetrWkstaUserEnumReply {
                level: 1,
                users,
                total_entries: 0,
                resume_handle: None,
                status: ACCESS_DENIED,
            };
            return Action::reply(reply.to_stub().expect("a reply"));
        }
        logged_on(&["alice"], 0, None, 0)
    });
    let logons = at(&endpoint)
        .await
        .logons()
        .collect()
        .await
        .expect("logons")
        .rows;
    let [logon] = &logons[..] else {
        panic!("{logons:?}")
    };
    assert_eq!(
        (logon.user.as_deref(), logon.level),
        (Some("alice"), Some(LogonLevel::L0))
    );
    assert_eq!((&logon.domain, &logon.logon_server), (&None, &None));
}

async fn outcomes(server: &Server, call: &str) -> Vec<Outcome> {
    let checks = server.doctor().await.checks;
    checks
        .into_iter()
        .filter(|check| check.call == call)
        .map(|check| check.outcome)
        .collect()
}

#[tokio::test]
async fn a_look_goes_on_where_a_pipe_breaks_and_stops_where_it_keeps_breaking() {
    let endpoint = serving(|request| match (request.pipe, request.opnum) {
        ("srvsvc", GET_INFO) => server_100("FS1"),
        _ => Action::Drop,
    });
    let server = at(&endpoint).await;
    let sessions = outcomes(&server, "NetrSessionEnum").await;
    let failed = sessions
        .iter()
        .filter(|outcome| matches!(outcome, Outcome::Failed(_)))
        .count();
    let left = sessions
        .iter()
        .filter(|outcome| matches!(outcome, Outcome::NotAsked))
        .count();
    assert_eq!((failed, left), (3, 2), "{sessions:?}");
    let workstation = outcomes(&server, "NetrWkstaGetInfo").await;
    assert!(
        matches!(workstation[0], Outcome::Failed(_)),
        "another pipe, another chance"
    );
}

#[tokio::test]
async fn a_silent_server_costs_a_look_one_wait_for_each_interface() {
    let endpoint = serving(|request| match request.opnum {
        GET_INFO if request.pipe == "srvsvc" => server_100("FS1"),
        _ => Action::Silence,
    });
    let server = impatient(&endpoint).await;
    let sessions = outcomes(&server, "NetrSessionEnum").await;
    assert!(matches!(sessions[0], Outcome::Failed(_)), "{sessions:?}");
    assert!(
        sessions[1..]
            .iter()
            .all(|outcome| matches!(outcome, Outcome::NotAsked))
    );
    let asked = endpoint
        .requests()
        .iter()
        .filter(|r| r.pipe == "srvsvc")
        .count();
    assert_eq!(asked, 6 + 1, "what it is, all at once, and one look");
}

/// Whether a list may be had shows in the first fragment; a server that sends all of it, whatever
/// length it was asked for, is not read any further.
#[tokio::test]
async fn a_look_reads_one_fragment_of_a_list_at_most() {
    let many = SessionService::numbered(20_000);
    let endpoint = endpoint().start(move |request| match SessionRequest::decode(&request.stub) {
        Ok(asked) if request.opnum == SessionRequest::OPNUM => {
            let whole = SessionRequest {
                preferred: u32::MAX,
                ..asked
            };
            Action::reply(many.stub(&whole))
        }
        _ if request.opnum == GET_INFO => server_100("FS1"),
        _ => Action::Fault(OP_RNG_ERROR),
    });
    let endpoint = endpoint.expect("an endpoint");
    let line = LockstepLine::to(endpoint.address()).expect("a line");
    let server = connect(&line.address(), Endpoint::USER, Endpoint::PASSWORD).await;
    let server = server.expect("signs in");
    let sessions = outcomes(&server, "NetrSessionEnum").await;
    let allowed = |outcome: &Outcome| matches!(outcome, Outcome::Allowed);
    assert!(
        sessions.len() == 5 && sessions.iter().all(allowed),
        "{sessions:?}"
    );
    let shares = outcomes(&server, "NetrShareEnum").await;
    assert!(matches!(shares[0], Outcome::NotThere(_)), "{shares:?}");
    const READ: u16 = 8;
    let reads = line.flights().concat();
    assert!(!reads.contains(&READ), "{reads:?}");
}
