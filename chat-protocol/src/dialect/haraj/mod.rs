//! Frames and HTTP bodies of `haraj`: a socket for receiving, and HTTP for all that a user does.
//!
//! Source: dialect reference (`docs/dialects.md`), section 6, and the document `haraj.txt` (Haraj Chat Websocket API);
//! the shapes of HTTP bodies that the reference only lists are those of the author's "Haraj Chat HTTP API".
//!
//! | frame or body | type | direction |
//! | --- | --- | --- |
//! | `{"auth":…}` `{"listen":…}` `{"unlisten":…}` | [`ClientFrame`] | to the server |
//! | `{"id","status","data"\|"err","ts"}` | [`ServerFrame::Reply`], a [`Reply`] of [`ReplyData`] | to the client |
//! | `{"message":…}` `{"reads":…}` `{"pres":…}` | [`Message`], [`Reads`], [`Presence`] in [`ServerFrame`] | to the client |
//! | `{"status","data"\|"err","ts"}` | every HTTP body: a [`Reply`] of the data below | to the client |
//!
//! | call (P = `/chat/users/{u}/topics`) | request | data |
//! | --- | --- | --- |
//! | `POST /chat/sessions` | [`Login`] | [`Session`] |
//! | `PUT /chat/sessions/{u}`, `PUT /sessions/{u}` | none | [`Session`] |
//! | `POST P` | [`StartTopic`] | [`StartedTopic`] |
//! | `GET P` | [`TopicsQuery`] | [`Topics`] |
//! | `POST P/{t}` | [`SetTyping`] | [`TypingSet`] |
//! | `DELETE P/{t}` | none | [`HiddenTopic`] |
//! | `POST P/{t}/messages` | [`SendMessage`] | [`Sent`] |
//! | `GET P/{t}/messages` | [`HistoryQuery`] | [`History`] |
//! | `PUT P/{t}/messages` | [`ConfirmReads`] | [`ConfirmedReads`] |
//! | `DELETE P/{t}/messages/{seq}` | none | [`DeletedMessage`] |
//! | `GET /chat/topics` | [`ResolveQuery`] | [`ResolvedTopics`] |
//! | `GET /chat/users` | [`FindQuery`] | [`FoundUsers`] |
//! | `GET /chat/users/{u}` | none | [`Profile`] |
//! | `PUT /chat/users/{u}` | [`UpdateUser`] | [`UpdatedUser`] |
//! | `POST /chat/uploads` | [`Upload`] | [`UploadGrant`] |
//! | `PUT /chat/uploads/{name}` | the bytes, once and without a token: who has the address has the grant | [`UploadGrant`] |
//! | `GET /chat/uploads/{name}` | none | the bytes themselves, for who may read the message |
//!
//! Devices of recipients without a session are told with a [`Push`]. Every refusal has one [`Code`].
//!
//! Where the sources differ or are silent:
//!
//! - A summary has at most 20 characters; the original's example has 20 and three dots.
//! - `is_deleted` is always written, as the last key; without it an entry is not deleted.
//! - Who has no picture has an empty `avatar`; null is read as that.
//! - Several documented commands in one frame are bad input, an unknown key beside one is ignored.
//! - Statuses 405, 413, 501 and 503 have the codes of our own protocol, because the original documents none.
//! - A `limit` outside 1 to 100 is moved to the nearer end.
//! - Times such as `2018-10-08T08:30:39Z.765`, which are slips of the original's examples, are not read.

mod code;
mod codec;
mod frame;
mod message;
mod push;
mod query;
mod reply;
mod route;
mod shown;
#[cfg(test)]
mod tests;
mod topic;
mod user;

pub use code::{Code, Reason};
pub use codec::Haraj;
pub use frame::{Auth, ClientFrame, Peer, Presence, Reads, ServerFrame, UnknownFrame, What};
pub use message::{
    ConfirmReads, ConfirmedReads, DeletedMessage, History, Message, MessageEntry, SendMessage, Sent,
    SentRest, short,
};
#[cfg(feature = "schema")]
pub(crate) use push::{ApnsPush, FcmLegacyPush, FcmV1Push};
pub use push::{Push, PushForm, PushTarget, push_body};
pub use query::{FindQuery, HistoryQuery, ResolveQuery, TopicsQuery};
#[cfg(feature = "schema")]
pub(crate) use reply::{Refusal, Success};
pub use reply::{Reply, ReplyData};
pub use route::{Call, ROUTES};
pub use topic::{
    HiddenTopic, LastMessage, PAIR, ResolvedTopic, ResolvedTopics, SetTyping, StartTopic, StartedTopic,
    TopicAction, TopicEntry, TopicForm, TopicId, TopicRoom, Topics, TypingSet,
};
pub use user::{
    Device, FoundUser, FoundUsers, Login, Platform, Profile, Session, UpdateUser, UpdatedUser, Upload,
    UploadGrant,
};
