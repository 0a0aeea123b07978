//! What a server shares: asking (NetrShareEnum, NetrShareGetInfo) and
//! changing (NetrShareAdd, NetrShareSetInfo, NetrShareDel).

mod change;
mod query;
mod security;

pub use change::{NewShare, ShareChange};
pub use query::SharesQuery;
pub use security::ShareSecurity;

use std::fmt;

use smbwho_msrpc::srvsvc::share as wire;

use crate::Name;

/// One share of a server.
///
/// Which fields are told depends on the level that answered ([MS-SRVS]
/// 2.2.4.22 to 2.2.4.27). `None` is *not told*, never "none" or zero.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Share {
    /// The share's name, without server or backslashes.
    #[doc(alias = "shi2_netname")]
    pub name: Option<Name>,
    /// What is shared. Not at level 0.
    #[doc(alias = "shi2_type")]
    pub kind: Option<ShareKind>,
    /// A comment. Not at level 0.
    #[doc(alias = "shi2_remark")]
    pub remark: Option<Name>,
    /// What share-level security allowed ([MS-SRVS] 2.2.4.24), which no
    /// server of today has: says nothing of who may use the share. Levels 2,
    /// 502 and 503.
    #[doc(alias = "shi2_permissions")]
    pub permissions: Option<u32>,
    /// Connections allowed at once. Levels 2, 502 and 503; Samba knows it only
    /// at level 2, from which a row of level 502 then has it.
    #[doc(alias = "shi2_max_uses")]
    pub max_uses: Option<MaxUses>,
    /// Connections there are. Levels 2, 502 and 503; on Samba as `max_uses`.
    #[doc(alias = "shi2_current_uses")]
    pub current_uses: Option<u32>,
    /// The folder as the server knows it; Samba writes `C:\` before a Unix
    /// path, and `\` for `/`. Levels 2, 502 and 503.
    #[doc(alias = "shi2_path")]
    pub path: Option<Name>,
    /// Who may use the share. Levels 502 and 503, and not told even there
    /// where the server's default holds.
    #[doc(alias = "shi502_security_descriptor")]
    pub security: Option<ShareSecurity>,
    /// How clients may cache what is in it. Level 501 only: higher numbers
    /// tell more of everything else.
    #[doc(alias = "shi501_flags")]
    pub caching: Option<Caching>,
    /// The server or cluster scope that the share belongs to; `*` for every
    /// one. Level 503.
    #[doc(alias = "shi503_servername")]
    pub scope: Option<Name>,
    /// The level of information this row was told at.
    pub level: ShareLevel,
}

impl Share {
    /// A row of which nothing is known yet but its level; for those who make
    /// rows of their own, as tests do.
    pub fn unknown(level: ShareLevel) -> Self {
        Self {
            name: None,
            kind: None,
            remark: None,
            permissions: None,
            max_uses: None,
            current_uses: None,
            path: None,
            security: None,
            caching: None,
            scope: None,
            level,
        }
    }

    /// Whether programs that list shares leave it out: it is for
    /// administration, or its name ends with `$`.
    pub fn is_hidden(&self) -> bool {
        self.kind.is_some_and(ShareKind::special)
            || self.name.as_deref().is_some_and(|name| name.ends_with('$'))
    }
}

/// `shi*_type`: what is shared, and how ([MS-SRVS] 2.2.2.4). Kinds and bits
/// that no specification names survive in the number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShareKind(pub u32);

impl ShareKind {
    /// A folder (`STYPE_DISKTREE`).
    pub const DISK: u32 = wire::STYPE_DISKTREE;
    /// A print queue (`STYPE_PRINTQ`).
    pub const PRINT: u32 = wire::STYPE_PRINTQ;
    /// A device (`STYPE_DEVICE`).
    pub const DEVICE: u32 = wire::STYPE_DEVICE;
    /// Pipes, for calls like these (`STYPE_IPC`).
    pub const IPC: u32 = wire::STYPE_IPC;

    /// The kind without the bits that say how.
    pub fn base(self) -> u32 {
        self.0 & wire::STYPE_MASK
    }

    /// For administration, such as `C$`, `ADMIN$` and `IPC$`
    /// (`STYPE_SPECIAL`).
    pub fn special(self) -> bool {
        self.0 & wire::STYPE_SPECIAL != 0
    }

    /// Gone after the server's restart (`STYPE_TEMPORARY`).
    pub fn temporary(self) -> bool {
        self.0 & wire::STYPE_TEMPORARY != 0
    }

    /// Shared by a cluster (`STYPE_CLUSTER_FS`).
    pub fn cluster(self) -> bool {
        self.0 & wire::STYPE_CLUSTER_FS != 0
    }

    /// Shared by every node of a scale-out cluster (`STYPE_CLUSTER_SOFS`).
    pub fn scale_out(self) -> bool {
        self.0 & wire::STYPE_CLUSTER_SOFS != 0
    }

    /// A DFS root of a cluster (`STYPE_CLUSTER_DFS`).
    pub fn cluster_dfs(self) -> bool {
        self.0 & wire::STYPE_CLUSTER_DFS != 0
    }

