//! Calls of haraj: the conversation of its documents.

mod files;
mod refusals;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chat_protocol::UserId;
use chat_protocol::dialect::haraj::{Haraj, TopicForm};
use chat_server_core::auth::{AuthError, Directory, Profile};
use chat_server_core::dialects::Port;
use chat_server_core::{Providers, ServerConfig};
use chat_transport_ws::WsConfig;
use serde_json::{Value, json};

use super::super::{NUMBER, Socket, TEXT, open, operate, start, start_with};
use super::{ask, same};
use crate::edge::{Answer, Edge};

/// A call, and the `status` and whole body of its answer, which agree.
async fn call(edge: &Edge, user: u32, line: &str, body: Value) -> (u16, Value) {
    let token = format!("dev-{user}");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    read(&ask(edge, line, Some(&token), ("application/json", &body)).await)
}

fn read(answer: &Answer) -> (u16, Value) {
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer:?}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let mut body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["status"], answer.status, "clients trust the body");
    let ts = body["ts"].take();
    let ts = ts.as_str().unwrap();
    assert!(ts.len() == "2018-02-02T08:30:39.789Z".len() && ts.ends_with('Z'), "{ts}");
    (answer.status, body)
}

/// The `data` of a success.
#[track_caller]
fn data(answer: (u16, Value)) -> Value {
    same(&answer.1, &json!({"status": answer.0, "data": answer.1["data"], "ts": null}));
    assert!(matches!(answer.0, 200 | 207), "{answer:?}");
    answer.1["data"].clone()
}

#[track_caller]
fn refused(answer: (u16, Value), status: u16, err: &str) {
    same(&answer.1, &json!({"status": status, "err": err, "ts": null}));
}

fn text(text: &str) -> Value {
    json!({"type": "text/plain", "payload": {"text": text}})
}

async fn begin(edge: &Edge, user: u32, with: u32) {
    let line = format!("POST /chat/users/{user}/topics");
    assert_eq!(call(edge, user, &line, json!({"type": "p2p", "with_id": with})).await.0, 200);
}

/// A user writes in a topic.
async fn say(edge: &Edge, user: u32, topic: &str, said: &str) -> Value {
    let line = format!("POST /chat/users/{user}/topics/{topic}/messages");
    data(call(edge, user, &line, json!({"content": text(said)})).await)
}

async fn socket(edge: &Edge, token: &str) -> (Socket, String) {
    let mut socket = open(edge, "/chat/ws").await;
    socket.say(json!({"auth": {"id": "a", "access_token": token}})).await;
    let session = socket.hear().await["data"]["session_id"].as_str().unwrap().to_owned();
    (socket, session)
}

#[tokio::test]
async fn a_user_logs_in_and_gets_another_token_for_one() {
    let edge = start().await;
    for login in [
        json!({"auth_type": "basic", "username": "1", "password": "123456"}),
        json!({"auth_type": "haraj_session", "session_value": "1"}),
    ] {
        let answer = ask(&edge, "POST /chat/sessions", None, ("application/json", &login.to_string())).await;
        let session = data(read(&answer));
        same(&session, &json!({"user_id": 1, "access_token": "dev-1", "expires": TEXT}));
        let (_socket, _) = socket(&edge, session["access_token"].as_str().unwrap()).await;
    }
    for line in ["PUT /chat/sessions/1", "PUT /sessions/1/"] {
        let renewed = data(call(&edge, 1, line, Value::Null).await);
        same(&renewed, &json!({"user_id": 1, "access_token": "dev-1", "expires": TEXT}));
    }
}

