//! A client at its most naive: it takes a snapshot, keeps everything and counts by looking.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_protocol::event::{
    Deleted, MemberAction, MemberChanged, Outcome, Reaction, ReactionAction, Reads, RoomChanged, UserChange,
};
use chat_protocol::reply::{BannedUser, InboxTotals};
use chat_protocol::unread::{Countable, Counts, ReadState, count};
use chat_protocol::{
    Content, Event, Member, Message, Offset, ReactionCount, Replies, RoomId, Seq, ThreadState, Timestamp,
    UserId, UserOffset,
};
use chat_server_core::ChatServer;
use chat_server_core::storage::{RoomsQuery, SharedStorage};

use super::view::{RoomSeen, View, forget_early, manages};
use crate::peer::Peer;

/// One user's device that stays.
pub(super) struct Follower {
    pub(super) user: UserId,
    pub(super) view: View,
    peer: Peer,
    user_offset: UserOffset,
    /// The rooms, the one that changed last first. Not by their times: those of two rooms may be a moment off, because
    /// time is taken before a change is in its place.
    active: Vec<RoomId>,
    /// Rooms of which only a new snapshot says all.
    stale: BTreeSet<RoomId>,
    /// Rooms of which another part can be read than before: their state and messages are asked for again.
    reread: BTreeSet<RoomId>,
}

impl Follower {
    pub(super) async fn begin(server: &ChatServer, storage: &SharedStorage, user: &str) -> Self {
        let user = UserId::new(user).unwrap();
        let peer = Peer::log_in(server, user.as_str()).await;
        let user_offset = storage.user_log(&user, UserOffset::ZERO, 0).await.unwrap().head;
        let (view, active) = (View::of(server, &user).await, active(storage, &user).await);
        Self { view, peer, user_offset, active, stale: BTreeSet::new(), reread: BTreeSet::new(), user }
    }

    /// What it shows, with everything that follows from what is known.
    pub(super) fn shown(&self) -> View {
        self.view.shown(&self.active)
    }

    /// Takes in all that is on its way. What only a new snapshot says is asked for then, when all is quiet.
    pub(super) async fn settle(&mut self, server: &ChatServer, storage: &SharedStorage) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        loop {
            self.peer.say(r#"{"ping":{"id":"p"}}"#).await;
            for event in self.peer.until(|event| matches!(event, Event::Pong(_))).await {
                self.take(event);
            }
            if self.is_there(storage).await {
                break;
            }
            assert!(tokio::time::Instant::now() < deadline, "{} hears no more: {:?}", self.user, self.view);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if !self.stale.is_empty() || !self.reread.is_empty() {
            let fresh = View::of(server, &self.user).await;
            self.active = active(storage, &self.user).await;
            for room in std::mem::take(&mut self.reread) {
                if let Some(seen) = self.view.rooms.get_mut(&room) {
                    seen.reread(fresh.rooms[&room].clone());
                }
            }
            for room in std::mem::take(&mut self.stale) {
                self.view.rooms.insert(room.clone(), fresh.rooms[&room].clone());
            }
        }
    }

    /// Whether it stands at the heads of all its logs.
    async fn is_there(&self, storage: &SharedStorage) -> bool {
        let rooms = storage.rooms_of(&self.user, RoomsQuery::default(), 100).await.unwrap();
        let mut there = rooms.len() == self.view.rooms.len();
        for (room, _) in rooms {
            let standing = storage.standing(&room, &self.user).await.unwrap().unwrap();
            there &= self.view.rooms.get(&room).is_some_and(|seen| seen.state.offset == standing.offset);
        }
        there && storage.user_log(&self.user, UserOffset::ZERO, 0).await.unwrap().head == self.user_offset
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Message(message) => {
                if let Some(seen) = self.entry(&message.room, message.offset, message.ts) {
                    seen.state.seq = message.seq;
                    seen.state.settings.archived = false;
                    seen.messages.insert(message.seq, message);
                }
            }
            Event::Edited(edited) => {
                let Some(seen) = self.entry(&edited.room, edited.offset, edited.ts) else { return };
                if let (Some(message), Some(content)) = (seen.messages.get_mut(&edited.seq), edited.content) {
                    (message.content, message.edited_at) = (content, Some(edited.ts));
                }
            }
            Event::Deleted(deleted) => {
                if let Some(seen) = self.entry(&deleted.room, deleted.offset, deleted.ts) {
                    seen.delete(&deleted);
                }
            }
            Event::Reaction(reaction) => {
                let me = self.user.clone();
                if let Some(seen) = self.entry(&reaction.room, reaction.offset, reaction.ts) {
                    seen.react(&reaction, &me);
                }
            }
            Event::Member(changed) => {
                let me = self.user.clone();
                if let Some(seen) = self.entry(&changed.room, changed.offset, changed.ts) {
                    seen.member(&changed, &me);
                    // The list of the banned is the managers' alone: who becomes one asks for it.
                    if changed.user == me && changed.action == MemberAction::Role && manages(&seen.state) {
                        self.stale.insert(changed.room);
                    }
                }
            }
            Event::Room(changed) => self.room(changed),
            Event::User(changed) => {
                assert_eq!(changed.user_offset, self.user_offset.next(), "the own log has no hole");
                self.user_offset = changed.user_offset;
                self.own(changed.change);
            }
            Event::Reads(reads) => {
                if let Some(seen) = self.view.rooms.get_mut(&reads.room) {
                    seen.reads(reads);
                }
            }
            Event::Resumed(word) => {
                let room = word.room.expect("the own log is resumed once, at the beginning");
                match word.state {
                    // A room gained: only where it stands matters until its snapshot is taken.
                    Some(state) => {
                        self.view.rooms.insert(room.clone(), RoomSeen::bare(*state));
                        self.stale.insert(room);
                    }
                    // Gained and lost again before it could be followed.
                    None => {
                        assert_eq!(word.outcome, Outcome::Gone);
                        self.forget(&room);
                    }
                }
            }
            Event::Pres(_) | Event::Pong(_) => {}
            other => panic!("nobody said so: {other:?}"),
        }
    }

