//! The calls of netapi32, one after the other.

use core::ptr;

use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;
use windows_sys::Win32::NetworkManagement::NetManagement::{
    GROUP_INFO_3, GROUP_USERS_INFO_1, LG_INCLUDE_INDIRECT, LOCALGROUP_INFO_1,
    LOCALGROUP_MEMBERS_INFO_2, LOCALGROUP_USERS_INFO_0, SERVER_INFO_100, SERVER_INFO_101,
    SERVER_INFO_102, TIME_OF_DAY_INFO, WKSTA_INFO_100, WKSTA_INFO_101, WKSTA_INFO_102,
    WKSTA_USER_INFO_0, WKSTA_USER_INFO_1,
};
use windows_sys::Win32::Storage::FileSystem::{
    CONNECTION_INFO_0, CONNECTION_INFO_1, FILE_INFO_2, FILE_INFO_3, SESSION_INFO_0, SESSION_INFO_1,
    SESSION_INFO_2, SESSION_INFO_10, SESSION_INFO_502, SHARE_INFO_0, SHARE_INFO_1, SHARE_INFO_2,
    SHARE_INFO_501, SHARE_INFO_502, SHARE_INFO_503, SHARE_INFO_1004, SHARE_INFO_1005,
    SHARE_INFO_1006, SHARE_INFO_1501, STAT_SERVER_0,
};
use windows_sys::core::PCWSTR;

use super::Calls;
use super::buffer::{Buffer, Free, Record};
use super::records::Disk;
use crate::{
    Account, At, ConnectionInfo, ERROR_INVALID_LEVEL, FileInfo, GroupInfo, GroupUser,
    LocalGroupInfo, LocalGroupMember, LogonSession, Network, NewShare, Page, ServerInfo,
    SessionInfo, ShareChange, ShareInfo, StatServer, Text, TimeOfDay, WideArg, WkstaInfo,
    WkstaUserInfo,
};

/// ERROR_MORE_DATA.
const MORE_DATA: u32 = 234;

/// The level at which a group's members, and a user's groups, come with
/// attributes.
const WITH_ATTRIBUTES: u32 = 1;

/// The service that counts what NetStatisticsGet tells (SERVICE_SERVER).
const SERVER_SERVICE: &str = "LanmanServer";

/// Null for none.
pub(super) fn pointer(text: Option<&WideArg>) -> PCWSTR {
    text.map_or(ptr::null(), |text| text.with_nul().as_ptr())
}

/// What the calls that list give back beside their status.
struct Out<H> {
    buffer: *mut u8,
    read: u32,
    total: u32,
    /// In: where to begin. Out: where the next page begins.
    resume: H,
}

/// A handle of the width that the call has.
trait Handle: Copy {
    fn of(resume: usize) -> Self;
    fn resume(self) -> usize;
}

impl Handle for u32 {
    // It came out of a call with a handle of this width.
    fn of(resume: usize) -> Self {
        resume as u32
    }
    fn resume(self) -> usize {
        self as usize
    }
}

impl Handle for usize {
    fn of(resume: usize) -> Self {
        resume
    }
    fn resume(self) -> usize {
        self
    }
}

/// A call that has no pages.
impl Handle for () {
    fn of(_: usize) -> Self {}
    fn resume(self) -> usize {
        0
    }
}

impl Calls {
    /// Makes a call that lists, and reads what came.
    ///
    /// # Safety
    ///
    /// The call leaves in `out` what the Net functions do: null or a buffer of
    /// netapi32's with `read` records of type `T`.
    unsafe fn list<T: Record, H: Handle>(
        &self,
        resume: usize,
        call: impl FnOnce(&mut Out<H>) -> u32,
    ) -> Page<T::Row> {
        let mut out = Out {
            buffer: ptr::null_mut(),
            read: 0,
            total: 0,
            resume: H::of(resume),
        };
        let status = call(&mut out);
        // SAFETY: the caller's word; nobody else has seen the pointer.
        let buffer = unsafe { Buffer::own(&self.functions, out.buffer, Free::NetApi) };
        // With any other status there may be a buffer, but there are no rows.
        let rows = match status {
            0 | MORE_DATA => buffer.rows::<T>(out.read),
            _ => Ok(Vec::new()),
        };
        match rows {
            Ok(rows) => Page {
                status,
                rows,
                total: out.total,
                resume: out.resume.resume(),
            },
            Err(status) => Page::of_status(status),
        }
    }

