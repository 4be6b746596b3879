//! Calls of chats.

use serde_json::{Value, json};

use super::super::{NUMBER, TEXT, open, operate, start};
use super::{ask, get, refused, same};
use crate::edge::Edge;

fn user(id: u32, online: bool) -> Value {
    json!({
        "id": id, "first_name": "", "last_name": "", "patronymic": null, "avatar": null, "is_active": true,
        "is_online": online,
    })
}

fn message(author: u32, text: &str, read: bool) -> Value {
    json!({
        "id": NUMBER, "author": user(author, false), "text": text, "reply_to": null, "files": [],
        "is_edited": false, "is_read": read, "is_deleted": false, "created_at": TEXT,
    })
}

/// What stands where there is no message.
fn nothing() -> Value {
    json!({
        "author": {}, "text": "", "reply_to": null, "files": [], "is_edited": false, "is_read": true,
        "is_deleted": false, "created_at": null,
    })
}

/// User 2 says things to user 1, and goes.
async fn talk(edge: &Edge, texts: &[&str]) {
    let mut bob = open(edge, "/ws/chats/?token=dev-2").await;
    for text in texts {
        let content = json!({"chat_type": "direct", "chat_id": "1_2", "text": text});
        bob.say(json!({"type": "new_message", "content": content})).await;
        assert_eq!(bob.hear_with("/content/message").await["content"]["text"], *text);
    }
    drop(bob);
    while edge.server.connections() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn direct_chats_are_listed_shown_and_made() {
    let edge = start().await;
    assert_eq!(get(&edge, "/chats/directs/").await, json!([]));
    let detail = json!({
        "id": "1_2", "opponent": user(2, false), "users": [user(1, false), user(2, false)], "name": TEXT,
        "image_address": null,
    });
    for path in ["/chats/directs/1_2/", "/chats/directs/2_1", "/chats/directs/1_2"] {
        same(&get(&edge, path).await, &detail);
    }
    let mut listed = detail.clone();
    listed["last_message"] = nothing();
    same(&get(&edge, "/chats/directs/").await, &json!([listed]));
    same(&get(&edge, "/chats/has-unreads/").await, &json!({"has_unreads": false}));
    talk(&edge, &["one", "two"]).await;
    listed["last_message"] = message(2, "two", false);
    same(&get(&edge, "/chats/directs").await, &json!([listed]));
    same(&get(&edge, "/chats/has-unreads").await, &json!({"has_unreads": true}));
    for (name, status, text) in [
        ("12", 400, "processed id must contain underscore"),
        ("1_", 400, "processed id must contain two integers separated by underscore"),
        ("2_3", 403, "You do not have permission to perform this action."),
    ] {
        let answer = ask(&edge, &format!("GET /chats/directs/{name}/"), Some("dev-1"), ("", "")).await;
        refused(&answer, status, json!({"detail": text}));
    }
}

#[tokio::test]
async fn messages_are_paged_newest_first() {
    let edge = start().await;
    talk(&edge, &["one", "two", "three"]).await;
    let path = "/chats/directs/1_2/messages/";
    let base = "http://chat.example/chats/directs/1_2/messages/";
    let all = ["three", "two", "one"].map(|text| message(2, text, false));
    same(&get(&edge, path).await, &json!({"count": 3, "next": null, "previous": null, "results": all}));
    let first = json!({
        "count": 3, "next": format!("{base}?limit=2&offset=2"), "previous": null, "results": &all[..2],
    });
    same(&get(&edge, &format!("{path}?limit=2")).await, &first);
    let second = json!({
        "count": 3, "next": null, "previous": format!("{base}?limit=2"), "results": &all[2..],
    });
    same(&get(&edge, &format!("{path}?limit=2&offset=2")).await, &second);
    let most = get(&edge, &format!("{path}?limit=18446744073709551615&offset=18446744073709551615")).await;
    assert_eq!(most["results"], json!([]));
    let answer = ask(&edge, &format!("GET {path}?limit=x"), Some("dev-1"), ("", "")).await;
    refused(&answer, 400, json!({"detail": "Malformed request."}));
}

#[tokio::test]
async fn projects_are_the_groups_with_a_number() {
    let edge = start().await;
    let room = r#"{"kind":"group","number":10,"name":"Bridge","owner":"1","members":["2"]}"#;
    operate(&edge, "POST /v1/rooms", room).await;
    let project = json!({
        "id": 10, "project": 10, "last_message": nothing(), "name": "Bridge", "image_address": null,
    });
    same(&get(&edge, "/chats/projects/").await, &json!([project]));
    let users = [user(1, false), user(2, false)];
    let detail = json!({"id": 10, "name": "Bridge", "image_address": null, "users": users});
    same(&get(&edge, "/chats/projects/10/").await, &detail);
    let mut bob = open(&edge, "/ws/chats/?token=dev-2").await;
    let files = json!(["https://files.example/plan.pdf"]);
    let content = json!({"chat_type": "project", "chat_id": 10, "text": "see", "file_urls": files});
    bob.say(json!({"type": "new_message", "content": content})).await;
    bob.hear_with("/content/message").await;
    let file = json!({
        "name": "plan", "extension": "pdf", "mime_type": TEXT, "size": NUMBER,
        "link": "https://files.example/plan.pdf", "user": 2, "datetime_uploaded": TEXT,
    });
    same(&get(&edge, "/chats/projects/10/files/").await, &json!([file]));
    assert_eq!(get(&edge, "/chats/projects/10/messages/").await["results"][0]["text"], "see");
    let no_right = json!({"detail": "You do not have permission to perform this action."});
    for path in [
        "/chats/projects/10/",
        "/chats/projects/11/",
        "/chats/projects/10/files/",
        "/chats/projects/10/messages/",
    ] {
        let answer = ask(&edge, &format!("GET {path}"), Some("dev-3"), ("", "")).await;
        refused(&answer, 403, no_right.clone());
    }
}

#[tokio::test]
async fn chats_refuses_in_its_own_words() {
    let edge = start().await;
    let nobody = "Authentication credentials were not provided.";
    for (line, token, status, text) in [
        ("GET /chats/directs/", None, 401, nobody),
        ("GET /chats/directs/?token=dev-1", None, 401, nobody),
        ("GET /chats/has-unreads/", Some("wrong"), 401, nobody),
        ("GET /chats/projects/x/", Some("dev-1"), 404, "Not found."),
        ("POST /chats/directs/", Some("dev-1"), 405, "Method not allowed."),
    ] {
        let answer = ask(&edge, line, token, ("", "")).await;
        refused(&answer, status, json!({"detail": text}));
        assert_eq!(answer.header("allow"), (status == 405).then_some("GET"), "{line}");
    }
}
