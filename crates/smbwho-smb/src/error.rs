//! What can go wrong between a server's name and the reply of a call.

mod kind;
mod meaning;
mod text;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

pub use kind::SmbErrorKind;
pub(crate) use meaning::{from_status, from_transport};
use smbwho_rpc::ProtocolError;

use crate::NtStatus;
use crate::kerberos::{Exchange, KerberosError};

/// Where on the way it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Looking the name up.
    Name,
    /// Opening the TCP connection.
    Connect,
    /// Agreeing on a dialect of SMB.
    Negotiate,
    /// Signing in.
    SignIn,
    /// Connecting to the share `IPC$`.
    Share,
    /// Opening the pipe.
    Pipe,
    /// Binding to the interface.
    Bind,
    /// Calling the procedure.
    Call,
}

impl Step {
    /// One word for it: `name`, `connect`, `negotiate`, `sign-in`, `share`,
    /// `pipe`, `bind`, `call`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Connect => "connect",
            Self::Negotiate => "negotiate",
            Self::SignIn => "sign-in",
            Self::Share => "share",
            Self::Pipe => "pipe",
            Self::Bind => "bind",
            Self::Call => "call",
        }
    }

    /// What was being done, to follow "while".
    fn doing(self) -> &'static str {
        match self {
            Self::Name => "looking up the name",
            Self::Connect => "connecting",
            Self::Negotiate => "negotiating the dialect",
            Self::SignIn => "signing in",
            Self::Share => "connecting to IPC$",
            Self::Pipe => "opening the pipe",
            Self::Bind => "binding to the interface",
            Self::Call => "waiting for the reply",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One address of a server and what came of dialling it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The address.
    pub address: SocketAddr,
    /// What happened there.
    pub outcome: Outcome,
}

/// What came of dialling one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The machine is there, but nothing listens on the port.
    Refused,
    /// No route to the machine or its network.
    Unreachable,
    /// No answer in the time there was.
    NoAnswer,
    /// A link-local address without the interface it is reached over.
    NoInterface,
    /// Not dialled: too many files are open here.
    TooManyFiles,
    /// Something else the system reported.
    Failed(io::ErrorKind),
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.address)?;
        match self.outcome {
            Outcome::Refused => f.write_str("refused the connection"),
            Outcome::Unreachable => f.write_str("is unreachable"),
            Outcome::NoAnswer => f.write_str("did not answer"),
            Outcome::NoInterface => f.write_str("needs an interface"),
            Outcome::TooManyFiles => f.write_str("was not dialed"),
            Outcome::Failed(kind) => write!(f, "failed ({kind})"),
        }
    }
}

/// An error with its step, its kind and every code that came with it.
///
/// `Display` is one sentence: what was being done, what failed and why.
#[derive(Debug, Clone)]
pub struct SmbError {
    /// Where it happened.
    pub step: Step,
    /// What it was.
    pub kind: SmbErrorKind,
    detail: Box<Detail>,
}

#[derive(Debug, Clone, Default)]
struct Detail {
    status: Option<NtStatus>,
    hasty: bool,
    password_sent: bool,
    compounded: bool,
    attempts: Vec<Attempt>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl SmbError {
    pub(crate) fn new(step: Step, kind: SmbErrorKind) -> Self {
        Self {
            step,
            kind,
            detail: Box::default(),
        }
    }

    /// The error of a server that is not asked because a
    /// [`LockoutGuard`](crate::LockoutGuard) has closed.
    pub(crate) fn held_back(refused: u32, unanswered: u32) -> Self {
        let kind = SmbErrorKind::HeldBack {
            refused,
            unanswered,
        };
        Self::new(Step::SignIn, kind)
    }

    /// Of a sign-in whose password had gone out.
    pub(crate) fn with_password_sent(mut self) -> Self {
        self.detail.password_sent = true;
        self
    }

    pub(crate) fn with_kind(self, kind: SmbErrorKind) -> Self {
        Self { kind, ..self }
    }

    pub(crate) fn with_status(mut self, status: NtStatus) -> Self {
        self.detail.status = Some(status);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: Vec<Attempt>) -> Self {
        self.detail.attempts = attempts;
        self
    }

    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.detail.source = Some(Arc::new(source));
        self
    }

