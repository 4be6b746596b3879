//! Chats and the numbers of messages.
//!
//! `chat_id` is the name of a pair for a direct chat and a number for a project chat; `chat_type` says which
//! it is.

use std::fmt;

use serde::de::{self, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::BadInput;
use crate::dialect::{PairForm, PairOrder};
use crate::{MAX_SAFE, UserId};

/// The name of a direct chat: `1_2`.
pub const PAIR: PairForm = PairForm { prefix: "", separator: "_", order: PairOrder::Numeric };

/// Greatest length of such a name in characters.
const PAIR_CHARS: usize = 2 * UserId::MAX_BYTES + PAIR.separator.len();

/// A message's number: unique in the server, growing within a chat, at most 2^53-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(u64);

/// A project chat's number, at most 2^53-1. Written as a number, read also from a string of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectId(u64);

macro_rules! number {
    ($name:ident) => {
        impl $name {
            /// The number `value`, or `None` beyond 2^53-1.
            pub const fn new(value: u64) -> Option<Self> {
                if value <= MAX_SAFE { Some(Self(value)) } else { None }
            }

            /// The plain number.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }
    };
}

number!(MessageId);
number!(ProjectId);

impl<'de> Deserialize<'de> for MessageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = MessageId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a message's number: an integer from 0 to {MAX_SAFE}")
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<MessageId, E> {
                MessageId::new(value).ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(value), &self))
            }
        }
        deserializer.deserialize_u64(Number)
    }
}

impl<'de> Deserialize<'de> for ProjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match ChatId::deserialize(deserializer)? {
            ChatId::Number(number) => ProjectId::new(number),
            ChatId::Text(text) => digits(&text),
        }
        .ok_or_else(|| de::Error::custom("not the number of a project chat"))
    }
}

/// The number that a text of digits writes.
fn digits(text: &str) -> Option<ProjectId> {
    // A sign would pass the parser.
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain).and_then(ProjectId::new)
}

/// A chat, as frames name it.
///
/// Written as the server does, `{"chat_id":"1_2","chat_type":"direct"}`; commands have the two in the other
/// order. Without `chat_type`, which the original left out at times, a number or digits are a project's.
///
/// ```
/// use chat_protocol::dialect::chats::{Chat, ProjectId};
/// let chat: Chat = serde_json::from_str(r#"{"chat_type":"project","chat_id":"10"}"#).unwrap();
/// assert_eq!(chat, Chat::Project(ProjectId::new(10).unwrap()));
/// assert_eq!(serde_json::to_string(&chat).unwrap(), r#"{"chat_id":10,"chat_type":"project"}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(tag = "chat_type", content = "chat_id", rename_all = "lowercase"))]
pub enum Chat {
    /// Of two users, by the name of the pair, such as 1_2. A client may name the two in either order, and may
    /// have it wrong.
    Direct(String),
    /// Of a project, by its number.
    Project(ProjectId),
}

impl Chat {
    /// The direct chat of two users, in whichever order they are given.
    pub fn direct(a: &UserId, b: &UserId) -> Self {
        Self::Direct(PAIR.write(a, b))
    }

