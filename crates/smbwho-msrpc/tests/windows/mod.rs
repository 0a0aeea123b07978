//! What Windows sent, of several versions (`captures/windows`, whose README says where each is
//! from): to what this crate and `smbwho-rpc` make of it.

use std::fmt::Debug;

use smbwho_msrpc::lsarpc::*;
use smbwho_msrpc::samr::*;
use smbwho_msrpc::srvsvc::server::*;
use smbwho_msrpc::srvsvc::session::SessionLevel;
use smbwho_msrpc::srvsvc::share::*;
use smbwho_msrpc::status::FaultStatus;
use smbwho_msrpc::types::{ContextHandle, RpcUnicodeString, Sid, SidNameUse};
use smbwho_msrpc::wkssvc::info::*;
use smbwho_msrpc::wkssvc::user::*;
use smbwho_rpc::ndr::WStr;
use smbwho_rpc::pdu::{
    Bind, BindAck, FIRST_FRAGMENT, Fault, HEADER_LEN, Header, LAST_FRAGMENT, PduType, Request,
    Response,
};
use smbwho_rpc::{Call, NDR20};

use crate::common::{Row, decode, hex, rows, units};

fn bytes(name: &str) -> Vec<u8> {
    let path = format!(
        "{}/../../captures/windows/{name}.hex",
        env!("CARGO_MANIFEST_DIR")
    );
    hex(&std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}")))
}

/// Header and body of a PDU that is all there.
fn pdu(bytes: &[u8]) -> (Header, &[u8]) {
    let header = Header::decode(bytes.first_chunk().unwrap()).unwrap();
    assert_eq!(usize::from(header.length), bytes.len());
    (header, &bytes[HEADER_LEN..])
}

/// The stub of a response in one fragment.
fn stub(name: &str) -> Vec<u8> {
    let bytes = bytes(name);
    let (header, body) = pdu(&bytes);
    assert_eq!(header.kind, PduType::RESPONSE);
    assert_eq!(header.flags, FIRST_FRAGMENT | LAST_FRAGMENT);
    let response = Response::decode(body).unwrap();
    assert_eq!(response.alloc_hint as usize, response.stub.len());
    response.stub.to_vec()
}

/// The stub of a request, and its number.
fn request(name: &str) -> (u16, Vec<u8>) {
    let bytes = bytes(name);
    let (header, body) = pdu(&bytes);
    assert_eq!(header.kind, PduType::REQUEST);
    let request = Request::decode(body).unwrap();
    (request.opnum, request.stub.to_vec())
}

fn text(text: Option<WStr<'_>>) -> String {
    text.map_or("-".to_owned(), |text| text.to_string_lossy())
}

fn counted(name: &RpcUnicodeString<'_>) -> String {
    text(name.text())
}

const HANDLE: ContextHandle = ContextHandle {
    attributes: 0,
    uuid: [0; 16],
};

fn sid(text: &str) -> Sid {
    text.parse().unwrap()
}

fn same<T: Debug + PartialEq>(found: impl IntoIterator<Item = T>, expected: impl Into<Vec<T>>) {
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected.into());
}

#[test]
fn fragments_are_as_long_as_was_offered_and_padding_is_garbage() {
    for (name, length, address, padding) in [
        (
            "2003-lsarpc-bind-5680",
            5680,
            r"\PIPE\lsass",
            Some([0xdf, 0xb3]),
        ),
        (
            "2008-srvsvc-bind-with-feature-negotiation",
            4280,
            r"\PIPE\srvsvc",
            None,
        ),
        ("2019-samr-bind", 4280, r"\pipe\lsass", Some([0x6f, 0xe4])),
        ("win10-svcctl-bind", 4280, r"\pipe\ntsvcs", None),
    ] {
        let sent = bytes(&format!("{name}-in"));
        let (header, body) = pdu(&sent);
        assert_eq!(header.kind, PduType::BIND, "{name}");
        assert_eq!(Bind::decode(body).unwrap().max_receive, length, "{name}");
        let answer = bytes(&format!("{name}-out"));
        let (header, body) = pdu(&answer);
        assert_eq!(header.kind, PduType::BIND_ACK, "{name}");
        let ack = BindAck::decode(body).unwrap();
        assert_eq!(
            (ack.max_transmit, ack.max_receive),
            (length, length),
            "{name}"
        );
        assert_eq!(
            ack.address.strip_suffix(b"\0"),
            Some(address.as_bytes()),
            "{name}"
        );
        // Of two results the first is that of NDR 2.0; the other is of features.
        assert!(ack.result.is_accepted(), "{name}");
        assert_eq!(ack.result.transfer, NDR20, "{name}");
        if let Some(padding) = padding {
            let at = 26 + ack.address.len();
            assert_eq!(answer[at..at + 2], padding, "{name}");
        }
    }
}

