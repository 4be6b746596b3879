//! Who writes where: told as it is said, ended by its time, by the message, by leaving and with the connection.
//!
//! It ends by its time at everyone who shows it: the packet says how long it holds. What is kept here is for the other
//! ends, and for counting in large rooms.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chat_protocol::command::Typing;
use chat_protocol::event::{Presence, PresenceState};
use chat_protocol::{Event, RoomId, Seq, Timestamp, UserId, encode};
use tokio::time::Instant;

use super::Hub;
use super::delivery::Deliveries;
use super::dialects::Happened;
use super::link::{Link, Ties};
use super::shards::Shards;

/// One user that writes in a room.
#[derive(Debug, Clone, Copy)]
struct Mark {
    thread: Option<Seq>,
    until: Instant,
    /// The connection that said it.
    link: u64,
}

/// Who writes in each room. Nothing stays for longer than a typing notice holds.
#[derive(Debug, Default)]
pub(crate) struct Typists {
    rooms: Shards<RoomId, BTreeMap<UserId, Mark>>,
    /// How many marks there are: every message asks, and mostly there are none.
    count: AtomicUsize,
}

impl Typists {
    fn insert(&self, room: &RoomId, user: &UserId, mark: Mark) {
        let mut shard = self.rooms.lock(room);
        if shard.entry(room.clone()).or_default().insert(user.clone(), mark).is_none() {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Forgets that a user writes, without telling.
    pub(super) fn remove(&self, room: &RoomId, user: &UserId) {
        self.take_if(room, user, |_| true);
    }

    /// Takes the mark of a user that still holds and fits.
    fn take_if(&self, room: &RoomId, user: &UserId, fits: impl FnOnce(&Mark) -> bool) -> Option<Mark> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut shard = self.rooms.lock(room);
        let marks = shard.get_mut(room)?;
        if !fits(marks.get(user)?) {
            return None;
        }
        let mark = marks.remove(user)?;
        if marks.is_empty() {
            shard.remove(room);
        }
        self.count.fetch_sub(1, Ordering::Relaxed);
        Some(mark).filter(|mark| mark.until > Instant::now())
    }

    /// How many write in a room.
    pub(super) fn count_in(&self, room: &RoomId) -> usize {
        let now = Instant::now();
        self.rooms
            .lock(room)
            .get(room)
            .map_or(0, |marks| marks.values().filter(|mark| mark.until > now).count())
    }

    /// Forgets what its time ended, and says what that is.
    fn sweep(&self, mut tell: impl FnMut(&RoomId, &UserId, &Mark)) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let now = Instant::now();
        let mut ended = 0;
        self.rooms.retain(|room, marks| {
            let before = marks.len();
            marks.retain(|user, mark| {
                let holds = mark.until > now;
                if !holds {
                    tell(room, user, mark);
                }
                holds
            });
            ended += before - marks.len();
            !marks.is_empty()
        });
        self.count.fetch_sub(ended, Ordering::Relaxed);
    }
}

impl Hub {
    /// Tells that a user writes in a room that its connection follows, or that it stopped.
    pub(super) fn tell_typing(&self, link: &Link, user: &UserId, typing: &Typing) {
        if !typing.stop {
            let Ties { rooms, typing: told, .. } = &mut *link.ties();
            told.insert(typing.room.clone());
            // No more of them than rooms that it follows.
            if told.len() > rooms.len() {
                told.retain(|room| rooms.contains_key(room));
            }
        }
        self.tell_typing_of(link.number, user, typing);
    }

    /// The same for whatever has this number, and need not be a connection.
    pub(super) fn tell_typing_of(&self, link: u64, user: &UserId, typing: &Typing) {
        let (room, thread) = (typing.room.clone(), typing.thread);
        if typing.stop {
            // Told also when nothing is known of it: it began at another node, or before its time ended.
            self.typists.remove(&room, user);
            return self.deliver(|deliveries| self.tell_stopped(&room, user, thread, deliveries));
        }
        let mark = Mark { thread, until: Instant::now() + self.config.typing_ttl, link };
        self.typists.insert(&room, user, mark);
        let ttl_ms = self.config.typing_ttl.as_millis() as u64;
        let state = PresenceState::Typing { from: user.clone(), room: room.clone(), thread, ttl_ms };
        self.deliver(|deliveries| self.tell_room(&room, user, state, deliveries));
    }

    /// The connection that said so is gone.
    pub(super) fn end_typing(&self, link: &Arc<Link>, rooms: &BTreeSet<RoomId>) {
        let Some(user) = link.user() else { return };
        for room in rooms {
            self.end_typing_of(link.number, user, room);
        }
    }

    /// The same for whatever has this number, and need not be a connection, in one room.
    pub(super) fn end_typing_of(&self, link: u64, user: &UserId, room: &RoomId) {
        if let Some(mark) = self.typists.take_if(room, user, |mark| mark.link == link) {
            self.deliver(|deliveries| self.tell_stopped(room, user, mark.thread, deliveries));
        }
    }

    /// The user is no member any more.
    pub(super) fn stop_typing(&self, room: &RoomId, user: &UserId, deliveries: &mut Deliveries) {
        if let Some(mark) = self.typists.take_if(room, user, |_| true) {
            self.tell_stopped(room, user, mark.thread, deliveries);
        }
    }

    /// What a user was writing is there. Native clients end the notice with the message itself; sockets of existing systems are
    /// told this behind it.
    pub(super) fn typing_done(&self, room: &RoomId, user: &UserId) -> Option<Happened> {
        let mark = self.typists.take_if(room, user, |_| true)?;
        let ts = self.providers.clock.now();
        mark.thread.is_none().then(|| Happened::Typing { by: user.clone(), stop: true, ts })
    }

    /// Forgets typing that its time ended. Native clients know when it does; sockets of existing systems are told.
    pub(super) fn sweep_typing(&self) {
        let ts = self.providers.clock.now();
        self.typists.sweep(|room, user, mark| {
            if mark.thread.is_none() {
                self.post(room, Happened::Typing { by: user.clone(), stop: true, ts });
            }
        });
    }

    fn tell_stopped(&self, room: &RoomId, user: &UserId, thread: Option<Seq>, deliveries: &mut Deliveries) {
        let state = PresenceState::StopTyping { from: user.clone(), room: room.clone(), thread };
        self.tell_room(room, user, state, deliveries);
    }

    /// Tells the other users in a room; in a crowd only numbers are told, see `crowd`.
    fn tell_room(&self, room: &RoomId, from: &UserId, state: PresenceState, deliveries: &mut Deliveries) {
        let shard = self.rooms.lock(room);
        let crowd = shard.get(room).is_some_and(|feed| self.is_crowd(feed));
        if let (false, Some(what)) = (crowd, happened(&state, self.providers.clock.now())) {
            self.post(room, what);
        }
        let Some(feed) = shard.get(room).filter(|_| !crowd) else { return };
        let frame = encode(&Event::Pres(Presence { state, ts: self.providers.clock.now() }));
        let key = (from.clone(), Some(room.clone()));
        feed.tell(from, |other| deliveries.give_ephemeral(other, key.clone(), frame.clone()));
    }
}

/// What sockets of existing systems are told; of threads they know nothing.
fn happened(state: &PresenceState, ts: Timestamp) -> Option<Happened> {
    match state {
        PresenceState::Typing { from, thread: None, .. } => {
            Some(Happened::Typing { by: from.clone(), stop: false, ts })
        }
        PresenceState::StopTyping { from, thread: None, .. } => {
            Some(Happened::Typing { by: from.clone(), stop: true, ts })
        }
        _ => None,
    }
}
