//! The columns of shares.

use smbwho::{MaxUses, Share, ShareKind};

use super::{Align, Cell, Column, Kind, OfCluster, Shown};

impl Kind for Share {
    const NAME: &'static str = "shares";
    const ONE: &'static str = "share";

    const COLUMNS: &'static [Column<Self>] = &[
        Column::SERVER,
        Column {
            name: "name",
            header: "NAME",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.name),
        },
        Column {
            name: "kind",
            header: "KIND",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| row.data.kind.map_or(Cell::Unknown, kind),
        },
        Column {
            name: "special",
            header: "SPECIAL",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::flag(row.data.kind.map(ShareKind::special)),
        },
        Column {
            name: "temporary",
            header: "TEMPORARY",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| Cell::flag(row.data.kind.map(ShareKind::temporary)),
        },
        Column {
            name: "remark",
            header: "REMARK",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.remark),
        },
        Column {
            name: "permissions",
            header: "PERMISSIONS",
            align: Align::Right,
            shown: Shown::Wide,
            cell: |row| Cell::number(row.data.permissions),
        },
        Column {
            name: "max_uses",
            header: "MAX USES",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| match row.data.max_uses {
                None => Cell::Unknown,
                Some(MaxUses::NoLimit) => Cell::NoLimit,
                Some(MaxUses::Limit(limit)) => Cell::Number(limit.into()),
            },
        },
        Column {
            name: "current_uses",
            header: "USES",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::number(row.data.current_uses),
        },
        Column {
            name: "path",
            header: "PATH",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.path),
        },
        Column {
            name: "security",
            header: "SECURITY",
            align: Align::Left,
            shown: Shown::Wide,
            cell: |row| {
                let security = row.data.security.as_ref();
                let sddl = security.and_then(|security| security.sddl());
                sddl.map_or(Cell::Unknown, Cell::Text)
            },
        },
        Column {
            name: "level",
            header: "LEVEL",
            align: Align::Right,
            shown: Shown::Wide,
            cell: |row| Cell::Number(row.data.level.number().into()),
        },
    ];

    /// Share calls answer for the whole cluster; only how much a share is used
    /// may differ while its nodes are asked.
    fn of_cluster(&self) -> OfCluster {
        let mut unused = self.clone();
        unused.current_uses = None;
        OfCluster::All(format!("{unused:?}"))
    }
}

fn kind(kind: ShareKind) -> Cell<'static> {
    match kind.name() {
        Some(name) => Cell::Text(name),
        None => Cell::Hex(kind.base()),
    }
}
