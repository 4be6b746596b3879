//! Group commit: everything that waits is stored in one batch, whatever its rooms; when nothing waits, a single
//! change is stored at once. What was stored is published in the same order.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chat_protocol::{RoomId, UserId, WireError};
use tokio::sync::{mpsc, oneshot};

use super::delivery::Deliveries;
use super::link::Link;
use super::publisher::Stored;
use super::{Hub, commands, unavailable};
use crate::error::unknown_outcome;
use crate::room::policy::{self, Rules};
use crate::session::ActionId;
use crate::storage::{Append, Appended, Change, OwnAppend, OwnAppended, Refusal, StorageError};

/// How often a change is decided again because the room's rights moved meanwhile. Each round needs somebody to
/// lose a right between one read and one write; more rounds than this mean an attack.
const MAX_DECISIONS: usize = 8;

/// Work for the one writer.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all jobs are changes, and a box is an allocation for each"
)]
pub(crate) enum Job {
    /// A change of a room.
    Change(ChangeJob),
    /// Changes of users' own.
    Own { batch: Vec<OwnAppend>, done: oneshot::Sender<Vec<Answer<OwnAppended>>> },
}

/// What became of one change of a batch: stored, refused, or lost to a failure of the store.
pub(super) type Answer<T> = Result<Result<T, Refusal>, WireError>;

/// A change of a room and who waits for it.
pub(crate) struct ChangeJob {
    /// The change; without an access version it is decided here, in order with what came before it.
    pub(crate) append: Append,
    /// The connection it comes from, or 0: it follows new rooms by itself.
    pub(crate) origin: u64,
    pub(crate) asker: Asker,
    /// It was refused, and is only asked about: a repeat of what was stored before is told its first answer.
    pub(crate) refused: Option<WireError>,
}

/// Who waits for the answer to a change.
pub(crate) enum Asker {
    /// A command that has more to do then.
    Command(oneshot::Sender<Result<Appended, WireError>>),
    /// The sender of a message.
    Sender(Sender),
}

impl Asker {
    /// Tells that the change is stored, together with what else the connection gets.
    pub(super) fn tell(self, appended: Appended, deliveries: &mut Deliveries) {
        match self {
            Asker::Command(done) => _ = done.send(Ok(appended)),
            Asker::Sender(mut sender) => {
                if let Some(link) = sender.link.take() {
                    deliveries.answer(&link, sender.action, commands::sent(&appended));
                }
            }
        }
    }

    /// What its connection sends to the room next is decided on the version of its rights that this was decided on.
    fn renew_grant(&self, append: &Append) {
        if let (Asker::Sender(Sender { link: Some(link), .. }), Some(version)) = (self, append.access_version)
        {
            link.renew_grant(&append.room, version);
        }
    }

    /// Tells why the change is not stored.
    fn refuse(self, error: WireError) {
        match self {
            Asker::Command(done) => _ = done.send(Err(error)),
            Asker::Sender(mut sender) => sender.refuse(error),
        }
    }
}

/// A connection whose session waits for the answer to a `send`. Dropped without one, it is told that nobody knows whether
/// it is stored: no command ever waits for nothing.
pub(crate) struct Sender {
    link: Option<Arc<Link>>,
    action: ActionId,
}

impl Sender {
    pub(super) fn new(link: &Arc<Link>, action: ActionId) -> Self {
        Self { link: Some(link.clone()), action }
    }

    fn refuse(&mut self, error: WireError) {
        if let Some(link) = self.link.take() {
            link.outbox.enqueue_done(self.action, Err(error));
            link.flush(&mut Vec::new());
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.refuse(unknown_outcome());
    }
}

/// An access version that no room ever has: the store answers repeats and refuses all else.
const ONLY_REPEATS: u64 = u64::MAX;

impl ChangeJob {
    pub(super) fn new(append: Append, origin: u64, asker: Asker) -> Self {
        Self { append, origin, asker, refused: None }
    }

