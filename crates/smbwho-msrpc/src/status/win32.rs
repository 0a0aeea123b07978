//! [MS-ERREF 2.2] Win32 error codes that these calls return.

use std::fmt;

use super::{codes, find, network};

/// What a call of these interfaces returns: NET_API_STATUS, a Win32 or network-management code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Win32Status(pub u32);

codes! { Win32Status, TABLE:
    NERR_SUCCESS = 0, "The call succeeded.";
    ERROR_INVALID_FUNCTION = 1, "The server does not offer this function.";
    ERROR_FILE_NOT_FOUND = 2, "The server found no such file.";
    ERROR_PATH_NOT_FOUND = 3, "The server found no such folder.";
    ERROR_ACCESS_DENIED = 5, "The account may not ask for this.";
    ERROR_NOT_ENOUGH_MEMORY = 8, "The server is short of memory.";
    ERROR_INVALID_DATA = 13, "The answer does not hold together.";
    ERROR_REM_NOT_LIST = 51, "The server cannot be reached over the network.";
    ERROR_BAD_NETPATH = 53, "The server's name was not found on the network.";
    ERROR_NOT_SUPPORTED = 50, "The server does not support this request.";
    ERROR_NETNAME_DELETED = 64, "The connection was ended by the other side.";
    ERROR_NETWORK_ACCESS_DENIED = 65, "Access over the network is denied.";
    ERROR_BAD_NET_NAME = 67, "There is no share of this name.";
    ERROR_FILE_EXISTS = 80, "There is something of this name already.";
    ERROR_INVALID_PASSWORD = 86, "The password is wrong.";
    ERROR_INVALID_PARAMETER = 87, "The server takes one of the values for wrong.";
    ERROR_CALL_NOT_IMPLEMENTED = 120, "The server does not implement this call.";
    ERROR_SEM_TIMEOUT = 121, "The server did not answer in time.";
    ERROR_INSUFFICIENT_BUFFER = 122, "The answer does not fit in the size asked for.";
    ERROR_INVALID_NAME = 123, "A name has a form that the server does not take.";
    ERROR_INVALID_LEVEL = 124, "The server does not know this level of information.";
    ERROR_BAD_PATHNAME = 161, "The server takes the path for wrong.";
    ERROR_MORE_DATA = 234, "There is more to come.";
    ERROR_NO_UNICODE_TRANSLATION = 1113, "The server could not convert a name to or from Unicode.";
    ERROR_SESSION_CREDENTIAL_CONFLICT = 1219, "There is already a connection to this server with other credentials.";
    ERROR_CONNECTION_REFUSED = 1225, "The server refuses the connection.";
    ERROR_NETWORK_UNREACHABLE = 1231, "The server's network cannot be reached.";
    ERROR_HOST_UNREACHABLE = 1232, "The server cannot be reached.";
    ERROR_NO_LOGON_SERVERS = 1311, "No domain controller is there to check the sign-in.";
    ERROR_LOGON_FAILURE = 1326, "The user name or the password is wrong.";
    ERROR_ACCOUNT_RESTRICTION = 1327, "A restriction on the account forbids this sign-in.";
    ERROR_INVALID_LOGON_HOURS = 1328, "The account may not sign in at this hour.";
    ERROR_INVALID_WORKSTATION = 1329, "The account may not sign in from this computer.";
    ERROR_PASSWORD_EXPIRED = 1330, "The account's password has expired.";
    ERROR_ACCOUNT_DISABLED = 1331, "The account is disabled.";
    ERROR_LOGON_TYPE_NOT_GRANTED = 1385, "The account may not sign in over the network.";
    ERROR_NO_SYSTEM_RESOURCES = 1450, "The server is short of resources.";
    ERROR_TIMEOUT = 1460, "The server gave up waiting.";
    ERROR_NONE_MAPPED = 1332, "No account of this name or SID is known.";
    RPC_S_UNKNOWN_IF = 1717, "The server does not have this interface.";
    RPC_S_SERVER_UNAVAILABLE = 1722, "The RPC service is not running.";
    RPC_S_CALL_FAILED = 1726, "The remote call failed.";
    ERROR_ACCOUNT_LOCKED_OUT = 1909, "The account is locked.";
}

impl Win32Status {
    /// The name in the specification, such as `ERROR_ACCESS_DENIED`.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        find(&[TABLE, network::TABLE], self.0).map(|line| line.1)
    }

    /// What it means, in one sentence.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        find(&[TABLE, network::TABLE], self.0).map(|line| line.2)
    }

    /// Whether the call succeeded, and told everything.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::NERR_SUCCESS
    }
}

/// The number, in hexadecimal if it is not a plain Win32 code, and its name if it has one.
impl fmt::Display for Win32Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > 0xffff {
            write!(f, "{:#010x}", self.0)?
        } else {
            write!(f, "{}", self.0)?
        }
        self.name().map_or(Ok(()), |name| write!(f, " {name}"))
    }
}
