//! Who signs in, and how long each step may take.

use std::time::Duration;

use smbwho_auth::negotiate::Dialect;

use crate::Secret;
use crate::budget::ReplyBudget;
use crate::guard::LockoutGuard;
use crate::kerberos::KerberosLogin;
use crate::list_budget::ListBudget;

/// Who signs in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Login {
    /// Nobody: a null session, if the server allows one. Such a session has
    /// no key, so it is neither signed nor encrypted.
    Anonymous,
    /// An account and its password, by NTLMv2 ([MS-NLMP]).
    Ntlm {
        /// Domain or workgroup; empty lets the server decide.
        domain: String,
        /// The account.
        user: String,
        /// Its password.
        password: Secret,
    },
    /// Whoever runs this program, as the system knows them already: no
    /// password, no ticket of ours. Windows only, and not over
    /// [`SmbSession`](crate::SmbSession): Windows' own calls are made instead.
    CurrentUser,
    /// A Kerberos ticket for the server, from a password or a credential cache.
    Kerberos(KerberosLogin),
}

impl Login {
    /// An account and its password.
    pub fn ntlm(domain: impl Into<String>, user: impl Into<String>, password: Secret) -> Self {
        Self::Ntlm {
            domain: domain.into(),
            user: user.into(),
            password,
        }
    }
}

/// How messages must be protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientProtection {
    /// Signed at least, as sessions of accounts always are: no anonymous
    /// session.
    Sign,
    /// Encrypted, whether the server asks for it or not.
    Encrypt,
}

/// How long each step may take, how much a server may send, and how well the
/// connection must be protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Name look-up and TCP together, over all addresses of the name.
    pub connect_timeout: Duration,
    /// Negotiation and sign-in together.
    pub sign_in_timeout: Duration,
    /// The longest silence while a pipe is opened or a reply is awaited. Each
    /// message that arrives starts it anew.
    pub reply_timeout: Duration,
    /// The longest one call may take as a whole, however busily the server
    /// trickles.
    pub call_timeout: Duration,
    /// After what silence the server is asked for a sign of life (SMB2 ECHO),
    /// so that neither it nor a firewall on the way drops the connection, and a
    /// dead one is noticed. `None` asks never.
    pub keep_alive: Option<Duration>,
    /// The largest reply taken, in bytes of stub data.
    pub max_reply: usize,
    /// Shared by all that are asked together, so that their replies do not fill the memory.
    pub reply_budget: ReplyBudget,
    /// Bounds what lists hold that do not come to an end, over all servers asked with clones of
    /// these options.
    pub list_budget: ListBudget,
    /// A server that speaks none of this dialect or a newer one is refused
    /// before an account is shown to it.
    pub min_dialect: Dialect,
    /// What is refused besides unsigned sessions of accounts, before anything
    /// is asked. `None` signs, encrypts where the server wants it, and lets
    /// anonymous sessions do without both.
    pub protection: Option<ClientProtection>,
    /// Shared by all that sign in as one account; waiting for it is not part
    /// of `sign_in_timeout`.
    pub guard: Option<LockoutGuard>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            sign_in_timeout: Duration::from_secs(10),
            reply_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(300),
            keep_alive: Some(Duration::from_secs(60)),
            max_reply: 64 << 20,
            reply_budget: ReplyBudget::default(),
            list_budget: ListBudget::default(),
            min_dialect: Dialect::Smb202,
            protection: None,
            guard: None,
        }
    }
}
