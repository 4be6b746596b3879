//! The conversation of haraj's document.

use serde_json::{Value, json};

use super::{Socket, TEXT, open, start};
use crate::edge::{Edge, command};

async fn socket(edge: &Edge, user: u32) -> Socket {
    let mut socket = open(edge, "/chat/ws").await;
    socket.say(json!({"auth": {"id": "authenticate socket", "access_token": format!("dev-{user}")}})).await;
    let data = json!({"user_id": user, "session_id": TEXT});
    socket.hears(json!({"id": "authenticate socket", "status": 200, "data": data, "ts": TEXT})).await;
    socket
}

fn refused(id: Option<&str>, status: u16, err: &str) -> Value {
    match id {
        Some(id) => json!({"id": id, "status": status, "err": err, "ts": TEXT}),
        None => json!({"status": status, "err": err, "ts": TEXT}),
    }
}

#[tokio::test]
async fn a_peer_is_listened_to_and_its_packets_come() {
    let edge = start().await;
    let mut ann = socket(&edge, 1).await;
    let listen = json!({"listen": {"id": "listen peer 2", "peer_id": 2}});
    ann.say(listen.clone()).await;
    ann.hears(refused(Some("listen peer 2"), 403, "ERR_FORBIDDEN_ACCESS")).await;

    let mut bob = open(&edge, "/ws/chats/?token=dev-2").await;
    let chat = json!({"chat_type": "direct", "chat_id": "1_2", "text": "hello!"});
    bob.say(json!({"type": "new_message", "content": chat})).await;
    ann.hears(json!({"message": {
        "topic_id": "p2p1_2", "seq_id": 1, "from_id": 2, "name": "2",
        "content": {"type": "text/plain", "payload": {"text": "hello!"}}, "status": {"1": false}, "ts": TEXT,
    }}))
    .await;
    ann.say(listen).await;
    let data = json!({"user_id": 1, "peer_id": 2, "is_online": true});
    ann.hears(json!({"id": "listen peer 2", "status": 200, "data": data, "ts": TEXT})).await;

    let chat = json!({"chat_type": "direct", "chat_id": "1_2"});
    bob.say(json!({"type": "user_typing", "content": chat})).await;
    let typing = |what: &str| json!({"pres": {"what": what, "from_id": 2, "topic_id": "p2p1_2", "ts": TEXT}});
    ann.hears(typing("typing")).await;
    let chat = json!({"chat_type": "direct", "chat_id": "1_2", "text": "there"});
    bob.say(json!({"type": "new_message", "content": chat})).await;
    // It stops with the message, which is told before what is not stored.
    assert_eq!(ann.hear().await["message"]["seq_id"], 2);
    ann.hears(typing("stop_typing")).await;
    for what in ["offline", "online"] {
        bob.say(json!({"type": format!("set_{what}")})).await;
        ann.hears(json!({"pres": {"what": what, "from_id": 2, "ts": TEXT}})).await;
    }
    ann.say(json!({"unlisten": {"id": "unlisten peer 2", "peer_id": 2}})).await;
    let data = json!({"user_id": 1, "peer_id": 2});
    ann.hears(json!({"id": "unlisten peer 2", "status": 200, "data": data, "ts": TEXT})).await;
    bob.say(json!({"type": "set_offline"})).await;

    let mut native = edge.login("2").await;
    let room = chat_protocol::RoomId::direct(&"1".parse().unwrap(), &"2".parse().unwrap());
    let send = json!({"send": {"id": "s", "room": room, "content": {"type": "text/plain", "payload": {"text": "3"}}}});
    assert_eq!(command(&mut native, &send.to_string()).await.status, 200);
    assert_eq!(ann.hear().await["message"]["seq_id"], 3, "nothing of its presence is told any more");

    let mut own = edge.login("1").await;
    let send = send.to_string().replace("\"3\"", "\"mine\"");
    assert_eq!(command(&mut own, &send).await.status, 200);
    assert_eq!(
        ann.hear().await["message"]["status"],
        json!({"2": false}),
        "what I write elsewhere comes too"
    );
    let read = json!({"read": {"id": "r", "room": room, "seq": 4}});
    assert_eq!(command(&mut native, &read.to_string()).await.status, 200);
    ann.hears(json!({"reads": {"from_id": 2, "topic_id": "p2p1_2", "seq_ids": [4], "ts": TEXT}})).await;
}

