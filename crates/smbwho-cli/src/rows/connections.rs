//! The columns of connections.

use std::time::Duration;

use smbwho::{Connection, ShareKind};

use super::{Align, Cell, Column, Kind, OfCluster, Shown};

impl Kind for Connection {
    const NAME: &'static str = "connections";
    const ONE: &'static str = "connection";

    const COLUMNS: &'static [Column<Self>] = &[
        Column::SERVER,
        Column {
            name: "id",
            header: "ID",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.id),
        },
        Column {
            name: "kind",
            header: "KIND",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| kind(row.data.kind),
        },
        Column {
            name: "opens",
            header: "OPENS",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.opens),
        },
        Column {
            name: "users",
            header: "USERS",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.users),
        },
        Column {
            name: "active_secs",
            header: "ACTIVE",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::span(row.data.active),
        },
        Column {
            name: "user",
            header: "USER",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.user),
        },
        Column {
            name: "name",
            header: "NAME",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.name),
        },
    ];

    /// Told apart by all that is told of it but how it is used at the moment.
    fn of_cluster(&self) -> OfCluster {
        match (self.id, self.active) {
            (Some(id), Some(_)) => {
                let (user, name) = (self.user.as_deref(), self.name.as_deref());
                OfCluster::Perhaps(format!("{id}\0{user:?}\0{name:?}"))
            }
            _ => OfCluster::Node,
        }
    }

    fn began_ago(&self) -> Option<Duration> {
        self.active
    }
}

/// A kind that has no name is shown by its number.
fn kind(kind: Option<ShareKind>) -> Cell<'static> {
    match kind {
        None => Cell::Unknown,
        Some(kind) => match kind.name() {
            Some(name) => Cell::Text(name),
            None => Cell::Number(kind.0.into()),
        },
    }
}
