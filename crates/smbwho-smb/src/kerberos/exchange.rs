//! [RFC 4120 3.1, 3.3] The two exchanges with a KDC: password for a
//! ticket-granting ticket, that for a server's ticket. No I/O here: requests
//! are built, answers are judged.
//!
//! Asked for: `canonicalize` ([RFC 6806 6]: the KDC may correct the name and
//! refer to other realms) and nothing else. Above all not `forwardable`: a
//! ticket-granting ticket from plain `kinit` is not, and a KDC then answers
//! KDC_ERR_BADOPTION.

use std::time::{Duration, UNIX_EPOCH};

use der::asn1::{Any, BitString, GeneralizedTime, OctetString};
use der::{Decode, Encode};

use super::crypto::{Key, usage};
use super::messages::{
    self, ApReq, Authenticator, EncKdcRepPart, EncryptedData, EtypeInfo2Entry, KdcRep, KdcReq,
    KdcReqBody, KerbErrorData, KerberosString, KrbError, PaData, PaEncTsEnc, PaPacRequest,
    PrincipalName, from_application, msg_type, pa_type, to_application,
};
use super::{Exchange, KdcRefusal, KerberosError, KrbCode};

/// [RFC 6806 6] bit 15 of KDCOptions.
const CANONICALIZE: [u8; 4] = [0x00, 0x01, 0x00, 0x00];
/// How long a ticket is asked for: Active Directory's usual limit. A KDC may grant less.
const LIFETIME: Duration = Duration::from_secs(10 * 3600);

/// A ticket with its session key: what a KDC gives and a cache keeps.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    /// Whom it is for. Name type, components.
    pub(crate) client: PrincipalName,
    pub(crate) client_realm: String,
    /// What it opens: `krbtgt/REALM`, `cifs/host`.
    pub(crate) server: Vec<String>,
    pub(crate) key: Key,
    /// The ticket as the KDC wrote it, DER.
    pub(crate) bytes: Vec<u8>,
    /// Valid from and until, seconds since 1970.
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Ticket {
    /// The realm a ticket-granting ticket is good in; `None` for other tickets.
    pub(crate) fn grants_in(&self) -> Option<&str> {
        grants_in(&self.server)
    }
}

/// The realm that a ticket for this server grants tickets in.
pub(crate) fn grants_in(server: &[String]) -> Option<&str> {
    match server {
        [krbtgt, realm] if krbtgt == "krbtgt" => Some(realm),
        _ => None,
    }
}

/// How a password becomes a key, from ETYPE-INFO2 ([RFC 4120 5.2.7.5]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRecipe {
    pub(crate) etype: i32,
    /// `None`: the default, realm and name.
    pub(crate) salt: Option<String>,
    pub(crate) s2kparams: Option<Vec<u8>>,
}

/// An answer of a KDC, not yet believed.
pub(crate) enum Answer {
    Reply(Box<KdcRep>),
    Error(Box<KrbError>),
}

/// A number the answer has to bring back. Below 2^31, as some KDCs read it as signed.
pub(crate) fn nonce() -> u32 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    u32::from_le_bytes(bytes) & 0x7FFF_FFFF
}

/// An AS-REQ; `proof` is the time, encrypted with the key from the password.
pub(crate) fn as_request(
    client: &PrincipalName,
    realm: &str,
    nonce: u32,
    now: Duration,
    proof: Option<&Key>,
    etypes: &[i32],
) -> Result<Vec<u8>, KerberosError> {
    as_request_der(client, realm, nonce, now, proof, etypes).map_err(|_| KerberosError::Unencodable)
}

fn as_request_der(
    client: &PrincipalName,
    realm: &str,
    nonce: u32,
    now: Duration,
    proof: Option<&Key>,
    etypes: &[i32],
) -> der::Result<Vec<u8>> {
    let mut padata = Vec::new();
    if let Some(key) = proof {
        let stamp = PaEncTsEnc {
            patimestamp: time(now)?,
            pausec: Some(now.subsec_micros()),
        };
        let sealed = key.encrypt(usage::PA_ENC_TIMESTAMP, &stamp.to_der()?)?;
        padata.push(pa_data(pa_type::ENC_TIMESTAMP, sealed.to_der()?)?);
    }
    padata.push(pa_data(
        pa_type::PAC_REQUEST,
        PaPacRequest { include_pac: true }.to_der()?,
    )?);
    let sname = PrincipalName::new(messages::name_type::SRV_INST, &["krbtgt", realm]);
    let req_body = KdcReqBody {
        cname: Some(client.clone()),
        ..body(realm, sname, nonce, now + LIFETIME, etypes)?
    };
    let request = KdcReq {
        pvno: 5,
        msg_type: msg_type::AS_REQ,
        padata: Some(padata),
        req_body,
    };
    to_application(msg_type::AS_REQ, request)
}

