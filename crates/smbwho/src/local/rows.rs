//! From what `smbstatus` says to rows. What it does not say is unknown: it
//! keeps no idle time, and asks of no locks.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::filter::ClientFilter;

use super::status::{self, Crypto, Open, ServerId, Status};
use crate::{
    ClientBasis, Connection, Name, OpenFile, Permissions, Protection, Session, ShareMode,
    SmbConnection, SmbOpen,
};

impl Status {
    /// Who is connected. How much they have open is not known where the files
    /// are not.
    pub(crate) fn sessions(&self) -> Vec<Session> {
        let opens = self.opens();
        let oldest = self.oldest_connections();
        let row = |(number, (session, opens)): (usize, (&status::Session, Option<u32>))| Session {
            client: name(&session.remote_machine),
            user: user(session),
            opens,
            // Before 4.22 Samba does not say when a session began: then the
            // oldest of its connections to shares has to do, which may be younger.
            active: match &session.creation_time {
                Some(began) => self.since(began),
                None => oldest[number],
            },
            transport: transport(session),
            smb: smb(SmbConnection {
                dialect: session.session_dialect.as_deref().map(dialect),
                cipher: session.encryption.as_ref().and_then(protection),
                signing: session.signing.as_ref().and_then(protection),
                address: remote_address(session),
                channels: session
                    .channels
                    .as_ref()
                    .and_then(|channels| u32::try_from(channels.len()).ok()),
                authenticated: session.auth_time.as_deref().and_then(moment),
            }),
            ..Session::unknown(None)
        };
        let rows = self.sessions.iter().zip(opens).enumerate();
        rows.map(row).collect()
    }

    /// How many files each session has open.
    fn opens(&self) -> Vec<Option<u32>> {
        let Some(files) = &self.open_files else {
            return vec![None; self.sessions.len()];
        };
        let owners = Owners::of(self);
        let mut counts = vec![0_u32; self.sessions.len()];
        // The smbds with a file of which nobody can say whose it is.
        let mut unclear = HashSet::new();
        for open in files.iter().flat_map(status::OpenFile::opens) {
            match owners.of_open(open).and_then(|owner| counts.get_mut(owner)) {
                Some(count) => *count += 1,
                None => _ = unclear.insert(&open.server_id),
            }
        }
        let known = |(session, count): (&status::Session, u32)| {
            (!unclear.contains(&session.server_id)).then_some(count)
        };
        self.sessions.iter().zip(counts).map(known).collect()
    }

    /// Whether it depends on the names of their users, which are not known, through
    /// which sessions files are open.
    pub(super) fn lacks_names_of_opens(&self) -> bool {
        let owners = Owners::of(self);
        let lacks = |open: &Open| {
            let sessions = owners.by_smbd.get(&open.server_id);
            let uids = |sessions: &[usize]| {
                let lacks_uid = |n: &usize| self.sessions[*n].uid.is_none();
                sessions.iter().any(lacks_uid)
            };
            open.username.is_none()
                && sessions.is_some_and(|all| all.len() > 1 && uids(all) && !owners.of_user(all))
        };
        let files = self.open_files.iter().flatten();
        files.flat_map(status::OpenFile::opens).any(lacks)
    }

    /// The age of the oldest connection to a share that each session has.
    fn oldest_connections(&self) -> Vec<Option<Duration>> {
        let sessions = Owners::of(self);
        let mut oldest = vec![None; self.sessions.len()];
        for tcon in &self.tcons {
            let age = tcon.connected_at.as_deref().and_then(|at| self.since(at));
            if let Some(known) = sessions.of_tcon(tcon).and_then(|n| oldest.get_mut(n)) {
                *known = age.max(*known);
            }
        }
        oldest
    }

    /// Which files are open; `None` where that is not known.
    pub(crate) fn files(&self) -> Option<Vec<OpenFile>> {
        let owners = Owners::of(self);
        let rows = self.open_files.as_ref()?.iter().flat_map(|file| {
            let path = path(file);
            let owners = &owners;
            file.opens().iter().map(move |open| {
                let client = owners.client_of(&open.server_id);
                OpenFile {
                    path: path.clone(),
                    user: owners.user_of(open),
                    permissions: open.access_mask.as_ref().and_then(permissions),
                    client_basis: match client {
                        Some(_) => ClientBasis::Server,
                        None => ClientBasis::NoSession,
                    },
                    client,
                    smb: open_details(open),
                    ..OpenFile::unknown(id(open), None)
                }
            })
        });
        Some(rows.collect())
    }

    /// How many open files have a name that is not UTF-8, so that it is not
    /// known as it is.
    pub(crate) fn files_not_utf8(&self) -> usize {
        let is_odd = |text: &Option<String>| {
            text.as_ref()
                .is_some_and(|text| text.contains(char::REPLACEMENT_CHARACTER))
        };
        let files = self.open_files.iter().flatten();
        let odd = files.filter(|file| is_odd(&file.service_path) || is_odd(&file.filename));
        odd.map(|file| file.opens().len()).sum()
    }

