//! One WebSocket as a connection of the core.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use chat_protocol::{ErrorCode, Frame, RoomId, Text, UserId};
use chat_server_core::transport::{Connection, ConnectionError, DirectWriter};
use futures::{Sink, SinkExt, Stream, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::close::{self, Ending};
use crate::panel::{Tap, TappedWriter};
use crate::wire::Wire;

/// A WebSocket that the core is done with.
pub(crate) type Left<S> = (Box<WebSocketStream<S>>, Ending);

/// One WebSocket as a connection of the core.
///
/// When the core drops it, the socket goes back to the edge, which sees a closing peer out. So the core is free of
/// a session the moment it has said the last word, and cannot forget to wait.
#[derive(Debug)]
pub(crate) struct WsConnection<S> {
    /// Boxed, because it is moved through several futures whose size each idle connection pays for. `None` only
    /// while it is dropped.
    socket: Option<Box<WebSocketStream<S>>>,
    /// The way past the library for text frames, where the socket below is known.
    wire: Option<Arc<Wire>>,
    /// Tells the debug panel what passes; `None` without one.
    tap: Option<Tap>,
    ending: Ending,
    /// The library has nothing left of what was read so far.
    drained: bool,
    /// Whether reading failed: the library allows to write then, but not to read.
    failed: bool,
    back: Option<oneshot::Sender<Left<S>>>,
}

impl<S> WsConnection<S> {
    /// The connection, and where its socket arrives when the core is done with it.
    pub(crate) fn new(
        socket: WebSocketStream<S>,
        wire: Option<Arc<Wire>>,
    ) -> (Self, oneshot::Receiver<Left<S>>) {
        let (back, left) = oneshot::channel();
        let socket = Some(Box::new(socket));
        let (ending, back) = (Ending::Open, Some(back));
        (Self { socket, wire, tap: None, ending, drained: false, failed: false, back }, left)
    }

    /// What passes from here on is told to the debug panel, where there is one.
    pub(crate) fn tap(&mut self, tap: Option<Tap>) {
        self.tap = tap;
    }

    /// The first goodbye counts, and no text follows it.
    fn end(&mut self, ending: Ending) {
        if self.ending == Ending::Open {
            self.ending = ending;
            if let Some(wire) = &self.wire {
                wire.close();
            }
        }
    }

    /// Whether the socket may have bytes; where it is not known, it may.
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.wire.as_ref().map_or(Poll::Ready(()), |wire| wire.poll_readable(cx))
    }

    fn ours(&self) -> Ending {
        if self.failed { Ending::OursAfterError } else { Ending::Ours }
    }

    fn socket(&mut self) -> &mut WebSocketStream<S> {
        self.socket.as_mut().expect("only `drop` takes the socket")
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Connection for WsConnection<S> {
    fn direct_writer(&self) -> Option<Arc<dyn DirectWriter>> {
        let wire = self.wire.clone()?;
        Some(match self.tap.clone() {
            Some(tap) => Arc::new(TappedWriter { tap, wire }),
            None => wire,
        })
    }

    fn belongs_to(&mut self, user: &UserId, room: Option<&RoomId>) {
        self.tap.iter().for_each(|tap| tap.belongs_to(user, room));
    }
}

impl<S> Drop for WsConnection<S> {
    fn drop(&mut self) {
        if let (Some(socket), Some(back)) = (self.socket.take(), self.back.take()) {
            // The edge does not wait when it cuts the connection; the socket is dropped here then.
            let _ = back.send((socket, self.ending));
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for WsConnection<S> {
    type Item = Result<Frame, ConnectionError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // A task that was woken only to write asks here as well. The library would look for bytes through all its
        // layers, and it clears its read buffer before each look.
        if self.drained && self.poll_readable(cx).is_pending() {
            return Poll::Pending;
        }
        loop {
            let polled = self.socket().poll_next_unpin(cx);
            self.drained = polled.is_pending();
            let frame = match ready!(polled) {
                None => return Poll::Ready(None),
                Some(Err(error)) => {
                    self.failed = true;
                    return Poll::Ready(close::failure(error).map(Err));
                }
                Some(Ok(Message::Text(text))) => {
                    // The bytes are shared. The library has checked them, so the error is for form's sake.
                    match Text::try_from(Bytes::from(text)) {
                        Ok(text) => Frame::Text(text),
                        Err(_) => {
                            return Poll::Ready(Some(Err(ConnectionError::Peer(ErrorCode::InvalidUtf8))));
                        }
                    }
                }
                Some(Ok(Message::Binary(bytes))) => Frame::Binary(bytes),
                Some(Ok(Message::Ping(_))) => Frame::Ping,
                Some(Ok(Message::Pong(_))) => Frame::Pong,
                Some(Ok(Message::Close(frame))) => {
                    self.end(Ending::Peer);
                    Frame::Close(close::received(frame))
                }
                // Only writers use it; the library never reads one.
                Some(Ok(Message::Frame(_))) => continue,
            };
            self.tap.iter().for_each(|tap| tap.heard(&frame));
            return Poll::Ready(Some(Ok(frame)));
        }
    }
}

fn lost(error: Error) -> ConnectionError {
    close::failure(error).unwrap_or_else(|| ConnectionError::Lost("the connection is closed".into()))
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Frame> for WsConnection<S> {
    type Error = ConnectionError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        if self.wire.is_some() || self.ending == Ending::Peer {
            // The wire takes everything, and the library a control frame in between. After the peer's goodbye, whatever is sent now is dropped; the core learns of the end from the stream, not by an error here.
            return Poll::Ready(Ok(()));
        }
        self.socket().poll_ready_unpin(cx).map_err(lost)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), ConnectionError> {
        if self.ending != Ending::Open {
            // Nothing may follow a close frame in its direction, and the library answers that of a peer by itself.
            return Ok(());
        }
        self.tap.iter().for_each(|tap| tap.said(&frame));
        let message = match frame {
            Frame::Text(text) if self.wire.is_some() => {
                self.wire.iter().for_each(|wire| wire.put(&text));
                return Ok(());
            }
            // As a raw frame, because the library's text type would check the same bytes again for every reader.
            Frame::Text(text) => {
                Message::Frame(RawFrame::message(text.into_bytes(), OpCode::Data(Data::Text), true))
            }
            Frame::Binary(bytes) => Message::Binary(bytes),
            Frame::Ping => Message::Ping(Bytes::new()),
            Frame::Pong => Message::Pong(Bytes::new()),
            Frame::Close(close) => {
                let ours = self.ours();
                self.end(ours);
                Message::Close(close::to_send(close))
            }
        };
        self.socket().start_send_unpin(message).map_err(lost)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.socket().poll_flush_unpin(cx).map_err(lost)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        // Ends with the close frame written; the peer's half is awaited after the core has let go.
        let result = ready!(self.socket().poll_close_unpin(cx));
        let ours = self.ours();
        self.end(ours);
        Poll::Ready(result.map_err(lost))
    }
}

#[cfg(test)]
mod tests;
