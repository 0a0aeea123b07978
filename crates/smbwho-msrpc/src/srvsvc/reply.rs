//! What the replies of these calls must agree with.

use smbwho_rpc::ndr::{NdrError, NdrErrorKind, Reader};

use crate::status::Win32Status;

/// The level must be the one asked for.
pub(crate) fn check_level(asked: u32, answered: u32, field: &'static str) -> Result<(), NdrError> {
    if asked == answered {
        return Ok(());
    }
    let kind = NdrErrorKind::WrongLevel { asked, answered };
    Err(NdrError::new(kind, 0).in_field(field))
}

/// An enumeration that went well must hold what it announces: no null container (`missing` is
/// `None`), no null buffer with entries. With an error status both are normal.
pub(crate) fn check_entries(
    status: u32,
    missing: Option<u32>,
    field: &'static str,
) -> Result<(), NdrError> {
    let status = Win32Status(status);
    if status != Win32Status::NERR_SUCCESS && status != Win32Status::ERROR_MORE_DATA {
        return Ok(());
    }
    let kind = match missing {
        Some(0) => return Ok(()),
        Some(count) => NdrErrorKind::MissingElements { count },
        None => NdrErrorKind::MissingReferent,
    };
    Err(NdrError::new(kind, 0).in_field(field))
}

/// A question that went well must bring an answer.
pub(crate) fn check_info(status: u32, is_there: bool, field: &'static str) -> Result<(), NdrError> {
    if status == 0 && !is_there {
        return Err(NdrError::new(NdrErrorKind::MissingReferent, 0).in_field(field));
    }
    Ok(())
}

/// What comes back of an enumeration at a level that the server's own IDL does not have: its
/// union then ends with the discriminant, without a pointer. Samba answers level 503 of shares so.
pub(crate) struct WithoutArm {
    pub(crate) total_entries: u32,
    pub(crate) resume_handle: Option<u32>,
    pub(crate) status: u32,
}

impl WithoutArm {
    /// The reply in that form; `None` if it is not, or says anything but ERROR_INVALID_LEVEL.
    pub(crate) fn of_enumeration(stub: &[u8], level: u32) -> Option<Self> {
        let mut reader = Reader::new(stub);
        let levels = [reader.u32().ok()?, reader.u32().ok()?];
        let reply = Self {
            total_entries: reader.u32().ok()?,
            resume_handle: reader.item().ok()?,
            status: reader.u32().ok()?,
        };
        reader.finish().ok()?;
        (levels == [level; 2] && is_invalid_level(reply.status)).then_some(reply)
    }

    /// The status in the reply to a question for one thing, likewise.
    pub(crate) fn of_info(stub: &[u8], level: u32) -> Option<u32> {
        let mut reader = Reader::new(stub);
        let (discriminant, status) = (reader.u32().ok()?, reader.u32().ok()?);
        reader.finish().ok()?;
        // Whatever it is: Samba looks for the thing before it looks at the level. But a code, not
        // the pointer of a reply that was cut short.
        (discriminant == level && (1..0x1_0000).contains(&status)).then_some(status)
    }
}

fn is_invalid_level(status: u32) -> bool {
    Win32Status(status) == Win32Status::ERROR_INVALID_LEVEL
}