    /// Makes a call with one answer, and reads it.
    ///
    /// # Safety
    ///
    /// The call leaves null or a buffer of netapi32's with one `T`.
    unsafe fn one<T: Record>(&self, call: impl FnOnce(&mut *mut u8) -> u32) -> Result<T::Row, u32> {
        let mut start = ptr::null_mut();
        let status = call(&mut start);
        // SAFETY: the caller's word; nobody else has seen the pointer.
        let buffer = unsafe { Buffer::own(&self.functions, start, Free::NetApi) };
        if status == 0 {
            buffer.row::<T>()
        } else {
            Err(status)
        }
    }

    fn sessions<T: Record<Row = SessionInfo>>(
        &self,
        server: Option<&WideArg>,
        client: Option<&WideArg>,
        user: Option<&WideArg>,
        at: At,
    ) -> Page<SessionInfo> {
        // SAFETY: `T` is the structure of the level; the texts end with a NUL.
        unsafe {
            self.list::<T, u32>(at.resume, |out| {
                (self.functions.session_enum)(
                    pointer(server),
                    pointer(client),
                    pointer(user),
                    at.level,
                    &mut out.buffer,
                    at.preferred_length,
                    &mut out.read,
                    &mut out.total,
                    &mut out.resume,
                )
            })
        }
    }

    fn connections<T: Record<Row = ConnectionInfo>>(
        &self,
        server: Option<&WideArg>,
        qualifier: &WideArg,
        at: At,
    ) -> Page<ConnectionInfo> {
        // SAFETY: `T` is the structure of the level; the texts end with a NUL.
        unsafe {
            self.list::<T, u32>(at.resume, |out| {
                (self.functions.connection_enum)(
                    pointer(server),
                    pointer(Some(qualifier)),
                    at.level,
                    &mut out.buffer,
                    at.preferred_length,
                    &mut out.read,
                    &mut out.total,
                    &mut out.resume,
                )
            })
        }
    }

    fn files<T: Record<Row = FileInfo>>(
        &self,
        server: Option<&WideArg>,
        base_path: Option<&WideArg>,
        user: Option<&WideArg>,
        at: At,
    ) -> Page<FileInfo> {
        // SAFETY: `T` is the structure of the level; the texts end with a NUL;
        // the handle is as wide as a pointer, as the call has it.
        unsafe {
            self.list::<T, usize>(at.resume, |out| {
                (self.functions.file_enum)(
                    pointer(server),
                    pointer(base_path),
                    pointer(user),
                    at.level,
                    &mut out.buffer,
                    at.preferred_length,
                    &mut out.read,
                    &mut out.total,
                    &mut out.resume,
                )
            })
        }
    }

    fn file<T: Record<Row = FileInfo>>(
        &self,
        server: Option<&WideArg>,
        id: u32,
        level: u32,
    ) -> Result<FileInfo, u32> {
        // SAFETY: `T` is the structure of the level; the text ends with a NUL.
        unsafe {
            self.one::<T>(|start| (self.functions.file_get_info)(pointer(server), id, level, start))
        }
    }

    fn shares<T: Record<Row = ShareInfo>>(
        &self,
        server: Option<&WideArg>,
        at: At,
    ) -> Page<ShareInfo> {
        // SAFETY: `T` is the structure of the level; the text ends with a NUL.
        unsafe { self.list_plain::<T, u32>(self.functions.share_enum, server, at) }
    }

    fn share<T: Record<Row = ShareInfo>>(
        &self,
        server: Option<&WideArg>,
        name: &WideArg,
        level: u32,
    ) -> Result<ShareInfo, u32> {
        // SAFETY: `T` is the structure of the level; the texts end with a NUL.
        unsafe {
            self.one::<T>(|start| {
                (self.functions.share_get_info)(pointer(server), pointer(Some(name)), level, start)
            })
        }
    }

