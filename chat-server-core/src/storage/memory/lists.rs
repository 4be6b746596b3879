//! Lists whose pages are counted, in memory.

use std::cmp::Reverse;
use std::ops::Range;

use async_trait::async_trait;
use chat_protocol::UserId;

use super::MemoryStore;
use super::room::Room;
use super::state::State;
use crate::storage::{ListStore, Listed, ListedPage, StorageError, StoredMessage};

impl State {
    /// What a member can read of a room.
    fn readable<'s>(&'s self, room: &'s Room, user: &UserId) -> impl Iterator<Item = &'s StoredMessage> {
        let member = room.members.get(user);
        let (oldest, hidden) = (room.oldest_for(member), self.hidden(user, &room.id));
        let is_member = member.is_some();
        room.stored().map(|stored| (&stored.message, stored)).filter_map(move |(message, stored)| {
            let shown = message.deleted_at.is_none() && !hidden.contains(&message.seq);
            (is_member && shown && message.seq >= oldest).then_some(stored)
        })
    }
}

#[async_trait]
impl ListStore for MemoryStore {
    async fn listed(
        &self,
        user: &UserId,
        list: Listed<'_>,
        page: Range<usize>,
        most: usize,
    ) -> Result<ListedPage, StorageError> {
        let state = self.state();
        let mut messages: Vec<_> = match list {
            Listed::Written => {
                let all = state.rooms.values().flat_map(|room| state.readable(room, user));
                all.filter(|stored| stored.message.from == *user).collect()
            }
            Listed::In(room) => {
                state.rooms.get(room).into_iter().flat_map(|room| state.readable(room, user)).collect()
            }
        };
        messages.sort_by_key(|stored| Reverse(stored.num));
        messages.truncate(most);
        let count = messages.len();
        let part = messages.into_iter().skip(page.start).take(page.len()).cloned();
        Ok(ListedPage { count, messages: part.collect() })
    }
}
