//! What the nodes of one cluster report, put together.
//!
//! The nodes of a Windows cluster know their own sessions and files and no
//! others; those of a CTDB cluster of Samba all report everybody's. Nothing in
//! a reply says which it is, so it is told by the rows: what every node reports
//! alike is the cluster's, stands once, and has no node.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use crate::rows::{Kind, OfCluster, Row};

/// How far apart the beginnings of one session may seem, in seconds: ages are
/// whole seconds, and answers take a while.
const SLACK_SECS: u64 = 2;

/// The rows of a cluster's nodes, until all of them have answered.
pub(super) struct Cluster<T> {
    nodes: Vec<Node<T>>,
}

struct Node<T> {
    /// The number of the server that the node is.
    server: usize,
    name: Arc<str>,
    rows: Vec<Reported<T>>,
    done: bool,
    failed: bool,
}

/// A row and when it came.
struct Reported<T> {
    at: Instant,
    data: Option<T>,
}

impl<T: Kind> Cluster<T> {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new() }
    }

    pub(super) fn add(&mut self, server: usize, name: Arc<str>) {
        self.nodes.push(Node {
            server,
            name,
            rows: Vec::new(),
            done: false,
            failed: false,
        });
    }

    /// The servers that are its nodes.
    pub(super) fn servers(&self) -> impl Iterator<Item = usize> + '_ {
        self.nodes.iter().map(|node| node.server)
    }

    pub(super) fn rows(&mut self, server: usize, rows: Vec<T>, at: Instant) {
        if let Some(node) = self.node(server) {
            let reported = |data| Reported {
                at,
                data: Some(data),
            };
            node.rows.extend(rows.into_iter().map(reported));
        }
    }

    /// A node has no more to report; whether none has.
    pub(super) fn done(&mut self, server: usize, failed: bool) -> bool {
        if let Some(node) = self.node(server) {
            node.done = true;
            node.failed = failed;
        }
        self.nodes.iter().all(|node| node.done)
    }

    fn node(&mut self, server: usize) -> Option<&mut Node<T>> {
        self.nodes.iter_mut().find(|node| node.server == server)
    }

    /// The rows of all nodes, those that every node reports alike once.
    pub(super) fn merge(mut self, cluster: &Arc<str>) -> Vec<Row<T>> {
        // A node that failed may have reported less than it knows, or nothing.
        let whole: Vec<usize> = (0..self.nodes.len())
            .filter(|node| !self.nodes[*node].failed)
            .collect();
        let places: Vec<Places> = self.nodes.iter().map(Places::of).collect();
        let mut merged = Vec::new();
        for node in 0..self.nodes.len() {
            for row in 0..self.nodes[node].rows.len() {
                let at = self.nodes[node].rows[row].at;
                let Some(data) = self.nodes[node].rows[row].data.take() else {
                    continue;
                };
                let named = match data.of_cluster() {
                    OfCluster::Node => true,
                    OfCluster::All(key) => {
                        let later = node + 1..self.nodes.len();
                        self.drop_twins(self.twins(later, &places, &key, (&data, at)));
                        true
                    }
                    OfCluster::Perhaps(key) => {
                        let others = whole.iter().copied().filter(|other| *other != node);
                        let twins = self.twins(others, &places, &key, (&data, at));
                        let everywhere = whole.contains(&node) && twins.len() + 1 == whole.len();
                        let shared = everywhere && whole.len() > 1;
                        if shared {
                            self.drop_twins(twins);
                        }
                        !shared
                    }
                };
                merged.push(Row {
                    server: Arc::clone(cluster),
                    node: named.then(|| Arc::clone(&self.nodes[node].name)),
                    data,
                });
            }
        }
        merged
    }

    /// The rows of other nodes that are the same as this one, one of each node.
    fn twins(
        &self,
        others: impl Iterator<Item = usize>,
        places: &[Places],
        key: &str,
        row: (&T, Instant),
    ) -> Vec<(usize, usize)> {
        let twin = |other: usize| {
            let candidates = places[other].0.get(key)?;
            let is_twin = |place: &usize| {
                let theirs = &self.nodes[other].rows[*place];
                let data = theirs.data.as_ref();
                data.is_some_and(|data| began_together(row, (data, theirs.at)))
            };
            let place = candidates.iter().copied().find(|place| is_twin(place))?;
            Some((other, place))
        };
        others.filter_map(twin).collect()
    }

    fn drop_twins(&mut self, twins: Vec<(usize, usize)>) {
        for (node, place) in twins {
            self.nodes[node].rows[place].data = None;
        }
    }
}

