//! One room in memory, and how it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use chat_protocol::unread::{Countable, Counts, ReadState, count};
use chat_protocol::{
    Access, ClientMsgId, Desk, Emoji, HistoryQuery, HistoryVisibility, Message, Offset, ReactionCount,
    Replies, Role, RoomId, RoomInfo, RoomKind, RoomNumber, RoomSettings, RoomState, Seq, ThreadState,
    Timestamp, UserId, limits,
};

use crate::storage::{Appended, BanEntry, LogEntry, LogPage, Pointers, StoredMessage};

/// Members by user.
pub(super) type Members = BTreeMap<UserId, Member>;

/// A user's standing in a room.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) role: Role,
    pub(super) joined_at: Timestamp,
    /// Number of the change that made it a member: who is the longest one.
    pub(super) joined: u64,
    /// Head of the room when it joined.
    pub(super) joined_seq: Seq,
    /// Position of the entry by which it joined.
    pub(super) joined_offset: Offset,
    pub(super) delivered: Seq,
    pub(super) read: ReadState,
    /// What it read in threads since it joined, by the message on which each hangs: see [`in_thread`](Self::in_thread).
    pub(super) threads: BTreeMap<Seq, ReadState>,
    /// Whether it is archived is said by `archived_at`.
    pub(super) settings: RoomSettings,
    /// The newest message when it archived the room.
    pub(super) archived_at: Option<Seq>,
    /// The newest message when its last socket ended.
    pub(super) split: Option<Seq>,
}

/// A message and the reactions to it, oldest first.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) stored: StoredMessage,
    pub(super) reactions: Vec<(Emoji, UserId)>,
    /// It was forgotten with its author.
    pub(super) erased: bool,
}

/// An entry of the log.
#[derive(Debug)]
pub(super) enum Entry {
    /// The message of that number.
    Message(Seq),
    /// Anything else, as it was told.
    Other(Box<LogEntry>),
}

/// What was answered to a message with a `client_msg_id`, and the digest of its body.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) digest: [u8; 16],
    pub(super) answer: Appended,
}

#[derive(Debug)]
pub(super) struct Room {
    pub(super) id: RoomId,
    pub(super) kind: RoomKind,
    pub(super) access: Access,
    pub(super) history: HistoryVisibility,
    pub(super) access_version: u64,
    pub(super) info: RoomInfo,
    pub(super) desk: Option<Desk>,
    pub(super) number: Option<RoomNumber>,
    pub(super) key: u128,
    pub(super) alias: Option<String>,
    /// Number of the change that made it.
    pub(super) made: u64,
    pub(super) created_at: Timestamp,
    /// When its own data were last changed.
    pub(super) updated_at: Timestamp,
    pub(super) members: Members,
    pub(super) bans: BTreeMap<UserId, BanEntry>,
    /// The log, each entry with its number among all of the store's.
    pub(super) entries: BTreeMap<Offset, (u64, Entry)>,
    pub(super) messages: BTreeMap<Seq, Stored>,
    pub(super) offset: Offset,
    pub(super) oldest_offset: Offset,
    pub(super) seq: Seq,
    pub(super) oldest_seq: Seq,
    /// Time of the last change.
    pub(super) ts: Timestamp,
    /// Number of the last change among all of the store: rooms are ordered by it, not by a clock.
    pub(super) active: u64,
    pub(super) sent: BTreeMap<(UserId, ClientMsgId), Sent>,
}

impl Room {
    /// Writes the next entry of the log.
    pub(super) fn log(&mut self, entry: Entry) -> Offset {
        self.offset = self.offset.next();
        self.entries.insert(self.offset, (self.active, entry));
        self.offset
    }

    /// An entry of the log as it is told now; none where it was forgotten.
    pub(super) fn entry(&self, at: Offset) -> Option<LogEntry> {
        self.told(&self.entries.get(&at)?.1)
    }

    /// Messages that are there, ascending.
    pub(super) fn stored(&self) -> impl Iterator<Item = &StoredMessage> {
        self.messages.values().map(|stored| &stored.stored)
    }

    /// The message, if it is there and not deleted.
    pub(super) fn live(&mut self, seq: Seq) -> Option<&mut Stored> {
        self.messages.get_mut(&seq).filter(|stored| stored.stored.message.deleted_at.is_none())
    }

