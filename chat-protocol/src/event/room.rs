//! Packets about rooms and their members.

use serde::{Deserialize, Serialize};

use crate::{
    Access, Desk, HistoryVisibility, Offset, Open, Role, RoomId, RoomInfo, RoomKind, Seq, Timestamp, UserId,
};

/// What happened to a membership. `joined` makes one member more; `left` and `kicked` one less; the others none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MemberAction {
    /// The user is a member now, by joining or by being added.
    Joined,
    /// The user is no member any more, by its own will, or because it was deleted: in direct rooms, too.
    Left,
    /// The user is no member any more, by another's.
    Kicked,
    /// The user may not become a member until `until`. Who was one is `kicked` first.
    Banned,
    /// The user may become a member again.
    Unbanned,
    /// The member has another role now.
    Role,
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
    pub action: Open<MemberAction>,
    /// The role that the user has now; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Open<Role>>,
    /// Who did it; absent when it was the user itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// For `banned`: until when; absent: until `unbanned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why, in the words of who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was stored.
    pub ts: Timestamp,
}

impl MemberChanged {
    /// A change that the user made itself, and for which nothing more is to be said.
    pub fn new(room: RoomId, offset: Offset, user: UserId, action: MemberAction, ts: Timestamp) -> Self {
        Self {
            room,
            offset,
            user,
            action: action.into(),
            role: None,
            by: None,
            until: None,
            reason: None,
            ts,
        }
    }
}

/// What happened to a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoomAction {
    /// The first entry of every room's log.
    Created,
    /// Its data changed: everything that the packet says is how it is now.
    Changed,
    /// The messages before `oldest_seq` are forgotten, and their part of the log. Whoever had unread ones among them
    /// reads the room's state again.
    Trimmed,
}

/// A change of a room itself, in its log. It says the room's data as they are after it; only `access` and `history` may be
/// left out where nothing changed them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomChanged {
    /// The room.
    pub room: RoomId,
    /// Position in the room's log.
    pub offset: Offset,
    /// What happened.
    pub action: Open<RoomAction>,
    /// What the room is for.
    pub kind: Open<RoomKind>,
    /// Who may join now; absent: as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Open<Access>>,
    /// From where on members read its messages now; absent: as before. Where it is not what the room's state says, I can read
    /// more of the room or less than before, and other messages are unread: drop its messages, read its state again with a
    /// `follow` without `offset`, and `history` where you need it. Members, bans and pointers stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<Open<HistoryVisibility>>,
    /// Name, picture and the like now.
    #[serde(flatten)]
    pub info: RoomInfo,
    /// The support case now, for kind `desk`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<Desk>,
    /// For `trimmed`: number of the oldest message that can still be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_seq: Option<Seq>,
    /// Who did it.
    pub by: UserId,
    /// When it was stored.
    pub ts: Timestamp,
}
