//! From what was stored to what followers are told.

use std::sync::Arc;

use chat_protocol::event::{
    MemberAction, MemberChanged, Reads, RoomAction, RoomChanged, UserChange, UserChanged,
};
use chat_protocol::{
    Event, Message, Offset, Role, RoomId, RoomInfo, Seq, Text, Timestamp, UserId, UserOffset, encode,
};

use super::Hub;
use super::delivery::Deliveries;
use super::feed::Published;
use super::replay::Log;
use crate::bus::{Hint, News};
use crate::storage::{Appended, Change, LogEntry, NewMessage, NewRoom, StoredMessage};

impl Hub {
    /// Does some telling, then writes it to everyone who was told something.
    pub(super) fn deliver<R>(&self, tell: impl FnOnce(&mut Deliveries) -> R) -> R {
        let mut deliveries = Deliveries::default();
        let result = tell(&mut deliveries);
        deliveries.flush(&self.runtime);
        result
    }

    /// Tells everyone concerned what a change of the room did.
    pub(super) fn publish(
        &self,
        by: UserId,
        change: Change,
        appended: &Appended,
        origin: u64,
        deliveries: &mut Deliveries,
    ) {
        let (room, ts) = (&appended.room, appended.ts);
        match change {
            Change::Message(new) => {
                let frame = self.message_frame(by, new, appended);
                self.deliver_frames(room, appended.offset, &[frame], None, deliveries);
            }
            Change::Join { role } => {
                let joined = joined(room, appended.offset, by.clone(), role, None, ts);
                self.publish_entry(room, joined, deliveries);
                self.publish_users(room, &appended.users, gained, ts, origin, deliveries);
            }
            Change::Leave => {
                let changed = MemberChanged::new(room.clone(), appended.offset, by, MemberAction::Left, ts);
                self.publish_entry(room, LogEntry::Member(changed), deliveries);
                self.publish_users(room, &appended.users, lost, ts, origin, deliveries);
            }
            Change::Create(new) => {
                self.publish_created(room, by, new, ts, deliveries);
                self.publish_users(room, &appended.users, gained, ts, origin, deliveries);
            }
        }
    }

    /// The packet of a stored message; other nodes are told of it.
    pub(super) fn message_frame(&self, from: UserId, new: NewMessage, appended: &Appended) -> Text {
        let Appended { room, offset, seq, ts, .. } = appended;
        let message = Message {
            client_msg_id: new.client_msg_id,
            reply_to: new.reply_to,
            ..Message::new(room.clone(), *offset, *seq, from, new.content, *ts)
        };
        let entry = LogEntry::Message(StoredMessage { message, num: appended.num, key: appended.key });
        if self.providers.bus.has_peers() {
            self.hint(News::Room(appended.room.clone(), entry.clone()));
        }
        encode(&Event::from(entry))
    }

    /// A new room: its log begins with its creation, then the first members.
    fn publish_created(
        &self,
        room: &RoomId,
        by: UserId,
        new: NewRoom,
        ts: Timestamp,
        deliveries: &mut Deliveries,
    ) {
        let mut offset = Offset::ZERO.next();
        let created = RoomChanged {
            room: room.clone(),
            offset,
            action: RoomAction::Created.into(),
            kind: new.kind.into(),
            access: None,
            history: None,
            info: RoomInfo { name: new.name, ..RoomInfo::default() },
            desk: None,
            by: by.clone(),
            ts,
        };
        self.publish_entry(room, LogEntry::Room(created), deliveries);
        for (user, role) in new.members {
            offset = offset.next();
            let by = (user != by).then(|| by.clone());
            self.publish_entry(room, joined(room, offset, user, role, by, ts), deliveries);
        }
    }

    fn publish_users(
        &self,
        room: &RoomId,
        users: &[(UserId, UserOffset)],
        change: fn(RoomId) -> UserChange,
        ts: Timestamp,
        origin: u64,
        deliveries: &mut Deliveries,
    ) {
        for (user, user_offset) in users {
            let changed = UserChanged { user_offset: *user_offset, change: change(room.clone()), ts };
            self.publish_user(user, changed, origin, deliveries);
        }
    }

    /// Tells an entry of a room's log, here and to other nodes.
    fn publish_entry(&self, room: &RoomId, entry: LogEntry, deliveries: &mut Deliveries) {
        if self.providers.bus.has_peers() {
            self.hint(News::Room(room.clone(), entry.clone()));
        }
        self.deliver_entry(room, entry, deliveries);
    }

