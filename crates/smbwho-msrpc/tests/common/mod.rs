//! What several of these tests need.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use smbwho_msrpc::srvsvc::session::{
    NetrSessionEnum, NetrSessionEnumReply, SessionEnumUnion, SessionInfo, SessionInfo0,
    SessionInfo1, SessionInfo2, SessionInfo10, SessionInfo502, SessionLevel,
};
use smbwho_msrpc::srvsvc::{Container, Enumerated};
use smbwho_rpc::Call;
use smbwho_rpc::ndr::{NdrError, WStr, Wire};

/// Bytes from hexadecimal digits; everything else is for the reader.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .lines()
        .map(|line| line.split("//").next().unwrap())
        .flat_map(|line| line.chars().filter_map(|c| c.to_digit(16)))
        .collect();
    assert!(digits.len().is_multiple_of(2));
    digits
        .chunks(2)
        .map(|pair| (pair[0] * 16 + pair[1]) as u8)
        .collect()
}

/// A request at `level` with nothing else said.
pub fn request(level: SessionLevel) -> NetrSessionEnum<'static> {
    NetrSessionEnum {
        server_name: None,
        client_name: None,
        user_name: None,
        level,
        preferred_maximum_length: 0xffff_ffff,
        resume_handle: Some(0),
    }
}

/// A session with all that any level tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    pub cname: Option<Vec<u16>>,
    pub username: Option<Vec<u16>>,
    pub num_opens: u32,
    pub time: u32,
    pub idle_time: u32,
    pub user_flags: u32,
    pub cltype_name: Option<Vec<u16>>,
    pub transport: Option<Vec<u16>>,
}

pub fn units(text: &str) -> Option<Vec<u16>> {
    Some(text.encode_utf16().collect())
}

fn own(text: Option<WStr<'_>>) -> Option<Vec<u16>> {
    text.map(|text| text.units().collect())
}

/// What a level tells: texts, and numbers.
macro_rules! row_of {
    ($info:ident: $($text:ident)*; $($number:ident)*) => {
        impl From<$info<'_>> for Row {
            fn from(info: $info<'_>) -> Self {
                let mut row = Row::default();
                $( row.$text = own(info.$text); )*
                $( row.$number = info.$number; )*
                row
            }
        }
    };
}

row_of!(SessionInfo0: cname;);
row_of!(SessionInfo1: cname username; num_opens time idle_time user_flags);
row_of!(SessionInfo2: cname username cltype_name; num_opens time idle_time user_flags);
row_of!(SessionInfo10: cname username; time idle_time);
row_of!(SessionInfo502: cname username cltype_name transport; num_opens time idle_time user_flags);

/// The sessions of a reply, what its level does not tell left at zero and null.
pub fn rows(reply: &NetrSessionEnumReply<'_>) -> Vec<Row> {
    fn all<'a, T: Wire<'a> + Into<Row>>(container: Option<Container<'a, T>>) -> Vec<Row> {
        container.map_or(vec![], |c| c.entries().map(Into::into).collect())
    }
    match reply.sessions {
        SessionEnumUnion::Level0(c) => all(c),
        SessionEnumUnion::Level1(c) => all(c),
        SessionEnumUnion::Level2(c) => all(c),
        SessionEnumUnion::Level10(c) => all(c),
        SessionEnumUnion::Level502(c) => all(c),
    }
}

/// Decodes a reply every way, into a view and into rows, in one pass and in parts: they must agree.
pub fn decode(level: SessionLevel, stub: &[u8]) -> Result<NetrSessionEnumReply<'_>, NdrError> {
    let in_one_pass = match level {
        SessionLevel::L0 => made::<SessionInfo0<'_>>(stub),
        SessionLevel::L1 => made::<SessionInfo1<'_>>(stub),
        SessionLevel::L2 => made::<SessionInfo2<'_>>(stub),
        SessionLevel::L10 => made::<SessionInfo10<'_>>(stub),
        SessionLevel::L502 => made::<SessionInfo502<'_>>(stub),
    };
    let reply = request(level).decode(stub);
    match (&reply, in_one_pass) {
        (Ok(reply), Ok(made)) => {
            assert_eq!(made.rows, rows(reply));
            let rest = (made.total_entries, made.resume_handle, made.status);
            assert_eq!(
                rest,
                (reply.total_entries, reply.resume_handle, reply.status)
            );
        }
        // Of several faults either may be named.
        (Err(_), Err(_)) => {}
        (view, in_one_pass) => panic!("{view:?} is not {in_one_pass:?}"),
    }
    reply
}

