//! What can go wrong on the way to a ticket: whose fault it is, and what to try.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::{Etype, KrbCode};

/// Which exchange with the KDC failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// [RFC 4120 3.1] name and password for a ticket-granting ticket.
    Authentication,
    /// [RFC 4120 3.3] ticket-granting ticket for the server's ticket.
    TicketGranting,
}

/// A KDC's refusal, a KRB-ERROR message ([RFC 4120 5.9.1]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KdcRefusal {
    /// The error number.
    pub code: KrbCode,
    /// What was asked.
    pub exchange: Exchange,
    /// Whom it was asked for: the user, or the server names that were tried.
    pub about: String,
    /// The realm of the KDC.
    pub realm: String,
    /// What the KDC says in words. Hostile text: escape it before showing it.
    pub text: Option<String>,
    /// Active Directory's finer reason, an NTSTATUS ([MS-KILE 2.2.1]).
    pub nt_status: Option<u32>,
    /// What the KDC's clock said.
    pub kdc_time: SystemTime,
    /// How far the KDC's clock was ahead of ours, in whole seconds; negative: behind.
    pub clock_ahead_secs: i64,
}

/// No ticket, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KerberosError {
    /// The server was given as an address; tickets are made out to names.
    BareAddress {
        /// The address as given.
        address: String,
    },
    /// Not a principal.
    InvalidPrincipal {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A password, but not whose.
    NoPrincipal,
    /// No realm given, none in krb5.conf, and none to guess from the server's name.
    NoRealm,
    /// krb5.conf cannot be used.
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        what: String,
    },
    /// There is no credential cache.
    CacheMissing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The credential cache cannot be read.
    CacheUnreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        why: String,
    },
    /// A credential cache of a kind that is not a file.
    CacheType {
        /// `KEYRING:persistent:0`
        name: String,
    },
    /// Not a credential cache, or one cut short.
    CacheMalformed {
        /// The file.
        path: PathBuf,
        /// Offset in bytes at which it stopped making sense.
        offset: usize,
        /// What was expected there.
        what: &'static str,
    },
    /// The cache is someone else's.
    CacheOther {
        /// The cache.
        path: PathBuf,
        /// Whose tickets were asked for.
        wanted: String,
        /// Whose tickets it holds.
        found: String,
    },
    /// The cache holds neither a ticket for the server nor one to get it with.
    NoTicket {
        /// The cache.
        path: PathBuf,
        /// The realm a ticket-granting ticket was looked for in.
        realm: String,
    },
    /// The ticket that would do has a key of a type this client does not have.
    UnsupportedTicket {
        /// The cache.
        path: PathBuf,
        /// The ticket: `krbtgt/LAB.TEST`.
        ticket: String,
        /// The type of its key.
        etype: Etype,
    },
    /// The ticket-granting ticket is over.
    Expired {
        /// The cache.
        path: PathBuf,
        /// Whose.
        principal: String,
        /// Since when.
        at: SystemTime,
    },
    /// The ticket-granting ticket begins later.
    NotYetValid {
        /// The cache.
        path: PathBuf,
        /// Whose.
        principal: String,
        /// From when on.
        from: SystemTime,
    },
    /// Nobody says where the realm's KDC is.
    NoKdc {
        /// The realm.
        realm: String,
    },
    /// No KDC answered.
    KdcUnreachable {
        /// The realm.
        realm: String,
        /// Each KDC with what happened there.
        tried: Vec<(String, String)>,
    },
    /// A KDC was shown the password and never said what came of it. It is not
    /// shown again: it may have been counted as a wrong one.
    PasswordUnanswered {
        /// The realm.
        realm: String,
        /// What happened instead of an answer.
        why: String,
    },
    /// The KDC said no.
    Kdc(Box<KdcRefusal>),
    /// The KDC's answer makes no sense.
    MalformedReply {
        /// The realm.
        realm: String,
        /// Which part.
        what: &'static str,
    },
    /// The KDC's answer is not to our question, or not made with our key.
    UntrustedReply {
        /// The realm.
        realm: String,
        /// What does not fit.
        what: &'static str,
    },
    /// A request too long to be written.
    Unencodable,
    /// A key of a kind this client does not have.
    UnsupportedEncryption {
        /// The encryption type's number ([RFC 3961 8]).
        etype: i32,
    },
    /// The realms sent us on and on.
    TooManyReferrals {
        /// The last realm.
        realm: String,
    },
    /// The time given to sign in ran out while talking to KDCs.
    TimedOut {
        /// The realm being asked.
        realm: String,
    },
}

