//! Commands that read pages.

use serde::{Deserialize, Serialize};

use crate::skip::is_no;
use crate::{Cursor, HistoryQuery, RequestId, RoomId, Seq, UserId};

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

/// Reads one page of a thread. Answered with a history page of the replies, with the thread's state beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Thread {
    /// Repeated in the reply.
    pub id: RequestId,
    /// The room.
    pub room: RoomId,
    /// The message that the thread hangs on.
    pub root: Seq,
    /// Which replies.
    #[serde(flatten)]
    pub query: HistoryQuery,
}

/// Finds messages of my rooms by their text, the newest first. Answered with `{"hits":[message...],"next"?}`.
///
/// A server without an index answers `ERR_NOT_SUPPORTED`. What was sent a moment ago may not be found yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Search {
    /// Repeated in the reply.
    pub id: RequestId,
    /// Words that all occur, in any order, at most 256 bytes; "words in quotes" occur as they stand.
    pub query: String,
    /// Only in this room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// Only messages of this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// Where the last page ended; absent: from the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Greatest number of messages, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Lists the users whom I block, by id. Answered with `{"users":[{"user","ts"}...],"next"?}`.
///
/// Together with the `blocked` and `unblocked` changes of my user log that follow it is complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Blocks {
    /// Repeated in the reply.
    pub id: RequestId,
    /// Where the last page ended; absent: from the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Greatest number of users, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Lists my messages that wait for their time, the earliest first. Answered with `{"messages":[...],"next"?}`.
///
/// Together with the `scheduled` and `cancelled` changes of my user log that follow it is complete; a message that was sent is
/// told by its `message` packet, which has the same `client_msg_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Scheduled {
    /// Repeated in the reply.
    pub id: RequestId,
    /// Only those for this room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// Where the last page ended; absent: from the earliest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Greatest number of messages, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Whose messages they are, instead of mine. Only an operator says so; its own are those of `~system`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
}

/// Lists my rooms, pinned ones first, then by latest activity. Answered with an inbox page: enough to draw a list of chats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Inbox {
    /// Repeated in the reply.
    pub id: RequestId,
    /// Archived rooms instead of the others.
    #[serde(default, skip_serializing_if = "is_no")]
    pub archived: bool,
    /// Where the last page ended; absent: from the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Greatest number of rooms, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
