//! All formats in the same rooms.

use chat_protocol::dialect::RoomName;
use chat_protocol::{RoomId, RoomNumber};
use chat_server_core::Caller;
use chat_server_core::dialects::PortId;
use serde_json::json;

use super::{Socket, open, operate, start};
use crate::edge::{Edge, command};
use crate::raw;

pub(super) async fn haraj(edge: &Edge, user: u32) -> Socket {
    let mut socket = open(edge, "/chat/ws").await;
    socket.say(json!({"auth": {"id": "a", "access_token": format!("dev-{user}")}})).await;
    assert_eq!(socket.hear().await["status"], 200);
    socket
}

#[tokio::test]
async fn two_users_have_one_room_in_every_format() {
    let edge = start().await;
    let mut tndata = open(&edge, "/chat/2/?token=dev-1").await;
    let mut chats = open(&edge, "/ws/chats/?token=dev-2").await;
    let mut haraj = haraj(&edge, 1).await;
    let room = RoomId::direct(&"1".parse().unwrap(), &"2".parse().unwrap());

    tndata.say(json!({"text": "by tndata"})).await;
    let first = tndata.hear_with("/digest").await;
    let told = chats.hear_with("/content/message_id").await;
    assert_eq!((&told["content"]["chat_id"], &told["content"]["text"]), (&json!("1_2"), &json!("by tndata")));
    assert_eq!(haraj.hear_with("/message").await["message"]["topic_id"], "p2p1_2");

    let content = json!({"chat_type": "direct", "chat_id": "1_2", "text": "by chats"});
    chats.say(json!({"type": "new_message", "content": content})).await;
    assert_eq!(tndata.hear_with("/digest").await["text"], "by chats");
    let packet = haraj.hear_with("/message").await;
    assert_eq!(packet["message"]["content"]["payload"]["text"], "by chats");

    let mut native = edge.login("2").await;
    let follow = json!({"follow": {"id": "f", "room": room}});
    assert_eq!(command(&mut native, &follow.to_string()).await.status, 200);
    let send = json!({"send": {"id": "s", "room": room, "content": {"type": "text/plain", "payload": {"text": "by native"}}}});
    assert_eq!(command(&mut native, &send.to_string()).await.status, 200);
    assert_eq!(tndata.hear_with("/digest").await["text"], "by native");
    assert_eq!(chats.hear_with("/content/message/text").await["content"]["text"], "by chats", "its echo");
    assert_eq!(chats.hear_with("/content/message/text").await["content"]["text"], "by native");
    assert_eq!(haraj.hear_with("/message").await["message"]["seq_id"], 3);

    // Read in tndata by the one, told in chats to the other; and the other way round.
    let mut other = open(&edge, "/chat/1/?token=dev-2").await;
    other.say(json!({"received": first["digest"]})).await;
    let reads = haraj.hear_with("/reads").await;
    assert_eq!((&reads["reads"]["from_id"], &reads["reads"]["seq_ids"]), (&json!(2), &json!([1])));
    let read = chats.hear_with("/content/user_id").await;
    assert_eq!((&read["type"], &read["content"]["user_id"]), (&json!("message_read"), &json!(2)));
}

#[tokio::test]
async fn a_group_is_one_room_in_every_format_that_has_groups() {
    let edge = start().await;
    let room = json!({"kind": "group", "room": "team", "number": 7, "owner": "1", "members": ["2", "3"]});
    operate(&edge, "POST /v1/rooms", &room.to_string()).await;

    let operator = edge.server.visit_as(PortId(0), &Caller::Operator);
    let number = RoomName::Number(RoomNumber::new(7).unwrap());
    let alias = operator.listed_room(&number).await.unwrap().room.alias();
    let mut hipochat = open(&edge, &format!("/talk/chat/{alias}/?token=dev-2")).await;
    let mut tndata = open(&edge, "/?token=dev-1&room=team").await;
    let mut chats = open(&edge, "/ws/chats/?token=dev-2").await;
    let mut haraj = haraj(&edge, 3).await;
    let mut native = edge.login("2").await;
    assert_eq!(command(&mut native, r#"{"follow":{"id":"f","room":"team"}}"#).await.status, 200);

    tndata.say(json!({"text": "hello all"})).await;
    assert_eq!(tndata.hear_with("/digest").await["text"], "hello all");
    let told = chats.hear_with("/content/message_id").await;
    assert_eq!((&told["content"]["chat_id"], &told["content"]["chat_type"]), (&json!(7), &json!("project")));
    let packet = haraj.hear_with("/message").await;
    assert_eq!(packet["message"]["topic_id"], "grp7");
    assert_eq!(packet["message"]["status"], json!({"2": false, "3": false}));
    let (_, heard) = raw::soon(raw::read_frame(&mut native)).await.unwrap();
    assert!(String::from_utf8(heard).unwrap().contains("hello all"));
    assert_eq!(hipochat.hear_with("/timestamp").await["message"], "hello all");

    // An object that an application made up is its text where only texts are known, and itself elsewhere.
    hipochat.say(json!({"message": "by hipochat", "more": [1]})).await;
    assert_eq!(hipochat.hear_with("/timestamp").await["more"], json!([1]));
    assert_eq!(tndata.hear_with("/digest").await["text"], "by hipochat");
    assert_eq!(chats.hear_with("/content/message_id").await["content"]["text"], "by hipochat");
    let content = haraj.hear_with("/message").await["message"]["content"].take();
    assert_eq!((&content["type"], &content["payload"]["more"]), (&json!("application/json"), &json!([1])));

    let mut stranger = open(&edge, "/?token=dev-4&room=team").await;
    stranger.say(json!({"text": "let me in"})).await;
    let content = json!({"chat_type": "project", "chat_id": 7, "text": "by chats"});
    chats.say(json!({"type": "new_message", "content": content})).await;
    assert_eq!(tndata.hear_with("/digest").await["text"], "by chats", "nothing of a stranger");
    assert_eq!(haraj.hear_with("/message").await["message"]["seq_id"], 3);
    assert_eq!(hipochat.hear_with("/timestamp").await["message"], "by chats");
}
