//! What a line asks for, and how answers are merged with the events that came meanwhile.
//!
//! An answer tells a state at least as new as the events that were applied when it was asked for: a server stores before it tells,
//! and answers no question from an older state than one before it. It may be newer. So what was told since the question is noted, and applied to the answer again; see [`record`](super::record) for why
//! that ends at the truth in any order.

use chat_protocol::reply::{BlocksPage, MembersPage};
use chat_protocol::{Cursor, HistoryPage, HistoryQuery, RoomState, Seq, UserId, limits};

use super::Line;
use super::record::{Change, Record};
use crate::QueuedSend;
use crate::questions::Asked;

/// What a line wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ask {
    /// The room as the client knows it: [`RoomHandle::state`](crate::RoomHandle::state).
    State,
    /// The messages that wait to be sent: [`Client::outbox`](crate::Client::outbox).
    Outbox,
    /// The members of the room, for their pointers: one page of at most 100.
    Members(Option<Cursor>),
    /// The users whom the user blocks: one page of at most 100.
    Blocks(Option<Cursor>),
    /// Messages of the room: [`RoomHandle::history`](crate::RoomHandle::history).
    History(HistoryQuery),
    /// Replies of the thread that the line shows.
    Thread(HistoryQuery),
}

/// One question of a line.
pub type Request = crate::questions::Request<Ask>;

/// The answer to a [`Request`], of the kind that it asks for; any other counts as a failure.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// To [`Ask::State`]; `None`: the client does not follow the room.
    State(Option<Box<RoomState>>),
    /// To [`Ask::Outbox`]: all messages that wait, in order.
    Outbox(Vec<QueuedSend>),
    /// To [`Ask::Members`].
    Members(MembersPage),
    /// To [`Ask::Blocks`].
    Blocks(BlocksPage),
    /// To [`Ask::History`] and [`Ask::Thread`].
    Page(HistoryPage),
}

/// What is wanted, the most urgent first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    State,
    Outbox,
    Newest,
    /// At most so many messages before this one.
    Before(Seq, u32),
    /// At most so many messages after this one.
    After(Seq, u32),
    /// This message alone.
    One(Seq),
    Members(Option<Cursor>),
    Blocks(Option<Cursor>),
}

impl Target {
    /// Whether it brings messages.
    pub(super) fn is_page(&self) -> bool {
        matches!(self, Self::Newest | Self::Before(..) | Self::After(..) | Self::One(_))
    }
}

/// A question under way, and the newest message when it was asked.
type Pending = Asked<Target, Seq>;

/// Something that answers under way may not know.
#[derive(Debug)]
pub(super) enum Note {
    Change(Change),
    Left(UserId),
    Blocked(UserId, bool),
}

impl Line {
    /// What to ask next; `None`: nothing now. Each is to be answered with [`answer`](Self::answer) or [`fail`](Self::fail).
    pub fn next_request(&mut self) -> Option<Request> {
        if self.end.is_some() || self.questions.is_full() {
            return None;
        }
        let target = match self.questions.pop() {
            Some(target) => target,
            None => self.unsure()?,
        };
        if target == Target::Outbox {
            self.echoes.asked();
        }
        let ask = self.ask(&target);
        let id = self.questions.ask(target, self.head);
        self.refresh();
        Some(Request { id, ask })
    }

    /// A message whose thread has to be counted again, and is not being read.
    fn unsure(&self) -> Option<Target> {
        let unsure =
            self.records.iter().filter(|(_, record)| record.unsure).map(|(seq, _)| Target::One(*seq));
        let known = |target: &Target| {
            self.questions.open().chain(self.questions.failed()).any(|known| known == target)
        };
        unsure.into_iter().find(|target| !known(target))
    }

    fn ask(&self, target: &Target) -> Ask {
        let limit = Some(self.options.page);
        let query = match target {
            Target::State => return Ask::State,
            Target::Outbox => return Ask::Outbox,
            Target::Members(cursor) => return Ask::Members(cursor.clone()),
            Target::Blocks(cursor) => return Ask::Blocks(cursor.clone()),
            Target::Newest => HistoryQuery { limit, ..HistoryQuery::default() },
            Target::Before(seq, limit) => {
                HistoryQuery { before: Some(*seq), limit: Some(*limit), ..HistoryQuery::default() }
            }
            Target::After(seq, limit) => {
                HistoryQuery { after: Some(*seq), limit: Some(*limit), ..HistoryQuery::default() }
            }
            Target::One(seq) => {
                let query = HistoryQuery { before: Some(seq.next()), limit: Some(1), after: None };
                // A thread's first message is no reply of it.
                return if self.root.is_none_or(|root| root == *seq) {
                    Ask::History(query)
                } else {
                    Ask::Thread(query)
                };
            }
        };
        if self.root.is_some() { Ask::Thread(query) } else { Ask::History(query) }
    }

