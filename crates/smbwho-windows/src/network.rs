//! The calls, as a trait: the system's own, or those of a test.

use crate::{
    Account, ConnectionInfo, FileInfo, GroupInfo, GroupUser, LocalGroupInfo, LocalGroupMember,
    LogonSession, NewShare, ServerInfo, SessionInfo, ShareChange, ShareInfo, StatServer, Text,
    TimeOfDay, WideArg, WkstaInfo, WkstaUserInfo,
};

/// The status for an answer that does not hold together: a null buffer with
/// entries, or more entries than the buffer has room for.
pub const ERROR_INVALID_DATA: u32 = 13;

/// The status for a level that this crate does not have; the system is not
/// asked then.
pub const ERROR_INVALID_LEVEL: u32 = 124;

/// Where in a list a call starts, and how much it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// The level of information.
    pub level: u32,
    /// Bytes the answer should not exceed; `u32::MAX` for no limit.
    pub preferred_length: u32,
    /// 0 for the first page, then what came with the page before. As wide as
    /// a pointer, since some calls give one as wide.
    pub resume: usize,
}

/// What one call told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// A Win32 or network-management code. With 234 (ERROR_MORE_DATA) the rows
    /// are good and more follow.
    pub status: u32,
    /// The rows.
    pub rows: Vec<T>,
    /// Rows there are in all, as the system counts them.
    pub total: u32,
    /// Where the next page begins.
    pub resume: usize,
}

impl<T> Page<T> {
    /// A page without rows.
    pub fn of_status(status: u32) -> Self {
        Self {
            status,
            rows: Vec::new(),
            total: 0,
            resume: 0,
        }
    }
}

/// The calls. `server` is `\\name`; without one they are about this computer.
/// They block, for as long as the network lets them.
///
/// An `Err` of those with one answer is the status.
pub trait Network: Send + Sync {
    /// NetSessionEnum, level 0, 1, 2, 10 or 502.
    fn session_enum(
        &self,
        server: Option<&WideArg>,
        client: Option<&WideArg>,
        user: Option<&WideArg>,
        at: At,
    ) -> Page<SessionInfo>;

    /// NetSessionDel. With neither client nor user nothing is called, and the
    /// status is ERROR_INVALID_PARAMETER: what it would end is documented
    /// nowhere.
    fn session_del(
        &self,
        server: Option<&WideArg>,
        client: Option<&WideArg>,
        user: Option<&WideArg>,
    ) -> u32;

    /// NetConnectionEnum, level 0 or 1; the qualifier is a share or `\\client`.
    fn connection_enum(
        &self,
        server: Option<&WideArg>,
        qualifier: &WideArg,
        at: At,
    ) -> Page<ConnectionInfo>;

    /// NetFileEnum, level 2 or 3.
    fn file_enum(
        &self,
        server: Option<&WideArg>,
        base_path: Option<&WideArg>,
        user: Option<&WideArg>,
        at: At,
    ) -> Page<FileInfo>;

    /// NetFileGetInfo, level 2 or 3.
    ///
    /// # Errors
    ///
    /// The status.
    fn file_get_info(&self, server: Option<&WideArg>, id: u32, level: u32)
    -> Result<FileInfo, u32>;

    /// NetFileClose.
    fn file_close(&self, server: Option<&WideArg>, id: u32) -> u32;

    /// NetShareEnum, level 0, 1, 2, 501, 502 or 503.
    fn share_enum(&self, server: Option<&WideArg>, at: At) -> Page<ShareInfo>;

    /// NetShareGetInfo, the same levels.
    ///
    /// # Errors
    ///
    /// The status.
    fn share_get_info(
        &self,
        server: Option<&WideArg>,
        name: &WideArg,
        level: u32,
    ) -> Result<ShareInfo, u32>;