    fn server<T: Record<Row = ServerInfo>>(
        &self,
        server: Option<&WideArg>,
        level: u32,
    ) -> Result<ServerInfo, u32> {
        // SAFETY: `T` is the structure of the level; the text ends with a NUL.
        unsafe {
            self.one::<T>(|start| (self.functions.server_get_info)(pointer(server), level, start))
        }
    }

    fn wksta<T: Record<Row = WkstaInfo>>(
        &self,
        server: Option<&WideArg>,
        level: u32,
    ) -> Result<WkstaInfo, u32> {
        // SAFETY: `T` is the structure of the level; the text ends with a NUL.
        unsafe {
            self.one::<T>(|start| (self.functions.wksta_get_info)(pointer(server), level, start))
        }
    }

    /// A list that is asked for by server, level and place only.
    ///
    /// # Safety
    ///
    /// `T` is the structure that the function gives at this level.
    unsafe fn list_plain<T: Record, H: Handle>(
        &self,
        function: super::functions::Enum<H>,
        server: Option<&WideArg>,
        at: At,
    ) -> Page<T::Row> {
        // SAFETY: the caller's word; the text ends with a NUL.
        unsafe {
            self.list::<T, H>(at.resume, |out| {
                function(
                    pointer(server),
                    at.level,
                    &mut out.buffer,
                    at.preferred_length,
                    &mut out.read,
                    &mut out.total,
                    &mut out.resume,
                )
            })
        }
    }

    /// A list of what belongs to one thing with a name.
    ///
    /// # Safety
    ///
    /// `T` is the structure that the function gives at this level.
    unsafe fn list_of<T: Record, H: Handle>(
        &self,
        function: super::functions::EnumOf<H>,
        server: Option<&WideArg>,
        name: &WideArg,
        at: At,
    ) -> Page<T::Row> {
        // SAFETY: the caller's word; the texts end with a NUL.
        unsafe {
            self.list::<T, H>(at.resume, |out| {
                function(
                    pointer(server),
                    pointer(Some(name)),
                    at.level,
                    &mut out.buffer,
                    at.preferred_length,
                    &mut out.read,
                    &mut out.total,
                    &mut out.resume,
                )
            })
        }
    }

    /// Sends a structure of a share.
    fn send_share(&self, way: &Way<'_>, level: u32, info: *const u8) -> (u32, u32) {
        let mut parameter = 0;
        let server = pointer(way.server);
        let status = match way.set {
            // SAFETY: the structure is that of the level and lives, with what
            // it points to, until the call returns; the texts end with a NUL.
            None => unsafe { (self.functions.share_add)(server, level, info, &mut parameter) },
            Some(name) => {
                let name = pointer(Some(name));
                // SAFETY: as above.
                unsafe {
                    (self.functions.share_set_info)(server, name, level, info, &mut parameter)
                }
            }
        };
        (status, parameter)
    }

    fn send_whole_share(&self, way: &Way<'_>, share: &NewShare<'_>) -> (u32, u32) {
        let text = |text: &WideArg| text.with_nul().as_ptr().cast_mut();
        let Some(security) = share.security else {
            let info = SHARE_INFO_2 {
                shi2_netname: text(share.netname),
                shi2_type: share.kind,
                shi2_remark: text(share.remark),
                shi2_permissions: share.permissions,
                shi2_max_uses: share.max_uses,
                shi2_current_uses: 0,
                shi2_path: text(share.path),
                shi2_passwd: ptr::null_mut(),
            };
            return self.send_share(way, 2, (&raw const info).cast());
        };
        let mut security = aligned(security);
        let info = SHARE_INFO_502 {
            shi502_netname: text(share.netname),
            shi502_type: share.kind,
            shi502_remark: text(share.remark),
            shi502_permissions: share.permissions,
            shi502_max_uses: share.max_uses,
            shi502_current_uses: 0,
            shi502_path: text(share.path),
            shi502_passwd: ptr::null_mut(),
            // Must be zero: the length is for the wire only.
            shi502_reserved: 0,
            shi502_security_descriptor: security.as_mut_ptr().cast(),
        };
        self.send_share(way, 502, (&raw const info).cast())
    }
}

