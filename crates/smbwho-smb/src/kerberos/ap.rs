//! [RFC 4120 3.2] The exchange with the server: our ticket for its proof. No I/O here.
//!
//! As [RFC 4121 4.1] wants it of GSS: the authenticator's checksum says what
//! kind of context it is, both sides prove themselves, and both may choose a key
//! of their own, of which the server's is the last word.

use std::time::Duration;

use der::Decode;
use der::asn1::{Any, BitString, OctetString};
use smbwho_auth::gss::{self, KrbToken};
use smbwho_auth::spnego;
use zeroize::Zeroizing;

use super::crypto::{Key, usage};
use super::exchange::{Ticket, time};
use super::messages::{
    ApRep, ApReq, Authenticator, Checksum, EncApRepPart, EncryptionKey, KerberosString, KrbError,
    from_application, msg_type, to_application,
};
use super::{KerberosError, KrbCode};

/// [RFC 4120 5.5.1] APOptions: mutual-required.
const MUTUAL_REQUIRED: [u8; 4] = [0x20, 0, 0, 0];

/// [RFC 4121 4.1.1] the checksum that is none: type, and what the context is for. Mutual, replay,
/// sequence, confidentiality, integrity.
const GSS_CHECKSUM: i32 = 0x8003;
const CONTEXT_FLAGS: u32 = 0x02 | 0x04 | 0x08 | 0x10 | 0x20;

/// What was sent, and what the answer is judged by.
pub(crate) struct ApExchange {
    ticket_key: Key,
    subkey: Key,
    seconds: u64,
    micros: u32,
}

/// Why an answer proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unproved {
    /// It is none.
    Malformed,
    /// It was not made with the ticket's key, or for another request.
    Untrusted,
    /// The server refused, and with what.
    Refused(KrbCode),
}

/// A context that both sides have proved themselves in.
pub(crate) struct Context {
    key: Key,
    /// Whether the key is one that the server chose.
    of_server: bool,
    seq_number: u32,
}

impl ApExchange {
    /// A KRB_AP_REQ in its frame, and what is to be kept of it.
    pub(crate) fn start(ticket: &Ticket, now: Duration) -> Result<(Vec<u8>, Self), KerberosError> {
        let exchange = Self {
            ticket_key: ticket.key.clone(),
            subkey: ticket.key.random_like_it(),
            seconds: now.as_secs(),
            micros: now.subsec_micros(),
        };
        let message = exchange
            .request(ticket)
            .map_err(|_| KerberosError::Unencodable)?;
        Ok((gss::krb_ap_req(&message), exchange))
    }

    fn request(&self, ticket: &Ticket) -> der::Result<Vec<u8>> {
        // Length of the bindings, the bindings (there is no channel), the flags.
        let mut checksum = 16_u32.to_le_bytes().to_vec();
        checksum.extend([0; 16]);
        checksum.extend(CONTEXT_FLAGS.to_le_bytes());
        let authenticator = Authenticator {
            authenticator_vno: 5,
            crealm: KerberosString::from(ticket.client_realm.as_str()),
            cname: ticket.client.clone(),
            cksum: Some(Checksum {
                cksumtype: GSS_CHECKSUM,
                checksum: OctetString::new(checksum)?,
            }),
            cusec: self.micros,
            ctime: time(Duration::from_secs(self.seconds))?,
            subkey: Some(EncryptionKey {
                keytype: self.subkey.etype(),
                keyvalue: OctetString::new(self.subkey.bytes())?,
            }),
            seq_number: Some(0),
        };
        let authenticator = Zeroizing::new(to_application(msg_type::AUTHENTICATOR, authenticator)?);
        let request = ApReq {
            pvno: 5,
            msg_type: msg_type::AP_REQ,
            ap_options: BitString::from_bytes(&MUTUAL_REQUIRED)?,
            ticket: Any::from_der(&ticket.bytes)?,
            authenticator: self
                .ticket_key
                .encrypt(usage::AP_REQ_AUTHENTICATOR, &authenticator)?,
        };
        to_application(msg_type::AP_REQ, request)
    }

