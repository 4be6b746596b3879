//! Sends that are not acknowledged yet: which may go next, and what became of each.
//!
//! The states are those of [`outbox`](crate::outbox). Sends of one room go in the order in which they were made: while one is
//! delayed, later ones of its room wait behind it. Those already under way at that moment are the server's to order.

mod entry;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use chat_protocol::command::SendMessage;
use chat_protocol::{Action, ClientMsgId, ErrorCode, ReplyError, RequestId, RoomId};

use super::command::{Outgoing, Ticket};
use crate::store::StoredSend;
use crate::{Error, QueuedSend, SendState};
use entry::{Entry, State};

pub(super) use entry::Times;

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
    wedged: BTreeSet<Order>,
    expiring: BTreeSet<(Duration, Order)>,
    news: VecDeque<News>,
    #[cfg(feature = "bugs")]
    pub(super) mistake: Option<super::Bug>,
}

/// A send stands otherwise than before.
#[derive(Debug)]
pub(super) struct News {
    pub(super) order: Order,
    pub(super) room: RoomId,
    pub(super) client_msg_id: ClientMsgId,
    pub(super) state: SendState,
    /// What is to be written down.
    pub(super) keep: Keep,
    /// Who waited for the outcome, if this is one.
    pub(super) callers: Vec<Ticket>,
}

