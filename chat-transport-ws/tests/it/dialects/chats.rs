//! The conversation of the document of chats, and of its clients.

use std::sync::Arc;

use chat_server_core::auth::{Profile, StaticDirectory};
use chat_server_core::{Providers, Rate, ServerConfig};
use chat_transport_ws::WsConfig;
use serde_json::{Value, json};

use super::calls::ask;
use super::{NUMBER, Socket, TEXT, open, open_with, operate, ports, start};
use crate::edge::{Edge, command};

fn user(id: u32) -> Value {
    json!({
        "id": id, "first_name": "", "last_name": "", "patronymic": null, "avatar": null,
        "is_active": true, "is_online": true,
    })
}

fn message(kind: &str, author: u32, text: &str, edited: bool) -> Value {
    json!({"type": kind, "content": {
        "message_id": NUMBER, "chat_id": "1_2", "chat_type": "direct", "author_id": author, "text": text,
        "created_at": NUMBER,
        "message": {
            "id": NUMBER, "author": user(author), "text": text, "reply_to": null, "files": [],
            "is_edited": edited, "is_read": false, "is_deleted": false, "created_at": TEXT,
        },
    }})
}

/// A socket of the user, which hears nothing yet.
async fn socket(edge: &Edge, user: u32) -> Socket {
    open(edge, &format!("/ws/chats/?token=dev-{user}")).await
}

#[tokio::test]
async fn the_events_of_a_direct_chat() {
    let edge = start().await;
    let mut ann = socket(&edge, 1).await;
    let mut bob = socket(&edge, 2).await;
    ann.hears(json!({"type": "set_online", "user_id": 2, "content": {"user_id": 2}})).await;

    let chat = json!({"chat_type": "direct", "chat_id": "1_2"});
    let with = |more: Value| {
        let mut content = chat.clone();
        content.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        content
    };
    ann.say(json!({"type": "new_message", "content": with(json!({"message": "hi", "reply_to": null}))}))
        .await;
    let told = ann.hears(message("new_message", 1, "hi", false)).await;
    assert_eq!(bob.hears(message("new_message", 1, "hi", false)).await, told);
    let id = told["content"]["message_id"].clone();

    // The document writes `typing` for three things; without a message it is what it says.
    for kind in ["user_typing", "typing"] {
        bob.say(json!({"type": kind, "content": chat})).await;
        let typing = json!({"chat_id": "1_2", "chat_type": "direct", "user_id": 2, "end_time": NUMBER});
        ann.hears(json!({"type": "user_typing", "content": typing})).await;
    }
    bob.say(json!({"type": "typing", "content": with(json!({"message_id": id}))})).await;
    let ambiguous = "Event type 'typing' does not take message_id: use message_read or delete_message";
    bob.hears(json!({"error": ambiguous})).await;

    bob.say(json!({"type": "message_read", "content": with(json!({"message_id": id}))})).await;
    let read = json!({"chat_id": "1_2", "chat_type": "direct", "user_id": 2, "message_id": id});
    for socket in [&mut ann, &mut bob] {
        socket.hears(json!({"type": "message_read", "content": read})).await;
    }
    bob.say(json!({"type": "new_message", "content": with(json!({"text": "you?", "reply_to": id, "file_urls": []}))}))
        .await;
    for socket in [&mut ann, &mut bob] {
        let reply = socket.hear().await;
        assert_eq!(reply["content"]["message"]["reply_to"]["text"], "hi", "{reply}");
        assert!(reply["content"]["message"]["reply_to"].get("files").is_none(), "{reply}");
    }
    ann.say(json!({"type": "edit_message", "content": with(json!({"message_id": id, "text": "hello"}))}))
        .await;
    for socket in [&mut ann, &mut bob] {
        let edited = socket.hear().await;
        assert_eq!(
            (&edited["type"], &edited["content"]["message"]["is_edited"]),
            (&json!("edit_message"), &json!(true))
        );
        assert_eq!(edited["content"]["text"], "hello");
    }
    ann.say(json!({"type": "delete_message", "content": with(json!({"message_id": id}))})).await;
    let gone = json!({"chat_id": "1_2", "chat_type": "direct", "message_id": id});
    for socket in [&mut ann, &mut bob] {
        socket.hears(json!({"type": "delete_message", "content": gone})).await;
    }
    for kind in ["set_offline", "set_online"] {
        bob.say(json!({"type": kind, "content": {}})).await;
        for socket in [&mut ann, &mut bob] {
            socket.hears(json!({"type": kind, "user_id": 2, "content": {"user_id": 2}})).await;
        }
    }
    drop(bob);
    ann.hears(json!({"type": "set_offline", "user_id": 2, "content": {"user_id": 2}})).await;
}

