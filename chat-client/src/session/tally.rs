//! What is unread in the main line of one room: the rule of the protocol over the messages that are known.
//!
//! The server's word at a position counts all messages up to there; those after it come as events, and pages of history tell of
//! those before it. As long as the read pointer stands among the known ones, or the unknown ones stay as the server counted them,
//! the count is exact. Otherwise it is a guess that says which page it misses.

use std::collections::{BTreeMap, BTreeSet};

use chat_protocol::event::Deleted;
use chat_protocol::unread::{Countable, Counts, ReadState, count};
use chat_protocol::{HistoryPage, Mentions, Message, RoomState, Seq, UserId};

/// Messages remembered per room, the newest, so that pointers may move among them without asking: some 60 bytes each. Beyond
/// them the server is asked again.
const MAX_KNOWN: usize = 512;

/// Messages deleted for oneself that are known of before the message itself: the user's log may be ahead of a room's.
const MAX_HIDDEN: usize = 512;

/// Messages that are asked for, page by page, to make a guess exact. Beyond them the room's state is asked for instead.
const MAX_ASKED: u64 = 512;

/// What is needed to make a guess exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Messages before this one.
    Page { before: Seq },
    /// The server's own count.
    State,
}

/// What is unread, and what it is counted of.
#[derive(Debug)]
pub(super) struct Tally {
    me: UserId,
    pub(super) read: ReadState,
    pub(super) counts: Counts,
    /// The newest message.
    head: Seq,
    /// Every message of this number and after is in `known`.
    from: Seq,
    known: BTreeMap<Seq, Known>,
    /// What the messages before `from` add, as the server said or as it is guessed.
    before: Counts,
    /// Whether `before` is a guess.
    guessed: bool,
    hidden: BTreeSet<Seq>,
    /// The oldest message that can be read: there is nothing to ask for before it.
    oldest: Seq,
}

#[derive(Debug)]
struct Known {
    from: UserId,
    thread: Option<Seq>,
    mentions: Option<Box<Mentions>>,
    gone: bool,
}

impl Tally {
    /// As the server says it.
    pub(super) fn of(me: UserId, state: &RoomState) -> Self {
        let counts = Counts { unread: state.unread, mentions: state.mentions };
        Self {
            me,
            read: ReadState {
                read: state.read,
                read_private: state.read_private.unwrap_or_default(),
                unread_from: state.unread_from,
            },
            counts,
            head: state.seq,
            from: state.seq.next(),
            known: BTreeMap::new(),
            before: counts,
            guessed: false,
            hidden: BTreeSet::new(),
            oldest: state.oldest_seq,
        }
    }

    /// As the server says it now.
    pub(super) fn renew(&mut self, state: &RoomState) {
        let mut hidden = std::mem::take(&mut self.hidden);
        *self = Self { hidden: hidden.split_off(&state.seq.next()), ..Self::of(self.me.clone(), state) };
    }

    /// The next message.
    pub(super) fn message(&mut self, message: &Message) {
        if message.seq > self.head.next() {
            // One between could not be read: what is known ends there.
            self.before = self.counts;
            self.known.clear();
            (self.from, self.guessed) = (message.seq, true);
        }
        self.head = message.seq;
        self.know(message);
        if self.known.len() > MAX_KNOWN {
            self.forget_oldest();
        }
    }

    pub(super) fn deleted(&mut self, deleted: &Deleted) {
        match self.known.get_mut(&deleted.seq) {
            Some(known) => known.gone = true,
            None => self.guess(deleted.seq),
        }
    }

    /// Deleted for oneself.
    pub(super) fn hidden(&mut self, seq: Seq) {
        match self.known.get_mut(&seq) {
            Some(known) => known.gone = true,
            None if seq < self.from => self.guess(seq),
            None => {
                self.hidden.insert(seq);
                if self.hidden.len() > MAX_HIDDEN {
                    self.hidden.pop_first();
                }
            }
        }
    }

    pub(super) fn read(&mut self, seq: Seq) {
        let read = self.read.read.max(seq);
        self.turn(ReadState { read, unread_from: None, ..self.read });
    }

