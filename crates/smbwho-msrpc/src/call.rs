//! Calls whose request is the call itself.

/// Implements [`Call`](smbwho_rpc::Call) for a request declared with
/// [`ndr_params!`](smbwho_rpc::ndr_params), where what the caller says is just what is sent:
///
/// ```text
/// call! { SAMR 19: SamrOpenGroup => SamrOpenGroupReply }
/// call! { SAMR 11: SamrEnumerateGroupsInDomain => SamrEnumerateReply<'a>, needs buffer }
/// ```
///
/// `needs` names a pointer of the reply that must not be null if the status is a success.
macro_rules! call {
    ($interface:ident $opnum:literal: $call:ident $(<$own:lifetime>)? => $reply:ident
        $(, needs $field:ident)?) => {
        impl ::smbwho_rpc::Call for $call $(<$own>)? {
            const INTERFACE: &'static ::smbwho_rpc::Interface = &$interface;
            const OPNUM: u16 = $opnum;
            const NAME: &'static str = stringify!($call);
            type Reply<'a> = $reply;

            fn encode(&self) -> Result<Vec<u8>, ::smbwho_rpc::ndr::NdrError> {
                self.to_stub()
            }

            fn decode(&self, stub: &[u8]) -> Result<$reply, ::smbwho_rpc::ndr::NdrError> {
                let reply = $reply::from_stub(stub)?;
                $( $crate::call::check(
                    reply.status,
                    reply.$field.is_some(),
                    concat!(stringify!($reply), ".", stringify!($field)),
                )?; )?
                Ok(reply)
            }
        }
    };
    ($interface:ident $opnum:literal: $call:ident $(<$own:lifetime>)? => $reply:ident<$lt:lifetime>
        $(, needs $field:ident)?) => {
        impl ::smbwho_rpc::Call for $call $(<$own>)? {
            const INTERFACE: &'static ::smbwho_rpc::Interface = &$interface;
            const OPNUM: u16 = $opnum;
            const NAME: &'static str = stringify!($call);
            type Reply<$lt> = $reply<$lt>;

            fn encode(&self) -> Result<Vec<u8>, ::smbwho_rpc::ndr::NdrError> {
                self.to_stub()
            }

            fn decode<$lt>(
                &self,
                stub: &$lt [u8],
            ) -> Result<$reply<$lt>, ::smbwho_rpc::ndr::NdrError> {
                let reply = $reply::from_stub(stub)?;
                $( $crate::call::check(
                    reply.status,
                    reply.$field.is_some(),
                    concat!(stringify!($reply), ".", stringify!($field)),
                )?; )?
                Ok(reply)
            }
        }
    };
}
pub(crate) use call;
use smbwho_rpc::ndr::{NdrError, NdrErrorKind};

use crate::status::NtStatus;

/// A call that went well must bring what it promised.
pub(crate) fn check(status: u32, is_there: bool, field: &'static str) -> Result<(), NdrError> {
    if NtStatus(status).is_success() && !is_there {
        return Err(NdrError::new(NdrErrorKind::MissingReferent, 0).in_field(field));
    }
    Ok(())
}
