//! Reading SDDL.

use super::names::{
    ACE_FLAGS, KEY_RIGHTS, KINDS, LABEL, LABEL_RIGHTS, RIGHTS, WHOLE_RIGHTS, sid as sid_of,
};
use crate::types::Sid;
use crate::types::security_descriptor::{
    AccessList, Ace, AceBody, Acl, SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERITED,
    SE_DACL_PROTECTED, SE_SACL_AUTO_INHERIT_REQ, SE_SACL_AUTO_INHERITED, SE_SACL_PROTECTED,
    SecurityDescriptor, is_object,
};

/// A text that is not SDDL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not SDDL: expected {expected} at character {at}")]
pub struct SddlError {
    /// What should be there.
    pub expected: &'static str,
    /// Where, counted in bytes from 0.
    pub at: usize,
}

impl SecurityDescriptor {
    /// Reads SDDL. Two letters for an account of a domain, such as `DA`, need that domain.
    /// Entries with conditions are not read.
    ///
    /// # Errors
    /// What should be there, and where.
    pub fn from_sddl(text: &str, domain: Option<&Sid>) -> Result<Self, SddlError> {
        let mut cursor = Cursor {
            whole: text,
            rest: text,
            domain,
        };
        let mut descriptor = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        while !cursor.rest.is_empty() {
            let tags = ["O:", "G:", "D:", "S:"].into_iter();
            let tag = tags
                .filter(|tag| !seen.contains(tag))
                .find(|tag| cursor.eat(tag))
                .ok_or(cursor.error("O:, G:, D: or S:, each once"))?;
            seen.push(tag);
            match tag {
                "O:" => descriptor.owner = Some(cursor.sid()?),
                "G:" => descriptor.group = Some(cursor.sid()?),
                "D:" => {
                    let bits = [
                        SE_DACL_PROTECTED,
                        SE_DACL_AUTO_INHERIT_REQ,
                        SE_DACL_AUTO_INHERITED,
                    ];
                    descriptor.dacl = cursor.list(bits, &mut descriptor.control)?;
                }
                _ => {
                    let bits = [
                        SE_SACL_PROTECTED,
                        SE_SACL_AUTO_INHERIT_REQ,
                        SE_SACL_AUTO_INHERITED,
                    ];
                    descriptor.sacl = cursor.list(bits, &mut descriptor.control)?;
                }
            }
        }
        Ok(descriptor)
    }
}

struct Cursor<'t> {
    whole: &'t str,
    rest: &'t str,
    domain: Option<&'t Sid>,
}

