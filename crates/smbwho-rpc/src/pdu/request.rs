//! [C706 12.6.4.9] A call, or a part of one (rpcconn_request_hdr_t).

use super::body::{Body, Builder};
use super::{PduError, PduType};

/// Bytes of a request before its stub, common header included.
pub const REQUEST_LEN: usize = 24;

/// One fragment of a request.
///
/// ```text
///  0 alloc_hint  4 context id (u16)  6 opnum (u16)  8 stub …
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// Stub bytes still to come, this fragment's included.
    pub alloc_hint: u32,
    /// The presentation context.
    #[doc(alias = "p_cont_id")]
    pub context_id: u16,
    /// Which procedure.
    pub opnum: u16,
    /// This fragment's part of the stub.
    pub stub: &'a [u8],
}

impl<'a> Request<'a> {
    /// Reads the bytes behind the header. An object UUID is not expected: no interface of
    /// concern here takes one.
    ///
    /// # Errors
    /// [`PduError::Short`].
    pub fn decode(body: &'a [u8]) -> Result<Self, PduError> {
        let mut body = Body::new("request", body);
        let alloc_hint = body.u32("alloc_hint")?;
        let context_id = body.u16("p_cont_id")?;
        let opnum = body.u16("opnum")?;
        Ok(Self {
            alloc_hint,
            context_id,
            opnum,
            stub: body.rest(),
        })
    }

    /// The whole PDU, with the flags given.
    #[must_use]
    pub fn encode(&self, call_id: u32, flags: u8) -> Vec<u8> {
        let len = self.stub.len().saturating_add(8);
        let mut out = Builder::new(PduType::REQUEST, call_id, len).flags(flags);
        out.put(&self.alloc_hint.to_le_bytes());
        out.put(&self.context_id.to_le_bytes());
        out.put(&self.opnum.to_le_bytes());
        out.put(self.stub);
        out.finish()
    }
}
