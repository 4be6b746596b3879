//! A store that fails: what users are told, and what becomes of the server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::Frame;
use chat_server_core::storage::{Append, Change, OwnAppend, StorageError, StorageErrorKind};
use chat_server_core::{Health, Providers};

use crate::hooked::{Hooked, Hooks};
use crate::peer::{Peer, send, server_of};

/// Does with an append what its text says.
#[derive(Default)]
struct Moody;

#[async_trait]
impl Hooks for Moody {
    async fn before_append(&self, batch: &[Append]) -> Result<(), StorageError> {
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
        Ok(())
    }
}

/// A server on a moody store, and alice in her room `r`.
async fn moody() -> (chat_server_core::ChatServer, Peer) {
    let server =
        server_of(Providers { storage: Arc::new(Hooked::<Moody>::default()), ..Providers::default() });
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
    let lost = alice.ask(&send("m1", "r", "lost")).await.error().unwrap();
    assert_eq!(lost.code.text(), "ERR_STORAGE_UNAVAILABLE");
    assert!(lost.detail.unwrap().contains("nobody knows"), "it may be on the disk");
    assert_eq!(server.health(), Health::Degraded);
    assert_eq!(alice.refused(&send("m2", "r", "hi")).await, "ERR_STORAGE_UNAVAILABLE");
    alice.ok(r#"{"history":{"id":"h","room":"r"}}"#).await;
}

#[tokio::test]
async fn a_store_that_panics_degrades_the_server_and_hangs_nobody() {
    let (server, mut alice) = moody().await;
    let lost = alice.ask(&send("m1", "r", "panic")).await.error().unwrap();
    assert_eq!(lost.code.text(), "ERR_STORAGE_UNAVAILABLE");
    assert!(lost.detail.unwrap().contains("nobody knows"), "the panic may have come after the commit");
    assert_eq!(server.health(), Health::Degraded);
    assert_eq!(alice.refused(&send("m2", "r", "hi")).await, "ERR_STORAGE_UNAVAILABLE");
}

/// Cannot say which rooms a user has.
#[derive(Default)]
struct Roomless;

#[async_trait]
impl Hooks for Roomless {
    async fn before_rooms(&self) -> Result<(), StorageError> {
        Err(StorageError::new(StorageErrorKind::Unavailable, "rooms_of", "in a mood"))
    }
}

#[tokio::test]
async fn a_resume_that_fails_half_way_closes_the_connection_instead_of_leaving_it_deaf() {
    let server =
        server_of(Providers { storage: Arc::new(Hooked::<Roomless>::default()), ..Providers::default() });
    let mut alice = Peer::connect(&server);
    let auth = alice.ok(r#"{"auth":{"id":"a","token":"dev-alice","follow":false}}"#).await;
    let epoch = auth["epoch"].as_str().unwrap();
    alice.say(&format!(r#"{{"resume":{{"id":"x","epoch":"{epoch}","user_offset":0}}}}"#)).await;
    let close = loop {
        match alice.frame().await {
            Some(Frame::Close(close)) => break close,
            Some(_) => {}
            None => panic!("no close frame"),
        }
    };
    assert_eq!((close.code, close.reason.as_str()), (4503, "ERR_STORAGE_UNAVAILABLE"));
}

/// Stumbles over room `damaged` and over devices with a damaged name, and stores nothing of a batch with one of them.
#[derive(Default)]
struct Damaged;

#[async_trait]
impl Hooks for Damaged {
    async fn before_append(&self, batch: &[Append]) -> Result<(), StorageError> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let is_bad = |append: &Append| {
            append.room.as_str() == "damaged" && matches!(append.change, Change::Message(_))
        };
        match batch.iter().any(is_bad) {
            true => Err(StorageError::new(StorageErrorKind::Corrupt, "append", "torn")),
            false => Ok(()),
        }
    }

    async fn before_own(&self, batch: &[OwnAppend]) -> Result<(), StorageError> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let is_bad = |append: &OwnAppend| format!("{:?}", append.change).contains("damaged");
        match batch.iter().any(is_bad) {
            true => Err(StorageError::new(StorageErrorKind::Corrupt, "append_own", "torn")),
            false => Ok(()),
        }
    }
}

#[tokio::test]
async fn what_the_store_stumbles_over_costs_nobody_else_a_change() {
    let server =
        server_of(Providers { storage: Arc::new(Hooked::<Damaged>::default()), ..Providers::default() });
    let mut alice = Peer::log_in(&server, "alice").await;
    for room in ["r", "damaged"] {
        alice.ok(&format!(r#"{{"create":{{"id":"c","kind":"group","room":"{room}"}}}}"#)).await;
    }
    // What comes while the first is stored is one batch.
    let rooms = ["r", "r", "damaged", "r", "damaged", "r", "r"];
    for (n, room) in rooms.iter().enumerate() {
        alice.say(&send(&format!("m{n}"), room, "hi")).await;
    }
    let statuses = alice.statuses(rooms.len()).await;
    for (n, room) in rooms.iter().enumerate() {
        let expected = if *room == "r" { 200 } else { 500 };
        assert_eq!(statuses[&format!("m{n}")], expected, "{n}");
    }
    let names = ["a", "b", "damaged", "c"];
    for name in names {
        alice.say(&format!(r#"{{"device":{{"id":"{name}","device_id":"{name}","name":"{name}"}}}}"#)).await;
    }
    for (name, status) in alice.statuses(names.len()).await {
        assert_eq!(status, if name == "damaged" { 500 } else { 200 }, "{name}");
    }
    assert_eq!(server.health(), Health::Serving);
}
