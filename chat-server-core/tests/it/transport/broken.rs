//! The memory transport with one fault.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use chat_protocol::{Close, Frame, Text};
use chat_server_core::conformance::transport::SUITE;
use chat_server_core::transport::memory::MemoryConnection;
use chat_server_core::transport::{Connection, ConnectionError, DirectWrite, DirectWriter};
use futures::{Sink, SinkExt, Stream, StreamExt};

/// Texts longer than this are cut by the fault about sizes, up to the greatest that is allowed.
const SHORT: usize = 65_000;
const MAX_FRAME: usize = 64 * 1024;

/// A server's end of a link, with a fault that is named like the case that must find it.
#[derive(Debug)]
pub(crate) struct Broken {
    inner: MemoryConnection,
    fault: &'static str,
    /// What was fed, or written directly, since the last flush.
    fed: Arc<Mutex<Vec<Frame>>>,
    /// What goes out behind the next frame.
    kept: Option<Frame>,
    /// What was read ahead of the server.
    ahead: VecDeque<Frame>,
    /// The peer does not take what it gets.
    stuck: bool,
}

impl Broken {
    pub(crate) fn new(inner: MemoryConnection, fault: &'static str) -> Self {
        assert!(SUITE.names().any(|name| name == fault), "no case {fault}");
        let (fed, ahead) = (Arc::default(), VecDeque::new());
        Self { inner, fault, fed, kept: None, ahead, stuck: false }
    }

    /// Waits for the first frame, which the server then reads.
    pub(crate) async fn read_ahead(&mut self) {
        self.ahead.extend(self.inner.next().await.and_then(Result::ok));
    }

    pub(crate) fn has(&self, fault: &str) -> bool {
        assert!(SUITE.names().any(|name| name == fault), "no case {fault}");
        self.fault == fault
    }

    /// What really goes out with a flush.
    fn faulty(&mut self, batch: Vec<Frame>) -> Vec<Frame> {
        let mut out = Vec::new();
        if self.has("a_flush_leaves_nothing_behind") && !batch.is_empty() {
            out.extend(self.kept.take());
        }
        for frame in batch {
            match frame {
                // The sixth of a burst comes behind the seventh.
                Frame::Text(text)
                    if self.has("frames_keep_their_order") && holds(&text, &["pong", r#""id":"5""#]) =>
                {
                    self.kept = Some(Frame::Text(text));
                    continue;
                }
                Frame::Ping if self.has("a_probe_is_answered_by_itself") => continue,
                Frame::Close(_) if self.has("a_slow_reader_is_cut_and_told") && self.stuck => continue,
                Frame::Close(close) if self.has("the_last_word_has_its_code") && close.code == 1001 => {
                    out.push(Frame::Close(Close::normal()));
                }
                Frame::Close(_) if self.has("nothing_follows_the_last_word") => {
                    out.extend([frame, Frame::Text(Text::from("{}"))]);
                }
                frame => out.push(frame),
            }
            out.extend(self.kept.take());
        }
        // The last of a burst waits for whatever comes next.
        if self.has("a_flush_leaves_nothing_behind")
            && matches!(out.last(), Some(Frame::Text(text)) if holds(text, &["pong", r#""id":"47""#]))
        {
            self.kept = out.pop();
        }
        out
    }
}

fn holds(text: &Text, all: &[&str]) -> bool {
    all.iter().all(|part| text.as_str().contains(part))
}

impl Connection for Broken {
    fn direct_writer(&self) -> Option<Arc<dyn DirectWriter>> {
        let swaps = Swaps { fed: self.fed.clone(), kept: Mutex::default() };
        self.has("direct_writes_keep_their_order").then(|| -> Arc<dyn DirectWriter> { Arc::new(swaps) })
    }
}

/// Writes the seventh message behind the eighth.
#[derive(Debug)]
struct Swaps {
    fed: Arc<Mutex<Vec<Frame>>>,
    kept: Mutex<Option<Frame>>,
}

impl DirectWriter for Swaps {
    fn write(&self, frames: &[Text]) -> DirectWrite {
        let (mut fed, mut kept) = (self.fed.lock().unwrap(), self.kept.lock().unwrap());
        for text in frames.iter().cloned() {
            if holds(&text, &[r#""seq":7,"#, r#""hi""#]) {
                *kept = Some(Frame::Text(text));
            } else {
                fed.push(Frame::Text(text));
                fed.extend(kept.take());
            }
        }
        DirectWrite::Unfinished
    }
}

impl Stream for Broken {
    type Item = Result<Frame, ConnectionError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(frame) = self.ahead.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        match ready!(self.inner.poll_next_unpin(cx)) {
            None if self.has("a_peer_that_left_is_noticed") => Poll::Pending,
            Some(Ok(Frame::Binary(_))) if self.has("what_breaks_a_rule_has_its_code") => self.poll_next(cx),
            Some(Ok(Frame::Text(text)))
                if self.has("texts_of_every_size_arrive_whole")
                    && (SHORT..=MAX_FRAME).contains(&text.len()) =>
            {
                Poll::Ready(Some(Ok(Frame::Text(Text::from(text.as_str()[..SHORT].to_owned())))))
            }
            next => Poll::Ready(next),
        }
    }
}

impl Sink<Frame> for Broken {
    type Error = ConnectionError;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), ConnectionError> {
        self.fed.lock().unwrap().push(frame);
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        let batch = std::mem::take(&mut *self.fed.lock().unwrap());
        for frame in self.faulty(batch) {
            self.inner.start_send_unpin(frame)?;
        }
        if self.has("who_does_not_read_is_not_read_from") {
            while let Poll::Ready(Some(Ok(frame))) = self.inner.poll_next_unpin(cx) {
                self.ahead.push_back(frame);
            }
        }
        let flushed = self.inner.poll_flush_unpin(cx);
        self.stuck = flushed.is_pending();
        flushed
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.inner.poll_close_unpin(cx)
    }
}
