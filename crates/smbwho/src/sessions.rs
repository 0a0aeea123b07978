//! Asking for sessions: NetrSessionEnum ([MS-SRVS] 3.1.4.5).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::stream::Stream;
use smbwho_msrpc::srvsvc::Enumerated;
use smbwho_msrpc::srvsvc::session::{
    NetrSessionEnum, SessionInfo, SessionInfo0, SessionInfo1, SessionInfo2, SessionInfo10,
    SessionInfo502, SessionLevel,
};
use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::ndr::{NdrError, Remaining, WStr};

use crate::enumerate::{Answer, At, Listing, MAX_PREFERRED_LENGTH, Pager, Part, Reply};
use crate::error::{ErrorKind, Refusal};
use crate::filter::{ClientFilter, UserFilter};
use crate::local::{Local, LocalError, Told};
use crate::rows::{Page, Rows};
use crate::session::SessionFlags;
use crate::{Error, Level, Name, Server, Session};

/// A question about a server's sessions. Made by [`Server::sessions`].
///
/// Without a level the richest is tried first (502, 2, 1, 10, 0), stepping
/// down while the server does not know a level or refuses it to this account;
/// every row says which level answered.
///
/// ```no_run
/// # async fn example(server: &smbwho::Server) -> Result<(), smbwho::Error> {
/// use futures::{StreamExt, pin_mut};
///
/// let pages = server.sessions().user("svc-*").pages();
/// pin_mut!(pages);
/// while let Some(page) = pages.next().await {
///     for session in page?.rows {
///         println!("{:?} idle for {:?}", session.client, session.idle);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is collected or its pages are read"]
pub struct SessionsQuery {
    server: Server,
    level: Option<Level>,
    client: Option<ClientFilter>,
    user: Option<UserFilter>,
    with_opens: bool,
    page_bytes: u32,
}

impl SessionsQuery {
    pub(crate) fn new(server: Server) -> Self {
        Self {
            server,
            level: None,
            client: None,
            user: None,
            with_opens: true,
            page_bytes: MAX_PREFERRED_LENGTH,
        }
    }

