//! The keys of a session ([MS-SMB2] 3.1.4.2, 3.2.5.3.1).
//!
//! Signing keys have 128 bits whatever the cipher, and come from the first 16 bytes of what the
//! sign-in produced. Keys of a 256-bit cipher come from all of it, which over Kerberos may be 32
//! bytes. Below 3.0 the 16 bytes are the signing key, and nothing is encrypted.

use std::fmt;

use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::mac::hmac_sha256;
use crate::negotiate::{Agreed, Dialect};

/// The hash over everything that was said before there were keys ([MS-SMB2] 3.2.5.3.1).
///
/// Begins over the NEGOTIATE request and its reply; every SESSION_SETUP request is added, and
/// every reply but the last. Keys of 3.1.1 are made from it, so that a change of any of these on
/// the way makes keys that fit nothing.
#[derive(Debug, Clone)]
pub struct Preauth([u8; 64]);

impl Default for Preauth {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl Preauth {
    /// Adds a message, from its protocol id to its last byte.
    pub fn add(&mut self, message: &[u8]) {
        let mut hash = Sha512::new();
        hash.update(self.0);
        hash.update(message);
        self.0 = hash.finalize().into();
    }

    /// The hash so far.
    #[must_use]
    pub fn value(&self) -> &[u8; 64] {
        &self.0
    }
}

/// The keys of a session, wiped when dropped.
pub struct SessionKeys {
    /// Signs messages both ways. 16 bytes.
    pub signing: Zeroizing<Vec<u8>>,
    /// The cipher's keys, where one was agreed on.
    pub cipher: Option<CipherKeys>,
}

/// A cipher's keys, as long as the cipher wants them.
pub struct CipherKeys {
    /// Encrypts what the client sends.
    pub to_server: Zeroizing<Vec<u8>>,
    /// Decrypts what the server sends.
    pub to_client: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKeys(***)")
    }
}

impl fmt::Debug for CipherKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CipherKeys(***)")
    }
}

/// What 3.0 and 3.0.2 have for a context, by what the key is for.
const SIGN: (&[u8], &[u8]) = (b"SMB2AESCMAC\0", b"SmbSign\0");
const TO_SERVER: (&[u8], &[u8]) = (b"SMB2AESCCM\0", b"ServerIn \0");
const TO_CLIENT: (&[u8], &[u8]) = (b"SMB2AESCCM\0", b"ServerOut\0");
/// The labels of 3.1.1, whose context is the hash.
const SIGN_311: &[u8] = b"SMBSigningKey\0";
const TO_SERVER_311: &[u8] = b"SMBC2SCipherKey\0";
const TO_CLIENT_311: &[u8] = b"SMBS2CCipherKey\0";

impl SessionKeys {
    /// Derives them from what the sign-in produced, all of it.
    ///
    /// `preauth` is the hash over all messages up to and with the last request; it counts at
    /// 3.1.1 only.
    #[must_use]
    pub fn derive(full_session_key: &[u8], agreed: &Agreed, preauth: &Preauth) -> Self {
        // [MS-SMB2] 3.2.5.3: the first 16 bytes, or as many and zeros behind them.
        let mut session_key = Zeroizing::new([0_u8; 16]);
        session_key
            .iter_mut()
            .zip(full_session_key)
            .for_each(|(to, from)| *to = *from);

        let hash: &[u8] = preauth.value();
        let (sign, to_server, to_client) = match agreed.dialect {
            Dialect::Smb202 | Dialect::Smb210 => {
                return Self {
                    signing: Zeroizing::new(session_key.to_vec()),
                    cipher: None,
                };
            }
            Dialect::Smb300 | Dialect::Smb302 => (SIGN, TO_SERVER, TO_CLIENT),
            Dialect::Smb311 => (
                (SIGN_311, hash),
                (TO_SERVER_311, hash),
                (TO_CLIENT_311, hash),
            ),
        };
        let cipher = agreed.cipher.map(|cipher| {
            let (from, bits): (&[u8], _) = if cipher.is_256() {
                (full_session_key, 256)
            } else {
                (&*session_key, 128)
            };
            CipherKeys {
                to_server: kdf(from, to_server, bits),
                to_client: kdf(from, to_client, bits),
            }
        });
        Self {
            signing: kdf(&*session_key, sign, 128),
            cipher,
        }
    }
}

