//! The model that every store is tested against: everything in memory, nothing clever.

mod room;
mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chat_protocol::{Epoch, HistoryQuery, Offset, RoomId, RoomInfo, RoomState, Seq, UserId, UserOffset};

use self::state::State;
use super::{
    Append, Appended, Capabilities, LogPage, MessageStore, PointerMove, PointerMoved, PointerStore, Refusal,
    RoomStore, RoomView, Standing, StorageError, StoredMessage, UserLog, UserLogPage,
};

/// A store in memory: for tests, for trying things out, and as the model of what every other store does.
///
/// It keeps all it is given until it is dropped.
///
/// ```
/// use chat_server_core::storage::{MessageStore, memory::MemoryStore};
/// assert_ne!(MemoryStore::default().epoch(), MemoryStore::default().epoch());
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    epoch: Epoch,
    /// Every call locks all of it, for as long as the call takes: whole batches are one step for every reader, and
    /// nobody awaits with the lock held.
    state: Mutex<State>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        let epoch = format!("{:016x}", rand::random::<u64>());
        let epoch = Epoch::new(epoch).expect("16 hexadecimal digits are an id");
        Self { epoch, state: Mutex::default() }
    }
}

impl MemoryStore {
    /// The state, also after a thread panicked with it: each change is checked before its first write.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl MessageStore for MemoryStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn epoch(&self) -> Epoch {
        self.epoch.clone()
    }

    async fn append(&self, batch: &[Append]) -> Result<Vec<Result<Appended, Refusal>>, StorageError> {
        let mut state = self.state();
        Ok(batch.iter().map(|append| state.append(append)).collect())
    }

    async fn history(
        &self,
        room: &RoomId,
        query: HistoryQuery,
        limit: usize,
    ) -> Result<Option<Vec<StoredMessage>>, StorageError> {
        Ok(self.state().rooms.get(room).map(|room| room.history(query, limit)))
    }

    async fn log(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Option<LogPage>, StorageError> {
        Ok(self.state().rooms.get(room).map(|room| room.log(after, limit)))
    }
}

#[async_trait]
impl RoomStore for MemoryStore {
    async fn standing(&self, room: &RoomId, user: &UserId) -> Result<Option<Standing>, StorageError> {
        Ok(self.state().rooms.get(room).map(|room| Standing {
            kind: room.kind,
            access: room.access,
            access_version: room.access_version,
            role: room.members.get(user).map(|member| member.role),
            seq: room.seq,
            offset: room.head(),
        }))
    }

    async fn rooms_of(&self, user: &UserId) -> Result<Vec<RoomId>, StorageError> {
        let state = self.state();
        let mut rooms: Vec<_> =
            state.rooms.iter().filter(|(_, room)| room.members.contains_key(user)).collect();
        rooms.sort_by_key(|(_, room)| std::cmp::Reverse(room.active));
        Ok(rooms.into_iter().map(|(id, _)| id.clone()).collect())
    }

    async fn views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<Option<RoomView>>, StorageError> {
        let state = self.state();
        let view = |id: &RoomId| {
            let room = state.rooms.get(id)?;
            let member = room.members.get(user)?;
            let seen = RoomState {
                info: RoomInfo { name: room.name.clone(), ..RoomInfo::default() },
                seq: room.seq,
                offset: room.head(),
                members: room.members.len() as u64,
                read: member.read,
                unread: room.unread(user, member.read),
                ts: room.ts,
                ..RoomState::new(id.clone(), user, room.kind, room.access, member.role)
            };
            Some(RoomView { state: seen, access_version: room.access_version })
        };
        Ok(rooms.iter().map(view).collect())
    }

    async fn share_room(&self, a: &UserId, b: &UserId) -> Result<bool, StorageError> {
        let together = |members: &room::Members| members.contains_key(a) && members.contains_key(b);
        Ok(self.state().rooms.values().any(|room| together(&room.members)))
    }
}

#[async_trait]
impl UserLog for MemoryStore {
    async fn user_log(
        &self,
        user: &UserId,
        after: UserOffset,
        limit: usize,
    ) -> Result<UserLogPage, StorageError> {
        let state = self.state();
        let log = state.users.get(user).map_or(&[][..], Vec::as_slice);
        let head = log.last().map_or(UserOffset::ZERO, |entry| entry.user_offset);
        let entries = log.iter().skip(room::index(after.get())).take(limit).cloned().collect();
        Ok(UserLogPage { entries, head, oldest: UserOffset::ZERO.next() })
    }
}

#[async_trait]
impl PointerStore for MemoryStore {
    async fn advance(&self, moves: &[PointerMove]) -> Result<Vec<PointerMoved>, StorageError> {
        let mut state = self.state();
        Ok(moves.iter().map(|step| state.advance(step)).collect())
    }

    async fn pointers(&self, room: &RoomId, limit: usize) -> Result<Vec<(UserId, Seq)>, StorageError> {
        let state = self.state();
        let Some(room) = state.rooms.get(room) else { return Ok(Vec::new()) };
        let mut pointers: Vec<_> =
            room.members.iter().map(|(user, member)| (user.clone(), member.read)).collect();
        pointers.retain(|(_, read)| *read > Seq::ZERO);
        pointers.sort_by_key(|(_, read)| std::cmp::Reverse(*read));
        pointers.truncate(limit);
        Ok(pointers)
    }
}
