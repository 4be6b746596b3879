//! What happened in one room and is not told yet to the sockets of existing systems.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chat_protocol::{Offset, RoomId, Seq, Timestamp, UserId};
use tokio::time::Instant;

use super::tell;
use crate::dialects::PortId;
use crate::hub::Hub;
use crate::hub::link::Link;
use crate::storage::LogEntry;

/// Greatest number of things that wait in one room: with contents of 16 KiB some 4 MiB. What is beyond is read from the log.
const MAX_WAITING: usize = 256;

/// Something that happened in a room.
#[derive(Debug, Clone)]
pub(in crate::hub) enum Happened {
    /// It was stored.
    Stored {
        entry: Box<LogEntry>,
        /// The connection it came from, or a port's number for what came over its HTTP; else 0.
        origin: u64,
    },
    /// A member has read further, or again as far: from, exclusively, up to.
    Read { by: UserId, from: Seq, upto: Seq, ts: Timestamp },
    /// A member writes, or stopped.
    Typing { by: UserId, stop: bool, ts: Timestamp },
    /// A socket of the room was opened, or ended.
    Socket { user: UserId, port: PortId, opened: bool },
    /// A message of a support case has come to the other side.
    Sent { seq: Seq, at: Timestamp },
}

impl Happened {
    /// Where it stands in the log.
    pub(super) fn offset(&self) -> Option<Offset> {
        match self {
            Happened::Stored { entry, .. } => Some(entry.offset()),
            _ => None,
        }
    }
}

/// The sockets of one room, and what waits for them.
#[derive(Debug, Default)]
pub(super) struct RoomMail {
    /// By the connection's number; each hears what came after its ticket.
    sockets: BTreeMap<u64, (Arc<Link>, u64)>,
    waiting: VecDeque<(u64, Happened)>,
    /// Counts what was put in.
    tickets: u64,
    /// Somebody tells it already.
    told: bool,
    /// The newest message, once it is known.
    head: Option<Seq>,
    /// The newest entry of the log that was put in, or read.
    newest: Option<Offset>,
    /// There are newer ones that were not put in: the log must be read.
    behind: bool,
    /// When something was put in that is stored; `None`: nothing was, since somebody sits here.
    active: Option<Instant>,
}

/// What is told next.
pub(super) struct Delivery {
    pub(super) what: VecDeque<(u64, Happened)>,
    /// Behind that, the log after this position.
    pub(super) behind: Option<Offset>,
}

impl RoomMail {
    pub(super) fn seat(&mut self, link: &Arc<Link>) {
        self.seat_after(link, self.tickets);
    }

    /// Seats one that hears of what waits already and has a later ticket.
    pub(super) fn seat_after(&mut self, link: &Arc<Link>, ticket: u64) {
        // One that sits here already hears of what still waits.
        self.sockets.entry(link.number).or_insert_with(|| (link.clone(), ticket));
    }

    /// When something happened here that is stored; `None`: not since somebody sits here.
    pub(super) fn active(&self) -> Option<Instant> {
        self.active
    }

    pub(super) fn unseat(&mut self, number: u64) -> Option<Arc<Link>> {
        self.sockets.remove(&number).map(|(link, _)| link)
    }

    /// A message is in the room, which may be the newest one.
    pub(super) fn reach(&mut self, seq: Seq) {
        self.head = self.head.max(Some(seq));
    }

    /// The newest message, as far as it is known, when no other socket of the same user at the same port is here.
    pub(super) fn left_at(&self, gone: &Link) -> Option<Seq> {
        let port = |link: &Link| link.seated().map(|seated| seated.port);
        let same = |link: &Link| link.user() == gone.user() && port(link) == port(gone);
        if self.sockets.values().any(|(link, _)| same(link)) { None } else { self.head }
    }

    pub(super) fn is_unused(&self) -> bool {
        self.sockets.is_empty() && self.waiting.is_empty() && !self.told
    }

    /// The sockets that hear of what has this ticket.
    fn hearers(&self, ticket: u64) -> Vec<Arc<Link>> {
        let hear = self.sockets.values().filter(|(_, since)| ticket > *since);
        hear.map(|(link, _)| link.clone()).collect()
    }

    /// Puts something in. True when nobody tells it yet: the caller starts somebody.
    pub(super) fn put(&mut self, what: Happened) -> bool {
        let is_full = self.waiting.len() >= MAX_WAITING;
        if what.offset().is_some() {
            self.active = Some(Instant::now());
        }
        if let Happened::Stored { entry, .. } = &what
            && let LogEntry::Message(stored) = &**entry
        {
            self.reach(stored.message.seq);
        }
        match (what.offset(), self.newest) {
            // What is in no log is true now or not at all: it may be left out. Not that a message has come, which would be on
            // its way for ever: of those there are no more than are on their way.
            (None, _) if is_full && !matches!(what, Happened::Sent { .. }) => return false,
            (None, _) => {}
            (Some(offset), Some(newest)) if offset <= newest => return false,
            (Some(offset), newest) => {
                let before = Offset::new(offset.get().saturating_sub(1)).unwrap_or_default();
                self.behind |= is_full || newest.is_some_and(|newest| newest < before);
                self.newest = Some(if self.behind { newest.unwrap_or(before) } else { offset });
            }
        }
        if !self.behind || what.offset().is_none() {
            self.tickets += 1;
            self.waiting.push_back((self.tickets, what));
        }
        !std::mem::replace(&mut self.told, true)
    }

