//! Results that are lists.

use serde::{Deserialize, Serialize};

use crate::{Cursor, DeviceId, Member, Message, RoomId, RoomState, SessionId, Timestamp};

/// Result of `members`: one page.
///
/// ```
/// use chat_protocol::reply::MembersPage;
/// let page: MembersPage = serde_json::from_str(r#"{"room":"r1","members":[],"next":"2"}"#).unwrap();
/// assert!(page.next.is_some());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MembersPage {
    /// The room.
    pub room: RoomId,
    /// The members, owners and admins first, then by id.
    pub members: Vec<Member>,
    /// Where the next page begins; absent: this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// Result of `search`: one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SearchPage {
    /// The messages, newest first, without reactions.
    pub hits: Vec<Message>,
    /// Where the next page begins; absent: this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// One room of an inbox: what a line in a list of chats shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InboxEntry {
    /// The room as I see it.
    pub state: RoomState,
    /// Its newest message, without reactions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Message>,
    /// In a direct room: whether the other user is online; absent when I may not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_online: Option<bool>,
    /// In a direct room: when the other user's last session ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_last_seen: Option<Timestamp>,
    /// In a direct room: the other user's name, from the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_name: Option<String>,
    /// In a direct room: URL of the other user's picture, from the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_avatar: Option<String>,
}

/// Counts over all rooms of mine that are neither muted nor archived: what a badge shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InboxTotals {
    /// Unread messages.
    pub unread: u64,
    /// Unread messages that mention me, muted rooms included.
    pub mentions: u64,
    /// Rooms with unread messages.
    pub rooms: u64,
}

/// Result of `inbox`: one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InboxPage {
    /// The rooms, pinned ones first, then by latest activity.
    pub rooms: Vec<InboxEntry>,
    /// Counts over all rooms, whatever the page.
    pub totals: InboxTotals,
    /// Where the next page begins; absent: this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// A session of mine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionEntry {
    /// Its id.
    pub session_id: SessionId,
    /// The installation that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// Name of the installation, as `device` gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The wire format that it speaks: `native`, or one of the dialects.
    pub dialect: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last heard.
    pub seen_at: Timestamp,
    /// Whether it has a connection now.
    pub connected: bool,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Result of `sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionsData {
    /// My sessions, the most recently heard first; at most 100, and no more than fit into a frame.
    pub sessions: Vec<SessionEntry>,
}
