//! Buffers as a system has them, one heap for each test's thread: what is
//! freed is poisoned and kept, so that whoever still reads it shows.

use core::ffi::c_void;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What freed memory is filled with.
const POISON: u8 = 0xdd;

/// Who must free a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    NetApi,
    Lsa,
}

struct Allocation {
    words: Box<[u64]>,
    size: u32,
    kind: Kind,
    frees: u32,
}

thread_local! {
    static HEAP: RefCell<BTreeMap<usize, Allocation>> = const { RefCell::new(BTreeMap::new()) };
}

/// A new buffer of so many bytes, filled with what is neither zero nor text.
pub(super) fn allocate(size: usize, kind: Kind) -> *mut u8 {
    let mut words = vec![0x2e2e_2e2e_2e2e_2e2e_u64; size.div_ceil(8).max(1)].into_boxed_slice();
    let start: *mut u8 = words.as_mut_ptr().cast();
    let allocation = Allocation {
        words,
        size: u32::try_from(size).expect("a small buffer"),
        kind,
        frees: 0,
    };
    HEAP.with_borrow_mut(|heap| heap.insert(start.addr(), allocation));
    start
}

/// Changes what the system says of a buffer's size.
pub(super) fn claim_size(buffer: *const u8, size: u32) {
    HEAP.with_borrow_mut(|heap| {
        heap.get_mut(&buffer.addr()).expect("a buffer").size = size;
    });
}

pub(super) fn size(buffer: *const c_void) -> u32 {
    HEAP.with_borrow(|heap| heap.get(&buffer.addr()).map_or(0, |found| found.size))
}

pub(super) fn free(buffer: *const c_void, kind: Kind) {
    HEAP.with_borrow_mut(|heap| {
        let found = heap.get_mut(&buffer.addr()).expect("freed what is none");
        assert_eq!(found.kind, kind, "freed by the wrong function");
        found.frees += 1;
        found.words.fill(u64::from_ne_bytes([POISON; 8]));
    });
}

/// Every buffer was freed once, and so many there were.
#[track_caller]
pub(super) fn assert_freed_once(buffers: usize) {
    HEAP.with_borrow(|heap| {
        assert_eq!(heap.len(), buffers, "buffers handed out");
        for allocation in heap.values() {
            assert_eq!(allocation.frees, 1, "times a buffer was freed");
        }
    });
}

/// Fills a buffer from both ends: records from the beginning, text from the
/// end, as servers do.
pub(super) struct Filler {
    start: *mut u8,
    end: usize,
}

impl Filler {
    pub(super) fn new(size: usize, kind: Kind) -> Self {
        Self {
            start: allocate(size, kind),
            end: size,
        }
    }

    pub(super) fn start(&self) -> *mut u8 {
        self.start
    }

    /// Bytes at the end, aligned to four.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> *mut u8 {
        self.end = (self.end - bytes.len()) & !3;
        // SAFETY: within the buffer; each test makes it large enough.
        let at = unsafe { self.start.add(self.end) };
        // SAFETY: as above.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), at, bytes.len()) };
        at
    }

    /// Text with its NUL.
    pub(super) fn text(&mut self, text: &str) -> *mut u16 {
        let units = text.encode_utf16().chain([0]);
        let bytes: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        self.bytes(&bytes).cast()
    }

    /// Puts the records at the beginning.
    pub(super) fn records<T: Copy>(&self, records: &[T]) {
        assert!(size_of_val(records) <= self.end, "the buffer is too small");
        for (index, record) in records.iter().enumerate() {
            // SAFETY: within the buffer, as just seen.
            unsafe { self.start.cast::<T>().add(index).write_unaligned(*record) };
        }
    }
}
