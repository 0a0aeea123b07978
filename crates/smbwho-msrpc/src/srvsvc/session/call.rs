//! [MS-SRVS 3.1.4.5] NetrSessionEnum (opnum 12).

use smbwho_rpc::ndr::{Array, NdrError, Remaining, WStr, utf16le, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params};

use super::{SessionEnumUnion, SessionInfo, SessionLevel};
use crate::srvsvc::container::{decode_rows, entries};
use crate::srvsvc::reply::{check_entries, check_level};
use crate::srvsvc::{Container, Enumerated, SRVSVC};

/// What holds the sessions of a reply.
const SESSIONS: &str = "NetrSessionEnumReply.sessions";

/// Asks for the sessions of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrSessionEnum<'a> {
    /// The server's name; the server does not look at it. Null is fine.
    pub server_name: Option<&'a str>,
    /// Only sessions of this client. Must begin with `\\`; null for any. Samba ignores it.
    pub client_name: Option<&'a str>,
    /// Only sessions of this user; null for any. Samba ignores it.
    pub user_name: Option<&'a str>,
    /// How much to tell about each.
    pub level: SessionLevel,
    /// Bytes the answer should not exceed, or
    /// [`MAX_PREFERRED_LENGTH`](crate::srvsvc::MAX_PREFERRED_LENGTH).
    #[doc(alias = "PreferedMaximumLength")]
    pub preferred_maximum_length: u32,
    /// Where to go on; 0 on the first call. Null asks for no paging at all.
    pub resume_handle: Option<u32>,
}

ndr_params! {
    /// The request on the wire: the parameters that go in.
    pub struct NetrSessionEnumRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// Only sessions of this client.
        #[doc(alias = "ClientName")]
        [string, unique] client_name: wchar_t,
        /// Only sessions of this user.
        #[doc(alias = "UserName")]
        [string, unique] user_name: wchar_t,
        /// The level (SESSION_ENUM_STRUCT, [MS-SRVS] 2.2.4.21, of which this is the first half).
        #[doc(alias = "Level")]
        level: u32,
        /// An empty container of that level. Samba refuses a null one.
        #[doc(alias = "SessionInfo")]
        [switch_is(level)] sessions: SessionEnumUnion<'a>,
        /// Bytes the answer should not exceed.
        #[doc(alias = "PreferedMaximumLength")]
        preferred_maximum_length: u32,
        /// Where to go on.
        #[doc(alias = "ResumeHandle")]
        [unique] resume_handle: u32,
    }
}

ndr_params! {
    /// The reply: the parameters that come out, and the status.
    ///
    /// With [`ERROR_MORE_DATA`](Win32Status::ERROR_MORE_DATA) the sessions are good and there are
    /// more of them. With any other status but success there are none, as a rule.
    pub struct NetrSessionEnumReply<'a> {
        /// The level (SESSION_ENUM_STRUCT, [MS-SRVS] 2.2.4.21, of which this is the first half).
        #[doc(alias = "Level")]
        level: u32,
        /// The sessions.
        #[doc(alias = "SessionInfo")]
        [switch_is(level)] sessions: SessionEnumUnion<'a>,
        /// Sessions there are in all, from where this call began.
        #[doc(alias = "TotalEntries")]
        total_entries: u32,
        /// Where to go on. Samba gives one even when it has told everything.
        #[doc(alias = "ResumeHandle")]
        [unique] resume_handle: u32,
        /// A Win32 or network-management code: see [`Win32Status`].
        status: u32,
    }
}

impl NetrSessionEnum<'_> {
    /// Decodes a reply as [`Call::decode`] does, and makes a row of each session in the same
    /// pass: in half the time where there are many. `T` says which level was asked for.
    ///
    /// # Errors
    /// As [`Call::decode`].
    #[inline(always)]
    pub fn decode_rows<'a, T: SessionInfo<'a>, R>(
        stub: &'a [u8],
        make: impl FnMut(T) -> R,
    ) -> Result<Enumerated<R>, NdrError> {
        decode_rows(stub, T::LEVEL.number(), make).map_err(|e| e.in_field(SESSIONS))
    }

    /// The sessions of a reply that [`decode_rows`](Self::decode_rows) has found good, to be made
    /// into rows part by part. `None` if there is not even a list of none.
    ///
    /// # Errors
    /// What is malformed before the first of them.
    pub fn sessions<'a, T: SessionInfo<'a>>(stub: &'a [u8]) -> Result<Option<Remaining>, NdrError> {
        entries::<T>(stub).map_err(|e| e.in_field(SESSIONS))
    }

    /// Makes a row of each of the next `most` sessions of such a reply.
    ///
    /// # Errors
    /// As [`Call::decode`].
    #[inline(always)]
    pub fn decode_next<'a, T: SessionInfo<'a>, R>(
        stub: &'a [u8],
        remaining: &mut Remaining,
        most: usize,
        make: impl FnMut(T) -> R,
    ) -> Result<Vec<R>, NdrError> {
        Array::decode_next(stub, remaining, most, make).map_err(|e| e.in_field(SESSIONS))
    }
}

impl Call for NetrSessionEnum<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 12;
    const NAME: &'static str = "NetrSessionEnum";
    type Reply<'a> = NetrSessionEnumReply<'a>;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = encode_text(self.server_name, "ServerName")?;
        let client_name = encode_text(self.client_name, "ClientName")?;
        let user_name = encode_text(self.user_name, "UserName")?;
        let request = NetrSessionEnumRequest {
            server_name: text(server_name.as_deref()),
            client_name: text(client_name.as_deref()),
            user_name: text(user_name.as_deref()),
            level: self.level.number(),
            sessions: match self.level {
                SessionLevel::L0 => SessionEnumUnion::Level0(Some(Container::empty())),
                SessionLevel::L1 => SessionEnumUnion::Level1(Some(Container::empty())),
                SessionLevel::L2 => SessionEnumUnion::Level2(Some(Container::empty())),
                SessionLevel::L10 => SessionEnumUnion::Level10(Some(Container::empty())),
                SessionLevel::L502 => SessionEnumUnion::Level502(Some(Container::empty())),
            },
            preferred_maximum_length: self.preferred_maximum_length,
            resume_handle: self.resume_handle,
        };
        request.to_stub()
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<NetrSessionEnumReply<'a>, NdrError> {
        let reply = NetrSessionEnumReply::from_stub(stub)?;
        check_level(
            self.level.number(),
            reply.level,
            "NetrSessionEnumReply.level",
        )?;
        let missing = reply.sessions.missing();
        check_entries(reply.status, missing, SESSIONS)?;
        Ok(reply)
    }
}

fn encode_text(text: Option<&str>, field: &'static str) -> Result<Option<Vec<u8>>, NdrError> {
    text.map(utf16le).transpose().map_err(|e| e.in_field(field))
}

/// Bytes from [`utf16le`] are never odd in number.
fn text(bytes: Option<&[u8]>) -> Option<WStr<'_>> {
    bytes.and_then(WStr::from_utf16le)
}
