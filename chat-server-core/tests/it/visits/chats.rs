//! What `chats` asks: direct and project chats, their messages and files.

use chat_protocol::ErrorCode;
use chat_protocol::RoomNumber;
use chat_protocol::dialect::chats::{
    DirectDetail, DirectSummary, FileEntry, MessageEntry, ProjectDetail, ProjectSummary,
};
use chat_server_core::dialects::RoomsOf;
use serde_json::json;

use super::*;

/// A project's room, which the operator makes.
async fn project(server: &ChatServer, id: &str, number: u64, members: &[&str]) {
    let create = json!({"create": {
        "id": "c", "kind": "group", "room": id, "name": "Bridge", "number": number,
        "owner": members[0], "members": members[1..],
    }});
    let command: Command = chat_protocol::decode(create.to_string().as_bytes()).unwrap();
    server.command(&Caller::Operator, command).await.unwrap();
}

#[tokio::test]
async fn chats_are_listed_by_kind_with_their_newest_message_and_what_waits() {
    let server = server();
    let ann = visit(&server, CHATS, "1").await;
    let room = meet(&server, "1", "2").await;
    project(&server, "p", 10, &["1", "2", "3"]).await;
    group(&server, "g", &["1", "2"], json!({})).await;
    meet(&server, "3", "1").await;
    for text in ["one", "two", "three"] {
        say(&server, "2", &room, text).await;
    }
    say(&server, "2", "p", "in the project").await;
    native(&server, "2", json!({"delete": {"id": "d", "room": room, "seq": 3}})).await;

    let directs = ann.rooms(RoomsOf::Pairs, None, 1_000).await.unwrap();
    assert_eq!(directs.next, None);
    let shown: Vec<_> =
        directs.rooms.iter().map(|room| room.facts(None, DirectSummary::of).unwrap()).collect();
    assert_eq!((shown[0].id.as_str(), shown[1].id.as_str(), shown.len()), ("1_2", "1_3", 2));
    assert_eq!(shown[0].last_message.as_ref().unwrap().text, "two", "the newest that is there");
    assert_eq!((shown[1].last_message.as_ref(), directs.rooms[0].unread), (None, 2));
    assert_eq!(shown[0].opponent.id.0, user("2"));

    let projects = ann.rooms(RoomsOf::Numbered, None, 1_000).await.unwrap();
    let shown: Vec<_> =
        projects.rooms.iter().map(|room| room.facts(None, ProjectSummary::of).unwrap()).collect();
    assert_eq!((shown.len(), shown[0].id.get(), shown[0].name.as_str()), (1, 10, "Bridge"));
    let first = ann.rooms(RoomsOf::Pairs, None, 1).await.unwrap();
    let second = ann.rooms(RoomsOf::Pairs, first.next.as_deref(), 1).await.unwrap();
    assert_eq!([first.rooms, second.rooms].concat(), directs.rooms, "pages meet");
    assert_eq!(ann.rooms(RoomsOf::Pairs, second.next.as_deref(), 1).await.unwrap().rooms, []);
    assert_eq!(refused(ann.rooms(RoomsOf::Pairs, Some("x"), 1).await), ErrorCode::BadRequest);
    assert!(ann.has_unread().await.unwrap() && !visit(&server, CHATS, "2").await.has_unread().await.unwrap());
}

