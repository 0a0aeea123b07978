//! srvsvc but shares, and wkssvc.

use smbwho_msrpc::srvsvc::connection::*;
use smbwho_msrpc::srvsvc::disk::*;
use smbwho_msrpc::srvsvc::file::*;
use smbwho_msrpc::srvsvc::server::*;
use smbwho_msrpc::srvsvc::session::*;
use smbwho_msrpc::srvsvc::statistics::*;
use smbwho_msrpc::srvsvc::time::*;
use smbwho_msrpc::srvsvc::{Container, MAX_PREFERRED_LENGTH};
use smbwho_msrpc::types::Text;
use smbwho_msrpc::wkssvc::info::*;
use smbwho_msrpc::wkssvc::user::*;
use smbwho_rpc::ndr::{Fixed, Reader, Wire};

use super::{Case, case, leak, w};

const SERVER: Option<&str> = Some("\\\\srv");

pub fn cases() -> Vec<Case> {
    let mut cases = connections();
    cases.extend(files());
    cases.extend(ending());
    cases.extend(the_server());
    cases.extend(workstation());
    cases
}

fn connections() -> Vec<Case> {
    let call = NetrConnectionEnum {
        server_name: SERVER,
        qualifier: Text::Str("data"),
        level: ConnectionLevel::L0,
        preferred_maximum_length: MAX_PREFERRED_LENGTH,
        resume_handle: Some(0),
    };
    let level0 = leak([ConnectionInfo0 { id: 7 }, ConnectionInfo0 { id: u32::MAX }]);
    let level1 = leak([
        ConnectionInfo1 {
            id: 7,
            kind: 0,
            num_opens: 2,
            num_users: 1,
            time: 60,
            username: Some(w("älice")),
            netname: Some(w("CLIENT")),
        },
        ConnectionInfo1 {
            id: 8,
            kind: 3,
            num_opens: 0,
            num_users: 0,
            time: 1,
            username: None,
            netname: Some(w("")),
        },
    ]);
    let reply = |connections: ConnectEnumUnion<'static>| NetrConnectionEnumReply {
        level: connections.discriminant(),
        connections,
        total_entries: 9,
        resume_handle: Some(5),
        status: 234,
    };
    vec![
        case!(call, NetrConnectionEnumRequest,
            reply(ConnectEnumUnion::Level0(Some(Container::of(level0).unwrap()))),
            in &["server_unc: '\\\\srv'", "path: 'data'", "level: 0x00000000 (0)"],
            out &["conn_id: 0xffffffff (4294967295)", "totalentries: 0x00000009 (9)"]),
        case!(
            NetrConnectionEnum { level: ConnectionLevel::L1, qualifier: Text::Str("\\\\c"), resume_handle: None, ..call },
            NetrConnectionEnumRequest,
            reply(ConnectEnumUnion::Level1(Some(Container::of(level1).unwrap()))),
            in &["path: '\\\\c'", "resume_handle: NULL"],
            out &["conn_type: 0x00000003 (3)", "num_open: 0x00000002 (2)",
                "num_users: 0x00000001 (1)", "conn_time: 0x0000003c (60)", "user: 'älice'",
                "share: 'CLIENT'", "user: NULL", "share: ''", "resume_handle: 0x00000005 (5)",
                "result: WERR_MORE_DATA"]),
    ]
}

