//! [C706 12.6.4.3] Asking for an interface (rpcconn_bind_hdr_t).

use super::body::{Body, Builder};
use super::{PduError, PduType};
use crate::{NDR20, SyntaxId};

/// A bind that offers one presentation context, number 0, with NDR 2.0 as its transfer syntax.
///
/// NDR64 and bind-time features ([MS-RPCE] 2.2.2.14) are not offered: neither would gain a client
/// of these interfaces anything, and the fewer contexts, the fewer ways to disagree.
///
/// ```text
///  0 max_xmit  2 max_recv  4 group  8 contexts (1)  9 reserved
/// 12 context id (0)  14 transfer syntaxes (1)  15 reserved  16 interface  36 transfer syntax
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bind {
    /// The longest fragment the client sends, in bytes.
    pub max_transmit: u16,
    /// The longest fragment the client takes, in bytes.
    pub max_receive: u16,
    /// The interface asked for.
    pub interface: SyntaxId,
    /// How stubs are to be encoded.
    pub transfer: SyntaxId,
}

impl Bind {
    /// A bind to `interface`, fragments being at most `max_fragment` bytes either way.
    #[must_use]
    pub fn new(interface: SyntaxId, max_fragment: u16) -> Self {
        let (max_transmit, max_receive) = (max_fragment, max_fragment);
        Self {
            max_transmit,
            max_receive,
            interface,
            transfer: NDR20,
        }
    }

    /// The whole PDU.
    #[must_use]
    pub fn encode(&self, call_id: u32) -> Vec<u8> {
        let mut out = Builder::new(PduType::BIND, call_id, 56);
        out.put(&self.max_transmit.to_le_bytes());
        out.put(&self.max_receive.to_le_bytes());
        // A new association group; one context; reserved bytes.
        out.put(&[0, 0, 0, 0, 1, 0, 0, 0]);
        // Context 0 with one transfer syntax; reserved byte.
        out.put(&[0, 0, 1, 0]);
        out.syntax(self.interface);
        out.syntax(self.transfer);
        out.finish()
    }

    /// Reads the bytes behind the header. Of several contexts and transfer syntaxes the first is
    /// kept: this is for tests and the lab, which play the server to our own client.
    ///
    /// # Errors
    /// [`PduError::Short`].
    pub fn decode(body: &[u8]) -> Result<Self, PduError> {
        let mut body = Body::new("bind", body);
        let max_transmit = body.u16("max_xmit_frag")?;
        let max_receive = body.u16("max_recv_frag")?;
        body.array::<4>("assoc_group_id")?;
        body.array::<4>("n_context_elem")?;
        body.array::<4>("p_cont_elem")?;
        let interface = body.syntax("abstract_syntax")?;
        let transfer = body.syntax("transfer_syntaxes")?;
        Ok(Self {
            max_transmit,
            max_receive,
            interface,
            transfer,
        })
    }
}
