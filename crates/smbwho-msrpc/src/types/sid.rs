//! [MS-DTYP 2.4.2] Security identifiers.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use smbwho_rpc::ndr::{Fixed, NdrError, NdrErrorKind, Reader, Slot, Wire, Writer};

/// The most sub-authorities a SID may have (SID_MAX_SUB_AUTHORITIES, [MS-DTYP] 2.4.2.2).
pub const MAX_SUB_AUTHORITIES: usize = 15;

/// The only revision there is.
const REVISION: u8 = 1;

/// A security identifier, such as `S-1-5-32-544` ([MS-DTYP] 2.4.2.3, RPC_SID).
///
/// Ordered by authority, then by sub-authorities as numbers: a domain comes right before its
/// accounts. On the wire it is a structure that ends in a conformant array:
///
/// ```text
/// count (u32) · revision (u8) · count (u8) · authority (6 bytes, big-endian) · sub-authorities (u32)*
/// ```
#[doc(alias = "RPC_SID")]
#[doc(alias = "PRPC_SID")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sid {
    authority: [u8; 6],
    count: u8,
    /// Zero from `count` on.
    subs: [u32; MAX_SUB_AUTHORITIES],
}

impl Sid {
    /// `S-1-5-32`, the domain of the groups every server has.
    pub const BUILTIN: Self = Self {
        authority: [0, 0, 0, 0, 0, 5],
        count: 1,
        subs: [32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    };

    /// The SID of an authority (48 bits) and its sub-authorities, at most
    /// [`MAX_SUB_AUTHORITIES`].
    #[must_use]
    pub fn new(authority: u64, sub_authorities: &[u32]) -> Option<Self> {
        let [0, 0, authority @ ..] = authority.to_be_bytes() else {
            return None;
        };
        let mut subs = [0; MAX_SUB_AUTHORITIES];
        subs.get_mut(..sub_authorities.len())?
            .copy_from_slice(sub_authorities);
        Some(Self {
            authority,
            count: u8::try_from(sub_authorities.len()).ok()?,
            subs,
        })
    }

    /// The authority that made it up: 5 for Windows NT.
    #[must_use]
    pub fn authority(&self) -> u64 {
        let [a, b, c, d, e, f] = self.authority;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }

    /// The sub-authorities; the last is the relative id of an account.
    #[must_use]
    pub fn sub_authorities(&self) -> &[u32] {
        self.subs.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// The last sub-authority: the relative id in its domain.
    #[must_use]
    pub fn rid(&self) -> Option<u32> {
        self.sub_authorities().last().copied()
    }

    /// The SID without its last sub-authority: the domain of an account.
    #[must_use]
    pub fn domain(&self) -> Option<Self> {
        let (_, domain) = self.sub_authorities().split_last()?;
        Self::new(self.authority(), domain)
    }

    /// The account of this relative id in this domain; `None` if the SID is full.
    #[must_use]
    pub fn with_rid(&self, rid: u32) -> Option<Self> {
        let mut sid = *self;
        *sid.subs.get_mut(usize::from(self.count))? = rid;
        sid.count = sid.count.checked_add(1)?;
        Some(sid)
    }

    /// Takes a SID from the front of its packet form ([MS-DTYP] 2.4.2.2), as in security
    /// descriptors: without the leading count. `None` if it is not a SID.
    #[must_use]
    pub fn from_packet(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&[revision, count, ref authority @ ..], rest) = bytes.split_first_chunk::<8>()?;
        let (subs, rest) = rest.split_at_checked(usize::from(count).checked_mul(4)?)?;
        let (subs, _) = subs.as_chunks::<4>();
        let mut sid = Self {
            authority: *authority,
            count,
            subs: [0; MAX_SUB_AUTHORITIES],
        };
        let places = sid.subs.get_mut(..subs.len())?;
        for (place, sub) in places.iter_mut().zip(subs) {
            *place = u32::from_le_bytes(*sub);
        }
        (revision == REVISION).then_some((sid, rest))
    }

    /// Its packet form ([MS-DTYP] 2.4.2.2).
    #[must_use]
    pub fn to_packet(&self) -> Vec<u8> {
        let mut packet = vec![REVISION, self.count];
        packet.extend(self.authority);
        packet.extend(self.sub_authorities().iter().flat_map(|s| s.to_le_bytes()));
        packet
    }
}

impl Ord for Sid {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |sid: &Self| sid.authority;
        key(self)
            .cmp(&key(other))
            .then_with(|| self.sub_authorities().cmp(other.sub_authorities()))
    }
}

impl PartialOrd for Sid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `S-1-5-21-…`; the authority in hexadecimal from 2^32 on ([MS-DTYP] 2.4.2.1).
impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.authority();
        if authority > u64::from(u32::MAX) {
            write!(f, "S-1-0x{authority:012X}")?;
        } else {
            write!(f, "S-1-{authority}")?;
        }
        self.sub_authorities()
            .iter()
            .try_for_each(|sub| write!(f, "-{sub}"))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a SID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SID: expected S-1-authority-number-…, with at most 15 numbers")]
pub struct ParseSidError;

