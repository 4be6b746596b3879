//! What goes into a session, and what comes back for it.

use std::sync::Weak;
use std::time::Duration;

use chat_protocol::reply::SendData;
use chat_protocol::{
    ClientMsgId, Command as Wire, Content, ErrorText, Mentions, Reply, RoomId, RoomState, Seq, UserId,
};

use crate::QueuedSend;

/// Matches an answer to its command; chosen by whoever gives the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What a session may be told to do. Each is answered by exactly one answer with its ticket, at once or later.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Command {
    /// Write a message. Answered with [`Answer::Sent`] when it is stored, however many connections that takes.
    Send(Outgoing),
    /// Ask the server something: any command whose answer is a reply (its `id` is filled in by the session). Answered with
    /// [`Answer::Reply`].
    ///
    /// It is asked again on the next connection if the present one ends before the answer, until its deadline
    /// ([`Config::request_timeout`](super::Config::request_timeout)): all commands are safe to repeat. What the session
    /// speaks of itself is refused with [`Error::Answer`](crate::Error::Answer): `auth`, `resume`, `read`, `delivered`, `typing`, `ping`
    /// and messages that are to be sent now.
    Ask(Box<Wire>),
    /// Move an own read pointer. Answered with [`Answer::Done`] at once; it is told to the server together with others that
    /// move within 250 ms, and until it has it. With 4,096 pointers waiting it is refused with
    /// [`Error::Busy`](crate::Error::Busy).
    Read {
        /// The room.
        room: RoomId,
        /// Everything up to this message is read.
        seq: Seq,
        /// In the thread of this message; `None`: in the main line.
        thread: Option<Seq>,
        /// True: others are not told.
        private: bool,
    },
    /// Move the own delivered pointer. As [`Read`](Command::Read), gathered for a second.
    Delivered {
        /// The room.
        room: RoomId,
        /// Everything up to this message has arrived.
        seq: Seq,
    },
    /// Watch a user's presence, which is told by [`ClientEvent::Online`](crate::ClientEvent::Online) now and after each
    /// reconnect, and by [`ClientEvent::Presence`](crate::ClientEvent::Presence) when it changes. Answered when the first of
    /// them is told: with [`Answer::Done`] where the user is watched already, with the server's [`Answer::Reply`] otherwise.
    Watch {
        /// The user.
        user: UserId,
        /// Who watches: for as long as somebody holds the strong half of it.
        watcher: Weak<()>,
    },
    /// Look whether anybody still watches a user. Answered with [`Answer::Done`] at once.
    Unwatch(UserId),
    /// Tell that the user is writing, or stopped. Answered with [`Answer::Done`] at once, dropped without a
    /// connection.
    ///
    /// While it is repeated, the server is told at most twice in the time that a notice holds; 5 s after the last one it is told
    /// that the user stopped.
    Typing {
        /// The room.
        room: RoomId,
        /// In the thread of this message; `None`: in the main line.
        thread: Option<Seq>,
        /// True: stopped.
        stop: bool,
    },
    /// What is known of all rooms. Answered with [`Answer::Rooms`] at once.
    Rooms,
    /// What is known of one room. Answered with [`Answer::Rooms`] at once: one, or none.
    Room(RoomId),
    /// Give a message that never left, or that is wedged, another content. Answered with [`Answer::Done`] at once, or with
    /// [`Error::TooLate`](crate::Error::TooLate) or [`Error::NotQueued`](crate::Error::NotQueued).
    Edit {
        /// The room.
        room: RoomId,
        /// The sender's name for the message.
        client_msg_id: ClientMsgId,
        /// What it says now.
        content: Content,
    },
    /// Take back a message that never left, or that is wedged. Answered as `Edit`.
    Cancel {
        /// The room.
        room: RoomId,
        /// The sender's name for the message.
        client_msg_id: ClientMsgId,
    },
    /// Send a wedged message again. Answered as [`Send`](Self::Send), or with
    /// [`Error::NotQueued`](crate::Error::NotQueued).
    Retry {
        /// The room.
        room: RoomId,
        /// The sender's name for the message.
        client_msg_id: ClientMsgId,
    },
    /// The messages that wait, wedged ones among them. Answered with [`Answer::Outbox`] at once.
    Outbox,
    /// Wait until everything in the outbox is written down. Answered with [`Answer::Done`], at once without a store, or with
    /// [`Error::Store`](crate::Error::Store) when the store cannot write now.
    Save,
    /// What to say who the user is with, for requests beside the connection. Answered with [`Answer::Token`]: with the present token at
    /// once, and where there is none, or `refused` is it, when the application has given another. A fixed token that was refused is
    /// answered with [`Error::Unauthenticated`](crate::Error::Unauthenticated), a source that gives none with
    /// [`Error::Token`](crate::Error::Token).
    Token {
        /// The token that the server has just refused, and why; `None`: the present one is wanted.
        refused: Option<(Token, ErrorText)>,
    },
    /// The network is another one, or is back: try now, or see whether the connection still lives. Answered with
    /// [`Answer::Done`] at once.
    NetworkChanged,
    /// Finish what waits, within the configured time, then end. Answered with [`Answer::Done`] when ended.
    Close,
}

/// A message to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The room.
    pub room: RoomId,
    /// The sender's name for it: repeated, the message is stored once.
    pub client_msg_id: ClientMsgId,
    /// What to write.
    pub content: Content,
    /// The message that this one answers.
    pub reply_to: Option<Seq>,
    /// The message whose thread it belongs to.
    pub thread: Option<Seq>,
    /// Whom it calls.
    pub mentions: Option<Mentions>,
    /// How long it may wait for its first way out; `None`: for ever. Beyond it, it expires.
    pub max_age: Option<Duration>,
}

impl Outgoing {
    /// A message of this content, which answers nothing and calls nobody.
    pub fn new(room: RoomId, client_msg_id: ClientMsgId, content: Content) -> Self {
        Self { room, client_msg_id, content, reply_to: None, thread: None, mentions: None, max_age: None }
    }
}

/// A credential. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(<redacted>)")
    }
}

/// The result of a [`Command`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// The message is stored.
    Sent(SendData),
    /// What the server replied, which is no refusal.
    Reply(Box<Reply>),
    /// What is known of rooms.
    Rooms(Vec<RoomState>),
    /// What waits to be sent.
    Outbox(Vec<QueuedSend>),
    /// The token that is good as far as the session knows.
    Token(Token),
    /// It is done, and there is nothing more to tell.
    Done,
}
