//! How long is waited for a server.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::error::{SmbError, SmbErrorKind, Step};

/// Bounds silence, and everything together.
///
/// Silence alone is not enough: a server that sends one small message now and
/// then would never be silent and never be done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    step: Step,
    silence: Duration,
    end: Instant,
}

impl Clock {
    pub(crate) fn start(step: Step, silence: Duration, total: Duration) -> Self {
        Self {
            step,
            silence,
            end: Instant::now() + total,
        }
    }

    /// The same clock at another step.
    pub(crate) fn at(self, step: Step) -> Self {
        Self { step, ..self }
    }

    /// The same clock with so much more time for everything.
    pub(crate) fn extended(self, by: Duration) -> Self {
        Self {
            end: self.end + by,
            ..self
        }
    }

    pub(crate) fn step(self) -> Step {
        self.step
    }

    /// Waits for one message of the server.
    pub(crate) async fn wait<F: Future>(self, message: F) -> Result<F::Output, SmbError> {
        let silent = Instant::now() + self.silence;
        timeout_at(silent.min(self.end), message)
            .await
            .map_err(|_| SmbError::new(self.step, SmbErrorKind::TimedOut))
    }
}
