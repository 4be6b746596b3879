//! Writes raced by a loss of rights, and resumes raced by a burst: whichever comes first, nobody sees a wrong state.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chat_protocol::event::{Outcome, Resumed};
use chat_protocol::{Event, Role, Seq, Timestamp};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{Append, Change, MessageStore, StorageError};
use chat_server_core::{ChatServer, Providers, Rate, ServerConfig};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::hooked::{Hooked, Hooks};
use crate::peer::{Peer, quick, send};
use crate::race::{Signal, server_on};

/// Holds bob's message back between the decision that he may write and its commit, and notes on which version of the
/// room's rights each attempt was decided.
#[derive(Default)]
struct Decided {
    waits: Signal,
    open: Signal,
    versions: Mutex<Vec<Option<u64>>>,
}

#[async_trait]
impl Hooks for Decided {
    async fn before_append(&self, batch: &[Append]) -> Result<(), StorageError> {
        let bobs =
            |append: &&Append| append.by.as_str() == "bob" && matches!(append.change, Change::Message(_));
        if let Some(append) = batch.iter().find(bobs) {
            self.versions.lock().unwrap().push(append.access_version);
            self.waits.give();
            self.open.wait().await;
        }
        Ok(())
    }
}

/// What another node stores.
fn change(by: &str, change: Change) -> Append {
    let room = "r".parse().unwrap();
    Append { room, by: by.parse().unwrap(), access_version: None, now: Timestamp::default(), change }
}

