//! Kinds of errors.

use smbwho_auth::negotiate::Dialect;
use smbwho_rpc::ProtocolError;
use smbwho_rpc::ndr::NdrError;

use crate::ClientProtection;
use crate::expected::UnexpectedMessage;
use crate::kerberos::KerberosError;

/// What went wrong. [`SmbError::status`](crate::SmbError::status) and its neighbours keep the codes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SmbErrorKind {
    /// The name has no address, or could not be looked up.
    NameNotFound,
    /// At least one address is there, but nothing listens on the port.
    Refused,
    /// No address could be reached by the network.
    Unreachable,
    /// Nothing came in the time there was.
    TimedOut,
    /// A link-local address (`fe80::…`) without the interface it is reached
    /// over, or with one that this computer does not have.
    NoInterface {
        /// The interface that was named.
        zone: Option<String>,
    },
    /// TCP failed in another way before it was connected.
    ConnectFailed,
    /// This program, or the whole system, has as many files open as it may, so that there was no
    /// socket to connect with. Nothing is known of the server.
    TooManyFiles,
    /// Something answered that does not speak SMB.
    NotSmb {
        /// What it looks like, when its first bytes tell: `HTTP`, `SSH`, …
        looks_like: Option<&'static str>,
    },
    /// The server answered in SMB1, which this library does not speak.
    OnlySmb1,
    /// The server closed the connection on the first message: it is full, a
    /// filter stands before it, it speaks SMB1 only, or another protocol.
    ClosedAtNegotiate,
    /// The server refused the connection by a negative NetBIOS session
    /// response, as smbd does to computers that `hosts allow` and `hosts deny`
    /// keep away.
    TurnedAway,
    /// The server found no dialect of SMB 2.0.2 to 3.1.1 it would speak.
    DialectRefused,
    /// The server speaks nothing as new as is required
    /// ([`Options::min_dialect`](crate::Options::min_dialect)).
    DialectTooOld {
        /// The best that was agreed on.
        negotiated: Dialect,
        /// The oldest that would do.
        required: Dialect,
    },
    /// Encryption is required
    /// ([`Options::protection`](crate::Options::protection)), and none could be
    /// agreed on.
    EncryptionUnavailable,
    /// Signing or encryption is required, and an anonymous session has no key
    /// for it.
    AnonymousUnprotected {
        /// What is required.
        wanted: ClientProtection,
    },
    /// The server takes so little in one request that no RPC fits in.
    SizesTooSmall {
        /// The least of its MaxTransactSize, MaxReadSize and MaxWriteSize.
        bytes: u32,
    },
    /// What was negotiated is not what the server meant: somebody on the way
    /// may have changed it ([MS-SMB2] 3.2.5.14.12). Nothing was asked.
    NegotiationAltered {
        /// What differs.
        what: &'static str,
    },
    /// A message came that was not negotiated. Nothing of it was believed.
    Unexpected(UnexpectedMessage),
    /// The connection broke or was closed by the server.
    Disconnected,

    /// User name or password are wrong.
    LogonFailure,
    /// The password has expired.
    PasswordExpired,
    /// The password must be changed before the first sign-in.
    PasswordMustChange,
    /// The account is locked.
    AccountLockedOut,
    /// The account is disabled.
    AccountDisabled,
    /// The account has expired.
    AccountExpired,
    /// A restriction on the account forbids it: an empty password, a policy.
    AccountRestriction,
    /// The account may not sign in over the network there.
    LogonTypeNotGranted,
    /// The account may not sign in at this hour.
    InvalidLogonHours,
    /// The account may not sign in from this computer.
    InvalidWorkstation,
    /// The clocks are too far apart.
    ClockSkew,
    /// The server could not ask a domain controller, or its trust is broken.
    NoLogonServers,
    /// The current user was to sign in, whose password and tickets only the
    /// system has.
    NoCredentials,
    /// NTLM is forbidden there.
    NtlmBlocked,
    /// The server offered a guest or anonymous session instead of the account.
    GuestOffered,
    /// The server takes no anonymous session.
    AnonymousRefused,
    /// A message of the server does not carry the signature it must.
    SignatureInvalid,
    /// The server wants encryption, and the dialect or session cannot.
    EncryptionRequired,
    /// Not signed in: so many servers refused the account before, or left the
    /// password unanswered, that one more wrong password might lock it
    /// ([`LockoutGuard`](crate::LockoutGuard)).
    HeldBack {
        /// Servers that refused it.
        refused: u32,
        /// Servers that the password went to and that did not answer, none
        /// having taken the account since.
        unanswered: u32,
    },
    /// There is no Kerberos ticket to sign in with, and why.
    Kerberos(Box<KerberosError>),
    /// The server refused the Kerberos ticket, most likely because it was made out to another
    /// name or with an old key.
    TicketRefused,

    /// Access to what the step names was denied.
    AccessDenied,
    /// There is no share `IPC$`.
    ShareNotFound,
    /// There is no such pipe: the service behind it is not running or not
    /// offered.
    PipeNotFound {
        /// The pipe's name, `srvsvc`.
        pipe: &'static str,
    },
    /// The pipe exists, but nothing can serve it just now.
    PipeBusy,
    /// The pipe was closed at the other end in the middle.
    PipeBroken {
        /// Bytes of the unfinished reply that had come.
        received: usize,
    },
    /// The server has no room for more sessions or requests.
    ServerBusy,
    /// The server ended the session, or it expired.
    SessionGone,
    /// An NTSTATUS that fits none of the others.
    Status,

    /// The server broke the rules of DCE/RPC, refused the bind, or sent more
    /// than was allowed.
    Rpc(Box<ProtocolError>),
    /// The server answered the call with a fault.
    Fault {
        /// The fault's status (\[C706\] appendix E, [MS-RPCE] 2.2.2.12).
        status: u32,
    },
    /// The request could not be encoded: a value is out of range.
    Request(Box<NdrError>),
    /// The server broke the rules of SMB2; the text says which.
    Malformed(String),
    /// The pipe is of no more use: an earlier call on it was given up.
    PipeUnusable,
}
