//! The rows of one subject, kept from answer to answer.
//!
//! An answer is compared with what is known of its server: rows that are the
//! same keep their place, so that whatever stands on them (a cursor, a
//! selection, an order) stays true. Of a row that only grew older nothing is
//! touched at all: its times are counted on from when they were told.
//!
//! Places are numbers of a slab that grows in chunks and never moves.

mod delta;

use std::collections::VecDeque;
use std::hash::RandomState;
use std::time::Duration;

use super::kinds::Live;
use crate::rows::Row;
use crate::seen::Window;
pub(crate) use delta::Delta;

/// Rows in a chunk of the slab.
const CHUNK: usize = 1024;

/// A moment, in tenths of a second since the program began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Tenths(pub(crate) u32);

impl Tenths {
    pub(crate) fn of(since_start: Duration) -> Self {
        Self(u32::try_from(since_start.as_millis() / 100).unwrap_or(u32::MAX))
    }

    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::from(self.0.saturating_sub(earlier.0)) * 100)
    }
}

/// When a server told its rows: by then, and not longer before than `within`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Moment {
    pub(crate) at: Tenths,
    pub(crate) within: u16,
}

impl Moment {
    /// The moment of an answer that is taken `now`.
    pub(crate) fn of(seen: Window, now: Tenths) -> Self {
        Self {
            at: Tenths(now.0.saturating_sub(Tenths::of(seen.ago()).0)),
            within: u16::try_from(Tenths::of(seen.width()).0).unwrap_or(u16::MAX),
        }
    }

    pub(crate) fn within(self) -> Duration {
        Tenths(self.within.into()).since(Tenths(0))
    }
}

impl From<Tenths> for Moment {
    fn from(at: Tenths) -> Self {
        Self { at, within: 0 }
    }
}

/// What is shown beside a row for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    None,
    /// It came.
    New,
    /// It is gone; it stays in sight for a while.
    Ended,
}

/// One row, and what is known of it.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    pub(crate) row: Row<T>,
    /// When its times were told.
    pub(crate) told: Tenths,
    /// When it was marked.
    pub(crate) marked: Tenths,
    /// The number of its server.
    pub(crate) server: u32,
    pub(crate) group: u32,
    pub(crate) mark: Mark,
    /// In which order it stands: the number of that order, or 0.
    pub(crate) placed: u16,
    /// In which selection it is: the number of that selection, or 0.
    picked: u16,
    /// How much longer ago it may have been told, in tenths of a second.
    within: u16,
}

impl<T> Slot<T> {
    /// How much older it is by now than it was told to be. What has ended
    /// ages no more.
    pub(crate) fn aged(&self, now: Tenths) -> Duration {
        match self.mark {
            Mark::Ended => self.marked.since(self.told),
            _ => now.since(self.told),
        }
    }

    /// How much less old than that it may be.
    pub(crate) fn within(&self) -> Duration {
        Moment {
            at: self.told,
            within: self.within,
        }
        .within()
    }
}

/// The rows of all servers.
pub(crate) struct Store<T> {
    chunks: Vec<Vec<Option<Slot<T>>>>,
    free: Vec<u32>,
    /// The living rows of each server, as it told them last: the hash of what
    /// names a row, and its place.
    servers: Vec<Vec<(u64, u32)>>,
    /// Keyed, so that no server can choose names that collide.
    keys: RandomState,
    /// Rows that ended and are still in sight, since when, oldest first.
    ended: VecDeque<(Tenths, u32)>,
    living: usize,
    /// The number of the selection; never 0. Another one selects nothing.
    selection: u16,
    selected: usize,
    /// Places that were selected; some of them may not be any more.
    picks: Vec<u32>,
}

impl<T: Live> Store<T> {
    pub(crate) fn new() -> Self {
        Self {
            chunks: Vec::new(),
            free: Vec::new(),
            servers: Vec::new(),
            keys: RandomState::new(),
            ended: VecDeque::new(),
            living: 0,
            selection: 1,
            selected: 0,
            picks: Vec::new(),
        }
    }

