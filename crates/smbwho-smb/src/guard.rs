//! Keeping an account from being locked by many wrong sign-ins at once.
//!
//! A domain counts wrong passwords over all its servers: sixty-four sign-ins
//! side by side with a mistyped password lock most accounts before the first
//! refusal has been read. Whoever signs in to many servers as one account
//! shares a [`LockoutGuard`] among them.

mod count;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::error::SmbError;
use crate::login::Login;
use count::{Count, Outcome};

/// Bounds the wrong sign-ins of one account, however many servers are signed
/// in to side by side.
///
/// It starts slowly: no more sign-ins are in flight than refusals are left,
/// and one more for each server that took the account since the last refusal;
/// the others wait, connected. A password that went out and was never answered
/// counts as a refusal until a server takes the account. After the last refusal
/// allowed nobody signs in any more, and the error is
/// [`SmbErrorKind::HeldBack`](crate::SmbErrorKind::HeldBack). So the servers see
/// as many wrong sign-ins as are allowed, and one more at most for each server
/// that took the account. What failed before the password went out counts for
/// nothing.
///
/// A sign-in by Kerberos does not wait, since it shows servers no password and
/// the KDC a wrong one only once; its refusals count all the same. Anonymous
/// ones are nobody's and pass.
///
/// Clones share what they count. A guard belongs to one account.
#[derive(Debug, Clone)]
pub struct LockoutGuard {
    state: Arc<watch::Sender<Count>>,
}

impl LockoutGuard {
    /// Allows so many refusals; 0 counts as 1.
    #[must_use]
    pub fn new(allowed: u32) -> Self {
        Self {
            state: Arc::new(watch::Sender::new(Count::new(allowed.max(1)))),
        }
    }

    /// Servers that refused the account so far.
    #[must_use]
    pub fn refused(&self) -> u32 {
        self.state.borrow().refused()
    }

    /// Sign-ins since a server last took the account whose password went out
    /// and that were not answered.
    #[must_use]
    pub fn unanswered(&self) -> u32 {
        self.state.borrow().unanswered()
    }

    /// Whether nobody signs in any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state.borrow().is_closed()
    }

    /// The error of a server that is not signed in to, once nobody is.
    #[must_use]
    pub fn held_back(&self) -> Option<SmbError> {
        let count = *self.state.borrow();
        let (refused, unanswered) = (count.refused(), count.unanswered());
        count
            .is_closed()
            .then(|| SmbError::held_back(refused, unanswered))
    }

    /// Waits until the account may be shown to one more server. `password` is
    /// what that sign-in will mark.
    ///
    /// # Errors
    ///
    /// [`SmbErrorKind::HeldBack`](crate::SmbErrorKind::HeldBack).
    pub(crate) async fn enter(
        &self,
        login: &Login,
        password: &PasswordSent,
    ) -> Result<Pass<'_>, SmbError> {
        let counted = !matches!(login, Login::Anonymous);
        let waits = matches!(login, Login::Ntlm { .. });
        let mut changes = self.state.subscribe();
        loop {
            let mut entered = false;
            self.state.send_if_modified(|count| {
                entered = !counted || (!count.is_closed() && (!waits || count.has_room()));
                if entered && counted {
                    count.begin();
                }
                // Nobody waits for there to be less room.
                false
            });
            if entered {
                return Ok(Pass {
                    guard: self,
                    counted,
                    password: password.clone(),
                    outcome: None,
                });
            }
            if let Some(error) = self.held_back() {
                return Err(error);
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

/// Whether a password has gone out in one sign-in, to the server or to a KDC,
/// and nobody has said yet what came of it. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct PasswordSent(Arc<AtomicBool>);

impl PasswordSent {
    /// To be said just before it goes out.
    pub(crate) fn mark(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// To be said when it was taken or refused.
    pub(crate) fn settle(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether it is out, and its fate unknown.
    pub(crate) fn is_open(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// One sign-in in flight. Dropped without a word it counts as unanswered if the
/// password had gone out, else for nothing.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    guard: &'a LockoutGuard,
    counted: bool,
    password: PasswordSent,
    outcome: Option<Outcome>,
}

impl Pass<'_> {
    /// Reports what came of it.
    pub(crate) fn report<T>(mut self, outcome: &Result<T, SmbError>) {
        self.outcome = Some(match outcome {
            Ok(_) => Outcome::Accepted,
            Err(error) if error.refuses_account() => Outcome::Refused,
            Err(error) if error.leaves_password_in_doubt() => Outcome::Unanswered,
            Err(_) => Outcome::Nothing,
        });
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.counted {
            return;
        }
        let outcome = self.outcome.unwrap_or(if self.password.is_open() {
            Outcome::Unanswered
        } else {
            Outcome::Nothing
        });
        self.guard.state.send_modify(|count| count.end(outcome));
    }
}

#[cfg(test)]
mod tests;
