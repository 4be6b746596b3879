//! Pushes that wait: held for somebody who looks at a session, or not taken by their service. They are jobs.
//!
//! What is held for one user in one room comes up together: one push for the newest of it, as on the device it would replace
//! the others anyway.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{DeviceId, HistoryQuery, Message, RoomId, Seq, Timestamp, UserId, WireError};
use serde::{Deserialize, Serialize};

use super::{Decided, unreadable};
use crate::hub::Hub;
use crate::hub::worker::{Next, Work, micros, shifted};
use crate::push::{Decision, Push, PushGateway};
use crate::storage::{Job, JobKind, NewJob, StoredMessage};

/// How many jobs are leased at once.
const JOBS: usize = 32;

/// How many messages one held push looks at. Who has more unread than that hears of one of them.
const MESSAGES: usize = 50;

/// How long a push may take until another worker tries it: longer than a gateway tries all of its batches.
const LEASE: Duration = Duration::from_secs(10 * 60);

/// A push that waits.
pub(super) struct Held {
    user: UserId,
    due: Timestamp,
    /// One job for all that is held of a room until then; what is tried again has none.
    name: Option<String>,
    waiting: Waiting,
}

/// What the job says.
#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    room: RoomId,
    /// The first message.
    seq: Seq,
    /// Messages that were stored later have a push of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// Only this device, and only that message: it was tried before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<DeviceId>,
    #[serde(default)]
    attempts: u32,
}

impl Held {
    /// A push that is held for somebody who looks at a session.
    ///
    /// The time is rounded up to a multiple of `hold`, which makes one job of all messages of that while; it is stored
    /// before it is due, so that none joins a job that is done already.
    pub(super) fn new(user: &UserId, message: &Message, until: Timestamp, hold: Duration) -> Self {
        let (step, until) = (micros(hold).max(1), until.as_micros());
        let due = until.saturating_add((step - until.rem_euclid(step)) % step);
        let name = format!("{due} {}", message.room);
        let due = Timestamp::from_micros(due);
        let (room, seq, until) = (message.room.clone(), message.seq, Some(shifted(due, -step)));
        let waiting = Waiting { room, seq, until, device: None, attempts: 0 };
        Self { user: user.clone(), due, name: Some(name), waiting }
    }
}

impl Hub {
    /// A push that was not taken.
    pub(super) fn again(&self, push: &Push, after: Option<Duration>, attempts: u32) -> Held {
        let (room, seq) = (push.room().clone(), push.note.message.seq);
        let waiting = Waiting { room, seq, until: None, device: Some(push.device.clone()), attempts };
        Held { user: push.user.clone(), due: self.retry_at(after, attempts), name: None, waiting }
    }

    /// Stores pushes that wait.
    pub(super) async fn keep_pushes(&self, held: Vec<Held>) -> Result<(), WireError> {
        if held.is_empty() {
            return Ok(());
        }
        let job = |held: Held| {
            let body = serde_json::to_string(&held.waiting).map_err(unreadable)?;
            let Held { user, due, name, .. } = held;
            Ok(NewJob { kind: JobKind::Push, user: Some(user), name, due, body })
        };
        let jobs: Vec<NewJob> = held.into_iter().map(job).collect::<Result<_, WireError>>()?;
        let now = self.providers.clock.now();
        self.write(move |storage| async move { storage.enqueue(now, &jobs).await }).await?;
        self.held_pushes.notify_one();
        Ok(())
    }

    /// Decides again, and tells what is to be told now.
    async fn release_push(&self, gateway: &Arc<dyn PushGateway>, job: &Job) -> Result<(), WireError> {
        let (Some(user), Ok(waiting)) = (&job.user, serde_json::from_str::<Waiting>(&job.body)) else {
            // Nobody will ever understand it.
            self.bury(1);
            return Ok(());
        };
        let devices = self.stored(self.providers.storage.devices(std::slice::from_ref(user)).await)?;
        let wanted = |device: &DeviceId| waiting.device.as_ref().is_none_or(|only| only == device);
        let devices: Vec<_> = devices.into_iter().filter(|device| wanted(&device.device)).collect();
        let mut told: Option<Decided> = None;
        for stored in self.waiting_messages(&waiting).await? {
            let decided = self.decide_push(&stored, user, &devices, true).await?;
            // The newest, but one that rings before one that does not.
            let rings = told.as_ref().is_some_and(|told| told.decision == Decision::Now);
            match decided.decision {
                Decision::Now => told = Some(decided),
                Decision::Silent if !rings => told = Some(decided),
                _ => {}
            }
        }
        match told {
            Some(decided) => self.give(gateway, &self.pushes(decided).await?, waiting.attempts).await,
            None => Ok(()),
        }
    }

    /// The messages that a push waits for and that are still there.
    async fn waiting_messages(&self, waiting: &Waiting) -> Result<Vec<StoredMessage>, WireError> {
        let after = Seq::new(waiting.seq.get().saturating_sub(1));
        let query = HistoryQuery { after, ..HistoryQuery::default() };
        let limit = if waiting.device.is_some() { 1 } else { MESSAGES };
        let page = self.stored(self.providers.storage.history(&waiting.room, None, query, limit).await)?;
        let mut messages = page.unwrap_or_default();
        messages.retain(|stored| {
            let message = &stored.message;
            let meant = message.seq == waiting.seq || waiting.until.is_some_and(|until| message.ts <= until);
            meant && !self.is_too_old(message)
        });
        Ok(messages)
    }
}

/// Tells what was held and not read, and tries again what was not taken.
pub(in crate::hub) struct HeldPushes {
    pub(in crate::hub) gateway: Arc<dyn PushGateway>,
}

#[async_trait]
impl Work for HeldPushes {
    const NAME: &'static str = "held_push";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        let now = hub.providers.clock.now();
        let next = hub.stored(hub.providers.storage.next_due(JobKind::Push).await)?;
        match next {
            None => return Ok(Next::Rung),
            Some(due) if due > now => return Ok(Next::At(due)),
            Some(_) => {}
        }
        let until = shifted(now, micros(LEASE));
        let lease = move |storage: crate::storage::SharedStorage| async move {
            storage.lease(JobKind::Push, now, until, JOBS).await
        };
        let jobs = hub.write(lease).await?;
        for job in &jobs {
            hub.release_push(&self.gateway, job).await?;
            let id = job.id;
            hub.write(move |storage| async move { storage.done(&[id]).await }).await?;
        }
        Ok(Next::Now)
    }
}
