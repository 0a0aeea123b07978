//! The list of a server's open files, as NetrFileEnum ([MS-SRVS] 3.1.4.2) reports it, and
//! which of its rows are wanted.

use std::collections::VecDeque;
use std::sync::Arc;

use smbwho_msrpc::srvsvc::file::{self, FileEnumUnion, FileInfo2, FileInfo3, NetrFileEnum};
use smbwho_msrpc::status::Win32Status;
use smbwho_msrpc::types::Text;
use smbwho_rpc::Call;
use smbwho_rpc::ndr::NdrError;

use super::clients::Clients;
use super::elsewhere::Aside;
use super::{FileLevel, OpenFile, Permissions, Place, PlaceTree};
use crate::enumerate::{At, Beside, Listing, Pager, Reply};
use crate::error::ErrorKind;
use crate::filter::{ClientFilter, UserFilter};
use crate::local::{Local, LocalError, Told};
use crate::sessions::is_nobody;
use crate::{Error, Name, Server};

/// Which rows are wanted.
#[derive(Debug, Clone, Default)]
pub(super) struct Filters {
    pub(super) id: Option<u32>,
    pub(super) user: Option<UserFilter>,
    pub(super) client: Option<ClientFilter>,
    /// At one of these; `None` for any.
    pub(super) places: Option<Arc<PlaceTree>>,
    /// What all paths begin with.
    pub(super) base_path: Option<Place>,
}

impl Filters {
    /// What a row must tell to be chosen by, beyond its id.
    pub(super) fn needs(&self) -> Option<&'static str> {
        match self {
            _ if self.user.is_some() => Some("user"),
            _ if self.client.is_some() => Some("client"),
            _ if self.looks_for_paths() => Some("path"),
            _ => None,
        }
    }

    fn looks_for_paths(&self) -> bool {
        self.places.is_some() || self.base_path.is_some()
    }

    /// Whether they let a row through, as far as neither the user nor the
    /// client matters.
    fn choose(&self, row: &OpenFile) -> bool {
        let path = row.path.as_deref();
        let within = |places: &Arc<PlaceTree>| path.is_some_and(|path| places.holds(path));
        let under = |place: &Place| path.is_some_and(|path| place.holds(path));
        self.id.is_none_or(|id| row.id == Some(id))
            && self.places.as_ref().is_none_or(within)
            && self.base_path.as_ref().is_none_or(under)
    }

    /// Finds out what must be known of these rows to choose among them by user and client:
    /// where the domains matter, and the clients where they are wanted.
    pub(super) async fn settle(
        &mut self,
        server: &Server,
        clients: Option<&Clients>,
        rows: &mut [OpenFile],
    ) {
        if let Some(user) = &mut self.user {
            let names = rows.iter().filter_map(|row| row.user.as_ref());
            user.get_ready(server, names).await;
        }
        if let Some(clients) = clients {
            let of = |user: &Name| self.user.as_ref().is_none_or(|of| of.matches(user));
            let wanted = |row: &&mut OpenFile| row.user.as_ref().is_some_and(of);
            let wanted = rows.iter_mut().filter(wanted).collect();
            clients.find(server, wanted).await;
        }
        if let Some(client) = &self.client {
            let names = rows.iter().filter_map(|row| row.client.as_ref());
            client.get_ready(names).await;
        }
    }

    /// Whether user and client let a row through.
    pub(super) fn lets_through(&self, row: &OpenFile) -> bool {
        let of = |user: &UserFilter| user.lets_through(row.user.as_ref());
        let from = |client: &ClientFilter| client.lets_through(row.client.as_ref());
        self.user.as_ref().is_none_or(of) && self.client.as_ref().is_none_or(from)
    }
}

/// The list of a server's open files.
pub(super) struct Files {
    pub(super) level: Option<FileLevel>,
    pub(super) filters: Filters,
    pub(super) sent_base_path: Option<Vec<u16>>,
    /// A client, which stands in the user's place on the wire.
    pub(super) sent_client: Option<Vec<u16>>,
    /// Finds out the clients, where that is wanted.
    pub(super) clients: Option<Clients>,
    /// Rows that came, whatever became of them.
    pub(super) came: usize,
    /// Rows that may be asked for next.
    pub(super) aside: Option<Aside>,
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
            came: 0,
            aside: None,
        }
    }

    /// Leaves only what is wanted, as far as neither the user nor the client matters.
    fn choose(&mut self, rows: &mut Vec<OpenFile>) {
        self.came += rows.len();
        if self.filters.id.is_none() && !self.filters.looks_for_paths() {
            return;
        }
        if let Some(aside) = &mut self.aside {
            aside.look_at(rows);
        }
        let (filters, aside) = (&self.filters, &mut self.aside);
        rows.retain(|row| {
            let chosen = filters.choose(row);
            if let Some(aside) = aside.as_mut().filter(|_| !chosen) {
                aside.offer(row);
            }
            chosen
        });
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

    /// What [`settle`](Self::settle) and [`local`](Self::local) have left of the rows.
    fn lets_through(&self, row: &OpenFile) -> bool {
        self.filters.lets_through(row)
    }

    async fn local(&self, server: &Server, local: &Local) -> Result<Told<OpenFile>, Error> {
        if self.level.is_some() {
            return Err(server.error(ErrorKind::Local(LocalError::NoLevels)));
        }
        let (status, missing) = local.samba(server, true).await?;
        let Some(mut rows) = status.files() else {
            return Err(
                missing.unwrap_or_else(|| server.error(ErrorKind::Local(LocalError::NoFiles)))
            );
        };
        rows.retain(|row| self.filters.choose(row));
        if let Some(client) = &self.filters.client {
            let names = rows.iter().filter_map(|row| row.client.as_ref());
            client.get_ready(names).await;
        }
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

    async fn settle(pager: &mut Pager<Self>, _level: u32, rows: &mut Vec<OpenFile>) {
        pager.listing.choose(rows);
        let Self {
            filters, clients, ..
        } = &mut pager.listing;
        filters.settle(&pager.server, clients.as_ref(), rows).await;
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