#[tokio::test]
async fn a_project_is_the_group_of_its_number() {
    let edge = start().await;
    let room = r#"{"kind":"group","number":10,"owner":"1","members":["2"]}"#;
    operate(&edge, "POST /v1/rooms", room).await;
    let (mut bob, mut eve) = (socket(&edge, 2).await, socket(&edge, 3).await);
    for (frame_id, text) in [(json!(10), "number"), (json!("10"), "text")] {
        let content = json!({"chat_type": "project", "chat_id": frame_id, "text": text});
        bob.say(json!({"type": "new_message", "content": content})).await;
        let told = bob.hear_with("/content/message").await;
        assert_eq!((&told["content"]["chat_id"], &told["content"]["text"]), (&json!(10), &json!(text)));
    }
    for (project, chat) in [(10, "10"), (11, "11")] {
        let content = json!({"chat_type": "project", "chat_id": project, "text": "x"});
        eve.say(json!({"type": "new_message", "content": content})).await;
        eve.hears(json!({"error": format!("User 3 is not in project chat {chat}")})).await;
    }
}

#[tokio::test]
async fn each_place_of_a_token_is_looked_at_and_none_is_echoed() {
    let edge = start().await;
    for path in ["/ws/chats/", "/ws/chat/", "/ws/chats", "/ws/chat"] {
        for (header, value, protocol) in [
            ("sec-websocket-protocol", "Bearer, dev-1", Some("Bearer")),
            ("authorization", "Bearer dev-1", None),
            ("authorization", "dev-1", None),
        ] {
            let (_, answer) = open_with(&edge, path, &[(header, value)]).await.unwrap();
            assert_eq!(answer.header("sec-websocket-protocol"), protocol, "{path} {value}");
            assert!(!format!("{answer:?}").contains("dev-1"));
        }
        open(&edge, &format!("{path}?token=Bearer%20dev-1")).await;
    }
    let (_, answer) =
        open_with(&edge, "/ws/chat/?token=dev-1", &[("sec-websocket-protocol", "Bearer")]).await.unwrap();
    assert_eq!(answer.header("sec-websocket-protocol"), Some("Bearer"));
    for headers in [&[][..], &[("authorization", "Bearer wrong")][..]] {
        let refused = open_with(&edge, "/ws/chats/", headers).await.err().unwrap();
        assert_eq!((refused.status, refused.header("content-type")), (403, Some("application/json")));
        let body: Value = serde_json::from_str(&refused.body).unwrap();
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["detail"]);
    }
}

#[tokio::test]
async fn bad_frames_are_told_to_their_sender_alone() {
    let edge = start().await;
    let mut bob = socket(&edge, 2).await;
    let mut eve = socket(&edge, 3).await;
    let own = json!({"chat_type": "direct", "chat_id": "1_2", "text": "x"});
    bob.say(json!({"type": "new_message", "content": own})).await;
    let id = bob.hear_with("/content/message_id").await["content"]["message_id"].clone();
    let form = r#"Chat id "1-2" is not in the format of <user1_id>_<user2_id>, where user1_id < user2_id"#;
    let missing =
        "Missing key (might be backend's fault, but most likely you are missing this field): 'chat_id'";
    for (frame, error) in [
        ("not JSON".to_owned(), "Invalid JSON".to_owned()),
        (
            r#"{"type":"new_message","content":{"chat_type":"direct","text":"x"}}"#.to_owned(),
            missing.to_owned(),
        ),
        (
            r#"{"type":"new_message","content":{"chat_type":"direct","chat_id":"1-2","text":"x"}}"#
                .to_owned(),
            form.to_owned(),
        ),
        (
            r#"{"type":"new_message","content":{"chat_type":"other","chat_id":"1_2","text":"x"}}"#.to_owned(),
            "Chat type is not supported".to_owned(),
        ),
        (
            r#"{"type":"new_message","content":{"chat_type":"direct","chat_id":"1_2","text":"x"}}"#
                .to_owned(),
            "User 3 is not a member of chat 1_2".to_owned(),
        ),
        (
            format!(
                r#"{{"type":"delete_message","content":{{"chat_type":"direct","chat_id":"2_3","message_id":{id}}}}}"#
            ),
            "Some of chat/message ids are wrong, you can't access this message".to_owned(),
        ),
    ] {
        eve.say_text(&frame).await;
        eve.hears(json!({"error": error})).await;
    }
    eve.say(json!({"type": "unknown", "content": {}})).await;
    eve.say(json!({"type": "set_offline"})).await;
    eve.hears(json!({"type": "set_offline", "user_id": 3, "content": {"user_id": 3}})).await;
}

