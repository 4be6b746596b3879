//! Users, messages and files, as frames and lists show them.

use serde::{Deserialize, Serialize};

use super::{Chat, MessageId};
use crate::dialect::{Micros, WireUser};

/// A user, as messages and chats show them.
///
/// ```
/// use chat_protocol::dialect::chats::User;
/// let json = r#"{"id":1,"first_name":"Ann","last_name":"Lee","patronymic":null,"avatar":null,"is_active":true,"is_online":true}"#;
/// let user: User = serde_json::from_str(json).unwrap();
/// assert_eq!(user.full_name(), "Ann Lee");
/// assert_eq!(serde_json::to_string(&user).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct User {
    /// Who.
    pub id: WireUser,
    /// First name; may be empty.
    pub first_name: String,
    /// Last name; may be empty.
    pub last_name: String,
    /// Middle name after the father.
    pub patronymic: Option<String>,
    /// URL of a picture.
    pub avatar: Option<String>,
    /// Whether the account is in use.
    pub is_active: bool,
    /// Whether the user is online.
    pub is_online: bool,
}

impl User {
    /// A user of whom only the id is known.
    pub fn nameless(id: WireUser) -> Self {
        let (first_name, last_name) = (String::new(), String::new());
        Self { id, first_name, last_name, patronymic: None, avatar: None, is_active: true, is_online: false }
    }

    /// First and last name: what a direct chat with this user is called.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

/// A file of a message.
///
/// ```
/// use chat_protocol::dialect::chats::FileEntry;
/// let json = r#"{"name":"plan","extension":"pdf","mime_type":"application/pdf","size":10000,"link":"https://files.example/plan.pdf","user":1,"datetime_uploaded":"2023-02-24T12:00:00.123456Z"}"#;
/// let file: FileEntry = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&file).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileEntry {
    /// Name without extension; may be empty.
    pub name: String,
    /// What follows the last dot of its name; may be empty.
    pub extension: String,
    /// Media type; empty from systems of before there was one.
    #[serde(default)]
    pub mime_type: String,
    /// Size in bytes; 0 when unknown.
    pub size: u64,
    /// URL of its bytes.
    pub link: String,
    /// Who sent it.
    pub user: WireUser,
    /// When it was sent.
    pub datetime_uploaded: Micros,
}

/// A message.
///
/// ```
/// use chat_protocol::dialect::chats::MessageEntry;
/// let json = r#"{"id":17,"author":{"id":1,"first_name":"Ann","last_name":"Lee","patronymic":null,"avatar":null,"is_active":true,"is_online":true},"text":"hi","reply_to":null,"files":[],"is_edited":false,"is_read":false,"is_deleted":false,"created_at":"2023-02-24T12:00:00.123456Z"}"#;
/// let message: MessageEntry = serde_json::from_str(json).unwrap();
/// assert_eq!(message.text, "hi");
/// assert_eq!(serde_json::to_string(&message).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageEntry {
    /// Number of the message.
    pub id: MessageId,
    /// Who wrote it.
    pub author: User,
    /// What was written; may be empty.
    pub text: String,
    /// The message that it answers.
    pub reply_to: Option<Box<ReplyEntry>>,
    /// Files that came with it.
    pub files: Vec<FileEntry>,
    /// Whether it was changed.
    pub is_edited: bool,
    /// Whether anyone but its author has read it.
    pub is_read: bool,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// When it was stored.
    pub created_at: Micros,
}

/// A message that another one answers: without files, and with no more than the number of what it answers
/// itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplyEntry {
    /// Number of the message.
    pub id: MessageId,
    /// Who wrote it.
    pub author: User,
    /// What was written; may be empty.
    pub text: String,
    /// Number of the message that it answers.
    pub reply_to: Option<MessageId>,
    /// Whether it was changed.
    pub is_edited: bool,
    /// Whether anyone but its author has read it.
    pub is_read: bool,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// When it was stored.
    pub created_at: Micros,
}

/// A message of a chat, named: what is to be read or deleted, and what was deleted.
///
/// Written as the server does; commands have the chat's type before its id.
///
/// ```
/// use chat_protocol::dialect::chats::MessageRef;
/// let json = r#"{"chat_id":"1_2","chat_type":"direct","message_id":17}"#;
/// let message: MessageRef = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&message).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageRef {
    /// Which chat.
    #[serde(flatten)]
    pub chat: Chat,
    /// Which message.
    pub message_id: MessageId,
}