/// Who asks with NDR 2.0 alone is not refused as here, where NDR64 is offered as well.
#[test]
fn a_64_bit_windows_prefers_ndr64_where_it_is_offered() {
    let answer = bytes("win10-srvsvc-bind-three-contexts-out");
    let ack = BindAck::decode(pdu(&answer).1).unwrap();
    assert!(!ack.result.is_accepted());
    assert_eq!((ack.result.result, ack.result.reason), (2, 2));
    let offered = bytes("win10-srvsvc-bind-three-contexts-in");
    assert_eq!(Bind::decode(pdu(&offered).1).unwrap().transfer, NDR20);
}

#[test]
fn an_operation_that_is_not_there_is_a_fault() {
    let answer = bytes("win10-svcctl-fault-opnum-out");
    let (header, body) = pdu(&answer);
    assert_eq!((header.kind, header.flags), (PduType::FAULT, 0x23));
    assert_eq!(body[..4], 32_u32.to_le_bytes());
    let fault = Fault::decode(body).unwrap();
    assert_eq!(FaultStatus(fault.status), FaultStatus::nca_s_op_rng_error);
    let asked = bytes("win10-svcctl-fault-opnum-in");
    assert_eq!(Request::decode(pdu(&asked).1).unwrap().opnum, 64);
}

/// A refusal is a status in a reply, where others send a fault.
#[test]
fn access_denied_is_a_status() {
    let reply = SamrConnect2 {
        server_name: None,
        desired_access: SAM_SERVER_CONNECT,
    };
    let reply = reply
        .decode(&stub("2019-samr-SamrConnect-denied-out"))
        .unwrap();
    assert_eq!((reply.server_handle, reply.status), (HANDLE, 0xc000_0022));
    assert_eq!(request("2019-samr-SamrConnect-denied-in").0, 0);
}

/// The headers of all fragments of two long replies.
#[test]
fn the_hint_falls_by_what_was_sent() {
    for (name, count, length, total) in [
        ("win10-svcctl-ten-fragments-out", 10, 4280, 40_520),
        ("xp-winreg-two-fragments-out", 2, 4280, 7812),
    ] {
        let all = bytes(name);
        let headers: Vec<&[u8]> = all.chunks(24).collect();
        assert_eq!(headers.len(), count);
        let mut left: u32 = total;
        for (index, bytes) in headers.iter().enumerate() {
            let header = Header::decode(bytes.first_chunk().unwrap()).unwrap();
            let (first, last) = (index == 0, index + 1 == count);
            let flags =
                if first { FIRST_FRAGMENT } else { 0 } | if last { LAST_FRAGMENT } else { 0 };
            assert_eq!((header.kind, header.flags), (PduType::RESPONSE, flags));
            assert_eq!(Response::decode(&bytes[16..]).unwrap().alloc_hint, left);
            assert!(last || header.length == length, "every other one is full");
            left -= u32::from(header.length) - 24;
        }
        assert_eq!(left, 0, "{name}");
    }
}

#[test]
fn sessions_have_a_resume_handle_with_success() {
    for (name, client, user, time, resume) in [
        (
            "dc2020-srvsvc-NetrSessionEnum-level10-out",
            r"\\172.18.39.5",
            "user0001",
            None,
            18,
        ),
        (
            "gosmb-srvsvc-NetrSessionEnum-level10-out",
            r"\\100.100.100.51",
            "administrator",
            Some(2),
            7,
        ),
    ] {
        let bytes = bytes(name);
        let reply = decode(SessionLevel::L10, &bytes).unwrap();
        let [row] = &rows(&reply)[..] else {
            panic!("{reply:?}")
        };
        let expected = Row {
            cname: units(client),
            username: units(user),
            time: time.unwrap_or(row.time),
            ..Row::default()
        };
        assert_eq!(*row, expected);
        assert_eq!((reply.total_entries, reply.status), (1, 0));
        assert_eq!(reply.resume_handle, Some(resume));
    }
}