    /// Takes in the answer to a request. One that is not wanted any more changes nothing.
    pub fn answer(&mut self, request: &Request, answer: Answer) {
        let Some(pending) = self.questions.take(request.id) else { return };
        match (&pending.target, answer) {
            (Target::State, Answer::State(Some(state))) => self.take_state(&state),
            (Target::State, Answer::State(None)) => self.not_followed(),
            (Target::Outbox, Answer::Outbox(waiting)) => {
                let here = waiting.into_iter().filter(|send| send.room == self.room);
                if self.echoes.replace(here) {
                    self.questions.want(Target::Outbox);
                }
            }
            (Target::Members(_), Answer::Members(page)) => self.take_members(&pending, page),
            (Target::Blocks(_), Answer::Blocks(page)) => self.take_blocks(&pending, page),
            (target, Answer::Page(page)) if target.is_page() => self.take_page(&pending, &page),
            (target, _) => self.questions.give_up(target.clone()),
        }
        self.questions.forget_notes();
        self.refresh();
    }

    /// A request could not be answered. It is wanted again when the client is [connected](crate::ClientEvent::Connected) again.
    pub fn fail(&mut self, request: &Request) {
        if self.questions.fail(request.id) {
            self.refresh();
        }
    }

    /// Notes what answers under way may not know. What the client itself answers knows all.
    pub(super) fn note(&mut self, note: Note) {
        self.questions.note(note, |target| matches!(target, Target::State | Target::Outbox));
    }

    fn take_members(&mut self, pending: &Pending, page: MembersPage) {
        for member in page.members.iter().filter(|member| member.user != self.me) {
            self.pointers.member(member);
        }
        let noted = self.questions.lend();
        for note in noted.since(pending.from) {
            if let Note::Left(user) = note {
                self.pointers.left(user);
            }
        }
        self.questions.give_back(noted);
        self.redraw_own();
        // Two pages hold as many as pointers are told of.
        let more = page.next.filter(|_| matches!(pending.target, Target::Members(None)));
        self.questions.want_all(more.map(|cursor| Target::Members(Some(cursor))));
    }

    fn take_blocks(&mut self, pending: &Pending, page: BlocksPage) {
        if pending.target == Target::Blocks(None) {
            for user in std::mem::take(&mut self.blocked) {
                self.set_blocked(&user, false);
            }
        }
        for blocked in &page.users {
            self.set_blocked(&blocked.user, true);
        }
        let noted = self.questions.lend();
        for note in noted.since(pending.from) {
            if let Note::Blocked(user, blocked) = note {
                self.set_blocked(user, *blocked);
            }
        }
        self.questions.give_back(noted);
        let more = page.next.filter(|_| self.blocked.len() < limits::MAX_BLOCKED);
        self.questions.want_all(more.map(|cursor| Target::Blocks(Some(cursor))));
    }

    fn take_page(&mut self, pending: &Pending, page: &HistoryPage) {
        let Some((from, to)) = self.covered(pending, page) else {
            // Nothing new, though there is more: asking again would be in vain.
            self.questions.give_up(pending.target.clone());
            return;
        };
        if pending.target == Target::Newest {
            // The first that is loaded: what was told before it is in the page, or a gap stands for it.
            self.forget(Seq::ZERO, to);
        }
        for seq in &page.hidden {
            self.hide(*seq);
        }
        if let Some(thread) = &page.thread {
            self.read_thread(thread.read);
            for (user, read) in thread.pointers.iter().filter(|(user, _)| **user != self.me) {
                self.pointers.raise(user, *read);
            }
        }
        let noted = self.questions.lend();
        let marks = self.hidden.clone();
        let hidden = |seq| marks.contains(&seq) || page.hidden.contains(&seq);
        for message in page.messages.iter().filter(|message| (from..=to).contains(&message.seq)) {
            if message.seq < self.oldest || !self.belongs(message) || hidden(message.seq) {
                continue;
            }
            let mut record = Record::of(message);
            let mine = page.my_reactions.iter().find(|mine| mine.seq == message.seq);
            record.mine = mine.into_iter().flat_map(|mine| mine.emoji.iter().cloned()).collect();
            for note in noted.since(pending.from) {
                if let Note::Change(change) = note {
                    record.apply(change, &self.me);
                }
            }
            if let (true, Some(name)) = (message.from == self.me, &message.client_msg_id) {
                self.echoes.end(name);
            }
            self.records.insert(message.seq, record);
        }
        self.questions.give_back(noted);
        self.head = self.head.max(to);
        self.spans.add(from, to);
        self.redraw_answers(from, to);
        self.redraw_own();
        self.bound();
    }

    /// The numbers of which a page tells all there is.
    fn covered(&self, pending: &Pending, page: &HistoryPage) -> Option<(Seq, Seq)> {
        let first = page.messages.first().map(|message| message.seq);
        let last = page.messages.last().map(|message| message.seq);
        let floor = self.root.map_or(Seq::ZERO.next(), Seq::next);
        let from = if page.more { first } else { Some(floor) };
        match pending.target {
            // A page knows at least what was known when it was asked for.
            Target::Newest => Some((from?, last.unwrap_or_default().max(pending.known))),
            Target::Before(before, _) => Some((from?, before.previous())),
            Target::After(after, _) if page.more => Some((after.next(), last?)),
            Target::After(after, _) => Some((after.next(), last.unwrap_or_default().max(pending.known))),
            Target::One(seq) => (last == Some(seq)).then_some((seq, seq)),
            _ => None,
        }
    }
}