    /// Asks at this level only, and fails where the server refuses it.
    pub fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Only sessions from this client ([`ClientFilter`]). A name is looked up
    /// where the server reports addresses.
    pub fn client(mut self, client: impl Into<ClientFilter>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// Only sessions of this user ([`UserFilter`]). A row that does not tell
    /// its user never matches, so level 0 is left out of the ladder.
    pub fn user(mut self, user: impl Into<UserFilter>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Whether [`Session::opens`] is wanted where it takes a question of its own, as on this
    /// computer ([`Server::local`]). By default it is.
    pub fn with_opens(mut self, wanted: bool) -> Self {
        self.with_opens = wanted;
        self
    }

    /// Asks for about so many bytes of rows a page. By default the server is
    /// asked for everything at once, and decides itself.
    pub fn page_bytes(mut self, bytes: u32) -> Self {
        self.page_bytes = bytes;
        self
    }

    /// Whether the filters by client and user let a row through.
    pub fn lets_through(&self, row: &Session) -> bool {
        lets_through(self.client.as_ref(), self.user.as_ref(), row)
    }

    /// Reads every page.
    ///
    /// When the server fails after some rows came, they are kept, and
    /// [`Rows::missing`] says what stopped it.
    ///
    /// # Errors
    ///
    /// When no page could be had at all.
    pub async fn collect(self) -> Result<Rows<Session>, Error> {
        self.pager().collect().await
    }

    /// The rows page by page, as the server sends them, and those of a long page in parts, so
    /// that not all of them are in memory at a time. After an error the stream ends.
    pub fn pages(self) -> impl Stream<Item = Result<Page<Session>, Error>> + Send {
        self.pager().stream()
    }

    pub(crate) fn pager(self) -> Pager<Sessions> {
        let impossible = self.level == Some(Level::L0) && self.user.is_some();
        let listing = Sessions {
            level: self.level,
            client: self.client,
            user: self.user,
            shows_idle: AtomicBool::new(false),
            with_opens: self.with_opens,
        };
        let pager = Pager::new(self.server, listing, self.page_bytes);
        if impossible {
            pager.failed(ErrorKind::LevelTellsNoUser)
        } else {
            pager
        }
    }
}

/// Makes something of a reply with the type of its entries, at whatever level it came.
macro_rules! at_level {
    ($level:expr, $make:ident($($argument:expr),*)) => {
        match $level {
            SessionLevel::L0 => $make::<SessionInfo0<'_>>($($argument),*),
            SessionLevel::L1 => $make::<SessionInfo1<'_>>($($argument),*),
            SessionLevel::L2 => $make::<SessionInfo2<'_>>($($argument),*),
            SessionLevel::L10 => $make::<SessionInfo10<'_>>($($argument),*),
            SessionLevel::L502 => $make::<SessionInfo502<'_>>($($argument),*),
        }
    };
}

/// The list of a server's sessions.
pub(crate) struct Sessions {
    level: Option<Level>,
    client: Option<ClientFilter>,
    user: Option<UserFilter>,
    with_opens: bool,
    /// A row that is not made yet tells an idle time.
    shows_idle: AtomicBool,
}

impl From<Enumerated<Session>> for Reply<Session> {
    fn from(reply: Enumerated<Session>) -> Self {
        Self {
            status: Win32Status(reply.status),
            resume_handle: reply.resume_handle,
            total: reply.total_entries,
            rows: reply.rows,
        }
    }
}

impl Listing for Sessions {
    type Row = Session;
    type Call<'q> = NetrSessionEnum<'q>;

    fn ladder(&self, server: &Server) -> VecDeque<u32> {
        if let Some(level) = self.level {
            return VecDeque::from([level.number()]);
        }
        let top = server.learnt().session_level.unwrap_or(Level::L502);
        let levels = Level::LADDER.into_iter().filter(|level| *level <= top);
        levels
            .filter(|l| l.tells_user() || self.user.is_none())
            .map(Level::number)
            .collect()
    }

    fn ahead(&self, server: &Server) -> usize {
        // Samba has none of the two richest.
        match (self.level, server.learnt().session_level) {
            (None, None) => 3,
            _ => 1,
        }
    }

    fn companion(&self, server: &Server, level: u32) -> Option<At> {
        // On the way down the ladder it is asked for anyway.
        let by_name = matches!(self.level, Some(Level::L1 | Level::L10));
        let same = self.level.is_some_and(|own| own.number() == level);
        (by_name && same && server.learnt().keeps_idle.is_none()).then_some(RICHEST)
    }

    fn request<'q>(&'q self, server_name: &'q str, at: At) -> NetrSessionEnum<'q> {
        NetrSessionEnum {
            server_name: Some(server_name),
            // A server compares them with the names that it reports, letter by
            // letter: it would leave out LAB\ann for `ann`.
            client_name: None,
            user_name: None,
            level: wire_level(at.level),
            preferred_maximum_length: at.preferred_length,
            resume_handle: Some(at.resume_handle),
        }
    }

    fn read(call: &NetrSessionEnum<'_>, stub: &[u8]) -> Result<Reply<Session>, NdrError> {
        Ok(at_level!(call.level, rows(stub))?.into())
    }

    fn read_part(
        &self,
        call: &NetrSessionEnum<'_>,
        stub: &[u8],
        most: usize,
    ) -> Result<Part<Session>, NdrError> {
        let (reply, shows_idle) = at_level!(call.level, skim(stub))?;
        self.shows_idle.fetch_or(shows_idle, Ordering::Relaxed);
        let mut remaining = at_level!(call.level, find(stub))?;
        let rows = match &mut remaining {
            Some(remaining) => Self::next_rows(call, stub, remaining, most)?,
            None => Vec::new(),
        };
        let reply = Reply {
            status: Win32Status(reply.status),
            resume_handle: reply.resume_handle,
            total: reply.total_entries,
            rows,
        };
        Ok((reply, remaining))
    }

    fn next_rows(
        call: &NetrSessionEnum<'_>,
        stub: &[u8],
        remaining: &mut Remaining,
        most: usize,
    ) -> Result<Vec<Session>, NdrError> {
        at_level!(call.level, next(stub, remaining, most))
    }

    fn means_none(&self, status: Win32Status) -> bool {
        // Either of them, whichever filter it was ([MS-SRVS] 3.1.4.5).
        let is_filtered = self.client.is_some() || self.user.is_some();
        is_filtered && is_nobody(status)
    }

    fn lets_through(&self, row: &Session) -> bool {
        lets_through(self.client.as_ref(), self.user.as_ref(), row)
    }

    async fn local(&self, server: &Server, local: &Local) -> Result<Told<Session>, Error> {
        if self.level.is_some() {
            return Err(server.error(ErrorKind::Local(LocalError::NoLevels)));
        }
        let (status, missing) = local.samba(server, self.with_opens).await?;
        let rows = status.sessions();
        if let Some(client) = &self.client {
            let names = rows.iter().filter_map(|row| row.client.as_ref());
            client.get_ready(names).await;
        }
        Ok(Told { rows, missing })
    }

    async fn settle(pager: &mut Pager<Self>, level: u32, rows: &mut Vec<Session>) {
        if pager.listing.level.is_none() && pager.may_learn() {
            pager
                .server
                .learn(|learnt| learnt.session_level = Level::from_number(level));
        }
        if is_samba(level, &pager.tried.refused) {
            // It takes the name for a user's.
            pager
                .server
                .learn(|learnt| learnt.lists_by_client = Some(false));
        }
        if !keeps_idle(pager, level, rows).await {
            rows.iter_mut().for_each(|row| row.idle = None);
        }
        let Sessions { client, user, .. } = &mut pager.listing;
        if let Some(client) = client {
            client
                .get_ready(rows.iter().filter_map(|row| row.client.as_ref()))
                .await;
        }
        if let Some(user) = user {
            let names = rows.iter().filter_map(|row| row.user.as_ref());
            user.get_ready(&pager.server, names).await;
        }
    }
}

/// A look at the richest level. A preferred length of one byte keeps the answer
/// small.
const RICHEST: At = At {
    level: 502,
    preferred_length: 1,
    resume_handle: 0,
};

/// Whether this server keeps idle times. Samba does not, and sends 0 for all:
/// a row of 0 means something only where another row, or a richer level that
/// Samba lacks, shows that they are kept.
async fn keeps_idle(pager: &mut Pager<Sessions>, level: u32, rows: &[Session]) -> bool {
    let server = pager.server.clone();
    let shown = pager.listing.shows_idle.load(Ordering::Relaxed)
        || rows.iter().any(|row| is_idle(row.idle));
    let richest = Level::L502.number();
    if shown || level == richest || level == Level::L2.number() {
        server.learn(|learnt| learnt.keeps_idle = Some(true));
        return true;
    }
    if level == Level::L0.number() || rows.is_empty() {
        return true;
    }
    if let Some(keeps) = server.learnt().keeps_idle {
        return keeps;
    }
    let tried = &pager.tried.refused;
    let keeps = match tried.iter().find(|(level, _)| *level == richest) {
        Some((_, refusal)) => has_level(*refusal),
        // This level was asked for by name: see what the richest says.
        None => match pager.companion(RICHEST).await {
            Ok(Answer::Refused(refusal)) => has_level(refusal),
            Ok(Answer::Unreadable(_)) | Err(_) => return false,
            Ok(_) => true,
        },
    };
    server.learn(|learnt| learnt.keeps_idle = Some(keeps));
    keeps
}

/// Whether a server that granted this level and refused these is Samba, which has none richer
/// than 1 and says so. Windows has them all.
fn is_samba(level: u32, refused: &[(u32, Refusal)]) -> bool {
    let unknown = Refusal::Status(Win32Status::ERROR_INVALID_LEVEL);
    let lacks = |richer: Level| refused.contains(&(richer.number(), unknown));
    level == Level::L1.number() && lacks(Level::L502) && lacks(Level::L2)
}

/// Whether a server that refuses a level so has it all the same.
fn has_level(refusal: Refusal) -> bool {
    refusal.is_access_denied() || matches!(refusal, Refusal::NoRows { .. })
}

fn lets_through(client: Option<&ClientFilter>, user: Option<&UserFilter>, row: &Session) -> bool {
    client.is_none_or(|client| client.lets_through(row.client.as_ref()))
        && user.is_none_or(|user| user.lets_through(row.user.as_ref()))
}

/// Whether a server says by this that no session is that of a user or client:
/// which of the two codes comes does not depend on what was asked for.
pub(crate) fn is_nobody(status: Win32Status) -> bool {
    matches!(
        status,
        Win32Status::NERR_UserNotFound | Win32Status::NERR_ClientNameNotFound
    )
}

fn wire_level(number: u32) -> SessionLevel {
    // The ladder holds only levels of ours.
    SessionLevel::from_number(number).unwrap_or(SessionLevel::L0)
}

fn rows<'a, T: Entry<'a>>(stub: &'a [u8]) -> Result<Enumerated<Session>, NdrError> {
    // A closure, since the function itself is called for each row, which takes a fifth longer.
    NetrSessionEnum::decode_rows(stub, |entry: T| entry.into_row())
}

/// The reply without its rows, which are good; and whether one of them tells an idle time.
fn skim<'a, T: Entry<'a>>(stub: &'a [u8]) -> Result<(Enumerated<()>, bool), NdrError> {
    let mut shows_idle = false;
    let look = |entry: T| shows_idle |= is_idle(secs(entry.idle_secs()));
    let reply = NetrSessionEnum::decode_rows(stub, look)?;
    Ok((reply, shows_idle))
}

fn find<'a, T: Entry<'a>>(stub: &'a [u8]) -> Result<Option<Remaining>, NdrError> {
    NetrSessionEnum::sessions::<T>(stub)
}

fn next<'a, T: Entry<'a>>(
    stub: &'a [u8],
    remaining: &mut Remaining,
    most: usize,
) -> Result<Vec<Session>, NdrError> {
    NetrSessionEnum::decode_next(stub, remaining, most, |entry: T| entry.into_row())
}

/// A session as one level tells of it.
trait Entry<'a>: SessionInfo<'a> {
    fn into_row(self) -> Session;

    /// 0 where that is not told.
    fn idle_secs(&self) -> u32;
}

impl<'a> Entry<'a> for SessionInfo0<'a> {
    #[inline(always)]
    fn into_row(self) -> Session {
        Session {
            client: client(self.cname),
            ..Session::unknown(Level::L0)
        }
    }

    #[inline(always)]
    fn idle_secs(&self) -> u32 {
        0
    }
}

impl<'a> Entry<'a> for SessionInfo1<'a> {
    #[inline(always)]
    fn into_row(self) -> Session {
        Session {
            client: client(self.cname),
            user: name(self.username),
            opens: Some(self.num_opens),
            active: secs(self.time),
            idle: secs(self.idle_time),
            flags: Some(SessionFlags(self.user_flags)),
            ..Session::unknown(Level::L1)
        }
    }

