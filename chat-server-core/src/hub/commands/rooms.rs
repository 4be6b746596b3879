//! Rooms and the people in them.

use std::sync::Arc;

use chat_protocol::command::{Ban, Invite, Join, Kick, Set, SetRole};
use chat_protocol::event::{MemberAction, MemberChanged};
use chat_protocol::reply::{ChangeData, InviteData, SetData};
use chat_protocol::{Role, RoomId, UserId, WireError};

use super::{Asking, Rest, data, stored};
use crate::hub::Hub;
use crate::room::policy::joining_role;
use crate::storage::{Appended, Change, LogEntry, OwnChange};

/// A place for a role that the decision fills in.
const UNDECIDED: Role = Role::Reader;

pub(super) fn kick(kick: Kick) -> Change {
    Change::Remove { user: kick.user, below: UNDECIDED, reason: kick.reason }
}

pub(super) fn ban(ban: Ban) -> Change {
    Change::Ban { user: ban.user, below: UNDECIDED, until: ban.until, reason: ban.reason }
}

pub(super) fn role(set: SetRole) -> Change {
    Change::SetRole { user: set.user, role: set.role, below: UNDECIDED }
}

impl Hub {
    pub(super) async fn start_join(self: &Arc<Self>, asking: Asking, join: Join) -> Result<Rest, WireError> {
        let committed =
            self.change(&asking, join.room.clone(), Change::Join { role: UNDECIDED, max: 0 }).await?;
        let hub = self.clone();
        Ok(Box::pin(async move {
            let appended = stored(committed).await?;
            hub.entered(&asking, &join.id, join.room, !appended.duplicate).await
        }))
    }

    pub(super) async fn start_leave(&self, asking: Asking, room: RoomId) -> Result<Rest, WireError> {
        let committed = self.change(&asking, room, Change::Leave { heir: Role::Owner }).await?;
        Ok(Box::pin(async move { stored(committed).await.map(|_| None) }))
    }

    pub(super) async fn start_invite(&self, asking: Asking, invite: Invite) -> Result<Rest, WireError> {
        let role = match invite.role {
            Some(role) => role,
            None => joining_role(self.visible(&asking, &invite.room).await?.kind),
        };
        let mut users: Vec<UserId> = Vec::with_capacity(invite.users.len());
        for user in invite.users {
            if !users.contains(&user) {
                self.check_user(&user, "users").await?;
                users.push(user);
            }
        }
        self.check_blocks(&asking, &users, "users").await?;
        let committed = self.change(&asking, invite.room, Change::Add { users, role, max: 0 }).await?;
        Ok(Box::pin(async move { data(&InviteData { added: added(stored(committed).await?) }) }))
    }

    /// A change that is answered with its place in the log.
    pub(super) async fn start_change(
        &self,
        asking: Asking,
        room: RoomId,
        change: Change,
    ) -> Result<Rest, WireError> {
        let committed = self.change(&asking, room, change).await?;
        Ok(Box::pin(async move {
            let Appended { offset, ts, .. } = stored(committed).await?;
            data(&ChangeData { offset, ts })
        }))
    }

    /// Changes a room's data, the asker's settings of it, or both: the settings only if the data could be changed.
    pub(super) async fn start_set(self: &Arc<Self>, asking: Asking, set: Set) -> Result<Rest, WireError> {
        let committed = match set.data {
            Some(patch) => Some(self.change(&asking, set.room.clone(), Change::Set(Box::new(patch))).await?),
            None => None,
        };
        let hub = self.clone();
        Ok(Box::pin(async move {
            let mut answer = SetData { offset: None, user_offset: None, ts: hub.providers.clock.now() };
            if let Some(committed) = committed {
                let appended = stored(committed).await?;
                (answer.offset, answer.ts) = (Some(appended.offset), appended.ts);
            }
            if let Some(patch) = set.settings {
                let change = OwnChange::Settings { room: set.room, patch };
                answer.user_offset = Some(hub.own(&asking.user, change).await?.user_offset);
            }
            data(&answer)
        }))
    }
}

/// Who became a member by a change.
fn added(appended: Appended) -> Vec<UserId> {
    let joined = |entry| match entry {
        LogEntry::Member(MemberChanged { user, action, .. }) if action == MemberAction::Joined => Some(user),
        _ => None,
    };
    appended.entries.into_iter().filter_map(joined).collect()
}
