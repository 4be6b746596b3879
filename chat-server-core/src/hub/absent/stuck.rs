//! Rooms of which a message was not taken. They wait, each for itself, and have a job that says from which message on they are
//! to be told of.
//!
//! ```text
//! not taken ─► job ─► waits ─► the first message that is left ─► the next one ─► ... ─► none is left: no job
//!                       ▲               │ not taken                │ not taken
//!                       └───────────────┴──────────────────────────┘
//! ```
//!
//! What is stored in such a room meanwhile is left to the job, so that all of it comes in its order and the position in the feed
//! goes on: what one room has to wait for costs the others neither time nor repetitions.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_protocol::{RoomId, Seq, Timestamp, WireError};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Absences, Outcome, Unheard};
use crate::hub::Hub;
use crate::hub::pushing::posts::Posts;
use crate::hub::pushing::unreadable;
use crate::hub::worker::{Work, tell_failure};
use crate::storage::{Job, JobKind, NewJob};

/// Greatest number of rooms that wait, some 300 bytes each; beyond it no more messages are read. A system that takes nothing of
/// so many rooms takes nothing.
const MAX_ROOMS: usize = 10_000;

/// How many jobs are read: a process that was killed while it replaced one leaves two.
const MAX_JOBS: usize = 2 * MAX_ROOMS;

/// The job of a room.
pub(super) struct Kept {
    /// The first message of which is to be told.
    seq: Seq,
    name: String,
    /// Its number, when an earlier process has stored it.
    id: Option<u64>,
}

/// What the job says.
#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    room: RoomId,
    seq: Seq,
}

/// Rooms that wait.
#[derive(Default)]
pub(super) struct Stuck {
    is_loaded: bool,
    /// All of them; true: more was stored in it since its next message was looked for.
    rooms: BTreeMap<RoomId, bool>,
    /// Those that are not under way, by when they are tried again.
    due: BTreeMap<(Instant, RoomId), Unheard>,
    pub(super) posts: Posts<Unheard>,
    /// Jobs of rooms that do not wait any more.
    over: Vec<Kept>,
}

impl Stuck {
    /// Finds the rooms that an earlier process has left. All are tried at once: whatever was wrong may have been mended.
    pub(super) async fn load(&mut self, hub: &Hub) -> Result<(), WireError> {
        if self.is_loaded {
            return Ok(());
        }
        // There is one worker, which asks once: the lease keeps nobody away, and the next process finds them again.
        let (now, until) = (hub.providers.clock.now(), Timestamp::default());
        let jobs = hub
            .write(move |storage| async move { storage.lease(JobKind::Webhook, now, until, MAX_JOBS).await });
        for job in jobs.await? {
            self.found(hub, job);
        }
        self.is_loaded = true;
        Ok(())
    }

    fn found(&mut self, hub: &Hub, job: Job) {
        let (id, name) = (Some(job.id), job.name.unwrap_or_default());
        let Ok(Waiting { room, seq }) = serde_json::from_str(&job.body) else {
            hub.bury(&format!("of job {}", job.id), "nobody can read it");
            return self.over.push(Kept { seq: Seq::ZERO, name, id });
        };
        let mut one = Unheard::from(room.clone(), seq);
        let kept = Kept { seq, name, id };
        // Of two of one room that which begins earlier says all.
        let at = Instant::now();
        let key = self.due.keys().find(|(_, of)| *of == room).cloned();
        match key.and_then(|key| self.due.remove(&key)) {
            Some(mut other) if other.seq <= seq => {
                self.over.push(kept);
                std::mem::swap(&mut one, &mut other);
            }
            other => {
                self.over.extend(other.and_then(|other| other.kept));
                one.kept = Some(kept);
            }
        }
        self.rooms.insert(room.clone(), false);
        self.due.insert((at, room), one);
    }

    pub(super) fn is_full(&self) -> bool {
        self.rooms.len() >= MAX_ROOMS
    }

    /// Leaves a message to the job of its room; false: the room does not wait.
    pub(super) fn takes(&mut self, room: &RoomId) -> bool {
        let more = self.rooms.get_mut(room);
        more.map(|more| *more = true).is_some()
    }

    /// A room waits.
    pub(super) fn add(&mut self, one: Unheard, wait: Duration) {
        self.rooms.entry(one.room.clone()).or_default();
        self.due.insert((Instant::now() + wait, one.room.clone()), one);
    }

    /// When the next one is tried again.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// Looks for messages of those whose time has come.
    pub(super) fn begin(&mut self) {
        let now = Instant::now();
        while let Some(first) = self.due.first_entry().filter(|first| first.key().0 <= now) {
            let one = first.remove();
            self.look(one);
        }
    }

    fn look(&mut self, one: Unheard) {
        self.rooms.insert(one.room.clone(), false);
        self.posts.waiting.push_back(one);
    }

    /// Something of a room was looked at.
    pub(super) fn ended(&mut self, one: Unheard) {
        match one.outcome {
            Outcome::Later(wait) => self.add(one, wait),
            Outcome::Told => self.look(one),
            // What was stored while it was looked for may not have been seen.
            Outcome::Nothing if self.rooms.get(&one.room).is_some_and(|more| *more) => self.look(one),
            Outcome::Nothing => {
                self.rooms.remove(&one.room);
                self.over.extend(one.kept);
            }
        }
    }

    /// Stores how far those are that are told of one message after the other just now.
    pub(super) async fn keep(&mut self, hub: &Hub) {
        for one in &mut self.posts.waiting {
            // Without it some of it comes again.
            let kept = hub.keep_stuck(one).await;
            kept.unwrap_or_else(|error| tell_failure(Absences::NAME, &error));
        }
    }

    /// Takes away jobs that are over, after it was stored that their rooms are told of by the feed.
    pub(super) async fn note(&mut self, hub: &Hub) -> Result<(), WireError> {
        metrics::gauge!("chat_absences_stuck").set(self.rooms.len() as f64);
        while let Some(kept) = self.over.last() {
            hub.end_stuck(kept).await?;
            self.over.pop();
        }
        Ok(())
    }
}

impl Hub {
    /// Stores from which message on a room waits, in place of what was stored before.
    pub(super) async fn keep_stuck(&self, one: &mut Unheard) -> Result<(), WireError> {
        let seq = one.seq;
        if one.kept.as_ref().is_some_and(|kept| kept.seq == seq) {
            return Ok(());
        }
        let name = format!("{seq} {}", one.room);
        let waiting = Waiting { room: one.room.clone(), seq };
        let body = serde_json::to_string(&waiting).map_err(unreadable)?;
        // When it comes up is this worker's business: what it finds at its start is due.
        let due = Timestamp::default();
        let job = NewJob { kind: JobKind::Webhook, user: None, name: Some(name.clone()), due, body };
        let now = self.providers.clock.now();
        self.write(move |storage| async move { storage.enqueue(now, &[job]).await }).await?;
        match one.kept.replace(Kept { seq, name, id: None }) {
            Some(before) => self.end_stuck(&before).await,
            None => Ok(()),
        }
    }

    async fn end_stuck(&self, kept: &Kept) -> Result<(), WireError> {
        let (id, name) = (kept.id, kept.name.clone());
        self.write(move |storage| async move {
            match id {
                Some(id) => storage.done(&[id]).await,
                None => storage.cancel(JobKind::Webhook, None, &name).await.map(drop),
            }
        })
        .await
    }
}
