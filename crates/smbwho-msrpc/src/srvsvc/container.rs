//! The container that every enumeration of this interface returns its entries in.

use smbwho_rpc::ndr::{
    Array, NdrError, NdrErrorKind, Reader, Remaining, Wire, check_count, check_discriminant,
};
use smbwho_rpc::ndr_struct;

use super::reply::{check_entries, check_level};

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

/// What was made of an enumeration's reply in one pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enumerated<R> {
    /// One for each entry.
    pub rows: Vec<R>,
    /// Entries there are in all, from where the call began.
    pub total_entries: u32,
    /// Where to go on.
    pub resume_handle: Option<u32>,
    /// A Win32 or network-management code: see [`Win32Status`](crate::status::Win32Status).
    pub status: u32,
}

/// Decodes the reply to an enumeration at a level whose entries are `T`, and makes a row of each
/// in the same pass. All these replies are alike: the level, a union that it selects of pointers
/// to containers, the total, the resume handle, the status.
///
/// # Errors
/// What is malformed. What belongs to no entry names no field.
#[inline(always)]
pub(crate) fn decode_rows<'a, T: Wire<'a>, R>(
    stub: &'a [u8],
    level: u32,
    make: impl FnMut(T) -> R,
) -> Result<Enumerated<R>, NdrError> {
    let mut reader = Reader::new(stub);
    let (answered, discriminant) = (reader.u32()?, reader.u32()?);
    check_discriminant(answered, discriminant, reader.offset())?;
    check_level(level, answered, "")?;
    let mut missing = None;
    let mut rows = Vec::new();
    // A pointer to the container, and in it one to the entries.
    if reader.u32()? != 0 {
        let (entries_read, buffer) = (reader.u32()?, reader.u32()?);
        missing = Some(entries_read);
        if buffer != 0 {
            rows = Array::decode_map(&mut reader, make)?;
            check_count(u64::from(entries_read), rows.len(), reader.offset())?;
            missing = Some(0);
        }
    }
    let reply = Enumerated {
        rows,
        total_entries: reader.item()?,
        resume_handle: reader.item()?,
        status: reader.item()?,
    };
    reader.finish()?;
    check_entries(reply.status, missing, "")?;
    Ok(reply)
}

/// Finds the entries of a reply that [`decode_rows`] has validated, to be made into rows part by
/// part. `None` if there is no array of them.
pub(crate) fn entries<'a, T: Wire<'a>>(stub: &'a [u8]) -> Result<Option<Remaining>, NdrError> {
    let mut reader = Reader::new(stub);
    // The level, and the union's own.
    reader.take_array::<8>()?;
    let is_there = reader.u32()? != 0;
    if !is_there {
        return Ok(None);
    }
    let (_entries_read, buffer) = (reader.u32()?, reader.u32()?);
    if buffer == 0 {
        return Ok(None);
    }
    Array::<T>::remaining(&mut reader).map(Some)
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
