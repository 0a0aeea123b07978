//! [MS-DTYP 2.4.6] Security descriptors: who may do what with a thing.

use super::Sid;

/// The only revision of a descriptor.
const REVISION: u8 = 1;
/// The revision of a list without object entries (ACL_REVISION).
const ACL_REVISION: u8 = 2;
/// The revision of a list with object entries (ACL_REVISION_DS).
const ACL_REVISION_DS: u8 = 4;

/// In the control bits: there is a DACL.
const SE_DACL_PRESENT: u16 = 0x0004;
/// In the control bits: there is a SACL.
const SE_SACL_PRESENT: u16 = 0x0010;
/// In the control bits: the parts are behind the header, found by offsets.
const SE_SELF_RELATIVE: u16 = 0x8000;

/// In [`SecurityDescriptor::control`]: the DACL shall be inherited by what is below.
pub const SE_DACL_AUTO_INHERIT_REQ: u16 = 0x0100;
/// In [`SecurityDescriptor::control`]: the SACL shall be inherited by what is below.
pub const SE_SACL_AUTO_INHERIT_REQ: u16 = 0x0200;
/// In [`SecurityDescriptor::control`]: the DACL was inherited.
pub const SE_DACL_AUTO_INHERITED: u16 = 0x0400;
/// In [`SecurityDescriptor::control`]: the SACL was inherited.
pub const SE_SACL_AUTO_INHERITED: u16 = 0x0800;
/// In [`SecurityDescriptor::control`]: the DACL takes nothing from above.
pub const SE_DACL_PROTECTED: u16 = 0x1000;
/// In [`SecurityDescriptor::control`]: the SACL takes nothing from above.
pub const SE_SACL_PROTECTED: u16 = 0x2000;

/// A security descriptor, taken out of its self-relative form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityDescriptor {
    /// The control bits ([MS-DTYP] 2.4.6), without those that say which parts there are.
    pub control: u16,
    /// Who owns it.
    pub owner: Option<Sid>,
    /// Its group.
    pub group: Option<Sid>,
    /// Who may do what.
    pub dacl: AccessList,
    /// What is logged.
    pub sacl: AccessList,
}

/// An access control list, or what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AccessList {
    /// Nothing is said.
    #[default]
    Absent,
    /// Said to be there, and null: in a DACL everyone may do everything.
    Null,
    /// The list. Empty, in a DACL: nobody may do anything.
    Present(Acl),
}

/// An access control list ([MS-DTYP] 2.4.5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acl {
    /// The entries, in the order they count.
    pub aces: Vec<Ace>,
}

/// An entry ([MS-DTYP] 2.4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ace {
    /// What kind of entry ([MS-DTYP] 2.4.4.1): 0 allowed, 1 denied, 2 audit, ….
    pub kind: u8,
    /// How it is inherited, and when it is logged.
    pub flags: u8,
    /// What it says.
    pub body: AceBody,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AceBody {
    /// Rights of someone.
    Known {
        /// The rights.
        mask: u32,
        /// Only for this kind of object or property (a GUID as on the wire).
        object: Option<[u8; 16]>,
        /// Inherited only by this kind of object (a GUID as on the wire).
        inherited: Option<[u8; 16]>,
        /// Who.
        sid: Sid,
        /// What follows: a condition, for some kinds.
        data: Vec<u8>,
    },
    /// A kind not known here: its bytes.
    Other(Vec<u8>),
}

