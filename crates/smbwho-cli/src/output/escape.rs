//! Names from a server are hostile text: what must not reach a terminal as it
//! is, and how it is shown instead.
//!
//! Control characters move the cursor and more, bidirectional ones reorder
//! what follows, invisible ones make two names look alike. All of them are
//! shown as `\u{202e}` in tables and messages, and as `\u202e` in JSON.

use std::fmt::{self, Write};

use unicode_width::UnicodeWidthChar;

/// Whether the character must be made visible before it reaches a terminal.
pub(crate) fn is_harmful(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c,
            // Invisible or joining without a glyph of their own.
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
            // Bidirectional marks, embeddings and isolates; zero width; line
            // and paragraph separators; invisible operators.
            | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            // Shorthand and musical format controls, tags.
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Whether the text can go to a terminal unchanged, told quickly for what
/// nearly every name is: printable ASCII.
fn is_plain(text: &str) -> bool {
    all_eights(text, |eight| not_printable(eight) == 0)
}

/// As [`is_plain`], and whether it needs no escape in JSON either.
fn is_plain_json(text: &str) -> bool {
    all_eights(text, |eight| {
        (not_printable(eight) | has(eight, b'"') | has(eight, b'\\')) == 0
    })
}

/// Whether all bytes are of a sort, of which a space must be: eight at a time, those at the end
/// once more with what stands before them or with spaces.
#[inline(always)]
fn all_eights(text: &str, are: impl Fn(u64) -> bool) -> bool {
    let bytes = text.as_bytes();
    let (eights, rest) = bytes.as_chunks();
    let last = match bytes.last_chunk() {
        Some(last) => *last,
        None => {
            let mut last = [b' '; 8];
            last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
            last
        }
    };
    eights.iter().all(|eight| are(u64::from_le_bytes(*eight))) && are(u64::from_le_bytes(last))
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGHEST_BITS: u64 = u64::from_le_bytes([0x80; 8]);

/// Not 0 if one of eight bytes is no printable ASCII: below a space, from DEL on.
#[inline(always)]
fn not_printable(eight: u64) -> u64 {
    let below = eight.wrapping_sub(ONES * 0x20);
    let from_del = eight.wrapping_add(ONES);
    (below | from_del | eight) & HIGHEST_BITS
}

/// Not 0 if `byte` is one of eight that are ASCII.
#[inline(always)]
fn has(eight: u64, byte: u8) -> u64 {
    (eight ^ (ONES * u64::from(byte))).wrapping_sub(ONES) & HIGHEST_BITS
}

/// Appends the text with everything harmful made visible. A combining mark at
/// the start is made visible too, since it would join what stands before.
pub(crate) fn write_visible(out: &mut impl Write, text: &str) -> fmt::Result {
    if is_plain(text) {
        return out.write_str(text);
    }
    let mut first = true;
    for c in text.chars() {
        if is_harmful(c) || (first && c.width() == Some(0)) {
            write!(out, "\\u{{{:x}}}", c as u32)?;
        } else {
            out.write_char(c)?;
        }
        first = false;
    }
    Ok(())
}

/// Text that is safe to print in a message.
pub(crate) struct Visible<'a>(pub(crate) &'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_visible(f, self.0)
    }
}

/// Appends the text as a JSON string ([RFC 8259] 7). Beyond what JSON demands,
/// everything harmful is escaped as well, so that `cat` on a terminal is safe
/// and line-wise readers that split on U+2028 do not.
pub(crate) fn write_json(out: &mut String, text: &str) {
    out.push('"');
    if is_plain_json(text) {
        out.push_str(text);
    } else {
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c if is_harmful(c) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        // Writing to a String cannot fail.
                        let _ = write!(out, "\\u{unit:04x}");
                    }
                }
                c => out.push(c),
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visible(text: &str) -> String {
        Visible(text).to_string()
    }

    fn json(text: &str) -> String {
        let mut out = String::new();
        write_json(&mut out, text);
        out
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "alice",
            "Żółć",
            "山田",
            "O'Brien \"Bob\"",
            r"LAB\alice",
            "e\u{301}",
            "😀",
        ] {
            assert_eq!(visible(name), name);
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        assert_eq!(visible("\x1b[2Jx"), r"\u{1b}[2Jx");
        assert_eq!(visible("a\nb\tc\rd"), r"a\u{a}b\u{9}c\u{d}d");
        assert_eq!(visible("\u{9b}31m"), r"\u{9b}31m");
        assert_eq!(visible("\u{7f}"), r"\u{7f}");
    }

    #[test]
    fn what_deceives_the_eye_is_shown() {
        for c in "\u{202a}\u{202e}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}\u{200b}\u{200d}\u{2028}\u{2029}\u{feff}\u{ad}\u{e0041}\u{3164}".chars() {
            let text = format!("a{c}b");
            assert_eq!(visible(&text), format!("a\\u{{{:x}}}b", c as u32));
            assert!(!json(&text).contains(c), "{:x} in JSON", c as u32);
        }
    }

    #[test]
    fn a_mark_cannot_join_what_stands_before_it() {
        assert_eq!(visible("\u{301}x"), r"\u{301}x");
        assert_eq!(visible("x\u{301}"), "x\u{301}");
    }

    #[test]
    fn json_reads_back_as_it_was() {
        let all: String = ('\0'..=char::MAX).step_by(7).collect();
        for text in [
            all.as_str(),
            "\"\\\u{1b}\n\r\t\u{8}\u{c}",
            "\u{e0041}\u{202e}",
            "",
        ] {
            let back: String = serde_json::from_str(&json(text)).expect("valid JSON");
            assert_eq!(back, text);
        }
    }
}
