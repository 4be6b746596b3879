//! Bodies and queries of the HTTP endpoints.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{RoomToken, form};
use crate::dialect::WireUser;
use crate::dialect::{Json, Object};
use crate::{Content, UserId, WireError, decode};

/// What `POST /api/chat` asks for: a room of exactly these users and the caller. Without users it is the
/// caller's own.
///
/// ```
/// use chat_protocol::dialect::hipochat::CreateRoom;
/// let json = r#"{"users":["2"]}"#;
/// let create = CreateRoom::from_body(json.as_bytes()).unwrap();
/// assert_eq!(create.users[0].as_str(), "2");
/// assert_eq!(serde_json::to_string(&create).unwrap(), json);
/// assert_eq!(CreateRoom::from_body(b"").unwrap(), CreateRoom::default());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreateRoom {
    /// The other users. Of one other it is the room of the two.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "users")]
    pub users: Vec<UserId>,
}

impl CreateRoom {
    /// Reads a body, which may be missing.
    ///
    /// # Errors
    /// Those of [`decode`].
    pub fn from_body(body: &[u8]) -> Result<Self, WireError> {
        if body.trim_ascii().is_empty() { Ok(Self::default()) } else { decode(body) }
    }
}

/// Ids that are numbers where users have numbers.
pub(super) fn users<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<UserId>, D::Error> {
    let users: Option<Vec<WireUser>> = Option::deserialize(deserializer)?;
    Ok(users.into_iter().flatten().map(|WireUser(user)| user).collect())
}

/// The answer of `POST /api/chat`: 201 when the room was made, 200 when it was already there.
///
/// ```
/// use chat_protocol::dialect::hipochat::RoomCreated;
/// let json = r#"{"chat":{"token":"e598c2a9-317a-4577-8cbd-7fd5f0cddbdf"}}"#;
/// let created: RoomCreated = serde_json::from_str(json).unwrap();
/// assert_eq!(created.token.as_str().len(), 36);
/// assert_eq!(serde_json::to_string(&created).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "RoomAnswer"))]
#[serde(from = "RoomAnswer", into = "RoomAnswer")]
pub struct RoomCreated {
    /// The room.
    pub token: RoomToken,
}

/// The room.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct RoomAnswer {
    /// The room.
    chat: Chat,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Chat {
    /// Its name.
    token: RoomToken,
}

impl From<RoomAnswer> for RoomCreated {
    fn from(RoomAnswer { chat: Chat { token } }: RoomAnswer) -> Self {
        Self { token }
    }
}

impl From<RoomCreated> for RoomAnswer {
    fn from(RoomCreated { token }: RoomCreated) -> Self {
        Self { chat: Chat { token } }
    }
}

/// The body of a refusal of `/api/chat`, such as 401: `{"detail":"..."}`. All other refusals have none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unauthorized {
    /// Why, for people.
    pub detail: String,
}

/// The body of `POST /talk/item/<token>/`: any JSON object.
///
/// ```
/// use chat_protocol::dialect::hipochat::ItemRequest;
/// use chat_protocol::{decode, encode};
/// let json = r#"{"message":"foobar","user":"johndoe"}"#;
/// let item: ItemRequest = decode(json.as_bytes()).unwrap();
/// assert_eq!(encode(&item).as_str(), json);
/// assert_eq!(encode(&item.injected()).as_str(), json);
/// let item: ItemRequest = decode(br#"{"injected":{"message":"foobar"}}"#).unwrap();
/// assert_eq!(encode(&item.injected()).as_str(), r#"{"message":"foobar"}"#);
/// let item: ItemRequest = decode(br#"{"message":"foobar","token":"mine"}"#).unwrap();
/// assert_eq!(encode(&item.injected()).as_str(), r#"{"message":"foobar"}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ItemRequest(pub Object);

impl ItemRequest {
    /// What is injected: the object under `injected` when there is one, and then the keys beside it are
    /// dropped; else all of it. Of its keys `token` is dropped, as of messages: clients put their own there, and everybody would
    /// be told.
    pub fn injected(self) -> Object {
        let mut injected = self.0.get("injected").and_then(Json::object).unwrap_or(self.0);
        injected.remove("token");
        injected
    }

    /// What is stored of it.
    pub fn content(self) -> Content {
        Content { kind: super::OBJECT.to_owned(), payload: Json::of(&self.injected()).0 }
    }
}

/// What a counter counts, by `?type=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Counted {
    /// Both, when the type is absent or another.
    #[default]
    All,
    /// `message`: what came over sockets.
    Messages,
    /// `item`: what was injected.
    Items,
}

impl Counted {
    /// By the type of a query.
    pub fn of(kind: Option<&str>) -> Self {
        match kind {
            Some("message") => Self::Messages,
            Some("item") => Self::Items,
            _ => Self::All,
        }
    }

