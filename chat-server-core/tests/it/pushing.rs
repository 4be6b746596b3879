//! Pushes through a whole server of in-memory parts.

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::{Command, ErrorCode, UserId, decode};
use chat_server_core::push::memory::MemoryGateway;
use chat_server_core::push::{Push, PushOutcome};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{Device, DeviceStore};
use chat_server_core::{Caller, ChatServer, Providers, ServerConfig};

use crate::peer::{Peer, quick, send};

const PATIENCE: Duration = Duration::from_secs(10);

/// Long enough for a push that must not come.
const QUIET: Duration = Duration::from_millis(150);

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

/// A server whose pushes are kept.
struct Scene {
    server: ChatServer,
    gateway: Arc<MemoryGateway>,
    storage: Arc<MemoryStore>,
}

impl Scene {
    fn new(hold: Duration) -> Self {
        Self::over(Arc::default(), hold)
    }

    fn over(storage: Arc<MemoryStore>, hold: Duration) -> Self {
        let gateway = Arc::new(MemoryGateway::default());
        let push = Some(gateway.clone() as Arc<_>);
        let providers = Providers { storage: storage.clone(), push, ..Providers::default() };
        let config = ServerConfig { push_hold: hold, max_push_attempts: 3, ..quick() };
        Self { server: ChatServer::start(providers, config), gateway, storage }
    }

