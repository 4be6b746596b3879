//! Frames of the socket.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::reply::outcome;
use super::{Message, Reason, Reply, ReplyData, TopicId};
use crate::dialect::{Secret, WireUser};
use crate::{Seq, Timestamp};

/// One command of the client, as one frame. It names exactly one; unknown keys beside it are ignored.
///
/// ```
/// use chat_protocol::dialect::haraj::ClientFrame;
/// let json = r#"{"listen":{"id":"listen peer 2","peer_id":2}}"#;
/// let frame: ClientFrame = chat_protocol::decode(json.as_bytes()).unwrap();
/// assert_eq!(frame.id(), Some("listen peer 2"));
/// assert_eq!(chat_protocol::encode(&frame).as_str(), json);
/// assert!(chat_protocol::decode::<ClientFrame>(br#"{"listen":{"id":"1"}}"#).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientFrame {
    /// `auth`: say who I am. It comes first.
    Auth(Auth),
    /// `listen`: watch a user's presence.
    Listen(Peer),
    /// `unlisten`: stop watching.
    Unlisten(Peer),
    /// A command that is not documented: answered as a bad request.
    Unknown(UnknownFrame),
}

/// Parameters of `auth`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Auth {
    /// Repeated in the reply.
    pub id: String,
    /// From the login.
    pub access_token: Secret,
}

/// Parameters of `listen` and `unlisten`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Peer {
    /// Repeated in the reply.
    pub id: String,
    /// The user to watch.
    pub peer_id: WireUser,
}

/// A frame with a name that this dialect does not have.
#[derive(Clone, Serialize, Deserialize)]
pub struct UnknownFrame {
    /// The key that named it.
    pub name: String,
    /// Its value, as it came.
    pub value: Box<RawValue>,
}

/// Equal when the JSON texts are.
impl PartialEq for UnknownFrame {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.value.get() == other.value.get()
    }
}

impl Eq for UnknownFrame {}

/// The value is not shown: nobody knows what is in it.
impl fmt::Debug for UnknownFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnknownFrame").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ClientFrame {
    /// The id that the reply repeats.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Auth(auth) => Some(&auth.id),
            Self::Listen(peer) | Self::Unlisten(peer) => Some(&peer.id),
            Self::Unknown(_) => None,
        }
    }
}

impl Serialize for ClientFrame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Auth(auth) => map.serialize_entry("auth", auth)?,
            Self::Listen(peer) => map.serialize_entry("listen", peer)?,
            Self::Unlisten(peer) => map.serialize_entry("unlisten", peer)?,
            Self::Unknown(unknown) => map.serialize_entry(&unknown.name, &unknown.value)?,
        }
        map.end()
    }
}

/// Keeps the one thing that a frame holds; a second one is an error.
fn put<T, E: de::Error>(slot: &mut Option<T>, thing: T, several: &'static str) -> Result<(), E> {
    match slot.replace(thing) {
        None => Ok(()),
        Some(_) => Err(E::custom(several)),
    }
}

const ONE_COMMAND: &str = "a frame holds exactly one command";
const ONE_PACKET: &str = "a frame holds exactly one packet";

impl<'de> Deserialize<'de> for ClientFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Frame;
        impl<'de> Visitor<'de> for Frame {
            type Value = ClientFrame;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one object with one key that names the command")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ClientFrame, A::Error> {
                let (mut known, mut unknown) = (None, None);
                while let Some(name) = map.next_key::<String>()? {
                    let command = match name.as_str() {
                        "auth" => ClientFrame::Auth(map.next_value()?),
                        "listen" => ClientFrame::Listen(map.next_value()?),
                        "unlisten" => ClientFrame::Unlisten(map.next_value()?),
                        _ => {
                            let value = map.next_value()?;
                            unknown.get_or_insert(UnknownFrame { name, value });
                            continue;
                        }
                    };
                    put(&mut known, command, ONE_COMMAND)?;
                }
                known.or(unknown.map(ClientFrame::Unknown)).ok_or_else(|| de::Error::custom(ONE_COMMAND))
            }
        }
        deserializer.deserialize_map(Frame)
    }
}