    /// The same, answered if it was stored before and else refused.
    fn only_repeated(self, refused: WireError) -> Self {
        let append = Append { access_version: Some(ONLY_REPEATS), ..self.append };
        Self { append, refused: Some(refused), ..self }
    }

    /// Takes the refusal of a change. A message with a name may be a repeat, which needs no right; all else is told.
    fn refuse(self, error: WireError) -> Option<Self> {
        match &self.append.change {
            Change::Message(message) if message.client_msg_id.is_some() && self.refused.is_none() => {
                Some(self.only_repeated(error))
            }
            _ => {
                self.asker.refuse(error);
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
                Job::Own { batch, done } => {
                    let storage = &hub.providers.storage;
                    _ = done.send(hub.store_apart(&batch, |part| storage.append_own(part)).await);
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
        let asker = Asker::Command(done);
        self.queue_job(ChangeJob::new(append, origin, asker)).await?;
        Ok(wait)
    }

    /// Asks for the first answer to a change that is refused now: it may be a repeat, which needs no right.
    pub(super) async fn submit_refused(
        &self,
        append: Append,
        refused: WireError,
    ) -> Result<oneshot::Receiver<Result<Appended, WireError>>, WireError> {
        let (done, wait) = oneshot::channel();
        let job = ChangeJob::new(append, 0, Asker::Command(done));
        self.queue_job(job.only_repeated(refused)).await?;
        Ok(wait)
    }

    /// Hands a change to the committer if its queue has room, else gives it back. Whoever asked for it hears of
    /// everything else.
    pub(super) fn submit_now(&self, job: ChangeJob) -> Option<ChangeJob> {
        if self.is_degraded() {
            job.asker.refuse(unavailable());
            return None;
        }
        match self.commits.try_send(Job::Change(job)) {
            Err(mpsc::error::TrySendError::Full(Job::Change(job))) => Some(job),
            // Without a committer the job is dropped, and that is an answer.
            Ok(()) | Err(_) => None,
        }
    }

    /// Hands a change to the committer; waits while its queue is full. Cancel-safe as above.
    pub(super) async fn queue_job(&self, job: ChangeJob) -> Result<(), WireError> {
        self.commits.send(Job::Change(job)).await.map_err(|_| unavailable())
    }

    /// Stores changes in order.
    ///
    /// A change that must be decided here sees all changes of its room's membership before it: the batch is cut there.
    /// Changes of other rooms decide nothing for it, so that everybody may come at once.
    async fn commit(&self, jobs: Vec<ChangeJob>) {
        let mut ready: Vec<ChangeJob> = Vec::with_capacity(jobs.len());
        let mut changed: HashSet<RoomId> = HashSet::new();
        for mut job in jobs {
            if job.append.access_version.is_none() {
                if changed.contains(&job.append.room) {
                    changed.clear();
                    self.store(std::mem::take(&mut ready)).await;
                }
                if let Err(error) = self.decide(&mut job.append).await {
                    ready.extend(job.refuse(error));
                    continue;
                }
                job.asker.renew_grant(&job.append);
            }
            if !matches!(job.append.change, Change::Message(_)) {
                changed.insert(job.append.room.clone());
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
        let rules = Rules::of(&self.config);
        let standing = self.providers.storage.standing(&append.room, &append.by).await;
        let standing = standing.map_err(|error| self.storage_failed(error))?;
        if append.by.is_system() {
            return policy::decide_for_operator(&mut append.change, standing.as_ref(), &rules);
        }
        policy::decide(&mut append.change, standing.as_ref(), append.now, &rules)?;
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
                    Ok(()) => {
                        job.asker.renew_grant(&job.append);
                        decided.push(job);
                    }
                    Err(error) => decided.extend(job.refuse(error)),
                }
            }
            jobs = decided;
        }
        for job in jobs {
            job.asker.refuse(crate::Error::from(Refusal::AccessChanged).wire());
        }
    }

    /// Gives all messages of one sender to one room the newest version that one of them was decided on.
    ///
    /// Otherwise one that was decided before somebody lost a right would be refused and stored after one that was
    /// decided later. The later decision was about the same right of the same user.
    fn align_versions(jobs: &mut [ChangeJob]) {
        let is_message =
            |job: &ChangeJob| matches!(job.append.change, Change::Message(_)) && job.refused.is_none();
        let mut newest: HashMap<(&RoomId, &UserId), Option<u64>> = HashMap::with_capacity(jobs.len());
        for job in jobs.iter().filter(|job| is_message(job)) {
            let version = newest.entry((&job.append.room, &job.append.by)).or_default();
            *version = (*version).max(job.append.access_version);
        }
        // A sender with one message in the batch, which is the usual case, has nothing to align.
        if newest.len() == jobs.len() {
            return;
        }
        let version_of = |job: &ChangeJob| match newest.get(&(&job.append.room, &job.append.by)) {
            Some(newest) if is_message(job) => *newest,
            _ => job.append.access_version,
        };
        let versions: Vec<Option<u64>> = jobs.iter().map(version_of).collect();
        for (job, version) in jobs.iter_mut().zip(versions) {
            job.append.access_version = version;
        }
    }

    /// One batch. Gives back what was refused because rights have moved; what was stored goes to the publisher.
    async fn store_once(&self, jobs: Vec<ChangeJob>) -> Vec<ChangeJob> {
        let mut waiting = Vec::with_capacity(jobs.len());
        let mut batch = Vec::with_capacity(jobs.len());
        for ChangeJob { append, origin, asker, refused } in jobs {
            batch.push(append);
            waiting.push((origin, asker, refused));
        }
        let answers = self.store_apart(&batch, |part| self.append(part)).await;
        let (mut again, mut stored) = (Vec::new(), Vec::with_capacity(batch.len()));
        for ((append, answer), (origin, asker, refused)) in batch.into_iter().zip(answers).zip(waiting) {
            match answer {
                Err(error) => asker.refuse(error),
                Ok(Err(Refusal::AccessChanged | Refusal::NoRoom)) if refused.is_some() => {
                    asker.refuse(refused.unwrap_or_else(unavailable));
                }
                Ok(Ok(appended)) => stored.push(Stored { append, appended, origin, asker }),
                Ok(Err(Refusal::AccessChanged)) => again.push(ChangeJob { append, origin, asker, refused }),
                Ok(Err(refusal)) => asker.refuse(crate::Error::from(refusal).wire()),
            }
        }
        if !stored.is_empty() {
            // The publisher ends after the committer only.
            _ = self.stored.send(stored).await;
        }
        again
    }

    /// Stores a batch. What the store stumbles over is kept from the others: a batch that fails is stored in halves, so that
    /// a damaged room costs nobody else a message.
    async fn store_apart<'b, T, R, F>(&self, batch: &'b [T], store: impl Fn(&'b [T]) -> F) -> Vec<Answer<R>>
    where
        F: Future<Output = Result<Vec<Result<R, Refusal>>, StorageError>>,
    {
        let mut answers = Vec::with_capacity(batch.len());
        let mut parts = vec![batch];
        while let Some(part) = parts.pop().filter(|part| !part.is_empty()) {
            match store(part).await {
                Ok(stored) => answers.extend(stored.into_iter().map(Ok)),
                Err(error) if part.len() > 1 && error.may_be_of_one() => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) => {
                    let error = self.storage_failed(error);
                    answers.extend(part.iter().map(|_| Err(error.clone())));
                }
            }
        }
        answers
    }

    async fn append(&self, batch: &[Append]) -> Result<Vec<Result<Appended, Refusal>>, StorageError> {
        let started = tokio::time::Instant::now();
        let answers = self.providers.storage.append(batch).await;
        metrics::histogram!("chat_commit_seconds").record(started.elapsed());
        metrics::histogram!("chat_commit_batch_size").record(batch.len() as f64);
        answers
    }
}