/// Which of the two calls takes a share.
struct Way<'a> {
    server: Option<&'a WideArg>,
    /// The share that is changed; a new one without.
    set: Option<&'a WideArg>,
}

/// The bytes as words: a descriptor is aligned to them.
fn aligned(bytes: &[u8]) -> Vec<u32> {
    let word = |chunk: &[u8]| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        u32::from_le_bytes(word)
    };
    bytes.chunks(4).map(word).collect()
}

impl Network for Calls {
    fn session_enum(
        &self,
        server: Option<&WideArg>,
        client: Option<&WideArg>,
        user: Option<&WideArg>,
        at: At,
    ) -> Page<SessionInfo> {
        match at.level {
            0 => self.sessions::<SESSION_INFO_0>(server, client, user, at),
            1 => self.sessions::<SESSION_INFO_1>(server, client, user, at),
            2 => self.sessions::<SESSION_INFO_2>(server, client, user, at),
            10 => self.sessions::<SESSION_INFO_10>(server, client, user, at),
            502 => self.sessions::<SESSION_INFO_502>(server, client, user, at),
            _ => Page::of_status(ERROR_INVALID_LEVEL),
        }
    }

    fn session_del(
        &self,
        server: Option<&WideArg>,
        client: Option<&WideArg>,
        user: Option<&WideArg>,
    ) -> u32 {
        if client.is_none() && user.is_none() {
            return ERROR_INVALID_PARAMETER;
        }
        // SAFETY: the texts end with a NUL.
        unsafe { (self.functions.session_del)(pointer(server), pointer(client), pointer(user)) }
    }

    fn connection_enum(
        &self,
        server: Option<&WideArg>,
        qualifier: &WideArg,
        at: At,
    ) -> Page<ConnectionInfo> {
        match at.level {
            0 => self.connections::<CONNECTION_INFO_0>(server, qualifier, at),
            1 => self.connections::<CONNECTION_INFO_1>(server, qualifier, at),
            _ => Page::of_status(ERROR_INVALID_LEVEL),
        }
    }

    fn file_enum(
        &self,
        server: Option<&WideArg>,
        base_path: Option<&WideArg>,
        user: Option<&WideArg>,
        at: At,
    ) -> Page<FileInfo> {
        match at.level {
            2 => self.files::<FILE_INFO_2>(server, base_path, user, at),
            3 => self.files::<FILE_INFO_3>(server, base_path, user, at),
            _ => Page::of_status(ERROR_INVALID_LEVEL),
        }
    }

    fn file_get_info(
        &self,
        server: Option<&WideArg>,
        id: u32,
        level: u32,
    ) -> Result<FileInfo, u32> {
        match level {
            2 => self.file::<FILE_INFO_2>(server, id, level),
            3 => self.file::<FILE_INFO_3>(server, id, level),
            _ => Err(ERROR_INVALID_LEVEL),
        }
    }

    fn file_close(&self, server: Option<&WideArg>, id: u32) -> u32 {
        // SAFETY: the text ends with a NUL.
        unsafe { (self.functions.file_close)(pointer(server), id) }
    }

    fn share_enum(&self, server: Option<&WideArg>, at: At) -> Page<ShareInfo> {
        match at.level {
            0 => self.shares::<SHARE_INFO_0>(server, at),
            1 => self.shares::<SHARE_INFO_1>(server, at),
            2 => self.shares::<SHARE_INFO_2>(server, at),
            501 => self.shares::<SHARE_INFO_501>(server, at),
            502 => self.shares::<SHARE_INFO_502>(server, at),
            503 => self.shares::<SHARE_INFO_503>(server, at),
            _ => Page::of_status(ERROR_INVALID_LEVEL),
        }
    }

    fn share_get_info(
        &self,
        server: Option<&WideArg>,
        name: &WideArg,
        level: u32,
    ) -> Result<ShareInfo, u32> {
        match level {
            0 => self.share::<SHARE_INFO_0>(server, name, level),
            1 => self.share::<SHARE_INFO_1>(server, name, level),
            2 => self.share::<SHARE_INFO_2>(server, name, level),
            501 => self.share::<SHARE_INFO_501>(server, name, level),
            502 => self.share::<SHARE_INFO_502>(server, name, level),
            503 => self.share::<SHARE_INFO_503>(server, name, level),
            _ => Err(ERROR_INVALID_LEVEL),
        }
    }

