//! [MS-SRVS 3.1.4.10] NetrShareGetInfo (opnum 16).

use smbwho_rpc::ndr::{NdrError, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params};

use super::ShareInfo;
use crate::srvsvc::SRVSVC;
use crate::srvsvc::reply::{WithoutArm, check_info, check_level};
use crate::types::{Text, WString, borrowed};

/// Asks for one share by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrShareGetInfo<'a> {
    /// The server's name. On a cluster it says whose share.
    pub server_name: Option<&'a str>,
    /// The share's name.
    pub net_name: Text<'a>,
    /// How much to tell: 0, 1, 2, 501, 502, 503 ([`ShareLevel`](super::ShareLevel)) or 1005.
    pub level: u32,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrShareGetInfoRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// The share's name.
        #[doc(alias = "NetName")]
        [string] net_name: wchar_t,
        /// How much to tell.
        #[doc(alias = "Level")]
        level: u32,
    }
}

ndr_params! {
    /// The reply.
    pub struct NetrShareGetInfoReply<'a> {
        /// The share; null with an error status.
        #[doc(alias = "InfoStruct")]
        info: ShareInfo<'a>,
        /// A [`Win32Status`](crate::status::Win32Status); `NERR_NetNameNotFound` if there is no
        /// such share.
        status: u32,
    }
}

impl Call for NetrShareGetInfo<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 16;
    const NAME: &'static str = "NetrShareGetInfo";
    type Reply<'a> = NetrShareGetInfoReply<'a>;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        let net_name = WString::sent(self.net_name, "NetName")?;
        NetrShareGetInfoRequest {
            server_name: borrowed(&server_name),
            net_name: net_name.as_wstr(),
            level: self.level,
        }
        .to_stub()
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<NetrShareGetInfoReply<'a>, NdrError> {
        let field = "NetrShareGetInfoReply.info";
        let reply = NetrShareGetInfoReply::from_stub(stub).or_else(|error| {
            let without = WithoutArm::of_info(stub, self.level).zip(ShareInfo::null(self.level));
            let (status, info) = without.ok_or(error)?;
            Ok(NetrShareGetInfoReply { info, status })
        })?;
        check_level(self.level, reply.info.discriminant(), field)?;
        check_info(reply.status, !reply.info.is_null(), field)?;
        Ok(reply)
    }
}
