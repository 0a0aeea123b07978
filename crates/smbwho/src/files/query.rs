//! Asking for open files: NetrFileEnum ([MS-SRVS] 3.1.4.2).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::stream::{self, Stream, StreamExt};
use smbwho_msrpc::srvsvc::file::{self, FileEnumUnion, FileInfo2, FileInfo3, NetrFileEnum};
use smbwho_msrpc::status::Win32Status;
use smbwho_msrpc::types::Text;
use smbwho_rpc::Call;
use smbwho_rpc::ndr::NdrError;

use super::clients::Clients;
use super::{FileLevel, OpenFile, Permissions, Place};
use crate::enumerate::{At, Beside, Listing, MAX_PREFERRED_LENGTH, Pager, Reply};
use crate::error::ErrorKind;
use crate::filter::{ClientFilter, UserFilter};
use crate::local::{Local, LocalError, Told};
use crate::rows::{Page, Rows};
use crate::sessions::is_nobody;
use crate::{Error, Name, Server};

/// A question about a server's open files. Made by [`Server::files`].
///
/// Level 3 is tried first, then 2, which tells ids only. No level tells which
/// client a file was opened from: the sessions of the server are asked for
/// too, and [`OpenFile::client_basis`] says what came of it.
///
/// ```no_run
/// # async fn example(server: &smbwho::Server) -> Result<(), Box<dyn std::error::Error>> {
/// let place = server.locate("data", r"accounts\costs.xlsx").await?;
/// for file in server.files().place(place).collect().await?.rows {
///     println!("{:?} on {:?}", file.user, file.client);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is collected or its pages are read"]
pub struct FilesQuery {
    server: Server,
    level: Option<FileLevel>,
    filters: Filters,
    base_path: Option<Name>,
    with_clients: bool,
    page_bytes: u32,
}

/// The longest text that Windows filters by, in UTF-16 units: to a longer one it
/// says ERROR_INVALID_PARAMETER ([MS-SRVS] 3.1.4.2).
const MAX_SENT: usize = 1024;

/// Which rows are wanted.
#[derive(Debug, Clone, Default)]
struct Filters {
    id: Option<u32>,
    user: Option<UserFilter>,
    client: Option<ClientFilter>,
    /// One of these; none for any.
    places: Vec<Place>,
    /// What all paths begin with.
    base_path: Option<Place>,
}

impl Server {
    /// Which files are open on the server, and by whom ([MS-SRVS] 3.1.4.2,
    /// NetrFileEnum).
    #[doc(alias = "NetFileEnum")]
    pub fn files(&self) -> FilesQuery {
        FilesQuery {
            server: self.clone(),
            level: None,
            filters: Filters::default(),
            base_path: None,
            with_clients: true,
            page_bytes: MAX_PREFERRED_LENGTH,
        }
    }
}

impl FilesQuery {
    /// Asks at this level only, and fails where the server refuses it.
    pub fn level(mut self, level: FileLevel) -> Self {
        self.level = Some(level);
        self
    }

    /// Only the open of this number. On Samba several may have it.
    pub fn id(mut self, id: u32) -> Self {
        self.filters.id = Some(id);
        self
    }

    /// Only files of this user ([`UserFilter`]). Leaves level 2 out of the
    /// ladder, which tells no user.
    pub fn user(mut self, user: impl Into<UserFilter>) -> Self {
        self.filters.user = Some(user.into());
        self
    }

    /// Only files opened from this client ([`ClientFilter`]). A file whose
    /// client is not known never matches.
    pub fn client(mut self, client: impl Into<ClientFilter>) -> Self {
        self.filters.client = Some(client.into());
        self.with_clients = true;
        self
    }

    /// Only what is this place or lies beneath it. Called again, it adds
    /// another place.
    pub fn place(mut self, place: Place) -> Self {
        self.filters.places.push(place);
        self
    }

    /// Only what lies under this path as the server writes it. It is sent
    /// along, for a server to send fewer rows, and holds here whatever the
    /// server makes of it. No wildcards.
    pub fn base_path(mut self, path: &str) -> Self {
        let told = Name::from(path);
        // Without a path of people's there is nothing to be wrong about.
        self.filters.base_path = Place::in_share(told.clone(), "").ok();
        self.base_path = Some(told);
        self
    }

