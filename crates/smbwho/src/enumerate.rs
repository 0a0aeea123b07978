//! Reading a server's list: down the ladder to a level that answers, then
//! through its pages.
//!
//! The calls that enumerate (sessions, files, shares, …) are alike in this: a
//! level, a preferred length, a resume handle, and "more data" as a status.

use std::collections::{HashSet, VecDeque};
use std::future::{self, Future};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::pin::pin;

use futures::future::{BoxFuture, Either, select};
use futures::stream::{self, Stream, StreamExt};
pub(crate) use smbwho_msrpc::srvsvc::MAX_PREFERRED_LENGTH;
use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::Call;
use smbwho_rpc::ndr::NdrError;
use smbwho_smb::SmbError;

use crate::backend::Backend;
use crate::error::{ErrorKind, Refusal};
use crate::local::{Local, Told};
use crate::rows::{Page, Rows};
use crate::{Error, Server};

/// What is asked for after "not one entry fits", in bytes.
const ENLARGED_LENGTH: u32 = 64 * 1024;

/// The most that is asked for at a level that is tried only in case the richer
/// ones are refused, in bytes. A server that grants a richer one as well has
/// then little to do in vain, since no more than a fragment of it is sent; what
/// is missing comes with the next page, for two round trips more. This much
/// holds ten thousand sessions.
const SPECULATIVE_LENGTH: u32 = 1 << 20;

/// Rows after which a server that never ends is no longer believed. The
/// largest file servers hold some tens of thousands of sessions.
const MAX_ROWS: usize = 10_000_000;

/// A list that a server tells page by page.
pub(crate) trait Listing: Sized + Send + Sync + 'static {
    /// One entry, as the library gives it out.
    type Row: Send + Sync;
    /// The remote procedure.
    type Call<'q>: Call + Send + Sync
    where
        Self: 'q;

    /// The levels to try, in this order.
    fn ladder(&self, server: &Server) -> VecDeque<u32>;

    /// How many levels of the ladder are asked for together, the richest that
    /// is granted being taken. More than one only where the first is often
    /// refused and not yet known to be granted.
    fn ahead(&self, _server: &Server) -> usize {
        1
    }

    /// What helps [`settle`](Self::settle) rows of this level, to be asked for
    /// together with them.
    fn companion(&self, _server: &Server, _level: u32) -> Option<At> {
        None
    }

    /// What may go on while the first page is awaited.
    fn meanwhile(&self, _server: &Server) -> Option<BoxFuture<'static, ()>> {
        None
    }

    /// The request for one page.
    fn request<'q>(&'q self, server_name: &'q str, at: At) -> Self::Call<'q>;

    /// What a reply says.
    fn read(call: &Self::Call<'_>, stub: &[u8]) -> Result<Reply<Self::Row>, NdrError>;

    /// Every row, from what this computer's own programs tell.
    fn local(
        &self,
        server: &Server,
        local: &Local,
    ) -> impl Future<Output = Result<Told<Self::Row>, Error>> + Send {
        let _ = local;
        future::ready(Err(server.needs_connection(name::<Self>())))
    }

    /// Whether this status says that nothing matches the filters sent along.
    fn means_none(&self, status: Win32Status) -> bool;

    /// Whether the filters let a row through, whatever the server made of
    /// them.
    fn lets_through(&self, row: &Self::Row) -> bool;

    /// Puts right what the server told as if it knew. `pager` may be asked
    /// for more.
    fn settle(
        pager: &mut Pager<Self>,
        level: u32,
        rows: &mut [Self::Row],
    ) -> impl Future<Output = ()> + Send;
}

/// Where in the list a request starts, and how much it wants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub(crate) level: u32,
    /// Preferred length of the reply, in bytes.
    pub(crate) preferred_length: u32,
    /// 0 for the first page.
    pub(crate) resume_handle: u32,
}

/// The parts of a reply that all enumerations have.
pub(crate) struct Reply<R> {
    pub(crate) status: Win32Status,
    pub(crate) resume_handle: Option<u32>,
    pub(crate) rows: Vec<R>,
}

