//! How each call of netapi32 is made, for a structure of any level.

use core::ptr;

use windows_sys::Win32::Storage::FileSystem::{SHARE_INFO_2, SHARE_INFO_502};
use windows_sys::core::PCWSTR;

use super::Calls;
use super::buffer::{Buffer, Free, Record};
use crate::{
    At, ConnectionInfo, FileInfo, NewShare, Page, ServerInfo, SessionInfo, ShareInfo, WideArg,
    WkstaInfo,
};

/// ERROR_MORE_DATA.
const MORE_DATA: u32 = 234;

/// The level at which a group's members, and a user's groups, come with
/// attributes.
pub(super) const WITH_ATTRIBUTES: u32 = 1;

/// The service that counts what NetStatisticsGet tells (SERVICE_SERVER).
pub(super) const SERVER_SERVICE: &str = "LanmanServer";

/// Null for none.
pub(super) fn pointer(text: Option<&WideArg>) -> PCWSTR {
    text.map_or(ptr::null(), |text| text.with_nul().as_ptr())
}

/// What the calls that list give back beside their status.
pub(super) struct Out<H> {
    pub(super) buffer: *mut u8,
    pub(super) read: u32,
    pub(super) total: u32,
    /// In: where to begin. Out: where the next page begins.
    pub(super) resume: H,
}

/// A handle of the width that the call has.
pub(super) trait Handle: Copy {
    fn of(resume: usize) -> Self;
    fn resume(self) -> usize;
}

impl Handle for u32 {
    // It came out of a call with a handle of this width.
    fn of(resume: usize) -> Self {
        resume as u32
    }
    fn resume(self) -> usize {
        self as usize
    }
}

impl Handle for usize {
    fn of(resume: usize) -> Self {
        resume
    }
    fn resume(self) -> usize {
        self
    }
}

/// A call that has no pages.
impl Handle for () {
    fn of(_: usize) -> Self {}
    fn resume(self) -> usize {
        0
    }
}

impl Calls {
    /// Makes a call that lists, and reads what came.
    ///
    /// # Safety
    ///
    /// The call leaves in `out` what the Net functions do: null or a buffer of
    /// netapi32's with `read` records of type `T`.
    pub(super) unsafe fn list<T: Record, H: Handle>(
        &self,
        resume: usize,
        call: impl FnOnce(&mut Out<H>) -> u32,
    ) -> Page<T::Row> {
        let mut out = Out {
            buffer: ptr::null_mut(),
            read: 0,
            total: 0,
            resume: H::of(resume),
        };
        let status = call(&mut out);
        // SAFETY: the caller's word; nobody else has seen the pointer.
        let buffer = unsafe { Buffer::own(&self.functions, out.buffer, Free::NetApi) };
        // With any other status there may be a buffer, but there are no rows.
        let rows = match status {
            0 | MORE_DATA => buffer.rows::<T>(out.read),
            _ => Ok(Vec::new()),
        };
        match rows {
            Ok(rows) => Page {
                status,
                rows,
                total: out.total,
                resume: out.resume.resume(),
            },
            Err(status) => Page::of_status(status),
        }
    }

    /// Makes a call with one answer, and reads it.
    ///
    /// # Safety
    ///
    /// The call leaves null or a buffer of netapi32's with one `T`.
    pub(super) unsafe fn one<T: Record>(
        &self,
        call: impl FnOnce(&mut *mut u8) -> u32,
    ) -> Result<T::Row, u32> {
        let mut start = ptr::null_mut();
        let status = call(&mut start);
        // SAFETY: the caller's word; nobody else has seen the pointer.
        let buffer = unsafe { Buffer::own(&self.functions, start, Free::NetApi) };
        if status == 0 {
            buffer.row::<T>()
        } else {
            Err(status)
        }
    }

