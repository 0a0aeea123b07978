//! NTLM, version 2 ([MS-NLMP]): NEGOTIATE, CHALLENGE, AUTHENTICATE.
//!
//! Every answer carries a MIC over all three messages, whether the server has a clock or not, and
//! names the server it is meant for (MsvAvTargetName), so that it is of no use at another one that
//! looks. There is no channel below SMB, so the channel bindings are zeros ([MS-NLMP] 2.2.2.1).

mod anonymous;
mod challenge;
mod mic;
mod response;
mod upcase;

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

pub use anonymous::{anonymous_authenticate, anonymous_negotiate};
pub use challenge::Challenge;
pub use upcase::Upcase;

use crate::Malformed;
use crate::mac::hmac_md5;
use challenge::av;
use mic::Mic;
use response::{lm_v2, ntowf_v2, rc4, session_base_key, temp};

/// What every message begins with, and a raw one is known by.
pub const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// NegotiateFlags ([MS-NLMP] 2.2.2.5).
mod flag {
    pub(super) const UNICODE: u32 = 0x0000_0001;
    pub(super) const REQUEST_TARGET: u32 = 0x0000_0004;
    pub(super) const SIGN: u32 = 0x0000_0010;
    pub(super) const SEAL: u32 = 0x0000_0020;
    pub(super) const NTLM: u32 = 0x0000_0200;
    pub(super) const ANONYMOUS: u32 = 0x0000_0800;
    pub(super) const ALWAYS_SIGN: u32 = 0x0000_8000;
    pub(super) const EXTENDED_SESSIONSECURITY: u32 = 0x0008_0000;
    pub(super) const TARGET_INFO: u32 = 0x0080_0000;
    pub(super) const VERSION: u32 = 0x0200_0000;
    pub(super) const KEY_128: u32 = 0x2000_0000;
    pub(super) const KEY_EXCH: u32 = 0x4000_0000;
    pub(super) const KEY_56: u32 = 0x8000_0000;
}

/// What is offered.
const FLAGS: u32 = flag::UNICODE
    | flag::REQUEST_TARGET
    | flag::SIGN
    | flag::SEAL
    | flag::NTLM
    | flag::ALWAYS_SIGN
    | flag::EXTENDED_SESSIONSECURITY
    | flag::TARGET_INFO
    | flag::VERSION
    | flag::KEY_128
    | flag::KEY_EXCH
    | flag::KEY_56;

/// VERSION ([MS-NLMP] 2.2.2.10), for people who debug: 6.1 without a build, as Samba says. It is
/// said because a server says its own only to those who do.
const VERSION: [u8; 8] = [6, 1, 0, 0, 0, 0, 0, 15];

/// Where the MIC stands in AUTHENTICATE_MESSAGE, and where what varies begins
/// ([MS-NLMP] 2.2.1.3): signature, type, six fields of eight bytes, flags, version; the MIC.
const MIC: usize = 72;
const PAYLOAD: usize = MIC + 16;

/// MsvAvFlags: there is a MIC.
const AV_MIC: u32 = 0x0000_0002;

/// Who signs in.
#[derive(Clone, Copy)]
pub struct Account<'a> {
    /// Domain or workgroup; empty lets the server decide.
    pub domain: &'a str,
    /// The user.
    pub user: &'a str,
    /// The password.
    pub password: &'a str,
}

/// Random numbers for one answer, wiped when dropped.
pub struct Entropy {
    /// ClientChallenge.
    pub nonce: [u8; 8],
    /// The session key, where keys are exchanged.
    pub session_key: [u8; 16],
}

impl Drop for Entropy {
    fn drop(&mut self) {
        self.session_key.zeroize();
    }
}

/// NEGOTIATE_MESSAGE ([MS-NLMP] 2.2.1.1), without domain and workstation.
#[must_use]
pub fn negotiate() -> Vec<u8> {
    negotiate_with(FLAGS)
}

fn negotiate_with(flags: u32) -> Vec<u8> {
    let mut message = SIGNATURE.to_vec();
    message.extend(1_u32.to_le_bytes());
    message.extend(flags.to_le_bytes());
    message.extend([0; 16]);
    if flags & flag::VERSION != 0 {
        message.extend(VERSION);
    }
    message
}

/// An answer to a challenge.
pub struct Answer {
    /// AUTHENTICATE_MESSAGE.
    pub message: Vec<u8>,
    /// The key of the session.
    pub session_key: Zeroizing<[u8; 16]>,
    mic: Option<Mic>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(***)")
    }
}

