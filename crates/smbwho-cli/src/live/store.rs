//! The rows of one subject, kept from answer to answer.
//!
//! An answer is compared with what is known of its server: rows that are the
//! same keep their place, so that whatever stands on them (a cursor, a
//! selection, an order) stays true. Of a row that only grew older nothing is
//! touched at all: its times are counted on from when they were told.
//!
//! Places are numbers of a slab that grows in chunks and never moves.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use super::kinds::{self, Live};
use crate::rows::Row;

/// Rows in a chunk of the slab.
const CHUNK: usize = 1024;
/// How much younger a thing may seem than it was, and still be it: servers
/// round.
const SLACK: Duration = Duration::from_secs(3);

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
    pub(crate) selected: bool,
    /// In which order it stands: the number of that order, or 0.
    pub(crate) placed: u16,
    seen: bool,
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
}

/// What an answer brings.
pub(crate) struct Delta<T> {
    server: u32,
    told: Tenths,
    /// With the hash of their name, in the server's order.
    pub(crate) appeared: Vec<(u64, u32, Row<T>)>,
    /// Rows with another content.
    pub(crate) changed: Vec<(u32, Row<T>)>,
    /// Rows of which only a time is another.
    pub(crate) retimed: Vec<(u32, Row<T>)>,
    pub(crate) gone: Vec<u32>,
}

impl<T> Delta<T> {
    /// The places whose rows will be others.
    pub(crate) fn touched(&self) -> impl Iterator<Item = u32> + '_ {
        let rows = self.changed.iter().chain(&self.retimed);
        rows.map(|(place, _)| *place)
            .chain(self.gone.iter().copied())
    }

    pub(crate) fn is_empty(&self) -> bool {
        let rows = self.changed.is_empty() && self.retimed.is_empty();
        rows && self.appeared.is_empty() && self.gone.is_empty()
    }
}

/// The rows of all servers.
pub(crate) struct Store<T> {
    chunks: Vec<Vec<Option<Slot<T>>>>,
    free: Vec<u32>,
    /// The living rows of each server, by the hash of what names them.
    servers: Vec<Vec<(u64, u32)>>,
    /// Keyed, so that no server can choose names that collide.
    keys: RandomState,
    ended: usize,
    living: usize,
    selected: usize,
}

