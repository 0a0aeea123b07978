//! `krb5.conf`: the few settings a client of file servers needs.
//!
//! `[libdefaults]` default_realm, dns_lookup_kdc, default_ccache_name,
//! permitted_enctypes; `[realms]` kdc; `[domain_realm]`; `include` and `includedir`. Everything
//! else is passed over.
//!
//! What MIT's library reads is read, as tried with its kinit (1.20): what stands
//! before the first section is passed over, whatever follows a '}' too, braces
//! may be left open at the end, and a file that may not be read is none. What it
//! refuses is an error with its line rather than a guess, as the file is the
//! user's own.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::KerberosError;
use super::crypto::ETYPES;
use crate::user_file;

/// Largest file read, and most files included.
const MAX_FILE: u64 = 1 << 20;
const MAX_FILES: usize = 100;
/// How deep files may include each other.
const MAX_DEPTH: usize = 8;

/// What was found in all files together. Of a setting given twice the first
/// counts, as with MIT's library; `kdc` lines add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Krb5Conf {
    /// `[libdefaults]` by name.
    libdefaults: BTreeMap<String, String>,
    /// `[realms]`: KDCs by realm, in order, as written: `host`, `host:port`.
    kdcs: BTreeMap<String, Vec<String>>,
    /// `[domain_realm]`: `.domain` or `host`, in lower case, to realm.
    domain_realm: BTreeMap<String, String>,
}

impl Krb5Conf {
    /// Reads these files. One that is missing, or that this user may not read,
    /// is taken as empty.
    ///
    /// # Errors
    /// `Config` with file and line: unreadable, no section, unbalanced braces.
    pub fn load(paths: &[PathBuf]) -> Result<Self, KerberosError> {
        let mut files = Files::default();
        for path in paths.iter().filter(|path| !path.as_os_str().is_empty()) {
            files.read(path, 0)?;
            files.closed.append(&mut files.closing);
        }
        Ok(files.conf)
    }

    /// Reads one text; included files are not followed.
    ///
    /// # Errors
    /// As [`Krb5Conf::load`]; `path` is named in them.
    #[doc(hidden)]
    pub fn parse(path: &Path, text: &str) -> Result<Self, KerberosError> {
        let mut files = Files {
            read: MAX_FILES,
            ..Files::default()
        };
        files.text(path, text, MAX_DEPTH)?;
        Ok(files.conf)
    }

    /// `default_realm`
    pub fn default_realm(&self) -> Option<&str> {
        self.libdefaults.get("default_realm").map(String::as_str)
    }

    /// `default_ccache_name`, with its `%{…}` still in it.
    pub fn default_ccache_name(&self) -> Option<&str> {
        self.libdefaults
            .get("default_ccache_name")
            .map(String::as_str)
    }

    /// `dns_lookup_kdc`, true unless said otherwise.
    pub fn dns_lookup_kdc(&self) -> bool {
        let value = self
            .libdefaults
            .get("dns_lookup_kdc")
            .map(|v| v.to_ascii_lowercase());
        !matches!(
            value.as_deref(),
            Some("false" | "no" | "off" | "0" | "n" | "f" | "nil")
        )
    }

    /// The encryption types to ask for, best first: those of
    /// `permitted_enctypes` that this client has, else all it has.
    pub(crate) fn etypes(&self) -> Vec<i32> {
        let list = self
            .libdefaults
            .get("permitted_enctypes")
            .map_or("", String::as_str);
        let mut etypes = Vec::new();
        for word in list.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
            let (drop, name) = match word.strip_prefix('-') {
                Some(name) => (true, name),
                None => (false, word.strip_prefix('+').unwrap_or(word)),
            };
            let named: &[i32] = match name.to_ascii_lowercase().as_str() {
                "default" => &ETYPES,
                "aes" => &[18, 17, 20, 19],
                "aes256-cts-hmac-sha1-96" | "aes256-cts" | "aes256-sha1" => &[18],
                "aes128-cts-hmac-sha1-96" | "aes128-cts" | "aes128-sha1" => &[17],
                "aes256-cts-hmac-sha384-192" | "aes256-sha2" => &[20],
                "aes128-cts-hmac-sha256-128" | "aes128-sha2" => &[19],
                "rc4" | "rc4-hmac" | "arcfour-hmac" | "arcfour-hmac-md5" => &[23],
                _ => &[],
            };
            etypes.retain(|etype| !named.contains(etype));
            etypes.extend(named.iter().filter(|_| !drop));
        }
        if etypes.is_empty() {
            ETYPES.to_vec()
        } else {
            etypes
        }
    }

    /// The KDCs listed for a realm, in order.
    pub fn kdcs(&self, realm: &str) -> &[String] {
        self.kdcs.get(realm).map_or(&[], Vec::as_slice)
    }

    /// Whether `[realms]` names the realm with exactly this spelling.
    pub fn knows_realm(&self, realm: &str) -> bool {
        self.kdcs.contains_key(realm) || self.default_realm() == Some(realm)
    }

    /// The realm `[domain_realm]` gives a host: the host itself, else the
    /// longest domain with a leading dot that it is in.
    pub fn realm_of_host(&self, host: &str) -> Option<&str> {
        let host = host.to_ascii_lowercase();
        let domains = host.match_indices('.').map(|(dot, _)| &host[dot..]);
        std::iter::once(host.as_str())
            .chain(domains)
            .find_map(|name| self.domain_realm.get(name))
            .map(String::as_str)
    }
}

