//! Several calls over one pipe: handles hold for the pipe they came over.

use smbwho_msrpc::status::{self, FaultStatus};
use smbwho_rpc::ndr::NdrError;
use smbwho_rpc::{Call, Interface};
use smbwho_smb::{NtStatus, RpcPipe};

use crate::error::{ErrorKind, Refusal};
use crate::{Error, Server};

/// A pipe of one's own for calls that belong together.
///
/// Dropped in the middle, the pipe is closed with it, and the server frees
/// every handle that was open. [`Conversation::finish`] keeps the pipe for
/// others; no handle may be open then.
pub(crate) struct Conversation {
    pub(crate) server: Server,
    interface: &'static Interface,
    pipe: RpcPipe,
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
            pipe: self.take_pipe(interface).await?,
        })
    }
}

impl Conversation {
    /// Makes one call and gives back the reply's stub.
    ///
    /// # Errors
    ///
    /// A fault comes as [`ErrorKind::Declined`].
    pub(crate) async fn call<C: Call>(&mut self, call: &C) -> Result<Vec<u8>, Error> {
        let reply = self.pipe.call(call).await;
        reply.map_err(|error| match error.fault() {
            Some(fault) => self.refused::<C>(Refusal::Fault(FaultStatus(fault))),
            None => self.server.error(ErrorKind::Smb(error)),
        })
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
        self.server.give_back(self.interface, self.pipe);
    }
}
