//! What happened, with what dialects say of it besides.

use serde_json::{Map, Value};

use super::Parts;
use crate::{Content, Message, RoomId, RoomInfo, RoomNumber, Seq, Timestamp, UserId};

/// What the directory knows of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Who it is.
    pub user: UserId,
    /// The whole name.
    pub name: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Middle name after the father.
    pub patronymic: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// URL of a picture.
    pub avatar: Option<String>,
    /// Whether the account is in use.
    pub active: bool,
    /// Whether the user is online now.
    pub online: bool,
    /// Whatever else the directory says.
    pub more: Map<String, Value>,
}

impl Profile {
    /// A user of whom nothing but the id is known.
    pub fn nameless(user: UserId) -> Self {
        Self {
            user,
            name: None,
            first_name: None,
            last_name: None,
            patronymic: None,
            email: None,
            phone: None,
            avatar: None,
            active: true,
            online: false,
            more: Map::new(),
        }
    }

    /// The name by which the user logs in: the text under `username` among what else the directory says.
    pub fn username(&self) -> Option<&str> {
        self.more.get("username")?.as_str()
    }

    /// The whole name, or the first and last one; `None` when there is neither.
    pub fn full_name(&self) -> Option<String> {
        let filled = |name: &Option<String>| name.clone().filter(|name| !name.trim().is_empty());
        filled(&self.name).or_else(|| {
            let parts: Vec<String> =
                [&self.first_name, &self.last_name].into_iter().filter_map(filled).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        })
    }
}

/// A room's names, and what else its news need.
#[derive(Debug, Clone, Copy)]
pub struct RoomFacts<'a> {
    /// Its id.
    pub id: &'a RoomId,
    /// Its number in the server, if it has one.
    pub number: Option<RoomNumber>,
    /// The name by which the sockets that are told now came to it. News are written once for each such name.
    pub alias: Option<&'a str>,
    /// The support case that it is.
    pub desk: Option<DeskFacts<'a>>,
}

/// A support case.
#[derive(Debug, Clone, Copy)]
pub struct DeskFacts<'a> {
    /// Its 128 random bits.
    pub key: [u8; 16],
    /// Who asks, and since when the directory knows and last changed it.
    pub client: &'a Profile,
    /// 128 bits that stand for the client.
    pub client_key: [u8; 16],
    /// When the client was first and last written.
    pub client_times: (Timestamp, Timestamp),
    /// When it was made and last changed.
    pub times: (Timestamp, Timestamp),
    /// Its newest message.
    pub last: Option<&'a MessageNews<'a>>,
}

/// A room in somebody's list, with what dialects say of it besides.
#[derive(Debug, Clone, Copy)]
pub struct ListedRoom<'a> {
    /// Its names.
    pub room: RoomFacts<'a>,
    /// Whose list it is.
    pub me: &'a Profile,
    /// The other user of a direct room, who may be oneself; `None` for any other room.
    pub other: Option<&'a Profile>,
    /// Its own name and picture, which direct rooms lack.
    pub info: &'a RoomInfo,
    /// Its members, for a room that is shown in detail; else none.
    pub members: &'a [Profile],
    /// Its newest message.
    pub last: Option<&'a MessageNews<'a>>,
    /// How many messages of others wait for `me`.
    pub unread: u64,
}

/// A message's three names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageNames {
    /// Its number in its room.
    pub seq: Seq,
    /// Its number in the server.
    pub num: u64,
    /// Its 128 random bits.
    pub key: [u8; 16],
}

/// How far a message has come on its way to the other side of a support case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// It is stored.
    Sending,
    /// It is with the other side, since then.
    Sent(Timestamp),
}

/// A message, with what dialects say of it besides.
#[derive(Debug, Clone, Copy)]
pub struct MessageNews<'a> {
    /// Where it is.
    pub room: RoomFacts<'a>,
    /// The message. Its content is what it says now.
    pub message: &'a Message,
    /// Its names.
    pub names: MessageNames,
    /// Who wrote it.
    pub author: &'a Profile,
    /// The message that it answers.
    pub reply: Option<&'a MessageNews<'a>>,
    /// The other members, and whether each has read it. In rooms above the operator's limit: none.
    pub recipients: &'a [(UserId, bool)],
    /// How far it has come, in a support case.
    pub delivery: Delivery,
}

