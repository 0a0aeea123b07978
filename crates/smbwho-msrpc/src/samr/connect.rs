//! [MS-SAMR 3.1.5.1.1, 3.1.5.1.3, 3.1.5.13.1] To the server, and closing handles.

use smbwho_rpc::ndr::wchar_t;
use smbwho_rpc::{ndr_params, ndr_struct, ndr_union};

use super::SAMR;
use crate::call::call;
use crate::types::ContextHandle;

ndr_struct! {
    /// [MS-SAMR 2.2.3.15] What one side can do (SAMPR_REVISION_INFO_V1).
    #[doc(alias = "SAMPR_REVISION_INFO_V1")]
    pub struct RevisionInfoV1 {
        /// The revision: 3 is the latest.
        #[doc(alias = "Revision")]
        revision: u32,
        /// Features: 0 from a client.
        #[doc(alias = "SupportedFeatures")]
        supported_features: u32,
    }
}

ndr_union! {
    /// [MS-SAMR 2.2.3.16] What one side can do (SAMPR_REVISION_INFO).
    #[doc(alias = "SAMPR_REVISION_INFO")]
    pub union RevisionInfo {
        /// The only version.
        [case(1)] V1: RevisionInfoV1,
    }
}

ndr_params! {
    /// [MS-SAMR 3.1.5.1.1] Connects (opnum 64).
    pub struct SamrConnect5<'a> {
        /// The server's name; the server does not look at it.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// What for: [`SAM_SERVER_CONNECT`](super::SAM_SERVER_CONNECT), ….
        #[doc(alias = "DesiredAccess")]
        desired_access: u32,
        /// 1.
        #[doc(alias = "InVersion")]
        in_version: u32,
        /// What this client can do.
        #[doc(alias = "InRevisionInfo")]
        [switch_is(in_version)] in_revision_info: RevisionInfo,
    }
}

impl SamrConnect5<'_> {
    /// The request of a client of today.
    #[must_use]
    pub fn of(desired_access: u32) -> Self {
        Self {
            server_name: None,
            desired_access,
            in_version: 1,
            in_revision_info: RevisionInfo::V1(RevisionInfoV1 {
                revision: 3,
                supported_features: 0,
            }),
        }
    }
}

ndr_params! {
    /// What comes back of [`SamrConnect5`].
    pub struct SamrConnect5Reply {
        /// 1.
        #[doc(alias = "OutVersion")]
        out_version: u32,
        /// What the server can do.
        #[doc(alias = "OutRevisionInfo")]
        [switch_is(out_version)] out_revision_info: RevisionInfo,
        /// The handle; null with an error status.
        #[doc(alias = "ServerHandle")]
        server_handle: ContextHandle,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 64: SamrConnect5<'_> => SamrConnect5Reply }

ndr_params! {
    /// [MS-SAMR 3.1.5.1.3] Connects, as older servers know it (opnum 57).
    pub struct SamrConnect2<'a> {
        /// The server's name; the server does not look at it.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// What for: [`SAM_SERVER_CONNECT`](super::SAM_SERVER_CONNECT), ….
        #[doc(alias = "DesiredAccess")]
        desired_access: u32,
    }
}

ndr_params! {
    /// What comes back of [`SamrConnect2`].
    pub struct SamrConnect2Reply {
        /// The handle; null with an error status.
        #[doc(alias = "ServerHandle")]
        server_handle: ContextHandle,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 57: SamrConnect2<'_> => SamrConnect2Reply }

ndr_params! {
    /// [MS-SAMR 3.1.5.13.1] Closes any handle of this interface (opnum 1).
    pub struct SamrCloseHandle {
        /// The handle.
        #[doc(alias = "SamHandle")]
        sam_handle: ContextHandle,
    }
}

ndr_params! {
    /// What comes back of [`SamrCloseHandle`].
    pub struct SamrCloseHandleReply {
        /// Null.
        #[doc(alias = "SamHandle")]
        sam_handle: ContextHandle,
        /// An [`NtStatus`](crate::status::NtStatus).
        status: u32,
    }
}

call! { SAMR 1: SamrCloseHandle => SamrCloseHandleReply }
