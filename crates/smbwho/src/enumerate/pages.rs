//! From page to page: what is held of a list, whether it goes on, and where it ends.

use std::collections::VecDeque;

use super::parts::Unmade;
use super::{Listing, More, Next, Pager, TOO_MUCH, name};
use crate::Error;
use crate::backend::Backend;
use crate::error::ErrorKind;
use crate::rows::Page;

/// Rows after which a server that never ends is no longer believed. The
/// largest file servers hold some tens of thousands of sessions.
const MAX_ROWS: usize = 10_000_000;

/// What is held of one list before no further page is asked for, in bytes: its rows, and what
/// came for them. This much is a hundred thousand rows and more of the length they have; a
/// server that goes on sends for ever.
const MAX_HELD: usize = 96 << 20;

impl<L: Listing> Pager<L> {
    pub(super) async fn take_page(
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

    pub(super) async fn settled(
        &mut self,
        level: u32,
        mut rows: Vec<L::Row>,
        bytes: usize,
    ) -> Page<L::Row> {
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
}
