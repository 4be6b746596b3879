//! Old messages.

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Item, RoomToken, RoomTokenError};
use crate::dialect::Object;
use crate::dialect::{Seconds, WholeSeconds};

/// An old message: the client's object with its `author`, and when the server stored it, whatever time the
/// client sent. It does not name the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldMessage<T = Seconds> {
    object: Object,
    timestamp: T,
}

impl<T> OldMessage<T> {
    /// An old message; `token` and `timestamp` of the object are dropped.
    pub fn new(mut object: Object, timestamp: T) -> Self {
        object.remove("token");
        object.remove("timestamp");
        Self { object, timestamp }
    }

    /// The client's keys and `author`.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// When it was stored.
    pub fn timestamp(&self) -> &T {
        &self.timestamp
    }
}

/// One entry of a list of old messages. Only items name their room, and that is what tells the two apart.
///
/// ```
/// use chat_protocol::dialect::hipochat::Entry;
/// for json in [
///     r#"{"message":"asdasda","author":"asdasda","timestamp":1414768486.196569}"#,
///     r#"{"timestamp":1414773038.058612,"token":"r1","injected":{"message":"hede","hodo":"hede"}}"#,
/// ] {
///     let entry: Entry = serde_json::from_str(json).unwrap();
///     assert_eq!(matches!(entry, Entry::Item(_)), json.contains("token"));
///     assert_eq!(serde_json::to_string(&entry).unwrap(), json);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry<T = Seconds> {
    /// What a client sent over its socket.
    Message(OldMessage<T>),
    /// What a backend injected.
    Item(Item<T>),
}

impl<T: Serialize> Serialize for Entry<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let message = match self {
            Self::Item(item) => return item.serialize(serializer),
            Self::Message(message) => message,
        };
        let mut map = serializer.serialize_map(None)?;
        message.object.write(&mut map)?;
        map.serialize_entry("timestamp", &message.timestamp)?;
        map.end()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = Object::deserialize(deserializer)?;
        let entry = if object.has("token") && Item::<T>::is(&object) {
            Item::read(object).map(Self::Item)
        } else {
            object.require("timestamp").map(|ts| Self::Message(OldMessage::new(object, ts)))
        };
        entry.map_err(D::Error::custom)
    }
}

/// The answer of `GET /talk/old/<token>/`: all messages of a room, oldest first.
///
/// On the wire they come twice, because clients of two generations read one each: all in `oldy`, and the same
/// in `results`, divided at the moment when the reader's last socket in the room closed. Readers prefer
/// `results`; of an answer without it, all are taken as read.
///
/// ```
/// use chat_protocol::dialect::hipochat::OldMessages;
/// let json = r#"{"oldy":[{"m":1,"timestamp":1.0},{"m":2,"timestamp":2.5}],"results":{"read_messages":[{"m":1,"timestamp":1.0}],"unread_messages":[{"m":2,"timestamp":2.5}]}}"#;
/// let old: OldMessages = serde_json::from_str(json).unwrap();
/// assert_eq!((old.read.len(), old.unread.len()), (1, 1));
/// assert_eq!(serde_json::to_string(&old).unwrap(), json);
/// let first: OldMessages = serde_json::from_str(r#"{"oldy":[{"m":1,"timestamp":1.0}]}"#).unwrap();
/// assert_eq!((first.read.len(), first.unread.len()), (1, 0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "OldMessagesRead", into = "OldMessagesWritten")]
pub struct OldMessages {
    /// Those before that moment; all of them when there was none.
    pub read: Vec<Entry>,
    /// Those after it.
    pub unread: Vec<Entry>,
}

/// Old messages on both sides of the moment when the reader's last socket in the room closed.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Divided {
    /// Those before that moment, oldest first.
    read_messages: Vec<Entry>,
    /// Those after it, oldest first.
    unread_messages: Vec<Entry>,
}

#[derive(Deserialize)]
struct OldMessagesRead {
    oldy: Option<Vec<Entry>>,
    results: Option<Divided>,
}

/// Old messages of one room.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "OldMessages"))]
struct OldMessagesWritten {
    /// All of them, oldest first.
    oldy: Vec<Entry>,
    /// The same, divided at the moment when the reader's last socket in the room closed.
    results: Divided,
}

impl TryFrom<OldMessagesRead> for OldMessages {
    type Error = String;
    fn try_from(answer: OldMessagesRead) -> Result<Self, String> {
        match (answer.results, answer.oldy) {
            (Some(Divided { read_messages, unread_messages }), _) => {
                Ok(Self { read: read_messages, unread: unread_messages })
            }
            (None, Some(read)) => Ok(Self { read, unread: Vec::new() }),
            (None, None) => Err("missing field `oldy`".to_owned()),
        }
    }
}

