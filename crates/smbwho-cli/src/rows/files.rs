//! The columns of open files.

use smbwho::{FileLevel, OpenFile, Permissions, ShareMode, SmbOpen};

use super::{Align, Cell, Column, Kind, OfCluster, Row, Shown};

impl Kind for OpenFile {
    const NAME: &'static str = "files";
    const ONE: &'static str = "open file";

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
            name: "path",
            header: "PATH",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.path),
        },
        Column {
            name: "user",
            header: "USER",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.user),
        },
        Column {
            name: "permissions",
            header: "PERMISSIONS",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| permissions(row.data.permissions),
        },
        Column {
            name: "permissions_raw",
            header: "RAW",
            align: Align::Right,
            shown: Shown::Wide,
            cell: |row| Cell::number(row.data.permissions.map(|bits| bits.0)),
        },
        Column {
            name: "locks",
            header: "LOCKS",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.locks),
        },
        Column {
            name: "client",
            header: "CLIENT",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.client),
        },
        Column {
            name: "level",
            header: "LEVEL",
            align: Align::Right,
            shown: Shown::Wide,
            cell: |row| Cell::number(row.data.level.map(FileLevel::number)),
        },
        Column {
            name: "opened_at",
            header: "OPENED AT",
            align: Align::Left,
            shown: Shown::Here,
            cell: |row| smb(row, |smb| smb.opened_at.map_or(Cell::Unknown, Cell::Moment)),
        },
        Column {
            name: "share_mode",
            header: "SHARE MODE",
            align: Align::Left,
            shown: Shown::Here,
            cell: |row| {
                smb(row, |smb| {
                    let bits = |mode: ShareMode| Cell::Bits(mode.0, ShareMode::NAMES);
                    smb.share_mode.map_or(Cell::Unknown, bits)
                })
            },
        },
        Column {
            name: "oplock",
            header: "OPLOCK",
            align: Align::Left,
            shown: Shown::Here,
            cell: |row| smb(row, |smb| Cell::text(&smb.oplock)),
        },
    ];

    /// Two nodes that each have a file of this id, path and user are not met by
    /// chance.
    fn of_cluster(&self) -> OfCluster {
        let (path, user) = (self.path.as_deref(), self.user.as_deref());
        OfCluster::Perhaps(format!("{:?}\0{path:?}\0{user:?}", self.id))
    }
}

/// A cell of what only the server's own computer knows.
fn smb<'a>(row: &'a Row<OpenFile>, cell: fn(&'a SmbOpen) -> Cell<'a>) -> Cell<'a> {
    row.data.smb.as_deref().map_or(Cell::Unknown, cell)
}

fn permissions(bits: Option<Permissions>) -> Cell<'static> {
    bits.map_or(Cell::Unknown, |bits| {
        Cell::Bits(bits.meaning(), Permissions::NAMES)
    })
}
