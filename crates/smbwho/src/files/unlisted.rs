//! Files that are open, as sessions say, and not in the list of open files.

use std::collections::BTreeSet;

use crate::error::ErrorKind;
use crate::{Error, Name, OpenFile, Server, UserFilter};

impl OpenFile {
    /// The user as the number that it is in Unix: Samba tells it where it has no name
    /// for a user.
    pub fn unix_id(&self) -> Option<&Name> {
        let digits = |user: &&Name| !user.is_empty() && user.bytes().all(|b| b.is_ascii_digit());
        self.user.as_ref().filter(digits)
    }
}

impl Server {
    /// Why the list of open files has nothing of a user although their sessions have
    /// something open. To be asked when it had nothing; `None` when that is no wonder,
    /// or the server does not say.
    pub async fn unlisted_opens(&self, user: &UserFilter) -> Option<Error> {
        let sessions = self
            .sessions()
            .user(user.clone())
            .collect()
            .await
            .ok()?
            .rows;
        let opens: u64 = sessions
            .iter()
            .filter_map(|session| session.opens)
            .map(u64::from)
            .sum();
        if opens == 0 {
            return None;
        }
        let files = self.files().with_clients(false).collect().await.ok()?.rows;
        // Something was opened meanwhile.
        if files
            .iter()
            .any(|file| user.lets_through(file.user.as_ref()))
        {
            return None;
        }
        let ids: BTreeSet<&Name> = files.iter().filter_map(OpenFile::unix_id).collect();
        Some(self.error(ErrorKind::OpensNotListed {
            user: user.text().to_owned(),
            opens,
            ids: ids.into_iter().cloned().collect(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileLevel;

    #[test]
    fn only_a_number_is_a_unix_id() {
        let id = |user: &str| {
            let file = OpenFile {
                user: Some(user.into()),
                ..OpenFile::unknown(1, FileLevel::L3)
            };
            file.unix_id().is_some()
        };
        assert!(id("1001") && id("0"));
        assert!(!id("ann") && !id("ann1") && !id("") && !id("-1") && !id(r"LAB\1001"));
    }
}
