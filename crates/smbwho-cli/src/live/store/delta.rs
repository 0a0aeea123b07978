//! What an answer brings: which of its rows are which of those that are known.
//!
//! Servers tell their rows in much the same order every time, so both lists are
//! gone through side by side first. Only what is out of step there (rows that
//! came, went, or changed places) is sorted by name and paired.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use super::{Moment, Store};
use crate::live::kinds::{Difference, Live, difference};
use crate::rows::Row;

/// How much younger a thing may seem than it was, and still be it: servers
/// round.
const SLACK: Duration = Duration::from_secs(3);
/// How many rows that came or went in one place are seen past.
const AHEAD: usize = 16;
/// The place of a row that has none yet.
pub(super) const NO_PLACE: u32 = u32::MAX;

/// What an answer brings.
pub(crate) struct Delta<T> {
    pub(super) server: u32,
    pub(super) told: Moment,
    /// What is known of the server from now on, in its order: hashes of names,
    /// and places.
    pub(super) known: Vec<(u64, u32)>,
    /// In the server's order.
    pub(crate) appeared: Vec<Row<T>>,
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

/// An answer beside what was known before it.
struct Sides<'a, T> {
    store: &'a Store<T>,
    /// Hash and place of the rows that are known.
    before: &'a [(u64, u32)],
    after: &'a [T],
    hashes: &'a [u64],
    told: Moment,
    /// For each row of the answer, which of those before it is.
    is: Vec<Option<u32>>,
    /// Which of those before were found again.
    seen: Vec<bool>,
}

impl<T: Live> Store<T> {
    /// Compares an answer with what is known. Rows that are not in an answer
    /// are gone only when it is complete.
    pub(crate) fn compare(
        &self,
        server: usize,
        name: &Arc<str>,
        rows: Vec<T>,
        complete: bool,
        now: impl Into<Moment>,
    ) -> Delta<T> {
        let now: Moment = now.into();
        let hash = |row: &T| {
            let mut hasher = self.keys.build_hasher();
            server.hash(&mut hasher);
            row.identify(&mut hasher);
            hasher.finish()
        };
        let hashes: Vec<u64> = rows.iter().map(hash).collect();
        let before = self.servers.get(server).map_or(&[][..], Vec::as_slice);
        let mut sides = Sides {
            store: self,
            before,
            after: &rows,
            hashes: &hashes,
            told: now,
            is: vec![None; rows.len()],
            seen: vec![false; before.len()],
        };
        sides.side_by_side();
        sides.by_name();
        let Sides { is, seen, .. } = sides;

        let mut delta = Delta {
            server: u32::try_from(server).unwrap_or(u32::MAX),
            told: now,
            known: Vec::with_capacity(rows.len()),
            appeared: Vec::new(),
            changed: Vec::new(),
            retimed: Vec::new(),
            gone: Vec::new(),
        };
        for ((data, is), hash) in rows.into_iter().zip(is).zip(hashes) {
            let row = Row {
                server: Arc::clone(name),
                node: None,
                data,
            };
            let place = is.map(|at| before[at as usize].1);
            delta.known.push((hash, place.unwrap_or(NO_PLACE)));
            let Some((place, slot)) = place.and_then(|place| Some((place, self.get(place)?)))
            else {
                delta.appeared.push(row);
                continue;
            };
            match difference(&slot.row, &row, slot.aged(now.at)) {
                Difference::None => {}
                Difference::Times => delta.retimed.push((place, row)),
                Difference::Content => delta.changed.push((place, row)),
            }
        }
        let missing = before.iter().zip(seen).filter(|(_, seen)| !seen);
        if complete {
            delta.gone.extend(missing.map(|((_, place), _)| *place));
        } else {
            delta.known.extend(missing.map(|(known, _)| *known));
        }
        delta
    }
}

