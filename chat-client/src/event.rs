//! What an application hears without asking.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_protocol::event::{MemberChanged, Presence, Reads, RoomChanged};
use chat_protocol::{Message, Offset, RoomId, RoomState, Seq, UserId};

use crate::Error;

/// One event of a client, in the order in which they took effect.
///
/// Within a room, [`Message`](ClientEvent::Message), [`Member`](ClientEvent::Member) and
/// [`Room`](ClientEvent::Room) come in the order of the room's log, each exactly once, without gaps; the only thing
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
    },
    /// A message was stored, by anyone: one's own carry the `client_msg_id` of their send.
    Message(Message),
    /// A membership changed.
    Member(MemberChanged),
    /// A room was made or its data changed.
    Room(RoomChanged),
    /// The user is a member of this room now; a [`Resumed`](ClientEvent::Resumed) with its state follows.
    RoomJoined(RoomId),
    /// The user is no member of this room any more.
    RoomLeft(RoomId),
    /// The user's own read pointer moved, on whichever device.
    Read {
        /// The room.
        room: RoomId,
        /// Everything up to this message is read.
        seq: Seq,
    },
    /// Another member's read pointer moved.
    Reads(Reads),
    /// A user whom the client listens to went online or offline, or a member is writing. Best effort: never repeated.
    Presence(Presence),
    /// A user whom the client listens to is online or not: told after each reconnect.
    Online {
        /// The user.
        user: UserId,
        /// Whether any session of the user lives.
        online: bool,
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