    #[inline(always)]
    fn idle_secs(&self) -> u32 {
        self.idle_time
    }
}

impl<'a> Entry<'a> for SessionInfo2<'a> {
    #[inline(always)]
    fn into_row(self) -> Session {
        Session {
            client: client(self.cname),
            user: name(self.username),
            opens: Some(self.num_opens),
            active: secs(self.time),
            idle: secs(self.idle_time),
            flags: Some(SessionFlags(self.user_flags)),
            client_type: name(self.cltype_name),
            ..Session::unknown(Level::L2)
        }
    }

    #[inline(always)]
    fn idle_secs(&self) -> u32 {
        self.idle_time
    }
}

impl<'a> Entry<'a> for SessionInfo10<'a> {
    #[inline(always)]
    fn into_row(self) -> Session {
        Session {
            client: client(self.cname),
            user: name(self.username),
            active: secs(self.time),
            idle: secs(self.idle_time),
            ..Session::unknown(Level::L10)
        }
    }

    #[inline(always)]
    fn idle_secs(&self) -> u32 {
        self.idle_time
    }
}

impl<'a> Entry<'a> for SessionInfo502<'a> {
    #[inline(always)]
    fn into_row(self) -> Session {
        Session {
            client: client(self.cname),
            user: name(self.username),
            opens: Some(self.num_opens),
            active: secs(self.time),
            idle: secs(self.idle_time),
            flags: Some(SessionFlags(self.user_flags)),
            client_type: name(self.cltype_name),
            transport: name(self.transport),
            ..Session::unknown(Level::L502)
        }
    }

    #[inline(always)]
    fn idle_secs(&self) -> u32 {
        self.idle_time
    }
}

