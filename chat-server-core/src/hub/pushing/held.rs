//! Pushes that wait: held for somebody who looks at a session, or not taken by their service. They are jobs.
//!
//! What is held for one user in one room comes up together: one push for the newest of it, as on the device it would replace
//! the others anyway.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{DeviceId, HistoryQuery, Message, RoomId, Seq, Timestamp, UserId, WireError};
use serde::{Deserialize, Serialize};

use super::posts::{Ended, Keyed, Posts};
use super::{Ready, Telling, Told, read_up_to, unreadable};
use crate::hub::Hub;
use crate::hub::worker::{Next, Work, micros, shifted, tell_failure};
use crate::push::{Push, PushGateway};
use crate::storage::{Device, Job, JobKind, NewJob, StoredMessage};

/// How many jobs are leased at once, and wait at most before there are more.
const JOBS: usize = 100;

/// How many messages are read at once.
const MESSAGES: usize = 50;

/// How many of a user's pushes that wait are looked through.
const WAITING: usize = 200;

/// How long a push may take until another worker tries it: longer than a gateway tries a batch, and as short as that allows,
/// for a killed process keeps it waiting so long.
const LEASE: Duration = Duration::from_secs(2 * 60);

/// A push that waits.
pub(super) struct Held {
    user: UserId,
    due: Timestamp,
    /// One job for all that is held of a room until then, one for each attempt of what is tried again: whoever dies over a
    /// message and meets it again adds none.
    name: String,
    waiting: Waiting,
}

/// What the job says.
#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    room: RoomId,
    /// The first message.
    seq: Seq,
    /// Messages that were stored later have a push of their own. Without it the job is about the first message alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// Only this device, and only that message: it was tried before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<DeviceId>,
    #[serde(default)]
    attempts: u32,
}

impl Waiting {
    /// Whether the job is about a message that came after its first.
    fn covers(&self, message: &Message) -> bool {
        message.seq == self.seq || self.until.is_none_or(|until| message.ts <= until)
    }
}

impl Held {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A push that is held for somebody who looks at a session.
    ///
    /// The time is that of the message, rounded up to a multiple of `hold`, which makes one job of all messages of that
    /// while: each message has one job that covers it, whenever it is looked at. Only when that job may be done already, since
    /// the message was looked at as late as that, the time goes from `now`; also when the message is ahead of it, because the
    /// clock was set back.
    fn new(user: &UserId, message: &Message, now: Timestamp, hold: Duration) -> Self {
        let step = micros(hold).max(1);
        let round = |at: Timestamp| {
            let at = at.as_micros().saturating_add(step);
            at.saturating_add((step - at.rem_euclid(step)) % step)
        };
        let due = Some(round(message.ts.min(now)))
            .filter(|due| *due > now.as_micros())
            .unwrap_or_else(|| round(now));
        let name = format!("{due} {}", message.room);
        let due = Timestamp::from_micros(due);
        let (room, seq, until) = (message.room.clone(), message.seq, shifted(due, -step).max(message.ts));
        let waiting = Waiting { room, seq, until: Some(until), device: None, attempts: 0 };
        Self { user: user.clone(), due, name, waiting }
    }
}

impl Hub {
    /// A push that is held.
    pub(super) fn held(&self, user: &UserId, message: &Message) -> Held {
        Held::new(user, message, self.providers.clock.now(), self.config.push_hold)
    }

    /// A push that was not taken.
    pub(super) fn again(&self, push: &Push, after: Option<Duration>, attempts: u32) -> Held {
        let (room, seq) = (push.room().clone(), push.note.message.seq);
        let name = format!("{} {attempts} {}", push.note.num, push.device);
        let waiting = Waiting { room, seq, until: None, device: Some(push.device.clone()), attempts };
        Held { user: push.user.clone(), due: self.retry_at(after, attempts), name, waiting }
    }

    /// A message of which it could not be found out whether the user is to be told of it.
    pub(super) fn undecided(&self, user: &UserId, stored: &StoredMessage) -> Held {
        let (room, seq) = (stored.message.room.clone(), stored.message.seq);
        let waiting = Waiting { room, seq, until: None, device: None, attempts: 0 };
        let name = format!("{} undecided", stored.num);
        Held { user: user.clone(), due: self.retry_at(None, 0), name, waiting }
    }

    /// Stores pushes that wait.
    pub(super) async fn keep_pushes(&self, held: &[Held]) -> Result<(), WireError> {
        if held.is_empty() {
            return Ok(());
        }
        let job = |held: &Held| {
            let body = serde_json::to_string(&held.waiting).map_err(unreadable)?;
            let (user, name) = (Some(held.user.clone()), Some(held.name.clone()));
            Ok(NewJob { kind: JobKind::Push, user, name, due: held.due, body })
        };
        let jobs: Vec<NewJob> = held.iter().map(job).collect::<Result<_, WireError>>()?;
        let now = self.providers.clock.now();
        self.write(move |storage| async move { storage.enqueue(now, &jobs).await }).await?;
        self.held_pushes.notify_one();
        Ok(())
    }

