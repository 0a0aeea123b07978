//! How long to wait before a server is asked again.

use std::time::Duration;

/// The first pause, on average.
const FIRST: Duration = Duration::from_millis(400);
/// No pause is longer, on average.
const LONGEST: Duration = Duration::from_secs(10);

/// The pause after so many pauses: twice as long each time, and by chance
/// between half and one and a half of that, so that servers which failed
/// together are not asked together again.
pub(super) fn pause(before: u32) -> Duration {
    // Without chance, the middle.
    let chance = getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX));
    let mean = FIRST.saturating_mul(1_u32.checked_shl(before).unwrap_or(u32::MAX));
    mean.min(LONGEST).mul_f64(0.5 + chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_differ() {
        for (before, mean) in [(0, FIRST), (1, FIRST * 2), (9, LONGEST), (99, LONGEST)] {
            let pauses: Vec<Duration> = (0..100).map(|_| pause(before)).collect();
            assert!(
                pauses
                    .iter()
                    .all(|pause| (mean / 2..=mean * 3 / 2).contains(pause)),
                "{before}: {pauses:?}"
            );
            let first = pauses[0];
            assert!(pauses.iter().any(|pause| *pause != first), "by chance");
        }
    }
}
