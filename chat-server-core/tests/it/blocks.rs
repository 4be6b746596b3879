//! Blocks: what is kept from the one who is blocked, and what the one who blocks gives up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::event::UserChange;
use chat_protocol::{Event, RoomId, Timestamp};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{OwnAppend, OwnChange, UserLog};
use chat_server_core::{Caller, ChatServer, Providers};
use serde_json::json;

use crate::hooked::{Hooked, Hooks};
use crate::peer::{Peer, quick, send, server, server_of, shared};

/// Alice and eve with a direct room.
async fn pair() -> (ChatServer, Peer, Peer, RoomId) {
    let server = server();
    let (mut alice, eve) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "eve").await);
    let made = alice.ok(r#"{"create":{"id":"c","kind":"direct","members":["eve"]}}"#).await;
    (server, alice, eve, made["room"]["room"].as_str().unwrap().parse().unwrap())
}

/// All that a peer was told up to now.
async fn heard(peer: &mut Peer) -> Vec<Event> {
    peer.say(r#"{"ping":{"id":"p"}}"#).await;
    let mut heard = peer.until(|event| matches!(event, Event::Pong(_))).await;
    heard.pop();
    heard
}

fn is_presence(event: &Event) -> bool {
    matches!(event, Event::Pres(_))
}

#[tokio::test]
async fn a_block_ends_watching_on_both_sides() {
    let (server, mut alice, mut eve, _) = pair().await;
    alice.ok(r#"{"listen":{"id":"l","user":"eve"}}"#).await;
    eve.ok(r#"{"listen":{"id":"l","user":"alice"}}"#).await;
    alice.ok(r#"{"block":{"id":"b","user":"eve"}}"#).await;
    assert_eq!(alice.refused(r#"{"listen":{"id":"l","user":"eve"}}"#).await, "ERR_FORBIDDEN_ACCESS");
    assert_eq!(eve.refused(r#"{"listen":{"id":"l","user":"alice"}}"#).await, "ERR_FORBIDDEN_ACCESS");
    drop(eve);
    while server.connections() > 1 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let mut eve = Peer::log_in(&server, "eve").await;
    assert!(!heard(&mut alice).await.iter().any(is_presence), "eve went and came back");
    drop(alice);
    while server.connections() > 1 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let _alice = Peer::log_in(&server, "alice").await;
    assert!(!heard(&mut eve).await.iter().any(is_presence), "alice went and came back");
}

#[tokio::test]
async fn a_block_ends_watching_at_every_node() {
    let parts = shared();
    let other = Providers { storage: parts.storage.clone(), bus: parts.bus.clone(), ..Providers::default() };
    let (here, there) = (ChatServer::start(parts, quick()), ChatServer::start(other, quick()));
    let (mut alice, mut eve) = (Peer::log_in(&here, "alice").await, Peer::log_in(&there, "eve").await);
    alice.ok(r#"{"create":{"id":"c","kind":"direct","members":["eve"]}}"#).await;
    let mut other_alice = Peer::log_in(&there, "alice").await;
    assert_eq!(eve.ok(r#"{"listen":{"id":"l","user":"alice"}}"#).await["online"], true);
    alice.ok(r#"{"block":{"id":"b","user":"eve"}}"#).await;
    let is_blocked =
        |event: &Event| matches!(event, Event::User(c) if matches!(c.change, UserChange::Blocked { .. }));
    other_alice.until(is_blocked).await;
    drop(other_alice);
    while there.connections() > 1 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let _alice = Peer::log_in(&there, "alice").await;
    assert!(!heard(&mut eve).await.iter().any(is_presence));
}

#[tokio::test]
async fn who_is_blocked_does_not_see_what_is_read_or_arrives() {
    let (_server, mut alice, mut eve, room) = pair().await;
    eve.ok(&send("m1", room.as_str(), "hi")).await;
    let block = |how: &str| json!({how: {"id": "b", "user": "eve"}}).to_string();
    let pointer = |kind: &str| json!({kind: {"id": "x", "room": room, "seq": 1}}).to_string();
    alice.ok(&block("block")).await;
    assert_eq!(alice.ok(&pointer("delivered")).await["read"], 1);
    assert_eq!(alice.ok(&pointer("read")).await["read"], 1);
    let state = &alice.ok(r#"{"inbox":{"id":"i"}}"#).await["rooms"][0]["state"].clone();
    assert_eq!((&state["unread"], &state["read"], &state["read_private"]), (&json!(0), &json!(0), &json!(1)));
    assert!(!heard(&mut eve).await.iter().any(|event| matches!(event, Event::Reads(_))));
    let members = eve.ok(&json!({"members": {"id": "m", "room": room}}).to_string()).await;
    let alice_there = &members["members"][0];
    assert_eq!((alice_there.get("read"), alice_there.get("delivered")), (None, None), "{members}");
    alice.ok(&block("unblock")).await;
    alice.ok(&pointer("read")).await;
    eve.until(|event| matches!(event, Event::Reads(reads) if reads.read.is_some())).await;
}

#[tokio::test]
async fn nobody_adds_whom_it_blocks() {
    let (_server, mut alice, _eve, _) = pair().await;
    alice.ok(r#"{"create":{"id":"g","kind":"group","room":"g"}}"#).await;
    alice.ok(r#"{"block":{"id":"b","user":"eve"}}"#).await;
    for add in [
        r#"{"create":{"id":"x","kind":"group","members":["bob","eve"]}}"#,
        r#"{"invite":{"id":"x","room":"g","users":["bob","eve"]}}"#,
    ] {
        let refused = alice.ask(add).await;
        assert_eq!((refused.status, refused.detail.is_some()), (403, true), "{refused:?}");
    }
    alice.ok(r#"{"unblock":{"id":"b","user":"eve"}}"#).await;
    alice.ok(r#"{"invite":{"id":"x","room":"g","users":["bob","eve"]}}"#).await;
}

#[tokio::test]
async fn nobody_blocks_the_server_itself() {
    let (server, mut alice, _eve, _) = pair().await;
    let refused = alice.ask(r#"{"block":{"id":"b","user":"~system"}}"#).await;
    assert_eq!((refused.status, refused.detail.is_some()), (400, true), "{refused:?}");
    let desk =
        r#"{"create":{"id":"c","kind":"desk","room":"d","desk":{"organization":"o","client":"alice"}}}"#;
    let desk = chat_protocol::decode(desk.as_bytes()).unwrap();
    server.command(&Caller::Operator, desk).await.unwrap();
    alice.ok(&send("m1", "d", "help")).await;
}

/// Eve is blocked after it was found that she may listen; no node has told it yet.
#[derive(Default)]
struct BlockedMeanwhile(AtomicUsize);

#[async_trait]
impl Hooks for BlockedMeanwhile {
    async fn before_relation(&self, store: &MemoryStore) {
        if self.0.fetch_add(1, Ordering::Relaxed) == 1 {
            let change = OwnChange::Block { user: "eve".parse().unwrap() };
            let block = OwnAppend { user: "alice".parse().unwrap(), now: Timestamp::default(), change };
            store.append_own(&[block]).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_block_that_comes_while_listening_begins_ends_it() {
    let storage = Arc::new(Hooked::<BlockedMeanwhile>::default());
    let server = server_of(Providers { storage, ..Providers::default() });
    let mut eve = Peer::log_in(&server, "eve").await;
    eve.ok(r#"{"create":{"id":"c","kind":"direct","members":["alice"]}}"#).await;
    assert_eq!(eve.refused(r#"{"listen":{"id":"l","user":"alice"}}"#).await, "ERR_FORBIDDEN_ACCESS");
    let _alice = Peer::log_in(&server, "alice").await;
    assert!(!heard(&mut eve).await.iter().any(is_presence));
}
