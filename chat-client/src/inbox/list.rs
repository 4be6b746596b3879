//! The rooms of a user as a pure model: events and pages go in, a sorted list and wishes for pages come out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chat_protocol::event::{PresenceState, UserChange};
use chat_protocol::reply::InboxTotals;
use chat_protocol::{Cursor, Message, Offset, RoomId, RoomSettings, RoomState, Seq, Timestamp, UserId};

use super::pages::{Note, Target};
use super::room::{InboxRoom, Last};
use super::{InboxOptions, Shelf};
use crate::questions::Questions;
use crate::{ClientEvent, Error, Recovery};

/// Messages deleted for oneself that are remembered before they are told: the user's log may be ahead of a room's.
const MAX_HIDDEN: usize = 512;

/// Where the order of what is told begins, above that of pages.
const TOLD: u64 = 1 << 32;

/// All rooms of a user: a model without I/O, a clock or tasks.
///
/// [`apply`](Self::apply) takes in the client's events, all of them and in order. [`next_request`](Self::next_request) says what is
/// to be asked, and [`answer`](Self::answer) takes the answers in, whenever they come. [`Inbox`](super::Inbox) does all that over a
/// [`Client`](crate::Client).
#[derive(Debug)]
pub struct InboxList {
    pub(super) me: UserId,
    pub(super) options: InboxOptions,
    pub(super) rooms: BTreeMap<RoomId, Placed>,
    hidden: BTreeSet<(RoomId, Seq)>,
    /// How many rooms are to be loaded with their details, per shelf, and where their pages go on.
    pub(super) wanted: BTreeMap<Shelf, usize>,
    pub(super) next_page: BTreeMap<Shelf, Option<Cursor>>,
    pub(super) loaded: BTreeMap<Shelf, usize>,
    /// How far the pages of a shelf were read the last time they were read from the top.
    pub(super) walked: BTreeMap<Shelf, usize>,
    /// Where, in the order of notes, the first page was asked for of those that were read last.
    pub(super) walked_from: BTreeMap<Shelf, u64>,
    /// Rooms that pages are read from the top for, each since this place in the order of notes.
    pub(super) sought: BTreeMap<RoomId, u64>,
    pub(super) questions: Questions<Target, (), Note>,
    /// Events may have been missed that only pages make up for: what the client knows of settings is not taken any more.
    pub(super) settings_missed: bool,
    told: u64,
    shelves: BTreeMap<Shelf, Vec<Arc<InboxRoom>>>,
    pub(super) revision: u64,
    pub(super) end: Option<Option<Error>>,
}

/// A room, and its place among rooms that changed in the same millisecond.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) room: Arc<InboxRoom>,
    pub(super) tie: u64,
}

impl Placed {
    pub(super) fn change(&mut self) -> &mut InboxRoom {
        Arc::make_mut(&mut self.room)
    }
}

impl InboxList {
    /// The inbox of a user. Nothing is loaded yet.
    pub fn new(me: UserId, options: InboxOptions) -> Self {
        let mut list = Self {
            me,
            options,
            rooms: BTreeMap::new(),
            hidden: BTreeSet::new(),
            wanted: BTreeMap::from([(Shelf::Main, options.detailed), (Shelf::Archive, 0)]),
            next_page: BTreeMap::new(),
            loaded: BTreeMap::new(),
            walked: BTreeMap::new(),
            walked_from: BTreeMap::new(),
            sought: BTreeMap::new(),
            questions: Questions::default(),
            settings_missed: false,
            told: TOLD,
            shelves: BTreeMap::new(),
            revision: 0,
            end: None,
        };
        list.reload();
        list
    }

    /// The rooms of a shelf: pinned ones first, then by latest activity. Rooms that did not change are the same `Arc` as before.
    pub fn rooms(&self, shelf: Shelf) -> &[Arc<InboxRoom>] {
        self.shelves.get(&shelf).map(Vec::as_slice).unwrap_or_default()
    }