/// Rows made in one pass; those made three at a time must be the same.
fn made<'a, T: SessionInfo<'a> + Into<Row>>(stub: &'a [u8]) -> Result<Enumerated<Row>, NdrError> {
    let whole = NetrSessionEnum::decode_rows(stub, T::into)?;
    let mut parts = Vec::new();
    if let Some(mut remaining) = NetrSessionEnum::sessions::<T>(stub)? {
        while !remaining.is_empty() {
            parts.extend(NetrSessionEnum::decode_next(
                stub,
                &mut remaining,
                3,
                T::into,
            )?);
            assert_eq!(parts.len() + remaining.len(), whole.rows.len());
        }
    }
    assert_eq!(parts, whole.rows);
    Ok(whole)
}

/// What is left of a row at a level.
pub fn at_level(row: &Row, level: SessionLevel) -> Row {
    let mut row = row.clone();
    if level == SessionLevel::L0 {
        return Row {
            cname: row.cname,
            ..Row::default()
        };
    }
    if level == SessionLevel::L10 {
        (row.num_opens, row.user_flags) = (0, 0);
    }
    if !matches!(level, SessionLevel::L2 | SessionLevel::L502) {
        row.cltype_name = None;
    }
    if level != SessionLevel::L502 {
        row.transport = None;
    }
    row
}

/// A reply's stub, encoded by this crate.
pub fn encode_reply(
    level: SessionLevel,
    rows: &[Row],
    total_entries: u32,
    resume_handle: Option<u32>,
    status: u32,
) -> Vec<u8> {
    // The texts as bytes, for the views to borrow from.
    let bytes = |text: &Option<Vec<u16>>| -> Option<Vec<u8>> {
        text.as_ref()
            .map(|units| units.iter().flat_map(|u| u.to_le_bytes()).collect())
    };
    let texts: Vec<[Option<Vec<u8>>; 4]> = rows
        .iter()
        .map(|r| {
            [
                bytes(&r.cname),
                bytes(&r.username),
                bytes(&r.cltype_name),
                bytes(&r.transport),
            ]
        })
        .collect();
    let text = |i: usize, j: usize| -> Option<WStr<'_>> {
        texts[i][j]
            .as_deref()
            .map(|bytes| WStr::from_utf16le(bytes).unwrap())
    };
    macro_rules! reply {
        ($arm:ident, $info:ident, |$i:ident, $row:ident| $make:expr) => {{
            let entries: Vec<$info<'_>> = rows.iter().enumerate().map(|($i, $row)| $make).collect();
            NetrSessionEnumReply {
                level: level.number(),
                sessions: SessionEnumUnion::$arm(Some(Container::of(&entries).unwrap())),
                total_entries,
                resume_handle,
                status,
            }
            .to_stub()
            .unwrap()
        }};
    }
    match level {
        SessionLevel::L0 => {
            reply!(Level0, SessionInfo0, |i, _r| SessionInfo0 {
                cname: text(i, 0)
            })
        }
        SessionLevel::L1 => reply!(Level1, SessionInfo1, |i, r| SessionInfo1 {
            cname: text(i, 0),
            username: text(i, 1),
            num_opens: r.num_opens,
            time: r.time,
            idle_time: r.idle_time,
            user_flags: r.user_flags,
        }),
        SessionLevel::L2 => reply!(Level2, SessionInfo2, |i, r| SessionInfo2 {
            cname: text(i, 0),
            username: text(i, 1),
            num_opens: r.num_opens,
            time: r.time,
            idle_time: r.idle_time,
            user_flags: r.user_flags,
            cltype_name: text(i, 2),
        }),
        SessionLevel::L10 => reply!(Level10, SessionInfo10, |i, r| SessionInfo10 {
            cname: text(i, 0),
            username: text(i, 1),
            time: r.time,
            idle_time: r.idle_time,
        }),
        SessionLevel::L502 => reply!(Level502, SessionInfo502, |i, r| SessionInfo502 {
            cname: text(i, 0),
            username: text(i, 1),
            num_opens: r.num_opens,
            time: r.time,
            idle_time: r.idle_time,
            user_flags: r.user_flags,
            cltype_name: text(i, 2),
            transport: text(i, 3),
        }),
    }
}
