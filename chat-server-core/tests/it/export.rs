//! All that is kept of one user, as lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat_protocol::reply::ExportLine;
use chat_protocol::{Command, ErrorCode, Timestamp, UserId};
use chat_server_core::auth::{Profile, StaticDirectory};
use chat_server_core::clock::{Clock, SystemClock};
use chat_server_core::{Caller, ChatServer, NewUpload, Providers, Rate, ServerConfig};
use serde_json::{Value, json};

use crate::peer::{Peer, quick, send, server_of};

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

async fn act(server: &ChatServer, by: &str, command: Value) {
    let command: Command = serde_json::from_value(command).unwrap();
    server.command(&Caller::User(user(by)), command).await.unwrap();
}

/// Pages of lines, each page by itself.
async fn pages(server: &ChatServer, by: &Caller, of: &str) -> Vec<Vec<String>> {
    let mut export = server.export_user(by, user(of)).unwrap();
    let mut pages = Vec::new();
    while let Some(page) = export.next().await.unwrap() {
        let text = String::from_utf8(page.to_vec()).unwrap();
        assert!(text.ends_with('\n'));
        pages.push(text.lines().map(str::to_owned).collect());
    }
    assert_eq!(export.next().await.unwrap(), None, "the end is the end");
    pages
}

/// The lines by what they are about.
async fn export(server: &ChatServer, of: &str) -> BTreeMap<String, Vec<Value>> {
    let mut lines: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in pages(server, &Caller::User(user(of)), of).await.concat() {
        let read: ExportLine = serde_json::from_str(&line).unwrap();
        let value: Value = serde_json::from_str(&line).unwrap();
        lines.entry(read.kind().to_owned()).or_default().push(value[read.kind()].clone());
    }
    lines
}

async fn scene() -> ChatServer {
    let named =
        |id: &str, name: &str| (user(id), Profile { name: Some(name.to_owned()), ..Profile::default() });
    let directory = Arc::new(StaticDirectory::new([named("ann", "Ann Lee"), named("bob", "Bob")]));
    let server = server_of(Providers { directory, ..Providers::default() });
    for (by, id, member) in [("ann", "r", "bob"), ("bob", "left", "ann"), ("bob", "bobs", "bob")] {
        act(&server, by, json!({"create": {"id": "x", "kind": "group", "room": id, "members": [member]}}))
            .await;
    }
    for (by, id, text) in [
        ("ann", "r", "mine"),
        ("bob", "r", "not mine"),
        ("ann", "left", "left"),
        ("ann", "r", "deleted"),
        ("bob", "bobs", "b"),
    ] {
        act(&server, by, serde_json::from_str(&send(text, id, text)).unwrap()).await;
    }
    let content = json!({"type": "text/plain", "payload": {"text": "later"}});
    let tomorrow = Timestamp::from_micros(SystemClock.now().as_micros() + 86_400_000_000);
    for command in [
        json!({"delete": {"id": "x", "room": "r", "seq": 3}}),
        json!({"leave": {"id": "x", "room": "left"}}),
        json!({"set": {"id": "x", "room": "r", "settings": {"pinned": true}}}),
        json!({"read": {"id": "x", "room": "r", "seq": 2}}),
        json!({"block": {"id": "x", "user": "cid"}}),
        json!({"device": {"id": "x", "device_id": "phone", "name": "Ann's",
            "push": {"service": "fcm", "token": "SECRET", "app": "a"}}}),
        json!({"send": {"id": "x", "room": "r", "client_msg_id": "later", "send_at": tomorrow,
            "content": content}}),
    ] {
        act(&server, "ann", command).await;
    }
    let new =
        NewUpload { room: "r".parse().unwrap(), file_name: "plan.txt".to_owned(), kind: None, size: None };
    let mut file = server.upload(&Caller::User(user("ann")), new).await.unwrap();
    file.write(b"text").await.unwrap();
    file.finish().await.unwrap();
    server
}

