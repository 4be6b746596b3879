//! Messages: how one is stored and shown, and pages of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::skip::is_no;
use crate::{ClientMsgId, Content, Emoji, Offset, RoomId, Seq, Timestamp, UserId};

/// Whom a message calls. Who is called is counted and pushed even where the room is muted.
///
/// ```
/// use chat_protocol::Mentions;
/// let mentions: Mentions = serde_json::from_str(r#"{"users":["2"]}"#).unwrap();
/// assert!(!mentions.room);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Mentions {
    /// These members, at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserId>,
    /// Everyone in the room. In a room with many members, more than 100 if the operator did not say otherwise, only an owner or
    /// admin calls all.
    #[serde(default, skip_serializing_if = "is_no")]
    pub room: bool,
}

impl Mentions {
    /// Whether it calls this user.
    pub fn calls(&self, user: &UserId) -> bool {
        self.room || self.users.contains(user)
    }
}

/// One reaction to a message, summed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReactionCount {
    /// The reaction.
    pub emoji: Emoji,
    /// How many users have it.
    pub count: u64,
    /// Some of them, the first at most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserId>,
}

/// The thread that hangs on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Replies {
    /// How many replies it has.
    pub count: u64,
    /// Number of the newest.
    pub last_seq: Seq,
}

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
    /// Number of the message whose thread it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Seq>,
    /// Whom it calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mentions: Option<Mentions>,
    /// A backend wrote it, on behalf of `from`.
    #[serde(default, skip_serializing_if = "is_no")]
    pub injected: bool,
    /// When its content was last replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// When it was deleted. Its content is then `text/plain` with an empty text: what was written is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Reactions, at most 20 different ones, in history only; live ones are told one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<ReactionCount>,
    /// The thread that hangs on it, in history only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replies: Option<Replies>,
    /// When it was stored. Never runs backwards within a room.
    pub ts: Timestamp,
}

impl Message {
    /// A message with what every message has.
    pub fn new(
        room: RoomId,
        offset: Offset,
        seq: Seq,
        from: UserId,
        content: Content,
        ts: Timestamp,
    ) -> Self {
        Self {
            room,
            offset,
            seq,
            from,
            client_msg_id: None,
            content,
            reply_to: None,
            thread: None,
            mentions: None,
            injected: false,
            edited_at: None,
            deleted_at: None,
            reactions: Vec::new(),
            replies: None,
            ts,
        }
    }
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
    /// Which of the reactions are mine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub my_reactions: Vec<MyReactions>,
    /// Which of the messages I deleted for myself, ascending: a reader does not show them to me.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<Seq>,
    /// The thread whose replies these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadState>,
}

impl HistoryPage {
    /// A page of plain messages.
    pub fn new(room: RoomId, messages: Vec<Message>, more: bool) -> Self {
        Self { room, messages, more, my_reactions: Vec::new(), hidden: Vec::new(), thread: None }
    }
}

/// My reactions to one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MyReactions {
    /// The message.
    pub seq: Seq,
    /// What I reacted with.
    pub emoji: Vec<Emoji>,
}

/// A thread as one member sees it now.
///
/// ```
/// use chat_protocol::ThreadState;
/// let json = r#"{"root":11,"count":2,"read":12,"unread":1,"pointers":{"2":13}}"#;
/// let thread: ThreadState = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&thread).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThreadState {
    /// The message that it hangs on.
    pub root: Seq,
    /// How many replies it has.
    pub count: u64,
    /// How far I have read it; at first the newest message when I became a member.
    pub read: Seq,
    /// Replies of others after `read`.
    pub unread: u64,
    /// Read pointers of others in this thread, at most 200, at most 16 KiB as JSON text, and no more than fit into a frame
    /// beside the first reply.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pointers: BTreeMap<UserId, Seq>,
}
