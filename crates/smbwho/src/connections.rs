//! Connections to shares: the rows of `NetConnectionEnum`, and asking for them
//! ([MS-SRVS] 3.1.4.1).

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use futures::stream::{Stream, StreamExt};
use smbwho_msrpc::srvsvc::connection::{
    self, ConnectEnumUnion, ConnectionInfo1, NetrConnectionEnum,
};
use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::Call;
use smbwho_rpc::ndr::NdrError;

use crate::enumerate::{Answer, At, Listing, MAX_PREFERRED_LENGTH, Pager, Reply};
use crate::error::ErrorKind;
use crate::local::{Local, LocalError, Told};
use crate::pattern::Pattern;
use crate::rows::{Page, Rows};
use crate::{Error, Name, Server, ShareKind};

/// One connection of a client to a share.
///
/// `None` is *not told*: level 0 tells the id only ([MS-SRVS] 2.2.4.1 and
/// 2.2.4.2), and Samba makes most of level 1 up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// The server's number for it.
    #[doc(alias = "coni1_id")]
    pub id: Option<u32>,
    /// What is connected to. Level 1.
    #[doc(alias = "coni1_type")]
    pub kind: Option<ShareKind>,
    /// Files open through it. Level 1.
    #[doc(alias = "coni1_num_opens")]
    pub opens: Option<u32>,
    /// Users on it. Level 1.
    #[doc(alias = "coni1_num_users")]
    pub users: Option<u32>,
    /// Time since it was made, in whole seconds on the wire. Level 1.
    #[doc(alias = "coni1_time")]
    pub active: Option<Duration>,
    /// The user who made it. Level 1.
    #[doc(alias = "coni1_username")]
    pub user: Option<Name>,
    /// The client, when a share was asked about; the share, when a client
    /// was. Level 1.
    #[doc(alias = "coni1_netname")]
    pub name: Option<Name>,
    /// The level of information this row was told at. `None` where it was
    /// told otherwise than by a call that has levels.
    pub level: Option<ConnectionLevel>,
    /// Whether the server made the values up, and what could not be true of
    /// them was taken out.
    pub made_up: bool,
}

impl Connection {
    /// A row of which nothing is known yet but its level; for those who make
    /// rows of their own, as tests do.
    pub fn unknown(level: impl Into<Option<ConnectionLevel>>) -> Self {
        Self {
            id: None,
            kind: None,
            opens: None,
            users: None,
            active: None,
            user: None,
            name: None,
            level: level.into(),
            made_up: false,
        }
    }
}

/// A level of information about connections ([MS-SRVS] 2.2.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConnectionLevel {
    /// The id only.
    L0,
    /// Everything.
    L1,
}

impl ConnectionLevel {
    /// Every level, richest first: the order in which they are tried.
    pub const LADDER: [ConnectionLevel; 2] = [ConnectionLevel::L1, ConnectionLevel::L0];

    /// The number that names the level on the wire.
    pub fn number(self) -> u32 {
        match self {
            ConnectionLevel::L0 => 0,
            ConnectionLevel::L1 => 1,
        }
    }
}

impl fmt::Display for ConnectionLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// A question about connections. Made by [`Server::connections_to`] and
/// [`Server::connections_from`].
///
/// Level 1 is tried first, then 0, which tells ids only.
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is collected or its pages are read"]
pub struct ConnectionsQuery {
    server: Server,
    qualifier: String,
    level: Option<ConnectionLevel>,
    user: Option<Pattern>,
    page_bytes: u32,
}

impl Server {
    /// Which clients are connected to a share ([MS-SRVS] 3.1.4.1,
    /// NetrConnectionEnum).
    ///
    /// Samba tells how many there are and how many files are open through
    /// them, and makes up the rest: those fields are `None`.
    #[doc(alias = "NetConnectionEnum")]
    pub fn connections_to(&self, share: &str) -> ConnectionsQuery {
        // With backslashes before it, it would be taken for a client.
        self.connections(share.trim_start_matches('\\').to_owned())
    }

