//! Several calls over one pipe: handles hold for the pipe they came over.

use std::ops::ControlFlow;

use smbwho_msrpc::status;
use smbwho_rpc::ndr::NdrError;
use smbwho_rpc::{Call, Interface};
use smbwho_smb::{CallOutcome, NtStatus, Prepared, SmbError};

use crate::error::{ErrorKind, Refusal};
use crate::line::{READS_AHEAD, Taken};
use crate::{Error, Server};

/// A pipe of one's own for calls that belong together.
///
/// Dropped, the pipe is closed with it, and the server frees every handle that
/// was open on it: nothing has to be closed for the end of a conversation.
pub(crate) struct Conversation {
    pub(crate) server: Server,
    interface: &'static Interface,
    taken: Taken,
}

impl Server {
    /// Begins a conversation on a pipe that nobody else uses.
    pub(crate) async fn conversation(
        &self,
        interface: &'static Interface,
    ) -> Result<Conversation, Error> {
        let mut taken = self.take_pipe(interface).await?;
        taken.pipe.set_calls_ahead(READS_AHEAD);
        Ok(Conversation {
            server: self.clone(),
            interface,
            taken,
        })
    }

    /// See [`Conversation::decode`].
    pub(crate) fn decode<'a, C: Call>(
        &self,
        call: &C,
        stub: &'a [u8],
    ) -> Result<C::Reply<'a>, Error> {
        call.decode(stub)
            .map_err(|error| self.malformed::<C>(error))
    }

    /// A reply that cannot be read.
    pub(crate) fn malformed<C: Call>(&self, error: NdrError) -> Error {
        let call = C::NAME;
        self.error(ErrorKind::Malformed { call, error })
    }

    /// A request that cannot be put on the wire.
    pub(crate) fn unsayable<C: Call>(&self, error: NdrError) -> Error {
        let call = C::NAME;
        self.error(ErrorKind::Unsayable { call, error })
    }

    /// See [`Conversation::check`].
    pub(crate) fn check<C: Call>(&self, status: u32) -> Result<status::NtStatus, Error> {
        let told = status::NtStatus(status);
        if told.is_success() {
            return Ok(told);
        }
        let refusal = Refusal::Nt(NtStatus(status));
        Err(declined(self, C::NAME, refusal))
    }
}

impl Conversation {
    /// Makes one call, which only reads, and gives back the reply's stub.
    ///
    /// # Errors
    ///
    /// A fault comes as [`ErrorKind::Declined`].
    pub(crate) async fn call<C: Call>(&mut self, call: &C) -> Result<Vec<u8>, Error> {
        let mut reply = self.taken.pipe.call(call).await;
        if let Err(error) = &reply
            && self.taken.was_kept_too_long(error)
        {
            // Nothing was said over it yet, so no handle is lost.
            self.renew().await?;
            reply = self.taken.pipe.call(call).await;
        }
        self.taken.has_answered();
        reply.map_err(|error| self.failed(C::NAME, error))
    }

