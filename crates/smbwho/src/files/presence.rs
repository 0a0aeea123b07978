//! Whether a path is there at all, where nothing is open under it.
//!
//! That nobody has a file open is an answer only for a file that is looked for where it
//! lies. Paths of DFS lie elsewhere, and a misspelt one lies nowhere.

use std::sync::Arc;

use futures::stream::{self, StreamExt};
use smbwho_smb::{Look, NtStatus};
use tokio::sync::OnceCell;

use super::component::{has_wildcard, spellings};
use super::dfs::Referred;
use super::target::Source;
use super::{PathTarget, Place};
use crate::backend::Backend;
use crate::error::ErrorKind;
use crate::local::{Found, LocalError, Resolved, SharedFolders};
use crate::{Code, Error, Server, Share, ShareKind};

/// Paths that are looked at side by side.
const SIDE_BY_SIDE: usize = 16;

/// What is known of a path where nothing is open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Presence {
    /// It is there.
    There,
    /// Whether it is there could not be checked, for this reason: a clause in lower
    /// case.
    Unchecked(String),
}

/// What is asked for once, however many paths it is needed for.
#[derive(Default)]
struct Common {
    /// The shares of the server, or why they could not be listed.
    shares: OnceCell<Result<Vec<Share>, String>>,
    /// The folders that this computer's Samba shares.
    folders: OnceCell<Result<SharedFolders, LocalError>>,
}

impl Server {
    /// Looks, where nothing is open, whether the path is there. It is opened for its
    /// attributes alone, over the same session.
    ///
    /// # Errors
    ///
    /// When there is no such path ([`ErrorKind::NoSuchPath`]), no share holds it
    /// ([`ErrorKind::NotShared`]), or it leads elsewhere by DFS
    /// ([`ErrorKind::DfsPath`], [`ErrorKind::DfsLinksBelow`]). What hinders the look
    /// itself is no error: [`Presence::Unchecked`].
    pub async fn examine(&self, target: &PathTarget) -> Result<Presence, Error> {
        self.examine_with(target, &Common::default()).await
    }

    /// As [`examine`](Self::examine), of several paths side by side; the answers stand in
    /// the order of the paths.
    pub async fn examine_all(&self, targets: &[&PathTarget]) -> Vec<Result<Presence, Error>> {
        let common = Arc::new(Common::default());
        let looks: Vec<_> = targets
            .iter()
            .map(|target| {
                let common = Arc::clone(&common);
                async move { self.examine_with(target, &common).await }
            })
            .collect();
        stream::iter(looks).buffered(SIDE_BY_SIDE).collect().await
    }

    async fn examine_with(&self, target: &PathTarget, common: &Common) -> Result<Presence, Error> {
        match &target.source {
            Source::Share {
                share,
                path,
                in_dfs,
            } => {
                self.examine_in_share(&target.name, share, path, *in_dfs)
                    .await
            }
            Source::Here(path) => self.examine_here(&target.name, path, common).await,
            Source::Server => match target.places.first() {
                Some(place) if place.is_anchored() => {
                    self.examine_on_server(&target.name, place, common).await
                }
                _ => Ok(Presence::Unchecked(
                    "the path does not begin at the root of a drive, and may lie anywhere"
                        .to_owned(),
                )),
            },
        }
    }

    async fn examine_in_share(
        &self,
        name: &str,
        share: &str,
        path: &str,
        in_dfs: Option<bool>,
    ) -> Result<Presence, Error> {
        // A pattern names no file: its folder can be looked at.
        let names: Vec<&str> = path.split('\\').collect();
        let plain = names.iter().take_while(|name| !has_wildcard(name)).count();
        let (folder, pattern) = names.split_at(plain);
        let (folder, pattern) = (folder.join("\\"), pattern.join("\\"));
        let is_pattern = !pattern.is_empty();
        if in_dfs != Some(false)
            && let Ok(Referred::To(mut targets)) = self.referred(share, &folder).await
        {
            if is_pattern {
                let below = |target: &mut String| target.push_str(&format!("\\{pattern}"));
                targets.iter_mut().for_each(below);
            }
            return Err(self.leads_elsewhere(name, targets, None));
        }
        let Some(session) = self.smb_session().await else {
            return Ok(Presence::Unchecked(
                "only over SMB can be looked".to_owned(),
            ));
        };
        let looked = session.look(share, spellings(&folder)).await;
        let sight = match looked {
            Ok(sight) => sight,
            Err(error) => return Ok(Presence::Unchecked(error.to_string())),
        };
        let in_dfs = in_dfs.unwrap_or(sight.in_dfs);
        match sight.look {
            Look::Elsewhere => Err(self.leads_elsewhere(name, Vec::new(), None)),
            Look::Nothing if in_dfs => {
                let status = Code::Nt(NtStatus::OBJECT_NAME_NOT_FOUND);
                Err(self.leads_elsewhere(name, Vec::new(), Some(status)))
            }
            Look::Nothing => Err(self.no_such_path(name)),
            Look::Folder if in_dfs => Err(self.links_below(name)),
            Look::Folder | Look::File if is_pattern => Ok(Presence::Unchecked(
                "the path is a pattern, and nothing was compared with it but what is open"
                    .to_owned(),
            )),
            Look::File | Look::Folder => Ok(short_name(path).unwrap_or(Presence::There)),
            Look::Unknown(status) => Ok(Presence::Unchecked(format!(
                "this login may not look into the share {share} ({status})"
            ))),
            _ => Ok(Presence::Unchecked("the server did not say".to_owned())),
        }
    }

