//! The macros that declare wire types.

/// Declares structures as MS-IDL does: once, fields in wire order, attributes before the field.
///
/// ```
/// use smbwho_rpc::ndr::{self, Wire, wchar_t};
///
/// smbwho_rpc::ndr_struct! {
///     /// [MS-SRVS] 2.2.4.23 Share information, level 1 (SHARE_INFO_1).
///     #[doc(alias = "SHARE_INFO_1")]
///     pub struct ShareInfo1<'a> {
///         /// The share's name.
///         [string, unique] netname: wchar_t,
///         /// What is shared, and how.
///         kind: u32,
///         /// A comment.
///         [string, unique] remark: wchar_t,
///     }
/// }
/// assert_eq!((ShareInfo1::SIZE, ShareInfo1::ALIGN), (12, 4));
///
/// smbwho_rpc::ndr_struct! {
///     /// [MS-SRVS] 2.2.4.33 (SHARE_INFO_1_CONTAINER)
///     pub struct ShareInfo1Container<'a> {
///         /// Shares in `buffer`.
///         entries_read: u32,
///         /// The shares.
///         [size_is(entries_read), unique] buffer: ShareInfo1<'a>,
///     }
/// }
/// ```
///
/// | attributes | the Rust field is |
/// |---|---|
/// | none | the type itself: `u8` to `u64`, `[u8; n]`, another declared structure, a union, a number with a name ([`ndr_number!`](crate::ndr_number)) |
/// | `[unique]` | `Option<T>` |
/// | `[string, unique]` on `wchar_t` | `Option<WStr<'a>>` |
/// | `[size_is(n), unique]` | `Option<Array<'a, T>>`; `n`, an expression of other fields, is checked |
/// | `[size_is(n), length_is(m), unique]` | `Option<VaryingArray<'a, T>>`; both are checked |
/// | `[size_is(n)]`, `[size_is(n), length_is(m)]` | `Array<'a, T>`, `VaryingArray<'a, T>`: a parameter that is an array itself, in [`ndr_params!`](crate::ndr_params) only |
/// | `[switch_is(level)]` on a union | the union; its discriminant is checked against `level` |
///
/// `n` and `m` are a field, a field divided by a constant, or a constant.
/// An array of strings or of pointers has `Option<WStr<'a>>` or `Option<T>` for elements.
/// A structure that ends in a conformant array of its own, such as a SID, has no macro: implement
/// `Wire` with `SIZE` 0 and read it at the deferred cursor.
///
/// From that come [`Wire`](crate::ndr::Wire) with `SIZE` and `ALIGN` computed from the fields,
/// and Debug, Clone, Copy, PartialEq and Eq.
/// An error names the field. A null pointer with a size above zero is let pass here, since servers
/// leave sizes standing beside null pointers when a call failed: see
/// [`NdrErrorKind::MissingElements`](crate::ndr::NdrErrorKind::MissingElements).
#[macro_export]
macro_rules! ndr_struct {
    ($(#[$meta:meta])* pub struct $name:ident<$lt:lifetime $(, $generic:ident)*> { $($fields:tt)* }) => {
        $crate::__ndr_struct! { @declare $(#[$meta])* $name [$lt $(, $generic)*] $lt $($fields)* }
        $crate::__ndr_struct! { @traits $name [$lt $(, $generic)*] $lt $($fields)* }
        $crate::__ndr_struct! { @wire $name [$lt $(, $generic)*] [$lt $(, $generic)*] $lt $($fields)* }
    };
    ($(#[$meta:meta])* pub struct $name:ident { $($fields:tt)* }) => {
        $crate::__ndr_struct! { @declare $(#[$meta])* $name [] 'wire $($fields)* }
        $crate::__ndr_struct! { @traits $name [] 'wire $($fields)* }
        $crate::__ndr_struct! { @wire $name [] ['wire] 'wire $($fields)* }
    };
}

/// Declares the parameters of a call in one direction: fields as in [`ndr_struct!`], but each is
/// an item of its own, with its referents right behind it ([C706 14.3.12], 14.4), and
/// together they are a whole stub.
///
/// Gives `from_stub`, which refuses bytes left over, and `to_stub`. A `[ref]` pointer at the top
/// has no wire form: write the type it points to. `[string]` without `unique` is allowed here.
#[macro_export]
macro_rules! ndr_params {
    ($(#[$meta:meta])* pub struct $name:ident<$lt:lifetime> { $($fields:tt)* }) => {
        $crate::__ndr_struct! { @declare $(#[$meta])* $name [$lt] $lt $($fields)* }
        $crate::__ndr_struct! { @traits $name [$lt] $lt $($fields)* }
        $crate::__ndr_struct! { @params $name [$lt] [$lt] $lt $($fields)* }
    };
    ($(#[$meta:meta])* pub struct $name:ident { $($fields:tt)* }) => {
        $crate::__ndr_struct! { @declare $(#[$meta])* $name [] 'wire $($fields)* }
        $crate::__ndr_struct! { @traits $name [] 'wire $($fields)* }
        $crate::__ndr_struct! { @params $name [] ['wire] 'wire $($fields)* }
    };
}

/// The common parts of `ndr_struct!` and `ndr_params!`. Not public.
#[doc(hidden)]
#[macro_export]
macro_rules! __ndr_struct {
    (
        @declare $(#[$meta:meta])* $name:ident [$($generics:tt)*] $lt:lifetime
        $( $(#[$field_meta:meta])* $([$($attr:tt)+])? $field:ident : $ty:ty ),+ $(,)?
    ) => {
        $crate::__ndr_generics! {
            [$($generics)*]
            $(#[$meta])*
            pub struct $name {
                $(
                    $(#[$field_meta])*
                    pub $field: $crate::__ndr_field!(@type $lt [$($($attr)+)?] $ty),
                )+
            }
        }
    };
    // By hand: `derive` does not go with macros as field types and generics together.
    (
        @traits $name:ident [$($lt0:lifetime $(, $generic:ident)*)?] $lt:lifetime
        $( $(#[$field_meta:meta])* $([$($attr:tt)+])? $field:ident : $ty:ty ),+ $(,)?
    ) => {
        impl$(<$lt0 $(, $generic: $crate::ndr::Wire<$lt0>)*>)? Clone for $name$(<$lt0 $(, $generic)*>)? {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl$(<$lt0 $(, $generic: $crate::ndr::Wire<$lt0>)*>)? Copy for $name$(<$lt0 $(, $generic)*>)? {}

        impl$(<$lt0 $(, $generic: $crate::ndr::Wire<$lt0> + PartialEq)*>)? PartialEq for $name$(<$lt0 $(, $generic)*>)? {
            fn eq(&self, other: &Self) -> bool {
                true $(&& self.$field == other.$field)+
            }
        }

        impl$(<$lt0 $(, $generic: $crate::ndr::Wire<$lt0> + Eq)*>)? Eq for $name$(<$lt0 $(, $generic)*>)? {}

        impl$(<$lt0 $(, $generic: $crate::ndr::Wire<$lt0> + ::core::fmt::Debug)*>)? ::core::fmt::Debug for $name$(<$lt0 $(, $generic)*>)? {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($field), &self.$field))+
                    .finish()
            }
        }
    };
    (
        @wire $name:ident [$($generics:tt)*] [$il:lifetime $(, $ig:ident)*] $lt:lifetime
        $( $(#[$field_meta:meta])* $([$($attr:tt)+])? $field:ident : $ty:ty ),+ $(,)?
    ) => {
        impl<$il $(, $ig: $crate::ndr::Wire<$il>)*> $crate::ndr::Wire<$il> for $name<$($generics)*> {
            const SIZE: usize = $crate::ndr::layout(&[
                $($crate::__ndr_field!(@layout $lt [$($($attr)+)?] $ty)),+
            ]).0;
            const ALIGN: usize = $crate::ndr::layout(&[
                $($crate::__ndr_field!(@layout $lt [$($($attr)+)?] $ty)),+
            ]).1;
            const POINTERS: bool = false $(
                || <$crate::__ndr_field!(@type $lt [$($($attr)+)?] $ty) as $crate::ndr::Wire<$lt>>::POINTERS
            )+;

            #[inline(always)]
            fn decode(
                fixed: &mut $crate::ndr::Fixed<$il>,
                deferred: &mut $crate::ndr::Reader<$il>,
            ) -> ::core::result::Result<Self, $crate::ndr::NdrError> {
                fixed.align(<Self as $crate::ndr::Wire<$il>>::ALIGN);
                $(
                    $crate::__ndr_field!(@inside [$($($attr)+)?]);
                    $crate::__ndr_field!(@element [$($($attr)+)?] $ty);
                    let $field = $crate::ndr::Wire::decode(fixed, deferred)
                        .map_err(|e| e.in_field(concat!(stringify!($name), ".", stringify!($field))))?;
                )+
                let this = Self { $($field),+ };
                $( $crate::__ndr_field!(@check [$($($attr)+)?] this.$field, deferred,
                    concat!(stringify!($name), ".", stringify!($field))); )+
                Ok(this)
            }

            fn encode(
                &self,
                fixed: &mut $crate::ndr::Slot,
                out: &mut $crate::ndr::Writer,
            ) -> ::core::result::Result<(), $crate::ndr::NdrError> {
                fixed.align(<Self as $crate::ndr::Wire<$il>>::ALIGN);
                $(
                    self.$field.encode(fixed, out)
                        .map_err(|e| e.in_field(concat!(stringify!($name), ".", stringify!($field))))?;
                )+
                Ok(())
            }
        }
    };
    (
        @params $name:ident [$($generics:tt)*] [$il:lifetime] $lt:lifetime
        $( $(#[$field_meta:meta])* $([$($attr:tt)+])? $field:ident : $ty:ty ),+ $(,)?
    ) => {
        impl<$il> $name<$($generics)*> {
            /// Decodes a whole stub.
            ///
            /// # Errors
            /// What is malformed, and where; bytes left over are.
            pub fn from_stub(
                stub: &$il [u8],
            ) -> ::core::result::Result<Self, $crate::ndr::NdrError> {
                let mut reader = $crate::ndr::Reader::new(stub);
                $(
                    $crate::__ndr_field!(@element [$($($attr)+)?] $ty);
                    let $field: $crate::__ndr_field!(@type $lt [$($($attr)+)?] $ty) = reader.item()
                        .map_err(|e: $crate::ndr::NdrError| e.in_field(concat!(stringify!($name), ".", stringify!($field))))?;
                )+
                let this = Self { $($field),+ };
                $( $crate::__ndr_field!(@check [$($($attr)+)?] this.$field, reader,
                    concat!(stringify!($name), ".", stringify!($field))); )+
                reader.finish()?;
                Ok(this)
            }

            /// Encodes a whole stub.
            ///
            /// # Errors
            /// What cannot be put on the wire.
            pub fn to_stub(
                &self,
            ) -> ::core::result::Result<::std::vec::Vec<u8>, $crate::ndr::NdrError> {
                let mut writer = $crate::ndr::Writer::new();
                $(
                    writer.item(&self.$field)
                        .map_err(|e| e.in_field(concat!(stringify!($name), ".", stringify!($field))))?;
                )+
                Ok(writer.into_stub())
            }
        }
    };
}

/// Puts the generics into a struct declaration. Not public.
#[doc(hidden)]
#[macro_export]
macro_rules! __ndr_generics {
    ([] $(#[$meta:meta])* pub struct $name:ident { $($fields:tt)* }) => {
        $(#[$meta])* pub struct $name { $($fields)* }
    };
    ([$lt:lifetime $(, $generic:ident)*] $(#[$meta:meta])* pub struct $name:ident { $($fields:tt)* }) => {
        $(#[$meta])* pub struct $name<$lt $(, $generic: $crate::ndr::Wire<$lt>)*> { $($fields)* }
    };
}

/// What the attributes of one field mean. Not public.
#[doc(hidden)]
#[macro_export]
macro_rules! __ndr_field {
    // The Rust type.
    (@type $lt:lifetime [] $ty:ty) => { $ty };
    (@type $lt:lifetime [unique] $ty:ty) => { ::core::option::Option<$ty> };
    (@type $lt:lifetime [string] $ty:ty) => { $crate::ndr::WStr<$lt> };
    (@type $lt:lifetime [string, unique] $ty:ty) => { ::core::option::Option<$crate::ndr::WStr<$lt>> };
    (@type $lt:lifetime [size_is($($n:tt)+), unique] $ty:ty) => {
        ::core::option::Option<$crate::ndr::Array<$lt, $ty>>
    };
    (@type $lt:lifetime [size_is($($n:tt)+), length_is($($m:tt)+), unique] $ty:ty) => {
        ::core::option::Option<$crate::ndr::VaryingArray<$lt, $ty>>
    };
    (@type $lt:lifetime [size_is($($n:tt)+)] $ty:ty) => { $crate::ndr::Array<$lt, $ty> };
    (@type $lt:lifetime [size_is($($n:tt)+), length_is($($m:tt)+)] $ty:ty) => {
        $crate::ndr::VaryingArray<$lt, $ty>
    };
    (@type $lt:lifetime [switch_is($($n:tt)+)] $ty:ty) => { $ty };

    // Size and alignment.
    (@layout $lt:lifetime [$($attr:tt)*] $ty:ty) => {
        $crate::ndr::layout_of::<$crate::__ndr_field!(@type $lt [$($attr)*] $ty)>()
    };

    // What may not stand inside a structure.
    (@inside [string]) => { compile_error!("a string inside a structure needs `unique`"); };
    (@inside [size_is($($n:tt)+) $(, length_is($($m:tt)+))?]) => {
        compile_error!("a conformant array inside a structure needs `unique`");
    };
    (@inside [$($attr:tt)*]) => {};

    // A string is declared on `wchar_t`.
    (@element [string $(, unique)?] $ty:ty) => {
        let _: ::core::marker::PhantomData<$crate::ndr::wchar_t> = ::core::marker::PhantomData::<$ty>;
    };
    (@element [$($attr:tt)*] $ty:ty) => {};

    // What must agree with another field.
    (@check [size_is($($n:tt)+), unique] $this:ident.$field:ident, $at:ident, $name:expr) => {
        if let Some(array) = &$this.$field {
            $crate::ndr::check_count(u64::from($crate::__ndr_expr!($this $($n)+)), array.len(), $at.offset())
                .map_err(|e| e.in_field($name))?;
        }
    };
    (@check [size_is($($n:tt)+), length_is($($m:tt)+), unique] $this:ident.$field:ident, $at:ident, $name:expr) => {
        if let Some(array) = &$this.$field {
            $crate::ndr::check_count(u64::from($crate::__ndr_expr!($this $($n)+)), array.max() as usize, $at.offset())
                .and_then(|()| $crate::ndr::check_count(u64::from($crate::__ndr_expr!($this $($m)+)), array.elements().len(), $at.offset()))
                .map_err(|e| e.in_field($name))?;
        }
    };
    (@check [size_is($($n:tt)+)] $this:ident.$field:ident, $at:ident, $name:expr) => {
        $crate::ndr::check_count(u64::from($crate::__ndr_expr!($this $($n)+)), $this.$field.len(), $at.offset())
            .map_err(|e| e.in_field($name))?;
    };
    (@check [size_is($($n:tt)+), length_is($($m:tt)+)] $this:ident.$field:ident, $at:ident, $name:expr) => {
        $crate::ndr::check_count(u64::from($crate::__ndr_expr!($this $($n)+)), $this.$field.max() as usize, $at.offset())
            .and_then(|()| $crate::ndr::check_count(u64::from($crate::__ndr_expr!($this $($m)+)), $this.$field.elements().len(), $at.offset()))
            .map_err(|e| e.in_field($name))?;
    };
    (@check [switch_is($($n:tt)+)] $this:ident.$field:ident, $at:ident, $name:expr) => {
        $crate::ndr::check_discriminant($crate::__ndr_expr!($this $($n)+), $this.$field.discriminant(), $at.offset())
            .map_err(|e| e.in_field($name))?;
    };
    (@check [$($attr:tt)*] $this:ident.$field:ident, $at:ident, $name:expr) => {};
}

/// A field, a field divided by a constant, or a constant, as `size_is` and its like write it. Not public.
#[doc(hidden)]
#[macro_export]
macro_rules! __ndr_expr {
    ($this:ident $field:ident) => {
        $this.$field
    };
    ($this:ident $field:ident / $by:literal) => {
        $this.$field / $by
    };
    ($this:ident $n:literal) => {
        $n as u32
    };
}
