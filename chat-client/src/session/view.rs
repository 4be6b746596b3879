//! What is known of each room: the server's last word, carried on by the events after it.

use std::collections::{BTreeMap, BTreeSet};

use chat_protocol::event::{MemberAction, MemberChanged, RoomChanged};
use chat_protocol::{Message, RoomId, RoomState, Seq, UserId};

/// Own messages remembered per room, to leave them out of the unread count. Beyond this many after the read
/// pointer the count is too high until the next answer of the server: who wrote a thousand messages has read more
/// than the pointer says anyway.
const MAX_OWN: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Rooms(BTreeMap<RoomId, View>);

#[derive(Debug)]
struct View {
    state: RoomState,
    /// Own messages after the read pointer, of those that came as events.
    own: BTreeSet<Seq>,
}

impl Rooms {
    /// Takes the server's word for a room.
    pub(super) fn replace(&mut self, state: RoomState) {
        self.0.insert(state.room.clone(), View { state, own: BTreeSet::new() });
    }

    /// Forgets a room; whether it was known.
    pub(super) fn forget(&mut self, room: &RoomId) -> bool {
        self.0.remove(room).is_some()
    }

    pub(super) fn get(&self, room: &RoomId) -> Option<&RoomState> {
        self.0.get(room).map(|view| &view.state)
    }

    pub(super) fn all(&self) -> Vec<RoomState> {
        self.0.values().map(|view| view.state.clone()).collect()
    }

    pub(super) fn message(&mut self, message: &Message, me: Option<&UserId>) {
        let Some(view) = self.0.get_mut(&message.room) else { return };
        let state = &mut view.state;
        (state.seq, state.offset, state.ts) = (message.seq, message.offset, message.ts);
        if me != Some(&message.from) {
            state.unread += 1;
            return;
        }
        view.own.insert(message.seq);
        if view.own.len() > MAX_OWN {
            view.own.pop_first();
        }
    }

    pub(super) fn member(&mut self, change: &MemberChanged, me: Option<&UserId>) {
        let Some(View { state, .. }) = self.0.get_mut(&change.room) else { return };
        (state.offset, state.ts) = (change.offset, change.ts);
        match change.action.known() {
            Some(MemberAction::Joined) => state.members = state.members.saturating_add(1),
            Some(MemberAction::Left | MemberAction::Kicked) => {
                state.members = state.members.saturating_sub(1);
            }
            Some(MemberAction::Banned | MemberAction::Unbanned | MemberAction::Role) | None => {}
        }
        if let (true, Some(role)) = (me == Some(&change.user), &change.role) {
            state.role.clone_from(role);
        }
    }

    pub(super) fn room(&mut self, change: &RoomChanged) {
        let Some(View { state, .. }) = self.0.get_mut(&change.room) else { return };
        (state.offset, state.ts) = (change.offset, change.ts);
        state.kind.clone_from(&change.kind);
        state.info.clone_from(&change.info);
        state.desk.clone_from(&change.desk);
        if let Some(access) = &change.access {
            state.access.clone_from(access);
        }
        if let Some(history) = &change.history {
            state.history.clone_from(history);
        }
        if let Some(oldest) = change.oldest_seq {
            state.oldest_seq = state.oldest_seq.max(oldest);
        }
    }

    /// Moves the own read pointer forward and counts again what is unread.
    ///
    /// Which of the messages before the last snapshot are one's own is not known, so within them the count is the
    /// smaller of the two numbers that are certainly not exceeded. At the newest message it is exactly 0.
    pub(super) fn read(&mut self, room: &RoomId, seq: Seq) {
        let Some(View { state, own }) = self.0.get_mut(room) else { return };
        let seq = seq.min(state.seq);
        if seq <= state.read {
            return;
        }
        state.read = seq;
        *own = own.split_off(&seq.next());
        let after = state.seq.get() - seq.get() - own.len() as u64;
        state.unread = state.unread.min(after);
    }
}
