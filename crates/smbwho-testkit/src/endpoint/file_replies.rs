//! The replies of NetrFileEnum, NetrFileGetInfo and NetrShareGetInfo in NDR 2.0
//! ([MS-SRVS] 2.2.4.4 to 2.2.4.7, 2.2.4.24, 3.1.4.2 to 3.1.4.10), written apart
//! from the project's codec as those of sessions are.

use super::LabFile;
use super::encode::Stub;
use super::sessions::Cursor;

pub(super) const FILE_ENUM: u16 = 9;
pub(super) const FILE_GET_INFO: u16 = 10;
pub(super) const SHARE_GET_INFO: u16 = 16;

pub(super) const SUCCESS: u32 = 0;
pub(super) const MORE_DATA: u32 = 234;
pub(super) const INVALID_LEVEL: u32 = 124;
pub(super) const NET_NAME_NOT_FOUND: u32 = 2310;
pub(super) const FILE_ID_NOT_FOUND: u32 = 2314;

/// Whether there is such a level of files.
pub(super) fn is_known(level: u32) -> bool {
    level == 2 || level == 3
}

/// A NetrFileEnum reply.
pub(super) struct FilesReply<'a> {
    pub(super) level: u32,
    pub(super) page: &'a [&'a LabFile],
    pub(super) total: usize,
    pub(super) resume: Option<usize>,
    pub(super) status: u32,
}

impl FilesReply<'_> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let (level, page) = (self.level, self.page);
        let mut out = Stub::default();
        out.long(level);
        out.long(level);
        if is_known(level) {
            out.pointer(true);
            out.long(page.len() as u32);
            out.pointer(!page.is_empty());
            if !page.is_empty() {
                out.long(page.len() as u32);
                page.iter().for_each(|file| fixed(&mut out, level, file));
                page.iter().for_each(|file| strings(&mut out, level, file));
            }
        }
        out.long(self.total as u32);
        out.pointer(self.resume.is_some());
        if let Some(resume) = self.resume {
            out.long(resume as u32);
        }
        out.long(self.status);
        out.bytes
    }
}

/// Which file a NetrFileGetInfo asks for, and the level.
pub(super) fn file_asked(stub: &[u8]) -> Option<(u32, u32)> {
    let mut cursor = Cursor::new(stub);
    cursor.unique_string()?;
    Some((cursor.long()?, cursor.long()?))
}

/// A NetrFileGetInfo reply.
pub(super) fn file_reply(level: u32, file: Option<&LabFile>, status: u32) -> Vec<u8> {
    let mut out = Stub::default();
    out.long(level);
    out.pointer(file.is_some());
    if let Some(file) = file {
        fixed(&mut out, level, file);
        strings(&mut out, level, file);
    }
    out.long(status);
    out.bytes
}

/// Which share a NetrShareGetInfo asks for, and the level.
pub(super) fn share_asked(stub: &[u8]) -> Option<(String, u32)> {
    let mut cursor = Cursor::new(stub);
    cursor.unique_string()?;
    Some((cursor.string()?, cursor.long()?))
}

/// A NetrShareGetInfo reply of level 2.
pub(super) fn share_reply(name: &str, level: u32, path: Option<&str>, status: u32) -> Vec<u8> {
    let mut out = Stub::default();
    out.long(level);
    out.pointer(path.is_some());
    if let Some(path) = path {
        // Name, type, remark, permissions, limit, users, path, password.
        out.pointer(true);
        out.long(0);
        out.pointer(false);
        out.long(0);
        out.long(u32::MAX);
        out.long(1);
        out.pointer(true);
        out.pointer(false);
        out.string(&name.encode_utf16().collect::<Vec<u16>>());
        out.string(&path.encode_utf16().collect::<Vec<u16>>());
    }
    out.long(status);
    out.bytes
}

fn fixed(out: &mut Stub, level: u32, file: &LabFile) {
    out.long(file.id);
    if level == 3 {
        out.long(file.permissions);
        out.long(file.locks);
        out.pointer(file.path.is_some());
        out.pointer(file.user.is_some());
    }
}

fn strings(out: &mut Stub, level: u32, file: &LabFile) {
    if level == 3 {
        for units in [&file.path, &file.user].into_iter().flatten() {
            out.string(units);
        }
    }
}
