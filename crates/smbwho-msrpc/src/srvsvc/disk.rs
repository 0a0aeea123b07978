//! [MS-SRVS 3.1.4.19] Drives: NetrServerDiskEnum.

use std::fmt;

use smbwho_rpc::ndr::{Fixed, NdrError, NdrErrorKind, Reader, Slot, WStr, Wire, Writer, wchar_t};
use smbwho_rpc::{Call, Interface, ndr_params, ndr_struct};

use super::SRVSVC;
use super::reply::check_entries;
use crate::types::{WString, borrowed};

/// The most drives a reply may hold. There are 26 letters ([MS-SRVS] 3.1.4.19); this leaves room.
pub const MAX_DISKS: u32 = 64;

/// [MS-SRVS 2.2.4.91] The drives (an array of DISK_INFO): `[string] WCHAR Disk[3]` each, such as
/// `C:`, that is offset, count and units without a constant size. So the array is read by hand:
///
/// ```text
/// max count · offset 0 · actual count · (0 · units with NUL · the units)*
/// ```
#[doc(alias = "DISK_INFO")]
#[derive(Clone, Copy)]
pub struct Disks<'a> {
    count: u32,
    /// At the first element; all were read once.
    elements: Reader<'a>,
}

/// Units in one `DISK_INFO`, NUL included.
const DISK_UNITS: u32 = 3;

fn disk<'a>(reader: &mut Reader<'a>) -> Result<WStr<'a>, NdrError> {
    let (offset, actual) = (reader.u32()?, reader.u32()?);
    let at = reader.offset();
    if offset != 0 {
        return Err(NdrError::new(NdrErrorKind::Offset { offset }, at));
    }
    if actual > DISK_UNITS {
        let max = DISK_UNITS;
        return Err(NdrError::new(
            NdrErrorKind::ActualOverMax { actual, max },
            at,
        ));
    }
    let bytes = reader.take((actual as usize).saturating_mul(2))?;
    let text = match bytes.split_last_chunk::<2>() {
        Some((text, [0, 0])) => WStr::from_utf16le(text),
        _ => None,
    };
    text.ok_or_else(|| NdrError::new(NdrErrorKind::NotTerminated, at))
}

impl<'a> Disks<'a> {
    /// The number of drives.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The drives, such as `C:`.
    pub fn iter(&self) -> impl Iterator<Item = WStr<'a>> + use<'a> {
        let mut elements = self.elements;
        (0..self.count).map_while(move |_| disk(&mut elements).ok())
    }
}

impl<'a> Wire<'a> for Disks<'a> {
    const SIZE: usize = 0;
    const ALIGN: usize = 1;
    const POINTERS: bool = true;

    fn decode(_: &mut Fixed<'a>, deferred: &mut Reader<'a>) -> Result<Self, NdrError> {
        let max = deferred.u32()?;
        let at = deferred.offset();
        let (offset, count) = (deferred.u32()?, deferred.u32()?);
        if offset != 0 {
            return Err(NdrError::new(NdrErrorKind::Offset { offset }, at));
        }
        if count > max {
            let actual = count;
            return Err(NdrError::new(
                NdrErrorKind::ActualOverMax { actual, max },
                at,
            ));
        }
        if count > MAX_DISKS {
            let limit = MAX_DISKS;
            return Err(NdrError::new(NdrErrorKind::AboveLimit { count, limit }, at));
        }
        let elements = *deferred;
        for _ in 0..count {
            disk(deferred)?;
        }
        Ok(Self { count, elements })
    }

    fn encode(&self, _: &mut Slot, out: &mut Writer) -> Result<(), NdrError> {
        out.u32(self.count);
        out.u32(0);
        out.u32(self.count);
        for disk in self.iter() {
            let units = u32::try_from(disk.len()).unwrap_or(u32::MAX);
            out.u32(0);
            out.u32(units.saturating_add(1));
            out.bytes(disk.as_bytes());
            out.bytes(&[0, 0]);
        }
        Ok(())
    }
}

