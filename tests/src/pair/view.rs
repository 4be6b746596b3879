//! What an application hears, room by room, and whether the order of it can be true.

use std::collections::BTreeMap;

use chat_client::protocol::event::UserChanged;
use chat_client::protocol::{
    ClientMsgId, Content, Mentions, Message, Offset, RoomId, RoomState, Seq, Timestamp, UserId,
};
use chat_client::{ClientEvent, Recovery};
use chat_server_core::storage::LogEntry;

use super::truth::Truth;

/// One entry of a room's log, as far as an application can tell it from others.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Print {
    Message { seq: Seq, from: UserId, name: Option<ClientMsgId>, said: Said },
    Edited(Seq),
    Deleted(Seq),
    Reaction(Seq),
    Member(UserId),
    Room,
}

/// What a message says, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    content: Content,
    thread: Option<Seq>,
    mentions: Option<Mentions>,
    ts: Timestamp,
}

impl Print {
    fn of(message: &Message) -> Self {
        let said = Said {
            content: message.content.clone(),
            thread: message.thread,
            mentions: message.mentions.clone(),
            ts: message.ts,
        };
        let name = message.client_msg_id.clone();
        Self::Message { seq: message.seq, from: message.from.clone(), name, said }
    }

    /// Without what an edit or a deletion changes.
    fn without_text(self) -> Self {
        match self {
            Self::Message { seq, from, name, said } => {
                Self::Message { seq, from, name, said: Said { content: Content::plain(""), ..said } }
            }
            other => other,
        }
    }
}

/// All that one client was told of one room.
#[derive(Debug, Default)]
struct Stream {
    /// How far it was told; `None`: the room has not begun.
    at: Option<u64>,
    told: Vec<(u64, Print)>,
}

/// All that one client was told of its user's own log.
#[derive(Debug, Default)]
struct Own {
    /// How far it was told; `None`: an application does not know.
    at: Option<u64>,
    told: Vec<UserChanged>,
}

/// All that one client was told.
#[derive(Debug, Default)]
pub(super) struct View {
    own: Own,
    rooms: BTreeMap<RoomId, Stream>,
}

impl View {
    /// Takes in an event.
    ///
    /// # Errors
    /// Why it cannot be.
    pub(super) fn take(&mut self, event: &ClientEvent) -> Result<(), String> {
        match event {
            ClientEvent::Message(message) => self.entry(&message.room, message.offset, Print::of(message)),
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
                self.own.passes();
                self.ended(room);
                Ok(())
            }
            ClientEvent::RoomJoined(_) => {
                self.own.passes();
                Ok(())
            }
            ClientEvent::User(change) => self.own.entry(change),
            ClientEvent::Resumed { room: None, recovery, .. } => {
                if !matches!(recovery, Recovery::Recovered { .. }) {
                    self.own.at = None;
                }
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
                    (Some(missed), Some(at)) if at + missed != to => {
                        return Err(format!("{room} went from {at} to {to} and says it missed {missed}"));
                    }
                    (None, Some(at)) if at > to => {
                        return Err(format!("{room} went back from {at} to {to}"));
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

    /// The newest message of others that was told of a room.
    pub(super) fn heard(&self, room: &RoomId, me: &UserId) -> Option<Seq> {
        let told = self.rooms.get(room).map(|stream| stream.told.as_slice()).unwrap_or_default();
        let others = told.iter().filter_map(|(_, print)| match print {
            Print::Message { seq, from, .. } if from != me => Some(*seq),
            _ => None,
        });
        others.max()
    }

    /// Compares all that was told of a room with its log, whose first entry is number 1.
    ///
    /// # Errors
    /// What was told and is not so, or is so and was not told.
    pub(super) fn check(&self, room: &RoomId, truth: &Truth, member: bool) -> Result<(), String> {
        let log = &truth.logs[room];
        let Some(stream) = self.rooms.get(room) else {
            return if member { Err(format!("{room} was never told of")) } else { Ok(()) };
        };
        for (offset, told) in &stream.told {
            let stored = log.get(usize::try_from(offset - 1).unwrap_or(usize::MAX)).map(print);
            let changed =
                matches!(told, Print::Message { seq, .. } if truth.changed.contains(&(room.clone(), *seq)));
            let same = match changed {
                true => stored.clone().map(Print::without_text) == Some(told.clone().without_text()),
                false => stored.as_ref() == Some(told),
            };
            if !same {
                return Err(format!("{room} told {told:?} at {offset}, the log has {stored:?}"));
            }
        }
        let head = log.len() as u64;
        if member && stream.at != Some(head) {
            return Err(format!("{room} was told up to {:?}, its log ends at {head}", stream.at));
        }
        Ok(())
    }

    /// Compares all that was told of the user's own log with it.
    ///
    /// # Errors
    /// What was told and is not so, or is so and was not told.
    pub(super) fn check_own(&self, log: &[UserChanged]) -> Result<(), String> {
        for told in &self.own.told {
            let stored = log.iter().find(|entry| entry.user_offset == told.user_offset);
            if stored != Some(told) {
                return Err(format!("its own log told {told:?}, and has {stored:?}"));
            }
        }
        let head = log.last().map(|entry| entry.user_offset.get());
        match self.own.at {
            Some(at) if Some(at) != head => {
                Err(format!("its own log was told up to {at}, and ends at {head:?}"))
            }
            _ => Ok(()),
        }
    }
}

impl Own {
    fn entry(&mut self, change: &UserChanged) -> Result<(), String> {
        let offset = change.user_offset.get();
        self.told.push(change.clone());
        match self.at.replace(offset) {
            Some(at) if offset != at + 1 => Err(format!("its own log told of {offset} after {at}")),
            _ => Ok(()),
        }
    }

    /// An entry that is told without its number.
    fn passes(&mut self) {
        self.at = self.at.map(|at| at + 1);
    }
}

fn print(entry: &LogEntry) -> Print {
    match entry {
        LogEntry::Message(stored) => Print::of(&stored.message),
        LogEntry::Edited(edited) => Print::Edited(edited.seq),
        LogEntry::Deleted(deleted) => Print::Deleted(deleted.seq),
        LogEntry::Reaction(reaction) => Print::Reaction(reaction.seq),
        LogEntry::Member(change) => Print::Member(change.user.clone()),
        LogEntry::Room(_) => Print::Room,
    }
}
