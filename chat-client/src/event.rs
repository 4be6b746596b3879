//! What an application hears without asking.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_protocol::event::{
    Deleted, Edited, MemberChanged, Presence, Reaction, Reads, RoomChanged, UserChanged,
};
use chat_protocol::unread::{Counts, ReadState};
use chat_protocol::{Message, Offset, RoomId, RoomState, Seq, Timestamp, UserId};

use crate::store::StoreError;
use crate::{Error, SendUpdate};

/// One event of a client, in the order in which they took effect.
///
/// Within a room, [`Message`](ClientEvent::Message), [`Edited`](ClientEvent::Edited), [`Deleted`](ClientEvent::Deleted),
/// [`Reaction`](ClientEvent::Reaction), [`Member`](ClientEvent::Member) and [`Room`](ClientEvent::Room) come in the order of the room's log, each exactly once, without gaps; the only thing
/// that can stand in place of events is a [`Resumed`](ClientEvent::Resumed) that says so, or a
/// [`Lagged`](ClientEvent::Lagged) of a subscriber that was too slow. Events are delivered at most once per
/// subscriber, also those of other devices of the same user and the echo of one's own messages.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// A connection is authenticated and everything that was missed is told.
    Connected,
    /// The connection was lost, or could not be made; the next attempt follows by itself.
    Disconnected {
        /// What happened, for people. Not stable.
        reason: String,
        /// How long until the next attempt.
        retry_in: Duration,
    },
    /// Where one log stands after a connection was made or a gap was filled. Until this event a room's events are
    /// those that were missed; after it they are live.
    Resumed {
        /// The room; `None`: the user's own log of rooms gained and lost.
        room: Option<RoomId>,
        /// How it went. Every case but [`Recovery::Recovered`] asks something of the application.
        recovery: Recovery,
        /// Others' read pointers as they are now, at most 200.
        pointers: BTreeMap<UserId, Seq>,
        /// Others' delivered pointers that are further than their read pointers, at most 200.
        delivered: BTreeMap<UserId, Seq>,
    },
    /// A message was stored, by anyone: one's own carry the `client_msg_id` of their send.
    Message(Message),
    /// A message says something else now.
    Edited(Edited),
    /// A message was deleted for everyone.
    Deleted(Deleted),
    /// A reaction to a message came or went.
    Reaction(Reaction),
    /// A message that was given to be sent stands otherwise than before.
    Outbox(SendUpdate),
    /// The store cannot write. The client goes on without it and tries again: should the process end before that works, messages
    /// that wait may be lost. Told once, until it has worked again.
    StoreFailed(StoreError),
    /// A membership changed.
    Member(MemberChanged),
    /// A room was made or its data changed.
    Room(RoomChanged),
    /// The user is a member of this room now; a [`Resumed`](ClientEvent::Resumed) with its state follows.
    RoomJoined(RoomId),
    /// The user is no member of this room any more.
    RoomLeft(RoomId),
    /// What is unread in a room changed: by a message, a deletion, or because the user read, on whichever device.
    Unread(Unread),
    /// Something else that concerns the user alone: settings of a room, a message deleted for oneself, blocks, scheduled
    /// messages, sessions.
    User(UserChanged),
    /// Another member's read pointer moved.
    Reads(Reads),
    /// A user whom the client listens to went online or offline, or a large room told how many are there. Best effort: never
    /// repeated.
    Presence(Presence),
    /// Who is writing in a room changed: by a key press, a message, or because its time ended.
    Typing {
        /// The room.
        room: RoomId,
        /// In the thread of this message; `None`: in the main line.
        thread: Option<Seq>,
        /// Everyone who writes there now, but for the user itself.
        users: Vec<UserId>,
    },
    /// A user whom the client listens to is online or not: told after each reconnect.
    Online {
        /// The user.
        user: UserId,
        /// Whether any session of the user lives.
        online: bool,
        /// When the last one ended, if none lives and it is known.
        last_seen: Option<Timestamp>,
    },
    /// The server stops soon; a reconnect follows by itself.
    Draining,
    /// The user is a member of these rooms, but the server does not tell their events: it follows the most recently
    /// active ones only.
    LeftOut(Vec<RoomId>),
    /// This subscriber took events too slowly, and the oldest were dropped. Read the affected rooms' history; other
    /// subscribers and the client itself lost nothing.
    Lagged {
        /// How many events were dropped.
        missed: u64,
    },
    /// The last event: the client ended.
    Closed {
        /// Why; `None`: it was closed on this side.
        reason: Option<Error>,
    },
}

/// What is unread in the main line of a room.
///
/// Counted by the rule of [`protocol::unread`](crate::protocol::unread), as the server does. When it depends on messages that
/// the client has not seen, `counts` is a guess at first, and a second event follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The room.
    pub room: RoomId,
    /// How far the user has read.
    pub read: ReadState,
    /// Messages after that, and those of them that mention the user.
    pub counts: Counts,
}

/// How a log was resumed: the four answers that there are.
///
/// It is deliberately exhaustive: an application has to have an opinion on each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovery {
    /// Every missed event was told before: nothing to do.
    Recovered {
        /// How many events it were.
        missed: u64,
    },
    /// The missed events were not told. Replace what is known of the room by `state` and read history where needed.
    /// The first answer for every room is this one.
    Snapshot {
        /// How many log entries were passed over; `None`: not known, because nothing was known before or the server
        /// began a new log.
        missed: Option<u64>,
        /// The room as it is now; `None` for the user's own log, and from a newer server that has another word for this
        /// and sends no state: the history is to be read all the same.
        state: Option<Box<RoomState>>,
    },
    /// As a snapshot, because the server's log no longer reaches back far enough: `oldest` is where it begins.
    Trimmed {
        /// How many log entries were passed over, as in a snapshot.
        missed: Option<u64>,
        /// The first position that the log still has.
        oldest: Option<Offset>,
        /// The room as it is now; `None` for the user's own log.
        state: Option<Box<RoomState>>,
    },
    /// The room is not the user's any more: forget it.
    Gone,
}

/// How a client is connected right now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionState {
    /// A connection is being opened, or the token for it fetched.
    Connecting,
    /// It is open; the server checks the token.
    Authenticating,
    /// What was missed is being told.
    Resuming,
    /// All is told; commands are answered at once.
    Ready,
    /// Without a connection until the next attempt.
    Waiting {
        /// How long the wait is, from when it began.
        retry_in: Duration,
    },
    /// Ended for good.
    Closed {
        /// Why; `None`: it was closed on this side.
        reason: Option<Error>,
    },
}
