//! Messages: the packet, sending, history, reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Code, TopicId};
use crate::dialect::WireUser;
use crate::{Content, Seq, Timestamp, UserId};

/// Greatest length of a summary in characters, as section 6 says.
const SHORT: usize = 20;

/// A message as the socket and pushes tell it.
///
/// ```
/// use chat_protocol::dialect::haraj::Message;
/// let json = r#"{"topic_id":"p2p1_2","seq_id":41,"from_id":2,"name":"abdullah","content":{"type":"text/plain","payload":{"text":"hello!"}},"status":{"1":false},"ts":"2018-10-08T08:30:39.657Z"}"#;
/// let message: Message = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&message).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// Where it was written.
    pub topic_id: TopicId,
    /// Its number in the topic.
    pub seq_id: Seq,
    /// Who wrote it.
    pub from_id: WireUser,
    /// Name of who wrote it.
    pub name: String,
    /// What was written.
    pub content: Content,
    /// Each recipient, and whether that one has read it.
    pub status: BTreeMap<UserId, bool>,
    /// When it was stored.
    pub ts: Timestamp,
}

/// A message as history tells it: without its topic, and with a mark when it was deleted.
///
/// ```
/// use chat_protocol::dialect::haraj::MessageEntry;
/// let json = r#"{"seq_id":41,"from_id":2,"name":"abdullah","content":{"type":"text/plain","payload":{"text":""}},"status":{"1":false},"ts":"2018-10-08T08:30:39.657Z","is_deleted":true}"#;
/// let entry: MessageEntry = serde_json::from_str(json).unwrap();
/// assert_eq!(entry, entry.clone().deleted());
/// assert_eq!(serde_json::to_string(&entry).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageEntry {
    /// Its number in the topic.
    pub seq_id: Seq,
    /// Who wrote it.
    pub from_id: WireUser,
    /// Name of who wrote it.
    pub name: String,
    /// What was written; an empty text when it was deleted.
    pub content: Content,
    /// Each recipient, and whether that one has read it.
    pub status: BTreeMap<UserId, bool>,
    /// When it was stored.
    pub ts: Timestamp,
    /// Whether it was deleted. Servers of the documented era did not write it.
    #[serde(default)]
    pub is_deleted: bool,
}

impl From<Message> for MessageEntry {
    fn from(message: Message) -> Self {
        let Message { seq_id, from_id, name, content, status, ts, .. } = message;
        Self { seq_id, from_id, name, content, status, ts, is_deleted: false }
    }
}

impl MessageEntry {
    /// The entry of a deleted message: marked, and with an empty text whatever was written.
    #[must_use]
    pub fn deleted(self) -> Self {
        Self { content: Content::plain(""), is_deleted: true, ..self }
    }
}

/// The summary of a text: its first 20 characters. Content that is not text has none.
///
/// ```
/// use chat_protocol::{Content, dialect::haraj::short};
/// assert_eq!(short(&Content::plain("hello!")).as_deref(), Some("hello!"));
/// assert_eq!(short(&Content::plain("é".repeat(21))), Some("é".repeat(20)));
/// assert_eq!(short(&Content::new("image/png", &serde_json::json!({"url": "u"}))), None);
/// ```
pub fn short(content: &Content) -> Option<String> {
    let text = content.kind.starts_with("text/").then(|| content.text())??;
    Some(text.chars().take(SHORT).collect())
}

/// Request: write a message.
///
/// ```
/// use chat_protocol::dialect::haraj::SendMessage;
/// let json = r#"{"content":{"type":"text/plain","payload":{"text":"hello world!"}},"session_id":"s-7f3a"}"#;
/// let send: SendMessage = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&send).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SendMessage {
    /// What to write.
    pub content: Content,
    /// The sender's own session, which is not told of the message; absent: none of the sender's sessions is. Any
    /// text: one that is unknown or closed is not an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
}

/// Result of sending. On the wire most of it stands twice, in `data` and in `data.message`, because documented clients
/// read the number in the one place and production clients in the other. Either place alone is read.
///
/// ```
/// use chat_protocol::dialect::haraj::Sent;
/// let documented = r#"{"user_id":1,"topic_id":"p2p1_2","seq_id":41,"content":{"type":"text/plain","payload":{"text":"hi"}}}"#;
/// let sent: Sent = serde_json::from_str(documented).unwrap();
/// assert_eq!(serde_json::to_string(&sent).unwrap(), documented);
/// let both = r#"{"user_id":1,"topic_id":"p2p1_2","seq_id":41,"content":{"type":"text/plain","payload":{"text":"hi"}},"message":{"topic_id":"p2p1_2","seq_id":41,"from_id":1,"name":"ann","content":{"type":"text/plain","payload":{"text":"hi"}},"status":{"2":false},"ts":"2018-10-08T08:30:39.657Z"}}"#;
/// let sent: Sent = serde_json::from_str(both).unwrap();
/// assert_eq!(sent.message().unwrap().name, "ann");
/// assert_eq!(serde_json::to_string(&sent).unwrap(), both);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "SentWire", into = "SentWire")]
pub struct Sent {
    /// Who wrote it: me.
    pub user_id: WireUser,
    /// Where it was written.
    pub topic_id: TopicId,
    /// Its number in the topic.
    pub seq_id: Seq,
    /// What was written.
    pub content: Content,
    /// The rest of the packet; always written by servers, absent in answers of the documented era.
    pub rest: Option<SentRest>,
}

