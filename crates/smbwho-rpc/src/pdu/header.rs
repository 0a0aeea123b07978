//! [C706 12.6.3.1] The header common to all PDUs (rpcconn_common_hdr_t).

use super::PduError;

/// Bytes of the header.
pub const HEADER_LEN: usize = 16;

/// RPC protocol version, connection-oriented.
const VERSION: u8 = 5;

/// Little-endian integers, ASCII, IEEE floats ([C706 14.2.5]).
const DREP_LITTLE_ENDIAN: [u8; 4] = [0x10, 0, 0, 0];

/// Kinds of PDU ([C706 12.6.1]). A number of its own, so that unknown ones survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PduType(pub u8);

impl PduType {
    /// A call, or a part of one.
    pub const REQUEST: Self = Self(0);
    /// Its reply, or a part of it.
    pub const RESPONSE: Self = Self(2);
    /// The call failed before it reached its procedure, or in it.
    pub const FAULT: Self = Self(3);
    /// Asks for an interface.
    pub const BIND: Self = Self(11);
    /// The answer to a bind, acceptance or not.
    pub const BIND_ACK: Self = Self(12);
    /// The bind was refused as a whole.
    pub const BIND_NAK: Self = Self(13);
    /// The server would like the connection to end.
    pub const SHUTDOWN: Self = Self(17);

    /// The name in the specification.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::REQUEST => "request",
            Self::RESPONSE => "response",
            Self::FAULT => "fault",
            Self::BIND => "bind",
            Self::BIND_ACK => "bind_ack",
            Self::BIND_NAK => "bind_nak",
            Self::SHUTDOWN => "shutdown",
            _ => "unknown",
        }
    }
}

/// The bit of the first fragment of a call or reply (PFC_FIRST_FRAG).
pub const FIRST_FRAGMENT: u8 = 0x01;
/// The bit of its last fragment (PFC_LAST_FRAG).
pub const LAST_FRAGMENT: u8 = 0x02;
/// The bit that says an object UUID precedes the stub (PFC_OBJECT_UUID).
pub const OBJECT_UUID: u8 = 0x80;

/// What every PDU begins with.
///
/// ```text
///  0        1        2        3        4 … 7    8 … 9        10 … 11      12 … 15
///  version  minor    type     flags    drep     frag_length  auth_length  call_id
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What kind of PDU it is.
    #[doc(alias = "PTYPE")]
    pub kind: PduType,
    /// [`FIRST_FRAGMENT`], [`LAST_FRAGMENT`] and others.
    #[doc(alias = "pfc_flags")]
    pub flags: u8,
    /// Bytes of the whole PDU, header included.
    #[doc(alias = "frag_length")]
    pub length: u16,
    /// Which call it belongs to.
    pub call_id: u32,
}

impl Header {
    /// Reads a header, and checks what holds for every PDU: version, integer format, a length of
    /// at least a header, no authentication trailer.
    ///
    /// The association binds without authentication (SMB has signed the user in, and signs or
    /// encrypts the transport), so a peer that sends a trailer is out of step. It is refused, not
    /// skipped: its padding would be taken for stub data.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8; HEADER_LEN]) -> Result<Self, PduError> {
        let [
            major,
            minor,
            kind,
            flags,
            d0,
            d1,
            d2,
            d3,
            l0,
            l1,
            a0,
            a1,
            c0,
            c1,
            c2,
            c3,
        ] = *bytes;
        // Minor 1 differs in nothing that concerns a client ([C706 12.4.2]).
        if major != VERSION || minor > 1 {
            return Err(PduError::Version { major, minor });
        }
        // The upper half of the first byte is the integer format; 1 is little-endian. Character
        // and float formats do not matter: neither is used here.
        if d0 >> 4 != DREP_LITTLE_ENDIAN[0] >> 4 {
            return Err(PduError::BigEndian {
                drep: [d0, d1, d2, d3],
            });
        }
        let length = u16::from_le_bytes([l0, l1]);
        if usize::from(length) < HEADER_LEN {
            return Err(PduError::Length {
                length,
                min: HEADER_LEN as u16,
                max: u16::MAX,
            });
        }
        let auth_length = u16::from_le_bytes([a0, a1]);
        if auth_length != 0 {
            return Err(PduError::Authentication {
                length: auth_length,
            });
        }
        let call_id = u32::from_le_bytes([c0, c1, c2, c3]);
        Ok(Self {
            kind: PduType(kind),
            flags,
            length,
            call_id,
        })
    }

    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let [l0, l1] = self.length.to_le_bytes();
        let [c0, c1, c2, c3] = self.call_id.to_le_bytes();
        let [d0, d1, d2, d3] = DREP_LITTLE_ENDIAN;
        [
            VERSION,
            0,
            self.kind.0,
            self.flags,
            d0,
            d1,
            d2,
            d3,
            l0,
            l1,
            0,
            0,
            c0,
            c1,
            c2,
            c3,
        ]
    }

    /// Whether this is the first fragment.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.flags & FIRST_FRAGMENT != 0
    }

    /// Whether this is the last fragment.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.flags & LAST_FRAGMENT != 0
    }
}
