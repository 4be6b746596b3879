//! Results of commands.

use serde::{Deserialize, Serialize};

use crate::{Epoch, Offset, RoomState, Seq, SessionId, Timestamp, UserId, UserOffset};

/// Result of `auth`.
///
/// ```
/// use chat_protocol::reply::AuthData;
/// let json = r#"{"user_id":"1","session_id":"s","epoch":"e","user_offset":9,"limits":{"max_frame":65536,"max_content":16384,"max_history_page":100,"max_rooms_followed":1000,"max_in_flight":64,"typing_ttl_ms":6000}}"#;
/// let data: AuthData = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&data).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuthData {
    /// Who I am.
    pub user_id: UserId,
    /// Name it in the next `auth` to go on with this session.
    pub session_id: SessionId,
    /// The present life of the logs.
    pub epoch: Epoch,
    /// Head of my user log.
    pub user_offset: UserOffset,
    /// When the token expires; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// What this server takes.
    pub limits: Limits,
}

/// What a server takes, told after `auth`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Limits {
    /// Greatest frame in bytes, in either direction.
    pub max_frame: u64,
    /// Greatest content of one message in bytes.
    pub max_content: u64,
    /// Greatest number of messages in one page of history.
    pub max_history_page: u32,
    /// Greatest number of rooms that one session follows.
    pub max_rooms_followed: u32,
    /// Greatest number of unanswered commands; the server reads no further until one is answered.
    pub max_in_flight: u32,
    /// How long a `typing` holds, in milliseconds: who goes on writing says it again before that.
    pub typing_ttl_ms: u64,
}

/// Result of `send`: the message is durable.
///
/// ```
/// use chat_protocol::reply::SendData;
/// let json = r#"{"seq":43,"offset":57,"duplicate":false,"ts":"2026-11-20T08:30:39.789Z"}"#;
/// let data: SendData = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&data).unwrap(), json);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SendData {
    /// Number of the message.
    pub seq: Seq,
    /// Its position in the room's log.
    pub offset: Offset,
    /// True: it was stored by an earlier send with the same `client_msg_id`, and these are its values.
    pub duplicate: bool,
    /// When it was stored.
    pub ts: Timestamp,
}

/// Result of `create` and `join`: the room as it is now.
///
/// Where the session stands in the room's log is said by the `resumed` packet before; `room.offset` may be further, and
/// then the events in between are told too. A session that follows as many rooms as it may does not follow this one:
/// a `system` packet says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomData {
    /// The room as I see it.
    pub room: RoomState,
    /// False: it was there, or I was a member, before.
    pub created: bool,
}

/// Result of `listen`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListenData {
    /// The user that is watched now.
    pub user: UserId,
    /// Whether the user is online now.
    pub online: bool,
    /// When the last session ended; absent while one lives, or when it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
}

/// Result of `read`: where the pointer stands, which may be further than asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadData {
    /// Everything up to this message is read.
    pub read: Seq,
}

/// Result of a `send` with `send_at`: the order is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScheduleData {
    /// When it will be sent.
    pub send_at: Timestamp,
    /// True: an earlier send with the same `client_msg_id` ordered it. It waits, or was sent.
    pub duplicate: bool,
}

/// Result of `edit`, `delete`, `react`, `unreact`, `role`, `kick`, `ban` and `unban`: the change is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangeData {
    /// Its position in the room's log, or that of the earlier change that made it needless.
    pub offset: Offset,
    /// When it was stored.
    pub ts: Timestamp,
}

/// Result of `set`, and of a `delete` with `for_me`: positions of what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetData {
    /// In the room's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
    /// In my user log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_offset: Option<UserOffset>,
    /// When it was stored.
    pub ts: Timestamp,
}

/// Result of `invite`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InviteData {
    /// Who became a member; the others were.
    pub added: Vec<UserId>,
}

/// Result of `revoke`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RevokeData {
    /// How many sessions were ended.
    pub revoked: u64,
}

/// What was uploaded, to be named in a message's content.
///
/// ```
/// use chat_protocol::reply::Uploaded;
/// let json = r#"{"url":"/v1/uploads/0b5c.png","name":"plan.png","size":10240,"type":"image/png"}"#;
/// let uploaded: Uploaded = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&uploaded).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Uploaded {
    /// Address of the bytes, for members of the room that it was uploaded to. They are there as long as a message of that room
    /// names the address, and at first for a day, or as long as the operator has set.
    pub url: String,
    /// Name that the file had.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// Media type, as the server found it.
    #[serde(rename = "type")]
    pub kind: String,
}

/// The agents of an organization: who sees its desks and answers there.
///
/// ```
/// use chat_protocol::reply::AgentsData;
/// let json = r#"{"organization":"acme","agents":["2","3"]}"#;
/// let data: AgentsData = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&data).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AgentsData {
    /// The organization: letters, digits and `_`, at most 128 bytes.
    pub organization: String,
    /// Its agents, by id, at most 1000. An organization of which nothing was said has none.
    pub agents: Vec<UserId>,
}

/// A user, as the directory knows it.
///
/// ```
/// use chat_protocol::reply::UserEntry;
/// let user: UserEntry = serde_json::from_str(r#"{"user":"2","name":"Ann Lee"}"#).unwrap();
/// assert_eq!(user.online, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserEntry {
    /// Who it is.
    pub user: UserId,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// URL of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// Whether some session of the user lives; absent when I may not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online: Option<bool>,
    /// When the last session ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
}
