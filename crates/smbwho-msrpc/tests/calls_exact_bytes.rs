//! The shortest call of each family to its exact bytes, written by hand from the documents.
#![allow(missing_docs, reason = "tests")]

mod calls;
mod common;

use calls::{HANDLE, sid, u, w};
use common::hex;
use smbwho_msrpc::lsarpc::{LsarLookupSids, LsarLookupSidsReply};
use smbwho_msrpc::samr::{SamrLookupIdsInDomain, SamrOpenDomain, SamrQueryInformationGroup};
use smbwho_msrpc::srvsvc::connection::{ConnectionLevel, NetrConnectionEnum};
use smbwho_msrpc::srvsvc::disk::NetrServerDiskEnum;
use smbwho_msrpc::srvsvc::file::{FileEnumUnion, FileLevel, NetrFileClose, NetrFileEnum};
use smbwho_msrpc::srvsvc::server::{NetrServerGetInfo, ServerInfo, ServerLevel};
use smbwho_msrpc::srvsvc::session::{NetrSessionDel, SessionTarget};
use smbwho_msrpc::srvsvc::share::{
    NetrShareEnum, NetrShareGetInfo, NetrShareSetInfo, ShareChange, ShareEnumUnion, ShareInfo,
    ShareInfo1006, ShareLevel,
};
use smbwho_msrpc::srvsvc::time::NetrRemoteTOD;
use smbwho_msrpc::types::{SidNameUse, Text};
use smbwho_msrpc::wkssvc::user::{NetrWkstaUserEnum, WkstaUserLevel};
use smbwho_rpc::Call;
use smbwho_rpc::ndr::NdrErrorKind;

#[test]
fn file_close() {
    let call = NetrFileClose {
        server_name: None,
        file_id: 0x8000_0001,
    };
    assert_eq!(call.encode().unwrap(), hex("00000000 01000080"));
    assert_eq!(call.decode(&hex("0a090000")).unwrap().status, 2314);
}

