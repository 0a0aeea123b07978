//! [MS-LSAT 3.1.4.8, 3.1.4.11] Names for SIDs and SIDs for names.

use smbwho_rpc::ndr::{Array, NdrError};
use smbwho_rpc::{ndr_params, ndr_struct};

use super::LSARPC;
use crate::call::call;
use crate::types::{ContextHandle, RpcUnicodeString, Sid, SidArray, SidNameUse, count_up_to};

/// The most SIDs that [`LsarLookupSids`] takes at once ([MS-LSAT] 2.2.18).
pub const MAX_LOOKUP_SIDS: u32 = 20_480;

/// The most names that [`LsarLookupNames`] takes at once ([MS-LSAT] 3.1.4.8).
pub const MAX_LOOKUP_NAMES: u32 = 1000;

/// Look everywhere: well-known names, this server, its domain, trusted domains (LsapLookupWksta,
/// [MS-LSAT] 2.2.16).
pub const LSAP_LOOKUP_WKSTA: u16 = 1;

ndr_struct! {
    /// [MS-LSAD 2.2.7.1, 2.2.4.5, 2.2.4.6] A domain: name and SID (LSAPR_TRUST_INFORMATION,
    /// LSAPR_POLICY_PRIMARY_DOM_INFO, LSAPR_POLICY_ACCOUNT_DOM_INFO).
    #[doc(alias = "LSAPR_TRUST_INFORMATION")]
    #[doc(alias = "LSAPR_POLICY_PRIMARY_DOM_INFO")]
    #[doc(alias = "LSAPR_POLICY_ACCOUNT_DOM_INFO")]
    pub struct TrustInformation<'a> {
        /// The name.
        #[doc(alias = "Name")]
        name: RpcUnicodeString<'a>,
        /// The SID.
        #[doc(alias = "Sid")]
        [unique] sid: Sid,
    }
}

ndr_struct! {
    /// [MS-LSAT 2.2.12] Domains that an answer refers to (LSAPR_REFERENCED_DOMAIN_LIST).
    #[doc(alias = "LSAPR_REFERENCED_DOMAIN_LIST")]
    pub struct ReferencedDomainList<'a> {
        /// Domains in `domains`.
        #[doc(alias = "Entries")]
        entries: u32,
        /// The domains.
        #[doc(alias = "Domains")]
        [size_is(entries), unique] domains: TrustInformation<'a>,
        /// Means nothing.
        #[doc(alias = "MaxEntries")]
        max_entries: u32,
    }
}

impl<'a> ReferencedDomainList<'a> {
    /// The domains, in order: a `domain_index` counts them from 0.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = TrustInformation<'a>> + use<'a> {
        self.domains.unwrap_or(Array::from(&[][..])).iter()
    }
}

ndr_struct! {
    /// [MS-LSAT 2.2.19] What a SID names (LSAPR_TRANSLATED_NAME).
    #[doc(alias = "LSAPR_TRANSLATED_NAME")]
    pub struct TranslatedName<'a> {
        /// What kind of thing it is; [`SidTypeUnknown`](SidNameUse::SidTypeUnknown) if not known.
        #[doc(alias = "Use")]
        name_use: SidNameUse,
        /// The name; for an unknown SID often the SID as text.
        #[doc(alias = "Name")]
        name: RpcUnicodeString<'a>,
        /// Which of the domains it is in; negative for none.
        #[doc(alias = "DomainIndex")]
        domain_index: i32,
    }
}

ndr_struct! {
    /// [MS-LSAT 2.2.20] What SIDs name, in the order asked (LSAPR_TRANSLATED_NAMES).
    #[doc(alias = "LSAPR_TRANSLATED_NAMES")]
    pub struct TranslatedNames<'a> {
        /// Names in `names`.
        #[doc(alias = "Entries")]
        entries: u32,
        /// The names.
        #[doc(alias = "Names")]
        [size_is(entries), unique] names: TranslatedName<'a>,
    }
}

impl<'a> TranslatedNames<'a> {
    /// None: what a request carries.
    pub const EMPTY: Self = Self {
        entries: 0,
        names: None,
    };

    /// The names; none if the pointer is null.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = TranslatedName<'a>> + use<'a> {
        self.names.unwrap_or(Array::from(&[][..])).iter()
    }
}

