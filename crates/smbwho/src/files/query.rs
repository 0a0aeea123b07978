//! Asking for open files: NetrFileEnum ([MS-SRVS] 3.1.4.2).

use std::sync::Arc;

use futures::stream::{self, Stream, StreamExt};

use super::clients::Clients;
use super::elsewhere::{Aside, Elsewhere};
use super::listing::{Files, Filters};
use super::{FileLevel, OpenFile, Place, PlaceTree};
use crate::backend::Backend;
use crate::enumerate::{MAX_PREFERRED_LENGTH, Pager};
use crate::error::ErrorKind;
use crate::filter::{ClientFilter, UserFilter};
use crate::rows::{Page, Rows};
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
    /// One of these; none for any.
    places: Vec<Place>,
    base_path: Option<Name>,
    with_clients: bool,
    page_bytes: u32,
}

/// The longest text that Windows filters by, in UTF-16 units: to a longer one it
/// says ERROR_INVALID_PARAMETER ([MS-SRVS] 3.1.4.2).
const MAX_SENT: usize = 1024;

impl Server {
    /// Which files are open on the server, and by whom ([MS-SRVS] 3.1.4.2,
    /// NetrFileEnum).
    #[doc(alias = "NetFileEnum")]
    pub fn files(&self) -> FilesQuery {
        FilesQuery {
            server: self.clone(),
            level: None,
            filters: Filters::default(),
            places: Vec::new(),
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
        self.places.push(place);
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

    pub(super) fn server(&self) -> &Server {
        &self.server
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
        let (rows, listing) = first.collect_all().await;
        match (rows?, second) {
            (rows, Some(second)) if listing.came == 0 && rows.missing.is_none() => {
                second.collect().await
            }
            (rows, _) => Ok(rows),
        }
    }

    /// Reads every page as [`collect`](Self::collect) does, and keeps what came besides and
    /// lies under the same paths elsewhere ([`Place::anywhere`]): where nothing is open at
    /// one of the places, [`Elsewhere::at`] has it without asking again, if the server sent
    /// everything anyway.
    ///
    /// # Errors
    ///
    /// When no page could be had at all.
    pub async fn collect_with_elsewhere(self) -> Result<(Rows<OpenFile>, Elsewhere), Error> {
        let mut query = self.clone();
        query.places.clear();
        let anywhere: Vec<Place> = self.places.iter().filter_map(Place::anywhere).collect();
        let sent = self.sent_base_path();
        let (mut first, mut second) = self.pagers();
        if !anywhere.is_empty() {
            let places = Arc::new(PlaceTree::new(&anywhere));
            first.listing.aside = Some(Aside::new(Arc::clone(&places), sent.as_ref()));
            if let Some(second) = &mut second {
                second.listing.aside = Some(Aside::new(places, None));
            }
        }
        let (rows, listing) = first.collect_all().await;
        let (rows, listing) = match (rows?, second) {
            (rows, Some(second)) if listing.came == 0 && rows.missing.is_none() => {
                let (rows, listing) = second.collect_all().await;
                (rows?, listing)
            }
            (rows, _) => (rows, listing),
        };
        let complete = rows.missing.is_none();
        Ok((rows, Elsewhere::new(query, listing, complete)))
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
            let (rows, listing) = first.collect_all().await;
            Ok::<_, Error>((rows?, listing.came, second))
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
    fn pagers(mut self) -> (Pager<Files>, Option<Pager<Files>>) {
        if !self.places.is_empty() {
            self.filters.places = Some(Arc::new(PlaceTree::new(&self.places)));
        }
        let base_path = self.sent_base_path();
        let second = base_path.is_some().then(|| self.clone().pager(None));
        (self.pager(base_path), second)
    }

    /// What is sent for all paths to begin with.
    fn sent_base_path(&self) -> Option<Name> {
        // Nothing is sent to this computer's own programs.
        if matches!(self.server.backend(), Backend::Local(_)) {
            return None;
        }
        let of_place = || match &self.places[..] {
            [place] => place.share_path().cloned(),
            _ => None,
        };
        let base_path = self.base_path.clone().or_else(of_place)?;
        // What is too long for a server is looked for here only.
        (base_path.to_utf16().len() <= MAX_SENT).then_some(base_path)
    }

    fn pager(self, base_path: Option<Name>) -> Pager<Files> {
        let needs = self.filters.needs();
        let listing = Files {
            level: self.level,
            sent_base_path: base_path.map(|path| path.to_utf16()),
            // A server compares a user with the names that it reports, letter
            // by letter: it would leave out LAB\ann for `ann`.
            sent_client: None,
            filters: self.filters,
            clients: self.with_clients.then(Clients::default),
            came: 0,
            aside: None,
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
