//! Messages that are kept for a time only.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{HistoryQuery, RoomId};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{
    Answers, Append, Appended, Change, JobKind, MessageStore, Refusal, SharedStorage, StorageError,
    StorageErrorKind, StorageLayer,
};
use chat_server_core::{ChatServer, Providers, ServerConfig};

use crate::hooked::{Hooked, Hooks};
use crate::peer::{Peer, TestClock, quick, send, shared};

/// A server whose wall clock goes with tokio's, and alice.
async fn one(config: ServerConfig) -> (ChatServer, SharedStorage, Peer) {
    let parts = Providers { clock: TestClock::start(), ..shared() };
    let storage = parts.storage.clone();
    let server = ChatServer::start(parts, config);
    let alice = Peer::log_in(&server, "alice").await;
    (server, storage, alice)
}

fn long() -> ServerConfig {
    ServerConfig { ping_interval: Duration::from_secs(100_000), ..quick() }
}

async fn seqs(storage: &SharedStorage, room: &str) -> Vec<u64> {
    let room = RoomId::new(room).unwrap();
    let page = storage.history(&room, None, HistoryQuery::default(), 1_000).await.unwrap().unwrap();
    page.iter().map(|stored| stored.message.seq.get()).collect()
}

async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn a_room_forgets_what_is_older_than_it_says() {
    let (_server, storage, mut alice) = one(long()).await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","message_ttl_s":60}}"#).await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"s"}}"#).await;
    alice.ok(&send("m1", "r", "one")).await;
    alice.ok(&send("m2", "s", "stays")).await;
    wait(40).await;
    alice.ok(&send("m3", "r", "two")).await;
    wait(15).await;
    assert_eq!(seqs(&storage, "r").await, [1, 2], "not before its time");
    wait(15).await;
    assert_eq!(seqs(&storage, "r").await, [2]);
    wait(40).await;
    assert_eq!(seqs(&storage, "r").await, [0; 0]);
    assert_eq!(alice.ok(&send("m1", "r", "one")).await["duplicate"], true, "who sent what is not forgotten");
    assert_eq!(alice.ok(&send("m4", "r", "three")).await["seq"], 3, "numbers go on");
    wait(55).await;
    assert_eq!(seqs(&storage, "r").await, [3]);
    wait(20).await;
    assert_eq!((seqs(&storage, "r").await, seqs(&storage, "s").await), (Vec::new(), vec![1]));
}

