//! Any stream and sink of frames as a connection.

use std::pin::Pin;
use std::task::{Context, Poll};

use chat_protocol::Frame;
use futures::{Sink, Stream};

use super::{Connection, ConnectionError};

/// A connection of any stream and sink of frames, such as a codec over a socket. When the server lets go of it, what is left
/// goes to `left`, which may spawn a task: the last word may still wait to be written then, and a socket that is closed with
/// bytes unread takes it back.
///
/// ```
/// use chat_protocol::Frame;
/// use chat_server_core::transport::{Connection, ConnectionError, link};
/// use futures::{Sink, SinkExt, Stream};
///
/// /// Writes what is left and ends in good order.
/// fn connection<S>(frames: S) -> impl Connection
/// where
///     S: Stream<Item = Result<Frame, ConnectionError>> + Sink<Frame, Error = ConnectionError> + Send + Unpin + 'static,
/// {
///     link(frames, |mut frames| {
///         tokio::spawn(async move { frames.close().await });
///     })
/// }
/// ```
pub fn link<S>(frames: S, left: impl FnOnce(S) + Send + Unpin) -> impl Connection
where
    S: Stream<Item = Result<Frame, ConnectionError>> + Sink<Frame, Error = ConnectionError> + Send + Unpin,
{
    Link(Some((frames, left)))
}

/// Empty only while it is dropped.
struct Link<S, L: FnOnce(S)>(Option<(S, L)>);

impl<S: Unpin, L: FnOnce(S)> Link<S, L> {
    fn frames(&mut self) -> Pin<&mut S> {
        Pin::new(&mut self.0.as_mut().expect("only `drop` takes it").0)
    }
}

impl<S, L: FnOnce(S)> Drop for Link<S, L> {
    fn drop(&mut self) {
        if let Some((frames, left)) = self.0.take() {
            left(frames);
        }
    }
}

impl<S, L> Connection for Link<S, L>
where
    S: Stream<Item = Result<Frame, ConnectionError>> + Sink<Frame, Error = ConnectionError> + Send + Unpin,
    L: FnOnce(S) + Send + Unpin,
{
}

impl<S: Stream + Unpin, L: FnOnce(S) + Unpin> Stream for Link<S, L> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.frames().poll_next(cx)
    }
}

impl<S: Sink<Frame> + Unpin, L: FnOnce(S) + Unpin> Sink<Frame> for Link<S, L> {
    type Error = S::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.frames().poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), S::Error> {
        self.frames().start_send(frame)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.frames().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.frames().poll_close(cx)
    }
}