#[tokio::test]
async fn a_chat_is_shown_in_detail_to_its_members() {
    let server = server();
    let ann = visit(&server, CHATS, "1").await;
    assert!(!ann.is_member(&direct("1", "2")).await.unwrap());
    let chat = ann.start_direct(&user("2")).await.unwrap();
    assert_eq!(chat.facts(None, DirectDetail::of).unwrap().users.len(), 2);
    assert_eq!(ann.start_direct(&user("2")).await.unwrap(), chat, "it is there");
    assert!(ann.is_member(&direct("1", "2")).await.unwrap());
    assert_eq!(
        ann.start_direct(&user("1")).await.unwrap().facts(None, DirectDetail::of).unwrap().users.len(),
        1
    );

    project(&server, "p", 10, &["1", "2", "3"]).await;
    let name = RoomName::Number(RoomNumber::new(10).unwrap());
    let detail = ann.room_with_members(&name).await.unwrap().facts(None, ProjectDetail::of).unwrap();
    assert_eq!((detail.id.get(), detail.users.len()), (10, 3));
    let eve = visit(&server, CHATS, "4").await;
    for name in [name, direct("1", "2"), RoomName::Number(RoomNumber::new(11).unwrap())] {
        assert_eq!(refused(eve.room_with_members(&name).await), ErrorCode::Forbidden);
        assert_eq!(refused(eve.messages(&name, 0..20).await), ErrorCode::Forbidden);
        assert_eq!(refused(eve.files(&name).await), ErrorCode::Forbidden);
    }
}

#[tokio::test]
async fn messages_are_counted_and_paged_without_the_deleted_ones() {
    let server = server();
    let ann = visit(&server, CHATS, "1").await;
    let room = meet(&server, "1", "2").await;
    for n in 1..=6 {
        say(&server, if n % 2 == 0 { "1" } else { "2" }, &room, &format!("{n}")).await;
    }
    native(&server, "1", json!({"delete": {"id": "d", "room": room, "seq": 4}})).await;
    native(&server, "1", json!({"delete": {"id": "d", "room": room, "seq": 5, "for_me": true}})).await;
    let content = json!({"type": "image/png", "payload": {"url": "https://x.example/a.png"}});
    native(&server, "2", json!({"send": {"id": "s", "room": room, "content": content, "reply_to": 3}})).await;
    let name = direct("1", "2");
    let page = ann.messages(&name, 0..3).await.unwrap();
    assert_eq!(
        (page.count, texts(&page.messages)),
        (5, ["https://x.example/a.png", "6", "3"].map(String::from).to_vec())
    );
    assert_eq!(texts(&ann.messages(&name, 3..6).await.unwrap().messages), ["2", "1"]);
    let entry = page.messages[0].news(None, MessageEntry::of).unwrap();
    assert_eq!(entry.reply_to.unwrap().text, "3");
    let files = ann.files(&name).await.unwrap();
    assert_eq!(files.len(), 1, "only what has files");
    let links = files.iter().flat_map(|shown| shown.news(None, |news| MessageEntry::of(news).unwrap().files));
    assert_eq!(links.map(|file: FileEntry| file.link).collect::<Vec<_>>(), ["https://x.example/a.png"]);
    let bob = visit(&server, CHATS, "2").await;
    assert_eq!(
        bob.messages(&name, 0..20).await.unwrap().count,
        6,
        "what ann hid from herself is there for him"
    );
}

#[tokio::test]
async fn what_a_message_answers_is_shown_only_to_who_can_read_it() {
    let server = server();
    group(&server, "g", &["1", "2"], json!({"history": "joined"})).await;
    say(&server, "1", "g", "before").await;
    native(&server, "1", json!({"invite": {"id": "i", "room": "g", "users": ["3"]}})).await;
    let content = json!({"type": "text/plain", "payload": {"text": "answer"}});
    native(&server, "1", json!({"send": {"id": "s", "room": "g", "content": content, "reply_to": 1}})).await;
    for (of, sees) in [("2", true), ("3", false)] {
        let page = visit(&server, CHATS, of).await.messages(&named("g"), 0..1).await.unwrap();
        assert_eq!(page.messages[0].reply.is_some(), sees, "{of}");
    }
}

#[tokio::test]
async fn lists_do_not_say_whether_somebody_is_there_who_blocks_the_reader() {
    let server = server();
    meet(&server, "1", "2").await;
    let _bob = crate::peer::Peer::log_in(&server, "2").await;
    let ann = visit(&server, CHATS, "1").await;
    let online = async || {
        let page = ann.rooms(RoomsOf::Pairs, None, 10).await.unwrap();
        page.rooms[0].other.as_ref().unwrap().online
    };
    assert!(online().await);
    native(&server, "2", json!({"block": {"id": "b", "user": "1"}})).await;
    assert!(!online().await);
}
