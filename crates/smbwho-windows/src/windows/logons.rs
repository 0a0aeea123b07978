//! Logon sessions of this computer: LsaEnumerateLogonSessions,
//! LsaGetLogonSessionData.

use core::mem::offset_of;
use core::ptr;

use windows_sys::Win32::Foundation::LUID;
use windows_sys::Win32::Security::Authentication::Identity::{
    LSA_UNICODE_STRING, SECURITY_LOGON_SESSION_DATA,
};

use super::Calls;
use super::buffer::{Buffer, Free, Record};
use crate::{ERROR_INVALID_DATA, LastLogon, LogonSession, Text};

// SAFETY: two numbers.
unsafe impl Record for LUID {
    type Row = LUID;

    unsafe fn row(self, _: &Buffer<'_>) -> LUID {
        self
    }
}

impl Calls {
    pub(super) fn all_logon_sessions(&self) -> Result<Vec<Result<LogonSession, u32>>, u32> {
        let (mut count, mut list) = (0u32, ptr::null_mut::<LUID>());
        // SAFETY: both pointers are to live variables.
        let status = unsafe { (self.functions.logon_sessions)(&mut count, &mut list) };
        // SAFETY: the list is ours to free.
        let list = unsafe { Buffer::own(&self.functions, list.cast(), Free::Lsa) };
        if status < 0 {
            return Err(status.cast_unsigned());
        }
        let ids = list.rows::<LUID>(count)?;
        drop(list);
        Ok(ids.iter().map(|id| self.logon_session(id)).collect())
    }

    fn logon_session(&self, id: &LUID) -> Result<LogonSession, u32> {
        let mut data = ptr::null_mut::<SECURITY_LOGON_SESSION_DATA>();
        // SAFETY: both pointers are to live variables.
        let status = unsafe { (self.functions.logon_session_data)(id, &mut data) };
        // SAFETY: the data are ours to free.
        let buffer = unsafe { Buffer::own(&self.functions, data.cast(), Free::Lsa) };
        if status < 0 {
            return Err(status.cast_unsigned());
        }
        // SAFETY: the data are as the system left them.
        unsafe { session(&buffer) }.ok_or(ERROR_INVALID_DATA)
    }
}

/// A field, if the structure reaches that far: older systems have a shorter
/// one, and state its size.
macro_rules! field {
    ($data:ident, $size:ident, $field:ident) => {{
        let end = offset_of!(SECURITY_LOGON_SESSION_DATA, $field)
            + size_of_val(&SECURITY_LOGON_SESSION_DATA::default().$field);
        // SAFETY: the structure is as long as it states.
        (end <= $size).then(|| unsafe { (&raw const (*$data).$field).read_unaligned() })
    }};
}

/// Reads the data of one session; `None` where there are none.
///
/// # Safety
///
/// The buffer is null, or has what LsaGetLogonSessionData returned.
unsafe fn session(buffer: &Buffer<'_>) -> Option<LogonSession> {
    let data = buffer.start().cast::<SECURITY_LOGON_SESSION_DATA>();
    if data.is_null() {
        return None;
    }
    // SAFETY: the size comes first, in every version.
    let size = unsafe { (&raw const (*data).Size).read_unaligned() } as usize;
    let text = |text: Option<LSA_UNICODE_STRING>| -> Option<Text> {
        let text = text?;
        // SAFETY: the system's text, as long as it states.
        unsafe { buffer.counted_text(text.Buffer, text.Length) }
    };
    let id = field!(data, size, LogonId)?;
    Some(LogonSession {
        logon_id: u64::from(id.HighPart.cast_unsigned()) << 32 | u64::from(id.LowPart),
        user_name: text(field!(data, size, UserName)),
        logon_domain: text(field!(data, size, LogonDomain)),
        authentication_package: text(field!(data, size, AuthenticationPackage)),
        logon_type: field!(data, size, LogonType)?,
        session: field!(data, size, Session)?,
        // SAFETY: null, or the system's SID.
        sid: field!(data, size, Sid).and_then(|sid| unsafe { buffer.sid(sid) }),
        logon_time: field!(data, size, LogonTime)?,
        logon_server: text(field!(data, size, LogonServer)),
        dns_domain_name: text(field!(data, size, DnsDomainName)),
        upn: text(field!(data, size, Upn)),
        user_flags: field!(data, size, UserFlags),
        last_logon: field!(data, size, LastLogonInfo).map(|last| LastLogon {
            successful: last.LastSuccessfulLogon,
            failed: last.LastFailedLogon,
            failed_attempts: last.FailedAttemptCountSinceLastSuccessfulLogon,
        }),
        logon_script: text(field!(data, size, LogonScript)),
        profile_path: text(field!(data, size, ProfilePath)),
        home_directory: text(field!(data, size, HomeDirectory)),
        home_directory_drive: text(field!(data, size, HomeDirectoryDrive)),
        logoff_time: field!(data, size, LogoffTime),
        kick_off_time: field!(data, size, KickOffTime),
        password_last_set: field!(data, size, PasswordLastSet),
        password_can_change: field!(data, size, PasswordCanChange),
        password_must_change: field!(data, size, PasswordMustChange),
    })
}
