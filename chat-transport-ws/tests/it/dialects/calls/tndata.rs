//! Calls of tndata.

use serde_json::{Value, json};

use super::super::{NUMBER, TEXT, open, open_with, start};
use super::{ask, get, refused, same};
use crate::edge::Edge;

fn entry(user: u32, text: &str, read: bool) -> Value {
    json!({
        "id": NUMBER, "object_type": "chatmessage", "user": user, "user_id": user.to_string(),
        "user_username": TEXT, "user_full_name": user.to_string(), "avatar": "//www.gravatar.com/avatar/0?d=mm&s=30",
        "room": "chat-1-2", "text": text, "read": read, "digest": TEXT, "created_on": TEXT,
    })
}

/// Users 1 and 2 said three things.
async fn talk(edge: &Edge) -> Vec<Value> {
    let mut ann = open(edge, "/chat/2/?token=dev-1").await;
    let mut bob = open(edge, "/chat/1/?token=dev-2").await;
    let mut said = Vec::new();
    for (by_ann, text) in [(true, "one"), (false, "two"), (true, "three")] {
        let socket = if by_ann { &mut ann } else { &mut bob };
        socket.say(json!({"text": text})).await;
        said.push(loop {
            let frame = socket.hear_with("/digest").await;
            if frame["text"] == text {
                break frame;
            }
        });
    }
    said
}

#[tokio::test]
async fn tndata_lists_what_i_wrote_what_nobody_read_and_what_a_room_holds() {
    let edge = start().await;
    let said = talk(&edge).await;
    for path in ["/api/chat/", "/api/chat", "/api/chat/?version=2", "/api/chat/?token=dev-1"] {
        let mine = json!({
            "count": 2, "next": null, "previous": null,
            "results": [entry(1, "three", false), entry(1, "one", false)],
        });
        let page = get(&edge, path).await;
        same(&page, &mine);
        assert_eq!(page["results"][0]["digest"], said[2]["digest"]);
    }
    let first = get(&edge, "/api/chat/?page=1&page_size=1&token=dev-1").await;
    assert_eq!(first["next"], "http://chat.example/api/chat/?page=2&page_size=1", "and no token");
    let second = get(&edge, "/api/chat/?page=2&page_size=1").await;
    assert_eq!(second["previous"], "http://chat.example/api/chat/?page=1&page_size=1");
    assert_eq!(
        (&second["count"], &second["next"], &second["results"][0]["text"]),
        (&json!(2), &Value::Null, &json!("one"))
    );

    let id = &second["results"][0]["id"];
    same(&get(&edge, &format!("/api/chat/{id}/")).await, &entry(1, "one", false));
    let all = [entry(1, "three", false), entry(2, "two", false), entry(1, "one", false)];
    same(&get(&edge, "/api/chat/unread/").await, &json!({"count": 3, "results": all}));
    for path in
        ["/api/chat/history/?room=chat-1-2", "/api/chat/history?room=chat-2-1&size=20&before=2999-01-01"]
    {
        same(&get(&edge, path).await, &json!({"count": 3, "results": all}));
    }
    let two = get(&edge, "/api/chat/history/?room=chat-1-2&size=2").await;
    same(&two, &json!({"count": 2, "results": &all[..2]}));
    same(
        &get(&edge, "/api/chat/history/?room=chat-1-2&since=2999-01-01T00:00:00%2B0000").await,
        &json!({"count": 0, "results": []}),
    );
    for path in ["/api/chat/history/", "/api/chat/history/?room=chat-2-3", "/api/chat/history/?room=nowhere"]
    {
        assert_eq!(get(&edge, path).await, json!({}), "{path}");
    }
}

#[tokio::test]
async fn before_the_time_of_a_message_is_that_message_too() {
    let edge = start().await;
    talk(&edge).await;
    let all = get(&edge, "/api/chat/history/?room=chat-1-2").await["results"].clone();
    for entry in all.as_array().unwrap() {
        let at = entry["created_on"].as_str().unwrap().replace(' ', "%20");
        // As it is printed, and as a careful client writes it.
        for at in [at.clone(), at.replace('+', "%2B")] {
            let found = get(&edge, &format!("/api/chat/history/?room=chat-1-2&before={at}")).await;
            assert!(found["results"].as_array().unwrap().contains(entry), "{entry} is not in {found}");
        }
    }
}