impl<'t> Cursor<'t> {
    fn error(&self, expected: &'static str) -> SddlError {
        let at = self.whole.len().saturating_sub(self.rest.len());
        SddlError { expected, at }
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// The text up to a character, which is eaten.
    fn field(&mut self, end: char, expected: &'static str) -> Result<&'t str, SddlError> {
        let (field, rest) = self.rest.split_once(end).ok_or(self.error(expected))?;
        self.rest = rest;
        Ok(field)
    }

    /// A SID: two letters, or `S-1-…` as far as it goes.
    fn sid(&mut self) -> Result<Sid, SddlError> {
        let error =
            self.error("a SID (S-1-…, or two letters; letters of a domain need the domain)");
        if self.rest.starts_with("S-") {
            let part_of_sid = |c: char| c.is_ascii_hexdigit() || matches!(c, 'S' | 'x' | 'X' | '-');
            let end = self.rest.find(|c| !part_of_sid(c));
            let (mut text, _) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            // The tag that follows may begin with a letter that is a digit, too: `D:`.
            if self
                .rest
                .get(text.len()..)
                .is_some_and(|r| r.starts_with(':'))
            {
                text = text.get(..text.len().saturating_sub(1)).unwrap_or_default();
            }
            let sid = text.parse().map_err(|_| error)?;
            self.rest = self.rest.get(text.len()..).unwrap_or_default();
            return Ok(sid);
        }
        let letters = self.rest.get(..2).ok_or(error)?;
        let sid = sid_of(letters, self.domain).ok_or(error)?;
        self.rest = self.rest.get(2..).unwrap_or_default();
        Ok(sid)
    }

    /// A list behind its tag. `bits` are those for `P`, `AR` and `AI`.
    fn list(&mut self, bits: [u16; 3], control: &mut u16) -> Result<AccessList, SddlError> {
        let [protected, request, inherited] = bits;
        loop {
            if self.eat("NO_ACCESS_CONTROL") {
                return Ok(AccessList::Null);
            } else if self.eat("P") {
                *control |= protected;
            } else if self.eat("AR") {
                *control |= request;
            } else if self.eat("AI") {
                *control |= inherited;
            } else {
                break;
            }
        }
        let mut aces = Vec::new();
        while self.eat("(") {
            aces.push(self.ace()?);
        }
        Ok(AccessList::Present(Acl { aces }))
    }

    /// An entry behind its parenthesis.
    fn ace(&mut self) -> Result<Ace, SddlError> {
        let error = self.error("the kind of an entry, such as A or D");
        let name = self.field(';', "a semicolon")?;
        let (_, kind) = KINDS.iter().find(|line| line.0 == name).ok_or(error)?;
        let error = self.error("flags of an entry, such as OICI");
        let flags = letters(self.field(';', "a semicolon")?, &[ACE_FLAGS]).ok_or(error)?;
        let error = self.error("rights, such as FA, FR or 0x1200a9");
        let mask = rights(*kind, self.field(';', "a semicolon")?).ok_or(error)?;
        let object = self.guid()?;
        let inherited = self.guid()?;
        if (object.is_some() || inherited.is_some()) && !is_object(*kind) {
            return Err(self.error("no GUID in this kind of entry"));
        }
        let sid = self.sid()?;
        if !self.eat(")") {
            return Err(self.error("a closing parenthesis"));
        }
        let body = AceBody::Known {
            mask,
            object,
            inherited,
            sid,
            data: Vec::new(),
        };
        Ok(Ace {
            kind: *kind,
            // The table has no bit beyond.
            flags: flags as u8,
            body,
        })
    }

    fn guid(&mut self) -> Result<Option<[u8; 16]>, SddlError> {
        let error = self.error("a GUID or nothing");
        match self.field(';', "a semicolon")? {
            "" => Ok(None),
            text => guid(text).map(Some).ok_or(error),
        }
    }
}

/// `01234567-89ab-cdef-0123-456789abcdef`, as on the wire.
fn guid(text: &str) -> Option<[u8; 16]> {
    let digits = |part: Option<&str>, len: usize| {
        let part = part.filter(|part| part.len() == len)?;
        let plain = part.chars().all(|c| c.is_ascii_hexdigit());
        u64::from_str_radix(part, 16).ok().filter(|_| plain)
    };
    let mut parts = text.split('-');
    let first = u32::try_from(digits(parts.next(), 8)?).ok()?;
    let mut short = || u16::try_from(digits(parts.next(), 4)?).ok();
    let (second, third, fourth) = (short()?, short()?, short()?);
    let node = digits(parts.next(), 12)?;
    parts
        .next()
        .is_none()
        .then(|| smbwho_rpc::Uuid::new(first, second, third, fourth, node).to_wire())
}

/// Letters two by two.
fn letters(text: &str, tables: &[&[(&str, u32)]]) -> Option<u32> {
    let mut value = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let two = rest.get(..2)?;
        let lines = tables.iter().flat_map(|table| table.iter());
        let (_, bits) = lines.into_iter().find(|line| line.0 == two)?;
        value |= *bits;
        rest = rest.get(2..)?;
    }
    Some(value)
}

/// Rights: letters, or a number (hexadecimal with `0x`, else octal with `0`, else decimal).
fn rights(kind: u8, text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        let plain = digits.chars().all(|c| c.is_ascii_hexdigit());
        return u32::from_str_radix(digits, 16).ok().filter(|_| plain);
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let radix = if text.starts_with('0') { 8 } else { 10 };
        return u32::from_str_radix(text, radix).ok();
    }
    if kind == LABEL {
        return letters(text, &[LABEL_RIGHTS]);
    }
    letters(text, &[RIGHTS, WHOLE_RIGHTS, KEY_RIGHTS])
}
