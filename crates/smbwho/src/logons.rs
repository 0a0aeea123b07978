//! Who is logged on to a server itself: NetrWkstaUserEnum ([MS-WKST] 3.2.4.3);
//! of this computer its own logon sessions.

mod here;

use std::collections::VecDeque;
use std::fmt;
use std::time::SystemTime;

use futures::stream::{Stream, StreamExt as _};
use smbwho_msrpc::status::Win32Status;
use smbwho_msrpc::types::Sid;
use smbwho_msrpc::wkssvc::user::{NetrWkstaUserEnum, WkstaUserEnumUnion, WkstaUserLevel};
use smbwho_rpc::Call;
use smbwho_rpc::ndr::{NdrError, WStr};

use crate::backend::Backend;
use crate::enumerate::{At, Listing, MAX_PREFERRED_LENGTH, Pager, Reply};
use crate::error::ErrorKind;
use crate::filter::UserFilter;
use crate::local::{Local, LocalError, Told};
use crate::produce::{self, Pages};
use crate::rows::{Page, Rows};
use crate::{Error, Name, Server};
pub use here::{LogonDetails, LogonType};

/// One user who is logged on to a computer: at its console, over a remote
/// desktop, as a service or as a batch job.
///
/// This is not a [`Session`](crate::Session): who only uses a share of the
/// computer is not logged on to it. A user stands here once for every logon,
/// and Windows lists the computer's own account (`FS1$`) too. `None` is *not
/// told* ([MS-WKST] 2.2.5.9, 2.2.5.10).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Logon {
    /// The user.
    #[doc(alias = "wkui1_username")]
    pub user: Option<Name>,
    /// The domain, or the computer, whose account that is. Level 1.
    #[doc(alias = "wkui1_logon_domain")]
    pub domain: Option<Name>,
    /// Other domains the computer looks at, separated by blanks. Level 1; no
    /// longer used by Windows.
    #[doc(alias = "wkui1_oth_domains")]
    pub other_domains: Option<Name>,
    /// The server that checked the password. Level 1.
    #[doc(alias = "wkui1_logon_server")]
    pub logon_server: Option<Name>,
    /// How the user logged on, in one word. Only this computer tells it, as all
    /// that follows down to `sid`.
    #[doc(alias = "LogonType")]
    pub logon_type: Option<Name>,
    /// Who checked the logon: `Kerberos`, `NTLM`, …; on Linux the service that
    /// let the user in, such as `sshd`.
    #[doc(alias = "AuthenticationPackage")]
    pub auth_package: Option<Name>,
    /// The session at the computer that it belongs to: a number on Windows.
    #[doc(alias = "Session")]
    pub session_id: Option<Name>,
    /// When it began.
    #[doc(alias = "LogonTime")]
    pub logon_time: Option<SystemTime>,
    /// The user principal name.
    #[doc(alias = "Upn")]
    pub upn: Option<Name>,
    /// The user's SID.
    #[doc(alias = "Sid")]
    pub sid: Option<Sid>,
    /// All else that Windows tells of a logon session of its own.
    pub details: Option<Box<LogonDetails>>,
    /// Where the row comes from.
    pub source: LogonSource,
    /// The level of information this row was told at. `None` where it was
    /// told otherwise than by a call that has levels.
    pub level: Option<LogonLevel>,
}

impl Logon {
    /// A row of which nothing is known yet but its level; for those who make
    /// rows of their own, as tests do.
    pub fn unknown(level: impl Into<Option<LogonLevel>>) -> Self {
        Self {
            user: None,
            domain: None,
            other_domains: None,
            logon_server: None,
            logon_type: None,
            auth_package: None,
            session_id: None,
            logon_time: None,
            upn: None,
            sid: None,
            details: None,
            source: LogonSource::Wkssvc,
            level: level.into(),
        }
    }
}

/// Where a [`Logon`] comes from: it says what "logged on" means there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogonSource {
    /// The Workstation service of a remote computer: logged-on users, not
    /// sessions.
    Wkssvc,
    /// The logon sessions of this computer, which runs Windows.
    Lsa,
    /// The sessions that logind keeps on this computer, which runs Linux.
    Logind,
}

impl LogonSource {
    /// The name in rows: `wkssvc`, `lsa`, `logind`.
    pub fn as_str(self) -> &'static str {
        match self {
            LogonSource::Wkssvc => "wkssvc",
            LogonSource::Lsa => "lsa",
            LogonSource::Logind => "logind",
        }
    }
}

/// A level of information on logged-on users ([MS-WKST] 2.2.5.14), from least
/// to most told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogonLevel {
    /// The user only.
    L0,
    /// The user, the domain, and the server that checked the password.
    L1,
}

impl LogonLevel {
    /// Every level, richest first: the order in which they are tried.
    pub const LADDER: [LogonLevel; 2] = [LogonLevel::L1, LogonLevel::L0];

    /// The number on the wire.
    pub fn number(self) -> u32 {
        match self {
            LogonLevel::L0 => 0,
            LogonLevel::L1 => 1,
        }
    }

    /// The level of this number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::LADDER
            .into_iter()
            .find(|level| level.number() == number)
    }

    fn wire(self) -> WkstaUserLevel {
        match self {
            LogonLevel::L0 => WkstaUserLevel::L0,
            LogonLevel::L1 => WkstaUserLevel::L1,
        }
    }
}

impl fmt::Display for LogonLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

