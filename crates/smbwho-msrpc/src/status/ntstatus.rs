//! [MS-ERREF 2.3] NTSTATUS codes that samr and lsarpc return.

use std::fmt;

use super::{codes, find};

/// What a call of samr or lsarpc returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NtStatus(pub u32);

codes! { NtStatus, TABLE:
    STATUS_SUCCESS = 0x0000_0000, "The call succeeded.";
    STATUS_MORE_ENTRIES = 0x0000_0105, "There is more to come.";
    STATUS_SOME_NOT_MAPPED = 0x0000_0107, "Some of the names or SIDs are not known.";
    STATUS_NO_MORE_ENTRIES = 0x8000_001a, "There is nothing more.";
    STATUS_UNSUCCESSFUL = 0xc000_0001, "The call failed and the server does not say why.";
    STATUS_NOT_IMPLEMENTED = 0xc000_0002, "The server does not implement this.";
    STATUS_INVALID_INFO_CLASS = 0xc000_0003, "The server does not know this level of information.";
    STATUS_INVALID_HANDLE = 0xc000_0008, "The server does not know this handle.";
    STATUS_INVALID_PARAMETER = 0xc000_000d, "The server takes one of the values for wrong.";
    STATUS_NO_MEMORY = 0xc000_0017, "The server is short of memory.";
    STATUS_ACCESS_DENIED = 0xc000_0022, "The account may not ask for this.";
    STATUS_BUFFER_TOO_SMALL = 0xc000_0023, "The answer does not fit in the size asked for.";
    STATUS_OBJECT_TYPE_MISMATCH = 0xc000_0024, "The handle is not of the kind this call takes.";
    STATUS_OBJECT_NAME_NOT_FOUND = 0xc000_0034, "The server found nothing of this name.";
    STATUS_NO_SUCH_USER = 0xc000_0064, "There is no such user.";
    STATUS_NO_SUCH_GROUP = 0xc000_0066, "There is no such group.";
    STATUS_NONE_MAPPED = 0xc000_0073, "None of the names or SIDs is known.";
    STATUS_INVALID_SID = 0xc000_0078, "The SID is not valid.";
    STATUS_INSUFFICIENT_RESOURCES = 0xc000_009a, "The server is short of resources.";
    STATUS_NOT_SUPPORTED = 0xc000_00bb, "The server does not support this request.";
    STATUS_NO_SUCH_DOMAIN = 0xc000_00df, "The server does not have this domain.";
    STATUS_INTERNAL_ERROR = 0xc000_00e5, "The server failed inside.";
    STATUS_NO_SUCH_ALIAS = 0xc000_0151, "There is no such local group.";
    STATUS_MEMBER_NOT_IN_ALIAS = 0xc000_0152, "The account is not in this local group.";
    STATUS_NO_TRUST_LSA_SECRET = 0xc000_018a, "The server has lost its trust with the domain.";
    STATUS_TRUSTED_RELATIONSHIP_FAILURE = 0xc000_018d, "The server's trust with the domain failed.";
    STATUS_DOMAIN_CONTROLLER_NOT_FOUND = 0xc000_0233, "The server found no domain controller.";
}

impl NtStatus {
    /// The name in the specification, such as `STATUS_ACCESS_DENIED`.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        find(&[TABLE], self.0).map(|line| line.1)
    }

    /// What it means, in one sentence.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        find(&[TABLE], self.0).map(|line| line.2)
    }

    /// Whether the call succeeded: a success or an information, such as
    /// [`STATUS_MORE_ENTRIES`](Self::STATUS_MORE_ENTRIES) ([MS-ERREF] 2.3: severity 0 or 1).
    #[must_use]
    pub fn is_success(self) -> bool {
        self.0 < 0x8000_0000
    }
}

/// The number in hexadecimal, and its name if it has one.
impl fmt::Display for NtStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)?;
        self.name().map_or(Ok(()), |name| write!(f, " {name}"))
    }
}
