//! The model that every store is tested against: everything in memory, nothing clever.

mod changes;
mod devices;
mod feed;
mod jobs;
mod lists;
mod members;
mod names;
mod own;
mod room;
mod state;
mod traces;
mod uploads;

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chat_protocol::reply::InboxTotals;
use chat_protocol::{
    Epoch, HistoryQuery, MyReactions, Offset, Role, RoomId, Seq, ThreadState, Timestamp, UserId, UserOffset,
};

use self::room::{Member, Room};
use self::state::State;
use super::{
    Append, Appended, BanEntry, Blocked, Capabilities, Device, DeviceStore, LogPage, Marks, MemberEntry,
    MessageStore, OwnAppend, OwnAppended, Place, Pointers, Refusal, Relation, RoomStore, RoomView,
    RoomsQuery, Standing, StorageError, StoredMessage, UserLog, UserLogPage,
};

/// A store in memory: for tests, for trying things out, and as the model of what every other store does.
///
/// It keeps all it is given until it is dropped or trimmed.
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
        thread: Option<Seq>,
        query: HistoryQuery,
        limit: usize,
    ) -> Result<Option<Vec<StoredMessage>>, StorageError> {
        Ok(self.state().rooms.get(room).map(|room| room.page(thread, query, limit)))
    }

    async fn newest(&self, rooms: &[RoomId]) -> Result<Vec<Option<StoredMessage>>, StorageError> {
        let state = self.state();
        Ok(rooms.iter().map(|room| state.rooms.get(room).and_then(Room::newest)).collect())
    }

    async fn marks(
        &self,
        room: &RoomId,
        user: &UserId,
        first: Seq,
        last: Seq,
    ) -> Result<Marks, StorageError> {
        let state = self.state();
        let Some(found) = state.rooms.get(room).filter(|_| first <= last) else {
            return Ok(Marks::default());
        };
        let mine = |stored: &room::Stored| {
            let of_mine = stored.reactions.iter().filter(|(_, by)| by == user);
            let emoji: Vec<_> = of_mine.map(|(emoji, _)| emoji.clone()).collect();
            (!emoji.is_empty()).then_some(MyReactions { seq: stored.stored.message.seq, emoji })
        };
        let reactions = found.messages.range(first..=last).filter_map(|(_, stored)| mine(stored)).collect();
        let hidden = state.hidden(user, room).range(first..=last).copied().collect();
        Ok(Marks { reactions, hidden })
    }

    async fn thread(
        &self,
        room: &RoomId,
        root: Seq,
        user: &UserId,
    ) -> Result<Option<ThreadState>, StorageError> {
        let state = self.state();
        let hidden = state.hidden(user, room);
        Ok(state.rooms.get(room).and_then(|room| room.thread(root, user, &hidden)))
    }

    async fn log(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Option<LogPage>, StorageError> {
        Ok(self.state().rooms.get(room).map(|room| room.log_after(after, limit)))
    }
}

#[async_trait]
impl RoomStore for MemoryStore {
    async fn standing(&self, room: &RoomId, user: &UserId) -> Result<Option<Standing>, StorageError> {
        let state = self.state();
        Ok(state.rooms.get(room).map(|room| {
            let member = room.members.get(user);
            Standing {
                kind: room.kind,
                access: room.access,
                access_version: room.access_version,
                role: member.map(|member| member.role),
                bar: state.bar(room, user),
                agent: state.is_agent(room, user),
                client: room.is_client(user),
                marked: true,
                members: room.members.len() as u64,
                seq: room.seq,
                oldest_seq: room.oldest_for(member),
                offset: room.offset,
            }
        }))
    }

    async fn rooms_of(
        &self,
        user: &UserId,
        query: RoomsQuery,
        limit: usize,
    ) -> Result<Vec<(RoomId, Place)>, StorageError> {
        let state = self.state();
        let placed = state.rooms.values().filter_map(|room| {
            let settings = room.members.get(user)?.settings_at(room.seq);
            let place = Place { pinned: query.pinned_first && settings.pinned, active: room.active };
            let wanted = query.archived.is_none_or(|archived| archived == settings.archived)
                && query.after.is_none_or(|after| place < after);
            wanted.then(|| (room.id.clone(), place))
        });
        let mut placed: Vec<_> = placed.collect();
        placed.sort_by_key(|(_, place)| std::cmp::Reverse(*place));
        placed.truncate(limit);
        Ok(placed)
    }

    async fn views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<Option<RoomView>>, StorageError> {
        let state = self.state();
        let view = |id: &RoomId| {
            let room = state.rooms.get(id)?;
            let system = user.is_system().then(|| room.system());
            let member = system.as_ref().or_else(|| room.members.get(user))?;
            Some(RoomView {
                state: room.state(user, member, &state.hidden(user, id)),
                access_version: room.access_version,
                oldest_offset: room.oldest_offset_for(member),
                joined_seq: member.joined_seq,
                split: member.split,
            })
        };
        Ok(rooms.iter().map(view).collect())
    }