/// The files that `KRB5_CONFIG` lists, else the system's own.
pub(super) fn system_paths() -> Vec<PathBuf> {
    match std::env::var_os("KRB5_CONFIG").filter(|list| !list.is_empty()) {
        Some(list) => std::env::split_paths(&list).collect(),
        None if cfg!(windows) => vec![r"C:\ProgramData\MIT\Kerberos5\krb5.ini".into()],
        None => vec!["/etc/krb5.conf".into()],
    }
}

/// A section, or one of its subsections.
type Section = (String, Option<String>);

#[derive(Default)]
struct Files {
    conf: Krb5Conf,
    read: usize,
    /// Sections that a file said are final (`[name]*`, `name* = {`, `}*`): files
    /// after it add nothing to them.
    closed: BTreeSet<Section>,
    /// Those of the file that is read, with what it includes.
    closing: BTreeSet<Section>,
}

impl Files {
    fn read(&mut self, path: &Path, depth: usize) -> Result<(), KerberosError> {
        let failed = |what: String| KerberosError::Config {
            path: path.to_owned(),
            what,
        };
        self.read += 1;
        if depth > MAX_DEPTH || self.read > MAX_FILES {
            return Err(failed("too many files include each other".into()));
        }
        let bytes = match user_file::read_or_null(path, MAX_FILE) {
            Ok(bytes) => bytes,
            Err(error) if depth == 0 && is_passed_over(&error) => {
                tracing::debug!(path = %path.display(), %error, "not read");
                return Ok(());
            }
            Err(error) => return Err(failed(error.to_string())),
        };
        self.text(path, &String::from_utf8_lossy(&bytes), depth)
    }

    fn text(&mut self, path: &Path, text: &str, depth: usize) -> Result<(), KerberosError> {
        let mut section: Option<String> = None;
        // Names of the open braces, outermost first.
        let mut open: Vec<String> = Vec::new();
        // A name whose '{' may stand on the next line.
        let mut pending: Option<String> = None;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (number, line) in text.lines().enumerate() {
            let wrong = |what: &str| KerberosError::Config {
                path: path.to_owned(),
                what: format!("line {}: {what}", number + 1),
            };
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if self.directive(path, line, depth)? {
                continue;
            }
            if let Some(rest) = line.strip_prefix('[') {
                let (name, rest) = rest
                    .split_once(']')
                    .ok_or_else(|| wrong("a section has no ']'"))?;
                if !open.is_empty() {
                    return Err(wrong("a section begins inside braces"));
                }
                let name = name.trim().to_owned();
                if rest.starts_with('*') {
                    self.closing.insert((name.clone(), None));
                }
                (section, pending) = (Some(name), None);
                continue;
            }
            // Whatever stands before the first section is no setting.
            let Some(section) = &section else {
                continue;
            };
            if begins_block(line)
                && let Some(name) = pending.take()
            {
                self.open(section, &mut open, &name);
            } else if let Some(rest) = line.strip_prefix('}') {
                if rest.starts_with('*') {
                    self.close(section, &open);
                }
                open.pop().ok_or_else(|| wrong("a '}' too many"))?;
            } else {
                let (name, value) = line.split_once('=').ok_or_else(|| wrong("no '='"))?;
                let (name, value) = (name.trim(), value.trim());
                if name.is_empty() {
                    return Err(wrong("nothing before the '='"));
                }
                pending = None;
                if begins_block(value) {
                    self.open(section, &mut open, name);
                } else if value.is_empty() {
                    pending = Some(name.to_owned());
                } else {
                    self.setting(section, &open, name.trim_end_matches('*'), &unquoted(value));
                }
            }
            if open.len() > MAX_DEPTH {
                return Err(wrong("braces too deep"));
            }
        }
        Ok(())
    }

