//! [RFC 8009] AES in CTS mode with HMAC-SHA2: encryption types 19 and 20.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384};
use smb2::auth::kerberos::crypto as primitives;
use zeroize::Zeroizing;

use super::AES_CONFOUNDER_LEN;

/// [RFC 8009 4] iterations of PBKDF2 when the KDC says nothing.
pub(super) const DEFAULT_ITERATIONS: u32 = 32768;

/// The two types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AesSha2 {
    /// aes128-cts-hmac-sha256-128
    Aes128Sha256,
    /// aes256-cts-hmac-sha384-192
    Aes256Sha384,
}

/// [RFC 8009 5] what a derived key is for: the byte after the usage.
mod purpose {
    pub(super) const CHECKSUM: u8 = 0x99;
    pub(super) const ENCRYPTION: u8 = 0xaa;
    pub(super) const INTEGRITY: u8 = 0x55;
}

impl AesSha2 {
    pub(super) fn etype(self) -> i32 {
        match self {
            Self::Aes128Sha256 => 19,
            Self::Aes256Sha384 => 20,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Aes128Sha256 => "aes128-cts-hmac-sha256-128",
            Self::Aes256Sha384 => "aes256-cts-hmac-sha384-192",
        }
    }

    /// Bytes of a key for encryption.
    fn key_len(self) -> usize {
        match self {
            Self::Aes128Sha256 => 16,
            Self::Aes256Sha384 => 32,
        }
    }

    /// Bytes of a checksum, and of a key for one.
    fn mac_len(self) -> usize {
        match self {
            Self::Aes128Sha256 => 16,
            Self::Aes256Sha384 => 24,
        }
    }

    /// HMAC over the parts one after the other, whole.
    fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        fn over<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
            let mut mac =
                <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
            for part in parts {
                mac.update(part);
            }
            Zeroizing::new(mac.finalize().into_bytes().to_vec())
        }
        match self {
            Self::Aes128Sha256 => over::<Hmac<Sha256>>(key, parts),
            Self::Aes256Sha384 => over::<Hmac<Sha384>>(key, parts),
        }
    }

    /// [RFC 8009 3] KDF-HMAC-SHA2, of which no use needs more than one block.
    fn kdf(self, key: &[u8], label: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
        // At most 256.
        let bits = (len as u32) * 8;
        let block = [&1_u32.to_be_bytes()[..], label, &[0], &bits.to_be_bytes()].concat();
        let mut derived = self.hmac(key, &[&block]);
        derived.truncate(len);
        derived
    }

    /// [RFC 8009 5] the key for one usage and purpose.
    fn derived(self, key: &[u8], usage: u32, purpose: u8) -> Zeroizing<Vec<u8>> {
        let len = match purpose {
            purpose::ENCRYPTION => self.key_len(),
            _ => self.mac_len(),
        };
        let [a, b, c, d] = usage.to_be_bytes();
        self.kdf(key, &[a, b, c, d, purpose], len)
    }

    /// [RFC 8009 4] string-to-key.
    pub(super) fn string_to_key(self, password: &str, salt: &str) -> Zeroizing<Vec<u8>> {
        let salt = [self.name().as_bytes(), &[0], salt.as_bytes()].concat();
        self.string_to_key_with(password.as_bytes(), &salt, DEFAULT_ITERATIONS)
    }

    /// With the salt as PBKDF2 takes it.
    fn string_to_key_with(
        self,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
    ) -> Zeroizing<Vec<u8>> {
        let mut stretched = Zeroizing::new(vec![0; self.key_len()]);
        match self {
            Self::Aes128Sha256 => {
                pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, &mut stretched);
            }
            Self::Aes256Sha384 => {
                pbkdf2::pbkdf2_hmac::<Sha384>(password, salt, iterations, &mut stretched);
            }
        }
        self.kdf(&stretched, b"kerberos", self.key_len())
    }

    /// [RFC 8009 5] encrypts a text with its confounder; the checksum, which is
    /// over the initial vector (zero) and the encrypted text, follows.
    pub(super) fn encrypt(self, key: &[u8], usage: u32, text: &[u8]) -> Vec<u8> {
        let ke = self.derived(key, usage, purpose::ENCRYPTION);
        let mut cipher = primitives::encrypt_aes_cts(&ke, &[0; 16], text);
        let ki = self.derived(key, usage, purpose::INTEGRITY);
        let mac = self.hmac(&ki, &[&[0; 16], &cipher]);
        cipher.extend_from_slice(&mac[..self.mac_len()]);
        cipher
    }

    /// The text with its confounder; `None` when it was not made with this key,
    /// or not for this usage.
    pub(super) fn decrypt(
        self,
        key: &[u8],
        usage: u32,
        cipher: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        if cipher.len() < AES_CONFOUNDER_LEN + self.mac_len() {
            return None;
        }
        let (cipher, mac) = cipher.split_at(cipher.len() - self.mac_len());
        let ki = self.derived(key, usage, purpose::INTEGRITY);
        let expected = self.hmac(&ki, &[&[0; 16], cipher]);
        // Looked at to the end wherever they differ.
        let differs = expected
            .iter()
            .zip(mac)
            .fold(0, |differs, (a, b)| differs | (a ^ b));
        if differs != 0 {
            return None;
        }
        let ke = self.derived(key, usage, purpose::ENCRYPTION);
        primitives::decrypt_aes_cts(&ke, &[0; 16], cipher)
            .ok()
            .map(Zeroizing::new)
    }

    /// [RFC 8009 6] a checksum.
    pub(super) fn checksum(self, key: &[u8], usage: u32, data: &[u8]) -> Vec<u8> {
        let kc = self.derived(key, usage, purpose::CHECKSUM);
        self.hmac(&kc, &[data])[..self.mac_len()].to_vec()
    }
}

