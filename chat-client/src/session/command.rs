//! What goes into a session, and what comes back for it.

use chat_protocol::command::Create;
use chat_protocol::reply::{RoomData, SendData};
use chat_protocol::{ClientMsgId, Content, HistoryPage, HistoryQuery, RoomId, RoomState, Seq, UserId};

/// Matches an answer to its command; chosen by whoever gives the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What a session may be told to do. Each is answered by exactly one answer with its ticket, at once or later.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Command {
    /// Write a message. Answered with [`Answer::Sent`] when it is stored, however many connections that takes.
    Send(Outgoing),
    /// Make a room (its `id` is filled in by the session). Answered with [`Answer::Room`].
    Create(Box<Create>),
    /// Become a member. Answered with [`Answer::Room`].
    Join(RoomId),
    /// Stop being a member. Answered with [`Answer::Done`].
    Leave(RoomId),
    /// Read a page of messages. Answered with [`Answer::Page`].
    History {
        /// The room.
        room: RoomId,
        /// Which messages.
        query: HistoryQuery,
    },
    /// Watch a user's presence, now and after each reconnect. Answered with [`Answer::Online`].
    Listen(UserId),
    /// Stop watching it. Answered with [`Answer::Done`].
    Unlisten(UserId),
    /// Move the own read pointer. Answered with [`Answer::Done`] at once; it is told to the server as soon as
    /// possible and until it has it.
    Read {
        /// The room.
        room: RoomId,
        /// Everything up to this message is read.
        seq: Seq,
    },
    /// Tell that the user is writing, or stopped. Answered with [`Answer::Done`] at once, dropped without a
    /// connection.
    Typing {
        /// The room.
        room: RoomId,
        /// True: stopped.
        stop: bool,
    },
    /// What is known of all rooms. Answered with [`Answer::Rooms`] at once.
    Rooms,
    /// What is known of one room. Answered with [`Answer::Rooms`] at once: one, or none.
    Room(RoomId),
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
}

/// The result of a [`Command`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The message is stored.
    Sent(SendData),
    /// The room that was made or joined.
    Room(Box<RoomData>),
    /// A page of history.
    Page(HistoryPage),
    /// Whether the user is online now.
    Online(bool),
    /// What is known of rooms.
    Rooms(Vec<RoomState>),
    /// It is done, and there is nothing more to tell.
    Done,
}
