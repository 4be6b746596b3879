//! Sockets of existing systems: who they are, which rooms they are told of, and what they are told.
//!
//! ```text
//!  publisher ─► post ─► mail of the room ─► tell: facts, one frame per (port, alias) ─► sockets
//!  socket ─► SocketSession ─► Asked ─► ask: room, message, command ─► the same way as native ones
//! ```
//!
//! Native followers never wait for them: what happened in a room is put into its mail, and a task of the room, which lives as
//! long as there is mail, gathers what the formats need besides. A room's mail is told in order, so that what one socket
//! hears of a room is in the room's order. When it is full the log is read instead: entries are late then, not lost.

mod ask;
mod enter;
mod facts;
mod mail;
mod presence;
mod sent;
mod socket;
mod tell;
pub(crate) mod visit;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_protocol::dialect::Place;
use chat_protocol::{RoomId, Seq, UserId, WireError};

use super::Hub;
use super::link::Link;
use super::shards::Shards;
use crate::dialects::{Port, PortId};
use crate::storage::OwnChange;
pub(in crate::hub) use mail::Happened;
use mail::RoomMail;
pub(in crate::hub) use presence::Showing;
use sent::OnTheWay;
pub(crate) use socket::serve;

/// What a connection is that is a socket of an existing system.
#[derive(Debug)]
pub(crate) struct Seated {
    pub(in crate::hub) port: PortId,
    pub(in crate::hub) place: Place,
    /// The name by which it came to its room.
    pub(in crate::hub) alias: Option<Arc<str>>,
}

/// All such sockets of this node.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    ports: Vec<Port>,
    /// Of each port a number that no connection has: the origin of what is asked of it over HTTP.
    ghosts: Vec<u64>,
    /// Places that files were promised.
    grants: visit::Grants,
    /// Rooms that sockets are told of, and what waits to be told.
    rooms: Shards<RoomId, RoomMail>,
    /// Every socket by the number of its connection. Written when one comes or goes, read where all of a port are told.
    all: Mutex<BTreeMap<u64, Arc<Link>>>,
    count: AtomicUsize,
    /// How many of them hear of all rooms of an organization, which nobody knows without looking at each.
    wide: AtomicUsize,
    /// Those that hear of as many rooms as one may, by their numbers: their users may have more. Written when one is full or
    /// goes, read for every entry of a log.
    full: Mutex<BTreeMap<u64, Arc<Link>>>,
    full_count: AtomicUsize,
    on_the_way: OnTheWay,
}

impl Sockets {
    pub(in crate::hub) fn new(ports: Vec<Port>, mut next: impl FnMut() -> u64) -> Self {
        let ghosts = ports.iter().map(|_| next()).collect();
        Self { ports, ghosts, ..Self::default() }
    }

    /// How many ports there are.
    pub(crate) fn len(&self) -> usize {
        self.ports.len()
    }

    pub(crate) fn ports(&self) -> &[Port] {
        &self.ports
    }

    pub(crate) fn port(&self, port: PortId) -> &Port {
        &self.ports[port.0]
    }

    /// How long a message of a support case takes to its other side; `None`: nobody is told.
    fn sent_delay(&self) -> Option<Duration> {
        self.ports.iter().filter_map(|port| port.sent_delay).min()
    }

    /// Whether there is nobody to tell anything.
    fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Link>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A socket came.
    fn add(&self, link: &Arc<Link>) {
        let Some(seated) = link.seated() else { return };
        if self.all().insert(link.number, link.clone()).is_none() {
            self.count.fetch_add(1, Ordering::Relaxed);
            let wide = matches!(seated.place, Place::Organization(_));
            self.wide.fetch_add(usize::from(wide), Ordering::Relaxed);
        }
    }

