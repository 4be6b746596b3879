//! How nodes tell each other that something was stored.
//!
//! The log in storage is the truth, the bus only a hint: it may lose, repeat and reorder. A node that sees a hole
//! reads the log; a lost last hint is repaired by comparing heads on an interval. `unreliable` has one that does all of that on
//! purpose (feature `conformance`).

pub mod memory;
#[cfg(feature = "conformance")]
pub mod unreliable;

use chat_protocol::event::UserChanged;
use chat_protocol::{Epoch, RoomId, UserId};
use futures::stream::BoxStream;

use crate::storage::LogEntry;

/// What one node tells the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Who tells; nodes ignore their own.
    pub node: u128,
    /// The life of the logs that the positions belong to; others are ignored.
    pub epoch: Epoch,
    /// What was stored.
    pub news: News,
}

/// What was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
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
///
/// It may lose, repeat and reorder: nodes order by offset, read the log when they see a hole, and compare heads on an
/// interval. Guarantees, each with the case of [`bus_conformance!`](crate::bus_conformance) that checks it:
///
/// - What arrives is what was told, in every part (`hints_arrive_as_they_were_told`).
/// - A hint goes to all other nodes that have subscribed; its own may hear it too (`every_other_node_hears_a_hint`).
/// - Telling never waits: who does not listen loses hints, and hears later ones (`nobody_waits_for_a_slow_node`).
/// - A subscription lasts as long as its node; a node that goes changes nothing for the others
///   (`a_node_that_leaves_disturbs_nobody`).
/// - A node knows whether it has peers; a bus that cannot know says so always (`a_node_knows_whether_it_has_peers`).
pub trait Bus: Send + Sync {
    /// Whether anybody else listens: the server makes no hints for nobody, and compares no heads. A bus that cannot know
    /// says yes.
    fn has_peers(&self) -> bool;

    /// Tells the others. Never waits for them: what cannot be sent now is lost.
    fn publish(&self, hint: Hint);

    /// What the others tell from now on.
    fn subscribe(&self) -> BoxStream<'static, Hint>;
}
