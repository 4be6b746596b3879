//! One stream as a connection of the core.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use chat_protocol::reply::AuthData;
use chat_protocol::{Close, ErrorCode, Event, Frame, RoomId, SessionId, Text, UserId, WireError, decode};
use chat_server_core::transport::{Connection, ConnectionError};
use futures::{Sink, Stream};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::OPENING;
use super::pipe::{Events, Pipe};
use super::streams::OpenStream;
use crate::edge::Edge;
use crate::panel::Tap;

/// Told once: that the stream is open, or why it is not.
type Opened = oneshot::Sender<Result<(), WireError>>;

/// One stream as a connection of the core: frames come from requests, and leave as events.
#[derive(Debug)]
pub(super) struct SseConnection {
    edge: Arc<Edge>,
    commands: mpsc::Receiver<Text>,
    pipe: Arc<Pipe>,
    /// Tells the debug panel what passes; `None` without one.
    tap: Option<Tap>,
    phase: Phase,
    /// Nothing more is said.
    closed: bool,
}

#[derive(Debug)]
enum Phase {
    /// Nothing was said; who asked for the stream waits, and requests will give their commands here.
    Opening {
        opened: Option<Opened>,
        commands: mpsc::Sender<Text>,
    },
    Open {
        session: SessionId,
        stream: Arc<OpenStream>,
    },
    Refused,
}

impl SseConnection {
    /// A connection whose first frame is `first`, when it is known what became of that, and what the client will read.
    pub(super) fn open(
        edge: Arc<Edge>,
        first: Text,
        tap: Option<Tap>,
    ) -> (Self, oneshot::Receiver<Result<(), WireError>>, Events) {
        let (sender, commands) = mpsc::channel(1);
        sender.try_send(first).expect("an empty channel takes one frame");
        let (opened, when_open) = oneshot::channel();
        let pipe = Arc::new(Pipe::default());
        let phase = Phase::Opening { opened: Some(opened), commands: sender };
        let connection = Self { edge, commands, pipe: pipe.clone(), tap, phase, closed: false };
        (connection, when_open, Events(pipe))
    }

    /// The first packet says whether there will be a stream.
    fn begin(&mut self, first: &Text) {
        let Phase::Opening { opened, commands } = &mut self.phase else { return };
        let (opened, commands) = (opened.take(), commands.clone());
        let (phase, told) = match verdict(first) {
            Ok(data) => {
                let stream = Arc::new(OpenStream::new(data.user_id, commands));
                self.edge.streams.insert(data.session_id.clone(), stream.clone());
                (Phase::Open { session: data.session_id, stream }, Ok(()))
            }
            Err(error) => (Phase::Refused, Err(error)),
        };
        self.phase = phase;
        // Who asked may have gone; the body is gone with them then.
        let _ = opened.map(|opened| opened.send(told));
    }

    /// The last word, with which requests under way are answered as well.
    fn close(&mut self, close: &Close) {
        self.closed = true;
        let code = ErrorCode::from_text(&close.reason);
        match &mut self.phase {
            Phase::Opening { opened, .. } => {
                let error = WireError::from(code.unwrap_or(ErrorCode::ShuttingDown));
                let _ = opened.take().map(|opened| opened.send(Err(error)));
            }
            Phase::Open { stream, .. } => stream.fail(code.unwrap_or(ErrorCode::NotFound)),
            Phase::Refused => {}
        }
        let packet = json!({ "close": { "code": close.code, "reason": close.reason } });
        self.pipe.event(Some("close"), packet.to_string().as_bytes());
        self.pipe.end();
    }
}

/// Who the stream belongs to, as the first packet says.
fn verdict(first: &Text) -> Result<AuthData, WireError> {
    let Ok(Event::Reply(reply)) = decode::<Event>(first.as_bytes()) else {
        return Err(ErrorCode::ShuttingDown.into());
    };
    if reply.id.as_ref().is_none_or(|id| id.as_str() != OPENING) {
        return Err(ErrorCode::Internal.into());
    }
    let Some(error) = reply.error() else { return reply.parse().map_err(|_| ErrorCode::Internal.into()) };
    let code = error.code.known().unwrap_or(ErrorCode::Internal);
    Err(WireError { detail: error.detail, retry_after_ms: error.retry_after_ms, ..code.into() })
}

fn gone() -> ConnectionError {
    ConnectionError::Lost("nobody reads the stream any more".into())
}

impl Connection for SseConnection {
    fn belongs_to(&mut self, user: &UserId, room: Option<&RoomId>) {
        self.tap.iter().for_each(|tap| tap.belongs_to(user, room));
    }
}

impl Stream for SseConnection {
    type Item = Result<Frame, ConnectionError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.pipe.poll_probed(cx) {
            Poll::Ready(true) => return Poll::Ready(Some(Ok(Frame::Pong))),
            Poll::Ready(false) => return Poll::Ready(None),
            Poll::Pending if matches!(self.phase, Phase::Refused) => return Poll::Ready(None),
            Poll::Pending => {}
        }
        let command = ready!(self.commands.poll_recv(cx));
        Poll::Ready(command.map(|text| {
            let frame = Frame::Text(text);
            self.tap.iter().for_each(|tap| tap.heard(&frame));
            Ok(frame)
        }))
    }
}

impl Sink<Frame> for SseConnection {
    type Error = ConnectionError;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        // Waiting is for the flush: the last word must get in behind what a slow reader did not take.
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), ConnectionError> {
        if self.closed {
            return Ok(());
        }
        self.tap.iter().for_each(|tap| tap.said(&frame));
        match frame {
            Frame::Text(text) => {
                self.begin(&text);
                if let Phase::Open { stream, .. } = &self.phase {
                    stream.note(&text);
                }
                self.pipe.event(None, text.as_bytes());
            }
            Frame::Close(close) => self.close(&close),
            Frame::Ping => self.pipe.probe(),
            // No native packet is binary, and nobody here sends probes to be answered.
            Frame::Binary(_) | Frame::Pong => {}
        }
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.pipe.poll_taken(cx).map(|taken| if taken { Ok(()) } else { Err(gone()) })
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.pipe.end();
        self.poll_flush(cx)
    }
}

impl Drop for SseConnection {
    fn drop(&mut self) {
        if let Phase::Open { session, stream } = &self.phase {
            self.edge.streams.remove(session, stream);
            stream.fail(ErrorCode::NotFound);
        }
        // What waits is still written, as far as the peer takes it.
        self.pipe.end();
    }
}
