//! Requests that read one thing: a room, counts, a user.

use chat_protocol::RoomState;
use chat_protocol::reply::{InboxTotals, UserEntry};
use chat_transport_ws::WsConfig;

use crate::edge::{Edge, command};

const OPERATOR: &str = "op-secret";

/// A server with the operator, where alice and bob have a direct room with one message of alice's.
async fn start() -> Edge {
    let edge = Edge::start(WsConfig { operator_token: Some(OPERATOR.into()), ..WsConfig::default() }).await;
    let mut alice = edge.login("alice").await;
    let create = r#"{"create":{"id":"1","kind":"direct","members":["bob"]}}"#;
    assert_eq!(command(&mut alice, create).await.status, 200);
    let send = r#"{"send":{"id":"2","room":"~5.alice.bob","client_msg_id":"m","content":{"type":"text/plain","payload":{"text":"hi"}}}}"#;
    let sent = command(&mut alice, send).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    edge
}

#[tokio::test]
async fn a_room_is_shown_to_its_members_as_each_sees_it() {
    let edge = start().await;
    let path = "/v1/rooms/~5.alice.bob";
    for (user, unread) in [("bob", 1), ("alice", 0)] {
        let answer = edge.get_as(&format!("dev-{user}"), path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let room: RoomState = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((room.seq.get(), room.unread), (1, unread), "{user}");
        let totals: InboxTotals =
            serde_json::from_str(&edge.get_as(&format!("dev-{user}"), "/v1/unread").await.body).unwrap();
        assert_eq!((totals.unread, totals.rooms), (unread, unread), "{user}");
    }
    for (token, room, status, code) in [
        ("dev-carol", "~5.alice.bob", 403, "ERR_FORBIDDEN_ACCESS"),
        ("dev-carol", "nowhere", 403, "ERR_FORBIDDEN_ACCESS"),
        (OPERATOR, "nowhere", 403, "ERR_FORBIDDEN_ACCESS"),
        ("dev-bob", "%00", 400, "ERR_BAD_REQUEST"),
        ("dev-bob", "%ff", 404, "ERR_NOT_FOUND"),
        ("wrong", "~5.alice.bob", 401, "ERR_INVALID_ACCESS_TOKEN"),
    ] {
        let answer = edge.get_as(token, &format!("/v1/rooms/{room}")).await;
        assert_eq!((answer.status, answer.refusal().as_str()), (status, code), "{token} {room}");
    }
    for path in ["/v1/rooms/x", "/v1/unread", "/v1/users/x"] {
        let answer = edge.get(path).await;
        assert_eq!((answer.status, answer.refusal().as_str()), (401, "ERR_NOT_AUTHENTICATED"), "{path}");
    }
}

#[tokio::test]
async fn who_is_there_is_told_to_those_who_may_know() {
    let edge = start().await;
    let mut bob = edge.login("bob").await;
    let seen = async |token: &str, user: &str| {
        let answer = edge.get_as(token, &format!("/v1/users/{user}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        serde_json::from_str::<UserEntry>(&answer.body).unwrap().online
    };
    assert_eq!(seen("dev-alice", "bob").await, Some(true));
    assert_eq!(seen(OPERATOR, "bob").await, Some(true));
    assert_eq!(seen("dev-bob", "bob").await, Some(true));
    assert_eq!(seen("dev-carol", "bob").await, None, "they have no direct room");
    assert_eq!(seen("dev-bob", "nobody").await, None);
    assert_eq!(command(&mut bob, r#"{"block":{"id":"1","user":"alice"}}"#).await.status, 200);
    assert_eq!(seen("dev-alice", "bob").await, None, "who is blocked does not see");
    let bad = edge.get_as("dev-bob", "/v1/users/%00").await;
    assert_eq!((bad.status, bad.refusal().as_str()), (400, "ERR_BAD_REQUEST"));
}
