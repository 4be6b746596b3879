//! Jobs in memory: looked through whenever one is wanted.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chat_protocol::event::UserChange;
use chat_protocol::{ClientMsgId, RoomId, Seq, Timestamp, UserId};

use super::MemoryStore;
use super::own::Answer;
use super::state::State;
use crate::blob::BlobName;
use crate::storage::{Job, JobKind, JobStore, NewJob, OwnAppend, Refusal, Schedule, StorageError};

/// All jobs, and what is remembered of those that are gone.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    by_id: BTreeMap<u64, Stored>,
    last_id: u64,
    given_up: BTreeMap<JobKind, u64>,
}

#[derive(Debug)]
struct Stored {
    job: Job,
    /// Of a message that waits.
    digest: [u8; 16],
}

impl Jobs {
    fn insert(&mut self, new: NewJob, room: Option<RoomId>, digest: [u8; 16]) {
        self.last_id += 1;
        let NewJob { kind, user, name, due, body } = new;
        let job = Job { id: self.last_id, kind, user, room, name, due, attempts: 0, body };
        self.by_id.insert(job.id, Stored { job, digest });
    }

    /// The job that has this name.
    fn named(
        &self,
        kind: JobKind,
        user: Option<&UserId>,
        room: Option<&RoomId>,
        name: &str,
    ) -> Option<&Stored> {
        self.by_id.values().find(|Stored { job, .. }| {
            let place = (job.kind, job.user.as_ref(), job.room.as_ref(), job.name.as_deref());
            place == (kind, user, room, Some(name))
        })
    }

    /// Whether a message that waits in a room names a file.
    pub(super) fn name(&self, room: &RoomId, file: &BlobName) -> bool {
        let waits = |job: &Job| job.kind == JobKind::Send && job.room.as_ref() == Some(room);
        self.by_id.values().any(|Stored { job, .. }| waits(job) && job.body.contains(file.as_str()))
    }

    fn enqueue(&mut self, new: &NewJob) -> bool {
        let name = new.name.as_deref();
        if name.is_some_and(|name| self.named(new.kind, new.user.as_ref(), None, name).is_some()) {
            return false;
        }
        self.insert(new.clone(), None, [0; 16]);
        true
    }

    fn of_kind(&self, kind: JobKind) -> Vec<&Job> {
        let mut jobs: Vec<_> = self.by_id.values().map(|stored| &stored.job).collect();
        jobs.retain(|job| job.kind == kind);
        jobs.sort_by_key(|job| (job.due, job.id));
        jobs
    }

    fn lease(&mut self, kind: JobKind, now: Timestamp, until: Timestamp, limit: usize) -> Vec<Job> {
        let due: Vec<u64> =
            self.of_kind(kind).iter().filter(|job| job.due <= now).take(limit).map(|job| job.id).collect();
        let mut leased = Vec::with_capacity(due.len());
        for id in due {
            if let Some(Stored { job, .. }) = self.by_id.get_mut(&id) {
                (job.due, job.attempts) = (until, job.attempts + 1);
                leased.push(job.clone());
            }
        }
        leased
    }

    fn fail(&mut self, id: u64, retry_at: Option<Timestamp>) {
        let Some(Stored { job, .. }) = self.by_id.get_mut(&id) else { return };
        match retry_at {
            Some(at) => job.due = at,
            None => {
                *self.given_up.entry(job.kind).or_default() += 1;
                self.by_id.remove(&id);
            }
        }
    }

    /// How long a room keeps its messages has changed.
    pub(super) fn keep_for(&mut self, room: &RoomId, seconds: Option<u64>, now: Timestamp) {
        let is_it = |job: &Job| job.kind == JobKind::Expire && job.room.as_ref() == Some(room);
        self.by_id.retain(|_, stored| !is_it(&stored.job));
        if let Some(seconds) = seconds {
            let body = seconds.to_string();
            let job = NewJob { kind: JobKind::Expire, user: None, name: None, due: now, body };
            self.insert(job, Some(room.clone()), [0; 16]);
        }
    }

    /// Whether a job of a user's goes when the user is erased: not the one that does that, nor one that somebody has in hand
    /// and nobody could name.
    fn goes_with(user: &UserId, job: &Job) -> bool {
        let waits = job.attempts == 0 || job.name.is_some();
        job.user.as_ref() == Some(user) && job.kind != JobKind::Forget && waits
    }

    pub(super) fn has_any_of(&self, user: &UserId) -> bool {
        self.by_id.values().any(|stored| Self::goes_with(user, &stored.job))
    }

    /// Takes away a user's jobs, the oldest first, at most `limit`; how many there were.
    pub(super) fn erase(&mut self, user: &UserId, limit: usize) -> usize {
        let mine = self.by_id.values().map(|stored| &stored.job).filter(|job| Self::goes_with(user, job));
        let ids: Vec<u64> = mine.map(|job| job.id).take(limit).collect();
        ids.iter().for_each(|id| _ = self.by_id.remove(id));
        ids.len()
    }