    /// Which clients are connected to a share, or, with a client, to which
    /// shares.
    pub(crate) fn connections(&self, qualifier: &str) -> Vec<Connection> {
        let fold = |text: &str| text.to_lowercase();
        let sessions = Owners::of(self);
        let client = qualifier.strip_prefix(r"\\").map(ClientFilter::exact);
        let is = |told: &str| match &client {
            Some(client) => client.matches(told),
            None => fold(told) == fold(qualifier),
        };
        let rows = self.tcons.iter().filter(|tcon| {
            let told = match client {
                Some(_) => &tcon.machine,
                None => &tcon.service,
            };
            told.as_deref().is_some_and(is)
        });
        rows.map(|tcon| {
            let session = sessions.of_tcon(tcon).and_then(|n| self.sessions.get(n));
            Connection {
                id: tcon.tcon_id.as_deref().and_then(|id| id.parse().ok()),
                active: tcon.connected_at.as_deref().and_then(|at| self.since(at)),
                user: session.and_then(user),
                name: name(match client {
                    Some(_) => &tcon.service,
                    None => &tcon.machine,
                }),
                ..Connection::unknown(None)
            }
        })
        .collect()
    }

    /// The time from a moment to when this was said, in whole seconds.
    fn since(&self, moment: &str) -> Option<Duration> {
        let moment: Timestamp = moment.parse().ok()?;
        let now: Timestamp = self.timestamp.as_deref()?.parse().ok()?;
        let secs = now.duration_since(moment).as_secs();
        u64::try_from(secs).ok().map(Duration::from_secs)
    }
}

/// The numbers of the sessions that each smbd serves.
struct Owners<'a> {
    status: &'a Status,
    by_smbd: HashMap<&'a ServerId, Vec<usize>>,
    by_id: HashMap<&'a str, usize>,
}

impl<'a> Owners<'a> {
    fn of(status: &'a Status) -> Self {
        let mut by_smbd = HashMap::<_, Vec<_>>::new();
        let mut by_id = HashMap::new();
        for (number, session) in status.sessions.iter().enumerate() {
            by_smbd.entry(&session.server_id).or_default().push(number);
            if let Some(id) = session.session_id.as_deref() {
                by_id.insert(id, number);
            }
        }
        Self {
            status,
            by_smbd,
            by_id,
        }
    }

    /// The session of a connection to a share: by its number, or, where text
    /// tells none, the only one of its smbd.
    fn of_tcon(&self, tcon: &status::Tcon) -> Option<usize> {
        if let Some(id) = tcon.session_id.as_deref() {
            return self.by_id.get(id).copied();
        }
        match self.by_smbd.get(tcon.server_id.as_ref()?)?[..] {
            [session] => Some(session),
            _ => None,
        }
    }

    /// The session through which a file was opened: the only one of its smbd,
    /// or the only one there of its user. (The user of a file may be another
    /// than the session's: `force user`.)
    fn of_open(&self, open: &Open) -> Option<usize> {
        let sessions = self.by_smbd.get(&open.server_id)?;
        if let [session] = sessions[..] {
            return Some(session);
        }
        let mut same = sessions
            .iter()
            .filter(|session| self.is_of(open, **session));
        match (same.next(), same.next()) {
            (Some(session), None) => Some(*session),
            _ => None,
        }
    }

    /// Whether a file was opened by the user of a session: by their number, or,
    /// where text does not tell it, by their name.
    fn is_of(&self, open: &Open, session: usize) -> bool {
        let session = &self.status.sessions[session];
        match (open.uid, session.uid) {
            (Some(open), Some(session)) => open == session,
            _ => open.username.is_some() && open.username == session.username,
        }
    }

    /// Who opened a file: sessions of one user of one smbd are all theirs.
    fn user_of(&self, open: &Open) -> Option<Name> {
        let sessions = self.by_smbd.get(&open.server_id)?;
        let of_user = |session: &&usize| self.is_of(open, **session);
        let session = match self.of_user(sessions) {
            true => *sessions.first()?,
            false => *sessions.iter().find(of_user)?,
        };
        user(&self.status.sessions[session])
    }

    /// Whether these sessions are of one user.
    fn of_user(&self, sessions: &[usize]) -> bool {
        let mut users = sessions.iter().map(|n| &self.status.sessions[*n].username);
        let first = users.next();
        first.is_some() && users.all(|user| user.is_some() && Some(user) == first)
    }

    /// The client of an smbd, which serves one.
    fn client_of(&self, smbd: &ServerId) -> Option<Name> {
        let session = *self.by_smbd.get(smbd)?.first()?;
        name(&self.status.sessions[session].remote_machine)
    }
}

fn name(text: &Option<String>) -> Option<Name> {
    text.as_deref().map(Name::from)
}

