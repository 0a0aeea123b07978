//! [MS-SAMR] The Security Account Manager: domains, groups, local groups (aliases), users, and who
//! is in what.
//!
//! Handles lead from one to the next: [`SamrConnect5`] → the server; [`SamrOpenDomain`] → one of
//! its domains (the account domain, and `BUILTIN`, [`Sid::BUILTIN`](crate::types::Sid::BUILTIN));
//! [`SamrOpenGroup`], [`SamrOpenAlias`], [`SamrOpenUser`] → one account. They belong to the
//! association they were made over. Pages follow with
//! [`STATUS_MORE_ENTRIES`](crate::status::NtStatus::STATUS_MORE_ENTRIES).

mod alias;
mod connect;
mod display;
mod domain;
mod enumerate;
mod group;
mod lookup;
mod user;

pub use alias::{
    ALIAS_GENERAL_INFORMATION, AliasGeneralInformation, AliasInfo, SamrGetAliasMembership,
    SamrGetAliasMembershipReply, SamrGetMembersInAlias, SamrGetMembersInAliasReply, SamrOpenAlias,
    SamrOpenAliasReply, SamrQueryInformationAlias, SamrQueryInformationAliasReply,
};
pub use connect::{
    RevisionInfo, RevisionInfoV1, SamrCloseHandle, SamrCloseHandleReply, SamrConnect2,
    SamrConnect2Reply, SamrConnect5, SamrConnect5Reply,
};
pub use display::{
    DisplayGroup, DisplayInfo, DisplayLevel, DisplayList, DisplayMachine, DisplayUser,
    SamrQueryDisplayInformation3, SamrQueryDisplayInformation3Reply,
};
pub use domain::{
    SamrLookupDomainInSamServer, SamrLookupDomainInSamServerReply, SamrOpenDomain,
    SamrOpenDomainReply, SamrRidToSid, SamrRidToSidReply,
};
pub use enumerate::{
    EnumerationBuffer, RidEnumeration, SamrEnumerateAliasesInDomain,
    SamrEnumerateDomainsInSamServer, SamrEnumerateGroupsInDomain, SamrEnumerateReply,
    SamrEnumerateUsersInDomain,
};
pub use group::{
    GROUP_GENERAL_INFORMATION, GetMembersBuffer, GroupGeneralInformation, GroupInfo,
    SamrGetMembersInGroup, SamrGetMembersInGroupReply, SamrOpenGroup, SamrOpenGroupReply,
    SamrQueryInformationGroup, SamrQueryInformationGroupReply,
};
pub use lookup::{
    MAX_LOOKUP, ReturnedStringArray, SamrLookupIdsInDomain, SamrLookupIdsInDomainReply,
    SamrLookupNamesInDomain, SamrLookupNamesInDomainReply,
};
use smbwho_rpc::{Interface, SyntaxId, Uuid};
pub use user::{
    GetGroupsBuffer, GroupMembership, SamrGetGroupsForUser, SamrGetGroupsForUserReply,
    SamrOpenUser, SamrOpenUserReply,
};

/// The interface `samr` ([MS-SAMR] 1.9, 2.1).
pub static SAMR: Interface = Interface {
    name: "samr",
    syntax: SyntaxId {
        uuid: Uuid::new(0x1234_5778, 0x1234, 0xabcd, 0xef00, 0x0123_4567_89ac),
        major: 1,
        minor: 0,
    },
};

/// As much as the caller may (MAXIMUM_ALLOWED, [MS-SAMR] 2.2.1.1).
pub const MAXIMUM_ALLOWED: u32 = 0x0200_0000;

/// Of the server: to connect ([MS-SAMR] 2.2.1.3).
pub const SAM_SERVER_CONNECT: u32 = 0x0001;
/// Of the server: to list its domains ([MS-SAMR] 2.2.1.3).
pub const SAM_SERVER_ENUMERATE_DOMAINS: u32 = 0x0010;
/// Of the server: to look up and open a domain ([MS-SAMR] 2.2.1.3).
pub const SAM_SERVER_LOOKUP_DOMAIN: u32 = 0x0020;

/// Of a domain: to ask which aliases SIDs are in ([MS-SAMR] 2.2.1.4).
pub const DOMAIN_GET_ALIAS_MEMBERSHIP: u32 = 0x0080;
/// Of a domain: to list its accounts ([MS-SAMR] 2.2.1.4).
pub const DOMAIN_LIST_ACCOUNTS: u32 = 0x0100;
/// Of a domain: to look up names and relative ids, and to open accounts ([MS-SAMR] 2.2.1.4).
pub const DOMAIN_LOOKUP: u32 = 0x0200;

/// Of a group: name, description, attributes ([MS-SAMR] 2.2.1.5).
pub const GROUP_READ_INFORMATION: u32 = 0x0001;
/// Of a group: its members ([MS-SAMR] 2.2.1.5).
pub const GROUP_LIST_MEMBERS: u32 = 0x0010;

/// Of an alias: its members ([MS-SAMR] 2.2.1.6).
pub const ALIAS_LIST_MEMBERS: u32 = 0x0004;
/// Of an alias: name and description ([MS-SAMR] 2.2.1.6).
pub const ALIAS_READ_INFORMATION: u32 = 0x0008;

/// Of a user: the groups it is in ([MS-SAMR] 2.2.1.7).
pub const USER_LIST_GROUPS: u32 = 0x0100;

/// In the attributes of a group: always in force, cannot be switched off ([MS-SAMR] 2.2.1.10).
pub const SE_GROUP_MANDATORY: u32 = 0x0000_0001;
/// In the attributes of a group: in force from the start ([MS-SAMR] 2.2.1.10).
pub const SE_GROUP_ENABLED_BY_DEFAULT: u32 = 0x0000_0002;
/// In the attributes of a group: in force ([MS-SAMR] 2.2.1.10).
pub const SE_GROUP_ENABLED: u32 = 0x0000_0004;
