//! Orders of events that are rare, forced by a store that waits where the test wants it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::event::{Outcome, SystemKind};
use chat_protocol::{Event, Frame};
use chat_server_core::storage::{Append, Change, StorageError, UserLog};
use chat_server_core::transport::{Connection, ConnectionError, memory};
use chat_server_core::{ChatServer, Providers, ServerConfig};
use futures::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::watch;

use crate::hooked::{Hooked, Hooks};
use crate::peer::{Peer, quick, send, server, server_of};

/// Something that is awaited and happens once.
pub(crate) struct Signal(watch::Sender<bool>);

impl Default for Signal {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Signal {
    pub(crate) fn give(&self) {
        self.0.send_replace(true);
    }

    pub(crate) fn is_given(&self) -> bool {
        *self.0.borrow()
    }

    pub(crate) async fn wait(&self) {
        self.0.subscribe().wait_for(|given| *given).await.expect("the sender lives as long as this");
    }
}

pub(crate) fn server_on<H: Hooks + Default + 'static>() -> (ChatServer, Arc<Hooked<H>>) {
    let store = Arc::new(Hooked::<H>::default());
    (server_of(Providers { storage: store.clone(), ..Providers::default() }), store)
}

/// A leave is stored, read by a replay, and only then published.
#[derive(Default)]
struct LatePublish {
    armed: Signal,
    reads: Signal,
    stored: Signal,
    publish: Signal,
}

#[async_trait]
impl Hooks for LatePublish {
    async fn after_append(&self, batch: &[Append]) {
        if batch.iter().any(|append| matches!(append.change, Change::Leave { .. })) {
            self.stored.give();
            self.publish.wait().await;
        }
    }
    async fn before_log(&self) {
        if self.armed.is_given() {
            self.reads.give();
            self.stored.wait().await;
        }
    }
}

