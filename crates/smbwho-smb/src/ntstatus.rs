//! NTSTATUS codes a client of this kind meets ([MS-ERREF] 2.3).

use std::fmt;

/// A status from the header of an SMB reply, kept as the server sent it.
///
/// Codes that are not in the table survive as numbers; `Display` writes
/// `STATUS_LOGON_FAILURE` or, without a name, `NTSTATUS 0xC0000388`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NtStatus(pub u32);

macro_rules! table {
    ($($name:ident = $code:literal, $text:literal;)*) => {
        impl NtStatus {
            $(
                #[doc = concat!("`STATUS_", stringify!($name), "`: ", $text, ".")]
                pub const $name: Self = Self($code);
            )*

            /// The name the documents give the code, if it is in the table.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some(concat!("STATUS_", stringify!($name))),)*
                    _ => None,
                }
            }

            /// What the code says, in one clause without a full stop.
            #[must_use]
            pub fn meaning(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some($text),)*
                    _ => None,
                }
            }

            #[cfg(test)]
            const ALL: &'static [u32] = &[$($code),*];
        }
    };
}

table! {
    SUCCESS = 0x0000_0000, "the request was done";
    PENDING = 0x0000_0103, "the server is still at work on the request";
    BUFFER_OVERFLOW = 0x8000_0005, "the answer is longer than was asked for, its rest can be read";
    STOPPED_ON_SYMLINK = 0x8000_002D, "the path leads through a symbolic link";

    UNSUCCESSFUL = 0xC000_0001, "the server failed without saying why";
    NOT_IMPLEMENTED = 0xC000_0002, "the server does not have this request";
    INVALID_HANDLE = 0xC000_0008, "the handle means nothing to the server";
    INVALID_PARAMETER = 0xC000_000D, "the server finds a part of the request invalid";
    NO_SUCH_FILE = 0xC000_000F, "there is no such file";
    INVALID_DEVICE_REQUEST = 0xC000_0010, "the request does not fit what was opened";
    END_OF_FILE = 0xC000_0011, "there is nothing more to read";
    MORE_PROCESSING_REQUIRED = 0xC000_0016, "the sign-in goes on with another message";
    NO_MEMORY = 0xC000_0017, "the server is out of memory";
    ACCESS_DENIED = 0xC000_0022, "the server denies access";
    BUFFER_TOO_SMALL = 0xC000_0023, "the answer does not fit the room that was offered";
    OBJECT_NAME_INVALID = 0xC000_0033, "the server finds the name invalid";
    OBJECT_NAME_NOT_FOUND = 0xC000_0034, "there is nothing of that name";
    OBJECT_PATH_NOT_FOUND = 0xC000_003A, "there is no such path";
    OBJECT_PATH_SYNTAX_BAD = 0xC000_003B, "the server finds the path invalid";
    SHARING_VIOLATION = 0xC000_0043, "somebody has it open and shares it with nobody";
    DELETE_PENDING = 0xC000_0056, "it is being deleted";
    NO_LOGON_SERVERS = 0xC000_005E, "the server could not reach a domain controller to check the password";
    NO_SUCH_LOGON_SESSION = 0xC000_005F, "the logon session is gone";
    NO_SUCH_USER = 0xC000_0064, "there is no such account";
    WRONG_PASSWORD = 0xC000_006A, "the password is wrong";
    LOGON_FAILURE = 0xC000_006D, "the user name or the password is wrong";
    ACCOUNT_RESTRICTION = 0xC000_006E, "a restriction on the account forbids this sign-in, for instance an empty password";
    INVALID_LOGON_HOURS = 0xC000_006F, "the account may not sign in at this time of day";
    INVALID_WORKSTATION = 0xC000_0070, "the account may not sign in from this computer";
    PASSWORD_EXPIRED = 0xC000_0071, "the password has expired";
    ACCOUNT_DISABLED = 0xC000_0072, "the account is disabled";
    INSUFFICIENT_RESOURCES = 0xC000_009A, "the server lacks the resources for it";
    INSTANCE_NOT_AVAILABLE = 0xC000_00AB, "every instance of the pipe is in use";
    PIPE_NOT_AVAILABLE = 0xC000_00AC, "nothing listens on the pipe just now";
    INVALID_PIPE_STATE = 0xC000_00AD, "the pipe is in no state for this request";
    PIPE_BUSY = 0xC000_00AE, "the pipe is busy";
    PIPE_DISCONNECTED = 0xC000_00B0, "the other end of the pipe has disconnected";
    PIPE_CLOSING = 0xC000_00B1, "the other end of the pipe is closing it";
    IO_TIMEOUT = 0xC000_00B5, "the server gave up waiting";
    FILE_FORCED_CLOSED = 0xC000_00B6, "the server closed the handle by force";
    NOT_SUPPORTED = 0xC000_00BB, "the server does not support the request";
    BAD_NETWORK_PATH = 0xC000_00BE, "the server does not know the network path";
    INVALID_NETWORK_RESPONSE = 0xC000_00C3, "the answer makes no sense";
    NETWORK_NAME_DELETED = 0xC000_00C9, "the connection to the share is gone";
    NETWORK_ACCESS_DENIED = 0xC000_00CA, "access over the network is denied";
    BAD_DEVICE_TYPE = 0xC000_00CB, "the share is of another kind";
    BAD_NETWORK_NAME = 0xC000_00CC, "there is no such share";
    TOO_MANY_SESSIONS = 0xC000_00CE, "the server has as many sessions as it takes";
    REQUEST_NOT_ACCEPTED = 0xC000_00D0, "the server takes no more connections just now";
    PIPE_EMPTY = 0xC000_00D9, "there is nothing in the pipe";
    INVALID_SERVER_STATE = 0xC000_00DC, "the account database is in no state for this";
    INTERNAL_ERROR = 0xC000_00E5, "the server met an internal error";
    NOT_A_DIRECTORY = 0xC000_0103, "it is no folder";
    CANCELLED = 0xC000_0120, "the request was cancelled";
    FILE_CLOSED = 0xC000_0128, "the handle is already closed";
    TIME_DIFFERENCE_AT_DC = 0xC000_0133, "the clocks of this machine and the server are too far apart";
    PIPE_BROKEN = 0xC000_014B, "the other end of the pipe is gone";
    LOGON_TYPE_NOT_GRANTED = 0xC000_015B, "the account may not sign in over the network on this server";
    INVALID_DEVICE_STATE = 0xC000_0184, "the handle is in no state for this request";
    NO_TRUST_LSA_SECRET = 0xC000_018A, "the server has no trust account secret";
    NO_TRUST_SAM_ACCOUNT = 0xC000_018B, "the domain has no account for the server";
    TRUSTED_DOMAIN_FAILURE = 0xC000_018C, "the trust between the domains failed";
    TRUSTED_RELATIONSHIP_FAILURE = 0xC000_018D, "the trust between the server and its domain failed";
    NETLOGON_NOT_STARTED = 0xC000_0192, "the server's logon service is not running";
    ACCOUNT_EXPIRED = 0xC000_0193, "the account has expired";
    NOLOGON_WORKSTATION_TRUST_ACCOUNT = 0xC000_0199, "the account belongs to a computer, not to a person";
    FS_DRIVER_REQUIRED = 0xC000_019C, "the server has nothing that serves the request";
    USER_SESSION_DELETED = 0xC000_0203, "the server has ended this session";
    INSUFF_SERVER_RESOURCES = 0xC000_0205, "the server lacks the resources for it";
    CONNECTION_DISCONNECTED = 0xC000_020C, "a connection the server needs is gone";
    CONNECTION_RESET = 0xC000_020D, "a connection the server needs was reset";
    PASSWORD_MUST_CHANGE = 0xC000_0224, "the password must be changed before the first sign-in";
    NOT_FOUND = 0xC000_0225, "it was not found";
    DOMAIN_CONTROLLER_NOT_FOUND = 0xC000_0233, "the server found no domain controller";
    ACCOUNT_LOCKED_OUT = 0xC000_0234, "the account is locked";
    CONNECTION_REFUSED = 0xC000_0236, "a connection the server needs was refused";
    CONNECTION_ABORTED = 0xC000_0241, "a connection the server needs was aborted";
    PATH_NOT_COVERED = 0xC000_0257, "the path leads elsewhere by DFS";
    NETWORK_SESSION_EXPIRED = 0xC000_035C, "the session has expired";
    DOWNGRADE_DETECTED = 0xC000_0388, "the server suspects an attempt to weaken the sign-in";
    AUTHENTICATION_FIREWALL_FAILED = 0xC000_0413, "the account may not sign in across the trust to this server";
    NTLM_BLOCKED = 0xC000_0418, "NTLM is forbidden here";
}

