//! Messages, rooms and users, as this dialect shows them: shared by frames and lists.

use super::{Account, MessageEntry, PAIR, Profile, address, avatar, display_name};
use crate::dialect::codec::{MessageNews, Profile as Known, RoomFacts, plain_text};
use crate::dialect::{Spaced, WireUser};

/// What this dialect calls a room: two users' by their ids, any other one as its sockets do.
///
/// ```
/// use chat_protocol::dialect::{RoomFacts, tndata::room_name};
/// use chat_protocol::{RoomId, UserId};
/// let user = |id| UserId::new(id).unwrap();
/// let direct = RoomId::direct(&user("2"), &user("1"));
/// assert_eq!(room_name(&RoomFacts { id: &direct, number: None, alias: None, desk: None }), "chat-1-2");
/// ```
pub fn room_name(room: &RoomFacts<'_>) -> String {
    match room.id.direct_pair() {
        Some((a, b)) => PAIR.write(&a, &b),
        None => room.alias.unwrap_or_else(|| address::name_of(room.id)).to_owned(),
    }
}

/// What people read as a user's name.
pub(super) fn name(user: &Known) -> String {
    display_name(user.full_name().as_deref(), user.email.as_deref(), &user.user).to_owned()
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

impl MessageEntry {
    /// A message, as lists show it; `None` when it has neither a text nor an address to show, when it was deleted, and
    /// when the server itself wrote it: entries have a user.
    ///
    /// ```
    /// use chat_protocol::dialect::tndata::MessageEntry;
    /// use chat_protocol::dialect::{Delivery, MessageNames, MessageNews, Profile, RoomFacts};
    /// use chat_protocol::{Content, Message, Offset, RoomId, Seq, Timestamp, UserId};
    /// let (ann, bo) = (UserId::new("1").unwrap(), UserId::new("2").unwrap());
    /// let (room, seq) = (RoomId::direct(&ann, &bo), Seq::new(41).unwrap());
    /// let content = Content::plain("Hi");
    /// let message =
    ///     Message::new(room.clone(), Offset::new(57).unwrap(), seq, ann.clone(), content, Timestamp::default());
    /// let news = MessageNews {
    ///     room: RoomFacts { id: &room, number: None, alias: None, desk: None },
    ///     message: &message,
    ///     names: MessageNames { seq, num: 61, key: [9; 16] },
    ///     author: &Profile { name: Some("Ann Lee".to_owned()), ..Profile::nameless(ann) },
    ///     reply: None,
    ///     recipients: &[(bo, true)],
    ///     delivery: Delivery::Sending,
    /// };
    /// let entry = MessageEntry::of(&news).unwrap();
    /// assert_eq!((entry.id, entry.room.as_str(), entry.full_name.as_str()), (61, "chat-1-2", "Ann Lee"));
    /// assert!(entry.read);
    /// ```
    pub fn of(news: &MessageNews<'_>) -> Option<Self> {
        let message = news.message;
        if message.from.is_system() || message.deleted_at.is_some() {
            return None;
        }
        Some(Self {
            id: news.names.num,
            user: message.from.clone(),
            username: text(news.author.username()),
            full_name: name(news.author),
            avatar: avatar(news.author.avatar.as_deref()).to_owned(),
            room: room_name(&news.room),
            text: plain_text(&message.content)?,
            read: news.is_read(),
            digest: news.names.key.into(),
            created_on: Spaced(message.ts),
        })
    }
}

impl Account {
    /// A user as the directory knows them.
    pub fn of(user: &Known) -> Self {
        Self {
            id: WireUser(user.user.clone()),
            email: text(user.email.as_deref()),
            username: text(user.username()),
            first_name: text(user.first_name.as_deref()),
            last_name: text(user.last_name.as_deref()),
        }
    }
}

impl Profile {
    /// The picture of a user, as the directory knows it; empty when there is none.
    pub fn of(user: &Known) -> Self {
        Self { google_image: text(user.avatar.as_deref()) }
    }
}
