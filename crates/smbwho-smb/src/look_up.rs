//! Looking names up, through the system's resolver.
//!
//! The resolver blocks, for half a minute and more where the DNS servers are
//! silent, and cannot be stopped. So it works in threads beside the runtime,
//! and a caller who has waited long enough leaves it to its fate. What is
//! bounded is how many such threads there are: a thousand names of a dead zone
//! must take neither all of the runtime's threads nor each other's time beyond
//! what their own callers allow.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::connect::is_too_many_files;
use crate::error::{SmbError, SmbErrorKind, Step};

/// Look-ups in the resolver at once, those included whose callers have gone.
/// Half of what tokio allows a runtime, so that a program's own blocking work
/// finds room. With 64 servers side by side and 10 s for each, look-ups may
/// hang for 40 s before others must wait.
const MOST_AT_ONCE: usize = 256;

/// The places of the resolver's threads.
static RESOLVER: std::sync::LazyLock<Arc<Semaphore>> =
    std::sync::LazyLock::new(|| Arc::new(Semaphore::new(MOST_AT_ONCE)));

/// The addresses of a computer's name, in the resolver's order, if it takes no
/// longer than `limit`.
///
/// # Errors
///
/// [`Step::Name`], when the name is not found or that takes longer.
pub async fn addresses_of(name: &str, limit: Duration) -> Result<Vec<IpAddr>, SmbError> {
    let found = look_up(name, 0, Instant::now() + limit).await?;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found.into_iter().map(|address| address.ip()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// The addresses of a name, in the resolver's order.
pub(crate) async fn look_up(
    name: &str,
    port: u16,
    deadline: Instant,
) -> Result<Vec<SocketAddr>, SmbError> {
    let name = name.to_owned();
    let resolve = move || {
        (name.as_str(), port)
            .to_socket_addrs()
            .map(Iterator::collect)
    };
    bounded(&RESOLVER, resolve, deadline).await
}

/// Runs `resolve` in one of the places there are, and waits for it until the
/// deadline. The place is taken until `resolve` has ended.
async fn bounded(
    places: &Arc<Semaphore>,
    resolve: impl FnOnce() -> io::Result<Vec<SocketAddr>> + Send + 'static,
    deadline: Instant,
) -> Result<Vec<SocketAddr>, SmbError> {
    let late = |_| SmbError::new(Step::Name, SmbErrorKind::TimedOut);
    let not_found = || SmbError::new(Step::Name, SmbErrorKind::NameNotFound);
    let place = timeout_at(deadline, Arc::clone(places).acquire_owned())
        .await
        .map_err(late)?;
    let resolving = tokio::task::spawn_blocking(move || {
        let found = resolve();
        drop(place);
        found
    });
    match timeout_at(deadline, resolving).await.map_err(late)? {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) if is_too_many_files(&error) => {
            Err(SmbError::new(Step::Name, SmbErrorKind::TooManyFiles).with_source(error))
        }
        Ok(Err(error)) => Err(not_found().with_source(error)),
        // It panicked, or the runtime is going down.
        Err(_) => Err(not_found()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Names that hang hold their places; others are served as long as there
    /// are any, and those who wait in vain wait no longer than they said.
    #[tokio::test]
    async fn names_that_hang_hold_up_nobody_beyond_their_places() {
        let places = Arc::new(Semaphore::new(4));
        let soon = || Instant::now() + Duration::from_millis(50);
        let later = Instant::now() + Duration::from_secs(60);
        let quick = || Ok(vec!["127.0.0.1:445".parse().expect("an address")]);

        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(std::sync::Mutex::new(held));
        let hang = || {
            let held = Arc::clone(&held);
            move || {
                let _ = held.lock().expect("not poisoned").recv();
                Ok(Vec::new())
            }
        };
        for _ in 0..3 {
            let error = bounded(&places, hang(), soon()).await.expect_err("hangs");
            assert_eq!(
                (error.step, error.kind),
                (Step::Name, SmbErrorKind::TimedOut)
            );
        }
        assert!(
            bounded(&places, quick, later).await.is_ok(),
            "one place is left"
        );

        let _ = bounded(&places, hang(), soon()).await;
        // All places are taken: a thousand more wait in no thread, and give up
        // when their time is over.
        let waiting = (0..1000).map(|_| bounded(&places, quick, soon()));
        let outcomes = futures::future::join_all(waiting).await;
        assert!(outcomes.iter().all(Result::is_err));
        assert_eq!(places.available_permits(), 0);

        // And those whose names were found to hang make room again.
        drop(release);
        assert!(bounded(&places, quick, later).await.is_ok());
    }

    #[tokio::test]
    async fn what_the_resolver_says_is_kept() {
        let places = Arc::new(Semaphore::new(1));
        let fail = || Err(io::Error::other("no such name"));
        let error = bounded(&places, fail, Instant::now() + Duration::from_secs(60))
            .await
            .expect_err("no such name");
        assert_eq!(error.kind, SmbErrorKind::NameNotFound);
        assert!(error.to_string().contains("no such name"), "{error}");
    }
}