    /// A socket went.
    fn remove(&self, link: &Link) {
        if self.all().remove(&link.number).is_some() {
            let wide = link.seated().is_some_and(|seated| matches!(seated.place, Place::Organization(_)));
            self.wide.fetch_sub(usize::from(wide), Ordering::Relaxed);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        let mut full = self.full();
        full.remove(&link.number);
        self.full_count.store(full.len(), Ordering::Relaxed);
    }

    fn full(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Link>>> {
        self.full.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A socket hears of as many rooms as one may.
    fn fill(&self, link: &Arc<Link>) {
        let mut full = self.full();
        full.insert(link.number, link.clone());
        self.full_count.store(full.len(), Ordering::Relaxed);
    }

    /// Whether some sockets may have to hear of what is stored in a room that they are not in.
    fn look_everywhere(&self) -> bool {
        self.wide.load(Ordering::Relaxed) > 0 || self.full_count.load(Ordering::Relaxed) > 0
    }

    /// Sockets that fit.
    fn of(&self, fits: impl Fn(&Link) -> bool) -> Vec<Arc<Link>> {
        if self.is_empty() {
            return Vec::new();
        }
        self.all().values().filter(|link| fits(link)).cloned().collect()
    }
}

impl Hub {
    /// A user is a member of a room now: its sockets that hear of all its rooms hear of this one, at once where that is news.
    /// It may be old, and the membership over: the store says what is true.
    pub(in crate::hub) fn sockets_gain(&self, user: &UserId, room: &RoomId, links: &[Arc<Link>], news: bool) {
        let anywhere = |link: &&Arc<Link>| {
            link.user() == Some(user) && link.seated().is_some_and(|seated| seated.place == Place::Anywhere)
        };
        for link in links.iter().filter(anywhere) {
            if news {
                self.seat(link, room);
            }
            let Some(hub) = self.this.upgrade() else { return };
            let (link, user, room) = (link.clone(), user.clone(), room.clone());
            let settle = async move {
                if let Err(error) = hub.settle_seat(&link, &user, &room).await {
                    link.outbox.close(error.code);
                }
            };
            self.tasks.spawn_on(settle, &self.runtime);
        }
    }

    /// Seats or unseats a user's socket until it is in a room if the user is: whoever was seated after the store was asked may
    /// have lost the room in between, when there was no socket yet to be told. True when it is in the room.
    async fn settle_seat(&self, link: &Arc<Link>, user: &UserId, room: &RoomId) -> Result<bool, WireError> {
        let mut sits = link.ties().rooms.contains_key(room);
        loop {
            let may = self.may_sit(user, room).await?;
            match (may, sits) {
                (true, false) => self.seat(link, room),
                (false, true) => self.sockets_lose(room, std::slice::from_ref(link)),
                _ => return Ok(may),
            }
            sits = may;
        }
    }

    /// Whether a user hears of a room: as its member, as one of the two of a direct room, and where there is none yet.
    async fn may_sit(&self, user: &UserId, room: &RoomId) -> Result<bool, WireError> {
        if room.peer_of(user).is_some() {
            return Ok(true);
        }
        let standing = self.stored(self.providers.storage.standing(room, user).await)?;
        Ok(standing.is_none_or(|standing| standing.role.is_some()))
    }

    /// A user is no member of a room any more: its sockets hear no more of it, and those that are of this room alone end.
    pub(in crate::hub) fn sockets_lose(&self, room: &RoomId, links: &[Arc<Link>]) {
        for link in links {
            let Some(seated) = link.seated() else { continue };
            if link.ties().rooms.remove(room).is_some() {
                _ = self.unseat(link.number, room);
                if seated.place != Place::Anywhere {
                    link.outbox.close(chat_protocol::ErrorCode::Forbidden);
                    self.tell_gone(link, seated.port, room);
                }
            }
        }
    }

    /// A user is no agent of an organization any more: its sockets that hear of all its cases end.
    pub(in crate::hub) fn sockets_dismiss(&self, organization: &str, user: &UserId) {
        let theirs = |link: &Link| {
            let place = link.seated().map(|seated| &seated.place);
            link.user() == Some(user)
                && matches!(place, Some(Place::Organization(name)) if name == organization)
        };
        for link in self.sockets.of(theirs) {
            link.outbox.close(chat_protocol::ErrorCode::Forbidden);
        }
    }

    /// Lets a socket hear of a room from now on.
    fn seat(&self, link: &Arc<Link>, room: &RoomId) {
        self.seat_by(link, room, RoomMail::seat);
    }

    /// The same, as `sit` says. One that hears of as many rooms as it may hears no more of the one in which nothing was stored
    /// for the longest.
    fn seat_by(&self, link: &Arc<Link>, room: &RoomId, sit: impl FnOnce(&mut RoomMail, &Arc<Link>)) {
        let mut ties = link.ties();
        if ties.ended || ties.rooms.contains_key(room) {
            return;
        }
        if ties.rooms.len() >= self.config.max_rooms_followed {
            self.sockets.fill(link);
            let Some(quiet) = self.quietest(ties.rooms.keys()) else { return };
            ties.rooms.remove(&quiet);
            _ = self.unseat(link.number, &quiet);
        }
        ties.rooms.insert(room.clone(), None);
        let mut shard = self.sockets.rooms.lock(room);
        sit(shard.entry(room.clone()).or_default(), link);
    }

    /// Lets a socket hear of a room from the news of itself on, and everybody who is there of these.
    fn seat_with(&self, link: &Arc<Link>, room: &RoomId, news: Happened) {
        let mut ties = link.ties();
        if ties.ended {
            return;
        }
        ties.rooms.insert(room.clone(), None);
        let mut shard = self.sockets.rooms.lock(room);
        let mail = shard.entry(room.clone()).or_default();
        mail.seat(link);
        let begin = mail.put(news);
        drop((shard, ties));
        if begin {
            self.begin_telling(room);
        }
    }

    /// Of these rooms the one in which nothing was stored for the longest.
    fn quietest<'r>(&self, rooms: impl Iterator<Item = &'r RoomId>) -> Option<RoomId> {
        let active = |room: &&RoomId| self.sockets.rooms.lock(*room).get(*room).map(RoomMail::active);
        rooms.min_by_key(active).cloned()
    }

    /// Seats those that hear of as many rooms as they may, and not of this one although it is their user's: now something
    /// was stored in it. Gives them; what waits behind that they hear like all others.
    async fn seat_full(&self, room: &RoomId) -> Result<Vec<Arc<Link>>, WireError> {
        let mut full: BTreeMap<UserId, Vec<Arc<Link>>> = BTreeMap::new();
        // Not under the lock: whoever fills holds the ties.
        let links: Vec<Arc<Link>> = self.sockets.full().values().cloned().collect();
        for link in links.into_iter().filter(|link| !link.ties().rooms.contains_key(room)) {
            if let Some(user) = link.user() {
                full.entry(user.clone()).or_default().push(link.clone());
            }
        }
        let mut seated = Vec::new();
        for (user, links) in full {
            let standing = self.stored(self.providers.storage.standing(room, &user).await)?;
            if standing.is_none_or(|standing| standing.role.is_none()) {
                continue;
            }
            for link in links {
                self.seat_by(&link, room, |mail, link| mail.seat_after(link, 0));
                if self.settle_seat(&link, &user, room).await? {
                    seated.push(link);
                }
            }
        }
        Ok(seated)
    }

    /// Undoes [`seat`](Self::seat). Where the port keeps that and it was the user's last socket of the room here: the room's
    /// newest message.
    pub(in crate::hub) fn unseat(&self, number: u64, room: &RoomId) -> Option<Seq> {
        let mut shard = self.sockets.rooms.lock(room);
        let mail = shard.get_mut(room)?;
        let gone = mail.unseat(number)?;
        let keeps = gone.seated().is_some_and(|seated| self.sockets.port(seated.port).read_on_entry);
        let left_at = if keeps { mail.left_at(&gone) } else { None };
        if mail.is_unused() {
            shard.remove(room);
        }
        left_at
    }

    /// Whether a user has no other socket at a port here.
    fn is_last_of_port(&self, link: &Link, port: PortId) -> bool {
        let Some(user) = link.user() else { return false };
        let other = |other: &Arc<Link>| {
            other.number != link.number && other.seated().is_some_and(|seated| seated.port == port)
        };
        !self.links_of(user).iter().any(other)
    }

    /// A socket's connection is gone; its rooms were taken from it.
    pub(in crate::hub) fn socket_gone<'r>(&self, link: &Arc<Link>, rooms: impl Iterator<Item = &'r RoomId>) {
        let Some(seated) = link.seated() else { return };
        self.sockets.remove(link);
        let is_last = self.is_last_of_port(link, seated.port);
        for room in rooms {
            let left_at = self.unseat(link.number, room);
            if let Some(user) = link.user().filter(|_| is_last) {
                // What it said over HTTP is the port's, and ends with whoever could have shown it.
                self.end_typing_of(self.sockets.ghosts[seated.port.0], user, room);
            }
            if seated.place != Place::Anywhere {
                if let (Some(at), Some(user)) = (left_at, link.user()) {
                    self.own_soon(user, OwnChange::Split { room: room.clone(), at: Some(at) });
                }
                self.tell_gone(link, seated.port, room);
            }
        }
    }

    /// A socket is not in its one room any more: those who stay are told.
    fn tell_gone(&self, link: &Link, port: PortId, room: &RoomId) {
        if let Some(user) = link.user() {
            self.post(room, Happened::Socket { user: user.clone(), port, opened: false });
        }
    }
}
