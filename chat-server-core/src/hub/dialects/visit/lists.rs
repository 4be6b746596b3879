//! Messages of many rooms.

use std::cmp::Reverse;
use std::ops::Range;

use chat_protocol::{RoomId, Seq, UserId, WireError};

use super::{UNPAGED_MAX, Visit};
use crate::Error;
use crate::dialects::ShownMessage;
use crate::hub::dialects::facts::Facts;
use crate::storage::{Listed, RoomsQuery, StoredMessage};

/// Greatest length of a list whose pages are counted: a page costs as much as all before it.
const MOST_LISTED: usize = 10_000;

/// A page of a list whose pages are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageList {
    /// How many messages all pages have; at most 10,000, the newest.
    pub count: u64,
    /// Those of the page, newest first.
    pub messages: Vec<ShownMessage>,
}

impl Visit {
    /// What the user wrote, in all rooms where it is a member and as far as it reads there, newest first: the part `page`, of
    /// which at most [`UNPAGED_MAX`](super::UNPAGED_MAX) are given.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn my_messages(&self, page: Range<usize>) -> Result<MessageList, Error> {
        self.pay("history")?;
        Ok(self.list(Listed::Written, page).await?)
    }

    /// Messages of the user's rooms, those most recently active first, that nobody but their authors has read; newest first,
    /// at most [`unpaged_max`](Self::unpaged_max). The user's own are among them.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn unread(&self) -> Result<Vec<ShownMessage>, Error> {
        self.pay("inbox")?;
        let limit = self.hub.config.max_rooms_followed;
        let rooms = self.hub.providers.storage.rooms_of(self.user(), RoomsQuery::default(), limit).await;
        let mut found: Vec<StoredMessage> = Vec::new();
        for (room, place) in self.hub.stored(rooms)? {
            // The rooms that come now have nothing that is newer.
            if found.get(self.unpaged_max() - 1).is_some_and(|last| last.num > place.active) {
                break;
            }
            found.extend(self.unread_in(&room).await?);
            found.sort_by_key(|stored| Reverse(stored.num));
            found.truncate(self.unpaged_max());
        }
        Ok(Facts::new(&self.hub, self.user()).show_all(found).await?)
    }

    /// Messages of a room that nobody but their authors has read.
    async fn unread_in(&self, room: &RoomId) -> Result<Vec<StoredMessage>, WireError> {
        // It may have been left since the rooms were listed.
        let Ok(standing) = self.hub.visible(&self.asking, room).await else { return Ok(Vec::new()) };
        let pointers = self.hub.stored(self.hub.providers.storage.pointers(room, None, 2).await)?;
        let mut read: Vec<(Seq, UserId)> = pointers.read.into_iter().map(|(user, seq)| (seq, user)).collect();
        read.sort_by_key(|(seq, _)| Reverse(*seq));
        let mut read = read.into_iter();
        let (furthest, reader) = read.next().map_or((Seq::ZERO, None), |(seq, user)| (seq, Some(user)));
        let second = read.next().map_or(Seq::ZERO, |(seq, _)| seq);
        if second >= standing.seq {
            return Ok(Vec::new());
        }
        // What the furthest reader wrote is read by the second one at best.
        let is_unread = |stored: &StoredMessage| {
            let message = &stored.message;
            let read = if Some(&message.from) == reader.as_ref() { second } else { furthest };
            message.deleted_at.is_none() && message.seq > read
        };
        self.read_back(room, &standing, (second, None), self.unpaged_max(), is_unread).await
    }

    /// A part of a list.
    pub(super) async fn list(&self, list: Listed<'_>, page: Range<usize>) -> Result<MessageList, WireError> {
        let end = page.end.min(page.start.saturating_add(UNPAGED_MAX));
        let listed = self.hub.providers.storage.listed(self.user(), list, page.start..end, MOST_LISTED).await;
        let listed = self.hub.stored(listed)?;
        let messages = Facts::new(&self.hub, self.user()).show_all(listed.messages).await?;
        Ok(MessageList { count: listed.count as u64, messages })
    }
}