    pub(crate) fn get(&self, place: u32) -> Option<&Slot<T>> {
        let place = place as usize;
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut Slot<T>> {
        let place = place as usize;
        let chunk = self.chunks.get_mut(place / CHUNK)?;
        chunk.get_mut(place % CHUNK)?.as_mut()
    }

    /// One more than the last place.
    pub(crate) fn end(&self) -> u32 {
        let full = self.chunks.len().saturating_sub(1) * CHUNK;
        let last = self.chunks.last().map_or(0, Vec::len);
        u32::try_from(full + last).unwrap_or(u32::MAX)
    }

    /// Rows that are there now, without those that ended.
    pub(crate) fn living(&self) -> usize {
        self.living
    }

    pub(crate) fn selected(&self) -> usize {
        self.selected
    }

    pub(crate) fn is_selected(&self, place: u32) -> bool {
        self.get(place)
            .is_some_and(|slot| slot.picked == self.selection)
    }

    pub(crate) fn select(&mut self, place: u32, selected: bool) {
        if self.is_selected(place) == selected {
            return;
        }
        let number = if selected { self.selection } else { 0 };
        let Some(slot) = self.get_mut(place) else {
            return;
        };
        slot.picked = number;
        if selected {
            self.selected += 1;
            self.picks.push(place);
        } else {
            self.selected -= 1;
        }
    }

    /// Selects nothing, whatever there is.
    pub(crate) fn select_none(&mut self) {
        self.selected = 0;
        self.picks = Vec::new();
        self.selection = self.selection.wrapping_add(1);
        if self.selection == 0 {
            // Every number was used: none of them may come to life again.
            self.selection = 1;
            for slot in self.chunks.iter_mut().flatten().flatten() {
                slot.picked = 0;
            }
        }
    }

    /// The places that are selected.
    pub(crate) fn selection(&self) -> Vec<u32> {
        let mut places = self.picks.clone();
        places.sort_unstable();
        places.dedup();
        places.retain(|place| self.is_selected(*place));
        places
    }

    /// Makes it so. Returns the places of the rows that appeared. With `keep`
    /// rows that are gone stay in sight, marked, until they expire; with
    /// `mark` those that came are marked.
    pub(crate) fn commit(&mut self, delta: Delta<T>, keep: bool, mark: bool) -> Vec<u32> {
        let Delta {
            server,
            told,
            mut known,
            appeared,
            ..
        } = delta;
        for (place, row) in delta.changed.into_iter().chain(delta.retimed) {
            if let Some(slot) = self.get_mut(place) {
                (slot.row, slot.told, slot.within) = (row, told.at, told.within);
            }
        }
        for &place in &delta.gone {
            self.living -= 1;
            if keep && let Some(slot) = self.get_mut(place) {
                (slot.mark, slot.marked) = (Mark::Ended, told.at);
                self.ended.push_back((told.at, place));
            } else {
                self.remove(place);
            }
        }
        let mut places = Vec::with_capacity(appeared.len());
        let unplaced = known.iter_mut().filter(|known| known.1 == delta::NO_PLACE);
        for (row, known) in appeared.into_iter().zip(unplaced) {
            known.1 = self.insert(Slot {
                row,
                told: told.at,
                marked: told.at,
                within: told.within,
                server,
                group: 0,
                mark: if mark { Mark::New } else { Mark::None },
                placed: 0,
                picked: 0,
            });
            places.push(known.1);
        }
        self.living += places.len();
        let server = server as usize;
        if self.servers.len() <= server {
            self.servers.resize_with(server + 1, Vec::new);
        }
        self.servers[server] = known;
        places
    }

    fn insert(&mut self, slot: Slot<T>) -> u32 {
        if let Some(place) = self.free.pop() {
            let at = place as usize;
            self.chunks[at / CHUNK][at % CHUNK] = Some(slot);
            return place;
        }
        let place = self.end();
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(Some(slot)),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(Some(slot));
                self.chunks.push(chunk);
            }
        }
        place
    }

    fn remove(&mut self, place: u32) {
        self.select(place, false);
        let at = place as usize;
        self.chunks[at / CHUNK][at % CHUNK] = None;
        self.free.push(place);
    }

    /// The places of rows that ended longer than `after` ago.
    pub(crate) fn expired(&self, now: Tenths, after: Duration) -> Vec<u32> {
        let over = self
            .ended
            .iter()
            .take_while(|(then, _)| now.since(*then) >= after);
        over.map(|(_, place)| *place).collect()
    }

    /// Forgets rows that [expired](Self::expired).
    pub(crate) fn forget(&mut self, places: &[u32]) {
        self.ended.drain(..places.len());
        for &place in places {
            self.remove(place);
        }
    }

    /// Bytes on the heap, without those of the rows' own strings.
    #[cfg(test)]
    pub(crate) fn heap(&self) -> usize {
        let chunk = |chunk: &Vec<Option<Slot<T>>>| chunk.capacity() * size_of::<Option<Slot<T>>>();
        let known = |known: &Vec<(u64, u32)>| known.capacity() * size_of::<(u64, u32)>();
        let places = self.free.capacity() + self.picks.capacity();
        self.chunks.iter().map(chunk).sum::<usize>()
            + self.servers.iter().map(known).sum::<usize>()
            + self.ended.capacity() * size_of::<(Tenths, u32)>()
            + places * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests;
