//! For the project's own benchmarks: the work between a reply and rows, without a server.

use smbwho_msrpc::srvsvc::session::{NetrSessionEnum, SessionLevel};
use smbwho_rpc::ndr::NdrError;

use crate::Session;
use crate::enumerate::Listing as _;
use crate::sessions::Sessions;

/// The rows of a reply to NetrSessionEnum at a level, as a page brings them.
///
/// # Errors
/// What is malformed in the stub.
pub fn sessions(level: u32, stub: &[u8]) -> Result<Vec<Session>, NdrError> {
    let call = NetrSessionEnum {
        server_name: None,
        client_name: None,
        user_name: None,
        level: SessionLevel::from_number(level).unwrap_or(SessionLevel::L0),
        preferred_maximum_length: u32::MAX,
        resume_handle: Some(0),
    };
    Sessions::read(&call, stub).map(|reply| reply.rows)
}
