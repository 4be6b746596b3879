//! Sockets of existing systems beside native connections, in the same rooms.

use std::time::Duration;

use chat_protocol::dialect::Handshake;
use chat_protocol::dialect::chats::Chats;
use chat_protocol::dialect::haraj::Haraj;
use chat_protocol::dialect::helpdesk::Helpdesk;
use chat_protocol::dialect::hipochat::Hipochat;
use chat_protocol::dialect::tndata::TnData;
use chat_protocol::{Frame, Text};
use chat_server_core::dialects::{Entrance, Port, PortId};
use chat_server_core::transport::PeerInfo;
use chat_server_core::transport::memory::{self, MemoryConnection};
use chat_server_core::{Caller, ChatServer, Providers, ServerConfig};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};

fn ports() -> Vec<Port> {
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
async fn open(server: &ChatServer, path: &str, token: Option<&str>) -> Socket {
    let query: Vec<_> = token.iter().map(|token| ("token".to_owned(), (*token).to_owned())).collect();
    let handshake = Handshake { path, query: &query, headers: &[] };
    let found = (0..5).find_map(|port| {
        let port = PortId(port);
        server.port(port).dialect.open(&handshake).map(|opening| (port, opening))
    });
    let (port, opening) = found.expect("a format has the path");
    let Entrance::Let(entered) = server.enter(port, opening, &[]).await else { panic!("it is let in") };
    let (ours, theirs) = memory::pair(1_024);
    tokio::spawn(server.serve_socket(entered, theirs, PeerInfo::default()));
    Socket(ours)
}

struct Socket(MemoryConnection);

impl Socket {
    async fn say(&mut self, frame: Value) {
        self.0.send(Frame::Text(Text::from(frame.to_string()))).await.unwrap();
    }

    /// The next frame.
    async fn hear(&mut self) -> Value {
        let next = tokio::time::timeout(Duration::from_secs(10), self.0.next()).await;
        match next.expect("something is said") {
            Some(Ok(Frame::Text(text))) => serde_json::from_str(text.as_str()).unwrap(),
            other => panic!("{other:?}"),
        }
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

async fn native(server: &ChatServer, user: &str) -> Socket {
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
