//! What waits to be written to one connection, and who writes it.
//!
//! Two lanes. The durable lane holds stored events and replies, in order, bounded in bytes and count; when it is full
//! the connection is closed with a code that says "reconnect and resume", because nothing in it may be dropped
//! silently. The ephemeral lane holds presence and typing, newest value per key. So many of these packets go out in a
//! second; further ones, and those that find the lane full, are put off, again the newest per key. Of what is put off typing
//! is dropped first: it ends by itself, but who is shown as online would stay so for ever.
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
use crate::ServerConfig;
use crate::session::ActionId;
use crate::transport::{DirectWrite, DirectWriter};

/// What an ephemeral packet is about: a newer one about the same replaces it.
pub(crate) type EphemeralKey = (UserId, Option<RoomId>);

/// Greatest number of presence and typing packets that wait: about one screen full of people.
const MAX_EPHEMERAL: usize = 64;

/// Greatest number of such packets that are put off, besides one for each user that the connection may listen to: of rooms
/// that it follows, in part.
const MAX_PUT_OFF: usize = 512;

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
    /// How many presence and typing packets go out in a second.
    max_ephemeral_rate: u32,
    /// How many users the connection may listen to.
    max_listened: usize,
}

/// What became of a presence or typing packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It waits to be written, and the caller is to write it.
    Listed,
    /// It waits to be written by somebody else, or was dropped.
    Silently,
    /// It is the first that is put off: the caller brings it up in the next second.
    PutOff,
}

#[derive(Debug, Default)]
struct Lanes {
    durable: VecDeque<Text>,
    bytes: usize,
    ephemeral: BTreeMap<EphemeralKey, Text>,
    /// What is beyond this second's number.
    put_off: BTreeMap<EphemeralKey, Text>,
    /// The second that `spent` belongs to, and how many packets it had.
    second: u64,
    spent: u32,
    /// Results of commands, on their way to the session. Bounded by the commands in flight.
    done: Vec<(ActionId, Done)>,
    closed: Option<ErrorCode>,
    /// The connection ends: what waits is still written, and nothing more comes.
    sealed: bool,
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
    pub(crate) fn new(config: &ServerConfig) -> Self {
        Self {
            lanes: Mutex::default(),
            task: AtomicWaker::new(),
            room: Notify::new(),
            max_bytes: config.max_queue_bytes,
            max_frames: config.max_queue_frames,
            max_ephemeral_rate: config.max_ephemeral_rate,
            max_listened: config.max_listened,
        }
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
        if lanes.is_over() {
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

    /// Queues presence or typing of this second, replacing what waits about the same.
    pub(crate) fn enqueue_ephemeral(&self, second: u64, key: EphemeralKey, frame: Text) -> Taken {
        let mut lanes = self.lanes();
        if lanes.is_over() {
            return Taken::Silently;
        }
        if let Some(waiting) = lanes.ephemeral.get_mut(&key) {
            *waiting = frame;
        } else if lanes.put_off.is_empty()
            && lanes.ephemeral.len() < MAX_EPHEMERAL
            && lanes.may_spend(second, self.max_ephemeral_rate)
        {
            lanes.ephemeral.insert(key, frame);
        } else {
            let first = lanes.put_off.is_empty();
            let most = match &key {
                (_, None) => MAX_PUT_OFF + self.max_listened,
                (_, Some(_)) => MAX_PUT_OFF,
            };
            if lanes.put_off.len() < most || lanes.put_off.contains_key(&key) {
                lanes.put_off.insert(key, frame);
            }
            return if first { Taken::PutOff } else { Taken::Silently };
        }
        match std::mem::replace(&mut lanes.listed, true) {
            true => Taken::Silently,
            false => Taken::Listed,
        }
    }

    /// Queues what was put off, as much of it as goes out in this second. `PutOff` when some is left; it is to be written
    /// all the same.
    pub(crate) fn bring_up(&self, second: u64) -> Taken {
        let mut lanes = self.lanes();
        while lanes.ephemeral.len() < MAX_EPHEMERAL && lanes.may_spend(second, self.max_ephemeral_rate) {
            let Some((key, frame)) = lanes.put_off.pop_first() else { return Taken::Listed };
            lanes.ephemeral.insert(key, frame);
        }
        if lanes.put_off.is_empty() { Taken::Listed } else { Taken::PutOff }
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

    /// Takes nothing more: the connection ends once what waits is written.
    pub(crate) fn seal(&self) {
        let mut lanes = self.lanes();
        lanes.sealed = true;
        lanes.put_off.clear();
        drop(lanes);
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
                if lanes.is_over() {
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
    /// Counts one more packet of this second, if it may have one.
    fn may_spend(&mut self, second: u64, most: u32) -> bool {
        if self.second != second {
            (self.second, self.spent) = (second, 0);
        }
        let may = self.spent < most;
        self.spent += u32::from(may);
        may
    }

    /// Whether nothing more is taken.
    fn is_over(&self) -> bool {
        self.closed.is_some() || self.sealed
    }

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
        self.put_off.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests;
