//! [MS-WKST 3.2.4.3] Logged-on users: NetrWkstaUserEnum.
//!
//! These are not sessions: who is logged on to the computer itself, at its console, as a service
//! or in a batch job.

use smbwho_rpc::ndr::{NdrError, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params, ndr_struct, ndr_union};

use super::WKSSVC;
use crate::levels::levels;
use crate::srvsvc::Container;
use crate::srvsvc::container::container_union;
use crate::srvsvc::reply::{check_entries, check_level};
use crate::types::{WString, borrowed};

levels! {
    /// How much to tell about a logged-on user ([MS-WKST] 2.2.5.14).
    pub enum WkstaUserLevel {
        /// The user's name only.
        L0 = 0,
        /// The user, the domain, and the server that checked the password.
        L1 = 1,
    }
}

ndr_struct! {
    /// [MS-WKST 2.2.5.9] A logged-on user, level 0 (WKSTA_USER_INFO_0).
    #[doc(alias = "WKSTA_USER_INFO_0")]
    pub struct WkstaUserInfo0<'a> {
        /// The user.
        #[doc(alias = "wkui0_username")]
        [string, unique] username: wchar_t,
    }
}

ndr_struct! {
    /// [MS-WKST 2.2.5.10] A logged-on user, level 1 (WKSTA_USER_INFO_1).
    #[doc(alias = "WKSTA_USER_INFO_1")]
    pub struct WkstaUserInfo1<'a> {
        /// The user.
        #[doc(alias = "wkui1_username")]
        [string, unique] username: wchar_t,
        /// The domain the user is of.
        #[doc(alias = "wkui1_logon_domain")]
        [string, unique] logon_domain: wchar_t,
        /// Other domains the computer looks at. Not used any more.
        #[doc(alias = "wkui1_oth_domains")]
        [string, unique] oth_domains: wchar_t,
        /// The server that checked the password.
        #[doc(alias = "wkui1_logon_server")]
        [string, unique] logon_server: wchar_t,
    }
}

ndr_union! {
    /// [MS-WKST 2.2.5.14] Logged-on users of one level (the union in WKSTA_USER_ENUM_STRUCT).
    #[doc(alias = "WKSTA_USER_ENUM_UNION")]
    pub union WkstaUserEnumUnion<'a> {
        /// Level 0 (WKSTA_USER_INFO_0_CONTAINER).
        [case(0), unique] Level0: Container<'a, WkstaUserInfo0<'a>>,
        /// Level 1 (WKSTA_USER_INFO_1_CONTAINER).
        [case(1), unique] Level1: Container<'a, WkstaUserInfo1<'a>>,
    }
}

container_union!(WkstaUserEnumUnion, WkstaUserLevel: Level0 = L0, Level1 = L1);

/// Asks who is logged on to the computer (opnum 2). For administrators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrWkstaUserEnum<'a> {
    /// The server's name; the server does not look at it.
    pub server_name: Option<&'a str>,
    /// How much to tell about each.
    pub level: WkstaUserLevel,
    /// Bytes the answer should not exceed, or
    /// [`MAX_PREFERRED_LENGTH`](crate::srvsvc::MAX_PREFERRED_LENGTH).
    #[doc(alias = "PreferredMaximumLength")]
    pub preferred_maximum_length: u32,
    /// Where to go on; 0 on the first call. Null asks for no paging at all.
    pub resume_handle: Option<u32>,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrWkstaUserEnumRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// The level (WKSTA_USER_ENUM_STRUCT, of which this is the first half).
        #[doc(alias = "Level")]
        level: u32,
        /// An empty container of that level.
        #[doc(alias = "UserInfo")]
        [switch_is(level)] users: WkstaUserEnumUnion<'a>,
        /// Bytes the answer should not exceed.
        #[doc(alias = "PreferredMaximumLength")]
        preferred_maximum_length: u32,
        /// Where to go on.
        #[doc(alias = "ResumeHandle")]
        [unique] resume_handle: u32,
    }
}

ndr_params! {
    /// The reply: with [`ERROR_MORE_DATA`](crate::status::Win32Status::ERROR_MORE_DATA) the users
    /// are good and there are more of them.
    pub struct NetrWkstaUserEnumReply<'a> {
        /// The level (WKSTA_USER_ENUM_STRUCT, of which this is the first half).
        #[doc(alias = "Level")]
        level: u32,
        /// The users.
        #[doc(alias = "UserInfo")]
        [switch_is(level)] users: WkstaUserEnumUnion<'a>,
        /// Users there are in all, from where this call began.
        #[doc(alias = "TotalEntries")]
        total_entries: u32,
        /// Where to go on.
        #[doc(alias = "ResumeHandle")]
        [unique] resume_handle: u32,
        /// A [`Win32Status`](crate::status::Win32Status).
        status: u32,
    }
}

impl Call for NetrWkstaUserEnum<'_> {
    const INTERFACE: &'static Interface = &WKSSVC;
    const OPNUM: u16 = 2;
    const NAME: &'static str = "NetrWkstaUserEnum";
    type Reply<'a> = NetrWkstaUserEnumReply<'a>;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        NetrWkstaUserEnumRequest {
            server_name: borrowed(&server_name),
            level: self.level.number(),
            users: WkstaUserEnumUnion::empty(self.level),
            preferred_maximum_length: self.preferred_maximum_length,
            resume_handle: self.resume_handle,
        }
        .to_stub()
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<NetrWkstaUserEnumReply<'a>, NdrError> {
        let reply = NetrWkstaUserEnumReply::from_stub(stub)?;
        let asked = self.level.number();
        check_level(asked, reply.level, "NetrWkstaUserEnumReply.level")?;
        let missing = reply.users.missing();
        check_entries(reply.status, missing, "NetrWkstaUserEnumReply.users")?;
        Ok(reply)
    }
}
