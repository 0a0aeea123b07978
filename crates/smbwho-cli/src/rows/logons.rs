//! The columns of logged-on users. What only the computer itself can tell of
//! its logon sessions is unknown of others.

use smbwho::Logon;

use super::{Align, Cell, Column, Kind, Shown};

impl Kind for Logon {
    const NAME: &'static str = "logons";
    const ONE: &'static str = "logged-on user";

    const COLUMNS: &'static [Column<Self>] = &[
        Column::SERVER,
        Column {
            name: "user",
            header: "USER",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.user),
        },
        Column {
            name: "domain",
            header: "DOMAIN",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.domain),
        },
        Column {
            name: "logon_type",
            header: "TYPE",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::text(&row.data.logon_type),
        },
        Column {
            name: "auth_package",
            header: "PACKAGE",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::text(&row.data.auth_package),
        },
        Column {
            name: "session_id",
            header: "SESSION",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::text(&row.data.session_id),
        },
        Column {
            name: "logon_time",
            header: "SINCE",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::moment(row.data.logon_time),
        },
        Column {
            name: "logon_server",
            header: "LOGON SERVER",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.logon_server),
        },
        Column {
            name: "upn",
            header: "UPN",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::text(&row.data.upn),
        },
        Column {
            name: "sid",
            header: "SID",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| row.data.sid.as_ref().map_or(Cell::Unknown, Cell::Sid),
        },
        Column {
            name: "source",
            header: "SOURCE",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::Text(row.data.source.as_str()),
        },
    ];
}
