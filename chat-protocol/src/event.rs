//! Events: all that a server may say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::packet::packets;
use crate::{
    Epoch, Message, Offset, Reply, RequestId, Role, RoomId, RoomKind, RoomState, Seq, Timestamp, UserId,
    UserOffset,
};

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
    Event, "one object with one key that names the packet" {
        /// Answer to a command.
        Reply(Reply) = "reply",
        /// A message was stored.
        Message(Message) = "message",
        /// A membership changed.
        Member(MemberChanged) = "member",
        /// A room was made or its data changed.
        Room(RoomChanged) = "room",
        /// Something changed that concerns me alone.
        User(UserChanged) = "user",
        /// A member's read pointer moved.
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

/// What happened to a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MemberAction {
    /// The user is a member now.
    Joined,
    /// The user is no member any more.
    Left,
}

/// A change of membership, in the room's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberChanged {
    /// The room.
    pub room: RoomId,
    /// Position in the room's log.
    pub offset: Offset,
    /// Whose membership it is.
    pub user: UserId,
    /// What happened.
    pub action: MemberAction,
    /// The role that the user has now; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Who did it; absent when it was the user itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// When it was stored.
    pub ts: Timestamp,
}

/// What happened to a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoomAction {
    /// The first entry of every room's log.
    Created,
}

/// A change of a room itself, in its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomChanged {
    /// The room.
    pub room: RoomId,
    /// Position in the room's log.
    pub offset: Offset,
    /// What happened.
    pub action: RoomAction,
    /// What the room is for.
    pub kind: RoomKind,
    /// Its name now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who did it.
    pub by: UserId,
    /// When it was stored.
    pub ts: Timestamp,
}

/// What happened in a user's own log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UserAction {
    /// I am a member of `room` now.
    RoomJoined,
    /// I am no member of `room` any more.
    RoomLeft,
    /// My read pointer of `room` moved to `read`, on whichever device.
    Read,
}

/// A change that concerns me alone, in my user log.
///
/// ```
/// use chat_protocol::event::UserChanged;
/// let json = r#"{"user_offset":9,"action":"read","room":"r1","read":43,"ts":"2026-11-20T08:30:39.789Z"}"#;
/// let changed: UserChanged = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&changed).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserChanged {
    /// Position in my user log.
    pub user_offset: UserOffset,
    /// What happened.
    pub action: UserAction,
    /// The room it is about.
    pub room: RoomId,
    /// The pointer, for `read`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Seq>,
    /// When it was stored.
    pub ts: Timestamp,
}

/// A member has read everything up to `read`. Not in the log: pointers are state, sent again with each `resumed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reads {
    /// The room.
    pub room: RoomId,
    /// Whose pointer it is.
    pub from: UserId,
    /// Everything up to this message is read.
    pub read: Seq,
    /// When it was stored.
    pub ts: Timestamp,
}

/// What is true of a user now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PresenceKind {
    /// Some session of the user lives. Sent to those who listen.
    Online,
    /// No session of the user lives any more. Sent to those who listen.
    Offline,
    /// The user writes in `room`. Sent to its followers.
    Typing,
    /// The user stopped writing in `room` without sending.
    StopTyping,
}

/// Presence or typing. Never stored, never replayed, dropped first when a reader is slow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Presence {
    /// What is true now.
    pub what: PresenceKind,
    /// Of whom.
    pub from: UserId,
    /// Where; absent for online and offline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// How long it holds if nothing renews it, in milliseconds; absent: until told otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// When it became true.
    pub ts: Timestamp,
}

/// How a log was resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every missed event was sent before this packet: nothing is missing.
    Recovered,
    /// The missed events were not sent: replace what you know by `state`, read history where you need it.
    Snapshot,
    /// As a snapshot, because the log no longer reaches back to your position; `oldest` is the first that it has.
    Trimmed,
    /// The room is not yours any more, or never was: forget it.
    Gone,
}

/// Where one log stands. Events after it are live and follow without a hole.
///
/// ```
/// use chat_protocol::event::Resumed;
/// let json = r#"{"id":"2","room":"r1","outcome":"recovered","epoch":"e","offset":57,"pointers":{"2":43}}"#;
/// let resumed: Resumed = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&resumed).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resumed {
    /// The command that asked, when one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// The room; absent: it is my user log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// How it went.
    pub outcome: Outcome,
    /// The present life of the logs.
    pub epoch: Epoch,
    /// My new position in the room; absent for `gone` and for the user log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
    /// My new position in the user log; absent for rooms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_offset: Option<UserOffset>,
    /// For `trimmed`: the oldest position that the log still has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Offset>,
    /// For `snapshot` and `trimmed` of a room: the room as it is at `offset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<RoomState>,
    /// Read pointers of members, at most 200.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pointers: BTreeMap<UserId, Seq>,
}

/// What a `system` packet is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SystemKind {
    /// The server stops soon: finish what is under way, reconnect after the close.
    Draining,
    /// `rooms` are mine but are not followed, because a session follows only so many.
    LeftOut,
}

/// Something about the connection itself.
///
/// ```
/// use chat_protocol::event::System;
/// let system: System = serde_json::from_str(r#"{"what":"draining","ts":"2026-11-20T08:30:39.789Z"}"#).unwrap();
/// assert!(system.rooms.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct System {
    /// What it is about.
    pub what: SystemKind,
    /// The rooms concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<RoomId>,
    /// When it was said.
    pub ts: Timestamp,
}

/// Answer to `ping`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pong {
    /// The ping's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// The server's time.
    pub ts: Timestamp,
}
