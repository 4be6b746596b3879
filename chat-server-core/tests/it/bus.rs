//! The suite of buses: the in-memory ones pass it, and each case fails on a bus that breaks its guarantee; and nodes
//! keep their promises over a bus that keeps none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chat_protocol::Event;
use chat_server_core::Providers;
use chat_server_core::bus::memory::MemoryBus;
use chat_server_core::bus::unreliable::{Odds, UnreliableBus};
use chat_server_core::bus::{Bus, Hint, News};
use chat_server_core::conformance::bus::{SUITE, subject};
use futures::StreamExt;
use futures::stream::BoxStream;

use crate::peer::{Peer, send, server_of, shared};
use crate::suites::each_fault_fails_its_case;

mod memory {
    use chat_server_core::bus::memory::MemoryBus;
    chat_server_core::bus_conformance!(MemoryBus::default(), |bus| bus.clone());
}

mod unreliable {
    use chat_server_core::bus::unreliable::{Odds, UnreliableBus};
    chat_server_core::bus_conformance!(UnreliableBus::new(Odds::default(), 1), |bus| bus.clone());
}

/// How many messages each of two writers sends.
const EACH: u64 = 200;

/// Promise 3: one order, without gaps, without repeats, whatever becomes of the hints.
async fn every_message_once_and_in_order(odds: Odds, seed: u64) {
    let bus: Arc<dyn Bus> = Arc::new(UnreliableBus::new(odds, seed));
    let parts = Providers { bus, ..shared() };
    let (here, there) = (server_of(parts.clone()), server_of(parts));
    let (mut alice, mut bob) = (Peer::log_in(&here, "alice").await, Peer::log_in(&there, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    bob.until(|event| matches!(event, Event::Resumed(_))).await;
    let write = async |peer: &mut Peer, name: &str| {
        let (mut offsets, mut sent) = (Vec::new(), 0);
        let mut messages = 0;
        while messages < EACH * 2 {
            // A few under way at the same time, on both nodes.
            while sent < EACH && sent * 2 < messages + 16 {
                sent += 1;
                peer.say(&send(&format!("{name}{sent}"), "r", "x")).await;
            }
            if let Event::Message(message) = peer.event().await {
                messages += 1;
                assert_eq!(message.seq.get(), messages, "{name}, seed {seed}");
                offsets.push(message.offset);
            }
        }
        offsets
    };
    let (at_alice, at_bob) = tokio::join!(write(&mut alice, "a"), write(&mut bob, "b"));
    assert_eq!(at_alice, at_bob, "both saw the same, seed {seed}");
}

#[tokio::test]
async fn nodes_keep_one_order_over_a_bus_that_loses_repeats_and_reorders() {
    for seed in 0..5 {
        every_message_once_and_in_order(Odds::default(), seed).await;
    }
}

#[tokio::test]
async fn nodes_keep_one_order_over_a_bus_that_loses_nearly_all() {
    every_message_once_and_in_order(Odds { lose: 95, repeat: 0, delay: 5 }, 1).await;
}

#[test]
fn every_case_fails_on_the_bus_that_breaks_it_and_no_other() {
    each_fault_fails_its_case(&SUITE, &[], |fault| {
        let place = Broken { fault, ..Broken::default() };
        let node =
            |broken: &Broken| Broken { node: broken.nodes.fetch_add(1, Ordering::Relaxed), ..broken.clone() };
        subject(place, node)
    });
}

/// The memory bus with one fault, named like the case that must find it.
#[derive(Clone, Default)]
struct Broken {
    inner: MemoryBus,
    fault: &'static str,
    nodes: Arc<AtomicUsize>,
    node: usize,
    /// A subscription has ended.
    left: Arc<AtomicBool>,
}

impl Broken {
    fn has(&self, fault: &str) -> bool {
        assert!(SUITE.names().any(|name| name == fault), "no case {fault}");
        self.fault == fault
    }
}

/// Notes that the subscription is gone.
struct Leaving(Arc<AtomicBool>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Bus for Broken {
    fn has_peers(&self) -> bool {
        self.inner.has_peers() && !self.has("a_node_knows_whether_it_has_peers")
    }

    fn publish(&self, hint: Hint) {
        if self.has("a_node_that_leaves_disturbs_nobody") && self.left.load(Ordering::Relaxed) {
            return;
        }
        self.inner.publish(hint);
    }

    fn subscribe(&self) -> BoxStream<'static, Hint> {
        let own = self.clone();
        let leaving = Leaving(self.left.clone());
        let mut count = 0;
        let hints = self.inner.subscribe().take_while(move |_| {
            // The buffer of the memory bus holds no more: this node has fallen behind.
            count += 1;
            std::future::ready(!own.has("nobody_waits_for_a_slow_node") || count < 500)
        });
        let own = self.clone();
        let hints = hints.filter_map(move |mut hint| {
            let _ = &leaving;
            if let News::User(_, changed) = &mut hint.news
                && own.has("hints_arrive_as_they_were_told")
            {
                changed.ts = chat_protocol::Timestamp::default();
            }
            // Only the first two nodes hear anything.
            let lost = own.has("every_other_node_hears_a_hint") && own.node > 1;
            std::future::ready((!lost).then_some(hint))
        });
        hints.boxed()
    }
}
