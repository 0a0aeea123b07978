//! The sending half of a connection. Messages that are there together are written together: a
//! burst of reads costs one call of the system, not one each.

use std::io;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tracing::debug;

/// Bytes that may wait to be written before whoever sends more waits as well.
const MAX_WAITING: usize = 64 * 1024;

/// How long the other side may take nothing, as long as what is sent directly is given.
const PATIENCE: Duration = Duration::from_secs(20);

/// The sending half, and what waits to be written to it.
#[derive(Debug)]
pub(crate) struct Outgoing<W> {
    writer: Mutex<W>,
    waiting: StdMutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// A task is about to write them.
    is_taken_care_of: bool,
    /// What befell those before.
    failed: Option<io::ErrorKind>,
}

impl<W: AsyncWrite + Send + Unpin + 'static> Outgoing<W> {
    pub(crate) fn new(writer: W) -> Arc<Self> {
        Arc::new(Self {
            writer: Mutex::new(writer),
            waiting: StdMutex::default(),
        })
    }

    /// Writes a message at once, behind those that wait.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) async fn send(&self, message: &[u8]) -> io::Result<()> {
        let mut writer = self.writer.lock().await;
        self.write_waiting(&mut *writer).await?;
        writer.write_all(message).await
    }

    /// Has a message written with all others that come before the runtime gets to it. Waits only
    /// where many wait already.
    ///
    /// # Errors
    /// What befell those before. Of what is written later the other half of the connection shows
    /// the end.
    pub(crate) async fn send_with_others(self: &Arc<Self>, message: &[&[u8]]) -> io::Result<()> {
        while self.is_full()? {
            let mut writer = self.writer.lock().await;
            self.write_waiting(&mut *writer).await?;
        }
        let mut waiting = self.waiting();
        for part in message {
            waiting.bytes.extend_from_slice(part);
        }
        if !std::mem::replace(&mut waiting.is_taken_care_of, true) {
            drop(waiting);
            tokio::spawn(Arc::clone(self).write_soon());
        }
        Ok(())
    }

    async fn write_soon(self: Arc<Self>) {
        let mut writer = self.writer.lock().await;
        let written = timeout(PATIENCE, self.write_waiting(&mut *writer)).await;
        let failed = match written {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            // It may have been written in part.
            Err(_) => io::ErrorKind::TimedOut.into(),
        };
        debug!(error = %failed, "what waited could not be written");
        self.waiting().failed = Some(failed.kind());
        // Whoever waits for an answer hears of it by the end of the connection.
        let _ = writer.shutdown().await;
    }

    /// Writes what waits until nothing does.
    async fn write_waiting(&self, writer: &mut W) -> io::Result<()> {
        let mut bytes = Vec::new();
        loop {
            {
                let mut waiting = self.waiting();
                if waiting.bytes.is_empty() {
                    waiting.is_taken_care_of = false;
                    // Its room is used again.
                    bytes.clear();
                    waiting.bytes = bytes;
                    return Ok(());
                }
                bytes.clear();
                std::mem::swap(&mut bytes, &mut waiting.bytes);
            }
            writer.write_all(&bytes).await?;
        }
    }

    fn is_full(&self) -> io::Result<bool> {
        let waiting = self.waiting();
        match waiting.failed {
            Some(failed) => Err(failed.into()),
            None => Ok(waiting.bytes.len() >= MAX_WAITING),
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
