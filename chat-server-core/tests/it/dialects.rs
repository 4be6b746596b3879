//! Sockets of existing systems beside native connections, in the same rooms.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::dialect::chats::Chats;
use chat_protocol::dialect::haraj::Haraj;
use chat_protocol::dialect::helpdesk::Helpdesk;
use chat_protocol::dialect::hipochat::Hipochat;
use chat_protocol::dialect::tndata::TnData;
use chat_protocol::dialect::{Handshake, RoomName};
use chat_protocol::event::{UserChange, UserChanged};
use chat_protocol::{Close, Frame, RoomId, Text, Timestamp, UserId, UserOffset};
use chat_server_core::bus::{Hint, News};
use chat_server_core::dialects::{Entered, Entrance, Port, PortId};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{StorageError, StorageLayer};
use chat_server_core::transport::PeerInfo;
use chat_server_core::transport::memory::{self, MemoryConnection};
use chat_server_core::{Caller, ChatServer, Providers, ServerConfig};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::Notify;

pub(crate) fn ports() -> Vec<Port> {
    vec![
        Port::new(Haraj::default()),
        Port::new(TnData::default()),
        Port::new(Chats::default()),
        Port::new(Helpdesk::default()),
        Port { open_rooms: true, ..Port::new(Hipochat::default()) },
    ]
}

fn server() -> ChatServer {
    ChatServer::start(Providers { dialects: ports(), ..Providers::default() }, ServerConfig::default())
}

/// A socket of the first format that has the path.
pub(crate) async fn open(server: &ChatServer, path: &str, token: Option<&str>) -> Socket {
    let entered = enter(server, path, token).await;
    sit(server, entered)
}

/// Who is let in by the first format that has the path.
async fn enter(server: &ChatServer, path: &str, token: Option<&str>) -> Entered {
    let query: Vec<_> = token.iter().map(|token| ("token", *token)).collect();
    enter_with(server, path, &query).await
}

async fn enter_with(server: &ChatServer, path: &str, query: &[(&str, &str)]) -> Entered {
    let query: Vec<_> = query.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let handshake = Handshake { path, query: &query, headers: &[] };
    let found = (0..5).find_map(|port| {
        let port = PortId(port);
        server.port(port).dialect.open(&handshake).map(|opening| (port, opening))
    });
    let (port, opening) = found.expect("a format has the path");
    let Entrance::Let(entered) = server.enter(port, opening, &[]).await else { panic!("it is let in") };
    entered
}

fn sit(server: &ChatServer, entered: Entered) -> Socket {
    let (ours, theirs) = memory::pair(1_024);
    tokio::spawn(server.serve_socket(entered, theirs, PeerInfo::default()));
    Socket(ours)
}

pub(crate) struct Socket(MemoryConnection);

impl Socket {
    pub(crate) async fn say(&mut self, frame: Value) {
        self.0.send(Frame::Text(Text::from(frame.to_string()))).await.unwrap();
    }

