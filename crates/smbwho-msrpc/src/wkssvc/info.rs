//! [MS-WKST 3.2.4.1] What a computer is: NetrWkstaGetInfo.

use smbwho_rpc::ndr::{NdrError, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params, ndr_struct, ndr_union};

use super::WKSSVC;
use crate::levels::levels;
use crate::srvsvc::reply::{check_info, check_level};
use crate::types::{WString, borrowed};

levels! {
    /// How much to tell about the computer ([MS-WKST] 2.2.4.1).
    pub enum WkstaLevel {
        /// Platform, names and version.
        L100 = 100,
        /// Level 100 and a path. For authenticated users.
        L101 = 101,
        /// Level 101 and the number of users. For administrators.
        L102 = 102,
    }
}

ndr_struct! {
    /// [MS-WKST 2.2.5.1] A computer, level 100 (WKSTA_INFO_100).
    #[doc(alias = "WKSTA_INFO_100")]
    pub struct WkstaInfo100<'a> {
        /// The platform: 500 for NT and all since.
        #[doc(alias = "wki100_platform_id")]
        platform_id: u32,
        /// The computer's NetBIOS name.
        #[doc(alias = "wki100_computername")]
        [string, unique] computername: wchar_t,
        /// Its domain or workgroup.
        #[doc(alias = "wki100_langroup")]
        [string, unique] langroup: wchar_t,
        /// Major version of the system.
        #[doc(alias = "wki100_ver_major")]
        ver_major: u32,
        /// Minor version of the system.
        #[doc(alias = "wki100_ver_minor")]
        ver_minor: u32,
    }
}

ndr_struct! {
    /// [MS-WKST 2.2.5.2] A computer, level 101 (WKSTA_INFO_101).
    #[doc(alias = "WKSTA_INFO_101")]
    pub struct WkstaInfo101<'a> {
        /// The platform: 500 for NT and all since.
        #[doc(alias = "wki101_platform_id")]
        platform_id: u32,
        /// The computer's NetBIOS name.
        #[doc(alias = "wki101_computername")]
        [string, unique] computername: wchar_t,
        /// Its domain or workgroup.
        #[doc(alias = "wki101_langroup")]
        [string, unique] langroup: wchar_t,
        /// Major version of the system.
        #[doc(alias = "wki101_ver_major")]
        ver_major: u32,
        /// Minor version of the system.
        #[doc(alias = "wki101_ver_minor")]
        ver_minor: u32,
        /// A path that is not used any more.
        #[doc(alias = "wki101_lanroot")]
        [string, unique] lanroot: wchar_t,
    }
}

ndr_struct! {
    /// [MS-WKST 2.2.5.3] A computer, level 102 (WKSTA_INFO_102).
    #[doc(alias = "WKSTA_INFO_102")]
    pub struct WkstaInfo102<'a> {
        /// The platform: 500 for NT and all since.
        #[doc(alias = "wki102_platform_id")]
        platform_id: u32,
        /// The computer's NetBIOS name.
        #[doc(alias = "wki102_computername")]
        [string, unique] computername: wchar_t,
        /// Its domain or workgroup.
        #[doc(alias = "wki102_langroup")]
        [string, unique] langroup: wchar_t,
        /// Major version of the system.
        #[doc(alias = "wki102_ver_major")]
        ver_major: u32,
        /// Minor version of the system.
        #[doc(alias = "wki102_ver_minor")]
        ver_minor: u32,
        /// A path that is not used any more.
        #[doc(alias = "wki102_lanroot")]
        [string, unique] lanroot: wchar_t,
        /// Users logged on.
        #[doc(alias = "wki102_logged_on_users")]
        logged_on_users: u32,
    }
}

ndr_union! {
    /// [MS-WKST 2.2.4.1] A computer at one level (WKSTA_INFO).
    #[doc(alias = "WKSTA_INFO")]
    pub union WkstaInfo<'a> {
        /// Level 100.
        [case(100), unique] Level100: WkstaInfo100<'a>,
        /// Level 101.
        [case(101), unique] Level101: WkstaInfo101<'a>,
        /// Level 102.
        [case(102), unique] Level102: WkstaInfo102<'a>,
    }
}

impl WkstaInfo<'_> {
    fn is_there(&self) -> bool {
        match self {
            Self::Level100(info) => info.is_some(),
            Self::Level101(info) => info.is_some(),
            Self::Level102(info) => info.is_some(),
        }
    }
}

/// Asks what the computer is (opnum 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrWkstaGetInfo<'a> {
    /// The server's name; the server does not look at it.
    pub server_name: Option<&'a str>,
    /// How much to tell.
    pub level: WkstaLevel,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrWkstaGetInfoRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// How much to tell.
        #[doc(alias = "Level")]
        level: u32,
    }
}

ndr_params! {
    /// The reply.
    pub struct NetrWkstaGetInfoReply<'a> {
        /// The computer; null with an error status.
        #[doc(alias = "WkstaInfo")]
        info: WkstaInfo<'a>,
        /// A [`Win32Status`](crate::status::Win32Status).
        status: u32,
    }
}

impl Call for NetrWkstaGetInfo<'_> {
    const INTERFACE: &'static Interface = &WKSSVC;
    const OPNUM: u16 = 0;
    const NAME: &'static str = "NetrWkstaGetInfo";
    type Reply<'a> = NetrWkstaGetInfoReply<'a>;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        NetrWkstaGetInfoRequest {
            server_name: borrowed(&server_name),
            level: self.level.number(),
        }
        .to_stub()
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<NetrWkstaGetInfoReply<'a>, NdrError> {
        let reply = NetrWkstaGetInfoReply::from_stub(stub)?;
        let answered = reply.info.discriminant();
        check_level(self.level.number(), answered, "NetrWkstaGetInfoReply.info")?;
        let is_there = reply.info.is_there();
        check_info(reply.status, is_there, "NetrWkstaGetInfoReply.info")?;
        Ok(reply)
    }
}