fn is_idle(idle: Option<Duration>) -> bool {
    idle.is_some_and(|idle| !idle.is_zero())
}

#[inline(always)]
fn name(wire: Option<WStr<'_>>) -> Option<Name> {
    wire.map(Name::from_wire)
}

/// A client's name without the backslashes that Windows puts before it.
#[inline(always)]
fn client(wire: Option<WStr<'_>>) -> Option<Name> {
    let wire = wire?;
    let bare = wire.as_bytes().strip_prefix(b"\\\0\\\0".as_slice());
    Some(Name::from_wire(
        bare.and_then(WStr::from_utf16le).unwrap_or(wire),
    ))
}

/// The furthest into the future that a moment may lie and still be taken for
/// now, in seconds.
const ROUNDING_SECS: u32 = 60;

/// A time since some moment. Samba rounds the moment to the nearest second, so
/// that a session just begun may have begun a second from now: such a time
/// comes as a negative number, wrapped, and is none. Further from now the
/// server's clock was set back, and the time is not known.
fn secs(wire: u32) -> Option<Duration> {
    match wire.cast_signed() {
        0.. => Some(Duration::from_secs(u64::from(wire))),
        _ if wire.wrapping_neg() <= ROUNDING_SECS => Some(Duration::ZERO),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_loses_its_backslashes_and_nothing_else() {
        let shown = |text: &str| {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            client(WStr::from_utf16le(&bytes))
                .expect("a name")
                .to_string()
        };
        assert_eq!(shown(r"\\10.0.0.7"), "10.0.0.7");
        assert_eq!(shown(r"\10.0.0.7"), r"\10.0.0.7");
        assert_eq!(shown(r"\\\fs"), r"\fs");
        assert_eq!(shown(""), "");
        let broken = [0x5c, 0, 0x5c, 0, 0, 0xd8, 0x41, 0];
        let name = client(WStr::from_utf16le(&broken)).expect("a name");
        assert_eq!(name, r"\u{d800}A");
        assert_eq!(name.to_utf16(), [0xd800, 0x41]);
    }

    #[test]
    fn a_session_that_begins_in_a_second_has_just_begun() {
        assert_eq!(secs(7), Some(Duration::from_secs(7)));
        assert_eq!(secs(u32::MAX), Some(Duration::ZERO));
        assert_eq!(secs(0u32.wrapping_sub(3600)), None);
        assert_eq!(
            secs(i32::MAX.cast_unsigned()),
            Some(Duration::from_secs(0x7fff_ffff))
        );
    }
}
