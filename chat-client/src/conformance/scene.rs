//! What the cases are written with: a server that is dialed, and ends that expect something in time.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use chat_protocol::{Frame, Text};
use futures::{SinkExt, StreamExt};

use super::{Acceptor, Capabilities, Subject};
use crate::transport::{BoxConnection, Connector};

/// How long anything may take before the case fails: much longer than it takes on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Fails the case when something does not happen in time.
pub(super) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what}: not within {PATIENCE:?}"),
    }
}

/// A server, and the connector to it.
pub(super) struct Scene {
    pub(super) connector: Arc<dyn Connector>,
    pub(super) acceptor: Box<dyn Acceptor>,
    pub(super) capabilities: Capabilities,
}

impl Scene {
    pub(super) async fn new(subject: &Subject) -> Self {
        let (connector, acceptor) = soon("the server starts", (subject.make)()).await;
        Self { connector, acceptor, capabilities: subject.capabilities.clone() }
    }

    /// The two ends of one connection: the client's and the server's.
    pub(super) async fn link(&mut self) -> (End, End) {
        let opening = self.capabilities.opening.clone();
        let dial = self.connector.dial();
        let dial = async {
            let mut client = End(dial.await.expect("a dial with a server"));
            if let Some(opening) = opening {
                client.say(Frame::Text(opening)).await;
                assert!(matches!(client.hear().await, Some(Ok(Frame::Text(_)))), "the opening is answered");
            }
            client
        };
        let accept = self.acceptor.accept();
        let (client, peer) = soon("a connection", async { tokio::join!(dial, accept) }).await;
        (client, End(peer))
    }
}

/// One end of a connection.
pub(super) struct End(pub(super) BoxConnection);

impl End {
    /// Sends a frame and flushes it.
    pub(super) async fn say(&mut self, frame: Frame) {
        soon("a frame is taken", self.0.send(frame)).await.expect("the connection is open");
    }

    /// Sends frames as one burst.
    pub(super) async fn say_all(&mut self, frames: &[Frame]) {
        let sent = async {
            for frame in frames {
                self.0.feed(frame.clone()).await?;
            }
            self.0.flush().await
        };
        soon("a burst is taken", sent).await.expect("the connection is open");
    }

    /// The next frame, or how there is none.
    pub(super) async fn hear(&mut self) -> Option<io::Result<Frame>> {
        soon("a frame, or the end", self.0.next()).await
    }

    /// The next frame that is no probe nor the answer to one.
    pub(super) async fn frame(&mut self) -> Frame {
        loop {
            match self.hear().await {
                Some(Ok(Frame::Ping | Frame::Pong)) => {}
                Some(Ok(frame)) => return frame,
                Some(Err(error)) => panic!("an error in place of a frame: {error}"),
                None => panic!("the end in place of a frame"),
            }
        }
    }

    /// Expects exactly these frames next.
    pub(super) async fn expect(&mut self, frames: &[Frame]) {
        for (at, expected) in frames.iter().enumerate() {
            let heard = self.frame().await;
            assert!(heard == *expected, "frame {at}: {} in place of {}", brief(&heard), brief(expected));
        }
    }

    /// Feeds a frame if the connection is ready for it at once, and flushes as far as it goes.
    pub(super) async fn try_feed(&mut self, frame: &Frame) -> io::Result<bool> {
        let connection = &mut self.0;
        poll_fn(|cx| {
            Poll::Ready(match connection.poll_ready_unpin(cx) {
                Poll::Pending => Ok(false),
                Poll::Ready(Err(error)) => Err(error),
                Poll::Ready(Ok(())) => connection.start_send_unpin(frame.clone()).and_then(|()| {
                    match connection.poll_flush_unpin(cx) {
                        Poll::Ready(Err(error)) => Err(error),
                        _ => Ok(true),
                    }
                }),
            })
        })
        .await
    }

    /// Whether the connection becomes ready within `limit`.
    pub(super) async fn ready_within(&mut self, limit: Duration) -> bool {
        let ready = poll_fn(|cx| self.0.poll_ready_unpin(cx));
        tokio::time::timeout(limit, ready).await.is_ok_and(|ready| ready.is_ok())
    }
}

/// Frame `number`, a text of `size` bytes, or of the least size that holds its number.
pub(super) fn text(number: usize, size: usize) -> Frame {
    let frame = |pad: &str| format!(r#"{{"number":{number},"pad":"{pad}"}}"#);
    let pad = size.saturating_sub(frame("").len());
    Frame::Text(Text::from(frame(&"x".repeat(pad))))
}

/// A frame in a message, without its bulk.
pub(super) fn brief(frame: &Frame) -> String {
    match frame {
        Frame::Text(text) => {
            let start: String = text.as_str().chars().take(40).collect();
            format!("a text of {} bytes ({start})", text.len())
        }
        Frame::Binary(bytes) => format!("{} bytes", bytes.len()),
        other => format!("{other:?}"),
    }
}
