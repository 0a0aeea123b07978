//! Reading what a buffer holds, right or wrong.

use core::ptr;

use windows_sys::Win32::Storage::FileSystem::{SESSION_INFO_10, SHARE_INFO_1501};

use super::heap::{self, Filler, Kind};
use crate::windows::buffer::{Buffer, Free, Record};
use crate::windows::functions::Functions;
use crate::{ERROR_INVALID_DATA, Text};

fn own(functions: &Functions, start: *mut u8) -> Buffer<'_> {
    // SAFETY: the heap's own buffer, freed by nobody else.
    unsafe { Buffer::own(functions, start, Free::NetApi) }
}

fn session(cname: *mut u16, username: *mut u16) -> SESSION_INFO_10 {
    SESSION_INFO_10 {
        sesi10_cname: cname,
        sesi10_username: username,
        sesi10_time: 7,
        sesi10_idle_time: 0x8000_0001,
    }
}

#[test]
fn rows_outlive_the_buffer() {
    let functions = super::empty();
    let mut filler = Filler::new(256, Kind::NetApi);
    let records = [
        session(filler.text(r"\\ws1"), filler.text("Żółć 🦀")),
        session(filler.text(""), ptr::null_mut()),
    ];
    filler.records(&records);
    let buffer = own(&functions, filler.start());
    let rows = buffer.rows::<SESSION_INFO_10>(2).expect("two rows");
    drop(buffer);
    heap::assert_freed_once(1);
    assert_eq!(rows[0].cname, Some(Text::from(r"\\ws1")));
    assert_eq!(rows[0].username, Some(Text::from("Żółć 🦀")));
    assert_eq!((rows[0].time, rows[0].idle_time), (7, 0x8000_0001));
    assert_eq!(rows[1].cname, Some(Text::from("")));
    assert_eq!(rows[1].username, None);
}

#[test]
fn more_entries_than_there_is_room_for_are_refused() {
    let functions = super::empty();
    let filler = Filler::new(size_of::<SESSION_INFO_10>() * 2 - 1, Kind::NetApi);
    filler.records(&[session(ptr::null_mut(), ptr::null_mut())]);
    let buffer = own(&functions, filler.start());
    assert!(buffer.rows::<SESSION_INFO_10>(1).is_ok());
    for count in [2, u32::MAX] {
        let refused = buffer.rows::<SESSION_INFO_10>(count);
        assert_eq!(refused, Err(ERROR_INVALID_DATA));
    }
    drop(buffer);
    heap::assert_freed_once(1);
}

#[test]
fn entries_without_a_buffer_are_refused() {
    let functions = super::empty();
    let buffer = own(&functions, ptr::null_mut());
    assert_eq!(buffer.rows::<SESSION_INFO_10>(0), Ok(Vec::new()));
    let refused = buffer.rows::<SESSION_INFO_10>(1);
    assert_eq!(refused, Err(ERROR_INVALID_DATA));
    drop(buffer);
    heap::assert_freed_once(0);
}

#[test]
fn text_without_an_end_stops_where_the_buffer_does() {
    let functions = super::empty();
    let mut filler = Filler::new(64, Kind::NetApi);
    let units: Vec<u8> = [0x41, 0, 0x42, 0].into();
    let text = filler.bytes(&units);
    filler.records(&[session(text.cast(), ptr::null_mut())]);
    let buffer = own(&functions, filler.start());
    let rows = buffer.rows::<SESSION_INFO_10>(1).expect("a row");
    assert_eq!(rows[0].cname, Some(Text::from("AB")));
}

#[test]
fn a_panic_while_reading_frees_the_buffer() {
    #[derive(Clone, Copy)]
    struct Panics;
    // SAFETY: there is nothing in it.
    unsafe impl Record for Panics {
        type Row = ();
        unsafe fn row(self, _: &Buffer<'_>) {
            panic!("as a reader of ours might");
        }
    }
    let functions = super::empty();
    let start = heap::allocate(16, Kind::NetApi);
    let reading = std::panic::catch_unwind(|| own(&functions, start).rows::<Panics>(1));
    assert!(reading.is_err());
    heap::assert_freed_once(1);
}

/// The descriptor `O:BAG:BAD:(A;;FA;;;BA)`, self-relative.
fn descriptor() -> Vec<u8> {
    let administrators = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0];
    let mut bytes = vec![1, 0, 0x04, 0x80];
    for offset in [20u32, 36, 0, 52] {
        bytes.extend(offset.to_le_bytes());
    }
    bytes.extend(administrators);
    bytes.extend(administrators);
    bytes.extend([2, 0, 32, 0, 1, 0, 0, 0, 0, 0, 24, 0, 0xff, 1, 0x1f, 0]);
    bytes.extend(administrators);
    bytes
}

/// What is read of these bytes as a descriptor at the end of a buffer.
fn read_descriptor(bytes: &[u8]) -> Option<Vec<u8>> {
    let functions = super::empty();
    let mut filler = Filler::new(16 + bytes.len().next_multiple_of(4), Kind::NetApi);
    let at = filler.bytes(bytes);
    filler.records(&[SHARE_INFO_1501 {
        shi1501_reserved: 0,
        shi1501_security_descriptor: at.cast(),
    }]);
    let buffer = own(&functions, filler.start());
    // SAFETY: bytes in the buffer.
    unsafe { buffer.descriptor(at.cast()) }
}

#[test]
fn a_descriptor_is_as_long_as_its_parts_reach() {
    let whole = descriptor();
    assert_eq!(read_descriptor(&whole), Some(whole.clone()));
    // Not self-relative: its parts are pointers, which nobody can pass on.
    let mut absolute = whole.clone();
    absolute[3] = 0;
    assert_eq!(read_descriptor(&absolute), None);
    // A list that reaches beyond the buffer, a part that lies beyond it.
    for (at, value) in [(54, 0xff), (17, 0xff), (7, 0xff)] {
        let mut wrong = whole.clone();
        wrong[at] = value;
        assert_eq!(read_descriptor(&wrong), None, "byte {at}");
    }
    for end in 0..20 {
        assert_eq!(read_descriptor(&whole[..end & !3]), None, "{end} bytes");
    }
}

#[test]
fn a_sid_is_as_long_as_it_says() {
    let functions = super::empty();
    let sid = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0];
    let read = |bytes: &[u8]| {
        let mut filler = Filler::new(bytes.len(), Kind::NetApi);
        let at = filler.bytes(bytes);
        let buffer = own(&functions, filler.start());
        // SAFETY: bytes in the buffer.
        unsafe { buffer.sid(at.cast()) }
    };
    assert_eq!(read(&sid), Some(sid.to_vec()));
    assert_eq!(read(&sid[..12]), None);
    let mut long = sid;
    long[1] = 16;
    assert_eq!(read(&long), None);
}
