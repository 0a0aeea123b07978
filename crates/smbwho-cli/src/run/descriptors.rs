//! How many files the system lets this program have open, and how many servers can be asked at a
//! time with that: each takes a socket.

use std::num::NonZeroUsize;

use smbwho::{Address, Host};
use tracing::info;

/// Descriptors that are not for servers: those of the runtime, of terminals, of files that are
/// read and written on the way.
const OTHERS: usize = 12;

/// How many of these servers to ask at a time: as many as are `wanted`, or else as many as there
/// can be descriptors for. `kept` connections stay open beside them. The limit is raised as far
/// as that takes.
pub(super) fn jobs<'a>(
    wanted: NonZeroUsize,
    servers: impl Iterator<Item = &'a Address>,
    kept: usize,
) -> NonZeroUsize {
    let mut asked = 0_usize;
    let mut each = 1;
    for server in servers {
        asked += 1;
        // The resolver has sockets of its own, and a name may have several addresses.
        if matches!(server.host, Host::Name(_)) {
            each = 2;
        }
    }
    let at_once = wanted.get().min(asked.max(1));
    let needed = kept.saturating_add(at_once.saturating_mul(each));
    let Some(left) = raise(needed.saturating_add(OTHERS)) else {
        return wanted;
    };
    let possible = fitting(left, kept, each);
    if possible >= at_once {
        return wanted;
    }
    info!(
        wanted = at_once,
        jobs = possible,
        "fewer servers at a time: few files may be open"
    );
    NonZeroUsize::new(possible).unwrap_or(NonZeroUsize::MIN)
}

/// How many servers fit into so many descriptors.
fn fitting(left: usize, kept: usize, each: usize) -> usize {
    let for_servers = left.saturating_sub(OTHERS).saturating_sub(kept);
    (for_servers / each).max(1)
}

/// Raises the limit until so many more files may be open, or as far as it goes; how many more
/// may be then. `None` where there is no limit.
#[cfg(unix)]
fn raise(more: usize) -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let current = limit.current?;
    // Reading the list takes one itself. Where there is none: the standard three, and a few.
    let open = std::fs::read_dir("/dev/fd").map_or(8, |list| list.count().saturating_sub(1));
    let needed = u64::try_from(open.saturating_add(more)).unwrap_or(u64::MAX);
    let mut limited = current;
    if needed > current {
        let raised = limit.maximum.map_or(needed, |most| most.min(needed));
        let raised = Rlimit {
            current: Some(raised.max(current)),
            maximum: limit.maximum,
        };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            limited = raised.current.unwrap_or(needed);
        }
    }
    let limited = usize::try_from(limited).unwrap_or(usize::MAX);
    Some(limited.saturating_sub(open))
}

/// Windows has no such limit.
#[cfg(not(unix))]
fn raise(_: usize) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_servers_as_there_are_descriptors_for_and_never_none() {
        assert_eq!(fitting(28, 0, 1), 16);
        assert_eq!(fitting(28, 0, 2), 8);
        assert_eq!(fitting(28, 10, 1), 6);
        assert_eq!(fitting(4, 0, 1), 1);
        assert_eq!(fitting(100, 500, 1), 1);
    }
}
