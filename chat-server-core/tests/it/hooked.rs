//! The memory store with something done before and after its calls.

use async_trait::async_trait;
use chat_protocol::{Epoch, HistoryQuery, Offset, RoomId, Seq, UserId, UserOffset};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{
    Append, Appended, Capabilities, LogPage, MessageStore, PointerMove, PointerMoved, PointerStore, Refusal,
    RoomStore, RoomView, Standing, StorageError, StoredMessage, UserLog, UserLogPage,
};

type Result<T> = std::result::Result<T, StorageError>;

/// What to do around the calls of a store.
#[async_trait]
pub(crate) trait Hooks: Send + Sync {
    async fn before_append(&self, _: &[Append]) -> Result<()> {
        Ok(())
    }
    async fn after_append(&self, _: &[Append]) {}
    async fn before_history(&self) {}
    async fn before_log(&self) {}
    async fn before_rooms(&self) -> Result<()> {
        Ok(())
    }
}

/// A memory store with hooks.
#[derive(Default)]
pub(crate) struct Hooked<H> {
    inner: MemoryStore,
    pub(crate) hooks: H,
}

#[async_trait]
impl<H: Hooks> MessageStore for Hooked<H> {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
    fn epoch(&self) -> Epoch {
        self.inner.epoch()
    }
    async fn append(&self, batch: &[Append]) -> Result<Vec<std::result::Result<Appended, Refusal>>> {
        self.hooks.before_append(batch).await?;
        let answers = self.inner.append(batch).await;
        self.hooks.after_append(batch).await;
        answers
    }
    async fn history(
        &self,
        room: &RoomId,
        query: HistoryQuery,
        limit: usize,
    ) -> Result<Option<Vec<StoredMessage>>> {
        self.hooks.before_history().await;
        self.inner.history(room, query, limit).await
    }
    async fn log(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Option<LogPage>> {
        self.hooks.before_log().await;
        self.inner.log(room, after, limit).await
    }
}

#[async_trait]
impl<H: Hooks> RoomStore for Hooked<H> {
    async fn standing(&self, room: &RoomId, user: &UserId) -> Result<Option<Standing>> {
        self.inner.standing(room, user).await
    }
    async fn rooms_of(&self, user: &UserId) -> Result<Vec<RoomId>> {
        self.hooks.before_rooms().await?;
        self.inner.rooms_of(user).await
    }
    async fn views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<Option<RoomView>>> {
        self.inner.views(user, rooms).await
    }
    async fn share_room(&self, a: &UserId, b: &UserId) -> Result<bool> {
        self.inner.share_room(a, b).await
    }
}

#[async_trait]
impl<H: Hooks> UserLog for Hooked<H> {
    async fn user_log(&self, user: &UserId, after: UserOffset, limit: usize) -> Result<UserLogPage> {
        self.inner.user_log(user, after, limit).await
    }
}

#[async_trait]
impl<H: Hooks> PointerStore for Hooked<H> {
    async fn advance(&self, moves: &[PointerMove]) -> Result<Vec<PointerMoved>> {
        self.inner.advance(moves).await
    }
    async fn pointers(&self, room: &RoomId, limit: usize) -> Result<Vec<(UserId, Seq)>> {
        self.inner.pointers(room, limit).await
    }
}
