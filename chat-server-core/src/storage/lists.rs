//! Lists whose pages are counted from the newest message, as formats of existing systems ask for them.

use std::ops::Range;

use async_trait::async_trait;
use chat_protocol::{RoomId, UserId};

use super::{StorageError, StoredMessage};

/// A list of messages that a user can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed<'a> {
    /// What the user wrote, in all rooms of which it is a member.
    Written,
    /// Those of one room; none for who is no member of it.
    In(&'a RoomId),
}

/// One page of such a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListedPage {
    /// How many messages the whole list has.
    pub count: usize,
    /// Those of the page, as they were stored, newest first.
    pub messages: Vec<StoredMessage>,
}

/// Lists of messages, newest first by [`num`](StoredMessage::num), of which any part may be asked for by its place. The native
/// format pages by seq instead, which costs the same wherever a page is; here a page costs as much as there is before it, and
/// so the list has an end.
///
/// # Guarantees
/// - Of what a user wrote, it gets what it can read now: not what was deleted, hidden from it or trimmed, not what is in a room
///   that it left, or from before its time where history begins with joining (`what_a_user_wrote_comes_newest_first`).
/// - Of a room the same, whoever wrote it (`a_room_is_listed_as_its_member_reads_it`).
/// - A list has at most `most` messages, the newest of all, and pages of it meet (`what_a_user_wrote_comes_newest_first`,
///   `a_room_is_listed_as_its_member_reads_it`).
#[async_trait]
pub trait ListStore: Send + Sync {
    /// The part `page` of a user's list, in places from 0 for its newest message, and the size of the list.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn listed(
        &self,
        user: &UserId,
        list: Listed<'_>,
        page: Range<usize>,
        most: usize,
    ) -> Result<ListedPage, StorageError>;
}
