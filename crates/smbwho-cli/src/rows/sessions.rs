//! The columns of sessions.

use smbwho::{Level, Session, SessionFlags};

use super::{Align, Cell, Column, Kind, Shown};

impl Kind for Session {
    const NAME: &'static str = "sessions";
    const ONE: &'static str = "session";

    const COLUMNS: &'static [Column<Self>] = &[
        Column {
            name: "server",
            header: "SERVER",
            align: Align::Left,
            shown: Shown::SeveralServers,
            cell: |row| Cell::Text(&row.server),
        },
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
            cell: |row| Cell::text(&row.data.dialect),
        },
        Column {
            name: "cipher",
            header: "CIPHER",
            align: Align::Left,
            shown: Shown::Here,
            cell: |row| Cell::protection(&row.data.cipher),
        },
        Column {
            name: "signing",
            header: "SIGNING",
            align: Align::Left,
            shown: Shown::Here,
            cell: |row| Cell::protection(&row.data.signing),
        },
        Column {
            name: "address",
            header: "ADDRESS",
            align: Align::Left,
            shown: Shown::Here,
            cell: |row| row.data.address.map_or(Cell::Unknown, Cell::Address),
        },
    ];
}
