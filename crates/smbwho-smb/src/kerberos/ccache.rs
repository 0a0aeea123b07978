//! MIT Kerberos credential caches: finding them and reading them.
//!
//! The file format is MIT's, versions 3 and 4 (kinit of MIT and of Heimdal
//! write 4). Of the kinds of cache, FILE and DIR are files; the others live
//! in a kernel or in another process and are refused with advice.

use std::path::{Path, PathBuf};

use der::{Decode, asn1::Any};

use super::KerberosError;
use super::crypto::{Etype, Key};
use super::exchange::Ticket;
use super::messages::{self, PrincipalName};
use crate::user_file;

/// Largest cache read. Caches are a few KiB; a ticket with a huge PAC is 64 KiB.
const MAX_FILE: u64 = 16 << 20;
/// Longest name of a folder's primary cache.
const MAX_NAME: u64 = 4096;
/// Most components of one principal.
const MAX_COMPONENTS: u32 = 16;
/// Most addresses or authorisation data elements of one credential.
const MAX_ELEMENTS: u32 = 1024;
/// The realm of entries that hold settings, not tickets.
const CONFIG_REALM: &str = "X-CACHECONF:";

/// What a cache file holds.
#[derive(Debug)]
pub(crate) struct Cache {
    pub(crate) path: PathBuf,
    pub(crate) principal: PrincipalName,
    pub(crate) realm: String,
    /// Those with keys this client has.
    pub(crate) tickets: Vec<Ticket>,
    /// Those with keys of other types: they cannot be used, and are why none is.
    pub(crate) unusable: Vec<Unusable>,
}

/// A ticket whose key is of a type that this client has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unusable {
    pub(crate) client: PrincipalName,
    /// What it opens: `krbtgt/REALM`, `cifs/host`.
    pub(crate) server: Vec<String>,
    pub(crate) etype: Etype,
}

/// One entry of a cache.
enum Entry {
    Ticket(Ticket),
    Unusable(Unusable),
    /// A setting of kinit's, or a key that is not as long as its type says.
    Other,
}

/// Where tickets are kept, before the file is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    File(PathBuf),
    /// A folder of caches, one of them primary.
    Dir(PathBuf),
}

impl Location {
    /// Reads `FILE:path`, `DIR:folder`, `DIR::folder/tktXXXX` or a bare path.
    ///
    /// # Errors
    /// `CacheType` for the kinds that are no files.
    pub(crate) fn parse(name: &str) -> Result<Self, KerberosError> {
        let Some((kind, rest)) = name.split_once(':') else {
            return Ok(Self::File(name.into()));
        };
        match kind {
            "FILE" | "WRFILE" => Ok(Self::File(rest.into())),
            "DIR" => Ok(match rest.strip_prefix(':') {
                Some(file) => Self::File(file.into()),
                None => Self::Dir(rest.into()),
            }),
            // A path may well hold a colon; a kind of cache has no slash and, on Windows, more than a drive letter.
            _ if kind.len() > 1 && kind.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                Err(KerberosError::CacheType {
                    name: name.to_owned(),
                })
            }
            _ => Ok(Self::File(name.into())),
        }
    }

    /// Reads the cache; of a folder the one that `wanted` picks, else the primary.
    pub(crate) fn load(&self, wanted: impl Fn(&Cache) -> bool) -> Result<Cache, KerberosError> {
        let folder = match self {
            Self::File(path) => return load(path),
            Self::Dir(folder) => folder,
        };
        let primary = read_primary(&folder.join("primary"))?;
        let primary = match primary.trim() {
            "" => "tkt",
            name => name,
        };
        let first = match Path::new(primary).components().count() {
            1 => load(&folder.join(primary)),
            // A name with folders in it is not one kinit wrote.
            _ => Err(KerberosError::CacheMissing {
                path: folder.join("primary"),
            }),
        };
        if let Ok(cache) = &first
            && wanted(cache)
        {
            return first;
        }
        let others = std::fs::read_dir(folder).into_iter().flatten().flatten();
        others
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("tkt"))
            .filter_map(|entry| load(&entry.path()).ok())
            .find(|cache| wanted(cache))
            .map_or(first, Ok)
    }
}

