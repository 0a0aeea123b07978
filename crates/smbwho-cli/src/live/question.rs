//! What servers are asked over and over.

use std::collections::BTreeSet;

use clap::ValueEnum;
use futures::{StreamExt as _, pin_mut, stream::Stream};
use smbwho::{
    ClientFilter, Connection, Error, Logon, Name, OpenFile, Page, Server, Session, Share,
    ShareKind, UserFilter,
};

use super::kinds::{Host, Use};

/// Shares of one server whose connections are asked for, one after another.
const MOST_SHARES: usize = 256;

/// A kind of row that can be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Who is connected
    Sessions,
    /// Which files are open
    Files,
    /// What is shared
    Shares,
    /// Who uses which share
    Connections,
    /// Who is logged on to the computers themselves
    Logons,
    /// The servers: whether they answer, and how much is going on
    Servers,
}

impl Subject {
    /// Every subject, in the order of the number keys.
    pub(crate) const ALL: [Self; 6] = [
        Self::Sessions,
        Self::Files,
        Self::Shares,
        Self::Connections,
        Self::Logons,
        Self::Servers,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Files => "files",
            Self::Shares => "shares",
            Self::Connections => "connections",
            Self::Logons => "logons",
            Self::Servers => "servers",
        }
    }
}

/// The part of what there is that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// The number of one server.
    pub(crate) server: Option<usize>,
    pub(crate) user: Option<Name>,
    pub(crate) client: Option<Name>,
    pub(crate) share: Option<Name>,
}

/// What is asked of every server that it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// Told in the answers: those to an earlier question come late.
    pub(crate) number: u64,
    pub(crate) subject: Subject,
    pub(crate) scope: Scope,
    /// Grows when a person wants an answer now.
    pub(crate) urged: u64,
}

/// The rows of one answer of one server.
#[derive(Debug)]
pub(crate) enum Rows {
    Sessions(Vec<Session>),
    Files(Vec<OpenFile>),
    Shares(Vec<Share>),
    Connections(Vec<Use>),
    Logons(Vec<Logon>),
    /// Counts of sessions and of open files, where they are told.
    Counts(Option<u64>, Option<u64>),
    /// The servers, as this program sees them.
    Hosts(Vec<Host>),
}

impl Question {
    pub(crate) fn concerns(&self, server: usize) -> bool {
        self.scope.server.is_none_or(|only| only == server)
    }

    /// Asks; what came, and what stopped it from being all.
    pub(crate) async fn ask(&self, server: &Server) -> (Option<Rows>, Option<Error>) {
        match self.subject {
            Subject::Sessions => told(whole(server.sessions().collect().await), Rows::Sessions),
            Subject::Files => self.files(server).await,
            Subject::Shares => told(all(server.shares().pages()).await, Rows::Shares),
            Subject::Connections => self.connections(server).await,
            Subject::Logons => told(all(server.logons().pages()).await, Rows::Logons),
            Subject::Servers => counts(server).await,
        }
    }

    async fn files(&self, server: &Server) -> (Option<Rows>, Option<Error>) {
        let mut query = server.files();
        if let Some(user) = &self.scope.user {
            query = query.user(UserFilter::exact(user));
        }
        let (mut files, error) = all(query.pages()).await;
        // A client that is not known may be the one.
        if let Some(wanted) = &self.scope.client {
            let wanted = ClientFilter::exact(wanted);
            files.retain(|file| file.client.as_ref().is_none_or(|it| wanted.matches(it)));
        }
        if let (true, None, Some(user)) = (files.is_empty(), &error, &self.scope.user) {
            let why = server.unlisted_opens(&UserFilter::exact(user)).await;
            return (Some(Rows::Files(files)), why);
        }
        told((files, error), Rows::Files)
    }

    async fn connections(&self, server: &Server) -> (Option<Rows>, Option<Error>) {
        let shares = match &self.scope.share {
            Some(share) => BTreeSet::from([share.clone()]),
            None => {
                let (shares, error) = all(server.shares().pages()).await;
                if let Some(error) = error {
                    return (None, Some(error));
                }
                let is_used = |share: &Share| share.current_uses != Some(0);
                let is_pipes =
                    |share: &Share| share.kind.is_some_and(|kind| kind.base() == ShareKind::IPC);
                let wanted = shares.into_iter().filter(|s| is_used(s) && !is_pipes(s));
                wanted.filter_map(|s| s.name).take(MOST_SHARES).collect()
            }
        };
        let mut rows: Vec<Use> = Vec::new();
        for share in shares {
            let (connections, error) = all(server.connections_to(&share).pages()).await;
            let of = |connection: Connection| Use {
                share: share.clone(),
                connection,
            };
            rows.extend(connections.into_iter().map(of));
            if error.is_some() {
                return told((rows, error), Rows::Connections);
            }
        }
        told((rows, None), Rows::Connections)
    }
}

/// How many sessions and open files there are: as much of it as is told.
async fn counts(server: &Server) -> (Option<Rows>, Option<Error>) {
    let count = |rows: usize| u64::try_from(rows).ok();
    let (sessions, error) = number(server.sessions().pages()).await;
    if error.is_some() {
        return (None, error);
    }
    let files = server.files().with_clients(false);
    let (files, error) = number(files.pages()).await;
    let files = if error.is_none() { count(files) } else { None };
    (Some(Rows::Counts(count(sessions), files)), error)
}

/// How many rows there are on every page.
async fn number<T>(pages: impl Stream<Item = Result<Page<T>, Error>>) -> (usize, Option<Error>) {
    pin_mut!(pages);
    let mut rows = 0;
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => rows += page.rows.len(),
            Err(error) => return (rows, Some(error)),
        }
    }
    (rows, None)
}

/// An answer without a single row and with an error is none.
fn told<T>(
    (rows, error): (Vec<T>, Option<Error>),
    wrap: impl Fn(Vec<T>) -> Rows,
) -> (Option<Rows>, Option<Error>) {
    if rows.is_empty() && error.is_some() {
        (None, error)
    } else {
        (Some(wrap(rows)), error)
    }
}

/// The rows, and what is missing of them.
fn whole<T>(rows: Result<smbwho::Rows<T>, Error>) -> (Vec<T>, Option<Error>) {
    match rows {
        Ok(rows) => (rows.rows, rows.missing),
        Err(error) => (Vec::new(), Some(error)),
    }
}

/// Every page.
async fn all<T>(pages: impl Stream<Item = Result<Page<T>, Error>>) -> (Vec<T>, Option<Error>) {
    pin_mut!(pages);
    let mut rows = Vec::new();
    while let Some(page) = pages.next().await {
        match page {
            // The first page is often all there is.
            Ok(page) if rows.is_empty() => rows = page.rows,
            Ok(page) => rows.extend(page.rows),
            Err(error) => return (rows, Some(error)),
        }
    }
    (rows, None)
}
