//! What a server of `chats` sends.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use super::{BadInput, Chat, MessageEntry, MessageId, MessageRef, User};
use crate::Timestamp;
use crate::dialect::{Micros, Seconds, WireUser};

/// A frame from server to client.
///
/// ```
/// use chat_protocol::dialect::chats::ServerFrame;
/// for json in [
///     r#"{"type":"user_typing","content":{"chat_id":"1_2","chat_type":"direct","user_id":1,"end_time":1677240005.123456}}"#,
///     r#"{"type":"message_read","content":{"chat_id":"1_2","chat_type":"direct","user_id":2,"message_id":17}}"#,
///     r#"{"type":"delete_message","content":{"chat_id":"1_2","chat_type":"direct","message_id":17}}"#,
///     r#"{"type":"set_online","user_id":1,"content":{"user_id":1}}"#,
///     r#"{"error":"User 3 is not a member of chat 1_2"}"#,
/// ] {
///     let frame: ServerFrame = serde_json::from_str(json).unwrap();
///     assert_eq!(serde_json::to_string(&frame).unwrap(), json);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerFrame {
    /// A message was written.
    NewMessage(Box<MessageEvent>),
    /// A message was changed.
    EditMessage(Box<MessageEvent>),
    /// A user is writing.
    UserTyping(TypingEvent),
    /// A user has read a message.
    MessageRead(ReadEvent),
    /// A message was deleted.
    DeleteMessage(MessageRef),
    /// A user is online.
    SetOnline(Presence),
    /// A user is offline.
    SetOffline(Presence),
    /// A command was refused, and why.
    Error(String),
    /// A frame of another type.
    Unknown {
        /// Its type.
        kind: String,
    },
}

/// A message in its chat.
///
/// On the wire most of it is given twice: as flat keys, which the document's clients read, and as an object
/// under `message`, which later ones read. The flat text of a file without one is its address, because the
/// document knows no files. One of the two is enough to read it; from flat keys alone come a
/// nameless author, no reply and no files.
///
/// ```
/// use chat_protocol::dialect::chats::MessageEvent;
/// let json = r#"{"message_id":17,"chat_id":"1_2","chat_type":"direct","author_id":1,"text":"hi","created_at":1677240000.123456,"message":{"id":17,"author":{"id":1,"first_name":"Ann","last_name":"Lee","patronymic":null,"avatar":null,"is_active":true,"is_online":true},"text":"hi","reply_to":null,"files":[],"is_edited":false,"is_read":false,"is_deleted":false,"created_at":"2023-02-24T12:00:00.123456Z"}}"#;
/// let event: MessageEvent = serde_json::from_str(json).unwrap();
/// assert_eq!(event.message.author.first_name, "Ann");
/// assert_eq!(serde_json::to_string(&event).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageEvent {
    /// Where it is.
    pub chat: Chat,
    /// The message.
    pub message: MessageEntry,
}

/// A user is writing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TypingEvent {
    /// Where.
    #[serde(flatten)]
    pub chat: Chat,
    /// Who.
    pub user_id: WireUser,
    /// When the notice ends unless it is renewed.
    #[serde(deserialize_with = "number_or_text")]
    #[cfg_attr(feature = "schema", schemars(with = "Seconds"))]
    pub end_time: Seconds,
}

/// A user has read a message of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadEvent {
    /// Where.
    #[serde(flatten)]
    pub chat: Chat,
    /// Who has read it.
    pub user_id: WireUser,
    /// Which message.
    pub message_id: MessageId,
}

/// A user who has come or gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Presence {
    /// Who.
    pub user_id: WireUser,
}

impl ServerFrame {
    /// The type of the frame; an error has none.
    pub fn kind(&self) -> Option<&str> {
        Some(match self {
            Self::NewMessage(_) => "new_message",
            Self::EditMessage(_) => "edit_message",
            Self::UserTyping(_) => "user_typing",
            Self::MessageRead(_) => "message_read",
            Self::DeleteMessage(_) => "delete_message",
            Self::SetOnline(_) => "set_online",
            Self::SetOffline(_) => "set_offline",
            Self::Error(_) => return None,
            Self::Unknown { kind } => kind,
        })
    }
}

impl From<BadInput> for ServerFrame {
    fn from(error: BadInput) -> Self {
        Self::Error(error.to_string())
    }
}

