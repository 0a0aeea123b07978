//! A list whose first request is made together with those of other lists.

use smbwho_smb::Prepared;

use super::{Answer, At, Listing, More, Pager};
use crate::Error;

impl<L: Listing> Pager<L> {
    /// The request for the first page.
    pub(crate) fn first_request(&self) -> Result<Prepared, Error> {
        let request = self.listing.request(self.server.unc_name(), self.first());
        self.server.prepare(&request)
    }

    /// The rows as they came, where this answer to [`first_request`](Self::first_request) is
    /// the whole list; `None` where it is to be asked for page by page.
    pub(crate) fn whole(
        &self,
        answer: Result<Vec<u8>, Error>,
    ) -> Result<Option<Vec<L::Row>>, Error> {
        let at = self.first();
        let call = self.listing.request(self.server.unc_name(), at);
        match self.judge_reply(at, &call, answer)? {
            Answer::Page {
                rows,
                more: More::No,
                ..
            } => Ok(Some(rows)),
            Answer::Refused(refusal) => Err(self.refusal(at.level, refusal)),
            Answer::Unreadable(error) => Err(error),
            Answer::Page { .. } | Answer::TooSmall | Answer::Begun => Ok(None),
        }
    }

    /// Where the list begins.
    fn first(&self) -> At {
        At {
            level: self.ladder.front().copied().unwrap_or_default(),
            preferred_length: self.preferred_length,
            resume_handle: 0,
        }
    }
}
