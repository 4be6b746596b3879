//! One message and all that is said of it.

use chat_protocol::dialect::{Delivery, MessageNames, MessageNews, Profile, RoomFacts};
use chat_protocol::{Content, Message, Offset, RoomId, RoomNumber, Seq, Timestamp, UserId};

pub(crate) fn user(id: &str) -> UserId {
    id.parse().unwrap()
}

/// When everything happens: 2018-10-08T08:30:39.657123Z.
pub(crate) fn at() -> Timestamp {
    Timestamp::from_micros(1_538_987_439_657_123)
}

/// A message with the number 41 and the key 9, 9, ..., and what is known of its room and author.
pub(crate) struct Scene {
    pub(crate) room: RoomId,
    pub(crate) number: Option<RoomNumber>,
    pub(crate) alias: Option<String>,
    pub(crate) author: Profile,
    pub(crate) message: Message,
    pub(crate) recipients: Vec<(UserId, bool)>,
}

impl Scene {
    /// From one user to the other, in their direct room; unread.
    pub(crate) fn direct(from: &str, to: &str, text: &str) -> Self {
        let (from, to) = (user(from), user(to));
        Self {
            recipients: vec![(to.clone(), false)],
            ..Self::in_room(RoomId::direct(&from, &to), from, text)
        }
    }

    /// In any room, without recipients.
    pub(crate) fn in_room(room: RoomId, from: UserId, text: &str) -> Self {
        let (offset, seq) = (Offset::new(57).unwrap(), Seq::new(41).unwrap());
        let message = Message::new(room.clone(), offset, seq, from.clone(), Content::plain(text), at());
        let author = Profile { name: Some("abdullah".to_owned()), ..Profile::nameless(from) };
        Self { room, number: None, alias: None, author, message, recipients: Vec::new() }
    }

    pub(crate) fn facts(&self) -> RoomFacts<'_> {
        RoomFacts { id: &self.room, number: self.number, alias: self.alias.as_deref(), desk: None }
    }

    pub(crate) fn names(&self) -> MessageNames {
        MessageNames { seq: self.message.seq, num: 417, key: [9; 16] }
    }

    pub(crate) fn message(&self) -> MessageNews<'_> {
        MessageNews {
            room: self.facts(),
            message: &self.message,
            names: self.names(),
            author: &self.author,
            reply: None,
            recipients: &self.recipients,
            delivery: Delivery::Sending,
        }
    }
}