impl NtStatus {
    /// Severity 3: the request failed ([MS-ERREF] 2.3).
    #[must_use]
    pub fn is_error(self) -> bool {
        self.0 >> 30 == 3
    }

    /// Done, or done in part with the rest still to be read.
    pub(crate) fn carries_data(self) -> bool {
        self == Self::SUCCESS || self == Self::BUFFER_OVERFLOW
    }
}

impl fmt::Display for NtStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "NTSTATUS 0x{:08X}", self.0),
        }
    }
}

impl fmt::Debug for NtStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NtStatus({self})")
    }
}

impl From<smb2::types::status::NtStatus> for NtStatus {
    fn from(status: smb2::types::status::NtStatus) -> Self {
        Self(status.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        assert_eq!(NtStatus(0xC000_006D).name(), Some("STATUS_LOGON_FAILURE"));
        assert_eq!(NtStatus::PASSWORD_MUST_CHANGE.0, 0xC000_0224);
        assert_eq!(NtStatus(0xC000_0999).to_string(), "NTSTATUS 0xC0000999");
        assert!(NtStatus::ACCESS_DENIED.is_error());
        assert!(!NtStatus::BUFFER_OVERFLOW.is_error());
    }

    /// Where the transport crate names a code too, we agree with it.
    #[test]
    fn agrees_with_the_transport_crate() {
        let mut shared = 0;
        for &code in NtStatus::ALL {
            let theirs = smb2::types::status::NtStatus(code).to_string();
            if !theirs.starts_with("0x") {
                assert_eq!(NtStatus(code).name(), Some(theirs.as_str()));
                shared += 1;
            }
        }
        assert!(shared > 20, "only {shared} codes in common");
    }
}
