//! What can go wrong, where, and with which code.

mod text;

use std::fmt;
use std::time::Duration;

use smbwho_msrpc::srvsvc::share::parameter_name;
use smbwho_msrpc::status::{self, FaultStatus, Win32Status};
use smbwho_msrpc::types::security_descriptor::DescriptorError;
use smbwho_rpc::ndr::NdrError;
use smbwho_smb::kerberos::KerberosError;
use smbwho_smb::{Address, DEFAULT_PORT, NtStatus, SmbError, SmbErrorKind, Step};

use crate::code::{Code, KerberosCode};
use crate::files::PlaceError;
use crate::hint;
use crate::local::LocalError;
use crate::name::Name;

/// Why a question to a server failed: which server, at which step, with which
/// code, and what to try.
///
/// `Display` tells all but the hint, in one line. The text may quote the
/// server; escape it before it reaches a terminal.
#[derive(Debug, Clone)]
pub struct Error {
    server: String,
    // Boxed: the good case should not pay for the bad one.
    kind: Box<ErrorKind>,
}

/// What failed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Something on the way to the call or back: name, connection, sign-in,
    /// pipe.
    Smb(SmbError),
    /// The server took the call and refused it, at every level tried.
    Refused {
        /// The remote procedure, as the specification names it.
        call: &'static str,
        /// Each level tried, and what the server said to it.
        refused: Vec<(u32, Refusal)>,
    },
    /// The server took a call that has no levels, and refused it.
    Declined {
        /// The remote procedure.
        call: &'static str,
        /// What the server said.
        refusal: Refusal,
    },
    /// The server refused to change something. Nothing was changed by this
    /// call; [`done`](Self::ChangeRefused::done) says what was before it.
    ChangeRefused {
        /// The remote procedure, as the specification names it.
        call: &'static str,
        /// The level, where the call has levels.
        level: Option<u32>,
        /// What the server said.
        why: Refusal,
        /// The parameter that the server disliked, where it says which.
        parameter: Option<BadParameter>,
        /// What had been changed before, in words.
        done: Vec<&'static str>,
    },
    /// What was to be asked for cannot be put into the call.
    Unsayable {
        /// The remote procedure.
        call: &'static str,
        /// What stands against it.
        error: NdrError,
    },
    /// A security descriptor to be set does not fit into one.
    BadSecurity {
        /// The remote procedure.
        call: &'static str,
        /// Which part, and why.
        error: DescriptorError,
    },
    /// The reply is not what the specification says.
    Malformed {
        /// The remote procedure.
        call: &'static str,
        /// Where and how the reply departs from its definition.
        error: NdrError,
    },
    /// The server says that more rows follow, and gets nowhere.
    Stalled {
        /// The remote procedure.
        call: &'static str,
        /// Rows that had come.
        rows: usize,
        /// What the server did.
        why: &'static str,
    },
    /// The lists of several servers are longer than what is
    /// [kept](crate::ListBudget::kept) of them together; the rows up to here are there.
    TooLong {
        /// The remote procedure.
        call: &'static str,
        /// Rows that are kept.
        rows: usize,
    },
    /// The caller wants sessions of one user at a level that names no users.
    LevelTellsNoUser,
    /// The caller wants rows chosen by something that the level asked for
    /// does not tell.
    LevelTellsNot {
        /// The level.
        level: u32,
        /// What it does not tell.
        what: &'static str,
    },
    /// What is looked for on the server is no path.
    NoPlace(PlaceError),
    /// The path leads elsewhere by DFS; what is open there was not asked.
    DfsPath {
        /// The path, as people name it.
        path: String,
        /// Where it leads, as paths in shares; empty where the server does not say.
        targets: Vec<String>,
        /// What the server said of the path in the share itself, where it may be no
        /// more than misspelt.
        why: Option<Code>,
    },
    /// Links of DFS lie beneath the path; what is open where they lead was not asked.
    DfsLinksBelow {
        /// The path, as people name it.
        path: String,
    },
    /// There is nothing at the path, as far as the account can see.
    NoSuchPath {
        /// The path, as people name it.
        path: String,
    },
    /// No share of the server holds the path.
    NotShared {
        /// The path, as people name it.
        path: String,
    },
    /// A user's sessions have more open than the list of open files says.
    OpensNotListed {
        /// The user that was asked for.
        user: String,
        /// How much the sessions have open.
        opens: u64,
        /// Users in the list that are numbers.
        ids: Vec<Name>,
    },
    /// This computer could not tell of itself.
    Local(LocalError),
    /// What is asked can be asked over SMB only, and this server is asked
    /// without a connection ([`Server::local`](crate::Server::local)).
    NeedsConnection {
        /// The remote procedure, or the interface it belongs to.
        what: &'static str,
    },
    /// The server's time for everything was over.
    OutOfTime {
        /// Where it had got to: `Connect` when it was not yet signed in to,
        /// `Call` after that.
        step: Step,
        /// The time it had.
        limit: Duration,
    },
    /// The server cannot be asked with the rights of whoever runs this
    /// program ([`Login::CurrentUser`](crate::Login::CurrentUser)).
    NotAsCurrentUser {
        /// What stands against it.
        why: &'static str,
    },
    /// The system made the call for us and did not get as far as the server's
    /// answer.
    Unreached {
        /// The remote procedure.
        call: &'static str,
        /// Where on the way it ended.
        step: Step,
        /// What the system said.
        status: Win32Status,
    },
    /// Some groups of an account are those of its domain, of which the server
    /// says nothing, and local groups hold groups of that domain.
    ElsewhereInGroups {
        /// The domain, by its SID where the server does not name it.
        domain: Name,
        /// A few of the local groups that hold others of that domain.
        holders: Vec<Name>,
    },
    /// The server answers the question with values made up beforehand,
    /// whatever is asked.
    MadeUp {
        /// The remote procedure.
        call: &'static str,
    },
}

