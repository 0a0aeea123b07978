//! [MS-SRVS 3.1.4.8] NetrShareEnum (opnum 15).

use smbwho_rpc::ndr::{NdrError, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params};

use super::{ShareEnumUnion, ShareLevel};
use crate::srvsvc::SRVSVC;
use crate::srvsvc::reply::{WithoutArm, check_entries, check_level};
use crate::types::{WString, borrowed};

/// Asks for the shares of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrShareEnum<'a> {
    /// The server's name. On a cluster it says whose shares: those of this scope.
    pub server_name: Option<&'a str>,
    /// How much to tell about each.
    pub level: ShareLevel,
    /// Bytes the answer should not exceed, or
    /// [`MAX_PREFERRED_LENGTH`](crate::srvsvc::MAX_PREFERRED_LENGTH).
    #[doc(alias = "PreferedMaximumLength")]
    pub preferred_maximum_length: u32,
    /// Where to go on; 0 on the first call. Null asks for no paging at all.
    pub resume_handle: Option<u32>,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrShareEnumRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// The level (SHARE_ENUM_STRUCT, [MS-SRVS] 2.2.4.38, of which this is the first half).
        #[doc(alias = "Level")]
        level: u32,
        /// An empty container of that level.
        #[doc(alias = "ShareInfo")]
        [switch_is(level)] shares: ShareEnumUnion<'a>,
        /// Bytes the answer should not exceed.
        #[doc(alias = "PreferedMaximumLength")]
        preferred_maximum_length: u32,
        /// Where to go on.
        #[doc(alias = "ResumeHandle")]
        [unique] resume_handle: u32,
    }
}

ndr_params! {
    /// The reply: with [`ERROR_MORE_DATA`](crate::status::Win32Status::ERROR_MORE_DATA) the shares
    /// are good and there are more of them.
    pub struct NetrShareEnumReply<'a> {
        /// The level (SHARE_ENUM_STRUCT, [MS-SRVS] 2.2.4.38, of which this is the first half).
        #[doc(alias = "Level")]
        level: u32,
        /// The shares.
        #[doc(alias = "ShareInfo")]
        [switch_is(level)] shares: ShareEnumUnion<'a>,
        /// Shares there are in all, from where this call began.
        #[doc(alias = "TotalEntries")]
        total_entries: u32,
        /// Where to go on.
        #[doc(alias = "ResumeHandle")]
        [unique] resume_handle: u32,
        /// A [`Win32Status`](crate::status::Win32Status).
        status: u32,
    }
}

impl Call for NetrShareEnum<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 15;
    const NAME: &'static str = "NetrShareEnum";
    type Reply<'a> = NetrShareEnumReply<'a>;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        NetrShareEnumRequest {
            server_name: borrowed(&server_name),
            level: self.level.number(),
            shares: ShareEnumUnion::empty(self.level),
            preferred_maximum_length: self.preferred_maximum_length,
            resume_handle: self.resume_handle,
        }
        .to_stub()
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<NetrShareEnumReply<'a>, NdrError> {
        let level = self.level.number();
        let reply = NetrShareEnumReply::from_stub(stub).or_else(|error| {
            let reply = WithoutArm::of_enumeration(stub, level).ok_or(error)?;
            Ok(NetrShareEnumReply {
                level,
                shares: ShareEnumUnion::null(self.level),
                total_entries: reply.total_entries,
                resume_handle: reply.resume_handle,
                status: reply.status,
            })
        })?;
        check_level(level, reply.level, "NetrShareEnumReply.level")?;
        let missing = reply.shares.missing();
        check_entries(reply.status, missing, "NetrShareEnumReply.shares")?;
        Ok(reply)
    }
}