#[test]
fn shares() {
    let call = NetrShareEnum {
        server_name: None,
        level: ShareLevel::L1,
        preferred_maximum_length: u32::MAX,
        resume_handle: None,
    };
    let list = |stub: &[u8], count| {
        let reply = call.decode(stub).unwrap();
        let ShareEnumUnion::Level1(Some(list)) = reply.shares else {
            panic!("{reply:?}");
        };
        let list: Vec<_> = list
            .entries()
            .map(|share| (text(share.netname), share.kind, text(share.remark)))
            .collect();
        assert_eq!(
            (reply.total_entries, reply.status, list.len()),
            (count, 0, count as usize)
        );
        (list, reply.resume_handle)
    };
    let share = |name: &str, kind, remark: &str| (name.to_owned(), kind, remark.to_owned());
    let special = [
        share("ADMIN$", 0x8000_0000, "Remote Admin"),
        share("C$", 0x8000_0000, "Default share"),
        share("IPC$", 0x8000_0003, "Remote IPC"),
    ];
    let (shares, resume) = list(
        &bytes("win10-srvsvc-NetrShareEnum-level1-null-resume-out"),
        3,
    );
    assert_eq!((&shares[..], resume), (&special[..], None));
    let (shares, resume) = list(&bytes("gosmb-srvsvc-NetrShareEnum-level1-out"), 5);
    assert_eq!((&shares[..3], resume), (&special[..], Some(0)));
    assert_eq!(shares[3], share("Z", 0, ""));
    assert_eq!(shares[4].0, "Z$");
    let (shares, resume) = list(&stub("xp-srvsvc-NetrShareEnum-level1-out"), 5);
    let names: Vec<&str> = shares.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names[..3], ["IPC$", "SharedDocs", "My Pictures"]);
    assert_eq!(
        (names[3..].to_vec(), resume),
        (vec!["ADMIN$", "C$"], Some(0))
    );
    let (opnum, asked) = request("xp-srvsvc-NetrShareEnum-level1-in");
    let asked = NetrShareEnumRequest::from_stub(&asked).unwrap();
    assert_eq!(
        (opnum, text(asked.server_name)),
        (15, "192.168.56.101".to_owned())
    );
}

