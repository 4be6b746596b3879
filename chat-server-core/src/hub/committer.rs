//! Group commit: everything that waits is stored in one batch, whatever its rooms; when nothing waits, a single
//! change is stored at once. What was stored is published in the same order.

use std::collections::HashMap;
use std::sync::Arc;

use chat_protocol::{RoomId, UserId, WireError};
use tokio::sync::{mpsc, oneshot};

use super::{Hub, unavailable};
use crate::room::policy;
use crate::storage::{Append, Appended, Change, PointerMove, PointerMoved, Refusal, StorageError};

/// How often a change is decided again because the room's rights moved meanwhile. Each round needs somebody to
/// lose a right between one read and one write; more rounds than this mean an attack.
const MAX_DECISIONS: usize = 8;

/// Work for the one writer.
pub(crate) enum Job {
    /// A change of a room.
    Change(ChangeJob),
    /// Read pointers that were gathered.
    Pointers { moves: Vec<PointerMove>, done: oneshot::Sender<Result<Vec<PointerMoved>, WireError>> },
}

/// A change of a room and who waits for it.
pub(crate) struct ChangeJob {
    /// The change; without an access version it is decided here, in order with what came before it.
    pub(crate) append: Append,
    /// The connection it comes from, or 0: it follows new rooms by itself.
    pub(crate) origin: u64,
    pub(crate) done: oneshot::Sender<Result<Appended, WireError>>,
    /// It was refused, and is only asked about: a repeat of what was stored before is told its first answer.
    pub(crate) refused: Option<WireError>,
}

/// An access version that no room ever has: the store answers repeats and refuses all else.
const ONLY_REPEATS: u64 = u64::MAX;

impl ChangeJob {
    /// Takes the refusal of a change. A message with a name may be a repeat, which needs no right; all else is told.
    fn refuse(mut self, error: WireError) -> Option<Self> {
        match &self.append.change {
            Change::Message(message) if message.client_msg_id.is_some() && self.refused.is_none() => {
                self.append.access_version = Some(ONLY_REPEATS);
                self.refused = Some(error);
                Some(self)
            }
            _ => {
                _ = self.done.send(Err(error));
                None
            }
        }
    }
}

/// Starts the committer: as a task, or on a thread of its own when the store blocks.
pub(super) fn start(hub: &Arc<Hub>, jobs: mpsc::Receiver<Job>) {
    let run = run(hub.clone(), jobs);
    if hub.providers.storage.capabilities().blocking_writes {
        let (finished, wait) = oneshot::channel::<()>();
        hub.committer.spawn(async { _ = wait.await });
        let runtime = hub.runtime.clone();
        std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || {
                runtime.block_on(run);
                drop(finished);
            })
            .expect("a thread can be started");
    } else {
        hub.committer.spawn(run);
    }
}

async fn run(hub: Arc<Hub>, mut jobs: mpsc::Receiver<Job>) {
    let max_batch = hub.providers.storage.capabilities().max_batch;
    let mut batch = Vec::with_capacity(max_batch);
    loop {
        let received = tokio::select! {
            biased;
            received = jobs.recv_many(&mut batch, max_batch) => received,
            () = hub.committed.cancelled() => 0,
        };
        if received == 0 {
            return;
        }
        let mut changes = Vec::with_capacity(received);
        for job in batch.drain(..) {
            match job {
                Job::Change(job) => changes.push(job),
                Job::Pointers { moves, done } => {
                    let moved = hub.providers.storage.advance(&moves).await;
                    _ = done.send(moved.map_err(|error| hub.storage_failed(error)));
                }
            }
        }
        hub.commit(changes).await;
    }
}

impl Hub {
    /// Hands a change to the committer; waits while its queue is full.
    ///
    /// Cancel-safe until the change is in the queue, and it is stored after that.
    pub(super) async fn submit(
        &self,
        append: Append,
        origin: u64,
    ) -> Result<oneshot::Receiver<Result<Appended, WireError>>, WireError> {
        if self.is_degraded() {
            return Err(unavailable());
        }
        let (done, wait) = oneshot::channel();
        let job = Job::Change(ChangeJob { append, origin, done, refused: None });
        self.commits.send(job).await.map_err(|_| unavailable())?;
        Ok(wait)
    }

