//! [MS-SRVS 3.1.4.6] NetrSessionDel (opnum 13).

use smbwho_rpc::ndr::{NdrError, NdrErrorKind, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params};

use crate::srvsvc::SRVSVC;
use crate::types::{Text, WString, borrowed};

/// Which sessions to end. What the documents leave open, neither client nor user, cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionTarget<'a> {
    /// All sessions of this client. Windows wants `\\` before it.
    Client(Text<'a>),
    /// All sessions of this user.
    User(Text<'a>),
    /// The sessions of this user from this client.
    Both {
        /// The client.
        client: Text<'a>,
        /// The user.
        user: Text<'a>,
    },
}

/// Ends sessions (opnum 13). **What their users have open is closed.**
///
/// On Samba the whole connection falls that a session came over, and every other session on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrSessionDel<'a> {
    /// The server's name; the server does not look at it.
    pub server_name: Option<&'a str>,
    /// Which sessions.
    pub target: SessionTarget<'a>,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrSessionDelRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// Only sessions of this client.
        #[doc(alias = "ClientName")]
        [string, unique] client_name: wchar_t,
        /// Only sessions of this user.
        #[doc(alias = "UserName")]
        [string, unique] user_name: wchar_t,
    }
}

ndr_params! {
    /// The reply.
    pub struct NetrSessionDelReply {
        /// A [`Win32Status`](crate::status::Win32Status); `NERR_ClientNameNotFound` or
        /// `NERR_UserNotFound` if there is no such session.
        status: u32,
    }
}

/// An empty name is refused: Samba takes an empty user for any user.
fn named(text: Text<'_>, field: &'static str) -> Result<WString, NdrError> {
    let text = WString::sent(text, field)?;
    if text.as_wstr().units().all(|unit| unit == u16::from(b'\\')) {
        return Err(NdrError::new(NdrErrorKind::EmptyText, 0).in_field(field));
    }
    Ok(text)
}

impl Call for NetrSessionDel<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 13;
    const NAME: &'static str = "NetrSessionDel";
    type Reply<'a> = NetrSessionDelReply;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let (client, user) = match self.target {
            SessionTarget::Client(client) => (Some(client), None),
            SessionTarget::User(user) => (None, Some(user)),
            SessionTarget::Both { client, user } => (Some(client), Some(user)),
        };
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        let client_name = client.map(|c| named(c, "ClientName")).transpose()?;
        let user_name = user.map(|u| named(u, "UserName")).transpose()?;
        NetrSessionDelRequest {
            server_name: borrowed(&server_name),
            client_name: borrowed(&client_name),
            user_name: borrowed(&user_name),
        }
        .to_stub()
    }

    fn decode(&self, stub: &[u8]) -> Result<NetrSessionDelReply, NdrError> {
        NetrSessionDelReply::from_stub(stub)
    }
}
