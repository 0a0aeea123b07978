//! What a SID names.

use smbwho_rpc::ndr_number;

ndr_number! {
    /// [MS-SAMR 2.2.2.3] What a SID names (SID_NAME_USE). A number not listed here survives.
    #[doc(alias = "SID_NAME_USE")]
    pub struct SidNameUse(u16);
}

#[allow(non_upper_case_globals, reason = "spelt as in the specification")]
impl SidNameUse {
    /// A user.
    pub const SidTypeUser: Self = Self(1);
    /// A group of a domain: a global group.
    pub const SidTypeGroup: Self = Self(2);
    /// A domain.
    pub const SidTypeDomain: Self = Self(3);
    /// A local group.
    pub const SidTypeAlias: Self = Self(4);
    /// A group that is the same everywhere, such as Everyone.
    pub const SidTypeWellKnownGroup: Self = Self(5);
    /// An account that is no more.
    pub const SidTypeDeletedAccount: Self = Self(6);
    /// Not valid.
    pub const SidTypeInvalid: Self = Self(7);
    /// Not known to the server.
    pub const SidTypeUnknown: Self = Self(8);
    /// A computer.
    pub const SidTypeComputer: Self = Self(9);
    /// An integrity level.
    pub const SidTypeLabel: Self = Self(10);

    /// The name in one word, for people and scripts; `None` for a number not listed.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self.0 {
            1 => Some("user"),
            2 => Some("group"),
            3 => Some("domain"),
            4 => Some("alias"),
            5 => Some("well-known"),
            6 => Some("deleted"),
            7 => Some("invalid"),
            8 => Some("unknown"),
            9 => Some("computer"),
            10 => Some("label"),
            _ => None,
        }
    }
}
