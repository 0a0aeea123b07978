//! A server of sessions that keeps to the book, or to a rule a test gives it.

use super::action::Action;
use super::encode::{LabSession, SessionReply};
use super::{Request, pdu};
use std::collections::BTreeMap;

const ERROR_SUCCESS: u32 = 0;
const ERROR_MORE_DATA: u32 = 234;
const ERROR_INVALID_LEVEL: u32 = 124;
const NERR_BUF_TOO_SMALL: u32 = 2123;
const NCA_S_OP_RNG_ERROR: u32 = 0x1c01_0002;
const LEVELS: [u32; 5] = [0, 1, 2, 10, 502];

/// A NetrSessionEnum request, decoded ([MS-SRVS] 3.1.4.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRequest {
    /// `\\server` as the client wrote it.
    pub server: Option<String>,
    /// The filter by client.
    pub client: Option<String>,
    /// The filter by user.
    pub user: Option<String>,
    /// The level asked for.
    pub level: u32,
    /// PreferedMaximumLength in bytes.
    pub preferred: u32,
    /// The resume handle, where one was sent.
    pub resume: Option<u32>,
}

impl SessionRequest {
    /// NetrSessionEnum's number.
    pub const OPNUM: u16 = 12;

    /// Decodes a request's stub to its last byte; says what is wrong with it.
    ///
    /// # Errors
    /// The name of the field that is missing or not as it must be.
    pub fn decode(stub: &[u8]) -> Result<Self, &'static str> {
        let mut cursor = Cursor::new(stub);
        let server = cursor.unique_string().ok_or("ServerName")?;
        let client = cursor.unique_string().ok_or("ClientName")?;
        let user = cursor.unique_string().ok_or("UserName")?;
        let level = cursor.long().ok_or("Level")?;
        if cursor.long().ok_or("SessionInfo's switch")? != level {
            return Err("SessionInfo's switch is not the level");
        }
        if LEVELS.contains(&level) {
            if cursor.long().ok_or("container")? == 0 {
                return Err("the container is null");
            }
            let entries = cursor.long().ok_or("EntriesRead")?;
            let buffer = cursor.long().ok_or("Buffer")?;
            if entries != 0 || buffer != 0 {
                return Err("the container is not empty");
            }
        }
        let preferred = cursor.long().ok_or("PreferedMaximumLength")?;
        let resume = match cursor.long().ok_or("ResumeHandle")? {
            0 => None,
            _ => Some(cursor.long().ok_or("ResumeHandle's value")?),
        };
        if cursor.at != stub.len() {
            return Err("bytes after the end");
        }
        Ok(Self {
            server,
            client,
            user,
            level,
            preferred,
            resume,
        })
    }
}

pub(super) struct Cursor<'a> {
    stub: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(stub: &'a [u8]) -> Self {
        Self { stub, at: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.stub.len()
    }

    pub(super) fn long(&mut self) -> Option<u32> {
        self.at = self.at.next_multiple_of(4);
        let value = pdu::u32_at(self.stub, self.at)?;
        self.at += 4;
        Some(value)
    }

    pub(super) fn unique_string(&mut self) -> Option<Option<String>> {
        if self.long()? == 0 {
            return Some(None);
        }
        self.string().map(Some)
    }

    pub(super) fn string(&mut self) -> Option<String> {
        let (max, offset, actual) = (self.long()?, self.long()?, self.long()?);
        if offset != 0 || actual > max {
            return None;
        }
        let end = self.at.checked_add(2 * actual as usize)?;
        let bytes = self.stub.get(self.at..end)?;
        self.at = end;
        let units: Vec<u16> = bytes
            .chunks(2)
            .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
            .collect();
        // The terminator must be there, and only at the end.
        let (last, text) = units.split_last()?;
        if *last != 0 || text.contains(&0) {
            return None;
        }
        String::from_utf16(text).ok()
    }
}

/// Answers NetrSessionEnum from a list of sessions.
///
/// Resume handles are positions in the list. A page is what fits into
/// PreferedMaximumLength, and never longer than [`page`](Self::page).
#[derive(Debug, Clone)]
pub struct SessionService {
    sessions: Vec<LabSession>,
    refused: BTreeMap<u32, u32>,
    page: usize,
    stuck: bool,
    filters: bool,
}

impl SessionService {
    /// Serves these at every level, in one page if it may.
    #[must_use]
    pub fn new(sessions: Vec<LabSession>) -> Self {
        Self {
            sessions,
            refused: BTreeMap::new(),
            page: usize::MAX,
            stuck: false,
            filters: true,
        }
    }

    /// Serves so many sessions, each unlike the others.
    #[must_use]
    pub fn numbered(count: u32) -> Self {
        Self::new((0..count).map(LabSession::numbered).collect())
    }

