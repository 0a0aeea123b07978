//! Ending work that changes servers before its end: by a signal, or by a key in
//! the grid.
//!
//! Whatever is under way is recorded. SIGINT (Ctrl-C), SIGTERM and SIGHUP let
//! what is under way be the last; SIGINT a second time waits for its answer
//! no longer. Whoever closes a terminal or stops a service sends the others
//! more than once, which says nothing new.

use tokio::sync::watch;

use crate::exit::Exit;

/// Whether to stop, and how soon. Clones are one and the same.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Sender<State>);

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// What asked for it, as the shell is told.
    by: Option<Exit>,
    /// The answer under way is not waited for.
    at_once: bool,
}

impl Stop {
    /// Nothing stops it yet.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(State::default()))
    }

    /// From now on signals stop it. Runs on the current tokio runtime. Where
    /// signals cannot be had the system's own way of ending stays.
    pub(crate) fn on_signals() -> Self {
        let stop = Self::new();
        if let Ok(mut signals) = Signals::listen() {
            let heard = stop.clone();
            tokio::spawn(async move {
                loop {
                    let by = signals.next().await;
                    if by == Exit::Interrupted && heard.is_asked() {
                        heard.at_once();
                    }
                    heard.after_this(by);
                }
            });
        }
        stop
    }

    /// What is under way is the last.
    pub(crate) fn after_this(&self, by: Exit) {
        self.0.send_modify(|state| state.by = state.by.or(Some(by)));
    }

    /// What is under way is not waited for.
    pub(crate) fn at_once(&self) {
        self.0.send_modify(|state| state.at_once = true);
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.by().is_some()
    }

    /// What asked for it, if anything has.
    pub(crate) fn by(&self) -> Option<Exit> {
        self.0.borrow().by
    }

    /// Ends when nothing further is to begin.
    pub(crate) async fn asked(&self) {
        let mut changes = self.0.subscribe();
        // The sender is ours, so it is there.
        let _ = changes.wait_for(|state| state.by.is_some()).await;
    }

    /// Ends when nothing is to be waited for any more.
    pub(crate) async fn now(&self) {
        let mut changes = self.0.subscribe();
        // The sender is ours, so it is there.
        let _ = changes.wait_for(|state| state.at_once).await;
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// None where it is ignored, as under `nohup`.
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hang_up = SignalKind::hangup();
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: if is_ignored(hang_up.as_raw_value()) {
                None
            } else {
                Some(signal(hang_up)?)
            },
        })
    }

    async fn next(&mut self) -> Exit {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
            _ = hang_up => Exit::HungUp,
        }
    }
}

/// Whether whoever started the program wants a signal to do nothing, as far as
/// the system says.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let bit = u32::try_from(signal - 1)
        .ok()
        .and_then(|bit| 1_u64.checked_shl(bit));
    mask.zip(bit).is_some_and(|(mask, bit)| mask & bit != 0)
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Exit {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Exit::Interrupted,
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asked_first_is_told() {
        let stop = Stop::new();
        assert!(!stop.is_asked());
        stop.after_this(Exit::HungUp);
        stop.after_this(Exit::Interrupted);
        assert_eq!(stop.clone().by(), Some(Exit::HungUp));
    }
}
