//! One session of a server: the row of `NetSessionEnum`.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use crate::Name;

/// One session: a client computer and the user who signed in from it.
///
/// Which fields are told depends on the level that answered and on the
/// server. `None` is *not told*, never "none" or zero ([MS-SRVS] 2.2.4.11 to
/// 2.2.4.15).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The client computer: a name or an address, without the leading
    /// backslashes that servers put before it. An IPv6 address stands in
    /// brackets where the server sent brackets.
    #[doc(alias = "sesi10_cname")]
    pub client: Option<Name>,
    /// The user who opened the session. An anonymous session has the empty
    /// name on Windows.
    #[doc(alias = "sesi10_username")]
    pub user: Option<Name>,
    /// Files, devices and pipes open in the session. Levels 1, 2 and 502.
    #[doc(alias = "sesi1_num_opens")]
    pub opens: Option<u32>,
    /// Time since the session began, in whole seconds on the wire. Not at
    /// level 0.
    #[doc(alias = "sesi10_time")]
    pub active: Option<Duration>,
    /// Time since the session was last used, in whole seconds on the wire.
    /// Not at level 0. Samba always sends 0 and does not keep it: unknown.
    #[doc(alias = "sesi10_idle_time")]
    pub idle: Option<Duration>,
    /// How the user signed in. Levels 1, 2 and 502.
    #[doc(alias = "sesi1_user_flags")]
    pub flags: Option<SessionFlags>,
    /// The kind of client software. Levels 2 and 502; often empty.
    #[doc(alias = "sesi2_cltype_name")]
    pub client_type: Option<Name>,
    /// The transport the client came over. Level 502; at home since Samba 4.24.
    #[doc(alias = "sesi502_transport")]
    pub transport: Option<Name>,
    /// The connection it came over: told by no level, only by this computer's
    /// own Samba. Behind a pointer, since rows by the hundred thousand lack it.
    pub smb: Option<Box<SmbConnection>>,
    /// The level of information this row was told at. `None` where it was
    /// told otherwise than by a call that has levels.
    pub level: Option<Level>,
}

impl Session {
    /// A row of which nothing is known yet but its level; for those who make
    /// rows of their own, as tests do.
    pub fn unknown(level: impl Into<Option<Level>>) -> Self {
        Self {
            client: None,
            user: None,
            opens: None,
            active: None,
            idle: None,
            flags: None,
            client_type: None,
            transport: None,
            smb: None,
            level: level.into(),
        }
    }
}

/// The connection of a session, as the server's own computer sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SmbConnection {
    /// The SMB dialect: `3.1.1`.
    pub dialect: Option<Name>,
    /// How messages are encrypted.
    pub cipher: Option<Protection>,
    /// How messages are signed.
    pub signing: Option<Protection>,
    /// The client's end of it; with several connections, of the first.
    pub address: Option<SocketAddr>,
    /// How many connections the session uses ([MS-SMB2] 3.3.1.8, channels).
    /// Since Samba 4.22.
    pub channels: Option<u32>,
    /// When the user last proved who they are. Since Samba 4.22.
    pub authenticated: Option<SystemTime>,
}

/// How the messages of a session are protected.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Protection {
    /// Not at all.
    None,
    /// Some of them, by this algorithm. A client that merely may sign is
    /// counted here too.
    Partial(Name),
    /// All of them, by this algorithm: `AES-128-GCM`.
    Full(Name),
}

impl fmt::Display for Protection {
    /// `none`, `partial(AES-128-GMAC)`, `AES-128-GMAC`: as `smbstatus` has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Protection::None => f.write_str("none"),
            Protection::Partial(algorithm) => write!(f, "partial({algorithm})"),
            Protection::Full(algorithm) => algorithm.fmt(f),
        }
    }
}

/// `sesi*_user_flags`: how the user of a session signed in ([MS-SRVS]
/// 2.2.4.12). Bits that no specification names survive in the number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionFlags(pub u32);

impl SessionFlags {
    /// `SESS_GUEST`: signed in as the guest account.
    pub const GUEST: u32 = 0x1;
    /// `SESS_NOENCRYPTION`: signed in without encrypting the password. Says
    /// nothing of SMB encryption.
    pub const NO_ENCRYPTION: u32 = 0x2;

    /// Whether the session is the guest account's.
    pub fn guest(self) -> bool {
        self.0 & Self::GUEST != 0
    }

    /// Whether the password was not encrypted when the user signed in.
    pub fn no_encryption(self) -> bool {
        self.0 & Self::NO_ENCRYPTION != 0
    }
}

impl fmt::Debug for SessionFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionFlags({:#x})", self.0)
    }
}

/// A level of session information ([MS-SRVS] 2.2.4.16), from least to most
/// told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Client only.
    L0,
    /// Client, user, active and idle time. What an unprivileged caller may
    /// ask of a Windows server that was not hardened.
    L10,
    /// Client, user, opens, times and flags. The richest level of Samba.
    L1,
    /// As 1, and the client type.
    L2,
    /// As 2, and the transport.
    L502,
}

impl Level {
    /// Every level, richest first: the order in which they are tried.
    pub const LADDER: [Level; 5] = [Level::L502, Level::L2, Level::L1, Level::L10, Level::L0];

    /// The level of this number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::LADDER
            .into_iter()
            .find(|level| level.number() == number)
    }

    /// The number that names the level on the wire.
    pub fn number(self) -> u32 {
        match self {
            Level::L0 => 0,
            Level::L1 => 1,
            Level::L2 => 2,
            Level::L10 => 10,
            Level::L502 => 502,
        }
    }

    /// Whether rows of this level name the user.
    pub fn tells_user(self) -> bool {
        self != Level::L0
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_their_numbers_go_both_ways() {
        for level in Level::LADDER {
            assert_eq!(Level::from_number(level.number()), Some(level));
        }
        assert_eq!(Level::from_number(3), None);
    }

    #[test]
    fn the_ladder_goes_from_most_to_least_told() {
        assert!(Level::LADDER.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn unnamed_flag_bits_survive() {
        let flags = SessionFlags(0x8000_0003);
        assert!(flags.guest() && flags.no_encryption());
        assert_eq!(format!("{flags:?}"), "SessionFlags(0x80000003)");
    }
}
