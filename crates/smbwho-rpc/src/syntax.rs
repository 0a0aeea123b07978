//! Interfaces and transfer syntaxes by their identifiers.

use std::fmt;

/// A UUID in the byte order it has on the wire, the first three parts little-endian
/// ([MS-DTYP] 2.3.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// From the parts as they are written: `4b324fc8-1670-01d3-1278-5a47bf6ee188` is
    /// `new(0x4b324fc8, 0x1670, 0x01d3, 0x1278, 0x5a47bf6ee188)`. Of `node` the lower 48 bits count.
    #[must_use]
    pub const fn new(first: u32, second: u16, third: u16, fourth: u16, node: u64) -> Self {
        let [a, b, c, d] = first.to_le_bytes();
        let [e, f] = second.to_le_bytes();
        let [g, h] = third.to_le_bytes();
        let [i, j] = fourth.to_be_bytes();
        let [_, _, k, l, m, n, o, p] = node.to_be_bytes();
        Self([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
    }

    /// From the bytes on the wire.
    #[must_use]
    pub const fn from_wire(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes on the wire.
    #[must_use]
    pub const fn to_wire(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g, h, i, j, k, node @ ..] = self.0;
        let first = u32::from_le_bytes([a, b, c, d]);
        let second = u16::from_le_bytes([e, g]);
        let third = u16::from_le_bytes([h, i]);
        let fourth = u16::from_be_bytes([j, k]);
        write!(f, "{first:08x}-{second:04x}-{third:04x}-{fourth:04x}-")?;
        node.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// An abstract or transfer syntax: an identifier and a version ([C706 12.6.3.1], p_syntax_id_t).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SyntaxId {
    /// The identifier.
    pub uuid: Uuid,
    /// Major version.
    pub major: u16,
    /// Minor version.
    pub minor: u16,
}

impl fmt::Display for SyntaxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}.{}", self.uuid, self.major, self.minor)
    }
}

/// NDR 2.0, the transfer syntax spoken here ([C706 14.1], [MS-RPCE] 2.2.4.12).
pub const NDR20: SyntaxId = SyntaxId {
    uuid: Uuid::new(0x8a88_5d04, 0x1ceb, 0x11c9, 0x9fe8, 0x0800_2b10_4860),
    major: 2,
    minor: 0,
};

/// An RPC interface that is reached over a named pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface {
    /// The name of the pipe, such as `srvsvc`.
    pub name: &'static str,
    /// Identifier and version.
    pub syntax: SyntaxId,
}
