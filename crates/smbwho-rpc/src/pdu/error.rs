//! What can be wrong with one PDU.

/// A PDU that cannot be understood. The peer is to blame for all of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PduError {
    /// Not version 5.0 or 5.1.
    #[error("RPC version {major}.{minor} instead of 5.0")]
    Version {
        /// Major version.
        major: u8,
        /// Minor version.
        minor: u8,
    },
    /// Integers are not little-endian. No server has been seen to answer so.
    #[error("the data representation {drep:02x?} is not little-endian, which is not supported")]
    BigEndian {
        /// The label found.
        drep: [u8; 4],
    },
    /// The length of the fragment is impossible or above what was agreed on.
    #[error("a fragment of {length} bytes; {min} to {max} are possible")]
    Length {
        /// The length found.
        length: u16,
        /// The least possible.
        min: u16,
        /// The most that was agreed on.
        max: u16,
    },
    /// There is an authentication trailer, though none was negotiated.
    #[error("an authentication trailer of {length} bytes, though none was negotiated")]
    Authentication {
        /// Its length.
        length: u16,
    },
    /// The PDU is shorter than its fields.
    #[error("the {pdu} ends before its field {field}")]
    Short {
        /// Which PDU.
        pdu: &'static str,
        /// Which field.
        field: &'static str,
    },
}
