//! Long replies, whose rows are made and given out part by part: the reply is held once, and of
//! its rows no more than are wanted at a time.

use smbwho_rpc::ndr::{NdrError, Remaining};
use smbwho_smb::Kept;

use super::{At, Listing, MAX_PREFERRED_LENGTH, Next, Pager, name};
use crate::Error;
use crate::backend::Backend;
use crate::error::ErrorKind;
use crate::rows::Page;

/// Rows made at a time. So many stay in the caches of any processor until they are printed.
pub(super) const AT_ONCE: usize = 512;

/// A reply that was found good, and of which rows are still to be made.
pub(crate) struct Unmade {
    level: u32,
    stub: Vec<u8>,
    remaining: Remaining,
    /// About how many bytes a row takes.
    of_each: usize,
    /// What it has of the memory for such replies.
    kept: Option<Kept>,
}

impl Unmade {
    /// `None` if there is no row left.
    pub(super) fn new(level: u32, stub: Vec<u8>, remaining: Remaining) -> Option<Self> {
        let unmade = Self {
            level,
            stub,
            remaining,
            of_each: 0,
            kept: None,
        };
        (!remaining.is_empty()).then_some(unmade)
    }

    /// Rows that are left.
    pub(super) fn len(&self) -> usize {
        self.remaining.len()
    }

    /// The same with no more than so many rows.
    pub(super) fn cut(mut self, rows: usize) -> Option<Self> {
        self.remaining.truncate(rows);
        (!self.remaining.is_empty()).then_some(self)
    }
}

impl<L: Listing> Pager<L> {
    /// Keeps a page of which some rows are made and all together take `bytes`; how many those do
    /// that are made. Where other replies take the memory for it, all are made now.
    pub(super) fn keep_unmade(
        &mut self,
        unmade: Option<Unmade>,
        rows: &mut Vec<L::Row>,
        bytes: usize,
    ) -> usize {
        let Some(mut unmade) = unmade else {
            return bytes;
        };
        unmade.of_each = bytes / (rows.len() + unmade.len()).max(1);
        unmade.kept = match self.server.backend() {
            Backend::Remote(line) => line.reply_budget().keep(unmade.stub.len()),
            Backend::Native(_) | Backend::Local(_) => None,
        };
        if unmade.kept.is_none() {
            match self.made(&mut unmade, usize::MAX) {
                Ok(others) => rows.extend(others),
                Err(error) => self.next = Next::Fail(Box::new(error)),
            }
            return bytes;
        }
        let made = unmade.of_each.saturating_mul(rows.len());
        self.unmade = Some(unmade);
        made
    }

    /// The next rows of a page of which some were given out.
    pub(super) async fn next_part(&mut self, mut unmade: Unmade) -> Result<Page<L::Row>, Error> {
        let (level, of_each) = (unmade.level, unmade.of_each);
        let rows = self.made(&mut unmade, self.at_once).inspect_err(|_| {
            self.next = Next::Done;
        })?;
        if unmade.len() > 0 {
            self.unmade = Some(unmade);
        }
        let bytes = of_each.saturating_mul(rows.len());
        Ok(self.settled(level, rows, bytes).await)
    }

    fn made(&self, unmade: &mut Unmade, most: usize) -> Result<Vec<L::Row>, Error> {
        let at = At {
            level: unmade.level,
            preferred_length: MAX_PREFERRED_LENGTH,
            resume_handle: 0,
        };
        let call = self.listing.request(self.server.unc_name(), at);
        let made = L::next_rows(&call, &unmade.stub, &mut unmade.remaining, most);
        made.map_err(|error: NdrError| {
            let call = name::<L>();
            self.server.error(ErrorKind::Malformed { call, error })
        })
    }
}