    /// `direct` or `project`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Direct(_) => "direct",
            Self::Project(_) => "project",
        }
    }

    /// The other user of the direct chat that `me` calls `name`. What is said of a name repeats its first 257
    /// characters at most: no pair has more.
    ///
    /// # Errors
    /// [`BadInput::ChatId`] when it is no name of a pair, [`BadInput::NotMember`] when neither side is `me`.
    pub fn peer(name: &str, me: &UserId) -> Result<UserId, BadInput> {
        PAIR.read(name, me).ok_or_else(|| {
            let shown: String = name.chars().take(PAIR_CHARS).collect();
            match name.split_once(PAIR.separator) {
                Some((a, b)) if !a.is_empty() && !b.is_empty() => {
                    BadInput::NotMember { user: me.clone(), chat: shown }
                }
                _ => BadInput::ChatId(shown),
            }
        })
    }

    /// The two keys as commands have them: the type first.
    pub(super) fn type_first<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut keys = serializer.serialize_struct("Chat", 2)?;
        keys.serialize_field("chat_type", self.kind())?;
        keys.serialize_field("chat_id", &WrittenId(self))?;
        keys.end()
    }

    /// The chat of a known type; `None` when the id is not one of that type.
    pub(super) fn of(project: bool, id: ChatId) -> Option<Self> {
        match (project, id) {
            (false, ChatId::Text(name)) => Some(Self::Direct(name)),
            (false, ChatId::Number(_)) => None,
            (true, ChatId::Text(text)) => digits(&text).map(Self::Project),
            (true, ChatId::Number(number)) => ProjectId::new(number).map(Self::Project),
        }
    }
}

/// The `chat_id`: `1_2` or `10`.
impl fmt::Display for Chat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct(name) => f.write_str(name),
            Self::Project(number) => number.fmt(f),
        }
    }
}

impl Serialize for Chat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut keys = serializer.serialize_struct("Chat", 2)?;
        keys.serialize_field("chat_id", &WrittenId(self))?;
        keys.serialize_field("chat_type", self.kind())?;
        keys.end()
    }
}

/// A project's id is a number, because clients compare it with that of the lists by `===`.
struct WrittenId<'a>(&'a Chat);

impl Serialize for WrittenId<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Chat::Direct(name) => serializer.serialize_str(name),
            Chat::Project(number) => number.serialize(serializer),
        }
    }
}

/// A `chat_id` as it came.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a chat's id: a string or an integer from 0")]
pub(super) enum ChatId {
    /// Of a project.
    Number(u64),
    /// Of either type.
    Text(String),
}

#[derive(Deserialize)]
struct ReadChat {
    chat_type: Option<String>,
    chat_id: ChatId,
}

impl<'de> Deserialize<'de> for Chat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ReadChat { chat_type, chat_id } = ReadChat::deserialize(deserializer)?;
        let project = match chat_type.as_deref() {
            Some("direct") => false,
            Some("project") => true,
            Some(_) => return Err(de::Error::custom(BadInput::ChatType)),
            None => match &chat_id {
                ChatId::Number(_) => true,
                ChatId::Text(text) => digits(text).is_some(),
            },
        };
        Chat::of(project, chat_id).ok_or_else(|| de::Error::custom(BadInput::InvalidValue("chat_id")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    #[test]
    fn a_direct_chat_is_found_by_its_name() {
        let (one, two) = (user("1"), user("2"));
        assert_eq!(Chat::direct(&two, &one), Chat::Direct("1_2".to_owned()));
        assert_eq!(Chat::direct(&user("10"), &user("9")).to_string(), "9_10");
        for (name, peer) in [
            ("1_2", Ok(two.clone())),
            ("2_1", Ok(two)),
            ("1_1", Ok(one.clone())),
            ("2_3", Err(BadInput::NotMember { user: one.clone(), chat: "2_3".to_owned() })),
            ("11_2", Err(BadInput::NotMember { user: one.clone(), chat: "11_2".to_owned() })),
            ("x", Err(BadInput::ChatId("x".to_owned()))),
            ("1_", Err(BadInput::ChatId("1_".to_owned()))),
            ("", Err(BadInput::ChatId(String::new()))),
        ] {
            assert_eq!(Chat::peer(name, &one), peer, "{name}");
        }
        let (long, pair) = ("é".repeat(30_000), format!("2_{}", "é".repeat(30_000)));
        assert_eq!(Chat::peer(&long, &one), Err(BadInput::ChatId("é".repeat(257))));
        let chat = format!("2_{}", "é".repeat(255));
        assert_eq!(Chat::peer(&pair, &one), Err(BadInput::NotMember { user: one, chat }));
    }
}
