//! What the system allocated for an answer.
//!
//! The rules:
//!
//! - A buffer gets its owner in the same expression in which the call returned
//!   it, whatever the status was; the owner frees it once, when it is dropped,
//!   also while a panic unwinds.
//! - Everything is copied out; nothing keeps a pointer into it.
//! - As many entries are read as the buffer has room for, by the system's own
//!   word on its size; an answer that announces more is refused.
//! - A pointer is looked at for null first. What it points to within the
//!   buffer is read up to the buffer's end; what lies elsewhere, which the
//!   system may do, up to the longest that such a thing can be.

use core::ffi::c_void;
use core::ptr::{self, NonNull};

use super::functions::Functions;
use crate::{ERROR_INVALID_DATA, Text};

/// The longest text read: what a UNICODE_STRING can hold, in UTF-16 units.
pub(super) const MAX_TEXT_UNITS: usize = 32_767;

/// Subauthorities that a SID can have (SID_MAX_SUB_AUTHORITIES).
const MAX_SUBAUTHORITIES: u8 = 15;

/// The longest security descriptor read, in bytes: a header, two SIDs and two
/// lists of 64 KiB.
const MAX_DESCRIPTOR: usize = 20 + 2 * 68 + 2 * 65_536;

/// In a descriptor's control word: its parts lie behind it, at offsets.
const SE_SELF_RELATIVE: u16 = 0x8000;

/// Who frees a buffer.
#[derive(Clone, Copy)]
pub(super) enum Free {
    /// NetApiBufferFree.
    NetApi,
    /// LsaFreeReturnBuffer.
    Lsa,
}

/// A buffer of the system's; freed when dropped.
pub(super) struct Buffer<'f> {
    functions: &'f Functions,
    /// Null where the call allocated none.
    start: *mut u8,
    free: Free,
    /// Bytes in it, where the system tells.
    size: Option<usize>,
}

/// A structure of the system's, read into a row.
///
/// # Safety
///
/// The type is one of windows-sys' structures: every bit pattern is a value.
pub(super) unsafe trait Record: Copy {
    /// What becomes of it.
    type Row;

    /// Reads it.
    ///
    /// # Safety
    ///
    /// Its pointers are null or as the system left them, and what they point
    /// to lives as long as `buffer`.
    unsafe fn row(self, buffer: &Buffer<'_>) -> Self::Row;
}

impl<'f> Buffer<'f> {
    /// Takes over what a call returned.
    ///
    /// # Safety
    ///
    /// `start` is null or was allocated by the system for `free` to free, and
    /// nobody else frees it.
    pub(super) unsafe fn own(functions: &'f Functions, start: *mut u8, free: Free) -> Self {
        let mut buffer = Self {
            functions,
            start,
            free,
            size: None,
        };
        if !start.is_null() && matches!(free, Free::NetApi) {
            let mut size = 0u32;
            // SAFETY: `start` is a live buffer of netapi32's.
            let status = unsafe { (functions.buffer_size)(start.cast::<c_void>(), &mut size) };
            buffer.size = (status == 0).then_some(size as usize);
        }
        buffer
    }

    /// Reads `count` records from the beginning.
    ///
    /// # Errors
    ///
    /// [`ERROR_INVALID_DATA`] when they are announced and not there.
    pub(super) fn rows<T: Record>(&self, count: u32) -> Result<Vec<T::Row>, u32> {
        let count = count as usize;
        if count == 0 {
            return Ok(Vec::new());
        }
        let wanted = count.checked_mul(size_of::<T>());
        let fits =
            wanted.is_some_and(|wanted| wanted <= self.size.unwrap_or(isize::MAX.unsigned_abs()));
        if self.start.is_null() || !fits {
            return Err(ERROR_INVALID_DATA);
        }
        let mut rows = Vec::with_capacity(count);
        for index in 0..count {
            // SAFETY: `count` records lie in the buffer, and `index` is less.
            let record = unsafe { self.start.cast::<T>().add(index).read_unaligned() };
            // SAFETY: the record is as the system left it, in this buffer.
            rows.push(unsafe { record.row(self) });
        }
        Ok(rows)
    }

    /// Reads the one record at the beginning.
    ///
    /// # Errors
    ///
    /// As [`rows`](Self::rows).
    pub(super) fn row<T: Record>(&self) -> Result<T::Row, u32> {
        self.rows::<T>(1)?.pop().ok_or(ERROR_INVALID_DATA)
    }

    /// Where the buffer begins.
    pub(super) fn start(&self) -> *const u8 {
        self.start
    }

