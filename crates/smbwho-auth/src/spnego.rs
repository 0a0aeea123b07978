//! SPNEGO: which mechanism, and its tokens ([RFC 4178], [MS-SPNG]).
//!
//! The client decides how it signs in, so it offers one mechanism, with its first token. Kerberos
//! has two names for it: the right one and the one that Windows 2000 misspelt, by which most
//! servers answer. A server that chooses anything else is not followed.
//!
//! Servers that know no SPNEGO and answer with a bare NTLM message are answered with one.

use crate::Malformed;
use crate::{gss, ntlm, tlv};

/// Object identifiers, encoded ([MS-SPNG] 1.9, [RFC 4178] 3).
pub(crate) mod oid {
    /// 1.3.6.1.5.5.2.
    pub(crate) const SPNEGO: &[u8] = b"\x06\x06\x2b\x06\x01\x05\x05\x02";
    /// 1.3.6.1.4.1.311.2.2.10.
    pub(crate) const NTLM: &[u8] = b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
    /// 1.2.840.113554.1.2.2.
    pub(crate) const KRB5: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
    /// 1.2.840.48018.1.2.2, where a byte was lost.
    pub(crate) const MS_KRB5: &[u8] = b"\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02";
}

const SEQUENCE: u8 = 0x30;
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0A;
/// `[n]`, explicit.
const fn context(number: u8) -> u8 {
    0xA0 | number
}

/// How the client signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// NTLM.
    Ntlm,
    /// Kerberos.
    Kerberos,
}

impl Mechanism {
    /// Its names, the one most servers know first.
    const fn names(self) -> &'static [&'static [u8]] {
        match self {
            Self::Ntlm => &[oid::NTLM],
            Self::Kerberos => &[oid::MS_KRB5, oid::KRB5],
        }
    }
}

/// What a server thinks of the negotiation ([RFC 4178] 4.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has what it needs.
    Completed,
    /// It wants another token.
    Incomplete,
    /// It wants no more of it.
    Rejected,
    /// It wants the list of mechanisms signed.
    RequestMic,
}

/// What a server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reply<'a> {
    /// negState.
    pub state: Option<State>,
    /// The mechanism's token.
    pub token: Option<&'a [u8]>,
    /// mechListMIC.
    pub mic: Option<&'a [u8]>,
}

/// The client's side of a negotiation.
#[derive(Debug, Clone)]
pub struct Client {
    mechanism: Mechanism,
    bare: bool,
}

impl Client {
    /// A negotiation about one mechanism.
    #[must_use]
    pub fn new(mechanism: Mechanism) -> Self {
        Self {
            mechanism,
            bare: false,
        }
    }

    /// MechTypeList, as it was sent: what a mechListMIC is over ([RFC 4178] 5).
    #[must_use]
    pub fn mech_list(&self) -> Vec<u8> {
        tlv::write(SEQUENCE, self.mechanism.names())
    }

    /// NegTokenInit with the mechanism's first token ([RFC 4178] 4.2.1).
    #[must_use]
    pub fn first(&self, token: &[u8]) -> Vec<u8> {
        let list = tlv::write(context(0), &[&self.mech_list()]);
        let token = tlv::write(context(2), &[&tlv::write(OCTET_STRING, &[token])]);
        let init = tlv::write(SEQUENCE, &[&list, &token]);
        gss::frame(oid::SPNEGO, &tlv::write(context(0), &[&init]))
    }

    /// A further NegTokenResp ([RFC 4178] 4.2.2), or the bare token where the server sends bare
    /// ones.
    #[must_use]
    pub fn next(&self, token: Option<&[u8]>, mic: Option<&[u8]>) -> Vec<u8> {
        if self.bare {
            return token.unwrap_or_default().to_vec();
        }
        let field = |number, value: Option<&[u8]>| match value {
            Some(value) => tlv::write(context(number), &[&tlv::write(OCTET_STRING, &[value])]),
            None => Vec::new(),
        };
        let fields = tlv::write(SEQUENCE, &[&field(2, token), &field(3, mic)]);
        tlv::write(context(1), &[&fields])
    }

