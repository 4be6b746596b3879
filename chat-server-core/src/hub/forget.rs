//! Users who are forgotten: what is kept of one goes step by step, as a durable job.
//!
//! The store refuses whatever would add to it from the moment in which it began ([`TraceStore`](crate::storage::TraceStore)),
//! and every step asks what is left. So nothing has to be remembered between two steps, and neither a crash nor a second
//! worker can leave something behind: the job ends when the store finds nothing any more.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::reply::ForgetData;
use chat_protocol::{ErrorCode, Role, RoomId, UserId, WireError};

use super::worker::{Next, Work};
use super::{Asking, Hub, unavailable};
use crate::error::BEING_DELETED;
use crate::room::policy;
use crate::storage::{Append, Change, JobKind, OwnChange};

/// How many users are worked on at a time.
const USERS: usize = 4;

/// How many rooms are one step of a user, and how much of the user goes in each of them: together what others wait for at
/// most, a transaction of 256 deletions.
const ROOMS: usize = 8;
const IN_ROOM: usize = 32;

/// How many of those who block a user are one step; each has an entry in its own log.
const BLOCKERS: usize = 32;

/// How much that is the user's alone is one step.
const OWN: usize = 256;

/// How many steps are made before others get their turn.
const STEPS: usize = 16;

/// How long a turn may take until another worker takes the job: far longer than its steps. After a crash it waits so long.
const LEASE: Duration = Duration::from_secs(10);

/// How long a job waits that could not go on.
const RETRY: Duration = Duration::from_secs(5);

/// Who asks about a user: that user, or the operator.
pub(super) fn check_about(asking: &Asking, user: &UserId) -> Result<(), WireError> {
    if user.is_system() {
        return Err(WireError::new(ErrorCode::BadRequest, "user: the server itself is no user"));
    }
    if !asking.operator && asking.user != *user {
        let why = "only the user itself and the operator ask for this";
        return Err(WireError::new(ErrorCode::Forbidden, why));
    }
    Ok(())
}

impl Hub {
    /// Begins to forget a user, or goes on; `None`: nothing is kept of it.
    pub(crate) async fn forget_user(
        &self,
        asking: &Asking,
        user: UserId,
    ) -> Result<Option<ForgetData>, WireError> {
        check_about(asking, &user)?;
        self.pay_for(asking, "forget_user")?;
        self.own(&user, OwnChange::Forget).await?;
        let since = self.providers.storage.forgetting(&user).await;
        let Some(ts) = since.map_err(|error| self.storage_failed(error))? else { return Ok(None) };
        self.revoke_all(&user).await?;
        self.forgetting.notify_one();
        Ok(Some(ForgetData { user, ts }))
    }

    /// Refuses a user who is being forgotten: it would come back halfway.
    pub(crate) async fn check_kept(&self, user: &UserId) -> Result<(), WireError> {
        let since = self.providers.storage.forgetting(user).await;
        match since.map_err(|error| self.storage_failed(error))? {
            Some(_) => Err(WireError::new(ErrorCode::Forbidden, BEING_DELETED)),
            None => Ok(()),
        }
    }

    /// Some steps; whether it is done.
    async fn forget_some(&self, user: &UserId) -> Result<bool, WireError> {
        for _ in 0..STEPS {
            // One that logged in just when it began.
            self.revoke_all(user).await?;
            if self.forget_step(user).await? {
                continue;
            }
            if !self.own(user, OwnChange::Forgotten).await?.duplicate {
                metrics::counter!("chat_forgotten_users_total").increment(1);
                tracing::info!("a user is forgotten");
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// One step; false when there was nothing to do. Devices go before messages, so that nothing is pushed to them meanwhile,
    /// and files last, when no room takes more of them.
    async fn forget_step(&self, user: &UserId) -> Result<bool, WireError> {
        let storage = &self.providers.storage;
        let erased = !self.own(user, OwnChange::Erase { limit: OWN }).await?.duplicate;
        let rooms = storage.traces_of(user, None, ROOMS).await.map_err(|error| self.storage_failed(error))?;
        if !rooms.is_empty() {
            self.forget_in(user, rooms).await?;
            return Ok(true);
        }
        let blockers = storage.blockers_of(user, BLOCKERS).await;
        let blockers = blockers.map_err(|error| self.storage_failed(error))?;
        for blocker in &blockers {
            self.own(blocker, OwnChange::Unblock { user: user.clone() }).await?;
        }
        Ok(!blockers.is_empty() || self.delete_uploads(user).await? || erased)
    }

    /// What the user left in some rooms goes, or a part of it; all of them in one commit.
    async fn forget_in(&self, user: &UserId, rooms: Vec<RoomId>) -> Result<(), WireError> {
        let mut waiting = Vec::with_capacity(rooms.len());
        for room in rooms {
            let change =
                Change::Forget { user: user.clone(), heir: self.heir_in(&room).await?, limit: IN_ROOM };
            let (by, now) = (UserId::system(), self.providers.clock.now());
            waiting.push(self.submit(Append { room, by, access_version: None, now, change }, 0).await?);
        }
        for committed in waiting {
            committed.await.map_err(|_| unavailable())??;
        }
        Ok(())
    }

    async fn heir_in(&self, room: &RoomId) -> Result<Role, WireError> {
        let standing = self.providers.storage.standing(room, &UserId::system()).await;
        let standing = standing.map_err(|error| self.storage_failed(error))?;
        Ok(policy::heir_in(standing.ok_or(ErrorCode::Internal)?.kind))
    }
}

/// Forgets users.
pub(super) struct Forget;

#[async_trait]
impl Work for Forget {
    const NAME: &'static str = "forget";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        let Some(jobs) = hub.lease_due(JobKind::Forget, LEASE, USERS).await? else {
            return hub.next_due(JobKind::Forget).await;
        };
        for job in jobs {
            let user = job.user.as_ref().ok_or(ErrorCode::Internal)?;
            match hub.forget_some(user).await {
                // The store took the job away with the last of the user.
                Ok(true) => {}
                Ok(false) => hub.retry(job.id, Duration::ZERO).await?,
                Err(error) => {
                    hub.retry(job.id, RETRY).await?;
                    return Err(error);
                }
            }
        }
        Ok(Next::Now)
    }
}
