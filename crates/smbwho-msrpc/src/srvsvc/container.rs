//! The container that every enumeration of this interface returns its entries in.

use smbwho_rpc::ndr::{Array, NdrError, NdrErrorKind, Wire};
use smbwho_rpc::ndr_struct;

ndr_struct! {
    /// [MS-SRVS] 2.2.4.16 and its like: Entries of one level (SESSION_INFO_0_CONTAINER, …).
    #[doc(alias = "SESSION_INFO_0_CONTAINER")]
    #[doc(alias = "SESSION_INFO_1_CONTAINER")]
    #[doc(alias = "SESSION_INFO_2_CONTAINER")]
    #[doc(alias = "SESSION_INFO_10_CONTAINER")]
    #[doc(alias = "SESSION_INFO_502_CONTAINER")]
    #[doc(alias = "CONNECT_INFO_0_CONTAINER")]
    #[doc(alias = "CONNECT_INFO_1_CONTAINER")]
    #[doc(alias = "FILE_INFO_2_CONTAINER")]
    #[doc(alias = "FILE_INFO_3_CONTAINER")]
    #[doc(alias = "SHARE_INFO_0_CONTAINER")]
    #[doc(alias = "SHARE_INFO_1_CONTAINER")]
    #[doc(alias = "SHARE_INFO_2_CONTAINER")]
    #[doc(alias = "SHARE_INFO_501_CONTAINER")]
    #[doc(alias = "SHARE_INFO_502_CONTAINER")]
    #[doc(alias = "SHARE_INFO_503_CONTAINER")]
    pub struct Container<'a, T> {
        /// Entries in `buffer`.
        #[doc(alias = "EntriesRead")]
        entries_read: u32,
        /// The entries.
        #[doc(alias = "Buffer")]
        [size_is(entries_read), unique] buffer: T,
    }
}

impl<'a, T: Wire<'a>> Container<'a, T> {
    /// A container with nothing in it and a null buffer: what a request carries.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            entries_read: 0,
            buffer: None,
        }
    }

    /// A container of these entries.
    ///
    /// # Errors
    /// [`NdrErrorKind::CountOverflow`].
    pub fn of(entries: &'a [T]) -> Result<Self, NdrError> {
        let count = entries.len();
        let entries_read = u32::try_from(count)
            .map_err(|_| NdrError::new(NdrErrorKind::CountOverflow { count }, 0))?;
        Ok(Self {
            entries_read,
            buffer: Some(Array::from(entries)),
        })
    }

    /// The entries; none if the buffer is null.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = T> + use<'a, T> {
        self.buffer.unwrap_or(Array::from(&[][..])).iter()
    }

    /// Entries announced but not there, the buffer being null.
    #[must_use]
    pub fn missing(&self) -> u32 {
        if self.buffer.is_none() {
            self.entries_read
        } else {
            0
        }
    }
}

/// What a union of containers can be asked, whatever its level:
/// `container_union!(FileEnumUnion, FileLevel: Level2 = L2, Level3 = L3);`
macro_rules! container_union {
    ($union:ident, $levels:ident: $( $arm:ident = $level:ident ),+ $(,)?) => {
        impl $union<'_> {
            /// An empty container of a level: what a request carries.
            #[must_use]
            pub fn empty(level: $levels) -> Self {
                match level { $( $levels::$level => Self::$arm(Some(Container::empty())), )+ }
            }

            /// No container of a level.
            #[must_use]
            pub fn null(level: $levels) -> Self {
                match level { $( $levels::$level => Self::$arm(None), )+ }
            }

            /// The number of entries there are.
            #[must_use]
            pub fn len(&self) -> usize {
                match self { $( Self::$arm(c) => c.map_or(0, |c| c.entries().len()), )+ }
            }

            /// Whether there is none.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Entries announced but not there: `None` if not even the container is.
            pub(crate) fn missing(&self) -> Option<u32> {
                match self { $( Self::$arm(c) => c.map(|c| c.missing()), )+ }
            }
        }
    };
}
pub(crate) use container_union;