    fn share_add(&self, server: Option<&WideArg>, share: &NewShare<'_>) -> (u32, u32) {
        self.send_whole_share(&Way { server, set: None }, share)
    }

    fn share_set_info(
        &self,
        server: Option<&WideArg>,
        name: &WideArg,
        change: &ShareChange<'_>,
    ) -> (u32, u32) {
        let way = Way {
            server,
            set: Some(name),
        };
        match *change {
            ShareChange::Level2(share) => self.send_whole_share(&way, &share),
            ShareChange::Remark(remark) => {
                let info = SHARE_INFO_1004 {
                    shi1004_remark: remark.with_nul().as_ptr().cast_mut(),
                };
                self.send_share(&way, 1004, (&raw const info).cast())
            }
            ShareChange::Flags(shi1005_flags) => {
                let info = SHARE_INFO_1005 { shi1005_flags };
                self.send_share(&way, 1005, (&raw const info).cast())
            }
            ShareChange::MaxUses(shi1006_max_uses) => {
                let info = SHARE_INFO_1006 { shi1006_max_uses };
                self.send_share(&way, 1006, (&raw const info).cast())
            }
            ShareChange::Security(bytes) => {
                let mut security = aligned(bytes);
                let info = SHARE_INFO_1501 {
                    shi1501_reserved: 0,
                    shi1501_security_descriptor: security.as_mut_ptr().cast(),
                };
                self.send_share(&way, 1501, (&raw const info).cast())
            }
        }
    }

    fn share_del(&self, server: Option<&WideArg>, name: &WideArg) -> u32 {
        // SAFETY: the texts end with a NUL.
        unsafe { (self.functions.share_del)(pointer(server), pointer(Some(name)), 0) }
    }

    fn server_get_info(&self, server: Option<&WideArg>, level: u32) -> Result<ServerInfo, u32> {
        match level {
            100 => self.server::<SERVER_INFO_100>(server, level),
            101 => self.server::<SERVER_INFO_101>(server, level),
            102 => self.server::<SERVER_INFO_102>(server, level),
            _ => Err(ERROR_INVALID_LEVEL),
        }
    }

    fn server_disk_enum(&self, server: Option<&WideArg>) -> Page<Text> {
        let at = At {
            level: 0,
            preferred_length: u32::MAX,
            resume: 0,
        };
        // SAFETY: at level 0 there are three units a drive.
        unsafe { self.list_plain::<Disk, u32>(self.functions.server_disk_enum, server, at) }
    }

    fn server_statistics(&self, server: Option<&WideArg>) -> Result<StatServer, u32> {
        // There is no NUL in it.
        let service = WideArg::new(SERVER_SERVICE.encode_utf16());
        let (server, service) = (pointer(server).cast(), pointer(service.as_ref()).cast());
        // SAFETY: the texts end with a NUL and are wide, whatever type the
        // signature has; this service has this structure at level 0.
        unsafe {
            self.one::<STAT_SERVER_0>(|start| {
                (self.functions.statistics_get)(server, service, 0, 0, start)
            })
        }
    }

    fn remote_tod(&self, server: Option<&WideArg>) -> Result<TimeOfDay, u32> {
        // SAFETY: the text ends with a NUL, and this is what the call gives.
        unsafe {
            self.one::<TIME_OF_DAY_INFO>(|start| {
                (self.functions.remote_tod)(pointer(server), start)
            })
        }
    }

    fn wksta_get_info(&self, server: Option<&WideArg>, level: u32) -> Result<WkstaInfo, u32> {
        match level {
            100 => self.wksta::<WKSTA_INFO_100>(server, level),
            101 => self.wksta::<WKSTA_INFO_101>(server, level),
            102 => self.wksta::<WKSTA_INFO_102>(server, level),
            _ => Err(ERROR_INVALID_LEVEL),
        }
    }

