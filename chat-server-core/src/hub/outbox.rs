//! What waits to be written to one connection, and who writes it.
//!
//! Two lanes. The durable lane holds stored events and replies, in order, bounded in bytes and count; when it is full
//! the connection is closed with a code that says "reconnect and resume", because nothing in it may be dropped
//! silently. The ephemeral lane holds presence and typing, newest value per key; when it is full the newcomer is
//! dropped.
//!
//! Whoever gives a frame to many connections writes it to their sockets as well, one after the other, if the
//! transport can do that ([`DirectWriter`]): waking a task for each of them costs as much again as the write. The
//! connection's own task writes replies, what the socket did not take at once, and everything where the transport
//! has no direct writer. [`Writing`] says whose turn it is; there is one at a time, so frames keep their order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use chat_protocol::{ErrorCode, RoomId, Text, UserId};
use futures::task::AtomicWaker;
use tokio::sync::Notify;

use super::commands::Done;
use crate::session::ActionId;
use crate::transport::{DirectWrite, DirectWriter};

/// What an ephemeral packet is about: a newer one about the same replaces it.
pub(crate) type EphemeralKey = (UserId, Option<RoomId>);

/// Greatest number of presence and typing packets that wait: about one screen full of people.
const MAX_EPHEMERAL: usize = 64;

/// Greatest number of bytes handed to the connection at once: one system call.
const BATCH_BYTES: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Outbox {
    lanes: Mutex<Lanes>,
    /// The connection's task.
    task: AtomicWaker,
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
    /// Results of commands, on their way to the session. Bounded by the commands in flight.
    done: Vec<(ActionId, Done)>,
    closed: Option<ErrorCode>,
    /// The server goes away, and the session is to be told.
    drain: bool,
    writing: Writing,
    /// Somebody will write what waits: it is in a list already.
    listed: bool,
    /// The task reads no more commands until there is room.
    held: bool,
}

/// Who writes at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Writing {
    #[default]
    Nobody,
    /// Somebody who gave frames to many connections.
    Direct,
    /// The connection's task.
    Task,
    /// A direct write was not taken whole: the task must flush before anything else is written.
    Unfinished,
}

/// What the connection's task is to do.
#[derive(Debug)]
pub(crate) enum Call {
    /// These commands are performed.
    Done(Vec<(ActionId, Done)>),
    /// Write what waits, or close.
    Write,
    /// Begin to drain.
    Drain,
}

impl Outbox {
    pub(crate) fn new(max_bytes: usize, max_frames: usize) -> Self {
        Self { lanes: Mutex::default(), task: AtomicWaker::new(), room: Notify::new(), max_bytes, max_frames }
    }

    /// A panic elsewhere never costs this connection its queue: the lanes are valid after every statement.
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a stored event or a reply and wakes the task. A full queue closes the connection.
    pub(crate) fn push(&self, frame: Text) {
        self.enqueue([frame]);
        self.task.wake();
    }

    /// Queues stored events or replies. True when nobody is in charge of writing them yet: the caller is then.
    pub(crate) fn enqueue(&self, frames: impl IntoIterator<Item = Text>) -> bool {
        let mut lanes = self.lanes();
        if lanes.closed.is_some() {
            return false;
        }
        for frame in frames {
            if lanes.bytes + frame.len() > self.max_bytes || lanes.durable.len() >= self.max_frames {
                metrics::counter!("chat_slow_readers_total").increment(1);
                lanes.close(ErrorCode::SlowReader);
                break;
            }
            lanes.bytes += frame.len();
            lanes.durable.push_back(frame);
        }
        !std::mem::replace(&mut lanes.listed, true)
    }

    /// Queues presence or typing, replacing what waits about the same. True as above.
    pub(crate) fn enqueue_ephemeral(&self, key: EphemeralKey, frame: Text) -> bool {
        let mut lanes = self.lanes();
        if lanes.closed.is_some()
            || (lanes.ephemeral.len() >= MAX_EPHEMERAL && !lanes.ephemeral.contains_key(&key))
        {
            return false;
        }
        lanes.ephemeral.insert(key, frame);
        !std::mem::replace(&mut lanes.listed, true)
    }

    /// Queues the result of a command for the session. True as above.
    pub(crate) fn enqueue_done(&self, action: ActionId, done: Done) -> bool {
        let mut lanes = self.lanes();
        lanes.done.push((action, done));
        !std::mem::replace(&mut lanes.listed, true)
    }

