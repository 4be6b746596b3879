//! Pushes and webhooks while something fails: nobody is told twice because of another, nobody waits for ever, nothing is lost
//! with the process.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::hooks::WebhookBody;
use chat_protocol::{Event, Timestamp};
use chat_server_core::clock::Clock;
use chat_server_core::push::memory::MemoryGateway;
use chat_server_core::push::{Push, PushGateway, PushOutcome, WebhookOutcome, WebhookSink};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{
    Answers, ChangeFeed, JobKind, JobStore, OwnAppend, OwnAppended, OwnChange, SharedStorage, StorageError,
    StorageErrorKind, StorageLayer, UserLog,
};
use chat_server_core::{ChatServer, Providers, ServerConfig};

use crate::peer::{Peer, TestClock, quick, send};

/// A store some of whose calls fail.
#[derive(Default)]
struct Faulty {
    inner: MemoryStore,
    /// By name: how many calls pass, and how many fail after them.
    faults: Mutex<BTreeMap<&'static str, (usize, usize)>>,
}

impl Faulty {
    fn fail(&self, call: &'static str, pass: usize, fail: usize) {
        self.faults.lock().unwrap().insert(call, (pass, fail));
    }

    fn fails(&self, call: &str) -> Result<(), StorageError> {
        let mut faults = self.faults.lock().unwrap();
        let Some((pass, fail)) = faults.get_mut(call) else { return Ok(()) };
        if *pass > 0 || *fail == 0 {
            *pass = pass.saturating_sub(1);
            return Ok(());
        }
        *fail -= 1;
        Err(StorageError::new(StorageErrorKind::Corrupt, "test", "a flipped bit"))
    }
}

#[async_trait]
impl StorageLayer for Faulty {
    type Inner = MemoryStore;

    fn inner(&self) -> &MemoryStore {
        &self.inner
    }

    async fn before(&self, call: &'static str) -> Result<(), StorageError> {
        self.fails(call)
    }

    async fn store_own(&self, batch: &[OwnAppend]) -> Result<Answers<OwnAppended>, StorageError> {
        if batch.iter().any(|append| matches!(append.change, OwnChange::ForgetPush { .. })) {
            self.fails("forget_push")?;
        }
        self.inner.append_own(batch).await
    }
}

/// A store in which nobody was told yet of two messages to bob and carol, who have a device each.
async fn two_messages() -> Arc<Faulty> {
    let storage = Arc::new(Faulty::default());
    storage.set_position("push", 0).await.unwrap();
    let server = ChatServer::start(parts(&storage), config());
    for (user, token) in [("bob", "B"), ("carol", "C")] {
        let json = format!(
            r#"{{"device":{{"id":"d","device_id":"d","push":{{"service":"fcm","token":"{token}"}}}}}}"#
        );
        Peer::log_in(&server, user).await.ok(&json).await;
    }
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob","carol"]}}"#).await;
    alice.ok(&send("1", "r", "one")).await;
    alice.ok(&send("2", "r", "two")).await;
    server.shutdown(Duration::from_secs(5)).await;
    storage
}

fn parts(storage: &Arc<Faulty>) -> Providers {
    let storage: SharedStorage = storage.clone();
    Providers { storage, clock: TestClock::start(), ..Providers::default() }
}

fn config() -> ServerConfig {
    ServerConfig { max_push_attempts: 3, max_webhook_attempts: 3, ..quick() }
}

fn pushing(storage: &Arc<Faulty>, gateway: &Arc<impl PushGateway + 'static>) -> ChatServer {
    let push: Arc<dyn PushGateway> = gateway.clone();
    ChatServer::start(Providers { push: Some(push), ..parts(storage) }, config())
}

fn lines(pushes: &[Push]) -> Vec<String> {
    let line = |push: &Push| format!("{} {}", push.target.token, push.note.message.content.text().unwrap());
    pushes.iter().map(line).collect()
}

/// Far longer than all attempts together; the clock is the test's.
async fn long() {
    tokio::time::sleep(Duration::from_secs(40 * 60)).await;
}

