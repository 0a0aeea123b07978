//! The macro that declares unions.

/// Declares a union selected by a 32-bit discriminant ([C706 14.3.8]), as an enum.
///
/// ```
/// use smbwho_rpc::ndr::wchar_t;
///
/// smbwho_rpc::ndr_union! {
///     /// An answer at one level or the other.
///     pub union Answer<'a> {
///         /// Level 0.
///         [case(0), string, unique] Level0: wchar_t,
///         /// Level 1.
///         [case(1), unique] Level1: u64,
///     }
/// }
/// ```
///
/// Without arms that borrow, leave the lifetime out.
///
/// All arms must have fixed parts of one size, which the compiler checks; arms that are pointers
/// do. A discriminant not listed is refused. `discriminant()` gives the number of the arm.
///
/// `switch_type(u16)` after the name declares a union with a 16-bit discriminant (an enum in
/// MS-IDL) whose arms may differ in size. Then it has no constant size: it can stand behind a
/// pointer or as a parameter of its own, not inside a structure.
///
/// ```
/// use smbwho_rpc::ndr::{self, Reader};
///
/// smbwho_rpc::ndr_union! {
///     /// One thing or the other.
///     pub union Info<'a> switch_type(u16) {
///         /// A number.
///         [case(1)] Number: u32,
///         /// A text.
///         [case(2), string, unique] Text: ndr::wchar_t,
///     }
/// }
/// let info = Reader::new(&[1, 0, 0xff, 0xff, 7, 0, 0, 0]).item::<Info<'_>>()?;
/// assert_eq!(info, Info::Number(7));
/// # Ok::<(), ndr::NdrError>(())
/// ```
#[macro_export]
macro_rules! ndr_union {
    (
        $(#[$meta:meta])*
        pub union $name:ident<$lt:lifetime> switch_type(u16) {
            $( $(#[$arm_meta:meta])* [case($case:literal) $(, $($attr:tt)+)?] $arm:ident : $ty:ty ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name<$lt> {
            $( $(#[$arm_meta])* $arm($crate::__ndr_field!(@type $lt [$($($attr)+)?] $ty)), )+
        }

        impl<$lt> $name<$lt> {
            /// The number of the arm.
            #[must_use]
            pub const fn discriminant(&self) -> u16 {
                match self { $( Self::$arm(_) => $case, )+ }
            }
        }

        impl<$lt> $crate::ndr::Wire<$lt> for $name<$lt> {
            const SIZE: usize = 0;
            const ALIGN: usize = $crate::ndr::layout(&[
                (2, 2),
                $($crate::__ndr_field!(@layout $lt [$($($attr)+)?] $ty)),+
            ]).1;
            const POINTERS: bool = true;

            fn decode(
                _: &mut $crate::ndr::Fixed<$lt>,
                deferred: &mut $crate::ndr::Reader<$lt>,
            ) -> ::core::result::Result<Self, $crate::ndr::NdrError> {
                deferred.align(<Self as $crate::ndr::Wire<$lt>>::ALIGN);
                let found = deferred.item::<u16>().map_err(|e| e.in_field(stringify!($name)))?;
                $( $crate::__ndr_field!(@element [$($($attr)+)?] $ty); )+
                match found {
                    $( $case => deferred.item()
                        .map(Self::$arm)
                        .map_err(|e| e.in_field(concat!(stringify!($name), ".", stringify!($arm)))), )+
                    _ => Err($crate::ndr::NdrError::new(
                        $crate::ndr::NdrErrorKind::UnknownDiscriminant { found: u32::from(found) },
                        deferred.offset(),
                    ).in_field(stringify!($name))),
                }
            }

            fn encode(
                &self,
                _: &mut $crate::ndr::Slot,
                out: &mut $crate::ndr::Writer,
            ) -> ::core::result::Result<(), $crate::ndr::NdrError> {
                out.align(<Self as $crate::ndr::Wire<$lt>>::ALIGN);
                out.item(&self.discriminant())?;
                match self { $( Self::$arm(arm) => out.item(arm), )+ }
            }
        }
    };
    ($(#[$meta:meta])* pub union $name:ident<$lt:lifetime> { $($arms:tt)* }) => {
        $crate::__ndr_union! { $(#[$meta])* $name [<$lt>] $lt $($arms)* }
    };
    ($(#[$meta:meta])* pub union $name:ident { $($arms:tt)* }) => {
        $crate::__ndr_union! { $(#[$meta])* $name [] 'wire $($arms)* }
    };
}

/// A union whose arms have one size. Not public.
#[doc(hidden)]
#[macro_export]
macro_rules! __ndr_union {
    (
        $(#[$meta:meta])* $name:ident [$($generics:tt)*] $lt:lifetime
        $( $(#[$arm_meta:meta])* [case($case:literal) $(, $($attr:tt)+)?] $arm:ident : $ty:ty ),+ $(,)?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name $($generics)* {
            $( $(#[$arm_meta])* $arm($crate::__ndr_field!(@type $lt [$($($attr)+)?] $ty)), )+
        }

        impl $($generics)* $name $($generics)* {
            /// The number of the arm.
            #[must_use]
            pub const fn discriminant(&self) -> u32 {
                match self { $( Self::$arm(_) => $case, )+ }
            }
        }

        impl<$lt> $crate::ndr::Wire<$lt> for $name $($generics)* {
            const SIZE: usize = $crate::ndr::layout(&[
                (4, 4),
                $crate::ndr::same_layout(&[
                    $($crate::__ndr_field!(@layout $lt [$($($attr)+)?] $ty)),+
                ]),
            ]).0;
            const ALIGN: usize = $crate::ndr::layout(&[
                (4, 4),
                $($crate::__ndr_field!(@layout $lt [$($($attr)+)?] $ty)),+
            ]).1;
            const POINTERS: bool = true;

            fn decode(
                fixed: &mut $crate::ndr::Fixed<$lt>,
                deferred: &mut $crate::ndr::Reader<$lt>,
            ) -> ::core::result::Result<Self, $crate::ndr::NdrError> {
                fixed.align(<Self as $crate::ndr::Wire<$lt>>::ALIGN);
                let found = <u32 as $crate::ndr::Wire<$lt>>::decode(fixed, deferred)?;
                $( $crate::__ndr_field!(@element [$($($attr)+)?] $ty); )+
                match found {
                    $( $case => $crate::ndr::Wire::decode(fixed, deferred)
                        .map(Self::$arm)
                        .map_err(|e| e.in_field(concat!(stringify!($name), ".", stringify!($arm)))), )+
                    _ => Err($crate::ndr::NdrError::new(
                        $crate::ndr::NdrErrorKind::UnknownDiscriminant { found },
                        fixed.offset(),
                    ).in_field(stringify!($name))),
                }
            }

            fn encode(
                &self,
                fixed: &mut $crate::ndr::Slot,
                out: &mut $crate::ndr::Writer,
            ) -> ::core::result::Result<(), $crate::ndr::NdrError> {
                fixed.align(<Self as $crate::ndr::Wire<$lt>>::ALIGN);
                self.discriminant().encode(fixed, out)?;
                match self { $( Self::$arm(arm) => arm.encode(fixed, out), )+ }
            }
        }
    };
}