impl<T: Live> Store<T> {
    pub(crate) fn new() -> Self {
        Self {
            chunks: Vec::new(),
            free: Vec::new(),
            servers: Vec::new(),
            keys: RandomState::new(),
            ended: 0,
            living: 0,
            selected: 0,
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

    pub(crate) fn select(&mut self, place: u32, selected: bool) {
        if let Some(slot) = self.get_mut(place)
            && std::mem::replace(&mut slot.selected, selected) != selected
        {
            self.selected = if selected {
                self.selected + 1
            } else {
                self.selected - 1
            };
        }
    }

    /// Compares an answer with what is known. Rows that are not in an answer
    /// are gone only when it is complete.
    pub(crate) fn compare(
        &mut self,
        server: usize,
        name: &Arc<str>,
        rows: Vec<T>,
        complete: bool,
        now: Tenths,
    ) -> Delta<T> {
        if self.servers.len() <= server {
            self.servers.resize_with(server + 1, Vec::new);
        }
        let mut delta = Delta {
            server: u32::try_from(server).unwrap_or(u32::MAX),
            told: now,
            appeared: Vec::new(),
            changed: Vec::new(),
            retimed: Vec::new(),
            gone: Vec::new(),
        };
        let hash = |row: &T| {
            let mut hasher = self.keys.build_hasher();
            server.hash(&mut hasher);
            row.identify(&mut hasher);
            hasher.finish()
        };
        let rows = rows.into_iter().zip(0_u32..);
        let mut rows: Vec<(u64, u32, T)> = rows
            .map(|(row, number)| (hash(&row), number, row))
            .collect();
        // Oldest first among those of one name.
        rows.sort_by(|(h, _, a), (i, _, b)| h.cmp(i).then_with(|| b.lasted().cmp(&a.lasted())));
        let known = std::mem::take(&mut self.servers[server]);
        let mut at = 0;
        let mut rows = rows.into_iter().peekable();
        while let Some(&(hash, ..)) = rows.peek() {
            while known.get(at).is_some_and(|(h, _)| *h < hash) {
                at += 1;
            }
            let from = at;
            while known.get(at).is_some_and(|(h, _)| *h == hash) {
                at += 1;
            }
            let mut before: Vec<u32> = known[from..at].iter().map(|&(_, place)| place).collect();
            if before.len() > 1 {
                let lasted = |place: &u32| self.get(*place).and_then(|slot| slot.row.data.lasted());
                before.sort_by_key(|place| std::cmp::Reverse(lasted(place)));
            }
            let mut after = Vec::new();
            while let Some((_, number, row)) = rows.next_if(|(h, ..)| *h == hash) {
                after.push((number, row));
            }
            self.pair(&before, hash, after, name, &mut delta);
        }
        for &(_, place) in &known {
            let seen = self
                .get_mut(place)
                .is_some_and(|slot| std::mem::take(&mut slot.seen));
            if !seen && complete {
                delta.gone.push(place);
            }
        }
        self.servers[server] = known;
        delta
            .appeared
            .sort_unstable_by_key(|&(_, number, _)| number);
        delta
    }

    /// Finds out which of the rows of one name are which, both oldest first.
    fn pair(
        &mut self,
        before: &[u32],
        hash: u64,
        after: Vec<(u32, T)>,
        name: &Arc<str>,
        delta: &mut Delta<T>,
    ) {
        let mut left = after.len();
        let mut before = before.iter().copied().peekable();
        for (number, data) in after {
            // As long as there are more old ones than new ones some are gone:
            // those nearer in age to the one that follows.
            let far = |this: &Self, place: u32| {
                let slot = this.get(place)?;
                let then = slot
                    .row
                    .data
                    .lasted()?
                    .saturating_add(slot.aged(delta.told));
                Some(data.lasted()?.abs_diff(then))
            };
            while before.len() > left {
                let mut two = before.clone();
                let (Some(first), Some(second)) = (two.next(), two.next()) else {
                    break;
                };
                match (far(self, first), far(self, second)) {
                    (Some(first), Some(second)) if second < first => before.next(),
                    _ => break,
                };
            }
            left -= 1;
            let is_younger = |slot: &Slot<T>| {
                let (then, now) = (slot.row.data.lasted(), data.lasted());
                then.zip(now)
                    .is_some_and(|(then, now)| now.saturating_add(SLACK) < then)
            };
            // What is younger than it was has begun anew.
            let same = before.next_if(|&place| self.get(place).is_some_and(|s| !is_younger(s)));
            let row = Row {
                server: Arc::clone(name),
                node: None,
                data,
            };
            let Some(slot) = same.and_then(|place| self.get_mut(place)) else {
                delta.appeared.push((hash, number, row));
                continue;
            };
            slot.seen = true;
            let place = same.unwrap_or_default();
            let apart = slot.aged(delta.told);
            if kinds::differs(&slot.row, &row) {
                delta.changed.push((place, row));
            } else if kinds::is_retimed(&slot.row, &row, apart) {
                delta.retimed.push((place, row));
            }
        }
    }

    /// Makes it so. Returns the places of the rows that appeared. With `keep`
    /// rows that are gone stay in sight, marked, until they expire; with
    /// `mark` those that came are marked.
    pub(crate) fn commit(&mut self, delta: Delta<T>, keep: bool, mark: bool) -> Vec<u32> {
        let Delta { server, told, .. } = delta;
        for (place, row) in delta.changed.into_iter().chain(delta.retimed) {
            if let Some(slot) = self.get_mut(place) {
                (slot.row, slot.told) = (row, told);
            }
        }
        if !delta.gone.is_empty() {
            let mut gone = delta.gone.clone();
            gone.sort_unstable();
            self.servers[server as usize].retain(|(_, place)| gone.binary_search(place).is_err());
        }
        for &place in &delta.gone {
            self.living -= 1;
            if keep && let Some(slot) = self.get_mut(place) {
                (slot.mark, slot.marked) = (Mark::Ended, told);
                self.ended += 1;
            } else {
                self.remove(place);
            }
        }
        let mut places = Vec::with_capacity(delta.appeared.len());
        let mut named = Vec::with_capacity(delta.appeared.len());
        for (hash, _, row) in delta.appeared {
            let place = self.insert(Slot {
                row,
                told,
                marked: told,
                server,
                group: 0,
                mark: if mark { Mark::New } else { Mark::None },
                selected: false,
                placed: 0,
                seen: false,
            });
            places.push(place);
            named.push((hash, place));
        }
        self.living += places.len();
        if !named.is_empty() {
            let known = &mut self.servers[server as usize];
            known.reserve_exact(named.len());
            known.extend(named);
            known.sort_unstable();
        }
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

    /// The places whose mark is older than `after`: those of ended rows.
    pub(crate) fn expired(&self, now: Tenths, after: Duration) -> Vec<u32> {
        if self.ended == 0 {
            return Vec::new();
        }
        let is_over = |slot: &Slot<T>| slot.mark == Mark::Ended && now.since(slot.marked) >= after;
        (0..self.end())
            .filter(|&place| self.get(place).is_some_and(is_over))
            .collect()
    }

    /// Forgets rows that ended.
    pub(crate) fn forget(&mut self, places: &[u32]) {
        for &place in places {
            self.ended -= 1;
            self.remove(place);
        }
    }
}

#[cfg(test)]
mod tests;
