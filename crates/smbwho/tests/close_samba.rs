//! Ending sessions and files: what Samba says to it, and what it says of other
//! things. Tests whose names say that they end something change the server.

mod common;

use std::time::Duration;

use common::{as_root, at, connect, endpoint, samba, users};
use smbwho::{Closing, ErrorKind, SessionTarget, Win32Status};
use smbwho_testkit::{Action, SlowLine};

fn both(client: &str, user: &str) -> SessionTarget {
    SessionTarget::Both {
        client: client.into(),
        user: user.into(),
    }
}

#[tokio::test]
async fn a_session_is_ended_by_user_by_client_and_by_both() {
    let samba = samba();
    let line = SlowLine::to(samba.address(), Duration::ZERO).expect("a line");
    let server = connect(&line.address(), "root", "adm")
        .await
        .expect("signs in");
    let client = server.sessions().collect().await.expect("sessions").rows[0]
        .client
        .clone();
    let client = client.expect("a client");
    for target in [SessionTarget::User("alice".into()), both(&client, "alice")] {
        let _alice = samba.hold_session("alice", "a").expect("connected");
        let _bob = samba.hold_session("bob", "b").expect("connected");
        assert_eq!(
            server.close_session(&target).await.expect("ended"),
            Closing::Taken
        );
        for _ in 0..500 {
            let left = server
                .sessions()
                .user("alice")
                .collect()
                .await
                .expect("sessions")
                .rows;
            if left.is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let left = server.sessions().collect().await.expect("sessions").rows;
        assert_eq!(users(&left), ["bob", "root"], "{target:?}");
    }
    // Samba has no other word for "there is none".
    let error = server
        .close_session(&both(&client, "zoe"))
        .await
        .expect_err("nobody");
    assert_eq!(error.code().map(|code| code.number()), Some(5), "{error}");

    // By client alone our own connection falls too.
    let _ = server.close_session(&SessionTarget::Client(client)).await;
    let mut left = Vec::new();
    for _ in 0..500 {
        left = server.sessions().collect().await.expect("sessions").rows;
        if users(&left) == ["root"] && line.connections() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(users(&left), ["root"], "and that one is new");
    assert_eq!(line.connections(), 2, "our session was one of the client's");
    drop(server);
    assert_eq!(
        users(
            &as_root(&samba)
                .await
                .sessions()
                .collect()
                .await
                .expect("sessions")
                .rows
        ),
        ["root"]
    );
}

#[tokio::test]
async fn a_file_is_closed_and_its_client_can_write_no_more() {
    let samba = samba();
    let costs = samba
        .hold_file("alice", "a", "costs.txt")
        .expect("a file held open");
    let plans = samba
        .hold_file("bob", "b", "plans.txt")
        .expect("a file held open");
    let server = as_root(&samba).await;
    let open = async || server.files().collect().await.expect("files").rows;
    let files = open().await;
    assert_eq!(files.len(), 2, "{files:?}");
    let id = files
        .iter()
        .find(|file| file.is_of("alice") == Some(true))
        .expect("alice's")
        .id
        .expect("a number");
    let answer = server.close_file(id).await.expect("an answer");
    // Samba 4.17 closes the file and says that there is none.
    assert!(
        matches!(
            answer,
            Closing::Taken | Closing::NotFound(Win32Status::ERROR_FILE_NOT_FOUND)
        ),
        "{answer:?}"
    );
    for _ in 0..500 {
        if open().await.len() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let left = open().await;
    assert_eq!(
        (left.len(), left[0].is_of("bob")),
        (1, Some(true)),
        "{left:?}"
    );

    let said = costs.finish(b"what alice typed").expect("it ends");
    assert!(said.contains("NT_STATUS_FILE_CLOSED"), "{said}");
    let said = plans.finish(b"what bob typed").expect("it ends");
    assert!(!said.contains("NT_STATUS"), "{said}");
    let written = |file: &str| {
        std::fs::read_to_string(samba.share_folder("data").join(file)).expect("a file")
    };
    assert_eq!(
        (written("costs.txt").as_str(), written("plans.txt").as_str()),
        ("", "what bob typed")
    );
}

#[tokio::test]
async fn whoever_has_not_the_right_is_told_what_it_takes() {
    let samba = samba();
    let _alice = samba
        .hold_file("alice", "a", "costs.txt")
        .expect("a file held open");
    let server = connect(&samba.address(), "bob", "b")
        .await
        .expect("bob signs in");
    let errors = [
        server.close_file(1).await.expect_err("refused"),
        server
            .close_session(&both("127.0.0.1", "alice"))
            .await
            .expect_err("refused"),
    ];
    for (error, (call, takes)) in errors.iter().zip([
        ("NetrFileClose", "SeDiskOperatorPrivilege"),
        ("NetrSessionDel", "Domain Admins"),
    ]) {
        assert_eq!(error.code().map(|code| code.number()), Some(5), "{error}");
        assert!(error.to_string().contains(call), "{error}");
        assert!(
            error.hint().is_some_and(|hint| hint.contains(takes)),
            "{error:?}"
        );
    }
    let left = as_root(&samba)
        .await
        .files()
        .collect()
        .await
        .expect("files")
        .rows;
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn what_a_server_says_is_told_apart() {
    const FAULT: u32 = 0x1c01_0002;
    for (status, expected) in [
        (0, Ok(Closing::Taken)),
        (
            2312,
            Ok(Closing::NotFound(Win32Status::NERR_ClientNameNotFound)),
        ),
        (2221, Ok(Closing::NotFound(Win32Status::NERR_UserNotFound))),
        (
            2314,
            Ok(Closing::NotFound(Win32Status::NERR_FileIdNotFound)),
        ),
        (2, Ok(Closing::NotFound(Win32Status::ERROR_FILE_NOT_FOUND))),
        (5, Err(5)),
        (87, Err(87)),
        (FAULT, Err(FAULT.into())),
    ] {
        let endpoint = endpoint()
            .start(move |_| match status {
                FAULT => Action::Fault(FAULT),
                status => Action::reply(status.to_le_bytes().to_vec()),
            })
            .expect("an endpoint");
        let server = at(&endpoint).await;
        let code = |error: smbwho::Error| {
            assert!(
                matches!(error.kind(), ErrorKind::Declined { .. }),
                "{error:?}"
            );
            error.code().expect("a code").number()
        };
        let session = server
            .close_session(&both("ws1", "alice"))
            .await
            .map_err(code);
        let file = server.close_file(u32::MAX).await.map_err(code);
        assert_eq!((session, file), (expected, expected), "status {status}");
    }
}

#[tokio::test]
async fn nothing_is_sent_that_names_nobody() {
    let endpoint = endpoint()
        .start(|_| Action::reply(vec![0; 4]))
        .expect("an endpoint");
    let server = at(&endpoint).await;
    for target in [
        SessionTarget::User("".into()),
        SessionTarget::Client("".into()),
        SessionTarget::Client(r"\\".into()),
        both("", "alice"),
        both("ws1", ""),
    ] {
        assert!(server.close_session(&target).await.is_err(), "{target:?}");
    }
    assert!(endpoint.requests().is_empty());
}
