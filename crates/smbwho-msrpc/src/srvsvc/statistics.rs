//! [MS-SRVS 3.1.4.20] Statistics: NetrServerStatisticsGet.

use smbwho_rpc::ndr::{NdrError, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params, ndr_struct};

use super::SRVSVC;
use super::reply::check_info;
use crate::types::{WString, borrowed};

ndr_struct! {
    /// [MS-SRVS 2.2.4.39] Statistics of the Server service (STAT_SERVER_0).
    #[doc(alias = "STAT_SERVER_0")]
    pub struct StatServer0 {
        /// When the statistics began: seconds since 1970, UTC.
        #[doc(alias = "sts0_start")]
        start: u32,
        /// Files opened.
        #[doc(alias = "sts0_fopens")]
        fopens: u32,
        /// Devices opened.
        #[doc(alias = "sts0_devopens")]
        devopens: u32,
        /// Print jobs queued.
        #[doc(alias = "sts0_jobsqueued")]
        jobsqueued: u32,
        /// Sessions begun.
        #[doc(alias = "sts0_sopens")]
        sopens: u32,
        /// Sessions ended for being idle.
        #[doc(alias = "sts0_stimedout")]
        stimedout: u32,
        /// Sessions ended by an error.
        #[doc(alias = "sts0_serrorout")]
        serrorout: u32,
        /// Wrong passwords.
        #[doc(alias = "sts0_pwerrors")]
        pwerrors: u32,
        /// Refusals for want of a right.
        #[doc(alias = "sts0_permerrors")]
        permerrors: u32,
        /// Errors of the system.
        #[doc(alias = "sts0_syserrors")]
        syserrors: u32,
        /// Bytes sent to clients, lower half.
        #[doc(alias = "sts0_bytessent_low")]
        bytessent_low: u32,
        /// Bytes sent to clients, upper half.
        #[doc(alias = "sts0_bytessent_high")]
        bytessent_high: u32,
        /// Bytes received from clients, lower half.
        #[doc(alias = "sts0_bytesrcvd_low")]
        bytesrcvd_low: u32,
        /// Bytes received from clients, upper half.
        #[doc(alias = "sts0_bytesrcvd_high")]
        bytesrcvd_high: u32,
        /// Milliseconds a response took, on average.
        #[doc(alias = "sts0_avresponse")]
        avresponse: u32,
        /// Times that a request buffer was short.
        #[doc(alias = "sts0_reqbufneed")]
        reqbufneed: u32,
        /// Times that a large buffer was short.
        #[doc(alias = "sts0_bigbufneed")]
        bigbufneed: u32,
    }
}

impl StatServer0 {
    /// Bytes sent to clients.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        u64::from(self.bytessent_high) << 32 | u64::from(self.bytessent_low)
    }

    /// Bytes received from clients.
    #[must_use]
    pub fn bytes_received(&self) -> u64 {
        u64::from(self.bytesrcvd_high) << 32 | u64::from(self.bytesrcvd_low)
    }
}

/// Asks for the statistics of the Server service (opnum 24).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrServerStatisticsGet<'a> {
    /// The server's name; the server does not look at it.
    pub server_name: Option<&'a str>,
    /// The service; the server does not look at it. Null is fine.
    pub service: Option<&'a str>,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrServerStatisticsGetRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// The service.
        #[doc(alias = "Service")]
        [string, unique] service: wchar_t,
        /// The level: 0, there is no other.
        #[doc(alias = "Level")]
        level: u32,
        /// Options: 0, there is none.
        #[doc(alias = "Options")]
        options: u32,
    }
}

ndr_params! {
    /// The reply.
    pub struct NetrServerStatisticsGetReply {
        /// The statistics; null with an error status.
        #[doc(alias = "InfoStruct")]
        [unique] info: StatServer0,
        /// A [`Win32Status`](crate::status::Win32Status).
        status: u32,
    }
}

impl Call for NetrServerStatisticsGet<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 24;
    const NAME: &'static str = "NetrServerStatisticsGet";
    type Reply<'a> = NetrServerStatisticsGetReply;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        let service = WString::sent_if(self.service, "Service")?;
        NetrServerStatisticsGetRequest {
            server_name: borrowed(&server_name),
            service: borrowed(&service),
            level: 0,
            options: 0,
        }
        .to_stub()
    }

    fn decode(&self, stub: &[u8]) -> Result<NetrServerStatisticsGetReply, NdrError> {
        let reply = NetrServerStatisticsGetReply::from_stub(stub)?;
        let is_there = reply.info.is_some();
        check_info(reply.status, is_there, "NetrServerStatisticsGetReply.info")?;
        Ok(reply)
    }
}
