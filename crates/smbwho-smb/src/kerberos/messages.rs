//! [RFC 4120 5] Kerberos messages, as far as a client that asks for tickets needs them.
//!
//! Each type has its fields in wire order with their context tags, and is
//! encoded and decoded by crate `der`: two small crates, where picky-krb would
//! add 18 and has no RC4, and smb2's own encoder has its options built in. What
//! comes from a KDC is hostile until it has been decrypted: a decoder answers
//! with an error, never with a panic, and no count allocates before the bytes
//! are there.

use der::asn1::{Any, BitString, GeneralizedTime, Int, OctetString};
use der::{
    Class, Decode, DecodeValue, Encode, EncodeValue, FixedTag, Header, Length, Reader, Sequence,
    SliceReader, Tag, TagMode, TagNumber, Writer,
};

/// [RFC 4120 7.5.7] msg-type, which is also the APPLICATION tag.
pub(crate) mod msg_type {
    pub(crate) const TICKET: u32 = 1;
    pub(crate) const AUTHENTICATOR: u32 = 2;
    pub(crate) const AS_REQ: u32 = 10;
    pub(crate) const AS_REP: u32 = 11;
    pub(crate) const TGS_REQ: u32 = 12;
    pub(crate) const TGS_REP: u32 = 13;
    pub(crate) const AP_REQ: u32 = 14;
    pub(crate) const AP_REP: u32 = 15;
    pub(crate) const ENC_AS_REP_PART: u32 = 25;
    pub(crate) const ENC_TGS_REP_PART: u32 = 26;
    pub(crate) const ENC_AP_REP_PART: u32 = 27;
    pub(crate) const KRB_ERROR: u32 = 30;
}

/// [RFC 4120 6.2] name types.
pub(crate) mod name_type {
    pub(crate) const PRINCIPAL: i32 = 1;
    pub(crate) const SRV_INST: i32 = 2;
    /// [RFC 6806 5] `user@upn.suffix` as one component.
    pub(crate) const ENTERPRISE: i32 = 10;
}

/// [RFC 4120 7.5.2] and [MS-KILE 3.1.5.1] pre-authentication data types.
pub(crate) mod pa_type {
    pub(crate) const TGS_REQ: i32 = 1;
    pub(crate) const ENC_TIMESTAMP: i32 = 2;
    pub(crate) const PW_SALT: i32 = 3;
    pub(crate) const ETYPE_INFO2: i32 = 19;
    pub(crate) const PAC_REQUEST: i32 = 128;
}

/// [RFC 4120 5.2.1] KerberosString: a GeneralString, in practice UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KerberosString(pub(crate) String);

impl FixedTag for KerberosString {
    const TAG: Tag = Tag::GeneralString;
}

impl<'a> DecodeValue<'a> for KerberosString {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        let bytes = reader.read_vec(header.length())?;
        String::from_utf8(bytes)
            .map(Self)
            .map_err(|_| reader.error(Self::TAG.value_error()))
    }
}

impl EncodeValue for KerberosString {
    fn value_len(&self) -> der::Result<Length> {
        Length::try_from(self.0.len())
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        writer.write(self.0.as_bytes())
    }
}

impl From<&str> for KerberosString {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// [RFC 4120 5.2.2] PrincipalName
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(crate) struct PrincipalName {
    #[asn1(context_specific = "0")]
    pub(crate) name_type: i32,
    #[asn1(context_specific = "1")]
    pub(crate) name_string: Vec<KerberosString>,
}

impl PrincipalName {
    pub(crate) fn new<S: AsRef<str>>(name_type: i32, components: &[S]) -> Self {
        let name_string = components
            .iter()
            .map(|c| KerberosString::from(c.as_ref()))
            .collect();
        Self {
            name_type,
            name_string,
        }
    }

    pub(crate) fn components(&self) -> Vec<String> {
        self.name_string.iter().map(|c| c.0.clone()).collect()
    }

    /// Whether the components are these, ASCII case aside.
    pub(crate) fn is(&self, components: &[&str]) -> bool {
        self.name_string.len() == components.len()
            && self
                .name_string
                .iter()
                .zip(components)
                .all(|(a, b)| a.0.eq_ignore_ascii_case(b))
    }
}

/// [RFC 4120 5.2.7] PA-DATA
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(crate) struct PaData {
    #[asn1(context_specific = "1")]
    pub(crate) padata_type: i32,
    #[asn1(context_specific = "2")]
    pub(crate) padata_value: OctetString,
}

/// [RFC 4120 5.2.7.2] PA-ENC-TS-ENC
#[derive(Clone, Debug, Sequence)]
pub(crate) struct PaEncTsEnc {
    #[asn1(context_specific = "0")]
    pub(crate) patimestamp: GeneralizedTime,
    #[asn1(context_specific = "1", optional = "true")]
    pub(crate) pausec: Option<u32>,
}

/// [RFC 4120 5.2.7.5] ETYPE-INFO2-ENTRY
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(crate) struct EtypeInfo2Entry {
    #[asn1(context_specific = "0")]
    pub(crate) etype: i32,
    #[asn1(context_specific = "1", optional = "true")]
    pub(crate) salt: Option<KerberosString>,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) s2kparams: Option<OctetString>,
}