    /// The one job that forgets a user.
    pub(super) fn forget(&mut self, user: &UserId, due: Timestamp) {
        let (user, name) = (Some(user.clone()), Some(String::new()));
        self.enqueue(&NewJob { kind: JobKind::Forget, user, name, due, body: String::new() });
    }

    pub(super) fn forgotten(&mut self, user: &UserId) {
        let is_it = |job: &Job| job.kind == JobKind::Forget && job.user.as_ref() == Some(user);
        self.by_id.retain(|_, stored| !is_it(&stored.job));
    }
}

impl State {
    pub(super) fn schedule(&mut self, append: &OwnAppend, new: &Schedule) -> Answer {
        let Schedule { room: id, client_msg_id, at, digest, body, max } = new;
        let room = self.rooms.get(id).ok_or(Refusal::NotMember)?;
        let (user, name) = (Some(&append.user), client_msg_id.as_str());
        let waiting = self.jobs.named(JobKind::Send, user, Some(id), name).map(|waiting| waiting.digest);
        let sent = room.sent.get(&(append.user.clone(), client_msg_id.clone())).map(|sent| sent.digest);
        if let Some(first) = waiting.or(sent) {
            return if first == *digest { Ok(self.nothing_told(append)) } else { Err(Refusal::Conflict) };
        }
        if !append.user.is_system() && !room.members.contains_key(&append.user) {
            return Err(Refusal::NotMember);
        }
        let mine = |job: &&Job| job.user.as_ref() == user && job.room.as_ref() == Some(id);
        if self.jobs.of_kind(JobKind::Send).into_iter().filter(mine).count() >= *max {
            return Err(Refusal::Full);
        }
        let (user, name) = (user.cloned(), Some(name.to_owned()));
        let job = NewJob { kind: JobKind::Send, user, name, due: *at, body: body.clone() };
        self.jobs.insert(job, Some(id.clone()), *digest);
        let (room, client_msg_id) = (id.clone(), client_msg_id.clone());
        let change = UserChange::Scheduled { room, client_msg_id, send_at: *at };
        Ok(self.tell_own(append, Some(change), Seq::ZERO))
    }

    pub(super) fn unschedule(
        &mut self,
        append: &OwnAppend,
        room: &RoomId,
        client_msg_id: &ClientMsgId,
        leased: bool,
    ) -> Answer {
        let found = self.jobs.named(JobKind::Send, Some(&append.user), Some(room), client_msg_id.as_str());
        let found = found.map(|stored| &stored.job).filter(|job| leased || job.attempts == 0);
        let id = found.ok_or(Refusal::NoMessage)?.id;
        self.jobs.by_id.remove(&id);
        let (room, client_msg_id) = (room.clone(), client_msg_id.clone());
        Ok(self.tell_own(append, Some(UserChange::Cancelled { room, client_msg_id }), Seq::ZERO))
    }
}

#[async_trait]
impl JobStore for MemoryStore {
    async fn enqueue(&self, _now: Timestamp, jobs: &[NewJob]) -> Result<Vec<bool>, StorageError> {
        let mut state = self.state();
        Ok(jobs.iter().map(|job| state.jobs.enqueue(job)).collect())
    }

    async fn cancel(&self, kind: JobKind, user: Option<&UserId>, name: &str) -> Result<bool, StorageError> {
        let mut state = self.state();
        let found = state.jobs.named(kind, user, None, name).map(|stored| &stored.job);
        let waiting = found.filter(|job| job.attempts == 0).map(|job| job.id);
        Ok(waiting.and_then(|id| state.jobs.by_id.remove(&id)).is_some())
    }

    async fn next_due(&self, kind: JobKind) -> Result<Option<Timestamp>, StorageError> {
        Ok(self.state().jobs.of_kind(kind).first().map(|job| job.due))
    }

    async fn lease(
        &self,
        kind: JobKind,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>, StorageError> {
        Ok(self.state().jobs.lease(kind, now, until, limit))
    }

    async fn done(&self, ids: &[u64]) -> Result<(), StorageError> {
        let mut state = self.state();
        ids.iter().for_each(|id| _ = state.jobs.by_id.remove(id));
        Ok(())
    }

    async fn fail(&self, id: u64, retry_at: Option<Timestamp>) -> Result<(), StorageError> {
        self.state().jobs.fail(id, retry_at);
        Ok(())
    }

    async fn given_up(&self, kind: JobKind) -> Result<u64, StorageError> {
        Ok(self.state().jobs.given_up.get(&kind).copied().unwrap_or(0))
    }

    async fn jobs_of(
        &self,
        user: &UserId,
        kind: JobKind,
        room: Option<&RoomId>,
        after: Option<(Timestamp, u64)>,
        limit: usize,
    ) -> Result<Vec<Job>, StorageError> {
        let state = self.state();
        let wanted = |job: &&Job| {
            job.user.as_ref() == Some(user)
                && job.attempts == 0
                && room.is_none_or(|room| job.room.as_ref() == Some(room))
                && after.is_none_or(|after| (job.due, job.id) > after)
        };
        Ok(state.jobs.of_kind(kind).into_iter().filter(wanted).take(limit).cloned().collect())
    }
}
