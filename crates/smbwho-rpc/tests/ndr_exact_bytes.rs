//! Tiny types to their exact bytes (\[C706\] chapter 14), and back.

#![allow(missing_docs, reason = "the types of a test explain themselves")]

use smbwho_rpc::ndr::{Array, NdrErrorKind, VaryingArray, WStr, Wire, utf16le, wchar_t};
use smbwho_rpc::{ndr_params, ndr_struct, ndr_union};

ndr_struct! {
    /// Fields of all sizes: padding before each that needs it, none at the end.
    pub struct Mixed {
        /// 1 byte, then 1 of padding.
        a: u8,
        /// 2 bytes, then 4 of padding.
        b: u16,
        /// 8 bytes.
        c: u64,
        /// 4 bytes.
        d: u32,
        /// 1 byte.
        e: u8,
    }
}

ndr_struct! {
    /// A structure in a structure.
    pub struct Outer {
        /// 1 byte, then 7 of padding.
        a: u8,
        /// Aligned to 8, as its widest field is.
        inner: Mixed,
        /// Follows at once.
        z: u8,
    }
}

ndr_params! {
    /// One of them, and a number.
    pub struct MixedStub { mixed: Mixed, status: u32 }
}
ndr_params! {
    /// One of them, and a number.
    pub struct OuterStub { outer: Outer, status: u32 }
}

#[test]
fn sizes_and_alignments_are_computed() {
    assert_eq!((Mixed::SIZE, Mixed::ALIGN, Mixed::POINTERS), (21, 8, false));
    assert_eq!((Outer::SIZE, Outer::ALIGN, Outer::POINTERS), (30, 8, false));
    assert_eq!(
        (Person::SIZE, Person::ALIGN, Person::POINTERS),
        (12, 4, true)
    );
    assert_eq!((Choice::SIZE, Choice::ALIGN), (8, 4));
}

#[test]
fn numbers_are_aligned_and_little_endian() {
    let mixed = Mixed {
        a: 1,
        b: 0x0203,
        c: 0x0405_0607_0809_0a0b,
        d: 0x0c0d_0e0f,
        e: 0x10,
    };
    let bytes = [
        0x01, 0, 0x03, 0x02, 0, 0, 0, 0, // a, pad, b, pad
        0x0b, 0x0a, 0x09, 0x08, 0x07, 0x06, 0x05, 0x04, // c
        0x0f, 0x0e, 0x0d, 0x0c, 0x10, 0, 0, 0, // d, e, pad
        0x11, 0, 0, 0, // status
    ];
    let stub = MixedStub {
        mixed,
        status: 0x11,
    };
    assert_eq!(stub.to_stub().unwrap(), bytes);
    assert_eq!(MixedStub::from_stub(&bytes).unwrap(), stub);
}

#[test]
fn padding_may_be_anything() {
    let mut bytes = [0u8; 28];
    for pad in [1, 4, 5, 6, 7, 21, 22, 23] {
        bytes[pad] = 0xee;
    }
    assert_eq!(MixedStub::from_stub(&bytes).unwrap().mixed.e, 0);
}

#[test]
fn nested_structures_keep_their_alignment() {
    let inner = Mixed {
        a: 1,
        b: 2,
        c: 3,
        d: 4,
        e: 5,
    };
    let stub = OuterStub {
        outer: Outer { a: 9, inner, z: 8 },
        status: 7,
    };
    let bytes = [
        9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 5, 8,
        0, 0, 7, 0, 0, 0,
    ];
    assert_eq!(stub.to_stub().unwrap(), bytes);
    assert_eq!(OuterStub::from_stub(&bytes).unwrap(), stub);
}

ndr_struct! {
    /// Pointers between numbers.
    pub struct Person<'a> {
        /// Referent id, text deferred.
        [string, unique] name: wchar_t,
        /// A number.
        age: u32,
        /// Referent id, text deferred behind the name.
        [string, unique] city: wchar_t,
    }
}

ndr_union! {
    /// Either.
    pub union Choice<'a> {
        /// A person behind a pointer.
        [case(3), unique] Person: Person<'a>,
        /// A name.
        [case(4), string, unique] Name: wchar_t,
    }
}

ndr_params! {
    /// A union chosen by the number before it.
    pub struct ChoiceStub<'a> {
        level: u32,
        [switch_is(level)] choice: Choice<'a>,
        status: u32,
    }
}