    /// Counts over all rooms that are known and not archived, as of `now`: unread messages where the room is not muted, and
    /// mentions also there.
    pub fn totals(&self, now: Timestamp) -> InboxTotals {
        let mut totals = InboxTotals { unread: 0, mentions: 0, rooms: 0 };
        for state in self.rooms(Shelf::Main).iter().map(|room| &room.state) {
            totals.mentions += state.mentions;
            if state.settings.mute_until.is_none_or(|until| until <= now) {
                totals.unread += state.unread;
                totals.rooms += u64::from(state.unread > 0);
            }
        }
        totals
    }

    /// A number that grows with every change of what there is to draw.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether the client ended, and why.
    pub fn end(&self) -> Option<&Option<Error>> {
        self.end.as_ref()
    }

    /// Takes in an event of the client.
    pub fn apply(&mut self, event: &ClientEvent) {
        if self.end.is_some() {
            return;
        }
        match event {
            ClientEvent::Message(message) => self.on_message(message),
            ClientEvent::Edited(edited) => {
                self.entry(&edited.room, edited.offset, edited.ts);
                self.last(&edited.room, |last| last.edited(edited));
                self.note(Note::Edited(edited.clone()));
            }
            ClientEvent::Deleted(deleted) => {
                self.entry(&deleted.room, deleted.offset, deleted.ts);
                self.last(&deleted.room, |last| last.deleted(deleted));
                self.note(Note::Deleted(deleted.clone()));
            }
            ClientEvent::Reaction(reaction) => {
                self.entry(&reaction.room, reaction.offset, reaction.ts);
            }
            ClientEvent::Member(change) => {
                let me = self.me.clone();
                if let Some(room) = self.entry(&change.room, change.offset, change.ts) {
                    room.member(change, &me);
                }
            }
            ClientEvent::Room(change) => {
                let news = self.entry(&change.room, change.offset, change.ts);
                if news.is_some_and(|room| room.changed(change)) {
                    self.unknown(&change.room);
                }
            }
            ClientEvent::Unread(unread) => {
                self.change(&unread.room, |room| room.unread(unread));
                self.note(Note::Unread(unread.clone()));
            }
            ClientEvent::User(changed) => self.on_user(&changed.change),
            ClientEvent::Typing { room, thread: None, users } => {
                self.change(room, |room| room.typing.clone_from(users));
            }
            ClientEvent::Presence(presence) => match &presence.state {
                PresenceState::Online { from } => self.online(from, true, None),
                PresenceState::Offline { from, last_seen } => self.online(from, false, *last_seen),
                _ => return,
            },
            ClientEvent::Online { user, online, last_seen } => self.online(user, *online, *last_seen),
            ClientEvent::RoomJoined(room) => {
                self.note(Note::Joined(room.clone()));
                self.questions.want(Target::Rooms);
            }
            ClientEvent::RoomLeft(room) => self.forget(room),
            ClientEvent::Resumed { room: Some(room), recovery, .. } => self.on_resumed(room, recovery),
            ClientEvent::Resumed { room: None, recovery, .. } => {
                if !matches!(recovery, Recovery::Recovered { .. }) {
                    self.settings_missed |= !self.rooms.is_empty();
                    self.reload();
                }
            }
            ClientEvent::Connected => self.questions.want_failed(),
            ClientEvent::Lagged { .. } => {
                self.questions.forget_asked();
                for placed in self.rooms.values_mut() {
                    let room = placed.change();
                    (room.last, room.detailed) = (Last::Unknown, false);
                    room.typing.clear();
                }
                self.reload();
            }
            ClientEvent::Closed { reason } => {
                self.end = Some(reason.clone());
                self.revision += 1;
            }
            _ => return,
        }
        self.refresh();
    }

    /// Loads the details of one more page of rooms of a shelf.
    pub fn more(&mut self, shelf: Shelf) {
        let wanted = self.wanted.entry(shelf).or_default();
        let known = self.loaded.get(&shelf).copied().unwrap_or_default();
        *wanted = (*wanted).min(known).saturating_add(self.options.page as usize).min(super::MAX_DETAILED);
        self.want_pages(shelf);
    }

