//! CHALLENGE_MESSAGE ([MS-NLMP] 2.2.1.2) and its AV pairs (2.2.2.1).

use super::{SIGNATURE, flag};
use crate::Malformed;
use crate::bytes::Bytes;
use crate::ntlm::Upcase;

/// Ids of AV pairs ([MS-NLMP] 2.2.2.1).
pub(super) mod av {
    pub(in crate::ntlm) const EOL: u16 = 0;
    pub(in crate::ntlm) const FLAGS: u16 = 6;
    pub(in crate::ntlm) const TIMESTAMP: u16 = 7;
    pub(in crate::ntlm) const TARGET_NAME: u16 = 9;
    pub(in crate::ntlm) const CHANNEL_BINDINGS: u16 = 10;
}

/// More pairs than there are ids.
const MAX_PAIRS: usize = 64;

/// What a server answers to NEGOTIATE_MESSAGE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// NegotiateFlags.
    pub(super) flags: u32,
    /// ServerChallenge.
    pub(super) nonce: [u8; 8],
    /// The pairs of TargetInfo in their order, without the one that ends them.
    pub(super) pairs: Vec<(u16, &'a [u8])>,
    /// ProductBuild of Version; `None` where the server says no version.
    pub(super) build: Option<u16>,
}

impl<'a> Challenge<'a> {
    /// Reads a CHALLENGE_MESSAGE.
    ///
    /// # Errors
    /// [`Malformed`] if it is none.
    pub fn read(message: &'a [u8]) -> Result<Self, Malformed> {
        let bytes = Bytes(message);
        let short = || wrong("it is cut short");
        if !message.starts_with(SIGNATURE) || bytes.u32(8) != Some(2) {
            return Err(wrong("it is none"));
        }
        let flags = bytes.u32(20).ok_or_else(short)?;
        let nonce = bytes.array(24).ok_or_else(short)?;
        // Servers from before NTLMv2 end here or at the reserved bytes.
        let info = match bytes.length(40) {
            Some(length) if length > 0 => {
                let at = bytes.offset(44).ok_or_else(short)?;
                bytes.slice(at, length).ok_or_else(short)?
            }
            None if flags & flag::TARGET_INFO != 0 => return Err(short()),
            _ => &[],
        };
        let build = if flags & flag::VERSION != 0 {
            bytes.u16(50)
        } else {
            None
        };
        Ok(Self {
            flags,
            nonce,
            pairs: pairs(info)?,
            build,
        })
    }

    /// The server's time, if it says one: 100 ns since 1601.
    pub(super) fn timestamp(&self) -> Option<u64> {
        self.pair(av::TIMESTAMP)?
            .try_into()
            .ok()
            .map(u64::from_le_bytes)
    }

    /// MsvAvFlags, 0 where there are none.
    pub(super) fn av_flags(&self) -> u32 {
        self.pair(av::FLAGS)
            .and_then(|value| value.try_into().ok())
            .map_or(0, u32::from_le_bytes)
    }

    fn pair(&self, id: u16) -> Option<&'a [u8]> {
        self.pairs
            .iter()
            .find(|(found, _)| *found == id)
            .map(|(_, value)| *value)
    }

    /// Whose capitals this server writes.
    ///
    /// Samba says a version of Windows, but never a build; Windows always has one. What says no
    /// version at all (ksmbd, NAS) has Samba's age of tables more often than Windows'.
    #[must_use]
    pub fn upcase(&self) -> Upcase {
        match self.build {
            Some(1..) => Upcase::Windows,
            _ => Upcase::Samba,
        }
    }
}

fn pairs(info: &[u8]) -> Result<Vec<(u16, &[u8])>, Malformed> {
    let bytes = Bytes(info);
    let mut pairs = Vec::new();
    let mut at = 0_usize;
    // Some servers leave the end out where the field's length says it.
    while at < info.len() {
        let short = || wrong("its target information is cut short");
        let id = bytes.u16(at).ok_or_else(short)?;
        let length = bytes.length(at.saturating_add(2)).ok_or_else(short)?;
        let value = at.saturating_add(4);
        if id == av::EOL {
            break;
        }
        if pairs.len() == MAX_PAIRS {
            return Err(wrong("its target information has too many parts"));
        }
        pairs.push((id, bytes.slice(value, length).ok_or_else(short)?));
        at = value.saturating_add(length);
    }
    Ok(pairs)
}

fn wrong(what: &'static str) -> Malformed {
    Malformed {
        message: "CHALLENGE_MESSAGE",
        what,
    }
}
