//! Events: all that a server may say.

mod message;
mod room;
mod state;
mod sync;
mod user;

pub use message::{Deleted, Edited, Reaction, ReactionAction};
pub use room::{MemberAction, MemberChanged, RoomAction, RoomChanged};
pub use state::{Presence, PresenceState, Reads};
pub use sync::{Outcome, Pong, Resumed, System, SystemKind};
pub use user::{UserChange, UserChanged};

use crate::packet::packets;
use crate::{Message, Reply};

packets! {
    /// One packet of the server, as one frame.
    ///
    /// ```
    /// use chat_protocol::Event;
    /// let json = r#"{"reads":{"room":"r1","from":"2","read":43,"ts":"2026-11-20T08:30:39.789Z"}}"#;
    /// let event: Event = serde_json::from_str(json).unwrap();
    /// assert_eq!(event.kind(), "reads");
    /// assert_eq!(serde_json::to_string(&event).unwrap(), json);
    /// ```
    Event, "frame", "Packet", "one object with one key that names the packet" {
        /// Answer to a command.
        Reply(Reply) = "reply",
        /// A message was stored.
        Message(Message) = "message",
        /// A message's content was replaced.
        Edited(Edited) = "edited",
        /// A message was deleted.
        Deleted(Deleted) = "deleted",
        /// A reaction came or went.
        Reaction(Reaction) = "reaction",
        /// A membership changed.
        Member(MemberChanged) = "member",
        /// A room was made or its data changed.
        Room(RoomChanged) = "room",
        /// Something changed that concerns me alone.
        User(UserChanged) = "user",
        /// A member's pointers moved.
        Reads(Reads) = "reads",
        /// Presence and typing: true now or gone, never stored.
        Pres(Presence) = "pres",
        /// Where one log stands after `auth`, `resume` or `follow`.
        Resumed(Resumed) = "resumed",
        /// About the connection itself.
        System(System) = "system",
        /// Answer to `ping`.
        Pong(Pong) = "pong",
    }
}
