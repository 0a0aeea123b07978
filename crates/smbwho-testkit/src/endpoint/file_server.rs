//! A file server of any [`Workload`], whose files and sessions can be closed.

use super::action::Action;
use super::encode::{LabSession, SessionReply};
use super::file_replies::{
    FILE_ENUM, FILE_GET_INFO, FILE_ID_NOT_FOUND, FilesReply, INVALID_LEVEL, NET_NAME_NOT_FOUND,
    SHARE_GET_INFO, SUCCESS, file_asked, file_reply, is_known, share_asked, share_reply,
};
use super::sessions::Cursor;
use super::{FileRequest, LabFile, Request, ServerKind, SessionRequest, Workload};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

const FILE_CLOSE: u16 = 11;
const SESSION_DEL: u16 = 13;

const CLIENT_NOT_FOUND: u32 = 2312;
const BAD_STUB_DATA: u32 = 1783;
const OP_RNG_ERROR: u32 = 0x1c01_0002;

/// A server of this [`Workload`], where closing a file or ending a session
/// takes it off the lists.
#[derive(Debug)]
pub struct FileServer {
    workload: Workload,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sessions: Vec<LabSession>,
    files: BTreeMap<u32, LabFile>,
    by_user: HashMap<String, BTreeSet<u32>>,
    by_client: HashMap<String, BTreeSet<u32>>,
    shares: HashMap<String, String>,
    /// When the sessions were as old as they say.
    at: Option<Instant>,
}

impl State {
    fn new(workload: &Workload) -> Self {
        let shares = 0..workload.shares;
        let mut state = Self {
            sessions: workload.sessions().collect(),
            shares: shares
                .map(|n| (Workload::share(n), workload.folder(n)))
                .collect(),
            at: Some(Instant::now()),
            ..Self::default()
        };
        for file in (0..workload.files).map(|n| workload.file(n)) {
            let user = state.by_user.entry(lower(file.user.as_ref())).or_default();
            user.insert(file.id);
            let client = state.by_client.entry(file.client.clone()).or_default();
            client.insert(file.id);
            state.files.insert(file.id, file);
        }
        state
    }

    /// Whether there was such a file.
    fn close(&mut self, id: u32) -> bool {
        let Some(file) = self.files.remove(&id) else {
            return false;
        };
        let user = self.by_user.get_mut(&lower(file.user.as_ref()));
        let client = self.by_client.get_mut(&file.client);
        for ids in [user, client].into_iter().flatten() {
            ids.remove(&id);
        }
        true
    }

    /// Lets the sessions grow as old as they are by now.
    fn grow_older(&mut self) {
        let passed = self.at.map_or(0, |at| at.elapsed().as_secs());
        if passed > 0 {
            for session in &mut self.sessions {
                session.active_secs += passed as u32;
                session.idle_secs += passed as u32;
            }
            self.at = self
                .at
                .map(|at| at + std::time::Duration::from_secs(passed));
        }
    }
}

fn lower(text: Option<&Vec<u16>>) -> String {
    String::from_utf16_lossy(text.map_or(&[], Vec::as_slice)).to_lowercase()
}

/// A client's name without its backslashes.
fn bare(client: &str) -> &str {
    client.trim_start_matches('\\')
}

impl FileServer {
    /// A server with all of it.
    #[must_use]
    pub fn new(workload: Workload) -> Self {
        let state = Mutex::new(State::new(&workload));
        Self { workload, state }
    }

    /// Opens again what was closed.
    pub fn reset(&self) {
        *self.state() = State::new(&self.workload);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_windows(&self) -> bool {
        self.workload.like == ServerKind::Windows
    }

    /// Answers a call.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Action {
        let stub = request.stub.as_slice();
        let reply = match request.opnum {
            SessionRequest::OPNUM => SessionRequest::decode(stub)
                .ok()
                .map(|asked| self.sessions(&asked)),
            FILE_ENUM => FileRequest::decode(request).map(|asked| self.files(&asked)),
            FILE_GET_INFO if self.is_windows() => self.file(stub),
            FILE_CLOSE => self.close(stub),
            SESSION_DEL => self.end(stub),
            SHARE_GET_INFO => self.share(stub),
            _ => return Action::Fault(OP_RNG_ERROR),
        };
        reply.map_or(Action::Fault(BAD_STUB_DATA), Action::reply)
    }

    fn sessions(&self, asked: &SessionRequest) -> Vec<u8> {
        let known: &[u32] = match self.workload.like {
            ServerKind::Windows => &[0, 1, 2, 10, 502],
            ServerKind::Samba => &[0, 1],
        };
        let mut state = self.state();
        state.grow_older();
        let chosen: Vec<LabSession>;
        let (sessions, status) = if !known.contains(&asked.level) {
            (&[][..], INVALID_LEVEL)
        } else if self.is_windows() && (asked.client.is_some() || asked.user.is_some()) {
            let sessions = state.sessions.iter();
            chosen = sessions
                .filter(|session| is_of(asked, session))
                .cloned()
                .collect();
            (&chosen[..], SUCCESS)
        } else {
            (&state.sessions[..], SUCCESS)
        };
        let reply = SessionReply {
            level: asked.level,
            sessions: [0, 1, 2, 10, 502]
                .contains(&asked.level)
                .then_some(sessions),
            total: sessions.len() as u32,
            resume: asked.resume.map(|_| 0),
            status,
        };
        reply.encode()
    }