    /// Bytes that may be read at `pointer`, at most `most`; 0 at null.
    fn readable(&self, pointer: *const u8, most: usize) -> usize {
        if pointer.is_null() {
            return 0;
        }
        let offset = pointer.addr().wrapping_sub(self.start.addr());
        match self.size {
            Some(size) if offset < size => most.min(size - offset),
            _ => most,
        }
    }

    /// Text up to its terminator.
    ///
    /// # Safety
    ///
    /// The pointer is null, or the system's, to text that ends with a NUL.
    pub(super) unsafe fn text(&self, pointer: *const u16) -> Option<Text> {
        NonNull::new(pointer.cast_mut())?;
        let most = self.readable(pointer.cast(), 2 * MAX_TEXT_UNITS) / 2;
        let units = (0..most).map_while(|index| {
            // SAFETY: every unit before was not the NUL, and the bound holds.
            let unit = unsafe { pointer.add(index).read_unaligned() };
            (unit != 0).then_some(unit)
        });
        Some(Text::from_units(units))
    }

    /// `bytes` bytes of text, which need no terminator.
    ///
    /// # Safety
    ///
    /// The pointer is null, or the system's, to as many bytes.
    pub(super) unsafe fn counted_text(&self, pointer: *const u16, bytes: u16) -> Option<Text> {
        NonNull::new(pointer.cast_mut())?;
        let most = self.readable(pointer.cast(), bytes.into()) / 2;
        let units = (0..most).map(|index| {
            // SAFETY: the system says that so many are there.
            unsafe { pointer.add(index).read_unaligned() }
        });
        Some(Text::from_units(units))
    }

    /// The bytes of a SID.
    ///
    /// # Safety
    ///
    /// The pointer is null, or the system's, to a SID.
    pub(super) unsafe fn sid(&self, pointer: *const c_void) -> Option<Vec<u8>> {
        let pointer = pointer.cast::<u8>();
        let most = self.readable(pointer, 8 + 4 * usize::from(MAX_SUBAUTHORITIES));
        if most < 8 {
            return None;
        }
        // SAFETY: a SID has eight bytes before its subauthorities.
        let count = unsafe { pointer.add(1).read() };
        let length = 8 + 4 * usize::from(count);
        if count > MAX_SUBAUTHORITIES || length > most {
            return None;
        }
        // SAFETY: the SID has as many subauthorities as it says.
        Some(unsafe { copied(pointer, length) })
    }

    /// The bytes of a self-relative security descriptor ([MS-DTYP] 2.4.6),
    /// whose length nothing states: as far as its farthest part reaches.
    ///
    /// # Safety
    ///
    /// The pointer is null, or the system's, to a security descriptor.
    pub(super) unsafe fn descriptor(&self, pointer: *const c_void) -> Option<Vec<u8>> {
        let pointer = pointer.cast::<u8>();
        let most = self.readable(pointer, MAX_DESCRIPTOR);
        let word = |at: usize| -> Option<u32> {
            // SAFETY: within the descriptor; see the callers.
            (at + 4 <= most).then(|| unsafe { pointer.add(at).cast::<u32>().read_unaligned() })
        };
        // Revision, a byte of padding, control; owner, group, SACL, DACL.
        let control = (word(0)? >> 16) as u16;
        if control & SE_SELF_RELATIVE == 0 {
            return None;
        }
        let mut end = 20usize;
        for field in [4, 8, 12, 16] {
            let at = word(field)? as usize;
            if at == 0 {
                continue;
            }
            let length = if field < 12 {
                // A SID: its second byte counts the subauthorities.
                8 + 4 * ((word(at)? >> 8) & 0xff) as usize
            } else {
                // An ACL: the upper half of its first word is its size.
                (word(at)? >> 16) as usize
            };
            end = end.max(at.checked_add(length)?);
        }
        // SAFETY: the parts lie where the descriptor says.
        (end <= most).then(|| unsafe { copied(pointer, end) })
    }
}

/// Copies bytes out.
///
/// # Safety
///
/// `length` bytes may be read at `pointer`.
unsafe fn copied(pointer: *const u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    // SAFETY: the caller's word for the source; the target was just made.
    unsafe { ptr::copy_nonoverlapping(pointer, bytes.as_mut_ptr(), length) };
    bytes
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        if self.start.is_null() {
            return;
        }
        let start = self.start.cast::<c_void>();
        match self.free {
            // SAFETY: nobody else frees it, and this is the only drop.
            Free::NetApi => unsafe { (self.functions.buffer_free)(start) }.cast_signed(),
            // SAFETY: as above.
            Free::Lsa => unsafe { (self.functions.free_return_buffer)(start) },
        };
    }
}
