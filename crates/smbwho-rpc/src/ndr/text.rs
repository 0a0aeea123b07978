//! `[string] wchar_t*`: UTF-16LE text, borrowed ([C706 14.3.4.2], [MS-DTYP] 2.2.36).

use std::fmt;

use super::{Fixed, NdrError, NdrErrorKind, Reader, Slot, Wire, Writer};

/// The longest string accepted, in UTF-16 units with its terminator.
///
/// Nothing in these interfaces is longer than a path of 32,767 units; twice that is ample.
pub const MAX_STRING_UNITS: u32 = 65_536;

/// The element type of a wide string, as MS-IDL names it. Only a name: the Rust value of a
/// `[string, unique] wchar_t` field is `Option<WStr>`.
#[allow(non_camel_case_types, reason = "spelt as in MS-IDL")]
#[derive(Debug, Clone, Copy)]
pub enum wchar_t {}

/// UTF-16LE text borrowed from the stub, terminator removed; may hold unpaired surrogates.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct WStr<'a>(&'a [u8]);

impl<'a> WStr<'a> {
    /// Text from little-endian UTF-16 bytes without a terminator; `None` if a byte is odd.
    #[must_use]
    pub fn from_utf16le(bytes: &'a [u8]) -> Option<Self> {
        bytes.len().is_multiple_of(2).then_some(Self(bytes))
    }

    /// The UTF-16 units.
    pub fn units(&self) -> impl ExactSizeIterator<Item = u16> + Clone + 'a {
        self.0
            .as_chunks::<2>()
            .0
            .iter()
            .map(|unit| u16::from_le_bytes(*unit))
    }

    /// The number of UTF-16 units.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len() / 2
    }

    /// Whether there is no unit. An empty string is not a null pointer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The little-endian units as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The text; an unpaired surrogate becomes U+FFFD.
    #[must_use]
    pub fn to_string_lossy(&self) -> String {
        char::decode_utf16(self.units())
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    }
}

impl fmt::Debug for WStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for unit in char::decode_utf16(self.units()) {
            match unit {
                Ok(c) => write!(f, "{}", c.escape_debug())?,
                Err(lone) => write!(f, "\\u{{{:x}}}", lone.unpaired_surrogate())?,
            }
        }
        f.write_str("\"")
    }
}

impl PartialEq<str> for WStr<'_> {
    fn eq(&self, other: &str) -> bool {
        self.units().eq(other.encode_utf16())
    }
}

impl PartialEq<&str> for WStr<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

/// The UTF-16LE bytes of a text to send, as [`WStr::from_utf16le`] takes them.
///
/// # Errors
/// [`NdrErrorKind::InteriorNul`] (the server would stop reading there) and
/// [`NdrErrorKind::StringTooLong`].
pub fn utf16le(text: &str) -> Result<Vec<u8>, NdrError> {
    if text.contains('\0') {
        return Err(NdrError::new(NdrErrorKind::InteriorNul, 0));
    }
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let units = (bytes.len() / 2).saturating_add(1);
    if units > MAX_STRING_UNITS as usize {
        return Err(too_long(units, 0));
    }
    Ok(bytes)
}

#[cold]
fn too_long(units: usize, offset: usize) -> NdrError {
    NdrError::new(
        NdrErrorKind::StringTooLong {
            units,
            limit: MAX_STRING_UNITS,
        },
        offset,
    )
}

/// Conformant and varying: maximum count, offset, actual count, units up to and with the NUL.
/// All of it lies at the deferred cursor.
impl<'a> Wire<'a> for WStr<'a> {
    const SIZE: usize = 0;
    const ALIGN: usize = 1;
    const POINTERS: bool = true;

    #[inline(always)]
    fn decode(_: &mut Fixed<'a>, deferred: &mut Reader<'a>) -> Result<Self, NdrError> {
        deferred.align(4);
        let start = deferred.offset();
        let counts = deferred.take_chunk::<12>()?;
        let max = word(counts, 0);
        let offset = word(counts, 4);
        let actual = word(counts, 8);
        if offset != 0 || actual > max || actual > MAX_STRING_UNITS {
            return Err(bad_counts(max, offset, actual, start));
        }
        // At most MAX_STRING_UNITS: twice that fits.
        let bytes = deferred.take((actual as usize).saturating_mul(2))?;
        match bytes.split_last_chunk::<2>() {
            Some((text, end)) if u16::from_le_bytes(*end) == 0 => Ok(Self(text)),
            _ => Err(NdrError::new(NdrErrorKind::NotTerminated, start)),
        }
    }

    fn encode(&self, _: &mut Slot, out: &mut Writer) -> Result<(), NdrError> {
        let units = self.len().saturating_add(1);
        let count = u32::try_from(units).ok().filter(|n| *n <= MAX_STRING_UNITS);
        let count = count.ok_or_else(|| too_long(units, out.offset()))?;
        out.u32(count);
        out.u32(0);
        out.u32(count);
        out.bytes(self.0);
        out.bytes(&[0, 0]);
        Ok(())
    }
}

/// One of the three counts before a text. Loads of four bytes, where taking twelve bytes apart
/// by value compiles to byte-wise loads.
#[inline(always)]
fn word(counts: &[u8; 12], at: usize) -> u32 {
    counts
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |word| u32::from_le_bytes(*word))
}

#[cold]
fn bad_counts(max: u32, offset: u32, actual: u32, at: usize) -> NdrError {
    if offset != 0 {
        NdrError::new(NdrErrorKind::Offset { offset }, at)
    } else if actual > max {
        NdrError::new(NdrErrorKind::ActualOverMax { actual, max }, at)
    } else {
        too_long(actual as usize, at)
    }
}
