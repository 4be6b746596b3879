//! What is one user's alone: how much of it is stored together, and in which order.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chat_server_core::Providers;
use chat_server_core::storage::{OwnAppend, OwnChange, StorageError};
use tokio::sync::Notify;

use crate::hooked::{Hooked, Hooks};
use crate::peer::{Peer, send, server_of};

/// Notes the sizes of what is stored together; holds the first one up while it is shut.
#[derive(Default)]
struct Door {
    shut: AtomicBool,
    waits: Notify,
    opened: Notify,
    stored: Mutex<Vec<usize>>,
    devices: AtomicUsize,
}

#[async_trait]
impl Hooks for Door {
    async fn before_own(&self, batch: &[OwnAppend]) -> Result<(), StorageError> {
        if self.shut.swap(false, Ordering::Relaxed) {
            self.waits.notify_one();
            self.opened.notified().await;
        }
        let is_device = |append: &&OwnAppend| matches!(append.change, OwnChange::Device { .. });
        self.devices.fetch_add(batch.iter().filter(is_device).count(), Ordering::Relaxed);
        self.stored.lock().unwrap().push(batch.len());
        Ok(())
    }
}

const DEVICES: usize = 400;

#[tokio::test]
async fn devices_that_register_while_another_commit_lasts_share_the_next_ones() {
    let store = Arc::new(Hooked::<Door>::default());
    let server = server_of(Providers { storage: store.clone(), ..Providers::default() });
    let mut peers = Vec::with_capacity(DEVICES);
    for n in 0..DEVICES {
        peers.push(Peer::log_in(&server, &format!("u{n}")).await);
    }
    let door = &store.hooks;
    door.shut.store(true, Ordering::Relaxed);
    let device = |n: usize| format!(r#"{{"device":{{"id":"d","device_id":"d{n}","name":"phone {n}"}}}}"#);
    peers[0].say(&device(0)).await;
    door.waits.notified().await;
    for (n, peer) in peers.iter_mut().enumerate().skip(1) {
        peer.say(&device(n)).await;
    }
    // What the connections' tasks have taken in stands in the queue.
    tokio::task::yield_now().await;
    while server.connections() < DEVICES {
        tokio::task::yield_now().await;
    }
    door.opened.notify_one();
    for peer in &mut peers {
        assert_eq!(peer.reply("d").await.status, 200);
    }
    assert_eq!(door.devices.load(Ordering::Relaxed), DEVICES);
    let commits = door.stored.lock().unwrap().len();
    assert!(commits <= DEVICES / 4, "{commits} commits for {DEVICES} devices");
}

#[tokio::test]
async fn what_is_no_pointer_keeps_its_place_among_pointers() {
    let store = Arc::new(Hooked::<Door>::default());
    let server = server_of(Providers { storage: store.clone(), ..Providers::default() });
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    for n in 1..=3 {
        alice.ok(&send(&format!("m{n}"), "r", "hi")).await;
    }
    let door = &store.hooks;
    door.shut.store(true, Ordering::Relaxed);
    bob.say(r#"{"device":{"id":"d","device_id":"x","name":"phone"}}"#).await;
    door.waits.notified().await;
    // The second mark is taken away by the read behind it, the third stays.
    for (id, command) in [("1", "mark_unread"), ("2", "read"), ("3", "mark_unread"), ("4", "mark_unread")] {
        let seq = if command == "read" { 3 } else { id.parse::<u64>().unwrap().min(3) };
        bob.say(&format!(r#"{{"{command}":{{"id":"{id}","room":"r","seq":{seq}}}}}"#)).await;
    }
    door.opened.notify_one();
    let statuses = bob.statuses(5).await;
    assert!(statuses.values().all(|status| *status == 200), "{statuses:?}");
    let inbox = bob.ok(r#"{"inbox":{"id":"i"}}"#).await;
    let room = &inbox["rooms"][0]["state"];
    assert_eq!((&room["read"], &room["unread_from"]), (&3.into(), &3.into()), "{inbox}");
}