impl FromStr for Sid {
    type Err = ParseSidError;

    fn from_str(text: &str) -> Result<Self, ParseSidError> {
        let mut parts = text.split('-');
        let head = (parts.next(), parts.next());
        if !matches!(head, (Some("S" | "s"), Some("1"))) {
            return Err(ParseSidError);
        }
        let authority = parts.next().and_then(number).ok_or(ParseSidError)?;
        let sub = |part| {
            let number = number(part).and_then(|n| u32::try_from(n).ok());
            number.ok_or(ParseSidError)
        };
        // One more than fits is enough to know that it does not fit.
        let subs: Vec<u32> = parts
            .take(MAX_SUB_AUTHORITIES.saturating_add(1))
            .map(sub)
            .collect::<Result<_, _>>()?;
        Self::new(authority, &subs).ok_or(ParseSidError)
    }
}

/// Digits, or hexadecimal ones behind `0x`; no sign.
fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let plain = digits.chars().all(|c| c.is_digit(radix));
    u64::from_str_radix(digits, radix).ok().filter(|_| plain)
}

impl<'a> Wire<'a> for Sid {
    const SIZE: usize = 0;
    const ALIGN: usize = 1;
    const POINTERS: bool = true;

    fn decode(_: &mut Fixed<'a>, deferred: &mut Reader<'a>) -> Result<Self, NdrError> {
        let announced = deferred.u32()?;
        let start = deferred.offset();
        let [revision, count, authority @ ..] = deferred.take_array::<8>()?;
        let (found, declared) = (announced as usize, u64::from(count));
        if announced != u32::from(count) {
            let kind = NdrErrorKind::CountMismatch { declared, found };
            return Err(NdrError::new(kind, start).in_field("RPC_SID.SubAuthorityCount"));
        }
        let mut subs = [0; MAX_SUB_AUTHORITIES];
        let limit = MAX_SUB_AUTHORITIES as u32;
        let Some(places) = subs.get_mut(..usize::from(count)) else {
            let count = announced;
            let kind = NdrErrorKind::AboveLimit { count, limit };
            return Err(NdrError::new(kind, start).in_field("RPC_SID.SubAuthorityCount"));
        };
        if revision != REVISION {
            let found = u32::from(revision);
            let kind = NdrErrorKind::UnknownDiscriminant { found };
            return Err(NdrError::new(kind, start).in_field("RPC_SID.Revision"));
        }
        for place in places {
            *place = deferred.u32()?;
        }
        Ok(Self {
            authority,
            count,
            subs,
        })
    }

    fn encode(&self, _: &mut Slot, out: &mut Writer) -> Result<(), NdrError> {
        out.u32(u32::from(self.count));
        out.bytes(&self.to_packet());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Sid;

    #[test]
    fn text_goes_both_ways() {
        for text in [
            "S-1-0",
            "S-1-1-0",
            "S-1-5-32-544",
            "S-1-5-21-4294967295-0-1-500",
            "S-1-0x123456789ABC-7",
            "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15",
        ] {
            assert_eq!(text.parse::<Sid>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "S",
            "S-1",
            "S-2-5",
            "S-1-",
            "S-1-5-",
            "S-1-5-+1",
            "S-1-5--1",
            "S-1-5-4294967296",
            "S-1-281474976710656",
            "S-1-0x",
            "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16",
            " S-1-5",
        ] {
            assert!(text.parse::<Sid>().is_err(), "{text}");
        }
    }

    #[test]
    fn domains_and_accounts() {
        let user: Sid = "S-1-5-21-1-2-3-500".parse().unwrap();
        let domain = user.domain().unwrap();
        assert_eq!(domain.to_string(), "S-1-5-21-1-2-3");
        assert_eq!((user.rid(), domain.with_rid(500)), (Some(500), Some(user)));
        assert_eq!(Sid::BUILTIN.to_string(), "S-1-5-32");
        let full: Sid = "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15".parse().unwrap();
        assert_eq!(full.with_rid(1), None);
        assert_eq!(Sid::new(1, &[]).unwrap().domain(), None);
    }

    #[test]
    fn ordered_as_numbers() {
        let sids = [
            "S-1-1-0",
            "S-1-5-9",
            "S-1-5-10",
            "S-1-5-10-1",
            "S-1-5-11",
            "S-1-16",
        ];
        let mut sorted: Vec<Sid> = sids.iter().rev().map(|s| s.parse().unwrap()).collect();
        sorted.sort_unstable();
        assert!(sorted.iter().map(Sid::to_string).eq(sids));
    }

    #[test]
    fn packets() {
        let sid: Sid = "S-1-5-32-544".parse().unwrap();
        let packet = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
        assert_eq!(sid.to_packet(), packet);
        assert_eq!(Sid::from_packet(&packet), Some((sid, &[][..])));
        assert_eq!(Sid::from_packet(&packet[..15]), None);
        let mut long = [0; 100];
        (long[0], long[1]) = (1, 16);
        assert_eq!(Sid::from_packet(&long), None, "16 sub-authorities");
        (long[0], long[1]) = (2, 1);
        assert_eq!(Sid::from_packet(&long), None, "revision 2");
    }
}
