//! Network Data Representation 2.0 (C706 chapter 14; [MS-RPCE] 2.2.4), little-endian.
//!
//! A stub is decoded into views that borrow from it. Types are declared with
//! [`ndr_struct!`](crate::ndr_struct), [`ndr_union!`](crate::ndr_union) and
//! [`ndr_params!`](crate::ndr_params) as their MS-IDL reads; [`Wire`] says how that works.
//!
//! What is refused: an offset other than zero, an actual count above the maximum, a missing
//! terminator, an array count that differs from its size field or that the rest of the stub
//! cannot hold, a union that differs from its level, anything behind the last parameter.
//! What is let pass: any referent id but zero, a maximum above the actual count, any pad bytes,
//! unpaired surrogates, NUL inside a text.

mod array;
mod declare;
mod error;
mod layout;
mod number;
mod reader;
mod text;
mod union;
mod wire;
mod writer;

pub use array::{Array, Iter, Remaining, VaryingArray};
pub use error::{Culprit, NdrError, NdrErrorKind};
#[doc(hidden)]
pub use layout::{check_count, check_discriminant, layout, layout_of, same_layout};
pub use reader::{Fixed, Reader};
pub use text::{MAX_STRING_UNITS, WStr, utf16le, wchar_t};
pub use wire::Wire;
pub use writer::{Slot, Writer};
