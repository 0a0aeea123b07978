//! [MS-SRVS 3.1.4.2 to 3.1.4.4] Open files: NetrFileEnum, NetrFileGetInfo, NetrFileClose.

use smbwho_rpc::ndr::{NdrError, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params, ndr_struct, ndr_union};

use super::container::container_union;
use super::reply::{check_entries, check_info, check_level};
use super::{Container, SRVSVC};
use crate::levels::levels;
use crate::types::{Text, WString, borrowed};

/// In `permissions`: read a file, and by default execute it (PERM_FILE_READ).
pub const PERM_FILE_READ: u32 = 0x01;
/// In `permissions`: write a file, and by default create one (PERM_FILE_WRITE).
pub const PERM_FILE_WRITE: u32 = 0x02;
/// In `permissions`: create a file (PERM_FILE_CREATE).
pub const PERM_FILE_CREATE: u32 = 0x04;
/// In `permissions`: execute a file (ACCESS_EXEC).
pub const ACCESS_EXEC: u32 = 0x08;
/// In `permissions`: delete a file (ACCESS_DELETE).
pub const ACCESS_DELETE: u32 = 0x10;
/// In `permissions`: change its attributes (ACCESS_ATRIB).
pub const ACCESS_ATRIB: u32 = 0x20;
/// In `permissions`: change its permissions (ACCESS_PERM).
pub const ACCESS_PERM: u32 = 0x40;

levels! {
    /// How much to tell about an open file ([MS-SRVS] 2.2.4.10).
    pub enum FileLevel {
        /// The id only. Samba does not know this level.
        L2 = 2,
        /// Id, permissions, locks, path and user.
        L3 = 3,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.6] An open file, level 2 (FILE_INFO_2).
    #[doc(alias = "FILE_INFO_2")]
    pub struct FileInfo2 {
        /// The server's number for this open. All 32 bits count.
        #[doc(alias = "fi2_id")]
        id: u32,
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.7] An open file, level 3 (FILE_INFO_3).
    #[doc(alias = "FILE_INFO_3")]
    pub struct FileInfo3<'a> {
        /// The server's number for this open. All 32 bits count.
        #[doc(alias = "fi3_id")]
        id: u32,
        /// What it was opened for: [`PERM_FILE_READ`] and the like.
        #[doc(alias = "fi3_permissions")]
        permissions: u32,
        /// Byte-range locks held on it.
        #[doc(alias = "fi3_num_locks")]
        num_locks: u32,
        /// The path as the server knows it, or the name of a pipe.
        #[doc(alias = "fi3_pathname")]
        [string, unique] pathname: wchar_t,
        /// The user who opened it; on a share with share-level security the computer.
        #[doc(alias = "fi3_username")]
        [string, unique] username: wchar_t,
    }
}

ndr_union! {
    /// [MS-SRVS 2.2.3.2] Open files of one level (FILE_ENUM_UNION).
    #[doc(alias = "FILE_ENUM_UNION")]
    pub union FileEnumUnion<'a> {
        /// Level 2.
        [case(2), unique] Level2: Container<'a, FileInfo2>,
        /// Level 3.
        [case(3), unique] Level3: Container<'a, FileInfo3<'a>>,
    }
}

container_union!(FileEnumUnion, FileLevel: Level2 = L2, Level3 = L3);

ndr_union! {
    /// [MS-SRVS 2.2.3.3] One open file (FILE_INFO).
    #[doc(alias = "FILE_INFO")]
    pub union FileInfo<'a> {
        /// Level 2.
        [case(2), unique] Level2: FileInfo2,
        /// Level 3.
        [case(3), unique] Level3: FileInfo3<'a>,
    }
}

impl FileInfo<'_> {
    fn is_there(&self) -> bool {
        match self {
            Self::Level2(info) => info.is_some(),
            Self::Level3(info) => info.is_some(),
        }
    }
}

/// Asks for the files, devices and pipes open on a server (opnum 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrFileEnum<'a> {
    /// The server's name; the server does not look at it.
    pub server_name: Option<&'a str>,
    /// Only what lies under this path, by its beginning; null for any. Samba ignores it.
    pub base_path: Option<Text<'a>>,
    /// Only files of this user; of this client, if it begins with `\\`. Null for any.
    pub user_name: Option<Text<'a>>,
    /// How much to tell about each.
    pub level: FileLevel,
    /// Bytes the answer should not exceed, or
    /// [`MAX_PREFERRED_LENGTH`](crate::srvsvc::MAX_PREFERRED_LENGTH).
    #[doc(alias = "PreferedMaximumLength")]
    pub preferred_maximum_length: u32,
    /// Where to go on; 0 on the first call. Null asks for no paging at all.
    pub resume_handle: Option<u32>,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrFileEnumRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// Only what lies under this path.
        #[doc(alias = "BasePath")]
        [string, unique] base_path: wchar_t,
        /// Only files of this user or client.
        #[doc(alias = "UserName")]
        [string, unique] user_name: wchar_t,
        /// The level (FILE_ENUM_STRUCT, [MS-SRVS] 2.2.4.10, of which this is the first half).
        #[doc(alias = "Level")]
        level: u32,
        /// An empty container of that level.
        #[doc(alias = "FileInfo")]
        [switch_is(level)] files: FileEnumUnion<'a>,
        /// Bytes the answer should not exceed.
        #[doc(alias = "PreferedMaximumLength")]
        preferred_maximum_length: u32,
        /// Where to go on.
        #[doc(alias = "ResumeHandle")]
        [unique] resume_handle: u32,
    }
}

