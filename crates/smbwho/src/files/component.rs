//! The names that a path is made of, and when two of them are the same.

use unicode_normalization::UnicodeNormalization as _;

use crate::pattern::{self, Pattern};

/// What stands between the names of a path.
pub(super) const SEPARATORS: [char; 2] = ['\\', '/'];

/// The names that a path is made of.
pub(super) fn components(path: &str) -> impl Iterator<Item = &str> {
    path.split(SEPARATORS)
        .filter(|part| !part.is_empty() && *part != ".")
}

/// A name without letter case, in normal form NFC: Windows and Linux keep names as
/// they were typed, which is composed, while a Mac sends them decomposed.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// The ways in which a server may have stored a name: as it was given, composed,
/// decomposed; each once.
pub(super) fn spellings(text: &str) -> Vec<String> {
    let mut spellings = vec![text.to_owned()];
    if !text.is_ascii() {
        for spelling in [text.nfc().collect::<String>(), text.nfd().collect()] {
            if !spellings.contains(&spelling) {
                spellings.push(spelling);
            }
        }
    }
    spellings
}

/// Whether a name holds `*` or `?`.
pub(crate) fn has_wildcard(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// One name of a path that is looked for.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// From a server: stars are stars.
    Told(String),
    /// From a person: `*` and `?` are wildcards.
    Given {
        /// As it was written.
        text: String,
        pattern: Pattern,
    },
}

impl Part {
    pub(super) fn told(name: &str) -> Self {
        Self::Told(fold(name))
    }

    pub(super) fn given(name: &str) -> Self {
        Self::Given {
            text: name.to_owned(),
            pattern: Pattern::new(&fold(name)),
        }
    }

    /// The name as it was written; in lower case where a server wrote it.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Told(text) | Self::Given { text, .. } => text,
        }
    }

    /// Whether a name on the server is this one, or a stream of it.
    pub(super) fn is(&self, name: &str) -> bool {
        let is = |name: &str| match self {
            Self::Told(told) => *told == fold(name),
            Self::Given { pattern, .. } => pattern.matches(&fold(name)),
        };
        is(name) || without_stream(name).is_some_and(is)
    }

    /// What a name is looked up by among many.
    pub(super) fn key(&self) -> Key<'_> {
        match self {
            Self::Told(told) => Key::Reported(told),
            Self::Given { text, pattern } if pattern.is_exact() => {
                Key::Given(pattern::fold(&fold(text)).collect())
            }
            Self::Given { pattern, .. } => Key::Pattern(pattern),
        }
    }
}

/// What a name on the server must be to be the one that is looked for.
pub(super) enum Key<'a> {
    /// This, folded.
    Reported(&'a str),
    /// This, folded, and once more as patterns do.
    Given(String),
    /// Folded, it matches this.
    Pattern(&'a Pattern),
}

/// The file of a stream: `file:stream` is a part of `file`. A drive has no streams.
pub(super) fn without_stream(name: &str) -> Option<&str> {
    let (file, stream) = name.split_once(':')?;
    (!stream.is_empty()).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPOSED: &str = "\u{dc}bersicht.txt";
    const DECOMPOSED: &str = "U\u{308}bersicht.txt";

    #[test]
    fn composed_and_decomposed_letters_are_the_same() {
        for (given, stored) in [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)] {
            assert!(Part::given(given).is(stored), "{given}");
            assert!(Part::told(given).is(stored), "{given}");
            assert!(Part::given(&given.to_lowercase()).is(stored), "{given}");
            // One letter for people, however it is stored.
            assert!(Part::given("?bersicht.*").is(stored), "{stored}");
        }
        assert!(!Part::given("Ubersicht.txt").is(DECOMPOSED));
        assert!(!Part::given(COMPOSED).is("Ubersicht.txt"));
    }

    #[test]
    fn hangul_and_letters_with_two_marks_are_the_same_too() {
        assert!(Part::given("\u{ac00}.txt").is("\u{1100}\u{1161}.txt"));
        assert!(Part::given("\u{1ec7}").is("e\u{302}\u{323}"));
        assert!(Part::given("e\u{323}\u{302}").is("\u{1ec6}"));
    }

    #[test]
    fn a_name_is_spelt_in_each_way_once() {
        assert_eq!(spellings("a.txt"), ["a.txt"]);
        assert_eq!(spellings(COMPOSED), [COMPOSED, DECOMPOSED]);
        assert_eq!(spellings(DECOMPOSED), [DECOMPOSED, COMPOSED]);
    }
}
