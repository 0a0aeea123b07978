//! NEGOTIATE: what is offered, and what the server chose of it ([MS-SMB2] 2.2.3, 2.2.4, 3.2.5.2).
//!
//! Offered is what is done, and nothing else: every dialect from 2.0.2 to 3.1.1, four ciphers,
//! three ways to sign, no compression, no RDMA. A server that chooses anything else did not read
//! the offer, or somebody wrote another one.

use crate::Malformed;
use crate::bytes::Bytes;

/// Bytes of an SMB2 header ([MS-SMB2] 2.2.1), which offsets in a message count from.
pub const HEADER: usize = 64;

/// A dialect ([MS-SMB2] 2.2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// 2.0.2.
    Smb202,
    /// 2.1.
    Smb210,
    /// 3.0.
    Smb300,
    /// 3.0.2.
    Smb302,
    /// 3.1.1.
    Smb311,
}

impl Dialect {
    /// All of them, as they are offered.
    pub const ALL: [Self; 5] = [
        Self::Smb202,
        Self::Smb210,
        Self::Smb300,
        Self::Smb302,
        Self::Smb311,
    ];

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Smb202 => 0x0202,
            Self::Smb210 => 0x0210,
            Self::Smb300 => 0x0300,
            Self::Smb302 => 0x0302,
            Self::Smb311 => 0x0311,
        }
    }

    /// The dialect of a number, if it was offered.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.number() == number)
    }

    /// `2.0.2`, `2.1`, `3.0`, `3.0.2` or `3.1.1`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smb202 => "2.0.2",
            Self::Smb210 => "2.1",
            Self::Smb300 => "3.0",
            Self::Smb302 => "3.0.2",
            Self::Smb311 => "3.1.1",
        }
    }

    /// Whether its final SESSION_SETUP reply is signed whatever the settings ([MS-SMB2] 3.3.5.5.3).
    #[must_use]
    pub fn is_smb3(self) -> bool {
        self >= Self::Smb300
    }
}

/// A cipher ([MS-SMB2] 2.2.3.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cipher {
    /// AES-128-CCM, the only one below 3.1.1.
    Aes128Ccm,
    /// AES-128-GCM.
    Aes128Gcm,
    /// AES-256-CCM.
    Aes256Ccm,
    /// AES-256-GCM.
    Aes256Gcm,
}

impl Cipher {
    /// In the order Windows offers them.
    pub const OFFERED: [Self; 4] = [
        Self::Aes128Gcm,
        Self::Aes128Ccm,
        Self::Aes256Gcm,
        Self::Aes256Ccm,
    ];

    const fn number(self) -> u16 {
        match self {
            Self::Aes128Ccm => 1,
            Self::Aes128Gcm => 2,
            Self::Aes256Ccm => 3,
            Self::Aes256Gcm => 4,
        }
    }

    /// `AES-128-GCM` and the like.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aes128Ccm => "AES-128-CCM",
            Self::Aes128Gcm => "AES-128-GCM",
            Self::Aes256Ccm => "AES-256-CCM",
            Self::Aes256Gcm => "AES-256-GCM",
        }
    }

    /// Whether its keys have 256 bits.
    #[must_use]
    pub const fn is_256(self) -> bool {
        matches!(self, Self::Aes256Ccm | Self::Aes256Gcm)
    }
}

/// A way to sign ([MS-SMB2] 2.2.3.1.7, 3.1.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signing {
    /// HMAC-SHA256, cut to 16 bytes: 2.0.2 and 2.1, and 3.1.1 where it is chosen.
    HmacSha256,
    /// AES-128-CMAC: 3.0, 3.0.2, and 3.1.1 where nothing else is chosen.
    AesCmac,
    /// AES-128-GMAC, at 3.1.1.
    AesGmac,
}

impl Signing {
    /// In the order Windows offers them.
    pub const OFFERED: [Self; 3] = [Self::AesGmac, Self::AesCmac, Self::HmacSha256];

    const fn number(self) -> u16 {
        match self {
            Self::HmacSha256 => 0,
            Self::AesCmac => 1,
            Self::AesGmac => 2,
        }
    }

    /// `HMAC-SHA256`, `AES-128-CMAC` or `AES-128-GMAC`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "HMAC-SHA256",
            Self::AesCmac => "AES-128-CMAC",
            Self::AesGmac => "AES-128-GMAC",
        }
    }
}

/// `SMB2_NEGOTIATE_SIGNING_ENABLED` and `_REQUIRED` ([MS-SMB2] 2.2.3).
pub const SIGNING_ENABLED: u16 = 0x0001;
/// See [`SIGNING_ENABLED`].
pub const SIGNING_REQUIRED: u16 = 0x0002;

