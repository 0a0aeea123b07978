//! What was seen of a server before, held against what is there now.
//!
//! Sessions of one user and client differ by nothing but their age, and that
//! comes in whole seconds. A session is still the same when its age grew by as
//! much as passed: one that began meanwhile is too young, one that was not
//! there before too old.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How far an age may be from what it must be by now: both are whole seconds,
/// each cut off by up to one, and the server's clock has a pace of its own.
const SLACK: Duration = Duration::from_millis(1500);
/// Clocks drift apart by no more than one part in so many.
const DRIFT: u32 = 1000;

/// The time within which a server made its answer: after it was asked, before
/// the answer was here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    asked: Instant,
    answered: Instant,
}

impl Window {
    /// From then until now.
    pub(crate) fn since(asked: Instant) -> Self {
        Self {
            asked,
            answered: Instant::now(),
        }
    }

    /// Some time until now, known to that.
    pub(crate) fn within(time: Duration) -> Self {
        let answered = Instant::now();
        Self {
            asked: answered.checked_sub(time).unwrap_or(answered),
            answered,
        }
    }

    /// How long ago the answer was here.
    pub(crate) fn ago(self) -> Duration {
        self.answered.elapsed()
    }

    /// How long it took.
    pub(crate) fn width(self) -> Duration {
        self.answered.saturating_duration_since(self.asked)
    }

    /// How much passed from this answer to a later one.
    pub(crate) fn until(self, later: Self) -> Passed {
        Passed {
            least: later.asked.saturating_duration_since(self.answered),
            most: later.answered.saturating_duration_since(self.asked),
            slack: SLACK,
        }
    }
}

/// How much time passed between two answers, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passed {
    least: Duration,
    most: Duration,
    /// How far an age may be beyond that.
    slack: Duration,
}

impl Passed {
    /// The same, seen less sharply.
    pub(crate) fn give_or_take(self, by: Duration) -> Self {
        Self {
            slack: self.slack.saturating_add(by),
            ..self
        }
    }

    /// How an age of then, grown by what passed, compares with one of now:
    /// equal where both may be of the same thing.
    pub(crate) fn compare(self, then: Option<Duration>, now: Option<Duration>) -> Ordering {
        let (Some(then), Some(now)) = (then, now) else {
            return then.cmp(&now);
        };
        let slack = self.slack.saturating_add(self.most / DRIFT);
        if then.saturating_add(self.least) > now.saturating_add(slack) {
            Ordering::Greater
        } else if then.saturating_add(self.most).saturating_add(slack) < now {
            Ordering::Less
        } else {
            Ordering::Equal
        }
    }
}

/// Which rows of before are which of now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs {
    /// For each row of before, the one of now that it is.
    pub(crate) found: Vec<Option<usize>>,
    /// Rows of now that were not there before.
    pub(crate) new: Vec<usize>,
}

impl Pairs {
    /// Pairs rows. `order` puts rows of one time in order; `compare` holds one
    /// of before against one of now, in the same order.
    pub(crate) fn of<R>(
        before: &[R],
        now: &[R],
        order: impl Fn(&R, &R) -> Ordering,
        compare: impl Fn(&R, &R) -> Ordering,
    ) -> Self {
        let mut pairs = Self::none_of(before);
        let places = [(0..before.len()).collect(), (0..now.len()).collect()];
        pairs.add(before, now, places, &order, &compare);
        pairs
    }

    /// The same where only rows of one key may be one.
    pub(crate) fn by_key<R, K: Eq + Hash>(
        before: &[R],
        now: &[R],
        key: impl Fn(&R) -> K,
        order: impl Fn(&R, &R) -> Ordering,
        compare: impl Fn(&R, &R) -> Ordering,
    ) -> Self {
        let mut groups: HashMap<K, [Vec<usize>; 2]> = HashMap::new();
        for (time, rows) in [before, now].into_iter().enumerate() {
            for (place, row) in rows.iter().enumerate() {
                groups.entry(key(row)).or_default()[time].push(place);
            }
        }
        let mut pairs = Self::none_of(before);
        for places in groups.into_values() {
            pairs.add(before, now, places, &order, &compare);
        }
        pairs.new.sort_unstable();
        pairs
    }

    fn none_of<R>(before: &[R]) -> Self {
        Self {
            found: vec![None; before.len()],
            new: Vec::new(),
        }
    }

