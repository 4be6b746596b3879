//! Users who are forgotten: what goes, what stays, and what becomes of the user meanwhile and after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::command::{PushService, PushTarget};
use chat_protocol::dialect::chats::Chats;
use chat_protocol::dialect::{Dialect, Handshake, Secret};
use chat_protocol::event::MemberAction;
use chat_protocol::{Command, ErrorCode, Event, HistoryQuery, Patch, Role, RoomId, Timestamp, UserId};
use chat_server_core::clock::{Clock, SystemClock};
use chat_server_core::dialects::{Entrance, Port, PortId};
use chat_server_core::search::SharedIndex;
use chat_server_core::search::memory::MemoryIndex;
use chat_server_core::storage::{
    Append, Change, JobKind, SharedStorage, StorageError, StorageErrorKind, StoredMessage,
};
use chat_server_core::{Caller, ChatServer, NewUpload, Providers};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::hooked::{Hooked, Hooks};
use crate::peer::{Peer, TestClock, quick, send, server_of, shared};
use crate::sessions::closed;

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

fn room(id: &str) -> RoomId {
    RoomId::new(id).unwrap()
}

fn direct(a: &str, b: &str) -> RoomId {
    RoomId::direct(&user(a), &user(b))
}

/// As it is written.
fn tomorrow() -> Timestamp {
    Timestamp::from_micros(SystemClock.now().as_micros() + 86_400_000_000)
}

async fn act(server: &ChatServer, by: &str, command: Value) {
    let command: Command = serde_json::from_value(command).unwrap();
    server.command(&Caller::User(user(by)), command).await.unwrap();
}

async fn write(server: &ChatServer, by: &str, room: &str, id: &str) {
    act(server, by, serde_json::from_str(&send(id, room, id)).unwrap()).await;
}

/// Begins, and says how it is until it is done.
async fn forget(server: &ChatServer, who: &str) {
    let begun = server.forget_user(&Caller::Operator, user(who)).await.unwrap();
    assert_eq!(begun.expect("there is something to do").user, user(who));
    forget_ends(server, who).await;
}

async fn forget_ends(server: &ChatServer, who: &str) {
    let done = async {
        while server.forget_user(&Caller::Operator, user(who)).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), done).await.expect("in time");
}

async fn history(storage: &SharedStorage, id: &RoomId) -> Vec<StoredMessage> {
    storage.history(id, None, HistoryQuery::default(), 1_000).await.unwrap().unwrap()
}

/// Who wrote each message, and whether it is there.
async fn written(storage: &SharedStorage, id: &RoomId) -> Vec<(String, bool)> {
    let shown = |stored: StoredMessage| {
        let there = stored.message.deleted_at.is_none();
        assert_eq!(stored.message.content.text().unwrap() == "", !there, "{stored:?}");
        (stored.message.from.to_string(), there)
    };
    history(storage, id).await.into_iter().map(shown).collect()
}

