//! The frame around a mechanism's token ([RFC 2743] 3.1), and around Kerberos' ([RFC 4121] 4.1).

use crate::spnego::oid;
use crate::tlv;

/// `[APPLICATION 0]`, constructed.
const FRAME: u8 = 0x60;

/// What a token of Kerberos is ([RFC 4121] 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KrbToken<'a> {
    /// KRB_AP_REP.
    ApRep(&'a [u8]),
    /// KRB_ERROR.
    Error(&'a [u8]),
}

/// Frames a KRB_AP_REQ.
#[must_use]
pub fn krb_ap_req(message: &[u8]) -> Vec<u8> {
    tlv::write(FRAME, &[oid::KRB5, &[1, 0], message])
}

/// Reads what a server answers to [`krb_ap_req`]. `None` if it is nothing of the kind.
#[must_use]
pub fn krb_reply(token: &[u8]) -> Option<KrbToken<'_>> {
    let inner = unframe(oid::KRB5, token).or_else(|| unframe(oid::MS_KRB5, token))?;
    let (id, message) = inner.split_at_checked(2)?;
    match id {
        [2, 0] => Some(KrbToken::ApRep(message)),
        [3, 0] => Some(KrbToken::Error(message)),
        _ => None,
    }
}

/// Frames a token of the mechanism whose encoded id is `oid`.
pub(crate) fn frame(oid: &[u8], token: &[u8]) -> Vec<u8> {
    tlv::write(FRAME, &[oid, token])
}

fn unframe<'a>(oid: &[u8], token: &'a [u8]) -> Option<&'a [u8]> {
    tlv::only(FRAME, token)?.strip_prefix(oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kerberos_tokens_are_framed() {
        let token = krb_ap_req(b"\x6e\x00");
        assert_eq!(
            token,
            b"\x60\x0f\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00\x6e\x00"
        );
        assert_eq!(krb_reply(&token), None, "that is a request");
        let reply = frame(oid::KRB5, b"\x02\x00rep");
        assert_eq!(krb_reply(&reply), Some(KrbToken::ApRep(b"rep")));
        let reply = frame(oid::MS_KRB5, b"\x03\x00err");
        assert_eq!(krb_reply(&reply), Some(KrbToken::Error(b"err")));
        assert_eq!(krb_reply(&frame(oid::NTLM, b"\x02\x00rep")), None);
        for length in 0..reply.len() {
            assert_eq!(krb_reply(&reply[..length]), None, "{length}");
        }
    }
}