/// [MS-KILE 2.2.3] KERB-PA-PAC-REQUEST
#[derive(Clone, Debug, Sequence)]
pub(crate) struct PaPacRequest {
    #[asn1(context_specific = "0")]
    pub(crate) include_pac: bool,
}

/// [RFC 4120 5.2.9] EncryptedData
#[derive(Clone, Debug, Sequence)]
pub(crate) struct EncryptedData {
    #[asn1(context_specific = "0")]
    pub(crate) etype: i32,
    /// Any integer: a read-only controller's kvno passes 2^31, and some write it as negative.
    #[asn1(context_specific = "1", optional = "true")]
    pub(crate) kvno: Option<Int>,
    #[asn1(context_specific = "2")]
    pub(crate) cipher: OctetString,
}

/// [RFC 4120 5.2.9] EncryptionKey
#[derive(Clone, Sequence)]
pub(crate) struct EncryptionKey {
    #[asn1(context_specific = "0")]
    pub(crate) keytype: i32,
    #[asn1(context_specific = "1")]
    pub(crate) keyvalue: OctetString,
}

/// [RFC 4120 5.2.9] Checksum
#[derive(Clone, Debug, Sequence)]
pub(crate) struct Checksum {
    #[asn1(context_specific = "0")]
    pub(crate) cksumtype: i32,
    #[asn1(context_specific = "1")]
    pub(crate) checksum: OctetString,
}

/// [RFC 4120 5.4.1] KDC-REQ-BODY, without the fields this client never sends.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct KdcReqBody {
    #[asn1(context_specific = "0")]
    pub(crate) kdc_options: BitString,
    /// Only in AS-REQ.
    #[asn1(context_specific = "1", optional = "true")]
    pub(crate) cname: Option<PrincipalName>,
    #[asn1(context_specific = "2")]
    pub(crate) realm: KerberosString,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) sname: Option<PrincipalName>,
    #[asn1(context_specific = "5")]
    pub(crate) till: GeneralizedTime,
    #[asn1(context_specific = "7")]
    pub(crate) nonce: u32,
    #[asn1(context_specific = "8")]
    pub(crate) etype: Vec<i32>,
}

/// [RFC 4120 5.4.1] KDC-REQ
#[derive(Clone, Debug, Sequence)]
pub(crate) struct KdcReq {
    #[asn1(context_specific = "1")]
    pub(crate) pvno: u8,
    #[asn1(context_specific = "2")]
    pub(crate) msg_type: u32,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) padata: Option<Vec<PaData>>,
    #[asn1(context_specific = "4")]
    pub(crate) req_body: KdcReqBody,
}

/// [RFC 4120 5.4.2] KDC-REP
#[derive(Clone, Debug, Sequence)]
pub(crate) struct KdcRep {
    #[asn1(context_specific = "0")]
    pub(crate) pvno: i32,
    #[asn1(context_specific = "1")]
    pub(crate) msg_type: u32,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) padata: Option<Vec<PaData>>,
    #[asn1(context_specific = "3")]
    pub(crate) crealm: KerberosString,
    #[asn1(context_specific = "4")]
    pub(crate) cname: PrincipalName,
    /// Kept as it came: it is the server's to read, not ours.
    #[asn1(context_specific = "5")]
    pub(crate) ticket: Any,
    #[asn1(context_specific = "6")]
    pub(crate) enc_part: EncryptedData,
}

/// [RFC 4120 5.4.2] EncKDCRepPart
#[derive(Clone, Sequence)]
pub(crate) struct EncKdcRepPart {
    #[asn1(context_specific = "0")]
    pub(crate) key: EncryptionKey,
    #[asn1(context_specific = "1")]
    pub(crate) last_req: Any,
    #[asn1(context_specific = "2")]
    pub(crate) nonce: i64,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) key_expiration: Option<Any>,
    #[asn1(context_specific = "4")]
    pub(crate) flags: BitString,
    #[asn1(context_specific = "5")]
    pub(crate) authtime: GeneralizedTime,
    #[asn1(context_specific = "6", optional = "true")]
    pub(crate) starttime: Option<GeneralizedTime>,
    #[asn1(context_specific = "7")]
    pub(crate) endtime: GeneralizedTime,
    #[asn1(context_specific = "8", optional = "true")]
    pub(crate) renew_till: Option<Any>,
    #[asn1(context_specific = "9")]
    pub(crate) srealm: KerberosString,
    #[asn1(context_specific = "10")]
    pub(crate) sname: PrincipalName,
    #[asn1(context_specific = "11", optional = "true")]
    pub(crate) caddr: Option<Any>,
    /// [RFC 6806 11]; Active Directory puts PA-SUPPORTED-ENCTYPES here ([MS-KILE 2.2.8]).
    #[asn1(context_specific = "12", optional = "true")]
    pub(crate) encrypted_pa_data: Option<Any>,
}

