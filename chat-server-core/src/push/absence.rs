//! Telling an existing system of messages whose readers are away.

use async_trait::async_trait;
use chat_protocol::UserId;

use super::WebhookOutcome;
use crate::dialects::ShownMessage;

/// Tells an existing system, in its own format, which members do not receive a message: its users have no devices here, and it
/// finds them in ways of its own.
///
/// Those of one room come one after the other, each after the one before was taken or given up; several rooms are told of at
/// once, twice [`max_push_posts`](crate::ServerConfig::max_push_posts) at most. What is not taken makes its room wait and no
/// other, for no longer than [`max_push_age`](crate::ServerConfig::max_push_age), whatever time was asked for. After a restart the
/// last ones may come again, under their ids.
#[async_trait]
pub trait AbsenceSink: Send + Sync {
    /// Tells of one message, or of a page of 200 of its room's members. `id` names the page and is the same whenever it is told
    /// of, though somebody of it may have come meanwhile; `absent` has at least one.
    ///
    /// Not cancel-safe: it may have been told.
    async fn tell(&self, id: &str, message: &ShownMessage, absent: &[UserId]) -> WebhookOutcome;
}
