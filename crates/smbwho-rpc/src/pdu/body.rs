//! Reading and writing the body of a PDU: little-endian, aligned from the start of the PDU.

use super::header::{HEADER_LEN, Header};
use super::{FIRST_FRAGMENT, LAST_FRAGMENT, PduError, PduType};
use crate::{SyntaxId, Uuid};

/// Takes fields off the bytes behind the header.
pub(super) struct Body<'a> {
    pdu: &'static str,
    rest: &'a [u8],
}

impl<'a> Body<'a> {
    pub(super) fn new(pdu: &'static str, bytes: &'a [u8]) -> Self {
        Self { pdu, rest: bytes }
    }

    pub(super) fn array<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<[u8; N], PduError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(PduError::Short {
            pdu: self.pdu,
            field,
        })?;
        self.rest = rest;
        Ok(*head)
    }

    pub(super) fn slice(&mut self, len: usize, field: &'static str) -> Result<&'a [u8], PduError> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or(PduError::Short {
            pdu: self.pdu,
            field,
        })?;
        self.rest = rest;
        Ok(head)
    }

    pub(super) fn u8(&mut self, field: &'static str) -> Result<u8, PduError> {
        self.array(field).map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self, field: &'static str) -> Result<u16, PduError> {
        self.array(field).map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, PduError> {
        self.array(field).map(u32::from_le_bytes)
    }

    pub(super) fn syntax(&mut self, field: &'static str) -> Result<SyntaxId, PduError> {
        let uuid = Uuid::from_wire(self.array(field)?);
        let (major, minor) = (self.u16(field)?, self.u16(field)?);
        Ok(SyntaxId { uuid, major, minor })
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }
}

/// A PDU of one fragment under construction.
pub(super) struct Builder {
    header: Header,
    pub(super) bytes: Vec<u8>,
}

impl Builder {
    pub(super) fn new(kind: PduType, call_id: u32, body_len: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER_LEN.saturating_add(body_len));
        bytes.resize(HEADER_LEN, 0);
        let header = Header {
            kind,
            flags: FIRST_FRAGMENT | LAST_FRAGMENT,
            length: 0,
            call_id,
        };
        Self { header, bytes }
    }

    pub(super) fn flags(mut self, flags: u8) -> Self {
        self.header.flags = flags;
        self
    }

    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn syntax(&mut self, syntax: SyntaxId) {
        self.put(&syntax.uuid.to_wire());
        self.put(&syntax.major.to_le_bytes());
        self.put(&syntax.minor.to_le_bytes());
    }

    /// Fills in the header. A body beyond 64 KiB is cut: callers fragment before they come here.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let length = u16::try_from(self.bytes.len());
        debug_assert!(length.is_ok(), "fragments are cut before they are built");
        self.header.length = length.unwrap_or(u16::MAX);
        self.bytes.truncate(usize::from(self.header.length));
        if let Some(place) = self.bytes.first_chunk_mut() {
            *place = self.header.encode();
        }
        self.bytes
    }
}
