//! What a server posts to systems of its operator: what happens in rooms, and pushes to be handed on.
//!
//! Each post is signed as [Standard Webhooks](https://www.standardwebhooks.com) says; `docs/webhooks.md` tells how to take one.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::PushService;
use crate::{DeviceId, Event, Timestamp, UserId};

/// What happened in rooms, in the order in which it was stored.
///
/// Bodies come one after the other, each after the one before was taken or given up. After a restart of either side some events
/// may come again: `num` says which were there before.
///
/// ```
/// use chat_protocol::Event;
/// use chat_protocol::hooks::WebhookBody;
/// let json = r#"{"events":[
///     {"num":61,"event":{"message":{"room":"r1","offset":57,"seq":43,"from":"1","content":{"type":"text/plain","payload":{"text":"hi"}},"ts":"2026-11-20T08:30:39.789Z"}}},
///     {"num":62,"event":{"member":{"room":"r1","offset":58,"action":"joined","user":"2","by":"2","role":"member","ts":"2026-11-20T08:30:40.000Z"}}}
/// ],"ts":"2026-11-20T08:30:40.120Z"}"#;
/// let body: WebhookBody = serde_json::from_str(json).unwrap();
/// assert_eq!(body.events[0].num, 61);
/// let Event::Message(message) = &body.events[0].event else { panic!() };
/// assert_eq!(message.content.text().as_deref(), Some("hi"));
/// assert!(matches!(body.events[1].event, Event::Member(_)));
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WebhookBody {
    /// What happened, ascending by `num`, 1 to 100 events.
    pub events: Vec<RoomEvent>,
    /// When it was posted.
    pub ts: Timestamp,
}

/// One thing that happened in a room.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomEvent {
    /// Its number among all of the server's, growing: who has seen it has seen all with smaller ones.
    pub num: u64,
    /// What happened, as the packet that members are told by: `message`, `edited`, `deleted`, `reaction`, `member` or `room`. It
    /// says what is true when it is posted: a message that was deleted since comes without its text.
    #[cfg_attr(feature = "schema", schemars(with = "schema::LogPacket"))]
    pub event: Event,
}

/// Pushes, to be handed on to the services of their devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushBody {
    /// The pushes, at least one. A body has at most 1 MiB, unless it is one push alone.
    pub pushes: Vec<PushEntry>,
}

/// One push for one device.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushEntry {
    /// Its name: the same when it comes again.
    pub id: String,
    /// Whose device.
    pub user: UserId,
    /// Which one.
    pub device: DeviceId,
    /// The service that carries it.
    pub service: PushService,
    /// The device's token there.
    pub token: String,
    /// Which application, for services that carry several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Unread messages in all rooms that are neither muted nor archived: the number on the application.
    pub badge: u64,
    /// A newer push with this key replaces this one on the device: 32 hexadecimal digits, the same for a room.
    pub collapse_key: String,
    /// It must not ring.
    pub silent: bool,
    /// What the service takes, of at most 4,096 bytes: for `apns` and `fcm` as in the documents of those names, for `web_push`
    /// and `webhook` the packet `message`.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, Value>"))]
    pub payload: Value,
}

/// The token is not shown, nor is what was written.
impl fmt::Debug for PushEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushEntry")
            .field("id", &self.id)
            .field("device", &self.device)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// What became of the pushes of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushAnswer {
    /// By the pushes' ids, in any order; those that are not named were delivered.
    #[serde(default)]
    pub results: Vec<PushResult>,
}

/// What became of one push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushResult {
    /// Which one.
    pub id: String,
    /// What became of it.
    pub status: PushStatus,
    /// With `retry`: after so many seconds. Absent: when the server thinks fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PushStatus {
    /// The service has it.
    Delivered,
    /// The service does not know the token any more: it is forgotten.
    Gone,
    /// Not now: it comes again.
    Retry,
    /// The service will never take it; the token may be good all the same.
    Refused,
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use crate::Message;
    use crate::event::{Deleted, Edited, MemberChanged, Reaction, RoomChanged};

    /// The packets of rooms' logs, which are some of those that members are told by.
    pub(super) struct LogPacket;

    impl JsonSchema for LogPacket {
        fn schema_name() -> Cow<'static, str> {
            "LogPacket".into()
        }
        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let packets = [
                ("LogMessage", "message", generator.subschema_for::<Message>()),
                ("LogEdited", "edited", generator.subschema_for::<Edited>()),
                ("LogDeleted", "deleted", generator.subschema_for::<Deleted>()),
                ("LogReaction", "reaction", generator.subschema_for::<Reaction>()),
                ("LogMember", "member", generator.subschema_for::<MemberChanged>()),
                ("LogRoom", "room", generator.subschema_for::<RoomChanged>()),
            ];
            let packets = packets.map(|(title, kind, packet)| {
                json_schema!({
                    "title": title,
                    "type": "object",
                    "required": [kind],
                    "properties": { kind: packet },
                })
            });
            json_schema!({
                "description": "A packet of a room's log: one object with one key that names it.",
                "oneOf": packets.to_vec(),
            })
        }
    }
}
