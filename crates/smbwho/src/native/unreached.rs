//! Whether a call got as far as the server. The functions of Windows connect
//! and sign in by themselves, and say in one status what became of all of it.

use smbwho_msrpc::status::Win32Status;
use smbwho_smb::Step;

use crate::error::ErrorKind;

/// Where a call ended that this status came of; `None` where it was the
/// server's answer.
pub(super) fn step(status: Win32Status) -> Option<Step> {
    Some(match status {
        Win32Status::ERROR_BAD_NETPATH
        | Win32Status::ERROR_REM_NOT_LIST
        | Win32Status::ERROR_SEM_TIMEOUT
        | Win32Status::ERROR_NETWORK_UNREACHABLE
        | Win32Status::ERROR_HOST_UNREACHABLE
        | Win32Status::ERROR_CONNECTION_REFUSED => Step::Connect,
        Win32Status::ERROR_LOGON_FAILURE
        | Win32Status::ERROR_ACCOUNT_RESTRICTION
        | Win32Status::ERROR_INVALID_LOGON_HOURS
        | Win32Status::ERROR_INVALID_WORKSTATION
        | Win32Status::ERROR_PASSWORD_EXPIRED
        | Win32Status::ERROR_ACCOUNT_DISABLED
        | Win32Status::ERROR_LOGON_TYPE_NOT_GRANTED
        | Win32Status::ERROR_NO_LOGON_SERVERS
        | Win32Status::ERROR_ACCOUNT_LOCKED_OUT
        | Win32Status::ERROR_SESSION_CREDENTIAL_CONFLICT => Step::SignIn,
        Win32Status::RPC_S_SERVER_UNAVAILABLE | Win32Status::RPC_S_UNKNOWN_IF => Step::Pipe,
        _ => return None,
    })
}

/// An error for the reply of a call that did not get as far as the server.
pub(super) fn check(call: &'static str, stub: &[u8]) -> Result<(), ErrorKind> {
    // The status ends every reply.
    let Some(status) = stub.last_chunk::<4>() else {
        return Ok(());
    };
    let status = Win32Status(u32::from_le_bytes(*status));
    match step(status) {
        Some(step) => Err(ErrorKind::Unreached { call, step, status }),
        None => Ok(()),
    }
}