#[tokio::test]
async fn tndata_marks_a_room_as_read() {
    let edge = start().await;
    talk(&edge).await;
    let two = get(&edge, "/api/chat/history/?room=chat-1-2").await["results"][1].clone();
    assert_eq!(two["text"], "two");
    let (mut watcher, _) = open_with(&edge, "/ws/chats/", &[("authorization", "dev-2")]).await.unwrap();
    let no_room = json!({"error": "Either room not found or user was not a member"});
    for body in ["", "{}", r#"{"room":"chat-2-3"}"#, r#"{"room":7}"#, "not JSON"] {
        let answer = ask(&edge, "PUT /api/chat/read/", Some("dev-1"), ("application/json", body)).await;
        refused(&answer, 400, no_room.clone());
    }
    for (kind, body) in [
        ("application/json", r#"{"room":"chat-1-2"}"#),
        ("application/x-www-form-urlencoded", "room=chat-1-2"),
        ("application/x-www-form-urlencoded; charset=utf-8", "x=1&room=chat%2D2%2D1"),
    ] {
        let answer = ask(&edge, "PUT /api/chat/read/", Some("dev-1"), (kind, body)).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{body}");
    }
    let read = watcher.hear_with("/content/message_id").await;
    let content = json!({"chat_id": "1_2", "chat_type": "direct", "user_id": 1, "message_id": two["id"]});
    assert_eq!(
        read,
        json!({"type": "message_read", "content": content}),
        "not the newest, which user 1 wrote"
    );
    let history = get(&edge, "/api/chat/history/?room=chat-1-2").await;
    let read: Vec<_> = history["results"].as_array().unwrap().iter().map(|entry| &entry["read"]).collect();
    assert_eq!(read, [&json!(false), &json!(true), &json!(false)], "what user 2 wrote");
}

#[tokio::test]
async fn tndata_knows_only_me() {
    let edge = start().await;
    let me = json!({"id": 1, "email": "", "username": TEXT, "first_name": "", "last_name": ""});
    let users = json!({"count": 1, "next": null, "previous": null, "results": [me]});
    same(&get(&edge, "/api/users/").await, &users);
    let profile = json!({"count": 1, "next": null, "previous": null, "results": [{"google_image": ""}]});
    same(&get(&edge, "/api/users/profile").await, &profile);
}

#[tokio::test]
async fn tndata_refuses_in_its_own_words() {
    let edge = start().await;
    talk(&edge).await;
    let detail = |text: &str| json!({"detail": text});
    let error = |text: &str| json!({"error": text});
    for (line, token, status, body) in [
        ("GET /api/chat/", None, 401, detail("Authentication credentials were not provided.")),
        ("GET /api/chat/?token=", None, 401, detail("Authentication credentials were not provided.")),
        ("GET /api/chat/?token=wrong", None, 401, detail("Invalid token.")),
        ("GET /api/users/", Some("wrong"), 401, detail("Invalid token.")),
        ("GET /api/chat/999999/", Some("dev-1"), 404, detail("Not found.")),
        ("GET /api/chat/x/", Some("dev-1"), 404, detail("Not found.")),
        ("GET /api/chat/%2e%2e%2f/", Some("dev-1"), 404, detail("Not found.")),
        ("GET /api/chat/?page=0", Some("dev-1"), 400, error("page is not a whole number from 1")),
        (
            "GET /api/chat/history/?room=chat-1-2&size=x",
            Some("dev-1"),
            400,
            error("size is not a whole number"),
        ),
        (
            "GET /api/chat/history/?room=chat-1-2&since=x",
            Some("dev-1"),
            400,
            error("not a date such as 2017-01-04 or 2017-01-04 23:10:00+0000"),
        ),
        ("POST /api/users/", Some("dev-1"), 405, detail("Method not allowed.")),
        ("DELETE /api/chat/unread", None, 405, detail("Method not allowed.")),
    ] {
        let answer = ask(&edge, line, token, ("", "")).await;
        refused(&answer, status, body);
        assert_eq!(answer.header("allow").is_some(), status == 405, "{line}");
    }
    let mine = get(&edge, "/api/chat/?page_size=1").await["results"][0]["id"].clone();
    let other = ask(&edge, &format!("GET /api/chat/{mine}/"), Some("dev-2"), ("", "")).await;
    refused(&other, 404, detail("Not found."));
    let large = format!(r#"{{"room":"{}"}}"#, "x".repeat(5_000));
    let answer = ask(&edge, "PUT /api/chat/read/", Some("dev-1"), ("application/json", &large)).await;
    refused(&answer, 413, detail("Request is too large."));
    let allowed = ask(&edge, "DELETE /api/chat/read", None, ("", "")).await;
    assert_eq!(allowed.header("allow"), Some("GET, PUT"), "GET of it is a message called `read`");
    let head = ask(&edge, "HEAD /api/users/", Some("dev-1"), ("", "")).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    edge.assert_serving().await;
}
