//! What `tndata` asks: messages that I wrote, what nobody has read, a room's history, and that it is read.

use chat_protocol::dialect::Secret;
use chat_protocol::dialect::tndata::{Account, MessageEntry};
use chat_protocol::{ErrorCode, Timestamp};
use chat_server_core::dialects::Window;
use chat_server_core::storage::MessageAlias;
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_token_of_nobody_visits_nothing() {
    let server = server();
    assert_eq!(refused(server.visit(TNDATA, &Secret("x".to_owned())).await), ErrorCode::InvalidToken);
    let ann = visit(&server, TNDATA, "1").await;
    assert_eq!(Account::of(&ann.me().await.unwrap()).id.0, user("1"));
}

#[tokio::test]
async fn what_i_wrote_is_listed_over_all_rooms() {
    let server = server();
    let (ann, bob) = (visit(&server, TNDATA, "1").await, visit(&server, TNDATA, "2").await);
    assert_eq!(ann.my_messages(0..25).await.unwrap().count, 0);
    let (with_bob, with_cid) = (meet(&server, "1", "2").await, meet(&server, "1", "3").await);
    for n in 0..3 {
        say(&server, "1", &with_bob, &format!("bob {n}")).await;
        say(&server, "2", &with_bob, "not mine").await;
        say(&server, "1", &with_cid, &format!("cid {n}")).await;
    }
    let list = ann.my_messages(0..4).await.unwrap();
    assert_eq!(
        (list.count, texts(&list.messages)),
        (6, ["cid 2", "bob 2", "cid 1", "bob 1"].map(String::from).to_vec())
    );
    let entry = list.messages[1].news(None, MessageEntry::of).unwrap();
    assert_eq!((entry.room.as_str(), entry.read, entry.user), ("chat-1-2", false, user("1")));
    assert_eq!(texts(&ann.my_messages(4..8).await.unwrap().messages), ["cid 0", "bob 0"]);
    assert_eq!(ann.my_messages(8..12).await.unwrap().messages, []);

    let num = list.messages[1].stored.num;
    assert_eq!(ann.my_message(num).await.unwrap().as_ref(), Some(&list.messages[1]));
    assert_eq!(bob.my_message(num).await.unwrap(), None, "another's");
    let key = MessageAlias::Key(list.messages[1].stored.key);
    assert_eq!(bob.message(key).await.unwrap().as_ref(), Some(&list.messages[1]), "but in a room of his");
    assert_eq!(visit(&server, TNDATA, "4").await.message(key).await.unwrap(), None);
    assert_eq!(ann.my_message(num + 1_000).await.unwrap(), None);
    native(&server, "1", json!({"delete": {"id": "d", "room": with_bob, "seq": 5}})).await;
    assert_eq!(ann.my_message(num).await.unwrap(), None, "deleted");
    assert_eq!(ann.my_messages(0..25).await.unwrap().count, 5);
}

#[tokio::test]
async fn unread_is_what_nobody_but_its_author_has_read() {
    let server = server();
    let (ann, bob) = (visit(&server, TNDATA, "1").await, visit(&server, TNDATA, "2").await);
    let room = meet(&server, "1", "2").await;
    group(&server, "g", &["1", "2", "3"], json!({})).await;
    for n in 1..=3 {
        say(&server, "1", &room, &format!("a{n}")).await;
        say(&server, "2", &room, &format!("b{n}")).await;
    }
    say(&server, "3", "g", "c1").await;
    assert_eq!(texts(&ann.unread().await.unwrap()), ["c1", "b3", "a3", "b2", "a2", "b1", "a1"]);
    native(&server, "2", json!({"read": {"id": "r", "room": room, "seq": 3}})).await;
    assert_eq!(texts(&ann.unread().await.unwrap()), ["c1", "b3", "a3", "b2", "b1"], "bob has read a1 and a2");
    native(&server, "1", json!({"read": {"id": "r", "room": "g", "seq": 1}})).await;
    native(&server, "2", json!({"delete": {"id": "d", "room": room, "seq": 4}})).await;
    assert_eq!(texts(&bob.unread().await.unwrap()), ["b3", "a3", "b1"]);
    ann.read_all(&direct("2", "1")).await.unwrap();
    assert_eq!(texts(&bob.unread().await.unwrap()), ["a3"]);
    assert_eq!(texts(&visit(&server, TNDATA, "4").await.unread().await.unwrap()), [""; 0]);
}

#[tokio::test]
async fn a_history_is_of_my_rooms_and_ends_where_it_is_told_to() {
    let server = server();
    let ann = visit(&server, TNDATA, "1").await;
    let room = meet(&server, "1", "2").await;
    let mut times = Vec::new();
    for n in 1..=5 {
        say(&server, "2", &room, &format!("{n}")).await;
        let page = ann.history(&direct("1", "2"), Window::All, 1).await.unwrap();
        times.push(page[0].stored.message.ts);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    native(&server, "2", json!({"delete": {"id": "d", "room": room, "seq": 4}})).await;
    let history = async |window, limit| texts(&ann.history(&direct("1", "2"), window, limit).await.unwrap());
    assert_eq!(history(Window::All, 20).await, ["5", "3", "2", "1"]);
    assert_eq!(history(Window::All, 2).await, ["5", "3"], "as many as asked for, without the deleted one");
    assert_eq!(history(Window::All, 0).await, [""; 0]);
    assert_eq!(history(Window::Since(times[1]), 20).await, ["5", "3", "2"]);
    assert_eq!(history(Window::Until(times[1]), 20).await, ["2", "1"]);
    let later = Timestamp::from_micros(times[4].as_micros() + 1_000_000);
    assert_eq!(history(Window::Since(later), 20).await, [""; 0]);
    assert_eq!(history(Window::Until(later), 1).await, ["5"]);
    native(&server, "1", json!({"delete": {"id": "d", "room": room, "seq": 5, "for_me": true}})).await;
    assert_eq!(history(Window::All, 1).await, ["3"], "hidden from me");
}

#[tokio::test]
async fn rooms_of_others_are_as_rooms_that_are_not_there() {
    let server = server();
    let eve = visit(&server, TNDATA, "3").await;
    let room = meet(&server, "1", "2").await;
    group(&server, "g", &["1", "3"], json!({"history": "joined"})).await;
    say(&server, "1", &room, "private").await;
    for name in [direct("1", "2"), direct("3", "4"), named("never")] {
        assert_eq!(refused(eve.history(&name, Window::All, 20).await), ErrorCode::Forbidden);
        assert_eq!(refused(eve.read_all(&name).await), ErrorCode::Forbidden);
    }
    say(&server, "3", "g", "mine").await;
    native(&server, "1", json!({"kick": {"id": "k", "room": "g", "user": "3"}})).await;
    assert_eq!(refused(eve.history(&named("g"), Window::All, 20).await), ErrorCode::Forbidden);
    assert_eq!((eve.my_messages(0..25).await.unwrap().count, eve.unread().await.unwrap().len()), (0, 0));
    native(&server, "1", json!({"invite": {"id": "i", "room": "g", "users": ["3"]}})).await;
    say(&server, "1", "g", "after").await;
    assert_eq!(
        texts(&eve.history(&named("g"), Window::All, 20).await.unwrap()),
        ["after"],
        "since it joined"
    );
}
