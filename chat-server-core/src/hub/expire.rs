//! Messages that are kept for a time only. A room's own time is a job of that room, which comes up when its oldest message is
//! too old; the operator's is a walk over everything that was stored, oldest first, that never goes further than what is too
//! old. Both cost what they forget, and neither looks at rooms that have nothing to forget.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{Action, ErrorCode, HistoryQuery, RoomId, Seq, Timestamp, UserId, WireError};

use super::worker::{Next, Work, micros, shifted, tell_failure};
use super::{Hub, unavailable};
use crate::storage::{Append, Change, Job, JobKind, LogEntry};

/// How many rooms are looked at in one go.
const BATCH: usize = 16;

/// How many messages are forgotten in one step, which is one transaction: others wait for so long.
const STEP: usize = 256;

/// How long looking at these rooms may take: far longer than any commit.
const LEASE: Duration = Duration::from_secs(60);

/// Messages are kept longer by a hundredth of their time, at least by a second and at most by an hour: what grows too old
/// one by one in a busy room is forgotten together.
fn slack(keep: i64) -> i64 {
    const SECOND: i64 = 1_000_000;
    (keep / 100).clamp(SECOND, 3_600 * SECOND)
}

/// The reader of the feed that forgets for the operator.
const READER: &str = "retention";

/// Forgets what rooms keep for a time only.
pub(super) struct Expire;

#[async_trait]
impl Work for Expire {
    const NAME: &'static str = "expire";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        let Some(jobs) = hub.lease_due(JobKind::Expire, LEASE, BATCH).await? else {
            return hub.next_due(JobKind::Expire).await;
        };
        for job in jobs {
            match hub.expire_room(&job).await {
                Ok(next) => hub.write(move |storage| async move { storage.fail(job.id, next).await }).await?,
                Err(error) => tell_failure(Self::NAME, &error),
            }
        }
        Ok(Next::Now)
    }
}

/// Forgets what the operator keeps for a time only, in every room.
pub(super) struct Retain {
    pub(super) keep: Duration,
}

#[async_trait]
impl Work for Retain {
    const NAME: &'static str = "retention";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        let (storage, keep) = (&hub.providers.storage, micros(self.keep));
        let now = hub.providers.clock.now();
        let failed = |error| hub.storage_failed(error);
        let position = storage.position(READER).await.map_err(failed)?.unwrap_or(0);
        let first = storage.feed(position, 1).await.map_err(failed)?.pop();
        let oldest = first.map_or(now, |first| written_at(&first.entry));
        let too_old = |at: Timestamp| at <= shifted(now, -keep);
        if !too_old(oldest) {
            return Ok(Next::At(shifted(oldest, keep).max(shifted(now, slack(keep)))));
        }
        let page = storage.feed(position, STEP).await.map_err(failed)?;
        let (mut last, mut newest) = (position, BTreeMap::<RoomId, Seq>::new());
        for found in page.into_iter().take_while(|found| too_old(written_at(&found.entry))) {
            last = found.num;
            if let LogEntry::Message(stored) = found.entry {
                newest.insert(found.room, stored.message.seq);
            }
        }
        for (room, seq) in newest {
            match hub.forget(&room, seq).await {
                // It is not there any more; the walk goes on.
                Err(error) if error.code.action() == Action::Stop => tell_failure(Self::NAME, &error),
                done => done?,
            }
        }
        hub.write(move |storage| async move { storage.set_position(READER, last).await }).await?;
        Ok(Next::Now)
    }
}

impl Hub {
    /// Forgets a step of a room's messages that are too old; when it is to be looked at again.
    async fn expire_room(&self, job: &Job) -> Result<Option<Timestamp>, WireError> {
        let (Some(room), Ok(seconds)) = (&job.room, job.body.parse::<u64>()) else {
            return Err(ErrorCode::Internal.into());
        };
        let (now, keep) = (self.providers.clock.now(), micros(Duration::from_secs(seconds)));
        let oldest_first = HistoryQuery { after: Some(Seq::ZERO), ..HistoryQuery::default() };
        let page = self.providers.storage.history(room, None, oldest_first, STEP).await;
        let page = page.map_err(|error| self.storage_failed(error))?.unwrap_or_default();
        let too_old = |at: Timestamp| at <= shifted(now, -keep);
        let gone = page.iter().take_while(|stored| too_old(stored.message.ts)).last();
        if let Some(newest) = gone {
            self.forget(room, newest.message.seq).await?;
        }
        let stays = page.iter().find(|stored| !too_old(stored.message.ts));
        let next = match stays {
            Some(stored) => shifted(stored.message.ts, keep),
            None if page.len() == STEP => return Ok(Some(now)),
            // Whatever is written from now on is kept for that long.
            None => shifted(now, keep),
        };
        Ok(Some(next.max(shifted(now, slack(keep)))))
    }

    /// Forgets a room's messages up to this one.
    async fn forget(&self, room: &RoomId, newest: Seq) -> Result<(), WireError> {
        let change = Change::Trim { oldest: newest.next() };
        let (by, now) = (UserId::system(), self.providers.clock.now());
        let trim = Append { room: room.clone(), by, access_version: None, now, change };
        let trimmed = self.submit(trim, 0).await?.await.map_err(|_| unavailable())?;
        trimmed.map(drop)
    }
}

/// When an entry was stored.
fn written_at(entry: &LogEntry) -> Timestamp {
    match entry {
        LogEntry::Message(stored) => stored.message.ts,
        LogEntry::Edited(edited) => edited.ts,
        LogEntry::Deleted(deleted) => deleted.ts,
        LogEntry::Reaction(reaction) => reaction.ts,
        LogEntry::Member(changed) => changed.ts,
        LogEntry::Room(changed) => changed.ts,
    }
}
