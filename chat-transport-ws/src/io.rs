//! The one place where bytes pass between a socket and the HTTP library.
//!
//! Whatever must see or change raw bytes wraps here. A connection that becomes a WebSocket is unwrapped (see `wire`).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// What the head of an accepted upgrade begins with.
const SWITCHING: &[u8] = b"HTTP/1.1 101 ";

/// Names of its headers as RFC 6455 spells them. The library writes them in lower case, which is the same to every client but
/// one that compares them letter by letter (the Android client of tndata; the test
/// `the_headers_of_an_accepted_upgrade_are_spelled_as_in_the_standard`). Its own option for upper case would write
/// `Sec-Websocket-Accept`.
const SPELLED: [&[u8]; 4] = [b"Connection", b"Upgrade", b"Sec-WebSocket-Accept", b"Sec-WebSocket-Protocol"];

/// A socket that fails when it takes no byte for too long while some wait to be written.
///
/// The HTTP library has a deadline for reading a head and none for writing an answer: without this a peer that asks
/// and never reads would keep its place for ever.
#[derive(Debug)]
pub(crate) struct PatientIo<S> {
    inner: S,
    patience: Duration,
    /// Set while a write waits, so that a socket that never stalls pays for no timer.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> PatientIo<S> {
    pub(crate) fn new(inner: S, patience: Duration) -> Self {
        Self { inner, patience, stalled: None }
    }

    /// Writes the head of an accepted upgrade. What a full socket leaves of it comes again as the rest of a head, and is
    /// written as it is: the upgrade is the first that a socket says, or follows what its peer has read.
    fn poll_write_spelled(&mut self, cx: &mut Context<'_>, head: &[u8]) -> Poll<io::Result<usize>>
    where
        S: AsyncWrite + Unpin,
    {
        let result = Pin::new(&mut self.inner).poll_write(cx, &spelled(head));
        self.watch(cx, result)
    }

    /// The socket, for a protocol with deadlines of its own.
    pub(crate) fn into_inner(self) -> S {
        self.inner
    }

    /// Ends or goes on with the stall, after a write gave `result`.
    fn watch<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stalled = None;
            return result;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes no bytes")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PatientIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PatientIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if buf.starts_with(SWITCHING) {
            return self.poll_write_spelled(cx, buf);
        }
        let result = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.watch(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(head) = bufs.first().filter(|buf| buf.starts_with(SWITCHING)) {
            return self.poll_write_spelled(cx, head);
        }
        let result = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.watch(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(cx);
        self.watch(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// A head with the names of its headers as the standard spells them; nothing moves, because they are as long.
fn spelled(head: &[u8]) -> Vec<u8> {
    let mut head = head.to_vec();
    for line in head.split_mut(|byte| *byte == b'\n') {
        let Some(end) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = &mut line[..end];
        if let Some(known) = SPELLED.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            name.copy_from_slice(known);
        }
    }
    head
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn only_the_head_of_an_upgrade_is_spelled_anew() {
        let (near, mut far) = duplex(256);
        let mut near = PatientIo::new(near, PATIENCE);
        let head =
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: upgrade: a\r\nx-connection: connection\r\n\r\n";
        near.write_all(head.as_bytes()).await.unwrap();
        let written = near.write_vectored(&[IoSlice::new(head.as_bytes())]).await.unwrap();
        assert_eq!(written, head.len());
        near.write_all(b"HTTP/1.1 200 OK\r\nupgrade: x\r\n\r\n").await.unwrap();
        drop(near);
        let mut read = String::new();
        far.read_to_string(&mut read).await.unwrap();
        let spelled = head.replacen("upgrade", "Upgrade", 1);
        assert_eq!(read, format!("{spelled}{spelled}HTTP/1.1 200 OK\r\nupgrade: x\r\n\r\n"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (near, _far) = duplex(8);
        let mut near = PatientIo::new(near, PATIENCE);
        let error = timeout(PATIENCE * 2, near.write_all(&[0; 9])).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn every_byte_taken_starts_the_wait_anew() {
        let (near, mut far) = duplex(1);
        let reader = async {
            for _ in 0..4 {
                tokio::time::sleep(PATIENCE - Duration::from_secs(1)).await;
                far.read_u8().await.unwrap();
            }
        };
        let mut near = PatientIo::new(near, PATIENCE);
        let both = async { tokio::join!(near.write_all(&[0; 4]), reader) };
        let (written, ()) = timeout(PATIENCE * 10, both).await.unwrap();
        written.unwrap();
    }
}
