//! How many sign-ins may be in flight.

/// What has come of the sign-ins of one account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    allowed: u32,
    in_flight: u32,
    refused: u32,
    /// Unanswered since a server last took the account.
    unanswered: u32,
    /// Unanswered ever.
    unanswered_ever: u32,
    /// Accepted since one was last refused or left unanswered.
    accepted: u32,
    /// Accepted ever.
    accepted_ever: u32,
}

/// What came of one sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The server took the account.
    Accepted,
    /// It refused the account as such.
    Refused,
    /// The password went out, and nobody said what came of it.
    Unanswered,
    /// It says nothing about the password, or the password never went out.
    Nothing,
}

impl Count {
    pub(super) fn new(allowed: u32) -> Self {
        Self {
            allowed,
            in_flight: 0,
            refused: 0,
            unanswered: 0,
            unanswered_ever: 0,
            accepted: 0,
            accepted_ever: 0,
        }
    }

    pub(super) fn refused(self) -> u32 {
        self.refused
    }

    pub(super) fn unanswered(self) -> u32 {
        self.unanswered
    }

    /// How many may be in flight.
    ///
    /// The first bound makes it start slowly, anew after every refusal. The
    /// second holds over the whole run: where servers that take the account and
    /// servers that never answer take turns, each of the former would otherwise
    /// forgive several of the latter.
    fn window(self) -> u32 {
        if self.refused >= self.allowed {
            return 0;
        }
        let now = (self.allowed + self.accepted).saturating_sub(self.refused + self.unanswered);
        let ever =
            (self.allowed + self.accepted_ever).saturating_sub(self.refused + self.unanswered_ever);
        now.min(ever)
    }

    pub(super) fn has_room(self) -> bool {
        self.in_flight < self.window()
    }

    /// Whether there will be no room any more. While sign-ins are in flight that
    /// may still be accepted, those left unanswered may be forgiven.
    pub(super) fn is_closed(self) -> bool {
        self.refused >= self.allowed || (self.in_flight == 0 && self.window() == 0)
    }

    pub(super) fn begin(&mut self) {
        self.in_flight += 1;
    }

    pub(super) fn end(&mut self, outcome: Outcome) {
        self.in_flight = self.in_flight.saturating_sub(1);
        match outcome {
            Outcome::Accepted => {
                self.accepted += 1;
                self.accepted_ever += 1;
                self.unanswered = 0;
            }
            Outcome::Refused => {
                self.refused += 1;
                self.accepted = 0;
            }
            Outcome::Unanswered => {
                self.unanswered += 1;
                self.unanswered_ever += 1;
                self.accepted = 0;
            }
            Outcome::Nothing => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// What a run came to.
    #[derive(Debug, Default)]
    struct Run {
        accepted: u32,
        wrong: u32,
        not_asked: u32,
        /// Round trips, where each server answers in one.
        rounds: u32,
    }

    /// Asks servers that answer like this, `jobs` at a time; those in flight
    /// together answer in one round, in the order of `shuffle`.
    fn run(servers: &[Outcome], jobs: usize, shuffle: impl Fn(&mut Vec<Outcome>)) -> Run {
        let mut count = Count::new(3);
        let mut waiting: VecDeque<Outcome> = servers.iter().copied().collect();
        let mut run = Run::default();
        while !waiting.is_empty() {
            if count.is_closed() {
                run.not_asked = u32::try_from(waiting.len()).expect("few");
                break;
            }
            let mut flight = Vec::new();
            while flight.len() < jobs && count.has_room() {
                let Some(server) = waiting.pop_front() else {
                    break;
                };
                count.begin();
                flight.push(server);
            }
            assert!(!flight.is_empty(), "nobody waits for ever: {count:?}");
            shuffle(&mut flight);
            for outcome in flight {
                count.end(outcome);
                match outcome {
                    Outcome::Accepted => run.accepted += 1,
                    Outcome::Refused | Outcome::Unanswered => run.wrong += 1,
                    Outcome::Nothing => {}
                }
                assert!(run.wrong <= 3 + run.accepted, "{run:?}");
            }
            run.rounds += 1;
        }
        run
    }

    /// By chance, but the same each time.
    fn chance(seed: u64) -> impl FnMut(u64) -> u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        }
    }

