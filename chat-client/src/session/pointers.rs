//! The user's own pointers: gathered for a moment, told together, and told until they are stored.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_protocol::command as wire;
use chat_protocol::{Command as Wire, Reply, RequestId, RoomId, Seq};
use serde::Deserialize;

use super::Session;
use super::state::Timer;
use crate::Error;

/// How long read pointers are gathered before they leave together: somebody who scrolls moves one with every message. The
/// server itself stores pointers only every 200 ms, so that sooner would tell nobody sooner.
const GATHER: Duration = Duration::from_millis(250);

/// How long automatic receipts are gathered: nobody waits for them, and in a busy room each would be a command.
const GATHER_RECEIPTS: Duration = Duration::from_secs(1);

/// Members up to which a room is told what has arrived. In a larger one nobody looks at whom a message reached, and every
/// message would be answered by as many commands.
const MAX_RECEIPT_MEMBERS: u64 = 100;

/// Pointers that wait to be told or stored. A session has 1,000 rooms; beyond them only threads make more.
const MAX_WAITING: usize = 4_096;

/// Which pointer of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pointer {
    /// What has arrived at this device.
    Delivered,
    /// What is read, in the main line or in the thread of a message.
    Read { thread: Option<Seq>, private: bool },
}

impl Pointer {
    /// The read pointer of the main line, which others see.
    pub(super) const READ: Self = Self::Read { thread: None, private: false };
    /// The read pointer of the main line, which others do not see.
    pub(super) const READ_PRIVATE: Self = Self::Read { thread: None, private: true };

    pub(super) fn command(self, id: RequestId, room: RoomId, seq: Seq) -> Wire {
        match self {
            Self::Delivered => wire::MarkDelivered { id: Some(id), room, seq }.into(),
            Self::Read { thread, private } => {
                wire::MarkRead { id: Some(id), room, seq, thread, private }.into()
            }
        }
    }

    fn gathering(self) -> Duration {
        if self == Self::Delivered { GATHER_RECEIPTS } else { GATHER }
    }
}

/// Pointers that moved and are not told yet.
#[derive(Debug, Default)]
pub(super) struct Pointers {
    moved: BTreeMap<(RoomId, Pointer), Seq>,
    due: Option<Duration>,
}

impl Pointers {
    pub(super) fn is_empty(&self) -> bool {
        self.moved.is_empty()
    }

    fn at(&self, room: &RoomId, pointer: Pointer) -> Option<Seq> {
        self.moved.get(&(room.clone(), pointer)).copied()
    }
}

/// As much of a page of history as says what has arrived.
#[derive(Deserialize)]
struct Numbers {
    messages: Vec<Number>,
}

#[derive(Deserialize)]
struct Number {
    seq: Seq,
}

impl Session {
    /// The user has read, or something has arrived.
    ///
    /// It is told also when the pointer stands there already: reading clears what was marked unread.
    pub(super) fn point(
        &mut self,
        now: Duration,
        room: RoomId,
        pointer: Pointer,
        seq: Seq,
    ) -> Result<(), Error> {
        let seq = self.rooms.get(&room).map_or(seq, |state| seq.min(state.seq));
        self.gather(now, (room.clone(), pointer), seq)?;
        match pointer {
            Pointer::READ => self.recount(&room, |tally| tally.read(seq)),
            Pointer::READ_PRIVATE => self.recount(&room, |tally| tally.read_private(seq)),
            Pointer::Read { .. } | Pointer::Delivered => {}
        }
        Ok(())
    }

    /// A message of another arrived, and the room is small enough to care.
    pub(super) fn arrived(&mut self, now: Duration, room: &RoomId, seq: Seq) {
        let small = self.rooms.get(room).is_some_and(|state| state.members <= MAX_RECEIPT_MEMBERS);
        if small && self.config.delivered_receipts {
            // With too many pointers waiting already this one is left to the next message.
            _ = self.gather(now, (room.clone(), Pointer::Delivered), seq);
        }
    }

    /// The newest page of a room was read: what a snapshot passed over has arrived with it.
    pub(super) fn page_arrived(&mut self, now: Duration, room: &RoomId, reply: &Reply) {
        let Some((head, read)) = self.rooms.get(room).map(|state| (state.seq, state.read)) else { return };
        let newest = reply.parse::<Numbers>().ok().and_then(|page| page.messages.last().map(|last| last.seq));
        if newest == Some(head) && head > read {
            self.arrived(now, room, head);
        }
    }

    fn gather(&mut self, now: Duration, of: (RoomId, Pointer), seq: Seq) -> Result<(), Error> {
        let known = self.pointers.moved.contains_key(&of);
        if !known && self.pointers.moved.len() + self.requests.pointing() >= MAX_WAITING {
            return Err(Error::Busy { max: MAX_WAITING });
        }
        let due = now + of.1.gathering();
        self.pointers.due = Some(self.pointers.due.map_or(due, |before| before.min(due)));
        self.timers.put(Timer::Pointers, self.pointers.due);
        let to = self.pointers.moved.entry(of).or_insert(seq);
        *to = seq.max(*to);
        Ok(())
    }

    /// All pointers that moved leave together.
    pub(super) fn tell_pointers(&mut self) {
        self.timers.stop(Timer::Pointers);
        let Pointers { moved, .. } = std::mem::take(&mut self.pointers);
        for ((room, pointer), seq) in moved {
            // Who has read it has it.
            let read = self.rooms.get(&room).is_some_and(|state| state.read >= seq);
            if pointer != Pointer::Delivered || !read {
                self.requests.point(&room, pointer, seq);
            }
        }
    }

    /// Where a pointer will be when the server has taken what waits.
    pub(super) fn pointed(&self, room: &RoomId, pointer: Pointer) -> Option<Seq> {
        self.pointers.at(room, pointer).max(self.requests.pointed(room, pointer))
    }
}
