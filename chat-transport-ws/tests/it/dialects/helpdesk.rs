//! The conversation of helpdesk's document.

use std::time::Duration;

use chat_protocol::dialect::helpdesk::{DataForm, Helpdesk};
use chat_server_core::dialects::Port;
use serde_json::{Value, json};

use super::{TEXT, open, open_with, operate, start_with};
use crate::edge::{Edge, command};

const SEND: &str =
    r#"{"send":{"id":"s","room":"desk","content":{"type":"text/plain","payload":{"text":"teste"}}}}"#;

/// A server with a desk of `acme`, whose agent is `amy`.
async fn start(helpdesk: Helpdesk) -> Edge {
    let sent_delay = Some(Duration::ZERO);
    let edge = start_with(vec![Port { sent_delay, ..Port::new(helpdesk) }]).await;
    operate(&edge, "PUT /v1/organizations/acme/agents/amy", "").await;
    let desk = r#"{"kind":"desk","room":"desk","desk":{"organization":"acme","client":"cli"}}"#;
    operate(&edge, "POST /v1/rooms", desk).await;
    edge
}

fn message(status: &str, kind: &str) -> Value {
    json!({
        "created_at": TEXT, "updated_at": TEXT, "uuid": TEXT, "message": "teste", "file": null, "type": kind,
        "status": status, "help_desk": TEXT,
    })
}

#[tokio::test]
async fn an_agent_hears_of_every_desk() {
    let edge = start(Helpdesk::default()).await;
    let mut amy = open(&edge, "/ws/chat/acme/?token=dev-amy").await;
    let mut native = edge.login("amy").await;
    assert_eq!(command(&mut native, r#"{"join":{"id":"j","room":"desk"}}"#).await.status, 200);
    assert_eq!(command(&mut native, SEND).await.status, 200);
    for (event, status) in [("new_message", "sending"), ("update_message", "sent")] {
        let frame = amy.hears(json!({"type": event, "data": TEXT})).await;
        let data: Value = serde_json::from_str(frame["data"].as_str().unwrap()).unwrap();
        assert!(super::alike(&data, &message(status, "sent")), "{data}");
        assert!(data["created_at"].as_str().unwrap().ends_with("-03:00"), "{data}");
    }
    let mut client = edge.login("cli").await;
    assert_eq!(command(&mut client, SEND).await.status, 200);
    let frame = amy.hears(json!({"type": "new_message", "data": TEXT})).await;
    let data: Value = serde_json::from_str(frame["data"].as_str().unwrap()).unwrap();
    assert!(super::alike(&data, &message("sending", "received")), "{data}");
    assert_eq!(amy.hear().await["type"], "update_message");

    operate(&edge, "PATCH /v1/rooms/desk", r#"{"data":{"status":"closed"}}"#).await;
    let frame = amy.hears(json!({"type": "update_helpdesk", "data": TEXT})).await;
    let data: Value = serde_json::from_str(frame["data"].as_str().unwrap()).unwrap();
    let client = json!({"uuid": TEXT, "created_at": TEXT, "updated_at": TEXT, "name": "cli", "phone": TEXT});
    let desk = json!({
        "created_at": TEXT, "updated_at": TEXT, "uuid": TEXT, "client": client,
        "last_message": message(TEXT, "received"),
    });
    assert!(super::alike(&data, &desk), "{data}");
}

#[tokio::test]
async fn data_is_an_object_where_the_operator_says_so() {
    let edge = start(Helpdesk { data: DataForm::Object, ..Helpdesk::default() }).await;
    let mut amy = open(&edge, "/ws/chat/acme?token=dev-amy").await;
    let mut client = edge.login("cli").await;
    assert_eq!(command(&mut client, SEND).await.status, 200);
    amy.hears(json!({"type": "new_message", "data": message("sending", "received")})).await;
}

#[tokio::test]
async fn only_agents_are_let_in_and_heard() {
    let edge = start(Helpdesk::default()).await;
    operate(&edge, "PUT /v1/organizations/acme/agents/ann", "").await;
    for path in [
        "/ws/chat/acme/",
        "/ws/chat/acme/?token=wrong",
        "/ws/chat/acme/?token=dev-cli",
        "/ws/chat/x/?token=dev-amy",
    ] {
        let refused = open_with(&edge, path, &[]).await.err().unwrap();
        assert_eq!(
            (refused.status, refused.header("content-type")),
            (403, Some("application/json")),
            "{path}"
        );
    }
    let (mut amy, _) =
        open_with(&edge, "/ws/chat/acme/", &[("authorization", "Token dev-amy")]).await.unwrap();
    let mut ann = open(&edge, "/ws/chat/acme/?token=dev-ann").await;
    for frame in ["not JSON", r#"{"type":"brew"}"#, r#"{"data":1}"#] {
        amy.say_text(frame).await;
    }
    for (data, told) in [
        (json!("{\"a\":1}"), json!("{\"a\":1}")),
        (json!({"a": 1}), json!({"a": 1})),
        (Value::Null, Value::Null),
    ] {
        amy.say(json!({"type": "new_message", "data": data, "more": 1})).await;
        for socket in [&mut amy, &mut ann] {
            socket.hears(json!({"type": "new_message", "data": told})).await;
        }
    }
    operate(&edge, "DELETE /v1/organizations/acme/agents/amy", "").await;
    amy.say(json!({"type": "new_message", "data": "not heard"})).await;
    ann.say(json!({"type": "update_message"})).await;
    ann.hears(json!({"type": "update_message", "data": null})).await;
}

#[tokio::test]
async fn an_open_organization_is_everybodys() {
    let edge = start(Helpdesk { open: true, ..Helpdesk::default() }).await;
    let mut page = open(&edge, "/ws/chat/acme/").await;
    let mut other = open(&edge, "/ws/chat/acme/").await;
    page.say(json!({"type": "update_message", "data": "hi"})).await;
    other.hears(json!({"type": "update_message", "data": "hi"})).await;
    let mut client = edge.login("cli").await;
    assert_eq!(command(&mut client, SEND).await.status, 200);
    assert_eq!(page.hear_with("/type").await["type"], "update_message", "its own frame");
    assert_eq!(page.hear().await["type"], "new_message");
}
