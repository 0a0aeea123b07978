//! [MS-LSAD 3.1.4.4], [MS-LSAT 3.1.4.1] The policy object: open it, ask it, close it.

use smbwho_rpc::ndr::wchar_t;
use smbwho_rpc::{ndr_params, ndr_struct, ndr_union};

use super::{LSARPC, TrustInformation};
use crate::call::call;
use crate::types::{ContextHandle, NullPointer, RpcUnicodeString, Sid};

ndr_struct! {
    /// [MS-LSAD 2.2.2.4] Nothing of use (LSAPR_OBJECT_ATTRIBUTES): the server looks only at
    /// whether `root_directory` is null.
    #[doc(alias = "LSAPR_OBJECT_ATTRIBUTES")]
    pub struct ObjectAttributes {
        /// Not looked at.
        #[doc(alias = "Length")]
        length: u32,
        /// Must be null.
        #[doc(alias = "RootDirectory")]
        root_directory: NullPointer,
        /// Not looked at.
        #[doc(alias = "ObjectName")]
        object_name: NullPointer,
        /// Not looked at.
        #[doc(alias = "Attributes")]
        attributes: u32,
        /// Not looked at.
        #[doc(alias = "SecurityDescriptor")]
        security_descriptor: NullPointer,
        /// Not looked at.
        #[doc(alias = "SecurityQualityOfService")]
        security_quality_of_service: NullPointer,
    }
}

impl ObjectAttributes {
    /// Attributes that say nothing.
    pub const NONE: Self = Self {
        length: 24,
        root_directory: NullPointer,
        object_name: NullPointer,
        attributes: 0,
        security_descriptor: NullPointer,
        security_quality_of_service: NullPointer,
    };
}

ndr_params! {
    /// [MS-LSAD 3.1.4.4.1] Opens the policy object (opnum 44).
    pub struct LsarOpenPolicy2<'a> {
        /// The server's name; the server does not look at it.
        #[doc(alias = "SystemName")]
        [string, unique] system_name: wchar_t,
        /// [`ObjectAttributes::NONE`].
        #[doc(alias = "ObjectAttributes")]
        object_attributes: ObjectAttributes,
        /// What it is to be used for: [`POLICY_LOOKUP_NAMES`](super::POLICY_LOOKUP_NAMES), ….
        #[doc(alias = "DesiredAccess")]
        desired_access: u32,
    }
}

ndr_params! {
    /// What comes back of [`LsarOpenPolicy2`].
    pub struct LsarOpenPolicy2Reply {
        /// The handle; null with an error status.
        #[doc(alias = "PolicyHandle")]
        policy_handle: ContextHandle,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { LSARPC 44: LsarOpenPolicy2<'_> => LsarOpenPolicy2Reply }

ndr_params! {
    /// [MS-LSAT 3.1.4.3] Closes a handle (opnum 0).
    pub struct LsarClose {
        /// The handle.
        #[doc(alias = "ObjectHandle")]
        object_handle: ContextHandle,
    }
}

ndr_params! {
    /// What comes back of [`LsarClose`].
    pub struct LsarCloseReply {
        /// Null.
        #[doc(alias = "ObjectHandle")]
        object_handle: ContextHandle,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { LSARPC 0: LsarClose => LsarCloseReply }

/// The class that tells the domain the server is a member of: [`PolicyInformation::PrimaryDomain`].
pub const POLICY_PRIMARY_DOMAIN_INFORMATION: u16 = 3;
/// The class that tells the domain of the server's own accounts:
/// [`PolicyInformation::AccountDomain`].
pub const POLICY_ACCOUNT_DOMAIN_INFORMATION: u16 = 5;
/// The class that tells the DNS names of the domain the server is a member of:
/// [`PolicyInformation::DnsDomain`].
pub const POLICY_DNS_DOMAIN_INFORMATION: u16 = 12;

ndr_struct! {
    /// [MS-LSAD 2.2.4.14] A domain and its DNS names (LSAPR_POLICY_DNS_DOMAIN_INFO).
    #[doc(alias = "LSAPR_POLICY_DNS_DOMAIN_INFO")]
    pub struct DnsDomainInfo<'a> {
        /// The NetBIOS name.
        #[doc(alias = "Name")]
        name: RpcUnicodeString<'a>,
        /// The DNS name.
        #[doc(alias = "DnsDomainName")]
        dns_domain_name: RpcUnicodeString<'a>,
        /// The DNS name of the forest.
        #[doc(alias = "DnsForestName")]
        dns_forest_name: RpcUnicodeString<'a>,
        /// The domain's GUID, as on the wire.
        #[doc(alias = "DomainGuid")]
        domain_guid: [u8; 16],
        /// The domain's SID; null in a workgroup.
        #[doc(alias = "Sid")]
        [unique] sid: Sid,
    }
}

ndr_union! {
    /// [MS-LSAD 2.2.4.2] An answer about the policy (LSAPR_POLICY_INFORMATION), of the classes used
    /// here.
    #[doc(alias = "LSAPR_POLICY_INFORMATION")]
    pub union PolicyInformation<'a> switch_type(u16) {
        /// The domain the server is a member of; without a SID in a workgroup
        /// (LSAPR_POLICY_PRIMARY_DOM_INFO).
        [case(3)] PrimaryDomain: TrustInformation<'a>,
        /// The domain of the server's own accounts (LSAPR_POLICY_ACCOUNT_DOM_INFO).
        [case(5)] AccountDomain: TrustInformation<'a>,
        /// The DNS names of the domain the server is a member of.
        [case(12)] DnsDomain: DnsDomainInfo<'a>,
    }
}

ndr_params! {
    /// [MS-LSAD 3.1.4.4.4] Asks about the policy (opnum 7). Needs
    /// [`POLICY_VIEW_LOCAL_INFORMATION`](super::POLICY_VIEW_LOCAL_INFORMATION).
    pub struct LsarQueryInformationPolicy {
        /// The handle.
        #[doc(alias = "PolicyHandle")]
        policy_handle: ContextHandle,
        /// What about it: [`POLICY_PRIMARY_DOMAIN_INFORMATION`], ….
        #[doc(alias = "InformationClass")]
        information_class: u16,
    }
}

ndr_params! {
    /// What comes back of [`LsarQueryInformationPolicy`].
    pub struct LsarQueryInformationPolicyReply<'a> {
        /// The answer; null with an error status.
        #[doc(alias = "PolicyInformation")]
        [unique] policy_information: PolicyInformation<'a>,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { LSARPC 7: LsarQueryInformationPolicy => LsarQueryInformationPolicyReply<'a>,
needs policy_information }
