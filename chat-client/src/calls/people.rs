//! Whom the user keeps away.

use chat_protocol::UserId;
use chat_protocol::command as wire;
use chat_protocol::reply::{BlockedUser, BlocksPage};

use super::Pages;
use crate::client::unnumbered;
use crate::{Client, Error};

impl Client {
    /// Keeps a user away: no messages in the direct room of the two, no presence, no adding to rooms. The user is not told.
    /// Blocking again is no error.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_BAD_REQUEST` for oneself, `ERR_NOT_FOUND` for a user whom the server does not know,
    /// `ERR_LIMIT_REACHED` when 1,000 are blocked; [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn block(&self, user: UserId) -> Result<(), Error> {
        self.order(wire::Block { id: unnumbered(), user }).await
    }

    /// Ends a block; who is not blocked is no error.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn unblock(&self, user: UserId) -> Result<(), Error> {
        self.order(wire::Unblock { id: unnumbered(), user }).await
    }

    /// The users whom the user blocks, by id.
    ///
    /// # Errors
    /// As items: [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub fn blocks(&self) -> Pages<BlockedUser> {
        let command = |cursor, limit| wire::Blocks { id: unnumbered(), cursor, limit };
        Pages::new(self, command, |page: BlocksPage| (page.users, page.next))
    }
}
