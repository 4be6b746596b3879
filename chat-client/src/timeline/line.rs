//! One line of messages as a pure model: events and pages go in, items and wishes for pages come out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chat_protocol::event::{MemberAction, MemberChanged, Reads, RoomAction, RoomChanged, UserChange};
use chat_protocol::unread::{Countable, Counts, ReadState, count};
use chat_protocol::{ClientMsgId, HistoryVisibility, Message, Open, RoomId, RoomState, Seq, UserId};

use super::echo::{Echoes, Step};
use super::pages::{Note, Target};
use super::pointers::Pointers;
use super::record::{Change, Record};
use super::span::Spans;
use super::{EchoState, Item, TimelineOptions};
use crate::questions::Questions;
use crate::{ClientEvent, Error, Recovery, SendState, Unread};

/// Messages deleted for oneself that are remembered: the user's log may be ahead of a room's. Those of loaded pages are told again
/// with their pages, so the newest are what matters.
const MAX_HIDDEN: usize = 512;

/// Why a timeline goes on no more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum End {
    /// The room is not the user's any more.
    #[error("the room is not the user's any more")]
    RoomLeft,
    /// The message on which the thread hangs cannot be read, or is none.
    #[error("there is no such thread")]
    NoThread,
    /// The client ended.
    #[error("the client ended{}", .0.as_ref().map(|error| format!(": {error}")).unwrap_or_default())]
    Closed(Option<Error>),
}

/// The main line of a room, or one thread with the message that it hangs on: a model without I/O, a clock or tasks.
///
/// [`apply`](Self::apply) takes in the client's events, all of them and in order; what concerns other rooms changes nothing.
/// [`next_request`](Self::next_request) says what is to be asked, and [`answer`](Self::answer) takes the answers in, whenever they
/// come: sooner or later than the events that they know of or do not. [`items`](Self::items) is what there is to draw.
///
/// [`Timeline`](super::Timeline) does all that over a [`Client`](crate::Client).
#[derive(Debug)]
pub struct Line {
    pub(super) me: UserId,
    pub(super) room: RoomId,
    /// The message whose thread it is; `None`: the main line.
    pub(super) root: Option<Seq>,
    pub(super) options: TimelineOptions,
    /// The newest number of the room that is known of.
    pub(super) head: Seq,
    /// The oldest number that can be read.
    pub(super) oldest: Seq,
    history: Option<Open<HistoryVisibility>>,
    pub(super) spans: Spans,
    pub(super) records: BTreeMap<Seq, Record>,
    pub(super) hidden: BTreeSet<Seq>,
    pub(super) blocked: BTreeSet<UserId>,
    pub(super) pointers: Pointers,
    pub(super) echoes: Echoes,
    pub(super) unread: Option<Unread>,
    /// How far the user has read the thread.
    pub(super) thread_read: Seq,
    /// Where the user looks; `None`: at the newest.
    pub(super) focus: Option<Seq>,
    /// What is asked, each when this was the newest message.
    pub(super) questions: Questions<Target, Seq, Note>,
    pub(super) items: Vec<Arc<Item>>,
    pub(super) revision: u64,
    pub(super) end: Option<End>,
}

impl Line {
    /// The main line of a room as `me` sees it, or with `root` the thread that hangs on that message. Nothing is loaded yet.
    pub fn new(me: UserId, room: RoomId, root: Option<Seq>, options: TimelineOptions) -> Self {
        let mut line = Self {
            me,
            room,
            root,
            options,
            head: Seq::ZERO,
            oldest: Seq::ZERO.next(),
            history: None,
            spans: Spans::default(),
            records: BTreeMap::new(),
            hidden: BTreeSet::new(),
            blocked: BTreeSet::new(),
            pointers: Pointers::default(),
            echoes: Echoes::default(),
            unread: None,
            thread_read: Seq::ZERO,
            focus: None,
            questions: Questions::default(),
            items: Vec::new(),
            revision: 0,
            end: None,
        };
        line.want_all();
        line.questions.want(Target::Outbox);
        line
    }