    /// Writes what waits, or wakes the task where it is the one to do it. `scratch` is empty before and after.
    pub(crate) fn flush(&self, writer: Option<&dyn DirectWriter>, scratch: &mut Vec<Text>) {
        while let Some(writer) = self.begin_direct(writer, scratch) {
            let outcome = writer.write(scratch);
            scratch.clear();
            let mut lanes = self.lanes();
            lanes.writing = match outcome {
                DirectWrite::Whole => Writing::Nobody,
                DirectWrite::Unfinished => Writing::Unfinished,
            };
            let held = std::mem::take(&mut lanes.held);
            drop(lanes);
            self.room.notify_waiters();
            if held {
                self.task.wake();
            }
        }
    }

    /// Takes what is to be written directly next, if this is the way to write it.
    fn begin_direct<'w>(
        &self,
        writer: Option<&'w dyn DirectWriter>,
        scratch: &mut Vec<Text>,
    ) -> Option<&'w dyn DirectWriter> {
        let mut lanes = self.lanes();
        lanes.listed = false;
        let for_task =
            lanes.closed.is_some() || !lanes.done.is_empty() || lanes.writing == Writing::Unfinished;
        match writer {
            Some(writer) if !for_task => {
                // Whoever is at it looks again when it has written.
                if lanes.writing != Writing::Nobody || !lanes.has_waiting() {
                    return None;
                }
                lanes.take(scratch);
                lanes.writing = Writing::Direct;
                Some(writer)
            }
            _ => {
                drop(lanes);
                self.task.wake();
                None
            }
        }
    }

    /// What the task is to do next.
    pub(crate) fn poll_call(&self, cx: &Context<'_>) -> Poll<Call> {
        self.task.register(cx.waker());
        let mut lanes = self.lanes();
        // Whatever is there now is seen to here, also what was in somebody's list.
        lanes.listed = false;
        if !lanes.done.is_empty() {
            return Poll::Ready(Call::Done(std::mem::take(&mut lanes.done)));
        }
        if lanes.closed.is_some()
            || lanes.writing == Writing::Unfinished
            || (lanes.writing == Writing::Nobody && lanes.has_waiting())
        {
            return Poll::Ready(Call::Write);
        }
        if std::mem::take(&mut lanes.drain) {
            return Poll::Ready(Call::Drain);
        }
        Poll::Pending
    }

    /// Takes what the task is to write next, durable first; at most about 64 KiB. Call [`written`](Self::written) when
    /// it is flushed.
    ///
    /// # Errors
    /// Why the connection is to be closed, if it is.
    pub(crate) fn take(&self, batch: &mut Vec<Text>) -> Result<(), ErrorCode> {
        let mut lanes = self.lanes();
        if let Some(code) = lanes.closed {
            return Err(code);
        }
        if lanes.writing != Writing::Direct {
            lanes.take(batch);
            lanes.writing = Writing::Task;
        }
        Ok(())
    }

    /// The task has written what it took.
    pub(crate) fn written(&self) {
        let mut lanes = self.lanes();
        if lanes.writing == Writing::Task {
            lanes.writing = Writing::Nobody;
        }
        drop(lanes);
        self.room.notify_waiters();
    }

    /// Closes the connection for `code`; what waits is dropped. The first code stays.
    pub(crate) fn close(&self, code: ErrorCode) {
        self.lanes().close(code);
        self.task.wake();
        self.room.notify_waiters();
    }

    /// Tells the task that the server goes away.
    pub(crate) fn drain(&self) {
        self.lanes().drain = true;
        self.task.wake();
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
        self.lanes().has_waiting()
    }

    /// Whether commands may be read: a client that does not take answers is asked no further. When not, the task is
    /// woken as soon as something was written.
    pub(crate) fn may_read(&self) -> bool {
        let mut lanes = self.lanes();
        lanes.held = !self.is_half_free(&lanes);
        !lanes.held
    }

    fn is_half_free(&self, lanes: &Lanes) -> bool {
        lanes.bytes < self.max_bytes / 2 && lanes.durable.len() < self.max_frames / 2
    }

    /// Waits until the queue is less than half full, so that a replay never overflows it. Cancel-safe.
    ///
    /// False when the connection is to be closed.
    pub(crate) async fn wait_for_room(&self) -> bool {
        loop {
            let waiting = self.room.notified();
            {
                let lanes = self.lanes();
                if lanes.closed.is_some() {
                    return false;
                }
                if self.is_half_free(&lanes) {
                    return true;
                }
            }
            waiting.await;
        }
    }
}