/// [RFC 4120 5.5.1] AP-REQ
#[derive(Clone, Debug, Sequence)]
pub(crate) struct ApReq {
    #[asn1(context_specific = "0")]
    pub(crate) pvno: u8,
    #[asn1(context_specific = "1")]
    pub(crate) msg_type: u32,
    #[asn1(context_specific = "2")]
    pub(crate) ap_options: BitString,
    #[asn1(context_specific = "3")]
    pub(crate) ticket: Any,
    #[asn1(context_specific = "4")]
    pub(crate) authenticator: EncryptedData,
}

/// [RFC 4120 5.5.1] Authenticator, without the authorization data a client never sends.
#[derive(Clone, Sequence)]
pub(crate) struct Authenticator {
    #[asn1(context_specific = "0")]
    pub(crate) authenticator_vno: u8,
    #[asn1(context_specific = "1")]
    pub(crate) crealm: KerberosString,
    #[asn1(context_specific = "2")]
    pub(crate) cname: PrincipalName,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) cksum: Option<Checksum>,
    #[asn1(context_specific = "4")]
    pub(crate) cusec: u32,
    #[asn1(context_specific = "5")]
    pub(crate) ctime: GeneralizedTime,
    #[asn1(context_specific = "6", optional = "true")]
    pub(crate) subkey: Option<EncryptionKey>,
    #[asn1(context_specific = "7", optional = "true")]
    pub(crate) seq_number: Option<u32>,
}

/// [RFC 4120 5.5.2] AP-REP
#[derive(Clone, Debug, Sequence)]
pub(crate) struct ApRep {
    #[asn1(context_specific = "0")]
    pub(crate) pvno: i32,
    #[asn1(context_specific = "1")]
    pub(crate) msg_type: u32,
    #[asn1(context_specific = "2")]
    pub(crate) enc_part: EncryptedData,
}

/// [RFC 4120 5.5.2] EncAPRepPart
#[derive(Clone, Sequence)]
pub(crate) struct EncApRepPart {
    #[asn1(context_specific = "0")]
    pub(crate) ctime: GeneralizedTime,
    #[asn1(context_specific = "1")]
    pub(crate) cusec: u32,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) subkey: Option<EncryptionKey>,
    /// Any integer: some write it as negative.
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) seq_number: Option<Int>,
}

/// [MS-KILE 2.2.2] KERB-ERROR-DATA, which Active Directory puts in e-data.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct KerbErrorData {
    #[asn1(context_specific = "1")]
    pub(crate) data_type: i32,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) data_value: Option<OctetString>,
}

/// [RFC 4120 5.9.1] KRB-ERROR
#[derive(Clone, Debug, Sequence)]
pub(crate) struct KrbError {
    #[asn1(context_specific = "0")]
    pub(crate) pvno: i32,
    #[asn1(context_specific = "1")]
    pub(crate) msg_type: u32,
    #[asn1(context_specific = "2", optional = "true")]
    pub(crate) ctime: Option<Any>,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) cusec: Option<Any>,
    #[asn1(context_specific = "4")]
    pub(crate) stime: GeneralizedTime,
    #[asn1(context_specific = "5")]
    pub(crate) susec: Any,
    #[asn1(context_specific = "6")]
    pub(crate) error_code: i32,
    #[asn1(context_specific = "7", optional = "true")]
    pub(crate) crealm: Option<KerberosString>,
    #[asn1(context_specific = "8", optional = "true")]
    pub(crate) cname: Option<Any>,
    #[asn1(context_specific = "9")]
    pub(crate) realm: KerberosString,
    #[asn1(context_specific = "10")]
    pub(crate) sname: Any,
    /// Any kind of string: KDCs differ, and it is only ever shown.
    #[asn1(context_specific = "11", optional = "true")]
    pub(crate) e_text: Option<Any>,
    #[asn1(context_specific = "12", optional = "true")]
    pub(crate) e_data: Option<OctetString>,
}

/// `[APPLICATION number] value`, as every Kerberos message begins.
pub(crate) fn to_application<T>(number: u32, value: T) -> der::Result<Vec<u8>>
where
    T: Encode + FixedTag + EncodeValue,
{
    der::asn1::Application {
        tag_number: TagNumber(number),
        tag_mode: TagMode::Explicit,
        value,
    }
    .to_der()
}

/// The value inside `[APPLICATION number]`; anything else, and anything after it, is an error.
pub(crate) fn from_application<'a, T>(number: u32, bytes: &'a [u8]) -> der::Result<T>
where
    T: Decode<'a, Error = der::Error>,
{
    let mut reader = SliceReader::new(bytes)?;
    let tag = Tag::Application {
        constructed: true,
        number: TagNumber(number),
    };
    let header = Header::decode(&mut reader)?;
    header.tag().assert_eq(tag)?;
    let value = reader.read_nested(header.length(), |inner| T::decode(inner))?;
    reader.finish()?;
    Ok(value)
}

/// The APPLICATION number a message begins with, if it does.
pub(crate) fn application_number(bytes: &[u8]) -> Option<u32> {
    let tag = Tag::peek(&SliceReader::new(bytes).ok()?).ok()?;
    (tag.class() == Class::Application).then(|| tag.number().value())
}