impl Serialize for ServerFrame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut frame = serializer.serialize_struct("ServerFrame", 3)?;
        if let Some(kind) = self.kind() {
            frame.serialize_field("type", kind)?;
        }
        match self {
            Self::NewMessage(event) | Self::EditMessage(event) => frame.serialize_field("content", event)?,
            Self::UserTyping(event) => frame.serialize_field("content", event)?,
            Self::MessageRead(event) => frame.serialize_field("content", event)?,
            Self::DeleteMessage(message) => frame.serialize_field("content", message)?,
            Self::SetOnline(event) | Self::SetOffline(event) => {
                // The original had it in the one place or in the other.
                frame.serialize_field("user_id", &event.user_id)?;
                frame.serialize_field("content", event)?;
            }
            Self::Error(text) => frame.serialize_field("error", text)?,
            Self::Unknown { .. } => {}
        }
        frame.end()
    }
}

impl<'de> Deserialize<'de> for ServerFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(Map::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

fn read(mut frame: Map<String, Value>) -> Result<ServerFrame, serde_json::Error> {
    let kind: String = match (frame.remove("type"), frame.remove("error")) {
        (Some(kind), _) => serde_json::from_value(kind)?,
        (None, Some(error)) => return serde_json::from_value(error).map(ServerFrame::Error),
        (None, None) => return Err(de::Error::missing_field("type")),
    };
    match kind.as_str() {
        "new_message" => content(frame).map(ServerFrame::NewMessage),
        "edit_message" => content(frame).map(ServerFrame::EditMessage),
        "user_typing" => content(frame).map(ServerFrame::UserTyping),
        "message_read" => content(frame).map(ServerFrame::MessageRead),
        "delete_message" => content(frame).map(ServerFrame::DeleteMessage),
        "set_online" => presence(frame).map(ServerFrame::SetOnline),
        "set_offline" => presence(frame).map(ServerFrame::SetOffline),
        _ => Ok(ServerFrame::Unknown { kind }),
    }
}

fn content<T: de::DeserializeOwned>(mut frame: Map<String, Value>) -> Result<T, serde_json::Error> {
    serde_json::from_value(frame.remove("content").ok_or_else(|| de::Error::missing_field("content"))?)
}

fn presence(mut frame: Map<String, Value>) -> Result<Presence, serde_json::Error> {
    match frame.remove("user_id") {
        Some(user) => serde_json::from_value(user).map(|user_id| Presence { user_id }),
        None => content(frame),
    }
}

impl Serialize for MessageEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { chat, message } = self;
        let flat = Flat {
            message_id: message.id,
            chat,
            author_id: &message.author.id,
            text: match &message.files[..] {
                [file, ..] if message.text.is_empty() => &file.link,
                _ => &message.text,
            },
            created_at: Seconds(message.created_at.0),
            message,
        };
        flat.serialize(serializer)
    }
}

/// What is written.
#[derive(Serialize)]
struct Flat<'a> {
    message_id: MessageId,
    #[serde(flatten)]
    chat: &'a Chat,
    author_id: &'a WireUser,
    text: &'a str,
    created_at: Seconds,
    message: &'a MessageEntry,
}

/// What is read: flat keys, an object, or both.
#[derive(Deserialize)]
struct Either {
    #[serde(flatten)]
    chat: Chat,
    message_id: Option<MessageId>,
    author_id: Option<WireUser>,
    text: Option<String>,
    created_at: Option<Seconds>,
    message: Option<MessageEntry>,
}

impl<'de> Deserialize<'de> for MessageEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let either = Either::deserialize(deserializer)?;
        if let Some(message) = either.message {
            return Ok(Self { chat: either.chat, message });
        }
        let missing = |key| move || de::Error::missing_field(key);
        let message = MessageEntry {
            id: either.message_id.ok_or_else(missing("message_id"))?,
            author: User::nameless(either.author_id.ok_or_else(missing("author_id"))?),
            text: either.text.ok_or_else(missing("text"))?,
            reply_to: None,
            files: Vec::new(),
            is_edited: false,
            is_read: false,
            is_deleted: false,
            created_at: Micros(either.created_at.ok_or_else(missing("created_at"))?.0),
        };
        Ok(Self { chat: either.chat, message })
    }
}

/// The original wrote a text here, although its clients expect a number.
fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Seconds, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Time {
        Number(Seconds),
        Text(Micros),
    }
    let time: Timestamp = match Time::deserialize(deserializer)? {
        Time::Number(time) => time.0,
        Time::Text(time) => time.0,
    };
    Ok(Seconds(time))
}
