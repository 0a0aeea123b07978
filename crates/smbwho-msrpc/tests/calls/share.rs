//! Shares.

use smbwho_msrpc::srvsvc::share::*;
use smbwho_msrpc::srvsvc::{Container, MAX_PREFERRED_LENGTH};
use smbwho_msrpc::types::Text;
use smbwho_rpc::ndr::Array;

use super::{Case, case, leak, w};

/// `O:BAD:(A;;FA;;;WD)`, self-relative.
pub const DESCRIPTOR: [u8; 64] = [
    1, 0, 4, 0x80, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 36, 0, 0, 0, // header
    1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0, // S-1-5-32-544
    2, 0, 28, 0, 1, 0, 0, 0, // one entry
    0, 0, 20, 0, 0xff, 1, 0x1f, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0,
    0, // allow S-1-1-0 everything
];

fn descriptor() -> Option<Array<'static, u8>> {
    Some(Array::from(&DESCRIPTOR[..]))
}

fn two() -> ShareInfo2<'static> {
    ShareInfo2 {
        netname: Some(w("data")),
        kind: STYPE_DISKTREE,
        remark: Some(w("für alle")),
        permissions: 0,
        max_uses: SHI_USES_UNLIMITED,
        current_uses: 3,
        path: Some(w("C:\\srv\\data")),
        passwd: None,
    }
}

fn with_security() -> ShareInfo502<'static> {
    let two = two();
    ShareInfo502 {
        netname: two.netname,
        kind: two.kind,
        remark: two.remark,
        permissions: two.permissions,
        max_uses: 10,
        current_uses: two.current_uses,
        path: two.path,
        passwd: None,
        reserved: 64,
        security_descriptor: descriptor(),
    }
}

fn with_server() -> ShareInfo503<'static> {
    let two = two();
    ShareInfo503 {
        netname: two.netname,
        kind: two.kind,
        remark: two.remark,
        permissions: two.permissions,
        max_uses: 10,
        current_uses: two.current_uses,
        path: two.path,
        passwd: None,
        servername: Some(w("*")),
        reserved: 64,
        security_descriptor: descriptor(),
    }
}

const NO_503: &str = "Samba's IDL has no level 503";

pub fn cases() -> Vec<Case> {
    let mut cases = lists();
    cases.extend(one());
    cases.extend(changes());
    cases
}

fn lists() -> Vec<Case> {
    let ask = |level| NetrShareEnum {
        server_name: Some("\\\\srv"),
        level,
        preferred_maximum_length: MAX_PREFERRED_LENGTH,
        resume_handle: Some(0),
    };
    let reply = |shares: ShareEnumUnion<'static>| NetrShareEnumReply {
        level: shares.discriminant(),
        shares,
        total_entries: 2,
        resume_handle: None,
        status: 0,
    };
    let one = ShareInfo1 {
        netname: Some(w("IPC$")),
        kind: STYPE_IPC | STYPE_SPECIAL,
        remark: None,
    };
    let level501 = ShareInfo501 {
        netname: Some(w("data")),
        kind: STYPE_DISKTREE,
        remark: None,
        flags: CSC_CACHE_VDO,
    };
    let level0 = [
        ShareInfo0 {
            netname: Some(w("data")),
        },
        ShareInfo0 {
            netname: Some(w("print$")),
        },
    ];
    macro_rules! container {
        ($arm:ident, $entries:expr) => {
            reply(ShareEnumUnion::$arm(Some(
                Container::of(leak($entries)).unwrap(),
            )))
        };
    }
    vec![
        case!(ask(ShareLevel::L0), NetrShareEnumRequest, container!(Level0, level0),
            in &["level: 0x00000000 (0)"], out &["name: 'data'", "name: 'print$'"]),
        case!(ask(ShareLevel::L1), NetrShareEnumRequest, container!(Level1, [one]),
            in &["level: 0x00000001 (1)"],
            out &["name: 'IPC$'", "type: STYPE_IPC_HIDDEN (0x80000003)", "comment: NULL"]),
        case!(ask(ShareLevel::L2), NetrShareEnumRequest, container!(Level2, [two(), two()]),
            in &["level: 0x00000002 (2)"],
            out &["comment: 'für alle'", "max_users: 0xffffffff (4294967295)",
                "current_users: 0x00000003 (3)", "path: 'C:\\srv\\data'", "password: NULL"]),
        case!(ask(ShareLevel::L501), NetrShareEnumRequest, container!(Level501, [level501]),
            in &["level: 0x000001f5 (501)"], out &["csc_policy: 0x00000020 (32)"]),
        case!(ask(ShareLevel::L502), NetrShareEnumRequest,
            container!(Level502, [with_security(), with_security()]),
            in &["level: 0x000001f6 (502)"],
            out &["sd_size: 0x00000040 (64)", "owner_sid: S-1-5-32-544",
                "access_mask: 0x001f01ff (2032127)", "trustee: S-1-1-0"]),
        case!(ask(ShareLevel::L503), NetrShareEnumRequest, container!(Level503, [with_server()]),
            in &[], out &[])
        .no_ndrdump(NO_503),
    ]
}