impl Lanes {
    fn has_waiting(&self) -> bool {
        !self.durable.is_empty() || !self.ephemeral.is_empty()
    }

    fn take(&mut self, batch: &mut Vec<Text>) {
        let mut bytes = 0;
        while bytes < BATCH_BYTES {
            let Some(frame) = self.durable.pop_front() else { break };
            bytes += frame.len();
            batch.push(frame);
        }
        self.bytes -= bytes;
        if self.durable.is_empty() {
            // An idle connection holds no memory for its queue.
            self.durable = VecDeque::new();
            batch.extend(std::mem::take(&mut self.ephemeral).into_values());
        }
    }

    fn close(&mut self, code: ErrorCode) {
        self.closed.get_or_insert(code);
        self.durable = VecDeque::new();
        self.ephemeral.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn taken(outbox: &Outbox) -> Vec<Text> {
        let mut batch = Vec::new();
        _ = outbox.take(&mut batch);
        outbox.written();
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
        outbox.enqueue_ephemeral(key("a"), Text::from("a on"));
        outbox.enqueue_ephemeral(key("a"), Text::from("a off"));
        outbox.push(Text::from("stored"));
        assert_eq!(taken(&outbox), [Text::from("stored"), Text::from("a off")]);
        for n in 0..2 * MAX_EPHEMERAL {
            outbox.enqueue_ephemeral(key(&format!("u{n}")), Text::from("x"));
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

    /// Takes so many writes whole, then none.
    #[derive(Debug)]
    struct Takes(AtomicUsize, Mutex<Vec<Text>>);

    impl DirectWriter for Takes {
        fn write(&self, frames: &[Text]) -> DirectWrite {
            self.1.lock().unwrap().extend_from_slice(frames);
            let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            if left.is_ok() { DirectWrite::Whole } else { DirectWrite::Unfinished }
        }
    }

    fn calls_for(outbox: &Outbox) -> Poll<Call> {
        outbox.poll_call(&Context::from_waker(futures::task::noop_waker_ref()))
    }

    #[test]
    fn what_the_socket_did_not_take_is_for_the_task_and_nothing_overtakes_it() {
        let (outbox, writer) = (Outbox::new(100, 100), Takes(AtomicUsize::new(1), Mutex::default()));
        let mut scratch = Vec::new();
        assert!(outbox.enqueue([Text::from("1")]));
        assert!(!outbox.enqueue([Text::from("2")]), "it is in the caller's list already");
        outbox.flush(Some(&writer), &mut scratch);
        assert!(calls_for(&outbox).is_pending(), "the task has nothing to do");
        assert!(outbox.enqueue([Text::from("3")]));
        outbox.flush(Some(&writer), &mut scratch);
        assert!(outbox.enqueue([Text::from("4")]));
        outbox.flush(Some(&writer), &mut scratch);
        assert_eq!(writer.1.lock().unwrap().len(), 3, "the fourth waits behind the unfinished third");
        assert!(matches!(calls_for(&outbox), Poll::Ready(Call::Write)));
        assert_eq!(taken(&outbox), [Text::from("4")]);
        assert!(calls_for(&outbox).is_pending());
    }

    #[test]
    fn a_reply_is_written_together_with_what_waits() {
        let (outbox, writer) = (Outbox::new(100, 100), Takes(AtomicUsize::new(9), Mutex::default()));
        assert!(outbox.enqueue([Text::from("event")]));
        assert!(!outbox.enqueue_done(7, Ok(None)));
        outbox.flush(Some(&writer), &mut Vec::new());
        assert!(writer.1.lock().unwrap().is_empty(), "the session has something to add");
        assert!(matches!(calls_for(&outbox), Poll::Ready(Call::Done(done)) if done.len() == 1));
        assert!(matches!(calls_for(&outbox), Poll::Ready(Call::Write)));
    }

    #[test]
    fn while_the_task_writes_nobody_else_does() {
        let (outbox, writer) = (Outbox::new(100, 100), Takes(AtomicUsize::new(9), Mutex::default()));
        outbox.push(Text::from("1"));
        outbox.take(&mut Vec::new()).unwrap();
        outbox.enqueue([Text::from("2")]);
        outbox.flush(Some(&writer), &mut Vec::new());
        assert!(writer.1.lock().unwrap().is_empty());
        outbox.written();
        assert!(matches!(calls_for(&outbox), Poll::Ready(Call::Write)), "the task sees what came meanwhile");
    }
}