ndr_params! {
    /// [MS-LSAT 3.1.4.11] Asks for the names of SIDs (opnum 15). Needs
    /// [`POLICY_LOOKUP_NAMES`](super::POLICY_LOOKUP_NAMES).
    pub struct LsarLookupSids<'a> {
        /// The policy handle.
        #[doc(alias = "PolicyHandle")]
        policy_handle: ContextHandle,
        /// The SIDs, at most [`MAX_LOOKUP_SIDS`].
        #[doc(alias = "SidEnumBuffer")]
        sid_enum_buffer: SidArray<'a>,
        /// [`TranslatedNames::EMPTY`].
        #[doc(alias = "TranslatedNames")]
        translated_names: TranslatedNames<'a>,
        /// Where to look: [`LSAP_LOOKUP_WKSTA`].
        #[doc(alias = "LookupLevel")]
        lookup_level: u16,
        /// 0: it is for the reply.
        #[doc(alias = "MappedCount")]
        mapped_count: u32,
    }
}

impl<'a> LsarLookupSids<'a> {
    /// The question for these SIDs, everywhere.
    ///
    /// # Errors
    /// [`TooManyToSend`](smbwho_rpc::ndr::NdrErrorKind::TooManyToSend).
    pub fn of(policy_handle: ContextHandle, sids: &'a [Option<Sid>]) -> Result<Self, NdrError> {
        count_up_to(sids, MAX_LOOKUP_SIDS)?;
        Ok(Self {
            policy_handle,
            sid_enum_buffer: SidArray::of(sids)?,
            translated_names: TranslatedNames::EMPTY,
            lookup_level: LSAP_LOOKUP_WKSTA,
            mapped_count: 0,
        })
    }
}

ndr_params! {
    /// What comes back of [`LsarLookupSids`]. The names are good with
    /// [`STATUS_SOME_NOT_MAPPED`](crate::status::NtStatus::STATUS_SOME_NOT_MAPPED) and
    /// [`STATUS_NONE_MAPPED`](crate::status::NtStatus::STATUS_NONE_MAPPED), too.
    pub struct LsarLookupSidsReply<'a> {
        /// The domains.
        #[doc(alias = "ReferencedDomains")]
        [unique] referenced_domains: ReferencedDomainList<'a>,
        /// A name for each SID.
        #[doc(alias = "TranslatedNames")]
        translated_names: TranslatedNames<'a>,
        /// SIDs that are known.
        #[doc(alias = "MappedCount")]
        mapped_count: u32,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

impl<'a> LsarLookupSidsReply<'a> {
    /// The names with their domains, in the order asked.
    pub fn names(
        &self,
    ) -> impl Iterator<Item = (TranslatedName<'a>, Option<TrustInformation<'a>>)> + use<'a> {
        let domains: Vec<_> = domains(self.referenced_domains);
        self.translated_names.iter().map(move |name| {
            let domain = usize::try_from(name.domain_index).ok();
            (name, domain.and_then(|i| domains.get(i).copied()))
        })
    }
}

fn domains(list: Option<ReferencedDomainList<'_>>) -> Vec<TrustInformation<'_>> {
    list.map(|list| list.iter().collect()).unwrap_or_default()
}

call! { LSARPC 15: LsarLookupSids<'_> => LsarLookupSidsReply<'a> }

ndr_struct! {
    /// [MS-LSAT 2.2.14] The SID of a name, relative to a domain (LSA_TRANSLATED_SID).
    #[doc(alias = "LSA_TRANSLATED_SID")]
    pub struct TranslatedSid {
        /// What kind of thing it is; [`SidTypeUnknown`](SidNameUse::SidTypeUnknown) if not known.
        #[doc(alias = "Use")]
        name_use: SidNameUse,
        /// The relative id; 0xffffffff if the name is the domain's own.
        #[doc(alias = "RelativeId")]
        relative_id: u32,
        /// Which of the domains it is in; negative for none.
        #[doc(alias = "DomainIndex")]
        domain_index: i32,
    }
}

ndr_struct! {
    /// [MS-LSAT 2.2.15] SIDs of names, in the order asked (LSAPR_TRANSLATED_SIDS).
    #[doc(alias = "LSAPR_TRANSLATED_SIDS")]
    pub struct TranslatedSids<'a> {
        /// SIDs in `sids`.
        #[doc(alias = "Entries")]
        entries: u32,
        /// The SIDs.
        #[doc(alias = "Sids")]
        [size_is(entries), unique] sids: TranslatedSid,
    }
}

