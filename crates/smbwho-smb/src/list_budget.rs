//! The memory that lists take which are not known to end, over many servers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Bounds what lists hold together of which servers say that more follows, and those that were
/// ended for it.
///
/// One such list may take what a single list may. Where several take more together than the
/// budget, each that has more than its part of it ends with what came, so that many servers that
/// never end take no more than one. A list that came to its end counts no more.
///
/// Clones share the budget.
#[derive(Debug, Clone)]
pub struct ListBudget {
    lists: Arc<Mutex<HashMap<String, usize>>>,
    bytes: usize,
}

impl ListBudget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self {
            lists: Arc::default(),
            bytes,
        }
    }

    /// A list has so many bytes and is not at its end; whether it may go on. `name` tells it from
    /// others under way: what was held under that name before is held no more.
    #[must_use]
    pub fn may_go_on(&self, name: &str, bytes: usize) -> bool {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        match lists.get_mut(name) {
            Some(held) => *held = bytes,
            None => {
                lists.insert(name.to_owned(), bytes);
            }
        }
        let all = lists
            .values()
            .fold(0, |all: usize, held| all.saturating_add(*held));
        all <= self.bytes || lists.len() == 1 || bytes <= self.bytes / lists.len()
    }

    /// The list of this name has come to its end.
    pub fn ended(&self, name: &str) {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.remove(name);
    }
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
        self.bytes == other.bytes
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
}
