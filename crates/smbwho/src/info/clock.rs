//! The server's clock against ours: NetrRemoteTOD ([MS-SRVS] 3.1.4.21).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use smbwho_msrpc::srvsvc::time::TimeOfDayInfo;

/// What a server's clock said, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Clock {
    /// The server's time, taken to be that of the middle of the round trip.
    #[doc(alias = "tod_elapsedt")]
    pub time: SystemTime,
    /// How far that is from our own clock.
    pub skew: ClockSkew,
    /// Minutes by which the server's local time is ahead of UTC: 60 in Berlin
    /// in winter.
    #[doc(alias = "tod_timezone")]
    pub utc_offset_minutes: Option<i32>,
    /// From the request to the reply: one call over an open pipe.
    pub round_trip: Duration,
}

/// A difference between two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockSkew {
    /// Milliseconds by which the server's clock is ahead of ours; negative
    /// when it is behind.
    pub millis: i64,
    /// By how much that may be wrong: half the round trip, and half the step
    /// in which the server tells its time.
    pub uncertainty: Duration,
}

impl ClockSkew {
    /// The skew in whole seconds, to the nearest; 0 where the clocks agree as
    /// far as this measurement can tell.
    pub fn secs(self) -> i64 {
        if self.is_within_uncertainty() {
            return 0;
        }
        let half = if self.millis < 0 { -500 } else { 500 };
        self.millis.saturating_add(half) / 1000
    }

    /// Whether the clocks agree as far as this measurement can tell.
    pub fn is_within_uncertainty(self) -> bool {
        u128::from(self.millis.unsigned_abs()) <= self.uncertainty.as_millis()
    }
}

/// Half a second: servers that leave out hundredths (Samba) cut the rest off.
const HALF_SECOND_MILLIS: u64 = 500;
/// Half of a hundredth of a second.
const HALF_HUNDREDTH_MILLIS: u64 = 5;
/// No place on Earth is further from UTC.
const MAX_OFFSET_MINUTES: i32 = 24 * 60;
/// `tod_timezone` of a server that does not tell.
const NOT_TOLD: i32 = -1;

impl Clock {
    /// What a reply says, asked for at `sent`, that came after `round_trip`.
    pub(super) fn read(tod: &TimeOfDayInfo, sent: SystemTime, round_trip: Duration) -> Self {
        let (hundredths, half_step) = match tod.hunds {
            1..=99 => (u64::from(tod.hunds) * 10, HALF_HUNDREDTH_MILLIS),
            _ => (0, HALF_SECOND_MILLIS),
        };
        let millis = u64::from(tod.elapsedt) * 1000 + hundredths + half_step;
        let time = UNIX_EPOCH + Duration::from_millis(millis);
        let ours = since_1970(sent).saturating_add(signed_millis(round_trip / 2));
        let zone = tod.timezone;
        let known = zone != NOT_TOLD && zone.unsigned_abs() <= MAX_OFFSET_MINUTES.unsigned_abs();
        Self {
            time,
            skew: ClockSkew {
                millis: since_1970(time).saturating_sub(ours),
                uncertainty: round_trip / 2 + Duration::from_millis(half_step),
            },
            utc_offset_minutes: known.then(|| -zone),
            round_trip,
        }
    }
}

/// Milliseconds since 1970; a clock before that is negative.
fn since_1970(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => signed_millis(after),
        Err(before) => -signed_millis(before.duration()),
    }
}

fn signed_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u32 = 1_800_000_000;

    fn tod(elapsedt: u32, hunds: u32, timezone: i32) -> TimeOfDayInfo {
        TimeOfDayInfo {
            elapsedt,
            msecs: 0,
            hours: 0,
            mins: 0,
            secs: 0,
            hunds,
            timezone,
            tinterval: 310,
            day: 0,
            month: 0,
            year: 0,
            weekday: 0,
        }
    }

    fn at(millis: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW.into()) + Duration::from_millis(millis)
    }

    #[test]
    fn half_the_round_trip_is_allowed_for() {
        // Asked at .0, answered at 4.0: the server read its clock at about 2.0.
        let clock = Clock::read(&tod(NOW + 2, 50, 0), at(0), Duration::from_secs(4));
        assert_eq!(clock.skew.millis, 505);
        assert_eq!(clock.skew.uncertainty, Duration::from_millis(2005));
        assert!(clock.skew.is_within_uncertainty());
    }

    #[test]
    fn a_server_without_hundredths_is_not_behind() {
        for millis in [0, 300, 499, 700, 999] {
            let clock = Clock::read(&tod(NOW, 0, 0), at(millis), Duration::ZERO);
            assert_eq!(clock.skew.secs(), 0, "at {millis} ms");
            assert!(clock.skew.is_within_uncertainty());
        }
    }

    #[test]
    fn ahead_is_positive_and_behind_negative() {
        let trip = Duration::from_millis(2);
        assert_eq!(
            Clock::read(&tod(NOW + 300, 10, 0), at(100), trip)
                .skew
                .secs(),
            300
        );
        let behind = Clock::read(&tod(NOW - 90, 10, 0), at(100), trip).skew;
        assert_eq!(behind.secs(), -90);
        assert!(!behind.is_within_uncertainty());
        let far = Clock::read(&tod(0, 0, 0), at(0), trip);
        assert_eq!(
            far.skew.secs(),
            -i64::from(NOW),
            "a clock that was never set"
        );
    }

    #[test]
    fn a_zone_may_be_untold_or_nonsense() {
        let zone = |minutes| Clock::read(&tod(NOW, 0, minutes), at(0), Duration::ZERO);
        assert_eq!(zone(-60).utc_offset_minutes, Some(60));
        assert_eq!(zone(0).utc_offset_minutes, Some(0));
        for unknown in [-1, i32::MIN, i32::MAX, 5000] {
            assert_eq!(zone(unknown).utc_offset_minutes, None, "{unknown}");
        }
    }
}
