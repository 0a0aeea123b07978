//! Kerberos: signing in with a ticket instead of a password's hash.
//!
//! A [`KerberosLogin`] says who signs in and how they prove it: a password,
//! or the tickets that `kinit` left. From that a ticket for the server is
//! obtained ([RFC 4120], [MS-KILE]) and shown to it in SESSION_SETUP.
//!
//! ```text
//! password ─ AS exchange ─┐
//!                         ├─ ticket-granting ticket ─ TGS exchange(s) ─ cifs/host ticket ─ AP-REQ
//! cache ──────────────────┘                                                  │
//!   └──────── cifs/host ticket already there ────────────────────────────────┘
//! ```
//!
//! The exchanges with the KDC are made here rather than by crate smb2, which
//! asks for forwardable tickets (plain `kinit` gives none) and has its errors
//! as text.
//!
//! Never written to: the user's cache, krb5.conf.

mod acquire;
mod ap;
mod cached;
mod ccache;
mod code;
mod crypto;
mod dns;
mod error;
mod exchange;
mod hint;
mod kdc;
mod krb5conf;
mod messages;
mod principal;
mod steps;
mod who;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) use acquire::{Acquired, acquire, refuse_bare};
pub(crate) use ap::{ApExchange, Context, Unproved};
pub use code::KrbCode;
pub use crypto::Etype;
pub use error::{Exchange, KdcRefusal, KerberosError};
pub(crate) use exchange::Ticket;
pub use krb5conf::Krb5Conf;
pub use principal::Principal;

use crate::Secret;

/// Who signs in with Kerberos, and how they prove it.
///
/// Cheap to clone. Clones share what they learn: one password is shown to the
/// KDC once, however many servers are signed in to, and a wrong one is not
/// tried again (each try counts against the account's lockout limit).
///
/// ```
/// use smbwho_smb::Secret;
/// use smbwho_smb::kerberos::KerberosLogin;
///
/// // The tickets kinit left, wherever KRB5CCNAME or krb5.conf say.
/// let from_kinit = KerberosLogin::from_cache();
/// // A password, and the domain controller to ask.
/// let by_password = KerberosLogin::with_password("alice@LAB.TEST", Secret::new("…")).kdc("dc1.lab.test");
/// ```
#[derive(Clone)]
pub struct KerberosLogin {
    principal: Option<String>,
    realm: Option<String>,
    proof: Proof,
    kdc: Option<String>,
    krb5_config: Option<PathBuf>,
    clock_offset_secs: i64,
    memory: Arc<acquire::Memory>,
}

/// What is shown to the KDC.
#[derive(Clone)]
enum Proof {
    Password(Secret),
    /// A cache's name; `None`: the default one.
    Cache(Option<String>),
}

impl KerberosLogin {
    /// Signs in with the tickets of a credential cache: the one `KRB5CCNAME`
    /// names, else krb5.conf's `default_ccache_name`, else
    /// `FILE:/tmp/krb5cc_UID`.
    pub fn from_cache() -> Self {
        Self::new(None, Proof::Cache(None))
    }

    /// Signs in with a password. `principal` is `user` or `user@REALM`; a
    /// realm is written in capitals whatever the case given, unless krb5.conf
    /// has it otherwise, as Active Directory's realms are all capitals.
    pub fn with_password(principal: impl Into<String>, password: Secret) -> Self {
        Self::new(Some(principal.into()), Proof::Password(password))
    }

    fn new(principal: Option<String>, proof: Proof) -> Self {
        Self {
            principal,
            realm: None,
            proof,
            kdc: None,
            krb5_config: None,
            clock_offset_secs: 0,
            memory: Arc::default(),
        }
    }

    /// Uses this cache: a path, `FILE:path`, `DIR:folder`. No effect with a password.
    #[must_use]
    pub fn cache(mut self, name: impl Into<String>) -> Self {
        if let Proof::Cache(cache) = &mut self.proof {
            *cache = Some(name.into());
        }
        self.forgetting()
    }

    /// Whose tickets to use, where that is to be checked: `user` or `user@REALM`.
    #[must_use]
    pub fn principal(mut self, principal: impl Into<String>) -> Self {
        self.principal = Some(principal.into());
        self.forgetting()
    }