/// The member of a share that a server disliked ([MS-SRVS] 2.2.2.11).
#[doc(alias = "ParmErr")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadParameter(pub u32);

impl BadParameter {
    /// What the number stands for, where a specification says: `path`.
    pub fn name(self) -> Option<&'static str> {
        parameter_name(self.0)
    }
}

impl fmt::Display for BadParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} (parameter {})", self.0),
            None => write!(f, "parameter {}", self.0),
        }
    }
}

/// What a server did instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The call returned this status.
    Status(Win32Status),
    /// The call returned this status, which samr and lsarpc use, or the pipe
    /// refused to carry the call with it.
    Nt(NtStatus),
    /// The server's RPC runtime refused the request (\[C706\] 12.6.4.7).
    Fault(FaultStatus),
    /// The reply cannot be read.
    Malformed,
    /// The call succeeded without a row, though the server counts some.
    NoRows {
        /// How many it counts.
        total: u32,
    },
    /// The pipe or the connection ended in place of a reply.
    Broken,
}

impl Refusal {
    /// The refusal's code, if it has one.
    pub fn code(self) -> Option<Code> {
        match self {
            Refusal::Status(status) => Some(Code::Win32(status)),
            Refusal::Nt(status) => Some(Code::Nt(status)),
            Refusal::Fault(fault) => Some(Code::Fault(fault)),
            Refusal::Malformed | Refusal::NoRows { .. } | Refusal::Broken => None,
        }
    }

    /// What the server said to a call by way of an error of the layers below it.
    pub(crate) fn of(error: &SmbError) -> Option<Self> {
        match error.kind {
            SmbErrorKind::Fault { status } => Some(Refusal::Fault(FaultStatus(status))),
            SmbErrorKind::Status | SmbErrorKind::AccessDenied if error.step == Step::Call => error
                .status()
                .filter(|status| status.is_error() && *status != NtStatus::INVALID_HANDLE)
                .map(Refusal::Nt),
            _ => None,
        }
    }

    /// Whether the server said so itself, rather than failing to answer.
    pub(crate) fn is_said(self) -> bool {
        !matches!(self, Refusal::Malformed | Refusal::Broken)
    }

    /// Whether access was denied.
    pub fn is_access_denied(self) -> bool {
        matches!(
            self,
            Refusal::Status(Win32Status::ERROR_ACCESS_DENIED)
                | Refusal::Nt(NtStatus::ACCESS_DENIED)
                | Refusal::Fault(FaultStatus::ERROR_ACCESS_DENIED)
        )
    }

    /// Whether the server does not have the level asked for. Servers that
    /// lack its structure altogether fault on the request instead of
    /// returning a status.
    pub fn is_unknown_level(self) -> bool {
        matches!(
            self,
            Refusal::Status(Win32Status::ERROR_INVALID_LEVEL | Win32Status::ERROR_NOT_SUPPORTED)
                | Refusal::Fault(
                    FaultStatus::nca_s_fault_invalid_tag | FaultStatus::RPC_X_BAD_STUB_DATA
                )
        )
    }

