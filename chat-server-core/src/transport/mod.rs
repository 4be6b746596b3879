//! How frames come and go.
//!
//! A [`Connection`] is any stream and sink of frames. [`Transport`] is for those that accept connections on their
//! own; an edge that is mounted into somebody else's server hands its connections to
//! [`ChatServer::serve_connection`](crate::ChatServer::serve_connection) itself.

pub mod memory;

use async_trait::async_trait;
use chat_protocol::{ErrorCode, Frame};
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
}

impl<T> Connection for T where
    T: Stream<Item = Result<Frame, ConnectionError>> + Sink<Frame, Error = ConnectionError> + Send + Unpin
{
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
