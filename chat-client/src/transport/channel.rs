//! Connections made of whatever else can carry frames: two halves, and a function that opens them.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use chat_client::protocol::Frame;
//! use chat_client::transport::{BoxConnection, Connector, channel};
//! use futures::channel::mpsc;
//! use futures::{SinkExt, StreamExt};
//!
//! // A link that brings everything back, opened anew at each dial.
//! let connector = channel::from_fn(|| async {
//!     let (sink, stream) = mpsc::channel(16);
//!     Ok(Box::pin(channel::join(stream.map(Ok), sink)) as BoxConnection)
//! });
//! let mut connection = connector.dial().await?;
//! connection.send(Frame::Text("hello".into())).await?;
//! assert_eq!(connection.next().await.unwrap()?, Frame::Text("hello".into()));
//! # Ok(())
//! # }
//! ```

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use chat_protocol::Frame;
use futures::future::{BoxFuture, FutureExt};
use futures::{Sink, Stream};

use super::{BoxConnection, Connector, DialError, oversized};

/// A connector that calls a function for each dial.
///
/// A dropped dial drops the future that `dial` gave: that must leave nothing behind.
pub fn from_fn<F, D>(dial: F) -> FnConnector<F>
where
    F: Fn() -> D + Send + Sync + 'static,
    D: Future<Output = Result<BoxConnection, DialError>> + Send + 'static,
{
    FnConnector(dial)
}

/// See [`from_fn`].
#[derive(Clone)]
pub struct FnConnector<F>(F);

impl<F> std::fmt::Debug for FnConnector<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FnConnector").finish_non_exhaustive()
    }
}

impl<F, D> Connector for FnConnector<F>
where
    F: Fn() -> D + Send + Sync + 'static,
    D: Future<Output = Result<BoxConnection, DialError>> + Send + 'static,
{
    fn dial(&self) -> BoxFuture<'static, Result<BoxConnection, DialError>> {
        (self.0)().boxed()
    }
}

/// Two halves of a link as one [`Connection`](super::Connection), with what the trait promises beyond carrying frames: one that is
/// too large is refused in either direction, a probe is answered, and nothing follows a close.
///
/// The halves must be bounded and keep the order; what a `Sink` says about being ready is passed on. The answer to a probe
/// waits for a place in the sink, one at a time: a peer that probes and takes nothing gets one answer for many probes.
pub fn join<R, W>(stream: R, sink: W) -> Joined<R, W>
where
    R: Stream<Item = io::Result<Frame>> + Unpin,
    W: Sink<Frame> + Unpin,
    W::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    Joined { stream: Some(stream), sink: Some(sink), last: false, pong: false, flush: false, writer: None }
}

/// See [`join`].
pub struct Joined<R, W> {
    /// `None` when nothing more is read.
    stream: Option<R>,
    /// `None` when nothing more is sent.
    sink: Option<W>,
    /// A close was sent: the last frame.
    last: bool,
    /// A probe waits for its answer.
    pong: bool,
    /// An answer waits to be flushed.
    flush: bool,
    /// The task that waits for a place in the sink, which remembers one task only: a reader that answers a probe may be
    /// another, and takes over the waiting of both.
    writer: Option<Waker>,
}

impl<R, W> std::fmt::Debug for Joined<R, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Joined").field("reads", &self.stream.is_some()).finish_non_exhaustive()
    }
}

fn broken(error: impl Into<Box<dyn StdError + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, error)
}

fn over() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the connection is closed")
}

impl<R, W> Joined<R, W>
where
    W: Sink<Frame> + Unpin,
    W::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    /// Answers a probe as far as the sink takes it; a sink that fails is found by whoever sends.
    fn answer(&mut self, cx: &mut Context<'_>) {
        let Some(sink) = self.sink.as_mut().filter(|_| !self.last) else { return };
        if self.pong && matches!(Pin::new(&mut *sink).poll_ready(cx), Poll::Ready(Ok(()))) {
            self.pong = false;
            self.flush = Pin::new(&mut *sink).start_send(Frame::Pong).is_ok();
        }
        if self.flush && Pin::new(sink).poll_flush(cx).is_ready() {
            self.flush = false;
        }
        if let Some(writer) = self.writer.take_if(|writer| !writer.will_wake(cx.waker())) {
            writer.wake();
        }
    }

    fn sink(&mut self) -> io::Result<Pin<&mut W>> {
        self.sink.as_mut().filter(|_| !self.last).map(Pin::new).ok_or_else(over)
    }
}

impl<R, W> Stream for Joined<R, W>
where
    R: Stream<Item = io::Result<Frame>> + Unpin,
    W: Sink<Frame> + Unpin,
    W::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Item = io::Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.answer(cx);
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        let frame = match ready!(Pin::new(stream).poll_next(cx)) {
            Some(Ok(frame)) => oversized(&frame).map(|()| frame),
            Some(Err(error)) => Err(error),
            None => {
                self.stream = None;
                return Poll::Ready(None);
            }
        };
        match &frame {
            Ok(Frame::Ping) => {
                self.pong = true;
                self.answer(cx);
            }
            Ok(Frame::Close(_)) | Err(_) => {
                // Letting both halves go is the answer to a close: the peer finds its own stream at the end.
                self.stream = None;
                self.sink = None;
            }
            Ok(_) => {}
        }
        Poll::Ready(Some(frame))
    }
}

impl<R, W> Sink<Frame> for Joined<R, W>
where
    R: Unpin,
    W: Sink<Frame> + Unpin,
    W::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.answer(cx);
        let ready = self.sink()?.poll_ready(cx).map_err(broken);
        self.writer = ready.is_pending().then(|| cx.waker().clone());
        ready
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> io::Result<()> {
        oversized(&frame)?;
        let last = matches!(frame, Frame::Close(_));
        self.sink()?.start_send(frame).map_err(broken)?;
        self.last = last;
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.last {
            return self.poll_close(cx);
        }
        match &mut self.sink {
            Some(sink) => Pin::new(sink).poll_flush(cx).map_err(broken),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(sink) = &mut self.sink else { return Poll::Ready(Ok(())) };
        let closed = ready!(Pin::new(sink).poll_close(cx)).map_err(broken);
        self.sink = None;
        Poll::Ready(closed)
    }
}
