//! The configuration file, `smbwho/config.toml` in the platform's folder for
//! configuration: defaults for options that are the same every day, and groups
//! of servers.
//!
//! Options win over it. It holds no password: a key that looks like one is
//! refused, and messages never quote the file's lines.

use std::collections::BTreeMap;
use std::env;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};
use smbwho::user_file;

use crate::args::{MinProtocol, Protection, from_config};
use crate::duration;
use crate::output::Format;

/// The longest configuration that is read, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// What the configuration file may say. Whatever is missing is as without it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Who signs in when `-U` does not say it.
    pub(crate) login: Option<String>,
    /// Sign in by Kerberos, as `-k`.
    #[serde(default)]
    pub(crate) kerberos: bool,
    /// As `--min-protocol`.
    #[serde(default, deserialize_with = "from_config")]
    pub(crate) min_protocol: Option<MinProtocol>,
    /// As `--client-protection`.
    #[serde(default, deserialize_with = "from_config")]
    pub(crate) client_protection: Option<Protection>,
    /// The servers that are asked when none is named.
    #[serde(default)]
    pub(crate) servers: Vec<String>,
    /// As `--jobs`.
    pub(crate) jobs: Option<NonZeroUsize>,
    /// As `--timeout`.
    #[serde(default, deserialize_with = "span")]
    pub(crate) timeout: Option<Duration>,
    /// As `--total-timeout`.
    #[serde(default, deserialize_with = "span")]
    pub(crate) total_timeout: Option<Duration>,
    /// As `--retries`.
    pub(crate) retries: Option<u32>,
    /// As `--output`.
    pub(crate) output: Option<Format>,
    /// Where changes to servers are recorded, in place of the audit log in the
    /// folder for state.
    pub(crate) audit_log: Option<PathBuf>,
    /// Servers by the name of their group, written `@name`.
    #[serde(default)]
    pub(crate) groups: BTreeMap<String, Vec<String>>,
    /// The nodes of clusters, by the name of the cluster.
    #[serde(default)]
    pub(crate) clusters: BTreeMap<String, Vec<String>>,
}

/// A span of time, as on the command line or as a number of seconds.
fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Span {
        Secs(u64),
        Text(String),
    }
    let text = match Span::deserialize(deserializer) {
        Ok(Span::Secs(secs)) => secs.to_string(),
        Ok(Span::Text(text)) => text,
        Err(_) => {
            return Err(de::Error::custom("expected a span of time such as \"10s\""));
        }
    };
    duration::parse_positive(&text)
        .map(Some)
        .map_err(de::Error::custom)
}

impl Config {
    /// The cluster of this name, as the configuration writes it, and its
    /// nodes. Names do not differ by letter case.
    pub(crate) fn cluster(&self, name: &str) -> Option<(&str, &[String])> {
        let mut clusters = self.clusters.iter();
        let (name, nodes) = clusters.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some((name, nodes))
    }

    /// Reads the configuration file, if there is one.
    ///
    /// # Errors
    ///
    /// A message that names the file, the line and the key. A missing file is
    /// an error only when `SMBWHO_CONFIG` names it.
    pub(crate) fn load() -> Result<Self, String> {
        match env::var_os("SMBWHO_CONFIG").filter(|path| !path.is_empty()) {
            Some(path) => Self::read(Path::new(&path), true),
            None => match default_folder() {
                Some(folder) => Self::read(&folder.join("smbwho").join("config.toml"), false),
                None => Ok(Self::default()),
            },
        }
    }

    fn read(path: &Path, must_exist: bool) -> Result<Self, String> {
        let text = user_file::read_or_null(path, MAX_FILE).and_then(user_file::text);
        let text = match text {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => {
                return Ok(Self::default());
            }
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        Self::parse(&text).map_err(|message| format!("{}:{message}", path.display()))
    }

    /// Errors begin with the line, `3: unknown field …`. The line itself is
    /// not quoted: people put passwords where they do not belong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(at).filter(|&b| b == b'\n').count() + 1;
            let mut message = format!("{line}: {}", error.message().replace('\n', " "));
            if message.contains("`pass") {
                message.push_str(
                    "; a password does not belong here: use --auth-file, or SMBWHO_PASSWORD",
                );
            }
            message
        })
    }
}