fn one() -> Vec<Case> {
    let ask = |level| NetrShareGetInfo {
        server_name: Some("\\\\srv"),
        net_name: Text::Str("data"),
        level,
    };
    let reply = |info| NetrShareGetInfoReply { info, status: 0 };
    let flags = SHI1005_FLAGS_ENCRYPT_DATA | CSC_CACHE_NONE;
    vec![
        case!(ask(0), NetrShareGetInfoRequest,
            reply(ShareInfo::Level0(Some(ShareInfo0 { netname: Some(w("data")) }))),
            in &["share_name: 'data'", "level: 0x00000000 (0)"], out &["name: 'data'"]),
        case!(ask(1), NetrShareGetInfoRequest,
            reply(ShareInfo::Level1(Some(ShareInfo1 {
                netname: Some(w("data")),
                kind: STYPE_TEMPORARY,
                remark: Some(w("")),
            }))),
            in &["level: 0x00000001 (1)"],
            out &["type: STYPE_DISKTREE_TEMPORARY (0x40000000)", "comment: ''"]),
        case!(ask(2), NetrShareGetInfoRequest, reply(ShareInfo::Level2(Some(two()))),
            in &["level: 0x00000002 (2)"], out &["path: 'C:\\srv\\data'"]),
        case!(ask(501), NetrShareGetInfoRequest,
            reply(ShareInfo::Level501(Some(ShareInfo501 {
                netname: None,
                kind: STYPE_PRINTQ,
                remark: None,
                flags: 0x30,
            }))),
            in &["level: 0x000001f5 (501)"], out &["csc_policy: 0x00000030 (48)"]),
        case!(ask(502), NetrShareGetInfoRequest,
            reply(ShareInfo::Level502(Some(with_security()))),
            in &["level: 0x000001f6 (502)"],
            out &["sd_size: 0x00000040 (64)", "trustee: S-1-1-0"]),
        case!(ask(503), NetrShareGetInfoRequest, reply(ShareInfo::Level503(Some(with_server()))),
            in &[], out &[])
        .no_ndrdump(NO_503),
        case!(ask(1005), NetrShareGetInfoRequest,
            reply(ShareInfo::Level1005(Some(ShareInfo1005 { flags }))),
            in &["level: 0x000003ed (1005)"], out &["1: SHARE_1005_ENCRYPT_DATA"]),
        case!(ask(2), NetrShareGetInfoRequest,
            NetrShareGetInfoReply { info: ShareInfo::Level2(None), status: 2310 },
            in &["level: 0x00000002 (2)"], out &["info2: NULL"]),
    ]
}

fn changes() -> Vec<Case> {
    let add = |share| NetrShareAdd {
        server_name: Some("\\\\srv"),
        share,
    };
    let added = |parm_err, status| NetrShareAddReply { parm_err, status };
    let set = |change| NetrShareSetInfo {
        server_name: None,
        net_name: Text::Str("data"),
        change,
    };
    let done = NetrShareSetInfoReply {
        parm_err: Some(0),
        status: 0,
    };
    let security = ShareInfo1501 {
        reserved: 64,
        security_descriptor: descriptor(),
    };
    let one = ShareInfo1 {
        netname: None,
        kind: 0,
        remark: Some(w("neu")),
    };
    vec![
        case!(add(NewShare::Level2(two())), NetrShareAddRequest, added(Some(8), 87),
            in &["level: 0x00000002 (2)", "name: 'data'", "path: 'C:\\srv\\data'",
                "parm_error: 0x00000000 (0)"],
            out &["parm_error: 0x00000008 (8)", "result: WERR_INVALID_PARAMETER"]),
        case!(add(NewShare::Level502(with_security())), NetrShareAddRequest, added(None, 0),
            in &["sd_size: 0x00000040 (64)", "trustee: S-1-1-0"],
            out &["parm_error: NULL", "result: WERR_OK"]),
        case!(add(NewShare::Level503(with_server())), NetrShareAddRequest, added(None, 0),
            in &[], out &[])
        .no_ndrdump(NO_503),
        case!(set(ShareChange::Level1(one)), NetrShareSetInfoRequest, done,
            in &["share_name: 'data'", "level: 0x00000001 (1)", "comment: 'neu'"],
            out &["result: WERR_OK"]),
        case!(set(ShareChange::Level2(two())), NetrShareSetInfoRequest, done,
            in &["level: 0x00000002 (2)", "comment: 'für alle'"], out &["result: WERR_OK"]),
        case!(set(ShareChange::Level502(with_security())), NetrShareSetInfoRequest, done,
            in &["level: 0x000001f6 (502)", "trustee: S-1-1-0"], out &["result: WERR_OK"]),
        case!(set(ShareChange::Level503(with_server())), NetrShareSetInfoRequest, done,
            in &[], out &[])
        .no_ndrdump(NO_503),
        case!(set(ShareChange::Level1004(ShareInfo1004 { remark: Some(w("neu")) })),
            NetrShareSetInfoRequest, done,
            in &["level: 0x000003ec (1004)", "comment: 'neu'"], out &["result: WERR_OK"]),
        case!(set(ShareChange::Level1005(ShareInfo1005 { flags: SHI1005_FLAGS_ENABLE_CA })),
            NetrShareSetInfoRequest, done,
            in &["level: 0x000003ed (1005)", "1: SHARE_1005_ENABLE_CA"],
            out &["result: WERR_OK"]),
        case!(set(ShareChange::Level1006(ShareInfo1006 { max_uses: 5 })),
            NetrShareSetInfoRequest, done,
            in &["level: 0x000003ee (1006)", "max_users: 0x00000005 (5)"],
            out &["result: WERR_OK"]),
        case!(set(ShareChange::Level1501(security)), NetrShareSetInfoRequest, done,
            in &["level: 0x000005dd (1501)", "owner_sid: S-1-5-32-544"],
            out &["result: WERR_OK"])
        .no_impacket_request("it puts the descriptor in place; the IDL has a pointer"),
        case!(NetrShareDel { server_name: Some("\\\\srv"), net_name: Text::Str("data") },
            NetrShareDelRequest, NetrShareDelReply { status: 2310 },
            in &["share_name: 'data'", "reserved: 0x00000000 (0)"],
            out &["result: WERR_NERR_NETNAMENOTFOUND"]),
    ]
}
