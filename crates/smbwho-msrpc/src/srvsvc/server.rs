//! [MS-SRVS 3.1.4.17] What the server is: NetrServerGetInfo.

use smbwho_rpc::ndr::{NdrError, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params, ndr_struct, ndr_union};

use super::SRVSVC;
use super::reply::{check_info, check_level};
use crate::levels::levels;
use crate::types::{WString, borrowed};

levels! {
    /// How much to tell about the server ([MS-SRVS] 2.2.3.7).
    pub enum ServerLevel {
        /// Platform and name.
        L100 = 100,
        /// Level 100, version, type and comment.
        L101 = 101,
        /// Level 101 and its settings for users.
        L102 = 102,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.40] A server, level 100 (SERVER_INFO_100).
    #[doc(alias = "SERVER_INFO_100")]
    pub struct ServerInfo100<'a> {
        /// The platform: 300 DOS, 400 OS/2, 500 NT and all since, 600 OSF, 700 VMS.
        #[doc(alias = "sv100_platform_id")]
        platform_id: u32,
        /// The server's name.
        #[doc(alias = "sv100_name")]
        [string, unique] name: wchar_t,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.41] A server, level 101 (SERVER_INFO_101).
    #[doc(alias = "SERVER_INFO_101")]
    pub struct ServerInfo101<'a> {
        /// The platform: 300 DOS, 400 OS/2, 500 NT and all since, 600 OSF, 700 VMS.
        #[doc(alias = "sv101_platform_id")]
        platform_id: u32,
        /// The server's name.
        #[doc(alias = "sv101_name")]
        [string, unique] name: wchar_t,
        /// Major version of the system. The lower four bits count.
        #[doc(alias = "sv101_version_major")]
        version_major: u32,
        /// Minor version of the system.
        #[doc(alias = "sv101_version_minor")]
        version_minor: u32,
        /// What it does: the software type bits (SV_TYPE_…, [MS-SRVS] 2.2.2.7).
        #[doc(alias = "sv101_type")]
        kind: u32,
        /// A comment.
        #[doc(alias = "sv101_comment")]
        [string, unique] comment: wchar_t,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.42] A server, level 102 (SERVER_INFO_102).
    #[doc(alias = "SERVER_INFO_102")]
    pub struct ServerInfo102<'a> {
        /// The platform: 300 DOS, 400 OS/2, 500 NT and all since, 600 OSF, 700 VMS.
        #[doc(alias = "sv102_platform_id")]
        platform_id: u32,
        /// The server's name.
        #[doc(alias = "sv102_name")]
        [string, unique] name: wchar_t,
        /// Major version of the system. The lower four bits count.
        #[doc(alias = "sv102_version_major")]
        version_major: u32,
        /// Minor version of the system.
        #[doc(alias = "sv102_version_minor")]
        version_minor: u32,
        /// What it does: the software type bits (SV_TYPE_…, [MS-SRVS] 2.2.2.7).
        #[doc(alias = "sv102_type")]
        kind: u32,
        /// A comment.
        #[doc(alias = "sv102_comment")]
        [string, unique] comment: wchar_t,
        /// Users who may sign in at once.
        #[doc(alias = "sv102_users")]
        users: u32,
        /// Minutes after which an idle session is ended; -1 for never (SV_NODISC).
        #[doc(alias = "sv102_disc")]
        disc: i32,
        /// 1 if the server does not show itself to others (SV_HIDDEN).
        #[doc(alias = "sv102_hidden")]
        hidden: u32,
        /// Seconds from one announcement to the next.
        #[doc(alias = "sv102_announce")]
        announce: u32,
        /// Milliseconds by which announcements vary.
        #[doc(alias = "sv102_anndelta")]
        anndelta: u32,
        /// Users per licence. Means nothing.
        #[doc(alias = "sv102_licenses")]
        licenses: u32,
        /// Where users have their folders.
        #[doc(alias = "sv102_userpath")]
        [string, unique] userpath: wchar_t,
    }
}

ndr_union! {
    /// [MS-SRVS 2.2.3.7] A server at one level (SERVER_INFO).
    #[doc(alias = "SERVER_INFO")]
    pub union ServerInfo<'a> {
        /// Level 100.
        [case(100), unique] Level100: ServerInfo100<'a>,
        /// Level 101.
        [case(101), unique] Level101: ServerInfo101<'a>,
        /// Level 102.
        [case(102), unique] Level102: ServerInfo102<'a>,
    }
}

impl ServerInfo<'_> {
    fn is_there(&self) -> bool {
        match self {
            Self::Level100(info) => info.is_some(),
            Self::Level101(info) => info.is_some(),
            Self::Level102(info) => info.is_some(),
        }
    }
}

/// Asks what the server is (opnum 21).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrServerGetInfo<'a> {
    /// The server's name; the server does not look at it.
    pub server_name: Option<&'a str>,
    /// How much to tell.
    pub level: ServerLevel,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrServerGetInfoRequest<'a> {
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
    pub struct NetrServerGetInfoReply<'a> {
        /// The server; null with an error status.
        #[doc(alias = "InfoStruct")]
        info: ServerInfo<'a>,
        /// A [`Win32Status`](crate::status::Win32Status).
        status: u32,
    }
}

impl Call for NetrServerGetInfo<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 21;
    const NAME: &'static str = "NetrServerGetInfo";
    type Reply<'a> = NetrServerGetInfoReply<'a>;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        NetrServerGetInfoRequest {
            server_name: borrowed(&server_name),
            level: self.level.number(),
        }
        .to_stub()
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<NetrServerGetInfoReply<'a>, NdrError> {
        let reply = NetrServerGetInfoReply::from_stub(stub)?;
        let answered = reply.info.discriminant();
        check_level(self.level.number(), answered, "NetrServerGetInfoReply.info")?;
        let is_there = reply.info.is_there();
        check_info(reply.status, is_there, "NetrServerGetInfoReply.info")?;
        Ok(reply)
    }
}
