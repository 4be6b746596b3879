//! Messages that wait for their time: taken in as durable jobs, released by a worker with the number, the time and the rights
//! of that moment.
//!
//! A message is stored under its `client_msg_id`, and its job is done after that. Who dies in between leaves a job that comes
//! up again, and whose message is then found to be stored: it is sent once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::command::SendMessage;
use chat_protocol::reply::ScheduledMessage;
use chat_protocol::{Action, ClientMsgId, ErrorCode, RoomId, UserId, WireError};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::worker::{Next, Work, micros, shifted, tell_failure};
use super::{Hub, unavailable};
use crate::room::policy::{self, Rules};
use crate::storage::{Append, Appended, Change, Job, JobKind, NewMessage, OwnChange, Schedule};

/// How many are released in one go: what the committer stores at once.
const BATCH: usize = 64;

/// How long a release may take until it is tried again: far longer than any commit, and what a message is late at most
/// when the server died over it.
const LEASE: Duration = Duration::from_secs(15);

/// How long a message waits that could not be stored at its time.
const RETRY: Duration = Duration::from_secs(5);

/// What a job's body says: all of the message that is not decided when it is released.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) message: ScheduledMessage,
    injected: bool,
    digest: [u8; 16],
}

impl Hub {
    /// The change by which a message waits, and whose it is. With why it may not be written, if it may not: the change then
    /// only asks whether it is a repeat, which needs no right.
    pub(super) async fn waiting(
        &self,
        user: &UserId,
        injected: bool,
        send: SendMessage,
    ) -> Result<(UserId, OwnChange, Option<WireError>), WireError> {
        let (Some(send_at), Some(client_msg_id)) = (send.send_at, send.client_msg_id.clone()) else {
            return Err(WireError::new(ErrorCode::BadRequest, "client_msg_id: needed with send_at"));
        };
        if send_at > shifted(self.providers.clock.now(), micros(self.config.max_schedule_ahead)) {
            let days = self.config.max_schedule_ahead.as_secs() / 86_400;
            return Err(WireError::new(ErrorCode::BadRequest, format!("send_at: at most {days} days ahead")));
        }
        let by = send.from.clone().unwrap_or_else(|| user.clone());
        let calls = send.mentions.as_ref().is_some_and(|mentions| mentions.room);
        let refused = self.may_schedule(&send.room, &by, calls).await.err();
        let digest = send.digest();
        let SendMessage { room, content, reply_to, thread, mentions, .. } = send;
        let (place, name) = (room.clone(), client_msg_id.clone());
        let message = ScheduledMessage {
            room: place,
            client_msg_id: name,
            content,
            reply_to,
            thread,
            mentions,
            send_at,
        };
        let body = serde_json::to_string(&Waiting { message, injected, digest });
        let body = body.map_err(|_| ErrorCode::Internal)?;
        let max = if refused.is_some() { 0 } else { self.config.max_scheduled };
        let new = Schedule { room, client_msg_id, at: send_at, digest, body, max };
        Ok((by, OwnChange::Schedule(Box::new(new)), refused))
    }

    /// Asked again when its time has come.
    async fn may_schedule(&self, room: &RoomId, user: &UserId, calls: bool) -> Result<(), WireError> {
        if user.is_system() {
            // It is nobody's member, and writes wherever there is a room.
            let standing = self.providers.storage.standing(room, user).await;
            return Ok(standing
                .map_err(|error| self.storage_failed(error))?
                .map(drop)
                .ok_or(ErrorCode::Forbidden)?);
        }
        let standing = self.membership(room, user).await?;
        let role = standing.role.ok_or(ErrorCode::Forbidden)?;
        policy::may_write(&standing, role)?;
        if calls { policy::may_call(&standing, role, &Rules::of(&self.config)) } else { Ok(()) }
    }

