//! Connections within one process: for tests, and for a client and a server in one program.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use chat_protocol::Frame;
use futures::{Sink, Stream};

use super::{Connection, ConnectionError};

/// One end of a link; see [`pair`].
#[derive(Debug)]
pub struct MemoryConnection {
    incoming: Arc<Lane>,
    outgoing: Arc<Lane>,
}

/// Two ends of one link. In each direction `capacity` frames wait at most, and what was fed since the last flush.
pub fn pair(capacity: usize) -> (MemoryConnection, MemoryConnection) {
    let (a, b) = (Arc::new(Lane::new(capacity)), Arc::new(Lane::new(capacity)));
    (
        MemoryConnection { incoming: a.clone(), outgoing: b.clone() },
        MemoryConnection { incoming: b, outgoing: a },
    )
}

/// Frames on their way in one direction.
#[derive(Debug)]
struct Lane {
    queue: Mutex<Queue>,
    capacity: usize,
}

/// Written by one end, read by the other.
#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Frame>,
    /// One of the ends is gone, or says nothing more: what waits is still read.
    over: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Lane {
    fn new(capacity: usize) -> Self {
        Self { queue: Mutex::default(), capacity }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        let mut queue = self.queue();
        queue.over = true;
        for waker in [queue.reader.take(), queue.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }

    fn put(&self, frame: Frame) -> Result<(), ConnectionError> {
        let mut queue = self.queue();
        if queue.over {
            return Err(ConnectionError::Lost("the other end is gone".into()));
        }
        queue.frames.push_back(frame);
        if let Some(reader) = queue.reader.take() {
            reader.wake();
        }
        Ok(())
    }

    fn poll_take(&self, cx: &Context<'_>) -> Poll<Option<Frame>> {
        let mut queue = self.queue();
        let Some(frame) = queue.frames.pop_front() else {
            if queue.over {
                return Poll::Ready(None);
            }
            queue.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        if queue.frames.len() <= self.capacity
            && let Some(writer) = queue.writer.take()
        {
            writer.wake();
        }
        Poll::Ready(Some(frame))
    }

    fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        let mut queue = self.queue();
        if queue.frames.len() <= self.capacity {
            return Poll::Ready(());
        }
        queue.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    fn is_full(&self) -> bool {
        self.queue().frames.len() >= self.capacity
    }
}

impl Drop for MemoryConnection {
    fn drop(&mut self) {
        // Nobody reads it any more, and nobody waits for that.
        self.incoming.queue().frames.clear();
        self.incoming.end();
        self.outgoing.end();
    }
}

impl Connection for MemoryConnection {}

impl Stream for MemoryConnection {
    type Item = Result<Frame, ConnectionError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let frame = ready!(self.incoming.poll_take(cx));
        if frame == Some(Frame::Ping) && !self.outgoing.is_full() {
            // A transport answers probes by itself; a full link loses the answer, as a dead one would.
            let _ = self.outgoing.put(Frame::Pong);
        }
        Poll::Ready(frame.map(Ok))
    }
}

impl Sink<Frame> for MemoryConnection {
    type Error = ConnectionError;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        // Waiting is for the flush, so that the last word gets in behind a full link.
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), ConnectionError> {
        self.outgoing.put(frame)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.outgoing.poll_room(cx).map(Ok)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.outgoing.end();
        self.outgoing.poll_room(cx).map(Ok)
    }
}