    /// Whether to find out the clients, which takes at least one call more.
    /// By default it is done.
    pub fn with_clients(mut self, wanted: bool) -> Self {
        self.with_clients = wanted || self.filters.client.is_some();
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
    /// When no page could be had at all.
    pub async fn collect(self) -> Result<Rows<OpenFile>, Error> {
        let (first, second) = self.pagers();
        let (rows, came) = first.collect_counted().await?;
        match second {
            Some(second) if came == 0 && rows.missing.is_none() => second.collect().await,
            _ => Ok(rows),
        }
    }

    /// The rows page by page, as the server sends them. After an error the
    /// stream ends.
    pub fn pages(self) -> impl Stream<Item = Result<Page<OpenFile>, Error>> + Send {
        let (first, second) = self.pagers();
        let Some(second) = second else {
            return first.stream().left_stream();
        };
        // Whether anything came is known only when the first has ended.
        let collected = async move {
            let (rows, came) = first.collect_counted().await?;
            Ok::<_, Error>((rows, came, second))
        };
        stream::once(collected)
            .flat_map(|collected| match collected {
                Err(error) => stream::iter(vec![Err(error)]).left_stream(),
                Ok((rows, 0, second)) if rows.missing.is_none() => {
                    second.stream().boxed().right_stream()
                }
                Ok((rows, ..)) => {
                    let page = Ok(Page::from(rows.rows));
                    let missing = rows.missing.map(Err);
                    stream::iter(std::iter::once(page).chain(missing).collect::<Vec<_>>())
                        .left_stream()
                }
            })
            .right_stream()
    }

    /// What to ask, and what to ask if not one row comes of that: servers may
    /// compare a path otherwise than people do, and nobody should be told
    /// that a file is free because of it.
    fn pagers(self) -> (Pager<Files>, Option<Pager<Files>>) {
        let base_path = self
            .base_path
            .clone()
            .or_else(|| match &self.filters.places[..] {
                [place] => place.share_path().cloned(),
                _ => None,
            });
        let second = base_path.is_some().then(|| self.clone().pager(None));
        (self.pager(base_path), second)
    }

    fn pager(self, base_path: Option<Name>) -> Pager<Files> {
        // What is too long for a server is looked for here only.
        let base_path = base_path.map(|path| path.to_utf16());
        let base_path = base_path.filter(|path| path.len() <= MAX_SENT);
        let needs = self.filters.needs();
        let listing = Files {
            level: self.level,
            sent_base_path: base_path,
            // A server compares a user with the names that it reports, letter
            // by letter: it would leave out LAB\ann for `ann`.
            sent_client: None,
            filters: self.filters,
            clients: self.with_clients.then(Clients::default),
            came: AtomicUsize::new(0),
        };
        let pager = Pager::new(self.server, listing, self.page_bytes);
        match needs {
            Some(what) if self.level == Some(FileLevel::L2) => {
                pager.failed(ErrorKind::LevelTellsNot { level: 2, what })
            }
            _ => pager,
        }
    }
}

impl Filters {
    /// What a row must tell to be chosen by, beyond its id.
    fn needs(&self) -> Option<&'static str> {
        match self {
            _ if self.user.is_some() => Some("user"),
            _ if self.client.is_some() => Some("client"),
            _ if self.looks_for_paths() => Some("path"),
            _ => None,
        }
    }

    fn looks_for_paths(&self) -> bool {
        !self.places.is_empty() || self.base_path.is_some()
    }

    /// Whether they let a row through, as far as neither the user nor the
    /// client matters.
    fn choose(&self, row: &OpenFile) -> bool {
        let under = |place: &Place| row.path.as_ref().is_some_and(|path| place.holds(path));
        self.id.is_none_or(|id| row.id == Some(id))
            && (self.places.is_empty() || self.places.iter().any(under))
            && self.base_path.as_ref().is_none_or(under)
    }
}

/// The list of a server's open files.
pub(super) struct Files {
    level: Option<FileLevel>,
    filters: Filters,
    sent_base_path: Option<Vec<u16>>,
    /// A client, which stands in the user's place on the wire.
    sent_client: Option<Vec<u16>>,
    /// Finds out the clients, where that is wanted.
    clients: Option<Clients>,
    /// Rows that came, whatever became of them.
    came: AtomicUsize,
}

impl Files {
    /// The files of one client, for servers that take `\\client` for a user.
    pub(super) fn of_client(client: &Name) -> Self {
        let backslashes = "\\\\".encode_utf16();
        Self {
            level: Some(FileLevel::L3),
            filters: Filters::default(),
            sent_base_path: None,
            sent_client: Some(backslashes.chain(client.to_utf16()).collect()),
            clients: None,
            came: AtomicUsize::new(0),
        }
    }
}

impl Pager<Files> {
    /// Every page, and how many rows had come before the filters.
    async fn collect_counted(self) -> Result<(Rows<OpenFile>, usize), Error> {
        let (rows, listing) = self.collect_all().await;
        Ok((rows?, listing.came.into_inner()))
    }
}

impl Listing for Files {
    type Row = OpenFile;
    type Call<'q> = NetrFileEnum<'q>;

    fn ladder(&self, _server: &Server) -> VecDeque<u32> {
        let poor = self.filters.needs().is_none();
        let levels = FileLevel::LADDER.into_iter();
        let levels = levels.filter(|level| match self.level {
            Some(only) => *level == only,
            None => poor || *level != FileLevel::L2,
        });
        levels.map(FileLevel::number).collect()
    }

