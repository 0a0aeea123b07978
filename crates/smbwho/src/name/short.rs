//! Short ASCII text kept in place: what nearly every name is.

use ascii::{AsciiChar, AsciiStr};

/// The longest text kept in place, so that a name is no larger than a `String`.
const MAX: usize = 23;

/// Text of at most [`MAX`] characters, all of them ASCII.
#[derive(Clone, Copy)]
pub(super) struct Short {
    /// The text, and NUL behind it.
    chars: [AsciiChar; MAX],
    len: u8,
}

impl Short {
    /// `None` if the text is too long or not ASCII.
    pub(super) fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; MAX];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        Self::of(&bytes, text.len())
    }

    /// Narrows UTF-16LE bytes, eight units at a time and in registers: a list has names by the
    /// hundred thousand. `None` if they are too long or not ASCII.
    #[inline(always)]
    pub(super) fn from_utf16le(wire: &[u8]) -> Option<Self> {
        let len = wire.len() / 2;
        let words = match (wire.first_chunk(), wire.last_chunk()) {
            (Some(first), Some(last)) => {
                // What of the last eight stands before a multiple of eight has been read already.
                let (first, last) = (narrow_eight(first)?, narrow_eight(last)?);
                match len {
                    ..=16 => [first, drop_first(last, 16 - len), 0],
                    17..=MAX => {
                        let middle = narrow_eight(wire.get(16..32)?.first_chunk()?)?;
                        [first, middle, drop_first(last, 24 - len)]
                    }
                    _ => return None,
                }
            }
            _ => {
                let mut few = [0; 16];
                few.get_mut(..wire.len())?.copy_from_slice(wire);
                [narrow_eight(&few)?, 0, 0]
            }
        };
        let mut bytes = [0; 24];
        for (to, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
        Self::of(bytes.first_chunk()?, len)
    }

    #[inline(always)]
    fn of(bytes: &[u8; MAX], len: usize) -> Option<Self> {
        let chars = AsciiStr::from_ascii(bytes).ok()?.as_slice();
        Some(Self {
            chars: *chars.first_chunk()?,
            len: u8::try_from(len).ok()?,
        })
    }

    #[inline]
    pub(super) fn as_str(&self) -> &str {
        let chars = self.chars.get(..usize::from(self.len));
        <&AsciiStr>::from(chars.unwrap_or(&self.chars)).as_str()
    }
}

/// Eight units as bytes, the first in the lowest; `None` if one of them is not ASCII.
#[inline(always)]
fn narrow_eight(units: &[u8; 16]) -> Option<u64> {
    const NOT_ASCII: u128 = 0xff80_ff80_ff80_ff80_ff80_ff80_ff80_ff80;
    let narrowed = [0, 2, 4, 6, 8, 10, 12, 14].map(|at| units[at]);
    let is_ascii = u128::from_le_bytes(*units) & NOT_ASCII == 0;
    is_ascii.then(|| u64::from_le_bytes(narrowed))
}

/// Without the `count` lowest bytes.
#[inline(always)]
fn drop_first(word: u64, count: usize) -> u64 {
    let bits = u32::try_from(count.saturating_mul(8)).unwrap_or(u64::BITS);
    word.checked_shr(bits).unwrap_or(0)
}
