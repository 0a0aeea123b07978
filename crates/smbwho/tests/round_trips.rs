//! How many round trips each question costs. Counted, not timed: a line that
//! lets client and server take turns says how often the client had to wait.
//! To each count the one of TCP is to be added.

mod common;

use std::time::Duration;

use common::{connect, samba};
use smbwho::{Closing, Server, SessionTarget};
use smbwho_testkit::{
    Action, Endpoint, LockstepLine, RewritingLine, Samba, SessionService, SlowLine,
};

const TCP: usize = 1;

/// Commands ([MS-SMB2] 2.2.1.2).
const NEGOTIATE: u16 = 0;
const SESSION_SETUP: u16 = 1;
const TREE_CONNECT: u16 = 3;
const CREATE: u16 = 5;
const IOCTL: u16 = 11;
const CLOSE: u16 = 6;

async fn over_a_line(samba: &Samba) -> (LockstepLine, Server) {
    let line = LockstepLine::to(samba.address()).expect("a line");
    let server = connect(&line.address(), "root", "adm").await;
    (line, server.expect("signs in"))
}

/// Round trips so far, TCP's included. Pipes that were given up are closed in
/// the background: nobody waits for that.
fn waited(line: &LockstepLine) -> usize {
    let flights = line.flights();
    let waited = flights
        .iter()
        .filter(|flight| flight.iter().any(|command| *command != CLOSE));
    TCP + waited.count()
}

#[tokio::test]
async fn sessions_down_the_ladder_take_six() {
    let samba = samba();
    let (line, server) = over_a_line(&samba).await;
    let sessions = server.sessions().collect().await.expect("sessions").rows;
    assert_eq!(sessions[0].level, Some(smbwho::Level::L1));
    assert_eq!(waited(&line), 6);
    assert_eq!(
        line.flights(),
        [
            &[NEGOTIATE][..],
            &[SESSION_SETUP],
            &[SESSION_SETUP],
            &[TREE_CONNECT, CREATE, IOCTL],
            &[IOCTL, IOCTL, IOCTL],
        ]
    );
    // The pipe is there, and the level is known.
    server.sessions().collect().await.expect("sessions");
    assert_eq!(waited(&line), 7);
    assert_eq!(line.flights()[5], [IOCTL]);
}

/// Below 3.1.1 the server confirms what was negotiated in the same chain.
#[tokio::test]
async fn an_older_dialect_takes_six_as_well() {
    let samba = Samba::builder()
        .admin("root", "adm")
        .global("server max protocol", "SMB3_02")
        .start()
        .expect("a lab");
    let (line, server) = over_a_line(&samba).await;
    server.sessions().collect().await.expect("sessions");
    assert_eq!(waited(&line), 6);
    assert_eq!(line.flights()[3], [TREE_CONNECT, IOCTL, CREATE, IOCTL]);
}

/// What ends a connection over the chain is remembered: every connection after
/// it connects to the share alone.
#[tokio::test]
async fn a_server_that_drops_the_chain_is_connected_to_once_more() {
    let samba = samba();
    let line = RewritingLine::fake_ksmbd(samba.address()).expect("a line");
    let guard = smbwho::LockoutGuard::new(1);
    let options = smbwho::ConnectOptions {
        guard: Some(guard.clone()),
        ..common::options()
    };
    let address = line.address().parse().expect("an address");
    let login = common::ntlm("root", "adm");
    let server = Server::connect_with(&address, &login, &options).await;
    let server = server.expect("signs in");
    let sessions = server.sessions().collect().await.expect("sessions").rows;
    assert!(!sessions.is_empty());
    assert_eq!(line.connections(), 2);
    server.shares().collect().await.expect("shares");
    assert_eq!(line.connections(), 2);
    line.cut();
    server.sessions().collect().await.expect("sessions again");
    assert_eq!(line.connections(), 3);
    assert_eq!((guard.refused(), guard.is_closed()), (0, false));
}

