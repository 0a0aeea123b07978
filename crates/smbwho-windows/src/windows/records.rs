//! How each structure is read: one line for a field.

use windows_sys::Win32::NetworkManagement::NetManagement::{
    GROUP_INFO_3, GROUP_USERS_INFO_1, LOCALGROUP_INFO_1, LOCALGROUP_MEMBERS_INFO_2,
    LOCALGROUP_USERS_INFO_0, SERVER_INFO_100, SERVER_INFO_101, SERVER_INFO_102, TIME_OF_DAY_INFO,
    WKSTA_INFO_100, WKSTA_INFO_101, WKSTA_INFO_102, WKSTA_USER_INFO_0, WKSTA_USER_INFO_1,
};
use windows_sys::Win32::Storage::FileSystem::{
    CONNECTION_INFO_0, CONNECTION_INFO_1, FILE_INFO_2, FILE_INFO_3, SESSION_INFO_0, SESSION_INFO_1,
    SESSION_INFO_2, SESSION_INFO_10, SESSION_INFO_502, SHARE_INFO_0, SHARE_INFO_1, SHARE_INFO_2,
    SHARE_INFO_501, SHARE_INFO_502, SHARE_INFO_503, STAT_SERVER_0,
};

use super::buffer::{Buffer, Record};
use crate::{
    ConnectionInfo, FileInfo, GroupInfo, GroupUser, LocalGroupInfo, LocalGroupMember, ServerInfo,
    SessionInfo, ShareInfo, StatServer, Text, TimeOfDay, WkstaInfo, WkstaUserInfo,
};

/// `STRUCT => Row { row field: kind of its own field, … }`. The kinds are
/// `text`, `sid`, `descriptor` (pointers) and `is` (a number).
macro_rules! records {
    ($( $name:ident => $row:ident { $( $field:ident: $kind:ident $own:ident ),+ $(,)? } )+) => { $(
        // SAFETY: a structure of windows-sys' of numbers and raw pointers.
        unsafe impl Record for $name {
            type Row = $row;

            #[allow(clippy::needless_update, reason = "some levels have every field")]
            unsafe fn row(self, buffer: &Buffer<'_>) -> $row {
                let _ = buffer;
                $row {
                    $( $field: records!(@$kind self.$own, buffer), )+
                    ..$row::default()
                }
            }
        }
    )+ };
    (@is $this:ident.$own:ident, $buffer:ident) => { $this.$own };
    (@text $this:ident.$own:ident, $buffer:ident) => {
        // SAFETY: the caller's word for the record's pointers.
        unsafe { $buffer.text($this.$own) }
    };
    (@sid $this:ident.$own:ident, $buffer:ident) => {
        // SAFETY: the caller's word for the record's pointers.
        unsafe { $buffer.sid($this.$own) }
    };
    (@descriptor $this:ident.$own:ident, $buffer:ident) => {
        // SAFETY: the caller's word for the record's pointers.
        unsafe { $buffer.descriptor($this.$own) }
    };
}