#[test]
fn referents_come_behind_the_structure_in_the_order_of_the_pointers() {
    let (name, city) = (utf16le("ab").unwrap(), utf16le("c").unwrap());
    let person = Person {
        name: WStr::from_utf16le(&name),
        age: 7,
        city: WStr::from_utf16le(&city),
    };
    let stub = ChoiceStub {
        level: 3,
        choice: Choice::Person(Some(person)),
        status: 5,
    };
    #[rustfmt::skip]
    let bytes = [
        3, 0, 0, 0, // level
        3, 0, 0, 0, // discriminant
        0, 0, 2, 0, // pointer to the person
        4, 0, 2, 0, 7, 0, 0, 0, 8, 0, 2, 0, // name, age, city
        3, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, b'a', 0, b'b', 0, 0, 0, // max, offset, actual, units
        0, 0, // padding
        2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, b'c', 0, 0, 0,
        5, 0, 0, 0, // status
    ];
    assert_eq!(stub.to_stub().unwrap(), bytes);
    assert_eq!(ChoiceStub::from_stub(&bytes).unwrap(), stub);
}

#[test]
fn null_and_empty_are_not_the_same() {
    let null = ChoiceStub {
        level: 4,
        choice: Choice::Name(None),
        status: 0,
    };
    let empty = ChoiceStub {
        level: 4,
        choice: Choice::Name(Some(WStr::default())),
        status: 0,
    };
    let null_bytes = [4, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let empty_bytes = [
        4, 0, 0, 0, 4, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ];
    assert_eq!(null.to_stub().unwrap(), null_bytes);
    assert_eq!(empty.to_stub().unwrap(), empty_bytes);
    assert_eq!(ChoiceStub::from_stub(&null_bytes).unwrap(), null);
    assert_eq!(ChoiceStub::from_stub(&empty_bytes).unwrap(), empty);
}

#[test]
fn referent_ids_are_only_tested_for_zero() {
    let mut bytes = ChoiceStub {
        level: 4,
        choice: Choice::Name(Some(WStr::default())),
        status: 0,
    }
    .to_stub()
    .unwrap();
    bytes[8..12].copy_from_slice(&[1, 0, 0, 0]);
    assert!(ChoiceStub::from_stub(&bytes).is_ok());
}

#[test]
fn a_union_must_agree_with_its_level_and_have_the_arm() {
    let bytes = [4, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let error = ChoiceStub::from_stub(&bytes).unwrap_err();
    assert_eq!(
        *error.kind(),
        NdrErrorKind::DiscriminantMismatch {
            declared: 4,
            found: 3
        }
    );
    assert_eq!(error.field(), "ChoiceStub.choice");
    let bytes = [5, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let error = ChoiceStub::from_stub(&bytes).unwrap_err();
    assert_eq!(
        *error.kind(),
        NdrErrorKind::UnknownDiscriminant { found: 5 }
    );
}

ndr_struct! {
    /// A list of structures whose size is not a multiple of their alignment.
    pub struct MixedList<'a> {
        count: u16,
        [size_is(count), unique] items: Mixed,
    }
}
ndr_params! {
    /// One of them.
    pub struct MixedListStub<'a> { list: MixedList<'a>, status: u32 }
}

#[test]
fn array_elements_are_padded_between_but_not_behind() {
    let items = [
        Mixed {
            a: 1,
            b: 0,
            c: 0,
            d: 0,
            e: 2,
        },
        Mixed {
            a: 3,
            b: 0,
            c: 0,
            d: 0,
            e: 4,
        },
    ];
    let list = MixedList {
        count: 2,
        items: Some(Array::from(&items[..])),
    };
    let stub = MixedListStub { list, status: 9 };
    let bytes = stub.to_stub().unwrap();
    // count, pad, pointer, count, pad to 8; 21 bytes, 3 of padding, 21 bytes; pad to 4, status.
    assert_eq!(bytes.len(), 2 + 2 + 4 + 4 + 4 + 24 + 21 + 3 + 4);
    assert_eq!(
        (bytes[16], bytes[36], bytes[40], bytes[60], bytes[64]),
        (1, 2, 3, 4, 9)
    );
    let decoded = MixedListStub::from_stub(&bytes).unwrap();
    assert_eq!(decoded, stub);
    assert_eq!(decoded.list.items.unwrap().iter().len(), 2);
}

#[test]
fn a_count_that_differs_from_its_field_is_refused() {
    let items = [Mixed {
        a: 1,
        b: 0,
        c: 0,
        d: 0,
        e: 2,
    }];
    let list = MixedList {
        count: 2,
        items: Some(Array::from(&items[..])),
    };
    let bytes = MixedListStub { list, status: 9 }.to_stub().unwrap();
    let error = MixedListStub::from_stub(&bytes).unwrap_err();
    assert_eq!(
        *error.kind(),
        NdrErrorKind::CountMismatch {
            declared: 2,
            found: 1
        }
    );
    assert_eq!(error.field(), "MixedList.items");
}

// What later calls will need: counted strings, byte blobs, structures of pointers to structures.

ndr_struct! {
    /// [MS-DTYP 2.3.10] A counted string (RPC_UNICODE_STRING). Lengths are in bytes.
    pub struct RpcUnicodeString<'a> {
        length: u16,
        maximum_length: u16,
        [size_is(maximum_length / 2), length_is(length / 2), unique] buffer: u16,
    }
}

