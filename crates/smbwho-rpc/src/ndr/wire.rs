//! The trait every wire type has, and the scalar types and pointers.

use super::{Fixed, NdrError, Reader, Slot, Writer};

/// A type with a wire form in NDR 2.0 (C706 chapter 14).
///
/// A value has a *fixed part* of constant size, and may have *referents*, what its pointers point
/// to, behind the outermost fixed part it belongs to. So decoding walks two cursors: `fixed` over
/// the fixed parts, `deferred` over the referents. NDR's order (each referent complete, its own
/// referents included, before the next pointer's) falls out of reading the fields in order.
///
/// A conformant thing has no constant size. It is only met behind a pointer or as a parameter of
/// its own, so it has `SIZE` 0 and lies wholly at the deferred cursor.
///
/// Implement it with [`ndr_struct!`](crate::ndr_struct) and [`ndr_union!`](crate::ndr_union).
///
/// What decodes is `inline(always)`: only when all fields of an element are in one function do the
/// constant offsets fold and the results stay in registers. With `inline` alone the compiler kept
/// calls, and decoding took 2.7 times as long as code written by hand; so it takes no longer
/// (`benches/` at the root of the repository measures both).
pub trait Wire<'a>: Copy + 'a {
    /// Bytes of the fixed part.
    const SIZE: usize;
    /// Alignment of the fixed part: a power of two.
    const ALIGN: usize;
    /// Whether anything may lie at the deferred cursor.
    const POINTERS: bool;

    /// Reads one value. `fixed` stands at its fixed part, aligned.
    ///
    /// # Errors
    /// What is malformed, and where.
    fn decode(fixed: &mut Fixed<'a>, deferred: &mut Reader<'a>) -> Result<Self, NdrError>;

    /// Writes one value. `fixed` stands at its fixed part, aligned; referents go to the end of
    /// `out`.
    ///
    /// # Errors
    /// What cannot be put on the wire.
    fn encode(&self, fixed: &mut Slot, out: &mut Writer) -> Result<(), NdrError>;
}

macro_rules! scalar {
    ($($int:ty),*) => {$(
        impl<'a> Wire<'a> for $int {
            const SIZE: usize = size_of::<$int>();
            const ALIGN: usize = size_of::<$int>();
            const POINTERS: bool = false;

            #[inline(always)]
            fn decode(fixed: &mut Fixed<'a>, _: &mut Reader<'a>) -> Result<Self, NdrError> {
                fixed.align(<$int as Wire<'a>>::ALIGN);
                fixed.take_array().map(<$int>::from_le_bytes)
            }

            #[inline]
            fn encode(&self, fixed: &mut Slot, out: &mut Writer) -> Result<(), NdrError> {
                fixed.align(<$int as Wire<'a>>::ALIGN);
                fixed.put(out, self.to_le_bytes());
                Ok(())
            }
        }
    )*};
}

scalar!(u8, u16, u32, u64, i32, i64);

/// A fixed array of bytes ([C706 14.3.3.1]), as in a GUID or the identifier of a handle.
impl<'a, const N: usize> Wire<'a> for [u8; N] {
    const SIZE: usize = N;
    const ALIGN: usize = 1;
    const POINTERS: bool = false;

    #[inline(always)]
    fn decode(fixed: &mut Fixed<'a>, _: &mut Reader<'a>) -> Result<Self, NdrError> {
        fixed.take_array()
    }

    #[inline]
    fn encode(&self, fixed: &mut Slot, out: &mut Writer) -> Result<(), NdrError> {
        fixed.put(out, *self);
        Ok(())
    }
}

/// A unique pointer ([C706 14.3.12.2]): a referent id, and if that is not zero the referent.
///
/// The id itself means nothing for unique pointers, and servers repeat ids in long replies:
/// it is tested for zero and never looked up.
impl<'a, T: Wire<'a>> Wire<'a> for Option<T> {
    const SIZE: usize = 4;
    const ALIGN: usize = 4;
    const POINTERS: bool = true;

    #[inline(always)]
    fn decode(fixed: &mut Fixed<'a>, deferred: &mut Reader<'a>) -> Result<Self, NdrError> {
        match u32::decode(fixed, deferred)? {
            0 => Ok(None),
            _ => deferred.item().map(Some),
        }
    }

    fn encode(&self, fixed: &mut Slot, out: &mut Writer) -> Result<(), NdrError> {
        match self {
            None => 0u32.encode(fixed, out),
            Some(referent) => {
                let id = out.referent();
                id.encode(fixed, out)?;
                out.item(referent)
            }
        }
    }
}
