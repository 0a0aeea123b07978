//! Every call at every level: what is encoded decodes to the same, and whatever is done to the
//! bytes, decoding ends without a panic and what it accepts is encoded to something that decodes
//! to the same.
#![allow(missing_docs, reason = "tests")]

mod calls;

use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn encoded_and_decoded() {
    for case in calls::all() {
        for (stub, read) in [
            (&case.request, &case.read_request),
            (&case.reply, &case.read_reply),
        ] {
            let (_, again) = read(stub).unwrap_or_else(|e| panic!("{}: {e}", case.label));
            assert_eq!(again, *stub, "{}", case.label);
        }
    }
}

#[test]
fn every_shorter_stub_is_refused() {
    for case in calls::all() {
        for end in 0..case.reply.len() {
            let result = (case.read_reply)(&case.reply[..end]);
            assert!(result.is_err(), "{}, {end} bytes", case.label);
        }
        let longer = [&case.reply[..], &[0]].concat();
        assert!((case.read_reply)(&longer).is_err(), "{}", case.label);
    }
}

proptest! {
    #[test]
    fn tampered(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        for case in calls::all() {
            for (stub, read) in [
                (&case.request, &case.read_request),
                (&case.reply, &case.read_reply),
            ] {
                let mut stub = stub.clone();
                for (at, value) in &changes {
                    let at = at.index(stub.len());
                    stub[at] = *value;
                }
                if let Ok((text, again)) = read(&stub) {
                    prop_assert_eq!(read(&again).unwrap().0, text, "{}", case.label);
                }
            }
        }
    }
}
