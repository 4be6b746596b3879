//! One room in memory, and how it is read.

use std::collections::BTreeMap;

use chat_protocol::{Access, ClientMsgId, HistoryQuery, Offset, Role, RoomKind, Seq, Timestamp, UserId};

use crate::storage::{Appended, LogEntry, LogPage, StoredMessage};

/// Members by user.
pub(super) type Members = BTreeMap<UserId, Member>;

/// A user's standing in a room.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) role: Role,
    /// Everything up to here is read.
    pub(super) read: Seq,
}

/// What was answered to a message with a `client_msg_id`, and the digest of its body.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) digest: [u8; 16],
    pub(super) answer: Appended,
}

#[derive(Debug)]
pub(super) struct Room {
    pub(super) kind: RoomKind,
    pub(super) access: Access,
    pub(super) access_version: u64,
    pub(super) name: Option<String>,
    pub(super) members: Members,
    /// Entry `i` has offset `i + 1`.
    pub(super) entries: Vec<LogEntry>,
    /// Where in `entries` the messages are: that of number `n` at index `n - 1`.
    pub(super) messages: Vec<usize>,
    pub(super) seq: Seq,
    /// Time of the last change.
    pub(super) ts: Timestamp,
    /// Number of the last change among all of the store: rooms are ordered by it, not by a clock.
    pub(super) active: u64,
    pub(super) sent: BTreeMap<(UserId, ClientMsgId), Sent>,
}

impl Room {
    /// Head of the log.
    pub(super) fn head(&self) -> Offset {
        self.entries.last().map_or(Offset::ZERO, LogEntry::offset)
    }

    /// The messages that `query` chooses, ascending.
    pub(super) fn history(&self, query: HistoryQuery, limit: usize) -> Vec<StoredMessage> {
        let mut chosen = self.stored_after(query.after.unwrap_or(Seq::ZERO));
        if let Some(before) = query.before {
            chosen.retain(|stored| stored.message.seq < before);
        }
        // A page after a cursor begins at it, every other page ends at its own.
        let skipped = if query.after.is_some() { 0 } else { chosen.len().saturating_sub(limit) };
        chosen.into_iter().skip(skipped).take(limit).cloned().collect()
    }

    /// The log after `after`.
    pub(super) fn log(&self, after: Offset, limit: usize) -> LogPage {
        let entries = self.entries.iter().skip(index(after.get())).take(limit).cloned().collect();
        LogPage { entries, head: self.head(), oldest: Offset::ZERO.next() }
    }

    /// Messages of others than `user` after `read`.
    pub(super) fn unread(&self, user: &UserId, read: Seq) -> u64 {
        self.stored_after(read).iter().filter(|stored| stored.message.from != *user).count() as u64
    }

    /// All messages after `seq`, ascending.
    fn stored_after(&self, seq: Seq) -> Vec<&StoredMessage> {
        let places = self.messages.iter().skip(index(seq.get()));
        let messages = places.filter_map(|place| match &self.entries[*place] {
            LogEntry::Message(stored) => Some(stored),
            LogEntry::Member(_) | LogEntry::Room(_) => None,
        });
        messages.collect()
    }
}

/// A number or position as an index: the entry after it has that index.
pub(super) fn index(after: u64) -> usize {
    usize::try_from(after).unwrap_or(usize::MAX)
}