#[test]
fn file_enum() {
    let call = NetrFileEnum {
        server_name: None,
        base_path: None,
        user_name: Some(Text::Utf16(&[0xd800])),
        level: FileLevel::L3,
        preferred_maximum_length: 0xffff_ffff,
        resume_handle: None,
    };
    let request = hex("
        00000000                                     // server_name
        00000000                                     // base_path
        00000200 02000000 00000000 02000000 00d80000 // user_name, not well-formed
        03000000 03000000                            // level, discriminant
        04000200 00000000 00000000                   // container
        ffffffff 00000000                            // length, resume_handle
    ");
    assert_eq!(call.encode().unwrap(), request);
    let reply = hex("
        03000000 03000000 01000000                   // level, discriminant, container
        01000000 01000000 01000000                   // entries_read, buffer, its count
        feffffff 21000000 02000000 01000000 00000000 // id, permissions, locks, path, user
        03000000 00000000 02000000 7800 0000         // path
        01000000 00000000 00000000                   // total_entries, resume_handle, status
    ");
    let reply = call.decode(&reply).unwrap();
    let FileEnumUnion::Level3(Some(files)) = reply.files else {
        panic!("{reply:?}");
    };
    let file = files.entries().next().unwrap();
    assert_eq!(
        (file.id, file.permissions, file.num_locks),
        (0xffff_fffe, 0x21, 2)
    );
    assert_eq!((file.pathname, file.username), (Some(w("x")), None));
}

#[test]
fn connection_enum() {
    let call = NetrConnectionEnum {
        server_name: None,
        qualifier: Text::Str("s"),
        level: ConnectionLevel::L0,
        preferred_maximum_length: 16,
        resume_handle: Some(1),
    };
    let request = hex("
        00000000                                     // server_name
        00000200 02000000 00000000 02000000 7300 0000 // qualifier
        00000000 00000000 04000200 00000000 00000000 // level, discriminant, container
        10000000 08000200 01000000                   // length, resume_handle
    ");
    assert_eq!(call.encode().unwrap(), request);
}

#[test]
fn session_del() {
    let call = |target| NetrSessionDel {
        server_name: None,
        target,
    };
    let (client, user) = (Text::Str("\\\\c"), Text::Utf16(&[0x75]));
    let both = hex("
        00000000
        00000200 04000000 00000000 04000000 5c005c0063000000
        04000200 02000000 00000000 02000000 75000000
    ");
    assert_eq!(
        call(SessionTarget::Both { client, user }).encode().unwrap(),
        both
    );
    assert_eq!(
        call(SessionTarget::Client(client)).encode().unwrap(),
        [&both[..28], &[0; 4]].concat()
    );
}

/// Samba takes an empty user for any user; a client of nothing but backslashes is no client.
#[test]
fn session_del_with_an_empty_name_cannot_be_sent() {
    let (client, empty) = (Text::Str("\\\\c"), Text::Str(""));
    for target in [
        SessionTarget::User(empty),
        SessionTarget::Client(empty),
        SessionTarget::Client(Text::Str("\\\\")),
        SessionTarget::Both {
            client,
            user: empty,
        },
        SessionTarget::Both {
            client: empty,
            user: client,
        },
        SessionTarget::User(Text::Utf16(&[])),
    ] {
        let call = NetrSessionDel {
            server_name: None,
            target,
        };
        let error = call.encode().unwrap_err();
        assert_eq!(*error.kind(), NdrErrorKind::EmptyText);
        assert_eq!(error.culprit(), smbwho_rpc::ndr::Culprit::Caller);
    }
}

#[test]
fn share_set_info() {
    let call = NetrShareSetInfo {
        server_name: None,
        net_name: Text::Str("s"),
        change: ShareChange::Level1006(ShareInfo1006 { max_uses: 5 }),
    };
    let request = hex("
        00000000
        02000000 00000000 02000000 73000000          // net_name: no pointer
        ee030000 ee030000 00000200 05000000          // level, discriminant, info
        04000200 00000000                            // parm_err
    ");
    assert_eq!(call.encode().unwrap(), request);
    let reply = call.decode(&hex("01000000 06000000 57000000")).unwrap();
    assert_eq!((reply.parm_err, reply.status), (Some(6), 87));
}

/// A server whose IDL lacks the level leaves the pointer of the union out.
#[test]
fn share_levels_that_a_server_does_not_know() {
    let call = NetrShareEnum {
        server_name: None,
        level: ShareLevel::L503,
        preferred_maximum_length: 0,
        resume_handle: None,
    };
    for (stub, resume_handle) in [
        ("f7010000 f7010000 00000000 00000000 7c000000", None),
        (
            "f7010000 f7010000 00000000 01000000 05000000 7c000000",
            Some(5),
        ),
    ] {
        let stub = hex(stub);
        let reply = call.decode(&stub).unwrap();
        assert_eq!(reply.shares, ShareEnumUnion::Level503(None));
        assert_eq!((reply.resume_handle, reply.status), (resume_handle, 124));
    }
    // Not with a success, and not of another level.
    for stub in [
        "f7010000 f7010000 00000000 00000000 00000000",
        "f6010000 f6010000 00000000 00000000 7c000000",
    ] {
        assert!(call.decode(&hex(stub)).is_err());
    }
    let call = NetrShareGetInfo {
        server_name: None,
        net_name: Text::Str("s"),
        level: 503,
    };
    let stub = hex("f7010000 7c000000");
    let reply = call.decode(&stub).unwrap();
    assert_eq!((reply.info, reply.status), (ShareInfo::Level503(None), 124));
    assert!(call.decode(&hex("f7010000 00000000")).is_err());
}

#[test]
fn server_get_info() {
    let call = NetrServerGetInfo {
        server_name: Some(""),
        level: ServerLevel::L100,
    };
    let request = hex("00000200 01000000 00000000 01000000 0000 0000 64000000");
    assert_eq!(call.encode().unwrap(), request);
    let reply =
        hex("64000000 01000000 f4010000 01000000 02000000 00000000 02000000 5300 0000 00000000");
    let reply = call.decode(&reply).unwrap();
    let ServerInfo::Level100(Some(info)) = reply.info else {
        panic!("{reply:?}");
    };
    assert_eq!((info.platform_id, info.name), (500, Some(w("S"))));
    let error = call.decode(&hex("64000000 00000000 00000000")).unwrap_err();
    assert_eq!(*error.kind(), NdrErrorKind::MissingReferent);
}

#[test]
fn disk_enum() {
    let call = NetrServerDiskEnum { server_name: None };
    let request = hex("00000000 00000000 00000000 00000000 ffffffff 00000200 00000000");
    assert_eq!(call.encode().unwrap(), request);
    let two = "
        02000000 01000000 02000000 00000000 02000000 // entries_read, buffer, its counts
        00000000 03000000 43003a000000 dead          // C:, padding
        00000000 03000000 44003a000000 dead          // D:
        02000000 00000000 00000000
    ";
    let stub = hex(two);
    let reply = call.decode(&stub).unwrap();
    assert!(reply.disks().eq([w("C:"), w("D:")]));
    for (from, to, what) in [
        ("0200000001000000", "0300000001000000", "entries_read"),
        ("03000000", "04000000", "four units"),
        ("3a000000", "3a004100", "no NUL"),
        ("0000000003000000", "0100000003000000", "offset"),
    ] {
        let plain: String = stub.iter().map(|b| format!("{b:02x}")).collect();
        assert!(plain.contains(from), "{what}");
        let changed = plain.replacen(from, to, 1);
        assert!(call.decode(&hex(&changed)).is_err(), "{what}");
    }
    let many = hex("00000200 01000000 00000200 00000000 00000200");
    let error = call.decode(&many).unwrap_err();
    assert!(matches!(
        error.kind(),
        NdrErrorKind::AboveLimit { count: 0x20000, .. }
    ));
}

#[test]
fn remote_tod() {
    let call = NetrRemoteTOD { server_name: None };
    assert_eq!(call.encode().unwrap(), hex("00000000"));
    let stub = hex("
        01000000 15cd5b07 01000000 0c000000 22000000 38000000 4e000000 88ffffff
        36010000 1f000000 0c000000 e9070000 03000000 00000000
    ");
    let time = call.decode(&stub).unwrap().time.unwrap();
    assert_eq!(
        (time.elapsedt, time.timezone, time.year),
        (123_456_789, -120, 2025)
    );
}

#[test]
fn wksta_user_enum() {
    let call = NetrWkstaUserEnum {
        server_name: None,
        level: WkstaUserLevel::L0,
        preferred_maximum_length: 1,
        resume_handle: Some(0),
    };
    let request = hex("
        00000000 00000000 00000000 00000200 00000000 00000000 01000000 04000200 00000000
    ");
    assert_eq!(call.encode().unwrap(), request);
}

const HANDLE_BYTES: &str = "00000000 78563412 0100 0200 0908070605040302";

#[test]
fn samr_open_domain() {
    let call = SamrOpenDomain {
        server_handle: HANDLE,
        desired_access: 0x300,
        domain_id: sid("S-1-5-32"),
    };
    let request = hex(&format!(
        "
        {HANDLE_BYTES} 00030000
        01000000 01 01 000000000005 20000000
    "
    ));
    assert_eq!(call.encode().unwrap(), request);
    let reply = call
        .decode(&hex(&format!("{HANDLE_BYTES} 00000000")))
        .unwrap();
    assert_eq!(reply.domain_handle, HANDLE);
}

#[test]
fn samr_query_information_group() {
    let call = SamrQueryInformationGroup {
        group_handle: HANDLE,
        group_information_class: 1,
    };
    assert_eq!(call.encode().unwrap(), hex(&format!("{HANDLE_BYTES} 0100")));
    let stub = hex("
        01000000 0100 abab                           // pointer, discriminant, padding
        0200 0400 01000000 07000000 02000000         // name, attributes, members
        0000 0000 00000000                           // no description
        02000000 00000000 01000000 6700 abab         // name's text, room for two
        00000000
    ");
    let reply = call.decode(&stub).unwrap();
    let Some(smbwho_msrpc::samr::GroupInfo::General(group)) = reply.buffer else {
        panic!("{reply:?}");
    };
    assert_eq!(
        (group.name.text(), group.admin_comment.text()),
        (Some(w("g")), None)
    );
    assert_eq!((group.attributes, group.member_count), (7, 2));
}

#[test]
fn samr_lookup_ids() {
    let call = SamrLookupIdsInDomain::of(HANDLE, &[500]).unwrap();
    let request = hex(&format!(
        "
        {HANDLE_BYTES} 01000000
        e8030000 00000000 01000000 f4010000          // room for 1000, one there
    "
    ));
    assert_eq!(call.encode().unwrap(), request);
    let error = SamrLookupIdsInDomain::of(HANDLE, &[0; 1001]).unwrap_err();
    assert!(matches!(error.kind(), NdrErrorKind::TooManyToSend { .. }));
}

#[test]
fn lsar_lookup_sids() {
    let sids = [Some(sid("S-1-1-0"))];
    let call = LsarLookupSids::of(HANDLE, &sids).unwrap();
    let request = hex(&format!(
        "
        {HANDLE_BYTES}
        01000000 00000200 01000000 04000200          // one SID behind a pointer
        01000000 01 01 000000000001 00000000         // S-1-1-0
        00000000 00000000                            // no names
        0100 0000 00000000                           // level, padding, mapped_count
    "
    ));
    assert_eq!(call.encode().unwrap(), request);
    let stub = hex("
        01000000 01000000 01000000 20000000          // domains: pointer, one, buffer, max
        01000000 0000 0000 00000000 00000000         // without a name and a SID
        01000000 01000000 01000000                   // names
        0500 abab 1000 1000 01000000 00000000        // well-known, counted string, domain 0
        08000000 00000000 08000000 45007600650072007900 6f006e006500
        01000000 00000000
    ");
    let reply: LsarLookupSidsReply<'_> = call.decode(&stub).unwrap();
    let (name, domain) = reply.names().next().unwrap();
    assert_eq!(name.name_use, SidNameUse::SidTypeWellKnownGroup);
    assert_eq!(name.name.text(), Some(w("Everyone")));
    assert_eq!(domain.unwrap().sid, None);
}

#[test]
fn a_sid_that_lies() {
    let call = smbwho_msrpc::samr::SamrRidToSid {
        object_handle: HANDLE,
        rid: 1,
    };
    for (stub, what) in [
        (
            "01000000 02000000 01 01 000000000005 20000000 20000000 00000000",
            "counts differ",
        ),
        (
            "01000000 01000000 02 01 000000000005 20000000 00000000",
            "revision 2",
        ),
        (
            "01000000 10000000 01 10 000000000005 20000000 00000000",
            "16 sub-authorities",
        ),
        ("01000000 02000000 01 02 000000000005 20000000", "too short"),
        ("00000000 00000000", "null with success"),
    ] {
        assert!(call.decode(&hex(stub)).is_err(), "{what}");
    }
    assert!(call.decode(&hex("00000000 220000c0")).is_ok());
}

#[test]
fn a_counted_string_keeps_what_it_is_given() {
    let text = u("ü\u{10ffff}");
    assert_eq!((text.length, text.maximum_length), (6, 6));
    assert_eq!(text.text(), Some(w("ü\u{10ffff}")));
}
