//! Packets of what is true now: pointers, presence and typing. None of it is in a log.

use serde::{Deserialize, Serialize};

use crate::{RoomId, Seq, Timestamp, UserId};

/// A member's pointers moved: at least one of `read` and `delivered` is there.
///
/// Not in the log: pointers are state, sent again with each `resumed`. Above a number of members that the operator sets
/// they are not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reads {
    /// The room.
    pub room: RoomId,
    /// Whose pointers they are.
    pub from: UserId,
    /// Everything up to this message is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Seq>,
    /// Everything up to this message has arrived at some device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<Seq>,
    /// The thread in which it was read; absent: the main line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Seq>,
    /// When it was stored.
    pub ts: Timestamp,
}

/// What is true of a user, or of a room, now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "what", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PresenceState {
    /// Some session of the user lives. Sent to those who listen.
    Online {
        /// Who.
        from: UserId,
    },
    /// No session of the user lives any more. Sent to those who listen.
    Offline {
        /// Who.
        from: UserId,
        /// When the last one ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_seen: Option<Timestamp>,
    },
    /// The user writes in the room. Sent to its followers.
    Typing {
        /// Who.
        from: UserId,
        /// Where.
        room: RoomId,
        /// In the thread of this message; absent: in the main line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread: Option<Seq>,
        /// How long it holds if nothing renews it, in milliseconds.
        ttl_ms: u64,
    },
    /// The user stopped writing in the room without sending.
    StopTyping {
        /// Who.
        from: UserId,
        /// Where.
        room: RoomId,
        /// In the thread of this message; absent: in the main line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread: Option<Seq>,
    },
    /// How many do what in a room that is too large to tell each: said on an interval instead.
    Counts {
        /// Where.
        room: RoomId,
        /// How many members are online.
        online: u64,
        /// How many of them write.
        typing: u64,
    },
    /// Something that only a newer server knows.
    #[serde(other)]
    Unknown,
}

/// Presence or typing. Never stored, never replayed, dropped first when a reader is slow.
///
/// ```
/// use chat_protocol::event::{Presence, PresenceState};
/// let json = r#"{"what":"typing","from":"2","room":"r1","ttl_ms":6000,"ts":"2026-11-20T08:30:39.789Z"}"#;
/// let presence: Presence = serde_json::from_str(json).unwrap();
/// assert!(matches!(presence.state, PresenceState::Typing { ttl_ms: 6000, .. }));
/// assert_eq!(serde_json::to_string(&presence).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Presence {
    /// What is true now.
    #[serde(flatten)]
    pub state: PresenceState,
    /// When it became true.
    pub ts: Timestamp,
}
