//! [MS-DTYP 2.3.10] Counted strings (RPC_UNICODE_STRING).

use smbwho_rpc::ndr::{Array, NdrError, NdrErrorKind, VaryingArray, WStr};
use smbwho_rpc::ndr_struct;

ndr_struct! {
    /// [MS-DTYP 2.3.10] A counted string (RPC_UNICODE_STRING, LSA_UNICODE_STRING): no terminator.
    #[doc(alias = "RPC_UNICODE_STRING")]
    #[doc(alias = "LSA_UNICODE_STRING")]
    pub struct RpcUnicodeString<'a> {
        /// Bytes of text.
        #[doc(alias = "Length")]
        length: u16,
        /// Bytes there is room for.
        #[doc(alias = "MaximumLength")]
        maximum_length: u16,
        /// The text. Null for none; many servers send null for an empty one.
        #[doc(alias = "Buffer")]
        [size_is(maximum_length / 2), length_is(length / 2), unique] buffer: u16,
    }
}

impl<'a> RpcUnicodeString<'a> {
    /// No text: a null buffer.
    pub const NULL: RpcUnicodeString<'static> = RpcUnicodeString {
        length: 0,
        maximum_length: 0,
        buffer: None,
    };

    /// The text to send.
    ///
    /// # Errors
    /// [`NdrErrorKind::StringTooLong`]: it takes more than 65,534 bytes.
    pub fn of(text: WStr<'a>) -> Result<Self, NdrError> {
        let bytes = text.as_bytes();
        let length = u16::try_from(bytes.len()).ok();
        let buffer = Array::of_fixed_bytes(bytes).zip(length);
        let (buffer, length) = buffer.ok_or_else(|| {
            let (units, limit) = (text.len(), u32::from(u16::MAX / 2));
            NdrError::new(NdrErrorKind::StringTooLong { units, limit }, 0)
        })?;
        Ok(Self {
            length,
            maximum_length: length,
            buffer: Some(VaryingArray::new(u32::from(length / 2), buffer)),
        })
    }

    /// The text; `None` if the buffer is null.
    #[must_use]
    pub fn text(&self) -> Option<WStr<'a>> {
        let bytes = self.buffer?.elements().fixed_bytes()?;
        WStr::from_utf16le(bytes)
    }
}
