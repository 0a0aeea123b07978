//! What holds for any fragmentation and any cut of the input.
#![allow(missing_docs, reason = "tests")]

mod common;

use common::{ack, bound, fragments};
use proptest::collection::vec;
use proptest::prelude::*;
use smbwho_rpc::{Association, Config, Event};

proptest! {
    /// However the server fragments, and however the reads cut what it sends, the reply is the
    /// same, and no more reads were wanted than there were fragments.
    #[test]
    fn any_fragmentation_and_any_cut_give_the_same_reply(
        stub in vec(any::<u8>(), 1..6000),
        size in 1usize..4256,
        cuts in vec(1usize..5000, 1..50),
        window in 0usize..40,
    ) {
        let config = Config { max_reads_in_flight: window, ..Config::default() };
        let (mut association, call) = bound(config);
        let all = fragments(call, &stub, size);
        let bytes = all.concat();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (part, tail) = rest.split_at((*cut).min(rest.len()));
            prop_assert!(association.poll_event().is_none());
            prop_assert!(association.reads_wanted() <= all.len());
            prop_assert!(association.reads_wanted() >= 1);
            association.handle_input(part).unwrap();
            rest = tail;
        }
        prop_assert_eq!(association.poll_event(), Some(Event::Reply { call_id: call, stub }));
        prop_assert_eq!(association.reads_wanted(), 0);
    }

    /// Any two fragments swapped while reads are under way: an error, never wrong data.
    #[test]
    fn lost_order_is_always_seen(
        count in 3usize..12,
        tail in 1usize..=4256,
        swap in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let stub: Vec<u8> = (0..4256 * (count - 1) + tail).map(|n| (n / 4256) as u8).collect();
        let (mut association, call) = bound(Config::default());
        let mut all = fragments(call, &stub, 4256);
        // The first is read alone.
        let (a, b) = (1 + swap.0.index(count - 1), 1 + swap.1.index(count - 1));
        all.swap(a, b);
        let result = all.iter().try_for_each(|fragment| association.handle_input(fragment));
        prop_assert_eq!(result.is_ok(), a == b);
        prop_assert_eq!(association.poll_event().is_some(), a == b);
    }

    /// Bytes of any kind, before and after the bind: an answer, no panic, bounded events.
    #[test]
    fn any_bytes_are_answered(
        is_bound: bool,
        parts in vec(vec(any::<u8>(), 0..100), 0..10),
    ) {
        let (mut association, _) = bound(Config::default());
        if !is_bound {
            association = Association::new(&common::SRVSVC, Config::default());
            association.poll_transmit();
        }
        for part in &parts {
            let _ = association.handle_input(part);
        }
        prop_assert!(association.reads_wanted() <= 32);
    }

    /// One byte of a good conversation changed: a reply or an error, no panic.
    #[test]
    fn a_changed_byte_is_answered(at: prop::sample::Index, value: u8) {
        let mut association = Association::new(&common::SRVSVC, Config::default());
        association.poll_transmit();
        let call = association.call(12, b"x");
        association.poll_transmit();
        let mut bytes = ack().encode(1);
        bytes.extend(fragments(call, &[9; 3000], 1000).concat());
        let at = at.index(bytes.len());
        bytes[at] = value;
        if association.handle_input(&bytes).is_err() {
            prop_assert_eq!(association.reads_wanted(), 0);
        }
    }
}
