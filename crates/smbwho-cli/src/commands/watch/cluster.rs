//! What several nodes of one cluster report, told once.
//!
//! The nodes of a CTDB cluster of Samba report everybody's sessions and files, those of a Windows
//! cluster their own, and nothing says which it is. So a row is there as often as the node that
//! has it most often reports it: it appears with the first that does, and is gone with the last.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use crate::live::{Live, Tenths};
use crate::rows::{Cell, OfCluster, Row};

/// How far apart the beginnings of one row may seem, in tenths of a second.
const SLACK: i64 = 20;

/// The nodes that are followed, and what they report.
pub(super) struct Nodes {
    /// The cluster of each server, where it is a node.
    clusters: Vec<Option<Arc<str>>>,
    /// Whether a node's rows are those of an earlier answer.
    stale: Vec<bool>,
    rows: HashMap<(Arc<str>, String), Vec<Reported>>,
}

/// A row that one node reports.
struct Reported {
    server: usize,
    /// When what it is about began, in tenths of a second since the program did.
    began: Option<i64>,
    /// A hash of what is shown of it, without its times.
    content: u64,
    /// That it is gone was told when another node said so.
    gone: bool,
}

impl Nodes {
    pub(super) fn new(clusters: Vec<Option<Arc<str>>>) -> Self {
        Self {
            stale: vec![false; clusters.len()],
            rows: HashMap::new(),
            clusters,
        }
    }

    /// Takes note whether a node has answered in full.
    pub(super) fn answered(&mut self, server: usize, in_full: bool) {
        self.stale[server] = !in_full;
    }

    /// A node has a row more; whether nobody has told it.
    pub(super) fn appeared<T: Live>(&mut self, server: usize, row: &Row<T>, at: Tenths) -> bool {
        let Some(key) = self.key(server, row) else {
            return true;
        };
        let reported = Reported::new(server, row, at);
        let rows = self.rows.entry(key).or_default();
        let (own, others) = count(rows, &reported, &[]);
        rows.push(reported);
        own + 1 > others
    }

    /// A row of a node is another; whether nobody has told that.
    pub(super) fn changed<T: Live>(
        &mut self,
        server: usize,
        [before, now]: [&Row<T>; 2],
        at: Tenths,
    ) -> bool {
        self.take(server, before, at);
        let Some(key) = self.key(server, now) else {
            return true;
        };
        let reported = Reported::new(server, now, at);
        let rows = self.rows.entry(key).or_default();
        let known = |other: &Reported| {
            other.is_twin(&reported) && other.server != server && other.content == reported.content
        };
        let is_new = !rows.iter().any(known);
        rows.push(reported);
        is_new
    }

    /// A row of a node is gone; whether it is with that, and nobody has told it.
    pub(super) fn gone<T: Live>(&mut self, server: usize, row: &Row<T>, at: Tenths) -> bool {
        let Some(taken) = self.take(server, row, at) else {
            return true;
        };
        let Some(rows) = self
            .key(server, row)
            .and_then(|key| self.rows.get_mut(&key))
        else {
            return !taken.gone;
        };
        let (own, others) = count(rows, &taken, &self.stale);
        if taken.gone || own < others {
            return false;
        }
        // Nodes that do not answer at the moment will say the same later.
        for other in rows.iter_mut() {
            other.gone |= self.stale[other.server] && other.is_twin(&taken);
        }
        true
    }

    fn take<T: Live>(&mut self, server: usize, row: &Row<T>, at: Tenths) -> Option<Reported> {
        let key = self.key(server, row)?;
        let wanted = Reported::new(server, row, at);
        let rows = self.rows.get_mut(&key)?;
        let own = |other: &Reported| other.server == server && other.is_twin(&wanted);
        let at = rows.iter().position(own)?;
        let taken = rows.swap_remove(at);
        if rows.is_empty() {
            self.rows.remove(&key);
        }
        Some(taken)
    }

    /// What identifies a row in its cluster; `None` for one that is its node's alone.
    fn key<T: Live>(&self, server: usize, row: &Row<T>) -> Option<(Arc<str>, String)> {
        let cluster = self.clusters[server].as_ref()?;
        match row.data.of_cluster() {
            OfCluster::Node => None,
            OfCluster::All(key) | OfCluster::Perhaps(key) => Some((Arc::clone(cluster), key)),
        }
    }
}

impl Reported {
    /// `at`: when the row was as old as it says.
    fn new<T: Live>(server: usize, row: &Row<T>, at: Tenths) -> Self {
        let age = row.data.began_ago();
        let age = age.map(|age| i64::try_from(age.as_millis() / 100).unwrap_or(i64::MAX));
        let mut hasher = DefaultHasher::new();
        for column in T::COLUMNS {
            match (column.cell)(row) {
                Cell::Span(_) => {}
                _ if column.name == "server" => {}
                cell => {
                    let mut text = String::new();
                    cell.write_for_people(&mut text);
                    text.hash(&mut hasher);
                }
            }
        }
        Self {
            server,
            began: age.map(|age| i64::from(at.0).saturating_sub(age)),
            content: hasher.finish(),
            gone: false,
        }
    }

    /// Whether it began when another of its name did.
    fn is_twin(&self, other: &Self) -> bool {
        match (self.began, other.began) {
            (Some(one), Some(other)) => one.abs_diff(other) <= SLACK.unsigned_abs(),
            (one, other) => one == other,
        }
    }
}

/// How often a row is reported by its own node, and by the other that does most often. Those that
/// are stale do not count.
fn count(rows: &[Reported], row: &Reported, stale: &[bool]) -> (usize, usize) {
    let mut by_server: HashMap<usize, usize> = HashMap::new();
    for other in rows.iter().filter(|other| other.is_twin(row)) {
        let counts =
            other.server == row.server || !stale.get(other.server).is_some_and(|stale| *stale);
        *by_server.entry(other.server).or_default() += usize::from(counts);
    }
    let own = by_server.remove(&row.server).unwrap_or(0);
    (own, by_server.into_values().max().unwrap_or(0))
}
