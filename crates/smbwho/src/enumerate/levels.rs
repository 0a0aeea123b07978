//! Down the ladder: which levels are asked, and which of their answers holds.

use std::ops::ControlFlow;

use smbwho_smb::Prepared;

use super::{Answer, At, Batch, Beside, Listing, Pager};
use crate::Error;
use crate::error::Refusal;
use crate::line::Came;

/// The most that is asked for at a level that is tried only in case the richer
/// ones are refused, in bytes. A server that grants a richer one as well has
/// then little to do in vain, since no more than a fragment of it is sent; what
/// is missing comes with the next page, for two round trips more. This much
/// holds ten thousand sessions.
const SPECULATIVE_LENGTH: u32 = 1 << 20;

impl<L: Listing> Pager<L> {
    /// Whether an outcome leads to the next level: whatever the server said or did in place of an
    /// answer, before rows came. What befell the connection is nothing of the level.
    fn leads_down(&self, outcome: &Result<Answer<L::Row>, Error>) -> bool {
        self.rows == 0
            && match outcome {
                Ok(Answer::Refused(Refusal::Status(status))) => !self.listing.is_final(*status),
                Ok(Answer::Refused(_) | Answer::Unreadable(_)) => true,
                Ok(_) => false,
                Err(error) => error.ends_pipe_only(),
            }
    }

    pub(super) fn step_down(&mut self, refusal: Refusal) {
        let level = self.ladder.pop_front();
        self.tried
            .refused
            .extend(level.map(|level| (level, refusal)));
    }

    fn step_down_from(&mut self, outcome: Result<Answer<L::Row>, Error>) {
        let (why, error) = match outcome {
            Ok(Answer::Refused(refusal)) => return self.step_down(refusal),
            Ok(Answer::Unreadable(error)) => (Refusal::Malformed, error),
            Ok(_) => return,
            Err(error) => (Refusal::Broken, error),
        };
        if let Some(level) = self.ladder.pop_front() {
            self.tried.fail(level, why, error);
        }
    }

    /// Whether what was found on the way down holds for the next question, too.
    pub(crate) fn may_learn(&self) -> bool {
        let mut tried = self.tried.refused.iter();
        !tried.any(|(_, refusal)| refusal.is_for_want_of_room())
    }

    /// Asks at the first level of the ladder, and at the next ones with it
    /// where that pays. Steps down from those that do not answer; `None` when
    /// none of those that were asked does, else what the first of the others
    /// said.
    pub(super) async fn ask_rungs(&mut self) -> Result<Option<(At, Answer<L::Row>)>, Error> {
        let Batch {
            asked,
            rungs,
            mut answers,
        } = match self.first.take() {
            Some(batch) => batch,
            None => self.ask_all(self.requests()).await?,
        };
        for rung in 0..rungs {
            let Some(outcome) = answers[rung].take() else {
                // The pipe ended at one before, and this one is asked on another.
                return if rung == 0 {
                    Err(self.unanswered())
                } else {
                    Ok(None)
                };
            };
            if self.leads_down(&outcome) {
                self.step_down_from(outcome);
                continue;
            }
            let answer = outcome?;
            if let Answer::Page { level, .. } = answer
                && let Some(other) = self.listing.companion(&self.server, level)
                && let Some(place) = asked.iter().position(|asked| asked.level == other.level)
                && let Some(Ok(told)) = answers[place].take()
            {
                self.companion = Some((other.level, told));
            }
            return Ok(Some((asked[rung], answer)));
        }
        Ok(None)
    }

    /// What to ask now: the levels, and what helps their rows.
    pub(super) fn requests(&self) -> Batch<L::Row> {
        let mut asked = self.rungs();
        let rungs = asked.len();
        if self.seeks_level && self.server.asks_together() {
            for rung in 0..rungs {
                let companion = self.listing.companion(&self.server, asked[rung].level);
                let is_new = |at: &At| asked.iter().all(|other| other.level != at.level);
                asked.extend(companion.filter(is_new));
            }
        }
        let mut answers = Vec::new();
        answers.resize_with(asked.len(), || None);
        Batch {
            asked,
            rungs,
            answers,
        }
    }

    /// The levels to ask for now, and how much of each.
    fn rungs(&self) -> Vec<At> {
        let ahead = match self.seeks_level && self.server.asks_together() {
            true => self.listing.ahead(&self.server),
            false => 1,
        };
        let levels = self.ladder.iter().take(ahead.max(1)).enumerate();
        levels
            .map(|(rung, &level)| At {
                level,
                preferred_length: match rung {
                    0 => self.preferred_length,
                    _ => self.preferred_length.min(SPECULATIVE_LENGTH),
                },
                resume_handle: self.resume_handle,
            })
            .collect()
    }

    /// Makes requests, the first `rungs` of them in the order of preference,
    /// until one of those is granted, and its companion is answered.
    async fn ask_all(&self, mut batch: Batch<L::Row>) -> Result<Batch<L::Row>, Error> {
        let mut prepared = self.prepare(&batch)?;
        let own = prepared.len();
        let beside = match self.seeks_level && self.server.asks_together() {
            true => self.listing.beside(&self.server),
            false => None,
        };
        if let Some(beside) = beside {
            prepared.extend(beside.prepare()?);
        }
        let read = self.server.read_all(&prepared, |mut came| {
            match (came.index.checked_sub(own), beside) {
                (Some(index), Some(beside)) => {
                    came.index = index;
                    beside.keep(came);
                }
                _ => self.keep(&mut batch, came),
            }
            match self.is_enough(&batch) && beside.is_none_or(Beside::is_enough) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        read.await?;
        Ok(batch)
    }

    pub(super) fn prepare(&self, batch: &Batch<L::Row>) -> Result<Vec<Prepared>, Error> {
        let in_full = self.listing.completes_with_companion();
        let calls = batch.asked.iter().enumerate().map(|(place, at)| {
            let call = self.listing.request(self.server.unc_name(), *at);
            let call = self.server.prepare(&call)?;
            Ok(match place < batch.rungs || in_full {
                true => call,
                false => call.first_fragment(),
            })
        });
        calls.collect()
    }

    pub(super) fn keep(&self, batch: &mut Batch<L::Row>, came: Came) {
        let index = came.index;
        if let (Some(at), Some(place)) = (batch.asked.get(index), batch.answers.get_mut(index)) {
            let call = self.listing.request(self.server.unc_name(), *at);
            *place = Some(self.judge(*at, &call, came));
        }
    }

    /// Whether what was answered decides the level, and its companion is
    /// there.
    pub(super) fn is_enough(&self, batch: &Batch<L::Row>) -> bool {
        let Batch { asked, answers, .. } = batch;
        let mut answers_of_rungs = answers.iter().take(batch.rungs);
        let granted = answers_of_rungs.find(|answer| match answer {
            Some(outcome) => !self.leads_down(outcome),
            None => true,
        });
        let (level, rows) = match granted {
            None => return true,
            Some(None) => return false,
            Some(Some(Ok(Answer::Page { level, rows, .. }))) => (*level, rows),
            Some(Some(_)) => return true,
        };
        let companion = self.listing.companion(&self.server, level);
        let place = companion.and_then(|at| asked.iter().position(|a| a.level == at.level));
        place.is_none_or(|place| answers[place].is_some() || !self.listing.needs_companion(rows))
    }
}