records! {
    SESSION_INFO_0 => SessionInfo { cname: text sesi0_cname }
    SESSION_INFO_1 => SessionInfo {
        cname: text sesi1_cname,
        username: text sesi1_username,
        num_opens: is sesi1_num_opens,
        time: is sesi1_time,
        idle_time: is sesi1_idle_time,
        user_flags: is sesi1_user_flags,
    }
    SESSION_INFO_2 => SessionInfo {
        cname: text sesi2_cname,
        username: text sesi2_username,
        num_opens: is sesi2_num_opens,
        time: is sesi2_time,
        idle_time: is sesi2_idle_time,
        user_flags: is sesi2_user_flags,
        cltype_name: text sesi2_cltype_name,
    }
    SESSION_INFO_10 => SessionInfo {
        cname: text sesi10_cname,
        username: text sesi10_username,
        time: is sesi10_time,
        idle_time: is sesi10_idle_time,
    }
    SESSION_INFO_502 => SessionInfo {
        cname: text sesi502_cname,
        username: text sesi502_username,
        num_opens: is sesi502_num_opens,
        time: is sesi502_time,
        idle_time: is sesi502_idle_time,
        user_flags: is sesi502_user_flags,
        cltype_name: text sesi502_cltype_name,
        transport: text sesi502_transport,
    }

    CONNECTION_INFO_0 => ConnectionInfo { id: is coni0_id }
    CONNECTION_INFO_1 => ConnectionInfo {
        id: is coni1_id,
        kind: is coni1_type,
        num_opens: is coni1_num_opens,
        num_users: is coni1_num_users,
        time: is coni1_time,
        username: text coni1_username,
        netname: text coni1_netname,
    }

    FILE_INFO_2 => FileInfo { id: is fi2_id }
    FILE_INFO_3 => FileInfo {
        id: is fi3_id,
        permissions: is fi3_permissions,
        num_locks: is fi3_num_locks,
        pathname: text fi3_pathname,
        username: text fi3_username,
    }

    SHARE_INFO_0 => ShareInfo { netname: text shi0_netname }
    SHARE_INFO_1 => ShareInfo {
        netname: text shi1_netname,
        kind: is shi1_type,
        remark: text shi1_remark,
    }
    SHARE_INFO_2 => ShareInfo {
        netname: text shi2_netname,
        kind: is shi2_type,
        remark: text shi2_remark,
        permissions: is shi2_permissions,
        max_uses: is shi2_max_uses,
        current_uses: is shi2_current_uses,
        path: text shi2_path,
    }
    SHARE_INFO_501 => ShareInfo {
        netname: text shi501_netname,
        kind: is shi501_type,
        remark: text shi501_remark,
        flags: is shi501_flags,
    }
    SHARE_INFO_502 => ShareInfo {
        netname: text shi502_netname,
        kind: is shi502_type,
        remark: text shi502_remark,
        permissions: is shi502_permissions,
        max_uses: is shi502_max_uses,
        current_uses: is shi502_current_uses,
        path: text shi502_path,
        security: descriptor shi502_security_descriptor,
    }
    SHARE_INFO_503 => ShareInfo {
        netname: text shi503_netname,
        kind: is shi503_type,
        remark: text shi503_remark,
        permissions: is shi503_permissions,
        max_uses: is shi503_max_uses,
        current_uses: is shi503_current_uses,
        path: text shi503_path,
        servername: text shi503_servername,
        security: descriptor shi503_security_descriptor,
    }

    SERVER_INFO_100 => ServerInfo {
        platform_id: is sv100_platform_id,
        name: text sv100_name,
    }
    SERVER_INFO_101 => ServerInfo {
        platform_id: is sv101_platform_id,
        name: text sv101_name,
        version_major: is sv101_version_major,
        version_minor: is sv101_version_minor,
        kind: is sv101_type,
        comment: text sv101_comment,
    }
    SERVER_INFO_102 => ServerInfo {
        platform_id: is sv102_platform_id,
        name: text sv102_name,
        version_major: is sv102_version_major,
        version_minor: is sv102_version_minor,
        kind: is sv102_type,
        comment: text sv102_comment,
        users: is sv102_users,
        disc: is sv102_disc,
        hidden: is sv102_hidden,
        announce: is sv102_announce,
        anndelta: is sv102_anndelta,
        licenses: is sv102_licenses,
        userpath: text sv102_userpath,
    }

    WKSTA_INFO_100 => WkstaInfo {
        platform_id: is wki100_platform_id,
        computername: text wki100_computername,
        langroup: text wki100_langroup,
        ver_major: is wki100_ver_major,
        ver_minor: is wki100_ver_minor,
    }
    WKSTA_INFO_101 => WkstaInfo {
        platform_id: is wki101_platform_id,
        computername: text wki101_computername,
        langroup: text wki101_langroup,
        ver_major: is wki101_ver_major,
        ver_minor: is wki101_ver_minor,
        lanroot: text wki101_lanroot,
    }
    WKSTA_INFO_102 => WkstaInfo {
        platform_id: is wki102_platform_id,
        computername: text wki102_computername,
        langroup: text wki102_langroup,
        ver_major: is wki102_ver_major,
        ver_minor: is wki102_ver_minor,
        lanroot: text wki102_lanroot,
        logged_on_users: is wki102_logged_on_users,
    }

    WKSTA_USER_INFO_0 => WkstaUserInfo { username: text wkui0_username }
    WKSTA_USER_INFO_1 => WkstaUserInfo {
        username: text wkui1_username,
        logon_domain: text wkui1_logon_domain,
        oth_domains: text wkui1_oth_domains,
        logon_server: text wkui1_logon_server,
    }

    TIME_OF_DAY_INFO => TimeOfDay {
        elapsedt: is tod_elapsedt,
        msecs: is tod_msecs,
        hours: is tod_hours,
        mins: is tod_mins,
        secs: is tod_secs,
        hunds: is tod_hunds,
        timezone: is tod_timezone,
        tinterval: is tod_tinterval,
        day: is tod_day,
        month: is tod_month,
        year: is tod_year,
        weekday: is tod_weekday,
    }

    LOCALGROUP_INFO_1 => LocalGroupInfo {
        name: text lgrpi1_name,
        comment: text lgrpi1_comment,
    }
    LOCALGROUP_MEMBERS_INFO_2 => LocalGroupMember {
        sid: sid lgrmi2_sid,
        usage: is lgrmi2_sidusage,
        domain_and_name: text lgrmi2_domainandname,
    }
    LOCALGROUP_USERS_INFO_0 => GroupUser { name: text lgrui0_name }
    GROUP_INFO_3 => GroupInfo {
        name: text grpi3_name,
        comment: text grpi3_comment,
        sid: sid grpi3_group_sid,
        attributes: is grpi3_attributes,
    }
    GROUP_USERS_INFO_1 => GroupUser {
        name: text grui1_name,
        attributes: is grui1_attributes,
    }
}

// SAFETY: seventeen numbers.
unsafe impl Record for STAT_SERVER_0 {
    type Row = StatServer;

    unsafe fn row(self, _: &Buffer<'_>) -> StatServer {
        [
            self.sts0_start,
            self.sts0_fopens,
            self.sts0_devopens,
            self.sts0_jobsqueued,
            self.sts0_sopens,
            self.sts0_stimedout,
            self.sts0_serrorout,
            self.sts0_pwerrors,
            self.sts0_permerrors,
            self.sts0_syserrors,
            self.sts0_bytessent_low,
            self.sts0_bytessent_high,
            self.sts0_bytesrcvd_low,
            self.sts0_bytesrcvd_high,
            self.sts0_avresponse,
            self.sts0_reqbufneed,
            self.sts0_bigbufneed,
        ]
    }
}

/// A drive of NetServerDiskEnum: three units, `C:` and a NUL, without a
/// pointer to them.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Disk([u16; 3]);

// SAFETY: three numbers.
unsafe impl Record for Disk {
    type Row = Text;

    unsafe fn row(self, _: &Buffer<'_>) -> Text {
        Text::from_units(self.0.into_iter().take_while(|unit| *unit != 0))
    }
}
