//! The keyed hashes everything here is made of. What they give is secret and wiped.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::Sha256;
use zeroize::Zeroizing;

/// HMAC-MD5 over the parts, one after the other.
pub(crate) fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 16]> {
    // A key of any length is one: there is no error to have.
    let Ok(mut mac) = Hmac::<Md5>::new_from_slice(key) else {
        return Zeroizing::default();
    };
    parts.iter().for_each(|part| mac.update(part));
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// HMAC-SHA256 over the parts, one after the other.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Zeroizing::default();
    };
    parts.iter().for_each(|part| mac.update(part));
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// Whether two values are the same, in a time that says nothing of where they differ.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}
