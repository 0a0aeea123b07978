//! [MS-SAMR 3.1.5.11.2, 3.1.5.11.3] Relative ids for names and names for relative ids.

use smbwho_rpc::ndr::{Array, NdrError, VaryingArray};
use smbwho_rpc::{ndr_params, ndr_struct};

use super::SAMR;
use crate::call::call;
use crate::types::{ContextHandle, RpcUnicodeString, UlongArray, count_up_to};

/// The most that these calls take at once ([MS-SAMR] 3.1.5.11.2, 3.1.5.11.3).
pub const MAX_LOOKUP: u32 = 1000;

ndr_params! {
    /// [MS-SAMR 3.1.5.11.2] Asks for the relative ids of names in a domain (opnum 17).
    pub struct SamrLookupNamesInDomain<'a> {
        /// The domain's handle.
        #[doc(alias = "DomainHandle")]
        domain_handle: ContextHandle,
        /// Names in `names`, at most [`MAX_LOOKUP`].
        #[doc(alias = "Count")]
        count: u32,
        /// The names.
        #[doc(alias = "Names")]
        [size_is(1000), length_is(count)] names: RpcUnicodeString<'a>,
    }
}

impl<'a> SamrLookupNamesInDomain<'a> {
    /// The question for these names.
    ///
    /// # Errors
    /// [`TooManyToSend`](smbwho_rpc::ndr::NdrErrorKind::TooManyToSend).
    pub fn of(
        domain_handle: ContextHandle,
        names: &'a [RpcUnicodeString<'a>],
    ) -> Result<Self, NdrError> {
        Ok(Self {
            domain_handle,
            count: count_up_to(names, MAX_LOOKUP)?,
            names: VaryingArray::new(MAX_LOOKUP, Array::from(names)),
        })
    }
}

ndr_params! {
    /// What comes back of [`SamrLookupNamesInDomain`]: good with
    /// [`STATUS_SOME_NOT_MAPPED`](crate::status::NtStatus::STATUS_SOME_NOT_MAPPED), too.
    pub struct SamrLookupNamesInDomainReply<'a> {
        /// A relative id for each name; 0 (Samba: 0xffffffff) for one not known: see `name_use`.
        #[doc(alias = "RelativeIds")]
        relative_ids: UlongArray<'a>,
        /// What each is: [`SidNameUse`](crate::types::SidNameUse).
        #[doc(alias = "Use")]
        name_use: UlongArray<'a>,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 17: SamrLookupNamesInDomain<'_> => SamrLookupNamesInDomainReply<'a> }

ndr_params! {
    /// [MS-SAMR 3.1.5.11.3] Asks for the names of relative ids in a domain (opnum 18).
    pub struct SamrLookupIdsInDomain<'a> {
        /// The domain's handle.
        #[doc(alias = "DomainHandle")]
        domain_handle: ContextHandle,
        /// Ids in `relative_ids`, at most [`MAX_LOOKUP`].
        #[doc(alias = "Count")]
        count: u32,
        /// The ids.
        #[doc(alias = "RelativeIds")]
        [size_is(1000), length_is(count)] relative_ids: u32,
    }
}

impl<'a> SamrLookupIdsInDomain<'a> {
    /// The question for these relative ids.
    ///
    /// # Errors
    /// [`TooManyToSend`](smbwho_rpc::ndr::NdrErrorKind::TooManyToSend).
    pub fn of(domain_handle: ContextHandle, relative_ids: &'a [u32]) -> Result<Self, NdrError> {
        Ok(Self {
            domain_handle,
            count: count_up_to(relative_ids, MAX_LOOKUP)?,
            relative_ids: VaryingArray::new(MAX_LOOKUP, Array::from(relative_ids)),
        })
    }
}

ndr_struct! {
    /// [MS-SAMR 2.2.3.8] Names (SAMPR_RETURNED_USTRING_ARRAY).
    #[doc(alias = "SAMPR_RETURNED_USTRING_ARRAY")]
    pub struct ReturnedStringArray<'a> {
        /// Names in `element`.
        #[doc(alias = "Count")]
        count: u32,
        /// The names.
        #[doc(alias = "Element")]
        [size_is(count), unique] element: RpcUnicodeString<'a>,
    }
}

impl<'a> ReturnedStringArray<'a> {
    /// The names; none if the pointer is null.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RpcUnicodeString<'a>> + use<'a> {
        self.element.unwrap_or(Array::from(&[][..])).iter()
    }
}

ndr_params! {
    /// What comes back of [`SamrLookupIdsInDomain`]: good with
    /// [`STATUS_SOME_NOT_MAPPED`](crate::status::NtStatus::STATUS_SOME_NOT_MAPPED), too.
    pub struct SamrLookupIdsInDomainReply<'a> {
        /// A name for each id; null for one not known.
        #[doc(alias = "Names")]
        names: ReturnedStringArray<'a>,
        /// What each is: [`SidNameUse`](crate::types::SidNameUse).
        #[doc(alias = "Use")]
        name_use: UlongArray<'a>,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 18: SamrLookupIdsInDomain<'_> => SamrLookupIdsInDomainReply<'a> }
