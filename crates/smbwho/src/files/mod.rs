//! Open files: the rows of `NetFileEnum` ([MS-SRVS] 3.1.4.2).

mod clients;
mod info;
mod place;
mod query;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

pub use place::{Place, PlaceError, UncPath, UncPathError};
pub use query::FilesQuery;

use smbwho_msrpc::srvsvc::file;

use crate::pattern::Pattern;
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

    /// Whether this user opened it, in any letter case; `*` and `?` are
    /// wildcards. `None` when its user was not told.
    pub fn is_of(&self, user: &str) -> Option<bool> {
        let user = Pattern::user(user);
        self.user.as_ref().map(|name| user.matches(name))
    }

    /// Whether it was opened from this client: a name or an address, with or
    /// without leading backslashes, in any letter case; `*` and `?` are
    /// wildcards. `None` when its client is not known.
    pub fn is_from(&self, client: &str) -> Option<bool> {
        let client = Pattern::client(client);
        self.client.as_ref().map(|name| client.matches_client(name))
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

/// `fi3_permissions`: what a file was opened for ([MS-SRVS] 2.2.4.7). Bits
/// that no specification names survive in the number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permissions(pub u32);

impl Permissions {
    pub(crate) const READ: Self = Self(file::PERM_FILE_READ);
    pub(crate) const WRITE: Self = Self(file::PERM_FILE_WRITE);
    pub(crate) const EXECUTE: Self = Self(file::ACCESS_EXEC);
    pub(crate) const DELETE: Self = Self(file::ACCESS_DELETE);
    pub(crate) const ATTRIBUTES: Self = Self(file::ACCESS_ATRIB);
    pub(crate) const PERMISSIONS: Self = Self(file::ACCESS_PERM);

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

    /// The names of the bits that have one.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let set = move |&&(bit, _): &&(u32, &str)| self.0 & bit != 0;
        Self::NAMES.iter().filter(set).map(|&(_, name)| name)
    }

    /// The bits that have no name.
    pub fn unnamed(self) -> u32 {
        Self::NAMES
            .iter()
            .fold(self.0, |left, (bit, _)| left & !bit)
    }
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
        let odd = Permissions(0x8000_0102);
        assert_eq!(odd.names().collect::<Vec<_>>(), ["write"]);
        assert_eq!(odd.unnamed(), 0x8000_0100);
        assert_eq!(format!("{odd:?}"), "Permissions(0x80000102)");
    }
}
