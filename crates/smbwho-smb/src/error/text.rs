//! Errors as one sentence.

use std::fmt;
use std::io;

use super::{SmbError, SmbErrorKind, Step};
use crate::{ClientProtection, NtStatus};

impl fmt::Display for SmbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fixed_text() {
            Some(text) => f.write_str(text)?,
            None => self.written_text(f)?,
        }
        if !self.detail.attempts.is_empty() {
            for (index, attempt) in self.detail.attempts.iter().enumerate() {
                f.write_str(if index == 0 { ": " } else { ", " })?;
                attempt.fmt(f)?;
            }
        }
        match self.detail.status {
            Some(status) => write!(f, " ({status})"),
            None => Ok(()),
        }
    }
}

impl SmbError {
    /// The sentences that need nothing filled in.
    fn fixed_text(&self) -> Option<&'static str> {
        use SmbErrorKind as K;
        Some(match self.kind {
            K::Refused => "nothing listens on that port",
            K::Unreachable => "the network does not reach the server",
            K::NoInterface { zone: None } => {
                "a link-local address needs the interface it is reached over"
            }
            K::ConnectFailed => "could not connect",
            K::TooManyFiles => "too many open files on this computer to connect to another server",
            K::OnlySmb1 => "the server speaks only SMB1",
            K::ClosedAtNegotiate => {
                "the server closed the connection instead of negotiating: it may have too many \
                 connections, be behind a filter, speak only SMB1, or be no SMB server"
            }
            K::TurnedAway => "the server turns this computer away",
            K::EncryptionUnavailable => {
                "encryption is required, and the server did not agree on a cipher"
            }
            K::AnonymousUnprotected {
                wanted: ClientProtection::Sign,
            } => "signing is required, and an anonymous session cannot be signed",
            K::AnonymousUnprotected {
                wanted: ClientProtection::Encrypt,
            } => "encryption is required, and an anonymous session cannot be encrypted",
            K::DialectRefused => "the server speaks no dialect from SMB 2.0.2 to 3.1.1",
            K::LogonFailure => "the user name or the password is wrong",
            K::PasswordExpired => "the password has expired",
            K::PasswordMustChange => "the password must be changed before the first sign-in",
            K::AccountLockedOut => "the account is locked",
            K::AccountDisabled => "the account is disabled",
            K::AccountExpired => "the account has expired",
            K::AccountRestriction => "a restriction on the account forbids this sign-in",
            K::LogonTypeNotGranted => "the account may not sign in over the network there",
            K::InvalidLogonHours => "the account may not sign in at this hour",
            K::InvalidWorkstation => "the account may not sign in from this computer",
            K::ClockSkew => "the clocks of this machine and the server are too far apart",
            K::NoLogonServers => "the server could not have its domain check the password",
            K::NoCredentials => "there is nothing to sign in with as the user of this program",
            K::NtlmBlocked => "the server does not allow NTLM",
            K::GuestOffered => {
                "the server offered a guest session instead of the account; \
                 most likely the user name or the password is wrong"
            }
            K::AnonymousRefused => "the server does not allow anonymous sessions",
            K::TicketRefused => "the server refused the Kerberos ticket",
            K::SignatureInvalid => {
                "a message of the server is not signed as it must be, so it was not believed"
            }
            K::EncryptionRequired => "the server wants encryption, which this session cannot have",
            K::ShareNotFound => "the server has no share IPC$",
            K::PipeBusy => "the service behind the pipe takes no caller just now",
            K::ServerBusy => "the server has no room for another session or request",
            K::SessionGone => "the server has ended the session",
            K::PipeUnusable => "an earlier call on this pipe was given up, so it cannot be used",
            _ => return None,
        })
    }

    fn written_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use SmbErrorKind as K;
        let doing = self.step.doing();
        match &self.kind {
            K::NameNotFound => {
                f.write_str("the name could not be looked up")?;
                match self.io() {
                    Some(error) => write!(f, ": {}", plain(error)),
                    None => Ok(()),
                }
            }
            K::NoInterface { zone: Some(zone) } => {
                write!(f, "this computer has no interface {zone}")
            }
            K::TimedOut if self.step == Step::Name => f.write_str("the name was not found in time"),
            K::TimedOut if self.step == Step::Connect => f.write_str("no answer in time"),
            K::TimedOut => write!(f, "the server fell silent or was too slow while {doing}"),
            K::NotSmb {
                looks_like: Some(what),
            } => write!(f, "it is not an SMB server: it answers like {what}"),
            K::NotSmb { looks_like: None } => {
                f.write_str("it is not an SMB server: it answers in another protocol")
            }
            K::DialectTooOld {
                negotiated,
                required,
            } => write!(
                f,
                "the server speaks SMB {} at most, and SMB {} is required",
                negotiated.as_str(),
                required.as_str()
            ),
            K::SizesTooSmall { bytes } => write!(
                f,
                "the server takes only {bytes} bytes in one request, too few for a remote call"
            ),
            K::NegotiationAltered { what } => write!(
                f,
                "the negotiation was changed on its way: {what}; nothing was asked"
            ),
            K::Unexpected(what) => write!(
                f,
                "the server sent {what}, so the connection was ended while {doing}"
            ),
            K::Disconnected => write!(f, "the connection was lost while {doing}"),
            K::HeldBack {
                refused,
                unanswered,
            } => {
                f.write_str("not asked, since ")?;
                write_held_back(f, *refused, *unanswered)?;
                f.write_str(" and more wrong sign-ins may lock it")
            }
            K::Kerberos(error) => write!(f, "{error}"),
            K::AccessDenied => write!(f, "access was denied while {doing}"),
            K::PipeNotFound { pipe } => {
                write!(
                    f,
                    "the server has no pipe {pipe}: the service is not offered"
                )
            }
            K::PipeBroken { received } => write!(
                f,
                "the server closed the pipe while {doing}, after {received} bytes"
            ),
            K::Status => {
                write!(f, "the server refused while {doing}")?;
                match self.status().and_then(NtStatus::meaning) {
                    Some(meaning) => write!(f, ": {meaning}"),
                    None => Ok(()),
                }
            }
            K::Rpc(error) => write!(f, "{doing} failed: {error}"),
            K::Fault { status } => write!(f, "the server answered with the fault 0x{status:08x}"),
            K::Request(error) => write!(f, "the request cannot be sent: {error}"),
            K::Malformed(what) => write!(f, "the server broke the protocol while {doing}: {what}"),
            _ => write!(f, "failed while {doing}"),
        }
    }
}

/// `2 servers refused the account, 1 did not answer the password`
fn write_held_back(f: &mut fmt::Formatter<'_>, refused: u32, unanswered: u32) -> fmt::Result {
    let servers = |count: u32| match count {
        1 => "a server".to_owned(),
        many => format!("{many} servers"),
    };
    match (refused, unanswered) {
        (refused, 0) => write!(f, "{} refused the account", servers(refused)),
        (0, unanswered) => write!(
            f,
            "{} never said what came of the account's password",
            servers(unanswered)
        ),
        (refused, unanswered) => write!(
            f,
            "{} refused the account, {} never said what came of its password",
            servers(refused),
            servers(unanswered)
        ),
    }
}

/// The resolver's words without the preamble the standard library puts first.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once("information: ") {
        Some((_, words)) => words.to_owned(),
        None => text,
    }
}