    /// Makes several calls, none of which needs what another brings, in
    /// flight together. One outcome for each that was answered before the pipe
    /// failed, or a reply that was only begun ended it, in the order given.
    pub(crate) async fn calls(&mut self, calls: &[Prepared]) -> Vec<Result<CallOutcome, Error>> {
        let mut came: Vec<(usize, Result<CallOutcome, Error>)> = Vec::new();
        let broken = self.outcomes(calls, |index, outcome| {
            let is_end = matches!(outcome, Ok(CallOutcome::Begun));
            came.push((index, outcome));
            match is_end {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        if let Err(error) = broken.await {
            // It stands at the first that was not answered.
            let answered = |index: &usize| came.iter().any(|(other, _)| other == index);
            let first = (0..calls.len()).find(|index| !answered(index));
            came.push((first.unwrap_or(calls.len()), Err(error)));
        }
        came.sort_by_key(|(index, _)| *index);
        came.into_iter().map(|(_, outcome)| outcome).collect()
    }

    /// Makes several calls, none of which needs what another brings, in flight
    /// together as far as the server takes them so, and hands on what was
    /// answered to each as it comes, a refusal in place of a reply included,
    /// until `take` breaks it off; then the pipe is of no further use.
    ///
    /// # Errors
    ///
    /// What ended the pipe; the calls that nothing was handed on for were not
    /// answered.
    pub(crate) async fn each(
        &mut self,
        calls: &[Prepared],
        mut take: impl FnMut(usize, Result<Vec<u8>, Error>) -> ControlFlow<()> + Send,
    ) -> Result<(), Error> {
        let take = |index, outcome: Result<CallOutcome, Error>| {
            let outcome = outcome.map(|outcome| match outcome {
                CallOutcome::Reply(stub) => stub,
                // Of these calls whole replies are wanted.
                CallOutcome::Begun => Vec::new(),
            });
            take(index, outcome)
        };
        self.outcomes(calls, take).await
    }

    async fn outcomes(
        &mut self,
        calls: &[Prepared],
        mut take: impl FnMut(usize, Result<CallOutcome, Error>) -> ControlFlow<()> + Send,
    ) -> Result<(), Error> {
        let mut answered = 0;
        let mut outcome = self.all(calls, &mut answered, &mut take).await;
        if let Err(error) = &outcome
            && answered == 0
            && self.taken.was_kept_too_long(error)
        {
            // Nothing was said over it yet, so no handle is lost.
            self.renew().await?;
            outcome = self.all(calls, &mut answered, &mut take).await;
        }
        self.taken.has_answered();
        outcome.map_err(|error| self.server.error(ErrorKind::Smb(error)))
    }

    async fn all(
        &mut self,
        calls: &[Prepared],
        answered: &mut usize,
        take: &mut (impl FnMut(usize, Result<CallOutcome, Error>) -> ControlFlow<()> + Send),
    ) -> Result<(), SmbError> {
        let mut replies = self.taken.pipe.calls(calls)?;
        let mut last = None;
        while let Some(reply) = replies.next().await {
            let name = calls.get(reply.index).map_or("", Prepared::name);
            let outcome = match reply.outcome {
                Ok(outcome) => Ok(outcome),
                Err(error) => match Refusal::of(&error) {
                    // Which of them it is about is not known.
                    Some(_) if error.is_due_to_haste() => return Err(error),
                    Some(refusal) => {
                        last = Some(error);
                        Err(declined(&self.server, name, refusal))
                    }
                    None => return Err(error),
                },
            };
            *answered += 1;
            if take(reply.index, outcome).is_break() {
                return Ok(());
            }
        }
        match last {
            // It ended those behind it as well.
            Some(error) if *answered < calls.len() => Err(error),
            _ => Ok(()),
        }
    }

    /// Goes on over a new pipe; whatever was open on the old one is not any more.
    pub(crate) async fn renew(&mut self) -> Result<(), Error> {
        self.taken = self.server.take_new_pipe(self.interface).await?;
        self.taken.pipe.set_calls_ahead(READS_AHEAD);
        Ok(())
    }

    /// Whether several calls may be in flight together, as far as is known.
    pub(crate) fn takes_calls_together(&self) -> bool {
        self.taken.pipe.takes_calls_together()
    }

    fn failed(&self, call: &'static str, error: SmbError) -> Error {
        match Refusal::of(&error) {
            Some(refusal) => declined(&self.server, call, refusal),
            None => self.server.error(ErrorKind::Smb(error)),
        }
    }

    /// What a reply says.
    pub(crate) fn decode<'a, C: Call>(
        &self,
        call: &C,
        stub: &'a [u8],
    ) -> Result<C::Reply<'a>, Error> {
        self.server.decode(call, stub)
    }

    /// The status a call returned, when it is a success (which more entries,
    /// and names that are only in part known, are).
    pub(crate) fn check<C: Call>(&self, status: u32) -> Result<status::NtStatus, Error> {
        self.server.check::<C>(status)
    }

    /// A request that cannot be put on the wire.
    pub(crate) fn unsayable<C: Call>(&self, error: NdrError) -> Error {
        self.server.unsayable::<C>(error)
    }
}

fn declined(server: &Server, call: &'static str, refusal: Refusal) -> Error {
    server.error(ErrorKind::Declined { call, refusal })
}
