//! Frames of the socket.

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Item, Profile, RoomToken};
use crate::Timestamp;
use crate::dialect::Seconds;
use crate::dialect::{Json, Object};

/// What a client sends: any JSON object, all of whose keys are its own.
///
/// Anything else is ignored by the server and the socket stays open.
///
/// ```
/// use chat_protocol::dialect::hipochat::ClientFrame;
/// use chat_protocol::{decode, encode};
/// let json = r#"{"message":"hello","author":"ann"}"#;
/// let frame: ClientFrame = decode(json.as_bytes()).unwrap();
/// assert_eq!(frame.0.text().as_deref(), Some("hello"));
/// assert_eq!(encode(&frame).as_str(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ClientFrame(pub Object);

impl ClientFrame {
    /// A message of nothing but text; the server adds who wrote it.
    pub fn message(text: &str) -> Self {
        Self(Object::new().with("message", text))
    }
}

/// A message: the client's object, then `author` and `timestamp` unless the client sent its own, then the
/// room's `token`.
///
/// ```
/// use chat_protocol::Timestamp;
/// use chat_protocol::dialect::hipochat::{ClientFrame, MessageFrame, Profile, RoomToken};
/// let json = r#"{"message":"hello","author":"ann","timestamp":1414768486.196569,"token":"r1"}"#;
/// let frame: MessageFrame = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&frame).unwrap(), json);
///
/// let sent: ClientFrame = serde_json::from_str(r#"{"token":"mine","message":"hello","author":"ann"}"#).unwrap();
/// let ts = Timestamp::from_micros(1_414_768_486_196_569);
/// assert_eq!(MessageFrame::new(sent, &Profile::default(), ts, RoomToken::new("r1").unwrap()), frame);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFrame {
    object: Object,
    token: RoomToken,
}

impl MessageFrame {
    /// What the room is told of a client's frame. A `token` of the client's is overwritten: it may be a
    /// secret.
    pub fn new(frame: ClientFrame, author: &Profile, ts: Timestamp, token: RoomToken) -> Self {
        let ClientFrame(mut object) = frame;
        object.remove("token");
        if !object.has("author") {
            object.set("author", Json::of(author));
        }
        if !object.has("timestamp") {
            object.set("timestamp", Json::of(&Seconds(ts)));
        }
        Self { object, token }
    }

    /// What the room is told of a message of another dialect.
    ///
    /// ```
    /// use chat_protocol::dialect::hipochat::{MessageFrame, Profile, RoomToken};
    /// use chat_protocol::{Timestamp, UserId};
    /// let author = Profile::new(UserId::new("1").unwrap(), "Ann Lee");
    /// let ts = Timestamp::from_micros(1_414_768_486_196_569);
    /// let frame = MessageFrame::foreign("hi", &author, ts, RoomToken::new("r1").unwrap());
    /// let json = r#"{"type":"message","message":"hi","body":{"message":"hi"},"author":{"user_id":1,"name":"Ann Lee"},"timestamp":1414768486.196569,"token":"r1"}"#;
    /// assert_eq!(serde_json::to_string(&frame).unwrap(), json);
    /// ```
    pub fn foreign(text: &str, author: &Profile, ts: Timestamp, token: RoomToken) -> Self {
        let body = serde_json::json!({ "message": text });
        let object = Object::new().with("type", "message").with("message", text).with("body", body);
        Self::new(ClientFrame(object), author, ts, token)
    }

    /// All of it except the room: the client's keys, `author` and `timestamp`.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// The room.
    pub fn token(&self) -> &RoomToken {
        &self.token
    }

    /// The object by itself.
    pub fn into_object(self) -> Object {
        self.object
    }

    fn read(mut object: Object) -> Result<Self, String> {
        let token = object.require("token")?;
        Ok(Self { object, token })
    }
}

impl Serialize for MessageFrame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.object.write(&mut map)?;
        map.serialize_entry("token", &self.token)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for MessageFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Object::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Why the server refuses: the text of an error frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Refusal {
    /// `authentication error`: the token of the handshake is missing or wrong, and the socket is closed.
    #[error("authentication error")]
    Authentication,
    /// A reason for people; the socket stays open. Read with the text above, it is that one.
    #[error("{0}")]
    Reason(String),
}

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        if text == Self::Authentication.to_string() { Self::Authentication } else { Self::Reason(text) }
    }
}

impl From<Refusal> for String {
    fn from(refusal: Refusal) -> Self {
        refusal.to_string()
    }
}

/// A refusal, to its sender alone.
///
/// ```
/// use chat_protocol::dialect::hipochat::{ErrorFrame, Refusal};
/// let json = r#"{"ERROR":"authentication error"}"#;
/// let frame: ErrorFrame = serde_json::from_str(json).unwrap();
/// assert_eq!(frame.error, Refusal::Authentication);
/// assert_eq!(serde_json::to_string(&frame).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorFrame {
    /// Why.
    #[serde(rename = "ERROR")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub error: Refusal,
}

/// What a server sends.
///
/// No key names the kind. A frame with `ERROR` and without `token` is a refusal. One with an object in
/// `injected` and no `author` is an item, and so is one of `type` `item` with its content and, beside the
/// profile of an `author`, a number as `timestamp`. All others are messages, among them what a client sends
/// that looks like an item, unless it claims to be one: the wire has nothing that tells those apart.
///
/// ```
/// use chat_protocol::dialect::hipochat::ServerFrame;
/// use chat_protocol::{decode, encode};
/// for json in [
///     r#"{"message":"hello","author":"ann","timestamp":1414768486.196569,"token":"r1"}"#,
///     r#"{"timestamp":1414773038.058612,"token":"r1","injected":{"message":"foobar","user":"johndoe"}}"#,
///     r#"{"ERROR":"authentication error"}"#,
/// ] {
///     let frame: ServerFrame = decode(json.as_bytes()).unwrap();
///     assert_eq!(encode(&frame).as_str(), json);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ServerFrame {
    /// A message was stored, of this socket's user or another.
    Message(MessageFrame),
    /// An item was injected.
    Item(Item),
    /// Something was refused.
    Error(ErrorFrame),
}

impl<'de> Deserialize<'de> for ServerFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = Object::deserialize(deserializer)?;
        let frame = if object.has("ERROR") && !object.has("token") {
            object.require("ERROR").map(|error| Self::Error(ErrorFrame { error }))
        } else if Item::<Seconds>::is(&object) {
            Item::read(object).map(Self::Item)
        } else {
            MessageFrame::read(object).map(Self::Message)
        };
        frame.map_err(D::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for MessageFrame {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MessageFrame".into()
    }
    fn schema_id() -> std::borrow::Cow<'static, str> {
        concat!(module_path!(), "::MessageFrame").into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "description": "A message: the object of the client who wrote it, and the room. `author` and `timestamp` are the client's own, or else the author's profile and a number of seconds.",
            "required": ["token"],
            "properties": { "token": generator.subschema_for::<RoomToken>() },
        })
    }
}
