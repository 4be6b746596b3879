//! Commands: all that a client may ask.
//!
//! Commands take effect in the order in which they are sent. Every command with an `id` is answered by exactly one
//! `reply` that repeats it; replies may come in another order. Where `id` is optional and absent,
//! success is silent and only errors are told.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::packet::packets;
use crate::{
    Access, ClientMsgId, ClientRoomId, Content, DeviceId, Epoch, HistoryQuery, Offset, RequestId, RoomId,
    RoomKind, Seq, SessionId, UserId, UserOffset, short_digest,
};

packets! {
    /// One command, as one frame.
    ///
    /// ```
    /// use chat_protocol::Command;
    /// let json = r#"{"send":{"id":"7","room":"r1","client_msg_id":"01J","content":{"type":"text/plain","payload":{"text":"hi"}},"reply_to":12}}"#;
    /// let command: Command = serde_json::from_str(json).unwrap();
    /// assert_eq!(command.kind(), "send");
    /// assert_eq!(serde_json::to_string(&command).unwrap(), json);
    /// ```
    Command, "one object with one key that names the command" {
        /// Say who I am.
        Auth(Auth) = "auth",
        /// Go on where I was.
        Resume(Resume) = "resume",
        /// Listen to a room that is mine.
        Follow(Follow) = "follow",
        /// Stop listening to a room, staying its member.
        Unfollow(Unfollow) = "unfollow",
        /// Make a room.
        Create(Create) = "create",
        /// Become a member.
        Join(Join) = "join",
        /// Stop being a member.
        Leave(Leave) = "leave",
        /// Write a message.
        Send(SendMessage) = "send",
        /// Move my read pointer.
        Read(MarkRead) = "read",
        /// Tell that I am writing.
        Typing(Typing) = "typing",
        /// Read older messages.
        History(History) = "history",
        /// Watch a user's presence.
        Listen(Listen) = "listen",
        /// Stop watching a user's presence.
        Unlisten(Unlisten) = "unlisten",
        /// Ask whether the other side is there.
        Ping(Ping) = "ping",
    }
}

impl Command {
    /// The command's id: what its reply repeats.
    pub fn id(&self) -> Option<&RequestId> {
        match self {
            Command::Auth(command) => Some(&command.id),
            Command::Resume(command) => Some(&command.id),
            Command::Follow(command) => Some(&command.id),
            Command::Unfollow(command) => Some(&command.id),
            Command::Create(command) => Some(&command.id),
            Command::Join(command) => Some(&command.id),
            Command::Leave(command) => Some(&command.id),
            Command::Send(command) => Some(&command.id),
            Command::Read(command) => command.id.as_ref(),
            Command::Typing(command) => command.id.as_ref(),
            Command::History(command) => Some(&command.id),
            Command::Listen(command) => Some(&command.id),
            Command::Unlisten(command) => Some(&command.id),
            Command::Ping(command) => command.id.as_ref(),
            Command::Unknown { .. } => None,
        }
    }
}

/// Authenticates the connection. It is the first command; repeated later by the same user it refreshes the token.
///
/// Answered with `{"user_id","session_id","epoch","user_offset","expires_at","limits"}`. After it the session follows
/// all rooms of the user, newest activity first, each told by one `resumed` packet with outcome `snapshot`; the
/// `resumed` packet of the user log comes last. A client that has positions says `follow: false` and sends `resume`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Auth {
    /// Repeated in the reply.
    pub id: RequestId,
    /// Credential. May be absent when the handshake carried one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The installation; absent for one that receives no pushes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// The session to go on with, from an earlier answer. Its old connection, if any, is closed. Correctness never
    /// depends on it: an unknown one is replaced by a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// Whether to follow all my rooms from now on; true when absent. False when a `resume` comes next.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub follow: bool,
}

/// The token is not shown.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("id", &self.id)
            .field("token", &self.token.as_ref().map(|_| "<redacted>"))
            .field("device_id", &self.device_id)
            .field("follow", &self.follow)
            .finish_non_exhaustive()
    }
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

/// Goes on after the named positions.
///
/// Each room is answered by its missed events, if they can be told, and then by one `resumed` packet; rooms of mine
/// that are not named are followed as after `auth`. The reply comes when all is told. A resume that would exceed a
/// frame is split into several: all but the last say `more: true`, and only the last adds the rooms not named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resume {
    /// Repeated in the reply and in every `resumed`.
    pub id: RequestId,
    /// The life of the logs that the positions belong to.
    pub epoch: Epoch,
    /// Position in my user log.
    pub user_offset: UserOffset,
    /// Position in each room.
    #[serde(default)]
    pub rooms: BTreeMap<RoomId, Offset>,
    /// Another part of the same resume follows: do not add rooms that were not named yet.
    #[serde(default, skip_serializing_if = "is_no")]
    pub more: bool,
}

fn is_no(value: &bool) -> bool {
    !*value
}

/// Listens to one room of mine. Answered by one `resumed` and the reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Follow {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// Go on after this position; absent: from now on, beginning with a snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
    /// The epoch of `offset`; absent: the present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
}

/// Stops listening to one room in this session. Membership stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unfollow {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
}

/// Makes a room; the creator is its owner and follows it. Answered with `{"room": state, "created": bool}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Create {
    /// Repeated in the reply.
    pub id: RequestId,
    /// What it is for; desks are made by the operator.
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
    /// Name for people, at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Other members from the start, at most 100. A direct room names exactly one: the other side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<UserId>,
}

/// Becomes a member and follows the room. Answered with `{"room": state}`; already being a member is no error.
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

/// Writes a message. Answered, once it is durable, with `{"seq","offset","duplicate","ts"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SendMessage {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// My name for the message. Sent again with the same body it gives the first answer again, with another body a
    /// conflict; without it a retry may store the message twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<ClientMsgId>,
    /// What to write, at most 16 KiB.
    pub content: Content,
    /// Number of the message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
}

impl SendMessage {
    /// 128 bits over everything that makes the body: two sends under one `client_msg_id` must agree in them.
    pub fn digest(&self) -> [u8; 16] {
        let mut all = self.content.canonical();
        all.extend_from_slice(&self.reply_to.unwrap_or_default().get().to_be_bytes());
        short_digest(&all)
    }
}

/// Moves my read pointer forward; a smaller number than before changes nothing.
///
/// The server stores pointers a few times a second and tells others afterwards. The reply, if an `id` asks for one,
/// comes when it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MarkRead {
    /// Repeated in the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// The room.
    pub room: RoomId,
    /// Everything up to this message is read.
    pub seq: Seq,
}

/// Tells the other followers that I am writing. It holds 6 seconds, or until my message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Typing {
    /// Repeated in the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// The room.
    pub room: RoomId,
    /// True: I stopped without sending. It only shortens the wait.
    #[serde(default, skip_serializing_if = "is_no")]
    pub stop: bool,
}

/// Reads one page of messages. Answered with a history page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// Which messages.
    #[serde(flatten)]
    pub query: HistoryQuery,
}

/// Watches a user's presence while this connection lasts. Answered with `{"user_id","online"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Listen {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The user to watch: someone with whom I share a room.
    pub user: UserId,
}

/// Stops watching a user's presence; not watching it is no error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unlisten {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The user.
    pub user: UserId,
}

/// Asks for a `pong`: liveness for clients that cannot send transport pings, such as browsers. Needs no
/// authentication.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ping {
    /// Repeated in the `pong`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
}
