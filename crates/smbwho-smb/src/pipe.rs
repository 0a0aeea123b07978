//! A pipe with an RPC association on it.
//!
//! Several calls may be in flight on it, each sent with a transceive that also reads one message
//! of the pipe, whichever comes next. smbd takes them and answers in order. The pipes of Windows
//! refuse a second transceive with STATUS_PIPE_BUSY while the first is under way; what they
//! refuse is sent again when its turn comes.

use std::collections::VecDeque;
use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use smb2::Frame;
use smb2::types::{Command, FileId, TreeId};
use smbwho_rpc::{Association, Call, CallId, Event, Interface, ProtocolError, Transmit};
use tokio::task::{unconstrained, yield_now};
use tokio::time::Instant;
use tracing::{debug, trace};

use crate::NtStatus;
use crate::budget::Share;
use crate::calls::{CallOutcome, Prepared, Replies};
use crate::clock::Clock;
use crate::commands::Beside;
use crate::error::{SmbError, SmbErrorKind, Step, from_status};
use crate::frames::{self, Answer};
use crate::session::Shared;

/// Calls sent before the first is answered where nothing else is said. The
/// credits the server grants are the real bound.
const CALLS_AHEAD: usize = 32;

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

/// Reads that are sent together where more than these may be in flight: each by itself would cost
/// a call of the system.
const BURST: usize = 32;

/// How long is waited before a request is sent again that other pipes had left no room for.
const CROWDED: Duration = Duration::from_millis(20);

/// A request on its way, what was in flight beside it, and what came of it.
type Flight = BoxFuture<'static, (Sent, Beside, Result<Frame, smb2::Error>)>;

/// What was sent.
#[derive(Clone, Copy)]
enum Sent {
    /// The last of a call's request, and a read with it.
    Transceive(CallId),
    Read,
}

