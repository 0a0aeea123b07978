//! Text that a server sent: names of people, computers, files and shares.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use ascii::AsciiStr;
use compact_str::CompactString;
use smbwho_rpc::ndr::WStr;

/// A name as a server told it.
///
/// Reads as `&str` everywhere. On the wire a name is UTF-16 and may hold
/// unpaired surrogates, which no `str` can: those are written as the eight
/// characters `\u{d800}` in the text, so that two different names stay
/// different, and the exact units are kept beside it for sending back
/// ([`Name::to_utf16`]).
///
/// The text is hostile: it may hold control and escape characters. Escape it
/// before it reaches a terminal.
#[derive(Clone)]
pub struct Name(Repr);

/// As small as a `String`, since a row has several: the rare kind is boxed, and stands where the
/// text has no value.
#[derive(Clone)]
enum Repr {
    /// The text is the name.
    Whole(CompactString),
    /// The text does not say it all.
    Broken(Box<Broken>),
}

const _: () = assert!(size_of::<Option<Name>>() == size_of::<String>());

/// A name that is no well-formed UTF-16.
#[derive(Clone)]
struct Broken {
    text: CompactString,
    units: Box<[u16]>,
}

impl Name {
    /// The name of these UTF-16 units, which need not be well-formed.
    pub fn from_utf16(units: impl Iterator<Item = u16> + Clone) -> Self {
        let mut text = CompactString::default();
        let mut whole = true;
        for unit in char::decode_utf16(units.clone()) {
            match unit {
                Ok(c) => text.push(c),
                Err(lone) => {
                    whole = false;
                    let escape = format!("\\u{{{:x}}}", lone.unpaired_surrogate());
                    text.push_str(&escape);
                }
            }
        }
        if whole {
            return Self(Repr::Whole(text));
        }
        let units = units.collect();
        Self(Repr::Broken(Box::new(Broken { text, units })))
    }

    /// Takes the name out of a reply. Names are nearly always short and ASCII: those are narrowed
    /// eight units at a time, the others decoded in full.
    #[inline(always)]
    pub(crate) fn from_wire(wire: WStr<'_>) -> Self {
        let mut buffer = [0; MAX_NARROWED];
        match narrow(wire.as_bytes(), &mut buffer) {
            Some(ascii) => Self(Repr::Whole(CompactString::new(ascii))),
            None => Self::in_full(wire),
        }
    }

    #[cold]
    fn in_full(wire: WStr<'_>) -> Self {
        Self::from_utf16(wire.units())
    }

    /// The text; unpaired surrogates appear as `\u{d800}`.
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Whole(text) => text,
            Repr::Broken(broken) => &broken.text,
        }
    }

    /// The UTF-16 units exactly as the server sent them.
    pub fn to_utf16(&self) -> Vec<u16> {
        match &self.0 {
            Repr::Whole(text) => text.encode_utf16().collect(),
            Repr::Broken(broken) => broken.units.to_vec(),
        }
    }

    /// Whether the name was well-formed UTF-16, and the text therefore is the
    /// name itself.
    pub fn is_well_formed(&self) -> bool {
        matches!(self.0, Repr::Whole(_))
    }

    /// What the text does not say.
    fn units(&self) -> Option<&[u16]> {
        match &self.0 {
            Repr::Whole(_) => None,
            Repr::Broken(broken) => Some(&broken.units),
        }
    }
}

/// Units of the longest name that is narrowed. NetBIOS names, account names and addresses fit.
const MAX_NARROWED: usize = 64;

