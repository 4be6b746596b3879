//! Connections within one process: for tests, and for a client and a server in one program.

use std::pin::Pin;
use std::task::{Context, Poll};

use chat_protocol::Frame;
use futures::channel::mpsc;
use futures::{Sink, Stream, ready};

use super::{Connection, ConnectionError};

/// One end of a link; see [`pair`].
#[derive(Debug)]
pub struct MemoryConnection {
    frames: mpsc::Receiver<Frame>,
    peer: mpsc::Sender<Frame>,
}

/// Two ends of one link that holds at most `capacity` frames in each direction.
pub fn pair(capacity: usize) -> (MemoryConnection, MemoryConnection) {
    let (to_b, from_a) = mpsc::channel(capacity);
    let (to_a, from_b) = mpsc::channel(capacity);
    (MemoryConnection { frames: from_b, peer: to_b }, MemoryConnection { frames: from_a, peer: to_a })
}

fn lost(error: mpsc::SendError) -> ConnectionError {
    ConnectionError::Lost(error.into())
}

impl Connection for MemoryConnection {}

impl Stream for MemoryConnection {
    type Item = Result<Frame, ConnectionError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let frame = ready!(Pin::new(&mut self.frames).poll_next(cx));
        if let Some(Frame::Ping) = frame {
            // A transport answers probes by itself; a full link loses the answer, as a dead one would.
            let _ = self.peer.try_send(Frame::Pong);
        }
        Poll::Ready(frame.map(Ok))
    }
}

impl Sink<Frame> for MemoryConnection {
    type Error = ConnectionError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.peer.poll_ready(cx).map_err(lost)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), ConnectionError> {
        self.peer.start_send(frame).map_err(lost)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        Pin::new(&mut self.peer).poll_flush(cx).map_err(lost)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        Pin::new(&mut self.peer).poll_close(cx).map_err(lost)
    }
}