#[tokio::test]
async fn what_is_read_again_is_told_again() {
    let edge = start().await;
    let mut bob = socket(&edge, 2).await;
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        let content = json!({"chat_type": "direct", "chat_id": "1_2", "text": text});
        bob.say(json!({"type": "new_message", "content": content})).await;
        ids.push(bob.hear_with("/content/message").await["content"]["message_id"].clone());
    }
    let read = |id: &Value| json!({"chat_type": "direct", "chat_id": "1_2", "message_id": id});
    let told = |id: &Value| json!({"chat_id": "1_2", "chat_type": "direct", "user_id": 1, "message_id": id});
    let mut ann = socket(&edge, 1).await;
    bob.hear_with("/user_id").await;
    ann.say(json!({"type": "message_read", "content": read(&ids[1])})).await;
    for id in [&ids[1], &ids[0]] {
        bob.hears(json!({"type": "message_read", "content": told(id)})).await;
    }
    // Two that were read, at once, and one that was not.
    for id in &ids {
        ann.say(json!({"type": "message_read", "content": read(id)})).await;
    }
    for id in &ids {
        bob.hears(json!({"type": "message_read", "content": told(id)})).await;
    }
}

/// A frame about the direct chat of users 1 and 2, or another chat that is named.
fn frame(kind: &str, more: Value) -> Value {
    let mut content = json!({"chat_type": "direct", "chat_id": "1_2"});
    content.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"type": kind, "content": content})
}

/// Says a text; gives the number of the message.
async fn write(socket: &mut Socket, more: Value) -> Value {
    socket.say(frame("new_message", more)).await;
    socket.hear_with("/content/message").await["content"]["message_id"].clone()
}

/// A server whose users may ask so much at once, and then hardly anything.
async fn start_limited(burst: u32) -> Edge {
    let rate = Rate { per_second: 1, burst };
    let core = ServerConfig { connection_rate: rate, user_rate: rate, ..ServerConfig::default() };
    let providers = Providers { dialects: ports(), ..Providers::default() };
    Edge::start_with(WsConfig::default(), providers, core).await
}

/// Asks until nothing is left to pay with.
async fn spend_all(socket: &mut Socket) {
    for _ in 0..100 {
        socket.say(json!({"type": "set_online"})).await;
    }
}

