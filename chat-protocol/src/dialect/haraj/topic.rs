//! Topics: their names, and what is done with them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Message, short};
use crate::dialect::{PairForm, PairOrder, WireUser};
use crate::id::canonical_decimal;
use crate::{MAX_SAFE, Timestamp, UserId};

/// Name of the topic of two users: `p2p1_2`.
pub const PAIR: PairForm = PairForm { prefix: "p2p", separator: "_", order: PairOrder::Numeric };

/// What the name of a group's topic begins with; the number of the room follows.
const GROUP: &str = "grp";

/// Name of a topic, as it came: `p2p1_2` of two users, `grp1518765515224234` of a group. Others are no room's.
///
/// ```
/// use chat_protocol::UserId;
/// use chat_protocol::dialect::haraj::{TopicId, TopicRoom};
/// let (one, two) = (UserId::new("1").unwrap(), UserId::new("2").unwrap());
/// assert_eq!(TopicId::direct(&two, &one).0, "p2p1_2");
/// assert_eq!(TopicId("p2p2_1".to_owned()).room(&one), Some(TopicRoom::Direct(two)));
/// assert_eq!(TopicId::group(7).unwrap().room(&one), Some(TopicRoom::Group(7)));
/// assert_eq!(TopicId("grp07".to_owned()).room(&one), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct TopicId(pub String);

/// The room that a topic's name means to one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicRoom {
    /// The direct room with this user, who may be oneself.
    Direct(UserId),
    /// The group room with this number.
    Group(u64),
}

impl TopicId {
    /// Topic of two users, in whichever order they are given.
    pub fn direct(a: &UserId, b: &UserId) -> Self {
        Self(PAIR.write(a, b))
    }

    /// Topic of the group room with a number; `None` beyond 2^53-1.
    pub fn group(number: u64) -> Option<Self> {
        (number <= MAX_SAFE).then(|| Self(format!("{GROUP}{number}")))
    }

    /// The room that `me` means; `None` when it is a pair without `me` or no name of a room.
    pub fn room(&self, me: &UserId) -> Option<TopicRoom> {
        match self.0.strip_prefix(GROUP) {
            Some(number) => canonical_decimal(number).map(TopicRoom::Group),
            None => PAIR.read(&self.0, me).map(TopicRoom::Direct),
        }
    }
}

impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for TopicId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Request: begin the topic with a user, or find it again.
///
/// ```
/// use chat_protocol::dialect::haraj::StartTopic;
/// let json = r#"{"type":"p2p","with_id":2}"#;
/// let start: StartTopic = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&start).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type")]
pub enum StartTopic {
    /// A topic of two users.
    #[serde(rename = "p2p")]
    P2p {
        /// The other user.
        with_id: WireUser,
    },
}

/// How a started topic is written: option `haraj.topic`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TopicForm {
    /// `{"topic_id":"p2p1_2"}`, as production clients read it.
    #[default]
    Object,
    /// `"p2p1_2"`, as documented.
    String,
}

/// Result of starting a topic. Both forms are read, and the form is kept.
///
/// ```
/// use chat_protocol::dialect::haraj::{StartedTopic, TopicForm};
/// for (json, form) in [
///     (r#"{"user_id":1,"topic":{"topic_id":"p2p1_2"},"with_id":2}"#, TopicForm::Object),
///     (r#"{"user_id":1,"topic":"p2p1_2","with_id":2}"#, TopicForm::String),
/// ] {
///     let started: StartedTopic = serde_json::from_str(json).unwrap();
///     assert_eq!((started.topic_id.0.as_str(), started.form), ("p2p1_2", form));
///     assert_eq!(serde_json::to_string(&started).unwrap(), json);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "StartedWire", into = "StartedWire")]
pub struct StartedTopic {
    /// Who started it.
    pub user_id: WireUser,
    /// The topic.
    pub topic_id: TopicId,
    /// How the topic is written.
    pub form: TopicForm,
    /// The other user.
    pub with_id: WireUser,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct StartedWire {
    /// Who started it.
    user_id: WireUser,
    /// The topic.
    topic: TopicWire,
    /// The other user.
    with_id: WireUser,
}

/// A topic in one of two forms.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "StartedTopicName"))]
#[serde(untagged, expecting = "a topic is an object with `topic_id`, or a string")]
enum TopicWire {
    /// As production clients read it.
    Object {
        /// The topic.
        topic_id: TopicId,
    },
    /// As documented.
    String(TopicId),
}

impl From<StartedWire> for StartedTopic {
    fn from(wire: StartedWire) -> Self {
        let (topic_id, form) = match wire.topic {
            TopicWire::Object { topic_id } => (topic_id, TopicForm::Object),
            TopicWire::String(topic_id) => (topic_id, TopicForm::String),
        };
        Self { user_id: wire.user_id, topic_id, form, with_id: wire.with_id }
    }
}

impl From<StartedTopic> for StartedWire {
    fn from(started: StartedTopic) -> Self {
        let StartedTopic { user_id, topic_id, form, with_id } = started;
        let topic = match form {
            TopicForm::Object => TopicWire::Object { topic_id },
            TopicForm::String => TopicWire::String(topic_id),
        };
        Self { user_id, topic, with_id }
    }
}

/// What is done in a topic without a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TopicAction {
    /// I write, or stop writing.
    Typing,
}

