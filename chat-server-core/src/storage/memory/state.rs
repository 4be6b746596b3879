//! What all changes share: the rooms, the users, the numbers. Every check of a change comes before its first write.

use std::collections::{BTreeMap, BTreeSet};

use chat_protocol::event::{UserChange, UserChanged};
use chat_protocol::{
    ClientRoomId, DeviceId, MAX_SAFE, Offset, RoomId, RoomKind, RoomNumber, Seq, Timestamp, UserId,
};

use super::jobs::Jobs;
use super::room::{Entry, Room};
use super::uploads::Uploads;
use crate::storage::{Append, Appended, Bar, Change, Device, LogEntry, NewMessage, Refusal};

/// What belongs to one user.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub(super) log: Vec<UserChanged>,
    /// How many entries are gone from its beginning.
    pub(super) log_gone: u64,
    /// Whom it blocks, and since when.
    pub(super) blocked: BTreeMap<UserId, Timestamp>,
    /// When its last session ended.
    pub(super) seen: Option<Timestamp>,
    /// Messages that it hid from itself.
    pub(super) hidden: BTreeMap<RoomId, BTreeSet<Seq>>,
    /// Its installations.
    pub(super) devices: BTreeMap<DeviceId, Device>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) rooms: BTreeMap<RoomId, Room>,
    pub(super) users: BTreeMap<UserId, Own>,
    pub(super) numbers: BTreeMap<RoomNumber, RoomId>,
    /// Agents by organization.
    pub(super) agents: BTreeMap<String, BTreeSet<UserId>>,
    /// Who is being forgotten, and since when.
    pub(super) forgetting: BTreeMap<UserId, Timestamp>,
    /// Rooms by their creators' names for them, with the digest of the request.
    pub(super) requests: BTreeMap<(UserId, ClientRoomId), ([u8; 16], RoomId)>,
    /// Every entry of every room's log by its number.
    pub(super) feed: BTreeMap<u64, (RoomId, Offset)>,
    pub(super) jobs: Jobs,
    pub(super) uploads: Uploads,
    /// Where readers of the feed stand.
    pub(super) positions: BTreeMap<String, u64>,
    /// Number of changes so far; that of a message is its `num`.
    changes: u64,
}

/// What one change writes, gathered for its answer.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) entries: Vec<LogEntry>,
    pub(super) users: Vec<(UserId, UserChanged)>,
}

pub(super) type Answer = Result<Appended, Refusal>;

impl State {
    pub(super) fn append(&mut self, append: &Append) -> Answer {
        let answer = self.change(append)?;
        self.uploads.take(append, &answer);
        Ok(answer)
    }

    fn change(&mut self, append: &Append) -> Answer {
        if let Change::Create(new) = &append.change {
            return self.create(append, new);
        }
        let room = self.rooms.get(&append.room).ok_or(Refusal::NoRoom)?;
        // A repeat stores nothing, so it needs no right: it is told what happened before.
        if let Change::Message(new) = &append.change
            && let Some(first) = repeated(room, &append.by, new)
        {
            return first;
        }
        if append.access_version.is_some_and(|version| version != room.access_version) {
            return Err(Refusal::AccessChanged);
        }
        if self.forgetting.contains_key(&append.by) {
            return Err(Refusal::Forgotten);
        }
        match &append.change {
            Change::Create(_) => unreachable!("answered above"),
            Change::Join { role, max } => self.join(append, *role, *max),
            Change::Leave { heir } => self.leave(append, *heir),
            Change::Add { users, role, max } => self.add_all(append, users, *role, *max),
            Change::Remove { user, below, reason } => self.remove(append, user, *below, reason.as_deref()),
            Change::Ban { user, below, until, reason } => {
                self.ban(append, user, *below, *until, reason.as_deref())
            }
            Change::Unban { user } => self.unban(append, user),
            Change::SetRole { user, role, below } => self.set_role(append, user, *role, *below),
            Change::Set(patch) => self.set(append, patch),
            Change::Message(new) => self.message(append, new),
            Change::Edit { seq, content } => self.edit(append, *seq, content),
            Change::Delete { seq, own } => self.delete(append, *seq, *own),
            Change::React { seq, emoji } => self.react(append, *seq, emoji),
            Change::Unreact { seq, emoji } => self.unreact(append, *seq, emoji),
            Change::Trim { oldest } => self.trim(append, *oldest),
            Change::Forget { user, heir, limit } => self.forget_in(append, user, *heir, *limit),
        }
    }

