//! What else a name and a port may lead to.

mod common;

use std::time::{Duration, Instant};

use common::boss;
use smbwho_smb::{Options, Outcome, SmbError, SmbErrorKind, SmbSession, Step};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn brief() -> Options {
    Options {
        connect_timeout: Duration::from_secs(2),
        sign_in_timeout: Duration::from_secs(2),
        ..Options::default()
    }
}

async fn error_of(address: &str) -> SmbError {
    SmbSession::connect(&address.parse().unwrap(), &boss(), &brief())
        .await
        .unwrap_err()
}

/// A server that does `act` with its one client and then waits.
async fn server<F, R>(act: F) -> String
where
    F: FnOnce(TcpStream) -> R + Send + 'static,
    R: Future<Output = TcpStream> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let _client = act(client).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
    });
    address
}

/// A server that hears the first message and says `answer`.
async fn answering(answer: &'static [u8]) -> String {
    server(move |mut client| async move {
        let mut heard = [0; 512];
        let _ = client.read(&mut heard).await.unwrap();
        client.write_all(answer).await.unwrap();
        client
    })
    .await
}

#[tokio::test]
async fn other_protocols() {
    for (answer, looks_like) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..],
            Some("an HTTP server"),
        ),
        (b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", Some("an SSH server")),
        (b"\x15\x03\x03\x00\x02\x02\x0a", Some("a TLS server")),
        (b"?", None),
        // Framed like SMB, but not SMB; and a length of 16 MiB.
        (b"\x00\x00\x00\x08whatever", None),
        (b"\x00\xff\xff\xff\xfeSMB", None),
    ] {
        let error = error_of(&answering(answer).await).await;
        assert_eq!(error.step, Step::Negotiate);
        assert_eq!(error.kind, SmbErrorKind::NotSmb { looks_like });
    }
}

#[tokio::test]
async fn a_banner_before_we_speak() {
    let address = server(|mut client| async move {
        client.write_all(b"SSH-2.0-x\r\n").await.unwrap();
        client
    })
    .await;
    let looks_like = Some("an SSH server");
    assert_eq!(
        error_of(&address).await.kind,
        SmbErrorKind::NotSmb { looks_like }
    );
}

#[tokio::test]
async fn smb1_answers() {
    let address = answering(b"\x00\x00\x00\x24\xffSMB\x72").await;
    assert_eq!(error_of(&address).await.kind, SmbErrorKind::OnlySmb1);
}

#[tokio::test]
async fn closed_on_the_first_message() {
    let address = server(|mut client| async move {
        let mut heard = [0; 512];
        let _ = client.read(&mut heard).await.unwrap();
        client.shutdown().await.unwrap();
        client
    })
    .await;
    let error = error_of(&address).await;
    assert_eq!(
        (error.step, error.kind.clone()),
        (Step::Negotiate, SmbErrorKind::ClosedAtNegotiate)
    );
    // It may only have had no room.
    assert!(error.is_transient());
    let text = error.to_string();
    assert!(text.contains("too many connections") && text.contains("SMB1"));
}

/// What smbd says to computers that `hosts deny` keeps away.
#[tokio::test]
async fn turned_away_by_a_negative_session_response() {
    let error = error_of(&answering(b"\x83\x00\x00\x01\x81").await).await;
    assert_eq!(
        (error.step, error.kind.clone()),
        (Step::Negotiate, SmbErrorKind::TurnedAway)
    );
    assert!(!error.is_transient());
}

#[tokio::test]
async fn silence_is_bounded() {
    let address = server(|client| async move { client }).await;
    let started = Instant::now();
    let error = error_of(&address).await;
    assert_eq!(
        (error.step, error.kind),
        (Step::Negotiate, SmbErrorKind::TimedOut)
    );
    assert!(started.elapsed() >= Duration::from_secs(2));
}

/// One byte at a time is not silence, but must not last for ever either.
#[tokio::test]
async fn a_trickle_is_bounded() {
    let address = server(|mut client| async move {
        for byte in b"\x00\x00\x40\x00\xfeSMB".iter().chain([0; 200].iter()) {
            if client.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        client
    })
    .await;
    // The trickle lasts for ten seconds; that it did not last them out is what
    // the kind says.
    let error = error_of(&address).await;
    assert_eq!(
        (error.step, error.kind),
        (Step::Negotiate, SmbErrorKind::TimedOut)
    );
}

#[tokio::test]
async fn nothing_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = error_of(&address.to_string()).await;
    assert_eq!(
        (error.step, error.kind.clone()),
        (Step::Connect, SmbErrorKind::Refused)
    );
    assert_eq!(error.attempts().len(), 1);
    assert_eq!(error.attempts()[0].address, address);
    assert_eq!(error.attempts()[0].outcome, Outcome::Refused);
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn no_such_name() {
    // [RFC 6761] 6.4: never a name of a machine.
    let error = error_of("smbwho.invalid").await;
    assert_eq!(
        (error.step, error.kind.clone()),
        (Step::Name, SmbErrorKind::NameNotFound)
    );
    assert!(error.io().is_some());
}

/// `localhost` may be ::1 first, where this server does not listen.
#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
    });
    let error = error_of(&format!("localhost:{port}")).await;
    assert!(matches!(error.kind, SmbErrorKind::NotSmb { .. }), "{error}");
}