    /// Stores changes in order.
    ///
    /// A change that must be decided here sees all changes of membership before it: the batch is cut there.
    async fn commit(&self, jobs: Vec<ChangeJob>) {
        let mut ready: Vec<ChangeJob> = Vec::with_capacity(jobs.len());
        for mut job in jobs {
            if job.append.access_version.is_none() {
                if ready.iter().any(|job| !matches!(job.append.change, Change::Message(_))) {
                    self.store(std::mem::take(&mut ready)).await;
                }
                if let Err(error) = self.decide(&mut job.append).await {
                    ready.extend(job.refuse(error));
                    continue;
                }
            }
            ready.push(job);
        }
        self.store(ready).await;
    }

    /// Decides a change on what its author is to the room now.
    async fn decide(&self, append: &mut Append) -> Result<(), WireError> {
        if matches!(append.change, Change::Create(_)) {
            return Ok(());
        }
        let standing = self.providers.storage.standing(&append.room, &append.by).await;
        let standing = standing.map_err(|error| self.storage_failed(error))?;
        policy::decide(&mut append.change, standing.as_ref())?;
        append.access_version = standing.map(|standing| standing.access_version);
        Ok(())
    }

    /// Stores and publishes, deciding again what was decided on rights that have moved. Later changes wait for it,
    /// so that the order of one sender's messages never turns.
    async fn store(&self, mut jobs: Vec<ChangeJob>) {
        if jobs.len() > 1 {
            Self::align_versions(&mut jobs);
        }
        for _ in 0..MAX_DECISIONS {
            jobs = match self.store_once(jobs).await {
                again if again.is_empty() => return,
                again => again,
            };
            let mut decided = Vec::with_capacity(jobs.len());
            for mut job in jobs {
                match self.decide(&mut job.append).await {
                    Ok(()) => decided.push(job),
                    Err(error) => decided.extend(job.refuse(error)),
                }
            }
            jobs = decided;
        }
        for job in jobs {
            _ = job.done.send(Err(crate::Error::from(Refusal::AccessChanged).wire()));
        }
    }

    /// Gives all messages of one sender to one room the newest version that one of them was decided on.
    ///
    /// Otherwise one that was decided before somebody lost a right would be refused and stored after one that was
    /// decided later. The later decision was about the same right of the same user.
    fn align_versions(jobs: &mut [ChangeJob]) {
        let is_message =
            |job: &ChangeJob| matches!(job.append.change, Change::Message(_)) && job.refused.is_none();
        let mut newest: HashMap<(RoomId, UserId), Option<u64>> = HashMap::with_capacity(jobs.len());
        for job in jobs.iter().filter(|job| is_message(job)) {
            let version = newest.entry((job.append.room.clone(), job.append.by.clone())).or_default();
            *version = (*version).max(job.append.access_version);
        }
        for job in jobs.iter_mut().filter(|job| is_message(job)) {
            if let Some(version) = newest.get(&(job.append.room.clone(), job.append.by.clone())) {
                job.append.access_version = *version;
            }
        }
    }

    /// One batch. Gives back what was refused because rights have moved.
    async fn store_once(&self, jobs: Vec<ChangeJob>) -> Vec<ChangeJob> {
        let mut waiting = Vec::with_capacity(jobs.len());
        let mut batch = Vec::with_capacity(jobs.len());
        for ChangeJob { append, origin, done, refused } in jobs {
            batch.push(append);
            waiting.push((origin, done, refused));
        }
        let answers = match self.append(&batch).await {
            Ok(answers) => answers,
            Err(error) => {
                let error = self.storage_failed(error);
                waiting.into_iter().for_each(|(_, done, _)| _ = done.send(Err(error.clone())));
                return Vec::new();
            }
        };
        let mut again = Vec::new();
        for ((append, answer), (origin, done, refused)) in batch.into_iter().zip(answers).zip(waiting) {
            match answer {
                Err(Refusal::AccessChanged | Refusal::NoRoom) if refused.is_some() => {
                    _ = done.send(Err(refused.unwrap_or_else(unavailable)));
                }
                Ok(appended) => {
                    if !appended.duplicate {
                        self.publish(append, &appended, origin);
                    }
                    _ = done.send(Ok(appended));
                }
                Err(Refusal::AccessChanged) => again.push(ChangeJob { append, origin, done, refused }),
                Err(refusal) => _ = done.send(Err(crate::Error::from(refusal).wire())),
            }
        }
        again
    }

    async fn append(&self, batch: &[Append]) -> Result<Vec<Result<Appended, Refusal>>, StorageError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let started = tokio::time::Instant::now();
        let answers = self.providers.storage.append(batch).await;
        metrics::histogram!("chat_commit_seconds").record(started.elapsed());
        metrics::histogram!("chat_commit_batch_size").record(batch.len() as f64);
        answers
    }
}