#[tokio::test]
async fn who_leaves_while_another_device_follows_hears_no_more() {
    let (server, store) = server_on::<LatePublish>();
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    let (mut one, mut two) = (Peer::connect(&server), Peer::connect(&server));
    for bob in [&mut one, &mut two] {
        bob.ok(r#"{"auth":{"id":"a","token":"dev-bob","follow":false}}"#).await;
    }
    alice.ok(r#"{"unfollow":{"id":"u","room":"r"}}"#).await;
    store.hooks.armed.give();
    two.say(r#"{"follow":{"id":"f","room":"r","offset":1}}"#).await;
    store.hooks.reads.wait().await;
    one.say(r#"{"leave":{"id":"l","room":"r"}}"#).await;
    let last = two.until(|event| matches!(event, Event::Reply(_))).await;
    assert!(
        last.iter().any(|event| matches!(event, Event::Resumed(word) if word.outcome == Outcome::Gone)),
        "{last:?}"
    );
    store.hooks.publish.give();
    one.reply("l").await;
    alice.ok(&send("m1", "r", "secret")).await;
    two.say(r#"{"ping":{"id":"p"}}"#).await;
    let heard = two.until(|event| matches!(event, Event::Pong(_))).await;
    assert!(!heard.iter().any(|event| matches!(event, Event::Message(_))), "{heard:?}");
}

/// The first message into `q` waits until the gate opens; what comes meanwhile is one batch.
#[derive(Default)]
struct Gate {
    waits: Signal,
    open: Signal,
}

#[async_trait]
impl Hooks for Gate {
    async fn before_append(&self, batch: &[Append]) -> Result<(), StorageError> {
        if batch
            .iter()
            .any(|append| append.room.as_str() == "q" && matches!(append.change, Change::Message(_)))
        {
            self.waits.give();
            self.open.wait().await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn messages_of_one_sender_keep_their_order_over_a_change_of_rights() {
    let (server, store) = server_on::<Gate>();
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    for room in ["q", "r"] {
        let create = format!(r#"{{"create":{{"id":"c","kind":"group","room":"{room}","members":["bob"]}}}}"#);
        alice.ok(&create).await;
    }
    bob.ok(r#"{"leave":{"id":"l","room":"r"}}"#).await;
    bob.say(&send("b", "q", "x")).await;
    store.hooks.waits.wait().await;
    // Decided on the rights before bob left, then, after the follow, on those of now.
    alice.say(&send("m1", "r", "first")).await;
    alice.ok(r#"{"follow":{"id":"f","room":"r"}}"#).await;
    alice.say(&send("m2", "r", "second")).await;
    alice.ok(r#"{"unfollow":{"id":"u","room":"nowhere"}}"#).await;
    store.hooks.open.give();
    let mut order = Vec::new();
    while order.len() < 2 {
        let message = alice.message().await;
        if message.room.as_str() == "r" {
            order.push(message.client_msg_id.unwrap().to_string());
        }
    }
    assert_eq!(order, ["m1", "m2"]);
}

/// A link that takes no more frames once it is told so, as a socket whose peer has gone to sleep.
struct Sleepy {
    link: memory::MemoryConnection,
    asleep: Arc<AtomicBool>,
}

impl Connection for Sleepy {}

impl Stream for Sleepy {
    type Item = Result<Frame, ConnectionError>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.link.poll_next_unpin(cx)
    }
}

impl Sink<Frame> for Sleepy {
    type Error = ConnectionError;
    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        if self.asleep.load(Ordering::Relaxed) { Poll::Pending } else { self.link.poll_ready_unpin(cx) }
    }
    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), ConnectionError> {
        self.link.start_send_unpin(frame)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.link.poll_flush_unpin(cx)
    }
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.link.poll_close_unpin(cx)
    }
}

#[tokio::test]
async fn a_reader_that_is_gone_does_not_hold_up_the_end() {
    let config =
        ServerConfig { max_queue_bytes: 8 * 1024, write_timeout: Duration::from_millis(300), ..quick() };
    let server = ChatServer::start(Providers::default(), config);
    let mut alice = Peer::log_in(&server, "alice").await;
    let asleep = Arc::new(AtomicBool::new(false));
    let mut bob = Peer::connect_over(&server, |link| Sleepy { link, asleep: asleep.clone() });
    bob.say(r#"{"auth":{"id":"a","token":"dev-bob"}}"#).await;
    bob.until(|event| matches!(event, Event::Resumed(word) if word.room.is_none())).await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    bob.until(|event| matches!(event, Event::Resumed(word) if word.room.is_some())).await;
    asleep.store(true, Ordering::Relaxed);
    // More than half of bob's queue waits, so that following one more room has to wait for him.
    for n in 0..35 {
        alice.ok(&send(&format!("m{n}"), "r", "a text of some length")).await;
    }
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r2","members":["bob"]}}"#).await;
    let ended = tokio::time::timeout(Duration::from_secs(4), server.shutdown(Duration::from_secs(3)));
    ended.await.expect("nothing waits for bob");
}

#[tokio::test]
async fn one_room_too_many_is_named_and_costs_nobody_the_connection() {
    let config = ServerConfig { max_rooms_followed: 1, ..quick() };
    let server = ChatServer::start(Providers::default(), config);
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    bob.ok(r#"{"create":{"id":"c","kind":"group","room":"mine"}}"#).await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r1","members":["bob"]}}"#).await;
    let left_out =
        |event: &Event| matches!(event, Event::System(system) if system.what == SystemKind::LeftOut);
    bob.until(left_out).await;
    let made = bob.ok(r#"{"create":{"id":"c2","kind":"group","room":"second"}}"#).await;
    assert_eq!(made["created"], true);
    assert_eq!(bob.refused(r#"{"follow":{"id":"f","room":"second"}}"#).await, "ERR_LIMIT_REACHED");
    assert_eq!(bob.ok(&send("m", "second", "still a member")).await["seq"], 1);
}

#[tokio::test]
async fn an_empty_room_has_an_empty_history() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    for query in ["", r#","before":1"#, r#","after":0"#, r#","after":9,"before":3"#] {
        let page = alice.ok(&format!(r#"{{"history":{{"id":"h","room":"r"{query}}}}}"#)).await;
        assert_eq!(
            (page["messages"].as_array().unwrap().len(), &page["more"]),
            (0, &false.into()),
            "{query}"
        );
    }
}

/// Holds the first join back, so that others gather behind it, and notes how many joins each batch has.
#[derive(Default)]
struct Gathers {
    open: Signal,
    begun: Signal,
    batches: std::sync::Mutex<Vec<usize>>,
}

#[async_trait]
impl Hooks for Gathers {
    async fn before_append(&self, batch: &[Append]) -> Result<(), StorageError> {
        let joins = batch.iter().filter(|append| matches!(append.change, Change::Join { .. })).count();
        if joins > 0 {
            self.batches.lock().unwrap().push(joins);
            self.begun.give();
            self.open.wait().await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn who_comes_to_different_rooms_is_stored_together() {
    let (server, store) = server_on::<Gathers>();
    let mut alice = Peer::log_in(&server, "alice").await;
    for room in ["a", "b", "c"] {
        let create =
            format!(r#"{{"create":{{"id":"{room}","kind":"group","room":"{room}","access":"open"}}}}"#);
        alice.ok(&create).await;
    }
    let mut peers = Vec::new();
    for (user, room) in [("u1", "a"), ("u2", "a"), ("u3", "b"), ("u4", "c"), ("u5", "a")] {
        let mut peer = Peer::log_in(&server, user).await;
        peer.say(&format!(r#"{{"join":{{"id":"j","room":"{room}"}}}}"#)).await;
        // Commands take their places in order: after this answer the join is in the committer's queue.
        peer.ok(r#"{"unlisten":{"id":"u","user":"alice"}}"#).await;
        if user == "u1" {
            store.hooks.begun.wait().await;
        }
        peers.push(peer);
    }
    store.hooks.open.give();
    for peer in &mut peers {
        assert_eq!(peer.reply("j").await.status, 200);
    }
    // Of those behind the first, only the second one into the same room waits for a batch of its own.
    assert_eq!(*store.hooks.batches.lock().unwrap(), [1, 3, 1]);
}

#[tokio::test]
async fn who_enters_several_rooms_at_once_gets_all_of_them() {
    let (server, store) = server_on::<Gathers>();
    let mut alice = Peer::log_in(&server, "alice").await;
    for room in ["a", "b", "c"] {
        let create =
            format!(r#"{{"create":{{"id":"{room}","kind":"group","room":"{room}","access":"open"}}}}"#);
        alice.ok(&create).await;
    }
    let mut bob = Peer::log_in(&server, "bob").await;
    for room in ["a", "b", "c"] {
        bob.say(&format!(r#"{{"join":{{"id":"{room}","room":"{room}"}}}}"#)).await;
    }
    store.hooks.begun.wait().await;
    store.hooks.open.give();
    for room in ["a", "b", "c"] {
        assert_eq!(bob.reply(room).await.status, 200);
    }
    for (room, seq) in [("c", 1), ("a", 1), ("b", 1)] {
        alice.ok(&send(room, room, "hello")).await;
        let heard =
            bob.until(|event| matches!(event, Event::Message(message) if message.room.as_str() == room));
        assert!(matches!(heard.await.pop(), Some(Event::Message(message)) if message.seq.get() == seq));
    }
    let page = store.user_log(&"bob".parse().unwrap(), chat_protocol::UserOffset::ZERO, 10).await.unwrap();
    let gained: Vec<_> = page
        .entries
        .iter()
        .map(|entry| (entry.user_offset.get(), entry.change.room().unwrap().as_str()))
        .collect();
    assert_eq!(gained, [(1, "a"), (2, "b"), (3, "c")]);
}

/// Notes how many changes of room `r` are stored up to the one of room `quiet`.
#[derive(Default)]
struct Loud {
    waits: Signal,
    open: Signal,
    before: std::sync::atomic::AtomicUsize,
    batches: std::sync::atomic::AtomicUsize,
}

#[async_trait]
impl Hooks for Loud {
    async fn before_append(&self, batch: &[Append]) -> Result<(), StorageError> {
        let messages = |room: &str| {
            let of = |append: &&Append| {
                append.room.as_str() == room && matches!(append.change, Change::Message(_))
            };
            batch.iter().filter(of).count()
        };
        if messages("r") > 0 && !self.waits.is_given() {
            self.waits.give();
            self.open.wait().await;
        } else if messages("quiet") > 0 {
            self.before.store(messages("r"), Ordering::Relaxed);
        } else if messages("r") > 0 {
            self.batches.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[tokio::test]
async fn f29_a_quiet_room_is_stored_with_all_that_waits_for_a_loud_one() {
    let (server, store) = server_on::<Loud>();
    let mut alice = Peer::log_in(&server, "alice").await;
    for room in ["r", "quiet"] {
        alice
            .ok(&format!(r#"{{"create":{{"id":"c","kind":"group","room":"{room}","members":["bob"]}}}}"#))
            .await;
    }
    alice.say(&send("first", "r", "x")).await;
    store.hooks.waits.wait().await;
    let mut bob = Peer::log_in(&server, "bob").await;
    for n in 0..50 {
        alice.say(&send(&format!("m{n}"), "r", "x")).await;
    }
    // Commands take their places in order: after this answer the messages are in the committer's queue.
    alice.ok(r#"{"unlisten":{"id":"u","user":"x"}}"#).await;
    bob.say(&send("q", "quiet", "x")).await;
    bob.ok(r#"{"unlisten":{"id":"u","user":"x"}}"#).await;
    store.hooks.open.give();
    assert_eq!(bob.reply("q").await.status, 200);
    assert_eq!(store.hooks.before.load(Ordering::Relaxed), 50, "all of them in one batch");
    assert_eq!(store.hooks.batches.load(Ordering::Relaxed), 0, "and none before it");
}
