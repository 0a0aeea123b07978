//! [RFC 3961], [RFC 3962], [RFC 4757] Keys and what is done with them.
//!
//! The primitives are crate smb2's, which must have them anyway for the
//! AP-REQ; this is the profile on top: which key for which usage.

use der::asn1::OctetString;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;
use smb2::auth::kerberos::crypto as primitives;
use smb2::auth::kerberos::crypto::EncryptionType;
use zeroize::Zeroizing;

use super::KerberosError;
use super::messages::{Checksum, EncryptedData, EncryptionKey};

/// [RFC 4120 7.5.1] key usage numbers.
pub(crate) mod usage {
    pub(crate) const PA_ENC_TIMESTAMP: u32 = 1;
    pub(crate) const AS_REP_ENC_PART: u32 = 3;
    pub(crate) const TGS_REQ_CHECKSUM: u32 = 6;
    pub(crate) const TGS_REQ_AUTHENTICATOR: u32 = 7;
    pub(crate) const TGS_REP_ENC_PART: u32 = 8;
}

/// [RFC 3962 6] bytes of HMAC-SHA1 that are kept.
const AES_MAC_LEN: usize = 12;
/// [RFC 3962 6] bytes of the confounder, one block.
const AES_CONFOUNDER_LEN: usize = 16;
/// [RFC 3962 4] iterations of PBKDF2 when the KDC says nothing.
const DEFAULT_ITERATIONS: [u8; 4] = 4096_u32.to_be_bytes();

/// The encryption types this client has, strongest first.
pub(crate) const ETYPES: [i32; 3] = [18, 17, 23];

/// The type of a number, if this client has it.
pub(crate) fn encryption_type(etype: i32) -> Result<EncryptionType, KerberosError> {
    match etype {
        18 => Ok(EncryptionType::Aes256CtsHmacSha196),
        17 => Ok(EncryptionType::Aes128CtsHmacSha196),
        23 => Ok(EncryptionType::Rc4Hmac),
        _ => Err(KerberosError::UnsupportedEncryption { etype }),
    }
}

/// A secret key. Zeroized when dropped; never shown.
#[derive(Clone)]
pub(crate) struct Key {
    etype: EncryptionType,
    bytes: Zeroizing<Vec<u8>>,
}

impl Key {
    /// A key as it came from a KDC or a cache; its length has to fit its type.
    pub(crate) fn new(etype: i32, bytes: &[u8]) -> Result<Self, KerberosError> {
        let etype_known = encryption_type(etype)?;
        if bytes.len() != key_len(etype_known) {
            return Err(KerberosError::UnsupportedEncryption { etype });
        }
        Ok(Self {
            etype: etype_known,
            bytes: Zeroizing::new(bytes.to_vec()),
        })
    }

    pub(crate) fn from_message(key: EncryptionKey) -> Result<Self, KerberosError> {
        Self::new(key.keytype, &Zeroizing::new(key.keyvalue.into_bytes()))
    }

    /// [RFC 3962 4] string-to-key; [RFC 4757 2] for RC4, which has no salt.
    ///
    /// # Errors
    /// `UnsupportedEncryption` for a type this client has not, or with a
    /// number of iterations other than the default (no KDC in use sets one).
    pub(crate) fn from_password(
        etype: i32,
        password: &str,
        salt: &str,
        s2kparams: Option<&[u8]>,
    ) -> Result<Self, KerberosError> {
        let etype_known = encryption_type(etype)?;
        let bytes = match etype_known {
            EncryptionType::Rc4Hmac => primitives::string_to_key_rc4(password),
            aes => {
                if s2kparams.is_some_and(|params| params != DEFAULT_ITERATIONS) {
                    return Err(KerberosError::UnsupportedEncryption { etype });
                }
                primitives::string_to_key_aes(password, salt, key_len(aes))
            }
        };
        Ok(Self {
            etype: etype_known,
            bytes: Zeroizing::new(bytes),
        })
    }

