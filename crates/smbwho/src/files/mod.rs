//! Open files: the rows of `NetFileEnum` ([MS-SRVS] 3.1.4.2).

mod clients;
mod component;
mod dfs;
mod elsewhere;
mod info;
mod input;
mod listing;
mod place;
mod presence;
mod query;
mod target;
mod tree;
mod unc;
mod unlisted;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

pub(crate) use clients::KeptLists;
pub(crate) use component::{fold, has_wildcard};
pub use elsewhere::Elsewhere;
pub use input::PathInput;
pub use place::{Place, PlaceError};
pub use presence::Presence;
pub use query::FilesQuery;
pub use target::PathTarget;
pub use tree::PlaceTree;
pub use unc::{UncPath, UncPathError};

use smbwho_msrpc::srvsvc::file;

use crate::filter::{ClientFilter, UserFilter};
use crate::{Code, Name};

/// One open file, folder or pipe.
///
/// `None` is *not told*: level 2 tells the id only ([MS-SRVS] 2.2.4.6 and
/// 2.2.4.7).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenFile {
    /// The server's number for this open. Samba makes it of a process number
    /// and a counter, so that two opens may have the same. Every level tells it;
    /// what an `smbstatus` without JSON prints does not.
    #[doc(alias = "fi3_id")]
    pub id: Option<u32>,
    /// The path as the server knows it, not as it is shared. Samba puts `C:`
    /// before its own paths. Pipes have their name. Level 3.
    #[doc(alias = "fi3_pathname")]
    pub path: Option<Name>,
    /// The user who opened it. Level 3.
    #[doc(alias = "fi3_username")]
    pub user: Option<Name>,
    /// What it was opened for. Level 3.
    #[doc(alias = "fi3_permissions")]
    pub permissions: Option<Permissions>,
    /// Byte-range locks held on it. Level 3.
    #[doc(alias = "fi3_num_locks")]
    pub locks: Option<u32>,
    /// The client computer it was opened from. No level tells it: it is known
    /// where the server lists files by client, or where the user has sessions
    /// from one client only. [`OpenFile::client_basis`] says which.
    pub client: Option<Name>,
    /// How the client is known, or why it is not.
    pub client_basis: ClientBasis,
    /// More about the open: told by no level, only by this computer's own
    /// Samba. Behind a pointer, since rows by the hundred thousand lack it.
    pub smb: Option<Box<SmbOpen>>,
    /// The level of information this row was told at. `None` where it was
    /// told otherwise than by a call that has levels.
    pub level: Option<FileLevel>,
}

impl OpenFile {
    /// A row of which nothing is known yet but id and level; for those who
    /// make rows of their own, as tests do.
    pub fn unknown(id: impl Into<Option<u32>>, level: impl Into<Option<FileLevel>>) -> Self {
        Self {
            id: id.into(),
            path: None,
            user: None,
            permissions: None,
            locks: None,
            client: None,
            client_basis: ClientBasis::Unasked,
            smb: None,
            level: level.into(),
        }
    }

    /// Whether this user opened it ([`UserFilter`]). `None` when its user was
    /// not told.
    pub fn is_of(&self, user: impl Into<UserFilter>) -> Option<bool> {
        let user = user.into();
        self.user.as_ref().map(|name| user.matches(name))
    }

    /// Whether it was opened from this client ([`ClientFilter`]). `None` when
    /// its client is not known.
    pub fn is_from(&self, client: impl Into<ClientFilter>) -> Option<bool> {
        let client = client.into();
        self.client.as_ref().map(|name| client.matches(name))
    }
}

/// An open, as the server's own computer sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SmbOpen {
    /// When it was opened.
    pub opened_at: Option<SystemTime>,
    /// What others may open the file for meanwhile.
    pub share_mode: Option<ShareMode>,
    /// What the client may keep to itself ([MS-SMB2] 2.2.14): `none`, `level2`,
    /// `exclusive`, `batch`, or a lease as `lease(RWH)`.
    pub oplock: Option<Name>,
}