ndr_params! {
    /// The reply: with [`ERROR_MORE_DATA`](crate::status::Win32Status::ERROR_MORE_DATA) the files
    /// are good and there are more of them.
    pub struct NetrFileEnumReply<'a> {
        /// The level (FILE_ENUM_STRUCT, [MS-SRVS] 2.2.4.10, of which this is the first half).
        #[doc(alias = "Level")]
        level: u32,
        /// The files.
        #[doc(alias = "FileInfo")]
        [switch_is(level)] files: FileEnumUnion<'a>,
        /// Files there are in all, from where this call began.
        #[doc(alias = "TotalEntries")]
        total_entries: u32,
        /// Where to go on.
        #[doc(alias = "ResumeHandle")]
        [unique] resume_handle: u32,
        /// A [`Win32Status`](crate::status::Win32Status).
        status: u32,
    }
}

impl Call for NetrFileEnum<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 9;
    const NAME: &'static str = "NetrFileEnum";
    type Reply<'a> = NetrFileEnumReply<'a>;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        let base_path = WString::sent_if(self.base_path, "BasePath")?;
        let user_name = WString::sent_if(self.user_name, "UserName")?;
        NetrFileEnumRequest {
            server_name: borrowed(&server_name),
            base_path: borrowed(&base_path),
            user_name: borrowed(&user_name),
            level: self.level.number(),
            files: FileEnumUnion::empty(self.level),
            preferred_maximum_length: self.preferred_maximum_length,
            resume_handle: self.resume_handle,
        }
        .to_stub()
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<NetrFileEnumReply<'a>, NdrError> {
        let reply = NetrFileEnumReply::from_stub(stub)?;
        check_level(self.level.number(), reply.level, "NetrFileEnumReply.level")?;
        let missing = reply.files.missing();
        check_entries(reply.status, missing, "NetrFileEnumReply.files")?;
        Ok(reply)
    }
}

/// Asks for one open file by its id (opnum 10). Samba does not have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrFileGetInfo<'a> {
    /// The server's name; the server does not look at it.
    pub server_name: Option<&'a str>,
    /// The server's number for the open.
    pub file_id: u32,
    /// How much to tell.
    pub level: FileLevel,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrFileGetInfoRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// The server's number for the open.
        #[doc(alias = "FileId")]
        file_id: u32,
        /// How much to tell.
        #[doc(alias = "Level")]
        level: u32,
    }
}

ndr_params! {
    /// The reply.
    pub struct NetrFileGetInfoReply<'a> {
        /// The file; null with an error status.
        #[doc(alias = "InfoStruct")]
        info: FileInfo<'a>,
        /// A [`Win32Status`](crate::status::Win32Status).
        status: u32,
    }
}

impl Call for NetrFileGetInfo<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 10;
    const NAME: &'static str = "NetrFileGetInfo";
    type Reply<'a> = NetrFileGetInfoReply<'a>;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        NetrFileGetInfoRequest {
            server_name: borrowed(&server_name),
            file_id: self.file_id,
            level: self.level.number(),
        }
        .to_stub()
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<NetrFileGetInfoReply<'a>, NdrError> {
        let reply = NetrFileGetInfoReply::from_stub(stub)?;
        let answered = reply.info.discriminant();
        check_level(self.level.number(), answered, "NetrFileGetInfoReply.info")?;
        let is_there = reply.info.is_there();
        check_info(reply.status, is_there, "NetrFileGetInfoReply.info")?;
        Ok(reply)
    }
}

/// Closes an open file by force (opnum 11). **Its user may lose what is not yet written.**
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrFileClose<'a> {
    /// The server's name; the server does not look at it.
    pub server_name: Option<&'a str>,
    /// The server's number for the open.
    pub file_id: u32,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrFileCloseRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// The server's number for the open.
        #[doc(alias = "FileId")]
        file_id: u32,
    }
}

ndr_params! {
    /// The reply.
    pub struct NetrFileCloseReply {
        /// A [`Win32Status`](crate::status::Win32Status); `NERR_FileIdNotFound` if nothing of
        /// this id is open.
        status: u32,
    }
}

impl Call for NetrFileClose<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 11;
    const NAME: &'static str = "NetrFileClose";
    type Reply<'a> = NetrFileCloseReply;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        NetrFileCloseRequest {
            server_name: borrowed(&server_name),
            file_id: self.file_id,
        }
        .to_stub()
    }

    fn decode(&self, stub: &[u8]) -> Result<NetrFileCloseReply, NdrError> {
        NetrFileCloseReply::from_stub(stub)
    }
}
