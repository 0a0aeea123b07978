//! Text to send.

use smbwho_rpc::ndr::{MAX_STRING_UNITS, NdrError, NdrErrorKind, WStr, utf16le};

/// Text to send, as a caller has it: well-formed, or exact UTF-16 that need not be.
///
/// A name that came from a server may hold unpaired surrogates. To name the same thing again,
/// for instance to end it, it must go back unit by unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text<'a> {
    /// Well-formed text.
    Str(&'a str),
    /// UTF-16 units.
    Utf16(&'a [u16]),
    /// Text out of another reply.
    Wire(WStr<'a>),
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self::Str(text)
    }
}

impl<'a> From<&'a String> for Text<'a> {
    fn from(text: &'a String) -> Self {
        Self::Str(text)
    }
}

impl<'a> From<&'a [u16]> for Text<'a> {
    fn from(units: &'a [u16]) -> Self {
        Self::Utf16(units)
    }
}

impl<'a> From<&'a Vec<u16>> for Text<'a> {
    fn from(units: &'a Vec<u16>) -> Self {
        Self::Utf16(units)
    }
}

impl<'a> From<WStr<'a>> for Text<'a> {
    fn from(text: WStr<'a>) -> Self {
        Self::Wire(text)
    }
}

/// Owned UTF-16LE text without NUL and not too long: fit to be sent. A [`WStr`] borrows from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WString(Vec<u8>);

impl WString {
    /// The text, ready to be sent.
    ///
    /// # Errors
    /// [`NdrErrorKind::InteriorNul`] (the server would stop reading there) and
    /// [`NdrErrorKind::StringTooLong`].
    pub fn new<'a>(text: impl Into<Text<'a>>) -> Result<Self, NdrError> {
        match text.into() {
            Text::Str(text) => utf16le(text).map(Self),
            Text::Utf16(units) => Self::of_units(units.iter().copied()),
            Text::Wire(text) => Self::of_units(text.units()),
        }
    }

    fn of_units(units: impl ExactSizeIterator<Item = u16> + Clone) -> Result<Self, NdrError> {
        if units.clone().any(|unit| unit == 0) {
            return Err(NdrError::new(NdrErrorKind::InteriorNul, 0));
        }
        let count = units.len().saturating_add(1);
        if count > MAX_STRING_UNITS as usize {
            let limit = MAX_STRING_UNITS;
            let kind = NdrErrorKind::StringTooLong {
                units: count,
                limit,
            };
            return Err(NdrError::new(kind, 0));
        }
        Ok(Self(units.flat_map(u16::to_le_bytes).collect()))
    }

    /// The same, borrowed.
    #[must_use]
    pub fn as_wstr(&self) -> WStr<'_> {
        // Never odd in number.
        WStr::from_utf16le(&self.0).unwrap_or_default()
    }

    /// The text a parameter named `field` sends.
    pub(crate) fn sent<'a>(
        text: impl Into<Text<'a>>,
        field: &'static str,
    ) -> Result<Self, NdrError> {
        Self::new(text).map_err(|e| e.in_field(field))
    }

    /// The text a parameter named `field` sends, if it sends any.
    pub(crate) fn sent_if<'a>(
        text: Option<impl Into<Text<'a>>>,
        field: &'static str,
    ) -> Result<Option<Self>, NdrError> {
        text.map(|text| Self::sent(text, field)).transpose()
    }
}

/// Borrows from what [`WString::sent_if`] made.
pub(crate) fn borrowed(text: &Option<WString>) -> Option<WStr<'_>> {
    text.as_ref().map(WString::as_wstr)
}

#[cfg(test)]
mod tests {
    use super::{Text, WString};
    use smbwho_rpc::ndr::NdrErrorKind;

    #[test]
    fn any_units_but_nul_are_kept() {
        let text = WString::new(&[0xd800u16, 0x41][..]).unwrap();
        assert_eq!(text.as_wstr().as_bytes(), [0, 0xd8, 0x41, 0]);
        let again = WString::new(text.as_wstr()).unwrap();
        assert_eq!(again, text);
        assert_eq!(WString::new("").unwrap().as_wstr().len(), 0);
    }

    #[test]
    fn nul_and_too_much_are_refused() {
        for text in [Text::Str("a\0"), Text::Utf16(&[0x61, 0])] {
            let error = WString::new(text).unwrap_err();
            assert_eq!(*error.kind(), NdrErrorKind::InteriorNul);
        }
        let long = vec![0x61u16; 65_536];
        let error = WString::new(&long).unwrap_err();
        assert!(matches!(
            error.kind(),
            NdrErrorKind::StringTooLong { units: 65_537, .. }
        ));
        assert!(WString::new(&long[1..]).is_ok());
    }
}
