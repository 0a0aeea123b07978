//! What is to end, before anybody agreed to it.

use std::collections::HashMap;

use super::{Done, Ending};
use crate::commands::consent::Plan;
use crate::rows::Outcome;
use crate::seen::Window;

/// What the first look brought: the orders to give, each with the rows that it
/// ends, and the rows left alone with the reason.
pub(crate) struct Chosen<R> {
    pub(crate) orders: Vec<Vec<R>>,
    pub(crate) skipped: Vec<(R, String)>,
}

/// Why rows that were chosen are left alone.
pub(crate) struct Reasons {
    /// For what is our own.
    pub(crate) own: &'static str,
    /// For what cannot be ended without something not chosen.
    pub(crate) mixed: &'static str,
    /// For what the order cannot name.
    pub(crate) nameless: &'static str,
}

/// Makes orders of the rows that are chosen.
pub(crate) fn choose<E: Ending>(
    all: &[E::Row],
    chosen: &[bool],
    own: &[bool],
    named: impl Fn(&E::Row) -> bool,
    reasons: &Reasons,
) -> Chosen<E::Row> {
    let mut result = Chosen {
        orders: Vec::new(),
        skipped: Vec::new(),
    };
    for group in groups::<E>(all) {
        let (wanted, others): (Vec<usize>, Vec<usize>) =
            group.iter().partition(|&&member| chosen[member]);
        if wanted.is_empty() {
            continue;
        }
        let why = if wanted.iter().any(|&member| !named(&all[member])) {
            Some(reasons.nameless.to_owned())
        } else if group.iter().any(|&member| own[member]) {
            Some(reasons.own.to_owned())
        } else {
            let other = others.first().map(|&other| E::line(&all[other]));
            other.map(|other| format!("{}: {other}", reasons.mixed))
        };
        let rows = wanted.into_iter().map(|member| all[member].clone());
        match why {
            None => result.orders.push(rows.collect()),
            Some(why) => result.skipped.extend(rows.map(|row| (row, why.clone()))),
        }
    }
    result
}

/// The places of the rows by their keys, in the order they come.
fn groups<E: Ending>(all: &[E::Row]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut places: HashMap<E::Key, usize> = HashMap::with_capacity(all.len());
    for (index, row) in all.iter().enumerate() {
        let place = *places.entry(E::key(row)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

/// What was looked at and chosen, before anybody agreed to it.
pub(crate) struct Prepared<R> {
    pub(crate) chosen: Chosen<R>,
    /// When the server was looked at.
    pub(crate) looked: Window,
    /// What it brings besides.
    pub(crate) besides: Vec<String>,
}

impl<R: Clone> Prepared<R> {
    /// What the user must agree to.
    pub(crate) fn plan<E: Ending<Row = R>>(&self, server: &str) -> Plan {
        let things: Vec<String> = self.chosen.orders.iter().flatten().map(E::line).collect();
        let names = E::NAMES[usize::from(things.len() != 1)];
        Plan {
            what: format!("end {} {names} on {server}", things.len()),
            things,
            besides: self.besides.clone(),
        }
    }

    /// What is known without ending anything: the rows left alone.
    pub(crate) fn skipped<E: Ending<Row = R>>(&self) -> Done {
        let mut done = Done::default();
        for (row, why) in &self.chosen.skipped {
            let row = std::slice::from_ref(row);
            done.take::<E>(row, Outcome::Skipped, Some(why));
        }
        done
    }

    /// What would come of it.
    pub(crate) fn dry_run<E: Ending<Row = R>>(&self) -> Done {
        let mut done = self.skipped::<E>();
        for rows in &self.chosen.orders {
            done.take::<E>(rows, Outcome::WouldEnd, None);
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::cmp::Ordering;
    use std::hash::{Hash, Hasher};
    use std::ops::ControlFlow;

    use smbwho::{ClientKey, Closing, Error, Server};

    use super::*;
    use crate::audit::Value;
    use crate::rows::Closed;
    use crate::seen::Passed;

    thread_local! {
        /// How often keys were made, hashed or compared.
        static WORK: Cell<usize> = const { Cell::new(0) };
    }

    fn work() {
        WORK.set(WORK.get() + 1);
    }

    #[derive(Clone, Eq)]
    struct Counted(u32);

    impl PartialEq for Counted {
        fn eq(&self, other: &Self) -> bool {
            work();
            self.0 == other.0
        }
    }

    impl Hash for Counted {
        fn hash<H: Hasher>(&self, state: &mut H) {
            work();
            self.0.hash(state);
        }
    }

    /// Rows that are their keys.
    struct Numbers;

    impl Ending for Numbers {
        type Row = u32;
        type Key = Counted;
        const ACTION: &'static str = "";
        const NAMES: [&'static str; 2] = ["", ""];
        const CHANGED: &'static str = "";
        const REPLACED: Outcome = Outcome::Gone;

        async fn look(&self, _: &Server) -> Result<Vec<u32>, Error> {
            Ok(Vec::new())
        }

        fn key(row: &u32) -> Counted {
            work();
            Counted(*row)
        }

        fn client(_: &u32) -> Option<ClientKey> {
            None
        }

        fn order(one: &u32, other: &u32) -> Ordering {
            work();
            one.cmp(other)
        }

        fn compare(before: &u32, now: &u32, _: Passed) -> Ordering {
            Self::order(before, now)
        }

        fn was_gone(_: Closing) -> bool {
            false
        }

        async fn end(
            &self,
            _: &Server,
            _: &[u32],
            _: impl FnMut(usize, Result<Closing, Error>) -> ControlFlow<()> + Send,
        ) -> Result<(), Error> {
            Ok(())
        }

        fn closed(_: &u32, _: Outcome) -> Closed {
            unreachable!("nothing is closed")
        }

        fn line(row: &u32) -> String {
            format!("row {row}")
        }

        fn target(_: &[u32]) -> Vec<(&'static str, Value<'_>)> {
            Vec::new()
        }
    }

    const REASONS: Reasons = Reasons {
        own: "own",
        mixed: "mixed",
        nameless: "nameless",
    };

    #[test]
    fn rows_of_one_key_go_together_or_not_at_all() {
        let all = [7, 1, 7, 2, 3, 3, 0, 2];
        let chosen = [true, true, true, true, true, false, true, true];
        let own = [false, false, false, false, false, false, false, true];
        let result = choose::<Numbers>(&all, &chosen, &own, |row| *row != 0, &REASONS);
        assert_eq!(result.orders, [vec![7, 7], vec![1]]);
        let skipped = [
            (2, "own".to_owned()),
            (2, "own".to_owned()),
            (3, "mixed: row 3".to_owned()),
            (0, "nameless".to_owned()),
        ];
        assert_eq!(result.skipped, skipped);
    }

    #[test]
    fn choosing_takes_work_in_proportion() {
        let cost = |rows: u32| {
            let all: Vec<u32> = (0..rows).collect();
            let (chosen, own) = (vec![true; all.len()], vec![false; all.len()]);
            WORK.set(0);
            let result = choose::<Numbers>(&all, &chosen, &own, |_| true, &REASONS);
            assert_eq!(result.orders.len(), all.len());
            let passed = Window::within(std::time::Duration::ZERO);
            let passed = passed.until(passed);
            let pairs = Numbers::pairs_by_key(&all, &all, passed);
            assert!(pairs.new.is_empty());
            WORK.get()
        };
        let (some, twice) = (cost(8_000), cost(16_000));
        assert!(some < 20 * 8_000, "{some}");
        assert!(twice < 5 * some / 2, "{some}, {twice}");
    }
}