fn files() -> Vec<Case> {
    let call = NetrFileEnum {
        server_name: None,
        base_path: Some(Text::Str("C:\\data")),
        user_name: Some(Text::Str("\\\\10.0.0.1")),
        level: FileLevel::L3,
        preferred_maximum_length: 65_536,
        resume_handle: Some(1),
    };
    let file = FileInfo3 {
        id: 0x8000_0001,
        permissions: PERM_FILE_READ | PERM_FILE_WRITE,
        num_locks: 4,
        pathname: Some(w("C:\\data\\книга.txt")),
        username: Some(w("alice")),
    };
    let level2 = leak([FileInfo2 { id: 1 }, FileInfo2 { id: 0x8000_0001 }]);
    let level3 = leak([
        file,
        FileInfo3 {
            pathname: None,
            username: None,
            ..file
        },
    ]);
    let get = |level| NetrFileGetInfo {
        server_name: SERVER,
        file_id: 0x8000_0001,
        level,
    };
    vec![
        case!(call, NetrFileEnumRequest, NetrFileEnumReply {
                level: 3,
                files: FileEnumUnion::Level3(Some(Container::of(level3).unwrap())),
                total_entries: 2,
                resume_handle: None,
                status: 0,
            },
            in &["server_unc: NULL", "path: 'C:\\data'", "user: '\\\\10.0.0.1'",
                "max_buffer: 0x00010000 (65536)", "resume_handle: 0x00000001 (1)"],
            out &["fid: 0x80000001 (2147483649)", "permissions: 0x00000003 (3)",
                "num_locks: 0x00000004 (4)", "path: 'C:\\data\\книга.txt'", "user: 'alice'",
                "path: NULL", "result: WERR_OK"]),
        case!(NetrFileEnum { level: FileLevel::L2, base_path: None, user_name: None, ..call },
            NetrFileEnumRequest, NetrFileEnumReply {
                level: 2,
                files: FileEnumUnion::Level2(Some(Container::of(level2).unwrap())),
                total_entries: 2,
                resume_handle: Some(2),
                status: 0,
            },
            in &["path: NULL", "user: NULL"],
            out &["fid: 0x80000001 (2147483649)"]),
        case!(get(FileLevel::L3), NetrFileGetInfoRequest,
            NetrFileGetInfoReply { info: FileInfo::Level3(Some(file)), status: 0 },
            in &["fid: 0x80000001 (2147483649)", "level: 0x00000003 (3)"],
            out &["fid: 0x80000001 (2147483649)", "user: 'alice'"]),
        case!(get(FileLevel::L2), NetrFileGetInfoRequest,
            NetrFileGetInfoReply { info: FileInfo::Level2(None), status: 2314 },
            in &["level: 0x00000002 (2)"],
            out &["info2: NULL"]),
    ]
}

fn ending() -> Vec<Case> {
    let (client, user) = (Text::Str("\\\\10.0.0.1"), Text::Str("alice"));
    let end = |target| NetrSessionDel {
        server_name: SERVER,
        target,
    };
    let done = NetrSessionDelReply { status: 0 };
    vec![
        case!(NetrFileClose { server_name: SERVER, file_id: 0xffff_fffe }, NetrFileCloseRequest,
            NetrFileCloseReply { status: 2314 },
            in &["fid: 0xfffffffe (4294967294)"], out &["result: WERR_NERR_FILEIDNOTFOUND"]),
        case!(end(SessionTarget::Client(client)), NetrSessionDelRequest, done,
            in &["client: '\\\\10.0.0.1'", "user: NULL"], out &["result: WERR_OK"]),
        case!(end(SessionTarget::User(user)), NetrSessionDelRequest, done,
            in &["client: NULL", "user: 'alice'"], out &["result: WERR_OK"]),
        case!(end(SessionTarget::Both { client, user }), NetrSessionDelRequest, done,
            in &["client: '\\\\10.0.0.1'", "user: 'alice'"], out &["result: WERR_OK"]),
    ]
}

/// An array of drives, as on the wire.
fn disks(count: u8) -> Disks<'static> {
    let mut stub = vec![count, 0, 0, 0, 0, 0, 0, 0, count, 0, 0, 0];
    for letter in 0..count {
        while !stub.len().is_multiple_of(4) {
            stub.push(0);
        }
        stub.extend([0, 0, 0, 0, 3, 0, 0, 0, b'A' + letter, 0, b':', 0, 0, 0]);
    }
    let mut reader = Reader::new(leak(stub));
    Disks::decode(&mut Fixed::new(&[], 0), &mut reader).unwrap()
}

