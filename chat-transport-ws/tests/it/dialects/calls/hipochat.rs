//! Calls of hipochat: the conversation of its document, and what is refused.

use chat_protocol::dialect::hipochat::Hipochat;
use chat_server_core::dialects::Port;
use serde_json::{Value, json};

use super::super::{NUMBER, OPERATOR, TEXT, open, start, start_with};
use super::{ask, get, refused, same};
use crate::edge::{Answer, Edge};
use crate::raw::soon;

const ROOM: &str = "e598c2a9-317a-4577-8cbd-7fd5f0cddbdf";

/// A call of user 1 with a body.
async fn post(edge: &Edge, line: &str, body: &str) -> Answer {
    post_as(edge, "dev-1", line, body).await
}

async fn post_as(edge: &Edge, token: &str, line: &str, body: &str) -> Answer {
    let kind =
        if body.starts_with("tokens") { "application/x-www-form-urlencoded" } else { "application/json" };
    ask(edge, line, Some(token), (kind, body)).await
}

/// The answer has this status, and nothing is said.
#[track_caller]
fn empty(answer: &Answer, status: u16) {
    assert_eq!((answer.status, answer.body.as_str()), (status, ""), "{answer:?}");
}

/// The token of the room that a call makes or finds.
#[track_caller]
fn token(answer: &Answer, status: u16) -> String {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, Some("application/json")),
        "{answer:?}"
    );
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    same(&body, &json!({"chat": {"token": TEXT}}));
    let token = body["chat"]["token"].as_str().unwrap();
    assert_eq!(token.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{token}");
    token.to_owned()
}

async fn notification(edge: &Edge, who: &str, query: &str) -> Value {
    let path = format!("/talk/notification/{ROOM}/?token={who}&{query}");
    get(edge, &path).await["notification"].clone()
}

/// User 2 says things in the room, and goes.
async fn talk(edge: &Edge, texts: &[&str]) {
    let mut bob = open(edge, &format!("/talk/chat/{ROOM}/?token=dev-2")).await;
    for text in texts {
        bob.say(json!({"message": text, "author": "bob"})).await;
        assert_eq!(bob.hear().await["message"], *text);
    }
    drop(bob);
    gone(edge).await;
}