/// Ann owns a group with Bob and Cid, has left one of Cid's, talks to Bob alone, and has something of everything.
async fn scene() -> (ChatServer, Providers) {
    let search: Option<SharedIndex> = Some(Arc::new(MemoryIndex::default()));
    let parts = Providers { search, ..shared() };
    let server = server_of(parts.clone());
    act(
        &server,
        "ann",
        json!({"create": {"id": "x", "kind": "group", "room": "r", "members": ["bob", "cid"]}}),
    )
    .await;
    act(&server, "cid", json!({"create": {"id": "x", "kind": "group", "room": "left", "members": ["ann"]}}))
        .await;
    act(&server, "ann", json!({"create": {"id": "x", "kind": "direct", "members": ["bob"]}})).await;
    let pair = direct("ann", "bob");
    for (by, room, id) in [
        ("ann", "r", "a1"),
        ("bob", "r", "b1"),
        ("ann", "left", "a2"),
        ("cid", "left", "c1"),
        ("ann", pair.as_str(), "a3"),
        ("bob", pair.as_str(), "b2"),
        ("ann", "r", "a4"),
    ] {
        write(&server, by, room, id).await;
    }
    let later = json!({"send": {"id": "x", "room": "r", "client_msg_id": "later", "send_at": tomorrow(),
        "content": {"type": "text/plain", "payload": {"text": "later"}}}});
    let push = PushTarget { service: PushService::Fcm, token: "T".to_owned(), app: None };
    for command in [
        json!({"leave": {"id": "x", "room": "left"}}),
        json!({"react": {"id": "x", "room": "r", "seq": 2, "emoji": "+"}}),
        json!({"delete": {"id": "x", "room": "r", "seq": 2, "for_me": true}}),
        json!({"block": {"id": "x", "user": "cid"}}),
        json!({"device": {"id": "x", "device_id": "phone", "push": Patch::Set(push), "name": "Ann's"}}),
        later,
    ] {
        act(&server, "ann", command).await;
    }
    act(&server, "dan", json!({"block": {"id": "x", "user": "ann"}})).await;
    upload(&server, "ann").await;
    upload(&server, "bob").await;
    (server, parts)
}

async fn upload(server: &ChatServer, by: &str) {
    let new = NewUpload { room: room("r"), file_name: format!("{by}.txt"), kind: None, size: None };
    let mut file = server.upload(&Caller::User(user(by)), new).await.unwrap();
    file.write(b"text").await.unwrap();
    file.finish().await.unwrap();
}

#[tokio::test]
async fn all_of_a_user_goes_and_rooms_keep_their_numbers() {
    let (server, parts) = scene().await;
    let (storage, blobs) = (&parts.storage, parts.blobs.as_ref().unwrap());
    forget(&server, "ann").await;

    let (ann, bob) = (user("ann"), user("bob"));
    let yes = |who: &str| (who.to_owned(), true);
    let no = |who: &str| (who.to_owned(), false);
    assert_eq!(written(storage, &room("r")).await, [no("ann"), yes("bob"), no("ann")]);
    assert_eq!(written(storage, &room("left")).await, [no("ann"), yes("cid")]);
    assert_eq!(written(storage, &direct("ann", "bob")).await, [no("ann"), yes("bob")]);
    for id in [room("r"), room("left"), direct("ann", "bob")] {
        let mine = history(storage, &id).await.into_iter().filter(|stored| stored.message.from == ann);
        assert!(mine.into_iter().all(|stored| stored.message.client_msg_id.is_none()), "no name in {id}");
    }
    assert_eq!(history(storage, &room("r")).await[1].message.reactions, []);
    assert_eq!(storage.traces_of(&ann, None, 10).await.unwrap(), []);
    assert_eq!(storage.devices(std::slice::from_ref(&ann)).await.unwrap(), []);
    assert_eq!(storage.next_due(JobKind::Send).await.unwrap(), None, "nothing of it is sent any more");
    assert_eq!(storage.blocked(&ann, None, 10).await.unwrap(), []);
    assert_eq!(storage.blocked(&user("dan"), None, 10).await.unwrap(), [], "nobody blocks it");
    assert_eq!(storage.last_seen(&ann).await.unwrap(), None);
    assert_eq!(storage.uploads_of(&ann, None, 10).await.unwrap(), []);
    let files = storage.uploads_of(&bob, None, 10).await.unwrap();
    assert_eq!(files.len(), 1, "others' files stay");
    assert!(blobs.meta(&files[0]).await.unwrap().is_some(), "with their bytes");
    let members = storage.members(&room("r"), None, 10).await.unwrap();
    let members: Vec<_> = members.iter().map(|member| (member.user.as_str(), member.role)).collect();
    assert_eq!(
        members,
        [("bob", Role::Owner), ("cid", Role::Member)],
        "the longest member owns the room now"
    );
}

