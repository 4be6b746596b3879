//! Messages that wait for their time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::event::UserChange;
use chat_protocol::{ErrorCode, Event, HistoryQuery, RoomId, Timestamp, UserId, UserOffset};
use chat_server_core::clock::Clock;
use chat_server_core::storage::{
    JobKind, OwnAppend, OwnChange, SharedStorage, StorageError, StorageErrorKind,
};
use chat_server_core::{Caller, ChatServer, Error, Providers, ServerConfig};
use serde_json::{Value, json};

use crate::hooked::{Hooked, Hooks};
use crate::peer::{Peer, TestClock, quick, send, server_of, shared};
use crate::race::Signal;

fn later(id: &str, text: &str, at: Timestamp) -> String {
    let content = json!({"type": "text/plain", "payload": {"text": text}});
    json!({"send": {"id": "s", "room": "r", "client_msg_id": id, "content": content, "send_at": at}})
        .to_string()
}

fn cancel(id: &str) -> String {
    json!({"cancel": {"id": "x", "room": "r", "client_msg_id": id}}).to_string()
}

/// A server, its clock, and alice and bob in the room `r`.
async fn two(parts: Providers, config: ServerConfig) -> (ChatServer, Arc<TestClock>, Peer, Peer) {
    let clock = TestClock::start();
    let server = ChatServer::start(Providers { clock: clock.clone(), ..parts }, config);
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    bob.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    (server, clock, alice, bob)
}

async fn told(peer: &mut Peer) -> UserChange {
    let is_told = |event: &Event| {
        let Event::User(changed) = event else { return false };
        matches!(changed.change, UserChange::Scheduled { .. } | UserChange::Cancelled { .. })
    };
    match peer.until(is_told).await.pop() {
        Some(Event::User(changed)) => changed.change,
        other => panic!("{other:?}"),
    }
}

