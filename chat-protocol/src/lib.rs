//! Wire formats of a chat: typed commands, packets, ids, positions and error codes. No I/O, no clock, no randomness.
//!
//! # The life of one message
//!
//! A client says, in one text frame, what it wants:
//!
//! ```json
//! {"send":{"id":"7","room":"r1","client_msg_id":"01J","content":{"type":"text/plain","payload":{"text":"hi"}}}}
//! ```
//!
//! The server stores it and answers; from here on it cannot be lost:
//!
//! ```json
//! {"reply":{"id":"7","status":200,"data":{"seq":43,"offset":57,"duplicate":false,"ts":"2026-11-20T08:30:39.789Z"},"ts":"2026-11-20T08:30:39.789Z"}}
//! ```
//!
//! Everyone who follows the room, the sender included, is told:
//!
//! ```json
//! {"message":{"room":"r1","offset":57,"seq":43,"from":"1","client_msg_id":"01J","content":{"type":"text/plain","payload":{"text":"hi"}},"ts":"2026-11-20T08:30:39.789Z"}}
//! ```
//!
//! Who was away asks for what came after position 56 and gets the message, then the word that nothing is missing:
//!
//! ```json
//! {"resume":{"id":"2","epoch":"e","user_offset":9,"rooms":{"r1":56}}}
//! {"resumed":{"id":"2","room":"r1","outcome":"recovered","epoch":"e","offset":57}}
//! ```
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `conformance` | `dialect_conformance!`, the tests that every [`dialect::Dialect`] passes |
//! | `schema` | `schemars::JsonSchema` for every wire type, and [`schema::documents`] |

mod canonical;
mod content;
mod depth;
mod encode;
mod error;
mod error_code;
mod frame;
mod id;
mod message;
mod object;
mod open;
mod outline;
mod packet;
mod patch;
mod room;
mod scan;
mod seq;
mod skip;
mod strict;
mod time;

pub mod command;
pub mod dialect;
pub mod event;
pub mod hooks;
pub mod http;
pub mod limits;
pub mod reply;
#[cfg(feature = "schema")]
pub mod schema;
pub mod unread;

pub use command::Command;
pub use content::{Content, ContentError, short_digest};
pub use depth::depth_within;
pub use encode::{encode, encode_into};
pub use error::{WireError, decode, decode_event, salvage_id};
pub use error_code::{Action, ErrorCode, ErrorText};
pub use event::Event;
pub use frame::{Close, Frame, Text};
pub use id::{
    ClientMsgId, ClientRoomId, Cursor, DeviceId, Emoji, Epoch, IdError, RequestId, RoomId, SessionId, UserId,
};
pub use message::{
    HistoryPage, HistoryQuery, Mentions, Message, MyReactions, ReactionCount, Replies, ThreadState,
};
pub use open::Open;
pub use outline::Outline;
pub use patch::Patch;
pub use reply::{Reply, ReplyError};
pub use room::{
    Access, Desk, DeskStatus, HistoryVisibility, Member, Role, RoomInfo, RoomKind, RoomSettings, RoomState,
};
pub use seq::{Arrival, MAX_SAFE, Offset, RoomNumber, Seq, UserOffset};
pub use time::Timestamp;
