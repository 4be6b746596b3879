//! Desks and their messages: what HTTP answers hold and what events carry.

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::{Uuid, file_url, wire};
use crate::Timestamp;
use crate::dialect::Zoned;

/// Which side wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The organization wrote it.
    Sent,
    /// The desk's client wrote it.
    Received,
}

/// How far the delivery of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Stored, on its way.
    Sending,
    /// Delivered.
    Sent,
}

impl Status {
    /// A message told without its status is older than the key, and delivered for long.
    fn when_absent() -> Self {
        Self::Sent
    }
}

/// One message of a desk.
///
/// ```
/// use chat_protocol::dialect::helpdesk::{Direction, Message, Status};
/// let json = concat!(
///     r#"{"created_at":"2021-06-15T11:57:16.420655-03:00","updated_at":"2021-06-15T11:57:19.582823-03:00","#,
///     r#""uuid":"0b9c1d2e-3f40-4152-8637-48596a7b8c9d","message":"teste","file":null,"type":"sent","#,
///     r#""status":"sent","help_desk":"5d6e7f80-91a2-43b4-95c6-d7e8f9010203"}"#,
/// );
/// let message: Message = serde_json::from_str(json).unwrap();
/// assert_eq!((message.direction, message.status), (Direction::Sent, Status::Sent));
/// assert_eq!(serde_json::to_string(&message).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(expecting = "a message: an object")]
pub struct Message {
    /// When it was stored.
    pub created_at: Zoned,
    /// When it or its status last changed.
    pub updated_at: Zoned,
    /// Its id.
    pub uuid: Uuid,
    /// Its text; null when it is a file alone. Absent is read as null.
    #[serde(rename = "message", default)]
    pub text: Option<String>,
    /// Where its file is; null when it has none. An absolute URL in history, a path elsewhere. Absent is read
    /// as null.
    #[serde(default)]
    pub file: Option<String>,
    /// Which side wrote it.
    #[serde(rename = "type")]
    pub direction: Direction,
    /// How far its delivery is. Always written; absent is read as `sent`.
    #[serde(default = "Status::when_absent")]
    pub status: Status,
    /// The desk it belongs to.
    #[serde(rename = "help_desk")]
    pub desk: Uuid,
}

impl Message {
    /// The same message once it is delivered: what `update_message` carries. Its `updated_at` is newer than
    /// before even if `at` is not.
    #[must_use]
    pub fn delivered(&self, at: Timestamp) -> Self {
        let least = self.updated_at.ts.as_micros().saturating_add(1);
        let ts = at.max(Timestamp::from_micros(least));
        Self { status: Status::Sent, updated_at: Zoned { ts, ..self.updated_at }, ..self.clone() }
    }

    /// The same message as history shows it: with the absolute URL of its file, on a server such as
    /// `https://chat.example.org`.
    #[must_use]
    pub fn with_origin(self, origin: &str) -> Self {
        let file = self.file.map(|file| file_url(origin, &file));
        Self { file, ..self }
    }
}

/// The person outside the organization whose case it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(expecting = "a client: an object")]
pub struct Client {
    /// Id of the client.
    pub uuid: Uuid,
    /// When the client became known.
    pub created_at: Zoned,
    /// When the client's data last changed.
    pub updated_at: Zoned,
    /// Name of the client.
    pub name: String,
    /// Telephone number of the client, as it was typed.
    pub phone: String,
}

/// One support case.
///
/// ```
/// use chat_protocol::dialect::helpdesk::Desk;
/// let json = concat!(
///     r#"{"created_at":"2021-06-14T22:10:39.551836-03:00","updated_at":"2021-06-14T22:10:39.551868-03:00","#,
///     r#""uuid":"5d6e7f80-91a2-43b4-95c6-d7e8f9010203","client":{"uuid":"c1c2c3c4-c5c6-47c8-89ca-cbcccdcecfd0","#,
///     r#""created_at":"2021-06-14T22:04:20.149704-03:00","updated_at":"2021-06-14T22:04:20.149734-03:00","#,
///     r#""name":"Nome do Cliente","phone":"123"},"last_message":{}}"#,
/// );
/// let desk: Desk = serde_json::from_str(json).unwrap();
/// assert_eq!(desk.last_message, None);
/// assert_eq!(serde_json::to_string(&desk).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(expecting = "a help desk: an object")]
pub struct Desk {
    /// When it was opened.
    pub created_at: Zoned,
    /// When its own data last changed.
    pub updated_at: Zoned,
    /// Its id.
    pub uuid: Uuid,
    /// Whose case it is.
    pub client: Client,
    /// The newest message; an empty object when there is none. Null and absent are read as that, too.
    #[serde(default, deserialize_with = "wire::or_empty", serialize_with = "message_or_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "MessageOrEmpty"))]
    pub last_message: Option<Message>,
}

/// The schema of a message or an empty object.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "no value of it is ever made")]
enum MessageOrEmpty {
    Message(Message),
    /// Without a field that a message has: a message that lacks one is none of the two.
    #[schemars(extend("maxProperties" = 0))]
    Empty {},
}

fn message_or_empty<S: Serializer>(message: &Option<Message>, serializer: S) -> Result<S::Ok, S::Error> {
    match message {
        Some(message) => message.serialize(serializer),
        None => serializer.serialize_map(Some(0))?.end(),
    }
}

/// What the demonstration of the original answers to a text, when `helpdesk.auto_reply` is on.
///
/// ```
/// assert_eq!(chat_protocol::dialect::helpdesk::auto_reply("Oi"), "Resposta - Oi");
/// ```
pub fn auto_reply(text: &str) -> String {
    format!("Resposta - {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivered_message_is_newer_whatever_the_clock_says() {
        let at = |micros| Zoned { ts: Timestamp::from_micros(micros), offset_minutes: -180 };
        let message = Message {
            created_at: at(5),
            updated_at: at(7),
            uuid: Uuid([1; 16]),
            text: None,
            file: Some("/media/uploads/a.png".to_owned()),
            direction: Direction::Sent,
            status: Status::Sending,
            desk: Uuid([2; 16]),
        };
        for (now, updated_at) in [(5, 8), (7, 8), (9, 9)] {
            let delivered = message.delivered(Timestamp::from_micros(now));
            let expected = Message { updated_at: at(updated_at), status: Status::Sent, ..message.clone() };
            assert_eq!(delivered, expected);
        }
        let shown = message.with_origin("https://a.b/");
        assert_eq!(shown.file.as_deref(), Some("https://a.b/media/uploads/a.png"));
        assert_eq!(shown.clone().with_origin("https://a.b"), shown, "only once");
    }
}
