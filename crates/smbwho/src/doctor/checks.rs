//! What is tried, interface by interface.

use smbwho_msrpc::lsarpc::{
    LsarClose, LsarGetUserName, LsarOpenPolicy2, LsarQueryInformationPolicy, ObjectAttributes,
    POLICY_ACCOUNT_DOMAIN_INFORMATION, POLICY_LOOKUP_NAMES, POLICY_PRIMARY_DOMAIN_INFORMATION,
    POLICY_VIEW_LOCAL_INFORMATION,
};
use smbwho_msrpc::samr::{
    DOMAIN_LIST_ACCOUNTS, DOMAIN_LOOKUP, SAM_SERVER_CONNECT, SAM_SERVER_ENUMERATE_DOMAINS,
    SAM_SERVER_LOOKUP_DOMAIN, SamrCloseHandle, SamrConnect5, SamrEnumerateAliasesInDomain,
    SamrEnumerateDomainsInSamServer, SamrOpenDomain,
};
use smbwho_msrpc::srvsvc::connection::{ConnectionLevel, NetrConnectionEnum};
use smbwho_msrpc::srvsvc::disk::NetrServerDiskEnum;
use smbwho_msrpc::srvsvc::file::{FileLevel, NetrFileEnum};
use smbwho_msrpc::srvsvc::server::{NetrServerGetInfo, ServerLevel};
use smbwho_msrpc::srvsvc::session::{NetrSessionEnum, SessionLevel};
use smbwho_msrpc::srvsvc::share::{NetrShareEnum, ShareLevel};
use smbwho_msrpc::srvsvc::statistics::NetrServerStatisticsGet;
use smbwho_msrpc::srvsvc::time::NetrRemoteTOD;
use smbwho_msrpc::types::{ContextHandle, RpcUnicodeString, Sid};
use smbwho_msrpc::wkssvc::info::{NetrWkstaGetInfo, WkstaLevel};
use smbwho_msrpc::wkssvc::user::{NetrWkstaUserEnum, WkstaUserLevel};
use smbwho_rpc::Call;

use super::{AccountName, Exam, takes};
use crate::Name;

/// Preferred length of the lists, in bytes: whether they come is the question,
/// not what is in them.
const A_LITTLE: u32 = 4096;

/// A share that every server has: connections must be asked for by share or
/// client.
const ANY_SHARE: &str = "IPC$";

impl Exam {
    pub(super) async fn srvsvc(&mut self) {
        let unc = self.server.unc_name().to_owned();
        let server_name = Some(unc.as_str());
        for level in [0, 10, 1, 2, 502] {
            let Some(wire) = SessionLevel::from_number(level) else {
                continue;
            };
            let few = matches!(level, 0 | 10);
            let takes = if few {
                takes::SESSIONS_FEW
            } else {
                takes::SESSIONS
            };
            let call = NetrSessionEnum {
                server_name,
                client_name: None,
                user_name: None,
                level: wire,
                preferred_maximum_length: A_LITTLE,
                resume_handle: Some(0),
            };
            self.check("sessions", Some(level), takes, &call).await;
        }
        for level in [FileLevel::L2, FileLevel::L3] {
            let call = NetrFileEnum {
                server_name,
                base_path: None,
                user_name: None,
                level,
                preferred_maximum_length: A_LITTLE,
                resume_handle: Some(0),
            };
            self.check("files", Some(level.number()), takes::FILES, &call)
                .await;
        }
        for level in [ConnectionLevel::L0, ConnectionLevel::L1] {
            let call = NetrConnectionEnum {
                server_name,
                qualifier: ANY_SHARE.into(),
                level,
                preferred_maximum_length: A_LITTLE,
                resume_handle: Some(0),
            };
            let number = Some(level.number());
            self.check("connections", number, takes::CONNECTIONS, &call)
                .await;
        }
        for level in [0, 1, 501, 2, 502, 503] {
            let Some(wire) = ShareLevel::from_number(level) else {
                continue;
            };
            let few = matches!(level, 0 | 1 | 501);
            let takes = if few {
                takes::SHARES_FEW
            } else {
                takes::SHARES
            };
            let call = NetrShareEnum {
                server_name,
                level: wire,
                preferred_maximum_length: A_LITTLE,
                resume_handle: Some(0),
            };
            self.check("shares", Some(level), takes, &call).await;
        }
        for level in [ServerLevel::L100, ServerLevel::L101, ServerLevel::L102] {
            let all = level == ServerLevel::L102;
            let takes = if all {
                takes::SERVER
            } else {
                takes::SERVER_FEW
            };
            let call = NetrServerGetInfo { server_name, level };
            self.check("server", Some(level.number()), takes, &call)
                .await;
        }
        let time = NetrRemoteTOD { server_name };
        self.check("time", None, takes::TIME, &time).await;
        let disks = NetrServerDiskEnum { server_name };
        self.check("disks", None, takes::DISKS, &disks).await;
        let service = None;
        let statistics = NetrServerStatisticsGet {
            server_name,
            service,
        };
        self.check("statistics", None, takes::STATISTICS, &statistics)
            .await;
    }

