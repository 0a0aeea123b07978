//! Servers that refuse, each with the reason in the error.

mod common;

use common::{boss, connect, lab, login, sessions};
use smbwho_rpc::{Interface, SyntaxId, Uuid};
use smbwho_smb::{Login, NtStatus, SmbError, SmbErrorKind, Step};
use smbwho_testkit::{Account, AccountState, Direction, RewritingLine, Rpc};

async fn refusal(address: &str, login: &Login) -> (Step, SmbErrorKind, Option<NtStatus>) {
    let error: SmbError = connect(address, login).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("not the password"), "{shown}");
    (error.step, error.kind.clone(), error.status())
}

#[tokio::test]
async fn accounts() {
    use SmbErrorKind as K;
    let account = |name: &str, state| Account::new(name, "right").state(state);
    let samba = lab()
        .account(account("disabled", AccountState::Disabled))
        .account(account("expired", AccountState::Expired))
        .account(account("locked", AccountState::Locked))
        .account(account("due", AccountState::PasswordMustChange))
        .start()
        .unwrap();
    let wrong = "not the password";
    for (user, password, kind, status) in [
        (
            common::USER,
            wrong,
            K::LogonFailure,
            NtStatus::LOGON_FAILURE,
        ),
        ("stranger", wrong, K::LogonFailure, NtStatus::LOGON_FAILURE),
        (
            "disabled",
            "right",
            K::AccountDisabled,
            NtStatus::ACCOUNT_DISABLED,
        ),
        (
            "expired",
            "right",
            K::AccountExpired,
            NtStatus::ACCOUNT_EXPIRED,
        ),
        (
            "locked",
            "right",
            K::AccountLockedOut,
            NtStatus::ACCOUNT_LOCKED_OUT,
        ),
        (
            "due",
            "right",
            K::PasswordMustChange,
            NtStatus::PASSWORD_MUST_CHANGE,
        ),
    ] {
        assert_eq!(
            refusal(&samba.address(), &login(user, password)).await,
            (Step::SignIn, kind, Some(status)),
            "{user}"
        );
    }
}

#[tokio::test]
async fn a_guest_session_is_not_the_account() {
    let samba = lab().global("map to guest", "bad user").start().unwrap();
    for user in ["stranger", "Guest"] {
        let (step, kind, _) = refusal(&samba.address(), &login(user, "x")).await;
        assert_eq!(
            (step, kind),
            (Step::SignIn, SmbErrorKind::GuestOffered),
            "{user}"
        );
    }
    // The account itself gets in, and its wrong password is told as one.
    assert!(connect(&samba.address(), &boss()).await.is_ok());
    let (_, kind, _) = refusal(&samba.address(), &login(common::USER, "not the password")).await;
    assert_eq!(kind, SmbErrorKind::LogonFailure);
}

#[tokio::test]
async fn ntlm_forbidden() {
    let samba = lab().global("ntlm auth", "disabled").start().unwrap();
    let (step, kind, status) = refusal(&samba.address(), &boss()).await;
    assert_eq!((step, kind), (Step::SignIn, SmbErrorKind::NtlmBlocked));
    assert_eq!(status, Some(NtStatus::NTLM_BLOCKED));
}

#[tokio::test]
async fn anonymous_where_it_is_shut() {
    let samba = lab().global("restrict anonymous", "2").start().unwrap();
    // smbd lets nobody in and shuts the share.
    let session = connect(&samba.address(), &Login::Anonymous).await.unwrap();
    let error = sessions(&session).await.unwrap_err();
    assert_eq!(error.step, Step::Share);
    assert_eq!(error.kind, SmbErrorKind::AccessDenied);

    let samba = lab()
        .global("server smb encrypt", "required")
        .start()
        .unwrap();
    let (step, kind, _) = refusal(&samba.address(), &Login::Anonymous).await;
    assert_eq!((step, kind), (Step::SignIn, SmbErrorKind::AnonymousRefused));
}

