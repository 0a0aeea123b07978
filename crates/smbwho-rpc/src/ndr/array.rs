//! Conformant arrays, read lazily.

use std::{fmt, iter};

use super::reader::align_up;
use super::{Fixed, NdrError, NdrErrorKind, Reader, Slot, Wire, Writer};

/// A conformant array, `[size_is(n)] T*` ([C706 14.3.3.2], 14.3.6).
///
/// From the wire it is a view: decoding walks all elements once, so that whatever follows can be
/// found and every element is known to be well-formed, and keeps nothing. [`iter`](Self::iter)
/// walks them again and makes each element as it is asked for. So a reply of any size costs no
/// allocation.
///
/// To send, it is made from a slice: [`Array::from`].
#[derive(Clone, Copy)]
pub struct Array<'a, T: Wire<'a>>(Elements<'a, T>);

#[derive(Clone, Copy)]
enum Elements<'a, T: Wire<'a>> {
    /// Validated bytes: the fixed parts, and where the referents begin.
    Wire {
        count: usize,
        fixed: Reader<'a>,
        deferred: Reader<'a>,
    },
    Values(&'a [T]),
}

/// Elements of an array that are still to be made, by where they stand in the stub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    count: u32,
    fixed: usize,
    deferred: usize,
}

impl Remaining {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Leaves out all behind the next `most`.
    pub fn truncate(&mut self, most: usize) {
        self.count = self.count.min(u32::try_from(most).unwrap_or(u32::MAX));
    }

    /// Whether all were made.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl<'a, T: Wire<'a>> Array<'a, T> {
    /// Bytes from one element to the next.
    const STRIDE: usize = align_up(T::SIZE, T::ALIGN);

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0 {
            Elements::Wire { count, .. } => count,
            Elements::Values(values) => values.len(),
        }
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements, in order. [`len`](Self::len) of them.
    #[inline(always)]
    #[must_use]
    pub fn iter(&self) -> Iter<'a, T> {
        Iter(self.0)
    }

    /// The bytes of the fixed parts, if this came from the wire. For an array of `u8` these are
    /// its elements.
    #[must_use]
    pub fn fixed_bytes(&self) -> Option<&'a [u8]> {
        match self.0 {
            Elements::Wire { mut fixed, .. } => fixed.take(fixed.left()).ok(),
            Elements::Values(_) => None,
        }
    }

    /// An array of elements without pointers from the bytes of their fixed parts, to send: `None`
    /// if these are no whole number of elements. [`fixed_bytes`](Self::fixed_bytes) gives them
    /// back.
    #[must_use]
    pub fn of_fixed_bytes(bytes: &'a [u8]) -> Option<Self> {
        if T::POINTERS || T::SIZE != Self::STRIDE || !bytes.len().is_multiple_of(T::SIZE) {
            return None;
        }
        Some(Self(Elements::Wire {
            count: bytes.len().checked_div(T::SIZE)?,
            fixed: Reader::new(bytes),
            deferred: Reader::new(&[]),
        }))
    }

    /// Bytes of `count` fixed parts; there is no padding behind the last.
    fn fixed_length(count: usize) -> Option<usize> {
        match count.checked_sub(1) {
            None => Some(0),
            Some(padded) => padded.checked_mul(Self::STRIDE)?.checked_add(T::SIZE),
        }
    }

    /// Reads an array, its count first, and makes something of each element in the same pass:
    /// for long lists, where walking them once to validate and once more to use them would take
    /// twice the time. What was made is dropped when the array turns out malformed.
    ///
    /// # Errors
    /// As decoding the array.
    #[inline(always)]
    pub fn decode_map<R>(
        deferred: &mut Reader<'a>,
        mut make: impl FnMut(T) -> R,
    ) -> Result<Vec<R>, NdrError> {
        let count = deferred.u32()?;
        let (mut fixed, base) = Self::fixed_parts(count, deferred)?;
        // The stub holds as many.
        let mut made = Vec::with_capacity(count as usize);
        let mut cursor = *deferred;
        for _ in 0..count {
            let element = next_element(&mut fixed, &mut cursor, base)?;
            // Made where it stays, where pushing it would move it there.
            made.extend(iter::once_with(|| make(element)));
        }
        *deferred = cursor;
        Ok(made)
    }

    /// Finds the elements of an array, its count first, to be made part by part: see
    /// [`decode_next`](Self::decode_next). None of them is looked at.
    ///
    /// # Errors
    /// When there are not as many fixed parts.
    pub fn remaining(deferred: &mut Reader<'a>) -> Result<Remaining, NdrError> {
        let count = deferred.u32()?;
        let (_, fixed) = Self::fixed_parts(count, deferred)?;
        Ok(Remaining {
            count,
            fixed,
            deferred: deferred.offset(),
        })
    }

    /// Makes something of the next elements of a stub, of no more than `most`: for long lists that
    /// are not wanted all at a time. Nothing borrows the stub in between.
    ///
    /// # Errors
    /// As decoding the array.
    #[inline(always)]
    pub fn decode_next<R>(
        stub: &'a [u8],
        remaining: &mut Remaining,
        most: usize,
        mut make: impl FnMut(T) -> R,
    ) -> Result<Vec<R>, NdrError> {
        let mut fixed = Reader::at(stub, remaining.fixed);
        let mut deferred = Reader::at(stub, remaining.deferred);
        let count = remaining.count.min(u32::try_from(most).unwrap_or(u32::MAX));
        // As many fixed parts were there.
        let mut made = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let element = next_element(&mut fixed, &mut deferred, 0)?;
            made.extend(iter::once_with(|| make(element)));
        }
        *remaining = Remaining {
            count: remaining.count.saturating_sub(count),
            fixed: fixed.offset(),
            deferred: deferred.offset(),
        };
        Ok(made)
    }

    /// Reads `count` elements at `deferred`: the fixed parts of all of them, then the referents
    /// of each in turn.
    fn decode_elements(count: u32, deferred: &mut Reader<'a>) -> Result<Self, NdrError> {
        let (fixed, base) = Self::fixed_parts(count, deferred)?;
        let elements = Elements::Wire {
            count: count as usize,
            fixed,
            deferred: *deferred,
        };
        if T::POINTERS {
            let (mut fixed, mut cursor) = (fixed, *deferred);
            for _ in 0..count {
                next_element::<T>(&mut fixed, &mut cursor, base)?;
            }
            *deferred = cursor;
        }
        Ok(Self(elements))
    }

    /// The fixed parts of `count` elements at `deferred`, and where they begin.
    fn fixed_parts(count: u32, deferred: &mut Reader<'a>) -> Result<(Reader<'a>, usize), NdrError> {
        const {
            assert!(
                T::SIZE > 0,
                "an element needs a fixed part, or a count could not be bounded"
            )
        };
        if count > 0 {
            deferred.align(T::ALIGN);
        }
        let base = deferred.offset();
        // Taken from the stub before anything else is believed.
        let bytes = Self::fixed_length(count as usize).and_then(|n| deferred.take(n).ok());
        let bytes = bytes.ok_or_else(|| {
            let kind = NdrErrorKind::CountTooLarge {
                count,
                size: T::SIZE,
                left: deferred.left(),
            };
            NdrError::new(kind, base)
        })?;
        Ok((Reader::new(bytes), base))
    }
}

