//! Frames and HTTP bodies of `helpdesk`: support cases of an organization, messages by HTTP, updates by
//! socket.
//!
//! Source: dialect reference (`docs/dialects.md`), section 7, and the original document
//! (`chat-protocol/tests/documents/helpdesk.txt`). Where the two say nothing, the place says "our decision".
//!
//! | on the wire | direction | type |
//! | --- | --- | --- |
//! | socket, `new_message`, `update_message`, `update_helpdesk` with any `data` | client to server | [`ClientFrame`] |
//! | socket, the same three with a [`Message`] or a [`Desk`] in `data` | server to client | [`ServerFrame`] |
//! | all of the socket | a server's side | [`Helpdesk`], the codec |
//! | `GET /api/help-desks/?organization=x` | query, answer | [`DeskQuery`], [`Desks`] |
//! | `GET /api/help-desks/<uuid>/history/` | answer | [`History`] |
//! | `POST /api/send-message/` | body, answer | [`SendMessage`], [`Created`] |
//! | `GET /media/uploads/<name>` | bytes | [`stored_name`], [`stored_digits`], [`image_type`] |
//! | every refusal by HTTP | answer | [`Refusal`], [`ErrorBody`] |
//!
//! The forms that an operator may choose are values of the writer, and fields of [`Helpdesk`]: [`DataForm`] for
//! `helpdesk.data` and [`Zoned::offset_minutes`](super::Zoned) for `helpdesk.utc_offset`. Readers take all of them.
//!
//! What this dialect has no words for, on purpose: deletions, receipts, typing and presence. It also has no
//! names for pairs of users: desks have ids of their own.

mod codec;
mod desk;
mod frame;
mod http;
mod route;
mod upload;
mod uuid;
mod wire;

pub use codec::Helpdesk;
pub use desk::{Client, Desk, Direction, Message, Status, auto_reply};
pub use frame::{ClientFrame, Data, DataForm, EventKind, Relay, ServerFrame};
pub use http::{Created, DeskQuery, Desks, ErrorBody, History, Refusal, SendMessage, is_organization};
pub use route::{Call, ROUTES};
pub use upload::{file_url, image_type, is_stored_name, stored_digits, stored_name, upload_path};
pub use uuid::{Uuid, UuidError};

/// Where uploaded files are: the path of one is this and its stored name.
pub const UPLOADS: &str = "/media/uploads/";

/// Greatest size of an upload in bytes, unless `helpdesk.max_upload` says otherwise.
pub const MAX_UPLOAD: u64 = 10 * 1024 * 1024;

/// Minutes east of UTC in which times are written unless `helpdesk.utc_offset` says otherwise: those of the
/// original document.
pub const UTC_OFFSET_MINUTES: i16 = -180;
