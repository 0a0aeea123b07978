//! Taking a stub apart: the deferred cursor ([`Reader`]) and the fixed cursor ([`Fixed`]).

use super::{NdrError, NdrErrorKind, Wire};

/// Reads a stub from front to back. Alignment counts from the start of the stub.
///
/// This is the *deferred* cursor: it stands where the next referent (what a pointer points to)
/// begins. Every take can fail; nothing here panics or allocates.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    stub: &'a [u8],
    /// At most the length of a slice and one alignment, so that adding to it never wraps: the
    /// wrapping operations below spare the processor a check, not the reader a bug.
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the start of a reassembled stub.
    #[must_use]
    pub fn new(stub: &'a [u8]) -> Self {
        Self { stub, at: 0 }
    }

    /// A reader at an offset that another had, or at the end where there is no such.
    pub(super) fn at(stub: &'a [u8], offset: usize) -> Self {
        let at = offset.min(stub.len());
        Self { stub, at }
    }

    /// Bytes from the start of the stub.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Bytes not yet read.
    #[must_use]
    pub fn left(&self) -> usize {
        self.stub.len().saturating_sub(self.at)
    }

    /// Skips to the next multiple of `align`, a power of two. The bytes skipped may be anything.
    #[inline(always)]
    pub fn align(&mut self, align: usize) {
        self.at = align_up(self.at, align);
    }

    /// Takes `len` bytes.
    ///
    /// # Errors
    /// [`NdrErrorKind::Truncated`].
    #[inline(always)]
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], NdrError> {
        let taken = self
            .at
            .checked_add(len)
            .and_then(|end| self.stub.get(self.at..end));
        match taken {
            Some(bytes) => {
                self.at = self.at.wrapping_add(len);
                Ok(bytes)
            }
            None => Err(self.truncated(len)),
        }
    }

    /// Takes `N` bytes.
    ///
    /// # Errors
    /// [`NdrErrorKind::Truncated`].
    #[inline(always)]
    pub fn take_array<const N: usize>(&mut self) -> Result<[u8; N], NdrError> {
        self.take_chunk().copied()
    }

    /// Takes `N` bytes where they lie.
    ///
    /// # Errors
    /// [`NdrErrorKind::Truncated`].
    #[inline(always)]
    pub fn take_chunk<const N: usize>(&mut self) -> Result<&'a [u8; N], NdrError> {
        let rest = self.stub.get(self.at..).unwrap_or_default();
        match rest.first_chunk::<N>() {
            Some(bytes) => {
                self.at = self.at.wrapping_add(N);
                Ok(bytes)
            }
            None => Err(self.truncated(N)),
        }
    }

    /// An aligned 32-bit number.
    ///
    /// # Errors
    /// [`NdrErrorKind::Truncated`].
    #[inline(always)]
    pub fn u32(&mut self) -> Result<u32, NdrError> {
        self.align(4);
        self.take_array().map(u32::from_le_bytes)
    }

    /// One whole value: its fixed part here, what it points to right behind.
    ///
    /// # Errors
    /// Whatever decoding `T` finds wrong.
    #[inline(always)]
    pub fn item<T: Wire<'a>>(&mut self) -> Result<T, NdrError> {
        self.align(T::ALIGN);
        let base = self.at;
        let bytes = self.take(T::SIZE)?;
        T::decode(&mut Fixed::new(bytes, base), self)
    }

    /// Ends reading: nothing may be left.
    ///
    /// Windows and Samba both end a reply with its last parameter; without authentication there
    /// is no padding behind it. Bytes left over mean that something was read wrongly.
    ///
    /// # Errors
    /// [`NdrErrorKind::TrailingBytes`].
    pub fn finish(self) -> Result<(), NdrError> {
        match self.left() {
            0 => Ok(()),
            count => Err(NdrError::new(
                NdrErrorKind::TrailingBytes { count },
                self.at,
            )),
        }
    }

    #[cold]
    pub(super) fn truncated(&self, needed: usize) -> NdrError {
        NdrError::new(
            NdrErrorKind::Truncated {
                needed,
                left: self.left(),
            },
            self.at,
        )
    }
}

/// Reads the fixed part of one value: the *fixed* cursor.
///
/// The slice is exactly [`Wire::SIZE`] bytes, a constant, so the optimiser removes the bounds
/// checks. Alignment counts from the start of the slice, which is aligned for the value.
pub struct Fixed<'a> {
    bytes: &'a [u8],
    at: usize,
    base: usize,
}

impl<'a> Fixed<'a> {
    /// A cursor over the fixed part `bytes`, which starts `base` bytes into the stub.
    #[inline(always)]
    #[must_use]
    pub fn new(bytes: &'a [u8], base: usize) -> Self {
        Self { bytes, at: 0, base }
    }

    /// Bytes from the start of the stub.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.base.saturating_add(self.at)
    }

    /// Skips to the next multiple of `align`, a power of two.
    #[inline(always)]
    pub fn align(&mut self, align: usize) {
        self.at = align_up(self.at, align);
    }

    /// Takes `N` bytes as they come.
    ///
    /// # Errors
    /// [`NdrErrorKind::Truncated`]: a type read more than its `SIZE`, which is a defect of it.
    #[inline(always)]
    pub fn take_array<const N: usize>(&mut self) -> Result<[u8; N], NdrError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match rest.first_chunk::<N>() {
            Some(bytes) => {
                self.at = self.at.wrapping_add(N);
                Ok(*bytes)
            }
            None => Err(NdrError::new(
                NdrErrorKind::Truncated {
                    needed: N,
                    left: rest.len(),
                },
                self.offset(),
            )),
        }
    }
}

/// The next multiple of `align`, a power of two.
#[inline(always)]
pub(super) const fn align_up(n: usize, align: usize) -> usize {
    let mask = align.wrapping_sub(1);
    n.wrapping_add(mask) & !mask
}
