//! Connections to shares: the rows of `NetConnectionEnum`, and asking for them
//! ([MS-SRVS] 3.1.4.1).

use std::collections::VecDeque;
use std::fmt;
use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use futures::stream::{Stream, StreamExt};
use smbwho_msrpc::srvsvc::connection::{
    self, ConnectEnumUnion, ConnectionInfo1, NetrConnectionEnum,
};
use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::Call;
use smbwho_rpc::ndr::{NdrError, NdrErrorKind};

use crate::backend::Backend;
use crate::enumerate::{Answer, At, Listing, MAX_PREFERRED_LENGTH, Pager, Reply};
use crate::error::ErrorKind;
use crate::filter::{ClientFilter, UserFilter, client_address};
use crate::local::{Local, LocalError, Told};
use crate::produce::{self, Pages};
use crate::rows::{Page, Rows};
use crate::sessions::is_nobody;
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
    of: Of,
    level: Option<ConnectionLevel>,
    user: Option<UserFilter>,
    page_bytes: u32,
}

/// What the connections are to be of.
#[derive(Debug, Clone)]
enum Of {
    Share(String),
    Client(ClientFilter),
}

/// The longest qualifier that Windows takes, in UTF-16 units: to a longer one it
/// says ERROR_INVALID_PARAMETER ([MS-SRVS] 3.1.4.1).
const MAX_QUALIFIER: u32 = 1024;

/// Clients that are asked about in place of one that the server knows by
/// another name.
const MAX_CLIENTS: usize = 64;

impl Server {
    /// Which clients are connected to a share ([MS-SRVS] 3.1.4.1,
    /// NetrConnectionEnum).
    ///
    /// Samba tells how many there are and how many files are open through
    /// them, and makes up the rest: those fields are `None`.
    #[doc(alias = "NetConnectionEnum")]
    pub fn connections_to(&self, share: &str) -> ConnectionsQuery {
        // With backslashes before it, it would be taken for a client.
        self.connections(Of::Share(share.trim_start_matches('\\').to_owned()))
    }

    /// Which shares a client is connected to ([MS-SRVS] 3.1.4.1,
    /// NetrConnectionEnum). Where the server has nothing of it under the name
    /// given, it is asked under those that its sessions have for this client;
    /// where it does not tell them, under the client's addresses.
    ///
    /// Samba makes the answer up, for clients that do not exist too: that is
    /// an error ([`ErrorKind::MadeUp`]).
    pub fn connections_from(&self, client: impl Into<ClientFilter>) -> ConnectionsQuery {
        self.connections(Of::Client(client.into()))
    }