    /// Puts a message whose time has come into the committer's queue.
    async fn send_waiting(
        &self,
        job: &Job,
    ) -> Result<oneshot::Receiver<Result<Appended, WireError>>, WireError> {
        // A body that nobody can read is no reason to try again.
        let waiting: Waiting = serde_json::from_str(&job.body).map_err(|_| ErrorCode::BadRequest)?;
        let Waiting { message, injected, digest } = waiting;
        let ScheduledMessage { room, client_msg_id, content, reply_to, thread, mentions, .. } = message;
        let client_msg_id = Some(client_msg_id);
        let new = NewMessage { content, reply_to, thread, mentions, injected, client_msg_id, digest };
        let by = job.user.clone().ok_or(ErrorCode::BadRequest)?;
        let (now, change) = (self.providers.clock.now(), Change::Message(new));
        self.submit(Append { room, by, access_version: None, now, change }, 0).await
    }

    /// A message will never be sent: its user is told.
    async fn drop_waiting(&self, job: &Job, why: &WireError) -> Result<(), WireError> {
        tracing::warn!(job = job.id, code = why.code.text(), "a scheduled message was not sent");
        metrics::counter!("chat_scheduled_dropped_total").increment(1);
        let name = job.name.clone().and_then(|name| ClientMsgId::new(name).ok());
        let (Some(user), Some(room), Some(client_msg_id)) = (&job.user, job.room.clone(), name) else {
            let id = job.id;
            return self.write(move |storage| async move { storage.fail(id, None).await }).await;
        };
        match self.own(user, OwnChange::Unschedule { room, client_msg_id, leased: true }).await {
            // Another worker was faster.
            Err(error) if error.code == ErrorCode::MessageNotFound => Ok(()),
            done => done.map(drop),
        }
    }
}

/// Releases messages whose time has come.
pub(super) struct Release;

#[async_trait]
impl Work for Release {
    const NAME: &'static str = "schedule";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        let Some(jobs) = hub.lease_due(JobKind::Send, LEASE, BATCH).await? else {
            return hub.next_due(JobKind::Send).await;
        };
        let mut released = Vec::with_capacity(jobs.len());
        for job in jobs {
            let sent = hub.send_waiting(&job).await;
            released.push((job, sent));
        }
        let mut done = Vec::with_capacity(released.len());
        for (job, sent) in released {
            let stored = match sent {
                Ok(wait) => wait.await.unwrap_or_else(|_| Err(unavailable())),
                Err(error) => Err(error),
            };
            let put_off = match stored {
                Ok(_) => {
                    done.push(job.id);
                    continue;
                }
                Err(error) if error.code.action() == Action::Stop => hub.drop_waiting(&job, &error).await,
                Err(_) => hub.retry(job.id, RETRY).await,
            };
            put_off.unwrap_or_else(|error| tell_failure(Self::NAME, &error));
        }
        metrics::counter!("chat_scheduled_total").increment(done.len() as u64);
        hub.write(move |storage| async move { storage.done(&done).await }).await?;
        Ok(Next::Now)
    }
}

impl Hub {
    /// Jobs of a kind that are due, leased for so long; `None` when there are none.
    pub(super) async fn lease_due(
        &self,
        kind: JobKind,
        lease: Duration,
        limit: usize,
    ) -> Result<Option<Vec<Job>>, WireError> {
        let now = self.providers.clock.now();
        let due = self.providers.storage.next_due(kind).await.map_err(|error| self.storage_failed(error))?;
        if due.is_none_or(|due| due > now) {
            return Ok(None);
        }
        let until = shifted(now, micros(lease));
        self.write(move |storage| async move { storage.lease(kind, now, until, limit).await }).await.map(Some)
    }

    /// When there is something to do for a kind of jobs.
    pub(super) async fn next_due(&self, kind: JobKind) -> Result<Next, WireError> {
        let due = self.providers.storage.next_due(kind).await.map_err(|error| self.storage_failed(error))?;
        Ok(due.map_or(Next::Rung, Next::At))
    }

    /// A job comes up again after a while.
    pub(super) async fn retry(&self, id: u64, after: Duration) -> Result<(), WireError> {
        let at = Some(shifted(self.providers.clock.now(), micros(after)));
        self.write(move |storage| async move { storage.fail(id, at).await }).await
    }
}
