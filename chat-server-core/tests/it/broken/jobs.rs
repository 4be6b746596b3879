//! Faults of jobs.

use async_trait::async_trait;
use chat_protocol::{RoomId, Timestamp, UserId};
use chat_server_core::storage::{Job, JobKind, JobStore, NewJob, StorageError};

use super::Broken;

#[async_trait]
impl JobStore for Broken {
    async fn enqueue(&self, now: Timestamp, jobs: &[NewJob]) -> Result<Vec<bool>, StorageError> {
        let mut answers = self.inner.enqueue(now, jobs).await?;
        if self.has("a_named_job_is_there_once") {
            answers.fill(true);
        }
        Ok(answers)
    }

    async fn cancel(&self, kind: JobKind, user: Option<&UserId>, name: &str) -> Result<bool, StorageError> {
        let cancelled = self.inner.cancel(kind, user, name).await?;
        Ok(cancelled || self.has("only_jobs_that_wait_are_cancelled"))
    }

    async fn next_due(&self, kind: JobKind) -> Result<Option<Timestamp>, StorageError> {
        self.inner.next_due(kind).await
    }

    async fn lease(
        &self,
        kind: JobKind,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>, StorageError> {
        let limit = self.more("jobs_come_up_when_they_are_due", limit);
        let mut leased = self.inner.lease(kind, now, until, limit).await?;
        if self.has("a_lease_that_ran_out_is_given_again") && kind == JobKind::Push {
            let failed = &self.memory.lock().unwrap().failed;
            leased.retain(|job| job.attempts == 1 || failed.contains(&job.id));
        }
        if self.has("workers_at_once_share_no_job") {
            let shared = leased.iter().find(|job| job.body == "for one").cloned();
            leased.extend(std::mem::replace(&mut self.memory.lock().unwrap().shared, shared));
        }
        if self.has("a_room_that_forgets_has_its_job") && kind == JobKind::Expire {
            leased.iter_mut().for_each(|job| job.body = "60".to_owned());
        }
        Ok(leased)
    }

    async fn done(&self, ids: &[u64]) -> Result<(), StorageError> {
        self.inner.done(ids).await
    }

    async fn fail(&self, id: u64, retry_at: Option<Timestamp>) -> Result<(), StorageError> {
        if retry_at.is_none() && self.has("jobs_given_up_are_counted") {
            return self.inner.done(&[id]).await;
        }
        self.memory.lock().unwrap().failed.insert(id);
        let late = |at: Timestamp| Timestamp::from_micros(at.as_micros() + 1);
        let retry_at = if self.has("a_failed_job_comes_up_again") { retry_at.map(late) } else { retry_at };
        self.inner.fail(id, retry_at).await
    }

    async fn given_up(&self, kind: JobKind) -> Result<u64, StorageError> {
        self.inner.given_up(kind).await
    }

    async fn jobs_of(
        &self,
        user: &UserId,
        kind: JobKind,
        room: Option<&RoomId>,
        after: Option<(Timestamp, u64)>,
        limit: usize,
    ) -> Result<Vec<Job>, StorageError> {
        self.inner.jobs_of(user, kind, room, after, self.more("pages_of_jobs_meet", limit)).await
    }
}
