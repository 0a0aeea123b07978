//! The memory that lists of many servers take together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bounds what lists hold together of which servers say that more follows, and those that were
/// ended for it.
///
/// One such list may take what a single list may. Where several take more together than the
/// budget, each that has more than its part of it ends with what came, so that many servers that
/// never end take no more than one. A list that came to its end counts no more.
///
/// Whoever keeps all rows of all servers, as a table does, has them [kept](Self::kept) within a
/// budget: then lists count after their end as well.
///
/// Clones share the budget.
#[derive(Debug, Clone)]
pub struct ListBudget {
    lists: Arc<Mutex<HashMap<String, Held>>>,
    bytes: usize,
    keeps: bool,
}

/// Bytes of one list.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    now: usize,
    /// Of the same list when it was asked for before: kept until this time it has come to its end.
    before: usize,
}

/// What each list may hold where lists are kept, in bytes: some five hundred sessions.
const FOR_EACH: usize = 128 << 10;

impl ListBudget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self {
            lists: Arc::default(),
            bytes,
            keeps: false,
        }
    }

    /// A budget for rows that are all kept, of several servers. One list may take half of it, and
    /// all together no more than there is; but each has 128 KiB in any case.
    #[must_use]
    pub fn kept(bytes: usize) -> Self {
        Self {
            keeps: true,
            ..Self::new(bytes)
        }
    }

    /// Whether lists are kept after their end.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.keeps
    }

    /// To a list with `held` bytes so many more have come: how many of them it may hold. All where
    /// lists are not kept.
    #[must_use]
    pub fn room(&self, name: &str, held: usize, more: usize) -> usize {
        if !self.keeps {
            return more;
        }
        let mut lists = self.lists();
        let own = lists.get(name).copied().unwrap_or_default();
        // What it had before it may have again.
        let before = match held {
            0 => own.now.max(own.before),
            _ => own.before,
        };
        let others = total(&lists).saturating_sub(own.now.max(own.before));
        let free = self.bytes.saturating_sub(others).min(self.bytes / 2);
        let wanted = held.saturating_add(more);
        let now = wanted.min(free.max(FOR_EACH).max(held).max(before));
        let before = match now < wanted {
            // It is at its end for us.
            true => 0,
            false => before,
        };
        lists.insert(name.to_owned(), Held { now, before });
        now - held
    }

    /// A list has so many bytes and is not at its end; whether it may go on. `name` tells it from
    /// others under way: what was held under that name before is held no more.
    #[must_use]
    pub fn may_go_on(&self, name: &str, bytes: usize) -> bool {
        let mut lists = self.lists();
        match lists.get_mut(name) {
            Some(held) => held.now = bytes,
            None => {
                let held = Held {
                    now: bytes,
                    before: 0,
                };
                lists.insert(name.to_owned(), held);
            }
        }
        // What is kept was cut to what it may be.
        self.keeps
            || total(&lists) <= self.bytes
            || lists.len() == 1
            || bytes <= self.bytes / lists.len()
    }

    /// The list of this name has come to its end.
    pub fn ended(&self, name: &str) {
        let mut lists = self.lists();
        match lists.get_mut(name) {
            Some(held) if self.keeps => held.before = 0,
            _ => drop(lists.remove(name)),
        }
    }

    fn lists(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn total(lists: &HashMap<String, Held>) -> usize {
    let held = lists.values().map(|held| held.now.max(held.before));
    held.fold(0, usize::saturating_add)
}

/// 48 MiB.
impl Default for ListBudget {
    fn default() -> Self {
        Self::new(48 << 20)
    }
}

/// Budgets of the same size are alike, whoever shares them.
impl PartialEq for ListBudget {
    fn eq(&self, other: &Self) -> bool {
        (self.bytes, self.keeps) == (other.bytes, other.keeps)
    }
}

impl Eq for ListBudget {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_list_may_be_long_where_others_are_not() {
        let budget = ListBudget::new(100);
        assert!(budget.may_go_on("a", 90) && budget.may_go_on("b", 10));
        // More than all together may have: the long one ends, the short one goes on.
        assert!(!budget.may_go_on("a", 95) && budget.may_go_on("b", 20));
        assert!(
            !budget.may_go_on("b", 60),
            "what was ended still takes its part"
        );
        budget.ended("a");
        assert!(budget.may_go_on("b", 60), "what came to its end does not");
        assert!(
            budget.may_go_on("b", 1_000),
            "alone it is bounded elsewhere"
        );
    }

    #[test]
    fn many_that_never_end_take_no_more_than_one() {
        let budget = ListBudget::new(6_400);
        let mut held = [0; 64];
        let mut going = [true; 64];
        while going.iter().any(|going| *going) {
            for list in 0..64 {
                if going[list] {
                    held[list] += 10;
                    going[list] = budget.may_go_on(&list.to_string(), held[list]);
                }
            }
        }
        let all: usize = held.iter().sum();
        assert!((6_400..=6_400 + 64 * 10).contains(&all), "{all}");
    }

    #[test]
    fn lists_that_are_kept_take_no_more_than_there_is_and_the_least_for_each() {
        let budget = ListBudget::kept(16 * FOR_EACH);
        let held: Vec<usize> = (0..64)
            .map(|list| {
                let name = list.to_string();
                let page = 10 * FOR_EACH;
                let held = budget.room(&name, 0, page);
                let held = held + budget.room(&name, held, page);
                budget.ended(&name);
                held
            })
            .collect();
        assert_eq!(held[..2], [8 * FOR_EACH, 8 * FOR_EACH], "half for each");
        assert!(held[2..].iter().all(|held| *held == FOR_EACH), "{held:?}");
        // Asked for again page by page, a list has what it had before.
        let first = budget.room("0", 0, FOR_EACH);
        assert_eq!(first, FOR_EACH);
        assert_eq!(budget.room("5", 0, 10 * FOR_EACH), FOR_EACH);
        assert_eq!(budget.room("0", first, 10 * FOR_EACH), 7 * FOR_EACH);
        // And gives up what it has no more.
        assert_eq!(budget.room("1", 0, FOR_EACH), FOR_EACH);
        budget.ended("1");
        assert_eq!(budget.room("5", 0, 10 * FOR_EACH), FOR_EACH);
    }
}
