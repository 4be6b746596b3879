//! Bytes on their way from a connection to the body of its answer.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use futures::task::AtomicWaker;

/// Bytes on their way from a connection to the body of its answer: whole events.
///
/// It takes everything and is bounded by who writes: the core flushes what it fed, at most 64 KiB and one frame, and a
/// flush ends when the HTTP library has taken all.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    state: Mutex<State>,
    /// The task that drives the connection.
    writer: AtomicWaker,
    /// The task that writes the answer.
    reader: AtomicWaker,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// Probes that wait, and those that were taken and are to be answered.
    probes: u32,
    answered: u32,
    /// The connection says nothing more.
    ended: bool,
    /// Nobody reads any more.
    gone: bool,
}

impl Pipe {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes one event with this JSON as its data.
    pub(super) fn event(&self, name: Option<&str>, json: &[u8]) {
        let mut state = self.state();
        let waiting = &mut state.waiting;
        if let Some(name) = name {
            waiting.extend_from_slice(b"event: ");
            waiting.extend_from_slice(name.as_bytes());
            waiting.push(b'\n');
        }
        waiting.extend_from_slice(b"data: ");
        one_line(json, waiting);
        waiting.extend_from_slice(b"\n\n");
    }

    /// Writes a comment, which nobody sees.
    pub(super) fn probe(&self) {
        let mut state = self.state();
        state.waiting.extend_from_slice(b":\n\n");
        state.probes += 1;
    }

    /// Ready with true when a probe was taken that nobody heard of yet, with false when nobody reads any more.
    pub(super) fn poll_probed(&self, cx: &Context<'_>) -> Poll<bool> {
        self.writer.register(cx.waker());
        let mut state = self.state();
        if state.gone {
            return Poll::Ready(false);
        }
        if state.answered > 0 {
            state.answered -= 1;
            return Poll::Ready(true);
        }
        Poll::Pending
    }

    /// Ready with true when all is taken, with false when nobody will.
    pub(super) fn poll_taken(&self, cx: &Context<'_>) -> Poll<bool> {
        self.writer.register(cx.waker());
        let state = self.state();
        if state.waiting.is_empty() || state.gone {
            return Poll::Ready(!state.gone);
        }
        drop(state);
        self.reader.wake();
        Poll::Pending
    }

    /// Nothing follows what waits.
    pub(super) fn end(&self) {
        self.state().ended = true;
        self.reader.wake();
    }
}

/// Appends JSON without line breaks, which are no part of any text in it and would end the event or line.
pub(super) fn one_line(json: &[u8], line: &mut Vec<u8>) {
    line.extend(json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
}

/// What comes out of a pipe. Whoever drops it is gone.
#[derive(Debug)]
pub(super) struct Events(pub(super) Arc<Pipe>);

impl Stream for Events {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.reader.register(cx.waker());
        let mut state = self.0.state();
        if state.waiting.is_empty() {
            return if state.ended { Poll::Ready(None) } else { Poll::Pending };
        }
        let bytes = std::mem::take(&mut state.waiting);
        state.answered += std::mem::take(&mut state.probes);
        drop(state);
        self.0.writer.wake();
        Poll::Ready(Some(Ok(bytes.into())))
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.gone = true;
        state.waiting = Vec::new();
        drop(state);
        self.0.writer.wake();
    }
}
