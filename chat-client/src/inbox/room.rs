//! One room of an inbox, carried on by what is told of it.

use std::sync::Arc;

use chat_protocol::event::{Deleted, Edited, MemberAction, MemberChanged, RoomAction, RoomChanged};
use chat_protocol::reply::InboxEntry;
use chat_protocol::{Content, Message, Offset, RoomState, Seq, Timestamp, UserId};

use super::Shelf;
use crate::Unread;

/// One room of an inbox: what a line in a list of chats shows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct InboxRoom {
    /// The room: its name, the user's role in it, what is unread and mentions the user, and the user's settings of it.
    pub state: RoomState,
    /// Its newest message of the main line.
    pub last: Last,
    /// Who else writes in its main line now.
    pub typing: Vec<UserId>,
    /// In a direct room: the other user, once a page of the inbox has told.
    pub peer: Option<Peer>,
    /// Whether the client hears what happens there: it follows at most 1,000 rooms. Otherwise this is how the room was when its page
    /// was read.
    pub followed: bool,
    /// A page of the inbox has told what only that knows.
    pub(super) detailed: bool,
}

/// The newest message of a room that the user may read and did not delete for itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Last {
    /// Not known yet: see [`Inbox::more`](super::Inbox::more).
    Unknown,
    /// There is none.
    None,
    /// This one as it is now: after its edits, and with an empty text when `deleted_at` is set. Its `reactions` and `replies`
    /// are not told.
    Message(Arc<Message>),
}

/// The other user of a direct room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Peer {
    /// The name, from the directory.
    pub name: Option<String>,
    /// URL of the picture, from the directory.
    pub avatar: Option<String>,
    /// Whether the user is online; `None`: this user may not know. Kept up to date for users whom the client
    /// [listens](crate::Client::listen) to.
    pub online: Option<bool>,
    /// When the user's last session ended, if that is known.
    pub last_seen: Option<Timestamp>,
}

impl Last {
    pub(super) fn of(message: &Message) -> Self {
        let mut message = Message { reactions: Vec::new(), replies: None, ..message.clone() };
        if message.deleted_at.is_some() {
            // Edits of what is gone are not told again, so nobody knows when the last one was.
            message.edited_at = None;
        }
        Self::Message(Arc::new(message))
    }

    /// The message, if there is one and it is known.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Unknown | Self::None => None,
        }
    }

    pub(super) fn is(&self, seq: Seq) -> bool {
        self.message().is_some_and(|message| message.seq == seq)
    }

    /// A message was written in the main line.
    pub(super) fn wrote(&mut self, message: &Message) {
        if self.message().is_none_or(|last| last.seq < message.seq) {
            *self = Self::of(message);
        }
    }

    pub(super) fn edited(&mut self, edited: &Edited) {
        let (Self::Message(last), Some(content)) = (self, &edited.content) else { return };
        // The times of a room never run backwards: what was edited later says more.
        let newer = last.edited_at.is_some_and(|at| at > edited.ts);
        if last.seq == edited.seq && last.deleted_at.is_none() && !newer {
            let last = Arc::make_mut(last);
            last.content.clone_from(content);
            last.edited_at = Some(edited.ts);
        }
    }

    pub(super) fn deleted(&mut self, deleted: &Deleted) {
        let Self::Message(last) = self else { return };
        if last.seq == deleted.seq && last.deleted_at.is_none() {
            let last = Arc::make_mut(last);
            (last.content, last.deleted_at, last.edited_at) = (Content::plain(""), Some(deleted.ts), None);
        }
    }
}

impl InboxRoom {
    /// A room that the client follows, or one that only a page tells of.
    pub(super) fn new(state: RoomState, followed: bool) -> Self {
        Self { state, last: Last::Unknown, typing: Vec::new(), peer: None, followed, detailed: false }
    }

    /// Where it stands.
    pub(super) fn shelf(&self) -> Shelf {
        if self.state.settings.archived { Shelf::Archive } else { Shelf::Main }
    }

    /// Takes an entry of the room's log, if it is news: whether the state does not know it yet.
    pub(super) fn entry(&mut self, offset: Offset, ts: Timestamp) -> bool {
        let news = offset > self.state.offset;
        if news {
            (self.state.offset, self.state.ts) = (offset, ts);
        }
        news
    }

    pub(super) fn member(&mut self, change: &MemberChanged, me: &UserId) {
        let members = &mut self.state.members;
        match change.action.known() {
            Some(MemberAction::Joined) => *members = members.saturating_add(1),
            Some(MemberAction::Left | MemberAction::Kicked) => *members = members.saturating_sub(1),
            Some(MemberAction::Banned | MemberAction::Unbanned | MemberAction::Role) | None => {}
        }
        if let (true, Some(role)) = (change.user == *me, &change.role) {
            self.state.role.clone_from(role);
        }
    }

    /// Takes in the room's data; whether other messages can be read than before.
    pub(super) fn changed(&mut self, change: &RoomChanged) -> bool {
        let state = &mut self.state;
        state.kind.clone_from(&change.kind);
        state.info.clone_from(&change.info);
        state.desk.clone_from(&change.desk);
        if let Some(access) = &change.access {
            state.access.clone_from(access);
        }
        if change.action.known() == Some(RoomAction::Trimmed) {
            state.oldest_seq = state.oldest_seq.max(change.oldest_seq.unwrap_or_default());
            if self.last.message().is_some_and(|last| last.seq < state.oldest_seq) {
                self.last = Last::None;
            }
        }
        let Some(history) = change.history.as_ref().filter(|history| **history != state.history) else {
            return false;
        };
        state.history.clone_from(history);
        true
    }

    pub(super) fn unread(&mut self, unread: &Unread) {
        let (state, read) = (&mut self.state, &unread.read);
        (state.read, state.unread_from) = (read.read, read.unread_from);
        state.read_private = (read.read_private > read.read).then_some(read.read_private);
        (state.unread, state.mentions) = (unread.counts.unread, unread.counts.mentions);
    }

    /// Takes what only a page of the inbox knows.
    pub(super) fn detail(&mut self, entry: &InboxEntry) {
        self.detailed = true;
        self.last = entry.last.as_ref().map_or(Last::None, Last::of);
        self.peer = entry.state.peer.as_ref().map(|_| Peer {
            name: entry.peer_name.clone(),
            avatar: entry.peer_avatar.clone(),
            online: entry.peer_online,
            last_seen: entry.peer_last_seen,
        });
        if self.followed {
            self.state.settings.clone_from(&entry.state.settings);
        } else {
            self.state.clone_from(&entry.state);
        }
    }
}
