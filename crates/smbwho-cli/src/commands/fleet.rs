//! Asks many servers side by side and brings what comes to one sink.
//!
//! One way for every kind of row: the library asks ([`smbwho::Fleet`]), its
//! events become rows here; a failure is that server's own. Formats that stand
//! line by line print at once; where order matters (tables and documents of
//! several servers, `--sort`) rows wait for those before them.

mod cluster;
mod gathered;
mod summary;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use futures::stream::{self, Stream, StreamExt as _};
use smbwho::{ConnectOptions, Error, Event, Login, Page, Server};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::exit::Exit;
use crate::output::{Format, Sink};
use crate::problem::Problem;
use crate::report::Report;
use crate::resume::Resume;
use crate::rows::{Kind, Order};
use crate::targets::Target;
use gathered::Gathered;

/// Events that wait to be printed, and how many KiB their rows may take. While none
/// fits in, no server is asked anything more: what is not printed yet must not fill the
/// memory.
const WAITING: usize = 8;
const WAITING_KIB: u32 = 16 << 10;

/// Whom to ask, and how.
pub(crate) struct Fleet {
    pub(crate) servers: Vec<Target>,
    /// This computer, when it is the one that is asked.
    pub(crate) here: Option<Server>,
    pub(crate) login: Login,
    pub(crate) options: ConnectOptions,
    /// How many are asked, that is.
    pub(crate) many: smbwho::Fleet,
    /// Where it is written down who has answered.
    pub(crate) resume: Option<Resume>,
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
        question: impl Fn(Server) -> S + Send + Sync + 'static,
        mut keep: impl FnMut(&T) -> bool,
        advise: impl Fn(&mut Problem),
        interrupted: impl Future<Output = ()>,
        printing: Printing<'_, T>,
    ) -> io::Result<Exit>
    where
        T: Kind + Send,
        S: Stream<Item = Result<Page<T>, Error>> + Send + 'static,
    {
        let addresses: Vec<_> = self.servers.iter().map(|to| to.address.clone()).collect();
        let mut gathered = Gathered::new(self.servers, self.resume, printing);
        let mut events = pin!(match self.here {
            Some(server) => ask_here(question(server)).left_stream(),
            None => beside(self.many.ask(addresses, question)).right_stream(),
        });
        let mut interrupted = pin!(interrupted);
        let stopped = loop {
            let event = tokio::select! {
                biased;
                () = &mut interrupted => break true,
                event = events.next() => event,
            };
            match event {
                None => break false,
                Some((server, Event::Page(page))) => {
                    let mut rows = page.rows;
                    rows.retain(&mut keep);
                    if gathered.rows(server, rows)? {
                        break false;
                    }
                }
                Some((server, Event::Failed(error))) => {
                    let held_back = summary::is_held_back(&error);
                    let reason = summary::reason(&error);
                    let mut problem = Problem::from(*error);
                    advise(&mut problem);
                    gathered.failed(server, problem, reason, held_back);
                }
                Some((server, Event::Done)) => gathered.done(server)?,
            }
        };
        gathered.finish(stopped)
    }
}

/// What comes of this computer, which is asked directly.
fn ask_here<T>(
    pages: impl Stream<Item = Result<Page<T>, Error>>,
) -> impl Stream<Item = (usize, Event<T>)> {
    let events = pages.map(|page| match page {
        Ok(page) => Event::Page(page),
        Err(error) => Event::Failed(Box::new(error)),
    });
    let done = stream::once(std::future::ready(Event::Done));
    events.chain(done).map(|event| (0, event))
}

/// Reads the events in a task. Where the runtime has a thread for its tasks, all
/// that goes over the network happens in that one, and whoever reads our output
/// may stop reading for a while. Dropped, it ends the task.
fn beside<T: Send + 'static>(
    events: impl Stream<Item = (usize, Event<T>)> + Send + 'static,
) -> impl Stream<Item = (usize, Event<T>)> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let room = Arc::new(Semaphore::new(WAITING_KIB as usize));
    let mut asking = JoinSet::new();
    asking.spawn(async move {
        let mut events = pin!(events);
        while let Some(event) = events.next().await {
            // The semaphore is never closed.
            let taken = Arc::clone(&room).acquire_many_owned(weight(&event.1)).await;
            if sender.send((event, taken)).await.is_err() {
                return;
            }
        }
    });
    // What an event takes is given back when the next one is wanted.
    let before = None;
    let state = (receiver, asking, before);
    stream::unfold(state, async |(mut receiver, mut asking, before)| {
        drop(before);
        if let Some((event, taken)) = receiver.recv().await {
            return Some((event, (receiver, asking, Some(taken))));
        }
        if let Some(Err(failed)) = asking.join_next().await
            && let Ok(panic) = failed.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
        None
    })
}

/// What an event takes of the room there is, in KiB; one that takes more waits for all of it.
fn weight<T>(event: &Event<T>) -> u32 {
    match event {
        Event::Page(page) => {
            u32::try_from(page.bytes >> 10).map_or(WAITING_KIB, |kib| kib.min(WAITING_KIB))
        }
        _ => 0,
    }
}
