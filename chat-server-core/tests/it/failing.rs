//! A store that fails: what users are told, and what becomes of the server.

use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::{Epoch, HistoryQuery, Offset, RoomId, Seq, UserId, UserOffset};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{
    Append, Appended, Capabilities, Change, LogPage, MessageStore, PointerMove, PointerMoved, PointerStore,
    Refusal, RoomStore, RoomView, Standing, StorageError, StorageErrorKind, StoredMessage, UserLog,
    UserLogPage,
};
use chat_server_core::{Health, Providers};

use crate::peer::{Peer, send, server_of};

/// Does with an append what its text says.
#[derive(Default)]
struct Moody(MemoryStore);

type Result<T> = std::result::Result<T, StorageError>;

#[async_trait]
impl MessageStore for Moody {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
    fn epoch(&self) -> Epoch {
        self.0.epoch()
    }
    async fn append(&self, batch: &[Append]) -> Result<Vec<std::result::Result<Appended, Refusal>>> {
        let fail = |kind| Err(StorageError::new(kind, "append", "in a mood"));
        for append in batch {
            let Change::Message(message) = &append.change else { continue };
            match message.content.text().as_deref() {
                Some("full") => return fail(StorageErrorKind::Unavailable),
                Some("lost") => return fail(StorageErrorKind::Lost),
                Some("panic") => panic!("in a mood"),
                _ => {}
            }
        }
        self.0.append(batch).await
    }
    async fn history(
        &self,
        room: &RoomId,
        query: HistoryQuery,
        limit: usize,
    ) -> Result<Option<Vec<StoredMessage>>> {
        self.0.history(room, query, limit).await
    }
    async fn log(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Option<LogPage>> {
        self.0.log(room, after, limit).await
    }
}

#[async_trait]
impl RoomStore for Moody {
    async fn standing(&self, room: &RoomId, user: &UserId) -> Result<Option<Standing>> {
        self.0.standing(room, user).await
    }
    async fn rooms_of(&self, user: &UserId) -> Result<Vec<RoomId>> {
        self.0.rooms_of(user).await
    }
    async fn views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<Option<RoomView>>> {
        self.0.views(user, rooms).await
    }
    async fn share_room(&self, a: &UserId, b: &UserId) -> Result<bool> {
        self.0.share_room(a, b).await
    }
}

#[async_trait]
impl UserLog for Moody {
    async fn user_log(&self, user: &UserId, after: UserOffset, limit: usize) -> Result<UserLogPage> {
        self.0.user_log(user, after, limit).await
    }
}

#[async_trait]
impl PointerStore for Moody {
    async fn advance(&self, moves: &[PointerMove]) -> Result<Vec<PointerMoved>> {
        self.0.advance(moves).await
    }
    async fn pointers(&self, room: &RoomId, limit: usize) -> Result<Vec<(UserId, Seq)>> {
        self.0.pointers(room, limit).await
    }
}

/// A server on a moody store, and alice in her room `r`.
async fn moody() -> (chat_server_core::ChatServer, Peer) {
    let server = server_of(Providers { storage: Arc::new(Moody::default()), ..Providers::default() });
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    (server, alice)
}

#[tokio::test]
async fn a_full_store_refuses_and_works_again_later() {
    let (server, mut alice) = moody().await;
    let reply = alice.ask(&send("m1", "r", "full")).await;
    let error = reply.error().unwrap();
    assert_eq!((error.code.text(), error.retry_after_ms), ("ERR_STORAGE_UNAVAILABLE", Some(1_000)));
    assert_eq!(server.health(), Health::Serving);
    assert_eq!(
        alice.ok(&send("m2", "r", "hi")).await["seq"],
        1,
        "nothing of the refused one was told or counted"
    );
}

#[tokio::test]
async fn after_a_lost_write_nothing_more_is_accepted() {
    let (server, mut alice) = moody().await;
    assert_eq!(alice.refused(&send("m1", "r", "lost")).await, "ERR_STORAGE_UNAVAILABLE");
    assert_eq!(server.health(), Health::Degraded);
    assert_eq!(alice.refused(&send("m2", "r", "hi")).await, "ERR_STORAGE_UNAVAILABLE");
    alice.ok(r#"{"history":{"id":"h","room":"r"}}"#).await;
}

#[tokio::test]
async fn a_store_that_panics_degrades_the_server_and_hangs_nobody() {
    let (server, mut alice) = moody().await;
    assert_eq!(alice.refused(&send("m1", "r", "panic")).await, "ERR_STORAGE_UNAVAILABLE");
    assert_eq!(server.health(), Health::Degraded);
    assert_eq!(alice.refused(&send("m2", "r", "hi")).await, "ERR_STORAGE_UNAVAILABLE");
}
