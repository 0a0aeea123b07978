//! Every call but NetrSessionEnum, once for each level: a request, a reply, and what other
//! implementations must see in them. A new call is one more row.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

mod accounts;
mod server;
mod share;

use smbwho_msrpc::types::{ContextHandle, RpcUnicodeString, Sid, WString};
use smbwho_rpc::ndr::{Array, NdrError, VaryingArray, WStr};

/// One call with one reply.
pub struct Case {
    /// What to say when it fails.
    pub label: String,
    /// The call in the specification.
    pub name: &'static str,
    /// The interface.
    pub interface: &'static str,
    pub opnum: u16,
    pub request: Vec<u8>,
    pub reply: Vec<u8>,
    /// What `ndrdump` must print, as `name: value`, spaces aside.
    pub request_shows: &'static [&'static str],
    pub reply_shows: &'static [&'static str],
    /// Reads a request's stub: its values as text, and its bytes again.
    pub read_request: Read,
    /// Reads a reply's stub, as an answer to this call.
    pub read_reply: Read,
    /// Why Impacket cannot be asked about the request, or the reply.
    pub impacket_errs: [Option<&'static str>; 2],
    /// Why ndrdump cannot be asked.
    pub ndrdump_errs: Option<&'static str>,
}

pub type Read = Box<dyn Fn(&[u8]) -> Result<(String, Vec<u8>), NdrError>>;

impl Case {
    pub fn no_impacket_request(mut self, why: &'static str) -> Self {
        self.impacket_errs[0] = Some(why);
        self
    }

    pub fn no_ndrdump(mut self, why: &'static str) -> Self {
        self.ndrdump_errs = Some(why);
        self
    }

    pub fn no_impacket_reply(mut self, why: &'static str) -> Self {
        self.impacket_errs[1] = Some(why);
        self
    }
}

/// A row: the call, the type of its request, a reply; then what must be seen.
macro_rules! case {
    ($call:expr, $request:ident, $reply:expr, in $sent:expr, out $came:expr) => {{
        fn interface<C: smbwho_rpc::Call>(_: &C) -> (&'static str, &'static str, u16) {
            (C::INTERFACE.name, C::NAME, C::OPNUM)
        }
        let call = $call;
        let (interface, name, opnum) = interface(&call);
        $crate::calls::Case {
            label: format!("{call:?}"),
            name,
            interface,
            opnum,
            request: smbwho_rpc::Call::encode(&call).unwrap(),
            reply: $reply.to_stub().unwrap(),
            request_shows: $sent,
            reply_shows: $came,
            read_request: Box::new(|stub| {
                let request = $request::from_stub(stub)?;
                Ok((format!("{request:?}"), request.to_stub()?))
            }),
            read_reply: Box::new(move |stub| {
                let reply = smbwho_rpc::Call::decode(&call, stub)?;
                Ok((format!("{reply:?}"), reply.to_stub()?))
            }),
            impacket_errs: [None, None],
            ndrdump_errs: None,
        }
    }};
}
pub(crate) use case;

/// All of them.
pub fn all() -> Vec<Case> {
    let mut all = server::cases();
    all.extend(share::cases());
    all.extend(accounts::cases());
    all
}

/// Text that lives as long as the test.
pub fn w(text: &str) -> WStr<'static> {
    Box::leak(Box::new(WString::new(text).unwrap())).as_wstr()
}

/// A slice that lives as long as the test.
pub fn leak<T>(values: impl Into<Vec<T>>) -> &'static [T] {
    Vec::leak(values.into())
}

/// A counted string (lsa_String in Samba's IDL).
pub fn u(text: &str) -> RpcUnicodeString<'static> {
    RpcUnicodeString::of(w(text)).unwrap()
}

/// A counted string with room for a terminator (lsa_StringLarge in Samba's IDL).
pub fn large(text: &str) -> RpcUnicodeString<'static> {
    let plain = u(text);
    let elements = Array::of_fixed_bytes(w(text).as_bytes()).unwrap();
    let max = u32::from(plain.length / 2) + 1;
    RpcUnicodeString {
        maximum_length: plain.length + 2,
        buffer: Some(VaryingArray::new(max, elements)),
        ..plain
    }
}

pub fn sid(text: &str) -> Sid {
    text.parse().unwrap()
}

pub const HANDLE: ContextHandle = ContextHandle {
    attributes: 0,
    uuid: [0x78, 0x56, 0x34, 0x12, 1, 0, 2, 0, 9, 8, 7, 6, 5, 4, 3, 2],
};

/// How `ndrdump` prints [`HANDLE`]'s identifier.
pub const HANDLE_SHOWN: &str = "uuid: 12345678-0001-0002-0908-070605040302";
