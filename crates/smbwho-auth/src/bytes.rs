//! Reading a server's bytes by offset, little-endian and checked.

/// A message that is read by the offsets its own fields give.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    /// `length` bytes from `offset` on, if they are all there.
    pub(crate) fn slice(self, offset: usize, length: usize) -> Option<&'a [u8]> {
        self.0.get(offset..offset.checked_add(length)?)
    }

    pub(crate) fn array<const N: usize>(self, offset: usize) -> Option<[u8; N]> {
        self.slice(offset, N)?.try_into().ok()
    }

    pub(crate) fn u16(self, offset: usize) -> Option<u16> {
        self.array(offset).map(u16::from_le_bytes)
    }

    pub(crate) fn u32(self, offset: usize) -> Option<u32> {
        self.array(offset).map(u32::from_le_bytes)
    }

    /// A length of 16 bits at `at`, as a `usize`.
    pub(crate) fn length(self, at: usize) -> Option<usize> {
        self.u16(at).map(usize::from)
    }

    /// An offset of 32 bits at `at`, as a `usize`.
    pub(crate) fn offset(self, at: usize) -> Option<usize> {
        usize::try_from(self.u32(at)?).ok()
    }
}