#[tokio::test(start_paused = true)]
async fn another_time_counts_at_once_for_what_is_there() {
    let (_server, storage, mut alice) = one(long()).await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    for n in 0..600 {
        alice.ok(&send(&format!("m{n}"), "r", "old")).await;
    }
    wait(100).await;
    alice.ok(&send("new", "r", "new")).await;
    alice.ok(r#"{"set":{"id":"s","room":"r","data":{"message_ttl_s":90}}}"#).await;
    wait(5).await;
    assert_eq!(seqs(&storage, "r").await, [601], "more than one step forgets");
    alice.ok(r#"{"set":{"id":"s","room":"r","data":{"message_ttl_s":null}}}"#).await;
    wait(1_000).await;
    assert_eq!(seqs(&storage, "r").await, [601], "kept for ever again");
    assert_eq!(storage.next_due(JobKind::Expire).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn an_operator_keeps_nothing_longer_than_it_says() {
    let config = ServerConfig { retention: Some(Duration::from_secs(60)), ..long() };
    let (_server, storage, mut alice) = one(config).await;
    for room in ["r", "s", "idle"] {
        alice.ok(&format!(r#"{{"create":{{"id":"c","kind":"group","room":"{room}"}}}}"#)).await;
    }
    alice.ok(&send("m1", "r", "one")).await;
    alice.ok(&send("m1", "s", "one")).await;
    alice.ok(&send("m2", "r", "two")).await;
    wait(30).await;
    alice.ok(&send("m3", "r", "three")).await;
    wait(25).await;
    assert_eq!((seqs(&storage, "r").await, seqs(&storage, "s").await), (vec![1, 2, 3], vec![1]));
    wait(20).await;
    assert_eq!((seqs(&storage, "r").await, seqs(&storage, "s").await), (vec![3], Vec::new()));
    wait(30).await;
    assert_eq!(seqs(&storage, "r").await, [0; 0]);
    wait(200).await;
    let before = storage.feed_head().await.unwrap();
    wait(1_000).await;
    assert_eq!(storage.feed_head().await.unwrap(), before, "with nothing to forget nothing is done");
    assert_eq!(storage.position("retention").await.unwrap(), Some(before));
    let alice = chat_protocol::UserId::new("alice").unwrap();
    let view = storage.views(&alice, &[RoomId::new("r").unwrap()]).await.unwrap().remove(0).unwrap();
    assert_eq!((view.state.seq.get(), view.state.oldest_seq.get()), (3, 4));
}

/// Cannot forget anything of the room `bad`.
#[derive(Default)]
struct Damaged;

#[async_trait]
impl Hooks for Damaged {
    async fn before_append(&self, batch: &[Append]) -> Result<(), StorageError> {
        let bad =
            |append: &Append| append.room.as_str() == "bad" && matches!(append.change, Change::Trim { .. });
        if batch.iter().any(bad) {
            return Err(StorageError::new(StorageErrorKind::Unavailable, "append", "on purpose"));
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_room_that_cannot_be_read_does_not_keep_others_from_forgetting() {
    let storage: SharedStorage = Arc::new(Hooked::<Damaged>::default());
    let parts = Providers { storage: storage.clone(), clock: TestClock::start(), ..Providers::default() };
    let server = ChatServer::start(parts, long());
    let mut alice = Peer::log_in(&server, "alice").await;
    for room in ["bad", "r", "s"] {
        let create =
            format!(r#"{{"create":{{"id":"c","kind":"group","room":"{room}","message_ttl_s":60}}}}"#);
        alice.ok(&create).await;
        alice.ok(&send(room, room, "old")).await;
    }
    wait(70).await;
    for (room, left) in [("bad", 1), ("r", 0), ("s", 0)] {
        assert_eq!(seqs(&storage, room).await.len(), left, "{room}");
        alice.ok(&send(&format!("{room}2"), room, "new")).await;
    }
    wait(130).await;
    assert_eq!(
        (seqs(&storage, "r").await, seqs(&storage, "s").await),
        (Vec::new(), Vec::new()),
        "every time"
    );
}

/// The room `gone` is not there when it is to forget.
#[derive(Default)]
struct Gone(MemoryStore);

#[async_trait]
impl StorageLayer for Gone {
    type Inner = MemoryStore;

    fn inner(&self) -> &MemoryStore {
        &self.0
    }

    async fn store(&self, batch: &[Append]) -> Result<Answers<Appended>, StorageError> {
        let gone =
            |append: &Append| append.room.as_str() == "gone" && matches!(append.change, Change::Trim { .. });
        if batch.iter().any(gone) {
            return Ok(batch.iter().map(|_| Err(Refusal::NoRoom)).collect());
        }
        self.0.append(batch).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_room_that_is_gone_does_not_keep_others_from_forgetting() {
    let storage: SharedStorage = Arc::new(Gone::default());
    let parts = Providers { storage: storage.clone(), clock: TestClock::start(), ..Providers::default() };
    let config = ServerConfig { retention: Some(Duration::from_secs(60)), ..long() };
    let server = ChatServer::start(parts, config);
    let mut alice = Peer::log_in(&server, "alice").await;
    for room in ["gone", "r"] {
        alice.ok(&format!(r#"{{"create":{{"id":"c","kind":"group","room":"{room}"}}}}"#)).await;
        alice.ok(&send(room, room, "old")).await;
    }
    wait(70).await;
    alice.ok(&send("new", "r", "new")).await;
    assert_eq!(seqs(&storage, "r").await, [2]);
    wait(130).await;
    assert_eq!(seqs(&storage, "r").await, [0; 0]);
}