#[tokio::test]
async fn a_pipe_that_is_not_there() {
    static NOTHING: Interface = Interface {
        name: "no-such-pipe",
        syntax: common::SRVSVC.syntax,
    };
    let samba = lab().start().unwrap();
    let session = connect(&samba.address(), &boss()).await.unwrap();
    let error = session.open_pipe(&NOTHING).await.unwrap_err();
    assert_eq!(error.step, Step::Pipe);
    assert_eq!(
        error.kind,
        SmbErrorKind::PipeNotFound {
            pipe: "no-such-pipe"
        }
    );
    assert_eq!(error.status(), Some(NtStatus::OBJECT_NAME_NOT_FOUND));
    // The session is as good as before.
    assert!(sessions(&session).await.is_ok());
}

#[tokio::test]
async fn an_interface_the_pipe_does_not_serve() {
    static STRANGE: Interface = Interface {
        name: "srvsvc",
        syntax: SyntaxId {
            uuid: Uuid::new(0x0123_4567, 0x89ab, 0xcdef, 0x0123, 0x4567_89ab_cdef),
            major: 1,
            minor: 0,
        },
    };
    let samba = lab().start().unwrap();
    let session = connect(&samba.address(), &boss()).await.unwrap();
    let error = session.open_pipe(&STRANGE).await.unwrap_err();
    assert_eq!(error.step, Step::Bind);
    assert!(matches!(error.kind, SmbErrorKind::Rpc(_)), "{error}");
    assert!(sessions(&session).await.is_ok());
}

/// Some servers of files know IPC$ by name and have nothing in it.
#[tokio::test]
async fn a_share_without_pipes() {
    const CREATE: [u8; 2] = [5, 0];
    const IOCTL: [u8; 2] = [11, 0];
    let samba = lab().start().unwrap();
    // Nobody's messages are not signed, so they can be changed.
    let line = RewritingLine::to(samba.address(), |direction, _, message| {
        let mut at = 0;
        while direction == Direction::ToClient && message.len() >= at + 64 {
            if [&CREATE, &IOCTL].contains(&&[message[at + 12], message[at + 13]]) {
                let gone = NtStatus::NETWORK_NAME_DELETED.0;
                message[at + 8..at + 12].copy_from_slice(&gone.to_le_bytes());
            }
            let next = message[at + 20..at + 24].try_into().unwrap();
            match u32::from_le_bytes(next) {
                0 => break,
                next => at += next as usize,
            }
        }
    });
    let line = line.unwrap();
    let session = connect(&line.address(), &Login::Anonymous).await.unwrap();
    let error = sessions(&session).await.unwrap_err();
    assert_eq!(error.kind, SmbErrorKind::ShareNotFound);
    assert!(!error.is_transient(), "{error}");
}

#[tokio::test]
async fn a_pipe_with_nobody_behind_it() {
    let samba = lab().rpc(Rpc::None).start().unwrap();
    let session = connect(&samba.address(), &boss()).await.unwrap();
    let error = sessions(&session).await.unwrap_err();
    assert_eq!(error.step, Step::Pipe);
    assert!(error.status().is_some(), "{error}");
}

#[tokio::test]
async fn a_server_that_goes_away() {
    let samba = lab().start().unwrap();
    let session = connect(&samba.address(), &boss()).await.unwrap();
    let mut pipe = session.open_pipe(&common::SRVSVC).await.unwrap();
    let before = pipe.call(&common::TimeOfDay).await.unwrap();
    assert_eq!(common::status(&before), 0);
    drop(samba);
    let error = pipe.call(&common::TimeOfDay).await.unwrap_err();
    assert_eq!(error.step, Step::Call);
    assert_eq!(error.kind, SmbErrorKind::Disconnected);
    assert!(!pipe.is_usable() && !session.is_connected());
    let error = session.open_pipe(&common::SRVSVC).await.unwrap_err();
    assert_eq!(error.kind, SmbErrorKind::Disconnected);
}
