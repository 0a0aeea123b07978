//! What is told, copied out. The fields have the names of the structures
//! without their prefixes; a level that lacks a field leaves it at zero or
//! `None`, so read only what the level asked for holds.

use crate::Text;

/// A session: SESSION_INFO_0, _1, _2, _10, _502.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionInfo {
    /// The client.
    pub cname: Option<Text>,
    /// The user.
    pub username: Option<Text>,
    /// Files, devices and pipes open.
    pub num_opens: u32,
    /// Seconds since it began.
    pub time: u32,
    /// Seconds since it was last used.
    pub idle_time: u32,
    /// SESS_GUEST, SESS_NOENCRYPTION.
    pub user_flags: u32,
    /// The client's kind.
    pub cltype_name: Option<Text>,
    /// The transport.
    pub transport: Option<Text>,
}

/// A connection to a share: CONNECTION_INFO_0, _1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// The server's number for it.
    pub id: u32,
    /// What is shared (STYPE_…).
    pub kind: u32,
    /// Files open.
    pub num_opens: u32,
    /// Users.
    pub num_users: u32,
    /// Seconds since it began.
    pub time: u32,
    /// The user.
    pub username: Option<Text>,
    /// The share, or the client.
    pub netname: Option<Text>,
}

/// An open file: FILE_INFO_2, _3.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileInfo {
    /// The server's number for it.
    pub id: u32,
    /// What it was opened for.
    pub permissions: u32,
    /// Locks on it.
    pub num_locks: u32,
    /// Its path on the server.
    pub pathname: Option<Text>,
    /// Who opened it.
    pub username: Option<Text>,
}

/// A share: SHARE_INFO_0, _1, _2, _501, _502, _503. The password that levels
/// 2 and above have room for is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShareInfo {
    /// Its name.
    pub netname: Option<Text>,
    /// What is shared (STYPE_…).
    pub kind: u32,
    /// A comment.
    pub remark: Option<Text>,
    /// Of share-level security; not used.
    pub permissions: u32,
    /// Connections allowed at once.
    pub max_uses: u32,
    /// Connections there are.
    pub current_uses: u32,
    /// The folder.
    pub path: Option<Text>,
    /// The scope.
    pub servername: Option<Text>,
    /// How clients may cache (level 501).
    pub flags: u32,
    /// A self-relative security descriptor.
    pub security: Option<Vec<u8>>,
}

/// A share to be made: SHARE_INFO_2, or SHARE_INFO_502 with security.
#[derive(Debug, Clone, Copy)]
pub struct NewShare<'a> {
    /// Its name.
    pub netname: &'a crate::WideArg,
    /// What is shared (STYPE_…).
    pub kind: u32,
    /// A comment.
    pub remark: &'a crate::WideArg,
    /// Of share-level security; not used.
    pub permissions: u32,
    /// Connections allowed at once.
    pub max_uses: u32,
    /// The folder.
    pub path: &'a crate::WideArg,
    /// A self-relative security descriptor.
    pub security: Option<&'a [u8]>,
}

/// What to change of a share.
#[derive(Debug, Clone, Copy)]
pub enum ShareChange<'a> {
    /// Comment, limit and path (SHARE_INFO_2).
    Level2(NewShare<'a>),
    /// The comment (SHARE_INFO_1004).
    Remark(&'a crate::WideArg),
    /// The flags (SHARE_INFO_1005).
    Flags(u32),
    /// The limit (SHARE_INFO_1006).
    MaxUses(u32),
    /// The security, a self-relative descriptor (SHARE_INFO_1501).
    Security(&'a [u8]),
}

/// A user logged on: WKSTA_USER_INFO_0, _1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WkstaUserInfo {
    /// The user.
    pub username: Option<Text>,
    /// The user's domain.
    pub logon_domain: Option<Text>,
    /// Other domains.
    pub oth_domains: Option<Text>,
    /// Who checked the password.
    pub logon_server: Option<Text>,
}

/// A server: SERVER_INFO_100, _101, _102.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerInfo {
    /// The platform.
    pub platform_id: u32,
    /// The name.
    pub name: Option<Text>,
    /// Major version, with type bits above the lowest four.
    pub version_major: u32,
    /// Minor version.
    pub version_minor: u32,
    /// Software it runs (SV_TYPE_…).
    pub kind: u32,
    /// A comment.
    pub comment: Option<Text>,
    /// Users at once.
    pub users: u32,
    /// Minutes to the end of an idle session; negative for never.
    pub disc: i32,
    /// Whether it is kept out of lists.
    pub hidden: i32,
    /// Seconds between announcements.
    pub announce: u32,
    /// Milliseconds by which they vary.
    pub anndelta: u32,
    /// Users per licence.
    pub licenses: u32,
    /// Where users have their folders.
    pub userpath: Option<Text>,
}