    /// Everything that pages tell is to be asked for again.
    fn reload(&mut self) {
        self.questions.want(Target::Rooms);
        self.questions.forget(|target| matches!(target, Target::Page(..)));
        self.next_page.clear();
        self.loaded.clear();
        for shelf in [Shelf::Main, Shelf::Archive] {
            self.want_pages(shelf);
        }
    }

    /// Wants the next page of a shelf, if there is one and it is not loaded far enough.
    pub(super) fn want_pages(&mut self, shelf: Shelf) {
        let loaded = self.loaded.get(&shelf).copied().unwrap_or_default();
        if loaded >= self.wanted.get(&shelf).copied().unwrap_or_default() {
            return;
        }
        match self.next_page.get(&shelf) {
            None => self.questions.want(Target::Page(shelf, None)),
            Some(Some(next)) => self.questions.want(Target::Page(shelf, Some(next.clone()))),
            Some(None) => {}
        }
    }

    fn on_message(&mut self, message: &Message) {
        if let Some(room) = self.entry(&message.room, message.offset, message.ts) {
            room.state.seq = room.state.seq.max(message.seq);
            // It was out of the list until the next message, which this is.
            room.state.settings.archived = false;
        }
        if message.thread.is_none() {
            if self.hidden.contains(&(message.room.clone(), message.seq)) {
                self.unknown(&message.room);
            } else {
                self.last(&message.room, |last| last.wrote(message));
            }
        }
        self.note(Note::Message(message.clone()));
        let known = |placed: &Placed| placed.room.detailed || self.sought.contains_key(&message.room);
        if self.rooms.get(&message.room).is_some_and(|placed| !known(placed)) {
            self.seek(&message.room);
        }
    }

    fn on_user(&mut self, change: &UserChange) {
        match change {
            UserChange::Settings { room, settings } => {
                self.note(Note::Settings(room.clone(), settings.clone()));
                self.set(room, settings);
            }
            UserChange::Hidden { room, seq, .. } => self.hide(room, *seq),
            _ => {}
        }
    }

    pub(super) fn set(&mut self, id: &RoomId, settings: &RoomSettings) {
        let Some(placed) = self.rooms.get_mut(id) else { return };
        let old = &placed.room.state.settings;
        let moved = (old.pinned, old.archived) != (settings.pinned, settings.archived);
        let room = placed.change();
        room.state.settings.clone_from(settings);
        if moved && !room.detailed {
            self.seek(id);
        }
    }

    fn hide(&mut self, room: &RoomId, seq: Seq) {
        self.hidden.insert((room.clone(), seq));
        if self.hidden.len() > MAX_HIDDEN {
            self.hidden.pop_first();
        }
        self.note(Note::Hidden(room.clone(), seq));
        if self.rooms.get(room).is_some_and(|placed| placed.room.last.is(seq)) {
            self.unknown(room);
        }
    }

    /// The newest message of a room has to be looked for.
    pub(super) fn unknown(&mut self, room: &RoomId) {
        self.last(room, |last| *last = Last::Unknown);
        self.questions.want(Target::Last(room.clone()));
    }

    fn online(&mut self, user: &UserId, online: bool, last_seen: Option<Timestamp>) {
        for placed in self.rooms.values_mut().filter(|placed| placed.room.state.peer.as_ref() == Some(user)) {
            let peer = placed.change().peer.get_or_insert_default();
            peer.online = Some(online);
            peer.last_seen = last_seen.or(peer.last_seen).filter(|_| !online);
        }
    }

    fn on_resumed(&mut self, room: &RoomId, recovery: &Recovery) {
        match recovery {
            // The state may be another all the same: counts, and what can be read.
            Recovery::Recovered { .. } => self.questions.want(Target::Rooms),
            Recovery::Snapshot { state, .. } | Recovery::Trimmed { state, .. } => {
                self.note(Note::Anew(room.clone()));
                if let Some(state) = state {
                    self.place((**state).clone());
                }
                self.change(room, |room| (room.last, room.detailed) = (Last::Unknown, false));
                self.questions.want(Target::Rooms);
                self.seek(room);
            }
            Recovery::Gone => self.forget(room),
        }
    }

