//! The calls that only ask, as they are on the wire, before a real Samba.

mod common;

use smbwho_msrpc::lsarpc::*;
use smbwho_msrpc::samr::*;
use smbwho_msrpc::srvsvc::SRVSVC;
use smbwho_msrpc::srvsvc::disk::NetrServerDiskEnum;
use smbwho_msrpc::srvsvc::server::{NetrServerGetInfo, ServerInfo, ServerLevel};
use smbwho_msrpc::srvsvc::share::*;
use smbwho_msrpc::srvsvc::time::NetrRemoteTOD;
use smbwho_msrpc::status::{NtStatus, Win32Status};
use smbwho_msrpc::types::{ContextHandle, RpcUnicodeString, Sid, SidNameUse, WString};
use smbwho_msrpc::wkssvc::WKSSVC;
use smbwho_msrpc::wkssvc::info::{NetrWkstaGetInfo, WkstaInfo, WkstaLevel};
use smbwho_msrpc::wkssvc::user::{NetrWkstaUserEnum, WkstaUserLevel};
use smbwho_rpc::{Call, Interface};
use smbwho_smb::{RpcPipe, SmbSession};
use smbwho_testkit::Samba;

async fn pipe(samba: &Samba, interface: &'static Interface) -> RpcPipe {
    let address = samba.address().parse().expect("an address");
    let login = common::ntlm("root", "adm");
    let session = SmbSession::connect(&address, &login, &common::options()).await;
    let session = session.expect("root signs in");
    session.open_pipe(interface).await.expect("the pipe opens")
}

/// The reply's stub: for `decode` of the same call.
macro_rules! ask {
    ($pipe:expr, $call:expr => $reply:ident) => {
        let call = $call;
        let stub = $pipe.call(&call).await.expect("an answer");
        let $reply = call.decode(&stub).expect("a good answer");
    };
}

fn text(text: RpcUnicodeString<'_>) -> String {
    text.text().expect("a text").to_string_lossy()
}

#[tokio::test]
async fn srvsvc_and_wkssvc() {
    let samba = common::samba();
    let mut srvsvc = pipe(&samba, &SRVSVC).await;
    for &level in ShareLevel::ALL {
        let list = NetrShareEnum {
            server_name: None,
            level,
            preferred_maximum_length: u32::MAX,
            resume_handle: Some(0),
        };
        ask!(srvsvc, list => list);
        let get = |name| NetrShareGetInfo {
            server_name: None,
            net_name: name,
            level: level.number(),
        };
        ask!(srvsvc, get("IPC$".into()) => one);
        ask!(srvsvc, get("there-is-none".into()) => none);
        if level == ShareLevel::L503 {
            let refused = Win32Status::ERROR_INVALID_LEVEL.0;
            assert_eq!((list.status, one.status), (refused, refused));
            assert_eq!(list.shares, ShareEnumUnion::Level503(None));
        } else {
            assert_eq!((list.status, one.status), (0, 0));
            assert!(!list.shares.is_empty() && !one.info.is_null());
        }
        assert!(none.status != 0 && none.info.is_null());
    }
    for &level in ServerLevel::ALL {
        ask!(srvsvc, NetrServerGetInfo { server_name: None, level } => reply);
        let name = match reply.info {
            ServerInfo::Level100(info) => info.and_then(|info| info.name),
            ServerInfo::Level101(info) => info.and_then(|info| info.name),
            ServerInfo::Level102(info) => info.and_then(|info| info.name),
        };
        assert!(name.is_some_and(|name| !name.is_empty()));
    }
    ask!(srvsvc, NetrServerDiskEnum { server_name: None } => disks);
    assert!(disks.disks().all(|disk| disk.len() == 2) && disks.disks().count() == 1);
    ask!(srvsvc, NetrRemoteTOD { server_name: None } => time);
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .expect("a clock");
    let there = u64::from(time.time.expect("a time").elapsedt);
    assert!(now.as_secs().abs_diff(there) < 60);

    let mut wkssvc = pipe(&samba, &WKSSVC).await;
    for &level in WkstaLevel::ALL {
        ask!(wkssvc, NetrWkstaGetInfo { server_name: None, level } => reply);
        let name = match reply.info {
            WkstaInfo::Level100(info) => info.and_then(|info| info.computername),
            WkstaInfo::Level101(info) => info.and_then(|info| info.computername),
            WkstaInfo::Level102(info) => info.and_then(|info| info.computername),
        };
        assert!(name.is_some_and(|name| !name.is_empty()));
    }
    for &level in WkstaUserLevel::ALL {
        let call = NetrWkstaUserEnum {
            server_name: None,
            level,
            preferred_maximum_length: u32::MAX,
            resume_handle: Some(0),
        };
        ask!(wkssvc, call => users);
        assert_eq!(users.status, 0);
    }
}

