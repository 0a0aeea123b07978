//! The order in which a person would file text: by the alphabet without regard to case, and with
//! the numbers in it by value (`fs2` before `fs10`).

use std::cmp::Ordering;

/// Compares two texts.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (Some(x), Some(y)) = (left.bytes().next(), right.bytes().next()) else {
            return left.len().cmp(&right.len());
        };
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (m, rest_left) = split_digits(left);
            let (n, rest_right) = split_digits(right);
            (left, right) = (rest_left, rest_right);
            // Without leading zeros the longer number is the larger.
            m.len().cmp(&n.len()).then_with(|| m.cmp(n))
        } else if x.is_ascii() && y.is_ascii() {
            (left, right) = (&left[1..], &right[1..]);
            x.to_ascii_lowercase().cmp(&y.to_ascii_lowercase())
        } else {
            let (x, y) = (take_char(&mut left), take_char(&mut right));
            x.to_lowercase().cmp(y.to_lowercase())
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Appends bytes that stand in the same order as texts do by [`compare`]: to be made once of each
/// of many texts that are compared often.
pub(crate) fn write_key(key: &mut Vec<u8>, text: &str) {
    let mut rest = text;
    while let Some(byte) = rest.bytes().next() {
        if byte.is_ascii_digit() {
            let (digits, after) = split_digits(rest);
            rest = after;
            // Against anything else it stands where digits stand.
            key.push(b'0');
            match u8::try_from(digits.len()) {
                Ok(length) if length < u8::MAX => key.push(length),
                _ => {
                    key.push(u8::MAX);
                    key.extend_from_slice(&digits.len().to_be_bytes());
                }
            }
            key.extend_from_slice(digits.as_bytes());
        } else if byte.is_ascii() {
            rest = &rest[1..];
            key.push(byte.to_ascii_lowercase());
        } else {
            // UTF-8 is in the order of its characters.
            let mut lower = take_char(&mut rest).to_lowercase();
            let first = lower.next().unwrap_or_default();
            key.extend_from_slice(first.encode_utf8(&mut [0; 4]).as_bytes());
            if lower.next().is_some() {
                // Two for one, as of `İ`: behind the first of them, whatever follows that.
                key.push(u8::MAX);
            }
        }
    }
}

/// The number at the start without its leading zeros, and what follows it.
fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(end);
    (digits.trim_start_matches('0'), rest)
}

fn take_char(text: &mut &str) -> char {
    let mut chars = text.chars();
    let first = chars.next().unwrap_or_default();
    *text = chars.as_str();
    first
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As the order is meant, character by character.
    fn plainly(a: &str, b: &str) -> Ordering {
        let (mut left, mut right) = (a, b);
        loop {
            let (Some(x), Some(y)) = (left.chars().next(), right.chars().next()) else {
                return left.len().cmp(&right.len());
            };
            if x.is_ascii_digit() && y.is_ascii_digit() {
                let (m, rest_left) = split_digits(left);
                let (n, rest_right) = split_digits(right);
                let order = m.len().cmp(&n.len()).then_with(|| m.cmp(n));
                if order.is_ne() {
                    return order;
                }
                (left, right) = (rest_left, rest_right);
            } else {
                let order = x.to_lowercase().cmp(y.to_lowercase());
                if order.is_ne() {
                    return order;
                }
                (left, right) = (&left[x.len_utf8()..], &right[y.len_utf8()..]);
            }
        }
    }

    fn key(text: &str) -> Vec<u8> {
        let mut key = Vec::new();
        write_key(&mut key, text);
        key
    }

    #[test]
    fn text_is_filed_as_a_person_would() {
        let mut names = [
            "fs10",
            "FS2",
            "fs1",
            "alice",
            "Bob",
            "fs02b",
            "10.0.0.10",
            "10.0.0.9",
            "",
        ];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(
            names,
            [
                "",
                "10.0.0.9",
                "10.0.0.10",
                "alice",
                "Bob",
                "fs1",
                "FS2",
                "fs02b",
                "fs10"
            ]
        );
    }

    #[test]
    fn numbers_longer_than_any_integer_compare() {
        for digits in [60, 254, 255, 300] {
            let big = "9".repeat(digits);
            let bigger = format!("1{}", "0".repeat(digits));
            assert_eq!(compare(&big, &bigger), Ordering::Less);
            assert_eq!(key(&big).cmp(&key(&bigger)), Ordering::Less);
        }
        assert_eq!(compare("007", "7"), Ordering::Equal);
        assert_eq!(key("007"), key("7"));
    }

    /// Only one character has two small letters.
    #[test]
    fn every_character_stands_in_its_place() {
        let doubled: Vec<char> = ('\0'..=char::MAX)
            .filter(|c| c.to_lowercase().count() > 1)
            .collect();
        assert_eq!(doubled, ['İ']);
        let texts = [
            "İ",
            "i",
            "I",
            "i\u{307}",
            "iz",
            "İz",
            "i\u{400}",
            "i0",
            "j",
            "i\u{10ffff}",
        ];
        for a in texts {
            for b in texts {
                assert_eq!(compare(a, b), plainly(a, b), "{a:?} {b:?}");
                assert_eq!(key(a).cmp(&key(b)), plainly(a, b), "{a:?} {b:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn keys_and_texts_stand_in_one_order(
            a in "[a-cA-C0-2İißΣσ.\\PC\u{0}]{0,8}",
            b in "[a-cA-C0-2İißΣσ.\\PC\u{0}]{0,8}",
        ) {
            prop_assert_eq!(compare(&a, &b), plainly(&a, &b));
            prop_assert_eq!(key(&a).cmp(&key(&b)), plainly(&a, &b));
        }
    }
}
