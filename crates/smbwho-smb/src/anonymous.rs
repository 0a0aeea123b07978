//! A session without an account.
//!
//! The transport crate answers the NTLM challenge even for an empty user name,
//! as if it were an account, and servers refuse that. A null session is asked
//! for with an AUTHENTICATE_MESSAGE that has no response at all
//! ([MS-NLMP] 3.1.5.1.2, 3.2.5.1.2), so it is written here.

use smb2::client::Connection;
use smb2::msg::session_setup::{
    SessionSetupRequest, SessionSetupRequestFlags, SessionSetupResponse,
};
use smb2::pack::{ReadCursor, Unpack};
use smb2::types::Command;
use smb2::types::flags::{Capabilities, SecurityMode};

use crate::NtStatus;
use crate::error::{SmbError, SmbErrorKind, Step, from_status, from_transport};

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";
/// Message types ([MS-NLMP] 2.2.1).
const NEGOTIATE: u32 = 1;
const AUTHENTICATE: u32 = 3;

/// NegotiateFlags ([MS-NLMP] 2.2.2.5): UNICODE, REQUEST_TARGET, NTLM,
/// ALWAYS_SIGN, EXTENDED_SESSIONSECURITY, 128, 56.
const FLAGS: u32 =
    0x0000_0001 | 0x0000_0004 | 0x0000_0200 | 0x0000_8000 | 0x0008_0000 | 0x2000_0000 | 0x8000_0000;
/// NTLMSSP_ANONYMOUS: no user, no response.
const ANONYMOUS: u32 = 0x0000_0800;

/// Asks for a null session and refuses anything else.
pub(crate) async fn sign_in(connection: &mut Connection) -> Result<(), SmbError> {
    let first = exchange(connection, negotiate_message()).await?;
    let status = NtStatus::from(first.header.status);
    if status != NtStatus::MORE_PROCESSING_REQUIRED {
        return Err(refused(status));
    }
    connection.set_session_id(first.header.session_id);

    // Nothing is computed from the challenge: there is no secret to prove.
    let last = exchange(connection, authenticate_message()).await?;
    let status = NtStatus::from(last.header.status);
    if status != NtStatus::SUCCESS {
        return Err(refused(status));
    }
    let reply = SessionSetupResponse::unpack(&mut ReadCursor::new(&last.body))
        .map_err(|error| from_transport(Step::SignIn, error))?;
    connection.set_session_id(last.header.session_id);
    if reply.session_flags.encrypt_data() {
        return Err(SmbError::new(
            Step::SignIn,
            SmbErrorKind::EncryptionRequired,
        ));
    }
    Ok(())
}

async fn exchange(connection: &Connection, token: Vec<u8>) -> Result<smb2::Frame, SmbError> {
    let request = SessionSetupRequest {
        flags: SessionSetupRequestFlags(0),
        security_mode: SecurityMode::new(SecurityMode::SIGNING_ENABLED),
        capabilities: Capabilities::default(),
        channel: 0,
        previous_session_id: 0,
        security_buffer: token,
    };
    let frame = connection
        .execute(Command::SessionSetup, &request, None)
        .await
        .map_err(|error| from_transport(Step::SignIn, error))?;
    if frame.header.command != Command::SessionSetup {
        return Err(SmbError::new(
            Step::SignIn,
            SmbErrorKind::Malformed("it answered another request than was sent".to_owned()),
        ));
    }
    Ok(frame)
}

fn refused(status: NtStatus) -> SmbError {
    let error = from_status(Step::SignIn, status);
    match error.kind {
        SmbErrorKind::LogonFailure
        | SmbErrorKind::AccessDenied
        | SmbErrorKind::AccountRestriction
        | SmbErrorKind::AccountDisabled
        | SmbErrorKind::LogonTypeNotGranted => error.with_kind(SmbErrorKind::AnonymousRefused),
        _ => error,
    }
}

/// NEGOTIATE_MESSAGE ([MS-NLMP] 2.2.1.1) without domain and workstation.
fn negotiate_message() -> Vec<u8> {
    let mut message = SIGNATURE.to_vec();
    message.extend(NEGOTIATE.to_le_bytes());
    message.extend(FLAGS.to_le_bytes());
    message.extend([0; 16]);
    message
}

/// AUTHENTICATE_MESSAGE ([MS-NLMP] 2.2.1.3) of nobody: every field is empty
/// but the LM response, which is one zero byte.
fn authenticate_message() -> Vec<u8> {
    /// Signature, type, six fields of eight bytes, flags.
    const PAYLOAD: u32 = 8 + 4 + 6 * 8 + 4;
    let mut message = SIGNATURE.to_vec();
    message.extend(AUTHENTICATE.to_le_bytes());
    let mut field = |length: u16, offset: u32| {
        message.extend(length.to_le_bytes());
        message.extend(length.to_le_bytes());
        message.extend(offset.to_le_bytes());
    };
    field(1, PAYLOAD); // LmChallengeResponse
    for _ in 0..5 {
        // NtChallengeResponse, domain, user, workstation, session key
        field(0, PAYLOAD + 1);
    }
    message.extend((FLAGS | ANONYMOUS).to_le_bytes());
    message.push(0);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_have_the_documented_layout() {
        let message = negotiate_message();
        assert_eq!(message.len(), 32);
        assert_eq!(&message[..12], b"NTLMSSP\0\x01\0\0\0");
        let message = authenticate_message();
        assert_eq!(message.len(), 65);
        assert_eq!(&message[12..20], &[1, 0, 1, 0, 64, 0, 0, 0]);
        assert_eq!(&message[20..28], &[0, 0, 0, 0, 65, 0, 0, 0]);
        assert_eq!(message[61] & 0x08, 0x08, "anonymous flag");
        assert_eq!(message[64], 0);
    }
}
