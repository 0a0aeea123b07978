//! Levels of information as enums.

/// Declares the levels of one family of calls: an enum with `ALL`, `number` and `from_number`.
macro_rules! levels {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$level_meta:meta])* $level:ident = $number:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$level_meta])* $level, )+ }

        impl $name {
            /// All of them, by number.
            pub const ALL: &'static [Self] = &[$( Self::$level, )+];

            /// The number on the wire.
            #[must_use]
            pub const fn number(self) -> u32 {
                match self { $( Self::$level => $number, )+ }
            }

            /// The level of a number, if there is one.
            #[must_use]
            pub const fn from_number(number: u32) -> Option<Self> {
                match number { $( $number => Some(Self::$level), )+ _ => None }
            }
        }
    };
}
pub(crate) use levels;
