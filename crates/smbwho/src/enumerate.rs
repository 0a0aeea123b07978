//! Reading a server's list: down the ladder to a level that answers, then
//! through its pages.
//!
//! The calls that enumerate (sessions, files, shares, …) are alike in this: a
//! level, a preferred length, a resume handle, and "more data" as a status.

mod parts;

use std::collections::{HashSet, VecDeque};
use std::future::{self, Future};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;

use futures::stream::{self, Stream, StreamExt};
pub(crate) use smbwho_msrpc::srvsvc::MAX_PREFERRED_LENGTH;
use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::Call;
use smbwho_rpc::ndr::{NdrError, NdrErrorKind, Remaining};
use smbwho_smb::{Prepared, SmbError};

use crate::backend::Backend;
use crate::error::{ErrorKind, Refusal};
use crate::line::Came;
use crate::local::{Local, Told};
use crate::question::Levels;
use crate::rows::{Page, Rows};
use crate::{Error, Server};
use parts::Unmade;

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

/// What is held of one list before no further page is asked for, in bytes: its rows, and what
/// came for them. This much is a hundred thousand rows and more of the length they have; a
/// server that goes on sends for ever.
const MAX_HELD: usize = 96 << 20;

/// The most that the rows of one reply may take, in bytes, without their names. The reply itself
/// is bounded, but a row without names is four bytes of it.
const MAX_ROWS_OF_REPLY: usize = 64 << 20;

/// Where the number of entries stands in a reply, whatever the call: behind the level, the
/// union's own level, and the pointer to the container.
const ENTRIES_READ: usize = 12;

