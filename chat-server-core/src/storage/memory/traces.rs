//! What one user has left behind, and how it goes.

use std::collections::BTreeSet;
use std::ops::Bound;

use async_trait::async_trait;
use chat_protocol::{Emoji, Role, RoomId, Seq, Timestamp, UserId};

use super::MemoryStore;
use super::room::{Room, Stored};
use super::state::{Answer, Own, State, Told, changed, unchanged};
use crate::storage::{Append, OwnAppend, OwnAppended, StorageError, StoredMessage, TraceStore};

impl Room {
    /// The messages of a user that are not forgotten, ascending.
    fn written_by(&self, user: &UserId) -> impl Iterator<Item = &Stored> {
        self.messages.values().filter(move |stored| stored.stored.message.from == *user && !stored.erased)
    }

    /// The reactions of a user, in order of messages.
    fn reactions_of(&self, user: &UserId) -> impl Iterator<Item = (Seq, Emoji)> {
        self.messages.iter().flat_map(move |(seq, stored)| {
            let mine = stored.reactions.iter().filter(move |(_, by)| by == user);
            mine.map(move |(emoji, _)| (*seq, emoji.clone()))
        })
    }
}

impl State {
    /// Whether something of a user's is in a room.
    fn has_trace(&self, room: &Room, user: &UserId) -> bool {
        room.members.contains_key(user)
            || room.written_by(user).next().is_some()
            || room.reactions_of(user).next().is_some()
            || !self.hidden(user, &room.id).is_empty()
    }

    pub(super) fn forget_in(&mut self, append: &Append, user: &UserId, heir: Role, limit: usize) -> Answer {
        let id = &append.room;
        if !self.has_trace(&self.rooms[id], user) {
            return Ok(unchanged(&self.rooms[id]));
        }
        let by = Append { by: user.clone(), ..append.clone() };
        let (mut told, mut left) = (Told::default(), limit);
        let written: Vec<_> =
            self.rooms[id].written_by(user).map(|it| it.stored.message.seq).take(left).collect();
        for seq in written {
            told.take(self.delete(&by, seq, true)?);
            self.erase_message(id, seq);
            left -= 1;
        }
        let reacted: Vec<_> = self.rooms[id].reactions_of(user).take(left).collect();
        for (seq, emoji) in reacted {
            told.take(self.unreact(&by, seq, &emoji)?);
            left -= 1;
        }
        left -= self.unhide(user, id, left);
        if left > 0 && self.rooms[id].members.contains_key(user) {
            told.take(self.leave(&by, heir)?);
        }
        Ok(changed(self.room(id), told))
    }

    /// A deleted message has no name any more, and nobody finds it by its author.
    fn erase_message(&mut self, room: &RoomId, seq: Seq) {
        if let Some(stored) = self.room(room).messages.get_mut(&seq) {
            stored.erased = true;
            stored.stored.message.client_msg_id = None;
        }
    }

    /// Forgets the names that a user gave to rooms that it made, at most `limit`; how many.
    fn erase_requests(&mut self, user: &UserId, limit: usize) -> usize {
        let gone: Vec<_> = self.requests.keys().filter(|(by, _)| by == user).take(limit).cloned().collect();
        self.requests.retain(|name, _| !gone.contains(name));
        gone.len()
    }

    /// Forgets what a user hid from itself in a room, at most `limit`; how much that was.
    fn unhide(&mut self, user: &UserId, room: &RoomId, limit: usize) -> usize {
        let Some(own) = self.users.get_mut(user) else { return 0 };
        let Some(hidden) = own.hidden.get_mut(room) else { return 0 };
        let gone: Vec<Seq> = hidden.iter().take(limit).copied().collect();
        hidden.retain(|seq| !gone.contains(seq));
        gone.len()
    }

    pub(super) fn begin_forgetting(&mut self, append: &OwnAppend) -> OwnAppended {
        let user = &append.user;
        let known = self.users.get(user).is_some_and(|own| own.seen.is_some());
        if self.forgetting.contains_key(user) || !(known || self.keeps(user)) {
            return self.nothing_told(append);
        }
        self.forgetting.insert(user.clone(), append.now);
        self.jobs.forget(user, append.now);
        self.stored_own(append)
    }