    /// Decides again; what is to be told now.
    async fn release_push(&self, job: &Job) -> Result<Ready, WireError> {
        let (Some(user), Ok(waiting)) = (&job.user, serde_json::from_str::<Waiting>(&job.body)) else {
            self.bury(&format!("of job {}", job.id), "nobody can read it");
            return Ok(Ready::new());
        };
        let devices = self.stored(self.providers.storage.devices(std::slice::from_ref(user)).await)?;
        let wanted = |device: &DeviceId| waiting.device.as_ref().is_none_or(|only| only == device);
        let devices: Vec<_> = devices.into_iter().filter(|device| wanted(&device.device)).collect();
        let pushes = self.newest_to_tell(user, &devices, &waiting).await?;
        let Some(newest) = pushes.first().map(|push| push.note.message.seq) else { return Ok(Ready::new()) };
        // What comes late must not replace a newer one on the device, which had a push of its own. Only where that one waits,
        // too, it is told now: under a service that never takes a push at once, nobody would hear of anything.
        let overtaken = waiting.until.is_none() && newest != waiting.seq;
        if overtaken && !self.waits_again(user, &waiting, newest).await? {
            return Ok(Ready::new());
        }
        Ok(pushes.into_iter().map(|push| (push, waiting.attempts)).collect())
    }

    /// The pushes for the newest of the messages that a job covers and that are to be told: one that rings before one that does
    /// not.
    async fn newest_to_tell(
        &self,
        user: &UserId,
        devices: &[Device],
        waiting: &Waiting,
    ) -> Result<Vec<Push>, WireError> {
        let storage = &self.providers.storage;
        let (mut silent, mut before) = (Vec::new(), None);
        let Some(view) = self.view_of(user, &waiting.room).await? else { return Ok(silent) };
        loop {
            let query = HistoryQuery { before, ..HistoryQuery::default() };
            let page = self.stored(storage.history(&waiting.room, None, query, MESSAGES).await)?;
            let page = page.unwrap_or_default();
            let mut rest = page.first().map(|stored| stored.message.seq).filter(|_| page.len() == MESSAGES);
            for stored in page.into_iter().rev() {
                if stored.message.seq < waiting.seq || self.is_too_old(&stored.message) {
                    return Ok(silent);
                }
                let is_read = stored.message.thread.is_none() && stored.message.seq <= read_up_to(&view);
                if is_read || !waiting.covers(&stored.message) {
                    continue;
                }
                match self.decide_push(&Telling::of(stored), user, &view, devices, true).await? {
                    Told::Now(pushes) => return Ok(pushes),
                    Told::Silent(pushes) if silent.is_empty() => silent = pushes,
                    Told::Silent(_) | Told::Nothing | Told::Later => continue,
                }
                // Of what is tried again only its own message may still ring; those between have pushes of their own.
                if waiting.until.is_none() {
                    rest = Some(waiting.seq.next());
                    break;
                }
            }
            if rest.is_none() {
                return Ok(silent);
            }
            before = rest;
        }
    }

    /// Whether the push of that message to the device of a job was not taken either and waits to be tried again.
    async fn waits_again(&self, user: &UserId, of: &Waiting, message: Seq) -> Result<bool, WireError> {
        let jobs = self.providers.storage.jobs_of(user, JobKind::Push, None, None, WAITING).await;
        let is_it = |job: &Job| {
            let waiting = serde_json::from_str::<Waiting>(&job.body).ok();
            waiting.is_some_and(|it| {
                it.device.is_some() && (&it.device, &it.room, it.seq) == (&of.device, &of.room, message)
            })
        };
        Ok(self.stored(jobs)?.iter().any(is_it))
    }

    /// A job could not be done: later, a bounded number of times.
    async fn put_off(&self, job: &Job, error: &WireError) -> Result<(), WireError> {
        tracing::warn!(job = job.id, attempts = job.attempts, %error, "a push cannot be decided");
        let again = (job.attempts < self.config.max_push_attempts).then(|| self.retry_at(None, job.attempts));
        if again.is_none() {
            self.bury(&format!("of job {}", job.id), "it cannot be decided");
        }
        let id = job.id;
        self.write(move |storage| async move { storage.fail(id, again).await }).await
    }
}

impl Keyed for Job {
    type Key = UserId;

    fn key(&self) -> Option<&UserId> {
        self.user.as_ref()
    }
}

