//! The numbers that servers fail with, whatever layer they come from.

use std::fmt;

use smbwho_msrpc::status::{self, FaultStatus, Win32Status};
use smbwho_smb::NtStatus;

/// A code that a server or the operating system gave, with the name its
/// documents give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// A Windows error, returned by the call itself ([MS-ERREF] 2.2).
    Win32(Win32Status),
    /// A status of the SMB layer, or of a call of samr or lsarpc ([MS-ERREF]
    /// 2.3).
    Nt(NtStatus),
    /// A fault of the server's RPC runtime (\[C706\] appendix E).
    Fault(FaultStatus),
    /// An error of a Kerberos KDC (RFC 4120, 7.5.9).
    Kerberos(KerberosCode),
}

/// A KDC's error number and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KerberosCode {
    /// The number in the KRB-ERROR message.
    pub number: i32,
    /// The name in RFC 4120, where it has one.
    pub name: Option<&'static str>,
}

impl Code {
    /// The number. Statuses of 32 bits are not sign-extended.
    pub fn number(self) -> i64 {
        match self {
            Code::Win32(status) => i64::from(status.0),
            Code::Nt(status) => i64::from(status.0),
            Code::Fault(fault) => i64::from(fault.0),
            Code::Kerberos(code) => i64::from(code.number),
        }
    }

    /// The name its documents give the code, where we know it.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Code::Win32(status) => status.name(),
            Code::Nt(status) => status.name().or_else(|| status::NtStatus(status.0).name()),
            Code::Fault(fault) => fault.name(),
            Code::Kerberos(code) => code.name,
        }
    }
}

impl fmt::Display for Code {
    /// The name, if there is one, and the number as its documents write it:
    /// `ERROR_ACCESS_DENIED 5`, `STATUS_LOGON_FAILURE 0xC000006D`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.name() {
            write!(f, "{name} ")?;
        }
        match self {
            Code::Win32(status) => write!(f, "{}", status.0),
            Code::Kerberos(code) => write!(f, "{}", code.number),
            Code::Nt(NtStatus(number)) | Code::Fault(FaultStatus(number)) => {
                write!(f, "{number:#010X}")
            }
        }
    }
}