    /// The room of a log's entry, which must be the next one; none when the room is left already.
    fn entry(&mut self, room: &RoomId, offset: Offset, ts: Timestamp) -> Option<&mut RoomSeen> {
        let seen = self.view.rooms.get_mut(room)?;
        assert_eq!(offset, seen.state.offset.next(), "the log of {room} has no hole");
        (seen.state.offset, seen.state.ts) = (offset, ts);
        self.active.retain(|other| other != room);
        self.active.insert(0, room.clone());
        Some(seen)
    }

    fn room(&mut self, changed: RoomChanged) {
        let Some(seen) = self.entry(&changed.room, changed.offset, changed.ts) else { return };
        let state = &mut seen.state;
        (state.kind, state.info, state.desk) = (changed.kind, changed.info, changed.desk);
        state.access = changed.access.unwrap_or(state.access.clone());
        let history = changed.history.unwrap_or(state.history.clone());
        if history != state.history {
            // As the packet's documentation says.
            self.reread.insert(changed.room);
        }
    }

    fn forget(&mut self, room: &RoomId) {
        self.view.rooms.remove(room);
        self.active.retain(|other| other != room);
        self.stale.remove(room);
        self.reread.remove(room);
    }

    fn own(&mut self, change: UserChange) {
        if let UserChange::RoomLeft { room } = &change {
            self.forget(room);
        }
        match &change {
            UserChange::Blocked { user } => _ = self.view.blocks.insert(user.clone()),
            UserChange::Unblocked { user } => _ = self.view.blocks.remove(user),
            _ => {}
        }
        let Some(seen) = change.room().and_then(|room| self.view.rooms.get_mut(room)) else { return };
        match change {
            UserChange::Read { read, thread: None, .. } => {
                (seen.state.read, seen.state.unread_from) = (read, None);
            }
            UserChange::ReadPrivate { read, thread: None, .. } => {
                (seen.state.read_private, seen.state.unread_from) = (Some(read), None);
            }
            UserChange::Read { read, thread: Some(root), .. }
            | UserChange::ReadPrivate { read, thread: Some(root), .. } => {
                let thread = seen.thread(root);
                thread.read = thread.read.max(read);
            }
            UserChange::MarkedUnread { unread_from, .. } => seen.state.unread_from = Some(unread_from),
            UserChange::Settings { settings, .. } => seen.state.settings = settings,
            UserChange::Hidden { seq, .. } => _ = seen.hidden.insert(seq),
            _ => {}
        }
    }
}

