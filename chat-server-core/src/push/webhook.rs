//! Telling another system what happens in all rooms.

use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::hooks::WebhookBody;

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