    async fn totals(&self, user: &UserId, now: Timestamp) -> Result<InboxTotals, StorageError> {
        let state = self.state();
        let mut totals = InboxTotals { unread: 0, mentions: 0, rooms: 0 };
        for room in state.rooms.values() {
            let Some(member) = room.members.get(user) else { continue };
            let settings = member.settings_at(room.seq);
            if settings.archived {
                continue;
            }
            let counts = room.unread(user, member, &state.hidden(user, &room.id));
            totals.mentions += counts.mentions;
            if settings.mute_until.is_none_or(|until| until <= now) {
                totals.unread += counts.unread;
                totals.rooms += u64::from(counts.unread > 0);
            }
        }
        Ok(totals)
    }

    async fn members(
        &self,
        room: &RoomId,
        after: Option<(Role, &UserId)>,
        limit: usize,
    ) -> Result<Vec<MemberEntry>, StorageError> {
        let state = self.state();
        let Some(room) = state.rooms.get(room) else { return Ok(Vec::new()) };
        let place = |role: Role, user: &UserId| (std::cmp::Reverse(role.rank()), user.clone());
        let mut members: Vec<_> =
            room.members.iter().map(|(user, member)| (place(member.role, user), member)).collect();
        members.sort_by(|(a, _), (b, _)| a.cmp(b));
        let after = after.map(|(role, user)| place(role, user));
        let wanted =
            members.into_iter().filter(|(place, _)| after.as_ref().is_none_or(|after| place > after));
        let entry = |((_, user), member): (_, &Member)| MemberEntry {
            user,
            role: member.role,
            joined_at: member.joined_at,
            delivered: member.delivered,
            read: member.read.read,
        };
        Ok(wanted.take(limit).map(entry).collect())
    }

    async fn bans(
        &self,
        room: &RoomId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<BanEntry>, StorageError> {
        let state = self.state();
        let Some(room) = state.rooms.get(room) else { return Ok(Vec::new()) };
        let wanted = room.bans.values().filter(|ban| after.is_none_or(|after| ban.user > *after));
        Ok(wanted.take(limit).cloned().collect())
    }

    async fn relation(&self, a: &UserId, b: &UserId) -> Result<Relation, StorageError> {
        let state = self.state();
        let together = |room: &Room| room.members.contains_key(a) && room.members.contains_key(b);
        Ok(Relation {
            direct: state.rooms.contains_key(&RoomId::direct(a, b)),
            shared: state.rooms.values().any(together),
            blocks: state.blocks(a, b),
            blocked: state.blocks(b, a),
        })
    }

    async fn agents(&self, organization: &str) -> Result<Vec<UserId>, StorageError> {
        Ok(self.state().agents.get(organization).into_iter().flatten().cloned().collect())
    }

    async fn desks_of(
        &self,
        organization: &str,
        user: &UserId,
        limit: usize,
    ) -> Result<Vec<RoomId>, StorageError> {
        let state = self.state();
        let answers = |room: &&Room| {
            let desk = room.desk.as_ref().filter(|desk| desk.organization == organization);
            desk.is_some_and(|desk| desk.client != *user) && room.members.contains_key(user)
        };
        Ok(state.rooms.values().filter(answers).take(limit).map(|room| room.id.clone()).collect())
    }
}

#[async_trait]
impl UserLog for MemoryStore {
    async fn append_own(
        &self,
        batch: &[OwnAppend],
    ) -> Result<Vec<Result<OwnAppended, Refusal>>, StorageError> {
        let mut state = self.state();
        Ok(batch.iter().map(|append| state.append_own(append)).collect())
    }

    async fn user_log(
        &self,
        user: &UserId,
        after: UserOffset,
        limit: usize,
    ) -> Result<UserLogPage, StorageError> {
        let state = self.state();
        let (log, gone) = state.users.get(user).map_or((&[][..], 0), |own| (&own.log, own.log_gone));
        let first = usize::try_from(after.get().saturating_sub(gone)).unwrap_or(usize::MAX);
        let entries = log.iter().skip(first).take(limit).cloned().collect();
        let oldest = UserOffset::new(gone + 1).unwrap_or_default();
        Ok(UserLogPage { entries, head: state.user_head(user), oldest })
    }

    async fn blocked(
        &self,
        user: &UserId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<Blocked>, StorageError> {
        let state = self.state();
        let Some(own) = state.users.get(user) else { return Ok(Vec::new()) };
        let wanted = own.blocked.iter().filter(|(user, _)| after.is_none_or(|after| *user > after));
        Ok(wanted.take(limit).map(|(user, ts)| Blocked { user: user.clone(), ts: *ts }).collect())
    }

    async fn pointers(
        &self,
        room: &RoomId,
        thread: Option<Seq>,
        limit: usize,
    ) -> Result<Pointers, StorageError> {
        let state = self.state();
        Ok(state.rooms.get(room).map(|room| room.pointers(thread, limit)).unwrap_or_default())
    }

    async fn last_seen(&self, user: &UserId) -> Result<Option<Timestamp>, StorageError> {
        Ok(self.state().users.get(user).and_then(|own| own.seen))
    }
}

#[async_trait]
impl DeviceStore for MemoryStore {
    async fn devices(&self, users: &[UserId]) -> Result<Vec<Device>, StorageError> {
        Ok(self.state().devices_of(users))
    }
}
