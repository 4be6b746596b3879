//! Commands other than sends that wait for their answer.
//!
//! All of them may be repeated without harm, so a connection that ends takes none of them along: they are asked
//! again on the next one, until their deadline.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_protocol::command as wire;
use chat_protocol::{Command as Wire, HistoryQuery, RequestId, RoomId, Seq, UserId};

use super::command::Ticket;
use super::pointers::Pointer;
use super::position::Positions;
use crate::Error;

pub(super) type Key = u64;

/// Messages in a page that is read to count: the most that any server gives at once.
const FILL_PAGE: u32 = 100;

/// One question.
#[derive(Debug, Clone)]
pub(super) enum Ask {
    /// A command as it is, but for its id.
    Wire(Box<Wire>),
    /// `then`: where the pointer moved while the request was under way, or 0.
    Point { room: RoomId, pointer: Pointer, seq: Seq, then: Seq },
    /// Listen to a user for those who watch.
    Watch(UserId),
    /// Fill a gap of a room, or find out where it stands. `whole`: its state, whatever is known of it.
    Follow { room: RoomId, whole: bool },
    /// Messages before this one, to count what is unread.
    Fill { room: RoomId, before: Seq },
}

#[derive(Debug)]
pub(super) struct Request {
    /// Who waits for the answer; `None`: the session itself asks, and asks until it is answered.
    pub(super) ticket: Option<Ticket>,
    pub(super) ask: Ask,
    pub(super) refusals: u32,
    /// Whether it was on the way before: its effect may be there already.
    pub(super) repeated: bool,
    /// Whether an event told its effect.
    pub(super) seen: bool,
    deadline: Option<Duration>,
    under_way: bool,
}

#[derive(Debug)]
pub(super) struct Requests {
    /// Greatest number of requests that somebody waits for. Those of the session itself are bounded by the rooms
    /// and users that it knows.
    max: usize,
    next: Key,
    all: BTreeMap<Key, Request>,
    queued: BTreeSet<Key>,
    delayed: BTreeSet<(Duration, Key)>,
    deadlines: BTreeSet<(Duration, Key)>,
}