    /// NetShareAdd. The status, and the parameter that the server disliked.
    fn share_add(&self, server: Option<&WideArg>, share: &NewShare<'_>) -> (u32, u32);

    /// NetShareSetInfo. The status, and the parameter that the server
    /// disliked.
    fn share_set_info(
        &self,
        server: Option<&WideArg>,
        name: &WideArg,
        change: &ShareChange<'_>,
    ) -> (u32, u32);

    /// NetShareDel.
    fn share_del(&self, server: Option<&WideArg>, name: &WideArg) -> u32;

    /// NetServerGetInfo, level 100, 101 or 102.
    ///
    /// # Errors
    ///
    /// The status.
    fn server_get_info(&self, server: Option<&WideArg>, level: u32) -> Result<ServerInfo, u32>;

    /// NetServerDiskEnum: `C:`, ….
    fn server_disk_enum(&self, server: Option<&WideArg>) -> Page<Text>;

    /// NetStatisticsGet of the Server service.
    ///
    /// # Errors
    ///
    /// The status.
    fn server_statistics(&self, server: Option<&WideArg>) -> Result<StatServer, u32>;

    /// NetRemoteTOD.
    ///
    /// # Errors
    ///
    /// The status.
    fn remote_tod(&self, server: Option<&WideArg>) -> Result<TimeOfDay, u32>;

    /// NetWkstaGetInfo, level 100, 101 or 102.
    ///
    /// # Errors
    ///
    /// The status.
    fn wksta_get_info(&self, server: Option<&WideArg>, level: u32) -> Result<WkstaInfo, u32>;

    /// NetWkstaUserEnum, level 0 or 1.
    fn wksta_user_enum(&self, server: Option<&WideArg>, at: At) -> Page<WkstaUserInfo>;

    /// NetLocalGroupEnum, level 1.
    fn local_group_enum(&self, server: Option<&WideArg>, at: At) -> Page<LocalGroupInfo>;

    /// NetLocalGroupGetMembers, level 2.
    fn local_group_get_members(
        &self,
        server: Option<&WideArg>,
        group: &WideArg,
        at: At,
    ) -> Page<LocalGroupMember>;

    /// NetGroupEnum, level 3.
    fn group_enum(&self, server: Option<&WideArg>, at: At) -> Page<GroupInfo>;

    /// NetGroupGetUsers, level 1.
    fn group_get_users(&self, server: Option<&WideArg>, group: &WideArg, at: At)
    -> Page<GroupUser>;

    /// NetUserGetGroups, level 1. The call has no pages.
    fn user_get_groups(&self, server: Option<&WideArg>, user: &WideArg) -> Page<GroupUser>;

    /// NetUserGetLocalGroups, level 0, with or without those the user is in
    /// through a global group (LG_INCLUDE_INDIRECT). The call has no pages.
    fn user_get_local_groups(
        &self,
        server: Option<&WideArg>,
        user: &WideArg,
        indirect: bool,
    ) -> Page<GroupUser>;

    /// LookupAccountName: whom a name stands for.
    ///
    /// # Errors
    ///
    /// The status: 1332 (ERROR_NONE_MAPPED) for nobody.
    fn lookup_name(&self, server: Option<&WideArg>, name: &WideArg) -> Result<Account, u32>;

    /// LookupAccountSid: whom a SID stands for.
    ///
    /// # Errors
    ///
    /// The status: 1332 (ERROR_NONE_MAPPED) for nobody, 1337
    /// (ERROR_INVALID_SID) for bytes that are no SID.
    fn lookup_sid(&self, server: Option<&WideArg>, sid: &[u8]) -> Result<Account, u32>;

    /// GetUserNameEx: who runs this program, as `DOMAIN\user`.
    ///
    /// # Errors
    ///
    /// The status.
    fn current_user(&self) -> Result<Text, u32>;

    /// LsaEnumerateLogonSessions, and LsaGetLogonSessionData for each: of this
    /// computer only. A session that ended meanwhile, or may not be looked at,
    /// is the NTSTATUS that says so.
    ///
    /// # Errors
    ///
    /// The NTSTATUS, where there is no list at all.
    fn logon_sessions(&self) -> Result<Vec<Result<LogonSession, u32>>, u32>;
}
