//! What goes into the calls, and what comes out of them.

use core::ptr;
use std::cell::Cell;

use windows_sys::Win32::Foundation::{LUID, NTSTATUS};
use windows_sys::Win32::Security::Authentication::Identity::{
    LSA_UNICODE_STRING, SECURITY_LOGON_SESSION_DATA,
};
use windows_sys::Win32::Security::{PSID, SID_NAME_USE};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_INFO_3, SESSION_INFO_10, SHARE_INFO_502, SHARE_INFO_1501,
};
use windows_sys::core::{BOOL, PCWSTR, PWSTR};

use super::calls;
use super::heap::{self, Filler, Kind};
use crate::{
    At, ERROR_INVALID_DATA, ERROR_INVALID_LEVEL, Network, NewShare, ShareChange, Text, WideArg,
};

fn wide(text: &str) -> WideArg {
    WideArg::new(text.encode_utf16()).expect("no NUL")
}

/// Text that was passed to a call.
///
/// # Safety
///
/// Null, or ended by a NUL.
unsafe fn passed(text: *const u16) -> Option<String> {
    (!text.is_null()).then(|| {
        // SAFETY: up to the NUL.
        let units = (0..).map(|index| unsafe { text.add(index).read() });
        let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
        String::from_utf16(&units).expect("well-formed")
    })
}

const FIRST: At = At {
    level: 10,
    preferred_length: u32::MAX,
    resume: 0,
};

/// One session a page: `more data` twice, then the end.
unsafe extern "system" fn three_pages(
    server: PCWSTR,
    client: PCWSTR,
    user: PCWSTR,
    level: u32,
    buffer: *mut *mut u8,
    _: u32,
    read: *mut u32,
    total: *mut u32,
    resume: *mut u32,
) -> u32 {
    // SAFETY: the crate's own arguments.
    unsafe {
        assert_eq!(passed(server).as_deref(), Some(r"\\fs1"));
        assert_eq!(passed(client), None);
        assert_eq!(passed(user).as_deref(), Some("alice"));
        assert_eq!(level, 10);
        let mut filler = Filler::new(128, Kind::NetApi);
        let record = SESSION_INFO_10 {
            sesi10_cname: filler.text(&format!("ws{}", *resume)),
            sesi10_username: filler.text("alice"),
            sesi10_time: 1,
            sesi10_idle_time: 0,
        };
        filler.records(&[record]);
        *buffer = filler.start();
        *read = 1;
        *total = 3 - *resume;
        *resume += 1;
        if *resume < 3 { 234 } else { 0 }
    }
}

#[test]
fn pages_are_read_and_freed_each() {
    let network = calls(|f| f.session_enum = three_pages);
    let (server, user) = (wide(r"\\fs1"), wide("alice"));
    let mut clients = Vec::new();
    let mut at = FIRST;
    for expected in [234, 234, 0] {
        let page = network.session_enum(Some(&server), None, Some(&user), at);
        assert_eq!(page.status, expected);
        clients.extend(page.rows.into_iter().filter_map(|row| row.cname));
        at.resume = page.resume;
    }
    assert_eq!(clients, ["ws0", "ws1", "ws2"].map(Text::from));
    heap::assert_freed_once(3);
}

#[test]
fn a_buffer_beside_an_error_is_freed_and_not_read() {
    unsafe extern "system" fn fails(
        _: PCWSTR,
        _: PCWSTR,
        _: PCWSTR,
        _: u32,
        buffer: *mut *mut u8,
        _: u32,
        read: *mut u32,
        _: *mut u32,
        _: *mut u32,
    ) -> u32 {
        // SAFETY: the crate's own variables.
        unsafe {
            *buffer = heap::allocate(32, Kind::NetApi);
            *read = 1;
        }
        5
    }
    let network = calls(|f| f.session_enum = fails);
    let page = network.session_enum(None, None, None, FIRST);
    assert_eq!((page.status, page.rows.len()), (5, 0));
    heap::assert_freed_once(1);
}

#[test]
fn an_answer_that_does_not_hold_together_is_refused() {
    unsafe extern "system" fn lies(
        _: PCWSTR,
        _: PCWSTR,
        _: PCWSTR,
        _: u32,
        buffer: *mut *mut u8,
        _: u32,
        read: *mut u32,
        _: *mut u32,
        _: *mut u32,
    ) -> u32 {
        let start = heap::allocate(64, Kind::NetApi);
        heap::claim_size(start, 16);
        // SAFETY: the crate's own variables.
        unsafe {
            *buffer = start;
            *read = 2;
        }
        0
    }
    let network = calls(|f| f.session_enum = lies);
    let page = network.session_enum(None, None, None, FIRST);
    assert_eq!((page.status, page.rows.len()), (ERROR_INVALID_DATA, 0));
    heap::assert_freed_once(1);
}

