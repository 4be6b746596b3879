//! The conversation of hipochat's document, and of its page.

use chat_protocol::dialect::hipochat::Hipochat;
use chat_server_core::dialects::Port;
use serde_json::json;

use super::{NUMBER, open, start, start_with};

const ROOM: &str = "e598c2a9-317a-4577-8cbd-7fd5f0cddbdf";

#[tokio::test]
async fn objects_come_to_all_of_the_room_as_they_are() {
    let edge = start().await;
    let mut ann = open(&edge, &format!("/talk/chat/{ROOM}/?token=dev-1")).await;
    // A raw `@`, as its page writes it.
    let mut bob = open(&edge, &format!("/talk/chat/{ROOM}/?token=dev-bob@example.org")).await;

    ann.say(json!({"message": "hello", "author": "ann", "token": "dev-1"})).await;
    let expected = json!({"message": "hello", "author": "ann", "timestamp": NUMBER, "token": ROOM});
    let told = ann.hears(expected.clone()).await;
    assert_eq!(bob.hears(expected).await, told);

    let body = json!({
        "body": {"message": "hello"}, "type": "message", "clientId": "c1", "status": "connected",
        "email": "a@b.c",
    });
    bob.say(body.clone()).await;
    let mut expected = body;
    let author = json!({"user_id": "bob@example.org"});
    let added = json!({"timestamp": NUMBER, "token": ROOM, "author": author});
    expected.as_object_mut().unwrap().extend(added.as_object().unwrap().clone());
    ann.hears(expected.clone()).await;
    bob.hears(expected).await;

    for frame in ["not JSON", "[]", "7"] {
        bob.say_text(frame).await;
    }
    bob.say(json!({"message": "x".repeat(20_000)})).await;
    let refused = bob.hear().await;
    assert_eq!(refused.as_object().unwrap().keys().collect::<Vec<_>>(), ["ERROR"]);
    bob.say(json!({"message": "still here"})).await;
    assert_eq!(bob.hear().await["message"], "still here");
}

#[tokio::test]
async fn strangers_are_told_and_closed() {
    let edge = start().await;
    for path in [format!("/talk/chat/{ROOM}/"), format!("/talk/chat/{ROOM}?token=wrong")] {
        let mut socket = open(&edge, &path).await;
        socket.hears(json!({"ERROR": "authentication error"})).await;
        assert_eq!(socket.closed().await, Some(1008));
    }
    let nowhere = super::open_with(&edge, "/talk/chat/a%20b/?token=dev-1", &[]).await.err().unwrap();
    assert_eq!(nowhere.status, 404, "no token of a room");
}

#[tokio::test]
async fn rooms_are_closed_to_others_where_the_operator_says_so() {
    let edge = start_with(vec![Port::new(Hipochat::default())]).await;
    let mut socket = open(&edge, &format!("/talk/chat/{ROOM}/?token=dev-1")).await;
    socket.hears(json!({"ERROR": "authentication error"})).await;
    assert_eq!(socket.closed().await, Some(1008));
}
