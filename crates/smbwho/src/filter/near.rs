//! Names like the one that was looked for.

use crate::pattern::fold;

/// Names that are kept.
const MOST: usize = 3;

/// The longest name that is compared, in characters: those of people are
/// shorter, and a server may send any.
const LONGEST: usize = 64;

/// The names most like one that was looked for.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// How far from it each is, and the name as the server has it.
    names: Vec<(usize, String)>,
}

impl Near {
    /// Keeps `name`, of the user `told`, if it is like `wanted`; both as they
    /// are compared.
    pub(super) fn take(&mut self, wanted: &str, told: &str, name: &str) {
        let Some(distance) = distance(wanted, told) else {
            return;
        };
        let at = (distance, name.to_owned());
        if let Err(place) = self.names.binary_search(&at) {
            self.names.insert(place, at);
            self.names.truncate(MOST);
        }
    }

    /// The nearest first.
    pub(super) fn names(&self) -> Vec<String> {
        self.names.iter().map(|(_, name)| name.clone()).collect()
    }
}

/// How far a name is from the one that was looked for; `None` where nobody
/// would take the one for the other.
fn distance(wanted: &str, told: &str) -> Option<usize> {
    let told: String = fold(told).take(LONGEST + 1).collect();
    let (long, short) = (told.chars().count(), wanted.chars().count());
    if long > LONGEST || short > LONGEST || long == 0 || short == 0 {
        return None;
    }
    // A part of it, as people shorten names.
    let within = short >= 3 && told.contains(wanted) || long >= 3 && wanted.contains(&told);
    // Not worth counting.
    if long.abs_diff(short) > 2 {
        return within.then_some(3);
    }
    let distance = strsim::damerau_levenshtein(wanted, &told);
    // Of a short name little is left after two changes.
    let is_near = distance <= 2 && distance < long.min(short).div_ceil(2).max(1);
    (is_near || within).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(wanted: &str, names: &[&str]) -> Vec<String> {
        let mut near = Near::default();
        for name in names {
            near.take(wanted, name, name);
        }
        near.names()
    }

    #[test]
    fn the_nearest_come_first_and_few_are_kept() {
        let names = ["alicia", "bob", "Alice", "alic", "allice", "alica", "Alice"];
        assert_eq!(near("alise", &names), ["Alice", "alica", "allice"]);
    }

    #[test]
    fn what_nobody_would_take_for_it_is_not_near() {
        assert!(near("ann", &["bob", "eve", "", "x"]).is_empty());
        assert_eq!(near("ann", &["anna", "annemarie"]), ["anna", "annemarie"]);
        assert_eq!(near("annemarie", &["ann"]), ["ann"]);
        assert!(near("ab", &["cd", "a"]).is_empty());
        assert!(near(&"a".repeat(100), &[&"a".repeat(100)]).is_empty());
    }
}