/// Every socket is gone.
async fn gone(edge: &Edge) {
    while edge.server.connections() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_conversation_of_the_document() {
    let edge = start().await;
    let old = json!({"oldy": [], "results": {"read_messages": [], "unread_messages": []}});
    let room = token(&post(&edge, "POST /api/chat", "").await, 201);
    assert_eq!(token(&post(&edge, "POST /api/chat/", "{}").await, 200), room);
    same(&get(&edge, &format!("/talk/old/{room}/")).await, &old);

    let mut ann = open(&edge, &format!("/talk/chat/{room}/?token=dev-1")).await;
    let mut bob = open(&edge, &format!("/talk/chat/{room}/?token=dev-2")).await;
    ann.say(json!({"message": "asdasda", "author": "asdasda"})).await;
    let told = ann
        .hears(json!({"message": "asdasda", "author": "asdasda", "timestamp": NUMBER, "token": room}))
        .await;
    assert_eq!(bob.hear().await, told);
    let item = json!({"message": "foobar", "user": "johndoe"});
    empty(&post(&edge, &format!("POST /talk/item/{room}/"), &item.to_string()).await, 200);
    let injected = json!({"timestamp": NUMBER, "token": room, "injected": item});
    let told_item = ann.hears(injected).await;
    assert_eq!(bob.hear().await, told_item);

    let mut message = told;
    message.as_object_mut().unwrap().remove("token");
    let entries = json!([message, told_item]);
    let old = json!({"oldy": entries, "results": {"read_messages": entries, "unread_messages": []}});
    for path in [format!("/talk/old/{room}/"), format!("/talk/old/{room}?token=dev-2")] {
        assert_eq!(get(&edge, &path).await, old, "{path}");
    }
    let path = format!("/talk/notification/{room}/?type=message");
    assert_eq!(get(&edge, &path).await, json!({"notification": "0"}), "what I wrote is none");
}

#[tokio::test]
async fn hipochat_has_one_room_for_the_same_users() {
    let edge = start().await;
    let own = token(&post(&edge, "POST /api/chat", "").await, 201);
    let pair = token(&post(&edge, "POST /api/chat", r#"{"users":["2"]}"#).await, 201);
    assert_eq!(token(&post_as(&edge, "dev-2", "POST /api/chat", r#"{"users":[1]}"#).await, 200), pair);
    let three = token(&post(&edge, "POST /api/chat", r#"{"users":[2,"3"]}"#).await, 201);
    assert_eq!(token(&post_as(&edge, "dev-3", "POST /api/chat", r#"{"users":["1","2"]}"#).await, 200), three);
    assert!(own != pair && pair != three);
    assert_ne!(token(&post_as(&edge, "dev-2", "POST /api/chat", "").await, 201), own);

    let mut ann = open(&edge, "/chat/2/?token=dev-1").await;
    assert_eq!(ann.hear().await["text"], "1 joined.");
    let mut bob = open(&edge, &format!("/talk/chat/{pair}/?token=dev-2")).await;
    ann.say(json!({"text": "hi"})).await;
    let author = json!({"user_id": 1});
    let body = json!({"type": "message", "message": "hi", "body": {"message": "hi"}, "author": author});
    let mut expected = json!({"timestamp": NUMBER, "token": pair});
    expected.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    bob.hears(expected).await;
    let mut stranger = open(&edge, &format!("/talk/chat/{pair}/?token=dev-3")).await;
    stranger.hears(json!({"ERROR": "authentication error"})).await;
}

/// The document spells the header `Authentication`; tndata has the same path for something else.
#[tokio::test]
async fn a_header_tells_whose_api_chat_is() {
    let both = start().await;
    let alone = start_with(vec![Port::new(Hipochat::default())]).await;
    let with = |name: &str| format!("GET /api/chat HTTP/1.1\r\n{name}: Token dev-1");
    for path in ["/api/chat", "/api/chat/"] {
        let asked = with("Authentication").replace("/api/chat", path);
        let status = if path.ends_with('/') { 200 } else { 201 };
        token(&both.ask(&asked).await, status);
    }
    let counter = with("Authentication").replace("/api/chat", &format!("/talk/notification/{ROOM}/"));
    assert_eq!(both.ask(&counter).await.body, r#"{"notification":null}"#, "everywhere");
    let page = both.ask(&with("Authorization")).await;
    assert!(page.status == 200 && page.body.contains(r#""count":0"#), "{page:?}");
    token(&alone.ask(&with("Authorization")).await, 201);
    token(&alone.ask("GET /api/chat/?token=dev-1 HTTP/1.1").await, 200);
}

#[tokio::test]
async fn counters_tell_messages_from_items_and_begin_anew() {
    let edge = start().await;
    assert_eq!(notification(&edge, "dev-1", "").await, Value::Null, "there is no such room");
    drop(open(&edge, &format!("/talk/chat/{ROOM}/?token=dev-1")).await);
    talk(&edge, &["one", "two"]).await;
    let line = format!("POST /talk/item/{ROOM}/?type=call");
    empty(&post_as(&edge, "dev-2", &line, r#"{"injected":{"a":1},"x":2}"#).await, 200);
    for (query, count) in [("type=message", "2"), ("type=item", "1"), ("", "3"), ("type=call", "3")] {
        assert_eq!(notification(&edge, "dev-1", query).await, json!(count), "{query}");
    }
    assert_eq!(notification(&edge, "dev-2", "").await, json!("0"), "all are his own");
    assert_eq!(notification(&edge, "dev-3", "").await, Value::Null, "no member");
    empty(&post(&edge, &format!("POST /talk/notification/{ROOM}/"), "count=7").await, 200);
    assert_eq!(notification(&edge, "dev-1", "").await, json!("3"), "and that did nothing");

    let history = get(&edge, &format!("/talk/history/{ROOM},other?limit=2")).await;
    let message = json!({"message": "two", "author": "bob", "timestamp": NUMBER});
    let item = json!({"timestamp": NUMBER, "token": ROOM, "injected": {"a": 1}});
    let mine = json!({"room_name": ROOM, "unread_count": "3", "messages": [message, item]});
    let other = json!({"room_name": "other", "unread_count": 0, "messages": []});
    same(&history, &json!({"results": [mine, other]}));
    assert!(history["results"][0]["messages"][0]["timestamp"].is_u64(), "whole seconds: {history}");
    let newest = get(&edge, &format!("/talk/history/{ROOM}")).await;
    assert_eq!(newest["results"][0]["messages"].as_array().unwrap().len(), 1);

    assert_eq!(get(&edge, &format!("/talk/old/{ROOM}/")).await["oldy"].as_array().unwrap().len(), 3);
    assert_eq!(notification(&edge, "dev-1", "").await, json!("0"), "who saw all has read all");
}

/// What stands on each side of the moment when a reader's last socket closed.
async fn divided(edge: &Edge) -> (Vec<Value>, Vec<Value>) {
    let old = get(edge, &format!("/talk/old/{ROOM}/")).await;
    let texts = |name: &str| {
        let entries = old.pointer(name).unwrap().as_array().unwrap();
        entries.iter().map(|entry| entry["message"].clone()).collect::<Vec<_>>()
    };
    let (read, unread) = (texts("/results/read_messages"), texts("/results/unread_messages"));
    assert_eq!(texts("/oldy"), [read.clone(), unread.clone()].concat(), "the same entries come twice");
    (read, unread)
}

#[tokio::test]
async fn old_messages_are_divided_where_the_readers_last_socket_closed() {
    let edge = start().await;
    talk(&edge, &["one"]).await;
    assert_eq!(divided(&edge).await, (vec![json!("one")], vec![]), "there was no socket: all are read");
    let path = format!("/talk/chat/{ROOM}/?token=dev-1");
    let (phone, mut page) = (open(&edge, &path).await, open(&edge, &path).await);
    drop(phone);
    while edge.server.connections() > 1 {
        tokio::task::yield_now().await;
    }
    let mut bob = open(&edge, &format!("/talk/chat/{ROOM}/?token=dev-2")).await;
    bob.say(json!({"message": "two"})).await;
    assert_eq!(page.hear().await["message"], "two");
    let both = (vec![json!("one"), json!("two")], vec![]);
    for _ in 0..2 {
        assert_eq!(divided(&edge).await, both, "one of the reader's sockets is open");
    }
    drop((page, bob));
    gone(&edge).await;
    talk(&edge, &["three", "four"]).await;
    let expected = (vec![json!("one"), json!("two")], vec![json!("three"), json!("four")]);
    // What ended a moment ago is stored together with what else ends then.
    let stored = async {
        loop {
            let old = divided(&edge).await;
            if old == expected {
                return;
            }
            assert_eq!(old.1, [Value::Null; 0], "{old:?}");
        }
    };
    soon(stored).await;
    let all = ["one", "two", "three", "four"].map(Value::from).to_vec();
    assert_eq!(divided(&edge).await, (all, vec![]), "that was asked for");
}

#[tokio::test]
async fn whoever_knows_a_token_comes_in_where_the_operator_says_so() {
    let edge = start().await;
    talk(&edge, &["one"]).await;
    assert_eq!(get(&edge, &format!("/talk/old/{ROOM}/")).await["oldy"][0]["message"], "one");
    assert_eq!(notification(&edge, "dev-1", "").await, json!("0"), "a member");
    empty(&post_as(&edge, "dev-3", &format!("POST /talk/item/{ROOM}"), "{}").await, 200);
    assert_eq!(notification(&edge, "dev-1", "").await, json!("1"));

    let closed = start_with(vec![Port::new(Hipochat::default())]).await;
    for line in [format!("GET /talk/old/{ROOM}/"), format!("POST /talk/item/{ROOM}/")] {
        empty(&post(&closed, &line, "{}").await, 403);
    }
    empty(&post(&closed, &format!("POST /talk/new-chat-room/{ROOM}"), "tokens=dev-2").await, 403);
}

#[tokio::test]
async fn a_backend_says_who_is_in_a_room() {
    let edge = start_with_operator().await;
    let line = |call: &str| format!("POST /talk/{call}/{ROOM}/");
    let body = "tokens=dev-1&tokens=dev-bob%40example.org&tokens=dev-1";
    empty(&post_as(&edge, OPERATOR, &line("new-chat-room"), body).await, 200);
    let mut ann = open(&edge, &format!("/talk/chat/{ROOM}/?token=dev-1")).await;
    let mut bob = open(&edge, &format!("/talk/chat/{ROOM}/?token=dev-bob@example.org")).await;
    empty(&post_as(&edge, OPERATOR, &line("item"), r#"{"sold":true}"#).await, 200);
    let item = json!({"timestamp": NUMBER, "token": ROOM, "injected": {"sold": true}});
    ann.hears(item.clone()).await;
    bob.hears(item).await;

    empty(&post_as(&edge, "dev-bob@example.org", &line("unsubscribe"), "tokens=dev-1").await, 403);
    empty(&post(&edge, &line("unsubscribe"), "tokens=dev-bob@example.org").await, 200);
    assert_eq!(bob.closed().await, Some(1008), "who was removed is closed");
    assert_eq!(notification(&edge, "dev-bob@example.org", "").await, Value::Null);
    empty(&post_as(&edge, OPERATOR, &line("unsubscribe"), "tokens=dev-1").await, 200);
    assert_eq!(ann.closed().await, Some(1008));
    for body in ["", "token=dev-1", "tokens=", "tokens=dev-1&tokens=wrong"] {
        empty(&post_as(&edge, OPERATOR, &line("new-chat-room"), body).await, 400);
    }
    assert_eq!(notification(&edge, "dev-1", "").await, Value::Null, "one wrong token spoils all");
    let many = vec!["tokens=dev-1"; 101].join("&");
    empty(&post_as(&edge, OPERATOR, &line("new-chat-room"), &many).await, 400);
}

/// Rooms that only members enter.
async fn start_with_operator() -> Edge {
    start_with(vec![Port::new(Hipochat::default())]).await
}

#[tokio::test]
async fn hipochat_refuses_as_its_original_did() {
    let edge = start().await;
    talk(&edge, &["one"]).await;
    let detail = |text: &str| json!({"detail": text});
    let nobody = "Authentication credentials were not provided.";
    for (token, text) in
        [(None, nobody), (Some("wrong"), "Invalid token."), (Some(OPERATOR), "Invalid token.")]
    {
        let answer = ask(&edge, "POST /api/chat", token, ("", "")).await;
        refused(&answer, 401, detail(text));
    }
    for (body, status, text) in [
        ("x", 400, "The frame or body is not JSON."),
        (r#"{"users":2}"#, 400, "A field is missing, of the wrong type or out of range; `detail` names it."),
        (
            r#"{"users":[1.5]}"#,
            400,
            "A field is missing, of the wrong type or out of range; `detail` names it.",
        ),
    ] {
        refused(&post(&edge, "POST /api/chat", body).await, status, detail(text));
    }
    empty(&ask(&edge, &format!("POST /talk/item/{ROOM}/?token={OPERATOR}"), None, ("", "{}")).await, 400);
    for (line, status) in [
        (format!("GET /talk/old/{ROOM}/"), 400),
        (format!("POST /talk/item/{ROOM}/"), 400),
        (format!("GET /talk/notification/{ROOM}/"), 403),
        (format!("POST /talk/notification/{ROOM}/"), 403),
        (format!("GET /talk/history/{ROOM}"), 403),
        (format!("POST /talk/new-chat-room/{ROOM}"), 403),
        (format!("POST /talk/unsubscribe/{ROOM}"), 403),
    ] {
        for token in [None, Some("wrong")] {
            empty(&ask(&edge, &line, token, ("", "{}")).await, status);
        }
        let bad = line.replace(ROOM, "a%20b");
        empty(&post(&edge, &bad, "{}").await, 404);
    }
    for line in ["GET /talk/old/%2e%2e%2fx/", "GET /talk/history/a,,b", "GET /talk/history/,"] {
        empty(&post(&edge, line, "").await, 404);
    }
    for body in ["", "7", "[]", "null", "not JSON", r#"{"a":1"#] {
        empty(&post(&edge, &format!("POST /talk/item/{ROOM}/"), body).await, 400);
    }
    for size in [20_000, 70_000] {
        let large = json!({"message": "x".repeat(size)}).to_string();
        empty(&post(&edge, &format!("POST /talk/item/{ROOM}/"), &large).await, 413);
    }
    let many = vec!["r"; 51].join(",");
    for path in [format!("/talk/history/{ROOM}?limit=x"), format!("/talk/history/{many}")] {
        empty(&post(&edge, &format!("GET {path}"), "").await, 400);
    }
    let answer = post(&edge, &format!("DELETE /talk/notification/{ROOM}"), "").await;
    empty(&answer, 405);
    assert_eq!(answer.header("allow"), Some("GET, POST"));
    let pair = token(&post(&edge, "POST /api/chat", r#"{"users":["2"]}"#).await, 201);
    for call in ["old", "item"] {
        let method = if call == "old" { "GET" } else { "POST" };
        empty(&post_as(&edge, "dev-3", &format!("{method} /talk/{call}/{pair}/"), "{}").await, 403);
    }
    let others = get(&edge, &format!("/talk/history/{pair}?limit=5&token=dev-3")).await;
    same(&others["results"][0], &json!({"room_name": pair, "unread_count": 0, "messages": []}));
    assert_eq!(get(&edge, &format!("/talk/old/{ROOM}/")).await["oldy"].as_array().unwrap().len(), 1);
    edge.assert_serving().await;
}