/// Windows gives back the name that it was asked by; without one it tells its own.
#[test]
fn a_server_is_called_what_it_is_asked_by() {
    let info = |level, stub: &[u8]| {
        let server_name = None;
        let reply = NetrServerGetInfo { server_name, level }
            .decode(stub)
            .unwrap();
        assert_eq!(reply.status, 0);
        match reply.info {
            ServerInfo::Level101(Some(info)) => {
                let version = (info.version_major, info.version_minor);
                (text(info.name), version, info.kind, text(info.comment))
            }
            ServerInfo::Level102(Some(info)) => {
                assert_eq!(text(info.userpath), r"c:\");
                assert_eq!((info.users, info.disc), (0x0100_0000, 15));
                let version = (info.version_major, info.version_minor);
                (text(info.name), version, info.kind, text(info.comment))
            }
            other => panic!("{other:?}"),
        }
    };
    let (opnum, asked) = request("xp-srvsvc-NetrServerGetInfo-level101-in");
    let asked = NetrServerGetInfoRequest::from_stub(&asked).unwrap();
    let given = text(asked.server_name);
    assert_eq!(
        (opnum, given.trim_start_matches('\\')),
        (21, "192.168.24.100")
    );
    let told = info(
        ServerLevel::L101,
        &stub("xp-srvsvc-NetrServerGetInfo-level101-out"),
    );
    let name = "192.168.24.100".to_owned();
    assert_eq!(told, (name, (5, 1), 0x1003, String::new()));
    let told = info(
        ServerLevel::L102,
        &bytes("gosmb-srvsvc-NetrServerGetInfo-level102-out"),
    );
    assert_eq!(told, ("WIN2K19".to_owned(), (10, 0), 0x9003, String::new()));

    let (server_name, level) = (None, WkstaLevel::L100);
    let wksta = NetrWkstaGetInfo { server_name, level };
    let answer = stub("xp-wkssvc-NetrWkstaGetInfo-level100-out");
    let WkstaInfo::Level100(Some(info)) = wksta.decode(&answer).unwrap().info else {
        panic!();
    };
    assert_eq!(text(info.computername), "NONE-B91CFA7B93");
    assert_eq!(text(info.langroup), "WORKGROUP");
    let (opnum, asked) = request("xp-wkssvc-NetrWkstaGetInfo-level100-in");
    let asked = NetrWkstaGetInfoRequest::from_stub(&asked).unwrap();
    assert_eq!(
        (opnum, text(asked.server_name)),
        (0, r"\\192.168.24.100".to_owned())
    );
}

/// Services are logged on as the computer itself.
#[test]
fn the_computer_is_logged_on_to_itself() {
    let call = NetrWkstaUserEnum {
        server_name: None,
        level: WkstaUserLevel::L1,
        preferred_maximum_length: u32::MAX,
        resume_handle: None,
    };
    let answer = bytes("gosmb-wkssvc-NetrWkstaUserEnum-level1-out");
    let reply = call.decode(&answer).unwrap();
    assert_eq!(
        (reply.total_entries, reply.resume_handle, reply.status),
        (7, None, 0)
    );
    let WkstaUserEnumUnion::Level1(Some(users)) = reply.users else {
        panic!("{reply:?}");
    };
    let users: Vec<_> = users
        .entries()
        .map(|user| {
            (
                text(user.username),
                text(user.logon_domain),
                text(user.logon_server),
            )
        })
        .collect();
    let user = |name: &str, domain: &str, server: &str| {
        (name.to_owned(), domain.to_owned(), server.to_owned())
    };
    assert_eq!(users[0], user("Administrator", "FIFTH", "FIFTH"));
    same(users[1..].to_vec(), vec![user("FIFTH$", "SKYNET", ""); 6]);
}

/// Relative ids and names.
fn accounts(reply: &SamrEnumerateReply<'_>) -> Vec<(u32, String)> {
    assert_eq!(reply.status, 0);
    let accounts: Vec<_> = reply
        .iter()
        .map(|entry| (entry.relative_id, counted(&entry.name)))
        .collect();
    assert_eq!(reply.count_returned as usize, accounts.len());
    accounts
}

#[test]
fn accounts_of_a_server() {
    let users = |name: &str| {
        let call = SamrEnumerateUsersInDomain {
            domain_handle: HANDLE,
            enumeration_context: 0,
            user_account_control: 0,
            preferred_maximum_length: u32::MAX,
        };
        let bytes = bytes(name);
        let reply = call.decode(&bytes).unwrap();
        (accounts(&reply), reply.enumeration_context)
    };
    let account = |rid, name: &str| (rid, name.to_owned());
    let (found, context) = users("dc2020-samr-SamrEnumerateUsersInDomain-out");
    assert_eq!((found.len(), context), (15, 0));
    assert_eq!(found[1..3], [account(501, "Guest"), account(502, "krbtgt")]);
    assert_eq!(found[14].1, "M00000001113$");
    let (found, _) = users("gosmb-samr-SamrEnumerateUsersInDomain-out");
    same(
        found,
        [
            account(500, "Administrator"),
            account(503, "DefaultAccount"),
            account(501, "Guest"),
            account(1001, "test"),
            account(504, "WDAGUtilityAccount"),
        ],
    );

    let domains = |name: &str| {
        let call = SamrEnumerateDomainsInSamServer {
            server_handle: HANDLE,
            enumeration_context: 0,
            preferred_maximum_length: u32::MAX,
        };
        accounts(&call.decode(&bytes(name)).unwrap())
    };
    for (name, own) in [("gosmb", "FIFTH"), ("smbj", "W2K12-BI-C")] {
        let found = domains(&format!("{name}-samr-SamrEnumerateDomainsInSamServer-out"));
        same(found, [account(0, own), account(0, "Builtin")]);
    }
    // Nothing more: a buffer without entries.
    let found = domains("smbj-samr-SamrEnumerateDomainsInSamServer-b-out");
    assert!(found.is_empty());

    let call = SamrEnumerateAliasesInDomain {
        domain_handle: HANDLE,
        enumeration_context: 0,
        preferred_maximum_length: u32::MAX,
    };
    let answer = bytes("gosmb-samr-SamrEnumerateAliasesInDomain-out");
    let found = accounts(&call.decode(&answer).unwrap());
    same(found, [account(1000, "SQLServer2005SQLBrowserUser$FIFTH")]);
}

#[test]
fn members_and_memberships() {
    let members = |name: &str| {
        let call = SamrGetMembersInGroup {
            group_handle: HANDLE,
        };
        let bytes = bytes(&format!("{name}-samr-SamrGetMembersInGroup-out"));
        let reply = call.decode(&bytes).unwrap();
        assert_eq!(reply.status, 0);
        reply.rids().collect::<Vec<u32>>()
    };
    assert_eq!(members("dc2020"), [500, 1104, 1109]);
    assert_eq!(members("gosmb"), [500, 501, 503, 504, 1001]);
    assert_eq!(members("smbj"), [500, 501, 1001, 1002]);

    let call = SamrGetGroupsForUser {
        user_handle: HANDLE,
    };
    let answer = bytes("smbj-samr-SamrGetGroupsForUser-out");
    let reply = call.decode(&answer).unwrap();
    same(
        reply
            .iter()
            .map(|group| (group.relative_id, group.attributes)),
        [(513, 7)],
    );

    // In no alias: an empty list behind a pointer that is not null.
    let call = SamrGetAliasMembership::of(HANDLE, &[]).unwrap();
    let answer = bytes("smb21dc-samr-SamrGetAliasMembership-none-out");
    let reply = call.decode(&answer).unwrap();
    assert_eq!((reply.membership.iter().count(), reply.status), (0, 0));

    let call = SamrLookupIdsInDomain::of(HANDLE, &[500, 1104, 1109]).unwrap();
    let answer = bytes("dc2020-samr-SamrLookupIdsInDomain-out");
    let reply = call.decode(&answer).unwrap();
    let names: Vec<String> = reply.names.iter().map(|name| counted(&name)).collect();
    assert_eq!(names, ["u00000", "u0000001", "u00002"]);
    same(reply.name_use.iter(), [1, 1, 1]);

    let call = SamrRidToSid {
        object_handle: HANDLE,
        rid: 1001,
    };
    let reply = call.decode(&bytes("gosmb-samr-SamrRidToSid-out")).unwrap();
    let expected = sid("S-1-5-21-3399550914-3019600464-3536316716-1001");
    assert_eq!((reply.sid, reply.status), (Some(expected), 0));
}

#[test]
fn names_and_domains() {
    let policy = |class, name: &str| {
        let call = LsarQueryInformationPolicy {
            policy_handle: HANDLE,
            information_class: class,
        };
        let bytes = bytes(name);
        let reply = call.decode(&bytes).unwrap();
        match reply.policy_information {
            Some(
                PolicyInformation::PrimaryDomain(domain) | PolicyInformation::AccountDomain(domain),
            ) => (counted(&domain.name), domain.sid),
            other => panic!("{other:?}"),
        }
    };
    let told = policy(3, "gosmb-lsarpc-LsarQueryInformationPolicy-class3-out");
    let expected = sid("S-1-5-21-1023064509-695355555-2046574917");
    assert_eq!(told, ("SKYNET".to_owned(), Some(expected)));
    let told = policy(5, "smb21dc-lsarpc-LsarQueryInformationPolicy-class5-out");
    let expected = sid("S-1-5-21-758758874-3121976374-3713154392");
    assert_eq!(told, ("CONTOSO".to_owned(), Some(expected)));

    let open = stub("xp-lsarpc-LsarOpenPolicy2-out");
    assert_eq!(request("xp-lsarpc-LsarOpenPolicy2-in").0, 44);
    let asked = LsarOpenPolicy2 {
        system_name: None,
        object_attributes: ObjectAttributes::NONE,
        desired_access: POLICY_LOOKUP_NAMES,
    };
    let reply = asked.decode(&open).unwrap();
    assert_ne!(reply.policy_handle, HANDLE);
    let (opnum, lookup) = request("xp-lsarpc-LsarLookupNames-in");
    let lookup = LsarLookupNames::from_stub(&lookup).unwrap();
    assert_eq!((opnum, lookup.policy_handle), (14, reply.policy_handle));
    let answer = stub("xp-lsarpc-LsarLookupNames-out");
    let reply = lookup.decode(&answer).unwrap();
    let found: Vec<_> = reply.sids().collect();
    let [(SidNameUse::SidTypeUser, Some(guest))] = found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(guest.rid(), Some(501));
    let closed = LsarClose {
        object_handle: HANDLE,
    };
    let closed = closed.decode(&stub("xp-lsarpc-LsarClose-out")).unwrap();
    assert_eq!((closed.object_handle, closed.status), (HANDLE, 0));
    assert_eq!(request("xp-lsarpc-LsarClose-in").0, 0);

    let names = [];
    let call = LsarLookupNames::of(HANDLE, &names).unwrap();
    let answer = bytes("smbj-lsarpc-LsarLookupNames-out");
    let reply = call.decode(&answer).unwrap();
    let found: Vec<_> = reply.sids().collect();
    let [(SidNameUse::SidTypeUser, Some(admin))] = found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(admin.rid(), Some(500));
}