impl MessageNews<'_> {
    /// Whether anyone but its author has read it.
    pub fn is_read(&self) -> bool {
        self.recipients.iter().any(|(_, read)| *read)
    }
}

/// Something that happened.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum News<'a> {
    /// A message was stored.
    Message(MessageNews<'a>),
    /// A message's content was replaced, or it went further on its way.
    Edited(MessageNews<'a>),
    /// A message was deleted.
    Deleted {
        /// Where.
        room: RoomFacts<'a>,
        /// Which.
        message: MessageNames,
    },
    /// A member has read messages of others.
    Read {
        /// Where.
        room: RoomFacts<'a>,
        /// Who.
        by: &'a UserId,
        /// The last one that was read, which another wrote: the one that a client named, where it was named in a frame.
        named: MessageNames,
        /// Every message that became read by it, ascending, the newest 100 at most; `named` among them if it did.
        messages: &'a [MessageNames],
        /// When.
        ts: Timestamp,
    },
    /// A member writes, or stopped.
    Typing {
        /// Where.
        room: RoomFacts<'a>,
        /// Who.
        by: &'a UserId,
        /// True: stopped.
        stop: bool,
        /// When it was said.
        ts: Timestamp,
    },
    /// A user came online or went offline, by the first socket or the last one.
    Presence {
        /// Who.
        user: &'a UserId,
        /// Which of the two.
        online: bool,
        /// When.
        ts: Timestamp,
    },
    /// A client asked to show its user as online or offline. Told each time, changed or not, and instead of
    /// [`News::Presence`].
    Shown {
        /// Who.
        user: &'a UserId,
        /// Which of the two.
        online: bool,
        /// The user was shown as the other one before.
        changed: bool,
        /// When.
        ts: Timestamp,
    },
    /// A socket of a room was opened, or ended.
    Socket {
        /// Where.
        room: RoomFacts<'a>,
        /// Whose.
        user: &'a Profile,
        /// False: ended.
        opened: bool,
    },
    /// A support case was made, or its own data changed.
    Desk(RoomFacts<'a>),
}

impl<'a> News<'a> {
    /// Where it happened; presence happens nowhere.
    pub fn room(&self) -> Option<&RoomFacts<'a>> {
        match self {
            News::Message(message) | News::Edited(message) => Some(&message.room),
            News::Deleted { room, .. }
            | News::Read { room, .. }
            | News::Typing { room, .. }
            | News::Socket { room, .. }
            | News::Desk(room) => Some(room),
            News::Presence { .. } | News::Shown { .. } => None,
        }
    }
}

/// Which sockets are told. More may become possible: a server tells nobody of what is for an audience that it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Audience {
    /// All sockets of the room, or of all its members, or of its organization, those of who did it too.
    All,
    /// The same without those of who did it.
    Others,
    /// The same without the session that did it, where it named itself; where it did not, without all those of who did it.
    ButSession,
    /// The sockets that listen to the user.
    Listeners,
    /// All sockets of the dialect.
    Everyone,
    /// The same without the user's own.
    EveryoneElse,
    /// Of the sockets of the dialect the user's own, and those of users who share a room with the user.
    Companions,
    /// The same without the user's own.
    OtherCompanions,
}

/// The text of content for a format that knows nothing but text: its text, else the address of its file; else, of an
/// object that an application made up, the first text where one usually is. `None`: it is not shown there.
///
/// Source: dialect reference (`docs/dialects.md`), sections 1 and 5.
///
/// ```
/// use chat_protocol::{Content, dialect::plain_text};
/// use serde_json::json;
/// let text = |kind, payload| plain_text(&Content::new(kind, &payload));
/// assert_eq!(text("text/markdown", json!({"text": "*hi*"})).as_deref(), Some("*hi*"));
/// assert_eq!(text("image/png", json!({"url": "https://x.example/1", "size": 5})).as_deref(), Some("https://x.example/1"));
/// assert_eq!(text("application/json", json!({"body": {"message": "hello"}})).as_deref(), Some("hello"));
/// assert_eq!(text("application/json", json!({"x": 1})), None);
/// let odd: Content = serde_json::from_str(r#"{"type":"application/json","payload":{"n":1e999,"text":"hi"}}"#).unwrap();
/// assert_eq!(plain_text(&odd).as_deref(), Some("hi"));
/// ```
pub fn plain_text(content: &Content) -> Option<String> {
    Parts::of(content).plain()
}
