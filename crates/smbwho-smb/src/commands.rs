//! How many requests may wait at a server at a time, over all pipes of a connection.
//!
//! A read of a pipe with nothing in it waits at the server until something comes. Client editions
//! of Windows let 64 requests of a connection wait so, and fail those beyond with
//! `STATUS_INSUFFICIENT_RESOURCES` ([MS-SMB2] 3.3.4.2 and its notes); server editions 512; Samba
//! as many as it grants credits for. Nothing tells beforehand, so reads ahead go out as if there
//! were no limit, and the first that is failed sets one for the rest of the connection. What was
//! failed brought nothing from the pipe and is made up for by a later read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::debug;

/// Requests in flight at most once one was failed: what client editions of Windows take, with
/// room left for what is not counted here.
const WITHIN_CLIENT_EDITIONS: usize = 48;

/// The requests in flight on one connection.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    in_flight: AtomicUsize,
    /// How many may be; 0 as long as no limit showed.
    limit: AtomicUsize,
}

/// How things stood when a request was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside {
    /// Requests of this connection that were in flight.
    others: usize,
    /// How many might be.
    limit: usize,
}

/// Counts one request as long as it lives.
pub(crate) struct Counted(Arc<Commands>);

impl Commands {
    /// Counts a request that is about to be sent.
    pub(crate) fn count(self: &Arc<Self>) -> (Beside, Counted) {
        let beside = Beside {
            others: self.in_flight.fetch_add(1, Ordering::Relaxed),
            limit: self.limit.load(Ordering::Relaxed),
        };
        (beside, Counted(Arc::clone(self)))
    }

    /// Whether one more may be sent beside those in flight.
    pub(crate) fn have_room(&self) -> bool {
        self.room() > 0
    }

    /// How many more may be.
    pub(crate) fn room(&self) -> usize {
        match self.limit.load(Ordering::Relaxed) {
            0 => usize::MAX,
            limit => limit.saturating_sub(self.in_flight.load(Ordering::Relaxed)),
        }
    }

    /// Whether any is in flight.
    pub(crate) fn any(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) > 0
    }

    /// Takes note that the server failed a request for want of resources. False if it was alone:
    /// then fewer would not help.
    pub(crate) fn were_too_many(&self, beside: Beside) -> bool {
        if beside.others == 0 {
            return false;
        }
        let lower = match beside.limit {
            0 => WITHIN_CLIENT_EDITIONS,
            limit => limit / 2,
        };
        // Others that were sent under the same limit say the same again.
        let lowered = self.limit.compare_exchange(
            beside.limit,
            lower.max(1),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if lowered.is_ok() {
            debug!(
                limit = lower.max(1),
                "the server takes fewer requests at a time"
            );
        }
        true
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_shows_once_for_all_that_were_sent_under_it() {
        let commands = Arc::new(Commands::default());
        let sent: Vec<_> = (0..100).map(|_| commands.count()).collect();
        assert!(commands.have_room(), "no limit showed");
        for (beside, _) in &sent[64..] {
            assert!(commands.were_too_many(*beside));
        }
        assert!(!commands.have_room());
        drop(sent);
        let sent: Vec<_> = (0..48).map(|_| commands.count()).collect();
        assert!(!commands.have_room(), "{commands:?}");
        assert!(commands.were_too_many(sent[40].0));
        assert!(commands.were_too_many(sent[41].0));
        drop(sent);
        assert!(!commands.any());
        let sent: Vec<_> = (0..24).map(|_| commands.count()).collect();
        assert!(!commands.have_room(), "half: {commands:?}");
        drop(sent);
    }

    #[test]
    fn what_was_alone_was_not_one_of_too_many() {
        let commands = Arc::new(Commands::default());
        let (alone, _counted) = commands.count();
        assert!(!commands.were_too_many(alone));
        assert!(commands.have_room());
    }
}
