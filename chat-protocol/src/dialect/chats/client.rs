//! What a client of `chats` sends.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Map;

use super::keys::{Content, Keys, nothing_in};
use super::{BadInput, Chat, MessageId, MessageRef};
use crate::decode;

/// A frame from client to server.
///
/// Written in the form of the newest clients. Read in all three: `message` for `text`, no `reply_to`, and
/// `typing` for `user_typing`.
///
/// ```
/// use chat_protocol::dialect::chats::{BadInput, ClientFrame};
/// let json = r#"{"type":"new_message","content":{"chat_type":"direct","chat_id":"1_2","text":"hi","reply_to":null,"file_urls":[]}}"#;
/// let frame = ClientFrame::read(json.as_bytes()).unwrap();
/// assert_eq!(serde_json::to_string(&frame).unwrap(), json);
/// let error = ClientFrame::read(br#"{"type":"user_typing","content":{"chat_type":"direct"}}"#).unwrap_err();
/// assert_eq!(error, BadInput::MissingKey("chat_id"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(tag = "type", content = "content", rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::with_typing))]
#[non_exhaustive]
pub enum ClientFrame {
    /// Write a message.
    NewMessage(NewMessage),
    /// Tell that I am writing.
    UserTyping(Chat),
    /// I have read up to a message.
    MessageRead(MessageRef),
    /// Delete a message of mine.
    DeleteMessage(MessageRef),
    /// Change the text of a message of mine.
    EditMessage(EditMessage),
    /// Show me as online.
    SetOnline,
    /// Show me as offline.
    SetOffline,
    /// A frame of another type, which is ignored.
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown {
        /// Its type.
        kind: String,
    },
}

/// A message to write.
///
/// ```
/// use chat_protocol::dialect::chats::NewMessage;
/// let seed = r#"{"chat_type":"direct","chat_id":"1_2","message":"hi"}"#;
/// let message: NewMessage = serde_json::from_str(seed).unwrap();
/// assert_eq!((message.text.as_str(), message.reply_to), ("hi", None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::either_text))]
pub struct NewMessage {
    /// Where to.
    #[serde(flatten, serialize_with = "Chat::type_first")]
    #[cfg_attr(feature = "schema", schemars(with = "Chat"))]
    pub chat: Chat,
    /// What is written, at most 8192 characters; may be empty. The key may also be message.
    pub text: String,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// URLs of files that come with it.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub file_urls: Vec<String>,
}

/// A changed text.
///
/// ```
/// use chat_protocol::dialect::chats::EditMessage;
/// let json = r#"{"chat_type":"project","chat_id":10,"message_id":17,"text":"ho"}"#;
/// let edit: EditMessage = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&edit).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::either_text))]
pub struct EditMessage {
    /// Where it is.
    #[serde(flatten, serialize_with = "Chat::type_first")]
    #[cfg_attr(feature = "schema", schemars(with = "Chat"))]
    pub chat: Chat,
    /// Which message.
    pub message_id: MessageId,
    /// What it says from now on, at most 8192 characters. The key may also be message.
    pub text: String,
}

impl ClientFrame {
    /// Reads a frame; the error is what the sender is told.
    ///
    /// # Errors
    /// [`BadInput`], by the first key that is missing or wrong. Of a key that is given twice the last one
    /// counts.
    pub fn read(json: &[u8]) -> Result<Self, BadInput> {
        let frame: Keys = decode(json).map_err(|_| BadInput::InvalidJson)?;
        frame.try_into()
    }

    /// The type of the frame.
    pub fn kind(&self) -> &str {
        match self {
            Self::NewMessage(_) => "new_message",
            Self::UserTyping(_) => "user_typing",
            Self::MessageRead(_) => "message_read",
            Self::DeleteMessage(_) => "delete_message",
            Self::EditMessage(_) => "edit_message",
            Self::SetOnline => "set_online",
            Self::SetOffline => "set_offline",
            Self::Unknown { kind } => kind,
        }
    }
}

impl TryFrom<Keys> for ClientFrame {
    type Error = BadInput;
    fn try_from(Keys { kind, content }: Keys) -> Result<Self, BadInput> {
        let kind = kind.ok_or(BadInput::MissingKey("type"))?.text().ok_or(BadInput::InvalidValue("type"))?;
        Ok(match kind.as_str() {
            "new_message" => Self::NewMessage(Content::of(content)?.new_message()?),
            "user_typing" => Self::UserTyping(Content::of(content)?.chat()?),
            "typing" => Self::UserTyping(Content::of(content)?.seed_typing()?),
            "message_read" => Self::MessageRead(Content::of(content)?.message_ref()?),
            "delete_message" => Self::DeleteMessage(Content::of(content)?.message_ref()?),
            "edit_message" => Self::EditMessage(Content::of(content)?.edit_message()?),
            "set_online" => nothing_in(content).map(|()| Self::SetOnline)?,
            "set_offline" => nothing_in(content).map(|()| Self::SetOffline)?,
            _ => Self::Unknown { kind },
        })
    }
}

impl<'de> Deserialize<'de> for ClientFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Keys::deserialize(deserializer)?.try_into().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for NewMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Content::deserialize(deserializer)?.new_message().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for EditMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Content::deserialize(deserializer)?.edit_message().map_err(de::Error::custom)
    }
}

impl Serialize for ClientFrame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut frame = serializer.serialize_struct("ClientFrame", 2)?;
        frame.serialize_field("type", self.kind())?;
        match self {
            Self::NewMessage(message) => frame.serialize_field("content", message)?,
            Self::UserTyping(chat) => {
                frame.serialize_field("content", &TypeFirst { chat, message_id: None })?
            }
            Self::MessageRead(MessageRef { chat, message_id })
            | Self::DeleteMessage(MessageRef { chat, message_id }) => {
                frame.serialize_field("content", &TypeFirst { chat, message_id: Some(*message_id) })?;
            }
            Self::EditMessage(message) => frame.serialize_field("content", message)?,
            Self::SetOnline | Self::SetOffline => frame.serialize_field("content", &Map::new())?,
            Self::Unknown { .. } => {}
        }
        frame.end()
    }
}

/// A chat, or a message of it, in the order of commands.
#[derive(Serialize)]
struct TypeFirst<'a> {
    #[serde(flatten, serialize_with = "type_first")]
    chat: &'a Chat,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<MessageId>,
}

fn type_first<S: Serializer>(chat: &&Chat, serializer: S) -> Result<S::Ok, S::Error> {
    chat.type_first(serializer)
}
