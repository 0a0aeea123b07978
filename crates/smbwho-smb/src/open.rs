//! Opening a pipe and binding to its interface.
//!
//! TREE_CONNECT, CREATE and the BIND (as FSCTL_PIPE_TRANSCEIVE) go out as one
//! chain of related requests and cost one round trip. The transceive is the
//! last of its chain because smbd fails one in the middle. Below 3.1.1 the
//! question whether the server means what was negotiated follows
//! TREE_CONNECT; nothing is called before it is answered. Later pipes of the
//! session reuse the tree. A server that does not take chains is asked one by
//! one.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use smb2::CompoundOp;
use smb2::msg::ioctl::IoctlRequest;
use smb2::types::{Command, FileId, TreeId};
use smbwho_rpc::{Association, Config, Event, Interface};
use tracing::debug;

use crate::clock::Clock;
use crate::error::{SmbError, SmbErrorKind, Step, from_transport};
use crate::frames::{self, Answer};
use crate::handshake::Validation;
use crate::pipe::{MAX_READS_AHEAD, RpcPipe};
use crate::session::Shared;
use crate::{NtStatus, UnexpectedMessage};

/// The tree of a related request: the one before it has it
/// ([MS-SMB2] 3.2.4.1.4).
const RELATED: TreeId = TreeId(u32::MAX);

/// An open pipe with the first bytes of the answer to the BIND.
struct Opened {
    tree: TreeId,
    file: FileId,
    answer: Vec<u8>,
}

/// What came of a chain.
enum Chained {
    Opened(Opened),
    Failed(SmbError),
    /// The answers are not those of a server that takes chains.
    NotTaken,
}

pub(crate) async fn open(
    shared: Arc<Shared>,
    interface: &'static Interface,
) -> Result<RpcPipe, SmbError> {
    let longest = Config::default().max_fragment;
    let config = Config {
        max_fragment: u16::try_from(shared.max_size).map_or(longest, |size| size.min(longest)),
        max_reply: shared.options.max_reply,
        max_reads_in_flight: if shared.reads_ahead.load(Ordering::Relaxed) {
            MAX_READS_AHEAD
        } else {
            1
        },
        ..Config::default()
    };
    let mut association = Association::new(interface, config);
    let bind = association
        .poll_transmit()
        .map(|transmit| transmit.bytes)
        .unwrap_or_default();
    let room = u32::from(association.max_receive_fragment());
    let options = &shared.options;
    let clock = Clock::start(Step::Pipe, options.reply_timeout, options.call_timeout);

    let opened = open_file(&shared, interface.name, bind, room, clock)
        .await
        .map_err(|error| explained(&shared, error))?;
    let mut pipe = RpcPipe::new(
        Arc::clone(&shared),
        opened.tree,
        opened.file,
        interface,
        association,
    );
    let clock = clock.at(Step::Bind);
    pipe.take(Step::Bind, &opened.answer)?;
    let event = loop {
        match pipe.next_event() {
            None if pipe.advance(clock).await? => {}
            event => break event,
        }
    };
    match event {
        Some(Event::Bound) => {
            pipe.set_usable(true);
            debug!("bound");
            Ok(pipe)
        }
        _ => Err(SmbError::new(
            Step::Bind,
            SmbErrorKind::Malformed("it did not answer the bind".to_owned()),
        )),
    }
}

/// The same error, with what is known of its reason.
fn explained(shared: &Shared, error: SmbError) -> SmbError {
    let error = shared.explain(error);
    match error.kind {
        // smbd encrypts when only the share wants it, whether the session does
        // or not.
        SmbErrorKind::Unexpected(UnexpectedMessage::Encrypted) => {
            SmbError::new(Step::Share, SmbErrorKind::EncryptionRequired)
        }
        _ => error,
    }
}

async fn open_file(
    shared: &Shared,
    pipe: &'static str,
    bind: Vec<u8>,
    room: u32,
    clock: Clock,
) -> Result<Opened, SmbError> {
    let validates = shared.unvalidated.load(Ordering::Relaxed);
    let ready = shared.connection.credits() >= 3 + u16::from(validates);
    if !ready || !shared.chains.load(Ordering::Relaxed) {
        return one_by_one(shared, pipe, bind, room, clock).await;
    }
    if shared.tree_alone.load(Ordering::Relaxed) {
        connect_tree(shared, clock).await?;
    }
    match chain(shared, pipe, bind.clone(), room, clock).await? {
        Chained::Opened(opened) => Ok(opened),
        Chained::Failed(error) => Err(error),
        Chained::NotTaken => {
            let opened = one_by_one(shared, pipe, bind, room, clock).await?;
            // Only now is it clear that the chain was to blame.
            shared.chains.store(false, Ordering::Relaxed);
            debug!("the server does not take chained requests; from here on one by one");
            Ok(opened)
        }
    }
}

