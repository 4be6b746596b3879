//! The model that every store is tested against: everything in memory, nothing clever.

use async_trait::async_trait;
use chat_protocol::{Epoch, HistoryQuery, Offset, RoomId, Seq, UserId, UserOffset};

use super::{
    Append, Appended, Capabilities, LogPage, MessageStore, PointerMove, PointerMoved, PointerStore, Refusal,
    RoomStore, RoomView, Standing, StorageError, StoredMessage, UserLog, UserLogPage,
};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {}

#[async_trait]
impl MessageStore for MemoryStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
    fn epoch(&self) -> Epoch {
        unreachable!("grown in the next commit")
    }
    async fn append(&self, _: &[Append]) -> Result<Vec<Result<Appended, Refusal>>, StorageError> {
        unreachable!("grown in the next commit")
    }
    async fn history(
        &self,
        _: &RoomId,
        _: HistoryQuery,
        _: usize,
    ) -> Result<Option<Vec<StoredMessage>>, StorageError> {
        unreachable!("grown in the next commit")
    }
    async fn log(&self, _: &RoomId, _: Offset, _: usize) -> Result<Option<LogPage>, StorageError> {
        unreachable!("grown in the next commit")
    }
}

#[async_trait]
impl RoomStore for MemoryStore {
    async fn standing(&self, _: &RoomId, _: &UserId) -> Result<Option<Standing>, StorageError> {
        unreachable!("grown in the next commit")
    }
    async fn rooms_of(&self, _: &UserId) -> Result<Vec<RoomId>, StorageError> {
        unreachable!("grown in the next commit")
    }
    async fn views(&self, _: &UserId, _: &[RoomId]) -> Result<Vec<Option<RoomView>>, StorageError> {
        unreachable!("grown in the next commit")
    }
    async fn share_room(&self, _: &UserId, _: &UserId) -> Result<bool, StorageError> {
        unreachable!("grown in the next commit")
    }
}

#[async_trait]
impl UserLog for MemoryStore {
    async fn user_log(&self, _: &UserId, _: UserOffset, _: usize) -> Result<UserLogPage, StorageError> {
        unreachable!("grown in the next commit")
    }
}

#[async_trait]
impl PointerStore for MemoryStore {
    async fn advance(&self, _: &[PointerMove]) -> Result<Vec<PointerMoved>, StorageError> {
        unreachable!("grown in the next commit")
    }
    async fn pointers(&self, _: &RoomId, _: usize) -> Result<Vec<(UserId, Seq)>, StorageError> {
        unreachable!("grown in the next commit")
    }
}