impl<'a> Array<'a, u8> {
    /// The elements of an array of bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        match self.0 {
            Elements::Wire { mut fixed, .. } => fixed.take(fixed.left()).unwrap_or_default(),
            Elements::Values(values) => values,
        }
    }
}

impl<'a, T: Wire<'a>> Array<'a, T> {
    fn encode_elements(&self, out: &mut Writer) -> Result<(), NdrError> {
        if self.is_empty() {
            return Ok(());
        }
        out.align(T::ALIGN);
        let mut fixed = out.reserve(Self::fixed_length(self.len()).unwrap_or_default());
        for element in self.iter() {
            fixed.align(T::ALIGN);
            element.encode(&mut fixed, out)?;
        }
        Ok(())
    }
}

/// One element: `fixed` stands at it or at the padding before it.
#[inline(always)]
fn next_element<'a, T: Wire<'a>>(
    fixed: &mut Reader<'a>,
    deferred: &mut Reader<'a>,
    base: usize,
) -> Result<T, NdrError> {
    fixed.align(T::ALIGN);
    let base = base.saturating_add(fixed.offset());
    let bytes = fixed.take(T::SIZE)?;
    T::decode(&mut Fixed::new(bytes, base), deferred)
}

impl<'a, T: Wire<'a>> Wire<'a> for Array<'a, T> {
    const SIZE: usize = 0;
    const ALIGN: usize = 1;
    const POINTERS: bool = true;

    fn decode(_: &mut Fixed<'a>, deferred: &mut Reader<'a>) -> Result<Self, NdrError> {
        let count = deferred.u32()?;
        Self::decode_elements(count, deferred)
    }

