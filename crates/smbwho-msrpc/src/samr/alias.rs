//! [MS-SAMR 3.1.5.1.8, 3.1.5.5.4, 3.1.5.8.6, 3.1.5.9.2] Aliases: local groups.

use smbwho_rpc::ndr::NdrError;
use smbwho_rpc::{ndr_params, ndr_struct, ndr_union};

use super::SAMR;
use crate::call::call;
use crate::types::{ContextHandle, RpcUnicodeString, Sid, SidArray, UlongArray};

ndr_params! {
    /// [MS-SAMR 3.1.5.1.8] Opens an alias (opnum 27).
    pub struct SamrOpenAlias {
        /// The domain's handle.
        #[doc(alias = "DomainHandle")]
        domain_handle: ContextHandle,
        /// What for: [`ALIAS_LIST_MEMBERS`](super::ALIAS_LIST_MEMBERS), ….
        #[doc(alias = "DesiredAccess")]
        desired_access: u32,
        /// Its relative id.
        #[doc(alias = "AliasId")]
        alias_id: u32,
    }
}

ndr_params! {
    /// What comes back of [`SamrOpenAlias`].
    pub struct SamrOpenAliasReply {
        /// The handle; null with an error status.
        #[doc(alias = "AliasHandle")]
        alias_handle: ContextHandle,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 27: SamrOpenAlias => SamrOpenAliasReply }

/// The class that tells all of an alias: [`AliasInfo::General`].
pub const ALIAS_GENERAL_INFORMATION: u16 = 1;

ndr_struct! {
    /// [MS-SAMR 2.2.6.2] An alias (SAMPR_ALIAS_GENERAL_INFORMATION).
    #[doc(alias = "SAMPR_ALIAS_GENERAL_INFORMATION")]
    pub struct AliasGeneralInformation<'a> {
        /// The name.
        #[doc(alias = "Name")]
        name: RpcUnicodeString<'a>,
        /// Members. Some servers do not count.
        #[doc(alias = "MemberCount")]
        member_count: u32,
        /// The description.
        #[doc(alias = "AdminComment")]
        admin_comment: RpcUnicodeString<'a>,
    }
}

ndr_union! {
    /// [MS-SAMR 2.2.6.6] An alias (SAMPR_ALIAS_INFO_BUFFER), of the classes used here.
    #[doc(alias = "SAMPR_ALIAS_INFO_BUFFER")]
    pub union AliasInfo<'a> switch_type(u16) {
        /// All of it.
        [case(1)] General: AliasGeneralInformation<'a>,
    }
}

ndr_params! {
    /// [MS-SAMR 3.1.5.5.4] Asks about an alias (opnum 28).
    pub struct SamrQueryInformationAlias {
        /// The alias's handle.
        #[doc(alias = "AliasHandle")]
        alias_handle: ContextHandle,
        /// [`ALIAS_GENERAL_INFORMATION`].
        #[doc(alias = "AliasInformationClass")]
        alias_information_class: u16,
    }
}

ndr_params! {
    /// What comes back of [`SamrQueryInformationAlias`].
    pub struct SamrQueryInformationAliasReply<'a> {
        /// The alias; null with an error status.
        #[doc(alias = "Buffer")]
        [unique] buffer: AliasInfo<'a>,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 28: SamrQueryInformationAlias => SamrQueryInformationAliasReply<'a>, needs buffer }

ndr_params! {
    /// [MS-SAMR 3.1.5.8.6] Asks who is in an alias (opnum 33): accounts of any domain.
    pub struct SamrGetMembersInAlias {
        /// The alias's handle.
        #[doc(alias = "AliasHandle")]
        alias_handle: ContextHandle,
    }
}

ndr_params! {
    /// What comes back of [`SamrGetMembersInAlias`].
    pub struct SamrGetMembersInAliasReply<'a> {
        /// The SIDs of the members.
        #[doc(alias = "Members")]
        members: SidArray<'a>,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 33: SamrGetMembersInAlias => SamrGetMembersInAliasReply<'a> }

ndr_params! {
    /// [MS-SAMR 3.1.5.9.2] Asks which aliases of a domain any of these SIDs is in (opnum 16). Give
    /// a user's own SID and those of its groups to have the whole membership.
    pub struct SamrGetAliasMembership<'a> {
        /// The domain's handle.
        #[doc(alias = "DomainHandle")]
        domain_handle: ContextHandle,
        /// The SIDs.
        #[doc(alias = "SidArray")]
        sid_array: SidArray<'a>,
    }
}

impl<'a> SamrGetAliasMembership<'a> {
    /// The question for these SIDs.
    ///
    /// # Errors
    /// [`CountOverflow`](smbwho_rpc::ndr::NdrErrorKind::CountOverflow).
    pub fn of(domain_handle: ContextHandle, sids: &'a [Option<Sid>]) -> Result<Self, NdrError> {
        let sid_array = SidArray::of(sids)?;
        Ok(Self {
            domain_handle,
            sid_array,
        })
    }
}

ndr_params! {
    /// What comes back of [`SamrGetAliasMembership`].
    pub struct SamrGetAliasMembershipReply<'a> {
        /// The relative ids of the aliases.
        #[doc(alias = "Membership")]
        membership: UlongArray<'a>,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 16: SamrGetAliasMembership<'_> => SamrGetAliasMembershipReply<'a> }
