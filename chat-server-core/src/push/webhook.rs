//! Telling another system what happens in all rooms.

use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{Event, Timestamp};
use serde::{Deserialize, Serialize};

/// One thing that happened in a room.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RoomEvent {
    /// Its number among all of the server's, growing: who has seen it has seen all with smaller ones.
    pub num: u64,
    /// What happened, as the packet that members are told by, saying what is true when it is posted: a message that was
    /// deleted since comes without its text.
    pub event: Event,
}

/// What a webhook is posted: some of what happened, in the order in which it was stored.
///
/// ```
/// use chat_protocol::Event;
/// use chat_server_core::push::WebhookBody;
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
pub struct WebhookBody {
    /// What happened, ascending, at least one.
    pub events: Vec<RoomEvent>,
    /// When it was posted.
    pub ts: Timestamp,
}

/// What became of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookOutcome {
    /// The other system has it.
    Delivered,
    /// Not now: the same body again, after the time that was asked for, if one was.
    Retry(Option<Duration>),
    /// The other system will never take this body: it is too large for it, or something in it cannot be understood. Its
    /// events are posted again in smaller bodies, and given up one by one.
    Refused,
}

/// Posts what happened to another system.
///
/// Bodies come one after the other, each after the one before was delivered or given up; after a restart the last one may
/// come again. `num` says which events were there before.
#[async_trait]
pub trait WebhookSink: Send + Sync {
    /// Posts one body. `id` is the same whenever this body is posted.
    ///
    /// Not cancel-safe: it may have been delivered.
    async fn post(&self, id: &str, body: &WebhookBody) -> WebhookOutcome;
}
