//! What happened, as this dialect shows it: shared by frames and lists.

use super::{
    Chat, DirectDetail, DirectSummary, FileEntry, MessageEntry, MessageEvent, MessageId, ProjectDetail,
    ProjectId, ProjectSummary, ReplyEntry, User,
};
use crate::dialect::codec::{ListedRoom, MessageNews, Parts, Profile, RoomFacts};
use crate::dialect::{Micros, WireUser};

impl Chat {
    /// The chat that a room is; `None` when it has neither two users nor a number.
    pub fn of_room(room: &RoomFacts<'_>) -> Option<Self> {
        match room.id.direct_pair() {
            Some((a, b)) => Some(Self::direct(&a, &b)),
            None => ProjectId::new(room.number?.get()).map(Self::Project),
        }
    }
}

impl User {
    /// A user as the directory knows them. A whole name alone is taken for the first one.
    pub fn of(profile: &Profile) -> Self {
        let parts = (profile.first_name.clone(), profile.last_name.clone());
        let (first_name, last_name) = match parts {
            (None, None) => (profile.name.clone(), None),
            parts => parts,
        };
        Self {
            id: WireUser(profile.user.clone()),
            first_name: first_name.unwrap_or_default(),
            last_name: last_name.unwrap_or_default(),
            patronymic: profile.patronymic.clone(),
            avatar: profile.avatar.clone(),
            is_active: profile.active,
            is_online: profile.online,
        }
    }
}

impl MessageEntry {
    /// A message, as frames and lists show it; `None` when it has neither a text nor files.
    pub fn of(news: &MessageNews<'_>) -> Option<Self> {
        let parts = Parts::of(&news.message.content);
        if parts == Parts::default() {
            return None;
        }
        Some(Self {
            id: MessageId::new(news.names.num)?,
            author: User::of(news.author),
            text: parts.text.unwrap_or_default(),
            reply_to: news.reply.and_then(ReplyEntry::of).map(Box::new),
            files: parts.files.into_iter().map(|file| FileEntry::of(file, news.message)).collect(),
            is_edited: news.message.edited_at.is_some(),
            is_read: news.is_read(),
            is_deleted: news.message.deleted_at.is_some(),
            created_at: Micros(news.message.ts),
        })
    }
}

impl ReplyEntry {
    /// A message that another one answers. Files have no place here, so that the address of one stands for a text.
    fn of(news: &MessageNews<'_>) -> Option<Self> {
        Some(Self {
            id: MessageId::new(news.names.num)?,
            author: User::of(news.author),
            text: Parts::of(&news.message.content).plain().unwrap_or_default(),
            reply_to: news.reply.and_then(|reply| MessageId::new(reply.names.num)),
            is_edited: news.message.edited_at.is_some(),
            is_read: news.is_read(),
            is_deleted: news.message.deleted_at.is_some(),
            created_at: Micros(news.message.ts),
        })
    }
}

impl MessageEvent {
    /// A message that was written or changed, as frames tell it; `None` when its room is no chat, or it has neither a
    /// text nor files.
    pub fn of(news: &MessageNews<'_>) -> Option<Self> {
        Some(Self { chat: Chat::of_room(&news.room)?, message: MessageEntry::of(news)? })
    }
}

impl DirectDetail {
    /// A direct chat, as one of its users sees it; `None` for any other room.
    ///
    /// ```
    /// use chat_protocol::dialect::chats::DirectDetail;
    /// use chat_protocol::dialect::{ListedRoom, Profile, RoomFacts};
    /// use chat_protocol::{RoomId, RoomInfo, UserId};
    /// let (ann, bo) = (UserId::new("1").unwrap(), UserId::new("2").unwrap());
    /// let id = RoomId::direct(&ann, &bo);
    /// let listed = ListedRoom {
    ///     room: RoomFacts { id: &id, number: None, alias: None, desk: None },
    ///     me: &Profile::nameless(ann),
    ///     other: Some(&Profile { name: Some("Bo".to_owned()), ..Profile::nameless(bo) }),
    ///     info: &RoomInfo::default(),
    ///     members: &[],
    ///     last: None,
    ///     unread: 0,
    /// };
    /// let chat = DirectDetail::of(&listed).unwrap();
    /// assert_eq!((chat.id.as_str(), chat.name.as_str(), chat.users.len()), ("1_2", "Bo", 2));
    /// ```
    pub fn of(listed: &ListedRoom<'_>) -> Option<Self> {
        let Chat::Direct(id) = Chat::of_room(&listed.room)? else { return None };
        let (me, opponent) = (User::of(listed.me), User::of(listed.other?));
        let (name, image_address) = (opponent.full_name(), opponent.avatar.clone());
        // A chat with oneself has one member.
        let users = if me.id == opponent.id { vec![me] } else { vec![me, opponent.clone()] };
        Some(Self { id, opponent, users, name, image_address })
    }
}

impl DirectSummary {
    /// A direct chat in the list of one of its users; `None` for any other room.
    pub fn of(listed: &ListedRoom<'_>) -> Option<Self> {
        let DirectDetail { id, opponent, users, name, image_address } = DirectDetail::of(listed)?;
        let last_message = listed.last.and_then(MessageEntry::of);
        Some(Self { id, opponent, users, last_message, name, image_address })
    }
}

impl ProjectDetail {
    /// A project chat with its members; `None` for any other room.
    pub fn of(listed: &ListedRoom<'_>) -> Option<Self> {
        let Chat::Project(id) = Chat::of_room(&listed.room)? else { return None };
        let (name, image_address) =
            (listed.info.name.clone().unwrap_or_default(), listed.info.avatar.clone());
        Some(Self { id, name, image_address, users: listed.members.iter().map(User::of).collect() })
    }
}

impl ProjectSummary {
    /// A project chat in the list of one of its members; `None` for any other room.
    pub fn of(listed: &ListedRoom<'_>) -> Option<Self> {
        let ProjectDetail { id, name, image_address, .. } =
            ProjectDetail::of(&ListedRoom { members: &[], ..*listed })?;
        Some(Self { id, last_message: listed.last.and_then(MessageEntry::of), name, image_address })
    }
}
