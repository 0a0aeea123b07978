//! Whom servers grant what: Samba by its own code, Windows by the
//! documentation of its functions. A server's administrator may have changed
//! it, and versions differ: only trying tells.

/// Sessions at levels 0 and 10 ([MS-SRVS] 3.1.4.5).
pub(super) const SESSIONS_FEW: &str =
    "Administrators; on Windows whom SrvsvcSessionInfo names, by default operators too";
/// Sessions at levels 1, 2 and 502.
pub(super) const SESSIONS: &str = "Administrators; on Windows Server Operators too";
/// Open files ([MS-SRVS] 3.1.4.2).
pub(super) const FILES: &str = "Administrators; on Windows Server Operators too";
/// Connections ([MS-SRVS] 3.1.4.1).
pub(super) const CONNECTIONS: &str =
    "Administrators; on Windows Server Operators, Print Operators and Power Users too";
/// Shares at levels 0, 1 and 501 ([MS-SRVS] 3.1.4.8).
pub(super) const SHARES_FEW: &str = "any account";
/// Shares at levels 2, 502 and 503.
pub(super) const SHARES: &str = "Administrators; on Windows Server Operators, Print Operators \
                                 and Power Users too";
/// The server at levels 100 and 101 ([MS-SRVS] 3.1.4.17).
pub(super) const SERVER_FEW: &str = "any account";
/// The server at level 102.
pub(super) const SERVER: &str = "Administrators and operators on Windows, any account on Samba";
/// The time.
pub(super) const TIME: &str = "any account";
/// Drives ([MS-SRVS] 3.1.4.19).
pub(super) const DISKS: &str =
    "Administrators and Server Operators on Windows, any account on Samba";
/// Counters ([MS-SRVS] 3.1.4.20).
pub(super) const STATISTICS: &str =
    "Administrators and Server Operators on Windows; Samba has none";
/// The computer at level 100 ([MS-WKST] 3.2.4.1).
pub(super) const WORKSTATION_100: &str = "any account";
/// The computer at level 101.
pub(super) const WORKSTATION_101: &str = "any account that is not anonymous";
/// The computer at level 102.
pub(super) const WORKSTATION_102: &str = "Administrators";
/// Who is logged on ([MS-WKST] 3.2.4.3).
pub(super) const LOGONS: &str = "Administrators";
/// Everything of samr.
pub(super) const ACCOUNTS: &str = "any account on Samba and on domain controllers; elsewhere on \
                                   Windows whom the policy RestrictRemoteSAM names, by default \
                                   Administrators";
/// Everything of lsarpc.
pub(super) const POLICY: &str = "any account that is not anonymous";
