//! What is asked of accounts, each of which is opened for it.

use smbwho_msrpc::samr::{
    ALIAS_GENERAL_INFORMATION, ALIAS_LIST_MEMBERS, ALIAS_READ_INFORMATION, AliasInfo,
    GROUP_GENERAL_INFORMATION, GROUP_LIST_MEMBERS, GROUP_READ_INFORMATION, GroupInfo,
    SamrGetGroupsForUser, SamrGetMembersInAlias, SamrGetMembersInGroup, SamrOpenAlias,
    SamrOpenGroup, SamrOpenUser, SamrQueryInformationAlias, SamrQueryInformationGroup,
    USER_LIST_GROUPS,
};
use smbwho_msrpc::types::{ContextHandle, Sid};
use smbwho_rpc::Call;

use super::lists::{Entry, named};
use crate::Name;

/// What is asked of an account.
pub(super) trait Asked {
    type Open: Call + Send + Sync;
    type Query: Call + Send + Sync;
    type Told: Send;

    fn open(domain_handle: ContextHandle, rid: u32) -> Self::Open;
    /// Status and handle.
    fn opened(reply: <Self::Open as Call>::Reply<'_>) -> (u32, ContextHandle);
    fn query(handle: ContextHandle) -> Self::Query;
    fn status(reply: &<Self::Query as Call>::Reply<'_>) -> u32;
    fn told(rid: u32, reply: <Self::Query as Call>::Reply<'_>) -> Self::Told;
    /// Bytes that it takes.
    fn size(_: &Self::Told) -> usize {
        size_of::<Self::Told>()
    }
}

/// The members of a group.
pub(super) enum Members {
    /// Of any domain.
    Sids(Vec<Sid>),
    /// Of the group's own domain.
    Rids(Sid, Vec<u32>),
}

impl Members {
    pub(super) fn sids(&self) -> impl Iterator<Item = Sid> + '_ {
        let (sids, rids) = match self {
            Self::Sids(sids) => (Some(sids), None),
            Self::Rids(domain, rids) => (None, Some((domain, rids))),
        };
        let sids = sids.into_iter().flatten().copied();
        let of_domain = rids
            .into_iter()
            .flat_map(|(domain, rids)| rids.iter().filter_map(|rid| domain.with_rid(*rid)));
        sids.chain(of_domain)
    }
}

/// A local group's name and description.
pub(super) struct AliasIs;

impl Asked for AliasIs {
    type Open = SamrOpenAlias;
    type Query = SamrQueryInformationAlias;
    type Told = Entry;

    fn open(domain_handle: ContextHandle, alias_id: u32) -> SamrOpenAlias {
        SamrOpenAlias {
            domain_handle,
            desired_access: ALIAS_READ_INFORMATION,
            alias_id,
        }
    }

    fn opened(reply: <SamrOpenAlias as Call>::Reply<'_>) -> (u32, ContextHandle) {
        (reply.status, reply.alias_handle)
    }

    fn query(alias_handle: ContextHandle) -> SamrQueryInformationAlias {
        SamrQueryInformationAlias {
            alias_handle,
            alias_information_class: ALIAS_GENERAL_INFORMATION,
        }
    }

    fn status(reply: &<SamrQueryInformationAlias as Call>::Reply<'_>) -> u32 {
        reply.status
    }

    fn told(rid: u32, reply: <SamrQueryInformationAlias as Call>::Reply<'_>) -> Entry {
        let Some(AliasInfo::General(told)) = &reply.buffer else {
            return Entry::named(rid, Name::from(""));
        };
        Entry {
            description: told.admin_comment.text().map(Name::from_wire),
            ..Entry::named(rid, named(&told.name))
        }
    }
}

/// A global group's name, description and attributes.
pub(super) struct GroupIs;

impl Asked for GroupIs {
    type Open = SamrOpenGroup;
    type Query = SamrQueryInformationGroup;
    type Told = Entry;

    fn open(domain_handle: ContextHandle, group_id: u32) -> SamrOpenGroup {
        SamrOpenGroup {
            domain_handle,
            desired_access: GROUP_READ_INFORMATION,
            group_id,
        }
    }

    fn opened(reply: <SamrOpenGroup as Call>::Reply<'_>) -> (u32, ContextHandle) {
        (reply.status, reply.group_handle)
    }

    fn query(group_handle: ContextHandle) -> SamrQueryInformationGroup {
        SamrQueryInformationGroup {
            group_handle,
            group_information_class: GROUP_GENERAL_INFORMATION,
        }
    }

    fn status(reply: &<SamrQueryInformationGroup as Call>::Reply<'_>) -> u32 {
        reply.status
    }

    fn told(rid: u32, reply: <SamrQueryInformationGroup as Call>::Reply<'_>) -> Entry {
        let Some(GroupInfo::General(told)) = &reply.buffer else {
            return Entry::named(rid, Name::from(""));
        };
        Entry {
            description: told.admin_comment.text().map(Name::from_wire),
            attributes: Some(told.attributes),
            ..Entry::named(rid, named(&told.name))
        }
    }
}

/// Who is in a local group.
pub(super) struct AliasHolds;

impl Asked for AliasHolds {
    type Open = SamrOpenAlias;
    type Query = SamrGetMembersInAlias;
    type Told = Vec<Sid>;

    fn open(domain_handle: ContextHandle, rid: u32) -> SamrOpenAlias {
        SamrOpenAlias {
            desired_access: ALIAS_LIST_MEMBERS,
            ..AliasIs::open(domain_handle, rid)
        }
    }

    fn opened(reply: <SamrOpenAlias as Call>::Reply<'_>) -> (u32, ContextHandle) {
        AliasIs::opened(reply)
    }

    fn query(alias_handle: ContextHandle) -> SamrGetMembersInAlias {
        SamrGetMembersInAlias { alias_handle }
    }

    fn status(reply: &<SamrGetMembersInAlias as Call>::Reply<'_>) -> u32 {
        reply.status
    }

    fn told(_: u32, reply: <SamrGetMembersInAlias as Call>::Reply<'_>) -> Vec<Sid> {
        reply.members.iter().collect()
    }

    fn size(told: &Vec<Sid>) -> usize {
        size_of_val(told.as_slice())
    }
}

/// Who is in a global group: relative ids of the same domain.
pub(super) struct GroupHolds;

impl Asked for GroupHolds {
    type Open = SamrOpenGroup;
    type Query = SamrGetMembersInGroup;
    type Told = Vec<u32>;

    fn open(domain_handle: ContextHandle, rid: u32) -> SamrOpenGroup {
        SamrOpenGroup {
            desired_access: GROUP_LIST_MEMBERS,
            ..GroupIs::open(domain_handle, rid)
        }
    }

    fn opened(reply: <SamrOpenGroup as Call>::Reply<'_>) -> (u32, ContextHandle) {
        GroupIs::opened(reply)
    }

    fn query(group_handle: ContextHandle) -> SamrGetMembersInGroup {
        SamrGetMembersInGroup { group_handle }
    }

    fn status(reply: &<SamrGetMembersInGroup as Call>::Reply<'_>) -> u32 {
        reply.status
    }

    fn told(_: u32, reply: <SamrGetMembersInGroup as Call>::Reply<'_>) -> Vec<u32> {
        reply.rids().collect()
    }

    fn size(told: &Vec<u32>) -> usize {
        size_of_val(told.as_slice())
    }
}

/// The global groups of a user: relative ids and attributes.
pub(super) struct UserIsIn;

impl Asked for UserIsIn {
    type Open = SamrOpenUser;
    type Query = SamrGetGroupsForUser;
    type Told = Vec<(u32, u32)>;

    fn open(domain_handle: ContextHandle, user_id: u32) -> SamrOpenUser {
        SamrOpenUser {
            domain_handle,
            desired_access: USER_LIST_GROUPS,
            user_id,
        }
    }

    fn opened(reply: <SamrOpenUser as Call>::Reply<'_>) -> (u32, ContextHandle) {
        (reply.status, reply.user_handle)
    }

    fn query(user_handle: ContextHandle) -> SamrGetGroupsForUser {
        SamrGetGroupsForUser { user_handle }
    }

    fn status(reply: &<SamrGetGroupsForUser as Call>::Reply<'_>) -> u32 {
        reply.status
    }

    fn told(_: u32, reply: <SamrGetGroupsForUser as Call>::Reply<'_>) -> Vec<(u32, u32)> {
        let groups = reply.iter();
        groups
            .map(|group| (group.relative_id, group.attributes))
            .collect()
    }
}