/// The folder in which programs keep their configuration.
#[cfg(windows)]
fn default_folder() -> Option<PathBuf> {
    env::var_os("APPDATA").map(PathBuf::from)
}

/// The folder in which programs keep their configuration.
#[cfg(target_os = "macos")]
fn default_folder() -> Option<PathBuf> {
    env::home_dir().map(|home| home.join("Library").join("Application Support"))
}

/// The folder in which programs keep their configuration (XDG base
/// directories: a relative `XDG_CONFIG_HOME` does not count).
#[cfg(not(any(windows, target_os = "macos")))]
fn default_folder() -> Option<PathBuf> {
    let set = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    set.filter(|path| path.is_absolute())
        .or_else(|| env::home_dir().map(|home| home.join(".config")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_key() {
        let config = Config::parse(
            r#"
            login = 'LAB\alice'
            kerberos = true
            min_protocol = "3.0"
            client_protection = "encrypt"
            servers = ["fs1", "@branch"]
            jobs = 16
            timeout = "1m"
            total_timeout = 90
            retries = 0
            output = "jsonl"
            audit_log = "/var/log/smbwho.jsonl"
            [groups]
            branch = ["fs2", 'fs3:4450']
            [clusters]
            fs = ["node1", "node2"]
            "#,
        );
        let groups = [(
            "branch".to_owned(),
            vec!["fs2".to_owned(), "fs3:4450".to_owned()],
        )];
        let clusters = [(
            "fs".to_owned(),
            vec!["node1".to_owned(), "node2".to_owned()],
        )];
        let expected = Config {
            login: Some(r"LAB\alice".to_owned()),
            kerberos: true,
            min_protocol: Some(MinProtocol::Smb3_00),
            client_protection: Some(Protection::Encrypt),
            servers: vec!["fs1".to_owned(), "@branch".to_owned()],
            jobs: NonZeroUsize::new(16),
            timeout: Some(Duration::from_secs(60)),
            total_timeout: Some(Duration::from_secs(90)),
            retries: Some(0),
            output: Some(Format::Jsonl),
            audit_log: Some(PathBuf::from("/var/log/smbwho.jsonl")),
            groups: groups.into(),
            clusters: clusters.into(),
        };
        assert!(expected.cluster("FS").is_some() && expected.cluster("fs2").is_none());
        assert_eq!(config, Ok(expected));
        assert_eq!(Config::parse(""), Ok(Config::default()));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let message = Config::parse("jobs = 3\n\nserver = [\"fs1\"]\n").unwrap_err();
        assert!(
            message.starts_with("3: unknown field `server`"),
            "{message}"
        );
        assert!(
            message.contains("`servers`"),
            "says what there is: {message}"
        );
    }

    #[test]
    fn wrong_values_are_refused_with_their_line() {
        for text in [
            "\njobs = 0",
            "\ntimeout = \"soon\"",
            "\ntimeout = \"0s\"",
            "\noutput = \"xml\"",
            "\nservers = \"fs1\"",
            "\nretries = -1",
            "\nmin_protocol = \"NT1\"",
            "\nclient_protection = \"plain\"",
            "\ntotal_timeout = \"\"",
            "\nclusters = { fs = \"node1\" }",
            "\nlogin =",
        ] {
            let message = Config::parse(text).unwrap_err();
            assert!(message.starts_with("2: "), "{text:?}: {message}");
        }
        assert_eq!(
            Config::parse("timeout = 5").map(|c| c.timeout),
            Ok(Some(Duration::from_secs(5)))
        );
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        let message = Config::parse("login = 'a'\npassword = 'hunter2'\n").unwrap_err();
        assert!(
            message.starts_with("2: unknown field `password`"),
            "{message}"
        );
        assert!(message.contains("--auth-file"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}