ndr_struct! {
    /// A blob such as a security descriptor.
    pub struct Blob<'a> {
        [size_is(size), unique] bytes: u8,
        size: u32,
    }
}

ndr_struct! {
    /// As samr's enumerations return them.
    pub struct RidEnumeration<'a> {
        relative_id: u32,
        name: RpcUnicodeString<'a>,
    }
}

ndr_struct! {
    /// A list of those.
    pub struct EnumerationBuffer<'a> {
        entries_read: u32,
        [size_is(entries_read), unique] buffer: RidEnumeration<'a>,
    }
}

ndr_params! {
    /// All of them.
    pub struct LaterStub<'a> {
        [unique] buffer: EnumerationBuffer<'a>,
        blob: Blob<'a>,
        [string] path: wchar_t,
        count: u32,
    }
}

#[test]
fn what_later_calls_need_can_be_declared() {
    let text: Vec<u16> = "Users".encode_utf16().collect();
    let name = RpcUnicodeString {
        length: 10,
        maximum_length: 12,
        buffer: Some(VaryingArray::new(6, Array::from(&text[..]))),
    };
    let entries = [
        RidEnumeration {
            relative_id: 545,
            name,
        },
        RidEnumeration {
            relative_id: 1,
            name,
        },
    ];
    let path = utf16le("x").unwrap();
    let stub = LaterStub {
        buffer: Some(EnumerationBuffer {
            entries_read: 2,
            buffer: Some(Array::from(&entries[..])),
        }),
        blob: Blob {
            bytes: Some(Array::from(&[1, 2, 3][..])),
            size: 3,
        },
        path: WStr::from_utf16le(&path).unwrap(),
        count: 2,
    };
    #[rustfmt::skip]
    let bytes = [
        0, 0, 2, 0, // pointer to the list
        2, 0, 0, 0, 4, 0, 2, 0, // count, pointer to the array
        2, 0, 0, 0, // the array's count
        0x21, 2, 0, 0, 10, 0, 12, 0, 8, 0, 2, 0,
        1, 0, 0, 0, 10, 0, 12, 0, 12, 0, 2, 0,
        6, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, b'U', 0, b's', 0, b'e', 0, b'r', 0, b's', 0, 0, 0,
        6, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, b'U', 0, b's', 0, b'e', 0, b'r', 0, b's', 0, 0, 0,
        16, 0, 2, 0, 3, 0, 0, 0, // the blob's pointer and size
        3, 0, 0, 0, 1, 2, 3, 0, // count, bytes, padding
        2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, b'x', 0, 0, 0, // a string without a pointer
        2, 0, 0, 0,
    ];
    assert_eq!(stub.to_stub().unwrap(), bytes);
    let decoded = LaterStub::from_stub(&bytes).unwrap();
    assert_eq!(decoded, stub);
    assert_eq!(
        decoded.blob.bytes.unwrap().fixed_bytes(),
        Some(&[1, 2, 3][..])
    );
    assert_eq!(decoded.buffer.unwrap().buffer.unwrap().len(), 2);
}

#[test]
fn varying_arrays_are_checked() {
    let good = [
        0, 0, 2, 0, 1, 0, 0, 0, 4, 0, 2, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 4, 0, 8, 0, 2, 0, 2, 0,
        0, 0, 0, 0, 0, 0, 1, 0, 0, 0, b'U', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
        0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    assert!(LaterStub::from_stub(&good).is_ok());
    let kind = |at: usize, value: u8| {
        let mut bytes = good;
        bytes[at] = value;
        LaterStub::from_stub(&bytes).unwrap_err().kind().clone()
    };
    assert_eq!(
        kind(28, 3),
        NdrErrorKind::CountMismatch {
            declared: 2,
            found: 3
        }
    );
    assert_eq!(kind(32, 1), NdrErrorKind::Offset { offset: 1 });
    assert_eq!(
        kind(36, 3),
        NdrErrorKind::ActualOverMax { actual: 3, max: 2 }
    );
    assert_eq!(
        kind(36, 0),
        NdrErrorKind::CountMismatch {
            declared: 1,
            found: 0
        }
    );
}
