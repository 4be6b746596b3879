//! Commands about rooms and their members.

use serde::{Deserialize, Serialize};

use crate::patch::given;
use crate::skip::is_no;
use crate::{
    Access, ClientRoomId, Cursor, DeskStatus, HistoryVisibility, Patch, RequestId, Role, RoomId, RoomInfo,
    RoomKind, RoomNumber, Timestamp, UserId,
};

/// Makes a room; the creator is its owner and follows it. Answered with `{"room": state, "created": bool}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Create {
    /// Repeated in the reply.
    pub id: RequestId,
    /// What it is for. Desks are made by an operator.
    pub kind: RoomKind,
    /// Its id, chosen by the creator; absent: chosen by the server. Must not begin with `~`. Direct rooms have a
    /// derived id and take none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// My name for this creation: repeated, it gives the first room again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_room_id: Option<ClientRoomId>,
    /// Who may join. Direct rooms are always by invitation.
    #[serde(default)]
    pub access: Access,
    /// From where on members read its messages.
    #[serde(default)]
    pub history: HistoryVisibility,
    /// Name, picture and the like. A direct room has none of it.
    #[serde(flatten)]
    pub info: RoomInfo,
    /// Other members from the start, at most 100. A direct room names exactly one: the other side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<UserId>,
    /// The support case, for kind `desk`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<NewDesk>,
    /// The room's number in the whole server, by which some older systems name it. Only an operator gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<RoomNumber>,
    /// Who is its owner instead of me. Only an operator says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
}

/// A support case to be made. It begins `open`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewDesk {
    /// Whose agents answer: letters, digits and `_`, at most 128 bytes.
    pub organization: String,
    /// The user who asks.
    pub client: UserId,
}

/// Becomes a member and follows the room. Answered with `{"room": state, "created": bool}`; already being a member is no error.
///
/// In an open room I become a `member`, of a channel a `reader`, also where everybody has left: who runs such a room again says
/// the operator. A desk is joined by its organization's agents, and by its client who left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Join {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
}

/// Stops being a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Leave {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
}

/// Adds members. Needs an owner or admin, in a direct room nobody can.
///
/// Who is added is a member at once and may leave. Answered with `{"added":[...]}`, those who were no members before; a
/// user who blocked me, or is banned from the room, refuses the whole command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invite {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// Whom to add, 1 to 100.
    pub users: Vec<UserId>,
    /// Their role, not above mine and not `owner`; absent: what joiners of the room get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// Ends another's membership. Needs an owner or admin, of a higher role than the user's.
///
/// The user may join again where the room is open: `ban` prevents that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Kick {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// Who has to go.
    pub user: UserId,
    /// Why, told to the room's members; at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Keeps a user out of the room; a member is kicked first. Needs an owner or admin, of a higher role than the user's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ban {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// Whom to keep out.
    pub user: UserId,
    /// Until when; absent: until `unban`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why, told to the room's members; at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Lets a banned user join or be added again; who is not banned is no error. Needs an owner or admin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unban {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// Whom.
    pub user: UserId,
}

/// Changes a member's role. Needs an owner or admin; nobody gives a role above the own or changes that of an equal.
///
/// Giving `owner` to another makes the former owner an admin: a room has one owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetRole {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// Whose.
    pub user: UserId,
    /// The role from now on.
    pub role: Role,
}

/// Lists members, owners and admins first, then by id. Answered with a page of members.
///
/// With `banned: true` it lists who may not become a member, by id, instead; that needs an owner or admin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Members {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// Where the last page ended; absent: from the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Greatest number of members, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Banned users instead of members.
    #[serde(default, skip_serializing_if = "is_no")]
    pub banned: bool,
}

/// Keeps a user away from me: no messages in our direct room, no presence, no adding me to rooms. The user is not told.
///
/// While it lasts I do not watch the user's presence either, do not add the user to rooms, and what I read in our direct room is
/// read in private.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Block {
    /// Repeated in the reply.
    pub id: RequestId,
    /// Whom.
    pub user: UserId,
}

/// Ends a block; who is not blocked is no error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unblock {
    /// Repeated in the reply.
    pub id: RequestId,
    /// Whom.
    pub user: UserId,
}

/// Changes a room's data, or my own settings of it, or both; what is absent stays.
///
/// `data` needs an owner or admin and is told to all members by a `room` packet, `settings` are mine alone and told to my
/// devices by a `user` packet. Answered with `{"offset"?,"user_offset"?,"ts"}`, of what changed.
///
/// ```
/// use chat_protocol::{Command, Patch, decode};
/// let json = br#"{"set":{"id":"1","room":"r1","data":{"topic":null,"name":"Plans"},"settings":{"pinned":true}}}"#;
/// let Command::Set(set) = decode(json).unwrap() else { panic!() };
/// assert_eq!(set.data.unwrap().topic, Patch::Clear);
/// assert_eq!(set.settings.unwrap().pinned, Some(true));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Set {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// Changes of the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<RoomPatch>,
    /// Changes of what the room is to me.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<SettingsPatch>,
}

/// Changes of a room's data: absent keeps, null clears where it may.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomPatch {
    /// Name for people, at most 256 bytes.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
    /// URL of a picture, at most 2048 bytes.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub avatar: Patch<String>,
    /// What it is about, at most 1024 bytes.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub topic: Patch<String>,
    /// Whatever the application keeps with the room, at most 8 KiB as JSON text. Replaced as a whole.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub custom: Patch<serde_json::Map<String, serde_json::Value>>,
    /// How long messages are kept, in seconds, at least 1; null: for ever. It holds for those that are there too.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub message_ttl_s: Patch<u64>,
    /// Who may join.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Access"))]
    pub access: Option<Access>,
    /// From where on members read its messages.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "HistoryVisibility"))]
    pub history: Option<HistoryVisibility>,
    /// State of the support case, for kind `desk`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "DeskStatus"))]
    pub status: Option<DeskStatus>,
}

/// Changes of what a room is to me: absent keeps, null clears where it may.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SettingsPatch {
    /// No pushes until then; null: pushes again.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub mute_until: Patch<Timestamp>,
    /// Whether it stands on top of my list.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "bool"))]
    pub pinned: Option<bool>,
    /// Whether it is out of my list until the next message.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "bool"))]
    pub archived: Option<bool>,
}
