//! The groups that rows stand in, each under its heading.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::Line;
use crate::rows::{Cell, compare};

/// The groups there are.
#[derive(Default)]
pub(super) struct Groups {
    pub(super) groups: Vec<Group>,
    by_name: HashMap<String, u32>,
}

pub(super) struct Group {
    /// As it is shown.
    name: String,
    pub(super) rows: usize,
    pub(super) folded: bool,
    /// Whether its heading is in the order.
    pub(super) headed: bool,
}

/// So many groups are not given back to the allocator while a key waits.
const MANY: usize = 1024;

impl Groups {
    /// No groups yet, with room for as many as there may be: growing would take
    /// a look at all there are.
    pub(super) fn with_room(rows: usize) -> Self {
        Self {
            groups: Vec::new(),
            by_name: HashMap::with_capacity(rows),
        }
    }

    /// Forgets them, elsewhere where they are many.
    pub(super) fn discard(self) {
        if self.groups.len() > MANY {
            // Where there is no other thread they are dropped here.
            let _ = std::thread::Builder::new().spawn(move || drop(self));
        }
    }

    pub(super) fn number(&mut self, name: &str) -> u32 {
        let key = name.to_lowercase();
        if let Some(number) = self.by_name.get(&key) {
            return *number;
        }
        let number = u32::try_from(self.groups.len()).unwrap_or(Line::GROUP - 1);
        self.groups.push(Group {
            name: name.to_owned(),
            rows: 0,
            folded: false,
            headed: false,
        });
        self.by_name.insert(key, number);
        number
    }

    /// The heading to be put in for a group that has rows and none yet.
    pub(super) fn head(&mut self, number: u32) -> Option<Line> {
        let group = self.groups.get_mut(number as usize)?;
        let wanted = group.rows > 0 && !group.headed;
        group.headed |= wanted;
        wanted.then(|| Line::group(number))
    }

    pub(super) fn get(&self, number: u32) -> Option<&Group> {
        self.groups.get(number as usize)
    }

    pub(super) fn fold(&mut self, number: u32) {
        if let Some(group) = self.groups.get_mut(number as usize) {
            group.folded = !group.folded;
        }
    }

    /// Name, rows, and whether they are hidden.
    pub(super) fn seen(&self, number: u32) -> Option<(&str, usize, bool)> {
        let group = self.get(number)?;
        Some((&group.name, group.rows, group.folded))
    }

    pub(super) fn compare(&self, a: u32, b: u32) -> Ordering {
        let name = |number| self.get(number).map_or("", |group| &group.name);
        compare(Cell::Text(name(a)), Cell::Text(name(b)), false).then(a.cmp(&b))
    }
}
