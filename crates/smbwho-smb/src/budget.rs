//! The memory that replies take while they are put together, over many connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What one unit of the budget stands for, in bytes.
const UNIT: usize = 1 << 10;

/// Bounds the memory that all replies under way take together, however many servers send them.
///
/// Every reply may take 256 KiB for itself. A longer one waits until what it is announced to
/// take is free, and one of unknown length until everything is; so long replies of many servers
/// come one after the other, and a server that only announces cannot have memory that others
/// use. Waiting is not part of any time limit for the server.
///
/// Clones share the budget.
#[derive(Debug, Clone)]
pub struct ReplyBudget {
    free: Arc<Semaphore>,
    bytes: usize,
    /// Bytes of replies that are kept while rows are made of them.
    kept: Arc<AtomicUsize>,
}

/// A reply that is kept while rows are made of it, counted as long as this lives.
#[derive(Debug)]
pub struct Kept {
    all: Arc<AtomicUsize>,
    bytes: usize,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A part of the budget, given back when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Share {
    permit: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

impl ReplyBudget {
    /// What a reply may take for itself, in bytes.
    pub(crate) const FOR_EACH: usize = 256 << 10;

    /// A budget of so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let units = (bytes / UNIT).clamp(1, u32::MAX as usize);
        Self {
            free: Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))),
            bytes,
            kept: Arc::default(),
        }
    }

    /// Counts a reply that came whole and is kept while rows are made of it. `None` where it is
    /// not the only one, and all of them would take more than half of what replies under way may
    /// take: nobody waits for this.
    #[must_use]
    pub fn keep(&self, bytes: usize) -> Option<Kept> {
        let more = |kept: usize| {
            let all = kept.saturating_add(bytes);
            (kept == 0 || all <= self.bytes / 2).then_some(all)
        };
        let counted = self
            .kept
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        counted.ok().map(|_| Kept {
            all: Arc::clone(&self.kept),
            bytes,
        })
    }

    fn units(&self, bytes: usize) -> u32 {
        let units = bytes.min(self.bytes).div_ceil(UNIT).max(1);
        u32::try_from(units).unwrap_or(u32::MAX)
    }

    /// Sees to it that a reply which is going to be `bytes` long has its share. False where more
    /// is wanted than was at first, and no more is free: whoever holds a part of the budget must
    /// not wait for another.
    pub(crate) async fn reserve(&self, share: &mut Share, bytes: usize) -> bool {
        if bytes <= Self::FOR_EACH || bytes.min(self.bytes) <= share.bytes {
            return true;
        }
        let free = Arc::clone(&self.free);
        let Some(held) = &mut share.permit else {
            // The semaphore is never closed.
            share.permit = free.acquire_many_owned(self.units(bytes)).await.ok();
            share.bytes = bytes;
            return true;
        };
        let more = self.units(bytes).saturating_sub(self.units(share.bytes));
        match free.try_acquire_many_owned(more) {
            Ok(more) => held.merge(more),
            Err(_) => return false,
        }
        share.bytes = bytes;
        true
    }
}

/// 64 MiB.
impl Default for ReplyBudget {
    fn default() -> Self {
        Self::new(64 << 20)
    }
}

/// Budgets of the same size are alike, whoever shares them.
impl PartialEq for ReplyBudget {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for ReplyBudget {}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn long_replies_wait_for_each_other_and_short_ones_for_nobody() {
        let budget = ReplyBudget::new(10 * MIB);
        let (mut first, mut second, mut third) = <(Share, Share, Share)>::default();
        let reserve = |share: &mut Share, bytes| budget.reserve(share, bytes).now_or_never();
        assert_eq!(reserve(&mut first, 8 * MIB), Some(true));
        assert_eq!(reserve(&mut second, 3 * MIB), None);
        assert_eq!(reserve(&mut third, ReplyBudget::FOR_EACH), Some(true));
        assert_eq!(reserve(&mut third, 2 * MIB), Some(true));
        assert_eq!(
            reserve(&mut third, 3 * MIB),
            Some(false),
            "it would wait holding a part"
        );
        drop(first);
        assert_eq!(reserve(&mut second, 3 * MIB), Some(true));
        assert_eq!(reserve(&mut third, 3 * MIB), Some(true));
    }

    #[test]
    fn kept_replies_take_half_or_are_one() {
        let budget = ReplyBudget::new(10 * MIB);
        let one = budget.keep(60 * MIB).expect("the only one");
        assert!(budget.keep(1).is_none());
        drop(one);
        let two = [3, 2].map(|mib| budget.clone().keep(mib * MIB).expect("half of it"));
        assert!(budget.keep(1).is_none());
        drop(two);
        assert!(budget.keep(6 * MIB).is_some());
    }

    #[test]
    fn more_than_there_is_waits_for_all_there_is() {
        let budget = ReplyBudget::new(MIB);
        let (mut first, mut second) = <(Share, Share)>::default();
        let reserve = |share: &mut Share, bytes| budget.reserve(share, bytes).now_or_never();
        assert_eq!(reserve(&mut first, 100 * MIB), Some(true));
        assert_eq!(reserve(&mut first, 200 * MIB), Some(true));
        assert_eq!(reserve(&mut second, MIB / 2), None);
    }
}