/// Keys are there in any session of SMB 3: where IPC$ alone demands encryption another
/// connection is encrypted as a whole, and so is every later one.
#[tokio::test]
async fn an_ipc_share_that_alone_demands_encryption_is_connected_to_once_more() {
    let samba = Samba::builder()
        .admin("root", "adm")
        .share("IPC$", &[("smb encrypt", "required")])
        .start()
        .expect("a lab");
    let line = SlowLine::to(samba.address(), Duration::ZERO).expect("a line");
    let server = connect(&line.address(), "root", "adm").await;
    let server = server.expect("signs in");
    let encryption = || server.facts().expect("facts").encryption;
    assert_eq!((encryption(), line.connections()), (None, 1));
    let sessions = server.sessions().collect().await.expect("sessions").rows;
    // The first connection may still be there.
    assert!(!sessions.is_empty());
    assert!(encryption().is_some());
    server.info().await.expect("told");
    assert_eq!(line.connections(), 2);
    // Before SMB 3 there is nothing to encrypt with.
    let samba = Samba::builder()
        .admin("root", "adm")
        .global("server max protocol", "SMB2_10")
        .share("IPC$", &[("smb encrypt", "required")])
        .start()
        .expect("a lab");
    let line = SlowLine::to(samba.address(), Duration::ZERO).expect("a line");
    let server = connect(&line.address(), "root", "adm").await;
    let error = server.expect("signs in").sessions().collect().await;
    assert_eq!(error.expect_err("refused").step(), smbwho::Step::Share);
    assert_eq!(line.connections(), 1);
}

#[tokio::test]
async fn a_level_by_name_takes_no_more() {
    let samba = samba();
    let (line, server) = over_a_line(&samba).await;
    let sessions = server.sessions().level(smbwho::Level::L1).collect().await;
    // Whether it keeps idle times was found out by the way.
    assert_eq!(sessions.expect("sessions").rows[0].idle, None);
    assert_eq!(waited(&line), 6);
}

#[tokio::test]
async fn files_with_their_clients_take_six() {
    let samba = samba();
    let _held = samba
        .hold_file("alice", "a", "costs.txt")
        .expect("a file held open");
    let (line, server) = over_a_line(&samba).await;
    let files = server.files().collect().await.expect("files").rows;
    assert!(files.iter().any(|file| file.client.is_some()), "{files:?}");
    assert_eq!(waited(&line), 6, "{:?}", line.flights());
}

#[tokio::test]
async fn who_has_a_file_takes_seven() {
    let samba = samba();
    let _held = samba
        .hold_file("alice", "a", "costs.txt")
        .expect("a file held open");
    let (line, server) = over_a_line(&samba).await;
    let place = server.locate("data", "costs.txt").await.expect("a place");
    let files = server.files().place(place).collect().await.expect("files");
    assert_eq!(files.rows.len(), 1);
    // Where the share lies must be known before the files are asked for, and
    // the pipe for the sessions is opened meanwhile. On Samba it is one more
    // for the sessions themselves.
    assert!(waited(&line) <= 8, "{:?}", line.flights());
}

#[tokio::test]
async fn shares_take_six_with_their_uses() {
    let samba = samba();
    let (line, server) = over_a_line(&samba).await;
    let shares = server.shares().collect().await.expect("shares").rows;
    assert!(shares.iter().all(|share| share.max_uses.is_some()));
    assert_eq!(waited(&line), 6, "{:?}", line.flights());
    server.share("data").await.expect("a share");
    assert!(waited(&line) <= 8, "{:?}", line.flights());
}

#[tokio::test]
async fn what_a_server_is_takes_six() {
    let samba = samba();
    let (line, server) = over_a_line(&samba).await;
    let info = server.info().await.expect("told");
    assert!(info.name.is_some() && info.clock.is_some() && info.computer.is_some());
    assert_eq!(waited(&line), 6, "{:?}", line.flights());
}

#[tokio::test]
async fn what_may_be_asked_takes_eight() {
    let samba = samba();
    let (line, server) = over_a_line(&samba).await;
    let found = server.doctor().await;
    assert!(found.checks.len() > 30, "{}", found.checks.len());
    assert!(found.account.is_some());
    assert!(waited(&line) <= 8, "{:?}", line.flights());
}

