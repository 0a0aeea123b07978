//! Which messages may come at which time ([MS-SMB2] 3.2.5.1).
//!
//! Looked at before a message is read any further, let alone unpacked or
//! handed to the transport crate: that one unpacks compressed messages though
//! none were negotiated, and believes signed ones where all must be encrypted.

use std::fmt;

/// First bytes of a message: SMB2 ([MS-SMB2] 2.2.1), encrypted (2.2.41),
/// compressed (2.2.42), SMB1 ([MS-CIFS] 2.2.3.1).
pub(crate) const SMB2: [u8; 4] = [0xFE, b'S', b'M', b'B'];
pub(crate) const ENCRYPTED: [u8; 4] = [0xFD, b'S', b'M', b'B'];
const COMPRESSED: [u8; 4] = [0xFC, b'S', b'M', b'B'];
pub(crate) const SMB1: [u8; 4] = [0xFF, b'S', b'M', b'B'];

/// A message of a kind that was not negotiated. The connection ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnexpectedMessage {
    /// Compressed. Compression is never offered.
    Compressed,
    /// Encrypted, where there is no key or no encryption was agreed on.
    Encrypted,
    /// Not encrypted, in an encrypted session.
    Clear,
    /// Of SMB1.
    Smb1,
    /// Of nothing known.
    Unknown,
}

impl fmt::Display for UnexpectedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Compressed => "a compressed message, and compression was not offered",
            Self::Encrypted => "an encrypted message, and encryption was not agreed on",
            Self::Clear => "a message in the clear in an encrypted session",
            Self::Smb1 => "a message of SMB1 after SMB2 was agreed on",
            Self::Unknown => "something that is no message of SMB2",
        })
    }
}

/// How messages are protected, as far as the connection has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Protection {
    /// Before the session is there: nothing is encrypted.
    #[default]
    SettingUp,
    /// Signed, or with an anonymous session bare: nothing is encrypted.
    NotEncrypted,
    /// Everything is encrypted.
    Encrypted,
}

/// Whether a message that begins like this may come now.
pub(crate) fn check(magic: [u8; 4], protection: Protection) -> Result<(), UnexpectedMessage> {
    let encrypted = protection == Protection::Encrypted;
    match magic {
        SMB2 if encrypted => Err(UnexpectedMessage::Clear),
        ENCRYPTED if !encrypted => Err(UnexpectedMessage::Encrypted),
        SMB2 | ENCRYPTED => Ok(()),
        COMPRESSED => Err(UnexpectedMessage::Compressed),
        SMB1 => Err(UnexpectedMessage::Smb1),
        _ => Err(UnexpectedMessage::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_negotiated_may_come() {
        use Protection as P;
        use UnexpectedMessage as U;
        for (magic, setting_up, not_encrypted, encrypted) in [
            (SMB2, None, None, Some(U::Clear)),
            (ENCRYPTED, Some(U::Encrypted), Some(U::Encrypted), None),
            (
                COMPRESSED,
                Some(U::Compressed),
                Some(U::Compressed),
                Some(U::Compressed),
            ),
            (SMB1, Some(U::Smb1), Some(U::Smb1), Some(U::Smb1)),
            (
                *b"HTTP",
                Some(U::Unknown),
                Some(U::Unknown),
                Some(U::Unknown),
            ),
        ] {
            assert_eq!(check(magic, P::SettingUp).err(), setting_up);
            assert_eq!(check(magic, P::NotEncrypted).err(), not_encrypted);
            assert_eq!(check(magic, P::Encrypted).err(), encrypted);
        }
    }
}
