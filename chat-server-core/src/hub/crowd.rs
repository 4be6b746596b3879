//! Presence at scale: in rooms that many follow numbers are told on an interval, and nobody is told more in a second
//! than can be looked at.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_protocol::event::PresenceState;
use chat_protocol::{Event, RoomId, UserId, encode};
use tokio::time::{Interval, MissedTickBehavior};

use super::Hub;
use super::feed::Feed;
use super::link::Link;

/// In which time a connection gets so many presence packets.
const SECOND: Duration = Duration::from_secs(1);

/// What the followers of a room were told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts {
    online: u64,
    typing: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Crowds {
    /// Rooms that many followed when they were last looked at. Written by follows and by the interval's task.
    rooms: Mutex<BTreeMap<RoomId, Option<Counts>>>,
    /// Connections that wait for the next second. Written by whoever tells, taken by the task.
    put_off: Mutex<Vec<Arc<Link>>>,
    /// Counts seconds of the server's life; only that it changes matters.
    second: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Crowds {
    pub(super) fn second(&self) -> u64 {
        self.second.load(Ordering::Relaxed)
    }

    pub(super) fn put_off(&self, links: Vec<Arc<Link>>) {
        if !links.is_empty() {
            lock(&self.put_off).extend(links);
        }
    }

    /// Numbers are told of this room from now on.
    pub(super) fn note(&self, room: &RoomId) {
        let mut rooms = lock(&self.rooms);
        if !rooms.contains_key(room) {
            rooms.insert(room.clone(), None);
        }
    }
}

/// Does what is done on intervals until the hub stops.
pub(super) async fn run(hub: Arc<Hub>) {
    let mut seconds = every(SECOND);
    let mut counts = every(hub.config.presence_interval);
    let mut idle = every(hub.rates.refill());
    loop {
        tokio::select! {
            _ = seconds.tick() => hub.begin_second(),
            _ = counts.tick() => hub.tell_counts(),
            _ = idle.tick() => hub.rates.forget_idle(),
            () = hub.stopped.cancelled() => return,
        }
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = tokio::time::interval(period.max(Duration::from_millis(1)));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

impl Hub {
    /// Whether so many follow a room that each is told numbers only.
    pub(super) fn is_crowd(&self, feed: &Feed) -> bool {
        feed.len() > self.config.presence_room_threshold
    }

    fn begin_second(&self) {
        self.sweep_typing();
        self.crowds.second.fetch_add(1, Ordering::Relaxed);
        let waiting = std::mem::take(&mut *lock(&self.crowds.put_off));
        self.deliver(|deliveries| waiting.into_iter().for_each(|link| deliveries.bring_up(link)));
    }

    /// Tells how many are online and write in each large room, where that is not what was told before.
    fn tell_counts(&self) {
        // Taken out: a room that shrinks is not put back, unless it is noted meanwhile.
        let rooms = std::mem::take(&mut *lock(&self.crowds.rooms));
        for (room, told) in rooms {
            let Some(counts) = self.count_crowd(&room) else { continue };
            if told != Some(counts) {
                self.tell_crowd(&room, counts);
            }
            lock(&self.crowds.rooms).insert(room, Some(counts));
        }
    }

    fn count_crowd(&self, room: &RoomId) -> Option<Counts> {
        let shard = self.rooms.lock(room);
        let online = shard.get(room).filter(|feed| self.is_crowd(feed))?.users() as u64;
        drop(shard);
        Some(Counts { online, typing: self.typists.count_in(room) as u64 })
    }

    fn tell_crowd(&self, room: &RoomId, Counts { online, typing }: Counts) {
        let state = PresenceState::Counts { room: room.clone(), online, typing };
        let frame = encode(&Event::Pres(self.presence(state)));
        let (nobody, key) = (UserId::system(), (UserId::system(), Some(room.clone())));
        self.deliver(|deliveries| {
            if let Some(feed) = self.rooms.lock(room).get(room) {
                feed.tell(&nobody, |link| deliveries.give_ephemeral(link, key.clone(), frame.clone()));
            }
        });
    }
}
