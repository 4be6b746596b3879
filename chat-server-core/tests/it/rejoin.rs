//! One device leaves a room and comes back while another device of the same user begins to follow it: no event twice, no
//! hole, nothing of the time between where the room does not show it, and a word that says how it went.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chat_protocol::Event;
use chat_protocol::event::Outcome;
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{StorageError, StorageLayer};
use chat_server_core::{ChatServer, Providers, Rate, ServerConfig};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use crate::peer::{Peer, quick, send};
use crate::race::Signal;

/// Holds the next call of a name back.
#[derive(Default)]
struct Held {
    inner: MemoryStore,
    call: Mutex<Option<&'static str>>,
    waits: Signal,
    open: Signal,
}

#[async_trait]
impl StorageLayer for Held {
    type Inner = MemoryStore;

    fn inner(&self) -> &MemoryStore {
        &self.inner
    }

    async fn before(&self, call: &'static str) -> Result<(), StorageError> {
        if self.call.lock().unwrap().take_if(|held| *held == call).is_some() {
            self.waits.give();
            self.open.wait().await;
        }
        Ok(())
    }
}

/// How the other device comes back to the room.
const WAYS: [&str; 2] = [
    r#"{"follow":{"id":"f","room":"r","offset":4}}"#,
    r#"{"resume":{"id":"f","epoch":"EPOCH","user_offset":0,"rooms":{"r":4}}}"#,
];

/// What a device heard of the room: each entry by its offset, each `resumed` by its outcome, and the reply's status.
#[derive(Debug, Default)]
struct Heard {
    words: Vec<Outcome>,
    /// Offsets since the newest word that gave a state; nothing comes twice, and nothing is missing.
    at: u64,
    texts: Vec<String>,
    status: u16,
}

impl Heard {
    fn take(&mut self, event: &Event) {
        let offset = match event {
            Event::Message(message) => {
                self.texts.push(message.content.text().unwrap().into_owned());
                message.offset
            }
            Event::Member(changed) => changed.offset,
            Event::Reply(reply) => {
                self.status = reply.status;
                return;
            }
            Event::Resumed(word) if word.room.is_some() => {
                let outcome = word.outcome.read();
                self.words.push(outcome);
                match (outcome, word.offset) {
                    (Outcome::Recovered, Some(at)) => assert_eq!(at.get(), self.at, "all was told before"),
                    (_, at) => self.at = at.map_or(0, chat_protocol::Offset::get),
                }
                return;
            }
            _ => return,
        };
        assert_ne!(self.words.last(), Some(&Outcome::Gone), "nothing is told of what is gone: {event:?}");
        assert_eq!(offset.get(), self.at + 1, "a hole or a repeat: {event:?}, {self:?}");
        self.at += 1;
    }
}

