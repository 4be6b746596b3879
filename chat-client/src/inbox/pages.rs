//! What an inbox asks for, and how answers are merged with the events that came meanwhile.
//!
//! What the client follows it knows best: the state of each room is the client's own, carried on by events. Pages of the server's
//! inbox tell what only they know, newest messages, peers and settings, as of a moment after the question. What was told since the
//! question is noted and applied to the answer again: an edit or a setting says what is true after it, so that ends at the truth
//! whatever the page knew.

use chat_protocol::event::{Deleted, Edited};
use chat_protocol::reply::InboxPage;
use chat_protocol::{Cursor, HistoryPage, HistoryQuery, Message, RoomId, RoomSettings, RoomState, Seq};

use super::list::{InboxList, Placed};
use super::room::{InboxRoom, Last};
use super::{MAX_DETAILED, Shelf};
use crate::Unread;
use crate::questions::Asked;

/// Messages that are looked at for the newest one that the user did not delete for itself, as the server does.
const LOOK_BACK: u32 = 50;

/// What an inbox wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ask {
    /// All rooms that the client follows: [`Client::rooms`](crate::Client::rooms).
    Rooms,
    /// One page of the server's inbox.
    Inbox {
        /// Archived rooms instead of the others.
        archived: bool,
        /// Where the last page ended.
        cursor: Option<Cursor>,
        /// Greatest number of rooms.
        limit: u32,
    },
    /// Messages of a room: [`RoomHandle::history`](crate::RoomHandle::history).
    History {
        /// The room.
        room: RoomId,
        /// Which messages.
        query: HistoryQuery,
    },
}

/// One question of an inbox.
pub type Request = crate::questions::Request<Ask>;

/// The answer to a [`Request`], of the kind that it asks for; any other counts as a failure.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// To [`Ask::Rooms`].
    Rooms(Vec<RoomState>),
    /// To [`Ask::Inbox`].
    Inbox(InboxPage),
    /// To [`Ask::History`].
    Page(HistoryPage),
}

/// What is wanted, the most urgent first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Rooms,
    Page(Shelf, Option<Cursor>),
    /// The newest message of a room.
    Last(RoomId),
}

/// Something that answers under way may not know.
#[derive(Debug)]
pub(super) enum Note {
    Message(Message),
    Edited(Edited),
    Deleted(Deleted),
    Hidden(RoomId, Seq),
    Settings(RoomId, RoomSettings),
    Unread(Unread),
    /// The room was gained.
    Joined(RoomId),
    /// The room was lost, or began anew: what was known of it does not count.
    Anew(RoomId),
}

impl InboxList {
    /// What to ask next; `None`: nothing now. Each is to be answered with [`answer`](Self::answer) or [`fail`](Self::fail).
    pub fn next_request(&mut self) -> Option<Request> {
        if self.end.is_some() || self.questions.is_full() {
            return None;
        }
        let target = self.questions.pop()?;
        let ask = match &target {
            Target::Rooms => Ask::Rooms,
            Target::Page(shelf, cursor) => {
                let (archived, cursor) = (*shelf == Shelf::Archive, cursor.clone());
                Ask::Inbox { archived, cursor, limit: self.options.page }
            }
            Target::Last(room) => {
                let query = HistoryQuery { limit: Some(LOOK_BACK), ..HistoryQuery::default() };
                Ask::History { room: room.clone(), query }
            }
        };
        let id = self.questions.ask(target, ());
        Some(Request { id, ask })
    }

    /// Takes in the answer to a request. One that is not wanted any more changes nothing.
    pub fn answer(&mut self, request: &Request, answer: Answer) {
        let Some(Asked { target, from, .. }) = self.questions.take(request.id) else { return };
        let noted = self.questions.lend();
        let since: Vec<&Note> = noted.since(from).collect();
        match (target, answer) {
            (Target::Rooms, Answer::Rooms(states)) => self.take_rooms(states, &since),
            (Target::Page(shelf, cursor), Answer::Inbox(page)) => {
                if cursor.is_none() {
                    self.walked.insert(shelf, 0);
                    self.walked_from.insert(shelf, from);
                }
                self.take_page(shelf, page, from, &since);
            }
            (Target::Last(room), Answer::Page(page)) => self.take_last(&room, &page, &since),
            (target, _) => self.questions.give_up(target),
        }
        drop(since);
        self.questions.give_back(noted);
        self.refresh();
    }

    /// A request could not be answered. It is wanted again when the client is [connected](crate::ClientEvent::Connected) again.
    pub fn fail(&mut self, request: &Request) {
        self.questions.fail(request.id);
    }

    /// Notes what answers under way may not know.
    pub(super) fn note(&mut self, note: Note) {
        self.questions.note(note, |_| false);
    }

