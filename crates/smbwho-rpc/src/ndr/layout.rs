//! Sizes, alignments and agreements of declared types: what the macros call.

use super::reader::align_up;
use super::{NdrError, NdrErrorKind, Wire};

/// Size and alignment of the fixed part of `T`.
#[doc(hidden)]
#[must_use]
pub const fn layout_of<'a, T: Wire<'a>>() -> (usize, usize) {
    (T::SIZE, T::ALIGN)
}

/// Size and alignment of a structure whose fields have these sizes and alignments. There is no
/// padding behind the last field ([C706 14.3.5]).
#[doc(hidden)]
#[must_use]
pub const fn layout(fields: &[(usize, usize)]) -> (usize, usize) {
    let (mut size, mut align) = (0usize, 1);
    let mut rest = fields;
    while let [(field_size, field_align), tail @ ..] = rest {
        size = align_up(size, *field_align).saturating_add(*field_size);
        if *field_align > align {
            align = *field_align;
        }
        rest = tail;
    }
    (size, align)
}

/// The one layout that all arms of a union have. Fails the build if they differ.
#[doc(hidden)]
#[must_use]
pub const fn same_layout(arms: &[(usize, usize)]) -> (usize, usize) {
    let (mut rest, mut layout) = (arms, (0, 1));
    if let [first, ..] = arms {
        layout = *first;
    }
    while let [arm, tail @ ..] = rest {
        assert!(
            arm.0 == layout.0,
            "the arms of a union need fixed parts of one size"
        );
        if arm.1 > layout.1 {
            layout.1 = arm.1;
        }
        rest = tail;
    }
    layout
}

/// `size_is` and `length_is`.
#[doc(hidden)]
#[inline]
pub fn check_count(declared: u64, found: usize, at: usize) -> Result<(), NdrError> {
    if declared == found as u64 {
        return Ok(());
    }
    Err(NdrError::new(
        NdrErrorKind::CountMismatch { declared, found },
        at,
    ))
}

/// `switch_is`.
#[doc(hidden)]
#[inline]
pub fn check_discriminant(declared: u32, found: u32, at: usize) -> Result<(), NdrError> {
    if declared == found {
        return Ok(());
    }
    Err(NdrError::new(
        NdrErrorKind::DiscriminantMismatch { declared, found },
        at,
    ))
}
