//! How frames come and go.
//!
//! A [`Connection`] is any stream and sink of frames. [`Transport`] is for those that accept connections on their
//! own; an edge that is mounted into somebody else's server hands its connections to
//! [`ChatServer::serve_connection`](crate::ChatServer::serve_connection) itself.

pub mod memory;

use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::{ErrorCode, Frame, Text};
use futures::{Sink, Stream};

/// Why a connection cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The peer broke a rule; the connection is closed with the code's close code.
    #[error("the peer broke a rule: {0}")]
    Peer(ErrorCode),
    /// The link is gone.
    #[error("the connection is lost: {0}")]
    Lost(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// One open link: frames in and out.
///
/// The stream ends when the link does. `feed` takes frames without writing, `flush` writes what was fed; the server
/// feeds all that waits and flushes once. Probes (`Frame::Ping`) are answered by the peer's transport and arrive
/// here as `Frame::Pong`. After `Frame::Close` was sent, nothing more is.
pub trait Connection:
    Stream<Item = Result<Frame, ConnectionError>> + Sink<Frame, Error = ConnectionError> + Send + Unpin
{
    /// A way to write text frames beside the sink; asked for once, before anything is sent.
    ///
    /// `None`, the default, is always right. With one, a message to a thousand readers is a thousand writes and not
    /// a thousand woken tasks as well.
    fn direct_writer(&self) -> Option<Arc<dyn DirectWriter>> {
        None
    }
}

impl Connection for Box<dyn Connection> {
    fn direct_writer(&self) -> Option<Arc<dyn DirectWriter>> {
        self.as_ref().direct_writer()
    }
}

/// Writes text frames at once, from any thread, without the connection's task.
///
/// The server never calls it while it writes through the sink, nor from two threads at a time.
pub trait DirectWriter: std::fmt::Debug + Send + Sync {
    /// Writes the frames behind everything that was written before, in one system call if it can, and never waits.
    ///
    /// What the link does not take at once is kept and goes out with the next `flush` of the sink, before anything
    /// that is fed later. A link that is broken keeps all of it: the flush finds the failure and tells it.
    fn write(&self, frames: &[Text]) -> DirectWrite;
}

/// What became of a direct write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectWrite {
    /// All of it is on its way.
    Whole,
    /// Some of it is kept: the sink must be flushed.
    Unfinished,
}

/// What the transport knows of the other side.
#[derive(Clone, Default)]
pub struct PeerInfo {
    /// Address, for the operator's log.
    pub address: Option<String>,
    /// Credential of the handshake, used by an `auth` that carries none.
    pub token: Option<String>,
}

impl std::fmt::Debug for PeerInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let token = self.token.as_ref().map(|_| "<redacted>");
        f.debug_struct("PeerInfo").field("address", &self.address).field("token", &token).finish()
    }
}

/// Something that accepts connections.
#[async_trait]
pub trait Transport: Send + Sync {
    /// The next connection; `None` when there will be no more. Cancel-safe.
    async fn accept(&self) -> Option<(Box<dyn Connection>, PeerInfo)>;
}