    /// A room that the client follows stands so, whatever was known of it.
    pub(super) fn place(&mut self, state: RoomState) {
        match self.rooms.get_mut(&state.room) {
            Some(placed) => {
                let shelf = placed.room.shelf();
                let room = placed.change();
                (room.state, room.followed) = (state, true);
                if room.shelf() != shelf && !room.detailed {
                    let id = room.state.room.clone();
                    self.seek(&id);
                }
            }
            None => {
                let (id, room) = (state.room.clone(), Arc::new(InboxRoom::new(state, true)));
                self.rooms.insert(id, Placed { room, tie: 0 });
            }
        }
    }

    /// Reads pages from the top until one tells of this room. What was written in just now stands on top, below the pinned ones.
    ///
    /// Whatever moves a room that is sought seeks it anew: pages that were asked for before may pass it by.
    fn seek(&mut self, room: &RoomId) {
        if let Some(placed) = self.rooms.get(room) {
            self.sought.insert(room.clone(), self.questions.mark());
            self.questions.want(Target::Page(placed.room.shelf(), None));
        }
    }

    fn forget(&mut self, room: &RoomId) {
        self.sought.remove(room);
        self.note(Note::Anew(room.clone()));
        self.rooms.remove(room);
        self.questions.forget(|target| matches!(target, Target::Last(other) if other == room));
        self.hidden.retain(|(other, _)| other != room);
    }

    /// The room that an entry of a log changes, if it is known and the entry is news.
    fn entry(&mut self, id: &RoomId, offset: Offset, ts: Timestamp) -> Option<&mut InboxRoom> {
        let placed = self.rooms.get(id).filter(|placed| offset > placed.room.state.offset)?;
        if !placed.room.detailed {
            self.seek(id);
        }
        let placed = self.rooms.get_mut(id)?;
        self.told += 1;
        placed.tie = self.told;
        let room = placed.change();
        room.entry(offset, ts).then_some(room)
    }

    pub(super) fn change(&mut self, room: &RoomId, change: impl FnOnce(&mut InboxRoom)) {
        if let Some(placed) = self.rooms.get_mut(room) {
            change(placed.change());
        }
    }

    pub(super) fn last(&mut self, room: &RoomId, change: impl FnOnce(&mut Last)) {
        self.change(room, |room| change(&mut room.last));
    }

    /// Where rooms are sought, pages are read, whichever shelf they have come to.
    fn go_on_seeking(&mut self) {
        let shelf = |id: &RoomId| self.rooms.get(id).map(|placed| placed.room.shelf());
        let shelves: BTreeSet<Shelf> = self.sought.keys().filter_map(shelf).collect();
        for shelf in shelves {
            let on_shelf = |target: &Target| matches!(target, Target::Page(on, _) if *on == shelf);
            if !self.questions.open().chain(self.questions.failed()).any(on_shelf) {
                self.questions.want(Target::Page(shelf, None));
            }
        }
    }

    /// Sorts the rooms anew, and seeks on.
    pub(super) fn refresh(&mut self) {
        self.go_on_seeking();
        for shelf in [Shelf::Main, Shelf::Archive] {
            let old = self.shelves.entry(shelf).or_default();
            let on_shelf = |placed: &&Placed| placed.room.shelf() == shelf;
            let mut placed: Vec<&Placed> = self.rooms.values().filter(on_shelf).collect();
            placed.sort_by_key(|placed| {
                let state = &placed.room.state;
                Reverse((state.settings.pinned, state.ts, placed.tie))
            });
            let same = placed.len() == old.len()
                && placed
                    .iter()
                    .zip(old.iter())
                    .all(|(new, old)| Arc::ptr_eq(&new.room, old) || new.room == *old);
            if !same {
                *old = placed.into_iter().map(|placed| placed.room.clone()).collect();
                self.revision += 1;
            }
        }
    }
}