    fn files(&self, asked: &FileRequest) -> Vec<u8> {
        let known = match self.workload.like {
            ServerKind::Windows => is_known(asked.level),
            ServerKind::Samba => asked.level == 3,
        };
        let state = self.state();
        let page = match known {
            true => self.chosen(&state, asked),
            false => Vec::new(),
        };
        let reply = FilesReply {
            level: asked.level,
            page: &page,
            total: page.len(),
            resume: asked.resume.map(|_| 0),
            status: if known { SUCCESS } else { INVALID_LEVEL },
        };
        reply.encode()
    }

    fn chosen<'a>(&self, state: &'a State, asked: &FileRequest) -> Vec<&'a LabFile> {
        let base = asked.base_path.as_deref().filter(|_| self.is_windows());
        let base: Vec<u16> = base.unwrap_or_default().encode_utf16().collect();
        let is_under = |file: &&LabFile| {
            let path = file.path.as_deref();
            path.is_some_and(|path| path.starts_with(&base))
        };
        let ids = match asked.user.as_deref() {
            None => return state.files.values().filter(is_under).collect(),
            Some(client) if client.starts_with(r"\\") && self.is_windows() => {
                state.by_client.get(&bare(client).to_lowercase())
            }
            Some(user) => state.by_user.get(&user.to_lowercase()),
        };
        let files = ids
            .into_iter()
            .flatten()
            .filter_map(|id| state.files.get(id));
        files.filter(is_under).collect()
    }

    fn file(&self, stub: &[u8]) -> Option<Vec<u8>> {
        let (id, level) = file_asked(stub)?;
        let state = self.state();
        let file = state.files.get(&id).filter(|_| is_known(level));
        let status = match file {
            Some(_) => SUCCESS,
            None if is_known(level) => FILE_ID_NOT_FOUND,
            None => INVALID_LEVEL,
        };
        Some(file_reply(level, file, status))
    }

    fn share(&self, stub: &[u8]) -> Option<Vec<u8>> {
        let (name, level) = share_asked(stub)?;
        let state = self.state();
        let folder = state.shares.get(&name.to_lowercase());
        let status = match folder {
            _ if level != 2 => INVALID_LEVEL,
            None => NET_NAME_NOT_FOUND,
            Some(_) => SUCCESS,
        };
        let folder = folder.filter(|_| status == SUCCESS);
        Some(share_reply(
            &name,
            level,
            folder.map(String::as_str),
            status,
        ))
    }

    fn close(&self, stub: &[u8]) -> Option<Vec<u8>> {
        let mut cursor = Cursor::new(stub);
        cursor.unique_string()?;
        let status = match self.state().close(cursor.long()?) {
            true => SUCCESS,
            false => FILE_ID_NOT_FOUND,
        };
        Some(status.to_le_bytes().to_vec())
    }

    fn end(&self, stub: &[u8]) -> Option<Vec<u8>> {
        let mut cursor = Cursor::new(stub);
        cursor.unique_string()?;
        let (client, user) = (cursor.unique_string()?, cursor.unique_string()?);
        let asked = SessionRequest {
            server: None,
            client,
            user,
            level: 1,
            preferred: u32::MAX,
            resume: None,
        };
        let mut state = self.state();
        let before = state.sessions.len();
        let (ended, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut state.sessions)
            .into_iter()
            .partition(|session| is_of(&asked, session));
        state.sessions = kept;
        for session in ended {
            let ids = state.by_client.get(bare(&lower(session.client.as_ref())));
            let ids: Vec<u32> = ids.into_iter().flatten().copied().collect();
            for id in ids {
                state.close(id);
            }
        }
        let status = match state.sessions.len() < before {
            true => SUCCESS,
            false => CLIENT_NOT_FOUND,
        };
        Some(status.to_le_bytes().to_vec())
    }
}

/// Whether a session is one of those asked for.
fn is_of(asked: &SessionRequest, session: &LabSession) -> bool {
    let client = asked.client.as_ref().map(|client| client.to_lowercase());
    let user = asked.user.as_ref().map(|user| user.to_lowercase());
    client.is_none_or(|client| bare(&client) == bare(&lower(session.client.as_ref())))
        && user.is_none_or(|user| user == lower(session.user.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_have_as_many_opens_as_files() {
        let workload = Workload {
            users: 3,
            clients: 4,
            files: 29,
            shares: 2,
            like: ServerKind::Samba,
        };
        let server = FileServer::new(workload);
        let mut state = server.state();
        let opens: u32 = state.sessions.iter().map(|session| session.opens).sum();
        assert_eq!((state.sessions.len(), opens), (12, 29));
        for session in &state.sessions {
            let files = &state.by_client[&lower(session.client.as_ref())];
            assert_eq!(files.len(), session.opens as usize);
        }
        assert!(state.close(7) && !state.close(7));
        assert_eq!(state.by_user.values().map(BTreeSet::len).sum::<usize>(), 28);
    }
}
