//! [C706 12.6.4.4] The answer to a bind (rpcconn_bind_ack_hdr_t).

use super::body::{Body, Builder};
use super::{HEADER_LEN, PduError, PduType};
use crate::SyntaxId;

/// What the server says to the one presentation context offered (p_result_t).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindResult {
    /// 0 is acceptance, 1 user rejection, 2 provider rejection.
    pub result: u16,
    /// Why it was rejected.
    pub reason: u16,
    /// The transfer syntax chosen; all zero in a rejection.
    pub transfer: SyntaxId,
}

impl BindResult {
    /// Whether the context was accepted.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.result == 0
    }
}

/// A bind_ack. It may well carry a rejection.
///
/// ```text
///  0 max_xmit  2 max_recv  4 group  8 length of address  10 address …
///  pad to 4 from the start of the PDU   results (u8)  3 reserved   24 bytes each: result, reason, syntax
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindAck {
    /// The longest fragment the server sends, in bytes.
    pub max_transmit: u16,
    /// The longest fragment the server takes, in bytes.
    pub max_receive: u16,
    /// The association group.
    pub group: u32,
    /// The secondary address: for a pipe its path, NUL included. Of no use to a client.
    pub address: Vec<u8>,
    /// One per context offered, so one.
    pub result: BindResult,
}

impl BindAck {
    /// Reads the bytes behind the header. Results beyond the first are ignored, as only one
    /// context is ever offered.
    ///
    /// # Errors
    /// [`PduError::Short`].
    pub fn decode(bytes: &[u8]) -> Result<Self, PduError> {
        let mut body = Body::new("bind_ack", bytes);
        let max_transmit = body.u16("max_xmit_frag")?;
        let max_receive = body.u16("max_recv_frag")?;
        let group = body.u32("assoc_group_id")?;
        let length = usize::from(body.u16("sec_addr.length")?);
        let address = body.slice(length, "sec_addr.port_spec")?.to_vec();
        body.slice(padding(length), "pad2")?;
        if body.u8("n_results")? == 0 {
            return Err(PduError::Short {
                pdu: "bind_ack",
                field: "p_results",
            });
        }
        body.array::<3>("reserved")?;
        let result = body.u16("result")?;
        let reason = body.u16("reason")?;
        let transfer = body.syntax("transfer_syntax")?;
        let result = BindResult {
            result,
            reason,
            transfer,
        };
        Ok(Self {
            max_transmit,
            max_receive,
            group,
            address,
            result,
        })
    }

    /// The whole PDU.
    #[must_use]
    pub fn encode(&self, call_id: u32) -> Vec<u8> {
        let mut out = Builder::new(PduType::BIND_ACK, call_id, 64);
        out.put(&self.max_transmit.to_le_bytes());
        out.put(&self.max_receive.to_le_bytes());
        out.put(&self.group.to_le_bytes());
        let length = u16::try_from(self.address.len()).unwrap_or(u16::MAX);
        let address = self.address.get(..usize::from(length)).unwrap_or_default();
        out.put(&length.to_le_bytes());
        out.put(address);
        let padded = out.bytes.len().saturating_add(padding(address.len()));
        out.bytes.resize(padded, 0);
        out.put(&[1, 0, 0, 0]);
        out.put(&self.result.result.to_le_bytes());
        out.put(&self.result.reason.to_le_bytes());
        out.syntax(self.result.transfer);
        out.finish()
    }
}

/// Bytes from the end of an address of `length` bytes to the next multiple of 4.
fn padding(length: usize) -> usize {
    let end = HEADER_LEN.saturating_add(10).saturating_add(length);
    end.next_multiple_of(4).saturating_sub(end)
}
