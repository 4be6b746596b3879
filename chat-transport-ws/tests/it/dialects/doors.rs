//! Who comes into which room, what it costs, and how one is turned away that has nothing to do with whose it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::RoomId;
use chat_protocol::dialect::chats::{Chats, PresenceScope};
use chat_protocol::dialect::haraj::Haraj;
use chat_protocol::dialect::hipochat::Hipochat;
use chat_server_core::auth::{AuthError, Authenticator, Principal};
use chat_server_core::dialects::Port;
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{AliasStore, StorageError, StorageErrorKind, StorageLayer, key_name};
use chat_server_core::{Providers, Rate, ServerConfig};
use chat_transport_ws::WsConfig;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::calls::ask;
use super::together::haraj;
use super::{OPERATOR, Socket, open, open_with, operate, ports, start, start_with};
use crate::edge::{Answer, Edge, command};
use crate::raw::{self, soon};

const ROOM: &str = "e598c2a9-317a-4577-8cbd-7fd5f0cddbdf";

const AUTH_ERROR: &str = "authentication error";

async fn start_as(dialects: Vec<Port>, core: ServerConfig) -> Edge {
    Edge::start_with(WsConfig::default(), Providers { dialects, ..Providers::default() }, core).await
}

fn open_hipochat() -> Port {
    Port { open_rooms: true, read_on_entry: true, ..Port::new(Hipochat::default()) }
}

/// A call of hipochat: its status and body.
async fn call(edge: &Edge, token: &str, line: &str, body: &str) -> Answer {
    let form = body.starts_with("tokens");
    let kind = if form { "application/x-www-form-urlencoded" } else { "application/json" };
    ask(edge, line, Some(token), (kind, body)).await
}

async fn talk_socket(edge: &Edge, room: &str, user: &str) -> Socket {
    open(edge, &format!("/talk/chat/{room}/?token=dev-{user}")).await
}

/// A socket that is told why it is none.
async fn is_told(mut socket: Socket, why: &str) {
    socket.hears(json!({"ERROR": why})).await;
    assert_eq!(socket.closed().await, Some(1008));
}

fn create(room: &str) -> String {
    json!({"create": {"id": "c", "kind": "group", "room": room, "members": ["1"]}}).to_string()
}

