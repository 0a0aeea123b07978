//! Names with wildcards.

/// A name to match others against, in any letter case; `*` stands for any run
/// of characters and `?` for any one.
///
/// It knows nothing of what it names: users have [`UserFilter`], clients
/// [`ClientFilter`].
///
/// [`UserFilter`]: crate::UserFilter
/// [`ClientFilter`]: crate::ClientFilter
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Lower case, for matching.
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Char(char),
    AnyOne,
    AnyRun,
}

impl Pattern {
    /// A pattern with wildcards.
    pub fn new(text: &str) -> Self {
        let part = |c| match c {
            '*' => Part::AnyRun,
            '?' => Part::AnyOne,
            c => Part::Char(c),
        };
        Self {
            parts: fold(text).map(part).collect(),
        }
    }

    /// A name in which `*` and `?` are themselves.
    pub fn exact(name: &str) -> Self {
        Self {
            parts: fold(name).map(Part::Char).collect(),
        }
    }

    /// Whether it stands for one name only.
    pub(crate) fn is_exact(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Char(_)))
    }

    /// Whether `name` matches.
    pub fn matches(&self, name: &str) -> bool {
        if name.is_ascii() {
            let name = name.as_bytes();
            let at = |index: usize| char::from(name[index].to_ascii_lowercase());
            return matches(&self.parts, name.len(), at);
        }
        let name: Vec<char> = fold(name).collect();
        matches(&self.parts, name.len(), |index| name[index])
    }
}

/// A name as it is compared: no letter case.
pub(crate) fn fold(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase)
}

/// Matches with one step of memory: on a mismatch the last `*` takes one
/// character more. Linear for names as they are, never exponential.
fn matches(pattern: &[Part], length: usize, name: impl Fn(usize) -> char) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < length {
        let steps = match pattern.get(p) {
            Some(Part::AnyRun) => {
                star = Some((p + 1, n));
                p += 1;
                continue;
            }
            Some(Part::AnyOne) => true,
            Some(Part::Char(c)) => *c == name(n),
            None => false,
        };
        match (steps, star) {
            (true, _) => {
                p += 1;
                n += 1;
            }
            (false, Some((after, taken))) => {
                star = Some((after, taken + 1));
                p = after;
                n = taken + 1;
            }
            (false, None) => return false,
        }
    }
    pattern[p..].iter().all(|part| *part == Part::AnyRun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_match_in_any_case() {
        assert!(Pattern::new("Alice").matches("aLICE"));
        assert!(Pattern::new("ŁUKASZ").matches("łukasz"));
        assert!(!Pattern::new("alice").matches("alice2"));
        assert!(!Pattern::new("alice").matches(""));
    }

    #[test]
    fn stars_and_question_marks() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "bob", true),
            ("b*", "bob", true),
            ("*b", "bob", true),
            ("b?b", "bob", true),
            ("b?b", "bb", false),
            ("b?b", "büb", true),
            ("svc-*-??", "svc-backup-01", true),
            ("svc-*-??", "svc-backup-001", false),
            ("a*b*c", "aXXbYYbZZc", true),
            ("?", "", false),
        ] {
            assert_eq!(
                Pattern::new(pattern).matches(name),
                expected,
                "{pattern} ~ {name}"
            );
        }
    }

    #[test]
    fn in_an_exact_name_they_stand_for_themselves() {
        assert!(Pattern::exact("a*").matches("A*"));
        assert!(!Pattern::exact("a*").matches("ab"));
        assert!(Pattern::exact("a*").is_exact());
        assert!(!Pattern::new("a*").is_exact());
    }

    #[test]
    fn a_hostile_name_costs_no_exponential_time() {
        let pattern = Pattern::new("*a*a*a*a*a*a*a*a*a*a*a*a*b");
        assert!(!pattern.matches(&"a".repeat(10_000)));
    }
}