impl KerberosError {
    /// The Kerberos error number, when a KDC gave one.
    pub fn code(&self) -> Option<KrbCode> {
        match self {
            Self::Kdc(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    /// Whether all that is missing is the file that `kinit` makes unless told
    /// otherwise: nobody ran it, and nothing went wrong.
    pub fn is_no_default_cache(&self) -> bool {
        match self {
            Self::CacheMissing { path } => path.to_string_lossy().starts_with("/tmp/krb5cc_"),
            _ => false,
        }
    }

    /// What to try, as a full sentence.
    pub fn hint(&self) -> Option<String> {
        super::hint::hint(self)
    }
}

impl fmt::Display for KerberosError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BareAddress { address } => {
                write!(
                    f,
                    "Kerberos cannot be used with the address {address}: tickets are made out to names"
                )
            }
            Self::InvalidPrincipal { text, why } => {
                write!(f, "{text:?} is not a Kerberos name: {why}")
            }
            Self::NoPrincipal => f.write_str("no user name to ask a ticket for"),
            Self::NoRealm => f.write_str("the Kerberos realm is not known"),
            Self::Config { path, what } => write!(f, "{}: {what}", path.display()),
            Self::CacheMissing { path } => {
                write!(f, "no Kerberos tickets: {} does not exist", path.display())
            }
            Self::CacheUnreadable { path, why } => {
                write!(
                    f,
                    "the Kerberos tickets in {} cannot be read: {why}",
                    path.display()
                )
            }
            Self::CacheType { name } => {
                write!(
                    f,
                    "the Kerberos tickets are kept in {name}, which is not a file"
                )
            }
            Self::CacheMalformed { path, offset, what } => {
                write!(
                    f,
                    "{} is not a ticket cache: expected {what} at byte {offset}",
                    path.display()
                )
            }
            Self::CacheOther {
                path,
                wanted,
                found,
            } => {
                write!(
                    f,
                    "the tickets in {} are {found}'s, not {wanted}'s",
                    path.display()
                )
            }
            Self::NoTicket { path, realm } => {
                write!(
                    f,
                    "no ticket-granting ticket for {realm} in {}",
                    path.display()
                )
            }
            Self::UnsupportedTicket {
                path,
                ticket,
                etype,
            } => {
                write!(
                    f,
                    "the ticket {ticket} in {} has a key of type {etype}, which is not supported",
                    path.display()
                )
            }
            Self::Expired {
                path,
                principal,
                at,
            } => {
                write!(
                    f,
                    "the ticket of {principal} in {} expired at {}",
                    path.display(),
                    Utc(*at)
                )
            }
            Self::NotYetValid {
                path,
                principal,
                from,
            } => {
                write!(
                    f,
                    "the ticket of {principal} in {} is valid only from {}",
                    path.display(),
                    Utc(*from)
                )
            }
            Self::NoKdc { realm } => write!(f, "no KDC is known for the realm {realm}"),
            Self::KdcUnreachable { realm, tried } => {
                write!(f, "no KDC of {realm} answered")?;
                for (i, (kdc, why)) in tried.iter().enumerate() {
                    write!(f, "{}{kdc}: {why}", if i == 0 { " (" } else { "; " })?;
                }
                f.write_str(if tried.is_empty() { "" } else { ")" })
            }
            Self::PasswordUnanswered { realm, why } => write!(
                f,
                "the password went to a KDC of {realm}, which never said what came of it: {why}"
            ),
            Self::Kdc(refusal) => refusal.fmt(f),
            Self::MalformedReply { realm, what } => {
                write!(
                    f,
                    "the KDC of {realm} sent an answer that makes no sense: {what}"
                )
            }
            Self::UntrustedReply { realm, what } => {
                write!(
                    f,
                    "the answer from the KDC of {realm} cannot be trusted: {what}"
                )
            }
            Self::Unencodable => f.write_str("the names are too long for a Kerberos request"),
            Self::UnsupportedEncryption { etype } => {
                write!(f, "encryption type {} is not supported", Etype(*etype))
            }
            Self::TooManyReferrals { realm } => {
                write!(
                    f,
                    "the realms keep referring to each other; gave up at {realm}"
                )
            }
            Self::TimedOut { realm } => write!(f, "no answer in time from the KDCs of {realm}"),
        }
    }
}

impl fmt::Display for KdcRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the KDC of {} refused {}: ", self.realm, self.about)?;
        let Some(meaning) = super::hint::nt_meaning(self.nt_status).or(self.code.meaning()) else {
            return self.code.fmt(f);
        };
        f.write_str(meaning)?;
        if self.code == KrbCode::SKEW {
            self.write_clocks(f)?;
        }
        write!(f, " ({})", self.code)
    }
}

impl KdcRefusal {
    /// `: its clock is 400 s ahead, at 2026-01-02T03:04:05Z, this computer's at …`
    fn write_clocks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let apart = Duration::from_secs(self.clock_ahead_secs.unsigned_abs());
        let (side, ours) = if self.clock_ahead_secs < 0 {
            ("behind", self.kdc_time.checked_add(apart))
        } else {
            ("ahead", self.kdc_time.checked_sub(apart))
        };
        let secs = apart.as_secs();
        write!(
            f,
            ": its clock is {secs} s {side}, at {}",
            Utc(self.kdc_time)
        )?;
        match ours {
            Some(ours) => write!(f, ", this computer's at {}", Utc(ours)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for KerberosError {}

/// A moment as RFC 3339 writes it, to the second.
pub(crate) struct Utc(pub(crate) SystemTime);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self
            .0
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        match der::DateTime::from_unix_duration(Duration::from_secs(since.as_secs())) {
            Ok(time) => time.fmt(f),
            Err(_) => write!(f, "second {}", since.as_secs()),
        }
    }
}
