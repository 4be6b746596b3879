//! What is one user's alone: pointers are gathered for a moment and stored together, everything else is stored at once,
//! behind what was gathered before it and together with what else is there. Told afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chat_protocol::event::{Reads, UserChange};
use chat_protocol::{ErrorCode, Event, RoomId, Seq, Timestamp, UserId, WireError, encode};
use tokio::sync::{mpsc, oneshot};

use super::committer::{Answer, Job};
use super::delivery::Deliveries;
use super::dialects::Happened;
use super::{Hub, unavailable};
use crate::error::unknown_outcome;
use crate::storage::{OwnAppend, OwnAppended, OwnChange, Pointer, Refusal};

/// How many different pointers are gathered at most before they are stored without waiting longer.
const MAX_GATHERED: usize = 4_096;

/// How many other changes are stored together at most. Each may hold a message of 16 KiB that waits for its time.
const MAX_OTHERS: usize = 256;
/// Of how many messages that were read again between two commits it is told, per user and room.
const MAX_AGAIN: usize = 100;

/// Why a pointer is refused.
pub(super) const BEYOND_HEAD: &str = "seq: there is no such message yet";

pub(super) type OwnDone = Result<OwnAppended, WireError>;

/// A change of one user's own, and who wants to know when it is stored.
#[derive(Debug)]
pub(crate) struct OwnJob {
    user: UserId,
    change: OwnChange,
    done: Option<oneshot::Sender<OwnDone>>,
    /// Of a read pointer: the sockets of existing systems are told also when it was as far before.
    again: bool,
}

/// Whose pointer, in which room and thread, and which of them.
type PointerKey = (UserId, RoomId, Option<Seq>, Pointer);

#[derive(Debug, Default)]
struct Gathered {
    seq: Seq,
    asked: Asked,
}

/// Who asked for something that is stored.
#[derive(Debug, Default)]
struct Asked {
    waiting: Vec<oneshot::Sender<OwnDone>>,
    /// Messages that are told as read also when they were so before.
    again: BTreeSet<Seq>,
}

#[derive(Debug, Default)]
struct Split {
    at: Option<Seq>,
    waiting: Vec<oneshot::Sender<OwnDone>>,
}

/// What is stored next: the pointers, then what else came behind them.
#[derive(Debug, Default)]
struct Gathering {
    pointers: BTreeMap<PointerKey, Gathered>,
    /// When users' last sessions ended. Many end at once when a network fails: one commit for all of them.
    seen: BTreeMap<UserId, Timestamp>,
    /// Where users' last sockets of rooms ended, for the same reason.
    splits: BTreeMap<(UserId, RoomId), Split>,
    others: Vec<OwnJob>,
}

/// Whether it is gathered: only the last of several counts, wherever it stands among other gathered ones.
fn is_gathered(change: &OwnChange) -> bool {
    matches!(change, OwnChange::Move { .. } | OwnChange::Seen { .. } | OwnChange::Split { .. })
}

impl Gathering {
    fn take(&mut self, job: OwnJob) {
        match job.change {
            OwnChange::Move { room, pointer, thread, seq } => {
                let gathered = self.pointers.entry((job.user, room, thread, pointer)).or_default();
                // All were checked before: whoever waits is answered for the furthest wish.
                gathered.seq = gathered.seq.max(seq);
                gathered.asked.waiting.extend(job.done);
                if job.again && gathered.asked.again.len() < MAX_AGAIN {
                    gathered.asked.again.insert(seq);
                }
            }
            OwnChange::Seen { at } => _ = self.seen.insert(job.user, at),
            OwnChange::Split { room, at } => {
                let split = self.splits.entry((job.user, room)).or_default();
                split.at = at;
                split.waiting.extend(job.done);
            }
            change => self.others.push(OwnJob { change, ..job }),
        }
    }

    fn len(&self) -> usize {
        self.pointers.len() + self.seen.len() + self.splits.len()
    }

    /// Whether it is stored without waiting longer.
    fn is_full(&self) -> bool {
        !self.others.is_empty() || self.len() >= MAX_GATHERED
    }

