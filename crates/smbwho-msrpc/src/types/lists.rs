//! Lists that samr and lsarpc send: numbers, SIDs.

use smbwho_rpc::ndr::{Array, NdrError, NdrErrorKind};
use smbwho_rpc::ndr_struct;

use super::Sid;

ndr_struct! {
    /// [MS-SAMR 2.2.3.4] Numbers (SAMPR_ULONG_ARRAY).
    #[doc(alias = "SAMPR_ULONG_ARRAY")]
    pub struct UlongArray<'a> {
        /// Numbers in `element`.
        #[doc(alias = "Count")]
        count: u32,
        /// The numbers.
        #[doc(alias = "Element")]
        [size_is(count), unique] element: u32,
    }
}

impl<'a> UlongArray<'a> {
    /// The numbers; none if the pointer is null.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = u32> + use<'a> {
        self.element.unwrap_or(Array::from(&[][..])).iter()
    }
}

ndr_struct! {
    /// [MS-SAMR 2.2.3.6], [MS-LSAT 2.2.18] SIDs (SAMPR_PSID_ARRAY of SAMPR_SID_INFORMATION,
    /// LSAPR_SID_ENUM_BUFFER of LSAPR_SID_INFORMATION), each behind a pointer of its own.
    #[doc(alias = "SAMPR_PSID_ARRAY")]
    #[doc(alias = "SAMPR_PSID_ARRAY_OUT")]
    #[doc(alias = "LSAPR_SID_ENUM_BUFFER")]
    pub struct SidArray<'a> {
        /// SIDs in `sids`.
        #[doc(alias = "Count")]
        #[doc(alias = "Entries")]
        count: u32,
        /// The SIDs.
        #[doc(alias = "Sids")]
        #[doc(alias = "SidInfo")]
        [size_is(count), unique] sids: Option<Sid>,
    }
}

impl<'a> SidArray<'a> {
    /// The SIDs to send, each in `Some`.
    ///
    /// # Errors
    /// [`NdrErrorKind::CountOverflow`].
    pub fn of(sids: &'a [Option<Sid>]) -> Result<Self, NdrError> {
        let count = count_of(sids)?;
        let sids = Some(Array::from(sids));
        Ok(Self { count, sids })
    }

    /// The SIDs; none if the pointer is null. A null pointer among them is left out.
    pub fn iter(&self) -> impl Iterator<Item = Sid> + use<'a> {
        let sids = self.sids.unwrap_or(Array::from(&[][..]));
        sids.iter().flatten()
    }
}

/// The number of elements to send.
fn count_of<T>(elements: &[T]) -> Result<u32, NdrError> {
    let count = elements.len();
    u32::try_from(count).map_err(|_| NdrError::new(NdrErrorKind::CountOverflow { count }, 0))
}

/// The same, with a limit of the call's own.
pub(crate) fn count_up_to<T>(elements: &[T], limit: u32) -> Result<u32, NdrError> {
    let count = count_of(elements)?;
    if count > limit {
        let kind = NdrErrorKind::TooManyToSend { count, limit };
        return Err(NdrError::new(kind, 0));
    }
    Ok(count)
}
