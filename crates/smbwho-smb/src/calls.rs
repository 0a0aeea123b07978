//! Calls made ready, and their replies as they come.

use std::time::SystemTime;

use smbwho_rpc::{Call, CallId, Event, Interface};
use tokio::time::Instant;
use tracing::debug;

use crate::clock::Clock;
use crate::error::{SmbError, SmbErrorKind, Step};
use crate::pipe::RpcPipe;

/// A call made ready to be sent.
#[derive(Debug, Clone)]
pub struct Prepared {
    interface: &'static Interface,
    name: &'static str,
    opnum: u16,
    stub: Vec<u8>,
    first_fragment_only: bool,
}

impl Prepared {
    /// Encodes a call.
    ///
    /// # Errors
    ///
    /// [`SmbErrorKind::Request`]: what the call says cannot be put on the wire.
    pub fn of<C: Call>(call: &C) -> Result<Self, SmbError> {
        let stub = call
            .encode()
            .map_err(|error| SmbError::new(Step::Call, SmbErrorKind::Request(Box::new(error))))?;
        Ok(Self {
            interface: C::INTERFACE,
            name: C::NAME,
            opnum: C::OPNUM,
            stub,
            first_fragment_only: false,
        })
    }

    /// The same call, of whose reply no more than the first fragment is read: see
    /// [`CallOutcome::Begun`].
    #[must_use]
    pub fn first_fragment(self) -> Self {
        Self {
            first_fragment_only: true,
            ..self
        }
    }

    pub(crate) fn wants_first_fragment_only(&self) -> bool {
        self.first_fragment_only
    }

    /// The interface it is of.
    #[must_use]
    pub fn interface(&self) -> &'static Interface {
        self.interface
    }

    /// The remote procedure, as the specification names it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its number there.
    #[must_use]
    pub fn opnum(&self) -> u16 {
        self.opnum
    }

    /// The request's stub.
    #[must_use]
    pub fn stub(&self) -> &[u8] {
        &self.stub
    }
}

/// What came of one of several calls.
#[derive(Debug)]
pub struct Reply {
    /// Which, counted from 0 in the order they were given.
    pub index: usize,
    /// What came. After [`SmbErrorKind::Fault`], or when the pipe refused to carry this call
    /// only, the others go on; any other error ends them all.
    pub outcome: Result<CallOutcome, SmbError>,
    /// When the calls were sent.
    pub sent: SystemTime,
    /// How long after that it came.
    pub took: std::time::Duration,
}

/// What came of a call that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOutcome {
    /// The stub of its reply, for [`Call::decode`].
    Reply(Vec<u8>),
    /// A reply of several fragments, of which only the [first](Prepared::first_fragment) was
    /// wanted. The pipe is not usable after it.
    Begun,
}

impl CallOutcome {
    /// The stub of the whole reply; empty where only its beginning was wanted.
    #[must_use]
    pub fn into_stub(self) -> Vec<u8> {
        match self {
            Self::Reply(stub) => stub,
            Self::Begun => Vec::new(),
        }
    }
}

/// The replies to calls in flight: see [`RpcPipe::calls`].
#[derive(Debug)]
pub struct Replies<'p> {
    pipe: &'p mut RpcPipe,
    /// The calls by their index; `None` where answered.
    waiting: Vec<Option<CallId>>,
    clock: Clock,
    sent: (SystemTime, Instant),
    over: bool,
}

impl<'p> Replies<'p> {
    pub(crate) fn new(pipe: &'p mut RpcPipe, waiting: Vec<Option<CallId>>, clock: Clock) -> Self {
        Self {
            pipe,
            waiting,
            clock,
            sent: (SystemTime::now(), Instant::now()),
            over: false,
        }
    }

    /// The next reply, in the order they come. `None` when every call was
    /// answered, or after an error that ended them all, which stands at the
    /// first that was not.
    pub async fn next(&mut self) -> Option<Reply> {
        let first = self.waiting.iter().position(Option::is_some)?;
        if self.over {
            return None;
        }
        let (index, outcome) = match self.take_next().await {
            Ok(answered) => answered,
            Err(error) => {
                self.over = true;
                (first, Err(error))
            }
        };
        if let Some(answered) = self.waiting.get_mut(index) {
            *answered = None;
        }
        match &outcome {
            Ok(CallOutcome::Reply(stub)) => debug!(index, reply = stub.len(), "answered"),
            Ok(CallOutcome::Begun) => debug!(index, "answered at length"),
            Err(error) => debug!(index, %error, "answered"),
        }
        let (sent, begun) = self.sent;
        Some(Reply {
            index,
            outcome,
            sent,
            took: begun.elapsed(),
        })
    }

    /// Takes back the calls that are not sent, which are not going to be: their
    /// indices. The others go on; those that an error ended were sent.
    pub fn withdraw(&mut self) -> Vec<usize> {
        let withdrawn = self.pipe.withdraw();
        let mut indices = Vec::with_capacity(withdrawn.len());
        for (index, waiting) in self.waiting.iter_mut().enumerate() {
            if waiting.is_some_and(|id| withdrawn.contains(&id)) {
                *waiting = None;
                indices.push(index);
            }
        }
        indices
    }

    async fn take_next(&mut self) -> Result<(usize, Result<CallOutcome, SmbError>), SmbError> {
        loop {
            if let Some((id, error)) = self.pipe.next_refused() {
                return match self.waiting.iter().position(|call| *call == Some(id)) {
                    Some(index) => Ok((index, Err(error))),
                    None => Err(self.astray()),
                };
            }
            let (id, outcome) = match self.pipe.next_event() {
                Some(Event::Reply { call_id, stub }) => (call_id, Ok(CallOutcome::Reply(stub))),
                Some(Event::Begun { call_id }) => (call_id, Ok(CallOutcome::Begun)),
                Some(Event::Fault { call_id, status }) => {
                    let fault = SmbErrorKind::Fault { status };
                    (call_id, Err(SmbError::new(Step::Call, fault)))
                }
                Some(Event::Bound) => return Err(self.astray()),
                None if self.pipe.advance(self.clock).await? => continue,
                None => return Err(self.astray()),
            };
            let index = self.waiting.iter().position(|call| *call == Some(id));
            return match index {
                Some(index) => Ok((index, outcome)),
                None => Err(self.astray()),
            };
        }
    }

    fn astray(&self) -> SmbError {
        let what = "it answered another call than was made".to_owned();
        SmbError::new(Step::Call, SmbErrorKind::Malformed(what))
    }
}

impl Drop for Replies<'_> {
    fn drop(&mut self) {
        let answered = self.waiting.iter().all(Option::is_none);
        let usable = answered && !self.over && self.pipe.is_at_rest();
        self.pipe.set_usable(usable);
    }
}
