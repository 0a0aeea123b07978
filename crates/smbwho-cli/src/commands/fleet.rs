//! Asks many servers side by side and brings what comes to one sink.
//!
//! One way for every kind of row: each server is connected to, asked, and its
//! pages passed on as they come; a failure is that server's own. Formats that
//! stand line by line print at once; where order matters (tables and documents
//! of several servers, `--sort`) rows wait until all are there.

use std::future::{self, Future};
use std::io;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;

use futures::stream::{self, Stream, StreamExt as _};
use smbwho::{Address, ConnectOptions, Error, Login, Page, Server};

use crate::exit::Exit;
use crate::output::{Format, Sink};
use crate::problem::Problem;
use crate::report::Report;
use crate::rows::{Kind, Order, Row};

/// Whom to ask, and how.
pub(crate) struct Fleet {
    pub(crate) servers: Vec<Address>,
    pub(crate) login: Login,
    pub(crate) options: ConnectOptions,
    pub(crate) jobs: NonZeroUsize,
}

/// How one server takes part in the stream of everything that comes.
enum Event<T> {
    /// Rows of the server with this number.
    Rows(usize, Vec<T>),
    /// It failed, perhaps after some rows.
    Failed(usize, Box<Error>),
    /// There is no more of it.
    Done(usize),
}

/// What becomes of the rows.
pub(crate) struct Printing<'a, T: 'static> {
    pub(crate) format: Format,
    pub(crate) order: Order<T>,
    pub(crate) sink: &'a mut dyn Sink<T>,
    pub(crate) report: Report,
}

impl Fleet {
    /// Asks every server `question`, and prints the rows that `keep` keeps.
    /// `advise` may put better advice into a failure. Ends early when
    /// `interrupted` does.
    ///
    /// # Errors
    ///
    /// When the output cannot be written.
    pub(crate) async fn ask<T, S>(
        self,
        question: impl Fn(Server) -> S + Clone,
        mut keep: impl FnMut(&T) -> bool,
        advise: impl Fn(&mut Problem),
        interrupted: impl Future<Output = ()>,
        printing: Printing<'_, T>,
    ) -> io::Result<Exit>
    where
        T: Kind,
        S: Stream<Item = Result<Page<T>, Error>>,
    {
        let names: Vec<Arc<str>> = self.servers.iter().map(|s| s.to_string().into()).collect();
        let mut progress = Progress::new(names, printing);
        let mut events = pin!(self.events(question));
        let mut interrupted = pin!(interrupted);
        let stopped = loop {
            let event = tokio::select! {
                biased;
                () = &mut interrupted => break true,
                event = events.next() => event,
            };
            match event {
                None => break false,
                Some(Event::Rows(server, mut rows)) => {
                    rows.retain(&mut keep);
                    if progress.rows(server, rows)? {
                        break false;
                    }
                }
                Some(Event::Failed(server, error)) => {
                    let mut problem = Problem::from(*error);
                    advise(&mut problem);
                    progress.failed(server, problem);
                }
                Some(Event::Done(server)) => progress.done(server),
            }
        };
        progress.finish(stopped)
    }

    /// Everything that comes from all servers, mixed as it comes.
    fn events<T, S>(self, question: impl Fn(Server) -> S + Clone) -> impl Stream<Item = Event<T>>
    where
        S: Stream<Item = Result<Page<T>, Error>>,
    {
        let Self {
            servers,
            login,
            options,
            jobs,
        } = self;
        let shared = Arc::new((login, options));
        stream::iter(servers.into_iter().enumerate())
            .map(move |(number, address)| {
                let shared = Arc::clone(&shared);
                let question = question.clone();
                let connected = async move {
                    let (login, options) = &*shared;
                    Server::connect_with(&address, login, options).await
                };
                let failed = move |error| Event::Failed(number, Box::new(error));
                let answer = stream::once(connected).flat_map(move |connected| match connected {
                    Ok(server) => question(server)
                        .map(move |page| match page {
                            Ok(page) => Event::Rows(number, page.rows),
                            Err(error) => failed(error),
                        })
                        .left_stream(),
                    Err(error) => stream::once(future::ready(failed(error))).right_stream(),
                });
                Box::pin(answer.chain(stream::once(future::ready(Event::Done(number)))))
            })
            .flatten_unordered(jobs.get())
    }
}