/// The way through one list.
pub(crate) struct Pager<L: Listing> {
    pub(crate) server: Server,
    pub(crate) listing: L,
    /// Levels still to try; the first is the one being asked.
    ladder: VecDeque<u32>,
    /// Levels that were refused on the way here.
    pub(crate) refused: Vec<(u32, Refusal)>,
    /// What came of the companion of the level that answered.
    companion: Option<(u32, Answer<L::Row>)>,
    /// No level has answered yet otherwise than with a refusal.
    seeks_level: bool,
    preferred_length: u32,
    resume_handle: u32,
    /// Handles already followed: one that comes again would go in a circle.
    followed: HashSet<u32>,
    /// The page before, by its hash: one that comes again brings nothing new.
    last_page: Option<u64>,
    rows: usize,
    next: Next,
}

/// What is to be done for the page after.
enum Next {
    Ask,
    Fail(Box<Error>),
    Done,
}

/// What became of one request.
pub(crate) enum Answer<R> {
    Page {
        rows: Vec<R>,
        more: More,
    },
    Refused(Refusal),
    /// Not one entry fitted into the preferred length.
    TooSmall,
}

/// What came of several requests; `None` where nothing did.
type Answers<R> = Vec<Option<Result<Answer<R>, Error>>>;

/// Whether rows follow.
pub(crate) enum More {
    No,
    Yes {
        /// Where the next page begins; a server may have sent no handle.
        handle: Option<u32>,
        /// A hash of this page.
        page: u64,
    },
}

impl<L: Listing> Pager<L> {
    pub(crate) fn new(server: Server, listing: L, preferred_length: u32) -> Self {
        Self {
            ladder: listing.ladder(&server),
            server,
            listing,
            refused: Vec::new(),
            companion: None,
            seeks_level: true,
            preferred_length,
            resume_handle: 0,
            followed: HashSet::new(),
            last_page: None,
            rows: 0,
            next: Next::Ask,
        }
    }

    /// A pager that only gives this error.
    pub(crate) fn failed(mut self, kind: ErrorKind) -> Self {
        self.next = Next::Fail(Box::new(self.server.error(kind)));
        self
    }

    /// Every page at once; rows that came before an error are kept.
    pub(crate) async fn collect(self) -> Result<Rows<L::Row>, Error> {
        self.collect_all().await.0
    }

    /// As [`collect`](Self::collect), and the listing with what it learnt.
    pub(crate) async fn collect_all(mut self) -> (Result<Rows<L::Row>, Error>, L) {
        let rows = self.every_page().await;
        (rows, self.listing)
    }

    async fn every_page(&mut self) -> Result<Rows<L::Row>, Error> {
        let Some(first) = self.next().await else {
            return Ok(Rows::default());
        };
        let mut rows = first?.rows;
        while let Some(page) = self.next().await {
            match page {
                Ok(page) => rows.extend(page.rows),
                Err(error) => {
                    return Ok(Rows {
                        rows,
                        missing: Some(error),
                    });
                }
            }
        }
        Ok(Rows {
            rows,
            missing: None,
        })
    }

    /// The pages as they come.
    pub(crate) fn stream(self) -> impl Stream<Item = Result<Page<L::Row>, Error>> + Send {
        let pages = stream::unfold(self, |mut pager| async move {
            let page = pager.next().await?;
            Some((page, pager))
        });
        pages.fuse()
    }

    /// The next page; after an error or the last page, `None`.
    async fn next(&mut self) -> Option<Result<Page<L::Row>, Error>> {
        match std::mem::replace(&mut self.next, Next::Done) {
            Next::Done => None,
            Next::Fail(error) => Some(Err(*error)),
            Next::Ask => Some(self.page().await),
        }
    }

    async fn page(&mut self) -> Result<Page<L::Row>, Error> {
        if let Backend::Local(local) = self.server.backend() {
            let Told { mut rows, missing } = self.listing.local(&self.server, local).await?;
            if let Some(missing) = missing {
                self.next = Next::Fail(Box::new(missing));
            }
            rows.retain(|row| self.listing.lets_through(row));
            return Ok(Page { rows });
        }
        while !self.ladder.is_empty() {
            let Some((at, answer)) = self.ask_and_meanwhile().await? else {
                continue;
            };
            self.seeks_level = false;
            let level = at.level;
            match answer {
                Answer::Page { rows, more } => return Ok(self.take_page(level, rows, more).await),
                // It was asked for a little only; now for all there is.
                Answer::TooSmall if at.preferred_length < self.preferred_length => {}
                Answer::TooSmall if self.preferred_length < MAX_PREFERRED_LENGTH => {
                    let doubled = self.preferred_length.saturating_mul(2);
                    self.preferred_length = doubled.max(ENLARGED_LENGTH);
                }
                Answer::TooSmall => {
                    let status = Refusal::Status(Win32Status::NERR_BufTooSmall);
                    return Err(self.refusal(vec![(level, status)]));
                }
                // A refusal after rows came is no reason to begin again lower.
                Answer::Refused(refusal) if self.may_step_down(refusal) => self.step_down(refusal),
                Answer::Refused(refusal) => return Err(self.refusal(vec![(level, refusal)])),
            }
        }
        let refused = std::mem::take(&mut self.refused);
        Err(self.refusal(refused))
    }