/// The text of UTF-16LE bytes if it is ASCII and not too long for `buffer`.
#[inline(always)]
fn narrow<'b>(wire: &[u8], buffer: &'b mut [u8; MAX_NARROWED]) -> Option<&'b str> {
    let narrowed = buffer.get_mut(..wire.len() / 2)?;
    let mut seen = 0;
    if let (Some(last_units), Some(last)) = (wire.last_chunk(), narrowed.len().checked_sub(8)) {
        let (eights, _) = narrowed.as_chunks_mut();
        for (to, units) in eights.iter_mut().zip(wire.as_chunks().0) {
            seen |= narrow_eight(units, to);
        }
        // The last eight once more rather than what is left one by one: the stores stay whole
        // words, as the text is read again.
        if let Some(to) = narrowed.get_mut(last..).and_then(<[u8]>::first_chunk_mut) {
            seen |= narrow_eight(last_units, to);
        }
    } else {
        for (to, unit) in narrowed.iter_mut().zip(wire.as_chunks().0) {
            let unit = u16::from_le_bytes(*unit);
            seen |= u64::from(unit);
            *to = unit as u8;
        }
    }
    const NOT_ASCII: u64 = 0xff80_ff80_ff80_ff80;
    if seen & NOT_ASCII != 0 {
        return None;
    }
    // Looks at whole words, where the check for UTF-8 goes byte by byte through a short text.
    AsciiStr::from_ascii(narrowed).ok().map(AsciiStr::as_str)
}

/// Narrows eight units that are ASCII; gives all their bits, at the places of four, by which it is
/// known whether they are.
#[inline(always)]
fn narrow_eight(units: &[u8; 16], to: &mut [u8; 8]) -> u64 {
    // Four units in a word, drawn together by their empty bytes.
    let narrow_four = |units: u64| {
        let twos = (units | units >> 8) & 0x0000_ffff_0000_ffff;
        (twos | twos >> 16) & 0xffff_ffff
    };
    let both = u128::from_le_bytes(*units);
    let (first, second) = (both as u64, (both >> 64) as u64);
    *to = (narrow_four(first) | narrow_four(second) << 32).to_le_bytes();
    first | second
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str() && self.units() == other.units()
    }
}

impl Eq for Name {}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_text = self.as_str().cmp(other.as_str());
        by_text.then_with(|| self.units().cmp(&other.units()))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
        self.units().hash(state);
    }
}

impl Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(Repr::Whole(CompactString::new(text)))
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self(Repr::Whole(CompactString::from(text)))
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(units: &[u16]) -> Name {
        Name::from_utf16(units.iter().copied())
    }

    #[test]
    fn well_formed_names_are_their_text() {
        let units: Vec<u16> = "Żółć 🦀".encode_utf16().collect();
        let name = name(&units);
        assert_eq!(name, "Żółć 🦀");
        assert!(name.is_well_formed());
        assert_eq!(name.to_utf16(), units);
    }

    #[test]
    fn unpaired_surrogates_are_shown_and_kept() {
        let units = [0x61, 0xd800, 0x62, 0xdfff];
        let name = name(&units);
        assert_eq!(name, r"a\u{d800}b\u{dfff}");
        assert!(!name.is_well_formed());
        assert_eq!(name.to_utf16(), units);
    }

    #[test]
    fn a_name_that_spells_the_escape_is_another_name() {
        let lone = name(&[0xd800]);
        let spelt = Name::from(r"\u{d800}");
        assert_eq!(lone.as_str(), spelt.as_str());
        assert_ne!(lone, spelt);
    }

    #[test]
    fn names_are_narrowed_at_every_length() {
        let text = "abcdefghijklmnopqrstuvwxyz".repeat(3);
        for length in 0..=text.len() {
            let bytes: Vec<u8> = text[..length].bytes().flat_map(|b| [b, 0]).collect();
            let name = Name::from_wire(WStr::from_utf16le(&bytes).expect("whole units"));
            assert_eq!(name, text[..length]);
            // One that is not ASCII, wherever it stands, is seen.
            for at in 0..length {
                let mut bytes = bytes.clone();
                bytes[2 * at + 1] = 1;
                let name = Name::from_wire(WStr::from_utf16le(&bytes).expect("whole units"));
                assert_eq!(name.chars().filter(|c| !c.is_ascii()).count(), 1);
            }
        }
    }
}
