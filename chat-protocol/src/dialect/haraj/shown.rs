//! Messages, topics and users, as this dialect shows them: shared by frames, lists and pushes.

use super::{
    FoundUser, LastMessage, Message, MessageEntry, PAIR, Profile, ResolvedTopic, TopicEntry, TopicId,
};
use crate::dialect::WireUser;
use crate::dialect::codec::{ListedRoom, MessageNews, Profile as Known, RoomFacts};

impl TopicId {
    /// The topic that a room is; `None` when it has neither two users nor a number.
    pub fn of_room(room: &RoomFacts<'_>) -> Option<Self> {
        match room.id.direct_pair() {
            Some((a, b)) => Some(Self(PAIR.write(&a, &b))),
            None => Self::group(room.number?.get()),
        }
    }
}

fn name(user: &Known) -> String {
    user.full_name().unwrap_or_else(|| user.user.to_string())
}

fn avatar(url: Option<&String>) -> String {
    url.cloned().unwrap_or_default()
}

impl Message {
    /// A message, as frames, answers and pushes tell it; `None` when its room is no topic.
    ///
    /// ```
    /// use chat_protocol::dialect::haraj::{Message, MessageEntry, Sent};
    /// use chat_protocol::dialect::{Delivery, MessageNames, MessageNews, Profile, RoomFacts};
    /// use chat_protocol::{Content, Offset, RoomId, Seq, Timestamp, UserId};
    /// let (ann, bo) = (UserId::new("1").unwrap(), UserId::new("2").unwrap());
    /// let (room, seq) = (RoomId::direct(&ann, &bo), Seq::new(41).unwrap());
    /// let stored = chat_protocol::Message::new(
    ///     room.clone(), Offset::new(57).unwrap(), seq, ann.clone(), Content::plain("hello!"), Timestamp::default(),
    /// );
    /// let news = MessageNews {
    ///     room: RoomFacts { id: &room, number: None, alias: None, desk: None },
    ///     message: &stored,
    ///     names: MessageNames { seq, num: 61, key: [9; 16] },
    ///     author: &Profile::nameless(ann),
    ///     reply: None,
    ///     recipients: &[(bo, false)],
    ///     delivery: Delivery::Sending,
    /// };
    /// let sent = Sent::from(Message::of(&news).unwrap());
    /// assert_eq!((sent.topic_id.0.as_str(), sent.seq_id), ("p2p1_2", seq));
    /// assert!(!MessageEntry::of(&news).unwrap().is_deleted);
    /// ```
    pub fn of(news: &MessageNews<'_>) -> Option<Self> {
        let message = news.message;
        Some(Self {
            topic_id: TopicId::of_room(&news.room)?,
            seq_id: message.seq,
            from_id: message.from.clone().into(),
            name: name(news.author),
            content: message.content.clone(),
            status: news.recipients.iter().cloned().collect(),
            ts: message.ts,
        })
    }
}

impl MessageEntry {
    /// A message, as history tells it: a deleted one, too. `None` when its room is no topic.
    pub fn of(news: &MessageNews<'_>) -> Option<Self> {
        let entry = Self::from(Message::of(news)?);
        Some(if news.message.deleted_at.is_some() { entry.deleted() } else { entry })
    }
}

impl TopicEntry {
    /// A topic in its reader's list; `None` when the room is no topic, or nothing was written in it yet: every entry has
    /// a newest message (our decision).
    pub fn of(listed: &ListedRoom<'_>) -> Option<Self> {
        let message = Message::of(listed.last?)?;
        Some(Self {
            topic_id: TopicId::of_room(&listed.room)?,
            title: listed.other.map(name),
            last_message: LastMessage::from(&message),
            last_updated: message.ts,
            unread: listed.unread,
        })
    }
}

impl ResolvedTopic {
    /// What the list leaves out: the name of a group, and the picture. `None` when the room is no topic.
    pub fn of(listed: &ListedRoom<'_>) -> Option<Self> {
        let picture = match listed.other {
            Some(other) => other.avatar.as_ref(),
            None => listed.info.avatar.as_ref(),
        };
        let title = listed.info.name.clone().filter(|_| listed.other.is_none());
        Some(Self { topic_id: TopicId::of_room(&listed.room)?, title, avatar: avatar(picture) })
    }
}

impl Profile {
    /// A user as the directory knows them. Without a name, the id stands for it.
    pub fn of(user: &Known) -> Self {
        Self { user_id: WireUser(user.user.clone()), name: name(user), avatar: avatar(user.avatar.as_ref()) }
    }
}

impl FoundUser {
    /// A user who was found by this name.
    pub fn of(user: &Known, username: impl Into<String>) -> Self {
        let (user_id, avatar) = (WireUser(user.user.clone()), avatar(user.avatar.as_ref()));
        Self { username: username.into(), user_id, avatar }
    }
}