#[tokio::test(start_paused = true)]
async fn one_who_cannot_be_decided_about_is_told_later_and_nobody_else_is_told_twice() {
    let storage = two_messages().await;
    let gateway = Arc::new(MemoryGateway::default());
    // What is known of carol cannot be read when the second message is told.
    storage.fail("relation", 3, 1);
    let server = pushing(&storage, &gateway);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(lines(&gateway.received()), ["B one", "C one", "B two"]);
    long().await;
    assert_eq!(lines(&gateway.received()), ["B one", "C one", "B two", "C two"]);
    server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_told_is_given_up_and_those_around_it_are_told_once() {
    let storage = two_messages().await;
    let gateway = Arc::new(MemoryGateway::default());
    // Of the second message, as often as it is tried.
    storage.fail("members", 1, 3);
    let server = pushing(&storage, &gateway);
    long().await;
    assert_eq!(lines(&gateway.received()), ["B one", "C one"]);
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(&send("3", "r", "three")).await;
    long().await;
    assert_eq!(lines(&gateway.received()), ["B one", "C one", "B three", "C three"]);
    server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_cannot_be_done_is_given_up_and_those_beside_it_are_done() {
    let storage = two_messages().await;
    let gateway = Arc::new(MemoryGateway::default());
    gateway.answer("B", PushOutcome::Retry(None));
    gateway.answer("C", PushOutcome::Retry(None));
    let server = pushing(&storage, &gateway);
    tokio::time::sleep(Duration::from_secs(1)).await;
    gateway.answer("B", PushOutcome::Delivered);
    gateway.answer("C", PushOutcome::Delivered);
    assert_eq!(gateway.received().len(), 4);
    storage.fail("views", 0, usize::MAX);
    long().await;
    assert_eq!(gateway.received().len(), 4);
    assert_eq!(storage.next_due(JobKind::Push).await.unwrap(), None, "nothing is tried for ever");
    assert_eq!(storage.given_up(JobKind::Push).await.unwrap(), 4);
    server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_forgotten_costs_nobody_a_second_push() {
    let storage = two_messages().await;
    let gateway = Arc::new(MemoryGateway::default());
    gateway.answer("B", PushOutcome::Gone);
    storage.fail("forget_push", 0, 1);
    let server = pushing(&storage, &gateway);
    long().await;
    let told = lines(&gateway.received());
    assert_eq!(told.iter().filter(|line| line.starts_with('C')).collect::<Vec<_>>(), ["C one", "C two"]);
    assert!(told.len() <= 4, "{told:?}");
    server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn a_push_that_is_tried_again_does_not_replace_a_newer_one() {
    let storage = two_messages().await;
    let gateway = Arc::new(MemoryGateway::default());
    let server = pushing(&storage, &gateway);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut alice = Peer::log_in(&server, "alice").await;
    gateway.answer("B", PushOutcome::Retry(None));
    gateway.answer("C", PushOutcome::Retry(None));
    alice.ok(&send("3", "r", "three")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    gateway.answer("B", PushOutcome::Delivered);
    alice.ok(&send("4", "r", "four")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    gateway.answer("C", PushOutcome::Delivered);
    long().await;
    let told = |token: &str| {
        let all = lines(&gateway.received()).into_iter().filter(|line| line.starts_with(token));
        all.skip(2).collect::<Vec<_>>()
    };
    assert_eq!(told("B"), ["B three", "B four"], "the newer one was taken");
    let carols = told("C");
    assert_eq!(carols[..2], ["C three", "C four"]);
    assert!(!carols[2..].is_empty() && carols[2..].iter().all(|line| line == "C four"), "{carols:?}");
    server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn a_push_that_rings_is_tried_again_though_a_newer_one_was_silent() {
    let storage = two_messages().await;
    let gateway = Arc::new(MemoryGateway::default());
    let server = pushing(&storage, &gateway);
    let mut alice = Peer::log_in(&server, "alice").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    alice.ok(r#"{"create":{"id":"c","kind":"channel","room":"s","members":["bob"]}}"#).await;
    gateway.answer("B", PushOutcome::Retry(None));
    let content = r#"{"type":"text/plain","payload":{"text":"call"}}"#;
    let call = format!(r#"{{"id":"3","room":"s","mentions":{{"users":["bob"]}},"content":{content}}}"#);
    alice.ok(&format!(r#"{{"send":{call}}}"#)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    gateway.answer("B", PushOutcome::Delivered);
    alice.ok(&send("4", "s", "news")).await;
    alice.ok(&send("5", "s", "more")).await;
    long().await;
    assert_eq!(lines(&gateway.received())[4..], ["B call", "B news", "B more", "B call"]);
    server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn of_many_messages_that_were_held_the_newest_is_told_that_was_not_read() {
    let storage = two_messages().await;
    for (round, (read, told)) in [(None, "B 70"), (Some(60), "B 70"), (Some(70), "")].into_iter().enumerate()
    {
        let gateway = Arc::new(MemoryGateway::default());
        let server = pushing(&storage, &gateway);
        tokio::time::sleep(Duration::from_secs(60)).await;
        let before = gateway.received().len();
        let mut bob = Peer::log_in(&server, "bob").await;
        let mut alice = Peer::log_in(&server, "alice").await;
        for n in 1..=70 {
            alice.ok(&send(&format!("{round} {n}"), "r", &n.to_string())).await;
        }
        if let Some(read) = read {
            let seq = 2 + 70 * round + read;
            bob.ok(&format!(r#"{{"read":{{"id":"r","room":"r","seq":{seq}}}}}"#)).await;
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        let all = lines(&gateway.received()[before..]);
        let bobs: Vec<&str> = all.iter().map(String::as_str).filter(|line| line.starts_with('B')).collect();
        assert_eq!(bobs.last().copied().unwrap_or_default(), told, "{read:?}: {bobs:?}");
        assert!(bobs.len() <= 2, "the while may end between two of them: {bobs:?}");
        server.shutdown(Duration::from_secs(5)).await;
    }
}

/// A service that takes its time, and after some pushes never answers.
#[derive(Default)]
struct Slow {
    inner: MemoryGateway,
    answers: usize,
}

#[async_trait]
impl PushGateway for Slow {
    fn max_batch(&self) -> usize {
        2
    }

    async fn push(&self, batch: &[Push]) -> Vec<PushOutcome> {
        let answers = self.inner.push(batch).await;
        match self.inner.received().len() <= self.answers {
            true => tokio::time::sleep(Duration::from_secs(3)).await,
            false => std::future::pending().await,
        }
        answers
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_while_it_waits_behind_a_slow_service_is_not_told() {
    let storage = two_messages().await;
    let gateway = Arc::new(Slow { answers: 100, ..Slow::default() });
    let server = pushing(&storage, &gateway);
    let mut alice = Peer::log_in(&server, "alice").await;
    assert_eq!(lines(&gateway.inner.received()), ["B one", "C one"], "it is asked, and takes its time");
    alice.ok(r#"{"delete":{"id":"d","room":"r","seq":2}}"#).await;
    long().await;
    assert_eq!(lines(&gateway.inner.received()), ["B one", "C one"]);
    server.shutdown(Duration::from_secs(5)).await;
}

/// A service that never answers for one token, and is told of one after the other.
#[derive(Default)]
struct Hanging(MemoryGateway);

#[async_trait]
impl PushGateway for Hanging {
    fn max_batch(&self) -> usize {
        1
    }

    async fn push(&self, batch: &[Push]) -> Vec<PushOutcome> {
        if batch[0].target.token == "B" {
            std::future::pending::<()>().await;
        }
        self.0.push(batch).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_for_one_keeps_no_other_waiting_and_nothing_is_lost() {
    let storage = two_messages().await;
    let (gateway, hook) = (Arc::new(Hanging::default()), Arc::new(Hook::default()));
    hook.takes.store(true, Ordering::Relaxed);
    let (push, webhook): (Arc<dyn PushGateway>, Arc<dyn WebhookSink>) = (gateway.clone(), hook.clone());
    let providers = Providers { push: Some(push), webhook: Some(webhook), ..parts(&storage) };
    let server = ChatServer::start(providers, config());
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(lines(&gateway.0.received()), ["C one", "C two"]);
    let _carol = Peer::log_in(&server, "carol").await;
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(&send("3", "r", "three")).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(lines(&gateway.0.received()), ["C one", "C two", "C three"], "that was held");
    assert_eq!(hook.taken.lock().unwrap().len(), 1, "what came since the webhook is there");
    server.shutdown(Duration::from_secs(5)).await;

    let gateway = Arc::new(MemoryGateway::default());
    let server = pushing(&storage, &gateway);
    long().await;
    let told = lines(&gateway.received()).into_iter().filter(|line| line.starts_with('B'));
    assert_eq!(told.collect::<Vec<_>>(), ["B one", "B two", "B three"]);
    server.shutdown(Duration::from_secs(5)).await;
}

#[test]
fn of_a_killed_process_nothing_is_told_again_but_what_was_under_way() {
    let first = runtime();
    let (storage, gateway) = first.block_on(async {
        let storage = two_messages().await;
        let gateway = Arc::new(Slow { answers: 2, ..Slow::default() });
        let server = pushing(&storage, &gateway);
        long().await;
        std::mem::forget(server);
        (storage, gateway)
    });
    assert_eq!(lines(&gateway.inner.received()), ["B one", "C one", "B two", "C two"]);
    // Whoever dies while the service is asked cannot know whether it was told.
    first.shutdown_background();
    let gateway = Arc::new(MemoryGateway::default());
    runtime().block_on(async {
        let server = pushing(&storage, &gateway);
        long().await;
        server.shutdown(Duration::from_secs(5)).await;
    });
    assert_eq!(lines(&gateway.received()), ["B two", "C two"]);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// A clock that can be set back.
struct SetBack {
    inner: Arc<TestClock>,
    by: AtomicI64,
}

impl Clock for SetBack {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.inner.now().as_micros() - self.by.load(Ordering::Relaxed))
    }

    fn random(&self) -> u128 {
        self.inner.random()
    }
}

const HOUR: i64 = 3_600_000_000;

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_keeps_no_webhook_waiting() {
    let storage = Arc::new(Faulty::default());
    let clock = Arc::new(SetBack { inner: TestClock::start(), by: AtomicI64::new(0) });
    let hook = Arc::new(Hook::default());
    let sink: Arc<dyn WebhookSink> = hook.clone();
    let parts = Providers { webhook: Some(sink), clock: clock.clone(), ..parts(&storage) };
    let server = ChatServer::start(parts, config());
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    alice.ok(&send("1", "r", "one")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    clock.by.store(HOUR, Ordering::Relaxed);
    hook.takes.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(hook.taken.lock().unwrap().len(), 1);
    server.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_keeps_no_held_push_waiting() {
    let storage = two_messages().await;
    let clock = Arc::new(SetBack { inner: TestClock::start(), by: AtomicI64::new(0) });
    let gateway = Arc::new(MemoryGateway::default());
    let push: Arc<dyn PushGateway> = gateway.clone();
    let server =
        ChatServer::start(Providers { push: Some(push), clock: clock.clone(), ..parts(&storage) }, config());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let _bob = Peer::log_in(&server, "bob").await;
    let mut alice = Peer::log_in(&server, "alice").await;
    clock.by.store(HOUR, Ordering::Relaxed);
    alice.ok(&send("3", "r", "three")).await;
    alice.ok(&send("4", "r", "four")).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let told = lines(&gateway.received());
    assert_eq!(told.iter().rfind(|line| line.starts_with('B')).unwrap(), "B four", "{told:?}");
    server.shutdown(Duration::from_secs(5)).await;
}

/// A webhook that takes nothing until it is told to.
#[derive(Default)]
struct Hook {
    takes: AtomicBool,
    taken: Mutex<Vec<u64>>,
}

#[async_trait]
impl WebhookSink for Hook {
    async fn post(&self, _: &str, body: &WebhookBody) -> WebhookOutcome {
        if !self.takes.load(Ordering::Relaxed) {
            return WebhookOutcome::Retry(None);
        }
        let messages = body.events.iter().filter(|event| matches!(event.event, Event::Message(_)));
        self.taken.lock().unwrap().extend(messages.map(|event| event.num));
        WebhookOutcome::Delivered
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_webhook_did_not_take_from_a_new_server_is_posted_after_its_restart() {
    let storage = Arc::new(Faulty::default());
    for takes in [false, true] {
        let hook = Arc::new(Hook { takes: AtomicBool::new(takes), ..Hook::default() });
        let sink: Arc<dyn WebhookSink> = hook.clone();
        let server = ChatServer::start(Providers { webhook: Some(sink), ..parts(&storage) }, config());
        let mut alice = Peer::log_in(&server, "alice").await;
        if !takes {
            alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
            alice.ok(&send("1", "r", "one")).await;
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(
            hook.taken.lock().unwrap().len(),
            usize::from(takes),
            "the first server stood at the beginning"
        );
        server.shutdown(Duration::from_secs(5)).await;
    }
}