/// The name of a folder's primary cache; empty where nothing names one.
fn read_primary(path: &Path) -> Result<String, KerberosError> {
    match user_file::read(path, MAX_NAME) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(KerberosError::CacheUnreadable {
            path: path.to_owned(),
            why: error.to_string(),
        }),
    }
}

fn load(path: &Path) -> Result<Cache, KerberosError> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => KerberosError::CacheMissing {
            path: path.to_owned(),
        },
        _ => KerberosError::CacheUnreadable {
            path: path.to_owned(),
            why: error.to_string(),
        },
    };
    let bytes = user_file::read(path, MAX_FILE).map_err(failed)?;
    parse(path, &bytes)
}

/// Reads a cache from its bytes; `path` is for the error only.
pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Cache, KerberosError> {
    let mut reader = Reader {
        bytes,
        at: 0,
        is_v3: false,
    };
    read_cache(&mut reader, path).map_err(|what| KerberosError::CacheMalformed {
        path: path.to_owned(),
        offset: reader.at,
        what,
    })
}

fn read_cache(reader: &mut Reader<'_>, path: &Path) -> Result<Cache, &'static str> {
    match reader.u16()? {
        0x0503 => reader.is_v3 = true,
        0x0504 => {
            let header = reader.u16()?;
            reader.take(header.into())?;
        }
        _ => {
            reader.at = 0;
            return Err("version 3 or 4 of the format");
        }
    }
    let (principal, realm) = reader.principal()?;
    let (mut tickets, mut unusable) = (Vec::new(), Vec::new());
    while reader.at < reader.bytes.len() {
        match reader.credential()? {
            Entry::Ticket(ticket) => tickets.push(ticket),
            Entry::Unusable(ticket) => unusable.push(ticket),
            Entry::Other => {}
        }
    }
    Ok(Cache {
        path: path.to_owned(),
        principal,
        realm,
        tickets,
        unusable,
    })
}

/// Every take can fail; what is missing is named.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    is_v3: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], &'static str> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..len).ok_or("more bytes")?;
        self.at += len;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, &'static str> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> Result<u16, &'static str> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&mut self) -> Result<u32, &'static str> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// A count or length and that many bytes.
    fn data(&mut self) -> Result<&'a [u8], &'static str> {
        let len = self.u32()?;
        self.take(usize::try_from(len).map_err(|_| "more bytes")?)
    }

    fn text(&mut self) -> Result<String, &'static str> {
        String::from_utf8(self.data()?.to_vec()).map_err(|_| "UTF-8 text")
    }

    fn principal(&mut self) -> Result<(PrincipalName, String), &'static str> {
        let name_type = self.u32()?;
        let count = self.u32()?;
        if count > MAX_COMPONENTS {
            return Err("a name of few components");
        }
        let realm = self.text()?;
        let components = (0..count)
            .map(|_| self.text())
            .collect::<Result<Vec<_>, _>>()?;
        let name_type = i32::try_from(name_type).map_err(|_| "a name type")?;
        Ok((PrincipalName::new(name_type, &components), realm))
    }

    /// One credential.
    fn credential(&mut self) -> Result<Entry, &'static str> {
        let (client, client_realm) = self.principal()?;
        let (server, server_realm) = self.principal()?;
        let etype = self.u16()?;
        if self.is_v3 {
            let _etype_again = self.u16()?;
        }
        let key = self.data()?;
        let authtime = self.u32()?;
        let starttime = self.u32()?;
        let endtime = self.u32()?;
        let _renew_till = self.u32()?;
        let _is_skey = self.u8()?;
        let _ticket_flags = self.u32()?;
        for _addresses_then_authdata in 0..2 {
            let count = self.u32()?;
            if count > MAX_ELEMENTS {
                return Err("a short list");
            }
            for _ in 0..count {
                let _kind = self.u16()?;
                self.data()?;
            }
        }
        let ticket = self.data()?;
        let _second_ticket = self.data()?;
        if server_realm == CONFIG_REALM {
            return Ok(Entry::Other);
        }
        // Numbers below zero are types that nobody assigned.
        let etype = Etype(i32::from(etype.cast_signed()));
        let Ok(key) = Key::new(etype.0, key) else {
            if Key::is_known(etype) {
                return Ok(Entry::Other);
            }
            return Ok(Entry::Unusable(Unusable {
                client,
                server: server.components(),
                etype,
            }));
        };
        let is_ticket = messages::application_number(ticket) == Some(messages::msg_type::TICKET)
            && Any::from_der(ticket).is_ok();
        if !is_ticket {
            return Err("a ticket");
        }
        let start = if starttime == 0 { authtime } else { starttime };
        Ok(Entry::Ticket(Ticket {
            client,
            client_realm,
            server: server.components(),
            key,
            bytes: ticket.to_vec(),
            start: start.into(),
            end: endtime.into(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(name: &str) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kerberos/captures/");
        std::fs::read(format!("{folder}{name}")).expect(name)
    }

    fn read(bytes: &[u8]) -> Result<Cache, KerberosError> {
        parse(Path::new("cache"), bytes)
    }

    #[test]
    fn what_kinit_and_kvno_wrote() {
        for name in ["v3.ccache", "v4.ccache"] {
            let cache = read(&capture(name)).expect(name);
            assert_eq!(
                (cache.principal.components(), cache.realm.as_str()),
                (vec!["alice".to_owned()], "LAB.TEST")
            );
            let servers: Vec<_> = cache.tickets.iter().map(|t| t.server.join("/")).collect();
            assert_eq!(servers, ["krbtgt/LAB.TEST", "cifs/dc1.lab.test"], "{name}");
            for ticket in &cache.tickets {
                assert_eq!(ticket.key.etype(), 18);
                assert_eq!(ticket.client, cache.principal);
                assert_eq!(ticket.end - cache.tickets[0].start, 10 * 3600);
            }
        }
    }

    #[test]
    fn cut_anywhere_it_is_refused_with_the_offset_or_lacks_whole_tickets() {
        let whole = capture("v4.ccache");
        let mut ends = Vec::new();
        for len in 0..whole.len() {
            match read(&whole[..len]) {
                Ok(cache) => ends.push(cache.tickets.len()),
                Err(KerberosError::CacheMalformed { offset, .. }) => assert!(offset <= len),
                Err(other) => panic!("{other}"),
            }
        }
        // After the principal, the ticket, each setting of kinit's, never in between.
        assert!(ends.len() < 10 && ends.is_sorted(), "{ends:?}");
    }

    #[test]
    fn changed_anywhere_it_does_not_panic_or_swallow_memory() {
        for name in ["v3.ccache", "v4.ccache"] {
            let whole = capture(name);
            for at in 0..whole.len() {
                for flip in [0x01, 0x80, 0xFF] {
                    let mut changed = whole.clone();
                    changed[at] ^= flip;
                    let _ = read(&changed);
                }
            }
        }
        // A principal that claims four thousand million components.
        let absurd = [&[5, 3, 0, 0, 0, 1][..], &[0xFF; 8]].concat();
        assert!(matches!(
            read(&absurd),
            Err(KerberosError::CacheMalformed { .. })
        ));
    }

    #[test]
    fn tickets_with_keys_of_other_types_are_kept_by_name() {
        let mut bytes = capture("v4.ccache");
        // The type stands before the length of the key, 32.
        let key = [0, 18, 0, 0, 0, 32];
        let at = bytes.windows(6).position(|six| six == key).expect("a key");
        bytes[at + 1] = 26;
        let cache = read(&bytes).expect("a cache");
        let named: Vec<_> = cache
            .unusable
            .iter()
            .map(|t| (&t.server[..], t.etype))
            .collect();
        let krbtgt = ["krbtgt".to_owned(), "LAB.TEST".to_owned()];
        assert_eq!(named, [(&krbtgt[..], Etype(26))]);
        assert_eq!(cache.tickets.len(), 1, "the other is still good");
        // 20 is as good as 18 is.
        bytes[at + 1] = 20;
        let cache = read(&bytes).expect("a cache");
        assert_eq!((cache.tickets.len(), cache.unusable.len()), (2, 0));
        assert_eq!(cache.tickets[0].key.etype(), 20);
        // A key too long for its type is none, and no type of its own either.
        bytes[at + 1] = 19;
        let cache = read(&bytes).expect("a cache");
        assert_eq!((cache.tickets.len(), cache.unusable.len()), (1, 0));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let fifo = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.expect("mkfifo").success());
        for path in [fifo, folder.path().to_owned(), "/dev/zero".into()] {
            let error = Location::File(path.clone()).load(|_| true).unwrap_err();
            assert!(
                matches!(error, KerberosError::CacheUnreadable { .. }),
                "{error}"
            );
        }
    }

    #[test]
    fn kinds_of_cache() {
        let file = |path: &str| Location::File(path.into());
        for (name, location) in [
            ("/tmp/krb5cc_0", file("/tmp/krb5cc_0")),
            ("FILE:/tmp/x", file("/tmp/x")),
            ("WRFILE:/tmp/x", file("/tmp/x")),
            ("DIR:/tmp/d", Location::Dir("/tmp/d".into())),
            ("DIR::/tmp/d/tktX", file("/tmp/d/tktX")),
            ("/tmp/a:b", file("/tmp/a:b")),
            (r"C:\krb\cache", file(r"C:\krb\cache")),
        ] {
            assert_eq!(Location::parse(name), Ok(location), "{name}");
        }
        for name in ["KEYRING:persistent:0", "KCM:", "API:", "MEMORY:x", "MSLSA:"] {
            let error = Location::parse(name).unwrap_err();
            assert_eq!(error, KerberosError::CacheType { name: name.into() });
            assert!(error.hint().unwrap().contains("kinit -c FILE:"));
        }
    }

    #[test]
    fn of_a_folder_the_wanted_cache_else_the_primary() {
        let folder = std::env::temp_dir().join(format!("smbwho-ccache-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let dir = Location::Dir(folder.clone());
        let path = |wanted: bool| dir.load(|_| wanted).map(|cache| cache.path);
        assert_eq!(
            path(true),
            Err(KerberosError::CacheMissing {
                path: folder.join("tkt")
            })
        );
        std::fs::write(folder.join("tktA"), capture("v4.ccache")).unwrap();
        std::fs::write(folder.join("tktB"), capture("v3.ccache")).unwrap();
        std::fs::write(folder.join("primary"), "tktB\n").unwrap();
        assert_eq!(path(true), Ok(folder.join("tktB")));
        let only_a = |cache: &Cache| cache.path.ends_with("tktA");
        assert_eq!(
            dir.load(only_a).map(|cache| cache.path),
            Ok(folder.join("tktA"))
        );
        assert_eq!(path(false), Ok(folder.join("tktB")));
        std::fs::write(folder.join("primary"), "../../etc/passwd\n").unwrap();
        assert!(path(false).is_err());
        let why = load(&folder).unwrap_err();
        assert!(
            matches!(&why, KerberosError::CacheUnreadable { why, .. } if why.contains("a folder")),
            "{why}"
        );
        std::fs::remove_dir_all(folder).unwrap();
    }
}
