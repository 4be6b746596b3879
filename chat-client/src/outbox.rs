//! Messages that are on their way: how each stands, and what may still be done about it.
//!
//! ```text
//!                 next to go                ack                     told in the room's log
//!  Queued ----------------------> InFlight -------> Acked(data) ---------------------------> Settled(data)
//!   ^  |  ^                       |  |  |                                                       ^
//!   |  |  '-- cut, or "later" ----'  |  '-- echo, or the answer of a resume --------------------'
//!   |  |                             | refused
//!   |  |------ cancel ---------------|---------------> Cancelled
//!   |  |                             v                    ^
//!   |  |                           Wedged(error) - cancel-'
//!   |  '------ max_age ------------> | ------------> Expired
//!   '--------- retry ----------------'
//! ```
//!
//! A message is acknowledged by whatever comes first: the ack, its echo in the room's log, or the answer of a resume that brings
//! it. However often it travels, it keeps its `client_msg_id` and is stored once. Messages of one room go in the order in which
//! they were given; one that is wedged leaves its place, and those behind it go on.
//!
//! Queued messages may be edited and cancelled as long as they never left ([`QueuedSend::attempted`]): afterwards only the server
//! knows whether it has them, and they can be edited or deleted when they are stored.

use chat_protocol::reply::SendData;
use chat_protocol::{ClientMsgId, Content, Mentions, RoomId, Seq, Timestamp};

use crate::Error;

/// How a message stands that was given to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendState {
    /// It waits for a connection, or behind others of its room.
    Queued,
    /// It was sent, and nothing was heard of it yet.
    InFlight,
    /// It is stored. Its echo in the room's log has not come yet.
    Acked(SendData),
    /// It is stored, and the room's log has told it, or does not tell this client its messages.
    Settled(SendData),
    /// The server does not take it, or has answered with "later" too often. It stays until it is retried or cancelled. Should an
    /// earlier connection have carried it, too, and be read only now, it may be stored all the same: then it is settled.
    Wedged(Error),
    /// It was taken back before it left, or after it was wedged. Nothing was stored.
    Cancelled,
    /// It could not leave before its time was over. Nothing was stored.
    Expired,
}

impl SendState {
    /// Whether nothing more will become of it.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Settled(_) | Self::Cancelled | Self::Expired)
    }
}

/// A message on its way stands otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendUpdate {
    /// The room.
    pub room: RoomId,
    /// The sender's name for the message.
    pub client_msg_id: ClientMsgId,
    /// How it stands now.
    pub state: SendState,
}

/// A message that waits in the outbox, wedged ones among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedSend {
    /// The room.
    pub room: RoomId,
    /// The sender's name for it.
    pub client_msg_id: ClientMsgId,
    /// What it says.
    pub content: Content,
    /// The message that it answers.
    pub reply_to: Option<Seq>,
    /// The message whose thread it belongs to.
    pub thread: Option<Seq>,
    /// Whom it calls.
    pub mentions: Option<Mentions>,
    /// How it stands: [`Queued`](SendState::Queued), [`InFlight`](SendState::InFlight) or [`Wedged`](SendState::Wedged).
    pub state: SendState,
    /// Whether it may have left before: then it can neither be edited nor cancelled.
    pub attempted: bool,
    /// When it was given, by this machine's clock.
    pub created_at: Timestamp,
}