#[tokio::test]
async fn bad_frames_are_answered_and_the_socket_stays() {
    let edge = start().await;
    let mut socket = open(&edge, "/chat/ws/").await;
    let auth = |id: &str, token: &str| json!({"auth": {"id": id, "access_token": token}});
    socket.say(json!({"listen": {"id": "l", "peer_id": 2}})).await;
    socket.hears(refused(None, 401, "ERR_INVALID_ACCESS_TOKEN")).await;
    socket.say(auth("a", "wrong")).await;
    socket.hears(refused(Some("a"), 401, "ERR_INVALID_ACCESS_TOKEN")).await;
    for frame in [
        "not JSON",
        "{}",
        r#"{"brew":{"id":"b"}}"#,
        r#"{"listen":{"id":"l"}}"#,
        r#"{"listen":{"id":"l","peer_id":1.5}}"#,
        r#"{"auth":{"id":"a","access_token":"dev-1"},"listen":{"id":"l","peer_id":2}}"#,
    ] {
        socket.say_text(frame).await;
        socket.hears(refused(None, 400, "ERR_BAD_REQUEST")).await;
    }
    socket.say(auth("a", "dev-1")).await;
    assert_eq!(socket.hear().await["status"], 200);
    socket.say(auth("again", "dev-1")).await;
    assert_eq!(socket.hear().await["status"], 200, "a new token of the same user");
    socket.say(auth("other", "dev-2")).await;
    socket.hears(refused(Some("other"), 403, "ERR_FORBIDDEN_ACCESS")).await;
}

/// A native command of a user that succeeds.
async fn native(socket: &mut tokio::net::TcpStream, what: Value) {
    let reply = command(socket, &what.to_string()).await;
    assert_eq!(reply.status, 200, "{what}: {reply:?}");
}

fn direct() -> chat_protocol::RoomId {
    chat_protocol::RoomId::direct(&"1".parse().unwrap(), &"2".parse().unwrap())
}

fn send(said: &str) -> Value {
    let content = json!({"type": "text/plain", "payload": {"text": said}});
    json!({"send": {"id": "s", "room": direct(), "content": content}})
}

#[tokio::test]
async fn a_peer_without_a_topic_is_neither_listened_to_nor_not() {
    let edge = start().await;
    let mut ann = socket(&edge, 1).await;
    let mut bob = edge.login("2").await;
    let frame = |what: &str| json!({what: {"id": what, "peer_id": 2}});
    for what in ["listen", "unlisten"] {
        ann.say(frame(what)).await;
        ann.hears(refused(Some(what), 403, "ERR_FORBIDDEN_ACCESS")).await;
    }
    native(&mut bob, json!({"create": {"id": "c", "kind": "direct", "members": ["1"]}})).await;
    let data = json!({"user_id": 1, "peer_id": 2});
    let unlistened = json!({"id": "unlisten", "status": 200, "data": data, "ts": TEXT});
    ann.say(frame("unlisten")).await;
    ann.hears(unlistened.clone()).await;
    native(&mut bob, json!({"block": {"id": "b", "user": "1"}})).await;
    ann.say(frame("listen")).await;
    ann.hears(refused(Some("listen"), 403, "ERR_FORBIDDEN_ACCESS")).await;
    ann.say(frame("unlisten")).await;
    ann.hears(unlistened).await;
}

#[tokio::test]
async fn listening_ends_with_its_socket() {
    let edge = start().await;
    let (mut first, mut bob) = (socket(&edge, 1).await, edge.login("2").await);
    native(&mut bob, json!({"create": {"id": "c", "kind": "direct", "members": ["1"]}})).await;
    first.say(json!({"listen": {"id": "l", "peer_id": 2}})).await;
    assert_eq!(first.hear().await["data"]["is_online"], true);
    drop(first);
    let mut ann = socket(&edge, 1).await;
    let mut shown = open(&edge, "/ws/chats/?token=dev-2").await;
    shown.say(json!({"type": "set_offline"})).await;
    shown.hear_with("/user_id").await;
    native(&mut bob, send("hello")).await;
    assert_eq!(ann.hear().await["message"]["seq_id"], 1, "nothing of its presence is told");
}

#[tokio::test]
async fn what_became_read_is_told_however_much_its_reader_wrote_between() {
    let edge = start().await;
    let (mut ann, mut bob) = (edge.login("1").await, edge.login("2").await);
    native(&mut bob, json!({"create": {"id": "c", "kind": "direct", "members": ["1"]}})).await;
    for said in ["1", "2", "3"] {
        native(&mut bob, send(said)).await;
    }
    for _ in 0..110 {
        native(&mut ann, send("mine")).await;
    }
    native(&mut bob, send("114")).await;
    let mut told = socket(&edge, 2).await;
    native(&mut ann, json!({"read": {"id": "r", "room": direct(), "seq": 114}})).await;
    let seqs = [1, 2, 3, 114];
    told.hears(json!({"reads": {"from_id": 1, "topic_id": "p2p1_2", "seq_ids": seqs, "ts": TEXT}})).await;
}