    /// Takes what is there already behind a change that is no pointer, up to the next pointer, which is given back: it keeps
    /// its place behind them. Many devices register at once after a network has failed: not one commit for each.
    fn take_others(&mut self, jobs: &mut mpsc::Receiver<OwnJob>) -> Option<OwnJob> {
        while (1..MAX_OTHERS).contains(&self.others.len()) {
            match jobs.try_recv() {
                Ok(job) if is_gathered(&job.change) => return Some(job),
                Ok(job) => self.others.push(job),
                Err(_) => return None,
            }
        }
        None
    }
}

/// Gathers, stores and tells until the hub stops; what was gathered by then is stored.
pub(super) async fn run(hub: Arc<Hub>, mut jobs: mpsc::Receiver<OwnJob>) {
    let mut next = None;
    loop {
        let mut gathering = Gathering::default();
        let first = match next.take() {
            Some(job) => Some(job),
            None => tokio::select! {
                biased;
                first = jobs.recv() => first,
                () = hub.stopped.cancelled() => None,
            },
        };
        let Some(first) = first else { return };
        gathering.take(first);
        let enough = tokio::time::sleep(hub.config.pointer_delay);
        tokio::pin!(enough);
        while !gathering.is_full() {
            tokio::select! {
                // What is there already is stored together, also when the server goes away.
                biased;
                job = jobs.recv() => match job {
                    Some(job) => gathering.take(job),
                    None => break,
                },
                () = &mut enough => break,
                () = hub.draining.cancelled() => break,
            }
        }
        next = gathering.take_others(&mut jobs);
        hub.store_own(gathering).await;
    }
}

impl Hub {
    /// Stores a change of one user's own.
    pub(super) async fn own(&self, user: &UserId, change: OwnChange) -> OwnDone {
        Self::own_stored(self.start_own(user, change).await?).await
    }

    /// Puts a change of one user's own in its place; the answer comes back.
    pub(super) async fn start_own(
        &self,
        user: &UserId,
        change: OwnChange,
    ) -> Result<oneshot::Receiver<OwnDone>, WireError> {
        let (done, wait) = oneshot::channel();
        let job = OwnJob { user: user.clone(), change, done: Some(done), again: false };
        self.own_jobs.send(job).await.map_err(|_| unavailable())?;
        Ok(wait)
    }

    /// Puts a change of one user's own in its place; nobody waits for it.
    pub(super) async fn own_later(&self, user: &UserId, change: OwnChange) -> Result<(), WireError> {
        let job = OwnJob { user: user.clone(), change, done: None, again: false };
        self.own_jobs.send(job).await.map_err(|_| unavailable())
    }

    /// A user has read a room; nobody waits for it. Sockets of existing systems are told, and with `again` also when it had read
    /// as far before.
    pub(super) async fn read_later(
        &self,
        user: &UserId,
        room: RoomId,
        pointer: Pointer,
        seq: Seq,
        again: bool,
    ) -> Result<(), WireError> {
        let change = OwnChange::Move { room, pointer, thread: None, seq };
        let job = OwnJob { user: user.clone(), change, done: None, again };
        self.own_jobs.send(job).await.map_err(|_| unavailable())
    }

    /// The same for who cannot wait for a place. It has one before this returns, if there is one: a connection that ends
    /// because the server does is noted yet.
    pub(super) fn own_soon(&self, user: &UserId, change: OwnChange) {
        let job = OwnJob { user: user.clone(), change, done: None, again: false };
        // Without the task that stores it nobody is left to be told.
        let Err(mpsc::error::TrySendError::Full(job)) = self.own_jobs.try_send(job) else { return };
        let Some(hub) = self.this.upgrade() else { return };
        self.tasks.spawn_on(async move { _ = hub.own_jobs.send(job).await }, &self.runtime);
    }

    pub(super) async fn own_stored(wait: oneshot::Receiver<OwnDone>) -> OwnDone {
        wait.await.map_err(|_| unknown_outcome())?
    }

