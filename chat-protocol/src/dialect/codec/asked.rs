//! What a frame asks, in words that all dialects share.

use super::with_text;
use crate::command::{Delete, Edit, Listen, MarkRead, SendMessage, Typing, Unlisten};
use crate::dialect::Secret;
use crate::{Command, Content, RequestId, RoomId, RoomNumber, Seq, SessionId, Text, UserId};

/// One of the names that a message has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageName {
    /// Its number in its room.
    Seq(Seq),
    /// Its number in the server.
    Num(u64),
    /// Its 128 random bits.
    Key([u8; 16]),
}

/// One of the names that a room has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RoomName {
    /// Its id; direct rooms are always named so, because their id follows from the pair.
    Id(RoomId),
    /// Its number in the server.
    Number(RoomNumber),
    /// Another name that was given to it.
    Alias(String),
}

/// What a frame asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The client's own id for the frame, where the dialect has one.
    pub id: Option<String>,
    /// What it asks.
    pub what: What,
}

impl From<What> for Asked {
    fn from(what: What) -> Self {
        Self { id: None, what }
    }
}

/// What the sender of a frame has to be, where neither the room nor the command that it becomes says it. A server that does
/// not know one takes it that the sender is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Right {
    /// An agent of the organization that the socket's place names: now, and not only when the socket was opened.
    Agent,
    /// Anyone who has a socket there.
    Anyone,
}

/// The detail of the [`Forbidden`](crate::ErrorCode::Forbidden) with which a server refuses to edit, rewrite or delete a
/// message of another user. Every other refusal of these has its own reason, or none.
pub const NOT_AUTHOR: &str = "only its author edits or deletes a message";

/// What is asked. More may become possible: a server answers what it does not know with
/// [`NotSupported`](crate::ErrorCode::NotSupported).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// Say who I am.
    Auth {
        /// The credential.
        token: Secret,
        /// The frame asks something besides: once the user is known, decode it again.
        again: bool,
    },
    /// Write a message.
    Send {
        /// Where.
        room: RoomName,
        /// What.
        content: Content,
        /// The message that it answers.
        reply_to: Option<MessageName>,
    },
    /// Everything up to a message is read.
    Read {
        /// Where.
        room: RoomName,
        /// The message. Only one of another user can be named: one's own counts as not found.
        upto: MessageName,
    },
    /// Replace a message's content.
    Edit {
        /// Where.
        room: RoomName,
        /// The message.
        message: MessageName,
        /// What it says from now on.
        content: Content,
    },
    /// Replace a message's text, and leave its files as they are.
    Rewrite {
        /// Where.
        room: RoomName,
        /// The message.
        message: MessageName,
        /// What it says from now on.
        text: String,
    },
    /// Delete a message for everyone.
    Delete {
        /// Where.
        room: RoomName,
        /// The message.
        message: MessageName,
    },
    /// Tell that I am writing.
    Typing {
        /// Where.
        room: RoomName,
        /// I stopped.
        stop: bool,
    },
    /// Watch a user's presence, or stop doing so.
    Listen {
        /// Whose.
        user: UserId,
        /// False: stop.
        on: bool,
    },
    /// Show me as online or offline, whatever my sockets say. It is told also when it changes nothing, as
    /// [`News::Shown`](super::News::Shown).
    Show {
        /// Which of the two.
        online: bool,
    },
    /// Hand a frame to every socket of the place, and store nothing. It goes past all rooms and their rules, so that a
    /// sender without the right must not be heard: then the frame is ignored, and nobody is told.
    Relay {
        /// The frame to hand on.
        frame: Text,
        /// What the sender has to be.
        right: Right,
    },
    /// Nothing; nobody is told.
    Ignored,
    /// Nothing, because it is bad input: the sender is told this.
    Refused(Text),
}

impl What {
    /// The command that does it, once its room is found, and its message where it names one. `None` for what is no
    /// command: `Auth`, `Show`, `Relay`, `Ignored` and `Refused`; for `Rewrite`, which must become an `Edit`
    /// [of what the message says now](What::rewriting); and when the message that it needs is not given.
    pub fn command(self, id: RequestId, room: RoomId, message: Option<Seq>) -> Option<Command> {
        Some(match self {
            What::Send { content, reply_to, .. } => {
                let reply_to = match reply_to {
                    Some(_) => Some(message?),
                    None => None,
                };
                SendMessage { reply_to, ..SendMessage::new(id, room, content) }.into()
            }
            What::Read { .. } => {
                MarkRead { id: Some(id), room, seq: message?, thread: None, private: false }.into()
            }
            What::Edit { content, .. } => Edit { id, room, seq: message?, content }.into(),
            What::Delete { .. } => Delete { id, room, seq: message?, for_me: false }.into(),
            What::Typing { stop, .. } => Typing { id: Some(id), room, stop, thread: None }.into(),
            What::Listen { user, on: true } => Listen { id, user }.into(),
            What::Listen { user, on: false } => Unlisten { id, user }.into(),
            What::Auth { .. }
            | What::Rewrite { .. }
            | What::Show { .. }
            | What::Relay { .. }
            | What::Ignored
            | What::Refused(_) => return None,
        })
    }

    /// `Rewrite` as the `Edit` that it is of a message with this content; anything else as it is.
    #[must_use]
    pub fn rewriting(self, content: &Content) -> Self {
        match self {
            What::Rewrite { room, message, text } => {
                What::Edit { room, message, content: with_text(content, &text) }
            }
            other => other,
        }
    }

    /// The room that it names.
    pub fn room(&self) -> Option<&RoomName> {
        match self {
            What::Send { room, .. }
            | What::Read { room, .. }
            | What::Edit { room, .. }
            | What::Rewrite { room, .. }
            | What::Delete { room, .. }
            | What::Typing { room, .. } => Some(room),
            _ => None,
        }
    }

    /// The message that it names.
    pub fn message(&self) -> Option<MessageName> {
        match self {
            What::Send { reply_to, .. } => *reply_to,
            What::Read { upto: message, .. }
            | What::Edit { message, .. }
            | What::Rewrite { message, .. }
            | What::Delete { message, .. } => Some(*message),
            _ => None,
        }
    }
}

/// What came of it, for the answer. More may become possible: a dialect that does not know one has no answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Done {
    /// The socket has its user.
    Authenticated {
        /// Who it is.
        user: UserId,
        /// The socket's session.
        session_id: SessionId,
    },
    /// A presence is watched.
    Listening {
        /// Whether that user is online.
        online: bool,
    },
    /// It is done, and there is nothing more to say.
    Done,
}
