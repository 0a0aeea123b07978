//! What is tried, interface by interface.

use smbwho_msrpc::lsarpc::{
    LSARPC, LsarGetUserName, LsarOpenPolicy2, LsarQueryInformationPolicy, ObjectAttributes,
    POLICY_ACCOUNT_DOMAIN_INFORMATION, POLICY_LOOKUP_NAMES, POLICY_PRIMARY_DOMAIN_INFORMATION,
    POLICY_VIEW_LOCAL_INFORMATION,
};
use smbwho_msrpc::samr::{
    DOMAIN_LIST_ACCOUNTS, DOMAIN_LOOKUP, SAM_SERVER_CONNECT, SAM_SERVER_ENUMERATE_DOMAINS,
    SAM_SERVER_LOOKUP_DOMAIN, SAMR, SamrConnect5, SamrEnumerateAliasesInDomain,
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
use smbwho_msrpc::types::{RpcUnicodeString, Sid};
use smbwho_msrpc::wkssvc::info::{NetrWkstaGetInfo, WkstaLevel};
use smbwho_msrpc::wkssvc::user::{NetrWkstaUserEnum, WkstaUserLevel};
use smbwho_rpc::Call;

use super::exam::{Exam, Interview, Look};
use super::{AccountName, Check, takes};
use crate::{Name, Server};

/// Preferred length of the lists, in bytes: whether they come is the question,
/// not what is in them.
const A_LITTLE: u32 = 4096;

/// A share that every server has: connections must be asked for by share or
/// client.
const ANY_SHARE: &str = "IPC$";

pub(super) fn srvsvc(server: &Server) -> Exam<'_> {
    let mut exam = Exam::new(server);
    let server_name = Some(server.unc_name());
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
        exam.add("sessions", Some(level), takes, call);
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
        exam.add("files", Some(level.number()), takes::FILES, call);
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
        exam.add("connections", number, takes::CONNECTIONS, call);
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
        exam.add("shares", Some(level), takes, call);
    }
    for level in [ServerLevel::L100, ServerLevel::L101, ServerLevel::L102] {
        let all = level == ServerLevel::L102;
        let takes = if all {
            takes::SERVER
        } else {
            takes::SERVER_FEW
        };
        let call = NetrServerGetInfo { server_name, level };
        exam.add("server", Some(level.number()), takes, call);
    }
    let time = NetrRemoteTOD { server_name };
    exam.add("time", None, takes::TIME, time);
    let disks = NetrServerDiskEnum { server_name };
    exam.add("disks", None, takes::DISKS, disks);
    let service = None;
    let statistics = NetrServerStatisticsGet {
        server_name,
        service,
    };
    exam.add("statistics", None, takes::STATISTICS, statistics);
    exam
}

pub(super) fn wkssvc(server: &Server) -> Exam<'_> {
    let mut exam = Exam::new(server);
    let server_name = Some(server.unc_name());
    for (level, takes) in [
        (WkstaLevel::L100, takes::WORKSTATION_100),
        (WkstaLevel::L101, takes::WORKSTATION_101),
        (WkstaLevel::L102, takes::WORKSTATION_102),
    ] {
        let call = NetrWkstaGetInfo { server_name, level };
        exam.add("workstation", Some(level.number()), takes, call);
    }
    for level in [WkstaUserLevel::L0, WkstaUserLevel::L1] {
        let call = NetrWkstaUserEnum {
            server_name,
            level,
            preferred_maximum_length: A_LITTLE,
            resume_handle: Some(0),
        };
        exam.add("logons", Some(level.number()), takes::LOGONS, call);
    }
    exam
}

/// The server's accounts: connect, list its domains, open its local groups and
/// list those.
pub(super) async fn samr(server: &Server) -> Vec<Check> {
    const NAME: &str = "accounts";
    let of = takes::ACCOUNTS;
    let mut exam = Interview::open(server, &SAMR).await;
    let rights = SAM_SERVER_CONNECT | SAM_SERVER_ENUMERATE_DOMAINS | SAM_SERVER_LOOKUP_DOMAIN;
    let connect = SamrConnect5::of(rights);
    let look = Look::at(server, NAME, None, of, SamrConnect5::of(rights));
    let stubs = exam.look(&[look]).await;
    let Some(stub) = stubs.into_iter().flatten().next() else {
        return exam.checks;
    };
    let Ok(reply) = connect.decode(&stub) else {
        return exam.checks;
    };
    let server_handle = reply.server_handle;
    let domains = SamrEnumerateDomainsInSamServer {
        server_handle,
        enumeration_context: 0,
        preferred_maximum_length: A_LITTLE,
    };
    let open = SamrOpenDomain {
        server_handle,
        desired_access: DOMAIN_LIST_ACCOUNTS | DOMAIN_LOOKUP,
        domain_id: Sid::BUILTIN,
    };
    let look = Look::at(server, "local groups", None, of, open);
    let opened = exam.look(&[look]).await.pop().flatten();
    let opened = opened.and_then(|stub| Some(open.decode(&stub).ok()?.domain_handle));
    let mut looks = vec![Look::at(server, "domains", None, of, domains)];
    looks.extend(opened.map(|domain_handle| {
        let groups = SamrEnumerateAliasesInDomain {
            domain_handle,
            enumeration_context: 0,
            preferred_maximum_length: A_LITTLE,
        };
        Look::at(server, "local groups", None, of, groups)
    }));
    exam.look(&looks).await;
    exam.checks
}

/// Names and SIDs, and who we are.
pub(super) async fn lsarpc(server: &Server) -> (Option<AccountName>, Vec<Check>) {
    let of = takes::POLICY;
    let mut exam = Interview::open(server, &LSARPC).await;
    let open = LsarOpenPolicy2 {
        system_name: None,
        object_attributes: ObjectAttributes::NONE,
        desired_access: POLICY_VIEW_LOCAL_INFORMATION | POLICY_LOOKUP_NAMES,
    };
    let who = LsarGetUserName::WHOLE;
    let looks = [
        Look::at(server, "own name", None, of, LsarGetUserName::WHOLE),
        Look::at(server, "names for SIDs", None, of, open),
    ];
    let mut stubs = exam.look(&looks).await;
    let opened = stubs.pop().flatten();
    let told = stubs.pop().flatten();
    let account = told.and_then(|stub| {
        let reply = who.decode(&stub).ok()?;
        let text = |name: RpcUnicodeString<'_>| name.text().map(Name::from_wire);
        let user = reply.user_name.and_then(text)?;
        let domain = reply.domain_name.flatten().and_then(text);
        Some(AccountName { domain, user })
    });
    let Some(policy_handle) = opened.and_then(|stub| Some(open.decode(&stub).ok()?.policy_handle))
    else {
        return (account, exam.checks);
    };
    let looks = [
        ("account domain", POLICY_ACCOUNT_DOMAIN_INFORMATION),
        ("primary domain", POLICY_PRIMARY_DOMAIN_INFORMATION),
    ]
    .map(|(subject, information_class)| {
        let call = LsarQueryInformationPolicy {
            policy_handle,
            information_class,
        };
        let class = Some(u32::from(information_class));
        Look::at(server, subject, class, of, call)
    });
    exam.look(&looks).await;
    (account, exam.checks)
}