#[tokio::test]
async fn followers_are_told_as_if_the_user_did_it_all_and_nobody_finds_it() {
    let (server, _) = scene().await;
    let mut bob = Peer::log_in(&server, "bob").await;
    let mut dan = Peer::log_in(&server, "dan").await;
    let found = async |bob: &mut Peer| {
        let data = bob.ok(r#"{"search":{"id":"s","query":"a1"}}"#).await;
        data["hits"].as_array().unwrap().len()
    };
    let found_at_last = async |bob: &mut Peer, hits: usize| {
        let wait = async {
            while found(bob).await != hits {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.expect("in time");
    };
    found_at_last(&mut bob, 1).await;
    forget(&server, "ann").await;
    let pair = direct("ann", "bob");
    let (mut told, mut left) = (Vec::new(), 0);
    while left < 2 {
        let event = bob.event().await;
        match &event {
            Event::Deleted(deleted) => {
                assert_eq!((&deleted.from, &deleted.by), (&user("ann"), &None));
                told.push((deleted.room.clone(), deleted.offset.get()));
            }
            Event::Reaction(reaction) => told.push((reaction.room.clone(), reaction.offset.get())),
            Event::Member(changed) => {
                told.push((changed.room.clone(), changed.offset.get()));
                left += usize::from(changed.action == MemberAction::Left && changed.by.is_none());
            }
            _ => {}
        }
    }
    for id in [room("r"), pair] {
        let offsets: Vec<u64> = told.iter().filter(|(of, _)| *of == id).map(|(_, offset)| *offset).collect();
        assert!(
            offsets.windows(2).all(|two| two[0] + 1 == two[1]) && offsets.len() >= 2,
            "{id}: {offsets:?}"
        );
    }
    dan.until(|event| matches!(event, Event::User(changed) if format!("{changed:?}").contains("Unblocked")))
        .await;
    found_at_last(&mut bob, 0).await;
}

/// A store that forgets nothing in rooms until it may.
struct Gate {
    open: Semaphore,
    reached: AtomicBool,
}

impl Default for Gate {
    fn default() -> Self {
        Self { open: Semaphore::new(0), reached: AtomicBool::new(false) }
    }
}

fn forgets(append: &Append) -> bool {
    matches!(append.change, Change::Forget { .. })
}

#[async_trait]
impl Hooks for Gate {
    async fn before_traces(&self) {
        self.reached.store(true, Ordering::Relaxed);
        self.open.acquire().await.expect("open").forget();
    }
}

async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("in time");
}

#[tokio::test]
async fn who_is_being_forgotten_does_not_come_back_halfway_and_is_new_after() {
    let store = Arc::new(Hooked::<Gate>::default());
    let dialects = vec![Port::new(Chats::default())];
    let server = server_of(Providers { storage: store.clone(), dialects, ..Providers::default() });
    act(&server, "bob", json!({"create": {"id": "x", "kind": "direct", "members": ["ann"]}})).await;
    act(&server, "bob", json!({"create": {"id": "x", "kind": "group", "room": "r"}})).await;
    let pair = direct("ann", "bob");
    for (by, id) in [("ann", "1"), ("bob", "2")] {
        write(&server, by, pair.as_str(), id).await;
    }
    let mut ann = Peer::connect(&server);
    ann.ok(r#"{"auth":{"id":"a","token":"dev-ann","device_id":"phone"}}"#).await;
    let begun = server.forget_user(&Caller::User(user("ann")), user("ann")).await.unwrap().expect("begun");
    assert_eq!(closed(&mut ann).await, ErrorCode::SessionRevoked.close_code());
    until(|| store.hooks.reached.load(Ordering::Relaxed)).await;

    let mut again = Peer::connect(&server);
    let refused = again.ask(r#"{"auth":{"id":"a","token":"dev-ann"}}"#).await;
    let error = refused.error().expect("refused");
    assert_eq!(
        (error.code.text(), refused.detail.as_deref().unwrap().contains("deleted")),
        ("ERR_FORBIDDEN_ACCESS", true)
    );
    assert_eq!(server.authenticate("dev-ann").await.unwrap_err().wire().code, ErrorCode::Forbidden);
    let visited = server.visit(PortId(0), &Secret("dev-ann".to_owned())).await;
    assert_eq!(visited.unwrap_err().wire().code, ErrorCode::Forbidden);
    assert!(matches!(socket(&server, "bob").await, Entrance::Let(_)));
    assert!(matches!(socket(&server, "ann").await, Entrance::Refused { .. }), "by no format");
    let repeated = server.forget_user(&Caller::User(user("ann")), user("ann")).await.unwrap();
    assert_eq!(repeated, Some(begun), "a repeat tells the same");

    let late = async |by: &str, command: &str| {
        let command: Command = serde_json::from_str(command).unwrap();
        server.command(&Caller::User(user(by)), command).await.unwrap_err().wire()
    };
    for (by, command) in [
        ("bob", r#"{"invite":{"id":"x","room":"r","users":["ann"]}}"#.to_owned()),
        ("bob", r#"{"create":{"id":"x","kind":"group","members":["ann"]}}"#.to_owned()),
        ("ann", send("late", pair.as_str(), "late")),
        ("ann", r#"{"block":{"id":"x","user":"bob"}}"#.to_owned()),
    ] {
        assert_eq!(late(by, &command).await.code, ErrorCode::Forbidden, "{command}");
    }
    store.hooks.open.add_permits(1_000);
    forget_ends(&server, "ann").await;
    it_is_new(&server, &pair).await;
}

/// What becomes of a request for a socket of an existing system.
async fn socket(server: &ChatServer, who: &str) -> Entrance {
    let query = [("token".to_owned(), format!("dev-{who}"))];
    let handshake = Handshake { path: "/ws/chats/", query: &query, headers: &[] };
    let opening = Chats::default().open(&handshake).expect("its path");
    server.enter(PortId(0), opening, &[]).await
}

async fn it_is_new(server: &ChatServer, pair: &RoomId) {
    let mut ann = Peer::log_in(server, "ann").await;
    assert_eq!(ann.ok(r#"{"inbox":{"id":"i"}}"#).await["rooms"], json!([]));
    let made = ann.ok(r#"{"create":{"id":"c","kind":"direct","members":["bob"]}}"#).await;
    assert_eq!(
        (&made["created"], &made["room"]["room"], &made["room"]["members"]),
        (&json!(false), &json!(pair), &json!(2))
    );
    let page = ann.ok(&format!(r#"{{"history":{{"id":"h","room":"{pair}"}}}}"#)).await;
    let texts: Vec<_> = page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["content"]["payload"]["text"].clone())
        .collect();
    assert_eq!(texts, ["", "2"], "what it wrote is gone, what the other wrote stays");
    let repeat = ann.ok(&send("1", pair.as_str(), "1")).await;
    assert_eq!(
        (&repeat["duplicate"], &repeat["seq"]),
        (&json!(true), &json!(1)),
        "a repeat is answered for ever"
    );
    assert_eq!(ann.ok(&send("3", pair.as_str(), "3")).await["seq"], 3);
}

/// Counts how much is forgotten at once.
#[derive(Default)]
struct Greatest {
    batches: AtomicUsize,
    rooms: AtomicUsize,
    limit: AtomicUsize,
}

#[async_trait]
impl Hooks for Greatest {
    async fn before_append(&self, batch: &[Append]) -> Result<(), StorageError> {
        let rooms = batch.iter().filter(|append| forgets(append)).count();
        self.batches.fetch_add(usize::from(rooms > 0), Ordering::Relaxed);
        self.rooms.fetch_max(rooms, Ordering::Relaxed);
        for append in batch {
            if let Change::Forget { limit, .. } = append.change {
                self.limit.fetch_max(limit, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn thousands_of_messages_in_many_rooms_go_in_bounded_steps() {
    let store = Arc::new(Hooked::<Greatest>::default());
    let server = server_of(Providers { storage: store.clone(), ..Providers::default() });
    for n in 0..40 {
        let id = format!("r{n}");
        act(&server, "bob", json!({"create": {"id": "x", "kind": "group", "room": id, "members": ["ann"]}}))
            .await;
        for m in 0..50 {
            write(&server, if m % 5 == 0 { "bob" } else { "ann" }, &id, &format!("{m}")).await;
        }
    }
    forget(&server, "ann").await;
    let storage: SharedStorage = store.clone();
    for n in 0..40 {
        let id = room(&format!("r{n}"));
        let expected: Vec<_> = (0..50)
            .map(|m| if m % 5 == 0 { ("bob".to_owned(), true) } else { ("ann".to_owned(), false) })
            .collect();
        assert_eq!(written(&storage, &id).await, expected);
        assert_eq!(storage.members(&id, None, 9).await.unwrap().len(), 1);
    }
    let Greatest { batches, rooms, limit } = &store.hooks;
    let (rooms, limit) = (rooms.load(Ordering::Relaxed), limit.load(Ordering::Relaxed));
    assert!(rooms * limit <= 256, "{rooms} rooms with {limit} deletions each in one transaction");
    assert!(batches.load(Ordering::Relaxed) >= 1_600 / 256, "in many steps");
}

/// Fails a few times.
#[derive(Default)]
struct Failing {
    failed: AtomicUsize,
}

#[async_trait]
impl Hooks for Failing {
    async fn before_append(&self, batch: &[Append]) -> Result<(), StorageError> {
        if batch.iter().any(forgets) && self.failed.fetch_add(1, Ordering::Relaxed) < 3 {
            return Err(StorageError::new(StorageErrorKind::Unavailable, "append", "not now"));
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_after_failures_and_in_the_next_process() {
    let store = Arc::new(Hooked::<Failing>::default());
    let clock = TestClock::start();
    let parts = Providers { storage: store.clone(), clock, ..Providers::default() };
    let server = ChatServer::start(parts.clone(), quick());
    act(&server, "ann", json!({"create": {"id": "x", "kind": "group", "room": "r", "members": ["bob"]}}))
        .await;
    write(&server, "ann", "r", "1").await;
    server.forget_user(&Caller::Operator, user("ann")).await.unwrap().expect("begun");
    until(|| store.hooks.failed.load(Ordering::Relaxed) > 0).await;
    server.shutdown(Duration::from_secs(1)).await;
    let storage: SharedStorage = store.clone();
    assert!(storage.forgetting(&user("ann")).await.unwrap().is_some(), "it is not done");

    let server = ChatServer::start(parts, quick());
    let done = async {
        while storage.forgetting(&user("ann")).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), done).await.expect("nobody has to ask again");
    assert!(store.hooks.failed.load(Ordering::Relaxed) > 3);
    assert_eq!(written(&storage, &room("r")).await, [("ann".to_owned(), false)]);
    assert_eq!(server.forget_user(&Caller::Operator, user("ann")).await.unwrap(), None);
}

#[tokio::test]
async fn one_is_forgotten_by_oneself_or_by_the_operator() {
    let server = server_of(Providers::default());
    act(&server, "ann", json!({"create": {"id": "x", "kind": "group", "room": "r"}})).await;
    let asked = async |by: Caller, who: &str| server.forget_user(&by, user(who)).await;
    let refused = asked(Caller::User(user("bob")), "ann").await.unwrap_err().wire();
    assert_eq!(refused.code, ErrorCode::Forbidden);
    assert_eq!(asked(Caller::Operator, UserId::SYSTEM).await.unwrap_err().wire().code, ErrorCode::BadRequest);
    assert_eq!(asked(Caller::Operator, "nobody").await.unwrap(), None, "nothing is kept of it");
    assert_eq!(asked(Caller::User(user("eve")), "eve").await.unwrap(), None);
    let begun = asked(Caller::User(user("ann")), "ann").await.unwrap().expect("begun");
    assert!(begun.ts > Timestamp::default());
    forget_ends(&server, "ann").await;
}