    /// Reads what the server answered. An empty answer is one with nothing in it.
    ///
    /// # Errors
    /// [`Malformed`] if it is nothing of the kind, or if the server chose a mechanism that was not
    /// offered.
    pub fn read<'a>(&mut self, answer: &'a [u8]) -> Result<Reply<'a>, Malformed> {
        if answer.is_empty() {
            return Ok(Reply::default());
        }
        if self.mechanism == Mechanism::Ntlm && answer.starts_with(ntlm::SIGNATURE) {
            self.bare = true;
            return Ok(Reply {
                token: Some(answer),
                ..Reply::default()
            });
        }
        let malformed = || wrong("it is none, or cut short");
        let mut rest = tlv::only(context(1), answer)
            .and_then(|fields| tlv::only(SEQUENCE, fields))
            .ok_or_else(malformed)?;
        let mut reply = Reply::default();
        while !rest.is_empty() {
            let field = tlv::read(rest).ok_or_else(malformed)?;
            rest = field.rest;
            match field.tag {
                // [0] negState
                0xA0 => {
                    reply.state = Some(match tlv::only(ENUMERATED, field.value) {
                        Some([0]) => State::Completed,
                        Some([1]) => State::Incomplete,
                        Some([2]) => State::Rejected,
                        Some([3]) => State::RequestMic,
                        _ => return Err(wrong("its state is unknown")),
                    });
                }
                // [1] supportedMech
                0xA1 if !self.mechanism.names().contains(&field.value) => {
                    return Err(wrong("it chooses another mechanism than was offered"));
                }
                0xA1 => {}
                // [2] responseToken
                0xA2 => {
                    let token = tlv::only(OCTET_STRING, field.value).ok_or_else(malformed)?;
                    reply.token = Some(token).filter(|token| !token.is_empty());
                }
                // [3] mechListMIC
                0xA3 => {
                    let mic = tlv::only(OCTET_STRING, field.value).ok_or_else(malformed)?;
                    reply.mic = Some(mic).filter(|mic| !mic.is_empty());
                }
                _ => return Err(wrong("it has a field that is unknown")),
            }
        }
        // Windows 2000 repeated its token where a MIC should stand ([MS-SPNG] 3.1.5.1, note).
        if reply.mic == reply.token {
            reply.mic = None;
        }
        Ok(reply)
    }
}