    /// What there is to draw, oldest first, echoes last. Items that did not change are the same `Arc` as before.
    pub fn items(&self) -> &[Arc<Item>] {
        &self.items
    }

    /// A number that grows with every change of what there is to draw or to tell.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Why it goes on no more, if so. Its items stay as they were.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// How far the user has read, and what is unread after that; `None`: not known yet. For a thread it is counted among the
    /// replies that are loaded.
    pub fn unread(&self) -> Option<Unread> {
        let Some(root) = self.root else { return self.unread.clone() };
        let read = ReadState { read: self.thread_read, ..ReadState::default() };
        let replies = self.records.values().filter(|record| record.message.thread == Some(root));
        let countable = replies.map(|record| Countable {
            seq: record.message.seq,
            from: &record.message.from,
            thread: record.message.thread,
            mentions: record.message.mentions.as_ref(),
            gone: record.is_deleted(),
        });
        let counts = count(&self.me, Some(root), read.base(), countable);
        Some(Unread { room: self.room.clone(), read, counts })
    }

    /// Takes in an event of the client.
    pub fn apply(&mut self, event: &ClientEvent) {
        if self.end.is_some() {
            return;
        }
        match event {
            ClientEvent::Message(message) if message.room == self.room => self.on_message(message),
            ClientEvent::Edited(edited) if edited.room == self.room => {
                self.change(Change::Edited(edited.clone()));
            }
            ClientEvent::Deleted(deleted) if deleted.room == self.room => {
                self.change(Change::Deleted(deleted.clone()));
            }
            ClientEvent::Reaction(reaction) if reaction.room == self.room => {
                self.change(Change::Reaction(reaction.clone()));
            }
            ClientEvent::Member(change) if change.room == self.room => self.on_member(change),
            ClientEvent::Room(change) if change.room == self.room => self.on_room(change),
            ClientEvent::Reads(reads) if reads.room == self.room => self.on_reads(reads),
            ClientEvent::Unread(unread) if unread.room == self.room => self.set_unread(unread.clone()),
            ClientEvent::User(change) => self.on_user(&change.change),
            ClientEvent::RoomLeft(room) if *room == self.room => self.finish(End::RoomLeft),
            ClientEvent::Resumed { room: Some(room), recovery, pointers, delivered }
                if *room == self.room =>
            {
                self.on_resumed(recovery);
                // A thread's pointers are told with its pages.
                if self.root.is_none() {
                    self.pointers.resumed(&self.me, pointers, delivered);
                    self.redraw_own();
                }
            }
            ClientEvent::Resumed { room: None, recovery, .. }
                if !matches!(recovery, Recovery::Recovered { .. }) =>
            {
                // What the user deleted for itself, and whom it blocked, may have been missed.
                self.reset();
                self.questions.forget(|target| matches!(target, Target::Blocks(_)));
                self.questions.want(Target::Blocks(None));
            }
            ClientEvent::Outbox(update) if update.room == self.room => {
                if let SendState::Settled(data) = &update.state {
                    self.settled(data.seq);
                }
                self.step(&update.client_msg_id, Step::from(&update.state));
            }
            ClientEvent::Connected => self.questions.want_failed(),
            ClientEvent::Lagged { .. } => {
                self.reset();
                // Answers under way may not know what was lost.
                self.questions.forget_asked();
                self.want_all();
                self.questions.want(Target::Outbox);
            }
            ClientEvent::Closed { reason } => self.finish(End::Closed(reason.clone())),
            _ => return,
        }
        self.refresh();
    }

    fn step(&mut self, name: &ClientMsgId, step: Step) {
        let queued = step == Step::Is(EchoState::Queued);
        // What it says is not told by events; and while it waits it may be edited.
        if self.echoes.step(name, step) || queued {
            self.questions.want(Target::Outbox);
        }
    }