    /// A call that was never answered, nobody having said why.
    #[must_use]
    pub fn unanswered() -> Self {
        Self::new(Step::Call, SmbErrorKind::Disconnected)
    }

    pub(crate) fn with_haste(mut self) -> Self {
        self.detail.hasty = true;
        self
    }

    /// Whether it may have come of several calls being in flight on the pipe. The session has
    /// taken note: over a new pipe the same calls go one at a time.
    #[must_use]
    pub fn is_due_to_haste(&self) -> bool {
        self.detail.hasty
    }

    pub(crate) fn with_compounding(mut self) -> Self {
        self.detail.compounded = true;
        self
    }

    /// Whether the connection may have been lost over the first message that
    /// carries several requests, as ksmbd's is. Another connection may fare
    /// better after
    /// [`SmbSession::connect_tree_alone`](crate::SmbSession::connect_tree_alone).
    #[must_use]
    pub fn is_due_to_compounding(&self) -> bool {
        self.detail.compounded
    }

    /// Whether `IPC$` demands encryption that the session does not have. A session that is
    /// encrypted as a whole may open its pipes.
    #[must_use]
    pub fn wants_encryption(&self) -> bool {
        self.kind == SmbErrorKind::EncryptionRequired && self.step == Step::Share
    }

    /// Whether what carried the call was gone before the call was answered: the connection, the
    /// session or the pipe.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        match self.kind {
            SmbErrorKind::Disconnected
            | SmbErrorKind::SessionGone
            | SmbErrorKind::PipeUnusable
            | SmbErrorKind::PipeBroken { received: 0 } => true,
            SmbErrorKind::Status => self.status() == Some(NtStatus::INVALID_HANDLE),
            _ => false,
        }
    }

    /// Whether the call ended the pipe it was made on, and nothing else: another call may well be
    /// answered over a new pipe. A reply that is too long is none of these, nor one whose
    /// fragments are not in order, since over the next pipe that would not show.
    #[must_use]
    pub fn ends_pipe_only(&self) -> bool {
        self.step == Step::Call
            && match &self.kind {
                SmbErrorKind::PipeBroken { .. } | SmbErrorKind::Malformed(_) => true,
                SmbErrorKind::Rpc(error) => {
                    let too_large = matches!(**error, ProtocolError::ReplyTooLarge { .. });
                    !too_large && !error.is_due_to_read_ahead()
                }
                _ => false,
            }
    }

    /// The NTSTATUS the server answered with, if it did.
    #[must_use]
    pub fn status(&self) -> Option<NtStatus> {
        self.detail.status
    }

    /// The fault status of the RPC call, if it was a fault.
    #[must_use]
    pub fn fault(&self) -> Option<u32> {
        match self.kind {
            SmbErrorKind::Fault { status } => Some(status),
            _ => None,
        }
    }

    /// The system's error, if one lies behind it.
    #[must_use]
    pub fn io(&self) -> Option<&io::Error> {
        self.detail.source.as_ref()?.downcast_ref()
    }

    /// Whether the server, or the KDC, refuses the account as such: a wrong
    /// name or password, or one that is locked, disabled or expired. Another
    /// server of the same domain would say the same, and each such sign-in may
    /// bring the account nearer to being locked.
    #[must_use]
    pub fn refuses_account(&self) -> bool {
        use SmbErrorKind as K;
        match &self.kind {
            K::LogonFailure
            | K::PasswordExpired
            | K::PasswordMustChange
            | K::AccountLockedOut
            | K::AccountDisabled
            | K::AccountExpired
            // A server that maps wrong passwords to its guest counts them too.
            | K::GuestOffered => true,
            K::Kerberos(error) => match &**error {
                KerberosError::Kdc(refusal) => {
                    refusal.exchange == Exchange::Authentication
                        && refusal.code.is_about_the_account()
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a password went out and it is not known what came of it: no
    /// answer, one that makes no sense, or one that is about neither the
    /// account nor the server. It may have been counted as a wrong one.
    #[must_use]
    pub fn leaves_password_in_doubt(&self) -> bool {
        use SmbErrorKind as K;
        let about_something_else = match &self.kind {
            // The password was not looked at.
            K::NtlmBlocked | K::NoLogonServers | K::ServerBusy | K::ClockSkew => true,
            // It was right, or does not matter.
            K::AccountRestriction
            | K::LogonTypeNotGranted
            | K::InvalidLogonHours
            | K::InvalidWorkstation
            | K::EncryptionRequired => true,
            _ => false,
        };
        self.detail.password_sent && !about_something_else && !self.refuses_account()
    }

    /// Whether this sign-in may have been counted as a wrong one, and so must
    /// not be made again unless somebody says so.
    #[must_use]
    pub fn counts_against_account(&self) -> bool {
        self.refuses_account() || self.leaves_password_in_doubt()
    }

    /// Whether the same may well succeed a moment later: the way there was
    /// disturbed, or the server had no room just then.
    ///
    /// A sign-in that [left its password in
    /// doubt](Self::leaves_password_in_doubt) is none of these.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        use SmbErrorKind as K;
        if self.counts_against_account() {
            return false;
        }
        match &self.kind {
            K::TimedOut => self.step == Step::Connect,
            K::Disconnected => self.step != Step::SignIn,
            K::ConnectFailed
            | K::TooManyFiles
            | K::ClosedAtNegotiate
            | K::PipeBusy
            | K::PipeBroken { .. }
            | K::ServerBusy
            | K::SessionGone => true,
            _ => false,
        }
    }

    /// The addresses dialled and what came of each, for errors of connecting.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.detail.attempts
    }
}

impl StdError for SmbError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.kind {
            SmbErrorKind::Rpc(error) => Some(error),
            SmbErrorKind::Request(error) => Some(error),
            SmbErrorKind::Kerberos(error) => Some(error),
            _ => match &self.detail.source {
                Some(source) => Some(&**source),
                None => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sentence_with_the_code() {
        let error = from_status(Step::SignIn, NtStatus::ACCOUNT_LOCKED_OUT);
        assert_eq!(
            error.to_string(),
            "the account is locked (STATUS_ACCOUNT_LOCKED_OUT)"
        );
        let error = from_status(Step::Share, NtStatus(0xC000_0999));
        assert_eq!(
            error.to_string(),
            "the server refused while connecting to IPC$ (NTSTATUS 0xC0000999)"
        );
        assert_eq!(error.kind, SmbErrorKind::Status);
        assert_eq!(error.status(), Some(NtStatus(0xC000_0999)));
    }

    #[test]
    fn every_address_tried_is_named() {
        let error = SmbError::new(Step::Connect, SmbErrorKind::Refused).with_attempts(vec![
            Attempt {
                address: "[::1]:445".parse().unwrap(),
                outcome: Outcome::Unreachable,
            },
            Attempt {
                address: "127.0.0.1:445".parse().unwrap(),
                outcome: Outcome::Refused,
            },
        ]);
        assert_eq!(
            error.to_string(),
            "nothing listens on that port: [::1]:445 is unreachable, \
             127.0.0.1:445 refused the connection"
        );
    }

    #[test]
    fn what_is_worth_another_try_and_what_may_lock_an_account() {
        use SmbErrorKind as K;
        let is = |step, kind| {
            let error = SmbError::new(step, kind);
            (error.is_transient(), error.refuses_account())
        };
        assert_eq!(is(Step::Connect, K::TimedOut), (true, false));
        assert_eq!(is(Step::Negotiate, K::TimedOut), (false, false));
        assert_eq!(is(Step::Connect, K::Refused), (false, false));
        assert_eq!(is(Step::Connect, K::TooManyFiles), (true, false));
        assert_eq!(is(Step::Call, K::Disconnected), (true, false));
        assert_eq!(is(Step::SignIn, K::Disconnected), (false, false));
        assert_eq!(is(Step::SignIn, K::ServerBusy), (true, false));
        assert_eq!(is(Step::SignIn, K::LogonFailure), (false, true));
        assert_eq!(is(Step::SignIn, K::AccountLockedOut), (false, true));
        assert_eq!(is(Step::SignIn, K::LogonTypeNotGranted), (false, false));
    }

    #[test]
    fn an_error_is_small_enough_to_return() {
        assert!(size_of::<SmbError>() <= 48, "{}", size_of::<SmbError>());
    }
}
