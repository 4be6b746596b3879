//! Messages: how one is stored and shown, and pages of them.

use serde::{Deserialize, Serialize};

use crate::{ClientMsgId, Content, Offset, RoomId, Seq, Timestamp, UserId};

/// A stored message, as the live packet and as an entry of history.
///
/// ```
/// use chat_protocol::Message;
/// let json = r#"{"room":"r1","offset":57,"seq":43,"from":"1","client_msg_id":"01J","content":{"type":"text/plain","payload":{"text":"hi"}},"reply_to":12,"ts":"2026-11-20T08:30:39.789Z"}"#;
/// let message: Message = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&message).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// Room of the message.
    pub room: RoomId,
    /// Position in the room's log.
    pub offset: Offset,
    /// Number in the room.
    pub seq: Seq,
    /// The user who wrote it.
    pub from: UserId,
    /// The sender's own name for it, told to every reader so that all devices of the sender recognise it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<ClientMsgId>,
    /// What was written.
    pub content: Content,
    /// Number of the message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// When it was stored. Never runs backwards within a room.
    pub ts: Timestamp,
}

/// Which messages of a room to read. Without `before` and `after`: the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryQuery {
    /// Only messages with a smaller number, the newest of them first to be chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Seq>,
    /// Only messages with a greater number, the oldest of them first to be chosen. With `before` as well: a window
    /// read from its old end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Seq>,
    /// Greatest number of messages, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// One page of history, always in ascending order of `seq`.
///
/// A page may hold fewer messages than asked for, because it never exceeds a frame; `more` says whether others follow
/// in the direction of the query. The next page goes on `before` the first or `after` the last message of this one.
///
/// ```
/// use chat_protocol::HistoryPage;
/// let page: HistoryPage = serde_json::from_str(r#"{"room":"r1","messages":[],"more":false}"#).unwrap();
/// assert!(page.messages.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryPage {
    /// Room of the messages.
    pub room: RoomId,
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// Whether more messages exist in the direction of the query.
    pub more: bool,
}
