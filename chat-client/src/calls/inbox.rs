//! The user's rooms as the server lists them: enough to draw a list of chats.

use chat_protocol::Cursor;
use chat_protocol::command as wire;
use chat_protocol::reply::{InboxEntry, InboxPage, InboxTotals};

use super::Pages;
use crate::client::unnumbered;
use crate::{Client, Error};

impl Client {
    /// The user's rooms, pinned ones first, then by latest activity, each with its newest message; with `archived` those
    /// that are archived instead.
    ///
    /// # Errors
    /// As items: [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub fn inbox_entries(&self, archived: bool) -> Pages<InboxEntry> {
        let command = move |cursor, limit| wire::Inbox { id: unnumbered(), archived, cursor, limit };
        Pages::new(self, command, |page: InboxPage| (page.rooms, page.next))
    }

    /// One page of [`inbox_entries`](Self::inbox_entries), at most `limit` rooms, 1 to 100, from `cursor` on, or from the top.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_BAD_REQUEST` for a limit or cursor that there is not; [`Error::Timeout`],
    /// [`Error::Busy`], [`Error::Closed`].
    pub async fn inbox_page(
        &self,
        archived: bool,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<InboxPage, Error> {
        self.ask(wire::Inbox { id: unnumbered(), archived, cursor, limit: Some(limit) }).await
    }

    /// What is unread in all rooms together, those that the client does not follow included: what a badge shows.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn unread_totals(&self) -> Result<InboxTotals, Error> {
        Ok(self.inbox_page(false, None, 1).await?.totals)
    }
}