    /// A message of one's own is stored, and the log has told it, unless the room is one that the client does not follow: then nothing
    /// else will show it.
    fn settled(&mut self, seq: Seq) {
        if seq > self.head {
            let after = |last| Target::After(last, self.options.page);
            self.questions.want(self.spans.last().map_or(Target::Newest, after));
        }
    }

    /// Stops showing a message that could not leave in time. Without one of this name nothing happens.
    pub fn dismiss(&mut self, name: &ClientMsgId) {
        let expired = |echo: &super::Echo| echo.client_msg_id == *name && echo.state == EchoState::Expired;
        if self.echoes.all().iter().any(expired) {
            self.echoes.end(name);
            self.refresh();
        }
    }

    /// Everything but the outbox is to be asked for.
    fn want_all(&mut self) {
        self.questions.want_all([Target::State, Target::Blocks(None)]);
        match self.root {
            Some(root) => self.questions.want(Target::One(root)),
            None => self.questions.want(Target::Members(None)),
        };
    }

    /// Nothing that is loaded can be trusted: edits and deletions may have been missed. Echoes stay.
    fn reset(&mut self) {
        self.spans.clear();
        self.records.clear();
        // What is hidden of the rest is told again with its pages.
        self.hidden = self.hidden.split_off(&self.head.next());
        self.questions.forget(Target::is_page);
        self.focus = None;
        self.questions.want_all([Target::State, Target::Newest]);
        self.questions.want_all(self.root.map(Target::One));
    }

    fn finish(&mut self, end: End) {
        self.end = Some(end);
        self.questions = Questions::default();
        self.revision += 1;
    }

    /// The server says that the message on which the thread hangs is not there: the line ends.
    pub fn no_thread(&mut self) {
        self.finish(End::NoThread);
    }

    fn on_message(&mut self, message: &Message) {
        // A page that knows it, or newer ones, already knows more: it is there, or a gap stands for it.
        let known = self.spans.last().is_some_and(|last| message.seq <= last);
        self.head = self.head.max(message.seq);
        if let Some(root) = message.thread {
            self.change(Change::Reply { root, seq: message.seq });
        }
        if !known {
            self.spans.add(message.seq, message.seq);
            if self.belongs(message) && !self.hidden.contains(&message.seq) {
                self.records.insert(message.seq, Record::of(message));
            }
        }
        if let (true, Some(name)) = (message.from == self.me, &message.client_msg_id) {
            self.echoes.end(name);
        }
        self.bound();
    }

    /// Whether a message is shown in this line.
    pub(super) fn belongs(&self, message: &Message) -> bool {
        message.thread == self.root || self.root == Some(message.seq)
    }

    /// Something became of a message.
    fn change(&mut self, change: Change) {
        let (seq, thread) = match &change {
            Change::Edited(edited) => (edited.seq, None),
            Change::Deleted(deleted) => (deleted.seq, deleted.thread),
            Change::Reaction(reaction) => (reaction.seq, None),
            Change::Reply { root, .. } => (*root, None),
        };
        for seq in [Some(seq), thread].into_iter().flatten() {
            if let Some(record) = self.records.get_mut(&seq) {
                record.apply(&change, &self.me);
            }
        }
        if !matches!(change, Change::Reaction(_) | Change::Reply { .. }) {
            self.redraw_answers(seq, seq);
        }
        self.note(Note::Change(change));
    }

    fn on_member(&mut self, change: &MemberChanged) {
        if change.user == self.me {
            return;
        }
        match change.action.known() {
            Some(MemberAction::Joined) if self.root.is_none() => {
                self.pointers.joined(&change.user, self.head);
            }
            Some(MemberAction::Left | MemberAction::Kicked) => {
                self.pointers.left(&change.user);
                self.note(Note::Left(change.user.clone()));
            }
            _ => return,
        }
        self.redraw_own();
    }

