//! What `hipochat` asks: rooms by their tokens, their counters, and items that a backend injects.

use std::time::Duration;

use chat_protocol::dialect::{Handshake, Secret};
use chat_protocol::{Content, ErrorCode, Frame};
use chat_server_core::dialects::{Entrance, Waiting, Window};
use chat_server_core::transport::{PeerInfo, memory};
use futures::SinkExt;
use serde_json::json;

use super::*;

fn alias(name: &str) -> RoomName {
    RoomName::Alias(name.to_owned())
}

fn object(text: &str) -> Content {
    Content::new("application/json", &json!({"message": text}))
}

#[tokio::test]
async fn the_room_of_some_users_is_one_whoever_asks_first() {
    let server = server();
    let (ann, bob) = (visit(&server, HIPOCHAT, "1").await, visit(&server, HIPOCHAT, "2").await);
    let (own, made) = ann.room_of(&[]).await.unwrap();
    assert!(made && !ann.room_of(&[user("1")]).await.unwrap().1, "one's own");
    assert_ne!(bob.room_of(&[]).await.unwrap().0.room.record.room, own.room.record.room);
    let (pair, made) = ann.room_of(&[user("2")]).await.unwrap();
    assert!(made && RoomName::Id(pair.room.record.room.clone()) == direct("1", "2"));
    assert!(!bob.room_of(&[user("1")]).await.unwrap().1);
    let (three, made) = ann.room_of(&[user("3"), user("2")]).await.unwrap();
    let (again, twice) = bob.room_of(&[user("1"), user("3"), user("1")]).await.unwrap();
    assert!(made && !twice && again.room.record.room == three.room.record.room);
    assert!(bob.is_member(&alias(&three.room.alias())).await.unwrap(), "known by its token");
    let room = three.room.record.room.as_str();
    native(&server, "2", json!({"leave": {"id": "l", "room": room}})).await;
    assert!(!bob.room_of(&[user("1"), user("3")]).await.unwrap().1, "who left is back");
    native(&server, "3", json!({"block": {"id": "b", "user": "1"}})).await;
    assert_eq!(refused(ann.room_of(&[user("3"), user("4")]).await), ErrorCode::Forbidden);
    let many: Vec<_> = (0..101).map(|n| user(&format!("u{n}"))).collect();
    assert_eq!(refused(ann.room_of(&many).await), ErrorCode::BadRequest);
}

#[tokio::test]
async fn a_token_opens_its_room_where_the_port_says_so() {
    let server = server();
    let (ann, bob) = (visit(&server, HIPOCHAT, "1").await, visit(&server, HIPOCHAT, "2").await);
    assert_eq!(refused(ann.history(&alias("lobby"), Window::All, 1).await), ErrorCode::Forbidden);
    ann.enter(&alias("lobby")).await.unwrap();
    assert_eq!(
        refused(bob.send(&alias("lobby"), object("x"), None).await),
        ErrorCode::Forbidden,
        "he has not come in"
    );
    bob.enter(&alias("lobby")).await.unwrap();
    bob.send(&alias("lobby"), object("x"), None).await.unwrap();
    assert_eq!(texts(&ann.history(&alias("lobby"), Window::All, 1).await.unwrap()), ["x"]);
    let pair = ann.room_of(&[user("2")]).await.unwrap().0.room.alias();
    assert_eq!(refused(visit(&server, HIPOCHAT, "3").await.enter(&alias(&pair)).await), ErrorCode::Forbidden);
    let closed = visit(&server, CHATS, "3").await;
    for name in ["lobby", "another"] {
        assert_eq!(refused(closed.enter(&alias(name)).await), ErrorCode::Forbidden, "this port does not");
    }
}

