//! Reading a server's list: down the ladder to a level that answers, then
//! through its pages.
//!
//! The calls that enumerate (sessions, files, shares, …) are alike in this: a
//! level, a preferred length, a resume handle, and "more data" as a status.

mod answer;
mod beside;
mod levels;
mod pages;
mod parts;
#[cfg(test)]
mod tests;
mod whole;

use std::collections::{HashSet, VecDeque};
use std::future::{self, Future};

use futures::stream::{self, Stream, StreamExt};
pub(crate) use smbwho_msrpc::srvsvc::MAX_PREFERRED_LENGTH;
use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::Call;
use smbwho_rpc::ndr::{NdrError, Remaining};
use smbwho_smb::SmbError;

use crate::backend::Backend;
use crate::error::{ErrorKind, Refusal};
use crate::local::{Local, Told};
use crate::question::Levels;
use crate::rows::{Page, Rows};
use crate::{Error, Server};
pub(crate) use beside::{Ahead, Beside};
use parts::Unmade;

/// What is asked for after "not one entry fits", in bytes.
const ENLARGED_LENGTH: u32 = 64 * 1024;

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

    fn unanswered(&self) -> Error {
        self.server.error(ErrorKind::Smb(SmbError::unanswered()))
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
