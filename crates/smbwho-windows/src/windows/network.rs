//! Which call of netapi32 answers what, and which structure each level has.

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

use super::Calls;
use super::calls::{SERVER_SERVICE, WITH_ATTRIBUTES, Way, aligned, pointer};
use super::records::Disk;
use crate::{
    Account, At, ConnectionInfo, ERROR_INVALID_LEVEL, FileInfo, GroupInfo, GroupUser,
    LocalGroupInfo, LocalGroupMember, LogonSession, Network, NewShare, Page, ServerInfo,
    SessionInfo, ShareChange, ShareInfo, StatServer, Text, TimeOfDay, WideArg, WkstaInfo,
    WkstaUserInfo,
};

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
