//! A path on one server: the places where files that are open may lie, and, where none
//! is open, whether the path is there at all.
//!
//! That nobody has a file open is an answer only for a file that is looked for where it
//! lies. Paths of DFS lie elsewhere, and a misspelt one lies nowhere.

use smbwho_msrpc::srvsvc::share::{
    NetrShareGetInfo, SHI1005_FLAGS_DFS, SHI1005_FLAGS_DFS_ROOT, ShareInfo,
};
use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::Call;
use smbwho_smb::{Look, NtStatus, Referral, SmbError, SmbSession};

use super::component::{has_wildcard, spellings};
use super::{PathInput, Place};
use crate::backend::Backend;
use crate::error::ErrorKind;
use crate::local::{self, Found, Resolved};
use crate::{Code, Error, Server, Share, ShareKind};

/// A path that is looked for on one server. Made by [`Server::path_target`].
#[derive(Debug, Clone)]
pub struct PathTarget {
    /// As people name it.
    name: String,
    places: Vec<Place>,
    source: Source,
}

/// Where the path was taken from.
#[derive(Debug, Clone)]
enum Source {
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
            PathInput::InShare(unc) => self.target_in_share(unc).await,
            PathInput::OnServer(path) | PathInput::OnThisComputer(path) => {
                self.target_on_server(path)
            }
        }
    }

    async fn target_in_share(&self, unc: &super::UncPath) -> Result<PathTarget, Error> {
        let name = unc.to_string();
        let located = self.locate_with_flags(&unc.share, &unc.path).await;
        let (place, in_dfs) = match located {
            Ok(located) => located,
            // A name of DFS stands for shares of other servers.
            Err(error) if error.is_no_such_share() => {
                return Err(match self.referred(&unc.share, &unc.path).await {
                    Ok(Referred::To(targets)) => self.leads_elsewhere(&name, targets, None),
                    _ => error,
                });
            }
            Err(error) => return Err(error),
        };
        Ok(PathTarget {
            name,
            places: vec![place],
            source: Source::Share {
                share: unc.share.clone(),
                path: unc.path.clone(),
                in_dfs,
            },
        })
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
        match &target.source {
            Source::Share {
                share,
                path,
                in_dfs,
            } => {
                self.examine_in_share(&target.name, share, path, *in_dfs)
                    .await
            }
            Source::Here(path) => self.examine_here(&target.name, path).await,
            Source::Server => match target.places.first() {
                Some(place) if place.is_anchored() => {
                    self.examine_on_server(&target.name, place).await
                }
                _ => Ok(Presence::Unchecked(
                    "the path does not begin at the root of a drive, and may lie anywhere"
                        .to_owned(),
                )),
            },
        }
    }

    /// What must be said although files are open beneath the path: links of DFS in it
    /// lead to others. `open` are the paths that are open there.
    pub fn beyond_reach<'a>(
        &self,
        target: &PathTarget,
        mut open: impl Iterator<Item = &'a str>,
    ) -> Option<Error> {
        let Source::Share { in_dfs, .. } = &target.source else {
            return None;
        };
        let deeper = |path: &str| target.places.iter().any(|place| place.holds_deeper(path));
        (*in_dfs == Some(true) && open.any(deeper)).then(|| self.links_below(&target.name))
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

    async fn examine_on_server(&self, name: &str, place: &Place) -> Result<Presence, Error> {
        let untold = |why: String| Ok(Presence::Unchecked(why));
        let shares = match self
            .shares()
            .collect()
            .await
            .and_then(|rows| rows.complete())
        {
            Ok(shares) => shares,
            Err(error) => {
                let why = format!("the shares could not be listed: {}", error.message());
                return untold(why);
            }
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

    async fn examine_here(&self, name: &str, path: &Resolved) -> Result<Presence, Error> {
        if let Found::Dfs(targets) = &path.found {
            return Err(self.leads_elsewhere(name, targets.clone(), None));
        }
        let Backend::Local(local) = self.backend() else {
            return Ok(Presence::There);
        };
        let missing = path.found == Found::Missing;
        match local.shared_folders().await {
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

    /// The place of a path in a share, as [`locate`](Self::locate) has it, and whether
    /// the share is part of DFS.
    async fn locate_with_flags(
        &self,
        share: &str,
        path: &str,
    ) -> Result<(Place, Option<bool>), Error> {
        let question = |level| NetrShareGetInfo {
            server_name: Some(self.unc_name()),
            net_name: share.into(),
            level,
        };
        let (place, flags) = (question(PLACE), question(FLAGS));
        let calls = [self.prepare(&place)?, self.prepare(&flags)?];
        let mut answers = self.ask_together(&calls).await;
        let located = answers.take(0).map(|answer| answer.stub);
        let (place, kind) = self.located(&place, path, located)?;
        let cluster = kind.is_some_and(ShareKind::cluster_dfs).then_some(true);
        let told = answers.take(1).ok();
        let told = told.and_then(|answer| is_in_dfs(&flags, &answer.stub));
        Ok((place, cluster.or(told)))
    }

    /// Whether a share is part of DFS; `None` when the server does not tell.
    async fn share_flags(&self, share: &str) -> Option<bool> {
        let call = NetrShareGetInfo {
            server_name: Some(self.unc_name()),
            net_name: share.into(),
            level: FLAGS,
        };
        let stub = self.read(&call).await.ok()?;
        is_in_dfs(&call, &stub)
    }

    async fn smb_session(&self) -> Option<SmbSession> {
        match self.backend() {
            Backend::Remote(line) => line.session().await.ok(),
            Backend::Native(_) | Backend::Local(_) => None,
        }
    }

    /// Where DFS leads for a path in a share.
    async fn referred(&self, share: &str, path: &str) -> Result<Referred, SmbError> {
        let Some(session) = self.smb_session().await else {
            return Ok(Referred::Untold);
        };
        let server = self.unc_name().trim_start_matches('\\');
        let root = format!(r"\{server}\{share}");
        let asked = match path.is_empty() {
            true => root.clone(),
            false => format!(r"{root}\{path}"),
        };
        Ok(match session.referral(&asked).await? {
            Ok(referral) => Referred::of(&referral, &root, &asked),
            Err(_) => Referred::Untold,
        })
    }

    fn leads_elsewhere(&self, path: &str, targets: Vec<String>, why: Option<Code>) -> Error {
        let path = path.to_owned();
        self.error(ErrorKind::DfsPath { path, targets, why })
    }

    fn links_below(&self, path: &str) -> Error {
        let path = path.to_owned();
        self.error(ErrorKind::DfsLinksBelow { path })
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

/// The level that tells where a share lies.
const PLACE: u32 = 2;

/// The level that tells the flags of a share, also to those who are no administrators
/// ([MS-SRVS] 2.2.4.29).
const FLAGS: u32 = 1005;

fn is_in_dfs(call: &NetrShareGetInfo<'_>, stub: &[u8]) -> Option<bool> {
    let reply = call.decode(stub).ok()?;
    let told = Win32Status(reply.status) == Win32Status::NERR_SUCCESS;
    match reply.info {
        ShareInfo::Level1005(Some(info)) if told => {
            Some(info.flags & (SHI1005_FLAGS_DFS | SHI1005_FLAGS_DFS_ROOT) != 0)
        }
        _ => None,
    }
}

/// What a server says of where a path leads.
#[derive(Debug, PartialEq, Eq)]
enum Referred {
    /// There: paths in shares of other servers, or of this one.
    To(Vec<String>),
    /// To the share itself.
    Itself,
    Untold,
}

impl Referred {
    /// `root` is the server and share that were asked about, and `asked` all of it.
    fn of(referral: &Referral, root: &str, asked: &str) -> Self {
        let rest: Vec<u16> = asked.encode_utf16().skip(referral.consumed).collect();
        let rest = String::from_utf16_lossy(&rest);
        let rest = rest.trim_matches('\\');
        let lower = |text: &str| text.trim_matches('\\').to_lowercase();
        let targets = referral.targets.iter();
        let targets = targets.filter(|target| lower(target) != lower(root));
        let targets: Vec<String> = targets
            .map(|target| {
                let target = target.trim_matches('\\');
                match rest.is_empty() {
                    true => format!(r"\\{target}"),
                    false => format!(r"\\{target}\{rest}"),
                }
            })
            .collect();
        if targets.is_empty() {
            Self::Itself
        } else {
            Self::To(targets)
        }
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

    fn referred(consumed: usize, targets: &[&str], path: &str) -> Referred {
        let referral = smbwho_smb::Referral::new(consumed, targets);
        Referred::of(&referral, r"\fs1\dfs", &format!(r"\fs1\dfs{path}"))
    }

    #[test]
    fn the_rest_of_a_path_follows_the_target() {
        let to = |path: &str| Referred::To(vec![path.to_owned()]);
        assert_eq!(
            referred(13, &[r"\fs2\data"], r"\docs\d.txt"),
            to(r"\\fs2\data\d.txt")
        );
        assert_eq!(
            referred(13, &[r"\fs2\data\x\"], r"\docs"),
            to(r"\\fs2\data\x")
        );
        // More than was asked about.
        assert_eq!(referred(999, &[r"\fs2\data"], r"\docs"), to(r"\\fs2\data"));
    }

    #[test]
    fn a_share_that_leads_to_itself_leads_nowhere() {
        assert_eq!(referred(8, &[r"\FS1\DFS"], r"\docs"), Referred::Itself);
        assert_eq!(referred(8, &[], r"\docs"), Referred::Itself);
        let targets = [r"\fs1\dfs", r"\fs2\dfs"];
        let other = Referred::To(vec![r"\\fs2\dfs\docs".to_owned()]);
        assert_eq!(referred(8, &targets, r"\docs"), other);
    }

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
