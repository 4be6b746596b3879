//! Commands about pointers: how far I have received and read, and that I am writing.

use serde::{Deserialize, Serialize};

use crate::skip::is_no;
use crate::{RequestId, RoomId, Seq};

/// Moves my delivered pointer forward: this device has every message up to it. A smaller number than before changes
/// nothing.
///
/// Stored and told as read pointers are; not needed where `read` says as much, and nothing to anybody in a direct room whose
/// other side I block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MarkDelivered {
    /// Repeated in the reply; absent: only an error is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// The room.
    pub room: RoomId,
    /// Everything up to this message has arrived.
    pub seq: Seq,
}

/// Moves my read pointer forward; a smaller number than before changes nothing.
///
/// The server stores pointers a few times a second and tells others afterwards. The reply, if an `id` asks for one,
/// comes when it is stored. In a direct room whose other side I block every read is private.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MarkRead {
    /// Repeated in the reply; absent: only an error is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// The room.
    pub room: RoomId,
    /// Everything up to this message is read.
    pub seq: Seq,
    /// In the thread of this message, instead of the main line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Seq>,
    /// Do not tell others; my own counts follow all the same.
    #[serde(default, skip_serializing_if = "is_no")]
    pub private: bool,
}

/// Marks the main line unread from a message on, for my own devices only. Cleared by the next `read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MarkUnread {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// The first message to count as unread.
    pub seq: Seq,
}

/// Tells the other followers that I am writing. It holds 6 seconds, or until my message, until I leave the room or until this
/// connection ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Typing {
    /// Repeated in the reply; absent: only an error is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// The room.
    pub room: RoomId,
    /// True: I stopped without sending. It only shortens the wait.
    #[serde(default, skip_serializing_if = "is_no")]
    pub stop: bool,
    /// In the thread of this message, instead of the main line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Seq>,
}
