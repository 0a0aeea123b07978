//! [MS-LSAT 3.1.4.4] Who the server takes the caller for: LsarGetUserName.

use smbwho_rpc::ndr::wchar_t;
use smbwho_rpc::ndr_params;

use super::LSARPC;
use crate::call::call;
use crate::types::RpcUnicodeString;

ndr_params! {
    /// [MS-LSAT 3.1.4.4] Asks for the caller's own name (opnum 45). Needs no handle.
    pub struct LsarGetUserName<'a> {
        /// The server's name; the server does not look at it.
        #[doc(alias = "SystemName")]
        [string, unique] system_name: wchar_t,
        /// Null: it is for the reply.
        #[doc(alias = "UserName")]
        [unique] user_name: RpcUnicodeString<'a>,
        /// A pointer to a null pointer if the domain is wanted, too.
        #[doc(alias = "DomainName")]
        [unique] domain_name: Option<RpcUnicodeString<'a>>,
    }
}

impl<'a> LsarGetUserName<'a> {
    /// The question, domain included.
    pub const WHOLE: Self = Self {
        system_name: None,
        user_name: None,
        domain_name: Some(None),
    };
}

ndr_params! {
    /// What comes back of [`LsarGetUserName`].
    pub struct LsarGetUserNameReply<'a> {
        /// The caller's account.
        #[doc(alias = "UserName")]
        [unique] user_name: RpcUnicodeString<'a>,
        /// The account's domain, if it was asked for.
        #[doc(alias = "DomainName")]
        [unique] domain_name: Option<RpcUnicodeString<'a>>,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { LSARPC 45: LsarGetUserName<'_> => LsarGetUserNameReply<'a>, needs user_name }
