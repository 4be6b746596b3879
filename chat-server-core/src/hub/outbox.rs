//! What waits to be written to one connection.
//!
//! Two lanes. The durable lane holds stored events and replies, in order, bounded in bytes and count; when it is full
//! the connection is closed with a code that says "reconnect and resume", because nothing in it may be dropped
//! silently. The ephemeral lane holds presence and typing, newest value per key; when it is full the newcomer is
//! dropped.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chat_protocol::{ErrorCode, RoomId, Text, UserId};
use tokio::sync::Notify;

/// What an ephemeral packet is about: a newer one about the same replaces it.
pub(crate) type EphemeralKey = (UserId, Option<RoomId>);

/// Greatest number of presence and typing packets that wait: about one screen full of people.
const MAX_EPHEMERAL: usize = 64;

/// Greatest number of bytes handed to the connection at once. What one `flush` writes is one system call, and the
/// library's write buffer, which is bounded, takes it whole.
const BATCH_BYTES: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Outbox {
    lanes: Mutex<Lanes>,
    /// Wakes the connection: something waits, or it is to be closed.
    ready: Notify,
    /// Wakes whoever replays a log: there is room again.
    room: Notify,
    max_bytes: usize,
    max_frames: usize,
}

#[derive(Debug, Default)]
struct Lanes {
    durable: VecDeque<Text>,
    bytes: usize,
    ephemeral: BTreeMap<EphemeralKey, Text>,
    closed: Option<ErrorCode>,
}

impl Outbox {
    pub(crate) fn new(max_bytes: usize, max_frames: usize) -> Self {
        Self { lanes: Mutex::default(), ready: Notify::new(), room: Notify::new(), max_bytes, max_frames }
    }

    /// A panic elsewhere never costs this connection its queue: the lanes are valid after every statement.
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a stored event or a reply. A full queue closes the connection.
    pub(crate) fn push(&self, frame: Text) {
        let mut lanes = self.lanes();
        if lanes.closed.is_some() {
            return;
        }
        if lanes.bytes + frame.len() > self.max_bytes || lanes.durable.len() >= self.max_frames {
            metrics::counter!("chat_slow_readers_total").increment(1);
            lanes.close(ErrorCode::SlowReader);
        } else {
            lanes.bytes += frame.len();
            lanes.durable.push_back(frame);
        }
        drop(lanes);
        self.ready.notify_one();
    }

    /// Queues presence or typing, replacing what waits about the same.
    pub(crate) fn push_ephemeral(&self, key: EphemeralKey, frame: Text) {
        let mut lanes = self.lanes();
        if lanes.closed.is_some()
            || (lanes.ephemeral.len() >= MAX_EPHEMERAL && !lanes.ephemeral.contains_key(&key))
        {
            return;
        }
        lanes.ephemeral.insert(key, frame);
        drop(lanes);
        self.ready.notify_one();
    }

    /// Takes what is to be written next, durable first; at most about 64 KiB. Empty when nothing waits.
    pub(crate) fn take(&self, batch: &mut Vec<Text>) {
        let mut lanes = self.lanes();
        let mut bytes = 0;
        while bytes < BATCH_BYTES {
            let Some(frame) = lanes.durable.pop_front() else { break };
            bytes += frame.len();
            batch.push(frame);
        }
        lanes.bytes -= bytes;
        if lanes.durable.is_empty() {
            // An idle connection holds no memory for its queue.
            lanes.durable = VecDeque::new();
            batch.extend(std::mem::take(&mut lanes.ephemeral).into_values());
        }
        drop(lanes);
        self.room.notify_waiters();
    }

    /// Closes the connection for `code`; what waits is dropped. The first code stays.
    pub(crate) fn close(&self, code: ErrorCode) {
        self.lanes().close(code);
        self.ready.notify_one();
        self.room.notify_waiters();
    }

