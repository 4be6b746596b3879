//! What a timeline shows: messages, gaps, and echoes of what is still on its way.

use std::sync::Arc;

use chat_protocol::{ClientMsgId, Content, Emoji, Message, Replies, Seq, Timestamp, UserId};

use super::Echo;

/// One entry of a timeline.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Item {
    /// A stored message.
    Message(MessageItem),
    /// Here messages are missing, or may be.
    Gap(Gap),
    /// A message of one's own that is not in the room's log yet, as far as the timeline knows.
    Echo(Echo),
}

/// The name of an item, the same for as long as it is shown.
///
/// No two items of a timeline have the same key at a time. A message of one's own is keyed by the name that its sender gave it, so
/// that its echo and the message it becomes are one item to whoever draws lists by key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Key {
    /// A message by its number.
    Seq(Seq),
    /// A message of one's own by its `client_msg_id`, before and after it is stored.
    Own(ClientMsgId),
    /// A gap by the number before it.
    Gap(Seq),
}

impl Item {
    /// Its name.
    pub fn key(&self) -> Key {
        match self {
            Self::Message(message) => message.key(),
            Self::Gap(gap) => Key::Gap(gap.after),
            Self::Echo(echo) => Key::Own(echo.client_msg_id.clone()),
        }
    }

    /// The message, if it is one.
    pub fn message(&self) -> Option<&MessageItem> {
        match self {
            Self::Message(message) => Some(message),
            _ => None,
        }
    }

    /// The gap, if it is one.
    pub fn gap(&self) -> Option<Gap> {
        match self {
            Self::Gap(gap) => Some(*gap),
            _ => None,
        }
    }

    /// The echo, if it is one.
    pub fn echo(&self) -> Option<&Echo> {
        match self {
            Self::Echo(echo) => Some(echo),
            _ => None,
        }
    }
}

/// A stored message with what became of it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MessageItem {
    /// The message as it is now: `content` is what it says after its last edit, and an empty text when `deleted_at` is set, without `edited_at`. Its
    /// `reactions` and `replies` are empty: they stand beside it here.
    pub message: Arc<Message>,
    /// What it answers.
    pub answers: Option<Answered>,
    /// The thread that hangs on it.
    pub replies: Option<Replies>,
    /// Its reactions summed up, in the order of their emoji, so that none changes its place.
    pub reactions: Vec<Reacted>,
    /// Whether another user wrote it and it calls this one, by name or with the whole room.
    pub mentions_me: bool,
    /// Whether this user blocks who wrote it. It is shown or folded as the application likes.
    pub blocked: bool,
    /// How far it has come, for a message of one's own in this line; `None` for others', and for the message on which a thread
    /// hangs.
    pub delivery: Option<Delivery>,
    pub(super) own: bool,
}

impl MessageItem {
    /// Its name among the items.
    pub fn key(&self) -> Key {
        match &self.message.client_msg_id {
            Some(name) if self.own => Key::Own(name.clone()),
            _ => Key::Seq(self.message.seq),
        }
    }

    /// Its number.
    pub fn seq(&self) -> Seq {
        self.message.seq
    }

    /// What it says now; `None`: it was deleted.
    pub fn content(&self) -> Option<&Content> {
        self.message.deleted_at.is_none().then_some(&self.message.content)
    }

    /// When it was deleted, if it was: what remains is to be shown as a message that is gone.
    pub fn deleted_at(&self) -> Option<Timestamp> {
        self.message.deleted_at
    }

    /// Whether the user of this client wrote it.
    pub fn is_own(&self) -> bool {
        self.own
    }
}

/// What a message answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// Number of the answered message.
    pub seq: Seq,
    /// What that one says now; `None`: it is not loaded here, or the user has deleted it for itself.
    pub preview: Option<Preview>,
}

/// An answered message, as its answers show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Who wrote it.
    pub from: UserId,
    /// What it says now; `None`: it was deleted.
    pub content: Option<Content>,
}

/// One reaction to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reacted {
    /// The reaction.
    pub emoji: Emoji,
    /// How many users have it.
    pub count: u64,
    /// Whether this user is one of them.
    pub mine: bool,
}

/// How many others a stored message of one's own has reached, as far as the server tells it: of at most 200 members, and in large
/// rooms of none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivery {
    /// Members on some device of whom it has arrived, those who have read it among them.
    pub delivered: usize,
    /// Members who have read it.
    pub read: usize,
}

/// Messages with numbers between `after` and `before` are not loaded: there are some, or there may be.
///
/// [`Timeline::fill`](super::Timeline::fill) loads them, page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The number before the gap; 0 where it begins with the room's first message.
    pub after: Seq,
    /// The number after the gap; one more than the newest message's where it reaches to the end.
    pub before: Seq,
    /// What is being done about it.
    pub state: GapState,
}

/// What is being done about a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapState {
    /// Nothing: it waits for the application.
    Idle,
    /// A page is on its way, or will be asked for next.
    Loading,
    /// The last page could not be had. It is asked for again when the connection is made anew, or when the application says so.
    Failed,
}
