//! Messages found by their words.

use chat_protocol::command as wire;
use chat_protocol::reply::SearchPage;
use chat_protocol::{Message, RoomId, UserId};

use super::Pages;
use crate::client::unnumbered;
use crate::{Client, RoomHandle};

/// What is looked for, and where.
///
/// ```
/// use chat_client::SearchQuery;
/// use chat_client::protocol::UserId;
/// let query = SearchQuery::new("lunch \"at noon\"").from(UserId::new("2").unwrap());
/// # let _ = query;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a query is asked by `Client::search`"]
pub struct SearchQuery {
    words: String,
    room: Option<RoomId>,
    from: Option<UserId>,
}

impl SearchQuery {
    /// Words that all occur, in any order, at most 256 bytes; words in quotes occur as they stand. In all rooms of the user,
    /// the 1,000 most recently active ones.
    pub fn new(words: impl Into<String>) -> Self {
        Self { words: words.into(), room: None, from: None }
    }

    /// Only in this room.
    pub fn room(mut self, room: RoomId) -> Self {
        self.room = Some(room);
        self
    }

    /// Only messages of this user.
    pub fn from(mut self, user: UserId) -> Self {
        self.from = Some(user);
        self
    }
}

impl From<&str> for SearchQuery {
    fn from(words: &str) -> Self {
        Self::new(words)
    }
}

impl Client {
    /// Finds messages by their words, the newest first, without reactions. What was sent a moment ago may not be found yet.
    ///
    /// # Errors
    /// As items: [`Error::Refused`](crate::Error::Refused) with `ERR_FORBIDDEN_ACCESS` for a room that is not the user's,
    /// `ERR_NOT_SUPPORTED` by a server without an index, `ERR_BAD_REQUEST` without a word or with too many;
    /// [`Error::Timeout`](crate::Error::Timeout), [`Error::Busy`](crate::Error::Busy), [`Error::Closed`](crate::Error::Closed).
    pub fn search(&self, query: impl Into<SearchQuery>) -> Pages<Message> {
        let SearchQuery { words, room, from } = query.into();
        let command = move |cursor, limit| {
            let (query, room, from) = (words.clone(), room.clone(), from.clone());
            wire::Search { id: unnumbered(), query, room, from, cursor, limit }
        };
        Pages::new(self, command, |page: SearchPage| (page.hits, page.next))
    }
}

impl RoomHandle {
    /// As [`Client::search`], in this room alone.
    ///
    /// # Errors
    /// As there.
    pub fn search(&self, query: impl Into<SearchQuery>) -> Pages<Message> {
        self.client().search(query.into().room(self.id().clone()))
    }
}
