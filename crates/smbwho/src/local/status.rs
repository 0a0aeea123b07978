//! What `smbstatus --json` says, as far as it is used. Unknown fields are
//! passed over: each version of Samba has more.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de};

/// The whole document.
#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    /// When it was written.
    pub(super) timestamp: Option<String>,
    #[serde(deserialize_with = "values")]
    pub(super) sessions: Vec<Session>,
    /// Connections of sessions to shares (tree connects).
    #[serde(default, deserialize_with = "values")]
    pub(super) tcons: Vec<Tcon>,
    /// Not there with `--processes`, nor before the first file was opened.
    #[serde(default, deserialize_with = "values")]
    pub(super) open_files: Vec<OpenFile>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Session {
    pub(super) session_id: Option<String>,
    pub(super) server_id: ServerId,
    pub(super) uid: Option<i64>,
    pub(super) username: Option<String>,
    pub(super) remote_machine: Option<String>,
    /// The socket address: `ipv4:192.0.2.7:49686`.
    pub(super) hostname: Option<String>,
    pub(super) session_dialect: Option<String>,
    pub(super) encryption: Option<Crypto>,
    pub(super) signing: Option<Crypto>,
    /// Not in 4.17.
    pub(super) creation_time: Option<String>,
}

/// The smbd that serves a client: one process for each connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct ServerId {
    #[serde(deserialize_with = "number")]
    pub(super) pid: u64,
    #[serde(default)]
    vnn: String,
    #[serde(default)]
    unique_id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Crypto {
    pub(super) cipher: Option<String>,
    /// `none`, `partial` or `full`.
    pub(super) degree: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tcon {
    pub(super) service: Option<String>,
    pub(super) tcon_id: Option<String>,
    pub(super) session_id: Option<String>,
    pub(super) machine: Option<String>,
    pub(super) connected_at: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OpenFile {
    pub(super) service_path: Option<String>,
    pub(super) filename: Option<String>,
    #[serde(default, deserialize_with = "values")]
    pub(super) opens: Vec<Open>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Open {
    pub(super) server_id: ServerId,
    pub(super) uid: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub(super) share_file_id: u64,
    pub(super) access_mask: Option<Mask>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Mask {
    /// `0x00120089`.
    hex: Option<String>,
}

impl Mask {
    /// The access mask ([MS-DTYP] 2.4.3).
    pub(super) fn bits(&self) -> Option<u32> {
        let digits = self.hex.as_deref()?.strip_prefix("0x")?;
        u32::from_str_radix(digits, 16).ok()
    }
}

impl Status {
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    pub(super) fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        // Names on disks need not be UTF-8. One must not cost all the others.
        serde_json::from_str(&String::from_utf8_lossy(json))
    }
}

/// A number that is written as text.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(de::Error::custom)
}

/// The values of an object whose keys say nothing that its values do not.
fn values<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    struct Values<T>(PhantomData<T>);

    impl<'de, T: DeserializeOwned> Visitor<'de> for Values<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<T>, A::Error> {
            let mut values = Vec::new();
            while let Some((_, value)) = map.next_entry::<de::IgnoredAny, T>()? {
                values.push(value);
            }
            Ok(values)
        }
    }

    from.deserialize_map(Values(PhantomData))
}