#[tokio::test]
async fn only_its_author_edits_or_deletes_a_message() {
    let edge = start().await;
    operate(&edge, "POST /v1/rooms", r#"{"kind":"group","number":10,"owner":"1","members":["2"]}"#).await;
    let (mut ann, mut bob) = (socket(&edge, 1).await, socket(&edge, 2).await);
    let project = json!({"chat_type": "project", "chat_id": 10, "text": "x"});
    // Natively the owner of a room deletes what others wrote there.
    for chat in [project, json!({"text": "x"})] {
        let id = write(&mut bob, chat.clone()).await;
        let mut named = chat;
        named["message_id"] = id.clone();
        for (kind, error) in [
            ("edit_message", format!("User 1 is not author of message {id}")),
            ("delete_message", format!("User 1 is not author {id}")),
        ] {
            ann.say(frame(kind, named.clone())).await;
            assert_eq!(ann.hear_with("/error").await, json!({"error": error}));
        }
        bob.say(frame("delete_message", named)).await;
        assert_eq!(bob.hear().await["type"], "delete_message");
    }
}

#[tokio::test]
async fn an_author_who_may_not_edit_is_told_why() {
    let edge = start().await;
    let mut bob = socket(&edge, 2).await;
    let id = write(&mut bob, json!({"text": "x"})).await;
    let mut native = edge.login("2").await;
    let block = json!({"block": {"id": "b", "user": "1"}}).to_string();
    assert_eq!(command(&mut native, &block).await.status, 200);
    bob.say(frame("edit_message", json!({"message_id": id, "text": "y"}))).await;
    assert_eq!(bob.hear_with("/error").await, json!({"error": "you block the other user"}));
}

#[tokio::test]
async fn a_chat_is_made_by_a_message_that_is_paid_for() {
    let edge = start_limited(60).await;
    let mut ann = socket(&edge, 1).await;
    ann.say(frame("new_message", json!({"chat_id": "1_3", "text": "x", "reply_to": 9}))).await;
    ann.hears(json!({"error": "Message 9 is not in chat 1_3"})).await;
    spend_all(&mut ann).await;
    ann.say(frame("new_message", json!({"chat_id": "1_4", "text": "x"}))).await;
    ann.say_text("not JSON").await;
    while ann.hear_with("/error").await != json!({"error": "Invalid JSON"}) {}
    for user in ["dev-3", "dev-4"] {
        let chats = ask(&edge, "GET /chats/directs/", Some(user), ("", "")).await;
        assert_eq!((chats.status, chats.body.as_str()), (200, "[]"), "{user}");
    }
}

#[tokio::test]
async fn an_answer_to_a_message_of_another_chat_is_refused() {
    let edge = start().await;
    let mut bob = socket(&edge, 2).await;
    let id = write(&mut bob, json!({"chat_id": "2_3", "text": "elsewhere"})).await;
    write(&mut bob, json!({"text": "here"})).await;
    bob.say(frame("new_message", json!({"text": "x", "reply_to": id}))).await;
    bob.hears(json!({"error": format!("Message {id} is not in chat 1_2")})).await;
}

#[tokio::test]
async fn nobody_writes_to_whom_nobody_knows() {
    let known = ["1", "2"].map(|user| (user.parse().unwrap(), Profile::default()));
    let directory = Arc::new(StaticDirectory::new(known));
    let providers = Providers { dialects: ports(), directory, ..Providers::default() };
    let edge = Edge::start_with(WsConfig::default(), providers, ServerConfig::default()).await;
    let mut ann = socket(&edge, 1).await;
    let nobody = "One or both users do not exist";
    ann.say(frame("new_message", json!({"chat_id": "1_404", "text": "x"}))).await;
    ann.hears(json!({"error": nobody})).await;
    write(&mut ann, json!({"text": "x"})).await;
    let answer = ask(&edge, "GET /chats/directs/1_404/", Some("dev-1"), ("", "")).await;
    assert_eq!((answer.status, answer.body), (400, json!({"detail": nobody}).to_string()));
}

#[tokio::test]
async fn every_socket_of_a_user_is_told_and_typing_in_a_project_its_sender_too() {
    let edge = start().await;
    operate(&edge, "POST /v1/rooms", r#"{"kind":"group","number":10,"owner":"1","members":["2"]}"#).await;
    let (mut bob, mut other) = (socket(&edge, 2).await, socket(&edge, 2).await);
    let (mut ann, mut second) = (socket(&edge, 1).await, socket(&edge, 1).await);
    for socket in [&mut bob, &mut other] {
        socket.hears(json!({"type": "set_online", "user_id": 1, "content": {"user_id": 1}})).await;
    }
    let project = json!({"chat_type": "project", "chat_id": 10});
    bob.say(frame("user_typing", project)).await;
    let typing = |chat: Value, kind: &str| {
        let content = json!({"chat_id": chat, "chat_type": kind, "user_id": 2, "end_time": NUMBER});
        json!({"type": "user_typing", "content": content})
    };
    for socket in [&mut ann, &mut second, &mut bob, &mut other] {
        socket.hears(typing(json!(10), "project")).await;
    }
    write(&mut ann, json!({"text": "hi"})).await;
    for socket in [&mut second, &mut bob, &mut other] {
        socket.hears(message("new_message", 1, "hi", false)).await;
    }
    bob.say(frame("user_typing", json!({}))).await;
    for socket in [&mut ann, &mut second] {
        socket.hears(typing(json!("1_2"), "direct")).await;
    }
    bob.say_text("not JSON").await;
    bob.hears(json!({"error": "Invalid JSON"})).await;
}

#[tokio::test]
async fn who_shows_itself_again_and_again_has_to_wait() {
    let edge = start_limited(20).await;
    let mut ann = socket(&edge, 1).await;
    spend_all(&mut ann).await;
    let error = ann.hear_with("/error").await["error"].as_str().unwrap().to_owned();
    assert!(error.starts_with("Too much at once"), "{error}");
}

#[tokio::test]
async fn what_is_read_counts_also_unpaid_and_is_not_told_again_then() {
    let edge = start_limited(60).await;
    let (mut ann, mut bob) = (socket(&edge, 1).await, socket(&edge, 2).await);
    let ids = [write(&mut ann, json!({"text": "one"})).await, write(&mut ann, json!({"text": "two"})).await];
    bob.say(frame("message_read", json!({"message_id": ids[0]}))).await;
    assert_eq!(ann.hear_with("/content/message_id").await["content"]["message_id"], ids[0]);
    spend_all(&mut bob).await;
    for id in &ids {
        bob.say(frame("message_read", json!({"message_id": id}))).await;
    }
    let read = ann.hear_with("/content/message_id").await;
    assert_eq!((&read["type"], &read["content"]["message_id"]), (&json!("message_read"), &ids[1]));
}
