//! Looking whether a path in a share is there, and where DFS says it leads. Nothing is
//! read of what is opened, and nothing changed: it is opened for its attributes alone,
//! which breaks no lease and keeps nobody out.

use std::sync::Arc;

use smb2::msg::close::CloseRequest;
use smb2::msg::create::{CreateDisposition, CreateRequest, ImpersonationLevel, ShareAccess};
use smb2::msg::ioctl::{FSCTL_DFS_GET_REFERRALS, IoctlRequest, SMB2_0_IOCTL_IS_FSCTL};
use smb2::msg::tree_connect::{TreeConnectRequest, TreeConnectRequestFlags};
use smb2::msg::tree_disconnect::TreeDisconnectRequest;
use smb2::types::flags::FileAccessMask;
use smb2::types::{Command, FileId, OplockLevel, TreeId};

use crate::NtStatus;
use crate::clock::Clock;
use crate::error::{SmbError, SmbErrorKind, Step};
use crate::frames::Answer;
use crate::referral::{self, Referral};
use crate::session::{Shared, SmbSession};

/// The longest answer about DFS that is taken, in bytes.
const MAX_REFERRAL: u32 = 16 << 10;

/// What is known of a path in a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sight {
    /// What stands there.
    pub look: Look,
    /// The share is part of DFS, as far as the server let us in.
    pub in_dfs: bool,
}

/// What stands at a path in a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Look {
    /// A file.
    File,
    /// A folder, or the share itself.
    Folder,
    /// Nothing that this login can see.
    Nothing,
    /// A link of DFS, which leads elsewhere.
    Elsewhere,
    /// This the server said instead.
    Unknown(NtStatus),
}

impl SmbSession {
    /// What stands at a path in a share, under the first of these names that there is;
    /// empty for the share itself. Costs a round trip for the share and one for each
    /// name.
    ///
    /// # Errors
    ///
    /// Those of the connection. What the server says of the path is none of them.
    pub async fn look(&self, share: &str, names: Vec<String>) -> Result<Sight, SmbError> {
        let (shared, share) = (Arc::clone(&self.shared), share.to_owned());
        // A task of its own, so that no handle is left if the caller goes away.
        let looking = tokio::spawn(async move { look(&shared, &share, &names).await });
        looking
            .await
            .unwrap_or_else(|_| Err(SmbError::new(Step::Share, SmbErrorKind::Disconnected)))
    }

    /// Where DFS leads for a path, which begins with one backslash and the server; the
    /// status where the server does not say ([MS-DFSC] 3.1.4.2).
    ///
    /// # Errors
    ///
    /// Those of the connection.
    pub async fn referral(&self, path: &str) -> Result<Result<Referral, NtStatus>, SmbError> {
        let shared = &self.shared;
        let clock = clock(shared);
        let tree = match shared.tree() {
            Some(tree) => tree,
            None => {
                let connected = connect(shared, "IPC$", clock).await?;
                connected.expect_data()?;
                let tree = connected.tree();
                shared.set_tree(tree);
                tree
            }
        };
        let request = IoctlRequest {
            ctl_code: FSCTL_DFS_GET_REFERRALS,
            // It belongs to no handle ([MS-SMB2] 2.2.31).
            file_id: FileId::SENTINEL,
            max_input_response: 0,
            max_output_response: MAX_REFERRAL,
            flags: SMB2_0_IOCTL_IS_FSCTL,
            input_data: referral::request(path),
        };
        let frame = clock
            .wait(
                shared
                    .connection
                    .execute(Command::Ioctl, &request, Some(tree)),
            )
            .await?;
        let answer = Answer::to(Command::Ioctl, Step::Share, frame)?;
        if !answer.status.carries_data() {
            return Ok(Err(answer.status));
        }
        let malformed = || {
            let what = "its answer about DFS cannot be read".to_owned();
            SmbError::new(Step::Share, SmbErrorKind::Malformed(what))
        };
        referral::read(answer.output()?)
            .map(Ok)
            .ok_or_else(malformed)
    }
}

fn clock(shared: &Shared) -> Clock {
    let options = &shared.options;
    Clock::start(Step::Share, options.reply_timeout, options.call_timeout)
}

async fn connect(shared: &Shared, share: &str, clock: Clock) -> Result<Answer, SmbError> {
    let request = TreeConnectRequest {
        flags: TreeConnectRequestFlags(0),
        path: format!(r"\\{}\{share}", shared.unc),
    };
    let frame = clock
        .wait(
            shared
                .connection
                .execute(Command::TreeConnect, &request, None),
        )
        .await?;
    Answer::to(Command::TreeConnect, Step::Share, frame)
}