/// `SMB2_GLOBAL_CAP_*` ([MS-SMB2] 2.2.3): without ENCRYPTION a server picks no cipher below 3.1.1,
/// and smbd none at 3.1.1 either.
const CAP_DFS: u32 = 0x0001;
const CAP_LARGE_MTU: u32 = 0x0004;
const CAP_ENCRYPTION: u32 = 0x0040;
/// What is offered.
pub const CAPABILITIES: u32 = CAP_DFS | CAP_LARGE_MTU | CAP_ENCRYPTION;

/// Types of negotiate contexts ([MS-SMB2] 2.2.3.1).
const PREAUTH_INTEGRITY: u16 = 1;
const ENCRYPTION: u16 = 2;
const COMPRESSION: u16 = 3;
const TRANSPORT: u16 = 6;
const RDMA_TRANSFORM: u16 = 7;
const SIGNING: u16 = 8;
/// The one hash there is ([MS-SMB2] 2.2.3.1.1).
const SHA512: u16 = 1;
/// More than a server has reason to send.
const MAX_CONTEXTS: u16 = 32;

/// The body of a NEGOTIATE request, behind a header of [`HEADER`] bytes.
#[must_use]
pub fn offer(client_guid: &[u8; 16], salt: &[u8; 32]) -> Vec<u8> {
    // StructureSize to Reserved2 ([MS-SMB2] 2.2.3) and the dialects: 46 bytes, so that with the
    // header the contexts begin at 112.
    const CONTEXTS: u32 = 112;
    let mut body = Vec::with_capacity(160);
    let word = |body: &mut Vec<u8>, value: u16| body.extend(value.to_le_bytes());
    word(&mut body, 36);
    word(&mut body, 5);
    word(&mut body, SIGNING_ENABLED);
    word(&mut body, 0);
    body.extend(CAPABILITIES.to_le_bytes());
    body.extend(client_guid);
    body.extend(CONTEXTS.to_le_bytes());
    word(&mut body, 3);
    word(&mut body, 0);
    for dialect in Dialect::ALL {
        word(&mut body, dialect.number());
    }

    let list = |numbers: &[u16]| -> Vec<u8> {
        let count = u16::try_from(numbers.len()).unwrap_or(u16::MAX);
        std::iter::once(count)
            .chain(numbers.iter().copied())
            .flat_map(u16::to_le_bytes)
            .collect()
    };
    // HashAlgorithmCount, SaltLength, HashAlgorithms, Salt.
    let mut preauth: Vec<u8> = [1, 32, SHA512]
        .into_iter()
        .flat_map(u16::to_le_bytes)
        .collect();
    preauth.extend(salt);
    for (kind, data) in [
        (PREAUTH_INTEGRITY, preauth),
        (ENCRYPTION, list(&Cipher::OFFERED.map(Cipher::number))),
        (SIGNING, list(&Signing::OFFERED.map(Signing::number))),
    ] {
        body.resize(body.len().next_multiple_of(8), 0);
        word(&mut body, kind);
        word(&mut body, u16::try_from(data.len()).unwrap_or(u16::MAX));
        body.extend([0; 4]);
        body.extend(data);
    }
    body
}

/// What a server chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// The dialect.
    pub dialect: Dialect,
    /// The cipher, if the server has one; whether it is used is said with SESSION_SETUP.
    pub cipher: Option<Cipher>,
    /// How messages are signed.
    pub signing: Signing,
    /// The server's SecurityMode.
    pub security_mode: u16,
    /// The server's Capabilities.
    pub capabilities: u32,
    /// The server's ServerGuid.
    pub server_guid: [u8; 16],
}

impl Agreed {
    /// Reads a successful NEGOTIATE reply, from its protocol id on.
    ///
    /// # Errors
    /// [`Malformed`] if it is none, or if the server chose what was not offered.
    pub fn read(message: &[u8]) -> Result<Self, Malformed> {
        let bytes = Bytes(message);
        let field = |at: usize| HEADER.saturating_add(at);
        let short = || wrong("it is cut short");
        if bytes.u16(field(0)).ok_or_else(short)? != 65 {
            return Err(wrong("its structure has another size"));
        }
        let number = bytes.u16(field(4)).ok_or_else(short)?;
        let dialect = Dialect::from_number(number)
            .ok_or_else(|| wrong("it chooses a dialect that was not offered"))?;
        let capabilities = bytes.u32(field(24)).ok_or_else(short)?;
        let mut agreed = Self {
            dialect,
            cipher: None,
            signing: match dialect {
                Dialect::Smb202 | Dialect::Smb210 => Signing::HmacSha256,
                _ => Signing::AesCmac,
            },
            security_mode: bytes.u16(field(2)).ok_or_else(short)?,
            capabilities,
            server_guid: bytes.array(field(8)).ok_or_else(short)?,
        };
        match dialect {
            Dialect::Smb202 | Dialect::Smb210 => {}
            // [MS-SMB2] 3.2.5.2: the bit says it, and there is one cipher.
            Dialect::Smb300 | Dialect::Smb302 => {
                agreed.cipher = (capabilities & CAP_ENCRYPTION != 0).then_some(Cipher::Aes128Ccm);
            }
            Dialect::Smb311 => {
                let count = bytes.u16(field(6)).ok_or_else(short)?;
                let at = bytes.offset(field(60)).ok_or_else(short)?;
                agreed.read_contexts(bytes, count, at)?;
            }
        }
        Ok(agreed)
    }

