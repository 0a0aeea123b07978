//! The macro that declares numbers with names.

/// Declares a number with a name of its own, as MS-IDL's enums, flags and handles of one number
/// are: any value survives, known or not.
///
/// ```
/// smbwho_rpc::ndr_number! {
///     /// [MS-SAMR] 2.2.2.3 What a SID names (SID_NAME_USE).
///     pub struct SidNameUse(u16);
/// }
/// assert_eq!(SidNameUse(77).0, 77);
/// ```
#[macro_export]
macro_rules! ndr_number {
    ($(#[$meta:meta])* pub struct $name:ident($int:ty);) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $int);

        impl<'a> $crate::ndr::Wire<'a> for $name {
            const SIZE: usize = <$int as $crate::ndr::Wire<'a>>::SIZE;
            const ALIGN: usize = <$int as $crate::ndr::Wire<'a>>::ALIGN;
            const POINTERS: bool = false;

            #[inline(always)]
            fn decode(
                fixed: &mut $crate::ndr::Fixed<'a>,
                deferred: &mut $crate::ndr::Reader<'a>,
            ) -> ::core::result::Result<Self, $crate::ndr::NdrError> {
                <$int as $crate::ndr::Wire<'a>>::decode(fixed, deferred).map(Self)
            }

            #[inline]
            fn encode(
                &self,
                fixed: &mut $crate::ndr::Slot,
                out: &mut $crate::ndr::Writer,
            ) -> ::core::result::Result<(), $crate::ndr::NdrError> {
                self.0.encode(fixed, out)
            }
        }
    };
}
