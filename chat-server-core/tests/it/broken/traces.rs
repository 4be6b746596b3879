//! Faults of what users leave behind.

use async_trait::async_trait;
use chat_protocol::{Role, RoomId, RoomKind, Seq, Timestamp, UserId};
use chat_server_core::storage::{
    Append, Change, Refusal, RoomStore, StorageError, StoredMessage, TraceStore,
};

use super::Broken;

impl Broken {
    /// What is stored instead of something about forgetting.
    pub(super) fn spoil_forgetting(&self, append: &mut Append) {
        let forgotten = &mut self.memory.lock().unwrap().forgotten;
        match &mut append.change {
            Change::Forget { user, heir, limit } => {
                forgotten.insert(user.clone());
                if self.has("a_forgotten_user_leaves_tombstones") {
                    *heir = Role::Owner;
                }
                *limit = self.more("a_room_forgets_a_user_bit_by_bit", *limit);
            }
            Change::Message(new)
                if self.has("a_repeat_survives_its_author") && forgotten.contains(&append.by) =>
            {
                new.client_msg_id = None;
            }
            _ => {}
        }
    }

    /// A refusal to make a direct room whole.
    pub(super) async fn refused_direct(&self, append: &Append) -> Option<Refusal> {
        let Change::Create(new) = &append.change else { return None };
        let fault = new.kind == RoomKind::Direct && self.has("a_direct_room_gets_its_side_back");
        let found = self.inner.standing(&append.room, &append.by).await.unwrap();
        (fault && found.is_some()).then_some(Refusal::Exists)
    }
}

#[async_trait]
impl TraceStore for Broken {
    async fn written_by(
        &self,
        user: &UserId,
        after: Option<(&RoomId, Seq)>,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StorageError> {
        let limit = self.more("pages_of_a_users_messages_meet", limit);
        self.inner.written_by(user, after, limit).await
    }

    async fn traces_of(
        &self,
        user: &UserId,
        after: Option<&RoomId>,
        limit: usize,
    ) -> Result<Vec<RoomId>, StorageError> {
        let mut rooms = self.inner.traces_of(user, after, limit).await?;
        if self.has("traces_are_what_is_left_in_rooms") {
            let views = self.inner.views(user, &rooms).await?;
            let mut is_member = views.iter().map(Option::is_some);
            rooms.retain(|_| is_member.next().unwrap_or_default());
        }
        Ok(rooms)
    }

    async fn blockers_of(&self, user: &UserId, limit: usize) -> Result<Vec<UserId>, StorageError> {
        self.inner.blockers_of(user, self.more("blockers_are_found", limit)).await
    }

    async fn forgetting(&self, user: &UserId) -> Result<Option<Timestamp>, StorageError> {
        self.inner.forgetting(user).await
    }
}