#[tokio::test]
async fn what_waits_is_counted_by_who_wrote_it() {
    let server = server();
    let (ann, bob) = (visit(&server, HIPOCHAT, "1").await, visit(&server, HIPOCHAT, "2").await);
    let lobby = alias("lobby");
    assert_eq!(ann.waiting(&lobby).await.unwrap(), None, "there is no such room");
    ann.enter(&lobby).await.unwrap();
    assert_eq!(bob.waiting(&lobby).await.unwrap(), None, "he is no member");
    bob.enter(&lobby).await.unwrap();
    bob.send(&lobby, object("one"), None).await.unwrap();
    let item = bob.inject(&lobby, object("two")).await.unwrap();
    assert!(item.stored.message.injected);
    bob.send(&lobby, object("three"), None).await.unwrap();
    ann.inject(&lobby, object("her own")).await.unwrap();
    assert_eq!(ann.waiting(&lobby).await.unwrap(), Some(Waiting { messages: 2, injected: 1 }));
    ann.read_all(&lobby).await.unwrap();
    assert_eq!(ann.waiting(&lobby).await.unwrap(), Some(Waiting::default()));
}

#[tokio::test]
async fn who_writes_or_opens_a_socket_has_read_all() {
    let server = server();
    let (ann, bob) = (visit(&server, HIPOCHAT, "1").await, visit(&server, HIPOCHAT, "2").await);
    let lobby = alias("lobby");
    ann.enter(&lobby).await.unwrap();
    bob.enter(&lobby).await.unwrap();
    let all_read = async || {
        let read = async {
            while ann.waiting(&lobby).await.unwrap() != Some(Waiting::default()) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), read).await.expect("all is read");
    };
    for n in 0..2 {
        bob.send(&lobby, object("x"), None).await.unwrap();
        assert_eq!(ann.waiting(&lobby).await.unwrap(), Some(Waiting { messages: 1, injected: 0 }));
        if n == 0 {
            ann.send(&lobby, object("y"), None).await.unwrap();
            all_read().await;
            continue;
        }
        let query = [("token".to_owned(), "dev-1".to_owned())];
        let handshake = Handshake { path: "/talk/chat/lobby/", query: &query, headers: &[] };
        let opening = server.port(HIPOCHAT).dialect.open(&handshake).unwrap();
        let Entrance::Let(entered) = server.enter(HIPOCHAT, opening, &[]).await else {
            panic!("it is let in")
        };
        let (mut ours, theirs) = memory::pair(16);
        tokio::spawn(server.serve_socket(entered, theirs, PeerInfo::default()));
        all_read().await;
        bob.send(&lobby, object("z"), None).await.unwrap();
        assert_eq!(
            ann.waiting(&lobby).await.unwrap(),
            Some(Waiting { messages: 1, injected: 0 }),
            "also while it is open"
        );
        ours.send(Frame::Text(json!({"message": "mine"}).to_string().into())).await.unwrap();
        all_read().await;
    }
}

#[tokio::test]
async fn members_come_and_go_by_whoever_runs_the_room() {
    let server = server();
    let (ann, bob) = (visit(&server, HIPOCHAT, "1").await, visit(&server, HIPOCHAT, "2").await);
    let lobby = alias("lobby");
    ann.enter(&lobby).await.unwrap();
    let cid = ann.user_of(&Secret("dev-3".to_owned())).await.unwrap();
    assert_eq!((cid, ann.user_of(&Secret("x".to_owned())).await.unwrap()), (Some(user("3")), None));
    ann.add_members(&lobby, vec![user("2"), user("3")]).await.unwrap();
    ann.add_members(&lobby, vec![user("2")]).await.unwrap();
    assert_eq!(refused(bob.remove_members(&lobby, vec![user("3")]).await), ErrorCode::Forbidden);
    assert_eq!(refused(bob.add_members(&lobby, vec![user("4")]).await), ErrorCode::Forbidden);
    ann.remove_members(&lobby, vec![user("7"), user("3")]).await.unwrap();
    assert!(!visit(&server, HIPOCHAT, "3").await.is_member(&lobby).await.unwrap());
    let operator = server.visit_as(HIPOCHAT, &Caller::Operator);
    operator.remove_members(&lobby, vec![user("2")]).await.unwrap();
    assert_eq!(refused(bob.history(&lobby, Window::All, 1).await), ErrorCode::Forbidden);
    operator.add_members(&lobby, vec![user("2")]).await.unwrap();
    assert!(bob.is_member(&lobby).await.unwrap());
}
