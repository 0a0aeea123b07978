//! Groups, their members, and who is in which.

use std::fmt;

use smbwho_msrpc::samr;
use smbwho_msrpc::types::{Sid, SidNameUse};

use crate::Name;

/// A group of a server or domain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// Local or global.
    pub scope: Scope,
    /// The domain it is of: the server's own accounts, the domain of a domain
    /// controller, or `Builtin`.
    pub domain: Name,
    /// The name.
    pub name: Name,
    /// What it is for. `None` when the server does not tell it, which it may
    /// do for one group and not for another.
    #[doc(alias = "AdminComment")]
    pub description: Option<Name>,
    /// The group's SID; its last number is the relative id.
    pub sid: Sid,
    /// Of a global group ([MS-SAMR] 2.2.1.10); local groups have none. Samba's
    /// file server tells them for a membership and for a group that is asked
    /// for by its whole name, not in its list of groups.
    pub attributes: Option<GroupAttributes>,
}

impl Group {
    /// The relative id: the last number of the SID.
    pub fn rid(&self) -> Option<u32> {
        self.sid.rid()
    }
}

/// Where a group counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// On the server itself, or on all controllers of the domain: an alias in
    /// the words of [MS-SAMR].
    #[doc(alias = "alias")]
    Local,
    /// In the whole domain, and where it is trusted. Universal groups are
    /// counted in.
    Global,
}

impl Scope {
    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Local => "local",
            Scope::Global => "global",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The attributes of a global group, or of a membership in it ([MS-SAMR]
/// 2.2.1.10). Bits without a name survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GroupAttributes(pub u32);

impl GroupAttributes {
    /// Each bit ([MS-SAMR] 2.2.1.10; the rest as Windows names them in tokens) and its name.
    pub const NAMES: &'static [(u32, &'static str)] = &[
        (samr::SE_GROUP_MANDATORY, "mandatory"),
        (samr::SE_GROUP_ENABLED_BY_DEFAULT, "enabled-by-default"),
        (samr::SE_GROUP_ENABLED, "enabled"),
        (0x8, "owner"),
        (0x10, "deny-only"),
        (0x2000_0000, "resource"),
    ];

    /// The names of the bits that are set; the rest, if any, in hexadecimal.
    pub fn names(self) -> Vec<String> {
        let mut left = self.0;
        let mut names = Vec::new();
        for (bit, name) in Self::NAMES {
            if self.0 & bit != 0 {
                left &= !bit;
                names.push((*name).to_owned());
            }
        }
        if left != 0 {
            names.push(format!("{left:#x}"));
        }
        names
    }
}

/// An account that is in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The group's name.
    pub group: Name,
    /// The group's SID.
    pub group_sid: Sid,
    /// The member's name; `None` for a SID that the server knows no name for.
    pub name: Option<Name>,
    /// The domain of the member; `None` when it has none or is not known.
    pub domain: Option<Name>,
    /// The member's SID.
    pub sid: Sid,
    /// What the member is: user, group, alias …;
    /// [`SidTypeUnknown`](SidNameUse::SidTypeUnknown) for a SID without a name.
    pub kind: SidNameUse,
}

/// A group that an account is in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Membership {
    /// The group.
    pub group: Group,
    /// Whether the account is in it only through another group.
    pub indirect: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_have_names_and_unknown_bits_survive() {
        assert_eq!(
            GroupAttributes(7).names(),
            ["mandatory", "enabled-by-default", "enabled"]
        );
        assert_eq!(
            GroupAttributes(0x8000_0041).names(),
            ["mandatory", "0x80000040"]
        );
        assert!(GroupAttributes(0).names().is_empty());
    }
}
