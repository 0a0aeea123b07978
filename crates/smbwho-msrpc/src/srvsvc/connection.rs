//! [MS-SRVS 3.1.4.1] Connections to shares: NetrConnectionEnum.

use smbwho_rpc::ndr::{NdrError, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params, ndr_struct, ndr_union};

use super::container::container_union;
use super::reply::{check_entries, check_level};
use super::{Container, SRVSVC};
use crate::levels::levels;
use crate::types::{Text, WString, borrowed};

levels! {
    /// How much to tell about a connection ([MS-SRVS] 2.2.4.5).
    pub enum ConnectionLevel {
        /// The id only.
        L0 = 0,
        /// Id, kind, opens, users, age, user and share or client.
        L1 = 1,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.1] A connection, level 0 (CONNECTION_INFO_0).
    #[doc(alias = "CONNECTION_INFO_0")]
    pub struct ConnectionInfo0 {
        /// The server's number for it.
        #[doc(alias = "coni0_id")]
        id: u32,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.2] A connection, level 1 (CONNECTION_INFO_1).
    ///
    /// Samba fills this with the same made-up values whatever is asked.
    #[doc(alias = "CONNECTION_INFO_1")]
    pub struct ConnectionInfo1<'a> {
        /// The server's number for it.
        #[doc(alias = "coni1_id")]
        id: u32,
        /// What is connected to: [`STYPE_DISKTREE`](super::share::STYPE_DISKTREE) and the like.
        #[doc(alias = "coni1_type")]
        kind: u32,
        /// Files open through it.
        #[doc(alias = "coni1_num_opens")]
        num_opens: u32,
        /// Users on it.
        #[doc(alias = "coni1_num_users")]
        num_users: u32,
        /// Seconds since it was made.
        #[doc(alias = "coni1_time")]
        time: u32,
        /// The user who made it.
        #[doc(alias = "coni1_username")]
        [string, unique] username: wchar_t,
        /// The share, if a client was asked about; the client, if a share was.
        #[doc(alias = "coni1_netname")]
        [string, unique] netname: wchar_t,
    }
}

ndr_union! {
    /// [MS-SRVS 2.2.3.1] Connections of one level (CONNECT_ENUM_UNION).
    #[doc(alias = "CONNECT_ENUM_UNION")]
    pub union ConnectEnumUnion<'a> {
        /// Level 0.
        [case(0), unique] Level0: Container<'a, ConnectionInfo0>,
        /// Level 1.
        [case(1), unique] Level1: Container<'a, ConnectionInfo1<'a>>,
    }
}

container_union!(ConnectEnumUnion, ConnectionLevel: Level0 = L0, Level1 = L1);

/// Asks who is connected to a share, or what a client is connected to (opnum 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrConnectionEnum<'a> {
    /// The server's name; the server does not look at it.
    pub server_name: Option<&'a str>,
    /// A share's name, or a client's if it begins with `\\`.
    pub qualifier: Text<'a>,
    /// How much to tell about each.
    pub level: ConnectionLevel,
    /// Bytes the answer should not exceed, or
    /// [`MAX_PREFERRED_LENGTH`](crate::srvsvc::MAX_PREFERRED_LENGTH).
    #[doc(alias = "PreferedMaximumLength")]
    pub preferred_maximum_length: u32,
    /// Where to go on; 0 on the first call. Null asks for no paging at all.
    pub resume_handle: Option<u32>,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrConnectionEnumRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// The share or the client.
        #[doc(alias = "Qualifier")]
        [string, unique] qualifier: wchar_t,
        /// The level (CONNECT_ENUM_STRUCT, [MS-SRVS] 2.2.4.5, of which this is the first half).
        #[doc(alias = "Level")]
        level: u32,
        /// An empty container of that level.
        #[doc(alias = "ConnectInfo")]
        [switch_is(level)] connections: ConnectEnumUnion<'a>,
        /// Bytes the answer should not exceed.
        #[doc(alias = "PreferedMaximumLength")]
        preferred_maximum_length: u32,
        /// Where to go on.
        #[doc(alias = "ResumeHandle")]
        [unique] resume_handle: u32,
    }
}

ndr_params! {
    /// The reply: with [`ERROR_MORE_DATA`](crate::status::Win32Status::ERROR_MORE_DATA) the
    /// connections are good and there are more of them.
    pub struct NetrConnectionEnumReply<'a> {
        /// The level (CONNECT_ENUM_STRUCT, [MS-SRVS] 2.2.4.5, of which this is the first half).
        #[doc(alias = "Level")]
        level: u32,
        /// The connections.
        #[doc(alias = "ConnectInfo")]
        [switch_is(level)] connections: ConnectEnumUnion<'a>,
        /// Connections there are in all, from where this call began.
        #[doc(alias = "TotalEntries")]
        total_entries: u32,
        /// Where to go on.
        #[doc(alias = "ResumeHandle")]
        [unique] resume_handle: u32,
        /// A [`Win32Status`](crate::status::Win32Status).
        status: u32,
    }
}

impl Call for NetrConnectionEnum<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 8;
    const NAME: &'static str = "NetrConnectionEnum";
    type Reply<'a> = NetrConnectionEnumReply<'a>;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        let qualifier = WString::sent(self.qualifier, "Qualifier")?;
        NetrConnectionEnumRequest {
            server_name: borrowed(&server_name),
            qualifier: Some(qualifier.as_wstr()),
            level: self.level.number(),
            connections: ConnectEnumUnion::empty(self.level),
            preferred_maximum_length: self.preferred_maximum_length,
            resume_handle: self.resume_handle,
        }
        .to_stub()
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<NetrConnectionEnumReply<'a>, NdrError> {
        let reply = NetrConnectionEnumReply::from_stub(stub)?;
        let asked = self.level.number();
        check_level(asked, reply.level, "NetrConnectionEnumReply.level")?;
        let missing = reply.connections.missing();
        check_entries(reply.status, missing, "NetrConnectionEnumReply.connections")?;
        Ok(reply)
    }
}