    /// Judges the server's token.
    pub(crate) fn finish(&self, token: &[u8]) -> Result<Context, Unproved> {
        let message = match gss::krb_reply(token).ok_or(Unproved::Malformed)? {
            KrbToken::ApRep(message) => message,
            KrbToken::Error(message) => {
                let error: KrbError = from_application(msg_type::KRB_ERROR, message)
                    .map_err(|_| Unproved::Malformed)?;
                return Err(Unproved::Refused(KrbCode(error.error_code)));
            }
        };
        let reply: ApRep =
            from_application(msg_type::AP_REP, message).map_err(|_| Unproved::Malformed)?;
        let plain = self
            .ticket_key
            .decrypt(usage::AP_REP_ENC_PART, reply.enc_part.cipher.as_bytes())
            .ok_or(Unproved::Untrusted)?;
        let part: EncApRepPart =
            from_application(msg_type::ENC_AP_REP_PART, &plain).map_err(|_| Unproved::Malformed)?;
        // [RFC 4120 3.2.4]: it repeats our time, which only the server can have read.
        let theirs = (part.ctime.to_unix_duration().as_secs(), part.cusec);
        if theirs != (self.seconds, self.micros) {
            return Err(Unproved::Untrusted);
        }
        let (key, of_server) = match part.subkey {
            Some(key) => (
                Key::from_message(key).map_err(|_| Unproved::Malformed)?,
                true,
            ),
            None => (self.subkey.clone(), false),
        };
        Ok(Context {
            key,
            of_server,
            seq_number: 0,
        })
    }
}

/// [RFC 4121 4.2.2] flags of a token.
const SENT_BY_ACCEPTOR: u8 = 0x01;
const ACCEPTOR_SUBKEY: u8 = 0x04;

impl Context {
    /// The key of the session, all of it ([MS-SMB2] 3.2.5.3: Session.FullSessionKey).
    pub(crate) fn session_key(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.key.bytes().to_vec())
    }

    /// Our MIC over SPNEGO's list of mechanisms. `None` for RC4, whose tokens ([RFC 4757] 7) are
    /// of another kind.
    pub(crate) fn mech_list_mic(&self, client: &spnego::Client) -> Option<Vec<u8>> {
        let flags = if self.of_server { ACCEPTOR_SUBKEY } else { 0 };
        let head = mic_head(flags, u64::from(self.seq_number));
        self.mic(usage::INITIATOR_SIGN, &client.mech_list(), head)
    }

    /// Whether a MIC of the server's over that list is right.
    ///
    /// With RC4 it is not looked at: it would prove that Kerberos was not replaced by Kerberos.
    pub(crate) fn proves_mech_list(&self, client: &spnego::Client, mic: &[u8]) -> bool {
        if self.key.is_rc4() {
            return true;
        }
        let Some(head) = mic.first_chunk::<16>() else {
            return false;
        };
        let is_mic = head[..2] == [4, 4] && head[3..8] == [0xFF; 5];
        if !is_mic || head[2] & SENT_BY_ACCEPTOR == 0 {
            return false;
        }
        let list = client.mech_list();
        self.mic(usage::ACCEPTOR_SIGN, &list, *head)
            .is_some_and(|expected| expected == mic)
    }

    /// [RFC 4121 4.2.6.1]: the checksum is over the text and the token's own head.
    fn mic(&self, usage: u32, text: &[u8], head: [u8; 16]) -> Option<Vec<u8>> {
        if self.key.is_rc4() {
            return None;
        }
        let checksum = self.key.checksum(usage, &[text, &head].concat()).ok()?;
        Some([&head[..], checksum.checksum.as_bytes()].concat())
    }
}

fn mic_head(flags: u8, sequence: u64) -> [u8; 16] {
    let mut head = [0xFF; 16];
    head[..3].copy_from_slice(&[4, 4, flags]);
    head[8..].copy_from_slice(&sequence.to_be_bytes());
    head
}

/// Reads what a server may answer, for fuzzing.
pub(super) fn fuzz(token: &[u8]) -> bool {
    let key = Key::new(18, &[7; 32]).expect("a key of its length");
    let exchange = ApExchange {
        subkey: key.clone(),
        ticket_key: key,
        seconds: 0,
        micros: 0,
    };
    // What is inside cannot be reached without the key.
    let _ = from_application::<EncApRepPart>(msg_type::ENC_AP_REP_PART, token);
    exchange.finish(token).is_ok()
}

#[cfg(test)]
mod tests {
    use smbwho_auth::spnego::Mechanism;

    use super::super::messages::{PrincipalName, name_type};
    use super::*;

    fn ticket(etype: i32) -> Ticket {
        let length = if [18, 20].contains(&etype) { 32 } else { 16 };
        Ticket {
            client: PrincipalName::new(name_type::PRINCIPAL, &["host", "fs1"]),
            client_realm: "LAB.TEST".to_owned(),
            server: vec!["cifs".to_owned(), "fs1".to_owned()],
            key: Key::new(etype, &vec![7; length]).unwrap(),
            // An empty sequence in the tag of a ticket: it is not ours to read.
            bytes: vec![0x61, 0x02, 0x30, 0x00],
            start: 0,
            end: 0,
        }
    }

    const NOW: Duration = Duration::new(1_764_500_000, 123_456_000);