/// The other device begins to follow at 4 and is held back at a call of the store; meanwhile bob leaves, alice says
/// something, bob comes back. Then alice says something to both.
async fn come_back(history: &str, call: &'static str, way: &str) -> Heard {
    let store = Arc::new(Held::default());
    let server = ChatServer::start(Providers { storage: store.clone(), ..Providers::default() }, quick());
    let mut alice = Peer::log_in(&server, "alice").await;
    let create = format!(
        r#"{{"create":{{"id":"c","kind":"group","room":"r","access":"open","history":"{history}"}}}}"#
    );
    alice.ok(&create).await;
    let mut one = Peer::log_in(&server, "bob").await;
    one.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    alice.ok(&send("m1", "r", "before")).await;
    let mut two = Peer::connect(&server);
    let auth = two.ok(r#"{"auth":{"id":"a","token":"dev-bob","follow":false}}"#).await;

    *store.call.lock().unwrap() = Some(call);
    two.say(&way.replace("EPOCH", auth["epoch"].as_str().unwrap())).await;
    store.waits.wait().await;
    one.ok(r#"{"leave":{"id":"l","room":"r"}}"#).await;
    alice.ok(&send("m2", "r", "between")).await;
    one.ok(r#"{"join":{"id":"k","room":"r"}}"#).await;
    store.open.give();

    let mut heard = Heard { at: 4, ..Heard::default() };
    for event in two.until(|event| matches!(event, Event::Reply(_))).await {
        heard.take(&event);
    }
    alice.ok(&send("m3", "r", "after")).await;
    two.say(r#"{"ping":{"id":"p"}}"#).await;
    two.until(|event| matches!(event, Event::Pong(_))).await.iter().for_each(|event| heard.take(event));
    heard
}

#[tokio::test]
async fn who_is_back_before_the_room_is_read_goes_on_as_a_member() {
    for way in WAYS {
        let heard = come_back("all", "views", way).await;
        assert_eq!((heard.status, heard.words.as_slice()), (200, [Outcome::Recovered].as_slice()));
        assert_eq!(heard.texts, ["between", "after"]);
        let heard = come_back("joined", "views", way).await;
        assert_eq!((heard.status, heard.words.as_slice()), (200, [Outcome::Trimmed].as_slice()));
        assert_eq!(heard.texts, ["after"]);
    }
}

#[tokio::test]
async fn who_is_back_before_the_log_is_read_hears_what_the_room_shows() {
    for way in WAYS {
        let heard = come_back("all", "log", way).await;
        assert_eq!((heard.status, heard.words.as_slice()), (200, [Outcome::Recovered].as_slice()));
        assert_eq!(heard.texts, ["between", "after"]);
        let heard = come_back("joined", "log", way).await;
        assert_eq!((heard.status, heard.words.as_slice()), (200, [Outcome::Trimmed].as_slice()));
        assert_eq!(heard.texts, ["after"], "what was said in between was never bob's");
    }
}

/// How often bob leaves and comes back while another device of bob's begins to follow.
const RACES: usize = 300;

/// Bob leaves and comes back a few times, as fast as it is answered, and alice talks.
async fn churn(mut bob: Peer, mut alice: Peer, mut chance: StdRng, race: usize) -> (Peer, Peer) {
    for n in 0..chance.random_range(1..4) {
        for command in ["leave", "join"] {
            bob.say(&format!(r#"{{"{command}":{{"id":"{command}","room":"r"}}}}"#)).await;
            alice.say(&send(&format!("m{race}-{n}-{command}"), "r", "x")).await;
            for _ in 0..chance.random_range(0..20) {
                tokio::task::yield_now().await;
            }
            bob.reply(command).await;
        }
    }
    (bob, alice)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_and_comes_back_while_another_device_begins_misses_nothing() {
    let given = std::env::var("RACE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(rand::random);
    println!("RACE_SEED={seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    let free = ServerConfig { connection_rate: Rate::UNLIMITED, user_rate: Rate::UNLIMITED, ..quick() };
    let server = ChatServer::start(Providers::default(), free);
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    bob.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    let mut outcomes = BTreeMap::<String, usize>::new();
    for race in 0..RACES {
        let mut two = Peer::connect(&server);
        let auth = two.ok(r#"{"auth":{"id":"a","token":"dev-bob","follow":false}}"#).await;
        let at = alice.ok(&send(&format!("m{race}"), "r", "x")).await["offset"].as_u64().unwrap();
        let seed = StdRng::seed_from_u64(chance.random());
        let churning = tokio::spawn(churn(bob, alice, seed, race));
        for _ in 0..chance.random_range(0..60) {
            tokio::task::yield_now().await;
        }
        let resume = json!({"id": "x", "epoch": auth["epoch"], "user_offset": auth["user_offset"], "rooms": {"r": at}});
        two.say(&json!({ "resume": resume }).to_string()).await;
        (bob, alice) = churning.await.unwrap();
        let last = alice.ok(&send(&format!("last{race}"), "r", "last")).await["offset"].as_u64().unwrap();
        let mut heard = Heard { at, ..Heard::default() };
        while heard.at < last {
            heard.take(&two.event().await);
        }
        for word in heard.words {
            *outcomes.entry(format!("{word:?}")).or_default() += 1;
        }
    }
    println!("{outcomes:?}");
    assert!(["Recovered", "Gone", "Snapshot"].iter().all(|outcome| outcomes.contains_key(*outcome)));
}