    /// The room of a change, which the caller found under the same lock.
    pub(super) fn room(&mut self, id: &RoomId) -> &mut Room {
        self.rooms.get_mut(id).expect("the caller found it under the same lock")
    }

    /// Counts a change of a room and sets its time.
    pub(super) fn touch(&mut self, id: &RoomId, now: Timestamp) -> &mut Room {
        self.changes += 1;
        assert!(self.changes <= MAX_SAFE, "the last number was reached");
        let active = self.changes;
        let room = self.room(id);
        room.active = active;
        room.ts = room.ts.max(now);
        room
    }

    /// Writes an entry to a room's log.
    pub(super) fn tell(&mut self, id: &RoomId, entry: LogEntry, told: &mut Told) {
        let offset = self.log(id, Entry::Other(Box::new(entry.clone())));
        debug_assert_eq!(offset, entry.offset(), "entries are made for the next position");
        told.entries.push(entry);
    }

    /// Puts an entry into a room's log and into the feed, under the number of the room's last change.
    pub(super) fn log(&mut self, id: &RoomId, entry: Entry) -> Offset {
        let room = self.room(id);
        let (num, offset) = (room.active, room.log(entry));
        self.feed.insert(num, (id.clone(), offset));
        offset
    }

    /// Writes to a user's own log.
    pub(super) fn tell_user(&mut self, user: &UserId, change: UserChange, ts: Timestamp) -> UserChanged {
        let changed = UserChanged { user_offset: self.user_head(user).next(), change, ts };
        self.users.entry(user.clone()).or_default().log.push(changed.clone());
        changed
    }

    /// The messages of a room that a user hid from itself.
    pub(super) fn hidden(&self, user: &UserId, room: &RoomId) -> BTreeSet<Seq> {
        self.users.get(user).and_then(|own| own.hidden.get(room)).cloned().unwrap_or_default()
    }

    /// Whether `by` blocks `user`.
    pub(super) fn blocks(&self, by: &UserId, user: &UserId) -> bool {
        self.users.get(by).is_some_and(|own| own.blocked.contains_key(user))
    }

    /// Whether the room is a desk, and the user an agent of its organization.
    pub(super) fn is_agent(&self, room: &Room, user: &UserId) -> bool {
        let desk = room.desk.as_ref().filter(|_| room.kind == RoomKind::Desk);
        let agents = desk.and_then(|desk| self.agents.get(&desk.organization));
        agents.is_some_and(|agents| agents.contains(user))
    }

    /// What stands in a user's way in a room.
    pub(super) fn bar(&self, room: &Room, user: &UserId) -> Option<Bar> {
        if let Some(ban) = room.bans.get(user) {
            return Some(Bar::Banned { until: ban.until });
        }
        let other = room.id.peer_of(user)?;
        if self.blocks(user, &other) {
            Some(Bar::Blocks)
        } else {
            self.blocks(&other, user).then_some(Bar::Blocked)
        }
    }
}

/// The answer to a message whose `client_msg_id` was used before.
fn repeated(room: &Room, by: &UserId, new: &NewMessage) -> Option<Answer> {
    let id = new.client_msg_id.clone()?;
    let sent = room.sent.get(&(by.clone(), id))?;
    if sent.digest != new.digest {
        return Some(Err(Refusal::Conflict));
    }
    Some(Ok(Appended { duplicate: true, access_version: room.access_version, ..sent.answer.clone() }))
}

/// The answer to a change that was stored just now.
pub(super) fn changed(room: &Room, told: Told) -> Appended {
    Appended {
        room: room.id.clone(),
        offset: room.offset,
        seq: room.seq,
        ts: room.ts,
        duplicate: false,
        num: 0,
        key: 0,
        access_version: room.access_version,
        entries: told.entries,
        users: told.users,
    }
}

/// The answer to a change that was there before.
pub(super) fn unchanged(room: &Room) -> Appended {
    Appended { duplicate: true, ..changed(room, Told::default()) }
}
