//! [MS-ERREF 2.2] Network-management codes, from 2100 on (NERR_BASE).

use super::{Win32Status, codes};

codes! { Win32Status, TABLE:
    NERR_NetNotStarted = 2102, "The server's network software is not running.";
    NERR_ServerNotStarted = 2114, "The Server service is not running.";
    NERR_UnknownDevDir = 2116, "There is no such folder or device on the server.";
    NERR_RedirectedPath = 2117, "The folder is itself on another server.";
    NERR_DuplicateShare = 2118, "There is a share of this name already.";
    NERR_BufTooSmall = 2123, "Not even one entry fits in the size asked for.";
    NERR_NetworkError = 2136, "A network error happened on the server's side.";
    NERR_InternalError = 2140, "The server failed inside.";
    NERR_BadTransactConfig = 2141, "The server is not configured for remote calls.";
    NERR_ServiceNotInstalled = 2184, "The service is not installed on the server.";
    NERR_GroupNotFound = 2220, "There is no such group.";
    NERR_UserNotFound = 2221, "There is no such user, or none of this name has a session.";
    NERR_NetNameNotFound = 2310, "There is no share of this name.";
    NERR_DeviceNotShared = 2311, "The device is not shared.";
    NERR_ClientNameNotFound = 2312, "No client of this name has a session.";
    NERR_FileIdNotFound = 2314, "No file with this id is open.";
    NERR_InvalidComputer = 2351, "The name is not a valid computer name.";
}