impl Requests {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            next: 0,
            all: BTreeMap::new(),
            queued: BTreeSet::new(),
            delayed: BTreeSet::new(),
            deadlines: BTreeSet::new(),
        }
    }

    /// Whether nobody would miss an answer: what the session wants to know for itself is in vain when it ends.
    pub(super) fn is_settled(&self) -> bool {
        let missed = |request: &Request| request.ticket.is_some() || matches!(request.ask, Ask::Point { .. });
        !self.all.values().any(missed)
    }

    /// Adds a request that somebody waits for until `deadline`.
    pub(super) fn push(&mut self, ticket: Ticket, ask: Ask, deadline: Duration) -> Result<(), Error> {
        if self.deadlines.len() >= self.max {
            return Err(Error::Busy { max: self.max });
        }
        let key = self.add(Some(ticket), ask, Some(deadline));
        self.deadlines.insert((deadline, key));
        Ok(())
    }

    /// Adds a request of the session itself.
    pub(super) fn push_own(&mut self, ask: Ask) {
        self.add(None, ask, None);
    }

    fn add(&mut self, ticket: Option<Ticket>, ask: Ask, deadline: Option<Duration>) -> Key {
        let key = self.next;
        self.next += 1;
        let request =
            Request { ticket, ask, refusals: 0, repeated: false, seen: false, deadline, under_way: false };
        self.all.insert(key, request);
        self.queued.insert(key);
        key
    }

    /// Moves a pointer. One request at a time for each: what moves while it is under way is told after it. Nothing is added to
    /// one that goes before the user marks the room unread, which came first.
    pub(super) fn point(&mut self, of: &RoomId, which: Pointer, to: Seq) {
        let after = self.last_unread_mark(of).map_or(0, |key| key + 1);
        for request in self.all.range_mut(after..).map(|(_, request)| request) {
            let under_way = request.under_way;
            match &mut request.ask {
                Ask::Point { room, pointer, seq, then } if room == of && *pointer == which => {
                    let moved = if under_way { then } else { seq };
                    *moved = to.max(*moved);
                    return;
                }
                _ => {}
            }
        }
        self.push_own(Ask::Point { room: of.clone(), pointer: which, seq: to, then: Seq::ZERO });
    }

    /// Sends on what waits behind a pointer that is under way: the user marks the room unread, and what was read before has to
    /// be told before.
    pub(super) fn point_on(&mut self, of: &RoomId) {
        let mut waiting = Vec::new();
        for request in self.all.values_mut() {
            if let Ask::Point { room, pointer, seq, then } = &mut request.ask {
                if room == of && *then > *seq {
                    waiting.push((*pointer, std::mem::take(then)));
                }
            }
        }
        for (pointer, seq) in waiting {
            self.push_own(Ask::Point { room: of.clone(), pointer, seq, then: Seq::ZERO });
        }
    }

    fn last_unread_mark(&self, of: &RoomId) -> Option<Key> {
        let marks = |request: &Request| matches!(&request.ask, Ask::Wire(ask) if matches!(&**ask, Wire::MarkUnread(mark) if mark.room == *of));
        self.all.iter().rev().find(|(_, request)| marks(request)).map(|(key, _)| *key)
    }

    /// Where a pointer of a room will be when the server has taken what waits.
    pub(super) fn pointed(&self, of: &RoomId, which: Pointer) -> Option<Seq> {
        let waiting = self.all.values().filter_map(|request| match &request.ask {
            Ask::Point { room, pointer, seq, then } if room == of && *pointer == which => {
                Some(*seq.max(then))
            }
            _ => None,
        });
        waiting.max()
    }

    /// How many pointers wait to be stored.
    pub(super) fn pointing(&self) -> usize {
        self.all.values().filter(|request| matches!(request.ask, Ask::Point { .. })).count()
    }

    /// An event told what some command does: one that goes again needs no other answer.
    pub(super) fn see(&mut self, done: impl Fn(&Wire) -> bool) {
        for request in self.all.values_mut() {
            if let Ask::Wire(command) = &request.ask {
                request.seen |= done(command);
            }
        }
    }

    /// Whether what is missing to count a room is asked for already.
    pub(super) fn filling(&self, of: &RoomId) -> bool {
        self.all.values().any(|request| match &request.ask {
            Ask::Fill { room, .. } | Ask::Follow { room, whole: true } => room == of,
            _ => false,
        })
    }

    /// Whether a room's state is asked for already. A page of its history says less.
    pub(super) fn renewing(&self, of: &RoomId) -> bool {
        let whole = |ask: &Ask| matches!(ask, Ask::Follow { room, whole: true } if room == of);
        self.all.values().any(|request| whole(&request.ask))
    }

    /// Whether a question to listen to `user` waits already.
    pub(super) fn listening(&self, user: &UserId) -> bool {
        self.all.values().any(|request| match &request.ask {
            Ask::Watch(of) => of == user,
            Ask::Wire(ask) => matches!(&**ask, Wire::Listen(of) if of.user == *user),
            _ => false,
        })
    }

    /// Whether the user's word that nobody looks waits already.
    pub(super) fn telling_away(&self) -> bool {
        self.all
            .values()
            .any(|request| matches!(&request.ask, Ask::Wire(ask) if matches!(&**ask, Wire::Away(_))))
    }

    /// The next request that may go.
    pub(super) fn next(&mut self) -> Option<Key> {
        let key = self.queued.pop_first()?;
        self.all.get_mut(&key)?.under_way = true;
        Some(key)
    }

    /// The command of a request.
    pub(super) fn command(&self, key: Key, id: RequestId, positions: &Positions) -> Option<Wire> {
        Some(self.all.get(&key)?.ask.command(id, positions))
    }

    /// Takes a request out: it is answered.
    pub(super) fn take(&mut self, key: Key) -> Option<Request> {
        let request = self.all.remove(&key)?;
        self.queued.remove(&key);
        self.delayed.retain(|(_, of)| *of != key);
        if let Some(deadline) = request.deadline {
            self.deadlines.remove(&(deadline, key));
        }
        Some(request)
    }

    /// How often a request was answered with "later".
    pub(super) fn refusals(&self, key: Key) -> u32 {
        self.all.get(&key).map_or(0, |request| request.refusals)
    }

    /// Puts a request back until `until`.
    pub(super) fn delay(&mut self, key: Key, until: Duration) {
        if let Some(request) = self.all.get_mut(&key) {
            request.refusals += 1;
            request.stopped();
            self.delayed.insert((until, key));
        }
    }

    /// When something is to be done: a delayed request may go again, or a deadline passes.
    pub(super) fn due(&self) -> Option<Duration> {
        let first = |set: &BTreeSet<(Duration, Key)>| set.first().map(|(at, _)| *at);
        first(&self.delayed).into_iter().chain(first(&self.deadlines)).min()
    }

    /// Queues the delayed requests whose time has come, and takes out those whose deadline has passed.
    pub(super) fn release(&mut self, now: Duration) -> Vec<Request> {
        while let Some((_, key)) = self.delayed.first().copied().filter(|(at, _)| *at <= now) {
            self.delayed.pop_first();
            self.queued.insert(key);
        }
        let mut late = Vec::new();
        while let Some((_, key)) = self.deadlines.first().copied().filter(|(at, _)| *at <= now) {
            self.deadlines.pop_first();
            late.extend(self.take(key));
        }
        late
    }

    /// Forgets the read pointers that are under way, as a deliberate bug does.
    #[cfg(feature = "bugs")]
    pub(super) fn forget_reads(&mut self) {
        for key in self.keys(|request| request.under_way && matches!(request.ask, Ask::Point { .. })) {
            self.take(key);
        }
    }

    /// The connection ended: whatever was under way is asked again. Gaps are forgotten, because the resume fills
    /// them.
    pub(super) fn cut(&mut self) {
        let follows: Vec<Key> = self.keys(|request| matches!(request.ask, Ask::Follow { whole: false, .. }));
        for key in follows {
            self.take(key);
        }
        for key in self.keys(|request| request.under_way) {
            if let Some(request) = self.all.get_mut(&key) {
                request.stopped();
                request.repeated = true;
                self.queued.insert(key);
            }
        }
    }

    fn keys(&self, which: impl Fn(&Request) -> bool) -> Vec<Key> {
        self.all.iter().filter(|(_, request)| which(request)).map(|(key, _)| *key).collect()
    }

    /// Takes everything out, in order.
    pub(super) fn drain(&mut self) -> Vec<Request> {
        let all = std::mem::take(&mut self.all);
        *self = Self { next: self.next, ..Self::new(self.max) };
        all.into_values().collect()
    }
}

impl Request {
    /// It is not under way any more, and goes again with what it has gathered meanwhile.
    fn stopped(&mut self) {
        self.under_way = false;
        if let Ask::Point { seq, then, .. } = &mut self.ask {
            *seq = (*seq).max(*then);
        }
    }
}

impl Ask {
    fn command(&self, id: RequestId, positions: &Positions) -> Wire {
        match self.clone() {
            Ask::Wire(mut command) => {
                command.set_id(id);
                *command
            }
            Ask::Point { room, pointer, seq, .. } => pointer.command(id, room, seq),
            Ask::Watch(user) => wire::Listen { id, user }.into(),
            Ask::Follow { room, whole } => {
                let (epoch, offset) = positions.of(&room).filter(|_| !whole).cloned().unzip();
                wire::Follow { id, room, offset, epoch }.into()
            }
            Ask::Fill { room, before } => {
                let query = HistoryQuery { before: Some(before), after: None, limit: Some(FILL_PAGE) };
                wire::History { id, room, query }.into()
            }
        }
    }
}