#[tokio::test]
async fn a_topic_is_started_written_in_read_and_told_of() {
    let edge = start().await;
    let (mut bob, _) = socket(&edge, "dev-2").await;
    let started = json!({"user_id": 1, "topic": {"topic_id": "p2p1_2"}, "with_id": 2});
    for with in [json!(2), json!("2")] {
        let start = json!({"type": "p2p", "with_id": with});
        assert_eq!(data(call(&edge, 1, "POST /chat/users/1/topics", start).await), started, "the same again");
    }
    let path = "/chat/users/1/topics/p2p1_2/messages";
    let body = json!({"content": text("hello!")});
    let sent = data(call(&edge, 1, &format!("POST {path}"), body).await);
    let packet = json!({
        "topic_id": "p2p1_2", "seq_id": 1, "from_id": 1, "name": "1", "content": text("hello!"),
        "status": {"2": false}, "ts": TEXT,
    });
    same(
        &sent,
        &json!({
            "user_id": 1, "topic_id": "p2p1_2", "seq_id": 1, "content": text("hello!"), "message": packet,
        }),
    );
    bob.hears(json!({"message": packet})).await;
    say(&edge, 1, "p2p2_1", "there?").await;
    bob.hear_with("/message").await;

    let (mut ann, _) = socket(&edge, "dev-1").await;
    let path = "/chat/users/2/topics/p2p1_2";
    let typing = |start: bool| json!({"what": "typing", "start": start});
    for (start, what) in [(true, "typing"), (false, "stop_typing")] {
        let told = data(call(&edge, 2, &format!("POST {path}"), typing(start)).await);
        assert_eq!(told, json!({"user_id": 2, "what": "typing", "start": start, "topic_id": "p2p1_2"}));
        ann.hears(json!({"pres": {"what": what, "from_id": 2, "topic_id": "p2p1_2", "ts": TEXT}})).await;
    }
    let confirm = format!("PUT {path}/messages");
    let confirmed = call(&edge, 2, &confirm, json!({"seq_ids": [1, 2]})).await;
    assert_eq!(confirmed.0, 200);
    assert_eq!(data(confirmed), json!({"topic_id": "p2p1_2", "success_ids": [1, 2], "failed_ids": []}));
    ann.hears(json!({"reads": {"from_id": 2, "topic_id": "p2p1_2", "seq_ids": [1, 2], "ts": TEXT}})).await;
    let confirmed = call(&edge, 2, &confirm, json!({"seq_ids": [2, 7]})).await;
    assert_eq!(confirmed.0, 207);
    assert_eq!(data(confirmed), json!({"topic_id": "p2p1_2", "success_ids": [2], "failed_ids": [7]}));
    say(&edge, 2, "p2p1_2", "yes").await;
    assert_eq!(ann.hear().await["message"]["seq_id"], 3, "of what was read before nothing is told again");
}

#[tokio::test]
async fn pages_go_back_and_what_was_deleted_keeps_its_place() {
    let edge = start().await;
    begin(&edge, 1, 2).await;
    for n in 1..=5 {
        say(&edge, 1, "p2p1_2", &n.to_string()).await;
    }
    let path = "/chat/users/1/topics/p2p1_2/messages";
    let deleted = data(call(&edge, 1, &format!("DELETE {path}/4"), Value::Null).await);
    assert_eq!(deleted, json!({"user_id": 1, "topic_id": "p2p1_2", "seq_id": 4}));
    let entry = |seq: u32, said: &str, is_deleted: bool| {
        json!({
            "seq_id": seq, "from_id": 1, "name": "1", "content": text(said), "status": {"2": false}, "ts": TEXT,
            "is_deleted": is_deleted,
        })
    };
    let page = async |query: &str| data(call(&edge, 1, &format!("GET {path}{query}"), Value::Null).await);
    let first = page("?limit=2&last_key=").await;
    let messages = [entry(4, "", true), entry(5, "5", false)];
    same(&first, &json!({"user_id": 1, "topic_id": "p2p1_2", "messages": messages, "last_key": TEXT}));
    let key = first["last_key"].as_str().unwrap();
    let second = page(&format!("?last_key={key}&limit=80")).await;
    let messages = [entry(1, "1", false), entry(2, "2", false), entry(3, "3", false)];
    same(&second, &json!({"user_id": 1, "topic_id": "p2p1_2", "messages": messages, "last_key": null}));
    assert_eq!(page("").await["messages"].as_array().unwrap().len(), 5, "20 are given");
    assert_eq!(page("?limit=0").await["messages"].as_array().unwrap().len(), 1);
    for n in 6..=25 {
        say(&edge, 1, "p2p1_2", &n.to_string()).await;
    }
    let newest = page("").await;
    assert_eq!(
        (&newest["messages"][0]["seq_id"], &newest["messages"][19]["seq_id"]),
        (&json!(6), &json!(25))
    );
}

