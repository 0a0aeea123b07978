//! `smbwho who-has PATH… [-s SERVER…]`: who has this file or folder open.

use std::collections::HashMap;
use std::future::Future;
use std::io;

use futures::stream::{self, Stream, StreamExt as _};
use smbwho::{
    Address, Error, FileLevel, FilesQuery, OpenFile, Page, Place, Server, UncPath, UserFilter,
};

use super::files::Clients;
use super::fleet::{Fleet, Printing};
use super::names::Names;
use crate::args::RowArgs;
use crate::exit::Exit;
use crate::report::Report;
use crate::targets::Target;

/// What a table says when there is no row.
pub(crate) const NOBODY: &str = "Nobody has it open.";

/// The servers to ask, and for what.
pub(crate) struct Plan {
    pub(crate) servers: Vec<Target>,
    pub(crate) wanted: Wishes,
}

/// What is wanted of each server, by its name in lower case.
pub(crate) type Wishes = HashMap<String, Vec<Wanted>>;

/// One path.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// In a share: the server must be asked where that lies.
    InShare(UncPath),
    /// As the server knows it.
    Local(Place),
}

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
            if UncPath::looks_like(path) {
                let path: UncPath = path.parse().map_err(|error| format!("{error}"))?;
                for server in at(&path.address)? {
                    plan.add(server, Wanted::InShare(path.clone()));
                }
            } else {
                let place = Place::local(path).map_err(|error| error.to_string())?;
                local.push(Wanted::Local(place));
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
        let others = others()?;
        let others = if others.is_empty() {
            vec![Target::here()]
        } else {
            others
        };
        for server in others {
            for wanted in &local {
                plan.add(server.clone(), wanted.clone());
            }
        }
        Ok(plan)
    }

    fn add(&mut self, server: Target, wanted: Wanted) {
        // Names do not differ by letter case.
        let of_server = self
            .wanted
            .entry(key(&server.address.to_string()))
            .or_default();
        if of_server.is_empty() {
            self.servers.push(server);
        }
        of_server.push(wanted);
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
    let question = move |server: Server| {
        let wanted = wanted.get(&key(server.name())).cloned();
        ask(
            server,
            wanted.unwrap_or_default(),
            user.clone(),
            level,
            report,
        )
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
    clients.tell(report);
    names.tell(report);
    Ok(exit)
}

/// Everything open at these places of one server. A path whose share the
/// server does not have is that path's failure; the others are asked for.
fn ask(
    server: Server,
    wanted: Vec<Wanted>,
    user: Option<UserFilter>,
    level: Option<FileLevel>,
    report: Report,
) -> impl Stream<Item = Result<Page<OpenFile>, Error>> {
    let answers = async move {
        let mut pages = Vec::new();
        let (mut places, mut anywhere) = (Vec::new(), Vec::new());
        for wanted in wanted {
            match wanted {
                Wanted::Local(place) => places.push(place),
                Wanted::InShare(path) => match located(&server, &path, report).await {
                    Ok(place) => {
                        anywhere.extend(place.anywhere().map(|place| (path, place)));
                        places.push(place);
                    }
                    Err(error) => pages.push(Err(error)),
                },
            }
        }
        let ask = async |places: Vec<Place>| {
            let mut query = places.into_iter().fold(server.files(), FilesQuery::place);
            if let Some(user) = &user {
                query = query.user(user.clone());
            }
            if let Some(level) = level {
                query = query.level(level);
            }
            query.pages().collect::<Vec<_>>().await
        };
        // Without a place the question would be for every file.
        if !places.is_empty() {
            let found = ask(places).await;
            let none = |page: &Result<Page<OpenFile>, Error>| {
                page.as_ref().is_ok_and(|page| page.rows.is_empty())
            };
            if anywhere.is_empty() || !found.iter().all(none) {
                pages.extend(found);
            } else {
                let (paths, places): (Vec<_>, Vec<_>) = anywhere.into_iter().unzip();
                let found = ask(places).await;
                if !found.iter().all(none) {
                    report.note(&elsewhere(&server, &paths));
                }
                pages.extend(found);
            }
        }
        stream::iter(pages)
    };
    stream::once(answers).flatten()
}

/// What must be said of files that do not lie where their share does.
fn elsewhere(server: &Server, paths: &[UncPath]) -> String {
    let paths: Vec<&str> = paths.iter().map(|path| path.path.as_str()).collect();
    format!(
        "{}: nothing is open where the share lies; shown is whatever is open as {} elsewhere, as \
         it is for a share behind a link",
        server.name(),
        paths.join(", ")
    )
}

/// Where a path in a share lies on the server.
async fn located(server: &Server, path: &UncPath, report: Report) -> Result<Place, Error> {
    let place = server.locate(&path.share, &path.path).await?;
    if !place.is_anchored() {
        let why = place
            .unknown_share()
            .map_or_else(String::new, |code| format!(" ({code})"));
        report.note(&format!(
            "{}: the server does not tell where its share {} lies{why}; shown is whatever is open \
             as {}, in other shares too",
            server.name(),
            path.share,
            path.path
        ));
    }
    Ok(place)
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
    fn mistakes_are_explained() {
        for (paths, named, expected) in [
            (&["//fs1/data/x"][..], &["fs2"][..], "name their server"),
            (&["//fs1"], &[], "names no share"),
            (&["//fs 1/data"], &[], "not a server name"),
            (&[""], &["fs1"], "no path was given"),
        ] {
            let message = plan(paths, named).map(|_| ()).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
