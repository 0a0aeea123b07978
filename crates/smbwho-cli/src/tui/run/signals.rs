//! Signals that concern a program on a terminal.

use std::io;

use crate::exit::Exit;

/// What the system wants.
pub(super) enum Signal {
    /// The program goes on after it was stopped: the terminal may be another
    /// by now.
    #[cfg(unix)]
    Continued,
    /// It is to stop until it is continued.
    #[cfg(unix)]
    Suspends,
    /// It must end.
    Ends(Exit),
}

#[cfg(unix)]
pub(super) use unix::Signals;

#[cfg(unix)]
mod unix {
    use std::time::Duration;

    use rustix::process::{Signal as Number, getpgrp, getsid, kill_current_process_group};
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
    use tokio::time::timeout;

    use super::{Exit, Signal, io};

    /// Going on is heard of in so long, once it goes on.
    const STOPPED_WITHIN: Duration = Duration::from_millis(300);

    pub(in super::super) struct Signals {
        interrupt: Stream,
        hang_up: Stream,
        terminate: Stream,
        proceed: Stream,
        stop: Stream,
    }

    impl Signals {
        pub(in super::super) fn listen() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                hang_up: signal(SignalKind::hangup())?,
                terminate: signal(SignalKind::terminate())?,
                proceed: signal(SignalKind::from_raw(Number::CONT.as_raw()))?,
                stop: signal(SignalKind::from_raw(Number::TSTP.as_raw()))?,
            })
        }

        pub(in super::super) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.interrupt.recv() => Signal::Ends(Exit::Interrupted),
                _ = self.hang_up.recv() => Signal::Ends(Exit::HungUp),
                _ = self.terminate.recv() => Signal::Ends(Exit::Terminated),
                _ = self.proceed.recv() => Signal::Continued,
                _ = self.stop.recv() => Signal::Suspends,
            }
        }

        /// Stops the program, and with it all of its pipeline, until the shell
        /// continues it.
        pub(in super::super) async fn suspend(&mut self) {
            // A shell that can continue its programs gives each a group of its
            // own. Without one it would be stopped for ever.
            let nobody_continues = getsid(None).is_ok_and(|session| session == getpgrp());
            if !nobody_continues && kill_current_process_group(Number::STOP).is_ok() {
                let _ = timeout(STOPPED_WITHIN, self.proceed.recv()).await;
            }
        }
    }
}

#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Ends(Exit::Interrupted),
            Err(_) => std::future::pending().await,
        }
    }

    /// Nothing stops a program here.
    pub(super) async fn suspend(&mut self) {}
}
