//! Writes of one connection are gathered and leave in one go; the memory for it is given back afterwards.
//!
//! The WebSocket library has a write buffer too, but never shrinks it: after one busy moment every idle connection
//! would keep it. Here the library hands each frame on at once, and what was written since the last flush is one
//! system call.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A byte stream whose writes wait for a flush, or until more than `limit` bytes wait.
#[derive(Debug)]
pub(crate) struct GatherIo<S> {
    inner: S,
    waiting: Vec<u8>,
    /// How much of `waiting` the stream has taken.
    taken: usize,
    limit: usize,
}

impl<S> GatherIo<S> {
    pub(crate) fn new(inner: S, limit: usize) -> Self {
        Self { inner, waiting: Vec::new(), taken: 0, limit }
    }
}

impl<S: AsyncWrite + Unpin> GatherIo<S> {
    /// Hands on all that waits.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.taken < self.waiting.len() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.waiting[self.taken..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.taken += written;
        }
        self.waiting = Vec::new();
        self.taken = 0;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for GatherIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for GatherIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if !self.waiting.is_empty() && self.waiting.len() + buf.len() > self.limit {
            ready!(self.poll_drain(cx))?;
        }
        self.waiting.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn writes_wait_for_a_flush_and_leave_no_memory_behind() {
        let (near, mut far) = duplex(64);
        let mut near = GatherIo::new(near, 16);
        near.write_all(b"one ").await.unwrap();
        near.write_all(b"two ").await.unwrap();
        let mut read = [0; 8];
        assert!(futures::poll!(std::pin::pin!(far.read(&mut read))).is_pending());
        near.flush().await.unwrap();
        far.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"one two ");
        assert_eq!(near.waiting.capacity(), 0);
    }

    #[tokio::test]
    async fn more_than_the_limit_is_handed_on_in_order() {
        let (near, mut far) = duplex(4);
        let mut near = GatherIo::new(near, 8);
        let text: Vec<u8> = (0..100).collect();
        let write = async {
            for piece in text.chunks(7) {
                near.write_all(piece).await.unwrap();
            }
            near.shutdown().await.unwrap();
            near
        };
        let mut read = Vec::new();
        let (near, _) = tokio::join!(write, far.read_to_end(&mut read));
        assert_eq!(read, text);
        assert_eq!(near.waiting.capacity(), 0);
    }
}
