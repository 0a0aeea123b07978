//! Text that goes in, and text that comes out: UTF-16, which need not be
//! well-formed.

use std::fmt;

/// Text that the system told, without its terminator.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Text(Vec<u8>);

impl Text {
    /// The text of these UTF-16 units.
    pub fn from_units(units: impl IntoIterator<Item = u16>) -> Self {
        Self(units.into_iter().flat_map(u16::to_le_bytes).collect())
    }

    /// The units as little-endian bytes; never an odd number.
    pub fn as_utf16le(&self) -> &[u8] {
        &self.0
    }

    /// The UTF-16 units.
    pub fn units(&self) -> impl ExactSizeIterator<Item = u16> + Clone {
        let (pairs, _) = self.0.as_chunks::<2>();
        pairs.iter().map(|pair| u16::from_le_bytes(*pair))
    }

    /// Whether there is no unit.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from_units(text.encode_utf16())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lossy: String = char::decode_utf16(self.units())
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        fmt::Debug::fmt(&lossy, f)
    }
}

/// Text to be passed to a call: units with a NUL behind them and none before.
#[derive(Clone, PartialEq, Eq)]
pub struct WideArg(Vec<u16>);

impl WideArg {
    /// The text of these units; `None` if there is a NUL among them, where the
    /// call would stop reading.
    pub fn new(units: impl IntoIterator<Item = u16>) -> Option<Self> {
        let mut units: Vec<u16> = units.into_iter().collect();
        if units.contains(&0) {
            return None;
        }
        units.push(0);
        Some(Self(units))
    }

    /// The empty text.
    pub fn empty() -> Self {
        Self(vec![0])
    }

    /// The units with the NUL behind them.
    #[cfg(any(windows, test))]
    pub(crate) fn with_nul(&self) -> &[u16] {
        &self.0
    }
}

impl fmt::Debug for WideArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, text) = self.0.split_last().unwrap_or((&0, &[]));
        fmt::Debug::fmt(&String::from_utf16_lossy(text), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_every_unit() {
        let units = [0x41, 0xd800, 0x20ac];
        let text = Text::from_units(units);
        assert!(text.units().eq(units));
        assert_eq!(text.as_utf16le(), [0x41, 0, 0, 0xd8, 0xac, 0x20]);
        assert_eq!(format!("{text:?}"), "\"A\u{fffd}€\"");
    }

    #[test]
    fn an_argument_ends_with_the_only_nul() {
        let argument = WideArg::new("fs1".encode_utf16()).expect("no NUL in it");
        assert_eq!(argument.with_nul(), [0x66, 0x73, 0x31, 0]);
        assert_eq!(format!("{argument:?}"), "\"fs1\"");
        assert!(WideArg::new("a\0b".encode_utf16()).is_none());
    }
}
