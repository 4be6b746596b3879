//! Read pointers: gathered for a moment, stored together, told afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat_protocol::{ErrorCode, RoomId, Seq, UserId, WireError};
use tokio::sync::{mpsc, oneshot};

use super::committer::Job;
use super::delivery::Deliveries;
use super::{Hub, unavailable};
use crate::storage::{PointerMove, PointerMoved};

/// How many different pointers are gathered at most before they are stored without waiting longer.
const MAX_GATHERED: usize = 4_096;

/// Why a read pointer is refused.
pub(super) const BEYOND_HEAD: &str = "read.seq: there is no such message yet";

/// A pointer to be moved, and who wants to know when it is stored.
pub(crate) struct Reading {
    pub(super) room: RoomId,
    pub(super) user: UserId,
    pub(super) read: Seq,
    pub(super) done: Option<oneshot::Sender<Result<Seq, WireError>>>,
}

#[derive(Default)]
struct Gathered {
    read: Seq,
    waiting: Vec<oneshot::Sender<Result<Seq, WireError>>>,
}

type Gathering = BTreeMap<(RoomId, UserId), Gathered>;

/// Gathers, stores and tells pointers until the hub stops; what was gathered by then is stored.
pub(super) async fn run(hub: Arc<Hub>, mut readings: mpsc::Receiver<Reading>) {
    loop {
        let mut gathering = Gathering::new();
        let first = tokio::select! {
            biased;
            first = readings.recv() => first,
            () = hub.stopped.cancelled() => None,
        };
        let Some(first) = first else { return };
        gather(&mut gathering, first);
        let enough = tokio::time::sleep(hub.config.pointer_delay);
        tokio::pin!(enough);
        while gathering.len() < MAX_GATHERED {
            tokio::select! {
                reading = readings.recv() => match reading {
                    Some(reading) => gather(&mut gathering, reading),
                    None => break,
                },
                () = &mut enough => break,
                () = hub.draining.cancelled() => break,
            }
        }
        hub.store_pointers(gathering).await;
    }
}

fn gather(gathering: &mut Gathering, reading: Reading) {
    let gathered = gathering.entry((reading.room, reading.user)).or_default();
    // All were checked before: whoever waits is answered for the furthest wish.
    gathered.read = gathered.read.max(reading.read);
    gathered.waiting.extend(reading.done);
}

impl Hub {
    async fn store_pointers(&self, gathering: Gathering) {
        let now = self.providers.clock.now();
        let mut moves = Vec::with_capacity(gathering.len());
        let mut waiting = Vec::with_capacity(gathering.len());
        for ((room, user), gathered) in gathering {
            moves.push(PointerMove { room, user, read: gathered.read, now });
            waiting.push(gathered.waiting);
        }
        let answers = self.advance(moves.clone()).await;
        self.deliver(|deliveries| {
            for (index, (moved, waiting)) in moves.into_iter().zip(waiting).enumerate() {
                let answer = match &answers {
                    Ok(answers) => self.tell_pointer(&moved, answers.get(index), deliveries),
                    Err(error) => Err(error.clone()),
                };
                waiting.into_iter().for_each(|done| _ = done.send(answer.clone()));
            }
        });
    }

    async fn advance(&self, moves: Vec<PointerMove>) -> Result<Vec<PointerMoved>, WireError> {
        let (done, wait) = oneshot::channel();
        self.commits.send(Job::Pointers { moves, done }).await.map_err(|_| unavailable())?;
        wait.await.map_err(|_| unavailable())?
    }

    fn tell_pointer(
        &self,
        moved: &PointerMove,
        answer: Option<&PointerMoved>,
        deliveries: &mut Deliveries,
    ) -> Result<Seq, WireError> {
        match answer {
            Some(PointerMoved::Moved { read, user_offset }) => {
                self.publish_read(&moved.room, &moved.user, *read, *user_offset, moved.now, deliveries);
                Ok(*read)
            }
            Some(PointerMoved::Unchanged { read }) => Ok(*read),
            Some(PointerMoved::BeyondHead) => Err(WireError::new(ErrorCode::BadRequest, BEYOND_HEAD)),
            Some(PointerMoved::NotMember) => Err(ErrorCode::Forbidden.into()),
            None => Err(ErrorCode::Internal.into()),
        }
    }
}
