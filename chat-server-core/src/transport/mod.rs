//! How frames come and go.
//!
//! A [`Connection`] is any stream and sink of frames. [`Transport`] is for those that accept connections on their
//! own; an edge that is mounted into somebody else's server hands its connections to
//! [`ChatServer::serve_connection`](crate::ChatServer::serve_connection) itself. Either is proved by
//! [`transport_conformance!`](crate::transport_conformance), feature `conformance`.

mod link;
pub mod memory;

use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::{ErrorCode, Frame, RoomId, Text, UserId};
use futures::{Sink, Stream};

pub use link::link;

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

impl From<std::io::Error> for ConnectionError {
    fn from(error: std::io::Error) -> Self {
        Self::Lost(error.into())
    }
}

/// One open link: frames in and out. [`link`] makes one of any stream and sink of frames.
///
/// Guarantees, each with the case of [`transport_conformance!`](crate::transport_conformance) that checks it:
///
/// - Frames arrive in the order in which they were sent, in both directions (`frames_keep_their_order`).
/// - A text arrives as it was sent, whatever its size up to `max_frame` (`texts_of_every_size_arrive_whole`).
/// - `feed` takes frames without writing, `flush` writes what was fed and leaves nothing behind; the server feeds all that
///   waits, at most 64 KiB and one frame, and flushes once (`a_flush_leaves_nothing_behind`).
/// - What a [`DirectWriter`] writes keeps its place among the frames of the sink (`direct_writes_keep_their_order`).
/// - Probes (`Frame::Ping`) are answered by the peer's side of the transport and arrive here as `Frame::Pong`
///   (`a_probe_is_answered_by_itself`). A transport without probes answers in its peer's place once the peer took something.
/// - A frame that breaks a rule is handed on, or is [`ConnectionError::Peer`] with the rule's code: a binary frame, one that
///   is not UTF-8, one larger than `max_frame`. The last is best refused before it is held in memory
///   (`what_breaks_a_rule_has_its_code`).
/// - The stream ends when the link does, also when the peer vanishes (`a_peer_that_left_is_noticed`).
/// - `Frame::Close` reaches the peer with its code (`the_last_word_has_its_code`), and nothing follows it
///   (`nothing_follows_the_last_word`).
/// - A `flush` waits while the peer takes nothing: so the server finds slow readers. A `feed` does not wait even then, so that
///   the last word gets in behind what is unread, and is what a slow reader that reads on finds there, also when the
///   connection was dropped meanwhile (`a_slow_reader_is_cut_and_told`).
/// - What the server does not ask for stays where it is: the transport reads nothing, or little, ahead, and the peer notices
///   by its full link (`who_does_not_read_is_not_read_from`).
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

    /// Told when it is known whose the connection is, and which one room it is of, where it is of one: for what is shown to
    /// the operator. Frames may have passed before. Nothing, the default, is always right.
    fn belongs_to(&mut self, user: &UserId, room: Option<&RoomId>) {
        _ = (user, room);
    }
}

impl Connection for Box<dyn Connection> {
    fn direct_writer(&self) -> Option<Arc<dyn DirectWriter>> {
        self.as_ref().direct_writer()
    }

    fn belongs_to(&mut self, user: &UserId, room: Option<&RoomId>) {
        self.as_mut().belongs_to(user, room);
    }
}

/// Writes text frames at once, from any thread, without the connection's task (`direct_writes_keep_their_order`).
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
///
/// What its connections guarantee is said at [`Connection`]; and
///
/// - it hands each one over as soon as it is open: what the peer says first is the session's to judge, and who says nothing
///   keeps nobody else out (`a_silent_peer_holds_up_nobody`).
#[async_trait]
pub trait Transport: Send + Sync {
    /// The next connection; `None` when there will be no more. Cancel-safe.
    async fn accept(&self) -> Option<(Box<dyn Connection>, PeerInfo)>;
}
