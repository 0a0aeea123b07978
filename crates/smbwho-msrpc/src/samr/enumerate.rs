//! [MS-SAMR 3.1.5.2] Lists page by page: domains, groups, aliases, users.

use smbwho_rpc::ndr::Array;
use smbwho_rpc::{ndr_params, ndr_struct};

use super::SAMR;
use crate::call::call;
use crate::types::{ContextHandle, RpcUnicodeString};

ndr_struct! {
    /// [MS-SAMR 2.2.3.9] An account: relative id and name (SAMPR_RID_ENUMERATION).
    #[doc(alias = "SAMPR_RID_ENUMERATION")]
    pub struct RidEnumeration<'a> {
        /// The relative id. Of a domain it means nothing.
        #[doc(alias = "RelativeId")]
        relative_id: u32,
        /// The name.
        #[doc(alias = "Name")]
        name: RpcUnicodeString<'a>,
    }
}

ndr_struct! {
    /// [MS-SAMR 2.2.3.10] Accounts (SAMPR_ENUMERATION_BUFFER).
    #[doc(alias = "SAMPR_ENUMERATION_BUFFER")]
    pub struct EnumerationBuffer<'a> {
        /// Accounts in `buffer`.
        #[doc(alias = "EntriesRead")]
        entries_read: u32,
        /// The accounts.
        #[doc(alias = "Buffer")]
        [size_is(entries_read), unique] buffer: RidEnumeration<'a>,
    }
}

ndr_params! {
    /// What comes back of each of these calls: with
    /// [`STATUS_MORE_ENTRIES`](crate::status::NtStatus::STATUS_MORE_ENTRIES) there is more.
    pub struct SamrEnumerateReply<'a> {
        /// Where to go on.
        #[doc(alias = "EnumerationContext")]
        enumeration_context: u32,
        /// This page; null with an error status, and for none at all.
        #[doc(alias = "Buffer")]
        [unique] buffer: EnumerationBuffer<'a>,
        /// Accounts in this page.
        #[doc(alias = "CountReturned")]
        count_returned: u32,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

impl<'a> SamrEnumerateReply<'a> {
    /// The accounts of this page.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RidEnumeration<'a>> + use<'a> {
        let buffer = self.buffer.and_then(|buffer| buffer.buffer);
        buffer.unwrap_or(Array::from(&[][..])).iter()
    }
}

ndr_params! {
    /// [MS-SAMR 3.1.5.2.1] Asks for the domains of a server (opnum 6).
    pub struct SamrEnumerateDomainsInSamServer {
        /// The handle of the server.
        #[doc(alias = "ServerHandle")]
        server_handle: ContextHandle,
        /// Where to go on; 0 on the first call.
        #[doc(alias = "EnumerationContext")]
        enumeration_context: u32,
        /// Bytes the answer should not exceed.
        #[doc(alias = "PreferedMaximumLength")]
        preferred_maximum_length: u32,
    }
}

call! { SAMR 6: SamrEnumerateDomainsInSamServer => SamrEnumerateReply<'a> }

ndr_params! {
    /// [MS-SAMR 3.1.5.2.3] Asks for the groups of a domain (opnum 11).
    pub struct SamrEnumerateGroupsInDomain {
        /// The handle of the domain.
        #[doc(alias = "DomainHandle")]
        domain_handle: ContextHandle,
        /// Where to go on; 0 on the first call.
        #[doc(alias = "EnumerationContext")]
        enumeration_context: u32,
        /// Bytes the answer should not exceed.
        #[doc(alias = "PreferedMaximumLength")]
        preferred_maximum_length: u32,
    }
}

call! { SAMR 11: SamrEnumerateGroupsInDomain => SamrEnumerateReply<'a> }

ndr_params! {
    /// [MS-SAMR 3.1.5.2.5] Asks for the users of a domain, computers included (opnum 13).
    pub struct SamrEnumerateUsersInDomain {
        /// The handle of the domain.
        #[doc(alias = "DomainHandle")]
        domain_handle: ContextHandle,
        /// Where to go on; 0 on the first call.
        #[doc(alias = "EnumerationContext")]
        enumeration_context: u32,
        /// Only users with one of these bits; 0 for all ([MS-SAMR] 2.2.1.12).
        #[doc(alias = "UserAccountControl")]
        user_account_control: u32,
        /// Bytes the answer should not exceed.
        #[doc(alias = "PreferedMaximumLength")]
        preferred_maximum_length: u32,
    }
}

call! { SAMR 13: SamrEnumerateUsersInDomain => SamrEnumerateReply<'a> }

ndr_params! {
    /// [MS-SAMR 3.1.5.2.4] Asks for the aliases, local groups, of a domain (opnum 15).
    pub struct SamrEnumerateAliasesInDomain {
        /// The handle of the domain.
        #[doc(alias = "DomainHandle")]
        domain_handle: ContextHandle,
        /// Where to go on; 0 on the first call.
        #[doc(alias = "EnumerationContext")]
        enumeration_context: u32,
        /// Bytes the answer should not exceed.
        #[doc(alias = "PreferedMaximumLength")]
        preferred_maximum_length: u32,
    }
}

call! { SAMR 15: SamrEnumerateAliasesInDomain => SamrEnumerateReply<'a> }