/// What only the packet tells of a message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentRest {
    /// Name of who wrote it.
    pub name: String,
    /// Each recipient, and whether that one has read it.
    pub status: BTreeMap<UserId, bool>,
    /// When it was stored.
    pub ts: Timestamp,
}

impl From<Message> for Sent {
    fn from(message: Message) -> Self {
        let Message { topic_id, seq_id, from_id, name, content, status, ts } = message;
        Self { user_id: from_id, topic_id, seq_id, content, rest: Some(SentRest { name, status, ts }) }
    }
}

impl Sent {
    /// The packet, if the answer told all of it.
    pub fn message(&self) -> Option<Message> {
        let SentRest { name, status, ts } = self.rest.clone()?;
        Some(Message {
            topic_id: self.topic_id.clone(),
            seq_id: self.seq_id,
            from_id: self.user_id.clone(),
            name,
            content: self.content.clone(),
            status,
            ts,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct SentWire {
    /// Who wrote it: me.
    user_id: WireUser,
    /// Where it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic_id: Option<TopicId>,
    /// Its number in the topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seq_id: Option<Seq>,
    /// What was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
    /// The message as the packet tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<SentPacket>,
}

/// The packet in an answer. Of an unknown server's only the number is relied on.
#[derive(Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
struct SentPacket {
    /// Where it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    topic_id: Option<TopicId>,
    /// Its number in the topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq_id: Option<Seq>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    from_id: Option<WireUser>,
    /// Name of who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// What was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
    /// Each recipient, and whether that one has read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<BTreeMap<UserId, bool>>,
    /// When it was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<Timestamp>,
}

impl TryFrom<SentWire> for Sent {
    type Error = &'static str;
    fn try_from(wire: SentWire) -> Result<Self, Self::Error> {
        let packet = wire.message.unwrap_or_default();
        // Where both are given and differ, the place that production clients read wins.
        let rest = match (packet.name, packet.status, packet.ts) {
            (Some(name), Some(status), Some(ts)) => Some(SentRest { name, status, ts }),
            _ => None,
        };
        Ok(Self {
            user_id: wire.user_id,
            topic_id: packet.topic_id.or(wire.topic_id).ok_or("missing field `topic_id`")?,
            seq_id: packet.seq_id.or(wire.seq_id).ok_or("missing field `seq_id`")?,
            content: packet.content.or(wire.content).ok_or("missing field `content`")?,
            rest,
        })
    }
}

impl From<Sent> for SentWire {
    fn from(sent: Sent) -> Self {
        let message = sent.message().map(|message| SentPacket {
            topic_id: Some(message.topic_id),
            seq_id: Some(message.seq_id),
            from_id: Some(message.from_id),
            name: Some(message.name),
            content: Some(message.content),
            status: Some(message.status),
            ts: Some(message.ts),
        });
        let Sent { user_id, topic_id, seq_id, content, .. } = sent;
        Self { user_id, topic_id: Some(topic_id), seq_id: Some(seq_id), content: Some(content), message }
    }
}

/// One page of a topic's messages.
///
/// ```
/// use chat_protocol::dialect::haraj::History;
/// let json = r#"{"user_id":1,"topic_id":"p2p1_2","messages":[],"last_key":null}"#;
/// let history: History = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&history).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// Who asked.
    pub user_id: WireUser,
    /// Topic of the messages.
    pub topic_id: TopicId,
    /// The messages, oldest first; the first page holds the newest, further pages go back.
    pub messages: Vec<MessageEntry>,
    /// Opaque key of the next page; null at the end.
    pub last_key: Option<String>,
}

/// Request: I have read these messages.
///
/// ```
/// use chat_protocol::dialect::haraj::{Code, ConfirmReads};
/// let json = r#"{"seq_ids":[40,41]}"#;
/// let reads: ConfirmReads = serde_json::from_str(json).unwrap();
/// assert_eq!(reads.check(), Ok(()));
/// assert_eq!(serde_json::to_string(&reads).unwrap(), json);
/// let reads: ConfirmReads = serde_json::from_str(r#"{"seq_ids":[40,41,42]}"#).unwrap();
/// assert_eq!(reads.check(), Err(Code::MaxConfirmation));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConfirmReads {
    /// The messages, at most 2.
    pub seq_ids: Vec<Seq>,
}

impl ConfirmReads {
    /// Greatest number of messages in one request.
    pub const MAX: usize = 2;

    /// Checks the number of messages.
    ///
    /// # Errors
    /// [`Code::MaxConfirmation`] beyond [`ConfirmReads::MAX`].
    pub fn check(&self) -> Result<(), Code> {
        if self.seq_ids.len() > Self::MAX { Err(Code::MaxConfirmation) } else { Ok(()) }
    }
}

/// Result of confirming reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConfirmedReads {
    /// Topic of the messages.
    pub topic_id: TopicId,
    /// Messages that are read now.
    pub success_ids: Vec<Seq>,
    /// Messages that could not be confirmed, to be tried again.
    pub failed_ids: Vec<Seq>,
}

impl ConfirmedReads {
    /// Status of its reply: 200, or 207 when some failed.
    pub fn status(&self) -> u16 {
        if self.failed_ids.is_empty() { 200 } else { 207 }
    }
}

/// Result of deleting a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeletedMessage {
    /// Who deleted it: its author.
    pub user_id: WireUser,
    /// Topic of the message.
    pub topic_id: TopicId,
    /// Its number in the topic.
    pub seq_id: Seq,
}
