//! The order of a grid: sorted, filtered, grouped.
//!
//! What an answer touched is taken out and put back in its place, at a cost
//! that follows the number of rows touched. A whole new order is made in
//! slices: rows are looked through, run by run, and sorted runs are merged two
//! by two. Until it is ready the old one stays on the screen.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::time::Duration;

use super::table::{Table, count_on};
use super::{Grid as _, Line};
use crate::live::{Live, Mark, Slot, Tenths};
use crate::rows::{Cell, Column, compare};

/// Rows looked at between two looks at the keyboard.
pub(crate) const SLICE: usize = 1024;
/// Rows of a run that are sorted at once.
const RUN: usize = 512;
/// So many rows at once are put in by making the order anew.
const MANY: usize = 4096;
/// Rows are sought one by one where they are fewer than one in this many.
const FEW: usize = 32;
/// A filter by time is held against every row this often.
const OFTEN: Duration = Duration::from_secs(2);

/// An order in the making.
#[derive(Default)]
pub(super) struct Rebuild {
    /// The next place to look at.
    next: u32,
    /// Sorted runs.
    runs: VecDeque<Vec<Line>>,
    merge: Option<Merge>,
    /// Places that were touched after they had been looked at.
    late: Vec<u32>,
}

/// Two runs that become one.
struct Merge {
    left: VecDeque<Line>,
    right: VecDeque<Line>,
    out: Vec<Line>,
}

impl<T: Live> Table<T> {
    /// Makes the order anew.
    pub(super) fn rearrange(&mut self) {
        if self.selecting.is_some() {
            // What was to be selected is what was shown until now.
            self.complete();
        }
        self.order = self.order.checked_add(1).unwrap_or(1);
        self.shown = 0;
        for (_, total) in &mut self.totals {
            (total.sum, total.unknown) = (0, 0);
        }
        for group in &mut self.groups.groups {
            (group.rows, group.headed) = (0, false);
        }
        self.rearranged = self.now;
        self.rebuild = Some(Rebuild::default());
    }

    /// Takes rows out of the order; their content is still that by which they
    /// were put in.
    pub(super) fn take_out(&mut self, places: &[u32]) {
        let lines = match self.rebuild {
            None => self.find(places),
            Some(_) => None,
        };
        for &place in places {
            self.count(place, false);
        }
        let (store, order, groups) = (&self.store, self.order, &self.groups);
        let stays = |line: &Line| match line.heads() {
            Some(group) => groups.get(group).is_some_and(|group| group.rows > 0),
            None => line
                .place()
                .and_then(|place| store.get(place))
                .is_some_and(|slot| slot.placed == order),
        };
        match (&mut self.rebuild, lines) {
            // The old order is only looked at by now.
            (Some(rebuild), _) => {
                rebuild.runs.iter_mut().for_each(|run| run.retain(stays));
                if let Some(merge) = &mut rebuild.merge {
                    merge.left.retain(stays);
                    merge.right.retain(stays);
                    merge.out.retain(stays);
                }
            }
            (None, Some(lines)) => remove(&mut self.lines, lines, stays),
            (None, None) => {
                self.spent.compared += self.lines.len() as u64;
                self.lines.retain(stays);
            }
        }
        for group in self
            .groups
            .groups
            .iter_mut()
            .filter(|group| group.rows == 0)
        {
            group.headed = false;
        }
    }

    /// Where the lines of a few rows are, and those of their groups' headings.
    /// None where they are too many, or one is not where it belongs.
    fn find(&mut self, places: &[u32]) -> Option<Vec<usize>> {
        if places.len() > self.lines.len() / FEW {
            return None;
        }
        let placed = |place: &u32| {
            let slot = self.store.get(*place)?;
            (slot.placed == self.order).then_some((*place, slot))
        };
        let mut wanted = Vec::with_capacity(places.len());
        for (place, slot) in places.iter().filter_map(placed) {
            if !self.is_folded(slot) {
                wanted.push(Line(place));
            }
            if self.group_by.is_some() {
                wanted.push(Line::group(slot.group));
            }
        }
        let mut spent = 0;
        let found = wanted.iter().map(|line| {
            let at = self.lines.partition_point(|other| {
                spent += 1;
                self.compare(*other, *line).is_lt()
            });
            (self.lines.get(at) == Some(line)).then_some(at)
        });
        let found = found.collect();
        self.spent.compared += spent;
        found
    }