/// Why bytes are not a security descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DescriptorError {
    /// The bytes end before a part does.
    #[error("the security descriptor ends inside its {0}")]
    Truncated(&'static str),
    /// Another revision than this.
    #[error("the security descriptor has revision {0}, not 1")]
    Revision(u8),
    /// Its parts are not in it.
    #[error("the security descriptor is not self-relative")]
    NotSelfRelative,
    /// Not a SID.
    #[error("the {0} in the security descriptor is not a SID")]
    BadSid(&'static str),
    /// A length that does not fit what it is the length of.
    #[error("an access control list in the security descriptor has a wrong length")]
    BadLength,
}

/// Entries that have the form of an allowing one.
const fn is_plain(kind: u8) -> bool {
    // allowed, denied, audit, alarm; with a condition; label, attribute, policy.
    matches!(kind, 0..=3 | 9 | 10 | 13 | 14 | 17..=19)
}

/// Entries that have the form of one for an object.
pub(super) const fn is_object(kind: u8) -> bool {
    // allowed, denied, audit, alarm; with a condition.
    matches!(kind, 5..=8 | 11 | 12 | 15 | 16)
}

impl SecurityDescriptor {
    /// Reads the self-relative form ([MS-DTYP] 2.4.6). Bytes that no part lies in are let pass.
    /// A list holds at most 16,383 entries, since its length has 16 bits.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DescriptorError> {
        let (header, _) = bytes
            .split_first_chunk::<20>()
            .ok_or(DescriptorError::Truncated("header"))?;
        let &[revision, _, c0, c1, ref offsets @ ..] = header;
        let control = u16::from_le_bytes([c0, c1]);
        if revision != REVISION {
            return Err(DescriptorError::Revision(revision));
        }
        if control & SE_SELF_RELATIVE == 0 {
            return Err(DescriptorError::NotSelfRelative);
        }
        let offset = |n: usize| {
            let (offsets, _) = offsets.as_chunks::<4>();
            offsets
                .get(n)
                .map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize)
        };
        let part = |n: usize, what| match offset(n) {
            0 => Ok(None),
            at => match bytes.get(at..) {
                Some(part) => Ok(Some(part)),
                None => Err(DescriptorError::Truncated(what)),
            },
        };
        let sid = |n, what| {
            part(n, what)?
                .map(|bytes| Sid::from_packet(bytes).map(|(sid, _)| sid))
                .map(|sid| sid.ok_or(DescriptorError::BadSid(what)))
                .transpose()
        };
        let list = |n, present, what| {
            if control & present == 0 {
                return Ok(AccessList::Absent);
            }
            Ok(match part(n, what)? {
                None => AccessList::Null,
                Some(bytes) => AccessList::Present(Acl::from_bytes(bytes)?),
            })
        };
        Ok(Self {
            control: control & !(SE_SELF_RELATIVE | SE_DACL_PRESENT | SE_SACL_PRESENT),
            owner: sid(0, "owner")?,
            group: sid(1, "group")?,
            sacl: list(2, SE_SACL_PRESENT, "SACL")?,
            dacl: list(3, SE_DACL_PRESENT, "DACL")?,
        })
    }

    /// The self-relative form.
    ///
    /// # Errors
    /// [`DescriptorError::BadLength`]: a list takes more than 65,535 bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DescriptorError> {
        let mut control = self.control & !(SE_DACL_PRESENT | SE_SACL_PRESENT) | SE_SELF_RELATIVE;
        let mut list = |list: &AccessList, present| match list {
            AccessList::Absent => Ok(None),
            AccessList::Null => {
                control |= present;
                Ok(None)
            }
            AccessList::Present(acl) => {
                control |= present;
                acl.to_bytes().map(Some)
            }
        };
        let sacl = list(&self.sacl, SE_SACL_PRESENT)?;
        let dacl = list(&self.dacl, SE_DACL_PRESENT)?;
        let sid = |sid: &Option<Sid>| sid.as_ref().map(Sid::to_packet);
        let mut offsets = Vec::new();
        let mut parts = Vec::new();
        for part in [sid(&self.owner), sid(&self.group), sacl, dacl] {
            let offset = match &part {
                None => 0,
                Some(_) => u32::try_from(parts.len())
                    .map_err(|_| DescriptorError::BadLength)?
                    .saturating_add(20),
            };
            offsets.extend(offset.to_le_bytes());
            parts.extend(part.unwrap_or_default());
        }
        let mut bytes = vec![REVISION, 0];
        bytes.extend(control.to_le_bytes());
        bytes.extend(offsets);
        bytes.extend(parts);
        Ok(bytes)
    }
}

