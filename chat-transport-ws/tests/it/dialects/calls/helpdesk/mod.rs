//! Calls of helpdesk.

mod files;
mod open;
mod refusals;

use std::time::Duration;

use chat_protocol::dialect::helpdesk::Helpdesk;
use chat_server_core::dialects::Port;
use chat_server_core::{Providers, ServerConfig};
use chat_transport_ws::WsConfig;
use serde_json::{Value, json};

use super::super::{OPERATOR, Socket, TEXT, open, operate};
use super::{ask, same};
use crate::edge::{Answer, Edge};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=XX";

/// The port of most tests.
fn port(helpdesk: Helpdesk) -> Port {
    Port { sent_delay: Some(Duration::ZERO), ..Port::new(helpdesk) }
}

/// A server with the agent `amy` of `acme`.
async fn start_with(port: Port, config: WsConfig, core: ServerConfig) -> Edge {
    let config = WsConfig { operator_token: Some(OPERATOR.to_owned()), ..config };
    let providers = Providers { dialects: vec![port], ..Providers::default() };
    let edge = Edge::start_with(config, providers, core).await;
    operate(&edge, "PUT /v1/organizations/acme/agents/amy", "").await;
    edge
}

async fn start(helpdesk: Helpdesk) -> Edge {
    start_with(port(helpdesk), WsConfig::default(), ServerConfig::default()).await
}

/// A desk of a client of `acme`, by its uuid.
async fn desk(edge: &Edge, client: &str) -> String {
    let desk = json!({"kind": "desk", "desk": {"organization": "acme", "client": client}});
    operate(edge, "POST /v1/rooms", &desk.to_string()).await;
    let desks = get(edge, "/api/help-desks/?organization=acme").await;
    desks[0]["uuid"].as_str().unwrap().to_owned()
}

/// A request of the agent; the body of its answer.
async fn get(edge: &Edge, path: &str) -> Value {
    let answer = ask(edge, &format!("GET {path}"), Some("dev-amy"), ("", "")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(JSON)), "{path}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

async fn history(edge: &Edge, desk: &str) -> Vec<Value> {
    let found = get(edge, &format!("/api/help-desks/{desk}/history/")).await;
    found.as_array().unwrap().clone()
}

async fn post(edge: &Edge, token: Option<&str>, body: (&str, &str)) -> Answer {
    ask(edge, "POST /api/send-message/", token, body).await
}

fn created(answer: &Answer) {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(JSON)), "{answer:?}");
    assert_eq!(answer.body, r#"{"message":"Mensagem criada"}"#);
}

/// The parts of a form; of a file its name and type stand behind that of its field.
fn form(parts: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (name, value) in parts {
        body += &match name.split_once(':') {
            None => format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"),
            Some((field, file)) => {
                let (file, kind) = file.split_once('|').unwrap_or((file, "application/octet-stream"));
                format!(
                    "--XX\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{file}\"\r\n\
                     Content-Type: {kind}\r\n\r\n{value}\r\n"
                )
            }
        };
    }
    body + "--XX--\r\n"
}

/// What an event holds, whose name is this.
async fn event(socket: &mut Socket, name: &str) -> Value {
    let frame = socket.hears(json!({"type": name, "data": TEXT})).await;
    serde_json::from_str(frame["data"].as_str().unwrap()).unwrap()
}

fn message(text: Value, file: Value, status: &str, kind: &str, desk: &str) -> Value {
    json!({
        "created_at": TEXT, "updated_at": TEXT, "uuid": TEXT, "message": text, "file": file, "type": kind,
        "status": status, "help_desk": desk,
    })
}

fn sent(text: &str, desk: &str) -> Value {
    message(json!(text), Value::Null, "sent", "sent", desk)
}

#[tokio::test]
async fn the_conversation_of_the_document_key_by_key() {
    let edge = start(Helpdesk::default()).await;
    let mut socket = open(&edge, "/ws/chat/acme/?token=dev-amy").await;
    let uuid = desk(&edge, "cli").await;
    let client = json!({"uuid": TEXT, "created_at": TEXT, "updated_at": TEXT, "name": "cli", "phone": ""});
    let mut shown = json!({
        "created_at": TEXT, "updated_at": TEXT, "uuid": uuid, "client": client, "last_message": {},
    });
    same(&event(&mut socket, "update_helpdesk").await, &shown);
    same(&get(&edge, "/api/help-desks/?organization=acme").await, &json!([shown]));
    for (text, body) in [
        ("as JSON", (JSON, json!({"message": "as JSON", "help_desk": uuid}).to_string())),
        ("as a form", (FORM, format!("message=as+a+form&help_desk={uuid}"))),
        ("em várias partes", (MULTIPART, form(&[("message", "em várias partes"), ("help_desk", &uuid)]))),
    ] {
        created(&post(&edge, Some("dev-amy"), (body.0, &body.1)).await);
        let mut expected = sent(text, &uuid);
        let after = event(&mut socket, "new_message").await;
        expected["status"] = json!("sending");
        same(&after, &expected);
        let came = event(&mut socket, "update_message").await;
        expected["status"] = json!("sent");
        same(&came, &expected);
        assert_eq!((&came["uuid"], &came["created_at"]), (&after["uuid"], &after["created_at"]));
        assert!(came["updated_at"].as_str() > after["updated_at"].as_str(), "{came}");
        assert_eq!(history(&edge, &uuid).await[0], came, "history and events agree");
    }
    let texts = ["em várias partes", "as a form", "as JSON"].map(|text| sent(text, &uuid));
    for path in [
        format!("/api/help-desks/{uuid}/history/"),
        format!("/api/help-desks/{}/history", uuid.to_uppercase()),
        format!("/api/help-desks/{}/history/", uuid.replace('-', "")),
    ] {
        same(&get(&edge, &path).await, &json!(texts));
    }
    shown["last_message"] = texts[0].clone();
    same(&get(&edge, "/api/help-desks?organization=acme").await, &json!([shown]));
    let second = desk(&edge, "other").await;
    let desks = get(&edge, "/api/help-desks/?organization=acme&page=1").await;
    assert_eq!((&desks[0]["uuid"], &desks[1]["uuid"]), (&json!(second), &json!(uuid)), "newest first");
}