    /// [MS-SMB2] 2.2.4.1: contexts begin at multiples of eight bytes.
    fn read_contexts(&mut self, bytes: Bytes<'_>, count: u16, at: usize) -> Result<(), Malformed> {
        if count > MAX_CONTEXTS {
            return Err(wrong("it has too many contexts"));
        }
        let short = || wrong("a context is cut short");
        let (mut preauth, mut ciphers, mut signings) = (None, None, None);
        let mut at = at;
        for _ in 0..count {
            let kind = bytes.u16(at).ok_or_else(short)?;
            let length = bytes.length(at.saturating_add(2)).ok_or_else(short)?;
            let data = at.saturating_add(8);
            let data = Bytes(bytes.slice(data, length).ok_or_else(short)?);
            let slot = match kind {
                PREAUTH_INTEGRITY => &mut preauth,
                ENCRYPTION => &mut ciphers,
                SIGNING => &mut signings,
                COMPRESSION | TRANSPORT | RDMA_TRANSFORM => {
                    return Err(wrong("it chooses what was not offered"));
                }
                // [MS-SMB2] 3.2.5.2: what is not known is ignored.
                _ => &mut None,
            };
            if slot.replace(data).is_some() {
                return Err(wrong("it has one context twice"));
            }
            at = at
                .saturating_add(8)
                .saturating_add(length)
                .checked_next_multiple_of(8)
                .ok_or_else(short)?;
        }
        // Count, then for the hash the length of the salt, then the numbers.
        let one = |data: Bytes<'_>, number_at| match data.u16(0) {
            Some(1) => data.u16(number_at).ok_or_else(short),
            _ => Err(wrong(
                "it chooses none or several of what it should choose one",
            )),
        };
        let Some(preauth) = preauth else {
            return Err(wrong("it has no preauthentication hash"));
        };
        if one(preauth, 4)? != SHA512 {
            return Err(wrong("it chooses a hash that was not offered"));
        }
        if let Some(data) = ciphers {
            let number = one(data, 2)?;
            // Zero: none of those offered ([MS-SMB2] 3.3.5.4).
            let known = Cipher::OFFERED.into_iter().find(|c| c.number() == number);
            if known.is_none() && number != 0 {
                return Err(wrong("it chooses a cipher that was not offered"));
            }
            self.cipher = known;
        }
        if let Some(data) = signings {
            let number = one(data, 2)?;
            self.signing = Signing::OFFERED
                .into_iter()
                .find(|signing| signing.number() == number)
                .ok_or_else(|| wrong("it chooses a way to sign that was not offered"))?;
        }
        Ok(())
    }
}