#[tokio::test]
async fn nobody_else_makes_the_room_of_one_s_own_nor_one_of_a_pair_s_name() {
    let edge = start().await;
    let mut eve = edge.login("3").await;
    for (room, status) in
        [("chat-1-unknown", 403), ("chat-1-2", 403), ("~chat-1-unknown", 400), ("chat-room", 200)]
    {
        let reply = command(&mut eve, &create(room)).await;
        assert_eq!(reply.status, status, "{room}: {reply:?}");
    }
    // Even what the operator made of that name is another room.
    let made = json!({"kind": "group", "room": "chat-1-unknown", "owner": "3", "members": ["1"]});
    operate(&edge, "POST /v1/rooms", &made.to_string()).await;
    let mut ann = open(&edge, "/?token=dev-1").await;
    assert_eq!(ann.hear().await["room"], "chat-1-unknown");
    ann.say(json!({"text": "to myself"})).await;
    assert_eq!(ann.hear().await["text"], "to myself");
    let page = json!({"history": {"id": "h", "room": "chat-1-unknown"}}).to_string();
    let page = command(&mut eve, &page).await;
    assert!(!format!("{page:?}").contains("to myself"), "{page:?}");
    let mine = edge.get("/api/chat/history/?room=chat-1-unknown&token=dev-1").await;
    assert!(mine.body.contains("to myself") && mine.body.contains(r#""room":"chat-1-unknown""#), "{mine:?}");
    for room in ["chat-1-unknown", "~chat-1-unknown"] {
        let others = edge.get(&format!("/api/chat/history/?room={room}&token=dev-2")).await;
        assert_eq!(others.body, "{}", "{room}");
    }
}

#[tokio::test]
async fn rooms_and_memberships_that_come_by_a_name_are_paid_for() {
    // Two rooms and a little, or one room and two that are joined.
    let user_rate = Rate { per_second: 1, burst: 45 };
    let edge = start_as(vec![open_hipochat()], ServerConfig { user_rate, ..ServerConfig::default() }).await;
    let mut open_rooms = Vec::new();
    for room in ["r1", "r2"] {
        open_rooms.push(talk_socket(&edge, room, "1").await);
    }
    is_told(talk_socket(&edge, "r3", "1").await, "too many requests, try again later").await;
    assert_eq!(call(&edge, "dev-1", "GET /talk/old/r3/", "").await.status, 429);
    for (room, user) in [("r4", "4"), ("r1", "2"), ("r2", "2"), ("r5", "2")] {
        open_rooms.push(talk_socket(&edge, room, user).await);
    }
    is_told(talk_socket(&edge, "r4", "2").await, "too many requests, try again later").await;
    // Who is a member comes in as it likes, and is heard.
    let mut again = talk_socket(&edge, "r1", "1").await;
    open_rooms[0].say(json!({"message": "hi"})).await;
    assert_eq!(again.hear().await["message"], "hi");
}

#[tokio::test]
async fn the_name_of_a_room_s_key_lets_nobody_into_an_invite_only_one() {
    let storage = Arc::new(MemoryStore::default());
    let providers = Providers { storage: storage.clone(), dialects: ports(), ..Providers::default() };
    let config = WsConfig { operator_token: Some(OPERATOR.to_owned()), ..WsConfig::default() };
    let edge = Edge::start_with(config, providers, ServerConfig::default()).await;
    let key = async |room: &str| {
        let record = storage.records(&[RoomId::new(room).unwrap()]).await.unwrap();
        key_name(record[0].as_ref().unwrap().key)
    };
    let mut ann = edge.login("1").await;
    for (room, access) in [("team", "invite"), ("square", "open")] {
        let made = json!({"create": {"id": room, "kind": "group", "room": room, "access": access, "members": ["2"]}});
        assert_eq!(command(&mut ann, &made.to_string()).await.status, 200);
    }
    let team = key("team").await;
    let mut bob = talk_socket(&edge, &team, "2").await;
    bob.say(json!({"message": "hi"})).await;
    assert_eq!(bob.hear().await["message"], "hi", "a member comes by that name");
    let kick = r#"{"kick":{"id":"k","room":"team","user":"2"}}"#;
    assert_eq!(command(&mut ann, kick).await.status, 200);
    assert_eq!(bob.closed().await, Some(1008));
    is_told(talk_socket(&edge, &team, "2").await, AUTH_ERROR).await;
    for line in [format!("GET /talk/old/{team}/"), format!("POST /talk/item/{team}/")] {
        assert_eq!(call(&edge, "dev-2", &line, "{}").await.status, 403, "{line}");
    }
    // Whoever wants may join the other one anyway.
    let mut carl = talk_socket(&edge, &key("square").await, "3").await;
    carl.say(json!({"message": "hi"})).await;
    assert_eq!(carl.hear().await["message"], "hi");
}

#[tokio::test]
async fn a_stranger_with_the_token_stays_outside_where_rooms_are_not_open() {
    let edge = start_with(vec![Port::new(Hipochat::default())]).await;
    let add = format!("POST /talk/new-chat-room/{ROOM}");
    assert_eq!(call(&edge, OPERATOR, &add, "tokens=dev-1").await.status, 200);
    let mut ann = talk_socket(&edge, ROOM, "1").await;
    is_told(talk_socket(&edge, ROOM, "2").await, AUTH_ERROR).await;
    ann.say(json!({"message": "among us"})).await;
    assert_eq!(ann.hear().await["message"], "among us");
}

#[tokio::test]
async fn who_was_removed_from_a_room_of_some_users_stays_outside_where_rooms_are_not_open() {
    for (dialects, again) in [(vec![Port::new(Hipochat::default())], 403), (vec![open_hipochat()], 200)] {
        let edge = start_with(dialects).await;
        let made = call(&edge, "dev-1", "POST /api/chat", r#"{"users":["2","3"]}"#).await;
        assert_eq!(made.status, 201, "{made:?}");
        let made: Value = serde_json::from_str(&made.body).unwrap();
        let remove = format!("POST /talk/unsubscribe/{}/", made["chat"]["token"].as_str().unwrap());
        assert_eq!(call(&edge, "dev-1", &remove, "tokens=dev-2").await.status, 200);
        for (token, users, status) in
            [("dev-2", r#"{"users":["1","3"]}"#, again), ("dev-3", r#"{"users":["1","2"]}"#, 200)]
        {
            assert_eq!(call(&edge, token, "POST /api/chat", users).await.status, status, "{token}");
        }
    }
}

/// A store that can be told to fail.
#[derive(Default)]
struct Failing {
    store: MemoryStore,
    fails: AtomicBool,
}

#[async_trait]
impl StorageLayer for Failing {
    type Inner = MemoryStore;

    fn inner(&self) -> &MemoryStore {
        &self.store
    }

    async fn before(&self, call: &'static str) -> Result<(), StorageError> {
        match call == "standing" && self.fails.load(Ordering::Relaxed) {
            true => Err(StorageError::new(StorageErrorKind::Unavailable, call, "told to")),
            false => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_store_that_fails_does_not_say_that_somebody_is_no_member() {
    let storage = Arc::new(Failing::default());
    let providers =
        Providers { storage: storage.clone(), dialects: vec![open_hipochat()], ..Providers::default() };
    let edge = Edge::start_with(WsConfig::default(), providers, ServerConfig::default()).await;
    drop(talk_socket(&edge, ROOM, "1").await);
    let users = r#"{"users":["2","3"]}"#;
    assert_eq!(call(&edge, "dev-1", "POST /api/chat", users).await.status, 201);
    storage.fails.store(true, Ordering::Relaxed);
    for path in [
        format!("/talk/notification/{ROOM}/"),
        format!("/talk/notification/{ROOM}/?type=item"),
        format!("/talk/history/{ROOM}"),
        format!("/talk/old/{ROOM}/"),
    ] {
        assert_eq!(call(&edge, "dev-1", &format!("GET {path}"), "").await.status, 503, "{path}");
    }
    assert_eq!(call(&edge, "dev-1", "POST /api/chat", users).await.status, 503);
    is_told(talk_socket(&edge, ROOM, "1").await, "not available, try again later").await;
    storage.fails.store(false, Ordering::Relaxed);
    assert_eq!(call(&edge, "dev-1", &format!("GET /talk/history/{ROOM}"), "").await.status, 200);
}

/// What reads far costs more than what does not: the counter of a type, beside that of all.
#[tokio::test]
async fn a_history_of_many_rooms_counts_without_reading() {
    let user_rate = Rate { per_second: 1, burst: 60 };
    let edge = start_as(vec![open_hipochat()], ServerConfig { user_rate, ..ServerConfig::default() }).await;
    let mut ann = talk_socket(&edge, ROOM, "1").await;
    ann.say(json!({"message": "hi"})).await;
    ann.hear().await;
    drop(talk_socket(&edge, ROOM, "2").await);
    let count = async |query: &str| {
        call(&edge, "dev-2", &format!("GET /talk/notification/{ROOM}/{query}"), "").await.status
    };
    // Ten are left of sixty by coming in and two that are dear.
    assert_eq!((count("?type=item").await, count("?type=message").await), (200, 200));
    assert_eq!((count("?type=item").await, count("").await), (429, 200));
}

/// Knows nobody now.
#[derive(Clone, Copy)]
enum Trouble {
    Unavailable,
    TooOften,
}

#[async_trait]
impl Authenticator for Trouble {
    async fn authenticate(&self, _: &str) -> Result<Principal, AuthError> {
        Err(match self {
            Trouble::Unavailable => AuthError::Unavailable("no answer".into()),
            Trouble::TooOften => AuthError::TooOften(Duration::from_secs(1)),
        })
    }
}

#[tokio::test]
async fn who_cannot_be_let_in_now_is_not_told_that_its_token_is_wrong() {
    for (trouble, status, detail, told) in [
        (
            Trouble::Unavailable,
            503,
            "Service temporarily unavailable, try again later.",
            "not available, try again later",
        ),
        (Trouble::TooOften, 429, "Request was throttled.", "too many requests, try again later"),
    ] {
        let with = |port: Port| Port { auth: Some(Arc::new(trouble)), ..port };
        let edge = start_with(ports().into_iter().map(with).collect()).await;
        for path in ["/ws/chats/?token=dev-1", "/ws/chat/acme/?token=dev-1"] {
            let refused = open_with(&edge, path, &[]).await.err().unwrap();
            let body: Value = serde_json::from_str(&refused.body).unwrap();
            assert_eq!((refused.status, body), (status, json!({"detail": detail})), "{path}");
        }
        is_told(talk_socket(&edge, ROOM, "1").await, told).await;
    }
}

/// A message in the direct chat of a user with user 1.
async fn write(socket: &mut Socket, user: u32, text: &str) {
    let content = json!({"chat_type": "direct", "chat_id": format!("1_{user}"), "text": text});
    socket.say(json!({"type": "new_message", "content": content})).await;
    assert_eq!(socket.hear_with("/content/text").await["content"]["text"], text);
}

/// Messages in the same room of a native client, which waits for none of them.
async fn write_at_once(edge: &Edge, user: u32, texts: &[String]) -> TcpStream {
    let mut native = edge.login(&user.to_string()).await;
    let send = |text: &String| {
        let content = json!({"type": "text/plain", "payload": {"text": text}});
        let send = json!({"send": {"id": text, "room": format!("~1.1.{user}"), "content": content}});
        raw::frame(raw::TEXT, send.to_string())
    };
    let frames: Vec<u8> = texts.iter().flat_map(send).collect();
    soon(native.write_all(&frames)).await.unwrap();
    native
}

#[tokio::test]
async fn who_has_more_rooms_than_one_socket_hears_of_hears_of_those_in_which_something_happens() {
    let core = ServerConfig { max_rooms_followed: 2, ..ServerConfig::default() };
    let edge = start_as(vec![Port::new(Chats::default())], core).await;
    let mut others = Vec::new();
    for user in 2..=4 {
        let mut socket = open(&edge, &format!("/ws/chats/?token=dev-{user}")).await;
        write(&mut socket, user, "first").await;
        others.push((user, socket));
    }
    let mut ann = open(&edge, "/ws/chats/?token=dev-1").await;
    ann.say(json!({"type": "new_message"})).await;
    ann.hear_with("/error").await;
    // One that is made now is one more.
    let mut socket = open(&edge, "/ws/chats/?token=dev-5").await;
    write(&mut socket, 5, "first").await;
    assert_eq!(ann.hear_with("/content/text").await["content"]["author_id"], 5);
    others.push((5, socket));
    for round in 0..3 {
        for (user, socket) in &mut others {
            // Side by side: what waits behind the first one is heard as well.
            let texts: Vec<_> = (0..20).map(|n| format!("{n} in round {round} of {user}")).collect();
            let _native = write_at_once(&edge, *user, &texts).await;
            for text in &texts {
                assert_eq!(ann.hear_with("/content/text").await["content"]["text"], *text);
            }
            let chat = json!({"chat_type": "direct", "chat_id": format!("1_{user}")});
            socket.say(json!({"type": "user_typing", "content": chat})).await;
            let typing = ann.hear_with("/content/end_time").await;
            assert_eq!(typing["content"]["user_id"], *user, "the room is one of its rooms again");
        }
    }
}

#[tokio::test]
async fn typing_that_came_over_http_ends_with_the_user_s_last_socket() {
    // As long as the test may take: nothing else ends it.
    let core = ServerConfig { typing_ttl: Duration::from_secs(600), ..ServerConfig::default() };
    let edge = start_as(vec![Port::new(Haraj::default())], core).await;
    let post = async |line: &str, body: Value| {
        ask(&edge, line, Some("dev-2"), ("application/json", &body.to_string())).await
    };
    let topics = "POST /chat/users/2/topics";
    assert_eq!(post(topics, json!({"type": "p2p", "with_id": 1})).await.status, 200);
    let (mut ann, phone, page) = (haraj(&edge, 1).await, haraj(&edge, 2).await, haraj(&edge, 2).await);
    let line = format!("{topics}/p2p1_2");
    let typing = json!({"what": "typing", "start": true});
    for drops in [Some(phone), None] {
        assert_eq!(post(&line, typing.clone()).await.status, 200);
        assert_eq!(ann.hear().await["pres"]["what"], "typing", "it did not end with one of two sockets");
        drop(drops);
        while edge.server.connections() > 2 {
            tokio::task::yield_now().await;
        }
    }
    drop(page);
    let ended = ann.hear().await;
    assert_eq!((&ended["pres"]["what"], &ended["pres"]["from_id"]), (&json!("stop_typing"), &json!(2)));
}

#[tokio::test]
async fn where_the_operator_says_so_presence_is_told_to_those_who_share_a_room() {
    let chats = Chats { presence_scope: PresenceScope::SharedRooms };
    let edge = start_with(vec![Port::new(chats)]).await;
    let mut ann = open(&edge, "/ws/chats/?token=dev-1").await;
    let mut eve = open(&edge, "/ws/chats/?token=dev-3").await;
    let content = json!({"chat_type": "direct", "chat_id": "1_2", "text": "hi"});
    ann.say(json!({"type": "new_message", "content": content})).await;
    assert_eq!(ann.hear().await["type"], "new_message");
    let shown = |what: &str| json!({"type": what, "user_id": 2, "content": {"user_id": 2}});
    let mut bob = open(&edge, "/ws/chats/?token=dev-2").await;
    ann.hears(shown("set_online")).await;
    bob.say(json!({"type": "set_offline"})).await;
    ann.hears(shown("set_offline")).await;
    bob.say(json!({"type": "set_online"})).await;
    ann.hears(shown("set_online")).await;
    drop(bob);
    ann.hears(shown("set_offline")).await;
    eve.say(json!({"type": "new_message"})).await;
    assert!(eve.hear().await["error"].is_string(), "nothing was told to who shares no room");
}