fn wrong(what: &'static str) -> Malformed {
    Malformed {
        message: "NegTokenResp",
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ntlm::tests::hex;

    fn read(mechanism: Mechanism, answer: &[u8]) -> Result<Reply<'_>, Malformed> {
        Client::new(mechanism).read(answer)
    }

    #[test]
    fn one_mechanism_is_offered_with_its_token() {
        assert_eq!(
            Client::new(Mechanism::Ntlm).first(b"tok"),
            hex(
                "6023 06062b0601050502 a019 3017 a00e 300c 060a2b06010401823702020a a205 0403 746f6b"
            )
        );
        let kerberos = Client::new(Mechanism::Kerberos);
        assert_eq!(
            kerberos.mech_list(),
            hex("3016 06092a864882f712010202 06092a864886f712010202")
        );
        assert!(kerberos.first(b"tok").ends_with(&hex("a205 0403 746f6b")));
    }

    #[test]
    fn further_tokens_carry_what_there_is() {
        let client = Client::new(Mechanism::Ntlm);
        assert_eq!(
            client.next(Some(b"t"), Some(b"m")),
            hex("a10c 300a a203 0401 74 a303 0401 6d")
        );
        assert_eq!(client.next(None, Some(b"m")), hex("a107 3005 a303 0401 6d"));
    }

    /// The last answer in Microsoft's published example of NTLM at 3.1.1, and an usual first one.
    #[test]
    fn answers_are_read() {
        let last = hex("A11B3019A0030A0100A3120410010000003B453CDC3524164200000000");
        let reply = read(Mechanism::Ntlm, &last).unwrap();
        assert_eq!(reply.state, Some(State::Completed));
        assert_eq!(reply.token, None);
        assert_eq!(reply.mic.unwrap(), hex("010000003B453CDC3524164200000000"));

        let first = hex("a119 3017 a003 0a0101 a10c 060a2b06010401823702020a a202 0400");
        let reply = read(Mechanism::Ntlm, &first).unwrap();
        assert_eq!((reply.state, reply.token), (Some(State::Incomplete), None));
        // Neither with nor without padding of lengths.
        let padded = hex("a18106 3081 03 a0030a01 00");
        assert!(read(Mechanism::Ntlm, &padded).is_err());
        let padded = hex("a108 308105 a0030a0100");
        assert_eq!(
            read(Mechanism::Ntlm, &padded).unwrap().state,
            Some(State::Completed)
        );
        assert_eq!(read(Mechanism::Ntlm, b"").unwrap(), Reply::default());
    }

    #[test]
    fn kerberos_goes_by_both_its_names_and_ntlm_by_none_of_them() {
        let answer = |oid: &[u8]| {
            let fields = tlv::write(SEQUENCE, &[&tlv::write(context(1), &[oid])]);
            tlv::write(context(1), &[&fields])
        };
        for (oid, ntlm, kerberos) in [
            (oid::NTLM, true, false),
            (oid::KRB5, false, true),
            (oid::MS_KRB5, false, true),
            (oid::SPNEGO, false, false),
        ] {
            let answer = answer(oid);
            assert_eq!(read(Mechanism::Ntlm, &answer).is_ok(), ntlm);
            assert_eq!(read(Mechanism::Kerberos, &answer).is_ok(), kerberos);
        }
        // Nor is a bare NTLM message an answer to a ticket.
        assert!(read(Mechanism::Kerberos, b"NTLMSSP\0\x02\0\0\0").is_err());
    }

    #[test]
    fn bare_messages_are_answered_bare() {
        let mut client = Client::new(Mechanism::Ntlm);
        let challenge = b"NTLMSSP\0\x02\0\0\0";
        assert_eq!(client.read(challenge).unwrap().token, Some(&challenge[..]));
        assert_eq!(client.next(Some(b"answer"), Some(b"mic")), b"answer");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let good = hex("a11b 3019 a0030a0100 a3120410010000003B453CDC3524164200000000");
        for length in 1..good.len() {
            assert!(read(Mechanism::Ntlm, &good[..length]).is_err(), "{length}");
        }
        for bad in [
            "a107 3005 a0030a0104",
            "a107 3005 a0030a0100 00",
            "a107 3005 a4030a0100",
            "a007 3005 a0030a0100",
            "a107 3105 a0030a0100",
        ] {
            assert!(read(Mechanism::Ntlm, &hex(bad)).is_err(), "{bad}");
        }
    }

    /// What Windows 7 to Server 2019 say in NEGOTIATE, from OTRF Security-Datasets (MIT),
    /// `empire_getsession_dcerpc_smb_srvsvc_NetSessEnum`: NegTokenInit2 ([MS-SPNG] 2.2.1).
    #[test]
    fn windows_lists_the_mechanisms_by_the_names_they_are_offered_by() {
        let hint = hex(
            "607606062b0601050502a06c306aa03c303a060a2b06010401823702021e06092a864882f712010202\
             06092a864886f712010202060a2a864886f71201020203060a2b06010401823702020aa32a3028a026\
             1b246e6f745f646566696e65645f696e5f5246433431373840706c656173655f69676e6f7265",
        );
        let token = tlv::only(0x60, &hint).unwrap();
        let token = token.strip_prefix(oid::SPNEGO).unwrap();
        let fields = tlv::only(SEQUENCE, tlv::only(context(0), token).unwrap()).unwrap();
        let first = tlv::read(fields).unwrap();
        assert_eq!(first.tag, context(0));
        let list = tlv::only(SEQUENCE, first.value).unwrap();
        for mechanism in [Mechanism::Ntlm, Mechanism::Kerberos] {
            for name in mechanism.names() {
                let listed = list.windows(name.len()).any(|part| part == *name);
                assert!(listed, "{mechanism:?}: {name:02x?}");
            }
            // Sent again in place of an answer it is none.
            assert!(read(mechanism, &hint).is_err());
        }
    }
}
