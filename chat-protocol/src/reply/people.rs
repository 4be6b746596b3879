//! What a server says of all that it keeps of one user.

use serde::{Deserialize, Serialize};

use super::{BlockedUser, ScheduledMessage, SessionEntry, UserEntry};
use crate::command::PushService;
use crate::packet::packets;
use crate::{DeviceId, Message, Open, RoomId, RoomState, Timestamp, UserId};

/// A user is being deleted: it was asked for now, or before. Until that is done the user is refused everywhere, and nobody
/// adds it anywhere; after that it is like one who was never here.
///
/// ```
/// use chat_protocol::reply::ForgetData;
/// let json = r#"{"user":"2","ts":"2026-11-20T08:30:39.789Z"}"#;
/// let data: ForgetData = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&data).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ForgetData {
    /// Who is deleted.
    pub user: UserId,
    /// Since when.
    pub ts: Timestamp,
}

packets! {
    /// One line of all that is kept of a user. The first is the `user`, the last the `end`; one of another kind is of a newer
    /// server, and passed over.
    ///
    /// ```
    /// use chat_protocol::reply::ExportLine;
    /// let line: ExportLine = serde_json::from_str(r#"{"user":{"user":"2","name":"Ann Lee"}}"#).unwrap();
    /// assert!(matches!(line, ExportLine::User(_)));
    /// ```
    ExportLine, "line", "Line", "one object with one key that says what the line is about" {
        /// What the directory knows of the user, and when it was last here.
        User(UserEntry) = "user",
        /// An installation of the user.
        Device(ExportedDevice) = "device",
        /// A session that lives now, on the server that was asked.
        Session(SessionEntry) = "session",
        /// A room that the user is a member of, with its role, settings and pointers.
        Room(RoomState) = "room",
        /// Somebody whom the user blocks.
        Block(BlockedUser) = "block",
        /// A message of the user's that waits for its time.
        Scheduled(ScheduledMessage) = "scheduled",
        /// A message that the user wrote and that was not deleted, without reactions; of rooms that it left, too.
        Message(Message) = "message",
        /// A file that the user uploaded.
        Upload(ExportedUpload) = "upload",
        /// There is no more. Without it the export was cut short.
        End(ExportEnd) = "end",
    }
}

/// An installation of a user, without its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportedDevice {
    /// Its id.
    pub device_id: DeviceId,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who carries its pushes; absent: it gets none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<Open<PushService>>,
    /// The application that is pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// When it was registered last.
    pub updated_at: Timestamp,
}

/// A file that a user uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportedUpload {
    /// Address of the bytes, for members of the room.
    pub url: String,
    /// Name that the file had.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// Media type, as the server found it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The room that it was uploaded to.
    pub room: RoomId,
    /// When.
    pub ts: Timestamp,
}

/// The end of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportEnd {
    /// How many lines came before.
    pub lines: u64,
    /// When the last one was read.
    pub ts: Timestamp,
}
