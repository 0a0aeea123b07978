use futures::FutureExt as _;

use super::*;
use crate::Secret;
use crate::error::{SmbErrorKind, Step};

fn ntlm() -> Login {
    Login::ntlm("", "alice", Secret::new("x"))
}

fn failed(kind: SmbErrorKind) -> Result<(), SmbError> {
    Err(SmbError::new(Step::SignIn, kind))
}

fn after_the_password(kind: SmbErrorKind) -> Result<(), SmbError> {
    Err(SmbError::new(Step::SignIn, kind).with_password_sent())
}

fn now<'a>(guard: &'a LockoutGuard, login: &Login) -> Option<Result<Pass<'a>, SmbError>> {
    guard.enter(login, &PasswordSent::default()).now_or_never()
}

fn entered(guard: &LockoutGuard) -> Pass<'_> {
    now(guard, &ntlm()).expect("room").expect("open")
}

#[test]
fn no_more_are_in_flight_than_may_be_refused() {
    let guard = LockoutGuard::new(3);
    let first = entered(&guard);
    let _second = entered(&guard);
    let third = entered(&guard);
    assert!(now(&guard, &ntlm()).is_none(), "the fourth waits");
    // One refused: two of the three allowed are left, and two are in flight.
    first.report(&failed(SmbErrorKind::LogonFailure));
    assert!(now(&guard, &ntlm()).is_none());
    // One that broke off before the password went out makes room.
    third.report(&failed(SmbErrorKind::Disconnected));
    assert!(now(&guard, &ntlm()).is_some());
    assert_eq!((guard.refused(), guard.is_closed()), (1, false));
}

#[test]
fn a_password_that_went_out_and_was_not_answered_counts_as_refused() {
    use SmbErrorKind as K;
    let kinds = [
        K::TimedOut,
        K::Disconnected,
        K::Malformed("nonsense".to_owned()),
        K::SignatureInvalid,
        K::Status,
        K::PipeBroken { received: 0 },
    ];
    for kind in kinds {
        let guard = LockoutGuard::new(2);
        entered(&guard).report(&after_the_password(kind.clone()));
        let in_flight = entered(&guard);
        assert!(now(&guard, &ntlm()).is_none(), "{kind:?}");
        in_flight.report(&after_the_password(kind.clone()));
        assert!(guard.is_closed(), "{kind:?}");
        let error = now(&guard, &ntlm()).expect("at once").expect_err("closed");
        let held = K::HeldBack {
            refused: 0,
            unanswered: 2,
        };
        assert_eq!(error.kind, held, "{kind:?}");
    }
    // What the server says of other things is an answer.
    let guard = LockoutGuard::new(1);
    entered(&guard).report(&after_the_password(K::NoLogonServers));
    entered(&guard).report(&after_the_password(K::LogonTypeNotGranted));
    assert!(!guard.is_closed());
}

#[test]
fn a_sign_in_that_is_given_up_counts_once_the_password_is_out() {
    let guard = LockoutGuard::new(1);
    drop(entered(&guard));
    assert!(!guard.is_closed());
    let password = PasswordSent::default();
    let login = ntlm();
    let pass = guard.enter(&login, &password).now_or_never();
    let pass = pass.expect("room").expect("open");
    password.mark();
    drop(pass);
    assert!(guard.is_closed());
}

#[tokio::test]
async fn each_server_that_takes_the_account_lets_one_more_in() {
    let guard = LockoutGuard::new(1);
    let first = entered(&guard);
    let (login, password) = (ntlm(), PasswordSent::default());
    let waiting = guard.enter(&login, &password);
    let reporting = async { first.report(&Ok(())) };
    let (waited, ()) = futures::join!(waiting, reporting);
    let waited = waited.expect("a pass");
    let second = entered(&guard);
    assert!(now(&guard, &ntlm()).is_none(), "two are in flight");
    waited.report(&Ok(()));
    second.report(&Ok(()));
    let four: Vec<_> = (0..4).map(|_| entered(&guard)).collect();
    assert!(now(&guard, &ntlm()).is_none(), "four are in flight");
    // A refusal after all closes the way, for those who wait too.
    let mut four = four.into_iter();
    let refused = four.next().expect("four");
    refused.report(&failed(SmbErrorKind::AccountLockedOut));
    let error = guard.enter(&login, &password).await.expect_err("closed");
    let held = SmbErrorKind::HeldBack {
        refused: 1,
        unanswered: 0,
    };
    assert_eq!(error.kind, held);
}

#[tokio::test]
async fn those_who_wait_are_turned_away_when_it_closes() {
    for outcome in [
        failed(SmbErrorKind::LogonFailure),
        after_the_password(SmbErrorKind::TimedOut),
    ] {
        let guard = LockoutGuard::new(1);
        let first = entered(&guard);
        let (login, password) = (ntlm(), PasswordSent::default());
        let waiting = guard.enter(&login, &password);
        let reporting = async { first.report(&outcome) };
        let (waited, ()) = futures::join!(waiting, reporting);
        assert!(waited.is_err());
        assert!(now(&guard, &Login::Anonymous).is_some_and(|entered| entered.is_ok()));
    }
}

#[test]
fn tickets_do_not_wait() {
    let guard = LockoutGuard::new(1);
    let login = Login::Kerberos(crate::kerberos::KerberosLogin::from_cache());
    let passes: Vec<_> = (0..64).map(|_| now(&guard, &login)).collect();
    assert!(passes.iter().all(Option::is_some));
}
