//! [MS-SRVS 3.1.4.12] NetrShareDel (opnum 18).

use smbwho_rpc::ndr::{NdrError, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params};

use crate::srvsvc::SRVSVC;
use crate::types::{Text, WString, borrowed};

/// Removes a share; the folder stays. **Whoever uses it loses it.**
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrShareDel<'a> {
    /// The server's name. On a cluster it says whose share.
    pub server_name: Option<&'a str>,
    /// The share's name.
    pub net_name: Text<'a>,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrShareDelRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// The share's name.
        #[doc(alias = "NetName")]
        [string] net_name: wchar_t,
        /// Always 0.
        #[doc(alias = "Reserved")]
        reserved: u32,
    }
}

ndr_params! {
    /// The reply.
    pub struct NetrShareDelReply {
        /// A [`Win32Status`](crate::status::Win32Status); `NERR_NetNameNotFound` if there is no
        /// such share.
        status: u32,
    }
}

impl Call for NetrShareDel<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 18;
    const NAME: &'static str = "NetrShareDel";
    type Reply<'a> = NetrShareDelReply;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        let net_name = WString::sent(self.net_name, "NetName")?;
        NetrShareDelRequest {
            server_name: borrowed(&server_name),
            net_name: net_name.as_wstr(),
            reserved: 0,
        }
        .to_stub()
    }

    fn decode(&self, stub: &[u8]) -> Result<NetrShareDelReply, NdrError> {
        NetrShareDelReply::from_stub(stub)
    }
}
