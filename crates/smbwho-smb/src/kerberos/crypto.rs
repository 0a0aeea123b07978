//! [RFC 3961], [RFC 3962], [RFC 8009], [RFC 4757] Keys and what is done with them.
//!
//! The primitives of RFC 3962 and 4757 are crate smb2's; this is the profile on
//! top: which key for which usage. RFC 8009 has a file of its own, `aes_sha2.rs`.

mod aes_sha2;
mod etype;

use der::asn1::OctetString;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;
use smb2::auth::kerberos::crypto as primitives;
use smb2::auth::kerberos::crypto::EncryptionType;
use zeroize::Zeroizing;

use super::KerberosError;
use super::messages::{Checksum, EncryptedData, EncryptionKey};
use aes_sha2::AesSha2;
pub use etype::Etype;

/// [RFC 4120 7.5.1] key usage numbers.
pub(crate) mod usage {
    pub(crate) const PA_ENC_TIMESTAMP: u32 = 1;
    pub(crate) const AS_REP_ENC_PART: u32 = 3;
    pub(crate) const TGS_REQ_CHECKSUM: u32 = 6;
    pub(crate) const TGS_REQ_AUTHENTICATOR: u32 = 7;
    pub(crate) const TGS_REP_ENC_PART: u32 = 8;
    pub(crate) const AP_REQ_AUTHENTICATOR: u32 = 11;
    pub(crate) const AP_REP_ENC_PART: u32 = 12;
    /// [RFC 4121 2].
    pub(crate) const ACCEPTOR_SIGN: u32 = 23;
    pub(crate) const INITIATOR_SIGN: u32 = 25;
}

/// [RFC 3962 6] bytes of HMAC-SHA1 that are kept.
const AES_MAC_LEN: usize = 12;
/// [RFC 3962 6] bytes of the confounder, one block.
const AES_CONFOUNDER_LEN: usize = 16;
/// [RFC 3962 4] iterations of PBKDF2 when the KDC says nothing.
const DEFAULT_ITERATIONS: [u8; 4] = 4096_u32.to_be_bytes();

/// The encryption types this client has, best first: in the order of MIT's
/// library, which every KDC and file server knows its way with.
pub(crate) const ETYPES: [i32; 5] = [18, 17, 20, 19, 23];

/// How a key is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Profile {
    /// AES with HMAC-SHA1 ([RFC 3962]).
    Aes(EncryptionType),
    /// AES with HMAC-SHA2 ([RFC 8009]).
    AesSha2(AesSha2),
    /// RC4 ([RFC 4757]).
    Rc4,
}

impl Profile {
    /// That of a number, if this client has it.
    fn of(etype: i32) -> Result<Self, KerberosError> {
        match etype {
            18 => Ok(Self::Aes(EncryptionType::Aes256CtsHmacSha196)),
            17 => Ok(Self::Aes(EncryptionType::Aes128CtsHmacSha196)),
            20 => Ok(Self::AesSha2(AesSha2::Aes256Sha384)),
            19 => Ok(Self::AesSha2(AesSha2::Aes128Sha256)),
            23 => Ok(Self::Rc4),
            _ => Err(KerberosError::UnsupportedEncryption { etype }),
        }
    }

    fn etype(self) -> i32 {
        match self {
            Self::Aes(etype) => etype as i32,
            Self::AesSha2(profile) => profile.etype(),
            Self::Rc4 => 23,
        }
    }

    /// Bytes of a key.
    fn key_len(self) -> usize {
        match self {
            Self::Aes(EncryptionType::Aes256CtsHmacSha196)
            | Self::AesSha2(AesSha2::Aes256Sha384) => 32,
            _ => 16,
        }
    }
}

/// A secret key. Zeroized when dropped; never shown.
#[derive(Clone)]
pub(crate) struct Key {
    profile: Profile,
    bytes: Zeroizing<Vec<u8>>,
}

impl Key {
    /// A key as it came from a KDC or a cache; its length has to fit its type.
    pub(crate) fn new(etype: i32, bytes: &[u8]) -> Result<Self, KerberosError> {
        let profile = Profile::of(etype)?;
        if bytes.len() != profile.key_len() {
            return Err(KerberosError::UnsupportedEncryption { etype });
        }
        let bytes = Zeroizing::new(bytes.to_vec());
        Ok(Self { profile, bytes })
    }

    /// Whether keys of this type can be used.
    pub(crate) fn is_known(etype: Etype) -> bool {
        Profile::of(etype.0).is_ok()
    }

    pub(crate) fn from_message(key: EncryptionKey) -> Result<Self, KerberosError> {
        Self::new(key.keytype, &Zeroizing::new(key.keyvalue.into_bytes()))
    }