/// What a store has to do about a send.
#[derive(Debug)]
pub(super) enum Keep {
    /// Nothing: it has it as it is.
    AsIs,
    /// Keep it like this.
    Put(Box<StoredSend>),
    /// Forget it.
    Forget,
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
            wedged: BTreeSet::new(),
            expiring: BTreeSet::new(),
            news: VecDeque::new(),
            #[cfg(feature = "bugs")]
            mistake: None,
        }
    }

    /// Whether nothing is on its way. What is wedged waits for somebody's decision, not for the server.
    pub(super) fn is_settled(&self) -> bool {
        self.entries.len() == self.wedged.len()
    }

    /// What has changed since the last call.
    pub(super) fn poll_news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    /// Takes over what an earlier run has left, as it was.
    pub(super) fn restore(&mut self, send: StoredSend, times: Times) {
        let order = send.order;
        self.next = self.next.max(order.saturating_add(1));
        let wedged = send.refused.clone();
        self.add(order, Entry::restored(send, times));
        if let Some(refused) = wedged {
            let (code, detail) = (refused.code, refused.detail);
            self.set(order, State::Wedged(Error::Refused { code, action: Action::Stop, detail }));
            self.news.clear();
        }
    }

    /// Adds a send at the end. The same send made again shares the answer of the first.
    pub(super) fn push(&mut self, ticket: Ticket, send: Outgoing, times: Times) -> Result<(), Error> {
        let name = (send.room.clone(), send.client_msg_id.clone());
        if let Some(order) = self.names.get(&name).copied() {
            return self.join(order, ticket, &send);
        }
        let waiting = self.entries.len() - self.wedged.len();
        if waiting >= self.max {
            return Err(Error::OutboxFull { max: self.max });
        }
        let order = self.next;
        self.next += 1;
        self.add(order, Entry::new(send, times, ticket));
        self.tell(order);
        Ok(())
    }

    fn join(&mut self, order: Order, ticket: Ticket, send: &Outgoing) -> Result<(), Error> {
        let Some(entry) = self.entries.get_mut(&order) else { return Err(Error::NotQueued) };
        if entry.tickets.len() >= self.max {
            return Err(Error::OutboxFull { max: self.max });
        }
        if entry.send.digest() != send.digest() {
            return Err(conflict());
        }
        entry.tickets.push(ticket);
        if matches!(entry.state, State::Wedged(_)) {
            self.set(order, State::Queued);
        }
        Ok(())
    }

    fn add(&mut self, order: Order, entry: Entry) {
        self.names.insert((entry.send.room.clone(), entry.send.client_msg_id.clone()), order);
        self.queued.insert(order);
        self.expiring.extend(entry.expires().map(|at| (at, order)));
        self.entries.insert(order, entry);
    }

    /// A wedged send goes again, in its old place.
    pub(super) fn retry(&mut self, order: Order, ticket: Ticket) -> Result<(), Error> {
        let entry = self.entries.get_mut(&order).ok_or(Error::NotQueued)?;
        if entry.tickets.len() >= self.max {
            return Err(Error::OutboxFull { max: self.max });
        }
        entry.tickets.push(ticket);
        if matches!(entry.state, State::Wedged(_)) {
            entry.refusals = 0;
            self.set(order, State::Queued);
        }
        Ok(())
    }

    /// Gives a send that never left, or was not taken, another content.
    pub(super) fn edit(&mut self, order: Order, content: chat_protocol::Content) -> Result<(), Error> {
        let entry = self.entries.get_mut(&order).ok_or(Error::NotQueued)?;
        entry.still_here()?;
        entry.edit(content);
        self.tell(order);
        Ok(())
    }

    /// Takes back a send that never left, or was not taken.
    pub(super) fn cancel(&mut self, order: Order) -> Result<(), Error> {
        self.entries.get(&order).ok_or(Error::NotQueued)?.still_here()?;
        self.end(order, SendState::Cancelled);
        Ok(())
    }

    /// The next send that may go: the first of the queue that does not wait behind a delayed one of its room.
    pub(super) fn next(&mut self) -> Option<Order> {
        let free = |order: &&Order| {
            let room = &self.entries[order].send.room;
            self.blocked.get(room).and_then(BTreeSet::first).is_none_or(|first| first > *order)
        };
        let order = *self.queued.iter().find(free)?;
        #[cfg(feature = "bugs")]
        let order = match self.mistake {
            Some(super::Bug::ReversesQueue) => self.queued.last().copied()?,
            Some(super::Bug::DelayDoesNotHold) => self.queued.first().copied()?,
            _ => order,
        };
        if let Some(entry) = self.entries.get_mut(&order) {
            if let Some(at) = entry.expires() {
                self.expiring.remove(&(at, order));
            }
            entry.attempted = true;
        }
        self.set(order, State::InFlight);
        Some(order)
    }

    /// The command of a send.
    pub(super) fn command(&self, order: Order, id: RequestId) -> Option<SendMessage> {
        self.entries.get(&order).map(|entry| entry.send.command(id))
    }

    /// What a send is called.
    pub(super) fn name(&self, order: Order) -> Option<(RoomId, ClientMsgId)> {
        let send = &self.entries.get(&order)?.send;
        Some((send.room.clone(), send.client_msg_id.clone()))
    }

    /// How often a send was answered with "later".
    pub(super) fn refusals(&self, order: Order) -> u32 {
        self.entries.get(&order).map_or(0, |entry| entry.refusals)
    }

    /// The send of this name, if it is still here.
    pub(super) fn find(&self, room: &RoomId, name: &ClientMsgId) -> Option<Order> {
        // A tuple of borrowed parts is no key of the map; both clones copy a pointer.
        self.names.get(&(room.clone(), name.clone())).copied()
    }

    /// All sends that are here, in order.
    pub(super) fn list(&self) -> Vec<QueuedSend> {
        self.entries.values().map(Entry::shown).collect()
    }

    /// Takes a send out: this became of it.
    pub(super) fn end(&mut self, order: Order, state: SendState) {
        let Some(entry) = self.entries.remove(&order) else { return };
        self.unlist(order, &entry);
        let Outgoing { room, client_msg_id, .. } = entry.send;
        self.names.remove(&(room.clone(), client_msg_id.clone()));
        let callers = entry.tickets;
        self.news.push_back(News { order, room, client_msg_id, state, keep: Keep::Forget, callers });
    }

    /// The server does not take it.
    ///
    /// As many are kept as may wait, so that a whole queue for a room that takes nothing now can be sent later. The oldest is dropped
    /// for the next one: whoever never looks at them, such as a bot, must not be kept from sending by them.
    pub(super) fn wedge(&mut self, order: Order, error: Error) {
        if self.wedged.len() >= self.max
            && let Some(oldest) = self.wedged.first().copied()
        {
            self.end(oldest, SendState::Cancelled);
        }
        self.set(order, State::Wedged(error));
    }

    /// Puts a send back until `until`, or gives it up when that has happened too often. Behind another one of its room that is put
    /// back it waits for that one alone.
    pub(super) fn delay(&mut self, order: Order, until: Duration, error: &ReplyError) {
        let Some(entry) = self.entries.get_mut(&order) else { return };
        if self.blocked.get(&entry.send.room).and_then(BTreeSet::first).is_some_and(|first| *first < order) {
            return self.set(order, State::Queued);
        }
        entry.refusals += 1;
        if entry.refusals >= MAX_REFUSALS {
            return self.wedge(order, error.clone().into());
        }
        self.set(order, State::Delayed { until });
    }

    /// When something is to be done: a delayed send may go again, or one's time is over.
    pub(super) fn due(&self) -> Option<Duration> {
        let first = |set: &BTreeSet<(Duration, Order)>| set.first().map(|(at, _)| *at);
        first(&self.delayed).into_iter().chain(first(&self.expiring)).min()
    }

    /// Queues the delayed sends whose time has come, and takes out those whose time is over.
    pub(super) fn release(&mut self, now: Duration) {
        while let Some((_, order)) = self.expiring.first().copied().filter(|(at, _)| *at <= now) {
            self.expiring.pop_first();
            self.end(order, SendState::Expired);
        }
        while let Some((_, order)) = self.delayed.first().copied().filter(|(until, _)| *until <= now) {
            self.set(order, State::Queued);
        }
    }

    /// The connection ended: whatever was under way goes again, in its old place.
    pub(super) fn cut(&mut self) {
        let under_way = self.entries.iter().filter(|(_, entry)| matches!(entry.state, State::InFlight));
        for order in under_way.map(|(order, _)| *order).collect::<Vec<_>>() {
            self.set(order, State::Queued);
        }
    }

    /// Takes out all callers, in order. The sends stay where they are kept, for the next run.
    pub(super) fn drain(&mut self) -> Vec<Ticket> {
        let entries = std::mem::take(&mut self.entries);
        *self = Self { next: self.next, ..Self::new(self.max) };
        entries.into_values().flat_map(|entry| entry.tickets).collect()
    }

    fn set(&mut self, order: Order, state: State) {
        let Some(mut entry) = self.entries.remove(&order) else { return };
        self.unlist(order, &entry);
        let told = entry.told();
        entry.state = state;
        match &entry.state {
            State::Queued => {
                self.queued.insert(order);
                self.expiring.extend(entry.expires().map(|at| (at, order)));
            }
            State::Delayed { until } => {
                self.delayed.insert((*until, order));
                self.blocked.entry(entry.send.room.clone()).or_default().insert(order);
            }
            State::Wedged(_) => {
                self.wedged.insert(order);
            }
            State::InFlight => {}
        }
        let news = entry.told() != told;
        self.entries.insert(order, entry);
        if news {
            self.tell(order);
        }
    }

    fn tell(&mut self, order: Order) {
        let Some(entry) = self.entries.get_mut(&order) else { return };
        let wedged = matches!(entry.state, State::Wedged(_));
        self.news.push_back(News {
            order,
            room: entry.send.room.clone(),
            client_msg_id: entry.send.client_msg_id.clone(),
            state: entry.told(),
            keep: entry.keep(order),
            callers: if wedged { std::mem::take(&mut entry.tickets) } else { Vec::new() },
        });
    }

    fn unlist(&mut self, order: Order, entry: &Entry) {
        self.queued.remove(&order);
        self.wedged.remove(&order);
        if let Some(at) = entry.expires() {
            self.expiring.remove(&(at, order));
        }
        if let State::Delayed { until } = entry.state {
            self.delayed.remove(&(until, order));
            if let Some(first) = self.blocked.get_mut(&entry.send.room) {
                first.remove(&order);
                if first.is_empty() {
                    self.blocked.remove(&entry.send.room);
                }
            }
        }
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
