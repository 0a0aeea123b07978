//! NTLM's session security, as far as SPNEGO's list of mechanisms needs it ([MS-NLMP] 3.4).

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::flag;
use super::response::rc4;
use crate::mac::{hmac_md5, same};

/// The keys of both directions.
pub(super) struct Mic {
    ours: Keys,
    theirs: Keys,
    sealed: bool,
}

struct Keys {
    sign: Zeroizing<[u8; 16]>,
    seal: Zeroizing<[u8; 16]>,
}

impl Mic {
    /// `None` without extended session security: what signed before it is not spoken here.
    pub(super) fn new(session_key: &[u8; 16], flags: u32) -> Option<Self> {
        if flags & flag::EXTENDED_SESSIONSECURITY == 0 {
            return None;
        }
        // [MS-NLMP] 3.4.5.3 SEALKEY: weaker ciphers take less of the key.
        let strength = match flags {
            flags if flags & flag::KEY_128 != 0 => 16,
            flags if flags & flag::KEY_56 != 0 => 7,
            _ => 5,
        };
        let weak: Zeroizing<Vec<u8>> =
            Zeroizing::new(session_key.iter().copied().take(strength).collect());
        let keys = |direction: &str| Keys {
            sign: key(session_key, direction, "signing"),
            seal: key(&weak, direction, "sealing"),
        };
        Some(Self {
            ours: keys("client-to-server"),
            theirs: keys("server-to-client"),
            sealed: flags & flag::KEY_EXCH != 0,
        })
    }

    /// Our signature of a text.
    pub(super) fn ours(&self, text: &[u8]) -> Vec<u8> {
        self.ours.sign(text, self.sealed)
    }

    /// Whether this is the server's signature of a text.
    pub(super) fn is_theirs(&self, text: &[u8], signature: &[u8]) -> bool {
        same(&self.theirs.sign(text, self.sealed), signature)
    }
}

/// SIGNKEY and SEALKEY ([MS-NLMP] 3.4.5.2, 3.4.5.3).
fn key(from: &[u8], direction: &str, purpose: &str) -> Zeroizing<[u8; 16]> {
    let mut hash = Md5::new();
    hash.update(from);
    for part in [
        "session key to ",
        direction,
        " ",
        purpose,
        " key magic constant\0",
    ] {
        hash.update(part);
    }
    Zeroizing::new(hash.finalize().into())
}

impl Keys {
    /// NTLMSSP_MESSAGE_SIGNATURE ([MS-NLMP] 2.2.2.9.2) of the first message: version 1,
    /// checksum, sequence number 0.
    fn sign(&self, text: &[u8], sealed: bool) -> Vec<u8> {
        let mac = hmac_md5(&*self.sign, &[&[0; 4], text]);
        let mut checksum = Zeroizing::new(mac.iter().copied().take(8).collect::<Vec<_>>());
        if sealed {
            rc4(&*self.seal, &mut checksum);
        }
        let mut signature = vec![1, 0, 0, 0];
        signature.extend(&*checksum);
        signature.extend([0; 4]);
        signature
    }
}

#[cfg(test)]
impl Mic {
    /// The same keys at the other end.
    pub(super) fn other_end(self) -> Self {
        Self {
            ours: self.theirs,
            theirs: self.ours,
            sealed: self.sealed,
        }
    }

    pub(super) fn client_keys(&self) -> ([u8; 16], [u8; 16]) {
        (*self.ours.sign, *self.ours.seal)
    }
}
