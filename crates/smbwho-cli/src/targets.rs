//! From what was written on the command line to the servers that are asked.
//!
//! A word names a server or a range of them, a network, or a cluster of the
//! configuration; `@name` a group of the configuration or else a file, `-`
//! standard input. Servers named twice are asked once, in the place where they
//! first stood.

mod spread;

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use smbwho::{Address, Host, Server, user_file};

use crate::config::Config;

/// What `-` stands for among the servers.
pub(crate) const STDIN: &str = "-";

/// Servers that ranges and networks may come to when nothing else is said.
pub(crate) const DEFAULT_MAX_HOSTS: usize = 4096;

/// The longest list of servers that is read, in bytes.
const MAX_LIST: u64 = 16 << 20;

/// One server to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) address: Address,
    /// The cluster for which it speaks, by the name the configuration gives
    /// it: its rows bear that name, and it is their node.
    pub(crate) cluster: Option<Arc<str>>,
    /// It is this computer, to be asked directly; the address is its name.
    pub(crate) here: bool,
}

impl Target {
    /// This computer.
    pub(crate) fn here() -> Self {
        let name = Server::local().name().to_owned();
        let address = name.parse().unwrap_or(Address {
            host: Host::Name(name),
            port: 445,
        });
        Self {
            here: true,
            ..Self::from(address)
        }
    }
}

impl From<Address> for Target {
    fn from(address: Address) -> Self {
        Self {
            address,
            cluster: None,
            here: false,
        }
    }
}

/// The servers that are meant, in order, each once. Ranges and networks may
/// come to `max_hosts` together.
///
/// # Errors
///
/// A message that says which word, and where it stood, is no server.
pub(crate) fn resolve(
    words: &[String],
    config: &Config,
    max_hosts: usize,
) -> Result<Vec<Target>, String> {
    let resolver = Resolver {
        config,
        stdin: || read_list(io::stdin().lock()),
        found: Found::default(),
        room: max_hosts,
    };
    resolver.resolve(words)
}

/// The servers of a list, one a line.
pub(crate) fn from_list(
    text: &str,
    config: &Config,
    max_hosts: usize,
) -> Result<Vec<Target>, String> {
    let resolver = Resolver {
        config,
        stdin: || Ok(text.to_owned()),
        found: Found::default(),
        room: max_hosts,
    };
    resolver.resolve(&[STDIN.to_owned()])
}

/// The servers of one address in a path: the nodes when it names a cluster.
///
/// # Errors
///
/// As [`resolve`].
pub(crate) fn at(address: &Address, config: &Config) -> Result<Vec<Target>, String> {
    let name = address.to_string();
    match config.cluster(&name) {
        Some(_) => resolve(&[name], config, DEFAULT_MAX_HOSTS),
        None => Ok(vec![address.clone().into()]),
    }
}

/// A list, as long as it may be.
fn read_list(list: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    list.take(MAX_LIST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_LIST {
        return Err(io::Error::other(format!(
            "a list of servers of more than {} MiB is not read",
            MAX_LIST >> 20
        )));
    }
    Ok(smbwho::decode(&bytes)?.to_string())
}

struct Resolver<'a, F> {
    config: &'a Config,
    /// Reads standard input, once.
    stdin: F,
    found: Found,
    /// Servers that ranges and networks may still come to.
    room: usize,
}

/// Servers in order, each once.
#[derive(Default)]
struct Found {
    servers: Vec<Target>,
    seen: HashSet<String>,
}

impl Found {
    fn add(&mut self, target: Target) {
        // Names do not differ by letter case.
        if self.seen.insert(target.address.to_string().to_lowercase()) {
            self.servers.push(target);
        }
    }
}

