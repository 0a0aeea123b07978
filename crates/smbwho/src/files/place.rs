//! Places on a server where files lie: paths as people write them, and as
//! servers do.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::pattern::Pattern;
use crate::{Address, AddressError, Code, Name};

/// A file or folder as a server itself knows it, with all that lies beneath.
///
/// Letter case makes no difference, nor do `/` and `\`. `*` and `?` match
/// within one component of the path.
#[derive(Debug, Clone)]
pub struct Place {
    parts: Vec<Part>,
    /// The path begins with `parts`; otherwise they may stand anywhere in it.
    anchored: bool,
    /// The path of the share, in the server's own words.
    share_path: Option<Name>,
    /// Why the path of the share is not known.
    unknown_share: Option<Code>,
}

#[derive(Debug, Clone)]
enum Part {
    /// From a server: stars are stars.
    Told(String),
    /// From a person.
    Given(Pattern),
}

impl Place {
    /// A path as the server knows it: `D:\dir\file`, or on Samba
    /// `/srv/dir/file`, which it writes `C:\srv\dir\file`. A path that does
    /// not begin at the root matches wherever it stands: `file` finds every
    /// open file of this name.
    ///
    /// # Errors
    ///
    /// When nothing is given, when it names a server, or climbs up with `..`.
    pub fn local(path: &str) -> Result<Self, PlaceError> {
        if path.starts_with([SEPARATORS[0], SEPARATORS[1]]) {
            if path[1..].starts_with(SEPARATORS) {
                return Err(PlaceError::NamesAServer(path.to_owned()));
            }
            // Samba's own root is its drive C.
            let mut place = Self::of(path, true)?;
            place.parts.insert(0, Part::Told("c:".to_owned()));
            return Ok(place);
        }
        let bytes = path.as_bytes();
        let drive =
            bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':');
        let place = Self::of(path, drive)?;
        if place.parts.is_empty() {
            return Err(PlaceError::Empty);
        }
        Ok(place)
    }

    fn of(path: &str, anchored: bool) -> Result<Self, PlaceError> {
        Ok(Self {
            parts: given(path)?,
            anchored,
            share_path: None,
            unknown_share: None,
        })
    }

    /// `path` in a share that lies at `share_path` on the server.
    pub(super) fn in_share(share_path: Name, path: &str) -> Result<Self, PlaceError> {
        let share = components(&share_path).map(|part| Part::Told(fold(part)));
        Ok(Self {
            parts: share.chain(given(path)?).collect(),
            anchored: true,
            share_path: Some(share_path),
            unknown_share: None,
        })
    }

    /// `path` in a share of which nobody knows where it lies.
    pub(super) fn somewhere(path: &str, why: Option<Code>) -> Result<Self, PlaceError> {
        let mut place = Self::of(path, false)?;
        if place.parts.is_empty() {
            return Err(PlaceError::Empty);
        }
        place.unknown_share = why;
        Ok(place)
    }

    /// The same path wherever it stands on the server, for a place in a share
    /// that the server told of. Samba names files by their real path, and
    /// shares by the one in its configuration: where links stand in that, no
    /// file seems to lie in the share. `None` for a whole share, and for
    /// places that are not in one.
    #[must_use]
    pub fn anywhere(&self) -> Option<Self> {
        self.share_path.as_ref()?;
        let given = self
            .parts
            .iter()
            .filter(|part| matches!(part, Part::Given(_)));
        let parts: Vec<Part> = given.cloned().collect();
        (!parts.is_empty()).then_some(Self {
            parts,
            anchored: false,
            share_path: None,
            unknown_share: None,
        })
    }

    /// Where the share lies, for a place in a share that the server told of.
    pub fn share_path(&self) -> Option<&Name> {
        self.share_path.as_ref()
    }

    /// Whether the path must begin at the root of the server. Otherwise it
    /// matches wherever it stands: files of the same name elsewhere on the
    /// server are taken for it.
    pub fn is_anchored(&self) -> bool {
        self.anchored
    }

    /// Why the server did not tell where the share lies, for a place that is
    /// not anchored for that reason.
    pub fn unknown_share(&self) -> Option<Code> {
        self.unknown_share
    }

    /// Whether a path of the server is this place, or lies beneath it.
    pub fn holds(&self, path: &str) -> bool {
        // Samba's own root is its drive C, which it leaves out at home.
        let root = path.starts_with('/').then_some("c:");
        let path: Vec<&str> = root.into_iter().chain(components(path)).collect();
        let count = self.parts.len();
        if self.anchored {
            return path.get(..count).is_some_and(|path| self.is(path));
        }
        count > 0 && path.windows(count).any(|path| self.is(path))
    }

    fn is(&self, path: &[&str]) -> bool {
        self.parts
            .iter()
            .zip(path)
            .all(|(part, name)| part.is(name))
    }
}

