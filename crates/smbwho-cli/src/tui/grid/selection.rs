//! Which rows are selected.

use super::Line;
use super::table::Table;
use crate::live::{Live, Mark};

impl<T: Live> Table<T> {
    /// Whether a row has not ended.
    pub(super) fn lives(&self, place: u32) -> bool {
        let slot = self.store.get(place);
        slot.is_some_and(|slot| slot.mark != Mark::Ended)
    }

    /// The selected rows, or the one under the cursor, in order, without those
    /// that have ended.
    pub(super) fn chosen(&self) -> Vec<u32> {
        let mut places = self.store.selection();
        if self.store.selected() == 0 {
            places.extend(self.current());
        }
        places.retain(|place| self.lives(*place));
        places.sort_by(|&a, &b| self.compare(Line(a), Line(b)));
        places
    }

    /// Goes on selecting what is shown, for so many rows.
    pub(super) fn select_on(&mut self, rows: usize) {
        let Some(next) = self.selecting else {
            return;
        };
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        let until = next.saturating_add(rows).min(self.store.end());
        for place in next..until {
            let shown = self.store.get(place).is_some_and(|slot| {
                slot.placed == self.order && slot.mark != Mark::Ended && !self.is_folded(slot)
            });
            if shown {
                self.store.select(place, true);
            }
        }
        self.selecting = (until < self.store.end()).then_some(until);
    }
}
