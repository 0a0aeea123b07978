//! Many places at once: which of them hold a path.
//!
//! One place is held against a path name by name ([`Place::holds`]). Of a thousand places
//! most begin alike or have nothing to do with the path: here they stand in a tree, name
//! below name, and a path is folded and split once and followed down. Names without
//! wildcards are looked up; those with wildcards are compared one after another.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::component::{Key, fold, without_stream};
use super::place::{Place, rooted};
use crate::pattern::{self, Pattern};

/// Places, arranged so that those which hold a path are found at once.
#[derive(Debug)]
pub struct PlaceTree {
    nodes: Vec<Node>,
}

/// What may follow on the names so far.
#[derive(Debug, Default)]
struct Node {
    /// Names that a server wrote.
    reported: HashMap<Box<str>, usize>,
    /// Names that a person wrote, without wildcards.
    given: HashMap<Box<str>, usize>,
    patterns: Vec<(Pattern, usize)>,
    /// The places that end here, by their number.
    ends: Vec<usize>,
}

/// Where places begin that stand at the root of the server.
const ANCHORED: usize = 0;

/// Where places begin that may stand anywhere.
const FLOATING: usize = 1;

impl PlaceTree {
    /// A tree of these places, which are numbered from 0.
    pub fn new<'a>(places: impl IntoIterator<Item = &'a Place>) -> Self {
        let mut tree = Self {
            nodes: vec![Node::default(), Node::default()],
        };
        for (number, place) in places.into_iter().enumerate() {
            tree.add(number, place);
        }
        tree
    }

    fn add(&mut self, number: usize, place: &Place) {
        let mut at = match place.is_anchored() {
            true => ANCHORED,
            false => FLOATING,
        };
        for part in place.parts() {
            let new = self.nodes.len();
            let node = &mut self.nodes[at];
            at = match part.key() {
                Key::Reported(name) => *node.reported.entry(name.into()).or_insert(new),
                Key::Given(name) => *node.given.entry(name.into()).or_insert(new),
                Key::Pattern(pattern) => {
                    let known = node.patterns.iter().find(|(known, _)| known == pattern);
                    let known = known.map(|(_, next)| *next);
                    known.unwrap_or_else(|| {
                        node.patterns.push((pattern.clone(), new));
                        new
                    })
                }
            };
            if at == new {
                self.nodes.push(Node::default());
            }
        }
        // A place without a name is everything below the root, and nothing elsewhere.
        if at != FLOATING {
            self.nodes[at].ends.push(number);
        }
    }

    /// Whether one of the places holds this path: is it, or lies above it.
    pub fn holds(&self, path: &str) -> bool {
        let mut holds = false;
        self.follow(path, |_| {
            holds = true;
            ControlFlow::Break(())
        });
        holds
    }

    /// The places that hold this path, by their number, in order.
    pub fn find(&self, path: &str) -> Vec<usize> {
        let mut found = Vec::new();
        self.follow(path, |place| {
            found.push(place);
            ControlFlow::Continue(())
        });
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Hands on the places that hold the path, some perhaps more than once.
    fn follow(&self, path: &str, mut take: impl FnMut(usize) -> ControlFlow<()>) {
        let mut hand_on = |nodes: &[usize]| -> ControlFlow<()> {
            let mut ends = nodes.iter().flat_map(|&node| &self.nodes[node].ends);
            ends.try_for_each(|&place| take(place))
        };
        if hand_on(&[ANCHORED]).is_break() {
            return;
        }
        let floats = !self.nodes[FLOATING].is_leaf();
        let (mut at, mut next) = (vec![ANCHORED], Vec::new());
        let mut names = Names::default();
        for name in rooted(path) {
            if floats {
                at.push(FLOATING);
            }
            if at.is_empty() {
                return;
            }
            names.set(name);
            for &node in &at {
                self.nodes[node].step(&names, &mut next);
            }
            next.sort_unstable();
            next.dedup();
            if hand_on(&next).is_break() {
                return;
            }
            std::mem::swap(&mut at, &mut next);
            next.clear();
        }
    }
}

impl Node {
    fn is_leaf(&self) -> bool {
        self.reported.is_empty() && self.given.is_empty() && self.patterns.is_empty()
    }

    /// The nodes that a name leads to.
    fn step(&self, names: &Names, next: &mut Vec<usize>) {
        for name in names.iter() {
            next.extend(self.reported.get(name.folded.as_str()));
            next.extend(self.given.get(name.compared()));
            let matching = self.patterns.iter();
            let matching = matching.filter(|(pattern, _)| pattern.matches(&name.folded));
            next.extend(matching.map(|(_, node)| *node));
        }
    }
}

/// A name of a path as it is compared, and its file's where it is a stream.
#[derive(Default)]
struct Names {
    whole: Folded,
    file: Folded,
    is_stream: bool,
}

#[derive(Default)]
struct Folded {
    folded: String,
    /// As patterns fold it once more, where that differs.
    again: Option<String>,
}