impl Part {
    fn is(&self, name: &str) -> bool {
        let is = |name: &str| match self {
            Part::Told(told) => *told == fold(name),
            Part::Given(pattern) => pattern.matches(name),
        };
        // `file:stream` is a part of `file`.
        is(name)
            || name
                .split_once(':')
                .is_some_and(|(file, stream)| !stream.is_empty() && is(file))
    }
}

const SEPARATORS: [char; 2] = ['\\', '/'];

/// The names that a path is made of.
fn components(path: &str) -> impl Iterator<Item = &str> {
    path.split(SEPARATORS)
        .filter(|part| !part.is_empty() && *part != ".")
}

fn given(path: &str) -> Result<Vec<Part>, PlaceError> {
    if components(path).any(|part| part == "..") {
        return Err(PlaceError::ClimbsUp(path.to_owned()));
    }
    Ok(components(path)
        .map(|part| Part::Given(Pattern::new(part)))
        .collect())
}

fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Why a text is no path on a server.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// Nothing was given.
    #[error("no path was given")]
    Empty,
    /// It begins with a server's name.
    #[error("'{0}' names a server; a path as the server knows it looks like 'D:\\dir\\file'")]
    NamesAServer(String),
    /// It holds `..`.
    #[error("'{0}' climbs up with ..; write the path as it is")]
    ClimbsUp(String),
}

/// A path in a share: `\\server\share\dir\file`, `//server/share/dir/file`; a
/// port may follow the server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UncPath {
    /// The server.
    pub address: Address,
    /// The share.
    pub share: String,
    /// The path within the share as it was written, with `\` between its
    /// parts; empty for the whole share.
    pub path: String,
}

impl UncPath {
    /// Whether the text begins as a path in a share does.
    pub fn looks_like(text: &str) -> bool {
        text.starts_with(SEPARATORS) && text[1..].starts_with(SEPARATORS)
    }
}

impl FromStr for UncPath {
    type Err = UncPathError;

    fn from_str(text: &str) -> Result<Self, UncPathError> {
        if !Self::looks_like(text) {
            return Err(UncPathError::NotUnc(text.to_owned()));
        }
        let mut parts = text[2..].split(SEPARATORS);
        let address = parts.next().unwrap_or_default().parse()?;
        let mut parts = parts.filter(|part| !part.is_empty() && *part != ".");
        let share = parts
            .next()
            .ok_or_else(|| UncPathError::NoShare(text.to_owned()))?;
        let path: Vec<&str> = parts.collect();
        if share == ".." || path.contains(&"..") {
            return Err(PlaceError::ClimbsUp(text.to_owned()).into());
        }
        Ok(Self {
            address,
            share: share.to_owned(),
            path: path.join("\\"),
        })
    }
}

impl fmt::Display for UncPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r"\\{}\{}", self.address, self.share)?;
        if !self.path.is_empty() {
            write!(f, r"\{}", self.path)?;
        }
        Ok(())
    }
}

