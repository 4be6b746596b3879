//! What is true now: who writes, who is there.

use std::sync::Arc;

use chat_protocol::command::{Listen, Typing};
use chat_protocol::reply::ListenData;
use chat_protocol::{ErrorCode, UserId, WireError};

use super::{Asking, Done, data};
use crate::hub::Hub;
use crate::hub::link::Link;
use crate::room::policy;

impl Hub {
    /// Typing goes to the other users' connections that follow the room; it needs a connection that follows too.
    pub(super) async fn typing(&self, asking: &Asking, typing: &Typing) -> Result<(), WireError> {
        let link = asking.link()?;
        link.grant(&typing.room).ok_or(ErrorCode::Forbidden)?;
        let standing = self.membership(&typing.room, &asking.user).await?;
        policy::may_write(&standing, standing.role.ok_or(ErrorCode::Forbidden)?)?;
        self.tell_typing(link, &asking.user, typing);
        Ok(())
    }

    /// Presence is told to those who share a direct room or whom the operator's rules allow it, unless one of the two
    /// blocks the other.
    pub(super) async fn start_listening(&self, link: &Arc<Link>, user: UserId, listen: Listen) -> Done {
        let online = self.listen_as(link, &user, &listen.user).await?;
        // Read after listening began: an end in between is told by its packet.
        let last_seen = self.last_seen(&listen.user, online).await?;
        data(&ListenData { user: listen.user, online, last_seen })
    }

    /// Begins to listen to a user; says whether it is online.
    pub(in crate::hub) async fn listen_as(
        &self,
        link: &Arc<Link>,
        watcher: &UserId,
        user: &UserId,
    ) -> Result<bool, WireError> {
        let refused =
            || WireError::new(ErrorCode::Forbidden, "only users that share a direct room are listened to");
        if !self.may_watch(watcher, user).await? {
            return Err(refused());
        }
        let online = self.listen(link, user)?;
        // A block that was stored since then found nobody listening, whose listening it could have ended.
        if !self.may_watch(watcher, user).await? {
            self.unlisten(link, user);
            return Err(refused());
        }
        Ok(online)
    }
}