/// ShareAccess: what others may open a file for ([MS-SMB2] 2.2.13). Bits that no
/// specification names survive in the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShareMode(pub u32);

impl ShareMode {
    /// Every bit that has a name, and the name.
    pub const NAMES: &'static [(u32, &'static str)] =
        &[(0x1, "read"), (0x2, "write"), (0x4, "delete")];
}

/// How the client of an open file is known, or why it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientBasis {
    /// It was not looked for.
    Unasked,
    /// Known: the server lists this file among those of that client.
    Server,
    /// Known: the user has sessions from that client and from no other.
    Sessions,
    /// Not known: the user has sessions from several clients, and the server
    /// does not tell files apart by client. These are the clients; one that
    /// was not told is left out.
    Ambiguous(Arc<[Name]>),
    /// Not known: the server lists no session of this user.
    NoSession,
    /// Not known: the server does not tell its sessions, or not all, or not
    /// whose they are. The code says why, if there is one.
    SessionsNotTold(Option<Code>),
}

/// `fi3_permissions`: what a file was opened for. Bits that no specification
/// names survive in the number.
///
/// The documents disagree on what the bits are: `PERM_FILE_*` ([MS-SRVS]
/// 2.2.4.7), or the access mask that the open was granted ([MS-SMB2] 3.3.4.20,
/// 2.2.13.1). A bit above those of `PERM_FILE_*` shows that it is a mask; the
/// two agree on reading and writing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permissions(pub u32);

impl Permissions {
    const READ: Self = Self(file::PERM_FILE_READ);
    const WRITE: Self = Self(file::PERM_FILE_WRITE);
    const EXECUTE: Self = Self(file::ACCESS_EXEC);
    const DELETE: Self = Self(file::ACCESS_DELETE);
    const ATTRIBUTES: Self = Self(file::ACCESS_ATRIB);
    const PERMISSIONS: Self = Self(file::ACCESS_PERM);

    /// Every bit that has a name, and the name.
    pub const NAMES: &'static [(u32, &'static str)] = &[
        (file::PERM_FILE_READ, "read"),
        (file::PERM_FILE_WRITE, "write"),
        (file::PERM_FILE_CREATE, "create"),
        (file::ACCESS_EXEC, "execute"),
        (file::ACCESS_DELETE, "delete"),
        (file::ACCESS_ATRIB, "attributes"),
        (file::ACCESS_PERM, "permissions"),
    ];

    /// The bits of [`NAMES`](Self::NAMES) that this stands for, and those of
    /// its own bits that no specification names.
    pub fn meaning(self) -> u32 {
        let named = Self::NAMES.iter().fold(0, |all, (bit, _)| all | bit);
        match self.0 & !named {
            0 => self.0,
            _ => Self::of_access_mask(self.0).0 | self.0 & !access::KNOWN,
        }
    }

    /// What an access mask lets its holder do. What only reads attributes or
    /// access rights, or waits, says nothing of the file; changing attributes
    /// goes with writing, and counts where there is no writing.
    pub(crate) fn of_access_mask(mask: u32) -> Self {
        let granted = access::RIGHTS.iter().filter(|(bits, _)| mask & bits != 0);
        let all = granted.fold(0, |all, (_, permission)| all | permission.0);
        match all & Self::WRITE.0 {
            0 => Self(all),
            _ => Self(all & !Self::ATTRIBUTES.0),
        }
    }

    /// The names of what it stands for, as far as there are any.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let meaning = self.meaning();
        let set = move |&&(bit, _): &&(u32, &str)| meaning & bit != 0;
        Self::NAMES.iter().filter(set).map(|&(_, name)| name)
    }

    /// The bits that have no name.
    pub fn unnamed(self) -> u32 {
        Self::NAMES
            .iter()
            .fold(self.meaning(), |left, (bit, _)| left & !bit)
    }
}

/// Rights of an access mask ([MS-SMB2] 2.2.13.1.1, [MS-DTYP] 2.4.3).
mod access {
    use super::Permissions;

