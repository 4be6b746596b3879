//! What the operator's push address is told when a member is offline.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Item, MessageFrame, Profile, RoomToken, form};
use crate::UserId;
use crate::dialect::{Json, Object};

/// What kind of message it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PushKind {
    /// It came over a socket, or from another dialect.
    Message,
    /// It was injected.
    Item,
}

impl PushKind {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Item => "item",
        }
    }
}

/// How a push is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PushForm {
    /// All of it as JSON.
    #[default]
    Json,
    /// As the first version did: a form of `chat_token` and `type`.
    Form,
}

/// A push, written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushBody {
    /// The value of the `Content-Type` header.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// A push to the operator: some members do not follow the room now, and should be told of a message.
///
/// ```
/// use chat_protocol::dialect::hipochat::{Push, PushForm};
/// let json = r#"{"chat_token":"r1","type":"message","receivers":["2"],"body":{"message":"hello"},"author":{"user_id":1,"name":"Ann"}}"#;
/// let push: Push = serde_json::from_str(json).unwrap();
/// assert_eq!(push.written(PushForm::Json).body, json);
/// assert_eq!(push.written(PushForm::Form).body, "chat_token=r1&type=message");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Push {
    /// The room.
    pub chat_token: RoomToken,
    /// What kind of message it is.
    #[serde(rename = "type")]
    pub kind: PushKind,
    /// The members who are offline.
    #[serde(deserialize_with = "super::http::users")]
    pub receivers: Vec<UserId>,
    /// The message's `body`, or else its `message`, or else null; of an item, what was injected.
    pub body: Json,
    /// Who wrote it.
    pub author: Profile,
}

impl Push {
    /// The push of a message.
    pub fn message(frame: &MessageFrame, author: Profile, receivers: Vec<UserId>) -> Self {
        let (chat_token, body) = (frame.token().clone(), body(frame.object()));
        Self { chat_token, kind: PushKind::Message, receivers, body, author }
    }

    /// The push of an item.
    pub fn item<T>(item: &Item<T>, author: Profile, receivers: Vec<UserId>) -> Self {
        let (chat_token, body) = (item.token.clone(), Json::of(&item.injected));
        Self { chat_token, kind: PushKind::Item, receivers, body, author }
    }

    /// Writes it.
    pub fn written(&self, form: PushForm) -> PushBody {
        match form {
            PushForm::Json => {
                PushBody { content_type: "application/json", body: Json::of(self).as_str().to_owned() }
            }
            PushForm::Form => {
                let signal = PushSignal { chat_token: self.chat_token.clone(), kind: self.kind };
                PushBody { content_type: form::FORM, body: signal.to_form() }
            }
        }
    }
}

fn body(object: &Object) -> Json {
    object.get("body").or_else(|| object.get("message")).cloned().unwrap_or_else(|| Json::new(&Value::Null))
}

/// The first version's push: a form that says that there is something, and neither what nor for whom.
///
/// ```
/// use chat_protocol::dialect::hipochat::{PushKind, PushSignal};
/// let signal = PushSignal::from_form("chat_token=r1&type=item").unwrap();
/// assert_eq!(signal.kind, PushKind::Item);
/// assert_eq!(signal.to_form(), "chat_token=r1&type=item");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushSignal {
    /// The room.
    pub chat_token: RoomToken,
    /// What kind of message it is.
    #[cfg_attr(feature = "schema", schemars(rename = "type"))]
    pub kind: PushKind,
}

impl PushSignal {
    /// Reads the form; `None` when one of the two is missing or wrong. Of a repeated field the last one
    /// counts.
    pub fn from_form(body: &str) -> Option<Self> {
        let field =
            |name: &str| form::pairs(body).filter(|(key, _)| key == name).last().map(|(_, value)| value);
        let kind = match field("type")?.as_str() {
            "message" => PushKind::Message,
            "item" => PushKind::Item,
            _ => return None,
        };
        Some(Self { chat_token: RoomToken::new(field("chat_token")?).ok()?, kind })
    }

    /// Writes the form.
    pub fn to_form(&self) -> String {
        form::written([("chat_token", self.chat_token.as_str()), ("type", self.kind.as_str())])
    }
}
