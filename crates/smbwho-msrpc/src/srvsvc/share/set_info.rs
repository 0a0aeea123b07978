//! [MS-SRVS 3.1.4.11] NetrShareSetInfo (opnum 17).

use smbwho_rpc::ndr::{NdrError, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params};

use super::{
    ShareInfo, ShareInfo1, ShareInfo2, ShareInfo502, ShareInfo503, ShareInfo1004, ShareInfo1005,
    ShareInfo1006, ShareInfo1501,
};
use crate::srvsvc::SRVSVC;
use crate::types::{Text, WString, borrowed};

/// What to change of a share. Name and kind, where a level has them, are not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareChange<'a> {
    /// The comment.
    Level1(ShareInfo1<'a>),
    /// Comment, limit and path.
    Level2(ShareInfo2<'a>),
    /// Comment, limit, path and security.
    Level502(ShareInfo502<'a>),
    /// The same, of a share of this server.
    Level503(ShareInfo503<'a>),
    /// The comment alone.
    Level1004(ShareInfo1004<'a>),
    /// The flags alone.
    Level1005(ShareInfo1005),
    /// The limit alone.
    Level1006(ShareInfo1006),
    /// The security alone.
    Level1501(ShareInfo1501<'a>),
}

impl<'a> From<ShareChange<'a>> for ShareInfo<'a> {
    fn from(change: ShareChange<'a>) -> Self {
        match change {
            ShareChange::Level1(info) => Self::Level1(Some(info)),
            ShareChange::Level2(info) => Self::Level2(Some(info)),
            ShareChange::Level502(info) => Self::Level502(Some(info)),
            ShareChange::Level503(info) => Self::Level503(Some(info)),
            ShareChange::Level1004(info) => Self::Level1004(Some(info)),
            ShareChange::Level1005(info) => Self::Level1005(Some(info)),
            ShareChange::Level1006(info) => Self::Level1006(Some(info)),
            ShareChange::Level1501(info) => Self::Level1501(Some(info)),
        }
    }
}

/// Changes a share. **This changes the server.**
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrShareSetInfo<'a> {
    /// The server's name. On a cluster it says whose share.
    pub server_name: Option<&'a str>,
    /// The share's name.
    pub net_name: Text<'a>,
    /// What to change.
    pub change: ShareChange<'a>,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrShareSetInfoRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// The share's name.
        #[doc(alias = "NetName")]
        [string] net_name: wchar_t,
        /// The level.
        #[doc(alias = "Level")]
        level: u32,
        /// What to change.
        #[doc(alias = "ShareInfo")]
        [switch_is(level)] info: ShareInfo<'a>,
        /// Room for the member that the server dislikes.
        #[doc(alias = "ParmErr")]
        [unique] parm_err: u32,
    }
}

ndr_params! {
    /// The reply.
    pub struct NetrShareSetInfoReply {
        /// With `ERROR_INVALID_PARAMETER`, the member that the server disliked:
        /// [`parameter_name`](super::parameter_name).
        #[doc(alias = "ParmErr")]
        [unique] parm_err: u32,
        /// A [`Win32Status`](crate::status::Win32Status); `NERR_NetNameNotFound` if there is no
        /// such share.
        status: u32,
    }
}

impl Call for NetrShareSetInfo<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 17;
    const NAME: &'static str = "NetrShareSetInfo";
    type Reply<'a> = NetrShareSetInfoReply;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        let net_name = WString::sent(self.net_name, "NetName")?;
        let info = ShareInfo::from(self.change);
        NetrShareSetInfoRequest {
            server_name: borrowed(&server_name),
            net_name: net_name.as_wstr(),
            level: info.discriminant(),
            info,
            parm_err: Some(0),
        }
        .to_stub()
    }

    fn decode(&self, stub: &[u8]) -> Result<NetrShareSetInfoReply, NdrError> {
        NetrShareSetInfoReply::from_stub(stub)
    }
}
