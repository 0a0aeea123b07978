//! Opening a pipe and binding to its interface.
//!
//! TREE_CONNECT, CREATE and the BIND (as FSCTL_PIPE_TRANSCEIVE) go out as one
//! chain of related requests and cost one round trip. The transceive is the
//! last of its chain because smbd fails one in the middle. Later pipes of the
//! session reuse the tree. A server that does not take chains is asked one by
//! one.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use smb2::CompoundOp;
use smb2::types::{Command, FileId, TreeId};
use smbwho_rpc::{Association, Config, Event, Interface};
use tracing::debug;

use crate::NtStatus;
use crate::clock::Clock;
use crate::error::{SmbError, SmbErrorKind, Step, from_transport};
use crate::frames::{self, Answer};
use crate::pipe::{MAX_READS_AHEAD, RpcPipe};
use crate::session::Shared;

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
    let config = Config {
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
        .map_err(|error| match error.kind {
            SmbErrorKind::Disconnected if shared.encrypts_unasked() => {
                SmbError::new(Step::Share, SmbErrorKind::EncryptionRequired)
            }
            _ => error,
        })?;
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

async fn open_file(
    shared: &Shared,
    pipe: &'static str,
    bind: Vec<u8>,
    room: u32,
    clock: Clock,
) -> Result<Opened, SmbError> {
    let ready = shared.connection.credits() >= 3;
    if !ready || !shared.chains.load(Ordering::Relaxed) {
        return one_by_one(shared, pipe, bind, room, clock).await;
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
    let create = frames::create(pipe);
    let transceive = frames::transceive(FileId::SENTINEL, bind, room);
    let known = shared.tree();
    let mut requests = Vec::with_capacity(3);
    if known.is_none() {
        requests.push(CompoundOp::new(Command::TreeConnect, &connect, None));
    }
    let tree = known.unwrap_or(RELATED);
    requests.push(CompoundOp::new(Command::Create, &create, Some(tree)));
    requests.push(CompoundOp::new(Command::Ioctl, &transceive, Some(tree)));

    let sent = clock
        .wait(shared.connection.execute_compound(&requests))
        .await?
        .map_err(|error| from_transport(Step::Pipe, error))?;
    let mut answers = sent.into_iter();
    let mut next = |command, step| {
        let frame = answers.next().unwrap_or(Err(smb2::Error::Disconnected));
        Answer::to(command, step, frame)
    };

    let tree = match known {
        Some(tree) => tree,
        None => {
            let connected = next(Command::TreeConnect, Step::Share)?;
            if let Err(error) = connected.expect_data() {
                return Ok(judged(error));
            }
            check_encryption(shared, &connected)?;
            let tree = connected.tree();
            shared.set_tree(tree);
            tree
        }
    };
    let created = next(Command::Create, Step::Pipe)?;
    if let Err(error) = created.expect_data() {
        return Ok(judged(named(error, pipe)));
    }
    let file = created.file_id()?;
    let answered = next(Command::Ioctl, Step::Bind).and_then(|answer| {
        answer.expect_data()?;
        Ok(answer.output()?.to_vec())
    });
    Ok(match answered {
        Ok(answer) => Chained::Opened(Opened { tree, file, answer }),
        Err(error) => {
            // The BIND may or may not have reached the pipe, so the handle is
            // of no use for another.
            shared.close_later(tree, file);
            judged(error)
        }
    })
}

/// Whether a refusal inside a chain is meant, or says that the server lost
/// the thread. The statuses named here are what an honest server answers.
fn judged(error: SmbError) -> Chained {
    use SmbErrorKind as K;
    let meant = match error.kind {
        K::AccessDenied
        | K::ShareNotFound
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

fn named(error: SmbError, pipe: &'static str) -> SmbError {
    match error.status() {
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
    let tree = match shared.tree() {
        Some(tree) => tree,
        None => {
            let clock = clock.at(Step::Share);
            let request = frames::tree_connect(&shared.unc);
            let frame = clock
                .wait(connection.execute(Command::TreeConnect, &request, None))
                .await?;
            let connected = Answer::to(Command::TreeConnect, Step::Share, frame)?;
            connected.expect_data()?;
            check_encryption(shared, &connected)?;
            let tree = connected.tree();
            shared.set_tree(tree);
            tree
        }
    };
    let request = frames::create(pipe);
    let frame = clock
        .wait(connection.execute(Command::Create, &request, Some(tree)))
        .await?;
    let created = Answer::to(Command::Create, Step::Pipe, frame)?;
    created.expect_data().map_err(|error| named(error, pipe))?;
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

/// A share that wants encryption where the session does not.
fn check_encryption(shared: &Shared, connected: &Answer) -> Result<(), SmbError> {
    if connected.share_encrypts()? && !shared.connection.should_encrypt() {
        return Err(SmbError::new(Step::Share, SmbErrorKind::EncryptionRequired));
    }
    Ok(())
}