    /// The next frame.
    pub(crate) async fn hear(&mut self) -> Value {
        let next = tokio::time::timeout(Duration::from_secs(10), self.0.next()).await;
        match next.expect("something is said") {
            Some(Ok(Frame::Text(text))) => serde_json::from_str(text.as_str()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Ends it, when all is done that it said.
    pub(crate) async fn end(mut self) {
        self.0.send(Frame::Close(Close::normal())).await.unwrap();
        until_closed(self).await;
    }

    /// The next frame that has this key.
    async fn hear_with(&mut self, pointer: &str) -> Value {
        loop {
            let frame = self.hear().await;
            if frame.pointer(pointer).is_some() {
                return frame;
            }
        }
    }
}

/// Reads until the connection is closed; what was said before.
async fn until_closed(mut socket: Socket) -> Vec<String> {
    let mut heard = Vec::new();
    loop {
        let next = tokio::time::timeout(Duration::from_secs(10), socket.0.next()).await;
        match next.expect("it is closed") {
            Some(Ok(Frame::Text(text))) => heard.push(text.as_str().to_owned()),
            Some(Ok(Frame::Close(_)) | Err(_)) | None => return heard,
            Some(Ok(_)) => {}
        }
    }
}

/// A socket of `chats` that has its place: what it says is heard after that.
async fn open_chats(server: &ChatServer, token: &str) -> Socket {
    let mut socket = open(server, "/ws/chats/", Some(token)).await;
    socket.say(json!({"type": "new_message"})).await;
    socket.hear_with("/error").await;
    socket
}

pub(crate) async fn native(server: &ChatServer, user: &str) -> Socket {
    let (ours, theirs) = memory::pair(1_024);
    tokio::spawn(server.serve_connection(theirs, PeerInfo::default()));
    let mut socket = Socket(ours);
    socket.say(json!({"auth": {"id": "a", "token": format!("dev-{user}")}})).await;
    socket.hear_with("/resumed/user_offset").await;
    socket
}

#[tokio::test]
async fn a_direct_room_is_one_in_all_formats() {
    let server = server();
    let mut ann = open(&server, "/chat/2/", Some("dev-1")).await;
    assert_eq!(ann.hear().await["message"], "1 joined.", "its own arrival is its first frame");
    let mut bob = open(&server, "/ws/chats/", Some("dev-2")).await;
    let mut bob_native = native(&server, "2").await;
    let mut ann_haraj = open(&server, "/chat/ws", None).await;
    ann_haraj.say(json!({"auth": {"id": "a", "access_token": "dev-1"}})).await;
    assert_eq!(ann_haraj.hear().await["data"]["user_id"], 1);

    ann.say(json!({"text": "hello", "from": 1})).await;
    let told = ann.hear_with("/digest").await;
    assert_eq!((&told["text"], &told["from_id"]), (&json!("hello"), &json!(1)));
    let chats = bob.hear().await;
    assert_eq!((&chats["type"], &chats["content"]["chat_id"]), (&json!("new_message"), &json!("1_2")));
    let seen = bob_native.hear_with("/message").await;
    assert_eq!(seen["message"]["content"]["payload"]["text"], "hello");
    let haraj = ann_haraj.hear_with("/message").await;
    assert_eq!(haraj["message"]["topic_id"], "p2p1_2");
    assert_eq!(haraj["message"]["status"], json!({"2": false}), "sent by another format it comes to all");

    let id = chats["content"]["message_id"].clone();
    let chat = json!({"chat_type": "direct", "chat_id": "1_2"});
    let read = json!({"chat_type": "direct", "chat_id": "1_2", "message_id": id});
    bob.say(json!({"type": "message_read", "content": read})).await;
    let reads = ann_haraj.hear_with("/reads").await;
    assert_eq!((&reads["reads"]["from_id"], &reads["reads"]["seq_ids"]), (&json!(2), &json!([1])));
    assert_eq!(bob.hear_with("/content/user_id").await["content"]["user_id"], 2);

    bob.say(json!({"type": "user_typing", "content": chat})).await;
    assert_eq!(ann_haraj.hear_with("/pres").await["pres"]["what"], "typing");
    bob.say(
        json!({"type": "new_message", "content": {"chat_type": "direct", "chat_id": "1_2", "text": "hi"}}),
    )
    .await;
    assert_eq!(ann.hear().await["text"], "hi");
    assert_eq!(bob.hear_with("/content/message").await["content"]["text"], "hi", "the echo");
    drop(ann);
}

#[tokio::test]
async fn a_message_ends_that_its_author_writes() {
    let server = server();
    let mut ann = open(&server, "/chat/ws", None).await;
    ann.say(json!({"auth": {"id": "a", "access_token": "dev-1"}})).await;
    assert_eq!(ann.hear().await["data"]["user_id"], 1);
    let mut bob = open(&server, "/ws/chats/", Some("dev-2")).await;
    let chat = json!({"chat_type": "direct", "chat_id": "1_2", "text": "hi"});
    bob.say(json!({"type": "new_message", "content": chat})).await;
    bob.say(json!({"type": "user_typing", "content": chat})).await;
    assert_eq!(ann.hear_with("/pres").await["pres"]["what"], "typing");
    bob.say(json!({"type": "new_message", "content": chat})).await;
    assert_eq!(ann.hear_with("/pres").await["pres"]["what"], "stop_typing");
}

#[tokio::test]
async fn an_alias_makes_a_room_and_its_members() {
    let server = server();
    let mut ann = open(&server, "/talk/chat/lobby/", Some("dev-1")).await;
    let mut bob = open(&server, "/talk/chat/lobby/", Some("dev-2")).await;
    bob.say(json!({"message": "hello", "author": "bob"})).await;
    for socket in [&mut ann, &mut bob] {
        let told = socket.hear().await;
        assert_eq!((&told["message"], &told["token"]), (&json!("hello"), &json!("lobby")));
        assert!(told["timestamp"].is_number());
    }
}

#[tokio::test]
async fn what_was_written_before_a_member_joined_is_kept_from_its_sockets() {
    let server = server();
    let make = r#"{"create":{"id":"c","kind":"group","room":"r","number":7,"history":"joined","owner":"1"}}"#;
    let make = chat_protocol::decode(make.as_bytes()).unwrap();
    server.command(&Caller::Operator, make).await.unwrap();
    let mut ann = native(&server, "1").await;
    let mut bob = open(&server, "/ws/chats/", Some("dev-2")).await;
    let content = |text: &str| json!({"type": "text/plain", "payload": {"text": text}});
    let send = |text: &str| json!({"send": {"id": text, "room": "r", "content": content(text)}});
    let edit = |seq: u64, text: &str| json!({"edit": {"id": "e", "room": "r", "seq": seq, "content": content(text)}});
    ann.say(send("secret")).await;
    ann.say(send("secret too")).await;
    ann.say(json!({"invite": {"id": "i", "room": "r", "users": ["2"]}})).await;
    ann.hear_with("/reply/data/added").await;
    ann.say(edit(1, "new secret")).await;
    ann.say(json!({"delete": {"id": "d", "room": "r", "seq": 2}})).await;
    let mut answer = send("open");
    answer["send"]["reply_to"] = json!(1);
    ann.say(answer).await;
    ann.say(edit(3, "opener")).await;
    for text in ["open", "opener"] {
        let told = bob.hear().await;
        assert_eq!(told["content"]["text"], text, "{told}");
        assert!(!told.to_string().contains("secret"), "{told}");
    }
}

/// Two nodes of one system.
fn nodes() -> (ChatServer, ChatServer) {
    let parts = Providers { dialects: ports(), ..crate::peer::shared() };
    let other = Providers {
        storage: parts.storage.clone(),
        bus: parts.bus.clone(),
        dialects: ports(),
        ..Providers::default()
    };
    (ChatServer::start(parts, ServerConfig::default()), ChatServer::start(other, ServerConfig::default()))
}

pub(crate) async fn operate(server: &ChatServer, command: Value) {
    let command = chat_protocol::decode(command.to_string().as_bytes()).unwrap();
    server.command(&Caller::Operator, command).await.unwrap();
}

pub(crate) async fn set_agent(server: &ChatServer, user: &str, agent: bool) {
    server.set_agent(&Caller::Operator, "acme", &user.parse().unwrap(), agent).await.unwrap();
}

pub(crate) fn say(room: &str, text: &str) -> Value {
    let content = json!({"type": "text/plain", "payload": {"text": text}});
    json!({"send": {"id": text, "room": room, "content": content}})
}

/// A native command, until it is answered.
pub(crate) async fn ask(socket: &mut Socket, command: Value) {
    let id = command.as_object().unwrap().values().next().unwrap()["id"].clone();
    socket.say(command).await;
    while socket.hear_with("/reply/id").await["reply"]["id"] != id {}
}

/// Everything that a socket hears, up to what has this text.
pub(crate) async fn heard_until(socket: &mut Socket, text: &str) -> String {
    let mut heard = String::new();
    while !heard.contains(text) {
        heard += &socket.hear().await.to_string();
    }
    heard
}

#[tokio::test]
async fn who_is_an_agent_no_more_hears_nothing_of_the_organization() {
    let (here, there) = nodes();
    let desk = json!({"organization": "acme", "client": "1"});
    operate(&here, json!({"create": {"id": "c", "kind": "desk", "room": "d", "desk": desk}})).await;
    set_agent(&here, "7", true).await;
    set_agent(&here, "8", true).await;
    let entered = enter(&here, "/ws/chat/acme/", Some("dev-7")).await;
    let mut local = open(&here, "/ws/chat/acme/", Some("dev-7")).await;
    let mut remote = open(&there, "/ws/chat/acme/", Some("dev-7")).await;
    let mut other = open(&there, "/ws/chat/acme/", Some("dev-8")).await;
    let mut client = native(&here, "1").await;
    client.say(say("d", "help")).await;
    for socket in [&mut local, &mut remote, &mut other] {
        heard_until(socket, "help").await;
    }
    set_agent(&here, "7", false).await;
    until_closed(local).await;
    until_closed(sit(&here, entered)).await;
    client.say(say("d", "secret")).await;
    heard_until(&mut other, "secret").await;
    other.say(json!({"type": "new_message", "data": "hidden"})).await;
    heard_until(&mut other, "hidden").await;
    set_agent(&here, "7", true).await;
    client.say(say("d", "open")).await;
    let heard = heard_until(&mut remote, "open").await;
    assert!(
        !heard.contains("secret") && !heard.contains("hidden"),
        "of another node it hears nothing either: {heard}"
    );
}

#[tokio::test]
async fn an_agent_hears_nothing_of_a_case_that_it_is_banned_from() {
    let server = server();
    let desk = json!({"organization": "acme", "client": "1"});
    operate(&server, json!({"create": {"id": "c", "kind": "desk", "room": "d", "desk": desk}})).await;
    set_agent(&server, "7", true).await;
    let mut agent = open(&server, "/ws/chat/acme/", Some("dev-7")).await;
    let mut client = native(&server, "1").await;
    operate(&server, json!({"ban": {"id": "b", "room": "d", "user": "7"}})).await;
    ask(&mut client, say("d", "secret")).await;
    operate(&server, json!({"unban": {"id": "b", "room": "d", "user": "7"}})).await;
    client.say(say("d", "open")).await;
    let heard = heard_until(&mut agent, "open").await;
    assert!(!heard.contains("secret"), "{heard}");
}

#[tokio::test]
async fn who_has_to_go_while_it_comes_in_hears_nothing() {
    let server = server();
    let _ann = open(&server, "/talk/chat/lobby/", Some("dev-1")).await;
    let entered = enter(&server, "/talk/chat/lobby/", Some("dev-2")).await;
    let operator = server.visit_as(PortId(4), &Caller::Operator);
    let lobby = RoomName::Alias("lobby".to_owned());
    operator.remove_members(&lobby, vec!["2".parse().unwrap()]).await.unwrap();
    until_closed(sit(&server, entered)).await;
}

/// A store that waits before it says for the second time what a user is to a room.
struct Slow {
    store: MemoryStore,
    asked: AtomicUsize,
    go: Notify,
}

#[async_trait]
impl StorageLayer for Slow {
    type Inner = MemoryStore;

    fn inner(&self) -> &MemoryStore {
        &self.store
    }

    async fn before(&self, call: &'static str) -> Result<(), StorageError> {
        if call == "standing" && self.asked.fetch_add(1, Ordering::Relaxed) == 1 {
            self.go.notified().await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn nothing_is_heard_before_one_s_own_arrival() {
    let slow = Slow { store: MemoryStore::default(), asked: AtomicUsize::new(9), go: Notify::new() };
    let storage = Arc::new(slow);
    let providers = Providers { storage: storage.clone(), dialects: ports(), ..Providers::default() };
    let server = ChatServer::start(providers, ServerConfig::default());
    operate(
        &server,
        json!({"create": {"id": "c", "kind": "group", "room": "lobby", "owner": "1", "members": ["2"]}}),
    )
    .await;
    let lobby = |token: &'static str| [("token", token), ("room", "lobby")];
    let mut ann = sit(&server, enter_with(&server, "/chat/", &lobby("dev-1")).await);
    assert_eq!(ann.hear().await["text"], "1 joined.");
    // It is in the room, and is looked at once more.
    storage.asked.store(0, Ordering::Relaxed);
    let mut bob = sit(&server, enter_with(&server, "/chat/", &lobby("dev-2")).await);
    while storage.asked.load(Ordering::Relaxed) < 2 {
        tokio::task::yield_now().await;
    }
    ann.say(json!({"text": "hi"})).await;
    while ann.hear().await["text"] != "hi" {}
    storage.go.notify_one();
    for text in ["2 joined.", "hi"] {
        assert_eq!(bob.hear().await["text"], text);
    }
}

#[tokio::test]
async fn old_news_of_a_room_let_nobody_hear_of_it_again() {
    let parts = crate::peer::shared();
    let (bus, epoch) = (parts.bus.clone(), parts.storage.epoch());
    let server = ChatServer::start(Providers { dialects: ports(), ..parts }, ServerConfig::default());
    let mut bob = open_chats(&server, "dev-2").await;
    operate(&server, json!({"create": {"id": "c", "kind": "group", "room": "r", "number": 7, "owner": "1", "members": ["2"]}})).await;
    let mut ann = native(&server, "1").await;
    ann.say(say("r", "welcome")).await;
    heard_until(&mut bob, "welcome").await;
    operate(&server, json!({"kick": {"id": "k", "room": "r", "user": "2"}})).await;
    let (user, room): (UserId, RoomId) = ("2".parse().unwrap(), "r".parse().unwrap());
    let first = UserOffset::ZERO.next();
    let (change, ts) = (UserChange::RoomJoined { room }, Timestamp::default());
    let joined = UserChanged { user_offset: first, change, ts };
    bus.publish(Hint { node: 9, epoch, news: News::User(user, joined) });
    tokio::time::sleep(Duration::from_millis(20)).await;
    ask(&mut ann, say("r", "secret")).await;
    operate(&server, json!({"invite": {"id": "i", "room": "r", "users": ["2"]}})).await;
    ann.say(say("r", "open")).await;
    let heard = heard_until(&mut bob, "open").await;
    assert!(!heard.contains("secret"), "{heard}");
}

/// Bob's socket of `chats`, and what it says to read a message.
async fn reader(server: &ChatServer, chat: Value, ann: &mut Socket, room: &str) -> (Socket, Value) {
    let mut bob = open_chats(server, "dev-2").await;
    ann.say(say(room, "hello")).await;
    let id = bob.hear_with("/content/message_id").await["content"]["message_id"].clone();
    let mut read = chat;
    read["message_id"] = id;
    (bob, json!({"type": "message_read", "content": read}))
}

#[tokio::test]
async fn who_is_blocked_is_not_told_what_a_socket_reads() {
    let server = server();
    let (mut ann, mut bob_native) = (native(&server, "1").await, native(&server, "2").await);
    ann.say(json!({"create": {"id": "c", "kind": "direct", "members": ["2"]}})).await;
    let made = ann.hear_with("/reply/data/room").await;
    let room = made["reply"]["data"]["room"]["room"].as_str().unwrap();
    let mut ann_chats = open_chats(&server, "dev-1").await;
    let chat = json!({"chat_type": "direct", "chat_id": "1_2"});
    let (mut bob, read) = reader(&server, chat, &mut ann, room).await;
    ask(&mut bob_native, json!({"block": {"id": "block", "user": "1"}})).await;
    for _ in 0..2 {
        bob.say(read.clone()).await;
    }
    bob.say(json!({"type": "new_message"})).await;
    bob.hear_with("/error").await;
    ask(&mut bob_native, json!({"unblock": {"id": "unblock", "user": "1"}})).await;
    ann.say(say(room, "later")).await;
    let heard = heard_until(&mut ann_chats, "later").await;
    assert!(!heard.contains("message_read"), "{heard}");
    bob.say(read).await;
    heard_until(&mut ann_chats, "message_read").await;
}

#[tokio::test]
async fn in_a_large_room_nobody_is_told_what_a_socket_reads() {
    let config = ServerConfig { max_receipt_members: 2, ..ServerConfig::default() };
    let server = ChatServer::start(Providers { dialects: ports(), ..Providers::default() }, config);
    let members = json!(["2", "3"]);
    let create =
        json!({"id": "c", "kind": "group", "room": "r", "number": 7, "owner": "1", "members": members});
    operate(&server, json!({"create": create})).await;
    let mut ann = native(&server, "1").await;
    let mut ann_chats = open_chats(&server, "dev-1").await;
    let chat = json!({"chat_type": "project", "chat_id": 7});
    let (mut bob, read) = reader(&server, chat, &mut ann, "r").await;
    for _ in 0..2 {
        bob.say(read.clone()).await;
    }
    bob.say(json!({"type": "new_message"})).await;
    bob.hear_with("/error").await;
    ann.say(say("r", "later")).await;
    let heard = heard_until(&mut ann_chats, "later").await;
    assert!(!heard.contains("message_read"), "{heard}");
}

#[tokio::test]
async fn of_two_of_whom_one_blocks_the_other_sockets_tell_neither_who_is_there() {
    let server = server();
    let mut bob = native(&server, "2").await;
    ask(&mut bob, json!({"create": {"id": "c", "kind": "direct", "members": ["1"]}})).await;
    ask(&mut bob, json!({"block": {"id": "b", "user": "1"}})).await;
    drop(bob);
    while server.connections() > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let mut ann_chats = open_chats(&server, "dev-1").await;
    let mut ann_tndata = open(&server, "/chat/2/", Some("dev-1")).await;
    heard_until(&mut ann_tndata, "1 joined.").await;
    let _bob_chats = open_chats(&server, "dev-2").await;
    let mut bob_tndata = open(&server, "/chat/1/", Some("dev-2")).await;
    let heard = heard_until(&mut bob_tndata, "2 joined.").await;
    assert!(!heard.contains("1 joined"), "{heard}");
    let _cid = open_chats(&server, "dev-3").await;
    let heard = heard_until(&mut ann_chats, r#""user_id":3"#).await;
    assert!(!heard.contains(r#""user_id":2"#), "{heard}");
    let _another = open(&server, "/chat/2/", Some("dev-1")).await;
    let heard = heard_until(&mut ann_tndata, "1 joined.").await;
    assert!(!heard.contains("2 joined"), "{heard}");
}