    /// The account's realm, which is the Active Directory domain's DNS name.
    ///
    /// Without it: the one in the principal, else krb5.conf's `default_realm`,
    /// else the realm `[domain_realm]` has for the server, else the server's
    /// own domain. With it *and* another one in the principal, the latter is
    /// taken for a user principal name (`alice@mail.example`) of this realm.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self.forgetting()
    }

    /// The account's KDC: `host`, `host:port`, `[IPv6]:port`. Without it:
    /// krb5.conf, else DNS (`_kerberos._tcp.REALM`), else the realm's name.
    #[must_use]
    pub fn kdc(mut self, kdc: impl Into<String>) -> Self {
        self.kdc = Some(kdc.into());
        self.forgetting()
    }

    /// Reads this file instead of those that `KRB5_CONFIG` or the system have.
    #[must_use]
    pub fn krb5_config(mut self, path: impl Into<PathBuf>) -> Self {
        self.krb5_config = Some(path.into());
        self.forgetting()
    }

    /// Shifts our clock, to see what a KDC says to that.
    #[doc(hidden)]
    #[must_use]
    pub fn clock_offset_secs(mut self, secs: i64) -> Self {
        self.clock_offset_secs = secs;
        self.forgetting()
    }

    /// The same account with another password.
    #[must_use]
    pub fn password(mut self, password: Secret) -> Self {
        self.proof = Proof::Password(password);
        self.forgetting()
    }

    /// Whether a password is what proves who it is, not a ticket of a cache.
    #[must_use]
    pub fn has_password(&self) -> bool {
        matches!(self.proof, Proof::Password(_))
    }

    /// Looks whether the cache of tickets that this login would use is there,
    /// readable, and the principal's if one is named. Reads files and asks
    /// nobody; the tickets may be over. A login with a password has none to
    /// look at, and nothing to fail.
    ///
    /// # Errors
    ///
    /// Why these tickets cannot be used.
    pub fn check_cache(&self) -> Result<(), KerberosError> {
        let Proof::Cache(name) = &self.proof else {
            return Ok(());
        };
        let conf = acquire::load_conf(self)?;
        cached::load_cache(self, name.as_deref(), &conf).map(|_| ())
    }

    /// Who signs in: `user@REALM` of the cache of tickets, else the principal as
    /// it was given. `None` where nothing names one. Reads files and asks
    /// nobody.
    #[must_use]
    pub fn account(&self) -> Option<String> {
        let cached = match &self.proof {
            Proof::Password(_) => None,
            Proof::Cache(name) => acquire::load_conf(self)
                .and_then(|conf| cached::load_cache(self, name.as_deref(), &conf))
                .ok()
                .map(|cache| cached::owner(&cache)),
        };
        cached.or_else(|| self.principal.clone())
    }

    /// What was learnt under other settings does not count.
    fn forgetting(mut self) -> Self {
        self.memory = Arc::default();
        self
    }
}

impl fmt::Debug for KerberosLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proof: &dyn fmt::Debug = match &self.proof {
            Proof::Password(_) => &"password",
            Proof::Cache(None) => &"default cache",
            Proof::Cache(Some(name)) => name,
        };
        f.debug_struct("KerberosLogin")
            .field("principal", &self.principal)
            .field("realm", &self.realm)
            .field("proof", proof)
            .field("kdc", &self.kdc)
            .finish_non_exhaustive()
    }
}

/// Parsers of outside bytes, for fuzzing. No stable interface.
#[doc(hidden)]
pub mod fuzz {
    use std::path::Path;

    use super::crypto::ETYPES;
    use super::messages::msg_type::{AS_REP, TGS_REP};
    use super::{ap, ccache, dns, exchange, krb5conf};

    /// A credential cache.
    pub fn ccache(bytes: &[u8]) -> bool {
        ccache::parse(Path::new("fuzz"), bytes).is_ok()
    }

    /// What a server answers to a ticket.
    pub fn ap_reply(token: &[u8]) -> bool {
        ap::fuzz(token)
    }

    /// What a name server answers.
    pub fn dns_answer(bytes: &[u8]) -> bool {
        dns::fuzz(bytes)
    }

    /// A resolv.conf.
    pub fn resolv_conf(text: &str) -> bool {
        dns::fuzz_conf(text)
    }

    /// A krb5.conf.
    pub fn krb5_conf(text: &str) -> bool {
        krb5conf::Krb5Conf::parse(Path::new("fuzz"), text).is_ok()
    }

    /// A KDC's answer, with what hangs on it unencrypted.
    pub fn kdc_answer(bytes: &[u8]) -> bool {
        for expected in [AS_REP, TGS_REP] {
            match exchange::parse_answer(bytes, expected, "FUZZ") {
                Ok(exchange::Answer::Error(error)) => {
                    exchange::key_recipe(&exchange::method_data(&error), &ETYPES);
                    let now = std::time::Duration::ZERO;
                    exchange::refusal(&error, super::Exchange::Authentication, String::new(), now);
                    return true;
                }
                Ok(exchange::Answer::Reply(reply)) => {
                    exchange::key_recipe(reply.padata.as_deref().unwrap_or_default(), &ETYPES);
                    return true;
                }
                Err(_) => {}
            }
        }
        false
    }
}
