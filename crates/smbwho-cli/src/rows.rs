//! Rows and their columns: the one place that says what a kind of row is
//! made of.
//!
//! A kind (sessions, later files, shares …) is one declaration: its columns in
//! order, each with its field name, its header and the [`Cell`] it takes from
//! a row. Every format prints from that declaration; none knows a kind.

mod cell;
mod closed;
mod columns;
mod connections;
mod doctor;
mod files;
mod groups;
mod info;
mod logons;
mod natural;
mod order;
mod sessions;
mod shares;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use cell::Cell;
pub(crate) use closed::{Closed, Outcome};
pub(crate) use columns::{choose, find};
pub(crate) use doctor::Finding;
pub(crate) use info::Info;
pub(crate) use order::{Order, compare};

/// One row and the server that told it.
#[derive(Debug, Clone)]
pub(crate) struct Row<T> {
    /// The server, as it was given on the command line.
    pub(crate) server: Arc<str>,
    /// The node that told it, where the server is a cluster of several.
    pub(crate) node: Option<Arc<str>>,
    /// What it told.
    pub(crate) data: T,
}

/// A kind of row.
pub(crate) trait Kind: Send + Sized + 'static {
    /// The kind's name in JSON, which is also its command.
    const NAME: &'static str;
    /// One row of it, for people.
    const ONE: &'static str;
    /// The columns, in the order of the fields in JSON.
    const COLUMNS: &'static [Column<Self>];
    /// Whether people read a row as a block, a line for each column.
    const AS_BLOCKS: bool = false;
    /// The column of nodes, there when a cluster is asked.
    const NODE: &'static Column<Self> = &Column {
        name: "node",
        header: "NODE",
        align: Align::Left,
        shown: Shown::Always,
        cell: |row| row.node.as_deref().map_or(Cell::Unknown, Cell::Text),
    };

    /// Whose the row is when the server is a cluster of several nodes.
    fn of_cluster(&self) -> OfCluster {
        OfCluster::Node
    }

    /// How long ago what the row is about began, where that is known.
    fn began_ago(&self) -> Option<Duration> {
        None
    }
}

/// Whose a row is in a cluster, with what identifies it there.
pub(crate) enum OfCluster {
    /// The node's that reported it.
    Node,
    /// The whole cluster's: its nodes report it alike.
    All(String),
    /// The node's, or the whole cluster's if every node reports it.
    Perhaps(String),
}

/// One column of a kind.
pub(crate) struct Column<T> {
    /// The field's name in JSON, CSV and `--columns`.
    pub(crate) name: &'static str,
    /// The header of a table.
    pub(crate) header: &'static str,
    /// On which side of its column a cell stands.
    pub(crate) align: Align,
    /// When a table shows the column unasked.
    pub(crate) shown: Shown,
    /// The cell of a row.
    pub(crate) cell: for<'a> fn(&'a Row<T>) -> Cell<'a>,
}

impl<T> Column<T> {
    /// The server that told the row.
    pub(crate) const SERVER: Self = Self {
        name: "server",
        header: "SERVER",
        align: Align::Left,
        shown: Shown::SeveralServers,
        cell: |row| Cell::Text(&row.server),
    };
}

/// The side of a column on which its cells stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// When a table shows a column that was not asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// In every table.
    Always,
    /// When rows of several servers stand in one table.
    SeveralServers,
    /// Only in the wide table.
    Wide,
    /// Where this computer itself is asked, and never in a plain table: nobody else tells it.
    Here,
}
