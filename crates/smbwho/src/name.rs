//! Text that a server sent: names of people, computers, files and shares.

use std::fmt;
use std::ops::Deref;

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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    text: CompactString,
    /// Only when `text` does not say it all.
    units: Option<Box<[u16]>>,
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
        Self {
            text,
            units: if whole { None } else { Some(units.collect()) },
        }
    }

    /// Takes the name out of a reply. Names are nearly always ASCII: those
    /// are narrowed byte by byte, the others decoded in full.
    pub(crate) fn from_wire(wire: WStr<'_>) -> Self {
        let (pairs, _) = wire.as_bytes().as_chunks::<2>();
        // NetBIOS names, account names and addresses fit; longer names
        // take the general way.
        let mut ascii = [0u8; 64];
        if let Some(ascii) = ascii.get_mut(..pairs.len()) {
            let mut seen = 0u16;
            for (narrow, pair) in ascii.iter_mut().zip(pairs) {
                let unit = u16::from_le_bytes(*pair);
                seen |= unit;
                *narrow = unit as u8;
            }
            if seen < 0x80
                && let Ok(text) = std::str::from_utf8(ascii)
            {
                return Self {
                    text: CompactString::new(text),
                    units: None,
                };
            }
        }
        Self::from_utf16(wire.units())
    }

    /// The text; unpaired surrogates appear as `\u{d800}`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The UTF-16 units exactly as the server sent them.
    pub fn to_utf16(&self) -> Vec<u16> {
        match &self.units {
            Some(units) => units.to_vec(),
            None => self.text.encode_utf16().collect(),
        }
    }

    /// Whether the name was well-formed UTF-16, and the text therefore is the
    /// name itself.
    pub fn is_well_formed(&self) -> bool {
        self.units.is_none()
    }

    /// The name without the first `count` ASCII characters of its text.
    pub(crate) fn without_prefix(self, count: usize) -> Self {
        Self {
            text: CompactString::new(&self.text[count..]),
            units: self.units.map(|units| units[count..].into()),
        }
    }
}

impl Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self {
            text: CompactString::new(text),
            units: None,
        }
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self {
            text: CompactString::from(text),
            units: None,
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
        f.pad(&self.text)
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
    fn a_prefix_goes_from_text_and_units() {
        let units = [0x5c, 0x5c, 0xd800, 0x41];
        let name = name(&units).without_prefix(2);
        assert_eq!(name, r"\u{d800}A");
        assert_eq!(name.to_utf16(), [0xd800, 0x41]);
    }
}