    /// What a server reads in a request, and answers.
    fn answer(ticket: &Ticket, request: &[u8], change: impl FnOnce(&mut EncApRepPart)) -> Vec<u8> {
        let at = request.windows(2).position(|two| two == [1, 0]).unwrap() + 2;
        let request: ApReq = from_application(msg_type::AP_REQ, &request[at..]).unwrap();
        assert_eq!(request.ap_options.raw_bytes(), MUTUAL_REQUIRED);
        let cipher = request.authenticator.cipher.as_bytes();
        let plain = ticket
            .key
            .decrypt(usage::AP_REQ_AUTHENTICATOR, cipher)
            .unwrap();
        let read: Authenticator = from_application(msg_type::AUTHENTICATOR, &plain).unwrap();
        // A principal of two parts is one like any other.
        assert_eq!(read.cname.components(), ["host", "fs1"]);
        let cksum = read.cksum.unwrap();
        assert_eq!(cksum.cksumtype, 0x8003);
        assert_eq!(cksum.checksum.as_bytes()[20..], [0x3E, 0, 0, 0]);
        assert_eq!(read.subkey.unwrap().keytype, ticket.key.etype());

        let mut part = EncApRepPart {
            ctime: read.ctime,
            cusec: read.cusec,
            subkey: None,
            seq_number: None,
        };
        change(&mut part);
        let plain = to_application(msg_type::ENC_AP_REP_PART, part).unwrap();
        let enc_part = ticket.key.encrypt(usage::AP_REP_ENC_PART, &plain).unwrap();
        let reply = ApRep {
            pvno: 5,
            msg_type: msg_type::AP_REP,
            enc_part,
        };
        framed(&[2, 0], &to_application(msg_type::AP_REP, reply).unwrap())
    }

    fn framed(id: &[u8], message: &[u8]) -> Vec<u8> {
        // A request's frame with another id: the id stands behind 11 bytes of mechanism.
        let mut token = gss::krb_ap_req(message);
        let at = token.windows(2).position(|two| two == [1, 0]).unwrap();
        token[at..at + 2].copy_from_slice(id);
        token
    }

    #[test]
    fn both_sides_prove_themselves_and_the_server_has_the_last_word() {
        for etype in [17, 18, 19, 20, 23] {
            let ticket = ticket(etype);
            let (request, exchange) = ApExchange::start(&ticket, NOW).unwrap();
            let reply = answer(&ticket, &request, |_| {});
            let context = exchange.finish(&reply).unwrap();
            assert_eq!(&*context.session_key(), exchange.subkey.bytes());
            assert_ne!(&*context.session_key(), ticket.key.bytes());

            // All 32 bytes, also where the ticket's key is shorter.
            let theirs = EncryptionKey {
                keytype: 18,
                keyvalue: OctetString::new(vec![9; 32]).unwrap(),
            };
            let reply = answer(&ticket, &request, |part| part.subkey = Some(theirs));
            let context = exchange.finish(&reply).unwrap();
            assert_eq!(*context.session_key(), vec![9; 32]);
        }
    }

    #[test]
    fn an_answer_of_somebody_else_proves_nothing() {
        let ticket = ticket(18);
        let (request, exchange) = ApExchange::start(&ticket, NOW).unwrap();
        let fail = |token: &[u8]| exchange.finish(token).err();
        let late = answer(&ticket, &request, |part| part.cusec += 1);
        assert_eq!(fail(&late), Some(Unproved::Untrusted));
        let mut changed = answer(&ticket, &request, |_| {});
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(fail(&changed), Some(Unproved::Untrusted));
        assert_eq!(fail(&request), Some(Unproved::Malformed), "ours, sent back");
        assert_eq!(fail(b""), Some(Unproved::Malformed));
        let good = answer(&ticket, &request, |_| {});
        for length in 0..good.len() {
            assert!(fail(&good[..length]).is_some(), "{length}");
        }
    }

    #[test]
    fn the_list_of_mechanisms_is_signed_both_ways() {
        let client = spnego::Client::new(Mechanism::Kerberos);
        let context = |etype| Context {
            key: ticket(etype).key,
            of_server: true,
            seq_number: 0,
        };
        let context_18 = context(18);
        let head = mic_head(SENT_BY_ACCEPTOR | ACCEPTOR_SUBKEY, 5);
        let mut theirs = context_18
            .mic(usage::ACCEPTOR_SIGN, &client.mech_list(), head)
            .unwrap();
        assert!(context_18.proves_mech_list(&client, &theirs));
        let ours = context_18.mech_list_mic(&client).unwrap();
        assert_eq!(ours.len(), 16 + 12);
        assert!(!context_18.proves_mech_list(&client, &ours), "our own");
        *theirs.last_mut().unwrap() ^= 1;
        assert!(!context_18.proves_mech_list(&client, &theirs));
        assert!(!context_18.proves_mech_list(&client, b""));
        assert!(context(23).mech_list_mic(&client).is_none());
    }
}
