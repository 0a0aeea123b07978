//! What can be wrong with a stub.

use std::fmt;

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Culprit {
    /// The bytes came from the server.
    Peer,
    /// The caller asked for something that cannot be put on the wire.
    Caller,
}

/// A stub that cannot be decoded, or a value that cannot be encoded.
///
/// The size of this type matters to the speed of decoding (it is the other half of every
/// `Result`), so the details are boxed. The box is made on the error path only.
#[derive(Clone, PartialEq, Eq)]
pub struct NdrError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: NdrErrorKind,
    offset: usize,
    field: &'static str,
}

/// What exactly is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NdrErrorKind {
    /// The stub ends before the value does.
    #[error("{needed} bytes are needed, {left} are left")]
    Truncated {
        /// Bytes the value takes.
        needed: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// Something follows the last value.
    #[error("{count} bytes follow the last value")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// An array announces more elements than the rest of the stub can hold.
    #[error("{count} elements of {size} bytes are announced, {left} bytes are left")]
    CountTooLarge {
        /// Elements announced.
        count: u32,
        /// Bytes of the fixed part of one element.
        size: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// More elements are announced than such a thing may have.
    #[error("{count} elements are announced, the limit is {limit}")]
    AboveLimit {
        /// Elements announced.
        count: u32,
        /// The limit.
        limit: u32,
    },
    /// The field named by `size_is` and the conformance count of the array differ.
    #[error("the size field says {declared} elements, the array itself {found}")]
    CountMismatch {
        /// What the field says.
        declared: u64,
        /// What the array says.
        found: usize,
    },
    /// Elements are announced, but the pointer to them is null.
    #[error("{count} elements are announced, but the pointer to them is null")]
    MissingElements {
        /// Elements announced.
        count: u32,
    },
    /// A pointer is null where the reply says that the call went well.
    #[error("the pointer is null although the call succeeded")]
    MissingReferent,
    /// The field named by `switch_is` and the discriminant of the union differ.
    #[error("the level field says {declared}, the union itself {found}")]
    DiscriminantMismatch {
        /// What the field says.
        declared: u32,
        /// What the union says.
        found: u32,
    },
    /// A union has no arm of this number.
    #[error("the union has no arm {found}")]
    UnknownDiscriminant {
        /// The number found.
        found: u32,
    },
    /// The reply is of another level than was asked for.
    #[error("level {asked} was asked for, level {answered} came")]
    WrongLevel {
        /// The level in the request.
        asked: u32,
        /// The level in the reply.
        answered: u32,
    },
    /// A varying string or array does not start at its first element.
    #[error("its offset is {offset} instead of 0")]
    Offset {
        /// The offset found.
        offset: u32,
    },
    /// A varying string or array claims more elements than it has room for.
    #[error("its actual count {actual} is above its maximum count {max}")]
    ActualOverMax {
        /// Elements transmitted.
        actual: u32,
        /// Elements there is room for.
        max: u32,
    },
    /// A string is longer than [`MAX_STRING_UNITS`](super::MAX_STRING_UNITS).
    #[error("it is {units} UTF-16 units long, the limit is {limit}")]
    StringTooLong {
        /// UTF-16 units, terminator included.
        units: usize,
        /// The limit.
        limit: u32,
    },
    /// A string does not end in NUL.
    #[error("it does not end in NUL")]
    NotTerminated,
    /// A string to send holds a NUL, where the server would take it to end.
    #[error("it holds a NUL character")]
    InteriorNul,
    /// A string that must say something is empty. Servers take an empty filter for "any".
    #[error("it is empty, which a server may take for any")]
    EmptyText,
    /// More elements are to be sent than the call takes.
    #[error("there are {count} elements, the call takes {limit}")]
    TooManyToSend {
        /// Elements there are.
        count: u32,
        /// The limit.
        limit: u32,
    },
    /// A count does not fit in 32 bits.
    #[error("{count} elements are more than 32 bits can count")]
    CountOverflow {
        /// How many elements there are.
        count: usize,
    },
}

impl NdrError {
    /// An error at `offset` bytes from the start of the stub.
    #[cold]
    #[must_use]
    pub fn new(kind: NdrErrorKind, offset: usize) -> Self {
        Self(Box::new(Inner {
            kind,
            offset,
            field: "",
        }))
    }

    /// Names the field, unless an inner field has been named already.
    #[cold]
    #[must_use]
    pub fn in_field(mut self, field: &'static str) -> Self {
        if self.0.field.is_empty() {
            self.0.field = field;
        }
        self
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &NdrErrorKind {
        &self.0.kind
    }

    /// Where, in bytes from the start of the stub. While encoding: bytes written so far.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// The field, as `Structure.field`. Empty for what belongs to the stub as a whole.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.0.field
    }

    /// Whose fault it is.
    #[must_use]
    pub fn culprit(&self) -> Culprit {
        match self.0.kind {
            NdrErrorKind::InteriorNul
            | NdrErrorKind::EmptyText
            | NdrErrorKind::TooManyToSend { .. }
            | NdrErrorKind::CountOverflow { .. } => Culprit::Caller,
            _ => Culprit::Peer,
        }
    }
}

impl fmt::Display for NdrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            offset,
            field,
        } = &*self.0;
        match self.culprit() {
            Culprit::Peer => f.write_str("malformed RPC data from the server")?,
            Culprit::Caller => f.write_str("the request cannot be encoded")?,
        }
        if !field.is_empty() {
            write!(f, ", {field}")?;
        }
        write!(f, " at byte {offset}: {kind}")
    }
}

impl fmt::Debug for NdrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NdrError")
            .field("kind", &self.0.kind)
            .field("offset", &self.0.offset)
            .field("field", &self.0.field)
            .finish()
    }
}

impl std::error::Error for NdrError {}