impl<F: Fn() -> io::Result<String>> Resolver<'_, F> {
    fn resolve(mut self, words: &[String]) -> Result<Vec<Target>, String> {
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
                self.add_word(word)?;
            }
        }
        if self.found.servers.is_empty() && !words.is_empty() {
            return Err(format!("{} names no server", words.join(" ")));
        }
        Ok(self.found.servers)
    }

    /// A cluster, or a server, or many.
    fn add_word(&mut self, word: &str) -> Result<(), String> {
        let Some((cluster, nodes)) = self.config.cluster(word) else {
            return self.add_spread(word, None);
        };
        let cluster: Arc<str> = cluster.into();
        if nodes.is_empty() {
            return Err(format!("cluster {cluster} has no nodes"));
        }
        for node in nodes {
            self.add_spread(node, Some(&cluster))
                .map_err(|why| format!("cluster {cluster}: {why}"))?;
        }
        Ok(())
    }

    fn add_spread(&mut self, word: &str, cluster: Option<&Arc<str>>) -> Result<(), String> {
        let addresses = spread::addresses(word, self.room)?;
        // What was written out one by one is meant, however much it is.
        if addresses.len() > 1 {
            self.room -= addresses.len();
        }
        for address in addresses {
            self.found.add(Target {
                address,
                cluster: cluster.cloned(),
                here: false,
            });
        }
        Ok(())
    }

    /// A group, or else a file.
    fn add_named(&mut self, name: &str) -> Result<(), String> {
        let config = self.config;
        if let Some(group) = config.groups.get(name) {
            for word in group {
                self.add_word(word)
                    .map_err(|why| format!("group {name}: {why}"))?;
            }
            return Ok(());
        }
        match user_file::read_text(Path::new(name), MAX_LIST) {
            Ok(text) => self.add_lines(name, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let groups: Vec<&str> = config.groups.keys().map(String::as_str).collect();
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
        for (index, line) in text.lines().enumerate() {
            // Lists that were put together have a mark where each began.
            let line = line.strip_prefix('\u{feff}').unwrap_or(line);
            let word = line.split('#').next().unwrap_or_default().trim();
            if !word.is_empty() {
                self.add_word(word)
                    .map_err(|why| format!("{source}, line {}: {why}", index + 1))?;
            }
        }
        Ok(())
    }
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
            room: 10,
        }
        .resolve(&words)?;
        let name = |target: &Target| match &target.cluster {
            Some(cluster) => format!("{} of {cluster}", target.address),
            None => target.address.to_string(),
        };
        Ok(servers.iter().map(name).collect())
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
    fn a_cluster_is_its_nodes() {
        let list = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let config = Config {
            clusters: [
                ("fs".to_owned(), list(&["node[1-2]", "node3:4450"])),
                ("none".to_owned(), list(&[])),
            ]
            .into(),
            groups: [("all".to_owned(), list(&["FS", "fs9"]))].into(),
            ..Config::default()
        };
        let nodes = ["node1 of fs", "node2 of fs", "node3:4450 of fs"];
        let expected = |more: &[&str]| Ok(list(&[&nodes, more].concat()));
        assert_eq!(resolve_with(&["fs"], &config, ""), expected(&[]));
        assert_eq!(resolve_with(&["@all"], &config, ""), expected(&["fs9"]));
        assert_eq!(
            resolve_with(&["-", "node1"], &config, "Fs # ours\n"),
            expected(&[])
        );
        // With backslashes it is the name itself that is asked.
        assert_eq!(resolve_with(&[r"\\fs"], &config, ""), Ok(list(&["fs"])));
        let message = resolve_with(&["none"], &config, "").unwrap_err();
        assert_eq!(message, "cluster none has no nodes");
    }

    #[test]
    fn ranges_and_networks_have_one_limit_together() {
        let many = |words: &[&str]| resolve_with(words, &Config::default(), "");
        assert_eq!(
            many(&["a[1-4]", "10.0.0.0/29"]).map(|all| all.len()),
            Ok(10)
        );
        let message = many(&["a[1-5]", "10.0.0.0/29"]).unwrap_err();
        assert!(
            message.contains("'10.0.0.0/29' names 6 servers"),
            "{message}"
        );
        let lines: String = (0..5000).map(|n| format!("fs{n}\n")).collect();
        let listed = resolve_with(&["-"], &Config::default(), &lines);
        assert_eq!(
            listed.map(|all| all.len()),
            Ok(5000),
            "a list is meant as it is"
        );
    }

    #[test]
    fn hostile_lists_are_refused() {
        let endless = read_list(io::repeat(b'a')).unwrap_err();
        assert!(endless.to_string().contains("16 MiB"), "{endless}");
        assert!(read_list(&b"fs1\xff\n"[..]).is_err());
        for text in [
            "fs1\0fs2\n",
            "\u{1b}[2J\n",
            "fs[1-99999999]\n",
            "a\u{202e}b\n",
        ] {
            let message = resolve_with(&["-"], &Config::default(), text).unwrap_err();
            assert!(message.starts_with("standard input, line 1: "), "{message}");
        }
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
    fn a_list_may_be_written_by_the_tools_of_windows() {
        let text = "fs1\r\nbücher # ours\r\n";
        let utf16 = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let units = text.encode_utf16().flat_map(bytes);
            mark.iter().copied().chain(units).collect()
        };
        for bytes in [
            utf16(b"\xff\xfe", u16::to_le_bytes),
            utf16(b"\xfe\xff", u16::to_be_bytes),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        ] {
            assert_eq!(read_list(&bytes[..]).expect("a list"), text, "{bytes:x?}");
        }
        let parts = "\u{feff}fs1\n\u{feff}fs2\n";
        assert_eq!(
            resolve_with(&["-"], &Config::default(), parts),
            Ok(["fs1", "fs2"].map(str::to_owned).to_vec())
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