/// The user of a session; none while they have not signed in.
fn user(session: &status::Session) -> Option<Name> {
    let is_known = |user: &&String| *user != "(auth in progress)";
    let user = session.username.as_ref().filter(is_known)?;
    Some(Name::from(user.as_str()))
}

/// The client's end of a session's first connection.
fn remote_address(session: &status::Session) -> Option<SocketAddr> {
    let of_channel = || {
        let mut channels = session.channels.iter().flatten();
        channels.find_map(|channel| address(channel.remote_address.as_deref()?))
    };
    session
        .hostname
        .as_deref()
        .and_then(address)
        .or_else(of_channel)
}

/// What a session's connections run over: `tcp`, or with several `quic,tcp`.
fn transport(session: &status::Session) -> Option<Name> {
    let channels = session.channels.iter().flatten();
    let mut told: Vec<&str> = channels
        .filter_map(|channel| channel.transport.as_deref())
        .filter(|transport| *transport != "unknown")
        .collect();
    told.sort_unstable();
    told.dedup();
    (!told.is_empty()).then(|| Name::from(told.join(",").as_str()))
}

/// What is known of an open beyond what every server tells.
fn open_details(open: &Open) -> Option<Box<SmbOpen>> {
    let details = SmbOpen {
        opened_at: open.opened_at.as_deref().and_then(moment),
        share_mode: open
            .sharemode
            .as_ref()
            .and_then(status::Mask::bits)
            .map(ShareMode),
        oplock: open.oplock.as_ref().map(oplock),
    };
    (details != SmbOpen::default()).then(|| Box::new(details))
}

/// As [MS-SMB2] 2.2.14 counts them. What is new stays as it is.
fn oplock(told: &status::Oplock) -> Name {
    Name::from(match told.text.as_deref().map(str::trim_end) {
        None | Some("NONE" | "") => "none",
        Some("LEVEL_II") => "level2",
        Some("EXCLUSIVE") => "exclusive",
        Some("BATCH" | "EXCLUSIVE+BATCH") => "batch",
        Some("LEASE STATE UNKNOWN") => "lease",
        Some(other) => {
            let lease = other.strip_prefix("LEASE");
            return Name::from(
                lease
                    .map_or(other.to_owned(), |state| format!("lease{state}"))
                    .as_str(),
            );
        }
    })
}

/// A moment that smbstatus tells. Some stand for "never".
fn moment(told: &str) -> Option<SystemTime> {
    let moment: Timestamp = told.parse().ok()?;
    (moment.as_second() > 0).then(|| moment.into())
}

/// What is known of a connection, if anything is.
fn smb(connection: SmbConnection) -> Option<Box<SmbConnection>> {
    (connection != SmbConnection::default()).then(|| Box::new(connection))
}

/// `SMB3_11` as everybody else writes it. What is new stays as it is.
fn dialect(told: &str) -> Name {
    Name::from(match told {
        "NT1" => "1",
        "SMB2_02" => "2.0.2",
        "SMB2_10" => "2.1",
        "SMB3_00" => "3.0",
        "SMB3_02" => "3.0.2",
        "SMB3_11" => "3.1.1",
        other => other,
    })
}

fn protection(crypto: &Crypto) -> Option<Protection> {
    let cipher = || name(&crypto.cipher);
    match crypto.degree.as_deref()? {
        "none" => Some(Protection::None),
        "full" => cipher().map(Protection::Full),
        // Also what a later version may call something in between.
        _ => cipher().map(Protection::Partial),
    }
}

/// `ipv4:192.0.2.7:49686`, `ipv6:2001:db8::7:49686`.
fn address(told: &str) -> Option<SocketAddr> {
    let (family, rest) = told.split_once(':')?;
    let (host, port) = rest.rsplit_once(':')?;
    let port = port.parse().ok()?;
    match family {
        "ipv4" => Some(SocketAddr::new(host.parse().ok()?, port)),
        "ipv6" => Some(SocketAddr::new(
            host.trim_matches(['[', ']']).parse().ok()?,
            port,
        )),
        _ => None,
    }
}

/// The path as this computer has it; `.` is the folder that is shared.
fn path(file: &status::OpenFile) -> Option<Name> {
    let share = file.service_path.as_deref()?.trim_end_matches('/');
    let path = match file.filename.as_deref()? {
        "." | "" if share.is_empty() => "/".to_owned(),
        "." | "" => share.to_owned(),
        path => format!("{share}/{path}"),
    };
    Some(Name::from(path.as_str()))
}

fn permissions(mask: &status::Mask) -> Option<Permissions> {
    mask.bits().map(Permissions::of_access_mask)
}

/// The number that NetrFileEnum has for this open, so that it can be closed by
/// it: smbd makes it of process and file (read in Samba's source).
fn id(open: &Open) -> Option<u32> {
    // Both as smbd cuts them off.
    let file = open.share_file_id?;
    Some(((open.server_id.pid << 16) | file) as u32)
}

#[cfg(test)]
mod tests;
