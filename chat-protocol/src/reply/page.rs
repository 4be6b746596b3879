//! Results that are lists.

use serde::{Deserialize, Serialize};

use crate::{
    ClientMsgId, Content, Cursor, Desk, DeviceId, Member, Mentions, Message, RoomId, RoomState, Seq,
    SessionId, Timestamp, UserId,
};

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
    /// The members, owners and admins first, then by id. None, when banned users were asked for.
    pub members: Vec<Member>,
    /// The banned users, by id, when they were asked for. One whose ban has ended is not among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub banned: Vec<BannedUser>,
    /// Where the next page begins; absent: this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// A user who may not become a member of a room.
///
/// ```
/// use chat_protocol::reply::BannedUser;
/// let json = r#"{"user":"3","reason":"spam","by":"1","ts":"2026-11-20T08:30:39.789Z"}"#;
/// let banned: BannedUser = serde_json::from_str(json).unwrap();
/// assert_eq!(banned.until, None);
/// assert_eq!(serde_json::to_string(&banned).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BannedUser {
    /// Who it is.
    pub user: UserId,
    /// Until when; absent: until `unban`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why, in the words of who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who did it.
    pub by: UserId,
    /// When it was stored.
    pub ts: Timestamp,
}

/// A user whom I block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BlockedUser {
    /// Who it is.
    pub user: UserId,
    /// Since when.
    pub ts: Timestamp,
}

/// Result of `blocks`: one page.
///
/// ```
/// use chat_protocol::reply::BlocksPage;
/// let json = r#"{"users":[{"user":"2","ts":"2026-11-20T08:30:39.789Z"}]}"#;
/// let page: BlocksPage = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&page).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BlocksPage {
    /// The users, by id.
    pub users: Vec<BlockedUser>,
    /// Where the next page begins; absent: this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// A message of mine that waits for its time: what its `send` said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScheduledMessage {
    /// The room.
    pub room: RoomId,
    /// My name for it, by which `cancel` takes it back.
    pub client_msg_id: ClientMsgId,
    /// What it will say.
    pub content: Content,
    /// Number of the message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// Number of the message whose thread it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Seq>,
    /// Whom it calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mentions: Option<Mentions>,
    /// When it will be sent.
    pub send_at: Timestamp,
}

/// Result of `scheduled`: one page.
///
/// A page may hold fewer messages than asked for, because it never exceeds a frame.
///
/// ```
/// use chat_protocol::reply::ScheduledPage;
/// let json = r#"{"messages":[{"room":"r1","client_msg_id":"01J","content":{"type":"text/plain","payload":{"text":"hi"}},"send_at":"2026-12-20T08:30:39.789Z"}]}"#;
/// let page: ScheduledPage = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&page).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScheduledPage {
    /// The messages, the earliest first.
    pub messages: Vec<ScheduledMessage>,
    /// Where the next page begins; absent: this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// One support case of an organization: what a line in its list shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeskEntry {
    /// The room.
    pub room: RoomId,
    /// Whose case it is, and how it stands.
    pub desk: Desk,
    /// The room's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many members it has: with its client alone nobody answers yet.
    pub members: u64,
    /// Number of its newest message.
    pub seq: Seq,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Support cases of an organization: one page.
///
/// ```
/// use chat_protocol::reply::DesksPage;
/// let json = r#"{"organization":"acme","desks":[{"room":"d1","desk":{"organization":"acme","client":"1","status":"open"},"members":1,"seq":3,"created_at":"2026-11-20T08:30:39.789Z"}]}"#;
/// let page: DesksPage = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&page).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DesksPage {
    /// The organization.
    pub organization: String,
    /// Its cases, those made last first.
    pub desks: Vec<DeskEntry>,
    /// Where the next page begins; absent: this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// Result of `search`: one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SearchPage {
    /// The messages, newest first, without reactions. What I deleted for myself is not among them.
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
    /// Its newest message that I may read and did not delete for myself, without reactions; absent when there is none, or I
    /// deleted the newest fifty.
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
    /// Name of the installation, as `device` gave it; absent: it has none.
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