/// A user's rooms by activity, which an inbox with pinned rooms does not say.
async fn active(storage: &SharedStorage, user: &UserId) -> Vec<RoomId> {
    let rooms = storage.rooms_of(user, RoomsQuery::default(), 100).await.unwrap();
    rooms.into_iter().map(|(room, _)| room).collect()
}

impl RoomSeen {
    /// Takes what is asked for again when another part of the room can be read: its state, with the message that the inbox
    /// shows, and its messages with what is known of each.
    fn reread(&mut self, fresh: Self) {
        let Self { state, last, messages, mine, hidden, threads, .. } = fresh;
        (self.state, self.last, self.messages) = (state, last, messages);
        (self.mine, self.hidden) = (mine, hidden);
        // How far one has read in a thread without replies is told by none.
        self.threads.extend(threads);
    }

    /// A room of which nothing but the state is known.
    fn bare(state: chat_protocol::RoomState) -> Self {
        Self {
            state,
            last: None,
            members: BTreeMap::new(),
            banned: BTreeMap::new(),
            messages: BTreeMap::new(),
            mine: BTreeSet::new(),
            hidden: BTreeSet::new(),
            threads: BTreeMap::new(),
            read: BTreeMap::new(),
            delivered: BTreeMap::new(),
        }
    }

    fn thread(&mut self, root: Seq) -> &mut ThreadState {
        let new = || ThreadState { root, count: 0, read: Seq::ZERO, unread: 0, pointers: BTreeMap::new() };
        self.threads.entry(root).or_insert_with(new)
    }

    fn delete(&mut self, deleted: &Deleted) {
        if let Some(message) = self.messages.get_mut(&deleted.seq) {
            (message.content, message.deleted_at) = (Content::plain(""), Some(deleted.ts));
            message.reactions.clear();
        }
        self.mine.retain(|(seq, _)| *seq != deleted.seq);
    }

    fn react(&mut self, reaction: &Reaction, me: &UserId) {
        let Some(message) = self.messages.get_mut(&reaction.seq) else { return };
        let Reaction { emoji, from, count, .. } = reaction;
        let place = message.reactions.iter().position(|one| one.emoji == *emoji).unwrap_or_else(|| {
            message.reactions.push(ReactionCount { emoji: emoji.clone(), count: 0, users: Vec::new() });
            message.reactions.len() - 1
        });
        let one = &mut message.reactions[place];
        one.users.retain(|user| user != from);
        let mine = (reaction.seq, emoji.clone());
        if reaction.action == ReactionAction::Added {
            one.users.push(from.clone());
            one.users.sort();
            self.mine.extend((from == me).then_some(mine));
        } else if from == me {
            self.mine.remove(&mine);
        }
        one.count = *count;
        message.reactions.retain(|one| one.count > 0);
        message.reactions.sort_by(|a, b| a.emoji.cmp(&b.emoji));
    }

    fn member(&mut self, changed: &MemberChanged, me: &UserId) {
        let MemberChanged { user, role, ts, .. } = changed;
        match changed.action.known().expect("one of ours") {
            MemberAction::Joined => {
                let role = role.clone().expect("said");
                let joined_at = *ts;
                let member = Member {
                    user: user.clone(),
                    role,
                    name: None,
                    avatar: None,
                    joined_at,
                    delivered: None,
                    read: None,
                };
                self.members.insert(user.clone(), member);
                self.banned.remove(user);
                self.state.members += 1;
                // Its pointers start at the head.
                if self.state.seq > Seq::ZERO && user != me {
                    self.read.insert(user.clone(), self.state.seq);
                }
            }
            MemberAction::Left | MemberAction::Kicked => {
                self.members.remove(user);
                self.state.members -= 1;
                self.read.remove(user);
                self.delivered.remove(user);
                self.threads.values_mut().for_each(|thread| _ = thread.pointers.remove(user));
            }
            MemberAction::Role => {
                let role = role.clone().expect("said");
                if user == me {
                    self.state.role = role.clone();
                }
                // Of a room that was just gained the members are not known yet.
                self.members.entry(user.clone()).and_modify(|member| member.role = role);
            }
            MemberAction::Banned => {
                let (by, reason) = (changed.by.clone().unwrap_or(user.clone()), changed.reason.clone());
                let banned = BannedUser { user: user.clone(), until: changed.until, reason, by, ts: *ts };
                self.banned.insert(user.clone(), banned);
            }
            MemberAction::Unbanned => _ = self.banned.remove(user),
        }
    }

