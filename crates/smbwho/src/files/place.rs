//! Places on a server where files lie, to hold the paths of open files against.

use thiserror::Error;

use super::component::{Part, SEPARATORS, components};
use crate::{Code, Name};

/// A file or folder as a server itself knows it, with all that lies beneath.
///
/// Letter case makes no difference, nor do `/` and `\`, nor whether accented letters
/// are composed (NFC) or decomposed (NFD). `*` and `?` match within one component of
/// the path.
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
            place.parts.insert(0, Part::told("c:"));
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
        let share = components(&share_path).map(Part::told);
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
            .filter(|part| matches!(part, Part::Given { .. }));
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

    /// Whether a path of the server is this place, or lies beneath it. For many places
    /// there is [`PlaceTree`](crate::PlaceTree).
    pub fn holds(&self, path: &str) -> bool {
        let path: Vec<&str> = rooted(path).collect();
        let count = self.parts.len();
        if self.anchored {
            return path.get(..count).is_some_and(|path| self.is(path));
        }
        count > 0 && path.windows(count).any(|path| self.is(path))
    }

    /// Whether a path of the server lies beneath this place, and is not the place
    /// itself.
    pub(super) fn holds_deeper(&self, path: &str) -> bool {
        let parent: Vec<&str> = rooted(path).collect();
        let parent = parent.split_last().map_or(&[][..], |(_, parent)| parent);
        self.holds(path) && self.holds(&parent.join("\\"))
    }

    /// What is left of the path within a folder of the server, name by name; `None`
    /// when it lies elsewhere, and where that cannot be known.
    pub(super) fn within(&self, folder: &str) -> Option<Vec<&str>> {
        let folder: Vec<&str> = rooted(folder).collect();
        let inside = self.anchored && self.parts.len() >= folder.len() && self.is(&folder);
        inside.then(|| self.parts[folder.len()..].iter().map(Part::text).collect())
    }

    /// Whether a folder of the server lies beneath this place, or is it.
    pub(super) fn is_above(&self, folder: &str) -> bool {
        self.anchored && self.holds(folder)
    }

    /// The names it is made of.
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether the two match as far as both go.
    fn is(&self, path: &[&str]) -> bool {
        self.parts
            .iter()
            .zip(path)
            .all(|(part, name)| part.is(name))
    }
}

/// The names of a path, with the drive that Samba puts before its own root and
/// leaves out at home.
pub(super) fn rooted(path: &str) -> impl Iterator<Item = &str> {
    let root = path.starts_with('/').then_some("c:");
    root.into_iter().chain(components(path))
}

fn given(path: &str) -> Result<Vec<Part>, PlaceError> {
    if components(path).any(|part| part == "..") {
        return Err(PlaceError::ClimbsUp(path.to_owned()));
    }
    Ok(components(path).map(Part::given).collect())
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
    fn normal_forms_make_no_difference() {
        let (composed, decomposed) = ("\u{dc}bersicht.txt", "U\u{308}bersicht.txt");
        for (given, stored) in [(composed, decomposed), (decomposed, composed)] {
            assert!(local(given).holds(&format!(r"C:\srv\{stored}")));
            let place = Place::in_share(Name::from(format!(r"C:\srv\{given}")), given);
            assert!(
                place
                    .expect("a place")
                    .holds(&format!(r"C:\srv\{stored}\{stored}"))
            );
        }
    }

    #[test]
    fn places_are_found_in_folders_and_above_them() {
        let place = local(r"D:\data\dir\*.txt");
        assert_eq!(place.within(r"d:\DATA"), Some(vec!["dir", "*.txt"]));
        assert_eq!(place.within("D:\\"), Some(vec!["data", "dir", "*.txt"]));
        assert_eq!(place.within(r"D:\dat"), None);
        assert_eq!(place.within(r"D:\data\dir\x.txt\deeper"), None);
        assert_eq!(local("/srv/data/x").within("/srv/data"), Some(vec!["x"]));
        assert_eq!(local("/srv/data/x").within(r"C:\srv\data"), Some(vec!["x"]));
        assert_eq!(local("data").within("D:\\"), None, "nobody knows where");
        assert!(local("/srv").is_above(r"C:\srv\data") && local("/srv").is_above("/srv"));
        assert!(!local("/srv/data/x").is_above("/srv/data"));
    }

    #[test]
    fn what_lies_deeper_is_not_the_place_itself() {
        assert!(local(r"D:\a").holds_deeper(r"D:\a\b") && local("a").holds_deeper(r"D:\a\b\c"));
        assert!(!local(r"D:\a").holds_deeper(r"D:\a") && !local(r"D:\a").holds_deeper(r"D:\b\a"));
    }
}
