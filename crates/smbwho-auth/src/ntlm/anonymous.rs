//! Signing in as nobody.
//!
//! A null session is asked for with an AUTHENTICATE_MESSAGE that has no response at all
//! ([MS-NLMP] 3.1.5.1.2, 3.2.5.1.2). An account with an empty name is something else, and servers
//! refuse it. Nothing is computed from the challenge: there is no secret to prove.

use super::{SIGNATURE, flag, negotiate_with};

const FLAGS: u32 = flag::UNICODE
    | flag::REQUEST_TARGET
    | flag::NTLM
    | flag::ALWAYS_SIGN
    | flag::EXTENDED_SESSIONSECURITY
    | flag::KEY_128
    | flag::KEY_56;

/// NEGOTIATE_MESSAGE of nobody ([MS-NLMP] 2.2.1.1).
#[must_use]
pub fn anonymous_negotiate() -> Vec<u8> {
    negotiate_with(FLAGS)
}

/// AUTHENTICATE_MESSAGE of nobody ([MS-NLMP] 2.2.1.3): every field is empty but the LM response,
/// which is one zero byte. No version and no MIC.
#[must_use]
pub fn anonymous_authenticate() -> Vec<u8> {
    /// Signature, type, six fields of eight bytes, flags.
    const PAYLOAD: u32 = 8 + 4 + 6 * 8 + 4;
    let mut message = SIGNATURE.to_vec();
    message.extend(3_u32.to_le_bytes());
    let mut field = |length: u16, offset: u32| {
        message.extend(length.to_le_bytes());
        message.extend(length.to_le_bytes());
        message.extend(offset.to_le_bytes());
    };
    field(1, PAYLOAD); // LmChallengeResponse
    for _ in 0..5 {
        // NtChallengeResponse, domain, user, workstation, session key
        field(0, PAYLOAD.saturating_add(1));
    }
    message.extend((FLAGS | flag::ANONYMOUS).to_le_bytes());
    message.push(0);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_have_the_documented_layout() {
        let message = anonymous_negotiate();
        assert_eq!(message.len(), 32);
        assert_eq!(&message[..12], b"NTLMSSP\0\x01\0\0\0");
        let message = anonymous_authenticate();
        assert_eq!(message.len(), 65);
        assert_eq!(&message[12..20], &[1, 0, 1, 0, 64, 0, 0, 0]);
        assert_eq!(&message[20..28], &[0, 0, 0, 0, 65, 0, 0, 0]);
        assert_eq!(message[61] & 0x08, 0x08, "anonymous flag");
        assert_eq!(message[64], 0);
    }
}