    /// Whether the server does not have the call at all, or not the interface.
    pub fn is_unknown_call(self) -> bool {
        matches!(
            self,
            Refusal::Status(
                Win32Status::ERROR_INVALID_FUNCTION | Win32Status::ERROR_CALL_NOT_IMPLEMENTED
            ) | Refusal::Nt(NtStatus::NOT_IMPLEMENTED | NtStatus::NOT_SUPPORTED)
                | Refusal::Fault(
                    FaultStatus::nca_s_op_rng_error
                        | FaultStatus::RPC_S_PROCNUM_OUT_OF_RANGE
                        | FaultStatus::RPC_S_CANNOT_SUPPORT
                        | FaultStatus::nca_s_unk_if
                        | FaultStatus::RPC_S_UNKNOWN_IF
                )
        )
    }

    /// Whether the server had no room for the call just then.
    pub(crate) fn is_for_want_of_room(self) -> bool {
        matches!(
            self,
            Refusal::Status(
                Win32Status::ERROR_NOT_ENOUGH_MEMORY | Win32Status::ERROR_NO_SYSTEM_RESOURCES
            ) | Refusal::Nt(
                NtStatus::INSUFFICIENT_RESOURCES
                    | NtStatus::INSUFF_SERVER_RESOURCES
                    | NtStatus::NO_MEMORY
            ) | Refusal::Fault(
                FaultStatus::RPC_S_SERVER_TOO_BUSY | FaultStatus::nca_s_server_too_busy
            )
        )
    }

    /// Whether it is for want of a right or of the level, so that asking for
    /// less, or doing the same in another way, may fare better.
    pub(crate) fn is_of_the_level(self) -> bool {
        self.is_access_denied() || self.is_unknown_level()
    }

    fn meaning(self) -> Option<&'static str> {
        match self {
            Refusal::Status(status) => status.meaning(),
            // The names of accounts that are not there say more here than in
            // the table of the SMB layer.
            Refusal::Nt(status) => status::NtStatus(status.0)
                .meaning()
                .or_else(|| status.meaning()),
            Refusal::Fault(fault) => fault.meaning(),
            Refusal::Malformed => Some("the reply is malformed"),
            Refusal::NoRows { .. } => Some("the server counts entries and sends none"),
            Refusal::Broken => Some("the pipe was closed in place of a reply"),
        }
    }
}

/// The code; for want of one what was done, in words.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.code()) {
            (_, Some(code)) => code.fmt(f),
            (Refusal::NoRows { total }, _) => write!(f, "0 of {total} entries"),
            (Refusal::Malformed, _) => f.write_str("malformed reply"),
            _ => f.write_str("pipe closed"),
        }
    }
}

impl Error {
    pub(crate) fn new(server: &str, kind: ErrorKind) -> Self {
        Self {
            server: server.to_owned(),
            kind: Box::new(kind),
        }
    }

    /// The server, as it was given.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// What failed, with all its particulars.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Where on the way it failed.
    pub fn step(&self) -> Step {
        match &*self.kind {
            ErrorKind::Smb(error) => error.step,
            ErrorKind::OutOfTime { step, .. } => *step,
            ErrorKind::Unreached { step, .. } => *step,
            ErrorKind::NotAsCurrentUser { .. } => Step::SignIn,
            _ => Step::Call,
        }
    }

    /// The code that the server or the KDC gave. Of several refusals, the one
    /// for the least that was asked.
    pub fn code(&self) -> Option<Code> {
        match &*self.kind {
            ErrorKind::Smb(error) => smb_code(error),
            ErrorKind::Refused { refused, .. } => decisive(refused).and_then(|(_, why)| why.code()),
            ErrorKind::Declined { refusal, .. } => refusal.code(),
            ErrorKind::ChangeRefused { why, .. } => why.code(),
            ErrorKind::Unreached { status, .. } => Some(Code::Win32(*status)),
            _ => None,
        }
    }