#[cfg(test)]
mod tests {
    //! The values of [RFC 8009] appendix A.

    use super::*;

    const BOTH: [AesSha2; 2] = [AesSha2::Aes128Sha256, AesSha2::Aes256Sha384];

    /// The base keys of the appendix.
    const KEYS: [&str; 2] = [
        "3705D96080C17728A0E800EAB6E0D23C",
        "6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52",
    ];

    fn bytes(hex: &str) -> Vec<u8> {
        let digits = hex.as_bytes().chunks(2);
        let byte = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair).expect("ASCII");
            u8::from_str_radix(pair, 16).expect("hex")
        };
        digits.map(byte).collect()
    }

    #[test]
    fn keys_of_a_password() {
        let random = bytes("10DF9DD783E5BC8ACEA1730E74355F61");
        let expected = [
            "089BCA48B105EA6EA77CA5D2F39DC5E7",
            "45BD806DBF6A833A9CFFC1C94589A222367A79BC21C413718906E9F578A78467",
        ];
        for (profile, expected) in BOTH.into_iter().zip(expected) {
            let salt = [
                profile.name().as_bytes(),
                &[0],
                &random[..],
                b"ATHENA.MIT.EDUraeburn",
            ];
            let key = profile.string_to_key_with(b"password", &salt.concat(), 32768);
            assert_eq!(*key, bytes(expected), "{profile:?}");
        }
    }

    #[test]
    fn keys_for_each_purpose() {
        let expected = [
            [
                "B31A018A48F54776F403E9A396325DC3",
                "9B197DD1E8C5609D6E67C3E37C62C72E",
                "9FDA0E56AB2D85E1569A688696C26A6C",
            ],
            [
                "EF5718BE86CC84963D8BBB5031E9F5C4BA41F28FAF69E73D",
                "56AB22BEE63D82D7BC5227F6773F8EA7A5EB1C825160C38312980C442E5C7E49",
                "69B16514E3CD8E56B82010D5C73012B622C4D00FFC23ED1F",
            ],
        ];
        let purposes = [purpose::CHECKSUM, purpose::ENCRYPTION, purpose::INTEGRITY];
        for ((profile, key), expected) in BOTH.into_iter().zip(KEYS).zip(expected) {
            for (purpose, expected) in purposes.into_iter().zip(expected) {
                let derived = profile.derived(&bytes(key), 2, purpose);
                assert_eq!(*derived, bytes(expected), "{profile:?} {purpose:x}");
            }
        }
    }

    #[test]
    fn checksums() {
        let data: Vec<u8> = (0..=0x14).collect();
        let expected = [
            "D78367186643D67B411CBA9139FC1DEE",
            "45EE791567EEFCA37F4AC1E0222DE80D43C3BFA06699672A",
        ];
        for ((profile, key), expected) in BOTH.into_iter().zip(KEYS).zip(expected) {
            let checksum = profile.checksum(&bytes(key), 2, &data);
            assert_eq!(checksum, bytes(expected), "{profile:?}");
        }
    }

    #[test]
    fn encryption() {
        let confounders = [
            "7E5895EAF2672435BAD817F545A37148",
            "F764E9FA15C276478B2C7D0C4E5F58E4",
        ];
        let expected = [
            "EF85FB890BB8472F4DAB20394DCA781DAD877EDA39D50C870C0D5A0A8E48C718",
            "41F53FA5BFE7026D91FAF9BE959195A058707273A96A40F0A01960621AC612748B9BBFBE7EB4CE3C",
        ];
        for (n, profile) in BOTH.into_iter().enumerate() {
            let (key, text) = (bytes(KEYS[n]), bytes(confounders[n]));
            let cipher = profile.encrypt(&key, 2, &text);
            assert_eq!(cipher, bytes(expected[n]), "{profile:?}");
            let opened = profile.decrypt(&key, 2, &cipher);
            assert_eq!(opened.as_deref(), Some(&text), "{profile:?}");
        }
    }
}
