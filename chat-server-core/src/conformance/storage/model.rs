//! What rooms are to their members, kept as plainly as can be: nothing is counted before it is asked for.

use std::collections::{BTreeMap, BTreeSet};

use chat_protocol::command::SettingsPatch;
use chat_protocol::event::{MemberAction, MemberChanged, RoomChanged};
use chat_protocol::reply::InboxTotals;
use chat_protocol::unread::{Countable, Counts, ReadState, count};
use chat_protocol::{
    Access, HistoryVisibility, Mentions, Offset, Open, Role, RoomId, RoomSettings, RoomState, Seq,
    ThreadState, Timestamp, UserId,
};

use crate::storage::{Append, Appended, Change, LogEntry, OwnAppend, OwnChange, Pointer, RoomView};

struct Said {
    from: UserId,
    thread: Option<Seq>,
    mentions: Option<Mentions>,
    deleted: bool,
    offset: Offset,
}

struct Standing {
    role: Open<Role>,
    joined_seq: Seq,
    joined_offset: Offset,
    read: ReadState,
    threads: BTreeMap<Seq, ReadState>,
    settings: RoomSettings,
    archived_at: Option<Seq>,
    split: Option<Seq>,
}

#[derive(Default)]
struct Room {
    /// What its log says; only `seq`, `offset`, `ts` and what a room entry tells are kept here.
    told: Option<RoomChanged>,
    offset: Offset,
    ts: Timestamp,
    access_version: u64,
    oldest: u64,
    /// The oldest position of the log when no message is kept.
    trimmed_at: Offset,
    said: Vec<Said>,
    members: BTreeMap<UserId, Standing>,
    active: u64,
}

/// All rooms, as they follow from accepted changes and from what these told.
#[derive(Default)]
pub(super) struct Model {
    rooms: BTreeMap<RoomId, Room>,
    hidden: BTreeSet<(UserId, RoomId, Seq)>,
    changes: u64,
}

impl Model {
    /// Takes in a change of a room that was stored.
    pub(super) fn take(&mut self, append: &Append, answer: &Appended) {
        let room = self.rooms.entry(append.room.clone()).or_default();
        room.access_version = answer.access_version;
        if answer.duplicate {
            return;
        }
        // A user may have left nothing in a room but what it hid there.
        if !answer.entries.is_empty() || matches!(append.change, Change::Message(_)) {
            self.changes += 1;
            (room.active, room.offset, room.ts) = (self.changes, answer.offset, answer.ts);
        }
        if let Change::Forget { user, .. } = &append.change {
            self.hidden.retain(|(of, id, _)| (of, id) != (user, &append.room));
        }
        if let Change::Message(new) = &append.change {
            room.said.push(Said {
                from: append.by.clone(),
                thread: new.thread,
                mentions: new.mentions.clone(),
                deleted: false,
                offset: answer.offset,
            });
        }
        for entry in &answer.entries {
            room.replay(entry);
        }
    }

    /// Takes in a change of a user's own that was stored.
    pub(super) fn take_own(&mut self, append: &OwnAppend) {
        let user = &append.user;
        match &append.change {
            OwnChange::Move { room, pointer, thread, seq } => {
                let Some(member) = self.member(room, user) else { return };
                let line = match thread {
                    Some(root) => member.threads.entry(*root).or_default(),
                    None => &mut member.read,
                };
                match pointer {
                    Pointer::Delivered => return,
                    Pointer::Read => line.read = line.read.max(*seq),
                    Pointer::ReadPrivate => line.read_private = line.read_private.max(*seq),
                }
                line.unread_from = None;
            }
            OwnChange::MarkUnread { room, from } => {
                let Some(member) = self.member(room, user) else { return };
                member.read.unread_from = Some(*from);
            }
            OwnChange::Settings { room, patch } => self.set(room, user, patch),
            OwnChange::Split { room, at } => {
                let Some(member) = self.member(room, user) else { return };
                member.split = *at;
            }
            OwnChange::Hide { room, seq } => _ = self.hidden.insert((user.clone(), room.clone(), *seq)),
            OwnChange::Block { .. }
            | OwnChange::Unblock { .. }
            | OwnChange::Seen { .. }
            | OwnChange::Agent { .. }
            | OwnChange::Revoked { .. }
            | OwnChange::Schedule(_)
            | OwnChange::Unschedule { .. }
            | OwnChange::Device { .. }
            | OwnChange::ForgetPush { .. }
            | OwnChange::Forget
            | OwnChange::Erase { .. }
            | OwnChange::Forgotten => {}
        }
    }