async fn look(shared: &Arc<Shared>, share: &str, names: &[String]) -> Result<Sight, SmbError> {
    let clock = clock(shared);
    let connected = connect(shared, share, clock).await?;
    if !connected.status.carries_data() {
        let look = Look::Unknown(connected.status);
        return Ok(Sight {
            look,
            in_dfs: false,
        });
    }
    let tree = connected.tree();
    let in_dfs = connected.share_is_dfs()?;
    if connected.share_encrypts()? && !shared.connection.should_encrypt() {
        leave(shared, tree, None);
        let look = Look::Unknown(NtStatus::ACCESS_DENIED);
        return Ok(Sight { look, in_dfs });
    }
    let mut look = Look::Nothing;
    let mut opened = None;
    for name in names {
        let request = open_for_attributes(name);
        let frame = clock
            .wait(
                shared
                    .connection
                    .execute(Command::Create, &request, Some(tree)),
            )
            .await?;
        let answer = Answer::to(Command::Create, Step::Share, frame)?;
        look = judged(answer.status);
        if answer.status.carries_data() {
            opened = Some(answer.file_id()?);
            look = if answer.is_folder()? {
                Look::Folder
            } else {
                Look::File
            };
        }
        if look != Look::Nothing {
            break;
        }
    }
    leave(shared, tree, opened);
    Ok(Sight { look, in_dfs })
}

/// What a refusal says of the path ([MS-SMB2] 3.3.5.9, [MS-FSA] 2.1.5.1).
fn judged(status: NtStatus) -> Look {
    match status {
        NtStatus::PATH_NOT_COVERED => Look::Elsewhere,
        // Somebody holds it, or it goes when its last handle is closed.
        NtStatus::SHARING_VIOLATION | NtStatus::DELETE_PENDING => Look::File,
        NtStatus::OBJECT_NAME_NOT_FOUND
        | NtStatus::OBJECT_PATH_NOT_FOUND
        | NtStatus::NO_SUCH_FILE
        | NtStatus::NOT_FOUND
        | NtStatus::OBJECT_NAME_INVALID
        | NtStatus::OBJECT_PATH_SYNTAX_BAD
        | NtStatus::NOT_A_DIRECTORY => Look::Nothing,
        other => Look::Unknown(other),
    }
}

/// CREATE of what is there, for its attributes ([MS-SMB2] 2.2.13).
fn open_for_attributes(name: &str) -> CreateRequest {
    let everybody = ShareAccess::FILE_SHARE_READ
        | ShareAccess::FILE_SHARE_WRITE
        | ShareAccess::FILE_SHARE_DELETE;
    CreateRequest {
        requested_oplock_level: OplockLevel::None,
        impersonation_level: ImpersonationLevel::Impersonation,
        desired_access: FileAccessMask::new(FileAccessMask::FILE_READ_ATTRIBUTES),
        file_attributes: 0,
        share_access: ShareAccess(everybody),
        create_disposition: CreateDisposition::FileOpen,
        create_options: 0,
        name: name.to_owned(),
        create_contexts: Vec::new(),
    }
}

/// Closes what was opened and leaves the share, without anybody waiting for it.
fn leave(shared: &Arc<Shared>, tree: TreeId, opened: Option<FileId>) {
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let connection = &shared.connection;
        let leaving = async {
            if let Some(file_id) = opened {
                let request = CloseRequest { flags: 0, file_id };
                let _ = connection
                    .execute(Command::Close, &request, Some(tree))
                    .await;
            }
            let request = TreeDisconnectRequest;
            let _ = connection
                .execute(Command::TreeDisconnect, &request, Some(tree))
                .await;
        };
        // It all goes with the connection anyway.
        let _ = tokio::time::timeout(shared.options.reply_timeout, leaving).await;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_not_taken_for_nothing() {
        assert_eq!(judged(NtStatus::OBJECT_NAME_NOT_FOUND), Look::Nothing);
        assert_eq!(judged(NtStatus::PATH_NOT_COVERED), Look::Elsewhere);
        assert_eq!(judged(NtStatus::DELETE_PENDING), Look::File);
        for status in [
            NtStatus::ACCESS_DENIED,
            NtStatus::STOPPED_ON_SYMLINK,
            NtStatus(0xc000_9999),
        ] {
            assert_eq!(judged(status), Look::Unknown(status));
        }
    }
}
