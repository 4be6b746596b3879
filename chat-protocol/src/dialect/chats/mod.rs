//! `chats`: one socket per user for direct and project chats.
//!
//! Source: `docs/dialects.md` section 4, and the original document,
//! `chat-protocol/tests/documents/chats.txt`.
//!
//! Every frame is `{"type": name, "content": object}`, but for errors.
//!
//! | `type` | client to server | server to client |
//! | --- | --- | --- |
//! | `new_message` | [`NewMessage`] | [`MessageEvent`] |
//! | `edit_message` | [`EditMessage`] | [`MessageEvent`] |
//! | `user_typing`, `typing` | [`Chat`] | [`TypingEvent`], as `user_typing` |
//! | `message_read` | [`MessageRef`] | [`ReadEvent`] |
//! | `delete_message` | [`MessageRef`] | [`MessageRef`] |
//! | `set_online`, `set_offline` | no content | [`Presence`] |
//! | none | – | `{"error": text}`, the texts of [`BadInput`] |
//! | all of the socket | a server's side | [`Chats`], the codec |
//!
//! | call | answer |
//! | --- | --- |
//! | `GET /chats/directs/` | array of [`DirectSummary`] |
//! | `GET /chats/directs/<a_b>/` | [`DirectDetail`] |
//! | `GET /chats/projects/` | array of [`ProjectSummary`] |
//! | `GET /chats/projects/<id>/` | [`ProjectDetail`] |
//! | `GET …/messages/` with [`PageQuery`] | [`MessagePage`] |
//! | `GET …/files/` | array of [`FileEntry`] |
//! | `GET /chats/has-unreads/` | [`HasUnreads`] |
//! | any that fails | [`Detail`], the texts of [`HttpError`] |
//!
//! Three generations of clients are served at once: what they write differently is read alike, and what is
//! written for them holds the keys of all. Members of a room coming and going, and content that is neither
//! text nor a file, have no words here.

mod auth;
mod chat;
mod client;
mod codec;
mod error;
mod file;
mod http;
mod keys;
mod message;
mod route;
#[cfg(feature = "schema")]
mod schema;
mod server;
mod shown;

use std::time::Duration;

pub use auth::{offered_bearer, subprotocol_token, token};
pub use chat::{Chat, MessageId, PAIR, ProjectId};
pub use client::{ClientFrame, EditMessage, NewMessage};
pub use codec::{Chats, PresenceScope};
pub use error::{BadInput, Detail, HttpError};
pub use http::{
    DirectDetail, DirectSummary, HasUnreads, MessagePage, PageQuery, ProjectDetail, ProjectSummary,
};
pub use message::{FileEntry, MessageEntry, MessageRef, ReplyEntry, User};
pub use route::{Call, ROUTES};
pub use server::{MessageEvent, Presence, ReadEvent, ServerFrame, TypingEvent};

/// Greatest length of a text in characters, as the original had it.
pub const MAX_TEXT: usize = 8192;

/// How long a typing notice holds; there is no event that ends it.
pub const TYPING_TTL: Duration = Duration::from_secs(5);