#[test]
fn a_level_that_is_not_ours_is_not_asked() {
    // A call would answer NOT_HERE.
    let network = calls(|_| ());
    let at = At { level: 3, ..FIRST };
    let page = network.session_enum(None, None, None, at);
    assert_eq!(page.status, ERROR_INVALID_LEVEL);
    assert_eq!(network.file_get_info(None, 1, 10), Err(ERROR_INVALID_LEVEL));
    let name = wide("data");
    assert_eq!(
        network.share_get_info(None, &name, 7),
        Err(ERROR_INVALID_LEVEL)
    );
}

#[test]
fn a_file_handle_is_as_wide_as_a_pointer() {
    const WIDE: usize = usize::MAX - 5;
    unsafe extern "system" fn files(
        _: PCWSTR,
        base_path: PCWSTR,
        _: PCWSTR,
        _: u32,
        buffer: *mut *mut u8,
        _: u32,
        read: *mut u32,
        _: *mut u32,
        resume: *mut usize,
    ) -> u32 {
        // SAFETY: the crate's own variables and texts.
        unsafe {
            assert_eq!(passed(base_path).as_deref(), Some(r"C:\data"));
            let more = *resume == 0;
            assert!(more || *resume == WIDE);
            let mut filler = Filler::new(96, Kind::NetApi);
            let record = FILE_INFO_3 {
                fi3_id: 0xffff_fffe,
                fi3_permissions: 3,
                fi3_num_locks: 2,
                fi3_pathname: filler.text(r"C:\data\costs.xlsx"),
                fi3_username: ptr::null_mut(),
            };
            filler.records(&[record]);
            *buffer = filler.start();
            *read = 1;
            *resume = WIDE;
            if more { 234 } else { 0 }
        }
    }
    let network = calls(|f| f.file_enum = files);
    let path = wide(r"C:\data");
    let mut at = At { level: 3, ..FIRST };
    let first = network.file_enum(None, Some(&path), None, at);
    assert_eq!((first.status, first.resume), (234, WIDE));
    assert_eq!(first.rows[0].id, 0xffff_fffe);
    at.resume = first.resume;
    let last = network.file_enum(None, Some(&path), None, at);
    assert_eq!(last.status, 0);
    assert_eq!(
        last.rows[0].pathname,
        Some(Text::from(r"C:\data\costs.xlsx"))
    );
    heap::assert_freed_once(2);
}

#[test]
fn nobody_ends_every_session() {
    thread_local! {
        static CALLED: Cell<u32> = const { Cell::new(0) };
    }
    unsafe extern "system" fn del(_: PCWSTR, client: PCWSTR, user: PCWSTR) -> u32 {
        assert!(!client.is_null() || !user.is_null());
        CALLED.set(CALLED.get() + 1);
        0
    }
    let network = calls(|f| f.session_del = del);
    assert_eq!(network.session_del(None, None, None), 87);
    assert_eq!(CALLED.get(), 0);
    assert_eq!(network.session_del(None, None, Some(&wide("alice"))), 0);
    assert_eq!(CALLED.get(), 1);
}

#[test]
fn a_share_is_sent_as_it_was_meant() {
    unsafe extern "system" fn add(_: PCWSTR, level: u32, info: *const u8, bad: *mut u32) -> u32 {
        assert_eq!(level, 502);
        // SAFETY: the structure of the level.
        unsafe {
            let info = info.cast::<SHARE_INFO_502>().read();
            assert_eq!(passed(info.shi502_netname).as_deref(), Some("data"));
            assert_eq!(passed(info.shi502_remark).as_deref(), Some(""));
            assert_eq!(passed(info.shi502_path).as_deref(), Some(r"C:\data"));
            assert!(info.shi502_passwd.is_null());
            assert_eq!((info.shi502_max_uses, info.shi502_reserved), (12, 0));
            assert!(info.shi502_security_descriptor.cast::<u32>().is_aligned());
            *bad = 3;
        }
        87
    }
    unsafe extern "system" fn set(
        _: PCWSTR,
        name: PCWSTR,
        level: u32,
        info: *const u8,
        _: *mut u32,
    ) -> u32 {
        assert_eq!(level, 1501);
        // SAFETY: the structure of the level.
        unsafe {
            assert_eq!(passed(name).as_deref(), Some("data"));
            let info = info.cast::<SHARE_INFO_1501>().read();
            let bytes = info.shi1501_security_descriptor.cast::<[u8; 6]>().read();
            assert_eq!(bytes, [1, 0, 4, 0x80, 9, 9]);
        }
        0
    }
    let network = calls(|f| {
        f.share_add = add;
        f.share_set_info = set;
    });
    let share = NewShare {
        netname: &wide("data"),
        kind: 0,
        remark: &WideArg::empty(),
        permissions: 0,
        max_uses: 12,
        path: &wide(r"C:\data"),
        security: Some(&[1, 0, 4, 0x80]),
    };
    assert_eq!(network.share_add(None, &share), (87, 3));
    let security = ShareChange::Security(&[1, 0, 4, 0x80, 9, 9]);
    assert_eq!(
        network.share_set_info(None, &wide("data"), &security),
        (0, 0)
    );
}

