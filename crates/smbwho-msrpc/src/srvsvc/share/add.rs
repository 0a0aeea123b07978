//! [MS-SRVS 3.1.4.7] NetrShareAdd (opnum 14).

use smbwho_rpc::ndr::{NdrError, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params};

use super::{ShareInfo, ShareInfo2, ShareInfo502, ShareInfo503};
use crate::srvsvc::SRVSVC;
use crate::types::{WString, borrowed};

/// A share to be made, at one of the levels that can say all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewShare<'a> {
    /// Without a security descriptor: the server's default.
    Level2(ShareInfo2<'a>),
    /// With a security descriptor.
    Level502(ShareInfo502<'a>),
    /// With a security descriptor and a server's name.
    Level503(ShareInfo503<'a>),
}

impl<'a> From<NewShare<'a>> for ShareInfo<'a> {
    fn from(share: NewShare<'a>) -> Self {
        match share {
            NewShare::Level2(info) => Self::Level2(Some(info)),
            NewShare::Level502(info) => Self::Level502(Some(info)),
            NewShare::Level503(info) => Self::Level503(Some(info)),
        }
    }
}

/// Makes a share. **This changes the server.**
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrShareAdd<'a> {
    /// The server's name. On a cluster it says whose share.
    pub server_name: Option<&'a str>,
    /// The share.
    pub share: NewShare<'a>,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrShareAddRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// The level.
        #[doc(alias = "Level")]
        level: u32,
        /// The share.
        #[doc(alias = "InfoStruct")]
        [switch_is(level)] info: ShareInfo<'a>,
        /// Room for the member that the server dislikes.
        #[doc(alias = "ParmErr")]
        [unique] parm_err: u32,
    }
}

ndr_params! {
    /// The reply.
    pub struct NetrShareAddReply {
        /// With `ERROR_INVALID_PARAMETER`, the member that the server disliked:
        /// [`parameter_name`](super::parameter_name).
        #[doc(alias = "ParmErr")]
        [unique] parm_err: u32,
        /// A [`Win32Status`](crate::status::Win32Status); `NERR_DuplicateShare` if there is one of
        /// this name.
        status: u32,
    }
}

impl Call for NetrShareAdd<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 14;
    const NAME: &'static str = "NetrShareAdd";
    type Reply<'a> = NetrShareAddReply;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        let info = ShareInfo::from(self.share);
        NetrShareAddRequest {
            server_name: borrowed(&server_name),
            level: info.discriminant(),
            info,
            parm_err: Some(0),
        }
        .to_stub()
    }

    fn decode(&self, stub: &[u8]) -> Result<NetrShareAddReply, NdrError> {
        NetrShareAddReply::from_stub(stub)
    }
}
