//! Other names of rooms and messages, in memory.

use async_trait::async_trait;
use chat_protocol::dialect::RoomName;
use chat_protocol::{Desk, RoomId, Seq, Timestamp};

use super::MemoryStore;
use super::room::Room;
use super::state::State;
use crate::storage::{
    AliasStore, DesksQuery, MessageAlias, RoomRecord, StorageError, StoredMessage, key_of_name,
};

impl State {
    pub(super) fn named(&self, name: &RoomName) -> Option<&Room> {
        match name {
            RoomName::Id(id) => self.rooms.get(id),
            RoomName::Number(number) => self.rooms.get(self.numbers.get(number)?),
            RoomName::Alias(alias) => {
                let key = key_of_name(alias);
                let has = |room: &&Room| room.alias.as_ref() == Some(alias) || key == Some(room.key);
                self.rooms.values().find(has)
            }
        }
    }
}

impl Room {
    fn record(&self) -> RoomRecord {
        RoomRecord {
            room: self.id.clone(),
            kind: self.kind,
            access: self.access,
            number: self.number,
            key: self.key,
            alias: self.alias.clone(),
            info: self.info.clone(),
            desk: self.desk.clone(),
            members: self.members.len() as u64,
            seq: self.seq,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

#[async_trait]
impl AliasStore for MemoryStore {
    async fn room_named(&self, name: &RoomName) -> Result<Option<RoomId>, StorageError> {
        Ok(self.state().named(name).map(|room| room.id.clone()))
    }

    async fn records(&self, rooms: &[RoomId]) -> Result<Vec<Option<RoomRecord>>, StorageError> {
        let state = self.state();
        Ok(rooms.iter().map(|room| state.rooms.get(room).map(Room::record)).collect())
    }

    async fn message_named(&self, name: MessageAlias) -> Result<Option<StoredMessage>, StorageError> {
        let state = self.state();
        let has = |stored: &&StoredMessage| match name {
            MessageAlias::Num(num) => stored.num == num,
            MessageAlias::Key(key) => stored.key == key,
        };
        let mut all = state.rooms.values().flat_map(Room::stored);
        Ok(all.find(has).cloned())
    }

    async fn seq_at(&self, room: &RoomId, ts: Timestamp) -> Result<Option<Seq>, StorageError> {
        let state = self.state();
        let Some(room) = state.rooms.get(room) else { return Ok(None) };
        Ok(room.stored().find(|stored| stored.message.ts >= ts).map(|stored| stored.message.seq))
    }

    async fn desks(
        &self,
        organization: &str,
        query: &DesksQuery,
        limit: usize,
    ) -> Result<Vec<RoomId>, StorageError> {
        let state = self.state();
        let before = query.before.as_ref().map(|room| state.rooms.get(room).map_or(0, |room| room.made));
        let of = |room: &&Room| {
            let asked = |desk: &Desk| {
                desk.organization == organization && query.status.is_none_or(|status| desk.status == status)
            };
            room.desk.as_ref().is_some_and(asked) && before.is_none_or(|before| room.made < before)
        };
        let mut desks: Vec<&Room> = state.rooms.values().filter(of).collect();
        desks.sort_by_key(|room| std::cmp::Reverse(room.made));
        Ok(desks.into_iter().take(limit).map(|room| room.id.clone()).collect())
    }
}