/// 5,000 sessions are some hundred fragments. After the first the client knows
/// how many there are, and none of them makes a second page: down the ladder to
/// a level that Samba has, on a server that keeps to the length it is asked for,
/// no more than at a level by name.
#[tokio::test]
async fn five_thousand_sessions_take_seven() {
    let service = SessionService::numbered(5000).only_levels(&[0, 1]);
    let endpoint = Endpoint::builder().serve(service).expect("an endpoint");
    for by_name in [None, Some(smbwho::Level::L1)] {
        let line = LockstepLine::to(endpoint.address()).expect("a line");
        let server = connect(&line.address(), Endpoint::USER, Endpoint::PASSWORD).await;
        let mut query = server.expect("signs in").sessions();
        if let Some(level) = by_name {
            query = query.level(level);
        }
        assert_eq!(query.collect().await.expect("sessions").rows.len(), 5000);
        assert_eq!(waited(&line), 7, "{by_name:?}: {:?}", line.flights());
    }
}

/// The line is cut between two calls: the connection is built again, once, and
/// nobody notices.
#[tokio::test]
async fn a_connection_dropped_between_calls_is_built_again() {
    let samba = samba();
    let (line, server) = over_a_line(&samba).await;
    server.sessions().collect().await.expect("sessions");
    line.cut();
    let side_by_side = async {
        let (sessions, files, info) = futures::join!(
            server.sessions().collect(),
            server.files().collect(),
            server.info()
        );
        assert_eq!(sessions.expect("sessions").rows.len(), 1);
        files.expect("files");
        assert!(
            info.expect("told")
                .missing
                .iter()
                .all(smbwho::Error::is_refusal)
        );
    };
    side_by_side.await;
    assert_eq!(line.connections(), 2, "built once for all of them");
    // Known to be down this time.
    line.cut();
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.doctor().await;
    server.sessions().collect().await.expect("sessions");
    assert_eq!(line.connections(), 3);
}

/// A pipe that the server has closed meanwhile is opened again; the connection
/// stays.
#[tokio::test]
async fn a_pipe_dropped_between_calls_is_opened_again() {
    let service = SessionService::numbered(3);
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let endpoint = Endpoint::builder().start(move |request| {
        match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            // The second call finds its pipe closed.
            1 => Action::Drop,
            _ => service.answer(request),
        }
    });
    let endpoint = endpoint.expect("an endpoint");
    let server = common::at(&endpoint).await;
    let ask = || server.sessions().level(smbwho::Level::L502).collect();
    for _ in 0..3 {
        assert_eq!(ask().await.expect("sessions").rows.len(), 3);
    }
    let pipes: Vec<usize> = endpoint.requests().iter().map(|r| r.connection).collect();
    assert_eq!(pipes, [0, 0, 1, 1]);
}

/// Whatever becomes of a call that ends something, it is made once: here the
/// pipe breaks when the server has taken it.
#[tokio::test]
async fn a_call_that_ends_something_is_never_repeated() {
    let service = SessionService::numbered(3);
    let endpoint = Endpoint::builder().start(move |request| match request.opnum {
        13 => Action::Drop,
        _ => service.answer(request),
    });
    let endpoint = endpoint.expect("an endpoint");
    let line = SlowLine::to(endpoint.address(), Duration::ZERO).expect("a line");
    let server = connect(&line.address(), Endpoint::USER, Endpoint::PASSWORD).await;
    let server = server.expect("signs in");
    // Over a pipe that was kept, too.
    server.sessions().collect().await.expect("sessions");
    let target = SessionTarget::User("alice".into());
    server.close_session(&target).await.expect_err("no answer");
    let ends = |endpoint: &Endpoint| endpoint.requests().iter().filter(|r| r.opnum == 13).count();
    assert_eq!(ends(&endpoint), 1);
    // The next one is another call, made once as well.
    let ended: Result<Closing, _> = server.close_session(&target).await;
    ended.expect_err("no answer");
    assert_eq!(ends(&endpoint), 2);
    assert_eq!(line.connections(), 1);
}
