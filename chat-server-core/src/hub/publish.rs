//! From what was stored to what followers are told.

use std::sync::Arc;

use chat_protocol::event::{MemberAction, MemberChanged, UserChange, UserChanged};
use chat_protocol::{Event, Offset, Open, RoomId, Text, UserId, encode};

use super::Hub;
use super::delivery::Deliveries;
use super::dialects::Happened;
use super::feed::Published;
use super::link::Link;
use super::replay::Log;
use super::veil::Veil;
use crate::bus::{Hint, News};
use crate::storage::{Appended, LogEntry, NewMessage};

impl Hub {
    /// Does some telling, then writes it to everyone who was told something.
    pub(super) fn deliver<R>(&self, tell: impl FnOnce(&mut Deliveries) -> R) -> R {
        let mut deliveries = Deliveries::of(self.crowds.second());
        let result = tell(&mut deliveries);
        self.crowds.put_off(deliveries.take_put_off());
        deliveries.flush(&self.runtime);
        result
    }

    /// Tells everyone concerned what a change of the room wrote; a message is told before.
    pub(super) fn publish(&self, appended: &mut Appended, origin: u64, deliveries: &mut Deliveries) {
        for entry in appended.entries.iter().cloned() {
            if let LogEntry::Room(changed) = &entry
                && changed.info.message_ttl_s.is_some()
            {
                self.expiring.notify_one();
            }
            self.publish_entry(&appended.room, entry, deliveries);
        }
        for (user, changed) in appended.users.drain(..) {
            self.publish_user(&user, changed, origin, deliveries);
        }
    }

    /// The packet of a stored message; other nodes are told of it.
    pub(super) fn message_frame(
        &self,
        from: UserId,
        new: NewMessage,
        appended: &Appended,
        origin: u64,
    ) -> Text {
        let entry = new.entry(from, appended);
        if self.providers.bus.has_peers() {
            self.hint(News::Room(appended.room.clone(), entry.clone()));
        }
        if self.is_posted(&appended.room) {
            self.post(&appended.room, Happened::Stored { entry: Box::new(entry.clone()), origin });
        }
        encode(&Event::from(entry))
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
        let left = ended_by(&entry).cloned();
        if let LogEntry::Member(changed) = &entry {
            self.regrant(room, changed);
        }
        if self.is_posted(room) {
            self.post(room, Happened::Stored { entry: Box::new(entry.clone()), origin: 0 });
        }
        let veil = Veil::of(&entry);
        self.set_veils(room, &entry);
        let (offset, frames) = (entry.offset(), [encode(&Event::from(entry))]);
        self.deliver_frames(room, offset, &frames, veil.as_ref(), left.as_ref(), deliveries);
        if let Some(user) = left {
            self.stop_typing(room, &user, deliveries);
        }
    }

    /// Where a room shows more or less of its past from now on, so do the changes that its followers are told.
    fn set_veils(&self, room: &RoomId, entry: &LogEntry) {
        let LogEntry::Room(changed) = entry else { return };
        let Some(history) = changed.history.as_ref().and_then(Open::known) else { return };
        let fewer = self.rooms.lock(room).get_mut(room).map(|feed| feed.shows(history)).unwrap_or_default();
        let Some(hub) = self.this.upgrade().filter(|_| !fewer.is_empty()) else { return };
        let room = room.clone();
        self.tasks.spawn_on(async move { hub.begin_again(&room, fewer).await }, &self.runtime);
    }

    /// Each of these reads a room from where it may read now.
    async fn begin_again(&self, room: &RoomId, links: Vec<Arc<Link>>) {
        for link in links {
            let Some(user) = link.user() else { continue };
            match self.stored(self.providers.storage.standing(room, user).await) {
                Ok(Some(standing)) => self.begins_at(&link, room, standing.oldest_seq),
                Ok(None) => {}
                // It comes again and reads anew, and hears nothing meanwhile that is not for it.
                Err(error) => link.outbox.close(error.code),
            }
        }
    }

    /// A member has another role: its connections that follow the room are allowed what it allows.
    fn regrant(&self, room: &RoomId, changed: &MemberChanged) {
        let Some(role) = changed.role.as_ref().and_then(Open::known) else { return };
        if changed.action != MemberAction::Role {
            return;
        }
        let links = self.links_of(&changed.user);
        for link in links {
            link.change_role(room, role);
        }
    }

    /// Gives the log's entries from `first` on to the followers here; `veil` is what of the only one is told to those who may
    /// not read its message, `left` tells whose membership it ends.
    pub(super) fn deliver_frames(
        &self,
        room: &RoomId,
        first: Offset,
        frames: &[Text],
        veil: Option<&Veil>,
        left: Option<&UserId>,
        deliveries: &mut Deliveries,
    ) {
        let mut shard = self.rooms.lock(room);
        let Some(feed) = shard.get_mut(room) else { return };
        let published = feed.publish_veiled(first.get(), frames, veil, deliveries);
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
    pub(super) fn publish_user(
        &self,
        user: &UserId,
        changed: UserChanged,
        origin: u64,
        deliveries: &mut Deliveries,
    ) {
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
        let revoked = match &changed.change {
            UserChange::SessionRevoked { session_id } => Some(session_id.clone()),
            _ => None,
        };
        let blocked = match &changed.change {
            UserChange::Blocked { user } => Some(user.clone()),
            _ => None,
        };
        let published = entry.feed.publish(position, &[encode(&Event::User(changed.clone()))], deliveries);
        // Also for a repeat, as above; who follows the room already does nothing.
        let moved = match &changed.change {
            UserChange::RoomJoined { room } => Some((room.clone(), true, entry.links())),
            UserChange::RoomLeft { room } => Some((room.clone(), false, entry.links())),
            _ => None,
        };
        let gained = match changed.change {
            UserChange::RoomJoined { room } if published != Published::Hole => Some((room, entry.links())),
            _ => None,
        };
        drop(shard);
        match &moved {
            Some((room, true, links)) => self.sockets_gain(user, room, links, published == Published::Yes),
            Some((room, false, links)) => self.sockets_lose(room, links),
            None => {}
        }
        if let Some(session) = revoked {
            self.end_revoked(user, &session);
        }
        if let Some(other) = blocked {
            // Of two of whom one blocks the other nobody watches, at no node.
            self.stop_watching(&other, user);
            self.stop_watching(user, &other);
        }
        if let Some((room, links)) = gained {
            for link in links.into_iter().filter(|link| link.number != origin) {
                self.follow_gained(link, room.clone());
            }
        }
        if published == Published::Hole {
            self.catch_up(Log::User(user.clone()));
        }
    }

    fn hint(&self, news: News) {
        self.providers.bus.publish(Hint { node: self.node, epoch: self.epoch.clone(), news });
    }

    /// A session follows a room that its user has just gained, in the background.
    fn follow_gained(&self, link: Arc<Link>, room: RoomId) {
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

/// Whose membership an entry ends.
pub(super) fn ended_by(entry: &LogEntry) -> Option<&UserId> {
    match entry {
        LogEntry::Member(changed) => match changed.action.known() {
            Some(MemberAction::Left | MemberAction::Kicked) => Some(&changed.user),
            _ => None,
        },
        _ => None,
    }
}