    async fn ask_and_meanwhile(&mut self) -> Result<Option<(At, Answer<L::Row>)>, Error> {
        let meanwhile = match self.seeks_level {
            true => self.listing.meanwhile(&self.server),
            false => None,
        };
        let asking = pin!(self.ask_rungs());
        match meanwhile {
            None => asking.await,
            Some(meanwhile) => match select(asking, meanwhile).await {
                Either::Left((answered, _)) => answered,
                Either::Right(((), asking)) => asking.await,
            },
        }
    }

    fn may_step_down(&self, refusal: Refusal) -> bool {
        self.rows == 0 && refusal.is_of_the_level()
    }

    fn step_down(&mut self, refusal: Refusal) {
        self.refused
            .extend(self.ladder.pop_front().map(|level| (level, refusal)));
    }

    /// Asks at the first level of the ladder, and at the next ones with it
    /// where that pays. Steps down from those that are refused; `None` when
    /// all that were asked for are, else what the first of the others said.
    async fn ask_rungs(&mut self) -> Result<Option<(At, Answer<L::Row>)>, Error> {
        let mut asked = self.rungs();
        let rungs = asked.len();
        if self.seeks_level && self.server.asks_together() {
            for rung in 0..rungs {
                let companion = self.listing.companion(&self.server, asked[rung].level);
                let is_new = |at: &At| asked.iter().all(|other| other.level != at.level);
                asked.extend(companion.filter(is_new));
            }
        }
        let mut answers = self.ask_all(&asked, rungs).await?;
        for rung in 0..rungs {
            let at = asked[rung];
            let answer = answers[rung].take();
            let unanswered = || self.server.error(ErrorKind::Smb(SmbError::unanswered()));
            let answer = answer.ok_or_else(unanswered)??;
            if let Answer::Refused(refusal) = answer
                && self.may_step_down(refusal)
            {
                self.step_down(refusal);
                continue;
            }
            if let Some(other) = self.listing.companion(&self.server, at.level)
                && let Some(place) = asked.iter().position(|asked| asked.level == other.level)
                && let Some(Ok(told)) = answers[place].take()
            {
                self.companion = Some((other.level, told));
            }
            return Ok(Some((at, answer)));
        }
        Ok(None)
    }

    /// The levels to ask for now, and how much of each.
    fn rungs(&self) -> Vec<At> {
        let ahead = match self.seeks_level && self.server.asks_together() {
            true => self.listing.ahead(&self.server),
            false => 1,
        };
        let levels = self.ladder.iter().take(ahead.max(1)).enumerate();
        levels
            .map(|(rung, &level)| At {
                level,
                preferred_length: match rung {
                    0 => self.preferred_length,
                    _ => self.preferred_length.min(SPECULATIVE_LENGTH),
                },
                resume_handle: self.resume_handle,
            })
            .collect()
    }

