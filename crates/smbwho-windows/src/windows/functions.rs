//! The functions that are called, as a table: a test puts its own in place of
//! the system's.

use core::ffi::c_void;

use windows_sys::Win32::Foundation::{LUID, NTSTATUS};
use windows_sys::Win32::Security::Authentication::Identity::{
    EXTENDED_NAME_FORMAT, SECURITY_LOGON_SESSION_DATA,
};
use windows_sys::Win32::Security::{PSID, SID_NAME_USE};
use windows_sys::core::{BOOL, PCWSTR, PWSTR};

/// `(server, level, &mut buffer)`
type GetInfo = unsafe extern "system" fn(PCWSTR, u32, *mut *mut u8) -> u32;
/// `(server, name, level, &mut buffer)`
type GetNamedInfo = unsafe extern "system" fn(PCWSTR, PCWSTR, u32, *mut *mut u8) -> u32;
/// `(server, level, &mut buffer, preferred length, &mut read, &mut total, &mut resume)`
pub(super) type Enum<H> =
    unsafe extern "system" fn(PCWSTR, u32, *mut *mut u8, u32, *mut u32, *mut u32, *mut H) -> u32;
/// As [`Enum`], of one thing with a name.
pub(super) type EnumOf<H> = unsafe extern "system" fn(
    PCWSTR,
    PCWSTR,
    u32,
    *mut *mut u8,
    u32,
    *mut u32,
    *mut u32,
    *mut H,
) -> u32;
/// As [`Enum`], with two filters.
pub(super) type EnumFiltered<H> = unsafe extern "system" fn(
    PCWSTR,
    PCWSTR,
    PCWSTR,
    u32,
    *mut *mut u8,
    u32,
    *mut u32,
    *mut u32,
    *mut H,
) -> u32;
/// `(system, account, sid, &mut its size, domain, &mut its size, &mut use)`
type LookupName = unsafe extern "system" fn(
    PCWSTR,
    PCWSTR,
    PSID,
    *mut u32,
    PWSTR,
    *mut u32,
    *mut SID_NAME_USE,
) -> BOOL;
/// `(system, sid, name, &mut its size, domain, &mut its size, &mut use)`
type LookupSid = unsafe extern "system" fn(
    PCWSTR,
    PSID,
    PWSTR,
    *mut u32,
    PWSTR,
    *mut u32,
    *mut SID_NAME_USE,
) -> BOOL;

/// One pointer for each function, with the system's own signature.
#[derive(Clone, Copy)]
pub(crate) struct Functions {
    pub(super) session_enum: EnumFiltered<u32>,
    pub(super) session_del: unsafe extern "system" fn(PCWSTR, PCWSTR, PCWSTR) -> u32,
    pub(super) connection_enum: EnumOf<u32>,
    pub(super) file_enum: EnumFiltered<usize>,
    pub(super) file_get_info: unsafe extern "system" fn(PCWSTR, u32, u32, *mut *mut u8) -> u32,
    pub(super) file_close: unsafe extern "system" fn(PCWSTR, u32) -> u32,
    pub(super) share_enum: Enum<u32>,
    pub(super) share_get_info: GetNamedInfo,
    pub(super) share_add: unsafe extern "system" fn(PCWSTR, u32, *const u8, *mut u32) -> u32,
    pub(super) share_set_info:
        unsafe extern "system" fn(PCWSTR, PCWSTR, u32, *const u8, *mut u32) -> u32,
    pub(super) share_del: unsafe extern "system" fn(PCWSTR, PCWSTR, u32) -> u32,
    pub(super) server_get_info: GetInfo,
    pub(super) server_disk_enum: Enum<u32>,
    /// windows-sys has the texts as bytes; they are wide, as everywhere here.
    pub(super) statistics_get:
        unsafe extern "system" fn(*const i8, *const i8, u32, u32, *mut *mut u8) -> u32,
    pub(super) remote_tod: unsafe extern "system" fn(PCWSTR, *mut *mut u8) -> u32,
    pub(super) wksta_get_info: GetInfo,
    pub(super) wksta_user_enum: Enum<u32>,
    pub(super) local_group_enum: Enum<usize>,
    pub(super) local_group_get_members: EnumOf<usize>,
    pub(super) group_enum: Enum<usize>,
    pub(super) group_get_users: EnumOf<usize>,
    pub(super) user_get_groups: unsafe extern "system" fn(
        PCWSTR,
        PCWSTR,
        u32,
        *mut *mut u8,
        u32,
        *mut u32,
        *mut u32,
    ) -> u32,
    pub(super) user_get_local_groups: unsafe extern "system" fn(
        PCWSTR,
        PCWSTR,
        u32,
        u32,
        *mut *mut u8,
        u32,
        *mut u32,
        *mut u32,
    ) -> u32,
    pub(super) buffer_size: unsafe extern "system" fn(*const c_void, *mut u32) -> u32,
    pub(super) buffer_free: unsafe extern "system" fn(*const c_void) -> u32,
    pub(super) lookup_name: LookupName,
    pub(super) lookup_sid: LookupSid,
    pub(super) last_error: unsafe extern "system" fn() -> u32,
    pub(super) user_name: unsafe extern "system" fn(EXTENDED_NAME_FORMAT, PWSTR, *mut u32) -> bool,
    pub(super) logon_sessions: unsafe extern "system" fn(*mut u32, *mut *mut LUID) -> NTSTATUS,
    pub(super) logon_session_data:
        unsafe extern "system" fn(*const LUID, *mut *mut SECURITY_LOGON_SESSION_DATA) -> NTSTATUS,
    pub(super) free_return_buffer: unsafe extern "system" fn(*const c_void) -> NTSTATUS,
}

