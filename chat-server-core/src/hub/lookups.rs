//! What requests without a session ask that is no command: one room, all counts, one user.

use chat_protocol::reply::{InboxTotals, UserEntry};
use chat_protocol::{ErrorCode, RoomId, RoomState, Timestamp, UserId, WireError};

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
        let mut entry =
            UserEntry { user, name: profile.name, avatar: profile.avatar, online: None, last_seen: None };
        if asking.operator || self.may_watch(&asking.user, &entry.user).await? {
            let online = self.is_online(&entry.user);
            entry.last_seen = self.last_seen(&entry.user, online).await?;
            entry.online = Some(online);
        }
        Ok(entry)
    }

    /// Whether one user may know if another is there: who has a direct room with it or is allowed to by the operator's rules,
    /// unless one of the two blocks the other. Of itself everybody knows.
    pub(in crate::hub) async fn may_watch(&self, watcher: &UserId, user: &UserId) -> Result<bool, WireError> {
        if watcher == user {
            return Ok(true);
        }
        let relation = self.providers.storage.relation(watcher, user).await;
        let relation = relation.map_err(|error| self.storage_failed(error))?;
        let barred = relation.blocks || relation.blocked;
        Ok(!barred && self.providers.policy.may_listen(watcher, user, relation.direct))
    }

    /// When a user was last there; of one that is there nothing.
    pub(super) async fn last_seen(
        &self,
        user: &UserId,
        online: bool,
    ) -> Result<Option<Timestamp>, WireError> {
        if online {
            return Ok(None);
        }
        self.providers.storage.last_seen(user).await.map_err(|error| self.storage_failed(error))
    }
}
