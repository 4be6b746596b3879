//! What an application hears, room by room, and whether the order of it can be true.

use std::collections::BTreeMap;

use chat_client::protocol::{ClientMsgId, Offset, RoomId, RoomState, Seq, UserId};
use chat_client::{ClientEvent, Recovery};
use chat_server_core::storage::LogEntry;

/// One entry of a room's log, as far as an application can tell it from others.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Print {
    Message { seq: Seq, from: UserId, name: Option<ClientMsgId> },
    Edited(Seq),
    Deleted(Seq),
    Reaction(Seq),
    Member(UserId),
    Room,
}

/// All that one client was told of one room.
#[derive(Debug, Default)]
struct Stream {
    /// How far it was told; `None`: the room has not begun.
    at: Option<u64>,
    told: Vec<(u64, Print)>,
}

/// All that one client was told.
#[derive(Debug, Default)]
pub(super) struct View {
    rooms: BTreeMap<RoomId, Stream>,
}

impl View {
    /// Takes in an event.
    ///
    /// # Errors
    /// Why it cannot be.
    pub(super) fn take(&mut self, event: &ClientEvent) -> Result<(), String> {
        match event {
            ClientEvent::Message(message) => {
                let print = Print::Message {
                    seq: message.seq,
                    from: message.from.clone(),
                    name: message.client_msg_id.clone(),
                };
                self.entry(&message.room, message.offset, print)
            }
            ClientEvent::Edited(edited) => self.entry(&edited.room, edited.offset, Print::Edited(edited.seq)),
            ClientEvent::Deleted(deleted) => {
                self.entry(&deleted.room, deleted.offset, Print::Deleted(deleted.seq))
            }
            ClientEvent::Reaction(reaction) => {
                self.entry(&reaction.room, reaction.offset, Print::Reaction(reaction.seq))
            }
            ClientEvent::Member(change) => {
                self.entry(&change.room, change.offset, Print::Member(change.user.clone()))
            }
            ClientEvent::Room(change) => self.entry(&change.room, change.offset, Print::Room),
            ClientEvent::RoomLeft(room) => {
                self.ended(room);
                Ok(())
            }
            ClientEvent::Resumed { room: Some(room), recovery, .. } => self.resumed(room, recovery),
            ClientEvent::Closed { reason } => Err(format!("the session ended: {reason:?}")),
            _ => Ok(()),
        }
    }

    fn entry(&mut self, room: &RoomId, offset: Offset, print: Print) -> Result<(), String> {
        let offset = offset.get();
        let stream = self.rooms.entry(room.clone()).or_default();
        let Some(at) = stream.at.replace(offset) else {
            return Err(format!("{room} told of {offset} before it began"));
        };
        if offset != at + 1 {
            return Err(format!("{room} told of {offset} after {at}"));
        }
        stream.told.push((offset, print));
        Ok(())
    }

    fn resumed(&mut self, room: &RoomId, recovery: &Recovery) -> Result<(), String> {
        let stream = self.rooms.entry(room.clone()).or_default();
        match recovery {
            Recovery::Recovered { .. } if stream.at.is_none() => {
                Err(format!("{room} recovered, and it never began"))
            }
            Recovery::Recovered { .. } => Ok(()),
            Recovery::Snapshot { missed, state } | Recovery::Trimmed { missed, state, .. } => {
                let Some(state) = state else { return Err(format!("{room}: a snapshot without a state")) };
                let to = state.offset.get();
                match (missed, stream.at) {
                    (Some(missed), Some(at)) if at + missed > to => {
                        return Err(format!("{room} went from {at} to {to} and says it missed {missed}"));
                    }
                    _ => {}
                }
                stream.at = Some(to);
                Ok(())
            }
            Recovery::Gone => {
                stream.at = None;
                Ok(())
            }
        }
    }

    /// A room begins with the answer to a `join`, unless it has begun before.
    pub(super) fn joined(&mut self, state: &RoomState) {
        let stream = self.rooms.entry(state.room.clone()).or_default();
        stream.at.get_or_insert(state.offset.get());
    }

    fn ended(&mut self, room: &RoomId) {
        if let Some(stream) = self.rooms.get_mut(room) {
            stream.at = None;
        }
    }

    /// Compares all that was told of a room with its log, whose first entry is number 1.
    ///
    /// # Errors
    /// What was told and is not so, or is so and was not told.
    pub(super) fn check(&self, room: &RoomId, log: &[LogEntry], member: bool) -> Result<(), String> {
        let Some(stream) = self.rooms.get(room) else {
            return if member { Err(format!("{room} was never told of")) } else { Ok(()) };
        };
        for (offset, told) in &stream.told {
            let stored = log.get(usize::try_from(offset - 1).unwrap_or(usize::MAX)).map(print);
            if stored.as_ref() != Some(told) {
                return Err(format!("{room} told {told:?} at {offset}, the log has {stored:?}"));
            }
        }
        let head = log.len() as u64;
        if member && stream.at != Some(head) {
            return Err(format!("{room} was told up to {:?}, its log ends at {head}", stream.at));
        }
        Ok(())
    }
}

fn print(entry: &LogEntry) -> Print {
    match entry {
        LogEntry::Message(stored) => Print::Message {
            seq: stored.message.seq,
            from: stored.message.from.clone(),
            name: stored.message.client_msg_id.clone(),
        },
        LogEntry::Edited(edited) => Print::Edited(edited.seq),
        LogEntry::Deleted(deleted) => Print::Deleted(deleted.seq),
        LogEntry::Reaction(reaction) => Print::Reaction(reaction.seq),
        LogEntry::Member(change) => Print::Member(change.user.clone()),
        LogEntry::Room(_) => Print::Room,
    }
}