#[tokio::test]
async fn a_user_gets_all_that_is_kept_of_it_and_nothing_of_others() {
    let server = scene().await;
    let _session = Peer::log_in(&server, "ann").await;
    let lines = export(&server, "ann").await;
    let one = |kind: &str| match lines.get(kind).map(Vec::as_slice) {
        Some([only]) => only,
        other => panic!("{kind}: {other:?}"),
    };
    assert_eq!((&one("user")["name"], &one("user")["online"]), (&json!("Ann Lee"), &json!(true)));
    let device = one("device");
    assert_eq!(
        (&device["device_id"], &device["push"], &device["app"]),
        (&json!("phone"), &json!("fcm"), &json!("a"))
    );
    assert_eq!(one("session")["connected"], true);
    let room = one("room");
    assert_eq!((&room["room"], &room["role"], &room["read"]), (&json!("r"), &json!("owner"), &json!(2)));
    assert_eq!(room["settings"], json!({"pinned": true}));
    assert_eq!(one("block")["user"], "cid");
    assert_eq!(one("scheduled")["content"]["payload"]["text"], "later");
    let texts =
        lines["message"].iter().map(|message| message["content"]["payload"]["text"].as_str().unwrap());
    let mut texts: Vec<_> = texts.collect();
    texts.sort_unstable();
    assert_eq!(texts, ["left", "mine"], "of rooms that it left too, and nothing that was deleted");
    let upload = one("upload");
    assert_eq!(
        (&upload["name"], &upload["size"], &upload["room"]),
        (&json!("plan.txt"), &json!(4), &json!("r"))
    );
    assert!(upload["url"].as_str().unwrap().starts_with("/v1/uploads/"));
    let before: usize = lines.values().map(Vec::len).sum();
    assert_eq!(one("end")["lines"], json!(before - 1));
    assert!(!format!("{lines:?}").contains("SECRET"), "no token");
}

#[tokio::test]
async fn it_comes_in_pages_in_an_order_that_begins_with_the_user_and_ends_with_the_end() {
    let server = scene().await;
    for n in 0..120 {
        act(&server, "ann", serde_json::from_str(&send(&format!("m{n}"), "r", "text")).unwrap()).await;
        if n % 3 > 0 {
            act(&server, "ann", json!({"delete": {"id": "x", "room": "r", "seq": n + 4}})).await;
        }
    }
    let pages = pages(&server, &Caller::Operator, "ann").await;
    assert!(pages.iter().all(|page| page.len() <= 50), "fifty things at once");
    let lines = pages.concat();
    assert!(lines[0].starts_with(r#"{"user":"#) && lines[lines.len() - 1].starts_with(r#"{"end":"#));
    let messages = lines.iter().filter(|line| line.starts_with(r#"{"message":"#)).count();
    assert_eq!(messages, 42);
    assert_eq!(lines.len(), 1 + 1 + 1 + 1 + 1 + messages + 1 + 1);
}

#[tokio::test]
async fn others_get_nothing_and_nobody_is_a_user_without_anything() {
    let server = scene().await;
    let refused = server.export_user(&Caller::User(user("bob")), user("ann")).unwrap_err().wire();
    assert_eq!(refused.code, ErrorCode::Forbidden);
    let lines = pages(&server, &Caller::Operator, "unknown").await.concat();
    assert_eq!(lines.len(), 2, "{lines:?}");
    server.forget_user(&Caller::Operator, user("ann")).await.unwrap();
    pages(&server, &Caller::Operator, "ann").await;
}

#[tokio::test]
async fn an_export_is_paid_for_like_a_command() {
    let user_rate = Rate { per_second: 1, burst: 150 };
    let server = ChatServer::start(Providers::default(), ServerConfig { user_rate, ..quick() });
    let ann = Caller::User(user("ann"));
    server.export_user(&ann, user("ann")).unwrap();
    let refused = server.export_user(&ann, user("ann")).unwrap_err().wire();
    assert_eq!(refused.code, ErrorCode::RateLimited);
    assert!(refused.retry_after_ms.is_some());
    let refused = server.forget_user(&ann, user("ann")).await.unwrap_err().wire();
    assert_eq!(refused.code, ErrorCode::RateLimited);
    server.export_user(&Caller::Operator, user("ann")).unwrap();
}