    pub(super) fn read_private(&mut self, seq: Seq) {
        let read_private = self.read.read_private.max(seq);
        self.turn(ReadState { read_private, unread_from: None, ..self.read });
    }

    pub(super) fn mark_unread(&mut self, from: Seq) {
        self.turn(ReadState { unread_from: Some(from), ..self.read });
    }

    /// The messages before this one cannot be read any more. Whether unread ones were among them only the server knows.
    pub(super) fn trimmed(&mut self, oldest: Seq) {
        self.oldest = self.oldest.max(oldest);
        for known in self.known.range_mut(..oldest).map(|(_, known)| known) {
            known.gone = true;
        }
        if self.before != Counts::default() && oldest > self.read.base().next() {
            self.guessed = true;
        }
        self.settle_before();
    }

    /// The messages before `asked`, which was the first that was known. When they do not help, nothing would, unless something else
    /// is known by now.
    pub(super) fn page(&mut self, page: &HistoryPage, asked: Seq) {
        let from = self.from;
        let ends = page.messages.first().zip(page.messages.last());
        if let Some((first, _)) = ends.filter(|(first, last)| first.seq < from && last.seq.next() >= from) {
            for message in page.messages.iter().filter(|message| message.seq < from) {
                self.know(message);
            }
            for seq in &page.hidden {
                self.known.entry(*seq).and_modify(|known| known.gone = true);
            }
            self.from = first.seq;
        }
        if from != asked {
            return;
        }
        if !page.more {
            self.oldest = self.oldest.max(self.from);
        }
        self.settle_before();
        if self.from == from {
            self.guessed = false;
        }
    }

    /// What is missing cannot be had: the guess stands until the server says more.
    pub(super) fn give_up(&mut self) {
        self.guessed = false;
    }

    /// Counts again, and says what is missing if it is a guess.
    pub(super) fn count(&mut self) -> Option<Missing> {
        let counts = self.counted(self.known.iter());
        self.counts = Counts {
            unread: counts.unread + self.before.unread,
            mentions: counts.mentions + self.before.mentions,
        };
        match self.unknown() {
            _ if !self.guessed => None,
            ..=MAX_ASKED => Some(Missing::Page { before: self.from }),
            _ => Some(Missing::State),
        }
    }

    fn counted<'a>(&self, known: impl Iterator<Item = (&'a Seq, &'a Known)>) -> Counts {
        let countable = known.map(|(seq, known)| Countable {
            seq: *seq,
            from: &known.from,
            thread: known.thread,
            mentions: known.mentions.as_deref(),
            gone: known.gone,
        });
        count(&self.me, None, self.read.base(), countable)
    }

    /// How many messages there are between the pointer and those that are known.
    fn unknown(&self) -> u64 {
        let base = self.read.base().max(self.oldest.previous());
        self.from.previous().get().saturating_sub(base.get())
    }

    fn know(&mut self, message: &Message) {
        let known = Known {
            from: message.from.clone(),
            thread: message.thread,
            mentions: message.mentions.clone().map(Box::new),
            gone: message.deleted_at.is_some() || self.hidden.remove(&message.seq),
        };
        self.known.insert(message.seq, known);
    }

    /// The oldest known message becomes one of those before.
    fn forget_oldest(&mut self) {
        let Some((seq, known)) = self.known.pop_first() else { return };
        let counts = self.counted(std::iter::once((&seq, &known)));
        self.before.unread += counts.unread;
        self.before.mentions += counts.mentions;
        self.from = seq.next();
    }

    /// Something became of a message that is not known.
    fn guess(&mut self, seq: Seq) {
        if seq > self.read.base() && seq < self.from {
            self.guessed = true;
        }
    }

    fn turn(&mut self, read: ReadState) {
        let (old, new) = (self.read.base(), read.base());
        self.read = read;
        if old != new {
            self.guessed = true;
            self.settle_before();
        }
    }

    /// Nothing is guessed when what is known reaches back to the pointer. A guess is never more than there are messages.
    fn settle_before(&mut self) {
        let most = self.unknown();
        if most == 0 {
            (self.before, self.guessed) = (Counts::default(), false);
        } else if self.guessed {
            self.before.unread = self.before.unread.min(most);
            self.before.mentions = self.before.mentions.min(self.before.unread);
        }
    }
}
