//! What `smbstatus` says, as far as it is used: its JSON here, its text in
//! `text.rs`. Unknown fields are passed over: each version of Samba has more.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de};

/// All that was said.
#[derive(Debug, Default)]
pub(crate) struct Status {
    /// When it was said.
    pub(super) timestamp: Option<String>,
    pub(super) sessions: Vec<Session>,
    /// Connections of sessions to shares (tree connects).
    pub(super) tcons: Vec<Tcon>,
    /// `None` where they are not known, or were not asked for.
    pub(super) open_files: Option<Vec<OpenFile>>,
}

/// The whole document. Sections that were not asked for are not there.
#[derive(Debug, Deserialize)]
struct Document {
    timestamp: Option<String>,
    #[serde(default, deserialize_with = "values")]
    sessions: Option<Vec<Session>>,
    #[serde(default, deserialize_with = "values")]
    tcons: Option<Vec<Tcon>>,
    /// Nor before the first file was opened.
    #[serde(default, deserialize_with = "values")]
    open_files: Option<Vec<OpenFile>>,
}

/// A part of what smbstatus says, and the option that asks for it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Sessions,
    Shares,
    Files,
}

impl Section {
    /// All of them, in the order in which smbstatus prints them.
    pub(super) const ALL: [Self; 3] = [Self::Sessions, Self::Shares, Self::Files];

    /// The option, which every version has.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Sessions => "--processes",
            Self::Shares => "--shares",
            Self::Files => "--locks",
        }
    }
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
    /// Since 4.22.
    pub(super) creation_time: Option<String>,
    /// Since 4.22: when the user last proved who they are.
    pub(super) auth_time: Option<String>,
    /// Since 4.22: the connections that the session uses.
    #[serde(default, deserialize_with = "values")]
    pub(super) channels: Option<Vec<Channel>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Channel {
    /// `ipv4:192.0.2.7:49686`.
    pub(super) remote_address: Option<String>,
    /// Since 4.24: `tcp`, `nbt`, `quic`.
    pub(super) transport: Option<String>,
}

/// The smbd that serves a client: one process for each connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct ServerId {
    #[serde(deserialize_with = "number")]
    pub(super) pid: u64,
    /// The node of a cluster.
    #[serde(default)]
    pub(super) vnn: String,
    /// Empty where only text is known, which does not tell it.
    #[serde(default)]
    pub(super) unique_id: String,
}

impl ServerId {
    /// What a computer that is no cluster has for a node.
    const NO_NODE: &str = "4294967295";

    /// Process and node: what JSON and text both tell.
    pub(super) fn process(&self) -> (u64, &str) {
        match self.vnn.as_str() {
            Self::NO_NODE => (self.pid, ""),
            node => (self.pid, node),
        }
    }
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
    pub(super) server_id: Option<ServerId>,
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
    pub(super) opens: Option<Vec<Open>>,
}