    /// Pairs the rows at these places, of before and of now.
    fn add<R>(
        &mut self,
        before: &[R],
        now: &[R],
        [mut old, mut new]: [Vec<usize>; 2],
        order: &impl Fn(&R, &R) -> Ordering,
        compare: &impl Fn(&R, &R) -> Ordering,
    ) {
        old.sort_by(|&a, &b| order(&before[a], &before[b]));
        new.sort_by(|&a, &b| order(&now[a], &now[b]));
        let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
        while let (Some(&then), Some(&is)) = (old.peek(), new.peek()) {
            match compare(&before[then], &now[is]) {
                Ordering::Equal => {
                    self.found[then] = Some(is);
                    old.next();
                    new.next();
                }
                Ordering::Less => drop(old.next()),
                Ordering::Greater => self.new.extend(new.next()),
            }
        }
        self.new.extend(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn passed(least: u64, most: u64) -> Passed {
        Passed {
            least: secs(least),
            most: secs(most),
            slack: SLACK,
        }
    }

    fn pairs(before: &[u64], now: &[u64], passed: Passed) -> Pairs {
        let compare = |then: &u64, now: &u64| passed.compare(Some(secs(*then)), Some(secs(*now)));
        Pairs::of(before, now, u64::cmp, compare)
    }

    #[test]
    fn an_age_grows_by_what_passed() {
        let compare = |then, now| passed(8, 8).compare(Some(secs(then)), Some(secs(now)));
        assert_eq!(compare(5, 13), Ordering::Equal);
        assert_eq!(compare(5, 12), Ordering::Equal);
        assert_eq!(compare(5, 14), Ordering::Equal);
        assert_eq!(compare(5, 6), Ordering::Greater, "it began meanwhile");
        assert_eq!(compare(5, 11), Ordering::Greater);
        assert_eq!(compare(5, 15), Ordering::Less, "it was there before");
        // A server that took its time may have looked at any moment of it.
        let slow = passed(0, 10);
        assert_eq!(slow.compare(Some(secs(5)), Some(secs(15))), Ordering::Equal);
        assert_eq!(slow.compare(Some(secs(5)), Some(secs(4))), Ordering::Equal);
        assert_eq!(
            slow.compare(Some(secs(5)), Some(secs(3))),
            Ordering::Greater
        );
        // Clocks drift.
        let hour = passed(3600, 3600);
        assert_eq!(
            hour.compare(Some(secs(5)), Some(secs(3609))),
            Ordering::Equal
        );
        assert_eq!(hour.compare(None, None), Ordering::Equal);
        assert_ne!(hour.compare(None, Some(secs(1))), Ordering::Equal);
    }

    #[test]
    fn ages_that_wrap_nothing() {
        let all = passed(u64::MAX, u64::MAX);
        assert_eq!(
            all.compare(Some(secs(u64::MAX)), Some(secs(0))),
            Ordering::Greater
        );
        assert_eq!(
            passed(0, 0).compare(Some(secs(0)), Some(secs(u64::MAX))),
            Ordering::Less
        );
    }

    #[test]
    fn each_row_is_one_row() {
        let now = passed(10, 10);
        assert_eq!(
            pairs(&[100, 5, 50], &[15, 110], now),
            Pairs {
                found: vec![Some(1), Some(0), None],
                new: vec![],
            }
        );
        assert_eq!(
            pairs(&[100], &[110, 110], now),
            Pairs {
                found: vec![Some(0)],
                new: vec![1],
            }
        );
        assert_eq!(
            pairs(&[100], &[3], now),
            Pairs {
                found: vec![None],
                new: vec![0],
            }
        );
        assert_eq!(pairs(&[1], &[], now).found, [None]);
    }

    #[test]
    fn only_rows_of_one_key_are_one_row() {
        let now = passed(10, 10);
        let before = [("a", 100), ("b", 50), ("b", 100), ("c", 1)];
        let after = [("b", 110), ("a", 60), ("b", 5), ("d", 11)];
        let order = |one: &(&str, u64), other: &(&str, u64)| one.1.cmp(&other.1);
        let compare = |then: &(&str, u64), is: &(&str, u64)| {
            now.compare(Some(secs(then.1)), Some(secs(is.1)))
        };
        let pairs = Pairs::by_key(&before, &after, |row| row.0, order, compare);
        assert_eq!(pairs.found, [None, None, Some(0), None]);
        assert_eq!(pairs.new, [1, 2, 3]);
    }
}
