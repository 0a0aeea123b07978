//! [MS-SRVS 3.1.4.21] The time at the server: NetrRemoteTOD.

use smbwho_rpc::ndr::{NdrError, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params, ndr_struct};

use super::SRVSVC;
use super::reply::check_info;
use crate::types::{WString, borrowed};

ndr_struct! {
    /// [MS-SRVS 2.2.4.105] The time at the server (TIME_OF_DAY_INFO).
    #[doc(alias = "TIME_OF_DAY_INFO")]
    pub struct TimeOfDayInfo {
        /// Seconds since 1970, UTC.
        #[doc(alias = "tod_elapsedt")]
        elapsedt: u32,
        /// Milliseconds since the server was started; it runs over after 49 days.
        #[doc(alias = "tod_msecs")]
        msecs: u32,
        /// Hour, UTC, 0 to 23.
        #[doc(alias = "tod_hours")]
        hours: u32,
        /// Minute, 0 to 59.
        #[doc(alias = "tod_mins")]
        mins: u32,
        /// Second, 0 to 59.
        #[doc(alias = "tod_secs")]
        secs: u32,
        /// Hundredth of a second, 0 to 99.
        #[doc(alias = "tod_hunds")]
        hunds: u32,
        /// Minutes from the server's local time to UTC: -60 in Berlin in winter. -1 if not told.
        #[doc(alias = "tod_timezone")]
        timezone: i32,
        /// The tick of its clock in units of 0.1 ms.
        #[doc(alias = "tod_tinterval")]
        tinterval: u32,
        /// Day of the month, UTC, 1 to 31.
        #[doc(alias = "tod_day")]
        day: u32,
        /// Month, 1 to 12.
        #[doc(alias = "tod_month")]
        month: u32,
        /// Year.
        #[doc(alias = "tod_year")]
        year: u32,
        /// Day of the week, 0 for Sunday.
        #[doc(alias = "tod_weekday")]
        weekday: u32,
    }
}

/// Asks what time it is there (opnum 28).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrRemoteTOD<'a> {
    /// The server's name; the server does not look at it.
    pub server_name: Option<&'a str>,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrRemoteTODRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
    }
}

ndr_params! {
    /// The reply.
    pub struct NetrRemoteTODReply {
        /// The time; null with an error status.
        #[doc(alias = "BufferPtr")]
        [unique] time: TimeOfDayInfo,
        /// A [`Win32Status`](crate::status::Win32Status).
        status: u32,
    }
}

impl Call for NetrRemoteTOD<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 28;
    const NAME: &'static str = "NetrRemoteTOD";
    type Reply<'a> = NetrRemoteTODReply;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        NetrRemoteTODRequest {
            server_name: borrowed(&server_name),
        }
        .to_stub()
    }

    fn decode(&self, stub: &[u8]) -> Result<NetrRemoteTODReply, NdrError> {
        let reply = NetrRemoteTODReply::from_stub(stub)?;
        check_info(
            reply.status,
            reply.time.is_some(),
            "NetrRemoteTODReply.time",
        )?;
        Ok(reply)
    }
}
