//! The shape every typed call has.

use crate::Interface;
use crate::ndr::NdrError;

/// One remote procedure of one interface: its request and what comes back.
///
/// A call holds no connection. Whoever carries it sends [`encode`](Self::encode)'s stub with
/// [`OPNUM`](Self::OPNUM) over an association bound to [`INTERFACE`](Self::INTERFACE), and gives
/// the reply's stub to [`decode`](Self::decode).
pub trait Call {
    /// The interface it belongs to.
    const INTERFACE: &'static Interface;
    /// Its number there.
    const OPNUM: u16;
    /// Its name in the specification, such as `NetrSessionEnum`.
    const NAME: &'static str;
    /// What comes back. It may borrow from the stub.
    type Reply<'a>;

    /// The request's stub.
    ///
    /// # Errors
    /// What the caller gave that cannot be put on the wire.
    fn encode(&self) -> Result<Vec<u8>, NdrError>;

    /// The reply in a reassembled stub. A status other than success is part of the reply, not an
    /// error.
    ///
    /// # Errors
    /// What the server sent that is malformed, or does not answer this request.
    fn decode<'a>(&self, stub: &'a [u8]) -> Result<Self::Reply<'a>, NdrError>;
}