fn wrong(what: &'static str) -> Malformed {
    Malformed {
        message: "NEGOTIATE response",
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reply with contexts, each kind and data.
    fn reply(dialect: u16, capabilities: u32, contexts: &[(u16, &[u8])]) -> Vec<u8> {
        let mut message = vec![0; HEADER + 64];
        let mut put = |at: usize, bytes: &[u8]| {
            message[HEADER + at..HEADER + at + bytes.len()].copy_from_slice(bytes);
        };
        put(0, &65_u16.to_le_bytes());
        put(2, &3_u16.to_le_bytes());
        put(4, &dialect.to_le_bytes());
        put(6, &u16::try_from(contexts.len()).unwrap().to_le_bytes());
        put(8, &[9; 16]);
        put(24, &capabilities.to_le_bytes());
        put(60, &128_u32.to_le_bytes());
        for (kind, data) in contexts {
            message.resize(message.len().next_multiple_of(8), 0);
            message.extend(kind.to_le_bytes());
            message.extend(u16::try_from(data.len()).unwrap().to_le_bytes());
            message.extend([0; 4]);
            message.extend(*data);
        }
        message
    }

    const HASH: (u16, &[u8]) = (1, &[1, 0, 4, 0, 1, 0, 7, 7, 7, 7]);

    fn with(contexts: &[(u16, &[u8])]) -> Result<Agreed, Malformed> {
        let all: Vec<_> = std::iter::once(HASH)
            .chain(contexts.iter().copied())
            .collect();
        Agreed::read(&reply(0x0311, 0x44, &all))
    }

    #[test]
    fn the_offer_has_the_documented_layout() {
        let body = offer(&[0xAB; 16], &[0xCD; 32]);
        let bytes = Bytes(&body);
        assert_eq!(bytes.u16(0), Some(36));
        assert_eq!(bytes.u16(2), Some(5));
        assert_eq!(bytes.u16(4), Some(1), "signing enabled");
        assert_eq!(bytes.u32(8), Some(0x45), "no leases, no directory leasing");
        assert_eq!(bytes.slice(12, 16), Some(&[0xAB; 16][..]));
        assert_eq!(bytes.u16(32), Some(3));
        let mut at = bytes.offset(28).unwrap() - HEADER;
        assert_eq!(at % 8, 0);
        let mut found = Vec::new();
        while at < body.len() {
            let length = bytes.length(at + 2).unwrap();
            found.push((bytes.u16(at).unwrap(), bytes.slice(at + 8, length).unwrap()));
            at = (at + 8 + length).next_multiple_of(8);
        }
        let mut hash = vec![1, 0, 32, 0, 1, 0];
        hash.extend([0xCD; 32]);
        assert_eq!(
            found,
            [
                (1, &hash[..]),
                (2, &[4, 0, 2, 0, 1, 0, 4, 0, 3, 0][..]),
                (8, &[3, 0, 2, 0, 1, 0, 0, 0][..]),
            ]
        );
    }

    #[test]
    fn what_was_chosen_is_read() {
        for (cipher, signing, chosen) in [
            (1, 0, (Some(Cipher::Aes128Ccm), Signing::HmacSha256)),
            (2, 1, (Some(Cipher::Aes128Gcm), Signing::AesCmac)),
            (3, 2, (Some(Cipher::Aes256Ccm), Signing::AesGmac)),
            (4, 2, (Some(Cipher::Aes256Gcm), Signing::AesGmac)),
            (0, 1, (None, Signing::AesCmac)),
        ] {
            let agreed = with(&[(2, &[1, 0, cipher, 0]), (8, &[1, 0, signing, 0])]).unwrap();
            assert_eq!((agreed.cipher, agreed.signing), chosen);
            assert_eq!((agreed.security_mode, agreed.server_guid), (3, [9; 16]));
        }
        // Neither context: CMAC, and no cipher.
        let agreed = with(&[]).unwrap();
        assert_eq!((agreed.cipher, agreed.signing), (None, Signing::AesCmac));
        // What nobody knows is passed over.
        assert!(with(&[(0x77, b"x"), (0x78, b"y")]).is_ok());
    }

    #[test]
    fn below_3_1_1_the_dialect_says_it() {
        for (dialect, capabilities, expected) in [
            (0x0202, 0x40, (None, Signing::HmacSha256)),
            (0x0210, 0x40, (None, Signing::HmacSha256)),
            (0x0300, 0x40, (Some(Cipher::Aes128Ccm), Signing::AesCmac)),
            (0x0302, 0x00, (None, Signing::AesCmac)),
        ] {
            let agreed = Agreed::read(&reply(dialect, capabilities, &[])).unwrap();
            assert_eq!((agreed.cipher, agreed.signing), expected, "{dialect:#x}");
        }
    }

    #[test]
    fn what_was_not_offered_is_refused() {
        let refused = |contexts: &[(u16, &[u8])]| with(contexts).unwrap_err().what;
        assert!(refused(&[(2, &[1, 0, 5, 0])]).contains("cipher"));
        assert!(refused(&[(2, &[2, 0, 1, 0, 2, 0])]).contains("several"));
        assert!(refused(&[(2, &[1, 0])]).contains("cut short"));
        assert!(refused(&[(8, &[1, 0, 3, 0])]).contains("sign"));
        assert!(refused(&[(8, &[0, 0])]).contains("none"));
        assert!(refused(&[HASH]).contains("twice"));
        for kind in [3, 6, 7] {
            assert!(refused(&[(kind, &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0])]).contains("not offered"));
        }
        let no_hash = Agreed::read(&reply(0x0311, 0x44, &[])).unwrap_err();
        assert!(no_hash.what.contains("preauthentication"));
        for dialect in [0, 0x02FF, 0x0303, 0x0310] {
            let error = Agreed::read(&reply(dialect, 0, &[])).unwrap_err();
            assert!(error.what.contains("dialect"), "{dialect:#x}: {error}");
        }
    }

    #[test]
    fn a_reply_cut_anywhere_is_an_error() {
        let whole = reply(
            0x0311,
            0x44,
            &[HASH, (2, &[1, 0, 2, 0]), (8, &[1, 0, 1, 0])],
        );
        for length in 0..whole.len() {
            assert!(Agreed::read(&whole[..length]).is_err(), "{length}");
        }
    }
}