    /// A group `r` of alice, bob and carol, of whom bob has a phone.
    async fn group(&self) -> Peer {
        self.device("bob", "phone", "T").await;
        let mut alice = Peer::log_in(&self.server, "alice").await;
        alice
            .ok(r#"{"create":{"id":"c","kind":"group","room":"r","name":"Plans","members":["bob","carol"]}}"#)
            .await;
        alice
    }

    async fn device(&self, of: &str, device: &str, token: &str) {
        let json = format!(
            r#"{{"device":{{"id":"1","device_id":"{device}","push":{{"service":"fcm","token":"{token}"}}}}}}"#
        );
        self.command(of, &json).await;
    }

    async fn command(&self, of: &str, json: &str) {
        let command: Command = decode(json.as_bytes()).unwrap();
        self.server.command(&Caller::User(user(of)), command).await.unwrap();
    }

    /// What was pushed: to whom, which message, and whether it rang.
    fn pushed(&self) -> Vec<String> {
        let line = |push: &Push| {
            let text = push.note.message.content.text().unwrap().into_owned();
            format!("{} {text}{}", push.target.token, if push.silent { " silent" } else { "" })
        };
        self.gateway.received().iter().map(line).collect()
    }

    /// Waits until so many were pushed.
    async fn until_pushed(&self, count: usize) -> Vec<String> {
        let enough = async {
            while self.pushed().len() < count {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, enough).await;
        assert!(waited.is_ok(), "only {:?}", self.pushed());
        self.pushed()
    }
}

#[tokio::test]
async fn who_is_away_is_pushed_and_who_wrote_is_not() {
    let scene = Scene::new(PATIENCE);
    let mut alice = scene.group().await;
    scene.device("alice", "phone", "A").await;
    scene.device("bob", "tablet", "U").await;
    alice.ok(&send("1", "r", "one")).await;
    alice.ok(&send("2", "r", "two")).await;
    assert_eq!(scene.until_pushed(4).await, ["T one", "U one", "T two", "U two"]);
    let received = scene.gateway.received();
    let note = &received[3].note;
    assert_eq!((note.room_name.as_deref(), note.message.seq.get()), (Some("Plans"), 2));
    assert_eq!((received[3].badge, received[3].user.as_str()), (2, "bob"));
    scene.server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn who_came_later_is_not_pushed_for_threads_that_it_has_not_read() {
    let scene = Scene::new(PATIENCE);
    let mut alice = scene.group().await;
    scene.device("dave", "phone", "D").await;
    alice.ok(&send("1", "r", "root")).await;
    alice.ok(r#"{"invite":{"id":"i","room":"r","users":["dave"]}}"#).await;
    let mut carol = Peer::log_in(&scene.server, "carol").await;
    let reply = |id: &str| send(id, "r", id).replace(r#""content""#, r#""thread":1,"content""#);
    carol.ok(&reply("reply")).await;
    carol.ok(&send("2", "r", "main")).await;
    assert_eq!(scene.until_pushed(3).await, ["T root", "T main", "D main"]);
    scene.command("dave", r#"{"read":{"id":"x","room":"r","seq":2,"thread":1}}"#).await;
    carol.ok(&reply("another")).await;
    assert_eq!(scene.until_pushed(4).await[3], "D another", "it has read there");
    scene.server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_device_that_is_not_named_is_the_sessions_own() {
    let scene = Scene::new(PATIENCE);
    let registered = |devices: Vec<Device>| -> Vec<String> {
        devices
            .iter()
            .map(|device| format!("{} {}", device.device, device.push.as_ref().unwrap().token))
            .collect()
    };
    let unnamed = r#"{"device":{"id":"d","push":{"service":"fcm","token":"T"}}}"#;
    let mut nobodys = Peer::log_in(&scene.server, "bob").await;
    assert_eq!(nobodys.refused(unnamed).await, "ERR_BAD_REQUEST", "neither names one");
    let mut phone = Peer::connect(&scene.server);
    phone.ok(r#"{"auth":{"id":"a","token":"dev-bob","device_id":"phone"}}"#).await;
    phone.ok(unnamed).await;
    assert_eq!(registered(scene.storage.devices(&[user("bob")]).await.unwrap()), ["phone T"]);
    phone.ok(r#"{"device":{"id":"d","device_id":"tablet","push":{"service":"fcm","token":"U"}}}"#).await;
    assert_eq!(registered(scene.storage.devices(&[user("bob")]).await.unwrap()), ["phone T", "tablet U"]);
    phone.ok(r#"{"device":{"id":"d","push":null}}"#).await;
    assert_eq!(registered(scene.storage.devices(&[user("bob")]).await.unwrap()), ["tablet U"]);
    let command: Command = decode(unnamed.as_bytes()).unwrap();
    let refused = scene.server.command(&Caller::User(user("bob")), command).await.unwrap_err();
    assert_eq!(refused.wire().code, ErrorCode::BadRequest, "a request has no session");
    scene.server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_device_that_was_shut_out_gets_no_pushes() {
    let scene = Scene::new(Duration::ZERO);
    let mut alice = scene.group().await;
    let mut phone = Peer::connect(&scene.server);
    let session = phone.ok(r#"{"auth":{"id":"a","token":"dev-bob","device_id":"phone"}}"#).await;
    let mut tablet = Peer::connect(&scene.server);
    tablet.ok(r#"{"auth":{"id":"a","token":"dev-bob","device_id":"tablet"}}"#).await;
    tablet.ok(r#"{"device":{"id":"d","push":{"service":"fcm","token":"U"}}}"#).await;
    alice.ok(&send("1", "r", "one")).await;
    assert_eq!(scene.until_pushed(2).await, ["T one", "U one"]);
    tablet.ok(&format!(r#"{{"revoke":{{"id":"v","session_id":{}}}}}"#, session["session_id"])).await;
    alice.ok(&send("2", "r", "two")).await;
    assert_eq!(scene.until_pushed(3).await[2..], ["U two"]);
    tokio::time::sleep(QUIET).await;
    assert_eq!(scene.pushed().len(), 3, "the phone is quiet");
    scene.server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn who_looks_is_pushed_later_unless_it_reads() {
    let scene = Scene::new(Duration::from_millis(60));
    let mut alice = scene.group().await;
    let mut bob = Peer::log_in(&scene.server, "bob").await;
    alice.ok(&send("1", "r", "read")).await;
    bob.message().await;
    bob.ok(r#"{"read":{"id":"r","room":"r","seq":1}}"#).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(scene.pushed(), [""; 0], "a read ends it");
    alice.ok(&send("2", "r", "unread")).await;
    assert_eq!(scene.until_pushed(1).await, ["T unread"]);
    scene.server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn what_is_held_of_a_room_comes_as_one_push() {
    let scene = Scene::new(Duration::from_millis(300));
    let mut alice = scene.group().await;
    let _bob = Peer::log_in(&scene.server, "bob").await;
    for n in 1..=5 {
        alice.ok(&send(&n.to_string(), "r", &n.to_string())).await;
    }
    let pushed = scene.until_pushed(1).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    // The while may end between two of them, hardly twice.
    let pushed = if pushed.len() == scene.pushed().len() { pushed } else { scene.pushed() };
    assert!(pushed.len() <= 2 && pushed.last().unwrap() == "T 5", "{pushed:?}");
    scene.server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_muted_room_is_heard_by_mentions_alone() {
    let scene = Scene::new(PATIENCE);
    let mut alice = scene.group().await;
    let mut bob = Peer::log_in(&scene.server, "bob").await;
    bob.ok(r#"{"set":{"id":"s","room":"r","settings":{"mute_until":"2999-01-01T00:00:00.000Z"}}}"#).await;
    drop(bob);
    tokio::time::sleep(Duration::from_millis(20)).await;
    alice.ok(&send("1", "r", "quiet")).await;
    let call = r#"{"send":{"id":"2","room":"r","mentions":{"users":["bob"]},"content":{"type":"text/plain","payload":{"text":"bob!"}}}}"#;
    alice.ok(call).await;
    assert_eq!(scene.until_pushed(1).await, ["T bob!"]);
    tokio::time::sleep(QUIET).await;
    assert_eq!(scene.pushed().len(), 1);
    scene.server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_token_that_is_gone_is_forgotten() {
    let scene = Scene::new(PATIENCE);
    let mut alice = scene.group().await;
    scene.gateway.answer("T", PushOutcome::Gone);
    alice.ok(&send("1", "r", "one")).await;
    scene.until_pushed(1).await;
    let forgotten = async {
        while !scene.storage.devices(&[user("bob")]).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, forgotten).await.unwrap();
    alice.ok(&send("2", "r", "two")).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(scene.pushed(), ["T one"]);
    scene.server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn what_a_service_does_not_take_is_tried_again_and_given_up_at_last() {
    let scene = Scene::new(PATIENCE);
    let mut alice = scene.group().await;
    scene.device("bob", "tablet", "U").await;
    scene.gateway.answer("T", PushOutcome::Retry(Some(Duration::ZERO)));
    scene.gateway.answer("U", PushOutcome::Refused);
    alice.ok(&send("1", "r", "one")).await;
    assert_eq!(scene.until_pushed(4).await, ["T one", "U one", "T one", "T one"]);
    tokio::time::sleep(QUIET).await;
    assert_eq!(scene.pushed().len(), 4, "three attempts are all there are, and a refusal is final");
    scene.gateway.answer("T", PushOutcome::Delivered);
    alice.ok(&send("2", "r", "two")).await;
    assert_eq!(scene.until_pushed(6).await[4..], ["T two", "U two"]);
    scene.server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn what_was_read_or_deleted_meanwhile_is_not_tried_again() {
    for end in [r#"{"read":{"id":"r","room":"r","seq":1}}"#, r#"{"delete":{"id":"d","room":"r","seq":1}}"#] {
        let scene = Scene::new(PATIENCE);
        let mut alice = scene.group().await;
        scene.gateway.answer("T", PushOutcome::Retry(Some(Duration::from_millis(400))));
        alice.ok(&send("1", "r", "one")).await;
        scene.until_pushed(1).await;
        scene.command(if end.contains("read") { "bob" } else { "alice" }, end).await;
        tokio::time::sleep(Duration::from_millis(900)).await;
        assert_eq!(scene.pushed(), ["T one"], "{end}");
        scene.server.shutdown(PATIENCE).await;
    }
}

#[tokio::test]
async fn what_was_stored_while_the_server_was_down_is_pushed_once() {
    let storage = Arc::new(MemoryStore::default());
    let first = Scene::over(storage.clone(), PATIENCE);
    let mut alice = first.group().await;
    alice.ok(&send("1", "r", "one")).await;
    first.until_pushed(1).await;
    first.server.shutdown(PATIENCE).await;
    // A server that pushes nothing stores something meanwhile.
    let providers = Providers { storage: storage.clone(), ..Providers::default() };
    let silent = ChatServer::start(providers, quick());
    let mut alice = Peer::log_in(&silent, "alice").await;
    alice.ok(&send("2", "r", "two")).await;
    silent.shutdown(PATIENCE).await;
    let second = Scene::over(storage, PATIENCE);
    assert_eq!(second.until_pushed(1).await, ["T two"]);
    tokio::time::sleep(QUIET).await;
    assert_eq!(second.pushed().len(), 1);
    second.server.shutdown(PATIENCE).await;
}

fn calling(id: &str, mentions: &str, text: &str) -> String {
    format!(
        r#"{{"send":{{"id":"{id}","room":"r","mentions":{mentions},"content":{{"type":"text/plain","payload":{{"text":"{text}"}}}}}}}}"#
    )
}

#[tokio::test]
async fn whoever_calls_the_room_is_heard_through_a_mute_and_whoever_is_blocked_is_not() {
    let scene = Scene::new(Duration::ZERO);
    let mut alice = scene.group().await;
    scene
        .command(
            "bob",
            r#"{"set":{"id":"s","room":"r","settings":{"mute_until":"2999-01-01T00:00:00.000Z"}}}"#,
        )
        .await;
    alice.ok(&send("1", "r", "quiet")).await;
    alice.ok(&calling("2", r#"{"room":true}"#, "all!")).await;
    assert_eq!(scene.until_pushed(1).await, ["T all!"]);
    scene.command("bob", r#"{"set":{"id":"s","room":"r","settings":{"mute_until":null}}}"#).await;
    scene.command("bob", r#"{"block":{"id":"b","user":"alice"}}"#).await;
    for (id, mentions) in [("3", r#"{"room":true}"#), ("4", r#"{"users":["bob"]}"#)] {
        alice.ok(&calling(id, mentions, "blocked")).await;
    }
    Peer::log_in(&scene.server, "carol").await.ok(&send("5", "r", "hi bob")).await;
    assert_eq!(scene.until_pushed(2).await, ["T all!", "T hi bob"]);
    scene.server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn the_count_on_the_application_is_right_after_a_read() {
    let scene = Scene::new(Duration::ZERO);
    let mut alice = scene.group().await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"s","members":["bob"]}}"#).await;
    for (id, room) in [("1", "r"), ("2", "r"), ("3", "s")] {
        alice.ok(&send(id, room, id)).await;
    }
    scene.until_pushed(3).await;
    scene.command("bob", r#"{"read":{"id":"r","room":"r","seq":2}}"#).await;
    alice.ok(&send("4", "s", "4")).await;
    scene.until_pushed(4).await;
    let badges: Vec<u64> = scene.gateway.received().iter().map(|push| push.badge).collect();
    assert_eq!(badges[3], 2, "3 and 4 of {badges:?}");
    scene.server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_session_that_nobody_looks_at_holds_nothing() {
    let scene = Scene::new(PATIENCE);
    let mut alice = scene.group().await;
    let mut bob = Peer::log_in(&scene.server, "bob").await;
    bob.ok(r#"{"away":{"id":"a","away":true}}"#).await;
    alice.ok(&send("1", "r", "away")).await;
    assert_eq!(scene.until_pushed(1).await, ["T away"]);
    bob.ok(r#"{"away":{"id":"b","away":false}}"#).await;
    alice.ok(&send("2", "r", "here")).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(scene.pushed().len(), 1, "somebody looks again");
    scene.server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn what_was_edited_or_deleted_while_it_was_held_is_told_as_it_is_now() {
    let scene = Scene::new(Duration::from_millis(200));
    let mut alice = scene.group().await;
    let _bob = Peer::log_in(&scene.server, "bob").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"s","members":["bob"]}}"#).await;
    alice.ok(&send("1", "r", "frist")).await;
    alice.ok(&send("2", "s", "wrong room")).await;
    let edited = r#"{"type":"text/plain","payload":{"text":"first"}}"#;
    alice.ok(&format!(r#"{{"edit":{{"id":"e","room":"r","seq":1,"content":{edited}}}}}"#)).await;
    alice.ok(r#"{"delete":{"id":"d","room":"s","seq":1}}"#).await;
    assert_eq!(scene.until_pushed(1).await, ["T first"]);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(scene.pushed().len(), 1);
    scene.server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_thread_is_heard_by_who_has_a_part_in_it_however_late_it_joined() {
    let scene = Scene::new(Duration::ZERO);
    let mut alice = scene.group().await;
    alice.ok(&send("1", "r", "one")).await;
    alice.ok(&send("2", "r", "two")).await;
    scene.until_pushed(2).await;
    scene.device("dave", "phone", "D").await;
    alice.ok(r#"{"invite":{"id":"i","room":"r","users":["dave"]}}"#).await;
    let reply = |id: &str| {
        let content = format!(r#"{{"type":"text/plain","payload":{{"text":"{id}"}}}}"#);
        format!(r#"{{"send":{{"id":"{id}","room":"r","thread":1,"content":{content}}}}}"#)
    };
    alice.ok(&reply("3")).await;
    alice.ok(&send("4", "r", "four")).await;
    assert_eq!(scene.until_pushed(4).await[2..], ["T four", "D four"], "in the thread is neither");
    scene.command("dave", r#"{"read":{"id":"r","room":"r","thread":1,"seq":3}}"#).await;
    alice.ok(&reply("5")).await;
    assert_eq!(scene.until_pushed(5).await[4..], ["D 5"], "who reads there takes part");
    scene.server.shutdown(PATIENCE).await;
}