/// Who is asking; the domains; SIDs for names and names for SIDs.
#[tokio::test]
async fn lsarpc() {
    let samba = common::samba();
    let mut lsarpc = pipe(&samba, &LSARPC).await;
    ask!(lsarpc, LsarGetUserName::WHOLE => me);
    assert_eq!(text(me.user_name.expect("a user")), "root");
    assert!(me.domain_name.flatten().is_some());
    let open = LsarOpenPolicy2 {
        system_name: None,
        object_attributes: ObjectAttributes::NONE,
        desired_access: POLICY_LOOKUP_NAMES | POLICY_VIEW_LOCAL_INFORMATION,
    };
    ask!(lsarpc, open => opened);
    let policy_handle = opened.policy_handle;
    let class = |information_class| LsarQueryInformationPolicy {
        policy_handle,
        information_class,
    };
    ask!(lsarpc, class(POLICY_PRIMARY_DOMAIN_INFORMATION) => workgroup);
    let Some(PolicyInformation::PrimaryDomain(workgroup)) = workgroup.policy_information else {
        panic!("{workgroup:?}");
    };
    assert_eq!(workgroup.sid, None);
    ask!(lsarpc, class(POLICY_ACCOUNT_DOMAIN_INFORMATION) => own);
    let Some(PolicyInformation::AccountDomain(own)) = own.policy_information else {
        panic!("{own:?}");
    };
    let domain = own.sid.expect("the accounts have a domain");

    let names = ["alice", "Everyone", "there-is-none"];
    let names = names.map(|name| WString::new(name).expect("a name"));
    let names = names
        .each_ref()
        .map(|n| RpcUnicodeString::of(n.as_wstr()).expect("short"));
    let call = LsarLookupNames::of(policy_handle, &names).expect("few");
    ask!(lsarpc, call => found);
    assert_eq!(NtStatus(found.status), NtStatus::STATUS_SOME_NOT_MAPPED);
    let sids: Vec<(SidNameUse, Option<Sid>)> = found.sids().collect();
    let [alice, everyone, none] = sids[..] else {
        panic!("{sids:?}");
    };
    assert_eq!(alice.0, SidNameUse::SidTypeUser);
    assert_eq!(alice.1.and_then(|sid| sid.domain()), Some(domain));
    assert_eq!(everyone.1, "S-1-1-0".parse().ok());
    assert_eq!(none, (SidNameUse::SidTypeUnknown, None));

    let unknown = "S-1-5-21-9-9-9-9".parse().ok();
    let asked = [alice.1, everyone.1, Some(Sid::BUILTIN), unknown];
    ask!(lsarpc, LsarLookupSids::of(policy_handle, &asked).expect("few") => named);
    let named: Vec<(SidNameUse, String)> = named
        .names()
        .map(|(name, _)| {
            (
                name.name_use,
                name.name
                    .text()
                    .map_or(String::new(), |n| n.to_string_lossy()),
            )
        })
        .collect();
    assert_eq!(named[0], (SidNameUse::SidTypeUser, "alice".to_owned()));
    assert_eq!(
        named[1],
        (SidNameUse::SidTypeWellKnownGroup, "Everyone".to_owned())
    );
    assert_eq!(named[2].0, SidNameUse::SidTypeDomain);
    assert_eq!(named[3].0, SidNameUse::SidTypeUnknown);
    ask!(lsarpc, LsarClose { object_handle: policy_handle } => closed);
    assert!(closed.object_handle.is_null());
}

/// Domains, users, aliases and who is in what.
#[tokio::test]
async fn samr() {
    let samba = common::samba();
    let mut samr = pipe(&samba, &SAMR).await;
    let access = SAM_SERVER_CONNECT | SAM_SERVER_ENUMERATE_DOMAINS | SAM_SERVER_LOOKUP_DOMAIN;
    ask!(samr, SamrConnect2 { server_name: None, desired_access: access } => second);
    assert!(!second.server_handle.is_null());
    ask!(samr, SamrConnect5::of(access) => connected);
    let server_handle = connected.server_handle;
    let domains = SamrEnumerateDomainsInSamServer {
        server_handle,
        enumeration_context: 0,
        preferred_maximum_length: 65_536,
    };
    ask!(samr, domains => domains);
    let names: Vec<String> = domains.iter().map(|domain| text(domain.name)).collect();
    assert_eq!(names.len(), 2);
    for name in names {
        let wide = WString::new(&name).expect("a name");
        let name = RpcUnicodeString::of(wide.as_wstr()).expect("short");
        ask!(samr, SamrLookupDomainInSamServer { server_handle, name } => found);
        let domain_id = found.domain_id.expect("a SID");
        let open = SamrOpenDomain {
            server_handle,
            desired_access: DOMAIN_LOOKUP | DOMAIN_LIST_ACCOUNTS | DOMAIN_GET_ALIAS_MEMBERSHIP,
            domain_id,
        };
        ask!(samr, open => opened);
        lists(&mut samr, opened.domain_handle).await;
        if domain_id == Sid::BUILTIN {
            administrators(&mut samr, opened.domain_handle).await;
        } else {
            alice(&mut samr, opened.domain_handle, domain_id).await;
        }
    }
    ask!(samr, SamrCloseHandle { sam_handle: server_handle } => closed);
    assert!(closed.sam_handle.is_null());
}

