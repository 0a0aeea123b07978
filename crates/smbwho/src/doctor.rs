//! What this account may ask of a server: every reading call, level by level.

mod checks;
mod exam;
mod probe;
mod takes;

use futures::join;
use smbwho_smb::{Facts, SmbErrorKind};

use crate::error::ErrorKind;
use crate::{Error, Name, Server, ServerInfo};

/// What came of a look at a server. Made by [`Server::doctor`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// What the connection is: dialect, signing, encryption. `None` where
    /// there is none.
    pub facts: Option<Facts>,
    /// What the server tells of itself; the error when it tells nothing.
    pub info: Result<ServerInfo, Error>,
    /// For whom the server takes the account that signed in (LsarGetUserName).
    pub account: Option<AccountName>,
    /// Every call and level that was tried, in the order of trying.
    pub checks: Vec<Check>,
}

/// An account as a server names it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountName {
    /// The domain, or the computer, whose account it is.
    pub domain: Option<Name>,
    /// The account.
    pub user: Name,
}

/// One call at one level, and what the server made of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Check {
    /// What was asked for, as people say it: `sessions`.
    pub subject: &'static str,
    /// The remote procedure: `NetrSessionEnum`.
    pub call: &'static str,
    /// The level, for calls that have levels.
    pub level: Option<u32>,
    /// What came of it.
    pub outcome: Outcome,
    /// Whom servers usually grant this.
    pub takes: &'static str,
}

/// What came of one [`Check`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outcome {
    /// The server answered.
    Allowed,
    /// The server denies this account access.
    Refused(Error),
    /// The server has no such level, call or interface.
    NotThere(Error),
    /// It answered with another error, or not at all.
    Failed(Error),
    /// Not tried, because the pipe was given up after failures before.
    NotAsked,
}

impl Outcome {
    /// Whether the account may ask this; `None` where that did not show.
    pub fn allowed(&self) -> Option<bool> {
        match self {
            Outcome::Allowed => Some(true),
            Outcome::Refused(_) | Outcome::NotThere(_) => Some(false),
            Outcome::Failed(_) | Outcome::NotAsked => None,
        }
    }

    /// The error, where there is one.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Outcome::Refused(error) | Outcome::NotThere(error) | Outcome::Failed(error) => {
                Some(error)
            }
            Outcome::Allowed | Outcome::NotAsked => None,
        }
    }

    fn of(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Declined { refusal: why, .. } if why.is_access_denied() => {
                Outcome::Refused(error)
            }
            ErrorKind::Declined { refusal: why, .. }
                if why.is_unknown_level() || why.is_unknown_call() =>
            {
                Outcome::NotThere(error)
            }
            ErrorKind::Smb(smb) => match smb.kind {
                SmbErrorKind::AccessDenied => Outcome::Refused(error),
                SmbErrorKind::ShareNotFound | SmbErrorKind::PipeNotFound { .. } => {
                    Outcome::NotThere(error)
                }
                _ => Outcome::Failed(error),
            },
            // Windows' own calls are not all there are.
            ErrorKind::NeedsConnection { .. } => Outcome::NotAsked,
            _ => Outcome::Failed(error),
        }
    }
}

impl Server {
    /// Tries everything that can be asked of a server without changing it,
    /// level by level, and says what it allows this account.
    ///
    /// The calls of one interface go over one pipe, in flight together where
    /// the server takes them so, and the interfaces side by side. Lists are
    /// asked for with a small preferred length, and no more than one fragment
    /// of a reply is read where a server sends more. An interface that fails three times, or does not answer in time, is not
    /// asked further.
    pub async fn doctor(&self) -> Diagnosis {
        // What it is comes first: the further looks use its pipes.
        let looks = async {
            let info = self.info().await;
            let looks = join!(checks::srvsvc(self).run(), checks::wkssvc(self).run());
            (info, looks)
        };
        let ((info, (mut all, wkssvc)), samr, (account, lsarpc)) =
            join!(looks, checks::samr(self), checks::lsarpc(self));
        all.extend(wkssvc.into_iter().chain(samr).chain(lsarpc));
        Diagnosis {
            facts: self.facts().cloned(),
            info,
            account,
            checks: all,
        }
    }
}
