//! [MS-SAMR 3.1.5.1.5, 3.1.5.11.1, 3.1.5.13.5] Domains.

use smbwho_rpc::ndr_params;

use super::SAMR;
use crate::call::call;
use crate::types::{ContextHandle, RpcUnicodeString, Sid};

ndr_params! {
    /// [MS-SAMR 3.1.5.11.1] Asks for the SID of a domain by its name (opnum 5).
    pub struct SamrLookupDomainInSamServer<'a> {
        /// The server's handle.
        #[doc(alias = "ServerHandle")]
        server_handle: ContextHandle,
        /// The domain's name.
        #[doc(alias = "Name")]
        name: RpcUnicodeString<'a>,
    }
}

ndr_params! {
    /// What comes back of [`SamrLookupDomainInSamServer`].
    pub struct SamrLookupDomainInSamServerReply {
        /// The SID; null with an error status.
        #[doc(alias = "DomainId")]
        [unique] domain_id: Sid,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 5: SamrLookupDomainInSamServer<'_> => SamrLookupDomainInSamServerReply,
needs domain_id }

ndr_params! {
    /// [MS-SAMR 3.1.5.1.5] Opens a domain (opnum 7).
    pub struct SamrOpenDomain {
        /// The server's handle.
        #[doc(alias = "ServerHandle")]
        server_handle: ContextHandle,
        /// What for: [`DOMAIN_LIST_ACCOUNTS`](super::DOMAIN_LIST_ACCOUNTS), ….
        #[doc(alias = "DesiredAccess")]
        desired_access: u32,
        /// The domain's SID.
        #[doc(alias = "DomainId")]
        domain_id: Sid,
    }
}

ndr_params! {
    /// What comes back of [`SamrOpenDomain`].
    pub struct SamrOpenDomainReply {
        /// The handle; null with an error status.
        #[doc(alias = "DomainHandle")]
        domain_handle: ContextHandle,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 7: SamrOpenDomain => SamrOpenDomainReply }

ndr_params! {
    /// [MS-SAMR 3.1.5.13.5] Asks for the SID of a relative id (opnum 65).
    pub struct SamrRidToSid {
        /// The handle of the domain, or of an account in it.
        #[doc(alias = "ObjectHandle")]
        object_handle: ContextHandle,
        /// The relative id.
        #[doc(alias = "Rid")]
        rid: u32,
    }
}

ndr_params! {
    /// What comes back of [`SamrRidToSid`].
    pub struct SamrRidToSidReply {
        /// The SID; null with an error status.
        #[doc(alias = "Sid")]
        [unique] sid: Sid,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 65: SamrRidToSid => SamrRidToSidReply, needs sid }
