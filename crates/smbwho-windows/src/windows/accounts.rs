//! Whom names and SIDs stand for, and who runs this program.

use core::ptr;

use windows_sys::Win32::Security::Authentication::Identity::NameSamCompatible;

use super::Calls;
use crate::{Account, ERROR_INVALID_DATA, Text, WideArg};

/// Room for a name, in units. A domain's DNS name has 255 at most.
const NAME_UNITS: usize = 1024;

/// Room for a SID, in bytes (SECURITY_MAX_SID_SIZE).
const MAX_SID: usize = 68;

/// ERROR_INVALID_SID.
const ERROR_INVALID_SID: u32 = 1337;

/// A buffer of ours that the system writes text into.
struct Room {
    units: Vec<u16>,
    /// In: units there are. Out: units written, in some calls.
    size: u32,
}

impl Room {
    fn new() -> Self {
        Self {
            units: vec![0; NAME_UNITS],
            size: NAME_UNITS as u32,
        }
    }

    /// What was written, up to the NUL.
    fn text(&self) -> Text {
        Text::from_units(self.units.iter().copied().take_while(|unit| *unit != 0))
    }
}

/// The bytes of a SID at the beginning of these; `None` if they are none.
fn sid_of(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [1, count, ..] if *count <= 15 => bytes.get(..8 + 4 * usize::from(*count)),
        _ => None,
    }
}

impl Calls {
    fn last_error(&self) -> u32 {
        // SAFETY: it takes nothing and reads the thread's own value.
        unsafe { (self.functions.last_error)() }
    }

    pub(super) fn account_of_name(
        &self,
        server: Option<&WideArg>,
        name: &WideArg,
    ) -> Result<Account, u32> {
        // As words, for the SID's alignment.
        let mut sid = [0u32; MAX_SID / 4];
        let (mut size, mut domain, mut usage) = (MAX_SID as u32, Room::new(), 0);
        // SAFETY: each buffer is live and as long as the size beside it says.
        let found = unsafe {
            (self.functions.lookup_name)(
                super::calls::pointer(server),
                name.with_nul().as_ptr(),
                sid.as_mut_ptr().cast(),
                &mut size,
                domain.units.as_mut_ptr(),
                &mut domain.size,
                &mut usage,
            )
        };
        if found == 0 {
            return Err(self.last_error());
        }
        let bytes: Vec<u8> = sid.into_iter().flat_map(u32::to_le_bytes).collect();
        let (_, own) = name.with_nul().split_last().unwrap_or((&0, &[]));
        // `DOMAIN\name` was one way to ask.
        let own = own.rsplit(|unit| *unit == u16::from(b'\\')).next();
        Ok(Account {
            sid: sid_of(&bytes).ok_or(ERROR_INVALID_DATA)?.to_vec(),
            name: Text::from_units(own.unwrap_or_default().iter().copied()),
            domain: domain.text(),
            usage,
        })
    }

    pub(super) fn account_of_sid(
        &self,
        server: Option<&WideArg>,
        sid: &[u8],
    ) -> Result<Account, u32> {
        let sid = sid_of(sid).ok_or(ERROR_INVALID_SID)?;
        let mut words = [0u32; MAX_SID / 4];
        for (word, bytes) in words.iter_mut().zip(sid.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let (mut name, mut domain, mut usage) = (Room::new(), Room::new(), 0);
        // SAFETY: each buffer is live and as long as the size beside it says;
        // the SID is whole, and aligned.
        let found = unsafe {
            (self.functions.lookup_sid)(
                super::calls::pointer(server),
                words.as_mut_ptr().cast(),
                name.units.as_mut_ptr(),
                &mut name.size,
                domain.units.as_mut_ptr(),
                &mut domain.size,
                &mut usage,
            )
        };
        if found == 0 {
            return Err(self.last_error());
        }
        Ok(Account {
            sid: sid.to_vec(),
            name: name.text(),
            domain: domain.text(),
            usage,
        })
    }

    pub(super) fn who_am_i(&self) -> Result<Text, u32> {
        let mut name = Room::new();
        let (units, size) = (name.units.as_mut_ptr(), ptr::from_mut(&mut name.size));
        // SAFETY: the buffer is live and as long as the size says.
        if unsafe { (self.functions.user_name)(NameSamCompatible, units, size) } {
            Ok(name.text())
        } else {
            Err(self.last_error())
        }
    }
}