/// Every list there is can be had.
async fn lists(samr: &mut RpcPipe, domain_handle: ContextHandle) {
    let (enumeration_context, preferred_maximum_length) = (0, 65_536);
    ask!(samr, SamrEnumerateGroupsInDomain { domain_handle, enumeration_context, preferred_maximum_length } => groups);
    ask!(samr, SamrEnumerateAliasesInDomain { domain_handle, enumeration_context, preferred_maximum_length } => aliases);
    let user_account_control = 0;
    ask!(samr, SamrEnumerateUsersInDomain { domain_handle, enumeration_context, user_account_control, preferred_maximum_length } => users);
    for reply in [groups, aliases, users] {
        assert!(NtStatus(reply.status).is_success());
        assert_eq!(reply.iter().len(), reply.count_returned as usize);
    }
    for &level in DisplayLevel::ALL {
        ask!(samr, SamrQueryDisplayInformation3::of(domain_handle, level, 0, 100, 65_536) => page);
        assert!(NtStatus(page.status).is_success());
    }
}

async fn administrators(samr: &mut RpcPipe, domain_handle: ContextHandle) {
    ask!(samr, SamrLookupIdsInDomain::of(domain_handle, &[544, 7]).expect("few") => named);
    let names: Vec<_> = named
        .names
        .iter()
        .map(|name| name.text().map(|n| n.to_string_lossy()))
        .collect();
    assert_eq!(names, [Some("Administrators".to_owned()), None]);
    let desired_access = ALIAS_LIST_MEMBERS | ALIAS_READ_INFORMATION;
    ask!(samr, SamrOpenAlias { domain_handle, desired_access, alias_id: 7 } => none);
    assert_eq!(NtStatus(none.status), NtStatus::STATUS_NO_SUCH_ALIAS);
    ask!(samr, SamrOpenAlias { domain_handle, desired_access, alias_id: 544 } => opened);
    let alias_handle = opened.alias_handle;
    let call = SamrQueryInformationAlias {
        alias_handle,
        alias_information_class: ALIAS_GENERAL_INFORMATION,
    };
    ask!(samr, call => info);
    assert!(matches!(info.buffer, Some(AliasInfo::General(_))));
    ask!(samr, SamrGetMembersInAlias { alias_handle } => members);
    let members: Vec<Option<Sid>> = members.members.iter().map(Some).collect();
    assert_eq!(members.len(), 1, "root");
    let call = SamrGetAliasMembership::of(domain_handle, &members).expect("few");
    ask!(samr, call => aliases);
    assert!(aliases.membership.iter().eq([544]));
}

async fn alice(samr: &mut RpcPipe, domain_handle: ContextHandle, domain: Sid) {
    let names = ["alice", "there-is-none"].map(|name| WString::new(name).expect("a name"));
    let names = names
        .each_ref()
        .map(|n| RpcUnicodeString::of(n.as_wstr()).expect("short"));
    let call = SamrLookupNamesInDomain::of(domain_handle, &names).expect("few");
    ask!(samr, call => found);
    assert!(found.name_use.iter().eq([1, 8]));
    let rid = found.relative_ids.iter().next().expect("alice");
    ask!(samr, SamrRidToSid { object_handle: domain_handle, rid } => sid);
    assert_eq!(sid.sid, domain.with_rid(rid));
    ask!(samr, SamrOpenUser { domain_handle, desired_access: USER_LIST_GROUPS, user_id: rid } => opened);
    ask!(samr, SamrGetGroupsForUser { user_handle: opened.user_handle } => groups);
    let groups: Vec<u32> = groups.iter().map(|group| group.relative_id).collect();
    assert_eq!(groups, [513]);
    let desired_access = GROUP_LIST_MEMBERS | GROUP_READ_INFORMATION;
    ask!(samr, SamrOpenGroup { domain_handle, desired_access, group_id: 513 } => opened);
    let group_handle = opened.group_handle;
    let call = SamrQueryInformationGroup {
        group_handle,
        group_information_class: GROUP_GENERAL_INFORMATION,
    };
    ask!(samr, call => info);
    assert!(matches!(info.buffer, Some(GroupInfo::General(group)) if group.attributes == 7));
    ask!(samr, SamrGetMembersInGroup { group_handle } => members);
    assert!(NtStatus(members.status).is_success());
}