/// Waits until nothing waits any more.
async fn until_all_is_sent(storage: &SharedStorage) {
    let waiting = async {
        while storage.next_due(JobKind::Send).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("everything is sent");
}

async fn texts(storage: &SharedStorage) -> Vec<String> {
    let room = RoomId::new("r").unwrap();
    let page = storage.history(&room, None, HistoryQuery::default(), 100).await.unwrap().unwrap();
    page.iter().map(|stored| stored.message.content.text().unwrap().into_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_message_is_sent_when_its_time_comes() {
    let (_server, clock, mut alice, mut bob) = two(Providers::default(), quick()).await;
    let at = clock.later(5_000);
    let second = alice.ok(&later("two", "second", clock.later(7_000))).await;
    assert_eq!(second["duplicate"], false);
    let ordered = alice.ok(&later("one", "first", at)).await;
    assert_eq!(ordered, json!({"send_at": at, "duplicate": false}));
    assert_eq!(alice.ok(&later("one", "first", at)).await["duplicate"], true);
    assert_eq!(alice.refused(&later("one", "other", at)).await, "ERR_CLIENT_ID_CONFLICT");
    let listed = alice.ok(r#"{"scheduled":{"id":"l","room":"r","limit":1}}"#).await;
    assert_eq!(
        (&listed["messages"][0]["client_msg_id"], &listed["messages"][0]["send_at"]),
        (&json!("one"), &json!(at))
    );
    let next = json!({"scheduled": {"id": "l", "cursor": listed["next"]}}).to_string();
    let rest = alice.ok(&next).await;
    assert_eq!((&rest["messages"][0]["client_msg_id"], rest.get("next")), (&json!("two"), None));

    assert_eq!(bob.ok(&send("m", "r", "meanwhile")).await["seq"], 1);
    let message = bob.message().await;
    assert_eq!((message.seq.get(), message.from.as_str()), (2, "alice"), "the number of that moment");
    assert!(message.ts >= at && message.ts < clock.later(1_000), "the time of that moment");
    assert_eq!(message.client_msg_id.unwrap().as_str(), "one");
    assert_eq!(bob.message().await.content.text().unwrap(), "second");
    assert_eq!(alice.ok(&later("one", "first", at)).await, json!({"send_at": at, "duplicate": true}));
    let left = alice.ok(r#"{"scheduled":{"id":"l"}}"#).await;
    assert_eq!(left, json!({"messages": []}));
    assert_eq!(alice.refused(&cancel("one")).await, "ERR_MESSAGE_NOT_FOUND", "it was sent");
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_back_is_not_sent() {
    let storage = shared().storage;
    let parts = Providers { storage: storage.clone(), ..Providers::default() };
    let (_server, clock, mut alice, _bob) = two(parts, quick()).await;
    alice.ok(&later("one", "first", clock.later(2_000))).await;
    alice.ok(&later("two", "second", clock.later(3_000))).await;
    alice.say(&cancel("one")).await;
    assert!(
        matches!(told(&mut alice).await, UserChange::Cancelled { client_msg_id, .. } if client_msg_id.as_str() == "one")
    );
    assert_eq!(alice.reply("x").await.status, 200);
    assert_eq!(alice.refused(&cancel("one")).await, "ERR_MESSAGE_NOT_FOUND");
    until_all_is_sent(&storage).await;
    assert_eq!(texts(&storage).await, ["second"]);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_write_at_that_moment_is_told_that_nothing_is_sent() {
    let storage = shared().storage;
    let parts = Providers { storage: storage.clone(), ..Providers::default() };
    let (_server, clock, mut alice, mut bob) = two(parts, quick()).await;
    bob.say(&later("one", "too late", clock.later(2_000))).await;
    assert!(matches!(told(&mut bob).await, UserChange::Scheduled { .. }));
    alice.ok(r#"{"kick":{"id":"k","room":"r","user":"bob"}}"#).await;
    assert!(
        matches!(told(&mut bob).await, UserChange::Cancelled { client_msg_id, .. } if client_msg_id.as_str() == "one")
    );
    assert_eq!(storage.next_due(JobKind::Send).await.unwrap(), None);
    assert_eq!(texts(&storage).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_order_needs_the_right_to_write_and_has_bounds() {
    let config = ServerConfig { max_scheduled: 2, ..quick() };
    let (server, clock, mut alice, mut bob) = two(Providers::default(), config).await;
    let mut carol = Peer::log_in(&server, "carol").await;
    let soon = clock.later(60_000);
    assert_eq!(carol.refused(&later("one", "hi", soon)).await, "ERR_FORBIDDEN_ACCESS");
    alice.ok(r#"{"role":{"id":"r","room":"r","user":"bob","role":"reader"}}"#).await;
    assert_eq!(bob.refused(&later("one", "hi", soon)).await, "ERR_FORBIDDEN_ACCESS");
    let year = 365 * 24 * 60 * 60 * 1_000;
    assert_eq!(alice.refused(&later("one", "hi", clock.later(year + 1_000))).await, "ERR_BAD_REQUEST");
    alice.ok(&later("one", "hi", clock.later(year))).await;
    alice.ok(&later("two", "hi", soon)).await;
    assert_eq!(alice.refused(&later("three", "hi", soon)).await, "ERR_LIMIT_REACHED");
    let huge = "x".repeat(17 * 1024);
    assert_eq!(alice.refused(&later("four", &huge, soon)).await, "ERR_TOO_LARGE");
    assert_eq!(alice.refused(r#"{"scheduled":{"id":"l","cursor":"x"}}"#).await, "ERR_BAD_REQUEST");
}

/// Cannot say that jobs are done, so often: as if the server died after it had sent them.
#[derive(Default)]
struct Forgetful(AtomicUsize);

#[async_trait]
impl Hooks for Forgetful {
    async fn before_done(&self) -> Result<(), StorageError> {
        let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        let failed = || StorageError::new(StorageErrorKind::Unavailable, "done", "on purpose");
        if left.is_ok() { Err(failed()) } else { Ok(()) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_death_between_sending_and_its_note_sends_once() {
    let hooked = Arc::new(Hooked::<Forgetful>::default());
    hooked.hooks.0.store(2, Ordering::Relaxed);
    let storage: SharedStorage = hooked.clone();
    let parts = Providers { storage: storage.clone(), ..Providers::default() };
    let (_server, clock, mut alice, _bob) = two(parts, quick()).await;
    alice.ok(&later("one", "first", clock.later(1_000))).await;
    alice.ok(&later("two", "second", clock.later(1_000))).await;
    until_all_is_sent(&storage).await;
    assert_eq!(hooked.hooks.0.load(Ordering::Relaxed), 0, "it died twice");
    assert_eq!(texts(&storage).await, ["first", "second"]);
    let log = storage.user_log(&UserId::new("alice").unwrap(), UserOffset::ZERO, 100).await.unwrap();
    assert!(!log.entries.iter().any(|entry| matches!(entry.change, UserChange::Cancelled { .. })));
}

#[tokio::test(start_paused = true)]
async fn another_server_sends_what_waits_when_the_first_is_gone() {
    let parts = shared();
    let storage = parts.storage.clone();
    let (server, clock, mut alice, bob) = two(parts.clone(), quick()).await;
    alice.ok(&later("one", "first", clock.later(3_000))).await;
    drop((alice, bob));
    server.shutdown(Duration::from_secs(1)).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(texts(&storage).await, [""; 0]);
    let server = server_of(Providers { clock, ..parts });
    until_all_is_sent(&storage).await;
    assert_eq!(texts(&storage).await, ["first"]);
    server.shutdown(Duration::from_secs(1)).await;
}

/// Ways to lose the right to write in `r` or in the direct room of alice and bob, and to get it back.
const LOST: [(&str, [&str; 2], [&str; 2]); 6] = [
    ("r", ["", r#"{"leave":{"id":"b","room":"r"}}"#], ["", r#"{"join":{"id":"b","room":"r"}}"#]),
    ("r", [r#"{"kick":{"id":"a","room":"r","user":"bob"}}"#, ""], ["", r#"{"join":{"id":"b","room":"r"}}"#]),
    (
        "r",
        [r#"{"ban":{"id":"a","room":"r","user":"bob"}}"#, ""],
        [r#"{"unban":{"id":"a","room":"r","user":"bob"}}"#, r#"{"join":{"id":"b","room":"r"}}"#],
    ),
    (
        "r",
        [r#"{"role":{"id":"a","room":"r","user":"bob","role":"reader"}}"#, ""],
        [r#"{"role":{"id":"a","room":"r","user":"bob","role":"member"}}"#, ""],
    ),
    ("direct", [r#"{"block":{"id":"a","user":"bob"}}"#, ""], [r#"{"unblock":{"id":"a","user":"bob"}}"#, ""]),
    (
        "direct",
        ["", r#"{"block":{"id":"b","user":"alice"}}"#],
        ["", r#"{"unblock":{"id":"b","user":"alice"}}"#],
    ),
];

/// alice says the first, then bob the second.
async fn say_both(alice: &mut Peer, bob: &mut Peer, commands: [&str; 2]) {
    for (peer, command) in [(alice, commands[0]), (bob, commands[1])] {
        if !command.is_empty() {
            peer.ok(command).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_lost_the_right_to_write_before_the_time_is_told_and_may_order_anew() {
    for (room, lose, regain) in LOST {
        let storage = shared().storage;
        let parts = Providers { storage: storage.clone(), ..Providers::default() };
        let (_server, clock, mut alice, mut bob) = two(parts, quick()).await;
        let direct = bob.ok(r#"{"create":{"id":"d","kind":"direct","members":["alice"]}}"#).await;
        let id = if room == "r" { json!("r") } else { direct["room"]["room"].clone() };
        let order = later("one", "hi", clock.later(2_000)).replace(r#""r""#, &id.to_string());
        bob.ok(&order).await;
        say_both(&mut alice, &mut bob, lose).await;
        let again = bob.ok(&order).await;
        assert_eq!(again["duplicate"], true, "it still waits: {lose:?}");
        assert!(matches!(told(&mut bob).await, UserChange::Cancelled { .. }), "{lose:?}");
        assert_eq!(storage.next_due(JobKind::Send).await.unwrap(), None);
        assert_eq!(bob.refused(&order).await, "ERR_FORBIDDEN_ACCESS", "{lose:?}");
        let log = storage.user_log(&UserId::new("bob").unwrap(), UserOffset::ZERO, 100).await.unwrap();
        let cancelled = |change: &UserChange| matches!(change, UserChange::Cancelled { .. });
        assert_eq!(
            log.entries.iter().filter(|entry| cancelled(&entry.change)).count(),
            1,
            "once, for all devices"
        );

        say_both(&mut alice, &mut bob, regain).await;
        assert_eq!(
            bob.ok(&order).await["duplicate"],
            false,
            "nothing was ever sent under this name: {lose:?}"
        );
        let message = bob.message().await;
        assert_eq!((message.seq.get(), message.content.text().unwrap().as_ref()), (1, "hi"));
        assert_eq!(bob.ok(&order).await["duplicate"], true);
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_of_what_was_sent_needs_no_right() {
    let (_server, clock, mut alice, mut bob) = two(Providers::default(), quick()).await;
    let at = clock.later(1_000);
    bob.ok(&later("one", "hi", at)).await;
    assert_eq!(alice.message().await.seq.get(), 1);
    let first = json!({"send_at": at, "duplicate": true});
    for command in ["leave", "join", "leave"] {
        bob.ok(&format!(r#"{{"{command}":{{"id":"l","room":"r"}}}}"#)).await;
        assert_eq!(bob.ok(&later("one", "hi", at)).await, first, "after {command}");
        assert_eq!(
            bob.refused(&later("one", "other", at)).await,
            "ERR_CLIENT_ID_CONFLICT",
            "after {command}"
        );
        let other_time = later("one", "hi", clock.later(60_000));
        assert_eq!(bob.refused(&other_time).await, "ERR_CLIENT_ID_CONFLICT", "the time is part of it");
    }
    assert_eq!(bob.refused(&later("two", "hi", at)).await, "ERR_FORBIDDEN_ACCESS");
}

/// Holds users' own changes back.
#[derive(Default)]
struct SlowOwn {
    waits: Signal,
    open: Signal,
}

#[async_trait]
impl Hooks for SlowOwn {
    async fn before_own(&self, batch: &[OwnAppend]) -> Result<(), StorageError> {
        if batch.iter().any(|own| matches!(own.change, OwnChange::Schedule(_))) {
            self.waits.give();
            self.open.wait().await;
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn who_hangs_up_right_after_ordering_is_served_in_time() {
    let hooked = Arc::new(Hooked::<SlowOwn>::default());
    let storage: SharedStorage = hooked.clone();
    let parts = Providers { storage: storage.clone(), ..Providers::default() };
    let (server, clock, mut alice, _bob) = two(parts, quick()).await;
    let at = clock.later(2_000);
    alice.say(&later("one", "hi", at)).await;
    hooked.hooks.waits.wait().await;
    drop(alice);
    while server.connections() > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    hooked.hooks.open.give();
    while texts(&storage).await.is_empty() {
        assert!(clock.now() < Timestamp::from_micros(at.as_micros() + 1_000_000), "it is late");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(texts(&storage).await, ["hi"]);
}

#[tokio::test]
async fn the_operator_lets_the_system_or_a_user_write_later_and_takes_it_back() {
    let (server, clock, mut alice, mut bob) = two(shared(), quick()).await;
    let operate = async |json: String| {
        let command = chat_protocol::decode(json.as_bytes()).unwrap();
        let data = server.command(&Caller::Operator, command).await?;
        Ok::<_, Error>(data.map(|data| serde_json::from_str::<Value>(data.get()).unwrap()))
    };
    let from =
        |packet: &str, user: &str| packet.replacen(r#""id":"#, &format!(r#""from":"{user}","id":"#), 1);
    let waiting = async |of: &str| {
        let asked = format!(r#"{{"scheduled":{{"id":"x"{of}}}}}"#);
        operate(asked).await.unwrap().unwrap()["messages"].as_array().unwrap().len()
    };
    let at = clock.later(2_000);
    operate(later("1", "maintenance", at)).await.unwrap();
    operate(later("2", "never", at)).await.unwrap();
    operate(from(&later("3", "on behalf", at), "bob")).await.unwrap();
    operate(from(&later("4", "never", at), "bob")).await.unwrap();
    let nowhere = later("5", "x", at).replace(r#""room":"r""#, r#""room":"nowhere""#);
    assert_eq!(operate(nowhere).await.unwrap_err().wire().code, ErrorCode::Forbidden);
    assert_eq!((waiting("").await, waiting(r#","from":"bob""#).await), (2, 2));
    operate(cancel("2")).await.unwrap();
    operate(from(&cancel("4"), "bob")).await.unwrap();
    assert_eq!((waiting("").await, waiting(r#","from":"bob""#).await), (1, 1));
    for theirs in [from(&cancel("3"), "bob"), r#"{"scheduled":{"id":"x","from":"bob"}}"#.to_owned()] {
        assert_eq!(alice.refused(&theirs).await, "ERR_FORBIDDEN_ACCESS", "{theirs}");
    }
    // Both come up at once, in the order in which they were taken in.
    let written = [alice.message().await, alice.message().await];
    let written = written.map(|message| (message.from.to_string(), message.injected));
    assert_eq!(written, [("~system".to_owned(), true), ("bob".to_owned(), true)]);
    bob.message().await;
}
