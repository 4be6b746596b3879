//! How nodes tell each other that something was stored.
//!
//! The log in storage is the truth, the bus only a hint: it may lose, repeat and reorder. A node that sees a hole
//! reads the log; a lost last hint is repaired by comparing heads on an interval.

pub mod memory;

use chat_protocol::event::UserChanged;
use chat_protocol::{Epoch, RoomId, UserId};
use futures::stream::BoxStream;

use crate::storage::LogEntry;

/// What one node tells the others.
#[derive(Debug, Clone)]
pub struct Hint {
    /// Who tells; nodes ignore their own.
    pub node: u128,
    /// The life of the logs that the positions belong to; others are ignored.
    pub epoch: Epoch,
    /// What was stored.
    pub news: News,
}

/// What was stored.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all news are of rooms, and a box is an allocation for each"
)]
pub enum News {
    /// An entry of a room's log.
    Room(RoomId, LogEntry),
    /// An entry of a user's log.
    User(UserId, UserChanged),
}

/// Tells other nodes.
pub trait Bus: Send + Sync {
    /// Whether anybody listens. The server makes no hints for nobody.
    fn has_peers(&self) -> bool;

    /// Tells the others. Never waits for them: what cannot be sent now is lost.
    fn publish(&self, hint: Hint);

    /// What the others tell from now on.
    fn subscribe(&self) -> BoxStream<'static, Hint>;
}
