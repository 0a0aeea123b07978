//! Kinds of rows that only following has: uses of shares, and the servers.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use smbwho::{Connection, Name, ShareKind};

use super::{Drill, Live, add, name};
use crate::live::question::{Rows, Scope, Subject};
use crate::rows::{Align, Cell, Column, Kind, Shown};

/// A connection, and the share it is to.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) share: Name,
    pub(crate) connection: Connection,
}

impl Live for Use {
    const SUBJECT: Subject = Subject::Connections;
    const TOTALS: &'static [&'static str] = &["opens"];
    const SORT: &'static str = "share";

    fn of(rows: Rows) -> Option<Vec<Self>> {
        match rows {
            Rows::Connections(rows) => Some(rows),
            _ => None,
        }
    }

    fn identify(&self, into: &mut impl Hasher) {
        self.share.hash(into);
        self.connection.id.hash(into);
        name(&self.connection.user, into);
        name(&self.connection.name, into);
    }

    fn lasted(&self) -> Option<Duration> {
        self.connection.active
    }

    fn age(&mut self, by: Duration) {
        add(&mut self.connection.active, by);
    }
}

impl Kind for Use {
    const NAME: &'static str = "connections";
    const ONE: &'static str = "connection";

    const COLUMNS: &'static [Column<Self>] = &[
        Column::SERVER,
        Column {
            name: "share",
            header: "SHARE",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::Text(&row.data.share),
        },
        Column {
            name: "client",
            header: "CLIENT",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.connection.name),
        },
        Column {
            name: "user",
            header: "USER",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.connection.user),
        },
        Column {
            name: "opens",
            header: "OPENS",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.connection.opens),
        },
        Column {
            name: "users",
            header: "USERS",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.connection.users),
        },
        Column {
            name: "active_secs",
            header: "ACTIVE",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::span(row.data.connection.active),
        },
        Column {
            name: "kind",
            header: "KIND",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| {
                let kind = row.data.connection.kind;
                let name = kind.and_then(ShareKind::name);
                name.map_or(Cell::Unknown, Cell::Text)
            },
        },
        Column {
            name: "id",
            header: "ID",
            align: Align::Right,
            shown: Shown::Wide,
            cell: |row| Cell::number(row.data.connection.id),
        },
    ];
}

/// A server, as this program sees it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Host {
    /// `asked`, `ok`, `refused` (it answers, and says no), `stale`, `failed` or
    /// `stopped`.
    pub(crate) state: &'static str,
    pub(crate) sessions: Option<u64>,
    pub(crate) files: Option<u64>,
    /// Time since the last answer.
    pub(crate) answered: Option<Duration>,
    pub(crate) answers: Option<u64>,
    pub(crate) error: Option<String>,
}

impl Live for Host {
    const SUBJECT: Subject = Subject::Servers;
    const TOTALS: &'static [&'static str] = &["sessions", "files"];
    const SORT: &'static str = "server";

    fn of(rows: Rows) -> Option<Vec<Self>> {
        match rows {
            Rows::Hosts(rows) => Some(rows),
            _ => None,
        }
    }

    // The server itself is part of every identity.
    fn identify(&self, _: &mut impl Hasher) {}

    fn age(&mut self, by: Duration) {
        add(&mut self.answered, by);
    }

    fn drill(&self) -> Option<Drill> {
        Some(Drill {
            subject: Subject::Sessions,
            scope: Scope::default(),
            title: String::new(),
            count: None,
        })
    }
}

impl Kind for Host {
    const NAME: &'static str = "servers";
    const ONE: &'static str = "server";

    const COLUMNS: &'static [Column<Self>] = &[
        Column {
            shown: Shown::Always,
            ..Column::SERVER
        },
        Column {
            name: "state",
            header: "STATE",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::Text(row.data.state),
        },
        Column {
            name: "sessions",
            header: "SESSIONS",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.sessions),
        },
        Column {
            name: "files",
            header: "FILES",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.files),
        },
        Column {
            name: "answered_secs",
            header: "ANSWERED",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::span(row.data.answered),
        },
        Column {
            name: "answers",
            header: "ANSWERS",
            align: Align::Right,
            shown: Shown::Wide,
            cell: |row| Cell::number(row.data.answers),
        },
        Column {
            name: "error",
            header: "ERROR",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.error),
        },
    ];
}
