//! How many orders go together, and for how long a look is good.

use std::time::Duration;

/// Orders on one look at most. Others who close things have their turn after it.
pub(super) const BATCH: usize = 128;
/// Orders in flight together at most.
const IN_FLIGHT: usize = 32;
/// No order is sent later than this after the answer that showed what it ends.
pub(super) const FRESH_FOR: Duration = Duration::from_secs(3);

/// What was seen of the time that orders take.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// How long one takes at most, should the server carry out one after the
    /// other. `None` until one was carried out.
    each: Option<Duration>,
}

impl Pace {
    /// How many may go together now, on a look of this age: so few that the
    /// last is carried out while the look is fresh, even by a server that
    /// carries out one after the other. The first goes alone: a server that
    /// refuses it refuses all. 0 when a new look is due.
    pub(super) fn next(&self, age: Duration) -> usize {
        let Some(left) = FRESH_FOR.checked_sub(age).filter(|left| !left.is_zero()) else {
            return 0;
        };
        let Some(each) = self.each else { return 1 };
        let fit = left.as_nanos() / each.as_nanos().max(1);
        usize::try_from(fit).map_or(IN_FLIGHT, |fit| fit.clamp(1, IN_FLIGHT))
    }

    /// Takes note of how long so many took together.
    pub(super) fn record(&mut self, count: usize, took: Duration) {
        if let Some(count) = u32::try_from(count).ok().filter(|count| *count > 0) {
            self.each = Some(took / count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    fn after(count: usize, millis: u64) -> Pace {
        let mut pace = Pace::default();
        pace.record(count, Duration::from_millis(millis));
        pace
    }

    #[test]
    fn the_first_goes_alone() {
        assert_eq!(Pace::default().next(AT_ONCE), 1);
    }

    #[test]
    fn as_many_go_as_are_carried_out_while_the_look_is_fresh() {
        assert_eq!(after(1, 1).next(AT_ONCE), IN_FLIGHT);
        assert_eq!(after(1, 0).next(AT_ONCE), IN_FLIGHT);
        // A line of 200 ms, of which nobody knows yet what it carries at a time.
        assert_eq!(after(1, 200).next(AT_ONCE), 15);
        assert_eq!(after(15, 200).next(AT_ONCE), IN_FLIGHT);
        // One after the other.
        assert_eq!(after(15, 3000).next(AT_ONCE), 15);
        assert_eq!(after(1, 1500).next(AT_ONCE), 2);
        // However slow it is, it goes on.
        assert_eq!(after(1, 60_000).next(AT_ONCE), 1);
        assert_eq!(after(1, 500).next(Duration::from_secs(2)), 2);
    }

    #[test]
    fn a_look_grows_old() {
        assert_eq!(after(1, 1).next(FRESH_FOR), 0);
        assert_eq!(Pace::default().next(FRESH_FOR + FRESH_FOR), 0);
    }
}