/// What has come so far.
struct Progress<'a, T: 'static> {
    names: Vec<Arc<str>>,
    printing: Printing<'a, T>,
    /// Rows that wait for all others, by the number of their server.
    waiting: Option<Vec<Vec<Row<T>>>>,
    printed: usize,
    answered: Vec<bool>,
    done: Vec<bool>,
    problems: Vec<(usize, Problem)>,
}

impl<'a, T: Kind> Progress<'a, T> {
    fn new(names: Vec<Arc<str>>, printing: Printing<'a, T>) -> Self {
        let count = names.len();
        let at_once = printing.order.streams() && (count == 1 || printing.format.is_line_wise());
        Self {
            names,
            printing,
            waiting: (!at_once).then(|| (0..count).map(|_| Vec::new()).collect()),
            printed: 0,
            answered: vec![false; count],
            done: vec![false; count],
            problems: Vec::new(),
        }
    }

    /// Takes rows; whether the limit is reached.
    fn rows(&mut self, server: usize, rows: Vec<T>) -> io::Result<bool> {
        self.answered[server] = true;
        let name = &self.names[server];
        let named = rows.into_iter().map(|data| Row {
            server: Arc::clone(name),
            data,
        });
        match &mut self.waiting {
            Some(waiting) => {
                waiting[server].extend(named);
                Ok(false)
            }
            None => {
                let left = self
                    .printing
                    .order
                    .limit
                    .map_or(usize::MAX, |limit| limit - self.printed);
                let rows: Vec<Row<T>> = named.take(left).collect();
                self.printed += rows.len();
                let full = rows.len() == left;
                self.printing.sink.rows(rows)?;
                Ok(full)
            }
        }
    }

    fn failed(&mut self, server: usize, problem: Problem) {
        self.printing.report.problem(&problem);
        self.problems.push((server, problem));
    }

    fn done(&mut self, server: usize) {
        self.done[server] = true;
        // A server that answers without a page has no rows.
        if !self.problems.iter().any(|(failed, _)| *failed == server) {
            self.answered[server] = true;
        }
    }

    /// Prints what waits, and what is missing.
    fn finish(mut self, stopped: bool) -> io::Result<Exit> {
        if stopped {
            self.tell_interrupted();
        }
        if let Some(waiting) = self.waiting.take() {
            let mut rows: Vec<Row<T>> = waiting.into_iter().flatten().collect();
            self.printing.order.arrange(&mut rows);
            self.printed = rows.len();
            self.printing.sink.rows(rows)?;
        }
        self.problems.sort_by_key(|(server, _)| *server);
        let problems: Vec<Problem> = self
            .problems
            .into_iter()
            .map(|(_, problem)| problem)
            .collect();
        self.printing.sink.finish(&problems)?;

        let answered = self.answered.iter().filter(|answered| **answered).count();
        if stopped {
            return Ok(Exit::Interrupted);
        }
        if self.printed > 0 && self.printing.format.is_for_people() {
            let rows = count(self.printed, T::ONE);
            self.printing
                .report
                .total(&format!("{rows} on {}", count(answered, "server")));
        }
        Ok(Exit::of_servers(answered, problems.len()))
    }

    /// After Ctrl-C: whose rows are missing.
    fn tell_interrupted(&mut self) {
        let failed: Vec<usize> = self.problems.iter().map(|(server, _)| *server).collect();
        let cut: Vec<usize> = (0..self.names.len())
            .filter(|n| !self.done[*n] && !failed.contains(n))
            .collect();
        let all = count(self.names.len(), "server");
        self.printing.report.error(&format!(
            "interrupted: {} of {all} had not answered in full",
            cut.len()
        ));
        let problem = |server: usize| (server, Problem::interrupted(&self.names[server]));
        let missing: Vec<_> = cut.into_iter().map(problem).collect();
        self.problems.extend(missing);
    }
}

/// `1 server`, `2 servers`.
fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
