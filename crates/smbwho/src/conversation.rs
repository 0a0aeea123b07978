//! Several calls over one pipe: handles hold for the pipe they came over.

use smbwho_msrpc::status;
use smbwho_rpc::ndr::NdrError;
use smbwho_rpc::{Call, Interface};
use smbwho_smb::{CallOutcome, NtStatus, Prepared, SmbError};

use crate::error::{ErrorKind, Refusal};
use crate::line::Taken;
use crate::{Error, Server};

/// A pipe of one's own for calls that belong together.
///
/// Dropped in the middle, the pipe is closed with it, and the server frees
/// every handle that was open. [`Conversation::finish`] keeps the pipe for
/// others; no handle may be open then.
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
        Ok(Conversation {
            server: self.clone(),
            interface,
            taken: self.take_pipe(interface).await?,
        })
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
            self.taken = self.server.take_new_pipe(self.interface).await?;
            reply = self.taken.pipe.call(call).await;
        }
        self.taken.has_answered();
        reply.map_err(|error| self.failed(C::NAME, error))
    }

    /// Makes several calls, none of which needs what another brings, in
    /// flight together. One outcome for each that was answered before the pipe
    /// failed, or a reply that was only begun ended it, in the order given.
    pub(crate) async fn calls(&mut self, calls: &[Prepared]) -> Vec<Result<CallOutcome, Error>> {
        let mut came = self.all(calls).await;
        if let [(_, Err(error))] = &came[..]
            && self.taken.was_kept_too_long(error)
        {
            match self.server.take_new_pipe(self.interface).await {
                Ok(taken) => self.taken = taken,
                Err(error) => return vec![Err(error)],
            }
            came = self.all(calls).await;
        }
        self.taken.has_answered();
        came.sort_by_key(|(index, _)| *index);
        let name = |index| calls.get(index).map_or("", Prepared::name);
        came.into_iter()
            .map(|(index, outcome)| outcome.map_err(|error| self.failed(name(index), error)))
            .collect()
    }

    /// What came, each with the number of its call.
    async fn all(&mut self, calls: &[Prepared]) -> Vec<(usize, Result<CallOutcome, SmbError>)> {
        let mut replies = match self.taken.pipe.calls(calls) {
            Ok(replies) => replies,
            Err(error) => return vec![(0, Err(error))],
        };
        let mut came = Vec::new();
        while let Some(reply) = replies.next().await {
            let is_end = matches!(reply.outcome, Ok(CallOutcome::Begun));
            came.push((reply.index, reply.outcome));
            if is_end {
                break;
            }
        }
        came
    }

    fn failed(&self, call: &'static str, error: SmbError) -> Error {
        let kind = match Refusal::of(&error) {
            Some(refusal) => ErrorKind::Declined { call, refusal },
            None => ErrorKind::Smb(error),
        };
        self.server.error(kind)
    }

    /// What a reply says.
    pub(crate) fn decode<'a, C: Call>(
        &self,
        call: &C,
        stub: &'a [u8],
    ) -> Result<C::Reply<'a>, Error> {
        call.decode(stub).map_err(|error| {
            self.server.error(ErrorKind::Malformed {
                call: C::NAME,
                error,
            })
        })
    }

    /// The status a call returned, when it is a success (which more entries,
    /// and names that are only in part known, are).
    pub(crate) fn check<C: Call>(&self, status: u32) -> Result<status::NtStatus, Error> {
        let told = status::NtStatus(status);
        if told.is_success() {
            return Ok(told);
        }
        Err(self.refused::<C>(Refusal::Nt(NtStatus(status))))
    }

    /// A request that cannot be put on the wire.
    pub(crate) fn unsayable<C: Call>(&self, error: NdrError) -> Error {
        self.server.error(ErrorKind::Unsayable {
            call: C::NAME,
            error,
        })
    }

    fn refused<C: Call>(&self, why: Refusal) -> Error {
        self.server.error(ErrorKind::Declined {
            call: C::NAME,
            refusal: why,
        })
    }

    /// Keeps the pipe for the next who needs one.
    pub(crate) fn finish(self) {
        self.taken.give_back();
    }
}
