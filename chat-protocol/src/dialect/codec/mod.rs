//! What every dialect can do: read its clients' frames as what they ask, and write what happened as its frames.
//!
//! A [`Dialect`] is pure: it knows no store, no clock and no other socket, and it never decides who may do what. Whoever
//! runs one performs what it was [asked](Asked), tells it the [news](News), and sends each frame to its
//! [audience](Audience).
//!
//! ```text
//!  handshake ─► open ─► Opening: place, token          what a client is told
//!                          │                                  ▲
//!      frame ─► decode(seat)─► Asked ─► (performed) ─► answer ─┤
//!                                  news of a room ─► encode ───┘
//! ```
//!
//! An event that a dialect has no words for is `None`, on purpose and listed in the dialect's own docs.

mod asked;
mod handshake;
mod news;
mod parts;

use std::any::Any;
use std::fmt;

pub use asked::{Asked, Done, MessageName, NOT_AUTHOR, Right, RoomName, What};
pub use handshake::{Handshake, Opening, Place, Strangers};
pub use news::{
    Audience, Delivery, DeskFacts, ListedRoom, MessageNames, MessageNews, News, Profile, RoomFacts,
    plain_text,
};
pub use parts::{File, MAX_FILES, Parts, with_text};

use crate::{ErrorCode, RoomId, Text, Timestamp, UserId, WireError};

/// Where a socket is, and whose it is by now.
#[derive(Debug, Clone, Copy)]
pub struct Seat<'a> {
    /// What the handshake named.
    pub place: &'a Place,
    /// The authenticated user; `None` before that.
    pub me: Option<&'a UserId>,
}

/// One documented wire format of a socket, as a server speaks it.
///
/// Implementations hold the operator's options for the format. All methods are pure and total: they never panic, whatever
/// a peer sends. [`dialect_conformance!`](crate::dialect_conformance) checks the guarantees below.
pub trait Dialect: fmt::Debug + Send + Sync {
    /// Its name in configuration and logs.
    fn name(&self) -> &'static str;

    /// Reads a request for a socket; `None` when the path is not one of this dialect's.
    fn open(&self, handshake: &Handshake<'_>) -> Option<Opening>;

    /// What becomes of a socket that cannot be let in now although its user may be somebody: too much was asked
    /// (`RateLimited`), or nobody can be asked who it is. `None`: the same as of a [stranger's](Opening::strangers).
    fn turn_away(&self, code: ErrorCode) -> Option<Strangers> {
        let _ = code;
        None
    }

    /// Whether the format calls another room by what this id says, so that its clients could not tell the two apart: a server
    /// lets no user give a room such an id. No by default, where rooms are not called by their ids.
    fn claims(&self, id: &RoomId) -> bool {
        let _ = id;
        false
    }

    /// Whether a cookie may say who opens a socket; one that the operator's authenticator accepts then counts before the
    /// token of the [`Opening`]. Most formats know no cookies, and theirs are never looked at: browsers send them for
    /// pages of strangers too.
    fn takes_cookies(&self) -> bool {
        false
    }

    /// The room that a place is to a user; `None` where sockets have no room of their own.
    fn room(&self, place: &Place, me: &UserId) -> Option<RoomName>;

    /// Reads a frame. Bad input is something that can be asked too: [`What::Ignored`] or [`What::Refused`], as the format
    /// documents it.
    ///
    /// Unknown keys change nothing, where the format does not hand them on
    /// (`unknown_keys_change_nothing`); tokens appear in no debug output (`tokens_are_not_shown`).
    fn decode(&self, seat: Seat<'_>, frame: &[u8], now: Timestamp) -> Asked;

    /// Writes the answer to what was asked; `None` where the format has none.
    ///
    /// Refusals have these codes, whoever finds the reason: `NotFound` when the other user of a direct room does not
    /// exist; `Forbidden` without detail when a room does not exist or is not the asker's, and with detail when the room
    /// is, but something in it is not allowed; `MessageNotFound` when the message that was named is not in the room.
    fn answer(
        &self,
        seat: Seat<'_>,
        asked: &Asked,
        done: Result<&Done, &WireError>,
        now: Timestamp,
    ) -> Option<Text>;

    /// Writes what happened; `None` where the format has no words for it. The frame is the same for every reader
    /// (`a_frame_is_the_same_each_time`), fits into `limits::MAX_FRAME` (`frames_fit`), and the format's own
    /// clients read it (`clients_understand`).
    fn encode(&self, news: &News<'_>) -> Option<Text>;

    /// Writes what follows the frame of [`encode`](Dialect::encode), where a format takes several frames to say one
    /// news; they keep the same rules and go to the same audience. Most formats never do.
    fn encode_more(&self, news: &News<'_>) -> Vec<Text> {
        let _ = news;
        Vec::new()
    }

    /// Whether a room's sockets are told that a user has read a message also when that was so before; no by default.
    fn repeats_reads(&self) -> bool {
        false
    }

    /// Which of a room's sockets are told.
    fn audience(&self, news: &News<'_>) -> Audience;

    /// Whether a client of the format could read this frame of a server.
    fn understands(&self, frame: &[u8]) -> bool;

    /// The format itself, for a server that also answers its HTTP calls, whose words depend on the same options: `self`.
    fn as_any(&self) -> &dyn Any;
}