/// One frame of the server: the answer to a command, or news.
///
/// ```
/// use chat_protocol::dialect::haraj::ServerFrame;
/// for json in [
///     r#"{"id":"unlisten peer 2","status":200,"data":{"user_id":1,"peer_id":2},"ts":"2018-02-02T08:30:39.789Z"}"#,
///     r#"{"reads":{"from_id":2,"topic_id":"p2p1_2","seq_ids":[40,41],"ts":"2018-10-08T08:30:39.657Z"}}"#,
/// ] {
///     let frame: ServerFrame = chat_protocol::decode(json.as_bytes()).unwrap();
///     assert_eq!(chat_protocol::encode(&frame).as_str(), json);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerFrame {
    /// Answer to a command, or the refusal of a frame.
    Reply(Reply<ReplyData>),
    /// `message`: somebody wrote.
    Message(Message),
    /// `reads`: somebody read.
    Reads(Reads),
    /// `pres`: somebody came, went or types.
    Presence(Presence),
    /// News that are not documented: a client ignores them.
    Unknown(UnknownFrame),
}

/// A member has read messages of others.
///
/// ```
/// use chat_protocol::dialect::haraj::Reads;
/// let json = r#"{"from_id":2,"topic_id":"p2p1_2","seq_ids":[40,41],"ts":"2018-10-08T08:30:39.657Z"}"#;
/// let reads: Reads = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&reads).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reads {
    /// Who read.
    pub from_id: WireUser,
    /// Topic of the messages.
    pub topic_id: TopicId,
    /// Every message that became read, at most the newest 100.
    pub seq_ids: Vec<Seq>,
    /// When it was read.
    pub ts: Timestamp,
}

/// What a user does now.
///
/// ```
/// use chat_protocol::dialect::haraj::{Presence, What};
/// let json = r#"{"what":"typing","from_id":2,"topic_id":"p2p1_2","ts":"2018-10-08T08:30:39.657Z"}"#;
/// let presence: Presence = serde_json::from_str(json).unwrap();
/// assert!(matches!(presence.what, What::Typing(_)));
/// assert_eq!(serde_json::to_string(&presence).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "PresenceWire", into = "PresenceWire")]
pub struct Presence {
    /// What it is.
    pub what: What,
    /// Who it is.
    pub from_id: WireUser,
    /// When it was said.
    pub ts: Timestamp,
}

/// What a user does. Typing happens in a topic, being online does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// `online`: the first session began.
    Online,
    /// `offline`: the last session ended.
    Offline,
    /// `typing` in a topic.
    Typing(TopicId),
    /// `stop_typing` in a topic.
    StopTyping(TopicId),
}

/// What a user does.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "What"))]
#[serde(rename_all = "snake_case")]
enum WhatWire {
    Online,
    Offline,
    Typing,
    StopTyping,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct PresenceWire {
    /// What it is.
    what: WhatWire,
    /// Who it is.
    from_id: WireUser,
    /// Where the user types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic_id: Option<TopicId>,
    /// When it was said.
    ts: Timestamp,
}

impl TryFrom<PresenceWire> for Presence {
    type Error = &'static str;
    fn try_from(wire: PresenceWire) -> Result<Self, Self::Error> {
        let topic = wire.topic_id.ok_or("missing field `topic_id`");
        let what = match wire.what {
            WhatWire::Online => What::Online,
            WhatWire::Offline => What::Offline,
            WhatWire::Typing => What::Typing(topic?),
            WhatWire::StopTyping => What::StopTyping(topic?),
        };
        Ok(Self { what, from_id: wire.from_id, ts: wire.ts })
    }
}

impl From<Presence> for PresenceWire {
    fn from(presence: Presence) -> Self {
        let (what, topic_id) = match presence.what {
            What::Online => (WhatWire::Online, None),
            What::Offline => (WhatWire::Offline, None),
            What::Typing(topic) => (WhatWire::Typing, Some(topic)),
            What::StopTyping(topic) => (WhatWire::StopTyping, Some(topic)),
        };
        Self { what, from_id: presence.from_id, topic_id, ts: presence.ts }
    }
}

impl Serialize for ServerFrame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Reply(reply) = self {
            return reply.serialize(serializer);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Reply(_) => {}
            Self::Message(message) => map.serialize_entry("message", message)?,
            Self::Reads(reads) => map.serialize_entry("reads", reads)?,
            Self::Presence(presence) => map.serialize_entry("pres", presence)?,
            Self::Unknown(unknown) => map.serialize_entry(&unknown.name, &unknown.value)?,
        }
        map.end()
    }
}

