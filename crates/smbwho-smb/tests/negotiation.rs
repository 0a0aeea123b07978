//! Somebody on the line who changes what is negotiated, or sends what was not.

mod common;

use std::sync::Arc;

use common::{USER, boss, holds, lab, patient, sessions, status};
use futures::StreamExt;
use smbwho_smb::{
    ClientProtection, Dialect, Login, Options, SmbError, SmbErrorKind, SmbSession, Step,
    UnexpectedMessage,
};
use smbwho_testkit::{Direction, RewritingLine, Samba};

/// Where NEGOTIATE's fields stand, behind 64 bytes of header ([MS-SMB2] 2.2.3,
/// 2.2.4).
const BODY: usize = 64;
const REQUEST_DIALECT_COUNT: usize = BODY + 2;
const REQUEST_CAPABILITIES: usize = BODY + 8;
const REPLY_DIALECT: usize = BODY + 4;
const REPLY_CAPABILITIES: usize = BODY + 24;
const ENCRYPTION: u8 = 0x40;

/// A server that encrypts where it can, and speaks this at most.
fn server(dialect: &str) -> Samba {
    // Where SMB2 is all there is, smbd takes "desired" for a must.
    let encrypts = ["default", "desired"][usize::from(dialect >= "SMB3")];
    lab()
        .global("server smb encrypt", encrypts)
        .global("server max protocol", dialect)
        .start()
        .unwrap()
}

/// The sessions, asked over a line on which NEGOTIATE is changed; and whether
/// a user came by in the clear.
async fn over(
    samba: &Samba,
    change: impl Fn(Direction, &mut Vec<u8>) + Send + Sync + 'static,
) -> (Result<Vec<u8>, SmbError>, bool) {
    let line = RewritingLine::to(samba.address(), move |direction, number, message| {
        if number == 0 {
            change(direction, message);
        }
    });
    let line = line.unwrap();
    let options = patient();
    let login = boss();
    let asked = async {
        let address = line.address().parse().unwrap();
        let session = SmbSession::connect(&address, &login, &options).await?;
        sessions(&session).await
    };
    (asked.await, line.showed_client(USER))
}

async fn noticed(
    what: &str,
    samba: &Samba,
    change: impl Fn(Direction, &mut Vec<u8>) + Send + Sync + 'static,
) {
    let (answer, in_the_clear) = over(samba, change).await;
    assert!(!in_the_clear, "{what}: users were shown");
    let error = answer.map(|_| what.to_owned()).expect_err("an answer");
    assert!(
        !matches!(error.kind, SmbErrorKind::TimedOut),
        "{what}: {error}"
    );
}

#[tokio::test]
async fn an_untouched_line_gives_the_answer() {
    for dialect in ["SMB2_02", "SMB2_10", "SMB3_00", "SMB3_02", "SMB3_11"] {
        let samba = server(dialect);
        let (answer, in_the_clear) = over(&samba, |_, _| {}).await;
        let stub = answer.unwrap();
        assert_eq!(status(&stub), 0);
        assert!(holds(&stub, USER), "{dialect}");
        assert_eq!(in_the_clear, dialect.starts_with("SMB2"), "{dialect}");
    }
}

#[tokio::test]
async fn fewer_dialects_are_noticed() {
    for max in ["SMB3_11", "SMB3_02", "SMB3_00", "SMB2_10"] {
        let samba = server(max);
        for count in 1..5 {
            // What is left must be less than the server would have chosen.
            let left = ["SMB2_02", "SMB2_10", "SMB3_00", "SMB3_02"][count - 1];
            if left >= max {
                continue;
            }
            for encrypts in [true, false] {
                let what = format!("{max} cut to {left}, encryption {encrypts}");
                noticed(&what, &samba, move |direction, message| {
                    if direction == Direction::ToServer {
                        message[REQUEST_DIALECT_COUNT] = count as u8;
                        if !encrypts {
                            message[REQUEST_CAPABILITIES] &= !ENCRYPTION;
                        }
                    }
                })
                .await;
            }
        }
    }
}

#[tokio::test]
async fn a_reply_that_tells_less_is_noticed() {
    for (max, told) in [
        ("SMB3_11", 0x0302_u16),
        ("SMB3_11", 0x0210),
        ("SMB3_02", 0x0300),
        ("SMB3_02", 0x0202),
        ("SMB2_10", 0x0202),
    ] {
        let samba = server(max);
        let what = format!("{max} told to be {told:#x}");
        noticed(&what, &samba, move |direction, message| {
            if direction == Direction::ToClient {
                message[REPLY_DIALECT..REPLY_DIALECT + 2].copy_from_slice(&told.to_le_bytes());
            }
        })
        .await;
        // At 3.1.1 it is not told there.
        if max == "SMB3_02" {
            let what = format!("{max} told not to encrypt");
            noticed(&what, &samba, |direction, message| {
                if direction == Direction::ToClient {
                    message[REPLY_CAPABILITIES] &= !ENCRYPTION;
                }
            })
            .await;
        }
    }
}

