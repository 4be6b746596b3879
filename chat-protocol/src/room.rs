//! Rooms and their members.

use serde::{Deserialize, Serialize};

use crate::skip::{is_no, is_zero};
use crate::{Offset, Open, RoomId, RoomNumber, Seq, Timestamp, UserId, limits};

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

/// From where on a member reads a room's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum HistoryVisibility {
    /// From the first on.
    #[default]
    All,
    /// A member reads only what was written since they joined.
    Joined,
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
    /// Every role, from most to least.
    pub const ALL: [Role; 4] = [Role::Owner, Role::Admin, Role::Member, Role::Reader];

    /// Who has the greater number may do more: a reader has 0.
    pub fn rank(self) -> u8 {
        match self {
            Role::Owner => 3,
            Role::Admin => 2,
            Role::Member => 1,
            Role::Reader => 0,
        }
    }

    /// Whether the role may write messages and tell that it is typing.
    pub fn may_write(self) -> bool {
        self != Role::Reader
    }
}

/// What a room is called and looks like. All of it is for people and applications; the server gives it no meaning.
///
/// ```
/// use chat_protocol::RoomInfo;
/// let info: RoomInfo = serde_json::from_str(r#"{"name":"Plans","custom":{"color":"red"}}"#).unwrap();
/// assert_eq!(info.name.as_deref(), Some("Plans"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomInfo {
    /// Name for people, at most 256 bytes. Direct rooms have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// URL of a picture, at most 2048 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// What it is about, at most 1024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Whatever the application keeps with the room, at most 8 KiB as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<serde_json::Map<String, serde_json::Value>>,
    /// How long messages are kept, in seconds; absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_ttl_s: Option<u64>,
}

/// State of a support case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeskStatus {
    /// Somebody of the organization has to act.
    Open,
    /// The client has to act.
    Pending,
    /// It is done.
    Closed,
}

/// A support case: who asks, and who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Desk {
    /// Whose agents answer: letters, digits and `_`, at most 128 bytes.
    pub organization: String,
    /// The user who asks.
    pub client: UserId,
    /// Where it stands.
    pub status: Open<DeskStatus>,
}

impl Desk {
    /// Whether a text can name an organization.
    ///
    /// ```
    /// use chat_protocol::Desk;
    /// assert!(Desk::is_organization("acme_2") && Desk::is_organization("Ошибка"));
    /// assert!(!Desk::is_organization("") && !Desk::is_organization("a b"));
    /// ```
    pub fn is_organization(name: &str) -> bool {
        (1..=limits::MAX_ORGANIZATION).contains(&name.len())
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    }
}

/// What a room is to me alone.
///
/// ```
/// use chat_protocol::RoomSettings;
/// let settings: RoomSettings = serde_json::from_str(r#"{"pinned":true}"#).unwrap();
/// assert!(settings.pinned && !settings.archived);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomSettings {
    /// No pushes until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute_until: Option<Timestamp>,
    /// It stands on top of my list.
    #[serde(default, skip_serializing_if = "is_no")]
    pub pinned: bool,
    /// It is out of my list until the next message.
    #[serde(default, skip_serializing_if = "is_no")]
    pub archived: bool,
}

impl RoomSettings {
    /// Whether nothing was set.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// One member, as others see it.
///
/// ```
/// use chat_protocol::Member;
/// let json = r#"{"user":"2","role":"admin","name":"Ann Lee","joined_at":"2026-11-20T08:30:39.789Z","read":43}"#;
/// let member: Member = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&member).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Member {
    /// Who it is.
    pub user: UserId,
    /// The role in this room.
    pub role: Open<Role>,
    /// Name for people, from the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// URL of a picture, from the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// Since when.
    pub joined_at: Timestamp,
    /// Everything up to this message has arrived at some device; absent: nothing, or not told in a room of this size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<Seq>,
    /// Everything up to this message is read; absent: nothing, or not told in a room of this size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Seq>,
}

fn visible() -> Open<HistoryVisibility> {
    HistoryVisibility::All.into()
}

/// A room as one of its members sees it now.
///
/// ```
/// use chat_protocol::RoomState;
/// let json = r#"{"room":"lobby","kind":"group","access":"open","history":"all","role":"member","seq":43,"offset":57,"oldest_seq":1,"members":3,"read":40,"unread":2,"ts":"2026-11-20T08:30:39.789Z"}"#;
/// let state: RoomState = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&state).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomState {
    /// The room.
    pub room: RoomId,
    /// What it is for.
    pub kind: Open<RoomKind>,
    /// Who may join.
    pub access: Open<Access>,
    /// From where on members read its messages.
    #[serde(default = "visible")]
    pub history: Open<HistoryVisibility>,
    /// Name, picture and the like.
    #[serde(flatten)]
    pub info: RoomInfo,
    /// My role.
    pub role: Open<Role>,
    /// Number of the newest message; 0 when there is none.
    pub seq: Seq,
    /// Head of the room's log.
    pub offset: Offset,
    /// Number of the oldest message that I can read: the oldest that is kept, or with `history` `joined` the first since I
    /// joined, if that is later. Beyond `seq` when there is none.
    pub oldest_seq: Seq,
    /// How many members it has.
    pub members: u64,
    /// How far I have read.
    pub read: Seq,
    /// Messages of others after `read`, threads not counted; after `mark_unread`, those from its message on.
    pub unread: u64,
    /// How many of the unread ones mention me.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub mentions: u64,
    /// How far I have read without telling others, when that is further than `read`. Then `unread` counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_private: Option<Seq>,
    /// The first message that I marked unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_from: Option<Seq>,
    /// What the room is to me.
    #[serde(default, skip_serializing_if = "RoomSettings::is_default")]
    pub settings: RoomSettings,
    /// In a direct room: the other user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<UserId>,
    /// The support case, for kind `desk`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<Desk>,
    /// The room's number in the whole server, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<RoomNumber>,
    /// When it last changed.
    pub ts: Timestamp,
}

impl RoomState {
    /// A room without messages, as `me` sees it.
    pub fn new(room: RoomId, me: &UserId, kind: RoomKind, access: Access, role: Role) -> Self {
        Self {
            peer: room.peer_of(me),
            room,
            kind: kind.into(),
            access: access.into(),
            history: visible(),
            info: RoomInfo::default(),
            role: role.into(),
            seq: Seq::ZERO,
            offset: Offset::ZERO,
            oldest_seq: Seq::ZERO.next(),
            members: 0,
            read: Seq::ZERO,
            unread: 0,
            mentions: 0,
            read_private: None,
            unread_from: None,
            settings: RoomSettings::default(),
            desk: None,
            number: None,
            ts: Timestamp::default(),
        }
    }
}