    fn beside(&self, server: &Server) -> Option<&dyn Beside> {
        self.clients.as_ref().map(|clients| clients.beside(server))
    }

    fn sends_filters(&self) -> bool {
        self.sent_base_path.is_some() || self.sent_client.is_some()
    }

    fn request<'q>(&'q self, server_name: &'q str, at: At) -> NetrFileEnum<'q> {
        NetrFileEnum {
            server_name: Some(server_name),
            base_path: self.sent_base_path.as_ref().map(Text::from),
            user_name: self.sent_client.as_ref().map(Text::from),
            level: wire_level(at.level),
            preferred_maximum_length: at.preferred_length,
            resume_handle: Some(at.resume_handle),
        }
    }

    fn read(call: &NetrFileEnum<'_>, stub: &[u8]) -> Result<Reply<OpenFile>, NdrError> {
        let reply = call.decode(stub)?;
        let rows = match reply.files {
            FileEnumUnion::Level2(list) => {
                list.map_or(Vec::new(), |list| list.entries().map(row_2).collect())
            }
            FileEnumUnion::Level3(list) => {
                list.map_or(Vec::new(), |list| list.entries().map(row_3).collect())
            }
        };
        Ok(Reply {
            status: Win32Status(reply.status),
            resume_handle: reply.resume_handle,
            total: reply.total_entries,
            rows,
        })
    }

    fn means_none(&self, status: Win32Status) -> bool {
        match status {
            status if is_nobody(status) => {
                let Filters { user, client, .. } = &self.filters;
                self.sent_client.is_some() || user.is_some() || client.is_some()
            }
            Win32Status::ERROR_FILE_NOT_FOUND | Win32Status::ERROR_PATH_NOT_FOUND => {
                self.sent_base_path.is_some()
            }
            _ => false,
        }
    }

    fn lets_through(&self, row: &OpenFile) -> bool {
        let of = |user: &UserFilter| user.lets_through(row.user.as_ref());
        let from = |client: &ClientFilter| client.lets_through(row.client.as_ref());
        self.filters.choose(row)
            && self.filters.user.as_ref().is_none_or(of)
            && self.filters.client.as_ref().is_none_or(from)
    }

    async fn local(&self, server: &Server, local: &Local) -> Result<Told<OpenFile>, Error> {
        if self.level.is_some() {
            return Err(server.error(ErrorKind::Local(LocalError::NoLevels)));
        }
        let (status, missing) = local.samba(server).await?;
        let Some(rows) = status.files() else {
            return Err(
                missing.unwrap_or_else(|| server.error(ErrorKind::Local(LocalError::NoFiles)))
            );
        };
        if let Some(client) = &self.filters.client {
            let names = rows.iter().filter_map(|row| row.client.as_ref());
            client.get_ready(names).await;
        }
        self.came.fetch_add(rows.len(), Ordering::Relaxed);
        // What is looked for may be among the names that are not known.
        let count = match self.filters.looks_for_paths() {
            true => status.files_not_utf8(),
            false => 0,
        };
        let not_utf8 =
            (count > 0).then(|| server.error(ErrorKind::Local(LocalError::NotUtf8 { count })));
        let missing = missing.or(not_utf8);
        Ok(Told { rows, missing })
    }

    async fn settle(pager: &mut Pager<Self>, _level: u32, rows: &mut [OpenFile]) {
        let Self {
            filters,
            clients,
            came,
            ..
        } = &mut pager.listing;
        came.fetch_add(rows.len(), Ordering::Relaxed);
        if let Some(mut user) = filters.user.take() {
            let chosen = rows.iter().filter(|row| filters.choose(row));
            let names = chosen.filter_map(|row| row.user.as_ref());
            user.get_ready(&pager.server, names).await;
            filters.user = Some(user);
        }
        if let Some(clients) = clients {
            let of = |user: &Name| filters.user.as_ref().is_none_or(|of| of.matches(user));
            let wanted =
                |row: &&mut OpenFile| row.user.as_ref().is_some_and(of) && filters.choose(row);
            clients
                .find(&pager.server, rows.iter_mut().filter(wanted).collect())
                .await;
        }
        if let Some(client) = &filters.client {
            client
                .get_ready(rows.iter().filter_map(|row| row.client.as_ref()))
                .await;
        }
    }
}

pub(super) fn wire_level(number: u32) -> file::FileLevel {
    // The ladder holds only levels of ours.
    file::FileLevel::from_number(number).unwrap_or(file::FileLevel::L2)
}

pub(super) fn row_2(info: FileInfo2) -> OpenFile {
    OpenFile::unknown(info.id, FileLevel::L2)
}

pub(super) fn row_3(info: FileInfo3<'_>) -> OpenFile {
    OpenFile {
        path: info.pathname.map(Name::from_wire),
        user: info.username.map(Name::from_wire),
        permissions: Some(Permissions(info.permissions)),
        locks: Some(info.num_locks),
        ..OpenFile::unknown(info.id, FileLevel::L3)
    }
}