/// Every byte of the fixed parts and of the dialects, and of the contexts of
/// 3.1.1, is changed in turn.
#[tokio::test]
async fn every_field_is_looked_after() {
    for max in ["SMB3_11", "SMB3_02", "SMB2_10"] {
        let samba = Arc::new(server(max));
        let mut places = Vec::new();
        // Structure, SecurityMode, Capabilities, Guid, then the dialects.
        let request = [4, 6, 8, 9, 10, 11, 12, 20, 27, 36, 37, 38, 40, 42, 43, 44];
        places.extend(request.map(|at| (Direction::ToServer, BODY + at)));
        // SecurityMode, DialectRevision, ServerGuid, Capabilities.
        let reply = [2, 3, 4, 5, 8, 16, 23, 24, 25, 26, 27];
        places.extend(reply.map(|at| (Direction::ToClient, BODY + at)));
        if max == "SMB3_11" {
            // The last of the dialects, the contexts, and what else the hash has.
            let request = [28, 32, 45, 50, 56, 64, 80, 100, 104, 108, 116, 120];
            places.extend(request.map(|at| (Direction::ToServer, BODY + at)));
            let reply = [6, 28, 32, 36, 40, 48, 56, 60, 64, 80];
            places.extend(reply.map(|at| (Direction::ToClient, BODY + at)));
        }
        let tried = futures::stream::iter(places).map(|(direction, at)| {
            let samba = Arc::clone(&samba);
            async move {
                // Without 3.1.1's hash: what the server does not look at, and the
                // dialects that it does not choose anyway.
                let dialects = match max {
                    "SMB3_02" => [42, 43],
                    _ => [38, 39],
                };
                let unused = max != "SMB3_11"
                    && direction == Direction::ToServer
                    && (at == BODY + 6 || at >= BODY + 36)
                    && !dialects.contains(&(at - BODY));
                let (answer, in_the_clear) = over(&samba, move |way, message| {
                    if way == direction && at < message.len() {
                        message[at] ^= 0x41;
                    }
                })
                .await;
                let what = format!("{max}, {direction:?}, byte {at}");
                assert!(unused || answer.is_err(), "{what}: an answer");
                assert!(unused || !in_the_clear, "{what}: users were shown");
            }
        });
        tried.buffer_unordered(4).collect::<Vec<()>>().await;
    }
}

#[tokio::test]
async fn the_error_says_what_was_changed() {
    let samba = server("SMB3_02");
    let (answer, _) = over(&samba, |direction, message| {
        if direction == Direction::ToClient {
            message[REPLY_DIALECT..REPLY_DIALECT + 2].copy_from_slice(&0x0300_u16.to_le_bytes());
        }
    })
    .await;
    let error = answer.unwrap_err();
    assert_eq!(error.step, Step::Negotiate);
    let kind = SmbErrorKind::NegotiationAltered {
        what: "the server chose another dialect",
    };
    assert_eq!(error.kind, kind);
    assert!(!error.is_transient() && !error.is_lost());
}

/// A server whose answers to one command begin otherwise, in a session that is
/// encrypted or not.
async fn instead(encrypted: bool, number: usize, magic: [u8; 4]) -> SmbError {
    let samba = lab()
        .global(
            "server smb encrypt",
            if encrypted { "required" } else { "off" },
        )
        .start()
        .unwrap();
    let line = RewritingLine::to(samba.address(), move |direction, at, message| {
        if direction == Direction::ToClient && at == number {
            message[..4].copy_from_slice(&magic);
        }
    });
    let line = line.unwrap();
    let login = boss();
    let options = patient();
    let asked = async {
        let address = line.address().parse().unwrap();
        let session = SmbSession::connect(&address, &login, &options).await?;
        let error = sessions(&session).await.expect_err("an answer");
        assert!(!session.is_connected(), "the connection lives on");
        Err::<(), _>(error)
    };
    asked.await.unwrap_err()
}

#[tokio::test]
async fn what_was_not_negotiated_ends_the_connection() {
    use UnexpectedMessage as U;
    for (encrypted, number, magic, step, what) in [
        (false, 1, 0xFC, Step::SignIn, U::Compressed),
        (false, 1, 0xFD, Step::SignIn, U::Encrypted),
        (false, 2, 0xFD, Step::SignIn, U::Encrypted),
        (false, 1, 0xFF, Step::SignIn, U::Smb1),
        (false, 3, 0xFC, Step::Pipe, U::Compressed),
        (false, 3, 0xFF, Step::Pipe, U::Smb1),
        (true, 3, 0xFC, Step::Pipe, U::Compressed),
        (true, 3, 0xFE, Step::Pipe, U::Clear),
        (true, 3, 0x00, Step::Pipe, U::Unknown),
    ] {
        let error = instead(encrypted, number, [magic, b'S', b'M', b'B']).await;
        assert_eq!(error.kind, SmbErrorKind::Unexpected(what), "{error}");
        if step == Step::SignIn {
            assert_eq!(error.step, step);
        }
        assert!(!error.is_transient(), "{error}");
    }
}

