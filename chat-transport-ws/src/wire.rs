//! A TCP socket that more than one may write to: the WebSocket library for control frames, the connection for what
//! its session says, and whoever gives one message to many connections.
//!
//! Text frames are put together here, header included, and not by the library: their bytes are the same for all
//! readers, a server masks nothing (RFC 6455 section 5.1), and so one copy into the system call's buffer is all that
//! a reader costs. Reading and control frames stay with the library.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use chat_protocol::Text;
use chat_server_core::transport::{DirectWrite, DirectWriter};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// First byte of an unmasked text frame in one piece.
const TEXT: u8 = 0x81;

thread_local! {
    /// Where direct writes are put together: one buffer per thread, whatever the number of connections. It grows to
    /// the largest batch, some 64 KiB.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The writing side of a socket.
#[derive(Debug)]
pub(crate) struct Wire(Mutex<Out>);

#[derive(Debug)]
struct Out {
    /// `None` when the connection is over.
    socket: Option<OwnedWriteHalf>,
    /// What waits for a flush, or was not taken at once.
    waiting: Vec<u8>,
    /// How much of it the socket has taken.
    taken: usize,
    /// A close frame was sent or received: no text may follow.
    closing: bool,
}

impl Wire {
    fn out(&self) -> MutexGuard<'_, Out> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a text frame behind what waits.
    pub(crate) fn put(&self, text: &Text) {
        let mut out = self.out();
        if !out.closing {
            frame(text, &mut out.waiting);
        }
    }

    /// Whether the socket has bytes to be read, has ended or has failed; else the task is woken when it does.
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.out().socket {
            Some(socket) => socket.as_ref().poll_read_ready(cx).map(drop),
            None => Poll::Ready(()),
        }
    }

    /// No text follows any more.
    pub(crate) fn close(&self) {
        self.out().closing = true;
    }
}

impl DirectWriter for Wire {
    fn write(&self, frames: &[Text]) -> DirectWrite {
        let mut out = self.out();
        let out = &mut *out;
        let Some(socket) = out.socket.as_ref().filter(|_| !out.closing) else {
            // Nobody is there to read it; the connection's task knows or is about to.
            return DirectWrite::Whole;
        };
        if !out.waiting.is_empty() {
            frames.iter().for_each(|text| frame(text, &mut out.waiting));
            return DirectWrite::Unfinished;
        }
        SCRATCH.with_borrow_mut(|bytes| {
            bytes.clear();
            frames.iter().for_each(|text| frame(text, bytes));
            // A failure is found again, and told, by the flush.
            let written = socket.try_write(bytes).unwrap_or(0);
            out.waiting.extend_from_slice(&bytes[written..]);
            if out.waiting.is_empty() { DirectWrite::Whole } else { DirectWrite::Unfinished }
        })
    }
}

/// Appends an unmasked text frame (RFC 6455 section 5.2).
fn frame(text: &Text, bytes: &mut Vec<u8>) {
    let length = text.len();
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => bytes.extend_from_slice(&[TEXT, short]),
        (_, Ok(long)) => {
            let [high, low] = long.to_be_bytes();
            bytes.extend_from_slice(&[TEXT, 126, high, low]);
        }
        _ => {
            bytes.extend_from_slice(&[TEXT, 127]);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(text.as_bytes());
}

impl Out {
    /// Hands on all that waits; the memory for it is given back.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.taken < self.waiting.len() {
            let socket = self.socket.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            let written = ready!(Pin::new(socket).poll_write(cx, &self.waiting[self.taken..]))?;
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

/// The socket as the WebSocket library sees it: its writes wait for a flush, or until more than `limit` bytes wait.
#[derive(Debug)]
pub(crate) struct WireIo {
    socket: OwnedReadHalf,
    wire: Arc<Wire>,
    limit: usize,
}

impl WireIo {
    pub(crate) fn new(stream: TcpStream, limit: usize) -> Self {
        let (socket, writing) = stream.into_split();
        let out = Out { socket: Some(writing), waiting: Vec::new(), taken: 0, closing: false };
        Self { socket, wire: Arc::new(Wire(Mutex::new(out))), limit }
    }

    pub(crate) fn wire(&self) -> Arc<Wire> {
        self.wire.clone()
    }
}

impl Drop for WireIo {
    fn drop(&mut self) {
        // Whoever still holds the wire must not hold the socket open.
        self.wire.out().socket = None;
    }
}

impl AsyncRead for WireIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for WireIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut out = self.wire.out();
        if !out.waiting.is_empty() && out.waiting.len() + buf.len() > self.limit {
            ready!(out.poll_drain(cx))?;
        }
        out.waiting.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.out().poll_drain(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut out = self.wire.out();
        ready!(out.poll_drain(cx))?;
        match &mut out.socket {
            Some(socket) => Pin::new(socket).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (WireIo, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (peer, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        (WireIo::new(accepted.unwrap().0, 16), peer.unwrap())
    }

    fn text(length: usize) -> Text {
        Text::from("x".repeat(length))
    }

    #[tokio::test]
    async fn each_length_has_its_header() {
        let mut bytes = Vec::new();
        for (length, header) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 0xff, 0xff]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            bytes.clear();
            frame(&text(length), &mut bytes);
            assert_eq!(bytes.len(), header.len() + length);
            assert!(bytes.starts_with(&header), "{length}");
        }
    }

    #[tokio::test]
    async fn what_the_socket_does_not_take_follows_in_order_with_the_next_flush() {
        let (mut near, mut far) = pair().await;
        let wire = near.wire();
        let mut expected = Vec::new();
        // Until the system's buffers are full, and a few more behind that.
        let mut behind = 0;
        for number in 0_u64.. {
            let text = Text::from(format!("{number:0>60000}"));
            frame(&text, &mut expected);
            behind += u32::from(wire.write(&[text]) == DirectWrite::Unfinished);
            if behind == 3 {
                break;
            }
        }
        let text = text(9);
        wire.put(&text);
        frame(&text, &mut expected);
        let mut read = vec![0; expected.len()];
        let (flushed, all) = tokio::join!(near.flush(), far.read_exact(&mut read));
        flushed.unwrap();
        all.unwrap();
        assert!(read == expected);
        assert_eq!(wire.out().waiting.capacity(), 0, "an idle socket holds no memory");
        assert_eq!(wire.write(&[text]), DirectWrite::Whole, "and it takes direct writes again");
    }

    #[tokio::test]
    async fn no_text_follows_a_close_frame_and_no_holder_keeps_the_socket_open() {
        let (mut near, mut far) = pair().await;
        let wire = near.wire();
        near.write_all(b"close").await.unwrap();
        wire.close();
        assert_eq!(wire.write(&[text(3)]), DirectWrite::Whole);
        wire.put(&text(3));
        near.flush().await.unwrap();
        drop(near);
        let mut read = Vec::new();
        far.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"close");
        assert_eq!(wire.write(&[text(3)]), DirectWrite::Whole, "a socket that is gone takes nothing");
    }

    #[tokio::test]
    async fn writes_of_the_library_wait_for_a_flush_and_are_handed_on_beyond_the_limit() {
        let (mut near, mut far) = pair().await;
        let all: Vec<u8> = (0..100).collect();
        for piece in all.chunks(7) {
            near.write_all(piece).await.unwrap();
        }
        assert!(near.wire().out().waiting.len() <= 16);
        near.shutdown().await.unwrap();
        let mut read = Vec::new();
        far.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, all);
    }
}