impl PartialEq for Disks<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Disks<'_> {}

impl fmt::Debug for Disks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

ndr_struct! {
    /// [MS-SRVS 2.2.4.92] Drives (DISK_ENUM_CONTAINER).
    #[doc(alias = "DISK_ENUM_CONTAINER")]
    pub struct DiskEnumContainer<'a> {
        /// Drives in `buffer`.
        #[doc(alias = "EntriesRead")]
        entries_read: u32,
        /// The drives: `[size_is(EntriesRead), length_is(EntriesRead)]`.
        #[doc(alias = "Buffer")]
        [unique] buffer: Disks<'a>,
    }
}

/// Asks for the drives of a server (opnum 23, level 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetrServerDiskEnum<'a> {
    /// The server's name; the server does not look at it.
    pub server_name: Option<&'a str>,
}

ndr_params! {
    /// The request on the wire.
    pub struct NetrServerDiskEnumRequest<'a> {
        /// The server's name.
        #[doc(alias = "ServerName")]
        [string, unique] server_name: wchar_t,
        /// The level: 0, there is no other.
        #[doc(alias = "Level")]
        level: u32,
        /// An empty container.
        #[doc(alias = "DiskInfoStruct")]
        disks: DiskEnumContainer<'a>,
        /// Bytes the answer should not exceed; the server does not look at it.
        #[doc(alias = "PreferedMaximumLength")]
        preferred_maximum_length: u32,
        /// Where to go on; the server does not look at it.
        #[doc(alias = "ResumeHandle")]
        [unique] resume_handle: u32,
    }
}

ndr_params! {
    /// The reply.
    pub struct NetrServerDiskEnumReply<'a> {
        /// The drives.
        #[doc(alias = "DiskInfoStruct")]
        disks: DiskEnumContainer<'a>,
        /// Drives there are in all.
        #[doc(alias = "TotalEntries")]
        total_entries: u32,
        /// Means nothing.
        #[doc(alias = "ResumeHandle")]
        [unique] resume_handle: u32,
        /// A [`Win32Status`](crate::status::Win32Status).
        status: u32,
    }
}

impl<'a> NetrServerDiskEnumReply<'a> {
    /// The drives, such as `C:`. The empty name that Samba sends behind the last is left out.
    pub fn disks(&self) -> impl Iterator<Item = WStr<'a>> + use<'a> {
        let disks = self.disks.buffer.into_iter().flat_map(|disks| disks.iter());
        disks.filter(|disk| !disk.is_empty())
    }
}

impl Call for NetrServerDiskEnum<'_> {
    const INTERFACE: &'static Interface = &SRVSVC;
    const OPNUM: u16 = 23;
    const NAME: &'static str = "NetrServerDiskEnum";
    type Reply<'a> = NetrServerDiskEnumReply<'a>;

    fn encode(&self) -> Result<Vec<u8>, NdrError> {
        let server_name = WString::sent_if(self.server_name, "ServerName")?;
        NetrServerDiskEnumRequest {
            server_name: borrowed(&server_name),
            level: 0,
            disks: DiskEnumContainer {
                entries_read: 0,
                buffer: None,
            },
            preferred_maximum_length: super::MAX_PREFERRED_LENGTH,
            resume_handle: Some(0),
        }
        .to_stub()
    }

    fn decode<'a>(&self, stub: &'a [u8]) -> Result<NetrServerDiskEnumReply<'a>, NdrError> {
        let reply = NetrServerDiskEnumReply::from_stub(stub)?;
        let DiskEnumContainer {
            entries_read,
            buffer,
        } = reply.disks;
        let field = "DiskEnumContainer.buffer";
        match buffer {
            None => check_entries(reply.status, Some(entries_read), field)?,
            Some(disks) if disks.count == entries_read => {}
            Some(disks) => {
                let (declared, found) = (u64::from(entries_read), disks.len());
                let kind = NdrErrorKind::CountMismatch { declared, found };
                return Err(NdrError::new(kind, 0).in_field(field));
            }
        }
        Ok(reply)
    }
}