#[test]
fn a_name_and_its_sid_are_found() {
    unsafe extern "system" fn lookup(
        _: PCWSTR,
        name: PCWSTR,
        sid: PSID,
        size: *mut u32,
        domain: PWSTR,
        units: *mut u32,
        usage: *mut SID_NAME_USE,
    ) -> BOOL {
        let builtin: Vec<u16> = "BUILTIN\0".encode_utf16().collect();
        let bytes = [1u8, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0];
        // SAFETY: the crate's own buffers, of the sizes it states.
        unsafe {
            assert_eq!(passed(name).as_deref(), Some(r"BUILTIN\Administrators"));
            assert!(*size >= 68 && *units >= 256);
            ptr::copy_nonoverlapping(bytes.as_ptr(), sid.cast(), bytes.len());
            ptr::copy_nonoverlapping(builtin.as_ptr(), domain, builtin.len());
            *usage = 4;
        }
        1
    }
    let network = calls(|f| f.lookup_name = lookup);
    let found = network.lookup_name(None, &wide(r"BUILTIN\Administrators"));
    let found = found.expect("an account");
    assert_eq!(found.name, Text::from("Administrators"));
    assert_eq!(found.domain, Text::from("BUILTIN"));
    assert_eq!((found.sid.len(), found.usage), (16, 4));
    assert_eq!(network.lookup_sid(None, &found.sid), Err(1332));
    assert_eq!(network.lookup_sid(None, &found.sid[..9]), Err(1337));
}

unsafe extern "system" fn three_logons(count: *mut u32, list: *mut *mut LUID) -> NTSTATUS {
    let ids = [1, 2, 3].map(|number| LUID {
        LowPart: 0xffff_fff0 + number,
        HighPart: 1,
    });
    let filler = Filler::new(24, Kind::Lsa);
    filler.records(&ids);
    // SAFETY: the crate's own variables.
    unsafe {
        *count = 3;
        *list = filler.start().cast();
    }
    0
}

/// The first whole, the second of an older system, the third refused.
unsafe extern "system" fn logon_data(
    id: *const LUID,
    data: *mut *mut SECURITY_LOGON_SESSION_DATA,
) -> NTSTATUS {
    // SAFETY: the crate's own pointer.
    let id = unsafe { id.read() };
    let number = id.LowPart & 0xf;
    if number == 3 {
        return 0xc000_0022_u32.cast_signed();
    }
    let whole = size_of::<SECURITY_LOGON_SESSION_DATA>();
    let mut filler = Filler::new(whole + 256, Kind::Lsa);
    let mut text = |text: &str| LSA_UNICODE_STRING {
        Length: u16::try_from(text.len() * 2).expect("short"),
        MaximumLength: 0,
        Buffer: filler.text(text),
    };
    let mut record = SECURITY_LOGON_SESSION_DATA {
        Size: u32::try_from(whole).expect("small"),
        LogonId: id,
        UserName: text("alice"),
        LogonDomain: text("EXAMPLE"),
        AuthenticationPackage: text("Kerberos"),
        LogonType: 10,
        Session: 2,
        LogonTime: 133_000_000_000_000_000,
        Upn: text("alice@example.com"),
        UserFlags: 0x20,
        PasswordMustChange: i64::MAX,
        ..SECURITY_LOGON_SESSION_DATA::default()
    };
    if number == 2 {
        // Up to and with Upn: the structure of Windows XP.
        record.Size = u32::try_from(core::mem::offset_of!(
            SECURITY_LOGON_SESSION_DATA,
            UserFlags
        ))
        .expect("small");
    }
    filler.records(&[record]);
    // SAFETY: the crate's own variable.
    unsafe { *data = filler.start().cast() };
    0
}

#[test]
fn logon_sessions_come_with_all_that_is_told() {
    let network = calls(|f| {
        f.logon_sessions = three_logons;
        f.logon_session_data = logon_data;
    });
    let all = network.logon_sessions().expect("a list");
    // Each one's data, and the list.
    heap::assert_freed_once(3);
    let [Ok(whole), Ok(older), Err(refused)] = &all[..] else {
        panic!("two sessions and a refusal, not {all:?}");
    };
    assert_eq!(whole.logon_id, 0x1_ffff_fff1);
    assert_eq!(whole.user_name, Some(Text::from("alice")));
    assert_eq!(whole.authentication_package, Some(Text::from("Kerberos")));
    assert_eq!((whole.logon_type, whole.session), (10, 2));
    assert_eq!(whole.upn, Some(Text::from("alice@example.com")));
    assert_eq!(whole.sid, None);
    assert_eq!(whole.user_flags, Some(0x20));
    assert_eq!(whole.password_must_change, Some(i64::MAX));
    assert_eq!(older.upn, Some(Text::from("alice@example.com")));
    assert_eq!((older.user_flags, older.last_logon), (None, None));
    assert_eq!(*refused, 0xc000_0022);
}
