//! Putting the fragments of a reply together, and knowing how many more to ask for.

use super::{Config, ProtocolError};
use crate::pdu::{Header, Response};

/// The most that is reserved on a server's word alone, in bytes. Beyond that as much is reserved as
/// has really come.
const RESERVE_ON_TRUST: usize = 1 << 20;

/// Beyond this a reply of unknown length is taken for as long as it may be, in bytes.
const LONG: usize = 128 << 10;

/// A reply on its way.
#[derive(Default)]
pub(super) struct Reply {
    stub: Vec<u8>,
    started: bool,
    /// Stub bytes of the first fragment: servers cut all but the last to one length.
    first: usize,
    /// Stub bytes left after the last fragment, as long as the hints fell as they should.
    left: Option<u32>,
    /// Reads surely needed for the rest: at least as many as are under way.
    window: usize,
    /// Other calls were under way while this reply came, so that their reads may have brought
    /// its fragments.
    together: bool,
}

impl Reply {
    /// Reads surely needed to complete it. One until the first fragment has come.
    pub(super) fn reads_wanted(&self) -> usize {
        self.window.max(1)
    }

    /// Whether a fragment of it has come.
    pub(super) fn has_begun(&self) -> bool {
        self.started
    }

    /// Bytes of it that have come.
    pub(super) fn held(&self) -> usize {
        self.stub.len()
    }

    /// Bytes it holds and will hold, as far as that is known; `most` where it is not, and the
    /// reply has shown to be long.
    pub(super) fn expected(&self, most: usize) -> usize {
        match self.left {
            Some(left) => self.held().saturating_add(left as usize),
            None if self.held() > LONG => most,
            None => self.held(),
        }
    }

    /// Takes one fragment. Gives the stub when it was the last. `held` bytes are held of all
    /// replies, this one included; `together` says whether other calls are under way.
    pub(super) fn add(
        &mut self,
        header: &Header,
        fragment: &Response<'_>,
        config: &Config,
        held: usize,
        together: bool,
    ) -> Result<Option<Vec<u8>>, ProtocolError> {
        if header.is_first() == self.started {
            return Err(ProtocolError::FragmentFlags {
                first: self.started,
            });
        }
        let part = fragment.stub;
        if part.is_empty() && !header.is_last() {
            return Err(ProtocolError::EmptyFragment);
        }
        let limit = config.max_reply;
        let so_far = held.saturating_add(part.len());
        if so_far > limit {
            return Err(ProtocolError::ReplyTooLarge { limit });
        }
        self.together |= together;
        self.check_order(header, fragment)?;
        let left = self.left.unwrap_or_default() as usize;
        if !header.is_last() {
            if so_far.saturating_add(left) > limit {
                return Err(ProtocolError::ReplyTooLarge { limit });
            }
            let first = if self.started { self.first } else { part.len() };
            let reads = left.div_ceil(first.max(1));
            self.window = reads.clamp(1, config.max_reads_in_flight.max(1));
        }
        if !self.started {
            self.started = true;
            self.first = part.len();
        }
        self.make_room(part.len());
        self.stub.extend_from_slice(part);
        Ok(header.is_last().then(|| std::mem::take(&mut self.stub)))
    }

    /// Makes room for a fragment and for what is said to follow it, so that the buffer ends up as
    /// long as the reply. Where that is not known it grows by itself, when it must.
    fn make_room(&mut self, part: usize) {
        let room = self.stub.capacity().saturating_sub(self.stub.len());
        let Some(left) = self.left.filter(|_| room < part) else {
            return;
        };
        let trusted = self.stub.len().max(RESERVE_ON_TRUST);
        let follows = usize::try_from(left).unwrap_or(usize::MAX).min(trusted);
        self.stub.reserve_exact(part.saturating_add(follows));
    }

    /// Fragments have no number. What shows their order is the hint: stub bytes still to come,
    /// falling from fragment to fragment by what each brought.
    ///
    /// While only one read is under way order cannot be lost, so hints that fall otherwise only
    /// end the reading ahead. With several under way they are an error. That may be because this
    /// reply is read ahead, or because other calls are under way; to a reply of one fragment the
    /// latter is all the same, since it has the number of its call.
    fn check_order(
        &mut self,
        header: &Header,
        fragment: &Response<'_>,
    ) -> Result<(), ProtocolError> {
        let reads_ahead = self.window > 1;
        let is_whole = header.is_first() && header.is_last();
        let needs_proof = reads_ahead || self.together && !is_whole;
        let length = fragment.stub.len();
        if reads_ahead && length > self.first {
            return Err(ProtocolError::LongerFragment {
                first: self.first,
                found: length,
            });
        }
        let hint = fragment.alloc_hint;
        if let (true, Some(expected)) = (self.started, self.left)
            && hint != expected
        {
            if needs_proof {
                return Err(ProtocolError::OutOfOrder {
                    expected,
                    found: hint,
                });
            }
            self.left = None;
            return Ok(());
        }
        if self.started && self.left.is_none() && !needs_proof {
            return Ok(());
        }
        // No fragment is longer than 64 KiB.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let known = !self.started || self.left.is_some();
        self.left = hint.checked_sub(length).filter(|_| known);
        match self.left {
            None if needs_proof => Err(ProtocolError::OutOfOrder {
                expected: length,
                found: hint,
            }),
            Some(missing) if missing > 0 && header.is_last() && reads_ahead => {
                Err(ProtocolError::EndsEarly { missing })
            }
            _ => Ok(()),
        }
    }
}
