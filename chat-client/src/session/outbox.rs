//! Sends that are not acknowledged yet.
//!
//! ```text
//!           next to go            ack, echo, duplicate
//!  Queued ------------> InFlight ----------------------> (gone: the caller has its answer)
//!    ^ ^                 |  |  |
//!    | '--- cut ---------'  |  '---- stop -------------> (gone: the caller has the error)
//!    |                      | retry
//!    '------- time ----- Delayed
//! ```
//!
//! A send keeps its `client_msg_id` on all these ways, so that however often it travels it is stored once. Sends
//! of one room go in the order in which they were made: while one is delayed, later ones of its room wait behind
//! it. Those already under way at that moment are the server's to order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_protocol::command::SendMessage;
use chat_protocol::{Action, ClientMsgId, ErrorCode, ReplyError, RequestId, RoomId};

use super::command::{Outgoing, Ticket};
use crate::Error;

/// How often a send may be answered with "later" before it is given up, with waits that double up to the cap: about
/// nine minutes with the default backoff. A message that makes the server fail must not hold up its room for ever.
const MAX_REFUSALS: u32 = 24;

/// Number of a send in the order in which they were made.
pub(super) type Order = u64;

#[derive(Debug)]
pub(super) struct Outbox {
    max: usize,
    next: Order,
    entries: BTreeMap<Order, Entry>,
    names: BTreeMap<(RoomId, ClientMsgId), Order>,
    queued: BTreeSet<Order>,
    delayed: BTreeSet<(Duration, Order)>,
    /// The delayed sends of each room: later ones wait for the first of them.
    blocked: BTreeMap<RoomId, BTreeSet<Order>>,
}

#[derive(Debug)]
struct Entry {
    /// Usually one caller; more when the same send was made again while it was waiting.
    tickets: Vec<Ticket>,
    send: Outgoing,
    state: State,
    refusals: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Queued,
    InFlight,
    Delayed { until: Duration },
}

/// What becomes of a send that was answered with "later".
pub(super) enum Later {
    /// It was answered otherwise meanwhile.
    Settled,
    /// It goes again after its wait.
    Delayed,
    /// It was refused too often: these callers get the error.
    GivenUp(Vec<Ticket>),
}

impl Outbox {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            next: 0,
            entries: BTreeMap::new(),
            names: BTreeMap::new(),
            queued: BTreeSet::new(),
            delayed: BTreeSet::new(),
            blocked: BTreeMap::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a send at the end. The same send made again shares the answer of the first.
    pub(super) fn push(&mut self, ticket: Ticket, send: Outgoing) -> Result<(), Error> {
        let name = (send.room.clone(), send.client_msg_id.clone());
        if let Some(entry) = self.names.get(&name).and_then(|order| self.entries.get_mut(order)) {
            if entry.tickets.len() >= self.max {
                return Err(Error::OutboxFull { max: self.max });
            }
            if entry.send.digest() != send.digest() {
                return Err(conflict());
            }
            entry.tickets.push(ticket);
            return Ok(());
        }
        if self.entries.len() >= self.max {
            return Err(Error::OutboxFull { max: self.max });
        }
        let order = self.next;
        self.next += 1;
        self.names.insert(name, order);
        self.queued.insert(order);
        self.entries.insert(order, Entry { tickets: vec![ticket], send, state: State::Queued, refusals: 0 });
        Ok(())
    }

    /// The next send that may go: the first of the queue that does not wait behind a delayed one of its room.
    pub(super) fn next(&mut self) -> Option<Order> {
        let free = |order: &&Order| {
            let room = &self.entries[order].send.room;
            self.blocked.get(room).and_then(BTreeSet::first).is_none_or(|first| first > *order)
        };
        let order = *self.queued.iter().find(free)?;
        self.set(order, State::InFlight);
        Some(order)
    }

    /// The command of a send.
    pub(super) fn command(&self, order: Order, id: RequestId) -> Option<SendMessage> {
        self.entries.get(&order).map(|entry| entry.send.command(id))
    }

