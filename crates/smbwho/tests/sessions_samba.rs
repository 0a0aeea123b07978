//! Sessions of a real Samba.

mod common;

use common::{as_root, connect, samba, users};
use smbwho::{ErrorKind, Level, Login, Refusal, Server, Step, Win32Status};

#[tokio::test]
async fn everyone_connected_is_named_and_idle_is_unknown() {
    let samba = samba();
    let _held: Vec<_> = [("alice", "a"), ("bob", "b"), ("carol", "c")]
        .map(|(user, password)| samba.hold_session(user, password).expect("connected"))
        .into();
    let sessions = as_root(&samba)
        .await
        .sessions()
        .collect()
        .await
        .expect("sessions");
    assert!(sessions.missing.is_none());
    assert_eq!(users(&sessions.rows), ["alice", "bob", "carol", "root"]);
    for session in &sessions.rows {
        assert_eq!(session.level, Some(Level::L1));
        assert_eq!(session.idle, None, "Samba keeps no idle times");
        assert!(session.active.is_some() && session.opens.is_some() && session.flags.is_some());
        assert_eq!(session.client_type, None);
        assert_eq!(session.transport, None);
        assert!(
            !session
                .client
                .as_deref()
                .expect("a client")
                .starts_with('\\')
        );
    }
}

#[tokio::test]
async fn level_1_by_name_knows_no_idle_time_either() {
    let samba = samba();
    let server = as_root(&samba).await;
    let sessions = server
        .sessions()
        .level(Level::L1)
        .collect()
        .await
        .expect("sessions");
    assert_eq!(users(&sessions.rows), ["root"]);
    assert_eq!(sessions.rows[0].idle, None);
}

#[tokio::test]
async fn level_0_tells_clients_only() {
    let samba = samba();
    let server = as_root(&samba).await;
    let sessions = server
        .sessions()
        .level(Level::L0)
        .collect()
        .await
        .expect("sessions");
    let [session] = &sessions.rows[..] else {
        panic!("{sessions:?}")
    };
    assert!(session.client.is_some());
    assert_eq!(
        (session.level, &session.user, session.active),
        (Some(Level::L0), &None, None)
    );
}

#[tokio::test]
async fn levels_that_samba_lacks_are_refused_by_name() {
    let samba = samba();
    let server = as_root(&samba).await;
    for level in [Level::L2, Level::L10, Level::L502] {
        let error = server
            .sessions()
            .level(level)
            .collect()
            .await
            .expect_err("no such level");
        let ErrorKind::Refused { refused, .. } = error.kind() else {
            panic!("{error}")
        };
        let unknown = Refusal::Status(Win32Status::ERROR_INVALID_LEVEL);
        assert_eq!(refused[..], [(level.number(), unknown)]);
        assert!(
            error
                .hint()
                .expect("a hint")
                .contains("leave the level out")
        );
    }
}

#[tokio::test]
async fn filters_hold_though_samba_ignores_them() {
    let samba = samba();
    let _alice = samba.hold_session("alice", "a").expect("connected");
    let _bob = samba.hold_session("bob", "b").expect("connected");
    let server = as_root(&samba).await;
    for (pattern, expected) in [
        ("ALICE", vec!["alice"]),
        ("*o*", vec!["bob", "root"]),
        ("b?b", vec!["bob"]),
        ("nobody", vec![]),
    ] {
        let sessions = server
            .sessions()
            .user(pattern)
            .collect()
            .await
            .expect("sessions");
        assert_eq!(users(&sessions.rows), expected, "{pattern}");
    }
    let all = server.sessions().collect().await.expect("sessions").rows;
    let client = all[0].client.clone().expect("a client");
    let here = server
        .sessions()
        .client(format!(r"\\{client}"))
        .collect()
        .await
        .expect("sessions");
    assert_eq!(here.rows.len(), all.len());
    let elsewhere = server
        .sessions()
        .client("192.0.2.77")
        .collect()
        .await
        .expect("sessions");
    assert!(elsewhere.rows.is_empty());
}

#[tokio::test]
async fn an_ordinary_account_is_refused_and_told_what_it_takes() {
    let samba = samba();
    let server = connect(&samba.address(), "bob", "b")
        .await
        .expect("bob signs in");
    let error = server
        .sessions()
        .collect()
        .await
        .expect_err("bob is no administrator");
    assert_eq!(error.step(), Step::Call);
    let code = error.code().expect("a code");
    assert_eq!(
        (code.number(), code.name()),
        (5, Some("ERROR_ACCESS_DENIED"))
    );
    assert!(
        error
            .hint()
            .expect("a hint")
            .contains(r"Builtin\Administrators")
    );
    assert!(error.to_string().contains(&samba.address()), "{error}");
}

#[tokio::test]
async fn calls_side_by_side_share_one_connection() {
    let samba = samba();
    let server = as_root(&samba).await;
    // Samba 4.17 starts five RPC workers when the first pipe is opened; of more
    // than five pipes opened before they run, some are never served.
    server.sessions().collect().await.expect("sessions");
    let calls = (0..8).map(|_| {
        let server = server.clone();
        tokio::spawn(async move { server.sessions().collect().await })
    });
    for call in futures::future::join_all(calls).await {
        let sessions = call.expect("no panic").expect("sessions");
        // All eight came over the one session.
        assert_eq!(users(&sessions.rows), ["root"]);
    }
}

#[tokio::test]
async fn a_call_given_up_in_the_middle_does_no_harm() {
    let samba = samba();
    let server = as_root(&samba).await;
    for micros in [0, 50, 200, 500, 1000, 2000, 4000] {
        let given_up = std::time::Duration::from_micros(micros);
        let _ = tokio::time::timeout(given_up, server.sessions().collect()).await;
        let sessions = server.sessions().collect().await.expect("sessions");
        assert_eq!(users(&sessions.rows), ["root"], "after {micros} µs");
    }
}

#[tokio::test]
async fn anonymous_is_let_in_or_refused_with_a_reason() {
    let samba = samba();
    let address = samba.address().parse().expect("an address");
    let server = match Server::connect(&address, &Login::Anonymous).await {
        Ok(server) => server,
        Err(error) => panic!("Samba takes anonymous sessions by default: {error}"),
    };
    let error = server
        .sessions()
        .collect()
        .await
        .expect_err("nobody is no administrator");
    assert!(error.hint().is_some(), "{error}");
}

#[tokio::test]
async fn a_wrong_password_is_said_to_be_wrong() {
    let samba = samba();
    let error = connect(&samba.address(), "alice", "wrong")
        .await
        .expect_err("wrong password");
    assert_eq!(error.step(), Step::SignIn);
    assert_eq!(
        error.code().and_then(|code| code.name()),
        Some("STATUS_LOGON_FAILURE")
    );
    assert!(
        error.message().to_string().contains("password is wrong"),
        "{error}"
    );
}
