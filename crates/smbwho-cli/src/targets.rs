//! From what was written on the command line to the servers that are asked.
//!
//! `host` and its kin name one server, `@name` a group from the configuration
//! or else a file, `-` standard input. Servers named twice are asked once, in
//! the place where they first stood.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read as _};

use smbwho::Address;

use crate::config::Config;

/// What `-` stands for among the servers.
pub(crate) const STDIN: &str = "-";

/// The servers that are meant, in order, each once.
///
/// # Errors
///
/// A message that says which word, and where it stood, is no server.
pub(crate) fn resolve(words: &[String], config: &Config) -> Result<Vec<Address>, String> {
    let stdin = || {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).map(|_| text)
    };
    Resolver {
        config,
        stdin,
        found: Found::default(),
    }
    .resolve(words)
}

struct Resolver<'a, F> {
    config: &'a Config,
    /// Reads standard input, once.
    stdin: F,
    found: Found,
}

/// Servers in order, each once.
#[derive(Default)]
struct Found {
    servers: Vec<Address>,
    seen: HashSet<String>,
}

impl Found {
    fn add(&mut self, address: Address) {
        // Names do not differ by letter case.
        if self.seen.insert(address.to_string().to_lowercase()) {
            self.servers.push(address);
        }
    }
}

impl<F: Fn() -> io::Result<String>> Resolver<'_, F> {
    fn resolve(mut self, words: &[String]) -> Result<Vec<Address>, String> {
        let mut stdin_read = false;
        for word in words {
            if word == STDIN {
                if !std::mem::replace(&mut stdin_read, true) {
                    let text =
                        (self.stdin)().map_err(|error| format!("standard input: {error}"))?;
                    self.add_lines("standard input", &text)?;
                }
            } else if let Some(name) = word.strip_prefix('@') {
                self.add_named(name)?;
            } else {
                self.found.add(parse(word)?);
            }
        }
        if self.found.servers.is_empty() && !words.is_empty() {
            return Err(format!("{} names no server", words.join(" ")));
        }
        Ok(self.found.servers)
    }

    /// A group, or else a file.
    fn add_named(&mut self, name: &str) -> Result<(), String> {
        if let Some(group) = self.config.groups.get(name) {
            for word in group {
                let address = parse(word).map_err(|why| format!("group {name}: {why}"))?;
                self.found.add(address);
            }
            return Ok(());
        }
        match fs::read_to_string(name) {
            Ok(text) => self.add_lines(name, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let groups: Vec<&str> = self.config.groups.keys().map(String::as_str).collect();
                Err(match groups.as_slice() {
                    [] => format!(
                        "@{name}: there is no such file, and the configuration has no groups"
                    ),
                    groups => format!(
                        "@{name}: there is no such file, and no such group; groups are: {}",
                        groups.join(", ")
                    ),
                })
            }
            Err(error) => Err(format!("@{name}: {error}")),
        }
    }

    /// One server a line; `#` begins a comment.
    fn add_lines(&mut self, source: &str, text: &str) -> Result<(), String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            let word = line.split('#').next().unwrap_or_default().trim();
            if word.is_empty() {
                continue;
            }
            let address =
                parse(word).map_err(|why| format!("{source}, line {}: {why}", index + 1))?;
            self.found.add(address);
        }
        Ok(())
    }
}

fn parse(word: &str) -> Result<Address, String> {
    word.parse()
        .map_err(|error: smbwho::AddressError| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::Write as _;

    use super::*;

    fn resolve_with(words: &[&str], config: &Config, stdin: &str) -> Result<Vec<String>, String> {
        let reads = Cell::new(0);
        let stdin = || {
            reads.set(reads.get() + 1);
            assert_eq!(reads.get(), 1, "standard input is read once");
            Ok(stdin.to_owned())
        };
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let servers = Resolver {
            config,
            stdin,
            found: Found::default(),
        }
        .resolve(&words)?;
        Ok(servers.iter().map(Address::to_string).collect())
    }

    fn resolved(words: &[&str]) -> Result<Vec<String>, String> {
        resolve_with(words, &Config::default(), "")
    }

    fn branch() -> Config {
        let group = (
            "branch".to_owned(),
            vec!["fs7".to_owned(), r"\\fs8".to_owned()],
        );
        Config {
            groups: [group].into(),
            ..Config::default()
        }
    }

    #[test]
    fn every_form_names_a_server() {
        let words = [
            "fs1",
            r"\\fs2",
            "//fs3",
            "fs4:4450",
            "10.0.0.7",
            "[::1]",
            "[::1]:4450",
        ];
        let names = [
            "fs1",
            "fs2",
            "fs3",
            "fs4:4450",
            "10.0.0.7",
            "[::1]",
            "[::1]:4450",
        ];
        assert_eq!(resolved(&words), Ok(names.map(str::to_owned).to_vec()));
    }

    #[test]
    fn a_server_named_twice_is_asked_once() {
        let servers = resolved(&["fs2", "fs1", r"\\FS2", "fs2:445", "fs1:4450"]);
        assert_eq!(
            servers,
            Ok(["fs2", "fs1", "fs1:4450"].map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn a_group_comes_from_the_configuration() {
        let servers = resolve_with(&["fs1", "@branch", "fs8"], &branch(), "");
        assert_eq!(
            servers,
            Ok(["fs1", "fs7", "fs8"].map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn a_file_has_comments_blank_lines_and_any_line_ends() {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all("\u{feff}# ours\r\nfs1 # main\r\n\r\n  [::1]:4450\nfs1".as_bytes())
            .expect("written");
        let word = format!("@{}", file.path().display());
        assert_eq!(
            resolved(&[&word]),
            Ok(vec!["fs1".to_owned(), "[::1]:4450".to_owned()])
        );
    }

    #[test]
    fn standard_input_is_read_once() {
        let servers = resolve_with(&["-", "fs3", "-"], &Config::default(), "fs1\nfs2\n");
        assert_eq!(
            servers,
            Ok(["fs1", "fs2", "fs3"].map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn mistakes_say_where_they_are() {
        let message = resolve_with(&["-"], &Config::default(), "fs1\nfs 2\n").unwrap_err();
        assert!(message.starts_with("standard input, line 2: "), "{message}");
        let message = resolve_with(&["@brnach"], &branch(), "").unwrap_err();
        assert!(message.contains("groups are: branch"), "{message}");
        let message = resolve_with(&["-"], &Config::default(), "# nothing\n").unwrap_err();
        assert_eq!(message, "- names no server");
        assert!(resolved(&[r"\\fs1\share"]).is_err());
    }
}