    /// How often a send was answered with "later".
    pub(super) fn refusals(&self, order: Order) -> u32 {
        self.entries.get(&order).map_or(0, |entry| entry.refusals)
    }

    /// Takes a send out: it is answered.
    pub(super) fn take(&mut self, order: Order) -> Vec<Ticket> {
        let Some(entry) = self.entries.remove(&order) else { return Vec::new() };
        self.unlist(order, &entry.send.room, entry.state);
        self.names.remove(&(entry.send.room, entry.send.client_msg_id));
        entry.tickets
    }

    /// The send of this name, if it still waits.
    pub(super) fn find(&self, room: &RoomId, name: &ClientMsgId) -> Option<Order> {
        // A tuple of borrowed parts is no key of the map; both clones copy a pointer.
        self.names.get(&(room.clone(), name.clone())).copied()
    }

    /// Puts a send back until `until`.
    pub(super) fn delay(&mut self, order: Order, until: Duration) -> Later {
        let Some(entry) = self.entries.get_mut(&order) else { return Later::Settled };
        entry.refusals += 1;
        if entry.refusals >= MAX_REFUSALS {
            return Later::GivenUp(self.take(order));
        }
        self.set(order, State::Delayed { until });
        Later::Delayed
    }

    /// When the first delayed send may go again.
    pub(super) fn due(&self) -> Option<Duration> {
        self.delayed.first().map(|(until, _)| *until)
    }

    /// Queues the delayed sends whose time has come.
    pub(super) fn release(&mut self, now: Duration) {
        while let Some(&(until, order)) = self.delayed.first().filter(|(until, _)| *until <= now) {
            debug_assert!(until <= now);
            self.set(order, State::Queued);
        }
    }

    /// The connection ended: whatever was under way goes again, in its old place.
    pub(super) fn cut(&mut self) {
        let under_way = self.entries.iter().filter(|(_, entry)| entry.state == State::InFlight);
        for order in under_way.map(|(order, _)| *order).collect::<Vec<_>>() {
            self.set(order, State::Queued);
        }
    }

    /// Takes everything out, in order.
    pub(super) fn drain(&mut self) -> Vec<Ticket> {
        let entries = std::mem::take(&mut self.entries);
        *self = Self { next: self.next, ..Self::new(self.max) };
        entries.into_values().flat_map(|entry| entry.tickets).collect()
    }

    fn set(&mut self, order: Order, state: State) {
        let Some(entry) = self.entries.get_mut(&order) else { return };
        let (old, room) = (std::mem::replace(&mut entry.state, state), entry.send.room.clone());
        self.unlist(order, &room, old);
        match state {
            State::Queued => {
                self.queued.insert(order);
            }
            State::Delayed { until } => {
                self.delayed.insert((until, order));
                self.blocked.entry(room).or_default().insert(order);
            }
            State::InFlight => {}
        }
    }

    fn unlist(&mut self, order: Order, room: &RoomId, state: State) {
        self.queued.remove(&order);
        if let State::Delayed { until } = state {
            self.delayed.remove(&(until, order));
            if let Some(first) = self.blocked.get_mut(room) {
                first.remove(&order);
                if first.is_empty() {
                    self.blocked.remove(room);
                }
            }
        }
    }
}

impl Outgoing {
    fn command(&self, id: RequestId) -> SendMessage {
        SendMessage {
            client_msg_id: Some(self.client_msg_id.clone()),
            reply_to: self.reply_to,
            thread: self.thread,
            mentions: self.mentions.clone(),
            ..SendMessage::new(id, self.room.clone(), self.content.clone())
        }
    }

    /// What two sends under one name must agree in.
    fn digest(&self) -> [u8; 16] {
        let anything = RequestId::new("0").expect("a digit is an id");
        self.command(anything).digest()
    }
}

/// The same name for two messages, found before the server had to say so.
fn conflict() -> Error {
    Error::Refused { code: ErrorCode::Conflict.into(), action: Action::Stop, detail: None }
}

/// How long a peer asks to wait.
pub(super) fn hint(error: &ReplyError) -> Option<Duration> {
    error.retry_after_ms.map(Duration::from_millis)
}
