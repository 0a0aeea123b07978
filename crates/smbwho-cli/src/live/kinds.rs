//! What makes two rows of two answers the same thing, kind by kind.

mod own;

use std::hash::{Hash, Hasher};
use std::time::Duration;

use smbwho::{Logon, Name, OpenFile, Session, Share};

use super::question::{Rows, Scope, Subject};
use crate::rows::{Cell, Kind, Row};
pub(crate) use own::{Host, Use};

/// A kind of row that can be followed from answer to answer.
pub(crate) trait Live: Kind + Clone {
    const SUBJECT: Subject;
    /// The columns whose sum means something.
    const TOTALS: &'static [&'static str];
    /// The column that rows are sorted by unasked.
    const SORT: &'static str;
    /// The rows of an answer to a question of this kind.
    fn of(rows: Rows) -> Option<Vec<Self>>;
    /// Feeds what names the row, and stays while it lives, to a hasher.
    fn identify(&self, into: &mut impl Hasher);
    /// How long it has been there. Rows of one name are told apart by it.
    fn lasted(&self) -> Option<Duration> {
        None
    }
    /// Lets time pass.
    fn age(&mut self, _by: Duration) {}
    /// What is beneath it.
    fn drill(&self) -> Option<Drill> {
        None
    }
    /// What would be ended.
    fn victim(&self) -> Option<Victim> {
        None
    }
}

/// The way from a row to what is beneath it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drill {
    pub(crate) subject: Subject,
    pub(crate) scope: Scope,
    /// The row, for the path line.
    pub(crate) title: String,
    /// How much the row says there is beneath.
    pub(crate) count: Option<u32>,
}

/// A row that can be ended.
#[derive(Debug, Clone)]
pub(crate) enum Victim {
    Session(Session),
    File(OpenFile),
}

fn add(time: &mut Option<Duration>, by: Duration) {
    *time = time.map(|time| time.saturating_add(by));
}

fn told(name: &Option<Name>) -> &str {
    name.as_deref().unwrap_or("-")
}

/// Names are one name in any letter case.
fn name(name: &Option<Name>, into: &mut impl Hasher) {
    match name {
        Some(name) if name.is_ascii() => {
            1_u8.hash(into);
            // A piece at a time: a hasher takes bytes one by one much slower.
            let mut piece = [0; 64];
            for part in name.as_bytes().chunks(piece.len()) {
                let piece = &mut piece[..part.len()];
                piece.copy_from_slice(part);
                piece.make_ascii_lowercase();
                into.write(piece);
            }
        }
        Some(name) => name.to_lowercase().hash(into),
        None => 0_u8.hash(into),
    }
    0xff_u8.hash(into);
}

impl Live for Session {
    const SUBJECT: Subject = Subject::Sessions;
    const TOTALS: &'static [&'static str] = &["opens"];
    const SORT: &'static str = "user";

    fn of(rows: Rows) -> Option<Vec<Self>> {
        match rows {
            Rows::Sessions(rows) => Some(rows),
            _ => None,
        }
    }

    fn identify(&self, into: &mut impl Hasher) {
        name(&self.client, into);
        name(&self.user, into);
    }

    fn lasted(&self) -> Option<Duration> {
        self.active
    }

    fn age(&mut self, by: Duration) {
        add(&mut self.active, by);
        add(&mut self.idle, by);
    }

    fn drill(&self) -> Option<Drill> {
        self.user.as_ref()?;
        Some(Drill {
            subject: Subject::Files,
            scope: Scope {
                user: self.user.clone(),
                client: self.client.clone(),
                ..Scope::default()
            },
            title: format!("{} from {}", told(&self.user), told(&self.client)),
            count: self.opens,
        })
    }

    fn victim(&self) -> Option<Victim> {
        Some(Victim::Session(self.clone()))
    }
}

impl Live for OpenFile {
    const SUBJECT: Subject = Subject::Files;
    const TOTALS: &'static [&'static str] = &["locks"];
    const SORT: &'static str = "path";

    fn of(rows: Rows) -> Option<Vec<Self>> {
        match rows {
            Rows::Files(rows) => Some(rows),
            _ => None,
        }
    }

    fn identify(&self, into: &mut impl Hasher) {
        self.id.hash(into);
        self.path.hash(into);
        name(&self.user, into);
    }

    fn victim(&self) -> Option<Victim> {
        Some(Victim::File(self.clone()))
    }
}

impl Live for Share {
    const SUBJECT: Subject = Subject::Shares;
    const TOTALS: &'static [&'static str] = &["current_uses"];
    const SORT: &'static str = "name";

    fn of(rows: Rows) -> Option<Vec<Self>> {
        match rows {
            Rows::Shares(rows) => Some(rows),
            _ => None,
        }
    }

    fn identify(&self, into: &mut impl Hasher) {
        name(&self.name, into);
    }

    fn drill(&self) -> Option<Drill> {
        Some(Drill {
            subject: Subject::Connections,
            scope: Scope {
                share: Some(self.name.clone()?),
                ..Scope::default()
            },
            title: told(&self.name).to_owned(),
            count: self.current_uses,
        })
    }
}

impl Live for Logon {
    const SUBJECT: Subject = Subject::Logons;
    const TOTALS: &'static [&'static str] = &[];
    const SORT: &'static str = "user";

    fn of(rows: Rows) -> Option<Vec<Self>> {
        match rows {
            Rows::Logons(rows) => Some(rows),
            _ => None,
        }
    }

    fn identify(&self, into: &mut impl Hasher) {
        name(&self.user, into);
        name(&self.domain, into);
        name(&self.logon_server, into);
    }
}

/// How a row differs from what it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// By nothing but time that passed.
    None,
    /// A time is another than what passed makes of it: a session was used, and
    /// is no longer idle.
    Times,
    Content,
}

/// Holds a row against what it was `apart` ago.
pub(super) fn difference<T: Kind>(before: &Row<T>, now: &Row<T>, apart: Duration) -> Difference {
    /// Servers round, and lines are slow.
    const SLACK: Duration = Duration::from_secs(2);
    let mut found = Difference::None;
    for column in T::COLUMNS {
        match ((column.cell)(before), (column.cell)(now)) {
            (Cell::Span(before), Cell::Span(now)) => {
                let as_told = before.saturating_add(apart).abs_diff(now) <= SLACK;
                found = if as_told { found } else { Difference::Times };
            }
            (before, now) if before != now => return Difference::Content,
            _ => {}
        }
    }
    found
}