    fn member(&mut self, room: &RoomId, user: &UserId) -> Option<&mut Standing> {
        self.rooms.get_mut(room)?.members.get_mut(user)
    }

    fn set(&mut self, room: &RoomId, user: &UserId, patch: &SettingsPatch) {
        let Some(found) = self.rooms.get_mut(room) else { return };
        let head = found.seq();
        let Some(member) = found.members.get_mut(user) else { return };
        patch.mute_until.apply(&mut member.settings.mute_until);
        member.settings.pinned = patch.pinned.unwrap_or(member.settings.pinned);
        if let Some(archived) = patch.archived {
            member.archived_at = archived.then_some(head);
        }
    }

    /// What is unread for a user in one line of a room.
    fn counts(&self, id: &RoomId, user: &UserId, line: Option<Seq>, base: Seq) -> Counts {
        let Some(room) = self.rooms.get(id) else { return Counts::default() };
        let hidden = |seq: Seq| self.hidden.contains(&(user.clone(), id.clone(), seq));
        let kept = room.kept().map(|(seq, said)| Countable {
            seq,
            from: &said.from,
            thread: said.thread,
            mentions: said.mentions.as_ref(),
            gone: said.deleted || hidden(seq),
        });
        count(user, line, base, kept)
    }

    /// A room as a user sees it.
    pub(super) fn view(&self, id: &RoomId, user: &UserId) -> Option<RoomView> {
        let room = self.rooms.get(id)?;
        let (member, told) = (room.members.get(user)?, room.told.as_ref()?);
        let joined = told.history == Some(HistoryVisibility::Joined.into());
        let oldest_seq = room.oldest_seq().max(if joined { member.joined_seq.next() } else { Seq::ZERO });
        let counts = self.counts(id, user, None, member.read.base().max(oldest_seq.previous()));
        let ReadState { read, read_private, unread_from } = member.read;
        let state = RoomState {
            room: id.clone(),
            kind: told.kind.clone(),
            access: told.access.clone().unwrap_or(Access::Open.into()),
            history: told.history.clone().unwrap_or(HistoryVisibility::All.into()),
            info: told.info.clone(),
            role: member.role.clone(),
            seq: room.seq(),
            offset: room.offset,
            oldest_seq,
            members: room.members.len() as u64,
            read,
            unread: counts.unread,
            mentions: counts.mentions,
            read_private: (read_private > read).then_some(read_private),
            unread_from,
            settings: member.settings_at(room.seq()),
            peer: id.peer_of(user),
            desk: told.desk.clone(),
            number: None,
            ts: room.ts,
        };
        let oldest_offset =
            room.oldest_offset().max(if joined { member.joined_offset } else { Offset::ZERO });
        let (access_version, joined_seq, split) = (room.access_version, member.joined_seq, member.split);
        Some(RoomView { state, access_version, oldest_offset, joined_seq, split })
    }

    /// A thread as a user sees it, without others' pointers.
    pub(super) fn thread(&self, id: &RoomId, root: Seq, user: &UserId) -> Option<ThreadState> {
        let room = self.rooms.get(id)?;
        room.kept().find(|(seq, said)| *seq == root && said.thread.is_none())?;
        let member = room.members.get(user);
        let mut read = member.and_then(|member| member.threads.get(&root)).copied().unwrap_or_default();
        read.read = read.read.max(member.map_or(Seq::ZERO, |member| member.joined_seq));
        let replies = room.kept().filter(|(_, said)| said.thread == Some(root) && !said.deleted);
        let unread = self.counts(id, user, Some(root), read.base()).unread;
        let pointers = BTreeMap::new();
        Some(ThreadState { root, count: replies.count() as u64, read: read.base(), unread, pointers })
    }