impl From<OldMessages> for OldMessagesWritten {
    fn from(OldMessages { read, unread }: OldMessages) -> Self {
        let oldy = read.iter().chain(&unread).cloned().collect();
        Self { oldy, results: Divided { read_messages: read, unread_messages: unread } }
    }
}

/// The answer of `GET /talk/history/<t1,t2>`: the newest messages of several rooms.
///
/// ```
/// use chat_protocol::dialect::hipochat::Histories;
/// let json = r#"{"results":[{"room_name":"r1","unread_count":"3","messages":[{"message":"hi","timestamp":1414768486}]},{"room_name":"r2","unread_count":0,"messages":[]}]}"#;
/// let histories: Histories = serde_json::from_str(json).unwrap();
/// assert_eq!(histories.results[0].unread_count, Some(3));
/// assert_eq!(histories.results[1].unread_count, None);
/// assert_eq!(serde_json::to_string(&histories).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Histories {
    /// One for each room that was asked for.
    pub results: Vec<RoomHistory>,
}

/// The newest messages of one room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomHistory {
    /// The room.
    pub room_name: RoomToken,
    /// How many messages the reader has not read: a string of digits, or the number 0 for one who is no
    /// member.
    #[serde(default, with = "super::http::unread_count")]
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value", extend("anyOf" = [{ "type": "string" }, { "const": 0 }])))]
    pub unread_count: Option<u64>,
    /// The newest messages, oldest first, with times in whole seconds.
    pub messages: Vec<Entry<WholeSeconds>>,
}

/// The rooms of the path of `GET /talk/history/<t1,t2>`. A comma divides them here, so a room with a comma in
/// its token cannot be asked for.
///
/// # Errors
/// When one of them is no token, which is 404.
///
/// ```
/// use chat_protocol::dialect::hipochat::history_rooms;
/// let rooms = history_rooms("room_hipo,room_foo").unwrap();
/// assert_eq!(rooms[1].as_str(), "room_foo");
/// assert!(history_rooms("room_hipo,").is_err());
/// ```
pub fn history_rooms(path: &str) -> Result<Vec<RoomToken>, RoomTokenError> {
    path.split(',').map(RoomToken::new).collect()
}

/// How many messages of each room `?limit=` asks for: 1 when it is absent, empty or 0, as in the original;
/// `None` when it is no number.
///
/// ```
/// use chat_protocol::dialect::hipochat::history_limit;
/// assert_eq!([history_limit(None), history_limit(Some("0")), history_limit(Some("7"))], [Some(1), Some(1),
/// Some(7)]); assert_eq!(history_limit(Some("many")), None);
/// ```
pub fn history_limit(query: Option<&str>) -> Option<u32> {
    match query.unwrap_or_default() {
        "" => Some(1),
        limit => limit.parse::<u32>().ok().map(|limit| limit.max(1)),
    }
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{Entry, Item, OldMessages, OldMessagesWritten};

    impl<T: JsonSchema> JsonSchema for Entry<T> {
        fn schema_name() -> Cow<'static, str> {
            format!("EntryIn{}", T::schema_name()).into()
        }
        fn schema_id() -> Cow<'static, str> {
            format!("{}::Entry<{}>", module_path!(), T::schema_id()).into()
        }
        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "An old message: the client's object with its author and the server's time; or an item.",
                "anyOf": [
                    generator.subschema_for::<Item<T>>(),
                    {
                        "title": format!("OldMessageIn{}", T::schema_name()),
                        "description": "An old message: the client's object with its author.",
                        "type": "object",
                        "required": ["timestamp"],
                        "properties": { "timestamp": generator.subschema_for::<T>() },
                    },
                ],
            })
        }
    }

    impl JsonSchema for OldMessages {
        fn schema_name() -> Cow<'static, str> {
            OldMessagesWritten::schema_name()
        }
        fn schema_id() -> Cow<'static, str> {
            OldMessagesWritten::schema_id()
        }
        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            OldMessagesWritten::json_schema(generator)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_and_limits_of_a_query() {
        let room = |token: &str| RoomToken::new(token).unwrap();
        assert_eq!(history_rooms("r1,r2").unwrap(), [room("r1"), room("r2")]);
        for path in ["", "r1,", ",", "r1,a/b"] {
            assert_eq!(history_rooms(path), Err(RoomTokenError), "{path}");
        }
        for (query, limit) in [(None, Some(1)), (Some(""), Some(1)), (Some("0"), Some(1)), (Some("-1"), None)]
        {
            assert_eq!(history_limit(query), limit);
        }
    }
}