    /// [RFC 3962 4], [RFC 8009 4] string-to-key; [RFC 4757 2] for RC4, which
    /// has no salt.
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
        let profile = Profile::of(etype)?;
        let usual = match profile {
            Profile::AesSha2(_) => aes_sha2::DEFAULT_ITERATIONS.to_be_bytes(),
            Profile::Aes(_) | Profile::Rc4 => DEFAULT_ITERATIONS,
        };
        if profile != Profile::Rc4 && s2kparams.is_some_and(|params| params != usual) {
            return Err(KerberosError::UnsupportedEncryption { etype });
        }
        let bytes = match profile {
            Profile::Rc4 => Zeroizing::new(primitives::string_to_key_rc4(password)),
            Profile::Aes(_) => {
                let bytes = primitives::string_to_key_aes(password, salt, profile.key_len());
                Zeroizing::new(bytes)
            }
            Profile::AesSha2(profile) => profile.string_to_key(password, salt),
        };
        Ok(Self { profile, bytes })
    }

    /// A random key of the same type: every string of its length is one.
    pub(crate) fn random_like_it(&self) -> Self {
        let profile = self.profile;
        let mut bytes = Zeroizing::new(vec![0; profile.key_len()]);
        getrandom::fill(&mut bytes).expect("the system has random numbers");
        Self { profile, bytes }
    }

    pub(crate) fn is_rc4(&self) -> bool {
        self.profile == Profile::Rc4
    }

    pub(crate) fn etype(&self) -> i32 {
        self.profile.etype()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// [RFC 3961 5.3] encrypt: random confounder, plain text, checksum.
    pub(crate) fn encrypt(&self, usage: u32, plain: &[u8]) -> Result<EncryptedData, der::Error> {
        let cipher = match self.profile {
            Profile::Rc4 => primitives::encrypt_rc4_hmac(&self.bytes, rc4_usage(usage), plain),
            Profile::AesSha2(profile) => {
                profile.encrypt(&self.bytes, usage, &with_confounder(plain))
            }
            Profile::Aes(_) => {
                let text = with_confounder(plain);
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
        let mut text = match self.profile {
            Profile::Rc4 => {
                return primitives::decrypt_rc4_hmac(&self.bytes, rc4_usage(usage), cipher)
                    .ok()
                    .map(Zeroizing::new);
            }
            Profile::AesSha2(profile) => profile.decrypt(&self.bytes, usage, cipher)?,
            Profile::Aes(_) => self.decrypt_aes(usage, cipher)?,
        };
        text.drain(..AES_CONFOUNDER_LEN);
        Some(text)
    }

    /// The text with its confounder.
    fn decrypt_aes(&self, usage: u32, cipher: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        if cipher.len() < AES_CONFOUNDER_LEN + AES_MAC_LEN {
            return None;
        }
        let (cipher, mac) = cipher.split_at(cipher.len() - AES_MAC_LEN);
        let ke = self.derived(&primitives::usage_enc(usage));
        let text = Zeroizing::new(primitives::decrypt_aes_cts(&ke, &[0; 16], cipher).ok()?);
        self.hmac(&primitives::usage_int(usage), &text)
            .verify_truncated_left(mac)
            .ok()?;
        Some(text)
    }

    /// [RFC 3961 5.4] checksum; the types are [RFC 3962 7], [RFC 8009 6] and [RFC 4757 4].
    pub(crate) fn checksum(&self, usage: u32, data: &[u8]) -> Result<Checksum, der::Error> {
        let (cksumtype, checksum) = match self.profile {
            Profile::Aes(aes) => {
                let cksumtype = match aes {
                    EncryptionType::Aes128CtsHmacSha196 => 15,
                    _ => 16,
                };
                let checksum = primitives::compute_checksum(&self.bytes, usage, data, aes);
                (cksumtype, checksum)
            }
            // The same numbers as the encryption types.
            Profile::AesSha2(profile) => {
                let checksum = profile.checksum(&self.bytes, usage, data);
                (profile.etype(), checksum)
            }
            Profile::Rc4 => (-138, self.rc4_checksum(usage, data)),
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
        write!(f, "Key({})", Etype(self.etype()))
    }
}

/// [RFC 4757 3] RC4 has numbers of its own for some usages.
fn rc4_usage(usage: u32) -> u32 {
    match usage {
        usage::AS_REP_ENC_PART => 8,
        other => other,
    }
}

/// A random block, and the text behind it.
fn with_confounder(plain: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(vec![0; AES_CONFOUNDER_LEN + plain.len()]);
    let (confounder, rest) = text.split_at_mut(AES_CONFOUNDER_LEN);
    getrandom::fill(confounder).expect("the system has random numbers");
    rest.copy_from_slice(plain);
    text
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
        assert!(Key::new(20, &[0; 16]).is_err() && Key::new(19, &[0; 32]).is_err());
        let iterations =
            |number: u32| Key::from_password(20, "x", "y", Some(&number.to_be_bytes())).is_ok();
        assert!(iterations(32768) && !iterations(4096) && !iterations(1));
    }

    #[test]
    fn debug_shows_no_key() {
        let key = Key::new(23, &[0xAB; 16]).unwrap();
        assert_eq!(format!("{key:?}"), "Key(arcfour-hmac (23))");
    }
}
