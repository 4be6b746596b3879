//! Rooms and their members.

use serde::{Deserialize, Serialize};

use crate::{Offset, RoomId, Seq, Timestamp};

/// What a room is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// Two users, or one with oneself. One room per pair, with a derived id.
    Direct,
    /// Some people, all of whom write.
    Group,
    /// Few write, many read: members join as readers.
    Channel,
    /// A support case: a client and the agents of an organization.
    Desk,
}

/// Who may join a room without being asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Everyone who knows its id.
    Open,
    /// Nobody: members are added by others.
    #[default]
    Invite,
}

/// A member's rights in one room, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Made the room; may do everything.
    Owner,
    /// Manages members and messages.
    Admin,
    /// Reads and writes.
    Member,
    /// Reads.
    Reader,
}

impl Role {
    /// Whether the role may write messages and tell that it is typing.
    pub fn may_write(self) -> bool {
        self != Role::Reader
    }
}

/// A room as one of its members sees it now.
///
/// ```
/// use chat_protocol::RoomState;
/// let json = r#"{"room":"lobby","kind":"group","access":"open","role":"member","seq":43,"offset":57,"oldest_seq":1,"members":3,"read":40,"unread":2,"ts":"2026-11-20T08:30:39.789Z"}"#;
/// let state: RoomState = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&state).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomState {
    /// The room.
    pub room: RoomId,
    /// What it is for.
    pub kind: RoomKind,
    /// Who may join.
    pub access: Access,
    /// Name for people; direct rooms have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// My role.
    pub role: Role,
    /// Number of the newest message; 0 when there is none.
    pub seq: Seq,
    /// Head of the room's log.
    pub offset: Offset,
    /// Number of the oldest message that can still be read.
    pub oldest_seq: Seq,
    /// How many members it has.
    pub members: u64,
    /// How far I have read.
    pub read: Seq,
    /// Messages of others after `read`.
    pub unread: u64,
    /// When it last changed.
    pub ts: Timestamp,
}