    /// The messages that are chosen, ascending.
    pub(super) fn page(&self, thread: Option<Seq>, query: HistoryQuery, limit: usize) -> Vec<StoredMessage> {
        let after = Bound::Excluded(query.after.unwrap_or(Seq::ZERO));
        let chosen = self.messages.range((after, Bound::Unbounded)).map(|(_, stored)| stored);
        let chosen: Vec<_> = chosen
            .filter(|stored| query.before.is_none_or(|before| stored.stored.message.seq < before))
            .filter(|stored| thread.is_none() || stored.stored.message.thread == thread)
            .collect();
        // A page after a cursor begins at it, every other page ends at its own.
        let skipped = if query.after.is_some() { 0 } else { chosen.len().saturating_sub(limit) };
        chosen.into_iter().skip(skipped).take(limit).map(|stored| self.summed(stored)).collect()
    }

    /// A message as history shows it.
    fn summed(&self, stored: &Stored) -> StoredMessage {
        let seq = stored.stored.message.seq;
        let message = Message {
            reactions: sum(&stored.reactions),
            replies: self.replies(seq),
            ..stored.stored.message.clone()
        };
        StoredMessage { message, num: stored.stored.num, key: stored.stored.key }
    }

    /// The replies that hang on a message and are there.
    fn replies(&self, root: Seq) -> Option<Replies> {
        let live = |stored: &&Stored| {
            stored.stored.message.thread == Some(root) && stored.stored.message.deleted_at.is_none()
        };
        let replies: Vec<_> = self.messages.range(root..).map(|(_, stored)| stored).filter(live).collect();
        let last_seq = replies.last()?.stored.message.seq;
        Some(Replies { count: replies.len() as u64, last_seq })
    }

    /// The newest message of the main line.
    pub(super) fn newest(&self) -> Option<StoredMessage> {
        let mut newest_first = self.messages.values().rev();
        newest_first.find(|stored| stored.stored.message.thread.is_none()).map(|stored| self.summed(stored))
    }

    /// A thread as a member sees it.
    pub(super) fn thread(&self, root: Seq, user: &UserId, hidden: &BTreeSet<Seq>) -> Option<ThreadState> {
        self.messages.get(&root).filter(|stored| stored.stored.message.thread.is_none())?;
        let read = self.members.get(user).map(|member| member.in_thread(root)).unwrap_or_default();
        Some(ThreadState {
            root,
            count: self.replies(root).map_or(0, |replies| replies.count),
            read: read.base(),
            unread: self.counts(user, Some(root), read.base(), hidden).unread,
            pointers: BTreeMap::new(),
        })
    }

    /// The log after `after`.
    pub(super) fn log_after(&self, after: Offset, limit: usize) -> LogPage {
        let entries = self.entries.range((Bound::Excluded(after), Bound::Unbounded)).take(limit);
        let entries = entries.filter_map(|(_, (_, entry))| self.told(entry)).collect();
        LogPage { entries, head: self.offset, oldest: self.oldest_offset }
    }

    /// What an entry says now.
    fn told(&self, entry: &Entry) -> Option<LogEntry> {
        let other = match entry {
            Entry::Message(seq) => return Some(LogEntry::Message(self.messages.get(seq)?.stored.clone())),
            Entry::Other(other) => LogEntry::clone(other),
        };
        Some(match other {
            LogEntry::Edited(mut edited) => {
                let now = self.messages.get(&edited.seq).map(|stored| &stored.stored.message);
                let now = now.filter(|message| message.deleted_at.is_none());
                edited.content = now.map(|message| message.content.clone());
                LogEntry::Edited(edited)
            }
            LogEntry::Reaction(mut reaction) => {
                reaction.count = self.reacted(reaction.seq, &reaction.emoji);
                LogEntry::Reaction(reaction)
            }
            other => other,
        })
    }

    /// How many have a reaction to a message.
    pub(super) fn reacted(&self, seq: Seq, emoji: &Emoji) -> u64 {
        let reactions = self.messages.get(&seq).map_or(&[][..], |stored| &stored.reactions);
        reactions.iter().filter(|(present, _)| present == emoji).count() as u64
    }

    /// What is unread for a member in the main line. What was before its time can be marked unread, and is nothing that it
    /// could read.
    pub(super) fn unread(&self, user: &UserId, member: &Member, hidden: &BTreeSet<Seq>) -> Counts {
        let base = member.read.base().max(self.oldest_for(Some(member)).previous());
        self.counts(user, None, base, hidden)
    }

