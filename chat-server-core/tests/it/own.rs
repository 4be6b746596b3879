//! What is one user's alone: how much of it is stored together, and in which order.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chat_server_core::Providers;
use chat_server_core::storage::{OwnAppend, OwnChange};
use tokio::sync::Notify;

use crate::hooked::{Hooked, Hooks};
use crate::peer::{Peer, server_of};

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
    async fn before_own(&self, batch: &[OwnAppend]) {
        if self.shut.swap(false, Ordering::Relaxed) {
            self.waits.notify_one();
            self.opened.notified().await;
        }
        let is_device = |append: &&OwnAppend| matches!(append.change, OwnChange::Device { .. });
        self.devices.fetch_add(batch.iter().filter(is_device).count(), Ordering::Relaxed);
        self.stored.lock().unwrap().push(batch.len());
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