    pub(super) fn sessions<T: Record<Row = SessionInfo>>(
        &self,
        server: Option<&WideArg>,
        client: Option<&WideArg>,
        user: Option<&WideArg>,
        at: At,
    ) -> Page<SessionInfo> {
        // SAFETY: `T` is the structure of the level; the texts end with a NUL.
        unsafe {
            self.list::<T, u32>(at.resume, |out| {
                (self.functions.session_enum)(
                    pointer(server),
                    pointer(client),
                    pointer(user),
                    at.level,
                    &mut out.buffer,
                    at.preferred_length,
                    &mut out.read,
                    &mut out.total,
                    &mut out.resume,
                )
            })
        }
    }

    pub(super) fn connections<T: Record<Row = ConnectionInfo>>(
        &self,
        server: Option<&WideArg>,
        qualifier: &WideArg,
        at: At,
    ) -> Page<ConnectionInfo> {
        // SAFETY: `T` is the structure of the level; the texts end with a NUL.
        unsafe {
            self.list::<T, u32>(at.resume, |out| {
                (self.functions.connection_enum)(
                    pointer(server),
                    pointer(Some(qualifier)),
                    at.level,
                    &mut out.buffer,
                    at.preferred_length,
                    &mut out.read,
                    &mut out.total,
                    &mut out.resume,
                )
            })
        }
    }

    pub(super) fn files<T: Record<Row = FileInfo>>(
        &self,
        server: Option<&WideArg>,
        base_path: Option<&WideArg>,
        user: Option<&WideArg>,
        at: At,
    ) -> Page<FileInfo> {
        // SAFETY: `T` is the structure of the level; the texts end with a NUL;
        // the handle is as wide as a pointer, as the call has it.
        unsafe {
            self.list::<T, usize>(at.resume, |out| {
                (self.functions.file_enum)(
                    pointer(server),
                    pointer(base_path),
                    pointer(user),
                    at.level,
                    &mut out.buffer,
                    at.preferred_length,
                    &mut out.read,
                    &mut out.total,
                    &mut out.resume,
                )
            })
        }
    }

    pub(super) fn file<T: Record<Row = FileInfo>>(
        &self,
        server: Option<&WideArg>,
        id: u32,
        level: u32,
    ) -> Result<FileInfo, u32> {
        // SAFETY: `T` is the structure of the level; the text ends with a NUL.
        unsafe {
            self.one::<T>(|start| (self.functions.file_get_info)(pointer(server), id, level, start))
        }
    }

    pub(super) fn shares<T: Record<Row = ShareInfo>>(
        &self,
        server: Option<&WideArg>,
        at: At,
    ) -> Page<ShareInfo> {
        // SAFETY: `T` is the structure of the level; the text ends with a NUL.
        unsafe { self.list_plain::<T, u32>(self.functions.share_enum, server, at) }
    }

    pub(super) fn share<T: Record<Row = ShareInfo>>(
        &self,
        server: Option<&WideArg>,
        name: &WideArg,
        level: u32,
    ) -> Result<ShareInfo, u32> {
        // SAFETY: `T` is the structure of the level; the texts end with a NUL.
        unsafe {
            self.one::<T>(|start| {
                (self.functions.share_get_info)(pointer(server), pointer(Some(name)), level, start)
            })
        }
    }

    pub(super) fn server<T: Record<Row = ServerInfo>>(
        &self,
        server: Option<&WideArg>,
        level: u32,
    ) -> Result<ServerInfo, u32> {
        // SAFETY: `T` is the structure of the level; the text ends with a NUL.
        unsafe {
            self.one::<T>(|start| (self.functions.server_get_info)(pointer(server), level, start))
        }
    }

    pub(super) fn wksta<T: Record<Row = WkstaInfo>>(
        &self,
        server: Option<&WideArg>,
        level: u32,
    ) -> Result<WkstaInfo, u32> {
        // SAFETY: `T` is the structure of the level; the text ends with a NUL.
        unsafe {
            self.one::<T>(|start| (self.functions.wksta_get_info)(pointer(server), level, start))
        }
    }

