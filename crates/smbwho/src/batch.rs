//! Many calls of one interface that only read, each with an answer of its own.
//!
//! They are in flight together on one pipe where the server takes them so. Where it takes
//! one call at a time on each pipe, a few pipes are used side by side.

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::join_all;
use smbwho_smb::{Prepared, SmbError};

use crate::backend::Backend;
use crate::error::ErrorKind;
use crate::line::READS_AHEAD;
use crate::{Error, Server};

/// Pipes that are used side by side where each carries one call at a time.
const PIPES: usize = 4;

/// Calls for which these are worth being opened.
const WORTH_PIPES: usize = 16;

/// Connections lost, and silences, after which what is left is not asked any more.
const MAX_LOST: usize = 3;

/// Calls in a row that end their pipe, after which what is left is not asked any more.
const MAX_ENDED: usize = 16;

/// How far many calls have come.
struct Progress<F> {
    answered: Vec<bool>,
    lost: usize,
    ended: usize,
    /// Why the calls that are left are not made.
    given_up: Option<Error>,
    /// Whoever takes the answers wants no more.
    is_enough: bool,
    take: F,
}

impl<F: FnMut(usize, Result<Vec<u8>, Error>) -> ControlFlow<()>> Progress<F> {
    /// Takes what came of a call; whether more may come.
    fn take(&mut self, index: usize, outcome: Result<Vec<u8>, Error>) -> ControlFlow<()> {
        match &outcome {
            Err(error) if error.ends_pipe_only() => self.ended += 1,
            Err(error) if error.refusal().is_none() => self.lost += 1,
            Ok(_) | Err(_) => self.ended = 0,
        }
        if let Err(error) = &outcome
            && (self.lost >= MAX_LOST || self.ended >= MAX_ENDED)
        {
            self.given_up = Some(error.clone());
        }
        if let Some(answered) = self.answered.get_mut(index) {
            *answered = true;
        }
        self.is_enough |= (self.take)(index, outcome).is_break();
        match self.is_over() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn is_over(&self) -> bool {
        self.is_enough || self.given_up.is_some()
    }

    fn left(&self) -> Vec<usize> {
        let numbered = self.answered.iter().enumerate();
        let left = numbered.filter(|(_, answered)| !**answered);
        left.map(|(index, _)| index).collect()
    }
}

impl Server {
    /// Makes these calls and hands on the stub of each reply, in whatever order they come, or
    /// why there is none, until `take` has enough: every call has one outcome. One that is
    /// refused, or ends its pipe, hinders none of the others; where connections or pipes are
    /// lost over one after another, or the server is silent, the calls that are left are given
    /// up.
    pub(crate) async fn read_each(
        &self,
        calls: &[Prepared],
        take: impl FnMut(usize, Result<Vec<u8>, Error>) -> ControlFlow<()> + Send,
    ) {
        let progress = Mutex::new(Progress {
            answered: vec![false; calls.len()],
            lost: 0,
            ended: 0,
            given_up: None,
            is_enough: false,
            take,
        });
        loop {
            let left = locked(&progress).left();
            if left.is_empty() || locked(&progress).is_enough {
                return;
            }
            let given_up = locked(&progress).given_up.clone();
            if let Some(error) = given_up {
                let mut progress = locked(&progress);
                for index in left {
                    if progress.is_enough {
                        return;
                    }
                    let _ = progress.take(index, Err(error.clone()));
                }
                return;
            }
            let together = self.takes_calls_together().await;
            let (pipes, size) = match together || left.len() < WORTH_PIPES {
                true => (1, READS_AHEAD),
                false => (PIPES, left.len().div_ceil(PIPES).min(READS_AHEAD)),
            };
            let chunks = left.chunks(size).take(pipes);
            let reading = chunks.map(|chunk| self.read_some(calls, chunk, together, &progress));
            let no_pipe = join_all(reading).await.into_iter().flatten().next();
            let mut progress = locked(&progress);
            if let Some(error) = no_pipe {
                progress.given_up.get_or_insert(error);
            } else if progress.left().len() == left.len() {
                let unanswered = self.error(ErrorKind::Smb(SmbError::unanswered()));
                progress.given_up.get_or_insert(unanswered);
            }
        }
    }

    /// Makes these calls, or some of them; why there is no pipe for the others.
    async fn read_some<F>(
        &self,
        calls: &[Prepared],
        chunk: &[usize],
        together: bool,
        progress: &Mutex<Progress<F>>,
    ) -> Option<Error>
    where
        F: FnMut(usize, Result<Vec<u8>, Error>) -> ControlFlow<()> + Send,
    {
        let these: Vec<Prepared> = chunk.iter().map(|&index| calls[index].clone()).collect();
        let session = self.smb_session().await;
        let mut came_so_far = 0;
        let read = self.read_all(&these, |came| {
            let Some(&index) = chunk.get(came.index) else {
                return ControlFlow::Continue(());
            };
            let outcome = came.outcome.map_err(|kind| self.error(kind));
            locked(progress).take(index, outcome)?;
            came_so_far += 1;
            // The second reply shows whether it had to wait for the first.
            let one_at_a_time = together
                && came_so_far >= 2
                && these.len() - came_so_far >= WORTH_PIPES
                && session.as_ref().is_some_and(|s| !s.takes_calls_together());
            match one_at_a_time {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        read.await.err()
    }

    async fn takes_calls_together(&self) -> bool {
        match self.backend() {
            Backend::Remote(_) => {
                let session = self.smb_session().await;
                session.is_none_or(|session| session.takes_calls_together())
            }
            Backend::Native(_) | Backend::Local(_) => false,
        }
    }
}

fn locked<F>(progress: &Mutex<Progress<F>>) -> MutexGuard<'_, Progress<F>> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}
