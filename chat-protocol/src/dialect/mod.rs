//! Five existing chat systems, as their clients know them.
//!
//! One module per system: its frames and HTTP bodies as types, in both directions, so that a client of the system can be
//! written with them as well as a server. The rules are those of the dialect reference, and each module names the
//! document that it implements. A dialect is a translation and nothing else: it never decides who may do what.
//!
//! [`Dialect`] is what each can do with a server's socket: frames to what is [asked](Asked), and [news](News) to frames.
//! [`HttpRoute`] is an entry of the table of its HTTP calls. What answers, lists and pushes hold is made of the same facts
//! as the news, [`MessageNews`], [`ListedRoom`] and [`Profile`]: by `of` of the type that is written, or, where an option
//! decides its form, by a method of the dialect itself. `None` is what the format cannot show.
//!
//! | dialect | messages | rooms | users |
//! | --- | --- | --- | --- |
//! | tndata | [`MessageEntry`](tndata::MessageEntry), [`TnData::message`](tndata::TnData::message) | [`room_name`](tndata::room_name) | [`Account`](tndata::Account), [`Profile`](tndata::Profile) |
//! | chats | [`MessageEntry`](chats::MessageEntry), [`MessageEvent`](chats::MessageEvent), [`FileEntry`](chats::FileEntry) | [`Chat`](chats::Chat), [`DirectSummary`](chats::DirectSummary), [`DirectDetail`](chats::DirectDetail), [`ProjectSummary`](chats::ProjectSummary), [`ProjectDetail`](chats::ProjectDetail) | [`User`](chats::User) |
//! | hipochat | [`Hipochat::entry`](hipochat::Hipochat::entry), [`Hipochat::message`](hipochat::Hipochat::message) | the token | [`Profile`](hipochat::Profile) |
//! | haraj | [`Message`](haraj::Message), [`MessageEntry`](haraj::MessageEntry) | [`TopicId`](haraj::TopicId), [`TopicEntry`](haraj::TopicEntry), [`ResolvedTopic`](haraj::ResolvedTopic) | [`Profile`](haraj::Profile), [`FoundUser`](haraj::FoundUser) |
//! | helpdesk | [`Helpdesk::message`](helpdesk::Helpdesk::message) | [`Helpdesk::desk`](helpdesk::Helpdesk::desk) | in the desk |
//!
//! What several of them have in common is here: [`WireUser`], an id as the systems with numbers for users write it;
//! [`PairForm`], the name of the one conversation of two users; and times in their several forms.

pub mod chats;
mod codec;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod haraj;
pub mod helpdesk;
pub mod hipochat;
mod object;
mod pair;
mod route;
mod scalar;
mod secret;
mod time;
pub mod tndata;
mod user;

pub use codec::{
    Asked, Audience, Delivery, DeskFacts, Dialect, Done, File, Handshake, ListedRoom, MAX_FILES, MessageName,
    MessageNames, MessageNews, NOT_AUTHOR, News, Opening, Parts, Place, Profile, Right, RoomFacts, RoomName,
    Seat, Strangers, What, plain_text, with_text,
};
pub use object::{Json, Object};
pub use pair::{PairForm, PairOrder};
pub use route::{HttpRoute, NoCall};
pub use secret::Secret;
pub use time::{Micros, Seconds, Spaced, WholeSeconds, Zoned};
pub use user::WireUser;
