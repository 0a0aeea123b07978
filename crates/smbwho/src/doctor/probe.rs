//! Whether a reply grants what was asked.

use smbwho_msrpc::lsarpc::{LsarGetUserName, LsarOpenPolicy2, LsarQueryInformationPolicy};
use smbwho_msrpc::samr::{
    SamrConnect5, SamrEnumerateAliasesInDomain, SamrEnumerateDomainsInSamServer, SamrOpenDomain,
};
use smbwho_msrpc::srvsvc::connection::NetrConnectionEnum;
use smbwho_msrpc::srvsvc::disk::NetrServerDiskEnum;
use smbwho_msrpc::srvsvc::file::NetrFileEnum;
use smbwho_msrpc::srvsvc::server::NetrServerGetInfo;
use smbwho_msrpc::srvsvc::session::NetrSessionEnum;
use smbwho_msrpc::srvsvc::share::NetrShareEnum;
use smbwho_msrpc::srvsvc::statistics::NetrServerStatisticsGet;
use smbwho_msrpc::srvsvc::time::NetrRemoteTOD;
use smbwho_msrpc::status::{NtStatus, Win32Status};
use smbwho_msrpc::wkssvc::info::NetrWkstaGetInfo;
use smbwho_msrpc::wkssvc::user::NetrWkstaUserEnum;
use smbwho_rpc::Call;

use crate::error::Refusal;

/// A call that only reads, and how its reply says that it went well.
pub(super) trait Probe: Call {
    /// What the server said no with.
    fn refusal(reply: &Self::Reply<'_>) -> Option<Refusal>;
}

/// Rows left out for want of room were granted all the same.
fn win32(status: u32) -> Option<Refusal> {
    match Win32Status(status) {
        Win32Status::NERR_SUCCESS
        | Win32Status::ERROR_MORE_DATA
        | Win32Status::NERR_BufTooSmall => None,
        refused => Some(Refusal::Status(refused)),
    }
}

fn nt(status: u32) -> Option<Refusal> {
    (!NtStatus(status).is_success()).then_some(Refusal::Nt(smbwho_smb::NtStatus(status)))
}

macro_rules! probes {
    ($read:ident: $( $call:ty ),+ $(,)?) => { $(
        impl Probe for $call {
            fn refusal(reply: &Self::Reply<'_>) -> Option<Refusal> {
                $read(reply.status)
            }
        }
    )+ };
}

probes! { win32:
    NetrSessionEnum<'_>, NetrFileEnum<'_>, NetrConnectionEnum<'_>, NetrShareEnum<'_>,
    NetrServerGetInfo<'_>, NetrRemoteTOD<'_>, NetrServerDiskEnum<'_>,
    NetrServerStatisticsGet<'_>, NetrWkstaGetInfo<'_>, NetrWkstaUserEnum<'_>,
}

probes! { nt:
    SamrConnect5<'_>, SamrEnumerateDomainsInSamServer, SamrOpenDomain,
    SamrEnumerateAliasesInDomain, LsarGetUserName<'_>, LsarOpenPolicy2<'_>,
    LsarQueryInformationPolicy,
}