/// Why a text is no path in a share.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UncPathError {
    /// It does not begin with two (back)slashes.
    #[error("'{0}' names no server; write \\\\server\\share\\path")]
    NotUnc(String),
    /// The server's name is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Nothing follows the server.
    #[error("'{0}' names no share; write \\\\server\\share\\path")]
    NoShare(String),
    /// The path is none.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(path: &str) -> Place {
        Place::local(path).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_file_and_whatever_lies_in_a_folder() {
        for path in [
            r"D:\Data\Dir",
            "d:/data/dir/",
            r"D:\data\.\DIR",
            r"D:\data\d?r",
            r"D:\*\dir",
        ] {
            let place = local(path);
            assert!(place.holds(r"D:\data\dir"), "{path}");
            assert!(place.holds(r"D:\data\dir\sub\file.txt"), "{path}");
            assert!(!place.holds(r"D:\data\directory\file.txt"), "{path}");
            assert!(!place.holds(r"D:\data"), "{path}");
            assert!(!place.holds(r"E:\data\dir"), "{path}");
            assert!(!place.holds(r"D:\old\data\dir"), "{path}");
        }
    }

    #[test]
    fn a_glob_stays_within_one_component() {
        let place = local(r"D:\data\*.xlsx");
        assert!(place.holds(r"D:\data\Costs.XLSX"));
        assert!(!place.holds(r"D:\data\dir\costs.xlsx"));
    }

    #[test]
    fn samba_writes_its_paths_with_a_drive() {
        let place = local("/srv/Data/żółć");
        assert!(place.holds(r"C:\srv\data\ŻÓŁĆ"));
        assert!(place.holds(r"C:\srv/data/żółć/file"));
        assert!(
            place.holds("/srv/data/żółć/file"),
            "as Samba has it at home"
        );
        assert!(!place.holds("/data/srv/data/żółć"));
        assert!(!place.holds(r"D:\srv\data\żółć"));
        assert!(local("/").holds(r"C:\anything"));
    }

    #[test]
    fn a_path_without_a_root_stands_anywhere() {
        let place = local("costs.xlsx");
        assert!(!place.is_anchored());
        assert!(place.holds(r"C:\srv\data\Costs.xlsx"));
        assert!(!place.holds(r"C:\srv\data\old-costs.xlsx"));
        assert!(local(r"dir\costs.xlsx").holds(r"C:\srv\dir\costs.xlsx"));
        assert!(!local(r"dir\costs.xlsx").holds(r"C:\dir\srv\costs.xlsx"));
    }

    #[test]
    fn a_stream_is_part_of_its_file() {
        assert!(local(r"D:\a\file").holds(r"D:\a\file:stream"));
        assert!(local(r"D:\a\file:stream").holds(r"D:\a\file:stream"));
        assert!(!local(r"D:\a\file:other").holds(r"D:\a\file:stream"));
        assert!(!local(r"D").holds(r"D:\a"), "a drive is no stream");
    }

    #[test]
    fn what_a_server_tells_is_no_pattern() {
        let place = Place::in_share(Name::from(r"C:\srv\*"), "file").expect("a place");
        assert!(place.holds(r"c:\SRV\*\File"));
        assert!(!place.holds(r"C:\srv\x\file"));
        let anywhere = place.anywhere().expect("a path");
        assert!(anywhere.holds(r"C:\srv\x\file") && !anywhere.is_anchored());
        let whole = Place::in_share(Name::from("C:\\srv\\data\\"), "").expect("a place");
        assert!(whole.holds(r"C:\srv\data\x") && whole.holds(r"C:\srv\data"));
        assert!(!whole.holds(r"C:\srv\database\x"));
        assert!(whole.anywhere().is_none() && local("file").anywhere().is_none());
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(Place::local("").map(|_| ()), Err(PlaceError::Empty));
        assert!(matches!(
            Place::local(r"\\fs1\data"),
            Err(PlaceError::NamesAServer(_))
        ));
        assert!(matches!(
            Place::local(r"D:\a\..\b"),
            Err(PlaceError::ClimbsUp(_))
        ));
    }

    #[test]
    fn paths_in_shares() {
        for (text, expected) in [
            (r"\\fs1\data\dir\file", ("fs1", "data", r"dir\file")),
            ("//fs1/data/dir//file/", ("fs1", "data", r"dir\file")),
            (r"\\fs1:4450\data", ("fs1:4450", "data", "")),
            ("//[::1]:4450/C$/x y", ("[::1]:4450", "C$", "x y")),
            (r"\\10.0.0.7/data\*.doc?", ("10.0.0.7", "data", "*.doc?")),
        ] {
            let path: UncPath = text
                .parse()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            let told = (
                path.address.to_string(),
                path.share.as_str(),
                path.path.as_str(),
            );
            assert_eq!(told, (expected.0.to_owned(), expected.1, expected.2));
        }
        for text in [
            r"\\fs1",
            "//fs1/",
            "/srv/x",
            r"D:\x",
            r"\\",
            r"\\fs1\data\..\x",
            r"\\a b\c",
        ] {
            assert!(text.parse::<UncPath>().is_err(), "{text}");
        }
    }
}
