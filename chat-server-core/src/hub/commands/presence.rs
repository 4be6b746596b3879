//! What is true now: who writes, who is there.

use std::sync::Arc;

use chat_protocol::command::{Listen, Typing};
use chat_protocol::event::{Presence, PresenceState};
use chat_protocol::reply::ListenData;
use chat_protocol::{ErrorCode, Event, UserId, WireError, encode, limits};

use super::{Asking, Done, data};
use crate::hub::Hub;
use crate::hub::link::Link;
use crate::room::policy;

impl Hub {
    /// Typing goes to the other users' connections that follow the room; it needs a connection that follows too.
    pub(super) async fn typing(&self, asking: &Asking, typing: &Typing) -> Result<(), WireError> {
        asking.link()?.grant(&typing.room).ok_or(ErrorCode::Forbidden)?;
        let standing = self.membership(&typing.room, &asking.user).await?;
        policy::may_write(&standing, standing.role.ok_or(ErrorCode::Forbidden)?)?;
        let (from, room, thread) = (asking.user.clone(), typing.room.clone(), typing.thread);
        let ttl_ms = limits::TYPING_TTL.as_millis() as u64;
        let state = match typing.stop {
            true => PresenceState::StopTyping { from, room, thread },
            false => PresenceState::Typing { from, room, thread, ttl_ms },
        };
        let frame = encode(&Event::Pres(Presence { state, ts: self.providers.clock.now() }));
        let key = (asking.user.clone(), Some(typing.room.clone()));
        self.deliver(|deliveries| {
            if let Some(feed) = self.rooms.lock(&typing.room).get(&typing.room) {
                feed.tell(&key.0, |other| deliveries.give_ephemeral(other, key.clone(), frame.clone()));
            }
        });
        Ok(())
    }

    /// Presence is told to those who share a direct room, unless one of the two blocks the other.
    pub(super) async fn start_listening(&self, link: &Arc<Link>, user: UserId, listen: Listen) -> Done {
        let relation = self.providers.storage.relation(&user, &listen.user).await;
        let relation = relation.map_err(|error| self.storage_failed(error))?;
        let known = relation.direct && !relation.blocks && !relation.blocked;
        if listen.user != user && !known {
            let why = "only users that share a direct room are listened to";
            return Err(WireError::new(ErrorCode::Forbidden, why));
        }
        let online = self.listen(link, &listen.user)?;
        data(&ListenData { user: listen.user, online, last_seen: None })
    }
}