impl<T: Live> Sides<'_, T> {
    fn found(&mut self, before: usize, after: usize) {
        self.seen[before] = true;
        self.is[after] = u32::try_from(before).ok();
    }

    /// How old a row before the answer must be by now, how old one of the
    /// answer is, and how much of the difference the time that the servers took
    /// may make; none where either is not told.
    fn ages(&self, before: usize, after: usize) -> Option<[Duration; 3]> {
        let slot = self.store.get(self.before[before].1)?;
        let then = slot.row.data.lasted()?;
        let then = then.saturating_add(slot.aged(self.told.at));
        let within = slot.within().saturating_add(self.told.within());
        Some([then, self.after[after].lasted()?, within])
    }

    /// How far a row of the answer is from the age that one before it has by
    /// now.
    fn apart(&self, before: usize, after: usize) -> Option<Duration> {
        let [then, now, within] = self.ages(before, after)?;
        Some(now.abs_diff(then).saturating_sub(within))
    }

    /// Whether a row of the answer is too young to be one before it, and so has
    /// begun anew. What seems too old has not: it would have been there, and our
    /// own clock stands still while the computer sleeps.
    fn is_younger(&self, before: usize, after: usize) -> bool {
        let ages = self.ages(before, after);
        ages.is_some_and(|[then, now, within]| now.saturating_add(SLACK + within) < then)
    }

    /// Finds what comes in the same order as before.
    fn side_by_side(&mut self) {
        let (before, hashes) = (self.before, self.hashes);
        let named = |at: usize| before.get(at).map(|(hash, _)| *hash);
        let (mut old, mut new) = (0, 0);
        while let (Some(was), Some(&is)) = (named(old), hashes.get(new)) {
            if was == is {
                // Which of several neighbours of one name it is takes a look at
                // all of them.
                let alone = named(old + 1) != Some(is) && hashes.get(new + 1) != Some(&is);
                if alone && self.apart(old, new).is_none_or(|apart| apart <= SLACK) {
                    self.found(old, new);
                }
                (old, new) = (old + 1, new + 1);
                continue;
            }
            let ahead = 1..=AHEAD;
            let gone = ahead.clone().find(|&by| named(old + by) == Some(is));
            let came = ahead.clone().find(|&by| hashes.get(new + by) == Some(&was));
            match (gone, came) {
                (Some(gone), came) if came.is_none_or(|came| gone <= came) => old += gone,
                (_, Some(came)) => new += came,
                _ => (old, new) = (old + 1, new + 1),
            }
        }
    }

    /// Finds the others by their names.
    fn by_name(&mut self) {
        let left = |found: &[bool]| -> Vec<usize> {
            let left = found.iter().enumerate().filter(|(_, found)| !**found);
            left.map(|(at, _)| at).collect()
        };
        let mut old = left(&self.seen);
        let mut new = left(&self.is.iter().map(Option::is_some).collect::<Vec<_>>());
        if old.is_empty() || new.is_empty() {
            return;
        }
        // Oldest first among those of one name.
        let place = |at: usize| self.store.get(self.before[at].1);
        let lasted = |at: usize| place(at).and_then(|slot| slot.row.data.lasted());
        let (before, hashes, after) = (self.before, self.hashes, self.after);
        old.sort_by(|&a, &b| {
            let order = before[a].0.cmp(&before[b].0);
            order.then_with(|| lasted(b).cmp(&lasted(a)))
        });
        new.sort_by(|&a, &b| {
            let order = hashes[a].cmp(&hashes[b]);
            order.then_with(|| after[b].lasted().cmp(&after[a].lasted()))
        });
        let mut old = old.as_slice();
        for new in new.chunk_by(|&a, &b| hashes[a] == hashes[b]) {
            let hash = hashes[new[0]];
            old = &old[old.partition_point(|&at| before[at].0 < hash)..];
            let (same, rest) = old.split_at(old.partition_point(|&at| before[at].0 == hash));
            self.pair(same, new);
            old = rest;
        }
    }

    /// Finds out which of the rows of one name are which, both oldest first.
    fn pair(&mut self, before: &[usize], after: &[usize]) {
        let mut left = after.len();
        let mut before = before.iter().copied().peekable();
        for &new in after {
            // As long as there are more old ones than new ones some are gone:
            // those nearer in age to the one that follows.
            while before.len() > left {
                let mut two = before.clone();
                let (Some(first), Some(second)) = (two.next(), two.next()) else {
                    break;
                };
                match (self.apart(first, new), self.apart(second, new)) {
                    (Some(first), Some(second)) if second < first => before.next(),
                    _ => break,
                };
            }
            left -= 1;
            if let Some(old) = before.next_if(|&old| !self.is_younger(old, new)) {
                self.found(old, new);
            }
        }
    }
}
