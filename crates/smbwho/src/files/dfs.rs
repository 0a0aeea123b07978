//! Where DFS leads: paths of a namespace lie in shares of other servers, or in other shares
//! of this one.

use smbwho_msrpc::srvsvc::share::{
    NetrShareGetInfo, SHI1005_FLAGS_DFS, SHI1005_FLAGS_DFS_ROOT, ShareInfo,
};
use smbwho_msrpc::status::Win32Status;
use smbwho_rpc::Call;
use smbwho_smb::{Referral, SmbError, SmbSession};

use crate::backend::Backend;
use crate::error::ErrorKind;
use crate::{Code, Error, Server};

/// The level that tells the flags of a share, also to those who are no administrators
/// ([MS-SRVS] 2.2.4.29).
pub(super) const FLAGS: u32 = 1005;

impl Server {
    /// Whether a share is part of DFS; `None` when the server does not tell.
    pub(super) async fn share_flags(&self, share: &str) -> Option<bool> {
        let call = NetrShareGetInfo {
            server_name: Some(self.unc_name()),
            net_name: share.into(),
            level: FLAGS,
        };
        let stub = self.read(&call).await.ok()?;
        is_in_dfs(&call, &stub)
    }

    pub(crate) async fn smb_session(&self) -> Option<SmbSession> {
        match self.backend() {
            Backend::Remote(line) => line.session().await.ok(),
            Backend::Native(_) | Backend::Local(_) => None,
        }
    }

    /// Where DFS leads for a path in a share.
    pub(super) async fn referred(&self, share: &str, path: &str) -> Result<Referred, SmbError> {
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

    pub(super) fn leads_elsewhere(
        &self,
        path: &str,
        targets: Vec<String>,
        why: Option<Code>,
    ) -> Error {
        let path = path.to_owned();
        self.error(ErrorKind::DfsPath { path, targets, why })
    }

    pub(super) fn links_below(&self, path: &str) -> Error {
        let path = path.to_owned();
        self.error(ErrorKind::DfsLinksBelow { path })
    }
}

/// Whether a reply at [`FLAGS`] says so of its share; `None` when it does not say.
pub(super) fn is_in_dfs(call: &NetrShareGetInfo<'_>, stub: &[u8]) -> Option<bool> {
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
pub(super) enum Referred {
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
}
