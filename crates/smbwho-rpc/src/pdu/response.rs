//! [C706 12.6.4.10] A reply, or a part of one (rpcconn_response_hdr_t).

use super::body::{Body, Builder};
use super::{PduError, PduType};

/// Bytes of a response before its stub, common header included.
pub const RESPONSE_LEN: usize = 24;

/// One fragment of a reply.
///
/// ```text
///  0 alloc_hint  4 context id (u16)  6 cancel_count  7 reserved  8 stub …
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response<'a> {
    /// A hint, by the specification. From Samba and Windows: stub bytes still to come, this
    /// fragment's included.
    pub alloc_hint: u32,
    /// The presentation context.
    #[doc(alias = "p_cont_id")]
    pub context_id: u16,
    /// Cancels received. Never asked for here.
    pub cancel_count: u8,
    /// This fragment's part of the stub.
    pub stub: &'a [u8],
}

impl<'a> Response<'a> {
    /// Reads the bytes behind the header.
    ///
    /// # Errors
    /// [`PduError::Short`].
    pub fn decode(body: &'a [u8]) -> Result<Self, PduError> {
        let mut body = Body::new("response", body);
        let alloc_hint = body.u32("alloc_hint")?;
        let context_id = body.u16("p_cont_id")?;
        let [cancel_count, _] = body.array("cancel_count")?;
        Ok(Self {
            alloc_hint,
            context_id,
            cancel_count,
            stub: body.rest(),
        })
    }

    /// The whole PDU, with the flags given.
    #[must_use]
    pub fn encode(&self, call_id: u32, flags: u8) -> Vec<u8> {
        let len = self.stub.len().saturating_add(8);
        let mut out = Builder::new(PduType::RESPONSE, call_id, len).flags(flags);
        out.put(&self.alloc_hint.to_le_bytes());
        out.put(&self.context_id.to_le_bytes());
        out.put(&[self.cancel_count, 0]);
        out.put(self.stub);
        out.finish()
    }
}