    fn on_room(&mut self, change: &RoomChanged) {
        if change.action.known() == Some(RoomAction::Trimmed) {
            self.trim(change.oldest_seq.unwrap_or_default());
        }
        if let Some(history) = &change.history {
            let other = self.history.as_ref().is_some_and(|before| before != history);
            self.history = Some(history.clone());
            if other {
                // Other messages can be read than before, from an oldest one that the state says.
                self.oldest = Seq::ZERO.next();
                self.reset();
            }
        }
    }

    fn trim(&mut self, oldest: Seq) {
        self.oldest = self.oldest.max(oldest);
        self.records = self.records.split_off(&self.oldest);
    }

    fn on_reads(&mut self, reads: &Reads) {
        if reads.from != self.me && reads.thread == self.root {
            self.pointers.moved(reads);
            self.redraw_own();
        }
    }

    pub(super) fn set_unread(&mut self, unread: Unread) {
        if self.unread.as_ref() != Some(&unread) {
            self.unread = Some(unread);
            self.revision += 1;
        }
    }

    fn on_user(&mut self, change: &UserChange) {
        match change {
            UserChange::Hidden { room, seq, .. } if *room == self.room => self.hide(*seq),
            UserChange::Blocked { user } => self.block(user, true),
            UserChange::Unblocked { user } => self.block(user, false),
            UserChange::Read { room, read, thread } | UserChange::ReadPrivate { room, read, thread }
                if *room == self.room && thread.is_some() && *thread == self.root =>
            {
                self.read_thread(*read);
            }
            _ => {}
        }
    }

    pub(super) fn read_thread(&mut self, read: Seq) {
        if read > self.thread_read {
            self.thread_read = read;
            self.revision += 1;
        }
    }

    pub(super) fn hide(&mut self, seq: Seq) {
        self.hidden.insert(seq);
        if self.hidden.len() > MAX_HIDDEN {
            self.hidden.pop_first();
        }
        if self.records.remove(&seq).is_some() {
            self.redraw_answers(seq, seq);
        }
    }

    fn block(&mut self, user: &UserId, blocked: bool) {
        self.set_blocked(user, blocked);
        self.note(Note::Blocked(user.clone(), blocked));
    }

    pub(super) fn set_blocked(&mut self, user: &UserId, blocked: bool) {
        match blocked {
            true => self.blocked.insert(user.clone()),
            false => self.blocked.remove(user),
        };
        for record in self.records.values_mut().filter(|record| record.message.from == *user) {
            record.shown = None;
        }
    }

    fn on_resumed(&mut self, recovery: &Recovery) {
        match recovery {
            // The state may be another all the same: counts, and what can be read.
            Recovery::Recovered { .. } => self.questions.want(Target::State),
            Recovery::Snapshot { state, .. } | Recovery::Trimmed { state, .. } => {
                self.reset();
                if let Some(state) = state {
                    self.head = state.seq;
                    self.take_state(state);
                }
            }
            Recovery::Gone => self.finish(End::RoomLeft),
        }
    }

    /// The client does not follow the room: any more, or because it follows enough others.
    pub(super) fn not_followed(&mut self) {
        if self.history.is_some() {
            self.finish(End::RoomLeft);
        } else if self.spans.len() == 0 && !self.questions.is_open(&Target::Newest) {
            self.questions.want(Target::Newest);
        }
    }

    pub(super) fn take_state(&mut self, state: &RoomState) {
        self.head = self.head.max(state.seq);
        self.oldest = state.oldest_seq;
        self.records = self.records.split_off(&self.oldest);
        self.history = Some(state.history.clone());
        if state.members > chat_protocol::limits::MAX_POINTERS as u64 {
            self.questions.forget(|target| matches!(target, Target::Members(_)));
        }
        if self.spans.len() == 0 && !self.questions.is_open(&Target::Newest) {
            self.questions.want(Target::Newest);
        }
        self.set_unread(Unread {
            room: state.room.clone(),
            read: ReadState {
                read: state.read,
                read_private: state.read_private.unwrap_or_default(),
                unread_from: state.unread_from,
            },
            counts: Counts { unread: state.unread, mentions: state.mentions },
        });
    }
}