    /// Whether the row's group is folded.
    pub(super) fn is_folded(&self, slot: &Slot<T>) -> bool {
        let group = self.group_by.and_then(|_| self.groups.get(slot.group));
        group.is_some_and(|group| group.folded)
    }

    /// Puts rows in where they belong.
    pub(super) fn put_in(&mut self, places: Vec<u32>) {
        let is_due = || self.now.since(self.rearranged) >= OFTEN && self.filter.tells_time();
        if let Some(rebuild) = &mut self.rebuild {
            // The others are still to be looked at.
            let next = rebuild.next;
            rebuild
                .late
                .extend(places.into_iter().filter(|place| *place < next));
        } else if places.len() > MANY || is_due() {
            self.rearrange();
        } else {
            let mut lines: Vec<Line> = Vec::with_capacity(places.len());
            for place in places {
                let group = self.group(place);
                if self.look_at(place) {
                    lines.push(Line(place));
                }
                lines.extend(group.and_then(|group| self.groups.head(group)));
            }
            self.merge_in(lines);
        }
        self.relocate();
    }

    /// The number of the group that a row belongs to.
    fn group(&mut self, place: u32) -> Option<u32> {
        let column = self.group_by?;
        let slot = self.store.get(place)?;
        let mut name = String::new();
        (column.cell)(&slot.row).write_for_people(&mut name);
        let number = self.groups.number(&name);
        self.store.get_mut(place)?.group = number;
        Some(number)
    }

    /// Counts a row if the filter lets it through; whether it has a line.
    fn look_at(&mut self, place: u32) -> bool {
        self.spent.compared += 1;
        let Some(slot) = self
            .store
            .get(place)
            .filter(|slot| slot.placed != self.order)
        else {
            return false;
        };
        if !self.filter.is_empty() {
            let by = slot.aged(self.now);
            let cell = |column: &'static Column<T>| count_on((column.cell)(&slot.row), by);
            if !self.filter.lets_through(cell, &mut String::new()) {
                if let Some(slot) = self.store.get_mut(place) {
                    slot.placed = 0;
                }
                return false;
            }
        }
        let folded = self.is_folded(slot);
        self.count(place, true);
        !folded
    }

    /// Adds a row to the totals, or takes it off.
    fn count(&mut self, place: u32, add: bool) {
        let order = self.order;
        let Some(slot) = self.store.get_mut(place) else {
            return;
        };
        if (slot.placed == order) == add {
            return;
        }
        slot.placed = if add { order } else { 0 };
        let slot = &*slot;
        if self.group_by.is_some()
            && let Some(group) = self.groups.groups.get_mut(slot.group as usize)
        {
            group.rows = if add {
                group.rows + 1
            } else {
                group.rows.saturating_sub(1)
            };
        }
        // What has ended is in sight, and no longer there.
        if slot.mark == Mark::Ended {
            return;
        }
        self.shown = if add {
            self.shown + 1
        } else {
            self.shown.saturating_sub(1)
        };
        for (column, total) in &mut self.totals {
            match (column.cell)(&slot.row) {
                Cell::Number(n) if add => total.sum = total.sum.saturating_add(n),
                Cell::Number(n) => total.sum = total.sum.saturating_sub(n),
                _ if add => total.unknown += 1,
                _ => total.unknown = total.unknown.saturating_sub(1),
            }
        }
    }

    /// Puts lines into the order that is shown.
    fn merge_in(&mut self, mut lines: Vec<Line>) {
        if lines.is_empty() {
            return;
        }
        let mut spent = 0;
        lines.sort_by(|a, b| {
            spent += 1;
            self.compare(*a, *b)
        });
        let mut merged = Vec::with_capacity(self.lines.len() + lines.len());
        let mut from = 0;
        for line in lines {
            let at = from
                + self.lines[from..].partition_point(|other| {
                    spent += 1;
                    self.compare(*other, line).is_lt()
                });
            merged.extend_from_slice(&self.lines[from..at]);
            merged.push(line);
            from = at;
        }
        merged.extend_from_slice(&self.lines[from..]);
        self.lines = merged;
        self.spent.compared += spent;
    }

    /// Goes on making the order, for about so many rows.
    pub(super) fn go_on(&mut self, mut rows: usize) {
        while rows > 0 {
            let Some(mut rebuild) = self.rebuild.take() else {
                return;
            };
            let spent = if rebuild.next < self.store.end() {
                self.look_through(&mut rebuild, rows)
            } else if rebuild.merge.is_some() || rebuild.runs.len() > 1 {
                self.merge_on(&mut rebuild, rows)
            } else {
                return self.finish(rebuild);
            };
            rows = rows.saturating_sub(spent);
            self.rebuild = Some(rebuild);
        }
    }