    /// Number of a room's newest message.
    pub(super) fn head(&self, id: &RoomId) -> u64 {
        self.rooms.get(id).map_or(0, |room| room.said.len() as u64)
    }

    /// Badge counts of a user.
    pub(super) fn totals(&self, user: &UserId, now: Timestamp) -> InboxTotals {
        let mut totals = InboxTotals { unread: 0, mentions: 0, rooms: 0 };
        for view in self.rooms.keys().filter_map(|id| self.view(id, user)) {
            let state = view.state;
            if state.settings.archived {
                continue;
            }
            totals.mentions += state.mentions;
            if state.settings.mute_until.is_none_or(|until| until <= now) {
                totals.unread += state.unread;
                totals.rooms += u64::from(state.unread > 0);
            }
        }
        totals
    }

    /// A user's rooms, the one that changed last first.
    pub(super) fn rooms_of(&self, user: &UserId) -> Vec<RoomId> {
        let mut rooms: Vec<_> =
            self.rooms.iter().filter(|(_, room)| room.members.contains_key(user)).collect();
        rooms.sort_by_key(|(_, room)| std::cmp::Reverse(room.active));
        rooms.into_iter().map(|(id, _)| id.clone()).collect()
    }
}

impl Room {
    fn seq(&self) -> Seq {
        super::words::seq(self.said.len() as u64)
    }

    fn oldest_seq(&self) -> Seq {
        super::words::seq(self.oldest.max(1))
    }

    /// The messages that are not forgotten, with their numbers.
    fn kept(&self) -> impl Iterator<Item = (Seq, &Said)> {
        let all = (1..).map(super::words::seq).zip(&self.said);
        all.filter(|(seq, _)| *seq >= self.oldest_seq())
    }

    fn oldest_offset(&self) -> Offset {
        if self.oldest <= 1 {
            return Offset::ZERO.next();
        }
        self.trimmed_at
    }

    /// Takes in an entry of the log that is no message.
    fn replay(&mut self, entry: &LogEntry) {
        match entry {
            LogEntry::Room(told) => {
                if let Some(oldest) = told.oldest_seq {
                    self.oldest = oldest.get();
                    let first = self.kept().next().map(|(_, said)| said.offset);
                    self.trimmed_at = first.unwrap_or(told.offset);
                    for member in self.members.values_mut() {
                        member.threads.retain(|root, _| *root >= oldest);
                    }
                }
                self.told = Some(told.clone());
            }
            LogEntry::Member(told) => self.replay_member(told),
            LogEntry::Deleted(told) => {
                let index = usize::try_from(told.seq.get()).expect("small") - 1;
                self.said[index].deleted = true;
            }
            LogEntry::Message(_) | LogEntry::Edited(_) | LogEntry::Reaction(_) => {}
        }
    }

    fn replay_member(&mut self, told: &MemberChanged) {
        let seq = self.seq();
        match (told.action.known(), &told.role) {
            (Some(MemberAction::Joined), Some(role)) => {
                let member = Standing {
                    role: role.clone(),
                    joined_seq: seq,
                    joined_offset: told.offset,
                    read: ReadState { read: seq, ..ReadState::default() },
                    threads: BTreeMap::new(),
                    settings: RoomSettings::default(),
                    archived_at: None,
                    split: None,
                };
                self.members.insert(told.user.clone(), member);
            }
            (Some(MemberAction::Left | MemberAction::Kicked), _) => _ = self.members.remove(&told.user),
            (Some(MemberAction::Role), Some(role)) => {
                if let Some(member) = self.members.get_mut(&told.user) {
                    member.role = role.clone();
                }
            }
            _ => {}
        }
    }
}

impl Standing {
    fn settings_at(&self, head: Seq) -> RoomSettings {
        let archived = self.archived_at.is_some_and(|at| at == head);
        RoomSettings { archived, ..self.settings.clone() }
    }
}