    fn encode(&self, _: &mut Slot, out: &mut Writer) -> Result<(), NdrError> {
        let count = u32::try_from(self.len()).map_err(|_| {
            NdrError::new(
                NdrErrorKind::CountOverflow { count: self.len() },
                out.offset(),
            )
        })?;
        out.u32(count);
        self.encode_elements(out)
    }
}

/// A conformant and varying array, `[size_is(max), length_is(n)] T*` ([C706 14.3.3.4]): room for
/// `max` elements, of which the first `n` are transmitted. The buffer of an `RPC_UNICODE_STRING`
/// is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VaryingArray<'a, T: Wire<'a>> {
    max: u32,
    elements: Array<'a, T>,
}

impl<'a, T: Wire<'a>> VaryingArray<'a, T> {
    /// The elements transmitted, with room for `max`, or for as many as there are if that is more.
    #[must_use]
    pub fn new(max: u32, elements: Array<'a, T>) -> Self {
        let least = u32::try_from(elements.len()).unwrap_or(u32::MAX);
        Self {
            max: max.max(least),
            elements,
        }
    }

    /// Elements there is room for.
    #[must_use]
    pub fn max(&self) -> u32 {
        self.max
    }

    /// The elements transmitted.
    #[must_use]
    pub fn elements(&self) -> Array<'a, T> {
        self.elements
    }
}

impl<'a, T: Wire<'a>> Wire<'a> for VaryingArray<'a, T> {
    const SIZE: usize = 0;
    const ALIGN: usize = 1;
    const POINTERS: bool = true;

    fn decode(_: &mut Fixed<'a>, deferred: &mut Reader<'a>) -> Result<Self, NdrError> {
        let max = deferred.u32()?;
        let start = deferred.offset();
        let (offset, actual) = (deferred.u32()?, deferred.u32()?);
        if offset != 0 {
            return Err(NdrError::new(NdrErrorKind::Offset { offset }, start));
        }
        if actual > max {
            return Err(NdrError::new(
                NdrErrorKind::ActualOverMax { actual, max },
                start,
            ));
        }
        let elements = Array::decode_elements(actual, deferred)?;
        Ok(Self { max, elements })
    }

    fn encode(&self, _: &mut Slot, out: &mut Writer) -> Result<(), NdrError> {
        let actual = u32::try_from(self.elements.len()).map_err(|_| {
            let count = self.elements.len();
            NdrError::new(NdrErrorKind::CountOverflow { count }, out.offset())
        })?;
        out.u32(self.max);
        out.u32(0);
        out.u32(actual);
        self.elements.encode_elements(out)
    }
}

/// The elements of an [`Array`].
pub struct Iter<'a, T: Wire<'a>>(Elements<'a, T>);

impl<'a, T: Wire<'a>> Iterator for Iter<'a, T> {
    type Item = T;

    #[inline(always)]
    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Elements::Wire {
                count,
                fixed,
                deferred,
            } => {
                *count = count.checked_sub(1)?;
                let element = next_element(fixed, deferred, 0);
                debug_assert!(
                    element.is_ok(),
                    "the array was validated when it was decoded"
                );
                element.ok()
            }
            Elements::Values(values) => {
                let (first, rest) = values.split_first()?;
                *values = rest;
                Some(*first)
            }
        }
    }

    /// With the cursors of its own, which [`next`](Self::next) would put back each time.
    #[inline(always)]
    fn fold<B, F: FnMut(B, T) -> B>(self, init: B, mut each: F) -> B {
        let mut folded = init;
        match self.0 {
            Elements::Wire {
                count,
                mut fixed,
                mut deferred,
            } => {
                for _ in 0..count {
                    match next_element(&mut fixed, &mut deferred, 0) {
                        Ok(element) => folded = each(folded, element),
                        Err(_) => {
                            debug_assert!(false, "the array was validated when it was decoded");
                            break;
                        }
                    }
                }
            }
            Elements::Values(values) => {
                for value in values {
                    folded = each(folded, *value);
                }
            }
        }
        folded
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.0 {
            Elements::Wire { count, .. } => *count,
            Elements::Values(values) => values.len(),
        };
        (left, Some(left))
    }
}

impl<'a, T: Wire<'a>> ExactSizeIterator for Iter<'a, T> {}

impl<'a, T: Wire<'a>> IntoIterator for Array<'a, T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Wire<'a>> From<&'a [T]> for Array<'a, T> {
    fn from(values: &'a [T]) -> Self {
        Self(Elements::Values(values))
    }
}

impl<'a, T: Wire<'a> + PartialEq> PartialEq for Array<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Wire<'a> + Eq> Eq for Array<'a, T> {}

impl<'a, T: Wire<'a> + fmt::Debug> fmt::Debug for Array<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