fn the_server() -> Vec<Case> {
    let ask = |level| NetrServerGetInfo {
        server_name: SERVER,
        level,
    };
    let all = ServerInfo102 {
        platform_id: 500,
        name: Some(w("SRV")),
        version_major: 10,
        version_minor: 1,
        kind: 0x9003,
        comment: Some(w("Dateien für alle")),
        users: 0xffff_ffff,
        disc: -1,
        hidden: 1,
        announce: 240,
        anndelta: 3000,
        licenses: 2,
        userpath: Some(w("c:\\")),
    };
    let info101 = ServerInfo101 {
        platform_id: 500,
        name: all.name,
        version_major: 10,
        version_minor: 1,
        kind: 0x9003,
        comment: None,
    };
    let info100 = ServerInfo100 {
        platform_id: 500,
        name: all.name,
    };
    let reply = |info| NetrServerGetInfoReply { info, status: 0 };
    let statistics = StatServer0 {
        start: 1,
        fopens: 2,
        devopens: 3,
        jobsqueued: 4,
        sopens: 5,
        stimedout: 6,
        serrorout: 7,
        pwerrors: 8,
        permerrors: 9,
        syserrors: 10,
        bytessent_low: 11,
        bytessent_high: 12,
        bytesrcvd_low: 13,
        bytesrcvd_high: 14,
        avresponse: 15,
        reqbufneed: 16,
        bigbufneed: 17,
    };
    let time = TimeOfDayInfo {
        elapsedt: 1,
        msecs: 2,
        hours: 3,
        mins: 4,
        secs: 5,
        hunds: 6,
        timezone: -60,
        tinterval: 310,
        day: 9,
        month: 10,
        year: 2011,
        weekday: 6,
    };
    vec![
        case!(ask(ServerLevel::L100), NetrServerGetInfoRequest,
            reply(ServerInfo::Level100(Some(info100))),
            in &["server_unc: '\\\\srv'", "level: 0x00000064 (100)"],
            out &["platform_id: PLATFORM_ID_NT (500)", "server_name: 'SRV'"]),
        case!(ask(ServerLevel::L101), NetrServerGetInfoRequest,
            reply(ServerInfo::Level101(Some(info101))),
            in &["level: 0x00000065 (101)"],
            out &["version_major: 0x0000000a (10)", "version_minor: 0x00000001 (1)",
                "server_type: 0x00009003 (36867)", "comment: NULL"]),
        case!(ask(ServerLevel::L102), NetrServerGetInfoRequest,
            reply(ServerInfo::Level102(Some(all))),
            in &["level: 0x00000066 (102)"],
            out &["comment: 'Dateien für alle'", "users: 0xffffffff (4294967295)",
                "disc: 0xffffffff (4294967295)", "hidden: 0x00000001 (1)",
                "announce: 0x000000f0 (240)", "anndelta: 0x00000bb8 (3000)",
                "licenses: 0x00000002 (2)", "userpath: 'c:\\'"]),
        case!(NetrServerDiskEnum { server_name: SERVER }, NetrServerDiskEnumRequest,
            NetrServerDiskEnumReply {
                disks: DiskEnumContainer { entries_read: 3, buffer: Some(disks(3)) },
                total_entries: 3,
                resume_handle: Some(0),
                status: 0,
            },
            in &["level: 0x00000000 (0)", "count: 0x00000000 (0)", "disks: NULL"],
            out &["count: 0x00000003 (3)", "disk: 'A:'", "disk: 'B:'", "disk: 'C:'",
                "totalentries: 0x00000003 (3)"]),
        case!(NetrServerStatisticsGet { server_name: SERVER, service: Some("Server") },
            NetrServerStatisticsGetRequest,
            NetrServerStatisticsGetReply { info: Some(statistics), status: 0 },
            in &["service: 'Server'", "options: 0x00000000 (0)"],
            out &["start: 0x00000001 (1)", "jobsqueued: 0x00000004 (4)",
                "bytessent_high: 0x0000000c (12)", "bigbufneed: 0x00000011 (17)"]),
        case!(NetrRemoteTOD { server_name: SERVER }, NetrRemoteTODRequest,
            NetrRemoteTODReply { time: Some(time), status: 0 },
            in &["server_unc: '\\\\srv'"],
            out &["elapsed: 0x00000001 (1)", "hunds: 0x00000006 (6)", "timezone: -60",
                "year: 0x000007db (2011)", "weekday: 0x00000006 (6)"]),
    ]
}

