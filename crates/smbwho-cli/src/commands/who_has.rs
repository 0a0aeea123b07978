//! `smbwho who-has PATH… [-s SERVER…]`: who has this file or folder open.

use std::collections::HashMap;
use std::future::Future;
use std::io;

use smbwho::{Address, FileLevel, OpenFile, PathInput, Place, Server};

use super::files::Clients;
use super::fleet::{Fleet, Printing};
use super::names::Names;
use super::sought::{self, Notes, Sought};
use crate::args::RowArgs;
use crate::exit::Exit;
use crate::targets::Target;

/// What a table says when there is no row.
pub(crate) const NOBODY: &str = "Nobody has it open.";

/// The servers to ask, and for what.
pub(crate) struct Plan {
    pub(crate) servers: Vec<Target>,
    pub(crate) wanted: Wishes,
}

/// What is wanted of each server, by its name in lower case.
pub(crate) type Wishes = HashMap<String, Vec<PathInput>>;

impl Plan {
    /// Sorts the paths by the servers they are on: `at` knows the nodes where a
    /// path's server is a cluster. `others` are those of `-s`, asked for only
    /// when a path names no server.
    ///
    /// # Errors
    ///
    /// A message that says which path is none, or lacks its server.
    pub(crate) fn of(
        paths: &[String],
        named: bool,
        at: impl Fn(&Address) -> Result<Vec<Target>, String>,
        others: impl FnOnce() -> Result<Vec<Target>, String>,
    ) -> Result<Self, String> {
        let mut plan = Self {
            servers: Vec::new(),
            wanted: HashMap::new(),
        };
        let mut local = Vec::new();
        for path in paths {
            match path.parse().map_err(|error| format!("{error}"))? {
                PathInput::InShare(path) => {
                    for server in at(&path.address)? {
                        plan.add(server, PathInput::InShare(path.clone()));
                    }
                }
                path => local.push(path),
            }
        }
        if local.is_empty() {
            if named {
                return Err(
                    "-s is for paths as a server knows them; these name their server already"
                        .to_owned(),
                );
            }
            return Ok(plan);
        }
        let mut others = others()?;
        for path in &local {
            check(path, &others)?;
        }
        if others.is_empty() {
            others.push(Target::here());
        }
        for server in others {
            for path in &local {
                plan.add(server.clone(), path.clone());
            }
        }
        Ok(plan)
    }

    fn add(&mut self, server: Target, path: PathInput) {
        // Names do not differ by letter case.
        let of_server = self
            .wanted
            .entry(key(&server.address.to_string()))
            .or_default();
        if of_server.is_empty() {
            self.servers.push(server);
        }
        of_server.push(path);
    }
}

/// Refuses a path without a server that those who are asked cannot know; nobody is this
/// computer.
///
/// # Errors
///
/// A message with the form to use.
pub(crate) fn check(path: &PathInput, others: &[Target]) -> Result<(), String> {
    let here = others.iter().all(|server| server.here);
    match path {
        PathInput::OnThisComputer(path) if !here => {
            return Err(format!(
                "file:// without a server is a path of this computer, and others are asked; write \
                 \\\\server\\share\\path, or '{path}' if that is how they know it"
            ));
        }
        // Samba writes its own root as drive C.
        _ if here && !cfg!(windows) => {
            if let Some(drive) = path
                .drive()
                .filter(|drive| !drive.eq_ignore_ascii_case(&'c'))
            {
                return Err(format!(
                    "{drive}: is a drive of a Windows computer, and no server is named; write \
                     \\\\server\\share\\path, or name with -s the server where it is {drive}:"
                ));
            }
        }
        _ => {}
    }
    // Of this computer it is followed through links, .. and all.
    match path {
        PathInput::OnServer(path) if !here => Place::local(path)
            .map(|_| ())
            .map_err(|error| error.to_string()),
        PathInput::OnServer(path) if path.is_empty() => Err("no path was given".to_owned()),
        _ => Ok(()),
    }
}

fn key(server: &str) -> String {
    server.to_lowercase()
}

