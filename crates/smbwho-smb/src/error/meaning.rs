//! What a status or an error of the transport crate means.

use super::{SmbError, SmbErrorKind, Step};
use crate::NtStatus;

/// What a status means at a step of the way up to the open pipe.
pub(crate) fn from_status(step: Step, status: NtStatus) -> SmbError {
    use SmbErrorKind as K;
    let kind = match status {
        NtStatus::LOGON_FAILURE | NtStatus::WRONG_PASSWORD | NtStatus::NO_SUCH_USER => {
            K::LogonFailure
        }
        NtStatus::PASSWORD_EXPIRED => K::PasswordExpired,
        NtStatus::PASSWORD_MUST_CHANGE => K::PasswordMustChange,
        NtStatus::ACCOUNT_LOCKED_OUT => K::AccountLockedOut,
        NtStatus::ACCOUNT_DISABLED => K::AccountDisabled,
        NtStatus::ACCOUNT_EXPIRED => K::AccountExpired,
        NtStatus::ACCOUNT_RESTRICTION => K::AccountRestriction,
        NtStatus::LOGON_TYPE_NOT_GRANTED
        | NtStatus::AUTHENTICATION_FIREWALL_FAILED
        | NtStatus::NOLOGON_WORKSTATION_TRUST_ACCOUNT => K::LogonTypeNotGranted,
        NtStatus::INVALID_LOGON_HOURS => K::InvalidLogonHours,
        NtStatus::INVALID_WORKSTATION => K::InvalidWorkstation,
        NtStatus::TIME_DIFFERENCE_AT_DC => K::ClockSkew,
        NtStatus::NO_LOGON_SERVERS
        | NtStatus::NETLOGON_NOT_STARTED
        | NtStatus::DOMAIN_CONTROLLER_NOT_FOUND
        | NtStatus::NO_TRUST_LSA_SECRET
        | NtStatus::NO_TRUST_SAM_ACCOUNT
        | NtStatus::TRUSTED_DOMAIN_FAILURE
        | NtStatus::TRUSTED_RELATIONSHIP_FAILURE => K::NoLogonServers,
        NtStatus::NTLM_BLOCKED => K::NtlmBlocked,
        NtStatus::ACCESS_DENIED | NtStatus::NETWORK_ACCESS_DENIED => K::AccessDenied,
        NtStatus::BAD_NETWORK_NAME
        | NtStatus::BAD_NETWORK_PATH
        // In answer to TREE_CONNECT no tree can have gone: servers without pipes
        // say this of IPC$.
        | NtStatus::NETWORK_NAME_DELETED
        | NtStatus::BAD_DEVICE_TYPE
        | NtStatus::OBJECT_NAME_NOT_FOUND
        | NtStatus::OBJECT_PATH_NOT_FOUND
        | NtStatus::NO_SUCH_FILE
        | NtStatus::NOT_FOUND
            if step == Step::Share =>
        {
            K::ShareNotFound
        }
        NtStatus::PIPE_BUSY | NtStatus::INSTANCE_NOT_AVAILABLE | NtStatus::PIPE_NOT_AVAILABLE | NtStatus::CONNECTION_REFUSED => {
            K::PipeBusy
        }
        NtStatus::PIPE_BROKEN
        | NtStatus::PIPE_DISCONNECTED
        | NtStatus::PIPE_CLOSING
        | NtStatus::PIPE_EMPTY
        // What smbd answers when the process behind the pipe is gone.
        | NtStatus::CONNECTION_DISCONNECTED
        | NtStatus::CONNECTION_RESET
        | NtStatus::CONNECTION_ABORTED
        | NtStatus::END_OF_FILE
        | NtStatus::FILE_CLOSED
        | NtStatus::FILE_FORCED_CLOSED => K::PipeBroken { received: 0 },
        NtStatus::TOO_MANY_SESSIONS
        | NtStatus::REQUEST_NOT_ACCEPTED
        | NtStatus::INSUFFICIENT_RESOURCES
        | NtStatus::INSUFF_SERVER_RESOURCES
        | NtStatus::NO_MEMORY => K::ServerBusy,
        NtStatus::USER_SESSION_DELETED
        | NtStatus::NETWORK_SESSION_EXPIRED
        | NtStatus::NETWORK_NAME_DELETED => K::SessionGone,
        _ => K::Status,
    };
    SmbError::new(step, kind).with_status(status)
}

/// What an error of the transport crate means at a step.
pub(crate) fn from_transport(step: Step, error: smb2::Error) -> SmbError {
    use SmbErrorKind as K;
    let kind = match &error {
        smb2::Error::Protocol { status, .. } => return from_status(step, (*status).into()),
        smb2::Error::SessionExpired => {
            return from_status(step, NtStatus::NETWORK_SESSION_EXPIRED);
        }
        smb2::Error::GuestSessionRefused { .. } => K::GuestOffered,
        smb2::Error::SignatureInvalid { .. } => K::SignatureInvalid,
        smb2::Error::Timeout | smb2::Error::ServerUnresponsive { .. } => K::TimedOut,
        smb2::Error::Disconnected
        | smb2::Error::Io(_)
        | smb2::Error::SendFailed { .. }
        | smb2::Error::SendTimeout { .. } => K::Disconnected,
        smb2::Error::CreditStarvation { .. } => {
            K::Malformed("it grants no credits to send with".to_owned())
        }
        smb2::Error::InvalidData { message } | smb2::Error::Auth { message } => {
            return SmbError::new(step, K::Malformed(message.clone()));
        }
        other => K::Malformed(other.to_string()),
    };
    SmbError::new(step, kind).with_source(error)
}