    pub(super) fn erase(&mut self, append: &OwnAppend, limit: usize) -> OwnAppended {
        let (user, mut left) = (&append.user, limit);
        if let Some(own) = self.users.get_mut(user) {
            own.erase_first(&mut left);
        }
        for agents in self.agents.values_mut() {
            if left > 0 && agents.remove(user) {
                left -= 1;
            }
        }
        left -= self.erase_requests(user, left);
        left -= self.jobs.erase(user, left);
        if let Some(own) = self.users.get_mut(user) {
            own.erase_log(&mut left);
        }
        if left == limit { self.nothing_told(append) } else { self.stored_own(append) }
    }

    pub(super) fn end_forgetting(&mut self, append: &OwnAppend) -> OwnAppended {
        let user = &append.user;
        if !self.forgetting.contains_key(user) || self.keeps(user) {
            return self.nothing_told(append);
        }
        self.forgetting.remove(user);
        self.jobs.forgotten(user);
        if let Some(own) = self.users.get_mut(user) {
            own.seen = None;
        }
        self.stored_own(append)
    }

    /// Whether anything of a user's is kept that goes bit by bit.
    fn keeps(&self, user: &UserId) -> bool {
        let own = self.users.get(user);
        own.is_some_and(|own| !(own.devices.is_empty() && own.blocked.is_empty() && own.log.is_empty()))
            || self.agents.values().any(|agents| agents.contains(user))
            || self.requests.keys().any(|(by, _)| by == user)
            || self.jobs.has_any_of(user)
            || self.users.values().any(|other| other.blocked.contains_key(user))
            || self.rooms.values().any(|room| self.has_trace(room, user))
    }
}

impl Own {
    /// Devices and blocks.
    fn erase_first(&mut self, left: &mut usize) {
        while *left > 0 && self.devices.pop_first().is_some() {
            *left -= 1;
        }
        while *left > 0 && self.blocked.pop_first().is_some() {
            *left -= 1;
        }
    }

    fn erase_log(&mut self, left: &mut usize) {
        let gone = self.log.len().min(*left);
        self.log.drain(..gone);
        self.log_gone += gone as u64;
        *left -= gone;
    }
}

impl Told {
    /// Adds what one more change told.
    fn take(&mut self, answer: crate::storage::Appended) {
        self.entries.extend(answer.entries);
        self.users.extend(answer.users);
    }
}

#[async_trait]
impl TraceStore for MemoryStore {
    async fn written_by(
        &self,
        user: &UserId,
        after: Option<(&RoomId, Seq)>,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StorageError> {
        let state = self.state();
        let first = after.map_or(Bound::Unbounded, |(room, _)| Bound::Included(room.clone()));
        let rooms = state.rooms.range((first, Bound::Unbounded)).map(|(_, room)| room);
        let written = rooms.flat_map(|room| room.written_by(user)).map(|stored| &stored.stored);
        let is_after = |stored: &&StoredMessage| {
            let place = (&stored.message.room, stored.message.seq);
            after.is_none_or(|after| place > after)
        };
        Ok(written.filter(is_after).take(limit).cloned().collect())
    }

    async fn traces_of(
        &self,
        user: &UserId,
        after: Option<&RoomId>,
        limit: usize,
    ) -> Result<Vec<RoomId>, StorageError> {
        let state = self.state();
        let first = after.map_or(Bound::Unbounded, |room| Bound::Excluded(room.clone()));
        let rooms = state.rooms.range((first, Bound::Unbounded)).map(|(_, room)| room);
        let traced = rooms.filter(|room| state.has_trace(room, user));
        Ok(traced.take(limit).map(|room| room.id.clone()).collect())
    }

    async fn blockers_of(&self, user: &UserId, limit: usize) -> Result<Vec<UserId>, StorageError> {
        let state = self.state();
        let blockers: BTreeSet<_> = state
            .users
            .iter()
            .filter(|(_, own)| own.blocked.contains_key(user))
            .map(|(id, _)| id.clone())
            .collect();
        Ok(blockers.into_iter().take(limit).collect())
    }

    async fn forgetting(&self, user: &UserId) -> Result<Option<Timestamp>, StorageError> {
        Ok(self.state().forgetting.get(user).copied())
    }
}
