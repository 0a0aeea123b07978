//! Replies of every call but NetrSessionEnum.

use smbwho_msrpc::lsarpc::*;
use smbwho_msrpc::samr::*;
use smbwho_msrpc::srvsvc::connection::*;
use smbwho_msrpc::srvsvc::disk::*;
use smbwho_msrpc::srvsvc::file::*;
use smbwho_msrpc::srvsvc::server::*;
use smbwho_msrpc::srvsvc::session::*;
use smbwho_msrpc::srvsvc::share::*;
use smbwho_msrpc::srvsvc::statistics::*;
use smbwho_msrpc::srvsvc::time::*;
use smbwho_msrpc::types::{ContextHandle, Text};
use smbwho_msrpc::wkssvc::info::*;
use smbwho_msrpc::wkssvc::user::*;
use smbwho_rpc::Call;

use super::{check_error, touch_debug};

/// Decodes a reply's stub, checks what must hold, and says whether it was accepted.
pub type Decode = fn(&[u8]) -> bool;

/// A call and its level, if it has more than one.
macro_rules! replies {
    ($( $call:expr, )+) => {
        &[$(
            |stub: &[u8]| {
                let call = $call;
                match call.decode(stub) {
                    Ok(reply) => {
                        touch_debug(reply);
                        let encoded = reply.to_stub().unwrap();
                        assert_eq!(call.decode(&encoded), Ok(reply));
                        true
                    }
                    Err(error) => {
                        check_error(&error, stub);
                        false
                    }
                }
            },
        )+]
    };
}

const H: ContextHandle = ContextHandle::NULL;

fn connections(level: ConnectionLevel) -> NetrConnectionEnum<'static> {
    NetrConnectionEnum {
        server_name: None,
        qualifier: Text::Str("s"),
        level,
        preferred_maximum_length: 0,
        resume_handle: None,
    }
}

fn files(level: FileLevel) -> NetrFileEnum<'static> {
    NetrFileEnum {
        server_name: None,
        base_path: None,
        user_name: None,
        level,
        preferred_maximum_length: 0,
        resume_handle: None,
    }
}

fn file(level: FileLevel) -> NetrFileGetInfo<'static> {
    NetrFileGetInfo {
        server_name: None,
        file_id: 1,
        level,
    }
}

fn shares(level: ShareLevel) -> NetrShareEnum<'static> {
    NetrShareEnum {
        server_name: None,
        level,
        preferred_maximum_length: 0,
        resume_handle: None,
    }
}

fn share(level: u32) -> NetrShareGetInfo<'static> {
    NetrShareGetInfo {
        server_name: None,
        net_name: Text::Str("s"),
        level,
    }
}

fn server(level: ServerLevel) -> NetrServerGetInfo<'static> {
    NetrServerGetInfo {
        server_name: None,
        level,
    }
}

fn wksta(level: WkstaLevel) -> NetrWkstaGetInfo<'static> {
    NetrWkstaGetInfo {
        server_name: None,
        level,
    }
}

fn users(level: WkstaUserLevel) -> NetrWkstaUserEnum<'static> {
    NetrWkstaUserEnum {
        server_name: None,
        level,
        preferred_maximum_length: 0,
        resume_handle: None,
    }
}

fn display(level: DisplayLevel) -> SamrQueryDisplayInformation3 {
    SamrQueryDisplayInformation3::of(H, level, 0, 0, 0)
}

fn policy(information_class: u16) -> LsarQueryInformationPolicy {
    LsarQueryInformationPolicy {
        policy_handle: H,
        information_class,
    }
}

/// All of them. Append only: the seeds count on the order.
pub const REPLIES: &[Decode] = replies! {
    connections(ConnectionLevel::L0),
    connections(ConnectionLevel::L1),
    files(FileLevel::L2),
    files(FileLevel::L3),
    file(FileLevel::L2),
    file(FileLevel::L3),
    NetrFileClose { server_name: None, file_id: 1 },
    NetrSessionDel { server_name: None, target: SessionTarget::User(Text::Str("u")) },
    NetrShareAdd {
        server_name: None,
        share: NewShare::Level2(ShareInfo2 {
            netname: None,
            kind: 0,
            remark: None,
            permissions: 0,
            max_uses: 0,
            current_uses: 0,
            path: None,
            passwd: None,
        }),
    },
    shares(ShareLevel::L0),
    shares(ShareLevel::L1),
    shares(ShareLevel::L2),
    shares(ShareLevel::L501),
    shares(ShareLevel::L502),
    shares(ShareLevel::L503),
    share(0),
    share(1),
    share(2),
    share(501),
    share(502),
    share(503),
    share(1005),
    NetrShareSetInfo {
        server_name: None,
        net_name: Text::Str("s"),
        change: ShareChange::Level1006(ShareInfo1006 { max_uses: 1 }),
    },
    NetrShareDel { server_name: None, net_name: Text::Str("s") },
    server(ServerLevel::L100),
    server(ServerLevel::L101),
    server(ServerLevel::L102),
    NetrServerDiskEnum { server_name: None },
    NetrServerStatisticsGet { server_name: None, service: None },
    NetrRemoteTOD { server_name: None },
    wksta(WkstaLevel::L100),
    wksta(WkstaLevel::L101),
    wksta(WkstaLevel::L102),
    users(WkstaUserLevel::L0),
    users(WkstaUserLevel::L1),
    SamrConnect5::of(0),
    SamrConnect2 { server_name: None, desired_access: 0 },
    SamrCloseHandle { sam_handle: H },
    SamrRidToSid { object_handle: H, rid: 1 },
    SamrEnumerateUsersInDomain {
        domain_handle: H,
        enumeration_context: 0,
        user_account_control: 0,
        preferred_maximum_length: 0,
    },
    display(DisplayLevel::Users),
    display(DisplayLevel::Machines),
    display(DisplayLevel::Groups),
    SamrQueryInformationGroup { group_handle: H, group_information_class: 1 },
    SamrGetMembersInGroup { group_handle: H },
    SamrQueryInformationAlias { alias_handle: H, alias_information_class: 1 },
    SamrGetMembersInAlias { alias_handle: H },
    SamrGetGroupsForUser { user_handle: H },
    SamrGetAliasMembership::of(H, &[]).unwrap(),
    SamrLookupNamesInDomain::of(H, &[]).unwrap(),
    SamrLookupIdsInDomain::of(H, &[]).unwrap(),
    LsarOpenPolicy2 {
        system_name: None,
        object_attributes: ObjectAttributes::NONE,
        desired_access: 0,
    },
    policy(POLICY_PRIMARY_DOMAIN_INFORMATION),
    policy(POLICY_DNS_DOMAIN_INFORMATION),
    LsarGetUserName::WHOLE,
    LsarLookupSids::of(H, &[]).unwrap(),
    LsarLookupNames::of(H, &[]).unwrap(),
};

/// The first byte chooses the call, the rest is the reply's stub. What is decoded, encoded and
/// decoded again is the same.
pub fn reply_any(data: &[u8]) {
    let Some((call, stub)) = data.split_first() else {
        return;
    };
    REPLIES[usize::from(*call) % REPLIES.len()](stub);
    // What callers make of lookups: names and SIDs put together from parts.
    if let Ok(reply) = LsarLookupNamesReply::from_stub(stub) {
        assert!(reply.sids().count() * 10 <= stub.len());
    }
    if let Ok(reply) = LsarLookupSidsReply::from_stub(stub) {
        assert!(reply.names().count() * 10 <= stub.len());
    }
}
