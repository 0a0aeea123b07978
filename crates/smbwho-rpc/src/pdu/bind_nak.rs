//! [C706 12.6.4.5] The refusal of a bind as a whole (rpcconn_bind_nak_hdr_t).

use super::body::{Body, Builder};
use super::{PduError, PduType};

/// A bind_nak. The versions it may list are of no use: only one is spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindNak {
    /// Why.
    #[doc(alias = "provider_reject_reason")]
    pub reason: u16,
}

impl BindNak {
    /// Reads the bytes behind the header.
    ///
    /// # Errors
    /// [`PduError::Short`].
    pub fn decode(body: &[u8]) -> Result<Self, PduError> {
        let reason = Body::new("bind_nak", body).u16("provider_reject_reason")?;
        Ok(Self { reason })
    }

    /// The whole PDU, listing version 5.0.
    #[must_use]
    pub fn encode(&self, call_id: u32) -> Vec<u8> {
        let mut out = Builder::new(PduType::BIND_NAK, call_id, 8);
        out.put(&self.reason.to_le_bytes());
        out.put(&[1, 5, 0]);
        out.finish()
    }
}
