//! Paths as people write and paste them: with quotes, as URLs, with the prefixes that
//! Windows' programs put before them.

use std::str::FromStr;

use super::component::SEPARATORS;
use super::{UncPath, UncPathError};

/// A path as it was written or pasted.
///
/// Quotes of every kind around it are taken off, with what programs leave around what
/// they copy. Only in URLs does `%20` stand for a blank.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathInput {
    /// In a share: `\\server\share\path`, `//server/share/path`,
    /// `\\?\UNC\server\share\path`, `smb://server/share/path`,
    /// `file://server/share/path`. A port may follow the server.
    InShare(UncPath),
    /// Without a server, as the server that is asked knows it: `D:\dir\file`,
    /// `/srv/dir/file`, `file`.
    OnServer(String),
    /// On the computer where it was written: `file:///srv/dir/file`.
    OnThisComputer(String),
}

/// What stands in pairs around a path.
const QUOTES: [(char, char); 15] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('\u{201c}', '\u{201d}'),
    ('\u{201e}', '\u{201c}'),
    ('\u{201e}', '\u{201d}'),
    ('\u{201d}', '\u{201d}'),
    ('\u{2018}', '\u{2019}'),
    ('\u{201a}', '\u{2018}'),
    ('\u{201a}', '\u{2019}'),
    ('\u{2019}', '\u{2019}'),
    ('\u{ab}', '\u{bb}'),
    ('\u{bb}', '\u{ab}'),
    ('\u{2039}', '\u{203a}'),
    // As mail programs put them around addresses.
    ('<', '>'),
];

impl FromStr for PathInput {
    type Err = UncPathError;

    fn from_str(text: &str) -> Result<Self, UncPathError> {
        let text = bare(text);
        if let Some((scheme, rest)) = scheme(text) {
            return url(scheme, rest, text);
        }
        if let Some(rest) = device(text) {
            return of_device(rest, text);
        }
        if UncPath::looks_like(text) {
            // What is left of "\\fs1\data\" where a shell took \" for a quote.
            return Ok(Self::InShare(text.trim_end_matches('"').parse()?));
        }
        if let Some(host) = before_colon(text) {
            return Err(UncPathError::Colon(text.to_owned(), host.to_owned()));
        }
        Ok(Self::OnServer(text.to_owned()))
    }
}

impl PathInput {
    /// The drive of a path that begins with one, `Z` of `Z:\dir`.
    pub fn drive(&self) -> Option<char> {
        match self {
            Self::InShare(_) => None,
            Self::OnServer(path) | Self::OnThisComputer(path) => drive(path),
        }
    }

    /// Whether a text reads as a path rather than as the name of a server: it names a
    /// share, a drive, a folder, or is in quotes.
    pub fn looks_like(text: &str) -> bool {
        let bare = bare(text);
        if bare.len() < text.trim().len() || drive(bare).is_some() || device(bare).is_some() {
            return true;
        }
        if let Some((_, rest)) = scheme(bare) {
            let rest = rest.trim_start_matches(SEPARATORS);
            return rest.trim_end_matches(SEPARATORS).contains(SEPARATORS);
        }
        if UncPath::looks_like(bare) {
            return bare[2..].trim_end_matches(SEPARATORS).contains(SEPARATORS);
        }
        // A list of servers, or a network.
        let network = |(address, bits): (&str, &str)| {
            !address.contains(SEPARATORS) && bits.parse::<u8>().is_ok()
        };
        !bare.starts_with('@')
            && bare.contains(SEPARATORS)
            && !bare.rsplit_once('/').is_some_and(network)
    }
}

/// The path without what stands around it.
fn bare(text: &str) -> &str {
    // Directions of writing and widthless blanks come along when a path is copied from
    // a dialog of Windows.
    let around = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut text = text.trim_matches(around);
    loop {
        let inside = QUOTES
            .iter()
            .find_map(|&(open, close)| text.strip_prefix(open)?.strip_suffix(close));
        match inside {
            Some(inside) => text = inside.trim_matches(around),
            None => return text,
        }
    }
}

