//! A pipe with an RPC association on it.

use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use smb2::Frame;
use smb2::types::{Command, FileId, TreeId};
use smbwho_rpc::{Association, Call, Event, Interface, Transmit};
use tokio::task::unconstrained;
use tracing::{debug, trace};

use crate::clock::Clock;
use crate::error::{SmbError, SmbErrorKind, Step};
use crate::frames::{self, Answer};
use crate::session::Shared;

/// Reads sent ahead at most. The credits the server grants are the real bound.
pub(crate) const MAX_READS_AHEAD: usize = 512;

/// Credits left to others when reading ahead. A read that had to wait for a
/// credit could be overtaken by the one behind it, and messages have no
/// numbers to put them right by.
const SPARE_CREDITS: u16 = 16;

/// Messages that may wait to be written before no more reads are sent ahead.
/// The transport crate queues up to 256; a request dropped while it waits for
/// room there would leave a hole in the message numbers.
const MAX_QUEUED: usize = 128;

type Read = BoxFuture<'static, Result<Frame, smb2::Error>>;

/// A named pipe, bound to one interface, on which calls are made one after
/// the other.
///
/// Several pipes of one session work side by side. Dropping a pipe closes it
/// at the server without anybody waiting.
pub struct RpcPipe {
    shared: Arc<Shared>,
    tree: TreeId,
    file: FileId,
    interface: &'static Interface,
    association: Association,
    usable: bool,
    /// Bytes that came for the call under way.
    received: usize,
}

impl RpcPipe {
    /// A pipe that is not usable until its bind was answered.
    pub(crate) fn new(
        shared: Arc<Shared>,
        tree: TreeId,
        file: FileId,
        interface: &'static Interface,
        association: Association,
    ) -> Self {
        Self {
            shared,
            tree,
            file,
            interface,
            association,
            usable: false,
            received: 0,
        }
    }

