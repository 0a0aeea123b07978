//! Filters by name: what people type after `--user` and `--client`.

/// A name to match rows against, in any letter case; `*` stands for any run
/// of characters and `?` for any one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As given, for sending to a server.
    text: String,
    /// Lower case, for matching.
    folded: Vec<char>,
}

impl Pattern {
    /// A pattern for user names.
    pub fn user(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            folded: fold(text).collect(),
        }
    }

    /// A pattern for client computers: leading backslashes (or slashes) and
    /// the brackets of an IPv6 address make no difference.
    pub fn client(text: &str) -> Self {
        Self::user(bare_client(text))
    }

    /// The name alone, when there is no wildcard in it: what a server can be
    /// asked to filter by.
    pub(crate) fn exact(&self) -> Option<&str> {
        (!self.text.contains(['*', '?'])).then_some(&self.text)
    }

    /// Whether `name` matches as a user name.
    pub fn matches(&self, name: &str) -> bool {
        matches(&self.folded, &fold(name).collect::<Vec<_>>())
    }

    /// Whether `name` matches as a client computer.
    pub fn matches_client(&self, name: &str) -> bool {
        self.matches(bare_client(name))
    }
}

/// A client's name without what servers and people put around it.
fn bare_client(name: &str) -> &str {
    let name = name.trim_start_matches(['\\', '/']);
    name.strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name)
}

fn fold(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase)
}

/// Matches with one step of memory: on a mismatch the last `*` takes one
/// character more. Linear for names as they are, never exponential.
fn matches(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((after, taken)) => {
                    star = Some((after, taken + 1));
                    p = after;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_match_in_any_case() {
        assert!(Pattern::user("Alice").matches("aLICE"));
        assert!(Pattern::user("ŁUKASZ").matches("łukasz"));
        assert!(!Pattern::user("alice").matches("alice2"));
        assert!(!Pattern::user("alice").matches(""));
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
            ("svc-*-??", "svc-backup-01", true),
            ("svc-*-??", "svc-backup-001", false),
            ("a*b*c", "aXXbYYbZZc", true),
            ("?", "", false),
        ] {
            assert_eq!(
                Pattern::user(pattern).matches(name),
                expected,
                "{pattern} ~ {name}"
            );
        }
    }

    #[test]
    fn a_hostile_name_costs_no_exponential_time() {
        let pattern = Pattern::user("*a*a*a*a*a*a*a*a*a*a*a*a*b");
        assert!(!pattern.matches(&"a".repeat(10_000)));
    }

    #[test]
    fn clients_match_however_they_are_written() {
        for given in [r"\\ws1", "ws1", "//WS1", "WS?"] {
            assert!(Pattern::client(given).matches_client("ws1"), "{given}");
            assert!(Pattern::client(given).matches_client(r"\\ws1"), "{given}");
        }
        assert!(Pattern::client("fe80::1").matches_client("[fe80::1]"));
        assert!(Pattern::client("[fe80::1]").matches_client("fe80::1"));
    }

    #[test]
    fn only_names_without_wildcards_go_to_the_server() {
        assert_eq!(Pattern::client(r"\\ws1").exact(), Some("ws1"));
        assert_eq!(Pattern::user("a*").exact(), None);
    }
}
