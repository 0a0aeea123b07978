//! Text that a server sent: names of people, computers, files and shares.

mod short;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use smbwho_rpc::ndr::WStr;

use short::Short;

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

/// As small as a `String`, since a row has several; the rare kind is boxed.
#[derive(Clone)]
enum Repr {
    /// The text is the name, short and ASCII as nearly all are.
    Short(Short),
    /// The text is the name.
    Long(Box<str>),
    /// The text does not say it all.
    Broken(Box<Broken>),
}

const _: () = assert!(size_of::<Option<Name>>() == size_of::<String>());

/// A name that is no well-formed UTF-16.
#[derive(Clone)]
struct Broken {
    text: Box<str>,
    units: Box<[u16]>,
}

impl Name {
    /// The name of these UTF-16 units, which need not be well-formed.
    pub fn from_utf16(units: impl Iterator<Item = u16> + Clone) -> Self {
        let mut text = String::new();
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
            return Self::from(text);
        }
        let units = units.collect();
        let text = text.into_boxed_str();
        Self(Repr::Broken(Box::new(Broken { text, units })))
    }

    /// Takes the name out of a reply. Names are nearly always short and ASCII, and paths ASCII:
    /// those are narrowed, the others decoded in full.
    #[inline(always)]
    pub(crate) fn from_wire(wire: WStr<'_>) -> Self {
        match Short::from_utf16le(wire.as_bytes()) {
            Some(short) => Self(Repr::Short(short)),
            None => Self::in_full(wire),
        }
    }

    #[inline(never)]
    fn in_full(wire: WStr<'_>) -> Self {
        // Two plain loops, which a compiler makes wide.
        let is_ascii = wire.units().all(|unit| unit < 0x80);
        let narrowed = is_ascii.then(|| wire.units().map(|unit| unit as u8).collect());
        match narrowed.map(String::from_utf8) {
            Some(Ok(text)) => Self::from(text),
            _ => Self::from_utf16(wire.units()),
        }
    }

    /// The text; unpaired surrogates appear as `\u{d800}`.
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Short(short) => short.as_str(),
            Repr::Long(text) => text,
            Repr::Broken(broken) => &broken.text,
        }
    }

    /// The UTF-16 units exactly as the server sent them.
    pub fn to_utf16(&self) -> Vec<u16> {
        match &self.0 {
            Repr::Broken(broken) => broken.units.to_vec(),
            _ => self.as_str().encode_utf16().collect(),
        }
    }

    /// Whether the name was well-formed UTF-16, and the text therefore is the
    /// name itself.
    pub fn is_well_formed(&self) -> bool {
        self.units().is_none()
    }

    /// What the text does not say.
    fn units(&self) -> Option<&[u16]> {
        match &self.0 {
            Repr::Broken(broken) => Some(&broken.units),
            _ => None,
        }
    }
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
        match Short::new(text) {
            Some(short) => Self(Repr::Short(short)),
            None => Self(Repr::Long(text.into())),
        }
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        match Short::new(&text) {
            Some(short) => Self(Repr::Short(short)),
            None => Self(Repr::Long(text.into_boxed_str())),
        }
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
    fn names_are_the_same_at_every_length_wherever_they_come_from() {
        let text = "abcdefghijklmnopqrstuvwxyz".repeat(3);
        for length in 0..=text.len() {
            let units: Vec<u16> = text[..length].encode_utf16().collect();
            let from_wire = |units: &[u16]| {
                let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
                Name::from_wire(WStr::from_utf16le(&bytes).expect("whole units"))
            };
            let wire = from_wire(&units);
            assert_eq!(wire, text[..length]);
            for other in [Name::from(&text[..length]), name(&units)] {
                assert_eq!((&other, other.is_well_formed()), (&wire, true));
                assert_eq!(other.to_utf16(), units);
            }
            // One that is not ASCII, or no character, wherever it stands, is seen.
            for at in 0..length {
                for unit in [0x80, 0x161, 0x7fff, 0xd861] {
                    let mut units = units.clone();
                    units[at] = unit;
                    let wire = from_wire(&units);
                    assert_eq!(wire, name(&units));
                    assert_eq!(wire.to_utf16(), units);
                    assert_eq!(wire.is_well_formed(), unit != 0xd861);
                }
            }
        }
    }
}