const NO_POINTER: &str = "it takes ResumeHandle for a number; the IDL has a pointer";

fn workstation() -> Vec<Case> {
    let ask = |level| NetrWkstaGetInfo {
        server_name: SERVER,
        level,
    };
    let all = WkstaInfo102 {
        platform_id: 500,
        computername: Some(w("PC")),
        langroup: Some(w("WORK")),
        ver_major: 10,
        ver_minor: 2,
        lanroot: Some(w("")),
        logged_on_users: 3,
    };
    let info100 = WkstaInfo100 {
        platform_id: 500,
        computername: all.computername,
        langroup: None,
        ver_major: 10,
        ver_minor: 2,
    };
    let info101 = WkstaInfo101 {
        platform_id: 500,
        computername: all.computername,
        langroup: all.langroup,
        ver_major: 10,
        ver_minor: 2,
        lanroot: None,
    };
    let reply = |info| NetrWkstaGetInfoReply { info, status: 0 };
    let users = NetrWkstaUserEnum {
        server_name: SERVER,
        level: WkstaUserLevel::L1,
        preferred_maximum_length: MAX_PREFERRED_LENGTH,
        resume_handle: Some(0),
    };
    let level0 = leak([WkstaUserInfo0 {
        username: Some(w("älice")),
    }]);
    let level1 = leak([WkstaUserInfo1 {
        username: Some(w("älice")),
        logon_domain: Some(w("DOM")),
        oth_domains: Some(w("")),
        logon_server: None,
    }]);
    let reply_users = |users: WkstaUserEnumUnion<'static>| NetrWkstaUserEnumReply {
        level: users.discriminant(),
        users,
        total_entries: 1,
        resume_handle: Some(0),
        status: 0,
    };
    vec![
        case!(ask(WkstaLevel::L100), NetrWkstaGetInfoRequest,
            reply(WkstaInfo::Level100(Some(info100))),
            in &["server_name: '\\\\srv'", "level: 0x00000064 (100)"],
            out &["server_name: 'PC'", "domain_name: NULL", "version_minor: 0x00000002 (2)"]),
        case!(ask(WkstaLevel::L101), NetrWkstaGetInfoRequest,
            reply(WkstaInfo::Level101(Some(info101))),
            in &["level: 0x00000065 (101)"], out &["domain_name: 'WORK'", "lan_root: NULL"]),
        case!(ask(WkstaLevel::L102), NetrWkstaGetInfoRequest,
            reply(WkstaInfo::Level102(Some(all))),
            in &["level: 0x00000066 (102)"],
            out &["lan_root: ''", "logged_on_users: 0x00000003 (3)"]),
        case!(NetrWkstaUserEnum { level: WkstaUserLevel::L0, ..users }, NetrWkstaUserEnumRequest,
            reply_users(WkstaUserEnumUnion::Level0(Some(Container::of(level0).unwrap()))),
            in &["level: 0x00000000 (0)", "prefmaxlen: 0xffffffff (4294967295)"],
            out &["user_name: 'älice'"])
        .no_impacket_reply(NO_POINTER),
        case!(users, NetrWkstaUserEnumRequest,
            reply_users(WkstaUserEnumUnion::Level1(Some(Container::of(level1).unwrap()))),
            in &["level: 0x00000001 (1)"],
            out &["user_name: 'älice'", "logon_domain: 'DOM'", "other_domains: ''",
                "logon_server: NULL"])
        .no_impacket_reply(NO_POINTER),
    ]
}
