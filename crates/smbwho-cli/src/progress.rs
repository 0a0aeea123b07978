//! How far a run over many servers has come, on one line of the terminal.
//!
//! The line is there only while people can see it: standard error is a
//! terminal, and `-q` was not said. Whatever else is written to either stream
//! is written [`aside`] of it, and at the end it is gone.

use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal;

/// There is one terminal, so there is one line.
static LINE: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Writes something while the line is out of the way.
pub(crate) fn aside<R>(write: impl FnOnce() -> R) -> R {
    match shown() {
        Some(line) => line.suspend(write),
        None => write(),
    }
}

/// Takes the line away for good.
pub(crate) fn clear() {
    let line = LINE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(line) = line {
        line.finish_and_clear();
    }
}

fn shown() -> Option<ProgressBar> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The line while it stands; gone with this.
pub(crate) struct Progress {
    line: ProgressBar,
    failed: u64,
}

impl Progress {
    /// Begins to show how many of so many servers are done. One server is not
    /// worth a line.
    pub(crate) fn start(servers: usize, quiet: bool) -> Self {
        // Hidden by itself where standard error is no terminal.
        let target = if quiet || servers < 2 || !terminal::takes_codes() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let line = ProgressBar::with_draw_target(Some(servers as u64), target);
        let style = "{bar:24} {pos} of {len} servers, {msg} to go";
        if let Ok(style) = ProgressStyle::with_template(style) {
            line.set_style(style.progress_chars("=> "));
        }
        let mut progress = Self { line, failed: 0 };
        progress.tell();
        if !progress.line.is_hidden() {
            *LINE.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress.line.clone());
        }
        progress
    }

    /// One server more is done.
    pub(crate) fn done(&mut self, failed: bool) {
        self.failed += u64::from(failed);
        self.line.inc(1);
        self.tell();
    }

    fn tell(&mut self) {
        if self.line.is_hidden() {
            return;
        }
        let all = self.line.length().unwrap_or_default();
        let left = all.saturating_sub(self.line.position());
        self.line
            .set_message(format!("{} failed, {left}", self.failed));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        clear();
    }
}