    /// What failed and why, in one sentence, without server and step.
    pub fn message(&self) -> impl fmt::Display + '_ {
        &*self.kind
    }

    /// What the person in front of it may try, where we know something.
    pub fn hint(&self) -> Option<String> {
        let hint = hint::hint(&self.kind)?;
        let port = self
            .server
            .parse()
            .map_or(DEFAULT_PORT, |server: Address| server.port);
        Some(hint::with_port(hint, &self.kind, port))
    }

    /// The same error, with what had been changed before it.
    pub(crate) fn after(mut self, before: &[&'static str]) -> Self {
        if let ErrorKind::ChangeRefused { done, .. } = &mut *self.kind {
            done.splice(0..0, before.iter().copied());
        }
        self
    }

    /// Whether the server itself said no: to the call, to the level, or to the
    /// pipe over which the call goes. The connection is as good as before.
    pub fn is_refusal(&self) -> bool {
        match &*self.kind {
            ErrorKind::Refused { .. } | ErrorKind::Declined { .. } => true,
            ErrorKind::Smb(error) => {
                let pipe = matches!(error.step, Step::Share | Step::Pipe | Step::Bind);
                let said = matches!(
                    error.kind,
                    SmbErrorKind::AccessDenied
                        | SmbErrorKind::ShareNotFound
                        | SmbErrorKind::PipeNotFound { .. }
                );
                error.fault().is_some() || pipe && said
            }
            _ => false,
        }
    }

    /// Whether the same question may well be answered a moment later: the way
    /// to the server was disturbed, or it had no room just then. A refused
    /// account is never among these.
    pub fn is_transient(&self) -> bool {
        match &*self.kind {
            ErrorKind::Smb(error) => match error.fault() {
                Some(fault) => FaultStatus(fault) == FaultStatus::RPC_S_SERVER_TOO_BUSY,
                None => error.is_transient(),
            },
            ErrorKind::Refused { refused, .. } => {
                let last = decisive(refused);
                last.is_some_and(|(_, why)| why.is_for_want_of_room())
            }
            ErrorKind::Declined { refusal, .. } => refusal.is_for_want_of_room(),
            _ => false,
        }
    }

    /// Whether the server refuses the account as such, as another server of the
    /// same domain would: a wrong password, a locked account. More of these
    /// may lock it.
    pub fn refuses_account(&self) -> bool {
        match &*self.kind {
            ErrorKind::Smb(error) => error.refuses_account(),
            _ => false,
        }
    }

    /// Whether a reply came that cannot be read.
    pub(crate) fn is_malformed(&self) -> bool {
        matches!(&*self.kind, ErrorKind::Malformed { .. })
    }

    /// What the server said to the call, if it refused it below the call itself: a fault of its
    /// RPC runtime, or a status of the pipe.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match &*self.kind {
            ErrorKind::Smb(error) => Refusal::of(error),
            _ => None,
        }
    }

    /// Whether it may have come of several calls being in flight on the pipe: over a new one the
    /// same calls go one at a time.
    pub(crate) fn is_due_to_haste(&self) -> bool {
        matches!(&*self.kind, ErrorKind::Smb(error) if error.is_due_to_haste())
    }

    /// Whether the call ended the pipe it was made on, and nothing else.
    pub(crate) fn ends_pipe_only(&self) -> bool {
        matches!(&*self.kind, ErrorKind::Smb(error) if error.ends_pipe_only())
    }
}

fn smb_code(error: &SmbError) -> Option<Code> {
    if let Some(fault) = error.fault() {
        return Some(Code::Fault(FaultStatus(fault)));
    }
    if let SmbErrorKind::Kerberos(error) = &error.kind
        && let KerberosError::Kdc(refusal) = &**error
    {
        let code = KerberosCode {
            number: refusal.code.0,
            name: refusal.code.name(),
        };
        return Some(Code::Kerberos(code));
    }
    error.status().map(Code::Nt)
}

/// The refusal that decided: where access was denied that is the reason,
/// whatever other levels the server lacks.
pub(crate) fn decisive(refused: &[(u32, Refusal)]) -> Option<(u32, Refusal)> {
    let denied = refused.iter().rev().find(|(_, why)| why.is_access_denied());
    let said = || refused.iter().rev().find(|(_, why)| why.code().is_some());
    denied.or_else(said).or(refused.last()).copied()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.server, self.step(), self.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.kind {
            // The message of `error` itself is part of ours.
            ErrorKind::Smb(error) => error.source(),
            ErrorKind::Malformed { error, .. } | ErrorKind::Unsayable { error, .. } => Some(error),
            ErrorKind::BadSecurity { error, .. } => Some(error),
            // As above: the message is ours already.
            ErrorKind::NoPlace(error) => error.source(),
            _ => None,
        }
    }
}
