//! Webhooks: another system is told all that happens in rooms, in the order in which it was stored.
//!
//! A worker reads the feed from where it stood last and moves on when a page was taken. A page that is not taken holds up what
//! comes after it, for as long as [`max_webhook_attempts`](crate::ServerConfig::max_webhook_attempts) says; then it is given
//! up and counted. A page that is refused is posted again in parts, until the one event that is refused stands alone: only
//! that one is given up.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::hooks::{RoomEvent, WebhookBody};
use chat_protocol::{Event, WireError};
use tokio::time::Instant;

use super::Hub;
use super::worker::{Next, Work};
use crate::push::{WebhookOutcome, WebhookSink};

/// The name of the position in the feed.
const READER: &str = "webhook";

/// How many events are posted at once: with contents of 16 KiB a body of 1.6 MiB.
const EVENTS: usize = 100;

/// Posts what happens as it is stored.
pub(super) struct Webhooks {
    sink: Arc<dyn WebhookSink>,
    /// The newest entry that was dealt with, once it was asked for.
    position: Option<u64>,
    /// How often the present page was not taken, and when it is tried again: not by the wall clock, which may be set back.
    failed: u32,
    not_before: Option<Instant>,
    /// How many events are posted at once: fewer after a page was refused.
    page: usize,
}

impl Webhooks {
    pub(super) fn new(sink: Arc<dyn WebhookSink>) -> Self {
        Self { sink, position: None, failed: 0, not_before: None, page: EVENTS }
    }

    /// The page is dealt with.
    async fn move_on(&mut self, hub: &Hub, to: u64) -> Result<(), WireError> {
        hub.write(move |storage| async move { storage.set_position(READER, to).await }).await?;
        (self.position, self.failed, self.not_before) = (Some(to), 0, None);
        Ok(())
    }

    /// How long it is until a page is tried again that was not taken; `None`: never.
    fn try_again(&mut self, hub: &Hub, after: Option<Duration>) -> Option<Duration> {
        self.failed += 1;
        if self.failed >= hub.config.max_webhook_attempts {
            return None;
        }
        let wait = hub.retry_in(after, self.failed - 1);
        self.not_before = Some(Instant::now() + wait);
        Some(wait)
    }
}

#[async_trait]
impl Work for Webhooks {
    const NAME: &'static str = "webhook";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        let wait = self.not_before.map(|at| at.saturating_duration_since(Instant::now()));
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            return Ok(Next::In(wait));
        }
        let position = match self.position {
            Some(position) => position,
            None => hub.feed_position(READER).await?,
        };
        self.position = Some(position);
        let entries = hub.stored(hub.providers.storage.feed(position, self.page).await)?;
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(Next::Rung) };
        let (id, to, count) = (format!("{}-{}-{}", hub.epoch, first.num, last.num), last.num, entries.len());
        let event =
            |entry: crate::storage::FeedEntry| RoomEvent { num: entry.num, event: Event::from(entry.entry) };
        let body =
            WebhookBody { events: entries.into_iter().map(event).collect(), ts: hub.providers.clock.now() };
        let again = match self.sink.post(&id, &body).await {
            WebhookOutcome::Delivered => {
                metrics::counter!("chat_webhook_events_total").increment(count as u64);
                self.move_on(hub, to).await?;
                self.page = (self.page * 2).min(EVENTS);
                return Ok(Next::Now);
            }
            WebhookOutcome::Refused if count > 1 => {
                self.page = count / 2;
                return Ok(Next::Now);
            }
            WebhookOutcome::Refused => None,
            WebhookOutcome::Retry(after) => self.try_again(hub, after),
        };
        if let Some(wait) = again {
            return Ok(Next::In(wait));
        }
        tracing::error!(%id, count, "events were given up: the webhook does not take them");
        metrics::counter!("chat_webhook_dead_total").increment(count as u64);
        self.move_on(hub, to).await?;
        Ok(Next::Now)
    }
}
