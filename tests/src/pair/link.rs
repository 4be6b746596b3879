//! A link between a client and the server, with everything that can happen to one over TCP.
//!
//! The server holds its end as a [`Connection`], the run holds the client's. Bytes keep their order and come once; beyond
//! that nothing is promised. The world outside moves time on: it lets arrive what is due.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use chat_protocol::Frame;
use chat_server_core::transport::{Connection, ConnectionError};
use futures::{Sink, Stream};
use tokio::sync::Notify;

use super::clock::SimClock;
use super::fault::{Fault, Hits};
use super::lane::{Lane, Trap, Wrote};
use super::refused::{Asked, Refused};
use super::trace::Trace;

/// A direction of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// Bytes that may wait on their way to a client before the server has to wait: a small socket buffer, so that a client that
/// does not read is felt.
const BUFFER: usize = 2 * 1024;

/// What is newer than a link, as far as its client and server know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Newer {
    Nothing,
    Opened,
    Authenticated,
}

/// What all links of a run share.
pub(super) struct Shared {
    pub(super) clock: Arc<SimClock>,
    /// Rung when the server wrote.
    pub(super) wake: Notify,
    pub(super) hits: Arc<Hits>,
    pub(super) trace: Trace,
    /// Messages that the server refused, by its own word.
    pub(super) refused: Refused,
}

struct Wires {
    shared: Arc<Shared>,
    client: usize,
    up: Lane,
    down: Lane,
    asked: Asked,
    newer: Newer,
    /// The client reads nothing.
    stalled: bool,
    /// The server's end is gone.
    left: bool,
    /// How the server sees the end: as an error, or in good order.
    rough: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// The client's end, and the hand that breaks things.
#[derive(Clone)]
pub(super) struct Link(Arc<Mutex<Wires>>);

/// The server's end.
pub(super) struct ServerEnd(Arc<Mutex<Wires>>);

fn lock(wires: &Mutex<Wires>) -> MutexGuard<'_, Wires> {
    wires.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    pub(super) fn open(
        shared: &Arc<Shared>,
        client: usize,
        rough: bool,
        up: Lane,
        down: Lane,
    ) -> (Self, ServerEnd) {
        let wires = Wires {
            shared: shared.clone(),
            client,
            up,
            down,
            asked: Asked::default(),
            newer: Newer::Nothing,
            stalled: false,
            left: false,
            rough,
            reader: None,
            writer: None,
        };
        let wires = Arc::new(Mutex::new(wires));
        (Self(wires.clone()), ServerEnd(wires))
    }

    /// The client sends a frame.
    pub(super) fn write(&self, frame: &Frame) {
        lock(&self.0).write(Way::Up, frame);
    }

    /// Lets arrive what is due, in both directions.
    pub(super) fn advance(&self, now: Duration) {
        let mut wires = lock(&self.0);
        let up = wires.up.advance(now);
        let down = if wires.stalled { None } else { wires.down.advance(now) };
        if up.max(down) > Some(Duration::from_secs(1)) {
            wires.shared.hits.hit(Fault::Late);
        }
        if up.is_some() || wires.up.has_ended() {
            wake(&mut wires.reader);
        }
        if down.is_some() {
            wake(&mut wires.writer);
        }
    }

    /// The next frame for the client.
    pub(super) fn read(&self, now: Duration) -> Option<Frame> {
        let mut wires = lock(&self.0);
        let frame = wires.down.take()?;
        wires.shared.trace.frame(now, wires.client, Way::Down, &frame);
        if frame == Frame::Ping {
            wires.write(Way::Up, &Frame::Pong);
        }
        Some(frame)
    }

    /// Whether the client has seen the end.
    pub(super) fn is_over(&self) -> bool {
        let wires = lock(&self.0);
        let over = wires.down.is_over();
        if over && wires.down.is_within() {
            wires.shared.hits.hit(Fault::PartSeenByClient);
        }
        over
    }

    /// The client lets go of it.
    pub(super) fn close(&self, now: Duration) {
        let mut wires = lock(&self.0);
        wires.up.end(now);
        wires.down.swallow();
    }

    /// When something arrives next.
    pub(super) fn next_at(&self) -> Option<Duration> {
        let wires = lock(&self.0);
        let up = wires.up.next_at().filter(|_| !wires.left);
        let down = wires.down.next_at().filter(|_| !wires.stalled);
        up.into_iter().chain(down).min()
    }

    pub(super) fn next_up(&self) -> Option<Duration> {
        lock(&self.0).up.next_at()
    }

    /// Whether the server has let go of it.
    pub(super) fn is_left(&self) -> bool {
        lock(&self.0).left
    }

    /// Whether everything that was written has arrived, and more would.
    pub(super) fn is_quiet(&self) -> bool {
        let wires = lock(&self.0);
        wires.up.waiting() == 0 && wires.down.waiting() == 0 && !wires.up.swallows() && !wires.down.swallows()
    }

    pub(super) fn is_half_open(&self) -> bool {
        let wires = lock(&self.0);
        wires.up.swallows() || wires.down.swallows()
    }

    pub(super) fn set_newer(&self, newer: Newer) {
        let mut wires = lock(&self.0);
        wires.newer = wires.newer.max(newer);
    }