    /// What is unread for a member in one line, after `base`.
    fn counts(&self, user: &UserId, line: Option<Seq>, base: Seq, hidden: &BTreeSet<Seq>) -> Counts {
        let unread = self.messages.range((Bound::Excluded(base), Bound::Unbounded));
        let messages = unread.map(|(_, stored)| {
            let Message { seq, from, thread, mentions, deleted_at, .. } = &stored.stored.message;
            let gone = deleted_at.is_some() || hidden.contains(seq);
            Countable { seq: *seq, from, thread: *thread, mentions: mentions.as_ref(), gone }
        });
        count(user, line, base, messages)
    }

    /// Number of the oldest message that a member can read.
    pub(super) fn oldest_for(&self, member: Option<&Member>) -> Seq {
        match (self.history, member) {
            (HistoryVisibility::Joined, Some(member)) => self.oldest_seq.max(member.joined_seq.next()),
            _ => self.oldest_seq,
        }
    }

    /// The first position of the log that a member may read.
    pub(super) fn oldest_offset_for(&self, member: &Member) -> Offset {
        match self.history {
            HistoryVisibility::Joined => self.oldest_offset.max(member.joined_offset),
            HistoryVisibility::All => self.oldest_offset,
        }
    }

    /// The room as a member sees it.
    pub(super) fn state(&self, user: &UserId, member: &Member, hidden: &BTreeSet<Seq>) -> RoomState {
        let counts = self.unread(user, member, hidden);
        let ReadState { read, read_private, unread_from } = member.read;
        RoomState {
            history: self.history.into(),
            info: self.info.clone(),
            seq: self.seq,
            offset: self.offset,
            oldest_seq: self.oldest_for(Some(member)),
            members: self.members.len() as u64,
            read,
            unread: counts.unread,
            mentions: counts.mentions,
            read_private: (read_private > read).then_some(read_private),
            unread_from,
            settings: member.settings_at(self.seq),
            desk: self.desk.clone(),
            number: self.number,
            ts: self.ts,
            ..RoomState::new(self.id.clone(), user, self.kind, self.access, member.role)
        }
    }

    /// Whether it is a desk, and the user its client.
    pub(super) fn is_client(&self, user: &UserId) -> bool {
        self.kind == RoomKind::Desk && self.desk.as_ref().is_some_and(|desk| desk.client == *user)
    }

    /// The system, as if it were a member.
    pub(super) fn system(&self) -> Member {
        Member {
            role: Role::Owner,
            joined_at: self.ts,
            joined: 0,
            joined_seq: Seq::ZERO,
            joined_offset: Offset::ZERO,
            delivered: self.seq,
            read: ReadState { read: self.seq, ..ReadState::default() },
            threads: BTreeMap::new(),
            settings: RoomSettings::default(),
            archived_at: None,
            split: None,
        }
    }

    /// Others' pointers in the room or a thread, furthest first.
    pub(super) fn pointers(&self, thread: Option<Seq>, limit: usize) -> Pointers {
        let of = |member: &Member| match thread {
            None => (member.read.read, member.delivered),
            Some(root) => (member.threads.get(&root).copied().unwrap_or_default().read, Seq::ZERO),
        };
        let mut all: Vec<_> = self.members.iter().map(|(user, member)| (user, of(member))).collect();
        all.retain(|(_, (read, delivered))| *read.max(delivered) > Seq::ZERO);
        all.sort_by_key(|(_, pointers)| std::cmp::Reverse(*pointers));
        all.truncate(limit);
        let mut pointers = Pointers::default();
        for (user, (read, delivered)) in all {
            if read > Seq::ZERO {
                pointers.read.insert(user.clone(), read);
            }
            if delivered > read {
                pointers.delivered.insert(user.clone(), delivered);
            }
        }
        pointers
    }
}

/// Reactions summed up: each stands where its oldest does.
fn sum(reactions: &[(Emoji, UserId)]) -> Vec<ReactionCount> {
    let mut sums: Vec<ReactionCount> = Vec::new();
    for (emoji, user) in reactions {
        let place = sums.iter().position(|sum| sum.emoji == *emoji).unwrap_or_else(|| {
            sums.push(ReactionCount { emoji: emoji.clone(), count: 0, users: Vec::new() });
            sums.len() - 1
        });
        sums[place].count += 1;
        if sums[place].users.len() < limits::MAX_REACTION_USERS {
            sums[place].users.push(user.clone());
        }
    }
    sums
}