/// Asks the servers who has the paths open, and prints it.
///
/// # Errors
///
/// When the output cannot be written.
pub(crate) async fn run(
    fleet: Fleet,
    wanted: &Wishes,
    rows: &RowArgs,
    level: Option<FileLevel>,
    interrupted: impl Future<Output = ()>,
    printing: Printing<'_, OpenFile>,
) -> io::Result<Exit> {
    let report = printing.report;
    let names = Names::of(rows);
    let (wanted, user) = (wanted.clone(), names.user.clone());
    let notes = Notes::default();
    let of_servers = notes.clone();
    let question = move |server: Server| {
        let paths = wanted.get(&key(server.name())).cloned();
        let sought = Sought {
            paths: paths.unwrap_or_default(),
            user: user.clone(),
            level,
        };
        sought::ask(server, sought, of_servers.clone())
    };
    let clients = Clients::wanted(names.client.as_ref()).await;
    let exit = fleet
        .ask(
            question,
            |file| clients.choose(file),
            |_| {},
            interrupted,
            printing,
        )
        .await?;
    notes.tell(report);
    clients.tell(report);
    names.tell(report);
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(paths: &[&str], servers: &[&str]) -> Result<Plan, String> {
        let paths: Vec<String> = paths.iter().map(|&path| path.to_owned()).collect();
        let address = |server: &&str| server.parse::<Address>().expect("a server");
        let servers: Vec<Target> = servers.iter().map(|s| address(s).into()).collect();
        let at = |at: &Address| match at.to_string().as_str() {
            "cluster" => Ok(["node1", "node2"]
                .iter()
                .map(|s| address(s).into())
                .collect()),
            _ => Ok(vec![at.clone().into()]),
        };
        Plan::of(&paths, !servers.is_empty(), at, || Ok(servers))
    }

    fn servers(plan: &Plan) -> Vec<(String, usize)> {
        let count = |server: &Target| plan.wanted[&key(&server.address.to_string())].len();
        let servers = plan.servers.iter();
        servers
            .map(|server| (server.address.to_string(), count(server)))
            .collect()
    }

    #[test]
    fn each_server_is_asked_once_for_all_its_paths() {
        let plan = plan(
            &[r"\\fs1\data\a", "//FS1/data/b", "//fs2:4450/x", r"D:\x"],
            &["fs1", "fs3"],
        );
        let expected = [("fs1", 3), ("fs2:4450", 1), ("fs3", 1)];
        assert_eq!(
            servers(&plan.expect("a plan")),
            expected.map(|(server, count)| (server.to_owned(), count))
        );
    }

    #[test]
    fn a_path_on_a_cluster_is_looked_for_on_every_node() {
        let plan = plan(&["//cluster/data/x"], &[]).expect("a plan");
        let expected = [("node1", 1), ("node2", 1)].map(|(node, n)| (node.to_owned(), n));
        assert_eq!(servers(&plan), expected);
    }

    #[test]
    #[cfg(not(windows))]
    fn a_drive_is_one_of_a_server_that_is_named() {
        for path in [r"Z:\d 1.txt", "z:/x", r"\\?\Z:\x", "file:///Z:/x", "Z:"] {
            let message = plan(&[path], &[]).map(|_| ()).unwrap_err();
            assert!(
                message.contains(r"\\server\share\path"),
                "{path}: {message}"
            );
        }
        for (path, servers) in [(r"Z:\x", &["fs1"][..]), (r"C:\srv\x", &[]), ("/srv/x", &[])] {
            assert!(plan(&[path], servers).is_ok(), "{path}");
        }
    }

    #[test]
    fn pasted_paths_go_to_their_servers() {
        let paths = [
            "smb://alice@fs1/data/d%201.txt",
            "\"\\\\fs1\\data\\x\"",
            r"\\?\UNC\FS1\data\y",
        ];
        let plan = plan(&paths, &[]).expect("a plan");
        assert_eq!(servers(&plan), [("fs1".to_owned(), 3)]);
    }

    #[test]
    fn mistakes_are_explained() {
        for (paths, named, expected) in [
            (&["//fs1/data/x"][..], &["fs2"][..], "name their server"),
            (&["//fs1"], &[], "names no share"),
            (&["//fs 1/data"], &[], "not a server name"),
            (&[""], &["fs1"], "no path was given"),
            (&["\"\""], &[], "no path was given"),
            (&["afp://fs1/data/x"], &[], "smb://server/share/path"),
            (&["nfs://fs1/data/x"], &["fs1"], "smb://server/share/path"),
            (&["fs1:/data/x"], &[], r"\\fs1\share\path"),
            (&["file:///mnt/x"], &["fs1"], r"\\server\share\path"),
            (&[r"D:\a\..\b"], &["fs1"], "climbs up"),
        ] {
            let message = plan(paths, named).map(|_| ()).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