#[cfg(windows)]
mod system {
    use windows_sys::Win32::Foundation::GetLastError;
    use windows_sys::Win32::NetworkManagement::NetManagement::{
        NetApiBufferFree, NetApiBufferSize, NetGroupEnum, NetGroupGetUsers, NetLocalGroupEnum,
        NetLocalGroupGetMembers, NetRemoteTOD, NetServerDiskEnum, NetServerGetInfo,
        NetUserGetGroups, NetUserGetLocalGroups, NetWkstaGetInfo, NetWkstaUserEnum,
    };
    use windows_sys::Win32::Security::Authentication::Identity::{
        GetUserNameExW, LsaEnumerateLogonSessions, LsaFreeReturnBuffer, LsaGetLogonSessionData,
    };
    use windows_sys::Win32::Security::{LookupAccountNameW, LookupAccountSidW};
    use windows_sys::Win32::Storage::FileSystem::{
        NetConnectionEnum, NetFileClose, NetFileEnum, NetFileGetInfo, NetSessionDel,
        NetSessionEnum, NetShareAdd, NetShareDel, NetShareEnum, NetShareGetInfo, NetShareSetInfo,
        NetStatisticsGet,
    };

    use super::Functions;

    impl Functions {
        /// Those of the system.
        pub(crate) const SYSTEM: Self = Self {
            session_enum: NetSessionEnum,
            session_del: NetSessionDel,
            connection_enum: NetConnectionEnum,
            file_enum: NetFileEnum,
            file_get_info: NetFileGetInfo,
            file_close: NetFileClose,
            share_enum: NetShareEnum,
            share_get_info: NetShareGetInfo,
            share_add: NetShareAdd,
            share_set_info: NetShareSetInfo,
            share_del: NetShareDel,
            server_get_info: NetServerGetInfo,
            server_disk_enum: NetServerDiskEnum,
            statistics_get: NetStatisticsGet,
            remote_tod: NetRemoteTOD,
            wksta_get_info: NetWkstaGetInfo,
            wksta_user_enum: NetWkstaUserEnum,
            local_group_enum: NetLocalGroupEnum,
            local_group_get_members: NetLocalGroupGetMembers,
            group_enum: NetGroupEnum,
            group_get_users: NetGroupGetUsers,
            user_get_groups: NetUserGetGroups,
            user_get_local_groups: NetUserGetLocalGroups,
            buffer_size: NetApiBufferSize,
            buffer_free: NetApiBufferFree,
            lookup_name: LookupAccountNameW,
            lookup_sid: LookupAccountSidW,
            last_error: GetLastError,
            user_name: GetUserNameExW,
            logon_sessions: LsaEnumerateLogonSessions,
            logon_session_data: LsaGetLogonSessionData,
            free_return_buffer: LsaFreeReturnBuffer,
        };
    }
}