    const GENERIC_READ: u32 = 0x8000_0000;
    const GENERIC_WRITE: u32 = 0x4000_0000;
    const GENERIC_EXECUTE: u32 = 0x2000_0000;
    const GENERIC_ALL: u32 = 0x1000_0000;

    /// Every bit that the documents name.
    pub(super) const KNOWN: u32 = 0xf31f_01ff;

    /// What these bits stand for.
    pub(super) const RIGHTS: [(u32, Permissions); 6] = [
        // FILE_READ_DATA.
        (0x1 | GENERIC_READ | GENERIC_ALL, Permissions::READ),
        // FILE_WRITE_DATA, FILE_APPEND_DATA.
        (0x2 | 0x4 | GENERIC_WRITE | GENERIC_ALL, Permissions::WRITE),
        // FILE_EXECUTE.
        (0x20 | GENERIC_EXECUTE | GENERIC_ALL, Permissions::EXECUTE),
        // DELETE, FILE_DELETE_CHILD.
        (0x1_0000 | 0x40 | GENERIC_ALL, Permissions::DELETE),
        // FILE_WRITE_ATTRIBUTES, FILE_WRITE_EA.
        (0x100 | 0x10, Permissions::ATTRIBUTES),
        // WRITE_DAC, WRITE_OWNER.
        (0x4_0000 | 0x8_0000 | GENERIC_ALL, Permissions::PERMISSIONS),
    ];
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permissions({:#x})", self.0)
    }
}

/// A level of information about open files ([MS-SRVS] 2.2.4.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileLevel {
    /// The id only. Samba does not have it.
    L2,
    /// Id, permissions, locks, path and user.
    L3,
}

impl FileLevel {
    /// Every level, richest first: the order in which they are tried.
    pub const LADDER: [FileLevel; 2] = [FileLevel::L3, FileLevel::L2];

    /// The number that names the level on the wire.
    pub fn number(self) -> u32 {
        match self {
            FileLevel::L2 => 2,
            FileLevel::L3 => 3,
        }
    }
}

impl fmt::Display for FileLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_have_names_and_keep_what_has_none() {
        let named: Vec<_> = Permissions(0x7f).names().collect();
        assert_eq!(
            named,
            [
                "read",
                "write",
                "create",
                "execute",
                "delete",
                "attributes",
                "permissions"
            ]
        );
        let odd = Permissions(0x0800_0202);
        assert_eq!(odd.names().collect::<Vec<_>>(), ["write"]);
        assert_eq!(odd.unnamed(), 0x0800_0200);
        assert_eq!(format!("{odd:?}"), "Permissions(0x8000202)");
    }

    #[test]
    fn an_access_mask_is_known_by_its_bits_above_0x7f() {
        for (raw, expected) in [
            (0x0012_0089, &["read"][..]),
            (0x0012_019f, &["read", "write"]),
            (0x0012_00a9, &["read", "execute"]),
            (0x0012_0116, &["write"]),
            (0x0012_0004, &["write"]),
            (0x0012_0020, &["execute"]),
            (0x0013_0089, &["read", "delete"]),
            (0x0010_0080, &[]),
            (0x80, &[]),
            (0x0012_0100, &["attributes"]),
            (0x0006_0081, &["read", "permissions"]),
            (0x0008_0000, &["permissions"]),
            (0x8000_0000, &["read"]),
            (0xc000_0000, &["read", "write"]),
            (
                0x001f_01ff,
                &["read", "write", "execute", "delete", "permissions"],
            ),
            // No bit tells these from PERM_FILE_*.
            (0x1, &["read"]),
            (0x3, &["read", "write"]),
            (0x7, &["read", "write", "create"]),
            (0x21, &["read", "attributes"]),
            (0, &[]),
        ] {
            let permissions = Permissions(raw);
            let names: Vec<_> = permissions.names().collect();
            assert_eq!(
                (&names[..], permissions.unnamed()),
                (expected, 0),
                "{raw:#x}"
            );
        }
    }
}
