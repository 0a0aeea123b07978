//! Reading from the system in large pieces where much comes, and in small ones where little does.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// What is read at a time at first. Small messages come with their length in one read.
const AT_FIRST: usize = 16 * 1024;

/// What is read at a time when much comes: many fragments of a long reply.
const AT_MOST: usize = 128 * 1024;

/// A reader with a buffer that grows as long as reads fill it.
#[derive(Debug)]
pub(crate) struct ReadBuffer<R> {
    reader: R,
    buffer: Vec<u8>,
    /// What was read and not taken.
    from: usize,
    to: usize,
}

impl<R> ReadBuffer<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; AT_FIRST],
            from: 0,
            to: 0,
        }
    }

    #[cfg(test)]
    pub(crate) fn get_ref(&self) -> &R {
        &self.reader
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for ReadBuffer<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.from == this.to {
            if this.to == this.buffer.len() && this.to < AT_MOST {
                this.buffer = vec![0; this.to * 2];
            }
            let mut buffer = ReadBuf::new(&mut this.buffer);
            (this.from, this.to) = (0, 0);
            ready!(Pin::new(&mut this.reader).poll_read(context, &mut buffer))?;
            this.to = buffer.filled().len();
        }
        let there = this.buffer.get(this.from..this.to).unwrap_or_default();
        let (part, _) = there.split_at(there.len().min(out.remaining()));
        out.put_slice(part);
        this.from += part.len();
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// Gives as much as there is room for, and counts how often.
    struct Plenty {
        reads: Vec<usize>,
        next: u8,
    }

    impl AsyncRead for Plenty {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            out: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let room = out.remaining();
            self.reads.push(room);
            for _ in 0..room {
                out.put_slice(&[self.next]);
                self.next = self.next.wrapping_add(1);
            }
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn it_grows_while_it_is_filled_and_loses_nothing() {
        let mut reader = ReadBuffer::new(Plenty {
            reads: Vec::new(),
            next: 0,
        });
        let mut read = vec![0; 3 * AT_MOST + 5];
        reader.read_exact(&mut read).await.expect("plenty");
        assert!(read.iter().zip((0..=255).cycle()).all(|(a, b)| *a == b));
        assert_eq!(
            reader.get_ref().reads[..3],
            [AT_FIRST, 2 * AT_FIRST, 4 * AT_FIRST]
        );
        assert_eq!(reader.get_ref().reads.last(), Some(&AT_MOST));
    }

    #[tokio::test]
    async fn little_needs_little() {
        let mut reader = ReadBuffer::new(&b"a few bytes"[..]);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).await.expect("all of it");
        assert_eq!(read, b"a few bytes");
        assert_eq!(reader.buffer.len(), AT_FIRST);
    }
}