/// Tells what was held and not read, and tries again what was not taken.
pub(in crate::hub) struct HeldPushes {
    gateway: Arc<dyn PushGateway>,
    posts: Posts<Job>,
    /// Jobs that wait or are under way here: one whose lease runs out meanwhile is not done twice.
    in_hand: BTreeSet<u64>,
}

impl HeldPushes {
    pub(in crate::hub) fn new(gateway: Arc<dyn PushGateway>) -> Self {
        Self { gateway, posts: Posts::default(), in_hand: BTreeSet::new() }
    }

    /// Takes jobs that are due, as long as there is room for them; when to look again.
    async fn lease(&mut self, hub: &Hub) -> Result<Next, WireError> {
        // Who takes over from a killed process is to be in time.
        let lease = LEASE.min(hub.config.max_push_age / 2);
        while self.posts.waiting.len() < JOBS {
            let Some(mut jobs) = hub.lease_due(JobKind::Push, lease, JOBS).await? else {
                return hub.next_due(JobKind::Push).await;
            };
            jobs.retain(|job| self.in_hand.insert(job.id));
            self.posts.waiting.extend(jobs);
        }
        Ok(Next::Rung)
    }

    fn ended(&mut self, ended: &Ended<Job>) {
        for job in &ended.batch {
            self.in_hand.remove(&job.id);
        }
    }
}

#[async_trait]
impl Work for HeldPushes {
    const NAME: &'static str = "held_push";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        while let Some(ended) = self.posts.try_ended() {
            self.ended(&ended);
        }
        let next = self.lease(hub).await;
        let gateway = &self.gateway;
        self.posts.start(hub, gateway.max_batch(), |jobs| release(hub.clone(), gateway.clone(), jobs));
        let next = next?;
        tokio::select! {
            biased;
            () = hub.draining.cancelled() => return Ok(Next::Rung),
            ended = self.posts.ended() => match ended {
                Some(ended) => self.ended(&ended),
                None => return Ok(next),
            },
            () = hub.held_pushes.notified() => {}
            () = tokio::time::sleep(hub.nap(next)) => {}
        }
        Ok(Next::Now)
    }

    async fn finish(&mut self, _: &Arc<Hub>) {
        while self.posts.ended().await.is_some() {}
    }
}

/// Decides about some jobs again and tells what is to be told now.
async fn release(hub: Arc<Hub>, gateway: Arc<dyn PushGateway>, batch: Vec<Job>) -> Ended<Job> {
    let (mut ready, mut done) = (Ready::new(), Vec::with_capacity(batch.len()));
    for job in &batch {
        match hub.release_push(job).await {
            Ok(pushes) => {
                ready.extend(pushes);
                done.push(job.id);
            }
            // One that cannot be done does not keep the others waiting.
            Err(error) => hub.put_off(job, &error).await.unwrap_or_else(again_later),
        }
    }
    let again = hub.give(&gateway, ready).await;
    let is_done = hub.keep_at_last(&again).await;
    if is_done {
        let stored = hub.write(move |storage| async move { storage.done(&done).await }).await;
        stored.unwrap_or_else(again_later);
    }
    Ended { batch, is_done }
}

/// What became of a job was not stored: it comes up again when its lease runs out.
fn again_later(error: WireError) {
    tell_failure(HeldPushes::NAME, &error);
}

#[cfg(test)]
mod tests {
    use chat_protocol::{Content, Offset};

    use super::*;

    const HOLD: Duration = Duration::from_micros(10);

    fn held(ts: i64, now: i64) -> (i64, String, i64) {
        let (room, from) = (RoomId::new("r").unwrap(), UserId::new("1").unwrap());
        let (offset, seq) = (Offset::new(1).unwrap(), Seq::new(1).unwrap());
        let message = Message::new(room, offset, seq, from, Content::plain("hi"), Timestamp::from_micros(ts));
        let held = Held::new(&UserId::new("2").unwrap(), &message, Timestamp::from_micros(now), HOLD);
        (held.due.as_micros(), held.name, held.waiting.until.unwrap().as_micros())
    }

    #[test]
    fn a_message_is_covered_by_one_job_whenever_it_is_looked_at() {
        for (ts, due) in [(1, 20), (9, 20), (10, 20), (11, 30), (20, 30)] {
            let until = due - 10;
            for now in [ts, ts + 1, ts + 5, due - 1] {
                assert_eq!(held(ts, now), (due, format!("{due} r"), until), "{ts} {now}");
            }
            assert!(ts <= until && ts > until - 10, "the job covers it, and no other does");
        }
        assert_eq!(held(1, 20), (30, "30 r".to_owned(), 20), "its job may be done");
        assert_eq!(held(3_601, 1), (20, "20 r".to_owned(), 3_601), "the clock was set back");
    }
}
