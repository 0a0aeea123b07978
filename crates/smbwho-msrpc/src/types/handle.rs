//! Context handles, and pointers that are always null.

use smbwho_rpc::ndr::{Fixed, NdrError, NdrErrorKind, Reader, Slot, Wire, Writer};
use smbwho_rpc::ndr_struct;

ndr_struct! {
    /// A context handle ([C706 14.2.16.6]; SAMPR_HANDLE in [MS-SAMR] 2.2.3.2, LSAPR_HANDLE in
    /// [MS-LSAD] 2.2.2.1): the server's name for something it keeps open for this association.
    #[doc(alias = "policy_handle")]
    #[doc(alias = "SAMPR_HANDLE")]
    #[doc(alias = "LSAPR_HANDLE")]
    pub struct ContextHandle {
        /// The server's.
        attributes: u32,
        /// The server's.
        uuid: [u8; 16],
    }
}

impl ContextHandle {
    /// No handle, as a failed call and a closed handle give.
    pub const NULL: Self = Self {
        attributes: 0,
        uuid: [0; 16],
    };

    /// Whether it is none.
    #[must_use]
    pub fn is_null(&self) -> bool {
        *self == Self::NULL
    }
}

/// A pointer that this client always sends null. Anything else is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NullPointer;

impl<'a> Wire<'a> for NullPointer {
    const SIZE: usize = 4;
    const ALIGN: usize = 4;
    const POINTERS: bool = false;

    fn decode(fixed: &mut Fixed<'a>, deferred: &mut Reader<'a>) -> Result<Self, NdrError> {
        match u32::decode(fixed, deferred)? {
            0 => Ok(Self),
            found => {
                let kind = NdrErrorKind::UnknownDiscriminant { found };
                Err(NdrError::new(kind, fixed.offset()))
            }
        }
    }

    fn encode(&self, fixed: &mut Slot, out: &mut Writer) -> Result<(), NdrError> {
        0u32.encode(fixed, out)
    }
}
