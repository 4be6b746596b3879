//! Resume: nothing is missed and nothing comes twice, whatever happens meanwhile.

use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::event::Outcome;
use chat_protocol::{Event, UserId, UserOffset};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{SharedStorage, Storage, StorageError, StorageLayer, UserLogPage};
use chat_server_core::{ChatServer, Providers, Rate, ServerConfig};
use chat_store_sqlite::{SqliteConfig, SqliteStore, Synchronous};
use serde_json::{Value, json};

use crate::peer::{Peer, quick, send, server};

/// A room `r` of alice with `count` messages; the epoch.
async fn with_messages(server: &ChatServer, count: usize) -> (Peer, String) {
    let mut alice = Peer::connect(server);
    let auth = alice.ok(r#"{"auth":{"id":"a","token":"dev-alice"}}"#).await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    for n in 1..=count {
        alice.ok(&send(&format!("m{n}"), "r", "x")).await;
    }
    (alice, auth["epoch"].as_str().unwrap().to_owned())
}

async fn resume(server: &ChatServer, epoch: &str, user_offset: u64, room: &str, offset: u64) -> Vec<Event> {
    let mut peer = Peer::connect(server);
    peer.ok(r#"{"auth":{"id":"a","token":"dev-alice","follow":false}}"#).await;
    let rooms = format!(r#"{{"{room}":{offset}}}"#);
    peer.say(&format!(
        r#"{{"resume":{{"id":"x","epoch":"{epoch}","user_offset":{user_offset},"rooms":{rooms}}}}}"#
    ))
    .await;
    peer.until(|event| matches!(event, Event::Reply(_))).await
}

/// What a resume answered for a room (`Some`) or the user log: outcome and position.
fn outcome(events: &[Event], room: Option<&str>) -> (Outcome, u64) {
    let found = events.iter().find_map(|event| match event {
        Event::Resumed(resumed) if resumed.room.as_ref().map(|room| room.as_str()) == room => Some(resumed),
        _ => None,
    });
    let resumed = found.unwrap_or_else(|| panic!("no word on {room:?}: {events:?}"));
    let position = resumed.offset.map(|o| o.get()).or(resumed.user_offset.map(|o| o.get())).unwrap_or(0);
    (resumed.outcome.read(), position)
}

fn offsets(events: &[Event]) -> Vec<u64> {
    let offset = |event: &Event| match event {
        Event::Message(message) => Some(message.offset.get()),
        Event::Member(changed) => Some(changed.offset.get()),
        Event::Room(changed) => Some(changed.offset.get()),
        _ => None,
    };
    events.iter().filter_map(offset).collect()
}

#[tokio::test]
async fn a_position_of_this_life_recovers_exactly_what_came_after_it() {
    let server = server();
    let (_alice, epoch) = with_messages(&server, 5).await;
    for offset in 0..=7 {
        let events = resume(&server, &epoch, 0, "r", offset).await;
        assert_eq!(offsets(&events), (offset + 1..=7).collect::<Vec<u64>>(), "from {offset}");
        assert_eq!(outcome(&events, Some("r")), (Outcome::Recovered, 7));
        assert_eq!(outcome(&events, None), (Outcome::Recovered, 1));
    }
}

#[tokio::test]
async fn positions_that_cannot_be_gone_on_from_get_a_snapshot() {
    let server = server();
    let (_alice, epoch) = with_messages(&server, 5).await;
    for (epoch, user_offset, offset) in
        [(&*epoch, 99, 8), (&*epoch, 99, 9_007_199_254_740_991), ("old", 0, 3)]
    {
        let events = resume(&server, epoch, user_offset, "r", offset).await;
        assert_eq!(offsets(&events), [] as [u64; 0]);
        assert_eq!(outcome(&events, Some("r")), (Outcome::Snapshot, 7));
        assert_eq!(outcome(&events, None), (Outcome::Snapshot, 1));
        let state = events.iter().find_map(|event| match event {
            Event::Resumed(resumed) => resumed.state.as_ref(),
            _ => None,
        });
        assert_eq!((state.unwrap().seq.get(), state.unwrap().offset.get()), (5, 7));
    }
}

#[tokio::test]
async fn too_much_to_tell_is_a_snapshot() {
    let config = ServerConfig { max_recover: 3, ..quick() };
    let server = ChatServer::start(Providers::default(), config);
    let (_alice, epoch) = with_messages(&server, 5).await;
    assert_eq!(outcome(&resume(&server, &epoch, 0, "r", 4).await, Some("r")), (Outcome::Recovered, 7));
    assert_eq!(outcome(&resume(&server, &epoch, 0, "r", 3).await, Some("r")), (Outcome::Snapshot, 7));
}

#[tokio::test]
async fn rooms_that_are_not_mine_are_gone_and_rooms_of_mine_are_added() {
    let server = server();
    let (_alice, epoch) = with_messages(&server, 1).await;
    let events = resume(&server, &epoch, 0, "nowhere", 3).await;
    assert_eq!(outcome(&events, Some("nowhere")).0, Outcome::Gone);
    assert_eq!(outcome(&events, Some("r")), (Outcome::Snapshot, 3));
}

#[tokio::test]
async fn a_resume_during_a_burst_has_no_hole_and_no_repeat() {
    let server = server();
    let (mut alice, epoch) = with_messages(&server, 1).await;
    let writer = tokio::spawn(async move {
        for n in 0..400 {
            alice.say(&send(&format!("b{n}"), "r", "x")).await;
        }
        let mut acked = 0;
        while acked < 400 {
            acked += usize::from(matches!(alice.event().await, Event::Reply(reply) if reply.status == 200));
        }
    });
    for _ in 0..40 {
        let mut peer = Peer::connect(&server);
        peer.ok(r#"{"auth":{"id":"a","token":"dev-alice","follow":false}}"#).await;
        peer.say(&format!(
            r#"{{"resume":{{"id":"x","epoch":"{epoch}","user_offset":0,"rooms":{{"r":2}}}}}}"#
        ))
        .await;
        let mut seen = offsets(&peer.until(|event| matches!(event, Event::Reply(_))).await);
        // What comes live after the resume goes on where the resume ended.
        peer.say(r#"{"ping":{"id":"p"}}"#).await;
        seen.extend(offsets(&peer.until(|event| matches!(event, Event::Pong(_))).await));
        assert_eq!(seen, (3..3 + seen.len() as u64).collect::<Vec<u64>>());
    }
    writer.await.unwrap();
}

#[tokio::test]
async fn a_slow_replay_waits_for_its_reader_and_others_do_not() {
    let config = ServerConfig { max_queue_bytes: 4_096, max_recover: 10_000, ..quick() };
    let server = ChatServer::start(Providers::default(), config);
    let (mut alice, epoch) = with_messages(&server, 200).await;
    // A link of one frame: every further frame waits for the reader.
    let mut slow = Peer::connect_with(&server, 0);
    slow.say(r#"{"auth":{"id":"a","token":"dev-alice","follow":false}}"#).await;
    slow.reply("a").await;
    slow.say(&format!(r#"{{"resume":{{"id":"x","epoch":"{epoch}","user_offset":0,"rooms":{{"r":0}}}}}}"#))
        .await;
    slow.event().await;
    alice.ok(&send("meanwhile", "r", "x")).await;
    let events = slow.until(|event| matches!(event, Event::Reply(_))).await;
    let mut seen = offsets(&events);
    while seen.last() != Some(&203) {
        seen.extend(offsets(&[slow.event().await]));
    }
    assert_eq!(seen, (2..=203).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_gap_is_filled_by_following_again() {
    let server = server();
    let (mut alice, _) = with_messages(&server, 5).await;
    alice.say(r#"{"follow":{"id":"f","room":"r","offset":4}}"#).await;
    let events = alice.until(|event| matches!(event, Event::Reply(_))).await;
    assert_eq!(offsets(&events), [5, 6, 7]);
    assert_eq!(outcome(&events, Some("r")), (Outcome::Recovered, 7));
    let sent: Value = alice.ok(&send("next", "r", "x")).await;
    assert_eq!(sent["offset"], 8);
}

#[tokio::test]
async fn a_stalled_reader_is_cut_within_its_bound_and_misses_nothing_after_coming_back() {
    let config = ServerConfig {
        max_queue_bytes: 64 * 1024,
        write_timeout: std::time::Duration::from_millis(200),
        max_recover: 10_000,
        ..quick()
    };
    let server = ChatServer::start(Providers::default(), config);
    let (mut alice, epoch) = with_messages(&server, 0).await;
    // It reads the answer to its login and then nothing more, over a link that holds a single frame.
    let mut stalled = Peer::connect_with(&server, 0);
    stalled.say(r#"{"auth":{"id":"a","token":"dev-alice"}}"#).await;
    stalled.until(|event| matches!(event, Event::Resumed(resumed) if resumed.room.is_none())).await;
    // Far more than the queue of the stalled one holds; everybody else is served as if it were not there.
    for n in 1..=1_000 {
        assert_eq!(alice.ok(&send(&format!("m{n}"), "r", "x")).await["seq"], n);
    }
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while server.connections() > 1 {
        assert!(tokio::time::Instant::now() < deadline, "the stalled connection is still there");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    drop(stalled);
    let events = resume(&server, &epoch, 0, "r", 2).await;
    assert_eq!(offsets(&events), (3..=1_002).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_resume_in_parts_tells_the_users_log_once_with_the_last() {
    let server = server();
    let (mut alice, epoch) = with_messages(&server, 1).await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"s"}}"#).await;
    let mut peer = Peer::connect(&server);
    peer.ok(r#"{"auth":{"id":"a","token":"dev-alice","follow":false}}"#).await;
    for (id, room, more) in [("x", "r", true), ("y", "s", false)] {
        let rooms = json!({room: 0});
        let part = json!({"id": id, "epoch": epoch, "user_offset": 0, "rooms": rooms, "more": more});
        peer.say(&json!({"resume": part}).to_string()).await;
    }
    let is_last = |event: &Event| matches!(event, Event::Reply(reply) if reply.id.as_ref().is_some_and(|id| id.as_str() == "y"));
    let events = peer.until(is_last).await;
    let own: Vec<u64> = events
        .iter()
        .filter_map(|event| match event {
            Event::User(changed) => Some(changed.user_offset.get()),
            _ => None,
        })
        .collect();
    assert_eq!(own, [1, 2]);
    assert_eq!(outcome(&events, None), (Outcome::Recovered, 2));
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"t"}}"#).await;
    peer.until(|event| matches!(event, Event::User(changed) if changed.user_offset.get() == 3)).await;
}

#[tokio::test]
async fn a_thousand_rooms_are_resumed_over_one_connection() {
    const ROOMS: usize = 1_000;
    let server =
        ChatServer::start(Providers::default(), ServerConfig { user_rate: Rate::UNLIMITED, ..quick() });
    let system = chat_server_core::Caller::Operator;
    let mut epoch = String::new();
    for n in 0..ROOMS {
        let create =
            json!({"create": {"id": "c", "kind": "group", "room": format!("r{n}"), "owner": "alice"}});
        let send = send("m", &format!("r{n}"), "x");
        for command in [create.to_string(), send] {
            server.command(&system, chat_protocol::decode(command.as_bytes()).unwrap()).await.unwrap();
        }
    }
    for (from, outcome) in [(2, Outcome::Recovered), (3, Outcome::Recovered), (9, Outcome::Snapshot)] {
        let mut peer = Peer::connect(&server);
        let auth = peer.ok(r#"{"auth":{"id":"a","token":"dev-alice","follow":false}}"#).await;
        epoch = auth["epoch"].as_str().unwrap_or(&epoch).to_owned();
        let positions: serde_json::Map<String, Value> =
            (0..ROOMS).map(|n| (format!("r{n}"), from.into())).collect();
        let resume = json!({"id": "x", "epoch": epoch, "user_offset": ROOMS, "rooms": positions});
        peer.say(&json!({"resume": resume}).to_string()).await;
        let events = peer.until(|event| matches!(event, Event::Reply(_))).await;
        let words = events.iter().filter_map(|event| match event {
            Event::Resumed(word) => Some((word.room.clone()?, word.outcome.read())),
            _ => None,
        });
        let words: std::collections::BTreeMap<_, _> = words.collect();
        assert_eq!(words.len(), ROOMS);
        assert!(words.values().all(|found| *found == outcome), "from {from}");
        let told = events.iter().filter(|event| matches!(event, Event::Message(_))).count();
        assert_eq!(told, if from == 2 { ROOMS } else { 0 }, "from {from}");
    }
}

/// A store that keeps the newest entries of users' logs alone.
struct Short<S>(S);

const KEPT: u64 = 3;

#[async_trait]
impl<S: Storage> StorageLayer for Short<S> {
    type Inner = S;

    fn inner(&self) -> &S {
        &self.0
    }

    async fn read_user_log(
        &self,
        user: &UserId,
        after: UserOffset,
        limit: usize,
    ) -> Result<UserLogPage, StorageError> {
        let head = self.0.user_log(user, UserOffset::ZERO, 0).await?.head.get();
        let gone = UserOffset::new(head.saturating_sub(KEPT)).unwrap();
        let page = self.0.user_log(user, after.max(gone), limit).await?;
        Ok(UserLogPage { oldest: gone.next(), ..page })
    }
}

async fn a_short_user_log(storage: SharedStorage) {
    let server = ChatServer::start(Providers { storage, ..Providers::default() }, quick());
    let mut alice = Peer::connect(&server);
    let auth = alice.ok(r#"{"auth":{"id":"a","token":"dev-alice"}}"#).await;
    let epoch = auth["epoch"].as_str().unwrap();
    for room in ["r", "1", "2", "3", "4"] {
        alice.ok(&format!(r#"{{"create":{{"id":"c","kind":"group","room":"{room}"}}}}"#)).await;
    }
    let own = |events: &[Event]| {
        let offset = |event: &Event| match event {
            Event::User(changed) => Some(changed.user_offset.get()),
            _ => None,
        };
        events.iter().filter_map(offset).collect::<Vec<_>>()
    };
    for from in 0..=5 {
        let events = resume(&server, epoch, from, "r", 0).await;
        let told = (outcome(&events, None), own(&events));
        let expected = match from {
            0 | 1 => ((Outcome::Trimmed, 5), vec![]),
            _ => ((Outcome::Recovered, 5), (from + 1..=5).collect()),
        };
        assert_eq!(told, expected, "from {from}: all that was missed, or a word that it is not");
        let oldest = events.iter().find_map(|event| match event {
            Event::Resumed(resumed) if resumed.room.is_none() => resumed.oldest.map(|oldest| oldest.get()),
            _ => None,
        });
        assert_eq!(oldest, (from < 2).then_some(3));
    }
    // It goes on from there.
    let mut phone = Peer::connect(&server);
    phone.ok(r#"{"auth":{"id":"a","token":"dev-alice","follow":false}}"#).await;
    phone.say(&format!(r#"{{"resume":{{"id":"x","epoch":"{epoch}","user_offset":0,"rooms":{{}}}}}}"#)).await;
    phone.until(|event| matches!(event, Event::Reply(_))).await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"5"}}"#).await;
    let live = phone.until(|event| matches!(event, Event::User(_))).await;
    assert_eq!(own(&live), [6]);
}

#[tokio::test]
async fn what_a_user_log_does_not_reach_back_to_is_told_to_be_trimmed() {
    a_short_user_log(Arc::new(Short(MemoryStore::default()))).await;
}

#[tokio::test]
async fn what_a_user_log_does_not_reach_back_to_is_told_to_be_trimmed_on_sqlite() {
    let place = tempfile::tempdir().unwrap();
    let config = SqliteConfig { synchronous: Synchronous::Off, ..SqliteConfig::default() };
    a_short_user_log(Arc::new(Short(SqliteStore::open(place.path(), config).unwrap()))).await;
}
