//! Writing SDDL.

use std::fmt::Write as _;

use super::names::{ACE_FLAGS, KINDS, LABEL, LABEL_RIGHTS, RIGHTS, WHOLE_RIGHTS, letters};
use crate::types::Sid;
use crate::types::security_descriptor::{
    AccessList, Ace, AceBody, SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERITED, SE_DACL_PROTECTED,
    SE_SACL_AUTO_INHERIT_REQ, SE_SACL_AUTO_INHERITED, SE_SACL_PROTECTED, SecurityDescriptor,
};

/// An entry that SDDL, as it is written here, has no words for: of another kind, with a condition,
/// or with unknown flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an access control entry of kind {kind:#04x} with flags {flags:#04x} cannot be written as SDDL"
)]
pub struct NotInSddl {
    /// Its kind.
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
}

impl SecurityDescriptor {
    /// The descriptor as SDDL. SIDs that are the same everywhere have their two letters; accounts
    /// of a domain are written in full.
    ///
    /// # Errors
    /// An entry that cannot be written.
    pub fn to_sddl(&self) -> Result<String, NotInSddl> {
        let mut text = String::new();
        for (tag, sid) in [("O:", &self.owner), ("G:", &self.group)] {
            if let Some(sid) = sid {
                text += tag;
                write_sid(&mut text, sid);
            }
        }
        let flags = |protected, request, inherited| {
            let mut flags = String::new();
            for (bit, name) in [(protected, "P"), (request, "AR"), (inherited, "AI")] {
                if self.control & bit != 0 {
                    flags += name;
                }
            }
            flags
        };
        let dacl = flags(
            SE_DACL_PROTECTED,
            SE_DACL_AUTO_INHERIT_REQ,
            SE_DACL_AUTO_INHERITED,
        );
        let sacl = flags(
            SE_SACL_PROTECTED,
            SE_SACL_AUTO_INHERIT_REQ,
            SE_SACL_AUTO_INHERITED,
        );
        for (tag, flags, list) in [("D:", dacl, &self.dacl), ("S:", sacl, &self.sacl)] {
            match list {
                AccessList::Absent => {}
                AccessList::Null => {
                    text += tag;
                    text += &flags;
                    text += "NO_ACCESS_CONTROL";
                }
                AccessList::Present(acl) => {
                    text += tag;
                    text += &flags;
                    for ace in &acl.aces {
                        write_ace(&mut text, ace)?;
                    }
                }
            }
        }
        Ok(text)
    }
}

fn write_sid(text: &mut String, sid: &Sid) {
    match letters(sid) {
        Some(letters) => text.push_str(letters),
        // Writing to a String does not fail.
        None => _ = write!(text, "{sid}"),
    }
}

fn write_ace(text: &mut String, ace: &Ace) -> Result<(), NotInSddl> {
    let Ace { kind, flags, body } = ace;
    let error = NotInSddl {
        kind: *kind,
        flags: *flags,
    };
    let (name, _) = KINDS.iter().find(|line| line.1 == *kind).ok_or(error)?;
    let flags = bits(u32::from(*flags), ACE_FLAGS).ok_or(error)?;
    let AceBody::Known {
        mask,
        object,
        inherited,
        sid,
        ..
    } = body
    else {
        return Err(error);
    };
    let rights = rights(*kind, *mask);
    let guid = |guid: &Option<[u8; 16]>| {
        guid.map(|bytes| smbwho_rpc::Uuid::from_wire(bytes).to_string())
            .unwrap_or_default()
    };
    let (object, inherited) = (guid(object), guid(inherited));
    _ = write!(text, "({name};{flags};{rights};{object};{inherited};");
    write_sid(text, sid);
    text.push(')');
    Ok(())
}

/// The letters of all bits; `None` if one has none.
fn bits(value: u32, table: &[(&str, u32)]) -> Option<String> {
    let known = table.iter().fold(0, |all, line| all | line.1);
    let set = table.iter().filter(|line| value & line.1 != 0);
    (value & !known == 0).then(|| set.map(|line| line.0).collect())
}

fn rights(kind: u8, mask: u32) -> String {
    let hex = || format!("{mask:#x}");
    if kind == LABEL {
        return bits(mask, LABEL_RIGHTS).unwrap_or_else(hex);
    }
    let whole = WHOLE_RIGHTS.iter().find(|line| line.1 == mask);
    whole.map_or_else(
        || bits(mask, RIGHTS).unwrap_or_else(hex),
        |line| line.0.to_owned(),
    )
}