#[tokio::test]
async fn what_the_client_of_a_desk_says_is_received_and_what_is_edited_or_deleted_is_so_in_lists() {
    let edge = start(Helpdesk::default()).await;
    let uuid = desk(&edge, "cli").await;
    let mut socket = open(&edge, "/ws/chat/acme/?token=dev-amy").await;
    for text in ["help", "please"] {
        let body = json!({"message": text, "help_desk": uuid}).to_string();
        created(&post(&edge, Some("dev-cli"), (JSON, &body)).await);
        assert_eq!(event(&mut socket, "new_message").await["type"], "received");
        event(&mut socket, "update_message").await;
    }
    let room = get_room(&edge, "cli").await;
    let mut native = edge.login("cli").await;
    let edit = json!({"edit": {"id": "e", "room": room, "seq": 1, "content": {"type": "text/plain", "payload": {"text": "hello"}}}});
    assert_eq!(crate::edge::command(&mut native, &edit.to_string()).await.status, 200);
    let edited = event(&mut socket, "update_message").await;
    same(&edited, &message(json!("hello"), Value::Null, "sent", "received", &uuid));
    let delete = json!({"delete": {"id": "d", "room": room, "seq": 2}});
    assert_eq!(crate::edge::command(&mut native, &delete.to_string()).await.status, 200);
    let left = history(&edge, &uuid).await;
    assert_eq!(left, std::slice::from_ref(&edited));
    operate(&edge, &format!("PATCH /v1/rooms/{room}"), r#"{"data":{"status":"closed"}}"#).await;
    let shown = event(&mut socket, "update_helpdesk").await;
    assert_eq!(shown["last_message"], edited, "of what is left, as it is");
    assert_eq!(get(&edge, "/api/help-desks/?organization=acme").await, json!([shown]));
}

/// The native name of the one room of a user.
async fn get_room(edge: &Edge, user: &str) -> String {
    let answer = edge.get_as(&format!("dev-{user}"), "/v1/inbox").await;
    let inbox: Value = serde_json::from_str(&answer.body).unwrap();
    inbox["rooms"][0]["state"]["room"].as_str().unwrap_or_else(|| panic!("{inbox}")).to_owned()
}

#[tokio::test]
async fn a_message_is_on_its_way_as_long_as_the_operator_says() {
    let delay = Duration::from_millis(300);
    let port = Port { sent_delay: Some(delay), ..Port::new(Helpdesk::default()) };
    let edge = start_with(port, WsConfig::default(), ServerConfig::default()).await;
    let uuid = desk(&edge, "cli").await;
    let mut socket = open(&edge, "/ws/chat/acme/?token=dev-amy").await;
    let begun = std::time::Instant::now();
    let body = json!({"message": "slow", "help_desk": uuid}).to_string();
    created(&post(&edge, Some("dev-amy"), (JSON, &body)).await);
    assert_eq!(event(&mut socket, "new_message").await["status"], "sending");
    let came = event(&mut socket, "update_message").await;
    assert!(begun.elapsed() >= delay, "{:?}", begun.elapsed());
    assert_eq!(came["status"], "sent");
    assert_eq!(history(&edge, &uuid).await, [came], "with the time at which it came");
}

#[tokio::test]
async fn a_demonstration_answers_in_the_clients_name() {
    let edge = start(Helpdesk { auto_reply: true, ..Helpdesk::default() }).await;
    let uuid = desk(&edge, "cli").await;
    let mut socket = open(&edge, "/ws/chat/acme/?token=dev-amy").await;
    for (user, text) in [("cli", "Ol\u{e1}"), ("amy", "Oi")] {
        let body = json!({"message": text, "help_desk": uuid}).to_string();
        created(&post(&edge, Some(&format!("dev-{user}")), (JSON, &body)).await);
        assert_eq!(event(&mut socket, "new_message").await["message"], text);
        assert_eq!(event(&mut socket, "update_message").await["message"], text);
    }
    // The client's own message has no answer, and an answer has none.
    let answer = event(&mut socket, "new_message").await;
    same(&answer, &message(json!("Resposta - Oi"), Value::Null, "sending", "received", &uuid));
    assert_eq!(event(&mut socket, "update_message").await["status"], "sent");
    assert_eq!(history(&edge, &uuid).await.len(), 3);
    let body = json!({"message": "unanswered", "help_desk": uuid}).to_string();
    created(&post(&edge, Some("dev-amy"), (JSON, &body)).await);
    edge.stop();
    edge.stopped().await;
}
