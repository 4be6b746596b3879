//! Packets about messages after they were written.

use serde::{Deserialize, Serialize};

use crate::{Content, Emoji, Mentions, Offset, Open, RoomId, Seq, Timestamp, UserId};

/// A message's content was replaced. Its number, place and mentions stay.
///
/// ```
/// use chat_protocol::{Event, decode};
/// let json = br#"{"edited":{"room":"r1","offset":58,"seq":43,"from":"1","content":{"type":"text/plain","payload":{"text":"hi!"}},"ts":"2026-11-20T08:30:39.789Z"}}"#;
/// let Event::Edited(edited) = decode(json).unwrap() else { panic!() };
/// assert_eq!(edited.content.unwrap().text().as_deref(), Some("hi!"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Edited {
    /// The room.
    pub room: RoomId,
    /// Position in the room's log.
    pub offset: Offset,
    /// Number of the message.
    pub seq: Seq,
    /// Who wrote it; `~system` when the room hides the message from me.
    pub from: UserId,
    /// What it says now; absent when it was deleted since, which a `deleted` packet tells, and when the room hides the message
    /// from me, because it was written before I joined: then all that becomes of it, also a deletion or a reaction, is told in
    /// this way, so that the log has no hole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// Number of the message whose thread it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Seq>,
    /// When it was stored.
    pub ts: Timestamp,
}

/// A message was deleted for everyone. What is said of it is what a reader needs to count without having it.
///
/// ```
/// use chat_protocol::{Event, decode};
/// let json = br#"{"deleted":{"room":"r1","offset":59,"seq":43,"from":"1","by":"2","ts":"2026-11-20T08:30:39.789Z"}}"#;
/// let Event::Deleted(deleted) = decode(json).unwrap() else { panic!() };
/// assert!(deleted.mentions.is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Deleted {
    /// The room.
    pub room: RoomId,
    /// Position in the room's log.
    pub offset: Offset,
    /// Number of the message; it is not given to another.
    pub seq: Seq,
    /// Who wrote it.
    pub from: UserId,
    /// Who deleted it; absent: who wrote it, or its time had come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// Number of the message whose thread it belonged to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Seq>,
    /// Whom it called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mentions: Option<Mentions>,
    /// When it was stored.
    pub ts: Timestamp,
}

/// What happened to a reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReactionAction {
    /// The user has it now.
    Added,
    /// The user has it no more.
    Removed,
}

/// A user's reaction to a message came or went.
///
/// ```
/// use chat_protocol::{Event, decode};
/// let json = r#"{"reaction":{"room":"r1","offset":60,"seq":43,"from":"2","emoji":"👍","action":"added","count":3,"ts":"2026-11-20T08:30:39.789Z"}}"#;
/// let Event::Reaction(reaction) = decode(json.as_bytes()).unwrap() else { panic!() };
/// assert_eq!(reaction.count, 3);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reaction {
    /// The room.
    pub room: RoomId,
    /// Position in the room's log.
    pub offset: Offset,
    /// Number of the message.
    pub seq: Seq,
    /// Whose reaction it is.
    pub from: UserId,
    /// The reaction.
    pub emoji: Emoji,
    /// What happened.
    pub action: Open<ReactionAction>,
    /// How many users have this reaction to the message now.
    pub count: u64,
    /// When it was stored.
    pub ts: Timestamp,
}
