//! What is to end, before anybody agreed to it.

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
    let mut done = vec![false; all.len()];
    for (index, row) in all.iter().enumerate() {
        if !chosen[index] || done[index] {
            continue;
        }
        if !named(row) {
            done[index] = true;
            let why = reasons.nameless.to_owned();
            result.skipped.push((row.clone(), why));
            continue;
        }
        let group: Vec<usize> = (0..all.len())
            .filter(|&other| other == index || E::falls_with(row, &all[other]))
            .collect();
        let rows = |only: &[bool]| -> Vec<E::Row> {
            let kept = group.iter().filter(|&&member| only[member]);
            kept.map(|&member| all[member].clone()).collect()
        };
        let why = if group.iter().any(|&member| own[member]) {
            Some(reasons.own.to_owned())
        } else {
            let other = group.iter().find(|&&member| !chosen[member]);
            other.map(|&other| format!("{}: {}", reasons.mixed, E::line(&all[other])))
        };
        match why {
            None => result.orders.push(rows(chosen)),
            Some(why) => {
                let rows = rows(chosen).into_iter();
                result.skipped.extend(rows.map(|row| (row, why.clone())));
            }
        }
        group.iter().for_each(|&member| done[member] = true);
    }
    result
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
