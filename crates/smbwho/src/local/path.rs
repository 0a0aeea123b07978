//! A path of this computer: where it leads through links, and whether its Samba shares
//! it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::files::{fold, has_wildcard};

/// What is written in a symbolic link that is a link of DFS, for Samba.
const MSDFS: &str = "msdfs:";

/// A path as it leads through links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// As it was written, from the root on.
    pub(crate) written: PathBuf,
    /// With every link followed, as far as there is something.
    pub(crate) real: PathBuf,
    pub(crate) found: Found,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    There,
    Missing,
    /// Wildcards in it: it names no one file.
    Pattern,
    /// A link of DFS, and to where.
    Dfs(Vec<String>),
    /// The system does not let us look.
    Unknown(ErrorKind),
}

/// Follows the links of a path.
pub(crate) fn resolve(path: &str) -> Resolved {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let here = std::env::current_dir().unwrap_or_else(|_| "/".into());
    resolve_from(&here, home.as_deref(), path)
}

fn resolve_from(here: &Path, home: Option<&Path>, path: &str) -> Resolved {
    let mut written = here.join(path);
    // A shell puts the home in place of a ~, but not within quotes.
    if let (Some(home), Some(rest)) = (home, path.strip_prefix('~'))
        && (rest.is_empty() || rest.starts_with('/'))
        && !written.exists()
    {
        written = home.join(rest.trim_start_matches('/'));
    }
    let (real, found) = follow(&written);
    Resolved {
        written,
        real,
        found,
    }
}

/// Walks down the path, name by name.
fn follow(path: &Path) -> (PathBuf, Found) {
    let mut real = PathBuf::from("/");
    let mut found = Found::There;
    let mut rest = path.components();
    while let Some(component) = rest.next() {
        let name = match component {
            Component::Normal(name) => name,
            Component::ParentDir => {
                real.pop();
                continue;
            }
            _ => continue,
        };
        let mut next = real.join(name);
        if found != Found::There {
            real = next;
            continue;
        }
        let mut told = fs::symlink_metadata(&next);
        if let Err(error) = &told
            && error.kind() == ErrorKind::NotFound
        {
            // Samba takes a name in any letter case; so do we.
            match alike(&real, &name.to_string_lossy()) {
                Some(entry) => {
                    next = entry;
                    told = fs::symlink_metadata(&next);
                }
                None if has_wildcard(&name.to_string_lossy()) => {
                    found = Found::Pattern;
                    real = next;
                    continue;
                }
                None => {}
            }
        }
        match told {
            Ok(told) if told.is_symlink() => match target(&next) {
                Some(targets) => {
                    let below = rest.as_path();
                    let below = |target: &String| match below.as_os_str().is_empty() {
                        true => target.clone(),
                        false => format!("{target}\\{}", below.display()).replace('/', "\\"),
                    };
                    found = Found::Dfs(targets.iter().map(below).collect());
                    real = next;
                    break;
                }
                None => match fs::canonicalize(&next) {
                    Ok(led) => real = led,
                    Err(error) => {
                        found = of_error(error.kind());
                        real = next;
                    }
                },
            },
            Ok(_) => real = next,
            Err(error) => {
                found = of_error(error.kind());
                real = next;
            }
        }
    }
    (real, found)
}

fn of_error(kind: ErrorKind) -> Found {
    match kind {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Found::Missing,
        other => Found::Unknown(other),
    }
}

/// The entry of a folder that has this name in another letter case or normal form.
fn alike(folder: &Path, name: &str) -> Option<PathBuf> {
    let name = fold(name);
    let mut entries = fs::read_dir(folder).ok()?.flatten();
    let is_it = |entry: &fs::DirEntry| fold(&entry.file_name().to_string_lossy()) == name;
    entries.find(is_it).map(|entry| entry.path())
}

/// Where a link of DFS leads: `msdfs:fs2\data,fs3\data`.
fn target(link: &Path) -> Option<Vec<String>> {
    let target = fs::read_link(link).ok()?;
    let targets = target.to_str()?.strip_prefix(MSDFS)?;
    let targets = targets.split(',').map(|target| {
        let target = target.trim_start_matches(['\\', '/']).replace('/', "\\");
        format!("\\\\{target}")
    });
    Some(targets.collect())
}

/// The folders that smb.conf shares.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SharedFolders {
    /// Name of the share and its folder.
    pub(crate) folders: Vec<(String, PathBuf)>,
    /// There are shares whose folder is another for each user.
    pub(crate) vary: bool,
}