    /// Takes what waits; nothing when the teller may end.
    fn take(&mut self) -> Option<Delivery> {
        let behind = std::mem::take(&mut self.behind).then(|| self.newest.unwrap_or_default());
        self.told = !self.waiting.is_empty() || behind.is_some();
        self.told.then(|| Delivery { what: std::mem::take(&mut self.waiting), behind })
    }
}

impl Hub {
    /// Something happened in a room: sockets of existing systems that are concerned are told in its order.
    pub(in crate::hub) fn post(&self, room: &RoomId, what: Happened) {
        if self.sockets.is_empty() {
            return;
        }
        let everywhere = self.sockets.look_everywhere();
        let mut shard = self.sockets.rooms.lock(room);
        if !everywhere && !shard.contains_key(room) {
            return;
        }
        let begin = shard.entry(room.clone()).or_default().put(what);
        drop(shard);
        if begin {
            self.begin_telling(room);
        }
    }

    /// Somebody tells what waits in a room.
    pub(super) fn begin_telling(&self, room: &RoomId) {
        if let Some(hub) = self.this.upgrade() {
            self.tasks.spawn_on(tell::run(hub, room.clone()), &self.runtime);
        }
    }

    /// Whether anybody is told what happens in a room.
    pub(in crate::hub) fn is_posted(&self, room: &RoomId) -> bool {
        !self.sockets.is_empty()
            && (self.sockets.look_everywhere() || self.sockets.rooms.lock(room).contains_key(room))
    }

    /// What waits in a room; nothing when the teller may end.
    pub(super) fn take_mail(&self, room: &RoomId) -> Option<Delivery> {
        let mut shard = self.sockets.rooms.lock(room);
        let mail = shard.get_mut(room)?;
        let delivery = mail.take();
        if mail.is_unused() {
            shard.remove(room);
        }
        delivery
    }

    /// The log was read up to here.
    pub(super) fn mail_read(&self, room: &RoomId, upto: Offset) {
        if let Some(mail) = self.sockets.rooms.lock(room).get_mut(room) {
            mail.newest = mail.newest.max(Some(upto));
        }
    }

    /// A message is in a room, which may be the newest one.
    pub(super) fn mail_reached(&self, room: &RoomId, seq: Seq) {
        if let Some(mail) = self.sockets.rooms.lock(room).get_mut(room) {
            mail.reach(seq);
        }
    }

    /// The sockets that are told of what has this ticket in a room.
    pub(super) fn hearers(&self, room: &RoomId, ticket: u64) -> Vec<Arc<Link>> {
        self.sockets.rooms.lock(room).get(room).map(|mail| mail.hearers(ticket)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::event::Deleted;

    use super::*;

    fn stored(offset: u64) -> Happened {
        let deleted = Deleted {
            room: RoomId::new("r").unwrap(),
            offset: Offset::new(offset).unwrap(),
            seq: Seq::ZERO.next(),
            by: None,
            from: UserId::new("a").unwrap(),
            thread: None,
            mentions: None,
            ts: Timestamp::default(),
        };
        Happened::Stored { entry: Box::new(LogEntry::Deleted(deleted)), origin: 0 }
    }

    fn typing() -> Happened {
        Happened::Typing { by: UserId::new("a").unwrap(), stop: false, ts: Timestamp::default() }
    }

    fn taken(mail: &mut RoomMail) -> (Vec<Option<u64>>, Option<u64>) {
        let Delivery { what, behind } = mail.take().expect("something waits");
        let offset = |what: &Happened| what.offset().map(Offset::get);
        (what.iter().map(|(_, what)| offset(what)).collect(), behind.map(Offset::get))
    }

    #[test]
    fn what_comes_in_order_is_told_in_order_and_once() {
        let mut mail = RoomMail::default();
        assert!(mail.put(stored(5)), "nobody tells it yet");
        assert!(!mail.put(typing()) && !mail.put(stored(6)) && !mail.put(stored(6)));
        assert_eq!(taken(&mut mail), (vec![Some(5), None, Some(6)], None));
        assert!(mail.take().is_none(), "the teller may end");
        assert!(mail.put(stored(7)), "and another one begins");
    }

    #[test]
    fn what_is_missing_is_read_from_the_log() {
        let mut mail = RoomMail::default();
        mail.put(stored(5));
        mail.put(stored(7));
        mail.put(stored(6));
        assert_eq!(taken(&mut mail), (vec![Some(5)], Some(5)));
        mail.put(stored(8));
        mail.newest = Offset::new(8);
        assert_eq!(
            taken(&mut mail),
            (vec![], Some(8)),
            "what came meanwhile may be newer than what was read"
        );
        mail.put(stored(8));
        assert!(mail.take().is_none());
        mail.put(stored(9));
        assert_eq!(taken(&mut mail), (vec![Some(9)], None));
    }

    #[test]
    fn when_too_much_waits_entries_are_left_to_the_log_and_nothing_else_is_kept() {
        let mut mail = RoomMail::default();
        (0..MAX_WAITING - 1).for_each(|_| _ = mail.put(typing()));
        mail.put(Happened::Sent { seq: Seq::ZERO, at: Timestamp::default() });
        mail.put(typing());
        mail.put(Happened::Sent { seq: Seq::ZERO, at: Timestamp::default() });
        mail.put(stored(3));
        mail.put(stored(4));
        let (what, behind) = taken(&mut mail);
        assert_eq!((what.len(), behind), (MAX_WAITING + 1, Some(2)), "but that a message has come");
    }
}
