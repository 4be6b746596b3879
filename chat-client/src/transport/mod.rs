//! How connections are made: two small traits, so that any transport can carry a session.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use chat_protocol::{Frame, ReplyError};
use futures::future::BoxFuture;
use futures::{Sink, Stream};

#[cfg(any(test, all(feature = "browser", target_family = "wasm", target_os = "unknown")))]
pub mod browser;
#[cfg(feature = "ws")]
pub mod ws;

/// One open connection: frames in both directions, in order.
///
/// What an implementation promises:
/// - Frames arrive whole, in the order in which they were sent; the stream ends when the peer closed.
/// - [`Frame::Close`] is yielded when the peer sent one, before the end of the stream; sent, it is the last frame.
/// - A [`Frame::Ping`] is answered by the implementation itself *and* yielded, because any frame proves that the peer
///   lives.
/// - Memory is bounded in both directions: a frame of more than 64 KiB is an error, and `poll_ready` waits while the
///   peer takes nothing.
/// - Dropping it frees everything at once.
///
/// Everything that has the right `Stream` and `Sink` is a connection.
pub trait Connection: Stream<Item = io::Result<Frame>> + Sink<Frame, Error = io::Error> + Send {}

impl<T: Stream<Item = io::Result<Frame>> + Sink<Frame, Error = io::Error> + Send> Connection for T {}

/// A connection of whichever kind.
pub type BoxConnection = Pin<Box<dyn Connection>>;

/// Opens connections to one server.
pub trait Connector: Send + Sync + 'static {
    /// Opens one connection. The client calls it again for each attempt, never two at once, and drops the future of
    /// an attempt that takes too long: that must leave nothing behind.
    fn dial(&self) -> BoxFuture<'static, Result<BoxConnection, DialError>>;
}

/// Why a connection could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// No attempt can succeed, because the configuration is wrong. The client ends.
    #[error("{0}")]
    Unusable(String),
    /// The server answered and gave one of the protocol's errors: what happens next is its word.
    #[error("refused: {}", .0.code.text())]
    Refused(ReplyError),
    /// Something on the way answered with an HTTP status and no error of the protocol, such as a proxy.
    #[error("HTTP status {status} instead of a connection")]
    Status {
        /// The status.
        status: u16,
        /// How long the answer asks to wait.
        retry_after: Option<Duration>,
    },
    /// Nothing answered.
    #[error("{0}")]
    Unreachable(String),
}