    /// Why the connection is to be closed, if it is.
    pub(crate) fn closed(&self) -> Option<ErrorCode> {
        self.lanes().closed
    }

    /// Whether so much kept aside is sure to fit later. Whoever adds it waits for half of the queue to be free first;
    /// a quarter leaves as much again for what comes meanwhile.
    pub(crate) fn may_keep_aside(&self, frames: usize, bytes: usize) -> bool {
        frames <= self.max_frames / 4 && bytes <= self.max_bytes / 4
    }

    /// Whether something waits.
    pub(crate) fn has_waiting(&self) -> bool {
        let lanes = self.lanes();
        !lanes.durable.is_empty() || !lanes.ephemeral.is_empty()
    }

    /// Wakes the connection again when more waits than it took.
    pub(crate) fn rouse(&self) {
        if self.has_waiting() {
            self.ready.notify_one();
        }
    }

    /// Waits until something waits or the connection is to be closed. Cancel-safe.
    pub(crate) async fn ready(&self) {
        self.ready.notified().await;
    }

    /// Whether commands may be read: a client that does not take answers is asked no further.
    pub(crate) fn has_room(&self) -> bool {
        let lanes = self.lanes();
        lanes.bytes < self.max_bytes / 2 && lanes.durable.len() < self.max_frames / 2
    }

    /// Waits until the queue is less than half full, so that a replay never overflows it. Cancel-safe.
    ///
    /// False when the connection is to be closed.
    pub(crate) async fn wait_for_room(&self) -> bool {
        loop {
            let waiting = self.room.notified();
            if self.closed().is_some() {
                return false;
            }
            if self.has_room() {
                return true;
            }
            waiting.await;
        }
    }
}

impl Lanes {
    fn close(&mut self, code: ErrorCode) {
        self.closed.get_or_insert(code);
        self.durable = VecDeque::new();
        self.ephemeral.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(outbox: &Outbox) -> Vec<Text> {
        let mut batch = Vec::new();
        outbox.take(&mut batch);
        batch
    }

    #[test]
    fn a_full_durable_lane_closes_the_connection_and_drops_what_waits() {
        let outbox = Outbox::new(10, 100);
        outbox.push(Text::from("12345"));
        outbox.push(Text::from("12345"));
        assert_eq!(outbox.closed(), None);
        outbox.push(Text::from("1"));
        assert_eq!(outbox.closed(), Some(ErrorCode::SlowReader));
        assert_eq!(taken(&outbox), []);
        let by_count = Outbox::new(1_000, 2);
        (0..3).for_each(|_| by_count.push(Text::from("1")));
        assert_eq!(by_count.closed(), Some(ErrorCode::SlowReader));
    }

    #[test]
    fn ephemeral_packets_come_last_and_only_the_newest_of_each() {
        let outbox = Outbox::new(100, 100);
        let key = |user: &str| (UserId::new(user).unwrap(), None);
        outbox.push_ephemeral(key("a"), Text::from("a on"));
        outbox.push_ephemeral(key("a"), Text::from("a off"));
        outbox.push(Text::from("stored"));
        assert_eq!(taken(&outbox), [Text::from("stored"), Text::from("a off")]);
        for n in 0..2 * MAX_EPHEMERAL {
            outbox.push_ephemeral(key(&format!("u{n}")), Text::from("x"));
        }
        assert_eq!(taken(&outbox).len(), MAX_EPHEMERAL);
        assert_eq!(outbox.closed(), None, "presence never closes a connection");
    }

    #[tokio::test(start_paused = true)]
    async fn a_replay_waits_until_half_of_the_queue_is_free() {
        let outbox = Outbox::new(10, 100);
        outbox.push(Text::from("123456"));
        let waiting = outbox.wait_for_room();
        tokio::pin!(waiting);
        assert!(futures::poll!(&mut waiting).is_pending());
        taken(&outbox);
        assert!(waiting.await);
    }
}
