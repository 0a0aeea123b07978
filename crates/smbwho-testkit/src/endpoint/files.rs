//! A server of open files, of the sessions they belong to, and of the shares
//! they lie in, that keeps to the book or to a rule a test gives it.

use super::action::Action;
use super::encode::{Text, text};
use super::file_replies::{
    FILE_ENUM, FILE_GET_INFO, FILE_ID_NOT_FOUND, FilesReply, INVALID_LEVEL, MORE_DATA,
    NET_NAME_NOT_FOUND, SHARE_GET_INFO, SUCCESS, file_asked, file_reply, is_known, share_asked,
    share_reply,
};
use super::sessions::Cursor;
use super::{Request, SessionRequest, SessionService};
use std::collections::BTreeMap;

const BAD_STUB_DATA: u32 = 1783;
const OP_RNG_ERROR: u32 = 0x1c01_0002;

/// One open file, and the client it was opened from, which no level tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabFile {
    /// The server's number for it.
    pub id: u32,
    /// What it was opened for.
    pub permissions: u32,
    /// Byte-range locks.
    pub locks: u32,
    /// The path as the server knows it.
    pub path: Text,
    /// Who.
    pub user: Text,
    /// The client, without backslashes.
    pub client: String,
}

impl LabFile {
    /// A file open for reading.
    #[must_use]
    pub fn new(id: u32, path: &str, user: &str, client: &str) -> Self {
        Self {
            id,
            permissions: 1,
            locks: 0,
            path: text(path),
            user: text(user),
            client: client.to_owned(),
        }
    }
}

/// What a server makes of `\\client` in the place of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByClient {
    /// It lists the files of that client, as Windows does.
    Honoured,
    /// It takes it for a user of that name, as Samba does.
    TakenForUser,
    /// It does not look at it.
    Ignored,
}

/// A NetrFileEnum request, decoded ([MS-SRVS] 3.1.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRequest {
    /// What the paths shall begin with.
    pub base_path: Option<String>,
    /// The user, or the client.
    pub user: Option<String>,
    /// The level asked for.
    pub level: u32,
    /// PreferedMaximumLength in bytes.
    pub preferred: u32,
    /// The resume handle, where one was sent.
    pub resume: Option<u32>,
}

impl FileRequest {
    /// Decodes the request, if it is one.
    #[must_use]
    pub fn decode(request: &Request) -> Option<Self> {
        if request.opnum != FILE_ENUM {
            return None;
        }
        let mut cursor = Cursor::new(&request.stub);
        cursor.unique_string()?;
        let base_path = cursor.unique_string()?;
        let user = cursor.unique_string()?;
        let level = cursor.long()?;
        let same = cursor.long()? == level;
        // An empty container: pointer, count, null buffer.
        let container = [cursor.long()?, cursor.long()?, cursor.long()?];
        let preferred = cursor.long()?;
        let resume = match cursor.long()? {
            0 => None,
            _ => Some(cursor.long()?),
        };
        let good = same && container[0] != 0 && container[1..] == [0, 0] && cursor.is_at_end();
        good.then_some(Self {
            base_path,
            user,
            level,
            preferred,
            resume,
        })
    }
}

/// Answers NetrFileEnum and NetrFileGetInfo from a list of files, NetrSessionEnum
/// from a [`SessionService`], and NetrShareGetInfo at level 2 from a list of shares.
#[derive(Debug, Clone)]
pub struct FileService {
    files: Vec<LabFile>,
    sessions: SessionService,
    shares: BTreeMap<String, String>,
    refused: BTreeMap<u32, u32>,
    shares_refused: Option<u32>,
    by_client: ByClient,
    base_path: bool,
    page: usize,
}

impl FileService {
    /// Serves these files at both levels, as Windows does; sessions too.
    #[must_use]
    pub fn new(files: Vec<LabFile>, sessions: SessionService) -> Self {
        Self {
            files,
            sessions,
            shares: BTreeMap::new(),
            refused: BTreeMap::new(),
            shares_refused: None,
            by_client: ByClient::Honoured,
            base_path: true,
            page: usize::MAX,
        }
    }

    /// Has a share.
    #[must_use]
    pub fn share(mut self, name: &str, path: &str) -> Self {
        self.shares.insert(name.to_lowercase(), path.to_owned());
        self
    }