    fn take_rooms(&mut self, states: Vec<RoomState>, since: &[&Note]) {
        let moved = |id: &RoomId| {
            let of = |note: &&Note| matches!(note, Note::Joined(room) | Note::Anew(room) if room == id);
            since.iter().any(of)
        };
        let gone = |(id, placed): (&RoomId, &Placed)| {
            let there = states.iter().any(|state| state.room == *id);
            (placed.room.followed && !there && !moved(id)).then(|| id.clone())
        };
        let gone: Vec<RoomId> = self.rooms.iter().filter_map(gone).collect();
        for room in gone {
            self.rooms.remove(&room);
        }
        for mut state in states.into_iter().filter(|state| !moved(&state.room)) {
            let id = state.room.clone();
            if let Some(known) = self.rooms.get(&id).map(|placed| &placed.room.state) {
                if known.offset > state.offset {
                    continue;
                }
                if self.settings_missed {
                    state.settings.clone_from(&known.settings);
                }
            }
            self.place(state);
            for note in since {
                match note {
                    Note::Unread(unread) if unread.room == id => {
                        self.change(&id, |room| room.unread(unread));
                    }
                    Note::Settings(room, settings) if *room == id => self.set(room, settings),
                    _ => {}
                }
            }
        }
    }

    fn take_page(&mut self, shelf: Shelf, page: InboxPage, from: u64, since: &[&Note]) {
        let walked = self.walked.entry(shelf).or_default();
        let known = *walked;
        *walked = known + page.rooms.len();
        let end = *walked;
        for (place, entry) in page.rooms.iter().enumerate() {
            let id = &entry.state.room;
            if began_anew(id, since) {
                continue;
            }
            if !self.rooms.contains_key(id) {
                let room = InboxRoom::new(entry.state.clone(), false).into();
                self.rooms.insert(id.clone(), Placed { room, tie: 0 });
            }
            self.sought.remove(id);
            if let Some(placed) = self.rooms.get_mut(id) {
                placed.change().detail(entry);
                if placed.tie <= MAX_DETAILED as u64 {
                    placed.tie = (MAX_DETAILED - (known + place).min(MAX_DETAILED)) as u64;
                }
            }
            self.again(id, since);
        }
        self.seek_on(shelf, page.next.clone(), from);
        // Pages that are read again say nothing of where the rest goes on.
        let loaded = self.loaded.entry(shelf).or_default();
        if end > *loaded || page.next.is_none() {
            *loaded = end;
            self.next_page.insert(shelf, page.next);
        }
        self.want_pages(shelf);
    }

    /// Goes on through the pages of a shelf while rooms are sought there. Those that are on no page that was asked for since they
    /// are sought are on their way from one shelf to the other, and only their newest messages can be had.
    fn seek_on(&mut self, shelf: Shelf, next: Option<Cursor>, from: u64) {
        let here = |id: &RoomId| self.rooms.get(id).is_some_and(|placed| placed.room.shelf() == shelf);
        let from = self.walked_from.get(&shelf).map_or(0, |walk| from.min(*walk));
        let sought = self.sought.iter().filter(|(id, _)| here(id));
        let passed: Vec<RoomId> = match next {
            Some(next) => {
                if sought.count() > 0 {
                    self.questions.want(Target::Page(shelf, Some(next)));
                }
                return;
            }
            None => sought.filter(|(_, since)| **since <= from).map(|(id, _)| id.clone()).collect(),
        };
        for room in passed {
            self.sought.remove(&room);
            self.questions.want(Target::Last(room));
        }
    }

    /// Applies what was told since a question to what its answer said of a room's newest message and settings.
    fn again(&mut self, id: &RoomId, since: &[&Note]) {
        for note in since {
            match note {
                Note::Message(message) if message.room == *id => {
                    self.change(id, |room| room.state.settings.archived = false);
                    if message.thread.is_none() {
                        self.last(id, |last| last.wrote(message));
                    }
                }
                Note::Edited(edited) if edited.room == *id => self.last(id, |last| last.edited(edited)),
                Note::Deleted(deleted) if deleted.room == *id => self.last(id, |last| last.deleted(deleted)),
                Note::Settings(room, settings) if room == id => self.set(room, settings),
                _ => {}
            }
        }
        let hidden = since.iter().any(|note| match note {
            Note::Hidden(room, seq) => {
                room == id && self.rooms.get(id).is_some_and(|placed| placed.room.last.is(*seq))
            }
            _ => false,
        });
        if hidden {
            self.unknown(id);
        }
    }

    fn take_last(&mut self, id: &RoomId, page: &HistoryPage, since: &[&Note]) {
        let Some(oldest) = self.rooms.get(id).map(|placed| placed.room.state.oldest_seq) else { return };
        let shown = |message: &&Message| {
            message.thread.is_none() && message.seq >= oldest && !page.hidden.contains(&message.seq)
        };
        let newest = page.messages.iter().rev().find(shown);
        self.last(id, |last| {
            // What was written since is newer than any page.
            if matches!(last, Last::Unknown) {
                *last = newest.map_or(Last::None, Last::of);
            }
        });
        self.again(id, since);
    }
}

fn began_anew(id: &RoomId, since: &[&Note]) -> bool {
    since.iter().any(|note| matches!(note, Note::Anew(room) if room == id))
}