#[tokio::test]
async fn topics_are_listed_hidden_and_resolved() {
    let edge = start().await;
    let group = r#"{"kind":"group","number":7,"name":"Yorom","owner":"1","members":["2"]}"#;
    operate(&edge, "POST /v1/rooms", group).await;
    begin(&edge, 2, 1).await;
    let list = async |query: &str| {
        data(call(&edge, 1, &format!("GET /chat/users/1/topics{query}"), Value::Null).await)
    };
    assert_eq!(
        list("").await,
        json!({"user_id": 1, "topics": [], "last_key": null}),
        "nothing is written yet"
    );
    say(&edge, 2, "grp7", "to all").await;
    say(&edge, 2, "p2p1_2", "hello, how are you today?").await;
    let last = |short: &str| json!({"from_id": 2, "name": "2", "type": "text/plain", "short": short});
    let direct = json!({
        "topic_id": "p2p1_2", "title": "2", "last_message": last("hello, how are you t"), "last_updated": TEXT,
        "unread": 1,
    });
    let group =
        json!({"topic_id": "grp7", "last_message": last("to all"), "last_updated": TEXT, "unread": 1});
    let all = json!({"user_id": 1, "topics": [direct, group], "last_key": null});
    same(&list("").await, &all);

    let hidden = data(call(&edge, 1, "DELETE /chat/users/1/topics/p2p1_2", Value::Null).await);
    assert_eq!(hidden, json!({"user_id": 1, "topic_id": "p2p1_2"}));
    same(&list("").await, &json!({"user_id": 1, "topics": [group], "last_key": null}));
    say(&edge, 2, "p2p1_2", "back").await;
    assert_eq!(list("").await["topics"][0]["topic_id"], "p2p1_2");

    let resolve =
        async |ids: &str| call(&edge, 1, &format!("GET /chat/topics?topic_ids={ids}"), Value::Null).await;
    let found = resolve("p2p1_2,grp7").await;
    let topics = json!([
        {"topic_id": "p2p1_2", "avatar": ""},
        {"topic_id": "grp7", "title": "Yorom", "avatar": ""},
    ]);
    assert_eq!(found.0, 200);
    assert_eq!(data(found), json!({"user_id": 1, "topics": topics, "failed": []}));
    let found = resolve("p2p1_3,grp8,what,p2p1_2").await;
    assert_eq!(found.0, 207);
    assert_eq!(data(found)["failed"], json!(["p2p1_3", "grp8", "what"]));
}

