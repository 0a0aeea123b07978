//! The columns of what was ended: sessions and open files alike.

use std::time::Duration;

use smbwho::Name;

use super::{Align, Cell, Column, Kind, Shown};

/// One session or file that was to be ended, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closed {
    /// `session` or `file`.
    pub(crate) what: &'static str,
    pub(crate) client: Option<Name>,
    pub(crate) user: Option<Name>,
    /// The server's number for an open file.
    pub(crate) id: Option<u32>,
    pub(crate) path: Option<Name>,
    /// How old a session was when it was first looked at.
    pub(crate) active: Option<Duration>,
    pub(crate) outcome: Outcome,
    /// The outcome in words, where there is more to say.
    pub(crate) message: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It would be ended; this was a dry run.
    WouldEnd,
    /// It is there no more.
    Gone,
    /// It was ended, and its client is back with a new one.
    CameBack,
    /// It was gone before its turn came.
    AlreadyGone,
    /// The server took the order, and it is there still.
    StillThere,
    /// It is not any more what was agreed to: left alone.
    Changed,
    /// Left alone for the reason in the message.
    Skipped,
    /// The server refused.
    Refused,
    /// Nobody knows: the connection failed on the way.
    Unknown,
    /// It was not its turn yet when all stopped.
    NotTried,
}

impl Outcome {
    /// The word in rows and in the audit log.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Outcome::WouldEnd => "would_end",
            Outcome::Gone => "gone",
            Outcome::CameBack => "came_back",
            Outcome::AlreadyGone => "already_gone",
            Outcome::StillThere => "still_there",
            Outcome::Changed => "changed",
            Outcome::Skipped => "skipped",
            Outcome::Refused => "refused",
            Outcome::Unknown => "unknown",
            Outcome::NotTried => "not_tried",
        }
    }

    /// Whether it is as it was wanted.
    pub(crate) fn is_good(self) -> bool {
        use Outcome as O;
        matches!(self, O::WouldEnd | O::Gone | O::CameBack | O::AlreadyGone)
    }
}

impl Kind for Closed {
    const NAME: &'static str = "closed";
    const ONE: &'static str = "order";

    const COLUMNS: &'static [Column<Self>] = &[
        Column::SERVER,
        Column {
            name: "what",
            header: "WHAT",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::Text(row.data.what),
        },
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
            name: "active_secs",
            header: "ACTIVE",
            align: Align::Right,
            shown: Shown::Always,
            cell: |row| Cell::span(row.data.active),
        },
        Column {
            name: "outcome",
            header: "OUTCOME",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::Text(row.data.outcome.word()),
        },
        Column {
            name: "message",
            header: "MESSAGE",
            align: Align::Left,
            shown: Shown::Always,
            cell: |row| Cell::text(&row.data.message),
        },
    ];
}