/// A named pipe, bound to one interface, on which calls are made.
///
/// Several pipes of one session work side by side. Dropping a pipe closes it
/// at the server without anybody waiting.
pub struct RpcPipe {
    shared: Arc<Shared>,
    tree: TreeId,
    file: FileId,
    interface: &'static Interface,
    association: Association,
    in_flight: FuturesOrdered<Flight>,
    /// Transceives among them.
    transceives: usize,
    /// Several calls were in flight since the pipe was last at rest.
    together: bool,
    /// The server failed a call for want of room while requests of other pipes were in flight.
    crowded: bool,
    /// Calls that the pipe refused to carry.
    refused: VecDeque<(CallId, SmbError)>,
    usable: bool,
    /// Calls sent at most before the first is answered.
    calls_ahead: usize,
    /// What the replies under way have of the budget.
    share: Share,
    /// How long the calls under way waited for that.
    waited: Duration,
    /// Bytes that came for the calls under way.
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
            in_flight: FuturesOrdered::new(),
            transceives: 0,
            together: false,
            crowded: false,
            refused: VecDeque::new(),
            usable: false,
            calls_ahead: CALLS_AHEAD,
            share: Share::default(),
            waited: Duration::ZERO,
            received: 0,
        }
    }

    pub(crate) fn set_usable(&mut self, usable: bool) {
        self.usable = usable;
        self.share = Share::default();
    }

    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.association.poll_event()
    }

    pub(crate) fn next_refused(&mut self) -> Option<(CallId, SmbError)> {
        self.refused.pop_front()
    }

    pub(crate) fn withdraw(&mut self) -> Vec<CallId> {
        self.association.withdraw()
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

    /// How many calls may be in flight on it where the server takes several: 32
    /// if nothing is said. Only calls that read should be more, since those
    /// that left cannot be taken back.
    pub fn set_calls_ahead(&mut self, calls: usize) {
        self.calls_ahead = calls.max(1);
    }

    /// Whether several calls may be in flight on it: so it is taken to be until
    /// the server refuses that, or something went wrong with it.
    #[must_use]
    pub fn takes_calls_together(&self) -> bool {
        self.shared.calls_ahead.load(Ordering::Relaxed)
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
        self.check()?;
        let mut replies = self.calls(&[Prepared::of(call)?])?;
        match replies.next().await.map(|reply| reply.outcome) {
            Some(Ok(CallOutcome::Reply(stub))) => Ok(stub),
            Some(Err(error)) => Err(error),
            Some(Ok(CallOutcome::Begun)) | None => {
                Err(SmbError::new(Step::Call, SmbErrorKind::PipeUnusable))
            }
        }
    }

    /// Makes several calls without waiting for one another, as far as the
    /// server takes them so. [`Replies`] gives the answers as they come;
    /// dropped before its end it leaves the pipe unusable, unless nothing was
    /// outstanding.
    ///
    /// # Errors
    ///
    /// When the pipe is not usable.
    pub fn calls(&mut self, calls: &[Prepared]) -> Result<Replies<'_>, SmbError> {
        self.check()?;
        // Until the end is reached: nobody may go on where a dropped call
        // stopped.
        self.usable = false;
        self.together = false;
        self.crowded = false;
        self.refused.clear();
        self.received = 0;
        self.share = Share::default();
        self.waited = Duration::ZERO;
        let ahead = match self.shared.calls_ahead.load(Ordering::Relaxed) {
            true => self.calls_ahead,
            false => 1,
        };
        self.association.set_max_calls_in_flight(ahead);
        let options = &self.shared.options;
        let clock = Clock::start(Step::Call, options.reply_timeout, options.call_timeout);
        let waiting = calls.iter().map(|call| {
            debug!(call = call.name(), request = call.stub().len(), "calling");
            let call_id = self.association.call(call.opnum(), call.stub());
            if call.wants_first_fragment_only() {
                self.association.want_first_fragment(call_id);
            }
            call_id
        });
        let waiting = waiting.map(Some).collect();
        Ok(Replies::new(self, waiting, clock))
    }

    fn check(&self) -> Result<(), SmbError> {
        let kind = if self.shared.connection.is_disconnected() {
            SmbErrorKind::Disconnected
        } else if !self.usable {
            SmbErrorKind::PipeUnusable
        } else {
            return Ok(());
        };
        Err(SmbError::new(Step::Call, kind))
    }

    /// Whether neither a call nor a request of any kind is outstanding.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.in_flight.is_empty() && self.association.is_idle()
    }

    /// Sends what may be sent and takes one answer. False when nothing is
    /// outstanding.
    pub(crate) async fn advance(&mut self, clock: Clock) -> Result<bool, SmbError> {
        let advanced = self.go_on(clock).await;
        advanced.map_err(|error| self.judge(error))
    }

    async fn go_on(&mut self, clock: Clock) -> Result<bool, SmbError> {
        self.send_calls(clock).await?;
        self.reserve(clock).await?;
        let clock = clock.extended(self.waited);
        self.send_reads().await;
        let Some((sent, beside, frame)) = clock.wait(self.in_flight.next()).await? else {
            return Ok(false);
        };
        match sent {
            Sent::Transceive(call_id) => {
                self.transceives -= 1;
                let answer = Answer::to(Command::Ioctl, clock.step(), frame)?;
                if answer.status == NtStatus::PIPE_BUSY && self.association.hand_back(call_id) {
                    if self.shared.calls_ahead.swap(false, Ordering::Relaxed) {
                        debug!("the server's pipes carry one call at a time");
                    }
                    return Ok(true);
                }
                if self.refuses_call(answer.status) && self.association.give_up(call_id) {
                    let refused = (call_id, from_status(clock.step(), answer.status));
                    self.refused.push_back(refused);
                    return Ok(true);
                }
                if answer.status == NtStatus::INSUFFICIENT_RESOURCES {
                    // Whether it was carried out before it was failed is not known, so it is not
                    // sent again here.
                    self.crowded = self.shared.commands.were_too_many(beside);
                }
                answer.expect_data()?;
                self.take(clock.step(), answer.output()?)?;
            }
            Sent::Read => {
                let answer = Answer::to(Command::Read, clock.step(), frame)?;
                if answer.status == NtStatus::INSUFFICIENT_RESOURCES
                    && self.shared.commands.were_too_many(beside)
                {
                    // It took nothing from the pipe: a later read brings what it did not.
                    if self.in_flight.is_empty() {
                        clock.wait(tokio::time::sleep(CROWDED)).await?;
                    }
                    return Ok(true);
                }
                self.take_read(clock, &answer)?;
            }
        }
        Ok(true)
    }

    /// Whether a status says that the call which a transceive brought is not to be had, and
    /// nothing of the pipe. With others in flight it may be these that the server minds, unless
    /// it says that it does not have the call, as ksmbd does.
    fn refuses_call(&self, status: NtStatus) -> bool {
        match status {
            NtStatus::NOT_SUPPORTED | NtStatus::NOT_IMPLEMENTED => true,
            NtStatus::INVALID_PARAMETER
            | NtStatus::ACCESS_DENIED
            | NtStatus::INVALID_DEVICE_REQUEST
            | NtStatus::UNSUCCESSFUL => !self.together,
            _ => false,
        }
    }

    /// Waits until there is memory for what the replies under way are going to take.
    async fn reserve(&mut self, clock: Clock) -> Result<(), SmbError> {
        let wanted = match self.association.expected() {
            0 => {
                self.share = Share::default();
                return Ok(());
            }
            wanted => wanted,
        };
        let began = Instant::now();
        let budget = &self.shared.options.reply_budget;
        let reserved = budget.reserve(&mut self.share, wanted).await;
        self.waited += began.elapsed();
        if reserved {
            return Ok(());
        }
        let limit = wanted;
        let error = Box::new(ProtocolError::ReplyTooLarge { limit });
        Err(SmbError::new(clock.step(), SmbErrorKind::Rpc(error)))
    }

    /// Sends the requests that may be sent: the last PDU of each with a
    /// transceive that brings a message of the pipe, the others with writes.
    async fn send_calls(&mut self, clock: Clock) -> Result<(), SmbError> {
        loop {
            if self.shared.connection.send_queue_depth() >= MAX_QUEUED {
                self.let_write().await;
            }
            if !self.in_flight.is_empty() && !self.may_send_ahead() {
                return Ok(());
            }
            let Some(transmit) = self.association.poll_transmit() else {
                return Ok(());
            };
            match transmit {
                Transmit {
                    bytes,
                    call_id: Some(call_id),
                    expects_reply: true,
                } => {
                    let request = frames::transceive(self.file, bytes, self.room());
                    let sent = Sent::Transceive(call_id);
                    self.start(sent, Command::Ioctl, request).await;
                    self.together |= self.in_flight.len() > 1;
                }
                Transmit { bytes, .. } => self.write(bytes, clock).await?,
            }
        }
    }

    /// Gives whoever writes what is queued a turn, and those that were queued
    /// one to take note of it.
    async fn let_write(&mut self) {
        yield_now().await;
        let next = poll_fn(|context| Poll::Ready(self.in_flight.poll_next_unpin(context)));
        if let Poll::Ready(Some(came)) = next.await {
            self.in_flight.push_front(Box::pin(ready(came)));
        }
    }

    async fn write(&mut self, bytes: Vec<u8>, clock: Clock) -> Result<(), SmbError> {
        let length = bytes.len();
        let request = frames::write(self.file, bytes);
        let connection = &self.shared.connection;
        let frame = clock
            .wait(connection.execute(Command::Write, &request, Some(self.tree)))
            .await?;
        let answer = Answer::to(Command::Write, clock.step(), frame)?;
        answer.expect_data()?;
        if answer.written()? as usize != length {
            return Err(SmbError::new(
                clock.step(),
                SmbErrorKind::Malformed("the pipe took only a part of a message".to_owned()),
            ));
        }
        Ok(())
    }

    /// Has as many reads in flight as are surely needed. None before all
    /// transceives are answered: a transceive reads only when its message was
    /// written, and a read behind it could overtake it.
    async fn send_reads(&mut self) {
        if self.transceives > 0 {
            return;
        }
        let wanted = self.association.reads_wanted();
        if !self.pays_to_read_on(wanted) {
            return;
        }
        while self.in_flight.len() < wanted && (self.in_flight.is_empty() || self.may_send_ahead())
        {
            let request = frames::read(self.file, self.room());
            self.start(Sent::Read, Command::Read, request).await;
        }
        trace!(wanted, ahead = self.in_flight.len(), "reading");
    }

    fn take_read(&mut self, clock: Clock, answer: &Answer) -> Result<(), SmbError> {
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
        self.take(clock.step(), data)
    }

    /// Whether another request would go out at once, and so behind those
    /// before.
    fn may_send_ahead(&self) -> bool {
        let connection = &self.shared.connection;
        connection.credits() > SPARE_CREDITS
            && connection.send_queue_depth() < MAX_QUEUED
            && self.shared.commands.have_room()
    }

    /// Whether as many reads may be sent as are worth it: all that are still wanted, a burst, or
    /// no fewer than are in flight, so that the server is never left without.
    fn pays_to_read_on(&self, wanted: usize) -> bool {
        let in_flight = self.in_flight.len();
        let missing = wanted.saturating_sub(in_flight);
        let connection = &self.shared.connection;
        let credits = connection.credits().saturating_sub(SPARE_CREDITS);
        let queue = MAX_QUEUED.saturating_sub(connection.send_queue_depth());
        let commands = self.shared.commands.room();
        let room = missing.min(usize::from(credits)).min(queue).min(commands);
        let is_all = room == missing && wanted < MAX_READS_AHEAD;
        is_all || room >= BURST.min(in_flight)
    }

    /// Sends a request, behind those sent before.
    async fn start<R>(&mut self, sent: Sent, command: Command, request: R)
    where
        R: smb2::pack::Pack + Send + Sync + 'static,
    {
        let connection = self.shared.connection.clone();
        let tree = Some(self.tree);
        if let Sent::Transceive(_) = sent {
            self.transceives += 1;
        }
        // Without tokio's budget: where that runs out, a request would stop halfway to the queue
        // and those started later could come before it.
        let (beside, counted) = self.shared.commands.count();
        let flight: Flight = Box::pin(unconstrained(async move {
            let came = connection.execute(command, &request, tree).await;
            drop(counted);
            (sent, beside, came)
        }));
        self.in_flight.push_back(started(flight).await);
    }

    /// Hands bytes to the association.
    pub(crate) fn take(&mut self, step: Step, bytes: &[u8]) -> Result<(), SmbError> {
        self.received = self.received.saturating_add(bytes.len());
        self.association
            .handle_input(bytes)
            .map_err(|error| SmbError::new(step, SmbErrorKind::Rpc(Box::new(error))))
    }

    /// Takes note of what may have come of too many requests in flight: the
    /// next pipe of this session will be more patient.
    fn judge(&self, error: SmbError) -> SmbError {
        let error = self.shared.explain(error);
        match &error.kind {
            SmbErrorKind::Disconnected
            | SmbErrorKind::SignatureInvalid
            | SmbErrorKind::Unexpected(_)
            | SmbErrorKind::SessionGone => error,
            // Which of the two was too much will show.
            kind if self.together || self.crowded => {
                debug!(%error, "no more calls in flight together");
                self.shared.calls_ahead.store(false, Ordering::Relaxed);
                // Whoever was silent is not asked twice.
                match kind {
                    SmbErrorKind::TimedOut => error,
                    _ => error.with_haste(),
                }
            }
            SmbErrorKind::Rpc(protocol) if protocol.is_due_to_read_ahead() => {
                debug!(%error, "no more reading ahead");
                self.shared.reads_ahead.store(false, Ordering::Relaxed);
                error
            }
            _ => error,
        }
    }

    /// Room offered for one message. The server was told not to send longer
    /// ones; a longer one comes in parts.
    fn room(&self) -> u32 {
        u32::from(self.association.max_receive_fragment()).min(self.shared.max_size)
    }
}

/// Polls a request once, which takes its credit and its message number and
/// queues it for writing, so that requests go out in the order they are
/// started in.
async fn started(mut flight: Flight) -> Flight {
    match poll_fn(|context| Poll::Ready(flight.as_mut().poll(context))).await {
        Poll::Ready(done) => Box::pin(ready(done)),
        Poll::Pending => flight,
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
