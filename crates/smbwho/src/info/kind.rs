//! What a server says it is: platform, version, and the software it runs.

use std::fmt;

/// `sv101_platform_id`: the family of operating systems ([MS-SRVS] 2.2.2.6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform(pub u32);

impl Platform {
    /// `PLATFORM_ID_NT`: Windows NT and all since; Samba says so too.
    pub const NT: Self = Self(500);

    /// The name, in small letters: `nt`. `None` for numbers that no
    /// specification names.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            300 => "dos",
            400 => "os2",
            500 => "nt",
            600 => "osf",
            700 => "vms",
            _ => return None,
        })
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Platform({})", self.0)
    }
}

/// The version a server says its system has. Servers say what they like:
/// Samba calls itself 6.1. Never infer from it what a server can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The major version.
    pub major: u32,
    /// The minor version.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// `sv101_type`: the software a server says it runs ([MS-SRVS] 2.2.2.7). Bits
/// that no specification names survive in the number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerType(pub u32);

/// Bit and name. [MS-SRVS] has `SV_TYPE_CLUSTER_NT` at 0x10000000, the header
/// that Windows is built with at 0x01000000: either means a cluster.
const NAMES: [(u32, &str); 31] = [
    (0x0000_0001, "workstation"),
    (0x0000_0002, "server"),
    (0x0000_0004, "sqlserver"),
    (0x0000_0008, "domain_ctrl"),
    (0x0000_0010, "domain_bakctrl"),
    (0x0000_0020, "time_source"),
    (0x0000_0040, "afp"),
    (0x0000_0080, "novell"),
    (0x0000_0100, "domain_member"),
    (0x0000_0200, "printq_server"),
    (0x0000_0400, "dialin_server"),
    (0x0000_0800, "xenix_server"),
    (0x0000_1000, "nt"),
    (0x0000_2000, "wfw"),
    (0x0000_4000, "server_mfpn"),
    (0x0000_8000, "server_nt"),
    (0x0001_0000, "potential_browser"),
    (0x0002_0000, "backup_browser"),
    (0x0004_0000, "master_browser"),
    (0x0008_0000, "domain_master"),
    (0x0010_0000, "server_osf"),
    (0x0020_0000, "server_vms"),
    (0x0040_0000, "windows"),
    (0x0080_0000, "dfs"),
    (0x0100_0000, "cluster_nt"),
    (0x0200_0000, "terminalserver"),
    (0x0400_0000, "cluster_vs_nt"),
    (0x1000_0000, "cluster_nt"),
    (0x2000_0000, "alternate_xport"),
    (0x4000_0000, "local_list_only"),
    (0x8000_0000, "domain_enum"),
];

impl ServerType {
    /// `SV_TYPE_DOMAIN_CTRL`, a domain controller.
    pub const DOMAIN_CTRL: u32 = 0x8;

    /// The names of the bits that are set, as in `SV_TYPE_…` but in small
    /// letters; then, if bits without a name are set, their sum in
    /// hexadecimal.
    pub fn names(self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut left = self.0;
        for (bit, name) in NAMES {
            if self.0 & bit != 0 {
                left &= !bit;
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
        }
        if left != 0 {
            names.push(format!("{left:#x}"));
        }
        names
    }
}

impl fmt::Debug for ServerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerType({:#x})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_without_a_name_survive() {
        assert_eq!(
            ServerType(0x0800_9003).names(),
            ["workstation", "server", "nt", "server_nt", "0x8000000"]
        );
        assert_eq!(ServerType(0x1100_0000).names(), ["cluster_nt"]);
        assert!(ServerType(0).names().is_empty());
        let named: u32 = NAMES.iter().fold(0, |all, (bit, _)| all | bit);
        assert_eq!(
            ServerType(u32::MAX).names().last(),
            Some(&format!("{:#x}", !named))
        );
    }
}
