//! What NTLMv2 answers are made of ([MS-NLMP] 3.3.2).

use md4::{Digest, Md4};
use zeroize::{Zeroize, Zeroizing};

use super::{Account, Upcase};
use crate::mac::hmac_md5;

/// NTOWFv2: the key of an account. The user is in capitals, the domain as it is.
pub(super) fn ntowf_v2(account: Account<'_>, upcase: Upcase) -> Zeroizing<[u8; 16]> {
    let mut password = Zeroizing::new(Vec::with_capacity(account.password.len().saturating_mul(2)));
    password.extend(account.password.encode_utf16().flat_map(u16::to_le_bytes));
    let hash: Zeroizing<[u8; 16]> = Zeroizing::new(Md4::digest(&*password).into());
    let name: Vec<u8> = upcase
        .text(account.user)
        .chain(account.domain.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    hmac_md5(&*hash, &[&name])
}

/// What is proved, beside the server's challenge: NTLMv2_CLIENT_CHALLENGE ([MS-NLMP] 2.2.2.7).
pub(super) fn temp(time: u64, nonce: &[u8; 8], target_info: &[u8]) -> Vec<u8> {
    let mut temp = vec![1, 1, 0, 0, 0, 0, 0, 0];
    temp.extend(time.to_le_bytes());
    temp.extend(nonce);
    temp.extend([0; 4]);
    temp.extend(target_info);
    temp.extend([0; 4]);
    temp
}

/// LMv2_RESPONSE ([MS-NLMP] 2.2.2.4).
pub(super) fn lm_v2(key: &[u8; 16], challenge: &[u8; 8], nonce: &[u8; 8]) -> [u8; 24] {
    let proof = hmac_md5(key, &[challenge, nonce]);
    let mut response = [0; 24];
    response
        .iter_mut()
        .zip(proof.iter().chain(nonce))
        .for_each(|(to, from)| *to = *from);
    response
}

/// SessionBaseKey, from NTOWFv2 and NTProofStr.
pub(super) fn session_base_key(key: &[u8; 16], proof: &[u8; 16]) -> Zeroizing<[u8; 16]> {
    hmac_md5(key, &[proof])
}

/// RC4, over a whole text at once. It carries a random key, once, under a key that is used for
/// nothing else; no crate is needed for that.
pub(super) fn rc4(key: &[u8], text: &mut [u8]) {
    let mut state: [u8; 256] = std::array::from_fn(|at| u8::try_from(at).unwrap_or_default());
    let at = |state: &[u8; 256], at: u8| state.get(usize::from(at)).copied().unwrap_or_default();
    let mut j = 0_u8;
    for (i, key) in (0..=u8::MAX).zip(key.iter().cycle()) {
        j = j.wrapping_add(at(&state, i)).wrapping_add(*key);
        state.swap(usize::from(i), usize::from(j));
    }
    let (mut i, mut j) = (0_u8, 0_u8);
    for byte in text {
        i = i.wrapping_add(1);
        j = j.wrapping_add(at(&state, i));
        state.swap(usize::from(i), usize::from(j));
        *byte ^= at(&state, at(&state, i).wrapping_add(at(&state, j)));
    }
    state.zeroize();
}
