//! Keeping an account from being locked by many wrong sign-ins at once.
//!
//! A domain counts wrong passwords over all its servers: sixty-four sign-ins
//! side by side with a mistyped password lock most accounts before the first
//! refusal has been read. Whoever signs in to many servers as one account
//! shares a [`LockoutGuard`] among them.

use std::sync::Arc;

use tokio::sync::watch;

use crate::error::SmbError;
use crate::login::Login;

/// Bounds the wrong sign-ins of one account, however many servers are signed
/// in to side by side.
///
/// Until a server has taken the account, no more sign-ins are under way than
/// refusals are allowed; the others wait, connected. Once one has, all may go.
/// After a refusal it is again as in the beginning, until the next server takes
/// the account. After the last refusal allowed nobody signs in any more, and
/// the error is [`SmbErrorKind::HeldBack`](crate::SmbErrorKind::HeldBack).
///
/// A sign-in by Kerberos does not wait, since it shows servers no password and
/// the KDC a wrong one only once; its refusals count all the same. Anonymous
/// ones are nobody's and pass.
///
/// Clones share what they count. A guard belongs to one account.
#[derive(Debug, Clone)]
pub struct LockoutGuard {
    allowed: u32,
    state: Arc<watch::Sender<State>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// The last server that said anything took the account.
    proved: bool,
    /// Sign-ins under way.
    trying: u32,
    /// Servers that refused the account.
    refused: u32,
}

impl LockoutGuard {
    /// Allows so many refusals; 0 counts as 1.
    #[must_use]
    pub fn new(allowed: u32) -> Self {
        Self {
            allowed: allowed.max(1),
            state: Arc::new(watch::Sender::new(State::default())),
        }
    }

    /// Servers that refused the account so far.
    #[must_use]
    pub fn refused(&self) -> u32 {
        self.state.borrow().refused
    }

    /// Whether nobody signs in any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.refused() >= self.allowed
    }

    /// Waits until the account may be shown to one more server.
    ///
    /// # Errors
    ///
    /// [`SmbErrorKind::HeldBack`](crate::SmbErrorKind::HeldBack).
    pub(crate) async fn enter(&self, login: &Login) -> Result<Pass<'_>, SmbError> {
        let counted = !matches!(login, Login::Anonymous);
        let waits = matches!(login, Login::Ntlm { .. });
        let mut changes = self.state.subscribe();
        loop {
            let mut entered = false;
            self.state.send_if_modified(|state| {
                let left = self.allowed.saturating_sub(state.refused);
                let room = state.proved || !waits || state.trying < left;
                entered = !counted || (left > 0 && room);
                state.trying += u32::from(entered);
                // Nobody waits for there to be less room.
                false
            });
            if entered {
                return Ok(Pass {
                    guard: self,
                    counted,
                });
            }
            if self.is_closed() {
                return Err(SmbError::held_back(self.refused()));
            }
            // The sender is ours, so it is there.
            let _ = changes.changed().await;
        }
    }
}

/// Guards are equal when they share what they count.
impl PartialEq for LockoutGuard {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }
}

impl Eq for LockoutGuard {}

/// One sign-in under way. Dropped without a word it counts for nothing.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    guard: &'a LockoutGuard,
    counted: bool,
}

impl Pass<'_> {
    /// Tells what came of it.
    pub(crate) fn tell<T>(self, outcome: &Result<T, SmbError>) {
        if !self.counted {
            return;
        }
        self.guard.state.send_modify(|state| match outcome {
            Ok(_) => state.proved = true,
            Err(error) if error.refuses_account() => {
                state.proved = false;
                state.refused += 1;
            }
            // A lost connection says nothing about the account.
            Err(_) => {}
        });
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.guard
            .state
            .send_modify(|state| state.trying = state.trying.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
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

    fn now<'a>(guard: &'a LockoutGuard, login: &Login) -> Option<Result<Pass<'a>, SmbError>> {
        guard.enter(login).now_or_never()
    }

    #[test]
    fn no_more_are_under_way_than_may_be_refused() {
        let guard = LockoutGuard::new(3);
        let first = now(&guard, &ntlm()).expect("room").expect("open");
        let _second = now(&guard, &ntlm()).expect("room").expect("open");
        let third = now(&guard, &ntlm()).expect("room").expect("open");
        assert!(now(&guard, &ntlm()).is_none(), "the fourth waits");
        // One refused: two of the three allowed are left, and two are under way.
        first.tell(&failed(SmbErrorKind::LogonFailure));
        assert!(now(&guard, &ntlm()).is_none());
        // One that broke off says nothing, and makes room.
        third.tell(&failed(SmbErrorKind::Disconnected));
        assert!(now(&guard, &ntlm()).is_some());
        assert_eq!((guard.refused(), guard.is_closed()), (1, false));
    }

    #[tokio::test]
    async fn a_server_that_takes_the_account_lets_all_in() {
        let guard = LockoutGuard::new(1);
        let first = guard.enter(&ntlm()).await.expect("open");
        let login = ntlm();
        let waiting = guard.enter(&login);
        let telling = async { first.tell(&Ok(())) };
        let (waited, ()) = futures::join!(waiting, telling);
        let passes: Vec<_> = (0..64).map(|_| now(&guard, &ntlm())).collect();
        assert!(waited.is_ok() && passes.iter().all(Option::is_some));
        // A refusal after all closes the way again, for those who wait too.
        drop(passes);
        waited
            .expect("a pass")
            .tell(&failed(SmbErrorKind::AccountLockedOut));
        let error = guard.enter(&ntlm()).await.expect_err("closed");
        assert_eq!(error.kind, SmbErrorKind::HeldBack { refused: 1 });
    }

    #[tokio::test]
    async fn those_who_wait_are_turned_away_when_it_closes() {
        let guard = LockoutGuard::new(1);
        let first = guard.enter(&ntlm()).await.expect("open");
        let login = ntlm();
        let waiting = guard.enter(&login);
        let telling = async { first.tell(&failed(SmbErrorKind::LogonFailure)) };
        let (waited, ()) = futures::join!(waiting, telling);
        assert!(waited.is_err());
        assert!(now(&guard, &Login::Anonymous).is_some_and(|entered| entered.is_ok()));
    }

    #[test]
    fn tickets_do_not_wait() {
        let guard = LockoutGuard::new(1);
        let login = Login::Kerberos(crate::kerberos::KerberosLogin::from_cache());
        let passes: Vec<_> = (0..64).map(|_| now(&guard, &login)).collect();
        assert!(passes.iter().all(Option::is_some));
    }
}