    fn connections(&self, of: Of) -> ConnectionsQuery {
        ConnectionsQuery {
            server: self.clone(),
            of,
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

    /// Only connections of this user ([`UserFilter`]). Leaves level 0 out of
    /// the ladder, which tells no user.
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

    /// Reads every page.
    ///
    /// When the server fails after some rows came, they are kept, and
    /// [`Rows::missing`] says what stopped it.
    ///
    /// # Errors
    ///
    /// When no page could be had at all; when the server makes its answer up.
    pub async fn collect(self) -> Result<Rows<Connection>, Error> {
        produce::collect(self.pages()).await
    }

    /// The rows page by page, as the server sends them. After an error the
    /// stream ends.
    pub fn pages(self) -> impl Stream<Item = Result<Page<Connection>, Error>> + Send {
        match self.of.clone() {
            Of::Share(share) => self.pages_of(share).left_stream(),
            Of::Client(client) => {
                produce::pages(|pages| self.of_client(client, pages)).right_stream()
            }
        }
    }

    /// Under the name given, and where there is nothing of that, under those
    /// that the server may have for it.
    async fn of_client(
        self,
        client: ClientFilter,
        mut pages: Pages<Connection>,
    ) -> Result<(), Error> {
        let given = client.text().trim_start_matches(['\\', '/']).to_owned();
        let came = self.clone().forward(&given, &mut pages).await?;
        if came || matches!(self.server.backend(), Backend::Local(_)) {
            return Ok(());
        }
        for name in self.other_names(&client, &given).await {
            self.clone().forward(&name, &mut pages).await?;
        }
        Ok(())
    }

    /// Hands the connections of one client on; whether there are any.
    async fn forward(self, client: &str, pages: &mut Pages<Connection>) -> Result<bool, Error> {
        let mut came = false;
        let mut connections = pin!(self.pages_of(format!(r"\\{client}")));
        while let Some(page) = connections.next().await {
            let rows = page?.rows;
            came |= !rows.is_empty();
            pages.send(rows).await;
        }
        Ok(came)
    }

    /// Other names of a client than the one given.
    async fn other_names(&self, client: &ClientFilter, given: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            let is_known = |known: &String| known == name;
            if name != given && names.len() < MAX_CLIENTS && !names.iter().any(is_known) {
                names.push(name.to_owned());
            }
        };
        match self
            .server
            .sessions()
            .client(client.clone())
            .collect()
            .await
        {
            Ok(sessions) => {
                let clients = sessions.rows.iter().filter_map(|row| row.client.as_ref());
                clients.for_each(|client| add(client));
            }
            Err(_) => {
                client.look_up().await;
                let address = client_address(client.text());
                for address in address.iter().chain(client.addresses()) {
                    match address {
                        IpAddr::V4(address) => add(&address.to_string()),
                        IpAddr::V6(address) => add(&format!("[{address}]")),
                    }
                }
            }
        }
        names
    }

    /// The connections that this stands for on the wire.
    fn pages_of(
        self,
        qualifier: String,
    ) -> impl Stream<Item = Result<Page<Connection>, Error>> + Send {
        // The one row that Samba gives for every client is not even a
        // connection, and no user of its is real.
        let needs_truth = qualifier.starts_with('\\') || self.user.is_some();
        let server = self.server.clone();
        self.pager(qualifier).stream().map(move |page| {
            let page = page?;
            check(&server, needs_truth, &page.rows)?;
            Ok(page)
        })
    }

    fn pager(self, qualifier: String) -> Pager<Connections> {
        let impossible = self.user.is_some() && self.level == Some(ConnectionLevel::L0);
        let units = qualifier.encode_utf16().count();
        let listing = Connections {
            qualifier,
            level: self.level,
            user: self.user,
        };
        let pager = Pager::new(self.server, listing, self.page_bytes);
        if impossible {
            let (level, what) = (0, "user");
            pager.failed(ErrorKind::LevelTellsNot { level, what })
        } else if units > MAX_QUALIFIER as usize {
            let call = NetrConnectionEnum::NAME;
            let limit = MAX_QUALIFIER;
            let kind = NdrErrorKind::StringTooLong { units, limit };
            let error = NdrError::new(kind, 0).in_field("Qualifier");
            pager.failed(ErrorKind::Unsayable { call, error })
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
    user: Option<UserFilter>,
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
            total: reply.total_entries,
            rows,
        })
    }

    fn means_none(&self, status: Win32Status) -> bool {
        // Of a share it would be no answer.
        self.qualifier.starts_with('\\') && is_nobody(status)
    }

    /// There is no such share. At level 0 Samba has an id for it all the same.
    fn is_final(&self, status: Win32Status) -> bool {
        matches!(
            status,
            Win32Status::NERR_NetNameNotFound
                | Win32Status::ERROR_BAD_NET_NAME
                | Win32Status::ERROR_INVALID_NAME
        )
    }

    fn lets_through(&self, row: &Connection) -> bool {
        let of = |user: &UserFilter| user.lets_through(row.user.as_ref());
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

    async fn settle(pager: &mut Pager<Self>, level: u32, rows: &mut Vec<Connection>) {
        if let Some(user) = &mut pager.listing.user {
            let names = rows.iter().filter_map(|row| row.user.as_ref());
            user.get_ready(&pager.server, names).await;
        }
        // At level 0 Samba gives the id 1 to whatever is asked. Level 1 shows
        // whether this is such a server.
        if level != 0 || !matches!(rows[..], [ref row] if row.id == Some(1)) {
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