async fn chain(
    shared: &Shared,
    pipe: &'static str,
    bind: Vec<u8>,
    room: u32,
    clock: Clock,
) -> Result<Chained, SmbError> {
    let connect = frames::tree_connect(&shared.unc);
    let question = question(shared)?;
    let create = frames::create(pipe);
    let transceive = frames::transceive(FileId::SENTINEL, bind, room);
    let known = shared.tree();
    let mut requests = Vec::with_capacity(4);
    if known.is_none() {
        requests.push(CompoundOp::new(Command::TreeConnect, &connect, None));
    }
    let tree = known.unwrap_or(RELATED);
    if let Some(question) = &question {
        requests.push(CompoundOp::new(Command::Ioctl, question, Some(tree)));
    }
    requests.push(CompoundOp::new(Command::Create, &create, Some(tree)));
    requests.push(CompoundOp::new(Command::Ioctl, &transceive, Some(tree)));

    let lost = |error: SmbError| match error.kind {
        SmbErrorKind::Disconnected if known.is_none() => error.with_compounding(),
        SmbErrorKind::Disconnected if question.is_some() => altered(shared, UNCONFIRMED),
        _ => error,
    };
    let sent = clock
        .wait(shared.connection.execute_compound(&requests))
        .await?
        .map_err(|error| lost(from_transport(Step::Pipe, error)))?;
    let mut answers = sent.into_iter();
    let mut next = |command, step| {
        let frame = answers.next().unwrap_or(Err(smb2::Error::Disconnected));
        Answer::to(command, step, frame).map_err(lost)
    };

    let tree = match known {
        Some(tree) => tree,
        None => {
            let connected = next(Command::TreeConnect, Step::Share)?;
            if let Err(error) = connected.expect_data() {
                return Ok(judged(error));
            }
            take_tree(shared, &connected)?
        }
    };
    let confirmed = match &question {
        Some(_) => confirm(shared, &next(Command::Ioctl, Step::Share)?)?,
        None => true,
    };
    let created = next(Command::Create, Step::Pipe)?;
    if let Err(error) = created.expect_data() {
        return Ok(match confirmed {
            true => judged(named(shared, error, pipe)),
            // It may have failed for no other reason than the one before it.
            false => Chained::NotTaken,
        });
    }
    shared.tree_used.store(true, Ordering::Relaxed);
    let file = created.file_id()?;
    let answered = next(Command::Ioctl, Step::Bind).and_then(|answer| {
        answer.expect_data()?;
        Ok(answer.output()?.to_vec())
    });
    match answered {
        Ok(answer) => {
            if !confirmed {
                validate(shared, tree, clock).await?;
            }
            Ok(Chained::Opened(Opened { tree, file, answer }))
        }
        Err(error) => {
            // The BIND may or may not have reached the pipe, so the handle is
            // of no use for another.
            shared.close_later(tree, file);
            Ok(judged(error))
        }
    }
}

/// Whether a refusal inside a chain is meant, or says that the server lost
/// the thread. The statuses named here are what an honest server answers.
fn judged(error: SmbError) -> Chained {
    use SmbErrorKind as K;
    let meant = match error.kind {
        K::ShareNotFound => error.status() == Some(NtStatus::BAD_NETWORK_NAME),
        K::AccessDenied
        | K::PipeNotFound { .. }
        | K::PipeBusy
        | K::PipeBroken { .. }
        | K::ServerBusy => true,
        K::SessionGone => error.status() != Some(NtStatus::NETWORK_NAME_DELETED),
        _ => error.status().is_none(),
    };
    if meant {
        return Chained::Failed(error);
    }
    debug!(%error, "chain not taken");
    Chained::NotTaken
}

/// What it means that the pipe could not be opened.
fn named(shared: &Shared, error: SmbError, pipe: &'static str) -> SmbError {
    match error.status() {
        // The tree was there a moment ago, and nothing was ever opened in it: a
        // server that shares files only, and knows IPC$ by name.
        Some(NtStatus::NETWORK_NAME_DELETED) if !shared.tree_used.load(Ordering::Relaxed) => {
            error.with_kind(SmbErrorKind::ShareNotFound)
        }
        Some(
            NtStatus::OBJECT_NAME_NOT_FOUND
            | NtStatus::OBJECT_PATH_NOT_FOUND
            | NtStatus::NO_SUCH_FILE
            | NtStatus::NOT_FOUND,
        ) => error.with_kind(SmbErrorKind::PipeNotFound { pipe }),
        _ => error,
    }
}

