//! Commands other than sends that wait for their answer.
//!
//! All of them may be repeated without harm, so a connection that ends takes none of them along: they are asked
//! again on the next one, until their deadline.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_protocol::command as wire;
use chat_protocol::{Command as Wire, HistoryQuery, RequestId, RoomId, Seq, UserId};

use super::command::Ticket;
use super::position::Positions;
use crate::Error;

pub(super) type Key = u64;

/// One question.
#[derive(Debug, Clone)]
pub(super) enum Ask {
    Create(Box<wire::Create>),
    Join(RoomId),
    Leave(RoomId),
    History {
        room: RoomId,
        query: HistoryQuery,
    },
    Listen(UserId),
    Unlisten(UserId),
    /// `then`: where the pointer moved while the request was under way, or 0.
    Read {
        room: RoomId,
        seq: Seq,
        then: Seq,
    },
    /// Fill a gap of a room, or find out where it stands.
    Follow(RoomId),
}

#[derive(Debug)]
pub(super) struct Request {
    /// Who waits for the answer; `None`: the session itself asks, and asks until it is answered.
    pub(super) ticket: Option<Ticket>,
    pub(super) ask: Ask,
    pub(super) refusals: u32,
    /// Whether it was on the way before: its effect may be there already.
    pub(super) repeated: bool,
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

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
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
        let request = Request { ticket, ask, refusals: 0, repeated: false, deadline, under_way: false };
        self.all.insert(key, request);
        self.queued.insert(key);
        key
    }

    /// Moves a read pointer. One request per room at a time: what moves while it is under way is told after it.
    pub(super) fn mark_read(&mut self, of: &RoomId, to: Seq) {
        for request in self.all.values_mut() {
            match &mut request.ask {
                Ask::Read { room, then, .. } if room == of && request.under_way => {
                    *then = to.max(*then);
                    return;
                }
                Ask::Read { room, seq, .. } if room == of => {
                    *seq = to.max(*seq);
                    return;
                }
                _ => {}
            }
        }
        self.push_own(Ask::Read { room: of.clone(), seq: to, then: Seq::ZERO });
    }

    /// Whether a question to listen to `user` waits already.
    pub(super) fn listening(&self, user: &UserId) -> bool {
        self.all.values().any(|request| matches!(&request.ask, Ask::Listen(of) if of == user))
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

    /// The connection ended: whatever was under way is asked again. Gaps are forgotten, because the resume fills
    /// them.
    pub(super) fn cut(&mut self) {
        let follows: Vec<Key> = self.keys(|request| matches!(request.ask, Ask::Follow(_)));
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
        if let Ask::Read { seq, then, .. } = &mut self.ask {
            *seq = (*seq).max(*then);
        }
    }
}

impl Ask {
    fn command(&self, id: RequestId, positions: &Positions) -> Wire {
        match self.clone() {
            Ask::Create(create) => wire::Create { id, ..*create }.into(),
            Ask::Join(room) => wire::Join { id, room }.into(),
            Ask::Leave(room) => wire::Leave { id, room }.into(),
            Ask::History { room, query } => wire::History { id, room, query }.into(),
            Ask::Listen(user) => wire::Listen { id, user }.into(),
            Ask::Unlisten(user) => wire::Unlisten { id, user }.into(),
            Ask::Read { room, seq, .. } => {
                wire::MarkRead { id: Some(id), room, seq, thread: None, private: false }.into()
            }
            Ask::Follow(room) => {
                let (epoch, offset) = positions.of(&room).cloned().unzip();
                wire::Follow { id, room, offset, epoch }.into()
            }
        }
    }
}