    fn reads(&mut self, reads: Reads) {
        let Reads { from, read, delivered, thread, .. } = reads;
        if !self.members.contains_key(&from) {
            return;
        }
        if let (Some(root), Some(read)) = (thread, read) {
            self.thread(root).pointers.insert(from, read);
            return;
        }
        if let Some(read) = read {
            self.read.insert(from.clone(), read);
        }
        if let Some(delivered) = delivered {
            self.delivered.insert(from.clone(), delivered);
        }
        let read = self.read.get(&from).copied().unwrap_or_default();
        self.delivered.retain(|user, delivered| *user != from || *delivered > read);
    }

    /// What is unread in one line after `base`, by the one rule.
    fn count(&self, me: &UserId, line: Option<Seq>, base: Seq) -> Counts {
        let messages = self.messages.values().map(|message| Countable {
            seq: message.seq,
            from: &message.from,
            thread: message.thread,
            mentions: message.mentions.as_ref(),
            gone: message.deleted_at.is_some() || self.hidden.contains(&message.seq),
        });
        count(me, line, base, messages)
    }

    /// With everything that follows from what is known.
    fn shown(&self, me: &UserId) -> Self {
        let mut shown = self.clone();
        // A page marks what it shows, and one may hide what one cannot read.
        shown.hidden.retain(|seq| self.messages.contains_key(seq));
        let state = &mut shown.state;
        let read_private = state.read_private.unwrap_or_default();
        state.read_private = (read_private > state.read).then_some(read_private);
        let read = ReadState { read: state.read, read_private, unread_from: state.unread_from };
        Counts { unread: state.unread, mentions: state.mentions } = self.count(me, None, read.base());
        if !manages(state) {
            shown.banned.clear();
        }
        let roots = self.messages.values().filter_map(|message| message.thread);
        let roots: BTreeSet<Seq> = roots.filter(|root| self.messages.contains_key(root)).collect();
        shown.threads.retain(|root, _| roots.contains(root));
        for root in roots {
            let replies = self
                .messages
                .values()
                .filter(|reply| reply.thread == Some(root) && reply.deleted_at.is_none());
            let live: Vec<Seq> = replies.map(|reply| reply.seq).collect();
            let last = live.last().map(|last_seq| Replies { count: live.len() as u64, last_seq: *last_seq });
            shown.messages.entry(root).and_modify(|message| message.replies = last);
            let thread = shown.thread(root);
            thread.count = live.len() as u64;
            thread.unread = self.count(me, Some(root), thread.read).unread;
        }
        forget_early(&mut shown.threads, &shown.messages);
        shown.last = shown.newest();
        shown
    }

    /// The newest message of the main line, as an inbox shows it.
    fn newest(&self) -> Option<Message> {
        let shown = |message: &&Message| message.thread.is_none() && !self.hidden.contains(&message.seq);
        let newest = self.messages.values().rev().find(shown)?;
        Some(Message { reactions: Vec::new(), ..newest.clone() })
    }
}

impl View {
    /// With everything that follows from what is known.
    fn shown(&self, active: &[RoomId]) -> Self {
        let rooms: BTreeMap<RoomId, RoomSeen> =
            self.rooms.iter().map(|(id, seen)| (id.clone(), seen.shown(&self.user))).collect();
        let mut totals = InboxTotals { unread: 0, mentions: 0, rooms: 0 };
        for state in rooms.values().map(|seen| &seen.state).filter(|state| !state.settings.archived) {
            totals.mentions += state.mentions;
            // Programs mute until long ago or for ever.
            if state.settings.mute_until.is_none_or(|until| until < state.ts) {
                totals.unread += state.unread;
                totals.rooms += u64::from(state.unread > 0);
            }
        }
        let order = [false, true].map(|archived| {
            let settings = |id: &&RoomId| &rooms[*id].state.settings;
            let mut listed: Vec<_> = active.iter().filter(|id| settings(id).archived == archived).collect();
            listed.sort_by_key(|id| !settings(id).pinned);
            listed.into_iter().cloned().collect()
        });
        Self { user: self.user.clone(), rooms, order, totals, blocks: self.blocks.clone() }
    }
}