    pub(super) async fn wkssvc(&mut self) {
        let unc = self.server.unc_name().to_owned();
        let server_name = Some(unc.as_str());
        for (level, takes) in [
            (WkstaLevel::L100, takes::WORKSTATION_100),
            (WkstaLevel::L101, takes::WORKSTATION_101),
            (WkstaLevel::L102, takes::WORKSTATION_102),
        ] {
            let call = NetrWkstaGetInfo { server_name, level };
            self.check("workstation", Some(level.number()), takes, &call)
                .await;
        }
        for level in [WkstaUserLevel::L0, WkstaUserLevel::L1] {
            let call = NetrWkstaUserEnum {
                server_name,
                level,
                preferred_maximum_length: A_LITTLE,
                resume_handle: Some(0),
            };
            self.check("logons", Some(level.number()), takes::LOGONS, &call)
                .await;
        }
    }

    /// The server's accounts: connect, list its domains, open its local
    /// groups and list those.
    pub(super) async fn samr(&mut self) {
        const NAME: &str = "accounts";
        let rights = SAM_SERVER_CONNECT | SAM_SERVER_ENUMERATE_DOMAINS | SAM_SERVER_LOOKUP_DOMAIN;
        let connect = SamrConnect5::of(rights);
        let Some(stub) = self.check(NAME, None, takes::ACCOUNTS, &connect).await else {
            return;
        };
        let Ok(reply) = connect.decode(&stub) else {
            return;
        };
        let server_handle = reply.server_handle;
        let domains = SamrEnumerateDomainsInSamServer {
            server_handle,
            enumeration_context: 0,
            preferred_maximum_length: A_LITTLE,
        };
        self.check("domains", None, takes::ACCOUNTS, &domains).await;
        let open = SamrOpenDomain {
            server_handle,
            desired_access: DOMAIN_LIST_ACCOUNTS | DOMAIN_LOOKUP,
            domain_id: Sid::BUILTIN,
        };
        let opened = self
            .check("local groups", None, takes::ACCOUNTS, &open)
            .await;
        let opened = opened.and_then(|stub| open.decode(&stub).ok());
        if let Some(domain_handle) = opened.map(|reply| reply.domain_handle) {
            let groups = SamrEnumerateAliasesInDomain {
                domain_handle,
                enumeration_context: 0,
                preferred_maximum_length: A_LITTLE,
            };
            self.check("local groups", None, takes::ACCOUNTS, &groups)
                .await;
            self.close_sam(domain_handle).await;
        }
        self.close_sam(server_handle).await;
    }

    async fn close_sam(&mut self, sam_handle: ContextHandle) {
        // The server forgets its handles with the pipe, too.
        let _ = self.make(&SamrCloseHandle { sam_handle }).await;
    }

    /// Names and SIDs, and who we are.
    pub(super) async fn lsarpc(&mut self) {
        let who = LsarGetUserName::WHOLE;
        if let Some(stub) = self.check("own name", None, takes::POLICY, &who).await
            && let Ok(reply) = who.decode(&stub)
        {
            let text = |name: RpcUnicodeString<'_>| name.text().map(Name::from_wire);
            self.account = reply.user_name.and_then(text).map(|user| AccountName {
                domain: reply.domain_name.flatten().and_then(text),
                user,
            });
        }
        let open = LsarOpenPolicy2 {
            system_name: None,
            object_attributes: ObjectAttributes::NONE,
            desired_access: POLICY_VIEW_LOCAL_INFORMATION | POLICY_LOOKUP_NAMES,
        };
        let Some(stub) = self
            .check("names for SIDs", None, takes::POLICY, &open)
            .await
        else {
            return;
        };
        let Ok(reply) = open.decode(&stub) else {
            return;
        };
        let policy_handle = reply.policy_handle;
        for (subject, information_class) in [
            ("account domain", POLICY_ACCOUNT_DOMAIN_INFORMATION),
            ("primary domain", POLICY_PRIMARY_DOMAIN_INFORMATION),
        ] {
            let call = LsarQueryInformationPolicy {
                policy_handle,
                information_class,
            };
            let class = u32::from(information_class);
            self.check(subject, Some(class), takes::POLICY, &call).await;
        }
        let object_handle = policy_handle;
        let _ = self.make(&LsarClose { object_handle }).await;
    }
}