    /// A '{' after a name, whose '*' says that later files add nothing.
    fn open(&mut self, section: &str, open: &mut Vec<String>, name: &str) {
        let plain = name.trim_end_matches('*');
        open.push(plain.to_owned());
        if plain.len() < name.len() {
            self.close(section, open);
        }
        self.opened(section, open);
    }

    /// Later files add nothing to the open subsection.
    fn close(&mut self, section: &str, open: &[String]) {
        if let [subsection] = open {
            let subsection = (section.to_owned(), Some(subsection.clone()));
            self.closing.insert(subsection);
        }
    }

    /// Whether an earlier file said that this is final.
    fn is_closed(&self, section: &str, open: &[String]) -> bool {
        let is = |subsection: Option<&String>| {
            let section = (section.to_owned(), subsection.cloned());
            self.closed.contains(&section)
        };
        !self.closed.is_empty() && (is(None) || is(open.first()))
    }

    /// `include FILE`, `includedir FOLDER`, `module …`: whether the line was one.
    fn directive(&mut self, path: &Path, line: &str, depth: usize) -> Result<bool, KerberosError> {
        let Some((word, argument)) = line.split_once(char::is_whitespace) else {
            return Ok(false);
        };
        // `include = x` is a setting of that name.
        if argument.trim_start().starts_with('=') {
            return Ok(false);
        }
        let argument = Path::new(argument.trim());
        match word {
            "module" => {}
            "include" if self.read < MAX_FILES => self.read(argument, depth + 1)?,
            "includedir" if self.read < MAX_FILES => {
                let entries =
                    std::fs::read_dir(argument).map_err(|error| KerberosError::Config {
                        path: path.to_owned(),
                        what: format!("includedir {}: {error}", argument.display()),
                    })?;
                let mut included: Vec<PathBuf> = entries
                    .flatten()
                    .map(|entry| entry.path())
                    .filter(|path| is_included(path))
                    .collect();
                included.sort();
                for file in included {
                    self.read(&file, depth + 1)?;
                }
            }
            "include" | "includedir" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A realm without a KDC is a realm nevertheless.
    fn opened(&mut self, section: &str, open: &[String]) {
        if let ("realms", [realm]) = (section, open)
            && !self.is_closed(section, open)
        {
            self.conf.kdcs.entry(realm.clone()).or_default();
        }
    }

    fn setting(&mut self, section: &str, open: &[String], name: &str, value: &str) {
        if self.is_closed(section, open) {
            return;
        }
        let value = value.to_owned();
        match (section, open) {
            ("libdefaults", []) => {
                self.conf
                    .libdefaults
                    .entry(name.to_owned())
                    .or_insert(value);
            }
            ("domain_realm", []) => {
                self.conf
                    .domain_realm
                    .entry(name.to_ascii_lowercase())
                    .or_insert(value);
            }
            ("realms", [realm]) if name == "kdc" => {
                self.conf.kdcs.entry(realm.clone()).or_default().push(value);
            }
            _ => {}
        }
    }
}

/// A missing file is none, nor is one that is another user's alone.
fn is_passed_over(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotFound, PermissionDenied};
    matches!(error.kind(), NotFound | PermissionDenied)
}

/// A '{' with nothing behind it, or a comment; with anything else it is part of
/// a value.
fn begins_block(text: &str) -> bool {
    text.strip_prefix('{')
        .map(str::trim_start)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['#', ';']))
}

/// A value in quotes without them: a backslash takes the sign after it
/// literally (`\n`, `\t` and `\b` are the control characters), and what follows
/// the closing quote does not count.
fn unquoted(value: &str) -> Cow<'_, str> {
    let Some(quoted) = value.strip_prefix('"') else {
        return value.into();
    };
    let mut text = String::new();
    let mut signs = quoted.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '"' => break,
            '\\' => match signs.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('b') => text.push('\u{8}'),
                Some(other) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
    }
    text.into()
}

/// MIT's rule for includedir: letters, digits, '-' and '_' only, or a name that ends in `.conf`.
fn is_included(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    path.is_file() && (plain || (name.ends_with(".conf") && !name.starts_with('.')))
}

#[cfg(test)]
mod tests;
