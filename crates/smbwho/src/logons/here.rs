//! Logon sessions of this computer, when it runs Windows:
//! LsaEnumerateLogonSessions and LsaGetLogonSessionData.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use smbwho_msrpc::types::Sid;
use smbwho_smb::NtStatus;
use smbwho_windows::LogonSession;

use super::{Logon, LogonSource};
use crate::error::{ErrorKind, Refusal};
use crate::native::{Native, name};
use crate::{Error, Name, Server};

/// What only Windows tells of a logon session, and only the computer itself
/// (SECURITY_LOGON_SESSION_DATA). `None` is *not told*; a time that stands for
/// "never" is `None`, too.
#[doc(alias = "SECURITY_LOGON_SESSION_DATA")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogonDetails {
    /// The session's number (LUID).
    #[doc(alias = "LogonId")]
    pub logon_id: u64,
    /// How the user logged on.
    #[doc(alias = "LogonType")]
    pub logon_type: LogonType,
    /// The user's domain in DNS.
    #[doc(alias = "DnsDomainName")]
    pub dns_domain: Option<Name>,
    /// LOGON_… bits, as `ntsecapi.h` names them.
    #[doc(alias = "UserFlags")]
    pub user_flags: Option<u32>,
    /// The last logon before this one that went well.
    #[doc(alias = "LastSuccessfulLogon")]
    pub last_successful: Option<SystemTime>,
    /// The last that failed.
    #[doc(alias = "LastFailedLogon")]
    pub last_failed: Option<SystemTime>,
    /// Failures since the last that went well.
    #[doc(alias = "FailedAttemptCountSinceLastSuccessfulLogon")]
    pub failed_attempts: Option<u32>,
    /// The logon script.
    #[doc(alias = "LogonScript")]
    pub logon_script: Option<Name>,
    /// The roaming profile.
    #[doc(alias = "ProfilePath")]
    pub profile_path: Option<Name>,
    /// The home folder.
    #[doc(alias = "HomeDirectory")]
    pub home_directory: Option<Name>,
    /// The drive that the home folder is on.
    #[doc(alias = "HomeDirectoryDrive")]
    pub home_drive: Option<Name>,
    /// When the session is to end.
    #[doc(alias = "LogoffTime")]
    pub logoff_time: Option<SystemTime>,
    /// When the system is to end it.
    #[doc(alias = "KickOffTime")]
    pub kick_off_time: Option<SystemTime>,
    /// When the password was set.
    #[doc(alias = "PasswordLastSet")]
    pub password_set: Option<SystemTime>,
    /// When it may be changed.
    #[doc(alias = "PasswordCanChange")]
    pub password_can_change: Option<SystemTime>,
    /// When it must be.
    #[doc(alias = "PasswordMustChange")]
    pub password_must_change: Option<SystemTime>,
}

/// How a user logged on to Windows (SECURITY_LOGON_TYPE). A number without a
/// name survives.
#[doc(alias = "SECURITY_LOGON_TYPE")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogonType(pub u32);

impl LogonType {
    /// The name in one word; `None` for a number not known.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "system",
            2 => "interactive",
            3 => "network",
            4 => "batch",
            5 => "service",
            6 => "proxy",
            7 => "unlock",
            8 => "network-cleartext",
            9 => "new-credentials",
            10 => "remote-interactive",
            11 => "cached-interactive",
            12 => "cached-remote-interactive",
            13 => "cached-unlock",
            _ => return None,
        })
    }
}

impl fmt::Display for LogonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => self.0.fmt(f),
        }
    }
}

/// Every logon session of this computer, and why some are not told.
pub(super) async fn sessions(
    server: &Server,
    native: &Native,
) -> Result<(Vec<Logon>, Option<Error>), Error> {
    let declined = |call, status| {
        let refusal = Refusal::Nt(NtStatus(status));
        server.error(ErrorKind::Declined { call, refusal })
    };
    const LIST: &str = "LsaEnumerateLogonSessions";
    let told = native.with(LIST, |network, _| network.logon_sessions());
    let told = told.await.map_err(|kind| server.error(kind))?;
    let told = told.map_err(|status| declined(LIST, status))?;
    let mut rows = Vec::with_capacity(told.len());
    let mut missing = None;
    for session in told {
        match session {
            Ok(session) => rows.push(row(session)),
            // It ended while we looked.
            Err(status) if NtStatus(status) == NO_SUCH_LOGON_SESSION => {}
            Err(status) => {
                missing.get_or_insert_with(|| declined("LsaGetLogonSessionData", status));
            }
        }
    }
    Ok((rows, missing))
}

/// STATUS_NO_SUCH_LOGON_SESSION.
const NO_SUCH_LOGON_SESSION: NtStatus = NtStatus(0xc000_005f);

fn row(session: LogonSession) -> Logon {
    let text = |text| name(&text).filter(|text| !text.is_empty());
    let time = |told: Option<i64>| told.and_then(time);
    let sid = session.sid.as_deref().and_then(Sid::from_packet);
    let logon_type = LogonType(session.logon_type);
    let details = LogonDetails {
        logon_id: session.logon_id,
        logon_type,
        dns_domain: text(session.dns_domain_name),
        user_flags: session.user_flags,
        last_successful: time(session.last_logon.map(|last| last.successful)),
        last_failed: time(session.last_logon.map(|last| last.failed)),
        failed_attempts: session.last_logon.map(|last| last.failed_attempts),
        logon_script: text(session.logon_script),
        profile_path: text(session.profile_path),
        home_directory: text(session.home_directory),
        home_drive: text(session.home_directory_drive),
        logoff_time: time(session.logoff_time),
        kick_off_time: time(session.kick_off_time),
        password_set: time(session.password_last_set),
        password_can_change: time(session.password_can_change),
        password_must_change: time(session.password_must_change),
    };
    Logon {
        user: text(session.user_name),
        domain: text(session.logon_domain),
        logon_server: text(session.logon_server),
        logon_type: Some(logon_type.to_string().into()),
        auth_package: text(session.authentication_package),
        session_id: Some(session.session.to_string().into()),
        logon_time: time(Some(session.logon_time)),
        upn: text(session.upn),
        sid: sid.map(|(sid, _)| sid),
        source: LogonSource::Lsa,
        details: Some(Box::new(details)),
        ..Logon::unknown(None)
    }
}

/// 100 ns from 1601 to 1970.
const UNIX_EPOCH_TICKS: i64 = 116_444_736_000_000_000;

/// A moment in units of 100 ns since 1601; `None` for the numbers that stand
/// for "never", and for what was before 1970.
fn time(ticks: i64) -> Option<SystemTime> {
    if ticks == i64::MAX {
        return None;
    }
    let ticks = u64::try_from(ticks.checked_sub(UNIX_EPOCH_TICKS)?).ok()?;
    let nanos = (ticks % 10_000_000) as u32 * 100;
    UNIX_EPOCH.checked_add(Duration::new(ticks / 10_000_000, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_count_from_1601_and_never_is_none() {
        let moment = time(133_444_736_000_000_000);
        assert_eq!(
            moment,
            Some(UNIX_EPOCH + Duration::from_secs(1_700_000_000))
        );
        for never in [0, i64::MAX, -1, i64::MIN, 1] {
            assert_eq!(time(never), None, "{never}");
        }
    }

    #[test]
    fn logon_types_have_names_and_unknown_numbers_survive() {
        assert_eq!(LogonType(10).to_string(), "remote-interactive");
        assert_eq!(LogonType(99).to_string(), "99");
    }
}