    /// The type of the query; `None` when it has none.
    pub fn as_query(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Messages => Some("message"),
            Self::Items => Some("item"),
        }
    }
}

/// The answer of `GET /talk/notification/<token>/`.
///
/// ```
/// use chat_protocol::dialect::hipochat::Notification;
/// let json = r#"{"notification":"3"}"#;
/// let notification: Notification = serde_json::from_str(json).unwrap();
/// assert_eq!(notification.count, Some(3));
/// assert_eq!(serde_json::to_string(&notification).unwrap(), json);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Notification {
    /// How many messages of others the reader has not read: a string of digits, or null for one who is no
    /// member.
    #[serde(rename = "notification", with = "digits")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub count: Option<u64>,
}

/// A count as the original's store gave it out: a string.
#[derive(Clone, Copy)]
struct Digits(u64);

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Count;
        impl serde::de::Visitor<'_> for Count {
            type Value = Digits;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count: a string of digits or an integer from 0")
            }
            fn visit_u64<E: serde::de::Error>(self, count: u64) -> Result<Digits, E> {
                Ok(Digits(count))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Digits, E> {
                let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                let count = digits.and_then(|digits| digits.parse().ok());
                count.map(Digits).ok_or_else(|| E::custom("not a count"))
            }
        }
        deserializer.deserialize_any(Count)
    }
}

mod digits {
    use super::*;

    pub(super) fn serialize<S: Serializer>(count: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        count.map(|count| count.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        Ok(Option::<Digits>::deserialize(deserializer)?.map(|Digits(count)| count))
    }
}

/// A count of a member's as a string, and the number 0 for others: what the original's store gave, `or 0`.
pub(super) mod unread_count {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(
        count: &Option<u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match count {
            Some(count) => serializer.collect_str(count),
            None => serializer.serialize_u64(0),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<u64>, D::Error> {
        let count = Option::<Json>::deserialize(deserializer)?;
        let Some(count) = count.filter(|count| !matches!(count.as_str(), "0" | "null")) else {
            return Ok(None);
        };
        serde_json::from_str(count.as_str())
            .map(|Digits(count)| Some(count))
            .map_err(|_| serde::de::Error::custom("not a count"))
    }
}

/// The form of `POST /talk/new-chat-room/<token>` and `POST /talk/unsubscribe/<token>`: auth tokens, whose
/// users become members or are removed. They are secrets, and debugging does not show them.
///
/// ```
/// use chat_protocol::dialect::hipochat::MemberTokens;
/// let form = MemberTokens::from_form("tokens=ann%40example.org&tokens=bob&x=1").unwrap();
/// assert_eq!(form.tokens, ["ann@example.org", "bob"]);
/// assert_eq!(form.to_form(), "tokens=ann%40example.org&tokens=bob");
/// assert_eq!(MemberTokens::from_form("token=bob"), None);
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct MemberTokens {
    /// The tokens, at least one.
    pub tokens: Vec<String>,
}

impl MemberTokens {
    /// Reads a form; `None` when it has no token, which is 400. Empty ones do not count.
    pub fn from_form(body: &str) -> Option<Self> {
        let token =
            |(name, value): (String, String)| (name == "tokens" && !value.is_empty()).then_some(value);
        let tokens: Vec<String> = form::pairs(body).filter_map(token).collect();
        (!tokens.is_empty()).then_some(Self { tokens })
    }

    /// Writes the form.
    pub fn to_form(&self) -> String {
        form::written(self.tokens.iter().map(|token| ("tokens", token.as_str())))
    }
}

impl fmt::Debug for MemberTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemberTokens({})", self.tokens.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_wrapped_once() {
        let read = |json: &str| serde_json::from_str::<ItemRequest>(json).unwrap();
        for (json, injected) in [
            (r#"{"message":"foobar","user":"johndoe"}"#, r#"{"message":"foobar","user":"johndoe"}"#),
            (r#"{"injected":{"a":[1, 2.0]},"x":1}"#, r#"{"a":[1, 2.0]}"#),
            (r#"{"injected":5}"#, r#"{"injected":5}"#),
            (r#"{"injected":null,"x":1}"#, r#"{"injected":null,"x":1}"#),
            ("{}", "{}"),
        ] {
            assert_eq!(read(json).injected(), read(injected).0, "{json}");
        }
    }

    #[test]
    fn a_counter_counts_what_the_query_names() {
        for (kind, counted) in [
            (None, Counted::All),
            (Some("message"), Counted::Messages),
            (Some("item"), Counted::Items),
            (Some("call"), Counted::All),
        ] {
            assert_eq!(Counted::of(kind), counted);
            assert_eq!(Counted::of(counted.as_query()), counted);
        }
    }
}