    /// Answers a level with this status and no rows.
    #[must_use]
    pub fn refuse(mut self, level: u32, status: u32) -> Self {
        self.refused.insert(level, status);
        self
    }

    /// Knows these levels only; the others get ERROR_INVALID_LEVEL.
    #[must_use]
    pub fn only_levels(mut self, levels: &[u32]) -> Self {
        for level in LEVELS {
            if !levels.contains(&level) {
                self.refused.insert(level, ERROR_INVALID_LEVEL);
            }
        }
        self
    }

    /// Sends at most so many sessions a page.
    #[must_use]
    pub fn page(mut self, sessions: usize) -> Self {
        self.page = sessions.max(1);
        self
    }

    /// Claims that there is more, and gives the first page again each time,
    /// with a resume handle that never moves.
    #[must_use]
    pub fn stuck(mut self) -> Self {
        self.stuck = true;
        self
    }

    /// Ignores the filters of the request, as Samba does.
    #[must_use]
    pub fn ignore_filters(mut self) -> Self {
        self.filters = false;
        self
    }

    /// Answers a call. Others than NetrSessionEnum get the fault for unknown
    /// operations; a request that is not well-formed too, with another code.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Action {
        if request.opnum != SessionRequest::OPNUM {
            return Action::Fault(NCA_S_OP_RNG_ERROR);
        }
        match SessionRequest::decode(&request.stub) {
            // rpc_x_bad_stub_data, as a marshalling engine reports it.
            Err(_) => Action::Fault(1783),
            Ok(asked) => Action::reply(self.stub(&asked)),
        }
    }

    /// The stub that answers a request.
    #[must_use]
    pub fn stub(&self, asked: &SessionRequest) -> Vec<u8> {
        let refusal = match self.refused.get(&asked.level) {
            Some(&status) => Some(status),
            None if !LEVELS.contains(&asked.level) => Some(ERROR_INVALID_LEVEL),
            None => None,
        };
        if let Some(status) = refusal {
            return self.empty(asked, status);
        }
        let chosen: Vec<LabSession>;
        let all = if self.filters && (asked.client.is_some() || asked.user.is_some()) {
            chosen = self
                .sessions
                .iter()
                .filter(|s| matches(asked, s))
                .cloned()
                .collect();
            &chosen
        } else {
            &self.sessions
        };
        let start = if self.stuck {
            0
        } else {
            asked.resume.unwrap_or(0) as usize
        };
        let rest = all.get(start..).unwrap_or_default();
        let count = self.fitting(asked, rest);
        if count == 0 && !rest.is_empty() {
            return self.empty(asked, NERR_BUF_TOO_SMALL);
        }
        let end = start + count;
        let more = self.stuck || count < rest.len();
        let reply = SessionReply {
            level: asked.level,
            sessions: Some(&rest[..count]),
            // [MS-SRVS] 3.1.4.5: how many there are from the handle on.
            total: rest.len() as u32,
            resume: asked.resume.map(|_| if more { end as u32 } else { 0 }),
            status: if more { ERROR_MORE_DATA } else { ERROR_SUCCESS },
        };
        reply.encode()
    }

    /// How many of `rest` go into one page.
    fn fitting(&self, asked: &SessionRequest, rest: &[LabSession]) -> usize {
        let mut left = asked.preferred as usize;
        let fits = |session: &&LabSession| {
            let size = size_of(asked.level, session);
            let fits = asked.preferred == u32::MAX || size <= left;
            left = left.saturating_sub(size);
            fits
        };
        rest.iter().take(self.page).take_while(fits).count()
    }

    fn empty(&self, asked: &SessionRequest, status: u32) -> Vec<u8> {
        let reply = SessionReply {
            level: asked.level,
            sessions: LEVELS.contains(&asked.level).then_some(&[]),
            total: 0,
            resume: asked.resume,
            status,
        };
        reply.encode()
    }
}

/// What a session takes in a buffer of the caller: its fixed part and its
/// strings with their terminators.
fn size_of(level: u32, session: &LabSession) -> usize {
    let units = |text: &Option<Vec<u16>>| text.as_ref().map_or(0, |units| 2 * (units.len() + 1));
    let names = units(&session.client) + units(&session.user);
    let kind = units(&session.client_type);
    match level {
        0 => 4 + units(&session.client),
        1 => 24 + names,
        2 => 28 + names + kind,
        10 => 16 + names,
        _ => 32 + names + kind + units(&session.transport),
    }
}

fn matches(asked: &SessionRequest, session: &LabSession) -> bool {
    let same = |wanted: &Option<String>, has: &Option<Vec<u16>>| {
        let Some(wanted) = wanted else { return true };
        let has = String::from_utf16_lossy(has.as_deref().unwrap_or_default());
        let plain = |name: &str| name.trim_start_matches('\\').to_lowercase();
        plain(wanted) == plain(&has)
    };
    same(&asked.client, &session.client) && same(&asked.user, &session.user)
}
