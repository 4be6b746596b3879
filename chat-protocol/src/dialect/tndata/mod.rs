//! Frames and HTTP bodies of `tndata`: chat of two persons with read receipts, one socket per conversation.
//!
//! Source: dialect reference (`docs/dialects.md`), section 3, and the original document
//! (`chat-protocol/tests/documents/tndata.txt`), headings "Chat" and "Read Receipts".
//!
//! | frame | direction | type |
//! | --- | --- | --- |
//! | `{"text","from","token"}` | client to server | [`ClientFrame::Message`] |
//! | `{"received"}` | client to server | [`ClientFrame::Receipt`] |
//! | `{"from_id","from","message","text","avatar","digest"}` | server to client | [`ServerFrame::Message`] |
//! | `{"from_id":-1,"from":"system","room","message","text"}` | server to client | [`ServerFrame::Notice`] |
//!
//! [`TnData`] is a server's socket of them: what a frame asks, and what is told.
//!
//! | call | request | answer |
//! | --- | --- | --- |
//! | `GET /api/chat/` | [`PageQuery`] | [`Page`] of [`MessageEntry`] |
//! | `GET /api/chat/<id>/` | | [`MessageEntry`] |
//! | `GET /api/chat/unread/` | | [`MessageList`] |
//! | `GET /api/chat/history/` | [`HistoryQuery`] | [`History`] |
//! | `PUT /api/chat/read/` | [`MarkRead`] | empty |
//! | `GET /api/users/` | | [`Page`] of [`Account`] |
//! | `GET /api/users/profile/` | | [`Page`] of [`Profile`] |
//! | any, refused | | [`ErrorBody`], its text from [`ApiError`] |
//!
//! What has no words here: edits, deletions, typing, presence, and the receipts of others. A name has no frame: it
//! travels in the path, in `x-room` or in `room`, and [`Address`] is what it says.
//!
//! Frames have no kind that a newer peer could add to, so there is no variant for unknown ones: a frame without a known
//! key is bad input, on which a server says nothing.

mod address;
mod api;
mod client;
mod codec;
mod date;
mod digest;
mod query;
mod route;
mod server;
mod shown;

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

pub use address::{Address, authorization_token, private_room};
pub use api::{
    Account, ApiError, ErrorBody, History, MarkRead, MessageEntry, MessageList, Page, Profile, QueryError,
};
pub use client::{ClientFrame, NewMessage, Receipt};
pub use codec::TnData;
pub use date::read_date;
pub use digest::{Digest, DigestError};
pub use query::{Bound, HistoryQuery, PageQuery};
pub use route::{Call, ROUTES};
pub use server::{
    DEFAULT_AVATAR, FromId, FromIdForm, Notice, Refusal, ServerFrame, SystemText, UserMessage, avatar,
    display_name,
};
pub use shown::room_name;

use super::scalar::Scalar;
use super::{PairForm, PairOrder};

/// The room of two users: `chat-1-2`, and `chat-10-9` because the original compared texts.
///
/// ```
/// use chat_protocol::{UserId, dialect::tndata};
/// let (nine, ten) = (UserId::new("9").unwrap(), UserId::new("10").unwrap());
/// assert_eq!(tndata::PAIR.write(&nine, &ten), "chat-10-9");
/// assert_eq!(tndata::PAIR.read("chat-9-10", &nine), Some(ten));
/// ```
pub const PAIR: PairForm = PairForm { prefix: "chat-", separator: "-", order: PairOrder::Bytes };

/// A struct that is read from an object only. Derived readers take arrays as well, and `["x"]` is no receipt.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Keys<T> {
            type Value = T;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(Keys(PhantomData)).map(Self)
    }
}

/// The text of a key whose type matters only now that the kind of its frame is known.
fn text<E: serde::de::Error>(key: &'static str, value: Option<Scalar>) -> Result<Option<String>, E> {
    match value {
        None => Ok(None),
        Some(value) => match value.text() {
            None => Err(E::custom(format_args!("{key}: expected a string"))),
            text => Ok(text),
        },
    }
}

/// The same, of a key that must be there.
fn required<E: serde::de::Error>(key: &'static str, value: Option<Scalar>) -> Result<String, E> {
    text(key, value)?.ok_or_else(|| E::missing_field(key))
}
