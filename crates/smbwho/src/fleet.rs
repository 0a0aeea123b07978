//! One question to many servers.

mod host;
mod retry;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt as _};
use smbwho_smb::{Address, LockoutGuard, Login, Options};

use crate::{Error, Page, Server};
use host::Host;

/// Servers asked side by side when nothing else is said.
const DEFAULT_JOBS: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// Asks many servers the same, so many at a time, all as one account.
///
/// A server that fails harms no other: its error comes as an event beside the
/// rows of the others. What is likely to pass is [tried again](Self::retries)
/// after a short while, a refused account never, nor a password that was not
/// answered; and when too many servers [refuse the account](Self::refusals),
/// nobody else is asked, lest it be locked.
///
/// ```no_run
/// use futures::StreamExt;
/// use smbwho::{Event, Fleet, Login, Secret};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let login = Login::ntlm("EXAMPLE", "admin", Secret::new("…"));
/// let servers = ["fs1", "fs2", "fs3"].map(|name| name.parse().expect("a server"));
/// let fleet = Fleet::new(login).retries(2);
/// let mut events = std::pin::pin!(fleet.ask(servers, |server| server.sessions().pages()));
/// while let Some((server, event)) = events.next().await {
///     match event {
///         Event::Page(page) => println!("server {server} has {} more", page.rows.len()),
///         Event::Failed(error) => eprintln!("{error}"),
///         Event::Done => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Fleet {
    login: Login,
    options: Options,
    jobs: NonZeroUsize,
    retries: u32,
    total: Option<Duration>,
}

/// What comes of one server.
#[derive(Debug)]
pub enum Event<T> {
    /// Rows.
    Page(Page<T>),
    /// It failed, perhaps after some rows.
    Failed(Box<Error>),
    /// There is no more of it. Comes once for every server.
    Done,
}

impl Fleet {
    /// Servers that may refuse the account before no other is asked. Accounts
    /// are seldom locked after fewer than five.
    pub const DEFAULT_REFUSALS: u32 = 3;

    /// Times that a server is asked again.
    pub const DEFAULT_RETRIES: u32 = 1;

    /// A fleet that is asked as this account, 64 servers at a time, each once
    /// again where that is worth it, with the default time limits and without
    /// one for all that a server does.
    pub fn new(login: Login) -> Self {
        Self {
            login,
            options: Options {
                guard: Some(LockoutGuard::new(Self::DEFAULT_REFUSALS)),
                ..Options::default()
            },
            jobs: DEFAULT_JOBS,
            retries: Self::DEFAULT_RETRIES,
            total: None,
        }
    }

    /// Sets the time limits of each step, and what else concerns a connection.
    /// Its guard takes the place of this fleet's own, unless it has none.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        let guard = options.guard.clone().or(self.options.guard);
        self.options = Options { guard, ..options };
        self
    }

    /// Asks so many servers at a time.
    #[must_use]
    pub fn jobs(mut self, jobs: NonZeroUsize) -> Self {
        self.jobs = jobs;
        self
    }

    /// Asks a server again at most so many times, where the failure
    /// [may pass](Error::is_transient) and no row had come; a little later each
    /// time, and not all servers at once.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Gives each server so long for everything: from its name to its last row,
    /// pauses and further tries included.
    #[must_use]
    pub fn total_timeout(mut self, total: Duration) -> Self {
        self.total = Some(total);
        self
    }

    /// Asks no other server once so many have refused the account or left its
    /// password unanswered, and signs in to no more than that many at a time,
    /// and one more for each that took it ([`LockoutGuard`]). `None` asks them all, whatever becomes of the account.
    #[must_use]
    pub fn refusals(mut self, refusals: Option<u32>) -> Self {
        self.options.guard = refusals.map(LockoutGuard::new);
        self
    }

    /// Servers that refused the account so far, as far as they are counted.
    pub fn refused(&self) -> u32 {
        let guard = self.options.guard.as_ref();
        guard.map_or(0, LockoutGuard::refused)
    }

    /// Asks every server `question`. Events come as they happen, each with the
    /// number of its server; those of one server are in order. Nothing goes on
    /// unless the stream is read, and dropping it ends everything.
    pub fn ask<T, S, Q, I>(
        &self,
        servers: I,
        question: Q,
    ) -> impl Stream<Item = (usize, Event<T>)> + use<T, S, Q, I>
    where
        I: IntoIterator<Item = Address>,
        S: Stream<Item = Result<Page<T>, Error>>,
        Q: Fn(Server) -> S,
    {
        let fleet = Arc::new(self.clone());
        let question = Arc::new(question);
        stream::iter(servers.into_iter().enumerate())
            .map(move |(number, address)| {
                let host = Host::new(Arc::clone(&fleet), Arc::clone(&question), address);
                let events = stream::unfold(host, async |mut host| {
                    let event = host.next().await?;
                    Some((event, host))
                });
                Box::pin(events.map(move |event| (number, event)))
            })
            .flatten_unordered(self.jobs.get())
    }
}