/// A computer: WKSTA_INFO_100, _101, _102.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WkstaInfo {
    /// The platform.
    pub platform_id: u32,
    /// The name.
    pub computername: Option<Text>,
    /// Domain or workgroup.
    pub langroup: Option<Text>,
    /// Major version.
    pub ver_major: u32,
    /// Minor version.
    pub ver_minor: u32,
    /// A path that is not used any more.
    pub lanroot: Option<Text>,
    /// Users logged on.
    pub logged_on_users: u32,
}

/// The time at a server: TIME_OF_DAY_INFO.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeOfDay {
    /// Seconds since 1970.
    pub elapsedt: u32,
    /// Milliseconds since the system started.
    pub msecs: u32,
    /// Hour.
    pub hours: u32,
    /// Minute.
    pub mins: u32,
    /// Second.
    pub secs: u32,
    /// Hundredth of a second.
    pub hunds: u32,
    /// Minutes from local time to UTC; -1 if not told.
    pub timezone: i32,
    /// The clock's tick in units of 0.1 ms.
    pub tinterval: u32,
    /// Day of the month.
    pub day: u32,
    /// Month.
    pub month: u32,
    /// Year.
    pub year: u32,
    /// Day of the week, 0 for Sunday.
    pub weekday: u32,
}

/// Counters of the Server service: STAT_SERVER_0, its 17 numbers in order,
/// from `sts0_start` to `sts0_bigbufneed`.
pub type StatServer = [u32; 17];

/// A local group: LOCALGROUP_INFO_1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalGroupInfo {
    /// Its name.
    pub name: Option<Text>,
    /// A comment.
    pub comment: Option<Text>,
}

/// A member of a local group: LOCALGROUP_MEMBERS_INFO_2.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalGroupMember {
    /// The member's SID, as bytes.
    pub sid: Option<Vec<u8>>,
    /// What it is (SID_NAME_USE).
    pub usage: i32,
    /// `DOMAIN\name`.
    pub domain_and_name: Option<Text>,
}

/// A global group: GROUP_INFO_3.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupInfo {
    /// Its name.
    pub name: Option<Text>,
    /// A comment.
    pub comment: Option<Text>,
    /// Its SID, as bytes.
    pub sid: Option<Vec<u8>>,
    /// SE_GROUP_….
    pub attributes: u32,
}

/// A member of a global group, or a global group somebody is in:
/// GROUP_USERS_INFO_1. Of a local group somebody is in
/// (LOCALGROUP_USERS_INFO_0) there is only the name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupUser {
    /// The name.
    pub name: Option<Text>,
    /// SE_GROUP_….
    pub attributes: u32,
}

/// Whom a name or a SID stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The SID, as bytes.
    pub sid: Vec<u8>,
    /// The name.
    pub name: Text,
    /// Its domain; empty where there is none.
    pub domain: Text,
    /// What it is (SID_NAME_USE).
    pub usage: i32,
}

/// A logon session of this computer: SECURITY_LOGON_SESSION_DATA. Times are in
/// units of 100 ns since 1601, UTC; 0 and the greatest number stand for never.
/// What lies beyond the size that the system states is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogonSession {
    /// The session's number (LUID).
    pub logon_id: u64,
    /// The user.
    pub user_name: Option<Text>,
    /// The user's domain.
    pub logon_domain: Option<Text>,
    /// Who checked the logon: `Kerberos`, `NTLM`, `Negotiate`, ….
    pub authentication_package: Option<Text>,
    /// SECURITY_LOGON_TYPE.
    pub logon_type: u32,
    /// The Terminal Services session it is in.
    pub session: u32,
    /// The user's SID, as bytes.
    pub sid: Option<Vec<u8>>,
    /// When it began.
    pub logon_time: i64,
    /// The server that checked the logon.
    pub logon_server: Option<Text>,
    /// The user's domain in DNS.
    pub dns_domain_name: Option<Text>,
    /// The user principal name.
    pub upn: Option<Text>,
    /// LOGON_….
    pub user_flags: Option<u32>,
    /// The logons before this one.
    pub last_logon: Option<LastLogon>,
    /// The logon script.
    pub logon_script: Option<Text>,
    /// The roaming profile.
    pub profile_path: Option<Text>,
    /// The home folder.
    pub home_directory: Option<Text>,
    /// The drive that the home folder is on.
    pub home_directory_drive: Option<Text>,
    /// When the session is to end.
    pub logoff_time: Option<i64>,
    /// When the system is to end it.
    pub kick_off_time: Option<i64>,
    /// When the password was set.
    pub password_last_set: Option<i64>,
    /// When it may be changed.
    pub password_can_change: Option<i64>,
    /// When it must be.
    pub password_must_change: Option<i64>,
}

/// Logons before the one at hand: LSA_LAST_INTER_LOGON_INFO.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LastLogon {
    /// The last that went well.
    pub successful: i64,
    /// The last that failed.
    pub failed: i64,
    /// Failures since the last that went well.
    pub failed_attempts: u32,
}
