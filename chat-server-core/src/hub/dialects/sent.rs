//! Messages of support cases on their way: from `sending` to `sent`, and what a demonstration answers to them.

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::command::SendMessage;
use chat_protocol::dialect::Delivery;
use chat_protocol::{Content, RoomId, Timestamp, UserId, WireError};
use tokio::sync::Semaphore;

use super::Happened;
use super::ask::id;
use crate::dialects::{ShownMessage, ShownRoom};
use crate::hub::worker::{micros, shifted};
use crate::hub::{Asking, Hub, unavailable};
use crate::storage::StoredMessage;

/// Greatest number of messages that are on their way at once, some hundred bytes each. Those beyond it have come at once:
/// early is better than never.
const MAX_ON_THE_WAY: usize = 10_000;

/// Greatest number of answers that wait to be given. It is a demonstration: messages beyond it get none.
const MAX_ANSWERS: usize = 64;

/// How long after a message has come its answer is given: that of the original.
const ANSWER_AFTER: Duration = Duration::from_secs(1);

/// What waits of messages of support cases.
#[derive(Debug)]
pub(super) struct OnTheWay {
    messages: Arc<Semaphore>,
    answers: Arc<Semaphore>,
}

impl Default for OnTheWay {
    fn default() -> Self {
        Self {
            messages: Arc::new(Semaphore::new(MAX_ON_THE_WAY)),
            answers: Arc::new(Semaphore::new(MAX_ANSWERS)),
        }
    }
}

impl Hub {
    /// How far a message has come by now, in a support case.
    pub(super) fn delivery(&self, room: &ShownRoom, stored: &StoredMessage) -> Delivery {
        match self.sent_at(stored) {
            at if room.client.is_some() && self.providers.clock.now() >= at => Delivery::Sent(at),
            _ => Delivery::Sending,
        }
    }

    fn sent_at(&self, stored: &StoredMessage) -> Timestamp {
        shifted(stored.message.ts, micros(self.sockets.sent_delay().unwrap_or_default()))
    }

    /// What is told next of a message of a support case that was told: that it has come, now or in its time.
    pub(super) fn send_on(self: &Arc<Self>, message: &ShownMessage) -> Option<Happened> {
        self.sockets.sent_delay().filter(|_| message.room.client.is_some())?;
        let (seq, at) = (message.stored.message.seq, self.sent_at(&message.stored));
        let sent = Happened::Sent { seq, at };
        let wait = at.as_micros().saturating_sub(self.providers.clock.now().as_micros());
        let wait = Duration::from_micros(u64::try_from(wait).unwrap_or(0));
        let place = self.sockets.on_the_way.messages.clone().try_acquire_owned().ok();
        let Some(place) = place.filter(|_| !wait.is_zero()) else { return Some(sent) };
        let (hub, room) = (self.clone(), message.stored.message.room.clone());
        let later = async move {
            tokio::select! {
                () = hub.stopped.cancelled() => {}
                () = tokio::time::sleep(wait) => hub.post(&room, sent),
            }
            drop(place);
        };
        self.tasks.spawn_on(later, &self.runtime);
        None
    }

    /// Answers a message of a support case in its client's name, a while after it has come. Nothing waits for it, nor does it
    /// outlive the server.
    pub(super) fn answer_later(self: &Arc<Self>, message: &ShownMessage, text: String) {
        let (room, client) = (message.stored.message.room.clone(), message.room.client.as_ref());
        let Some(client) = client.map(|client| client.user.clone()) else { return };
        if client == message.stored.message.from {
            return;
        }
        let Ok(place) = self.sockets.on_the_way.answers.clone().try_acquire_owned() else {
            return tracing::debug!(%room, "too many answers wait already");
        };
        let wait = self.sockets.sent_delay().unwrap_or_default() + ANSWER_AFTER;
        let hub = self.clone();
        let later = async move {
            tokio::select! {
                () = hub.draining.cancelled() => {}
                () = tokio::time::sleep(wait) => {
                    if let Err(error) = hub.answer(room, client, text).await {
                        tracing::debug!(%error, "a message of a support case gets no answer");
                    }
                }
            }
            drop(place);
        };
        self.tasks.spawn_on(later, &self.runtime);
    }

    async fn answer(&self, room: RoomId, client: UserId, text: String) -> Result<(), WireError> {
        let asking = Asking { user: client, link: None, operator: false };
        let append = self.message(&asking, SendMessage::new(id(), room, Content::plain(text)))?;
        self.submit(append, 0).await?.await.map_err(|_| unavailable())?.map(drop)
    }
}