/// The keys of a reply, which has no name of its own.
#[derive(Default)]
struct ReplyKeys {
    id: Option<Option<String>>,
    status: Option<u16>,
    data: Option<Option<ReplyData>>,
    err: Option<Option<Reason>>,
    ts: Option<Timestamp>,
}

impl ReplyKeys {
    fn reply<E: de::Error>(self, status: u16) -> Result<Reply<ReplyData>, E> {
        let ts = self.ts.ok_or_else(|| E::missing_field("ts"))?;
        let outcome = outcome(self.data.flatten(), self.err.flatten())?;
        Ok(Reply { id: self.id.flatten(), status, outcome, ts })
    }
}

impl<'de> Deserialize<'de> for ServerFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Frame;
        impl<'de> Visitor<'de> for Frame {
            type Value = ServerFrame;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one object with one key that names the packet, or a reply")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ServerFrame, A::Error> {
                let (mut known, mut unknown, mut reply) = (None, None, ReplyKeys::default());
                while let Some(name) = map.next_key::<String>()? {
                    let packet = match name.as_str() {
                        "message" => ServerFrame::Message(map.next_value()?),
                        "reads" => ServerFrame::Reads(map.next_value()?),
                        "pres" => ServerFrame::Presence(map.next_value()?),
                        other => {
                            match other {
                                "id" => put(&mut reply.id, map.next_value()?, "duplicate field `id`")?,
                                "status" => {
                                    put(&mut reply.status, map.next_value()?, "duplicate field `status`")?;
                                }
                                "data" => put(&mut reply.data, map.next_value()?, "duplicate field `data`")?,
                                "err" => put(&mut reply.err, map.next_value()?, "duplicate field `err`")?,
                                "ts" => put(&mut reply.ts, map.next_value()?, "duplicate field `ts`")?,
                                _ => {
                                    let value = map.next_value()?;
                                    unknown.get_or_insert(UnknownFrame { name, value });
                                }
                            }
                            continue;
                        }
                    };
                    put(&mut known, packet, ONE_PACKET)?;
                }
                if let Some(status) = reply.status {
                    put(&mut known, ServerFrame::Reply(reply.reply(status)?), ONE_PACKET)?;
                }
                known.or(unknown.map(ServerFrame::Unknown)).ok_or_else(|| de::Error::custom(ONE_PACKET))
            }
        }
        deserializer.deserialize_map(Frame)
    }
}

#[cfg(feature = "schema")]
macro_rules! named {
    ($generator:ident, $($name:literal: $type:ty),*) => {
        vec![$(schemars::json_schema!({
            "type": "object",
            "required": [$name],
            "properties": { $name: $generator.subschema_for::<$type>() },
        })),*]
    };
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ClientFrame {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClientFrame".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let variants: Vec<schemars::Schema> =
            named!(generator, "auth": Auth, "listen": Peer, "unlisten": Peer);
        schemars::json_schema!({
            "oneOf": variants,
            "description": "One object with one key that names the command.",
        })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ServerFrame {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ServerFrame".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut variants: Vec<schemars::Schema> =
            named!(generator, "message": Message, "reads": Reads, "pres": Presence);
        variants.push(generator.subschema_for::<Reply<ReplyData>>());
        schemars::json_schema!({
            "oneOf": variants,
            "description": "One object with one key that names the packet, or the reply to a command.",
        })
    }
}