    /// Makes the next run.
    fn look_through(&mut self, rebuild: &mut Rebuild, rows: usize) -> usize {
        let count = u32::try_from(rows.min(RUN)).unwrap_or(u32::MAX);
        let until = rebuild.next.saturating_add(count).min(self.store.end());
        let mut run = Vec::new();
        for place in rebuild.next..until {
            if self.store.get(place).is_some() {
                let group = self.group(place);
                if self.look_at(place) {
                    run.push(Line(place));
                }
                run.extend(group.and_then(|group| self.groups.head(group)));
            }
        }
        let mut spent = 0;
        run.sort_by(|a, b| {
            spent += 1;
            self.compare(*a, *b)
        });
        self.spent.compared += spent;
        if !run.is_empty() {
            rebuild.runs.push_back(run);
        }
        let looked = (until - rebuild.next) as usize;
        rebuild.next = until;
        looked.max(1)
    }

    /// Goes on merging two runs.
    fn merge_on(&mut self, rebuild: &mut Rebuild, rows: usize) -> usize {
        let Rebuild { runs, merge, .. } = rebuild;
        let merge = merge.get_or_insert_with(|| {
            let left = runs.pop_front().unwrap_or_default();
            let right = runs.pop_front().unwrap_or_default();
            Merge {
                out: Vec::with_capacity(left.len() + right.len()),
                left: left.into(),
                right: right.into(),
            }
        });
        let mut spent = 0;
        while spent < rows {
            let (Some(&left), Some(&right)) = (merge.left.front(), merge.right.front()) else {
                break;
            };
            let from = if self.compare(left, right).is_le() {
                &mut merge.left
            } else {
                &mut merge.right
            };
            merge.out.extend(from.pop_front());
            spent += 1;
        }
        self.spent.compared += spent as u64;
        if merge.left.is_empty() || merge.right.is_empty() {
            merge.out.extend(merge.left.drain(..));
            merge.out.extend(merge.right.drain(..));
            runs.push_back(std::mem::take(&mut merge.out));
            rebuild.merge = None;
        }
        spent.max(1)
    }

    /// Shows the order that is ready.
    fn finish(&mut self, mut rebuild: Rebuild) {
        self.lines = rebuild.runs.pop_front().unwrap_or_default();
        self.lines.shrink_to_fit();
        rebuild.late.sort_unstable();
        rebuild.late.dedup();
        if rebuild.late.is_empty() {
            self.relocate();
        } else {
            self.put_in(rebuild.late);
        }
    }

    /// The order of two lines; no two are equal.
    pub(super) fn compare(&self, a: Line, b: Line) -> Ordering {
        let slot = |line: Line| line.place().and_then(|place| self.store.get(place));
        let (left, right) = (slot(a), slot(b));
        if self.group_by.is_some() {
            let group = |line: Line, slot: Option<&Slot<T>>| {
                line.heads()
                    .or_else(|| slot.map(|slot| slot.group))
                    .unwrap_or_default()
            };
            let (one, other) = (group(a, left), group(b, right));
            let order = if one == other {
                b.heads().is_some().cmp(&a.heads().is_some())
            } else {
                self.groups.compare(one, other)
            };
            if order.is_ne() {
                return order;
            }
        }
        let by = match (left, right, self.sort) {
            (Some(left), Some(right), Some((column, reverse))) => {
                // Told at different moments: both counted on to the same one.
                let cell = |slot: &'_ Slot<T>| Tenths(u32::MAX).since(slot.told);
                let left_cell = count_on((column.cell)(&left.row), cell(left));
                let right_cell = count_on((column.cell)(&right.row), cell(right));
                compare(left_cell, right_cell, reverse)
            }
            _ => Ordering::Equal,
        };
        by.then_with(|| a.0.cmp(&b.0))
    }
}

/// Removes those of the lines at these indices that do not stay.
fn remove(lines: &mut Vec<Line>, mut at: Vec<usize>, stays: impl Fn(&Line) -> bool) {
    at.retain(|&at| !stays(&lines[at]));
    at.sort_unstable();
    at.dedup();
    let Some(&first) = at.first() else { return };
    let mut to = first;
    let ends = at.iter().skip(1).copied().chain([lines.len()]);
    for (gap, end) in at.iter().zip(ends) {
        lines.copy_within(gap + 1..end, to);
        to += end - gap - 1;
    }
    lines.truncate(to);
}
