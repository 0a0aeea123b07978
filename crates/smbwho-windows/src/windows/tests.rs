//! The unsafe code against a system of the test's own: it fills real buffers,
//! poisons what is freed, and counts. One buffer freed twice, or not at all,
//! fails the test, and so does a row that borrows from one.

mod calls;
mod heap;
mod reading;

use core::ffi::c_void;

use windows_sys::Win32::Foundation::{LUID, NTSTATUS};
use windows_sys::Win32::Security::Authentication::Identity::{
    EXTENDED_NAME_FORMAT, SECURITY_LOGON_SESSION_DATA,
};
use windows_sys::Win32::Security::{PSID, SID_NAME_USE};
use windows_sys::core::{BOOL, PCWSTR, PWSTR};

use super::Calls;
use super::functions::Functions;

/// ERROR_CALL_NOT_IMPLEMENTED: what is not put in place answers so.
const NOT_HERE: u32 = 120;

/// Calls of which none is there but those for buffers.
fn empty() -> Functions {
    unsafe extern "system" fn enum_filtered<H>(
        _: PCWSTR,
        _: PCWSTR,
        _: PCWSTR,
        _: u32,
        _: *mut *mut u8,
        _: u32,
        _: *mut u32,
        _: *mut u32,
        _: *mut H,
    ) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn enum_of<H>(
        _: PCWSTR,
        _: PCWSTR,
        _: u32,
        _: *mut *mut u8,
        _: u32,
        _: *mut u32,
        _: *mut u32,
        _: *mut H,
    ) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn enum_plain<H>(
        _: PCWSTR,
        _: u32,
        _: *mut *mut u8,
        _: u32,
        _: *mut u32,
        _: *mut u32,
        _: *mut H,
    ) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn get_info(_: PCWSTR, _: u32, _: *mut *mut u8) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn get_named(_: PCWSTR, _: PCWSTR, _: u32, _: *mut *mut u8) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn get_numbered(_: PCWSTR, _: u32, _: u32, _: *mut *mut u8) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn names(_: PCWSTR, _: PCWSTR, _: PCWSTR) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn number(_: PCWSTR, _: u32) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn name(_: PCWSTR, _: PCWSTR, _: u32) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn add(_: PCWSTR, _: u32, _: *const u8, _: *mut u32) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn set(_: PCWSTR, _: PCWSTR, _: u32, _: *const u8, _: *mut u32) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn statistics(
        _: *const i8,
        _: *const i8,
        _: u32,
        _: u32,
        _: *mut *mut u8,
    ) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn tod(_: PCWSTR, _: *mut *mut u8) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn of_user(
        _: PCWSTR,
        _: PCWSTR,
        _: u32,
        _: *mut *mut u8,
        _: u32,
        _: *mut u32,
        _: *mut u32,
    ) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn local_of_user(
        _: PCWSTR,
        _: PCWSTR,
        _: u32,
        _: u32,
        _: *mut *mut u8,
        _: u32,
        _: *mut u32,
        _: *mut u32,
    ) -> u32 {
        NOT_HERE
    }
    unsafe extern "system" fn lookup_name(
        _: PCWSTR,
        _: PCWSTR,
        _: PSID,
        _: *mut u32,
        _: PWSTR,
        _: *mut u32,
        _: *mut SID_NAME_USE,
    ) -> BOOL {
        0
    }
    unsafe extern "system" fn lookup_sid(
        _: PCWSTR,
        _: PSID,
        _: PWSTR,
        _: *mut u32,
        _: PWSTR,
        _: *mut u32,
        _: *mut SID_NAME_USE,
    ) -> BOOL {
        0
    }
    unsafe extern "system" fn last_error() -> u32 {
        1332
    }
    unsafe extern "system" fn user_name(_: EXTENDED_NAME_FORMAT, _: PWSTR, _: *mut u32) -> bool {
        false
    }
    unsafe extern "system" fn logons(_: *mut u32, _: *mut *mut LUID) -> NTSTATUS {
        -1
    }
    unsafe extern "system" fn logon(
        _: *const LUID,
        _: *mut *mut SECURITY_LOGON_SESSION_DATA,
    ) -> NTSTATUS {
        -1
    }
    unsafe extern "system" fn size(buffer: *const c_void, size: *mut u32) -> u32 {
        // SAFETY: the crate passes a live variable.
        unsafe { *size = heap::size(buffer) };
        0
    }
    unsafe extern "system" fn free(buffer: *const c_void) -> u32 {
        heap::free(buffer, heap::Kind::NetApi);
        0
    }
    unsafe extern "system" fn free_lsa(buffer: *const c_void) -> NTSTATUS {
        heap::free(buffer, heap::Kind::Lsa);
        0
    }
    Functions {
        session_enum: enum_filtered,
        session_del: names,
        connection_enum: enum_of,
        file_enum: enum_filtered,
        file_get_info: get_numbered,
        file_close: number,
        share_enum: enum_plain,
        share_get_info: get_named,
        share_add: add,
        share_set_info: set,
        share_del: name,
        server_get_info: get_info,
        server_disk_enum: enum_plain,
        statistics_get: statistics,
        remote_tod: tod,
        wksta_get_info: get_info,
        wksta_user_enum: enum_plain,
        local_group_enum: enum_plain,
        local_group_get_members: enum_of,
        group_enum: enum_plain,
        group_get_users: enum_of,
        user_get_groups: of_user,
        user_get_local_groups: local_of_user,
        buffer_size: size,
        buffer_free: free,
        lookup_name,
        lookup_sid,
        last_error,
        user_name,
        logon_sessions: logons,
        logon_session_data: logon,
        free_return_buffer: free_lsa,
    }
}

/// The crate over these functions.
fn calls(change: impl FnOnce(&mut Functions)) -> Calls {
    let mut functions = empty();
    change(&mut functions);
    Calls { functions }
}
