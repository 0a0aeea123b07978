//! Who may use a share: the security descriptor as it came, and as text.

use std::fmt;

use smbwho_msrpc::types::SecurityDescriptor;
use smbwho_msrpc::types::security_descriptor::DescriptorError;

/// The longest descriptor that is taken apart: two lists of 64 KiB, two
/// accounts, and room.
const MAX_BYTES: usize = 160 * 1024;

/// A share's security descriptor ([MS-DTYP] 2.4.6).
///
/// What cannot be read or written as text keeps its bytes, and costs no row.
#[derive(Clone, PartialEq, Eq)]
pub struct ShareSecurity {
    bytes: Vec<u8>,
    sddl: Option<String>,
}

impl ShareSecurity {
    pub(crate) fn from_wire(bytes: Vec<u8>) -> Self {
        let descriptor = Some(&bytes).filter(|bytes| bytes.len() <= MAX_BYTES);
        let descriptor = descriptor.and_then(|b| SecurityDescriptor::from_bytes(b).ok());
        Self {
            sddl: descriptor.and_then(|descriptor| descriptor.to_sddl().ok()),
            bytes,
        }
    }

    /// The descriptor in SDDL, such as `O:BAG:SYD:(A;;FA;;;WD)`. `None` where
    /// the server sent none that makes sense, or one with entries that we
    /// cannot write as text.
    pub fn sddl(&self) -> Option<&str> {
        self.sddl.as_deref()
    }

    /// The descriptor as the server sent it, self-relative.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The descriptor taken apart.
    ///
    /// # Errors
    ///
    /// What the server sent makes no sense.
    pub fn descriptor(&self) -> Result<SecurityDescriptor, DescriptorError> {
        SecurityDescriptor::from_bytes(&self.bytes)
    }
}

impl fmt::Debug for ShareSecurity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sddl {
            Some(sddl) => write!(f, "ShareSecurity({sddl})"),
            None => write!(f, "ShareSecurity({} bytes)", self.bytes.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_keeps_its_bytes() {
        let security = ShareSecurity::from_wire(vec![7; 100]);
        assert_eq!((security.sddl(), security.as_bytes().len()), (None, 100));
        assert!(security.descriptor().is_err());
    }
}
