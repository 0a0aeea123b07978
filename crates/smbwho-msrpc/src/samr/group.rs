//! [MS-SAMR 3.1.5.1.7, 3.1.5.5.3, 3.1.5.8.3] Groups of a domain (global groups).

use smbwho_rpc::ndr::Array;
use smbwho_rpc::{ndr_params, ndr_struct, ndr_union};

use super::SAMR;
use crate::call::call;
use crate::types::{ContextHandle, RpcUnicodeString};

ndr_params! {
    /// [MS-SAMR 3.1.5.1.7] Opens a group (opnum 19).
    pub struct SamrOpenGroup {
        /// The domain's handle.
        #[doc(alias = "DomainHandle")]
        domain_handle: ContextHandle,
        /// What for: [`GROUP_LIST_MEMBERS`](super::GROUP_LIST_MEMBERS), ….
        #[doc(alias = "DesiredAccess")]
        desired_access: u32,
        /// Its relative id.
        #[doc(alias = "GroupId")]
        group_id: u32,
    }
}

ndr_params! {
    /// What comes back of [`SamrOpenGroup`].
    pub struct SamrOpenGroupReply {
        /// The handle; null with an error status.
        #[doc(alias = "GroupHandle")]
        group_handle: ContextHandle,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 19: SamrOpenGroup => SamrOpenGroupReply }

/// The class that tells all of a group: [`GroupInfo::General`].
pub const GROUP_GENERAL_INFORMATION: u16 = 1;

ndr_struct! {
    /// [MS-SAMR 2.2.5.3] A group (SAMPR_GROUP_GENERAL_INFORMATION).
    #[doc(alias = "SAMPR_GROUP_GENERAL_INFORMATION")]
    pub struct GroupGeneralInformation<'a> {
        /// The name.
        #[doc(alias = "Name")]
        name: RpcUnicodeString<'a>,
        /// [`SE_GROUP_MANDATORY`](super::SE_GROUP_MANDATORY), ….
        #[doc(alias = "Attributes")]
        attributes: u32,
        /// Members. Some servers do not count.
        #[doc(alias = "MemberCount")]
        member_count: u32,
        /// The description.
        #[doc(alias = "AdminComment")]
        admin_comment: RpcUnicodeString<'a>,
    }
}

ndr_union! {
    /// [MS-SAMR 2.2.5.7] A group (SAMPR_GROUP_INFO_BUFFER), of the classes used here.
    #[doc(alias = "SAMPR_GROUP_INFO_BUFFER")]
    pub union GroupInfo<'a> switch_type(u16) {
        /// All of it.
        [case(1)] General: GroupGeneralInformation<'a>,
    }
}

ndr_params! {
    /// [MS-SAMR 3.1.5.5.3] Asks about a group (opnum 20).
    pub struct SamrQueryInformationGroup {
        /// The group's handle.
        #[doc(alias = "GroupHandle")]
        group_handle: ContextHandle,
        /// [`GROUP_GENERAL_INFORMATION`].
        #[doc(alias = "GroupInformationClass")]
        group_information_class: u16,
    }
}

ndr_params! {
    /// What comes back of [`SamrQueryInformationGroup`].
    pub struct SamrQueryInformationGroupReply<'a> {
        /// The group; null with an error status.
        #[doc(alias = "Buffer")]
        [unique] buffer: GroupInfo<'a>,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 20: SamrQueryInformationGroup => SamrQueryInformationGroupReply<'a>, needs buffer }

ndr_struct! {
    /// [MS-SAMR 2.2.3.14] Members of a group (SAMPR_GET_MEMBERS_BUFFER).
    #[doc(alias = "SAMPR_GET_MEMBERS_BUFFER")]
    pub struct GetMembersBuffer<'a> {
        /// Members there are.
        #[doc(alias = "MemberCount")]
        member_count: u32,
        /// Their relative ids.
        #[doc(alias = "Members")]
        [size_is(member_count), unique] members: u32,
        /// The attributes of each membership.
        #[doc(alias = "Attributes")]
        [size_is(member_count), unique] attributes: u32,
    }
}

ndr_params! {
    /// [MS-SAMR 3.1.5.8.3] Asks who is in a group (opnum 25). Accounts of the same domain only.
    pub struct SamrGetMembersInGroup {
        /// The group's handle.
        #[doc(alias = "GroupHandle")]
        group_handle: ContextHandle,
    }
}

ndr_params! {
    /// What comes back of [`SamrGetMembersInGroup`].
    pub struct SamrGetMembersInGroupReply<'a> {
        /// The members; null with an error status.
        #[doc(alias = "Members")]
        [unique] members: GetMembersBuffer<'a>,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

impl<'a> SamrGetMembersInGroupReply<'a> {
    /// The relative ids of the members.
    pub fn rids(&self) -> impl ExactSizeIterator<Item = u32> + use<'a> {
        let members = self.members.and_then(|members| members.members);
        members.unwrap_or(Array::from(&[][..])).iter()
    }
}

call! { SAMR 25: SamrGetMembersInGroup => SamrGetMembersInGroupReply<'a>, needs members }