impl Acl {
    fn from_bytes(bytes: &[u8]) -> Result<Self, DescriptorError> {
        let truncated = DescriptorError::Truncated("access control list");
        let (&[_revision, _, s0, s1, c0, c1, _, _], _) =
            bytes.split_first_chunk::<8>().ok_or(truncated)?;
        let size = usize::from(u16::from_le_bytes([s0, s1]));
        let bytes = bytes.get(..size).ok_or(truncated)?;
        let mut rest = bytes.get(8..).ok_or(DescriptorError::BadLength)?;
        let mut aces = Vec::new();
        for _ in 0..u16::from_le_bytes([c0, c1]) {
            let ace;
            (ace, rest) = Ace::from_bytes(rest)?;
            aces.push(ace);
        }
        Ok(Self { aces })
    }

    fn to_bytes(&self) -> Result<Vec<u8>, DescriptorError> {
        let objects = self.aces.iter().any(|ace| is_object(ace.kind));
        let revision = if objects {
            ACL_REVISION_DS
        } else {
            ACL_REVISION
        };
        let mut aces = Vec::new();
        for ace in &self.aces {
            aces.extend(ace.to_bytes()?);
        }
        let length = |n: usize| u16::try_from(n).map_err(|_| DescriptorError::BadLength);
        let mut bytes = vec![revision, 0];
        bytes.extend(length(aces.len().saturating_add(8))?.to_le_bytes());
        bytes.extend(length(self.aces.len())?.to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(aces);
        Ok(bytes)
    }
}

impl Ace {
    fn from_bytes(bytes: &[u8]) -> Result<(Self, &[u8]), DescriptorError> {
        let truncated = DescriptorError::Truncated("access control entry");
        let (&[kind, flags, s0, s1], _) = bytes.split_first_chunk::<4>().ok_or(truncated)?;
        let size = usize::from(u16::from_le_bytes([s0, s1]));
        let (ace, rest) = bytes.split_at_checked(size).ok_or(truncated)?;
        let body = ace.get(4..).ok_or(DescriptorError::BadLength)?;
        let body = if is_plain(kind) || is_object(kind) {
            Self::known(kind, body)?
        } else {
            AceBody::Other(body.to_vec())
        };
        let ace = Self { kind, flags, body };
        Ok((ace, rest))
    }

    fn known(kind: u8, body: &[u8]) -> Result<AceBody, DescriptorError> {
        let truncated = DescriptorError::Truncated("access control entry");
        let (mask, mut rest) = body.split_first_chunk::<4>().ok_or(truncated)?;
        let (mut object, mut inherited) = (None, None);
        if is_object(kind) {
            let present;
            (present, rest) = rest.split_first_chunk::<4>().ok_or(truncated)?;
            let present = u32::from_le_bytes(*present);
            for (bit, guid) in [(1, &mut object), (2, &mut inherited)] {
                if present & bit != 0 {
                    let found;
                    (found, rest) = rest.split_first_chunk::<16>().ok_or(truncated)?;
                    *guid = Some(*found);
                }
            }
        }
        let (sid, data) =
            Sid::from_packet(rest).ok_or(DescriptorError::BadSid("access control entry"))?;
        Ok(AceBody::Known {
            mask: u32::from_le_bytes(*mask),
            object,
            inherited,
            sid,
            data: data.to_vec(),
        })
    }

    fn to_bytes(&self) -> Result<Vec<u8>, DescriptorError> {
        let mut body = Vec::new();
        match &self.body {
            AceBody::Other(bytes) => body.extend(bytes),
            AceBody::Known {
                mask,
                object,
                inherited,
                sid,
                data,
            } => {
                body.extend(mask.to_le_bytes());
                if is_object(self.kind) {
                    let present = u32::from(object.is_some()) | u32::from(inherited.is_some()) << 1;
                    body.extend(present.to_le_bytes());
                    body.extend(object.iter().flatten());
                    body.extend(inherited.iter().flatten());
                }
                body.extend(sid.to_packet());
                body.extend(data);
            }
        }
        let size = u16::try_from(body.len().saturating_add(4));
        let size = size.map_err(|_| DescriptorError::BadLength)?;
        let mut bytes = vec![self.kind, self.flags];
        bytes.extend(size.to_le_bytes());
        bytes.extend(body);
        Ok(bytes)
    }
}