fn drive(path: &str) -> Option<char> {
    let mut chars = path.chars();
    let drive = chars.next().filter(char::is_ascii_alphabetic)?;
    let colon = chars.next() == Some(':');
    let ends = chars.next().is_none_or(|next| SEPARATORS.contains(&next));
    (colon && ends).then_some(drive)
}

/// `smb` and what follows `smb:`, where that is a scheme: more than a drive's letter,
/// and followed by `//`; `file:/path` is one, too.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let mut chars = scheme.chars();
    let named = chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && scheme.len() > 1
        && chars.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let slashes = rest.chars().take_while(|c| SEPARATORS.contains(c)).count();
    let file = scheme.eq_ignore_ascii_case("file") && slashes > 0;
    (named && (slashes > 1 || file)).then_some((scheme, rest))
}

/// What follows `\\?\` and `\\.\` ([MS-DTYP] has no name for it; Windows' documents call
/// them the prefixes of Win32 file and device namespaces).
fn device(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(SEPARATORS)?.strip_prefix(SEPARATORS)?;
    rest.strip_prefix(['?', '.'])?.strip_prefix(SEPARATORS)
}

fn of_device(rest: &str, text: &str) -> Result<PathInput, UncPathError> {
    let (first, path) = rest.split_once(SEPARATORS).unwrap_or((rest, ""));
    if first.eq_ignore_ascii_case("UNC") {
        let (server, path) = path.split_once(SEPARATORS).unwrap_or((path, ""));
        let path = UncPath::of(server.parse()?, path, text)?;
        return Ok(PathInput::InShare(path));
    }
    if drive(rest).is_some() {
        return Ok(PathInput::OnServer(rest.to_owned()));
    }
    Err(UncPathError::Device(text.to_owned()))
}

/// `fs1` of `fs1:/path` and `user@fs1:/path`, which is how NFS and scp write it.
fn before_colon(text: &str) -> Option<&str> {
    let (host, path) = text.split_once(':')?;
    let is_host = host.len() > 1 && !host.contains(SEPARATORS);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    (is_host && path.starts_with(SEPARATORS)).then_some(host)
}

fn url(scheme: &str, rest: &str, text: &str) -> Result<PathInput, UncPathError> {
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    if is("smb") || is("cifs") {
        return in_share(&rest[2..]);
    }
    if !is("file") {
        // A password may stand in it.
        return Err(UncPathError::Scheme(format!("{scheme}://…")));
    }
    let slashes = rest.chars().take_while(|c| SEPARATORS.contains(c)).count();
    let path = rest.trim_start_matches(SEPARATORS);
    match slashes {
        // file://server/share, and as browsers write it: file:////server/share
        2 | 4.. => {
            let (host, here) = path.split_once(SEPARATORS).unwrap_or((path, ""));
            if host.eq_ignore_ascii_case("localhost") {
                return on_this_computer(here);
            }
            if host.is_empty() {
                return Err(UncPathError::NoShare(text.to_owned()));
            }
            in_share(path)
        }
        _ => on_this_computer(path),
    }
}

fn on_this_computer(path: &str) -> Result<PathInput, UncPathError> {
    let path = decoded(path)?;
    Ok(PathInput::OnThisComputer(if drive(&path).is_some() {
        path
    } else {
        format!("/{path}")
    }))
}

/// `[DOMAIN;][user@]server[:port]/share/path`
fn in_share(rest: &str) -> Result<PathInput, UncPathError> {
    let (authority, path) = rest.split_once(SEPARATORS).unwrap_or((rest, ""));
    let server = match authority.rsplit_once('@') {
        // Who signs in is said otherwise.
        Some((user, server)) if !user.contains(':') => server,
        Some(_) => return Err(UncPathError::Password),
        None => authority,
    };
    let server = decoded(server)?;
    let path = decoded(path)?;
    let text = format!("smb://{server}/{path}");
    Ok(PathInput::InShare(UncPath::of(
        server.parse()?,
        &path,
        &text,
    )?))
}

