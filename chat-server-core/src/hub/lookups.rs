//! What requests without a session ask that is no command: one room, all counts, one user.

use chat_protocol::reply::{InboxTotals, UserEntry};
use chat_protocol::{ErrorCode, RoomId, RoomState, UserId, WireError};

use super::{Asking, Hub};

impl Hub {
    /// A room as its member sees it.
    pub(crate) async fn room_state(&self, asking: &Asking, room: &RoomId) -> Result<RoomState, WireError> {
        let views = self.providers.storage.views(&asking.user, std::slice::from_ref(room)).await;
        let views = views.map_err(|error| self.storage_failed(error))?;
        let view = views.into_iter().flatten().next();
        Ok(view.map(|view| view.state).ok_or(ErrorCode::Forbidden)?)
    }

    /// Counts over all rooms of a user.
    pub(crate) async fn totals(&self, asking: &Asking) -> Result<InboxTotals, WireError> {
        let totals = self.providers.storage.totals(&asking.user, self.providers.clock.now()).await;
        totals.map_err(|error| self.storage_failed(error))
    }

    /// A user as the directory knows it, and whether it is there, for those who may know.
    pub(crate) async fn user_entry(&self, asking: &Asking, user: UserId) -> Result<UserEntry, WireError> {
        self.check_user(&user, "user").await?;
        let profile = self.profile(&user).await?;
        let online = self.may_watch(asking, &user).await?.then(|| self.is_online(&user));
        Ok(UserEntry { user, name: profile.name, avatar: profile.avatar, online, last_seen: None })
    }

    /// Whether somebody may know if a user is there: the user itself, the operator, and who has a direct room with the
    /// user, unless one of the two blocks the other.
    pub(super) async fn may_watch(&self, asking: &Asking, user: &UserId) -> Result<bool, WireError> {
        if asking.operator || asking.user == *user {
            return Ok(true);
        }
        let relation = self.providers.storage.relation(&asking.user, user).await;
        let relation = relation.map_err(|error| self.storage_failed(error))?;
        Ok(relation.direct && !relation.blocks && !relation.blocked)
    }
}
