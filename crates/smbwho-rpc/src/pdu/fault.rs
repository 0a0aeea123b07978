//! [C706 12.6.4.7] A call that failed below its procedure (rpcconn_fault_hdr_t).

use super::body::{Body, Builder};
use super::{PduError, PduType};

/// A fault. What may follow it (extended error information, [MS-EERR]) is not read.
///
/// ```text
///  0 alloc_hint  4 context id  6 cancel_count  7 flags  8 status  12 reserved
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Why the call failed: an `nca_s_…` status or a Win32 code.
    pub status: u32,
}

impl Fault {
    /// Reads the bytes behind the header. The reserved bytes at the end may be missing.
    ///
    /// # Errors
    /// [`PduError::Short`].
    pub fn decode(body: &[u8]) -> Result<Self, PduError> {
        let mut body = Body::new("fault", body);
        body.array::<8>("alloc_hint")?;
        let status = body.u32("status")?;
        Ok(Self { status })
    }

    /// The whole PDU.
    #[must_use]
    pub fn encode(&self, call_id: u32) -> Vec<u8> {
        let mut out = Builder::new(PduType::FAULT, call_id, 16);
        out.put(&[0; 8]);
        out.put(&self.status.to_le_bytes());
        out.put(&[0; 4]);
        out.finish()
    }
}