/// What a part of a URL stands for (RFC 3986 2.1). A `%` that begins no escape is one.
fn decoded(text: &str) -> Result<String, UncPathError> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escape = digit(bytes.get(at + 1)).zip(digit(bytes.get(at + 2)));
        match escape.filter(|_| byte == b'%') {
            Some((high, low)) => {
                let escaped = u8::try_from(high << 4 | low).unwrap_or_default();
                if matches!(escaped, 0 | b'/' | b'\\') {
                    return Err(UncPathError::Escape(text[at..at + 3].to_owned()));
                }
                out.push(escaped);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).map_err(|_| UncPathError::Escape(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PathInput, UncPathError> {
        text.parse()
    }

    /// The path in a share as it is written here.
    fn unc(text: &str) -> String {
        match read(text) {
            Ok(PathInput::InShare(path)) => path.to_string(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn paths_in_shares_are_read_as_they_are_pasted() {
        let plain = r"\\fs1\data\dir\d 1.txt";
        for text in [
            plain,
            "//fs1/data/dir/d 1.txt",
            r"\\?\UNC\fs1\data\dir\d 1.txt",
            r"\\?\unc\fs1\data\dir\d 1.txt",
            "//?/UNC/fs1/data/dir/d 1.txt",
            r"\\.\UNC\fs1\data\dir\d 1.txt",
            "smb://fs1/data/dir/d%201.txt",
            "SMB://fs1/data/dir/d 1.txt",
            "cifs://fs1/data/dir/d%201.txt",
            "smb://alice@fs1/data/dir/d%201.txt",
            "smb://LAB;alice@fs1:445/data/dir/d%201.txt",
            "file://fs1/data/dir/d%201.txt",
            "file:////fs1/data/dir/d%201.txt",
            "file://///fs1/data/dir/d%201.txt",
        ] {
            assert_eq!(unc(text), plain, "{text}");
        }
        assert_eq!(unc("smb://[::1]:4450/C$"), r"\\[::1]:4450\C$");
        assert_eq!(unc("smb://fs1:4450/data/"), r"\\fs1:4450\data");
        assert_eq!(
            unc("smb://fs1/data/%C3%9C.txt"),
            "\\\\fs1\\data\\\u{dc}.txt"
        );
    }

    #[test]
    fn quotes_of_every_kind_come_off() {
        for (open, close) in QUOTES {
            assert_eq!(unc(&format!(r"{open}\\fs1\data\x{close}")), r"\\fs1\data\x");
            assert_eq!(
                unc(&format!("{open}smb://fs1/data/x{close}")),
                r"\\fs1\data\x"
            );
            let plain = read(&format!("{open}/srv/x{close}"));
            assert_eq!(plain, Ok(PathInput::OnServer("/srv/x".to_owned())));
        }
        for text in [
            " \\\\fs1\\data\\x\r\n",
            "'\"\\\\fs1\\data\\x\"'",
            // As copied from a dialog of Windows.
            "\u{202a}\\\\fs1\\data\\x\u{202c}",
            "\u{feff}\"\u{202a}\\\\fs1\\data\\x\" ",
            "\\\\fs1\\data\\x\"",
        ] {
            assert_eq!(unc(text), r"\\fs1\data\x", "{text:?}");
        }
        // A quote within a name is part of it.
        assert_eq!(unc(r"\\fs1\data\Ann's.txt"), r"\\fs1\data\Ann's.txt");
        assert_eq!(read("'a"), Ok(PathInput::OnServer("'a".to_owned())));
    }

    #[test]
    fn only_in_urls_a_percent_sign_begins_an_escape() {
        assert_eq!(unc(r"\\fs1\data\a%20b"), r"\\fs1\data\a%20b");
        assert_eq!(unc("//fs1/data/100%.txt"), r"\\fs1\data\100%.txt");
        assert_eq!(
            unc("smb://fs1/data/100% sure.txt"),
            r"\\fs1\data\100% sure.txt"
        );
        assert_eq!(unc("smb://fs1/data/100%25.txt"), r"\\fs1\data\100%.txt");
        for text in [
            "smb://fs1/data/a%2Fb",
            "smb://fs1/data/a%5cb",
            "smb://fs1/data/a%00",
            "smb://fs1/data/%ff",
        ] {
            assert!(matches!(read(text), Err(UncPathError::Escape(_))), "{text}");
        }
    }

    #[test]
    fn paths_without_a_server_are_kept_as_they_are() {
        for (text, drive) in [
            (r"D:\dir\file", Some('D')),
            ("d:/dir", Some('d')),
            ("Z:", Some('Z')),
            ("/srv/dir/file", None),
            ("costs.xlsx", None),
            (r"dir\file", None),
            ("a:b", None),
            ("notes: draft.txt", None),
        ] {
            let input = read(text).expect("a path");
            assert_eq!(input, PathInput::OnServer(text.to_owned()));
            assert_eq!(input.drive(), drive, "{text}");
        }
        let device = read(r"\\?\D:\dir");
        assert_eq!(device, Ok(PathInput::OnServer(r"D:\dir".to_owned())));
        for (text, path) in [
            ("file:///mnt/d%201.txt", "/mnt/d 1.txt"),
            ("file://localhost/mnt/x", "/mnt/x"),
            ("file:/mnt/x", "/mnt/x"),
            ("file:///C:/dir/x", "C:/dir/x"),
        ] {
            let here = PathInput::OnThisComputer(path.to_owned());
            assert_eq!(read(text), Ok(here), "{text}");
        }
    }

    #[test]
    fn what_is_no_path_on_an_smb_server_is_refused_with_the_form_to_use() {
        for text in [
            "afp://fs1/data/x",
            "nfs://fs1/data/x",
            "https://fs1/x",
            "fs1:/data/x",
            r"fs1:\data\x",
            "alice@fs1:/data",
            r"\\?\Volume{b75e2c83-0000-0000-0000-602f00000000}\x",
            r"\\.\pipe\srvsvc",
            r"\\fs1",
            "smb://fs1",
            "smb://fs1/",
            "file://fs1",
        ] {
            let message = read(text).expect_err(text).to_string();
            assert!(message.contains(r"\share\path"), "{text}: {message}");
        }
        let climbs = read("smb://fs1/data/../x");
        assert!(matches!(climbs, Err(UncPathError::Place(_))));
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        for text in ["smb://alice:geheim@fs1/data", "afp://alice:geheim@fs1/data"] {
            let message = read(text).expect_err(text).to_string();
            assert!(!message.contains("geheim"), "{message}");
        }
    }

    #[test]
    fn paths_are_told_from_servers() {
        for text in [
            r"\\fs1\data",
            "//fs1/data/x",
            "smb://fs1/data",
            "/srv/x",
            r"C:\srv\x",
            "C:",
            r"dir\x",
            "./x",
            "\"costs.xlsx\"",
            r"\\?\UNC\fs1\data",
        ] {
            assert!(PathInput::looks_like(text), "{text}");
        }
        for text in [
            "fs1",
            "fs1:4450",
            r"\\fs1",
            "//fs1/",
            "smb://fs1",
            "smb://fs1/",
            "10.1.0.0/24",
            "fd00::/64",
            "[::1]:4450",
            "fs[01-40]",
            "@lists/branch",
            "@branch",
            "-",
            "costs.xlsx",
        ] {
            assert!(!PathInput::looks_like(text), "{text}");
        }
    }
}