impl<'a> TranslatedSids<'a> {
    /// None: what a request carries.
    pub const EMPTY: Self = Self {
        entries: 0,
        sids: None,
    };

    /// The SIDs; none if the pointer is null.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = TranslatedSid> + use<'a> {
        self.sids.unwrap_or(Array::from(&[][..])).iter()
    }
}

ndr_params! {
    /// [MS-LSAT 3.1.4.8] Asks for the SIDs of names (opnum 14), such as `DOMAIN\user`. Needs
    /// [`POLICY_LOOKUP_NAMES`](super::POLICY_LOOKUP_NAMES).
    pub struct LsarLookupNames<'a> {
        /// The policy handle.
        #[doc(alias = "PolicyHandle")]
        policy_handle: ContextHandle,
        /// Names in `names`, at most [`MAX_LOOKUP_NAMES`].
        #[doc(alias = "Count")]
        count: u32,
        /// The names.
        #[doc(alias = "Names")]
        [size_is(count)] names: RpcUnicodeString<'a>,
        /// [`TranslatedSids::EMPTY`].
        #[doc(alias = "TranslatedSids")]
        translated_sids: TranslatedSids<'a>,
        /// Where to look: [`LSAP_LOOKUP_WKSTA`].
        #[doc(alias = "LookupLevel")]
        lookup_level: u16,
        /// 0: it is for the reply.
        #[doc(alias = "MappedCount")]
        mapped_count: u32,
    }
}

impl<'a> LsarLookupNames<'a> {
    /// The question for these names, everywhere.
    ///
    /// # Errors
    /// [`TooManyToSend`](smbwho_rpc::ndr::NdrErrorKind::TooManyToSend).
    pub fn of(
        policy_handle: ContextHandle,
        names: &'a [RpcUnicodeString<'a>],
    ) -> Result<Self, NdrError> {
        Ok(Self {
            policy_handle,
            count: count_up_to(names, MAX_LOOKUP_NAMES)?,
            names: Array::from(names),
            translated_sids: TranslatedSids::EMPTY,
            lookup_level: LSAP_LOOKUP_WKSTA,
            mapped_count: 0,
        })
    }
}

ndr_params! {
    /// What comes back of [`LsarLookupNames`]. The SIDs are good with
    /// [`STATUS_SOME_NOT_MAPPED`](crate::status::NtStatus::STATUS_SOME_NOT_MAPPED), too.
    pub struct LsarLookupNamesReply<'a> {
        /// The domains.
        #[doc(alias = "ReferencedDomains")]
        [unique] referenced_domains: ReferencedDomainList<'a>,
        /// A SID for each name.
        #[doc(alias = "TranslatedSids")]
        translated_sids: TranslatedSids<'a>,
        /// Names that are known.
        #[doc(alias = "MappedCount")]
        mapped_count: u32,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

impl<'a> LsarLookupNamesReply<'a> {
    /// What kind of thing each name is, and its SID if it is known; in the order asked.
    pub fn sids(&self) -> impl Iterator<Item = (SidNameUse, Option<Sid>)> + use<'a> {
        let domains: Vec<_> = domains(self.referenced_domains);
        self.translated_sids.iter().map(move |sid| {
            let domain = usize::try_from(sid.domain_index).ok();
            let domain = domain.and_then(|i| domains.get(i)?.sid);
            let whole = match (sid.name_use, sid.relative_id) {
                (SidNameUse::SidTypeUnknown | SidNameUse::SidTypeInvalid, _) => None,
                (SidNameUse::SidTypeDomain, _) | (_, u32::MAX) => domain,
                (_, rid) => domain.and_then(|domain| domain.with_rid(rid)),
            };
            (sid.name_use, whole)
        })
    }
}

call! { LSARPC 14: LsarLookupNames<'_> => LsarLookupNamesReply<'a> }