    fn wksta_user_enum(&self, server: Option<&WideArg>, at: At) -> Page<WkstaUserInfo> {
        let function = self.functions.wksta_user_enum;
        match at.level {
            // SAFETY: the structure of the level.
            0 => unsafe { self.list_plain::<WKSTA_USER_INFO_0, u32>(function, server, at) },
            // SAFETY: the structure of the level.
            1 => unsafe { self.list_plain::<WKSTA_USER_INFO_1, u32>(function, server, at) },
            _ => Page::of_status(ERROR_INVALID_LEVEL),
        }
    }

    fn local_group_enum(&self, server: Option<&WideArg>, at: At) -> Page<LocalGroupInfo> {
        if at.level != 1 {
            return Page::of_status(ERROR_INVALID_LEVEL);
        }
        let function = self.functions.local_group_enum;
        // SAFETY: the structure of level 1.
        unsafe { self.list_plain::<LOCALGROUP_INFO_1, usize>(function, server, at) }
    }

    fn local_group_get_members(
        &self,
        server: Option<&WideArg>,
        group: &WideArg,
        at: At,
    ) -> Page<LocalGroupMember> {
        if at.level != 2 {
            return Page::of_status(ERROR_INVALID_LEVEL);
        }
        let function = self.functions.local_group_get_members;
        // SAFETY: the structure of level 2.
        unsafe { self.list_of::<LOCALGROUP_MEMBERS_INFO_2, usize>(function, server, group, at) }
    }

    fn group_enum(&self, server: Option<&WideArg>, at: At) -> Page<GroupInfo> {
        if at.level != 3 {
            return Page::of_status(ERROR_INVALID_LEVEL);
        }
        let function = self.functions.group_enum;
        // SAFETY: the structure of level 3.
        unsafe { self.list_plain::<GROUP_INFO_3, usize>(function, server, at) }
    }

    fn group_get_users(
        &self,
        server: Option<&WideArg>,
        group: &WideArg,
        at: At,
    ) -> Page<GroupUser> {
        if at.level != WITH_ATTRIBUTES {
            return Page::of_status(ERROR_INVALID_LEVEL);
        }
        let function = self.functions.group_get_users;
        // SAFETY: the structure of level 1.
        unsafe { self.list_of::<GROUP_USERS_INFO_1, usize>(function, server, group, at) }
    }

    fn user_get_groups(&self, server: Option<&WideArg>, user: &WideArg) -> Page<GroupUser> {
        // SAFETY: the structure of level 1; the texts end with a NUL.
        unsafe {
            self.list::<GROUP_USERS_INFO_1, ()>(0, |out| {
                (self.functions.user_get_groups)(
                    pointer(server),
                    pointer(Some(user)),
                    WITH_ATTRIBUTES,
                    &mut out.buffer,
                    u32::MAX,
                    &mut out.read,
                    &mut out.total,
                )
            })
        }
    }

    fn user_get_local_groups(
        &self,
        server: Option<&WideArg>,
        user: &WideArg,
        indirect: bool,
    ) -> Page<GroupUser> {
        let flags = if indirect { LG_INCLUDE_INDIRECT } else { 0 };
        // SAFETY: the structure of level 0; the texts end with a NUL.
        unsafe {
            self.list::<LOCALGROUP_USERS_INFO_0, ()>(0, |out| {
                (self.functions.user_get_local_groups)(
                    pointer(server),
                    pointer(Some(user)),
                    0,
                    flags,
                    &mut out.buffer,
                    u32::MAX,
                    &mut out.read,
                    &mut out.total,
                )
            })
        }
    }

    fn lookup_name(&self, server: Option<&WideArg>, name: &WideArg) -> Result<Account, u32> {
        self.account_of_name(server, name)
    }

    fn lookup_sid(&self, server: Option<&WideArg>, sid: &[u8]) -> Result<Account, u32> {
        self.account_of_sid(server, sid)
    }

    fn current_user(&self) -> Result<Text, u32> {
        self.who_am_i()
    }

    fn logon_sessions(&self) -> Result<Vec<Result<LogonSession, u32>>, u32> {
        self.all_logon_sessions()
    }
}