    async fn examine_on_server(
        &self,
        name: &str,
        place: &Place,
        common: &Common,
    ) -> Result<Presence, Error> {
        let untold = |why: String| Ok(Presence::Unchecked(why));
        let list = async || {
            let shares = self.shares().collect().await;
            let shares = shares.and_then(crate::Rows::complete);
            shares.map_err(|error| format!("the shares could not be listed: {}", error.message()))
        };
        let shares = match common.shares.get_or_init(list).await {
            Ok(shares) => shares,
            Err(why) => return untold(why.clone()),
        };
        let is_folder =
            |share: &&Share| share.kind.is_none_or(|kind| kind.base() == ShareKind::DISK);
        let mut vary = false;
        let mut holding: Option<(&Share, Vec<&str>)> = None;
        for share in shares.iter().filter(is_folder) {
            let path = share.path.as_deref().filter(|path| !path.is_empty());
            let Some(path) = path.filter(|path| !path.contains('%')) else {
                vary = true;
                continue;
            };
            if place.is_above(path) {
                return Ok(Presence::There);
            }
            let Some(rest) = place.within(path) else {
                continue;
            };
            // The share that lies nearest.
            if holding
                .as_ref()
                .is_none_or(|(_, least)| rest.len() < least.len())
            {
                holding = Some((share, rest));
            }
        }
        match holding.and_then(|(share, rest)| Some((share.name.as_deref()?, rest))) {
            Some((share, rest)) => {
                let in_dfs = self.share_flags(share).await;
                self.examine_in_share(name, share, &rest.join("\\"), in_dfs)
                    .await
            }
            None if vary => {
                untold("the server does not tell where each of its shares lies".to_owned())
            }
            None => Err(self.not_shared(name)),
        }
    }

    async fn examine_here(
        &self,
        name: &str,
        path: &Resolved,
        common: &Common,
    ) -> Result<Presence, Error> {
        if let Found::Dfs(targets) = &path.found {
            return Err(self.leads_elsewhere(name, targets.clone(), None));
        }
        let Backend::Local(local) = self.backend() else {
            return Ok(Presence::There);
        };
        let missing = path.found == Found::Missing;
        match common.folders.get_or_init(|| local.shared_folders()).await {
            Ok(folders) if folders.hold(path) => {}
            Ok(folders) if folders.vary && missing => return Err(self.no_such_path(name)),
            Ok(folders) if folders.vary => {
                let why = "a share of this computer lies elsewhere for each user";
                return Ok(Presence::Unchecked(why.to_owned()));
            }
            Ok(_) => return Err(self.not_shared(name)),
            Err(_) if missing => return Err(self.no_such_path(name)),
            Err(error) => return Ok(Presence::Unchecked(error.to_string())),
        }
        match &path.found {
            Found::Missing => Err(self.no_such_path(name)),
            Found::Pattern => Ok(Presence::Unchecked(
                "the path is a pattern, and nothing was compared with it but what is open"
                    .to_owned(),
            )),
            Found::Unknown(kind) => Ok(Presence::Unchecked(kind.to_string())),
            Found::There | Found::Dfs(_) => Ok(Presence::There),
        }
    }

    fn no_such_path(&self, path: &str) -> Error {
        let path = path.to_owned();
        self.error(ErrorKind::NoSuchPath { path })
    }

    fn not_shared(&self, path: &str) -> Error {
        let path = path.to_owned();
        self.error(ErrorKind::NotShared { path })
    }
}

/// Whether a name in the path is a short one (8.3), under which no open file is listed.
fn short_name(path: &str) -> Option<Presence> {
    let is_short = |name: &str| {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        stem.len() <= 8
            && extension.len() <= 3
            && stem.rsplit_once('~').is_some_and(|(head, tail)| {
                !head.is_empty()
                    && !tail.is_empty()
                    && tail.chars().all(|c| c.is_ascii_alphanumeric())
            })
    };
    let short = path.split('\\').find(|name| is_short(name))?;
    Some(Presence::Unchecked(format!(
        "'{short}' looks like a short name, and open files are listed by their long ones"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_known_by_their_form() {
        for path in [r"COSTS~1.XLS", r"dir\PROGRA~2\x", "a~1", "COSTS~AB.XLS"] {
            assert!(short_name(path).is_some(), "{path}");
        }
        for path in [
            "costs.xlsx",
            "~1",
            "a~.txt",
            "report~final.txt",
            "costs~1.xlsx",
            "",
        ] {
            assert!(short_name(path).is_none(), "{path}");
        }
    }
}
