//! [MS-SAMR 3.1.5.1.9, 3.1.5.9.1] Users and the groups they are in.

use smbwho_rpc::ndr::Array;
use smbwho_rpc::{ndr_params, ndr_struct};

use super::SAMR;
use crate::call::call;
use crate::types::ContextHandle;

ndr_params! {
    /// [MS-SAMR 3.1.5.1.9] Opens a user (opnum 34).
    pub struct SamrOpenUser {
        /// The domain's handle.
        #[doc(alias = "DomainHandle")]
        domain_handle: ContextHandle,
        /// What for: [`USER_LIST_GROUPS`](super::USER_LIST_GROUPS), ….
        #[doc(alias = "DesiredAccess")]
        desired_access: u32,
        /// Its relative id.
        #[doc(alias = "UserId")]
        user_id: u32,
    }
}

ndr_params! {
    /// What comes back of [`SamrOpenUser`].
    pub struct SamrOpenUserReply {
        /// The handle; null with an error status.
        #[doc(alias = "UserHandle")]
        user_handle: ContextHandle,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 34: SamrOpenUser => SamrOpenUserReply }

ndr_struct! {
    /// [MS-SAMR 2.2.3.12] One membership (GROUP_MEMBERSHIP).
    #[doc(alias = "GROUP_MEMBERSHIP")]
    pub struct GroupMembership {
        /// The group's relative id.
        #[doc(alias = "RelativeId")]
        relative_id: u32,
        /// [`SE_GROUP_MANDATORY`](super::SE_GROUP_MANDATORY), ….
        #[doc(alias = "Attributes")]
        attributes: u32,
    }
}

ndr_struct! {
    /// [MS-SAMR 2.2.3.13] Memberships of a user (SAMPR_GET_GROUPS_BUFFER).
    #[doc(alias = "SAMPR_GET_GROUPS_BUFFER")]
    pub struct GetGroupsBuffer<'a> {
        /// Memberships in `groups`.
        #[doc(alias = "MembershipCount")]
        membership_count: u32,
        /// The memberships.
        #[doc(alias = "Groups")]
        [size_is(membership_count), unique] groups: GroupMembership,
    }
}

ndr_params! {
    /// [MS-SAMR 3.1.5.9.1] Asks which groups of its domain a user is in (opnum 39).
    pub struct SamrGetGroupsForUser {
        /// The user's handle.
        #[doc(alias = "UserHandle")]
        user_handle: ContextHandle,
    }
}

ndr_params! {
    /// What comes back of [`SamrGetGroupsForUser`].
    pub struct SamrGetGroupsForUserReply<'a> {
        /// The groups; null with an error status.
        #[doc(alias = "Groups")]
        [unique] groups: GetGroupsBuffer<'a>,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

impl<'a> SamrGetGroupsForUserReply<'a> {
    /// The memberships.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = GroupMembership> + use<'a> {
        let groups = self.groups.and_then(|groups| groups.groups);
        groups.unwrap_or(Array::from(&[][..])).iter()
    }
}

call! { SAMR 39: SamrGetGroupsForUser => SamrGetGroupsForUserReply<'a>, needs groups }
