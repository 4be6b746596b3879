//! What is true at the end of a run: all that the store has, read past the server.

use std::collections::{BTreeMap, BTreeSet};

use chat_client::protocol::event::{UserChange, UserChanged};
use chat_client::protocol::unread::{Countable, Counts, ReadState, count};
use chat_client::protocol::{
    ClientMsgId, Command as Wire, Message, Offset, RoomId, RoomState, Seq, UserId, UserOffset,
};
use chat_server_core::storage::{LogEntry, MessageStore, UserLog};

use super::plan::{ROOMS, USERS};
use super::server::Disk;
use super::steps;

/// More entries than any log of a run has.
const WHOLE_LOG: usize = 10_000;

/// All that the store has, as clients are compared with it.
pub(super) struct Truth {
    pub(super) logs: BTreeMap<RoomId, Vec<LogEntry>>,
    /// Each user's own log.
    pub(super) own: BTreeMap<UserId, Vec<UserChanged>>,
    /// Each message by room, author and name; all of them where there are several.
    pub(super) messages: BTreeMap<(RoomId, UserId, ClientMsgId), Vec<Message>>,
    pub(super) deleted: BTreeSet<(RoomId, Seq)>,
    /// Messages that do not say what they once said.
    pub(super) changed: BTreeSet<(RoomId, Seq)>,
}

impl Truth {
    /// Reads it.
    ///
    /// # Errors
    /// What cannot be, whatever the clients know.
    pub(super) async fn read(disk: &Disk) -> Result<Self, String> {
        let mut truth = Self {
            logs: BTreeMap::new(),
            own: BTreeMap::new(),
            messages: BTreeMap::new(),
            deleted: BTreeSet::new(),
            changed: BTreeSet::new(),
        };
        for index in 0..ROOMS.len() {
            let room = steps::room(index);
            let page = disk.store.log(&room, Offset::ZERO, WHOLE_LOG).await;
            let page = page.map_err(|error| error.to_string())?.ok_or_else(|| format!("{room} is gone"))?;
            truth.take(&room, &page.entries)?;
            truth.logs.insert(room, page.entries);
        }
        for name in USERS {
            let user = steps::user(name);
            let page = disk.store.user_log(&user, UserOffset::ZERO, WHOLE_LOG).await;
            truth.own.insert(user, page.map_err(|error| error.to_string())?.entries);
        }
        Ok(truth)
    }

    fn take(&mut self, room: &RoomId, log: &[LogEntry]) -> Result<(), String> {
        let mut last = Seq::ZERO;
        for entry in log {
            match entry {
                LogEntry::Message(stored) => {
                    let message = &stored.message;
                    let Some(name) = message.client_msg_id.clone() else {
                        return Err(format!("number {} of {room} has no name", message.seq));
                    };
                    if message.seq != last.next() {
                        return Err(format!("number {} of {room} comes after {last}", message.seq));
                    }
                    last = message.seq;
                    let key = (room.clone(), message.from.clone(), name);
                    self.messages.entry(key).or_default().push(message.clone());
                }
                LogEntry::Edited(edited) => _ = self.changed.insert((room.clone(), edited.seq)),
                LogEntry::Deleted(deleted) => {
                    self.deleted.insert((room.clone(), deleted.seq));
                    self.changed.insert((room.clone(), deleted.seq));
                }
                LogEntry::Reaction(_) | LogEntry::Member(_) | LogEntry::Room(_) => {}
            }
        }
        Ok(())
    }

    /// What the rule of the protocol counts in a room, of which the user has read so much.
    pub(super) fn count(&self, user: &UserId, state: &RoomState) -> Counts {
        let hidden = |entry: &UserChanged| match &entry.change {
            UserChange::Hidden { room, seq, .. } if *room == state.room => Some(*seq),
            _ => None,
        };
        let log = self.logs.get(&state.room).map(Vec::as_slice).unwrap_or_default();
        let deleted = self.deleted.iter().filter(|(room, _)| *room == state.room).map(|(_, seq)| *seq);
        let own = self.own.get(user).map(Vec::as_slice).unwrap_or_default();
        let gone: BTreeSet<Seq> = own.iter().filter_map(hidden).chain(deleted).collect();
        let messages = log.iter().filter_map(|entry| match entry {
            LogEntry::Message(stored) => Some(&stored.message),
            _ => None,
        });
        let countable = messages.map(|message| Countable {
            seq: message.seq,
            from: &message.from,
            thread: message.thread,
            mentions: message.mentions.as_ref(),
            gone: gone.contains(&message.seq),
        });
        let read = ReadState {
            read: state.read,
            read_private: state.read_private.unwrap_or_default(),
            unread_from: state.unread_from,
        };
        count(user, None, read.base(), countable)
    }

    /// Whether the logs have what a user's command does.
    pub(super) fn has(&self, user: &UserId, command: &Wire) -> bool {
        let logged = |room: &RoomId, is: &dyn Fn(&LogEntry) -> bool| {
            self.logs.get(room).is_some_and(|log| log.iter().any(is))
        };
        let own = |is: &dyn Fn(&UserChange) -> bool| {
            self.own.get(user).is_some_and(|log| log.iter().any(|entry| is(&entry.change)))
        };
        match command {
            Wire::Edit(edit) => logged(
                &edit.room,
                &|entry| matches!(entry, LogEntry::Edited(edited) if edited.seq == edit.seq),
            ),
            Wire::Delete(delete) if delete.for_me => own(
                &|change| matches!(change, UserChange::Hidden { room, seq, .. } if *room == delete.room && *seq == delete.seq),
            ),
            Wire::Delete(delete) => logged(
                &delete.room,
                &|entry| matches!(entry, LogEntry::Deleted(deleted) if deleted.seq == delete.seq),
            ),
            Wire::React(react) => logged(
                &react.room,
                &|entry| matches!(entry, LogEntry::Reaction(reaction) if reaction.seq == react.seq && reaction.from == *user),
            ),
            Wire::MarkUnread(mark) => own(
                &|change| matches!(change, UserChange::MarkedUnread { room, unread_from } if *room == mark.room && *unread_from == mark.seq),
            ),
            _ => true,
        }
    }
}
