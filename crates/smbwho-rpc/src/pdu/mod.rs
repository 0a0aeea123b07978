//! Protocol data units of connection-oriented DCE/RPC (C706 chapter 12, [MS-RPCE] 2.2.2).
//!
//! One file per PDU. Each body is read from, and written to, the bytes behind the common
//! [`Header`]; what a client sends can be decoded and what it receives encoded too, since tests
//! and the lab play the server.

mod bind;
mod bind_ack;
mod bind_nak;
mod body;
mod error;
mod fault;
mod header;
mod request;
mod response;

pub use bind::Bind;
pub use bind_ack::{BindAck, BindResult};
pub use bind_nak::BindNak;
pub use error::PduError;
pub use fault::Fault;
pub use header::{FIRST_FRAGMENT, HEADER_LEN, Header, LAST_FRAGMENT, OBJECT_UUID, PduType};
pub use request::{REQUEST_LEN, Request};
pub use response::{RESPONSE_LEN, Response};