async fn asked_as(samba: &Samba, login: &Login, options: Options) -> Result<SmbSession, SmbError> {
    let address = samba.address().parse().unwrap();
    let session = SmbSession::connect(&address, login, &options).await?;
    let stub = sessions(&session).await?;
    assert!(holds(&stub, USER));
    Ok(session)
}

#[tokio::test]
async fn an_older_dialect_than_required_is_refused() {
    let samba = server("SMB3_00");
    let at_least = |min_dialect| Options {
        min_dialect,
        ..patient()
    };
    for enough in [Dialect::Smb202, Dialect::Smb300] {
        let session = asked_as(&samba, &boss(), at_least(enough)).await.unwrap();
        assert_eq!(session.facts().dialect, "3.0");
    }
    // A wrong password: the account is not shown.
    let wrong = common::login(USER, "wrong");
    for login in [wrong, Login::Anonymous] {
        let options = at_least(Dialect::Smb302);
        let error = asked_as(&samba, &login, options).await.unwrap_err();
        assert_eq!(error.step, Step::Negotiate);
        assert_eq!(
            error.kind,
            SmbErrorKind::DialectTooOld {
                negotiated: Dialect::Smb300,
                required: Dialect::Smb302,
            }
        );
    }
}

#[tokio::test]
async fn encryption_that_the_server_does_not_ask_for() {
    let encrypted = || Options {
        protection: Some(ClientProtection::Encrypt),
        ..patient()
    };
    for (max, cipher) in [
        ("SMB3_11", "AES-128-GCM"),
        ("SMB3_02", "AES-128-CCM"),
        ("SMB3_00", "AES-128-CCM"),
    ] {
        let samba = lab().global("server max protocol", max).start().unwrap();
        let line = RewritingLine::to(samba.address(), |_, _, _| {}).unwrap();
        let address = line.address().parse().unwrap();
        let session = SmbSession::connect(&address, &boss(), &encrypted()).await;
        let session = session.unwrap();
        let stub = sessions(&session).await.unwrap();
        assert!(holds(&stub, USER));
        assert_eq!(session.facts().encryption, Some(cipher));
        assert!(!line.showed_client(USER));
    }
    for (name, value) in [
        ("server max protocol", "SMB2_10"),
        ("server smb encrypt", "off"),
    ] {
        let samba = lab().global(name, value).start().unwrap();
        // A wrong password: the account is not shown.
        let wrong = common::login(USER, "wrong");
        let error = asked_as(&samba, &wrong, encrypted()).await.unwrap_err();
        assert_eq!(error.kind, SmbErrorKind::EncryptionUnavailable, "{name}");
    }
    let samba = lab().start().unwrap();
    for wanted in [ClientProtection::Sign, ClientProtection::Encrypt] {
        let options = Options {
            protection: Some(wanted),
            ..patient()
        };
        let error = asked_as(&samba, &Login::Anonymous, options).await;
        let kind = SmbErrorKind::AnonymousUnprotected { wanted };
        assert_eq!(error.unwrap_err().kind, kind);
    }
    let signed = Options {
        protection: Some(ClientProtection::Sign),
        ..patient()
    };
    let session = asked_as(&samba, &boss(), signed).await.unwrap();
    assert!(session.facts().signing.is_some());
}

/// smbd's own minimum is 64 KiB for nobody: `smb2 max trans` may be anything.
#[tokio::test]
async fn servers_that_take_little_at_a_time() {
    for size in ["4096", "2000"] {
        let samba = lab()
            .global("smb2 max trans", size)
            .global("smb2 max read", size)
            .global("smb2 max write", size)
            .start()
            .unwrap();
        asked_as(&samba, &boss(), patient()).await.unwrap();
    }
    let samba = lab().global("smb2 max trans", "1024").start().unwrap();
    let error = asked_as(&samba, &boss(), patient()).await.unwrap_err();
    assert_eq!(error.step, Step::Negotiate);
    assert_eq!(error.kind, SmbErrorKind::SizesTooSmall { bytes: 1024 });
}

/// A connection lost over the first chain says so, and another fares better
/// without it.
#[tokio::test]
async fn a_server_that_drops_chains_that_begin_with_the_share() {
    for max in ["SMB3_11", "SMB3_02"] {
        let samba = lab().global("server max protocol", max).start().unwrap();
        let line = RewritingLine::fake_ksmbd(samba.address()).unwrap();
        let address = line.address().parse().unwrap();
        let session = SmbSession::connect(&address, &boss(), &patient()).await;
        let error = sessions(&session.unwrap()).await.unwrap_err();
        assert_eq!(error.kind, SmbErrorKind::Disconnected);
        assert!(error.is_due_to_compounding());

        let session = SmbSession::connect(&address, &boss(), &patient()).await;
        let session = session.unwrap();
        session.connect_tree_alone();
        let stub = sessions(&session).await.unwrap();
        assert!(holds(&stub, USER), "{max}");
    }
}
