//! Connections as Windows tells them, which Samba does not: an RPC endpoint of
//! our own stands behind a real smbd.

mod common;

use std::time::Duration;

use common::{at, endpoint};
use smbwho::{Connection, ConnectionLevel, ErrorKind, ShareKind};
use smbwho_msrpc::srvsvc::Container;
use smbwho_msrpc::srvsvc::connection::{
    ConnectEnumUnion, ConnectionInfo0, ConnectionInfo1, NetrConnectionEnumReply,
    NetrConnectionEnumRequest,
};
use smbwho_msrpc::types::WString;
use smbwho_testkit::{Action, Endpoint, LabSession, Request, SessionRequest, SessionService};

const INVALID_LEVEL: u32 = 124;
const CLIENT_NOT_FOUND: u32 = 2312;
const USER_NOT_FOUND: u32 = 2221;

/// Two connections, of ids that must not go negative, to whatever is asked;
/// the clients `\\nobody` and `\\::ffff:10.0.0.7` have none. There is a session
/// from 10.0.0.7.
fn answer(request: &Request, levels: &[u32]) -> Action {
    if request.opnum == SessionRequest::OPNUM {
        let sessions = vec![LabSession::new(r"\\10.0.0.7", "alice")];
        return SessionService::new(sessions).answer(request);
    }
    let asked = NetrConnectionEnumRequest::from_stub(&request.stub).expect("a request");
    let qualifier = asked.qualifier.expect("a qualifier").to_string_lossy();
    let text = |text: &str| WString::new(text).expect("fit to be sent");
    let (alice, bob) = (text("alice"), text("bob"));
    let name = text(if qualifier.starts_with('\\') {
        "data"
    } else {
        "ws1"
    });
    let row = |id, user| ConnectionInfo1 {
        id,
        kind: 0x8000_0000,
        num_opens: 7,
        num_users: 1,
        time: 3600,
        username: user,
        netname: Some(name.as_wstr()),
    };
    let full = [
        row(1, Some(alice.as_wstr())),
        row(u32::MAX, Some(bob.as_wstr())),
    ];
    let ids = [ConnectionInfo0 { id: 1 }, ConnectionInfo0 { id: u32::MAX }];
    let status = match qualifier.as_str() {
        r"\\nobody" => CLIENT_NOT_FOUND,
        r"\\::ffff:10.0.0.7" => USER_NOT_FOUND,
        _ if levels.contains(&asked.level) => 0,
        _ => INVALID_LEVEL,
    };
    let reply = NetrConnectionEnumReply {
        level: asked.level,
        connections: match (asked.level, status) {
            (0, 0) => ConnectEnumUnion::Level0(Some(Container::of(&ids).expect("few"))),
            (0, _) => ConnectEnumUnion::Level0(None),
            (_, 0) => ConnectEnumUnion::Level1(Some(Container::of(&full).expect("few"))),
            _ => ConnectEnumUnion::Level1(None),
        },
        total_entries: 2,
        resume_handle: Some(0),
        status,
    };
    Action::reply(reply.to_stub().expect("a reply"))
}

fn serving(levels: &'static [u32]) -> Endpoint {
    let endpoint = endpoint().start(move |request| answer(request, levels));
    endpoint.expect("an endpoint")
}

#[tokio::test]
async fn everything_is_told_at_level_1() {
    let endpoint = serving(&[0, 1]);
    let server = at(&endpoint).await;
    let to = server.connections_to("data").collect().await;
    let to = to.expect("connections").rows;
    assert_eq!(to.len(), 2);
    assert_eq!(to[1].id, Some(4_294_967_295));
    assert_eq!(to[0].kind, Some(ShareKind(0x8000_0000)));
    assert_eq!((to[0].opens, to[0].users), (Some(7), Some(1)));
    assert_eq!(to[0].active, Some(Duration::from_secs(3600)));
    assert_eq!(to[0].user.as_deref(), Some("alice"));
    assert_eq!(to[0].name.as_deref(), Some("ws1"));
    assert!(!to[0].made_up);
    let from = server.connections_from("ws1").user("B*").collect().await;
    let from = from.expect("connections").rows;
    assert_eq!(from.len(), 1);
    assert_eq!(from[0].name.as_deref(), Some("data"));
    let asked: Vec<String> = endpoint
        .requests()
        .iter()
        .map(|request| {
            let asked = NetrConnectionEnumRequest::from_stub(&request.stub).expect("a request");
            asked.qualifier.expect("a qualifier").to_string_lossy()
        })
        .collect();
    assert_eq!(asked, ["data", r"\\ws1"]);
}

#[tokio::test]
async fn level_0_tells_ids() {
    let endpoint = serving(&[0]);
    let server = at(&endpoint).await;
    let rows = server.connections_from(r"\\ws1").collect().await;
    let rows = rows.expect("connections").rows;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    assert_eq!(ids, [Some(1), Some(u32::MAX)]);
    let mut rest = rows[0].clone();
    rest.id = None;
    assert_eq!(rest, Connection::unknown(ConnectionLevel::L0));
    assert!(
        server
            .connections_to("data")
            .user("bob")
            .collect()
            .await
            .is_err()
    );
    let query = server.connections_to("data").user("bob");
    let error = query.level(ConnectionLevel::L0).collect().await;
    let error = error.expect_err("not told");
    assert!(
        matches!(error.kind(), ErrorKind::LevelTellsNot { level: 0, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_that_the_server_does_not_know_has_none() {
    let endpoint = serving(&[0, 1]);
    let server = at(&endpoint).await;
    let rows = server.connections_from("nobody").collect().await;
    assert!(rows.expect("an answer").rows.is_empty());
}

#[tokio::test]
async fn a_client_is_asked_for_by_the_name_that_its_sessions_have() {
    let endpoint = serving(&[0, 1]);
    let server = at(&endpoint).await;
    let rows = server.connections_from("::ffff:10.0.0.7").collect().await;
    assert_eq!(rows.expect("an answer").rows.len(), 2);
    let asked = endpoint.requests();
    let mut asked = asked.iter().filter(|r| r.opnum != SessionRequest::OPNUM);
    let last = asked.next_back().expect("a request");
    let last = NetrConnectionEnumRequest::from_stub(&last.stub).expect("a request");
    let qualifier = last.qualifier.expect("a qualifier").to_string_lossy();
    assert_eq!(qualifier, r"\\10.0.0.7");
}

#[tokio::test]
async fn a_client_of_endless_name_is_not_sent() {
    let endpoint = serving(&[0, 1]);
    let server = at(&endpoint).await;
    let rows = server.connections_from("x".repeat(1025)).collect().await;
    let error = rows.expect_err("too long");
    assert!(
        matches!(error.kind(), ErrorKind::Unsayable { .. }),
        "{error}"
    );
    assert!(endpoint.requests().is_empty());
}