/// A TGS-REQ for `server` in the realm that `tgt` is good in.
pub(crate) fn tgs_request(
    tgt: &Ticket,
    realm: &str,
    server: &[String],
    nonce: u32,
    now: Duration,
    etypes: &[i32],
) -> Result<Vec<u8>, KerberosError> {
    tgs_request_der(tgt, realm, server, nonce, now, etypes).map_err(|_| KerberosError::Unencodable)
}

fn tgs_request_der(
    tgt: &Ticket,
    realm: &str,
    server: &[String],
    nonce: u32,
    now: Duration,
    etypes: &[i32],
) -> der::Result<Vec<u8>> {
    let sname = PrincipalName::new(messages::name_type::SRV_INST, server);
    let req_body = body(realm, sname, nonce, Duration::from_secs(tgt.end), etypes)?;
    let authenticator = Authenticator {
        authenticator_vno: 5,
        crealm: KerberosString::from(tgt.client_realm.as_str()),
        cname: tgt.client.clone(),
        cksum: Some(
            tgt.key
                .checksum(usage::TGS_REQ_CHECKSUM, &req_body.to_der()?)?,
        ),
        cusec: now.subsec_micros(),
        ctime: time(now)?,
        subkey: None,
        seq_number: None,
    };
    let authenticator = to_application(msg_type::AUTHENTICATOR, authenticator)?;
    let ap_req = ApReq {
        pvno: 5,
        msg_type: msg_type::AP_REQ,
        ap_options: BitString::from_bytes(&[0; 4])?,
        ticket: Any::from_der(&tgt.bytes)?,
        authenticator: tgt
            .key
            .encrypt(usage::TGS_REQ_AUTHENTICATOR, &authenticator)?,
    };
    let ap_req = to_application(msg_type::AP_REQ, ap_req)?;
    let padata = Some(vec![pa_data(pa_type::TGS_REQ, ap_req)?]);
    let request = KdcReq {
        pvno: 5,
        msg_type: msg_type::TGS_REQ,
        padata,
        req_body,
    };
    to_application(msg_type::TGS_REQ, request)
}

/// Reads an answer: a reply of the kind `expected`, or KRB-ERROR.
pub(crate) fn parse_answer(
    bytes: &[u8],
    expected: u32,
    realm: &str,
) -> Result<Answer, KerberosError> {
    let malformed = |what| KerberosError::MalformedReply {
        realm: realm.to_owned(),
        what,
    };
    match messages::application_number(bytes) {
        Some(msg_type::KRB_ERROR) => from_application::<KrbError>(msg_type::KRB_ERROR, bytes)
            .map(|error| Answer::Error(Box::new(error)))
            .map_err(|_| malformed("KRB-ERROR")),
        Some(number) if number == expected => from_application::<KdcRep>(expected, bytes)
            .map(|reply| Answer::Reply(Box::new(reply)))
            .map_err(|_| malformed("KDC-REP")),
        _ => Err(malformed("neither a reply nor an error")),
    }
}

/// Opens a reply and checks that it answers this question.
///
/// # Errors
/// `UntrustedReply`: made with another key, or for another request.
pub(crate) fn open_reply(
    reply: &KdcRep,
    key: &Key,
    key_usage: u32,
    nonce: u32,
    realm: &str,
) -> Result<Ticket, KerberosError> {
    let malformed = |what| KerberosError::MalformedReply {
        realm: realm.to_owned(),
        what,
    };
    let untrusted = |what| KerberosError::UntrustedReply {
        realm: realm.to_owned(),
        what,
    };
    let EncryptedData { etype, cipher, .. } = &reply.enc_part;
    if *etype != key.etype() {
        return Err(untrusted("it is encrypted in another way than agreed"));
    }
    let plain = key
        .decrypt(key_usage, cipher.as_bytes())
        .ok_or_else(|| match key_usage {
            usage::AS_REP_ENC_PART => untrusted("it was not made with this password's key"),
            _ => untrusted("it was not made with our ticket's key"),
        })?;
    let part = enc_kdc_rep_part(&plain).ok_or_else(|| malformed("EncKDCRepPart"))?;
    if part.nonce != i64::from(nonce) {
        return Err(untrusted("it answers another request"));
    }
    let ticket = reply.ticket.to_der().map_err(|_| malformed("Ticket"))?;
    if messages::application_number(&ticket) != Some(msg_type::TICKET) {
        return Err(malformed("Ticket"));
    }
    let authtime = part.authtime.to_unix_duration();
    Ok(Ticket {
        client: reply.cname.clone(),
        client_realm: reply.crealm.0.clone(),
        server: part.sname.components(),
        key: Key::from_message(part.key)?,
        bytes: ticket,
        start: part
            .starttime
            .map_or(authtime, |t| t.to_unix_duration())
            .as_secs(),
        end: part.endtime.to_unix_duration().as_secs(),
    })
}