    /// The kind in a word, and how it stands in a cluster behind a comma:
    /// `disk`, `ipc`, `disk,scale-out`. `None` where no specification has a
    /// name; [`Display`](fmt::Display) then writes the number. Special and
    /// temporary are not in it.
    pub fn name(self) -> Option<&'static str> {
        const CLUSTER: u32 = wire::STYPE_CLUSTER_FS;
        const SCALE_OUT: u32 = wire::STYPE_CLUSTER_SOFS;
        const DFS: u32 = wire::STYPE_CLUSTER_DFS;
        let bits = wire::STYPE_SPECIAL | wire::STYPE_TEMPORARY;
        Some(match (self.base(), self.0 & !(wire::STYPE_MASK | bits)) {
            (Self::DISK, 0) => "disk",
            (Self::DISK, CLUSTER) => "disk,cluster",
            (Self::DISK, SCALE_OUT) => "disk,scale-out",
            (Self::DISK, DFS) => "disk,dfs",
            (Self::PRINT, 0) => "print",
            (Self::PRINT, CLUSTER) => "print,cluster",
            (Self::DEVICE, 0) => "device",
            (Self::IPC, 0) => "ipc",
            (Self::IPC, CLUSTER) => "ipc,cluster",
            _ => return None,
        })
    }
}

/// The name, or else the number without the bits for special and temporary.
impl fmt::Display for ShareKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(
                f,
                "{:#x}",
                self.0 & !(wire::STYPE_SPECIAL | wire::STYPE_TEMPORARY)
            ),
        }
    }
}

impl fmt::Debug for ShareKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShareKind({:#x})", self.0)
    }
}

/// How many connections a share takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MaxUses {
    /// So many.
    Limit(u32),
    /// As many as come (`SHI_USES_UNLIMITED`).
    NoLimit,
}

impl MaxUses {
    pub(crate) fn from_wire(number: u32) -> Self {
        match number {
            wire::SHI_USES_UNLIMITED => Self::NoLimit,
            limit => Self::Limit(limit),
        }
    }

    pub(crate) fn to_wire(self) -> u32 {
        match self {
            Self::NoLimit => wire::SHI_USES_UNLIMITED,
            Self::Limit(limit) => limit,
        }
    }
}

impl fmt::Display for MaxUses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLimit => f.write_str("no limit"),
            Self::Limit(limit) => write!(f, "{limit}"),
        }
    }
}

/// `shi501_flags`: how clients may cache the files of a share ([MS-SRVS]
/// 2.2.2.5). Bits without a name survive in the number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Caching(pub u32);

impl Caching {
    /// `manual` (chosen files), `documents` (what is opened), `programs` (what
    /// is opened, and worked on from the cache), or `none`.
    pub fn name(self) -> &'static str {
        match self.0 & wire::CSC_MASK {
            wire::CSC_CACHE_MANUAL_REINT => "manual",
            wire::CSC_CACHE_AUTO_REINT => "documents",
            wire::CSC_CACHE_VDO => "programs",
            _ => "none",
        }
    }
}

impl fmt::Debug for Caching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Caching({:#x})", self.0)
    }
}

/// A level of share information ([MS-SRVS] 2.2.4.38), in the order in which
/// they are given up: 501 tells of caching, which none of the others does, but
/// nothing else beyond level 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShareLevel {
    /// Name only.
    L0,
    /// Name, kind and remark. For everyone.
    L1,
    /// As 1, and caching.
    L501,
    /// As 1, and limit, uses and path. For administrators.
    L2,
    /// As 2, and the security descriptor. The richest level of Samba.
    L502,
    /// As 502, and the scope.
    L503,
}

impl ShareLevel {
    /// Every level, richest first: the order in which they are tried.
    pub const LADDER: [ShareLevel; 6] = [
        ShareLevel::L503,
        ShareLevel::L502,
        ShareLevel::L2,
        ShareLevel::L501,
        ShareLevel::L1,
        ShareLevel::L0,
    ];

    /// The level of this number.
    pub fn from_number(number: u32) -> Option<Self> {
        let mut levels = Self::LADDER.into_iter();
        levels.find(|level| level.number() == number)
    }

    /// The number that names the level on the wire.
    pub fn number(self) -> u32 {
        match self {
            ShareLevel::L0 => 0,
            ShareLevel::L1 => 1,
            ShareLevel::L2 => 2,
            ShareLevel::L501 => 501,
            ShareLevel::L502 => 502,
            ShareLevel::L503 => 503,
        }
    }
}

impl fmt::Display for ShareLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_their_numbers_go_both_ways() {
        for level in ShareLevel::LADDER {
            assert_eq!(ShareLevel::from_number(level.number()), Some(level));
        }
        assert_eq!(ShareLevel::from_number(10), None);
        assert!(ShareLevel::LADDER.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn kinds_and_their_bits_are_named_and_unknown_ones_kept() {
        for (number, name, special, temporary) in [
            (0, "disk", false, false),
            (1, "print", false, false),
            (2, "device", false, false),
            (0x8000_0003, "ipc", true, false),
            (0x4000_0000, "disk", false, true),
            (0x8000_0000, "disk", true, false),
            (0x0200_0000, "disk,cluster", false, false),
            (0x0800_0000, "disk,dfs", false, false),
            (0x8400_007f, "0x400007f", true, false),
            (0x0010_0000, "0x100000", false, false),
        ] {
            let kind = ShareKind(number);
            assert_eq!(kind.to_string(), name, "{kind:?}");
            assert_eq!(
                (kind.special(), kind.temporary()),
                (special, temporary),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn no_limit_is_no_number() {
        assert_eq!(MaxUses::from_wire(u32::MAX), MaxUses::NoLimit);
        assert_eq!(MaxUses::from_wire(0), MaxUses::Limit(0));
        assert_eq!(MaxUses::NoLimit.to_wire(), u32::MAX);
    }

    #[test]
    fn hidden_by_kind_or_by_name() {
        let share = |name: &str, kind| Share {
            name: Some(name.into()),
            kind,
            ..Share::unknown(ShareLevel::L1)
        };
        assert!(share("secret$", None).is_hidden());
        assert!(share("admin", Some(ShareKind(0x8000_0000))).is_hidden());
        assert!(!share("data", Some(ShareKind(0))).is_hidden());
        assert!(!share("data", None).is_hidden());
    }
}
