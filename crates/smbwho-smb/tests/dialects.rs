//! Every dialect, signed and encrypted, against a real smbd.

mod common;

use common::{boss, connect, holds, lab, sessions, status};
use smbwho_smb::{Login, SmbErrorKind, Step};

/// Every dialect, cipher and way to sign; 21 of 75 can be.
#[tokio::test]
async fn every_dialect_cipher_and_way_to_sign() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("matrix.conf");
    std::fs::write(&file, "").unwrap();
    let samba = lab().global("include", file.to_str().unwrap());
    let samba = samba.start().unwrap();
    let found = common::matrix::sign_in_to_all(&samba.address(), &boss(), &file).await;
    assert_eq!(found, (21, 54));
}

/// Signs in and lists the sessions; says how the session was protected.
async fn ask(
    parameters: &[(&str, &str)],
) -> (&'static str, Option<&'static str>, Option<&'static str>) {
    let mut samba = lab();
    for (name, value) in parameters {
        samba = samba.global(name, value);
    }
    let samba = samba.start().unwrap();
    let session = connect(&samba.address(), &boss()).await.unwrap();
    let stub = sessions(&session).await.unwrap();
    assert_eq!(status(&stub), 0);
    assert!(holds(&stub, common::USER), "the asker is not in the list");
    let facts = session.facts();
    assert_eq!(facts.peer.to_string(), samba.address());
    (facts.dialect, facts.signing, facts.encryption)
}

#[tokio::test]
async fn signing_mandatory() {
    let (dialect, signing, encryption) = ask(&[("server signing", "mandatory")]).await;
    assert_eq!((dialect, encryption), ("3.1.1", None));
    assert!(signing.is_some());
}

#[tokio::test]
async fn encryption_wanted_below_smb_3() {
    let samba = lab()
        .global("server max protocol", "SMB2_10")
        .global("server smb encrypt", "required")
        .start()
        .unwrap();
    let error = connect(&samba.address(), &boss()).await.unwrap_err();
    assert_eq!(error.step, Step::SignIn);
    assert_eq!(error.kind, SmbErrorKind::AccessDenied);
}

/// smbd encrypts its answers when the share wants it, session or not, and the
/// transport crate cannot read that. The error has to say so.
#[tokio::test]
async fn encryption_only_the_share_wants() {
    let samba = lab()
        .share("IPC$", &[("smb encrypt", "required")])
        .start()
        .unwrap();
    let session = connect(&samba.address(), &boss()).await.unwrap();
    let error = sessions(&session).await.unwrap_err();
    assert_eq!(error.step, Step::Share);
    assert_eq!(error.kind, SmbErrorKind::EncryptionRequired);
}

#[tokio::test]
async fn smb1_only() {
    let samba = lab()
        .global("server min protocol", "NT1")
        .global("server max protocol", "NT1")
        .start()
        .unwrap();
    let error = connect(&samba.address(), &boss()).await.unwrap_err();
    assert_eq!(error.step, Step::Negotiate);
    // It closes the connection, as others do for other reasons.
    assert_eq!(error.kind, SmbErrorKind::ClosedAtNegotiate);
    assert!(error.to_string().contains("SMB1"), "{error}");
}

#[tokio::test]
async fn anonymous() {
    let samba = lab().start().unwrap();
    let session = connect(&samba.address(), &Login::Anonymous).await.unwrap();
    assert_eq!(session.facts().signing, None);
    let mut pipe = session.open_pipe(&common::SRVSVC).await.unwrap();
    let stub = pipe.call(&common::TimeOfDay).await.unwrap();
    assert_eq!(status(&stub), 0);
    // Nobody is no administrator: ERROR_ACCESS_DENIED.
    let stub = pipe.call(&common::Sessions).await.unwrap();
    assert_eq!(status(&stub), 5);
}

#[tokio::test]
async fn over_ipv6_and_by_name() {
    let samba = lab().start().unwrap();
    for host in ["[::1]", "localhost"] {
        let session = connect(&format!("{host}:{}", samba.port()), &boss())
            .await
            .unwrap();
        let stub = sessions(&session).await.unwrap();
        assert!(holds(&stub, common::USER), "{host}");
    }
}