/// [RFC 4120 5.4.2] says a client takes either tag, whatever the exchange was.
fn enc_kdc_rep_part(plain: &[u8]) -> Option<EncKdcRepPart> {
    let number = messages::application_number(plain)?;
    matches!(
        number,
        msg_type::ENC_AS_REP_PART | msg_type::ENC_TGS_REP_PART
    )
    .then(|| from_application(number, plain).ok())?
}

/// The first of `etypes` that the KDC has a key of, from the METHOD-DATA in e-data or a reply's padata.
pub(crate) fn key_recipe(padata: &[PaData], etypes: &[i32]) -> Option<KeyRecipe> {
    let info = padata
        .iter()
        .find(|pa| pa.padata_type == pa_type::ETYPE_INFO2)?;
    let entries = Vec::<EtypeInfo2Entry>::from_der(info.padata_value.as_bytes()).ok()?;
    let strongest = etypes
        .iter()
        .find_map(|etype| entries.iter().find(|e| e.etype == *etype))?;
    Some(KeyRecipe {
        etype: strongest.etype,
        salt: strongest.salt.as_ref().map(|salt| salt.0.clone()),
        s2kparams: strongest
            .s2kparams
            .as_ref()
            .map(|params| params.as_bytes().to_vec()),
    })
}

/// [RFC 4120 5.9.1] METHOD-DATA in an error's e-data.
pub(crate) fn method_data(error: &KrbError) -> Vec<PaData> {
    error
        .e_data
        .as_ref()
        .and_then(|data| Vec::<PaData>::from_der(data.as_bytes()).ok())
        .unwrap_or_default()
}

/// A KRB-ERROR in our words.
pub(crate) fn refusal(
    error: &KrbError,
    exchange: Exchange,
    about: String,
    now: Duration,
) -> KerberosError {
    let theirs = i64::try_from(error.stime.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    let ours = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let text = error
        .e_text
        .as_ref()
        .map(|text| String::from_utf8_lossy(text.value()).into_owned());
    KerberosError::Kdc(Box::new(KdcRefusal {
        code: KrbCode(error.error_code),
        exchange,
        about,
        realm: error.realm.0.clone(),
        text: text.filter(|text| !text.is_empty()),
        nt_status: nt_status(error),
        kdc_time: UNIX_EPOCH + Duration::from_secs(error.stime.to_unix_duration().as_secs()),
        clock_ahead_secs: theirs.saturating_sub(ours),
    }))
}

/// [MS-KILE 2.2.1] KERB-EXT-ERROR: status, reserved, flags, little-endian. It
/// comes as KERB-ERROR-DATA, from some KDCs as METHOD-DATA of the same type.
fn nt_status(error: &KrbError) -> Option<u32> {
    let data = error.e_data.as_ref()?.as_bytes();
    let value = match KerbErrorData::from_der(data) {
        Ok(KerbErrorData {
            data_type: pa_type::PW_SALT,
            data_value,
        }) => data_value?,
        _ => {
            method_data(error)
                .into_iter()
                .find(|pa| pa.padata_type == pa_type::PW_SALT)?
                .padata_value
        }
    };
    let status: [u8; 12] = value.as_bytes().try_into().ok()?;
    Some(u32::from_le_bytes([
        status[0], status[1], status[2], status[3],
    ]))
}

fn body(
    realm: &str,
    sname: PrincipalName,
    nonce: u32,
    till: Duration,
    etypes: &[i32],
) -> der::Result<KdcReqBody> {
    Ok(KdcReqBody {
        kdc_options: BitString::from_bytes(&CANONICALIZE)?,
        cname: None,
        realm: KerberosString::from(realm),
        sname: Some(sname),
        till: time(till)?,
        nonce,
        etype: etypes.to_vec(),
    })
}

fn pa_data(padata_type: i32, value: Vec<u8>) -> der::Result<PaData> {
    Ok(PaData {
        padata_type,
        padata_value: OctetString::new(value)?,
    })
}

/// [RFC 4120 5.2.3] KerberosTime has no fractions.
pub(super) fn time(at: Duration) -> der::Result<GeneralizedTime> {
    GeneralizedTime::from_unix_duration(Duration::from_secs(at.as_secs()))
}

#[cfg(test)]
mod tests;
