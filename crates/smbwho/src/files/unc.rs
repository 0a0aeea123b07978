//! Paths in shares.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::PlaceError;
use super::component::{SEPARATORS, components};
use crate::{Address, AddressError};

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
        let (address, rest) = text[2..].split_once(SEPARATORS).unwrap_or((&text[2..], ""));
        Self::of(address.parse()?, rest, text)
    }
}

impl UncPath {
    /// The share and path that follow a server. `text` is all of it, for messages.
    pub(super) fn of(address: Address, rest: &str, text: &str) -> Result<Self, UncPathError> {
        let mut parts = components(rest);
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
    /// It belongs to another protocol.
    #[error(
        "'{0}' is not a path on an SMB server; write \\\\server\\share\\path, or smb://server/share/path"
    )]
    Scheme(String),
    /// A server and a colon, as other protocols have it.
    #[error("'{0}' is not a path on an SMB server; write \\\\{1}\\share\\path")]
    Colon(String, String),
    /// A password stands in it, which is left out here.
    #[error(
        "a password in a URL can be seen by everyone on this computer; leave it out, and name the user with -U"
    )]
    Password,
    /// A URL with an escape that no name can have.
    #[error("'{0}' in a URL stands for what no name of a file can hold")]
    Escape(String),
    /// A device of Windows, not a file in a share.
    #[error("'{0}' is a device of Windows, not a path in a share; write \\\\server\\share\\path")]
    Device(String),
}

#[cfg(test)]
mod tests {
    use super::*;

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