impl SharedFolders {
    /// Reads what `testparm -s` prints.
    pub(crate) fn read(text: &str) -> Self {
        let mut shared = Self::default();
        let mut share = None;
        for line in text.lines() {
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|line| line.strip_suffix(']'))
            {
                share = (!name.eq_ignore_ascii_case("global")).then(|| name.to_owned());
                // Without a path it is everybody's home.
                shared.vary |= name.eq_ignore_ascii_case("homes");
            } else if let Some((key, path)) = line.split_once(" = ")
                && key.trim().eq_ignore_ascii_case("path")
                && let Some(share) = &share
            {
                if path.contains('%') {
                    shared.vary = true;
                } else {
                    shared.folders.push((share.clone(), path.into()));
                }
            }
        }
        shared
    }

    /// Whether a share holds the path, or lies beneath it.
    pub(crate) fn hold(&self, path: &Resolved) -> bool {
        self.folders.iter().any(|(_, folder)| {
            let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
            path.real.starts_with(&real)
                || real.starts_with(&path.real)
                || path.written.starts_with(folder)
                || same_beginning(&path.real, &real)
        })
    }
}

/// As `starts_with`, in any letter case.
fn same_beginning(path: &Path, folder: &Path) -> bool {
    let mut path = path.components();
    folder.components().all(|name| {
        let fold = |name: Component<'_>| fold(&name.as_os_str().to_string_lossy());
        path.next().is_some_and(|other| fold(other) == fold(name))
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_followed_wherever_they_stand() {
        let root = tempfile::tempdir().expect("a folder");
        let root = fs::canonicalize(root.path()).expect("a path");
        fs::create_dir_all(root.join("share/dir")).expect("folders");
        fs::write(root.join("share/dir/f.txt"), "x").expect("a file");
        symlink(root.join("share"), root.join("by")).expect("a link");
        symlink("share/dir", root.join("short")).expect("a link");
        symlink(root.join("by/dir/f.txt"), root.join("file")).expect("a link");
        let real = root.join("share/dir/f.txt");
        let text = |path: &str| root.join(path).display().to_string();
        for path in [
            "by/dir/f.txt",
            "short/f.txt",
            "file",
            "by/../share/dir/f.txt",
            "by/DIR/F.TXT",
        ] {
            let resolved = resolve_from(&root, None, &text(path));
            assert_eq!(
                (&resolved.real, &resolved.found),
                (&real, &Found::There),
                "{path}"
            );
            assert_eq!(resolve_from(&root, None, path).real, real, "{path}");
        }
        assert_eq!(
            resolve_from(&root.join("share"), Some(&root), "~/short/f.txt").real,
            real
        );
        for (path, expected, found) in [
            ("by/dir/g.txt", "share/dir/g.txt", Found::Missing),
            ("by/no/g.txt", "share/no/g.txt", Found::Missing),
            ("by/dir/*.txt", "share/dir/*.txt", Found::Pattern),
            ("by/d*/f.txt", "share/d*/f.txt", Found::Pattern),
            ("file/x", "share/dir/f.txt/x", Found::Missing),
        ] {
            let resolved = resolve_from(&root, None, path);
            assert_eq!(
                (resolved.real, resolved.found),
                (root.join(expected), found),
                "{path}"
            );
        }
    }

    #[test]
    fn a_link_of_dfs_says_where_it_leads() {
        let root = tempfile::tempdir().expect("a folder");
        symlink(r"msdfs:fs2\data,\fs3\data", root.path().join("docs")).expect("a link");
        let found = |path: &str| resolve_from(root.path(), None, path).found;
        let to = |tail: &str| {
            Found::Dfs(vec![
                format!(r"\\fs2\data{tail}"),
                format!(r"\\fs3\data{tail}"),
            ])
        };
        assert_eq!(found("docs"), to(""));
        assert_eq!(found("docs/a/b.txt"), to(r"\a\b.txt"));
    }

    #[test]
    fn shared_folders_are_read_from_what_testparm_prints() {
        let text = "# Global parameters\n[global]\n\tworkgroup = X\n\n[da ta]\n\tpath = /srv/da ta\n\
                    \tread only = No\n[dfs]\n\tmsdfs root = Yes\n\tpath = /srv/dfs\n";
        let shared = SharedFolders::read(text);
        let expected = [("da ta", "/srv/da ta"), ("dfs", "/srv/dfs")];
        let expected = expected.map(|(name, path)| (name.to_owned(), PathBuf::from(path)));
        assert_eq!(
            (shared.folders.as_slice(), shared.vary),
            (&expected[..], false)
        );
        for vary in ["[homes]\n\tbrowseable = No\n", "[u]\n\tpath = /srv/%U\n"] {
            assert!(SharedFolders::read(&format!("{text}{vary}")).vary);
        }
    }

    #[test]
    fn a_path_is_shared_by_its_folder_and_what_is_above() {
        let shared = SharedFolders::read("[data]\n\tpath = /nonexistent/data\n");
        let holds = |path: &str| shared.hold(&resolve_from(Path::new("/"), None, path));
        assert!(
            holds("/nonexistent/data/x") && holds("/nonexistent/data") && holds("/nonexistent")
        );
        assert!(holds("/nonexistent/DATA/x"));
        assert!(!holds("/nonexistent/database") && !holds("/mnt/x"));
    }
}