async fn one_by_one(
    shared: &Shared,
    pipe: &'static str,
    bind: Vec<u8>,
    room: u32,
    clock: Clock,
) -> Result<Opened, SmbError> {
    let connection = &shared.connection;
    let tree = connect_tree(shared, clock).await?;
    validate(shared, tree, clock).await?;
    let request = frames::create(pipe);
    let frame = clock
        .wait(connection.execute(Command::Create, &request, Some(tree)))
        .await?;
    let created = Answer::to(Command::Create, Step::Pipe, frame)?;
    created
        .expect_data()
        .map_err(|error| named(shared, error, pipe))?;
    shared.tree_used.store(true, Ordering::Relaxed);
    let file = created.file_id()?;

    let clock = clock.at(Step::Bind);
    let request = frames::transceive(file, bind, room);
    let answered = clock
        .wait(connection.execute(Command::Ioctl, &request, Some(tree)))
        .await
        .and_then(|frame| {
            let answer = Answer::to(Command::Ioctl, Step::Bind, frame)?;
            answer.expect_data()?;
            Ok(answer.output()?.to_vec())
        });
    match answered {
        Ok(answer) => Ok(Opened { tree, file, answer }),
        Err(error) => {
            shared.close_later(tree, file);
            Err(error)
        }
    }
}

/// The tree of `IPC$`, connected to alone if it is not yet.
async fn connect_tree(shared: &Shared, clock: Clock) -> Result<TreeId, SmbError> {
    if let Some(tree) = shared.tree() {
        return Ok(tree);
    }
    let clock = clock.at(Step::Share);
    let request = frames::tree_connect(&shared.unc);
    let sent = shared
        .connection
        .execute(Command::TreeConnect, &request, None);
    let connected = Answer::to(Command::TreeConnect, Step::Share, clock.wait(sent).await?)?;
    connected.expect_data()?;
    take_tree(shared, &connected)
}

/// Keeps the tree, unless its share wants encryption where the session does
/// not.
fn take_tree(shared: &Shared, connected: &Answer) -> Result<TreeId, SmbError> {
    if connected.share_encrypts()? && !shared.connection.should_encrypt() {
        return Err(SmbError::new(Step::Share, SmbErrorKind::EncryptionRequired));
    }
    let tree = connected.tree();
    shared.set_tree(tree);
    Ok(tree)
}

/// What is said of a server that ends the connection over the question.
const UNCONFIRMED: &str = "the server ended the connection when it was to confirm it";

/// What the server is to be asked about the negotiation, if it is.
fn question(shared: &Shared) -> Result<Option<IoctlRequest>, SmbError> {
    if !shared.unvalidated.load(Ordering::Relaxed) {
        return Ok(None);
    }
    match shared.wire.handshake().question() {
        Some(question) => Ok(Some(frames::validate(question))),
        None => Err(altered(shared, "it is incomplete")),
    }
}

/// Asks alone whether the server means what was negotiated, unless it has said
/// so ([MS-SMB2] 3.2.5.5). One that does not know the question even so is
/// believed (3.2.5.14.12).
async fn validate(shared: &Shared, tree: TreeId, clock: Clock) -> Result<(), SmbError> {
    let Some(request) = question(shared)? else {
        return Ok(());
    };
    let clock = clock.at(Step::Share);
    let sent = shared
        .connection
        .execute(Command::Ioctl, &request, Some(tree));
    let answer = Answer::to(Command::Ioctl, Step::Share, clock.wait(sent).await?);
    let answer = answer.map_err(|error| match error.kind {
        SmbErrorKind::Disconnected => altered(shared, UNCONFIRMED),
        _ => error,
    })?;
    if !confirm(shared, &answer)? {
        debug!(status = %answer.status, "the server does not know FSCTL_VALIDATE_NEGOTIATE_INFO");
        shared.unvalidated.store(false, Ordering::Relaxed);
    }
    Ok(())
}

/// Whether it is settled that the server means what was negotiated; false where
/// it may not know the question. The transport crate has checked the signature.
///
/// # Errors
///
/// When something else was negotiated than the server says; then the
/// connection is ended.
fn confirm(shared: &Shared, answer: &Answer) -> Result<bool, SmbError> {
    let data = match answer.status {
        NtStatus::SUCCESS => Some(answer.output()?),
        _ => None,
    };
    match shared.wire.handshake().judge(answer.status, data) {
        Validation::Same | Validation::Unknown => {
            shared.unvalidated.store(false, Ordering::Relaxed);
            Ok(true)
        }
        Validation::Unclear => Ok(false),
        Validation::Different(what) => Err(altered(shared, what)),
    }
}

/// Ends the connection.
fn altered(shared: &Shared, what: &'static str) -> SmbError {
    debug!(what, "the negotiation is not what the server meant");
    // First whether it was this side that ended it.
    let error = shared.explain(SmbError::new(Step::Negotiate, SmbErrorKind::Disconnected));
    shared.connection.mark_dead();
    match error.kind {
        SmbErrorKind::Disconnected => error.with_kind(SmbErrorKind::NegotiationAltered { what }),
        _ => error,
    }
}