impl Server {
    /// Who is logged on to the server itself, which is not who is connected
    /// to it ([MS-WKST] 3.2.4.3, NetrWkstaUserEnum). Of this computer its logon
    /// sessions: on Windows those of LsaEnumerateLogonSessions, on Linux those
    /// of logind.
    #[doc(alias = "LsaEnumerateLogonSessions")]
    #[doc(alias = "NetWkstaUserEnum")]
    pub fn logons(&self) -> LogonsQuery {
        LogonsQuery {
            server: self.clone(),
            level: None,
            user: None,
            page_bytes: MAX_PREFERRED_LENGTH,
        }
    }
}

/// A question about who is logged on. Made by [`Server::logons`].
///
/// Without a level, 1 is tried first and then 0; every row says which level
/// answered.
///
/// ```no_run
/// # async fn example(server: &smbwho::Server) -> Result<(), smbwho::Error> {
/// for logon in server.logons().collect().await?.rows {
///     println!("{:?} of {:?}", logon.user, logon.domain);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is collected or its pages are read"]
pub struct LogonsQuery {
    server: Server,
    level: Option<LogonLevel>,
    user: Option<UserFilter>,
    page_bytes: u32,
}

impl LogonsQuery {
    /// Asks at this level only, and fails where the server refuses it.
    pub fn level(mut self, level: LogonLevel) -> Self {
        self.level = Some(level);
        self
    }

    /// Only logons of this user ([`UserFilter`]). The call has no filter: the
    /// rows are chosen here.
    pub fn user(mut self, user: impl Into<UserFilter>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Asks for about so many bytes of rows a page. By default the server is
    /// asked for everything at once, and decides itself.
    pub fn page_bytes(mut self, bytes: u32) -> Self {
        self.page_bytes = bytes;
        self
    }

    /// Reads every page. Rows that came before a failure are kept, and
    /// [`Rows::missing`] says what stopped it.
    ///
    /// # Errors
    ///
    /// When no page could be had at all.
    pub async fn collect(self) -> Result<Rows<Logon>, Error> {
        produce::collect(self.pages()).await
    }

    /// The rows page by page, as the server sends them. After an error the
    /// stream ends.
    pub fn pages(self) -> impl Stream<Item = Result<Page<Logon>, Error>> + Send {
        match self.server.backend() {
            // Its own logon sessions have no levels.
            Backend::Native(native) if native.is_here() && self.level.is_none() => {
                let (server, native) = (self.server.clone(), native.clone());
                let user = self.user;
                let pages = produce::pages(move |mut pages: Pages<Logon>| async move {
                    let (mut rows, missing) = here::sessions(&server, &native).await?;
                    rows.retain(|row| lets_through(user.as_ref(), row));
                    pages.send(rows).await;
                    missing.map_or(Ok(()), Err)
                });
                pages.left_stream()
            }
            _ => self.pager().stream().right_stream(),
        }
    }

    fn pager(self) -> Pager<Logons> {
        let listing = Logons {
            level: self.level,
            user: self.user,
        };
        Pager::new(self.server, listing, self.page_bytes)
    }
}

/// The list of who is logged on to a server.
struct Logons {
    level: Option<LogonLevel>,
    user: Option<UserFilter>,
}

impl Listing for Logons {
    type Row = Logon;
    type Call<'q> = NetrWkstaUserEnum<'q>;

    fn ladder(&self, _: &Server) -> VecDeque<u32> {
        match self.level {
            Some(level) => VecDeque::from([level.number()]),
            None => LogonLevel::LADDER.map(LogonLevel::number).into(),
        }
    }

    fn request<'q>(&'q self, server_name: &'q str, at: At) -> NetrWkstaUserEnum<'q> {
        // The ladder holds only levels of ours.
        let level = LogonLevel::from_number(at.level).unwrap_or(LogonLevel::L0);
        NetrWkstaUserEnum {
            server_name: Some(server_name),
            level: level.wire(),
            preferred_maximum_length: at.preferred_length,
            resume_handle: Some(at.resume_handle),
        }
    }

    fn read(call: &NetrWkstaUserEnum<'_>, stub: &[u8]) -> Result<Reply<Logon>, NdrError> {
        let reply = call.decode(stub)?;
        Ok(Reply {
            status: Win32Status(reply.status),
            resume_handle: reply.resume_handle,
            total: reply.total_entries,
            rows: rows(&reply.users),
        })
    }

    fn means_none(&self, _: Win32Status) -> bool {
        false
    }

    fn lets_through(&self, row: &Logon) -> bool {
        lets_through(self.user.as_ref(), row)
    }

    async fn local(&self, server: &Server, local: &Local) -> Result<Told<Logon>, Error> {
        if self.level.is_some() {
            return Err(server.error(ErrorKind::Local(LocalError::NoLevels)));
        }
        Ok(local.logons(server).await?.into())
    }

    async fn settle(_: &mut Pager<Self>, _: u32, _: &mut Vec<Logon>) {}
}

fn lets_through(user: Option<&UserFilter>, row: &Logon) -> bool {
    user.is_none_or(|user| user.lets_through_in(row.domain.as_ref(), row.user.as_ref()))
}

/// The rows of a reply, at whatever level it came.
fn rows(users: &WkstaUserEnumUnion<'_>) -> Vec<Logon> {
    let name = |wire: Option<WStr<'_>>| wire.map(Name::from_wire);
    match users {
        WkstaUserEnumUnion::Level0(list) => list
            .iter()
            .flat_map(|list| list.entries())
            .map(|row| Logon {
                user: name(row.username),
                ..Logon::unknown(LogonLevel::L0)
            })
            .collect(),
        WkstaUserEnumUnion::Level1(list) => list
            .iter()
            .flat_map(|list| list.entries())
            .map(|row| Logon {
                user: name(row.username),
                domain: name(row.logon_domain),
                other_domains: name(row.oth_domains),
                logon_server: name(row.logon_server),
                ..Logon::unknown(LogonLevel::L1)
            })
            .collect(),
    }
}