    pub(super) fn set_trap(&self, way: Way, trap: Trap) {
        lock(&self.0).lane(way).set_trap(trap);
    }

    pub(super) fn delay(&self, way: Way, extra: Duration) {
        lock(&self.0).lane(way).delay(extra);
    }

    pub(super) fn swallow(&self, way: Way) {
        lock(&self.0).lane(way).swallow();
    }

    pub(super) fn stall(&self, stalled: bool) {
        lock(&self.0).stalled = stalled;
    }

    pub(super) fn heal(&self) {
        let mut wires = lock(&self.0);
        wires.up.heal();
        wires.down.heal();
        wires.stalled = false;
    }

    /// A proxy says goodbye in the server's place, and the connection ends.
    pub(super) fn say_close(&self, now: Duration, close: Frame) {
        let mut wires = lock(&self.0);
        wires.down.heal();
        wires.down.write(now, &close);
        wires.down.end(now);
        wires.up.kill(now);
        wake(&mut wires.reader);
    }

    /// The connection ends here and now, for both.
    pub(super) fn kill(&self, now: Duration) {
        let mut wires = lock(&self.0);
        wires.up.kill(now);
        wires.down.kill(now);
        wires.wake_both();
    }
}

impl Wires {
    fn lane(&mut self, way: Way) -> &mut Lane {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    fn write(&mut self, way: Way, frame: &Frame) {
        let now = self.shared.clock.elapsed();
        match (self.lane(way).write(now, frame), way) {
            (Wrote::Whole, _) => return,
            (Wrote::Wrong, _) => return self.shared.hits.hit(Fault::ServerMistook),
            (Wrote::Cut { within }, Way::Up) => {
                self.shared.hits.hit(if within {
                    Fault::CutUpWithinFrame
                } else {
                    Fault::CutUpBetweenFrames
                });
                self.down.end(now);
            }
            (Wrote::Cut { within }, Way::Down) => {
                self.shared.hits.hit(if within {
                    Fault::CutDownWithinFrame
                } else {
                    Fault::CutDownBetweenFrames
                });
                self.up.end(now);
            }
            // The client is told that the connection is gone, and the server goes on reading.
            (Wrote::Stranded, _) => {
                self.shared.hits.hit(Fault::Stranded);
                self.down.kill(now);
            }
        }
        self.wake_both();
    }

    fn wake_both(&mut self) {
        wake(&mut self.reader);
        wake(&mut self.writer);
    }

    fn read(&mut self) -> Poll<Option<Result<Frame, ConnectionError>>> {
        let now = self.shared.clock.elapsed();
        if let Some(frame) = self.up.take() {
            match self.newer {
                Newer::Nothing => {}
                Newer::Opened => self.shared.hits.hit(Fault::StaleReadAfterOpen),
                Newer::Authenticated => self.shared.hits.hit(Fault::StaleReadAfterAuth),
            }
            self.shared.trace.frame(now, self.client, Way::Up, &frame);
            self.asked.read(&frame);
            if frame == Frame::Ping {
                self.write(Way::Down, &Frame::Pong);
            }
            return Poll::Ready(Some(Ok(frame)));
        }
        if !self.up.is_over() {
            return Poll::Pending;
        }
        if self.up.is_within() {
            self.shared.hits.hit(Fault::PartSeenByServer);
        }
        match self.rough {
            true => Poll::Ready(Some(Err(ConnectionError::Lost("the link was cut".into())))),
            false => Poll::Ready(None),
        }
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

impl Connection for ServerEnd {}

impl Stream for ServerEnd {
    type Item = Result<Frame, ConnectionError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut wires = lock(&self.0);
        let read = wires.read();
        if read.is_pending() {
            wires.reader = Some(cx.waker().clone());
        }
        read
    }
}

impl Sink<Frame> for ServerEnd {
    type Error = ConnectionError;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        // Waiting is for the flush, so that the last word gets in behind a full link.
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), ConnectionError> {
        let mut wires = lock(&self.0);
        let Wires { asked, shared, .. } = &mut *wires;
        asked.wrote(&frame, &shared.refused);
        wires.write(Way::Down, &frame);
        let swallows = wires.up.swallows() || wires.down.swallows();
        match frame {
            Frame::Close(close) if close.code == 4411 => wires.shared.hits.hit(Fault::SlowReader),
            Frame::Close(close) if close.code == 4412 && swallows => {
                wires.shared.hits.hit(Fault::HalfOpenNoticedByServer);
            }
            _ => {}
        }
        wires.shared.wake.notify_one();
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        let mut wires = lock(&self.0);
        // A link that takes everything and gives nothing has no bytes under way: the server sees no difference.
        if wires.down.waiting() <= BUFFER {
            return Poll::Ready(Ok(()));
        }
        if wires.stalled {
            wires.shared.hits.hit(Fault::Stalled);
        }
        wires.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for ServerEnd {
    fn drop(&mut self) {
        let mut wires = lock(&self.0);
        let now = wires.shared.clock.elapsed();
        wires.left = true;
        wires.down.end(now);
        wires.up.swallow();
        wires.shared.wake.notify_one();
    }
}
