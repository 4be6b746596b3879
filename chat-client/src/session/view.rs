//! What is known of each room: the server's last word, carried on by the events after it.

use std::collections::BTreeMap;

use chat_protocol::event::{MemberAction, MemberChanged, RoomAction, RoomChanged};
use chat_protocol::{Message, Offset, RoomId, RoomSettings, RoomState, Timestamp, UserId};

use super::tally::{Missing, Tally};
use crate::Unread;

#[derive(Debug, Default)]
pub(super) struct Rooms(BTreeMap<RoomId, View>);

#[derive(Debug)]
struct View {
    state: RoomState,
    tally: Tally,
}

/// What counting again has shown.
pub(super) struct Recount {
    /// The counts or pointers, if they are others than before.
    pub(super) changed: Option<Unread>,
    /// What is needed to make them exact.
    pub(super) missing: Option<Missing>,
}

impl Rooms {
    /// Takes the server's word for a room.
    pub(super) fn replace(&mut self, me: &UserId, state: RoomState) {
        match self.0.get_mut(&state.room) {
            Some(view) => {
                view.tally.renew(&state);
                view.state = state;
            }
            None => {
                let tally = Tally::of(me.clone(), &state);
                self.0.insert(state.room.clone(), View { state, tally });
            }
        }
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

    /// A log entry that changes nothing else of the state.
    pub(super) fn touch(&mut self, room: &RoomId, offset: Offset, ts: Timestamp) {
        if let Some(View { state, .. }) = self.0.get_mut(room) {
            (state.offset, state.ts) = (offset, ts);
        }
    }

    pub(super) fn message(&mut self, message: &Message) {
        self.touch(&message.room, message.offset, message.ts);
        if let Some(View { state, .. }) = self.0.get_mut(&message.room) {
            state.seq = message.seq;
            // It was out of the list until the next message, which this is.
            state.settings.archived = false;
        }
    }

    pub(super) fn settings(&mut self, room: &RoomId, settings: &RoomSettings) {
        if let Some(View { state, .. }) = self.0.get_mut(room) {
            state.settings.clone_from(settings);
        }
    }

    pub(super) fn member(&mut self, change: &MemberChanged, me: Option<&UserId>) {
        self.touch(&change.room, change.offset, change.ts);
        let Some(View { state, .. }) = self.0.get_mut(&change.room) else { return };
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

    /// Takes in a change of a room's data; whether the user reads other messages than before, so that its state has to be
    /// read again.
    pub(super) fn room(&mut self, change: &RoomChanged) -> bool {
        self.touch(&change.room, change.offset, change.ts);
        let Some(View { state, tally }) = self.0.get_mut(&change.room) else { return false };
        state.kind.clone_from(&change.kind);
        state.info.clone_from(&change.info);
        state.desk.clone_from(&change.desk);
        if let Some(access) = &change.access {
            state.access.clone_from(access);
        }
        if let Some(oldest) = change.oldest_seq {
            state.oldest_seq = state.oldest_seq.max(oldest);
        }
        if change.action.known() == Some(RoomAction::Trimmed) {
            tally.trimmed(state.oldest_seq);
        }
        let others = change.history.as_ref().is_some_and(|history| *history != state.history);
        if let Some(history) = &change.history {
            state.history.clone_from(history);
        }
        others
    }

    /// Changes what is counted in a room, and counts. `None`: the room is not known.
    pub(super) fn recount(&mut self, room: &RoomId, change: impl FnOnce(&mut Tally)) -> Option<Recount> {
        let View { state, tally } = self.0.get_mut(room)?;
        change(tally);
        let missing = tally.count();
        let (read, counts) = (tally.read, tally.counts);
        let read_private = (read.read_private > read.read).then_some(read.read_private);
        let told = (state.read, state.read_private, state.unread_from, state.unread, state.mentions);
        let now = (read.read, read_private, read.unread_from, counts.unread, counts.mentions);
        (state.read, state.read_private, state.unread_from, state.unread, state.mentions) = now;
        let changed = (told != now).then(|| Unread { room: room.clone(), read, counts });
        Some(Recount { changed, missing })
    }
}
