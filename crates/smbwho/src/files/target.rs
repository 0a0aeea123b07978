//! A path on one server: the places where files that are open may lie.

use std::collections::HashMap;
use std::ops::ControlFlow;

use futures::stream::{self, StreamExt};
use smbwho_msrpc::srvsvc::share::NetrShareGetInfo;
use smbwho_smb::SmbError;

use super::dfs::{FLAGS, Referred, is_in_dfs};
use super::info::ShareLocation;
use super::{PathInput, Place, UncPath};
use crate::backend::Backend;
use crate::error::ErrorKind;
use crate::local::{self, Found, Resolved};
use crate::{Error, Server, ShareKind};

/// Paths that are followed side by side, once it is known where their shares lie.
const SIDE_BY_SIDE: usize = 16;

/// The level that tells where a share lies.
const PLACE: u32 = 2;

/// A path that is looked for on one server. Made by [`Server::path_target`].
#[derive(Debug, Clone)]
pub struct PathTarget {
    /// As people name it.
    pub(super) name: String,
    pub(super) places: Vec<Place>,
    pub(super) source: Source,
}

/// Where the path was taken from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Share {
        share: String,
        path: String,
        /// Whether links of DFS may lie in the share; `None` when the server does not
        /// tell.
        in_dfs: Option<bool>,
    },
    /// As the server knows it.
    Server,
    /// A path of this computer.
    Here(Resolved),
}

/// What a server says of a share.
struct AboutShare {
    location: Result<ShareLocation, Error>,
    /// Whether links of DFS may lie in it; `None` when the server does not tell.
    in_dfs: Option<bool>,
}

impl PathTarget {
    /// The path as people name it: `\\fs1\data\file`, or as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The places where its files may lie, one or several.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Whether a path of the server is this one, or lies beneath it.
    pub fn holds(&self, path: &str) -> bool {
        self.places.iter().any(|place| place.holds(path))
    }

    /// Whether a path of the server lies beneath this one, and is not this one itself.
    pub fn is_above(&self, path: &str) -> bool {
        self.places.iter().any(|place| place.holds_deeper(path))
    }

    /// Whether links of DFS may lie in its share, by what the server says.
    pub fn is_in_dfs(&self) -> bool {
        let Source::Share { in_dfs, .. } = &self.source else {
            return false;
        };
        *in_dfs == Some(true)
    }

    /// Share and path of a path in a share.
    pub fn in_share(&self) -> Option<(&str, &str)> {
        match &self.source {
            Source::Share { share, path, .. } => Some((share, path)),
            Source::Server | Source::Here(_) => None,
        }
    }

    /// The path as the server knows it, where that is known.
    pub fn on_server(&self) -> Option<String> {
        match &self.source {
            Source::Share { path, .. } => {
                let share = self.places.first()?.share_path()?;
                let share = share.trim_end_matches(['\\', '/']);
                Some(match path.is_empty() {
                    true => share.to_owned(),
                    false => format!("{share}\\{path}"),
                })
            }
            Source::Server => None,
            Source::Here(path) => {
                let real = path.real.display().to_string();
                (real != self.name).then_some(real)
            }
        }
    }
}

impl Server {
    /// Where a path lies on this server: a path in a share is asked about, one of this
    /// computer is followed through links.
    ///
    /// # Errors
    ///
    /// When the server has no such share, the path is none or leads elsewhere by DFS
    /// ([`ErrorKind::DfsPath`]), and all that can happen on the way.
    pub async fn path_target(&self, path: &PathInput) -> Result<PathTarget, Error> {
        match path {
            PathInput::InShare(unc) => {
                let about = self.about_shares(&[&unc.share]).await;
                self.target_in_share(unc, about.first()).await
            }
            PathInput::OnServer(path) | PathInput::OnThisComputer(path) => {
                self.target_on_server(path)
            }
        }
    }

    /// As [`path_target`](Self::path_target), of several paths; the answers stand in the
    /// order of the paths. Each share is asked about once, in flight with the others, and
    /// what is wrong with one is a failure of its own paths alone.
    pub async fn path_targets(&self, paths: &[PathInput]) -> Vec<Result<PathTarget, Error>> {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut shares: Vec<&str> = Vec::new();
        // In letters beyond ASCII servers differ in what is one name.
        let key = |unc: &UncPath| unc.share.to_ascii_lowercase();
        for path in paths {
            if let PathInput::InShare(unc) = path {
                numbers.entry(key(unc)).or_insert_with(|| {
                    shares.push(&unc.share);
                    shares.len() - 1
                });
            }
        }
        let about = self.about_shares(&shares).await;
        let targets: Vec<_> = paths
            .iter()
            .map(|path| {
                let number = match path {
                    PathInput::InShare(unc) => numbers.get(&key(unc)),
                    _ => None,
                };
                let about = number.and_then(|&number| about.get(number));
                async move {
                    match path {
                        PathInput::InShare(unc) => self.target_in_share(unc, about).await,
                        PathInput::OnServer(path) | PathInput::OnThisComputer(path) => {
                            self.target_on_server(path)
                        }
                    }
                }
            })
            .collect();
        stream::iter(targets).buffered(SIDE_BY_SIDE).collect().await
    }

