//! Messages that are kept for a time only.

use std::time::Duration;

use chat_protocol::{HistoryQuery, RoomId};
use chat_server_core::storage::{JobKind, SharedStorage};
use chat_server_core::{ChatServer, Providers, ServerConfig};

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
    assert_eq!(storage.position("retention").await.unwrap(), before);
    let alice = chat_protocol::UserId::new("alice").unwrap();
    let view = storage.views(&alice, &[RoomId::new("r").unwrap()]).await.unwrap().remove(0).unwrap();
    assert_eq!((view.state.seq.get(), view.state.oldest_seq.get()), (3, 4));
}