impl Names {
    fn set(&mut self, name: &str) {
        self.whole.set(name);
        let file = without_stream(name);
        self.is_stream = file.is_some();
        if let Some(file) = file {
            self.file.set(file);
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Folded> {
        std::iter::once(&self.whole).chain(self.is_stream.then_some(&self.file))
    }
}

impl Folded {
    fn set(&mut self, name: &str) {
        self.again = None;
        if name.is_ascii() {
            self.folded.clear();
            self.folded.push_str(name);
            self.folded.make_ascii_lowercase();
            return;
        }
        self.folded = fold(name);
        if !pattern::fold(&self.folded).eq(self.folded.chars()) {
            self.again = Some(pattern::fold(&self.folded).collect());
        }
    }

    /// What a name that a person wrote is compared with.
    fn compared(&self) -> &str {
        self.again.as_deref().unwrap_or(&self.folded)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Name;

    fn tree(places: &[Place]) -> PlaceTree {
        PlaceTree::new(places)
    }

    fn local(path: &str) -> Place {
        Place::local(path).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn every_place_that_holds_a_path_is_found() {
        let places = [
            local(r"D:\data"),
            local(r"D:\data\*.txt"),
            local("costs.txt"),
            local(r"D:\other"),
            local(r"d:\DATA\costs.txt"),
            local("/"),
        ];
        let tree = tree(&places);
        assert_eq!(tree.find(r"D:\Data\Costs.txt"), [0, 1, 2, 4]);
        assert_eq!(tree.find(r"D:\data\costs.txt:stream"), [0, 1, 2, 4]);
        assert_eq!(tree.find(r"C:\costs.txt\costs.txt"), [2, 5]);
        assert!(tree.holds(r"D:\data") && !tree.holds(r"D:\database\x"));
        assert!(!tree.holds("") && tree.find("").is_empty());
    }

    #[test]
    fn a_tree_without_places_holds_nothing() {
        assert!(!tree(&[]).holds(r"D:\data"));
    }

    /// Names that are one in some way, and some that are not.
    const NAMES: [&str; 26] = [
        "a",
        "A",
        "b",
        "ab",
        "a.txt",
        "A.TXT",
        "C:",
        "c:",
        "D:",
        ".",
        "",
        "a:s",
        "a:",
        ":s",
        "\u{e4}",
        "a\u{308}",
        "\u{c4}",
        "A\u{308}",
        "\u{212b}",
        "\u{e5}",
        "\u{212a}",
        "k",
        "\u{130}",
        "i\u{307}",
        "\u{df}",
        "\u{1e9e}:\u{308}s",
    ];

    /// More that only people write.
    const PATTERNS: [&str; 8] = ["*", "?", "a*", "*.txt", "?:", "?:*", "\u{c4}*", "**"];

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            8 => prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
            1 => "[aAbB\u{e4}\u{308}\u{41f}:*?.]{0,4}",
        ]
    }

    fn path() -> impl Strategy<Value = String> {
        let separated = (name(), prop::sample::select(&["\\", "/", "\\\\"][..]));
        let first = prop::sample::select(&["", "/", "\\", "C:\\", "D:/"][..]);
        (first, prop::collection::vec(separated, 0..5)).prop_map(|(first, names)| {
            let names = names.into_iter().map(|(name, after)| name + after);
            first.to_owned() + &names.collect::<String>()
        })
    }

    fn wanted() -> impl Strategy<Value = String> {
        let pattern = prop::sample::select(&PATTERNS[..]).prop_map(str::to_owned);
        (path(), prop::option::of(pattern), path()).prop_map(|(before, pattern, after)| {
            match pattern {
                None => before,
                Some(pattern) => format!("{before}\\{pattern}\\{after}"),
            }
        })
    }

    fn place() -> impl Strategy<Value = Option<Place>> {
        prop_oneof![
            wanted().prop_map(|path| Place::local(&path).ok()),
            (path(), wanted())
                .prop_map(|(share, path)| Place::in_share(Name::from(share), &path).ok()),
            (path(), wanted()).prop_map(|(share, path)| {
                Place::in_share(Name::from(share), &path).ok()?.anywhere()
            }),
            wanted().prop_map(|path| Place::somewhere(&path, None).ok()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// The rule is `Place::holds`: the tree finds what it finds, one place at a time.
        #[test]
        fn the_tree_finds_what_place_by_place_is_found(
            places in prop::collection::vec(place(), 0..12),
            paths in prop::collection::vec(path(), 1..8),
        ) {
            let places: Vec<Place> = places.into_iter().flatten().collect();
            let tree = tree(&places);
            for path in &paths {
                let one_by_one: Vec<usize> = (0..places.len())
                    .filter(|&number| places[number].holds(path))
                    .collect();
                prop_assert_eq!(tree.holds(path), !one_by_one.is_empty(), "{}", path);
                prop_assert_eq!(tree.find(path), one_by_one, "{} {:?}", path, places);
            }
        }

        /// Paths that are there: each place's own, written otherwise.
        #[test]
        fn a_path_is_found_however_it_is_written(
            paths in prop::collection::vec(path(), 1..8),
            upper in any::<bool>(),
        ) {
            use unicode_normalization::UnicodeNormalization as _;
            let shares = paths.iter().map(|path| Place::in_share(Name::from(path.as_str()), ""));
            let places: Vec<Place> = shares.flatten().collect();
            let tree = tree(&places);
            for path in &paths {
                let written: String = path.nfd().collect();
                let written = if upper { written.to_uppercase() } else { written };
                for (number, place) in places.iter().enumerate() {
                    let found = tree.find(&written).contains(&number);
                    prop_assert_eq!(found, place.holds(&written), "{} {:?}", written, place);
                }
            }
        }
    }
}