    async fn target_in_share(
        &self,
        unc: &UncPath,
        about: Option<&AboutShare>,
    ) -> Result<PathTarget, Error> {
        let name = unc.to_string();
        let unanswered = || self.error(ErrorKind::Smb(SmbError::unanswered()));
        let about = about.ok_or_else(unanswered)?;
        let location = match &about.location {
            Ok(location) => location,
            // A name of DFS stands for shares of other servers.
            Err(error) if error.is_no_such_share() => {
                return Err(match self.referred(&unc.share, &unc.path).await {
                    Ok(Referred::To(targets)) => self.leads_elsewhere(&name, targets, None),
                    _ => error.clone(),
                });
            }
            Err(error) => return Err(error.clone()),
        };
        let cluster = location.kind.is_some_and(ShareKind::cluster_dfs);
        Ok(PathTarget {
            name,
            places: vec![self.place_at(location, &unc.path)?],
            source: Source::Share {
                share: unc.share.clone(),
                path: unc.path.clone(),
                in_dfs: cluster.then_some(true).or(about.in_dfs),
            },
        })
    }

    /// Where shares lie, and whether they are part of DFS.
    async fn about_shares(&self, shares: &[&str]) -> Vec<AboutShare> {
        let mut about: Vec<AboutShare> = Vec::new();
        let (mut questions, mut calls) = (Vec::new(), Vec::new());
        for (number, &share) in shares.iter().enumerate() {
            let mut location = Err(self.error(ErrorKind::Smb(SmbError::unanswered())));
            // The one stands behind the other.
            for level in [PLACE, FLAGS] {
                let question = NetrShareGetInfo {
                    server_name: Some(self.unc_name()),
                    net_name: share.into(),
                    level,
                };
                match self.prepare(&question) {
                    Ok(call) => {
                        calls.push(call);
                        questions.push((number, question));
                    }
                    Err(error) => location = Err(error),
                }
            }
            let in_dfs = None;
            about.push(AboutShare { location, in_dfs });
        }
        self.read_each(&calls, |index, answer| {
            if let Some((number, question)) = questions.get(index)
                && let Some(about) = about.get_mut(*number)
            {
                match question.level {
                    PLACE => about.location = self.share_location(question, answer),
                    _ => about.in_dfs = answer.ok().and_then(|stub| is_in_dfs(question, &stub)),
                }
            }
            ControlFlow::Continue(())
        })
        .await;
        about
    }

    fn target_on_server(&self, path: &str) -> Result<PathTarget, Error> {
        let no_place = |error| self.error(ErrorKind::NoPlace(error));
        let name = path.to_owned();
        let is_here = matches!(self.backend(), Backend::Local(_));
        if is_here && !path.is_empty() {
            // As smbd writes it over SMB.
            let unix = path.get(2..).filter(|_| {
                let drive = path.get(..2).unwrap_or_default();
                drive.eq_ignore_ascii_case("c:")
            });
            let unix = unix.map(|path| format!("/{}", path.replace('\\', "/")));
            let resolved = local::resolve(unix.as_deref().unwrap_or(path));
            let is_rooted = unix.is_some() || path.starts_with(['/', '~', '.']);
            // A name alone may stand anywhere, unless it is one in this folder.
            if is_rooted || resolved.found == Found::There {
                let mut places = Vec::new();
                for path in [&resolved.real, &resolved.written] {
                    let place = Place::local(&path.display().to_string());
                    places.extend(place.ok());
                }
                if places.is_empty() {
                    places.push(Place::local(path).map_err(no_place)?);
                }
                let source = Source::Here(resolved);
                return Ok(PathTarget {
                    name,
                    places,
                    source,
                });
            }
        }
        Ok(PathTarget {
            name,
            places: vec![Place::local(path).map_err(no_place)?],
            source: Source::Server,
        })
    }

    /// What must be said although files are open beneath the path: links of DFS in it
    /// lead to others. `open` are the paths that are open there.
    pub fn beyond_reach<'a>(
        &self,
        target: &PathTarget,
        mut open: impl Iterator<Item = &'a str>,
    ) -> Option<Error> {
        (target.is_in_dfs() && open.any(|path| target.is_above(path)))
            .then(|| self.links_below(&target.name))
    }
}