    #[test]
    fn three_wrong_ones_at_most_and_one_more_for_each_that_was_accepted() {
        use Outcome::{Accepted, Refused, Unanswered};
        for wrong in [Refused, Unanswered] {
            let all = run(&[wrong; 120], 64, |_| {});
            assert_eq!((all.wrong, all.not_asked), (3, 117), "{all:?}");
            for taking in 1..70 {
                let servers = [vec![Accepted; taking], vec![wrong; 120]].concat();
                let some = run(&servers, 64, |_| {});
                let bound = 3 + some.accepted;
                assert!(some.wrong <= bound, "{taking}: {some:?}");
                assert!(some.not_asked > 0, "{taking}: {some:?}");
            }
        }
        for seed in 1..500 {
            let mut chance = chance(seed);
            let share = 1 + chance(9);
            let servers: Vec<Outcome> = (0..300)
                .map(|_| match chance(10) {
                    n if n < share => Accepted,
                    n if n % 2 == 0 => Refused,
                    _ => Unanswered,
                })
                .collect();
            // The bound is looked at after every answer.
            let jobs = usize::try_from(1 + chance(64)).expect("few");
            run(&servers, jobs, |flight| flight.sort_by_key(|o| *o as u8));
            run(&servers, jobs, |flight| {
                flight.sort_by_key(|o| 9 - *o as u8)
            });
        }
    }

    #[test]
    fn an_honest_fleet_is_not_made_to_queue() {
        use Outcome::{Accepted, Nothing, Unanswered};
        // Without a guard a thousand servers are sixteen rounds of sixty-four.
        let honest = run(&[Accepted; 1000], 64, |_| {});
        assert_eq!((honest.accepted, honest.not_asked), (1000, 0));
        assert!(honest.rounds <= 16 + 5, "{honest:?}");
        // One in fifty stays silent, one in ten never gets to see the password.
        let servers: Vec<Outcome> = (0..1000)
            .map(|n| match n {
                n if n % 50 == 7 => Unanswered,
                n if n % 10 == 3 => Nothing,
                _ => Accepted,
            })
            .collect();
        let disturbed = run(&servers, 64, |_| {});
        assert_eq!(disturbed.not_asked, 0, "{disturbed:?}");
        assert!(disturbed.rounds <= 50, "{disturbed:?}");
    }

    #[test]
    fn those_left_unanswered_are_forgiven_when_a_server_takes_the_account() {
        let mut count = Count::new(3);
        (0..3).for_each(|_| count.begin());
        count.end(Outcome::Unanswered);
        count.end(Outcome::Unanswered);
        assert!(!count.has_room() && !count.is_closed(), "{count:?}");
        count.end(Outcome::Accepted);
        assert_eq!((count.unanswered(), count.window()), (0, 2), "{count:?}");
        // Refusals are not.
        count.begin();
        count.end(Outcome::Refused);
        count.begin();
        count.end(Outcome::Accepted);
        assert_eq!((count.refused(), count.window()), (1, 2), "{count:?}");
    }

    #[test]
    fn it_closes_for_good_only_when_nobody_is_in_flight() {
        let mut count = Count::new(1);
        count.begin();
        count.end(Outcome::Unanswered);
        assert!(count.is_closed() && !count.has_room(), "{count:?}");
        let mut count = Count::new(2);
        count.begin();
        count.begin();
        count.end(Outcome::Refused);
        count.end(Outcome::Refused);
        count.begin();
        assert!(count.is_closed(), "no more refusals are allowed: {count:?}");
    }
}