    /// Tells an entry of a room's log to the followers here.
    pub(super) fn deliver_entry(&self, room: &RoomId, entry: LogEntry, deliveries: &mut Deliveries) {
        let left = match &entry {
            LogEntry::Member(changed) if changed.action == MemberAction::Left => Some(changed.user.clone()),
            _ => None,
        };
        let offset = entry.offset();
        self.deliver_frames(room, offset, &[encode(&Event::from(entry))], left.as_ref(), deliveries);
    }

    /// Gives the log's entries from `first` on to the followers here; `left` tells whose membership the only one ends.
    pub(super) fn deliver_frames(
        &self,
        room: &RoomId,
        first: Offset,
        frames: &[Text],
        left: Option<&UserId>,
        deliveries: &mut Deliveries,
    ) {
        let mut shard = self.rooms.lock(room);
        let Some(feed) = shard.get_mut(room) else { return };
        let published = feed.publish(first.get(), frames, deliveries);
        // Also for a repeat: the first one released may have read the entry before it was published.
        let ended = match (published, left) {
            (Published::Yes | Published::Repeat, Some(user)) => feed.end(user, first.get()),
            _ => Vec::new(),
        };
        if feed.is_empty() {
            shard.remove(room);
        }
        drop(shard);
        for link in ended {
            self.untie(&link, room);
        }
        if published == Published::Hole {
            self.catch_up(Log::Room(room.clone()));
        }
    }

    /// Tells an entry of a user's log, here and to other nodes.
    fn publish_user(&self, user: &UserId, changed: UserChanged, origin: u64, deliveries: &mut Deliveries) {
        if self.providers.bus.has_peers() {
            self.hint(News::User(user.clone(), changed.clone()));
        }
        self.deliver_user(user, changed, origin, deliveries);
    }

    /// Tells an entry of a user's log to the user's sessions here; those that want new rooms follow a gained one.
    pub(super) fn deliver_user(
        &self,
        user: &UserId,
        changed: UserChanged,
        origin: u64,
        deliveries: &mut Deliveries,
    ) {
        let mut shard = self.users.lock(user);
        let Some(entry) = shard.get_mut(user) else { return };
        let position = changed.user_offset.get();
        let published = entry.feed.publish(position, &[encode(&Event::User(changed.clone()))], deliveries);
        // Also for a repeat, as above; who follows the room already does nothing.
        let gained = match changed.change {
            UserChange::RoomJoined { room } if published != Published::Hole => Some((room, entry.links())),
            _ => None,
        };
        drop(shard);
        if let Some((room, links)) = gained {
            for link in links.into_iter().filter(|link| link.number != origin) {
                self.follow_gained(link, room.clone());
            }
        }
        if published == Published::Hole {
            self.catch_up(Log::User(user.clone()));
        }
    }

    /// Tells that a member's read pointer moved.
    pub(super) fn publish_read(
        &self,
        room: &RoomId,
        user: &UserId,
        read: Seq,
        user_offset: UserOffset,
        ts: Timestamp,
        deliveries: &mut Deliveries,
    ) {
        let change = UserChange::Read { room: room.clone(), read, thread: None };
        let changed = UserChanged { user_offset, change, ts };
        self.publish_user(user, changed, 0, deliveries);
        let shard = self.rooms.lock(room);
        let Some(feed) = shard.get(room) else { return };
        let reads = Reads {
            room: room.clone(),
            from: user.clone(),
            read: Some(read),
            delivered: None,
            thread: None,
            ts,
        };
        let frame: Text = encode(&Event::Reads(reads));
        feed.tell(user, |link| deliveries.give(link, std::slice::from_ref(&frame)));
    }

    fn hint(&self, news: News) {
        self.providers.bus.publish(Hint { node: self.node, epoch: self.epoch.clone(), news });
    }

    /// A session follows a room that its user has just gained, in the background.
    fn follow_gained(&self, link: Arc<super::link::Link>, room: RoomId) {
        if !link.ties().follows_new_rooms {
            return;
        }
        let Some(hub) = self.this.upgrade() else { return };
        self.tasks.spawn_on(
            async move {
                // A failure has closed the connection, so that it misses nothing unnoticed.
                _ = hub.follow_new(&link, room).await;
            },
            &self.runtime,
        );
    }
}

fn joined(
    room: &RoomId,
    offset: Offset,
    user: UserId,
    role: Role,
    by: Option<UserId>,
    ts: Timestamp,
) -> LogEntry {
    let changed = MemberChanged::new(room.clone(), offset, user, MemberAction::Joined, ts);
    LogEntry::Member(MemberChanged { role: Some(role.into()), by, ..changed })
}

fn gained(room: RoomId) -> UserChange {
    UserChange::RoomJoined { room }
}

fn lost(room: RoomId) -> UserChange {
    UserChange::RoomLeft { room }
}