impl Answer {
    /// Answers `challenge`, which answered `negotiate`.
    ///
    /// `target` is the server's service principal, `cifs/` and its name as it was given; `now` is
    /// the time in 100 ns since 1601, used where the server says none.
    ///
    /// # Errors
    /// [`Malformed`] if the challenge is none, takes no Unicode, or if a name or the server's
    /// information is longer than a message can carry.
    pub fn new(
        negotiate: &[u8],
        challenge_message: &[u8],
        account: Account<'_>,
        target: &str,
        entropy: &Entropy,
        now: u64,
    ) -> Result<Self, Malformed> {
        let challenge = Challenge::read(challenge_message)?;
        if challenge.flags & flag::UNICODE == 0 {
            return Err(Malformed {
                message: "CHALLENGE_MESSAGE",
                what: "it takes no Unicode",
            });
        }
        let flags = FLAGS & challenge.flags;
        let key = ntowf_v2(account, challenge.upcase());
        let stamp = challenge.timestamp();
        let temp = temp(
            stamp.unwrap_or(now),
            &entropy.nonce,
            &target_info(&challenge, target)?,
        );
        let proof = hmac_md5(&*key, &[&challenge.nonce, &temp]);
        let base = session_base_key(&key, &proof);

        let exchanges = flags & flag::KEY_EXCH != 0 && flags & (flag::SIGN | flag::SEAL) != 0;
        let (session_key, sealed_key) = if exchanges {
            let session_key = Zeroizing::new(entropy.session_key);
            let mut sealed = *session_key;
            rc4(&*base, &mut sealed);
            (session_key, sealed.to_vec())
        } else {
            (base, Vec::new())
        };

        // [MS-NLMP] 3.1.5.1.2: no LM response where the server says its time.
        let lm = match stamp {
            Some(_) => [0; 24],
            None => lm_v2(&key, &challenge.nonce, &entropy.nonce),
        };
        let nt: Vec<u8> = proof.iter().copied().chain(temp).collect();
        let mut message = authenticate(
            flags,
            [
                &lm,
                &nt,
                &utf16(account.domain),
                &utf16(account.user),
                &[],
                &sealed_key,
            ],
        )?;
        let mic = hmac_md5(&*session_key, &[negotiate, challenge_message, &message]);
        if let Some(place) = message.get_mut(MIC..PAYLOAD) {
            place.copy_from_slice(&*mic);
        }
        Ok(Self {
            message,
            mic: Mic::new(&session_key, flags),
            session_key,
        })
    }

    /// The MIC over SPNEGO's list of mechanisms, which proves that nobody shortened it. `None`
    /// where the server knows no session security that has one.
    #[must_use]
    pub fn mech_list_mic(&self, mech_list: &[u8]) -> Option<Vec<u8>> {
        self.mic.as_ref().map(|mic| mic.ours(mech_list))
    }

    /// Whether the server's MIC over that list is right. A server that should not be able to make
    /// one is not believed.
    #[must_use]
    pub fn proves_mech_list(&self, mech_list: &[u8], mic: &[u8]) -> bool {
        self.mic
            .as_ref()
            .is_some_and(|keys| keys.is_theirs(mech_list, mic))
    }
}

/// The server's pairs, and those the client adds ([MS-NLMP] 3.1.5.1.2).
fn target_info(challenge: &Challenge<'_>, target: &str) -> Result<Vec<u8>, Malformed> {
    let own = [av::FLAGS, av::CHANNEL_BINDINGS, av::TARGET_NAME];
    let kept = challenge.pairs.iter().filter(|(id, _)| !own.contains(id));
    let flags = (challenge.av_flags() | AV_MIC).to_le_bytes();
    let target = utf16(target);
    let mut info = Vec::new();
    for (id, value) in kept.copied().chain([
        (av::FLAGS, &flags[..]),
        (av::CHANNEL_BINDINGS, &[0; 16]),
        (av::TARGET_NAME, &target),
        (av::EOL, &[]),
    ]) {
        info.extend(id.to_le_bytes());
        info.extend(length(value)?.to_le_bytes());
        info.extend(value);
    }
    Ok(info)
}

/// AUTHENTICATE_MESSAGE ([MS-NLMP] 2.2.1.3) with an empty MIC. `fields` in the order of the
/// message: LM response, NT response, domain, user, workstation, session key.
fn authenticate(flags: u32, fields: [&[u8]; 6]) -> Result<Vec<u8>, Malformed> {
    let mut message = SIGNATURE.to_vec();
    message.extend(3_u32.to_le_bytes());
    let mut at = PAYLOAD;
    for field in fields {
        let length = length(field)?;
        message.extend(length.to_le_bytes());
        message.extend(length.to_le_bytes());
        message.extend(u32::try_from(at).map_err(|_| too_long())?.to_le_bytes());
        at = at.saturating_add(field.len());
    }
    message.extend(flags.to_le_bytes());
    message.extend(VERSION);
    message.extend([0; 16]);
    fields.iter().for_each(|field| message.extend(*field));
    Ok(message)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn length(bytes: &[u8]) -> Result<u16, Malformed> {
    u16::try_from(bytes.len()).map_err(|_| too_long())
}

fn too_long() -> Malformed {
    Malformed {
        message: "AUTHENTICATE_MESSAGE",
        what: "a name, or what the server wants repeated, is too long for it",
    }
}