impl OpenFile {
    pub(super) fn opens(&self) -> &[Open] {
        self.opens.as_deref().unwrap_or_default()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Open {
    pub(super) server_id: ServerId,
    /// In text either this or the name.
    pub(super) uid: Option<i64>,
    /// Where it was asked for.
    pub(super) username: Option<String>,
    /// Text does not tell it.
    #[serde(deserialize_with = "some_number")]
    pub(super) share_file_id: Option<u64>,
    pub(super) access_mask: Option<Mask>,
    /// What others may open it for. Text does not tell it in full.
    pub(super) sharemode: Option<Mask>,
    pub(super) oplock: Option<Oplock>,
    pub(super) opened_at: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Oplock {
    /// `BATCH`, `LEASE(RWH)`; not there where there is none.
    pub(super) text: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Mask {
    /// `0x00120089`.
    pub(super) hex: Option<String>,
}

impl Mask {
    /// The mask as a number.
    pub(super) fn bits(&self) -> Option<u32> {
        let digits = self.hex.as_deref()?.strip_prefix("0x")?;
        u32::from_str_radix(digits, 16).ok()
    }
}

impl Status {
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// How many rows a section has.
    pub(super) fn rows(&self, section: Section) -> usize {
        match section {
            Section::Sessions => self.sessions.len(),
            Section::Shares => self.tcons.len(),
            Section::Files => self
                .open_files
                .iter()
                .flatten()
                .map(|f| f.opens().len())
                .sum(),
        }
    }

    /// Gives processes that are known from text only the rest of their identity,
    /// where a section that came as JSON has the same process.
    pub(super) fn link(&mut self) {
        let whole = self.processes();
        self.link_with(&whole);
    }

    /// The same, by the processes of another.
    pub(super) fn link_to(&mut self, other: &Self) {
        let whole = other.processes();
        self.link_with(&whole);
    }

    fn link_with(&mut self, whole: &Processes) {
        if whole.is_empty() {
            return;
        }
        let sessions = self
            .sessions
            .iter_mut()
            .map(|session| &mut session.server_id);
        let tcons = self
            .tcons
            .iter_mut()
            .filter_map(|tcon| tcon.server_id.as_mut());
        let files = self.open_files.iter_mut().flatten();
        let opens = files.flat_map(|file| file.opens.iter_mut().flatten());
        let opens = opens.map(|open| &mut open.server_id);
        for process in sessions.chain(tcons).chain(opens) {
            complete(process, whole);
        }
    }

    /// The processes that are known in full, by what text tells of them.
    fn processes(&self) -> Processes {
        let sessions = self.sessions.iter().map(|session| &session.server_id);
        let tcons = self.tcons.iter().filter_map(|tcon| tcon.server_id.as_ref());
        let opens = self.open_files.iter().flatten().flat_map(OpenFile::opens);
        let opens = opens.map(|open| &open.server_id);
        let all = sessions.chain(tcons).chain(opens);
        let whole = all.filter(|process| !process.unique_id.is_empty());
        whole
            .map(|process| {
                let (pid, node) = process.process();
                ((pid, node.to_owned()), process.clone())
            })
            .collect()
    }

    /// Reads the JSON in which one section, or with `None` all, was asked for.
    pub(super) fn read(json: &[u8], only: Option<Section>) -> Result<Self, serde_json::Error> {
        // Names on disks need not be UTF-8. One must not cost all the others.
        let document: Document = serde_json::from_str(&String::from_utf8_lossy(json))?;
        let lacks = |name| Err(de::Error::missing_field(name));
        match only {
            None | Some(Section::Sessions) if document.sessions.is_none() => {
                return lacks("sessions");
            }
            Some(Section::Shares) if document.tcons.is_none() => return lacks("tcons"),
            _ => {}
        }
        let open_files = match only {
            None | Some(Section::Files) => Some(document.open_files.unwrap_or_default()),
            Some(_) => None,
        };
        Ok(Self {
            timestamp: document.timestamp,
            sessions: document.sessions.unwrap_or_default(),
            tcons: document.tcons.unwrap_or_default(),
            open_files,
        })
    }
}

type Processes = HashMap<(u64, String), ServerId>;

fn complete(process: &mut ServerId, whole: &Processes) {
    if process.unique_id.is_empty() {
        let (pid, node) = process.process();
        if let Some(known) = whole.get(&(pid, node.to_owned())) {
            *process = known.clone();
        }
    }
}

/// A number, which is written as text so far.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Number(u64),
        Text(String),
    }
    match Number::deserialize(from)? {
        Number::Number(number) => Ok(number),
        Number::Text(text) => text.parse().map_err(de::Error::custom),
    }
}

fn some_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    number(from).map(Some)
}

/// The values of an object whose keys say nothing that its values do not.
fn values<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Option<Vec<T>>, D::Error> {
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

    from.deserialize_map(Values(PhantomData)).map(Some)
}
