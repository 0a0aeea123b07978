//! SMB2 messages over TCP ([MS-SMB2] 2.1), as the transport crate wants them.
//!
//! The crate has a transport of its own. This one is here because ours has to
//! do what that one does not: tell what answered when it was not SMB, send an
//! offer of our own for the crate's NEGOTIATE (see [`crate::negotiate`]), keep
//! what is sent while signing in, since keys are made from it, end the
//! connection over a message that was not negotiated ([`crate::expected`]), and
//! take no memory on a length's word.

use std::io;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use async_trait::async_trait;
use smb2::transport::{TransportReceive, TransportSend};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Mutex;
use tracing::debug;

use crate::NtStatus;
use crate::error::{SmbError, SmbErrorKind};
use crate::expected::{self, Protection, UnexpectedMessage};
use crate::handshake::Handshake;
use crate::negotiate::offer;
use crate::outgoing::Outgoing;
use crate::read_buffer::ReadBuffer;

/// The longest message taken before there is a session. The longest that is
/// allowed then carries 65,535 bytes of sign-in; none in use comes near.
const MAX_FIRST: usize = 64 * 1024;

/// The longest message taken later. Nothing is asked for that is answered
/// with more than 64 KiB, and a chain holds few answers.
const MAX_MESSAGE: usize = 1024 * 1024;

/// How much room is made at a time for a message that is still arriving.
const GROWTH: usize = 64 * 1024;

/// The first byte of a NetBIOS session service that takes no session
/// ([RFC 1002] 4.3.4).
const NEGATIVE_SESSION_RESPONSE: u8 = 0x83;

/// What went wrong before the server had proved to speak SMB2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotSmb2 {
    /// The connection ended without one byte.
    Closed,
    /// It answered in SMB1.
    Smb1,
    /// It refused the connection as a NetBIOS session service does
    /// ([RFC 1002] 4.3.4); smbd says this to computers it turns away.
    TurnedAway,
    /// It answered in something else.
    Other(Option<&'static str>),
}

#[derive(Debug, Default)]
struct State {
    /// Messages that have come.
    messages: u64,
    handshake: Handshake,
    not_smb2: Option<NotSmb2>,
    /// The last message sent while signing in.
    sent: Vec<u8>,
    protection: Protection,
    ended_by: Option<EndedBy>,
}

/// What came that ended the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndedBy {
    Unexpected(UnexpectedMessage),
    /// The server no longer has the session, and so no key to say it with.
    SessionDeleted,
}

/// A TCP connection that carries whole messages.
#[derive(Debug)]
pub(crate) struct Wire {
    reader: Mutex<ReadBuffer<OwnedReadHalf>>,
    outgoing: Arc<Outgoing<OwnedWriteHalf>>,
    state: StdMutex<State>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Arc<Self> {
        let (reader, writer) = stream.into_split();
        Arc::new(Self {
            reader: Mutex::new(ReadBuffer::new(reader)),
            outgoing: Outgoing::new(writer),
            state: StdMutex::default(),
        })
    }

    /// The NEGOTIATE exchange, once it is over.
    pub(crate) fn handshake(&self) -> Handshake {
        self.state().handshake.clone()
    }

    /// The last message that was sent while signing in.
    pub(crate) fn sent(&self) -> Vec<u8> {
        self.state().sent.clone()
    }

    /// Why the first message of the server was none.
    pub(crate) fn not_smb2(&self) -> Option<NotSmb2> {
        self.state().not_smb2
    }

    /// The session is there: from here on messages are protected like this,
    /// and no more of what is sent is kept.
    pub(crate) fn protect(&self, protection: Protection) {
        let mut state = self.state();
        state.protection = protection;
        state.sent = Vec::new();
    }

    /// The same error, or why the connection was ended on this side; the crate
    /// passes no reasons on to those who wait.
    pub(crate) fn explain(&self, error: SmbError) -> SmbError {
        let SmbErrorKind::Disconnected = error.kind else {
            return error;
        };
        match self.state().ended_by {
            Some(EndedBy::Unexpected(what)) => error.with_kind(SmbErrorKind::Unexpected(what)),
            Some(EndedBy::SessionDeleted) => error
                .with_kind(SmbErrorKind::SessionGone)
                .with_status(NtStatus::USER_SESSION_DELETED),
            None => error,
        }
    }