/// Request: tell that I am typing, or no more.
///
/// ```
/// use chat_protocol::dialect::haraj::SetTyping;
/// let json = r#"{"what":"typing","start":true}"#;
/// let typing: SetTyping = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&typing).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetTyping {
    /// Always `typing`.
    pub what: TopicAction,
    /// False: no more.
    pub start: bool,
}

/// Result of telling that one is typing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TypingSet {
    /// Who is typing.
    pub user_id: WireUser,
    /// Always `typing`.
    pub what: TopicAction,
    /// False: no more.
    pub start: bool,
    /// Where.
    pub topic_id: TopicId,
}

/// Result of hiding a topic. It comes back with the next message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HiddenTopic {
    /// Who hid it.
    pub user_id: WireUser,
    /// The topic.
    pub topic_id: TopicId,
}

/// One page of a user's topics.
///
/// ```
/// use chat_protocol::dialect::haraj::Topics;
/// let json = r#"{"user_id":1,"topics":[{"topic_id":"p2p1_2","title":"abdullah","last_message":{"from_id":2,"name":"abdullah","type":"text/plain","short":"hello!"},"last_updated":"2018-09-08T08:12:31.994Z","unread":2}],"last_key":null}"#;
/// let topics: Topics = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&topics).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Topics {
    /// Whose topics.
    pub user_id: WireUser,
    /// At most 8 topics, newest activity first.
    pub topics: Vec<TopicEntry>,
    /// Opaque key of the next page; null at the end.
    pub last_key: Option<String>,
}

impl Topics {
    /// Greatest number of topics in one page.
    pub const MAX: usize = 8;
}

/// A topic in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TopicEntry {
    /// The topic.
    pub topic_id: TopicId,
    /// Name of the other user; a group's name is told when it is resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The newest message.
    pub last_message: LastMessage,
    /// When it last changed.
    pub last_updated: Timestamp,
    /// Messages of others that I have not read; absent when there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unread: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The newest message of a topic, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastMessage {
    /// Who wrote it.
    pub from_id: WireUser,
    /// Name of who wrote it.
    pub name: String,
    /// Type of its content.
    #[serde(rename = "type")]
    pub kind: String,
    /// First 20 characters of a text; absent for other content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
}

impl From<&Message> for LastMessage {
    fn from(message: &Message) -> Self {
        Self {
            from_id: message.from_id.clone(),
            name: message.name.clone(),
            kind: message.content.kind.clone(),
            short: short(&message.content),
        }
    }
}

/// Result of resolving topics: what the list leaves out.
///
/// ```
/// use chat_protocol::dialect::haraj::ResolvedTopics;
/// let json = r#"{"user_id":1,"topics":[{"topic_id":"grp7","title":"Yorom","avatar":"https://x.example/7"}],"failed":["p2p1_3"]}"#;
/// let resolved: ResolvedTopics = serde_json::from_str(json).unwrap();
/// assert_eq!(resolved.status(), 207);
/// assert_eq!(serde_json::to_string(&resolved).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResolvedTopics {
    /// Who asked; always written. Servers of the documented era left it out when no topic failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<WireUser>,
    /// The topics that were found.
    pub topics: Vec<ResolvedTopic>,
    /// The others.
    pub failed: Vec<TopicId>,
}

impl ResolvedTopics {
    /// Status of its reply: 200, or 207 when some failed.
    pub fn status(&self) -> u16 {
        if self.failed.is_empty() { 200 } else { 207 }
    }
}

/// A topic's picture, and a group's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResolvedTopic {
    /// The topic.
    pub topic_id: TopicId,
    /// Name of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Address of the picture; empty when there is none.
    #[serde(deserialize_with = "super::user::avatar")]
    pub avatar: String,
}
