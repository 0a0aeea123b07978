//! The columns of groups, of their members, and of the groups of a user.

use smbwho::{Group, GroupAttributes, Member, Membership};

use super::{Align, Cell, Column, Kind, Shown};

/// A column of text that stands in every table.
const fn shown<T>(
    name: &'static str,
    header: &'static str,
    cell: for<'a> fn(&'a super::Row<T>) -> Cell<'a>,
) -> Column<T> {
    Column {
        name,
        header,
        align: Align::Left,
        shown: Shown::Always,
        cell,
    }
}

fn attributes(attributes: Option<GroupAttributes>) -> Cell<'static> {
    attributes.map_or(Cell::Unknown, |bits| {
        Cell::Bits(bits.0, GroupAttributes::NAMES)
    })
}

/// The columns of a group, wherever in the row it is.
macro_rules! group_columns {
    (|$row:ident| $group:expr $(, $more:expr)*) => {
        &[
            Column::SERVER,
            shown("scope", "SCOPE", |$row| Cell::Text($group.scope.as_str())),
            shown("domain", "DOMAIN", |$row| Cell::Text(&$group.domain)),
            shown("name", "NAME", |$row| Cell::Text(&$group.name)),
            shown("description", "DESCRIPTION", |$row| Cell::text(&$group.description)),
            Column {
                align: Align::Right,
                shown: Shown::Wide,
                ..shown("rid", "RID", |$row| Cell::number($group.rid()))
            },
            Column {
                shown: Shown::Wide,
                ..shown("sid", "SID", |$row| Cell::Sid(&$group.sid))
            },
            Column {
                shown: Shown::Wide,
                ..shown("attributes", "ATTRIBUTES", |$row| attributes($group.attributes))
            },
            $($more,)*
        ]
    };
}

impl Kind for Group {
    const NAME: &'static str = "groups";
    const ONE: &'static str = "group";
    const COLUMNS: &'static [Column<Self>] = group_columns!(|row| row.data);
}

impl Kind for Membership {
    const NAME: &'static str = "groups";
    const ONE: &'static str = "group";
    const COLUMNS: &'static [Column<Self>] = group_columns!(
        |row| row.data.group,
        shown("indirect", "INDIRECT", |row| Cell::Flag(row.data.indirect))
    );
}

impl Kind for Member {
    const NAME: &'static str = "members";
    const ONE: &'static str = "member";
    const COLUMNS: &'static [Column<Self>] = &[
        Column::SERVER,
        shown("group", "GROUP", |row| Cell::Text(&row.data.group)),
        shown("name", "NAME", |row| Cell::text(&row.data.name)),
        shown("domain", "DOMAIN", |row| Cell::text(&row.data.domain)),
        // A member without a name is nothing but this.
        shown("sid", "SID", |row| Cell::Sid(&row.data.sid)),
        shown("kind", "KIND", |row| {
            row.data.kind.word().map_or(Cell::Unknown, Cell::Text)
        }),
    ];
}