/// [NIST SP 800-108] 5.1 in counter mode with HMAC-SHA256 and a counter of 32 bits. One block is
/// enough: no key here is longer than 256 bits.
fn kdf(key: &[u8], (label, context): (&[u8], &[u8]), bits: u32) -> Zeroizing<Vec<u8>> {
    let block = hmac_sha256(
        key,
        &[
            &1_u32.to_be_bytes(),
            label,
            &[0],
            context,
            &bits.to_be_bytes(),
        ],
    );
    let length = if bits == 256 { 32 } else { 16 };
    Zeroizing::new(block.iter().copied().take(length).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::negotiate::{Cipher, Signing};
    use crate::ntlm::tests::hex;

    fn agreed(dialect: Dialect, cipher: Option<Cipher>) -> Agreed {
        Agreed {
            dialect,
            cipher,
            signing: Signing::AesCmac,
            security_mode: 1,
            capabilities: 0x7f,
            server_guid: [0; 16],
        }
    }

    /// The examples Microsoft published with "SMB 2 and SMB 3 security in Windows 10: the anatomy
    /// of signing and cryptographic keys" and "Encryption in SMB 3.0".
    #[test]
    fn keys_are_those_microsoft_published() {
        let hash = hex(
            "0DD13628CC3ED218EF9DF9772D436D0887AB9814BFAE63A80AA845F36909DB79\
             28622DDDAD522D9751640A459762C5A9D6BB084CBB3CE6BDADEF5D5BCE3C6C01",
        );
        let preauth = Preauth(hash.try_into().expect("64 bytes"));
        for (dialect, session, signing, to_server, to_client) in [
            (
                Dialect::Smb300,
                "7CD451825D0450D235424E44BA6E78CC",
                "0B7E9C5CAC36C0F6EA9AB275298CEDCE",
                "FAD27796665B313EBB578F388632B4F7",
                "B0F0427F7CEB416D1D9DCC0CD4F99447",
            ),
            (
                Dialect::Smb311,
                "270E1BA896585EEB7AF3472D3B4C75A7",
                "73FE7A9A77BEF0BDE49C650D8CCB5F76",
                "629BCBC54422A0F572B97F45989B6073",
                "E2AF0DCEFAC68DA71A0DFBD0D1350D74",
            ),
        ] {
            let agreed = agreed(dialect, Some(Cipher::Aes128Ccm));
            let keys = SessionKeys::derive(&hex(session), &agreed, &preauth);
            assert_eq!(*keys.signing, hex(signing));
            let cipher = keys.cipher.expect("a cipher's keys");
            assert_eq!(*cipher.to_server, hex(to_server));
            assert_eq!(*cipher.to_client, hex(to_client));
        }
        let agreed = agreed(Dialect::Smb302, Some(Cipher::Aes128Ccm));
        let keys = SessionKeys::derive(&hex("B4546771B515F766A86735532DD6C4F0"), &agreed, &preauth);
        let cipher = keys.cipher.expect("a cipher's keys");
        assert_eq!(*cipher.to_server, hex("261B72350558F2E9DCF613070383EDBF"));
    }

    #[test]
    fn long_ciphers_take_all_of_the_session_key_and_signing_never_does() {
        let long: Vec<u8> = (0..32).collect();
        let derive = |key: &[u8], cipher| {
            let keys = SessionKeys::derive(
                key,
                &agreed(Dialect::Smb311, Some(cipher)),
                &Preauth::default(),
            );
            let cipher = keys.cipher.expect("a cipher's keys");
            (keys.signing, cipher.to_server, cipher.to_client)
        };
        let (signing, to_server, to_client) = derive(&long, Cipher::Aes256Gcm);
        let (short_signing, short_to_server, _) = derive(&long[..16], Cipher::Aes256Gcm);
        assert_eq!((signing.len(), to_server.len()), (16, 32));
        assert_eq!(signing, short_signing);
        assert_ne!(to_server, short_to_server);
        assert_ne!(to_server, to_client);
        // A 128-bit cipher reads no more than 16 bytes.
        assert_eq!(
            derive(&long, Cipher::Aes128Ccm),
            derive(&long[..16], Cipher::Aes128Gcm)
        );
    }

    #[test]
    fn below_3_0_the_session_key_signs() {
        for dialect in [Dialect::Smb202, Dialect::Smb210] {
            let keys = SessionKeys::derive(&[7; 32], &agreed(dialect, None), &Preauth::default());
            assert_eq!(*keys.signing, [7; 16]);
            assert!(keys.cipher.is_none());
        }
        // A short key is filled up.
        let keys =
            SessionKeys::derive(&[7; 8], &agreed(Dialect::Smb210, None), &Preauth::default());
        assert_eq!(*keys.signing, hex("07070707070707070000000000000000"));
    }

    #[test]
    fn no_key_is_shown() {
        let keys = SessionKeys::derive(
            &[0xAB; 16],
            &agreed(Dialect::Smb311, Some(Cipher::Aes256Ccm)),
            &Preauth::default(),
        );
        assert_eq!(format!("{keys:?}"), "SessionKeys(***)");
    }
}
