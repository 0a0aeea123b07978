//! Putting a stub together.

use super::reader::align_up;
use super::{NdrError, Wire};

/// The first referent id. Any value but zero would do; this one is what Windows uses.
const FIRST_REFERENT: u32 = 0x0002_0000;

/// Builds a stub. Fixed parts are reserved as a whole and filled in through [`Slot`];
/// referents are appended behind.
#[derive(Default)]
pub struct Writer {
    stub: Vec<u8>,
    referents: u32,
}

/// The fixed part of one value, reserved in a [`Writer`] and filled from front to back.
pub struct Slot {
    start: usize,
    at: usize,
}

impl Writer {
    /// An empty stub.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes written so far.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.stub.len()
    }

    /// The stub.
    #[must_use]
    pub fn into_stub(self) -> Vec<u8> {
        self.stub
    }

    /// Fills up with zeros to the next multiple of `align`, a power of two.
    pub fn align(&mut self, align: usize) {
        self.stub.resize(align_up(self.stub.len(), align), 0);
    }

    /// Appends bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.stub.extend_from_slice(bytes);
    }

    /// An aligned 32-bit number.
    pub fn u32(&mut self, value: u32) {
        self.align(4);
        self.bytes(&value.to_le_bytes());
    }

    /// One whole value: its fixed part here, what it points to right behind.
    ///
    /// # Errors
    /// Whatever cannot be encoded in `value`.
    pub fn item<'a, T: Wire<'a>>(&mut self, value: &T) -> Result<(), NdrError> {
        self.align(T::ALIGN);
        let mut slot = self.reserve(T::SIZE);
        value.encode(&mut slot, self)
    }

    /// Reserves `len` zero bytes for a fixed part.
    pub fn reserve(&mut self, len: usize) -> Slot {
        let start = self.stub.len();
        self.stub.resize(start.saturating_add(len), 0);
        Slot { start, at: 0 }
    }

    /// A referent id not used before in this stub; never zero.
    pub fn referent(&mut self) -> u32 {
        let id = FIRST_REFERENT.wrapping_add(self.referents.wrapping_mul(4));
        self.referents = self.referents.wrapping_add(1);
        if id == 0 { FIRST_REFERENT } else { id }
    }
}

impl Slot {
    /// Skips to the next multiple of `align`, counted from the start of the fixed part.
    pub fn align(&mut self, align: usize) {
        self.at = align_up(self.at, align);
    }

    /// Fills in the next bytes.
    pub fn put<const N: usize>(&mut self, writer: &mut Writer, bytes: [u8; N]) {
        let from = self.start.saturating_add(self.at);
        let place = writer
            .stub
            .get_mut(from..)
            .and_then(|rest| rest.first_chunk_mut::<N>());
        debug_assert!(place.is_some(), "a type wrote more than its SIZE");
        if let Some(place) = place {
            *place = bytes;
        }
        self.at = self.at.saturating_add(N);
    }
}