    pub(crate) fn set_usable(&mut self) {
        self.usable = true;
    }

    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.association.poll_event()
    }

    /// The interface the pipe is bound to.
    #[must_use]
    pub fn interface(&self) -> &'static Interface {
        self.interface
    }

    /// Whether another call can be made. Not after a call was dropped before
    /// its end, nor after one that left the conversation in doubt.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.usable && !self.shared.connection.is_disconnected()
    }

    /// Closes the pipe at the server. Nothing is waited for: the CLOSE is sent
    /// in the background, as it is when the pipe is dropped.
    #[expect(clippy::unused_async, reason = "room to wait, should it be needed")]
    pub async fn close(self) {}

    /// Calls the procedure and returns the stub of its reply, for
    /// [`Call::decode`].
    ///
    /// Dropping the future in the middle is safe for the session: the pipe is
    /// not usable any more ([`RpcPipe::is_usable`]), others are.
    ///
    /// # Errors
    ///
    /// [`SmbError::step`] is `Call`. After [`SmbErrorKind::Fault`] and
    /// [`SmbErrorKind::Request`] the pipe stays usable.
    pub async fn call<C: Call>(&mut self, call: &C) -> Result<Vec<u8>, SmbError> {
        if self.shared.connection.is_disconnected() {
            return Err(SmbError::new(Step::Call, SmbErrorKind::Disconnected));
        }
        if !self.usable {
            return Err(SmbError::new(Step::Call, SmbErrorKind::PipeUnusable));
        }
        let stub = call
            .encode()
            .map_err(|error| SmbError::new(Step::Call, SmbErrorKind::Request(Box::new(error))))?;
        // Until the end is reached: nobody may go on where a dropped call
        // stopped.
        self.usable = false;
        let options = &self.shared.options;
        let clock = Clock::start(Step::Call, options.reply_timeout, options.call_timeout);
        debug!(call = C::NAME, request = stub.len(), "calling");
        self.received = 0;
        let id = self.association.call(C::OPNUM, &stub);
        while let Some(transmit) = self.association.poll_transmit() {
            self.send(transmit, clock).await?;
        }
        let clean = self.read_rest(clock).await?;
        let outcome = match self.association.poll_event() {
            Some(Event::Reply { call_id, stub }) if call_id == id => Ok(stub),
            Some(Event::Fault { call_id, status }) if call_id == id => {
                Err(SmbError::new(Step::Call, SmbErrorKind::Fault { status }))
            }
            _ => {
                return Err(SmbError::new(
                    Step::Call,
                    SmbErrorKind::Malformed("it answered another call than was made".to_owned()),
                ));
            }
        };
        self.usable = clean;
        match &outcome {
            Ok(stub) => debug!(call = C::NAME, reply = stub.len(), "answered"),
            Err(error) => debug!(call = C::NAME, %error, "answered"),
        }
        outcome
    }

    /// Sends one PDU: the last of a request with a transceive that brings the
    /// first of the reply, the others with writes.
    async fn send(&mut self, transmit: Transmit, clock: Clock) -> Result<(), SmbError> {
        let connection = &self.shared.connection;
        let tree = Some(self.tree);
        if !transmit.expects_reply {
            let length = transmit.bytes.len();
            let request = frames::write(self.file, transmit.bytes);
            let frame = clock
                .wait(connection.execute(Command::Write, &request, tree))
                .await?;
            let answer = Answer::to(Command::Write, clock.step(), frame)?;
            answer.expect_data()?;
            if answer.written()? as usize != length {
                return Err(SmbError::new(
                    clock.step(),
                    SmbErrorKind::Malformed("the pipe took only a part of a message".to_owned()),
                ));
            }
            return Ok(());
        }
        let request = frames::transceive(self.file, transmit.bytes, self.room());
        let frame = clock
            .wait(connection.execute(Command::Ioctl, &request, tree))
            .await?;
        let answer = Answer::to(Command::Ioctl, clock.step(), frame)?;
        answer.expect_data()?;
        self.take(clock.step(), answer.output()?)
    }

    /// Reads until nothing is outstanding. As many reads are in flight as are
    /// surely needed; their answers are taken in the order of sending. True if
    /// no read is left over.
    pub(crate) async fn read_rest(&mut self, clock: Clock) -> Result<bool, SmbError> {
        let mut ahead: FuturesOrdered<Read> = FuturesOrdered::new();
        loop {
            let wanted = self.association.reads_wanted();
            if wanted == 0 {
                return Ok(ahead.is_empty());
            }
            while ahead.len() < wanted && (ahead.is_empty() || self.may_read_ahead()) {
                ahead.push_back(started(self.read()).await);
            }
            trace!(wanted, ahead = ahead.len(), "reading");
            let Some(frame) = clock.wait(ahead.next()).await? else {
                continue;
            };
            let answer = Answer::to(Command::Read, clock.step(), frame)?;
            if let Err(mut error) = answer.expect_data() {
                if let SmbErrorKind::PipeBroken { received } = &mut error.kind {
                    *received = self.received;
                }
                return Err(error);
            }
            let data = answer.read_data()?;
            if data.is_empty() {
                // Nothing forbids it, but it could go on for ever.
                return Err(SmbError::new(
                    clock.step(),
                    SmbErrorKind::Malformed("an empty message in the middle of a reply".to_owned()),
                ));
            }
            self.take(clock.step(), data)?;
        }
    }

    /// Whether another read would go out at once, and so behind those before.
    fn may_read_ahead(&self) -> bool {
        let connection = &self.shared.connection;
        connection.credits() > SPARE_CREDITS && connection.send_queue_depth() < MAX_QUEUED
    }

    fn read(&self) -> Read {
        let connection = self.shared.connection.clone();
        let request = frames::read(self.file, self.room());
        let tree = Some(self.tree);
        // Without tokio's budget: where that runs out, a read would stop halfway to the queue and
        // those started later could come before it.
        Box::pin(unconstrained(async move {
            connection.execute(Command::Read, &request, tree).await
        }))
    }

    /// Hands bytes to the association.
    pub(crate) fn take(&mut self, step: Step, bytes: &[u8]) -> Result<(), SmbError> {
        self.received = self.received.saturating_add(bytes.len());
        self.association.handle_input(bytes).map_err(|error| {
            if error.is_due_to_read_ahead() {
                // The next pipe of this session reads one message at a time.
                debug!(%error, "no more reading ahead");
                self.shared.reads_ahead.store(false, Ordering::Relaxed);
            }
            SmbError::new(step, SmbErrorKind::Rpc(Box::new(error)))
        })
    }

    /// Room offered for one message. The server was told not to send longer
    /// ones; a longer one comes in parts.
    fn room(&self) -> u32 {
        u32::from(self.association.max_receive_fragment())
    }
}

/// Polls a read once, which takes its credit and its message number and queues
/// it for writing, so that reads go out in the order they are started in.
async fn started(mut read: Read) -> Read {
    match poll_fn(|context| Poll::Ready(read.as_mut().poll(context))).await {
        Poll::Ready(done) => Box::pin(ready(done)),
        Poll::Pending => read,
    }
}

impl Drop for RpcPipe {
    fn drop(&mut self) {
        self.shared.close_later(self.tree, self.file);
    }
}

impl std::fmt::Debug for RpcPipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RpcPipe")
            .field("interface", &self.interface.name)
            .field("usable", &self.is_usable())
            .finish_non_exhaustive()
    }
}