const TOO_MUCH: &str = "it sends more than any server holds";

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

    /// Whether the companion is part of the answer and read to its end. Otherwise it is only
    /// looked at: no more than one fragment of its reply is read.
    fn completes_with_companion(&self) -> bool {
        false
    }

    /// Whether the companion is needed, now that these rows came.
    fn needs_companion(&self, _rows: &[Self::Row]) -> bool {
        true
    }

    /// Whether the server was sent filters, so that it may count entries which it does not send.
    fn sends_filters(&self) -> bool {
        false
    }

    /// Another list of the interface that is wanted as well: its first requests go out with
    /// this one's, over the same pipe.
    fn beside(&self, _server: &Server) -> Option<&dyn Beside> {
        None
    }

    /// The request for one page.
    fn request<'q>(&'q self, server_name: &'q str, at: At) -> Self::Call<'q>;

    /// What a reply says.
    fn read(call: &Self::Call<'_>, stub: &[u8]) -> Result<Reply<Self::Row>, NdrError>;

    /// As [`read`](Self::read), but of the rows makes no more than `most` where it can give the
    /// others later, by [`next_rows`](Self::next_rows). All of them are known to be good then.
    fn read_part(
        &self,
        call: &Self::Call<'_>,
        stub: &[u8],
        most: usize,
    ) -> Result<Part<Self::Row>, NdrError> {
        let _ = most;
        Ok((Self::read(call, stub)?, None))
    }

    /// Makes the next rows, no more than `most`.
    fn next_rows(
        call: &Self::Call<'_>,
        stub: &[u8],
        remaining: &mut Remaining,
        most: usize,
    ) -> Result<Vec<Self::Row>, NdrError> {
        let _ = (call, stub, remaining, most);
        Ok(Vec::new())
    }

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

    /// Whether a status is about what is asked for, and not about the level: it
    /// holds at every level.
    fn is_final(&self, status: Win32Status) -> bool {
        let _ = status;
        false
    }

    /// Whether the filters let a row through, whatever the server made of
    /// them.
    fn lets_through(&self, row: &Self::Row) -> bool;

    /// Puts right what the server told as if it knew, and may take rows out that are not
    /// wanted. `pager` may be asked for more.
    fn settle(
        pager: &mut Pager<Self>,
        level: u32,
        rows: &mut Vec<Self::Row>,
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

/// A reply, and where its further rows are to be made from.
pub(crate) type Part<R> = (Reply<R>, Option<Remaining>);

/// The parts of a reply that all enumerations have.
pub(crate) struct Reply<R> {
    pub(crate) status: Win32Status,
    pub(crate) resume_handle: Option<u32>,
    /// Entries there are in all, by the server's count.
    pub(crate) total: u32,
    pub(crate) rows: Vec<R>,
}

/// The way through one list.
pub(crate) struct Pager<L: Listing> {
    pub(crate) server: Server,
    pub(crate) listing: L,
    /// Levels still to try; the first is the one being asked.
    ladder: VecDeque<u32>,
    /// The levels that a reply may be of, whichever was asked for.
    levels: Vec<u32>,
    /// Levels that were tried on the way here.
    pub(crate) tried: Levels,
    /// What came of the companion of the level that answered.
    companion: Option<(u32, Answer<L::Row>)>,
    /// The first requests, where they were made [beside](Beside) those of another list.
    first: Option<Batch<L::Row>>,
    /// No level has answered yet otherwise than with a refusal.
    seeks_level: bool,
    preferred_length: u32,
    resume_handle: u32,
    /// Handles already followed: one that comes again would go in a circle.
    followed: HashSet<u32>,
    /// The page before, by its hash: one that comes again brings nothing new.
    last_page: Option<u64>,
    rows: usize,
    /// Bytes of these rows, and of what came for them.
    held: usize,
    /// Rows that are made at a time of a long reply.
    at_once: usize,
    /// What is left of the page before.
    unmade: Option<Unmade>,
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
        /// The level of the rows: mostly that which was asked for.
        level: u32,
        rows: Vec<R>,
        /// Where the rows that follow are still to be made.
        unmade: Option<Unmade>,
        more: More,
        /// Bytes held for them.
        held: usize,
    },
    Refused(Refusal),
    /// A reply that cannot be read.
    Unreadable(Error),
    /// Not one entry fitted into the preferred length.
    TooSmall,
    /// A reply of which only the first fragment was wanted, and there is more of it.
    Begun,
}

/// Requests that are made together, and what came of each; `None` where nothing did.
pub(crate) struct Batch<R> {
    asked: Vec<At>,
    /// The first so many are levels, in the order of preference; the others are companions.
    rungs: usize,
    answers: Vec<Option<Result<Answer<R>, Error>>>,
}

/// Whether rows follow.
pub(crate) enum More {
    No,
    /// Rows that came are left out for want of memory.
    NoRoom,
    Yes {
        /// Where the next page begins; a server may have sent no handle.
        handle: Option<u32>,
        /// A hash of this page.
        page: u64,
    },
}

impl<L: Listing> Pager<L> {
    pub(crate) fn new(server: Server, listing: L, preferred_length: u32) -> Self {
        let ladder = listing.ladder(&server);
        Self {
            levels: ladder.iter().copied().collect(),
            ladder,
            server,
            listing,
            tried: Levels::default(),
            companion: None,
            first: None,
            seeks_level: true,
            preferred_length,
            resume_handle: 0,
            followed: HashSet::new(),
            last_page: None,
            rows: 0,
            held: 0,
            at_once: usize::MAX,
            unmade: None,
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

    /// The pages as they come, long ones in parts.
    pub(crate) fn stream(mut self) -> impl Stream<Item = Result<Page<L::Row>, Error>> + Send {
        self.at_once = parts::AT_ONCE;
        let pages = stream::unfold(self, |mut pager| async move {
            let page = pager.next().await?;
            Some((page, pager))
        });
        pages.fuse()
    }

    /// The next page; after an error or the last page, `None`.
    async fn next(&mut self) -> Option<Result<Page<L::Row>, Error>> {
        if let Some(unmade) = self.unmade.take() {
            return Some(self.next_part(unmade).await);
        }
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
            return Ok(Page::from(rows));
        }
        while !self.ladder.is_empty() {
            let Some((at, answer)) = self.ask_rungs().await? else {
                continue;
            };
            self.seeks_level = false;
            match answer {
                Answer::Page {
                    level,
                    rows,
                    unmade,
                    more,
                    held,
                } => {
                    return Ok(self.take_page(level, rows, unmade, held, more).await);
                }
                // It was asked for a little only; now for all there is.
                Answer::TooSmall if at.preferred_length < self.preferred_length => {}
                Answer::TooSmall if self.preferred_length < MAX_PREFERRED_LENGTH => {
                    let doubled = self.preferred_length.saturating_mul(2);
                    self.preferred_length = doubled.max(ENLARGED_LENGTH);
                }
                Answer::TooSmall if self.rows == 0 => {
                    self.step_down(Refusal::Status(Win32Status::NERR_BufTooSmall));
                }
                Answer::TooSmall => {
                    let status = Refusal::Status(Win32Status::NERR_BufTooSmall);
                    return Err(self.refusal(at.level, status));
                }
                // After rows came there is no reason to begin again lower.
                Answer::Refused(refusal) => return Err(self.refusal(at.level, refusal)),
                Answer::Unreadable(error) => return Err(error),
                // Of what a page is wanted from the whole is.
                Answer::Begun => return Err(self.unanswered()),
            }
        }
        let tried = std::mem::take(&mut self.tried);
        Err(tried.error(&self.server, name::<L>()))
    }

    /// Whether an outcome leads to the next level: whatever the server said or did in place of an
    /// answer, before rows came. What befell the connection is nothing of the level.
    fn leads_down(&self, outcome: &Result<Answer<L::Row>, Error>) -> bool {
        self.rows == 0
            && match outcome {
                Ok(Answer::Refused(Refusal::Status(status))) => !self.listing.is_final(*status),
                Ok(Answer::Refused(_) | Answer::Unreadable(_)) => true,
                Ok(_) => false,
                Err(error) => error.ends_pipe_only(),
            }
    }

    fn step_down(&mut self, refusal: Refusal) {
        let level = self.ladder.pop_front();
        self.tried
            .refused
            .extend(level.map(|level| (level, refusal)));
    }

    fn step_down_from(&mut self, outcome: Result<Answer<L::Row>, Error>) {
        let (why, error) = match outcome {
            Ok(Answer::Refused(refusal)) => return self.step_down(refusal),
            Ok(Answer::Unreadable(error)) => (Refusal::Malformed, error),
            Ok(_) => return,
            Err(error) => (Refusal::Broken, error),
        };
        if let Some(level) = self.ladder.pop_front() {
            self.tried.fail(level, why, error);
        }
    }

    /// Whether what was found on the way down holds for the next question, too.
    pub(crate) fn may_learn(&self) -> bool {
        let mut tried = self.tried.refused.iter();
        !tried.any(|(_, refusal)| refusal.is_for_want_of_room())
    }

    fn unanswered(&self) -> Error {
        self.server.error(ErrorKind::Smb(SmbError::unanswered()))
    }

    /// Asks at the first level of the ladder, and at the next ones with it
    /// where that pays. Steps down from those that do not answer; `None` when
    /// none of those that were asked does, else what the first of the others
    /// said.
    async fn ask_rungs(&mut self) -> Result<Option<(At, Answer<L::Row>)>, Error> {
        let Batch {
            asked,
            rungs,
            mut answers,
        } = match self.first.take() {
            Some(batch) => batch,
            None => self.ask_all(self.requests()).await?,
        };
        for rung in 0..rungs {
            let Some(outcome) = answers[rung].take() else {
                // The pipe ended at one before, and this one is asked on another.
                return if rung == 0 {
                    Err(self.unanswered())
                } else {
                    Ok(None)
                };
            };
            if self.leads_down(&outcome) {
                self.step_down_from(outcome);
                continue;
            }
            let answer = outcome?;
            if let Answer::Page { level, .. } = answer
                && let Some(other) = self.listing.companion(&self.server, level)
                && let Some(place) = asked.iter().position(|asked| asked.level == other.level)
                && let Some(Ok(told)) = answers[place].take()
            {
                self.companion = Some((other.level, told));
            }
            return Ok(Some((asked[rung], answer)));
        }
        Ok(None)
    }

    /// What to ask now: the levels, and what helps their rows.
    fn requests(&self) -> Batch<L::Row> {
        let mut asked = self.rungs();
        let rungs = asked.len();
        if self.seeks_level && self.server.asks_together() {
            for rung in 0..rungs {
                let companion = self.listing.companion(&self.server, asked[rung].level);
                let is_new = |at: &At| asked.iter().all(|other| other.level != at.level);
                asked.extend(companion.filter(is_new));
            }
        }
        let mut answers = Vec::new();
        answers.resize_with(asked.len(), || None);
        Batch {
            asked,
            rungs,
            answers,
        }
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
    async fn ask_all(&self, mut batch: Batch<L::Row>) -> Result<Batch<L::Row>, Error> {
        let mut prepared = self.prepare(&batch)?;
        let own = prepared.len();
        let beside = match self.seeks_level && self.server.asks_together() {
            true => self.listing.beside(&self.server),
            false => None,
        };
        if let Some(beside) = beside {
            prepared.extend(beside.prepare()?);
        }
        let read = self.server.read_all(&prepared, |mut came| {
            match (came.index.checked_sub(own), beside) {
                (Some(index), Some(beside)) => {
                    came.index = index;
                    beside.keep(came);
                }
                _ => self.keep(&mut batch, came),
            }
            match self.is_enough(&batch) && beside.is_none_or(Beside::is_enough) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        read.await?;
        Ok(batch)
    }

    fn prepare(&self, batch: &Batch<L::Row>) -> Result<Vec<Prepared>, Error> {
        let in_full = self.listing.completes_with_companion();
        let calls = batch.asked.iter().enumerate().map(|(place, at)| {
            let call = self.listing.request(self.server.unc_name(), *at);
            let call = self.server.prepare(&call)?;
            Ok(match place < batch.rungs || in_full {
                true => call,
                false => call.first_fragment(),
            })
        });
        calls.collect()
    }

    fn keep(&self, batch: &mut Batch<L::Row>, came: Came) {
        let index = came.index;
        if let (Some(at), Some(place)) = (batch.asked.get(index), batch.answers.get_mut(index)) {
            let call = self.listing.request(self.server.unc_name(), *at);
            *place = Some(self.judge(*at, &call, came));
        }
    }

    /// Whether what was answered decides the level, and its companion is
    /// there.
    fn is_enough(&self, batch: &Batch<L::Row>) -> bool {
        let Batch { asked, answers, .. } = batch;
        let mut answers_of_rungs = answers.iter().take(batch.rungs);
        let granted = answers_of_rungs.find(|answer| match answer {
            Some(outcome) => !self.leads_down(outcome),
            None => true,
        });
        let (level, rows) = match granted {
            None => return true,
            Some(None) => return false,
            Some(Some(Ok(Answer::Page { level, rows, .. }))) => (*level, rows),
            Some(Some(_)) => return true,
        };
        let companion = self.listing.companion(&self.server, level);
        let place = companion.and_then(|at| asked.iter().position(|a| a.level == at.level));
        place.is_none_or(|place| answers[place].is_some() || !self.listing.needs_companion(rows))
    }

    /// Makes one request beside the list. Unless that is part of the answer, no more than one
    /// fragment of the reply is read.
    pub(crate) async fn ask(&self, at: At) -> Result<Answer<L::Row>, Error> {
        let call = self.listing.request(self.server.unc_name(), at);
        let mut prepared = self.server.prepare(&call)?;
        if !self.listing.completes_with_companion() {
            prepared = prepared.first_fragment();
        }
        let mut answer = Err(self.unanswered());
        self.server
            .read_all(&[prepared], |came| {
                answer = self.judge(at, &call, came);
                ControlFlow::Break(())
            })
            .await?;
        answer
    }

    /// What came of the companion, or of asking for it now.
    pub(crate) async fn companion(&mut self, at: At) -> Result<Answer<L::Row>, Error> {
        match self.companion.take() {
            Some((level, answer)) if level == at.level => Ok(answer),
            _ => self.ask(at).await,
        }
    }

    /// What came of a request.
    fn judge(&self, at: At, call: &L::Call<'_>, came: Came) -> Result<Answer<L::Row>, Error> {
        if came.begun {
            return Ok(Answer::Begun);
        }
        self.judge_reply(
            at,
            call,
            came.outcome.map_err(|kind| self.server.error(kind)),
        )
    }

    /// What a reply says, or why there is none.
    fn judge_reply(
        &self,
        at: At,
        call: &L::Call<'_>,
        outcome: Result<Vec<u8>, Error>,
    ) -> Result<Answer<L::Row>, Error> {
        let stub = match outcome {
            Ok(stub) => stub,
            Err(error) => match error.refusal() {
                Some(refusal) => return Ok(Answer::Refused(refusal)),
                None => return Err(error),
            },
        };
        let announced = stub.get(ENTRIES_READ..).and_then(|rest| rest.first_chunk());
        let announced = announced.map_or(0, |count| u32::from_le_bytes(*count) as usize);
        if announced.saturating_mul(size_of::<L::Row>()) > MAX_ROWS_OF_REPLY
            && announced < stub.len()
        {
            return Err(self.endless(TOO_MUCH));
        }
        let (level, (reply, remaining)) = match self.read(at, call, &stub, announced) {
            Ok(read) => read,
            Err(error) => {
                let call = name::<L>();
                let error = self.server.error(ErrorKind::Malformed { call, error });
                return Ok(Answer::Unreadable(error));
            }
        };
        let is_first = at.resume_handle == 0 && !self.listing.sends_filters();
        let more = match reply.status {
            Win32Status::NERR_SUCCESS if is_first && reply.rows.is_empty() && reply.total > 0 => {
                let total = reply.total;
                return Ok(Answer::Refused(Refusal::NoRows { total }));
            }
            Win32Status::NERR_SUCCESS => More::No,
            Win32Status::ERROR_MORE_DATA if is_first && reply.rows.is_empty() => {
                if at.preferred_length < MAX_PREFERRED_LENGTH {
                    return Ok(Answer::TooSmall);
                }
                let total = reply.total;
                return Ok(Answer::Refused(Refusal::NoRows { total }));
            }
            Win32Status::ERROR_MORE_DATA => More::Yes {
                handle: reply.resume_handle,
                page: hash(&stub),
            },
            Win32Status::NERR_BufTooSmall => return Ok(Answer::TooSmall),
            status if self.listing.means_none(status) => More::No,
            status => return Ok(Answer::Refused(Refusal::Status(status))),
        };
        let rows = reply.rows;
        let count = rows.len() + remaining.map_or(0, |remaining| remaining.len());
        Ok(Answer::Page {
            level,
            held: size_of::<L::Row>()
                .saturating_mul(count)
                .saturating_add(stub.len()),
            rows,
            unmade: remaining.and_then(|remaining| Unmade::new(level, stub, remaining)),
            more,
        })
    }

    /// What a reply says, and its level: some servers have one only, and answer with it whatever
    /// is asked.
    fn read(
        &self,
        at: At,
        call: &L::Call<'_>,
        stub: &[u8],
        announced: usize,
    ) -> Result<(u32, Part<L::Row>), NdrError> {
        let read = |call: &L::Call<'_>| match announced > self.at_once {
            true => self.listing.read_part(call, stub, self.at_once),
            false => Ok((L::read(call, stub)?, None)),
        };
        let error = match read(call) {
            Ok(part) => return Ok((at.level, part)),
            Err(error) => error,
        };
        match *error.kind() {
            NdrErrorKind::WrongLevel { answered, .. } if self.levels.contains(&answered) => {
                let at = At {
                    level: answered,
                    ..at
                };
                let call = self.listing.request(self.server.unc_name(), at);
                Ok((answered, read(&call)?))
            }
            _ => Err(error),
        }
    }

    async fn take_page(
        &mut self,
        level: u32,
        mut rows: Vec<L::Row>,
        mut unmade: Option<Unmade>,
        held: usize,
        more: More,
    ) -> Page<L::Row> {
        let room = match self.server.backend() {
            Backend::Remote(line) => {
                let budget = line.list_budget();
                budget.room(&self.list_name(), self.held, held)
            }
            Backend::Native(_) | Backend::Local(_) => held,
        };
        self.held = self.held.saturating_add(room);
        let mut count = rows.len() + unmade.as_ref().map_or(0, Unmade::len);
        let more = match room < held {
            true => {
                count = count.saturating_mul(room) / held;
                unmade = unmade.and_then(|unmade| unmade.cut(count.saturating_sub(rows.len())));
                rows.truncate(count);
                rows.shrink_to_fit();
                More::NoRoom
            }
            false => more,
        };
        self.rows = self.rows.saturating_add(count);
        self.ladder = VecDeque::from([level]);
        self.next = match more {
            More::No => {
                self.end_list();
                Next::Done
            }
            More::NoRoom => Next::Fail(Box::new(self.too_long())),
            More::Yes { page, .. } if self.last_page.replace(page) == Some(page) => {
                self.rows -= count;
                rows.clear();
                unmade = None;
                self.stalled("it sends the same page again")
            }
            More::Yes { handle, .. } => self.follow(handle, count),
        };
        let bytes = self.keep_unmade(unmade, &mut rows, room);
        self.settled(level, rows, bytes).await
    }

    async fn settled(&mut self, level: u32, mut rows: Vec<L::Row>, bytes: usize) -> Page<L::Row> {
        L::settle(self, level, &mut rows).await;
        rows.retain(|row| self.listing.lets_through(row));
        Page { rows, bytes }
    }

    /// How to get at the page after this one, when the server says that there
    /// is one.
    fn follow(&mut self, handle: Option<u32>, came: usize) -> Next {
        let moved = handle.filter(|&handle| handle != 0 && self.followed.insert(handle));
        let why = match moved {
            Some(handle) if came > 0 && self.has_room() => {
                self.resume_handle = handle;
                return Next::Ask;
            }
            Some(_) if came > 0 => TOO_MUCH,
            Some(_) => "it says that more follow, and sends none",
            None => "it says that more follow, but its resume handle does not move",
        };
        self.stalled(why)
    }

    /// Whether a list that is not at its end may have more.
    fn has_room(&self) -> bool {
        let within = || match self.server.backend() {
            Backend::Remote(line) => line.list_budget().may_go_on(&self.list_name(), self.held),
            Backend::Native(_) | Backend::Local(_) => true,
        };
        self.rows < MAX_ROWS && self.held < MAX_HELD && within()
    }

    fn too_long(&self) -> Error {
        self.server.error(ErrorKind::TooLong {
            call: name::<L>(),
            rows: self.rows,
        })
    }

    fn end_list(&self) {
        if let Backend::Remote(line) = self.server.backend() {
            line.list_budget().ended(&self.list_name());
        }
    }

    /// What tells this list from others under way.
    fn list_name(&self) -> String {
        format!("{} {}", self.server.name(), name::<L>())
    }

    fn stalled(&self, why: &'static str) -> Next {
        Next::Fail(Box::new(self.endless(why)))
    }

    fn endless(&self, why: &'static str) -> Error {
        self.server.error(ErrorKind::Stalled {
            call: name::<L>(),
            rows: self.rows,
            why,
        })
    }

    fn refusal(&self, level: u32, refusal: Refusal) -> Error {
        self.server.error(ErrorKind::Refused {
            call: name::<L>(),
            refused: vec![(level, refusal)],
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

mod beside;
mod whole;

pub(crate) use beside::{Ahead, Beside};

#[cfg(test)]
mod tests;