    /// Which shares a client is connected to ([MS-SRVS] 3.1.4.1,
    /// NetrConnectionEnum); the client with or without leading backslashes.
    ///
    /// Samba makes the answer up, for clients that do not exist too: that is
    /// an error ([`ErrorKind::MadeUp`]).
    pub fn connections_from(&self, client: &str) -> ConnectionsQuery {
        self.connections(format!(r"\\{}", client.trim_start_matches(['\\', '/'])))
    }

    fn connections(&self, qualifier: String) -> ConnectionsQuery {
        ConnectionsQuery {
            server: self.clone(),
            qualifier,
            level: None,
            user: None,
            page_bytes: MAX_PREFERRED_LENGTH,
        }
    }
}

impl ConnectionsQuery {
    /// Asks at this level only, and fails where the server refuses it.
    pub fn level(mut self, level: ConnectionLevel) -> Self {
        self.level = Some(level);
        self
    }

    /// Only connections of this user, in any letter case. `*` and `?` are
    /// wildcards. Leaves level 0 out of the ladder, which tells no user.
    pub fn user(mut self, pattern: &str) -> Self {
        self.user = Some(Pattern::user(pattern));
        self
    }

    /// Asks for about so many bytes of rows a page. By default the server is
    /// asked for everything at once, and decides itself.
    pub fn page_bytes(mut self, bytes: u32) -> Self {
        self.page_bytes = bytes;
        self
    }

    /// Reads every page.
    ///
    /// When the server fails after some rows came, they are kept, and
    /// [`Rows::missing`] says what stopped it.
    ///
    /// # Errors
    ///
    /// When no page could be had at all; when the server makes its answer up.
    pub async fn collect(self) -> Result<Rows<Connection>, Error> {
        let (server, needs_truth) = (self.server.clone(), self.needs_truth());
        let rows = self.pager().collect().await?;
        check(&server, needs_truth, &rows.rows)?;
        Ok(rows)
    }

    /// The rows page by page, as the server sends them. After an error the
    /// stream ends.
    pub fn pages(self) -> impl Stream<Item = Result<Page<Connection>, Error>> + Send {
        let (server, needs_truth) = (self.server.clone(), self.needs_truth());
        self.pager().stream().map(move |page| {
            let page = page?;
            check(&server, needs_truth, &page.rows)?;
            Ok(page)
        })
    }

    /// Whether the question hangs on what Samba makes up: the one row that it
    /// gives for every client is not even a connection, and no user is real.
    fn needs_truth(&self) -> bool {
        self.qualifier.starts_with('\\') || self.user.is_some()
    }

    fn pager(self) -> Pager<Connections> {
        let impossible = self.user.is_some() && self.level == Some(ConnectionLevel::L0);
        let listing = Connections {
            qualifier: self.qualifier,
            level: self.level,
            user: self.user,
        };
        let pager = Pager::new(self.server, listing, self.page_bytes);
        if impossible {
            let (level, what) = (0, "user");
            pager.failed(ErrorKind::LevelTellsNot { level, what })
        } else {
            pager
        }
    }
}

fn check(server: &Server, needs_truth: bool, rows: &[Connection]) -> Result<(), Error> {
    if needs_truth && rows.iter().any(|row| row.made_up) {
        let call = NetrConnectionEnum::NAME;
        return Err(server.error(ErrorKind::MadeUp { call }));
    }
    Ok(())
}

/// The list of the connections to a share, or of a client.
struct Connections {
    qualifier: String,
    level: Option<ConnectionLevel>,
    user: Option<Pattern>,
}

impl Listing for Connections {
    type Row = Connection;
    type Call<'q> = NetrConnectionEnum<'q>;

    fn ladder(&self, _server: &Server) -> VecDeque<u32> {
        let levels = ConnectionLevel::LADDER.into_iter();
        let levels = levels.filter(|level| match self.level {
            Some(only) => *level == only,
            None => self.user.is_none() || *level != ConnectionLevel::L0,
        });
        levels.map(ConnectionLevel::number).collect()
    }