    /// Answers a level of files with this status and no rows.
    #[must_use]
    pub fn refuse(mut self, level: u32, status: u32) -> Self {
        self.refused.insert(level, status);
        self
    }

    /// Answers NetrShareGetInfo with this status.
    #[must_use]
    pub fn refuse_shares(mut self, status: u32) -> Self {
        self.shares_refused = Some(status);
        self
    }

    /// What becomes of `\\client`.
    #[must_use]
    pub fn by_client(mut self, by_client: ByClient) -> Self {
        self.by_client = by_client;
        self
    }

    /// Ignores the base path, as Samba does.
    #[must_use]
    pub fn ignore_base_path(mut self) -> Self {
        self.base_path = false;
        self
    }

    /// Sends at most so many files a page.
    #[must_use]
    pub fn page(mut self, files: usize) -> Self {
        self.page = files.max(1);
        self
    }

    /// Answers a call.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Action {
        let stub = match request.opnum {
            SessionRequest::OPNUM => return self.sessions.answer(request),
            FILE_ENUM => FileRequest::decode(request).map(|asked| self.enumerate(&asked)),
            FILE_GET_INFO => self.file(&request.stub),
            SHARE_GET_INFO => self.share_info(&request.stub),
            _ => return Action::Fault(OP_RNG_ERROR),
        };
        stub.map_or(Action::Fault(BAD_STUB_DATA), Action::reply)
    }

    fn enumerate(&self, asked: &FileRequest) -> Vec<u8> {
        let refusal = self.refused.get(&asked.level).copied();
        let refusal = refusal.or((!is_known(asked.level)).then_some(INVALID_LEVEL));
        let chosen: Vec<&LabFile> = self
            .files
            .iter()
            .filter(|f| self.chosen(asked, f))
            .collect();
        let start = asked.resume.unwrap_or(0) as usize;
        let rest = chosen.get(start..).unwrap_or_default();
        let page = &rest[..rest.len().min(self.page)];
        let page = if refusal.is_some() { &[][..] } else { page };
        let more = refusal.is_none() && page.len() < rest.len();

        FilesReply {
            level: asked.level,
            page,
            total: rest.len(),
            resume: asked
                .resume
                .map(|_| if more { start + page.len() } else { 0 }),
            status: refusal.unwrap_or(if more { MORE_DATA } else { SUCCESS }),
        }
        .encode()
    }

    fn chosen(&self, asked: &FileRequest, file: &LabFile) -> bool {
        let lower = |text: &Text| {
            String::from_utf16_lossy(text.as_deref().unwrap_or_default()).to_lowercase()
        };
        // To the letter: nothing says that servers compare otherwise.
        let path = String::from_utf16_lossy(file.path.as_deref().unwrap_or_default());
        let under = |base: &String| !self.base_path || path.starts_with(base.as_str());
        let of = |user: &String| match (user.strip_prefix("\\\\"), self.by_client) {
            (Some(client), ByClient::Honoured) => client.eq_ignore_ascii_case(&file.client),
            (Some(_), ByClient::Ignored) => true,
            _ => user.to_lowercase() == lower(&file.user),
        };
        asked.base_path.as_ref().is_none_or(under) && asked.user.as_ref().is_none_or(of)
    }

    fn file(&self, stub: &[u8]) -> Option<Vec<u8>> {
        let (id, level) = file_asked(stub)?;
        let refusal = self.refused.get(&level).copied();
        let found = self
            .files
            .iter()
            .find(|file| file.id == id && refusal.is_none());
        let status = match found {
            Some(_) => SUCCESS,
            None => refusal.unwrap_or(FILE_ID_NOT_FOUND),
        };
        Some(file_reply(level, found, status))
    }

    fn share_info(&self, stub: &[u8]) -> Option<Vec<u8>> {
        let (name, level) = share_asked(stub)?;
        let path = self.shares.get(&name.to_lowercase());
        let status = match (self.shares_refused, path) {
            (Some(status), _) => status,
            _ if level != 2 => INVALID_LEVEL,
            (None, None) => NET_NAME_NOT_FOUND,
            (None, Some(_)) => SUCCESS,
        };
        let path = path.filter(|_| status == SUCCESS);
        Some(share_reply(&name, level, path.map(String::as_str), status))
    }
}
