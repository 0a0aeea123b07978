//! The columns of sessions.

use std::time::Duration;

use smbwho::{Level, Session, SessionFlags, SmbConnection};

use super::{Align, Cell, Column, Kind, OfCluster, Row, Shown};

impl Kind for Session {
    const NAME: &'static str = "sessions";
    const ONE: &'static str = "session";

    const COLUMNS: &'static [Column<Self>] = &[
        Column::SERVER,
        Column {
            name: "client",
            header: "CLIENT",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.client),
        },
        Column {
            name: "user",
            header: "USER",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.user),
        },
        Column {
            name: "opens",
            header: "OPENS",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.opens),
        },
        Column {
            name: "active_secs",
            header: "ACTIVE",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::span(row.data.active),
        },
        Column {
            name: "idle_secs",
            header: "IDLE",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::span(row.data.idle),
        },
        Column {
            name: "guest",
            header: "GUEST",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::flag(row.data.flags.map(SessionFlags::guest)),
        },
        Column {
            name: "no_encryption",
            header: "NO ENCRYPTION",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::flag(row.data.flags.map(SessionFlags::no_encryption)),
        },
        Column {
            name: "client_type",
            header: "CLIENT TYPE",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::text(&row.data.client_type),
        },
        Column {
            name: "transport",
            header: "TRANSPORT",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::text(&row.data.transport),
        },
        Column {
            name: "level",
            header: "LEVEL",
            align: Align::Right,
            shown: Shown::Wide,
            cell: |row| Cell::number(row.data.level.map(Level::number)),
        },
        Column {
            name: "dialect",
            header: "DIALECT",
            align: Align::Left,
            shown: Shown::Here,
            cell: |row| smb(row, |smb| Cell::text(&smb.dialect)),
        },
        Column {
            name: "cipher",
            header: "CIPHER",
            align: Align::Left,
            shown: Shown::Here,
            cell: |row| smb(row, |smb| Cell::protection(&smb.cipher)),
        },
        Column {
            name: "signing",
            header: "SIGNING",
            align: Align::Left,
            shown: Shown::Here,
            cell: |row| smb(row, |smb| Cell::protection(&smb.signing)),
        },
        Column {
            name: "address",
            header: "ADDRESS",
            align: Align::Left,
            shown: Shown::Here,
            cell: |row| smb(row, |smb| smb.address.map_or(Cell::Unknown, Cell::Address)),
        },
        Column {
            name: "channels",
            header: "CHANNELS",
            align: Align::Right,
            shown: Shown::Here,
            cell: |row| smb(row, |smb| Cell::number(smb.channels)),
        },
        Column {
            name: "auth_time",
            header: "AUTHENTICATED",
            align: Align::Left,
            shown: Shown::Here,
            cell: |row| {
                smb(row, |smb| {
                    smb.authenticated.map_or(Cell::Unknown, Cell::Moment)
                })
            },
        },
    ];

    /// Told apart by client, user and when it began; without all three it cannot
    /// be said to be one with another.
    fn of_cluster(&self) -> OfCluster {
        match (&self.client, &self.user, self.active) {
            (Some(client), Some(user), Some(_)) => {
                OfCluster::Perhaps(format!("{}\0{}", &**client, &**user))
            }
            _ => OfCluster::Node,
        }
    }

    fn began_ago(&self) -> Option<Duration> {
        self.active
    }
}

/// A cell of what only the server's own computer knows.
fn smb<'a>(row: &'a Row<Session>, cell: fn(&'a SmbConnection) -> Cell<'a>) -> Cell<'a> {
    row.data.smb.as_deref().map_or(Cell::Unknown, cell)
}