    fn request<'q>(&'q self, server_name: &'q str, at: At) -> NetrConnectionEnum<'q> {
        use connection::ConnectionLevel as Wire;
        NetrConnectionEnum {
            server_name: Some(server_name),
            qualifier: (&self.qualifier).into(),
            // The ladder holds only levels of ours.
            level: Wire::from_number(at.level).unwrap_or(Wire::L0),
            preferred_maximum_length: at.preferred_length,
            resume_handle: Some(at.resume_handle),
        }
    }

    fn read(call: &NetrConnectionEnum<'_>, stub: &[u8]) -> Result<Reply<Connection>, NdrError> {
        let reply = call.decode(stub)?;
        let rows = match reply.connections {
            ConnectEnumUnion::Level0(list) => list.map_or(Vec::new(), |list| {
                let rows = list.entries().map(|info| Connection {
                    id: Some(info.id),
                    ..Connection::unknown(ConnectionLevel::L0)
                });
                rows.collect()
            }),
            ConnectEnumUnion::Level1(list) => list.map_or(Vec::new(), |list| {
                let rows: Vec<Connection> = list.entries().map(row).collect();
                // Made up are all or none.
                let made_up = !rows.is_empty() && rows.iter().all(looks_made_up);
                let honest = |row| {
                    if made_up {
                        without_the_made_up(&row)
                    } else {
                        row
                    }
                };
                rows.into_iter().map(honest).collect()
            }),
        };
        Ok(Reply {
            status: Win32Status(reply.status),
            resume_handle: reply.resume_handle,
            rows,
        })
    }

    fn means_none(&self, status: Win32Status) -> bool {
        status == Win32Status::NERR_ClientNameNotFound && self.qualifier.starts_with('\\')
    }

    fn lets_through(&self, row: &Connection) -> bool {
        let of = |user: &Pattern| row.user.as_ref().is_some_and(|name| user.matches(name));
        // One that is made up must be seen, to be told of.
        row.made_up || self.user.as_ref().is_none_or(of)
    }

    async fn local(&self, server: &Server, local: &Local) -> Result<Told<Connection>, Error> {
        if self.level.is_some() {
            return Err(server.error(ErrorKind::Local(LocalError::NoLevels)));
        }
        let (status, missing) = local.samba_connections(server).await?;
        Ok(Told {
            rows: status.connections(&self.qualifier),
            missing,
        })
    }

    async fn settle(pager: &mut Pager<Self>, level: u32, rows: &mut [Connection]) {
        // At level 0 Samba gives the id 1 to whatever is asked. Level 1 shows
        // whether this is such a server.
        if level != 0 || !matches!(rows, [row] if row.id == Some(1)) {
            return;
        }
        let at = At {
            level: ConnectionLevel::L1.number(),
            preferred_length: MAX_PREFERRED_LENGTH,
            resume_handle: 0,
        };
        if let Ok(Answer::Page { rows: richer, .. }) = pager.ask(at).await
            && richer.iter().any(|row| row.made_up)
        {
            rows[0] = Connection {
                made_up: true,
                ..Connection::unknown(ConnectionLevel::L0)
            };
        }
    }
}

fn row(info: ConnectionInfo1<'_>) -> Connection {
    Connection {
        id: Some(info.id),
        kind: Some(ShareKind(info.kind)),
        opens: Some(info.num_opens),
        users: Some(info.num_users),
        active: Some(Duration::from_secs(info.time.into())),
        user: info.username.map(Name::from_wire),
        name: info.netname.map(Name::from_wire),
        level: Some(ConnectionLevel::L1),
        made_up: false,
    }
}

/// What Samba answers with: the same user, share, age, kind and number of
/// users for every connection there is.
fn looks_made_up(row: &Connection) -> bool {
    let is = |name: &Option<Name>, text: &str| name.as_ref().is_some_and(|name| name == text);
    is(&row.user, "dummy_user")
        && is(&row.name, "IPC$")
        && row.active == Some(Duration::from_secs(3))
        && row.kind == Some(ShareKind(ShareKind::IPC))
        && row.users == Some(1)
}

/// What of such a row is true: that there is a connection, and of a share's
/// the files open through it, which Samba counts.
fn without_the_made_up(row: &Connection) -> Connection {
    Connection {
        opens: row.opens,
        made_up: true,
        ..Connection::unknown(row.level)
    }
}