    /// A list that is asked for by server, level and place only.
    ///
    /// # Safety
    ///
    /// `T` is the structure that the function gives at this level.
    pub(super) unsafe fn list_plain<T: Record, H: Handle>(
        &self,
        function: super::functions::Enum<H>,
        server: Option<&WideArg>,
        at: At,
    ) -> Page<T::Row> {
        // SAFETY: the caller's word; the text ends with a NUL.
        unsafe {
            self.list::<T, H>(at.resume, |out| {
                function(
                    pointer(server),
                    at.level,
                    &mut out.buffer,
                    at.preferred_length,
                    &mut out.read,
                    &mut out.total,
                    &mut out.resume,
                )
            })
        }
    }

    /// A list of what belongs to one thing with a name.
    ///
    /// # Safety
    ///
    /// `T` is the structure that the function gives at this level.
    pub(super) unsafe fn list_of<T: Record, H: Handle>(
        &self,
        function: super::functions::EnumOf<H>,
        server: Option<&WideArg>,
        name: &WideArg,
        at: At,
    ) -> Page<T::Row> {
        // SAFETY: the caller's word; the texts end with a NUL.
        unsafe {
            self.list::<T, H>(at.resume, |out| {
                function(
                    pointer(server),
                    pointer(Some(name)),
                    at.level,
                    &mut out.buffer,
                    at.preferred_length,
                    &mut out.read,
                    &mut out.total,
                    &mut out.resume,
                )
            })
        }
    }

    /// Sends a structure of a share.
    pub(super) fn send_share(&self, way: &Way<'_>, level: u32, info: *const u8) -> (u32, u32) {
        let mut parameter = 0;
        let server = pointer(way.server);
        let status = match way.set {
            // SAFETY: the structure is that of the level and lives, with what
            // it points to, until the call returns; the texts end with a NUL.
            None => unsafe { (self.functions.share_add)(server, level, info, &mut parameter) },
            Some(name) => {
                let name = pointer(Some(name));
                // SAFETY: as above.
                unsafe {
                    (self.functions.share_set_info)(server, name, level, info, &mut parameter)
                }
            }
        };
        (status, parameter)
    }

    pub(super) fn send_whole_share(&self, way: &Way<'_>, share: &NewShare<'_>) -> (u32, u32) {
        let text = |text: &WideArg| text.with_nul().as_ptr().cast_mut();
        let Some(security) = share.security else {
            let info = SHARE_INFO_2 {
                shi2_netname: text(share.netname),
                shi2_type: share.kind,
                shi2_remark: text(share.remark),
                shi2_permissions: share.permissions,
                shi2_max_uses: share.max_uses,
                shi2_current_uses: 0,
                shi2_path: text(share.path),
                shi2_passwd: ptr::null_mut(),
            };
            return self.send_share(way, 2, (&raw const info).cast());
        };
        let mut security = aligned(security);
        let info = SHARE_INFO_502 {
            shi502_netname: text(share.netname),
            shi502_type: share.kind,
            shi502_remark: text(share.remark),
            shi502_permissions: share.permissions,
            shi502_max_uses: share.max_uses,
            shi502_current_uses: 0,
            shi502_path: text(share.path),
            shi502_passwd: ptr::null_mut(),
            // Must be zero: the length is for the wire only.
            shi502_reserved: 0,
            shi502_security_descriptor: security.as_mut_ptr().cast(),
        };
        self.send_share(way, 502, (&raw const info).cast())
    }
}

/// Which of the two calls takes a share.
pub(super) struct Way<'a> {
    pub(super) server: Option<&'a WideArg>,
    /// The share that is changed; a new one without.
    pub(super) set: Option<&'a WideArg>,
}

/// The bytes as words: a descriptor is aligned to them.
pub(super) fn aligned(bytes: &[u8]) -> Vec<u32> {
    let word = |chunk: &[u8]| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        u32::from_le_bytes(word)
    };
    bytes.chunks(4).map(word).collect()
}