    /// Makes requests, the first `rungs` of them in the order of preference,
    /// until one of those is granted, and its companion is answered.
    async fn ask_all(&self, asked: &[At], rungs: usize) -> Result<Answers<L::Row>, Error> {
        let name = self.server.unc_name();
        let calls: Vec<L::Call<'_>> = asked
            .iter()
            .map(|at| self.listing.request(name, *at))
            .collect();
        let prepared = calls.iter().map(|call| self.server.prepare(call));
        let prepared = prepared.collect::<Result<Vec<_>, Error>>()?;
        let mut answers = Vec::new();
        answers.resize_with(asked.len(), || None);
        let read = self.server.read_all(&prepared, |came| {
            let index = came.index;
            let outcome = came.outcome.map_err(|kind| self.server.error(kind));
            if let (Some(call), Some(place)) = (calls.get(index), answers.get_mut(index)) {
                *place = Some(self.judge(call, outcome));
            }
            match self.is_enough(asked, rungs, &answers) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        read.await?;
        Ok(answers)
    }

    /// Whether what was answered decides the level, and its companion is
    /// there.
    fn is_enough(&self, asked: &[At], rungs: usize, answers: &Answers<L::Row>) -> bool {
        let granted = answers.iter().take(rungs).position(|answer| match answer {
            Some(Ok(Answer::Refused(refusal))) => !refusal.is_of_the_level(),
            _ => true,
        });
        let Some(granted) = granted else {
            return true;
        };
        if answers[granted].is_none() {
            return false;
        }
        let companion = self.listing.companion(&self.server, asked[granted].level);
        let place = companion.and_then(|at| asked.iter().position(|a| a.level == at.level));
        place.is_none_or(|place| answers[place].is_some())
    }

    /// Makes one request.
    pub(crate) async fn ask(&self, at: At) -> Result<Answer<L::Row>, Error> {
        let call = self.listing.request(self.server.unc_name(), at);
        let outcome = self.server.read(&call).await;
        self.judge(&call, outcome)
    }

    /// What came of the companion, or of asking for it now.
    pub(crate) async fn companion(&mut self, at: At) -> Result<Answer<L::Row>, Error> {
        match self.companion.take() {
            Some((level, answer)) if level == at.level => Ok(answer),
            _ => self.ask(at).await,
        }
    }

    /// What a reply means.
    fn judge(
        &self,
        call: &L::Call<'_>,
        outcome: Result<Vec<u8>, Error>,
    ) -> Result<Answer<L::Row>, Error> {
        let stub = match outcome {
            Ok(stub) => stub,
            Err(error) => match error.rpc_fault() {
                Some(fault) => return Ok(Answer::Refused(Refusal::Fault(fault))),
                None => return Err(error),
            },
        };
        let reply = L::read(call, &stub).map_err(|error| {
            let call = name::<L>();
            self.server.error(ErrorKind::Malformed { call, error })
        })?;
        let more = match reply.status {
            Win32Status::NERR_SUCCESS => More::No,
            Win32Status::ERROR_MORE_DATA => More::Yes {
                handle: reply.resume_handle,
                page: hash(&stub),
            },
            Win32Status::NERR_BufTooSmall => return Ok(Answer::TooSmall),
            status if self.listing.means_none(status) => More::No,
            status => return Ok(Answer::Refused(Refusal::Status(status))),
        };
        Ok(Answer::Page {
            rows: reply.rows,
            more,
        })
    }

    async fn take_page(&mut self, level: u32, mut rows: Vec<L::Row>, more: More) -> Page<L::Row> {
        self.rows = self.rows.saturating_add(rows.len());
        self.ladder.truncate(1);
        self.next = match more {
            More::No => Next::Done,
            More::Yes { page, .. } if self.last_page.replace(page) == Some(page) => {
                self.rows -= rows.len();
                rows.clear();
                self.stalled("it sends the same page again")
            }
            More::Yes { handle, .. } => self.follow(handle, rows.len()),
        };
        L::settle(self, level, &mut rows).await;
        rows.retain(|row| self.listing.lets_through(row));
        Page { rows }
    }

    /// How to get at the page after this one, when the server says that there
    /// is one.
    fn follow(&mut self, handle: Option<u32>, came: usize) -> Next {
        let moved = handle.filter(|&handle| handle != 0 && self.followed.insert(handle));
        let why = match moved {
            Some(handle) if came > 0 && self.rows < MAX_ROWS => {
                self.resume_handle = handle;
                return Next::Ask;
            }
            Some(_) if came > 0 => "it sends more than any server holds",
            Some(_) => "it says that more follow, and sends none",
            None => "it says that more follow, but its resume handle does not move",
        };
        self.stalled(why)
    }

    fn stalled(&self, why: &'static str) -> Next {
        let kind = ErrorKind::Stalled {
            call: name::<L>(),
            rows: self.rows,
            why,
        };
        Next::Fail(Box::new(self.server.error(kind)))
    }

    fn refusal(&self, refused: Vec<(u32, Refusal)>) -> Error {
        self.server.error(ErrorKind::Refused {
            call: name::<L>(),
            refused,
        })
    }
}

/// The remote procedure, as the specification names it.
fn name<L: Listing>() -> &'static str {
    <L::Call<'static> as Call>::NAME
}

/// Tells one page from another. Not kept, not sent: any hash will do.
fn hash(page: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    page.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
