//! What happened, as this dialect shows it: shared by frames and lists.

use super::{Chat, FileEntry, MessageEntry, MessageId, ProjectId, ReplyEntry, User};
use crate::dialect::codec::{MessageNews, Parts, Profile, RoomFacts};
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