/// The places of a node's rows by what identifies them in the cluster.
struct Places(HashMap<String, Vec<usize>>);

impl Places {
    fn of<T: Kind>(node: &Node<T>) -> Self {
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, row) in node.rows.iter().enumerate() {
            match row.data.as_ref().map(Kind::of_cluster) {
                Some(OfCluster::All(key) | OfCluster::Perhaps(key)) => {
                    places.entry(key).or_default().push(place);
                }
                Some(OfCluster::Node) | None => {}
            }
        }
        Self(places)
    }
}

/// Whether two rows, each with the time it came, are of one beginning. Where
/// the kind has no age, what identifies it is enough.
fn began_together<T: Kind>(ours: (&T, Instant), theirs: (&T, Instant)) -> bool {
    match (ours.0.began_ago(), theirs.0.began_ago()) {
        (None, None) => true,
        (Some(our_age), Some(their_age)) => {
            // ours.1 - our_age and theirs.1 - their_age, without going below zero.
            let (left, right) = (ours.1 + their_age, theirs.1 + our_age);
            let apart = left.max(right) - left.min(right);
            apart.as_secs() <= SLACK_SECS
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use smbwho::{Level, Session};

    use super::*;

    fn session(user: &str, age: u64) -> Session {
        let mut session = Session::unknown(Level::L1);
        session.client = Some("10.0.0.7".into());
        session.user = Some(user.into());
        session.active = Some(Duration::from_secs(age));
        session
    }

    /// What two nodes report, the second three seconds later; a failed one is
    /// marked so.
    fn merged(first: &[(&str, u64)], second: &[(&str, u64)], failed: bool) -> Vec<String> {
        let now = Instant::now();
        let mut cluster = Cluster::new();
        cluster.add(0, "n1".into());
        cluster.add(4, "n2".into());
        let sessions =
            |rows: &[(&str, u64)]| rows.iter().map(|(user, age)| session(user, *age)).collect();
        cluster.rows(0, sessions(first), now);
        cluster.rows(4, sessions(second), now + Duration::from_secs(3));
        assert!(!cluster.done(4, failed) && cluster.done(0, false));
        let rows = cluster.merge(&"fs".into());
        let shown = |row: Row<Session>| {
            let user = row.data.user.expect("set").to_string();
            format!("{user}@{}", row.node.as_deref().unwrap_or("?"))
        };
        rows.into_iter().map(shown).collect()
    }

    #[test]
    fn what_every_node_reports_stands_once_and_has_no_node() {
        let both = merged(
            &[("ann", 100), ("bob", 5)],
            &[("bob", 8), ("ann", 103)],
            false,
        );
        assert_eq!(both, ["ann@?", "bob@?"]);
        // Two alike on each node are two.
        let twice = merged(
            &[("ann", 9), ("ann", 9)],
            &[("ann", 12), ("ann", 12)],
            false,
        );
        assert_eq!(twice, ["ann@?", "ann@?"]);
    }

    #[test]
    fn what_one_node_reports_is_its_own() {
        let own = merged(&[("ann", 100)], &[("ann", 60), ("bob", 103)], false);
        assert_eq!(own, ["ann@n1", "ann@n2", "bob@n2"]);
        let more = merged(&[("ann", 9), ("ann", 9)], &[("ann", 12)], false);
        assert_eq!(more, ["ann@?", "ann@n1"]);
    }

    #[test]
    fn a_node_that_failed_does_not_hide_what_others_report() {
        let rows = merged(&[("ann", 9)], &[("ann", 12)], true);
        assert_eq!(rows, ["ann@n1", "ann@n2"]);
    }

    #[test]
    fn without_an_age_a_session_is_the_nodes() {
        let mut session = session("ann", 1);
        session.active = None;
        assert!(matches!(session.of_cluster(), OfCluster::Node));
    }
}
