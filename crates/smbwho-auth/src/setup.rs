//! What a server answers to SESSION_SETUP ([MS-SMB2] 2.2.6).

use crate::Malformed;
use crate::bytes::Bytes;
use crate::negotiate::HEADER;

/// `SMB2_FLAGS_SIGNED` in the header ([MS-SMB2] 2.2.1.2).
const SIGNED: u32 = 0x0000_0008;
/// SessionFlags ([MS-SMB2] 2.2.6).
const IS_GUEST: u16 = 0x0001;
const IS_NULL: u16 = 0x0002;
const ENCRYPT_DATA: u16 = 0x0004;

/// A SESSION_SETUP reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetupReply<'a> {
    signed: bool,
    flags: u16,
    /// The security buffer; empty where the server had nothing to say.
    pub token: &'a [u8],
}

impl<'a> SetupReply<'a> {
    /// Reads a reply that was no error, from its protocol id on.
    ///
    /// # Errors
    /// [`Malformed`] if it is none.
    pub fn read(message: &'a [u8]) -> Result<Self, Malformed> {
        let wrong = |what| Malformed {
            message: "SESSION_SETUP response",
            what,
        };
        let bytes = Bytes(message);
        let field = |at: usize| HEADER.saturating_add(at);
        let short = || wrong("it is cut short");
        if bytes.u16(field(0)).ok_or_else(short)? != 9 {
            return Err(wrong("its structure has another size"));
        }
        let at = bytes.length(field(4)).ok_or_else(short)?;
        let length = bytes.length(field(6)).ok_or_else(short)?;
        let token = match length {
            0 => &[][..],
            _ if at < field(8) => return Err(wrong("its token lies in its header")),
            _ => bytes.slice(at, length).ok_or_else(short)?,
        };
        Ok(Self {
            signed: bytes.u32(16).ok_or_else(short)? & SIGNED != 0,
            flags: bytes.u16(field(2)).ok_or_else(short)?,
            token,
        })
    }

    /// Whether it claims to be signed. Proves nothing.
    #[must_use]
    pub fn claims_signature(&self) -> bool {
        self.signed
    }

    /// Whether the session is a guest's or nobody's.
    #[must_use]
    pub fn is_guest_or_null(&self) -> bool {
        self.flags & (IS_GUEST | IS_NULL) != 0
    }

    /// Whether everything is to be encrypted.
    #[must_use]
    pub fn encrypts(&self) -> bool {
        self.flags & ENCRYPT_DATA != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(flags: u16, at: u16, token: &[u8]) -> Vec<u8> {
        let mut message = vec![0; HEADER];
        message[16] = 0x09;
        for word in [9, flags, at, u16::try_from(token.len()).unwrap()] {
            message.extend(word.to_le_bytes());
        }
        message.extend(token);
        message
    }

    #[test]
    fn flags_and_token_are_read() {
        let message = reply(4, 72, b"token");
        let read = SetupReply::read(&message).unwrap();
        assert_eq!(read.token, b"token");
        assert!(read.claims_signature() && read.encrypts() && !read.is_guest_or_null());
        for flags in [1, 2] {
            assert!(
                SetupReply::read(&reply(flags, 72, b""))
                    .unwrap()
                    .is_guest_or_null()
            );
        }
        for length in 0..message.len() {
            assert!(SetupReply::read(&message[..length]).is_err(), "{length}");
        }
        assert!(SetupReply::read(&reply(0, 0, b"token")).is_err());
    }
}