    pub(crate) fn etype(&self) -> i32 {
        self.etype as i32
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// [RFC 3961 5.3] encrypt: random confounder, plain text, checksum.
    pub(crate) fn encrypt(&self, usage: u32, plain: &[u8]) -> Result<EncryptedData, der::Error> {
        let cipher = match self.etype {
            EncryptionType::Rc4Hmac => {
                primitives::encrypt_rc4_hmac(&self.bytes, rc4_usage(usage), plain)
            }
            _ => {
                let mut text = Zeroizing::new(vec![0; AES_CONFOUNDER_LEN]);
                getrandom::fill(&mut text).expect("the system has random numbers");
                text.extend_from_slice(plain);
                let ke = self.derived(&primitives::usage_enc(usage));
                let mut cipher = primitives::encrypt_aes_cts(&ke, &[0; 16], &text);
                let mac = self
                    .hmac(&primitives::usage_int(usage), &text)
                    .finalize()
                    .into_bytes();
                cipher.extend_from_slice(&mac[..AES_MAC_LEN]);
                cipher
            }
        };
        Ok(EncryptedData {
            etype: self.etype(),
            kvno: None,
            cipher: OctetString::new(cipher)?,
        })
    }

    /// [RFC 3961 5.3] decrypt; `None` when it was not made with this key, or not for this usage.
    pub(crate) fn decrypt(&self, usage: u32, cipher: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        if self.etype == EncryptionType::Rc4Hmac {
            return primitives::decrypt_rc4_hmac(&self.bytes, rc4_usage(usage), cipher)
                .ok()
                .map(Zeroizing::new);
        }
        if cipher.len() < AES_CONFOUNDER_LEN + AES_MAC_LEN {
            return None;
        }
        let (cipher, mac) = cipher.split_at(cipher.len() - AES_MAC_LEN);
        let ke = self.derived(&primitives::usage_enc(usage));
        let mut text = Zeroizing::new(primitives::decrypt_aes_cts(&ke, &[0; 16], cipher).ok()?);
        self.hmac(&primitives::usage_int(usage), &text)
            .verify_truncated_left(mac)
            .ok()?;
        text.drain(..AES_CONFOUNDER_LEN);
        Some(text)
    }

    /// [RFC 3961 5.4] checksum; the types are [RFC 3962 7] and [RFC 4757 4].
    pub(crate) fn checksum(&self, usage: u32, data: &[u8]) -> Result<Checksum, der::Error> {
        let cksumtype = match self.etype {
            EncryptionType::Aes256CtsHmacSha196 => 16,
            EncryptionType::Aes128CtsHmacSha196 => 15,
            EncryptionType::Rc4Hmac => -138,
        };
        let checksum = match self.etype {
            EncryptionType::Rc4Hmac => self.rc4_checksum(usage, data),
            aes => primitives::compute_checksum(&self.bytes, usage, data, aes),
        };
        Ok(Checksum {
            cksumtype,
            checksum: OctetString::new(checksum)?,
        })
    }

    /// [RFC 4757 4]; smb2's `compute_checksum` leaves the inner MD5 and the
    /// signing key out for this type, and a KDC refuses what it makes.
    fn rc4_checksum(&self, usage: u32, data: &[u8]) -> Vec<u8> {
        let hmac = |key: &[u8], data: &[u8]| {
            let mut mac = Hmac::<Md5>::new_from_slice(key).expect("HMAC takes keys of any length");
            mac.update(data);
            Zeroizing::new(mac.finalize().into_bytes().to_vec())
        };
        let signing_key = hmac(&self.bytes, b"signaturekey\0");
        let mut digest = Md5::new();
        digest.update(rc4_usage(usage).to_le_bytes());
        digest.update(data);
        hmac(&signing_key, &digest.finalize()).to_vec()
    }

    fn derived(&self, usage: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(primitives::derive_key_aes(&self.bytes, usage))
    }

    fn hmac(&self, usage: &[u8], data: &[u8]) -> Hmac<Sha1> {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.derived(usage))
            .expect("HMAC takes keys of any length");
        mac.update(data);
        mac
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({:?})", self.etype)
    }
}

/// [RFC 4757 3] RC4 has numbers of its own for some usages.
fn rc4_usage(usage: u32) -> u32 {
    match usage {
        usage::AS_REP_ENC_PART => 8,
        other => other,
    }
}

fn key_len(etype: EncryptionType) -> usize {
    match etype {
        EncryptionType::Aes256CtsHmacSha196 => 32,
        EncryptionType::Aes128CtsHmacSha196 | EncryptionType::Rc4Hmac => 16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encrypted_can_be_decrypted_with_the_same_key_and_usage_only() {
        for etype in ETYPES {
            let key = Key::from_password(etype, "secret", "LAB.TESTalice", None).unwrap();
            let other = Key::from_password(etype, "Secret", "LAB.TESTalice", None).unwrap();
            for len in [0, 1, 15, 16, 17, 64, 200] {
                let plain = vec![7; len];
                let sealed = key.encrypt(3, &plain).unwrap();
                let cipher = sealed.cipher.as_bytes();
                assert_eq!(
                    key.decrypt(3, cipher).as_deref(),
                    Some(&plain),
                    "{etype} {len}"
                );
                assert_eq!(key.decrypt(4, cipher), None);
                assert_eq!(other.decrypt(3, cipher), None);
                for cut in 0..cipher.len() {
                    assert_eq!(key.decrypt(3, &cipher[..cut]), None, "{etype} {len} {cut}");
                }
            }
        }
    }

    #[test]
    fn keys_of_the_wrong_length_or_kind_are_refused() {
        assert!(Key::new(18, &[0; 16]).is_err());
        assert!(Key::new(17, &[0; 32]).is_err());
        assert!(Key::new(3, &[0; 8]).is_err());
        assert!(Key::from_password(18, "x", "y", Some(&[0, 0, 0, 1])).is_err());
        assert!(Key::from_password(18, "x", "y", Some(&4096_u32.to_be_bytes())).is_ok());
    }

    #[test]
    fn debug_shows_no_key() {
        let key = Key::new(23, &[0xAB; 16]).unwrap();
        assert_eq!(format!("{key:?}"), "Key(Rc4Hmac)");
    }
}