    async fn store_own(&self, gathering: Gathering) {
        let now = self.providers.clock.now();
        let most = gathering.len() + gathering.others.len();
        let (mut batch, mut asked) = (Vec::with_capacity(most), Vec::with_capacity(most));
        for ((user, room, thread, pointer), gathered) in gathering.pointers {
            let change = OwnChange::Move { room, pointer, thread, seq: gathered.seq };
            batch.push(OwnAppend { user, now, change });
            asked.push(gathered.asked);
        }
        for (user, at) in gathering.seen {
            batch.push(OwnAppend { user, now, change: OwnChange::Seen { at } });
            asked.push(Asked::default());
        }
        for ((user, room), split) in gathering.splits {
            batch.push(OwnAppend { user, now, change: OwnChange::Split { room, at: split.at } });
            asked.push(Asked { waiting: split.waiting, ..Asked::default() });
        }
        for OwnJob { user, change, done, .. } in gathering.others {
            batch.push(OwnAppend { user, now, change });
            asked.push(Asked { waiting: done.into_iter().collect(), ..Asked::default() });
        }
        let answers = self.append_own(batch.clone()).await;
        self.deliver(|deliveries| {
            for (index, (append, asked)) in batch.into_iter().zip(asked).enumerate() {
                let answer = match &answers {
                    Ok(answers) => match answers.get(index) {
                        Some(Ok(Ok(stored))) => {
                            self.tell_again(&append, stored, asked.again);
                            self.tell_own(append, stored, deliveries);
                            Ok(stored.clone())
                        }
                        Some(Ok(Err(refusal))) => Err(refused(&append.change, *refusal)),
                        Some(Err(error)) => Err(error.clone()),
                        None => Err(ErrorCode::Internal.into()),
                    },
                    Err(error) => Err(error.clone()),
                };
                asked.waiting.into_iter().for_each(|done| _ = done.send(answer.clone()));
            }
        });
    }

    async fn append_own(&self, batch: Vec<OwnAppend>) -> Result<Vec<Answer<OwnAppended>>, WireError> {
        let (done, wait) = oneshot::channel();
        self.commits.send(Job::Own { batch, done }).await.map_err(|_| unavailable())?;
        wait.await.map_err(|_| unknown_outcome())
    }

    /// Tells sockets of existing systems of messages that were read before; of the others they are told with the pointer.
    fn tell_again(&self, append: &OwnAppend, stored: &OwnAppended, again: BTreeSet<Seq>) {
        let OwnChange::Move { room, pointer: Pointer::Read, .. } = &append.change else { return };
        if stored.members > self.config.max_receipt_members {
            return;
        }
        for seq in again.into_iter().filter(|seq| stored.duplicate || *seq <= stored.before) {
            self.post(room, Happened::Read { by: append.user.clone(), from: seq, upto: seq, ts: append.now });
        }
    }

    /// Tells the user's devices, and of pointers the others in the room.
    fn tell_own(&self, append: OwnAppend, stored: &OwnAppended, deliveries: &mut Deliveries) {
        if stored.duplicate {
            return;
        }
        if let Some(entry) = &stored.entry {
            // Not by whoever asked, who may be gone by now.
            if let UserChange::Scheduled { .. } = &entry.change {
                self.scheduled.notify_one();
            }
            self.publish_user(&append.user, entry.clone(), 0, deliveries);
        }
        let OwnChange::Move { room, pointer, thread, .. } = append.change else { return };
        // It took a mark away, and stands where others know it.
        if stored.at <= stored.before {
            return;
        }
        let (read, delivered) = match pointer {
            Pointer::Read => (Some(stored.at), None),
            Pointer::Delivered => (None, Some(stored.at)),
            Pointer::ReadPrivate => return,
        };
        if stored.members > self.config.max_receipt_members {
            return;
        }
        let from = append.user;
        if let (Some(upto), None) = (read, thread) {
            let (by, ts) = (from.clone(), append.now);
            self.post(&room, Happened::Read { by, from: stored.before, upto, ts });
        }
        let reads = Reads { room, from, read, delivered, thread, ts: append.now };
        let shard = self.rooms.lock(&reads.room);
        let Some(feed) = shard.get(&reads.room) else { return };
        let frame = encode(&Event::Reads(reads.clone()));
        feed.tell(&reads.from, |link| deliveries.give(link, std::slice::from_ref(&frame)));
    }
}

fn refused(change: &OwnChange, refusal: Refusal) -> WireError {
    match (change, refusal) {
        // How far was checked before; what is missing is what the thread hangs on.
        (OwnChange::Move { thread: Some(_), .. }, Refusal::NoMessage) => ErrorCode::MessageNotFound.into(),
        (OwnChange::Move { .. } | OwnChange::MarkUnread { .. }, Refusal::NoMessage) => {
            WireError::new(ErrorCode::BadRequest, BEYOND_HEAD)
        }
        (_, refusal) => crate::Error::from(refusal).wire(),
    }
}