    /// How many messages have come.
    pub(crate) fn messages(&self) -> u64 {
        self.state().messages
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expects(&self) -> Expects {
        let state = self.state();
        match state.handshake.reply.is_empty() {
            true => Expects::First,
            false => Expects::More(state.protection),
        }
    }

    /// Keeps the reason and gives the crate an error it ends the connection
    /// with; the crate passes no reasons on to those who wait.
    fn refuse(&self, reason: NotSmb2) -> smb2::Error {
        debug!(?reason, "the first answer is not SMB2");
        self.state().not_smb2 = Some(reason);
        smb2::Error::Disconnected
    }

    /// Likewise, later.
    fn end(&self, reason: EndedBy) -> smb2::Error {
        debug!(?reason, "the connection is ended");
        self.state().ended_by = Some(reason);
        smb2::Error::Disconnected
    }
}

#[async_trait]
impl TransportSend for Wire {
    async fn send(&self, data: &[u8]) -> Result<(), smb2::Error> {
        let first = self.state().handshake.request.is_empty();
        let offer = first.then(|| offer(data)).flatten();
        let data = offer.as_deref().unwrap_or(data);
        // The length is three bytes, big-endian, behind a zero.
        let length = u32::try_from(data.len())
            .ok()
            .filter(|length| *length < 1 << 24)
            .ok_or_else(|| smb2::Error::invalid_data("message too long to send"))?
            .to_be_bytes();
        let is_setting_up = {
            let mut state = self.state();
            if first {
                state.handshake.request = data.to_vec();
            }
            let is_setting_up = state.protection == Protection::SettingUp;
            if is_setting_up {
                state.sent = data.to_vec();
            }
            is_setting_up
        };
        if is_setting_up {
            self.outgoing.send(&[&length, data].concat()).await?;
        } else {
            self.outgoing.send_with_others(&[&length, data]).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl TransportReceive for Wire {
    async fn receive(&self) -> Result<Vec<u8>, smb2::Error> {
        let first = matches!(self.expects(), Expects::First);
        let mut reader = self.reader.lock().await;
        let message = match read_message(&mut *reader, || self.expects()).await {
            Ok(message) => message,
            Err(Stop::Io(error)) if first && was_closed(&error) => {
                return Err(self.refuse(NotSmb2::Closed));
            }
            Err(Stop::Io(error)) if was_closed(&error) => return Err(smb2::Error::Disconnected),
            Err(Stop::Io(error)) => return Err(error.into()),
            Err(Stop::NotSmb2(reason)) => return Err(self.refuse(reason)),
            Err(Stop::EndedBy(reason)) => return Err(self.end(reason)),
            Err(Stop::Malformed(what)) => return Err(smb2::Error::invalid_data(what)),
        };
        let mut state = self.state();
        state.messages += 1;
        if first {
            state.handshake.reply = message;
            return Ok(state.handshake.reply_for_the_crate());
        }
        Ok(message)
    }
}

/// Which message comes next.
#[derive(Debug, Clone, Copy)]
enum Expects {
    /// The answer to NEGOTIATE.
    First,
    /// Another, protected like this.
    More(Protection),
}

enum Stop {
    Io(io::Error),
    NotSmb2(NotSmb2),
    EndedBy(EndedBy),
    Malformed(&'static str),
}

impl Stop {
    fn unexpected(what: UnexpectedMessage) -> Self {
        Self::EndedBy(EndedBy::Unexpected(what))
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn was_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

/// Reads one message. While it is the first, anything that is not SMB2 ends
/// it at once: a wrong first byte or length must not make us wait for more.
/// Nor is any later one read on that may not come. What may is asked for when
/// its first byte is there: it may have changed while nothing came.
async fn read_message<R, E>(reader: &mut R, expects: E) -> Result<Vec<u8>, Stop>
where
    R: tokio::io::AsyncRead + Unpin,
    E: Fn() -> Expects,
{
    let mut start = Vec::with_capacity(8);
    fill(reader, &mut start, 1).await?;
    let expects = expects();
    let first = matches!(expects, Expects::First);
    if first && start[0] != 0 {
        // Take what else has come already: it tells what this is.
        let mut rest = [0; 16];
        let more =
            tokio::time::timeout(std::time::Duration::from_millis(50), reader.read(&mut rest));
        if let Ok(Ok(count)) = more.await {
            start.extend_from_slice(&rest[..count]);
        }
        return Err(Stop::NotSmb2(match start[0] {
            NEGATIVE_SESSION_RESPONSE => NotSmb2::TurnedAway,
            _ => NotSmb2::Other(looks_like(&start)),
        }));
    }
    fill(reader, &mut start, 4).await?;
    if start[0] != 0 {
        return Err(Stop::Malformed("message without a direct TCP header"));
    }
    let length = u32::from_be_bytes([0, start[1], start[2], start[3]]) as usize;
    if first && !(4..=MAX_FIRST).contains(&length) {
        return Err(Stop::NotSmb2(NotSmb2::Other(None)));
    }
    let longest = match expects {
        Expects::First | Expects::More(Protection::SettingUp) => MAX_FIRST,
        Expects::More(_) => MAX_MESSAGE,
    };
    if length > longest {
        return Err(Stop::Malformed("message longer than anything asked for"));
    }
    if length < 4 {
        return Err(Stop::Malformed("message shorter than any"));
    }
    let mut message = Vec::with_capacity(length.min(GROWTH));
    fill(reader, &mut message, 4).await?;
    let magic = [message[0], message[1], message[2], message[3]];
    let protection = match expects {
        Expects::First if magic == expected::SMB1 => return Err(Stop::NotSmb2(NotSmb2::Smb1)),
        Expects::First if magic != expected::SMB2 => {
            return Err(Stop::NotSmb2(NotSmb2::Other(None)));
        }
        Expects::First => Protection::SettingUp,
        Expects::More(protection) => protection,
    };
    let checked = expected::check(magic, protection);
    if checked.is_err() && magic != expected::SMB2 {
        return checked.map(|()| message).map_err(Stop::unexpected);
    }
    fill(reader, &mut message, length).await?;
    if protection != Protection::SettingUp && is_session_deleted(&message) {
        return Err(Stop::EndedBy(EndedBy::SessionDeleted));
    }
    checked.map(|()| message).map_err(Stop::unexpected)
}

/// Whether a message says, without a signature, that there is no such session
/// any more: a server that has forgotten it has no key to sign that with.
/// Whoever forges it gets no more than by cutting the line.
fn is_session_deleted(message: &[u8]) -> bool {
    const STATUS: std::ops::Range<usize> = 8..12;
    const FLAGS: usize = 16;
    const SIGNED: u8 = 0x08;
    message.starts_with(&expected::SMB2)
        && message.get(STATUS) == Some(&NtStatus::USER_SESSION_DELETED.0.to_le_bytes())
        && message.get(FLAGS).is_some_and(|flags| flags & SIGNED == 0)
}

/// Reads until `buffer` holds `length` bytes, making room only for what comes.
async fn fill<R>(reader: &mut R, buffer: &mut Vec<u8>, length: usize) -> io::Result<()>
where
    R: tokio::io::AsyncRead + Unpin,
{
    while buffer.len() < length {
        let missing = length - buffer.len();
        buffer.reserve(missing.min(GROWTH));
        let mut part = (&mut *reader).take(missing as u64);
        if part.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// What else is commonly found behind a wrong port.
fn looks_like(start: &[u8]) -> Option<&'static str> {
    const SIGNS: &[(&[u8], &str)] = &[
        (b"HTTP/", "an HTTP server"),
        (b"<!DOCTYPE", "an HTTP server"),
        (b"<html", "an HTTP server"),
        (b"SSH-", "an SSH server"),
        (b"220 ", "a mail or FTP server"),
        (b"220-", "a mail or FTP server"),
        (b"+OK", "a POP3 server"),
        (b"* OK", "an IMAP server"),
        (b"RFB ", "a VNC server"),
        (&[0x15, 0x03], "a TLS server"),
    ];
    SIGNS
        .iter()
        .find(|(sign, _)| start.starts_with(sign))
        .map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use super::*;

    const MORE: Expects = Expects::More(Protection::NotEncrypted);

    async fn first(bytes: &[u8]) -> Result<Vec<u8>, Stop> {
        let mut reader = bytes;
        read_message(&mut reader, || Expects::First).await
    }

    #[tokio::test]
    async fn what_is_not_smb_is_told_by_its_first_bytes() {
        for (bytes, expected) in [
            (
                &b"HTTP/1.1 400 Bad Request\r\n"[..],
                NotSmb2::Other(Some("an HTTP server")),
            ),
            (
                b"SSH-2.0-OpenSSH_9.2\r\n",
                NotSmb2::Other(Some("an SSH server")),
            ),
            (
                b"\x15\x03\x01\x00\x02\x02\x28",
                NotSmb2::Other(Some("a TLS server")),
            ),
            (b"hello", NotSmb2::Other(None)),
            (b"\x00\x00\x00\x04\xffSMB", NotSmb2::Smb1),
            (b"\x83\x00\x00\x01\x81", NotSmb2::TurnedAway),
            (b"\x00\x00\x00\x04abcd", NotSmb2::Other(None)),
            (b"\x00\x00\x00\x03abc", NotSmb2::Other(None)),
            // 16 MiB announced: refused before any of it is read.
            (b"\x00\xff\xff\xff", NotSmb2::Other(None)),
        ] {
            match first(bytes).await {
                Err(Stop::NotSmb2(found)) => assert_eq!(found, expected, "{bytes:?}"),
                Err(Stop::Io(error)) => panic!("{bytes:?}: {error}"),
                Err(Stop::EndedBy(reason)) => panic!("{bytes:?}: {reason:?}"),
                Err(Stop::Malformed(what)) => panic!("{bytes:?}: {what}"),
                Ok(message) => panic!("{bytes:?}: {message:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_length_takes_no_memory_before_the_bytes_come() {
        // 1 MiB announced, 4 bytes sent, then the end.
        let mut reader = &b"\x00\x10\x00\x00\xfeSMB"[..];
        let mut buffer = Vec::new();
        let error = fill(&mut reader, &mut buffer, 1 << 20).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(buffer.capacity() <= 2 * GROWTH, "{}", buffer.capacity());

        let mut reader = &b"\x00\x10\x00\x01\xfeSMB"[..];
        assert!(matches!(
            read_message(&mut reader, || MORE).await,
            Err(Stop::Malformed(_))
        ));
    }

    /// A socket that counts how often it is read, and has everything there.
    struct Counted {
        bytes: &'static [u8],
        reads: usize,
    }

    impl tokio::io::AsyncRead for Counted {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut tokio::io::ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            self.reads += 1;
            Pin::new(&mut self.bytes).poll_read(context, buffer)
        }
    }

    #[tokio::test]
    async fn messages_that_are_there_take_one_read() {
        let bytes = b"\x00\x00\x00\x05\xfeSMB1\x00\x00\x00\x04\xfeSMB\x00\x00\x00\x04\xfdSMB";
        let mut reader = ReadBuffer::new(Counted { bytes, reads: 0 });
        for (expects, expected) in [
            (Expects::First, &b"\xfeSMB1"[..]),
            (MORE, b"\xfeSMB"),
            (Expects::More(Protection::Encrypted), b"\xfdSMB"),
        ] {
            let message = read_message(&mut reader, || expects).await;
            assert_eq!(message.ok().expect("a message"), expected);
        }
        assert_eq!(reader.get_ref().reads, 1);
    }

    #[tokio::test]
    async fn messages_are_cut_by_their_length() {
        let mut reader = &b"\x00\x00\x00\x05\xfeSMB1\x00\x00\x00\x04\xfeSMB"[..];
        assert_eq!(
            read_message(&mut reader, || Expects::First)
                .await
                .ok()
                .unwrap(),
            b"\xfeSMB1"
        );
        assert_eq!(
            read_message(&mut reader, || MORE).await.ok().unwrap(),
            b"\xfeSMB"
        );
    }

    /// A message of 64 KiB is announced and never comes: what may not come is
    /// refused by its first bytes.
    #[tokio::test]
    async fn what_was_not_negotiated_is_refused_before_it_is_read() {
        use UnexpectedMessage as U;
        for (protection, magic, reason) in [
            (Protection::SettingUp, b"\xfcSMB", U::Compressed),
            (Protection::NotEncrypted, b"\xfcSMB", U::Compressed),
            (Protection::Encrypted, b"\xfcSMB", U::Compressed),
            (Protection::SettingUp, b"\xfdSMB", U::Encrypted),
            (Protection::NotEncrypted, b"\xfdSMB", U::Encrypted),
            (Protection::NotEncrypted, b"\xffSMB", U::Smb1),
            (Protection::Encrypted, b"quit", U::Unknown),
        ] {
            let bytes = [&b"\x00\x01\x00\x00"[..], magic].concat();
            match read_message(&mut &bytes[..], || Expects::More(protection)).await {
                Err(Stop::EndedBy(EndedBy::Unexpected(found))) => assert_eq!(found, reason),
                Err(Stop::Io(error)) => panic!("{reason:?}: was read on: {error}"),
                _ => panic!("{reason:?}: taken"),
            }
        }
    }

    #[tokio::test]
    async fn in_an_encrypted_session_only_the_loss_of_it_is_told_in_the_clear() {
        let message = |status: NtStatus, flags: u8| {
            let mut message = vec![0, 0, 0, 64, 0xFE, b'S', b'M', b'B'];
            message.resize(4 + 64, 0);
            message[12..16].copy_from_slice(&status.0.to_le_bytes());
            message[20] = flags;
            message
        };
        let clear = EndedBy::Unexpected(UnexpectedMessage::Clear);
        for (status, flags, expected) in [
            (NtStatus::SUCCESS, 1, clear),
            (NtStatus::SUCCESS, 9, clear),
            (NtStatus::USER_SESSION_DELETED, 9, clear),
            (NtStatus::USER_SESSION_DELETED, 1, EndedBy::SessionDeleted),
        ] {
            let message = message(status, flags);
            let expects = Expects::More(Protection::Encrypted);
            match read_message(&mut &message[..], || expects).await {
                Err(Stop::EndedBy(found)) => assert_eq!(found, expected),
                _ => panic!("{status}: taken"),
            }
        }
    }
}