#[tokio::test]
async fn eight_topics_are_a_page() {
    let edge = start().await;
    for peer in 2..=11 {
        begin(&edge, peer, 1).await;
        say(&edge, peer, &format!("p2p1_{peer}"), "hello").await;
    }
    let first = data(call(&edge, 1, "GET /chat/users/1/topics", Value::Null).await);
    let ids = |page: &Value| {
        let topics = page["topics"].as_array().unwrap();
        topics.iter().map(|topic| topic["topic_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((ids(&first).len(), ids(&first)[0].as_str()), (8, "p2p1_11"));
    let path = format!("GET /chat/users/1/topics?last_key={}", first["last_key"].as_str().unwrap());
    let second = data(call(&edge, 1, &path, Value::Null).await);
    assert_eq!((ids(&second), &second["last_key"]), (vec!["p2p1_3".into(), "p2p1_2".into()], &Value::Null));
}

#[tokio::test]
async fn users_are_found_shown_and_change_their_device() {
    let edge = start().await;
    let found = data(call(&edge, 1, "GET /chat/users?usernames=2,3", Value::Null).await);
    let user = |id: u32| json!({"username": id.to_string(), "user_id": id, "avatar": ""});
    assert_eq!(found, json!({"user_id": 1, "users": [user(2), user(3)]}));
    let profile = data(call(&edge, 1, "GET /chat/users/2", Value::Null).await);
    assert_eq!(profile, json!({"user_id": 2, "name": "2", "avatar": ""}));
    for platform in ["iOS", "Android"] {
        let device = json!({"token": "F", "platform": platform});
        let update = json!({"what": "update_device", "device": device});
        let updated = data(call(&edge, 1, "PUT /chat/users/1", update).await);
        assert_eq!(updated, json!({"user_id": 1, "what": "update_device", "device": device}));
    }
    // The directory of this server is not its own to change.
    let update = json!({"what": "update_avatar", "avatar": "https://x.example/1"});
    refused(call(&edge, 1, "PUT /chat/users/1", update).await, 501, "ERR_NOT_SUPPORTED");
}

/// A directory that keeps pictures.
#[derive(Default)]
struct Pictures(Mutex<BTreeMap<UserId, String>>);

#[async_trait]
impl Directory for Pictures {
    async fn profile(&self, user: &UserId) -> Result<Option<Profile>, AuthError> {
        let avatar = self.0.lock().unwrap().get(user).cloned();
        Ok(Some(Profile { avatar, ..Profile::default() }))
    }

    async fn set_avatar(&self, user: &UserId, url: &str) -> Result<bool, AuthError> {
        self.0.lock().unwrap().insert(user.clone(), url.to_owned());
        Ok(true)
    }
}

#[tokio::test]
async fn a_user_changes_its_picture_where_the_directory_takes_it() {
    let (dialects, directory) = (vec![Port::new(Haraj::default())], Arc::new(Pictures::default()));
    let providers = Providers { dialects, directory, ..Providers::default() };
    let edge = Edge::start_with(WsConfig::default(), providers, ServerConfig::default()).await;
    let avatar = "https://x.example/1";
    let update = json!({"what": "update_avatar", "avatar": avatar});
    let updated = data(call(&edge, 1, "PUT /chat/users/1", update).await);
    assert_eq!(updated, json!({"user_id": 1, "what": "update_avatar", "avatar": avatar}));
    let profile = data(call(&edge, 2, "GET /chat/users/1", Value::Null).await);
    assert_eq!(profile, json!({"user_id": 1, "name": "1", "avatar": avatar}));
}

#[tokio::test]
async fn a_message_spares_the_session_that_it_names() {
    let edge = start().await;
    begin(&edge, 1, 2).await;
    let ((mut own, session), (mut other, _)) = (socket(&edge, "dev-1").await, socket(&edge, "dev-1").await);
    let line = "POST /chat/users/1/topics/p2p1_2/messages";
    let with = |said: &str, session: &str| json!({"content": text(said), "session_id": session});
    say(&edge, 1, "p2p1_2", "nobody of ann's is told, as it was documented").await;
    call(&edge, 1, line, with("the other one is", &session)).await;
    assert_eq!(other.hear().await["message"]["seq_id"], 2);
    call(&edge, 1, line, with("the socket is closed", "s-closed")).await;
    for socket in [&mut own, &mut other] {
        assert_eq!(socket.hear().await["message"]["seq_id"], 3);
    }
}

#[tokio::test]
async fn a_started_topic_is_a_string_where_the_operator_says_so() {
    let port = Port::new(Haraj { topic: TopicForm::String });
    let edge = start_with(vec![Port { issuer: Some(Arc::new(super::super::DevelopmentAuth)), ..port }]).await;
    let start = json!({"type": "p2p", "with_id": 2});
    let started = data(call(&edge, 1, "POST /chat/users/1/topics", start).await);
    assert_eq!(started, json!({"user_id": 1, "topic": "p2p1_2", "with_id": 2}));
    let sent = say(&edge, 1, "p2p1_2", "hello").await;
    same(&sent["seq_id"], &json!(NUMBER));
}