/// A group of alice, bob and carol, in which bob's message is decided and not stored yet.
async fn about_to_write(follows: bool) -> (ChatServer, Arc<Hooked<Decided>>, Peer) {
    let (server, store) = server_on::<Decided>();
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob","carol"]}}"#).await;
    let mut bob = Peer::log_in(&server, "bob").await;
    if !follows {
        bob.ok(r#"{"unfollow":{"id":"u","room":"r"}}"#).await;
    }
    bob.say(&send("m1", "r", "hi")).await;
    store.hooks.waits.wait().await;
    (server, store, bob)
}

#[tokio::test]
async fn a_kick_between_a_decision_and_its_commit_refuses_the_message() {
    // Decided on what the connection was found to be allowed, and on what the store said a moment ago.
    for follows in [true, false] {
        let (_server, store, mut bob) = about_to_write(follows).await;
        let kick = Change::Remove { user: "bob".parse().unwrap(), below: Role::Owner, reason: None };
        store.append(&[change("alice", kick)]).await.unwrap().remove(0).unwrap();
        store.hooks.open.give();
        let reply = bob.reply("m1").await;
        assert_eq!((reply.status, reply.detail), (403, None), "follows: {follows}");
        // Decided again: the second attempt only asks whether it was stored before.
        assert_eq!(*store.hooks.versions.lock().unwrap(), [Some(1), Some(u64::MAX)]);
        let page = store.log(&"r".parse().unwrap(), chat_protocol::Offset::ZERO, 100).await.unwrap().unwrap();
        let messages = page.entries.into_iter().map(Event::from).filter(|e| matches!(e, Event::Message(_)));
        assert_eq!(messages.count(), 0);
    }
}

#[tokio::test]
async fn a_kick_of_another_between_a_decision_and_its_commit_only_decides_again() {
    let (_server, store, mut bob) = about_to_write(true).await;
    let kick = Change::Remove { user: "carol".parse().unwrap(), below: Role::Owner, reason: None };
    store.append(&[change("alice", kick)]).await.unwrap().remove(0).unwrap();
    store.hooks.open.give();
    assert_eq!(bob.reply("m1").await.status, 200);
    assert_eq!(*store.hooks.versions.lock().unwrap(), [Some(1), Some(2)]);
    assert_eq!(bob.ok(&send("m2", "r", "again")).await["seq"], 2);
    assert_eq!(store.hooks.versions.lock().unwrap().last(), Some(&Some(2)), "what comes next knows it");
}

/// A message into room `q` holds the committer up, so that what comes behind it is one batch.
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
async fn a_kick_before_a_message_in_one_batch_refuses_it_though_it_was_decided_before() {
    let (server, store) = server_on::<Gate>();
    let mut alice = Peer::log_in(&server, "alice").await;
    let mut bob = Peer::log_in(&server, "bob").await;
    for room in ["q", "r"] {
        let create = format!(r#"{{"create":{{"id":"c","kind":"group","room":"{room}","members":["bob"]}}}}"#);
        alice.ok(&create).await;
        bob.until(|event| matches!(event, Event::Resumed(resumed) if resumed.room.is_some())).await;
    }
    alice.say(&send("hold", "q", "x")).await;
    store.hooks.waits.wait().await;
    alice.say(r#"{"kick":{"id":"k","room":"r","user":"bob"}}"#).await;
    // Commands take their places in order: after this answer the kick is in the committer's queue.
    alice.ok(r#"{"unlisten":{"id":"u","user":"x"}}"#).await;
    bob.say(&send("m1", "r", "hi")).await;
    bob.ok(r#"{"unlisten":{"id":"u","user":"x"}}"#).await;
    store.hooks.open.give();
    assert_eq!(alice.reply("k").await.status, 200);
    assert_eq!(bob.reply("m1").await.status, 403);
    assert_eq!(alice.ok(&send("m2", "r", "alone")).await["seq"], 1);
}

/// How often a resume is raced against a burst.
const RACES: usize = 1_000;

/// Races on one server: the memory store counts by looking at every message, so that its rooms must stay small.
const RACES_EACH: usize = 50;

/// Messages of one burst into each room.
const BURST: usize = 12;

/// More than this many missed events are a snapshot.
const MAX_RECOVER: u64 = 40;

/// Rooms that a resume names, by what becomes of them: recovered or a snapshot, trimmed, gone.
const ROOMS: [&str; 3] = ["r", "trimmed", "gone"];

/// A server whose reader has lost a part of one room's log, and another room whole.
struct Arena {
    server: ChatServer,
    writer: Peer,
    epoch: String,
    sent: usize,
}

impl Arena {
    async fn new() -> Self {
        let config = ServerConfig {
            max_recover: MAX_RECOVER,
            max_in_flight: 256,
            connection_rate: Rate::UNLIMITED,
            user_rate: Rate::UNLIMITED,
            ..quick()
        };
        let store = Arc::new(MemoryStore::default());
        let server = ChatServer::start(Providers { storage: store.clone(), ..Providers::default() }, config);
        let mut writer = Peer::connect(&server);
        let auth = writer.ok(r#"{"auth":{"id":"a","token":"dev-alice"}}"#).await;
        let mut arena = Self { server, writer, epoch: auth["epoch"].as_str().unwrap().to_owned(), sent: 0 };
        for room in ROOMS {
            let create =
                format!(r#"{{"create":{{"id":"c","kind":"group","room":"{room}","members":["bob"]}}}}"#);
            arena.writer.ok(&create).await;
        }
        arena.burst().await;
        arena.writer.ok(r#"{"kick":{"id":"k","room":"gone","user":"bob"}}"#).await;
        let oldest = Seq::new(BURST as u64 / 2).unwrap();
        let trim = Append { room: "trimmed".parse().unwrap(), ..change("~system", Change::Trim { oldest }) };
        store.append(&[trim]).await.unwrap().remove(0).unwrap();
        arena
    }

    /// Writes into every room without waiting, then waits for all answers; the heads of the logs.
    async fn burst(&mut self) -> BTreeMap<String, u64> {
        for n in 0..BURST {
            for room in ROOMS {
                self.writer.say(&send(&format!("{room}-{}", self.sent + n), room, "x")).await;
            }
        }
        self.sent += BURST;
        let (mut heads, mut acked) = (BTreeMap::new(), 0);
        while acked < BURST * ROOMS.len() {
            let Event::Reply(reply) = self.writer.event().await else { continue };
            let data = reply.data.expect("it is stored");
            let data: chat_protocol::reply::SendData = serde_json::from_str(data.get()).unwrap();
            let id = reply.id.expect("repeated");
            let room = id.as_str().rsplit_once('-').expect("of a send").0.to_owned();
            let head = heads.entry(room).or_insert(0);
            *head = data.offset.get().max(*head);
            acked += 1;
        }
        heads
    }
}

/// What a reader heard of its logs; every event must be the next one.
#[derive(Default)]
struct Heard {
    /// Position of the newest event, by room; none before the room's `resumed` unless it is recovered.
    at: BTreeMap<String, u64>,
    outcomes: BTreeMap<String, Outcome>,
}

impl Heard {
    fn take(&mut self, event: &Event) {
        let (room, offset) = match event {
            Event::Message(message) => (&message.room, message.offset),
            Event::Member(changed) => (&changed.room, changed.offset),
            Event::Room(changed) => (&changed.room, changed.offset),
            Event::Resumed(word) => return self.take_word(word),
            _ => return,
        };
        assert_ne!(self.outcomes.get(room.as_str()), Some(&Outcome::Gone), "{event:?}");
        let at = self.at.get_mut(room.as_str()).expect("a named room");
        assert_eq!(offset.get(), *at + 1, "a hole or a repeat in {room}");
        *at += 1;
    }

    fn take_word(&mut self, word: &Resumed) {
        let Some(room) = &word.room else { return };
        let (room, outcome) = (room.as_str().to_owned(), word.outcome.read());
        if let Some(offset) = word.offset {
            let at = self.at.insert(room.clone(), offset.get());
            if outcome == Outcome::Recovered {
                assert_eq!(at, Some(offset.get()), "all that was missed was told before");
            } else {
                assert_eq!(word.state.as_ref().map(|state| state.offset), Some(offset));
            }
        }
        assert_eq!(self.outcomes.insert(room, outcome), None, "one word for each room");
    }
}

/// One resume from some positions while a burst goes on, and what came of each room.
async fn race(
    arena: &mut Arena,
    before: &BTreeMap<String, u64>,
    chance: &mut StdRng,
) -> (Heard, BTreeMap<String, u64>) {
    let mut peer = Peer::connect(&arena.server);
    peer.ok(r#"{"auth":{"id":"a","token":"dev-bob","follow":false}}"#).await;
    let head = before["r"];
    let from = head.saturating_sub(chance.random_range(0..MAX_RECOVER + 8)).max(1);
    let at = BTreeMap::from([("r", from), ("trimmed", 1), ("gone", 2)]);
    let mut heard =
        Heard { at: at.iter().map(|(room, at)| ((*room).to_owned(), *at)).collect(), ..Heard::default() };
    let resume =
        serde_json::json!({"resume": {"id": "x", "epoch": arena.epoch, "user_offset": 0, "rooms": at}});
    let (pause, resume) = (chance.random_range(0..200), resume.to_string());
    let server = arena.server.clone();
    let reader = tokio::spawn(async move {
        for _ in 0..pause {
            tokio::task::yield_now().await;
        }
        peer.say(&resume).await;
        for event in peer.until(|event| matches!(event, Event::Reply(_))).await {
            heard.take(&event);
        }
        (peer, heard)
    });
    let heads = arena.burst().await;
    let (mut peer, mut heard) = reader.await.unwrap();
    while ["r", "trimmed"].iter().any(|room| heard.at[*room] < heads[*room]) {
        heard.take(&peer.event().await);
    }
    // Nothing comes after the end, and nothing of the room that is gone.
    peer.say(r#"{"ping":{"id":"p"}}"#).await;
    peer.until(|event| matches!(event, Event::Pong(_))).await.iter().for_each(|event| heard.take(event));
    drop(server);
    (heard, heads)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_resumes_during_bursts_have_no_hole_and_no_repeat() {
    let given = std::env::var("RACE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(rand::random);
    println!("RACE_SEED={seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..RACES / RACES_EACH {
        let mut arena = Arena::new().await;
        let mut heads = arena.burst().await;
        for _ in 0..RACES_EACH {
            let (heard, next) = race(&mut arena, &heads, &mut chance).await;
            for outcome in heard.outcomes.values() {
                *outcomes.entry(format!("{outcome:?}")).or_default() += 1;
            }
            heads = next;
        }
    }
    println!("{outcomes:?}");
    assert_eq!(outcomes.values().sum::<usize>(), RACES * ROOMS.len());
    for outcome in ["Recovered", "Snapshot", "Trimmed", "Gone"] {
        assert!(outcomes.get(outcome).is_some_and(|count| *count >= RACES / 20), "{outcomes:?}");
    }
}
